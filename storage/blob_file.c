/* SPDX-License-Identifier: Apache-2.0 */
/* blob_file - blob files: names, durable placing of a batch, removal. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "storage/failpoints.h"
#include "storage/fixity_private.h"

/*
 * From this many files on, one syncfs() is cheaper than a sync of each
 * (bench/storage_bench); it also flushes what others wrote on the disk.
 */
#define SYNCFS_FILES 4
/* The same for the folders that their names went into. */
#define SYNCFS_FOLDERS 4

/* Names */

bool blob_tenant_valid(const char *tenant)
{
	size_t n = tenant != NULL ? strnlen(tenant, STORE_TENANT_MAX + 1) : 0;
	if (n == 0 || n > STORE_TENANT_MAX)
		return false;
	if (strcmp(tenant, STORE_TENANT_SYSTEM) == 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		char c = tenant[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!plain && (i == 0 || strchr("._-", c) == NULL))
			return false;
	}
	return true;
}

static int fail_path(struct ltps_error *err)
{
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
			 "the path of the store is too long");
}

int blob_path_in(const char *dir, const char *tenant, const struct digest *sha512,
		 char out[STORE_PATH_MAX], struct ltps_error *err)
{
	char hex[2 * DIGEST_MAX + 1];
	hex_encode(digest_view(sha512), hex);
	int n = snprintf(out, STORE_PATH_MAX, "%s/" STORE_BLOBS_NAME "/%s/%.2s/%s", dir,
			 tenant, hex, hex);
	return n < STORE_PATH_MAX ? 0 : fail_path(err);
}

int blob_path(const struct store *store, const char *tenant,
	      const struct digest *sha512, char out[STORE_PATH_MAX],
	      struct ltps_error *err)
{
	return blob_path_in(store->dir, tenant, sha512, out, err);
}

void blob_temp_name(struct store *store, char out[BLOB_TEMP_MAX])
{
	snprintf(out, BLOB_TEMP_MAX, "%ld-%016llx-%llu", (long)getpid(),
		 (unsigned long long)store->temp_nonce,
		 (unsigned long long)atomic_fetch_add(&store->temp_counter, 1));
}

int blob_temp_path(const struct blob_new *blob, char out[STORE_PATH_MAX],
		   struct ltps_error *err)
{
	int n = snprintf(out, STORE_PATH_MAX, "%s/" STORE_TEMP_NAME "/%s",
			 blob->store->dir, blob->temp);
	return n < STORE_PATH_MAX ? 0 : fail_path(err);
}

/* "blobs", "blobs/tenant" (byte < 0), "blobs/tenant/ab" */
static int folder_path(const struct store *store, const char *tenant, int byte,
		       char out[STORE_PATH_MAX], struct ltps_error *err)
{
	int n;
	if (tenant == NULL)
		n = snprintf(out, STORE_PATH_MAX, "%s/" STORE_BLOBS_NAME, store->dir);
	else if (byte < 0)
		n = snprintf(out, STORE_PATH_MAX, "%s/" STORE_BLOBS_NAME "/%s",
			     store->dir, tenant);
	else
		n = snprintf(out, STORE_PATH_MAX, "%s/" STORE_BLOBS_NAME "/%s/%02x",
			     store->dir, tenant, (unsigned)byte);
	return n < STORE_PATH_MAX ? 0 : fail_path(err);
}

/* Whole reads and writes */

int blob_write_all(const struct store_io *io, int fd, struct view v,
		   struct ltps_error *err)
{
	while (v.n > 0) {
		ssize_t n = io->write(io->self, fd, v.p, v.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ltps_fail_errno(err, "cannot write a blob file");
		v = view_skip(v, (size_t)n);
	}
	return 0;
}

int blob_read_exact(const struct store_io *io, int fd, uint64_t offset, uint8_t *out,
		    size_t n, struct ltps_error *err)
{
	while (n > 0) {
		ssize_t got = io->read(io->self, fd, out, n, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ltps_fail_errno(err, "cannot read a blob file");
		if (got == 0)
			return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
					 "a blob file is shorter than its row says");
		out += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

/* Placing the files of a batch */

/* Folders that this batch put names into. */
struct touched {
	struct blob_dirs *dirs;
	uint8_t bits[256 / 8];
	bool new_names; /* in the tenant's own folder */
	struct touched *next;
};

struct placing {
	struct store *store;
	struct touched *list;
	bool new_tenants;
	uint64_t files;
};

static bool bit_get(const uint8_t *bits, unsigned i)
{
	return (bits[i / 8] >> (i % 8)) & 1;
}

static void bit_set(uint8_t *bits, unsigned i)
{
	bits[i / 8] |= (uint8_t)(1u << (i % 8));
}

static int make_folder(struct store *s, const char *tenant, int byte,
		       struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	if (folder_path(s, tenant, byte, path, err) != 0)
		return -1;
	if (s->io.mkdir(s->io.self, path, 0700) != 0 && errno != EEXIST)
		return ltps_fail_errno(err, "cannot create %.160s", path);
	return 0;
}

static struct touched *touched_of(struct placing *p, const char *tenant,
				  struct ltps_error *err)
{
	for (struct touched *t = p->list; t != NULL; t = t->next) {
		if (strcmp(t->dirs->tenant, tenant) == 0)
			return t;
	}
	struct blob_dirs *dirs = p->store->dirs;
	while (dirs != NULL && strcmp(dirs->tenant, tenant) != 0)
		dirs = dirs->next;
	if (dirs == NULL) {
		dirs = mem_zalloc(1, sizeof(*dirs));
		if (dirs == NULL) {
			ltps_fail_nomem(err);
			return NULL;
		}
		memcpy(dirs->tenant, tenant, strlen(tenant) + 1);
		dirs->next = p->store->dirs;
		p->store->dirs = dirs;
	}
	struct touched *t = mem_zalloc(1, sizeof(*t));
	if (t == NULL) {
		ltps_fail_nomem(err);
		return NULL;
	}
	t->dirs = dirs;
	t->next = p->list;
	p->list = t;
	return t;
}

/*
 * A folder that exists may have been made by a process that was killed before
 * it synced the name: each process syncs each name once.
 */
static int need_folder(struct placing *p, struct touched *t, unsigned byte,
		       struct ltps_error *err)
{
	if (bit_get(t->bits, byte))
		return 0;
	if (!bit_get(t->dirs->durable, byte)) {
		if (!t->dirs->known) {
			if (make_folder(p->store, t->dirs->tenant, -1, err) != 0)
				return -1;
			p->new_tenants = true;
		}
		if (make_folder(p->store, t->dirs->tenant, (int)byte, err) != 0)
			return -1;
		t->new_names = true;
	}
	bit_set(t->bits, byte);
	return 0;
}

static int sync_file(struct store *s, const struct blob_new *b, struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	if (blob_temp_path(b, path, err) != 0)
		return -1;
	int fd = s->io.open(s->io.self, path, O_RDONLY, 0);
	if (fd < 0)
		return ltps_fail_errno(err, "cannot open a temporary file");
	int rc = s->io.fdatasync(s->io.self, fd);
	if (rc != 0)
		ltps_fail_errno(err, "cannot sync a blob file");
	s->io.close(s->io.self, fd);
	return rc;
}

static int sync_each(struct store *s, struct blob_new *files, struct ltps_error *err)
{
	for (struct blob_new *b = files; b != NULL; b = b->batch_next) {
		if (sync_file(s, b, err) != 0)
			return -1;
	}
	return 0;
}

static int sync_data(struct store *s, struct blob_new *files, struct ltps_error *err)
{
	size_t n = 0;
	for (struct blob_new *b = files; b != NULL; b = b->batch_next)
		n++;
	if (failpoint_fail(FP_BLOB_BEFORE_SYNC, err) != 0)
		return -1;
	if (n < SYNCFS_FILES) {
		if (sync_each(s, files, err) != 0)
			return -1;
	} else if (s->io.syncfs(s->io.self, s->blobs_fd) != 0) {
		return ltps_fail_errno(err, "cannot sync the blob files");
	}
	return failpoint_fail(FP_BLOB_AFTER_SYNC, err);
}

static int place_one(struct placing *p, struct blob_new *b, struct ltps_error *err)
{
	char temp[STORE_PATH_MAX], path[STORE_PATH_MAX];
	struct store *s = p->store;
	struct touched *t = touched_of(p, b->tenant, err);
	if (t == NULL || need_folder(p, t, b->sha512.p[0], err) != 0 ||
	    blob_temp_path(b, temp, err) != 0 ||
	    blob_path(s, b->tenant, &b->sha512, path, err) != 0)
		return -1;
	if (failpoint_fail(FP_BLOB_BEFORE_RENAME, err) != 0)
		return -1;
	if (s->io.rename(s->io.self, temp, path) != 0)
		return ltps_fail_errno(err, "cannot rename a blob file");
	b->placed = true;
	p->files++;
	return failpoint_fail(FP_BLOB_AFTER_RENAME, err);
}

static int sync_folder(struct store *s, const char *tenant, int byte,
		       struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	if (folder_path(s, tenant, byte, path, err) != 0)
		return -1;
	if (failpoint_fail(FP_DIR_BEFORE_SYNC, err) != 0)
		return -1;
	if (s->io.fsync_dir(s->io.self, path) != 0)
		return ltps_fail_errno(err, "cannot sync %.160s", path);
	return failpoint_fail(FP_DIR_AFTER_SYNC, err);
}

static size_t count_folders(const struct placing *p)
{
	size_t n = p->new_tenants;
	for (const struct touched *t = p->list; t != NULL; t = t->next) {
		n += t->new_names;
		for (unsigned i = 0; i < 256; i++)
			n += bit_get(t->bits, i);
	}
	return n;
}

static int sync_each_folder(struct placing *p, struct ltps_error *err)
{
	struct store *s = p->store;
	for (struct touched *t = p->list; t != NULL; t = t->next) {
		for (unsigned i = 0; i < 256; i++) {
			if (bit_get(t->bits, i) &&
			    sync_folder(s, t->dirs->tenant, (int)i, err) != 0)
				return -1;
		}
		if (t->new_names && sync_folder(s, t->dirs->tenant, -1, err) != 0)
			return -1;
	}
	return p->new_tenants ? sync_folder(s, NULL, -1, err) : 0;
}

static int sync_all_folders(struct store *s, struct ltps_error *err)
{
	if (failpoint_fail(FP_DIR_BEFORE_SYNC, err) != 0)
		return -1;
	if (s->io.syncfs(s->io.self, s->blobs_fd) != 0)
		return ltps_fail_errno(err, "cannot sync the blob folders");
	return failpoint_fail(FP_DIR_AFTER_SYNC, err);
}

static int sync_folders(struct placing *p, struct ltps_error *err)
{
	int rc = count_folders(p) < SYNCFS_FOLDERS ? sync_each_folder(p, err)
						   : sync_all_folders(p->store, err);
	if (rc != 0)
		return -1;
	for (struct touched *t = p->list; t != NULL; t = t->next) {
		t->dirs->known = true;
		for (size_t i = 0; i < sizeof(t->bits); i++)
			t->dirs->durable[i] |= t->bits[i];
	}
	return 0;
}

int blob_files_place(struct store_conn *conn, struct ltps_error *err)
{
	if (conn->files == NULL)
		return 0;
	struct placing p = { .store = conn->store };
	int rc = sync_data(conn->store, conn->files, err);
	for (struct blob_new *b = conn->files; rc == 0 && b != NULL; b = b->batch_next)
		rc = place_one(&p, b, err);
	if (rc == 0)
		rc = sync_folders(&p, err);
	while (p.list != NULL) {
		struct touched *next = p.list->next;
		mem_free(p.list);
		p.list = next;
	}
	pthread_mutex_lock(&conn->store->mutex);
	conn->store->stats.files += p.files;
	pthread_mutex_unlock(&conn->store->mutex);
	return rc;
}

/* Files without a row */

struct blob_gone *blob_gone_new(const char *tenant, const struct digest *sha512)
{
	struct blob_gone *g = mem_zalloc(1, sizeof(*g));
	if (g == NULL)
		return NULL;
	snprintf(g->tenant, sizeof(g->tenant), "%s", tenant);
	g->sha512 = *sha512;
	return g;
}

int blob_gone_add(struct store_conn *conn, const char *tenant,
		  const struct digest *sha512, struct ltps_error *err)
{
	struct blob_gone *g = blob_gone_new(tenant, sha512);
	if (g == NULL)
		return ltps_fail_nomem(err);
	g->next = conn->gone;
	conn->gone = g;
	return 0;
}

static void forget_gone(struct store_conn *conn, struct blob_gone *until)
{
	while (conn->gone != until) {
		struct blob_gone *next = conn->gone->next;
		mem_free(conn->gone);
		conn->gone = next;
	}
}

void blob_files_cut(struct store_conn *conn, struct blob_new **end,
		    struct blob_gone *gone)
{
	for (struct blob_new *b = *end; b != NULL; b = b->batch_next)
		b->in_batch = false;
	*end = NULL;
	conn->files_end = end;
	forget_gone(conn, gone);
}

/*
 * A COMMIT that failed may yet be found in the log after a crash, until the
 * next one has overwritten it: its files wait for that.
 */
static void doubt_placed(struct store_conn *conn)
{
	for (struct blob_new *b = conn->files; b != NULL; b = b->batch_next) {
		struct blob_gone *g =
		    b->placed ? blob_gone_new(b->tenant, &b->sha512) : NULL;
		if (g == NULL)
			continue; /* the next start sweeps it */
		g->next = conn->store->gone;
		conn->store->gone = g;
	}
}

static void keep_gone(struct store_conn *conn)
{
	struct store *s = conn->store;
	pthread_mutex_lock(&s->mutex);
	uint64_t epoch = ++s->epoch;
	pthread_mutex_unlock(&s->mutex);
	while (conn->gone != NULL) {
		struct blob_gone *g = conn->gone;
		conn->gone = g->next;
		g->next = s->gone;
		s->gone = g;
	}
	for (struct blob_gone *g = s->gone; g != NULL; g = g->next) {
		if (g->epoch == 0)
			g->epoch = epoch;
	}
}

void blob_files_end(struct store_conn *conn, bool committed)
{
	if (committed) {
		if (conn->gone != NULL || conn->store->gone != NULL)
			keep_gone(conn);
	} else {
		doubt_placed(conn);
		forget_gone(conn, NULL);
	}
	blob_files_cut(conn, &conn->files, NULL);
}

/* Whether every reader that is under way began after this epoch. */
static bool nobody_sees(struct store *s, uint64_t epoch)
{
	bool free_to_go = true;
	pthread_mutex_lock(&s->mutex);
	for (struct store_conn *c = s->readers; c != NULL; c = c->next) {
		if (c->hold_epoch != 0 && c->hold_epoch < epoch)
			free_to_go = false;
	}
	pthread_mutex_unlock(&s->mutex);
	return free_to_go;
}

/* The same bytes may have come back since. */
static bool has_row(struct store *s, const struct blob_gone *g)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct db_stmt *st;
	bool row = true;
	if (db_get(s->writer->db, SQL_BLOB_IS_FILE, &st, &ignored) != 0)
		return true;
	DB_BIND(st, DB_DIGEST(&g->sha512), DB_TEXT(g->tenant));
	if (db_step(st, &row, &ignored) != 0)
		row = true;
	db_reset(st);
	return row;
}

static void unlink_one(struct store *s, const struct blob_gone *g)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	char path[STORE_PATH_MAX];
	if (has_row(s, g) || blob_path(s, g->tenant, &g->sha512, path, &ignored) != 0)
		return;
	if (failpoint_pass(FP_BLOB_BEFORE_UNLINK))
		return;
	/* A file that stays is swept at the next start. */
	(void)s->io.unlink(s->io.self, path);
	(void)failpoint_pass(FP_BLOB_AFTER_UNLINK);
	struct blob_info info = { .sha512 = g->sha512 };
	memcpy(info.tenant, g->tenant, sizeof(info.tenant));
	fixity_kept_remove(&s->io, s->dir, &info, 0);
}

void blob_files_unlink(struct store *store)
{
	if (store->gone == NULL || !lock_try(&store->files_lock, true))
		return;
	uint64_t waiting = 0;
	struct blob_gone **at = &store->gone;
	while (*at != NULL) {
		struct blob_gone *g = *at;
		if (g->epoch == 0 || !nobody_sees(store, g->epoch)) {
			at = &g->next;
			waiting++;
			continue;
		}
		unlink_one(store, g);
		*at = g->next;
		mem_free(g);
	}
	lock_drop(&store->files_lock);
	pthread_mutex_lock(&store->mutex);
	store->stats.unlinks_pending = waiting;
	pthread_mutex_unlock(&store->mutex);
}
