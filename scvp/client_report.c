/* SPDX-License-Identifier: Apache-2.0 */
/* client_report - what a response said and what is held against it: JSON for programs,
 * text for people. */
#include <string.h>

#include "base/asn1.h"
#include "base/clock.h"
#include "scvp/client_private.h"
#include "validation/key.h"

/* ---- parts ---- */

static void put_name(struct jsonw *w, const struct cert *c)
{
	char name[CERT_TEXT_MAX];
	if (c == NULL) {
		jsonw_null(w);
		return;
	}
	cert_text(c, name);
	jsonw_cstr(w, name);
}

static void put_time(struct jsonw *w, const char *key, bool there, int64_t ms)
{
	jsonw_key(w, key);
	if (there)
		jsonw_time(w, ms);
	else
		jsonw_null(w);
}

static void put_oid(struct jsonw *w, struct view oid)
{
	char text[OID_TEXT_MAX];
	oid_text(oid, text);
	jsonw_cstr(w, text);
}

static void put_oids(struct jsonw *w, const char *key, struct scvp_list oids)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < oids.n; i++)
		put_oid(w, oids.v[i]);
	jsonw_array_end(w);
}

static void put_path(struct jsonw *w, const char *key, const struct scvp_path *p)
{
	if (key != NULL)
		jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < p->n_certs; i++)
		put_name(w, p->certs[i]);
	if (p->anchor != NULL && !cert_equal(p->anchor, p->certs[p->n_certs - 1]))
		put_name(w, p->anchor);
	jsonw_array_end(w);
}

#define ALL_REPLIES (-2)

/* Those about one reply, about the response (-1), or all. */
static void put_findings(struct jsonw *w, const struct scvp_finding *f, size_t n,
			 int reply)
{
	jsonw_key(w, "findings");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++) {
		if (reply != ALL_REPLIES && f[i].reply != reply)
			continue;
		jsonw_object(w);
		jsonw_member(w, "code", scvp_code_name(f[i].code));
		jsonw_member_bool(w, "note", scvp_code_is_note(f[i].code));
		jsonw_member(w, "clause", scvp_code_clause(f[i].code));
		jsonw_member(w, "text",
			     f[i].text[0] != '\0' ? f[i].text
						  : scvp_code_text(f[i].code));
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

/* ---- a reply ---- */

/* Which of the returned objects speaks of a certificate. */
static const char *source_of(const struct scvp_report *r, const struct cert *c)
{
	if (material_ocsp_for(r->got, c->serial, NULL) != NULL)
		return "ocsp";
	if (material_crl_of(r->got, c->issuer_canonical, NULL) != NULL)
		return "crl";
	return NULL;
}

static void put_status(struct jsonw *w, const struct scvp_report *r,
		       const struct cert *c, const char *status)
{
	jsonw_object(w);
	jsonw_key(w, "cert");
	put_name(w, c);
	jsonw_member(w, "status", status);
	jsonw_member(w, "source", source_of(r, c));
	jsonw_object_end(w);
}

static bool has_error(const struct scvp_reply *r, const char *name)
{
	for (size_t i = 0; i < r->errors.n; i++) {
		const char *known = scvp_error_name(r->errors.v[i]);
		if (known != NULL && strcmp(known, name) == 0)
			return true;
	}
	return false;
}

static const struct scvp_check *status_check(const struct scvp_reply *r)
{
	for (size_t i = 0; i < r->n_checks; i++)
		if (scvp_check_id(r->checks[i].oid) == SCVP_CHECK_STATUS)
			return &r->checks[i];
	return NULL;
}

/* What the answer to the status check says of each certificate of the path; of an
 * untrusted response, nothing. */
static void put_revocation(struct jsonw *w, const struct scvp_judgement *j, size_t i)
{
	const struct scvp_report *r = &j->reports[i];
	const struct scvp_check *check = status_check(r->reply);
	jsonw_key(w, "revocation");
	jsonw_array(w);
	if (check != NULL && scvp_verdict(j, i) == PATH_VALID) {
		for (size_t k = 0; k < r->best.n_certs; k++)
			put_status(w, r, r->best.certs[k], "good");
		if (r->best.n_certs == 0 && r->target != NULL)
			put_status(w, r, r->target, "good");
	} else if (check != NULL && r->target != NULL) {
		const bool revoked = scvp_verdict(j, i) == PATH_INVALID &&
				     has_error(r->reply, "revoked");
		put_status(w, r, r->target, revoked ? "revoked" : "unknown");
	}
	jsonw_array_end(w);
}

static void put_checks(struct jsonw *w, const struct scvp_reply *r)
{
	jsonw_key(w, "checks");
	jsonw_array(w);
	for (size_t i = 0; i < r->n_checks; i++) {
		jsonw_object(w);
		jsonw_member(w, "check",
			     scvp_check_name(scvp_check_id(r->checks[i].oid)));
		jsonw_key(w, "oid");
		put_oid(w, r->checks[i].oid);
		jsonw_member_int(w, "status", (int64_t)r->checks[i].status);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void put_wants(struct jsonw *w, const struct scvp_reply *r)
{
	jsonw_key(w, "want_backs");
	jsonw_array(w);
	for (size_t i = 0; i < r->n_want_backs; i++) {
		jsonw_object(w);
		jsonw_member(w, "want",
			     scvp_want_name(scvp_want_id(r->want_backs[i].oid)));
		jsonw_key(w, "oid");
		put_oid(w, r->want_backs[i].oid);
		jsonw_member_int(w, "size", (int64_t)r->want_backs[i].value.n);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void put_errors(struct jsonw *w, const struct scvp_reply *r)
{
	jsonw_key(w, "errors");
	jsonw_array(w);
	for (size_t i = 0; i < r->errors.n; i++) {
		const char *name = scvp_error_name(r->errors.v[i]);
		if (name != NULL)
			jsonw_cstr(w, name);
		else
			put_oid(w, r->errors.v[i]);
	}
	jsonw_array_end(w);
}

static void put_evidence(struct jsonw *w, const struct scvp_report *r)
{
	jsonw_key(w, "evidence");
	jsonw_array(w);
	for (size_t i = 0; i < r->n_evidence; i++) {
		const struct scvp_evidence *e = &r->evidence[i];
		jsonw_object(w);
		jsonw_member(w, "of", scvp_want_name(e->want));
		jsonw_member_bool(w, "present", e->present);
		jsonw_member_bool(w, "covered", e->covered);
		jsonw_member(w, "indication", indication_name(e->indication));
		jsonw_member(w, "subindication", e->subindication);
		put_time(w, "proof_of_existence", e->proof_ms != INT64_MIN,
			 e->proof_ms);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void put_all_paths(struct jsonw *w, const struct scvp_report *r)
{
	jsonw_key(w, "paths");
	jsonw_array(w);
	for (size_t i = 0; i < r->n_paths; i++)
		put_path(w, NULL, &r->paths[i]);
	jsonw_array_end(w);
}

/* DESIGN: the members that every judgement of a path has come first. */
static void put_report(struct jsonw *w, const struct scvp_judgement *j, size_t i)
{
	const struct scvp_report *r = &j->reports[i];
	jsonw_member_bool(w, "valid", scvp_verdict(j, i) == PATH_VALID);
	jsonw_member(w, "status", path_status_name(scvp_verdict(j, i)));
	jsonw_member(w, "error", scvp_why(j, i));
	put_path(w, "chain", &r->best);
	/* The resulting policies are none of a server's wantBacks. */
	put_oids(w, "policies", (struct scvp_list){ NULL, 0 });
	put_revocation(w, j, i);
	jsonw_key(w, "cert");
	put_name(w, r->target);
	jsonw_member(w, "reply_status", scvp_reply_status_name(r->reply->status));
	put_checks(w, r->reply);
	put_errors(w, r->reply);
	put_time(w, "validation_time", true, r->reply->validation_time_ms);
	put_time(w, "next_update", r->reply->has_next_update, r->reply->next_update_ms);
	put_wants(w, r->reply);
	put_all_paths(w, r);
	jsonw_key(w, "returned");
	jsonw_object(w);
	jsonw_member_int(w, "certificates",
			 (int64_t)material_count(r->got, MATERIAL_CERT));
	jsonw_member_int(w, "crls", (int64_t)material_count(r->got, MATERIAL_CRL));
	jsonw_member_int(w, "ocsp", (int64_t)material_count(r->got, MATERIAL_OCSP));
	jsonw_object_end(w);
	put_evidence(w, r);
	if (j->n_reports > 1)
		put_findings(w, j->findings, j->n_findings, (int)i);
}

/* ---- the response ---- */

static const char *protection_name(const struct scvp_envelope *e)
{
	switch (e->protection) {
	case SCVP_BARE:
		return "none";
	case SCVP_SIGNED:
		return "signed";
	case SCVP_AUTHENTICATED:
		return "mac";
	}
	return "?";
}

static const char *ref_name(enum scvp_request_ref ref)
{
	return ref == SCVP_REQUEST_REF_HASH   ? "hash"
	       : ref == SCVP_REQUEST_REF_FULL ? "full"
					      : NULL;
}

static void put_policy(struct jsonw *w, const struct scvp_policy *p)
{
	static const char *const tri[] = { NULL, "false", "true" };
	jsonw_object(w);
	jsonw_key(w, "id");
	put_oid(w, p->id);
	jsonw_key(w, "algorithm");
	if (p->alg.n > 0)
		put_oid(w, p->alg);
	else
		jsonw_null(w);
	if (p->has_user_policies)
		put_oids(w, "user_policies", p->user_policies);
	jsonw_member(w, "inhibit_mapping", tri[p->inhibit_mapping]);
	jsonw_member(w, "explicit_policy", tri[p->explicit_policy]);
	jsonw_member(w, "inhibit_any", tri[p->inhibit_any]);
	if (p->has_anchors)
		jsonw_member_int(w, "anchors", (int64_t)p->n_anchors);
	if (p->has_key_usages)
		jsonw_member_int(w, "key_usages", (int64_t)p->n_key_usages);
	if (p->has_extended_key_usages)
		put_oids(w, "extended_key_usages", p->extended_key_usages);
	if (p->has_specified_key_usages)
		put_oids(w, "specified_key_usages", p->specified_key_usages);
	jsonw_object_end(w);
}

static void put_text_member(struct jsonw *w, const char *key, struct view text)
{
	jsonw_key(w, key);
	if (text.n > 0)
		jsonw_text(w, text);
	else
		jsonw_null(w);
}

static void put_octets(struct jsonw *w, const char *key, bool there, struct view v)
{
	jsonw_key(w, key);
	if (there)
		jsonw_hex(w, v);
	else
		jsonw_null(w);
}

static void put_response(struct jsonw *w, const struct scvp_judgement *j)
{
	const struct scvp_response *p = j->response;
	jsonw_key(w, "response");
	if (p == NULL) {
		jsonw_null(w);
		return;
	}
	jsonw_object(w);
	jsonw_member_int(w, "version", (int64_t)p->version);
	jsonw_member(w, "status", scvp_status_name(p->status));
	jsonw_member_int(w, "status_code", (int64_t)p->status);
	put_text_member(w, "message", p->message);
	jsonw_key(w, "configuration");
	jsonw_hex(w, p->config_id);
	put_time(w, "produced", true, p->produced_ms);
	jsonw_member(w, "protection", protection_name(j->envelope));
	jsonw_key(w, "signer");
	put_name(w, j->signer);
	jsonw_key(w, "policy");
	if (p->has_policy)
		put_policy(w, &p->policy);
	else
		jsonw_null(w);
	jsonw_member(w, "request_ref", ref_name(p->request_ref));
	put_octets(w, "nonce", p->has_nonce, p->nonce);
	put_octets(w, "context", p->has_context, p->context);
	put_text_member(w, "text", p->text);
	jsonw_object_end(w);
}

/* Nothing was answered: the members of DESIGN all the same. */
static void put_nothing(struct jsonw *w, const struct scvp_judgement *j)
{
	jsonw_member_bool(w, "valid", false);
	jsonw_member(w, "status", path_status_name(PATH_UNDETERMINED));
	jsonw_member(w, "error", scvp_why(j, 0));
	put_oids(w, "chain", (struct scvp_list){ NULL, 0 });
	put_oids(w, "policies", (struct scvp_list){ NULL, 0 });
	put_oids(w, "revocation", (struct scvp_list){ NULL, 0 });
}

static void put_several(struct jsonw *w, const struct scvp_judgement *j)
{
	const enum path_status worst = scvp_worst(j);
	const char *why = NULL;
	for (size_t i = 0; i < j->n_reports && why == NULL; i++)
		if (scvp_verdict(j, i) == worst)
			why = scvp_why(j, i);
	jsonw_member_bool(w, "valid", worst == PATH_VALID);
	jsonw_member(w, "status", path_status_name(worst));
	jsonw_member(w, "error", why);
	jsonw_key(w, "replies");
	jsonw_array(w);
	for (size_t i = 0; i < j->n_reports; i++) {
		jsonw_object(w);
		put_report(w, j, i);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

void scvp_judgement_json(const struct scvp_judgement *j, struct jsonw *w)
{
	jsonw_object(w);
	if (j->n_reports == 0)
		put_nothing(w, j);
	else if (j->n_reports == 1)
		put_report(w, j, 0);
	else
		put_several(w, j);
	jsonw_member_bool(w, "trusted", j->trusted);
	put_response(w, j);
	/* With one reply, what is found against it stands with the rest. */
	put_findings(w, j->findings, j->n_findings,
		     j->n_reports > 1 ? -1 : ALL_REPLIES);
	jsonw_object_end(w);
}

/* ---- text ---- */

static int text_findings(const struct scvp_finding *f, size_t n, int reply,
			 struct buf *out, struct ltps_error *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *clause = scvp_code_clause(f[i].code);
		if (f[i].reply != reply)
			continue;
		if (buf_put_fmt(out, err, "  %s%s%s%s (%s)\n",
				scvp_code_is_note(f[i].code) ? "note: " : "",
				scvp_code_text(f[i].code),
				f[i].text[0] != '\0' ? ": " : "", f[i].text,
				clause != NULL ? clause : "-") != 0)
			return -1;
	}
	return 0;
}

static int text_path(const struct scvp_path *p, struct buf *out, struct ltps_error *err)
{
	char name[CERT_TEXT_MAX];
	for (size_t i = 0; i < p->n_certs; i++) {
		cert_text(p->certs[i], name);
		if (buf_put_fmt(out, err, "  %zu %s\n", i, name) != 0)
			return -1;
	}
	if (p->anchor == NULL)
		return 0;
	cert_text(p->anchor, name);
	return buf_put_fmt(out, err, "  anchor %s\n", name);
}

static int text_evidence(const struct scvp_report *r, struct buf *out,
			 struct ltps_error *err)
{
	for (size_t i = 0; i < r->n_evidence; i++) {
		const struct scvp_evidence *e = &r->evidence[i];
		char when[TIME_TEXT_MAX] = "no proof";
		if (e->proof_ms != INT64_MIN)
			time_rfc3339(e->proof_ms, when);
		if (buf_put_fmt(out, err, "  evidence of %s: %s, %s\n",
				scvp_want_name(e->want),
				e->present ? indication_name(e->indication) : "none",
				when) != 0)
			return -1;
	}
	return 0;
}

static int text_report(const struct scvp_judgement *j, size_t i, struct buf *out,
		       struct ltps_error *err)
{
	const struct scvp_report *r = &j->reports[i];
	const char *why = scvp_why(j, i);
	char name[CERT_TEXT_MAX] = "(by reference)", when[TIME_TEXT_MAX];
	if (r->target != NULL)
		cert_text(r->target, name);
	time_rfc3339(r->reply->validation_time_ms, when);
	if (buf_put_fmt(out, err, "%s: %s%s%s, at %s\n", name,
			path_status_name(scvp_verdict(j, i)), why != NULL ? ", " : "",
			why != NULL ? why : "", when) != 0)
		return -1;
	for (size_t k = 0; k < r->reply->errors.n; k++) {
		const char *known = scvp_error_name(r->reply->errors.v[k]);
		if (buf_put_fmt(out, err, "  the server says: %s\n",
				known != NULL ? known : "another error") != 0)
			return -1;
	}
	if (text_path(&r->best, out, err) != 0 || text_evidence(r, out, err) != 0)
		return -1;
	return text_findings(j->findings, j->n_findings, (int)i, out, err);
}

int scvp_judgement_text(const struct scvp_judgement *j, struct buf *out,
			struct ltps_error *err)
{
	char name[CERT_TEXT_MAX] = "nobody";
	for (size_t i = 0; i < j->n_reports; i++)
		if (text_report(j, i, out, err) != 0)
			return -1;
	if (j->signer != NULL)
		cert_text(j->signer, name);
	if (buf_put_fmt(out, err, "the response of %s is %s\n", name,
			j->trusted ? "trusted" : "not trusted") != 0)
		return -1;
	return text_findings(j->findings, j->n_findings, -1, out, err);
}

/* ---- policies of a server ---- */

static void put_algorithms(struct jsonw *w, const char *key, struct scvp_list algs)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < algs.n; i++) {
		struct ltps_error bad = LTPS_ERROR_INIT;
		struct tlv t;
		if (tlv_only(algs.v[i], &t, &bad) == 0 &&
		    tlv_peek(t.body, &t, &bad) == 0)
			put_oid(w, t.body);
	}
	jsonw_array_end(w);
}

static void put_policies(struct jsonw *w, const struct scvp_vp_response *p)
{
	static const char *const types[] = { "cached", "non-cached", "both" };
	jsonw_object(w);
	jsonw_member_int(w, "version", (int64_t)p->version);
	jsonw_member_int(w, "max_cv_version", (int64_t)p->max_cv_version);
	jsonw_member_int(w, "max_vp_version", (int64_t)p->max_vp_version);
	jsonw_key(w, "configuration");
	jsonw_hex(w, p->config_id);
	put_time(w, "this_update", true, p->this_update_ms);
	put_time(w, "next_update", p->has_next_update, p->next_update_ms);
	put_oids(w, "checks", p->checks);
	put_oids(w, "want_backs", p->want_backs);
	put_oids(w, "policies", p->policies);
	put_oids(w, "algorithms", p->algorithms);
	put_oids(w, "auth_policies", p->auth_policies);
	jsonw_member(w, "response_types",
		     p->response_types < 3 ? types[p->response_types] : "?");
	jsonw_key(w, "defaults");
	put_policy(w, &p->defaults);
	jsonw_member_int(w, "revocation_types", (int64_t)p->revocation_types);
	put_algorithms(w, "signature_generation", p->signature_generation);
	put_algorithms(w, "signature_verification", p->signature_verification);
	put_oids(w, "hash_algorithms", p->hash_algorithms);
	jsonw_member_int(w, "clock_skew", (int64_t)p->clock_skew_min);
	put_octets(w, "nonce", p->has_nonce, p->nonce);
	jsonw_object_end(w);
}

void scvp_policy_judgement_json(const struct scvp_policy_judgement *j, struct jsonw *w)
{
	jsonw_object(w);
	jsonw_member_bool(w, "trusted", j->trusted);
	jsonw_key(w, "signer");
	put_name(w, j->signer);
	jsonw_key(w, "policies");
	if (j->response != NULL)
		put_policies(w, j->response);
	else
		jsonw_null(w);
	put_findings(w, j->findings, j->n_findings, -1);
	jsonw_object_end(w);
}

static int text_oids(const char *what, struct scvp_list oids, struct buf *out,
		     struct ltps_error *err)
{
	for (size_t i = 0; i < oids.n; i++) {
		char oid[OID_TEXT_MAX];
		oid_text(oids.v[i], oid);
		if (buf_put_fmt(out, err, "%s %s\n", what, oid) != 0)
			return -1;
	}
	return 0;
}

int scvp_policy_judgement_text(const struct scvp_policy_judgement *j, struct buf *out,
			       struct ltps_error *err)
{
	if (buf_put_fmt(out, err, "the response is %s\n",
			j->trusted ? "trusted" : "not trusted") != 0 ||
	    text_findings(j->findings, j->n_findings, -1, out, err) != 0)
		return -1;
	if (j->response == NULL)
		return 0;
	if (text_oids("policy", j->response->policies, out, err) != 0 ||
	    text_oids("check", j->response->checks, out, err) != 0 ||
	    text_oids("wantBack", j->response->want_backs, out, err) != 0 ||
	    text_oids("hash", j->response->hash_algorithms, out, err) != 0)
		return -1;
	return buf_put_fmt(out, err, "clock skew %llu min\n",
			   (unsigned long long)j->response->clock_skew_min);
}
