/* SPDX-License-Identifier: Apache-2.0 */
/* needs - answers out of the material store and from the network. */
#include "ltp/needs.h"

#include <string.h>

#include "base/mem.h"
#include "storage/blob.h"
#include "storage/material.h"

/* What was tried for a need: first the store, then the network. */
struct needs_tried {
	char *key;
	bool store, network;
};

/* Records of one judgement: every need of a few rounds. */
#define TRIED_MAX (2 * PATH_NEEDS_MAX)
/* Scheme, name (RFC 1035 2.3.4) and port. */
#define HOST_TEXT_MAX 300

static bool is_status(enum need_kind kind)
{
	return kind == NEED_CRL || kind == NEED_DELTA_CRL || kind == NEED_OCSP;
}

/* The record of this need; NULL when there are too many. */
static int tried_for(struct needs *l, const struct need *need, struct needs_tried **ret,
		     struct ltps_error *err)
{
	struct buf key;
	const char *text;
	int rc = -1;
	*ret = NULL;
	if (need_key(need, &key, err) != 0 || buf_text(&key, &text, err) != 0)
		goto out;
	for (size_t i = 0; i < l->n_tried && *ret == NULL; i++)
		if (strcmp(l->tried[i].key, text) == 0)
			*ret = &l->tried[i];
	rc = 0;
	if (*ret != NULL || l->n_tried == TRIED_MAX)
		goto out;
	char *copy = mem_dup_text(text);
	if (copy == NULL) {
		rc = ltps_fail_nomem(err);
		goto out;
	}
	*ret = &l->tried[l->n_tried++];
	**ret = (struct needs_tried){ .key = copy };
out:
	buf_free(&key);
	return rc;
}

/* --- the store --- */

static enum material_row_kind row_kind(enum material_kind kind)
{
	return kind == MATERIAL_CRL    ? MATERIAL_ROW_CRL
	       : kind == MATERIAL_OCSP ? MATERIAL_ROW_OCSP
				       : MATERIAL_ROW_CERT;
}

/* A forged list may stand before the real one: the judge sorts them out. */
#define STATUS_ROWS_MAX 4

/* The rows to be read: good for the time of judgement, the newest such. */
struct choice {
	int64_t time_ms;
	bool any_time; /* certificates: their dates are judged, not chosen by */
	int64_t blobs[PATH_NEEDS_MAX];
	uint64_t sizes[PATH_NEEDS_MAX];
	size_t n;
};

static int choose_row(void *arg, const struct material_row *row, struct ltps_error *err)
{
	struct choice *c = arg;
	(void)err;
	bool good =
	    c->any_time || (row->produced_ms <= c->time_ms &&
			    (row->until_ms == 0 || row->until_ms > c->time_ms) &&
			    c->n < STATUS_ROWS_MAX);
	if (good && c->n < PATH_NEEDS_MAX) {
		c->blobs[c->n] = row->blob;
		c->sizes[c->n++] = row->size;
	}
	return 0;
}

static int read_stored(const struct path_sources *s, enum material_kind kind,
		       const struct choice *c, struct material *to,
		       struct ltps_error *err)
{
	for (size_t i = 0; i < c->n; i++) {
		struct buf der = buf_make((size_t)c->sizes[i]);
		int rc = blob_read(s->conn, c->blobs[i], &der, err);
		if (rc == 0)
			rc = material_add(to, kind, view_buf(&der), err);
		buf_free(&der);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int from_store(const struct needs *l, const struct need *need, const char *key,
		      struct material *to, struct ltps_error *err)
{
	const enum material_kind kind = need_material_kind(need->kind);
	struct choice c = { .time_ms = l->time_ms, .any_time = kind == MATERIAL_CERT };
	if (l->sources->conn == NULL)
		return 0;
	if (material_by_key(l->sources->conn, row_kind(kind), view_text(key),
			    c.any_time ? INT64_MAX : c.time_ms, choose_row, &c,
			    err) != 0)
		return -1;
	return read_stored(l->sources, kind, &c, to, err);
}

struct keep_task {
	struct material_new *rows;
	size_t n;
};

static int run_keep(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct keep_task *t = arg;
	for (size_t i = 0; i < t->n; i++) {
		int64_t id;
		if (material_put(conn, &t->rows[i], &id, NULL, err) != 0)
			return -1;
	}
	return 0;
}

static void row_times(const struct material *m, enum material_kind kind, size_t i,
		      struct material_new *row)
{
	if (kind == MATERIAL_CERT) {
		const struct cert *c = material_cert(m, kind, i);
		row->produced_ms = c->not_before_ms;
		row->until_ms = c->not_after_ms;
	} else if (kind == MATERIAL_CRL) {
		const struct crl *c = material_crl(m, i);
		row->produced_ms = c->this_ms;
		row->until_ms = c->next_ms != INT64_MIN ? c->next_ms : 0;
	} else {
		const struct ocsp *o = material_ocsp(m, i);
		row->produced_ms = o->n_singles > 0 ? o->singles[0].this_ms : 0;
		row->until_ms = o->n_singles > 0 && o->singles[0].next_ms != INT64_MIN
				    ? o->singles[0].next_ms
				    : 0;
	}
}

static bool may_keep(const struct needs *l, const struct material *m,
		     enum material_kind kind)
{
	const struct path_sources *s = l->sources;
	for (size_t i = 0; s->allowance != NULL && i < material_count(m, kind); i++)
		if (!allowance_take(s->allowance, material_at(m, kind, i).n,
				    clock_now_ms(s->clock)))
			return false;
	return true;
}

/* What was fetched becomes durable before it is used. */
static int keep(const struct needs *l, const struct need *need, const char *key,
		const struct material *m, struct ltps_error *err)
{
	const enum material_kind kind = need_material_kind(need->kind);
	const size_t n = material_count(m, kind);
	struct keep_task t = { .rows = NULL };
	int rc = -1;
	if (l->sources->store == NULL || n == 0 || !may_keep(l, m, kind))
		return 0;
	t.rows = mem_zalloc(n, sizeof(*t.rows));
	if (t.rows == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++) {
		struct material_new *row = &t.rows[t.n];
		row->kind = row_kind(kind);
		row->key = view_text(key);
		row->source = need->url;
		row->fetched_ms = clock_now_ms(l->sources->clock);
		row_times(m, kind, i, row);
		if (blob_prepare(l->sources->store, STORE_TENANT_SYSTEM,
				 material_at(m, kind, i), NULL, &row->blob, err) != 0)
			goto out;
		t.n++;
	}
	rc = store_write(l->sources->store, run_keep, &t, err);
out:
	for (size_t i = 0; i < t.n; i++)
		blob_new_free(t.rows[i].blob);
	mem_free(t.rows);
	return rc;
}

/* --- one need --- */

/* More than a judgement takes is as good as no answer. */
static int forgive_too_large(struct ltps_error *err)
{
	if (err->code != LTPS_TOO_LARGE)
		return -1;
	ltps_error_clear(err);
	return 0;
}

/* To all threads where it is good for the present, else to this judgement. */
static int deliver(struct needs *l, const struct material *m, struct ltps_error *err)
{
	bool news = false;
	if (l->sources->known != NULL &&
	    known_add(l->sources->known, m, clock_now_ms(l->sources->clock), &news,
		      err) != 0)
		return forgive_too_large(err);
	if (news || material_add_all(l->got, m, err) == 0)
		return 0;
	return forgive_too_large(err);
}

static bool is_our_fault(const struct ltps_error *err)
{
	return err->code == LTPS_NOMEM || err->code == LTPS_CRYPTO ||
	       err->code == LTPS_CANCELLED || err->code == LTPS_CORRUPT ||
	       err->code == LTPS_IO || err->code == LTPS_INTERNAL;
}

static bool too_large(const struct needs *l, const struct material *m)
{
	for (size_t i = 0;
	     l->sources->crl_max > 0 && i < material_count(m, MATERIAL_CRL); i++)
		if (material_at(m, MATERIAL_CRL, i).n > l->sources->crl_max)
			return true;
	return false;
}

/* *ret_silent when the whole wait was in vain. */
static int ask_network(struct needs *l, const struct need *need, const char *key,
		       struct material *m, bool *ret_silent, struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	const int64_t began_ms = clock_monotonic_ms();
	l->exchanges++;
	if (need_fetch(l->sources->fetch, need, m, &why) == 0 && !too_large(l, m)) {
		l->fetched++;
		return keep(l, need, key, m, err);
	}
	if (is_our_fault(&why)) {
		*err = why;
		return -1;
	}
	if (why.code == LTPS_TIMEOUT) {
		const int64_t waited_ms = clock_monotonic_ms() - began_ms;
		/* One that drips for long must not keep the next from being asked. */
		l->silent_ms += waited_ms < NEED_SILENT_MS ? waited_ms : NEED_SILENT_MS;
		/* Less was not the host's fault: our own time was over. */
		*ret_silent = waited_ms >= NEED_SILENT_MS;
	}
	l->failed++;
	if (is_status(need->kind))
		l->status_failed++;
	return 0;
}

/* "http://ca.example:80" of an address; false when it does not fit. */
static bool host_of(const char *url, char *out, size_t size)
{
	const char *at = strstr(url, "://");
	const size_t n = at == NULL ? size : (size_t)(at - url) + 3 +
						 strcspn(at + 3, "/?#");
	if (n >= size)
		return false;
	memcpy(out, url, n);
	out[n] = '\0';
	return true;
}

static int fail_full(struct ltps_error *err)
{
	return ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL,
			 "as many requests wait for the network as may");
}

/* *ret_again when what is known may have grown without us. */
static int from_network(struct needs *l, const struct need *need, const char *key,
			struct material *m, bool *ret_again, struct ltps_error *err)
{
	const struct path_sources *s = l->sources;
	char host[HOST_TEXT_MAX];
	bool silent = false;
	if (s->fetch == NULL || l->exchanges == NEEDS_FETCHES_MAX ||
	    l->silent_ms >= NEEDS_SILENT_MS_MAX || clock_monotonic_ms() > l->until_ms)
		return 0;
	if (s->asked == NULL)
		return ask_network(l, need, key, m, &silent, err);
	const struct asked_question q = {
		.key = key,
		.host = host_of(need->url, host, sizeof(host)) ? host : NULL,
		.own_place = s->own_place,
	};
	switch (asked_begin(s->asked, &q, clock_now_ms(s->clock))) {
	case ASKED_YOURS:
		break;
	case ASKED_OTHERS:
		*ret_again = true;
		return 0;
	case ASKED_PAUSED:
		if (is_status(need->kind))
			l->status_failed++;
		return 0;
	case ASKED_FULL:
		return fail_full(err);
	}
	const unsigned before = l->fetched;
	int rc = ask_network(l, need, key, m, &silent, err);
	/* Whoever waited must find it among what is known. */
	if (rc == 0 && s->known != NULL && l->fetched > before)
		rc = known_add(s->known, m, clock_now_ms(s->clock), ret_again, err);
	asked_end(s->asked, &q, silent, clock_now_ms(s->clock));
	return rc;
}

/* *ret_news when it brought something new to judge by. */
static int answer(struct needs *l, const struct need *need, bool *ret_news,
		  struct ltps_error *err)
{
	int rc = -1;
	struct needs_tried *tried;
	struct material *m = NULL;
	bool again = false, asked = false;
	const unsigned before = l->fetched;
	*ret_news = false;
	if (l->sources->cancelled != NULL && atomic_load(l->sources->cancelled))
		return ltps_fail(err, LTPS_CANCELLED, LTPS_FAULT_SELF, NULL,
				 "the service stops");
	if (tried_for(l, need, &tried, err) != 0)
		return -1;
	if (tried == NULL || (tried->store && tried->network))
		return 0;
	if (material_new(&m, err) != 0)
		return -1;
	if (!tried->store && from_store(l, need, tried->key, m, err) != 0)
		goto out;
	tried->store = true;
	if (material_count(m, need_material_kind(need->kind)) == 0) {
		tried->network = asked = true;
		if (from_network(l, need, tried->key, m, &again, err) != 0)
			goto out;
	}
	bool got = l->fetched > before ||
		   (!asked && material_count(m, need_material_kind(need->kind)) > 0);
	if (got && is_status(need->kind))
		l->status_got++;
	*ret_news = got || again;
	rc = got && !again ? deliver(l, m, err) : 0;
out:
	material_free(m);
	return rc;
}

struct round {
	const struct need *needs;
	size_t n;
};

/* One way to a status is enough for a certificate, until the judge says otherwise. */
static bool is_served(const struct round *r, const bool *served, size_t i)
{
	for (size_t k = 0; k < r->n; k++)
		if (served[k] && is_status(r->needs[k].kind) &&
		    is_status(r->needs[i].kind) &&
		    cert_equal(r->needs[k].cert, r->needs[i].cert))
			return true;
	return false;
}

static int begin(struct needs *n, struct ltps_error *err)
{
	if (n->tried != NULL)
		return 0;
	n->tried = mem_zalloc(TRIED_MAX, sizeof(*n->tried));
	if (n->tried == NULL)
		return ltps_fail_nomem(err);
	n->until_ms = clock_monotonic_ms() + NEEDS_FETCH_MS_MAX;
	return 0;
}

int needs_answer(struct needs *n, const struct need *needs, size_t n_needs,
		 bool *ret_news, struct ltps_error *err)
{
	bool served[PATH_NEEDS_MAX] = { false };
	const struct round r = { needs,
				 n_needs < PATH_NEEDS_MAX ? n_needs : PATH_NEEDS_MAX };
	if (begin(n, err) != 0)
		return -1;
	/* Two passes: the preferred kind of status source first. */
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < r.n; i++) {
			bool crl = needs[i].kind != NEED_OCSP;
			if (crl != (n->sources->crl_first == (pass == 0)) ||
			    is_served(&r, served, i))
				continue;
			if (answer(n, &needs[i], &served[i], err) != 0)
				return -1;
			*ret_news = *ret_news || served[i];
		}
	return 0;
}

void needs_clear(struct needs *n)
{
	for (size_t i = 0; i < n->n_tried; i++)
		mem_free(n->tried[i].key);
	mem_free(n->tried);
	n->tried = NULL;
	n->n_tried = 0;
}
