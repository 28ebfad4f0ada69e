/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation time sliding and OCSP over real files with known control times and
 * outcomes. Rows of the corpus' own table are read and must all be known here.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/support/corpus.h"
#include "tests/support/past_kit.h"
#include "validation/path_search.h"

#define DAY_MS ((int64_t)86400000)

static struct past_kit k;

static int64_t at(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t ms = 0;
	cr_assert_eq(time_parse_rfc3339(view_text(text), &ms, &err), 0, "%s", text);
	return ms;
}

static struct buf file(const char *folder, const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "timeslide/%s/%s", folder, name);
	return corpus_read(path);
}

static void add(enum material_kind kind, const char *folder, const char *name)
{
	past_kit_take(&k, kind, file(folder, name));
}

static void set_up(void)
{
	if (!corpus_present())
		cr_skip("no corpus");
}

static void tear_down(void)
{
	past_kit_clear(&k);
}

TestSuite(timeslide, .init = set_up, .fini = tear_down);

/* ---- ades/time-slide, and the same without the intermediate's CRLs ---- */

#define NONE INT64_MIN
#define ALICE 1 /* index on the path is 0; proof wanted */
#define CRL 2

struct row {
	const char *name;
	const char *now;
	const char *interm;
	const char *objects[2];
	unsigned proven; /* as of 2020-11-30 */
	int max_age_days;
	const char *control; /* NULL: none */
	bool missing_cert;   /* the reason for none */
};

static const struct row rows[] = {
	{ "not-revoked",
	  "2020-11-29T00:05:00Z",
	  "interm",
	  { "alice-2020-11-29.ors", "root-2020-11-29.crl" },
	  .control = "2020-11-29T00:05:00Z" },
	{ "revoked-ocsp",
	  "2020-12-10T00:05:00Z",
	  "interm",
	  { "alice-2020-12-10.ors", "root-2020-12-10.crl" },
	  .control = "2020-12-01T00:00:00Z" },
	{ "revoked-crl",
	  "2020-12-10T00:05:00Z",
	  "interm",
	  { "root-2020-12-10.crl", "interm-2020-12-10.crl" },
	  .control = "2020-12-01T00:00:00Z" },
	{ "revoked-intermediate",
	  "2020-12-10T00:05:00Z",
	  "interm-revoked",
	  { "root-2020-12-10.crl", "interm-2020-11-29.crl" },
	  ALICE | CRL,
	  100,
	  "2020-12-01T00:00:00Z",
	  false },
	{ "revoked-intermediate-no-cert-poe",
	  "2020-12-10T00:05:00Z",
	  "interm-revoked",
	  { "root-2020-12-10.crl", "interm-2020-11-29.crl" },
	  CRL,
	  100,
	  NULL,
	  true },
	{ "revoked-intermediate-no-revinfo-poe",
	  "2020-12-10T00:05:00Z",
	  "interm-revoked",
	  { "root-2020-12-10.crl", "interm-2020-11-29.crl" },
	  ALICE,
	  100,
	  NULL,
	  false },
	{ "past-validation-not-revoked",
	  "2020-11-29T00:05:00Z",
	  "interm",
	  { "alice-2020-11-29.ors", "root-2020-11-29.crl" },
	  .control = "2020-11-29T00:05:00Z" },
	{ "past-validation-revoked-intermediate",
	  "2020-12-10T00:05:00Z",
	  "interm-revoked",
	  { "root-2020-12-10.crl", "interm-2020-11-29.crl" },
	  ALICE | CRL,
	  0,
	  "2020-12-01T00:00:00Z",
	  false },
	{ "past-validation-no-revinfo",
	  "2020-12-10T00:05:00Z",
	  "interm-revoked",
	  { "root-2020-12-10.crl" },
	  .control = NULL,
	  .missing_cert = true },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))
#define FOLDER "ades/time-slide"

static void prepare(const struct row *row)
{
	char interm[64];
	int64_t proven = at("2020-11-30T00:00:00Z");
	past_kit_init(&k, at(row->now));
	past_kit_take(&k, MATERIAL_ANCHOR, file(FOLDER, "certs/root.crt"));
	snprintf(interm, sizeof(interm), "certs/%s.crt", row->interm);
	add(MATERIAL_CERT, FOLDER, interm);
	add(MATERIAL_CERT, FOLDER, "certs/interm-ocsp.crt");
	add(MATERIAL_CERT, FOLDER, "certs/alice.crt");
	const struct cert *decoded =
	    material_cert(k.m, MATERIAL_CERT, material_count(k.m, MATERIAL_CERT) - 1);
	past_kit_target(&k, decoded->der);
	for (size_t i = 0; i < 2 && row->objects[i] != NULL; i++) {
		struct buf b = file(FOLDER, row->objects[i]);
		bool crl = strstr(row->objects[i], ".crl") != NULL;
		past_kit_add(&k, crl ? MATERIAL_CRL : MATERIAL_OCSP, view_buf(&b));
		if ((row->proven & CRL) != 0 &&
		    strncmp(row->objects[i], "interm", 6) == 0)
			past_kit_poe(
			    &k,
			    material_crl(k.m, material_count(k.m, MATERIAL_CRL) - 1)
				->der,
			    proven);
		buf_free(&b);
	}
	if ((row->proven & ALICE) != 0)
		past_kit_poe(&k, decoded->der, proven);
	if (row->proven != 0)
		past_kit_poe_default(&k, at(row->now));
	k.in.path.max_age_ms = row->max_age_days * DAY_MS;
}

/* What cert_validate_past does inside, over the one path. */
static struct time_slide slide_once(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_candidate *c = &k.r->chain;
	struct path_run run;
	struct time_slide ret;
	cr_assert_eq(path_run_init(&run, &k.in.path, &err), 0);
	cr_assert_eq(time_slide(&run, k.in.poes, k.in.path.time_ms, c, &ret, &err), 0);
	path_run_clear(&run);
	return ret;
}

Test(timeslide, control_times_are_those_of_the_corpus)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct row *row = &rows[i];
		prepare(row);
		const struct cert_validation_result *r = past_kit_past(&k);
		int64_t control = row->control != NULL ? at(row->control) : NONE;
		cr_expect_eq(r->indication == INDICATION_PASSED, row->control != NULL,
			     "%s: %s %s", row->name, r->subindication, r->text);
		char got[TIME_TEXT_MAX] = "none";
		if (r->control_time_ms != NONE)
			time_rfc3339(r->control_time_ms, got);
		cr_expect_eq(r->control_time_ms, control, "%s: %s", row->name, got);
		cr_expect_eq(r->chain.n_certs, 3, "%s", row->name);
		struct time_slide slide = slide_once();
		cr_expect_eq(slide.found, row->control != NULL, "%s", row->name);
		cr_expect_eq(slide.control_time_ms, control, "%s", row->name);
		if (!slide.found) {
			cr_expect_eq(slide.missing_for, 0, "%s", row->name);
			cr_expect_eq(slide.missing_cert, row->missing_cert, "%s",
				     row->name);
			cr_expect_str_eq(r->subindication, "NO_POE");
		}
		past_kit_clear(&k);
	}
}

Test(timeslide, every_row_of_the_corpus_is_proved)
{
	struct buf table = corpus_read("timeslide/expected.tsv");
	size_t n = 0;
	for (size_t begin = 0, i = 0; i < table.n; i++) {
		if (table.p[i] != '\n')
			continue;
		struct view line = view_of(table.p + begin, i - begin);
		const uint8_t *tab = memchr(line.p, '\t', line.n);
		begin = i + 1;
		if (tab == NULL)
			continue;
		struct view name = view_of(line.p, (size_t)(tab - line.p));
		bool known = view_is_text(name, "case");
		for (size_t r = 0; r < N_ROWS; r++)
			known = known || view_is_text(name, rows[r].name);
		cr_expect(known, "%.*s", (int)name.n, (const char *)name.p);
		n++;
	}
	cr_assert_eq(n, N_ROWS + 1);
	buf_free(&table);
}

/* ---- freshness ---- */

static void prepare_freshness(const char *now, const char *date, const char *interm)
{
	char name[64];
	past_kit_init(&k, at(now));
	add(MATERIAL_ANCHOR, "freshness", "certs/root.crt");
	snprintf(name, sizeof(name), "certs/%s.crt", interm);
	add(MATERIAL_CERT, "freshness", name);
	add(MATERIAL_CERT, "freshness", "certs/interm-ocsp.crt");
	add(MATERIAL_CERT, "freshness", "certs/alice.crt");
	past_kit_target(&k, material_cert(k.m, MATERIAL_CERT, 2)->der);
	snprintf(name, sizeof(name), "root-%s.crl", date);
	add(MATERIAL_CRL, "freshness", name);
	snprintf(name, sizeof(name), "alice-%s.ors", date);
	add(MATERIAL_OCSP, "freshness", name);
}

Test(timeslide, freshness_is_that_of_next_update_or_the_policy)
{
	/* A response lives ten minutes, a CRL ten days from nine days before. */
	static const struct {
		const char *now;
		int64_t max_age_ms;
		const char *sub;
		const char *retry;
	} cases[] = {
		{ "2020-11-29T00:05:00Z", 0, NULL, NULL },
		{ "2020-11-29T00:09:59Z", 0, NULL, NULL },
		{ "2020-11-29T00:10:00Z", 0, "TRY_LATER", "2020-11-29T00:10:00Z" },
		{ "2020-11-29T00:10:01Z", 9 * DAY_MS, NULL, NULL },
		{ "2020-12-02T00:00:00Z", 100 * DAY_MS, NULL, NULL },
		{ "2020-12-02T00:00:00Z", 9 * DAY_MS, "TRY_LATER",
		  "2020-12-01T00:00:00Z" },
		{ "2020-11-28T00:00:00Z", 0, "TRY_LATER", NULL },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		prepare_freshness(cases[i].now, "2020-11-29", "interm");
		k.in.path.max_age_ms = cases[i].max_age_ms;
		past_kit_now(&k);
		cr_expect_eq(k.r->subindication == NULL, cases[i].sub == NULL,
			     "%zu: %s %s", i, k.r->subindication, k.r->text);
		if (cases[i].retry != NULL)
			cr_expect_eq(k.r->retry_ms, at(cases[i].retry), "%zu", i);
		past_kit_clear(&k);
	}
}

Test(timeslide, revocations_of_the_freshness_files_are_seen)
{
	prepare_freshness("2020-12-10T00:05:00Z", "2020-12-10", "interm");
	past_kit_expect(&k, "REVOKED_NO_POE");
	cr_expect_eq(k.r->revoked_ms, at("2020-12-01T00:00:00Z"));
	cr_expect_eq(k.r->reason, 1);
	past_kit_expect_past(&k, at("2020-12-01T00:00:00Z"));
	past_kit_clear(&k);
	/* Revoked before it knew better: the earlier files say nothing of it. */
	prepare_freshness("2020-11-29T00:05:00Z", "2020-11-29", "interm-revoked");
	past_kit_expect(&k, NULL);
}

Test(timeslide, intermediate_of_the_freshness_files_is_revoked)
{
	prepare_freshness("2020-12-10T00:05:00Z", "2020-12-10", "interm-revoked");
	/* The same moment for both: the signer's comes first. */
	past_kit_expect(&k, "REVOKED_NO_POE");
	past_kit_clear(&k);
	past_kit_init(&k, at("2020-12-10T00:05:00Z"));
	add(MATERIAL_ANCHOR, "freshness", "certs/root.crt");
	add(MATERIAL_CERT, "freshness", "certs/interm-revoked.crt");
	add(MATERIAL_CERT, "freshness", "certs/alice.crt");
	past_kit_target(&k, material_cert(k.m, MATERIAL_CERT, 1)->der);
	add(MATERIAL_CRL, "freshness", "root-2020-12-10.crl");
	past_kit_expect(&k, "REVOKED_CA_NO_POE");
	cr_expect_eq(k.r->revoked_ms, at("2020-12-01T00:00:00Z"));
}

/* ---- multilayer: a chain of four without status ---- */

static void prepare_multilayer(bool middle)
{
	past_kit_init(&k, at("2020-11-29T00:05:00Z"));
	add(MATERIAL_ANCHOR, "multilayer", "certs/root.cert.pem");
	if (middle)
		add(MATERIAL_CERT, "multilayer", "certs/interm1.cert.pem");
	add(MATERIAL_CERT, "multilayer", "certs/interm2.cert.pem");
	add(MATERIAL_CERT, "multilayer", "certs/alice.cert.pem");
	past_kit_target(&k, material_cert(k.m, MATERIAL_CERT, middle ? 2 : 1)->der);
}

Test(timeslide, chain_of_four_needs_all_its_links_and_their_status)
{
	prepare_multilayer(false);
	k.in.path.no_revocation = true;
	past_kit_expect(&k, "NO_CERTIFICATE_CHAIN_FOUND");
	past_kit_clear(&k);
	prepare_multilayer(true);
	k.in.path.no_revocation = true;
	past_kit_expect(&k, NULL);
	cr_expect_eq(k.r->chain.n_certs, 4);
	past_kit_expect_past(&k, at("2020-11-29T00:05:00Z"));
	k.in.path.no_revocation = false;
	past_kit_expect(&k, "TRY_LATER");
	past_kit_expect_past(&k, NONE);
	cr_expect_neq(k.r->n_needs, 0);
}

/* ---- openssl-ocsp: one response each, with one defect ---- */

struct ocsp_case {
	const char *root, *other, *cert;
	const char *ocsps[2];
	const char *now;
	const char *sub;
	bool target_good; /* though sub, the target's own status is good */
};

#define ND_NOW "2012-10-12T00:00:00Z"
#define D_NOW "2012-10-23T11:00:00Z"
#define D_OLD "2012-10-10T14:00:00Z"
#define D_MID "2012-10-11T14:00:00Z"
#define ND1 "ND2_Issuer_Root.pem", "ND1_Issuer_ICA.pem", "ND1_Cert_EE.pem"
#define ND3 "ND3_Issuer_Root.pem", NULL, "ND3_Cert_EE.pem"
#define D1 "R2.pem", "D1_Issuer_ICA.pem", "D1_Cert_EE.pem"
#define D3 "D3_Issuer_Root.pem", NULL, "D3_Cert_EE.pem"

/*
 * In the order of openssl-ocsp.json. Two rows end otherwise than there, which asks
 * for status only where a certificate names a place of it: the intermediate of D1
 * has none at hand (EN 319 102-1 5.2.6.4 asks for every certificate of the chain);
 * the responder of D3 has no nocheck, so RFC 6960 4.2.2.2.1 leaves it to local
 * policy, and ours is to want a status.
 */
static const struct ocsp_case ocsp_cases[] = {
	{ ND1, { "ND1.ors", "ND2.ors" }, ND_NOW, NULL, true },
	{ ND3, { "ND3.ors" }, ND_NOW, NULL, true },
	{ D1, { "D1.ors" }, D_NOW, "TRY_LATER", true },
	{ D3, { "D3.ors" }, D_NOW, "TRY_LATER", false },
	{ ND1, { "ISOP_ND1.ors", "ND2.ors" }, ND_NOW, "TRY_LATER", false },
	{ ND1, { "ND1.ors", "ISOP_ND2.ors" }, ND_NOW, "TRY_LATER", true },
	{ ND3, { "ISOP_ND3.ors" }, ND_NOW, "TRY_LATER", false },
	{ D1, { "ISOP_D1.ors" }, D_OLD, "TRY_LATER", false },
	{ D3, { "ISOP_D3.ors" }, D_OLD, "TRY_LATER", false },
	{ ND1, { "WRID_ND1.ors", "ND2.ors" }, ND_NOW, "TRY_LATER", false },
	{ ND1, { "ND1.ors", "WRID_ND2.ors" }, ND_NOW, "TRY_LATER", true },
	{ ND3, { "WRID_ND3.ors" }, ND_NOW, "TRY_LATER", false },
	{ D1, { "WRID_D1.ors" }, D_MID, "TRY_LATER", false },
	{ D3, { "WRID_D3.ors" }, D_MID, "TRY_LATER", false },
	{ ND1, { "WINH_ND1.ors", "ND2.ors" }, ND_NOW, "TRY_LATER", false },
	{ ND1, { "ND1.ors", "WINH_ND2.ors" }, ND_NOW, "TRY_LATER", true },
	{ ND3, { "WINH_ND3.ors" }, ND_NOW, "TRY_LATER", false },
	{ D1, { "WINH_D1.ors" }, D_MID, "TRY_LATER", false },
	{ D3, { "WINH_D3.ors" }, D_MID, "TRY_LATER", false },
	{ ND1, { "WIKH_ND1.ors", "ND2.ors" }, ND_NOW, "TRY_LATER", false },
	{ ND1, { "ND1.ors", "WIKH_ND2.ors" }, ND_NOW, "TRY_LATER", true },
	{ ND3, { "WIKH_ND3.ors" }, ND_NOW, "TRY_LATER", false },
	{ D1, { "WIKH_D1.ors" }, D_MID, "TRY_LATER", false },
	{ D3, { "WIKH_D3.ors" }, D_MID, "TRY_LATER", false },
	{ D1, { "WKDOSC_D1.ors" }, D_MID, "TRY_LATER", false },
	{ D3, { "WKDOSC_D3.ors" }, D_MID, "TRY_LATER", false },
	{ D1, { "ISDOSC_D1.ors" }, D_MID, "TRY_LATER", false },
	{ D3, { "ISDOSC_D3.ors" }, D_MID, "TRY_LATER", false },
	{ ND3, { "ND3.ors" }, "2013-10-12T00:00:00Z", "TRY_LATER", false },
};

#define N_OCSP (sizeof(ocsp_cases) / sizeof(ocsp_cases[0]))

/* These responses are base64 in lines. */
static void add_base64(const char *folder, const char *name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf text = file(folder, name), der = buf_make(text.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] > 0x20)
			text.p[n++] = text.p[i];
	cr_assert_eq(b64_decode(view_of(text.p, n), false, &der, &err), 0, "%s", name);
	past_kit_take(&k, MATERIAL_OCSP, der);
	buf_free(&text);
}

Test(timeslide, ocsp_responses_count_or_not_as_their_defects_say)
{
	static const char folder[] = "openssl-ocsp";
	for (size_t i = 0; i < N_OCSP; i++) {
		const struct ocsp_case *c = &ocsp_cases[i];
		past_kit_init(&k, at(c->now));
		add(MATERIAL_ANCHOR, folder, c->root);
		if (c->other != NULL)
			add(MATERIAL_CERT, folder, c->other);
		size_t n = material_count(k.m, MATERIAL_CERT);
		add(MATERIAL_CERT, folder, c->cert);
		past_kit_target(&k, material_cert(k.m, MATERIAL_CERT, n)->der);
		for (size_t o = 0; o < 2 && c->ocsps[o] != NULL; o++)
			add_base64(folder, c->ocsps[o]);
		const struct cert_validation_result *r = past_kit_now(&k);
		cr_expect_eq(r->indication == INDICATION_PASSED, c->sub == NULL,
			     "%zu %s %s: %s %s", i, c->ocsps[0],
			     c->ocsps[1] != NULL ? c->ocsps[1] : "", r->subindication,
			     r->text);
		if (c->sub != NULL && r->subindication != NULL)
			cr_expect_str_eq(r->subindication, c->sub, "%zu %s", i,
					 r->text);
		cr_expect_eq(r->chain.revocation[0].status == PATH_STATUS_GOOD &&
				 r->chain.revocation[0].fresh,
			     c->target_good, "%zu", i);
		past_kit_clear(&k);
	}
}

/* The table above speaks of all cases of the corpus. */
Test(timeslide, every_ocsp_case_of_the_corpus_is_proved)
{
	struct buf json = corpus_read("timeslide/openssl-ocsp/openssl-ocsp.json");
	size_t n = 0;
	for (size_t i = 0; i + 6 < json.n; i++)
		n += memcmp(json.p + i, "\"name\"", 6) == 0;
	cr_assert_eq(n, N_OCSP);
	buf_free(&json);
}
