/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trusted_lists_get - one attempt at a list: where it lies, who may sign it, got, read,
 * judged. A list of a territory lies where the list of lists says and is signed by
 * whom that names; a list of lists goes through its pivots.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "ltp/trusted_lists_private.h"
#include "validation/report.h"

void tl_attempt_fail(struct tl_attempt *a, const char *word, const char *why)
{
	struct tl_state *s = &a->state;
	snprintf(s->word, sizeof(s->word), "%s", word);
	snprintf(s->why, sizeof(s->why), "%.190s", why);
	report_make_harmless(s->why, strlen(s->why));
}

static void refuse_list(struct tl_attempt *a, const struct trusted_list_verdict *v)
{
	tl_attempt_fail(a, trusted_list_word(v->reason), v->why);
}

/* Whether an error is about what was got, so that the state tells it. */
static bool is_theirs(const struct ltps_error *e)
{
	return e->code != LTPS_CANCELLED && e->code != LTPS_NOMEM &&
	       e->code != LTPS_CRYPTO;
}

/* ---- getting ---- */

static int get_url(struct ltp_worker *w, const char *url, struct buf *out,
		   struct ltps_error *err)
{
	const struct fetch_request req = { .url = url,
					   .accept = TRUSTED_LIST_MIME
					   ", application/xml, text/xml" };
	struct fetch_result r = { 0 };
	int rc = fetch_do(w->fetch, &req, &r, err);
	if (rc == 0 && r.status != 200)
		rc = ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, NULL, "status %d",
			       r.status);
	if (rc == 0) {
		buf_free(out);
		*out = r.body;
		r.body = (struct buf){ 0 };
	}
	fetch_result_free(&r);
	return rc;
}

/* Got and read; false: the attempt says why not, or err is set. */
static bool get_list(struct ltp_worker *w, const char *url, const char *file,
		     struct tl_attempt *a, struct buf *out, struct trusted_list **ret,
		     struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	char line[512];
	const char *word = TL_WORD_UNREACHABLE;
	int rc;
	if (url != NULL) {
		rc = get_url(w, url, out, &why);
	} else {
		*out = buf_make(TRUSTED_LIST_SIZE_MAX);
		rc = file_read(file, out, &why);
	}
	if (rc == 0) {
		word = TL_WORD_UNREADABLE;
		rc = trusted_list_parse(view_buf(out), ret, &why);
	}
	if (rc == 0)
		return true;
	if (!is_theirs(&why)) {
		*err = why;
		return false;
	}
	ltps_error_line(&why, line, sizeof(line));
	tl_attempt_fail(a, word, line);
	return false;
}

/* ---- the list of lists ---- */

static bool name_pivots(const struct ltp_trusted_list *l, struct tl_attempt *a,
			struct ltps_error *err)
{
	const char *urls[TRUSTED_LIST_PIVOTS_MAX];
	size_t n = 0;
	if (!trusted_list_pivots(a->list, l->announcement, urls, &n)) {
		tl_attempt_fail(a, trusted_list_word(TRUSTED_LIST_PIVOT),
			  "the configured announcement of its signers is not named: "
			  "they may have been announced anew");
		return false;
	}
	a->pivots = mem_zalloc(n + 1, sizeof(*a->pivots));
	a->pivot_urls = mem_zalloc(n + 1, sizeof(*a->pivot_urls));
	if (a->pivots == NULL || a->pivot_urls == NULL) {
		ltps_fail_nomem(err);
		return false;
	}
	for (; a->n_pivots < n; a->n_pivots++)
		a->pivot_urls[a->n_pivots] = urls[a->n_pivots];
	return true;
}

/* From those so far to those that the pivot names; without one, a copy. */
static bool pass(const struct trusted_list *pivot,
		 const struct trusted_list_signers *signers, struct tl_attempt *a,
		 struct trusted_list_certs *ret, struct ltps_error *err)
{
	struct trusted_list_verdict v;
	if (trusted_list_through(&pivot, pivot != NULL ? 1 : 0, signers, ret, &v,
				 err) != 0)
		return false;
	if (v.reason != TRUSTED_LIST_GOOD)
		refuse_list(a, &v);
	return v.reason == TRUSTED_LIST_GOOD;
}

static bool get_and_pass(struct ltp_worker *w, size_t i, struct tl_attempt *a,
			 struct trusted_list_certs *certs, struct ltps_error *err)
{
	const struct trusted_list_signers signers = {
		(const struct cert *const *)certs->list, certs->n
	};
	struct trusted_list *pivot = NULL;
	struct trusted_list_certs next;
	bool ok = get_list(w, a->pivot_urls[i], NULL, a, &a->pivots[i], &pivot, err) &&
		  pass(pivot, &signers, a, &next, err);
	trusted_list_free(pivot);
	if (ok) {
		trusted_list_certs_clear(certs);
		*certs = next;
	}
	return ok;
}

/* Who may sign the present one. What names the pivots is not verified yet: none is got
 * before the one older than it was believed, and one at a time is in memory. */
static int signers_through(struct ltp_worker *w, const struct ltp_trusted_list *l,
			   struct tl_attempt *a, struct trusted_list_certs *ret,
			   bool *ret_ok, struct ltps_error *err)
{
	*ret_ok = name_pivots(l, a, err) && pass(NULL, &l->signers, a, ret, err);
	for (size_t i = a->n_pivots; *ret_ok && i > 0; i--)
		*ret_ok = get_and_pass(w, i - 1, a, ret, err);
	return err->code == LTPS_OK ? 0 : -1;
}

/* ---- judging ---- */

static int accept_list(const struct tl_entry *e, int64_t now_ms,
		       const struct trusted_list_verdict *v, struct tl_attempt *a,
		       struct ltps_error *err)
{
	struct tl_state *s = &a->state;
	const struct trusted_list *l = a->list;
	struct digest content;
	if (trusted_list_content(l, &content, err) != 0)
		return -1;
	hex_encode(digest_view(&content), s->content);
	a->good = true;
	s->accepted = true;
	s->damaged = false;
	s->why[0] = '\0';
	snprintf(s->word, sizeof(s->word), "%s", trusted_list_word(v->reason));
	snprintf(s->territory, sizeof(s->territory), "%s", l->territory);
	report_make_harmless(s->territory, strlen(s->territory));
	cert_text(v->signer, s->signer);
	report_make_harmless(s->signer, strlen(s->signer));
	hex_encode(view_of(v->signer->sha256, 32), s->signer_sha256);
	s->version = l->version;
	s->sequence = l->sequence;
	s->issued_ms = l->issued_ms;
	s->next_update_ms = l->next_update_ms;
	s->accepted_ms = now_ms;
	if (e->territory == NULL)
		snprintf(s->url, sizeof(s->url), "%s",
			 e->l->url != NULL ? e->l->url : e->l->file);
	return 0;
}

static int read_seen(const struct tl_state *s, struct trusted_list_seen *ret,
		     struct ltps_error *err)
{
	struct trusted_list_seen seen = { .sequence = s->sequence,
					  .issued_ms = s->issued_ms };
	struct buf raw = buf_make(sizeof(seen.content.p));
	if (hex_decode(view_text(s->content), &raw, err) != 0) {
		buf_free(&raw);
		return -1;
	}
	if (raw.n == digest_len(DIGEST_SHA256)) {
		seen.content.alg = DIGEST_SHA256;
		seen.content.n = raw.n;
		memcpy(seen.content.p, raw.p, raw.n);
	}
	buf_free(&raw);
	*ret = seen;
	return 0;
}

static int judge(const struct tl_entry *e, const struct trusted_list_signers *signers,
		 int64_t now_ms, struct tl_attempt *a, struct ltps_error *err)
{
	const struct tl_state *s = &a->state;
	struct trusted_list_seen seen;
	const struct trusted_list_wanted wanted = {
		.signers = *signers,
		.lists = e->territory == NULL && e->l->lists,
		.territory = e->territory,
		.seen = s->accepted ? &seen : NULL,
		.time_ms = now_ms,
	};
	struct trusted_list_verdict v;
	if (read_seen(s, &seen, err) != 0 ||
	    trusted_list_judge(a->list, &wanted, &v, err) != 0)
		return -1;
	if (v.reason == TRUSTED_LIST_GOOD)
		return accept_list(e, now_ms, &v, a, err);
	refuse_list(a, &v);
	return 0;
}

static int judge_under(const struct tl_entry *e, struct trusted_list_certs *certs,
		       int64_t now_ms, struct tl_attempt *a, struct ltps_error *err)
{
	const struct trusted_list_signers signers = {
		(const struct cert *const *)certs->list, certs->n
	};
	return judge(e, &signers, now_ms, a, err);
}

/* ---- the configured one ---- */

static int attempt_own(struct ltp_worker *w, const struct tl_entry *e, int64_t now_ms,
		       struct tl_attempt *a, struct ltps_error *err)
{
	struct trusted_list_certs certs = { .n = 0 };
	bool ok = false;
	if (!get_list(w, e->l->url, e->l->file, a, &a->document, &a->list, err))
		return err->code == LTPS_OK ? 0 : -1;
	if (!e->l->lists)
		return judge(e, &e->l->signers, now_ms, a, err);
	int rc = signers_through(w, e->l, a, &certs, &ok, err);
	if (rc == 0 && ok)
		rc = judge_under(e, &certs, now_ms, a, err);
	trusted_list_certs_clear(&certs);
	return rc;
}

/* ---- one of a territory ---- */

static const struct trusted_list_pointer *pointer_to(const struct trusted_list *lists,
						     const char *territory)
{
	for (size_t i = 0; i < lists->n_pointers; i++) {
		const struct trusted_list_pointer *p = &lists->pointers[i];
		if (trusted_list_points_to_list(p) &&
		    strcmp(p->territory, territory) == 0)
			return p;
	}
	return NULL;
}

static int attempt_pointed(struct ltp_worker *w, const struct tl_entry *e,
			   const struct trusted_list_pointer *p, int64_t now_ms,
			   struct tl_attempt *a, struct ltps_error *err)
{
	struct trusted_list_certs certs = { .n = 0 };
	snprintf(a->state.url, sizeof(a->state.url), "%s", p->location);
	report_make_harmless(a->state.url, strlen(a->state.url));
	if (!get_list(w, p->location, NULL, a, &a->document, &a->list, err))
		return err->code == LTPS_OK ? 0 : -1;
	int rc = trusted_list_pointer_certs(p, &certs, err);
	if (rc == 0)
		rc = judge_under(e, &certs, now_ms, a, err);
	trusted_list_certs_clear(&certs);
	return rc;
}

/*
 * Whom the list of lists names for this list no more signed nothing that is believed: it
 * may have been withdrawn because his key is known to others. The list begins anew, also
 * with its number, which may be of such another.
 * p  NULL: it does not name the territory
 */
static int forget_unnamed(const struct trusted_list_pointer *p, struct tl_state *s,
			  struct ltps_error *err)
{
	struct trusted_list_certs certs = { .n = 0 };
	char sha256[2 * 32 + 1];
	bool named = false;
	if (p != NULL && trusted_list_pointer_certs(p, &certs, err) != 0)
		return -1;
	for (size_t i = 0; i < certs.n && !named; i++) {
		hex_encode(view_of(certs.list[i]->sha256, 32), sha256);
		named = strcmp(sha256, s->signer_sha256) == 0;
	}
	trusted_list_certs_clear(&certs);
	s->accepted = s->accepted && named;
	return 0;
}

static int attempt_territory(struct ltp_worker *w, const struct tl_entry *e,
			     int64_t now_ms, struct tl_attempt *a,
			     struct ltps_error *err)
{
	const struct tl_entry above = { e->l, NULL };
	const struct trusted_list_pointer *p;
	struct tl_state of_above;
	struct trusted_list *lists = NULL;
	int rc;
	if (tl_state_get(w->conn, &above, &of_above, err) != 0 ||
	    (tl_state_is_valid(&of_above, now_ms) &&
	     tl_accepted(w->conn, &of_above, &lists, err) != 0))
		return -1;
	if (lists == NULL) {
		tl_attempt_fail(a, TL_WORD_UNREACHABLE,
			  "there is no list of lists that is to be believed");
		return 0;
	}
	p = pointer_to(lists, e->territory);
	const bool accepted = a->state.accepted;
	rc = forget_unnamed(p, &a->state, err);
	a->forgotten = accepted && !a->state.accepted;
	if (rc == 0 && p == NULL)
		tl_attempt_fail(a, TL_WORD_UNREACHABLE,
			  "the list of lists does not name this territory");
	else if (rc == 0)
		rc = attempt_pointed(w, e, p, now_ms, a, err);
	trusted_list_free(lists);
	return rc;
}

int tl_attempt(struct ltp_worker *w, const struct tl_entry *e, int64_t now_ms,
	       struct tl_attempt *a, struct ltps_error *err)
{
	struct digest d;
	a->state.tried_ms = now_ms;
	if ((e->territory != NULL ? attempt_territory : attempt_own)(w, e, now_ms, a,
								       err) != 0)
		return -1;
	if (!a->good)
		return 0;
	if (digest_once(DIGEST_SHA512, view_buf(&a->document), &d, err) != 0)
		return -1;
	hex_encode(digest_view(&d), a->state.sha512);
	return 0;
}

void tl_attempt_clear(struct tl_attempt *a)
{
	for (size_t i = 0; i < a->n_pivots; i++)
		buf_free(&a->pivots[i]);
	mem_free(a->pivots);
	mem_free(a->pivot_urls);
	trusted_list_free(a->list);
	buf_free(&a->document);
}
