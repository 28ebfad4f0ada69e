/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_access - "ltps token" and "ltps link": made, listed and revoked in the store
 * itself; the service may be running and sees it with the next request. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ltp/access.h"
#include "server/commands.h"
#include "server/config.h"
#include "server/rights.h"
#include "storage/object.h"

#define ROLES_MAX 3
/* For the audit: whoever may write the store's files. */
#define ACTOR "command line"

static const char token_help[] =
    "ltps token - who may use the service: API tokens\n"
    "\n"
    "  ltps token add --role R [--role R]... --name N [--tenant T] [--until T]\n"
    "  ltps token list [--tenant T]\n"
    "  ltps token revoke NUMBER\n"
    "\n"
    "  -c FILE      configuration that names the store (" CONFIG_DEFAULT ")\n"
    "  --role R     submitter, auditor or operator\n"
    "  --tenant T   whose objects it sees (default)\n"
    "  --name N     for people: who has it\n"
    "  --until T    when it ends (RFC 3339); without: when it is revoked\n"
    "\n"
    "add prints the token, once: the store keeps a hash of it. It is sent as\n"
    "\"Authorization: Bearer TOKEN\".\n";

static const char link_help[] =
    "ltps link - let somebody without an account read one object\n"
    "\n"
    "  ltps link add POID --until T [--tenant T] [--name N] [--url URL]\n"
    "  ltps link list [--tenant T]\n"
    "  ltps link revoke NUMBER\n"
    "\n"
    "  -c FILE      configuration that names the store (" CONFIG_DEFAULT ")\n"
    "  --until T    when it ends (RFC 3339)\n"
    "  --tenant T   whose object it is (default)\n"
    "  --name N     for people: who gets it (link)\n"
    "  --url URL    of the service as its users know it; printed before the path\n"
    "\n"
    "add prints the link, once: the store keeps a hash of it. Who has it reads the\n"
    "object, its evidence, trace and report, nothing else; each use is in the audit.\n";

struct access_command {
	enum credential_kind kind;
	const char *command, *help;
	const char *config_path, *tenant, *name, *until, *url;
	const char *roles[ROLES_MAX];
	unsigned n_roles;
	const char *rest[2]; /* verb and argument */
	struct config config;
	struct store *store;
	int64_t now_ms;
};

static int open_store(struct access_command *c, bool read_only, struct ltps_error *err)
{
	const char *path = c->config_path != NULL ? c->config_path : CONFIG_DEFAULT;
	const struct clock clock = clock_system();
	c->now_ms = clock_now_ms(&clock);
	if (config_read(path, &c->config, err) != 0)
		return -1;
	/* The first token may come before the first start. */
	const struct store_options options = {
		.dir = c->config.dir,
		.read_only = read_only,
		.must_exist = read_only || c->kind == CREDENTIAL_LINK
	};
	return store_open(&options, &c->store, err);
}

static int read_new(const struct access_command *c, struct credential *new,
		    struct ltps_error *err)
{
	*new = (struct credential){ .created_ms = c->now_ms };
	for (unsigned i = 0; i < c->n_roles; i++) {
		const unsigned role = role_parse(c->roles[i]);
		if (role == 0)
			return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
					 "--role is submitter, auditor or operator");
		new->roles |= role;
	}
	if (c->until != NULL &&
	    time_parse_rfc3339(view_text(c->until), &new->until_ms, err) != 0)
		return ltps_where(err, "--until");
	snprintf(new->tenant, sizeof(new->tenant), "%s", c->tenant);
	snprintf(new->name, sizeof(new->name), "%s", c->name);
	if (strcmp(new->tenant, c->tenant) != 0 || strcmp(new->name, c->name) != 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "--tenant or --name is too long");
	return 0;
}

/* Of a link: the object must be there. */
static int take_poid(const struct access_command *c, struct credential *new,
		     struct ltps_error *err)
{
	struct store_conn *conn = NULL;
	struct object *o = NULL;
	const char *poid = c->rest[1];
	if (strlen(poid) > STORE_POID_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "no object has this POID");
	if (store_reader_open(c->store, &conn, err) != 0)
		return -1;
	int rc = object_get(conn, new->tenant, poid, &o, err);
	if (rc == 0 && o->state == OBJECT_DELETED)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			       "the object was deleted");
	object_free(o);
	store_reader_close(conn);
	snprintf(new->poid, sizeof(new->poid), "%s", poid);
	return rc;
}

static int add(struct access_command *c, struct ltps_error *err)
{
	struct credential new;
	char secret[ACCESS_SECRET_SIZE];
	int64_t id;
	if (open_store(c, false, err) != 0 || read_new(c, &new, err) != 0 ||
	    (c->kind == CREDENTIAL_LINK && take_poid(c, &new, err) != 0) ||
	    access_add(c->store, c->kind, ACTOR, &new, &id, secret, err) != 0)
		return -1;
	if (c->kind == CREDENTIAL_LINK)
		printf("%s/link/%s\n", c->url, secret);
	else
		printf("%s\n", secret);
	OPENSSL_cleanse(secret, sizeof(secret));
	fprintf(stderr, "number %" PRId64 "\n", id);
	return fflush(stdout) == 0 ? 0 : ltps_fail_errno(err, "standard output");
}

static void print_time(const char *label, int64_t t_ms)
{
	char text[TIME_TEXT_MAX];
	if (t_ms == 0)
		return;
	time_rfc3339(t_ms, text);
	printf("  %s %s", label, text);
}

static int print_row(void *arg, const struct credential *k, struct ltps_error *err)
{
	const struct access_command *c = arg;
	char roles[ROLES_TEXT_MAX];
	(void)err;
	roles_text(k->roles, roles);
	printf("%" PRId64 "  %s  %s  %s", k->id, k->tenant, k->name,
	       c->kind == CREDENTIAL_LINK ? k->poid : roles);
	print_time("made", k->created_ms);
	print_time("until", k->until_ms);
	print_time("used", k->used_ms);
	print_time("revoked", k->revoked_ms);
	if (k->revoked_ms == 0 && !credential_live(k, c->now_ms))
		printf("  expired");
	putchar('\n');
	return 0;
}

static int list(struct access_command *c, const char *tenant, struct ltps_error *err)
{
	struct store_conn *conn = NULL;
	if (open_store(c, true, err) != 0 ||
	    store_reader_open(c->store, &conn, err) != 0)
		return -1;
	const int rc = credential_list(conn, c->kind, tenant, 0, print_row, c, err);
	store_reader_close(conn);
	return rc;
}

static int revoke(struct access_command *c, int64_t id, struct ltps_error *err)
{
	if (open_store(c, false, err) != 0)
		return -1;
	return access_revoke(c->store, c->kind, id, NULL, ACTOR, c->now_ms, err);
}

/* NULL, or what is missing for this verb. */
static const char *what_is_missing(const struct access_command *c, unsigned n)
{
	const bool link = c->kind == CREDENTIAL_LINK;
	if (strcmp(c->rest[0], "list") == 0)
		return n == 1 ? NULL : "list takes no argument";
	if (strcmp(c->rest[0], "revoke") == 0)
		return n == 2 ? NULL : "revoke needs the number of one";
	if (strcmp(c->rest[0], "add") != 0)
		return "add, list or revoke is wanted";
	if (link)
		return n == 2 && c->until != NULL ? NULL
						  : "add needs a POID and --until";
	return n == 1 && c->n_roles > 0 && c->name != NULL
		   ? NULL
		   : "add needs --role and --name, and takes no argument";
}

static int run(struct access_command *c, unsigned n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *missing = what_is_missing(c, n);
	const char *wanted = c->tenant;
	char *end = NULL;
	int rc;
	if (missing != NULL)
		return command_usage(c->command, "%s", missing);
	const long long id =
	    strcmp(c->rest[0], "revoke") == 0 ? strtoll(c->rest[1], &end, 10) : 1;
	if (id < 1 || (end != NULL && *end != '\0'))
		return command_usage(c->command, "revoke needs the number of one");
	c->tenant = wanted != NULL ? wanted : "default";
	c->name = c->name != NULL ? c->name : "link";
	if (strcmp(c->rest[0], "add") == 0)
		rc = add(c, &err);
	else if (strcmp(c->rest[0], "list") == 0)
		rc = list(c, wanted, &err);
	else
		rc = revoke(c, id, &err);
	store_close(c->store);
	config_clear(&c->config);
	return rc == 0 ? EXIT_VALID : command_error(c->command, &err);
}

static int cmd_access(int argc, char **argv, struct access_command *c)
{
	unsigned n = 0;
	const struct command_option options[] = {
		{ .name = "--config", .alias = "-c", .text = &c->config_path },
		{ .name = "--tenant", .text = &c->tenant },
		{ .name = "--name", .text = &c->name },
		{ .name = "--until", .text = &c->until },
		{ .name = "--role",
		  .list = c->roles,
		  .max = ROLES_MAX,
		  .count = &c->n_roles },
		{ .name = "--url", .text = &c->url },
	};
	/* Links have no roles, tokens no URL. */
	const bool link = c->kind == CREDENTIAL_LINK;
	struct command_option mine[5];
	memcpy(mine, options, 4 * sizeof(options[0]));
	mine[4] = options[link ? 5 : 4];
	const struct command_line line = { c->command, c->help, mine, 5, c->rest, 2 };
	const int parsed = command_parse(argc, argv, &line, &n);
	if (parsed != 0)
		return parsed > 0 ? EXIT_VALID : EXIT_USAGE;
	if (n == 0)
		return command_usage(c->command, "add, list or revoke is wanted");
	return run(c, n);
}

int cmd_token(int argc, char **argv)
{
	struct access_command c = { .kind = CREDENTIAL_TOKEN,
				    .command = "token",
				    .help = token_help };
	return cmd_access(argc, argv, &c);
}

int cmd_link(int argc, char **argv)
{
	struct access_command c = {
		.kind = CREDENTIAL_LINK, .command = "link", .help = link_help, .url = ""
	};
	return cmd_access(argc, argv, &c);
}
