// SPDX-License-Identifier: Apache-2.0
// Files are dropped, seen judged, and preserved.
import { ServiceError, download, onToken, preserve, profiles, settings, validate } from "./api.js";
import { failure } from "./app.js";
import { announce, bytes, clear, el, icon } from "./dom.js";
import { report, verdict } from "./report.js";
import { has, t } from "./text.js";

// What stands beside its content, by the names in use; a .p7m has it within (RFC 8551 3.2.1).
const DETACHED = /\.(p7s|sig|tst|tsr|er|ers)$/i;
const PREFERRED = "pds+pgd+aug+wst+ers:2";
const BASE64 = 4 / 3; // what an object takes in a request
const ENVELOPE = 4096; // and what stands around it

// What was asked last stays while the page does: another language, a token, and back.
let cases = [];

// It is nobody else's: with another token only what waited for one goes on.
onToken((asked) => {
	cases = asked ? cases.filter(isOpen) : [];
});

function isOpen(one) {
	return !one.report && !one.error;
}

// Each file alone, but a detached signature with its content: of the same name without the
// ending, or the only other one.
function pair(files) {
	const taken = new Set();
	const made = [];
	for (const document of files.filter((f) => DETACHED.test(f.name))) {
		const content = files.find((f) => f.name === document.name.replace(DETACHED, "")) ??
			(files.length === 2 ? files.find((f) => f !== document && !DETACHED.test(f.name)) : null);
		if (content)
			taken.add(content);
		taken.add(document);
		made.push({ document, content: content ?? null });
	}
	return [...made, ...files.filter((f) => !taken.has(f)).map((document) =>
		({ document, content: null }))];
}

function sizeOf(one) {
	return one.document.size + (one.content?.size ?? 0);
}

async function limit() {
	return (await settings()).body_max;
}

// ---- the view ----

export async function show(main, params, ctx) {
	ctx.title(t("judge.title"));
	const results = el("div", { class: "stack results" });
	const begin = (files) => {
		if (files.length === 0)
			return;
		cases = pair(files);
		judgeAll(results, ctx);
	};
	main.append(el("p", { class: "lead" }, t("judge.intro")), dropArea(begin, ctx), results);
	if (cases.some(isOpen))
		await judgeAll(results, ctx);
	else
		redraw(results, ctx);
}

function dropArea(begin, ctx) {
	const input = el("input", { type: "file", id: "files", class: "visually-hidden",
		multiple: true, "aria-describedby": "files-hint", onchange: () => {
			const files = [...input.files];
			input.value = ""; // the same file chosen again is asked again
			begin(files);
		} });
	// The label is the button, since the browser writes its own in a language of its own.
	const area = el("div", { class: "drop" }, icon("drop"), el("p", null, t("judge.drop")),
		input, el("label", { for: "files", class: "button primary" }, t("judge.choose")),
		el("p", { class: "muted", id: "files-hint" }, t("judge.drop.hint")));
	catchDrops(area, begin, ctx);
	return area;
}

// The whole window takes a file: one that misses the area would else replace the page.
function catchDrops(area, begin, ctx) {
	const over = (event) => {
		event.preventDefault();
		area.classList.add("over");
	};
	const out = () => area.classList.remove("over");
	const drop = (event) => {
		event.preventDefault();
		out();
		begin([...event.dataTransfer.files]);
	};
	const listeners = { dragover: over, dragleave: out, drop };
	for (const [name, fn] of Object.entries(listeners))
		addEventListener(name, fn);
	ctx.onleave(() => {
		for (const [name, fn] of Object.entries(listeners))
			removeEventListener(name, fn);
	});
}

// ---- judging ----

async function judgeAll(results, ctx) {
	redraw(results, ctx);
	for (const one of cases)
		if (isOpen(one) && !await judge(one, results, ctx))
			return; // the others would be denied, too, or another loop has them
}

// Whether somebody still waits for this one here, or other files or another view came.
function wanted(one, results) {
	return cases.includes(one) && results.isConnected;
}

// What the caller is denied; null when there is an outcome, which may be an error.
async function ask(one) {
	one.report = one.error = null;
	try {
		const max = await limit();
		if (sizeOf(one) > max)
			throw new ServiceError(0, "judge/too-large", t("judge.too.large",
				{ size: bytes(sizeOf(one)), max: bytes(max) }));
		one.report = await validate(one);
		delete one.password;
	} catch (error) {
		if (error.denied)
			return error; // judged as soon as somebody says who they are
		one.error = error;
	} finally {
		one.busy = null;
	}
	return null;
}

function outcome(one) {
	if (!one.report)
		return t("judge.failed", { name: one.document.name });
	const { text, altered } = verdict(one.report);
	return altered ? [text, " ", altered] : text;
}

// False when the caller may not ask, or nobody waits. It is sent once, whichever view waits.
async function judge(one, results, ctx) {
	one.busy ??= ask(one);
	redraw(results, ctx);
	announce(t("judge.busy", { name: one.document.name }));
	const denied = await one.busy;
	if (!wanted(one, results))
		return false;
	redraw(results, ctx);
	if (denied)
		ctx.fail(denied);
	else
		announce(outcome(one));
	return !denied;
}

function redraw(results, ctx) {
	clear(results).append(...cases.map((one) => result(one, results, ctx)));
}

function result(one, results, ctx) {
	const again = () => judge(one, results, ctx);
	return el("article", { class: "stack result", "aria-label": one.document.name,
		"aria-busy": String(Boolean(one.busy)) },
	el("p", { class: "filename" }, el("strong", null, one.document.name), " ",
		el("span", { class: "muted" }, bytes(one.document.size)),
		one.content ? el("span", { class: "muted" }, " · ", t("judge.content",
			{ name: one.content.name })) : null),
	one.busy ? el("p", { class: "busy" }, t("judge.busy", { name: one.document.name })) : null,
	one.error ? refused(one, again) : null,
	one.report ? [report(one.report), contentWanted(one, again), reports(one)] : null,
	one.report || (one.error && mayKeep(one)) ? keep(one, ctx) : null);
}

// ---- what else may be needed ----

function mayKeep(one) {
	return one.error.status === 422;
}

function isLocked(error) {
	return error.status === 422 && /password/.test(error.detail);
}

function refused(one, again) {
	if (one.error.status !== 422)
		return failure(one.error);
	const locked = isLocked(one.error);
	return el("div", { class: "note unknown" }, icon("unknown"), el("div", null,
		el("p", null, el("strong", null, t(!locked ? "judge.unreadable"
			: one.password ? "judge.password.wrong" : "judge.password.wanted"))),
		el("p", { lang: "en" }, one.error.detail),
		locked ? passwordForm(one, again) : null));
}

function passwordForm(one, again) {
	const input = el("input", { type: "password", id: "password", autocomplete: "off",
		required: true });
	const take = (event) => {
		event.preventDefault();
		one.password = input.value;
		again();
	};
	return el("form", { class: "stack", onsubmit: take },
		el("div", { class: "field" }, el("label", { for: "password" }, t("judge.password")), input,
			el("p", { class: "hint" }, t("judge.password.hint"))),
		el("button", { type: "submit", class: "button primary" }, t("judge.password.use")));
}

function contentWanted(one, again) {
	if (!one.report.signatures.some((s) => s.subindication === "SIGNED_DATA_NOT_FOUND"))
		return null;
	const id = `content-${cases.indexOf(one)}`;
	const input = el("input", { type: "file", id, class: "visually-hidden", "aria-describedby":
		`${id}-hint`, onchange: () => {
		one.content = input.files[0] ?? null;
		again();
	} });
	return el("div", { class: "card" }, el("p", { id: `${id}-hint` }, t("judge.content.hint")), input,
		el("label", { for: id, class: "button primary" }, t("judge.content.wanted")));
}

function baseName(one) {
	return one.document.name.replace(/\.[^.]*$/, "") || "report";
}

function reports(one) {
	const box = el("div", { class: "stack" }); // a password was not kept, or what went wrong
	const xml = async (button) => {
		button.disabled = true;
		clear(box);
		try {
			download(new Blob([await validate(one, "application/xml")], { type: "application/xml" }),
				`${baseName(one)}-report.xml`);
			delete one.password;
		} catch (error) {
			box.append(isLocked(error) ? passwordForm(one, () => xml(button)) : failure(error));
		}
		button.disabled = false;
	};
	return el("div", { class: "row" },
		el("button", { type: "button", class: "button", onclick: () => download(new Blob(
			[JSON.stringify(one.report, null, 1)], { type: "application/json" }),
		`${baseName(one)}-report.json`) }, icon("download"), t("judge.report.json")),
		el("button", { type: "button", class: "button", onclick: (e) => xml(e.currentTarget) },
			icon("download"), t("judge.report.xml")), box);
}

// ---- preserving ----

function shortName(profile) {
	return profile.pid.replace("urn:ltps:profile:", "");
}

function profileName(profile) {
	const key = `judge.profile.${shortName(profile)}`;
	return has(key) ? t(key) : profile.pid;
}

// What it does, in the reader's language where there is a text, else as the service says.
function profileAbout(profile) {
	const key = `judge.profile.${shortName(profile)}.about`;
	const said = profile.description?.find((d) => d.lang === "en")?.value ?? "";
	return el("p", { class: "hint", id: "profile-about", lang: has(key) ? null : "en" },
		has(key) ? t(key) : said);
}

function keep(one, ctx) {
	const box = el("section", { class: "card keep" }, el("h2", null, t("judge.keep")),
		el("p", null, t("judge.keep.why")));
	const open = el("button", { type: "button", class: "button primary", onclick: async () => {
		open.disabled = true;
		try {
			const list = (await profiles()).filter((p) => p.psm === "WithStorage");
			open.replaceWith(keepForm(one, list, ctx));
			box.querySelector("select").focus();
		} catch (error) {
			open.disabled = false;
			box.append(failure(error));
		}
	} }, t("judge.keep.choose"));
	box.append(open);
	return box;
}

function keepForm(one, list, ctx) {
	const select = el("select", { id: "profile", "aria-describedby": "profile-about" },
		list.map((p) => el("option", { value: p.pid, selected: shortName(p) === PREFERRED },
			profileName(p))));
	const chosen = () => list.find((p) => p.pid === select.value);
	const field = el("div", { class: "field" }, el("label", { for: "profile" }, t("judge.profile")),
		select, profileAbout(chosen()));
	select.addEventListener("change", () =>
		field.querySelector("#profile-about").replaceWith(profileAbout(chosen())));
	const submit = el("button", { type: "submit", class: "button primary" }, t("judge.keep.do"));
	const form = el("form", { class: "stack", onsubmit: async (event) => {
		event.preventDefault();
		form.querySelector(".note")?.remove();
		submit.disabled = true;
		announce(t("judge.keep.busy"));
		try {
			await keepNow(one, chosen(), ctx);
		} catch (error) {
			form.append(failure(error));
		}
		submit.disabled = false;
	} }, field, submit);
	return form;
}

async function keepNow(one, profile, ctx) {
	const size = sizeOf(one) * BASE64 + ENVELOPE;
	const max = await limit();
	if (size > max)
		throw new ServiceError(0, "judge/too-large", t("judge.too.large",
			{ size: bytes(sizeOf(one)), max: bytes((max - ENVELOPE) / BASE64) }));
	const files = one.content ? [one.document, one.content] : [one.document];
	const { poId } = await preserve(profile.pid, files);
	ctx.go(`#/object/${encodeURIComponent(poId)}`);
}
