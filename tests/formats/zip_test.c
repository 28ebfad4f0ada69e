/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/zip.h"

#include <criterion/criterion.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "formats/zip_layout.h"

#define ROOM ((size_t)64 << 20)
#define TIME_MS 1700000000000 /* 2023-11-14T22:13:20Z */

/* One entry of a file that a test makes; every field can lie. */
struct entry {
	const char *name;
	size_t name_n; /* 0: strlen */
	struct view packed;
	uint16_t flags, method;
	uint32_t crc, size;
	uint16_t local_flags, local_method;
	uint32_t local_crc, local_packed, local_size;
	const char *local_name;
	struct view local_extra, central_extra, descriptor, gap;
	uint32_t external; /* attributes, with host unix */
	uint16_t disk;
	bool at_zero; /* says that it stands at offset 0 */
};

static struct entry stored(const char *name, const char *text)
{
	struct entry e = { .name = name, .packed = view_text(text) };
	e.size = e.local_size = e.local_packed = (uint32_t)e.packed.n;
	e.crc = e.local_crc = zip_crc(e.packed);
	return e;
}

/* End record fields that can lie; zeroed: true ones. */
struct end {
	uint16_t disk, n;
	uint32_t size, offset;
	const char *comment, *front, *behind;
};

static void put(struct buf *b, struct view v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_put(b, v, &err), 0, "%s", err.text);
}

static size_t name_len(const struct entry *e)
{
	return e->name_n > 0 ? e->name_n : strlen(e->name);
}

static void put_local(struct buf *b, const struct entry *e)
{
	uint8_t h[ZIP_LOCAL_LEN] = { 0 };
	const char *name = e->local_name != NULL ? e->local_name : e->name;
	size_t n = e->local_name != NULL ? strlen(name) : name_len(e);
	put32(h, ZIP_LOCAL_SIG);
	put16(h + 6, e->flags | e->local_flags);
	put16(h + 8, e->local_method != 0 ? e->local_method : e->method);
	put32(h + 14, e->local_crc);
	put32(h + 18, e->local_packed);
	put32(h + 22, e->local_size);
	put16(h + 26, (uint16_t)n);
	put16(h + 28, (uint16_t)e->local_extra.n);
	put(b, view_of(h, sizeof(h)));
	put(b, view_of(name, n));
	put(b, e->local_extra);
	put(b, e->packed);
	put(b, e->descriptor);
	put(b, e->gap);
}

static void put_central(struct buf *b, const struct entry *e, size_t offset)
{
	uint8_t h[ZIP_CENTRAL_LEN] = { 0 };
	put32(h, ZIP_CENTRAL_SIG);
	h[5] = e->external != 0 ? 3 : 0;
	put16(h + 8, e->flags);
	put16(h + 10, e->method);
	put32(h + 16, e->crc);
	put32(h + 20, (uint32_t)e->packed.n);
	put32(h + 24, e->size);
	put16(h + 28, (uint16_t)name_len(e));
	put16(h + 30, (uint16_t)e->central_extra.n);
	put16(h + 34, e->disk);
	put32(h + 38, e->external);
	put32(h + 42, e->at_zero ? 0 : (uint32_t)offset);
	put(b, view_of(h, sizeof(h)));
	put(b, view_of(e->name, name_len(e)));
	put(b, e->central_extra);
}

static struct buf make(const struct entry *e, size_t n, const struct end *end)
{
	static const struct end honest;
	struct buf b = buf_make(ROOM), central = buf_make(ROOM);
	uint8_t h[ZIP_END_LEN] = { 0 };
	if (end == NULL)
		end = &honest;
	put(&b, view_text(end->front != NULL ? end->front : ""));
	for (size_t i = 0; i < n; i++) {
		put_central(&central, &e[i], b.n);
		put_local(&b, &e[i]);
	}
	const char *comment = end->comment != NULL ? end->comment : "";
	put32(h, ZIP_END_SIG);
	put16(h + 4, end->disk);
	put16(h + 8, end->n != 0 ? end->n : (uint16_t)n);
	put16(h + 10, end->n != 0 ? end->n : (uint16_t)n);
	put32(h + 12, end->size != 0 ? end->size : (uint32_t)central.n);
	put32(h + 16, end->offset != 0 ? end->offset : (uint32_t)b.n);
	put16(h + 20, (uint16_t)strlen(comment));
	put(&b, view_buf(&central));
	put(&b, view_of(h, sizeof(h)));
	put(&b, view_text(comment));
	put(&b, view_text(end->behind != NULL ? end->behind : ""));
	buf_free(&central);
	return b;
}

static void refused_file(struct view in, enum ltps_code code, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct zip *z = NULL;
	cr_assert_eq(zip_open(in, &z, &err), -1, "'%s': accepted", text);
	cr_expect_eq(err.code, code, "'%s': %s", text, err.text);
	cr_expect(strstr(err.text, text) != NULL, "'%s' for '%s'", err.text, text);
	cr_expect_null(z);
}

static void refused(const struct entry *e, size_t n, const struct end *end,
		    enum ltps_code code, const char *text)
{
	struct buf b = make(e, n, end);
	refused_file(view_buf(&b), code, text);
	buf_free(&b);
}

static struct zip *open_made(struct buf *b, const struct entry *e, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct zip *z = NULL;
	*b = make(e, n, NULL);
	cr_assert_eq(zip_open(view_buf(b), &z, &err), 0, "%s", err.text);
	return z;
}

/* ---- frame of the file ---- */

Test(zip, every_cut_is_refused)
{
	struct entry e[] = { stored("a", "first"), stored("b", "second") };
	struct buf b = make(e, 2, NULL);
	for (size_t n = 0; n < b.n; n++)
		refused_file(view_head(view_buf(&b), n), LTPS_FORMAT, "ZIP");
	buf_free(&b);
}

Test(zip, bytes_before_the_first_entry_are_refused)
{
	struct entry e = stored("a", "x");
	struct end end = { .front = "#!" };
	refused(&e, 1, &end, LTPS_FORMAT, "gap or overlap");
}

Test(zip, bytes_behind_the_end_are_refused)
{
	struct entry e = stored("a", "x");
	struct end end = { .behind = "junk" };
	refused(&e, 1, &end, LTPS_FORMAT, "behind the end record");
	end.behind = "P";
	refused(&e, 1, &end, LTPS_FORMAT, "behind the end record");
}

Test(zip, end_record_in_the_comment_is_refused)
{
	struct entry e = stored("a", "x");
	struct end end = { .comment = "PK\5\6 and more than twenty-two bytes" };
	refused(&e, 1, &end, LTPS_FORMAT, "behind the end record");
}

Test(zip, comment_is_accepted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct entry e = stored("a", "x");
	struct end end = { .comment = "mimetype=x" };
	struct buf b = make(&e, 1, &end);
	struct zip *z = NULL;
	cr_assert_eq(zip_open(view_buf(&b), &z, &err), 0, "%s", err.text);
	cr_expect(view_is_text(z->comment, "mimetype=x"));
	zip_free(z);
	buf_free(&b);
}

Test(zip, several_disks_are_unsupported)
{
	struct entry e = stored("a", "x");
	struct end end = { .disk = 1 };
	refused(&e, 1, &end, LTPS_UNSUPPORTED, "disks");
	e.disk = 1;
	refused(&e, 1, NULL, LTPS_UNSUPPORTED, "disks");
}

Test(zip, zip64_is_unsupported)
{
	struct entry e = stored("a", "x");
	struct end ends[] = { { .n = 0xffff },
			      { .size = 0xffffffff },
			      { .offset = 0xffffffff } };
	for (size_t i = 0; i < 3; i++)
		refused(&e, 1, &ends[i], LTPS_UNSUPPORTED, "zip64");
	e.central_extra = view_of("\1\0\0\0", 4);
	refused(&e, 1, NULL, LTPS_UNSUPPORTED, "zip64");
	e.central_extra = VIEW_NULL;
	e.local_extra = view_of("\1\0\0\0", 4);
	refused(&e, 1, NULL, LTPS_UNSUPPORTED, "zip64");
	e.local_extra = VIEW_NULL;
	e.size = 0xffffffff;
	refused(&e, 1, NULL, LTPS_UNSUPPORTED, "zip64");
}

Test(zip, one_entry_too_many_is_too_large)
{
	struct entry e = stored("a", "x");
	struct end end = { .n = ZIP_ENTRIES_MAX + 1 };
	refused(&e, 1, &end, LTPS_TOO_LARGE, "too many entries");
}

Test(zip, wrong_number_of_entries_is_refused)
{
	struct entry e[] = { stored("a", "x"), stored("b", "y") };
	struct end end = { .n = 1 };
	refused(e, 2, &end, LTPS_FORMAT, "behind the central directory");
	end.n = 3;
	refused(e, 2, &end, LTPS_FORMAT, "broken central directory");
}

Test(zip, gap_between_entries_is_refused)
{
	struct entry e[] = { stored("a", "x"), stored("b", "y") };
	e[0].gap = view_text("?");
	refused(e, 2, NULL, LTPS_FORMAT, "gap or overlap");
	e[0].gap = VIEW_NULL;
	e[1].gap = view_text("?");
	refused(e, 2, NULL, LTPS_FORMAT, "before the central directory");
}

Test(zip, overlapping_entries_are_refused)
{
	struct entry e[] = { stored("a", "x"), stored("b", "y") };
	e[1].at_zero = true;
	refused(e, 2, NULL, LTPS_FORMAT, "");
}

/* ---- entries ---- */

Test(zip, encrypted_entry_is_unsupported)
{
	struct entry e = stored("a", "x");
	e.flags = ZIP_FLAG_ENCRYPTED;
	refused(&e, 1, NULL, LTPS_UNSUPPORTED, "encrypted");
	e.flags = 0;
	e.local_flags = ZIP_FLAG_ENCRYPTED;
	refused(&e, 1, NULL, LTPS_UNSUPPORTED, "encrypted");
	e.local_flags = 0;
	e.central_extra = view_of("\1\x99\0\0", 4);
	refused(&e, 1, NULL, LTPS_UNSUPPORTED, "encrypted");
}

Test(zip, unknown_method_flag_and_extra_are_refused)
{
	struct entry e = stored("a", "x");
	e.method = 12;
	refused(&e, 1, NULL, LTPS_UNSUPPORTED, "method");
	e.method = ZIP_STORED;
	e.flags = 0x2000;
	refused(&e, 1, NULL, LTPS_UNSUPPORTED, "flags");
	e.flags = 0;
	e.central_extra = view_of("\x75\x70\0\0", 4);
	refused(&e, 1, NULL, LTPS_UNSUPPORTED, "second name");
	e.central_extra = view_of("\x55\x54\5\0x", 5);
	refused(&e, 1, NULL, LTPS_FORMAT, "extra field");
}

Test(zip, symbolic_link_is_unsupported)
{
	struct entry e = stored("a", "/etc/passwd");
	e.external = 0120777u << 16;
	refused(&e, 1, NULL, LTPS_UNSUPPORTED, "symbolic link");
}

Test(zip, two_entries_of_one_name_are_refused)
{
	struct entry e[] = { stored("a", "x"), stored("b", "y"), stored("a", "z") };
	refused(e, 3, NULL, LTPS_FORMAT, "two entries of one name");
}

Test(zip, local_header_that_differs_is_refused)
{
	struct entry good = stored("a", "x"), e = good;
	e.local_name = "b";
	refused(&e, 1, NULL, LTPS_FORMAT, "differ");
	e = good;
	e.local_crc++;
	refused(&e, 1, NULL, LTPS_FORMAT, "differ");
	e = good;
	e.local_size++;
	refused(&e, 1, NULL, LTPS_FORMAT, "differ");
	e = good;
	e.local_packed++;
	refused(&e, 1, NULL, LTPS_FORMAT, "differ");
	e = good;
	e.local_method = ZIP_DEFLATED;
	refused(&e, 1, NULL, LTPS_FORMAT, "differ");
	e = good;
	e.local_flags = ZIP_FLAG_UTF8;
	refused(&e, 1, NULL, LTPS_FORMAT, "differ");
	e = good;
	e.local_size = e.local_packed = e.local_crc = 0;
	refused(&e, 1, NULL, LTPS_FORMAT, "differ");
}

Test(zip, stored_entry_with_two_sizes_is_refused)
{
	struct entry e = stored("a", "x");
	e.size = e.local_size = 2;
	refused(&e, 1, NULL, LTPS_FORMAT, "two sizes");
}

Test(zip, folder_with_contents_is_refused)
{
	struct entry e = stored("a/", "x");
	refused(&e, 1, NULL, LTPS_FORMAT, "folder");
}

static const struct {
	const char *name;
	size_t n;
} bad_names[] = {
	{ "/etc/passwd", 0 }, { "..", 0 },       { "../a", 0 }, { "a/../b", 0 },
	{ "a/..", 0 },        { "a\\b", 0 },     { "a\0b", 3 }, { "a//b", 0 },
	{ "./a", 0 },         { "C:/a", 0 },     { "a\nb", 0 }, { "a\x7f", 0 },
	{ "\xff\xfe", 0 },    { "\xc0\xaf", 0 }, { "/", 0 },
};

Test(zip, names_that_lead_elsewhere_are_refused)
{
	for (size_t i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++) {
		struct entry e = stored(bad_names[i].name, "");
		e.name_n = bad_names[i].n;
		refused(&e, 1, NULL, LTPS_FORMAT, "name of an entry");
	}
	struct entry e = stored("", "");
	refused(&e, 1, NULL, LTPS_FORMAT, "name of an entry");
	static char longer[ZIP_NAME_MAX + 2];
	memset(longer, 'a', ZIP_NAME_MAX + 1);
	e = stored(longer, "");
	refused(&e, 1, NULL, LTPS_FORMAT, "too long");
}

/* ---- contents ---- */

static struct buf deflated(struct view data)
{
	struct buf b = buf_make(ROOM);
	struct ltps_error err = LTPS_ERROR_INIT;
	z_stream s = { 0 };
	cr_assert_eq(deflateInit2(&s, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
		     Z_OK);
	cr_assert_eq(buf_reserve(&b, deflateBound(&s, data.n), &err), 0);
	memcpy(&s.next_in, &data.p, sizeof(s.next_in));
	s.avail_in = (uInt)data.n;
	s.next_out = b.p;
	s.avail_out = (uInt)b.cap;
	cr_assert_eq(deflate(&s, Z_FINISH), Z_STREAM_END);
	b.n = s.total_out;
	deflateEnd(&s);
	return b;
}

static struct entry packed(const char *name, struct view data, const struct buf *pack)
{
	struct entry e = { .name = name,
			   .packed = view_buf(pack),
			   .method = ZIP_DEFLATED };
	e.local_packed = (uint32_t)pack->n;
	e.size = e.local_size = (uint32_t)data.n;
	e.crc = e.local_crc = zip_crc(data);
	return e;
}

static void expect_contents(const struct entry *e, int want, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b, out = buf_make(ROOM), owned = { 0 };
	struct view v = VIEW_NULL;
	struct zip *z = open_made(&b, e, 1);
	cr_expect_eq(zip_read(&z->entries[0], &out, &err), want, "%s", err.text);
	struct ltps_error err2 = LTPS_ERROR_INIT;
	cr_expect_eq(zip_view(&z->entries[0], &owned, &v, &err2), want);
	if (want == 0) {
		cr_expect(view_is_text(view_buf(&out), text));
		cr_expect(view_is_text(v, text));
	} else {
		cr_expect_eq(err.code, LTPS_FORMAT);
		cr_expect(strstr(err.text, text) != NULL, "'%s'", err.text);
		cr_expect_eq(out.n, 0);
	}
	zip_free(z);
	buf_free(&owned);
	buf_free(&out);
	buf_free(&b);
}

Test(zip, wrong_crc_is_refused)
{
	struct entry e = stored("a", "x");
	e.crc = ++e.local_crc;
	expect_contents(&e, -1, "CRC");
	struct view text = view_text("text text text text text");
	struct buf pack = deflated(text);
	e = packed("a", text, &pack);
	e.crc = ++e.local_crc;
	expect_contents(&e, -1, "CRC");
	buf_free(&pack);
}

Test(zip, compressed_data_of_another_length_is_refused)
{
	struct view text = view_text("text text text text text");
	struct buf pack = deflated(text);
	struct entry good = packed("a", text, &pack), e = good;
	e.size = ++e.local_size;
	expect_contents(&e, -1, "compressed");
	e = good;
	e.size = --e.local_size;
	expect_contents(&e, -1, "compressed");
	e = good;
	e.packed.n = --e.local_packed;
	expect_contents(&e, -1, "compressed");
	struct buf longer = deflated(text);
	put(&longer, view_text("x"));
	e = packed("a", text, &longer);
	expect_contents(&e, -1, "compressed");
	buf_free(&longer);
	buf_free(&pack);
}

Test(zip, bomb_is_too_large)
{
	size_t n = (size_t)16 << 20;
	uint8_t *zeros = mem_zalloc(n, 1);
	struct buf pack = deflated(view_of(zeros, n));
	struct entry e = packed("a", view_of(zeros, n), &pack);
	refused(&e, 1, NULL, LTPS_TOO_LARGE, "ratio");
	e.size = e.local_size = (uint32_t)(ZIP_ENTRY_SIZE_MAX + 1);
	refused(&e, 1, NULL, LTPS_TOO_LARGE, "entry too large");
	buf_free(&pack);
	mem_free(zeros);
}

Test(zip, contents_come_out_as_they_went_in)
{
	struct entry e = stored("a", "stored");
	expect_contents(&e, 0, "stored");
	e = stored("a", "");
	expect_contents(&e, 0, "");
	struct view text = view_text("text text text text text");
	struct buf pack = deflated(text);
	e = packed("a", text, &pack);
	expect_contents(&e, 0, "text text text text text");
	buf_free(&pack);
	pack = deflated(VIEW_NULL);
	e = packed("a", VIEW_NULL, &pack);
	expect_contents(&e, 0, "");
	buf_free(&pack);
}

Test(zip, data_descriptor_must_say_the_same)
{
	uint8_t d[16];
	struct entry e = stored("a", "x");
	e.flags = ZIP_FLAG_DESCRIPTOR;
	e.local_crc = e.local_size = e.local_packed = 0;
	put32(d, ZIP_DESCRIPTOR_SIG);
	put32(d + 4, e.crc);
	put32(d + 8, 1);
	put32(d + 12, 1);
	e.descriptor = view_of(d, 16);
	expect_contents(&e, 0, "x");
	e.descriptor = view_of(d + 4, 12);
	expect_contents(&e, 0, "x");
	e.descriptor = VIEW_NULL;
	refused(&e, 1, NULL, LTPS_FORMAT, "descriptor");
	d[4] ^= 1;
	e.descriptor = view_of(d, 16);
	refused(&e, 1, NULL, LTPS_FORMAT, "descriptor");
}

Test(zip, entries_stand_in_the_order_of_the_file)
{
	struct buf b;
	struct entry e[] = { stored("z", "1"), stored("dir/", ""),
			     stored("dir/a", "2") };
	struct zip *z = open_made(&b, e, 3);
	cr_assert_eq(z->n, 3);
	cr_expect(view_is_text(z->entries[0].name, "z"));
	cr_expect(z->entries[1].is_dir);
	cr_expect_eq(zip_find(z, "dir/a"), &z->entries[2]);
	cr_expect_null(zip_find(z, "dir"));
	zip_free(z);
	buf_free(&b);
}

/* ---- writer ---- */

static int write_two(struct zip_sink sink, struct ltps_error *err)
{
	struct zip_writer *w = NULL;
	int rc = -1;
	if (zip_writer_new(sink, TIME_MS, &w, err) != 0)
		return -1;
	if (zip_writer_add(w, view_text("mimetype"), view_text("type"), err) == 0 &&
	    zip_writer_add(w, view_text("d/\xc3\xa9.txt"), view_text("data"), err) ==
		0 &&
	    zip_writer_finish(w, err) == 0)
		rc = 0;
	zip_writer_free(w);
	return rc;
}

Test(zip, writer_gives_the_same_bytes_and_the_reader_takes_them)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf a = buf_make(ROOM), b = buf_make(ROOM);
	struct zip *z = NULL;
	cr_assert_eq(write_two(zip_sink_buf(&a), &err), 0, "%s", err.text);
	cr_assert_eq(write_two(zip_sink_buf(&b), &err), 0);
	cr_expect(view_equal(view_buf(&a), view_buf(&b)));
	cr_assert_eq(zip_open(view_buf(&a), &z, &err), 0, "%s", err.text);
	cr_expect_eq(z->n, 2);
	cr_expect(view_is_text(view_head(view_skip(view_buf(&a), 38), 4), "type"));
	cr_expect_not(z->entries[0].has_extra);
	cr_expect_eq(z->entries[0].flags, 0);
	cr_expect_eq(z->entries[1].flags, ZIP_FLAG_UTF8);
	/* 22:13:20 and 2023-11-14 */
	cr_expect_eq(get16(a.p + 10), 22 << 11 | 13 << 5 | 10);
	cr_expect_eq(get16(a.p + 12), 43 << 9 | 11 << 5 | 14);
	zip_free(z);
	buf_free(&a);
	buf_free(&b);
}

Test(zip, writer_refuses_bad_and_repeated_names)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(ROOM);
	struct zip_writer *w = NULL;
	cr_assert_eq(zip_writer_new(zip_sink_buf(&b), 0, &w, &err), 0);
	for (size_t i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++) {
		struct ltps_error e = LTPS_ERROR_INIT;
		size_t n =
		    bad_names[i].n > 0 ? bad_names[i].n : strlen(bad_names[i].name);
		cr_expect_eq(
		    zip_writer_add(w, view_of(bad_names[i].name, n), VIEW_NULL, &e),
		    -1);
		cr_expect_eq(e.code, LTPS_ARGUMENT);
	}
	cr_expect_eq(zip_writer_add(w, view_text("folder/"), VIEW_NULL, &err), -1);
	struct ltps_error e2 = LTPS_ERROR_INIT;
	cr_expect_eq(zip_writer_add(w, view_text("a"), VIEW_NULL, &e2), 0);
	cr_expect_eq(zip_writer_add(w, view_text("a"), VIEW_NULL, &e2), -1);
	cr_expect_eq(e2.code, LTPS_ARGUMENT);
	zip_writer_free(w);
	buf_free(&b);
}

Test(zip, writer_refuses_what_needs_zip64_and_work_after_the_end)
{
	struct ltps_error err = LTPS_ERROR_INIT, err2 = LTPS_ERROR_INIT;
	struct buf b = buf_make(ROOM);
	struct zip_writer *w = NULL;
	cr_assert_eq(zip_writer_new(zip_sink_buf(&b), 0, &w, &err), 0);
	cr_expect_eq(zip_writer_add(w, view_text("a"), view_of(b.p, 0xffffffff), &err),
		     -1);
	cr_expect_eq(err.code, LTPS_TOO_LARGE);
	ltps_error_clear(&err);
	cr_assert_eq(zip_writer_finish(w, &err), 0);
	cr_expect_eq(zip_writer_finish(w, &err), -1);
	cr_expect_eq(err.code, LTPS_STATE);
	cr_expect_eq(zip_writer_add(w, view_text("a"), VIEW_NULL, &err2), -1);
	cr_expect_eq(err2.code, LTPS_STATE);
	zip_writer_free(w);
	buf_free(&b);
}

Test(zip, failing_sink_and_allocations_are_ordinary_errors)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf small = buf_make(60);
	cr_expect_eq(write_two(zip_sink_buf(&small), &err), -1);
	cr_expect_eq(err.code, LTPS_TOO_LARGE);
	buf_free(&small);
	for (uint64_t n = 1;; n++) {
		struct ltps_error e = LTPS_ERROR_INIT;
		struct buf b = buf_make(ROOM);
		mem_fail_nth(n);
		int rc = write_two(zip_sink_buf(&b), &e);
		mem_fail_nth(0);
		buf_free(&b);
		if (rc == 0)
			break;
		cr_assert_eq(e.code, LTPS_NOMEM);
	}
}

Test(zip, years_outside_of_the_format_are_clipped)
{
	static const struct {
		int64_t ms;
		uint16_t date;
	} cases[] = { { 0, 0 << 9 | 1 << 5 | 1 },
		      { -5, 0 << 9 | 1 << 5 | 1 },
		      { 32503680000000, 127 << 9 | 12 << 5 | 31 } };
	for (size_t i = 0; i < 3; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(ROOM);
		struct zip_writer *w = NULL;
		cr_assert_eq(zip_writer_new(zip_sink_buf(&b), cases[i].ms, &w, &err),
			     0);
		cr_assert_eq(zip_writer_add(w, view_text("a"), VIEW_NULL, &err), 0);
		cr_expect_eq(get16(b.p + 12), cases[i].date, "case %zu", i);
		zip_writer_free(w);
		buf_free(&b);
	}
}
