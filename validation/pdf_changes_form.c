/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_changes_form - fields, widgets and other annotations: what filling in, signing
 * and commenting change, and what only looks like it.
 */
#include "validation/pdf_changes_private.h"

#include <string.h>

/* Full names of fields. */
#define FIELD_NAME_MAX 4096
/* Widgets of a time-stamp's field: one, if any. */
#define FIELD_WIDGETS_MAX 16

/* ISO 32000-2 Table 167 */
#define FLAGS_OF_SIGHT                                                                 \
	(1 | 2 | 32 | 256) /* Invisible, Hidden, NoView, ToggleNoView                  \
			    */
#define FLAG_HIDDEN 2
#define FLAG_PRINT 4
#define FLAG_NO_VIEW 32
#define FLAG_TOGGLE_NO_VIEW 256
#define FIELD_READ_ONLY 1 /* Table 227 */

/* ---- what is what ---- */

static bool is_one_of(const struct pdf_value *v, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pdf_is_name(v, names[i]))
			return true;
	return false;
}
#define ONE_OF(v, names) is_one_of(v, names, sizeof(names) / sizeof((names)[0]))

static bool may_be_annot(const struct pdf_value *v)
{
	const struct pdf_value *type = pdf_dict_get(v, "Type");
	return v->kind == PDF_DICT && (type == NULL || pdf_is_name(type, "Annot"));
}

bool pdf_is_annotation(const struct pdf_value *v)
{
	static const char *const subtypes[] = {
		"Text",        "Link",           "FreeText", "Line",      "Square",
		"Circle",      "Polygon",        "PolyLine", "Highlight", "Underline",
		"Squiggly",    "StrikeOut",      "Caret",    "Stamp",     "Ink",
		"Popup",       "FileAttachment", "Sound",    "Movie",     "Screen",
		"PrinterMark", "Watermark",      "3D",       "Redact",    "Projection",
		"RichMedia",
	};
	return may_be_annot(v) && pdf_dict_get(v, "Rect") != NULL &&
	       ONE_OF(pdf_dict_get(v, "Subtype"), subtypes);
}

bool pdf_is_field(const struct pdf_value *v)
{
	const struct pdf_value *subtype = pdf_dict_get(v, "Subtype");
	const struct pdf_value *t = pdf_dict_get(v, "T");
	if (!may_be_annot(v))
		return false;
	if (subtype != NULL)
		return pdf_is_name(subtype, "Widget");
	if (pdf_dict_get(v, "FT") != NULL)
		return pdf_dict_get(v, "FT")->kind == PDF_NAME;
	return t != NULL && t->kind == PDF_STRING && pdf_dict_get(v, "S") == NULL &&
	       (pdf_dict_get(v, "Kids") != NULL || pdf_dict_get(v, "Parent") != NULL);
}

/* ---- a field in a revision ---- */

static bool number_of(const struct pdf_value *v, double *ret_n)
{
	char text[40];
	if (v->kind == PDF_INTEGER) {
		*ret_n = (double)v->integer;
		return true;
	}
	if (v->kind != PDF_REAL || v->text.n == 0 || v->text.n >= sizeof(text))
		return false;
	/* Zero is what matters: an area or none. */
	*ret_n = 0;
	for (size_t i = 0; i < v->text.n; i++)
		if (v->text.p[i] >= '1' && v->text.p[i] <= '9')
			*ret_n = 1;
	return true;
}

/* A rectangle without area, or none. Of coordinates that are not whole numbers only
 * zeroes count as equal. */
static int no_area(struct pdf_run *r, size_t revision, const struct pdf_value *widget,
		   bool *ret_none, struct ltps_error *err)
{
	const struct pdf_value *rect;
	double n[4];
	if (pdf_run_get(r, revision, widget, "Rect", &rect, err))
		return -1;
	*ret_none = rect->kind == PDF_NULL;
	if (rect->kind != PDF_ARRAY || rect->n != 4)
		return 0;
	for (size_t i = 0; i < 4; i++)
		if (!number_of(&rect->items[i], &n[i]))
			return 0;
	bool whole = true;
	for (size_t i = 0; i < 4; i++)
		whole = whole && rect->items[i].kind == PDF_INTEGER;
	if (whole)
		*ret_none = n[0] == n[2] || n[1] == n[3];
	else
		*ret_none = (n[0] == 0 && n[2] == 0) || (n[1] == 0 && n[3] == 0);
	return 0;
}

static int64_t flags_of(const struct pdf_value *v)
{
	return v != NULL && v->kind == PDF_INTEGER ? v->integer : 0;
}

/* On screen and on paper; who toggles /NoView sees it under the pointer. */
static bool is_hidden(int64_t flags)
{
	return (flags & FLAG_HIDDEN) != 0 ||
	       (flags & (FLAG_NO_VIEW | FLAG_TOGGLE_NO_VIEW | FLAG_PRINT)) ==
		   FLAG_NO_VIEW;
}

static int out_of_sight(struct pdf_run *r, size_t revision,
			const struct pdf_value *dict, bool *ret_invisible,
			struct ltps_error *err)
{
	const struct pdf_value *kids, *kid;
	bool none = false;
	if (pdf_run_get(r, revision, dict, "Kids", &kids, err) ||
	    no_area(r, revision, dict, &none, err))
		return -1;
	*ret_invisible = none || is_hidden(flags_of(pdf_dict_get(dict, "F")));
	if (kids->kind != PDF_ARRAY)
		return 0;
	for (size_t i = 0; i < kids->n && *ret_invisible; i++) {
		if (pdf_run_resolve(r, revision, &kids->items[i], &kid, err) ||
		    no_area(r, revision, kid, &none, err))
			return -1;
		*ret_invisible =
		    none && pdf_dict_get(kid, "Kids") == NULL && i < FIELD_WIDGETS_MAX;
	}
	return 0;
}

/* *lost: names as long as that, or no text: the field has no name to lock. */
static int name_put(const struct pdf_value *t, struct buf *name, bool *lost,
		    struct ltps_error *err)
{
	struct buf part = buf_make(FIELD_NAME_MAX), joined = buf_make(FIELD_NAME_MAX);
	int rc = pdf_text(t->text, &part, err);
	if (rc == 0)
		rc = buf_put(&joined, view_buf(&part), err);
	if (rc == 0 && name->n > 0)
		rc = buf_put_byte(&joined, '.', err) ||
			     buf_put(&joined, view_buf(name), err)
			 ? -1
			 : 0;
	if (rc == 0) {
		buf_clear(name);
		rc = buf_put(name, view_buf(&joined), err);
	} else if (err->code != LTPS_NOMEM) {
		ltps_error_clear(err);
		*lost = true;
		rc = 0;
	}
	buf_free(&part);
	buf_free(&joined);
	return rc;
}

/* One of the signatures of the file, in the very octets; anything else is no signature,
 * whatever its field says (12.7.5.5). One that is broken has a verdict of its own that
 * tells so; a time-stamp without a token has none. */
static bool is_signature(const struct pades *p, const struct pdf_value *v)
{
	for (size_t i = 0; v->where.n > 0 && i < p->n_signatures; i++) {
		const struct pades_signature *s = &p->signatures[i];
		if (s->dict->where.p == v->where.p && s->dict->where.n == v->where.n)
			return !s->is_stamp || s->cms.n > 0;
	}
	return false;
}

static int value_state(struct pdf_run *r, size_t revision, const struct pdf_value *v,
		       struct pdf_field_state *s, struct ltps_error *err)
{
	const struct pdf_value *type, *sub;
	if (v->kind == PDF_NULL)
		return 0;
	s->has_value = true;
	s->signed_by = is_signature(r->p, v);
	if (pdf_run_get(r, revision, v, "Type", &type, err) ||
	    pdf_run_get(r, revision, v, "SubFilter", &sub, err))
		return -1;
	/* Some leave out the type, or call it a signature. */
	s->stamp =
	    pdf_is_name(type, "DocTimeStamp") || pdf_is_name(sub, "ETSI.RFC3161");
	return 0;
}

/* /FT and /V of the nearest that has one, /T of all. 12.7.4.1, 12.7.4.2 */
static int climb_parents(struct pdf_run *r, size_t revision,
			 const struct pdf_value *dict, struct pdf_field_state *s,
			 struct buf *name, struct ltps_error *err)
{
	const struct pdf_value *ft = &pdf_change_null, *v = &pdf_change_null, *t;
	const struct pdf_value *holder =
	    NULL; /* the reference to it; NULL: the field */
	bool lost = false;
	s->unclear = s->unknown = false;
	for (int i = 0; i < PDF_FIELD_DEPTH_MAX && pdf_is_dict(dict); i++) {
		if (ft->kind == PDF_NULL &&
		    pdf_run_get(r, revision, dict, "FT", &ft, err))
			return -1;
		if (v->kind == PDF_NULL) {
			const struct pdf_value *raw = pdf_dict_get(dict, "V");
			if (pdf_run_resolve(r, revision, raw, &v, err))
				return -1;
			s->old_value =
			    v->kind != PDF_NULL &&
			    pdf_was_there(r, raw->kind == PDF_REF ? raw : holder);
		}
		holder = pdf_dict_get(dict, "Parent");
		s->below_old |= pdf_was_there(r, holder);
		if (pdf_run_get(r, revision, dict, "T", &t, err) ||
		    (t->kind == PDF_STRING && name_put(t, name, &lost, err)) ||
		    pdf_run_get(r, revision, dict, "Parent", &dict, err))
			return -1;
		s->unknown |=
		    t->kind == PDF_STRING && pdf_text_is_doubtful(t->text);
		/* 12.7.4.2: a partial name has no period. */
		s->unclear |= t->kind == PDF_STRING && t->text.n > 0 &&
			      memchr(t->text.p, '.', t->text.n) != NULL;
	}
	s->unknown |= lost || pdf_is_dict(dict);
	s->unclear |= s->unknown;
	if (lost)
		buf_clear(name);
	s->signature = pdf_is_name(ft, "Sig");
	s->button = pdf_is_name(ft, "Btn");
	return value_state(r, revision, v, s, err);
}

int pdf_field_state(struct pdf_run *r, size_t revision, const struct pdf_value *dict,
		    struct pdf_field_state *ret_s, struct ltps_error *err)
{
	struct pdf_field_state s = { .exists = pdf_is_dict(dict) };
	struct buf name = buf_make(FIELD_NAME_MAX);
	int rc = -1;
	*ret_s = s;
	if (!s.exists)
		return 0;
	s.appearance = pdf_dict_get(dict, "AP") != NULL;
	if (climb_parents(r, revision, dict, &s, &name, err) ||
	    out_of_sight(r, revision, dict, &s.invisible, err) ||
	    arena_copy(&r->out->arena, view_buf(&name), &s.name, err))
		goto out;
	*ret_s = s;
	rc = 0;
out:
	buf_free(&name);
	return rc;
}

/* The same field before and after. */
static int states_of(struct pdf_run *r, uint32_t number, struct pdf_field_state *before,
		     struct pdf_field_state *after, struct ltps_error *err)
{
	struct pdf_field_state *to[2] = { before, after };
	for (size_t i = 0; i < 2; i++) {
		size_t revision = r->revision - 1 + i;
		const struct pdf_entry *e = pdf_file_find(r->p->file, revision, number);
		const struct pdf_value *v = &pdf_change_null;
		struct pdf_ref ref = { number, e != NULL ? e->generation : 0 };
		if ((e != NULL && pdf_run_object(r, revision, ref, &v, err)) ||
		    pdf_field_state(r, revision, v, to[i], err))
			return -1;
	}
	return 0;
}

/* ---- keys of a field ---- */

enum key_class {
	KEY_OTHER,
	KEY_VALUE,
	KEY_FILL,  /* text that goes with the value */
	KEY_STATE, /* which appearance is shown */
	KEY_LOOK,
	KEY_FLAGS,
	KEY_FIELD_FLAGS,
	KEY_QUIET, /* shows and does nothing */
	KEY_PAGE,
	KEY_PLACE, /* where it is, and what of it is not the value */
	KEY_SEED,  /* for the signature to come */
};

/* /CA, /ca and /BM are left out: a graphics state has them too. */
static enum key_class class_of(struct view key)
{
	static const struct {
		const char *key;
		enum key_class class;
	} keys[] = {
		{ "V", KEY_VALUE },
		{ "RV", KEY_FILL },
		{ "DS", KEY_FILL },
		{ "DA", KEY_FILL },
		{ "Q", KEY_FILL },
		{ "I", KEY_FILL },
		{ "TI", KEY_FILL },
		{ "AS", KEY_STATE },
		{ "AP", KEY_LOOK },
		{ "F", KEY_FLAGS },
		{ "Ff", KEY_FIELD_FLAGS },
		{ "M", KEY_QUIET },
		{ "StructParent", KEY_QUIET },
		{ "Type", KEY_QUIET },
		{ "P", KEY_PAGE },
		{ "Rect", KEY_PLACE },
		{ "MK", KEY_PLACE },
		{ "BS", KEY_PLACE },
		{ "Border", KEY_PLACE },
		{ "C", KEY_PLACE },
		{ "H", KEY_PLACE },
		{ "Lock", KEY_SEED },
		{ "SV", KEY_SEED },
	};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (view_is_text(key, keys[i].key))
			return keys[i].class;
	return KEY_OTHER;
}

static int field_change(struct pdf_run *r, enum pdf_change_kind kind,
			const char *attack, const struct pdf_field_state *s,
			const struct pdf_spot *spot, bool about_value,
			struct ltps_error *err)
{
	struct view key = spot->n > 0 ? spot->keys[0] : VIEW_NULL;
	/* One without a name cannot be among those that a lock spares. */
	struct view name = s->name.n > 0 ? s->name : view_text("?");
	bool any = r->any_field;
	r->any_field |= about_value && s->unknown;
	int rc = pdf_change_add(r, kind, attack, about_value ? name : VIEW_NULL, err,
				"field \"%.*s\" (object %u): /%.*s changed",
				(int)(s->name.n < 60 ? s->name.n : 60),
				s->name.n > 0 ? (const char *)s->name.p : "",
				spot->number, (int)(key.n < 24 ? key.n : 24),
				key.n > 0 ? (const char *)key.p : "");
	r->any_field = any;
	return rc;
}

/* Of a signature field whose value was there already: nothing that is seen. */
static int judge_signed(struct pdf_run *r, const struct pdf_spot *spot,
			const struct pdf_pair *p, enum key_class class,
			const struct pdf_field_state *s, struct ltps_error *err)
{
	int64_t other = flags_of(p->before) ^ flags_of(p->after);
	switch (class) {
	case KEY_QUIET:
		return 0;
	case KEY_FLAGS:
		if ((other & FLAGS_OF_SIGHT) == 0)
			return 0;
		break;
	case KEY_FIELD_FLAGS:
		if ((other & ~FIELD_READ_ONLY) == 0)
			return 0;
		break;
	case KEY_PAGE:
		if (p->before->kind == PDF_NULL)
			return 0;
		break;
	default:
		break;
	}
	return field_change(
	    r, PDF_CHANGE_UNDEFINED,
	    class == KEY_VALUE || class == KEY_OTHER ? NULL : "sneaky-signature", s,
	    spot, false, err);
}

/* What a field counts as for what it shows, which may be nothing. */
struct sight {
	enum pdf_change_kind kind;
	const char *attack;
};

/* What is seen of a field where nobody signs: whatever it looks like, no signature. */
static struct sight annotates(const struct pdf_run *r)
{
	return (struct sight){ PDF_CHANGE_ANNOTATION,
			       r->certified ? "sneaky-signature" : NULL };
}

/* A field with a signature. Whoever signs is named, and DocMDP may allow him to. A
 * time-stamp needs nobody's key: where nobody sees it, or in a place that was there for
 * it, it only extends; who shows something with it on what was certified annotates. */
static struct sight seen_as(const struct pdf_run *r, const struct pdf_field_state *s,
			    bool place_was_there)
{
	if (!s->stamp)
		return (struct sight){ PDF_CHANGE_FORM_FILL, NULL };
	if (s->invisible)
		return (struct sight){ PDF_CHANGE_EXTENSION, NULL };
	if (r->certified)
		return annotates(r);
	return (struct sight){
		place_was_there ? PDF_CHANGE_EXTENSION : PDF_CHANGE_FORM_FILL, NULL
	};
}

/* What signing a field changes, and what may be prepared for it. */
static int judge_signing(struct pdf_run *r, const struct pdf_spot *spot,
			 const struct pdf_pair *p, enum key_class class,
			 const struct pdf_field_state *s, struct ltps_error *err)
{
	/* The place was there for it before, whether it is seen or not; what it shows
	 * was not, which whoever certified may mind. */
	enum pdf_change_kind kind =
	    s->stamp ? PDF_CHANGE_EXTENSION : PDF_CHANGE_FORM_FILL;
	bool signs = s->has_value;
	struct sight moved = annotates(r), seen = signs ? seen_as(r, s, true) : moved;
	int64_t other = flags_of(p->before) ^ flags_of(p->after);
	switch (class) {
	case KEY_VALUE:
		if (!s->signed_by)
			return field_change(r, PDF_CHANGE_UNDEFINED, "sneaky-signature",
					    s, spot, true, err);
		return field_change(r, kind, NULL, s, spot, true, err);
	case KEY_QUIET:
		return 0;
	case KEY_LOOK:
	case KEY_STATE:
		return field_change(r, seen.kind, seen.attack, s, spot, false, err);
	case KEY_PLACE:
		return field_change(r, moved.kind, moved.attack, s, spot, false, err);
	case KEY_PAGE:
		if (p->before->kind != PDF_NULL)
			return pdf_judge_other(r, spot, p, err);
		return field_change(r, kind, NULL, s, spot, false, err);
	case KEY_SEED:
		if (!signs)
			return pdf_judge_other(r, spot, p, err);
		return field_change(r, kind, NULL, s, spot, false, err);
	case KEY_FLAGS:
		if ((other & FLAGS_OF_SIGHT) != 0)
			return field_change(r, seen.kind, seen.attack, s, spot, false,
					    err);
		return field_change(r, kind, NULL, s, spot, false, err);
	case KEY_FIELD_FLAGS:
	case KEY_FILL:
		return field_change(r, kind, NULL, s, spot, false, err);
	default:
		return pdf_judge_other(r, spot, p, err);
	}
}

static bool is_form_value(const struct pdf_value *v)
{
	return v->kind != PDF_DICT && v->kind != PDF_REF;
}

static int judge_filling(struct pdf_run *r, const struct pdf_spot *spot,
			 const struct pdf_pair *p, enum key_class class,
			 const struct pdf_field_state *s, struct ltps_error *err)
{
	int64_t other = flags_of(p->before) ^ flags_of(p->after);
	bool deep = spot->n > 1, fits = true, value = true;
	switch (class) {
	case KEY_VALUE:
		fits = deep || is_form_value(p->after);
		break;
	case KEY_STATE:
		fits = p->after->kind == PDF_NAME || p->after->kind == PDF_NULL;
		break;
	case KEY_FILL:
	case KEY_LOOK:
		break;
	case KEY_FLAGS:
		value = false;
		fits = p->after->kind == PDF_INTEGER;
		if (fits && (other & FLAGS_OF_SIGHT) != 0)
			return field_change(r, PDF_CHANGE_ANNOTATION, NULL, s, spot,
					    true, err);
		break;
	case KEY_FIELD_FLAGS:
		value = false;
		fits = (other & ~FIELD_READ_ONLY) == 0;
		break;
	case KEY_QUIET:
		return 0;
	case KEY_PAGE:
		value = false;
		fits = p->before->kind == PDF_NULL;
		break;
	case KEY_PLACE:
		/* The picture of a button is its value: 12.7.5.2.2 has no other. */
		if (s->button && view_is_text(spot->keys[0], "MK"))
			break;
		return field_change(r, PDF_CHANGE_ANNOTATION, NULL, s, spot, true, err);
	default:
		fits = false;
	}
	if (!fits)
		return pdf_judge_other(r, spot, p, err);
	return field_change(r, PDF_CHANGE_FORM_FILL, NULL, s, spot, value, err);
}

int pdf_judge_field_key(struct pdf_run *r, const struct pdf_spot *spot,
			const struct pdf_pair *p, struct ltps_error *err)
{
	enum key_class class = class_of(spot->keys[0]);
	struct pdf_field_state before, after;
	if (class == KEY_OTHER)
		return pdf_judge_other(r, spot, p, err);
	if (states_of(r, spot->number, &before, &after, err))
		return -1;
	if (before.signature != after.signature)
		return pdf_judge_other(r, spot, p, err);
	if (!before.signature)
		return judge_filling(r, spot, p, class, &after, err);
	return before.has_value ? judge_signed(r, spot, p, class, &before, err)
				: judge_signing(r, spot, p, class, &after, err);
}

struct below {
	struct pdf_run *r;
	const struct pdf_spot *spot;
};

static int judge_key(void *arg, struct view key, const struct pdf_value *before,
		     const struct pdf_value *after, struct ltps_error *err)
{
	struct below *b = arg;
	struct pdf_spot next;
	pdf_spot_down(b->spot, key, &next);
	return pdf_judge(b->r, &next, before, after, err);
}

int pdf_judge_field(struct pdf_run *r, const struct pdf_spot *spot,
		    const struct pdf_pair *p, struct ltps_error *err)
{
	struct below b = { .r = r, .spot = spot };
	if (p->after->kind != PDF_DICT || !pdf_is_field(p->after))
		return pdf_change_undefined(r, spot, "shadow-hide", "removed", err);
	if (p->after->duplicate_keys)
		return pdf_change_undefined(r, spot, NULL, "has a key twice", err);
	return pdf_each_difference(r, p, judge_key, &b, err);
}

/* ---- other annotations ---- */

/* Those that can show anything anywhere, over what was certified. */
static const char *evil(const struct pdf_run *r, const struct pdf_value *v)
{
	static const char *const loud[] = { "FreeText", "Stamp", "Redact", "Watermark",
					    "Square",   "Ink",   "Line" };
	return r->certified && ONE_OF(pdf_dict_get(v, "Subtype"), loud)
		   ? "evil-annotation"
		   : NULL;
}

/* Tables 166 and those of the subtypes, without what other dictionaries have too. */
static bool is_annot_key(struct view key)
{
	static const char *const keys[] = {
		"Type",       "Rect",    "Contents",
		"P",          "NM",      "M",
		"F",          "AP",      "AS",
		"Border",     "C",       "StructParent",
		"OC",         "AF",      "T",
		"Popup",      "RC",      "CreationDate",
		"IRT",        "Subj",    "RT",
		"IT",         "A",       "AA",
		"Dest",       "H",       "PA",
		"QuadPoints", "BS",      "DA",
		"Q",          "DS",      "CL",
		"BE",         "RD",      "LE",
		"L",          "LL",      "LLE",
		"IC",         "Cap",     "LLO",
		"CP",         "Measure", "Vertices",
		"InkList",    "Name",    "State",
		"StateModel", "FS",      "MK",
		"Open",       "Parent",  "OverlayText",
		"Repeat",     "RO",
	};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (view_is_text(key, keys[i]))
			return true;
	return false;
}

int pdf_judge_annot_key(struct pdf_run *r, const struct pdf_spot *spot,
			const struct pdf_pair *p, struct ltps_error *err)
{
	char text[110];
	bool action;
	if (!is_annot_key(spot->keys[0]))
		return pdf_judge_other(r, spot, p, err);
	if (pdf_key_acts(r, spot, p->after, &action, err))
		return -1;
	if (action)
		return pdf_judge_other(r, spot, p, err);
	pdf_spot_text(spot, text, sizeof(text));
	return pdf_change_add(r, PDF_CHANGE_ANNOTATION, NULL, VIEW_NULL, err,
			      "%s changed", text);
}

int pdf_judge_annot(struct pdf_run *r, const struct pdf_spot *spot,
		    const struct pdf_pair *p, struct ltps_error *err)
{
	struct below b = { .r = r, .spot = spot };
	if (p->after->kind == PDF_NULL)
		return pdf_change_add(r, PDF_CHANGE_ANNOTATION, NULL, VIEW_NULL, err,
				      "annotation (object %u) removed", spot->number);
	if (!pdf_is_annotation(p->after) || p->after->duplicate_keys)
		return pdf_judge_other(r, spot, p, err);
	return pdf_each_difference(r, p, judge_key, &b, err);
}

/* ---- what is new in a list ---- */

static uint32_t number_at(const struct pdf_value *raw)
{
	return raw->kind == PDF_REF ? raw->ref.number : 0;
}

static int added_as(struct pdf_run *r, struct sight as, const struct pdf_spot *spot,
		    const char *thing, uint32_t number, struct view field,
		    struct ltps_error *err)
{
	char text[90];
	pdf_spot_text(spot, text, sizeof(text));
	return pdf_change_add(r, as.kind, as.attack, field, err,
			      "%s: %s (object %u) added", text, thing, number);
}

static int added(struct pdf_run *r, enum pdf_change_kind kind, const char *attack,
		 const struct pdf_spot *spot, const char *thing, uint32_t number,
		 struct ltps_error *err)
{
	return added_as(r, (struct sight){ kind, attack }, spot, thing, number,
			VIEW_NULL, err);
}

/* The same for a field or widget, whose name counts: another of that name, one above or
 * below it shows what the field that was signed does not. */
static int added_field(struct pdf_run *r, struct sight as, const struct pdf_spot *spot,
		       const char *thing, uint32_t number,
		       const struct pdf_field_state *s, struct ltps_error *err)
{
	struct view name = s->name.n > 0 ? s->name : view_text("?");
	r->any_field = s->unclear;
	r->is_new = s->signature && spot->top != PDF_TOP_FIELD && !s->below_old &&
		    pdf_in_use(r->p->file, r->revision - 1, number) == NULL;
	int rc = added_as(r, as, spot, thing, number, name, err);
	r->any_field = r->is_new = false;
	return rc;
}

static int before_state(struct pdf_run *r, uint32_t number, struct pdf_field_state *s,
			struct ltps_error *err)
{
	const struct pdf_entry *e =
	    number > 0 ? pdf_in_use(r->p->file, r->revision - 1, number) : NULL;
	const struct pdf_value *v = &pdf_change_null;
	*s = (struct pdf_field_state){ 0 };
	if (e == NULL)
		return 0;
	struct pdf_ref ref = { number, e->generation };
	if (pdf_run_object(r, r->revision - 1, ref, &v, err))
		return -1;
	return pdf_is_field(v) ? pdf_field_state(r, r->revision - 1, v, s, err) : 0;
}

static int new_signature(struct pdf_run *r, const struct pdf_spot *spot,
			 uint32_t number, const struct pdf_field_state *now,
			 struct ltps_error *err)
{
	struct pdf_field_state was;
	if (before_state(r, number, &was, err))
		return -1;
	/* An old signature is put where it was not seen. */
	if ((was.has_value || now->old_value) && spot->top == PDF_TOP_PAGE &&
	    !now->invisible)
		return added(r, PDF_CHANGE_UNDEFINED, "sneaky-signature", spot,
			     "signature of an earlier revision", number, err);
	if (now->has_value && !now->signed_by)
		return added(r, PDF_CHANGE_UNDEFINED, "sneaky-signature", spot,
			     "signature field whose value is no signature", number,
			     err);
	struct sight seen =
	    now->has_value ? seen_as(r, now, was.exists) : annotates(r);
	if (now->has_value)
		return added_field(r, seen, spot,
				   now->stamp ? "document time-stamp" : "signature",
				   number, now, err);
	if (now->appearance && !now->invisible)
		return added_field(
		    r, seen, spot,
		    "signature field with an appearance and no signature", number, now,
		    err);
	return added_field(r, (struct sight){ PDF_CHANGE_FORM_FILL, NULL }, spot,
			   "empty signature field", number, now, err);
}

/* Whether it names as its parent who has it among his kids (0: the form); if not,
 * there are two names. */
static bool names_parent(const struct pdf_value *v, uint32_t parent)
{
	const struct pdf_value *p = pdf_dict_get(v, "Parent");
	return parent > 0 ? p != NULL && number_at(p) == parent : p == NULL;
}

static int new_field(struct pdf_run *r, const struct pdf_spot *spot, uint32_t parent,
		     const struct pdf_value *raw, int depth, struct ltps_error *err)
{
	const struct pdf_value *v, *kids, *ft;
	struct pdf_field_state now;
	bool action = false;
	/* Too much is told when the revision is done. */
	if (!pdf_change_step(r, 64))
		return 0;
	if (pdf_run_resolve(r, r->revision, raw, &v, err))
		return -1;
	if (v->kind == PDF_NULL)
		return 0;
	if (v->kind != PDF_DICT || v->duplicate_keys ||
	    (!pdf_is_field(v) && pdf_dict_get(v, "T") == NULL))
		return added(r, PDF_CHANGE_UNDEFINED, NULL, spot,
			     "what is no form field", number_at(raw), err);
	if (pdf_field_state(r, r->revision, v, &now, err) ||
	    /* From the top that is all there is below any of them. What a kid names as
	     * its parent may be another field than the one that names it. */
	    (depth == 0 && pdf_acts_below(r, v, &action, err)) ||
	    pdf_acts_above(r, v, &action, err) ||
	    pdf_run_get(r, r->revision, v, "Kids", &kids, err) ||
	    pdf_run_get(r, r->revision, v, "FT", &ft, err))
		return -1;
	if (action)
		return added(r, PDF_CHANGE_UNDEFINED, NULL, spot,
			     "form field with an action", number_at(raw), err);
	now.unclear |= !names_parent(v, parent);
	if (now.signature)
		return new_signature(r, spot, number_at(raw), &now, err);
	/* Nothing but a name for the fields below it. */
	if (ft->kind == PDF_NULL && kids->kind == PDF_ARRAY &&
	    depth < PDF_FIELD_DEPTH_MAX && !now.has_value && !now.appearance) {
		for (size_t i = 0; i < kids->n; i++)
			if (new_field(r, spot, number_at(raw), &kids->items[i],
				      depth + 1, err))
				return -1;
		return 0;
	}
	return added_field(r, (struct sight){ PDF_CHANGE_ANNOTATION, NULL }, spot,
			   "form field", number_at(raw), &now, err);
}

int pdf_judge_new_field(struct pdf_run *r, const struct pdf_spot *spot,
			const struct pdf_value *raw, struct ltps_error *err)
{
	return new_field(r, spot, spot->top == PDF_TOP_FIELD ? spot->number : 0, raw, 0,
			 err);
}

int pdf_judge_new_annot(struct pdf_run *r, const struct pdf_spot *spot,
			const struct pdf_value *raw, struct ltps_error *err)
{
	const struct pdf_value *v;
	struct pdf_field_state now;
	bool action = false;
	if (pdf_run_resolve(r, r->revision, raw, &v, err) ||
	    pdf_acts_below(r, v, &action, err) || pdf_acts_above(r, v, &action, err))
		return -1;
	if (v->kind == PDF_NULL)
		return 0;
	if (action && !pdf_was_there(r, raw))
		return added(r, PDF_CHANGE_UNDEFINED, NULL, spot,
			     "annotation with an action", number_at(raw), err);
	if (pdf_is_annotation(v) && !v->duplicate_keys)
		return added(r, PDF_CHANGE_ANNOTATION, evil(r, v), spot, "annotation",
			     number_at(raw), err);
	if (!pdf_is_field(v) || v->duplicate_keys)
		return added(r, PDF_CHANGE_UNDEFINED, NULL, spot,
			     "what is no annotation", number_at(raw), err);
	if (pdf_field_state(r, r->revision, v, &now, err))
		return -1;
	if (now.signature)
		return new_signature(r, spot, number_at(raw), &now, err);
	return added_field(r, (struct sight){ PDF_CHANGE_ANNOTATION, NULL }, spot,
			   "widget of a form field", number_at(raw), &now, err);
}
