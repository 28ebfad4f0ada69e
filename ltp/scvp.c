/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/scvp.h"

#include <openssl/rand.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "ltp/evidence.h"
#include "ltp/path.h"
#include "ltp/rows.h"
#include "storage/blob.h"
#include "storage/material.h"

#define SETTING_SECRET "scvp.secret"
#define SETTING_CONFIGURATION "scvp.configuration"
#define DIGEST_N 32
/* Judgements whose results one reply may hold at a time: with the client's anchors,
 * and with any. */
#define HELD_MAX 4
/* One answer: a batch of certificates that name slow or many sources must not hold
 * the thread for hours. Fetching begins no later than this, and searching ends. */
#define ANSWER_FETCH_MS 60000
#define ANSWER_EXCHANGES_MAX (2 * SCVP_CERTS_MAX)
#define ANSWER_MS 120000
/* What was handed to the store a moment ago need not be handed again. */
#define SEEN_MAX 1024
#define OID_OCTETS_MAX 64
#define NAME_OCTETS_MAX 260

struct ltp_scvp {
	struct ltp *ltp;
	bool fetch;
	struct allowance preserved;
	struct scvp_signer *signer;
	struct scvp_policy_config policies[2];
	uint8_t hindsight[OID_OCTETS_MAX];
	struct view names[LTP_SCVP_NAMES_MAX];
	uint8_t name_bytes[LTP_SCVP_NAMES_MAX][NAME_OCTETS_MAX];
	enum digest_alg hashes[5];
	uint8_t config_id[9]; /* a zero octet keeps it positive */
	struct scvp_config config;
};

struct ltp_scvp_worker {
	struct ltp_scvp *s;
	struct ltp_worker *w;
	struct scvp_archive archive;
	struct scvp_cache *cache;
	struct sig_cache *signatures;
	struct judged_path held[HELD_MAX];
	size_t n_held;
	uint8_t seen[SEEN_MAX][DIGEST_N];
	size_t n_seen;
	bool preserved;
	int64_t begun_ms; /* monotonic: the answer being made */
	unsigned exchanges;
};

/* ---- the archive ---- */

static bool time_is_up(void *arg)
{
	const struct ltp_scvp_worker *w = arg;
	return atomic_load(&w->w->cancelled) ||
	       clock_monotonic_ms() - w->begun_ms > ANSWER_MS;
}

static bool may_fetch(const struct ltp_scvp_worker *w)
{
	return w->s->fetch && w->exchanges < ANSWER_EXCHANGES_MAX &&
	       clock_monotonic_ms() - w->begun_ms < ANSWER_FETCH_MS;
}

static int archive_judge(void *arg, const struct path_input *in,
			 struct path_result **ret, struct ltps_error *err)
{
	struct ltp_scvp_worker *w = arg;
	struct path_input with_cache = *in;
	const struct path_sources sources = worker_sources(w->w, may_fetch(w));
	if (w->n_held == HELD_MAX)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "too many judgements for one reply");
	struct judged_path *j = &w->held[w->n_held];
	*j = (struct judged_path){ .result = NULL };
	with_cache.cache = w->signatures;
	with_cache.budget.expired = time_is_up;
	with_cache.budget.arg = w;
	if (path_judge_fetching(&sources, &with_cache, j, err) != 0)
		return -1;
	w->n_held++;
	w->exchanges += j->fetched + j->failed;
	*ret = j->result;
	j->result = NULL; /* the caller's; the rest is what it borrows from */
	return 0;
}

static void archive_done(void *arg)
{
	struct ltp_scvp_worker *w = arg;
	while (w->n_held > 0)
		judged_path_clear(&w->held[--w->n_held]);
}

static int matches(const struct cert *c, const struct scvp_cert_id *id,
		   enum digest_alg alg, bool *ret, struct ltps_error *err)
{
	struct digest d;
	if (scvp_id_names(id, c, ret, err) != 0)
		return -1;
	if (!*ret)
		return 0;
	if (digest_once(alg, c->der, &d, err) != 0)
		return -1;
	*ret = view_equal(digest_view(&d), id->hash);
	return 0;
}

static int archive_find(void *arg, const struct scvp_cert_id *id, struct cert **ret,
			struct ltps_error *err)
{
	static const enum material_kind kinds[] = { MATERIAL_CERT, MATERIAL_ANCHOR };
	struct ltp_scvp_worker *w = arg;
	const enum digest_alg alg = id->hash_algorithm.n == 0
					? DIGEST_SHA1
					: digest_from_oid(id->hash_algorithm);
	int rc = 0;
	*ret = NULL;
	if (alg == DIGEST_NONE)
		return 0;
	struct known_generation *g = known_take(w->s->ltp->known);
	const struct material *m = known_material(g);
	for (size_t k = 0; k < 2 && rc == 0 && *ret == NULL; k++) {
		for (size_t i = 0; i < material_count(m, kinds[k]) && rc == 0; i++) {
			const struct cert *c = material_cert(m, kinds[k], i);
			bool same;
			rc = matches(c, id, alg, &same, err);
			if (rc == 0 && same) {
				*ret = cert_ref(c);
				break;
			}
		}
	}
	known_drop(g);
	return rc;
}

/* ---- evidence ---- */

static int take_id(void *arg, const struct material_row *row, struct ltps_error *err)
{
	(void)err;
	*(int64_t *)arg = row->id;
	return 0;
}

static int archive_evidence(void *arg, struct view object, struct buf *out,
			    bool *ret_found, struct ltps_error *err)
{
	struct ltp_scvp_worker *w = arg;
	struct ltps_error absent = LTPS_ERROR_INIT;
	struct digest d;
	int64_t id = 0;
	*ret_found = false;
	if (digest_once(DIGEST_SHA512, object, &d, err) != 0)
		return -1;
	if (material_by_sha512(w->w->conn, MATERIAL_ROW_OTHER, &d, take_id, &id,
			       &absent) != 0) {
		if (absent.code == LTPS_NOT_FOUND)
			return 0;
		*err = absent;
		return -1;
	}
	return evidence_assemble_material(w->w, id, object, out, ret_found, err);
}

struct keeping {
	struct material_new row;
	struct leaf_new leaf;
};

static int run_keep(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct keeping *k = arg;
	int64_t id;
	return material_preserve(conn, &k->row, &k->leaf, &id, err);
}

static bool seen_before(const struct ltp_scvp_worker *w, const struct digest *d)
{
	const size_t n = w->n_seen < SEEN_MAX ? w->n_seen : SEEN_MAX;
	for (size_t i = 0; i < n; i++) {
		if (memcmp(w->seen[i], d->p, DIGEST_N) == 0)
			return true;
	}
	return false;
}

static int archive_preserve(void *arg, struct view object, struct ltps_error *err)
{
	struct ltp_scvp_worker *w = arg;
	struct ltp *l = w->s->ltp;
	const struct profile *p = keeping_profile(l);
	struct digest d;
	struct keeping k = { 0 };
	if (digest_once(DIGEST_SHA256, object, &d, err) != 0)
		return -1;
	/* Over the allowance it is for a later request to ask again. */
	if (p == NULL || seen_before(w, &d) ||
	    !allowance_take(&w->s->preserved, object.n, ltp_now(l)))
		return 0;
	k.row = (struct material_new){ .kind = MATERIAL_ROW_OTHER,
				       .key = view_text("scvp"),
				       .source = "scvp",
				       .fetched_ms = ltp_now(l) };
	k.leaf.profile = p->id;
	k.leaf.now_ms = ltp_now(l);
	k.leaf.alg = leaf_digest(l, p, k.leaf.now_ms);
	k.leaf.bytes = object.n;
	if (digest_once(k.leaf.alg, object, &k.leaf.digest, err) != 0 ||
	    blob_prepare(l->o.store, STORE_TENANT_SYSTEM, object, NULL, &k.row.blob,
			 err) != 0)
		return -1;
	const int rc = store_write(l->o.store, run_keep, &k, err);
	blob_new_free(k.row.blob);
	if (rc == 0) {
		memcpy(w->seen[w->n_seen++ % SEEN_MAX], d.p, DIGEST_N);
		w->preserved = true;
	}
	return rc;
}

/* ---- what is kept in the store about the service itself ---- */

struct setting {
	const char *name;
	const uint8_t *p;
	size_t n;
};

static int run_setting(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct setting *s = arg;
	return store_setting_put(conn, s->name, s->p, s->n, err);
}

static int put_setting(const struct ltp_scvp *s, const char *name, const uint8_t *p,
		       size_t n, struct ltps_error *err)
{
	struct setting one = { name, p, n };
	return store_write(s->ltp->o.store, run_setting, &one, err);
}

/* The key of serverContextInfo lives as long as the store. */
static int find_secret(struct ltp_scvp *s, struct store_conn *conn,
		       struct ltps_error *err)
{
	size_t n;
	uint8_t *key = s->config.context_key;
	if (store_setting_find(conn, SETTING_SECRET, key, SCVP_CONTEXT_KEY, &n, err) !=
	    0)
		return -1;
	if (n == SCVP_CONTEXT_KEY)
		return 0;
	if (RAND_bytes(key, SCVP_CONTEXT_KEY) != 1)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "random number generator");
	return put_setting(s, SETTING_SECRET, key, SCVP_CONTEXT_KEY, err);
}

static uint64_t read_number(const uint8_t p[8])
{
	uint64_t v = 0;
	for (size_t i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static void write_number(uint64_t v, uint8_t p[8])
{
	for (size_t i = 8; i > 0; i--, v >>= 8)
		p[i - 1] = (uint8_t)v;
}

/*
 * serverConfigurationID: another one, never used before, whenever the configuration
 * differs from the one that the last start had (RFC 5055 6.4). The seconds of the
 * start serve, and grow in any case.
 */
static int find_config_id(struct ltp_scvp *s, struct store_conn *conn,
			  struct ltps_error *err)
{
	uint8_t kept[DIGEST_N + 8];
	struct digest d;
	size_t n;
	if (scvp_config_digest(&s->config, &d, err) != 0 ||
	    store_setting_find(conn, SETTING_CONFIGURATION, kept, sizeof(kept), &n,
			       err) != 0)
		return -1;
	uint64_t id = n == sizeof(kept) ? read_number(kept + DIGEST_N) : 0;
	if (n != sizeof(kept) || memcmp(kept, d.p, DIGEST_N) != 0) {
		const uint64_t now = (uint64_t)(ltp_now(s->ltp) / 1000);
		id = now > id ? now : id + 1;
		memcpy(kept, d.p, DIGEST_N);
		write_number(id, kept + DIGEST_N);
		if (put_setting(s, SETTING_CONFIGURATION, kept, sizeof(kept), err) != 0)
			return -1;
	}
	write_number(id, s->config_id + 1);
	size_t skip = 1;
	while (skip < 8 && s->config_id[skip] == 0)
		skip++;
	if (s->config_id[skip] >= 0x80)
		skip--;
	s->config.config_id = view_of(s->config_id + skip, sizeof(s->config_id) - skip);
	return 0;
}

/* ---- the service ---- */

static int take_names(struct ltp_scvp *s, const struct ltp_scvp_options *o,
		      struct ltps_error *err)
{
	for (size_t i = 0; i < o->n_names; i++) {
		struct buf b = { .p = s->name_bytes[i],
				 .cap = NAME_OCTETS_MAX,
				 .max = NAME_OCTETS_MAX };
		if (i == LTP_SCVP_NAMES_MAX)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
					 "more than %d names", LTP_SCVP_NAMES_MAX);
		if (der_put(&b, DER_ID(ASN1_CONTEXT, 0, 2), view_text(o->names[i]),
			    err) != 0)
			return ltps_where(err, "name of the SCVP server");
		s->names[i] = view_of(b.p, b.n);
	}
	s->config.own_names = s->names;
	s->config.n_own_names = o->n_names;
	return 0;
}

static int take_policies(struct ltp_scvp *s, const struct ltp_scvp_options *o,
			 struct ltps_error *err)
{
	struct buf b = { .p = s->hindsight,
			 .cap = sizeof(s->hindsight),
			 .max = sizeof(s->hindsight) };
	struct tlv t;
	s->policies[0].id = scvp_svp_oid(1);
	s->config.policies = s->policies;
	s->config.n_policies = 1;
	if (o->hindsight_policy == NULL)
		return 0;
	if (der_put_oid(&b, o->hindsight_policy, err) != 0 ||
	    tlv_only(view_buf(&b), &t, err) != 0)
		return ltps_where(err, "hindsight_policy");
	s->policies[1].id = t.body;
	s->policies[1].hindsight = true;
	s->config.n_policies = 2;
	return 0;
}

static void take_hashes(struct ltp_scvp *s, enum digest_alg first)
{
	static const enum digest_alg all[] = { DIGEST_SHA256, DIGEST_SHA384,
					       DIGEST_SHA512, DIGEST_SHA1 };
	size_t n = 0;
	s->hashes[n++] = first;
	for (size_t i = 0; i < 4; i++) {
		if (all[i] != first)
			s->hashes[n++] = all[i];
	}
	s->config.hashes = s->hashes;
	s->config.n_hashes = n;
}

static int set_up(struct ltp_scvp *s, const struct ltp_scvp_options *o,
		  struct ltps_error *err)
{
	struct store_conn *conn = NULL;
	static const uint8_t one[] = { 1 };
	int rc = -1;
	if (scvp_key_read(o, &s->signer, err) != 0)
		return -1;
	s->config = (struct scvp_config){
		.signers = &s->signer,
		.n_signers = 1,
		.config_id = view_of(one, 1),
		.clock_skew_min = o->clock_skew_min,
		.trust = o->trust,
		.client_trust = o->clients,
		.client_no_revocation = !o->client_status,
		.require_authentication = o->require_authentication,
		.refused = o->refused,
		.cache_ms = o->cache_ms,
		.vp_cache_ms = o->policy_cache_ms,
	};
	take_hashes(s, o->hash);
	if (take_names(s, o, err) != 0 || take_policies(s, o, err) != 0 ||
	    scvp_config_check(&s->config, err) != 0 ||
	    store_reader_open(s->ltp->o.store, &conn, err) != 0)
		return -1;
	if (find_secret(s, conn, err) == 0)
		rc = find_config_id(s, conn, err);
	store_reader_close(conn);
	return rc;
}

int ltp_scvp_new(const struct ltp_scvp_options *options, struct ltp_scvp **ret,
		 struct ltps_error *err)
{
	struct ltp_scvp *s = mem_zalloc(1, sizeof(*s));
	if (s == NULL)
		return ltps_fail_nomem(err);
	s->ltp = options->ltp;
	s->fetch = options->fetch;
	allowance_init(&s->preserved, options->keep_objects, 0);
	if (set_up(s, options, err) != 0) {
		ltp_scvp_free(s);
		return -1;
	}
	*ret = s;
	return 0;
}

void ltp_scvp_free(struct ltp_scvp *s)
{
	if (s == NULL)
		return;
	scvp_signer_free(s->signer);
	allowance_end(&s->preserved);
	OPENSSL_cleanse(s->config.context_key, sizeof(s->config.context_key));
	mem_free(s);
}

int ltp_scvp_worker_new(struct ltp_scvp *s, struct ltp_worker *w,
			struct ltp_scvp_worker **ret, struct ltps_error *err)
{
	struct ltp_scvp_worker *n = mem_zalloc(1, sizeof(*n));
	if (n == NULL)
		return ltps_fail_nomem(err);
	n->s = s;
	n->w = w;
	n->archive = (struct scvp_archive){ .arg = n,
					    .judge = archive_judge,
					    .done = archive_done,
					    .find = archive_find,
					    .preserve = archive_preserve,
					    .evidence = archive_evidence };
	if (scvp_cache_new(&n->cache, err) != 0 ||
	    sig_cache_new(&n->signatures, err) != 0) {
		ltp_scvp_worker_free(n);
		return -1;
	}
	*ret = n;
	return 0;
}

void ltp_scvp_worker_free(struct ltp_scvp_worker *w)
{
	if (w == NULL)
		return;
	archive_done(w);
	sig_cache_free(w->signatures);
	scvp_cache_free(w->cache);
	mem_free(w);
}

int ltp_scvp_answer(struct ltp_scvp_worker *w, struct view body, bool policy_request,
		    struct scvp_answer *answer, bool *ret_preserved,
		    struct ltps_error *err)
{
	const struct scvp_exchange x = { .body = body,
					 .policy_request = policy_request,
					 .now_ms = ltp_now(w->s->ltp) };
	w->preserved = false;
	w->exchanges = 0;
	w->begun_ms = clock_monotonic_ms();
	const int rc =
	    scvp_serve(&w->s->config, &w->archive, w->cache, &x, answer, err);
	archive_done(w); /* also after a failure in the middle */
	*ret_preserved = w->preserved;
	return rc;
}
