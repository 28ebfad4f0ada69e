/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_maker - PDF files written octet by octet, so that each of their parts can lie;
 * and what pdf_file_read() must say about them. One file at a time.
 */
#ifndef LTPS_TESTS_PDF_MAKER_H
#define LTPS_TESTS_PDF_MAKER_H

#include "base/bytes.h"
#include "formats/pdf_file.h"

#define MAKER_ROOM ((size_t)64 << 20)
#define MAKER_OBJECTS 64

extern struct buf maker_out;             /* the file so far */
extern uint64_t maker_at[MAKER_OBJECTS]; /* where objects stand, by number */
extern uint64_t maker_section;           /* where the last section stands */

/* Of a test suite: .init and .fini. */
void maker_setup(void);
void maker_teardown(void);

/* ---- parts ---- */

void maker_put(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void maker_put_octets(const void *p, size_t n);
void maker_header(void);
void maker_object(uint32_t number, const char *body);
/* Of a table, for the object as it stands. */
void maker_entry(uint32_t number);
/* startxref and %%EOF */
void maker_end(uint64_t value);
/* Table of the objects first to last and trailer; more: of its entries. */
void maker_table(uint32_t first, uint32_t last, uint32_t size, const char *more);
/* "/Prev 123"; until the next call. */
const char *maker_prev(uint64_t offset);

struct maker_row {
	uint8_t type;
	uint32_t second;
	uint8_t third;
};
/* Cross-reference stream, not compressed; its own number is `number`. */
void maker_stream(uint32_t number, const char *more, const struct maker_row *rows,
		  size_t n);

/* ---- revisions ---- */

/* Objects 1 and 2. */
void maker_first(void);
/* One object more, or one of the old ones again. */
void maker_update(uint32_t number);
/* Objects 1 to 5 by a stream, 4 in the object stream 3. */
void maker_compressed(void);
/* Objects 3 to 5 for the first page; main section: 1 and 2. */
void maker_linearised(const char *dict, uint64_t own_startxref, const char *main_more);

/* ---- what is read ---- */

struct pdf_file *maker_read(void);
struct pdf_file *maker_read_octets(struct view in);
const struct pdf_finding *maker_finding(const struct pdf_file *f, const char *code);
/* This one, of the revision, and no other suspicion. */
void maker_expect(enum pdf_finding_kind kind, const char *code, size_t revision);
/* Nothing at all. */
void maker_expect_clean(size_t revisions);
/* FORMAT (object), with a text that has this part. */
void maker_expect_refused(const char *part_of_text);

#endif
