/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/certificate.h"

#include "ltp/inside.h"
#include "ltp/limit.h"
#include "ltp/path.h"

/* Of one request: certificates that name a hundred sources must not hold the thread. */
#define CERTIFICATE_MS_MAX 60000

static int write_result(const struct path_result *r, struct buf *out,
			struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	path_result_json(r, &j);
	if (jsonw_end(&j, err) != 0)
		return -1;
	return buf_put_byte(out, '\n', err);
}

int ltp_validate_certificate(struct ltp_worker *w, const struct ltp_certificate *c,
			     struct buf *out, struct ltps_error *err)
{
	const struct path_sources sources = worker_sources(w, c->fetch);
	struct limit limit = limit_of(CERTIFICATE_MS_MAX, &w->cancelled);
	struct path_input in = *c->in;
	struct judged_path judged = { 0 };
	in.cache = c->cache;
	in.budget.expired = limit_is_over;
	in.budget.arg = &limit;
	if (path_judge_fetching(&sources, &in, &judged, err) != 0)
		return -1;
	/* A judgement that was cut short found less than there is: it is none. */
	const int rc = atomic_load(&w->cancelled)
			   ? ltps_fail(err, LTPS_CANCELLED, LTPS_FAULT_SELF, NULL,
				       "the service stops")
			   : write_result(judged.result, out, err);
	judged_path_clear(&judged);
	return rc;
}
