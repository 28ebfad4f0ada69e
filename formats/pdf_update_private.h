/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_update_private - what an update is made of, for the files of pdf_update.h. */
#ifndef LTPS_FORMATS_PDF_UPDATE_PRIVATE_H
#define LTPS_FORMATS_PDF_UPDATE_PRIVATE_H

#include "formats/pdf_update.h"

#define UPDATE_CATALOG_MAX 8

struct update_object {
	struct pdf_ref ref;
	struct buf body;
	bool is_signature;
	size_t range_at, gap_at, gap; /* in body */
	size_t body_at;               /* in the output */
	uint64_t offset;              /* as the file counts */
};
struct update_member {
	const char *key;
	struct buf value;
};
struct pdf_update {
	const struct pdf_file *file;
	struct pdf_objects *reader;
	struct update_object *objects;
	size_t n, cap;
	struct update_member catalog[UPDATE_CATALOG_MAX];
	size_t n_catalog;
	uint32_t next;      /* number */
	uint8_t *mentioned; /* from next on: a bit for each number */
	uint64_t base;      /* what offsets are counted from */
};

/* next and mentioned. */
int pdf_update_numbers(struct pdf_update *u, struct ltps_error *err) LTPS_CHECKED;

#endif
