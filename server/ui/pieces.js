// SPDX-License-Identifier: Apache-2.0
// What several views are made of.
import * as api from "./api.js";
import { el } from "./dom.js";

let cards = 0;

// A part of a page with its heading.
export function card(title, attrs, ...children) {
	const id = `card-${++cards}`;
	return el("section", { class: "card", "aria-labelledby": id, ...attrs },
		el("h2", { id }, title), children);
}

export function working(text) {
	return el("p", { class: "busy", role: "status" }, text);
}

// On a narrow page a row stands as a block, each cell behind the name of its column: the
// roles say that it is a table all the same.
export function table(name, columns, rows) {
	const cell = (content, i) => el("td", { role: "cell", "data-column": columns[i] }, content);
	return el("div", { class: "table-wrap", tabindex: "0", role: "group", "aria-label": name },
		el("table", { class: "stacks", role: "table" },
			el("caption", { class: "visually-hidden" }, name),
			el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, columns.map((c) =>
				el("th", { scope: "col", role: "columnheader" }, c)))),
			el("tbody", { role: "rowgroup" }, rows.map((row) =>
				el("tr", { role: "row" }, row.map(cell))))));
}

// --- what RetrievePO gives ---

const ENDINGS = { "application/pdf": "pdf", "application/xml": "xml", "text/xml": "xml",
	"text/plain": "txt", "application/pkcs7-signature": "p7s", "application/pkcs7-mime": "p7m",
	"application/zip": "zip", "application/vnd.etsi.asic-e+zip": "asice",
	"application/vnd.etsi.asic-s+zip": "asics", "application/json": "json",
	"application/vnd.etsi.validation-report+xml": "xml" };

function endingOf(po, subject) {
	return ENDINGS[po.mimeType] ?? (subject === "Evidence" ? "er"
		: subject === "PO" ? "bin" : "asice");
}

function fileName(poid, po, version, subject) {
	const id = (po.id ?? "object").replace(/[^\w.-]+/g, "_");
	return `${poid.slice(0, 8)}-${version.id}-${id}.${endingOf(po, subject)}`;
}

// Its parts as { name, blob }. version: of /outlook.
export async function files(poid, subject, version) {
	const answer = await api.retrieve(poid, subject, [version.id]);
	const list = answer.po ?? [];
	if (!list.length)
		throw new api.ServiceError(200, answer.warning || "http/409", answer.result.msg?.value);
	return list.map((po) => ({ name: fileName(poid, po, version, subject),
		blob: new Blob([api.fromBase64(po.binaryData?.value ?? po.xmlData.b64Content)],
			{ type: po.mimeType ?? "application/octet-stream" }) }));
}

export async function saveOf(poid, subject, version) {
	for (const f of await files(poid, subject, version))
		api.download(f.blob, f.name);
}
