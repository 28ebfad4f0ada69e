/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenarios of PDFs: read, judged, sealed, augmented. A failed allocation may end each;
 * it never changes a verdict, and never leaves half a file.
 */
#include <string.h>

#include "ltp/seal.h"
#include "ltp/validation.h"
#include "tests/interop/records_stamp.h"
#include "tests/oom/oom.h"
#include "tests/support/pades_kit.h"

#define NOW KIT_DAY(3)

static struct {
	struct cades_kit_scene scene;
	struct view plain, stamped, whole; /* unsigned, B-T, B-LTA */
	struct document *document;         /* of the whole: its material */
	struct validation_policy *policy;
	struct clock clock;
	struct buf augmented; /* stamped, with all the memory */
} s;

static struct path_sources sources(void)
{
	return (struct path_sources){ .clock = &s.clock };
}

/* The anchors, and whatever is in the whole file. */
static struct engine_input judgement(const struct material *pools[2])
{
	pools[0] = s.scene.anchors;
	pools[1] = s.document->material;
	return (struct engine_input){
		.policy = s.policy, .pools = pools, .n_pools = 2, .time_ms = NOW
	};
}

static int read_file(struct view file, struct document **ret, struct ltps_error *err)
{
	return validation_read(file, VIEW_NULL, NULL, NULL, ret, err);
}

static int judge(struct ltps_error *err)
{
	const struct material *pools[2];
	const struct path_sources none = sources();
	struct engine_input in = judgement(pools);
	struct document *d = NULL;
	struct judged j = { 0 };
	int rc = read_file(s.whole, &d, err);
	in.document = d;
	if (rc == 0)
		rc = judge_document(&none, &in, &j, err);
	if (rc == 0 && (j.report->n_signatures != 1 ||
			j.report->signatures[0].level != LEVEL_LTA ||
			j.report->indication != INDICATION_PASSED))
		rc = OOM_OTHER;
	judged_clear(&j);
	document_free(d);
	return rc;
}

static int augment_to(struct buf *out, struct ltps_error *err)
{
	const struct material *pools[2];
	const struct path_sources none = sources();
	const struct augment_input in = { .file = s.stamped,
					  .level = LEVEL_LT,
					  .digest = DIGEST_SHA256,
					  .sources = &none,
					  .judgement = judgement(pools),
					  .clock = &s.clock };
	struct augmented a = { 0 };
	if (augment_document(&in, &a, err) != 0)
		return -1;
	int rc = a.outcome == AUGMENT_DONE && a.tokens == 0 ? 0 : OOM_OTHER;
	if (rc == 0)
		rc = buf_put(out, view_buf(&a.out), err);
	augmented_clear(&a);
	return rc;
}

static int augment(struct ltps_error *err)
{
	struct buf out = buf_make(OOM_BYTES_MAX);
	int rc = augment_to(&out, err);
	if (rc == 0 && !view_equal(view_buf(&out), view_buf(&s.augmented)))
		rc = OOM_OTHER;
	buf_free(&out);
	return rc;
}

static int seal_with(const struct signing_key *key, struct ltps_error *err)
{
	const struct material *pools[2];
	const struct path_sources none = sources();
	struct content content = content_of(s.plain);
	struct augmented a = { 0 };
	const struct seal_input in = {
		.content = &content,
		.key = key,
		.digest = DIGEST_SHA256,
		.augment = { .level = LEVEL_B,
			     .digest = DIGEST_SHA256,
			     .sources = &none,
			     .judgement = judgement(pools),
			     .clock = &s.clock },
	};
	int rc = seal_pades(&in, &a, err);
	if (rc == 0 && (a.outcome != AUGMENT_DONE ||
			!a.judged.report->signatures[0].signature_intact ||
			!view_starts(view_buf(&a.out), s.plain)))
		rc = OOM_OTHER;
	augmented_clear(&a);
	return rc;
}

static int seal(struct ltps_error *err)
{
	struct signing_key key = { .key = s.scene.signer->key };
	if (cert_parse(s.scene.signer->der, &key.certificate, err) != 0)
		return -1;
	const int rc = seal_with(&key, err);
	cert_free(key.certificate);
	return rc;
}

void oom_pdf_make(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	s.scene = cades_kit_scene(NULL);
	s.plain = pades_kit_blank(
	    &(struct pades_kit_pdf){ .style = PADES_KIT_STREAM, .form = true });
	s.stamped = pades_kit_typical(&s.scene, CADES_KIT_T);
	s.whole = pades_kit_typical(&s.scene, CADES_KIT_LTA);
	s.clock = clock_fixed(NOW);
	s.augmented = buf_make(OOM_BYTES_MAX);
	must(validation_policy_builtin("default", &s.policy, &err), "policy", &err);
	must(read_file(s.whole, &s.document, &err), "PDF", &err);
	must(augment_to(&s.augmented, &err), "augmented PDF", &err);
}

void oom_pdf_free(void)
{
	buf_free(&s.augmented);
	document_free(s.document);
	validation_policy_free(s.policy);
	cades_kit_scene_free(&s.scene);
}

const struct oom_case oom_pdf[] = {
	{ "pdf: judge", judge },
	{ "pdf: seal", seal },
	{ "pdf: augment", augment },
	{ 0 },
};
