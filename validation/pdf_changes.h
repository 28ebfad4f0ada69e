/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_changes - what each revision of a PDF changed, and whether those who signed
 * before allowed it. Whatever is not recognised as harmless is undefined: the list of
 * what is allowed is closed (pdf_changes_rules.c; ISO 32000-2 12.8.2.2; EN 319 142-1
 * 5.4, 5.5).
 *
 * An object that is new is harmless until something old refers to it. One that was
 * there, or that something old was waiting for, may change as every place allows where
 * the revision before uses it: metadata that is also a page's content may not. For that
 * every object of the file is passed over once for the references in it, the data of
 * streams left out, when a revision after the first signature names an object; how
 * they stand there is read only of those that are asked about. Beside that, work is
 * linear in the entries that a revision's sections name and in what refers to them,
 * each of which is read once.
 */
#ifndef LTPS_VALIDATION_PDF_CHANGES_H
#define LTPS_VALIDATION_PDF_CHANGES_H

#include "formats/pades.h"

enum pdf_change_kind {
	PDF_CHANGE_EXTENSION,  /* DSS, document time-stamps (seen ones in places that
				  were there for them, where nobody certified),
				  Extensions, Version, metadata, Info, structure of new
				  annotations, form resources */
	PDF_CHANGE_FORM_FILL,  /* fields filled, signatures added */
	PDF_CHANGE_ANNOTATION, /* annotations added, changed, removed; form fields
				  added, moved, hidden; signature fields that show
				  something without a signature, or with a time-stamp
				  where somebody certified */
	PDF_CHANGE_UNDEFINED,  /* anything else */
	PDF_CHANGE_KIND_COUNT
};
#define PDF_CHANGES_MAX 2000 /* beyond: one UNDEFINED that says so */

struct pdf_change {
	size_t revision; /* that made it: 1 is the first update; n_revisions: octets
			    behind the last one */
	enum pdf_change_kind kind;
	struct pdf_ref object; /* number 0: the trailer, or octets of no object */
	/* Static: "shadow-hide", "shadow-replace", "shadow-hide-and-replace",
	 * "incremental-saving", "colliding-object-stream", "sneaky-signature",
	 * "evil-annotation" (the last on certified files alone, and there whether it is
	 * permitted or not); NULL: none is recognised. */
	const char *attack;
	struct view field; /* full name, when it is about a field's value or what is
			      seen of it; "?": it has none, or it is about all of
			      them; n == 0 */
	bool any_field;    /* not all could be looked at: it may be about any field */
	char what[160];    /* "page 3: /Contents replaced" */
	bool is_new; /* a signature field that came: locked by its name alone */
};
struct pdf_changes {
	struct pdf_change *v; /* by revision */
	size_t n;
	struct arena arena; /* private */
};

/* Every revision after the first one that is signed, against the one before it. Fails:
 * NOMEM, CRYPTO; what cannot be read is an UNDEFINED change */
int pdf_changes_find(struct pades *p, struct pdf_changes *ret_c,
		     struct ltps_error *err) LTPS_CHECKED;
/*
 * pdf_passing - the same for a caller who goes through the octets of the file anyway:
 * after each piece he says how far he is, and the objects that begin before are passed
 * over while the processor still has them at hand; so does pdf_file_upto(). What he
 * leaves out is read at the end; the changes are the same.
 * new    p by pades_begin() or pades_read(); must live as long
 * upto   any number of times, in any order; end: octets from the start of the file
 * find   once
 * Fails: as pdf_changes_find()
 */
struct pdf_passing;
int pdf_passing_new(struct pades *p, struct pdf_passing **ret_g,
		    struct ltps_error *err) LTPS_CHECKED;
int pdf_passing_upto(struct pdf_passing *g, uint64_t end,
		     struct ltps_error *err) LTPS_CHECKED;
int pdf_changes_find_passed(struct pdf_passing *g, struct pdf_changes *ret_c,
			    struct ltps_error *err) LTPS_CHECKED;
void pdf_passing_free(struct pdf_passing *g);
void pdf_changes_clear(struct pdf_changes *c);

/*
 * pdf_changes_forbidden - the first change after the revision of this signature that it
 * forbids: by DocMDP or the /P of a lock (the strictest of it and the earlier ones that
 * are in force), by its FieldMDP, by the lock of its field. Extensions are always
 * permitted (ISO 32000-2 12.8.2.2.1). UNDEFINED ones are never permitted to anybody,
 * and told here only where a DocMDP is in force, or a lock that any field may be under.
 * ret_change  NULL: none is forbidden
 * ret_why     "" or "DocMDP P=1 forbids ..."
 */
void pdf_changes_forbidden(const struct pades *p, const struct pdf_changes *c,
			   size_t signature, const struct pdf_change **ret_change,
			   char ret_why[200]);
const char *pdf_change_kind_name(enum pdf_change_kind k); /* "form_fill" */

#endif
