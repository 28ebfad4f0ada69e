/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_make - PDFs from the text of their objects, revision by revision, for tests of
 * structure alone: what stands in /Contents is any octets. All views live until the
 * program ends; what cannot be made ends the test.
 */
#ifndef LTPS_TESTS_PADES_MAKE_H
#define LTPS_TESTS_PADES_MAKE_H

#include "formats/pades.h"

struct make_object {
	uint32_t number;
	const char *body;   /* PDF syntax; NULL: freed */
	const char *stream; /* data of a stream: body is its members */
};

/* ByteRange and Contents of 16 octets, filled in by make_revision(); another first
 * octet makes another signature. */
#define MAKE_SIG_OCTETS 16
#define MAKE_HEX(cms) "/Contents <" cms "0000000000000000000000>"
#define MAKE_RANGE "/ByteRange [0 ########## ########## ##########]"
#define MAKE_CMS "3003020105"
#define MAKE_CMS_2 "3003020106"
#define MAKE_CMS_3 "3003020107"
#define MAKE_SIG(cms)                                                                  \
	"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached "        \
	"/M (D:20260102030405Z) " MAKE_RANGE " " MAKE_HEX(cms) " >>"

/* One more revision with a table; before n == 0: the first. Object 1 is the catalog. */
struct view make_revision(struct view before, const struct make_object *objects,
			  size_t n);
#define MAKE(before, ...)                                                              \
	make_revision(before, (const struct make_object[]){ __VA_ARGS__ },             \
		      sizeof((const struct make_object[]){ __VA_ARGS__ }) /            \
			  sizeof(struct make_object))

/* A copy in which the nth place of a text is other text. */
struct view make_swap(struct view file, const char *old, size_t nth, const char *by);
/* A copy with one of the four integers of the nth /ByteRange moved. */
struct view make_move_range(struct view file, size_t nth, size_t index, int64_t by);
struct view make_append(struct view file, const char *text);

/* Catalog, pages, a form with field 5 "a", whose value is the signature 6. */
struct view make_signed(void);
extern const struct make_object make_catalog, make_pages, make_page, make_form,
    make_field, make_sig;

/* Read, or the test ends; free with pades_free(). */
struct pades *make_read(struct view file);
/* Whether a finding with this code is there. */
bool make_has(const struct pades *p, const char *code);

#endif
