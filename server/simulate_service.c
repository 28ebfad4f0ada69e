/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate_service - the child: a store and the domain over it, as `ltps serve` has
 * them, with one worker for all lanes and the virtual clock.
 */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/mem.h"
#include "ltp/anchors.h"
#include "ltp/ltp.h"
#include "server/simulate.h"
#include "storage/audit.h"
#include "storage/evidence.h"
#include "storage/renewal.h"
#include "storage/store.h"

#define PROFILE "urn:ltps:simulation"
#define PROFILE_SIGNED PROFILE ":signed"
#define PROFILES 2
#define CALLER "simulation"
/* Almost every object is a file; whatever the service collects, always. */
#define SMALL_MAX 300
#define PART_MAX ((size_t)1 << 20)
#define ANCHORS_MAX ((size_t)16 << 20)
/* Turns at one moment; beyond it time goes on, as it would. */
#define TURNS_MAX 10000
#define RETRY_MS ((int64_t)60000)

#define PROFILE_COMMON                                                                 \
	"scheme = http://uri.etsi.org/19512/scheme/pds+pgd+aug+wst+ers\n"              \
	"description = simulation\n"                                                   \
	"goal = http://uri.etsi.org/19512/goal/pgd\n"                                  \
	"evidence_format = urn:ietf:rfc:4998:EvidenceRecord\n"                         \
	"evidence_policy = urn:ltps:simulation:policy\n"                               \
	"storage = WithStorage\n"                                                      \
	"operation = RetrieveInfo\noperation = PreservePO\noperation = RetrievePO\n"   \
	"operation = DeletePO\noperation = RetrieveTrace\n"                            \
	"valid_from = 2020-01-01T00:00:00Z\n"                                          \
	"period = P2000Y\nperiod_end = keep\n"                                         \
	"digest = sha256\ntree_max_leaves = 1000\ntree_max_age = 1d\n"                 \
	"tree_max_bytes = 1G\nmax_po_bytes = 1M\nmax_pos = 10\n"

static const char *const profile_texts[PROFILES] = {
	"[profile]\nid = " PROFILE "\n" PROFILE_COMMON,
	"[profile]\nid = " PROFILE_SIGNED "\n" PROFILE_COMMON
	"signature_policy = " SIM_POLICY "\naugment = lta\n",
};

struct sim_clock {
	struct clock clock; /* first */
	struct sim_shared *shared;
};

struct serving {
	struct sim *s;
	int fd;
	struct sim_clock clock;
	struct log *log;
	int log_fd;
	struct profile *profiles[PROFILES];
	struct tsa tsas[SIM_SLOTS];
	struct store *store;
	struct store_conn *conn;
	struct ltp *ltp;
	struct ltp_worker *w;
};

static int64_t service_now(const struct clock *clock)
{
	const struct sim_clock *c = (const struct sim_clock *)clock;
	return atomic_load(&c->shared->now_ms) + atomic_load(&c->shared->skew_ms);
}

/* ---- begin ---- */

static int open_log(struct serving *v, struct ltps_error *err)
{
	char path[SIM_PATH_MAX];
	if (file_join(v->s->dir, "service.log", path, sizeof(path), err) != 0)
		return -1;
	v->log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (v->log_fd < 0)
		return ltps_fail_errno(err, "cannot write a log");
	return log_new(v->log_fd, false, v->s->o.verbose ? LOG_DEBUG : LOG_INFO,
		       &v->clock.clock, &v->log, err);
}

static int find_policy(void *arg, const char *name, struct validation_policy **ret_p,
		       struct ltps_error *err)
{
	(void)name;
	return sim_policy_of(arg, ret_p, err);
}

static int read_profiles(struct serving *v, struct ltps_error *err)
{
	for (size_t i = 0; i < PROFILES; i++)
		if (profile_parse(view_text(profile_texts[i]), "simulation",
				  &v->profiles[i], err) != 0)
			return -1;
	return 0;
}

static int open_domain(struct serving *v, struct ltps_error *err)
{
	struct sim *s = v->s;
	const struct store_options so = { .dir = s->store_dir, .small_max = SMALL_MAX };
	for (unsigned i = 0; i < SIM_SLOTS; i++)
		v->tsas[i] =
		    (struct tsa){ .name = s->slots[i].name, .url = s->slots[i].url };
	const struct ltp_options o = {
		.clock = &v->clock.clock,
		.log = v->log,
		.profiles = v->profiles,
		.n_profiles = PROFILES,
		.policies = { .find = find_policy, .arg = s },
		.tsas = v->tsas,
		.n_tsas = SIM_SLOTS,
		.trust = s->trust,
		.algorithms = &s->policy,
		.upkeep = { .margin_ms = SIM_MARGIN_MS,
			    .watch_ms = SIM_WATCH_MS,
			    .fixity_ms = SIM_FIXITY_MS,
			    .threads = 1,
			    .copies = s->copies_dir },
		.fetch = { .allow_http = true, .allow_loopback = true },
		.service_id = PROFILE,
	};
	if (store_open(&so, &v->store, err) != 0)
		return -1;
	struct ltp_options with_store = o;
	with_store.store = v->store;
	if (ltp_new(&with_store, &v->ltp, err) != 0 ||
	    ltp_worker_new(v->ltp, &v->w, err) != 0)
		return -1;
	return store_reader_open(v->store, &v->conn, err);
}

/* In the middle of something: others may go on. */
static void pause_here(void *arg, const char *name)
{
	const struct serving *v = arg;
	const struct sim_reply reply = { .paused = true };
	struct sim_order o;
	(void)name;
	if (send(v->fd, &reply, sizeof(reply), MSG_NOSIGNAL) != sizeof(reply) ||
	    recv(v->fd, &o, sizeof(o), 0) != sizeof(o))
		_exit(1);
}

static int begin(struct serving *v, struct ltps_error *err)
{
	v->clock = (struct sim_clock){ .clock = { .now_ms = service_now },
				       .shared = v->s->shared };
	failpoint_on_pause(pause_here, v);
	if (open_log(v, err) != 0 || read_profiles(v, err) != 0)
		return -1;
	return open_domain(v, err);
}

static void end(struct serving *v)
{
	store_reader_close(v->conn);
	ltp_worker_free(v->w);
	ltp_free(v->ltp);
	store_close(v->store);
	for (size_t i = 0; i < PROFILES; i++)
		profile_free(v->profiles[i]);
	log_free(v->log);
}

/* ---- work ---- */

static int turn(struct serving *v, bool hold, int64_t *ret_next_ms,
		struct ltps_error *err)
{
	int64_t step_ms, care_ms, upkeep_ms = INT64_MAX;
	if (ltp_step(v->w, &step_ms, err) != 0 || ltp_care(v->w, &care_ms, err) != 0 ||
	    (!hold && ltp_upkeep(v->w, &upkeep_ms, err) != 0))
		return -1;
	*ret_next_ms = step_ms < care_ms ? step_ms : care_ms;
	if (upkeep_ms < *ret_next_ms)
		*ret_next_ms = upkeep_ms;
	return 0;
}

static int run(struct serving *v, const struct sim_order *o, struct sim_reply *ret,
	       struct ltps_error *err)
{
	const struct clock *clock = &v->clock.clock;
	const int64_t turns = o->a > 0 ? o->a : TURNS_MAX;
	for (int64_t i = 0; i < turns; i++) {
		if (turn(v, o->hold, &ret->next_ms, err) != 0) {
			ret->next_ms = clock_now_ms(clock) + RETRY_MS;
			return -1;
		}
		if (ret->next_ms > clock_now_ms(clock))
			return 0;
	}
	if (o->a == 0)
		ret->next_ms = clock_now_ms(clock) + RETRY_MS;
	return 0;
}

/* ---- objects ---- */

struct commit {
	sem_t there;
	struct ltps_error error;
};

static void committed(void *arg, struct ltp_ingest *i, const struct ltps_error *error)
{
	struct commit *c = arg;
	(void)i;
	c->error = *error;
	sem_post(&c->there);
}

static int commit_one(struct serving *v, struct ltp_ingest *i,
		      struct sim_object *object, struct ltps_error *err)
{
	struct commit c;
	sem_init(&c.there, 0, 0);
	if (ltp_ingest_commit(i, committed, &c, err) != 0)
		return -1;
	while (sem_wait(&c.there) != 0 && errno == EINTR)
		;
	sem_destroy(&c.there);
	if (c.error.code != LTPS_OK) {
		*err = c.error;
		return -1;
	}
	snprintf(object->poid, sizeof(object->poid), "%s", ltp_ingest_poid(i));
	object->stored_ms = atomic_load(&v->s->shared->now_ms);
	object->state = SIM_STORED;
	return 0;
}

static const char *mime_of(const struct sim *s, uint64_t n)
{
	if (!sim_is_signed(s, n))
		return "application/octet-stream";
	return sim_is_pdf(s, n) ? "application/pdf" : "application/pkcs7-mime";
}

static int ingest_one(struct serving *v, uint64_t n, struct ltps_error *err)
{
	int rc = -1;
	struct ltp_ingest *i = NULL;
	struct ltp_result result;
	struct buf content[SIM_PARTS_MAX] = { 0 };
	struct ltp_po pos[SIM_PARTS_MAX] = { 0 };
	const struct sim *s = v->s;
	const struct ltp_ingest_request req = { .caller = { "", CALLER },
						.profile_id = sim_is_signed(s, n)
								  ? PROFILE_SIGNED
								  : PROFILE,
						.pos = pos,
						.n_pos = sim_parts_of(s, n) };
	for (size_t k = 0; k < req.n_pos; k++) {
		content[k] = buf_make(PART_MAX);
		if (sim_handed_in(s, n, k, &content[k], err) != 0)
			goto out;
		pos[k].data = view_buf(&content[k]);
		pos[k].mime = mime_of(s, n);
	}
	if (ltp_ingest_prepare(v->w, &req, &i, &result, err) != 0)
		goto out;
	rc = i != NULL ? commit_one(v, i, &v->s->shared->objects[n], err)
		       : ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				   "object %llu is refused: %s", (unsigned long long)n,
				   result.message);
out:
	ltp_ingest_free(i);
	for (size_t k = 0; k < SIM_PARTS_MAX; k++)
		buf_free(&content[k]);
	return rc;
}

static int ingest(struct serving *v, const struct sim_order *o, struct sim_reply *ret,
		  struct ltps_error *err)
{
	(void)ret;
	for (int64_t n = o->a; n < o->b; n++)
		if (v->s->shared->objects[n].state == SIM_NOT_YET &&
		    ingest_one(v, (uint64_t)n, err) != 0)
			return -1;
	return 0;
}

/* A refusal is the second answer to an order that was carried out before a crash. */
static int delete (struct serving *v, const struct sim_order *o, struct sim_reply *ret,
		   struct ltps_error *err)
{
	struct sim_object *object = &v->s->shared->objects[o->a];
	struct ltp_result result;
	const struct ltp_delete_request req = {
		.caller = { "", CALLER },
		.poid = object->poid,
		.mode = o->b != 0 ? "SubDOsAndEvidence" : "OnlySubDOs",
		.reason = "simulation",
	};
	if (ltp_delete(v->w, &req, &result, err) != 0)
		return -1;
	snprintf(ret->text, sizeof(ret->text), "%s", result.message);
	object->state = o->b != 0 ? SIM_DELETED : SIM_DATA_DELETED;
	return 0;
}

/* ---- looking ---- */

struct tips {
	struct serving *v;
	struct tip widest;
	int64_t first_ms;
};

static int weakens(struct serving *v, int64_t footing, int64_t *ret_ms,
		   struct ltps_error *err)
{
	struct footing f = { 0 };
	if (footing == 0)
		return 0;
	if (footing_get(v->conn, footing, &f, err) != 0)
		return -1;
	if (f.weakens_ms > *ret_ms)
		*ret_ms = f.weakens_ms;
	footing_clear(&f);
	return 0;
}

static int ends(struct serving *v, const struct tip *tip, int64_t *ret_ms,
		struct ltps_error *err)
{
	*ret_ms = INT64_MIN;
	return weakens(v, tip->footing, ret_ms, err) != 0 ||
		       weakens(v, tip->partner, ret_ms, err) != 0
		   ? -1
		   : 0;
}

static int look_tip(void *arg, const struct tip *tip, struct ltps_error *err)
{
	struct tips *t = arg;
	int64_t ends_ms;
	if (tip->footing == 0)
		return 0;
	if (tip->objects > t->widest.objects)
		t->widest = *tip;
	if (ends(t->v, tip, &ends_ms, err) != 0)
		return -1;
	if (ends_ms < t->first_ms)
		t->first_ms = ends_ms;
	return 0;
}

/* When the tip over the most objects has ended, and so has what stands in for it. */
static int tips(struct serving *v, const struct sim_order *o, struct sim_reply *ret,
		struct ltps_error *err)
{
	struct tips t = { .v = v, .first_ms = INT64_MAX };
	const struct tip_query q = { .weakens_until = INT64_MAX };
	if (tip_list(v->conn, &q, look_tip, &t, err) != 0 ||
	    ends(v, &t.widest, &ret->next_ms, err) != 0)
		return -1;
	if (ret->next_ms == INT64_MIN)
		ret->next_ms = INT64_MAX;
	if (o->b != 0)
		ret->next_ms = t.first_ms;
	return 0;
}

/* As submitted: N.part0..., N.er0; of a form: N.augmented-1, N.evidence-augmented-1. */
static void name_out(int64_t n, enum subject subject, const char *form, size_t i,
		     char out[64])
{
	const bool er = subject == SUBJECT_EVIDENCE;
	if (form != NULL)
		snprintf(out, 64, "%lld.%s%.32s", (long long)n, er ? "evidence-" : "",
			 form);
	else
		snprintf(out, 64, "%lld.%s%zu", (long long)n, er ? "er" : "part", i);
}

/* text: why there is nothing, of a refusal */
static int export_subject(struct serving *v, int64_t n, enum subject subject,
			  const char *form, struct sim_reply *ret,
			  struct ltps_error *err)
{
	struct ltp_retrieved r = { 0 };
	struct ltp_result result = { 0 };
	const char *const version = form != NULL ? form : "v1";
	const struct ltp_retrieve_request req = { .caller = { "", CALLER },
						  .poid = v->s->shared->objects[n].poid,
						  .versions = &version,
						  .n_versions = 1,
						  .subject = subject };
	char name[64];
	if (ltp_retrieve(v->w, &req, &r, &result, err) != 0)
		return -1;
	int rc = 0;
	if (result.minor != LTP_OK || r.n_pos == 0)
		snprintf(ret->text, sizeof(ret->text), "%s",
			 result.message[0] != '\0' ? result.message : "nothing there");
	for (size_t i = 0; rc == 0 && ret->text[0] == '\0' && i < r.n_pos; i++) {
		name_out(n, subject, form, i, name);
		rc = sim_write_out(v->s, name, view_buf(&r.pos[i].data), err);
	}
	ltp_retrieved_clear(&r);
	return rc;
}

static int export_object(struct serving *v, const struct sim_order *o,
			 struct sim_reply *ret, struct ltps_error *err)
{
	return export_subject(v, o->a, o->b != 0 ? SUBJECT_EVIDENCE : SUBJECT_PO,
			      o->text[0] != '\0' ? o->text : NULL, ret, err);
}

static int export_anchors(struct serving *v, const struct sim_order *o,
			  struct sim_reply *ret, struct ltps_error *err)
{
	struct buf out = buf_make(ANCHORS_MAX);
	(void)o, (void)ret;
	int rc = anchors_write(v->conn, &out, err);
	if (rc == 0)
		rc = sim_write_out(v->s, "anchors.pem", view_buf(&out), err);
	buf_free(&out);
	return rc;
}

static int count_tree(void *arg, const struct tree *tree, struct ltps_error *err)
{
	struct sim_reply *ret = arg;
	(void)err;
	ret->next_ms = tree->id;
	ret->timestamp_renewals += tree->purpose == TREE_TIMESTAMP_RENEWAL;
	ret->hash_tree_renewals += tree->purpose == TREE_HASH_RENEWAL;
	return 0;
}

struct acts {
	struct sim_tallies *t;
	int64_t last;
};

static int count_act(void *arg, const struct audit_entry *e, struct ltps_error *err)
{
	struct acts *a = arg;
	(void)err;
	a->last = e->seq;
	sim_tally(a->t, e->operation);
	return 0;
}

static int count(struct serving *v, const struct sim_order *o, struct sim_reply *ret,
		 struct ltps_error *err)
{
	struct acts a = { .t = &v->s->shared->acts };
	struct audit_query q = { 0 };
	int64_t after;
	(void)o;
	do {
		after = ret->next_ms;
		if (tree_list(v->conn, TREE_STAMPED, after, STORE_PAGE_MAX, count_tree,
			      ret, err) != 0)
			return -1;
	} while (ret->next_ms != after);
	a.t->n = 0;
	do {
		q.after_seq = a.last;
		if (audit_list(v->conn, &q, count_act, &a, err) != 0)
			return -1;
	} while (a.last != q.after_seq);
	return 0;
}

static int arm(struct serving *v, const struct sim_order *o, struct sim_reply *ret,
	       struct ltps_error *err)
{
	(void)v, (void)ret;
	return failpoint_arm(o->text, err);
}

/* ---- orders ---- */

static int (*const orders[])(struct serving *v, const struct sim_order *o,
			     struct sim_reply *ret, struct ltps_error *err) = {
	[SIM_ORDER_RUN] = run,
	[SIM_ORDER_INGEST] = ingest,
	[SIM_ORDER_DELETE] = delete,
	[SIM_ORDER_ARM] = arm,
	[SIM_ORDER_TIPS] = tips,
	[SIM_ORDER_EXPORT] = export_object,
	[SIM_ORDER_ANCHORS] = export_anchors,
	[SIM_ORDER_COUNT] = count,
};

static void answer(struct serving *v, const struct sim_order *o)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct sim_reply reply = { 0 };
	reply.rc = orders[o->kind](v, o, &reply, &err);
	if (reply.rc != 0) {
		ltps_error_line(&err, reply.text, sizeof(reply.text));
		log_error(v->log, LOG_OPERATION, LOG_ERROR, "an order failed", &err,
			  NULL, 0);
	}
	if (send(v->fd, &reply, sizeof(reply), MSG_NOSIGNAL) != sizeof(reply))
		_exit(1);
}

_Noreturn void sim_service(struct sim *s, int fd)
{
	static struct serving v = { .log_fd = -1 };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct sim_order o;
	v.s = s;
	v.fd = fd;
	if (begin(&v, &err) != 0) {
		fprintf(stderr, "ltps: simulate: the service cannot start: %s (%s)\n",
			err.text, err.where);
		_exit(2);
	}
	for (;;) {
		if (recv(fd, &o, sizeof(o), 0) != sizeof(o))
			_exit(1);
		if (o.kind == SIM_ORDER_END)
			break;
		answer(&v, &o);
	}
	end(&v);
	const struct sim_reply reply = { 0 };
	_exit(send(fd, &reply, sizeof(reply), MSG_NOSIGNAL) == sizeof(reply) ? 0 : 1);
}
