// SPDX-License-Identifier: Apache-2.0
// Start, the frame of every page, and the way from an address to a view.
import { setToken, token } from "./api.js";
import { announce, clear, el, icon } from "./dom.js";
import { LANGUAGES, choose, lang, named, t } from "./text.js";

const VIEWS = { judge: "./judge.js", object: "./object.js", health: "./health.js",
	search: "./search.js" };
const FIRST = "judge";
const NAV = ["judge", "search", "health"];

let leaving = [];
let turn = 0;

// What is not encoded stands for itself.
function decoded(text) {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

// "#/object/POID?part=2" is { name: "object", id: "POID", query }.
function address() {
	const [path, query] = location.hash.replace(/^#\/?/, "").split("?", 2);
	const [name, ...rest] = path.split("/");
	return { name: Object.hasOwn(VIEWS, name) ? name : FIRST, id: decoded(rest.join("/")),
		query: new URLSearchParams(query ?? "") };
}

function navigation(current) {
	return el("nav", { "aria-label": t("app.nav") }, el("ul", null, NAV.map((name) =>
		el("li", null, el("a", { href: `#/${name}`,
			"aria-current": name === current ? "page" : null }, t(`app.nav.${name}`))))));
}

function languages() {
	return el("div", { class: "languages", role: "group", "aria-label": t("app.language") },
		LANGUAGES.map((l) => el("button", { type: "button", lang: l,
			"aria-pressed": String(l === lang()), onclick: () => {
				choose(l);
				show({ keep: `.languages [lang=${l}]` });
			} }, t(`app.language.${l}`))));
}

function frame(current) {
	document.documentElement.lang = lang();
	document.getElementById("skip").textContent = t("app.skip");
	clear(document.getElementById("top")).append(
		el("a", { class: "brand", href: "#/" },
			el("img", { src: "icon.svg", alt: "", width: "28", height: "28" }),
			el("span", null, t("app.brand"))),
		navigation(current), languages());
	clear(document.getElementById("bottom")).append(
		el("span", null, t("app.about")),
		el("button", { type: "button", class: "button small", onclick: openTokenEntry },
			token() ? t("app.token.change") : t("app.token.enter")));
}

// --- who asks ---

// asked: the service wanted it, and what waits for it goes on.
function tokenForm(done, asked) {
	const input = el("input", { type: "password", id: "token", autocomplete: "off",
		spellcheck: "false", required: true });
	const take = (event) => {
		event.preventDefault();
		setToken(input.value.trim(), asked);
		done();
	};
	const forget = () => {
		setToken("");
		done();
	};
	return el("form", { class: "stack", onsubmit: take },
		el("p", null, t("app.token.why")),
		el("div", { class: "field" }, el("label", { for: "token" }, t("app.token")), input),
		el("div", { class: "row" },
			el("button", { type: "submit", class: "button primary" }, t("app.token.use")),
			token() ? el("button", { type: "button", class: "button", onclick: forget },
				t("app.token.forget")) : null));
}

function openTokenEntry() {
	const dialog = el("dialog", { class: "card", "aria-labelledby": "token-title" });
	dialog.addEventListener("close", () => dialog.remove());
	const close = () => dialog.close();
	dialog.append(el("h2", { id: "token-title" }, t("app.token")), tokenForm(() => {
		close();
		show();
	}), el("button", { type: "button", class: "button", onclick: close }, t("app.close")));
	document.body.append(dialog);
	dialog.showModal();
}

// --- what went wrong ---

// In words, with the service's own words and the code for whoever has to ask about it.
export function failure(error) {
	if (!error.code)
		console.error(error); // a mistake of ours, which a reader cannot help
	const code = error.code ?? "app";
	return el("div", { class: "note bad", role: "alert" }, icon("bad"), el("div", null,
		el("p", null, el("strong", null, named("app.error", code))),
		error.detail ? el("p", { lang: "en" }, error.detail) : null,
		el("p", { class: "muted" }, t("app.error.code"), " ", el("code", null, code))));
}

function fail(main, error) {
	if (!main.querySelector("h1"))
		title(main, t("app.error"));
	main.querySelectorAll(".busy").forEach((n) => n.remove());
	main.querySelector(":scope > .failure")?.remove();
	main.append(el("div", { class: "failure stack" }, failure(error), error.denied
		? el("section", { class: "card" }, tokenForm(() => show(), true)) : null));
}

// --- views ---

function title(main, text) {
	document.title = `${text} – ${t("app.brand")}`;
	const h1 = main.querySelector("h1") ?? el("h1", { tabindex: "-1" });
	h1.textContent = text;
	if (!h1.isConnected)
		main.prepend(h1);
}

function leave() {
	for (const fn of leaving.splice(0))
		fn();
}

// keep: what has the focus afterwards instead of the heading; quiet: nothing is focused.
async function show({ keep, quiet } = {}) {
	const mine = ++turn;
	const { name, id, query } = address();
	const main = clear(document.getElementById("main"));
	leave();
	frame(name);
	const own = el("div", { class: "view" }); // what comes late comes into nothing
	main.append(own);
	const ctx = {
		title: (text) => title(own, text),
		onleave: (fn) => mine === turn ? leaving.push(fn) : fn(),
		go: (hash) => { location.hash = hash; },
		fail: (error) => fail(own, error),
	};
	if (keep)
		document.querySelector(keep)?.focus();
	try {
		await (await import(VIEWS[name])).show(own, { id, query }, ctx);
	} catch (error) {
		fail(own, error);
	}
	if (mine !== turn || keep || quiet)
		return;
	own.querySelector("h1")?.focus();
	announce(document.title);
}

addEventListener("hashchange", () => show());
document.getElementById("skip").addEventListener("click", (event) => {
	event.preventDefault(); // the hash names the view
	document.getElementById("main").focus();
});
show({ quiet: true });
