/* SPDX-License-Identifier: Apache-2.0 */
/* client - calls of the TS 119 512 JSON interface, for the subcommands. */
#ifndef LTPS_SERVER_CLIENT_H
#define LTPS_SERVER_CLIENT_H

#include <stdio.h>

#include <jansson.h>

#include "base/bytes.h"
#include "base/err.h"

#define CLIENT_URL_DEFAULT "http://127.0.0.1:8512"
#define CLIENT_BODY_MAX ((size_t)2 << 30) /* what one answer may hold */
#define CLIENT_TOTAL_MS 600000            /* 2 GiB over a slow line */

struct progress;

/* A service, and who we are to it; NULL: not given. */
struct client {
	const char *url;
	const char *token_file;        /* its first line is the token */
	const char *certificate, *key; /* PEM */
	const char *ca;                /* PEM; NULL: the system's */
	struct progress *progress;     /* is told; NULL: nobody */
};
#define CLIENT_DEFAULT                                                                 \
	{                                                                              \
		.url = CLIENT_URL_DEFAULT                                              \
	}
/* Entries of a table of command_option. */
#define CLIENT_OPTIONS(c)                                                              \
	{ .name = "--url", .text = &(c).url },                                         \
	    { .name = "--token-file", .text = &(c).token_file },                       \
	    { .name = "--client-cert", .text = &(c).certificate },                     \
	    { .name = "--client-key", .text = &(c).key },                              \
	{                                                                              \
		.name = "--ca", .text = &(c).ca                                        \
	}
#define CLIENT_OPTIONS_COUNT 5
#define CLIENT_HELP                                                                    \
	"  --url URL       the service (" CLIENT_URL_DEFAULT ")\n"                     \
	"  --token-file F  whose first line is an API token\n"                         \
	"  --client-cert F, --client-key F  certificate and key in place of it\n"      \
	"  --ca F          anchors for https; the system's when not given\n"

/*
 * client_call - POST one message to URL/pres/OPERATION.
 * ret_answer  the JSON answer, whatever its result; free with json_decref()
 * A token is sent over TLS, or to this machine.
 * Fails:      as fetch_do; ARGUMENT (caller) for a token in the clear, or a key without
 *             its certificate; REMOTE when the answer is no JSON with a result
 */
int client_call(const struct client *client, const char *operation, struct view message,
		json_t **ret_answer, struct ltps_error *err) LTPS_CHECKED;

/*
 * client_get - GET URL/PATH.
 * ret    the answer whatever its status; release with fetch_result_free()
 * Fails: as client_call
 */
struct fetch_result;
int client_get(const struct client *client, const char *path, const char *accept,
	       struct fetch_result *ret, struct ltps_error *err) LTPS_CHECKED;

/*
 * client_show - a text of the service on a terminal: what could steer the
 * terminal becomes '?', NULL a dash.
 */
void client_show(FILE *out, const char *text);

/*
 * client_file_name - of the i-th PO in a folder, from its id: nothing that
 * leaves the folder, and never the same for two POs whose ids differ.
 */
#define CLIENT_NAME_MAX 200
void client_file_name(const char *id, size_t i, char out[CLIENT_NAME_MAX]);

/*
 * client_verdict - the exit status that an answer stands for, and its message
 * on standard error unless it is a plain success.
 *   0  success     1  refused (RequesterError)
 *   2  warning: not or not wholly there     69  the service could not
 */
int client_verdict(const char *command, const json_t *answer);

/* Text of a member, or NULL. */
const char *client_text(const json_t *object, const char *key);

#endif
