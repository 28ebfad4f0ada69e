/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom - what the failing-allocation run does: scenarios, each a piece of work
 * over a world that was made beforehand, and run again with its first, second,
 * third... allocation failing.
 */
#ifndef LTPS_TESTS_OOM_H
#define LTPS_TESTS_OOM_H

#include "base/bytes.h"
#include "base/err.h"
#include "devpki/devpki.h"
#include "validation/material.h"

#define OOM_BYTES_MAX ((size_t)16 << 20)
/* It went through, but with another outcome than with all the memory. */
#define OOM_OTHER 1

struct oom_case {
	const char *name;
	/* 0, or -1 with err set, or OOM_OTHER; frees what it made either way. */
	int (*run)(struct ltps_error *err);
};

/* Each ends with a case without name. */
extern const struct oom_case oom_base[];
extern const struct oom_case oom_formats[];
extern const struct oom_case oom_timestamping[];
extern const struct oom_case oom_upper[];
extern const struct oom_case oom_validation[];
extern const struct oom_case oom_scvp[];
extern const struct oom_case oom_reports[];
extern const struct oom_case oom_pdf[];

/* What scenarios read; they change nothing of it but the clock of the PKI. */
struct oom_world {
	struct devpki *pki;
	struct view data;
	int64_t judged_ms;
	struct buf crl, root_crl, ocsp_question, ocsp;
	struct buf question, answer; /* RFC 3161 */
	struct buf token;            /* into answer's bytes, copied */
	struct buf full_token;       /* with CRLs, OCSP response and chain inside */
	struct buf record;           /* two chains, four time-stamps, CRLs inside */
	struct buf ocsp_record;      /* one time-stamp, OCSP responses inside */
	struct buf infos_record;     /* the same, in cryptoInfos */
	struct buf group_record;     /* two objects that it does not hold */
	struct view signed_file;     /* CMS with the record of itself in it */
	struct buf asic;
	struct buf pem;            /* the token */
	struct material *material; /* anchor, CA, CRLs of every time */
};
extern struct oom_world world;
void oom_world_make(void);
void oom_world_free(void);
/* What the scenarios of one table alone read. */
void oom_validation_make(void);
void oom_validation_free(void);
void oom_scvp_make(void);
void oom_scvp_free(void);
void oom_reports_make(void);
void oom_reports_free(void);
void oom_pdf_make(void);
void oom_pdf_free(void);

#endif
