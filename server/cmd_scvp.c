/* SPDX-License-Identifier: Apache-2.0 */
/* ltps scvp - ask an SCVP server about certificates, and judge its answer. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fetch.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "ltp/provider.h"
#include "server/progress.h"
#include "server/scvp_options.h"

#define REPORT_MAX ((size_t)256 << 20)
#define OPTIONS_MAX (SCVP_OPTIONS_MAX + 8 + PROGRESS_OPTIONS_COUNT)
#define CERT_FILES_MAX SCVP_CERTS_MAX
#define TOTAL_MS 120000 /* a batch of 256 certificates with fetching */
#define FETCH_MS 10000  /* an issuer or a status of the server's certificate */

static const char help[] =
    "usage: ltps scvp URL CERT... [options]\n"
    "       ltps scvp URL --policy-request [options]\n"
    "       ltps scvp --read F [--request F] [CERT...] [options]\n"
    "\n"
    "Asks an SCVP server (RFC 5055, RFC 5276) about certificates and holds its\n"
    "answer against what was asked. \"valid\" means that the answer is one to be\n"
    "trusted and that every check asked for holds.\n"
    "\n" SCVP_OPTIONS_HELP "  --policy-request asks for the policies of the server\n"
    "  --save-request F, --save-response F   keep the messages\n"
    "  --read F         judge a stored response instead of asking; --request F is\n"
    "                   the request that it answers; --now T the time of judgement\n"
    "  --no-fetch       do not get issuers and status of the server's certificate\n"
    "                   from the addresses in it\n"
    "  --format text|json\n" PROGRESS_HELP
    "\n"
    "Exit status: 0 valid, 1 invalid, 2 undetermined or not to be trusted, 64\n"
    "usage, 65 malformed input, 69 server not reached, 70 internal error.\n";

struct command {
	struct progress progress;
	struct scvp_options o;
	const char *read, *request, *now, *save_request, *save_response, *format;
	int policy_request, no_fetch;
	const char *rest[CERT_FILES_MAX + 1];
	unsigned n_rest;
	const char *url; /* NULL with --read */
	struct scvp_asked *asked;
	struct scvp_expect expect;
	struct buf response;
};

/* ---- the exchange ---- */

static int save(const char *path, struct view body, struct ltps_error *err)
{
	if (path == NULL)
		return 0;
	return file_write(path, body, 0644, err) == 0 ? 0 : ltps_where(err, "%s", path);
}

/* The address is the user's own: any that HTTP reaches. */
static int ask(struct command *c, struct view body, struct ltps_error *err)
{
	const struct fetch_policy policy = { .allow_http = true,
					     .allow_loopback = true,
					     .allow_private = true,
					     .total_ms = TOTAL_MS,
					     .max_bytes = SCVP_RESPONSE_MAX,
					     .progress = progress_fetch,
					     .progress_arg = &c->progress };
	const struct clock clock = clock_system();
	struct fetch *fetch = NULL;
	int rc = -1;
	if (save(c->save_request, body, err) != 0 ||
	    fetch_new(&policy, &fetch, err) != 0)
		return -1;
	c->expect.sent_ms = clock_now_ms(&clock);
	if (scvp_post(fetch, c->url, c->policy_request != 0, body, &c->response, err) ==
		0 &&
	    save(c->save_response, view_buf(&c->response), err) == 0)
		rc = 0;
	fetch_free(fetch);
	return rc;
}

static int read_request(struct command *c, struct ltps_error *err)
{
	struct buf b = buf_make(SCVP_REQUEST_MAX);
	int rc = file_read(c->request, &b, err);
	if (rc == 0)
		rc = scvp_asked_read(view_buf(&b), &c->asked, err);
	buf_free(&b);
	return rc == 0 ? 0 : ltps_where(err, "%s", c->request);
}

/* What was asked: stored, or made now. A stored response of an unknown request can be
 * judged too, though not as an answer to anything. */
static int make_asked(struct command *c, struct ltps_error *err)
{
	if (c->request != NULL)
		return read_request(c, err);
	if (c->read != NULL)
		return 0;
	return scvp_ask_make(&c->o.ask, &c->asked, err);
}

static int set_now(struct command *c, struct ltps_error *err)
{
	const struct clock clock = clock_system();
	struct ltps_error bad = LTPS_ERROR_INIT;
	c->expect.now_ms = clock_now_ms(&clock);
	if (c->now != NULL &&
	    time_parse_rfc3339(view_text(c->now), &c->expect.now_ms, &bad) != 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "--now: %.80s is not an RFC 3339 time", c->now);
	return 0;
}

static int get_response(struct command *c, struct view body, struct ltps_error *err)
{
	if (c->read == NULL)
		return ask(c, body, err);
	return file_read(c->read, &c->response, err) == 0
		   ? 0
		   : ltps_where(err, "%s", c->read);
}

/* ---- the server's own path ---- */

struct judging {
	struct command *c;
	/* Judges once; gives the path of the server's certificate. */
	int (*judge)(struct judging *g, const struct path_result **ret,
		     struct ltps_error *err);
	struct scvp_judgement *certs;
	struct scvp_policy_judgement *policies;
	struct view nonce;
};

static int judge_again(struct judging *g, struct fetch *fetch, struct ltps_error *err)
{
	const struct path_result *server = NULL;
	unsigned fetches = 0;
	for (int round = 0; round < PROVIDER_ROUNDS_MAX; round++) {
		bool more;
		if (g->judge(g, &server, err) != 0)
			return -1;
		if (fetch == NULL)
			return 0;
		if (provider_fetch_server(fetch, server, g->c->o.trust, &fetches, &more,
					  err) != 0)
			return -1;
		if (!more)
			return 0;
	}
	return g->judge(g, &server, err);
}

static int judge_with_server(struct judging *g, struct ltps_error *err)
{
	const struct fetch_policy policy = { .allow_http = true,
					     .allow_ldap = true,
					     .allow_loopback = true,
					     .allow_private = true,
					     .total_ms = FETCH_MS,
					     .progress = progress_fetch,
					     .progress_arg = &g->c->progress };
	struct fetch *fetch = NULL;
	if (g->c->read == NULL && g->c->no_fetch == 0 &&
	    fetch_new(&policy, &fetch, err) != 0)
		return -1;
	int rc = judge_again(g, fetch, err);
	fetch_free(fetch);
	return rc;
}

static int judge_certs_once(struct judging *g, const struct path_result **ret,
			    struct ltps_error *err)
{
	scvp_judgement_free(g->certs);
	g->certs = NULL;
	if (scvp_judge(view_buf(&g->c->response), &g->c->expect, &g->certs, err) != 0)
		return -1;
	*ret = g->certs->server;
	return 0;
}

static int judge_policies_once(struct judging *g, const struct path_result **ret,
			       struct ltps_error *err)
{
	scvp_policy_judgement_free(g->policies);
	g->policies = NULL;
	if (scvp_policy_judge(view_buf(&g->c->response), g->nonce, &g->c->expect,
			      &g->policies, err) != 0)
		return -1;
	*ret = g->policies->server;
	return 0;
}

/* ---- reports ---- */

static int print(struct buf *out, int rc, struct ltps_error *err)
{
	progress_hide();
	if (rc == 0 &&
	    (fwrite(out->p, 1, out->n, stdout) != out->n || fflush(stdout) != 0))
		rc = ltps_fail_errno(err, "cannot write to standard output");
	buf_free(out);
	return rc;
}

static bool wants_json(const struct command *c)
{
	return c->format != NULL && strcmp(c->format, "json") == 0;
}

static int end_json(struct jsonw *j, struct buf *out, struct ltps_error *err)
{
	return jsonw_end(j, err) == 0 ? buf_put_byte(out, '\n', err) : -1;
}

static int exit_of(enum path_status s)
{
	return s == PATH_VALID     ? EXIT_VALID
	       : s == PATH_INVALID ? EXIT_INVALID
				   : EXIT_UNDETERMINED;
}

static int judge_certs(struct command *c, struct ltps_error *err)
{
	struct buf out = buf_make(REPORT_MAX);
	struct judging g = { .c = c, .judge = judge_certs_once };
	int rc = -1;
	if (make_asked(c, err) != 0 ||
	    get_response(c, c->asked != NULL ? view_buf(&c->asked->body) : VIEW_NULL,
			 err) != 0 ||
	    set_now(c, err) != 0)
		return -1;
	c->expect.asked = c->asked;
	if (judge_with_server(&g, err) != 0)
		goto out;
	if (wants_json(c)) {
		struct jsonw w = jsonw_to(&out);
		scvp_judgement_json(g.certs, &w);
		rc = end_json(&w, &out, err);
	} else {
		rc = scvp_judgement_text(g.certs, &out, err);
	}
	rc = print(&out, rc, err) == 0 ? exit_of(scvp_worst(g.certs)) : -1;
out:
	scvp_judgement_free(g.certs);
	buf_free(&out);
	return rc;
}

static int judge_policies(struct command *c, struct ltps_error *err)
{
	struct buf out = buf_make(REPORT_MAX), body = buf_make(SCVP_REQUEST_MAX);
	/* requestNonce is not optional: RFC 5055 5.2. */
	const struct view octets = view_of(c->o.nonce, sizeof(c->o.nonce));
	struct judging g = { .c = c,
			     .judge = judge_policies_once,
			     .nonce = c->read == NULL ? octets : VIEW_NULL };
	int rc = -1;
	if (scvp_policy_ask(octets, &body, err) != 0 ||
	    get_response(c, view_buf(&body), err) != 0 || set_now(c, err) != 0 ||
	    judge_with_server(&g, err) != 0)
		goto out;
	if (wants_json(c)) {
		struct jsonw w = jsonw_to(&out);
		scvp_policy_judgement_json(g.policies, &w);
		rc = end_json(&w, &out, err);
	} else {
		rc = scvp_policy_judgement_text(g.policies, &out, err);
	}
	rc = print(&out, rc, err);
	if (rc == 0)
		rc = g.policies->trusted ? EXIT_VALID : EXIT_UNDETERMINED;
out:
	scvp_policy_judgement_free(g.policies);
	buf_free(&body);
	buf_free(&out);
	return rc;
}

static int run(struct command *c, struct ltps_error *err)
{
	const unsigned first = c->url != NULL ? 1 : 0;
	if (scvp_options_load(&c->o, c->rest + first, c->n_rest - first, err) != 0)
		return -1;
	c->expect.trust = c->o.trust;
	c->expect.servers = c->o.servers;
	c->expect.server_status = c->o.server_status != 0;
	return c->policy_request != 0 ? judge_policies(c, err) : judge_certs(c, err);
}

/* ---- the command line ---- */

static int check_line(struct command *c)
{
	if (c->format != NULL && strcmp(c->format, "text") != 0 &&
	    strcmp(c->format, "json") != 0)
		return command_usage("scvp", "--format is text or json");
	if (c->read == NULL) {
		if (c->n_rest == 0)
			return command_usage("scvp", "which server?");
		c->url = c->rest[0];
		if (c->n_rest == 1 && c->policy_request == 0 && c->request == NULL)
			return command_usage("scvp", "which certificates?");
	}
	return 0;
}

/* 0, or the exit status with which to end now. */
static int parse(int argc, char **argv, struct command *c, bool *ret_done)
{
	struct command_option options[OPTIONS_MAX];
	unsigned n = scvp_options_table(&c->o, options);
	const struct command_option own[] = {
		{ .name = "--policy-request", .flag = &c->policy_request },
		{ .name = "--no-fetch", .flag = &c->no_fetch },
		{ .name = "--read", .text = &c->read },
		{ .name = "--request", .text = &c->request },
		{ .name = "--now", .text = &c->now },
		{ .name = "--save-request", .text = &c->save_request },
		{ .name = "--save-response", .text = &c->save_response },
		{ .name = "--format", .text = &c->format },
		PROGRESS_OPTIONS(c->progress),
	};
	memcpy(options + n, own, sizeof(own));
	n += sizeof(own) / sizeof(own[0]);
	const struct command_line line = { .command = "scvp",
					   .help = help,
					   .options = options,
					   .n_options = n,
					   .rest = c->rest,
					   .max_rest = CERT_FILES_MAX + 1 };
	*ret_done = true;
	int rc = command_parse(argc, argv, &line, &c->n_rest);
	if (rc != 0)
		return rc > 0 ? EXIT_VALID : EXIT_USAGE;
	rc = check_line(c);
	*ret_done = rc != 0;
	return rc;
}

int cmd_scvp(int argc, char **argv)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct command *c = mem_zalloc(1, sizeof(*c));
	bool done = false;
	int status;
	if (c == NULL) {
		ltps_fail_nomem(&err);
		return command_error("scvp", &err);
	}
	c->progress = (struct progress)PROGRESS_OF("scvp");
	c->response = buf_make(SCVP_RESPONSE_MAX);
	status = parse(argc, argv, c, &done);
	if (!done) {
		status = run(c, &err);
		if (status < 0)
			status = command_error("scvp", &err);
	}
	scvp_asked_free(c->asked);
	buf_free(&c->response);
	scvp_options_clear(&c->o);
	mem_free(c);
	return status;
}
