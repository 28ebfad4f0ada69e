/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_long - chains that grow: a record whose chain is larger than what is read or
 * written of one is not to be had any more, and each renewal makes it larger.
 *
 *   past half of it   an alarm, as long as it is so: a new chain has to begin
 *   no room for more  the tip is not renewed: what there is stays readable until
 *                     it ends
 *
 * A hash-tree renewal begins a new chain (RFC 4998 5.2), once a policy ends the digest.
 */
#include "base/mem.h"
#include "ltp/renew_private.h"
#include "timestamping/ers.h"
#include "timestamping/tst.h"

#define SETTING "renew.longest"
/* Of an ArchiveTimeStamp beside its token: hashes of 32 levels, 64 octets each. */
#define PATH_MAX_OCTETS 4096
/* All chains are measured again after this at the earliest: it reads every token's row.
 */
#define MEASURE_MS RENEW_DAY_MS

/* As it is kept. */
struct longest {
	int64_t at_ms;
	int64_t newest; /* token */
	struct chain_size size;
};

static uint64_t octets_of(const struct chain_size *c)
{
	return c->octets + c->stamps * PATH_MAX_OCTETS;
}

/* Its last token may still grow with the status of today, and so may the next one. */
static bool has_room(const struct chain_size *c)
{
	return octets_of(c) + 2 * (TST_SIZE_MAX + PATH_MAX_OCTETS) <= STORE_CHAIN_MAX &&
	       c->stamps < ERS_STAMPS_MAX;
}

static bool is_long(const struct chain_size *c)
{
	return octets_of(c) > STORE_CHAIN_MAX / 2 || c->stamps > ERS_STAMPS_MAX / 2;
}

static void tell(struct renew_turn *r, const struct chain_size *c, const char *what)
{
	renew_trouble(r, true,
		      "a chain of up to %llu time-stamps and %llu octets %s (limits %d "
		      "and %zu): let a policy end its digest, so that a new one begins",
		      (unsigned long long)c->stamps, (unsigned long long)octets_of(c),
		      what, ERS_STAMPS_MAX, STORE_CHAIN_MAX);
}

int renew_has_room(struct renew_turn *r, const struct tip *tip, bool *ret_room,
		   struct ltps_error *err)
{
	struct chain_size size;
	if (token_chain_size(r->w->conn, tip->token, &size, err) != 0)
		return -1;
	*ret_room = has_room(&size);
	if (!*ret_room) {
		tell(r, &size, "is not renewed any more, since it would be unreadable");
		renew_again(r, r->t->now_ms + RENEW_LOOK_MS);
	}
	return 0;
}

/* ---- all of them ---- */

struct tokens {
	int64_t ids[RENEW_PAGE];
	size_t n;
	int64_t last;
};

static int keep_token(void *arg, const struct tip *tip, struct ltps_error *err)
{
	struct tokens *t = arg;
	(void)err;
	t->ids[t->n++] = tip->token;
	t->last = tip->token;
	return 0;
}

static int measure_page(struct renew_turn *r, const struct tokens *t,
			struct chain_size *size, struct ltps_error *err)
{
	for (size_t i = 0; i < t->n; i++) {
		struct chain_size one;
		if (token_chain_size(r->w->conn, t->ids[i], &one, err) != 0)
			return -1;
		if (one.octets > size->octets)
			size->octets = one.octets;
		if (one.stamps > size->stamps)
			size->stamps = one.stamps;
	}
	return 0;
}

/* size NULL: only which token is the newest */
static int each_tip(struct renew_turn *r, int64_t *ret_newest, struct chain_size *size,
		    struct ltps_error *err)
{
	int rc;
	struct tip_query q = { .weakens_until = INT64_MAX, .limit = RENEW_PAGE };
	struct tokens *t = mem_zalloc(1, sizeof(*t));
	if (t == NULL)
		return ltps_fail_nomem(err);
	do {
		t->n = 0;
		q.after_id = t->last;
		rc = tip_list(r->w->conn, &q, keep_token, t, err);
		if (rc == 0 && size != NULL)
			rc = measure_page(r, t, size, err);
	} while (rc == 0 && t->n == RENEW_PAGE);
	*ret_newest = t->last;
	mem_free(t);
	return rc;
}

static int run_keep(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return store_setting_put(conn, SETTING, arg, sizeof(struct longest), err);
}

static int measure(struct renew_turn *r, struct longest *l, struct ltps_error *err)
{
	*l = (struct longest){ .at_ms = r->t->now_ms };
	if (each_tip(r, &l->newest, &l->size, err) != 0)
		return -1;
	return store_write(r->w->l->o.store, run_keep, l, err);
}

int renew_long(struct renew_turn *r, struct ltps_error *err)
{
	struct longest l = { .at_ms = INT64_MIN };
	const int64_t now_ms = r->t->now_ms;
	int64_t newest;
	size_t n;
	if (store_setting_find(r->w->conn, SETTING, (uint8_t *)&l, sizeof(l), &n,
			       err) != 0 ||
	    each_tip(r, &newest, NULL, err) != 0)
		return -1;
	/* Measured after now: the clock was ahead. */
	const bool lately = l.at_ms <= now_ms && l.at_ms > now_ms - MEASURE_MS;
	if (newest != l.newest && lately)
		renew_again(r, l.at_ms + MEASURE_MS);
	else if (newest != l.newest && measure(r, &l, err) != 0)
		return -1;
	if (is_long(&l.size))
		tell(r, &l.size, "is past half of what a record can have");
	return 0;
}
