/* SPDX-License-Identifier: Apache-2.0 */
/*
 * needs - what a judgement is missing, got from the material store or over the
 * network, each thing once from each; what both path_judge_fetching() and the
 * completion of tokens stand on.
 *
 * What was fetched is stored once, under the address and the question, and answers
 * the same need until its nextUpdate; older copies stay and answer for their time.
 */
#ifndef LTPS_LTP_NEEDS_H
#define LTPS_LTP_NEEDS_H

#include <stdatomic.h>

#include "base/clock.h"
#include "base/fetch.h"
#include "ltp/allowance.h"
#include "ltp/asked.h"
#include "ltp/known.h"
#include "storage/store.h"
#include "validation/path.h"

#define NEEDS_FETCHES_MAX 32       /* exchanges for one judgement */
#define NEEDS_FETCH_MS_MAX 60000   /* time for all of them */
/* A host that has not begun to answer by then is silent: responders and repositories
 * serve what lies ready. */
#define NEED_SILENT_MS 5000
/* Time for all that was waited for in vain: two such hosts, and the third is not asked.
 * Who sends a certificate chooses whom its addresses name. */
#define NEEDS_SILENT_MS_MAX 10000
#define NEED_ANSWER_CERTS_MAX 1000 /* of one caIssuers or caRepository answer */

/* Where answers come from. Members that are NULL are not used. */
struct path_sources {
	struct fetch *fetch; /* this thread's; NULL: the network is not asked */
	const struct clock *clock;
	struct known *known; /* shared by the threads of a service */
	struct asked *asked; /* the same; needs known */
	struct store *store; /* keeps what was fetched */
	/* How much of it, when strangers say what is fetched. */
	struct allowance *allowance;
	struct store_conn *conn; /* this thread's reader */
	const atomic_bool *cancelled;
	bool crl_first; /* of several ways to a status: CRLs before OCSP */
	bool own_place; /* a thread that may wait beside those of requests (asked.h) */
	size_t crl_max; /* a larger CRL is as good as none; 0: any size */
};

struct needs_tried;
/* One judgement's asking. Zeroed but for the first members. */
struct needs {
	const struct path_sources *sources;
	int64_t time_ms;      /* of the judgement: stored status must be of that time */
	struct material *got; /* what is for this judgement alone */
	/* The rest is kept by needs_answer(). */
	unsigned fetched; /* answers got over the network */
	unsigned failed;  /* sources that gave none */
	unsigned status_got, status_failed;
	unsigned exchanges;
	int64_t until_ms; /* monotonic; 0: not begun */
	struct needs_tried *tried;
	size_t n_tried;
	int64_t silent_ms; /* waited in vain */
};
/*
 * needs_answer - one round: of several ways to a status of one certificate the next
 * untried one, and every untried issuer.
 * ret_news  set when something new may be at hand; else left
 * Fails: NOMEM, CRYPTO, CANCELLED; CORRUPT, IO of the store; BUSY (self) when as many
 *        threads wait for the network as may: nobody has been asked, and a judgement
 *        would say of the signature what is so of the service. A source that fails is
 *        not an error
 */
int needs_answer(struct needs *n, const struct need *needs, size_t n_needs,
		 bool *ret_news, struct ltps_error *err) LTPS_CHECKED;
void needs_clear(struct needs *n);

/*
 * need_fetch - one need over the network. The answers are added to `to`: decoded, of
 * the kind asked for, an OCSP response with our nonce or none.
 * Fails: REMOTE, TIMEOUT, DENIED ... as fetch_do(); FORMAT (remote); CANCELLED; NOMEM
 */
int need_fetch(struct fetch *fetch, const struct need *need, struct material *to,
	       struct ltps_error *err) LTPS_CHECKED;
/* Identity of a need as text: what is asked of whom. Free with buf_free(). */
int need_key(const struct need *need, struct buf *out,
	     struct ltps_error *err) LTPS_CHECKED;
enum material_kind need_material_kind(enum need_kind kind);

#endif
