/* SPDX-License-Identifier: Apache-2.0 */
/* ltps path - judge the certification path of one certificate. */
#include <stdio.h>
#include <string.h>

#include "base/asn1.h"
#include "base/clock.h"
#include "base/fetch.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "ltp/provider.h"
#include "server/commands.h"
#include "server/policy_file.h"
#include "server/trust_options.h"
#include "validation/path.h"

#define REPORT_MAX ((size_t)64 << 20)
#define OIDS_MAX 64     /* of one option */
#define OID_DER_MAX 128 /* OID_TEXT_MAX in octets is less */
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
    "                   (default: --anchor)\n"
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
    "  --format text|json\n"
    "\n"
    "Exit status: 0 valid, 1 invalid, 2 undetermined, 64 usage, 65 malformed\n"
    "input, 70 internal error.\n";

struct oids {
	const char *texts[OIDS_MAX];
	unsigned n;
	struct buf der;
	struct view views[OIDS_MAX]; /* contents octets */
};

struct command {
	struct trust_options trust;
	int no_revocation, fetch, fetch_local, explicit_policy, inhibit_mapping,
	    inhibit_any, explain;
	struct oids initial, purposes;
	const char *usage_texts[OIDS_MAX];
	unsigned n_usages;
	uint16_t usages[OIDS_MAX];
	const char *model, *known, *depth, *paths, *format, *provider;
	const char *provider_anchors[TRUST_FILES_MAX];
	unsigned n_provider_anchors;
	const char *rest[1];
	const char *what;     /* an error is about this */
	struct material *own; /* the file with the certificate */
	struct validation_policy *policy;
	struct path_input in;
};

/* ---- values of options ---- */

/* RFC 5280 4.2.1.12 */
static const struct {
	const char *name, *oid;
} purpose_names[] = {
	{ "anyExtendedKeyUsage", "2.5.29.37.0" },
	{ "serverAuth", "1.3.6.1.5.5.7.3.1" },
	{ "clientAuth", "1.3.6.1.5.5.7.3.2" },
	{ "codeSigning", "1.3.6.1.5.5.7.3.3" },
	{ "emailProtection", "1.3.6.1.5.5.7.3.4" },
	{ "timeStamping", "1.3.6.1.5.5.7.3.8" },
	{ "OCSPSigning", "1.3.6.1.5.5.7.3.9" },
	{ "documentSigning", "1.3.6.1.5.5.7.3.36" },
};

static int fail_option(struct ltps_error *err, const char *option, const char *text,
		       const char *why)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL, "%s: %.80s %s",
			 option, text, why);
}

/* NAME,NAME into bits. */
static int read_usage(const char *text, uint16_t *ret, struct ltps_error *err)
{
	struct view rest = view_text(text);
	*ret = 0;
	for (;;) {
		const uint8_t *comma = rest.n > 0 ? memchr(rest.p, ',', rest.n) : NULL;
		size_t n = comma != NULL ? (size_t)(comma - rest.p) : rest.n;
		uint16_t bit = cert_key_usage_bit(view_head(rest, n));
		if (bit == 0)
			return fail_option(err, "--key-usage", text, "is no key usage");
		*ret |= bit;
		if (comma == NULL)
			return 0;
		rest = view_skip(rest, n + 1);
	}
}

static const char *purpose_oid(const char *text)
{
	for (size_t i = 0; i < sizeof(purpose_names) / sizeof(purpose_names[0]); i++)
		if (strcmp(text, purpose_names[i].name) == 0)
			return purpose_names[i].oid;
	return text;
}

static int read_oids(struct oids *o, const char *option, bool purposes,
		     struct ltps_error *err)
{
	size_t starts[OIDS_MAX + 1] = { 0 };
	o->der = buf_make(OIDS_MAX * OID_DER_MAX);
	for (unsigned i = 0; i < o->n; i++) {
		struct ltps_error inner = LTPS_ERROR_INIT;
		const char *text = purposes ? purpose_oid(o->texts[i]) : o->texts[i];
		if (der_put_oid(&o->der, text, &inner) != 0) {
			if (inner.code == LTPS_NOMEM)
				return ltps_fail_nomem(err);
			return fail_option(err, option, o->texts[i],
					   "is no object identifier");
		}
		starts[i + 1] = o->der.n;
	}
	for (unsigned i = 0; i < o->n; i++) {
		struct view cursor =
		    view_of(o->der.p + starts[i], starts[i + 1] - starts[i]);
		struct tlv t;
		if (tlv_next(&cursor, &t, err) != 0)
			return -1;
		o->views[i] = t.body;
	}
	return 0;
}

static int read_number(const char *option, const char *text, uint32_t max,
		       uint32_t *ret, struct ltps_error *err)
{
	uint32_t v = 0;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || v > max)
			return fail_option(err, option, text, "is no such number");
		v = v * 10 + (uint32_t)(*p - '0');
	}
	if (text[0] == '\0' || v > max)
		return fail_option(err, option, text, "is no such number");
	*ret = v;
	return 0;
}

static int read_known(struct command *c, struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	struct clock clock = clock_system();
	if (c->known == NULL)
		c->in.known_ms = clock_now_ms(&clock);
	else if (time_parse_rfc3339(view_text(c->known), &c->in.known_ms, &inner) != 0)
		return fail_option(err, "--known", c->known, "is not an RFC 3339 time");
	/* What is still to come cannot be known: --time T means that now is T. */
	if (c->in.known_ms < c->in.time_ms)
		c->in.known_ms = c->in.time_ms;
	return 0;
}

/* ---- the input ---- */

/* Without a policy the time is all: what was issued later does not count. */
static int set_policy(struct command *c, struct ltps_error *err)
{
	if (c->trust.policy != NULL) {
		if (policy_load(c->trust.policy, &c->policy, err) != 0)
			return -1;
		validation_policy_apply(c->policy, &c->in);
		if (read_known(c, err) != 0)
			return -1;
	}
	if (c->model != NULL)
		c->in.model = strcmp(c->model, "chain") == 0 ? PATH_CHAIN : PATH_SHELL;
	return 0;
}

static int set_budget(struct command *c, struct ltps_error *err)
{
	uint32_t n = 0;
	if (c->depth != NULL) {
		if (read_number("--depth", c->depth, 1000, &n, err) != 0)
			return -1;
		c->in.budget.depth = n != 0 ? n : PATH_DEPTH_NONE;
	}
	n = 0;
	if (c->paths != NULL &&
	    read_number("--paths", c->paths, PATH_ALTERNATIVES_MAX, &n, err) != 0)
		return -1;
	c->in.want_paths = n;
	return 0;
}

static int set_wishes(struct command *c, struct ltps_error *err)
{
	if (read_oids(&c->initial, "--initial-policy", false, err) != 0 ||
	    read_oids(&c->purposes, "--eku", true, err) != 0)
		return -1;
	for (unsigned i = 0; i < c->n_usages; i++)
		if (read_usage(c->usage_texts[i], &c->usages[i], err) != 0)
			return -1;
	c->in.initial_policies = c->initial.views;
	c->in.n_initial_policies = c->initial.n;
	c->in.extended_key_usages = c->purposes.views;
	c->in.n_extended_key_usages = c->purposes.n;
	c->in.key_usages = c->usages;
	c->in.n_key_usages = c->n_usages;
	c->in.explicit_policy = c->explicit_policy != 0;
	c->in.inhibit_mapping = c->inhibit_mapping != 0;
	c->in.inhibit_any = c->inhibit_any != 0;
	c->in.no_revocation = c->no_revocation != 0;
	c->in.explain = c->explain != 0;
	return 0;
}

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
	struct material *trust;
};

static int read_server(const struct command *c, struct server *s,
		       struct ltps_error *err)
{
	const struct fetch_policy policy = { .allow_http = true,
					     .allow_loopback = true,
					     .allow_private = true };
	if (fetch_new(&policy, &s->fetch, err) != 0 ||
	    material_new(&s->trust, err) != 0)
		return -1;
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
					    .fetch = s.fetch };
		rc = provider_judge(&p, sources, &c->in, ret, err);
	}
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
					     .redirects = REDIRECTS_MAX };
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
	if (set_wishes(c, err) != 0 || set_budget(c, err) != 0 ||
	    read_files(c, err) != 0 || set_policy(c, err) != 0)
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
		{ .name = "--no-revocation", .flag = &c->no_revocation },
		{ .name = "--fetch", .flag = &c->fetch },
		{ .name = "--fetch-local", .flag = &c->fetch_local },
		{ .name = "--explicit-policy", .flag = &c->explicit_policy },
		{ .name = "--inhibit-mapping", .flag = &c->inhibit_mapping },
		{ .name = "--inhibit-any", .flag = &c->inhibit_any },
		{ .name = "--explain", .flag = &c->explain },
		{ .name = "--model", .text = &c->model },
		{ .name = "--known", .text = &c->known },
		{ .name = "--depth", .text = &c->depth },
		{ .name = "--paths", .text = &c->paths },
		{ .name = "--format", .text = &c->format },
		{ .name = "--provider", .text = &c->provider },
		{ .name = "--provider-anchor",
		  .list = c->provider_anchors,
		  .max = TRUST_FILES_MAX,
		  .count = &c->n_provider_anchors },
		{ .name = "--initial-policy",
		  .list = c->initial.texts,
		  .max = OIDS_MAX,
		  .count = &c->initial.n },
		{ .name = "--eku",
		  .alias = "--purpose",
		  .list = c->purposes.texts,
		  .max = OIDS_MAX,
		  .count = &c->purposes.n },
		{ .name = "--key-usage",
		  .list = c->usage_texts,
		  .max = OIDS_MAX,
		  .count = &c->n_usages },
	};
	const unsigned n = sizeof(own) / sizeof(own[0]);
	_Static_assert(sizeof(own) / sizeof(own[0]) + TRUST_OPTIONS_COUNT <=
			   OPTIONS_MAX,
		       "room for all");
	trust_options_table(&c->trust, o);
	memcpy(o + TRUST_OPTIONS_COUNT, own, sizeof(own));
	return TRUST_OPTIONS_COUNT + n;
}

static bool one_of(const char *text, const char *a, const char *b)
{
	return text == NULL || strcmp(text, a) == 0 || strcmp(text, b) == 0;
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
	if (!one_of(c->format, "text", "json"))
		return command_usage("path", "--format is text or json");
	if (!one_of(c->model, "shell", "chain"))
		return command_usage("path", "--model is shell or chain");
	if (c->known != NULL && c->trust.policy == NULL)
		return command_usage("path", "--known goes with --policy");
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
	status = parse(argc, argv, c, &done);
	if (!done) {
		status = judge(c, &err);
		if (status < 0)
			status = command_error(c->what, &err);
	}
	buf_free(&c->initial.der);
	buf_free(&c->purposes.der);
	validation_policy_free(c->policy);
	material_free(c->own);
	trust_options_clear(&c->trust);
	mem_free(c);
	return status;
}
