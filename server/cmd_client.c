/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_client - preserve, update, retrieve, delete, trace, info and search. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "formats/format.h"
#include "server/client.h"
#include "server/commands.h"
#include "server/progress.h"

#define FILES_MAX 1000 /* of one submission; a profile allows fewer or as many */
#define VERSIONS_MAX 64
#define PROFILE_DEFAULT "urn:ltps:profile:pds+pgd+aug+wst+ers:1"
#define MESSAGE_MAX CLIENT_BODY_MAX
#define COUNT_OF(table) ((unsigned)(sizeof(table) / sizeof((table)[0])))

#define HELP_EXIT                                                                      \
	"\nexit status: 0 done, 1 refused, 2 not (wholly) there yet, 64 usage,\n"      \
	"65 unreadable input, 69 no service or it failed\n"

/* Sends; on success of the transport *ret_answer is set and its verdict given. */
static int exchange(const char *command, const struct client *client,
		    const char *operation, struct view message, json_t **ret_answer)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (client_call(client, operation, message, ret_answer, &err) != 0)
		return command_error(client->url, &err);
	return client_verdict(command, *ret_answer);
}

/* --- preserve --- */

static const char HELP_PRESERVE[] =
    "usage: ltps preserve FILE... [--url URL] [--profile P] [--format URI] [--mime M]\n"
    "Submits the files as one object and prints its POID.\n" CLIENT_HELP
    "  --profile P     preservation profile (" PROFILE_DEFAULT ")\n"
    "  --empty         no file: a container that update fills later\n"
    "  --format URI    format id of TS 119 512; left out when not given\n"
    "  --mime M        MIME type; detected when neither is given\n" PROGRESS_HELP
	HELP_EXIT;

struct preserve {
	struct progress progress;
	struct client client;
	const char *profile, *format, *mime;
	int empty;
	const char *id;                 /* of the one file of an update; NULL */
	const char *related[FILES_MAX]; /* likewise */
	unsigned n_related;
	const char *files[FILES_MAX];
	unsigned n;
};

static int put_file(const struct preserve *p, const char *path, struct jsonw *j,
		    struct ltps_error *err)
{
	struct buf data = buf_make(CLIENT_BODY_MAX);
	if (file_read(path, &data, err) != 0) {
		buf_free(&data);
		return -1;
	}
	const struct format *f = format_detect(view_buf(&data));
	jsonw_object(j);
	jsonw_key(j, "binaryData");
	jsonw_object(j);
	jsonw_key(j, "value");
	jsonw_base64(j, view_buf(&data));
	jsonw_object_end(j);
	if (p->format != NULL)
		jsonw_member(j, "formatId", p->format);
	if (p->mime != NULL || p->format == NULL)
		jsonw_member(j, "mimeType", p->mime != NULL ? p->mime : f->mime);
	if (p->id != NULL)
		jsonw_member(j, "id", p->id);
	if (p->n_related > 0) {
		jsonw_key(j, "relObj");
		jsonw_array(j);
		for (unsigned i = 0; i < p->n_related; i++)
			jsonw_cstr(j, p->related[i]);
		jsonw_array_end(j);
	}
	jsonw_object_end(j);
	buf_free(&data);
	return 0;
}

/* Of PreservePO, or of UpdatePOC when a POID is given. */
static int preserve_message(const struct preserve *p, const char *poid, struct buf *out,
			    struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, poid != NULL ? "poId" : "pro",
		     poid != NULL ? poid : p->profile);
	jsonw_key(&j, poid != NULL ? "deltaPoc" : "po");
	jsonw_array(&j);
	for (unsigned i = 0; i < p->n; i++)
		if (put_file(p, p->files[i], &j, err) != 0)
			return -1;
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

/* Sends the files, and prints the id that the answer has of what became of them. */
static int submit(const char *command, const struct preserve *p, const char *poid)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(MESSAGE_MAX);
	json_t *answer = NULL;
	int status;
	if (preserve_message(p, poid, &message, &err) != 0) {
		status = command_error(command, &err);
		goto out;
	}
	status =
	    exchange(command, &p->client, poid == NULL ? "PreservePO" : "UpdatePOC",
		     view_buf(&message), &answer);
	const char *id = client_text(answer, poid == NULL ? "poId" : "versionId");
	progress_hide();
	if (id != NULL) {
		client_show(stdout, id);
		putchar('\n');
		status = EXIT_VALID; /* a warning was told; what was sent is kept */
	}
out:
	json_decref(answer);
	buf_free(&message);
	return status;
}

int cmd_preserve(int argc, char **argv)
{
	struct preserve p = { .progress = PROGRESS_OF("preserve"),
			      .client = CLIENT_DEFAULT,
			      .profile = PROFILE_DEFAULT };
	const struct command_option options[] = {
		CLIENT_OPTIONS(p.client),
		{ .name = "--profile", .text = &p.profile },
		{ .name = "--format", .text = &p.format },
		{ .name = "--mime", .text = &p.mime },
		{ .name = "--empty", .flag = &p.empty },
		PROGRESS_OPTIONS(p.progress),
	};
	const struct command_line line = { "preserve", HELP_PRESERVE,
					   options,    COUNT_OF(options),
					   p.files,    FILES_MAX };
	p.client.progress = &p.progress;
	const int status = command_parse(argc, argv, &line, &p.n);
	if (status != 0)
		return status > 0 ? 0 : EXIT_USAGE;
	if ((p.n == 0) != (p.empty != 0))
		return command_usage("preserve", p.n == 0 ? "no file is given"
							  : "--empty takes no file");
	return submit("preserve", &p, NULL);
}

/* --- update --- */

static const char HELP_UPDATE[] =
    "usage: ltps update POID FILE... [--url URL] [--id ID] [--related ID]...\n"
    "                   [--format URI] [--mime M]\n"
    "Adds the files to an object, as a new version, and prints its VersionID.\n"
    "Earlier versions stay.\n" CLIENT_HELP
    "  --id ID         of one file: it replaces the part of this id (po-1, po-2,\n"
    "                  ... where none was given); otherwise its id from now on\n"
    "  --related ID    of one file: part that it is about, as of a signature\n"
    "  --format URI    format id of TS 119 512; left out when not given\n"
    "  --mime M        MIME type; detected when neither is given\n" PROGRESS_HELP
	HELP_EXIT;

int cmd_update(int argc, char **argv)
{
	struct preserve p = { .progress = PROGRESS_OF("update"),
			      .client = CLIENT_DEFAULT };
	const struct command_option options[] = {
		CLIENT_OPTIONS(p.client),
		{ .name = "--id", .text = &p.id },
		{ .name = "--format", .text = &p.format },
		{ .name = "--mime", .text = &p.mime },
		{ .name = "--related",
		  .list = p.related,
		  .max = FILES_MAX,
		  .count = &p.n_related },
		PROGRESS_OPTIONS(p.progress),
	};
	const struct command_line line = { "update", HELP_UPDATE,
					   options,  COUNT_OF(options),
					   p.files,  FILES_MAX };
	p.client.progress = &p.progress;
	const int status = command_parse(argc, argv, &line, &p.n);
	if (status != 0)
		return status > 0 ? 0 : EXIT_USAGE;
	if (p.n < 2)
		return command_usage("update", "a POID and a file are needed");
	if (p.n > 2 && (p.id != NULL || p.n_related > 0))
		return command_usage("update", "--id and --related are for one file");
	const char *poid = p.files[0]; /* the other names are files */
	p.n--;
	memmove(p.files, p.files + 1, p.n * sizeof(*p.files));
	return submit("update", &p, poid);
}

/* --- retrieve --- */

static const char HELP_RETRIEVE[] =
    "usage: ltps retrieve POID [--url URL] [--subject S] [--version V]... [-o OUT]\n"
    "Gets an object, its evidence, or both.\n" CLIENT_HELP
    "  --subject S     PO, Evidence, POwithDetachedEvidence, POwithEmbeddedEvidence\n"
    "                  (the default: a container with the evidence record)\n"
    "  --version V     version ids, or all; the latest when not given\n"
    "  --format URI    format of the object\n"
    "  -o OUT          file for one, folder for several; without it one goes to\n"
    "                  standard output\n" PROGRESS_HELP HELP_EXIT;

struct retrieve {
	struct progress progress;
	struct client client;
	const char *subject, *format, *out;
	const char *versions[VERSIONS_MAX];
	unsigned n_versions;
	const char *poid;
};

static int retrieve_message(const struct retrieve *r, struct buf *out,
			    struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, "poId", r->poid);
	if (r->n_versions > 0) {
		jsonw_key(&j, "versionId");
		jsonw_array(&j);
		for (unsigned i = 0; i < r->n_versions; i++)
			jsonw_cstr(&j, r->versions[i]);
		jsonw_array_end(&j);
	}
	if (r->subject != NULL)
		jsonw_member(&j, "sor", r->subject);
	if (r->format != NULL)
		jsonw_member(&j, "poFormat", r->format);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

/* The bytes of a PO, whichever way they were sent. */
static int po_bytes(const json_t *po, struct buf *out, struct ltps_error *err)
{
	const json_t *value =
	    json_object_get(json_object_get(po, "binaryData"), "value");
	if (value == NULL)
		value = json_object_get(json_object_get(po, "xmlData"), "b64Content");
	if (!json_is_string(value))
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE,
				 "TS 119 512 5.4.5", "a PO without data");
	return b64_decode(view_of(json_string_value(value), json_string_length(value)),
			  true, out, err);
}

static int write_po(const struct retrieve *r, const json_t *po, size_t i, bool folder,
		    struct ltps_error *err)
{
	int rc = -1;
	char name[CLIENT_NAME_MAX], path[4096];
	struct buf data = buf_make(CLIENT_BODY_MAX);
	if (po_bytes(po, &data, err) != 0)
		goto out;
	if (r->out == NULL) {
		rc = fwrite(data.p, 1, data.n, stdout) == data.n && fflush(stdout) == 0
			 ? 0
			 : ltps_fail_errno(err, "standard output");
		goto out;
	}
	snprintf(path, sizeof(path), "%s", r->out);
	if (folder) {
		client_file_name(client_text(po, "id"), i, name);
		if (file_join(r->out, name, path, sizeof(path), err) != 0)
			goto out;
	}
	rc = file_write(path, view_buf(&data), 0644, err);
	if (rc == 0 && folder)
		printf("%s\n", path);
out:
	buf_free(&data);
	return rc;
}

static int write_all(const struct retrieve *r, const json_t *pos,
		     struct ltps_error *err)
{
	struct stat st;
	size_t n = json_array_size(pos);
	progress_hide();
	bool folder = r->out != NULL &&
		      (n > 1 || (stat(r->out, &st) == 0 && S_ISDIR(st.st_mode)));
	if (n > 1 && r->out == NULL)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "%zu POs came: name a folder with -o", n);
	if (folder && file_make_dir(r->out, 0755, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (write_po(r, json_array_get(pos, i), i, folder, err) != 0)
			return -1;
	return 0;
}

int cmd_retrieve(int argc, char **argv)
{
	struct retrieve r = { .progress = PROGRESS_OF("retrieve"),
			      .client = CLIENT_DEFAULT };
	const struct command_option options[] = {
		CLIENT_OPTIONS(r.client),
		{ .name = "--subject", .text = &r.subject },
		{ .name = "--format", .text = &r.format },
		{ .name = "-o", .alias = "--output", .text = &r.out },
		{ .name = "--version",
		  .list = r.versions,
		  .max = VERSIONS_MAX,
		  .count = &r.n_versions },
		PROGRESS_OPTIONS(r.progress),
	};
	const struct command_line line = { "retrieve", HELP_RETRIEVE,
					   options,    COUNT_OF(options),
					   &r.poid,    1 };
	r.client.progress = &r.progress;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(MESSAGE_MAX);
	json_t *answer = NULL;
	unsigned n = 0;
	int status = command_parse(argc, argv, &line, &n);
	if (status != 0)
		return status > 0 ? 0 : EXIT_USAGE;
	if (n == 0)
		return command_usage("retrieve", "no POID is given");
	if (retrieve_message(&r, &message, &err) != 0) {
		status = command_error("retrieve", &err);
		goto out;
	}
	status =
	    exchange("retrieve", &r.client, "RetrievePO", view_buf(&message), &answer);
	if (answer != NULL && (status == EXIT_VALID || status == EXIT_UNDETERMINED) &&
	    write_all(&r, json_object_get(answer, "po"), &err) != 0)
		status = command_error(r.out != NULL ? r.out : "retrieve", &err);
out:
	json_decref(answer);
	buf_free(&message);
	return status;
}

/* --- the small ones: one message of texts, one answer --- */

struct member {
	const char *key;
	const char *value; /* NULL: left out */
};

static int simple_call(const char *command, const struct client *client,
		       const char *operation, const struct member *members, size_t n,
		       json_t **ret_answer)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(MESSAGE_MAX);
	struct jsonw j = jsonw_to(&message);
	jsonw_object(&j);
	for (size_t i = 0; i < n; i++)
		if (members[i].value != NULL)
			jsonw_member(&j, members[i].key, members[i].value);
	jsonw_object_end(&j);
	int status =
	    jsonw_end(&j, &err) != 0
		? command_error(command, &err)
		: exchange(command, client, operation, view_buf(&message), ret_answer);
	buf_free(&message);
	return status;
}

static void print_json(const json_t *j)
{
	json_dumpf(j, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
}

static const char HELP_DELETE[] =
    "usage: ltps delete POID --reason TEXT [--mode M] [--requestor NAME] [--url URL]\n"
    "Deletes an object; the trace keeps who and why.\n" CLIENT_HELP
    "  --reason TEXT   needed before the preservation period ends\n"
    "  --mode M        OnlySubDOs, or SubDOsAndEvidence (the default)\n"
    "  --requestor N   in whose name\n" HELP_EXIT;

int cmd_delete(int argc, char **argv)
{
	struct client client = CLIENT_DEFAULT;
	const char *reason = NULL, *mode = NULL, *who = NULL;
	const char *poid = NULL;
	const struct command_option options[] = {
		CLIENT_OPTIONS(client),
		{ .name = "--reason", .text = &reason },
		{ .name = "--mode", .text = &mode },
		{ .name = "--requestor", .text = &who },
	};
	const struct command_line line = { "delete", HELP_DELETE,
					   options,  3 + CLIENT_OPTIONS_COUNT,
					   &poid,    1 };
	unsigned n = 0;
	json_t *answer = NULL;
	int status = command_parse(argc, argv, &line, &n);
	if (status != 0)
		return status > 0 ? 0 : EXIT_USAGE;
	if (n == 0)
		return command_usage("delete", "no POID is given");
	const struct member members[] = {
		{ "poId", poid }, { "mod", mode }, { "crn", who }, { "reason", reason }
	};
	status = simple_call("delete", &client, "DeletePO", members, 4, &answer);
	json_decref(answer);
	return status;
}

static const char HELP_TRACE[] =
    "usage: ltps trace POID [--url URL] [--format text|json]\n"
    "Lists what happened to an object.\n" CLIENT_HELP HELP_EXIT;

static void print_events(const json_t *events)
{
	size_t i;
	json_t *e;
	json_array_foreach(events, i, e)
	{
		static const char *const keys[] = { "time", "op", "sub", "obj", "det" };
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			const char *text = client_text(e, keys[k]);
			if (text == NULL && k > 2)
				continue;
			fputs(k > 0 ? "  " : "", stdout);
			client_show(stdout, text);
		}
		putchar('\n');
	}
}

int cmd_trace(int argc, char **argv)
{
	struct client client = CLIENT_DEFAULT;
	const char *format = "text", *poid = NULL;
	const struct command_option options[] = {
		CLIENT_OPTIONS(client),
		{ .name = "--format", .text = &format },
	};
	const struct command_line line = { "trace", HELP_TRACE,
					   options, 1 + CLIENT_OPTIONS_COUNT,
					   &poid,   1 };
	unsigned n = 0;
	json_t *answer = NULL;
	int status = command_parse(argc, argv, &line, &n);
	if (status != 0)
		return status > 0 ? 0 : EXIT_USAGE;
	if (n == 0)
		return command_usage("trace", "no POID is given");
	if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
		return command_usage("trace", "--format is text or json");
	const struct member members[] = { { "poId", poid } };
	status = simple_call("trace", &client, "RetrieveTrace", members, 1, &answer);
	if (status == EXIT_VALID && strcmp(format, "json") == 0)
		print_json(answer);
	else if (status == EXIT_VALID)
		print_events(
		    json_object_get(json_object_get(answer, "trace"), "event"));
	json_decref(answer);
	return status;
}

static const char HELP_INFO[] =
    "usage: ltps info [PROFILE] [--status active|inactive|all] [--url URL]\n"
    "Prints the preservation profiles of a service as JSON.\n" CLIENT_HELP HELP_EXIT;

int cmd_info(int argc, char **argv)
{
	struct client client = CLIENT_DEFAULT;
	const char *wanted = NULL, *profile = NULL;
	const struct command_option options[] = {
		CLIENT_OPTIONS(client),
		{ .name = "--status", .text = &wanted },
	};
	const struct command_line line = { "info",   HELP_INFO,
					   options,  1 + CLIENT_OPTIONS_COUNT,
					   &profile, 1 };
	unsigned n = 0;
	json_t *answer = NULL;
	int status = command_parse(argc, argv, &line, &n);
	if (status != 0)
		return status > 0 ? 0 : EXIT_USAGE;
	const struct member members[] = { { "pro", profile }, { "stat", wanted } };
	status = simple_call("info", &client, "RetrieveInfo", members, 2, &answer);
	if (status == EXIT_VALID)
		print_json(json_object_get(answer, "pro"));
	json_decref(answer);
	return status;
}

static const char HELP_SEARCH[] =
    "usage: ltps search [FILTER] [--url URL]\n"
    "Prints the POIDs of the objects that a filter names, one a line; all without a\n"
    "filter. When there are more, standard error says how to go on.\n" CLIENT_HELP "\n"
    "FILTER is one argument: FIELD OPERATOR VALUE, joined by and, or, not and\n"
    "parentheses; then order newest|oldest, after POID, limit N (at most 1000).\n"
    "  stored, period            date or time: 2026-01-01, 2026-01-01T12:00:00Z\n"
    "  poid, profile, format, mime, pronom, id, record, signer  text\n"
    "  indication                TOTAL_PASSED, TOTAL_FAILED, INDETERMINATE\n"
    "  subindication             NO_CERTIFICATE_CHAIN_FOUND, ...\n"
    "  versions                  number        state   live, data-deleted\n"
    "Operators: = != < <= > >= and ~ (contains). A value is a word, or a text in\n"
    "double quotes.\n"
    "  ltps search 'signer ~ \"Muster\" and stored >= 2026-01-01 limit 10'\n" HELP_EXIT;

static void print_found(const json_t *answer)
{
	const char *message = client_text(
	    json_object_get(json_object_get(answer, "result"), "msg"), "value");
	const json_t *poids = json_object_get(answer, "poId"), *poid;
	size_t i;
	json_array_foreach(poids, i, poid)
	{
		client_show(stdout, json_string_value(poid));
		putchar('\n');
	}
	if (message == NULL)
		return;
	fputs("ltps: search: ", stderr);
	client_show(stderr, message);
	fputc('\n', stderr);
}

int cmd_search(int argc, char **argv)
{
	struct client client = CLIENT_DEFAULT;
	const char *filter = "";
	const struct command_option options[] = { CLIENT_OPTIONS(client) };
	const struct command_line line = { "search", HELP_SEARCH,
					   options,  0 + CLIENT_OPTIONS_COUNT,
					   &filter,  1 };
	unsigned n = 0;
	json_t *answer = NULL;
	int status = command_parse(argc, argv, &line, &n);
	if (status != 0)
		return status > 0 ? 0 : EXIT_USAGE;
	const struct member members[] = { { "fi", filter } };
	status = simple_call("search", &client, "Search", members, 1, &answer);
	if (status == EXIT_VALID)
		print_found(answer);
	json_decref(answer);
	return status;
}
