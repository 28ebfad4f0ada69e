/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_range - which octets a signature dictionary says are signed, whether the gap
 * between them is its /Contents and nothing else, and what stands in there.
 *
 *	0            b                     c                c + d
 *	| signed     |< /Contents as hex >| signed          |
 */
#include <inttypes.h>
#include <string.h>

#include "base/asn1.h"
#include "formats/pades_private.h"

#define RANGE_CLAUSE "ISO 32000-2 12.8.1"
#define ENTRY_CLAUSE "ISO 32000-2 Table 255"

/* ---- /Contents ---- */

/* Padding is half of a signature and more: eight of its octets at once. */
static bool hex_is(const uint8_t *hex, struct view octets)
{
	static const char zeros[16] = "0000000000000000", none[8] = { 0 };
	unsigned digits = 0x10, differ = 0;
	size_t i = 0;

	while (i < octets.n) {
		if (octets.n - i >= 8 && memcmp(hex + 2 * i, zeros, 16) == 0) {
			differ |= memcmp(octets.p + i, none, 8) != 0;
			i += 8;
			continue;
		}
		size_t end = octets.n - i < 64 ? octets.n : i + 64;
		for (; i < end; i++) {
			unsigned high = hex_marked[hex[2 * i]];
			unsigned low = hex_marked[hex[2 * i + 1]];
			digits &= high & low;
			differ |= (((high << 4) | (low & 15)) & 0xff) ^ octets.p[i];
		}
	}
	return digits == 0x10 && differ == 0;
}

static void contents_read(const struct pdf_value *dict, struct pades_signature *s)
{
	const struct pdf_value *v = pdf_dict_get(dict, "Contents");

	if (v == NULL)
		pades_defect(s, ENTRY_CLAUSE, "no /Contents");
	else if (v->kind == PDF_REF)
		pades_defect(s, ENTRY_CLAUSE, "/Contents stands in another object");
	else if (v->kind != PDF_STRING)
		pades_defect(s, ENTRY_CLAUSE, "/Contents is no string");
	else if (v->text.n == 0)
		pades_defect(s, ENTRY_CLAUSE, "/Contents is empty");
	else if (v->text.n > PADES_CONTENTS_MAX)
		pades_defect(s, NULL, "/Contents is longer than %zu octets",
			     PADES_CONTENTS_MAX);
	else
		s->contents = v->text;
}

static bool is_padding(struct view v)
{
	return v.n == 0 || (v.p[0] == 0 && memcmp(v.p, v.p + 1, v.n - 1) == 0);
}

/* One element at the start, then 00 alone: what else stands there is not signed. */
static void cms_read(struct pades_signature *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv t;

	if (s->contents.n == 0)
		return;
	if (tlv_peek(s->contents, &t, &err) != 0 || tlv_is(&t, ASN1_UNIVERSAL, 0)) {
		pades_defect(s, ENTRY_CLAUSE, "no BER element in /Contents");
		return;
	}
	s->cms = t.whole;
	if (!is_padding(view_skip(s->contents, t.whole.n)))
		pades_defect(s, ENTRY_CLAUSE,
			     "other octets than 00 behind the %zu of the signature in "
			     "/Contents",
			     t.whole.n);
}

/* ---- /ByteRange ---- */

static bool four_integers(const struct pdf_value *v, uint64_t ret[4])
{
	if (v == NULL || v->kind != PDF_ARRAY || v->n != 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		if (v->items[i].kind != PDF_INTEGER)
			return false;
		ret[i] = (uint64_t)v->items[i].integer;
	}
	return true;
}

/* A negative integer is a very great one here. */
static bool range_fits(const uint64_t r[4], uint64_t size)
{
	return r[0] == 0 && r[1] > 0 && r[1] <= size && r[2] <= size && r[2] >= 2 &&
	       r[1] <= r[2] - 2 && r[3] > 0 && r[3] <= size - r[2];
}

/* Mostly the gap is where they were read, as pairs of digits alone. */
static bool gap_is_contents(struct view file, const uint64_t r[4],
			    const struct pdf_value *v, struct view contents)
{
	size_t n = (size_t)(r[2] - r[1]);
	const uint8_t *gap = file.p + r[1];

	if (n != 2 * contents.n + 2)
		return false;
	if (v->pairs && v->where.p == gap && v->where.n == n)
		return true;
	return gap[0] == '<' && gap[n - 1] == '>' && hex_is(gap + 1, contents);
}

static void range_check(const struct pdf_file *f, const struct pdf_value *dict,
			struct pades_signature *s)
{
	const struct pdf_value *v = pdf_dict_get(dict, "ByteRange");
	uint64_t *r = s->range, none[4] = { 0 };

	if (v == NULL || !four_integers(v, none)) {
		pades_defect(s, ENTRY_CLAUSE, "%s",
			     v == NULL ? "no /ByteRange"
				       : "/ByteRange is not four integers");
		return;
	}
	for (size_t i = 0; i < 4; i++)
		r[i] = none[i];
	if (!range_fits(r, f->octets.n))
		pades_defect(s, RANGE_CLAUSE,
			     "/ByteRange [%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
			     "] does not fit a file of %zu octets",
			     (int64_t)r[0], (int64_t)r[1], (int64_t)r[2], (int64_t)r[3],
			     f->octets.n);
	else if (s->contents.n > 0 &&
		 !gap_is_contents(f->octets, r, pdf_dict_get(dict, "Contents"),
				  s->contents))
		pades_defect(s, RANGE_CLAUSE,
			     "the gap of /ByteRange, %" PRIu64 " to %" PRIu64
			     ", is not /Contents in hex alone",
			     r[1], r[2]);
	else if (s->contents.n > 0)
		s->coverage = PADES_COVERS_UNCLEAR;
}

/* Octets behind the end of the newest revision that are signed too take nothing from
 * it: whoever reads the file from its end sees what was signed. */
static void coverage_find(const struct pdf_file *f, struct pades_signature *s)
{
	size_t newest = f->n_revisions - 1;
	uint64_t end = s->range[2] + s->range[3];

	if (end == f->octets.n) {
		s->coverage = PADES_COVERS_FILE;
		s->revision = newest;
		return;
	}
	size_t at = pdf_file_revision_at(f, end);
	if (at == SIZE_MAX) {
		pades_defect(s, RANGE_CLAUSE,
			     "/ByteRange ends at %" PRIu64
			     ", which is the end of no revision",
			     end);
		return;
	}
	s->coverage = at == newest && f->trailing == 0 ? PADES_COVERS_FILE
						       : PADES_COVERS_REVISION;
	s->revision = at;
}

void pades_range_read(const struct pdf_file *f, const struct pdf_value *dict,
		      struct pades_signature *s)
{
	s->coverage = PADES_COVERS_NOTHING;
	s->revision = SIZE_MAX;
	contents_read(dict, s);
	range_check(f, dict, s);
	if (s->coverage == PADES_COVERS_UNCLEAR)
		coverage_find(f, s);
	cms_read(s);
}

bool pades_range_holds(const struct pdf_file *f, const struct pades_signature *s,
		       const struct pdf_value *dict)
{
	const struct pdf_value *v = pdf_dict_get(dict, "Contents");

	if (v == NULL || v->where.n == 0)
		return v != NULL;
	return v->where.p == f->octets.p + s->range[1] &&
	       v->where.n == s->range[2] - s->range[1];
}
