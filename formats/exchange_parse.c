/* SPDX-License-Identifier: Apache-2.0 */
/* exchange_parse - the reading half of exchange.h. */
#include <string.h>

#include "base/mem.h"
#include "formats/exchange.h"
#include "formats/xml.h"

#define CLAUSE "TS 119 512 annex G"

static int bad(struct ltps_error *err, const char *what)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, CLAUSE, "%s", what);
}

static int bad_element(const struct xml_reader *r, struct ltps_error *err)
{
	const struct view name = xml_local(r);
	return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT, CLAUSE,
			 "the element %.*s is not understood here",
			 (int)(name.n < 60 ? name.n : 60), (const char *)name.p);
}

/* ---- pieces ---- */

static bool is_blank(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != ' ' && v.p[i] != '\t' && v.p[i] != '\n' && v.p[i] != '\r')
			return false;
	return true;
}

/* The next START or END; blanks between elements are passed over. */
static int next_tag(struct xml_reader *r, bool *ret_start, struct ltps_error *err)
{
	enum xml_event e;
	for (;;) {
		if (xml_next(r, &e, err) != 0)
			return -1;
		if (e == XML_TEXT && is_blank(xml_text(r)))
			continue;
		if (e == XML_TEXT)
			return bad(err, "text between elements");
		*ret_start = e == XML_START;
		return 0;
	}
}

/* *ret NULL when it is absent. */
static int take_attribute(struct xml_reader *r, const char *name, char **ret,
			  struct ltps_error *err)
{
	struct view v;
	if (!xml_attr(r, name, &v))
		return 0;
	if (v.n == 0 || v.n > EXCHANGE_TEXT_MAX || memchr(v.p, '\0', v.n) != NULL)
		return bad(err, "an attribute that is empty or too long");
	char *text = mem_alloc(v.n + 1);
	if (text == NULL)
		return ltps_fail_nomem(err);
	memcpy(text, v.p, v.n);
	text[v.n] = '\0';
	*ret = text;
	return 0;
}

/* White space may stand anywhere in xs:base64Binary. */
static void drop_blanks(struct buf *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->n; i++)
		if (!is_blank(view_of(b->p + i, 1)))
			b->p[n++] = b->p[i];
	b->n = n;
}

/* From the START of a POType to its END. */
static int read_data(struct xml_reader *r, struct buf *out, struct ltps_error *err)
{
	struct buf text = buf_make(EXCHANGE_SIZE_MAX);
	struct ltps_error why = LTPS_ERROR_INIT;
	bool start = false;
	int rc = -1;
	if (next_tag(r, &start, err) != 0)
		goto out;
	if (!start) {
		bad(err, "an item without data");
		goto out;
	}
	if (!xml_is(r, EXCHANGE_PRES_NS, "binaryData")) {
		bad_element(r, err);
		goto out;
	}
	if (xml_collect(r, &text, err) != 0)
		goto out;
	drop_blanks(&text);
	if (b64_decode(view_buf(&text), false, out, &why) != 0) {
		if (why.code == LTPS_NOMEM)
			ltps_fail_nomem(err);
		else
			bad(err, "binaryData is not base64");
		goto out;
	}
	if (next_tag(r, &start, err) != 0)
		goto out;
	rc = start         ? bad(err, "an item with more than its data")
	     : out->n == 0 ? bad(err, "an item without data")
			   : 0;
out:
	buf_free(&text);
	return rc;
}

static int read_common(struct xml_reader *r, struct exchange_item *i,
		       struct ltps_error *err)
{
	return take_attribute(r, "FormatId", &i->format_id, err) != 0 ||
		       take_attribute(r, "MimeType", &i->mime, err) != 0
		   ? -1
		   : 0;
}

static int check_id(const struct exchange *x, const struct exchange_item *item,
		    struct ltps_error *err)
{
	if (item->id == NULL)
		return bad(err, "an item without ID");
	for (size_t i = 0; &x->items[i] != item; i++)
		if (strcmp(x->items[i].id, item->id) == 0)
			return bad(err, "two items with one ID");
	return 0;
}

/* ---- the items ---- */

static int read_object(struct xml_reader *r, struct exchange *x,
		       enum exchange_kind kind, struct ltps_error *err)
{
	struct exchange_item *i = NULL;
	if (exchange_add(x, kind, &i, err) != 0)
		return -1;
	if (take_attribute(r, "ID", &i->id, err) != 0 || read_common(r, i, err) != 0) {
		return -1;
	}
	return check_id(x, i, err) == 0 ? read_data(r, &i->data, err) : -1;
}

static int read_ref(struct xml_reader *r, struct exchange_item *i,
		    struct ltps_error *err)
{
	struct buf text = buf_make(EXCHANGE_TEXT_MAX);
	int rc = xml_collect(r, &text, err);
	const struct view v = view_trim(view_buf(&text));
	char id[EXCHANGE_TEXT_MAX + 1] = "";
	if (rc == 0 && v.n > 0)
		memcpy(id, v.p, v.n);
	if (rc == 0)
		rc = v.n == 0 || strlen(id) != v.n ? bad(err, "an empty reference")
						   : exchange_add_ref(i, id, err);
	buf_free(&text);
	return rc;
}

static int read_evidence(struct xml_reader *r, struct exchange *x,
			 struct ltps_error *err)
{
	struct exchange_item *i = NULL;
	bool start = false;
	if (exchange_add(x, EXCHANGE_EVIDENCE, &i, err) != 0 ||
	    take_attribute(r, "ID", &i->id, err) != 0 || check_id(x, i, err) != 0 ||
	    next_tag(r, &start, err) != 0)
		return -1;
	if (!start)
		return bad(err, "an EvidenceInfo without evidence");
	if (!xml_is(r, EXCHANGE_PRES_NS, "Evidence"))
		return bad_element(r, err);
	if (read_common(r, i, err) != 0 ||
	    take_attribute(r, "POID", &i->poid, err) != 0 ||
	    take_attribute(r, "VersionID", &i->version, err) != 0 ||
	    read_data(r, &i->data, err) != 0)
		return -1;
	for (;;) {
		if (next_tag(r, &start, err) != 0)
			return -1;
		if (!start)
			return 0;
		if (!xml_is(r, EXCHANGE_NS, "ObjectRef"))
			return bad_element(r, err);
		if (read_ref(r, i, err) != 0)
			return -1;
	}
}

/* Items come in the order of their kinds. */
static int read_item(struct xml_reader *r, struct exchange *x, int *last,
		     struct ltps_error *err)
{
	static const char *const names[] = { [EXCHANGE_EVIDENCE] = "EvidenceInfo",
					     [EXCHANGE_OBJECT] = "Object",
					     [EXCHANGE_OTHER] = "Other" };
	for (int kind = EXCHANGE_EVIDENCE; kind <= EXCHANGE_OTHER; kind++) {
		if (!xml_is(r, EXCHANGE_NS, names[kind]))
			continue;
		if (kind < *last)
			return bad(err, "the elements are not in their order");
		*last = kind;
		return kind == EXCHANGE_EVIDENCE
			   ? read_evidence(r, x, err)
			   : read_object(r, x, (enum exchange_kind)kind, err);
	}
	return bad_element(r, err);
}

static int check_refs(const struct exchange *x, struct ltps_error *err)
{
	for (size_t i = 0; i < x->n; i++)
		for (size_t k = 0; k < x->items[i].n_refs; k++) {
			const struct exchange_item *o =
			    exchange_find(x, x->items[i].refs[k]);
			if (o == NULL || o->kind != EXCHANGE_OBJECT)
				return bad(err, "a reference to an object that is not "
						"there");
		}
	return 0;
}

static int read_all(struct xml_reader *r, struct exchange *x, struct ltps_error *err)
{
	bool start = false;
	enum xml_event e;
	int last = EXCHANGE_EVIDENCE;
	if (next_tag(r, &start, err) != 0)
		return -1;
	if (!start || !xml_is(r, EXCHANGE_NS, "EvidenceExchange"))
		return bad(err, "the root is not EvidenceExchange");
	for (;;) {
		if (next_tag(r, &start, err) != 0)
			return -1;
		if (!start)
			break;
		if (read_item(r, x, &last, err) != 0)
			return -1;
	}
	/* What is behind the root is read too: the document is well-formed or not. */
	do {
		if (xml_next(r, &e, err) != 0)
			return -1;
	} while (e != XML_DONE);
	return check_refs(x, err);
}

int exchange_parse(struct view in, struct exchange *ret, struct ltps_error *err)
{
	struct exchange x = { .n = 0 };
	struct xml_reader *r = NULL;
	int rc = -1;
	if (in.n > EXCHANGE_SIZE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "more than %zu bytes", EXCHANGE_SIZE_MAX);
	if (xml_open(in, &r, err) == 0)
		rc = read_all(r, &x, err);
	xml_close(r);
	if (rc == 0)
		*ret = x;
	else
		exchange_clear(&x);
	return rc;
}
