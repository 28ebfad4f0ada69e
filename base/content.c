/* SPDX-License-Identifier: Apache-2.0 */
#include "base/content.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

struct content content_of(struct view bytes)
{
	return (struct content){ .in_memory = true, .bytes = bytes };
}

bool content_has_octets(const struct content *c)
{
	return !c->digests_only && (c->in_memory || c->feed != NULL);
}

/* ---- one pass, several digests ---- */

struct taking {
	struct digest_ctx *ctx[DIGEST_ALG_COUNT];
	enum digest_alg alg[DIGEST_ALG_COUNT];
	size_t n;
};

static int take_piece(void *to, struct view piece, struct ltps_error *err)
{
	struct taking *t = to;
	for (size_t i = 0; i < t->n; i++)
		if (digest_update(t->ctx[i], piece, err) != 0)
			return -1;
	return 0;
}

static int read_all(struct content *c, content_take *take, void *to,
		    struct ltps_error *err)
{
	return c->in_memory ? take(to, c->bytes, err) : c->feed(c->arg, take, to, err);
}

static bool is_wanted(const struct taking *t, enum digest_alg alg)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->alg[i] == alg)
			return true;
	return false;
}

int content_digests(struct content *c, const enum digest_alg *algs, size_t n,
		    struct ltps_error *err)
{
	struct taking t = { .n = 0 };
	int rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (digest_len(algs[i]) == 0)
			rc = ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER, NULL,
				       "no such digest algorithm");
		else if (c->known[algs[i]].alg == DIGEST_NONE &&
			 !is_wanted(&t, algs[i])) {
			t.alg[t.n] = algs[i];
			rc = digest_new(algs[i], &t.ctx[t.n], err);
			t.n += rc == 0;
		}
	}
	if (rc == 0 && t.n > 0 && !content_has_octets(c))
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			       "the content is not at hand, nor its %s digest",
			       digest_name(t.alg[0]));
	if (rc == 0 && t.n > 0)
		rc = read_all(c, take_piece, &t, err);
	for (size_t i = 0; i < t.n; i++) {
		struct digest d;
		if (rc == 0 && (rc = digest_final(t.ctx[i], &d, err)) == 0)
			c->known[t.alg[i]] = d;
		digest_free(t.ctx[i]);
	}
	return rc;
}

int content_digest(struct content *c, enum digest_alg alg, struct digest *ret_d,
		   struct ltps_error *err)
{
	if (content_digests(c, &alg, 1, err) != 0)
		return -1;
	*ret_d = c->known[alg];
	return 0;
}

static int take_update(void *to, struct view piece, struct ltps_error *err)
{
	return digest_update(to, piece, err);
}

int content_update(struct content *c, struct digest_ctx *ctx, struct ltps_error *err)
{
	if (!content_has_octets(c))
		return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
				 "the octets of the content are not at hand");
	return read_all(c, take_update, ctx, err);
}

/* ---- files ---- */

struct content_file {
	int fd;
	off_t size;
	uint8_t piece[CONTENT_PIECE];
};

static int feed_file(void *arg, content_take *take, void *to, struct ltps_error *err)
{
	struct content_file *f = arg;
	off_t at = 0;
	for (;;) {
		ssize_t n = pread(f->fd, f->piece, sizeof(f->piece), at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ltps_fail_errno(err, "the content cannot be read");
		if (n == 0)
			break;
		at += n;
		if (take(to, view_of(f->piece, (size_t)n), err) != 0)
			return -1;
	}
	if (at != f->size)
		return ltps_fail(err, LTPS_IO, LTPS_FAULT_SELF, NULL,
				 "the content changed while it was read");
	return 0;
}

int content_open(const char *path, struct content *ret_c, struct ltps_error *err)
{
	struct stat st;
	struct content_file *f = mem_alloc(sizeof(*f));
	if (f == NULL)
		return ltps_fail_nomem(err);
	/* Without waiting: a FIFO has no writer yet, and is refused below. */
	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (f->fd < 0 || fstat(f->fd, &st) != 0) {
		ltps_fail_errno(err, "the content cannot be opened");
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			  "the content is not a regular file");
		goto fail;
	}
	f->size = st.st_size;
	*ret_c = (struct content){ .feed = feed_file, .arg = f };
	return 0;
fail:
	if (f->fd >= 0)
		close(f->fd);
	mem_free(f);
	return ltps_where(err, "%s", path);
}

void content_close(struct content *c)
{
	if (c == NULL || c->feed != feed_file)
		return;
	struct content_file *f = c->arg;
	close(f->fd);
	mem_free(f);
	*c = (struct content){ 0 };
}
