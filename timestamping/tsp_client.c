/* SPDX-License-Identifier: Apache-2.0 */
/* tsp_client - one token from an ordered list of TSAs. */
#include "timestamping/tsp_client.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "formats/cms.h"

/* A token and the status around it. */
#define RESPONSE_MAX (TST_SIZE_MAX + 4096)
#define HTTP_OK 200

/* One exchange with one TSA. */
struct exchange {
	const struct tsp_client *client;
	const struct tsa *tsa;
	struct fetch *fetch;
	struct tsp_request request;
	int64_t sent_ms;
	int64_t received_ms;
};

static int fail_remote(struct ltps_error *err, const char *clause, const char *what)
{
	return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, clause, "%s", what);
}

/* Without parameters; the reply's name differs inside RFC 3161 3.4 itself. */
static bool is_reply(const char *content_type)
{
	static const char *const names[] = { TSP_MEDIA_REPLY,
					     "application/timestamp-response" };
	size_t n = strcspn(content_type, "; \t");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (n == strlen(names[i]) &&
		    strncasecmp(content_type, names[i], n) == 0)
			return true;
	}
	return false;
}

static int check_reply(const struct fetch_result *reply, struct ltps_error *err)
{
	if (reply->status != HTTP_OK)
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, "RFC 3161 3.4",
				 "HTTP status %d", reply->status);
	if (!is_reply(reply->content_type))
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, "RFC 3161 3.4",
				 "content type \"%s\"", reply->content_type);
	if (reply->body.n > RESPONSE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_REMOTE, NULL,
				 "answer of %zu bytes", reply->body.n);
	return 0;
}

/* The clock is read close around the exchange. */
static int post(struct exchange *x, struct fetch_result *ret, struct ltps_error *err)
{
	struct buf query = buf_make(TSP_QUERY_MAX);
	int rc = tsp_request_encode(&x->request, &query, err);
	if (rc == 0) {
		struct fetch_request http = {
			.url = x->tsa->url,
			.body = view_buf(&query),
			.post = true,
			.content_type = TSP_MEDIA_QUERY,
			.accept = TSP_MEDIA_REPLY,
		};
		x->sent_ms = clock_now_ms(x->client->clock);
		rc = fetch_do(x->fetch, &http, ret, err);
		x->received_ms = clock_now_ms(x->client->clock);
	}
	buf_free(&query);
	return rc;
}

static int check_granted(const struct tsp_response *response, struct ltps_error *err)
{
	if (response->token.n > 0)
		return 0;
	return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, "RFC 3161 2.4.2",
			 "refused with status %d, failure %d: %s",
			 (int)response->status, response->failure, response->text);
}

static int check_token(const struct exchange *x, const struct tst *tst,
		       struct ltps_error *err)
{
	struct tst_intact intact = { 0 };
	int64_t skew =
	    x->client->skew_ms != 0 ? x->client->skew_ms : TSP_SKEW_MS_DEFAULT;
	if (tsp_check(&x->request, tst, x->sent_ms, x->received_ms, skew, err) != 0)
		return -1;
	/* No candidates: the certificate must be inside (certReq). */
	if (tst_check(tst, NULL, 0, &intact, err) != 0)
		return -1;
	int rc = 0;
	if (intact.defect != TST_OK)
		rc = fail_remote(err, intact.clause, tst_defect_text(intact.defect));
	else if (x->client->gate != NULL)
		rc = x->client->gate(x->client->gate_arg, tst, intact.signer,
				     x->received_ms, err);
	tst_intact_clear(&intact);
	return rc;
}

/* One TSA, all the way to a checked token. */
static int ask(struct exchange *x, const struct digest *d, struct tst **ret,
	       struct ltps_error *err)
{
	struct fetch_result reply = { 0 };
	struct tsp_response response;
	struct tst *tst = NULL;
	int rc = -1;
	if (tsp_request_make(d, x->tsa->policy, &x->request, err) != 0 ||
	    post(x, &reply, err) != 0 || check_reply(&reply, err) != 0 ||
	    tsp_response_parse(view_buf(&reply.body), &response, err) != 0 ||
	    check_granted(&response, err) != 0 ||
	    tst_parse(response.token, &tst, err) != 0 || check_token(x, tst, err) != 0)
		goto out;
	*ret = tst;
	tst = NULL;
	rc = 0;
out:
	tst_free(tst);
	fetch_result_free(&reply);
	return rc;
}

/* Our own trouble would be the same with the next TSA. */
static bool is_ours(const struct ltps_error *err)
{
	return err->code == LTPS_NOMEM || err->code == LTPS_CANCELLED ||
	       err->code == LTPS_INTERNAL || err->code == LTPS_CRYPTO;
}

/* What each TSA did wrong: whole for the log, brief for the error. */
struct failures {
	char lines[sizeof(((struct tsp_answer *)0)->skipped)];
	char brief[sizeof(((struct ltps_error *)0)->text) - 32];
};

/*
 * "name: reason" within this TSA's share of the room, so that all are named;
 * a cut text ends between characters.
 */
static void add_line(char *out, size_t share, const char *between,
		     const struct tsa *tsa, const char *reason)
{
	char *line = out + strlen(out);
	int n = snprintf(line, share, "%s%s: %s", line != out ? between : "", tsa->name,
			 reason);
	if (n < 0 || (size_t)n < share)
		return;
	size_t end = share - 1;
	while (end > 0 && !utf8_valid(view_of(line, end)))
		line[--end] = '\0';
}

static void add_failure(struct failures *f, const struct tsp_client *c, size_t i,
			const struct ltps_error *why)
{
	char reason[384];
	ltps_error_line(why, reason, sizeof(reason));
	add_line(f->lines, sizeof(f->lines) / c->n_tsas, "\n", &c->tsas[i], reason);
	add_line(f->brief, sizeof(f->brief) / c->n_tsas, "; ", &c->tsas[i], why->text);
}

static int check_arguments(const struct tsp_client *c, const struct digest *d,
			   struct ltps_error *err)
{
	if (c->n_tsas == 0 || c->n_tsas > TSP_TSAS_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "%zu TSAs configured, 1 to %d are possible", c->n_tsas,
				 TSP_TSAS_MAX);
	if (d->n == 0 || d->n != digest_len(d->alg))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "no digest to stamp");
	return 0;
}

void tsp_client_begin_with(struct tsp_client *c, size_t first, struct tsa list[])
{
	for (size_t i = 0; i < c->n_tsas; i++)
		list[i] = c->tsas[(first + i) % c->n_tsas];
	c->tsas = list;
}

static void tell(const struct tsp_client *c, size_t i, const struct ltps_error *why)
{
	if (c->told != NULL)
		c->told(c->told_arg, &c->tsas[i], why);
}

int tsp_client_stamp(const struct tsp_client *c, struct fetch *fetch,
		     const struct digest *d, struct tsp_answer *ret,
		     struct ltps_error *err)
{
	struct failures f = { 0 };
	if (check_arguments(c, d, err) != 0)
		return -1;
	for (size_t i = 0; i < c->n_tsas; i++) {
		struct exchange x = { .client = c, .tsa = &c->tsas[i], .fetch = fetch };
		struct ltps_error why = LTPS_ERROR_INIT;
		struct tst *tst = NULL;
		if (ask(&x, d, &tst, &why) == 0) {
			*ret = (struct tsp_answer){ .tsa = i, .tst = tst };
			memcpy(ret->skipped, f.lines, sizeof(ret->skipped));
			tell(c, i, NULL);
			return 0;
		}
		if (is_ours(&why)) {
			*err = why;
			return -1;
		}
		tell(c, i, &why);
		add_failure(&f, c, i, &why);
	}
	return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, NULL,
			 "no time-stamp from any TSA: %s", f.brief);
}

void tsp_answer_clear(struct tsp_answer *a)
{
	if (a == NULL)
		return;
	tst_free(a->tst);
	*a = (struct tsp_answer){ 0 };
}
