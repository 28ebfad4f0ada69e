/* SPDX-License-Identifier: Apache-2.0 */
/* update_record - the leaf of the version that UpdatePOC makes, and the evidence record
 * of another service that comes along. */
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/origin.h"
#include "ltp/update_private.h"
#include "timestamping/merkle.h"

/* The record is about to be judged (base/failpoint.h). */
#define FP_UPDATE_JUDGE "update.judge"

int update_read_record(struct update *u, struct ltps_error *err)
{
	if (u->record == NULL || ers_parse(u->record->data, &u->er, err) == 0)
		return 0;
	if (err->fault != LTPS_FAULT_OBJECT)
		return -1;
	ltps_error_clear(err);
	return 0;
}

/* ---- taken over before ---- */

static struct origin origin_of(const struct update *u)
{
	return (struct origin){ .tenant = u->object->tenant,
				.profile = u->object->profile,
				.parts = u->delta,
				.n_parts = u->req->n_pos,
				.record_id = u->record->id,
				.record = u->er,
				.object = u->object->id };
}

/* Where what came stands already, and that in words; NEW also when none came. */
static int look(const struct update *u, struct store_conn *conn,
		struct origin_found *ret, char text[ORIGIN_TEXT_MAX],
		struct ltps_error *err)
{
	*ret = (struct origin_found){ .state = ORIGIN_NEW };
	text[0] = '\0';
	if (u->er == NULL)
		return 0;
	const struct origin o = origin_of(u);
	if (origin_look(conn, &o, ret, err) != 0)
		return -1;
	if (ret->state != ORIGIN_NEW)
		origin_text(ret, text);
	return 0;
}

int update_look(struct update *u, struct ltp_result *r, struct ltps_error *err)
{
	struct origin_found found;
	char text[ORIGIN_TEXT_MAX];
	if (look(u, u->w->conn, &found, text, err) != 0)
		return -1;
	if (found.state == ORIGIN_NEW)
		return 1;
	if (found.state == ORIGIN_OTHER)
		return refuse(r, LTP_PARAMETER_ERROR, "%s", text);
	u->there = true;
	/* A client made it, so it is one of those. */
	snprintf(u->label, sizeof(u->label), "%.*s", LTP_VERSION_MAX - 1, found.label);
	refuse(r, LTP_OK, "%s", text);
	return 1;
}

int update_unique(struct update *u, struct store_conn *conn, struct ltps_error *err)
{
	struct origin_found found;
	char text[ORIGIN_TEXT_MAX];
	u->taken = false;
	if (look(u, conn, &found, text, err) != 0)
		return -1;
	u->taken = found.state != ORIGIN_NEW;
	return u->taken ? ltps_fail(err, LTPS_EXISTS, LTPS_FAULT_CALLER, NULL, "%s",
				    text)
			: 0;
}

/* ---- digests ---- */

static int hash_part(struct update *u, size_t i, enum digest_alg alg,
		     struct digest *ret, struct ltps_error *err)
{
	const struct part_new *p = &u->parts[i];
	if (alg == DIGEST_SHA256 || alg == DIGEST_SHA512) {
		*ret = alg == DIGEST_SHA256 ? p->sha256 : p->sha512;
		return 0;
	}
	if (u->from[i] != UPDATE_FORMER)
		return digest_once(alg, u->req->pos[u->from[i]].data, ret, err);
	return part_digest(u->w, &u->former->parts[i], alg, ret, err);
}

static int hash_all(struct update *u, enum digest_alg alg, struct ltps_error *err)
{
	for (size_t i = 0; i < u->n_parts; i++) {
		struct digest *d = &u->digests[i].d[alg];
		if (d->alg == DIGEST_NONE && hash_part(u, i, alg, d, err) != 0)
			return -1;
	}
	return 0;
}

/* The leaf: of the one part, or of the data group (RFC 4998 4.2). */
static int make_leaf(struct update *u, enum digest_alg alg, struct ltps_error *err)
{
	struct view *hashes = mem_zalloc(u->n_parts, sizeof(*hashes));
	if (hashes == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < u->n_parts; i++)
		hashes[i] = digest_view(&u->digests[i].d[alg]);
	const int rc =
	    merkle_group(alg, hashes, u->n_parts, true, &u->version.digest, err);
	mem_free(hashes);
	u->leaf = u->version.digest;
	return rc;
}

int update_hash(struct update *u, struct ltps_error *err)
{
	const enum digest_alg own = leaf_digest(u->w->l, u->profile, u->now_ms);
	int rc = hash_all(u, own, err);
	for (size_t c = 0; rc == 0 && u->er != NULL && c < u->er->n_chains; c++) {
		const enum digest_alg alg = u->er->chains[c].stamps[0].alg;
		if (digest_len(alg) > 0)
			rc = hash_all(u, alg, err);
	}
	return rc == 0 ? make_leaf(u, own, err) : -1;
}

static int digest_at(void *arg, size_t i, enum digest_alg alg, struct digest *ret,
		     struct ltps_error *err)
{
	const struct update *u = arg;
	const struct digest *d = &u->digests[i].d[alg];
	if (d->alg == DIGEST_NONE)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "part %zu has not been hashed by %s", i,
				 digest_name(alg));
	*ret = *d;
	return 0;
}

/* ---- judged ---- */

int update_take_record(struct update *u, struct ltp_result *r, struct ltps_error *err)
{
	const struct continued_data data = { .digest = digest_at,
					     .arg = u,
					     .n = u->n_parts };
	const struct continued_judge by = continued_judge_of(u->w);
	bool holds;
	if (u->record == NULL)
		return 1;
	if (failpoint_fail(FP_UPDATE_JUDGE, err) != 0 ||
	    continued_take(&by, u->record->data, &data, &u->continued, &holds, r,
			   err) != 0)
		return -1;
	if (!holds) {
		r->minor = LTP_DELTA_POC_PROBLEM;
		return 0;
	}
	return continued_leaf(&u->continued, u->leaf.alg, &data, &u->leaf, err) == 0
		   ? 1
		   : -1;
}
