/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_basic - basic signature validation, EN 319 102-1 5.3.4, in the order of its
 * steps. What fails the certificate does not keep the value from being verified.
 */
#include <string.h>

#include "base/clock.h"
#include "validation/engine_private.h"

#define CLAUSE "EN 319 102-1 5.3.4"

void basic_clear(struct basic *b)
{
	if (b == NULL)
		return;
	cert_validation_free(b->certificate);
	b->certificate = NULL;
}

static void begin(struct basic *b, const struct document_signature *s,
		  const struct engine_ledger *ledger)
{
	memset(b, 0, sizeof(*b));
	b->signature = s;
	b->ledger = *ledger;
	b->conclusion = conclusion_passed();
	b->x509 = conclusion_passed();
	b->weak_until_ms = INT64_MAX;
	b->content_stamp_ms = INT64_MIN;
}

/* ---- step 1 ---- */

static int judge_format(struct engine *e, struct basic *b, struct ltps_error *err)
{
	const struct document_signature *s = b->signature;
	bool fails, holds = s->defect[0] == '\0';
	if (engine_constrain(e, &b->ledger, CONSTRAINT_FORMAT, holds, &fails, err, "%s",
			     s->defect) != 0)
		return -1;
	if (!holds) {
		b->conclusion = conclusion_of(
		    SUB_FORMAT_FAILURE,
		    s->defect_clause != NULL ? s->defect_clause : "EN 319 102-1 5.2.2",
		    "%s", s->defect);
		b->conclusion.constraint = CONSTRAINT_FORMAT;
	}
	return 0;
}

/* ---- content time-stamps ---- */

/* Index in the document; SIZE_MAX for a time-stamp's own signature. */
static size_t index_of(const struct engine *e, const struct document_signature *s)
{
	const struct document *d = e->in->document;
	for (size_t i = 0; i < d->n_signatures; i++)
		if (&d->signatures[i] == s)
			return i;
	return SIZE_MAX;
}

/* The latest time that one proves the signature to be younger than; of a time that is
 * yet to come it proves nothing. */
static int judge_content_stamps(struct engine *e, struct basic *b, int64_t time_ms,
				struct ltps_error *err)
{
	const struct document *d = e->in->document;
	size_t own = index_of(e, b->signature);
	for (size_t k = 0; own != SIZE_MAX && k < d->n_stamps; k++) {
		const struct document_stamp *s = &d->stamps[k];
		if (s->type != STAMP_CONTENT || s->signature != (int)own)
			continue;
		if (engine_stamp(e, k, time_ms, err) != 0)
			return -1;
		if (e->report->stamps[k].conclusion.indication == INDICATION_PASSED &&
		    s->tst != NULL && s->tst->gen_time_ms <= e->in->time_ms &&
		    s->tst->gen_time_ms > b->content_stamp_ms)
			b->content_stamp_ms = s->tst->gen_time_ms;
	}
	return 0;
}

static int definite(struct engine *e, struct basic *b, enum constraint c,
		    enum subindication sub, int64_t since_ms, struct ltps_error *err)
{
	char proven[TIME_TEXT_MAX], since[TIME_TEXT_MAX];
	bool fails;
	time_rfc3339(b->content_stamp_ms, proven);
	time_rfc3339(since_ms, since);
	struct conclusion d = conclusion_of(
	    sub, CLAUSE,
	    "a content time-stamp proves that the signature was made after %s; the "
	    "certificate %s %s",
	    proven, sub == SUB_REVOKED ? "was revoked at" : "had ended at", since);
	d.time_ms = b->x509.time_ms;
	d.reason = b->x509.reason;
	d.constraint = c;
	b->x509 = d;
	return engine_constrain(e, &b->ledger, c, false, &fails, err, "%s", d.text);
}

/* Step 4: what a content time-stamp makes definite. */
static int apply_content_stamps(struct engine *e, struct basic *b,
				struct ltps_error *err)
{
	switch (b->x509.sub) {
	case SUB_REVOKED_NO_POE:
		if (b->content_stamp_ms <= b->x509.time_ms)
			return 0;
		return definite(e, b, CONSTRAINT_REVOKED, SUB_REVOKED, b->x509.time_ms,
				err);
	case SUB_OUT_OF_BOUNDS_NO_POE:
	case SUB_OUT_OF_BOUNDS_NOT_REVOKED:
		if (b->content_stamp_ms <= b->signer->not_after_ms)
			return 0;
		return definite(e, b, CONSTRAINT_EXPIRED, SUB_EXPIRED,
				b->signer->not_after_ms, err);
	default:
		return 0;
	}
}

/* ---- step 4 ---- */

/* *ret_end: the parameters of the key are those of a path that there is not, so that
 * nothing can be verified. */
static int judge_certificate(struct engine *e, struct basic *b, int64_t time_ms,
			     bool *ret_end, struct ltps_error *err)
{
	if (engine_certificate(e, b, time_ms, false, &b->certificate, err) != 0)
		return -1;
	b->x509 = conclusion_of_certificate(b->certificate);
	if (b->x509.sub != SUB_NONE && !b->x509.has_object) {
		memcpy(b->x509.object, b->signer->sha256, sizeof(b->x509.object));
		b->x509.has_object = true;
	}
	*ret_end = b->x509.sub == SUB_NO_CERTIFICATE_CHAIN_FOUND &&
		   key_parameters_missing(b->signer);
	if (*ret_end)
		b->conclusion = b->x509;
	return 0;
}

/* ---- step 6 ---- */

static int accept(struct engine *e, struct basic *b, int64_t time_ms,
		  struct ltps_error *err)
{
	if (engine_accept(e, b, time_ms, &b->conclusion, err) != 0)
		return -1;
	if (b->conclusion.sub != SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE ||
	    b->content_stamp_ms == INT64_MIN || b->content_stamp_ms <= b->weak_until_ms)
		return 0;
	struct conclusion weak = b->conclusion;
	weak.sub = SUB_CRYPTO_CONSTRAINTS_FAILURE;
	weak.clause = CLAUSE;
	b->conclusion = weak;
	return 0;
}

/* ---- 5.3.4 ---- */

/* Steps 1 to 3; false in *ret_go_on when one settles the outcome. */
static int prepare(struct engine *e, struct basic *b, bool *ret_go_on,
		   struct ltps_error *err)
{
	int (*const steps[])(struct engine *, struct basic *, struct ltps_error *) = {
		judge_format,
		engine_identify,
		engine_context,
	};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i](e, b, err) != 0)
			return -1;
		*ret_go_on = b->conclusion.sub == SUB_NONE;
		if (!*ret_go_on)
			return 0;
	}
	return 0;
}

int engine_basic(struct engine *e, const struct document_signature *s,
		 const struct engine_ledger *ledger, int64_t time_ms, struct basic *b,
		 struct ltps_error *err)
{
	struct conclusion verified;
	bool go_on, end;
	begin(b, s, ledger);
	if (prepare(e, b, &go_on, err) != 0)
		return -1;
	if (!go_on)
		return 0;
	if (judge_certificate(e, b, time_ms, &end, err) != 0)
		return -1;
	if (end)
		return 0;
	if (judge_content_stamps(e, b, time_ms, err) != 0 ||
	    apply_content_stamps(e, b, err) != 0 ||
	    engine_verify(e, b, &verified, err) != 0)
		return -1;
	if (verified.sub != SUB_NONE)
		b->conclusion = verified;
	else if (b->x509.sub != SUB_NONE)
		b->conclusion = b->x509;
	else
		return accept(e, b, time_ms, err);
	return 0;
}
