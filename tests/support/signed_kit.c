/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/signed_kit.h"

#include <criterion/criterion.h>

#include "ltp/inside.h"
#include "ltp/seal.h"
#include "ltp/signatures.h"
#include "ltp/validation.h"
#include "tests/support/cades_kit.h"
#include "tests/support/pades_kit.h"

static struct buf sign(struct ltp_kit *k, struct view data, bool enveloping, bool pdf)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	struct content content = content_of(data);
	const struct path_sources sources = worker_sources(k->w, true);
	const struct signatures_judging j = { .w = k->w,
					      .policy = policy_of(k->ltp, k->profile),
					      .now_ms = clock_now_ms(&k->clock) };
	const struct seal_input in = { .content = &content,
				       .enveloping = enveloping,
				       .key = k->key,
				       .digest = DIGEST_SHA256,
				       .augment = { .level = LEVEL_B,
						    .digest = DIGEST_SHA256,
						    .sources = &sources,
						    .judgement = signatures_input(&j),
						    .clock = &k->clock } };
	cr_assert_eq(pdf ? seal_pades(&in, &a, &err) : seal_cades(&in, &a, &err), 0,
		     "%s", err.text);
	cr_assert_eq(a.outcome, AUGMENT_DONE, "%s", a.text);
	struct buf out = a.out;
	a.out = buf_make(0);
	augmented_clear(&a);
	return out;
}

struct buf signed_kit_cades(struct ltp_kit *k, const char *text, bool detached)
{
	return sign(k, view_text(text), !detached, false);
}

static struct fix_cert holder(struct ltp_kit *k, const char *name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_issue how = { .kind = DEVPKI_EE, .name = name };
	const struct devpki_cert *c = NULL;
	cr_assert_eq(devpki_issue(pki_server_enter(k->pki), &how, &c, &err), 0, "%s",
		     err.text);
	pki_server_leave(k->pki);
	return (struct fix_cert){ .x = c->x509, .key = c->key, .der = c->der };
}

struct buf signed_kit_cades_by_two(struct ltp_kit *k)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fix_cert a = holder(k, "buyer"), b = holder(k, "seller");
	const int64_t now_ms = clock_now_ms(&k->clock) / 1000 * 1000;
	const struct cades_kit_signer s[2] = { { .cert = &a, .signing_ms = now_ms },
					       { .cert = &b, .signing_ms = now_ms } };
	const struct view file =
	    cades_kit_make(&(struct cades_kit_make){ .signers = s, .n_signers = 2 });
	struct buf out = buf_make(file.n);
	cr_assert_eq(buf_put(&out, file, &err), 0, "%s", err.text);
	return out;
}

struct buf signed_kit_pades(struct ltp_kit *k)
{
	return sign(k, pades_kit_blank(NULL), false, true);
}

enum signature_level signed_kit_level(struct ltp_kit *k, struct view file,
				      struct view content)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct document *doc = NULL;
	struct content c = content_of(content);
	struct judged j = { 0 };
	const struct path_sources sources = worker_sources(k->w, true);
	const struct signatures_judging how = { .w = k->w,
						.policy = policy_of(k->ltp, k->profile),
						.now_ms = clock_now_ms(&k->clock) };
	struct engine_input in = signatures_input(&how);
	cr_assert_eq(validation_read(file, VIEW_NULL, content.n > 0 ? &c : NULL, NULL,
				     &doc, &err),
		     0, "%s", err.text);
	in.document = doc;
	cr_assert_eq(judge_document(&sources, &in, &j, &err), 0, "%s", err.text);
	cr_assert_eq(j.report->n_signatures, 1);
	const struct report_signature *s = &j.report->signatures[0];
	cr_assert_eq(s->conclusion.indication, INDICATION_PASSED, "%s",
		     s->conclusion.text);
	const enum signature_level level = s->level;
	judged_clear(&j);
	document_free(doc);
	return level;
}
