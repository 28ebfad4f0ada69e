// SPDX-License-Identifier: Apache-2.0
// A file is dropped and seen judged.
import { t } from "./text.js";

export async function show(main, params, ctx) {
	ctx.title(t("app.nav.judge"));
}
