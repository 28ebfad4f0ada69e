/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_scene - a report that is filled in by hand, with a bit of everything, and its
 * forms: what tests of those change one thing of.
 */
#ifndef LTPS_TESTS_REPORT_SCENE_H
#define LTPS_TESTS_REPORT_SCENE_H

#include "validation/poe.h"
#include "validation/report.h"

#define REPORT_SCENE_NOW INT64_C(1780272000000) /* 2026-06-01 */
#define REPORT_SCENE_DAY INT64_C(86400000)
#define REPORT_SCENE_OUT_MAX ((size_t)64 << 20)

enum { ALICE, CA, ROOT, TSA, CERTS };
enum { SIGNED, COUNTER, BROKEN, SIGNATURES };
enum { STAMP_SIG, STAMP_ATS, STAMP_FILE, STAMPS };

struct report_scene {
	char names[CERTS][80];
	struct cert certs[CERTS];
	const struct cert *cert_list[CERTS + 1];
	struct crl crl;
	struct ocsp ocsp;
	const struct crl *crls[1];
	const struct ocsp *ocsps[1];
	struct path_cert_revocation revocation[2];
	struct cert_validation_result *chain; /* of Alice */
	struct cert_validation_result *tsa_chain;
	struct document_signature signatures[SIGNATURES];
	struct document_signature token_signature;
	struct document_stamp stamps[STAMPS];
	struct document_record record;
	struct document_cover covers[3];
	struct tst tst[STAMPS];
	struct cades_cert_ref ref;
	struct document document;
	struct validation_policy policy;
	struct report_constraint constraints[3];
	struct report_signature report_signatures[SIGNATURES];
	struct report_stamp report_stamps[STAMPS];
	struct report_record report_record;
	struct report_finding findings[1];
	struct need need;
	struct report report;
	struct report_frame frame;
};

/* All parts but the time-stamp of the file. */
struct report_scene *report_scene_new(void);
void report_scene_free(struct report_scene *s);
/* The certificate anew, with another name. */
void report_scene_cert(struct report_scene *s, int i, const char *cn);
void report_scene_mark(uint8_t sha256[32], uint8_t with);
struct conclusion report_scene_passed(void);
struct conclusion report_scene_outcome(enum subindication sub);

enum report_form { REPORT_JSON, REPORT_TEXT, REPORT_XML, REPORT_FORMS };
struct buf report_scene_write(const struct report_scene *s, enum report_form form);
bool text_has(const struct buf *b, const char *text);
size_t text_times(const struct buf *b, const char *text);

#endif
