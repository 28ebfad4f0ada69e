/* SPDX-License-Identifier: Apache-2.0 */
/* augment_stamp - time-stamps are got and become attributes of each signer. */
#include <string.h>

#include "base/mem.h"
#include "formats/cms_build.h"
#include "ltp/augment_private.h"
#include "validation/tsa_path.h"

/* One token in an Attribute, and what is around it. */
#define ATTRIBUTE_MAX (TST_SIZE_MAX + CMS_SIZE_MAX)

/* What is added to each signer; bytes[i] is the one attribute of additions[i]. */
struct adding {
	struct cms_addition *additions;
	struct view *attrs;
	struct buf *bytes;
	size_t n, max;
};

static int adding_start(struct adding *d, size_t max, struct ltps_error *err)
{
	d->additions = mem_zalloc(max, sizeof(d->additions[0]));
	d->attrs = mem_zalloc(max, sizeof(d->attrs[0]));
	d->bytes = mem_zalloc(max, sizeof(d->bytes[0]));
	d->max = max;
	if (d->additions == NULL || d->attrs == NULL || d->bytes == NULL)
		return ltps_fail_nomem(err);
	return 0;
}

static void adding_clear(struct adding *d)
{
	for (size_t i = 0; i < d->n; i++)
		buf_free(&d->bytes[i]);
	mem_free(d->bytes);
	mem_free(d->attrs);
	mem_free(d->additions);
}

static int adding_put(struct adding *d, size_t signer, const char *oid,
		      struct view token, struct ltps_error *err)
{
	struct buf *b = &d->bytes[d->n];
	*b = buf_make(ATTRIBUTE_MAX);
	if (cms_build_attribute(oid, &token, 1, b, err) != 0) {
		buf_free(b);
		return -1;
	}
	d->attrs[d->n] = view_buf(b);
	d->additions[d->n] = (struct cms_addition){ .signer = signer,
						    .attrs = &d->attrs[d->n],
						    .n_attrs = 1 };
	d->n++;
	return 0;
}

/* ---- one token ---- */

static void advance(struct augmenting *a, int64_t gen_time_ms)
{
	const int64_t now_ms = clock_now_ms(a->in->clock);
	if (a->time_ms < now_ms)
		a->time_ms = now_ms;
	if (a->time_ms < gen_time_ms)
		a->time_ms = gen_time_ms;
}

int augment_token(struct augmenting *a, const struct digest *d, bool over,
		  struct tsp_answer *ret, struct ltps_error *err)
{
	struct fetch *fetch = a->in->tsa_fetch;
	struct tsp_client client;
	struct tsa list[TSP_TSAS_MAX];
	size_t from = 0;
	if (fetch == NULL && a->in->sources != NULL)
		fetch = a->in->sources->fetch;
	if (a->in->tsa == NULL || fetch == NULL)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "a time-stamp is needed, and no TSA is named");
	client = *a->in->tsa;
	/* What stands over other tokens should not fall with them. */
	if (over && client.n_tsas <= TSP_TSAS_MAX) {
		from = a->first_tsa + 1;
		tsp_client_begin_with(&client, from, list);
	}
	if (client.gate == tsa_path_gate && a->in->sources != NULL) {
		client.gate = augment_gate;
		client.gate_arg = a;
	}
	if (tsp_client_stamp(&client, fetch, d, ret, err) != 0)
		return -1;
	a->out->last_tsa = (from + ret->tsa) % client.n_tsas;
	if (a->out->tokens++ == 0)
		a->first_tsa = a->out->last_tsa;
	advance(a, ret->tst->gen_time_ms);
	return 0;
}

/* ---- signature-time-stamp ---- */

/* Over the octets of the signature value alone: EN 319 122-1 5.3. */
static int stamp_signature(struct augmenting *a, const struct document_signature *sig,
			   size_t signer, struct adding *d, struct ltps_error *err)
{
	struct digest imprint;
	struct tsp_answer answer = { 0 };
	int rc = -1;
	if (digest_once(a->in->digest, sig->signer->signature, &imprint, err) == 0 &&
	    augment_token(a, &imprint, false, &answer, err) == 0)
		rc = adding_put(d, signer, OID_SIGNATURE_TIME_STAMP,
				answer.tst->cms->whole, err);
	tsp_answer_clear(&answer);
	return rc;
}

int augment_signatures(struct augmenting *a, const struct stage *s, struct buf *out,
		       struct ltps_error *err)
{
	const struct document *doc = s->doc;
	struct adding d = { 0 };
	int rc = adding_start(&d, doc->cms->n_signers, err);
	for (size_t i = 0; i < doc->n_signatures && rc == 0; i++) {
		const size_t signer = augment_signer_of(s, &doc->signatures[i]);
		if (signer < doc->cms->n_signers && !augment_has_stamp(s, i))
			rc = stamp_signature(a, &doc->signatures[i], signer, &d, err);
	}
	if (rc == 0 && d.n > 0)
		rc = cms_add_attributes(doc->cms->whole, d.additions, d.n, NULL, 0, out,
					err);
	adding_clear(&d);
	return rc;
}

/* ---- archive-time-stamp-v3 ---- */

/* One signer of the file with its material in it. */
struct archiving {
	struct augmenting *a;
	const struct cms *cms;
	size_t signer;
	struct content *content;
	bool over;        /* tokens of this augmentation */
	struct buf index; /* ATSHashIndexV3 */
};

static int take_imprint(const struct archiving *v, bool *ret_possible,
			struct digest *ret, struct ltps_error *err)
{
	const struct cades_index index = { .version = 3,
					   .alg = v->a->in->digest,
					   .whole = view_buf(&v->index) };
	const struct cades_stamp stamp = { .kind = CADES_STAMP_ARCHIVE_V3 };
	const int64_t unknown_ms = INT64_MIN;
	const struct cades_imprint_input in = {
		.cms = v->cms,
		.signer = &v->cms->signers[v->signer],
		.stamps = &stamp,
		.gen_times = &unknown_ms,
		.n_stamps = 1,
		.index = &index,
		.content = v->content,
		.alg = v->a->in->digest,
		.reading = CADES_AS_STORED,
	};
	return cades_imprint(&in, ret_possible, ret, err);
}

static bool has_archive(const struct cms_signer *s)
{
	return cms_attr_find(&s->unsigned_attrs, OID_ARCHIVE_TIME_STAMP_V1, 0) !=
		   NULL ||
	       cms_attr_find(&s->unsigned_attrs, OID_ARCHIVE_TIME_STAMP_V2, 0) !=
		   NULL ||
	       cms_attr_find(&s->unsigned_attrs, OID_ARCHIVE_TIME_STAMP_V3, 0) != NULL;
}

/*
 * The index goes beside the TSA's signature, which it does not touch; and so does the
 * material of a signer without an older archive time-stamp where the root may not
 * change.
 */
static int put_inside(struct archiving *v, struct view token, struct buf *out,
		      struct ltps_error *err)
{
	struct buf attr = buf_make(ATTRIBUTE_MAX);
	const struct view index = view_buf(&v->index);
	const bool values = !has_archive(&v->cms->signers[v->signer]);
	struct view attrs[3];
	size_t n = 0;
	int rc = cms_build_attribute(OID_ATS_HASH_INDEX_V3, &index, 1, &attr, err);
	attrs[n++] = view_buf(&attr);
	for (size_t i = 0; i < 2; i++)
		if (values && v->a->values[i].n > 0)
			attrs[n++] = view_buf(&v->a->values[i]);
	const struct cms_addition addition = { .attrs = attrs, .n_attrs = n };
	if (rc == 0)
		rc = cms_add_attributes(token, &addition, 1, NULL, 0, out, err);
	buf_free(&attr);
	return rc;
}

static int stamp_archive(struct archiving *v, struct adding *d, bool *ret_go,
			 struct ltps_error *err)
{
	struct digest imprint;
	struct tsp_answer answer = { 0 };
	struct buf token = buf_make(ATTRIBUTE_MAX);
	int rc = -1;
	buf_clear(&v->index);
	if (cades_index_build(v->cms, v->signer, v->a->in->digest, &v->index, err) !=
		0 ||
	    take_imprint(v, ret_go, &imprint, err) != 0)
		goto out;
	rc = 0;
	if (!*ret_go)
		goto out;
	rc = -1;
	if (augment_token(v->a, &imprint, v->over, &answer, err) == 0 &&
	    put_inside(v, answer.tst->cms->whole, &token, err) == 0)
		rc = adding_put(d, v->signer, OID_ARCHIVE_TIME_STAMP_V3,
				view_buf(&token), err);
out:
	buf_free(&token);
	tsp_answer_clear(&answer);
	return rc;
}

int augment_archive(struct augmenting *a, const struct stage *s, struct view file,
		    struct buf *out, bool *ret_go, struct ltps_error *err)
{
	struct cms *cms = NULL;
	struct adding d = { 0 };
	struct archiving v = { .a = a,
			       .content = s->doc->content,
			       .over = a->out->tokens > 0,
			       .index = buf_make(CMS_SIZE_MAX) };
	int rc = -1;
	*ret_go = true;
	if (cms_parse(file, &cms, err) != 0 ||
	    adding_start(&d, cms->n_signers, err) != 0)
		goto out;
	v.cms = cms;
	rc = 0;
	for (v.signer = 0; v.signer < cms->n_signers && rc == 0 && *ret_go; v.signer++)
		rc = stamp_archive(&v, &d, ret_go, err);
	cms_free(cms); /* as large as the file, and of no more use */
	cms = NULL;
	if (rc == 0 && *ret_go)
		rc = cms_add_attributes(file, d.additions, d.n, &a->in->digest, 1, out,
					err);
out:
	buf_free(&v.index);
	adding_clear(&d);
	cms_free(cms);
	return rc;
}
