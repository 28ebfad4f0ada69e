/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/storage_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "storage/audit.h"
#include "storage/evidence.h"
#include "storage/fsck.h"

void fixture_dir(char out[4096])
{
	const char *base = getenv("TMPDIR");
	snprintf(out, 4096, "%s/ltps-store-XXXXXX", base != NULL ? base : "/tmp");
	if (mkdtemp(out) == NULL) {
		perror("mkdtemp");
		exit(70);
	}
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void fixture_remove(const char *dir)
{
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void fixture_die(const char *what, const struct ltps_error *err)
{
	char line[512];
	ltps_error_line(err, line, sizeof(line));
	fprintf(stderr, "%s: %s\n", what, line);
	abort();
}

struct store *fixture_open(const char *dir)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *store = NULL;
	struct store_options options = { .dir = dir };
	if (store_open(&options, &store, &err) != 0)
		fixture_die("open", &err);
	return store;
}

void fixture_start(char dir[4096], struct store **ret_store,
		   struct store_conn **ret_reader)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	fixture_dir(dir);
	*ret_store = fixture_open(dir);
	if (store_reader_open(*ret_store, ret_reader, &err) != 0)
		fixture_die("reader", &err);
}

void fixture_stop(const char *dir, struct store *store, struct store_conn *reader)
{
	store_reader_close(reader);
	store_close(store);
	fixture_remove(dir);
}

void fixture_bytes(uint64_t i, size_t n, uint8_t *out)
{
	uint64_t x = i * 0x9e3779b97f4a7c15u + 1;
	for (size_t k = 0; k < n; k++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		out[k] = (uint8_t)x;
	}
}

void fixture_poid(uint64_t i, char out[32])
{
	snprintf(out, 32, "poid-%08llu", (unsigned long long)i);
}

int fixture_object_make(struct store *store, const char *tenant, uint64_t i, size_t n,
			struct fixture_object **ret_o, struct ltps_error *err)
{
	struct fixture_object *o = mem_zalloc(1, sizeof(*o));
	if (o == NULL)
		return ltps_fail_nomem(err);
	o->tenant = tenant;
	o->bytes = mem_alloc(n);
	o->n = n;
	fixture_poid(i, o->poid);
	if (o->bytes == NULL) {
		fixture_object_free(o);
		return ltps_fail_nomem(err);
	}
	fixture_bytes(i, n, o->bytes);
	struct view v = view_of(o->bytes, n);
	o->part.mime = "application/pdf";
	o->part.size = n;
	if (digest_once(DIGEST_SHA256, v, &o->part.sha256, err) != 0 ||
	    digest_once(DIGEST_SHA512, v, &o->part.sha512, err) != 0 ||
	    blob_prepare(store, tenant, v, &o->part.sha512, &o->part.blob, err) != 0) {
		fixture_object_free(o);
		return -1;
	}
	*ret_o = o;
	return 0;
}

void fixture_object_free(struct fixture_object *o)
{
	if (o == NULL)
		return;
	blob_new_free(o->part.blob);
	mem_free(o->bytes);
	mem_free(o);
}

int fixture_object_run(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct fixture_object *o = arg;
	struct version_new v = { .label = "v1",
				 .kind = VERSION_SUBMITTED,
				 .created_ms = FIXTURE_TIME,
				 .digest = o->part.sha256,
				 .parts = &o->part,
				 .n_parts = 1 };
	struct object_new n = { .tenant = o->tenant,
				.poid = o->poid,
				.profile = FIXTURE_PROFILE,
				.created_ms = FIXTURE_TIME,
				.first = &v };
	struct audit_entry a = { .time_ms = FIXTURE_TIME,
				 .tenant = o->tenant,
				 .actor = "client",
				 .operation = "PreservePO",
				 .poid = o->poid,
				 .outcome = "Success" };
	struct leaf_new leaf = { .profile = FIXTURE_PROFILE,
				 .alg = DIGEST_SHA256,
				 .kind = LEAF_VERSION,
				 .digest = o->part.sha256,
				 .bytes = o->n,
				 .now_ms = FIXTURE_TIME };
	if (object_insert(conn, &n, &o->object, &o->version, err) != 0)
		return -1;
	leaf.ref = o->version;
	if (tree_append_leaf(conn, &leaf, NULL, err) != 0)
		return -1;
	return audit_append(conn, &a, NULL, err);
}

int fixture_add(struct store *store, uint64_t i, size_t n, int64_t *ret_object,
		int64_t *ret_version, struct ltps_error *err)
{
	struct fixture_object *o;
	if (fixture_object_make(store, FIXTURE_TENANT, i, n, &o, err) != 0)
		return -1;
	int rc = store_write(store, fixture_object_run, o, err);
	if (rc == 0 && ret_object != NULL)
		*ret_object = o->object;
	if (rc == 0 && ret_version != NULL)
		*ret_version = o->version;
	fixture_object_free(o);
	return rc;
}

int fixture_check(struct store_conn *conn, uint64_t i, size_t n, struct ltps_error *err)
{
	char poid[32];
	struct object *o = NULL;
	struct buf b = buf_make(n);
	uint8_t *bytes = mem_alloc(n);
	fixture_poid(i, poid);
	fixture_bytes(i, n, bytes);
	int rc = object_get(conn, FIXTURE_TENANT, poid, &o, err);
	if (rc == 0 && (o->n_versions != 1 || o->versions[0].n_parts != 1))
		rc = ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_SELF, NULL,
			       "%s has %zu versions", poid, o->n_versions);
	if (rc == 0)
		rc = blob_read(conn, o->versions[0].parts[0].blob, &b, err);
	if (rc == 0 && !view_equal(view_buf(&b), view_of(bytes, n)))
		rc = ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_SELF, NULL,
			       "%s has other bytes", poid);
	object_free(o);
	buf_free(&b);
	mem_free(bytes);
	return rc;
}

static void show_finding(void *arg, const struct fsck_finding *f)
{
	(void)arg;
	fprintf(stderr, "fsck: %s%s: %s: %s\n", fsck_kind_name(f->kind),
		f->harmless ? " (harmless)" : "", f->subject, f->text);
}

uint64_t fixture_fsck(struct store *store, uint64_t *ret_harmless)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fsck_report report;
	struct fsck_options options = { .finding = show_finding };
	if (store_fsck(store, &options, &report, &err) != 0)
		fixture_die("fsck", &err);
	if (ret_harmless != NULL)
		*ret_harmless = report.harmless;
	return report.damaged;
}

/* File operations that fail */

static bool fails(struct fault_io *f, enum fault_op op)
{
	f->calls[op]++;
	if (f->countdown[op] == 0 || --f->countdown[op] != 0)
		return false;
	errno = f->error[op];
	return true;
}

static int fault_open(void *self, const char *path, int flags, unsigned mode)
{
	if ((flags & O_CREAT) != 0 && fails(self, FAULT_OPEN))
		return -1;
	return io_system()->open(NULL, path, flags, mode);
}

static int fault_close(void *self, int fd)
{
	(void)self;
	return io_system()->close(NULL, fd);
}

static ssize_t fault_read(void *self, int fd, void *p, size_t n, uint64_t offset)
{
	if (fails(self, FAULT_READ))
		return -1;
	return io_system()->read(NULL, fd, p, n, offset);
}

static ssize_t fault_write(void *self, int fd, const void *p, size_t n)
{
	struct fault_io *f = self;
	if (fails(f, FAULT_WRITE))
		return -1;
	if (f->short_write > 0 && n > f->short_write)
		n = f->short_write;
	return io_system()->write(NULL, fd, p, n);
}

static int fault_fdatasync(void *self, int fd)
{
	return fails(self, FAULT_FDATASYNC) ? -1 : io_system()->fdatasync(NULL, fd);
}

static int fault_fsync(void *self, int fd)
{
	(void)self;
	return io_system()->fsync(NULL, fd);
}

static int fault_syncfs(void *self, int fd)
{
	return fails(self, FAULT_SYNCFS) ? -1 : io_system()->syncfs(NULL, fd);
}

static int fault_rename(void *self, const char *from, const char *to)
{
	return fails(self, FAULT_RENAME) ? -1 : io_system()->rename(NULL, from, to);
}

static int fault_unlink(void *self, const char *path)
{
	return fails(self, FAULT_UNLINK) ? -1 : io_system()->unlink(NULL, path);
}

static int fault_mkdir(void *self, const char *path, unsigned mode)
{
	return fails(self, FAULT_MKDIR) ? -1 : io_system()->mkdir(NULL, path, mode);
}

static int fault_fsync_dir(void *self, const char *path)
{
	return fails(self, FAULT_FSYNC_DIR) ? -1 : io_system()->fsync_dir(NULL, path);
}

void fault_io_init(struct fault_io *f)
{
	memset(f, 0, sizeof(*f));
	f->io = (struct store_io){
		.self = f,
		.open = fault_open,
		.close = fault_close,
		.read = fault_read,
		.write = fault_write,
		.fdatasync = fault_fdatasync,
		.fsync = fault_fsync,
		.syncfs = fault_syncfs,
		.rename = fault_rename,
		.unlink = fault_unlink,
		.mkdir = fault_mkdir,
		.fsync_dir = fault_fsync_dir,
	};
}

void fault_io_arm(struct fault_io *f, enum fault_op op, int nth, int error)
{
	f->countdown[op] = nth;
	f->error[op] = error;
}
