/* SPDX-License-Identifier: Apache-2.0 */
/* zip - the reading half of zip.h, and all that needs zlib. */
#include "formats/zip.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "formats/zip_layout.h"
#include "formats/zip_name.h"

#define COMMENT_MAX 65535 /* a 16-bit field */
#define HOST_UNIX 3
#define UNIX_TYPE_MASK 0170000u
#define UNIX_SYMLINK 0120000u

/* Extra fields that change what the header says. */
#define EXTRA_ZIP64 0x0001
#define EXTRA_UNICODE_PATH 0x7075
#define EXTRA_AES 0x9901

static int fail_format(struct ltps_error *err, const char *text)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "APPNOTE 4.3", "ZIP: %s",
			 text);
}

static int fail_unsupported(struct ltps_error *err, const char *text)
{
	return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT, "APPNOTE 4.3",
			 "ZIP: %s", text);
}

static int fail_large(struct ltps_error *err, const char *text)
{
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL, "ZIP: %s", text);
}

uint32_t zip_crc(struct view data)
{
	return (uint32_t)crc32_z(0, data.p, data.n);
}

/* ---- end record ---- */

/*
 * The last signature of an end record in the file must be the real one, so a
 * comment cannot hold a second reading.
 */
static int find_end(struct view in, size_t *ret_at, struct ltps_error *err)
{
	if (in.n < ZIP_END_LEN)
		return fail_format(err, "too short");
	if (in.n > ZIP_FILE_SIZE_MAX)
		return fail_large(err, "file of 4 GiB or more");
	size_t last = in.n - ZIP_END_LEN;
	size_t first = last > COMMENT_MAX ? last - COMMENT_MAX : 0;
	for (size_t at = in.n - 3; at-- > first;) {
		if (in.n - at < 4 || get32(in.p + at) != ZIP_END_SIG)
			continue;
		if (at > last || get16(in.p + at + 20) != last - at)
			return fail_format(err, "bytes behind the end record");
		*ret_at = at;
		return 0;
	}
	return fail_format(err, "no end record");
}

static int check_end(const uint8_t *p, size_t at, size_t *ret_n, size_t *ret_offset,
		     struct ltps_error *err)
{
	size_t n = get16(p + 10);
	size_t size = get32(p + 12);
	size_t offset = get32(p + 16);

	if (n == 0xffff || size == 0xffffffff || offset == 0xffffffff)
		return fail_unsupported(err, "zip64");
	if (get16(p + 4) != 0 || get16(p + 6) != 0 || get16(p + 8) != n)
		return fail_unsupported(err, "several disks");
	if (n > ZIP_ENTRIES_MAX)
		return fail_large(err, "too many entries");
	if (offset > at || size != at - offset)
		return fail_format(err,
				   "central directory does not end at the end record");
	*ret_n = n;
	*ret_offset = offset;
	return 0;
}

/* ---- headers ---- */

static int check_extra(struct view extra, struct ltps_error *err)
{
	while (extra.n > 0) {
		if (extra.n < 4 || get16(extra.p + 2) > extra.n - 4)
			return fail_format(err, "broken extra field");
		switch (get16(extra.p)) {
		case EXTRA_ZIP64:
			return fail_unsupported(err, "zip64");
		case EXTRA_UNICODE_PATH:
			return fail_unsupported(err, "second name in an extra field");
		case EXTRA_AES:
			return fail_unsupported(err, "encrypted");
		default:
			extra = view_skip(extra, (size_t)4 + get16(extra.p + 2));
		}
	}
	return 0;
}

static int check_flags(uint16_t flags, uint16_t method, struct ltps_error *err)
{
	static const unsigned allowed =
	    ZIP_FLAG_DEFLATE_KIND | ZIP_FLAG_DESCRIPTOR | ZIP_FLAG_UTF8;

	if ((flags & ZIP_FLAG_ENCRYPTED) != 0)
		return fail_unsupported(err, "encrypted");
	if ((flags & ~allowed) != 0)
		return fail_unsupported(err, "unknown flags");
	if (method != ZIP_STORED && method != ZIP_DEFLATED)
		return fail_unsupported(err, "unknown compression method");
	return 0;
}

static int check_sizes(const struct zip_entry *e, size_t packed, struct ltps_error *err)
{
	if (e->method == ZIP_STORED && packed != e->size)
		return fail_format(err, "stored entry with two sizes");
	if (e->is_dir && e->size != 0)
		return fail_format(err, "folder with contents");
	if (e->size > ZIP_ENTRY_SIZE_MAX)
		return fail_large(err, "entry too large");
	if (e->size > ZIP_RATIO_FREE && e->size / ZIP_RATIO_MAX > packed)
		return fail_large(err, "compression ratio");
	return 0;
}

static bool is_symlink(const uint8_t *central)
{
	return central[5] == HOST_UNIX &&
	       (get32(central + 38) >> 16 & UNIX_TYPE_MASK) == UNIX_SYMLINK;
}

/* One record of the central directory; p is advanced. */
static int read_central(struct view *c, struct zip_entry *e, struct ltps_error *err)
{
	const uint8_t *p = c->p;
	struct zip_entry t = { 0 };

	if (c->n < ZIP_CENTRAL_LEN || get32(p) != ZIP_CENTRAL_SIG)
		return fail_format(err, "broken central directory");
	size_t name_n = get16(p + 28), extra_n = get16(p + 30),
	       comment_n = get16(p + 32);
	if (name_n + extra_n + comment_n > c->n - ZIP_CENTRAL_LEN)
		return fail_format(err, "central directory cut off");
	t.name = view_of(p + ZIP_CENTRAL_LEN, name_n);
	t.flags = get16(p + 8);
	t.method = get16(p + 10);
	t.crc = get32(p + 16);
	t.size = get32(p + 24);
	t.offset = get32(p + ZIP_CENTRAL_OFFSET);
	t.packed = view_of(NULL, get32(p + 20));
	const char *defect = zip_name_defect(t.name, true);
	if (defect != NULL)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "APPNOTE 4.4.17",
				 "ZIP: name of an entry: %s", defect);
	t.is_dir = t.name.p[name_n - 1] == '/';
	if (t.size == 0xffffffff || t.packed.n == 0xffffffff || t.offset == 0xffffffff)
		return fail_unsupported(err, "zip64");
	if (get16(p + 34) != 0)
		return fail_unsupported(err, "several disks");
	if (is_symlink(p))
		return fail_unsupported(err, "symbolic link");
	if (check_flags(t.flags, t.method, err) != 0 ||
	    check_extra(view_of(p + ZIP_CENTRAL_LEN + name_n, extra_n), err) != 0 ||
	    check_sizes(&t, t.packed.n, err) != 0)
		return -1;
	*c = view_skip(*c, ZIP_CENTRAL_LEN + name_n + extra_n + comment_n);
	*e = t;
	return 0;
}

static bool descriptor_says(const uint8_t *p, const struct zip_entry *e)
{
	return get32(p) == e->crc && get32(p + 4) == e->packed.n &&
	       get32(p + 8) == e->size;
}

/* Length of the data descriptor behind the data (APPNOTE 4.3.9), 0 if wrong. */
static size_t descriptor_len(struct view rest, const struct zip_entry *e)
{
	if (rest.n >= 16 && get32(rest.p) == ZIP_DESCRIPTOR_SIG &&
	    descriptor_says(rest.p + 4, e))
		return 16;
	return rest.n >= 12 && descriptor_says(rest.p, e) ? 12 : 0;
}

static bool local_agrees(const uint8_t *p, const struct zip_entry *e)
{
	static const unsigned told = ZIP_FLAG_DESCRIPTOR | ZIP_FLAG_UTF8;
	bool descriptor = (e->flags & ZIP_FLAG_DESCRIPTOR) != 0;
	bool same = get32(p + 14) == e->crc && get32(p + 18) == e->packed.n &&
		    get32(p + 22) == e->size;
	bool zero = get32(p + 14) == 0 && get32(p + 18) == 0 && get32(p + 22) == 0;

	return get16(p + 8) == e->method && (same || (descriptor && zero)) &&
	       (get16(p + 6) & told) == (e->flags & told);
}

/*
 * The local header and data at the front of `all`, the bytes before the
 * central directory; it is advanced behind the entry.
 */
static int read_local(struct view *all, struct zip_entry *e, struct ltps_error *err)
{
	bool descriptor = (e->flags & ZIP_FLAG_DESCRIPTOR) != 0;
	const uint8_t *p = all->p;

	if (all->n < ZIP_LOCAL_LEN || get32(p) != ZIP_LOCAL_SIG)
		return fail_format(err, "no local header where one must be");
	size_t name_n = get16(p + 26), extra_n = get16(p + 28);
	struct view rest = view_skip(*all, ZIP_LOCAL_LEN);
	if (name_n + extra_n > rest.n || e->packed.n > rest.n - name_n - extra_n)
		return fail_format(err, "entry reaches into the central directory");
	if (!view_equal(view_head(rest, name_n), e->name) || !local_agrees(p, e))
		return fail_format(err, "local header and central directory differ");
	if (check_flags(get16(p + 6), e->method, err) != 0 ||
	    check_extra(view_head(view_skip(rest, name_n), extra_n), err) != 0)
		return -1;
	e->has_extra = extra_n > 0;
	rest = view_skip(rest, name_n + extra_n);
	e->packed = view_head(rest, e->packed.n);
	rest = view_skip(rest, e->packed.n);
	size_t tail = descriptor ? descriptor_len(rest, e) : 0;
	if (descriptor && tail == 0)
		return fail_format(err, "no data descriptor that fits");
	*all = view_skip(rest, tail);
	return 0;
}

/* ---- the whole ---- */

static int by_offset(const void *a, const void *b)
{
	const struct zip_entry *x = a, *y = b;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int by_name(const void *a, const void *b)
{
	const struct zip_entry *const *x = a, *const *y = b;
	return view_compare((*x)->name, (*y)->name);
}

static int check_names(const struct zip *z, struct ltps_error *err)
{
	const struct zip_entry **sorted = mem_zalloc(z->n, sizeof(sorted[0]));
	int rc = 0;

	if (sorted == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < z->n; i++)
		sorted[i] = &z->entries[i];
	qsort(sorted, z->n, sizeof(sorted[0]), by_name);
	for (size_t i = 1; i < z->n && rc == 0; i++) {
		if (view_equal(sorted[i - 1]->name, sorted[i]->name))
			rc = fail_format(err, "two entries of one name");
	}
	mem_free(sorted);
	return rc;
}

static int read_entries(struct zip *z, struct view central, struct view before,
			struct ltps_error *err)
{
	size_t total = 0;
	const uint8_t *start = before.p;

	for (size_t i = 0; i < z->n; i++) {
		if (read_central(&central, &z->entries[i], err) != 0)
			return ltps_where(err, "entry %zu", i + 1);
		total += z->entries[i].size; /* 10000 times 1 GiB fits */
	}
	if (central.n > 0)
		return fail_format(err, "bytes behind the central directory");
	if (total > ZIP_TOTAL_SIZE_MAX)
		return fail_large(err, "contents too large");
	qsort(z->entries, z->n, sizeof(z->entries[0]), by_offset);
	for (size_t i = 0; i < z->n; i++) {
		if (z->entries[i].offset != (size_t)(before.p - start))
			return fail_format(err, "gap or overlap between entries");
		if (read_local(&before, &z->entries[i], err) != 0)
			return ltps_where(err, "entry %zu", i + 1);
	}
	if (before.n > 0)
		return fail_format(err, "bytes before the central directory");
	return check_names(z, err);
}

int zip_open(struct view in, struct zip **ret_zip, struct ltps_error *err)
{
	size_t at = 0, n = 0, offset = 0;
	struct zip *z = NULL;

	if (find_end(in, &at, err) != 0 ||
	    check_end(in.p + at, at, &n, &offset, err) != 0)
		return -1;
	z = mem_zalloc(1, sizeof(*z));
	if (z == NULL)
		return ltps_fail_nomem(err);
	z->in = in;
	z->n = n;
	z->comment = view_skip(in, at + ZIP_END_LEN);
	z->entries = mem_zalloc(n, sizeof(z->entries[0]));
	if (z->entries == NULL) {
		zip_free(z);
		return ltps_fail_nomem(err);
	}
	if (read_entries(z, view_of(in.p + offset, at - offset), view_head(in, offset),
			 err) != 0) {
		zip_free(z);
		return -1;
	}
	*ret_zip = z;
	return 0;
}

void zip_free(struct zip *zip)
{
	if (zip == NULL)
		return;
	mem_free(zip->entries);
	mem_free(zip);
}

const struct zip_entry *zip_find(const struct zip *zip, const char *name)
{
	for (size_t i = 0; i < zip->n; i++) {
		if (view_is_text(zip->entries[i].name, name))
			return &zip->entries[i];
	}
	return NULL;
}

/* ---- contents ---- */

static void *zlib_alloc(void *arg, uInt count, uInt size)
{
	(void)arg;
	return mem_zalloc(count, size);
}

static void zlib_free(void *arg, void *p)
{
	(void)arg;
	mem_free(p);
}

/* Raw deflate; exactly size bytes, reserved, from exactly all of packed. */
static int inflate_all(struct view packed, struct buf *out, size_t size,
		       struct ltps_error *err)
{
	z_stream s = { .zalloc = zlib_alloc, .zfree = zlib_free };
	uint8_t none = 0;

	if (inflateInit2(&s, -MAX_WBITS) != Z_OK)
		return ltps_fail_nomem(err);
	/* zlib does not write through next_in; its type lacks the const. */
	memcpy(&s.next_in, &packed.p, sizeof(s.next_in));
	s.avail_in = (uInt)packed.n;
	s.next_out = size > 0 ? out->p + out->n : &none;
	s.avail_out = (uInt)size;
	int rc = inflate(&s, Z_FINISH);
	bool whole = rc == Z_STREAM_END && s.avail_in == 0 && s.avail_out == 0;
	inflateEnd(&s);
	if (rc == Z_MEM_ERROR)
		return ltps_fail_nomem(err);
	return whole ? 0 : fail_format(err, "broken compressed data");
}

int zip_read(const struct zip_entry *entry, struct buf *out, struct ltps_error *err)
{
	size_t start = out->n;

	if (entry->method == ZIP_STORED) {
		if (buf_put(out, entry->packed, err) != 0)
			return -1;
	} else {
		if (buf_reserve(out, entry->size, err) != 0 ||
		    inflate_all(entry->packed, out, entry->size, err) != 0)
			return -1;
		out->n += entry->size;
	}
	if (zip_crc(view_skip(view_buf(out), start)) != entry->crc) {
		out->n = start;
		return fail_format(err, "CRC does not match");
	}
	return 0;
}

int zip_view(const struct zip_entry *entry, struct buf *owned, struct view *ret_data,
	     struct ltps_error *err)
{
	if (entry->method != ZIP_STORED) {
		*owned = buf_make(entry->size);
		if (zip_read(entry, owned, err) != 0)
			return -1;
		*ret_data = view_buf(owned);
		return 0;
	}
	if (zip_crc(entry->packed) != entry->crc)
		return fail_format(err, "CRC does not match");
	*ret_data = entry->packed;
	return 0;
}
