// SPDX-License-Identifier: Apache-2.0
// Elements by calls: text is always text, so nothing that a document holds becomes markup.
import { date, lang, number, t } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";

function set(node, name, value) {
	if (value === null || value === undefined || value === false)
		return;
	if (typeof value === "function")
		node.addEventListener(name.slice(2), value);
	else
		node.setAttribute(name, value === true ? "" : value);
}

function fill(node, attrs, children) {
	for (const [name, value] of Object.entries(attrs ?? {}))
		set(node, name, value);
	node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined &&
		c !== false));
	return node;
}

// attrs: a function is a listener ("onclick"), true a bare attribute, null and false none.
export function el(tag, attrs, ...children) {
	return fill(document.createElement(tag), attrs, children);
}

export function svg(tag, attrs, ...children) {
	return fill(document.createElementNS(SVG, tag), attrs, children);
}

export function clear(node) {
	node.replaceChildren();
	return node;
}

// A moment in the reader's zone; in UTC when pointed at.
export function time(iso, options) {
	if (!iso)
		return "";
	return el("time", { datetime: iso, title: `${iso.replace("T", " ").replace("Z", "")} UTC` },
		date(iso, options));
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

export function bytes(n) {
	let unit = 0;
	for (; n >= 1024 && unit < UNITS.length - 1; unit++)
		n /= 1024;
	return `${number(n, { maximumFractionDigits: unit > 0 && n < 10 ? 1 : 0 })} ${UNITS[unit]}`;
}

const DRAWINGS = {
	ok: "M4.5 12.5l5 5L19.5 7",
	bad: "M6 6l12 12M18 6L6 18",
	unknown: "M8 8.2a4 4 0 1 1 5.8 3.6c-1.3.7-1.8 1.4-1.8 2.7M12 19v.2",
	info: "M12 11v6M12 7v.2",
	download: "M12 4v10M7.5 10.5L12 15l4.5-4.5M5 19h14",
	copy: "M9 9h10v10H9zM5 15V5h10",
	drop: "M12 15V4M7.5 8.5L12 4l4.5 4.5M4 14v5h16v-5",
};

// For the eye only: what it says stands in words beside it.
export function icon(name) {
	return svg("svg", { class: `icon icon-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true",
		focusable: "false" }, svg("path", { d: DRAWINGS[name] }));
}

// Told to a screen reader without moving the focus; text: a string, or what say() gives.
export function announce(text) {
	const live = document.getElementById("live");
	live.lang = lang();
	clear(live).append(...[text].flat(Infinity));
}

// What somebody chose as a name: letters of another direction do not turn the sentence.
export function isolated(text) {
	return el("bdi", null, text);
}

// A text with {name} filled from values that may be elements; values.n chooses its form.
export function say(key, values = {}) {
	return t(key, values.n === undefined ? {} : { n: values.n }).split(/\{(\w+)\}/).map((piece, i) =>
		i % 2 === 0 ? piece : values[piece] ?? `{${piece}}`);
}

// A term and what is known of it; nothing when nothing is.
export function fact(term, ...value) {
	const known = value.flat().filter((v) => v !== null && v !== undefined && v !== "");
	return known.length === 0 ? null : el("div", null, el("dt", null, term), el("dd", null, known));
}

// Something to be copied as it stands, a POID or a digest.
export function copyable(text) {
	const button = el("button", { type: "button", class: "button small",
		"aria-label": t("app.copy", { text }), onclick: async () => {
			await navigator.clipboard.writeText(text);
			announce(t("app.copied"));
		} }, icon("copy"));
	return el("span", { class: "copyable" }, el("code", null, text),
		navigator.clipboard ? button : null);
}
