/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_devpki - "ltps devpki": a throwaway PKI from the command line. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "devpki/devpki_shapes.h"
#include "server/commands.h"
#include "server/devpki_http.h"

#define DAYS_ARGUMENTS_MAX 16
#define EXTENSION_NAME_MAX 64
#define N(a) (sizeof(a) / sizeof((a)[0]))

static const char help[] =
    "ltps devpki - a throwaway PKI with OCSP, CRL, AIA and time-stamps\n"
    "\n"
    "  ltps devpki create DIR [--url URL] [--key TYPE] [--time T] [--tsas N]\n"
    "              [--days KIND=N]... [--tsa-policy OID] [--keep-expired]\n"
    "              [--freshest]\n"
    "  ltps devpki issue DIR [--kind KIND] [--name NAME] [--subject CN] [--key TYPE]\n"
    "              [--days N] [--from T] [--until T] [--issuer NAME] [--time T]\n"
    "              [--cross NAME] [--extension NAME=VALUE]... [--remove OID]...\n"
    "              [--point NAME]... [--freshest] [--hash HASH] [--pss]\n"
    "  ltps devpki revoke DIR SERIAL|NAME [--reason REASON] [--invalid T] [--time T]\n"
    "  ltps devpki release DIR SERIAL|NAME [--time T]\n"
    "  ltps devpki rollover DIR root|ca|ocsp|tsa|scvp|crl [--tsa N] [--key TYPE]\n"
    "              [--days N] [--from T] [--until T] [--time T]\n"
    "  ltps devpki need DIR scvp|crl [--time T]\n"
    "  ltps devpki point DIR NAME [--ca NAME] [--signer NAME] [--reasons R,R...]\n"
    "              [--scope all|users|cas|attributes] [--named] [--freshest]\n"
    "  ltps devpki crl DIR [CA|POINT] [--delta] [-o FILE] [--time T]\n"
    "  ltps devpki ocsp DIR [--by-key] [--cert-hash] [--by-issuer]\n"
    "  ltps devpki list DIR\n"
    "  ltps devpki serve DIR --listen ADDR:PORT [--url URL] [--time T] [--fixed]\n"
    "              [--control]\n"
    "\n"
    "  KIND    root, ca, ocsp, tsa, ee, scvp, crl (signs CRLs alone)\n"
    "  TYPE    p256, p384, p521, rsa1024, rsa2048, rsa3072, rsa4096, rsapss2048,\n"
    "          dsa2048, ed25519, ed448\n"
    "  --cross certify that one's subject and key again, under --issuer\n"
    "  --extension  as x509v3_config(5) writes it: nameConstraints=permitted;DNS:x;\n"
    "          takes the place of what the profile says\n"
    "  point   a CRL besides the full one of a CA: /crl/NAME.crl; its delta CRL is\n"
    "          /crl/NAME-delta.crl. Without --ca it is for certificates that name\n"
    "          it; with a --signer of another name it is indirect\n"
    "  ocsp    how answers look from now on; without options: as usual\n"
    "  REASON  keyCompromise, superseded, ... as RFC 5280 spells them, or absent\n"
    "  T       RFC 3339; --time T means that now is T (with serve, the clock runs\n"
    "          on from there unless --fixed is given)\n"
    "  --url   base of the addresses in certificates, http://127.0.0.1:8513\n"
    "  --control  lets POST /control/... order faults and set the clock; only on\n"
    "          a loopback address\n"
    "\n"
    "Never use it for anything real.\n";

/* Every option of every subcommand; a subcommand looks at its own. */
struct arguments {
	const char *url, *key, *time, *tsas, *tsa, *tsa_policy, *kind, *name, *subject;
	const char *from, *until, *issuer, *reason, *out, *listen;
	const char *cross, *hash, *invalid, *ca, *signer, *reasons, *scope;
	const char *days[DAYS_ARGUMENTS_MAX];
	const char *extension[DEVPKI_EXTENSIONS_MAX], *remove[DEVPKI_EXTENSIONS_MAX];
	const char *point[DEVPKI_POINTS_PER_CERT_MAX];
	unsigned n_days, n_extension, n_remove, n_point;
	int keep_expired, fixed, control, freshest, pss, named, delta;
	int by_key, cert_hash, by_issuer;
	const char *rest[2];
	unsigned n_rest;
};

/* ---- values ---- */

static int bad_value(const char *option, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			 "%s does not take this value", option);
}

static int get_time(const char *option, const char *text, int64_t *ret_ms,
		    struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	if (text == NULL || time_parse_rfc3339(view_text(text), ret_ms, &bad) == 0)
		return 0;
	return bad_value(option, err);
}

static int get_number(const char *option, const char *text, long max, long *ret_n,
		      struct ltps_error *err)
{
	long n = 0;
	if (text == NULL)
		return 0;
	if (text[0] == '\0')
		return bad_value(option, err);
	for (const char *s = text; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || n > max)
			return bad_value(option, err);
		n = 10 * n + (*s - '0');
	}
	if (n > max)
		return bad_value(option, err);
	*ret_n = n;
	return 0;
}

static int get_key(const char *text, enum devpki_key *ret_key, struct ltps_error *err)
{
	if (text == NULL || devpki_key_parse(view_text(text), ret_key))
		return 0;
	return bad_value("--key", err);
}

/* --days KIND=N */
static int get_kind_days(const char *text, struct devpki_options *o,
			 struct ltps_error *err)
{
	const char *equals = strchr(text, '=');
	enum devpki_kind kind;
	long n = 0;
	if (equals == NULL ||
	    !devpki_kind_parse(view_of(text, (size_t)(equals - text)), &kind) ||
	    get_number("--days", equals + 1, 366000, &n, err) != 0)
		return bad_value("--days", err);
	o->days[kind] = (int32_t)n;
	return 0;
}

static int open_pki(const struct arguments *a, const char *url, struct devpki **ret_p,
		    struct ltps_error *err)
{
	struct devpki_options o = { .url = url, .control = a->control != 0 };
	int64_t now_ms = 0;
	if (get_time("--time", a->time, &now_ms, err) != 0)
		return -1;
	if (a->time != NULL)
		o.clock = clock_fixed(now_ms);
	return devpki_open(a->rest[0], &o, ret_p, err);
}

/* What issue and rollover share. */
static int get_issue(const struct arguments *a, struct devpki_issue *how,
		     struct ltps_error *err)
{
	long days = 0;
	if (a->n_days > 1)
		return bad_value("--days", err);
	if (get_key(a->key, &how->key, err) != 0 ||
	    get_number("--days", a->n_days == 1 ? a->days[0] : NULL, 366000, &days,
		       err) != 0 ||
	    get_time("--from", a->from, &how->not_before_ms, err) != 0)
		return -1;
	how->days = (int32_t)days;
	how->common_name = a->subject;
	return get_time("--until", a->until, &how->not_after_ms, err);
}

static void print_cert(const struct arguments *a, const struct devpki_cert *c)
{
	printf("%s\t%llx\t%s/certs/%s.pem\t%s/keys/%s.pem\n", c->name,
	       (unsigned long long)c->serial, a->rest[0], c->name, a->rest[0], c->name);
}

/* ---- subcommands: 0, or -1 with the error ---- */

static int run_create(const struct arguments *a, struct ltps_error *err)
{
	struct devpki_options o = { .url = a->url, .tsa_policy = a->tsa_policy };
	struct devpki *p = NULL;
	enum devpki_key key = DEVPKI_KEY_DEFAULT;
	int64_t now_ms = 0;
	long tsas = 0;
	if (get_time("--time", a->time, &now_ms, err) != 0 ||
	    get_key(a->key, &key, err) != 0 ||
	    get_number("--tsas", a->tsas, DEVPKI_TSA_MAX, &tsas, err) != 0)
		return -1;
	for (unsigned i = 0; i < a->n_days; i++) {
		if (get_kind_days(a->days[i], &o, err) != 0)
			return -1;
	}
	for (int i = 0; i < DEVPKI_KIND_COUNT; i++)
		o.key[i] = key;
	if (a->time != NULL)
		o.clock = clock_fixed(now_ms);
	o.n_tsa = (unsigned)tsas;
	o.keep_expired = a->keep_expired != 0;
	o.freshest = a->freshest != 0;
	if (devpki_create(a->rest[0], &o, &p, err) != 0)
		return -1;
	printf("%s\n%s/anchors.pem\n", devpki_url(p), a->rest[0]);
	devpki_free(p);
	return 0;
}

/* Not given: *ret_c stays. */
static int get_cert(const struct devpki *p, const char *option, const char *text,
		    const struct devpki_cert **ret_c, struct ltps_error *err)
{
	if (text == NULL)
		return 0;
	*ret_c = devpki_find_text(p, view_text(text));
	return *ret_c != NULL ? 0 : bad_value(option, err);
}

/* --extension NAME=VALUE and --remove OID */
static int get_extensions(const struct arguments *a, struct devpki_shapes *s,
			  struct ltps_error *err)
{
	for (unsigned i = 0; i < a->n_extension; i++) {
		const char *equals = strchr(a->extension[i], '=');
		char name[EXTENSION_NAME_MAX];
		size_t n = equals != NULL ? (size_t)(equals - a->extension[i]) : 0;
		if (n == 0 || n >= sizeof(name))
			return bad_value("--extension", err);
		snprintf(name, sizeof(name), "%.*s", (int)n, a->extension[i]);
		if (devpki_shape_text(s, name, equals + 1, NULL, err) != 0)
			return -1;
	}
	for (unsigned i = 0; i < a->n_remove; i++) {
		if (devpki_shape_remove(s, a->remove[i], err) != 0)
			return -1;
	}
	return 0;
}

static int get_signing(const struct arguments *a, struct devpki_issue *how,
		       struct ltps_error *err)
{
	how->freshest = a->freshest != 0;
	how->signing.pss = a->pss != 0;
	if (a->hash == NULL)
		return 0;
	how->signing.hash = digest_from_name(view_text(a->hash));
	return how->signing.hash != DIGEST_NONE ? 0 : bad_value("--hash", err);
}

/* What needs the PKI to be understood. */
static int issue_in(struct devpki *p, const struct arguments *a,
		    struct devpki_issue *how, struct ltps_error *err)
{
	const struct devpki_point *points[DEVPKI_POINTS_PER_CERT_MAX];
	const struct devpki_cert *c = NULL;
	if (get_cert(p, "--issuer", a->issuer, &how->issuer, err) != 0 ||
	    get_cert(p, "--cross", a->cross, &how->cross, err) != 0)
		return -1;
	for (unsigned i = 0; i < a->n_point; i++) {
		points[i] = devpki_point_find(p, view_text(a->point[i]));
		if (points[i] == NULL)
			return bad_value("--point", err);
	}
	how->points = points;
	how->n_points = a->n_point;
	if (devpki_issue(p, how, &c, err) != 0)
		return -1;
	print_cert(a, c);
	return 0;
}

static int run_issue(const struct arguments *a, struct ltps_error *err)
{
	struct devpki_issue how = { .kind = DEVPKI_EE, .name = a->name };
	struct devpki_shapes s = { 0 };
	struct devpki *p = NULL;
	int ret = -1;
	if (a->kind != NULL && !devpki_kind_parse(view_text(a->kind), &how.kind))
		return bad_value("--kind", err);
	if (get_issue(a, &how, err) != 0 || get_signing(a, &how, err) != 0 ||
	    get_extensions(a, &s, err) != 0 || open_pki(a, NULL, &p, err) != 0)
		goto out;
	how.extensions = s.e;
	how.n_extensions = s.n;
	ret = issue_in(p, a, &how, err);
out:
	devpki_free(p);
	devpki_shapes_free(&s);
	return ret;
}

static int no_certificate(struct ltps_error *err)
{
	return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			 "no such certificate");
}

static int run_revoke(const struct arguments *a, struct ltps_error *err)
{
	enum devpki_reason reason = DEVPKI_REASON_ABSENT;
	const struct devpki_cert *c;
	struct devpki *p = NULL;
	int64_t invalid_ms = 0;
	int ret;
	if (a->reason != NULL && !devpki_reason_parse(view_text(a->reason), &reason))
		return bad_value("--reason", err);
	if (get_time("--invalid", a->invalid, &invalid_ms, err) != 0 ||
	    open_pki(a, NULL, &p, err) != 0)
		return -1;
	c = devpki_find_text(p, view_text(a->rest[1]));
	if (c == NULL)
		ret = no_certificate(err);
	else if (a->invalid != NULL)
		ret = devpki_revoke_since(p, c->serial, devpki_now_ms(p), reason,
					  invalid_ms, err);
	else
		ret = devpki_revoke(p, c->serial, devpki_now_ms(p), reason, err);
	devpki_free(p);
	return ret;
}

static int run_release(const struct arguments *a, struct ltps_error *err)
{
	struct devpki *p = NULL;
	if (open_pki(a, NULL, &p, err) != 0)
		return -1;
	const struct devpki_cert *c = devpki_find_text(p, view_text(a->rest[1]));
	int ret = c != NULL ? devpki_release(p, c->serial, devpki_now_ms(p), err)
			    : no_certificate(err);
	devpki_free(p);
	return ret;
}

static int run_need(const struct arguments *a, struct ltps_error *err)
{
	const struct devpki_cert *c = NULL;
	struct devpki *p = NULL;
	enum devpki_kind kind;
	if (!devpki_kind_parse(view_text(a->rest[1]), &kind))
		return bad_value("need", err);
	if (open_pki(a, NULL, &p, err) != 0)
		return -1;
	int ret = devpki_need(p, kind, &c, err);
	if (ret == 0)
		print_cert(a, c);
	devpki_free(p);
	return ret;
}

static int run_point(const struct arguments *a, struct ltps_error *err)
{
	struct devpki_point how = { .named_only = a->named != 0,
				    .freshest = a->freshest != 0 };
	const struct devpki_point *made = NULL;
	struct devpki *p = NULL;
	int ret = -1;
	int n = snprintf(how.name, sizeof(how.name), "%s", a->rest[1]);
	if (n < 0 || n >= (int)sizeof(how.name))
		return bad_value("point", err);
	if (a->reasons != NULL &&
	    !devpki_reasons_parse(view_text(a->reasons), &how.reasons))
		return bad_value("--reasons", err);
	if (a->scope != NULL && !devpki_scope_parse(view_text(a->scope), &how.scope))
		return bad_value("--scope", err);
	if (open_pki(a, NULL, &p, err) != 0)
		return -1;
	if (get_cert(p, "--ca", a->ca, &how.ca, err) == 0 &&
	    get_cert(p, "--signer", a->signer, &how.signer, err) == 0 &&
	    devpki_point_add(p, &how, &made, err) == 0) {
		printf("%s/crl/%s.crl\n", devpki_url(p), made->name);
		ret = 0;
	}
	devpki_free(p);
	return ret;
}

static int run_ocsp(const struct arguments *a, struct ltps_error *err)
{
	struct devpki *p = NULL;
	unsigned modes = (a->by_key != 0 ? DEVPKI_OCSP_BY_KEY : 0u) |
			 (a->cert_hash != 0 ? DEVPKI_OCSP_CERT_HASH : 0u) |
			 (a->by_issuer != 0 ? DEVPKI_OCSP_BY_ISSUER : 0u);
	if (open_pki(a, NULL, &p, err) != 0)
		return -1;
	int ret = devpki_set_ocsp(p, modes, err);
	devpki_free(p);
	return ret;
}

static int run_rollover(const struct arguments *a, struct ltps_error *err)
{
	struct devpki_issue how = { 0 };
	const struct devpki_cert *c = NULL;
	struct devpki *p = NULL;
	enum devpki_kind kind;
	long slot = 0;
	if (!devpki_kind_parse(view_text(a->rest[1]), &kind))
		return bad_value("rollover", err);
	if (get_issue(a, &how, err) != 0 ||
	    get_number("--tsa", a->tsa, DEVPKI_TSA_MAX, &slot, err) != 0 ||
	    open_pki(a, NULL, &p, err) != 0)
		return -1;
	int ret = devpki_rollover(p, kind, (unsigned)slot, &how, &c, err);
	if (ret == 0)
		print_cert(a, c);
	devpki_free(p);
	return ret;
}

static int write_out(const char *path, struct view data, struct ltps_error *err)
{
	if (path != NULL)
		return file_write(path, data, 0644, err);
	if (fwrite(data.p, 1, data.n, stdout) != data.n)
		return ltps_fail_errno(err, "cannot write");
	return 0;
}

static int run_crl(const struct arguments *a, struct ltps_error *err)
{
	struct buf der = buf_make(DEVPKI_ANSWER_MAX);
	struct devpki_crl_how how = { .delta = a->delta != 0 };
	const struct devpki_cert *ca = NULL;
	struct devpki *p = NULL;
	int ret = -1;
	if (open_pki(a, NULL, &p, err) != 0)
		return -1;
	if (a->n_rest > 1)
		how.point = devpki_point_find(p, view_text(a->rest[1]));
	if (how.point == NULL)
		ca = a->n_rest > 1 ? devpki_find_text(p, view_text(a->rest[1]))
				   : devpki_active(p, DEVPKI_CA, 0);
	if (how.point == NULL && ca == NULL)
		ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL, "no such CA");
	else if (devpki_crl_shaped(p, ca, &how, &der, err) == 0)
		ret = write_out(a->out, view_buf(&der), err);
	buf_free(&der);
	devpki_free(p);
	return ret;
}

static int run_list(const struct arguments *a, struct ltps_error *err)
{
	struct devpki *p = NULL;
	if (open_pki(a, NULL, &p, err) != 0)
		return -1;
	for (size_t i = 0; i < devpki_count(p); i++) {
		const struct devpki_cert *c = devpki_at(p, i);
		char at[TIME_TEXT_MAX] = "";
		if (c->revoked)
			time_rfc3339(c->revoked_ms, at);
		printf("%llx\t%s\t%s\t%s\t%s\t%s\n", (unsigned long long)c->serial,
		       devpki_kind_name(c->kind), c->name,
		       c->issuer != NULL ? c->issuer->name : "-",
		       c->revoked ? at : "valid",
		       c->revoked ? devpki_reason_name(c->reason) : "-");
	}
	devpki_free(p);
	return 0;
}

/* ---- serve ---- */

/* Whoever reaches the control addresses may falsify everything. */
static int check_control(const char *listen, struct ltps_error *err)
{
	char address[256];
	uint16_t port;
	if (http_parse_listen(listen, address, sizeof(address), &port, err) != 0)
		return -1;
	if (strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
	    strcmp(address, "localhost") == 0)
		return 0;
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			 "--control is for loopback addresses only");
}

static void stop(void *arg)
{
	loop_stop(arg);
}

static int serve_until_signal(const char *listen, struct devpki *p,
			      struct ltps_error *err)
{
	struct loop *loop = NULL;
	struct devpki_http *h = NULL;
	struct loop_watch *on_term = NULL, *on_int = NULL;
	int ret = -1;
	if (loop_new(&loop, err) != 0)
		return -1;
	if (devpki_http_new(loop, listen, p, &h, err) != 0 ||
	    loop_watch_signal(loop, SIGTERM, stop, loop, &on_term, err) != 0 ||
	    loop_watch_signal(loop, SIGINT, stop, loop, &on_int, err) != 0)
		goto out;
	printf("listening on port %u, certificates name %s\n", devpki_http_port(h),
	       devpki_url(p));
	fflush(stdout);
	ret = loop_run(loop, err);
out:
	loop_watch_free(on_int);
	loop_watch_free(on_term);
	devpki_http_free(h);
	loop_free(loop);
	return ret;
}

static int run_serve(const struct arguments *a, struct ltps_error *err)
{
	struct devpki *p = NULL;
	if (a->listen == NULL)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "--listen ADDR:PORT is missing");
	if (a->control != 0 && check_control(a->listen, err) != 0)
		return -1;
	if (open_pki(a, a->url, &p, err) != 0)
		return -1;
	if (a->time != NULL && a->fixed == 0)
		devpki_set_clock(p, clock_shifted(devpki_now_ms(p)));
	int ret = serve_until_signal(a->listen, p, err);
	devpki_free(p);
	return ret;
}

/* ---- the command ---- */

static const struct {
	const char *name;
	unsigned min_rest, max_rest;
	int (*run)(const struct arguments *a, struct ltps_error *err);
} subcommands[] = {
	{ "create", 1, 1, run_create },     { "issue", 1, 1, run_issue },
	{ "revoke", 2, 2, run_revoke },     { "release", 2, 2, run_release },
	{ "rollover", 2, 2, run_rollover }, { "need", 2, 2, run_need },
	{ "point", 2, 2, run_point },       { "ocsp", 1, 1, run_ocsp },
	{ "crl", 1, 2, run_crl },           { "list", 1, 1, run_list },
	{ "serve", 1, 1, run_serve },
};

/* As command_parse(). */
static int parse(int argc, char **argv, unsigned max_rest, struct arguments *a)
{
	const struct command_option options[] = {
		{ .name = "--url", .text = &a->url },
		{ .name = "--key", .text = &a->key },
		{ .name = "--time", .text = &a->time },
		{ .name = "--tsas", .text = &a->tsas },
		{ .name = "--tsa", .text = &a->tsa },
		{ .name = "--tsa-policy", .text = &a->tsa_policy },
		{ .name = "--kind", .text = &a->kind },
		{ .name = "--name", .text = &a->name },
		{ .name = "--subject", .text = &a->subject },
		{ .name = "--from", .text = &a->from },
		{ .name = "--until", .text = &a->until },
		{ .name = "--issuer", .text = &a->issuer },
		{ .name = "--reason", .text = &a->reason },
		{ .name = "--out", .alias = "-o", .text = &a->out },
		{ .name = "--listen", .text = &a->listen },
		{ .name = "--days",
		  .list = a->days,
		  .max = DAYS_ARGUMENTS_MAX,
		  .count = &a->n_days },
		{ .name = "--cross", .text = &a->cross },
		{ .name = "--hash", .text = &a->hash },
		{ .name = "--invalid", .text = &a->invalid },
		{ .name = "--ca", .text = &a->ca },
		{ .name = "--signer", .text = &a->signer },
		{ .name = "--reasons", .text = &a->reasons },
		{ .name = "--scope", .text = &a->scope },
		{ .name = "--extension",
		  .list = a->extension,
		  .max = DEVPKI_EXTENSIONS_MAX,
		  .count = &a->n_extension },
		{ .name = "--remove",
		  .list = a->remove,
		  .max = DEVPKI_EXTENSIONS_MAX,
		  .count = &a->n_remove },
		{ .name = "--point",
		  .list = a->point,
		  .max = DEVPKI_POINTS_PER_CERT_MAX,
		  .count = &a->n_point },
		{ .name = "--freshest", .flag = &a->freshest },
		{ .name = "--pss", .flag = &a->pss },
		{ .name = "--named", .flag = &a->named },
		{ .name = "--delta", .flag = &a->delta },
		{ .name = "--by-key", .flag = &a->by_key },
		{ .name = "--cert-hash", .flag = &a->cert_hash },
		{ .name = "--by-issuer", .flag = &a->by_issuer },
		{ .name = "--keep-expired", .flag = &a->keep_expired },
		{ .name = "--fixed", .flag = &a->fixed },
		{ .name = "--control", .flag = &a->control },
	};
	const struct command_line line = { .command = "devpki",
					   .help = help,
					   .options = options,
					   .n_options = N(options),
					   .rest = a->rest,
					   .max_rest = max_rest };
	return command_parse(argc, argv, &line, &a->n_rest);
}

static int run(size_t i, int argc, char **argv)
{
	struct arguments a = { 0 };
	struct ltps_error err = LTPS_ERROR_INIT;
	char what[32];
	int ret = parse(argc, argv, subcommands[i].max_rest, &a);
	if (ret != 0)
		return ret > 0 ? 0 : EXIT_USAGE;
	if (a.n_rest < subcommands[i].min_rest)
		return command_usage("devpki", "%s: an argument is missing",
				     subcommands[i].name);
	if (subcommands[i].run(&a, &err) == 0)
		return 0;
	snprintf(what, sizeof(what), "devpki %s", subcommands[i].name);
	return command_error(what, &err);
}

int cmd_devpki(int argc, char **argv)
{
	if (argc < 2)
		return command_usage("devpki", "a subcommand is missing");
	if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
		fputs(help, stdout);
		return 0;
	}
	for (size_t i = 0; i < N(subcommands); i++) {
		if (strcmp(subcommands[i].name, argv[1]) == 0)
			return run(i, argc - 1, argv + 1);
	}
	return command_usage("devpki", "unknown subcommand %s", argv[1]);
}
