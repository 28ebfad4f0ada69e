/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every RFC 4998 record of the corpus, with the data that it covers. There are
 * no anchors: what is covered and intact ends as NO_CERTIFICATE_CHAIN_FOUND.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/corpus.h"
#include "tests/support/ers_make.h"
#include "validation/evidence_source.h"

#define OBJECTS_MAX 8
#define ERS "ers/rfc4998/"
#define CMS "cades/validation/evidence-record/"
#define PDF "pades/validation/"
/* 2026-01-01T00:00:00Z, after every token of the corpus. */
#define NOW_MS ((int64_t)1767225600000)

enum verdict {
	GOOD,      /* intact, all covered */
	NOT_FOUND, /* intact, some object is not covered */
	BROKEN,    /* not intact: a hash or a link */
	MALFORMED, /* does not decode */
	NONE,      /* holds no record */
};

/*
 * Objects: "=text" these bytes; "#base64" a SHA-256 digest; "<path" a file;
 * "~path" a file with its line ends as CR LF, as it was when it was stamped.
 */
struct row {
	const char *file;
	const char *objects[OBJECTS_MAX];
	enum verdict verdict;
	const char *covered; /* T or F for each object; of each record in turn */
	const char *group;   /* group_complete of each */
	const char *shape;   /* time-stamps of each chain, "21": two chains */
};

static const struct row rows[] = {
	/* Hash-tree renewals without any tree. */
	{ ERS "1_1_Renew_Unsorted.er", { "=123456" }, GOOD, "T", "T", "11" },
	{ ERS "1_2_Renew_Unsorted.er", { "=123456" }, GOOD, "T", "T", "111" },
	{ ERS "1_3_Renew_Unsorted.er", { "=123456" }, GOOD, "T", "T", "1111" },
	{ ERS "1_3_Renew_Unsorted.er", { "=123457" }, NOT_FOUND, "F", "F", "1111" },
	/* Two siblings in the first list; renewal; hash-tree renewal. */
	{ ERS "BIN-1_ER.ers", { "<" ERS "BIN-1.bin" }, GOOD, "T", "F", "1" },
	{ ERS "BIN-1_ER.ers", { NULL }, NOT_FOUND, "", "", "1" },
	{ ERS "BIN-1_ER.ers",
	  { "#odTntQ2Wk/mjGy6UhOpq36WFg3cw/iupTROl1MgcMt8=",
	    "#2Eg+KWYIINZGWWKP1rUlW4zrtlKk5Ws2VEVJA6fSSgQ=" },
	  GOOD,
	  "TT",
	  "TT",
	  "1" },
	{ ERS "BIN-1_ER.ers",
	  { "#odTntQ2Wk/mjGy6UhOpq36WFg3cw/iupTROl1MgcMt8=",
	    "#t+btFtQajsHkMsByflnnYdSUwKbYnlRhV4rVJsoiw2o=" },
	  NOT_FOUND,
	  "TF",
	  "FF",
	  "1" },
	{ ERS "BIN-1_ER.ers",
	  { "#nOrPvuvr+9Pj2QlFxQ3o4Oxzn9iVqadG31KDHNRlgKY=",
	    "#t+btFtQajsHkMsByflnnYdSUwKbYnlRhV4rVJsoiw2o=" },
	  NOT_FOUND,
	  "FF",
	  "FF",
	  "1" },
	{ ERS "BIN-1_ER_malformed.ers",
	  { "<" ERS "BIN-1.bin" },
	  MALFORMED,
	  "",
	  "",
	  "" },
	{ ERS "BIN-2_ER.ers", { "<" ERS "BIN-2.bin" }, GOOD, "T", "F", "2" },
	{ ERS "BIN-3_ER.ers", { "<" ERS "BIN-3.bin" }, GOOD, "T", "F", "21" },
	{ ERS "BIN-4_ER.ers", { "<" ERS "BIN-4.bin" }, GOOD, "T", "F", "21" },
	{ ERS "bsi_gov_vte-lza_002.ers",
	  { "~" ERS "bsi_gov_vte-lza_002.bin" },
	  GOOD,
	  "T",
	  "F",
	  "1" },
	/* Groups, the same object twice, all renewals. */
	{ ERS "er-asn1-full-renewal-duplicated-data.ers",
	  { "=\t" },
	  GOOD,
	  "T",
	  "T",
	  "21" },
	{ ERS "er-asn1-full-renewal.ers", { "=\3" }, GOOD, "T", "F", "21" },
	{ ERS "er-asn1-full-renewal.ers", { "=\3", "=\1" }, GOOD, "TT", "TT", "21" },
	{ ERS "er-asn1-full-renewal-tst-renewal.ers", { "=\3" }, GOOD, "T", "F", "22" },
	{ ERS "er-asn1-full-renewal-two-ats-chain.ers",
	  { "=\3" },
	  GOOD,
	  "T",
	  "F",
	  "211" },
	/* Its third chain renews only the one object: the group is lost there. */
	{ ERS "er-asn1-full-renewal-two-ats-chain.ers",
	  { "=\3", "=\1" },
	  BROKEN,
	  "TF",
	  "TF",
	  "211" },
	{ ERS "er-asn1-full-renewal-three-ats-chain.ers",
	  { "=\3" },
	  GOOD,
	  "T",
	  "F",
	  "2111" },
	{ ERS "er-asn1-one-level-hashtree.ers", { "=\2" }, GOOD, "T", "F", "21" },
	{ ERS "er-asn1-simple.ers", { "=1" }, GOOD, "T", "F", "1" },
	{ ERS "er-asn1-simple.ers", { "=0" }, NOT_FOUND, "F", "F", "1" },
	{ ERS "er-asn1-simple-invalid.ers",
	  { "#nOPX01D5QYQHQ58MoR3MEquffNsV+ezF7Kk1SCYCuHI=",
	    "#7s1NM1LA6WX9iHle39GmDFrAmzwRAMBS67auC9NDKyY=" },
	  BROKEN,
	  "TT",
	  "TT",
	  "1" },
	{ ERS "er-asn1-tst-renewal.ers",
	  { "#nOLX01D5QYQHQ58MoR3MEquffNsV+ezF7Kk1SCYCuHI=",
	    "#7sxNM1LA6WX9iHle39GmDFrAmzwRAMBS67auC9NDKyY=" },
	  GOOD,
	  "TT",
	  "TT",
	  "2" },
	{ ERS "er-asn1-tst-renewal-invalid.ers",
	  { "#nOLX01D5QYQHQ58MoR3MEquffNsV+ezF7Kk1SCYCuHI=",
	    "#7sxNM1LA6WX9iHle39GmDFrAmzwRAMBS67auC9NDKyY=" },
	  BROKEN,
	  "TT",
	  "TT",
	  "2" },
	{ ERS "er-asn1-on-tst.ers", { "<" ERS "d-trust.tsr" }, GOOD, "T", "F", "1" },
	{ ERS "evidencerecord.ers",
	  { "#Oida+g+rN0DmsVgqZOgAex7lYghgYcgQth4CXl5idH0=" },
	  GOOD,
	  "T",
	  "F",
	  "1" },
	{ ERS "evidencerecord.ers",
	  { "#EPRF0uQcTYjnF+PyR1a52z9fXpKZEAUx3d+jQAFfPos=",
	    "#Oida+g+rN0DmsVgqZOgAex7lYghgYcgQth4CXl5idH0=",
	    "#ZAiUg2B6CyVNPSiMgeaR4utRLwD3PPvMMBwXt0r3L7E=",
	    "#go+iO1ByVKxsnCPfTfTkZ9WYK45d52Dc7mrV1lUl6Ho=",
	    "#kG60U/JtBW9QHmxPX2+FH+I3q6FvtwS0G0kE1j6BT4Q=",
	    "#zFMwgPw86LH0Py/DPEAqMA3uqMgatCJe0UwKJxifjD8=" },
	  GOOD,
	  "TTTTTT",
	  "TTTTTT",
	  "1" },
	/* Apart from the signature that they cover. */
	{ CMS "evidence-record-C-B-B-basic.ers",
	  { "<" CMS "C-B-B-basic.p7m" },
	  GOOD,
	  "T",
	  "T",
	  "1" },
	{ CMS "evidence-record-C-B-B-basic-no-hashtree.ers",
	  { "<" CMS "C-B-B-basic.p7m" },
	  GOOD,
	  "T",
	  "T",
	  "1" },
	{ CMS "evidence-record-C-E-ERS.ers",
	  { "<" CMS "C-E-ERS.p7m" },
	  GOOD,
	  "T",
	  "T",
	  "1" },
	{ CMS "evidence-record-Double-C-B-B-basic.ers",
	  { "<" CMS "Double-C-B-B-basic.p7m" },
	  GOOD,
	  "T",
	  "T",
	  "1" },
	{ CMS "evidence-record-Double-C-E-ERS-basic.ers",
	  { "<" CMS "Double-C-E-ERS-basic.p7m" },
	  GOOD,
	  "T",
	  "T",
	  "1" },
	{ CMS "evidence-record-d233a2d9-a257-40dc-bcdb-bf4516b6d1da-broken-tst.ers",
	  { "<" CMS "Signature-C-LT-d233a2d9-a257-40dc-bcdb-bf4516b6d1da.p7m" },
	  BROKEN,
	  "T",
	  "F",
	  "1" },
	/* Their data is not in the corpus in the form that they cover. */
	{ CMS "evidence-record-C-B-B-detached.ers", { NULL }, NOT_FOUND, "", "", "1" },
	{ CMS "evidence-record-C-B-B-detached-no-hashtree.ers",
	  { NULL },
	  NOT_FOUND,
	  "",
	  "",
	  "1" },
	{ CMS "evidence-record-second-Double-C-B-B-basic.ers",
	  { NULL },
	  NOT_FOUND,
	  "",
	  "",
	  "1" },
	{ PDF
	  "evidence-record/evidence-record-7da49953-d837-4f0b-8f38-aa5aa4181e3c.ers",
	  { "<" PDF
	    "evidence-record/Signature-P-B-7da49953-d837-4f0b-8f38-aa5aa4181e3c.pdf" },
	  GOOD,
	  "T",
	  "T",
	  "1" },
	{ PDF
	  "evidence-record/evidence-record-fd1fc7a7-33e5-4a04-8d30-3f1b53fdabd3.ers",
	  { "<" PDF "timestamped_and_signed.pdf" },
	  GOOD,
	  "T",
	  "F",
	  "1" },
	/* Inside the signature that they cover. */
	{ CMS "C-E-ERS-basic.p7m", { NULL }, GOOD, "T", "F", "1" },
	{ CMS "C-E-ERS.p7m", { NULL }, GOOD, "T", "T", "1" },
	{ CMS "C-E-ERS-two-er.p7m", { NULL }, GOOD, "TT", "TT", "1/1" },
	{ CMS "C-E-ERS-parallel-ers.p7m", { NULL }, GOOD, "TT", "TT", "1/1" },
	{ CMS "Double-C-E-ERS.p7m", { NULL }, GOOD, "T", "T", "1" },
	{ CMS "Double-C-E-ERS-basic.p7m", { NULL }, GOOD, "T", "T", "1" },
	{ CMS "C-E-ERS-detached.p7s", { "=Hello World!" }, GOOD, "TT", "TT", "1" },
	{ CMS "C-E-ERS-detached.p7s", { NULL }, NOT_FOUND, "TF", "FF", "1" },
	{ CMS "C-E-ERS-detached.p7s", { "=Hello world!" }, NOT_FOUND, "TF", "FF", "1" },
	{ CMS "C-E-ERS-detached_renewed_hashtree.p7s",
	  { "=Hello World!" },
	  GOOD,
	  "TT",
	  "TT",
	  "21" },
	{ CMS "C-E-ERS-detached_renewed_hashtree_invalid.p7s",
	  { "=Hello World!" },
	  BROKEN,
	  "TF",
	  "TF",
	  "21" },
	{ CMS "Double-C-E-ERS-detached_hashtree_renewal.p7m",
	  { "=Hello World !!!" },
	  GOOD,
	  "TT",
	  "TT",
	  "21" },
	{ CMS "C-B-B-basic.p7m", { NULL }, NONE, "", "", "" },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

struct given {
	struct ers_object objects[OBJECTS_MAX];
	struct buf data[OBJECTS_MAX];
	struct digest digests[OBJECTS_MAX];
	size_t n;
};

static struct buf read_crlf(const char *path)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf in = corpus_read(path);
	struct buf out = buf_make(MAKE_MAX);
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\n')
			cr_assert_eq(buf_put_byte(&out, '\r', &err), 0);
		cr_assert_eq(buf_put_byte(&out, in.p[i], &err), 0);
	}
	buf_free(&in);
	return out;
}

static void give_digest(struct given *g, const char *base64)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest *d = &g->digests[g->n];
	struct buf value = buf_make(DIGEST_MAX);
	cr_assert_eq(b64_decode(view_text(base64), false, &value, &err), 0);
	cr_assert_eq(value.n, 32);
	d->alg = DIGEST_SHA256;
	d->n = value.n;
	memcpy(d->p, value.p, value.n);
	g->objects[g->n].digests = d;
	g->objects[g->n].n_digests = 1;
	buf_free(&value);
}

static void give(struct given *g, const char *object)
{
	struct ers_object *o = &g->objects[g->n];
	o->name = object;
	if (object[0] == '#') {
		give_digest(g, object + 1);
	} else {
		g->data[g->n] = object[0] == '<'   ? corpus_read(object + 1)
				: object[0] == '~' ? read_crlf(object + 1)
						   : make_copy(view_text(object + 1));
		o->has_data = true;
		o->data = view_buf(&g->data[g->n]);
	}
	g->n++;
}

static void give_back(struct given *g)
{
	for (size_t i = 0; i < g->n; i++)
		buf_free(&g->data[i]);
}

/* T and F of all records, and their shapes joined by '/'. */
struct seen {
	char covered[32], group[32], shape[64];
};

static void put_char(char *text, char c)
{
	size_t n = strlen(text);
	text[n] = c;
	text[n + 1] = '\0';
}

static void see(const struct ers_report *r, struct seen *seen)
{
	for (size_t i = 0; i < r->n_covers; i++) {
		put_char(seen->covered, r->covers[i].covered ? 'T' : 'F');
		put_char(seen->group, r->covers[i].group_complete ? 'T' : 'F');
	}
	if (seen->shape[0] != '\0')
		put_char(seen->shape, '/');
	for (size_t c = 0; c < r->n_chains; c++)
		put_char(seen->shape, (char)('0' + r->chains[c].n));
}

/* Every signature holds, in the broken ones too; imprints where they say so. */
static void check_stamps(const struct row *row, const struct ers_report *r)
{
	for (size_t c = 0; c < r->n_chains; c++)
		for (size_t s = 0; s < r->chains[c].n; s++) {
			const struct ers_stamp_report *stamp = &r->chains[c].stamps[s];
			cr_assert(stamp->signature_intact, "%s: %s", row->file,
				  stamp->text);
			if (row->verdict != BROKEN)
				cr_assert(stamp->imprint_intact, "%s", row->file);
		}
}

static void check_outcome(const struct row *row, const struct ers_report *r)
{
	const char *expected = row->verdict == GOOD ? "NO_CERTIFICATE_CHAIN_FOUND"
			       : row->verdict == NOT_FOUND ? "SIGNED_DATA_NOT_FOUND"
							   : "HASH_FAILURE";
	cr_assert_eq(r->intact, row->verdict != BROKEN, "%s", row->file);
	cr_assert_eq(r->indication,
		     row->verdict == BROKEN ? INDICATION_FAILED
					    : INDICATION_INDETERMINATE,
		     "%s", row->file);
	cr_assert_str_eq(r->subindication, expected, "%s", row->file);
}

static void check_reports(const struct row *row, const struct evidence_reports *reports)
{
	struct seen seen = { "", "", "" };
	for (size_t i = 0; i < reports->n; i++) {
		see(reports->r[i], &seen);
		check_outcome(row, reports->r[i]);
		check_stamps(row, reports->r[i]);
	}
	cr_assert_eq(reports->n == 0, row->verdict == NONE, "%s", row->file);
	cr_assert_str_eq(seen.covered, row->covered, "%s", row->file);
	cr_assert_str_eq(seen.group, row->group, "%s", row->file);
	cr_assert_str_eq(seen.shape, row->shape, "%s", row->file);
}

static void run_row(const struct row *row)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct given given = { .n = 0 };
	struct evidence_reports reports = { .n = 0 };
	struct buf file = corpus_read(row->file);
	struct ers_input in = { .objects = given.objects, .time_ms = NOW_MS };
	int rc;

	for (size_t i = 0; i < OBJECTS_MAX && row->objects[i] != NULL; i++)
		give(&given, row->objects[i]);
	in.n_objects = given.n;
	rc = evidence_judge(view_buf(&file), &in, &reports, &err);
	if (row->verdict == MALFORMED) {
		cr_assert_eq(rc, -1, "%s", row->file);
		cr_assert_eq(err.code, LTPS_FORMAT, "%s", row->file);
	} else {
		cr_assert_eq(rc, 0, "%s: %s", row->file, err.text);
		check_reports(row, &reports);
	}
	evidence_reports_clear(&reports);
	give_back(&given);
	buf_free(&file);
}

static bool is_listed(const char *path)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (strcmp(rows[i].file, path) == 0)
			return true;
	return false;
}

static void visit(const char *path, struct view bytes, void *arg)
{
	size_t n = strlen(path);
	(void)bytes;
	(void)arg;
	if ((n > 4 && strcmp(path + n - 4, ".ers") == 0) ||
	    (n > 3 && strcmp(path + n - 3, ".er") == 0))
		cr_assert(is_listed(path), "%s has no row here", path);
}

Test(ers_corpus, every_record_has_the_expected_outcome)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not here");
	for (size_t i = 0; i < N_ROWS; i++)
		run_row(&rows[i]);
}

Test(ers_corpus, no_record_of_the_corpus_is_left_out)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not here");
	corpus_walk("ers/rfc4998", visit, NULL);
	corpus_walk("cades/validation/evidence-record", visit, NULL);
	corpus_walk("pades/validation/evidence-record", visit, NULL);
}

/* In BIN-1_ER.ers: the reduced hash tree, and the TSTInfo that is signed. */
static const struct {
	size_t from, to;
} protected_octets[] = { { 51, 159 }, { 223, 497 } };

static bool stays_good(struct view record, struct view data)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ers_object object = { .name = "x", .has_data = true, .data = data };
	struct ers_input in = { .objects = &object, .n_objects = 1, .time_ms = NOW_MS };
	struct ers_report *r = NULL;
	bool good =
	    ers_verify(record, &in, &r, &err) == 0 && r->intact && r->covers[0].covered;
	ers_report_free(r);
	return good;
}

Test(ers_corpus, no_changed_octet_of_the_tree_or_the_time_passes)
{
	struct buf file, data;

	if (!corpus_present())
		cr_skip_test("the corpus is not here");
	file = corpus_read(ERS "BIN-1_ER.ers");
	data = corpus_read(ERS "BIN-1.bin");
	cr_assert(stays_good(view_buf(&file), view_buf(&data)));
	for (size_t k = 0; k < 2; k++)
		for (size_t i = protected_octets[k].from; i < protected_octets[k].to;
		     i++) {
			file.p[i] ^= 0x01;
			cr_assert_not(stays_good(view_buf(&file), view_buf(&data)),
				      "octet %zu", i);
			file.p[i] ^= 0x01;
		}
	buf_free(&data);
	buf_free(&file);
}
