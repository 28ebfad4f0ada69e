/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/storage_record.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

/* The log */

enum op_kind {
	OP_CREATE, /* path names a new empty file */
	OP_MKDIR,
	OP_WRITE,
	OP_TRUNCATE, /* offset: new size */
	OP_SYNC,     /* contents of path */
	OP_SYNC_DIR, /* names in path */
	OP_SYNC_ALL,
	OP_RENAME,
	OP_REMOVE,
	OP_NOTE,
};

struct op {
	enum op_kind kind;
	char *path; /* below the root */
	char *to;
	uint8_t *data;
	size_t n;
	uint64_t offset;
	int what;
};

static struct op *ops;
static size_t n_ops, cap_ops;
static char root_path[4096];
static bool recording;
/* Held during an operation and its entry: the log is in the order of the disk. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

/* Path below the root, or NULL for what is none of our business. */
static const char *below(const char *path)
{
	size_t n = strlen(root_path);
	if (path == NULL || strncmp(path, root_path, n) != 0)
		return NULL;
	if (path[n] == '\0')
		return "";
	return path[n] == '/' ? path + n + 1 : NULL;
}

static struct op *add(enum op_kind kind, const char *path)
{
	const char *rel = path != NULL ? below(path) : "";
	if (!recording || rel == NULL)
		return NULL;
	if (n_ops == cap_ops) {
		cap_ops = cap_ops == 0 ? 1024 : 2 * cap_ops;
		ops = must(realloc(ops, cap_ops * sizeof(*ops)));
	}
	struct op *o = &ops[n_ops++];
	memset(o, 0, sizeof(*o));
	o->kind = kind;
	o->path = must(strdup(rel));
	return o;
}

static void add_write(const char *path, const void *p, size_t n, uint64_t offset)
{
	struct op *o = add(OP_WRITE, path);
	if (o == NULL)
		return;
	o->data = must(malloc(n + 1));
	memcpy(o->data, p, n);
	o->n = n;
	o->offset = offset;
}

static void parent_of(const char *path, char out[4096])
{
	snprintf(out, 4096, "%s", path);
	char *slash = strrchr(out, '/');
	if (slash != NULL)
		*slash = '\0';
	else
		out[0] = '\0';
}

void record_note(int what, uint64_t i)
{
	pthread_mutex_lock(&lock);
	struct op *o = add(OP_NOTE, NULL);
	if (o != NULL) {
		o->what = what;
		o->offset = i;
	}
	pthread_mutex_unlock(&lock);
}

size_t record_count(void)
{
	return n_ops;
}

bool record_is_sync(size_t at)
{
	return ops[at].kind == OP_SYNC || ops[at].kind == OP_SYNC_DIR ||
	       ops[at].kind == OP_SYNC_ALL;
}

bool record_is_note(size_t at, int *ret_what, uint64_t *ret_i)
{
	if (ops[at].kind != OP_NOTE)
		return false;
	*ret_what = ops[at].what;
	*ret_i = ops[at].offset;
	return true;
}

/* Blob files */

#define FDS_MAX 4096
static char *fd_paths[FDS_MAX];
static uint64_t fd_at[FDS_MAX];

static int rec_open(void *self, const char *path, int flags, unsigned mode)
{
	(void)self;
	pthread_mutex_lock(&lock);
	bool is_new = (flags & O_CREAT) != 0 && access(path, F_OK) != 0;
	int fd = io_system()->open(NULL, path, flags, mode);
	if (fd >= FDS_MAX)
		abort();
	if (fd >= 0) {
		free(fd_paths[fd]);
		fd_paths[fd] = must(strdup(path));
		fd_at[fd] = 0;
		if (is_new)
			(void)add(OP_CREATE, path);
	}
	pthread_mutex_unlock(&lock);
	return fd;
}

static int rec_close(void *self, int fd)
{
	(void)self;
	pthread_mutex_lock(&lock);
	free(fd_paths[fd]);
	fd_paths[fd] = NULL;
	int rc = io_system()->close(NULL, fd);
	pthread_mutex_unlock(&lock);
	return rc;
}

static ssize_t rec_read(void *self, int fd, void *p, size_t n, uint64_t offset)
{
	(void)self;
	return io_system()->read(NULL, fd, p, n, offset);
}

static ssize_t rec_write(void *self, int fd, const void *p, size_t n)
{
	(void)self;
	pthread_mutex_lock(&lock);
	ssize_t done = io_system()->write(NULL, fd, p, n);
	if (done > 0) {
		add_write(fd_paths[fd], p, (size_t)done, fd_at[fd]);
		fd_at[fd] += (uint64_t)done;
	}
	pthread_mutex_unlock(&lock);
	return done;
}

static int rec_sync(void *self, int fd)
{
	(void)self;
	pthread_mutex_lock(&lock);
	(void)add(OP_SYNC, fd_paths[fd]);
	pthread_mutex_unlock(&lock);
	return 0;
}

static int rec_syncfs(void *self, int fd)
{
	(void)self;
	(void)fd;
	pthread_mutex_lock(&lock);
	(void)add(OP_SYNC_ALL, NULL);
	pthread_mutex_unlock(&lock);
	return 0;
}

static int rec_rename(void *self, const char *from, const char *to)
{
	(void)self;
	pthread_mutex_lock(&lock);
	int rc = io_system()->rename(NULL, from, to);
	struct op *o = rc == 0 ? add(OP_RENAME, from) : NULL;
	if (o != NULL)
		o->to = must(strdup(below(to)));
	pthread_mutex_unlock(&lock);
	return rc;
}

static int rec_unlink(void *self, const char *path)
{
	(void)self;
	pthread_mutex_lock(&lock);
	int rc = io_system()->unlink(NULL, path);
	if (rc == 0)
		(void)add(OP_REMOVE, path);
	pthread_mutex_unlock(&lock);
	return rc;
}

static int rec_mkdir(void *self, const char *path, unsigned mode)
{
	(void)self;
	pthread_mutex_lock(&lock);
	int rc = io_system()->mkdir(NULL, path, mode);
	if (rc == 0)
		(void)add(OP_MKDIR, path);
	pthread_mutex_unlock(&lock);
	return rc;
}

static int rec_fsync_dir(void *self, const char *path)
{
	(void)self;
	pthread_mutex_lock(&lock);
	(void)add(OP_SYNC_DIR, path);
	pthread_mutex_unlock(&lock);
	return 0;
}

static const struct store_io recorder = {
	.open = rec_open,
	.close = rec_close,
	.read = rec_read,
	.write = rec_write,
	.fdatasync = rec_sync,
	.fsync = rec_sync,
	.syncfs = rec_syncfs,
	.rename = rec_rename,
	.unlink = rec_unlink,
	.mkdir = rec_mkdir,
	.fsync_dir = rec_fsync_dir,
};

const struct store_io *record_io(void)
{
	return &recorder;
}

/* SQLite's files: the default VFS below, the log beside */

struct shim_file {
	sqlite3_file base;
	char *path;
	bool sync_name; /* the first sync makes the name durable too */
	sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;

static sqlite3_file *real_of(sqlite3_file *f)
{
	return ((struct shim_file *)(void *)f)->real;
}

static int shim_close(sqlite3_file *f)
{
	struct shim_file *s = (struct shim_file *)(void *)f;
	int rc = s->real->pMethods->xClose(s->real);
	free(s->path);
	return rc;
}

static int shim_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}

static enum record_fault fault;
static unsigned fault_countdown;
static bool fault_hit;

void record_fault(enum record_fault what, unsigned nth)
{
	pthread_mutex_lock(&lock);
	fault = what;
	fault_countdown = nth;
	fault_hit = false;
	pthread_mutex_unlock(&lock);
}

bool record_fault_hit(void)
{
	pthread_mutex_lock(&lock);
	bool hit = fault_hit;
	pthread_mutex_unlock(&lock);
	return hit;
}

/* Called with the lock held, by writes and by syncs. */
static bool fails(bool sync)
{
	if (fault == RECORD_FAULT_NONE || sync != (fault == RECORD_FAULT_SYNC))
		return false;
	if (fault == RECORD_FAULT_FULL_ON && fault_hit)
		return true;
	if (fault_hit || --fault_countdown > 0)
		return false;
	fault_hit = true;
	return true;
}

static int shim_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	struct shim_file *s = (struct shim_file *)(void *)f;
	pthread_mutex_lock(&lock);
	int rc = SQLITE_FULL;
	bool failed = fails(false);
	if (failed && fault == RECORD_FAULT_TORN)
		(void)s->real->pMethods->xWrite(s->real, p, n / 2, at);
	if (!failed)
		rc = s->real->pMethods->xWrite(s->real, p, n, at);
	if (rc == SQLITE_OK)
		add_write(s->path, p, (size_t)n, (uint64_t)at);
	pthread_mutex_unlock(&lock);
	return rc;
}

static int shim_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	struct shim_file *s = (struct shim_file *)(void *)f;
	pthread_mutex_lock(&lock);
	int rc = s->real->pMethods->xTruncate(s->real, size);
	struct op *o = rc == SQLITE_OK ? add(OP_TRUNCATE, s->path) : NULL;
	if (o != NULL)
		o->offset = (uint64_t)size;
	pthread_mutex_unlock(&lock);
	return rc;
}

static int shim_sync(sqlite3_file *f, int flags)
{
	(void)flags;
	struct shim_file *s = (struct shim_file *)(void *)f;
	pthread_mutex_lock(&lock);
	if (fails(true)) {
		pthread_mutex_unlock(&lock);
		return SQLITE_IOERR_FSYNC;
	}
	(void)add(OP_SYNC, s->path);
	if (s->sync_name && s->path != NULL) {
		char parent[4096];
		parent_of(s->path, parent);
		(void)add(OP_SYNC_DIR, parent);
		s->sync_name = false;
	}
	pthread_mutex_unlock(&lock);
	return SQLITE_OK;
}

static int shim_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int shim_lock(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int shim_unlock(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int shim_check_lock(sqlite3_file *f, int *out)
{
	return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int shim_control(sqlite3_file *f, int op, void *arg)
{
	return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int shim_sector(sqlite3_file *f)
{
	return real_of(f)->pMethods->xSectorSize(real_of(f));
}

/* No promise of the real device is passed on. */
static int shim_device(sqlite3_file *f)
{
	(void)f;
	return 0;
}

static int shim_shm_map(sqlite3_file *f, int page, int size, int extend,
			void volatile **out)
{
	return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}

static int shim_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}

static void shim_shm_barrier(sqlite3_file *f)
{
	real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int shim_shm_unmap(sqlite3_file *f, int remove_file)
{
	return real_of(f)->pMethods->xShmUnmap(real_of(f), remove_file);
}

static const sqlite3_io_methods shim_methods = {
	.iVersion = 2,
	.xClose = shim_close,
	.xRead = shim_read,
	.xWrite = shim_write,
	.xTruncate = shim_truncate,
	.xSync = shim_sync,
	.xFileSize = shim_size,
	.xLock = shim_lock,
	.xUnlock = shim_unlock,
	.xCheckReservedLock = shim_check_lock,
	.xFileControl = shim_control,
	.xSectorSize = shim_sector,
	.xDeviceCharacteristics = shim_device,
	.xShmMap = shim_shm_map,
	.xShmLock = shim_shm_lock,
	.xShmBarrier = shim_shm_barrier,
	.xShmUnmap = shim_shm_unmap,
};

static int shim_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *f,
		     int flags, int *out_flags)
{
	(void)vfs;
	struct shim_file *s = (struct shim_file *)(void *)f;
	memset(s, 0, sizeof(*s));
	s->real = (sqlite3_file *)(void *)(s + 1);
	pthread_mutex_lock(&lock);
	bool is_new = name != NULL && access(name, F_OK) != 0;
	int rc = real_vfs->xOpen(real_vfs, name, s->real, flags, out_flags);
	if (rc == SQLITE_OK) {
		s->base.pMethods = &shim_methods;
		s->path = name != NULL ? must(strdup(name)) : NULL;
		s->sync_name =
		    is_new &&
		    (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
		if (is_new)
			(void)add(OP_CREATE, name);
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static int shim_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
	(void)vfs;
	pthread_mutex_lock(&lock);
	int rc = real_vfs->xDelete(real_vfs, name, 0);
	if (rc == SQLITE_OK) {
		char parent[4096];
		(void)add(OP_REMOVE, name);
		parent_of(name, parent);
		if (sync_dir)
			(void)add(OP_SYNC_DIR, parent);
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

void record_register(void)
{
	static sqlite3_vfs shim;
	if (real_vfs != NULL)
		return;
	real_vfs = sqlite3_vfs_find(NULL);
	shim = *real_vfs;
	shim.szOsFile = (int)sizeof(struct shim_file) + real_vfs->szOsFile;
	shim.zName = RECORD_VFS;
	shim.pNext = NULL;
	shim.xOpen = shim_open;
	shim.xDelete = shim_delete;
	sqlite3_vfs_register(&shim, 0);
}

void record_begin(const char *root)
{
	snprintf(root_path, sizeof(root_path), "%s", root);
	record_register();
	recording = true;
}

void record_end(void)
{
	pthread_mutex_lock(&lock);
	recording = false;
	pthread_mutex_unlock(&lock);
}

/* What the disk holds */

struct node {
	uint8_t *data; /* durable contents */
	size_t n;
	size_t cap;
	size_t *pending; /* operations on the contents since the last sync */
	size_t n_pending;
	bool is_dir;
};

/* A name, durable or only in memory; nodes by number. */
struct name {
	char *path;
	long node; /* -1: removed */
};

struct names {
	struct name *list;
	size_t n;
};

/* A change of a name that its folder's sync has not covered. */
struct rename_op {
	char *path;
	long node;
};

struct disk {
	struct node *nodes;
	size_t n_nodes;
	struct names now;     /* as the running process saw it */
	struct names durable; /* as the disk has it */
	struct rename_op *pending;
	size_t n_pending;
};

static long *slot_of(struct names *names, const char *path)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->list[i].path, path) == 0)
			return &names->list[i].node;
	}
	names->list = must(realloc(names->list, (names->n + 1) * sizeof(*names->list)));
	names->list[names->n] = (struct name){ must(strdup(path)), -1 };
	return &names->list[names->n++].node;
}

static void change_name(struct disk *d, const char *path, long node)
{
	*slot_of(&d->now, path) = node;
	d->pending =
	    must(realloc(d->pending, (d->n_pending + 1) * sizeof(*d->pending)));
	d->pending[d->n_pending++] = (struct rename_op){ must(strdup(path)), node };
}

static long new_node(struct disk *d, bool is_dir)
{
	d->nodes = must(realloc(d->nodes, (d->n_nodes + 1) * sizeof(*d->nodes)));
	d->nodes[d->n_nodes] = (struct node){ .is_dir = is_dir };
	return (long)d->n_nodes++;
}

static void set_size(struct node *f, uint64_t size)
{
	if (size > f->cap) {
		f->cap = 2 * size;
		f->data = must(realloc(f->data, f->cap));
	}
	if (size > f->n)
		memset(f->data + f->n, 0, size - f->n);
	f->n = size;
}

static void put_bytes(struct node *f, const uint8_t *p, size_t n, uint64_t offset)
{
	if (offset + n > f->n)
		set_size(f, offset + n);
	memcpy(f->data + offset, p, n);
}

static void apply(struct node *f, const struct op *o)
{
	if (o->kind == OP_TRUNCATE)
		set_size(f, o->offset);
	else
		put_bytes(f, o->data, o->n, o->offset);
}

static void sync_node(struct node *f)
{
	for (size_t i = 0; i < f->n_pending; i++)
		apply(f, &ops[f->pending[i]]);
	f->n_pending = 0;
}

static void sync_names(struct disk *d, const char *dir)
{
	size_t kept = 0;
	for (size_t i = 0; i < d->n_pending; i++) {
		char parent[4096];
		struct rename_op *r = &d->pending[i];
		parent_of(r->path, parent);
		if (dir != NULL && strcmp(parent, dir) != 0) {
			d->pending[kept++] = *r;
			continue;
		}
		*slot_of(&d->durable, r->path) = r->node;
		free(r->path);
	}
	d->n_pending = kept;
}

static struct node *node_at(struct disk *d, const char *path)
{
	long n = *slot_of(&d->now, path);
	return n >= 0 ? &d->nodes[n] : NULL;
}

static void run_op(struct disk *d, size_t at)
{
	const struct op *o = &ops[at];
	struct node *f;
	switch (o->kind) {
	case OP_CREATE:
	case OP_MKDIR:
		change_name(d, o->path, new_node(d, o->kind == OP_MKDIR));
		break;
	case OP_WRITE:
	case OP_TRUNCATE:
		f = node_at(d, o->path);
		if (f == NULL)
			break;
		f->pending =
		    must(realloc(f->pending, (f->n_pending + 1) * sizeof(*f->pending)));
		f->pending[f->n_pending++] = at;
		break;
	case OP_SYNC:
		f = node_at(d, o->path);
		if (f != NULL)
			sync_node(f);
		break;
	case OP_SYNC_DIR:
		sync_names(d, o->path);
		break;
	case OP_SYNC_ALL:
		for (size_t i = 0; i < d->n_nodes; i++)
			sync_node(&d->nodes[i]);
		sync_names(d, NULL);
		break;
	case OP_RENAME: {
		long node = *slot_of(&d->now, o->path);
		change_name(d, o->to, node);
		change_name(d, o->path, -1);
		break;
	}
	case OP_REMOVE:
		change_name(d, o->path, -1);
		break;
	case OP_NOTE:
		break;
	}
}

/* The crash */

static unsigned chance_state;

static bool chance(void)
{
	chance_state = chance_state * 1103515245u + 12345u;
	return (chance_state >> 16) & 1;
}

/* Some sectors of a write, whole. */
static void tear(struct node *f, const struct op *o)
{
	size_t at = 0;
	while (at < o->n) {
		size_t n = RECORD_SECTOR - (size_t)((o->offset + at) % RECORD_SECTOR);
		if (n > o->n - at)
			n = o->n - at;
		if (chance())
			put_bytes(f, o->data + at, n, o->offset + at);
		at += n;
	}
}

static void crash_node(struct node *f, enum record_mode mode)
{
	bool keep = mode == RECORD_KEEP_ALL || mode == RECORD_DATA_ONLY;
	/* All, none, or a mixture: each is likely to be met. */
	bool all = mode == RECORD_RANDOM && chance() && chance();
	for (size_t i = 0; i < f->n_pending; i++) {
		const struct op *o = &ops[f->pending[i]];
		if (keep || all)
			apply(f, o);
		else if (mode != RECORD_RANDOM || chance())
			continue;
		else if (o->kind == OP_WRITE && chance())
			tear(f, o);
		else
			apply(f, o);
	}
	f->n_pending = 0;
}

static void crash_names(struct disk *d, enum record_mode mode)
{
	bool keep = mode == RECORD_KEEP_ALL || mode == RECORD_NAMES_ONLY;
	for (size_t i = 0; i < d->n_pending; i++) {
		if (keep || (mode == RECORD_RANDOM && chance()))
			*slot_of(&d->durable, d->pending[i].path) = d->pending[i].node;
	}
}

/* Folders of this depth; a folder whose own name was lost takes all with it. */
static void make_folders(const struct disk *d, const char *root, size_t depth)
{
	for (size_t i = 0; i < d->durable.n; i++) {
		const struct name *n = &d->durable.list[i];
		char path[8400];
		size_t slashes = 0;
		for (const char *p = n->path; *p != '\0'; p++)
			slashes += *p == '/';
		if (n->node < 0 || !d->nodes[n->node].is_dir || slashes != depth)
			continue;
		snprintf(path, sizeof(path), "%s/%s", root, n->path);
		(void)mkdir(path, 0700);
	}
}

static void write_out(const struct disk *d, const char *root)
{
	/* blobs, tenant, first digits */
	for (size_t depth = 0; depth < 3; depth++)
		make_folders(d, root, depth);
	for (size_t i = 0; i < d->durable.n; i++) {
		char path[8400];
		const struct name *n = &d->durable.list[i];
		if (n->node < 0 || d->nodes[n->node].is_dir)
			continue;
		const struct node *f = &d->nodes[n->node];
		snprintf(path, sizeof(path), "%s/%s", root, n->path);
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd < 0)
			continue; /* its folder was lost */
		if (f->n > 0 && write(fd, f->data, f->n) != (ssize_t)f->n)
			abort();
		close(fd);
	}
}

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i].path);
	free(names->list);
}

static void free_disk(struct disk *d)
{
	for (size_t i = 0; i < d->n_nodes; i++) {
		free(d->nodes[i].data);
		free(d->nodes[i].pending);
	}
	for (size_t i = 0; i < d->n_pending; i++)
		free(d->pending[i].path);
	free(d->nodes);
	free(d->pending);
	free_names(&d->now);
	free_names(&d->durable);
}

void record_replay(size_t n, enum record_mode mode, unsigned seed, const char *root)
{
	struct disk d = { 0 };
	chance_state = seed * 2654435761u + (unsigned)n;
	for (size_t i = 0; i < n; i++)
		run_op(&d, i);
	for (size_t i = 0; i < d.n_nodes; i++)
		crash_node(&d.nodes[i], mode);
	crash_names(&d, mode);
	write_out(&d, root);
	free_disk(&d);
}
