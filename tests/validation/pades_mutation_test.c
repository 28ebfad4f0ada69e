/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One PAdES-B-LTA file, cut off at each of its octets, and with single octets changed
 * in every part of it. Whoever signed an octet never passes when it changes; what only
 * later revisions say is theirs alone; where nothing but the time-stamps lets the
 * signatures pass, nothing that the document time-stamp covers may change. Judged
 * twice: while the signer's certificates still live, and late.
 *
 *   revision 0 | a page                                       |
 *   revision 1 | Signature1, with a signature time-stamp      |
 *   revision 2 | Signature2, the same                         |
 *   revision 3 | DSS with VRI                                 |
 *   revision 4 | document time-stamp, by another TSA          |
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cades_judge.h"
#include "tests/support/cades_kit_private.h"
#include "tests/support/cms_make.h"
#include "tests/support/pades_kit.h"
#include "tests/support/test_time.h"

#define EARLY KIT_DAY(4)
#define LATE KIT_DAY(51)

/* Signatures, by bits. */
#define FIRST 1U
#define SECOND 2U
#define BOTH (FIRST | SECOND)

/* Room for CMS and token: small, since each octet of it is a file to judge. */
#define CMS_ROOM 2400
#define TOKEN_ROOM 1200

enum { BLANK, FIRST_SIGNED, SECOND_SIGNED, WITH_DSS, STAMPED, REVISIONS };

static struct cades_kit_scene s;
static struct fix_cert *second_signer; /* another, whose certificate no other CMS has */
static struct view files[REVISIONS];   /* each one's end is a revision's */
static struct view file;
static uint8_t values[2][32]; /* of the signatures, as they were made */
static struct validation_policy *policy;
static struct material *early, *late; /* anchors, and what is known by then */
static struct sig_cache *cache;

/* ---- the file ---- */

static struct view signed_by(struct view pdf, const struct fix_cert *by, int64_t day)
{
	const struct cades_kit_stamp t = { .tsa = s.tsa, .gen_ms = KIT_DAY(1) };
	return pades_kit_sign(pdf, &(struct pades_kit_sign){ .cert = by,
							     .stamp = &t,
							     .time_ms = KIT_DAY(day),
							     .room = CMS_ROOM });
}

static struct view answer_on(const struct fix_cert *cert)
{
	return cades_kit_ocsp(&(struct fix_ocsp_options){ .cert = cert,
							  .issuer = s.ca,
							  .this_ms = KIT_DAY(2),
							  .next_ms = KIT_DAY(32) });
}

/* The signers' status by OCSP, which stays when the CA is revoked later. */
static struct cades_kit_material status(void)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	m.crls[0] = m.crls[1];
	m.crls[1] = m.crls[2];
	m.crls[2] = VIEW_NULL;
	m.ocsps[0] = answer_on(s.signer);
	m.ocsps[1] = answer_on(second_signer);
	return m;
}

static void make_files(const struct pades_kit_pdf *o)
{
	files[BLANK] = pades_kit_blank(o);
	files[FIRST_SIGNED] = signed_by(files[BLANK], s.signer, 0);
	files[SECOND_SIGNED] = signed_by(files[FIRST_SIGNED], second_signer, 1);
	files[WITH_DSS] =
	    pades_kit_dss(files[SECOND_SIGNED],
			  &(struct pades_kit_dss){ .material = status(), .vri = true });
	files[STAMPED] = pades_kit_stamp(
	    files[WITH_DSS], &(struct pades_kit_stamp){ .tsa = s.tsa2,
							.gen_ms = KIT_DAY(3),
							.room = TOKEN_ROOM });
	file = files[STAMPED];
}

static struct material *known(const struct cades_kit_material *m)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *pool = NULL;
	cr_assert_eq(material_new(&pool, &err), 0);
	cr_assert_eq(material_add_all(pool, s.anchors, &err), 0);
	for (size_t i = 0; i < CADES_KIT_LIST_MAX; i++) {
		if (m->certs[i].n > 0)
			fix_material_add(pool, MATERIAL_CERT, m->certs[i]);
		if (m->crls[i].n > 0)
			fix_material_add(pool, MATERIAL_CRL, m->crls[i]);
	}
	return pool;
}

/* Late, the CA is known to be revoked since day 10, after the document time-stamp. */
static void make_pools(void)
{
	struct fix_revoked entry = { .cert = s.ca, .at_ms = KIT_DAY(10), .reason = 1 };
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	early = known(&m);
	m = (struct cades_kit_material){ 0 };
	m.crls[0] = cades_kit_crl(s.tsa_ca, KIT_DAY(50), NULL);
	m.crls[1] = cades_kit_crl(s.root, KIT_DAY(50), &entry);
	late = known(&m);
}

static void set_up(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	/* Late, T alone would prove nothing: its TSA has ended. */
	s = cades_kit_scene(
	    &(struct cades_kit_scene_options){ .tsa = { .not_after_ms = KIT_DAY(5) } });
	second_signer =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Second", .issuer = s.ca });
	make_files(NULL);
	make_pools();
	cr_assert_eq(validation_policy_builtin("default", &policy, &err), 0);
	cr_assert_eq(sig_cache_new(&cache, &err), 0);
}

static void tear_down(void)
{
	sig_cache_free(cache);
	validation_policy_free(policy);
	material_free(early);
	material_free(late);
	fix_cert_free(second_signer);
	cades_kit_scene_free(&s);
}

TestSuite(pades_mutation, .init = set_up, .fini = tear_down,
	  .timeout = TEST_SECONDS_MAX);

/* ---- judging ---- */

struct verdict {
	struct document *document; /* NULL: it cannot be read */
	struct report *report;     /* of the time it was judged last at */
};

/* Certificates and the signatures on them are remembered from file to file, as in a
 * service: what is remembered must not make a changed octet pass either. */
static void verdict_read(struct verdict *v, struct view octets)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	*v = (struct verdict){ NULL, NULL };
	if (document_read_pdf_known(octets, VIEW_NULL, cache, &v->document, &err) == 0)
		return;
	v->document = NULL;
	cr_assert(err.code != LTPS_NOMEM && err.code != LTPS_CRYPTO, "%s", err.text);
}

static void verdict_at(struct verdict *v, int64_t now_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct material *pool = now_ms == EARLY ? early : late;
	const struct engine_input in = { .document = v->document,
					 .policy = policy,
					 .pools = &pool,
					 .n_pools = 1,
					 .time_ms = now_ms,
					 .cache = cache };
	report_free(v->report);
	v->report = NULL;
	cr_assert_eq(engine_judge(&in, &v->report, &err), 0, "%s", err.text);
}

static void verdict_clear(struct verdict *v)
{
	report_free(v->report);
	document_free(v->document);
}

static bool passed(const struct report_signature *r)
{
	return r->conclusion.indication == INDICATION_PASSED;
}

/* Which of the two signatures, by value, pass. */
static unsigned passing(const struct verdict *v)
{
	unsigned bits = 0;
	for (size_t i = 0; i < v->report->n_signatures; i++) {
		const struct report_signature *r = &v->report->signatures[i];
		for (unsigned k = 0; k < 2 && passed(r); k++)
			if (memcmp(r->signature->sha256, values[k], 32) == 0)
				bits |= 1U << k;
	}
	return bits;
}

static bool any_passes(const struct verdict *v)
{
	for (size_t i = 0; i < v->report->n_signatures; i++)
		if (passed(&v->report->signatures[i]))
			return true;
	return false;
}

/* The file as it was made passes, early and late. */
static void expect_unchanged_passes(void)
{
	struct verdict v;
	verdict_read(&v, file);
	cr_assert_not_null(v.document);
	cr_assert_eq(v.document->n_signatures, 2);
	cr_assert_eq(v.document->n_stamps, 3);
	for (unsigned k = 0; k < 2; k++)
		memcpy(values[k], v.document->signatures[k].sha256, 32);
	verdict_at(&v, EARLY);
	cr_assert_eq(passing(&v), BOTH, "%s", v.report->signatures[0].conclusion.text);
	verdict_at(&v, LATE);
	cr_assert_eq(passing(&v), BOTH, "%s; %s",
		     v.report->signatures[0].conclusion.text,
		     v.report->stamps[2].conclusion.text);
	cr_assert_eq(v.report->signatures[0].level, LEVEL_LTA);
	verdict_clear(&v);
}

/* ---- truncation ---- */

/*
 * What ends with a whole revision, each octet of which is signed or an allowed
 * extension, says what that revision says. The end of line behind %%EOF is no part of
 * the revision, but of what its own signature signed.
 */
static unsigned may_pass(size_t n)
{
	if (n == files[FIRST_SIGNED].n || n == files[SECOND_SIGNED].n - 1)
		return FIRST;
	for (int r = SECOND_SIGNED; r < REVISIONS; r++)
		if (n == files[r].n || (r > SECOND_SIGNED && n == files[r].n - 1))
			return BOTH;
	return 0;
}

/* The whole file passes when each of its signatures does. */
static bool whole_may_pass(size_t n)
{
	return may_pass(n) != 0 && n != files[SECOND_SIGNED].n - 1;
}

/* Of each truncation that is read, whether it is judged as a whole or known not to pass
 * by a change that nobody may make: all policies refuse it alike. */
static bool is_refused(const struct document *d, size_t n)
{
	if (n % 16 == 0)
		return false;
	for (size_t i = 0; i < d->n_signatures; i++)
		if (d->signatures[i].pdf->undefined == NULL &&
		    d->signatures[i].defect[0] == '\0')
			return false;
	return true;
}

static unsigned truncate_at(size_t n)
{
	unsigned wrong = 0;
	struct verdict v;
	/* Of exactly this size, so that a reader that looks further is seen. */
	uint8_t *cut = mem_dup(file.p, n);
	cr_assert(cut != NULL);
	verdict_read(&v, view_of(cut, n));
	if (v.document != NULL && !is_refused(v.document, n)) {
		verdict_at(&v, EARLY);
		wrong =
		    passing(&v) != may_pass(n) ||
		    (may_pass(n) == 0 && any_passes(&v)) ||
		    (v.report->indication == INDICATION_PASSED) != whole_may_pass(n);
	} else if (may_pass(n) != 0) {
		wrong = 1;
	}
	if (wrong)
		fprintf(stderr, "%zu of %zu octets: passes %u, should %u\n", n, file.n,
			v.report != NULL ? passing(&v) : 0, may_pass(n));
	verdict_clear(&v);
	mem_free(cut);
	return wrong;
}

static void truncate_by(size_t stride)
{
	unsigned wrong = 0;
	expect_unchanged_passes();
	for (size_t n = 1; n < file.n; n++)
		if (n % stride == 0 || may_pass(n) != 0)
			wrong += truncate_at(n);
	cr_assert_eq(wrong, 0);
}

Test(pades_mutation, truncation_when_of_any_length_expect_whole_revisions_only)
{
	truncate_by(1);
}

Test(pades_mutation, truncation_when_of_streams_expect_whole_revisions_only)
{
	make_files(&(struct pades_kit_pdf){ .style = PADES_KIT_STREAM, .form = true });
	truncate_by(29);
}

Test(pades_mutation, truncation_when_linearised_expect_whole_revisions_only)
{
	make_files(&(struct pades_kit_pdf){ .style = PADES_KIT_LINEARISED });
	truncate_by(29);
}

/* ---- the parts of the file ---- */

enum alphabet {
	ANY,         /* the octet with one bit changed */
	OF_A_NUMBER, /* a digit in place of another */
	OF_HEX,      /* a hex digit with another value */
};

struct part {
	const char *name;
	size_t from, to;
	enum alphabet alphabet;
	unsigned
	    never; /* signatures that never pass: they signed it, or it is theirs */
	unsigned always; /* signatures that it is no matter of, while they live */
	bool
	    loose; /* not covered by the document time-stamp, nor needed: passes late */
};

#define PARTS_MAX 160
static struct part parts[PARTS_MAX];
static size_t n_parts;

static void label(struct part p)
{
	cr_assert_lt(n_parts, PARTS_MAX);
	cr_assert(p.from < p.to && p.to <= file.n, "%s", p.name);
	parts[n_parts++] = p;
}

static size_t find(const char *what, size_t from, size_t to)
{
	const uint8_t *p = memmem(file.p + from, to - from, what, strlen(what));
	return p != NULL ? (size_t)(p - file.p) : SIZE_MAX;
}

static size_t need(const char *what, size_t from, size_t to)
{
	const size_t at = find(what, from, to);
	cr_assert_neq(at, SIZE_MAX, "%s", what);
	return at;
}

/* The frame of a revision: what is neither the gap nor the data of a stream. */
static void label_frame(size_t from, size_t to, unsigned never)
{
	static const char *const words[] = { " obj\n", "<<",        "endobj",
					     "xref\n", "trailer",   "/Prev",
					     "/Root",  "startxref", "%%EOF" };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (size_t at = from; (at = find(words[i], at, to)) != SIZE_MAX;) {
			const size_t end = at + strlen(words[i]);
			label((struct part){ words[i], at, end, ANY, never, 0, false });
			at = end;
			if (i < 3) /* of the words that are many, one here and there */
				at += 300;
			if (at >= to)
				break;
		}
	label((struct part){ "all of it", from, to, ANY, never, 0, false });
}

static void label_numbers(size_t from, size_t to, unsigned never)
{
	size_t at = find("/ByteRange [", from, to);
	if (at != SIZE_MAX)
		label((struct part){ "ByteRange", at + 12, need("]", at, to),
				     OF_A_NUMBER, never, 0, false });
	at = find("\nxref\n", from, to);
	if (at != SIZE_MAX)
		label((struct part){ "entries", at + 6, need("trailer", at, to),
				     OF_A_NUMBER, never, 0, false });
	for (at = from; (at = find("startxref\n", at, to)) != SIZE_MAX;) {
		label((struct part){ "startxref value", at + 10,
				     need("\n", at + 10, to), OF_A_NUMBER, never, 0,
				     false });
		at += 10;
		if (at >= to)
			break;
	}
}

/* ---- the gaps ---- */

struct gap {
	size_t from, to; /* of the digits */
	struct view cms; /* decoded, without its padding */
};

static struct gap gap_of(size_t from, size_t to)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(CK_BYTES_MAX);
	struct gap g = { .from = need("/Contents <", from, to) + 11 };
	struct tlv t;
	g.to = need(">", g.from, to);
	cr_assert_eq(hex_decode(view_of(file.p + g.from, g.to - g.from), &b, &err), 0);
	g.cms = ck_copy(&b);
	buf_free(&b);
	struct view c = g.cms;
	cr_assert_eq(tlv_next(&c, &t, &err), 0);
	g.cms = t.whole;
	return g;
}

/* Octets of the CMS, where their digits stand. */
static void label_cms(const struct gap *g, struct view v, struct part p)
{
	cr_assert(v.n > 0 && v.p >= g->cms.p && v.p + v.n <= g->cms.p + g->cms.n, "%s",
		  p.name);
	p.from = g->from + 2 * (size_t)(v.p - g->cms.p);
	p.to = p.from + 2 * v.n;
	p.alphabet = OF_HEX;
	label(p);
}

static void label_signed(const struct gap *g, const struct ck_file *f, struct part p)
{
	const struct ck_signer_info *si = &f->signers[0];
	const struct {
		const char *name;
		struct view v;
	} v[] = { { "digest algorithm", si->digest_algorithm },
		  { "signed attributes", si->signed_attrs },
		  { "signature algorithm", si->signature_algorithm },
		  { "signature value", ck_body(si->signature) },
		  { "signer's certificate", f->certs.a[0] } };
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		p.name = v[i].name;
		label_cms(g, v[i].v, p);
	}
}

/* Digits of the gap that are not the CMS; the brackets. */
static void label_rest(const struct gap *g, struct part p)
{
	p.name = "brackets";
	p.from = g->from - 1;
	p.to = g->from;
	label(p);
	p.from = g->to;
	p.to = g->to + 1;
	label(p);
	p.name = "padding";
	p.alphabet = OF_HEX;
	p.from = g->from + 2 * g->cms.n;
	p.to = g->to;
	label(p);
}

/* own: the signature; around: who signed it as an octet of an earlier revision. */
static void label_signature(size_t from, size_t to, unsigned own, unsigned around)
{
	const struct gap g = gap_of(from, to);
	struct ck_file *f = ck_file_read(g.cms);
	const unsigned others = BOTH & ~(own | around);
	label_signed(&g, f, (struct part){ .never = own | around, .always = others });
	/* The signature time-stamp is signed by later revisions alone. */
	label_cms(&g, f->signers[0].unsigned_attrs.a[0],
		  (struct part){ .name = "signature time-stamp",
				 .never = around,
				 .always = others });
	label_rest(&g, (struct part){ .never = own | around });
	mem_free(f);
}

static void label_stamp(size_t from, size_t to)
{
	const struct gap g = gap_of(from, to);
	struct ck_file *f = ck_file_read(g.cms);
	label_signed(&g, f, (struct part){ .always = BOTH });
	label_cms(&g, f->encap, (struct part){ .name = "TSTInfo", .always = BOTH });
	label_cms(&g, f->version,
		  (struct part){ .name = "version", .always = BOTH, .loose = true });
	label_cms(&g, f->signers[0].sid,
		  (struct part){ .name = "sid", .always = BOTH, .loose = true });
	label_rest(&g, (struct part){ .always = 0 });
	mem_free(f);
}

/* Data of the streams of the DSS: what is said of the certificates. Broken, it is
 * passed over; the signatures pass with the status of the caller. A cross-reference
 * stream comes last. */
static void label_streams(size_t from, size_t to)
{
	for (size_t at = from; (at = find("\nstream\n", at, to)) != SIZE_MAX;) {
		const size_t end = need("\nendstream", at, to);
		const bool is_section = find("/XRef", from, at) != SIZE_MAX;
		label((struct part){ "stream", at + 8, end, ANY, 0,
				     is_section ? 0 : BOTH, false });
		at = end;
	}
}

static void label_all(void)
{
	const size_t first = files[FIRST_SIGNED].n, second = files[SECOND_SIGNED].n,
		     dss = files[WITH_DSS].n, blank = files[BLANK].n;
	n_parts = 0;
	label((struct part){ "header", 0, 8, ANY, BOTH, 0, false });
	label((struct part){ "comment", 9, 14, ANY, BOTH, 0, false });
	label_frame(0, blank, BOTH);
	label_numbers(0, blank, BOTH);
	label_frame(blank, need("/Contents <", blank, first), BOTH);
	label_frame(need(">", need("/Contents <", blank, first), first) + 1, first,
		    BOTH);
	label_numbers(blank, first, BOTH);
	label_signature(blank, first, FIRST, SECOND);
	label_frame(first, need("/Contents <", first, second), SECOND);
	label_frame(need(">", need("/Contents <", first, second), second) + 1, second,
		    SECOND);
	label_numbers(first, second, SECOND);
	label_signature(first, second, SECOND, 0);
	label_streams(second, dss);
	label_frame(second, dss, 0);
	label_numbers(second, dss, 0);
	label_frame(dss, need("/Contents <", dss, file.n), 0);
	label_frame(need(">", need("/Contents <", dss, file.n), file.n) + 1, file.n, 0);
	label_numbers(dss, file.n, 0);
	label_stamp(dss, file.n);
}

/* ---- changing octets ---- */

static uint8_t *copy;

/* Another octet in its place; 0: there is none that makes a difference. */
static uint8_t change_of(uint8_t c, enum alphabet a, unsigned turn)
{
	static const char hex[] = "0123456789abcdef";
	const char *at;
	switch (a) {
	case ANY:
		return (uint8_t)(c ^ (1U << (turn % 8)));
	case OF_A_NUMBER:
		return c >= '0' && c <= '9'
			   ? (uint8_t)('0' + (c - '0' + 1 + turn % 9) % 10)
			   : (uint8_t)(c ^ 1U);
	case OF_HEX:
		at = memchr(hex, c, 16);
		cr_assert_not_null(at);
		return (uint8_t)hex[(at - hex) ^ (1 << (turn % 4))];
	}
	return 0;
}

/* Whoever says that this octet is signed is wrong when it passes, whatever its value.
 */
static bool passes_over(const struct verdict *v, size_t at)
{
	for (size_t i = 0; i < v->report->n_signatures; i++) {
		const struct report_signature *r = &v->report->signatures[i];
		const uint64_t *g = r->signature->pdf->found->range;
		if (passed(r) && (at < g[0] + g[1] || (at >= g[2] && at < g[2] + g[3])))
			return true;
	}
	return false;
}

/* How the report must agree with itself. */
static bool agrees(const struct verdict *v, size_t at)
{
	for (size_t i = 0; i < v->report->n_signatures; i++) {
		const struct report_signature *r = &v->report->signatures[i];
		if (passed(r) &&
		    (!r->signature_intact || r->references_intact != MATCH_YES))
			return false;
	}
	for (size_t i = 0; i < v->report->n_stamps; i++) {
		const struct report_stamp *t = &v->report->stamps[i];
		if (!t->counted)
			continue;
		if (t->stamp->imprint != MATCH_YES || !t->signature_intact)
			return false;
		/* What the document time-stamp covers has not changed. */
		if (t->stamp->type != STAMP_DOCUMENT)
			continue;
		const uint64_t *g = t->stamp->pdf->found->range;
		if (at < g[0] + g[1] || (at >= g[2] && at < g[2] + g[3]))
			return false;
	}
	return true;
}

static const char *check(const struct part *p, const struct verdict *v, size_t at,
			 bool is_late)
{
	const unsigned is = passing(v);
	if (is & p->never)
		return "passes, though it is theirs";
	if (passes_over(v, at))
		return "passes, though it is signed";
	if (!agrees(v, at))
		return "a proof that is none";
	if (is_late && is != 0 && !p->loose)
		return "passes late";
	if (!is_late && (is & p->always) != p->always)
		return "does not pass, though it is no matter of it";
	return NULL;
}

static unsigned probe(const struct part *p, size_t at, uint8_t c)
{
	const uint8_t before = copy[at];
	const char *why = NULL;
	struct verdict v;
	copy[at] = c;
	verdict_read(&v, view_of(copy, file.n));
	if (v.document == NULL && p->always != 0)
		why = "cannot be read";
	for (int i = 0; i < 2 && v.document != NULL && why == NULL; i++) {
		verdict_at(&v, i == 0 ? EARLY : LATE);
		why = check(p, &v, at, i == 1);
	}
	if (why != NULL)
		fprintf(stderr, "%s, octet %zu (%zu of the file), %02x for %02x: %s\n",
			p->name, at - p->from, at, c, before, why);
	verdict_clear(&v);
	copy[at] = before;
	return why != NULL;
}

static unsigned mutate(const struct part *p, size_t probes)
{
	const size_t n = p->to - p->from;
	const size_t stride = n > probes ? n / probes : 1;
	unsigned wrong = 0, turn = (unsigned)(p->from % 8);
	for (size_t at = p->from; at < p->to; at += stride, turn++) {
		const uint8_t c = change_of(file.p[at], p->alphabet, turn);
		if (c != file.p[at])
			wrong += probe(p, at, c);
	}
	return wrong;
}

static void expect_never(size_t probes)
{
	unsigned wrong = 0;
	expect_unchanged_passes();
	label_all();
	copy = mem_dup(file.p, file.n);
	cr_assert_not_null(copy);
	for (size_t i = 0; i < n_parts; i++)
		wrong += mutate(&parts[i], probes);
	mem_free(copy);
	cr_assert_eq(wrong, 0);
}

Test(pades_mutation, octet_when_signed_or_rested_on_expect_never_passed)
{
	expect_never(16);
}

Test(pades_mutation, octet_when_of_streams_expect_never_passed)
{
	make_files(&(struct pades_kit_pdf){ .style = PADES_KIT_STREAM, .form = true });
	expect_never(5);
}
