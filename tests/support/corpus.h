/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corpus - real files that are not part of the repository: in the folder that
 * LTPS_CORPUS names, or ../shared/corpus beside the source tree.
 */
#ifndef LTPS_TESTS_CORPUS_H
#define LTPS_TESTS_CORPUS_H

#include "base/bytes.h"

/* Whether the corpus is there; otherwise the test is to be skipped. */
bool corpus_present(void);
/* The whole file (path below the corpus); release with buf_free(). Aborts the
 * test when it cannot be read. */
struct buf corpus_read(const char *path);
/* Calls visit for every regular file below a folder of the corpus, in order of
 * name; path is relative to the corpus. Returns the number of files. */
size_t corpus_walk(const char *folder,
		   void (*visit)(const char *path, struct view bytes, void *arg),
		   void *arg);

#endif
