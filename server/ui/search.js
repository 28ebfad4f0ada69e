// SPDX-License-Identifier: Apache-2.0
// Search: fields become a filter of the service's language, which is shown and may be
// written by hand; what is found links to the object.
import * as api from "./api.js";
import { announce, clear, el, icon, say, time } from "./dom.js";
import { card, working } from "./pieces.js";
import { named, t } from "./text.js";
import { commonName, formatName, profileName, verdict } from "./words.js";

const PAGE = 10;

// --- fields to a filter ---

function quoted(text) {
	return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

const DAY = 86400000;

function nextDay(day) {
	return new Date(Date.parse(day) + DAY).toISOString().slice(0, 10);
}

// A format is named by its URI, or by the media type alone.
const FORMATS = { pdf: ["format ~ PAdES", "mime = application/pdf"],
	cms: ["format ~ CAdES", "mime ~ pkcs7"], asic: ["format ~ ASiC", "mime ~ asic"] };

const FIELDS = [
	{ name: "signer", type: "text", of: (v) => `signer ~ ${quoted(v)}` },
	{ name: "poid", type: "text", of: (v) => `poid ~ ${quoted(v)}` },
	{ name: "from", type: "date", of: (v) => `stored >= ${v}` },
	{ name: "until", type: "date", of: (v) => `stored < ${nextDay(v)}` },
	{ name: "format", type: "select", options: ["pdf", "cms", "asic"],
		of: (v) => `(${FORMATS[v].join(" or ")})` },
	{ name: "indication", type: "select", options: ["TOTAL-PASSED", "INDETERMINATE",
		"TOTAL-FAILED", "none"], of: (v) => `indication = ${v === "none" ? '""' : v}` },
	{ name: "profile", type: "profiles", of: (v) => `profile = ${quoted(v)}` },
];

function filterOf(values) {
	return FIELDS.filter((f) => values.get(f.name)?.trim()).map((f) =>
		f.of(values.get(f.name).trim())).join(" and ");
}

// --- the form ---

function input(field, value, profiles) {
	const attrs = { id: `search-${field.name}`, name: field.name };
	if (field.type === "text" || field.type === "date")
		return el("input", { ...attrs, type: field.type, value: value ?? "",
			autocomplete: "off" });
	const options = field.type === "profiles"
		? profiles.map((p) => [p.pid, profileName(p.pid)])
		: field.options.map((o) => [o, t(`search.${field.name}.${o}`)]);
	return el("select", attrs, el("option", { value: "" }, t("search.any")),
		options.map(([id, text]) => el("option", { value: id, selected: id === value }, text)));
}

function fieldOf(field, query, profiles) {
	return el("div", { class: "field" },
		el("label", { for: `search-${field.name}` }, t(`search.${field.name}`)),
		input(field, query.get(field.name), profiles));
}

const EXAMPLES = ["signer ~ \"Pop\" and stored >= 2026-01-01",
	"indication = INDETERMINATE order newest", "mime = application/pdf and versions > 1",
	"period < 2040-01-01 and not state = data-deleted"];

function help(area) {
	return el("div", { class: "stack" }, el("p", null, t("search.filter.help")),
		el("ul", { class: "plain stack" }, EXAMPLES.map((e, i) => el("li", null,
			el("button", { type: "button", class: "button small example", onclick: () => {
				area.value = e;
				area.focus();
			} }, el("code", null, e)), el("div", { class: "muted" },
				t(`search.example.${i + 1}`))))));
}

function byHand(query, ctx) {
	const area = el("textarea", { id: "search-filter", name: "q", rows: "3",
		spellcheck: "false" });
	area.value = query.get("q") ?? "";
	const submit = (event) => {
		event.preventDefault();
		go(ctx, new URLSearchParams({ q: area.value.trim() }));
	};
	return el("details", { open: query.has("q") }, el("summary", null, t("search.filter.open")),
		el("form", { class: "stack", onsubmit: submit, id: "filter-form" },
			el("div", { class: "field" }, el("label", { for: "search-filter" },
				t("search.filter")), area),
			el("div", null, el("button", { type: "submit", class: "button" }, t("search.go"))),
			help(area)));
}

// The address holds the search, so that "back" and a bookmark find it again.
function go(ctx, query) {
	const hash = `#/search?${query}`;
	if (location.hash === hash)
		dispatchEvent(new Event("hashchange"));
	else
		ctx.go(hash);
}

function form(query, profiles, ctx) {
	const submit = (event) => {
		event.preventDefault();
		const values = new URLSearchParams(new FormData(event.target));
		for (const name of [...values.keys()])
			if (!values.get(name).trim())
				values.delete(name);
		values.set("go", "1");
		go(ctx, values);
	};
	return el("form", { class: "stack", onsubmit: submit, id: "search-form", role: "search" },
		el("div", { class: "fields" }, FIELDS.map((f) => fieldOf(f, query, profiles))),
		el("div", { class: "row" },
			el("button", { type: "submit", class: "button primary" }, t("search.go")),
			el("a", { class: "button", href: "#/search" }, t("search.clear"))));
}

// --- what is found ---

function details(o) {
	const version = o.versions.filter((v) => v.kind === "submitted" ||
		v.kind === "updated").at(-1);
	const v = version?.verdict ? verdict(version.verdict) : null;
	const who = [...new Set((version?.signatures ?? []).map((s) => s.signer))].map(commonName);
	return [
		v ? el("span", { class: `badge ${v.kind}` }, icon(v.kind),
			named("words.indication", v.indication))
			: el("span", { class: "badge plain" }, t("search.unsigned")),
		el("span", null, who.length ? say("search.signed-by", { who: who.flatMap((w, i) => i ? [", ", w] : [w]) })
			: "",
			" ", version?.parts.length ? formatName(version.parts[0]) : ""),
		el("span", { class: "muted" }, t("search.stored"), " ", time(o.stored)),
	];
}

async function fill(box, poid) {
	clear(box).append(working(t("search.details.busy")));
	try {
		clear(box).append(...details(await api.outlook(poid)));
	} catch (error) {
		clear(box).append(el("p", { class: "bad", role: "alert" },
			named("app.error", error.code ?? "app")));
	}
}

// The answer of a search is names. What one is, is read when it is opened: to read it is an
// event of the object's history.
function hit(poid) {
	const box = el("div", { class: "row found-what" });
	let asked = false;
	const open = (event) => {
		if (event.target.open && !asked)
			fill(box, poid);
		asked = true;
	};
	return el("li", { class: "found" },
		el("a", { href: `#/object/${encodeURIComponent(poid)}` }, el("code", null, poid)),
		el("details", { ontoggle: open }, el("summary", null, t("search.details")), box));
}

function pager(query, poids) {
	if (poids.length <= PAGE && !query.has("after"))
		return null;
	const next = new URLSearchParams(query);
	next.set("after", poids[PAGE - 1] ?? "");
	const first = new URLSearchParams(query);
	first.delete("after");
	return el("nav", { class: "row", "aria-label": t("search.pages") },
		query.has("after") ? el("a", { class: "button", href: `#/search?${first}` },
			t("search.first")) : null,
		poids.length > PAGE ? el("a", { class: "button", href: `#/search?${next}` },
			t("search.next")) : null);
}

// whole: who wrote the filter said how many, and gets them all.
function found(query, { filter, whole }, poids) {
	const rows = whole ? poids : poids.slice(0, PAGE);
	const n = rows.length;
	const told = n === 0 ? t("search.none") : poids.length > n
		? t("search.more", { n }) : t("search.found", { n });
	announce(told);
	return card(t("search.results"), { id: "results" },
		el("p", null, told, " ", filter ? el("span", { class: "muted" }, t("search.asked"), " ",
			el("code", null, filter)) : null),
		el("ol", { class: "plain stack", start: "1" }, rows.map(hit)),
		whole ? null : pager(query, poids));
}

function hasOrder(filter) {
	return /\border\s|\blimit\s|\bafter\s/i.test(filter.replace(/"(?:[^"\\]|\\.)*"/g, ""));
}

async function run(main, query, ctx) {
	const filter = query.has("q") ? query.get("q") : filterOf(query);
	const busy = working(t("search.busy"));
	main.append(busy);
	try {
		const after = query.get("after");
		const whole = hasOrder(filter);
		const from = after ? `after ${quoted(after)} ` : "";
		const page = whole ? "" : ` order newest ${from}limit ${PAGE + 1}`;
		const answer = await api.search(filter + page);
		busy.remove();
		main.append(found(query, { filter, whole }, answer.poId ?? []));
	} finally {
		busy.remove();
	}
}

// Profiles are a help: without them there is one field less.
async function knownProfiles() {
	try {
		return await api.profiles();
	} catch {
		return [];
	}
}

export async function show(main, { query }, ctx) {
	ctx.title(t("search.title"));
	const profiles = await knownProfiles();
	main.append(card(t("search.what"), {}, form(query, profiles, ctx), byHand(query, ctx)));
	if ([...query.keys()].length > 0)
		run(main, query, ctx).catch(ctx.fail); // the page is there meanwhile
}
