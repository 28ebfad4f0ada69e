/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence records: decoding, judgement without anchors, and the report. */
#include "base/jsonw.h"
#include "base/mem.h"
#include "tests/fuzz/fuzz.h"
#include "validation/evidence_source.h"

#define REPORT_MAX ((size_t)64 << 20)
/* After every token that a seed may hold. */
#define FUZZ_NOW_MS ((int64_t)4102444800000)

static void report(const struct ers_report *r)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(REPORT_MAX);
	struct jsonw j = jsonw_to(&out);

	ers_report_json(r, &j);
	(void)!jsonw_end(&j, &err);
	err = (struct ltps_error)LTPS_ERROR_INIT;
	(void)!ers_report_text(r, &out, &err);
	buf_free(&out);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct evidence_reports reports = { .n = 0 };
	struct ers_object objects[] = {
		{ .name = "one", .has_data = true, .data = view_text("one") },
		{ .name = "none" },
	};
	struct ers_input in = { .objects = objects,
				.n_objects = 2,
				.time_ms = FUZZ_NOW_MS };

	if (evidence_judge(view_of(data, size), &in, &reports, &err) != 0)
		return;
	for (size_t i = 0; i < reports.n; i++)
		report(reports.r[i]);
	evidence_reports_clear(&reports);
}
