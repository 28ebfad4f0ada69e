// SPDX-License-Identifier: Apache-2.0
// What the audit says of an object, in words; who only read it stands apart.
import { el, time } from "./dom.js";
import { card, table } from "./pieces.js";
import { named, t } from "./text.js";

const READING = new Set(["RetrievePO", "RetrieveTrace", "RetrieveInfo", "ValidateEvidence",
	"Search", "Outlook"]);

function actor(e) {
	return /^(service|https?:|urn:)/.test(e.sub) ? t("timeline.actor.service") : e.sub;
}

function row(e) {
	return [time(e.time), named("timeline.op", e.op), actor(e),
		el("span", { lang: "en" }, e.det ?? "")];
}

function events(list, name) {
	return table(name, ["when", "what", "who", "detail"].map((c) => t(`timeline.trace.${c}`)),
		list.map(row));
}

export function trace(list) {
	const reads = list.filter((e) => READING.has(e.op));
	const acts = list.filter((e) => !READING.has(e.op));
	return card(t("timeline.trace"), { id: "trace" },
		el("details", null, el("summary", null, t("timeline.trace.acts", { n: acts.length })),
			events(acts, t("timeline.trace"))),
		reads.length ? el("details", null,
			el("summary", null, t("timeline.trace.reads", { n: reads.length })),
			events(reads, t("timeline.trace.who-read"))) : null);
}
