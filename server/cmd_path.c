/* SPDX-License-Identifier: Apache-2.0 */
/* ltps path - judge the certification path of one certificate. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fetch.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "ltp/provider.h"
#include "server/commands.h"
#include "server/path_options.h"
#include "server/policy_file.h"
#include "server/trust_options.h"
#include "validation/path.h"

#define REPORT_MAX ((size_t)64 << 20)
#define REDIRECTS_MAX 3
#define OPTIONS_MAX (TRUST_OPTIONS_COUNT + 18)

static const char help[] =
    "usage: ltps path CERT [options]\n"
    "\n"
    "Judges whether a certificate (DER or PEM) has a valid certification path.\n"
    "Of several in one file the first is judged, the others help.\n"
    "\n" TRUST_OPTIONS_HELP "  --known T        with --policy: what was issued up to T "
    "counts (default: now)\n"
    "  --no-revocation  do not ask for status\n"
    "  --fetch          get what is missing over HTTP and LDAP\n"
    "  --fetch-local    the same, also from loopback and private addresses\n"
    "  --provider URL   ask this SCVP server first; what it leaves open is judged\n"
    "                   here. --provider-anchor F: trusted for its certificate\n"
    "                   (default: --anchor). --provider-cert F: this certificate of\n"
    "                   it need not be for SCVP servers\n"
    "  --model M        shell or chain\n"
    "  --initial-policy OID, --explicit-policy, --inhibit-mapping, --inhibit-any\n"
    "                   RFC 5280 6.1.1 (c) to (g)\n"
    "  --key-usage N    the key must be for N: digitalSignature, nonRepudiation ...;\n"
    "                   N,N all of them; the option again: or these\n"
    "  --eku OID        the key must be for this purpose (an OID, or emailProtection,\n"
    "                   timeStamping, OCSPSigning, serverAuth ...)\n"
    "  --depth N        at most N certificates between CERT and the anchor\n"
    "  --paths N        up to N further valid paths\n"
    "  --explain        paths that failed too\n"
    "  --format text|json\n" PROGRESS_HELP
    "\n"
    "Exit status: 0 valid, 1 invalid, 2 undetermined, 64 usage, 65 malformed\n"
    "input, 70 internal error.\n";

struct command {
	struct trust_options trust;
	struct path_options path;
	int fetch, fetch_local;
	const char *format, *provider;
	const char *provider_anchors[TRUST_FILES_MAX];
	unsigned n_provider_anchors;
	const char *provider_certs[TRUST_FILES_MAX];
	unsigned n_provider_certs;
	const char *rest[1];
	const char *what;     /* an error is about this */
	struct material *own; /* the file with the certificate */
	struct validation_policy *policy;
	struct path_input in;
};

/* ---- the input ---- */

static int read_files(struct command *c, struct ltps_error *err)
{
	if (trust_options_load(&c->trust, err) != 0)
		return -1;
	c->what = c->rest[0];
	if (material_new(&c->own, err) != 0 ||
	    material_read(c->own, MATERIAL_CERT, c->rest[0], err) != 0)
		return -1;
	if (material_count(c->own, MATERIAL_CERT) == 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 5280 4.1",
				 "no certificate in the file");
	c->what = "path";
	c->in.target = material_cert(c->own, MATERIAL_CERT, 0);
	c->in.pools[0] = c->own;
	c->in.pools[1] = c->trust.material;
	c->in.n_pools = 2;
	c->in.time_ms = c->trust.time_ms;
	return 0;
}

static int read_policy(struct command *c, struct ltps_error *err)
{
	return c->trust.policy != NULL ? policy_load(c->trust.policy, &c->policy, err)
				       : 0;
}

/* ---- the report ---- */

static int print_result(const struct command *c, const struct path_result *r,
			struct ltps_error *err)
{
	struct buf out = buf_make(REPORT_MAX);
	int rc;
	if (c->format != NULL && strcmp(c->format, "json") == 0) {
		struct jsonw j = jsonw_to(&out);
		path_result_json(r, &j);
		rc = jsonw_end(&j, err);
		if (rc == 0)
			rc = buf_put_byte(&out, '\n', err);
	} else {
		rc = path_result_text(r, &out, err);
	}
	progress_hide();
	if (rc == 0 &&
	    (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0))
		rc = ltps_fail_errno(err, "cannot write to standard output");
	buf_free(&out);
	return rc;
}

static int exit_of(enum path_status s)
{
	switch (s) {
	case PATH_VALID:
		return EXIT_VALID;
	case PATH_INVALID:
		return EXIT_INVALID;
	case PATH_UNDETERMINED:
		break;
	}
	return EXIT_UNDETERMINED;
}

static int print_status(const struct command *c, const struct path_result *r,
			struct ltps_error *err)
{
	return print_result(c, r, err) == 0 ? exit_of(r->status) : -1;
}

/* The server's address is the user's own, and so is what its certificate names. */
struct server {
	struct fetch *fetch;
	struct material *trust, *named;
};

static int read_server(struct command *c, struct server *s,
		       struct ltps_error *err)
{
	const struct fetch_policy policy = { .allow_http = true,
					     .allow_loopback = true,
					     .allow_private = true,
					     .progress = progress_fetch,
					     .progress_arg = &c->trust.progress };
	if (fetch_new(&policy, &s->fetch, err) != 0 ||
	    material_new(&s->trust, err) != 0 || material_new(&s->named, err) != 0)
		return -1;
	for (unsigned i = 0; i < c->n_provider_certs; i++)
		if (material_read(s->named, MATERIAL_CERT, c->provider_certs[i], err) !=
		    0)
			return ltps_where(err, "%s", c->provider_certs[i]);
	for (unsigned i = 0; i < c->n_provider_anchors; i++)
		if (material_read(s->trust, MATERIAL_ANCHOR, c->provider_anchors[i],
				  err) != 0)
			return ltps_where(err, "%s", c->provider_anchors[i]);
	return c->n_provider_anchors > 0
		   ? 0
		   : material_add_all(s->trust, c->trust.material, err);
}

static int judge_providing(struct command *c, const struct path_sources *sources,
			   struct judged_path *ret, struct ltps_error *err)
{
	struct server s = { .fetch = NULL };
	int rc = read_server(c, &s, err);
	if (rc == 0) {
		const struct provider p = { .url = c->provider,
					    .trust = s.trust,
					    .servers = s.named,
					    .fetch = s.fetch };
		rc = provider_judge(&p, sources, &c->in, ret, err);
	}
	material_free(s.named);
	material_free(s.trust);
	fetch_free(s.fetch);
	return rc;
}

/* Addresses come out of certificates of whoever: inner ones only when allowed. */
static int judge_fetching(struct command *c, struct ltps_error *err)
{
	const struct fetch_policy policy = { .allow_http = true,
					     .allow_ldap = true,
					     .allow_loopback = c->fetch_local != 0,
					     .allow_private = c->fetch_local != 0,
					     .redirects = REDIRECTS_MAX,
					     .progress = progress_fetch,
					     .progress_arg = &c->trust.progress };
	const struct clock clock = clock_system();
	struct path_sources sources = { .clock = &clock };
	struct judged_path judged = { 0 };
	int status = -1;
	if ((c->fetch != 0 || c->fetch_local != 0) &&
	    fetch_new(&policy, &sources.fetch, err) != 0)
		return -1;
	int rc = c->provider != NULL
		     ? judge_providing(c, &sources, &judged, err)
		     : path_judge_fetching(&sources, &c->in, &judged, err);
	if (rc == 0)
		status = print_status(c, judged.result, err);
	judged_path_clear(&judged);
	fetch_free(sources.fetch);
	return status;
}

static int judge(struct command *c, struct ltps_error *err)
{
	struct path_result *r = NULL;
	if (path_options_wishes(&c->path, &c->in, err) != 0 ||
	    read_files(c, err) != 0 || read_policy(c, err) != 0 ||
	    path_options_policy(&c->path, c->policy, c->trust.now_ms, &c->in, err) != 0)
		return -1;
	if (c->fetch != 0 || c->fetch_local != 0 || c->provider != NULL)
		return judge_fetching(c, err);
	if (path_judge(&c->in, &r, err) != 0)
		return -1;
	int status = print_status(c, r, err);
	path_result_free(r);
	return status;
}

/* ---- the command line ---- */

static unsigned make_options(struct command *c, struct command_option *o)
{
	const struct command_option own[] = {
		{ .name = "--no-revocation", .flag = &c->path.no_revocation },
		{ .name = "--fetch", .flag = &c->fetch },
		{ .name = "--fetch-local", .flag = &c->fetch_local },
		{ .name = "--explicit-policy", .flag = &c->path.explicit_policy },
		{ .name = "--inhibit-mapping", .flag = &c->path.inhibit_mapping },
		{ .name = "--inhibit-any", .flag = &c->path.inhibit_any },
		{ .name = "--explain", .flag = &c->path.explain },
		{ .name = "--model", .text = &c->path.model },
		{ .name = "--known", .text = &c->path.known },
		{ .name = "--depth", .text = &c->path.depth },
		{ .name = "--paths", .text = &c->path.paths },
		{ .name = "--format", .text = &c->format },
		{ .name = "--provider", .text = &c->provider },
		{ .name = "--provider-anchor",
		  .list = c->provider_anchors,
		  .max = TRUST_FILES_MAX,
		  .count = &c->n_provider_anchors },
		{ .name = "--provider-cert",
		  .list = c->provider_certs,
		  .max = TRUST_FILES_MAX,
		  .count = &c->n_provider_certs },
		{ .name = "--initial-policy",
		  .list = c->path.initial.texts,
		  .max = PATH_OPTION_OIDS_MAX,
		  .count = &c->path.initial.n },
		{ .name = "--eku",
		  .alias = "--purpose",
		  .list = c->path.purposes.texts,
		  .max = PATH_OPTION_OIDS_MAX,
		  .count = &c->path.purposes.n },
		{ .name = "--key-usage",
		  .list = c->path.usage_texts,
		  .max = PATH_OPTION_OIDS_MAX,
		  .count = &c->path.n_usages },
	};
	const unsigned n = sizeof(own) / sizeof(own[0]);
	_Static_assert(sizeof(own) / sizeof(own[0]) + TRUST_OPTIONS_COUNT <=
			   OPTIONS_MAX,
		       "room for all");
	trust_options_table(&c->trust, "path", o);
	memcpy(o + TRUST_OPTIONS_COUNT, own, sizeof(own));
	return TRUST_OPTIONS_COUNT + n;
}

/* 0, or the exit status with which to end now. */
static int parse(int argc, char **argv, struct command *c, bool *ret_done)
{
	struct command_option options[OPTIONS_MAX];
	struct command_line line = { .command = "path",
				     .help = help,
				     .options = options,
				     .rest = c->rest,
				     .max_rest = 1 };
	int status;
	line.n_options = make_options(c, options);
	*ret_done = true;
	if (!command_read(argc, argv, &line, "a certificate is wanted", &status))
		return status;
	if (c->format != NULL && strcmp(c->format, "text") != 0 &&
	    strcmp(c->format, "json") != 0)
		return command_usage("path", "--format is text or json");
	*ret_done = false;
	return 0;
}

int cmd_path(int argc, char **argv)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct command *c = mem_zalloc(1, sizeof(*c));
	bool done = false;
	int status;

	if (c == NULL) {
		ltps_fail_nomem(&err);
		return command_error("path", &err);
	}
	c->what = "path";
	c->path.prefix = "--";
	status = parse(argc, argv, c, &done);
	if (!done) {
		status = judge(c, &err);
		if (status < 0)
			status = command_error(c->what, &err);
	}
	path_options_clear(&c->path);
	validation_policy_free(c->policy);
	material_free(c->own);
	trust_options_clear(&c->trust);
	mem_free(c);
	return status;
}
