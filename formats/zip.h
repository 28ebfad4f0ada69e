/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip - a deterministic store-only writer and a strict reader. The reader
 * takes only files in which every byte has one meaning: entries follow each
 * other without gap or overlap, and the two directories say the same.
 * The only user of zlib.
 */
#ifndef LTPS_FORMATS_ZIP_H
#define LTPS_FORMATS_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define ZIP_ENTRIES_MAX 10000 /* below the 65535 of the format without zip64 */
#define ZIP_NAME_MAX 1024     /* longer paths cannot be unpacked anywhere */
#define ZIP_ENTRY_SIZE_MAX ((size_t)512 << 20) /* unpacked, held in memory */
#define ZIP_TOTAL_SIZE_MAX ((size_t)1 << 30)   /* of all entries unpacked */
/* Deflate reaches about 1000; documents stay far below 200. */
#define ZIP_RATIO_MAX 200
/* Small entries of one repeated byte may pack better than the ratio. */
#define ZIP_RATIO_FREE ((size_t)1 << 20)
#define ZIP_FILE_SIZE_MAX ((size_t)0xffffffff) /* offsets without zip64 */

#define ZIP_STORED 0
#define ZIP_DEFLATED 8

/* Where a writer's bytes go. */
struct zip_sink {
	int (*put)(void *arg, struct view bytes, struct ltps_error *err);
	void *arg;
};

/* A sink that appends to a buffer (bounded by the buffer's own maximum). */
struct zip_sink zip_sink_buf(struct buf *out);

struct zip_writer;

/*
 * zip_writer_new - start a file; the same calls give the same bytes.
 * time_ms  written to every entry (UTC, 2 s steps, clipped to 1980..2107)
 * ret_w    free with zip_writer_free()
 * Fails:   NOMEM
 */
int zip_writer_new(struct zip_sink sink, int64_t time_ms, struct zip_writer **ret_w,
		   struct ltps_error *err) LTPS_CHECKED;
/*
 * zip_writer_add - one stored entry.
 * name   UTF-8, relative, '/' between parts; refused as the reader would
 * Fails: ARGUMENT (caller) for a bad or repeated name; TOO_LARGE (caller) when
 *        an offset would need zip64; what the sink fails with
 */
int zip_writer_add(struct zip_writer *w, struct view name, struct view data,
		   struct ltps_error *err) LTPS_CHECKED;
/* Central directory and end record; no entry may follow. Fails: as above. */
int zip_writer_finish(struct zip_writer *w, struct ltps_error *err) LTPS_CHECKED;
void zip_writer_free(struct zip_writer *w);

/* All views point into the input. */
struct zip_entry {
	struct view name;
	bool is_dir;     /* name ends in '/' */
	uint16_t flags;  /* general purpose bits of the central directory */
	uint16_t method; /* ZIP_STORED or ZIP_DEFLATED */
	uint32_t crc;
	size_t size;   /* unpacked */
	size_t offset; /* of the local header */
	struct view packed;
	bool has_extra; /* of the local header */
};

struct zip {
	struct view in;
	struct zip_entry *entries; /* in the order of the file */
	size_t n;
	struct view comment;
};

/*
 * zip_open - read and check the directories; no entry is unpacked.
 * in       borrowed; must outlive ret_zip
 * ret_zip  free with zip_free()
 * Fails:   FORMAT, UNSUPPORTED (encrypted, zip64, multi-disk, other methods),
 *          TOO_LARGE (object), NOMEM
 * Spec:    PKWARE APPNOTE 6.3 chapter 4, ISO/IEC 21320-1
 */
int zip_open(struct view in, struct zip **ret_zip, struct ltps_error *err) LTPS_CHECKED;
void zip_free(struct zip *zip);
/* NULL when there is none of this name. */
const struct zip_entry *zip_find(const struct zip *zip, const char *name);
/*
 * zip_read - unpack one entry and check its size and CRC.
 * out    appended to; its maximum holds too
 * Fails: FORMAT, TOO_LARGE (object), NOMEM
 */
int zip_read(const struct zip_entry *entry, struct buf *out,
	     struct ltps_error *err) LTPS_CHECKED;
/*
 * zip_view - the contents of a stored entry without a copy (CRC checked);
 * a deflated one is unpacked into `owned`, which must be empty.
 */
int zip_view(const struct zip_entry *entry, struct buf *owned, struct view *ret_data,
	     struct ltps_error *err) LTPS_CHECKED;

#endif
