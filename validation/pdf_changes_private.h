/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_changes_private - what the files of pdf_changes.h share.
 *
 *   pdf_changes.c         revisions, their entries and trailers; permissions
 *   pdf_changes_scan.c    the references in one object
 *   pdf_changes_edges.c   which object refers to which
 *   pdf_changes_spot.c    where an object is used: places, found upwards
 *   pdf_changes_array.c   where in a long array
 *   pdf_changes_rules.c   what may change at a place
 *   pdf_changes_form.c    fields and their widgets
 *   pdf_changes_action.c  what fields and annotations do
 *   pdf_changes_list.c    /Fields, /Kids, /Annots
 *   pdf_changes_struct.c  structure elements and what leads to them
 *   pdf_changes_repair.c  what readers that repair files find
 *   pdf_changes_value.c   reading and comparing
 */
#ifndef LTPS_VALIDATION_PDF_CHANGES_PRIVATE_H
#define LTPS_VALIDATION_PDF_CHANGES_PRIVATE_H

#include "validation/pdf_changes.h"

/* Keys from a catalog, page or field down to where an object is used: fonts in
 * appearances in forms in appearances are below ten. */
#define PDF_PATH_MAX 24
/* Places looked at for one object: a colour space of every page ends at the first. */
#define PDF_PLACES_MAX 4096
/* Members, elements and references looked at for one file: what it can make us do. */
#define PDF_CHANGE_STEPS_MAX 50000000
/* References kept: 12 octets each. */
#define PDF_EDGES_MAX 8000000
/* Above a field; kids below a new one. */
#define PDF_FIELD_DEPTH_MAX 32
/* Names of fields in changes. */
#define PDF_CHANGES_ARENA_MAX ((size_t)64 << 20)

/* ---- references ---- */

/* How a reference stands in its object. */
enum pdf_edge_form {
	PDF_EDGE_PLAIN,
	PDF_EDGE_BACK,    /* /Parent, /P, ...: points to a page, field, annotation */
	PDF_EDGE_LIST,    /* in the array of /Annots, /Fields, /CO */
	PDF_EDGE_KIDS,    /* in the array of /Kids: of a field, or of a page tree */
	PDF_EDGE_ARRAY,   /* in an array that is an object of its own */
	PDF_EDGE_TREE,    /* of the structure tree */
	PDF_EDGE_UNKNOWN, /* nobody asked so far */
};
struct pdf_edge {
	uint32_t target;
	uint32_t source : 24; /* entry, counted over all revisions */
	uint32_t form : 8;
	uint32_t next; /* to the same number: place in the list, from 1; 0: none */
};
struct pdf_edge_list {
	struct pdf_edge *v;
	size_t n, cap;
	uint64_t octets; /* that may still be passed over */
	bool too_many;   /* not all are there */
	size_t plain_end; /* behind the last object passed over, where that is a dictionary
			     or an array without the word "obj", but in literal
			     strings; 0: it may hold any */
};

/* What is known to hold no heads but those that entries name. */
struct pdf_extents {
	struct pdf_extent *v; /* as they were found */
	size_t n, cap;
	uint64_t end; /* of what was signed: none goes on behind it */
};

/* Entries, counted over all revisions. */
struct pdf_sources {
	uint32_t *v;
	size_t n, cap;
};

/* ---- pdf_changes_scan.c ---- */

/*
 * pdf_scan_exact, pdf_scan_quick - append the references of the object whose value
 * starts here, in their order. Both find the same; the quick way leaves their forms
 * unknown, unless it had to go the exact way.
 * Fails: NOMEM; where a limit is reached, too_many is set and the rest left out
 */
int pdf_scan_exact(struct view in, size_t at, uint32_t source, struct pdf_edge_list *l,
		   struct ltps_error *err) LTPS_CHECKED;
int pdf_scan_quick(struct view in, size_t at, uint32_t source, struct pdf_edge_list *l,
		   struct ltps_error *err) LTPS_CHECKED;
/* Behind "12 0 obj". ret_plain: its number, where it stands in the usual form; or 0 */
size_t pdf_scan_header(struct view in, size_t at, uint64_t *ret_plain);
/* The next word, when it is a number without a sign that fits into ten digits. */
bool pdf_scan_number(struct view in, size_t *at, uint64_t *ret_n);
enum pdf_edge_form pdf_edge_form_of(struct view key, bool in_array);

/* ---- pdf_changes_edges.c ---- */

struct pdf_edges {
	struct pdf_edge_list list; /* in the order in which they were read */
	struct pdf_sources lost;   /* what these refer to is not known */
	struct pdf_extents plain;  /* in what was signed first */
	size_t signed_revision;
	uint32_t *first;           /* by number: place in the list, from 1; 0: none */
	size_t n_numbers;          /* above the highest one that is referred to */
	size_t *base;              /* of each revision: entries in those before */
	size_t revision, entry;    /* the next one that is passed over */
	bool linked;               /* all were, and can be asked for by number */
};
/*
 * All references of all revisions, passed over quickly: begun; those of the next
 * objects as long as they stand before this place, which may be done in as many steps
 * as one likes, the last of which makes them ready to be asked for; all that are left.
 * The order is the same however many steps there are. What failed is only to be
 * cleared.
 */
int pdf_edges_begin(struct pades *p, size_t signed_revision, struct pdf_edges *ret_e,
		    struct ltps_error *err) LTPS_CHECKED;
int pdf_edges_upto(struct pades *p, struct pdf_edges *e, uint64_t end,
		   struct ltps_error *err) LTPS_CHECKED;
int pdf_edges_finish(struct pades *p, struct pdf_edges *e,
		     struct ltps_error *err) LTPS_CHECKED;
void pdf_edges_clear(struct pdf_edges *e);
/* The first reference to a number, and the one after it, as they were read. NULL: there
 * is none. */
const struct pdf_edge *pdf_edges_to(const struct pdf_edges *e, uint32_t number);
const struct pdf_edge *pdf_edges_next(const struct pdf_edges *e,
				      const struct pdf_edge *edge);
/* How one of them stands: its object is read exactly, the first time that anything of
 * it is asked. Fails: NOMEM; INTERNAL (self) when it is not there */
int pdf_edge_form(struct pades *p, struct pdf_edges *e, const struct pdf_edge *edge,
		  enum pdf_edge_form *ret_form, struct ltps_error *err) LTPS_CHECKED;
/* The object that the reference stands in, when a revision has this version of it. */
const struct pdf_entry *pdf_edge_source(const struct pdf_edges *e,
					const struct pdf_file *f, size_t revision,
					const struct pdf_edge *edge);
/*
 * An object whose references are not known, though something refers to it, and this
 * revision or the one before has it: its object stream is missing, cannot be read, or
 * does not hold it; or it would stand behind its revision. Other readers may find it
 * there. Of e->lost; NULL: another one, or none that counts.
 */
const struct pdf_entry *pdf_edges_lost(const struct pdf_edges *e,
				       const struct pdf_file *f, size_t revision,
				       size_t i);

/* ---- a run ---- */

/* Whether a list is one of fields or annotations alone: many are in the same. */
#define PDF_LISTS_KNOWN 64
struct pdf_known_list {
	uint32_t number; /* 0: none */
	size_t revision;
	bool harmless;
};

/* Arrays of that many elements are gone through once; so many of them. */
#define PDF_LONG_ARRAY_MIN 256
#define PDF_LONG_ARRAYS 16
/* Places are counted from 1; 0: there is none, or no more. */
struct pdf_long_array {
	const struct pdf_value *items; /* of the array */
	uint32_t *first;               /* reference whose number ends in these bits */
	uint32_t *next;                /* the same behind each element */
	size_t mask;
	uint32_t composite; /* the first array or dictionary */
};

/* The tree of the structure that was compared last. */
struct pdf_known_tree {
	uint32_t number; /* of the object that it is found from; 0: none */
	size_t revision;
	size_t key; /* length of its key there */
};

struct pdf_run {
	struct pades *p;
	struct pdf_changes *out;
	size_t cap;
	struct pdf_edges edges;
	size_t revision;       /* the one looked at */
	struct pdf_ref object; /* the entry looked at; number 0: the trailer */
	bool certified;        /* a certification signature is in force */
	bool locked;           /* a signature of the file locks fields */
	bool any_field;        /* what is told next may be about any of them */
	uint64_t steps;
	unsigned lists; /* that wait for the answer about one above them */
	struct pdf_known_list known[PDF_LISTS_KNOWN];
	struct pdf_long_array longs[PDF_LONG_ARRAYS];
	size_t n_longs;
	bool full;
	struct pdf_known_tree tree;
	bool is_new; /* what is told next is a signature field that came */
};

/* What a place is part of: the nearest object that says itself what it is. */
enum pdf_top {
	PDF_TOP_NONE,
	PDF_TOP_CATALOG,
	PDF_TOP_PAGE,
	PDF_TOP_FIELD, /* and widgets */
	PDF_TOP_ANNOT,
	PDF_TOP_STRUCT, /* element or root of the structure tree */
	PDF_TOP_INFO,
};
/* What may change where: pdf_changes_rules.c. */
enum pdf_node {
	PDF_NODE_OTHER, /* nothing may */
	PDF_NODE_CATALOG,
	PDF_NODE_FORM,
	PDF_NODE_FIELDS,
	PDF_NODE_FIELDS_ITEM,
	PDF_NODE_FORM_FLAGS,
	PDF_NODE_FORM_DEFAULT,
	PDF_NODE_FORM_NEED,
	PDF_NODE_RESOURCES,
	PDF_NODE_RESOURCES_MAP,
	PDF_NODE_RESOURCES_ITEM,
	PDF_NODE_DSS,
	PDF_NODE_DSS_LIST,
	PDF_NODE_DSS_ITEM,
	PDF_NODE_VRI,
	PDF_NODE_VRI_ENTRY,
	PDF_NODE_METADATA,
	PDF_NODE_EXTENSION, /* anything may */
	PDF_NODE_PERMS,
	PDF_NODE_PERMS_DOCMDP,
	PDF_NODE_PAGE,
	PDF_NODE_PAGE_TABS,
	PDF_NODE_ANNOTS,
	PDF_NODE_ANNOTS_ITEM,
	PDF_NODE_FIELD,
	PDF_NODE_FIELD_KEY,
	PDF_NODE_ANNOT,
	PDF_NODE_ANNOT_KEY,
	PDF_NODE_STRUCT,
	PDF_NODE_STRUCT_KIDS,
	PDF_NODE_INFO,
	PDF_NODE_STRUCT_TREE, /* and all below */
	PDF_NODE_COUNT
};
struct pdf_spot {
	enum pdf_top top;
	uint32_t number;                /* of the top object */
	struct view keys[PDF_PATH_MAX]; /* p NULL: an element of an array */
	size_t n;
	bool too_deep;
	enum pdf_node node;
};
/* The same place before and after. */
struct pdf_pair {
	const struct pdf_value *before_raw,
	    *after_raw;                         /* as they stand; NULL: not
						   there, or the object itself */
	const struct pdf_value *before, *after; /* resolved, never NULL */
};

/* ---- pdf_changes.c ---- */

extern const struct pdf_value pdf_change_null;

/* One change of the entry looked at. */
int pdf_change_add(struct pdf_run *r, enum pdf_change_kind kind, const char *attack,
		   struct view field, struct ltps_error *err, const char *fmt, ...)
    __attribute__((format(printf, 6, 7))) LTPS_CHECKED;
/* Counts work; false when it is too much, which is then a change. */
bool pdf_change_step(struct pdf_run *r, uint64_t n);
/* Where a revision has an object of this number; NULL: it has none, or a free one. */
const struct pdf_entry *pdf_in_use(const struct pdf_file *f, size_t revision,
				   uint32_t number);
/* Whether it refers to an object that the revision before has. */
bool pdf_was_there(const struct pdf_run *r, const struct pdf_value *raw_or_null);

/* ---- pdf_changes_repair.c ---- */

/* Whether readers that repair files would find other objects, or be made to look for
 * some. The edges are there for an update that names an object. */
int pdf_judge_repair(struct pdf_run *r, struct ltps_error *err) LTPS_CHECKED;
/* Whether such readers would find an object in what was signed, up to this revision,
 * that nobody names: it need not be in the update that makes them look for it. */
int pdf_judge_heads(struct pdf_run *r, size_t signed_revision,
		    struct ltps_error *err) LTPS_CHECKED;

/* ---- pdf_changes_value.c ---- */

/* After a failure to read: 0 and the error cleared when the fault is the object's; -1
 * when it is ours. */
int pdf_forgive(struct ltps_error *err) LTPS_CHECKED;
/* As pdf_object(), pdf_resolve(); what cannot be read is an UNDEFINED change and null.
 */
int pdf_run_object(struct pdf_run *r, size_t revision, struct pdf_ref ref,
		   const struct pdf_value **ret_v, struct ltps_error *err) LTPS_CHECKED;
int pdf_run_resolve(struct pdf_run *r, size_t revision,
		    const struct pdf_value *v_or_null, const struct pdf_value **ret_v,
		    struct ltps_error *err) LTPS_CHECKED;
int pdf_run_get(struct pdf_run *r, size_t revision, const struct pdf_value *dict,
		const char *key, const struct pdf_value **ret_v,
		struct ltps_error *err) LTPS_CHECKED;
/* Entry of a dictionary by a name that is no text. */
const struct pdf_value *pdf_member(const struct pdf_value *dict, struct view key);
/* The same as it stands: equal, or a reference to the same object. */
bool pdf_same(const struct pdf_value *a_or_null, const struct pdf_value *b_or_null);
/* The same contents, wherever they stand: other numbers for equal objects. */
int pdf_same_deep(struct pdf_run *r, const struct pdf_pair *p, bool *ret_same,
		  struct ltps_error *err) LTPS_CHECKED;
/* Every key whose entry differs as it stands; NULL for one that is not there. */
int pdf_each_difference(struct pdf_run *r, const struct pdf_pair *p,
			int (*visit)(void *arg, struct view key,
				     const struct pdf_value *before,
				     const struct pdf_value *after,
				     struct ltps_error *err),
			void *arg, struct ltps_error *err) LTPS_CHECKED;

/* ---- pdf_changes_spot.c ---- */

enum pdf_top pdf_top_of(const struct pdf_run *r, size_t revision, uint32_t number,
			const struct pdf_value *v);
/*
 * pdf_each_spot - every place where the revision before used the number, and still
 * does; and for what was there before, or was waited for, every place where it is used
 * in a new way: what uses it now may be equal to what was there, but for this object.
 *
 * plain  references from lists of fields and annotations, parents and children are
 *        passed over: the object says itself what it is, and may be replaced where that
 *        allows it
 * visit  1: enough
 */
int pdf_each_spot(struct pdf_run *r, uint32_t number, bool plain,
		  int (*visit)(void *arg, const struct pdf_spot *spot,
			       struct ltps_error *err),
		  void *arg, struct ltps_error *err) LTPS_CHECKED;
/* A place below: its node follows from the rules. */
void pdf_spot_down(const struct pdf_spot *above, struct view key,
		   struct pdf_spot *ret_p);
/* "catalog /AcroForm /DR"; always terminated. */
void pdf_spot_text(const struct pdf_spot *p, char *out, size_t out_size);

/* ---- pdf_changes_array.c ---- */

/*
 * pdf_long_array - what is known of an array that is long; it must stay where it is.
 * ret_a  stays until the run ends; NULL: it is not long, or others took the room: to be
 *        gone through element by element
 */
int pdf_long_array(struct pdf_run *r, const struct pdf_value *v,
		   const struct pdf_long_array **ret_a,
		   struct ltps_error *err) LTPS_CHECKED;
void pdf_long_arrays_clear(struct pdf_run *r);
/* Its elements that are a reference to this number, an array or a dictionary, in their
 * order. Steps are counted; none is left when they are too many. */
struct pdf_long_walk {
	const struct pdf_long_array *a;
	uint32_t number, ref, composite; /* the next ones */
};
struct pdf_long_walk pdf_long_walk(const struct pdf_long_array *a, uint32_t number);
bool pdf_long_next(struct pdf_run *r, struct pdf_long_walk *w, size_t *ret_i);

/* ---- pdf_changes_rules.c ---- */

enum pdf_node pdf_node_of_top(enum pdf_top top);
enum pdf_node pdf_node_below(enum pdf_node above, struct view key);
/* Entries as they stand; resolved and judged when they differ. */
int pdf_judge(struct pdf_run *r, const struct pdf_spot *spot,
	      const struct pdf_value *before, const struct pdf_value *after,
	      struct ltps_error *err) LTPS_CHECKED;
/* What differs for sure. */
int pdf_judge_pair(struct pdf_run *r, const struct pdf_spot *spot,
		   const struct pdf_pair *p, struct ltps_error *err) LTPS_CHECKED;
/* Nothing may change there. */
int pdf_judge_other(struct pdf_run *r, const struct pdf_spot *spot,
		    const struct pdf_pair *p, struct ltps_error *err) LTPS_CHECKED;
/* An UNDEFINED change of a place. */
int pdf_change_undefined(struct pdf_run *r, const struct pdf_spot *spot,
			 const char *attack, const char *how,
			 struct ltps_error *err) LTPS_CHECKED;

/* ---- pdf_changes_form.c ---- */

/* A field as it is in a revision, seen from it or from its widget. */
struct pdf_field_state {
	bool exists;
	bool signature;
	bool button;
	bool has_value;
	bool signed_by; /* the value is a signature that is judged with the file */
	bool stamp;     /* the value is a document time-stamp */
	bool invisible; /* no area, or hidden */
	bool appearance;
	bool old_value;   /* it was in the file before the revision looked at */
	bool below_old;   /* so was what is above it, or some of it */
	struct view name; /* UTF-8 */
	bool unknown;     /* the name is not all of it, or not to all readers */
	bool unclear;     /* so is it, or one of them may take it for another */
};
int pdf_field_state(struct pdf_run *r, size_t revision, const struct pdf_value *dict,
		    struct pdf_field_state *ret_s, struct ltps_error *err) LTPS_CHECKED;
bool pdf_is_annotation(const struct pdf_value *v); /* other than a widget */
bool pdf_is_field(const struct pdf_value *v);      /* or a widget */
int pdf_judge_field(struct pdf_run *r, const struct pdf_spot *spot,
		    const struct pdf_pair *p, struct ltps_error *err) LTPS_CHECKED;
int pdf_judge_field_key(struct pdf_run *r, const struct pdf_spot *spot,
			const struct pdf_pair *p, struct ltps_error *err) LTPS_CHECKED;
int pdf_judge_annot(struct pdf_run *r, const struct pdf_spot *spot,
		    const struct pdf_pair *p, struct ltps_error *err) LTPS_CHECKED;
int pdf_judge_annot_key(struct pdf_run *r, const struct pdf_spot *spot,
			const struct pdf_pair *p, struct ltps_error *err) LTPS_CHECKED;
/* Something that was not in a list before. */
int pdf_judge_new_field(struct pdf_run *r, const struct pdf_spot *spot,
			const struct pdf_value *raw,
			struct ltps_error *err) LTPS_CHECKED;
int pdf_judge_new_annot(struct pdf_run *r, const struct pdf_spot *spot,
			const struct pdf_value *raw,
			struct ltps_error *err) LTPS_CHECKED;

/* ---- pdf_changes_action.c ---- */

/* Whether it has an action that is not harmless, or something below it has; something
 * above it, as far as that is new. What *ret says already stays. */
int pdf_acts_below(struct pdf_run *r, const struct pdf_value *v, bool *ret,
		   struct ltps_error *err) LTPS_CHECKED;
int pdf_acts_above(struct pdf_run *r, const struct pdf_value *v, bool *ret,
		   struct ltps_error *err) LTPS_CHECKED;
/* Whether a key of an annotation may start what is not harmless. What stands within /A
 * may: which action it is part of stands above. */
int pdf_key_acts(struct pdf_run *r, const struct pdf_spot *spot,
		 const struct pdf_value *after, bool *ret,
		 struct ltps_error *err) LTPS_CHECKED;

/* ---- pdf_changes_list.c ---- */

int pdf_judge_fields(struct pdf_run *r, const struct pdf_spot *spot,
		     const struct pdf_pair *p, struct ltps_error *err) LTPS_CHECKED;
int pdf_judge_annots(struct pdf_run *r, const struct pdf_spot *spot,
		     const struct pdf_pair *p, struct ltps_error *err) LTPS_CHECKED;
/* An element that is an object of its own, where there was none or is none any more. */
int pdf_judge_fields_item(struct pdf_run *r, const struct pdf_spot *spot,
			  const struct pdf_pair *p,
			  struct ltps_error *err) LTPS_CHECKED;
int pdf_judge_annots_item(struct pdf_run *r, const struct pdf_spot *spot,
			  const struct pdf_pair *p,
			  struct ltps_error *err) LTPS_CHECKED;
int pdf_judge_dss_list(struct pdf_run *r, const struct pdf_spot *spot,
		       const struct pdf_pair *p, struct ltps_error *err) LTPS_CHECKED;
int pdf_judge_struct_kids(struct pdf_run *r, const struct pdf_spot *spot,
			  const struct pdf_pair *p,
			  struct ltps_error *err) LTPS_CHECKED;

/* ---- pdf_changes_struct.c ---- */

/* Something that was not among the kids of an element, or in a tree, before. */
int pdf_judge_new_element(struct pdf_run *r, const struct pdf_spot *spot,
			  const struct pdf_value *raw,
			  struct ltps_error *err) LTPS_CHECKED;
/* /ParentTree, /IDTree, or a part of one. */
int pdf_judge_struct_tree(struct pdf_run *r, const struct pdf_spot *spot,
			  const struct pdf_pair *p,
			  struct ltps_error *err) LTPS_CHECKED;

#endif
