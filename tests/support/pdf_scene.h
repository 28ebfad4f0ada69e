/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_scene - files for tests of what updates after a signature change, written octet
 * by octet: a form with fields, an annotation, a structure tree, metadata; a signature
 * in the second revision; then the updates of the case. And what must be said of them.
 * What cannot be made ends the test.
 */
#ifndef LTPS_TESTS_PDF_SCENE_H
#define LTPS_TESTS_PDF_SCENE_H

#include "validation/pdf_changes.h"

#define PDF_SCENE_OCTETS ((size_t)4 << 20)
#define PDF_SCENE_OBJECTS 64
#define PDF_SCENE_CHANGES 6

struct pdf_scene_object {
	unsigned number;
	const char *body; /* NULL: freed */
};
struct pdf_scene {
	struct pdf_scene_object
	    base[PDF_SCENE_CHANGES]; /* instead of those of the blank file */
	struct pdf_scene_object update[PDF_SCENE_CHANGES]; /* after the signature */
	struct pdf_scene_object second[PDF_SCENE_CHANGES]; /* and after that */
	const char *signature; /* members of the signature dictionary */
	const char *field;     /* members of its field */
	const char *trailer;   /* of the update, instead of the usual */
	const char *junk;      /* octets between signature and update */
};

#define STREAM(dict, data)                                                             \
	"<< " dict " /Length 8 >>\nstream\n" data "\nendstream" /* eight octets */
#define EIGHT "12345678"

#define PAGE_WITH(annots, more)                                                        \
	"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "        \
	"/Resources << /Font << /F1 5 0 R >> /XObject << /X1 10 0 R >> >> "            \
	"/Annots " annots " " more " >>"
#define PAGE PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R]", "")
#define CATALOG_WITH(more)                                                             \
	"<< /Type /Catalog /Pages 2 0 R /AcroForm 7 0 R /Metadata 9 0 R "              \
	"/StructTreeRoot 30 0 R " more " >>"
#define FORM_WITH(fields, more)                                                        \
	"<< /Fields " fields " /DR << /Font << /Helv 5 0 R >> >> /DA (/Helv 0 Tf) "    \
	"/SigFlags 3 " more " >>"
#define ALL_FIELDS "8 0 R 14 0 R 15 0 R 17 0 R 40 0 R"
#define TEXT_FIELD(more)                                                               \
	"<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /Rect [10 10 90 30] /P 3 " \
	"0 R " more " >>"
#define EMPTY_FIELD(more)                                                              \
	"<< /Type /Annot /Subtype /Widget /FT /Sig /T (empty) /Rect [10 50 90 90] "    \
	"/P 3 0 R " more " >>"
#define SIGNED_FIELD(more)                                                             \
	"<< /Type /Annot /Subtype /Widget /FT /Sig /T (signed) /Rect [10 100 90 150] " \
	"/P 3 0 R /V 41 0 R " more " >>"
/* Signatures whose ByteRange becomes right; nothing here is ever verified. */
#define SOME_RANGE                                                                     \
	" /ByteRange [0 ########## ########## ##########] /Contents "                  \
	"<3003020101000000> >>"
#define SOME_SIGNATURE                                                                 \
	"<< /Type /Sig /Filter /X /SubFilter /ETSI.CAdES.detached" SOME_RANGE
#define SOME_STAMP                                                                     \
	"<< /Type /DocTimeStamp /Filter /X /SubFilter /ETSI.RFC3161" SOME_RANGE

/* ---- updates ---- */

#define DOCMDP(p)                                                                      \
	"/Reference [<< /TransformMethod /DocMDP /TransformParams << /P " p            \
	" /V /1.2 >> >>]"
#define FIELDMDP(rule)                                                                 \
	"/Reference [<< /TransformMethod /FieldMDP /TransformParams << /Type "         \
	"/TransformParams /V /1.2 " rule " >> >>]"
#define FILL                                                                           \
	{                                                                              \
		8, TEXT_FIELD("/V (b) /AP << /N 11 0 R >>")                            \
	}
#define FILL_KID                                                                       \
	{                                                                              \
		16, "<< /T (q) /Parent 15 0 R /V (y) >>"                               \
	}
#define COMMENT                                                                        \
	{                                                                              \
		12, "<< /Type /Annot /Subtype /Text /Rect [1 1 9 9] /Contents (ho) >>" \
	}
#define EXTEND                                                                         \
	{                                                                              \
		1, CATALOG_WITH("/DSS << /Certs [21 0 R] >>")                          \
	}

#define SCENE(...) (&(struct pdf_scene){ __VA_ARGS__ })

/* ---- writing ---- */

/* Free with buf_free(). */
struct buf pdf_scene_write(const struct pdf_scene *s);
void pdf_scene_put(struct buf *b, const char *text);
/* One revision more with a table; trailer: its members, NULL: the usual ones. */
void pdf_scene_revision(struct buf *b, const struct pdf_scene_object *v, size_t n,
			const char *trailer);

/* ---- reading ---- */

struct pdf_scene_result {
	struct buf file;
	struct pades *p;
	struct pdf_changes c;
};

/* Read and compared; free with pdf_scene_free(). */
struct pdf_scene_result pdf_scene_read(const struct pdf_scene *s);
/* The same of octets that must outlive it. */
struct pdf_scene_result pdf_scene_read_file(struct view file);
void pdf_scene_free(struct pdf_scene_result *r);
/* The first one of the most serious kind; NULL: there is none. */
const struct pdf_change *pdf_scene_worst(const struct pdf_changes *c);

/* What is the worst that changed behind the signature: its kind, its attack (NULL:
 * none), a part of its text. */
#define NOTHING (-1)
void pdf_scene_expect(const struct pdf_scene *s, int kind, const char *attack,
		      const char *what);
/* A part of why the signature forbids it; "": it does not. */
void pdf_scene_expect_forbidden(const struct pdf_scene *s, const char *why);

#endif
