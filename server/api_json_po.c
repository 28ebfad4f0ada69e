/* SPDX-License-Identifier: Apache-2.0 */
/* PO and Evidence (TS 119 512 5.4.4, 5.4.5), as they come in a request. */
#include <string.h>

#include "server/api_json_in.h"
#include "server/api_json_read.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct raw_po {
	struct payload binary;
	bool has_binary;
	struct payload xml;
	bool has_xml;
	const char *format_id;
	const char *mime;
	const char *pronom;
	const char *id;
	struct texts related;
	const char *poid;
	const char *version;
};

static bool read_binary(struct reader *r, const json_t *v, void *at)
{
	static const struct member members[] = {
		{ "value", read_payload, offsetof(struct raw_po, binary), true },
	};
	struct raw_po *po = at;
	po->has_binary = true;
	return read_object(r, v, members, COUNT(members), po);
}

static bool read_xml(struct reader *r, const json_t *v, void *at)
{
	static const struct member members[] = {
		{ "b64Content", read_payload, offsetof(struct raw_po, xml), true },
	};
	struct raw_po *po = at;
	po->has_xml = true;
	return read_object(r, v, members, COUNT(members), po);
}

/* The last two belong to Evidence only. */
static const struct member po_members[] = {
	{ "binaryData", read_binary, 0, false },
	{ "xmlData", read_xml, 0, false },
	{ "formatId", read_text, offsetof(struct raw_po, format_id), false },
	{ "mimeType", read_text, offsetof(struct raw_po, mime), false },
	{ "pronomId", read_text, offsetof(struct raw_po, pronom), false },
	{ "id", read_text, offsetof(struct raw_po, id), false },
	{ "relObj", read_texts, offsetof(struct raw_po, related), false },
	{ "poId", read_text, offsetof(struct raw_po, poid), false },
	{ "verId", read_text, offsetof(struct raw_po, version), false },
};
#define N_EVIDENCE COUNT(po_members)
#define N_PO (N_EVIDENCE - 2)

/* The schema leaves the choice open; 5.4.5 wants exactly one of the two. */
static bool to_po(struct reader *r, const struct raw_po *raw, struct ltp_po *ret_po)
{
	if (raw->has_binary && raw->has_xml)
		return reader_refuse(r, LTP_PARAMETER_ERROR,
				     "has both binaryData and xmlData");
	if (!raw->has_binary && !raw->has_xml)
		return reader_refuse(r, LTP_PARAMETER_ERROR,
				     "has neither binaryData nor xmlData");
	if (raw->related.n > API_RELATED_MAX)
		return reader_refuse(r, LTP_PARAMETER_ERROR,
				     "relObj holds more than %d names",
				     API_RELATED_MAX);
	*ret_po = (struct ltp_po){
		.data = raw->has_xml ? raw->xml.data : raw->binary.data,
		.xml = raw->has_xml,
		.format_id = raw->format_id,
		.mime = raw->mime,
		.pronom = raw->pronom,
		.id = raw->id,
		.related = raw->related.p,
		.n_related = raw->related.n,
	};
	return true;
}

bool read_po(struct reader *r, const json_t *v, struct ltp_po *ret_po)
{
	struct raw_po raw = { 0 };
	return read_object(r, v, po_members, N_PO, &raw) && to_po(r, &raw, ret_po);
}

bool read_evidence(struct reader *r, const json_t *v, void *at)
{
	struct read_evidence *e = at;
	struct raw_po raw = { 0 };
	if (!read_object(r, v, po_members, N_EVIDENCE, &raw) || !to_po(r, &raw, &e->po))
		return false;
	e->given = true;
	e->poid = raw.poid;
	e->version = raw.version;
	return true;
}
