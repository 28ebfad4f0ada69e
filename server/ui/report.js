// SPDX-License-Identifier: Apache-2.0
// The report of /validate as people read it: who signed, when, is it still provable, until
// when, and why not. Codes of EN 319 102-1 stand beside the words.
import { summary } from "./changes.js";
import { el, fact, icon, isolated, say, time } from "./dom.js";
import * as names from "./names.js";
import { table } from "./pieces.js";
import { has, named, t } from "./text.js";

const KINDS = { TOTAL_PASSED: "ok", PASSED: "ok", TOTAL_FAILED: "bad", FAILED: "bad",
	INDETERMINATE: "unknown" };
const LASTING = ["archive", "document"]; // time-stamps that protect what is older

function kindOf(indication) {
	return KINDS[indication] ?? "plain";
}

function badge(kind, ...text) {
	return el("span", { class: `badge ${kind}` }, kind === "plain" ? null : icon(kind), text);
}

function code(text) {
	return text ? el("code", { class: "muted" }, text) : null;
}

// ---- names ----

function person(name) {
	return name ? isolated(names.person(name)) : t("report.nobody");
}

function organisation(name) {
	const of = names.organisation(name);
	return of ? isolated(of) : null;
}

function fullName(name) {
	const of = organisation(name);
	return of ? [person(name), " (", of, ")"] : person(name);
}

// ---- the whole ----

// What a PDF shows is not what was signed: of some policies that is a remark only.
function hostile(s) {
	return s.modifications.some((m) => m.kind === "undefined") || Boolean(s.forbidden_change);
}

function worst(report) {
	const order = ["unknown", "bad"];
	return report.signatures.map((s) => kindOf(s.indication)).reduce((a, b) =>
		order.indexOf(b) > order.indexOf(a) ? b : a, "ok");
}

// One sentence for the file: { kind, text, why }.
function judgement(report) {
	const n = report.signatures.length;
	if (n === 0 && report.timestamps.length > 0)
		return { kind: kindOf(report.indication), text: t(`report.file.stamp.${report.indication}`) };
	if (n === 0 && report.evidence_records.length > 0)
		return { kind: kindOf(report.indication), text: t(`report.file.record.${report.indication}`) };
	if (n === 0)
		return { kind: "plain", text: t("report.file.none") };
	const kind = worst(report);
	if (n === 1)
		return one(report.signatures[0], kind);
	const good = report.signatures.filter((s) => kindOf(s.indication) === "ok").length;
	return { kind, text: kind === "ok" ? t("report.file.all", { n })
		: t(`report.file.some.${kind}`, { n, good }) };
}

function one(s, kind) {
	const text = say(`report.file.one.${kind}`, { who: person(s.signing_certificate) });
	return { kind, text, why: kind === "ok" ? null : named("report.sub", s.subindication ?? "NONE") };
}

// The same with what takes from it: altered is a sentence, or null. What is valid, but no
// longer shows what was signed, is not told as valid.
export function verdict(report) {
	const told = judgement(report);
	const altered = report.signatures.some(hostile);
	return { ...told, kind: told.kind === "ok" && altered ? "unknown" : told.kind,
		altered: altered ? t("report.changed.shown") : null };
}

export function report(json) {
	const { kind, text, why, altered } = verdict(json);
	return el("div", { class: "report stack" },
		el("div", { class: `verdict ${kind}` }, icon(kind === "plain" ? "info" : kind),
			el("div", null, el("p", null, text), why ? el("p", null, why) : null,
				altered ? el("p", null, altered) : null)),
		json.signatures.map((s) => signature(s, json)),
		stamps(json.timestamps, "report.stamps.file"),
		records(json.evidence_records),
		findings(json),
		judged(json));
}

// ---- one signature ----

function signature(s, json) {
	const kind = kindOf(s.indication);
	return el("section", { class: "card signature", "aria-labelledby": `h-${s.id}` },
		el("div", { class: "row spread" },
			el("h2", { id: `h-${s.id}` }, say(s.parent ? "report.counter.of" : "report.signature.of",
				{ who: person(s.signing_certificate) })),
			badge(kind, named("report.indication", s.indication))),
		el("dl", { class: "facts" },
			fact(t("report.who"), who(s)),
			fact(t("report.when"), when(s, json)),
			fact(t("report.provable"), provable(s, json)),
			fact(t("report.changed"), changed(s)),
			fact(t("report.level"), level(s))),
		stamps(s.timestamps, "report.stamps"),
		chain(s),
		checks(s.constraints));
}

function chainOf(s) {
	const past = s.past_certificate?.chain ?? [];
	return past.length > 0 ? past : s.certificate?.chain ?? [];
}

function who(s) {
	if (!s.signing_certificate)
		return [el("p", null, t("report.nobody.why"))];
	const issuer = chainOf(s)[1]?.subject;
	return [el("p", null, el("strong", null, person(s.signing_certificate)),
		organisation(s.signing_certificate) ? [", ", organisation(s.signing_certificate)] : ""),
	issuer ? el("p", { class: "muted" }, say("report.issuer", { who: fullName(issuer) }))
		: el("p", { class: "muted" }, t("report.issuer.unknown"))];
}

// Whoever vouches for the time: a time-stamp, its authority; an evidence record.
function proofOf(id, s, json) {
	const stamp = [...s.timestamps, ...json.timestamps].find((d) => d.id === id);
	if (stamp)
		return say("report.proof.stamp", { who: fullName(stamp.signing_certificate) });
	return t(json.evidence_records.some((e) => e.id === id) ? "report.proof.record"
		: "report.proof.other");
}

// A {when} in a text becomes the moment itself.
function sentence(key, iso, values = {}) {
	return el("p", null, say(key, { ...values, when: time(iso) }));
}

function when(s, json) {
	const proven = s.best_signature_proof;
	return [
		proven ? sentence("report.when.proven", s.best_signature_time,
			{ proof: proofOf(proven, s, json) }) : el("p", null, t("report.when.unproven")),
		s.claimed_signing_time ? el("div", { class: "muted" },
			sentence("report.when.claimed", s.claimed_signing_time)) : null,
	];
}

// The moment and the certificate that the proof stands on: of the last time-stamp that
// protects the rest, else of the signature's own, else of the signer. The anchor is
// trusted for itself.
function footing(s, json) {
	const good = [...s.timestamps, ...json.timestamps].filter((d) =>
		d.counted && d.indication === "PASSED" && d.type !== "content");
	const lasting = good.filter((d) => LASTING.includes(d.type));
	const by = (lasting.length > 0 ? lasting : good).sort((a, b) =>
		a.time < b.time ? 1 : -1)[0];
	const certs = (by ? by.certificate?.chain ?? [] : chainOf(s)).filter((c) => !c.trust_anchor);
	const first = certs.sort((a, b) => a.not_after < b.not_after ? -1 : 1)[0];
	return first ? { end: first.not_after, who: person(first.subject), stamped: Boolean(by) } : null;
}

function until(s, json) {
	if (json.evidence_records.some((e) => e.intact && e.indication === "PASSED"))
		return el("p", { class: "muted" }, t("report.until.record"));
	const f = footing(s, json);
	return f ? el("div", { class: "muted" }, sentence(f.stamped ? "report.until.stamp"
		: "report.until.signer", f.end, { who: f.who })) : null;
}

function provable(s, json) {
	if (kindOf(s.indication) === "ok")
		return [el("p", null, el("strong", { class: "ok" }, t("report.provable.yes"))),
			until(s, json)];
	return [
		el("p", null, el("strong", { class: kindOf(s.indication) },
			t(kindOf(s.indication) === "bad" ? "report.provable.no" : "report.provable.unknown"))),
		el("p", null, named("report.sub", s.subindication ?? "NONE"), " ", code(s.subindication)),
		reason(s),
	];
}

// A constraint says what should be: here it is not.
function broken(constraint) {
	return t("report.finding.broken", { check: named("report.check", constraint) });
}

// Outcomes whose own sentence leaves open what is wrong.
const VAGUE = ["SIG_CONSTRAINTS_FAILURE", "CHAIN_CONSTRAINTS_FAILURE"];

function reason(s) {
	const rule = VAGUE.includes(s.subindication) ? s.reason?.constraint : null;
	const help = `report.help.${s.subindication}`;
	return [
		rule ? el("p", null, broken(rule)) : null,
		has(help) ? el("p", null, t("report.help", { what: t(help) })) : null,
		s.reason?.retry ? sentence("report.retry", s.reason.retry) : null,
		s.reason ? el("p", { class: "muted", lang: "en" }, s.reason.text,
			s.reason.clause ? [" — ", s.reason.clause] : null) : null,
	];
}

// Only a PDF knows what came after a signature.
function changed(s) {
	if (s.byte_range_valid === null)
		return s.references_intact === false ? el("p", null, el("strong", { class: "bad" },
			t("report.changed.content"))) : null;
	if (s.references_intact === false || !s.byte_range_valid)
		return el("p", null, el("strong", { class: "bad" }, t("report.changed.content")));
	if (s.modifications.length === 0)
		return el("p", null, t(s.covers_whole_file ? "report.changed.nothing"
			: "report.changed.nothing.seen"));
	return [
		hostile(s) ? el("p", null, el("strong", { class: "bad" }, t("report.changed.shown"))) : null,
		s.forbidden_change ? [el("p", null, broken("pdf-permissions")),
			el("p", { class: "muted", lang: "en" }, s.forbidden_change)] : null,
		summary(s.modifications),
		el("details", null, el("summary", null, t("report.changed.list")),
			el("ul", null, s.modifications.map((m) => el("li", null,
				el("span", { class: "muted" }, t("report.revision", { n: m.revision }), ": "),
				el("span", { lang: "en" }, m.what), m.attack ? [" ", code(m.attack)] : null)))),
	];
}

function level(s) {
	return [el("p", null, named("report.level", s.level), " ", code(s.profile)),
		s.not_baseline ? el("p", { class: "muted", lang: "en" }, s.not_baseline) : null];
}

// ---- what lies below ----

function stamp(d) {
	return [
		time(d.time),
		named("report.stamp", d.type),
		d.signing_certificate ? fullName(d.signing_certificate) : t("report.nobody"),
		[badge(kindOf(d.indication), named("report.indication", d.indication)),
			d.subindication ? el("div", null, named("report.sub", d.subindication), " ",
				code(d.subindication)) : null,
			d.reason ? el("div", { class: "muted", lang: "en" }, d.reason.text) : null],
	];
}

function stamps(list, key) {
	if (list.length === 0)
		return null;
	const caption = t(key, { n: list.length });
	return el("details", key === "report.stamps.file" ? { class: "card" } : null,
		el("summary", null, caption),
		table(caption, ["time", "type", "authority", "outcome"].map((h) => t(`report.stamps.${h}`)),
			list.map(stamp)));
}

function certificate(c, i) {
	const status = c.status;
	return el("li", null,
		el("p", null, el("strong", null, person(c.subject)), " ",
			el("span", { class: "muted" }, c.trust_anchor ? t("report.chain.anchor")
				: i === 0 ? t("report.chain.signer") : t("report.chain.issuer"))),
		el("p", { class: "muted" }, t("report.chain.valid"), " ",
			time(c.not_before, { date: true }), " – ", time(c.not_after, { date: true })),
		status ? el("p", { class: "muted" }, t(`report.status.${status.status}`), " ",
			status.source ? el("span", null, "(", status.source.toUpperCase(), ")") : null,
			status.revoked ? [" ", time(status.revoked), status.reason ? [" ",
				code(status.reason)] : null] : null) : null,
		el("p", { class: "muted" }, code(c.subject)));
}

function chain(s) {
	const list = chainOf(s);
	if (list.length === 0)
		return null;
	return el("details", null, el("summary", null, t("report.chain", { n: list.length })),
		el("ol", { class: "stack" }, list.map(certificate)));
}

function check(c) {
	const kind = c.holds === null ? "plain" : c.holds ? "ok" : c.level === "FAIL" ? "bad" : "unknown";
	const word = c.holds === null ? "skipped" : c.holds ? "holds" : "fails";
	return [[el("p", null, named("report.check", c.name)), code(c.name)],
		badge(kind, t(`report.outcome.${word}`)),
		c.text ? el("span", { lang: "en" }, c.text) : null];
}

function checks(list) {
	const done = list.filter((c) => !c.disabled);
	if (done.length === 0)
		return null;
	const caption = t("report.checks", { n: done.length });
	return el("details", null, el("summary", null, caption),
		table(caption, ["name", "outcome", "text"].map((h) => t(`report.checks.${h}`)),
			done.map(check)));
}

function records(list) {
	return list.map((e) => el("section", { class: "card" },
		el("div", { class: "row spread" }, el("h2", null, t("report.record")),
			badge(kindOf(e.indication), named("report.indication", e.indication))),
		el("dl", { class: "facts" },
			fact(t("report.record.since"), e.time ? time(e.time) : null),
			fact(t("report.record.intact"), t(e.intact ? "report.yes" : "report.no")),
			fact(t("report.why"), e.subindication ? [named("report.sub", e.subindication), " ",
				code(e.subindication)] : null))));
}

// One of an evidence record, a time-stamp or a PDF's structure is told as such: they are
// many, and speak to those who know the format.
function meaning(finding) {
	const family = `report.finding.${finding.code.split("_")[0]}`;
	if (has(`report.check.${finding.code}`))
		return broken(finding.code);
	if (has(`report.finding.${finding.code}`))
		return t(`report.finding.${finding.code}`);
	return has(family) ? t(family) : null;
}

function finding(f) {
	const words = meaning(f);
	return el("li", null, words ? el("p", null, words) : null,
		el("p", { class: words ? "muted" : null }, el("span", { lang: "en" }, f.text), " ",
			code(f.code), f.clause ? ` ${f.clause}` : null));
}

function findings(json) {
	const n = json.findings.length + json.notes.length;
	if (n === 0)
		return null;
	return el("details", { class: "card" }, el("summary", null, t("report.findings", { n })),
		el("ul", { class: "stack" }, json.findings.map(finding),
			json.notes.map((note) => el("li", { lang: "en" }, note))));
}

function judged(json) {
	return el("div", { class: "muted" }, sentence("report.judged", json.validation_time),
		el("p", null, t("report.policy"), " ", code(json.policy.id)));
}
