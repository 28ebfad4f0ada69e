/* SPDX-License-Identifier: Apache-2.0 */
/* footing - made from a token and its path. Judged in footing_judge.c. */
#include "ltp/footing.h"

#include <string.h>

#include "base/mem.h"
#include "formats/cades.h"
#include "ltp/footing_private.h"
#include "timestamping/signature.h"
#include "validation/key.h"

/* Uses of each certificate (its signature, itself), of the token and its digests. */
#define MEMBERS_MAX (2 * TSA_PATH_DEPTH_MAX + 4 + DIGEST_ALG_COUNT)

struct making {
	const struct tst *tst;
	struct cert *certs[TSA_PATH_DEPTH_MAX]; /* signer first */
	size_t n;
	size_t n_below; /* of them below the anchor, which is the next when there is one
			 */
	struct buf octets; /* of all members */
	size_t ends[MEMBERS_MAX];
	size_t n_members;
};

/* ---- members ---- */

static struct view member_at(const struct making *m, size_t i)
{
	size_t begin = i > 0 ? m->ends[i - 1] : 0;
	return view_of(m->octets.p + begin, m->ends[i] - begin);
}

/* The octets behind the last member become one, unless they are one already. */
static void close_member(struct making *m)
{
	size_t begin = m->n_members > 0 ? m->ends[m->n_members - 1] : 0;
	struct view last = view_of(m->octets.p + begin, m->octets.n - begin);
	for (size_t i = 0; i < m->n_members; i++)
		if (view_equal(member_at(m, i), last)) {
			m->octets.n = begin;
			return;
		}
	m->ends[m->n_members++] = m->octets.n;
}

static int no_room(const struct making *m, struct ltps_error *err)
{
	if (m->n_members < MEMBERS_MAX)
		return 0;
	return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
			 "too many uses of one footing");
}

static int add_member(struct making *m, uint32_t tag, struct view body,
		      struct ltps_error *err)
{
	if (no_room(m, err) != 0 ||
	    der_put(&m->octets, DER_ID(ASN1_CONTEXT, true, tag), body, err) != 0)
		return -1;
	close_member(m);
	return 0;
}

static int add_digest(struct making *m, enum digest_alg alg, struct ltps_error *err)
{
	struct buf n = buf_make(16);
	int rc = der_put_uint(&n, alg, err);
	if (rc == 0)
		rc = add_member(m, FOOTING_DIGEST, view_buf(&n), err);
	buf_free(&n);
	return rc;
}

static int add_use(struct making *m, struct view spki, struct view algorithm,
		   enum digest_alg digest, struct ltps_error *err)
{
	struct buf body = buf_make(STORE_USES_MAX);
	struct buf use = buf_make(STORE_USES_MAX);
	int rc = -1;
	if (buf_put(&body, spki, err) == 0 && buf_put(&body, algorithm, err) == 0 &&
	    der_put_uint(&body, digest, err) == 0 &&
	    der_put(&use, DER_SEQUENCE, view_buf(&body), err) == 0)
		rc = add_member(m, FOOTING_USE, view_buf(&use), err);
	buf_free(&use);
	buf_free(&body);
	return rc;
}

/* ---- the token ---- */

/* Of version 2 alone, and of its first entry, which names the signer. */
static int add_reference(struct making *m, const struct cms_signer *s,
			 struct ltps_error *err)
{
	struct cades_signing_certs c = { 0 };
	int rc = cades_signing_certs(s, &c, err);
	if (rc == 0 && c.has_v2 && c.v2_from < c.n)
		rc = add_digest(m, c.refs[c.v2_from].alg, err);
	cades_signing_certs_clear(&c);
	return rc;
}

static int add_token(struct making *m, const enum digest_alg *extra,
		     struct ltps_error *err)
{
	const struct cms *cms = m->tst->cms;
	if (cms->n_signers != 1)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 3161 2.4.2",
				 "a time-stamp with %zu signers", cms->n_signers);
	const struct cms_signer *s = &cms->signers[0];
	const enum digest_alg digest = algorithm_digest_of(s->digest_algorithm);
	if (add_use(m, m->certs[0]->spki, s->signature_algorithm, digest, err) != 0 ||
	    add_digest(m, digest, err) != 0 ||
	    add_digest(m, m->tst->imprint_alg, err) != 0 ||
	    add_reference(m, s, err) != 0)
		return -1;
	for (; extra != NULL && *extra != DIGEST_NONE; extra++)
		if (add_digest(m, *extra, err) != 0)
			return -1;
	return 0;
}

/* ---- its path ---- */

/* The digest of a signature by a key that is not known. */
static int add_signature_digest(struct making *m, struct view algorithm,
				struct ltps_error *err)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv outer, oid;
	enum digest_alg alg = DIGEST_NONE;
	if (tlv_only(algorithm, &outer, &ignored) == 0 &&
	    tlv_peek(outer.body, &oid, &ignored) == 0)
		alg = signature_digest(oid.body);
	return alg != DIGEST_NONE ? add_digest(m, alg, err) : 0;
}

static int add_path(struct making *m, struct ltps_error *err)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct cert *c = m->certs[i];
		if (i >= m->n_below) {
			if (add_member(m, FOOTING_ANCHOR, c->der, err) != 0)
				return -1;
			continue;
		}
		const bool has_issuer = i + 1 < m->n;
		if (add_member(m, FOOTING_CERTIFICATE, c->der, err) != 0 ||
		    (has_issuer && add_use(m, m->certs[i + 1]->spki, c->algorithm,
					   DIGEST_NONE, err) != 0) ||
		    (!has_issuer && add_signature_digest(m, c->algorithm, err) != 0))
			return -1;
	}
	return 0;
}

static int64_t first_end(const struct making *m)
{
	int64_t ends_ms = INT64_MAX;
	for (size_t i = 0; i < m->n_below; i++)
		if (m->certs[i]->not_after_ms < ends_ms)
			ends_ms = m->certs[i]->not_after_ms;
	return ends_ms;
}

/* ---- the row ---- */

static int write_uses(struct making *m, struct buf *out, struct ltps_error *err)
{
	struct view members[MEMBERS_MAX];
	for (size_t i = 0; i < m->n_members; i++)
		members[i] = member_at(m, i);
	if (der_put_set_of(out, DER_SEQUENCE, members, m->n_members, err) != 0)
		return -1;
	if (out->n <= STORE_USES_MAX)
		return 0;
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
			 "the path of the TSA takes %zu octets", out->n);
}

/* owned: uses, the TSA's name and its NUL, the reason and its NUL. */
static int write_row(struct making *m, struct footing_made *ret, struct ltps_error *err)
{
	const struct cert *signer = m->certs[0];
	ret->owned = buf_make(STORE_USES_MAX + sizeof(ret->tsa) + STORE_REASON_MAX + 2);
	if (write_uses(m, &ret->owned, err) != 0)
		return -1;
	const size_t n_uses = ret->owned.n;
	char name[CERT_TEXT_MAX];
	cert_text(signer, name);
	footing_short(name, ret->tsa);
	if (buf_put(&ret->owned, view_of(ret->tsa, strlen(ret->tsa) + 1), err) != 0 ||
	    buf_reserve(&ret->owned, STORE_REASON_MAX + 1, err) != 0)
		return -1;
	ret->row.uses = view_of(ret->owned.p, n_uses);
	ret->row.tsa = (const char *)ret->owned.p + n_uses;
	memcpy(ret->row.tsa_sha256, signer->sha256, sizeof(ret->row.tsa_sha256));
	ret->row.ends_ms = first_end(m);
	return 0;
}

void footing_made_clear(struct footing_made *f)
{
	if (f == NULL)
		return;
	buf_free(&f->owned);
	memset(f, 0, sizeof(*f));
}

int footing_made_plan(struct footing_made *f, int64_t weakens_ms, const char *reason,
		      struct ltps_error *err)
{
	/* Behind uses and name, so that a second date does not pile up. */
	f->owned.n = f->row.uses.n + strlen(f->row.tsa) + 1;
	const size_t at = f->owned.n;
	const size_t n = strnlen(reason, STORE_REASON_MAX);
	if (buf_put(&f->owned, view_of(reason, n), err) != 0 ||
	    buf_put_byte(&f->owned, '\0', err) != 0)
		return -1;
	f->row.reason = (const char *)f->owned.p + at;
	f->row.weakens_ms = weakens_ms;
	return 0;
}

/* ---- putting it together ---- */

static int read_chain(struct making *m, const struct view *chain, size_t n,
		      struct ltps_error *err)
{
	if (n == 0 || n > TSA_PATH_DEPTH_MAX)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL,
				 "a path of %zu certificates", n);
	for (size_t i = 0; i < n; i++) {
		if (cert_parse(chain[i], &m->certs[i], err) != 0)
			return -1;
		m->n++;
	}
	return 0;
}

static int make(struct making *m, const enum digest_alg *extra,
		struct footing_made *ret, struct ltps_error *err)
{
	*ret = (struct footing_made){ 0 };
	m->octets = buf_make(2 * STORE_USES_MAX);
	if (add_token(m, extra, err) == 0 && add_path(m, err) == 0 &&
	    write_row(m, ret, err) == 0)
		return 0;
	/* A path longer than a row can hold is the TSA's doing. */
	if (err->code == LTPS_TOO_LARGE)
		err->fault = LTPS_FAULT_OBJECT;
	footing_made_clear(ret);
	return -1;
}

static void clear(struct making *m)
{
	for (size_t i = 0; i < m->n; i++)
		cert_free(m->certs[i]);
	buf_free(&m->octets);
}

static int signed_itself(const struct cert *c, bool *ret, struct ltps_error *err)
{
	enum signature_verdict v;
	EVP_PKEY *key = NULL;
	*ret = false;
	if (!c->self_issued)
		return 0;
	if (cert_key(c, &key, err) != 0)
		return -1;
	if (key == NULL)
		return 0;
	if (signature_verify(c->algorithm, DIGEST_NONE, key, c->tbs, c->signature, &v,
			     err) != 0)
		return -1;
	*ret = v == SIGNATURE_VALID;
	return 0;
}

int footing_of_token(const struct tst *tst, const struct view *chain, size_t n_chain,
		     const enum digest_alg *extra, struct footing_made *ret,
		     struct ltps_error *err)
{
	struct making m = { .tst = tst };
	bool anchored = false;
	int rc = read_chain(&m, chain, n_chain, err);
	if (rc == 0)
		rc = signed_itself(m.certs[m.n - 1], &anchored, err);
	m.n_below = m.n - anchored;
	if (rc == 0)
		rc = make(&m, extra, ret, err);
	clear(&m);
	return rc;
}

int footing_of_path(const struct tst *tst, const struct tsa_path_result *path,
		    const enum digest_alg *extra, struct footing_made *ret,
		    struct ltps_error *err)
{
	struct making m = { .tst = tst };
	int rc = read_chain(&m, path->chain, path->n_chain, err);
	m.n_below = m.n > 0 ? m.n - 1 : 0;
	if (rc == 0)
		rc = make(&m, extra, ret, err);
	clear(&m);
	return rc;
}

int footing_first(struct store_conn *conn, int64_t footing, int64_t partner,
		  int64_t weakens_ms, struct footing *ret, struct ltps_error *err)
{
	if (footing_get(conn, footing, ret, err) != 0)
		return -1;
	if (ret->weakens_ms == weakens_ms || partner == 0)
		return 0;
	footing_clear(ret);
	return footing_get(conn, partner, ret, err);
}
