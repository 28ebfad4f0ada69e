/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_record_document - a file read as an evidence record, with and without data. */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "validation/document.h"

static void read_one(struct view file, struct content *content)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct document *d = NULL;
	if (document_read_record(file, content, &d, &err) != 0) {
		if (err.code == LTPS_OK || d != NULL)
			abort();
		return;
	}
	if (d->n_records != 1 || d->n_signatures != 0 || d->n_stamps != 0 ||
	    d->records[0].n_covers > d->n_all_covers ||
	    (content == NULL) != (d->records[0].n_covers == 0))
		abort();
	document_free(d);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct content content = content_of(view_text("data"));
	read_one(view_of(data, size), NULL);
	read_one(view_of(data, size), &content);
}
