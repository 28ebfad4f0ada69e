/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf_qpdf.h"

#include <criterion/criterion.h>
#include <qpdf/qpdf-c.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/late_library.h"
#include "base/mem.h"
#include "formats/pdf_objects.h"
#include "tests/support/pdf_sketch.h"

/* ---- encrypted files, by the library's own writer ---- */

/* clang-format off */
#define FUNCTIONS(F)                                                                   \
	F(qpdf_init) F(qpdf_cleanup) F(qpdf_read_memory) F(qpdf_init_write_memory)     \
	F(qpdf_set_object_stream_mode) F(qpdf_set_static_ID) F(qpdf_write)             \
	F(qpdf_get_buffer_length) F(qpdf_get_buffer)                                   \
	F(qpdf_set_r2_encryption_parameters_insecure)                                  \
	F(qpdf_set_r3_encryption_parameters_insecure)                                  \
	F(qpdf_set_r4_encryption_parameters_insecure)                                  \
	F(qpdf_set_r6_encryption_parameters2)
/* clang-format on */
#define MEMBER(name) __typeof__(name) *name;
#define SYMBOL(name) { #name, &lib.name },

static struct {
	FUNCTIONS(MEMBER)
} lib;
static const struct late_symbol symbols[] = { FUNCTIONS(SYMBOL) };
static struct late_library library =
    LATE_LIBRARY("libqpdf.so.29", "libqpdf29", symbols);

enum cipher { RC4_40, RC4_128, AES_128, AES_128_CLEAR_METADATA, AES_256, CIPHERS };

static void set_cipher(qpdf_data d, enum cipher c, const char *user, const char *owner)
{
	switch (c) {
	case RC4_40:
		lib.qpdf_set_r2_encryption_parameters_insecure(d, user, owner, 1, 1, 1,
							       1);
		break;
	case RC4_128:
		lib.qpdf_set_r3_encryption_parameters_insecure(d, user, owner, 1, 1, 1,
							       1, 1, 1, qpdf_r3p_full);
		break;
	case AES_128:
	case AES_128_CLEAR_METADATA:
		lib.qpdf_set_r4_encryption_parameters_insecure(
		    d, user, owner, 1, 1, 1, 1, 1, 1, qpdf_r3p_full, c == AES_128, 1);
		break;
	default:
		lib.qpdf_set_r6_encryption_parameters2(d, user, owner, 1, 1, 1, 1, 1, 1,
						       qpdf_r3p_full, 1);
	}
}

#define CONTENTS "\x00\x11\x22\x33"

static struct view plain_file(void)
{
	static struct pdf_sketch s;

	if (s.b.n > 0)
		return pdf_sketch_view(&s);
	s = pdf_sketch_blank(
	    "/A 3 0 R/B 4 0 R/C 5 0 R/D 6 0 R/E(direct)/Metadata 7 0 R");
	pdf_sketch_object(&s, 3,
			  "<</Type/Sig/ByteRange[0 1 2 3]/Contents<00112233>"
			  "/Reason(hello)>>");
	pdf_sketch_object(&s, 4,
			  "<</Type/DocTimeStamp/ByteRange[0 1 2 3]/Contents<00112233>"
			  "/Reason(hello)>>");
	pdf_sketch_stream(&s, 5, "/Note(inside)", view_text("data of a stream"));
	pdf_sketch_object(&s, 6, "[(one)()<</K<FF00>/N 1>>5 0 R]");
	pdf_sketch_stream(&s, 7, "/Type/Metadata/Subtype/XML", view_text("<xmp/>"));
	pdf_sketch_table(&s, "");
	return pdf_sketch_view(&s);
}

static struct buf encrypted(enum cipher c, const char *user, const char *owner,
			    bool object_streams)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make((size_t)1 << 20);
	const struct view plain = plain_file();

	cr_assert_eq(late_library_load(&library, &err), 0, "%s", err.text);
	qpdf_data d = lib.qpdf_init();
	cr_assert_eq(
	    lib.qpdf_read_memory(d, "plain", (const char *)plain.p, plain.n, NULL), 0);
	lib.qpdf_init_write_memory(d);
	set_cipher(d, c, user, owner);
	lib.qpdf_set_static_ID(d, QPDF_TRUE);
	lib.qpdf_set_object_stream_mode(d, object_streams ? qpdf_o_generate
							  : qpdf_o_disable);
	cr_assert_eq(lib.qpdf_write(d) & (QPDF_ERRORS), 0);
	cr_assert_eq(
	    buf_put(&out,
		    view_of(lib.qpdf_get_buffer(d), lib.qpdf_get_buffer_length(d)),
		    &err),
	    0);
	lib.qpdf_cleanup(&d);
	return out;
}

struct opened {
	struct pdf_file *file;
	struct pdf_objects *o;
};

static int try_open(struct view v, const char *password, struct opened *d,
		    struct ltps_error *err)
{
	*d = (struct opened){ 0 };
	cr_assert_eq(pdf_file_read(v, &d->file, err), 0, "%s", err->text);
	return pdf_objects_new(d->file, view_text(password), &d->o, err);
}

static void release(struct opened *d)
{
	pdf_objects_free(d->o);
	pdf_file_free(d->file);
}

static const struct pdf_value *get(struct opened *d, const struct pdf_value *from,
				   const char *key)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *v;

	cr_assert_eq(pdf_get(d->o, 0, from, key, &v, &err), 0, "%s", err.text);
	return v;
}

static void is_string(const struct pdf_value *v, struct view text)
{
	cr_assert_eq(v->kind, PDF_STRING);
	cr_assert(view_equal(v->text, text));
}

static void is_raw(const struct pdf_value *v)
{
	char hex[256];
	cr_assert_eq(v->kind, PDF_STRING);
	cr_assert_lt(v->text.n, 127);
	if (!v->hex) { /* encrypted at random, it may look fit for (...) to a writer */
		cr_assert_not(view_equal(v->text, view_of(CONTENTS, 4)));
		return;
	}
	hex_encode(v->text, hex);
	cr_assert(view_is_text(view_head(view_skip(v->where, 1), strlen(hex)), hex));
}

static void check_contents(struct opened *d)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *cat = NULL, *v;
	struct view data;
	char differs[200];

	cr_assert(pdf_objects_encrypted(d->o));
	cr_assert_eq(pdf_catalog(d->o, 0, &cat, &err), 0, "%s", err.text);
	is_string(get(d, cat, "E"), view_text("direct"));
	for (const char *key = "AB"; *key != 0; key++) {
		v = get(d, cat, (const char[2]){ *key, 0 });
		is_string(get(d, v, "Reason"), view_text("hello"));
		is_raw(get(d, v, "Contents"));
	}
	is_string(get(d, get(d, cat, "A"), "Contents"), view_of(CONTENTS, 4));
	v = get(d, cat, "C");
	is_string(get(d, v, "Note"), view_text("inside"));
	cr_assert_eq(pdf_stream_data(d->o, 0, v, &data, &err), 0, "%s", err.text);
	cr_assert(view_is_text(data, "data of a stream"));
	v = get(d, cat, "Metadata");
	cr_assert_eq(pdf_stream_data(d->o, 0, v, &data, &err), 0, "%s", err.text);
	cr_assert(view_is_text(data, "<xmp/>"));
	v = get(d, cat, "D");
	cr_assert_eq(v->n, 4);
	is_string(&v->items[0], view_text("one"));
	is_string(&v->items[1], view_text(""));
	is_string(pdf_dict_get(&v->items[2], "K"), view_of("\xff\x00", 2));
	cr_assert_eq(pdf_objects_confirm(d->o, 0, differs, &err), 0, "%s", err.text);
	cr_assert_str_eq(differs, "");
}

static void each_cipher(bool object_streams)
{
	static const struct {
		const char *user, *owner, *given;
	} words[] = { { "", "", "" },
		      { "", "owner", "" },
		      { "", "owner", "owner" },
		      { "user", "owner", "user" },
		      { "user", "owner", "owner" } };
	for (int c = 0; c < CIPHERS; c++)
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			struct ltps_error err = LTPS_ERROR_INIT;
			struct buf b = encrypted((enum cipher)c, words[i].user,
						 words[i].owner, object_streams);
			struct opened d;
			cr_assert_eq(try_open(view_buf(&b), words[i].given, &d, &err),
				     0, "cipher %d, %s: %s", c, words[i].given,
				     err.text);
			check_contents(&d);
			release(&d);
			buf_free(&b);
		}
}

Test(pdf_qpdf, a_false_password_is_denied_in_words)
{
	static const struct {
		const char *given, *text;
		size_t n;
	} words[] = { { "", "a password is wanted", 0 },
		      { "wrong", "does not open it", 5 },
		      { "user\0", "does not open it", 5 },
		      { "user2", "does not open it", 5 } };
	for (int c = 0; c < CIPHERS; c++) {
		struct buf b = encrypted((enum cipher)c, "user", "owner", false);
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			struct ltps_error err = LTPS_ERROR_INIT;
			struct pdf_file *f = NULL;
			struct pdf_objects *o = NULL;
			cr_assert_eq(pdf_file_read(view_buf(&b), &f, &err), 0);
			cr_assert_eq(
			    pdf_objects_new(f, view_of(words[i].given, words[i].n), &o,
					    &err),
			    -1);
			cr_assert_eq(err.code, LTPS_DENIED);
			cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
			cr_assert_not_null(strstr(err.text, words[i].text), "%s",
					   err.text);
			pdf_file_free(f);
		}
		buf_free(&b);
	}
}

Test(pdf_qpdf, each_cipher_and_password_decrypts)
{
	each_cipher(false);
}

Test(pdf_qpdf, each_cipher_and_password_decrypts_object_streams)
{
	each_cipher(true);
}

static void put_update(struct buf *b, const char *trailer)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct view v = view_buf(b);
	size_t at = v.n - 9;

	while (memcmp(v.p + at, "startxref", 9) != 0)
		at--;
	const long prev = strtol((const char *)v.p + at + 9, NULL, 10);
	const size_t xref = v.n;
	cr_assert_eq(buf_put_fmt(b, &err,
				 "xref\n0 1\n0000000000 65535 f \ntrailer\n"
				 "<</Size 20/Root 1 0 R/Prev %ld%s>>\nstartxref\n%zu\n"
				 "%%%%EOF\n",
				 prev, trailer, xref),
		     0);
}

Test(pdf_qpdf, an_update_that_changes_the_encryption_is_refused)
{
	static const char *const trailers[] = { "", "/Encrypt 1 0 R",
						"/Encrypt<</Filter/Standard>>" };
	for (size_t i = 0; i < sizeof(trailers) / sizeof(trailers[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = encrypted(AES_256, "", "", false);
		struct opened d;
		put_update(&b, trailers[i]);
		cr_assert_eq(try_open(view_buf(&b), "", &d, &err), -1);
		cr_assert_eq(err.code, LTPS_FORMAT, "%s", err.text);
		release(&d);
		buf_free(&b);
	}
}

static struct pdf_ref encrypt_of(const struct buf *b)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_file *f = NULL;

	cr_assert_eq(pdf_file_read(view_buf(b), &f, &err), 0, "%s", err.text);
	const struct pdf_ref ref = f->encrypt->ref;
	pdf_file_free(f);
	return ref;
}

Test(pdf_qpdf, more_encrypted_objects_than_the_limit_are_too_large)
{
	const uint32_t first = 100, end = first + 4001;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = encrypted(RC4_40, "", "", false);
	const struct pdf_ref encrypt = encrypt_of(&b);
	const struct view id = view_text("/ID [<");
	const uint8_t *p = memmem(b.p, b.n, id.p, id.n);
	struct opened d;
	char more[256];
	int rc = 0;

	cr_assert_not_null(p);
	snprintf(more, sizeof(more), "/Encrypt %u 0 R %.*s", encrypt.number,
		 (int)((const uint8_t *)memchr(p, ']', 200) - p) + 1, (const char *)p);
	size_t at[4001];
	for (uint32_t i = first; i < end; i++) {
		at[i - first] = b.n;
		cr_assert_eq(buf_put_fmt(&b, &err, "%u 0 obj\n(x)\nendobj\n", i), 0);
	}
	const size_t before = b.n;
	put_update(&b, more);
	struct view tail = view_skip(view_buf(&b), before + strlen("xref\n"));
	struct buf all = buf_make((size_t)1 << 20);
	cr_assert_eq(buf_put(&all, view_head(view_buf(&b), before), &err), 0);
	cr_assert_eq(buf_put_fmt(&all, &err, "xref\n%u 4001\n", first), 0);
	for (size_t i = 0; i < 4001; i++)
		cr_assert_eq(buf_put_fmt(&all, &err, "%010zu 00000 n \n", at[i]), 0);
	cr_assert_eq(buf_put(&all, tail, &err), 0);
	cr_assert_eq(try_open(view_buf(&all), "", &d, &err), 0, "%s", err.text);
	for (uint32_t i = first; i < end && rc == 0; i++) {
		const struct pdf_value *v;
		rc = pdf_object(d.o, 1, (struct pdf_ref){ i, 0 }, &v, &err);
		cr_assert_eq(rc, i + 1 < end ? 0 : -1, "%u: %s", i, err.text);
	}
	cr_assert_eq(err.code, LTPS_TOO_LARGE, "%s", err.text);
	release(&d);
	buf_free(&all);
	buf_free(&b);
}

static void refused_encryption(const char *trailer, enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_sketch s = pdf_sketch_blank("");
	struct opened d;

	pdf_sketch_object(&s, 3, "(x)");
	pdf_sketch_table(&s, trailer);
	cr_assert_eq(try_open(pdf_sketch_view(&s), "", &d, &err), -1, "%s", trailer);
	cr_assert_eq(err.code, code, "%s: %s", trailer, err.text);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	release(&d);
	buf_free(&s.b);
}

Test(pdf_qpdf, an_encryption_that_is_none_is_refused)
{
	refused_encryption("/Encrypt 9 0 R", LTPS_FORMAT);
	refused_encryption("/Encrypt 3 0 R", LTPS_FORMAT);
	refused_encryption("/Encrypt<<>>", LTPS_UNSUPPORTED);
	refused_encryption("/Encrypt<</Filter/Adobe.PubSec/V 4/R 4/O()/U()/P 0>>",
			   LTPS_UNSUPPORTED);
	refused_encryption(
	    "/Encrypt<</Filter/Standard/V 4/R 9/O()/U()/P 0/Length 128>>",
	    LTPS_UNSUPPORTED);
}

/* ---- the reader itself ---- */

static struct pdf_qpdf *open_view(struct view v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_qpdf *q = NULL;
	char why[PDF_QPDF_WHY];

	cr_assert_eq(pdf_qpdf_open(v, VIEW_NULL, &q, why, &err), 0, "%s", err.text);
	cr_assert_not_null(q, "%s", why);
	return q;
}

Test(pdf_qpdf, what_is_no_pdf_is_refused_in_words_and_in_silence)
{
	static const char *const files[] = { "", "%PDF-1.7\n",
					     "%PDF-1.7\nstartxref\n9\n%%EOF\n",
					     "%PDF-1.7\nstartxref\n99999\n%%EOF\n" };
	char printed[16];
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	const int kept = dup(2);
	dup2(ends[1], 2);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct pdf_qpdf *q = NULL;
		char why[PDF_QPDF_WHY];
		cr_assert_eq(
		    pdf_qpdf_open(view_text(files[i]), VIEW_NULL, &q, why, &err), 0);
		cr_assert_null(q);
		cr_assert_str_neq(why, "");
	}
	dup2(kept, 2);
	close(ends[1]);
	cr_assert_eq(read(ends[0], printed, sizeof(printed)), 0);
	close(ends[0]);
	close(kept);
}

Test(pdf_qpdf, objects_and_trailer_come_as_values)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arena a = arena_make((size_t)1 << 20);
	const struct pdf_value *v = NULL;
	char why[PDF_QPDF_WHY];
	struct pdf_qpdf *q = open_view(plain_file());

	cr_assert_eq(pdf_qpdf_trailer(q, "Root", &a, &v, why, &err), 0);
	cr_assert_eq(v->ref.number, 1);
	cr_assert_eq(pdf_qpdf_trailer(q, "Size", &a, &v, why, &err), 0);
	cr_assert_eq(v->integer, 8);
	cr_assert_eq(pdf_qpdf_trailer(q, "Encrypt", &a, &v, why, &err), 0);
	cr_assert_eq(v->kind, PDF_NULL);
	cr_assert_eq(
	    pdf_qpdf_object(q, (struct pdf_ref){ 6, 0 }, NULL, &a, &v, why, &err), 0);
	cr_assert_eq(v->kind, PDF_ARRAY);
	cr_assert_eq(
	    pdf_qpdf_object(q, (struct pdf_ref){ 66, 0 }, NULL, &a, &v, why, &err), 0);
	cr_assert_eq(v->kind, PDF_NULL);
	cr_assert_eq(
	    pdf_qpdf_object(q, (struct pdf_ref){ 5, 0 }, NULL, &a, &v, why, &err), 0);
	cr_assert_eq(v->kind, PDF_STREAM);
	cr_assert_eq(v->data.n, 0);
	pdf_qpdf_close(q);
	arena_free(&a);
}

Test(pdf_qpdf, data_of_what_is_no_stream_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view data;
	bool is_refused;
	char why[PDF_QPDF_WHY];
	struct pdf_qpdf *q = open_view(plain_file());

	cr_assert_eq(
	    pdf_qpdf_data(q, (struct pdf_ref){ 6, 0 }, &data, &is_refused, why, &err),
	    0);
	cr_assert(is_refused);
	cr_assert_str_neq(why, "");
	cr_assert_eq(
	    pdf_qpdf_data(q, (struct pdf_ref){ 5, 0 }, &data, &is_refused, why, &err),
	    0);
	cr_assert(!is_refused);
	cr_assert(view_is_text(data, "data of a stream"));
	pdf_qpdf_data_free(&data);
	pdf_qpdf_close(q);
}

Test(pdf_qpdf, a_damaged_object_is_null_and_says_why)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arena a = arena_make((size_t)1 << 20);
	struct pdf_sketch s = pdf_sketch_blank("");
	const struct pdf_value *v = NULL;
	char why[PDF_QPDF_WHY];

	pdf_sketch_raw(&s, 3, 0, "4 0 obj (x) endobj\n");
	pdf_sketch_table(&s, "");
	struct pdf_qpdf *q = open_view(pdf_sketch_view(&s));
	cr_assert_eq(
	    pdf_qpdf_object(q, (struct pdf_ref){ 3, 0 }, NULL, &a, &v, why, &err), 0);
	cr_assert_eq(v->kind, PDF_NULL);
	cr_assert_str_neq(why, "");
	pdf_qpdf_close(q);
	arena_free(&a);
	buf_free(&s.b);
}
