/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real CAdES files: what is read of each, pinned; and the facts that others recorded
 * about them (expected.tsv), with the places where we differ and why.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/corpus.h"
#include "validation/document.h"

#define DIR "cades/validation/"
#define ER DIR "evidence-record/"
#define DSS(n) DIR "dss-" n "/"

/*
 * content: NULL none or attached; "=text"; a path. signatures: of each a match of
 * message-digest (+ - ?) and the level of its structure (n B T L A). stamps: of each
 * its kind (c content, s signature, v validation data, 2 and 3 archive, d document),
 * its imprint (+ - ?), of version 3 its index; ! one that does not decode.
 */
struct row {
	const char *file;
	const char *content;
	const char *signatures;
	const char *stamps;
	size_t records;
	const char *profile; /* of the first signature */
};

static const struct row rows[] = {
	{ DIR "Signature-C-A-XL-1.p7m", NULL, "+T", "s+v+3++", 0, "CAdES-A" },
	{ DIR "Signature-C-DE_CRY-3.p7m", NULL, "+B", "s!", 0, "CAdES-BASELINE-B" },
	{ DIR "Signature-C-X-1.p7m", NULL, "+T", "v+s+", 0, "CAdES-X" },
	{ DIR "Signature-CBp-B-1.p7m", NULL, "+B", "", 0, "CAdES-BASELINE-B" },
	{ DIR "Signature-CBp-LT-2.p7m", NULL, "+L", "s+", 0, "CAdES-BASELINE-LT" },
	{ DIR "cades-ats-v3-rev-val-crl.p7s", DSS("1469") "screenshot2.png", "+T",
	  "3++2+s+", 0, "CAdES-A" },
	{ DIR "cades-ats-v3-rev-val-ocsp.p7s", NULL, "+T", "3+-2+s+", 0, "CAdES-A" },
	{ DIR "cades-ats-v3-wrong-crl.p7s", DSS("1469") "screenshot2.png", "+T",
	  "3+-2+s+", 0, "CAdES-A" },
	{ DIR "cades-b-copied-cnttst.p7m", NULL, "+B", "c+c+", 0, "CAdES-BASELINE-B" },
	{ DIR "cades-bes-signeddata-detached.p7s", "=Hello World", "+n", "", 0,
	  "CAdES-BES" },
	{ DIR "cades-broken-sig-tst-and-ats-v3.cms", NULL, "+A", "s+3++", 0,
	  "CAdES-BASELINE-LTA" },
	{ DIR "cades-dss1956.p7m", NULL, "+L", "s+3--", 0, "CAdES-BASELINE-LT" },
	{ DIR "cades-dss1997.p7m", NULL, "+T", "s+v+3+-", 0, "CAdES-A" },
	{ DIR "cades-extended-bes.pkcs7", NULL, "+n", "", 0, "CAdES-BES" },
	{ DIR "cades-extended-epes-sig-pol-store.pkcs7", NULL, "+n", "", 0,
	  "CAdES-EPES" },
	{ DIR "cades-extended-epes.pkcs7", NULL, "+n", "", 0, "CAdES-EPES" },
	{ DIR "cades-invalid-ocsp-responses-encoding.p7s", NULL, "?L", "s+", 0,
	  "CAdES-BASELINE-LT" },
	{ DIR "cades-lta-copied-atst.p7m", NULL, "+L", "3--s+", 0,
	  "CAdES-BASELINE-LT" },
	{ DIR "cades-lta-duplicated-atst.p7m", NULL, "+A", "s+3++3++", 0,
	  "CAdES-BASELINE-LTA" },
	{ DIR "cades-t-copied-sigtst.p7m", NULL, "+B", "c+s-", 0, "CAdES-BASELINE-B" },
	{ DIR "cades-t-duplicated-sigtst.p7m", NULL, "+T", "s+s+", 0,
	  "CAdES-BASELINE-T" },
	{ DIR "cades-two-sig-copied-tst.p7m", NULL, "+B+B", "c+c+", 0,
	  "CAdES-BASELINE-B" },
	{ DIR "cades_signeddata_extended_after_lta.p7m", NULL, "+A", "s+3++3++", 0,
	  "CAdES-BASELINE-LTA" },
	{ DIR "cms-no-sign-cert.p7m", NULL, "+n", "", 0, "CMS" },
	{ DIR "cms-wrong-sign-cert-hash-algo.pkcs7", NULL, "+n", "", 0, "CMS" },
	{ DIR "cms-wrong-sign-cert-ref.p7m", NULL, "+L", "s+", 0, "CAdES-BASELINE-LT" },
	{ DIR "counterSig.p7m", NULL, "+n+n", "s+s+", 0, "CAdES-T" },
	{ DIR "d-trust.tsr", NULL, "", "d?", 0, NULL },
	{ DSS("1220") "CAdES-BpLTA_modified_ats_hash_element.p7m", NULL, "+L", "s+3--",
	  0, "CAdES-BASELINE-LT" },
	{ DSS("1220") "CAdES-BpLTA_removed_ocsp.p7m", NULL, "+L", "s+3+-", 0,
	  "CAdES-BASELINE-LT" },
	{ DSS("1220") "CAdES-BpT_modified_ts_hash.p7m", NULL, "+B", "s-", 0,
	  "CAdES-BASELINE-B" },
	{ DSS("1344") "screenshot.png.signed_qes_detached.p7s",
	  DSS("1344") "screenshot.png", "+T", "2+s+", 0, "CAdES-A" },
	{ DSS("1401") "sig_with_atsv2.p7s", NULL, "+T", "s+2+", 0, "CAdES-A" },
	{ DSS("1419") "CAdES-BpB-att-SHA256-SHA3_256withRSA.p7m", NULL, "+B", "", 0,
	  "CAdES-BASELINE-B" },
	{ DSS("1419") "CAdES-BpB-att-SHA256-SHA3_256withRSAandMGF1.p7m", NULL, "+B", "",
	  0, "CAdES-BASELINE-B" },
	{ DSS("1419") "CAdES-BpB-att-SHA256-SHA512withRSA.p7m", NULL, "+B", "", 0,
	  "CAdES-BASELINE-B" },
	{ DSS("1419") "CAdES-BpB-att-SHA3_224-SHA3_224withRSA.p7m", NULL, "+B", "", 0,
	  "CAdES-BASELINE-B" },
	{ DSS("1419") "CAdES-BpB-att-SHA3_256-SHA256withRSA.p7m", NULL, "+B", "", 0,
	  "CAdES-BASELINE-B" },
	{ DSS("1419") "CAdES-BpB-att-SHA3_384-SHA256withRSA.p7m", NULL, "+B", "", 0,
	  "CAdES-BASELINE-B" },
	{ DSS("1419") "CAdES-BpB-att-SHA3_512-SHA3_512withRSA.p7m", NULL, "+B", "", 0,
	  "CAdES-BASELINE-B" },
	{ DSS("1469") "cadesLTAwithATv2.sig", DSS("1469") "screenshot2.png", "+T",
	  "2+s+", 0, "CAdES-A" },
	{ DSS("1892") "detached_with_counter_sig.p7m", DSS("1892") "signed_content.bin",
	  "+T+T", "s+s+", 0, "CAdES-BASELINE-T" },
	{ DSS("2011") "cades-tstv2-detached.p7s", "=aaa", "+T", "s+2+", 0, "CAdES-A" },
	{ DSS("667") "BER_reordered_prova.txt.p7m", NULL, "+B", "", 0,
	  "CAdES-BASELINE-B" },
	{ DSS("667") "DER_reordered_prova.txt.p7m", NULL, "+B", "", 0,
	  "CAdES-BASELINE-B" },
	{ DSS("728") "CADES-B-DETACHED-withpolicy1586434883385020407.cades",
	  DSS("728") "InfoSelladoTiempo.pdf", "-B", "", 0, "CAdES-BASELINE-B" },
	{ DIR "dss2059.p7s", NULL, "+T", "2+s+", 0, "CAdES-A" },
	{ ER "C-B-B-basic-der.p7m", NULL, "+B", "", 0, "CAdES-BASELINE-B" },
	{ ER "C-B-B-basic.p7m", NULL, "+B", "", 0, "CAdES-BASELINE-B" },
	{ ER "C-E-ERS-basic.p7m", NULL, "+B", "", 1, "CAdES-BASELINE-B" },
	{ ER "C-E-ERS-detached.p7s", "=Hello World!", "+L", "s+", 1, "CAdES-ERS" },
	{ ER "C-E-ERS-detached_renewed_hashtree.p7s", "=Hello World!", "+L", "s+", 1,
	  "CAdES-ERS" },
	{ ER "C-E-ERS-detached_renewed_hashtree_invalid.p7s", "=Hello World!", "+L",
	  "s+", 1, "CAdES-ERS" },
	{ ER "C-E-ERS-parallel-ers.p7m", NULL, "+L", "s+", 2, "CAdES-ERS" },
	{ ER "C-E-ERS-two-er.p7m", NULL, "+L", "s+", 2, "CAdES-ERS" },
	{ ER "C-E-ERS.p7m", NULL, "+L", "s+", 1, "CAdES-ERS" },
	{ ER "Double-C-B-B-basic.p7m", NULL, "+B+B", "", 0, "CAdES-BASELINE-B" },
	{ ER "Double-C-E-ERS-basic.p7m", NULL, "+B+B", "", 1, "CAdES-BASELINE-B" },
	{ ER "Double-C-E-ERS-detached_hashtree_renewal.p7m", "=Hello World !!!", "+L+L",
	  "s+s+", 1, "CAdES-ERS" },
	{ ER "Double-C-E-ERS.p7m", NULL, "+L+L", "s+s+", 1, "CAdES-ERS" },
	{ ER "Signature-C-LT-d233a2d9-a257-40dc-bcdb-bf4516b6d1da.p7m", NULL, "+L",
	  "c+s+", 0, "CAdES-BASELINE-LT" },
	{ DIR "no-key-info-cert.pkcs7", NULL, "+n", "", 0, "CAdES-BES" },
	{ DIR "wrongContentHints.p7m", NULL, "+B+B", "", 0, "CAdES-BASELINE-B" },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

struct opened {
	struct buf file, octets;
	struct content content;
	struct document *d;
};

static void open_row(const char *file, const char *content, struct opened *o)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct content *given = NULL;

	*o = (struct opened){ .file = corpus_read(file) };
	if (content != NULL) {
		if (content[0] != '=')
			o->octets = corpus_read(content);
		o->content = content_of(content[0] == '=' ? view_text(content + 1)
							  : view_buf(&o->octets));
		given = &o->content;
	}
	cr_assert_eq(document_read(view_buf(&o->file), given, &o->d, &err), 0, "%s: %s",
		     file, err.text);
}

static void close_row(struct opened *o)
{
	document_free(o->d);
	buf_free(&o->file);
	buf_free(&o->octets);
}

static char letter(enum document_match m)
{
	return m == MATCH_YES ? '+' : m == MATCH_NO ? '-' : '?';
}

static void describe_signatures(const struct document *d, char *out)
{
	for (size_t i = 0; i < d->n_signatures; i++) {
		const struct document_signature *s = &d->signatures[i];
		*out++ = s->n_references > 0 ? letter(s->references[0].match) : '0';
		*out++ = "nBTLA"[s->structure];
	}
	*out = '\0';
}

static void describe_stamps(const struct document *d, char *out)
{
	for (size_t i = 0; i < d->n_stamps; i++) {
		const struct document_stamp *st = &d->stamps[i];
		char kind = "csv2d"[st->type];
		*out++ = st->is_archive_v3 ? '3' : kind;
		*out++ = st->tst == NULL ? '!' : letter(st->imprint);
		if (st->is_archive_v3)
			*out++ = letter(st->index);
	}
	*out = '\0';
}

static void check_row(const struct row *r)
{
	char signatures[64], stamps[64];
	struct opened o;

	open_row(r->file, r->content, &o);
	describe_signatures(o.d, signatures);
	describe_stamps(o.d, stamps);
	cr_expect_str_eq(signatures, r->signatures, "%s: signatures %s, not %s",
			 r->file, signatures, r->signatures);
	cr_expect_str_eq(stamps, r->stamps, "%s: time-stamps %s, not %s", r->file,
			 stamps, r->stamps);
	cr_expect_eq(o.d->n_records, r->records, "%s", r->file);
	if (o.d->n_signatures > 0)
		cr_expect_str_eq(o.d->signatures[0].profile, r->profile, "%s: %s",
				 r->file, o.d->signatures[0].profile);
	for (size_t i = 0; i < o.d->n_signatures; i++)
		cr_expect_str_eq(o.d->signatures[i].defect, "", "%s", r->file);
	close_row(&o);
}

Test(document_corpus, each_file_is_read_as_pinned)
{
	if (!corpus_present())
		cr_skip_test("no corpus beside the source tree");
	for (size_t i = 0; i < N_ROWS; i++)
		check_row(&rows[i]);
}

/* Reading twice gives the same names and the same proofs. */
Test(document_corpus, reading_is_deterministic)
{
	if (!corpus_present())
		cr_skip_test("no corpus beside the source tree");
	for (size_t i = 0; i < N_ROWS; i++) {
		struct opened a, b;
		open_row(rows[i].file, rows[i].content, &a);
		open_row(rows[i].file, rows[i].content, &b);
		cr_assert_eq(a.d->n_all_covers, b.d->n_all_covers);
		for (size_t k = 0; k < a.d->n_all_covers; k++) {
			const struct document_cover *x = &a.d->all_covers[k];
			const struct document_cover *y = &b.d->all_covers[k];
			cr_assert(x->kind == y->kind && x->by == y->by &&
				  memcmp(x->sha256, y->sha256, 32) == 0);
		}
		for (size_t k = 0; k < a.d->n_stamps; k++)
			cr_assert_str_eq(a.d->stamps[k].id, b.d->stamps[k].id);
		close_row(&a);
		close_row(&b);
	}
}

/* ---- what others recorded ---- */

enum column { COL_FILE, COL_NSIG = 3, COL_LEVEL = 4, COL_NTST = 5, COL_NOTE = 14 };
#define COLUMNS 17

/* Where we name or count otherwise: ours, and the clause that it rests on. */
static const struct {
	const char *file;
	const char *level; /* ours */
	const char *why;
} differing[] = {
	/* Values, references and a fitting archive time-stamp: RFC 5126 4.4.4 and EN
	 * 319 122-2 ask for no CAdES-C time-stamp below. (Another file with these very
	 * attributes, dss-1401, is recorded as CAdES_A.) */
	{ DIR "cades-ats-v3-rev-val-crl.p7s", "CAdES-A", "RFC 5126 4.4.4" },
	{ DIR "cades-ats-v3-rev-val-ocsp.p7s", "CAdES-A", "RFC 5126 4.4.4" },
	{ DIR "cades-ats-v3-wrong-crl.p7s", "CAdES-A", "RFC 5126 4.4.4" },
	{ DSS("1344") "screenshot.png.signed_qes_detached.p7s", "CAdES-A",
	  "RFC 5126 4.4.4" },
	{ DSS("1469") "cadesLTAwithATv2.sig", "CAdES-A", "RFC 5126 4.4.4" },
	/* The only archive time-stamp is a copied signature-time-stamp: no hash index,
	 * another imprint. */
	{ DIR "cades-lta-copied-atst.p7m", "CAdES-BASELINE-LT", "EN 319 122-1 5.5.3" },
	/* The only signature-time-stamp is a copied content-time-stamp. */
	{ DIR "cades-t-copied-sigtst.p7m", "CAdES-BASELINE-B", "EN 319 122-1 5.3" },
};

static const char *ours(const char *file)
{
	for (size_t i = 0; i < sizeof(differing) / sizeof(differing[0]); i++) {
		if (strcmp(differing[i].file, file) == 0)
			return differing[i].level;
	}
	return NULL;
}

/* "CAdES_BASELINE_LTA" as our "CAdES-BASELINE-LTA". */
static void our_name(const char *recorded, char out[64])
{
	size_t n = strlen(recorded);

	cr_assert_lt(n, 64);
	for (size_t i = 0; i <= n; i++)
		out[i] = recorded[i] == '_' ? '-' : recorded[i];
	if (strcmp(out, "CMS-NOT-ETSI") == 0)
		memcpy(out, "CMS", 4);
}

/* Splits in place. */
static size_t split(char *line, char *fields[COLUMNS])
{
	size_t n = 0;

	for (char *p = line; p != NULL && n < COLUMNS; n++) {
		fields[n] = p;
		p = strchr(p, '\t');
		if (p != NULL)
			*p++ = '\0';
	}
	return n;
}

static const struct row *row_of(const char *file)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		if (strcmp(rows[i].file, file) == 0)
			return &rows[i];
	}
	return NULL;
}

/* Without those of countersignatures, which are not in the records. */
static size_t count_outer(const struct document *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_stamps; i++) {
		int s = d->stamps[i].signature;
		n += s < 0 || d->signatures[s].role == ROLE_SIGNATURE;
	}
	return n;
}

static void check_record(char *fields[COLUMNS], size_t *checked)
{
	const struct row *r = row_of(fields[COL_FILE]);
	const char *level = ours(fields[COL_FILE]);
	char name[64];
	struct opened o;

	/* Facts about a file made from this one, or about another kind of file. */
	if (r == NULL || strncmp(fields[COL_NOTE], "POST-EXTENSION", 14) == 0)
		return;
	open_row(r->file, r->content, &o);
	if (fields[COL_NSIG][0] != '\0')
		cr_expect_eq(o.d->n_signatures, strtoul(fields[COL_NSIG], NULL, 10),
			     "%s", r->file);
	/* Time-stamps of evidence records are counted there, not here. */
	if (fields[COL_NTST][0] != '\0' && o.d->n_records == 0)
		cr_expect_eq(count_outer(o.d), strtoul(fields[COL_NTST], NULL, 10),
			     "%s", r->file);
	if (fields[COL_LEVEL][0] != '\0') {
		our_name(fields[COL_LEVEL], name);
		cr_expect_str_eq(o.d->signatures[0].profile,
				 level != NULL ? level : name, "%s", r->file);
		cr_expect(level == NULL || strcmp(level, name) != 0,
			  "%s no longer differs", r->file);
	}
	++*checked;
	close_row(&o);
}

Test(document_corpus, recorded_facts_agree)
{
	if (!corpus_present())
		cr_skip_test("no corpus beside the source tree");
	struct buf tsv = corpus_read("expected.tsv");
	struct ltps_error err = LTPS_ERROR_INIT;
	char *fields[COLUMNS], *line, *next;
	size_t checked = 0;

	cr_assert_eq(buf_put_byte(&tsv, 0, &err), 0);
	for (line = (char *)tsv.p; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (strncmp(line, "cades/", 6) == 0 && split(line, fields) == COLUMNS)
			check_record(fields, &checked);
	}
	cr_assert_gt(checked, 60);
	buf_free(&tsv);
}
