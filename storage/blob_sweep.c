/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob_sweep - removes what a crash left: temporary files, and blob files that
 * were renamed but whose row was never committed, or whose row went without
 * the file. Large stores are gone through little by little.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "storage/blob_private.h"

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

/* ADDRESS.damaged-N, ADDRESS.blob-ID.damaged-N (fixity_kept_path()) */
static bool kept_of(const char *name, struct blob_name *ret_n)
{
	char address[2 * DIGEST_MAX + 1];
	const char *dot = strchr(name, '.');
	if (dot == NULL || (size_t)(dot - name) >= sizeof(address))
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)(dot - name), name);
	if (!address_of(address, &ret_n->sha512))
		return false;
	if (strncmp(dot, ".blob-", 6) == 0) {
		char *end;
		ret_n->id = strtoll(dot + 6, &end, 10);
		dot = end;
	}
	return strncmp(dot, ".damaged-", 9) == 0;
}

static bool name_of(const char *tenant, const char *name, struct blob_name *ret_n)
{
	*ret_n = (struct blob_name){ .tenant = tenant, .name = name };
	if (address_of(name, &ret_n->sha512))
		return true;
	ret_n->kept = kept_of(name, ret_n);
	return ret_n->kept;
}

void blob_name_unlink(const struct store_io *io, const char *dir,
		      const struct blob_name *n)
{
	char path[STORE_PATH_MAX];
	int k = snprintf(path, sizeof(path), "%s/" STORE_BLOBS_NAME "/%s/%.2s/%s", dir,
			 n->tenant, n->name, n->name);
	if (k > 0 && (size_t)k < sizeof(path))
		(void)io->unlink(io->self, path);
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

/* Damaged bytes go with the blob that they were. */
static bool kept_is_wanted(struct store *s, const struct blob_name *n)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	struct blob_info info;
	if (n->id == 0)
		return has_row(s, n->tenant, &n->sha512);
	if (blob_get(s->writer, n->id, &info, &e) != 0)
		return e.code != LTPS_NOT_FOUND;
	return digest_equal(&info.sha512, &n->sha512);
}

static void sweep_file(struct store *s, const char *tenant, const char *name)
{
	struct blob_name n;
	if (!name_of(tenant, name, &n))
		return;
	if (n.kept && !kept_is_wanted(s, &n))
		blob_name_unlink(&s->io, s->dir, &n);
	if (n.kept || has_row(s, tenant, &n.sha512))
		return;
	struct blob_gone *g = blob_gone_new(tenant, &n.sha512);
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

int blob_sweep_names(const char *dir,
		     int (*file)(void *arg, const struct blob_name *n,
				 struct ltps_error *err),
		     void *arg, struct ltps_error *err)
{
	const char *name;
	struct blob_name n;
	int rc = 0;
	struct blob_sweep *w = sweep_new(dir);
	if (w == NULL)
		return ltps_fail_nomem(err);
	while (rc == 0 && next_file(w, &name))
		if (name_of(w->tenant_name, name, &n))
			rc = file(arg, &n, err);
	blob_sweep_free(w);
	return rc;
}

struct each {
	int (*file)(void *arg, const char *tenant, const struct digest *sha512,
		    struct ltps_error *err);
	void *arg;
};

static int only_blobs(void *arg, const struct blob_name *n, struct ltps_error *err)
{
	const struct each *e = arg;
	return n->kept ? 0 : e->file(e->arg, n->tenant, &n->sha512, err);
}

int blob_sweep_each(const char *dir,
		    int (*file)(void *arg, const char *tenant,
				const struct digest *sha512, struct ltps_error *err),
		    void *arg, struct ltps_error *err)
{
	struct each e = { .file = file, .arg = arg };
	return blob_sweep_names(dir, only_blobs, &e, err);
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
