/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/storage_scene.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "storage/renewal.h"
#include "tests/support/storage_fixture.h"

#define SUBMITTERS 2
#define IN_FLIGHT 8 /* of one submitter */
/* Objects of the caller's thread: the last of each ten. */
#define KEEPER_EVERY 10
/* Of one renewal; the others wait for the next. */
#define TIPS_MAX 64

size_t scene_size(uint64_t i)
{
	return i % 3 == 0 ? STORE_SMALL_MAX + 1 + (size_t)(i % 5) * 3000
			  : 20 + (size_t)(i % 7) * 400;
}

struct run {
	struct store *store;
	const struct scene *scene;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
};

static void report(struct run *r, enum scene_event what, uint64_t i)
{
	pthread_mutex_lock(&r->mutex);
	r->scene->event(r->scene->arg, what, i);
	pthread_mutex_unlock(&r->mutex);
}

/* A failure is part of the play when a fail-point caused it. */
static void tolerate(const char *what, const struct ltps_error *err)
{
	if (strstr(err->text, "failpoint") == NULL && err->code != LTPS_STATE)
		fixture_die(what, err);
}

/* Submitters: several objects at once, answered by the writer */

struct slot {
	struct store_task task;
	struct fixture_object *object;
	uint64_t i;
	struct submitter *owner;
	bool busy;
};

struct submitter {
	struct run *run;
	unsigned number;
	pthread_t thread;
	struct slot slots[IN_FLIGHT];
};

static int run_slot(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return fixture_object_run(conn, ((struct slot *)arg)->object, err);
}

static void done_slot(void *arg, const struct ltps_error *error)
{
	struct slot *s = arg;
	struct run *r = s->owner->run;
	if (error->code == LTPS_OK)
		report(r, SCENE_ADDED, s->i);
	else
		tolerate("add", error);
	pthread_mutex_lock(&r->mutex);
	s->busy = false;
	pthread_cond_broadcast(&r->cond);
	pthread_mutex_unlock(&r->mutex);
}

static void wait_slot(struct run *r, struct slot *s)
{
	pthread_mutex_lock(&r->mutex);
	while (s->busy)
		pthread_cond_wait(&r->cond, &r->mutex);
	pthread_mutex_unlock(&r->mutex);
	fixture_object_free(s->object);
	s->object = NULL;
}

static void submit_one(struct submitter *t, struct slot *s, uint64_t i)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	wait_slot(t->run, s);
	if (fixture_object_make(t->run->store, FIXTURE_TENANT, i, scene_size(i),
				&s->object, &err) != 0) {
		tolerate("make", &err);
		return;
	}
	s->i = i;
	s->owner = t;
	s->busy = true;
	s->task = (struct store_task){ .run = run_slot, .done = done_slot, .arg = s };
	if (store_submit(t->run->store, &s->task, &err) != 0)
		fixture_die("submit", &err);
}

static bool of_keeper(uint64_t i)
{
	return i % KEEPER_EVERY == KEEPER_EVERY - 1;
}

static void *submit_all(void *arg)
{
	struct submitter *t = arg;
	const struct scene *scene = t->run->scene;
	size_t next = 0;
	for (uint64_t k = 0; k < scene->count; k++) {
		uint64_t i = scene->first + k;
		if (!of_keeper(i) && i % SUBMITTERS == t->number)
			submit_one(t, &t->slots[next++ % IN_FLIGHT], i);
	}
	for (size_t k = 0; k < IN_FLIGHT; k++)
		wait_slot(t->run, &t->slots[k]);
	return NULL;
}

/* The keeper: trees, tokens, deletions */

struct work {
	int64_t tree, token, object;
	struct tree_stamp stamp;
	struct view der;
	int64_t into;
	struct blob_new *tail;
	struct footing_loss loss;
};

static int run_close(struct store_conn *c, void *arg, struct ltps_error *err)
{
	return tree_close(c, ((struct work *)arg)->tree, 1, err);
}

static int run_stamp(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return tree_stamp(c, &w->stamp, &w->token, err);
}

static int run_replace(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return token_replace(c, w->token, w->der, 2, err);
}

static int run_delete(struct store_conn *c, void *arg, struct ltps_error *err)
{
	return object_delete(c, ((struct work *)arg)->object, 3, err);
}

static int take_tree(void *arg, const struct tree *t, struct ltps_error *err)
{
	(void)err;
	*(int64_t *)arg = t->id;
	return 0;
}

/* Made-up nodes: the leaves and a root; a made-up token. */
static void stamp_tree(struct run *r, struct store_conn *reader, int64_t id)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tree t;
	if (tree_get(reader, id, &t, &err) != 0)
		fixture_die("tree", &err);
	size_t len = digest_len(t.alg), n = (size_t)t.n_leaves * len;
	uint8_t *nodes = mem_alloc(n + len);
	struct work w = {
		.stamp = { .tree = id, .token = view_text("a token"), .tsa = "TSA" },
		.der = view_text("a token with its validation data")
	};
	w.stamp.root = (struct digest){ .alg = t.alg, .n = len, .p = { (uint8_t)id } };
	if (tree_leaves(reader, id, nodes, n, &err) != 0)
		fixture_die("leaves", &err);
	memcpy(nodes + n, w.stamp.root.p, len);
	if (blob_prepare(r->store, STORE_TENANT_SYSTEM, view_of(nodes, n + len), NULL,
			 &w.stamp.nodes, &err) != 0 ||
	    store_write(r->store, run_stamp, &w, &err) != 0) {
		tolerate("stamp", &err);
	} else {
		report(r, SCENE_STAMPED, (uint64_t)id);
		if (store_write(r->store, run_replace, &w, &err) != 0)
			tolerate("replace", &err);
	}
	blob_new_free(w.stamp.nodes);
	mem_free(nodes);
}

static void close_and_stamp(struct run *r, struct store_conn *reader)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct work w = { 0 };
	struct tree_limits limits = { .leaves = 1 };
	if (tree_due_to_close(reader, &limits, take_tree, &w.tree, &err) != 0)
		fixture_die("due", &err);
	if (w.tree == 0)
		return;
	if (store_write(r->store, run_close, &w, &err) != 0) {
		tolerate("close", &err);
		return;
	}
	stamp_tree(r, reader, w.tree);
}

/* Renewals: the next token covers every tip; then the leaves of one tree are taken over
 * by another under a new digest; sometimes what tokens stand on is lost. */

static int add_tip(void *arg, const struct tip *tip, struct ltps_error *err)
{
	int64_t *tips = arg;
	(void)err;
	if (tip->alg == DIGEST_SHA256 && tips[0] + 1 < TIPS_MAX)
		tips[++tips[0]] = tip->token;
	return 0;
}

static int add_token(struct store_conn *c, int64_t tree, int64_t id,
		     struct ltps_error *err)
{
	struct token *token = NULL;
	struct leaf_new leaf = { .alg = DIGEST_SHA256, .kind = LEAF_TOKEN, .ref = id };
	if (token_get(c, id, &token, err) != 0)
		return -1;
	int rc = digest_once(DIGEST_SHA256, token->der, &leaf.digest, err);
	token_free(token);
	return rc == 0 ? tree_add_leaf(c, tree, &leaf, NULL, err) : -1;
}

static int run_renewal(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	const struct tip_query idle = { .weakens_until = INT64_MAX, .idle = true };
	int64_t tips[TIPS_MAX] = { 0 };
	if (tree_open_renewal(c, TREE_TIMESTAMP_RENEWAL, FIXTURE_PROFILE, DIGEST_SHA256,
			      1, &w->tree, err) != 0 ||
	    tip_list(c, &idle, add_tip, tips, err) != 0)
		return -1;
	for (int64_t i = 1; i <= tips[0]; i++)
		if (add_token(c, w->tree, tips[i], err) != 0)
			return -1;
	return tips[0] > 0 ? tree_close(c, w->tree, 1, err)
			   : ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL, "none");
}

static int take_source(void *arg, const struct renewal_source *s,
		       struct ltps_error *err)
{
	struct work *w = arg;
	(void)err;
	if (w->tree == 0) {
		w->tree = s->tree;
		w->into = s->into;
	}
	return 0;
}

static int renew_leaf(void *arg, const struct leaf *leaf, struct ltps_error *err)
{
	struct leaf_new *leaves = arg;
	(void)err;
	if (leaf->kind == LEAF_VERSION && leaves[0].ref + 1 < TIPS_MAX)
		leaves[++leaves[0].ref] = (struct leaf_new){
			.alg = DIGEST_SHA512,
			.kind = LEAF_VERSION,
			.ref = leaf->ref,
			.digest = { .alg = DIGEST_SHA512, .n = 64 },
		};
	return 0;
}

static int run_hashes(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	struct tree t;
	static struct leaf_new leaves[TIPS_MAX];
	memset(leaves, 0, sizeof(leaves));
	if (tree_get(c, w->tree, &t, err) != 0 ||
	    tree_open_renewal(c, TREE_HASH_RENEWAL, FIXTURE_PROFILE, DIGEST_SHA512, 1,
			      &w->into, err) != 0 ||
	    renewal_source_begin(c, w->tree, w->into, w->tail, t.token, err) != 0 ||
	    tree_leaves_page(c, w->tree, 0, 0, renew_leaf, leaves, err) != 0)
		return -1;
	for (int64_t i = 1; i <= leaves[0].ref; i++)
		if (chain_put_shared(c, LEAF_VERSION, leaves[i].ref, 1,
				     view_text("head"), w->tree, err) != 0 ||
		    tree_add_leaf(c, w->into, &leaves[i], NULL, err) != 0)
			return -1;
	if (renewal_source_progress(c, w->tree, t.n_leaves, true, err) != 0)
		return -1;
	return leaves[0].ref > 0
		   ? tree_close(c, w->into, 1, err)
		   : ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL, "none");
}

static int run_lose(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	const struct footing_new f = { .uses = view_text("a use"), .tsa = "TSA" };
	int64_t footing;
	if (footing_put(c, &f, &footing, err) != 0 ||
	    token_set_footing(c, w->token, footing, err) != 0)
		return -1;
	return footing_lose(c, footing, 4, "lost", &w->loss, err);
}

static void renew_tips(struct run *r, struct store_conn *reader)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct work w = { 0 };
	struct tree t;
	if (store_write(r->store, run_renewal, &w, &err) != 0) {
		tolerate("renewal", &err);
		return;
	}
	stamp_tree(r, reader, w.tree);
	if (w.tree % 2 == 0)
		return;
	if (tree_get(reader, w.tree, &t, &err) != 0)
		fixture_die("tree", &err);
	w.token = t.token;
	if (w.token != 0 && store_write(r->store, run_lose, &w, &err) != 0)
		tolerate("lose", &err);
}

static void renew_hashes(struct run *r, struct store_conn *reader)
{
	static uint8_t octets[FIXTURE_LARGE];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct work w = { 0 };
	if (renewal_source_list(reader, DIGEST_SHA256, 0, 1, take_source, &w, &err) !=
	    0)
		fixture_die("sources", &err);
	if (w.tree == 0)
		return;
	/* Every second tail is a file. */
	if (blob_prepare(r->store, STORE_TENANT_SYSTEM,
			 view_of(octets, w.tree % 2 == 0 ? FIXTURE_LARGE : 100), NULL,
			 &w.tail, &err) != 0 ||
	    store_write(r->store, run_hashes, &w, &err) != 0)
		tolerate("hashes", &err);
	else
		stamp_tree(r, reader, w.into);
	blob_new_free(w.tail);
}

static void add_and_delete(struct run *r, uint64_t i)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct work w = { 0 };
	/* The next object's number gives it a size of its own kind. */
	if (fixture_add(r->store, i, scene_size(i), &w.object, NULL, &err) != 0) {
		tolerate("add", &err);
		return;
	}
	report(r, SCENE_ADDED, i);
	if (i % (2 * KEEPER_EVERY) == KEEPER_EVERY - 1)
		return;
	report(r, SCENE_DELETING, i);
	if (store_write(r->store, run_delete, &w, &err) != 0)
		tolerate("delete", &err);
	else
		report(r, SCENE_DELETED, i);
}

static void keep(struct run *r)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *reader = NULL;
	if (store_reader_open(r->store, &reader, &err) != 0)
		fixture_die("reader", &err);
	for (uint64_t k = 0; k < r->scene->count; k++) {
		uint64_t i = r->scene->first + k;
		if (!of_keeper(i))
			continue;
		add_and_delete(r, i);
		close_and_stamp(r, reader);
		renew_tips(r, reader);
		renew_hashes(r, reader);
	}
	store_reader_close(reader);
}

void scene_run(struct store *store, const struct scene *scene)
{
	struct run r = { .store = store, .scene = scene };
	struct submitter *t = mem_zalloc(SUBMITTERS, sizeof(*t));
	pthread_mutex_init(&r.mutex, NULL);
	pthread_cond_init(&r.cond, NULL);
	for (unsigned k = 0; k < SUBMITTERS; k++) {
		t[k].run = &r;
		t[k].number = k;
		pthread_create(&t[k].thread, NULL, submit_all, &t[k]);
	}
	keep(&r);
	for (unsigned k = 0; k < SUBMITTERS; k++)
		pthread_join(t[k].thread, NULL);
	pthread_cond_destroy(&r.cond);
	pthread_mutex_destroy(&r.mutex);
	mem_free(t);
}

/* Judging */

void scene_note(struct scene_state *state, enum scene_event what, uint64_t i)
{
	if (what == SCENE_STAMPED)
		state->stamped++;
	else if (i < SCENE_OBJECTS_MAX)
		state->objects[i] = (uint8_t)what;
}

static unsigned check_gone(struct store_conn *reader, uint64_t i)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct object *o = NULL;
	char poid[32];
	fixture_poid(i, poid);
	if (object_get(reader, FIXTURE_TENANT, poid, &o, &err) != 0) {
		fprintf(stderr, "tombstone of %s: %s\n", poid, err.text);
		return 1;
	}
	bool deleted = o->state == OBJECT_DELETED;
	if (!deleted)
		fprintf(stderr, "%s is back from its deletion\n", poid);
	object_free(o);
	return !deleted;
}

static unsigned check_objects(struct store_conn *reader,
			      const struct scene_state *state)
{
	unsigned bad = 0;
	for (uint64_t i = 0; i < SCENE_OBJECTS_MAX; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		if (state->objects[i] == SCENE_ADDED &&
		    fixture_check(reader, i, scene_size(i), &err) != 0) {
			fprintf(stderr, "acknowledged object %llu: %s\n",
				(unsigned long long)i, err.text);
			bad++;
		}
		if (state->objects[i] == SCENE_DELETED)
			bad += check_gone(reader, i);
	}
	return bad;
}

unsigned scene_check(struct store *store, const struct scene_state *state)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *reader = NULL;
	struct store_counts counts;
	uint64_t orphans = 0;
	if (store_reader_open(store, &reader, &err) != 0 ||
	    store_counts_get(reader, &counts, &err) != 0)
		fixture_die("reader", &err);
	unsigned bad = check_objects(reader, state);
	if (counts.trees_stamped < state->stamped) {
		fprintf(stderr, "%llu of %llu stamped trees are there\n",
			(unsigned long long)counts.trees_stamped,
			(unsigned long long)state->stamped);
		bad++;
	}
	store_reader_close(reader);
	bad += (unsigned)fixture_fsck(store, &orphans);
	/* Opening swept them. */
	return bad + (unsigned)orphans;
}
