/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_asic - ZIP reader, container and manifest. When the input is no ZIP it
 * is taken as the manifest of a container made around it.
 */
#include <stdlib.h>

#include "formats/asic.h"
#include "formats/asic_names.h"
#include "formats/zip.h"
#include "tests/fuzz/fuzz.h"

#define OUT_MAX ((size_t)32 << 20)

static void must(int holds)
{
	if (!holds)
		abort();
}

static void read_entries(const struct zip *z)
{
	size_t end = 0;

	for (size_t i = 0; i < z->n; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(OUT_MAX);
		must(z->entries[i].offset >= end);
		end =
		    (size_t)(z->entries[i].packed.p - z->in.p) + z->entries[i].packed.n;
		must(end <= z->in.n);
		if (zip_read(&z->entries[i], &b, &err) == 0)
			must(b.n == z->entries[i].size);
		buf_free(&b);
	}
}

static void read_container(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct asic *a = NULL;

	if (asic_parse(in, &a, &err) != 0)
		return;
	for (size_t i = 0; i < a->n_records; i++) {
		must(a->records[i].file != NULL);
		must(a->records[i].n_references > 0);
		for (size_t k = 0; k < a->records[i].n_references; k++) {
			const struct asic_reference *r = &a->records[i].references[k];
			must(!r->matches || r->file != NULL);
		}
	}
	asic_free(a);
}

static void as_manifest(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OUT_MAX);
	struct zip_writer *w = NULL;

	if (zip_writer_new(zip_sink_buf(&b), 0, &w, &err) == 0 &&
	    zip_writer_add(w, view_text(ASIC_MIMETYPE_NAME), view_text(ASIC_MIMETYPE_E),
			   &err) == 0 &&
	    zip_writer_add(w, view_text("a.txt"), view_text("one"), &err) == 0 &&
	    zip_writer_add(w, view_text(ASIC_MANIFEST_NAME), in, &err) == 0 &&
	    zip_writer_add(w, view_text(ASIC_RECORD_NAME), view_text("r"), &err) == 0 &&
	    zip_writer_finish(w, &err) == 0)
		read_container(view_buf(&b));
	zip_writer_free(w);
	buf_free(&b);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view in = view_of(data, size);
	struct zip *z = NULL;

	if (zip_open(in, &z, &err) != 0) {
		as_manifest(in);
		return;
	}
	read_entries(z);
	zip_free(z);
	read_container(in);
}
