/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_changes_rules - the closed list of what may change, and as what it counts. A key
 * that is not in the table may not change.
 *
 * Metadata and the Info dictionary are extensions: ISO 32000-2 12.8.2.2.2 is about what
 * the document shows and does, and every writer of an update touches them. Names,
 * outlines, output intents, optional content and the like are not in the list.
 */
#include "validation/pdf_changes_private.h"

#include <stdio.h>

/* ---- the table ---- */

#define ITEM NULL /* an element of an array */
static const char any_key[] = "";
#define ANY any_key

static const struct {
	enum pdf_node above;
	const char *key;
	enum pdf_node node;
} rules[] = {
	/* ISO 32000-2 7.7.2 Table 29 */
	{ PDF_NODE_CATALOG, "AcroForm", PDF_NODE_FORM },
	{ PDF_NODE_CATALOG, "DSS", PDF_NODE_DSS },
	{ PDF_NODE_CATALOG, "Extensions", PDF_NODE_EXTENSION },
	{ PDF_NODE_CATALOG, "Version", PDF_NODE_EXTENSION },
	{ PDF_NODE_CATALOG, "MarkInfo", PDF_NODE_EXTENSION },
	{ PDF_NODE_CATALOG, "Metadata", PDF_NODE_METADATA },
	{ PDF_NODE_CATALOG, "Perms", PDF_NODE_PERMS },
	{ PDF_NODE_CATALOG, "StructTreeRoot", PDF_NODE_STRUCT },
	/* 12.7.3 Table 224 */
	{ PDF_NODE_FORM, "Fields", PDF_NODE_FIELDS },
	{ PDF_NODE_FORM, "SigFlags", PDF_NODE_FORM_FLAGS },
	{ PDF_NODE_FORM, "NeedAppearances", PDF_NODE_FORM_NEED },
	{ PDF_NODE_FORM, "DA", PDF_NODE_FORM_DEFAULT },
	{ PDF_NODE_FORM, "Q", PDF_NODE_FORM_DEFAULT },
	{ PDF_NODE_FORM, "DR", PDF_NODE_RESOURCES },
	{ PDF_NODE_RESOURCES, "ProcSet", PDF_NODE_EXTENSION },
	{ PDF_NODE_RESOURCES, ANY, PDF_NODE_RESOURCES_MAP },
	{ PDF_NODE_RESOURCES_MAP, ANY, PDF_NODE_RESOURCES_ITEM },
	{ PDF_NODE_FIELDS, ITEM, PDF_NODE_FIELDS_ITEM },
	/* 12.8.4.3 Tables 261, 262 */
	{ PDF_NODE_DSS, "Type", PDF_NODE_EXTENSION },
	{ PDF_NODE_DSS, "Certs", PDF_NODE_DSS_LIST },
	{ PDF_NODE_DSS, "CRLs", PDF_NODE_DSS_LIST },
	{ PDF_NODE_DSS, "OCSPs", PDF_NODE_DSS_LIST },
	{ PDF_NODE_DSS, "VRI", PDF_NODE_VRI },
	{ PDF_NODE_VRI, "Type", PDF_NODE_EXTENSION },
	{ PDF_NODE_VRI, ANY, PDF_NODE_VRI_ENTRY },
	{ PDF_NODE_VRI_ENTRY, "Type", PDF_NODE_EXTENSION },
	{ PDF_NODE_VRI_ENTRY, "TU", PDF_NODE_EXTENSION },
	{ PDF_NODE_VRI_ENTRY, "TS", PDF_NODE_DSS_ITEM },
	{ PDF_NODE_VRI_ENTRY, "Cert", PDF_NODE_DSS_LIST },
	{ PDF_NODE_VRI_ENTRY, "CRL", PDF_NODE_DSS_LIST },
	{ PDF_NODE_VRI_ENTRY, "OCSP", PDF_NODE_DSS_LIST },
	{ PDF_NODE_DSS_LIST, ITEM, PDF_NODE_DSS_ITEM },
	{ PDF_NODE_EXTENSION, ANY, PDF_NODE_EXTENSION },
	{ PDF_NODE_EXTENSION, ITEM, PDF_NODE_EXTENSION },
	/* 12.8.6 Table 263 */
	{ PDF_NODE_PERMS, "DocMDP", PDF_NODE_PERMS_DOCMDP },
	/* 7.7.3.3 Table 31 */
	{ PDF_NODE_PAGE, "Annots", PDF_NODE_ANNOTS },
	{ PDF_NODE_PAGE, "Tabs", PDF_NODE_PAGE_TABS },
	{ PDF_NODE_ANNOTS, ITEM, PDF_NODE_ANNOTS_ITEM },
	{ PDF_NODE_FIELD, "Kids", PDF_NODE_FIELDS },
	{ PDF_NODE_FIELD, ANY, PDF_NODE_FIELD_KEY },
	{ PDF_NODE_FIELD_KEY, ANY, PDF_NODE_FIELD_KEY },
	{ PDF_NODE_FIELD_KEY, ITEM, PDF_NODE_FIELD_KEY },
	{ PDF_NODE_ANNOT, ANY, PDF_NODE_ANNOT_KEY },
	{ PDF_NODE_ANNOT_KEY, ANY, PDF_NODE_ANNOT_KEY },
	{ PDF_NODE_ANNOT_KEY, ITEM, PDF_NODE_ANNOT_KEY },
	/* 14.7.2 Table 354; its trees lead to elements by number and by name */
	{ PDF_NODE_STRUCT, "K", PDF_NODE_STRUCT_KIDS },
	{ PDF_NODE_STRUCT, "ParentTree", PDF_NODE_STRUCT_TREE },
	{ PDF_NODE_STRUCT, "ParentTreeNextKey", PDF_NODE_EXTENSION },
	{ PDF_NODE_STRUCT, "IDTree", PDF_NODE_STRUCT_TREE },
	{ PDF_NODE_STRUCT_TREE, ANY, PDF_NODE_STRUCT_TREE },
	{ PDF_NODE_STRUCT_TREE, ITEM, PDF_NODE_STRUCT_TREE },
};

enum pdf_node pdf_node_below(enum pdf_node above, struct view key)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].above != above)
			continue;
		if (key.p == NULL
			? rules[i].key == ITEM
			: rules[i].key != ITEM &&
			      (rules[i].key == ANY || view_is_text(key, rules[i].key)))
			return rules[i].node;
	}
	return PDF_NODE_OTHER;
}

enum pdf_node pdf_node_of_top(enum pdf_top top)
{
	static const enum pdf_node nodes[] = {
		[PDF_TOP_NONE] = PDF_NODE_OTHER,
		[PDF_TOP_CATALOG] = PDF_NODE_CATALOG,
		[PDF_TOP_PAGE] = PDF_NODE_PAGE,
		[PDF_TOP_FIELD] = PDF_NODE_FIELD,
		[PDF_TOP_ANNOT] = PDF_NODE_ANNOT,
		[PDF_TOP_STRUCT] = PDF_NODE_STRUCT,
		/* Its values stand in it; what it refers to is no text. */
		[PDF_TOP_INFO] = PDF_NODE_INFO,
	};
	return nodes[top];
}

/* ---- what is not allowed ---- */

int pdf_change_undefined(struct pdf_run *r, const struct pdf_spot *spot,
			 const char *attack, const char *how, struct ltps_error *err)
{
	char text[110];
	pdf_spot_text(spot, text, sizeof(text));
	return pdf_change_add(r, PDF_CHANGE_UNDEFINED, attack, VIEW_NULL, err, "%s %s",
			      text, how);
}

static int allowed(struct pdf_run *r, enum pdf_change_kind kind,
		   const struct pdf_spot *spot, const char *how, struct ltps_error *err)
{
	char text[110];
	pdf_spot_text(spot, text, sizeof(text));
	return pdf_change_add(r, kind, NULL, VIEW_NULL, err, "%s %s", text, how);
}

static bool passes(const struct pdf_spot *spot, const char *key)
{
	for (size_t i = 0; i < spot->n; i++)
		if (spot->keys[i].p != NULL && view_is_text(spot->keys[i], key))
			return true;
	return false;
}

/* The variants of the shadow attack: what covered something is taken away; content or
 * font is another; what was prepared in the file takes the place of what was seen. */
static const char *attack_of(const struct pdf_run *r, const struct pdf_spot *spot,
			     const struct pdf_pair *p)
{
	bool drawn =
	    passes(spot, "Contents") || passes(spot, "Resources") || passes(spot, "DR");
	bool pages = spot->top == PDF_TOP_CATALOG && spot->n > 0 &&
		     view_is_text(spot->keys[0], "Pages");
	if (pdf_was_there(r, p->after_raw) && (drawn || pages))
		return "shadow-hide-and-replace";
	if (passes(spot, "OCProperties"))
		return "shadow-hide";
	if (!drawn)
		return NULL;
	return p->after->kind == PDF_NULL || passes(spot, "XObject") ? "shadow-hide"
								     : "shadow-replace";
}

static const char *how_of(const struct pdf_pair *p)
{
	if (p->before->kind == PDF_NULL)
		return "added";
	return p->after->kind == PDF_NULL ? "removed" : "replaced";
}

int pdf_judge_other(struct pdf_run *r, const struct pdf_spot *spot,
		    const struct pdf_pair *p, struct ltps_error *err)
{
	bool same = false;
	if (pdf_same_deep(r, p, &same, err))
		return -1;
	if (same)
		return 0;
	return pdf_change_undefined(r, spot, attack_of(r, spot, p), how_of(p), err);
}

/* ---- dictionaries ---- */

struct below {
	struct pdf_run *r;
	const struct pdf_spot *spot;
};

static int judge_member(void *arg, struct view key, const struct pdf_value *before,
			const struct pdf_value *after, struct ltps_error *err)
{
	struct below *b = arg;
	struct pdf_spot next;
	pdf_spot_down(b->spot, key, &next);
	return pdf_judge(b->r, &next, before, after, err);
}

/* Key by key; what was there stays. */
static int judge_dict(struct pdf_run *r, const struct pdf_spot *spot,
		      const struct pdf_pair *p, struct ltps_error *err)
{
	struct below b = { .r = r, .spot = spot };
	if (p->after->kind != PDF_DICT)
		return pdf_change_undefined(r, spot, NULL,
					    p->after->kind == PDF_NULL
						? "removed"
						: "is no dictionary any more",
					    err);
	if (p->before->kind != PDF_DICT && p->before->kind != PDF_NULL)
		return pdf_judge_other(r, spot, p, err);
	if (p->after->duplicate_keys)
		return pdf_change_undefined(r, spot, NULL, "has a key twice", err);
	return pdf_each_difference(r, p, judge_member, &b, err);
}

static int judge_extension(struct pdf_run *r, const struct pdf_spot *spot,
			   const struct pdf_pair *p, struct ltps_error *err)
{
	return allowed(r, PDF_CHANGE_EXTENSION, spot, how_of(p), err);
}

static int judge_tabs(struct pdf_run *r, const struct pdf_spot *spot,
		      const struct pdf_pair *p, struct ltps_error *err)
{
	if (p->after->kind != PDF_NAME)
		return pdf_judge_other(r, spot, p, err);
	return allowed(r, PDF_CHANGE_EXTENSION, spot, how_of(p), err);
}

static bool is_metadata(const struct pdf_value *v)
{
	return v->kind == PDF_STREAM && pdf_is_name(pdf_dict_get(v, "Subtype"), "XML");
}

/* 14.3.2: nothing but metadata before and after, so that it cannot be content too. */
static int judge_metadata(struct pdf_run *r, const struct pdf_spot *spot,
			  const struct pdf_pair *p, struct ltps_error *err)
{
	if (!is_metadata(p->after) ||
	    (p->before->kind != PDF_NULL && !is_metadata(p->before)))
		return pdf_judge_other(r, spot, p, err);
	return allowed(r, PDF_CHANGE_EXTENSION, spot, how_of(p), err);
}

/* ---- the form ---- */

/* Table 225: a bit that is set means that there are signatures. */
static int judge_flags(struct pdf_run *r, const struct pdf_spot *spot,
		       const struct pdf_pair *p, struct ltps_error *err)
{
	int64_t before = p->before->kind == PDF_INTEGER ? p->before->integer : 0;
	if (p->after->kind != PDF_INTEGER)
		return pdf_judge_other(r, spot, p, err);
	bool more = (p->after->integer & before) == before;
	return allowed(r, more ? PDF_CHANGE_EXTENSION : PDF_CHANGE_FORM_FILL, spot,
		       how_of(p), err);
}

/* What every field may show: a lock of them all is about it. */
static int all_fields(struct pdf_run *r, const struct pdf_spot *spot, const char *how,
		      struct ltps_error *err)
{
	char text[110];
	pdf_spot_text(spot, text, sizeof(text));
	return pdf_change_add(r, PDF_CHANGE_FORM_FILL, NULL, view_text("?"), err,
			      "%s %s", text, how);
}

/* What fields have that do not say it themselves: a first one comes with the first
 * field. */
static int judge_default(struct pdf_run *r, const struct pdf_spot *spot,
			 const struct pdf_pair *p, struct ltps_error *err)
{
	if (p->before->kind == PDF_NULL)
		return allowed(r, PDF_CHANGE_EXTENSION, spot, how_of(p), err);
	return all_fields(r, spot, how_of(p), err);
}

/* Every field is drawn anew. */
static int judge_need(struct pdf_run *r, const struct pdf_spot *spot,
		      const struct pdf_pair *p, struct ltps_error *err)
{
	if (p->after->kind == PDF_BOOL && p->after->integer != 0)
		return all_fields(r, spot, how_of(p), err);
	return allowed(r, PDF_CHANGE_FORM_FILL, spot, how_of(p), err);
}

/* A font of the reader's own, with a usual encoding: many writers put some into every
 * form. */
static bool is_plain_font(const struct pdf_value *v)
{
	static const char *const keys[] = { "Type", "Subtype", "BaseFont", "Name",
					    "Encoding" };
	const struct pdf_value *encoding = pdf_dict_get(v, "Encoding");
	if (v->kind != PDF_DICT || v->duplicate_keys ||
	    !pdf_is_name(pdf_dict_get(v, "Subtype"), "Type1") ||
	    (encoding != NULL && encoding->kind != PDF_NAME))
		return false;
	for (size_t i = 0; i < v->n; i++) {
		bool known = false;
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]) && !known; k++)
			known = view_is_text(v->members[i].key, keys[k]);
		if (!known)
			return false;
	}
	return true;
}

/* Resources may come, those that are used stay. A font that a field was waiting for
 * changes what it shows as soon as somebody draws it anew. */
static int judge_resource(struct pdf_run *r, const struct pdf_spot *spot,
			  const struct pdf_pair *p, struct ltps_error *err)
{
	if (spot->node != PDF_NODE_RESOURCES_ITEM)
		return judge_dict(r, spot, p, err);
	if (p->before->kind != PDF_NULL)
		return pdf_judge_other(r, spot, p, err);
	return allowed(
	    r, is_plain_font(p->after) ? PDF_CHANGE_EXTENSION : PDF_CHANGE_FORM_FILL,
	    spot, "added", err);
}

/* 12.8.2.2.1: it comes with the certification signature, which is the first. */
static int judge_docmdp(struct pdf_run *r, const struct pdf_spot *spot,
			const struct pdf_pair *p, struct ltps_error *err)
{
	if (p->before->kind != PDF_NULL || p->after->kind != PDF_DICT ||
	    pdf_was_there(r, p->after_raw))
		return pdf_judge_other(r, spot, p, err);
	return allowed(r, PDF_CHANGE_FORM_FILL, spot, "added", err);
}

/* ---- DSS ---- */

static bool is_vri_key(struct view key)
{
	for (size_t i = 0; i < key.n; i++) {
		uint8_t c = key.p[i];
		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') ||
		      (c >= 'a' && c <= 'f')))
			return false;
	}
	return key.n == 40;
}

/* Optional as a whole, as each entry (12.8.4.4): some writers take it out again. */
static int judge_vri(struct pdf_run *r, const struct pdf_spot *spot,
		     const struct pdf_pair *p, struct ltps_error *err)
{
	if (p->before->kind == PDF_DICT && p->after->kind == PDF_NULL)
		return allowed(r, PDF_CHANGE_EXTENSION, spot, "removed", err);
	return judge_dict(r, spot, p, err);
}

static int judge_vri_entry(struct pdf_run *r, const struct pdf_spot *spot,
			   const struct pdf_pair *p, struct ltps_error *err)
{
	if (!is_vri_key(spot->keys[spot->n - 1]))
		return pdf_judge_other(r, spot, p, err);
	if (p->after->kind == PDF_NULL)
		return allowed(r, PDF_CHANGE_EXTENSION, spot, "removed", err);
	if (p->before->kind == PDF_NULL && p->after->kind == PDF_DICT &&
	    allowed(r, PDF_CHANGE_EXTENSION, spot, "added", err))
		return -1;
	return judge_dict(r, spot, p, err);
}

static int judge_dss_item(struct pdf_run *r, const struct pdf_spot *spot,
			  const struct pdf_pair *p, struct ltps_error *err)
{
	if (p->after->kind != PDF_STREAM && p->after->kind != PDF_NULL)
		return pdf_judge_other(r, spot, p, err);
	return allowed(r, PDF_CHANGE_EXTENSION, spot, how_of(p), err);
}

/* ---- Info ---- */

/* 14.3.3: text, dates and names. Anything else could be used as something else. */
static int judge_info_member(void *arg, struct view key, const struct pdf_value *before,
			     const struct pdf_value *after, struct ltps_error *err)
{
	struct below *b = arg;
	struct pdf_spot next;
	struct pdf_pair p = { before, after, &pdf_change_null, &pdf_change_null };
	pdf_spot_down(b->spot, key, &next);
	if (pdf_run_resolve(b->r, b->r->revision - 1, before, &p.before, err) ||
	    pdf_run_resolve(b->r, b->r->revision, after, &p.after, err))
		return -1;
	switch (p.after->kind) {
	case PDF_NULL:
	case PDF_BOOL:
	case PDF_INTEGER:
	case PDF_REAL:
	case PDF_STRING:
	case PDF_NAME:
		return allowed(b->r, PDF_CHANGE_EXTENSION, &next, how_of(&p), err);
	default:
		return pdf_judge_other(b->r, &next, &p, err);
	}
}

static int judge_info(struct pdf_run *r, const struct pdf_spot *spot,
		      const struct pdf_pair *p, struct ltps_error *err)
{
	struct below b = { .r = r, .spot = spot };
	if (p->after->kind == PDF_NULL)
		return allowed(r, PDF_CHANGE_EXTENSION, spot, "removed", err);
	if (p->after->kind != PDF_DICT)
		return pdf_judge_other(r, spot, p, err);
	return pdf_each_difference(r, p, judge_info_member, &b, err);
}

/* ---- all ---- */

int pdf_judge_pair(struct pdf_run *r, const struct pdf_spot *spot,
		   const struct pdf_pair *p, struct ltps_error *err)
{
	static int (*const judges[PDF_NODE_COUNT])(
	    struct pdf_run *, const struct pdf_spot *, const struct pdf_pair *,
	    struct ltps_error *) = {
		[PDF_NODE_OTHER] = pdf_judge_other,
		[PDF_NODE_CATALOG] = judge_dict,
		[PDF_NODE_FORM] = judge_dict,
		[PDF_NODE_FIELDS] = pdf_judge_fields,
		[PDF_NODE_FIELDS_ITEM] = pdf_judge_fields_item,
		[PDF_NODE_FORM_FLAGS] = judge_flags,
		[PDF_NODE_FORM_DEFAULT] = judge_default,
		[PDF_NODE_FORM_NEED] = judge_need,
		[PDF_NODE_RESOURCES] = judge_resource,
		[PDF_NODE_RESOURCES_MAP] = judge_resource,
		[PDF_NODE_RESOURCES_ITEM] = judge_resource,
		[PDF_NODE_DSS] = judge_dict,
		[PDF_NODE_DSS_LIST] = pdf_judge_dss_list,
		[PDF_NODE_DSS_ITEM] = judge_dss_item,
		[PDF_NODE_VRI] = judge_vri,
		[PDF_NODE_VRI_ENTRY] = judge_vri_entry,
		[PDF_NODE_METADATA] = judge_metadata,
		[PDF_NODE_EXTENSION] = judge_extension,
		[PDF_NODE_PERMS] = judge_dict,
		[PDF_NODE_PERMS_DOCMDP] = judge_docmdp,
		[PDF_NODE_PAGE] = judge_dict,
		[PDF_NODE_PAGE_TABS] = judge_tabs,
		[PDF_NODE_ANNOTS] = pdf_judge_annots,
		[PDF_NODE_ANNOTS_ITEM] = pdf_judge_annots_item,
		[PDF_NODE_FIELD] = pdf_judge_field,
		[PDF_NODE_FIELD_KEY] = pdf_judge_field_key,
		[PDF_NODE_ANNOT] = pdf_judge_annot,
		[PDF_NODE_ANNOT_KEY] = pdf_judge_annot_key,
		[PDF_NODE_STRUCT] = judge_dict,
		[PDF_NODE_STRUCT_KIDS] = pdf_judge_struct_kids,
		[PDF_NODE_STRUCT_TREE] = pdf_judge_struct_tree,
		[PDF_NODE_INFO] = judge_info,
	};
	return judges[spot->node](r, spot, p, err);
}

int pdf_judge(struct pdf_run *r, const struct pdf_spot *spot,
	      const struct pdf_value *before, const struct pdf_value *after,
	      struct ltps_error *err)
{
	struct pdf_pair p = { .before_raw = before, .after_raw = after };
	if (pdf_same(before, after))
		return 0;
	if (pdf_run_resolve(r, r->revision - 1, before, &p.before, err) ||
	    pdf_run_resolve(r, r->revision, after, &p.after, err))
		return -1;
	return pdf_same(p.before, p.after) ? 0 : pdf_judge_pair(r, spot, &p, err);
}
