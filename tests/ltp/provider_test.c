/* SPDX-License-Identifier: Apache-2.0 */
/* A remote SCVP server as the judge of paths: when its word counts, and when ours. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "ltp/provider.h"
#include "storage/material.h"
#include "tests/support/scvp_kit.h"
#include "tests/support/storage_fixture.h"

static struct scvp_kit kit;
static struct material *anchors; /* of ours: no CA, no status */
static struct material *trust;   /* for the server */
static struct cert *target;
static struct clock now;
static struct provider provider;

/* ---- the server ---- */

enum fault { NONE, UNREACHABLE, CHANGED, BUSY, REPLAYED, GARBAGE, UNSIGNED };
static enum fault fault;
static size_t asked;
static struct buf earlier;
static int64_t server_now_ms;

static int answer(struct view body, struct buf *ret, struct ltps_error *err)
{
	const struct scvp_exchange x = { .body = body, .now_ms = server_now_ms };
	struct scvp_answer a = { .body = buf_make(SCVP_RESPONSE_MAX) };
	int rc = fault == BUSY ? scvp_refusal(&kit.config, SCVP_TOO_BUSY, server_now_ms,
					      &a.body, err)
			       : scvp_respond(&kit.config, &kit.archive, &x, &a, err);
	if (rc == 0)
		rc = buf_put(ret, view_buf(&a.body), err);
	buf_free(&a.body);
	return rc;
}

static int post(void *arg, struct view body, struct buf *ret, struct ltps_error *err)
{
	(void)arg;
	asked++;
	if (fault == UNREACHABLE)
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, NULL,
				 "connection refused");
	if (fault == GARBAGE)
		return buf_put_text(ret, "hello", err);
	if (fault == REPLAYED && earlier.n > 0)
		return buf_put(ret, view_buf(&earlier), err);
	int rc = answer(body, ret, err);
	if (fault == CHANGED && rc == 0)
		ret->p[ret->n - 1] ^= 1;
	if (fault == REPLAYED && rc == 0)
		rc = buf_put(&earlier, view_buf(ret), err);
	return rc;
}

static struct cert *cert_of(const struct fix_cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *ret = NULL;
	cr_assert_eq(cert_parse(c->der, &ret, &err), 0, "%s", err.text);
	return ret;
}

static void begin(void)
{
	scvp_kit_make(&kit);
	now = clock_fixed(KIT_NOW_MS);
	server_now_ms = KIT_NOW_MS;
	anchors = fix_material(kit.root, NULL);
	trust = fix_material(kit.root, kit.ca);
	target = cert_of(kit.ee);
	fault = NONE;
	asked = 0;
	earlier = buf_make(SCVP_RESPONSE_MAX);
	provider = (struct provider){ .url = "http://scvp.example/scvp",
				      .trust = trust,
				      .own_name = "ltps.example",
				      .post = post };
}

static void end(void)
{
	buf_free(&earlier);
	cert_free(target);
	material_free(trust);
	material_free(anchors);
	scvp_kit_free(&kit);
}

TestSuite(ltp_provider, .init = begin, .fini = end);

static struct path_input input(void)
{
	return (struct path_input){ .target = target,
				    .pools = { anchors },
				    .n_pools = 1,
				    .time_ms = KIT_NOW_MS };
}

static struct judged_path judge_from(const struct path_sources *s,
				     const struct path_input *in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct judged_path j = { 0 };
	cr_assert_eq(provider_judge(&provider, s, in, &j, &err), 0, "%s", err.text);
	return j;
}

static struct judged_path judge(const struct path_input *in)
{
	const struct path_sources s = { .clock = &now };
	return judge_from(&s, in);
}

static const struct path_finding *find(const struct judged_path *j, enum path_code code)
{
	for (size_t i = 0; i < j->result->n_findings; i++)
		if (j->result->findings[i].code == code)
			return &j->result->findings[i];
	return NULL;
}

/* ---- what it decides ---- */

Test(ltp_provider, server_decides_and_the_result_says_so)
{
	const struct path_input in = input();
	struct judged_path j = judge(&in);
	const struct path_finding *f = find(&j, PATH_DECIDED_REMOTELY);
	cr_assert_not_null(f, "%s", j.result->findings[0].text);
	cr_assert_null(find(&j, PATH_REMOTE_FAILED));
	cr_assert_not_null(strstr(f->text, "scvp.example"));
	cr_assert_eq(j.result->status, PATH_VALID);
	cr_assert_eq(j.result->best.n_certs, 3);
	cr_assert_eq(j.result->best.certs[0], target);
	cr_assert(view_equal(j.result->best.certs[2]->der, kit.root->der));
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(j.result->best.revocation[i].status, PATH_STATUS_GOOD);
		cr_assert_neq(j.result->best.revocation[i].source, PATH_SOURCE_NONE);
		cr_assert_eq(j.result->best.revocation[i].n_objects, 1);
	}
	judged_path_clear(&j);
}

Test(ltp_provider, revoked_certificate_is_invalid_by_its_word)
{
	const struct fix_revoked revoked = { .cert = kit.ee,
					     .at_ms = KIT_NOW_MS - FIX_DAY_MS,
					     .reason = FIX_NO_REASON };
	const struct path_input in = input();
	scvp_kit_revoke(&kit, &revoked);
	struct judged_path j = judge(&in);
	cr_assert_eq(j.result->status, PATH_INVALID);
	cr_assert_eq(j.result->why, PATH_REVOKED);
	cr_assert_not_null(find(&j, PATH_DECIDED_REMOTELY));
	judged_path_clear(&j);
}

Test(ltp_provider, without_revocation_none_is_claimed)
{
	struct path_input in = input();
	in.no_revocation = true;
	struct judged_path j = judge(&in);
	cr_assert_eq(j.result->status, PATH_VALID);
	cr_assert_not_null(find(&j, PATH_DECIDED_REMOTELY));
	cr_assert_null(j.result->best.revocation);
	judged_path_clear(&j);
}

/* ---- when ours decides ---- */

/* With what is at hand here, it is undetermined. */
static void expect_local(const struct path_input *in, const char *why)
{
	struct judged_path j = judge(in);
	const struct path_finding *f = find(&j, PATH_REMOTE_FAILED);
	cr_assert_not_null(f, "%s", why);
	cr_assert_not_null(strstr(f->text, why), "%s: %s", why, f->text);
	cr_assert_null(find(&j, PATH_DECIDED_REMOTELY));
	cr_assert_eq(j.result->status, PATH_UNDETERMINED);
	judged_path_clear(&j);
}

Test(ltp_provider, failing_server_leaves_it_to_us)
{
	static const struct {
		enum fault fault;
		const char *why;
	} cases[] = {
		{ UNREACHABLE, "connection refused" },
		{ GARBAGE, "SCVP_UNREADABLE" },
		{ BUSY, "SCVP_SERVER_ERROR" },
		{ CHANGED, "SCVP_SIGNATURE" },
	};
	const struct path_input in = input();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fault = cases[i].fault;
		expect_local(&in, cases[i].why);
	}
	cr_assert_eq(asked, 4);
}

Test(ltp_provider, answer_to_an_earlier_question_is_none)
{
	const struct path_input in = input();
	fault = REPLAYED;
	struct judged_path j = judge(&in);
	cr_assert_not_null(find(&j, PATH_DECIDED_REMOTELY));
	judged_path_clear(&j);
	expect_local(&in, "SCVP_NONCE");
}

Test(ltp_provider, server_that_lives_in_the_past_is_not_believed)
{
	const struct path_input in = input();
	server_now_ms = KIT_NOW_MS - 20 * (int64_t)60000;
	expect_local(&in, "SCVP_PRODUCED_OLD");
}

Test(ltp_provider, server_of_another_pki_is_not_believed)
{
	const struct path_input in = input();
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *empty = NULL;
	cr_assert_eq(material_new(&empty, &err), 0);
	provider.trust = empty;
	expect_local(&in, "SCVP_SERVER_PATH");
	material_free(empty);
}

Test(ltp_provider, only_our_anchors_count)
{
	const struct fix_cert_options o = { .cn = "another root", .ca = true };
	struct fix_cert *root = fix_cert_make(&o);
	struct cert *other = cert_of(root);
	const struct cert *own[] = { other };
	struct path_input in = input();
	in.anchors = own;
	in.n_anchors = 1;
	struct judged_path j = judge(&in);
	cr_assert_eq(asked, 1);
	cr_assert_neq(j.result->status, PATH_VALID);
	judged_path_clear(&j);
	cert_free(other);
	fix_cert_free(root);
}

Test(ltp_provider, what_scvp_cannot_express_is_not_asked)
{
	struct path_input in = input();
	in.model = PATH_CHAIN;
	expect_local(&in, "chain model");
	in = input();
	in.known_ms = KIT_NOW_MS + 1000;
	expect_local(&in, "hindsight");
	in = input();
	in.max_age_ms = 1;
	expect_local(&in, "freshness");
	in = input();
	in.n_pools = 0;
	expect_local(&in, "no trust anchors");
	cr_assert_eq(asked, 0);
}

Test(ltp_provider, without_network_nothing_is_sent)
{
	const struct path_input in = input();
	provider.post = NULL;
	expect_local(&in, "network");
}

Test(ltp_provider, local_judge_may_well_say_valid)
{
	struct path_input in = input();
	in.pools[in.n_pools++] = kit.pool;
	fault = UNREACHABLE;
	struct judged_path j = judge(&in);
	cr_assert_eq(j.result->status, PATH_VALID);
	cr_assert_not_null(find(&j, PATH_REMOTE_FAILED));
	judged_path_clear(&j);
}

/* ---- the store ---- */

struct row {
	size_t n;
	uint64_t size;
	int64_t produced_ms;
	char source[64];
};
static int count_row(void *arg, const struct material_row *row, struct ltps_error *err)
{
	struct row *r = arg;
	(void)err;
	r->n++;
	r->size = row->size;
	r->produced_ms = row->produced_ms;
	snprintf(r->source, sizeof(r->source), "%s", row->source);
	return 0;
}

Test(ltp_provider, verified_answer_becomes_material_and_no_other)
{
	char dir[4096], hex[65], key[80];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *store = NULL;
	struct store_conn *reader = NULL;
	const struct path_input in = input();
	struct row row = { 0 };
	fixture_start(dir, &store, &reader);
	struct path_sources s = { .clock = &now, .store = store };
	hex_encode(view_of(target->sha256, 32), hex);
	snprintf(key, sizeof(key), "scvp %s", hex);
	fault = CHANGED;
	struct judged_path j = judge_from(&s, &in);
	judged_path_clear(&j);
	cr_assert_eq(material_by_key(reader, MATERIAL_ROW_SCVP, view_text(key),
				     INT64_MAX, count_row, &row, &err),
		     0);
	cr_assert_eq(row.n, 0);
	fault = NONE;
	j = judge_from(&s, &in);
	judged_path_clear(&j);
	cr_assert_eq(material_by_key(reader, MATERIAL_ROW_SCVP, view_text(key),
				     INT64_MAX, count_row, &row, &err),
		     0);
	cr_assert_eq(row.n, 1);
	cr_assert_gt(row.size, 1000);
	cr_assert_eq(row.produced_ms, KIT_NOW_MS);
	cr_assert_str_eq(row.source, provider.url);
	fixture_stop(dir, store, reader);
}
