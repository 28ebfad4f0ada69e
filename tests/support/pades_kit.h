/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_kit - PDFs made in memory: blank, updated, signed, stamped, with a DSS; each
 *with chosen defects. Written from the specification with a writer of its own and
 *nothing of formats/pdf*.c and pades*.c, so that both sides check each other.
 *Certificates and times are those of cades_kit.h. All views live until the program
 *ends; what cannot be made ends the test.
 *
 *	struct cades_kit_scene s = cades_kit_scene(NULL);
 *	struct view pdf = pades_kit_blank(NULL);
 *	pdf = pades_kit_sign(pdf, &(struct pades_kit_sign){ .cert = s.signer });
 *	pdf = pades_kit_dss(pdf, &(struct pades_kit_dss){ .material = ... });
 *	pdf = pades_kit_stamp(pdf, &(struct pades_kit_stamp){ .tsa = s.tsa,
 *							      .gen_ms = KIT_DAY(3) });
 *
 * or the usual at once: pades_kit_typical(&s, CADES_KIT_LTA).
 */
#ifndef LTPS_TESTS_PADES_KIT_H
#define LTPS_TESTS_PADES_KIT_H

#include "tests/support/cades_kit.h"

enum pades_kit_style {
	PADES_KIT_TABLE,
	PADES_KIT_STREAM, /* xref stream, objects in an object stream where possible */
	PADES_KIT_HYBRID,
	PADES_KIT_LINEARISED,
};

/* Objects of the blank file, for updates that replace them. */
enum {
	PADES_KIT_CATALOG = 1,
	PADES_KIT_PAGES,
	PADES_KIT_PAGE,     /* of the first; with /Contents, /Resources as below */
	PADES_KIT_CONTENTS, /* stream */
	PADES_KIT_FONT,
	PADES_KIT_INFO,
	PADES_KIT_FORM,       /* AcroForm dictionary, when fields are asked for */
	PADES_KIT_TEXT_FIELD, /* "name", with its widget on the page */
	PADES_KIT_METADATA,   /* XMP, when PDF/A is claimed */
	PADES_KIT_FIRST_FREE = 20
};

struct pades_kit_pdf {
	enum pades_kit_style style;
	const char *version;   /* "1.7" */
	bool form;             /* a form with a text field */
	bool metadata, pdfa;   /* PDF/A-2b claim in XMP */
	size_t pages;          /* 0: one */
	size_t filler;         /* octets of an unused stream */
	struct view before;    /* junk before the header */
	struct view after;     /* behind %%EOF */
	const char *unnamed;   /* before the table (PADES_KIT_TABLE) */
	const char *page_more; /* PDF syntax, put into the page dictionary */
	const char *catalog_more;
};
struct view pades_kit_blank(const struct pades_kit_pdf *o_or_null);

/* An incremental update in the style of the file. */
struct pades_kit_object {
	uint32_t number;
	const char *body; /* PDF syntax; NULL: freed */
	struct view
	    stream; /* its data, when p != NULL: body is its dictionary's members */
};
struct view pades_kit_update(struct view file, const struct pades_kit_object *objects,
			     size_t n);
/* The octets of the object's value as the newest revision has it: NUL-terminated. */
const char *pades_kit_object(struct view file, uint32_t number);
uint32_t pades_kit_free_number(struct view file);

struct pades_kit_sign {
	const struct fix_cert *cert;
	const char *subfilter;       /* NULL: ETSI.CAdES.detached */
	const char *field;           /* NULL: "Signature1", 2... */
	struct cades_kit_signer cms; /* cert put in; content-type etc. as it says;
					without signing-time unless a PKCS7 subfilter */
	struct cades_kit_material material;  /* in the SignedData */
	const struct cades_kit_stamp *stamp; /* signature time-stamp, NULL: none */
	int docmdp;                          /* 1, 2, 3; 0: none */
	const char *fieldmdp; /* "<< /Type /TransformParams /Action /All ... >>" */
	const char *lock;     /* of the field: "<< /Type /SigFieldLock ... >>" */
	const char *more;     /* members of the dictionary: "/Reason (x)" */
	int64_t time_ms;      /* /M; 0: day 0 */
	bool no_time, no_type, no_filter;
	bool field_in_kids;     /* below a parent field */
	bool field_not_in_form; /* only an annotation of the page */
	size_t room;            /* octets for the CMS; 0: enough */
	/* Defects. */
	bool wrong_digest; /* message-digest of other octets */
	bool padding_not_zero;
	uint64_t range[4]; /* written instead of the right one, when any is not 0 */
	bool gap_too_wide; /* one octet more than the hex string on each side */
};
struct view pades_kit_sign(struct view file, const struct pades_kit_sign *s);

struct pades_kit_stamp {
	const struct fix_cert *tsa;
	int64_t gen_ms;
	enum digest_alg alg; /* NONE: SHA-256 */
	bool wrong_imprint;
	struct tsp_deviation deviation;
	struct cades_kit_material inside;
	bool no_type;
	size_t room; /* octets for the token; 0: enough */
};
struct view pades_kit_stamp(struct view file, const struct pades_kit_stamp *s);

struct pades_kit_dss {
	struct cades_kit_material material;
	bool vri;        /* for the newest signature */
	bool compressed; /* FlateDecode */
	bool keep;       /* adds to the DSS that is there */
};
struct view pades_kit_dss(struct view file, const struct pades_kit_dss *d);

/* Signed on day 0, stamped on day 1 in the CMS (T), DSS of day 2 (LT), document
 * time-stamp of day 3 (LTA). */
struct view pades_kit_typical(const struct cades_kit_scene *s, int level);

#endif
