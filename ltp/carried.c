/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/carried.h"

#include <stdio.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "ltp/fixity.h"
#include "timestamping/tst.h"
#include "validation/ers_verify.h"

const struct part *carried_part(const struct version *v)
{
	for (size_t i = 0; i < v->n_parts; i++)
		if (v->parts[i].detected != NULL &&
		    strcmp(v->parts[i].detected, CARRIED_PART) == 0)
			return &v->parts[i];
	return NULL;
}

void carried_clear(struct carried *c)
{
	ers_free(c->er);
	buf_free(&c->octets);
	*c = (struct carried){ 0 };
}

/* ---- reading ---- */

static const struct ers_chain *last_chain(const struct ers *er)
{
	return &er->chains[er->n_chains - 1];
}

static const struct ers_stamp *last_stamp(const struct ers *er)
{
	const struct ers_chain *c = last_chain(er);
	return &c->stamps[c->n - 1];
}

static int fail(enum ltps_code code, const char *clause, const char *text,
		struct ltps_error *err)
{
	return ltps_fail(err, code, LTPS_FAULT_OBJECT, clause, "%s", text);
}

static int encode_sequence(const struct ers *er, struct buf *out,
			   struct ltps_error *err)
{
	struct view chains[ERS_CHAINS_MAX];
	for (size_t i = 0; i < er->n_chains; i++)
		chains[i] = er->chains[i].whole;
	return ers_sequence_encode(chains, er->n_chains, out, err);
}

static int encode_chain(const struct ers_chain *c, struct buf *out,
			struct ltps_error *err)
{
	struct view *stamps = mem_zalloc(c->n, sizeof(*stamps));
	if (stamps == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < c->n; i++)
		stamps[i] = c->stamps[i].whole;
	const int rc = ers_chain_encode(stamps, c->n, out, err);
	mem_free(stamps);
	return rc;
}

/* What is written around the old octets must be what they stood in: the hashes of
 * renewals, past and to come, are over that. */
static int check_frame(const struct ers *er, struct ltps_error *err)
{
	struct buf sequence = buf_make(ERS_SIZE_MAX), chain = buf_make(ERS_SIZE_MAX);
	int rc = encode_sequence(er, &sequence, err);
	if (rc == 0)
		rc = encode_chain(last_chain(er), &chain, err);
	if (rc == 0 && (!view_equal(view_buf(&sequence), er->sequence) ||
			!view_equal(view_buf(&chain), last_chain(er)->whole)))
		rc = fail(LTPS_UNSUPPORTED, "RFC 4998 3.1",
			  "a record whose chains are not DER cannot be renewed here",
			  err);
	buf_free(&chain);
	buf_free(&sequence);
	return rc;
}

static int check_record(const struct ers *er, struct ltps_error *err)
{
	if (er->n_chains == 0 || last_chain(er)->n == 0)
		return fail(LTPS_FORMAT, "RFC 4998 5.1", "it has no time-stamp", err);
	if (er->encryption_info.n > 0)
		return fail(LTPS_UNSUPPORTED, "RFC 4998 6.1",
			    "a record with encryptionInfo is not renewed", err);
	for (size_t i = 0; i < er->n_chains; i++)
		if (digest_len(er->chains[i].stamps[0].alg) == 0)
			return fail(LTPS_UNSUPPORTED, "RFC 4998 4.1",
				    "a chain uses a digest algorithm that is not known",
				    err);
	if (er->n_chains >= ERS_CHAINS_MAX || last_chain(er)->n >= ERS_STAMPS_MAX / 2)
		return fail(LTPS_TOO_LARGE, "RFC 4998 5.1",
			    "it has as many time-stamps as a record may have", err);
	return check_frame(er, err);
}

static int take(struct carried *c, enum digest_alg alg, struct ltps_error *err)
{
	if (ers_parse(view_buf(&c->octets), &c->er, err) != 0 ||
	    check_record(c->er, err) != 0)
		return -1;
	c->continues = last_chain(c->er)->stamps[0].alg == alg;
	return 0;
}

int carried_take(struct view octets, enum digest_alg alg, struct carried *ret,
		 struct ltps_error *err)
{
	struct carried c = { .octets = buf_make(CARRIED_SIZE_MAX) };
	if (octets.n > CARRIED_SIZE_MAX)
		return fail(LTPS_TOO_LARGE, "RFC 4998 3.1",
			    "the record is larger than any that is taken", err);
	if (buf_put(&c.octets, octets, err) != 0 || take(&c, alg, err) != 0) {
		carried_clear(&c);
		return -1;
	}
	*ret = c;
	return 0;
}

int carried_read(struct ltp_worker *w, const struct version *v, enum digest_alg alg,
		 struct carried *ret, struct ltps_error *err)
{
	const struct part *p = carried_part(v);
	struct carried c = { .octets = buf_make(CARRIED_SIZE_MAX) };
	*ret = (struct carried){ 0 };
	if (p == NULL)
		return 0;
	if (fixity_blob_read(w, p->blob, &c.octets, err) != 0 ||
	    take(&c, alg, err) != 0) {
		carried_clear(&c);
		return -1;
	}
	*ret = c;
	return 0;
}

/* ---- what a renewal takes ---- */

int carried_group(const struct carried *c, const struct digest *digests, size_t n,
		  struct digest *ret, size_t *ret_n, struct ltps_error *err)
{
	*ret_n = c->continues ? 1 : n;
	if (c->continues)
		return ers_token_hash(digests[0].alg, last_stamp(c->er)->token, ret,
				      err);
	for (size_t i = 0; i < n; i++)
		if (ers_renewed_hash(&digests[i], c->er->sequence, &ret[i], err) != 0)
			return -1;
	return 0;
}

size_t carried_before(const struct carried *c)
{
	return c->continues ? c->er->n_chains - 1 : c->er->n_chains;
}

int carried_chain(const struct carried *c, struct view own, struct buf *out,
		  struct ltps_error *err)
{
	struct tlv old, made;
	if (!c->continues)
		return buf_put(out, own, err);
	if (tlv_only(last_chain(c->er)->whole, &old, err) != 0 ||
	    tlv_only(own, &made, err) != 0 ||
	    der_put_header(out, DER_SEQUENCE, old.body.n + made.body.n, err) != 0 ||
	    buf_put(out, old.body, err) != 0)
		return -1;
	return buf_put(out, made.body, err);
}

int carried_infos(const struct carried *c, struct view *ret, struct ltps_error *err)
{
	struct tlv t;
	*ret = VIEW_NULL;
	if (c->er->crypto_infos.n == 0)
		return 0;
	if (tlv_only(c->er->crypto_infos, &t, err) != 0)
		return -1;
	*ret = t.body;
	return 0;
}

/* ---- judgement ---- */

/* The first list of a chain's first time-stamp, or its imprint when it has no tree. */
static int has_hash(const struct ers_stamp *s, const struct digest *d, bool *ret,
		    struct ltps_error *err)
{
	struct tst *tst = NULL;
	*ret = false;
	if (s->has_tree) {
		for (size_t i = 0; s->n_lists > 0 && i < s->lists[0].n; i++)
			*ret =
			    *ret || view_equal(s->lists[0].hashes[i], digest_view(d));
		return 0;
	}
	if (tst_parse(s->token, &tst, err) != 0)
		return -1;
	*ret = tst->imprint_alg == d->alg && view_equal(tst->imprint, digest_view(d));
	tst_free(tst);
	return 0;
}

/* What the last chain took of the object: its hash, with the chains before if any. */
static int expected(const struct ers *er, const struct digest *d, struct digest *ret,
		    struct ltps_error *err)
{
	struct view chains[ERS_CHAINS_MAX];
	struct buf sequence = buf_make(ERS_SIZE_MAX);
	*ret = *d;
	if (er->n_chains == 1)
		return 0;
	for (size_t i = 0; i + 1 < er->n_chains; i++)
		chains[i] = er->chains[i].whole;
	int rc = ers_sequence_encode(chains, er->n_chains - 1, &sequence, err);
	if (rc == 0)
		rc = ers_renewed_hash(d, view_buf(&sequence), ret, err);
	buf_free(&sequence);
	return rc;
}

static int judge_covers(const struct carried *c, const struct digest *digests, size_t n,
			bool *ret_holds, struct ltp_result *r, struct ltps_error *err)
{
	for (size_t i = 0; *ret_holds && i < n; i++) {
		struct digest d;
		if (expected(c->er, &digests[i], &d, err) != 0 ||
		    has_hash(&last_chain(c->er)->stamps[0], &d, ret_holds, err) != 0)
			return -1;
		if (!*ret_holds)
			refuse(r, LTP_PO_FORMAT_ERROR,
			       "DigestList: digVal[%zu] is not covered by the evidence "
			       "record that is to be renewed",
			       i);
	}
	return 0;
}

/* The worst time-stamp, with its reason. */
static const struct ers_stamp_report *worst_stamp(const struct ers_report *rep)
{
	const struct ers_stamp_report *worst = NULL;
	for (size_t i = 0; i < rep->n_chains; i++)
		for (size_t k = 0; k < rep->chains[i].n; k++) {
			const struct ers_stamp_report *s = &rep->chains[i].stamps[k];
			if (s->indication != INDICATION_PASSED &&
			    (worst == NULL || s->indication == INDICATION_FAILED))
				worst = s;
		}
	return worst;
}

bool carried_report_holds(const struct ers_report *rep, const char *what,
			  struct ltp_result *r)
{
	const struct ers_stamp_report *s = worst_stamp(rep);
	if (s != NULL)
		refuse(r, LTP_PO_FORMAT_ERROR, "%s is %s%s%s: %.200s", what,
		       indication_name(s->indication),
		       s->subindication != NULL ? ", " : "",
		       s->subindication != NULL ? s->subindication : "", s->text);
	else if (!rep->intact)
		refuse(r, LTP_PO_FORMAT_ERROR, "%s is not intact: %.200s", what,
		       rep->n_findings > 0 ? rep->findings[0].text : "");
	return s == NULL && rep->intact;
}

int carried_judge(const struct ltp *l, const struct carried *c,
		  const struct digest *digests, size_t n, bool *ret_holds,
		  struct ltp_result *r, struct ltps_error *err)
{
	const struct ers_input in = { .material = l->history,
				      .policy = l->o.algorithms,
				      .time_ms = ltp_now(l) };
	struct ers_report *rep = NULL;
	if (ers_verify(view_buf(&c->octets), &in, &rep, err) != 0)
		return -1;
	*ret_holds = carried_report_holds(
	    rep, "DigestList: the evidence record that is to be renewed", r);
	ers_report_free(rep);
	return *ret_holds && c->continues
		   ? judge_covers(c, digests, n, ret_holds, r, err)
		   : 0;
}
