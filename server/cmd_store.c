/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_store - "ltps fsck", "ltps backup", "ltps restore": a store by hand. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "ltp/check.h"
#include "server/commands.h"
#include "server/config.h"
#include "server/progress.h"
#include "storage/backup.h"
#include "storage/fixity.h"
#include "storage/fsck.h"

#define STORE_PATH_MAX 4096
/* The copies are held that long at a time: the service that writes there waits. */
#define COPIES_BYTES ((uint64_t)256 << 20)
#define COPIES_BLOBS 5000
/* And we wait for it: its turns take a few seconds. */
#define COPIES_WAIT_MS 30000
#define COPIES_POLL_MS 100

#define HELP_STORE                                                                     \
	"  -c FILE         configuration that names the store (" CONFIG_DEFAULT ")\n"  \
	"  --store S       the store's folder itself\n" PROGRESS_HELP

static const char fsck_help[] =
    "ltps fsck - is everything that was stored still there and unchanged?\n"
    "\n"
    "  ltps fsck [-c ltps.conf | --store S]\n"
    "\n" HELP_STORE "\n"
    "Reads every object again. Nothing is modified; the service may be running. With\n"
    "-c, the copies that [upkeep] names are read too.\n"
    "exit status: 0 clean, 1 damage found, or copies that cannot be read\n";

static const char backup_help[] =
    "ltps backup - copy a store, also one in use\n"
    "\n"
    "  ltps backup DIR [-c ltps.conf | --store S]\n"
    "\n"
    "  DIR             new or empty folder for the copy\n" HELP_STORE "\n"
    "exit status: 0 copied, 1 copied but damaged objects were left out\n";

static const char restore_help[] =
    "ltps restore - make a store from a backup\n"
    "\n"
    "  ltps restore DIR [-c ltps.conf | --store S]\n"
    "\n"
    "  DIR             the backup\n" HELP_STORE "\n"
    "The store's folder must be new or empty. Every object is checked.\n";

struct arguments {
	struct progress progress;
	const char *config;
	const char *store;
	const char *dir;
	char path[STORE_PATH_MAX];   /* of the store */
	char copies[STORE_PATH_MAX]; /* "": none are configured */
};

/* 0 to go on, otherwise *ret_status is the exit status. */
static int parse(int argc, char **argv, const char *help, struct arguments *a,
		 int *ret_status)
{
	const unsigned want = strcmp(argv[0], "fsck") == 0 ? 0 : 1;
	unsigned n;
	const struct command_option options[] = {
		{ .name = "--config", .alias = "-c", .text = &a->config },
		{ .name = "--store", .text = &a->store },
		PROGRESS_OPTIONS(a->progress),
	};
	const struct command_line line = { .command = argv[0],
					   .help = help,
					   .options = options,
					   .n_options = 2 + PROGRESS_OPTIONS_COUNT,
					   .rest = &a->dir,
					   .max_rest = want };
	const int parsed = command_parse(argc, argv, &line, &n);
	if (parsed != 0) {
		*ret_status = parsed > 0 ? 0 : EXIT_USAGE;
		return -1;
	}
	if (n != want) {
		*ret_status = command_usage(argv[0], "a folder is needed");
		return -1;
	}
	if (a->config != NULL && a->store != NULL) {
		*ret_status =
		    command_usage(argv[0], "-c and --store exclude each other");
		return -1;
	}
	return 0;
}

static int find_store(struct arguments *a, struct ltps_error *err)
{
	struct config config;
	if (a->store == NULL) {
		const char *path = a->config != NULL ? a->config : CONFIG_DEFAULT;
		if (config_read(path, &config, err) != 0)
			return -1;
		snprintf(a->path, sizeof(a->path), "%s", config.dir);
		if (config.upkeep.options.copies != NULL)
			snprintf(a->copies, sizeof(a->copies), "%s",
				 config.upkeep.options.copies);
		config_clear(&config);
		return 0;
	}
	snprintf(a->path, sizeof(a->path), "%s", a->store);
	return 0;
}

static int open_store(struct arguments *a, struct store **ret_store,
		      struct ltps_error *err)
{
	if (find_store(a, err) != 0)
		return -1;
	const struct store_options options = { .dir = a->path,
					       .read_only = true,
					       .must_exist = true };
	return store_open(&options, ret_store, err);
}

/* Blobs are told of in octets. */
static void tell_stage(void *arg, const char *stage, uint64_t done, uint64_t total)
{
	progress_step(arg, stage,
		      strcmp(stage, "blobs") == 0 ? PROGRESS_BYTES : PROGRESS_THINGS,
		      done, total);
}

static void print_finding(void *arg, const struct fsck_finding *f)
{
	(void)arg;
	progress_hide();
	printf("%s %s: %s%s\n", fsck_kind_name(f->kind), f->subject, f->text,
	       f->harmless ? " (harmless)" : "");
}

/* ---- the copies ---- */

struct copies_check {
	struct progress *progress;
	const char *dir;
	uint64_t own_bytes; /* of the store, as fsck has read it */
	uint64_t bytes; /* of both sides */
	uint64_t damaged;
};

/* Damage of the store's own blobs was told before. */
static int print_copy(void *arg, const struct fixity_damage *d, struct ltps_error *err)
{
	struct copies_check *k = arg;
	char hex[2 * DIGEST_MAX + 1];
	(void)err;
	if (!d->copy)
		return 0;
	k->damaged++;
	progress_hide();
	hex_encode(view_of(d->sha512.p, d->sha512.n), hex);
	printf("copy-damaged %s/%s: %s\n", d->tenant, hex, d->text);
	return 0;
}

/* The service has them for the length of a turn. */
static int open_copies(struct store *store, const char *dir, struct copies **ret_c,
		       struct ltps_error *err)
{
	const struct timespec pause = { .tv_nsec = COPIES_POLL_MS * 1000000L };
	const int64_t until_ms = clock_monotonic_ms() + COPIES_WAIT_MS;
	while (copies_open_reading(store, dir, ret_c, err) != 0) {
		if (err->code != LTPS_BUSY || clock_monotonic_ms() >= until_ms)
			return -1;
		ltps_error_clear(err);
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int check_copies(struct store *store, struct copies_check *k,
			struct ltps_error *err)
{
	const struct fixity_bound bound = { .bytes = COPIES_BYTES,
					    .blobs = COPIES_BLOBS };
	struct fixity_progress p = { 0 };
	struct store_conn *conn = NULL;
	if (store_reader_open(store, &conn, err) != 0)
		return -1;
	int rc = 0;
	while (rc == 0 && !p.end) {
		struct copies *c = NULL;
		rc = open_copies(store, k->dir, &c, err);
		if (rc == 0)
			rc = fixity_verify(conn, c, &bound, &p, print_copy, k, err);
		copies_close(c);
		progress_step(k->progress, "copies", PROGRESS_BYTES, p.bytes,
			      2 * k->own_bytes);
	}
	k->bytes = p.bytes;
	store_reader_close(conn);
	return rc;
}

static int fsck_copies(struct store *store, struct arguments *a, uint64_t own_bytes)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct copies_check k = { .progress = &a->progress,
				  .dir = a->copies,
				  .own_bytes = own_bytes };
	progress_step(k.progress, "copies", PROGRESS_BYTES, 0, 2 * own_bytes);
	if (check_copies(store, &k, &err) != 0) {
		(void)command_error("fsck: copies", &err);
		return EXIT_INVALID;
	}
	progress_hide();
	/* What came since the store was read makes it a little more. */
	printf("copies in %s (%" PRIu64 " bytes): %s\n", a->copies,
	       k.bytes > own_bytes ? k.bytes - own_bytes : 0,
	       k.damaged > 0 ? "DAMAGED" : "clean");
	return k.damaged > 0 ? EXIT_INVALID : EXIT_VALID;
}

/* ---- the store ---- */

static int fsck_store(struct store *store, struct progress *p, uint64_t *ret_bytes,
		      struct ltps_error *err)
{
	struct fsck_report r = { 0 };
	const struct fsck_options options = { .hooks = ltp_fsck_hooks(),
					      .finding = print_finding,
					      .progress = tell_stage,
					      .arg = p };
	if (store_fsck(store, &options, &r, err) != 0) {
		const int status = command_error("fsck", err);
		/* A database beyond reading is damage. */
		return err->code == LTPS_CORRUPT ? EXIT_INVALID : status;
	}
	progress_hide();
	printf("%" PRIu64 " blobs (%" PRIu64 " bytes), %" PRIu64 " leaves, %" PRIu64
	       " trees, %" PRIu64 " audit entries: %s\n",
	       r.blobs, r.bytes, r.leaves, r.trees, r.audit_entries,
	       r.damaged > 0 ? "DAMAGED" : "clean");
	*ret_bytes = r.bytes;
	return r.damaged > 0 ? EXIT_INVALID : EXIT_VALID;
}

int cmd_fsck(int argc, char **argv)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arguments a = { .progress = PROGRESS_OF("fsck") };
	struct store *store = NULL;
	uint64_t bytes = 0;
	int status = 0;
	if (parse(argc, argv, fsck_help, &a, &status) != 0)
		return status;
	if (open_store(&a, &store, &err) != 0) {
		status = command_error("fsck", &err);
		return err.code == LTPS_CORRUPT ? EXIT_INVALID : status;
	}
	status = fsck_store(store, &a.progress, &bytes, &err);
	if (a.copies[0] != '\0' && (status == EXIT_VALID || status == EXIT_INVALID)) {
		const int copies = fsck_copies(store, &a, bytes);
		status = status != EXIT_VALID ? status : copies;
	}
	store_close(store);
	return status;
}

static int report_copy(const char *command, int rc, const struct backup_report *r,
		       const struct ltps_error *err)
{
	if (rc != 0 && (r->damaged == 0 || err->code != LTPS_CORRUPT))
		return command_error(command, err);
	progress_hide();
	printf("%" PRIu64 " blobs, %" PRIu64 " bytes\n", r->blobs, r->bytes);
	if (r->damaged == 0)
		return 0;
	fprintf(stderr, "ltps: %s: %" PRIu64 " damaged blobs were left out\n", command,
		r->damaged);
	return EXIT_INVALID;
}

int cmd_backup(int argc, char **argv)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arguments a = { .progress = PROGRESS_OF("backup") };
	struct store *store = NULL;
	struct backup_report r = { 0 };
	int status = 0;
	if (parse(argc, argv, backup_help, &a, &status) != 0)
		return status;
	int rc = open_store(&a, &store, &err);
	if (rc == 0)
		rc = store_backup(store, a.dir, tell_stage, &a.progress, &r, &err);
	status = report_copy("backup", rc, &r, &err);
	store_close(store);
	return status;
}

int cmd_restore(int argc, char **argv)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arguments a = { .progress = PROGRESS_OF("restore") };
	struct backup_report r = { 0 };
	int status = 0;
	if (parse(argc, argv, restore_help, &a, &status) != 0)
		return status;
	int rc = find_store(&a, &err);
	if (rc == 0)
		rc = store_restore(a.dir, a.path, tell_stage, &a.progress, &r, &err);
	return report_copy("restore", rc, &r, &err);
}
