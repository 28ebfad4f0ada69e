/* SPDX-License-Identifier: Apache-2.0 */
/* path_report - the report of one judgement: JSON for programs, text for people. */
#include <string.h>

#include "base/asn1.h"
#include "base/clock.h"
#include "validation/path.h"

static const char *source_name(enum path_source s)
{
	switch (s) {
	case PATH_SOURCE_NONE:
		return NULL;
	case PATH_SOURCE_CRL:
		return "crl";
	case PATH_SOURCE_OCSP:
		return "ocsp";
	case PATH_SOURCE_EXEMPT:
		return "exempt";
	}
	return NULL;
}

static const char *need_name(enum need_kind k)
{
	switch (k) {
	case NEED_ISSUER:
		return "issuer";
	case NEED_SUBJECTS:
		return "subjects";
	case NEED_CRL:
		return "crl";
	case NEED_DELTA_CRL:
		return "delta_crl";
	case NEED_OCSP:
		return "ocsp";
	}
	return "?";
}

static const struct cert *cert_of(const struct path_candidate *c, int index)
{
	if (c == NULL || index < 0 || (size_t)index >= c->n_certs)
		return NULL;
	return c->certs[index];
}

/* ---- JSON ---- */

static void put_name(struct jsonw *j, const struct cert *c)
{
	char name[CERT_TEXT_MAX];
	if (c == NULL) {
		jsonw_null(j);
		return;
	}
	cert_text(c, name);
	jsonw_cstr(j, name);
}

static void put_optional_time(struct jsonw *j, const char *key, int64_t t_ms)
{
	if (t_ms == INT64_MIN)
		return;
	jsonw_key(j, key);
	jsonw_time(j, t_ms);
}

static void put_chain(struct jsonw *j, const struct path_candidate *c)
{
	jsonw_key(j, "chain");
	jsonw_array(j);
	for (size_t i = 0; i < c->n_certs; i++)
		put_name(j, c->certs[i]);
	jsonw_array_end(j);
}

static void put_policies(struct jsonw *j, const char *key, const struct view *policies,
			 size_t n)
{
	char dotted[OID_TEXT_MAX];
	jsonw_key(j, key);
	jsonw_array(j);
	for (size_t i = 0; i < n; i++) {
		oid_text(policies[i], dotted);
		jsonw_cstr(j, dotted);
	}
	jsonw_array_end(j);
}

static void put_status(struct jsonw *j, const struct cert *cert,
		       const struct path_cert_revocation *r)
{
	jsonw_object(j);
	jsonw_key(j, "cert");
	put_name(j, cert);
	/* Held is revoked for the time being: the reason tells. */
	jsonw_member(j, "status",
		     path_cert_status_name(r->status == PATH_STATUS_ON_HOLD
					       ? PATH_STATUS_REVOKED
					       : r->status));
	if (r->status == PATH_STATUS_ON_HOLD)
		jsonw_member_bool(j, "on_hold", true);
	jsonw_member(j, "source", source_name(r->source));
	put_optional_time(j, "this_update", r->this_ms);
	put_optional_time(j, "next_update", r->next_ms);
	put_optional_time(j, "revoked", r->revoked_ms);
	put_optional_time(j, "invalid_since", r->invalidity_ms);
	if (r->reason >= 0)
		jsonw_member_int(j, "reason", r->reason);
	if (r->why != PATH_OK)
		jsonw_member(j, "error", path_code_name(r->why));
	jsonw_object_end(j);
}

static void put_revocation(struct jsonw *j, const struct path_candidate *c)
{
	jsonw_key(j, "revocation");
	jsonw_array(j);
	for (size_t i = 0; c->revocation != NULL && i + 1 < c->n_certs; i++)
		put_status(j, c->certs[i], &c->revocation[i]);
	jsonw_array_end(j);
}

static void put_finding(struct jsonw *j, const struct path_candidate *c,
			const struct path_finding *f)
{
	jsonw_object(j);
	jsonw_member(j, "code", path_code_name(f->code));
	jsonw_member(j, "clause", path_code_clause(f->code));
	jsonw_key(j, "cert");
	put_name(j, cert_of(c, f->cert));
	jsonw_member(j, "text", f->text[0] != '\0' ? f->text : path_code_text(f->code));
	jsonw_object_end(j);
}

static void put_findings(struct jsonw *j, const struct path_candidate *c)
{
	for (size_t i = 0; i < c->n_findings; i++)
		put_finding(j, c, &c->findings[i]);
}

/* null, or the name of what decided. */
static void put_verdict(struct jsonw *j, enum path_status status, enum path_code why)
{
	jsonw_member_bool(j, "valid", status == PATH_VALID);
	jsonw_member(j, "status", path_status_name(status));
	jsonw_member(j, "error",
		     status == PATH_VALID || why == PATH_OK ? NULL
							    : path_code_name(why));
}

static void put_alternative(struct jsonw *j, const struct path_candidate *c)
{
	jsonw_object(j);
	put_verdict(j, c->status, c->why);
	put_chain(j, c);
	put_policies(j, "policies", c->policies, c->n_policies);
	put_revocation(j, c);
	jsonw_key(j, "findings");
	jsonw_array(j);
	put_findings(j, c);
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void put_needs(struct jsonw *j, const struct path_result *r)
{
	jsonw_key(j, "needs");
	jsonw_array(j);
	for (size_t i = 0; i < r->n_needs; i++) {
		jsonw_object(j);
		jsonw_member(j, "kind", need_name(r->needs[i].kind));
		jsonw_member(j, "url", r->needs[i].url);
		jsonw_key(j, "cert");
		put_name(j, r->needs[i].cert);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void put_spent(struct jsonw *j, const struct path_result *r)
{
	jsonw_key(j, "spent");
	jsonw_object(j);
	jsonw_member_int(j, "signatures", r->signatures);
	jsonw_member_int(j, "paths", r->paths);
	jsonw_member_int(j, "steps", r->steps);
	jsonw_object_end(j);
}

void path_result_json(const struct path_result *r, struct jsonw *j)
{
	jsonw_object(j);
	put_verdict(j, r->status, r->why);
	put_chain(j, &r->best);
	put_policies(j, "policies", r->best.policies, r->best.n_policies);
	put_policies(j, "authority_policies", r->best.authority_policies,
		     r->best.n_authority_policies);
	jsonw_member_bool(j, "explicit_policy", r->best.explicit_policy);
	put_revocation(j, &r->best);
	jsonw_key(j, "findings");
	jsonw_array(j);
	put_findings(j, &r->best);
	for (size_t i = 0; i < r->n_findings; i++)
		put_finding(j, NULL, &r->findings[i]);
	jsonw_array_end(j);
	jsonw_key(j, "alternatives");
	jsonw_array(j);
	for (size_t i = 0; i < r->n_alternatives; i++)
		put_alternative(j, &r->alternatives[i]);
	jsonw_array_end(j);
	put_needs(j, r);
	jsonw_key(j, "qc");
	if (r->qc.present)
		qc_json(&r->qc, j);
	else
		jsonw_null(j);
	put_spent(j, r);
	jsonw_object_end(j);
}

/* ---- text ---- */

static int text_finding(const struct path_finding *f, const char *indent,
			struct buf *out, struct ltps_error *err)
{
	const char *clause = path_code_clause(f->code);
	if (f->code == PATH_OK)
		return buf_put_fmt(out, err, "%s%s\n", indent, f->text);
	return buf_put_fmt(out, err, "%s%s%s%s%s%s%s\n", indent,
			   path_code_text(f->code), f->text[0] != '\0' ? ": " : "",
			   f->text, clause != NULL ? " (" : "",
			   clause != NULL ? clause : "", clause != NULL ? ")" : "");
}

static int text_status(const struct path_cert_revocation *r, struct buf *out,
		       struct ltps_error *err)
{
	const char *source = source_name(r->source);
	char when[TIME_TEXT_MAX];
	if (buf_put_fmt(out, err, "    status: %s%s%s",
			path_cert_status_name(r->status), source != NULL ? " by " : "",
			source != NULL ? source : "") != 0)
		return -1;
	if (r->revoked_ms != INT64_MIN) {
		time_rfc3339(r->revoked_ms, when);
		if (buf_put_fmt(out, err, ", revoked %s", when) != 0)
			return -1;
	}
	if (r->this_ms != INT64_MIN) {
		time_rfc3339(r->this_ms, when);
		if (buf_put_fmt(out, err, ", as of %s", when) != 0)
			return -1;
	}
	return buf_put_byte(out, '\n', err);
}

static int text_candidate(const struct path_candidate *c, struct buf *out,
			  struct ltps_error *err)
{
	char name[CERT_TEXT_MAX];
	for (size_t i = 0; i < c->n_certs; i++) {
		bool anchor = i + 1 == c->n_certs;
		cert_text(c->certs[i], name);
		if (buf_put_fmt(out, err, "  %s%s\n", name,
				anchor ? " (trust anchor)" : "") != 0)
			return -1;
		if (!anchor && c->revocation != NULL &&
		    text_status(&c->revocation[i], out, err) != 0)
			return -1;
		for (size_t k = 0; k < c->n_findings; k++)
			if (c->findings[k].cert == (int)i &&
			    text_finding(&c->findings[k], "    ", out, err) != 0)
				return -1;
	}
	for (size_t k = 0; k < c->n_findings; k++)
		if (cert_of(c, c->findings[k].cert) == NULL &&
		    text_finding(&c->findings[k], "  ", out, err) != 0)
			return -1;
	return 0;
}

static int text_policies(const struct path_candidate *c, struct buf *out,
			 struct ltps_error *err)
{
	char dotted[OID_TEXT_MAX];
	for (size_t i = 0; i < c->n_policies; i++) {
		oid_text(c->policies[i], dotted);
		if (buf_put_fmt(out, err, "  policy %s\n", dotted) != 0)
			return -1;
	}
	return 0;
}

static int text_verdict(enum path_status status, enum path_code why, struct buf *out,
			struct ltps_error *err)
{
	bool plain = status == PATH_VALID || why == PATH_OK;
	return buf_put_fmt(out, err, "%s%s%s\n", path_status_name(status),
			   plain ? "" : ": ", plain ? "" : path_code_text(why));
}

int path_result_text(const struct path_result *r, struct buf *out,
		     struct ltps_error *err)
{
	if (text_verdict(r->status, r->why, out, err) != 0 ||
	    text_candidate(&r->best, out, err) != 0 ||
	    text_policies(&r->best, out, err) != 0)
		return -1;
	for (size_t i = 0; i < r->n_findings; i++)
		if (text_finding(&r->findings[i], "  ", out, err) != 0)
			return -1;
	for (size_t i = 0; i < r->n_alternatives; i++) {
		const struct path_candidate *c = &r->alternatives[i];
		if (buf_put_fmt(out, err, "also %zu: ", i + 1) != 0 ||
		    text_verdict(c->status, c->why, out, err) != 0 ||
		    text_candidate(c, out, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < r->n_needs; i++)
		if (buf_put_fmt(out, err, "  missing %s: %s\n",
				need_name(r->needs[i].kind), r->needs[i].url) != 0)
			return -1;
	return 0;
}
