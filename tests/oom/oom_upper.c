/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of devpki/ and ltp/. */
#include <string.h>

#include "ltp/profile.h"
#include "ltp/seal.h"
#include "tests/interop/records_stamp.h"
#include "tests/oom/oom.h"

static int pki_create(struct ltps_error *err)
{
	struct devpki_options options = { .clock = clock_fixed(step_time(0)),
					  .n_tsa = 1 };
	struct devpki *p = NULL;
	int rc = devpki_create(NULL, &options, &p, err);
	devpki_free(p);
	return rc;
}

/* Each answer that the responders give over HTTP. */
static int ask(const char *method, const char *path, const char *type, struct view body,
	       struct ltps_error *err)
{
	struct devpki_request request = { .method = view_text(method),
					  .path = view_text(path),
					  .content_type = view_text(type),
					  .body = body };
	struct devpki_answer answer;
	int status;

	if (devpki_handle(world.pki, &request, &answer, err) != 0)
		return -1;
	status = answer.status;
	devpki_answer_free(&answer);
	if (status == 200)
		return 0;
	return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL, "%s answers %d",
			 path, status);
}

static int pki_stamp(struct ltps_error *err)
{
	return ask("POST", "/tsa", "application/timestamp-query",
		   view_buf(&world.question), err);
}

static int pki_crl(struct ltps_error *err)
{
	return ask("GET", "/crl/ca.crl", "", VIEW_NULL, err);
}

static int pki_ocsp(struct ltps_error *err)
{
	return ask("POST", "/ocsp", "application/ocsp-request",
		   view_buf(&world.ocsp_question), err);
}

/* Answered by malformedRequest. */
static int pki_ocsp_malformed(struct ltps_error *err)
{
	return ask("POST", "/ocsp", "application/ocsp-request", view_text("no request"),
		   err);
}

static int pki_files(struct ltps_error *err)
{
	if (ask("GET", "/anchors.pem", "", VIEW_NULL, err) != 0)
		return -1;
	return ask("GET", "/aia/ca.cer", "", VIEW_NULL, err);
}

static int pki_state(struct ltps_error *err)
{
	return ask("GET", "/control/state", "", VIEW_NULL, err);
}

static int profile(struct ltps_error *err)
{
	static const char text[] =
	    "[profile]\n"
	    "id = urn:example:profile:1\n"
	    "scheme = http://uri.etsi.org/19512/scheme/pds+pgd+aug+wst+ers\n"
	    "description = \"an example\"\n"
	    "goal = http://uri.etsi.org/19512/goal/pgd\n"
	    "storage = WithStorage\n"
	    "operation = RetrieveInfo\n"
	    "operation = PreservePO\n"
	    "operation = RetrievePO\n"
	    "operation = DeletePO\n"
	    "po_format = http://uri.etsi.org/ades/ASiC/type/ASiC-ERS\n"
	    "evidence_format = urn:ietf:rfc:4998:EvidenceRecord\n"
	    "evidence_policy = urn:example:policy:1\n"
	    "valid_from = 2026-01-01T00:00:00Z\n"
	    "period = P50Y\n"
	    "period_end = keep\n"
	    "digest = sha256\n"
	    "tree_max_leaves = 1000\n"
	    "tree_max_age = 1m\n"
	    "tree_max_bytes = 1G\n"
	    "max_po_bytes = 1M\n"
	    "max_pos = 10\n";
	struct profile *p = NULL;
	int rc = profile_parse(view_text(text), "profile", &p, err);
	profile_free(p);
	return rc;
}

static int profiles(struct ltps_error *err)
{
	struct profile *list[PROFILES_MAX];
	size_t n = 0;

	if (profile_builtin(list, PROFILES_MAX, &n, err) != 0)
		return -1;
	while (n > 0)
		profile_free(list[--n]);
	return 0;
}

/* By whatever key of the PKI, without a source: signed, written, read, judged. */
static int seal_with(const struct validation_policy *policy, struct ltps_error *err)
{
	const struct devpki_cert *c = devpki_active(world.pki, DEVPKI_TSA, 0);
	const struct material *pools[] = { world.material };
	const struct clock clock = clock_fixed(world.judged_ms);
	const struct path_sources none = { .clock = &clock };
	struct content content = content_of(world.data);
	struct signing_key key = { .key = c->key };
	struct augmented a = { 0 };
	const struct seal_input in = {
		.content = &content,
		.enveloping = true,
		.mime_type = "text/plain",
		.key = &key,
		.digest = DIGEST_SHA256,
		.augment = { .level = LEVEL_B,
			     .digest = DIGEST_SHA256,
			     .sources = &none,
			     .judgement = { .policy = policy,
					    .pools = pools,
					    .n_pools = 1,
					    .time_ms = world.judged_ms },
			     .clock = &clock },
	};
	if (cert_parse(c->der, &key.certificate, err) != 0)
		return -1;
	int rc = seal_cades(&in, &a, err);
	if (rc == 0 && (a.outcome != AUGMENT_DONE ||
			!a.judged.report->signatures[0].signature_intact))
		rc = OOM_OTHER;
	augmented_clear(&a);
	cert_free(key.certificate);
	return rc;
}

static int seal(struct ltps_error *err)
{
	struct validation_policy *policy = NULL;
	if (validation_policy_builtin("default", &policy, err) != 0)
		return -1;
	int rc = seal_with(policy, err);
	validation_policy_free(policy);
	return rc;
}

const struct oom_case oom_upper[] = {
	{ "devpki: create", pki_create },
	{ "devpki: time-stamp", pki_stamp },
	{ "devpki: CRL", pki_crl },
	{ "devpki: OCSP", pki_ocsp },
	{ "devpki: malformed OCSP", pki_ocsp_malformed },
	{ "devpki: files", pki_files },
	{ "devpki: state", pki_state },
	{ "ltp: profile", profile },
	{ "ltp: profiles built in", profiles },
	{ "ltp: seal", seal },
	{ 0 },
};
