// SPDX-License-Identifier: Apache-2.0
// What the audit says of an object, in words; who only read it stands apart.
import { el, time } from "./dom.js";
import { card } from "./pieces.js";
import { named, t } from "./text.js";

const READING = new Set(["RetrievePO", "RetrieveTrace", "RetrieveInfo", "ValidateEvidence",
	"Search", "Outlook"]);

function actor(e) {
	return /^(service|https?:|urn:)/.test(e.sub) ? t("timeline.actor.service") : e.sub;
}

function row(e) {
	return el("tr", null, el("td", null, time(e.time)), el("td", null, named("timeline.op", e.op)),
		el("td", null, actor(e)), el("td", { lang: "en" }, e.det ?? ""));
}

function table(events, name) {
	return el("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": name },
		el("table", null, el("caption", { class: "visually-hidden" }, name),
			el("thead", null, el("tr", null, ["when", "what", "who", "detail"].map((c) =>
				el("th", { scope: "col" }, t(`timeline.trace.${c}`))))),
			el("tbody", null, events.map(row))));
}

export function trace(events) {
	const reads = events.filter((e) => READING.has(e.op));
	const acts = events.filter((e) => !READING.has(e.op));
	return card(t("timeline.trace"), { id: "trace" },
		el("details", null, el("summary", null, t("timeline.trace.acts", { n: acts.length })),
			table(acts, t("timeline.trace"))),
		reads.length ? el("details", null,
			el("summary", null, t("timeline.trace.reads", { n: reads.length })),
			table(reads, t("timeline.trace.who-read"))) : null);
}
