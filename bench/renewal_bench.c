/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renewal_bench - what keeping up costs. DIR is a new directory.
 *
 *   renewal_bench times DIR OBJECTS
 *     one digest: planned anew, renewed by time-stamp
 *   renewal_bench hashes DIR FILES SIZE
 *     hash-tree renewal beside a bare loop that takes both digests of the same files
 *   renewal_bench ingest DIR
 *     objects a second, without and with a renewal, in turns
 *
 * Processor time is given too: other work on the machine changes it least.
 */
#include <fcntl.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "ltp/plan.h"
#include "ltp/rows.h"
#include "ltp/upkeep.h"
#include "storage/renewal.h"
#include "tests/support/pki_server.h"

#define START "2026-06-01T12:00:00Z"
#define PROFILE_ID "urn:bench"
#define TREE_LEAVES 1000
#define DAY_MS ((int64_t)86400000)
#define BARE_PIECE ((size_t)64 << 10)
#define INGEST_S 4.0
#define ROUNDS 7
#define SUBMITTERS 2
#define IN_FLIGHT 64
#define SMALL 1000
#define REST_MS 20 /* at most, so that the end is seen */
#define BACKLOG 60000 /* small objects that are renewed meanwhile */

static struct ltps_error err = LTPS_ERROR_INIT;
#define MUST(call) must((call), #call)

static void must(int rc, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "renewal_bench: %s: %s (%s)\n", what, err.text, err.where);
	exit(1);
}

static double of_clock(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Wall clock and processor. */
struct span {
	double wall, cpu;
};

static struct span span_begin(void)
{
	return (struct span){ of_clock(CLOCK_MONOTONIC),
			      of_clock(CLOCK_PROCESS_CPUTIME_ID) };
}

static struct span span_end(struct span s)
{
	return (struct span){ of_clock(CLOCK_MONOTONIC) - s.wall,
			      of_clock(CLOCK_PROCESS_CPUTIME_ID) - s.cpu };
}

static void tell(const char *what, struct span s)
{
	printf("%s: %.2f s, processor %.2f s\n", what, s.wall, s.cpu);
	fflush(stdout);
}

/* ---- a domain ---- */

struct world {
	struct pki_server *pki;
	struct clock clock;
	struct profile *profiles[1];
	struct tsa tsas[1];
	char url[96];
	struct material *trust;
	struct algorithm_limit limits[3];
	struct algorithm_policy policy;
	struct store *store;
	struct ltp *ltp;
	struct ltp_worker *w;
};

static const char PROFILE[] =
    "[profile]\nid = " PROFILE_ID "\n"
    "scheme = http://uri.etsi.org/19512/scheme/pds+pgd+aug+wst+ers\n"
    "description = bench\ngoal = http://uri.etsi.org/19512/goal/pgd\n"
    "evidence_format = urn:ietf:rfc:4998:EvidenceRecord\n"
    "evidence_policy = urn:bench:policy\nstorage = WithStorage\n"
    "operation = RetrieveInfo\noperation = PreservePO\noperation = RetrievePO\n"
    "operation = DeletePO\n"
    "valid_from = 2020-01-01T00:00:00Z\nperiod = P10Y\nperiod_end = keep\n"
    "digest = sha256\ntree_max_leaves = 10000000\ntree_max_age = 1h\n"
    "tree_max_bytes = 1000G\nmax_po_bytes = 1M\nmax_pos = 10\n";

static void world_trust(struct world *x)
{
	struct buf pem = buf_make(1 << 20);
	MUST(devpki_anchors(pki_server_enter(x->pki), &pem, &err));
	pki_server_leave(x->pki);
	MUST(material_new(&x->trust, &err));
	MUST(material_add_text_or_der(x->trust, MATERIAL_ANCHOR, view_buf(&pem), &err));
	buf_free(&pem);
}

static void world_open(struct world *x, const char *dir)
{
	int64_t start;
	memset(x, 0, sizeof(*x));
	x->pki = pki_server_start(START);
	MUST(time_parse_rfc3339(view_text(START), &start, &err));
	x->clock = clock_shifted(start);
	MUST(profile_parse(view_text(PROFILE), "bench", &x->profiles[0], &err));
	snprintf(x->url, sizeof(x->url), "%s/tsa/0", pki_server_url(x->pki));
	x->tsas[0] = (struct tsa){ .name = "tsa", .url = x->url };
	world_trust(x);
	x->limits[0] = (struct algorithm_limit){ "sha256", .until_ms = INT64_MAX };
	x->limits[1] = (struct algorithm_limit){ "sha512", .until_ms = INT64_MAX };
	x->limits[2] = (struct algorithm_limit){ "ECDSA", 224, .until_ms = INT64_MAX };
	x->policy = (struct algorithm_policy){ .limits = x->limits, .n = 3 };
	const struct store_options so = { .dir = dir };
	MUST(store_open(&so, &x->store, &err));
	const struct ltp_options o = {
		.store = x->store,
		.clock = &x->clock,
		.profiles = x->profiles,
		.n_profiles = 1,
		.tsas = x->tsas,
		.n_tsas = 1,
		.trust = x->trust,
		.algorithms = &x->policy,
		.fetch = { .allow_http = true, .allow_loopback = true },
	};
	MUST(ltp_new(&o, &x->ltp, &err));
	MUST(ltp_worker_new(x->ltp, &x->w, &err));
}

static void world_close(struct world *x)
{
	ltp_worker_free(x->w);
	ltp_free(x->ltp);
	store_close(x->store);
	material_free(x->trust);
	profile_free(x->profiles[0]);
	pki_server_stop(x->pki);
}

static int64_t now_of(struct world *x)
{
	return clock_now_ms(&x->clock);
}

static void pass(struct world *x, int64_t ms)
{
	x->clock.offset_ms += ms;
	struct devpki *p = pki_server_enter(x->pki);
	devpki_set_clock(p, clock_shifted(devpki_now_ms(p) + ms));
	pki_server_leave(x->pki);
}

static void step(struct world *x)
{
	int64_t next = 0;
	while (next <= now_of(x))
		MUST(ltp_step(x->w, &next, &err));
}

static int64_t turn(struct world *x, upkeep_fn *fn, const char *kind)
{
	struct upkeep_turn t = { .now_ms = now_of(x), .again_ms = INT64_MAX };
	snprintf(t.job.kind, sizeof(t.job.kind), "%s", kind);
	MUST(fn(x->w, &t, &err));
	if (t.trouble[0] != '\0')
		printf("trouble: %s\n", t.trouble);
	return t.again_ms;
}

/* ---- objects by the storage alone ---- */

struct rows {
	struct part_new *parts;
	uint64_t first;
	size_t n;
	int64_t now_ms;
	bool close;
};

static int run_rows(struct store_conn *conn, void *arg, struct ltps_error *e)
{
	struct rows *r = arg;
	struct leaf at = { 0 };
	for (size_t i = 0; i < r->n; i++) {
		char poid[40];
		int64_t object, version;
		struct version_new v = { .label = "v1",
					 .kind = VERSION_SUBMITTED,
					 .created_ms = r->now_ms,
					 .digest = r->parts[i].sha256,
					 .parts = &r->parts[i],
					 .n_parts = 1 };
		snprintf(poid, sizeof(poid), "o-%llu",
			 (unsigned long long)(r->first + i));
		const struct object_new o = { .tenant = "default",
					      .poid = poid,
					      .profile = PROFILE_ID,
					      .created_ms = r->now_ms,
					      .first = &v };
		if (object_insert(conn, &o, &object, &version, e) != 0)
			return -1;
		const struct leaf_new leaf = { .profile = PROFILE_ID,
					       .alg = DIGEST_SHA256,
					       .kind = LEAF_VERSION,
					       .ref = version,
					       .digest = v.digest,
					       .bytes = r->parts[i].size,
					       .now_ms = r->now_ms };
		if (tree_append_leaf(conn, &leaf, &at, e) != 0)
			return -1;
	}
	return r->close ? tree_close(conn, at.tree, r->now_ms, e) : 0;
}

/* Objects of this size, each unlike any other; a tree each TREE_LEAVES, or one. */
static void fill(struct world *x, uint64_t n, size_t size, bool many_trees)
{
	const size_t batch = size > 100000 ? 50 : TREE_LEAVES;
	struct part_new *parts = mem_zalloc(batch, sizeof(*parts));
	uint8_t *bytes = mem_alloc(size * batch);
	struct rows r = { .parts = parts };
	RAND_bytes(bytes, (int)(size * batch));
	for (uint64_t done = 0; done < n; done += r.n) {
		r.first = done;
		r.n = n - done < batch ? (size_t)(n - done) : batch;
		r.now_ms = now_of(x);
		r.close = many_trees || done + r.n == n;
		for (size_t i = 0; i < r.n; i++) {
			const uint64_t number = done + i;
			memcpy(bytes + i * size, &number, sizeof(number));
			parts[i] = (struct part_new){ .mime = "a/b" };
			MUST(part_row_make(x->store, "default",
					   view_of(bytes + i * size, size), &parts[i],
					   &err));
		}
		MUST(store_write(x->store, run_rows, &r, &err));
		for (size_t i = 0; i < r.n; i++)
			blob_new_free(parts[i].blob);
	}
	mem_free(bytes);
	mem_free(parts);
	step(x);
}

/* ---- times ---- */

static void plan_anew(struct world *x, uint64_t n)
{
	char what[96];
	struct forecast f;
	turn(x, plan_turn, JOB_PLAN); /* first sight of the policy */
	x->limits[2].until_ms = now_of(x) + 3000 * DAY_MS;
	struct span s = span_begin();
	turn(x, plan_turn, JOB_PLAN);
	snprintf(what, sizeof(what), "plan of %llu objects after a change of policy",
		 (unsigned long long)n);
	tell(what, span_end(s));
	s = span_begin();
	MUST(plan_forecast(x->ltp, x->w->conn, NULL, now_of(x), &f, &err));
	tell("its forecast", span_end(s));
	forecast_clear(&f);
	x->limits[2].until_ms = INT64_MAX;
	turn(x, plan_turn, JOB_PLAN);
}

static void times(const char *dir, uint64_t n)
{
	struct world x;
	const struct devpki_cert *c;
	char what[96];
	world_open(&x, dir);
	struct span s = span_begin();
	fill(&x, n, 100, true);
	tell("objects put in, trees stamped and completed", span_end(s));
	plan_anew(&x, n);
	/* The TSA has a new certificate when the old one weakens. */
	pass(&x, 3500 * DAY_MS);
	MUST(devpki_rollover(pki_server_enter(x.pki), DEVPKI_TSA, 0, NULL, &c, &err));
	pki_server_leave(x.pki);
	const size_t before = pki_server_stamps(x.pki);
	s = span_begin();
	while (turn(&x, renew_timestamps_turn, JOB_RENEW_TIMESTAMPS) <= now_of(&x))
		;
	step(&x);
	snprintf(what, sizeof(what), "%llu objects renewed by %zu time-stamps",
		 (unsigned long long)n, pki_server_stamps(x.pki) - before);
	tell(what, span_end(s));
	world_close(&x);
}

/* ---- hashes ---- */

/* Both digests over every file of the store, as many threads as cores. */
struct bare {
	char **paths;
	size_t n;
	atomic_size_t next;
	atomic_ullong bytes;
};

static void bare_file(const char *path, struct digest_ctx *a, struct digest_ctx *b,
		      uint8_t *piece, struct bare *all)
{
	struct digest d;
	ssize_t n;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	while ((n = read(fd, piece, BARE_PIECE)) > 0) {
		MUST(digest_update(a, view_of(piece, (size_t)n), &err));
		MUST(digest_update(b, view_of(piece, (size_t)n), &err));
		atomic_fetch_add(&all->bytes, (unsigned long long)n);
	}
	close(fd);
	MUST(digest_final(a, &d, &err));
	MUST(digest_final(b, &d, &err));
}

static void *bare_main(void *arg)
{
	struct bare *all = arg;
	struct digest_ctx *a, *b;
	uint8_t *piece = mem_alloc(BARE_PIECE);
	size_t i;
	MUST(digest_new(DIGEST_SHA256, &a, &err));
	MUST(digest_new(DIGEST_SHA512, &b, &err));
	while ((i = atomic_fetch_add(&all->next, 1)) < all->n)
		bare_file(all->paths[i], a, b, piece, all);
	digest_free(a);
	digest_free(b);
	mem_free(piece);
	return NULL;
}

static void bare_list(struct bare *all, const char *dir, size_t n)
{
	char command[4200], line[4200];
	snprintf(command, sizeof(command), "find '%s/blobs/default' -type f", dir);
	FILE *f = popen(command, "r");
	all->paths = mem_zalloc(n, sizeof(*all->paths));
	while (all->n < n && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		all->paths[all->n++] = mem_dup_text(line);
	}
	pclose(f);
}

static struct span bare_run(struct bare *all, unsigned threads)
{
	pthread_t t[64];
	struct span s = span_begin();
	atomic_store(&all->next, 0);
	atomic_store(&all->bytes, 0);
	for (unsigned i = 0; i < threads; i++)
		pthread_create(&t[i], NULL, bare_main, all);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	return span_end(s);
}

static unsigned cores(void)
{
	const long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

static void renew_all(struct world *x)
{
	while (turn(x, renew_hashes_turn, JOB_RENEW_HASHES) <= now_of(x))
		;
}

static void hashes(const char *dir, size_t n, size_t size)
{
	struct world x;
	struct bare all = { .n = 0 };
	world_open(&x, dir);
	fill(&x, n, size, false);
	sync();
	bare_list(&all, dir, n);
	(void)bare_run(&all, cores()); /* into the page cache, for both */
	const struct span bare = bare_run(&all, cores());
	x.limits[0].until_ms = now_of(&x) + 30 * DAY_MS;
	struct span s = span_begin();
	renew_all(&x);
	s = span_end(s);
	const struct span again = bare_run(&all, cores());
	printf("%zu files of %zu octets on %u cores\n", n, size, cores());
	tell("bare, both digests", bare);
	tell("hash-tree renewal", s);
	tell("bare once more", again);
	printf(
	    "renewal at %.0f %% of bare by the wall clock, %.0f %% by the processor\n",
	    (bare.wall + again.wall) / 2 / s.wall * 100,
	    (bare.cpu + again.cpu) / 2 / s.cpu * 100);
	struct renewal_sum left;
	MUST(renewal_sum_get(x.w->conn, DIGEST_SHA256, &left, &err));
	printf("leaves left: %llu\n", (unsigned long long)left.leaves);
	for (size_t i = 0; i < all.n; i++)
		mem_free(all.paths[i]);
	mem_free(all.paths);
	world_close(&x);
}

/* ---- ingest ---- */

struct submitter {
	struct world *x;
	struct ltp_worker *w;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t room;
	size_t in_flight;
	uint64_t done, number;
	double until;
};

static void answered(void *arg, struct ltp_ingest *i, const struct ltps_error *e)
{
	struct submitter *s = arg;
	if (e->code != LTPS_OK)
		fprintf(stderr, "ingest: %s\n", e->text);
	pthread_mutex_lock(&s->lock);
	s->in_flight--;
	s->done++;
	pthread_cond_signal(&s->room);
	pthread_mutex_unlock(&s->lock);
	ltp_ingest_free(i);
}

/* Slots of data that stay until they are answered. */
struct slot {
	struct submitter *s;
	uint8_t data[SMALL];
	struct ltp_po po;
};

static void slot_answered(void *arg, struct ltp_ingest *i, const struct ltps_error *e)
{
	struct slot *slot = arg;
	answered(slot->s, i, e);
	mem_free(slot);
}

static void submit(struct submitter *s)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	struct ltp_result result;
	struct ltp_ingest *i = NULL;
	struct slot *slot = mem_zalloc(1, sizeof(*slot));
	slot->s = s;
	s->number++;
	memcpy(slot->data, &s->number, sizeof(s->number));
	memcpy(slot->data + 8, &s, sizeof(s));
	memcpy(slot->data + 16, &s->until, sizeof(s->until));
	slot->po = (struct ltp_po){ .data = view_of(slot->data, SMALL), .mime = "a/b" };
	const struct ltp_ingest_request req = { .caller = { "", "bench" },
						.profile_id = PROFILE_ID,
						.pos = &slot->po,
						.n_pos = 1 };
	if (ltp_ingest_prepare(s->w, &req, &i, &result, &e) != 0 || i == NULL ||
	    ltp_ingest_commit(i, slot_answered, slot, &e) != 0) {
		fprintf(stderr, "ingest: %s %s\n", e.text, result.message);
		exit(1);
	}
}

static void *submit_main(void *arg)
{
	struct submitter *s = arg;
	while (of_clock(CLOCK_MONOTONIC) < s->until) {
		pthread_mutex_lock(&s->lock);
		while (s->in_flight >= IN_FLIGHT)
			pthread_cond_wait(&s->room, &s->lock);
		s->in_flight++;
		pthread_mutex_unlock(&s->lock);
		submit(s);
	}
	pthread_mutex_lock(&s->lock);
	while (s->in_flight > 0)
		pthread_cond_wait(&s->room, &s->lock);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static double ingest_rate(struct world *x)
{
	static struct submitter subs[SUBMITTERS];
	uint64_t done = 0;
	const double begin = of_clock(CLOCK_MONOTONIC);
	for (int i = 0; i < SUBMITTERS; i++) {
		struct submitter *s = &subs[i];
		memset(s, 0, sizeof(*s));
		s->x = x;
		s->until = begin + INGEST_S;
		MUST(ltp_worker_new(x->ltp, &s->w, &err));
		pthread_mutex_init(&s->lock, NULL);
		pthread_cond_init(&s->room, NULL);
		pthread_create(&s->thread, NULL, submit_main, s);
	}
	for (int i = 0; i < SUBMITTERS; i++) {
		pthread_join(subs[i].thread, NULL);
		ltp_worker_free(subs[i].w);
		done += subs[i].done;
	}
	return (double)done / (of_clock(CLOCK_MONOTONIC) - begin);
}

struct renewing {
	struct world *x;
	atomic_bool stop;
};

/* As the service does: a turn, then a rest until it is due again. */
static void *renew_main(void *arg)
{
	struct renewing *r = arg;
	int64_t again = 0;
	while (!atomic_load(&r->stop)) {
		const int64_t rest = again - now_of(r->x);
		if (rest > 0)
			usleep((useconds_t)(rest < REST_MS ? rest : REST_MS) * 1000);
		else
			again = turn(r->x, renew_hashes_turn, JOB_RENEW_HASHES);
	}
	return NULL;
}

static uint64_t leaves_left(struct world *x)
{
	struct renewal_sum left;
	MUST(renewal_sum_get(x->w->conn, DIGEST_SHA256, &left, &err));
	return left.leaves;
}

static double rate_beside(struct world *x, uint64_t *renewed)
{
	pthread_t thread;
	struct renewing r = { .x = x };
	const uint64_t left = leaves_left(x);
	pthread_create(&thread, NULL, renew_main, &r);
	const double rate = ingest_rate(x);
	*renewed += left - leaves_left(x);
	atomic_store(&r.stop, true);
	pthread_join(thread, NULL);
	return rate;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* Each round with the renewal stands between two without it, since what else the machine
 * does changes within seconds. */
static void ingest(const char *dir)
{
	struct world x;
	double slower[ROUNDS];
	uint64_t renewed = 0;
	world_open(&x, dir);
	fill(&x, BACKLOG, SMALL, false);
	const int64_t never = x.limits[0].until_ms, soon = now_of(&x) + 30 * DAY_MS;
	(void)ingest_rate(&x);
	double before = ingest_rate(&x);
	for (size_t i = 0; i < ROUNDS; i++) {
		x.limits[0].until_ms = soon;
		const double during = rate_beside(&x, &renewed);
		x.limits[0].until_ms = never;
		const double after = ingest_rate(&x);
		slower[i] = (1 - during / ((before + after) / 2)) * 100;
		printf("objects of %d octets a second: %.0f, %.0f beside a hash-tree "
		       "renewal, %.0f\n",
		       SMALL, before, during, after);
		before = after;
	}
	qsort(slower, ROUNDS, sizeof(slower[0]), by_value);
	printf("ingest slower beside the renewal by %.1f %% (median of %d, %.1f to %.1f), "
	       "%llu leaves renewed meanwhile\n",
	       slower[ROUNDS / 2], ROUNDS, slower[0], slower[ROUNDS - 1],
	       (unsigned long long)renewed);
	world_close(&x);
}

int main(int argc, char **argv)
{
	mem_init();
	if (argc >= 4 && strcmp(argv[1], "times") == 0)
		times(argv[2], strtoull(argv[3], NULL, 10));
	else if (argc >= 5 && strcmp(argv[1], "hashes") == 0)
		hashes(argv[2], strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
	else if (argc >= 3 && strcmp(argv[1], "ingest") == 0)
		ingest(argv[2]);
	else
		return 64;
	return 0;
}
