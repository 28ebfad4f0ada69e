/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/continued_kit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "ltp/check.h"
#include "ltp/continued.h"
#include "ltp/evidence.h"
#include "storage/fsck.h"
#include "storage/object.h"
#include "validation/ers_verify.h"

struct ltp_kit ckit_kits[CKIT_SERVICES];
size_t ckit_n;
struct algorithm_limit ckit_limits[CKIT_COUNT];
struct algorithm_policy ckit_policy;

static struct ltps_error err;
static struct buf records[16]; /* until the test ends */
static size_t n_records;

#define MUST(call) cr_assert_eq((call), 0, "%s: %s (%s)", #call, err.text, err.where)

void ckit_end(void)
{
	while (ckit_n > 0)
		ltp_kit_stop(&ckit_kits[--ckit_n]);
	while (n_records > 0)
		buf_free(&records[--n_records]);
}

/* ---- services ---- */

static void set_policy(void)
{
	static const char *const NAMES[CKIT_COUNT] = {
		"sha256", "sha384", "sha512", "sha3-256", "sha3-512", "ECDSA"
	};
	for (int i = 0; i < CKIT_COUNT; i++)
		ckit_limits[i] =
		    (struct algorithm_limit){ .algorithm = NAMES[i],
					      .min_bits = i == CKIT_ECDSA ? 224 : 0,
					      .until_ms = INT64_MAX };
	ckit_policy =
	    (struct algorithm_policy){ .limits = ckit_limits, .n = CKIT_COUNT };
}

static void ckit_trust(struct ltp_kit *here, struct ltp_kit *there)
{
	struct buf anchors = buf_make(1 << 20);
	MUST(devpki_anchors(pki_server_enter(there->pki), &anchors, &err));
	pki_server_leave(there->pki);
	MUST(material_add_text_or_der(here->trust, MATERIAL_ANCHOR, view_buf(&anchors),
				      &err));
	buf_free(&anchors);
}

void ckit_change_pki(struct ltp_kit *k)
{
	static const enum devpki_kind KINDS[] = { DEVPKI_ROOT, DEVPKI_CA };
	const struct devpki_cert *c;
	struct devpki *p = pki_server_enter(k->pki);
	devpki_set_digest(p, DIGEST_SHA384);
	for (size_t i = 0; i < 2; i++)
		MUST(devpki_rollover(p, KINDS[i], 0, NULL, &c, &err));
	for (unsigned slot = 0; slot < 2; slot++)
		MUST(devpki_rollover(p, DEVPKI_TSA, slot, NULL, &c, &err));
	pki_server_leave(k->pki);
	ltp_kit_trust(k);
}

struct ltp_kit *ckit_start(const char *profile_change, unsigned n_tsas)
{
	struct ltp_kit *k = &ckit_kits[ckit_n++];
	const struct ltp_kit_upkeep how = { .profile_change = profile_change,
					    .n_tsas = n_tsas,
					    .algorithms = &ckit_policy,
					    .options = { .threads = 2 } };
	if (ckit_policy.n == 0)
		set_policy();
	ltp_kit_start_upkeep(k, &how);
	ltp_kit_close(k);
	ckit_change_pki(k);
	for (size_t i = 0; i + 1 < ckit_n; i++)
		ckit_trust(k, &ckit_kits[i]);
	if (ckit_n > 1)
		ltp_kit_pass(k, clock_now_ms(&ckit_kits[0].clock) -
				    clock_now_ms(&k->clock));
	ltp_kit_open(k);
	return k;
}

void ckit_pass(int64_t ms)
{
	for (size_t i = 0; i < ckit_n; i++)
		ltp_kit_pass(&ckit_kits[i], ms);
}

void ckit_live(struct ltp_kit *k)
{
	for (int i = 0; i < 4; i++) {
		ckit_pass(DAY_MS / 2);
		ltp_kit_work(k);
	}
}

void ckit_settle(void)
{
	ckit_pass(2001);
	for (size_t i = 0; i < ckit_n; i++)
		ltp_kit_work(&ckit_kits[i]);
}

int64_t ckit_now(void)
{
	return clock_now_ms(&ckit_kits[0].clock);
}

void ckit_end_digest(enum digest_alg alg)
{
	for (int i = 0; i < CKIT_COUNT; i++)
		if (strcmp(ckit_limits[i].algorithm, digest_name(alg)) == 0)
			ckit_limits[i].until_ms = ckit_now() + 30 * DAY_MS;
}

/* ---- objects ---- */

struct ltp_po ckit_text(const char *id, const char *data)
{
	return (
	    struct ltp_po){ .data = view_text(data), .mime = "text/plain", .id = id };
}

struct ltp_po ckit_record_po(struct view record)
{
	return (struct ltp_po){ .data = record, .format_id = URI_ER_CONTINUED };
}

struct view ckit_keep(struct buf record)
{
	cr_assert_lt(n_records, sizeof(records) / sizeof(records[0]));
	records[n_records++] = record;
	return view_buf(&record);
}

struct view ckit_record_of(struct ltp_kit *k, const char *poid, const char *version)
{
	struct ltp_retrieved r = { 0 };
	struct ltp_result result;
	struct buf out = buf_make(ERS_SIZE_MAX);
	const struct ltp_retrieve_request req = { .caller = { "", "tester" },
						  .poid = poid,
						  .versions = &version,
						  .n_versions = 1,
						  .subject = SUBJECT_EVIDENCE };
	MUST(ltp_retrieve(k->w, &req, &r, &result, &err));
	cr_assert_eq(result.minor, LTP_OK, "%s", result.message);
	cr_assert_eq(r.n_pos, 1);
	MUST(buf_put(&out, view_buf(&r.pos[0].data), &err));
	ltp_retrieved_clear(&r);
	return ckit_keep(out);
}

void ckit_preserve(struct ltp_kit *k, const char *const *texts, size_t n,
		   struct view record, char poid[64])
{
	static const char *const IDS[] = { "a", "b", "c" };
	struct ltp_po pos[4];
	for (size_t i = 0; i < n; i++)
		pos[i] = ckit_text(IDS[i], texts[i]);
	if (record.n > 0)
		pos[n++] = ckit_record_po(record);
	cr_assert_eq(ltp_kit_preserve(k, pos, n, poid), LTP_OK, "%s",
		     k->answer.message);
}

struct view ckit_take_over(const char *const *texts, size_t n, struct ltp_kit **ret,
			   char poid[64])
{
	struct ltp_kit *a = ckit_start(SHA256, 1);
	ckit_preserve(a, texts, n, VIEW_NULL, poid);
	ckit_settle();
	const struct view record = ckit_record_of(a, poid, "v1");
	*ret = ckit_start(SHA256, 1);
	ckit_preserve(*ret, texts, n, record, poid);
	return record;
}

enum ltp_minor ckit_update(struct ltp_kit *k, const char *poid,
			   const struct ltp_po *pos, size_t n, struct ltp_result *r)
{
	char version[LTP_VERSION_MAX];
	const struct ltp_update_request req = {
		.caller = { "", "tester" }, .poid = poid, .pos = pos, .n_pos = n
	};
	MUST(ltp_update(k->w, &req, version, r, &err));
	return r->minor;
}

/* ---- looking ---- */

struct ckit_facts ckit_judged(struct view record, const char *const *texts, size_t n)
{
	struct ers_object objects[4];
	struct ers_report *r = NULL;
	for (size_t i = 0; i < n; i++)
		objects[i] = (struct ers_object){ .name = texts[i],
						  .has_data = true,
						  .data = view_text(texts[i]) };
	const struct ers_input in = { .objects = objects,
				      .n_objects = n,
				      .material = ckit_kits[ckit_n - 1].trust,
				      .policy = &ckit_policy,
				      .time_ms = ckit_now() };
	MUST(ers_verify(record, &in, &r, &err));
	for (size_t i = 0; i < n; i++)
		cr_expect(r->covers[i].covered && r->covers[i].group_complete);
	for (size_t i = 1; i < r->n_chains; i++)
		cr_expect(r->chains[i].link_checked && r->chains[i].links_previous &&
			      !r->chains[i].sorted_variant,
			  "chain %zu", i);
	cr_expect_eq(r->indication, INDICATION_PASSED, "%s: %s", r->subindication,
		     r->n_findings > 0 ? r->findings[0].text : "");
	const struct ers_chain_report *last = &r->chains[r->n_chains - 1];
	const struct ckit_facts f = { r->n_chains, last->n, last->stamps[0].alg,
				      r->proof_of_existence_ms };
	ers_report_free(r);
	return f;
}

struct ltp_kit *ckit_start_renewed(const char *const *texts, size_t n, char poid[64],
				   int64_t *ret_ms)
{
	struct ltp_kit *k = ckit_start(SHA256, 1);
	ckit_preserve(k, texts, n, VIEW_NULL, poid);
	ckit_settle();
	*ret_ms = ckit_proof_of(k, poid, 0);
	ckit_end_digest(DIGEST_SHA256);
	ltp_kit_live(k, 2 * DAY_MS, DAY_MS / 2);
	cr_assert_eq(ckit_judged(ckit_record_of(k, poid, "v1"), texts, n).chains, 2);
	return k;
}

int64_t ckit_proof_of(struct ltp_kit *k, const char *poid, size_t version)
{
	struct object *o = NULL;
	int64_t ms;
	MUST(object_get(k->w->conn, "default", poid, &o, &err));
	MUST(evidence_proof_time(k->w, &o->versions[version], &ms, &err));
	object_free(o);
	return ms;
}

static void print_finding(void *arg, const struct fsck_finding *f)
{
	(void)arg;
	printf("%s %s: %s\n", fsck_kind_name(f->kind), f->subject, f->text);
}

uint64_t ckit_damage(struct ltp_kit *k)
{
	struct fsck_report report = { 0 };
	const struct fsck_options o = { .hooks = ltp_fsck_hooks(),
					.finding = print_finding };
	MUST(store_fsck(k->store, &o, &report, &err));
	return report.damaged;
}
