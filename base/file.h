/* SPDX-License-Identifier: Apache-2.0 */
/* file - reading whole files with a limit, and small helpers on paths. */
#ifndef LTPS_BASE_FILE_H
#define LTPS_BASE_FILE_H

#include "base/bytes.h"
#include "base/err.h"

/*
 * file_read - a whole file ("-" is standard input).
 * ret_b  empty buffer made by buf_make(max); TOO_LARGE (caller) beyond max
 * Fails: NOT_FOUND, DENIED, IO, TOO_LARGE, NOMEM; the path is in `where`
 */
int file_read(const char *path, struct buf *ret_b, struct ltps_error *err) LTPS_CHECKED;
/*
 * file_first_line - of a file with a password: without its line end; what was read
 * beside it is overwritten.
 * out  appended; the caller overwrites it when it was used
 */
int file_first_line(const char *path, size_t max, struct buf *out,
		    struct ltps_error *err) LTPS_CHECKED;
/*
 * file_map - a whole file to look at, without a copy where it is a regular file; "-"
 * and what is none is read. Whoever shortens the file meanwhile ends the process: for
 * files of the one who runs the program. ret_m  zeroed or not; release with
 * file_unmap() Fails: as file_read()
 */
struct file_map {
	struct view octets;
	void *mapped; /* private */
	struct buf read;
};
int file_map(const char *path, size_t max, struct file_map *ret_m,
	     struct ltps_error *err) LTPS_CHECKED;
void file_unmap(struct file_map *m); /* NULL-safe; a zeroed one is fine */
/*
 * file_write_new - write durably: temporary file in the same directory, fsync,
 * rename over path, fsync of the directory. mode as for open(2).
 */
int file_write(const char *path, struct view data, unsigned mode,
	       struct ltps_error *err) LTPS_CHECKED;
/* Directory and its missing parents; an existing directory is fine. */
int file_make_dir(const char *path, unsigned mode, struct ltps_error *err) LTPS_CHECKED;
/* "dir/name" in out; TOO_LARGE when it does not fit. */
int file_join(const char *dir, const char *name, char *out, size_t out_size,
	      struct ltps_error *err) LTPS_CHECKED;

#endif
