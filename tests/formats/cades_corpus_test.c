/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every time-stamp of the corpus: which reading of what it covers has its imprint, and
 * whether each entry of its hash index stands for something in the file.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/cades.h"
#include "tests/support/corpus.h"

#define FOLDER "cades/validation/"

/* ---- the little of a token that is needed here ---- */

struct token {
	struct cms *cms;
	int64_t gen_time_ms;
	enum digest_alg alg;
	struct view imprint;
};

static bool token_read(struct view in, struct token *t)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv info, e, part, alg, oid;

	*t = (struct token){ .gen_time_ms = INT64_MIN };
	if (cms_parse(in, &t->cms, &err) != 0 ||
	    tlv_only(t->cms->content, &info, &err) != 0)
		return false;
	struct view c = info.body;
	if (tlv_next(&c, &e, &err) != 0 || tlv_next(&c, &e, &err) != 0 ||
	    tlv_next(&c, &e, &err) != 0)
		return false;
	struct view m = e.body;
	if (tlv_next(&m, &alg, &err) != 0 || tlv_next(&m, &part, &err) != 0 ||
	    tlv_peek(alg.body, &oid, &err) != 0)
		return false;
	t->alg = digest_from_oid(oid.body);
	t->imprint = part.body;
	return tlv_next(&c, &e, &err) == 0 && tlv_next(&c, &e, &err) == 0 &&
	       tlv_time(&e, &t->gen_time_ms, &err) == 0;
}

/* ---- one file as a line of text ---- */

struct reader {
	struct cms *cms;
	const struct cms_signer *signer;
	struct content *content;
	struct cades_stamp *stamps;
	int64_t *times;
	struct token *tokens;
	size_t n;
	struct buf line;
};

static void say(struct reader *r, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_put_text(&r->line, text, &err), 0);
}

/* '=' as stored, 'd' in DER, 'n' without tag, '?' not checkable, '!' no reading fits */
static char reading_of(struct reader *r, size_t i, const struct cades_index *index)
{
	static const char marks[] = "=dno";
	bool any = false;

	for (int reading = 0; reading < CADES_READING_COUNT; reading++) {
		struct cades_imprint_input in = { r->cms,
						  r->signer,
						  r->stamps,
						  r->times,
						  r->n,
						  i,
						  index,
						  r->content,
						  r->tokens[i].alg,
						  (enum cades_reading)reading };
		struct ltps_error err = LTPS_ERROR_INIT;
		struct digest d;
		bool possible = false;
		cr_assert_eq(cades_imprint(&in, &possible, &d, &err), 0, "%s",
			     err.text);
		any = any || possible;
		if (possible && view_equal(digest_view(&d), r->tokens[i].imprint))
			return marks[reading];
	}
	return any ? '!' : '?';
}

static void say_stamp(struct reader *r, size_t i)
{
	static const char *const names[] = { "content", "sig", "C",  "refs",
					     "v1",      "v2",  "v3", "lt" };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cades_index index = { 0 };
	struct cades_index_match m = { 0 };
	char text[64];
	bool v3 = r->stamps[i].kind == CADES_STAMP_ARCHIVE_V3;

	if (r->times[i] == INT64_MIN) {
		say(r, " broken");
		return;
	}
	if (v3 && cades_index_parse(&r->tokens[i].cms->signers[0], &index, &err) != 0) {
		say(r, " v3-without-index");
		return;
	}
	snprintf(text, sizeof(text), " %s%c", names[r->stamps[i].kind],
		 reading_of(r, i, v3 ? &index : NULL));
	say(r, text);
	if (v3) {
		cr_assert_eq(cades_index_match(r->cms, r->signer, &index, &m, &err), 0);
		snprintf(text, sizeof(text), "i%u-%zu-%zu", index.version, m.unmatched,
			 m.outside);
		say(r, text);
	}
	cades_index_match_clear(&m);
	cades_index_clear(&index);
}

static void say_signer(struct reader *r)
{
	struct ltps_error err = LTPS_ERROR_INIT;

	r->stamps = NULL;
	r->n = 0;
	if (cades_stamps(r->signer, &r->stamps, &r->n, &err) != 0) {
		say(r, " unreadable");
		return;
	}
	r->times = mem_zalloc(r->n, sizeof(r->times[0]));
	r->tokens = mem_zalloc(r->n, sizeof(r->tokens[0]));
	cr_assert(r->times != NULL && r->tokens != NULL);
	for (size_t i = 0; i < r->n; i++) {
		token_read(r->stamps[i].token, &r->tokens[i]);
		r->times[i] = r->tokens[i].gen_time_ms;
	}
	for (size_t i = 0; i < r->n; i++)
		say_stamp(r, i);
	for (size_t i = 0; i < r->n; i++)
		cms_free(r->tokens[i].cms);
	mem_free(r->tokens);
	mem_free(r->times);
	mem_free(r->stamps);
}

/* What the file says: NULL when it is no CMS; freed by the caller. */
static char *describe(struct view file, struct content *detached)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct reader r = { .line = buf_make(4096) };
	const char *text = NULL;

	if (cms_parse(file, &r.cms, &err) != 0)
		return NULL;
	struct content attached = content_of(r.cms->content);
	r.content = r.cms->has_content ? &attached : detached;
	for (size_t i = 0; i < r.cms->n_signers; i++) {
		r.signer = &r.cms->signers[i];
		if (i > 0)
			say(&r, " /");
		say_signer(&r);
	}
	cms_free(r.cms);
	cr_assert_eq(buf_text(&r.line, &text, &err), 0);
	char *copy = mem_dup_text(r.line.n > 0 ? text + 1 : "");
	buf_free(&r.line);
	return copy;
}

/* ---- the facts ---- */

static const struct fact {
	const char *file;
	const char *content; /* below the corpus; '=' then literal bytes; NULL: none */
	const char *stamps;
} facts[] = {
	{ "Signature-C-A-XL-1.p7m", NULL, "sig= C= v3=i1-0-0" },
	{ "Signature-C-DE_CRY-3.p7m", NULL, "broken" },
	{ "Signature-C-X-1.p7m", NULL, "Co sig=" },
	{ "Signature-CBp-LT-2.p7m", NULL, "sig=" },
	{ "cades-ats-v3-rev-val-crl.p7s", "cades/validation/dss-1469/screenshot2.png",
	  "v3=i3-0-1 v2= sig=" },
	{ "cades-ats-v3-rev-val-ocsp.p7s", NULL, "v3=i3-1-0 v2= sig=" },
	{ "cades-ats-v3-wrong-crl.p7s", "cades/validation/dss-1469/screenshot2.png",
	  "v3=i3-1-0 v2= sig=" },
	{ "cades-b-copied-cnttst.p7m", NULL, "content= content=" },
	{ "cades-bes-signeddata-detached.p7s", "=Hello World", "" },
	{ "cades-broken-sig-tst-and-ats-v3.cms", NULL, "sig= v3=i3-0-1" },
	{ "cades-dss1956.p7m", NULL, "sig= v3-without-index" },
	{ "cades-dss1997.p7m", NULL, "sig= C= v3=i1-1-0" },
	{ "cades-invalid-ocsp-responses-encoding.p7s", NULL, "sig=" },
	{ "cades-lta-copied-atst.p7m", NULL, "v3-without-index sig=" },
	{ "cades-lta-duplicated-atst.p7m", NULL, "sig= v3=i3-0-0 v3=i3-0-0" },
	{ "cades-t-copied-sigtst.p7m", NULL, "content= sig!" },
	{ "cades-t-duplicated-sigtst.p7m", NULL, "sig= sig=" },
	{ "cades-two-sig-copied-tst.p7m", NULL, "content= / content=" },
	{ "cades_signeddata_extended_after_lta.p7m", NULL, "sig= v3=i1-0-0 v3=i1-0-0" },
	{ "cms-wrong-sign-cert-ref.p7m", NULL, "sig=" },
	{ "counterSig.p7m", NULL, "sig=" },
	{ "dss-1220/CAdES-BpLTA_modified_ats_hash_element.p7m", NULL,
	  "sig= v3!i1-1-0" },
	{ "dss-1220/CAdES-BpLTA_removed_ocsp.p7m", NULL, "sig= v3=i1-1-0" },
	{ "dss-1220/CAdES-BpT_modified_ts_hash.p7m", NULL, "sig!" },
	{ "dss-1344/screenshot.png.signed_qes_detached.p7s",
	  "cades/validation/dss-1344/screenshot.png", "v2= sig=" },
	{ "dss-1401/sig_with_atsv2.p7s", NULL, "sig= v2n" },
	{ "dss-1469/cadesLTAwithATv2.sig", "cades/validation/dss-1469/screenshot2.png",
	  "v2= sig=" },
	{ "dss-1892/detached_with_counter_sig.p7m",
	  "cades/validation/dss-1892/signed_content.bin", "sig=" },
	{ "dss-2011/cades-tstv2-detached.p7s", "=aaa", "sig= v2n" },
	{ "dss-728/CADES-B-DETACHED-withpolicy1586434883385020407.cades",
	  "cades/validation/dss-728/InfoSelladoTiempo.pdf", "" },
	{ "dss2059.p7s", NULL, "v2= sig=" },
	{ "evidence-record/C-E-ERS-detached.p7s", "=Hello World!", "sig=" },
	{ "evidence-record/C-E-ERS-detached_renewed_hashtree.p7s", "=Hello World!",
	  "sig=" },
	{ "evidence-record/C-E-ERS-detached_renewed_hashtree_invalid.p7s",
	  "=Hello World!", "sig=" },
	{ "evidence-record/C-E-ERS-parallel-ers.p7m", NULL, "sig=" },
	{ "evidence-record/C-E-ERS-two-er.p7m", NULL, "sig=" },
	{ "evidence-record/C-E-ERS.p7m", NULL, "sig=" },
	{ "evidence-record/Double-C-E-ERS-detached_hashtree_renewal.p7m",
	  "=Hello World !!!", "sig= / sig=" },
	{ "evidence-record/Double-C-E-ERS.p7m", NULL, "sig= / sig=" },
	{ "evidence-record/Signature-C-LT-d233a2d9-a257-40dc-bcdb-bf4516b6d1da.p7m",
	  NULL, "content= sig=" },
};

static const struct fact *fact_of(const char *path)
{
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (strcmp(facts[i].file, path + strlen(FOLDER)) == 0)
			return &facts[i];
	}
	return NULL;
}

static void check_file(const char *path, struct view bytes, void *arg)
{
	const struct fact *f = fact_of(path);
	struct buf octets = buf_make(0);
	struct content content = { 0 };
	size_t *n = arg;

	if (f != NULL && f->content != NULL && f->content[0] == '=') {
		content = content_of(view_text(f->content + 1));
	} else if (f != NULL && f->content != NULL) {
		octets = corpus_read(f->content);
		content = content_of(view_buf(&octets));
	}
	char *found = describe(bytes, &content);
	/* A file without time-stamps says at most that it has several signers. */
	if (f != NULL || (found != NULL && strpbrk(found, "=!?dnobv") != NULL))
		cr_expect_str_eq(found != NULL ? found : "", f != NULL ? f->stamps : "",
				 "%s", path);
	*n += f != NULL && found != NULL;
	mem_free(found);
	buf_free(&octets);
}

Test(cades_corpus, imprints_and_indexes_of_real_files_are_as_known)
{
	size_t n = 0;

	if (!corpus_present())
		cr_skip("no corpus");
	corpus_walk("cades/validation", check_file, &n);
	cr_expect_eq(n, sizeof(facts) / sizeof(facts[0]));
}
