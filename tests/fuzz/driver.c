/* SPDX-License-Identifier: Apache-2.0 */
/* driver - replays every file of the given folders through fuzz_one(). */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "tests/fuzz/fuzz.h"

static int replay_file(const char *path)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make((size_t)64 << 20);
	if (file_read(path, &b, &err) != 0) {
		fprintf(stderr, "driver: %s: %s\n", path, err.text);
		return -1;
	}
	/* A copy of its exact size, so that a read beyond it is seen. */
	uint8_t *copy = mem_dup(b.p != NULL ? b.p : (const uint8_t *)"", b.n);
	size_t n = b.n;
	buf_free(&b);
	if (copy == NULL)
		return -1;
	fuzz_one(copy, n);
	for (size_t cut = n / 2; cut > 0 && n <= 65536; cut /= 2) {
		uint8_t *part = mem_dup(copy, cut);
		if (part == NULL)
			break;
		fuzz_one(part, cut);
		mem_free(part);
	}
	mem_free(copy);
	return 0;
}

int main(int argc, char **argv)
{
	size_t files = 0;
	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		if (dir == NULL) {
			fprintf(stderr, "driver: %s: no such folder\n", argv[i]);
			return 1;
		}
		for (struct dirent *e; (e = readdir(dir)) != NULL;) {
			char path[4096];
			if (e->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
			if (replay_file(path) != 0) {
				closedir(dir);
				return 1;
			}
			files++;
		}
		closedir(dir);
	}
	printf("%zu inputs replayed\n", files);
	return files > 0 ? 0 : 1;
}
