// SPDX-License-Identifier: Apache-2.0
// What falls due when, as bars over periods, with a table that says the same.
import { el, svg } from "./dom.js";
import { table } from "./pieces.js";
import { date, number, t } from "./text.js";

export const KINDS = ["time-stamp renewal", "hash-tree renewal", "augmentation"];
const BARS_MAX = 16;

// --- periods ---

// Months of a period: few bars, whatever lies ahead.
function stepOf(months) {
	return [1, 3, 12, 24, 60, 120].find((step) => months / step <= BARS_MAX) ?? 240;
}

function monthOf(iso) {
	const d = new Date(iso);
	return d.getUTCFullYear() * 12 + d.getUTCMonth();
}

function labelOf(month, step) {
	const year = Math.floor(month / 12);
	if (step === 1)
		return date(new Date(Date.UTC(year, month % 12, 15)).toISOString(), { month: true });
	if (step === 3)
		return t("health.plot.quarter", { q: String(month % 12 / 3 + 1), year: String(year) });
	return step === 12 ? String(year) : `${year}–${year + step / 12 - 1}`;
}

// items: of /renewals; now: its time. What is overdue or has no date comes first.
export function periods(items, now) {
	const dated = items.filter((i) => i.due && i.due > now);
	const late = items.filter((i) => i.alarm || (i.due && i.due <= now));
	const list = late.length ? [{ label: t("health.plot.now"), late: true, items: late }] : [];
	if (!dated.length)
		return list;
	const start = monthOf(now);
	const end = Math.max(...dated.map((i) => monthOf(i.due)));
	const step = stepOf(end - start + 1);
	for (let m = start - start % step; m <= end; m += step)
		list.push({ label: labelOf(m, step), short: step >= 12 ? String(Math.floor(m / 12)) : null,
			items: dated.filter((i) => monthOf(i.due) >= m && monthOf(i.due) < m + step) });
	return list;
}

export function sum(period, kind, member) {
	return period.items.filter((i) => !kind || i.what === kind)
		.reduce((n, i) => n + (i[member] ?? 0), 0);
}

// --- the drawing ---

const WIDE = 720;
const NARROW = 380;
const H = 260;
const LEFT = 56;
const BOTTOM = 46;
const TOP = 12;
// What a label takes: a year, or the name of a month.
const YEAR_WIDTH = 52;
const MONTH_WIDTH = 110;

// 1, 2 or 5 times a power of ten, at or above.
function ceiling(n) {
	const power = 10 ** Math.floor(Math.log10(Math.max(n, 1)));
	return [1, 2, 5, 10].find((k) => k * power >= n) * power;
}

// Whole numbers at each line.
function grid(top, W) {
	const steps = top < 4 ? top : top % 4 === 0 ? 4 : 5;
	return Array.from({ length: steps + 1 }, (_, i) => {
		const y = H - BOTTOM - (H - BOTTOM - TOP) * i / steps;
		return [svg("line", { class: "grid", x1: LEFT, x2: W, y1: y, y2: y }),
			svg("text", { x: LEFT - 8, y: y + 4, "text-anchor": "end" },
				number(top * i / steps, { notation: "compact" }))];
	});
}

// Colours are told apart by their pattern, too.
function pattern(kind, i) {
	return svg("pattern", { id: `plot-${i}`, class: `kind-${i}`, width: 8, height: 8,
		patternUnits: "userSpaceOnUse", patternTransform: `rotate(${[0, 45, 0][i]})` },
	svg("rect", { width: 8, height: 8 }),
	i === 1 ? svg("line", { x1: 0, x2: 0, y1: 0, y2: 8 }) : null,
	i === 2 ? svg("circle", { cx: 4, cy: 4, r: 1.6 }) : null);
}

function bar(period, at, width, top) {
	let y = H - BOTTOM;
	const parts = KINDS.map((kind, i) => {
		const n = sum(period, kind, "objects");
		const h = n > 0 ? Math.max(3, (H - BOTTOM - TOP) * n / top) : 0;
		y -= h;
		return h > 0 ? svg("rect", { class: "bar", x: at, y, width, height: h,
			fill: `url(#plot-${i})` }) : null;
	});
	return parts;
}

function axis(list, width) {
	const every = Math.ceil((list.some((p) => !p.short && !p.late) ? MONTH_WIDTH : YEAR_WIDTH) /
		width);
	return list.map((p, i) => i % every === 0
		? svg("text", { x: LEFT + width * (i + 0.5), y: H - BOTTOM + 22, "text-anchor": "middle" },
			p.late ? t("health.plot.now") : p.short ?? p.label) : null);
}

function drawing(list, W) {
	const top = ceiling(Math.max(1, ...list.map((p) => sum(p, null, "objects"))));
	const width = (W - LEFT) / list.length;
	const thick = Math.min(width * 0.7, 64);
	return svg("svg", { class: "plot", viewBox: `0 0 ${W} ${H}`, role: "img",
		"aria-labelledby": "plot-title" },
	svg("title", { id: "plot-title" }, t("health.plot.title")),
	svg("defs", null, KINDS.map(pattern)), grid(top, W),
	list.map((p, i) => bar(p, LEFT + width * i + (width - thick) / 2, thick, top)),
	axis(list, width),
	svg("line", { class: "base", x1: LEFT, x2: W, y1: H - BOTTOM, y2: H - BOTTOM }));
}

function legend(list) {
	const there = KINDS.filter((k) => list.some((p) => sum(p, k, "objects") > 0));
	return el("ul", { class: "plain row legend" }, there.map((kind) => el("li", null,
		svg("svg", { viewBox: "0 0 24 16", width: 24, height: 16, "aria-hidden": "true" },
			svg("rect", { class: "bar", x: 1, y: 1, width: 22, height: 14,
				fill: `url(#plot-${KINDS.indexOf(kind)})` })),
		el("span", null, t(`health.kind.${kind}`)))));
}

// --- the same as a table ---

function rows(list) {
	return list.flatMap((p) => KINDS.filter((k) => p.items.some((i) => i.what === k)).map((k) =>
		[p.label, t(`health.kind.${k}`), number(sum(p, k, "objects")),
			number(sum(p, k, "requests"))]));
}

// An element; renewals: the answer of /renewals.
export function plot(renewals) {
	const list = periods(renewals.renewals, renewals.time);
	if (!list.length)
		return el("p", null, t("health.plot.nothing"));
	const width = matchMedia("(max-width: 34rem)").matches ? NARROW : WIDE;
	return el("figure", { class: "stack" }, drawing(list, width), legend(list),
		el("details", null, el("summary", null, t("health.plot.table")),
			table(t("health.plot.table"), ["when", "what", "objects", "requests"].map((c) =>
				t(`health.plot.${c}`)), rows(list))));
}

