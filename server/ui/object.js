// SPDX-License-Identifier: Apache-2.0
// One preserved object: what it is, whether it is still provable, its life, its files.
import * as api from "./api.js";
import { announce, bytes, clear, copyable, el, fact, icon, isolated, say, time } from "./dom.js";
import { card, files, saveOf, table, working } from "./pieces.js";
import { report as renderReport } from "./report.js";
import { date, named, t } from "./text.js";
import { life, timeline } from "./timeline.js";
import { trace } from "./trace.js";
import { commonName, formatKind, formatName, profileName, reason, subText, verdict,
	verdictText } from "./words.js";

// Judged again by itself when the page opens; a larger one when it is asked for.
const JUDGED_MAX = 8 * 1024 * 1024;
const LINK_DAYS = 30;
const DAY = 86400000;
// What came just now is looked at again, later and later, until it is time-stamped.
const AGAIN_FIRST = 2000;
const AGAIN_LAST = 64000;

// --- what of it speaks for it ---

function isLogical(version) {
	return version.kind === "submitted" || version.kind === "updated";
}

function latest(o) {
	return o.versions.filter(isLogical).at(-1) ?? null;
}

// The newest raised form of the newest version; without one that version itself.
function judgedVersion(o) {
	const version = latest(o);
	const form = o.versions.filter((v) => v.made_of === version?.id &&
		(v.kind === "augmented" || v.kind === "sealed")).at(-1);
	return version?.parts.length === 1 && form?.parts.length === 1 ? form : version;
}

function signaturesOf(o) {
	return latest(o)?.signatures ?? [];
}

// --- head ---

function verdictNote(o) {
	const version = latest(o);
	if (!version || (!version.verdict && !signaturesOf(o).length))
		return el("div", { class: "note" }, icon("info"), el("div", null,
			el("p", null, el("strong", null, t("object.unsigned")))));
	const v = verdict(version.verdict);
	return el("div", { class: `note ${v.kind}` }, icon(v.kind), el("div", null,
		el("p", null, el("strong", null, verdictText(v))),
		v.sub ? el("p", null, subText(v.sub)) : null,
		version.judged ? el("p", { class: "muted" }, t("object.judged",
			{ when: date(version.judged) })) : null));
}

// Is it still provable, and until when.
function proof(o) {
	const version = latest(o);
	const due = version?.renewals.filter((r) => r.what !== "augmentation")[0];
	if (!version)
		return { kind: "info", text: t("object.proof.empty") };
	if (!version.proven_since)
		return { kind: "unknown", text: t("object.proof.none"),
			more: version.evidence.map((c) => c.error).find(Boolean) };
	const since = { since: date(version.proven_since) };
	if (!due)
		return { kind: "ok", text: t("object.proof.open", since) };
	if (due.alarm || due.weakens <= o.time)
		return { kind: "bad", text: t("object.proof.lost", since),
			more: reason(due.why, due.tsa, due.what) };
	const when = { ...since, until: date(due.weakens, { date: true }),
		due: date(due.due, { date: true }), why: reason(due.why, due.tsa, due.what) };
	return { kind: due.due <= o.time ? "unknown" : "ok", text: t("object.proof.until", when),
		more: say(due.due <= o.time ? "object.proof.now" : "object.proof.renewed", when) };
}

function proofNote(o) {
	const p = proof(o);
	return el("div", { class: `note ${p.kind === "info" ? "" : p.kind}`, id: "proof" },
		icon(p.kind), el("div", null, el("p", null, el("strong", null, p.text)),
			p.more ? el("p", null, p.more) : null));
}

function signers(o) {
	return signaturesOf(o).map((s) => {
		const v = verdict(s.verdict);
		return el("li", null, el("span", { title: s.signer }, commonName(s.signer)), " ",
			el("span", { class: `badge ${v.kind}` }, icon(v.kind),
				named("words.indication", v.indication)));
	});
}

function head(o) {
	const version = latest(o);
	const who = signers(o);
	return card(t("object.head"), { id: "head" }, verdictNote(o), proofNote(o),
		el("dl", { class: "facts" },
			fact(t("object.poid"), copyable(o.poid)),
			who.length ? fact(t("object.signers"), el("ul", { class: "plain" }, who)) : null,
			fact(t("object.what"), (version?.parts ?? []).map((p) => el("div", null,
				`${formatName(p)}, ${bytes(p.size)}`))),
			fact(t("object.stored"), time(o.stored)),
			fact(t("object.state"), named("object.state", o.state)),
			fact(t("object.until"), o.preserve_until
				? time(o.preserve_until, { date: true }) : t("object.until.open")),
			fact(t("object.profile"), el("span", { title: o.profile }, profileName(o.profile)))));
}

// --- judged again ---

// Of the parts those that are signed, by their index; a form has one part only.
function signedParts(o, version) {
	const of = signaturesOf(o).map((s) => Math.min(s.part, version.parts.length) - 1);
	return [...new Set(of)].sort((a, b) => a - b);
}

function partName(p) {
	return p.id ?? `po-${p.number}`;
}

const SIGNATURE_ENDING = /\.(p7s|sig)$/i;

// What a detached signature is about: the part of its name without the ending, else the only
// other one that is not signed. -1: there is none.
function contentOf(version, signed, i) {
	const names = version.parts.map(partName);
	const named = names.indexOf(names[i].replace(SIGNATURE_ENDING, ""));
	const others = names.map((_, k) => k).filter((k) => !signed.includes(k));
	return named >= 0 && named !== i ? named : others.length === 1 ? others[0] : -1;
}

function isPdf(p) {
	return formatKind(p) === "PDF";
}

// Only its reader knows that a signature is detached: then it misses what it signs.
async function judgePart(version, parts, signed, i) {
	const document = parts[i].blob;
	const alone = await api.validate({ document });
	const content = parts[contentOf(version, signed, i)];
	const misses = alone.signatures.some((s) => s.subindication === "SIGNED_DATA_NOT_FOUND");
	return misses && content && !isPdf(version.parts[i])
		? api.validate({ document, content: content.blob }) : alone;
}

async function judge(o, box) {
	const version = judgedVersion(o);
	clear(box).append(working(t("object.judging")));
	const parts = await files(o.poid, "PO", version);
	const signed = signedParts(o, version);
	const reports = [];
	for (const i of signed)
		reports.push(await judgePart(version, parts, signed, i));
	clear(box).append(el("p", { class: "muted" }, t("object.judged.now", { version: version.id })),
		...reports.flatMap((report, k) => [
			el("h3", { class: "part" }, isolated(partName(version.parts[signed[k]]))),
			renderReport(report)]));
	return { signatures: reports.flatMap((report) => report.signatures) };
}

// --- the files ---

function downloadButton(text, save, name) {
	const button = el("button", { type: "button", class: "button", "data-what": name,
		onclick: async () => {
			button.disabled = true;
			try {
				await save();
				announce(t("object.downloaded"));
				button.parentNode.querySelector(".refused")?.remove();
			} catch (error) {
				refused(button, error);
			}
			button.disabled = false;
			button.focus();
		} }, icon("download"), text);
	return button;
}

function refused(button, error) {
	button.parentNode.querySelector(".refused")?.remove();
	button.parentNode.append(el("p", { class: "refused bad", role: "alert" },
		named("app.error", error.code ?? "app"), " ", error.detail ?? ""));
}

function downloads(o) {
	const version = latest(o);
	const report = o.versions.filter((v) => v.kind === "report").at(-1);
	const buttons = version && o.state === "live" ? [
		downloadButton(t("object.get.object"), () => saveOf(o.poid, "PO", version), "object"),
		downloadButton(t("object.get.evidence"),
			() => saveOf(o.poid, "Evidence", version), "evidence"),
		downloadButton(t("object.get.container"),
			() => saveOf(o.poid, "POwithEmbeddedEvidence", version), "container"),
		report ? downloadButton(t("object.get.report"),
			() => saveOf(o.poid, "PO", report), "report") : null,
	] : [];
	buttons.push(downloadButton(t("object.get.package"), async () =>
		api.download(await api.packageOf(o.poid), `${o.poid}.zip`), "package"));
	return card(t("object.get"), { id: "downloads" },
		el("div", { class: "row" }, buttons),
		el("p", { class: "muted" }, t("object.get.package.why")));
}

// --- versions, with their evidence ---

function stampRow(s) {
	return [time(s.time), s.tsa,
		s.weakens ? time(s.weakens, { date: true }) : t("object.weakens.open"),
		s.fallen ? t("object.fallen") : s.why ? reason(s.why, s.authority) : ""];
}

function stampTable(version) {
	const stamps = version.evidence.flatMap((c) => c.timestamps);
	if (!stamps.length)
		return el("p", null, t("object.proof.none"));
	return table(t("object.evidence.of", { version: version.id }),
		["time", "tsa", "weakens", "why"].map((c) => t(`object.evidence.${c}`)),
		stamps.map(stampRow));
}

function part(p) {
	return el("li", null, el("span", null, `${partName(p)} · ${formatName(p)} · ` +
		bytes(p.size)), p.sha256 ? el("details", null,
		el("summary", null, t("object.digest")), copyable(p.sha256)) : null,
	p.data ? null : el("p", { class: "muted" }, t("object.nodata")));
}

function versionItem(o, v) {
	const what = t(`object.version.${v.kind}`, { of: v.made_of ?? "" });
	return el("li", { class: "version" }, el("details", null,
		el("summary", null, el("strong", null, v.id), " ", what, ", ", time(v.created)),
		el("div", { class: "stack" },
			el("ul", { class: "plain" }, v.parts.map(part)),
			v.parts.some((p) => p.data) ? el("div", null, downloadButton(
				t("object.get.version", { version: v.id }), () => saveOf(o.poid, "PO", v),
				`version-${v.id}`)) : null,
			el("h3", null, t("object.evidence")), stampTable(v))));
}

function versions(o) {
	return card(t("object.versions"), { id: "versions" },
		el("ol", { class: "plain stack" }, o.versions.map((v) => versionItem(o, v))));
}

// --- a link for an auditor ---

// The service takes letters without accents, digits and some signs.
function plainName(text) {
	return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[^A-Za-z0-9._]+/g, "-")
		.replace(/^-+|-+$/g, "") || "link";
}

function linkForm(o) {
	const name = el("input", { id: "link-name", type: "text", maxlength: "60", required: true });
	const days = el("input", { id: "link-days", type: "number", min: "1", max: "365",
		value: String(LINK_DAYS), required: true });
	const made = el("div", { "aria-live": "polite" });
	const make = async (event) => {
		event.preventDefault();
		try {
			const until = new Date(Date.parse(o.time) + days.valueAsNumber * DAY).toISOString();
			const link = await api.addLink(o.poid, until.replace(/\.\d+Z/, "Z"),
				plainName(name.value));
			clear(made).append(el("p", null, t("object.link.made", { until: date(link.until) })),
				copyable(link.url));
		} catch (error) {
			clear(made).append(el("p", { class: "bad", role: "alert" },
				named("app.error", error.code ?? "app"), " ", error.detail ?? ""));
		}
	};
	return el("form", { class: "stack", onsubmit: make },
		el("div", { class: "field" }, el("label", { for: "link-name" }, t("object.link.name")), name),
		el("div", { class: "field" }, el("label", { for: "link-days" }, t("object.link.days")), days),
		el("div", null, el("button", { type: "submit", class: "button" }, t("object.link.make"))),
		made);
}

function link(o) {
	return card(t("object.link"), { id: "link" }, el("p", null, t("object.link.why")),
		el("details", null, el("summary", null, t("object.link.open")), linkForm(o)));
}

// --- the page ---

function missing(main) {
	main.append(el("p", null, t("object.which")), el("p", null,
		el("a", { class: "button", href: "#/search" }, t("object.search"))));
}

// What the trace says is shown when it is there; a profile may not offer it.
async function events(poid) {
	try {
		return (await api.trace(poid)).trace?.event ?? [];
	} catch {
		return null;
	}
}

// The life is drawn once more when more is known of it.
class Life {
	constructor(o, told) {
		Object.assign(this, { o, told, report: null, box: el("div") });
		this.draw();
	}

	draw(more) {
		Object.assign(this, more);
		clear(this.box).append(timeline(life(this.o, this.report, this.told),
			Date.parse(this.o.time)));
	}
}

function judgement(o, course) {
	const box = el("div", { class: "stack" });
	const again = async () => {
		try {
			course.draw({ report: await judge(o, box) });
		} catch (error) {
			clear(box).append(el("p", { class: "bad", role: "alert" },
				t("object.judge.failed"), " ", named("app.error", error.code ?? "app")), start());
		}
	};
	const start = () => el("button", { type: "button", class: "button", onclick: again },
		t("object.judge"));
	box.append(start());
	return { box, again };
}

function isProven(o) {
	return latest(o) === null || latest(o).proven_since !== null;
}

async function awaitProof(main, course, ctx) {
	let left = false;
	ctx.onleave(() => { left = true; });
	for (let wait = AGAIN_FIRST; wait <= AGAIN_LAST; wait *= 2) {
		await new Promise((resolve) => { setTimeout(resolve, wait); });
		const now = left ? null : await api.outlook(course.o.poid);
		if (!now || left)
			return;
		if (!isProven(now))
			continue;
		main.querySelector("#head").replaceWith(head(now));
		main.querySelector("#versions").replaceWith(versions(now));
		course.draw({ o: now });
		announce(proof(now).text);
		return;
	}
}

export async function show(main, { id }, ctx) {
	ctx.title(t("object.title"));
	if (!id)
		return missing(main);
	const busy = working(t("object.loading"));
	main.append(busy);
	const o = await api.outlook(id);
	const told = await events(id);
	busy.remove();
	const course = new Life(o, told ?? []);
	main.append(head(o), card(t("object.life"), { id: "life" }, course.box), downloads(o));
	if (signaturesOf(o).length && o.state === "live") {
		const { box, again } = judgement(o, course);
		main.append(card(t("object.report"), { id: "report" }, box));
		if (judgedVersion(o).parts.reduce((n, p) => n + p.size, 0) <= JUDGED_MAX)
			again(); // the page is there meanwhile
	}
	main.append(versions(o), link(o));
	if (told)
		main.append(trace(told));
	if (!isProven(o))
		awaitProof(main, course, ctx).catch(() => {}); // what is shown stays true
}
