/* SPDX-License-Identifier: Apache-2.0 */
/* search - Search: the caller's objects that a filter names. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/inside.h"
#include "ltp/limit.h"
#include "ltp/search_filter.h"

/* It holds a worker: what takes longer has to be asked for more narrowly. */
#define SEARCH_MS_MAX 5000

struct run {
	struct ltp_found out;
	size_t cap;
};

void ltp_found_clear(struct ltp_found *f)
{
	for (size_t i = 0; i < f->n; i++)
		mem_free(f->poids[i]);
	mem_free(f->poids);
	*f = (struct ltp_found){ 0 };
}

static int take(void *arg, const char *poid, struct ltps_error *err)
{
	struct run *run = arg;
	char *copy = mem_dup_text(poid);
	if (copy == NULL)
		return ltps_fail_nomem(err);
	if (mem_grow(&run->out.poids, sizeof(*run->out.poids), run->out.n + 1,
		     &run->cap, err) != 0) {
		mem_free(copy);
		return -1;
	}
	run->out.poids[run->out.n++] = copy;
	return 0;
}

static int look(struct ltp_worker *w, const struct ltp_caller *caller,
		const struct search_filter *f, struct run *run, struct ltp_result *r,
		struct ltps_error *err)
{
	struct limit limit = limit_of(SEARCH_MS_MAX, NULL);
	const struct search_query q = { .tenant = tenant_of(caller),
					.nodes = f->nodes,
					.n_nodes = f->n_nodes,
					.after = f->after,
					.newest_first = f->newest_first,
					.limit = f->limit,
					.over = limit_is_over,
					.over_arg = &limit };
	bool more = false;
	if (object_search(w->conn, &q, take, run, &more, err) == 0) {
		if (more)
			refuse(r, LTP_OK, "there are more: ask again with after %s",
			       run->out.poids[run->out.n - 1]);
		return 0;
	}
	ltp_found_clear(&run->out);
	run->cap = 0;
	if (err->fault != LTPS_FAULT_CALLER)
		return -1;
	if (err->code == LTPS_TIMEOUT)
		refuse(r, LTP_PARAMETER_ERROR,
		       "the search took too long: narrow it by poid, stored, profile "
		       "or signer");
	else
		refuse(r, LTP_PARAMETER_ERROR, "%s", err->text);
	ltps_error_clear(err);
	return 0;
}

static int search(struct ltp_worker *w, const struct ltp_caller *caller,
		  const char *text, struct run *run, struct ltp_result *r,
		  struct ltps_error *err)
{
	if (!operation_offered(w->l, OP_SEARCH))
		return refuse(r, LTP_NOT_SUPPORTED,
			      "no profile of this service offers Search");
	struct search_filter *f = mem_zalloc(1, sizeof(*f));
	if (f == NULL)
		return ltps_fail_nomem(err);
	int rc = 0;
	if (search_filter_parse(view_text(text), f, err) != 0) {
		refuse(r, LTP_PARAMETER_ERROR, "%s", err->text);
		ltps_error_clear(err);
	} else {
		rc = look(w, caller, f, run, r, err);
	}
	mem_free(f);
	return rc;
}

/* Whole characters of the filter that the record has room for. */
static int filter_len(const char *filter)
{
	size_t n = strnlen(filter, STORE_TEXT_MAX - 64);
	while (n > 0 && ((unsigned char)filter[n] & 0xc0) == 0x80)
		n--;
	return (int)n;
}

/* Filters name persons: who looked for what is part of the record. */
static int audit_search(struct ltp_worker *w, const struct ltp_caller *caller,
			const char *filter, const struct run *run,
			const struct ltp_result *r, struct ltps_error *err)
{
	char detail[STORE_TEXT_MAX + 1];
	if (r->minor == LTP_OK)
		snprintf(detail, sizeof(detail), "%zu found: %.*s", run->out.n,
			 filter_len(filter), filter);
	else
		snprintf(detail, sizeof(detail), "%s", r->message);
	const struct audit_note note = {
		.caller = caller, .operation = OP_SEARCH, .detail = detail, .result = r
	};
	return ltp_audit(w, &note, err);
}

int ltp_search(struct ltp_worker *w, const struct ltp_caller *caller,
	       const char *filter, struct ltp_found *ret_f,
	       struct ltp_result *ret_result, struct ltps_error *err)
{
	struct run run = { .cap = 0 };
	const char *text = filter != NULL ? filter : "";
	refuse(ret_result, LTP_OK, "%s", "");
	int rc = search(w, caller, text, &run, ret_result, err);
	if (rc == 0)
		rc = audit_search(w, caller, text, &run, ret_result, err);
	if (rc == 0) {
		*ret_f = run.out;
		run.out = (struct ltp_found){ 0 };
	}
	ltp_found_clear(&run.out);
	return rc;
}
