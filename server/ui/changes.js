// SPDX-License-Identifier: Apache-2.0
// What came into a PDF after a signature, summed up in words. The service names each change
// in its own (validation/pdf_changes*.c); what is not recognised there is told as other
// parts of the file.
import { el } from "./dom.js";
import { list, named, t } from "./text.js";

// By kind of change: the part of a PDF that the words are about. A group is the object: what
// is told of one object in several places counts once. Without a name it is no news.
const PARTS = {
	extension: [
		["certificates", /\/DSS\/(?:Certs|VRI\/\S+\/Cert)\b/],
		["status", /\/DSS\/(?:CRLs|OCSPs|VRI\/\S+\/(?:CRL|OCSP))\b/],
		["stamp", /: document time-stamp \(object (\d+)\)/],
		[null, /: \/DSS\b/],
		["frame", /: \/AcroForm\b/],
		["metadata", /^Info\b|: \/(?:Metadata|Extensions|Version)\b/],
	],
	form_fill: [
		["signature", /: signature \(object (\d+)\)/],
		["place", /: empty signature field \(object (\d+)\)/],
		["value", /^field .*\(object (\d+)\)/],
		["frame", /: \/AcroForm\b/],
	],
	annotation: [
		["place", /: signature field .*\(object (\d+)\)/],
		["field", /: (?:form field|widget of a form field) \(object (\d+)\)/],
		["field", /^field .*\(object (\d+)\)/],
		["comment", /annotation \(object (\d+)\)/],
	],
	undefined: [
		["page", /^page \(object (\d+)\)/],
	],
};

// [name of the part, what is counted of it]; a name of null is passed over.
function partOf(change) {
	for (const [name, pattern] of PARTS[change.kind] ?? []) {
		const found = pattern.exec(change.what);
		if (found)
			return [name, found[1] ?? ""];
	}
	return ["other", ""];
}

// "certificates, status of certificates, and 2 time-stamps"
function parts(changes) {
	const found = new Map();
	for (const [name, object] of changes.map(partOf))
		found.set(name, (found.get(name) ?? new Set()).add(object));
	found.delete(null);
	return list([...found].map(([name, objects]) => t(`report.part.${name}`,
		{ n: objects.size })));
}

// A line for each kind.
export function summary(changes) {
	const kinds = new Map();
	for (const c of changes)
		kinds.set(c.kind, [...kinds.get(c.kind) ?? [], c]);
	return el("ul", { class: "plain" }, [...kinds].map(([kind, of]) => {
		const what = parts(of);
		return el("li", null, named("report.change", kind), what ? `: ${what} ` : " ",
			el("span", { class: "muted" }, t("report.change.count", { n: of.length })));
	}));
}
