/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_demo - "ltps demo": the service with a throwaway PKI and TSA, all in one
 * process, so that whatever ends it ends everything.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "server/commands.h"
#include "server/devpki_http.h"
#include "server/serve.h"

#define DEMO_DIR "ltps-demo"
#define DEMO_CONF_MAX ((size_t)16 << 10)
#define DEMO_ANCHORS_MAX ((size_t)1 << 20)
#define DEMO_PATH_MAX 4000
/* Of throwaway things: judge the past with what is known now. */
#define DEMO_HINDSIGHT_POLICY "1.3.6.1.4.1.99999.2.1"
/* The PKI talks to this machine only. */
#define DEMO_PKI_ADDRESS "127.0.0.1"

/* Whoever has it listen to a network wants to try it from there. */
#define DEMO_OPEN "[auth]\ninsecure = true\n"

static const char help[] =
    "ltps demo - the service with a throwaway certification authority and TSA\n"
    "\n"
    "  ltps demo [--dir DIR] [--listen ADDR:PORT] [--seconds N]\n"
    "\n"
    "  --dir DIR           everything is kept there (" DEMO_DIR "): ltps.conf,\n"
    "                      anchors.pem, the PKI with its keys, the store; a second\n"
    "                      start goes on where the first ended\n"
    "  --listen ADDR:PORT  of the service (" CONFIG_LISTEN ")\n"
    "  --seconds N         end after N seconds\n"
    "\n"
    "A tree closes 2 s after its first leaf. Never use it for anything real.\n";

struct demo {
	const char *dir;
	const char *listen;
	struct loop *loop;
	struct devpki *pki;
	struct devpki_http *pki_http;
};

/* Faults may be ordered by POST /control/fault, for trying fail-over. */
static const struct devpki_options pki_options = { .control = true };

static int format_url(const struct demo *d, char *out, size_t n)
{
	return snprintf(out, n, "http://" DEMO_PKI_ADDRESS ":%u",
			devpki_http_port(d->pki_http));
}

/* A new PKI: its URLs need the port, so the listener comes first. */
static int create_pki(struct demo *d, const char *path, struct ltps_error *err)
{
	struct devpki_options options = pki_options;
	char url[DEVPKI_URL_MAX];
	if (devpki_http_new(d->loop, DEMO_PKI_ADDRESS ":0", NULL, &d->pki_http, err) !=
	    0)
		return -1;
	format_url(d, url, sizeof(url));
	options.url = url;
	return devpki_create(path, &options, &d->pki, err);
}

/* Certificates name the old address for ever: new ones must take over. */
static int move_pki(struct demo *d, struct ltps_error *err)
{
	char url[DEVPKI_URL_MAX];
	const struct devpki_cert *cert;
	if (devpki_http_new(d->loop, DEMO_PKI_ADDRESS ":0", NULL, &d->pki_http, err) !=
	    0)
		return -1;
	format_url(d, url, sizeof(url));
	if (devpki_set_url(d->pki, url, err) != 0 ||
	    devpki_rollover(d->pki, DEVPKI_CA, 0, NULL, &cert, err) != 0)
		return -1;
	if (devpki_rollover(d->pki, DEVPKI_TSA, 0, NULL, &cert, err) != 0)
		return -1;
	return devpki_rollover(d->pki, DEVPKI_SCVP, 0, NULL, &cert, err);
}

static int reopen_pki(struct demo *d, const char *path, struct ltps_error *err)
{
	struct ltps_error busy = LTPS_ERROR_INIT;
	char listen[64];
	if (devpki_open(path, &pki_options, &d->pki, err) != 0)
		return -1;
	const char *colon = strrchr(devpki_url(d->pki), ':');
	snprintf(listen, sizeof(listen), DEMO_PKI_ADDRESS "%s",
		 colon != NULL ? colon : ":0");
	if (devpki_http_new(d->loop, listen, NULL, &d->pki_http, &busy) == 0)
		return 0;
	return move_pki(d, err);
}

static int start_pki(struct demo *d, struct ltps_error *err)
{
	char path[DEMO_PATH_MAX];
	struct ltps_error none = LTPS_ERROR_INIT;
	if (file_join(d->dir, "pki", path, sizeof(path), err) != 0)
		return -1;
	if (reopen_pki(d, path, &none) != 0) {
		if (none.code != LTPS_NOT_FOUND) {
			*err = none;
			return -1;
		}
		if (create_pki(d, path, err) != 0)
			return -1;
	}
	devpki_http_set_pki(d->pki_http, d->pki);
	return 0;
}

static int write_anchors(const struct demo *d, struct ltps_error *err)
{
	char path[DEMO_PATH_MAX];
	struct buf pem = buf_make(DEMO_ANCHORS_MAX);
	int rc = -1;
	if (file_join(d->dir, "anchors.pem", path, sizeof(path), err) == 0 &&
	    devpki_anchors(d->pki, &pem, err) == 0)
		rc = file_write(path, view_buf(&pem), 0644, err);
	buf_free(&pem);
	return rc;
}

/* A certificate with its issuer behind it, for those that have the root alone. */
static int write_with_issuer(const struct demo *d, const struct devpki_cert *c,
			     const char *name, struct ltps_error *err)
{
	struct buf pem = buf_make(DEMO_CONF_MAX);
	char path[DEMO_PATH_MAX];
	int rc = -1;
	if (devpki_cert_pem(c, &pem, err) == 0 &&
	    devpki_cert_pem(c->issuer, &pem, err) == 0 &&
	    file_join(d->dir, name, path, sizeof(path), err) == 0)
		rc = file_write(path, view_buf(&pem), 0644, err);
	buf_free(&pem);
	return rc;
}

/* The key that seals and signs reports: one for each CA, since a PKI that has moved
 * has a new one. */
static int need_seal(const struct demo *d, const struct devpki_cert **ret,
		     struct ltps_error *err)
{
	char name[DEVPKI_NAME_MAX];
	const struct devpki_cert *ca = devpki_active(d->pki, DEVPKI_CA, 0);
	const struct devpki_issue how = { .kind = DEVPKI_EE,
					  .name = name,
					  .common_name = "LTPS demo seal" };
	snprintf(name, sizeof(name), "seal-%.20s", ca->name);
	*ret = devpki_find_text(d->pki, view_text(name));
	return *ret != NULL ? 0 : devpki_issue(d->pki, &how, ret, err);
}

static int write_conf(const struct demo *d, char path[DEMO_PATH_MAX],
		      struct ltps_error *err)
{
	const struct devpki_cert *scvp, *seal;
	struct buf conf = buf_make(DEMO_CONF_MAX);
	char url[DEVPKI_URL_MAX];
	int rc = -1;
	if (devpki_need(d->pki, DEVPKI_SCVP, &scvp, err) != 0 ||
	    need_seal(d, &seal, err) != 0 ||
	    write_with_issuer(d, scvp, "scvp.pem", err) != 0 ||
	    write_with_issuer(d, seal, "seal.pem", err) != 0)
		return -1;
	format_url(d, url, sizeof(url));
	if (file_join(d->dir, "ltps.conf", path, DEMO_PATH_MAX, err) == 0 &&
	    buf_put_fmt(&conf, err,
			"# Written by ltps demo at each start.\n"
			"[service]\n"
			"dir = store\n"
			"listen = %s\n"
			"id = urn:ltps:demo\n"
			"log_level = warning\n"
			"[tsa demo]\n"
			"url = %s/tsa\n"
			"policy = " DEVPKI_TSA_POLICY "\n"
			"[trust]\n"
			"anchors = anchors.pem\n"
			"[fetch]\n"
			"allow_http = true\n"
			"allow_loopback = true\n"
			"[scvp]\n"
			"certificate = scvp.pem\n"
			"key = pki/keys/%s.pem\n"
			"clients = anchors.pem\n"
			"hindsight_policy = " DEMO_HINDSIGHT_POLICY "\n"
			"[validation]\n"
			"certificate = seal.pem\n"
			"key = pki/keys/%s.pem\n"
			"[seal]\n"
			"certificate = seal.pem\n"
			"key = pki/keys/%s.pem\n"
			"[profiles]\n"
			"tree_max_age = 2s\n"
			"%s",
			d->listen, url, scvp->name, seal->name, seal->name,
			config_listens_to_all(d->listen) ? DEMO_OPEN : "") == 0)
		rc = file_write(path, view_buf(&conf), 0644, err);
	buf_free(&conf);
	return rc;
}

static void print_ready(void *arg, unsigned port)
{
	const struct demo *d = arg;
	char pki[DEVPKI_URL_MAX];
	char addr[64];
	uint16_t asked;
	struct ltps_error err = LTPS_ERROR_INIT;
	format_url(d, pki, sizeof(pki));
	if (http_parse_listen(d->listen, addr, sizeof(addr), &asked, &err) != 0)
		return;
	const char *open = strchr(addr, ':') != NULL ? "[" : "";
	const char *shut = open[0] != '\0' ? "]" : "";
	char url[128];
	snprintf(url, sizeof(url), "http://%s%s%s:%u", open, addr, shut, port);
	printf(
	    "service   %s\n"
	    "SCVP      %s/scvp\n"
	    "TSA       %s/tsa\n"
	    "anchors   %s/anchors.pem\n"
	    "settings  %s/ltps.conf\n"
	    "\n"
	    "try:\n"
	    "  ltps info --url %s\n"
	    "  ltps preserve FILE --url %s\n"
	    "  ltps retrieve POID --subject Evidence -o evidence.ers --url %s\n"
	    "  ltps evidence verify evidence.ers --data FILE --anchor %s/anchors.pem\n"
	    "  ltps trace POID --url %s\n"
	    "  ltps fsck -c %s/ltps.conf\n"
	    "\n"
	    "ready\n",
	    url, url, pki, d->dir, d->dir, url, url, url, d->dir, url, d->dir);
	fflush(stdout);
}

static int run_demo(struct demo *d, int64_t seconds, struct ltps_error *err)
{
	char path[DEMO_PATH_MAX];
	struct config config;
	if (file_make_dir(d->dir, 0755, err) != 0 || loop_new(&d->loop, err) != 0 ||
	    start_pki(d, err) != 0 || write_anchors(d, err) != 0 ||
	    write_conf(d, path, err) != 0 || config_read(path, &config, err) != 0)
		return -1;
	const struct serve_options how = { .seconds = seconds,
					   .ready = print_ready,
					   .arg = d };
	const int rc = serve_run(&config, d->loop, &how, err);
	config_clear(&config);
	return rc;
}

static int parse_seconds(const char *text, int64_t *ret_seconds)
{
	char *end;
	if (text == NULL)
		return 0;
	const long n = strtol(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || n < 1 || n > 86400L * 365)
		return -1;
	*ret_seconds = n;
	return 0;
}

int cmd_demo(int argc, char **argv)
{
	struct demo d = { .dir = DEMO_DIR, .listen = CONFIG_LISTEN };
	const char *seconds_text = NULL;
	int64_t seconds = 0;
	unsigned n;
	const struct command_option options[] = {
		{ .name = "--dir", .text = &d.dir },
		{ .name = "--listen", .text = &d.listen },
		{ .name = "--seconds", .text = &seconds_text },
	};
	const struct command_line line = {
		.command = "demo", .help = help, .options = options, .n_options = 3
	};
	struct ltps_error err = LTPS_ERROR_INIT;
	int status = 0;
	const int parsed = command_parse(argc, argv, &line, &n);
	if (parsed != 0)
		return parsed > 0 ? 0 : EXIT_USAGE;
	if (parse_seconds(seconds_text, &seconds) != 0)
		return command_usage("demo", "--seconds takes a number of seconds");
	if (run_demo(&d, seconds, &err) != 0)
		status = command_error("demo", &err);
	devpki_http_free(d.pki_http);
	devpki_free(d.pki);
	loop_free(d.loop);
	return status;
}
