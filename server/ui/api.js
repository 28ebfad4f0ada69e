// SPDX-License-Identifier: Apache-2.0
// All that is asked of the service. The one place that knows its routes, relative to the
// folder of this page, so that they hold below another path of a proxy, too.
import { t } from "./text.js";

const ROOT = new URL("../", document.baseURI);
const TOKEN = "ltps.token";
const SUCCESS = ":Success";
const MINOR = "http://uri.etsi.org/19512/";

// What the service says no to. status: of HTTP, 0 when it was not reached; code: the
// minor of TS 119 512 without its beginning, or "http/STATUS"; detail: its own words.
export class ServiceError extends Error {
	constructor(status, code, detail) {
		super(detail || code);
		this.status = status;
		this.code = code;
		this.detail = detail ?? "";
	}

	get denied() {
		return this.status === 401 || this.status === 403 || this.code === "error/noPermission";
	}
}

// Of this window only, and gone with it.
export function token() {
	return sessionStorage.getItem(TOKEN) ?? "";
}

const watchers = [];

// fn(asked): what was held for whoever asked before is to be dropped; asked: but for what
// waits for the token.
export function onToken(fn) {
	watchers.push(fn);
}

export function setToken(text, asked = false) {
	if (text)
		sessionStorage.setItem(TOKEN, text);
	else
		sessionStorage.removeItem(TOKEN);
	for (const fn of watchers)
		fn(asked);
}

async function refusal(answer) {
	const text = await answer.text();
	let said = {};
	try {
		said = JSON.parse(text);
	} catch {
		// A proxy in between speaks HTML: its status is what is known.
	}
	const minor = said.result?.min?.replace(MINOR, "");
	return new ServiceError(answer.status, minor ?? `http/${answer.status}`,
		said.result?.msg?.value ?? said.detail ?? "");
}

// path: below the root, without a slash before it. as: "json", "text" or "blob".
export async function call(path, { method = "GET", json, body, headers = {}, as = "json" } = {}) {
	const init = { method, headers: { ...headers }, body, credentials: "same-origin" };
	if (token())
		init.headers.Authorization = `Bearer ${token()}`;
	if (json !== undefined) {
		init.body = JSON.stringify(json);
		init.headers["Content-Type"] = "application/json";
	}
	let answer;
	try {
		answer = await fetch(new URL(path, ROOT), init);
	} catch {
		throw new ServiceError(0, "http/0", t("app.unreachable"));
	}
	if (!answer.ok)
		throw await refusal(answer);
	return as === "blob" ? answer.blob() : as === "text" ? answer.text() : answer.json();
}

// TS 119 512: a refusal is an answer 200 with its result. What comes back with a warning
// has it in `warning`.
export async function pres(operation, message) {
	const answer = await call(`pres/${operation}`, { method: "POST", json: message });
	const minor = (answer.result.min ?? "").replace(MINOR, "");
	if (!answer.result.maj.endsWith(SUCCESS))
		throw new ServiceError(200, minor, answer.result.msg?.value);
	return { ...answer, warning: minor };
}

// --- bytes ---

export function fromBase64(text) {
	return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

// The browser's own encoder, which does it in one piece whatever the size.
export function toBase64(blob) {
	return new Promise((resolve, reject) => {
		const reader = new FileReader();
		reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
		reader.onerror = () => reject(reader.error);
		reader.readAsDataURL(blob);
	});
}

export function download(blob, name) {
	const url = URL.createObjectURL(blob);
	const link = document.createElement("a");
	link.href = url;
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 60000); // the browser reads it meanwhile
}

// --- a function a route ---

// { version, body_max }: what is known before anybody says who they are.
export function settings() {
	return call("ui/settings.json");
}

function judgeForm({ document, content, password }) {
	const form = new FormData();
	form.append("document", document);
	if (content)
		form.append("content", content);
	if (password)
		form.append("password", password);
	return form;
}

// files: { document, content, password }; accept: "application/json" or "application/xml".
export function validate(files, accept = "application/json") {
	return call("validate", { method: "POST", body: judgeForm(files),
		headers: { Accept: accept }, as: accept.endsWith("json") ? "json" : "text" });
}

export async function profiles() {
	return (await pres("RetrieveInfo", {})).pro ?? [];
}

// files: the object's parts.
export async function preserve(profile, files) {
	const po = await Promise.all(files.map(async (f, i) => ({
		binaryData: { value: await toBase64(f) },
		mimeType: f.type || "application/octet-stream",
		id: `part-${i + 1}`,
	})));
	return pres("PreservePO", { pro: profile, po });
}

// subject: "PO", "Evidence", "POwithEmbeddedEvidence", "POwithDetachedEvidence".
export function retrieve(poId, subject, versionId) {
	return pres("RetrievePO", { poId, sor: subject, ...(versionId ? { versionId } : {}) });
}

export function trace(poId) {
	return pres("RetrieveTrace", { poId });
}

export function search(filter, more = {}) {
	return pres("Search", { fi: filter, ...more });
}

export function health() {
	return call("health");
}

export function renewals() {
	return call("renewals");
}

export function packageOf(poid) {
	return call(`package/${encodeURIComponent(poid)}`, { as: "blob" });
}

export async function links() {
	return (await call("links")).links;
}

export function addLink(poid, until, name) {
	return call("links", { method: "POST", json: { poid, until, name } });
}

export function revokeLink(id) {
	return call(`links/${id}`, { method: "DELETE" });
}

// --- views: object, health ---

export function outlook(poid) {
	return call(`outlook/${encodeURIComponent(poid)}`);
}

export function upkeep() {
	return call("upkeep");
}
