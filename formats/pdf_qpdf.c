/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf_qpdf.h"

#include <pthread.h>
#include <qpdf/qpdf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/late_library.h"
#include "base/mem.h"

/* clang-format off */
#define FUNCTIONS(F)                                                                   \
	F(qpdf_init) F(qpdf_cleanup) F(qpdf_silence_errors)                            \
	F(qpdf_has_error) F(qpdf_get_error) F(qpdf_more_warnings)                      \
	F(qpdf_next_warning) F(qpdf_get_error_full_text) F(qpdf_get_error_code)        \
	F(qpdf_get_error_message_detail) F(qpdf_set_suppress_warnings)                 \
	F(qpdf_set_logger) F(qpdf_set_attempt_recovery) F(qpdf_read_memory)            \
	F(qpdf_get_trailer) F(qpdf_get_object_by_id) F(qpdf_oh_release)                \
	F(qpdf_oh_is_stream) F(qpdf_oh_is_dictionary) F(qpdf_oh_is_array)              \
	F(qpdf_oh_get_dict) F(qpdf_oh_get_key) F(qpdf_oh_remove_key)                   \
	F(qpdf_oh_get_array_n_items) F(qpdf_oh_get_array_item)                         \
	F(qpdf_oh_get_object_id) F(qpdf_oh_get_generation) F(qpdf_oh_unparse_resolved) \
	F(qpdf_get_last_string_length) F(qpdf_oh_get_stream_data)                      \
	F(qpdflogger_create) F(qpdflogger_set_info) F(qpdflogger_set_warn)             \
	F(qpdflogger_set_error)
/* clang-format on */
#define MEMBER(name) __typeof__(name) *name;
#define SYMBOL(name) { #name, &lib.name },

static struct {
	FUNCTIONS(MEMBER)
} lib;
static const struct late_symbol symbols[] = { FUNCTIONS(SYMBOL) };
static struct late_library library =
    LATE_LIBRARY("libqpdf.so.29", "libqpdf29", symbols);

struct pdf_qpdf {
	qpdf_data data;
};

static int load(struct ltps_error *err)
{
	struct ltps_error e = LTPS_ERROR_INIT;

	if (late_library_load(&library, &e) == 0)
		return 0;
	return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_SELF, NULL,
			 "PDF files cannot be judged: %s", e.text);
}

/* ---- errors into data ---- */

static bool is_nomem(const char *text)
{
	return strstr(text, "bad_alloc") != NULL;
}

static void tell(char why[PDF_QPDF_WHY], const char *text)
{
	if (text == NULL || *text == 0)
		text = "no reason given";
	snprintf(why, PDF_QPDF_WHY, "%.*s", PDF_QPDF_WHY - 1, text);
	for (char *p = why; *p != 0; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
			*p = '?';
}

/*
 * All that the library has to say since the last call; what is left of an error would
 * be printed by its cleanup. The error comes first, then the first warning.
 */
static int drain(qpdf_data d, bool *ret_error, char why[PDF_QPDF_WHY],
		 struct ltps_error *err)
{
	bool told = false, nomem = false;

	*ret_error = false;
	while (lib.qpdf_has_error(d)) {
		const qpdf_error e = lib.qpdf_get_error(d);
		const char *text = lib.qpdf_get_error_message_detail(d, e);
		nomem = nomem || is_nomem(text);
		if (!told)
			tell(why, text);
		told = *ret_error = true;
	}
	while (lib.qpdf_more_warnings(d)) {
		const qpdf_error e = lib.qpdf_next_warning(d);
		const char *text = lib.qpdf_get_error_message_detail(d, e);
		nomem = nomem || is_nomem(text);
		if (!told)
			tell(why, text);
		told = true;
	}
	if (!told)
		why[0] = 0;
	return nomem ? ltps_fail_nomem(err) : 0;
}

/* ---- opening ---- */

/* Where all that it would print goes: one for all files and threads, since it is only
 * read once it is made. NULL: no memory. */
static qpdflogger_handle silent_log(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static qpdflogger_handle made;

	pthread_mutex_lock(&lock);
	qpdflogger_handle log = made;
	if (log == NULL && (log = lib.qpdflogger_create()) != NULL) {
		lib.qpdflogger_set_info(log, qpdf_log_dest_discard, NULL, NULL);
		lib.qpdflogger_set_warn(log, qpdf_log_dest_discard, NULL, NULL);
		lib.qpdflogger_set_error(log, qpdf_log_dest_discard, NULL, NULL);
		made = log;
	}
	pthread_mutex_unlock(&lock);
	return log;
}

static int silence(qpdf_data d, struct ltps_error *err)
{
	const qpdflogger_handle log = silent_log();

	if (log == NULL)
		return ltps_fail_nomem(err);
	lib.qpdf_set_logger(d, log);
	lib.qpdf_silence_errors(d);
	lib.qpdf_set_suppress_warnings(d, QPDF_TRUE);
	lib.qpdf_set_attempt_recovery(d, QPDF_FALSE);
	return 0;
}

static int fail_password(struct view password, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_DENIED, LTPS_FAULT_OBJECT, "ISO 32000-2 7.6.4",
			 password.n == 0 ? "the PDF is encrypted: a password is wanted"
					 : "the PDF is encrypted: the password does "
					   "not open it");
}

/* What kept it from reading. */
static int open_failed(qpdf_data d, struct view password, char why[PDF_QPDF_WHY],
		       struct ltps_error *err)
{
	const qpdf_error e = lib.qpdf_has_error(d) ? lib.qpdf_get_error(d) : NULL;
	const enum qpdf_error_code_e code =
	    e != NULL ? lib.qpdf_get_error_code(d, e) : qpdf_e_internal;
	bool more;

	const char *text = e != NULL ? lib.qpdf_get_error_message_detail(d, e) : "";
	char kept[PDF_QPDF_WHY];
	tell(kept, text);
	const bool nomem = is_nomem(text);
	if (drain(d, &more, why, err) != 0)
		return -1;
	memcpy(why, kept, sizeof(kept));
	if (nomem)
		return ltps_fail_nomem(err);
	if (code == qpdf_e_password)
		return fail_password(password, err);
	if (code == qpdf_e_unsupported)
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
				 "ISO 32000-2 7.6", "%s", kept);
	return 0;
}

static int read_memory(qpdf_data d, struct view file, struct view password,
		       bool *ret_read, char why[PDF_QPDF_WHY], struct ltps_error *err)
{
	bool ignored;

	/* A password is text to the library: one with a NUL can be none of its. */
	if (password.n > 0 && memchr(password.p, 0, password.n) != NULL)
		return fail_password(password, err);
	char *word = mem_zalloc(password.n + 1, 1);
	if (word == NULL)
		return ltps_fail_nomem(err);
	if (password.n > 0)
		memcpy(word, password.p, password.n);
	const int rc =
	    lib.qpdf_read_memory(d, "PDF", (const char *)file.p, file.n, word);
	mem_free_secret(word, password.n + 1);
	*ret_read = (rc & (QPDF_ERRORS)) == 0;
	return *ret_read ? drain(d, &ignored, why, err)
			 : open_failed(d, password, why, err);
}

int pdf_qpdf_open(struct view file, struct view password, struct pdf_qpdf **ret_q,
		  char why[PDF_QPDF_WHY], struct ltps_error *err)
{
	struct pdf_qpdf *q = NULL;
	bool is_read = false;
	int rc = -1;

	*ret_q = NULL;
	why[0] = 0;
	if (load(err) != 0)
		goto out;
	q = mem_zalloc(1, sizeof(*q));
	if (q == NULL || (q->data = lib.qpdf_init()) == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	if (silence(q->data, err) != 0 ||
	    read_memory(q->data, file, password, &is_read, why, err) != 0)
		goto out;
	if (is_read) {
		*ret_q = q;
		q = NULL;
	}
	rc = 0;
out:
	pdf_qpdf_close(q);
	return rc;
}

void pdf_qpdf_close(struct pdf_qpdf *q)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	char why[PDF_QPDF_WHY];
	bool is_error;

	if (q == NULL)
		return;
	if (q->data != NULL) {
		(void)drain(q->data, &is_error, why, &ignored);
		lib.qpdf_cleanup(&q->data);
	}
	mem_free(q);
}

/* ---- objects ---- */

/* Its own text of a value, read by our reader. */
static int parse(qpdf_data d, qpdf_oh oh, struct arena *a,
		 const struct pdf_value **ret_v, char why[PDF_QPDF_WHY],
		 struct ltps_error *err)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	struct view text;
	bool refused;

	const char *s = lib.qpdf_oh_unparse_resolved(d, oh);
	const size_t n = lib.qpdf_get_last_string_length(d);
	if (arena_copy(a, view_of(s, n), &text, err) != 0)
		return -1;
	if (drain(d, &refused, why, err) != 0)
		return -1;
	if (refused)
		return 0;
	if (pdf_value_read(text, a, ret_v, NULL, &e) == 0)
		return 0;
	if (e.code == LTPS_NOMEM) {
		*err = e;
		return -1;
	}
	*ret_v = NULL;
	tell(why, e.text);
	return 0;
}

static int as_stream(const struct pdf_value *dict, struct arena *a,
		     const struct pdf_value **ret_v, struct ltps_error *err)
{
	struct pdf_value *v;

	if (arena_take(a, 1, sizeof(*v), &v, err) != 0)
		return -1;
	*v = *dict;
	v->kind = PDF_STREAM;
	*ret_v = v;
	return 0;
}

/* ---- references ---- */

/* Names are text to the library, with their '/'. */
#define KEY_MAX 256

static bool key_text(struct view name, char ret_key[KEY_MAX])
{
	if (name.n + 2 > KEY_MAX || memchr(name.p, 0, name.n) != NULL)
		return false;
	ret_key[0] = '/';
	memcpy(ret_key + 1, name.p, name.n);
	ret_key[name.n + 1] = 0;
	return true;
}

static struct pdf_ref ref_of(qpdf_data d, qpdf_oh oh)
{
	const uint32_t number = (uint32_t)lib.qpdf_oh_get_object_id(d, oh);

	return (struct pdf_ref){
		number, number != 0 ? (uint32_t)lib.qpdf_oh_get_generation(d, oh) : 0
	};
}

/* A key that stands twice with the same reference was taken out before. */
#define TWICE_MAX 1000
static bool is_twice(const struct pdf_value *dict, size_t i)
{
	const struct pdf_member *m = &dict->members[i];

	if (!dict->duplicate_keys || dict->n > TWICE_MAX)
		return false;
	while (i-- > 0)
		if (view_equal(dict->members[i].key, m->key) &&
		    pdf_value_equal(&dict->members[i].value, &m->value))
			return true;
	return false;
}

/* Where there is none, nothing can be left out, and the library need not be asked:
 * each of its answers costs as much as a token. */
static bool has_references(const struct pdf_value *v)
{
	for (size_t i = 0; v->kind == PDF_ARRAY && i < v->n; i++)
		if (v->items[i].kind != PDF_REF && has_references(&v->items[i]))
			return true;
	for (size_t i = 0; pdf_is_dict(v) && i < v->n; i++)
		if (v->members[i].value.kind == PDF_REF ||
		    has_references(&v->members[i].value))
			return true;
	return false;
}

static size_t leave_out(qpdf_data d, qpdf_oh oh, const struct pdf_value *expected);

static size_t leave_out_member(qpdf_data d, qpdf_oh dict,
			       const struct pdf_value *expected, size_t i)
{
	const struct pdf_member *m = &expected->members[i];
	char key[KEY_MAX];
	size_t n = 0;

	if ((m->value.kind != PDF_REF && !has_references(&m->value)) ||
	    !key_text(m->key, key))
		return 0;
	const qpdf_oh oh = lib.qpdf_oh_get_key(d, dict, key);
	const struct pdf_ref ref = ref_of(d, oh);
	if (m->value.kind != PDF_REF) {
		n = ref.number == 0 ? leave_out(d, oh, &m->value) : 0;
	} else if (ref.number == m->value.ref.number &&
		   ref.generation == m->value.ref.generation) {
		lib.qpdf_oh_remove_key(d, dict, key);
		n = 1;
	} else if (is_twice(expected, i)) {
		n = 1;
	}
	lib.qpdf_oh_release(d, oh);
	return n;
}

static size_t leave_out_of_items(qpdf_data d, qpdf_oh array,
				 const struct pdf_value *expected)
{
	size_t n = 0;

	if ((size_t)lib.qpdf_oh_get_array_n_items(d, array) != expected->n)
		return 0;
	for (size_t i = 0; i < expected->n; i++) {
		const struct pdf_value *item = &expected->items[i];
		if (!has_references(item))
			continue;
		const qpdf_oh oh = lib.qpdf_oh_get_array_item(d, array, (int)i);
		if (ref_of(d, oh).number == 0)
			n += leave_out(d, oh, item);
		lib.qpdf_oh_release(d, oh);
	}
	return n;
}

/* How many were. Direct values only: oh is none that would have to be read. */
static size_t leave_out(qpdf_data d, qpdf_oh oh, const struct pdf_value *expected)
{
	size_t n = 0;

	if (pdf_is_dict(expected) && lib.qpdf_oh_is_dictionary(d, oh))
		for (size_t i = 0; i < expected->n; i++)
			n += leave_out_member(d, oh, expected, i);
	else if (expected->kind == PDF_ARRAY && lib.qpdf_oh_is_array(d, oh))
		n = leave_out_of_items(d, oh, expected);
	return n;
}

/* A stream that has nothing but its /Type. */
static int type_alone(qpdf_data d, qpdf_oh dict, struct arena *a,
		      const struct pdf_value **ret_v, char why[PDF_QPDF_WHY],
		      struct ltps_error *err)
{
	const qpdf_oh type = lib.qpdf_oh_get_key(d, dict, "/Type");
	const struct pdf_value *v = NULL;
	struct pdf_value *stream;
	struct pdf_member *m;
	const int rc = parse(d, type, a, &v, why, err);

	lib.qpdf_oh_release(d, type);
	if (rc != 0 || v == NULL)
		return rc;
	if (arena_take(a, 1, sizeof(*m), &m, err) != 0 ||
	    arena_take(a, 1, sizeof(*stream), &stream, err) != 0)
		return -1;
	*m = (struct pdf_member){ view_text("Type"), *v };
	*stream = (struct pdf_value){ .kind = PDF_STREAM, .members = m, .n = 1 };
	*ret_v = stream;
	return 0;
}

int pdf_qpdf_object(struct pdf_qpdf *q, struct pdf_ref ref,
		    struct pdf_qpdf_expected *expected, struct arena *a,
		    const struct pdf_value **ret_v, char why[PDF_QPDF_WHY],
		    struct ltps_error *err)
{
	const qpdf_data d = q->data;

	*ret_v = NULL;
	why[0] = 0;
	const qpdf_oh oh =
	    lib.qpdf_get_object_by_id(d, (int)ref.number, (int)ref.generation);
	const bool is_stream = lib.qpdf_oh_is_stream(d, oh);
	const qpdf_oh value = is_stream ? lib.qpdf_oh_get_dict(d, oh) : oh;
	const bool wants_type =
	    is_stream && expected != NULL && expected->value->kind == PDF_NULL;
	if (expected != NULL)
		expected->left_out = leave_out(d, value, expected->value);
	int rc = wants_type ? type_alone(d, value, a, ret_v, why, err)
			    : parse(d, value, a, ret_v, why, err);
	if (rc == 0 && is_stream && *ret_v != NULL && (*ret_v)->kind == PDF_DICT)
		rc = as_stream(*ret_v, a, ret_v, err);
	if (is_stream)
		lib.qpdf_oh_release(d, value);
	lib.qpdf_oh_release(d, oh);
	return rc;
}

static int as_ref(struct pdf_ref ref, struct arena *a, const struct pdf_value **ret_v,
		  struct ltps_error *err)
{
	struct pdf_value *v;

	if (arena_take(a, 1, sizeof(*v), &v, err) != 0)
		return -1;
	v->kind = PDF_REF;
	v->ref = ref;
	*ret_v = v;
	return 0;
}

int pdf_qpdf_trailer(struct pdf_qpdf *q, const char *key, struct arena *a,
		     const struct pdf_value **ret_v, char why[PDF_QPDF_WHY],
		     struct ltps_error *err)
{
	char name[KEY_MAX];

	*ret_v = NULL;
	why[0] = 0;
	if (!key_text(view_text(key), name))
		return 0;
	const qpdf_oh trailer = lib.qpdf_get_trailer(q->data);
	const qpdf_oh oh = lib.qpdf_oh_get_key(q->data, trailer, name);
	const struct pdf_ref ref = ref_of(q->data, oh);
	const int rc = ref.number != 0 ? as_ref(ref, a, ret_v, err)
				       : parse(q->data, oh, a, ret_v, why, err);
	lib.qpdf_oh_release(q->data, oh);
	lib.qpdf_oh_release(q->data, trailer);
	return rc;
}

int pdf_qpdf_data(struct pdf_qpdf *q, struct pdf_ref ref, struct view *ret_data,
		  bool *ret_refused, char why[PDF_QPDF_WHY], struct ltps_error *err)
{
	unsigned char *p = NULL;
	size_t n = 0;

	*ret_data = VIEW_NULL;
	why[0] = 0;
	const qpdf_oh oh =
	    lib.qpdf_get_object_by_id(q->data, (int)ref.number, (int)ref.generation);
	const bool is_stream = lib.qpdf_oh_is_stream(q->data, oh);
	if (is_stream)
		(void)lib.qpdf_oh_get_stream_data(q->data, oh, qpdf_dl_none, NULL, &p,
						  &n);
	lib.qpdf_oh_release(q->data, oh);
	if (drain(q->data, ret_refused, why, err) != 0) {
		free(p);
		return -1;
	}
	if (!is_stream && !*ret_refused) {
		*ret_refused = true;
		tell(why, "no stream");
	}
	*ret_data = view_of(p, n);
	return 0;
}

void pdf_qpdf_data_free(struct view *data)
{
	/* From the library's malloc, not ours. */
	free((void *)(uintptr_t)data->p);
	*data = VIEW_NULL;
}
