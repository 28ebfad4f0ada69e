/* SPDX-License-Identifier: Apache-2.0 */
/* profile_scheme - what the schemes of annex F do not let a profile promise. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "ltp/profile.h"

#define SCHEME "http://uri.etsi.org/19512/scheme/"
#define ER "evidence_format = urn:ietf:rfc:4998:EvidenceRecord\n"
#define ATS "evidence_format = http://uri.etsi.org/ades/CAdES/archive-time-stamp-v3\n"
#define HEAD                                                                           \
	"[profile]\nid = urn:x\ndescription = x\ngoal = urn:g\nevidence_policy = "     \
	"urn:p\nvalid_from = 2026-01-01T00:00:00Z\ndigest = sha256\n"                  \
	"max_po_bytes = 1M\nmax_pos = 1\noperation = RetrieveInfo\n"                   \
	"operation = PreservePO\n"
#define KEPT "tree_max_leaves = 1\ntree_max_age = 2s\ntree_max_bytes = 1G\n"
#define PERIOD "period = P1D\nperiod_end = delete\n"
#define RETRIEVE "operation = RetrievePO\n"
#define DELETE "operation = DeletePO\n"
#define LISTS "digest_list_algorithm = sha256\n"
#define RAISED "signature_policy = default\naugment = lta\n"
#define WTS_STORAGE "storage = WithTemporaryStorage\n"
#define WTS_SCHEME "scheme = " SCHEME "pgd+wts+ers\n"
#define WTS HEAD WTS_SCHEME WTS_STORAGE
#define WOS HEAD "scheme = " SCHEME "pds+wos+aug\nstorage = WithoutStorage\n"
#define AUG HEAD "scheme = " SCHEME "pds+wst+aug\nstorage = WithStorage\n"
#define ERS HEAD "scheme = " SCHEME "pds+pgd+aug+wst+ers\nstorage = WithStorage\n"

static const struct {
	const char *name, *text;
	enum ltps_code code;
} CASES[] = {
	{ "wts", WTS ER KEPT PERIOD RETRIEVE LISTS, LTPS_OK },
	{ "wts that deletes", WTS ER KEPT PERIOD RETRIEVE DELETE LISTS, LTPS_FORMAT },
	{ "wts without retrieval", WTS ER KEPT PERIOD LISTS, LTPS_FORMAT },
	{ "wts without lists", WTS ER KEPT PERIOD RETRIEVE, LTPS_FORMAT },
	{ "wts with SHA-1",
	  WTS ER KEPT PERIOD RETRIEVE "digest_list_algorithm = sha1\n", LTPS_FORMAT },
	{ "wts with one twice", WTS ER KEPT PERIOD RETRIEVE LISTS LISTS, LTPS_FORMAT },
	{ "wts that keeps",
	  WTS ER KEPT RETRIEVE LISTS "period = P1D\nperiod_end = keep\n", LTPS_FORMAT },
	{ "wts without a period", WTS ER KEPT RETRIEVE LISTS "period_end = delete\n",
	  LTPS_FORMAT },
	{ "wts that judges", WTS ER KEPT PERIOD RETRIEVE LISTS "signature_policy = d\n",
	  LTPS_FORMAT },
	{ "wts with a form", WTS ATS KEPT PERIOD RETRIEVE LISTS, LTPS_FORMAT },
	{ "wts with storage",
	  HEAD WTS_SCHEME "storage = WithStorage\n" ER KEPT PERIOD RETRIEVE LISTS,
	  LTPS_UNSUPPORTED },
	{ "wos", WOS ATS RAISED, LTPS_OK },
	{ "wos that retrieves", WOS ATS RAISED RETRIEVE, LTPS_FORMAT },
	{ "wos that deletes", WOS ATS RAISED DELETE, LTPS_FORMAT },
	{ "wos with a trace", WOS ATS RAISED "operation = RetrieveTrace\n",
	  LTPS_FORMAT },
	{ "wos with a period", WOS ATS RAISED PERIOD, LTPS_FORMAT },
	{ "wos with trees", WOS ATS RAISED KEPT, LTPS_FORMAT },
	{ "wos without a policy", WOS ATS, LTPS_FORMAT },
	{ "wos at level T", WOS ATS "signature_policy = d\naugment = t\n",
	  LTPS_FORMAT },
	{ "wos that keeps what failed", WOS ATS RAISED "on_failed = keep\n",
	  LTPS_FORMAT },
	{ "wos with records", WOS ER RAISED, LTPS_FORMAT },
	{ "wos with attributes", WOS ATS RAISED "evidence_attributes = true\n",
	  LTPS_FORMAT },
	{ "aug", AUG ATS RAISED KEPT PERIOD RETRIEVE DELETE, LTPS_OK },
	{ "aug that seals",
	  AUG ATS RAISED "seal = detached\n" KEPT PERIOD RETRIEVE DELETE, LTPS_FORMAT },
	{ "aug without deletion", AUG ATS RAISED KEPT PERIOD RETRIEVE, LTPS_FORMAT },
	{ "ers", ERS ER KEPT PERIOD RETRIEVE DELETE "evidence_attributes = true\n",
	  LTPS_OK },
	{ "ers with a form", ERS ATS KEPT PERIOD RETRIEVE DELETE, LTPS_FORMAT },
	{ "ers with lists", ERS ER KEPT PERIOD RETRIEVE DELETE LISTS, LTPS_FORMAT },
	{ "a scheme of the clause that misprints it",
	  HEAD
	  "scheme = " SCHEME
	  "pgd+wst+aug\nstorage = WithStorage\n" ATS RAISED KEPT PERIOD RETRIEVE DELETE,
	  LTPS_UNSUPPORTED },
};

Test(profile_scheme, profiles_keep_to_their_scheme)
{
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct profile *p = NULL;
		const int rc = profile_parse(view_text(CASES[i].text), "t", &p, &err);
		cr_expect_eq(rc, CASES[i].code == LTPS_OK ? 0 : -1, "%s: %s",
			     CASES[i].name, err.text);
		cr_expect_eq(err.code, CASES[i].code, "%s: %s", CASES[i].name,
			     err.text);
		profile_free(p);
	}
}
