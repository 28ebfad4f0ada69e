/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_stamp - time-stamps, EN 319 102-1 5.4: a token is a basic signature of a TSA.
 * What it covers was compared by the reader of the format; what that means for the
 * token is said here, so that nobody takes the time of one that covers something else.
 */
#include <string.h>

#include "validation/engine_accept.h"
#include "validation/name.h"

#define CLAUSE "EN 319 102-1 5.4"
/* Relative names compared without their order; more is no name of a TSA. */
#define NAME_PARTS_MAX 64

/* ---- the name of the TSA ---- */

/* One relative name after another, each in canonical form behind its length. */
struct parts {
	struct buf all;
	size_t at[NAME_PARTS_MAX + 1];
	size_t n;
};

static struct view part_at(const struct parts *p, size_t i)
{
	return view_of(p->all.p + p->at[i], p->at[i + 1] - p->at[i]);
}

/* ret_readable  false: no name, or of too many parts */
static int split_name(struct view name, struct parts *p, bool *ret_readable,
		      struct ltps_error *err)
{
	static const uint8_t nobody[] = { DER_SEQUENCE, 0 };
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv outer, rdn;
	*ret_readable = false;
	if (name.n > NAME_SIZE_MAX || tlv_only(name, &outer, &ignored) != 0)
		return 0;
	struct view cursor = outer.body;
	while (cursor.n > 0) {
		if (p->n == NAME_PARTS_MAX || tlv_next(&cursor, &rdn, &ignored) != 0)
			return 0;
		if (name_canonical_relative(view_of(nobody, sizeof(nobody)), rdn.body,
					    &p->all, err) != 0) {
			if (err->fault != LTPS_FAULT_OBJECT)
				return -1;
			ltps_error_clear(err);
			return 0;
		}
		p->at[++p->n] = p->all.n;
	}
	*ret_readable = true;
	return 0;
}

static bool same_parts(const struct parts *a, const struct parts *b)
{
	bool used[NAME_PARTS_MAX] = { false };
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		size_t k = 0;
		while (k < b->n &&
		       (used[k] || !view_equal(part_at(a, i), part_at(b, k))))
			k++;
		if (k == b->n)
			return false;
		used[k] = true;
	}
	return true;
}

/*
 * The same name, or the same parts in another order: some TSAs write the hint last
 * part first, and RFC 3161 2.4.2 asks only that it "correspond".
 */
static int names_correspond(struct view a, struct view b, bool *ret_same,
			    struct ltps_error *err)
{
	struct parts x = { .all = buf_make(NAME_CANONICAL_MAX) };
	struct parts y = { .all = buf_make(NAME_CANONICAL_MAX) };
	bool readable = false;
	int rc = split_name(a, &x, &readable, err);
	if (rc == 0 && readable)
		rc = split_name(b, &y, &readable, err);
	*ret_same = rc == 0 && readable && same_parts(&x, &y);
	buf_free(&y.all);
	buf_free(&x.all);
	return rc;
}

/* An outsider's name that does not read is no name of the certificate. */
static int forgive(int rc, struct ltps_error *err)
{
	if (rc == 0 || err->fault != LTPS_FAULT_OBJECT)
		return rc;
	ltps_error_clear(err);
	return 0;
}

static int is_alternative(const struct cert *c, const struct general_name *wanted,
			  bool *ret_found, struct ltps_error *err)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view cursor = cert_ext_list(c, CERT_EXT_SAN);
	struct general_name g;
	while (!*ret_found && cursor.n > 0 &&
	       general_name_next(&cursor, &g, &ignored) == 0) {
		bool equal = false;
		if (forgive(general_name_equal(&g, wanted, &equal, err), err) != 0)
			return -1;
		*ret_found = equal;
	}
	return 0;
}

static int tsa_is(const struct tst *tst, const struct cert *c, bool *ret_is,
		  struct ltps_error *err)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct general_name g;
	struct view cursor = tst->tsa;
	*ret_is = false;
	if (general_name_next(&cursor, &g, &ignored) != 0 || cursor.n > 0)
		return 0;
	if (g.kind == GENERAL_NAME_DIRECTORY &&
	    names_correspond(g.value, c->subject, ret_is, err) != 0)
		return -1;
	return *ret_is ? 0 : is_alternative(c, &g, ret_is, err);
}

/* ---- acceptance ---- */

static const struct document_stamp *stamp_of(const struct accepting *a)
{
	const struct document *d = a->e->in->document;
	for (size_t k = 0; k < d->n_stamps; k++)
		if (d->stamps[k].as_signature == a->b->signature)
			return &d->stamps[k];
	return NULL;
}

static int apply_tsa_name(struct accepting *a, const struct tst *tst,
			  struct ltps_error *err)
{
	bool holds = true;
	if (tst->tsa.n > 0 && a->b->signer != NULL &&
	    tsa_is(tst, a->b->signer, &holds, err) != 0)
		return -1;
	return accept_apply(a, CONSTRAINT_TSA_NAME, holds,
			    holds ? ""
				  : "the TSA named in the token is not that of the "
				    "certificate",
			    err);
}

int accept_stamp(struct accepting *a, struct ltps_error *err)
{
	const struct document_stamp *s;
	if (a->b->ledger.context != CONTEXT_TIME_STAMP || (s = stamp_of(a)) == NULL ||
	    s->tst == NULL)
		return 0;
	if (s->tst->critical_extension)
		accept_fail(a, CONSTRAINT_FORMAT,
			    "an unknown critical extension in the TSTInfo (RFC 3161 "
			    "2.4.2)");
	bool index = s->index != MATCH_NO;
	if (apply_tsa_name(a, s->tst, err) != 0 ||
	    accept_apply(
		a, CONSTRAINT_TSA_POLICY,
		engine_allows(accept_rule(a, CONSTRAINT_TSA_POLICY), s->tst->policy),
		s->tst->policy, err) != 0)
		return -1;
	if (!s->is_archive_v3)
		return 0;
	return accept_apply(a, CONSTRAINT_HASH_INDEX, index,
			    index ? "" : "the hash index names what is not in the file",
			    err);
}

/* ---- 5.4 ---- */

static struct engine_ledger ledger_of(struct engine *e, size_t stamp)
{
	struct report_stamp *r = &e->report->stamps[stamp];
	return (struct engine_ledger){
		.context = CONTEXT_TIME_STAMP,
		.object = e->in->document->stamps[stamp].id,
		.list = &r->constraints,
		.n = &r->n_constraints,
	};
}

static int judge_unreadable(struct engine *e, const struct document_stamp *s,
			    struct basic *b, struct ltps_error *err)
{
	bool fails;
	const char *why = s->defect[0] != '\0' ? s->defect : "no time-stamp token";
	b->conclusion = conclusion_of(SUB_FORMAT_FAILURE, "RFC 3161 2.4.2", "%s", why);
	b->conclusion.constraint = CONSTRAINT_FORMAT;
	return engine_constrain(e, &b->ledger, CONSTRAINT_FORMAT, false, &fails, err,
				"%s", why);
}

/*
 * The imprint belongs to the verification of 5.3.4 step 5: what is wrong with it comes
 * before the outcome of the certificate and after a definite failure of the token; that
 * it cannot be compared comes after what was found before that step.
 */
static void judge_imprint(const struct document_stamp *s, struct basic *b)
{
	if (b->conclusion.indication == INDICATION_FAILED)
		return;
	if (s->imprint == MATCH_NO) {
		b->conclusion = conclusion_of(
		    SUB_HASH_FAILURE, CLAUSE,
		    "the message imprint is not that of what the time-stamp is for%s%s",
		    s->defect[0] != '\0' ? ": " : "", s->defect);
		memcpy(b->conclusion.object, s->sha256, sizeof(b->conclusion.object));
		b->conclusion.has_object = true;
		b->conclusion.constraint = CONSTRAINT_REFERENCES_INTACT;
	} else if (s->imprint == MATCH_UNKNOWN && b->certificate != NULL) {
		b->conclusion =
		    conclusion_of(SUB_SIGNED_DATA_NOT_FOUND, CLAUSE,
				  "what the time-stamp is for is not at hand");
	}
}

/* A file that is a token, with digests instead of what it stamps: which one it wants.
 */
static int note_missing_digest(struct engine *e, const struct document_stamp *s,
			       struct ltps_error *err)
{
	const struct content *c = e->in->document->content;
	if (s->imprint != MATCH_UNKNOWN || s->signature >= 0 || s->pdf != NULL ||
	    c == NULL || !c->digests_only || s->tst->imprint_alg == DIGEST_NONE)
		return 0;
	return engine_find(e, CONSTRAINT_WARN, "SIGNED_DATA_DIGEST_WANTED", CLAUSE,
			   s->id, err,
			   "the time-stamp is over the %s digest of the data, which is "
			   "not among those given",
			   digest_name(s->tst->imprint_alg));
}

int engine_stamp_basic(struct engine *e, size_t stamp, int64_t time_ms, struct basic *b,
		       struct ltps_error *err)
{
	const struct document_stamp *s = &e->in->document->stamps[stamp];
	const struct engine_ledger ledger = ledger_of(e, stamp);
	if (s->tst == NULL || s->as_signature == NULL) {
		memset(b, 0, sizeof(*b));
		b->ledger = ledger;
		b->x509 = conclusion_passed();
		b->content_stamp_ms = INT64_MIN;
		return judge_unreadable(e, s, b, err);
	}
	if (engine_basic(e, s->as_signature, &ledger, time_ms, b, err) != 0)
		return -1;
	/* RFC 5652 5.3: whatever is not id-data is signed by its attributes; a policy
	 * has no say in it. */
	if (!s->as_signature->has_signed_attrs &&
	    b->conclusion.indication != INDICATION_FAILED)
		b->conclusion = conclusion_of(SUB_FORMAT_FAILURE, "RFC 5652 5.3",
					      "the token has no signed attributes");
	judge_imprint(s, b);
	return note_missing_digest(e, s, err);
}

/* The value, and the digest of the TSTInfo that it signs. */
static bool is_intact(const struct basic *b)
{
	bool intact =
	    b->signature != NULL && b->intact && b->signature->n_references > 0;
	for (size_t i = 0; intact && i < b->signature->n_references; i++)
		intact = b->signature->references[i].match == MATCH_YES;
	return intact;
}

static void fill(struct report_stamp *r, struct basic *b)
{
	cert_validation_free(r->certificate);
	r->certificate = b->certificate;
	b->certificate = NULL;
	r->conclusion = b->conclusion;
	r->signer = b->signer;
	r->signature_intact = is_intact(b);
}

int engine_stamp(struct engine *e, size_t stamp, int64_t time_ms,
		 struct ltps_error *err)
{
	struct stamp_past *memo = e->past != NULL ? &e->past[stamp] : NULL;
	struct basic b;
	if (memo != NULL && memo->judged && memo->judged_ms == time_ms)
		return 0;
	memset(&b, 0, sizeof(b));
	int rc = engine_stamp_basic(e, stamp, time_ms, &b, err);
	if (rc == 0) {
		fill(&e->report->stamps[stamp], &b);
		if (memo != NULL) {
			memo->judged = true;
			memo->judged_ms = time_ms;
		}
	}
	basic_clear(&b);
	return rc;
}
