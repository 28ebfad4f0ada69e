/* SPDX-License-Identifier: Apache-2.0 */
#include "server/client.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "base/fetch.h"
#include "base/file.h"
#include "server/commands.h"
#include "server/progress.h"

#define MAJOR_SUCCESS "urn:oasis:names:tc:dss:1.0:resultmajor:Success"
#define MAJOR_REQUESTER "urn:oasis:names:tc:dss:1.0:resultmajor:RequesterError"

#define TOKEN_FIELD_MAX 256

static int parse_answer(const struct fetch_result *r, json_t **ret_answer,
			struct ltps_error *err)
{
	json_error_t why;
	json_t *j = json_loadb((const char *)r->body.p, r->body.n,
			       JSON_REJECT_DUPLICATES, &why);
	if (j == NULL || client_text(json_object_get(j, "result"), "maj") == NULL) {
		json_decref(j);
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, "TS 119 512 5.3",
				 "HTTP %d without a result", r->status);
	}
	*ret_answer = j;
	return 0;
}

/* A token in the clear is anybody's; this machine is one's own. */
static bool may_send_token(const char *url)
{
	static const char *const starts[] = { "https://", "http://127.", "http://[::1]",
					      "http://localhost" };
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		const size_t n = strlen(starts[i]);
		const char *end = url + n;
		if (strncasecmp(url, starts[i], n) == 0 &&
		    (i < 2 || strchr("/:", *end) != NULL))
			return i != 1 ||
			       strspn(end, "0123456789.") == strcspn(end, "/:");
	}
	return false;
}

/* The value of the field, or "" without a token. */
static int read_token(const struct client *c, char out[TOKEN_FIELD_MAX],
		      struct ltps_error *err)
{
	static const char scheme[] = "Bearer ";
	struct buf line = buf_make(TOKEN_FIELD_MAX - sizeof(scheme));
	out[0] = '\0';
	if (c->token_file == NULL)
		return 0;
	if (!may_send_token(c->url))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 6750 5.3",
				 "a token is not sent over plain http");
	int rc = file_first_line(c->token_file, line.max, &line, err);
	if (rc == 0)
		snprintf(out, TOKEN_FIELD_MAX, "%s%.*s", scheme, (int)line.n,
			 (const char *)line.p);
	else
		ltps_where(err, "%s", c->token_file);
	if (line.n > 0)
		OPENSSL_cleanse(line.p, line.n);
	buf_free(&line);
	return rc;
}

static int make_target(const char *url, const char *path, char target[FETCH_URL_MAX],
		       struct ltps_error *err)
{
	size_t n = strlen(url);
	while (n > 0 && url[n - 1] == '/')
		n--;
	const int len = snprintf(target, FETCH_URL_MAX, "%.*s/%s", (int)n, url, path);
	if (len < 0 || len >= FETCH_URL_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "the URL is too long");
	return 0;
}

/* req: all but the URL and who we are. */
static int exchange(const struct client *c, const char *path, struct fetch_request *req,
		    struct fetch_result *ret, struct ltps_error *err)
{
	int rc = -1;
	char token[TOKEN_FIELD_MAX], target[FETCH_URL_MAX];
	struct fetch *fetch = NULL;
	/* The user names the address on the command line: any is allowed. */
	const struct fetch_policy policy = {
		.allow_http = true,
		.allow_loopback = true,
		.allow_private = true,
		.total_ms = CLIENT_TOTAL_MS,
		.max_bytes = CLIENT_BODY_MAX,
		.ca_file = c->ca,
		.client_certificate = c->certificate,
		.client_key = c->key != NULL ? c->key : c->certificate,
		.progress = c->progress != NULL ? progress_fetch : NULL,
		.progress_arg = c->progress,
	};
	if (c->key != NULL && c->certificate == NULL)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "--client-key needs --client-cert");
	if (make_target(c->url, path, target, err) != 0 ||
	    read_token(c, token, err) != 0)
		return -1;
	req->url = target;
	const struct fetch_field authorization = { "Authorization", token };
	if (token[0] != '\0') {
		req->fields = &authorization;
		req->n_fields = 1;
	}
	if (fetch_new(&policy, &fetch, err) == 0)
		rc = fetch_do(fetch, req, ret, err);
	OPENSSL_cleanse(token, sizeof(token));
	fetch_free(fetch);
	return rc;
}

int client_call(const struct client *client, const char *operation, struct view message,
		json_t **ret_answer, struct ltps_error *err)
{
	char path[64];
	struct fetch_result result = { 0 };
	struct fetch_request req = {
		.post = true,
		.body = message,
		.content_type = "application/json",
		.accept = "application/json",
	};
	snprintf(path, sizeof(path), "pres/%s", operation);
	int rc = exchange(client, path, &req, &result, err);
	if (rc == 0)
		rc = parse_answer(&result, ret_answer, err);
	fetch_result_free(&result);
	return rc;
}

int client_get(const struct client *client, const char *path, const char *accept,
	       struct fetch_result *ret, struct ltps_error *err)
{
	struct fetch_request req = { .accept = accept };
	return exchange(client, path, &req, ret, err);
}

const char *client_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* C0, DEL, and C1 as UTF-8: U+0080 to U+009F. */
void client_show(FILE *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)(text != NULL ? text : "-");
	for (; *p != '\0'; p++) {
		if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) {
			fputc('?', out);
			p++;
		} else {
			fputc(*p < 0x20 || *p == 0x7f ? '?' : *p, out);
		}
	}
}

void client_file_name(const char *id, size_t i, char out[CLIENT_NAME_MAX])
{
	bool plain = id != NULL && id[0] != '\0' && id[0] != '.' && id[0] != '_' &&
		     strlen(id) < CLIENT_NAME_MAX;
	for (const char *c = id; plain && *c != '\0'; c++)
		plain =
		    *c != '/' && *c != '\\' && (unsigned char)*c >= 0x20 && *c != 0x7f;
	/* No plain name begins with '_'. */
	if (plain)
		snprintf(out, CLIENT_NAME_MAX, "%s", id);
	else
		snprintf(out, CLIENT_NAME_MAX, "_%zu", i + 1);
}

int client_verdict(const char *command, const json_t *answer)
{
	const json_t *result = json_object_get(answer, "result");
	const char *major = client_text(result, "maj");
	const char *minor = client_text(result, "min");
	const char *message = client_text(json_object_get(result, "msg"), "value");
	bool success = strcmp(major, MAJOR_SUCCESS) == 0;
	if (success && minor == NULL)
		return EXIT_VALID;
	progress_hide();
	fprintf(stderr, "ltps: %s: ", command);
	client_show(stderr, minor != NULL ? minor : major);
	fputs(": ", stderr);
	client_show(stderr, message != NULL ? message : "no message");
	fputc('\n', stderr);
	if (success)
		return EXIT_UNDETERMINED;
	return strcmp(major, MAJOR_REQUESTER) == 0 ? EXIT_INVALID : EXIT_UNAVAILABLE;
}
