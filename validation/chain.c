/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain - the walk of RFC 5280 6.1 from the anchor down to the target.
 *
 *   start      6.1.2, the anchor's own constraints (RFC 5937)
 *   judge_one  6.1.3 for each certificate
 *   prepare    6.1.4 for each but the target
 *   chain_policy_wrap_up, chain_usages   6.1.5
 *
 * It goes on after a defect, so that all of them are reported.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "validation/chain_private.h"
#include "validation/name.h"

/* notAfter names a second, and all of it is meant: RFC 5280 4.1.2.5. */
#define SECOND_MS 1000

/* Octets of certificates that one step of the budget pays for: extensions of a
 * megabyte are gone over again on each of many paths. */
#define OCTETS_A_STEP 1024

static enum path_status status_of(enum path_code code)
{
	switch (code) {
	case PATH_OK:
	case PATH_DECIDED_REMOTELY:
	case PATH_REMOTE_FAILED:
		return PATH_VALID;
	case PATH_NO_ISSUER:
	case PATH_NO_ANCHOR:
	case PATH_BUDGET:
	case PATH_DEPTH:
	case PATH_ALGORITHM_UNSUPPORTED: /* not judged is not refused */
	case PATH_KEY_UNUSABLE:
	case PATH_REVOCATION_UNKNOWN:
	case PATH_REVOCATION_STALE:
	case PATH_REVOCATION_UNREACHABLE:
		return PATH_UNDETERMINED;
	default:
		return PATH_INVALID;
	}
}

/* VALID, UNDETERMINED, INVALID */
static int badness(enum path_status s)
{
	return s == PATH_VALID ? 0 : s == PATH_UNDETERMINED ? 1 : 2;
}

void candidate_find(struct path_candidate *c, enum path_code code, int cert,
		    const char *fmt, ...)
{
	enum path_status status = status_of(code);
	if (badness(status) > badness(c->status)) {
		c->status = status;
		c->why = code;
	}
	if (c->n_findings == PATH_FINDINGS_MAX)
		return;
	struct path_finding *f = &c->findings[c->n_findings++];
	va_list args;
	f->code = code;
	f->cert = cert;
	va_start(args, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
}

int chain_forgive(struct chain_state *s, enum path_code code, size_t i,
		  struct ltps_error *err)
{
	if (err->fault != LTPS_FAULT_OBJECT)
		return -1;
	if (err->code == LTPS_TOO_LARGE) {
		s->run->spent = true;
		code = PATH_BUDGET;
	}
	candidate_find(s->c, code, (int)i, "%s", err->text);
	ltps_error_clear(err);
	return 0;
}

/* ---- 6.1.3 (a) ---- */

static int check_signature(struct chain_state *s, size_t i, struct ltps_error *err)
{
	const struct cert *cert = s->c->certs[i];
	const struct path_input *in = s->run->in;
	const struct signed_object o = { cert->sha256, cert->tbs, cert->algorithm,
					 cert->signature };
	enum signature_verdict verdict;
	EVP_PKEY *key = NULL;
	uint8_t key_id[32];
	if (chain_key(s->c, i + 1, &key, key_id, err) != 0)
		return -1;
	if (key == NULL) {
		candidate_find(s->c, PATH_KEY_UNUSABLE, (int)i + 1, "%s",
			       key_parameters_missing(s->c->certs[i + 1])
				   ? "no parameters to inherit"
				   : "");
		return 0;
	}
	int rc = path_run_verify(s->run, &o, key, key_id, &verdict, err);
	if (rc != 0)
		goto out;
	if (verdict == SIGNATURE_INVALID)
		candidate_find(s->c, PATH_SIGNATURE, (int)i, "%s", "");
	else if (verdict == SIGNATURE_UNSUPPORTED && s->run->spent)
		candidate_find(s->c, PATH_BUDGET, (int)i, "signatures");
	else if (verdict == SIGNATURE_UNSUPPORTED)
		candidate_find(s->c, PATH_ALGORITHM_UNSUPPORTED, (int)i, "%s", "");
	if (in->algorithms != NULL &&
	    algorithm_policy_until(in->algorithms, key, cert->algorithm) < in->time_ms)
		candidate_find(s->c, PATH_ALGORITHM_WEAK, (int)i, "%s", "");
out:
	EVP_PKEY_free(key);
	return rc;
}

/* SHELL: one time for all. CHAIN: an issuer must have been valid when the certificate
 * below began. EN 319 102-1 5.2.6, path.h. */
static void check_dates(struct chain_state *s, size_t i)
{
	const struct cert *cert = s->c->certs[i];
	int64_t t = s->run->in->time_ms;
	char text[TIME_TEXT_MAX];
	if (s->times == CHAIN_TIME_NONE ||
	    (s->times == CHAIN_TIME_NOT_TARGET && i == 0))
		return;
	if (s->run->in->model == PATH_CHAIN && i > 0)
		t = s->c->certs[i - 1]->not_before_ms;
	if (t < cert->not_before_ms) {
		time_rfc3339(cert->not_before_ms, text);
		candidate_find(s->c, PATH_NOT_YET_VALID, (int)i, "notBefore %s", text);
	}
	if (t > cert->not_after_ms && t - cert->not_after_ms >= SECOND_MS) {
		time_rfc3339(cert->not_after_ms, text);
		candidate_find(s->c, PATH_EXPIRED, (int)i, "notAfter %s", text);
	}
}

static void check_issuer_name(struct chain_state *s, size_t i)
{
	const struct cert *cert = s->c->certs[i];
	if (name_is_empty(cert->issuer))
		candidate_find(s->c, PATH_EMPTY_ISSUER, (int)i, "%s", "");
	if (!view_equal(cert->issuer_canonical, s->c->certs[i + 1]->subject_canonical))
		candidate_find(s->c, PATH_NAME_CHAINING, (int)i, "%s", "");
}

/* ---- 6.1.3 (b) (c) ---- */

static int check_names(struct chain_state *s, size_t i, struct ltps_error *err)
{
	struct name_verdict verdict;
	if (chain_exempt(s, i))
		return 0;
	if (name_constraints_check(s->names, s->c->certs[i], s->run, &verdict, err) !=
	    0)
		return -1;
	if (verdict.code != PATH_OK)
		candidate_find(s->c, verdict.code, (int)i, "%s", verdict.text);
	return 0;
}

static int judge_one(struct chain_state *s, size_t i, struct ltps_error *err)
{
	const struct cert *cert = s->c->certs[i];
	chain_extensions(s, i);
	if (!view_equal(cert->tbs_algorithm, cert->algorithm))
		candidate_find(s->c, PATH_ALGORITHM_MISMATCH, (int)i, "%s", "");
	if (check_signature(s, i, err) != 0)
		return -1;
	check_dates(s, i);
	check_issuer_name(s, i);
	if (check_names(s, i, err) != 0)
		return -1;
	return chain_policy_check(s, i, err);
}

/* ---- 6.1.4 ---- */

static int add_name_constraints(struct chain_state *s, size_t i, struct ltps_error *err)
{
	const struct cert *cert = s->c->certs[i];
	bool malformed = (cert->malformed >> CERT_EXT_NAME_CONSTRAINTS & 1) != 0;
	if (!cert_has(cert, CERT_EXT_NAME_CONSTRAINTS) || malformed)
		return 0; /* malformed: has been found */
	if (name_constraints_add(s->names,
				 cert_ext_list(cert, CERT_EXT_NAME_CONSTRAINTS),
				 cert_is_critical(cert, CERT_EXT_NAME_CONSTRAINTS),
				 &malformed, err) != 0)
		return -1;
	if (malformed)
		candidate_find(s->c, PATH_MALFORMED_EXTENSION, (int)i,
			       "nameConstraints");
	return 0;
}

/* (k) and (n). Versions 1 and 2 cannot say that they are one. */
static void check_ca(struct chain_state *s, size_t i)
{
	const struct cert *cert = s->c->certs[i];
	if (cert->version < 3)
		candidate_find(s->c, PATH_NOT_A_CA, (int)i, "version %u",
			       cert->version);
	else if (!cert_has(cert, CERT_EXT_BASIC_CONSTRAINTS) || !cert->ca)
		candidate_find(s->c, PATH_NOT_A_CA, (int)i, "basicConstraints");
	if (cert_has(cert, CERT_EXT_KEY_USAGE) &&
	    (cert->key_usage & KEY_USAGE_CERT_SIGN) == 0)
		candidate_find(s->c, PATH_CA_KEY_USAGE, (int)i, "%s", "");
}

static void limit_path_len(struct chain_state *s, size_t i)
{
	const struct cert *cert = s->c->certs[i];
	if (cert->has_path_len && cert->path_len < s->max_path_len)
		s->max_path_len = cert->path_len;
}

/* (l) and (m) */
static void check_path_len(struct chain_state *s, size_t i)
{
	if (!s->c->certs[i]->self_issued) {
		if (s->max_path_len == 0)
			candidate_find(s->c, PATH_PATH_LEN, (int)i, "%s", "");
		else
			s->max_path_len--;
	}
	limit_path_len(s, i);
}

static int prepare(struct chain_state *s, size_t i, struct ltps_error *err)
{
	if (chain_policy_prepare(s, i, err) != 0 ||
	    add_name_constraints(s, i, err) != 0)
		return -1;
	check_ca(s, i);
	check_path_len(s, i);
	return 0;
}

/* ---- 6.1.2 ---- */

/*
 * RFC 5937 3.2. A version 3 certificate that says it is no certification authority
 * issues nothing (RFC 5280 4.2.1.9), whoever trusts it: some trust end entities.
 */
static int anchor_constraints(struct chain_state *s, struct ltps_error *err)
{
	const struct cert *anchor = s->c->certs[s->n];
	const uint32_t ours =
	    1u << CERT_EXT_BASIC_CONSTRAINTS | 1u << CERT_EXT_NAME_CONSTRAINTS |
	    1u << CERT_EXT_POLICIES | 1u << CERT_EXT_KEY_USAGE |
	    1u << CERT_EXT_POLICY_CONSTRAINTS | 1u << CERT_EXT_INHIBIT_ANY;
	if ((anchor->malformed & ours) != 0)
		candidate_find(s->c, PATH_MALFORMED_EXTENSION, (int)s->n, "%s",
			       "of the anchor");
	if (anchor->unknown_critical)
		candidate_find(s->c, PATH_CRITICAL_EXTENSION, (int)s->n, "%s",
			       "of the anchor");
	if (anchor->version >= 3)
		check_ca(s, s->n);
	limit_path_len(s, s->n);
	return add_name_constraints(s, s->n, err);
}

static int start(struct chain_state *s, struct ltps_error *err)
{
	if (name_constraints_new(&s->names, err) != 0 || chain_policy_init(s, err) != 0)
		return -1;
	s->max_path_len = (uint32_t)s->n;
	if (s->n == 0 || s->run->in->ignore_anchor_constraints)
		return 0;
	return anchor_constraints(s, err);
}

static bool pay(struct path_run *run, struct path_candidate *c)
{
	size_t octets = 0;
	for (size_t i = 0; i < c->n_certs; i++)
		octets += c->certs[i]->der.n;
	if (path_run_step(run, (uint32_t)(octets / OCTETS_A_STEP)))
		return true;
	candidate_find(c, PATH_BUDGET, -1, "certificates of %zu octets", octets);
	return false;
}

int chain_check(struct path_run *run, enum chain_time times, bool target_usages,
		struct path_candidate *c, struct ltps_error *err)
{
	struct chain_state s = { .run = run, .c = c, .times = times };
	int rc = -1;
	if (c->n_certs == 0 || c->n_certs > PATH_CERTS_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "a path of %zu certificates", c->n_certs);
	s.n = c->n_certs - 1;
	if (!pay(run, c))
		return 0;
	if (start(&s, err) != 0)
		goto out;
	for (size_t i = s.n; i-- > 0;) {
		if (judge_one(&s, i, err) != 0 || (i > 0 && prepare(&s, i, err) != 0))
			goto out;
	}
	if (chain_policy_wrap_up(&s, err) != 0)
		goto out;
	if (target_usages)
		chain_usages(&s);
	rc = 0;
out:
	chain_policy_clear(&s.policy);
	name_constraints_free(s.names);
	return rc;
}
