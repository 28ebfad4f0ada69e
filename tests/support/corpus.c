/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/corpus.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

#define CORPUS_FILE_MAX ((size_t)256 << 20)
#define PATH_ROOM 1024

static void full_path(const char *path, char out[PATH_ROOM])
{
	const char *root = getenv("LTPS_CORPUS");
	static const char here[] = "tests/support/corpus.c";
	size_t n = strlen(__FILE__) - (sizeof(here) - 1);

	if (root != NULL)
		snprintf(out, PATH_ROOM, "%s/%s", root, path);
	else
		snprintf(out, PATH_ROOM, "%.*s../shared/corpus/%s", (int)n, __FILE__,
			 path);
}

bool corpus_present(void)
{
	char path[PATH_ROOM];
	struct stat st;

	full_path("README.md", path);
	return stat(path, &st) == 0;
}

struct buf corpus_read(const char *path)
{
	char full[PATH_ROOM];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(CORPUS_FILE_MAX);

	full_path(path, full);
	if (file_read(full, &b, &err) != 0) {
		fprintf(stderr, "corpus: %s: %s\n", path, err.text);
		abort();
	}
	return b;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

size_t corpus_walk(const char *folder,
		   void (*visit)(const char *path, struct view bytes, void *arg),
		   void *arg)
{
	char full[PATH_ROOM];
	struct dirent **names = NULL;
	size_t files = 0;

	full_path(folder, full);
	int n = scandir(full, &names, visible, by_name);
	for (int i = 0; i < n; i++) {
		char path[PATH_ROOM];
		struct stat st;
		snprintf(path, sizeof(path), "%.500s/%.255s", folder, names[i]->d_name);
		full_path(path, full);
		if (stat(full, &st) == 0 && S_ISDIR(st.st_mode)) {
			files += corpus_walk(path, visit, arg);
		} else if (stat(full, &st) == 0 && S_ISREG(st.st_mode)) {
			struct buf b = corpus_read(path);
			visit(path, view_buf(&b), arg);
			buf_free(&b);
			files++;
		}
		free(names[i]);
	}
	free(names);
	return files;
}
