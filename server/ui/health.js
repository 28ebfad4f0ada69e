// SPDX-License-Identifier: Apache-2.0
// The state of the archive: alarms, what falls due when, the authorities it stands on, and
// the work that waits.
import * as api from "./api.js";
import { bytes, el, fact, icon, time } from "./dom.js";
import { card, table, working } from "./pieces.js";
import { plot } from "./plot.js";
import { date, named, number, t } from "./text.js";
import { commonName, reason } from "./words.js";

const KIND = { ok: "ok", warning: "unknown", alarm: "bad" };

// --- alarms ---

function alarmItem(a) {
	return el("li", null, el("div", { class: "note bad" }, icon("bad"), el("div", null,
		el("p", null, el("strong", null, named("health.alarm", a.name))),
		el("p", { class: "muted" }, a.since ? t("health.since", { since: date(a.since) })
			: t("health.since.now")),
		el("p", { lang: "en" }, a.text))));
}

function statusNote(h) {
	const kind = KIND[h.status] ?? "unknown";
	const trouble = h.upkeep?.trouble;
	return el("div", { class: `note ${kind}`, id: "status" }, icon(kind), el("div", null,
		el("p", null, el("strong", null, named("health.status", h.status))),
		trouble ? el("p", { lang: "en" }, trouble) : null));
}

function alarms(u) {
	if (!u || !u.alarms.length)
		return null;
	return card(t("health.alarms"), { id: "alarms" },
		el("ul", { class: "plain stack" }, u.alarms.map(alarmItem)));
}

// --- at a glance ---

function waiting(h) {
	const e = h.evidence;
	return e.waiting === 0 ? t("health.waiting.none")
		: el("span", null, t("health.waiting.some", { n: e.waiting }), " ",
			e.waiting_since ? t("health.since", { since: date(e.waiting_since) }) : null);
}

function glance(h) {
	return card(t("health.glance"), { id: "glance" }, statusNote(h), h.objects === undefined
		? null : el("dl", { class: "facts" },
			fact(t("health.objects"), number(h.objects)),
			fact(t("health.waiting"), waiting(h)),
			fact(t("health.next"), h.upkeep.next_renewal
				? time(h.upkeep.next_renewal, { date: true }) : t("health.next.none")),
			fact(t("health.overdue"), h.upkeep.overdue + h.upkeep.undated > 0
				? t("health.overdue.some", { n: h.upkeep.overdue + h.upkeep.undated })
				: t("health.overdue.none")),
			fact(t("health.damaged"), h.upkeep.damaged > 0
				? t("health.damaged.some", { n: h.upkeep.damaged }) : t("health.damaged.none")),
			fact(t("health.space"), bytes(h.space.free_bytes)),
			fact(t("health.started"), time(h.started)),
			fact(t("health.version"), h.version)));
}

// --- what falls due ---

function dueItem(r) {
	return el("li", null, el("strong", null, t(`health.kind.${r.what}`)), ": ",
		r.due ? time(r.due, { date: true }) : t("health.due.open"), ", ",
		t("health.due.objects", { n: r.objects ?? 0 }), ". ",
		el("span", { class: "muted" }, reason(r.why, r.tsa, r.what)));
}

const SHOWN = 5;

function due(r) {
	if (!r)
		return null;
	const dated = r.renewals.filter((x) => x.due);
	return card(t("health.due"), { id: "due" }, el("p", null, t("health.due.why",
		{ n: r.margin_days })), plot(r),
	dated.length ? el("h3", null, t("health.due.next")) : null,
	el("ul", null, dated.slice(0, SHOWN).map(dueItem)));
}

// --- tables ---

function badge(kind, text) {
	return el("span", { class: `badge ${kind}` }, icon(kind === "plain" ? "info" : kind), text);
}

function tsaState(a) {
	if (a.failing_since)
		return [badge("bad", t("health.tsa.failing")),
			el("div", { class: "muted" }, t("health.tsa.failing.since",
				{ since: date(a.failing_since), n: a.failures })),
			el("div", { lang: "en" }, a.error)];
	return a.answered ? badge("ok", t("health.tsa.answers"))
		: badge("plain", t("health.tsa.unasked"));
}

function tsas(u) {
	return card(t("health.tsas"), { id: "tsas" }, u.tsas.length
		? table(t("health.tsas"), ["name", "host", "state", "last"].map((c) =>
			t(`health.tsa.${c}`)), u.tsas.map((a) => [a.name, a.host, tsaState(a),
			a.answered || a.stamped ? time(a.answered ?? a.stamped) : t("health.never")]))
		: el("p", null, t("health.tsas.none")));
}

const CERTIFICATE = { good: "ok", unknown: "plain", "on-hold": "unknown", withdrawn: "bad",
	lost: "bad" };

function certificates(u) {
	if (!u.certificates.length)
		return null;
	return card(t("health.certificates"), { id: "certificates" },
		el("p", null, t("health.certificates.why")),
		table(t("health.certificates"), ["who", "state", "ends", "weakens"].map((c) =>
			t(`health.certificate.${c}`)), u.certificates.map((c) => [
			el("span", { title: c.subject }, commonName(c.subject)),
			[badge(CERTIFICATE[c.status] ?? "plain", named("health.certificate.is", c.status)),
				c.known_good ? el("div", { class: "muted" }, t("health.certificate.known",
					{ when: date(c.known_good) })) : null,
				c.status_why ? el("div", { lang: "en" }, c.status_why) : null],
			c.ends ? time(c.ends, { date: true }) : t("health.open"),
			[c.weakens ? time(c.weakens, { date: true }) : t("health.open"),
				el("div", { class: "muted" }, reason(c.why, c.subject))]])));
}

function anchors(u) {
	return card(t("health.anchors"), { id: "anchors" },
		el("p", null, t("health.anchors.why")), u.anchors.length
			? table(t("health.anchors"), ["who", "state", "from", "until"].map((c) =>
				t(`health.anchor.${c}`)), u.anchors.map((a) => [
				el("span", { title: a.subject }, commonName(a.subject)),
				a.trusted ? badge("ok", t("health.anchor.trusted"))
					: badge("plain", t("health.anchor.past")),
				time(a.trusted_from, { date: true }),
				a.trusted_until ? time(a.trusted_until, { date: true }) : t("health.open")]))
			: el("p", null, t("health.anchors.none")));
}

// What is wrong with a list that is believed still is told, but takes nothing away yet.
function listState(l) {
	const kind = l.state === "good" ? "ok" : l.trusted ? "unknown" : "bad";
	return [badge(l.state === "waiting" ? "plain" : kind, named("health.list.is", l.state)),
		l.why ? el("div", { lang: "en" }, l.why) : null];
}

function lists(u) {
	if (!u.trusted_lists.length)
		return null;
	return card(t("health.lists"), { id: "lists" }, el("p", null, t("health.lists.why")),
		table(t("health.lists"), ["name", "state", "version", "until", "by", "services"].map(
			(c) => t(`health.list.${c}`)), u.trusted_lists.map((l) => [
			[l.name, l.territory ? el("div", { class: "muted" }, l.territory) : null],
			listState(l),
			l.sequence === null ? t("health.never")
				: [t("health.list.number", { n: l.sequence }),
					el("div", { class: "muted" }, time(l.issued, { date: true }))],
			l.until ? time(l.until, { date: true }) : t("health.never"),
			l.signed_by ? el("span", { title: l.signed_by }, commonName(l.signed_by)) : null,
			l.services.length ? l.services.join(", ") : t("health.list.no-services")])));
}

function jobState(j) {
	return [j.given_up ? badge("bad", t("health.job.given-up", { n: j.given_up })) : null,
		j.due ? badge("unknown", t("health.job.due", { n: j.due })) : null,
		j.running ? badge("ok", t("health.job.running", { n: j.running })) : null,
		j.waiting ? el("span", { class: "muted" }, t("health.job.waiting", { n: j.waiting }))
			: null];
}

function jobKind(kind) {
	return kind.startsWith("notify:") ? t("health.job.notify", { name: kind.slice(7) })
		: named("health.job.kind", kind);
}

function jobs(u) {
	const sum = (member) => u.jobs.reduce((n, j) => n + j[member], 0);
	return card(t("health.jobs"), { id: "jobs" }, el("p", null, t("health.jobs.sum", {
		due: sum("due"), running: sum("running"), waiting: sum("waiting"),
		dead: sum("given_up") })),
	table(t("health.jobs"), ["what", "state", "late"].map((c) => t(`health.job.${c}`)),
		u.jobs.map((j) => [jobKind(j.kind), el("div", { class: "row" }, jobState(j)),
			[j.due_since ? el("div", null, t("health.job.due-since"), " ", time(j.due_since))
				: null, j.error ? el("div", { lang: "en" }, j.error) : null]])));
}

// --- the page ---

// null: this caller may not see it.
async function permitted(asked) {
	try {
		return await asked;
	} catch (error) {
		if (error.denied)
			return null;
		throw error;
	}
}

export async function show(main, _, ctx) {
	ctx.title(t("health.title"));
	const busy = working(t("health.loading"));
	main.append(busy);
	const [h, r, u] = await Promise.all([api.health(), permitted(api.renewals()),
		permitted(api.upkeep())]);
	busy.remove();
	main.append(...[glance(h), u && alarms(u), due(r)].filter(Boolean));
	if (u)
		main.append(...[tsas(u), certificates(u), anchors(u), lists(u), jobs(u)].filter(Boolean));
	else
		main.append(el("p", { class: "note" }, t("health.operators")));
}
