/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_cades - every attribute of every signer, the hash indexes of its tokens, every
 * reading of what its stamps cover, an index of our own, and attributes put in. What
 * was spliced must decode, and an index of our own must match.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "formats/cades.h"
#include "tests/fuzz/fuzz.h"

#define OUT_MAX ((size_t)16 << 20)
/* A file of many stamps is not more interesting than one of a few. */
#define STAMPS_TRIED 4
#define COUNTER_DEPTH 3

static void must(int holds)
{
	if (!holds)
		abort();
}

/* A refusal says why. */
static int says(int rc, const struct ltps_error *err)
{
	must(rc == 0 || err->code != LTPS_OK);
	return rc;
}

static void read_lists(const struct cms_signer *s)
{
	struct ltps_error e[4] = { LTPS_ERROR_INIT };
	struct cades_signing_certs certs = { 0 };
	struct cades_cert_ref *cert_refs = NULL;
	struct cades_status_ref *status_refs = NULL;
	struct cades_values values = { 0 };
	size_t n;

	says(cades_signing_certs(s, &certs, &e[0]), &e[0]);
	must(certs.v2_from <= certs.n);
	says(cades_cert_refs(s, &cert_refs, &n, &e[1]), &e[1]);
	says(cades_status_refs(s, &status_refs, &n, &e[2]), &e[2]);
	says(cades_values(s, &values, &e[3]), &e[3]);
	for (size_t i = 0; i < values.n_basic; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(OUT_MAX);
		must(cades_ocsp_wrap(values.basic[i], &b, &err) == 0);
		buf_free(&b);
	}
	cades_values_clear(&values);
	mem_free(status_refs);
	mem_free(cert_refs);
	cades_signing_certs_clear(&certs);
}

static void read_claims(const struct cms_signer *s)
{
	struct ltps_error e = LTPS_ERROR_INIT, e2 = LTPS_ERROR_INIT;
	struct cades_policy policy;
	struct cades_claims claims;

	says(cades_policy(s, &policy, &e), &e);
	says(cades_claims(s, &claims, &e2), &e2);
}

static void match_index(const struct cms *cms, const struct cms_signer *s,
			const struct cades_index *index)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cades_index_match m = { 0 };

	if (says(cades_index_match(cms, s, index, &m, &err), &err) == 0)
		must(m.unmatched + m.outside <=
		     index->n_certs + index->n_crls + index->n_attrs);
	cades_index_match_clear(&m);
}

static void try_stamp(struct cades_imprint_input *in)
{
	struct ltps_error err = LTPS_ERROR_INIT, err2 = LTPS_ERROR_INIT;
	struct cms *token = NULL;
	struct cades_index index = { 0 };

	if (says(cms_parse(in->stamps[in->stamp].token, &token, &err), &err) == 0 &&
	    token->n_signers > 0 &&
	    says(cades_index_parse(&token->signers[0], &index, &err2), &err2) == 0) {
		match_index(in->cms, in->signer, &index);
		in->index = &index;
	}
	for (int r = 0; r < CADES_READING_COUNT; r++) {
		struct ltps_error e = LTPS_ERROR_INIT;
		struct digest d = { 0 };
		bool possible = false;
		in->reading = (enum cades_reading)r;
		must(cades_imprint(in, &possible, &d, &e) == 0);
		must(!possible || d.alg == in->alg);
	}
	in->index = NULL;
	cades_index_clear(&index);
	cms_free(token);
}

static void read_stamps(const struct cms *cms, const struct cms_signer *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct content content = content_of(view_text("content"));
	struct cades_stamp *stamps = NULL;
	size_t n = 0;

	if (says(cades_stamps(s, &stamps, &n, &err), &err) != 0)
		return;
	int64_t *times = mem_zalloc(n, sizeof(times[0]));
	must(times != NULL);
	struct cades_imprint_input in = { .cms = cms,
					  .signer = s,
					  .stamps = stamps,
					  .gen_times = times,
					  .n_stamps = n,
					  .content = &content,
					  .alg = DIGEST_SHA256 };
	for (in.stamp = 0; in.stamp < n && in.stamp < STAMPS_TRIED; in.stamp++)
		try_stamp(&in);
	mem_free(times);
	mem_free(stamps);
}

static void read_signer(const struct cms *cms, const struct cms_signer *s,
			unsigned depth)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view *counter = NULL;
	size_t n = 0;

	read_lists(s);
	read_claims(s);
	read_stamps(cms, s);
	if (depth == COUNTER_DEPTH)
		return;
	says(cades_countersignatures(s, &counter, &n, &err), &err);
	for (size_t i = 0; i < n && i < STAMPS_TRIED; i++) {
		struct ltps_error e = LTPS_ERROR_INIT;
		struct cms_signer c;
		struct buf joined;
		if (says(cms_signer_parse(counter[i], &c, &joined, &e), &e) != 0)
			continue;
		read_signer(cms, &c, depth + 1);
		cms_signer_clear(&c);
		buf_free(&joined);
	}
	mem_free(counter);
}

/* An index of our own has an entry for everything, and each finds its object. */
static void build_index(const struct cms *cms)
{
	struct ltps_error err = LTPS_ERROR_INIT, err2 = LTPS_ERROR_INIT;
	struct buf b = buf_make(OUT_MAX), attr = buf_make(OUT_MAX);
	struct buf grown = buf_make(OUT_MAX);
	struct cades_index index = { 0 };
	struct cms *with = NULL;

	if (says(cades_index_build(cms, 0, DIGEST_SHA256, &b, &err), &err) != 0)
		goto out;
	must(der_put_oid(&attr, OID_ATS_HASH_INDEX_V3, &err) == 0 &&
	     der_put(&attr, DER_SET, view_buf(&b), &err) == 0);
	buf_clear(&b);
	must(der_put(&b, DER_SEQUENCE, view_buf(&attr), &err) == 0);
	struct view v = view_buf(&b);
	struct cms_addition a = { 0, &v, 1 };
	if (says(cms_add_attributes(cms->whole, &a, 1, NULL, 0, &grown, &err2),
		 &err2) != 0)
		goto out;
	must(cms_parse(view_buf(&grown), &with, &err) == 0);
	must(with->n_signers == cms->n_signers);
	if (cades_index_parse(&with->signers[0], &index, &err) == 0) {
		struct ltps_error e = LTPS_ERROR_INIT;
		struct cades_index_match m = { 0 };
		must(cades_index_match(cms, &cms->signers[0], &index, &m, &e) == 0);
		must(m.unmatched == 0);
		cades_index_match_clear(&m);
	}
out:
	cades_index_clear(&index);
	cms_free(with);
	buf_free(&grown);
	buf_free(&attr);
	buf_free(&b);
}

static void nest(const struct cms *cms)
{
	static const uint8_t item[] = { 0x30, 0x09, 0x06, 0x02, 0x2a, 0x03,
					0x31, 0x03, 0x02, 0x01, 0x05 };
	struct view v = view_of(item, sizeof(item));

	for (size_t i = 0; i < cms->signers[0].unsigned_attrs.n && i < STAMPS_TRIED;
	     i++) {
		struct ltps_error err = LTPS_ERROR_INIT, err2 = LTPS_ERROR_INIT;
		struct buf b = buf_make(OUT_MAX);
		struct cms *after = NULL;
		if (says(cms_nested_attributes(cms->whole, 0, i, 0, &v, 1, &b, &err),
			 &err) == 0)
			must(cms_parse(view_buf(&b), &after, &err2) == 0);
		cms_free(after);
		buf_free(&b);
	}
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = NULL;

	if (says(cms_parse(view_of(data, size), &cms, &err), &err) != 0)
		return;
	for (size_t i = 0; i < cms->n_signers && i < STAMPS_TRIED; i++)
		read_signer(cms, &cms->signers[i], 0);
	if (cms->n_signers > 0) {
		build_index(cms);
		nest(cms);
	}
	cms_free(cms);
}
