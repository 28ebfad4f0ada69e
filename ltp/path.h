/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path - paths judged with what can be got: the loop around path_judge() that
 * answers its needs from the material store and over the network, and asks again
 * (DESIGN: judging is a loop with an end).
 *
 * What was fetched is stored once, under the address and the question, and answers
 * the same need until its nextUpdate; older copies stay and answer for their time.
 */
#ifndef LTPS_LTP_PATH_H
#define LTPS_LTP_PATH_H

#include <stdatomic.h>

#include "base/clock.h"
#include "base/fetch.h"
#include "ltp/asked.h"
#include "ltp/known.h"
#include "storage/store.h"
#include "validation/path.h"

#define PATH_ROUNDS_MAX 8          /* DESIGN: judging is a loop with an end */
#define PATH_FETCHES_MAX 32        /* exchanges for one judgement */
#define PATH_FETCH_MS_MAX 60000    /* time for all of them */
#define PATH_ANSWER_CERTS_MAX 1000 /* of one caIssuers or caRepository answer */

/* Where answers come from. Members that are NULL are not used. */
struct path_sources {
	struct fetch *fetch; /* this thread's; NULL: the network is not asked */
	const struct clock *clock;
	struct known *known;     /* shared by the threads of a service */
	struct asked *asked;     /* the same; needs known */
	struct store *store;     /* keeps what was fetched */
	struct store_conn *conn; /* this thread's reader */
	const atomic_bool *cancelled;
	bool crl_first; /* of several ways to a status: CRLs before OCSP */
};

struct judged_path {
	struct path_result *result;
	unsigned fetched; /* answers got over the network */
	unsigned failed;  /* sources that gave none */
	/* What the result borrows from. */
	struct known_generation *generation;
	struct material *got;
};

/*
 * path_judge_fetching - path_judge() over the pools of the input, then what is
 * known, then what is fetched for this judgement alone. When every way to a status
 * failed on the network, `why` is PATH_REVOCATION_UNREACHABLE.
 * in   at most PATH_POOLS_MAX - 2 pools
 * ret  release with judged_path_clear(), also the pools must outlive it
 * Fails: NOMEM, CRYPTO, CANCELLED; CORRUPT, IO of the store. A source that fails is
 *        not an error
 */
int path_judge_fetching(const struct path_sources *s, const struct path_input *in,
			struct judged_path *ret, struct ltps_error *err) LTPS_CHECKED;
void judged_path_clear(struct judged_path *j);

/*
 * need_answer - one need over the network, for other loops than the one above.
 * The answers are added to `to`: decoded, of the kind asked for, an OCSP response
 * with our nonce or none.
 * Fails: REMOTE, TIMEOUT, DENIED ... as fetch_do(); FORMAT (remote); CANCELLED; NOMEM
 */
int need_answer(struct fetch *fetch, const struct need *need, struct material *to,
		struct ltps_error *err) LTPS_CHECKED;
/* Identity of a need as text: what is asked of whom. Free with buf_free(). */
int need_key(const struct need *need, struct buf *out,
	     struct ltps_error *err) LTPS_CHECKED;
enum material_kind need_material_kind(enum need_kind kind);

#endif
