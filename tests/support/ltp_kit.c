/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ltp_kit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "storage/audit.h"

static void must(int rc, const struct ltps_error *err, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "ltp_kit: %s: %s (%s)\n", what, err->text, err->where);
	abort();
}

static const char PROFILE[] =
    "[profile]\n"
    "id = " KIT_PROFILE "\n"
    "scheme = http://uri.etsi.org/19512/scheme/pds+pgd+aug+wst+ers\n"
    "description = for tests\n"
    "goal = http://uri.etsi.org/19512/goal/pgd\n"
    "evidence_format = urn:ietf:rfc:4998:EvidenceRecord\n"
    "evidence_policy = urn:test:policy\n"
    "storage = WithStorage\n"
    "operation = RetrieveInfo\noperation = PreservePO\noperation = RetrievePO\n"
    "operation = DeletePO\noperation = RetrieveTrace\noperation = ValidateEvidence\n"
    "valid_from = 2020-01-01T00:00:00Z\n"
    "period = P10Y\nperiod_end = keep\n"
    "tree_max_bytes = 1G\nmax_po_bytes = 1M\nmax_pos = 10\n";

/* Issued by the PKI's CA, whose certificate goes with it. */
static struct signing_key *kit_key(struct ltp_kit *k)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_issue how = { .kind = DEVPKI_EE, .name = "service" };
	const struct devpki_cert *c;
	struct signing_key *key = mem_zalloc(1, sizeof(*key));
	must(devpki_issue(pki_server_enter(k->pki), &how, &c, &err), &err, "issue");
	must(cert_parse(c->der, &key->certificate, &err), &err, "certificate");
	must(cert_parse(c->issuer->der, &key->chain[0], &err), &err, "issuer");
	EVP_PKEY_up_ref(c->key);
	pki_server_leave(k->pki);
	key->key = c->key;
	key->n_chain = 1;
	return key;
}

static void read_profile(struct ltp_kit *k, const char *profile, const char *change)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char text[4096];
	if (profile != NULL)
		snprintf(text, sizeof(text), "%s", profile);
	else
		snprintf(text, sizeof(text), "%s%s", PROFILE,
			 change != NULL ? change
					: "digest = sha256\ntree_max_leaves = 1000\n"
					  "tree_max_age = 2s\n");
	must(profile_parse(view_text(text), "kit", &k->profile, &err), &err, "profile");
	k->profiles[0] = k->profile;
}

void ltp_kit_trust(struct ltp_kit *k)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf anchors = buf_make(1 << 20);
	if (k->trust == NULL)
		must(material_new(&k->trust, &err), &err, "material");
	must(devpki_anchors(pki_server_enter(k->pki), &anchors, &err), &err, "anchors");
	pki_server_leave(k->pki);
	must(material_add_text_or_der(k->trust, MATERIAL_ANCHOR, view_buf(&anchors),
				      &err),
	     &err, "anchors");
	buf_free(&anchors);
}

static void prepare(struct ltp_kit *k, const char *profile, const char *profile_change)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t now;
	memset(k, 0, sizeof(*k));
	snprintf(k->dir, sizeof(k->dir), "/tmp/ltps-ltp-XXXXXX");
	if (mkdtemp(k->dir) == NULL)
		abort();
	k->pki = pki_server_start(KIT_NOW);
	must(time_parse_rfc3339(view_text(KIT_NOW), &now, &err), &err, "time");
	k->clock = clock_shifted(now);
	/* Never ahead of ours: what it stamps has been when it is judged. */
	devpki_set_clock(pki_server_enter(k->pki), k->clock);
	pki_server_leave(k->pki);
	read_profile(k, profile, profile_change);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(k->urls[i], sizeof(k->urls[i]), "%s/tsa/%u",
			 pki_server_url(k->pki), i);
		k->tsas[i] = (struct tsa){ .name = i == 0 ? "first" : "second",
					   .url = k->urls[i] };
	}
	k->n_tsas = 2;
	ltp_kit_trust(k);
	if (k->profile->signature_policy != NULL)
		k->key = kit_key(k);
}

void ltp_kit_start(struct ltp_kit *k, const char *profile_change)
{
	prepare(k, NULL, profile_change);
	ltp_kit_open(k);
}

void ltp_kit_start_as(struct ltp_kit *k, const char *profile)
{
	prepare(k, profile, NULL);
	ltp_kit_open(k);
}

void ltp_kit_start_upkeep(struct ltp_kit *k, const struct ltp_kit_upkeep *how)
{
	prepare(k, how->profile, how->profile_change);
	if (how->n_tsas != 0)
		k->n_tsas = how->n_tsas;
	k->algorithms = how->algorithms;
	k->upkeep = how->options;
	k->keeps_up = true;
	ltp_kit_open(k);
}

void ltp_kit_open(struct ltp_kit *k)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct store_options so = { .dir = k->dir, .io = k->io };
	must(store_open(&so, &k->store, &err), &err, "store");
	const struct ltp_options o = {
		.store = k->store,
		.clock = &k->clock,
		.profiles = k->profiles,
		.n_profiles = 1,
		.tsas = k->tsas,
		.n_tsas = k->n_tsas,
		.trust = k->trust,
		.algorithms = k->algorithms,
		.upkeep = k->upkeep,
		.tenants = k->tenants,
		.n_tenants = k->n_tenants,
		.fetch = { .allow_http = true, .allow_loopback = true },
		.seal_key = k->key,
		.report_key = k->key,
		.service_id = "urn:test:service",
		.hooks = k->hooks,
		.n_hooks = k->n_hooks,
	};
	must(ltp_new(&o, &k->ltp, &err), &err, "ltp");
	must(ltp_worker_new(k->ltp, &k->w, &err), &err, "worker");
}

void ltp_kit_close(struct ltp_kit *k)
{
	ltp_worker_free(k->w);
	ltp_free(k->ltp);
	store_close(k->store);
	k->w = NULL;
	k->ltp = NULL;
	k->store = NULL;
}

void ltp_kit_stop(struct ltp_kit *k)
{
	char command[128];
	ltp_kit_close(k);
	signing_key_free(k->key);
	profile_free(k->profile);
	material_free(k->trust);
	pki_server_stop(k->pki);
	snprintf(command, sizeof(command), "rm -rf '%s'", k->dir);
	if (system(command) != 0)
		abort();
}

static int64_t world_shows(const struct clock *clock)
{
	return ((struct ltp_kit_world *)(uintptr_t)clock->fixed_ms)->now_ms;
}

static int64_t world_looked_at(const struct clock *clock)
{
	struct ltp_kit_world *w = (struct ltp_kit_world *)(uintptr_t)clock->fixed_ms;
	return atomic_fetch_add(&w->now_ms, w->look_ms) + w->look_ms;
}

void ltp_kit_look(struct ltp_kit *k, int64_t look_ms)
{
	const int64_t world = (int64_t)(uintptr_t)&k->world;
	k->world.now_ms = clock_now_ms(&k->clock);
	k->world.look_ms = look_ms;
	k->clock = (struct clock){ .now_ms = world_shows, .fixed_ms = world };
	devpki_set_clock(
	    pki_server_enter(k->pki),
	    (struct clock){ .now_ms = world_looked_at, .fixed_ms = world });
	pki_server_leave(k->pki);
}

void ltp_kit_pass(struct ltp_kit *k, int64_t ms)
{
	if (k->clock.now_ms == world_shows) {
		k->world.now_ms += ms;
		return;
	}
	k->clock.offset_ms += ms;
	struct devpki *p = pki_server_enter(k->pki);
	devpki_set_clock(p, clock_shifted(devpki_now_ms(p) + ms));
	pki_server_leave(k->pki);
}

/* Waits for the group commit's answer. */
struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool done;
	struct ltps_error err;
};

static void committed(void *arg, struct ltp_ingest *i, const struct ltps_error *err)
{
	struct waiting *w = arg;
	(void)i;
	pthread_mutex_lock(&w->lock);
	w->err = *err;
	w->done = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

enum ltp_minor ltp_kit_preserve(struct ltp_kit *k, const struct ltp_po *pos, size_t n,
				char poid[64])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_ingest *i = NULL;
	struct ltp_result result;
	struct waiting w = { .lock = PTHREAD_MUTEX_INITIALIZER,
			     .cond = PTHREAD_COND_INITIALIZER };
	const struct ltp_ingest_request req = { .caller = { "", "tester" },
						.profile_id = KIT_PROFILE,
						.pos = pos,
						.n_pos = n };
	must(ltp_ingest_prepare(k->w, &req, &i, &result, &err), &err, "prepare");
	k->answer = result;
	if (i == NULL)
		return result.minor;
	must(ltp_ingest_commit(i, committed, &w, &err), &err, "commit");
	pthread_mutex_lock(&w.lock);
	while (!w.done)
		pthread_cond_wait(&w.cond, &w.lock);
	pthread_mutex_unlock(&w.lock);
	must(w.err.code == LTPS_OK ? 0 : -1, &w.err, "insert");
	if (poid != NULL)
		snprintf(poid, 64, "%s", ltp_ingest_poid(i));
	enum ltp_minor minor = ltp_ingest_result(i)->minor;
	ltp_ingest_free(i);
	return minor;
}

enum ltp_minor ltp_kit_preserve_text(struct ltp_kit *k, const char *text, char poid[64])
{
	const struct ltp_po po = { .data = view_text(text), .mime = "text/plain" };
	return ltp_kit_preserve(k, &po, 1, poid);
}

/* Far more than any test has to do at one moment. */
#define WORK_ROUNDS_MAX 5000
/* Without upkeep; some wait for what comes only later. */
#define STEP_ROUNDS_MAX 100

static bool is_due(const struct ltp_kit *k, int64_t at_ms)
{
	return at_ms <= clock_now_ms(&k->clock);
}

void ltp_kit_work(struct ltp_kit *k)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t next = 0, care = 0, upkeep = k->keeps_up ? 0 : INT64_MAX;
	for (int i = 0; is_due(k, next) || is_due(k, care) || is_due(k, upkeep); i++) {
		if (!k->keeps_up && i == STEP_ROUNDS_MAX)
			break;
		if (i == WORK_ROUNDS_MAX) {
			fprintf(stderr, "ltp_kit: the work has no end\n");
			abort();
		}
		must(ltp_step(k->w, &next, &err), &err, "step");
		must(ltp_care(k->w, &care, &err), &err, "care");
		if (k->keeps_up)
			must(ltp_upkeep(k->w, &upkeep, &err), &err, "upkeep");
	}
}

void ltp_kit_live(struct ltp_kit *k, int64_t ms, int64_t step_ms)
{
	for (int64_t passed = 0; passed < ms; passed += step_ms) {
		ltp_kit_pass(k, step_ms);
		ltp_kit_work(k);
	}
}

enum ltp_minor ltp_kit_retrieve(struct ltp_kit *k, const char *poid,
				enum subject subject, struct ltp_retrieved *ret)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result result;
	const struct ltp_retrieve_request req = { .caller = { "", "tester" },
						  .poid = poid,
						  .subject = subject };
	must(ltp_retrieve(k->w, &req, ret, &result, &err), &err, "retrieve");
	return result.minor;
}

struct ers_report *ltp_kit_judge(struct ltp_kit *k, const char *poid,
				 const struct ers_object *objects, size_t n,
				 const struct algorithm_policy *policy_or_null)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_retrieved got = { 0 };
	struct ers_report *r = NULL;
	const struct ers_input in = { .objects = objects,
				      .n_objects = n,
				      .material = k->trust,
				      .policy = policy_or_null,
				      .time_ms = clock_now_ms(&k->clock) };
	if (ltp_kit_retrieve(k, poid, SUBJECT_EVIDENCE, &got) != LTP_OK) {
		fprintf(stderr, "ltp_kit: no evidence of %s\n", poid);
		abort();
	}
	must(ers_verify(view_buf(&got.pos[0].data), &in, &r, &err), &err, "verify");
	for (size_t i = 0; i < r->n_findings; i++)
		fprintf(stderr, "%s: %s\n", r->findings[i].object, r->findings[i].text);
	ltp_retrieved_clear(&got);
	return r;
}

struct ers_report *ltp_kit_judge_text(struct ltp_kit *k, const char *poid,
				      const char *text,
				      const struct algorithm_policy *policy_or_null)
{
	const struct ers_object object = { .name = text,
					   .has_data = true,
					   .data = view_text(text) };
	return ltp_kit_judge(k, poid, &object, 1, policy_or_null);
}

struct ltp_health ltp_kit_health(struct ltp_kit *k)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_health h;
	must(ltp_health(k->w, &h, &err), &err, "health");
	return h;
}

void ltp_kit_fault(struct ltp_kit *k, unsigned slot, enum devpki_fault fault)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	must(devpki_fault_set(pki_server_enter(k->pki), DEVPKI_TARGET_TSA, slot, fault,
			      0, 0, &err),
	     &err, "fault");
	pki_server_leave(k->pki);
}

void ltp_kit_status_fault(struct ltp_kit *k, enum devpki_fault fault)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = pki_server_enter(k->pki);
	must(devpki_fault_set(p, DEVPKI_TARGET_OCSP, 0, fault, 0, 0, &err), &err,
	     "fault");
	must(devpki_fault_set(p, DEVPKI_TARGET_CRL, 0, fault, 0, 0, &err), &err,
	     "fault");
	pki_server_leave(k->pki);
}

void ltp_kit_rollover(struct ltp_kit *k, unsigned slot, int32_t days)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_issue how = { .kind = DEVPKI_TSA, .days = days };
	const struct devpki_cert *c;
	must(
	    devpki_rollover(pki_server_enter(k->pki), DEVPKI_TSA, slot, &how, &c, &err),
	    &err, "roll-over");
	pki_server_leave(k->pki);
}

void ltp_kit_rehouse(struct ltp_kit *k, unsigned slot, const char *ca)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = pki_server_enter(k->pki);
	const int64_t from_ms = devpki_now_ms(p) - 1000;
	const struct devpki_issue by = { .kind = DEVPKI_CA,
					 .name = ca,
					 .not_before_ms = from_ms };
	struct devpki_issue how = { .kind = DEVPKI_TSA, .not_before_ms = from_ms };
	const struct devpki_cert *c;
	must(devpki_issue(p, &by, &how.issuer, &err), &err, "CA");
	must(devpki_rollover(p, DEVPKI_TSA, slot, &how, &c, &err), &err, "roll-over");
	pki_server_leave(k->pki);
}

void ltp_kit_revoke(struct ltp_kit *k, unsigned slot, enum devpki_reason reason)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = pki_server_enter(k->pki);
	must(devpki_revoke(p, devpki_active(p, DEVPKI_TSA, slot)->serial,
			   devpki_now_ms(p), reason, &err),
	     &err, "revoke");
	pki_server_leave(k->pki);
}

struct audited {
	const char *operation;
	size_t n;
	char *detail;
};

static int count_audited(void *arg, const struct audit_entry *row,
			 struct ltps_error *err)
{
	struct audited *a = arg;
	(void)err;
	if (strcmp(row->operation, a->operation) != 0)
		return 0;
	a->n++;
	if (a->detail != NULL)
		snprintf(a->detail, 256, "%s", row->detail != NULL ? row->detail : "");
	return 0;
}

size_t ltp_kit_audited(struct ltp_kit *k, const char *operation, char detail[256])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *conn = NULL;
	struct audited a = { .operation = operation, .detail = detail };
	must(store_reader_open(k->store, &conn, &err), &err, "reader");
	must(audit_list(conn, &(struct audit_query){ 0 }, count_audited, &a, &err),
	     &err, "audit");
	store_reader_close(conn);
	return a.n;
}
