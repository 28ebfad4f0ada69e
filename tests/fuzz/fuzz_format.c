/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_format - detection, the XML reader to its end, and PEM. */
#include <stdlib.h>

#include "formats/format.h"
#include "formats/xml.h"
#include "tests/fuzz/fuzz.h"

static void read_xml(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct xml_reader *r = NULL;
	enum xml_event event = XML_START;
	struct buf text = buf_make(in.n);
	size_t depth = 0;

	if (xml_open(in, &r, &err) != 0)
		return;
	while (event != XML_DONE && xml_next(r, &event, &err) == 0) {
		depth += event == XML_START;
		if (event != XML_DONE && depth != xml_depth(r))
			abort();
		depth -= event == XML_END;
		/* What is decoded is never longer than what was read. */
		if (event == XML_TEXT && buf_put(&text, xml_text(r), &err) != 0)
			abort();
	}
	xml_close(r);
	buf_free(&text);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view in = view_of(data, size);
	struct buf der = buf_make(size);
	const struct format *f = format_detect(in);

	if (f == NULL || format_by_kind(f->kind) != f)
		abort();
	if (f->uri != NULL && format_by_uri(view_text(f->uri)) == NULL)
		abort();
	if (format_pem_decode(in, &der, &err) != 0 && err.code == LTPS_OK)
		abort();
	buf_free(&der);
	read_xml(in);
}
