/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/cms_er.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/asn1.h"
#include "base/digest.h"
#include "base/mem.h"
#include "tests/support/cms_make.h"
#include "tests/support/corpus.h"

#define FOLDER "cades/validation/evidence-record/"

/* What the first archive time-stamp of a record says. */
struct first_stamp {
	int64_t gen_time_ms;
	enum digest_alg alg;
	struct view lists; /* contents of reducedHashtree, n == 0 when absent */
	struct digest imprint;
};

static struct tlv child(struct view *cursor, const char *what)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv t;
	cr_assert_eq(tlv_next(cursor, &t, &err), 0, "%s: %s", what, err.text);
	return t;
}

static enum digest_alg algorithm_of(struct view identifier_body)
{
	struct tlv oid = child(&identifier_body, "algorithm");
	return digest_from_oid(oid.body);
}

static void read_token(struct view token, struct first_stamp *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = NULL;
	cr_assert_eq(cms_parse(token, &cms, &err), 0, "token: %s", err.text);
	struct view c = cms->content;
	c = child(&c, "TSTInfo").body;
	child(&c, "version");
	child(&c, "policy");
	struct view imprint = child(&c, "messageImprint").body;
	struct tlv alg = child(&imprint, "hashAlgorithm");
	struct tlv hash = child(&imprint, "hashedMessage");
	s->imprint.alg = algorithm_of(alg.body);
	s->imprint.n = hash.body.n;
	memcpy(s->imprint.p, hash.body.p, hash.body.n);
	child(&c, "serialNumber");
	struct tlv time = child(&c, "genTime");
	cr_assert_eq(tlv_time(&time, &s->gen_time_ms, &err), 0);
	cms_free(cms);
}

static struct first_stamp read_record(struct view record)
{
	struct first_stamp s = { .alg = DIGEST_NONE };
	struct view c = child(&record, "EvidenceRecord").body;
	child(&c, "version");
	child(&c, "digestAlgorithms");
	struct tlv t = child(&c, "sequence");
	while (t.cls == ASN1_CONTEXT)
		t = child(&c, "sequence");
	struct view chain = t.body;
	struct view stamps = child(&chain, "chain").body;
	struct view f = child(&stamps, "ArchiveTimeStamp").body;
	t = child(&f, "field");
	for (; t.cls == ASN1_CONTEXT; t = child(&f, "field")) {
		if (t.number == 0)
			s.alg = algorithm_of(t.body);
		else if (t.number == 2)
			s.lists = t.body;
	}
	read_token(t.whole, &s);
	if (s.alg == DIGEST_NONE)
		s.alg = s.imprint.alg;
	return s;
}

static bool in_first_list(const struct first_stamp *s, const struct digest *d)
{
	if (s->lists.n == 0)
		return digest_equal(&s->imprint, d);
	struct view lists = s->lists;
	struct view list = child(&lists, "list").body;
	while (list.n > 0) {
		if (view_equal(child(&list, "hash").body, digest_view(d)))
			return true;
	}
	return false;
}

static int by_time(const void *a, const void *b)
{
	int64_t ta = read_record(((const struct cms_er *)a)->record).gen_time_ms;
	int64_t tb = read_record(((const struct cms_er *)b)->record).gen_time_ms;
	return ta < tb ? -1 : ta > tb;
}

static struct cms *parse(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = NULL;
	cr_assert_eq(cms_parse(in, &cms, &err), 0, "%s", err.text);
	return cms;
}

/* Bit set of the forms whose hash the record's first list holds. */
static unsigned matching_forms(const struct cms *cms, const struct cms_er *ers,
			       size_t n, size_t which)
{
	struct first_stamp s = read_record(ers[which].record);
	unsigned forms = 0;
	for (int form = 0; form < CMS_ER_FORM_COUNT; form++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(CMS_SIZE_MAX);
		struct digest d;
		cr_assert_eq(cms_er_covered(cms, ers, n, which, (enum cms_er_form)form,
					    &b, &err),
			     0, "%s", err.text);
		cr_assert_eq(digest_once(s.alg, view_buf(&b), &d, &err), 0);
		if (in_first_list(&s, &d))
			forms |= 1u << form;
		buf_free(&b);
	}
	return forms;
}

/* ---- made files ---- */

static struct view er_value(unsigned n)
{
	return make_el(DER_SEQUENCE, make_int(1), make_int(n));
}

/* One signer with these unsigned attributes (n == 0: none). */
static struct view file_with(struct view attrs, bool indefinite)
{
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	if (attrs.n > 0)
		s.unsigned_attrs = make_parts(0xa1, indefinite, attrs, MAKE_END);
	c.indefinite = indefinite;
	c.signers = make_parts(DER_SET, indefinite, make_signer_build(&s), MAKE_END);
	return make_cms_build(&c);
}

static void covers(struct view file, size_t which, enum cms_er_form form,
		   struct view want)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms_er *ers = NULL;
	size_t n = 0;
	struct buf b = buf_make(65536);
	struct cms *cms = parse(file);
	cr_assert_eq(cms_er_list(cms, &ers, &n, &err), 0, "%s", err.text);
	cr_assert_eq(cms_er_covered(cms, ers, n, which, form, &b, &err), 0, "%s",
		     err.text);
	cr_expect(view_equal(view_buf(&b), want), "record %zu form %d", which,
		  (int)form);
	buf_free(&b);
	mem_free(ers);
	cms_free(cms);
}

static void list_refused(struct view attrs, enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms_er *ers = NULL;
	size_t n = 0;
	struct cms *cms = parse(file_with(attrs, false));
	cr_expect_eq(cms_er_list(cms, &ers, &n, &err), -1);
	cr_expect_eq(err.code, code, "%s", err.text);
	cr_expect_null(ers);
	cms_free(cms);
}

/* Whoever reads it says that it is no record; the others stay. */
static void listed_whole(struct view values, const size_t *lens, size_t n_lens)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms_er *ers = NULL;
	size_t n = 0, at = 0;
	struct cms *cms = parse(file_with(make_attr(OID_ER_INTERNAL, values), false));
	cr_assert_eq(cms_er_list(cms, &ers, &n, &err), 0, "%s", err.text);
	cr_assert_eq(n, n_lens);
	for (size_t i = 0; i < n; at += lens[i++]) {
		cr_expect_eq(ers[i].value, i);
		struct view want = view_head(view_skip(values, at), lens[i]);
		cr_expect(view_equal(ers[i].record, want));
	}
	mem_free(ers);
	cms_free(cms);
}

Test(cms_er, value_that_is_no_sequence_is_listed)
{
	struct view octets = make_octets("x"), record = er_value(1);
	const size_t lens[] = { octets.n, record.n };
	listed_whole(make_joined(octets, record), lens, 2);
}

Test(cms_er, what_is_no_element_is_listed_with_the_rest)
{
	struct view junk = view_of("\x04\x7fjunk", 6), record = er_value(1);
	const size_t lens[] = { record.n, junk.n };
	listed_whole(make_joined(record, junk), lens, 2);
}

Test(cms_er, one_record_too_many_is_too_large)
{
	struct view values = er_value(0);
	for (unsigned i = 1; i <= CMS_ERS_MAX; i++)
		values = make_joined(values, er_value(i));
	list_refused(make_attr(OID_ER_INTERNAL, values), LTPS_TOO_LARGE);
}

Test(cms_er, file_without_records_gives_an_empty_list)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms_er *ers = NULL;
	size_t n = 9;
	struct cms *cms = parse(file_with(make_attr("1.2.3", er_value(1)), false));
	cr_expect_eq(cms_er_list(cms, &ers, &n, &err), 0);
	cr_expect_eq(n, 0);
	cr_expect_null(ers);
	cms_free(cms);
}

static void argument_refused(const struct cms *cms, const struct cms_er *er, size_t n,
			     size_t which, int form)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(65536);
	cr_expect_eq(
	    cms_er_covered(cms, er, n, which, (enum cms_er_form)form, &b, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	cr_expect_eq(b.n, 0);
}

Test(cms_er, entry_of_another_file_is_refused)
{
	struct view attrs = make_joined(make_attr("1.2.3", make_int(1)),
					make_attr(OID_ER_INTERNAL, er_value(1)));
	struct cms *cms = parse(file_with(attrs, false));
	struct cms_er good = { .signer = 0, .attr = 1 };
	struct cms_er bad[] = { { .signer = 0, .attr = 0 },
				{ .signer = 0, .attr = 2 },
				{ .signer = 1, .attr = 1 } };
	for (size_t i = 0; i < 3; i++)
		argument_refused(cms, &bad[i], 1, 0, CMS_ER_CUT);
	argument_refused(cms, &good, 1, 1, CMS_ER_CUT);
	argument_refused(cms, &good, 1, 0, CMS_ER_FORM_COUNT);
	cms_free(cms);
}

Test(cms_er, only_attribute_takes_the_field_with_it)
{
	struct view er = make_attr(OID_ER_INTERNAL, er_value(1));
	covers(file_with(er, false), 0, CMS_ER_CUT, file_with(VIEW_NULL, false));
	covers(file_with(er, false), 0, CMS_ER_DER, file_with(VIEW_NULL, false));
	covers(file_with(er, true), 0, CMS_ER_CUT, file_with(VIEW_NULL, true));
}

Test(cms_er, other_attributes_and_older_records_stay)
{
	struct view other = make_attr("1.2.3", make_int(1));
	struct view er1 = make_attr(OID_ER_INTERNAL, er_value(1));
	struct view er2 = make_attr(OID_ER_INTERNAL, er_value(2));
	for (int indefinite = 0; indefinite < 2; indefinite++) {
		struct view file = file_with(make_joined(er1, make_joined(other, er2)),
					     indefinite != 0);
		covers(file, 0, CMS_ER_CUT, file_with(other, indefinite != 0));
		covers(file, 1, CMS_ER_CUT,
		       file_with(make_joined(er1, other), indefinite != 0));
	}
}

Test(cms_er, further_value_covers_what_the_first_does)
{
	struct view other = make_attr("1.2.3", make_int(1));
	struct view er =
	    make_attr(OID_ER_EXTERNAL, make_joined(er_value(1), er_value(2)));
	struct view file = file_with(make_joined(er, other), false);
	covers(file, 0, CMS_ER_CUT, file_with(other, false));
	covers(file, 1, CMS_ER_CUT, file_with(other, false));
}

Test(cms_er, length_octets_shrink_to_the_shortest)
{
	static const char big[300] = { 'x' };
	struct view value =
	    make_el(DER_SEQUENCE, make_octets(""),
		    make_el(ASN1_TAG_OCTET_STRING, view_of(big, sizeof(big))));
	struct view file = file_with(make_attr(OID_ER_INTERNAL, value), false);
	covers(file, 0, CMS_ER_CUT, file_with(VIEW_NULL, false));
}

Test(cms_er, sorted_form_puts_attributes_and_signers_in_order)
{
	struct make_signer s = make_signer_default(), plain = make_signer_default();
	struct make_cms c = make_cms_default();
	struct view a = make_attr("1.2.3", make_int(1)),
		    b = make_attr("1.2.3", make_int(2));
	struct view er = make_attr(OID_ER_INTERNAL, er_value(1));
	s.unsigned_attrs = make_el(0xa1, b, er, a);
	c.signers = make_el(DER_SET, make_signer_build(&s), make_signer_build(&plain));
	struct view file = make_cms_build(&c);
	s.unsigned_attrs = make_el(0xa1, b, a);
	c.signers = make_el(DER_SET, make_signer_build(&s), make_signer_build(&plain));
	covers(file, 0, CMS_ER_CUT, make_cms_build(&c));
	s.unsigned_attrs = make_el(0xa1, a, b);
	c.signers = make_el(DER_SET, make_signer_build(&plain), make_signer_build(&s));
	covers(file, 0, CMS_ER_SORTED, make_cms_build(&c));
}

Test(cms_er, der_form_turns_everything_into_der)
{
	struct view a = make_attr("1.2.3", make_int(1)),
		    b = make_attr("1.2.3", make_int(2));
	struct view er = make_attr(OID_ER_INTERNAL, er_value(1));
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	struct view encap = c.encap;
	s.unsigned_attrs = make_el(0xa1, a, b);
	s.sid = make_el(0x80, view_text("key"));
	c.certs = make_el(0xa0, make_item(1), make_item(2));
	c.signers = make_el(DER_SET, make_signer_build(&s));
	struct view want = make_cms_build(&c);
	struct view parts = make_joined(make_octets("he"), make_octets("llo"));
	c.indefinite = true;
	c.encap = make_el_indefinite(
	    DER_SEQUENCE, make_oid("1.2.840.113549.1.7.1"),
	    make_el_indefinite(0xa0, make_el_indefinite(0x24, parts)));
	c.certs = make_el_indefinite(0xa0, make_item(2), make_item(1));
	s.unsigned_attrs = make_el_indefinite(0xa1, b, er, a);
	c.signers = make_el_indefinite(DER_SET, make_signer_build(&s));
	covers(make_cms_build(&c), 0, CMS_ER_DER, want);
	cr_expect_not(view_equal(c.encap, encap));
}

Test(cms_er, every_failing_allocation_is_an_ordinary_error)
{
	struct view er = make_attr(OID_ER_INTERNAL, er_value(1));
	struct cms *cms = parse(file_with(er, true));
	struct cms_er first = { 0 };
	for (int form = 0; form < CMS_ER_FORM_COUNT; form++) {
		for (uint64_t n = 1;; n++) {
			struct ltps_error err = LTPS_ERROR_INIT;
			struct buf b = buf_make(65536);
			mem_fail_nth(n);
			int rc = cms_er_covered(cms, &first, 1, 0,
						(enum cms_er_form)form, &b, &err);
			mem_fail_nth(0);
			buf_free(&b);
			if (rc == 0)
				break;
			cr_assert_eq(err.code, LTPS_NOMEM);
		}
	}
	cms_free(cms);
}

/* ---- public samples ---- */

#define CUT (1u << CMS_ER_CUT)
#define SORTED (1u << CMS_ER_SORTED)
#define DER (1u << CMS_ER_DER)

struct sample {
	const char *file;
	size_t n_ers;
	bool external;
	unsigned forms[2]; /* of each record, oldest first */
};

/* Which form each public sample was made with. */
static const struct sample samples[] = {
	{ "C-E-ERS.p7m", 1, false, { CUT | SORTED | DER } },
	{ "C-E-ERS-basic.p7m", 1, false, { CUT | SORTED } },
	{ "C-E-ERS-detached.p7s", 1, true, { CUT | SORTED | DER } },
	{ "C-E-ERS-detached_renewed_hashtree.p7s", 1, true, { CUT | SORTED | DER } },
	{ "C-E-ERS-two-er.p7m", 2, false, { CUT | SORTED | DER, CUT | SORTED | DER } },
	{ "C-E-ERS-parallel-ers.p7m",
	  2,
	  false,
	  { CUT | SORTED | DER, CUT | SORTED | DER } },
	{ "Double-C-E-ERS.p7m", 1, false, { CUT } },
	{ "Double-C-E-ERS-basic.p7m", 1, false, { SORTED | DER } },
	{ "Double-C-E-ERS-detached_hashtree_renewal.p7m", 1, true, { SORTED | DER } },
};

Test(cms_er, public_samples_hold_the_hash_of_a_candidate)
{
	if (!corpus_present())
		cr_skip_test("no corpus beside the source tree");
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct sample *s = &samples[i];
		struct ltps_error err = LTPS_ERROR_INIT;
		char path[256];
		snprintf(path, sizeof(path), FOLDER "%s", s->file);
		struct buf b = corpus_read(path);
		struct cms *cms = parse(view_buf(&b));
		struct cms_er *ers = NULL;
		size_t n = 0;
		cr_assert_eq(cms_er_list(cms, &ers, &n, &err), 0, "%s", err.text);
		cr_expect_eq(n, s->n_ers, "%s: %zu records", s->file, n);
		qsort(ers, n, sizeof(ers[0]), by_time);
		for (size_t k = 0; k < n && k < 2; k++) {
			unsigned forms = matching_forms(cms, ers, n, k);
			cr_expect_eq(ers[k].external, s->external, "%s", s->file);
			cr_expect_eq(forms, s->forms[k], "%s record %zu: forms %x",
				     s->file, k, forms);
		}
		mem_free(ers);
		cms_free(cms);
		buf_free(&b);
	}
}
