/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/exchange.h"

#include <string.h>

#include "base/mem.h"
#include "base/xmlw.h"

/* ---- items ---- */

static void item_clear(struct exchange_item *i)
{
	mem_free(i->id);
	mem_free(i->format_id);
	mem_free(i->mime);
	mem_free(i->poid);
	mem_free(i->version);
	for (size_t k = 0; k < i->n_refs; k++)
		mem_free(i->refs[k]);
	mem_free(i->refs);
	buf_free(&i->data);
}

void exchange_clear(struct exchange *x)
{
	for (size_t i = 0; i < x->n; i++)
		item_clear(&x->items[i]);
	mem_free(x->items);
	*x = (struct exchange){ .n = 0 };
}

int exchange_add(struct exchange *x, enum exchange_kind kind,
		 struct exchange_item **ret, struct ltps_error *err)
{
	if (x->n == EXCHANGE_ITEMS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d items in one exchange",
				 EXCHANGE_ITEMS_MAX);
	if (mem_grow(&x->items, sizeof(*x->items), x->n + 1, &x->cap, err) != 0)
		return -1;
	*ret = &x->items[x->n++];
	**ret =
	    (struct exchange_item){ .kind = kind, .data = buf_make(EXCHANGE_SIZE_MAX) };
	return 0;
}

int exchange_add_ref(struct exchange_item *item, const char *id, struct ltps_error *err)
{
	if (item->n_refs == EXCHANGE_REFS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "an evidence about more than %d objects",
				 EXCHANGE_REFS_MAX);
	char **refs = mem_resize(item->refs, item->n_refs + 1, sizeof(*refs));
	if (refs == NULL)
		return ltps_fail_nomem(err);
	item->refs = refs;
	refs[item->n_refs] = mem_dup_text(id);
	if (refs[item->n_refs] == NULL)
		return ltps_fail_nomem(err);
	item->n_refs++;
	return 0;
}

const struct exchange_item *exchange_find(const struct exchange *x, const char *id)
{
	for (size_t i = 0; i < x->n; i++)
		if (strcmp(x->items[i].id, id) == 0)
			return &x->items[i];
	return NULL;
}

/* ---- writing ---- */

static void put_attribute(struct xmlw *w, const char *name, const char *value)
{
	if (value != NULL)
		xmlw_attribute(w, name, view_text(value));
}

static void put_data(struct xmlw *w, const struct exchange_item *i)
{
	xmlw_element_base64(w, "pres:binaryData", view_buf(&i->data));
	xmlw_close(w);
}

/* The evidence's own id is that of the information about it. */
static void put_evidence(struct xmlw *w, const struct exchange_item *i)
{
	xmlw_open(w, "ex:EvidenceInfo");
	put_attribute(w, "ID", i->id);
	xmlw_open(w, "pres:Evidence");
	put_attribute(w, "FormatId", i->format_id);
	put_attribute(w, "MimeType", i->mime);
	put_attribute(w, "POID", i->poid);
	put_attribute(w, "VersionID", i->version);
	put_data(w, i);
	for (size_t k = 0; k < i->n_refs; k++)
		xmlw_element(w, "ex:ObjectRef", i->refs[k]);
	xmlw_close(w);
}

static void put_object(struct xmlw *w, const struct exchange_item *i)
{
	xmlw_open(w, i->kind == EXCHANGE_OBJECT ? "ex:Object" : "ex:Other");
	put_attribute(w, "FormatId", i->format_id);
	put_attribute(w, "ID", i->id);
	put_attribute(w, "MimeType", i->mime);
	put_data(w, i);
}

int exchange_write(const struct exchange *x, struct buf *out, struct ltps_error *err)
{
	static const struct xmlw_namespace namespaces[] = {
		{ "ex", EXCHANGE_NS },
		{ "pres", EXCHANGE_PRES_NS },
	};
	struct xmlw w = xmlw_to(out, namespaces, 2);
	xmlw_open(&w, "ex:EvidenceExchange");
	for (int kind = EXCHANGE_EVIDENCE; kind <= EXCHANGE_OTHER; kind++)
		for (size_t i = 0; i < x->n; i++) {
			if (x->items[i].kind != (enum exchange_kind)kind)
				continue;
			if (kind == EXCHANGE_EVIDENCE)
				put_evidence(&w, &x->items[i]);
			else
				put_object(&w, &x->items[i]);
		}
	xmlw_close(&w);
	return xmlw_end(&w, err);
}
