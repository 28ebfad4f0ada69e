/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades - what a PDF says about its signatures: signature fields and dictionaries,
 * ByteRange, DSS and VRI, permissions. Structure alone: nothing is hashed but VRI keys,
 * nothing verified, nothing trusted.
 */
#ifndef LTPS_FORMATS_PADES_H
#define LTPS_FORMATS_PADES_H

#include "formats/pdf_objects.h"

#define PADES_SIGNATURES_MAX 512
#define PADES_FIELDS_MAX 100000
#define PADES_DSS_ITEMS_MAX 20000
#define PADES_CONTENTS_MAX ((size_t)16 << 20) /* decoded */

enum pades_subfilter {
	PADES_CADES_DETACHED, /* ETSI.CAdES.detached */
	PADES_PKCS7_DETACHED, /* adbe.pkcs7.detached */
	PADES_PKCS7_SHA1,     /* adbe.pkcs7.sha1 */
	PADES_X509_RSA_SHA1,  /* adbe.x509.rsa_sha1 */
	PADES_RFC3161,        /* ETSI.RFC3161: a document time-stamp */
	PADES_OTHER_SUBFILTER,
};
enum pades_coverage {
	PADES_COVERS_NOTHING, /* ByteRange unusable */
	PADES_COVERS_UNCLEAR, /* from 0 on with the right gap, but its end is no
				 revision's */
	PADES_COVERS_REVISION,
	PADES_COVERS_FILE, /* the newest revision, and nothing behind it but its %%EOF
			      line, or what is signed too */
};

struct pades_lock { /* FieldMDP, or /Lock of a field */
	enum {
		PADES_LOCK_NONE,
		PADES_LOCK_ALL,
		PADES_LOCK_INCLUDE,
		PADES_LOCK_EXCLUDE
	} action;
	struct view *fields; /* full names, UTF-8; none at or below another, in the
				order of pades_lock_names() */
	size_t n_fields;
	int p; /* /P of a Lock, as DocMDP; 0: none */
};

struct pades_signature {
	struct pdf_ref field;   /* number 0: the field stands directly in an array */
	struct pdf_ref value;   /* of the dictionary; number 0: direct */
	struct view field_name; /* full, UTF-8: "a.b" */
	const struct pdf_value *dict; /* as the newest revision has it; a PDF_NULL value
					 when it cannot be read: a defect */
	/* The revision that it covers, or when the ByteRange is no use, where its
	 * dictionary came. */
	size_t revision;
	bool is_stamp; /* /Type /DocTimeStamp or /SubFilter /ETSI.RFC3161; a defect
			  when it is not both */
	enum pades_subfilter subfilter;
	struct view subfilter_name, filter;
	struct view contents; /* decoded, padding included */
	struct view cms;      /* the one TLV at its start; n == 0: there is none */
	uint64_t range[4];    /* as written; all 0: not four integers */
	enum pades_coverage coverage;
	/* What is wrong with ByteRange, gap or dictionary: not four integers, overlap,
	 * gap not exactly the /Contents of this dictionary, an end that is no
	 * revision's, other octets than 00 behind the TLV, the dictionary of the
	 * revision that was signed differs (spoofing), the dictionary of another field
	 * that comes first, /Type and /SubFilter that do not go together ...; ""
	 * nothing. Clause beside it. */
	char defect[200];
	const char *defect_clause;
	bool has_time;
	int64_t time_ms;                             /* /M */
	struct view name, reason, location, contact; /* UTF-8; n == 0: none */
	struct view cert_entry;         /* /Cert: first string; n == 0: none */
	const struct view *chain_entry; /* /Cert: all */
	size_t n_chain_entry;
	int docmdp;                 /* /P of its DocMDP reference: 1, 2, 3; 0: none */
	bool is_certification;      /* /Perms /DocMDP of the newest catalog names it;
				       docmdp binds without, too */
	struct pades_lock fieldmdp; /* of its FieldMDP reference */
	struct pades_lock lock;     /* of its field, as it was signed */
	char vri_key[41]; /* of the padded contents; "" before pades_match_vris() */
};

/* A stream of the DSS. */
struct pades_item {
	struct view der; /* decoded */
	struct pdf_ref ref;
	size_t revision; /* where this object came */
	bool again; /* a list of this kind before, of the DSS or of a VRI, has it too */
};
struct pades_vri {
	struct view key; /* as written */
	const struct pades_item *certs, *crls, *ocsps;
	size_t n_certs, n_crls, n_ocsps;
	struct view stamp; /* /TS; n == 0: none */
	bool has_time;
	int64_t time_ms; /* /TU */
	int signature;   /* index that it belongs to, padded or a variant; -1: none, or
			    before pades_match_vris() */
};
struct pades_dss {
	bool present;
	struct pdf_ref ref;                            /* 0: direct in the catalog */
	size_t revision;                               /* the first that has a /DSS */
	const struct pades_item *certs, *crls, *ocsps; /* each object once */
	size_t n_certs, n_crls, n_ocsps;
	struct pades_vri *vris;
	size_t n_vris;
	/*
	 * What the stores of revisions that were signed or time-stamped list and this
	 * one does not: some writers start anew, and leave the older objects in the
	 * file. Those that were replaced since are not told.
	 */
	const struct pades_item *older_certs, *older_crls, *older_ocsps;
	size_t n_older_certs, n_older_crls, n_older_ocsps;
};

struct pades {
	struct pdf_file *file;
	struct pdf_objects *objects;
	/* By the end of their ByteRange, the oldest first; those without one last. */
	struct pades_signature *signatures;
	size_t n_signatures;
	size_t n_empty_fields; /* signature fields without value */
	struct pades_dss dss;  /* of the newest revision */
	bool usage_rights;     /* /Perms /UR3 */
	const char *pdfa; /* "1", "2", "3", "4" of the XMP metadata; NULL: no claim */
	char pdfa_conformance;        /* 'A', 'B', 'U', 'E', 'F', 0 */
	int major, minor;             /* of header and catalog, the later */
	struct pdf_finding *findings; /* beyond those of the file */
	size_t n_findings;
	struct arena arena; /* private */
};

/*
 * pades_read - revisions, objects, signatures of a file. A file without signatures is
 * fine: n_signatures 0. Fields are looked for in the form, in the annotations of the
 * pages that any update touched or that the form misses, and in /Perms; a signature
 * that an earlier revision holds and the newest does not is a finding
 * PDF_SIGNATURE_REMOVED. One broken object is a finding, and hides no other.
 * password  n == 0: the empty one
 * ret_p     free with pades_free(); borrows the octets
 * Fails:    as pdf_file_read(), pdf_objects_new(); FORMAT, TOO_LARGE (object), NOMEM
 * Spec:     ISO 32000-2 12.7, 12.8; EN 319 142-1 5
 *
 * Findings. SUSPICIOUS: PDF_SIGNATURE_REMOVED, PDF_SIGNATURE_SHARED (two fields, one
 * dictionary: the second is defective), PDF_BYTE_RANGE_COLLISION (the later one is
 * defective, both when they end together), PDF_FIELD_NOT_IN_FORM, PDF_SIGNATURE_VALUE,
 * PDF_CERTIFICATION_WITHOUT_FIELD, PDF_SEVERAL_DOCMDP, PDF_DSS, PDF_OBJECT_UNREADABLE,
 * PDF_FIELD_NAME_TOO_LONG, PDF_FIELDS_TOO_DEEP, PDF_PAGES_TOO_DEEP. NOTICE:
 * PDF_CERTIFICATION_NOT_NAMED, PDF_CERTIFICATION_WITHOUT_DOCMDP,
 * PDF_FIELD_LISTED_TWICE, PDF_FIELD_MISSING, PDF_LOCK_UNKNOWN, PDF_REFERENCE_DATA,
 * PDF_DSS_ITEM, PDF_OBJECT_UNREADABLE where nothing was expected.
 */
int pades_read(struct view file, struct view password, struct pades **ret_p,
	       struct ltps_error *err) LTPS_CHECKED;
/* The same without what pdf_file_begin() leaves to pdf_file_upto(). */
int pades_begin(struct view file, struct view password, struct pades **ret_p,
		struct ltps_error *err) LTPS_CHECKED;
void pades_free(struct pades *p);
/* Whether the lock names this field or one above it, whatever its action: "a" is above
 * "a.b". Logarithmic in the names, as the other one is. */
bool pades_lock_names(const struct pades_lock *l, struct view field);
/* Whether it names a field below this one, or pades_lock_names(). */
bool pades_lock_names_near(const struct pades_lock *l, struct view field);
/* "ETSI.CAdES.detached"; "?" */
const char *pades_subfilter_name(enum pades_subfilter s);
/*
 * pades_match_vris - the VRI keys of all signatures, and whose each VRI is. Apart from
 * reading, since it hashes every /Contents and few questions need it. Again: nothing.
 * Fails: NOMEM, CRYPTO
 */
int pades_match_vris(struct pades *p, struct ltps_error *err) LTPS_CHECKED;
/* Upper-case hex SHA-1 of these octets: the VRI key of a signature (ISO 32000-2 Table
 * 261). */
int pades_vri_key(struct view contents, char ret_key[41],
		  struct ltps_error *err) LTPS_CHECKED;

#endif
