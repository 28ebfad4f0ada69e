/* SPDX-License-Identifier: Apache-2.0 */
/* package_private - what the files of package.h share. */
#ifndef LTPS_LTP_PACKAGE_PRIVATE_H
#define LTPS_LTP_PACKAGE_PRIVATE_H

#include "formats/zip.h"
#include "ltp/package.h"
#include "ltp/signatures.h"

#define PACKAGE_NAME_MAX 240
#define PACKAGE_NOTE_MAX 440 /* a name and the hex of a digest fit */
#define PACKAGE_EVIDENCE_POLICY "policy/evidence.conf"
#define PACKAGE_POLICY "policy/validation.conf"

/* One command of the page. */
struct package_step {
	enum package_kind {
		PACKAGE_EVIDENCE, /* ltps evidence verify */
		PACKAGE_TOKEN,    /* openssl cms -verify of a time-stamp token */
		PACKAGE_DUMP,     /* openssl asn1parse */
		PACKAGE_VALIDATE, /* ltps validate */
		PACKAGE_CMS,      /* openssl cms -verify of a signature */
		PACKAGE_SUMS,     /* sha512sum */
		PACKAGE_KINDS
	} kind;
	struct buf command; /* the files; the rest follows from the kind */
	int64_t time_ms;    /* of TOKEN and CMS: at which the chain is judged */
	int status;         /* exit status that it had here */
	char outcome[SIGNATURES_VERDICT_MAX];
};

struct package {
	struct ltp_worker *w;
	const struct ltp_package_request *req;
	const struct object *object;
	int64_t now_ms; /* whole seconds: commands name it */
	struct zip_writer *zip;
	size_t n_files;
	uint64_t bytes;
	struct buf sums;
	struct package_step *steps;
	size_t n_steps, cap_steps;
	struct material *material; /* that the judgements rest on */
	const struct validation_policy *policy;
	/* That evidence is judged by; NULL: none, or one with a suite of the operator's
	 * own, which whoever reads the package would not have. */
	const struct validation_policy *evidence_policy;
	bool missing; /* evidence of some version, or octets that are damaged */
	char (*notes)[PACKAGE_NOTE_MAX];
	size_t n_notes, cap_notes;
};

/* One version while it is written. */
struct package_version {
	const struct version *v;
	char label[STORE_NAME_MAX + 1]; /* as a folder */
	struct buf *data;
	char (*names)[PACKAGE_NAME_MAX]; /* in the package; "": no data, or damaged */
	struct signatures_part *parts;
	char ***related; /* by part */
	size_t n;
};

int package_add(struct package *p, const char *name, struct view data,
		struct ltps_error *err) LTPS_CHECKED;
int package_step_add(struct package *p, enum package_kind kind,
		     struct package_step **ret, struct ltps_error *err) LTPS_CHECKED;
/* What is missing: a paragraph of the page. */
int package_note(struct package *p, struct ltps_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))) LTPS_CHECKED;

/* package_judge.c: signed parts of a version, among those of `base` too. */
int package_judge(struct package *p, const struct package_version *pv,
		  const struct package_version *base,
		  struct ltps_error *err) LTPS_CHECKED;
int package_material(struct package *p, struct ltps_error *err) LTPS_CHECKED;
/* package_evidence.c: record and tokens of a version. */
int package_evidence(struct package *p, const struct package_version *pv,
		     struct ltps_error *err) LTPS_CHECKED;
/* package_text.c: README.txt and VERIFY.html. */
int package_pages(struct package *p, struct ltps_error *err) LTPS_CHECKED;

#endif
