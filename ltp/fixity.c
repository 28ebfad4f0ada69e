/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixity - every blob read again, once in a while and at a rate. What is damaged is
 * listed and told before it is repaired, and the place is remembered after that: a turn
 * that is killed anywhere is made again and tells nothing twice.
 */
#include "ltp/fixity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ltp/fixity_private.h"

#define ROUND_SETTING "fixity.round"
/* One turn reads that much at most, however high the rate: a second of hashing. */
#define TURN_BYTES ((uint64_t)128 << 20)
#define TURN_BLOBS 2000
/* What a small blob costs: the disk reads pages. */
#define BLOB_COST 4096
/* Damaged blobs are looked at again so often: their copy may be back. */
#define RECHECK_MS ((int64_t)86400000)

/* Where the round stands. */
struct round {
	int64_t after;
	int64_t started_ms; /* 0: there was none yet */
	int64_t reading;    /* 0: through, waits for the next */
};

struct run {
	struct ltp_worker *w;
	struct upkeep_turn *t;
	struct copies *c;
	struct round round;
	struct fixity_look *look;     /* found */
	struct fixity_look *repaired; /* what became of it */
};

static int round_read(struct run *r, struct ltps_error *err)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	size_t n = 0;
	if (store_setting_get(r->w->conn, ROUND_SETTING, (uint8_t *)&r->round,
			      sizeof(r->round), &n, &e) == 0 &&
	    n == sizeof(r->round))
		return 0;
	r->round = (struct round){ 0 };
	if (e.code == LTPS_NOT_FOUND || e.code == LTPS_OK || e.code == LTPS_TOO_LARGE)
		return 0;
	*err = e;
	return -1;
}

static int run_round(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return store_setting_put(conn, ROUND_SETTING, arg, sizeof(struct round), err);
}

static int round_write(struct run *r, struct ltps_error *err)
{
	return store_write(r->w->l->o.store, run_round, &r->round, err);
}

/* Looking, noting, repairing, noting */

static int repair_found(struct run *r, struct ltps_error *err)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	int64_t last = 0;
	int rc = 0;
	r->repaired->n = 0;
	for (size_t i = 0; rc == 0 && r->c != NULL && i < r->look->n; i++) {
		int64_t blob = r->look->found[i].blob;
		if (blob != last)
			rc = fixity_check_one(r->w->conn, r->c, blob, fixity_look_add,
					      r->repaired, &e);
		last = blob;
	}
	/* Also of those before a failure. */
	if (fixity_note_repaired(r->w, r->repaired, r->t->now_ms, err) != 0)
		return -1;
	if (rc != 0)
		*err = e;
	return rc;
}

static int look(struct run *r, const struct fixity_bound *bound,
		struct fixity_progress *p, struct ltps_error *err)
{
	r->look->n = 0;
	r->look->after = p->after;
	if (fixity_verify(r->w->conn, r->c, bound, p, fixity_look_add, r->look, err) !=
	    0)
		return -1;
	r->look->until = p->end ? INT64_MAX : p->after;
	if (fixity_note(r->w, r->look, r->t->now_ms, err) != 0)
		return -1;
	return repair_found(r, err);
}

static int look_at_one(struct run *r, int64_t blob, struct ltps_error *err)
{
	const struct fixity_bound one = { .blobs = 1 };
	struct fixity_progress p = { .after = blob - 1 };
	if (look(r, &one, &p, err) != 0)
		return -1;
	if (r->look->n > 0 || r->c == NULL)
		return 0;
	/* Whole again: it may have no copy, since it was damaged when its turn came. */
	return fixity_check_one(r->w->conn, r->c, blob, fixity_look_add, r->look, err);
}

/* Those that are listed: the copy may be there again. */
static int look_again(struct run *r, struct ltps_error *err)
{
	struct fixity_list *l = NULL;
	if (fixity_list_read(r->w->conn, &l, err) != 0)
		return -1;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < l->n && i < FIXITY_DAMAGED_MAX; i++)
		rc = look_at_one(r, l->ids[i], err);
	mem_free(l);
	return rc;
}

/* The round */

static int64_t pace_ms(const struct run *r, const struct fixity_progress *p)
{
	uint64_t rate = r->w->l->o.upkeep.fixity_rate;
	uint64_t cost = p->bytes + p->blobs * BLOB_COST;
	if (rate == 0)
		return 0;
	/* At most a few blobs of STORE_BLOB_MAX: no overflow. */
	return (int64_t)((cost * 1000 + rate - 1) / rate);
}

static int read_on(struct run *r, struct ltps_error *err)
{
	uint64_t rate = r->w->l->o.upkeep.fixity_rate;
	const struct fixity_bound bound = {
		.bytes = rate > 0 && rate < TURN_BYTES ? rate : TURN_BYTES,
		.blobs = TURN_BLOBS,
	};
	struct fixity_progress p = { .after = r->round.after };
	if (look(r, &bound, &p, err) != 0)
		return -1;
	r->round.after = p.after;
	r->round.reading = !p.end;
	r->t->again_ms = r->t->now_ms + pace_ms(r, &p);
	if (p.end && r->c != NULL &&
	    (fixity_sweep(r->c, err) != 0 ||
	     fixity_copies_rewind(r->w, r->t->now_ms, err) != 0))
		return -1;
	return round_write(r, err);
}

static int64_t next_round_ms(const struct run *r)
{
	return r->round.started_ms + r->w->l->o.upkeep.fixity_ms;
}

static int go_round(struct run *r, struct ltps_error *err)
{
	int64_t now_ms = r->t->now_ms;
	if (round_read(r, err) != 0)
		return -1;
	/* A clock that was wrong must not put the next round off for ever. */
	if (r->round.started_ms > now_ms)
		r->round.started_ms = now_ms;
	if (!r->round.reading && r->round.started_ms != 0 &&
	    now_ms < next_round_ms(r)) {
		r->t->again_ms = next_round_ms(r);
		return look_again(r, err);
	}
	if (!r->round.reading)
		r->round = (struct round){ .started_ms = now_ms, .reading = 1 };
	if (read_on(r, err) != 0)
		return -1;
	if (!r->round.reading && r->t->again_ms < next_round_ms(r))
		r->t->again_ms = next_round_ms(r);
	return 0;
}

/* 0: the round */
static int64_t blob_of(const struct job *job)
{
	char *end;
	errno = 0;
	long long id = strtoll(job->subject, &end, 10);
	return errno == 0 && *end == '\0' && id > 0 ? id : 0;
}

/* What is to be told */

static void tell_slow(struct run *r)
{
	if (r->t->trouble[0] == '\0' && r->round.reading &&
	    r->t->now_ms > next_round_ms(r))
		snprintf(r->t->trouble, sizeof(r->t->trouble),
			 "reading everything again takes longer than it may: raise its "
			 "rate");
}

static int tell_damage(struct run *r, struct ltps_error *err)
{
	char before[STORE_ERROR_MAX + 1];
	uint64_t n;
	if (fixity_damage_count(r->w->conn, &n, err) != 0)
		return -1;
	if (n == 0)
		return 0;
	snprintf(before, sizeof(before), "%s", r->t->trouble);
	snprintf(r->t->trouble, sizeof(r->t->trouble),
		 "%llu blobs are damaged, and %.*s", (unsigned long long)n,
		 STORE_ERROR_MAX - 64,
		 r->c != NULL        ? "no copy of them is whole"
		 : before[0] != '\0' ? before
				     : "there is no copy of them");
	r->t->alarm = true;
	if (blob_of(&r->t->job) == 0 && r->t->again_ms > r->t->now_ms + RECHECK_MS)
		r->t->again_ms = r->t->now_ms + RECHECK_MS;
	return 0;
}

static int take_turn(struct run *r, struct ltps_error *err)
{
	int64_t blob = blob_of(&r->t->job);
	if (blob != 0 ? look_at_one(r, blob, err) != 0 : go_round(r, err) != 0)
		return -1;
	if (tell_damage(r, err) != 0)
		return -1;
	if (blob == 0)
		tell_slow(r);
	return 0;
}

int fixity_turn(struct ltp_worker *w, struct upkeep_turn *t, struct ltps_error *err)
{
	struct run r = { .w = w, .t = t };
	enum copies_state state;
	int rc = -1;
	t->again_ms = INT64_MAX;
	r.look = mem_zalloc(1, sizeof(*r.look));
	r.repaired = mem_zalloc(1, sizeof(*r.repaired));
	if (r.look == NULL || r.repaired == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	if (fixity_copies_open(w, t, &state, &r.c, NULL, err) != 0)
		goto out;
	rc = 0;
	if (state == COPIES_BUSY)
		t->again_ms = t->now_ms + COPIES_BUSY_MS;
	else
		rc = take_turn(&r, err);
out:
	copies_close(r.c);
	mem_free(r.repaired);
	mem_free(r.look);
	return rc;
}
