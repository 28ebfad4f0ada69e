/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tsa_path - OpenSSL's verifier for the path, tsa_status for revocation.
 *
 * OpenSSL builds one path and does not come back from a dead end. Where the
 * path it found does not pass because of a CA, the search is repeated without
 * that CA's certificate, a few times: enough for cross-certificates, not a
 * complete search.
 */
#include "validation/tsa_path.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "timestamping/tst.h"
#include "timestamping/x509_der.h"
#include "validation/tsa_status.h"

/* Searches for one judgement; each leaves out one more certificate. */
#define SEARCHES_MAX 8
#define RESULT_BYTES_MAX ((size_t)16 << 20)
#define OID_NO_REV_AVAIL "2.5.29.56"

struct judge {
	const struct tsa_path_input *in;
	STACK_OF(X509) * anchors;
	STACK_OF(X509) * others; /* what the search may still use */
	STACK_OF(X509) * path;   /* of the last search: signer to anchor, or as far
				    as it came */
	int suspect; /* index in path of the certificate to do without, or -1 */
};

/* ---- results ---- */

__attribute__((format(printf, 5, 6))) static void
set_result(struct tsa_path_result *r, enum indication indication,
	   const char *subindication, const char *clause, const char *fmt, ...)
{
	/* ltps_fail makes outside names printable; only its text is wanted. */
	struct ltps_error text = LTPS_ERROR_INIT;
	char line[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)ltps_fail(&text, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL, "%s", line);
	r->indication = indication;
	r->subindication = subindication;
	r->clause = clause;
	memcpy(r->text, text.text, sizeof(r->text));
}

/* RFC 4514 text of the subject, cut to fit; "?" when it cannot be written. */
static void subject_text(const X509 *x, char out[128])
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n = -1;
	if (bio != NULL &&
	    X509_NAME_print_ex(bio, X509_get_subject_name(x), 0,
			       XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		n = BIO_read(bio, out, 127);
	BIO_free(bio);
	if (n <= 0)
		memcpy(out, "?", 2);
	else
		out[n] = '\0';
}

void tsa_path_result_clear(struct tsa_path_result *r)
{
	if (r == NULL)
		return;
	buf_free(&r->owned);
	*r = (struct tsa_path_result){ 0 };
}

/* ---- what the search works with ---- */

static int decode_all(const struct material *m, enum material_kind kind,
		      STACK_OF(X509) * *ret, struct ltps_error *err)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	if (all == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < material_count(m, kind); i++) {
		X509 *x = NULL;
		if (x509_der_certificate(material_at(m, kind, i), &x, err) != 0)
			goto fail;
		if (sk_X509_push(all, x) == 0) {
			X509_free(x);
			ltps_fail_nomem(err);
			goto fail;
		}
	}
	*ret = all;
	return 0;
fail:
	sk_X509_pop_free(all, X509_free);
	return -1;
}

static bool is_anchor(const struct judge *j, const X509 *x)
{
	for (int i = 0; i < sk_X509_num(j->anchors); i++) {
		if (X509_cmp(sk_X509_value(j->anchors, i), x) == 0)
			return true;
	}
	return false;
}

static X509_STORE *make_store(const struct judge *j)
{
	X509_STORE *store = X509_STORE_new();
	for (int i = 0; store != NULL && i < sk_X509_num(j->anchors); i++) {
		if (X509_STORE_add_cert(store, sk_X509_value(j->anchors, i)) != 1) {
			X509_STORE_free(store);
			return NULL;
		}
	}
	return store;
}

/* RFC 5280 4.1.2.5: both ends belong to the validity; OpenSSL leaves the last
 * second out. */
static bool is_valid_at(const X509 *x, int64_t t_ms)
{
	int64_t begin, end;
	return tsa_status_time(X509_get0_notBefore(x), &begin) &&
	       tsa_status_time(X509_get0_notAfter(x), &end) && begin <= t_ms &&
	       t_ms < end + 1000;
}

/* An anchor is a name and a key: its own dates are no part of the path
 * (RFC 5280 6.1); how long it was trusted is the anchor history's matter. */
static int allow_dates(int ok, X509_STORE_CTX *ctx)
{
	int e = X509_STORE_CTX_get_error(ctx);
	if (ok ||
	    (e != X509_V_ERR_CERT_HAS_EXPIRED && e != X509_V_ERR_CERT_NOT_YET_VALID))
		return ok;
	const struct judge *j = X509_STORE_CTX_get_app_data(ctx);
	X509 *x = X509_STORE_CTX_get_current_cert(ctx);
	if (x == NULL || (!is_anchor(j, x) && !is_valid_at(x, j->in->gen_time_ms)))
		return 0;
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

static bool set_parameters(struct judge *j, X509_STORE_CTX *ctx)
{
	X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);
	int64_t seconds = j->in->gen_time_ms / 1000;
	if (j->in->gen_time_ms % 1000 < 0)
		seconds--;
	X509_VERIFY_PARAM_set_time(p, (time_t)seconds);
	X509_VERIFY_PARAM_set_depth(p, TSA_PATH_DEPTH_MAX - 2);
	X509_VERIFY_PARAM_set_auth_level(p, 0); /* strength: the policy's matter */
	X509_STORE_CTX_set_verify_cb(ctx, allow_dates);
	return X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
	       X509_VERIFY_PARAM_set_purpose(p, X509_PURPOSE_TIMESTAMP_SIGN) == 1 &&
	       X509_STORE_CTX_set_app_data(ctx, j) == 1;
}

/* What lies above the first anchor is no part of the path. */
static void cut_at_anchor(struct judge *j)
{
	int n = sk_X509_num(j->path);
	for (int i = 0; i < n; i++) {
		if (!is_anchor(j, sk_X509_value(j->path, i)))
			continue;
		while (sk_X509_num(j->path) > i + 1)
			X509_free(sk_X509_pop(j->path));
		return;
	}
}

/* One search; *ret_code is OpenSSL's X509_V_..., depth where it failed. */
static int search(struct judge *j, int *ret_code, int *ret_depth,
		  struct ltps_error *err)
{
	X509_STORE *store = make_store(j);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int rc = -1;
	sk_X509_pop_free(j->path, X509_free);
	j->path = NULL;
	if (store == NULL || ctx == NULL ||
	    X509_STORE_CTX_init(ctx, store, j->in->signer, j->others) != 1 ||
	    !set_parameters(j, ctx)) {
		ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
				  "path search");
		goto out;
	}
	int good = X509_verify_cert(ctx);
	*ret_code = X509_STORE_CTX_get_error(ctx);
	*ret_depth = X509_STORE_CTX_get_error_depth(ctx);
	if (good != 1 && *ret_code == X509_V_OK)
		*ret_code = X509_V_ERR_UNSPECIFIED;
	if (good == 1)
		*ret_code = X509_V_OK;
	j->path = X509_STORE_CTX_get1_chain(ctx);
	if (*ret_code == X509_V_ERR_OUT_OF_MEM) {
		ltps_fail_nomem(err);
		goto out;
	}
	if (j->path != NULL)
		cut_at_anchor(j);
	rc = x509_der_settle(err);
out:
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return rc;
}

/* ---- the path's own defects ---- */

static bool is_no_path(int code)
{
	switch (code) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
	case X509_V_ERR_CERT_CHAIN_TOO_LONG:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
		return true;
	default:
		return false;
	}
}

static void judge_dates(const struct judge *j, int code, int depth,
			struct tsa_path_result *r)
{
	char name[128] = "?";
	if (j->path != NULL && depth < sk_X509_num(j->path))
		subject_text(sk_X509_value(j->path, depth), name);
	if (code == X509_V_ERR_CERT_NOT_YET_VALID && depth == 0)
		set_result(r, INDICATION_FAILED, "NOT_YET_VALID", "EN 319 102-1 5.2.6",
			   "genTime is before the validity of %s", name);
	else
		set_result(r, INDICATION_INDETERMINATE, "OUT_OF_BOUNDS_NO_POE",
			   "EN 319 102-1 5.2.6",
			   "genTime is outside the validity of %s", name);
}

static void judge_search(const struct judge *j, int code, int depth,
			 struct tsa_path_result *r)
{
	if (code == X509_V_ERR_CERT_HAS_EXPIRED ||
	    code == X509_V_ERR_CERT_NOT_YET_VALID)
		judge_dates(j, code, depth, r);
	else if (is_no_path(code))
		set_result(r, INDICATION_INDETERMINATE, "NO_CERTIFICATE_CHAIN_FOUND",
			   "EN 319 102-1 5.2.6", "no path to an anchor: %s",
			   X509_verify_cert_error_string(code));
	else
		set_result(r, INDICATION_INDETERMINATE, "CHAIN_CONSTRAINTS_FAILURE",
			   "RFC 5280 6.1", "certificate %d of the path: %s", depth + 1,
			   X509_verify_cert_error_string(code));
}

/* ---- revocation along the path ---- */

/* RFC 9608 4: the issuer says that there will never be any status. */
static bool has_no_revocation(X509 *x)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(OID_NO_REV_AVAIL, 1);
	bool has = oid != NULL && X509_check_ca(x) == 0 &&
		   X509_get_ext_by_OBJ(x, oid, -1) >= 0;
	ASN1_OBJECT_free(oid);
	return has;
}

/* Reasons after which earlier signatures stay good: RFC 3161 4, item 1. */
static bool is_harmless(int reason)
{
	switch (reason) {
	case CRL_REASON_UNSPECIFIED:
	case CRL_REASON_AFFILIATION_CHANGED:
	case CRL_REASON_SUPERSEDED:
	case CRL_REASON_CESSATION_OF_OPERATION:
		return true;
	default:
		return false;
	}
}

/* Revocation of the signer; false when the token is not touched by it. */
static bool judge_revoked_signer(const struct judge *j, const struct tsa_status *s,
				 struct tsa_path_result *r)
{
	char at[TIME_TEXT_MAX];
	time_rfc3339(s->revoked_at_ms, at);
	if (s->revoked_at_ms <= j->in->gen_time_ms) {
		set_result(
		    r, INDICATION_FAILED, "REVOKED", "EN 319 102-1 5.2.6",
		    "the certificate of the TSA was revoked at %s, before genTime", at);
	} else if (s->reason == TSA_STATUS_NO_REASON) {
		set_result(
		    r, INDICATION_FAILED, "REVOKED", "RFC 3161 4",
		    "the certificate of the TSA was revoked at %s without a reason: "
		    "none of its tokens is valid",
		    at);
	} else if (!is_harmless(s->reason)) {
		set_result(
		    r, INDICATION_INDETERMINATE, "REVOKED_NO_POE", "RFC 3161 4",
		    "the certificate of the TSA was revoked at %s with reason %d: "
		    "only other evidence proves that the token is older",
		    at, s->reason);
	} else {
		return false;
	}
	return true;
}

static bool judge_revoked_ca(const struct judge *j, const X509 *ca,
			     const struct tsa_status *s, struct tsa_path_result *r)
{
	char at[TIME_TEXT_MAX], name[128];
	if (s->revoked_at_ms > j->in->gen_time_ms && is_harmless(s->reason))
		return false;
	time_rfc3339(s->revoked_at_ms, at);
	subject_text(ca, name);
	set_result(r, INDICATION_INDETERMINATE, "REVOKED_CA_NO_POE",
		   "EN 319 102-1 5.2.6", "the CA %s was revoked at %s", name, at);
	return true;
}

/*
 * The status of one certificate of the path. True when it settles the verdict
 * (in r); *ret_missing when none issued since genTime is at hand.
 */
static bool judge_status(const struct judge *j, int i, const struct tsa_status *s,
			 bool *ret_missing, struct tsa_path_result *r)
{
	X509 *x = sk_X509_value(j->path, i);
	char name[128];
	*ret_missing = false;
	if (s->on_hold) {
		subject_text(x, name);
		set_result(r, INDICATION_INDETERMINATE, "TRY_LATER",
			   "EN 319 102-1 5.2.6", "%s is on hold", name);
		return true;
	}
	if (s->revoked)
		return i == 0 ? judge_revoked_signer(j, s, r)
			      : judge_revoked_ca(j, x, s, r);
	*ret_missing = !s->good;
	if (s->good) {
		int64_t age = s->good_issued_ms - j->in->gen_time_ms;
		if (r->status_age_ms == INT64_MIN || age < r->status_age_ms)
			r->status_age_ms = age;
	}
	return false;
}

static void judge_missing(const struct judge *j, int i, struct tsa_path_result *r)
{
	char at[TIME_TEXT_MAX], name[128];
	time_rfc3339(j->in->gen_time_ms, at);
	subject_text(sk_X509_value(j->path, i), name);
	set_result(r, INDICATION_INDETERMINATE, "TRY_LATER", "EN 319 102-1 5.2.5",
		   "no revocation status of %s issued since %s", name, at);
}

/* Every certificate below the anchor; a revocation outweighs a missing status. */
static int judge_revocation(struct judge *j, struct tsa_path_result *r,
			    struct ltps_error *err)
{
	int first_missing = -1;
	for (int i = 0; i + 1 < sk_X509_num(j->path); i++) {
		struct tsa_status_query q = {
			.certificate = sk_X509_value(j->path, i),
			.issuer = sk_X509_value(j->path, i + 1),
			.material = j->in->material,
			.gen_time_ms = j->in->gen_time_ms,
			.time_ms = j->in->time_ms,
			.now_ms = j->in->now_ms > j->in->time_ms ? j->in->now_ms
								 : j->in->time_ms,
		};
		struct tsa_status s;
		bool missing;
		if (has_no_revocation(q.certificate))
			continue;
		if (tsa_status_find(&q, &s, err) != 0)
			return -1;
		if (judge_status(j, i, &s, &missing, r)) {
			j->suspect = i;
			return 0;
		}
		if (missing && first_missing < 0)
			first_missing = i;
	}
	if (first_missing >= 0 && j->in->need_revocation) {
		judge_missing(j, first_missing, r);
		j->suspect = first_missing;
	}
	return 0;
}

/* ---- putting it together ---- */

static int copy_path(const struct judge *j, struct tsa_path_result *r,
		     struct ltps_error *err)
{
	size_t ends[TSA_PATH_DEPTH_MAX];
	size_t n = 0, begin = 0;
	r->owned = buf_make(RESULT_BYTES_MAX);
	for (int i = 0; j->path != NULL && i < sk_X509_num(j->path); i++) {
		unsigned char *der = NULL;
		int len = i2d_X509(sk_X509_value(j->path, i), &der);
		if (n == TSA_PATH_DEPTH_MAX) {
			OPENSSL_free(der);
			break;
		}
		if (len < 0)
			return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF,
						 NULL, "certificate of the path");
		int rc = buf_put(&r->owned, view_of(der, (size_t)len), err);
		OPENSSL_free(der);
		if (rc != 0)
			return -1;
		ends[n++] = r->owned.n;
	}
	for (size_t i = 0; i < n; i++) {
		r->chain[i] = view_of(r->owned.p + begin, ends[i] - begin);
		begin = ends[i];
	}
	r->n_chain = n;
	return 0;
}

/* Which certificate to do without after a search that failed. */
static int suspect_of(const struct judge *j, int code, int depth)
{
	int last = j->path != NULL ? sk_X509_num(j->path) - 1 : -1;
	if (code == X509_V_ERR_CERT_SIGNATURE_FAILURE)
		return depth + 1; /* a namesake of the issuer */
	if (is_no_path(code) || depth > last)
		return last; /* leads nowhere */
	return depth;
}

/* One search and its verdict. */
static int judge_once(struct judge *j, struct tsa_path_result *r,
		      struct ltps_error *err)
{
	int code, depth;
	r->indication = INDICATION_PASSED;
	r->status_age_ms = INT64_MIN;
	j->suspect = -1;
	if (search(j, &code, &depth, err) != 0)
		return -1;
	if (code != X509_V_OK) {
		judge_search(j, code, depth, r);
		j->suspect = suspect_of(j, code, depth);
	} else if (judge_revocation(j, r, err) != 0) {
		return -1;
	}
	return copy_path(j, r, err);
}

static bool drop_from(STACK_OF(X509) * all, const X509 *x)
{
	for (int i = 0; i < sk_X509_num(all); i++) {
		if (X509_cmp(sk_X509_value(all, i), x) == 0) {
			X509_free(sk_X509_delete(all, i));
			return true;
		}
	}
	return false;
}

/* Leave the suspect out of the next search; false when nothing else can come. */
static bool drop_suspect(struct judge *j)
{
	if (j->suspect <= 0 || j->path == NULL || j->suspect >= sk_X509_num(j->path))
		return false; /* the signer cannot be replaced */
	const X509 *x = sk_X509_value(j->path, j->suspect);
	bool other = drop_from(j->others, x);
	return drop_from(j->anchors, x) || other;
}

/* The first passing path wins; without one, the first verdict stands. */
static int judge_all(struct judge *j, struct tsa_path_result *ret,
		     struct ltps_error *err)
{
	struct tsa_path_result first = { 0 };
	if (judge_once(j, &first, err) != 0) {
		tsa_path_result_clear(&first);
		return -1;
	}
	for (int n = 1; n < SEARCHES_MAX && first.indication != INDICATION_PASSED;
	     n++) {
		struct tsa_path_result next = { 0 };
		if (!drop_suspect(j))
			break;
		if (judge_once(j, &next, err) != 0) {
			tsa_path_result_clear(&next);
			tsa_path_result_clear(&first);
			return -1;
		}
		if (next.indication == INDICATION_PASSED) {
			tsa_path_result_clear(&first);
			first = next;
		} else {
			tsa_path_result_clear(&next);
		}
	}
	*ret = first;
	return 0;
}

static int judge_afresh(const struct tsa_path_input *in, struct tsa_path_result *ret,
			struct ltps_error *err)
{
	struct judge j = { .in = in, .suspect = -1 };
	int rc = -1;
	if (decode_all(in->material, MATERIAL_ANCHOR, &j.anchors, err) != 0 ||
	    decode_all(in->material, MATERIAL_CERT, &j.others, err) != 0)
		goto out;
	rc = judge_all(&j, ret, err);
out:
	ERR_clear_error(); /* of probes that did not matter */
	sk_X509_pop_free(j.path, X509_free);
	sk_X509_pop_free(j.others, X509_free);
	sk_X509_pop_free(j.anchors, X509_free);
	return rc;
}

/*
 * OpenSSL hides some failed allocations (a key that it could not build looks
 * like an unfit one), so a path must fail twice to be believed.
 */
int tsa_path_judge(const struct tsa_path_input *in, struct tsa_path_result *ret,
		   struct ltps_error *err)
{
	struct tsa_path_result first = { 0 };
	struct tsa_path_result again = { 0 };
	if (judge_afresh(in, &first, err) != 0)
		return -1;
	if (first.indication == INDICATION_PASSED) {
		*ret = first;
		return 0;
	}
	int rc = judge_afresh(in, &again, err);
	if (rc == 0 && (again.indication != first.indication ||
			again.subindication != first.subindication))
		rc = ltps_fail_nomem(err);
	tsa_path_result_clear(&first);
	if (rc == 0)
		*ret = again;
	else
		tsa_path_result_clear(&again);
	return rc;
}

/* --- the gate of a TSP client --- */

static int copy_kind(struct material *to, const struct material *from,
		     enum material_kind kind, struct ltps_error *err)
{
	for (size_t i = 0; i < material_count(from, kind); i++) {
		if (material_add(to, kind, material_at(from, kind, i), err) != 0)
			return -1;
	}
	return 0;
}

static int gather(const struct material *trust, const struct tst *tst,
		  struct material **ret, struct ltps_error *err)
{
	struct material *m = NULL;
	if (material_new(&m, err) != 0)
		return -1;
	for (int k = 0; k < MATERIAL_KIND_COUNT; k++) {
		if (copy_kind(m, trust, (enum material_kind)k, err) != 0)
			goto fail;
	}
	if (material_add_cms(m, tst->cms, err) != 0)
		goto fail;
	*ret = m;
	return 0;
fail:
	material_free(m);
	return -1;
}

int tsa_path_gate(const void *arg, const struct tst *tst, X509 *signer,
		  int64_t received_ms, struct ltps_error *err)
{
	struct material *m = NULL;
	struct tsa_path_result result = { 0 };
	int rc = gather(arg, tst, &m, err);
	if (rc == 0) {
		struct tsa_path_input in = {
			.signer = signer,
			.material = m,
			.gen_time_ms = tst->gen_time_ms,
			.time_ms = received_ms > tst->gen_time_ms ? received_ms
								  : tst->gen_time_ms,
		};
		rc = tsa_path_judge(&in, &result, err);
	}
	if (rc == 0 && result.indication != INDICATION_PASSED)
		rc = ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, result.clause,
			       "%s: %s", result.subindication, result.text);
	tsa_path_result_clear(&result);
	material_free(m);
	return rc;
}
