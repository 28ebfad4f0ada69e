/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of time-stamp covers, octet by octet. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "formats/cades.h"
#include "tests/support/cms_make.h"

#define NONE ((struct view){ NULL, 0 })

static struct view join(const struct view *parts, size_t n)
{
	struct view all = NONE;
	for (size_t i = 0; i < n; i++)
		all = make_joined(all, parts[i]);
	return all;
}
#define JOIN(...)                                                                      \
	join((const struct view[]){ __VA_ARGS__ },                                     \
	     sizeof((const struct view[]){ __VA_ARGS__ }) / sizeof(struct view))

static struct view bare_sha256(struct view v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	cr_assert_eq(digest_once(DIGEST_SHA256, v, &d, &err), 0);
	return make_joined(digest_view(&d), NONE);
}

/* ---- a file, its only signer, its stamps ---- */

struct scene {
	struct make_signer s;
	struct make_cms c;
	bool detached;
	struct view content; /* detached octets at hand */
	bool has_content;
	int64_t times[8];
	struct cades_index *index;
};

static struct scene scene_default(void)
{
	struct scene x = { .s = make_signer_default(), .c = make_cms_default() };
	x.c.certs = make_el(0xa0, make_item(1), make_item(2));
	x.c.crls = make_el(0xa1, make_item(3));
	x.content = view_text("hello");
	x.has_content = true;
	return x;
}

static void set_unsigned(struct scene *x, struct view attrs)
{
	x->s.unsigned_attrs = make_el(0xa1, attrs);
}

static void set_detached(struct scene *x)
{
	x->detached = true;
	x->c.encap = make_el(0x30, make_oid("1.2.840.113549.1.7.1"));
}

static struct view file_of(const struct scene *x)
{
	struct make_cms c = x->c;
	c.signers = make_el(0x31, make_signer_build(&x->s));
	return make_cms_build(&c);
}

/* The imprint of the which-th stamp; false when this reading does not exist. */
static bool imprint(const struct scene *x, size_t which, enum cades_reading reading,
		    enum digest_alg alg, struct digest *ret_d)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct content content = { 0 };
	struct cms *cms = NULL;
	struct cades_stamp *stamps = NULL;
	size_t n = 0;
	bool possible = false;

	if (x->has_content)
		content = content_of(x->content);
	cr_assert_eq(cms_parse(file_of(x), &cms, &err), 0, "%s", err.text);
	cr_assert_eq(cades_stamps(&cms->signers[0], &stamps, &n, &err), 0);
	struct cades_imprint_input in = {
		cms,   &cms->signers[0], stamps,   x->times, n,
		which, x->index,         &content, alg,      reading
	};
	cr_assert_eq(cades_imprint(&in, &possible, ret_d, &err), 0, "%s", err.text);
	mem_free(stamps);
	cms_free(cms);
	return possible;
}

static void covers(const struct scene *x, size_t which, enum cades_reading reading,
		   struct view octets)
{
	struct digest d;
	cr_assert(imprint(x, which, reading, DIGEST_SHA256, &d), "reading %d", reading);
	cr_expect(view_equal(digest_view(&d), bare_sha256(octets)), "reading %d",
		  reading);
}

static void impossible(const struct scene *x, size_t which, enum cades_reading reading)
{
	struct digest d;
	cr_expect_not(imprint(x, which, reading, DIGEST_SHA256, &d), "reading %d",
		      reading);
}

static struct view stamp(const char *oid, unsigned n)
{
	return make_attr(oid, make_item(n));
}

/* Type and values, without the SEQUENCE around. */
static struct view body(struct view attr)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv t;
	cr_assert_eq(tlv_only(attr, &t, &err), 0);
	return t.body;
}

static struct view signer_fields(const struct scene *x)
{
	return JOIN(x->s.version, x->s.sid, x->s.digest_algorithm, x->s.signed_attrs,
		    x->s.signature_algorithm, x->s.signature);
}

/* ---- content and signature time-stamps ---- */

Test(cades_imprint, content_stamp_covers_the_content_octets)
{
	struct scene x = scene_default();
	x.s.signed_attrs = make_el(0xa0, stamp(OID_CONTENT_TIME_STAMP, 1));
	covers(&x, 0, CADES_AS_STORED, view_text("hello"));
	impossible(&x, 0, CADES_AS_DER);
	impossible(&x, 0, CADES_V2_NO_TAG);
	x.has_content = false;
	impossible(&x, 0, CADES_AS_STORED);
}

Test(cades_imprint, signature_stamp_covers_octets_without_tag)
{
	struct scene x = scene_default();
	set_unsigned(&x, stamp(OID_SIGNATURE_TIME_STAMP, 1));
	covers(&x, 0, CADES_AS_STORED, view_text("signature"));
	impossible(&x, 0, CADES_AS_DER);
	impossible(&x, 0, CADES_FILE_ORDER);
}

Test(cades_imprint, constructed_signature_is_joined)
{
	struct scene x = scene_default();
	x.s.signature =
	    make_el_indefinite(0x24, make_octets("sign"), make_octets("ature"));
	set_unsigned(&x, stamp(OID_SIGNATURE_TIME_STAMP, 1));
	covers(&x, 0, CADES_AS_STORED, view_text("signature"));
}

Test(cades_imprint, unknown_algorithm_has_no_imprint)
{
	struct scene x = scene_default();
	struct digest d;
	set_unsigned(&x, stamp(OID_SIGNATURE_TIME_STAMP, 1));
	cr_expect_not(imprint(&x, 0, CADES_AS_STORED, DIGEST_NONE, &d));
}

Test(cades_imprint, stamp_that_is_not_there_is_an_argument_error)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cades_imprint_input in = { .alg = DIGEST_SHA256 };
	struct digest d;
	bool possible = true;
	cr_expect_eq(cades_imprint(&in, &possible, &d, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	cr_expect_not(possible);
}

Test(cades_imprint, long_term_validation_has_no_reading)
{
	struct scene x = scene_default();
	struct view token = make_el(0x30, make_oid("1.2.3"), make_int(1));
	struct view date = make_el(0x18, view_text("20200101000000Z"));
	set_unsigned(&x, make_attr(OID_LONG_TERM_VALIDATION,
				   make_el(0x30, date, make_el(0xa0, token))));
	for (int r = 0; r < CADES_READING_COUNT; r++)
		impossible(&x, 0, (enum cades_reading)r);
}

/* ---- X forms ---- */

Test(cades_imprint, c_stamp_covers_signature_stamps_and_references_in_this_order)
{
	struct scene x = scene_default();
	struct view sig = stamp(OID_SIGNATURE_TIME_STAMP, 1);
	struct view certs = make_attr(OID_CERTIFICATE_REFS, make_item(2));
	struct view status = make_attr(OID_REVOCATION_REFS, make_item(3));
	struct view c = stamp(OID_C_TIME_STAMP, 4);

	set_unsigned(&x, JOIN(status, c, sig, certs));
	covers(&x, 0, CADES_AS_STORED,
	       JOIN(view_text("signature"), body(sig), body(certs), body(status)));
	covers(&x, 0, CADES_AS_DER,
	       JOIN(view_text("signature"), body(sig), body(certs), body(status)));
	covers(&x, 0, CADES_FILE_ORDER,
	       JOIN(view_text("signature"), body(status), body(sig), body(certs)));
	impossible(&x, 0, CADES_V2_NO_TAG);
}

Test(cades_imprint, refs_stamp_covers_references_alone)
{
	struct scene x = scene_default();
	struct view certs = make_attr(OID_CERTIFICATE_REFS, make_item(2));
	struct view status = make_attr(OID_REVOCATION_REFS, make_item(3));
	struct view t = stamp(OID_CERTS_CRLS_TIME_STAMP, 4);

	set_unsigned(&x, JOIN(t, status, certs));
	covers(&x, 0, CADES_AS_STORED, JOIN(body(certs), body(status)));
	covers(&x, 0, CADES_FILE_ORDER, JOIN(body(status), body(certs)));
}

Test(cades_imprint, x_stamps_without_references_cover_nothing)
{
	struct scene x = scene_default();
	set_unsigned(
	    &x, JOIN(stamp(OID_CERTS_CRLS_TIME_STAMP, 4), stamp(OID_C_TIME_STAMP, 5)));
	impossible(&x, 0, CADES_AS_STORED);
	impossible(&x, 1, CADES_AS_STORED);
}

/* ---- archive time-stamps, version 3 ---- */

static struct view v3_octets(const struct scene *x, struct view index)
{
	return JOIN(make_oid("1.2.840.113549.1.7.1"), bare_sha256(view_text("hello")),
		    signer_fields(x), index);
}

Test(cades_imprint, archive_v3_covers_type_hash_signer_and_index)
{
	struct scene x = scene_default();
	struct cades_index index = { .whole = make_item(50) };

	set_unsigned(&x, stamp(OID_ARCHIVE_TIME_STAMP_V3, 1));
	impossible(&x, 0, CADES_AS_STORED);
	x.index = &index;
	covers(&x, 0, CADES_AS_STORED, v3_octets(&x, index.whole));
	covers(&x, 0, CADES_AS_DER, v3_octets(&x, index.whole));
	set_detached(&x);
	covers(&x, 0, CADES_AS_STORED, v3_octets(&x, index.whole));
	x.has_content = false;
	impossible(&x, 0, CADES_AS_STORED);
}

Test(cades_imprint, archive_v3_takes_ber_fields_as_stored_and_then_as_der)
{
	struct scene x = scene_default();
	struct cades_index index = { .whole = make_item(50) };
	struct view a = stamp(OID_CONTENT_IDENTIFIER, 1);
	struct view b = make_attr(OID_CONTENT_TYPE, make_oid("1.2.3"));
	bool in_order = view_compare(a, b) < 0;
	struct scene der = x;

	/* Unsorted and indefinite. */
	x.s.signed_attrs = make_el_indefinite(0xa0, in_order ? b : a, in_order ? a : b);
	x.s.sid = make_el_indefinite(0x30, make_empty(0x30), make_int(7));
	der.s.signed_attrs = make_el(0xa0, in_order ? a : b, in_order ? b : a);
	x.index = &index;
	set_unsigned(&x, stamp(OID_ARCHIVE_TIME_STAMP_V3, 1));
	covers(&x, 0, CADES_AS_STORED, v3_octets(&x, index.whole));
	covers(&x, 0, CADES_AS_DER, v3_octets(&der, index.whole));
}

Test(cades_imprint, archive_v3_needs_only_the_digest_of_the_content)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene x = scene_default();
	struct cades_index index = { .whole = make_item(50) };
	struct content content = { .digests_only = true };
	struct cms *cms = NULL;
	struct cades_stamp *stamps = NULL;
	size_t n = 0;
	bool possible = false;
	struct digest d;

	set_detached(&x);
	set_unsigned(&x, JOIN(stamp(OID_ARCHIVE_TIME_STAMP_V3, 1),
			      stamp(OID_ARCHIVE_TIME_STAMP_V2, 1)));
	cr_assert_eq(digest_once(DIGEST_SHA256, view_text("hello"),
				 &content.known[DIGEST_SHA256], &err),
		     0);
	cr_assert_eq(cms_parse(file_of(&x), &cms, &err), 0);
	cr_assert_eq(cades_stamps(&cms->signers[0], &stamps, &n, &err), 0);
	struct cades_imprint_input in = {
		cms, &cms->signers[0], stamps,   x.times,       n,
		0,   &index,           &content, DIGEST_SHA256, CADES_AS_STORED
	};
	cr_assert_eq(cades_imprint(&in, &possible, &d, &err), 0);
	cr_expect(possible &&
		  view_equal(digest_view(&d), bare_sha256(v3_octets(&x, index.whole))));
	in.alg = DIGEST_SHA512; /* not given */
	cr_assert_eq(cades_imprint(&in, &possible, &d, &err), 0);
	cr_expect_not(possible);
	in.alg = DIGEST_SHA256;
	in.stamp = 1; /* version 2 wants the octets */
	cr_assert_eq(cades_imprint(&in, &possible, &d, &err), 0);
	cr_expect_not(possible);
	mem_free(stamps);
	cms_free(cms);
}

/* ---- archive time-stamps, versions 2 and 1 ---- */

static struct view v2_head(const struct scene *x)
{
	return JOIN(x->c.encap, x->detached ? x->content : NONE, x->c.certs, x->c.crls,
		    signer_fields(x));
}

Test(cades_imprint, archive_v2_leaves_itself_and_later_archive_stamps_out)
{
	struct scene x = scene_default();
	struct view sig = stamp(OID_SIGNATURE_TIME_STAMP, 1);
	struct view v1 = stamp(OID_ARCHIVE_TIME_STAMP_V1, 2);
	struct view older = stamp(OID_ARCHIVE_TIME_STAMP_V2, 3);
	struct view own = stamp(OID_ARCHIVE_TIME_STAMP_V2, 4);
	struct view same = stamp(OID_ARCHIVE_TIME_STAMP_V3, 5);
	struct view later = stamp(OID_ARCHIVE_TIME_STAMP_V3, 6);
	struct view lost = stamp(OID_ARCHIVE_TIME_STAMP_V2, 7);
	const int64_t times[] = { 500, 900, 100, 200, 200, 300, INT64_MIN };

	set_unsigned(&x, JOIN(sig, v1, older, own, same, later, lost));
	memcpy(x.times, times, sizeof(times));
	struct view kept = JOIN(sig, v1, older, lost);
	covers(&x, 3, CADES_AS_STORED, JOIN(v2_head(&x), make_el(0xa1, kept)));
	covers(&x, 3, CADES_V2_NO_TAG, JOIN(v2_head(&x), kept));
	covers(&x, 3, CADES_AS_DER, JOIN(v2_head(&x), make_el(0xa1, kept)));
	/* The oldest covers none of the others; of unknown time, nothing is known. */
	covers(&x, 2, CADES_V2_NO_TAG, JOIN(v2_head(&x), sig, v1, lost));
	impossible(&x, 6, CADES_AS_STORED);
	/* Version 1 leaves its own kind out. */
	x.times[1] = 250;
	covers(&x, 1, CADES_V2_NO_TAG, JOIN(v2_head(&x), sig, older, own, same, lost));
}

Test(cades_imprint, archive_v2_alone_covers_no_unsigned_attributes)
{
	struct scene x = scene_default();
	set_unsigned(&x, stamp(OID_ARCHIVE_TIME_STAMP_V2, 1));
	covers(&x, 0, CADES_AS_STORED, v2_head(&x));
	covers(&x, 0, CADES_V2_NO_TAG, v2_head(&x));
	covers(&x, 0, CADES_AS_DER, v2_head(&x));
}

Test(cades_imprint, archive_v2_takes_detached_content_and_absent_sets)
{
	struct scene x = scene_default();
	set_unsigned(&x, stamp(OID_ARCHIVE_TIME_STAMP_V2, 1));
	set_detached(&x);
	x.c.certs = x.c.crls = NONE;
	covers(&x, 0, CADES_AS_STORED,
	       JOIN(x.c.encap, view_text("hello"), signer_fields(&x)));
	x.has_content = false;
	impossible(&x, 0, CADES_AS_STORED);
}

Test(cades_imprint, archive_v2_keeps_ber_as_stored)
{
	struct scene x = scene_default();
	struct scene der = x;
	struct view sig = stamp(OID_SIGNATURE_TIME_STAMP, 1);

	x.c.encap = make_el_indefinite(
	    0x30, make_oid("1.2.840.113549.1.7.1"),
	    make_el_indefinite(
		0xa0, make_el_indefinite(0x24, make_octets("he"), make_octets("llo"))));
	x.c.certs = make_el_indefinite(0xa0, make_item(2), make_item(1));
	set_unsigned(&x, JOIN(sig, stamp(OID_ARCHIVE_TIME_STAMP_V2, 2)));
	covers(&x, 1, CADES_AS_STORED, JOIN(v2_head(&x), make_el(0xa1, sig)));
	covers(&x, 1, CADES_AS_DER, JOIN(v2_head(&der), make_el(0xa1, sig)));
}
