/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_indirect - "12 0 obj ... endobj" (ISO 32000-2 7.3.8, 7.3.10). */
#include "formats/pdf_lex.h"
#include "formats/pdf_value.h"

/* Some producers' offsets point at the end of the line before; more is no offset. */
#define WHITE_BEFORE_MAX ((size_t)32)
/* "8388607 65535 obj" with some white space: what is longer is none. */
#define HEAD_MAX ((size_t)128)

typedef int length_fn(void *arg, struct pdf_ref ref, uint64_t *ret_n,
		      struct ltps_error *err);

struct indirect {
	struct view file;
	size_t at;
	length_fn *length;
	void *arg;
};

static int read_head(struct indirect *d, struct pdf_ref *ret_ref,
		     struct ltps_error *err)
{
	uint64_t number, generation;
	size_t start = d->at;
	struct view near = view_head(d->file, start + WHITE_BEFORE_MAX);
	struct view head = view_head(d->file, start + HEAD_MAX);
	size_t at = pdf_skip_white(near, start);
	if (!pdf_unsigned(head, &at, PDF_OBJECT_NUMBER_MAX, &number) || number == 0)
		return pdf_fail(start, "ISO 32000-2 7.3.10", "no object stands here",
				err);
	size_t next = pdf_skip_white(head, at);
	if (next == at || !pdf_unsigned(head, &next, UINT16_MAX, &generation))
		return pdf_fail(start, "ISO 32000-2 7.3.10", "no object stands here",
				err);
	at = pdf_skip_white(head, next);
	if (at == next || !pdf_keyword(head, &at, "obj"))
		return pdf_fail(start, "ISO 32000-2 7.3.10", "no object stands here",
				err);
	*ret_ref = (struct pdf_ref){ (uint32_t)number, (uint32_t)generation };
	d->at = at;
	return 0;
}

static int data_length(const struct indirect *d, const struct pdf_value *dict,
		       uint64_t *ret_n, struct ltps_error *err)
{
	const struct pdf_value *n = pdf_dict_get(dict, "Length");
	if (n != NULL && n->kind == PDF_INTEGER && n->integer >= 0) {
		*ret_n = (uint64_t)n->integer;
		return 0;
	}
	if (n != NULL && n->kind == PDF_REF && d->length != NULL)
		return d->length(d->arg, n->ref, ret_n, err);
	return pdf_fail(d->at, "ISO 32000-2 7.3.8.2", "stream without a length", err);
}

/* Behind "stream": CRLF or LF, not CR alone, since then the data's first octet could be
 * taken for a part of the line end (7.3.8.1). */
static int data_start(struct indirect *d, struct ltps_error *err)
{
	size_t at = d->at;
	if (at < d->file.n && d->file.p[at] == '\r')
		at++;
	if (at >= d->file.n || d->file.p[at] != '\n')
		return pdf_fail(at, "ISO 32000-2 7.3.8.1",
				"the keyword stream ends with no end of line", err);
	d->at = at + 1;
	return 0;
}

static int read_data(struct indirect *d, const struct pdf_value *dict,
		     struct view *ret_data, struct ltps_error *err)
{
	uint64_t n;
	if (data_start(d, err) != 0 || data_length(d, dict, &n, err) != 0)
		return -1;
	if (n > d->file.n - d->at)
		return pdf_fail(d->at, "ISO 32000-2 7.3.8.2",
				"stream longer than the file", err);
	*ret_data = view_of(d->file.p + d->at, (size_t)n);
	/* One end of line; an empty line more, as some writers leave, changes nothing.
	 */
	d->at = pdf_skip_eol(d->file, d->at + (size_t)n);
	d->at = pdf_skip_eol(d->file, d->at);
	if (!pdf_keyword(d->file, &d->at, "endstream"))
		return pdf_fail(d->at, "ISO 32000-2 7.3.8.2",
				"no endstream where the stream's length says", err);
	return 0;
}

static int read_stream(struct indirect *d, struct arena *a, const struct pdf_value **v,
		       struct ltps_error *err)
{
	struct pdf_value *stream;
	if ((*v)->kind != PDF_DICT)
		return pdf_fail(d->at, "ISO 32000-2 7.3.8",
				"stream without a dictionary", err);
	if (arena_take(a, 1, sizeof(*stream), &stream, err) != 0)
		return -1;
	*stream = **v;
	stream->kind = PDF_STREAM;
	if (read_data(d, *v, &stream->data, err) != 0)
		return -1;
	d->at = pdf_skip_white_and_comments(d->file, d->at);
	*v = stream;
	return 0;
}

static int read_body(struct indirect *d, struct arena *a, const struct pdf_value **v,
		     struct ltps_error *err)
{
	if (pdf_value_read_at(d->file, &d->at, a, v, err) != 0)
		return -1;
	d->at = pdf_skip_white_and_comments(d->file, d->at);
	if (pdf_keyword(d->file, &d->at, "stream") && read_stream(d, a, v, err) != 0)
		return -1;
	if (!pdf_keyword(d->file, &d->at, "endobj"))
		return pdf_fail(d->at, "ISO 32000-2 7.3.10", "object without endobj",
				err);
	return 0;
}

int pdf_indirect_read(struct view file, uint64_t offset, struct arena *a,
		      length_fn *length, void *arg, struct pdf_ref *ret_ref,
		      const struct pdf_value **ret_v, uint64_t *ret_end,
		      struct ltps_error *err)
{
	*ret_end = offset;
	if (offset >= file.n)
		return pdf_fail(offset, "ISO 32000-2 7.5.4",
				"an object beyond the end of the file", err);
	struct indirect d = { file, (size_t)offset, length, arg };
	struct pdf_ref ref;
	const struct pdf_value *v;
	int rc = read_head(&d, &ref, err);
	if (rc == 0)
		rc = read_body(&d, a, &v, err);
	*ret_end = d.at;
	if (rc != 0)
		return -1;
	*ret_ref = ref;
	*ret_v = v;
	return 0;
}
