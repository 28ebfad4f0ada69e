/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_damage - what disks do to the files of a store, behind its back. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "server/simulate.h"

#define TENANT "default"
#define CONTENT_MAX ((size_t)1 << 20)

static int content_of(const struct sim *s, uint64_t object, struct buf *out,
		      struct digest *ret_sha512, struct ltps_error *err)
{
	buf_clear(out);
	if (sim_handed_in(s, object, 0, out, err) != 0)
		return -1;
	return digest_once(DIGEST_SHA512, view_buf(out), ret_sha512, err);
}

/* Of the first part: DIR/blobs/TENANT/xx/SHA512, there and in the copy. */
static void path_of(const struct sim *s, const struct digest *sha512, bool copy,
		    char out[SIM_PATH_MAX])
{
	char hex[2 * DIGEST_MAX + 1];
	hex_encode(digest_view(sha512), hex);
	if (snprintf(out, SIM_PATH_MAX, "%s/blobs/" TENANT "/%.2s/%s",
		     copy ? s->copies_dir : s->store_dir, hex, hex) >= SIM_PATH_MAX)
		out[0] = '\0';
}

static int flip(const char *path, off_t at, struct ltps_error *err)
{
	uint8_t octet;
	int rc = 0;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || pread(fd, &octet, 1, at) != 1)
		rc = ltps_fail_errno(err, "cannot read a file to damage");
	octet = (uint8_t)(rc == 0 ? octet ^ 0x10 : 0);
	if (rc == 0 && pwrite(fd, &octet, 1, at) != 1)
		rc = ltps_fail_errno(err, "cannot damage a file");
	if (fd >= 0)
		close(fd);
	return rc;
}

int sim_damage(const struct sim *s, uint64_t object, bool copy, enum sim_damage how,
	       bool *ret_done, struct ltps_error *err)
{
	char path[SIM_PATH_MAX];
	struct stat st;
	struct digest sha512;
	struct buf content = buf_make(CONTENT_MAX);
	int rc = content_of(s, object, &content, &sha512, err);
	buf_free(&content);
	*ret_done = false;
	if (rc != 0)
		return -1;
	path_of(s, &sha512, copy, path);
	if (stat(path, &st) != 0 || chmod(path, 0600) != 0)
		return 0;
	*ret_done = true;
	if (how == SIM_DAMAGE_FLIP)
		return flip(path, st.st_size / 3, err);
	return truncate(path, st.st_size / 2) == 0
		   ? 0
		   : ltps_fail_errno(err, "cannot cut a file");
}

int sim_swap(const struct sim *s, uint64_t object, bool *ret_done,
	     struct ltps_error *err)
{
	char path[SIM_PATH_MAX];
	struct digest sha512, other;
	struct buf content = buf_make(CONTENT_MAX);
	int rc = content_of(s, object, &content, &sha512, err);
	*ret_done = false;
	if (rc == 0)
		rc = content_of(s, s->o.objects + object, &content, &other, err);
	for (int copy = 0; rc == 0 && copy < 2; copy++) {
		path_of(s, &sha512, copy == 1, path);
		if (access(path, F_OK) != 0)
			continue;
		*ret_done = true;
		rc = file_write(path, view_buf(&content), 0600, err);
	}
	buf_free(&content);
	return rc;
}
