/* SPDX-License-Identifier: Apache-2.0 */
/* pades_kit_private - what the files of pades_kit share: a file as a list of objects.
 */
#ifndef LTPS_TESTS_PADES_KIT_PRIVATE_H
#define LTPS_TESTS_PADES_KIT_PRIVATE_H

#include "tests/support/pades_kit.h"

#define PK_NUMBERS_MAX 4096
#define PK_BODY_MAX ((size_t)1 << 20)

struct pk_object {
	const char *body;   /* PDF syntax; NULL: free, or never used */
	bool is_stream;     /* body is the members of its dictionary */
	struct view stream; /* its data */
};

/* A file that the kit made, and what it knows about it. */
struct pk_file {
	struct view octets;
	enum pades_kit_style style;
	uint64_t last_xref;
	uint32_t size; /* highest number and one */
	struct pk_object objects[PK_NUMBERS_MAX];
	unsigned n_signatures;
	struct view newest_contents; /* of a signature, padding included */
	uint32_t dss;                /* object; 0: none */
};

/* A copy of the state of a file, to be continued; of a file of the kit only. */
struct pk_file *pk_continue(struct view file);
/* Formatted text that lives on. */
const char *pk_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Value of a key at the top of "<< ... >>"; NULL: not there. */
const char *pk_member(const char *dict, const char *key);
/* The dictionary with this member set; value NULL: taken out. */
const char *pk_with(const char *dict, const char *key, const char *value);
/* "[1 0 R]" and one reference more; array NULL: a new one. */
const char *pk_push(const char *array, const char *element);

/* An incremental update of these objects; the state then speaks of the new file, and is
 * kept for it. */
struct pk_change {
	uint32_t number;
	struct pk_object object;
};
struct view pk_update(struct pk_file *f, const struct pk_change *changes, size_t n);
/* Kept for octets that were patched in place. */
void pk_keep(struct pk_file *f, struct view octets);

#endif
