// SPDX-License-Identifier: Apache-2.0
// The life of one object: what happened, what stands today, what will happen by itself.
// A list for whoever reads, and a line in scale for the eye.
import { el, icon, say, svg, time } from "./dom.js";
import { date, named, t } from "./text.js";
import { commonName, reason, subText, verdict, verdictText } from "./words.js";

const DAY = 86400000;

// --- what is known, as events { at, kind, text, more, future } ---

function signatureEvents(report) {
	return (report?.signatures ?? []).flatMap((s) => {
		const who = () => ({ who: commonName(s.signing_certificate) }); // an element stands once
		const proven = s.best_signature_time;
		return [
			s.claimed_signing_time ? { at: s.claimed_signing_time, kind: "claimed",
				text: say("timeline.claimed", who()), more: t("timeline.claimed.more") } : null,
			proven && s.timestamps?.length ? { at: proven, kind: "proven",
				text: say("timeline.proven", who()), more: t("timeline.proven.more") } : null,
		].filter(Boolean);
	});
}

function isLogical(version) {
	return version.kind === "submitted" || version.kind === "updated";
}

function versionEvents(o) {
	return o.versions.map((v) => ({ at: v.created, kind: v.kind,
		text: t(`timeline.${v.kind}`, { version: v.id, of: v.made_of ?? "" }) }));
}

// The first token of a chain closes its tree; those behind renew it, the first of them at
// once where there are two authorities.
function stampEvents(version) {
	return version.evidence.flatMap((chain, c) => chain.timestamps.map((s, i) => {
		const kind = i > 0 ? "renewed" : c > 0 ? "rehashed" : "stamped";
		return { at: s.time, kind: s.fallen ? "lost" : kind,
			text: t(`timeline.${kind}`, { tsa: s.tsa, version: version.id, digest: chain.digest }),
			more: s.fallen ? t("timeline.fallen") : null };
	}));
}

const TOLD = new Set(["VerdictChanged", "SignatureValidated", "EvidenceLost", "EvidenceDamaged",
	"EvidenceRepaired", "EvidenceEnding", "ObjectDamaged", "ObjectRepaired",
	"PreservationPeriodEnding", "PreservationPeriodEnded", "DeletePO"]);

const JUDGED = new Set(["VerdictChanged", "SignatureValidated"]);

// "A -> B": what the verdict was, and what it is.
function verdicts(detail) {
	return detail.split(" -> ").map((text) => {
		const v = verdict(text);
		return [verdictText(v), v.sub ? subText(v.sub) : ""].join(" ").trim();
	}).join(" → ");
}

function traceEvents(events) {
	return events.filter((e) => TOLD.has(e.op)).map((e) => ({ at: e.time, kind: e.op,
		text: named("timeline.op", e.op), foreign: !JUDGED.has(e.op),
		more: e.det && JUDGED.has(e.op) ? verdicts(e.det) : e.det ?? null }));
}

// Of several versions the first of each kind: the archive renews them together.
function dueEvents(o) {
	const first = new Map();
	for (const due of o.versions.flatMap((v) => v.renewals)) {
		const known = first.get(due.what);
		if (!due.alarm && (!known || due.due < known.due))
			first.set(due.what, due);
	}
	return [...first.values()].map((due) => ({ at: due.due, kind: "due", future: true,
		text: t(`timeline.due.${due.what}`),
		more: say("timeline.due.more", { until: date(due.weakens, { date: true }),
			why: reason(due.why, due.tsa, due.what) }) }));
}

function laterEvents(o) {
	const again = o.versions.map((v) => v.judged_again).filter(Boolean).sort()[0];
	return [
		again ? { at: again, kind: "again", future: true, text: t("timeline.again") } : null,
		o.preserve_until ? { at: o.preserve_until, kind: "end", future: true,
			text: t("timeline.end") } : null,
	].filter(Boolean);
}

// outlook: of the service; report: of /validate, or null; trace: its events.
export function life(outlook, report, trace) {
	const past = [...signatureEvents(report), ...versionEvents(outlook),
		...outlook.versions.filter(isLogical).flatMap(stampEvents), ...traceEvents(trace)];
	const all = [...past, ...dueEvents(outlook), ...laterEvents(outlook)];
	return all.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

// --- the line ---

const WIDTH = 1000;
const EDGE = 30;
const MARKS = 6;
const APART = 40; // of a mark from the ends

function scale(events, now) {
	const times = [...events.map((e) => Date.parse(e.at)), now];
	const from = Math.min(...times);
	const to = Math.max(...times, from + DAY);
	return { from, to, x: (ms) => EDGE + (WIDTH - 2 * EDGE) * (ms - from) / (to - from) };
}

// Days, months or years, few enough to be read.
function marks(s) {
	const years = (s.to - s.from) / (365.25 * DAY);
	if (years < 1.5)
		return [];
	const step = Math.max(1, Math.ceil(years / MARKS));
	const first = new Date(s.from).getUTCFullYear() + 1;
	const list = [];
	for (let y = first; Date.UTC(y, 0, 1) <= s.to; y += step)
		list.push({ x: s.x(Date.UTC(y, 0, 1)), text: String(y) });
	return list.filter((m) => m.x > EDGE + APART && m.x < WIDTH - APART);
}

function mark(m) {
	return svg("g", { class: "line-mark" },
		svg("line", { x1: m.x, x2: m.x, y1: 34, y2: 46 }),
		svg("text", { x: m.x, y: 68, "text-anchor": "middle" }, m.text));
}

function dot(e, s) {
	const x = s.x(Date.parse(e.at));
	const attrs = { class: `dot ${e.future ? "future" : "past"}` };
	return e.future
		? svg("path", { ...attrs, d: `M${x} 30l10 10l-10 10l-10-10z` })
		: svg("circle", { ...attrs, cx: x, cy: 40, r: 8 });
}

function line(events, now) {
	const s = scale(events, now);
	const here = s.x(now);
	return svg("svg", { class: "life-line", viewBox: `0 0 ${WIDTH} 80`, "aria-hidden": "true",
		focusable: "false" },
	svg("line", { class: "done", x1: EDGE, x2: here, y1: 40, y2: 40 }),
	svg("line", { class: "todo", x1: here, x2: WIDTH - EDGE, y1: 40, y2: 40 }),
	marks(s).map(mark), events.map((e) => dot(e, s)),
	svg("path", { class: "now", d: `M${here} 14v52` }),
	svg("text", { class: "now", x: here, y: 11,
		"text-anchor": here > WIDTH - 90 ? "end" : here < 90 ? "start" : "middle" },
	t("timeline.now")));
}

// --- the list ---

const ICONS = { due: "info", again: "info", end: "info", lost: "bad", EvidenceLost: "bad",
	EvidenceDamaged: "bad", ObjectDamaged: "bad", claimed: "unknown" };

function entry(e) {
	return el("li", { class: e.future ? "future" : "past", "data-kind": e.kind },
		icon(ICONS[e.kind] ?? "ok"),
		el("div", null,
			el("p", { class: "when" }, time(e.at, e.future ? { date: true } : {})),
			el("p", { class: "what" }, e.text),
			e.more ? el("p", { class: "muted", lang: e.foreign ? "en" : null }, e.more) : null));
}

function today(now) {
	return el("li", { class: "today", "data-kind": "now" }, icon("info"), el("div", null,
		el("p", { class: "what" }, t("timeline.today",
			{ day: date(new Date(now).toISOString(), { date: true }) }))));
}

// An element; now: milliseconds of the service's clock.
export function timeline(events, now) {
	const past = events.filter((e) => !e.future && Date.parse(e.at) <= now);
	const future = events.filter((e) => !past.includes(e));
	return el("div", { class: "timeline" }, line(events, now),
		el("ol", { class: "plain", "aria-label": t("timeline.label") },
			past.map(entry), today(now), future.map(entry)));
}
