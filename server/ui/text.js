// SPDX-License-Identifier: Apache-2.0
// What is said, in the language of the reader.
import en from "./text_en.js";
import ro from "./text_ro.js";
import viewsEn from "./text_views_en.js";
import viewsRo from "./text_views_ro.js";

const TABLES = { en: { ...en, ...viewsEn }, ro: { ...ro, ...viewsRo } };
export const LANGUAGES = Object.keys(TABLES);
const KEPT = "ltps.language";

function preferred() {
	const kept = localStorage.getItem(KEPT);
	const wanted = [kept, ...navigator.languages.map((l) => l.slice(0, 2))];
	return wanted.find((l) => LANGUAGES.includes(l)) ?? "en";
}

let chosen = preferred();

export function lang() {
	return chosen;
}

export function choose(language) {
	chosen = language;
	localStorage.setItem(KEPT, language);
}

export function has(key) {
	return key in TABLES[chosen];
}

// The reader's own country where the language is the same: 22 November, or November 22.
function locale() {
	return navigator.languages.find((l) => l.split("-")[0] === chosen) ?? chosen;
}

export function number(n, options) {
	return new Intl.NumberFormat(locale(), options).format(n);
}

// "a, b and c"
export function list(items) {
	return new Intl.ListFormat(locale(), { type: "conjunction" }).format(items);
}

// options.date: the day only; options.month: the month only.
export function date(iso, options = {}) {
	const how = options.month ? { year: "numeric", month: "long" }
		: options.date ? { dateStyle: "long" } : { dateStyle: "long", timeStyle: "short" };
	return new Intl.DateTimeFormat(locale(), how).format(new Date(iso));
}

// Romanian has three forms: "o zi", "2 zile", "20 de zile"; CLDR names them one, few, other.
function form(text, n) {
	return text[new Intl.PluralRules(chosen).select(n)] ?? text.other;
}

// A text with {name} filled from values; one of several forms goes by values.n. A key that
// nobody wrote a text for shows itself.
export function t(key, values = {}) {
	let text = TABLES[chosen][key] ?? key;
	if (typeof text === "object")
		text = form(text, values.n);
	return text.replace(/\{(\w+)\}/g, (all, name) => {
		const value = values[name];
		return value === undefined ? all : typeof value === "number" ? number(value) : value;
	});
}

// The text of a code in a family of texts, or the code itself.
export function named(family, code) {
	const key = `${family}.${code}`;
	return has(key) ? t(key) : code;
}
