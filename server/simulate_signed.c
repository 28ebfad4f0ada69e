/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate_signed - what the world signs: CMS with its content inside, and PDFs, at
 * baseline B, by certificates of a CA of their own whose status the world serves. All
 * that they need beyond that, the service has to get in time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "ltp/seal.h"
#include "server/simulate.h"

#define SIGNERS_ROOT_DAYS (20 * 365)
#define SIGNERS_CA_DAYS (10 * 365)
#define SIGNER_DAYS (2 * 365)
/* Of three signers one is revoked after this: what it signed before stays good. */
#define REVOKED_EVERY 3
/* What is signed with was issued some time ago: EN 319 102-1 5.6.2.4 lets count what is
 * proven "after the issuance date". */
#define ISSUED_BEFORE_MS (30 * SIM_DAY_MS)
#define REVOKED_AFTER_MS (200 * SIM_DAY_MS)
#define PLAIN_MAX ((size_t)1 << 20)

/* ---- which ---- */

/* As many as are wanted, spread evenly. */
bool sim_is_signed(const struct sim *s, uint64_t object)
{
	const uint64_t n = s->o.signed_objects, of = s->o.objects;
	return object < of && (object + 1) * n / of > object * n / of;
}

bool sim_is_pdf(const struct sim *s, uint64_t object)
{
	return sim_is_signed(s, object) &&
	       object * s->o.signed_objects / s->o.objects % 2 == 1;
}

size_t sim_parts_of(const struct sim *s, uint64_t object)
{
	return sim_is_signed(s, object) ? 1 : sim_parts(object);
}

/* ---- files: signatures differ from run to run, so that they are kept ---- */

static int path_of(const struct sim *s, uint64_t object, char out[SIM_PATH_MAX],
		   struct ltps_error *err)
{
	char name[64];
	snprintf(name, sizeof(name), "signed/%" PRIu64, object);
	return file_join(s->dir, name, out, SIM_PATH_MAX, err);
}

int sim_handed_in(const struct sim *s, uint64_t object, size_t part, struct buf *out,
		  struct ltps_error *err)
{
	char path[SIM_PATH_MAX];
	if (!sim_is_signed(s, object))
		return sim_content(s->o.seed, object, part, out, err);
	return path_of(s, object, path, err) != 0 ? -1 : file_read(path, out, err);
}

/* ---- the signers' PKI ---- */

/* The first of these whose end nobody has announced. */
static enum digest_alg digest_of_the_day(const struct sim *s)
{
	static const enum digest_alg list[] = { DIGEST_SHA256, DIGEST_SHA512,
						DIGEST_SHA384, DIGEST_SHA3_512 };
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		for (size_t k = 0; k < s->n_limits; k++)
			if (digest_has_name(list[i], s->limits[k].algorithm) &&
			    s->limits[k].until_ms == INT64_MAX)
				return list[i];
	return DIGEST_SHA3_512;
}

static enum devpki_key key_of_the_day(const struct sim *s)
{
	for (size_t k = 0; k < s->n_limits; k++)
		if (strcmp(s->limits[k].algorithm, "ECDSA") == 0 &&
		    s->limits[k].min_bits <= 256 && s->limits[k].until_ms == INT64_MAX)
			return DEVPKI_KEY_P256;
	return DEVPKI_KEY_P521;
}

static int new_root(struct sim *s, enum devpki_key key, struct ltps_error *err)
{
	struct sim_signers *g = &s->signers;
	const struct devpki_issue how = { .key = key,
					  .days = SIGNERS_ROOT_DAYS,
					  .not_before_ms =
					      sim_now(s) - ISSUED_BEFORE_MS };
	if (s->n_anchors == SIM_ROOTS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "more than %d roots", SIM_ROOTS_MAX);
	if (devpki_rollover(s->pki, DEVPKI_ROOT, 0, &how, &g->root, err) != 0)
		return -1;
	g->root_ends_ms = sim_now(s) + SIGNERS_ROOT_DAYS * SIM_DAY_MS;
	s->anchors[s->n_anchors++] = g->root;
	s->restart = true;
	return sim_calendar_add(&s->calendar, g->root_ends_ms + 10 * SIM_DAY_MS,
				SIM_ROOT_ENDS, (int64_t)g->root->serial, 0, err);
}

/* Another CA when this one does not last, or its algorithms do not. */
static int need_ca(struct sim *s, struct ltps_error *err)
{
	struct sim_signers *g = &s->signers;
	const enum devpki_key key = key_of_the_day(s);
	const enum digest_alg digest = digest_of_the_day(s);
	const bool other = g->ca == NULL || g->key != key || g->digest != digest;
	const int64_t now_ms = sim_now(s);
	if (!other && g->ca_ends_ms > now_ms + 2 * SIGNER_DAYS * SIM_DAY_MS)
		return 0;
	if ((other || g->root_ends_ms < now_ms + SIGNERS_CA_DAYS * SIM_DAY_MS) &&
	    new_root(s, key, err) != 0)
		return -1;
	const struct devpki_issue how = { .key = key,
					  .days = SIGNERS_CA_DAYS,
					  .not_before_ms = now_ms - ISSUED_BEFORE_MS,
					  .issuer = g->root };
	g->key = key;
	g->digest = digest;
	g->ca_ends_ms = now_ms + SIGNERS_CA_DAYS * SIM_DAY_MS;
	return devpki_rollover(s->pki, DEVPKI_CA, 0, &how, &g->ca, err);
}

/* ret: certificate and chain free with cert_free() */
static int new_signer(struct sim *s, struct signing_key *ret, struct ltps_error *err)
{
	const struct devpki_cert *c;
	if (need_ca(s, err) != 0)
		return -1;
	const struct devpki_issue how = { .kind = DEVPKI_EE,
					  .key = s->signers.key,
					  .days = SIGNER_DAYS,
					  .not_before_ms =
					      sim_now(s) - ISSUED_BEFORE_MS,
					  .issuer = s->signers.ca };
	if (devpki_issue(s->pki, &how, &c, err) != 0 ||
	    cert_parse(c->der, &ret->certificate, err) != 0 ||
	    cert_parse(s->signers.ca->der, &ret->chain[0], err) != 0)
		return -1;
	ret->n_chain = 1;
	ret->key = c->key;
	if (s->signers.made++ % REVOKED_EVERY != 1)
		return 0;
	return devpki_revoke(s->pki, c->serial, sim_now(s) + REVOKED_AFTER_MS,
			     DEVPKI_REASON_SUPERSEDED, err);
}

/* ---- signing ---- */

static int put_object(struct buf *out, size_t offsets[], unsigned n, const char *body,
		      struct ltps_error *err)
{
	offsets[n] = out->n;
	return buf_put_fmt(out, err, "%u 0 obj\n%s\nendobj\n", n, body);
}

/* ISO 32000-2 7.5: one page with one line. */
static int plain_pdf(const struct sim *s, uint64_t object, struct buf *out,
		     struct ltps_error *err)
{
	char text[200], stream[300];
	size_t at[6];
	snprintf(text, sizeof(text),
		 "BT /F1 12 Tf 72 720 Td (Object %" PRIu64 " of %" PRIu64 ") Tj ET",
		 object, s->o.seed);
	snprintf(stream, sizeof(stream), "<</Length %zu>>\nstream\n%s\nendstream",
		 strlen(text), text);
	const char *const objects[] = {
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
		"/Resources<</Font<</F1 5 0 R>>>>>>",
		stream,
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	};
	if (buf_put_fmt(out, err, "%%PDF-1.7\n%%\xe2\xe3\xcf\xd3\n") != 0)
		return -1;
	for (unsigned i = 0; i < 5; i++)
		if (put_object(out, at, i + 1, objects[i], err) != 0)
			return -1;
	const size_t table = out->n;
	if (buf_put_fmt(out, err, "xref\n0 6\n0000000000 65535 f \n") != 0)
		return -1;
	for (unsigned i = 1; i < 6; i++)
		if (buf_put_fmt(out, err, "%010zu 00000 n \n", at[i]) != 0)
			return -1;
	return buf_put_fmt(out, err,
			   "trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%zu\n%%%%EOF\n",
			   table);
}

static int keep(const struct sim *s, uint64_t object, const struct augmented *a,
		struct ltps_error *err)
{
	char dir[SIM_PATH_MAX], path[SIM_PATH_MAX];
	if (a->outcome != AUGMENT_DONE)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "object %" PRIu64 " is not signed: %.200s", object,
				 a->text);
	if (file_join(s->dir, "signed", dir, sizeof(dir), err) != 0 ||
	    file_make_dir(dir, 0755, err) != 0 || path_of(s, object, path, err) != 0)
		return -1;
	return file_write(path, view_buf(&a->out), 0644, err);
}

/* At baseline B, nothing asked of anybody. */
static int sign_with(struct sim *s, uint64_t object, const struct signing_key *key,
		     const struct validation_policy *policy, struct ltps_error *err)
{
	const bool pdf = sim_is_pdf(s, object);
	const struct clock clock = clock_fixed(sim_now(s));
	const struct path_sources sources = { .clock = &clock };
	struct augmented a = { .retry_ms = INT64_MIN };
	struct buf plain = buf_make(PLAIN_MAX);
	int rc = pdf ? plain_pdf(s, object, &plain, err)
		     : sim_content(s->o.seed, object, 0, &plain, err);
	struct content content = content_of(view_buf(&plain));
	const struct seal_input in = {
		.content = &content,
		.enveloping = true,
		.key = key,
		.digest = s->signers.digest,
		.augment = { .level = LEVEL_B,
			     .digest = s->signers.digest,
			     .sources = &sources,
			     .judgement = { .policy = policy, .time_ms = sim_now(s) },
			     .clock = &clock },
	};
	if (rc == 0)
		rc = pdf ? seal_pades(&in, &a, err) : seal_cades(&in, &a, err);
	if (rc == 0)
		rc = keep(s, object, &a, err);
	augmented_clear(&a);
	buf_free(&plain);
	return rc;
}

static int make_one(struct sim *s, uint64_t object, struct ltps_error *err)
{
	struct validation_policy *policy = NULL;
	struct signing_key key = { 0 };
	int rc = sim_policy_of(s, &policy, err);
	if (rc == 0)
		rc = new_signer(s, &key, err);
	if (rc == 0)
		rc = sign_with(s, object, &key, policy, err);
	cert_free(key.certificate);
	cert_free(key.chain[0]);
	validation_policy_free(policy);
	return rc;
}

int sim_signed_make(struct sim *s, uint64_t from, uint64_t to, struct ltps_error *err)
{
	char path[SIM_PATH_MAX];
	for (uint64_t k = from; k < to; k++) {
		if (!sim_is_signed(s, k))
			continue;
		if (path_of(s, k, path, err) != 0)
			return -1;
		if (access(path, F_OK) != 0 && make_one(s, k, err) != 0)
			return -1;
	}
	return 0;
}
