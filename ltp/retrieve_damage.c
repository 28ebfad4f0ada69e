/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retrieve_damage - what an answer is without the parts whose stored octets are
 * damaged: they are left out and told, and whatever else there is is given.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/retrieve_private.h"

int retrieve_leave_out(struct retrieval *run, const char *id,
		       const struct ltps_error *damage, struct ltps_error *err)
{
	if (mem_grow(&run->left_out, sizeof(*run->left_out), run->n_left_out + 1,
		     &run->cap_left_out, err) != 0)
		return -1;
	if ((run->left_out[run->n_left_out] = mem_dup_text(id)) == NULL)
		return ltps_fail_nomem(err);
	if (run->n_left_out++ == 0)
		run->damage = *damage;
	return 0;
}

void retrieve_left_out_clear(struct retrieval *run)
{
	for (size_t i = 0; i < run->n_left_out; i++)
		mem_free(run->left_out[i]);
	mem_free(run->left_out);
	run->left_out = NULL;
	run->n_left_out = run->cap_left_out = 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Nothing is about what is not in the answer. */
static void drop_related(const struct retrieval *run, struct ltp_po_out *po)
{
	size_t n = 0;
	for (size_t i = 0; i < po->n_related; i++) {
		if (bsearch(&po->related[i], run->left_out, run->n_left_out,
			    sizeof(*run->left_out), by_text) == NULL)
			po->related[n++] = po->related[i];
		else
			mem_free(po->related[i]);
	}
	po->n_related = n;
}

int retrieve_left_out_tell(struct retrieval *run, struct ltps_error *err)
{
	struct ltp_result *r = run->result;
	if (run->n_left_out == 0 || (r->minor != LTP_OK && r->minor != LTP_WARN_PARTLY))
		return 0;
	if (run->out.n_pos == 0) {
		*err = run->damage;
		return -1;
	}
	refuse(r, LTP_WARN_PARTLY,
	       "left out, since it is damaged: '%.100s'%s: %s", run->left_out[0],
	       run->n_left_out > 1 ? ", and others" : "", run->damage.text);
	qsort(run->left_out, run->n_left_out, sizeof(*run->left_out), by_text);
	for (size_t i = 0; i < run->out.n_pos; i++)
		drop_related(run, &run->out.pos[i]);
	return 0;
}
