/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_hash - digests that end: what is renewed, what is left and who hears of it, and
 * that nothing is lost or done twice when it is cut short. Records are judged by the
 * verifier from nothing but the record, the object and the anchors.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/asn1.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/renew_hash.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/storage_record.h"
#include "tests/support/storage_sql.h"
#include "tests/support/test_time.h"
#include "timestamping/ers.h"
#include "validation/ers_verify.h"

#define DAY_MS ((int64_t)86400000)
#define LARGE 70000 /* a file of its own in the store */
#define TEXTS 9

TestSuite(renew_hash, .timeout = TEST_SECONDS_MAX, .init = mem_init);

/* ---- a scene: a few objects, evidence over them, a policy that may change ---- */

enum { P_SHA256, P_SHA384, P_SHA512, P_SHA3_256, P_SHA3_512, P_ECDSA, P_COUNT };

struct scene {
	struct ltp_kit k;
	struct algorithm_limit limits[P_COUNT];
	struct algorithm_policy policy;
	char texts[TEXTS][32];
	char poids[TEXTS][64];
	size_t n;
	uint8_t *large;
	char large_poid[64], group_poid[64];
	struct upkeep_turn turn; /* the last one */
};

static const char *const GROUP[] = { "one of three", "two of three", "three of three" };

static struct ltps_error err = LTPS_ERROR_INIT;
#define MUST(call) cr_assert_eq((call), 0, "%s: %s (%s)", #call, err.text, err.where)

static void end_digest(struct scene *s, int which, int64_t until_ms)
{
	s->limits[which].until_ms = until_ms;
}

static int64_t now_of(struct scene *s)
{
	return clock_now_ms(&s->k.clock);
}

static void set_policy(struct scene *s)
{
	static const char *const NAMES[P_COUNT] = { "sha256",   "sha384",   "sha512",
						    "sha3-256", "sha3-512", "ECDSA" };
	for (int i = 0; i < P_COUNT; i++)
		s->limits[i] =
		    (struct algorithm_limit){ .algorithm = NAMES[i],
					      .min_bits = i == P_ECDSA ? 224 : 0,
					      .until_ms = INT64_MAX };
	s->policy = (struct algorithm_policy){ .limits = s->limits, .n = P_COUNT };
}

/* The PKI rests on SHA-384 alone, so that other digests can end without it. */
static void change_pki(struct scene *s)
{
	static const enum devpki_kind KINDS[] = { DEVPKI_ROOT, DEVPKI_CA };
	const struct devpki_cert *c;
	ltp_kit_close(&s->k);
	struct devpki *p = pki_server_enter(s->k.pki);
	devpki_set_digest(p, DIGEST_SHA384);
	for (size_t i = 0; i < 2; i++)
		MUST(devpki_rollover(p, KINDS[i], 0, NULL, &c, &err));
	for (unsigned slot = 0; slot < 2; slot++)
		MUST(devpki_rollover(p, DEVPKI_TSA, slot, NULL, &c, &err));
	pki_server_leave(s->k.pki);
	ltp_kit_trust(&s->k);
	ltp_kit_open(&s->k);
}

static void scene_start(struct scene *s, unsigned n_tsas)
{
	memset(s, 0, sizeof(*s));
	set_policy(s);
	const struct ltp_kit_upkeep how = {
		.profile_change = "digest = sha256\ntree_max_leaves = 1000\n"
				  "tree_max_age = 2s\n",
		.n_tsas = n_tsas,
		.algorithms = &s->policy,
		.options = { .threads = 2 },
	};
	ltp_kit_start_upkeep(&s->k, &how);
	s->k.keeps_up = false; /* until a test says so */
	change_pki(s);
}

static void scene_stop(struct scene *s)
{
	mem_free(s->large);
	ltp_kit_stop(&s->k);
}

static void add_texts(struct scene *s, size_t n)
{
	for (; n > 0; n--, s->n++) {
		snprintf(s->texts[s->n], sizeof(s->texts[0]), "object %zu", s->n);
		cr_assert_eq(
		    ltp_kit_preserve_text(&s->k, s->texts[s->n], s->poids[s->n]),
		    LTP_OK);
	}
}

static void add_large(struct scene *s)
{
	s->large = mem_alloc(LARGE);
	for (size_t i = 0; i < LARGE; i++)
		s->large[i] = (uint8_t)(i * 7 + i / 256);
	const struct ltp_po po = { .data = view_of(s->large, LARGE), .mime = "a/b" };
	cr_assert_eq(ltp_kit_preserve(&s->k, &po, 1, s->large_poid), LTP_OK);
}

static void add_group(struct scene *s)
{
	struct ltp_po pos[3];
	for (size_t i = 0; i < 3; i++)
		pos[i] = (struct ltp_po){ .data = view_text(GROUP[i]),
					  .mime = "text/plain" };
	cr_assert_eq(ltp_kit_preserve(&s->k, pos, 3, s->group_poid), LTP_OK);
}

/* Open trees close and are stamped. */
static void settle(struct scene *s)
{
	ltp_kit_pass(&s->k, 2001);
	ltp_kit_work(&s->k);
}

/* Objects with evidence under SHA-256, which then ends in a month. */
static void scene_ready(struct scene *s, unsigned n_tsas, size_t texts)
{
	scene_start(s, n_tsas);
	add_texts(s, texts);
	add_large(s);
	add_group(s);
	settle(s);
	end_digest(s, P_SHA256, now_of(s) + 30 * DAY_MS);
}

static void turn_once(struct scene *s)
{
	s->turn = (struct upkeep_turn){ .now_ms = now_of(s) };
	snprintf(s->turn.job.kind, sizeof(s->turn.job.kind), "%s", JOB_RENEW_HASHES);
	MUST(renew_hashes_turn(s->k.w, &s->turn, &err));
}

/* Turns until nothing is due now. */
static void turns(struct scene *s)
{
	for (int i = 0; i < 200; i++) {
		turn_once(s);
		if (s->turn.again_ms > now_of(s))
			return;
	}
	cr_assert_fail("the turns have no end");
}

/* One leaf a turn. */
static void slow_down(struct scene *s)
{
	s->k.ltp->o.upkeep.renewal_rate = 1;
	s->k.ltp->o.upkeep.threads = 1;
}

static void speed_up(struct scene *s)
{
	s->k.ltp->o.upkeep.renewal_rate = 0;
}

static void restart(struct scene *s)
{
	ltp_kit_close(&s->k);
	ltp_kit_open(&s->k);
}

/* ---- looking ---- */

static int64_t sql(struct scene *s, const char *text)
{
	return storage_sql_int(s->k.dir, text);
}

static int count_row(void *arg, const struct renewal_source *row, struct ltps_error *e)
{
	(void)row;
	(void)e;
	++*(size_t *)arg;
	return 0;
}

static size_t sources(struct scene *s, enum digest_alg alg)
{
	size_t n = 0;
	MUST(renewal_source_list(s->k.w->conn, alg, 0, 0, count_row, &n, &err));
	return n;
}

static struct buf record_of(struct scene *s, const char *poid)
{
	struct ltp_retrieved r = { 0 };
	struct buf out = buf_make(ERS_SIZE_MAX);
	cr_assert_eq(ltp_kit_retrieve(&s->k, poid, SUBJECT_EVIDENCE, &r), LTP_OK, "%s",
		     poid);
	MUST(buf_put(&out, view_buf(&r.pos[0].data), &err));
	ltp_retrieved_clear(&r);
	return out;
}

static size_t chains_in(struct scene *s, const char *poid)
{
	struct buf record = record_of(s, poid);
	struct ers *er = NULL;
	MUST(ers_parse(view_buf(&record), &er, &err));
	const size_t n = er->n_chains;
	ers_free(er);
	buf_free(&record);
	return n;
}

static void judge(struct scene *s, struct view record, const struct ers_object *objects,
		  size_t n, size_t chains, const char *what)
{
	struct ers_report *r = NULL;
	const struct ers_input in = { .objects = objects,
				      .n_objects = n,
				      .material = s->k.trust,
				      .policy = &s->policy,
				      .time_ms = now_of(s) };
	MUST(ers_verify(record, &in, &r, &err));
	cr_expect(r->intact, "%s: intact", what);
	cr_expect_eq(r->indication, INDICATION_PASSED, "%s: %d %s: %s", what,
		     r->indication, r->subindication,
		     r->n_findings > 0 ? r->findings[0].text : "");
	cr_expect_eq(r->n_chains, chains, "%s: %zu chains", what, r->n_chains);
	for (size_t i = 0; i < r->n_covers; i++)
		cr_expect(r->covers[i].covered && r->covers[i].group_complete,
			  "%s: covered", what);
	for (size_t i = 1; i < r->n_chains; i++)
		cr_expect(r->chains[i].link_checked && r->chains[i].links_previous &&
			      !r->chains[i].sorted_variant,
			  "%s: chain %zu", what, i);
	ers_report_free(r);
}

static void judge_object(struct scene *s, const char *poid, struct view data,
			 size_t chains)
{
	struct buf record = record_of(s, poid);
	const struct ers_object o = { .name = poid, .has_data = true, .data = data };
	judge(s, view_buf(&record), &o, 1, chains, poid);
	buf_free(&record);
}

static void judge_group(struct scene *s, size_t chains)
{
	struct buf record = record_of(s, s->group_poid);
	struct ers_object o[3];
	for (size_t i = 0; i < 3; i++)
		o[i] = (struct ers_object){ .name = GROUP[i],
					    .has_data = true,
					    .data = view_text(GROUP[i]) };
	judge(s, view_buf(&record), o, 3, chains, "group");
	buf_free(&record);
}

static void judge_all(struct scene *s, size_t chains)
{
	for (size_t i = 0; i < s->n; i++)
		judge_object(s, s->poids[i], view_text(s->texts[i]), chains);
	if (s->large != NULL)
		judge_object(s, s->large_poid, view_of(s->large, LARGE), chains);
	if (s->group_poid[0] != '\0')
		judge_group(s, chains);
}

/* Every leaf once in exactly one newer tree, a chain each. */
static void nothing_twice(struct scene *s)
{
	cr_expect_eq(sql(s, "SELECT count(*) FROM (SELECT 1 FROM leaf l JOIN tree t ON "
			    "t.id = l.tree WHERE t.purpose = 2 AND l.kind IN (1, 3) "
			    "GROUP BY l.kind, l.ref, t.alg HAVING count(*) > 1)"),
		     0);
	cr_expect_eq(sql(s, "SELECT count(*) FROM (SELECT 1 FROM chain GROUP BY "
			    "ref_kind, ref, seq HAVING count(*) > 1)"),
		     0);
	cr_expect_eq(sql(s, "SELECT count(*) FROM chain") -
			 sql(s, "SELECT count(*) FROM leaf l JOIN tree t ON t.id = "
				"l.tree WHERE t.purpose = 2 AND l.kind IN (1, 3)"),
		     0);
}

/* All is renewed, and stands under a policy in which the old digest has ended. */
static void finish(struct scene *s, int ended, size_t chains)
{
	turns(s);
	settle(s);
	turns(s);
	cr_expect_str_empty(s->turn.trouble);
	ltp_kit_pass(&s->k, DAY_MS);
	end_digest(s, ended, now_of(s));
	ltp_kit_pass(&s->k, DAY_MS);
	judge_all(s, chains);
	nothing_twice(s);
}

/* ---- versions ---- */

static void judge_version(struct scene *s, const char *poid, const char *version,
			  const struct ers_object *objects, size_t n, size_t chains)
{
	struct ltp_result r;
	struct ltp_retrieved got = { 0 };
	const struct ltp_retrieve_request req = { .caller = { "", "tester" },
						  .poid = poid,
						  .versions = &version,
						  .n_versions = 1,
						  .subject = SUBJECT_EVIDENCE };
	MUST(ltp_retrieve(s->k.w, &req, &got, &r, &err));
	cr_assert_eq(got.n_pos, 1);
	judge(s, view_buf(&got.pos[0].data), objects, n, chains, version);
	ltp_retrieved_clear(&got);
}

Test(renew_hash, versions_that_share_bytes_are_renewed_each_for_itself)
{
	static struct scene s;
	const struct ltp_po more = { .data = view_text("more"), .mime = "text/plain" };
	struct ltp_result r;
	char version[LTP_VERSION_MAX];
	scene_start(&s, 1);
	s.k.profile->operations |= 1u << OP_UPDATE_POC;
	add_large(&s);
	const struct ltp_update_request req = { .caller = { "", "tester" },
						.poid = s.large_poid,
						.pos = &more,
						.n_pos = 1 };
	MUST(ltp_update(s.k.w, &req, version, &r, &err));
	cr_assert_str_eq(version, "v2");
	settle(&s);
	end_digest(&s, P_SHA256, now_of(&s) + 30 * DAY_MS);
	turns(&s);
	settle(&s);
	turns(&s);
	cr_expect_str_empty(s.turn.trouble);
	ltp_kit_pass(&s.k, DAY_MS);
	end_digest(&s, P_SHA256, now_of(&s));
	ltp_kit_pass(&s.k, DAY_MS);
	const struct ers_object o[] = {
		{ .name = "large", .has_data = true, .data = view_of(s.large, LARGE) },
		{ .name = "more", .has_data = true, .data = view_text("more") },
	};
	judge_version(&s, s.large_poid, "v1", o, 1, 2);
	judge_version(&s, s.large_poid, "v2", o, 2, 2);
	nothing_twice(&s);
	scene_stop(&s);
}

/* ---- nothing to do ---- */

Test(renew_hash, digest_that_lasts_is_left_alone)
{
	struct scene s;
	scene_ready(&s, 1, 1);
	const int64_t end_ms = now_of(&s) + 181 * DAY_MS;
	end_digest(&s, P_SHA256, end_ms);
	turns(&s);
	cr_expect_eq(s.turn.again_ms, end_ms - 180 * DAY_MS, "when the margin begins");
	end_digest(&s, P_SHA256, INT64_MAX);
	turns(&s);
	cr_expect_eq(s.turn.again_ms, INT64_MAX);
	cr_expect_eq(sql(&s, "SELECT count(*) FROM tree WHERE purpose = 2"), 0);
	scene_stop(&s);
}

Test(renew_hash, no_digest_that_lasts_longer_is_an_alarm)
{
	struct scene s;
	scene_ready(&s, 1, 1);
	for (int i = 0; i < P_ECDSA; i++)
		end_digest(&s, i, now_of(&s) + 20 * DAY_MS);
	end_digest(&s, P_SHA256, now_of(&s) + 30 * DAY_MS);
	turns(&s);
	cr_expect(s.turn.alarm);
	cr_expect_not_null(strstr(s.turn.trouble, "no digest is left"), "%s",
			   s.turn.trouble);
	cr_expect_eq(sql(&s, "SELECT count(*) FROM tree WHERE purpose = 2"), 0);
	scene_stop(&s);
}

Test(renew_hash, new_objects_take_the_digest_that_lasts)
{
	struct scene s;
	scene_start(&s, 1);
	end_digest(&s, P_SHA256, now_of(&s) + 359 * DAY_MS);
	add_texts(&s, 1);
	cr_expect_eq(sql(&s, "SELECT alg FROM tree WHERE state = 0"), DIGEST_SHA512);
	settle(&s);
	judge_all(&s, 1);
	scene_stop(&s);
}

/* ---- what is renewed ---- */

Test(renew_hash, single_group_and_file_stand_when_the_old_digest_has_ended)
{
	struct scene s;
	scene_ready(&s, 1, 3);
	turns(&s);
	cr_expect_eq(sources(&s, DIGEST_SHA256), 0);
	judge_all(&s, 1); /* not stamped yet: the old evidence */
	finish(&s, P_SHA256, 2);
	cr_expect_eq(sql(&s,
			 "SELECT count(*) FROM link WHERE trees > 0 AND alg = 3 AND "
			 "next IS NULL"),
		     0, "nothing needs the old tips");
	char detail[256];
	cr_expect_eq(ltp_kit_audited(&s.k, "EvidenceHashRenewed", detail), 1);
	cr_expect_not_null(strstr(detail, "sha512: sha256 ends"), "%s", detail);
	scene_stop(&s);
}

Test(renew_hash, many_trees_become_one)
{
	struct scene s;
	scene_start(&s, 1);
	for (int i = 0; i < 4; i++) {
		add_texts(&s, 1);
		settle(&s);
	}
	end_digest(&s, P_SHA256, now_of(&s) + 30 * DAY_MS);
	const size_t before = pki_server_stamps(s.k.pki);
	turns(&s);
	settle(&s);
	cr_expect_eq(pki_server_stamps(s.k.pki), before + 1);
	finish(&s, P_SHA256, 2);
	scene_stop(&s);
}

/* RFC 4998 5.2 by hand: h' = H'(H'(d) || H'(SEQUENCE of the chains so far)). */
Test(renew_hash, first_list_of_the_new_chain_is_as_the_standard_says)
{
	struct scene s;
	struct ers *er = NULL;
	struct digest d, sequence, leaf;
	struct buf der = buf_make(ERS_SIZE_MAX);
	uint8_t both[128];
	scene_ready(&s, 1, 1);
	turns(&s);
	settle(&s);
	struct buf record = record_of(&s, s.poids[0]);
	MUST(ers_parse(view_buf(&record), &er, &err));
	cr_assert_eq(er->n_chains, 2);
	cr_expect_eq(er->chains[0].stamps[0].alg, DIGEST_SHA256);
	cr_expect_eq(er->chains[1].stamps[0].alg, DIGEST_SHA512);
	MUST(der_put(&der, DER_SEQUENCE, er->chains[0].whole, &err));
	MUST(digest_once(DIGEST_SHA512, view_text(s.texts[0]), &d, &err));
	MUST(digest_once(DIGEST_SHA512, view_buf(&der), &sequence, &err));
	memcpy(both, d.p, 64);
	memcpy(both + 64, sequence.p, 64);
	MUST(digest_once(DIGEST_SHA512, view_of(both, 128), &leaf, &err));
	const struct ers_list *first = &er->chains[1].stamps[0].lists[0];
	cr_expect_eq(first->n, 1);
	cr_expect(view_equal(first->hashes[0], digest_view(&leaf)));
	buf_free(&der);
	ers_free(er);
	buf_free(&record);
	scene_stop(&s);
}

/* ---- material of the service ---- */

struct keeping {
	struct material_new row;
	struct leaf_new leaf;
	int64_t id;
};

static int run_keep(struct store_conn *conn, void *arg, struct ltps_error *e)
{
	struct keeping *k = arg;
	return material_preserve(conn, &k->row, &k->leaf, &k->id, e);
}

static int64_t add_material(struct scene *s, struct view octets)
{
	struct keeping k = { .row = { .kind = MATERIAL_ROW_OTHER,
				      .fetched_ms = now_of(s) },
			     .leaf = { .profile = KIT_PROFILE,
				       .alg = DIGEST_SHA256,
				       .bytes = octets.n,
				       .now_ms = now_of(s) } };
	MUST(digest_once(DIGEST_SHA256, octets, &k.leaf.digest, &err));
	MUST(blob_prepare(s->k.store, STORE_TENANT_SYSTEM, octets, NULL, &k.row.blob,
			  &err));
	MUST(store_write(s->k.store, run_keep, &k, &err));
	blob_new_free(k.row.blob);
	return k.id;
}

Test(renew_hash, material_of_the_service_is_renewed_like_objects)
{
	struct scene s;
	struct buf record = buf_make(ERS_SIZE_MAX);
	bool ready;
	scene_start(&s, 1);
	const struct view octets = view_text("a list of revoked certificates");
	const int64_t id = add_material(&s, octets);
	settle(&s);
	end_digest(&s, P_SHA256, now_of(&s) + 30 * DAY_MS);
	finish(&s, P_SHA256, 2);
	MUST(evidence_assemble_material(s.k.w, id, octets, &record, &ready, &err));
	cr_assert(ready);
	const struct ers_object o = { .name = "crl", .has_data = true, .data = octets };
	judge(&s, view_buf(&record), &o, 1, 2, "material");
	buf_free(&record);
	scene_stop(&s);
}

/* ---- damage ---- */

/* A bit of the only file of the tenant. */
static void flip_file(struct scene *s)
{
	char command[256], path[512];
	snprintf(command, sizeof(command), "find '%s/blobs/default' -type f", s->k.dir);
	FILE *found = popen(command, "r");
	cr_assert_not_null(fgets(path, sizeof(path), found));
	pclose(found);
	path[strcspn(path, "\n")] = '\0';
	FILE *f = fopen(path, "r+b");
	cr_assert_not_null(f, "%s", path);
	fseek(f, 1000, SEEK_SET);
	const int c = fgetc(f);
	fseek(f, 1000, SEEK_SET);
	fputc(c ^ 1, f);
	fclose(f);
}

static void damaged_is_left(struct scene *s, const char *poid, const char *why)
{
	char detail[256] = "";
	turns(s);
	cr_expect(s->turn.alarm);
	cr_expect_not_null(strstr(s->turn.trouble, poid), "%s", s->turn.trouble);
	cr_expect_eq(ltp_kit_audited(&s->k, "EvidenceDamaged", detail), 1);
	cr_expect_not_null(strstr(detail, why), "%s", detail);
	cr_expect_eq(sources(s, DIGEST_SHA256), 1, "not finished");
	settle(s);
	cr_expect_eq(chains_in(s, s->poids[0]), 2, "the others went on");
	ltp_kit_pass(&s->k, 7 * 3600000);
	turns(s);
	cr_expect_eq(ltp_kit_audited(&s->k, "EvidenceDamaged", NULL), 1, "told once");
	cr_expect(s->turn.alarm, "and known on");
}

/* After the repair: nothing is left. */
static void repaired_is_renewed(struct scene *s)
{
	ltp_kit_pass(&s->k, 7 * 3600000);
	turns(s);
	cr_expect_str_empty(s->turn.trouble);
	cr_expect_eq(sources(s, DIGEST_SHA256), 0);
	finish(s, P_SHA256, 2);
}

Test(renew_hash, damaged_file_is_left_and_renewed_when_repaired)
{
	struct scene s;
	scene_ready(&s, 1, 2);
	flip_file(&s);
	damaged_is_left(&s, s.large_poid, "sha256");
	cr_expect_eq(sql(&s, "SELECT count(*) FROM job WHERE kind = 'fixity' AND "
			     "subject <> ''"),
		     1, "its bytes are to be looked at");
	cr_expect_eq(chains_in(&s, s.large_poid), 1);
	flip_file(&s);
	repaired_is_renewed(&s);
	scene_stop(&s);
}

Test(renew_hash, missing_file_is_left)
{
	struct scene s;
	char command[256];
	scene_ready(&s, 1, 1);
	snprintf(command, sizeof(command), "rm $(find '%s/blobs/default' -type f)",
		 s.k.dir);
	cr_assert_eq(system(command), 0);
	damaged_is_left(&s, s.large_poid, "sha256");
	scene_stop(&s);
}

/* New digest SHA3-512: nothing but the comparison with the old one is there. */
Test(renew_hash, damaged_file_is_found_by_its_old_digest_alone)
{
	struct scene s;
	scene_ready(&s, 1, 1);
	end_digest(&s, P_SHA512, now_of(&s) + 31 * DAY_MS);
	end_digest(&s, P_SHA384, now_of(&s) + 3000 * DAY_MS);
	flip_file(&s);
	damaged_is_left(&s, s.large_poid, "sha256 digest on record");
	cr_expect_eq(sql(&s, "SELECT max(alg) FROM tree WHERE purpose = 2"),
		     DIGEST_SHA3_512);
	scene_stop(&s);
}

Test(renew_hash, damaged_digest_on_record_is_left)
{
	struct scene s;
	scene_ready(&s, 1, 2);
	storage_sql(s.k.dir,
		    "UPDATE part SET sha256 = zeroblob(32) WHERE size = 70000");
	damaged_is_left(&s, s.large_poid, "digest on record");
	scene_stop(&s);
}

Test(renew_hash, damaged_leaf_is_left)
{
	struct scene s;
	scene_ready(&s, 1, 2);
	storage_sql(s.k.dir,
		    "UPDATE leaf SET digest = zeroblob(32) WHERE kind = 1 AND ref = "
		    "(SELECT version FROM part WHERE size = 70000)");
	damaged_is_left(&s, s.large_poid, "leaf");
	scene_stop(&s);
}

Test(renew_hash, digest_ends_with_damaged_object_left_names_it_once)
{
	struct scene s;
	char detail[256] = "";
	scene_ready(&s, 1, 1);
	flip_file(&s);
	turns(&s);
	cr_expect_eq(ltp_kit_audited(&s.k, "EvidenceLost", NULL), 0);
	ltp_kit_pass(&s.k, 31 * DAY_MS);
	turns(&s);
	cr_expect(s.turn.alarm);
	cr_expect_not_null(strstr(s.turn.trouble, "the digest has ended"), "%s",
			   s.turn.trouble);
	cr_expect_not_null(strstr(s.turn.trouble, s.large_poid));
	cr_expect_eq(ltp_kit_audited(&s.k, "EvidenceLost", detail), 1);
	cr_expect_not_null(strstr(detail, "sha256 ended"), "%s", detail);
	ltp_kit_pass(&s.k, DAY_MS);
	turns(&s);
	cr_expect_eq(ltp_kit_audited(&s.k, "EvidenceLost", NULL), 1);
	scene_stop(&s);
}

Test(renew_hash, little_time_left_is_an_alarm)
{
	struct scene s;
	scene_ready(&s, 1, 3);
	slow_down(&s);
	turn_once(&s);
	cr_expect_not(s.turn.alarm, "%s", s.turn.trouble);
	end_digest(&s, P_SHA256, now_of(&s) + 20 * DAY_MS);
	turn_once(&s);
	cr_expect(s.turn.alarm);
	cr_expect_not_null(strstr(s.turn.trouble, "not renewed yet"), "%s",
			   s.turn.trouble);
	scene_stop(&s);
}

/* ---- deletion ---- */

static void delete (struct scene *s, const char *poid, const char *mode)
{
	struct ltp_result result;
	const struct ltp_delete_request req = {
		.caller = { "", "tester" }, .poid = poid, .mode = mode, .reason = "test"
	};
	MUST(ltp_delete(s->k.w, &req, &result, &err));
	cr_assert_eq(result.minor, LTP_OK, "%s", result.message);
}

Test(renew_hash, deleted_objects_are_passed_over)
{
	struct scene s;
	char detail[256] = "";
	scene_ready(&s, 1, 3);
	delete (&s, s.poids[1], "SubDOsAndEvidence");
	delete (&s, s.poids[2], "OnlySubDOs");
	s.n = 1;
	turns(&s);
	cr_expect_str_empty(s.turn.trouble);
	cr_expect_eq(sources(&s, DIGEST_SHA256), 0);
	cr_expect_eq(sql(&s, "SELECT count(*) FROM chain"), 3);
	cr_expect_eq(ltp_kit_audited(&s.k, "EvidenceEnding", detail), 1);
	cr_expect_not_null(strstr(detail, "sha256"), "%s", detail);
	settle(&s);
	cr_expect_eq(chains_in(&s, s.poids[2]), 1, "what remains is its old evidence");
	finish(&s, P_SHA256, 2);
	scene_stop(&s);
}

struct one {
	struct hash_source *source;
	struct hash_batch *batch;
};

static int keep_first(void *arg, const struct renewal_source *row, struct ltps_error *e)
{
	(void)e;
	*(struct renewal_source *)arg = *row;
	return 0;
}

static int fill(void *arg, const struct leaf *leaf, struct ltps_error *e)
{
	struct hash_batch *b = arg;
	(void)e;
	b->items[b->n++].leaf = *leaf;
	return 0;
}

/* All leaves of the one source, read and not written. */
static struct one read_ahead(struct scene *s)
{
	struct renewal_source row = { 0 };
	enum hash_ready ready;
	struct one o = { .batch = mem_zalloc(1, sizeof(*o.batch)) };
	MUST(renewal_source_list(s->k.w->conn, DIGEST_SHA256, 0, 1, keep_first, &row,
				 &err));
	MUST(hash_source_open(s->k.w, &row, now_of(s), false, &ready, &o.source, &err));
	cr_assert_eq(ready, HASH_READY);
	o.batch->source = hash_source_take(o.source);
	MUST(tree_leaves_page(s->k.w->conn, row.tree, 0, HASH_BATCH_LEAVES, fill,
			      o.batch, &err));
	for (size_t i = 0; i < o.batch->n; i++)
		MUST(hash_leaf_read(s->k.w, o.source, &o.batch->items[i], &err));
	o.batch->last = true;
	return o;
}

static void read_ahead_end(struct one *o)
{
	hash_batch_free(o->batch);
	hash_source_drop(o->source);
}

Test(renew_hash, object_deleted_between_reading_and_writing_is_left_out)
{
	struct scene s;
	scene_ready(&s, 1, 3);
	struct one o = read_ahead(&s);
	delete (&s, s.poids[1], "SubDOsAndEvidence");
	delete (&s, s.poids[2], "OnlySubDOs");
	s.n = 1;
	MUST(hash_batch_write(s.k.w, o.batch, "test", &err));
	read_ahead_end(&o);
	cr_expect_eq(sql(&s, "SELECT count(*) FROM chain"), 3);
	cr_expect_eq(sources(&s, DIGEST_SHA256), 0);
	finish(&s, P_SHA256, 2);
	scene_stop(&s);
}

Test(renew_hash, object_deleted_after_its_leaf_was_put_leaves_nothing_behind)
{
	struct scene s;
	scene_ready(&s, 1, 2);
	turns(&s);
	delete (&s, s.poids[1], "SubDOsAndEvidence");
	s.n = 1;
	cr_expect_eq(sql(&s, "SELECT count(*) FROM chain"), 3);
	settle(&s);
	ltp_kit_pass(&s.k, DAY_MS);
	end_digest(&s, P_SHA256, now_of(&s));
	ltp_kit_pass(&s.k, DAY_MS);
	judge_all(&s, 2);
	scene_stop(&s);
}

Test(renew_hash, batch_written_twice_is_refused)
{
	struct scene s;
	scene_ready(&s, 1, 1);
	struct one o = read_ahead(&s);
	MUST(hash_batch_write(s.k.w, o.batch, "test", &err));
	cr_expect_eq(hash_batch_write(s.k.w, o.batch, "test", &err), -1);
	cr_expect_eq(err.code, LTPS_STATE, "%s", err.text);
	ltps_error_clear(&err);
	read_ahead_end(&o);
	nothing_twice(&s);
	scene_stop(&s);
}

/* ---- the tail ---- */

static int run_lose(struct store_conn *conn, void *arg, struct ltps_error *e)
{
	const struct scene *s = arg;
	struct footing_loss loss;
	struct token_link link;
	const int64_t tip =
	    storage_sql_int(s->k.dir, "SELECT max(token) FROM link WHERE trees > 0");
	if (token_link_get(conn, tip, &link, e) != 0)
		return -1;
	return footing_lose(conn, link.footing, clock_now_ms(&s->k.clock), "test",
			    &loss, e);
}

/* A time-stamp renewal of all tips of SHA-256 by hand. */
static int run_cover(struct store_conn *conn, void *arg, struct ltps_error *e)
{
	struct scene *s = arg;
	int64_t tree, now = clock_now_ms(&s->k.clock);
	struct token *t = NULL;
	struct leaf_new leaf = { .kind = LEAF_TOKEN, .now_ms = now };
	leaf.ref =
	    storage_sql_int(s->k.dir, "SELECT token FROM link WHERE next IS NULL "
				      "AND fallen_ms IS NULL AND alg = 3");
	if (token_get(conn, leaf.ref, &t, e) != 0)
		return -1;
	int rc = ers_token_hash(DIGEST_SHA256, t->der, &leaf.digest, e);
	token_free(t);
	if (rc != 0 ||
	    tree_open_renewal(conn, TREE_TIMESTAMP_RENEWAL, KIT_PROFILE, DIGEST_SHA256,
			      now, &tree, e) != 0 ||
	    tree_add_leaf(conn, tree, &leaf, NULL, e) != 0)
		return -1;
	return tree_close(conn, tree, now, e);
}

static void cover_tip(struct scene *s)
{
	MUST(store_write(s->k.store, run_cover, s, &err));
	ltp_kit_pass(&s->k, 1000);
	ltp_kit_work(&s->k);
}

static size_t stamps_in_first_chain(struct scene *s, const char *poid)
{
	struct buf record = record_of(s, poid);
	struct ers *er = NULL;
	MUST(ers_parse(view_buf(&record), &er, &err));
	const size_t n = er->chains[0].n;
	ers_free(er);
	buf_free(&record);
	return n;
}

/* In the middle of the only source: some leaves are put. */
static void begin_half(struct scene *s)
{
	slow_down(s);
	turn_once(s);
	turn_once(s);
	cr_assert_gt(sql(s, "SELECT count(*) FROM chain"), 0);
	cr_assert_eq(sources(s, DIGEST_SHA256), 1);
	speed_up(s);
}

Test(renew_hash, renewed_tip_does_not_change_what_is_begun)
{
	struct scene s;
	scene_ready(&s, 1, 4);
	begin_half(&s);
	cover_tip(&s);
	finish(&s, P_SHA256, 2);
	cr_expect_eq(sql(&s, "SELECT count(*) FROM tail"), 1);
	for (size_t i = 0; i < s.n; i++)
		cr_expect_eq(stamps_in_first_chain(&s, s.poids[i]), 1);
	scene_stop(&s);
}

Test(renew_hash, tip_renewed_before_the_first_leaf_is_taken)
{
	struct scene s;
	scene_ready(&s, 1, 2);
	cover_tip(&s);
	finish(&s, P_SHA256, 2);
	cr_expect_eq(stamps_in_first_chain(&s, s.poids[0]), 2);
	scene_stop(&s);
}

Test(renew_hash, weakened_tip_with_a_newer_one_begins_anew)
{
	struct scene s;
	scene_ready(&s, 1, 4);
	begin_half(&s);
	cover_tip(&s);
	storage_sql(s.k.dir, "UPDATE footing SET weakens_ms = 1000 WHERE id = (SELECT "
			     "footing FROM link WHERE next IS NOT NULL)");
	finish(&s, P_SHA256, 2);
	for (size_t i = 0; i < s.n; i++)
		cr_expect_eq(stamps_in_first_chain(&s, s.poids[i]), 2);
	scene_stop(&s);
}

Test(renew_hash, weakened_tip_without_a_newer_one_goes_on)
{
	struct scene s;
	scene_ready(&s, 1, 4);
	begin_half(&s);
	storage_sql(s.k.dir, "UPDATE footing SET weakens_ms = 1000");
	turns(&s);
	cr_expect_eq(sources(&s, DIGEST_SHA256), 0);
	nothing_twice(&s);
	scene_stop(&s);
}

Test(renew_hash, fallen_tip_begins_anew_with_the_one_before)
{
	struct scene s;
	scene_ready(&s, 1, 4);
	cover_tip(&s);
	/* As by another TSA. */
	storage_sql(s.k.dir, "INSERT INTO footing (tsa_sha256, uses_sha256, ends_ms, "
			     "weakens_ms, reason, tsa, uses) SELECT zeroblob(32), "
			     "uses_sha256, ends_ms, weakens_ms, reason, tsa, uses FROM "
			     "footing LIMIT 1");
	storage_sql(s.k.dir, "UPDATE link SET footing = (SELECT max(id) FROM footing) "
			     "WHERE next IS NULL AND trees > 0");
	begin_half(&s);
	MUST(store_write(s.k.store, run_lose, &s, &err));
	cr_expect_eq(sql(&s, "SELECT count(*) FROM chain"), 0, "given up by the store");
	finish(&s, P_SHA256, 2);
	for (size_t i = 0; i < s.n; i++)
		cr_expect_eq(stamps_in_first_chain(&s, s.poids[i]), 1);
	scene_stop(&s);
}

Test(renew_hash, tip_that_falls_between_reading_and_writing_is_refused)
{
	struct scene s;
	scene_ready(&s, 1, 2);
	cover_tip(&s);
	storage_sql(s.k.dir, "INSERT INTO footing (tsa_sha256, uses_sha256, ends_ms, "
			     "weakens_ms, reason, tsa, uses) SELECT zeroblob(32), "
			     "uses_sha256, ends_ms, weakens_ms, reason, tsa, uses FROM "
			     "footing LIMIT 1");
	storage_sql(s.k.dir, "UPDATE link SET footing = (SELECT max(id) FROM footing) "
			     "WHERE next IS NULL AND trees > 0");
	struct one o = read_ahead(&s);
	MUST(store_write(s.k.store, run_lose, &s, &err));
	cr_expect_eq(hash_batch_write(s.k.w, o.batch, "test", &err), -1);
	cr_expect_eq(err.code, LTPS_STATE, "%s", err.text);
	ltps_error_clear(&err);
	read_ahead_end(&o);
	cr_expect_eq(sql(&s, "SELECT count(*) FROM chain"), 0);
	finish(&s, P_SHA256, 2);
	scene_stop(&s);
}

Test(renew_hash, token_without_validation_data_is_awaited)
{
	struct scene s;
	scene_ready(&s, 1, 1);
	storage_sql(s.k.dir, "UPDATE link SET footing = NULL");
	turns(&s);
	cr_expect_eq(sql(&s, "SELECT count(*) FROM tree WHERE purpose = 2"), 0);
	cr_expect_gt(s.turn.again_ms, now_of(&s));
	cr_expect_lt(s.turn.again_ms, now_of(&s) + DAY_MS);
	cr_expect_not(s.turn.alarm);
	end_digest(&s, P_SHA256, now_of(&s) + 10 * DAY_MS);
	turn_once(&s);
	cr_expect_eq(sources(&s, DIGEST_SHA256), 0, "near the deadline it is taken");
	scene_stop(&s);
}

/* ---- policies ---- */

Test(renew_hash, new_digest_that_ends_early_is_given_up)
{
	struct scene s;
	scene_ready(&s, 1, 4);
	begin_half(&s);
	cr_expect_eq(sql(&s, "SELECT alg FROM tree WHERE purpose = 2"), DIGEST_SHA512);
	end_digest(&s, P_SHA512, now_of(&s) + 60 * DAY_MS);
	end_digest(&s, P_SHA384, now_of(&s) + 3000 * DAY_MS);
	finish(&s, P_SHA256, 2);
	cr_expect_eq(sql(&s, "SELECT count(*) FROM tree WHERE purpose = 2 AND alg = 5"),
		     0);
	cr_expect_eq(sql(&s, "SELECT count(*) FROM tree WHERE purpose = 2 AND alg = 9"),
		     1);
	scene_stop(&s);
}

Test(renew_hash, policy_that_takes_the_end_back_leaves_nothing_open)
{
	struct scene s;
	scene_ready(&s, 1, 4);
	begin_half(&s);
	end_digest(&s, P_SHA256, INT64_MAX);
	turns(&s);
	cr_expect_eq(
	    sql(&s, "SELECT count(*) FROM tree WHERE purpose = 2 AND state = 0"), 0);
	settle(&s);
	for (size_t i = 0; i < s.n; i++)
		cr_expect_geq(chains_in(&s, s.poids[i]), 1);
	/* And ends once more: the rest goes into another tree. */
	end_digest(&s, P_SHA256, now_of(&s) + 30 * DAY_MS);
	finish(&s, P_SHA256, 2);
	scene_stop(&s);
}

/* ---- cut short ---- */

Test(renew_hash, restart_after_every_leaf_loses_and_doubles_nothing)
{
	struct scene s;
	int n = 0;
	scene_ready(&s, 1, 5);
	do {
		slow_down(&s);
		turn_once(&s);
		restart(&s);
		cr_assert_lt(++n, 50);
	} while (sources(&s, DIGEST_SHA256) > 0);
	cr_expect_gt(n, 4);
	finish(&s, P_SHA256, 2);
	scene_stop(&s);
}

Test(renew_hash, rate_sets_when_to_go_on)
{
	struct scene s;
	scene_ready(&s, 1, 1);
	s.k.ltp->o.upkeep.threads = 1;
	s.k.ltp->o.upkeep.renewal_rate = 1000;
	turn_once(&s);
	turn_once(&s);
	/* 70000 octets at 1000 a second, and what was read besides. */
	const int64_t wait_ms = s.turn.again_ms - now_of(&s);
	cr_expect(sources(&s, DIGEST_SHA256) == 0 ||
		      (wait_ms >= 2000 && wait_ms < 73000),
		  "%lld", (long long)wait_ms);
	scene_stop(&s);
}

/* ---- others at the store ---- */

struct others {
	struct store *store;
	uint64_t busy_us;
};

static uint64_t busy_us(struct store *store)
{
	struct store_stats stats;
	store_stats_get(store, &stats);
	return stats.commit_us;
}

static int do_nothing(struct store_conn *conn, void *arg, struct ltps_error *e)
{
	(void)conn;
	(void)arg;
	(void)e;
	return 0;
}

/* As many as make a store busy, and so much that more than the shortest pause is due. */
static void submit_others(void *arg, const char *name)
{
	struct others *o = arg;
	struct ltps_error e = LTPS_ERROR_INIT;
	const uint64_t before = busy_us(o->store);
	(void)name;
	for (int n = 0; n < 80 || o->busy_us < 20000; n++) {
		cr_assert_eq(store_write(o->store, do_nothing, NULL, &e), 0);
		o->busy_us = busy_us(o->store) - before;
	}
}

static int64_t pause_beside_others(struct scene *s, uint64_t *ret_busy_us)
{
	struct others o = { .store = s->k.store };
	failpoint_on_pause(submit_others, &o);
	MUST(failpoint_arm("ltp.renew_hash.batch:1:pause", &err));
	turn_once(s);
	MUST(failpoint_arm(NULL, &err));
	failpoint_on_pause(NULL, NULL);
	*ret_busy_us = o.busy_us;
	return s->turn.again_ms - s->turn.now_ms;
}

Test(renew_hash, busy_store_has_most_of_the_time)
{
	struct scene s;
	uint64_t busy;
	scene_ready(&s, 1, 4);
	const int64_t pause_ms = pause_beside_others(&s, &busy);
	cr_expect_geq(pause_ms, (int64_t)(20 * busy / 1000), "%lld", (long long)pause_ms);
	scene_stop(&s);
}

Test(renew_hash, busy_store_waits_when_time_is_short)
{
	struct scene s;
	uint64_t busy;
	scene_ready(&s, 1, 4);
	end_digest(&s, P_SHA256, now_of(&s) + 20 * DAY_MS);
	cr_expect_eq(pause_beside_others(&s, &busy), 100);
	scene_stop(&s);
}

static void in_child(struct scene *s, const char *failpoint)
{
	int status;
	ltp_kit_close(&s->k);
	const pid_t pid = fork();
	if (pid == 0) {
		ltp_kit_open(&s->k);
		if (failpoint_arm(failpoint, &err) != 0)
			_exit(3);
		slow_down(s);
		for (int i = 0; i < 50; i++)
			turn_once(s);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s: status %x",
		  failpoint, (unsigned)status);
	ltp_kit_open(&s->k);
}

Test(renew_hash, killed_at_each_failpoint_and_started_again)
{
	static const char *const PLACES[] = { "1", "2", "4" };
	for (size_t i = 0; renew_hash_failpoints[i] != NULL; i++)
		for (size_t k = 0; k < 3; k++) {
			struct scene s;
			char spec[128];
			const bool once = strcmp(renew_hash_failpoints[i],
						 "ltp.renew_hash.close") == 0;
			if (once && k > 0)
				continue;
			scene_ready(&s, 1, 5);
			snprintf(spec, sizeof(spec), "%s:%s:kill",
				 renew_hash_failpoints[i], PLACES[k]);
			in_child(&s, spec);
			finish(&s, P_SHA256, 2);
			scene_stop(&s);
		}
}

Test(renew_hash, two_processes_at_once_do_everything_once)
{
	struct scene s;
	int status;
	scene_ready(&s, 1, 8);
	ltp_kit_close(&s.k);
	const pid_t pid = fork();
	ltp_kit_open(&s.k);
	for (int i = 0; i < 200 && sources(&s, DIGEST_SHA256) > 0; i++) {
		slow_down(&s);
		turn_once(&s);
	}
	if (pid == 0) {
		ltp_kit_close(&s.k);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
	speed_up(&s);
	finish(&s, P_SHA256, 2);
	scene_stop(&s);
}

/* ---- many that are left ---- */

Test(renew_hash, list_of_what_was_left_is_bounded)
{
	struct hash_left left = { 0 };
	bool added;
	for (uint64_t i = 0; i < HASH_LEFT_MAX; i++)
		MUST(hash_left_add(&left, HASH_LEFT_MAX - i, &added, &err));
	cr_expect_eq(left.n, HASH_LEFT_MAX);
	cr_expect_not(left.overflow);
	MUST(hash_left_add(&left, 17, &added, &err));
	cr_expect_not(added);
	cr_expect_not(left.overflow);
	MUST(hash_left_add(&left, HASH_LEFT_MAX + 1, &added, &err));
	cr_expect(left.overflow);
	cr_expect_eq(left.n, HASH_LEFT_MAX);
	for (size_t i = 0; i < left.n; i++)
		cr_assert_eq(left.index[i], i + 1);
	hash_left_remove(&left, 17);
	hash_left_remove(&left, 17);
	cr_expect_eq(left.n, HASH_LEFT_MAX - 1);
	cr_expect_eq(left.index[16], 18);
	hash_left_clear(&left);
}

static int run_overflow(struct store_conn *conn, void *arg, struct ltps_error *e)
{
	const struct hash_left left = { .overflow = true };
	return hash_left_write(conn, *(int64_t *)arg, &left, e);
}

Test(renew_hash, more_damage_than_the_list_holds_reads_the_source_again)
{
	struct scene s;
	scene_ready(&s, 1, 2);
	flip_file(&s);
	turns(&s);
	settle(&s);
	flip_file(&s);
	/* As if the damaged leaf had found no room. */
	int64_t tree = 1;
	MUST(store_write(s.k.store, run_overflow, &tree, &err));
	turns(&s);
	cr_expect_eq(sources(&s, DIGEST_SHA256), 0);
	finish(&s, P_SHA256, 2);
	scene_stop(&s);
}

/* A turn at the rate of one octet a second ends with the first leaf that it reads. */
Test(renew_hash, damage_that_fills_a_turn_holds_up_nothing_behind_it)
{
	struct scene s;
	scene_ready(&s, 1, 3);
	storage_sql(s.k.dir, "UPDATE part SET sha256 = zeroblob(32) WHERE version IN "
			     "(SELECT version FROM part WHERE size = 8 "
			     "ORDER BY version LIMIT 2)");
	turns(&s);
	settle(&s);
	cr_assert_eq(ltp_kit_audited(&s.k, "EvidenceDamaged", NULL), 2);
	const int64_t chains = sql(&s, "SELECT count(*) FROM chain");
	/* Of the second one nothing on record is wrong any more. */
	storage_sql(s.k.dir, "UPDATE part SET sha256 = NULL WHERE version = (SELECT "
			     "version FROM part WHERE size = 8 ORDER BY version "
			     "LIMIT 1 OFFSET 1)");
	ltp_kit_pass(&s.k, 7 * 3600000);
	slow_down(&s);
	for (int i = 0; i < 5; i++) {
		turn_once(&s);
		ltp_kit_pass(&s.k, 60000);
	}
	cr_expect_eq(sql(&s, "SELECT count(*) FROM chain"), chains + 1);
	cr_expect_eq(sql(&s, "SELECT count(*) FROM tree WHERE state = 0"), 0, "closed");
	cr_expect_not_null(strstr(s.turn.trouble, s.poids[0]), "%s", s.turn.trouble);
	scene_stop(&s);
}

/* The same, with the damaged leaf before the end of its tree: there is no time yet at
 * which it is tried again, and the job must not take that for one. */
Test(renew_hash, damage_before_the_end_of_a_tree_leaves_the_job_due)
{
	struct scene s;
	scene_ready(&s, 1, 3);
	storage_sql(s.k.dir, "UPDATE part SET sha256 = zeroblob(32) WHERE version IN "
			     "(SELECT version FROM part WHERE size = 8 "
			     "ORDER BY version LIMIT 1)");
	slow_down(&s);
	for (int i = 0; i < 12; i++) {
		const int64_t began_ms = now_of(&s);
		turn_once(&s);
		cr_assert_geq(s.turn.again_ms, began_ms, "turn %d", i);
		ltp_kit_pass(&s.k, 60000);
	}
	cr_expect_eq(ltp_kit_audited(&s.k, "EvidenceDamaged", NULL), 1);
	cr_expect_eq(sql(&s, "SELECT count(*) FROM tree WHERE state = 0"), 0, "closed");
	scene_stop(&s);
}

Test(renew_hash, list_of_a_tree_that_is_gone_is_passed_over)
{
	struct scene s;
	int64_t gone = 4711;
	scene_ready(&s, 1, 1);
	MUST(store_write(s.k.store, run_overflow, &gone, &err));
	finish(&s, P_SHA256, 2);
	scene_stop(&s);
}

/* ---- a source that is damaged itself ---- */

/* Two trees of one object each; in the first one this is changed. */
static void broken_tree_holds_up_nobody(const char *change, const char *why)
{
	struct scene s;
	scene_start(&s, 1);
	for (int i = 0; i < 2; i++) {
		add_texts(&s, 1);
		settle(&s);
	}
	end_digest(&s, P_SHA256, now_of(&s) + 30 * DAY_MS);
	storage_sql(s.k.dir, change);
	turns(&s);
	cr_expect(s.turn.alarm);
	cr_expect_not_null(strstr(s.turn.trouble, "tree 1"), "%s", s.turn.trouble);
	cr_expect_not_null(strstr(s.turn.trouble, why), "%s", s.turn.trouble);
	cr_expect_leq(s.turn.again_ms, now_of(&s) + 3600000);
	settle(&s);
	cr_expect_eq(sources(&s, DIGEST_SHA256), 1, "not finished");
	cr_expect_eq(chains_in(&s, s.poids[1]), 2, "the other went on");
	cr_expect_eq(sql(&s, "SELECT count(*) FROM chain"), 1, "no new leaf");
	scene_stop(&s);
}

/* Everything else hangs together: only the token knows of another root. */
Test(renew_hash, tree_that_its_token_does_not_cover_gets_no_new_leaf)
{
	broken_tree_holds_up_nobody("UPDATE token SET der = (SELECT der FROM token "
				    "ORDER BY id DESC LIMIT 1) WHERE tree = 1",
				    "not over its root");
}

Test(renew_hash, tree_whose_token_cannot_be_read_holds_up_nobody)
{
	broken_tree_holds_up_nobody(
	    "UPDATE token SET der = zeroblob(100) WHERE tree = 1", "");
}

/* One octet more than a token may have (TST_SIZE_MAX). */
Test(renew_hash, tree_whose_token_is_too_large_holds_up_nobody)
{
	broken_tree_holds_up_nobody(
	    "UPDATE token SET der = zeroblob(8388609) WHERE tree = 1", "more than");
}

Test(renew_hash, only_what_is_not_about_one_thing_ends_a_turn)
{
	static const enum ltps_code OURS[] = { LTPS_NOMEM,     LTPS_STATE,
					       LTPS_BUSY,      LTPS_NO_SPACE,
					       LTPS_READ_ONLY, LTPS_CANCELLED,
					       LTPS_INTERNAL };
	for (int code = LTPS_OK + 1; code < LTPS_CODE_COUNT; code++) {
		const struct ltps_error e = { .code = (enum ltps_code)code };
		bool ours = false;
		for (size_t i = 0; i < sizeof(OURS) / sizeof(OURS[0]); i++)
			ours = ours || e.code == OURS[i];
		cr_expect_eq(hash_is_damage(&e), !ours, "code %d", code);
	}
}

/* Whatever the reason: a digest is about to end, and nothing is done about it. */
Test(renew_hash, turn_that_fails_while_a_digest_ends_is_an_alarm)
{
	for (int due = 0; due < 2; due++) {
		struct scene s;
		scene_ready(&s, 1, 1);
		if (!due)
			end_digest(&s, P_SHA256, INT64_MAX);
		storage_sql(s.k.dir, "ALTER TABLE setting RENAME TO gone");
		struct upkeep_turn t = { .now_ms = now_of(&s) };
		cr_expect_eq(renew_hashes_turn(s.k.w, &t, &err), -1);
		cr_expect_eq(t.alarm, due, "%s", err.text);
		ltps_error_clear(&err);
		storage_sql(s.k.dir, "ALTER TABLE gone RENAME TO setting");
		scene_stop(&s);
	}
}

Test(renew_hash, tree_whose_leaves_are_not_as_counted_holds_up_nobody)
{
	broken_tree_holds_up_nobody("UPDATE leaf SET idx = idx + 7 WHERE tree = 1",
				    "not as counted");
}

/* ---- a full disk ---- */

Test(renew_hash, full_disk_at_each_write_loses_and_doubles_nothing)
{
	struct scene s;
	unsigned failed = 0;
	record_register();
	cr_assert_eq(sqlite3_vfs_register(sqlite3_vfs_find(RECORD_VFS), 1), SQLITE_OK);
	scene_ready(&s, 1, 5);
	slow_down(&s);
	for (unsigned nth = 1; sources(&s, DIGEST_SHA256) > 0; nth++) {
		struct upkeep_turn t = { .now_ms = now_of(&s) };
		cr_assert_lt(nth, 500);
		record_fault(RECORD_FAULT_FULL_ON, nth % 60 + 1);
		const int rc = renew_hashes_turn(s.k.w, &t, &err);
		record_fault(RECORD_FAULT_NONE, 0);
		if (rc == 0)
			continue;
		cr_assert_eq(err.code, LTPS_NO_SPACE, "%s", err.text);
		ltps_error_clear(&err);
		failed++;
	}
	cr_expect_gt(failed, 5);
	speed_up(&s);
	finish(&s, P_SHA256, 2);
	cr_expect_eq(ltp_kit_audited(&s.k, "EvidenceDamaged", NULL), 0);
	scene_stop(&s);
}

/* ---- a life ---- */

/* Certificates of both TSAs for this long. */
static void new_tsas(struct scene *s, int32_t days)
{
	for (unsigned slot = 0; slot < 2; slot++)
		ltp_kit_rollover(&s->k, slot, days);
}

/* The service starts with a policy in which this digest ends in so many days, and all
 * upkeep does its part. */
static void end_in(struct scene *s, int which, int64_t days)
{
	end_digest(s, which, now_of(s) + days * DAY_MS);
	restart(s);
	ltp_kit_live(&s->k, days * DAY_MS + DAY_MS, 20 * DAY_MS);
}

Test(renew_hash, sha256_to_sha512_to_sha3_with_time_stamp_renewals_between)
{
	struct scene s;
	scene_start(&s, 2);
	s.k.keeps_up = true;
	new_tsas(&s, 500);
	add_texts(&s, 2);
	add_large(&s);
	add_group(&s);
	settle(&s);
	ltp_kit_live(&s.k, 260 * DAY_MS, 20 * DAY_MS);
	new_tsas(&s, 900);
	ltp_kit_live(&s.k, 200 * DAY_MS, 20 * DAY_MS);
	cr_expect_geq(ltp_kit_audited(&s.k, "EvidenceRenewed", NULL), 2);
	judge_all(&s, 1);
	end_in(&s, P_SHA256, 170);
	judge_all(&s, 2);
	ltp_kit_live(&s.k, 200 * DAY_MS, 20 * DAY_MS);
	new_tsas(&s, 900);
	ltp_kit_live(&s.k, 300 * DAY_MS, 20 * DAY_MS);
	judge_all(&s, 2);
	end_digest(&s, P_SHA384, INT64_MAX - 1); /* the PKI's; SHA3-512 lasts longer */
	end_in(&s, P_SHA512, 170);
	judge_all(&s, 3);
	nothing_twice(&s);
	cr_expect_eq(sql(&s, "SELECT alg FROM tree WHERE purpose = 2 ORDER BY id DESC "
			     "LIMIT 1"),
		     DIGEST_SHA3_512);
	cr_expect_eq(ltp_kit_audited(&s.k, "EvidenceHashRenewed", NULL), 2);
	for (size_t i = 0; i < s.n; i++)
		cr_expect_geq(stamps_in_first_chain(&s, s.poids[i]), 3);
	scene_stop(&s);
}
