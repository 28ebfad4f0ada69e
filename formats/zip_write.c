/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip_write - the writing half of zip.h: stored entries, sizes known in
 * advance, no extra fields, no data descriptors.
 */
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "formats/zip.h"
#include "formats/zip_layout.h"
#include "formats/zip_name.h"

struct zip_writer {
	struct zip_sink sink;
	uint16_t dos_time;
	uint16_t dos_date;
	size_t offset; /* bytes given to the sink */
	struct buf central;
	size_t *names; /* offsets into central of each entry's record */
	size_t n;
	bool finished;
};

static int buf_sink_put(void *arg, struct view bytes, struct ltps_error *err)
{
	struct buf *out = arg;
	return buf_put(out, bytes, err);
}

struct zip_sink zip_sink_buf(struct buf *out)
{
	return (struct zip_sink){ buf_sink_put, out };
}

/* APPNOTE 4.4.6: seconds in steps of two, years from 1980 to 2107 */
static void set_time(struct zip_writer *w, int64_t time_ms)
{
	static const int64_t first_s = 315532800; /* 1980-01-01 */
	static const int64_t last_s = 4354819198; /* 2107-12-31T23:59:58 */
	int64_t s = time_ms >= 0 ? time_ms / 1000 : first_s;
	struct tm tm = { 0 };

	s = s < first_s ? first_s : s > last_s ? last_s : s;
	time_t t = (time_t)s;
	gmtime_r(&t, &tm);
	w->dos_time = (uint16_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2);
	w->dos_date =
	    (uint16_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
}

int zip_writer_new(struct zip_sink sink, int64_t time_ms, struct zip_writer **ret_w,
		   struct ltps_error *err)
{
	struct zip_writer *w = mem_zalloc(1, sizeof(*w));
	if (w == NULL)
		return ltps_fail_nomem(err);
	w->names = mem_zalloc(ZIP_ENTRIES_MAX, sizeof(w->names[0]));
	if (w->names == NULL) {
		mem_free(w);
		return ltps_fail_nomem(err);
	}
	w->sink = sink;
	w->central = buf_make(ZIP_ENTRIES_MAX * (ZIP_CENTRAL_LEN + ZIP_NAME_MAX));
	set_time(w, time_ms);
	*ret_w = w;
	return 0;
}

static bool name_is_taken(const struct zip_writer *w, struct view name)
{
	for (size_t i = 0; i < w->n; i++) {
		const uint8_t *p = w->central.p + w->names[i];
		size_t n = get16(p + ZIP_CENTRAL_NAME_LEN);
		if (n == name.n && memcmp(p + ZIP_CENTRAL_LEN, name.p, n) == 0)
			return true;
	}
	return false;
}

static int check_name(const struct zip_writer *w, struct view name,
		      struct ltps_error *err)
{
	const char *defect = zip_name_defect(name, false);

	if (defect == NULL && name_is_taken(w, name))
		defect = "there already";
	if (defect != NULL)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "name of a ZIP entry: %s", defect);
	return 0;
}

static uint16_t flags_for(struct view name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] >= 0x80)
			return ZIP_FLAG_UTF8;
	}
	return 0;
}

/* Fields that both headers share, from "version needed" to the name's length. */
static void fill_common(uint8_t *p, const struct zip_writer *w, struct view name,
			struct view data)
{
	put16(p, ZIP_VERSION);
	put16(p + 2, flags_for(name));
	put16(p + 4, ZIP_STORED);
	put16(p + 6, w->dos_time);
	put16(p + 8, w->dos_date);
	put32(p + 10, zip_crc(data));
	put32(p + 14, (uint32_t)data.n);
	put32(p + 18, (uint32_t)data.n);
	put16(p + 22, (uint16_t)name.n);
}

static int give(struct zip_writer *w, struct view bytes, struct ltps_error *err)
{
	if (bytes.n > ZIP_FILE_SIZE_MAX - w->offset)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER,
				 "APPNOTE 4.3.14", "ZIP file would need zip64");
	if (w->sink.put(w->sink.arg, bytes, err) != 0)
		return -1;
	w->offset += bytes.n;
	return 0;
}

static int add_central(struct zip_writer *w, struct view name, struct view data,
		       size_t offset, struct ltps_error *err)
{
	uint8_t h[ZIP_CENTRAL_LEN] = { 0 };

	put32(h, ZIP_CENTRAL_SIG);
	put16(h + 4, ZIP_VERSION);
	fill_common(h + 6, w, name, data);
	put32(h + ZIP_CENTRAL_OFFSET, (uint32_t)offset);
	w->names[w->n] = w->central.n;
	if (buf_put(&w->central, view_of(h, sizeof(h)), err) != 0 ||
	    buf_put(&w->central, name, err) != 0)
		return -1;
	w->n++;
	return 0;
}

int zip_writer_add(struct zip_writer *w, struct view name, struct view data,
		   struct ltps_error *err)
{
	uint8_t h[ZIP_LOCAL_LEN] = { 0 };
	size_t offset = w->offset;

	if (w->finished)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_CALLER, NULL,
				 "ZIP file is finished");
	if (check_name(w, name, err) != 0)
		return -1;
	if (w->n == ZIP_ENTRIES_MAX || data.n >= ZIP_FILE_SIZE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "too many or too large ZIP entries");
	put32(h, ZIP_LOCAL_SIG);
	fill_common(h + 4, w, name, data);
	if (give(w, view_of(h, sizeof(h)), err) != 0 || give(w, name, err) != 0 ||
	    give(w, data, err) != 0)
		return -1;
	return add_central(w, name, data, offset, err);
}

int zip_writer_finish(struct zip_writer *w, struct ltps_error *err)
{
	uint8_t h[ZIP_END_LEN] = { 0 };
	size_t offset = w->offset;

	if (w->finished)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_CALLER, NULL,
				 "ZIP file is finished");
	put32(h, ZIP_END_SIG);
	put16(h + 8, (uint16_t)w->n);
	put16(h + 10, (uint16_t)w->n);
	put32(h + 12, (uint32_t)w->central.n);
	put32(h + 16, (uint32_t)offset);
	if (give(w, view_buf(&w->central), err) != 0 ||
	    give(w, view_of(h, sizeof(h)), err) != 0)
		return -1;
	w->finished = true;
	return 0;
}

void zip_writer_free(struct zip_writer *w)
{
	if (w == NULL)
		return;
	buf_free(&w->central);
	mem_free(w->names);
	mem_free(w);
}
