/* SPDX-License-Identifier: Apache-2.0 */
/* PO and Evidence (TS 119 512 5.4.4, 5.4.5), as they come in a SOAP request. */
#include <string.h>

#include "base/mem.h"
#include "formats/xml_c14n.h"
#include "server/http_head.h"
#include "server/soap_private.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CHARGE_STEP ((size_t)1 << 20) /* of the memory of all requests */

/* ---- parts of the message (XOP 1.0 3.2, RFC 2392) ---- */

static size_t find_part(const struct soap_in *s, struct view id)
{
	size_t i = 0;
	while (i < s->n_parts && (i == s->root || s->parts[i].id.n != id.n ||
				  memcmp(s->parts[i].id.p, id.p, id.n) != 0))
		i++;
	return i;
}

/* Each part is named once: a small message cannot become a large object. */
static bool take_part(struct xread *r, const char *href, struct view *ret)
{
	struct soap_in *s = r->arg;
	if (href == NULL || strncmp(href, "cid:", 4) != 0)
		return xread_refuse(r, LTP_PARAMETER_ERROR,
				    "an xop:Include has no href of a cid:");
	const struct view kept = view_text(href + 4);
	char *id = mem_dup_text(href + 4);
	size_t n;
	if (!xread_adopt(r, id))
		return false;
	if (!http_decode_component(id, kept.n, false, &n) || n == 0)
		return xread_refuse(r, LTP_PARAMETER_ERROR, "'%.100s' is no Content-ID",
				    href);
	const size_t i = find_part(s, view_of(id, n));
	if (i == s->n_parts)
		return xread_refuse(r, LTP_PARAMETER_ERROR, "'%.100s' names no part",
				    href);
	if (s->used[i])
		return xread_refuse(r, LTP_PARAMETER_ERROR,
				    "'%.100s' names a part for the second time", href);
	s->used[i] = true;
	*ret = s->parts[i].body;
	return true;
}

bool soap_include(struct xread *r, struct view *ret)
{
	static const struct xattr attrs[] = { { "href", 0 } };
	const char *href = NULL;
	return xread_attrs(r, attrs, COUNT(attrs), &href) && take_part(r, href, ret) &&
	       xread_empty(r, NULL);
}

/* ---- xmlData: kept in exclusive canonical form (docs/decisions/0021) ---- */

struct canonical {
	struct xread *r;
	struct buf out;
	size_t charged;
};

/* The body of the request is charged already, this is beside it. */
static int charge(struct canonical *c, size_t n, struct ltps_error *err)
{
	const struct soap_in *s = c->r->arg;
	const struct ltp_room *room = &s->call->room;
	while (c->charged < c->out.n + n) {
		if (room->take != NULL && !room->take(room->arg, CHARGE_STEP))
			return ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL,
					 "too many requests in flight");
		c->charged += CHARGE_STEP;
	}
	return 0;
}

static int put_canonical(void *arg, struct view v, struct ltps_error *err)
{
	struct canonical *c = arg;
	if (v.n > c->out.max - c->out.n)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "the canonical form of xmlData is too large");
	if (charge(c, v.n, err) != 0)
		return -1;
	return buf_put(&c->out, v, err);
}

/* XOP 1.0 3.2: what an xop:Include stands for is base64 text. */
static int put_part(struct canonical *c, struct view data, struct ltps_error *err)
{
	int rc = 0;
	struct buf text = buf_make(4 << 10);
	while (data.n > 0 && rc == 0) {
		const struct view piece = view_head(data, 3 << 10);
		data = view_skip(data, piece.n);
		buf_clear(&text);
		rc = b64_encode(piece, &text, err);
		if (rc == 0)
			rc = put_canonical(c, view_buf(&text), err);
	}
	buf_free(&text);
	return rc;
}

static int replace_include(void *arg, struct xml_reader *xml, bool *ret_taken,
			   struct ltps_error *err)
{
	struct canonical *c = arg;
	struct view data;
	*ret_taken = c->r->include != NULL && xml_is(xml, XREAD_NS_XOP, "Include");
	if (!*ret_taken)
		return 0;
	if (!c->r->include(c->r, &data))
		return -1; /* refused, or err is set: it is c->r->err */
	return put_part(c, data, err);
}

/* The schema has ##other: neither the message's namespace nor none. */
static bool check_root(struct xread *r)
{
	if (xml_in(r->xml, "") || xml_in(r->xml, r->ns))
		return xread_refuse(r, LTP_PARAMETER_ERROR,
				    "the element is not in a namespace of its own");
	return true;
}

static bool canonicalise(struct xread *r, struct view *ret)
{
	struct soap_in *s = r->arg;
	struct canonical c = { .r = r, .out = buf_make(s->canonical_max) };
	const struct xml_c14n to = { .put = put_canonical,
				     .replace = replace_include,
				     .arg = &c };
	if (!check_root(r) || xml_c14n_element(r->xml, &to, &r->err) != 0) {
		buf_free(&c.out);
		return false;
	}
	s->canonical_max -= c.out.n;
	size_t n;
	uint8_t *p = buf_take(&c.out, &n);
	*ret = view_of(p, n);
	return xread_adopt(r, p);
}

static bool read_xml(struct xread *r, struct view *ret)
{
	enum xml_event event;
	if (!xread_attrs(r, NULL, 0, NULL) || !xread_next(r, &event))
		return false;
	if (event == XML_END)
		return xread_refuse(r, LTP_PARAMETER_ERROR, "is empty");
	if (!canonicalise(r, ret) || !xread_next(r, &event))
		return false;
	return event == XML_END ? true
				: xread_refuse(r, LTP_PARAMETER_ERROR,
					       "holds more than one element");
}

/* ---- the object ---- */

struct raw_po {
	struct soap_po e;
	const char *related;
	bool has_binary, has_xml;
};

#define PO(field) offsetof(struct raw_po, e.po.field)

/* The last two belong to Evidence only. */
static const struct xattr po_attrs[] = {
	{ "FormatId", PO(format_id) },
	{ "MimeType", PO(mime) },
	{ "PronomId", PO(pronom) },
	{ "ID", PO(id) },
	{ "RelatedObjects", offsetof(struct raw_po, related) },
	{ "POID", offsetof(struct raw_po, e.poid) },
	{ "VersionID", offsetof(struct raw_po, e.version) },
};
#define N_EVIDENCE COUNT(po_attrs)
#define N_PO (N_EVIDENCE - 2)

static bool read_binary_field(struct xread *r, void *at)
{
	struct raw_po *po = at;
	po->has_binary = true;
	return xread_base64(r, &po->e.po.data);
}

static bool read_xml_field(struct xread *r, void *at)
{
	struct raw_po *po = at;
	if (po->has_binary)
		return xread_refuse(r, LTP_PARAMETER_ERROR, "stands beside binaryData");
	po->has_xml = true;
	po->e.po.xml = true;
	return read_xml(r, &po->e.po.data);
}

/* xs:ID: a name without a colon. What is no ASCII is left to the parser's UTF-8. */
static bool is_ncname(const char *id)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	for (const char *p = id; *p != '\0'; p++) {
		const bool inner = strchr("0123456789.-", *p) != NULL;
		if (strchr(letters, *p) == NULL && (unsigned char)*p < 0x80 &&
		    (!inner || p == id))
			return false;
	}
	return id[0] != '\0';
}

/* xs:IDREFS: names with blanks between; the parser made every blank one. */
static bool split_related(struct xread *r, const char *list, struct ltp_po *po)
{
	size_t n = 0;
	if (list == NULL)
		return true;
	const char **names = xread_list(r, API_RELATED_MAX, sizeof(*names));
	if (names == NULL)
		return false;
	for (list += strspn(list, " "); *list != '\0'; list += strspn(list, " ")) {
		const size_t len = strcspn(list, " ");
		if (n == API_RELATED_MAX)
			return xread_refuse(r, LTP_PARAMETER_ERROR,
					    "RelatedObjects holds more than %d names",
					    API_RELATED_MAX);
		names[n] = xread_keep(r, view_of(list, len));
		if (names[n++] == NULL)
			return false;
		list += len;
	}
	po->related = names;
	po->n_related = n;
	return true;
}

static bool read_any(struct xread *r, size_t n_attrs, struct raw_po *po)
{
	static const struct xfield fields[] = {
		{ "binaryData", NULL, read_binary_field, 0, false, false },
		{ "xmlData", NULL, read_xml_field, 0, false, false },
	};
	if (!xread_attrs(r, po_attrs, n_attrs, po))
		return false;
	if (po->e.po.id != NULL && !is_ncname(po->e.po.id))
		return xread_refuse(r, LTP_PARAMETER_ERROR, "ID is no xs:ID");
	if (!split_related(r, po->related, &po->e.po) ||
	    !xread_children(r, fields, COUNT(fields), po))
		return false;
	/* 5.4.5: exactly one of the two. */
	return po->has_binary || po->has_xml
		   ? true
		   : xread_refuse(r, LTP_PARAMETER_ERROR,
				  "has neither binaryData nor xmlData");
}

bool soap_read_po(struct xread *r, struct ltp_po *ret_po)
{
	struct raw_po raw = { .related = NULL };
	if (!read_any(r, N_PO, &raw))
		return false;
	*ret_po = raw.e.po;
	return true;
}

bool soap_read_evidence(struct xread *r, struct soap_po *ret_evidence)
{
	struct raw_po raw = { .related = NULL };
	if (!read_any(r, N_EVIDENCE, &raw))
		return false;
	*ret_evidence = raw.e;
	return true;
}
