/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider - a configured remote SCVP server as the judge of paths: it is asked first,
 * and where it does not answer well, ours decides. The result says which did:
 * PATH_DECIDED_REMOTELY or PATH_REMOTE_FAILED.
 *
 *   provider_judge (provider.c)
 *     provider_ask.c     path_input to a request
 *     scvp/client.h      the exchange and every check of the answer
 *     provider_result.c  the answer as a path_result
 *     ltp/path.h         otherwise
 */
#ifndef LTPS_LTP_PROVIDER_H
#define LTPS_LTP_PROVIDER_H

#include "ltp/path.h"
#include "scvp/client.h"

/* Sent along at most; what is more the server must find itself. */
#define PROVIDER_CERTS_MAX 64
#define PROVIDER_INFOS_MAX 64
#define PROVIDER_INFO_BYTES_MAX ((size_t)1 << 20)
#define PROVIDER_FINDING_MAX 160

struct provider {
	const char *url;
	const struct material *trust; /* for the server's certificate */
	bool server_status; /* a server whose status is not known is not accepted */
	const struct material *servers;   /* as of struct scvp_expect */
	const struct scvp_signer *signer; /* of requests; NULL: they are not signed */
	/* DNS name by which requestorRef names us, so that a chain of servers that
	 * comes back to us is noticed (RFC 5055 7); NULL: none. */
	const char *own_name;
	struct fetch *fetch; /* for the server; NULL: the sources' handle */
	/* How octets get there and back; NULL: scvp_post(). */
	int (*post)(void *arg, struct view body, struct buf *ret,
		    struct ltps_error *err);
	void *post_arg;
};

/*
 * provider_judge - is the path valid, in the word of the server, or else in ours?
 * Asked are validity, status unless in->no_revocation, the best path and what status
 * rests on, signed and with a nonce. What SCVP cannot express is not asked: the chain
 * model, an algorithm policy, freshness, hindsight, further paths, anchors without
 * their constraints.
 * The server's VALID counts when the path it gives ends at an anchor of ours; what it
 * leaves open, ours decides. A verified answer becomes material of the store.
 * in, ret  as path_judge_fetching()
 * Fails: NOMEM, CRYPTO, CANCELLED; CORRUPT, IO of the store. A server that fails is
 *        not an error
 * Spec:  RFC 5055
 */
int provider_judge(const struct provider *p, const struct path_sources *s,
		   const struct path_input *in, struct judged_path *ret,
		   struct ltps_error *err) LTPS_CHECKED;

/* Exchanges for the path of one server's certificate, and rounds of judging it. */
#define PROVIDER_FETCHES_MAX 16
#define PROVIDER_ROUNDS_MAX 4
/*
 * provider_fetch_server - issuers and status that the certificate of a server names.
 * server    its path as judged so far; NULL: nothing is missing
 * trust     what comes is added
 * fetches   exchanges so far, at most PROVIDER_FETCHES_MAX
 * ret_more  something came: worth judging again
 * Fails: NOMEM. A source that fails is not an error
 */
int provider_fetch_server(struct fetch *fetch, const struct path_result *server,
			  struct material *trust, unsigned *fetches, bool *ret_more,
			  struct ltps_error *err) LTPS_CHECKED;

/* --- private to ltp/ --- */

/* *ret NULL when SCVP cannot express it; why, then: static text. */
int provider_ask(const struct provider *p, const struct path_input *in, int64_t now_ms,
		 struct scvp_asked **ret, const char **ret_why,
		 struct ltps_error *err) LTPS_CHECKED;
/* The result of a judgement that is trusted and VALID or INVALID. ret->result and
 * ret->got are set; *ret_why when it cannot be used. */
int provider_result(const struct scvp_judgement *j, const struct path_input *in,
		    const char *url, struct judged_path *ret, const char **ret_why,
		    struct ltps_error *err) LTPS_CHECKED;

#endif
