// SPDX-License-Identifier: Apache-2.0
// What the audit says of an object, in words; who only read it stands apart.
import { clear, el, time } from "./dom.js";
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

// Each visit of this page is one of them: the newest, and all when they are asked for.
const SHOWN = 10;

function readers(list) {
	const name = t("timeline.trace.who-read");
	if (list.length <= SHOWN)
		return events(list, name);
	const box = el("div", { id: "readers" });
	const button = el("button", { type: "button", class: "button small",
		"aria-controls": "readers", onclick: () =>
			show(button.getAttribute("aria-expanded") !== "true") });
	const show = (all) => {
		button.setAttribute("aria-expanded", String(all));
		button.textContent = all ? t("timeline.trace.newest", { n: SHOWN })
			: t("timeline.trace.all", { n: list.length });
		clear(box).append(events(all ? list : list.slice(-SHOWN), name));
	};
	show(false);
	return el("div", { class: "stack" }, button, box);
}

export function trace(list) {
	const reads = list.filter((e) => READING.has(e.op));
	const acts = list.filter((e) => !READING.has(e.op));
	return card(t("timeline.trace"), { id: "trace" },
		el("details", null, el("summary", null, t("timeline.trace.acts", { n: acts.length })),
			events(acts, t("timeline.trace"))),
		reads.length ? el("details", null,
			el("summary", null, t("timeline.trace.reads", { n: reads.length })),
			readers(reads)) : null);
}
