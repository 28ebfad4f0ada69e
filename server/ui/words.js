// SPDX-License-Identifier: Apache-2.0
// The service's own words and codes, as people say them. What is not known is shown as it
// stands.
import { isolated, say } from "./dom.js";
import { person } from "./names.js";
import { named, t } from "./text.js";

// "CN=Ana Pop,O=..." is Ana Pop; a subject without a name stands as it is.
export function commonName(subject) {
	return subject ? isolated(person(subject)) : t("words.unknown-signer");
}

const DIGESTS = /^(sha3?-?\d+)$/i;
const ENDS = /^(.*) certificate (.*) ends$/;

// Why a time-stamp weakens, for an element. what: the kind of renewal; tsa: subject of the authority.
export function reason(why, tsa, what) {
	if (!why)
		return t("words.reason.none");
	const ends = ENDS.exec(why);
	if (ends)
		return say(ends[1] === "TSA" ? "words.reason.tsa" : "words.reason.ca",
			{ name: commonName(ends[2]), who: ends[1] });
	if (DIGESTS.test(why) || what === "hash-tree renewal")
		return t("words.reason.digest", { name: why.toUpperCase() });
	return t("words.reason.other", { why });
}

// "INDETERMINATE/NO_POE" as { kind, indication, sub }.
export function verdict(text) {
	const [indication, sub] = (text ?? "").replace(/_/g, "-").split("/", 2);
	const kind = indication === "TOTAL-PASSED" ? "ok" : indication === "TOTAL-FAILED" ? "bad"
		: "unknown";
	const code = (text ?? "").split("/", 2)[1] ?? null;
	return { kind, indication: indication || "none", sub: sub ? code : null };
}

export function verdictText(v) {
	return named("words.verdict", v.indication);
}

// The sentence of a sub-indication is that of the report.
export function subText(code) {
	return named("report.sub", code);
}

// Those that come with the service have a name here; others say their own.
export function profileName(id) {
	return named("words.profile", id);
}

// "submitted as PDF": what people call a format.
const FORMATS = [[/PAdES|application\/pdf|^PDF/i, "PDF"], [/CAdES|pkcs7|^CMS/i, "CMS"],
	[/ASiC/i, "ASiC"], [/XAdES/i, "XAdES"], [/validation-report|ValidationReport/i, "report"],
	[/^text\//, "text"]];

// "PDF", "CMS" ...; null for others.
export function formatKind(part) {
	const said = [part.detected, part.format, part.mime].filter(Boolean);
	return FORMATS.find(([pattern]) => said.some((x) => pattern.test(x)))?.[1] ?? null;
}

export function formatName(part) {
	const kind = formatKind(part);
	return kind ? named("words.format", kind) : part.mime ?? part.format ?? part.detected ?? "";
}
