/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob_sweep - removes what a crash left: temporary files, and blob files that
 * were renamed but whose row was never committed, or whose row went without
 * the file. Large stores are gone through little by little.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "storage/store_private.h"

struct blob_sweep {
	DIR *blobs;
	DIR *tenant;
	DIR *folder;
	char tenant_name[STORE_TENANT_MAX + 1];
	char root[STORE_PATH_MAX]; /* blobs */
	char path[STORE_PATH_MAX]; /* blobs/tenant */
};

/* Next entry that is not hidden; NULL at the end. */
static struct dirent *next_entry(DIR *dir)
{
	struct dirent *e;
	do
		e = readdir(dir);
	while (e != NULL && e->d_name[0] == '.');
	return e;
}

static void close_dir(DIR **dir)
{
	if (*dir != NULL)
		closedir(*dir);
	*dir = NULL;
}

void blob_sweep_free(struct blob_sweep *sweep)
{
	if (sweep == NULL)
		return;
	close_dir(&sweep->folder);
	close_dir(&sweep->tenant);
	close_dir(&sweep->blobs);
	mem_free(sweep);
}

static DIR *open_below(const char *dir, const char *name, char out[STORE_PATH_MAX])
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	char path[STORE_PATH_MAX];
	if (file_join(dir, name, path, sizeof(path), &ignored) != 0)
		return NULL;
	if (out != NULL)
		memcpy(out, path, sizeof(path));
	return opendir(path);
}

void blob_sweep_temp(struct store *store)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	char tmp[STORE_PATH_MAX], path[STORE_PATH_MAX];
	DIR *dir = open_below(store->dir, STORE_TEMP_NAME, tmp);
	struct dirent *e;
	while (dir != NULL && (e = next_entry(dir)) != NULL) {
		if (file_join(tmp, e->d_name, path, sizeof(path), &ignored) == 0)
			(void)store->io.unlink(store->io.self, path);
	}
	close_dir(&dir);
}

/* The next blob file; false when all folders are through. */
static bool next_file(struct blob_sweep *w, const char **ret_name)
{
	struct dirent *e;
	for (;;) {
		if (w->folder != NULL && (e = next_entry(w->folder)) != NULL) {
			*ret_name = e->d_name;
			return true;
		}
		close_dir(&w->folder);
		if (w->tenant != NULL && (e = next_entry(w->tenant)) != NULL) {
			w->folder = open_below(w->path, e->d_name, NULL);
			continue;
		}
		close_dir(&w->tenant);
		if (w->blobs == NULL || (e = next_entry(w->blobs)) == NULL)
			return false;
		if (!blob_tenant_valid(e->d_name))
			continue;
		snprintf(w->tenant_name, sizeof(w->tenant_name), "%.*s",
			 STORE_TENANT_MAX, e->d_name);
		w->tenant = open_below(w->root, e->d_name, w->path);
	}
}

/* The address in a file name; false when it is not one of ours. */
static bool address_of(const char *name, struct digest *ret_d)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct buf b = buf_make(DIGEST_MAX);
	size_t n = strnlen(name, 2 * DIGEST_MAX + 1);
	bool ok = n == 2 * digest_len(DIGEST_SHA512) &&
		  hex_decode(view_of(name, n), &b, &ignored) == 0;
	if (ok) {
		*ret_d = (struct digest){ .alg = DIGEST_SHA512, .n = b.n };
		memcpy(ret_d->p, b.p, b.n);
	}
	buf_free(&b);
	return ok;
}

static bool has_row(struct store *s, const char *tenant, const struct digest *sha512)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct db_stmt *st;
	bool row = true;
	if (db_get(s->writer->db, SQL_BLOB_IS_FILE, &st, &ignored) != 0)
		return true;
	DB_BIND(st, DB_DIGEST(sha512), DB_TEXT(tenant));
	if (db_step(st, &row, &ignored) != 0)
		row = true;
	db_reset(st);
	return row;
}

static void sweep_file(struct store *s, const char *tenant, const char *name)
{
	struct digest sha512;
	if (!address_of(name, &sha512) || has_row(s, tenant, &sha512))
		return;
	struct blob_gone *g = blob_gone_new(tenant, &sha512);
	if (g == NULL)
		return;
	pthread_mutex_lock(&s->mutex);
	g->epoch = ++s->epoch;
	pthread_mutex_unlock(&s->mutex);
	g->next = s->gone;
	s->gone = g;
}

static struct blob_sweep *sweep_new(const char *dir)
{
	struct blob_sweep *w = mem_zalloc(1, sizeof(*w));
	if (w == NULL)
		return NULL;
	w->blobs = open_below(dir, STORE_BLOBS_NAME, w->root);
	return w;
}

int blob_sweep_each(const char *dir,
		    int (*file)(void *arg, const char *tenant,
				const struct digest *sha512, struct ltps_error *err),
		    void *arg, struct ltps_error *err)
{
	const char *name;
	struct digest sha512;
	int rc = 0;
	struct blob_sweep *w = sweep_new(dir);
	if (w == NULL)
		return ltps_fail_nomem(err);
	while (rc == 0 && next_file(w, &name)) {
		if (address_of(name, &sha512))
			rc = file(arg, w->tenant_name, &sha512, err);
	}
	blob_sweep_free(w);
	return rc;
}

void blob_sweep_files(struct store *store, size_t budget)
{
	const char *name;
	if (store->swept)
		return;
	if (store->sweep == NULL)
		store->sweep = sweep_new(store->dir);
	if (store->sweep == NULL)
		return;
	while (budget-- > 0) {
		if (!next_file(store->sweep, &name)) {
			blob_sweep_free(store->sweep);
			store->sweep = NULL;
			store->swept = true;
			break;
		}
		sweep_file(store, store->sweep->tenant_name, name);
	}
	blob_files_unlink(store);
}
