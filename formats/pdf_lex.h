/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_lex - characters and tokens of PDF (ISO 32000-2 7.2, 7.3); for formats/ alone. */
#ifndef LTPS_FORMATS_PDF_LEX_H
#define LTPS_FORMATS_PDF_LEX_H

#include "formats/pdf_value.h"

struct pdf_lex {
	struct view in;
	size_t at;
	struct arena *arena; /* decoded names and strings; NULL: none are read */
	bool pairs;          /* pdf_lex_hex(): it found nothing but pairs of digits */
};

bool pdf_is_white(uint8_t c);
/* White space or a delimiter. */
bool pdf_is_end(uint8_t c);
static inline bool pdf_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Where octets of this sort end. */
size_t pdf_skip_white(struct view in, size_t at);
size_t pdf_skip_white_and_comments(struct view in, size_t at);
/* Behind one CR, LF or CRLF, if there is one. */
size_t pdf_skip_eol(struct view in, size_t at);
/* Behind this keyword, if it stands here and is not the head of a longer one. */
bool pdf_keyword(struct view in, size_t *at, const char *word);
/* Decimal digits alone, at most max; moves behind them. */
bool pdf_unsigned(struct view in, size_t *at, uint64_t max, uint64_t *ret_n);
/* "12 0 R". */
bool pdf_reference(struct view in, size_t *at, struct pdf_ref *ret_ref);

/* FORMAT (object) with the offset in `where`; -1. */
int pdf_fail(uint64_t at, const char *clause, const char *text, struct ltps_error *err);
/* pdf_value_read() from *at on; errors name offsets from the start of in. at: behind
 * what was looked at, on failure too. */
int pdf_value_read_at(struct view in, size_t *at, struct arena *a,
		      const struct pdf_value **ret_v,
		      struct ltps_error *err) LTPS_CHECKED;
/* At '/', '(', '<', and at anything else. */
int pdf_lex_name(struct pdf_lex *lex, struct view *ret_name,
		 struct ltps_error *err) LTPS_CHECKED;
int pdf_lex_literal(struct pdf_lex *lex, struct view *ret_string,
		    struct ltps_error *err) LTPS_CHECKED;
int pdf_lex_hex(struct pdf_lex *lex, struct view *ret_string,
		struct ltps_error *err) LTPS_CHECKED;
int pdf_lex_number(struct pdf_lex *lex, struct pdf_value *ret_v,
		   struct ltps_error *err) LTPS_CHECKED;

#endif
