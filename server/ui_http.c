/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ui_http - GET /ui/ and /ui/FILE: the web interface, files of server/ui/ that are
 * built in. They hold no data and are anybody's; what they show their scripts ask of
 * the other routes, with the rights of whoever looks at it.
 */
#include <stdio.h>
#include <string.h>

#include "base/embedded.h"
#include "base/jsonw.h"
#include "server/service.h"

extern const struct embedded ui_files[];
extern const size_t ui_files_count;

#define INDEX "index.html"
/* Not a file: what the interface has to know of the service before a caller is known. */
#define SETTINGS "settings.json"
#define SETTINGS_MAX 256
/* '"', digits of a SHA-256, '"'. */
#define ETAG_MAX 72

/*
 * What a page may do. Scripts and styles are files of ours, never text within a page;
 * nothing is asked of another host; no page of another host shows ours in a frame or
 * holds a handle on its window.
 */
static const struct {
	const char *name, *value;
} guards[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
	  "connect-src 'self'; base-uri 'none'; form-action 'none'; "
	  "frame-ancestors 'none'" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
};

static const char *type_of(const char *name)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".svg", "image/svg+xml" },
	};
	const char *ending = strrchr(name, '.');
	for (size_t i = 0; ending != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(ending, types[i].ending) == 0)
			return types[i].type;
	return NULL;
}

/* A name in the table, and nothing else, is a file: no path is ever opened. */
static const struct embedded *find(const char *name)
{
	for (size_t i = 0; i < ui_files_count; i++)
		if (strcmp(ui_files[i].name, name) == 0)
			return &ui_files[i];
	return NULL;
}

/* If-None-Match, RFC 9110 13.1.2: a list, compared weakly. A tag is a digest, so that it
 * stands within no other. */
static bool is_known(const struct http_exchange *x, const char *etag)
{
	const struct view field = http_field(x, "if-none-match");
	return view_is_text(field, "*") ||
	       (field.n > 0 &&
		memmem(field.p, field.n, etag, strlen(etag)) != NULL);
}

static void reply_settings(struct http_exchange *x, const struct service *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(SETTINGS_MAX);
	struct jsonw j = jsonw_to(&out);
	jsonw_object(&j);
	jsonw_member(&j, "version", LTPS_VERSION);
	jsonw_member_int(&j, "body_max", (int64_t)s->config->body_max);
	jsonw_object_end(&j);
	if (jsonw_end(&j, &err) != 0)
		http_refuse(x, 503, "out of memory");
	else
		http_reply(x, 200, "application/json", &out);
	buf_free(&out);
}

static void reply_file(struct http_exchange *x, const struct embedded *file,
		       const char *type)
{
	char etag[ETAG_MAX];
	snprintf(etag, sizeof(etag), "\"%s\"", file->sha256);
	for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++)
		http_add_field(x, guards[i].name, guards[i].value);
	http_add_field(x, "ETag", etag);
	http_allow_keeping(x);
	if (is_known(x, etag))
		http_reply_view(x, 304, NULL, file->bytes);
	else
		http_reply_view(x, 200, type, file->bytes);
}

void ui_http_handle(struct http_exchange *x, void *arg)
{
	const char *name = http_path_rest(x);
	const struct embedded *file = find(name[0] != '\0' ? name : INDEX);
	const char *type = file != NULL ? type_of(file->name) : NULL;
	if (strcmp(name, SETTINGS) == 0)
		reply_settings(x, arg);
	else if (type == NULL)
		http_refuse(x, 404, "there is no such page");
	else
		reply_file(x, file, type);
}

/* Relative, so that it holds below another path of a proxy, too. */
void ui_http_redirect(struct http_exchange *x, void *arg)
{
	(void)arg;
	http_add_field(x, "Location", "ui/");
	http_reply(x, 308, NULL, NULL);
}
