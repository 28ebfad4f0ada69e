/* SPDX-License-Identifier: Apache-2.0 */
/* digest_list - both forms of it, right and wrong. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/digest_list.h"
#include "tests/support/corpus.h"

static struct ltp_result refusal;

static enum ltp_minor digest_list(const char *text, struct ltp_digest_list *list)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(digest_list_read(view_text(text), list, &refusal, &err), 0);
	return refusal.minor;
}

Test(digest_list, wrong_ones_are_refused)
{
	static const char *const cases[] = {
		"",
		"[]",
		"{}",
		"{\"digVal\":[\"MQ==\"]}",
		"{\"digAlg\":\"a\"}",
		"{\"digAlg\":\"sha256\",\"digVal\":[]}",
		"{\"digAlg\":\"sha256\",\"digVal\":[\"a\"]}",
		"{\"digAlg\":\"sha256\",\"digVal\":[\"\"]}",
		"{\"digAlg\":\"sha256\",\"digVal\":[1]}",
		"{\"digAlg\":\"sha256\",\"digVal\":\"MQ==\"}",
		"{\"digAlg\":1,\"digVal\":[\"MQ==\"]}",
		"{\"digAlg\":\"\",\"digVal\":[\"MQ==\"]}",
		"{\"digAlg\":{},\"digVal\":[\"MQ==\"]}",
		"{\"digAlg\":\"sha256\",\"digVal\":[\"MQ==\"],\"x\":1}",
		"{\"digAlg\":\"sha256\",\"digVal\":[\"MQ==\"],\"ev\":{\"id\":\"i\"}}",
		"{\"l\":{\"digAlg\":\"sha256\",\"digVal\":[\"MQ==\"]}}",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltp_digest_list list;
		cr_expect_eq(digest_list(cases[i], &list), LTP_PARAMETER_ERROR, "%zu",
			     i);
	}
}

Test(digest_list, spellings_of_the_algorithm_are_understood)
{
	static const char *const cases[] = {
		"\"2.16.840.1.101.3.4.2.1\"",
		"\"urn:oid:2.16.840.1.101.3.4.2.1\"",
		"\"http://www.w3.org/2001/04/xmlenc#sha256\"",
		"\"SHA-256\"",
		"{\"alg\":\"urn:oid:2.16.840.1.101.3.4.2.1\"}",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltp_digest_list list;
		char text[256];
		snprintf(text, sizeof(text),
			 "{\"digAlg\":%s,\"digVal\":[\"MQ\","
			 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]}",
			 cases[i]);
		cr_expect_eq(digest_list(text, &list), LTP_OK, "%s", refusal.message);
		cr_expect_eq(list.alg, DIGEST_SHA256, "%zu", i);
		cr_expect_eq(list.n, 2);
		cr_expect_eq(list.n_wrong_len, 1);
		ltp_digest_list_clear(&list);
	}
}

/* Published samples; those of "wrong" break a rule of the schema each. */
Test(digest_list, published_samples_are_told_apart)
{
	static const struct {
		const char *folder;
		int n;
		enum ltp_minor minor;
	} sets[] = { { "valid/valid", 5, LTP_OK },
		     { "wrong/wrong", 6, LTP_PARAMETER_ERROR } };
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	for (size_t s = 0; s < 2; s++) {
		for (int i = 1; i <= sets[s].n; i++) {
			struct ltps_error err = LTPS_ERROR_INIT;
			struct ltp_digest_list list;
			char path[128];
			snprintf(path, sizeof(path),
				 "../schemas/ts119512/samples/digestlists/%s%d.json",
				 sets[s].folder, i);
			struct buf text = corpus_read(path);
			cr_assert_eq(
			    digest_list_read(view_buf(&text), &list, &refusal, &err),
			    0);
			cr_expect_eq(refusal.minor, sets[s].minor, "%s: %s", path,
				     refusal.message);
			ltp_digest_list_clear(&list);
			buf_free(&text);
		}
	}
}

/* ---- XML ---- */

#define HEAD                                                                           \
	"<p:DigestList xmlns:p=\"http://uri.etsi.org/19512/v1.1.2#\" "                 \
	"xmlns:d=\"http://docs.oasis-open.org/dss-x/ns/xmldsig/rewritten\">"
#define METHOD "<d:DigestMethod Algorithm=\"urn:oid:2.16.840.1.101.3.4.2.1\"/>"
#define VALUE                                                                          \
	"<d:DigestValue>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=</d:DigestValue>"
#define END "</p:DigestList>"
#define EVIDENCE                                                                       \
	"<p:Evidence "                                                                 \
	"FormatId=\"urn:x\"><p:binaryData>MQ==</p:binaryData></p:Evidence>"

Test(digest_list, wrong_xml_is_refused)
{
	static const char *const cases[] = {
		"<",
		"<a/>",
		"<DigestList/>",
		"<!DOCTYPE x><x/>",
		HEAD METHOD VALUE,
		HEAD END,
		HEAD METHOD END,
		HEAD VALUE END,
		HEAD VALUE METHOD END,
		HEAD METHOD METHOD VALUE END,
		HEAD "<d:DigestMethod/>" VALUE END,
		HEAD "<d:DigestMethod Algorithm=\"\"/>" VALUE END,
		HEAD "<DigestMethod Algorithm=\"sha256\"/>" VALUE END,
		HEAD METHOD "<d:DigestValue/>" END,
		HEAD METHOD "<d:DigestValue>a</d:DigestValue>" END,
		HEAD METHOD "<d:DigestValue><b/></d:DigestValue>" END,
		HEAD METHOD VALUE "<other/>" END,
		HEAD METHOD VALUE EVIDENCE EVIDENCE END,
		HEAD METHOD EVIDENCE VALUE END,
		HEAD METHOD VALUE "<p:Evidence/>" END,
		HEAD METHOD VALUE
		"<p:Evidence><p:binaryData></p:binaryData></p:Evidence>" END,
		HEAD METHOD VALUE "<p:Evidence><p:xmlData/></p:Evidence>" END,
		HEAD METHOD VALUE END "<again/>",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltp_digest_list list;
		cr_expect_eq(digest_list(cases[i], &list), LTP_PARAMETER_ERROR, "%zu",
			     i);
		cr_expect_eq(list.n, 0);
	}
}

Test(digest_list, too_many_values_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_digest_list list;
	for (size_t extra = 0; extra < 2; extra++) {
		struct buf text = buf_make(1 << 20);
		cr_assert_eq(buf_put_text(&text, HEAD METHOD, &err), 0);
		for (size_t i = 0; i < DIGEST_LIST_VALUES_MAX + extra; i++)
			cr_assert_eq(buf_put_text(&text, VALUE, &err), 0);
		cr_assert_eq(buf_put_text(&text, END, &err), 0);
		cr_assert_eq(digest_list_read(view_buf(&text), &list, &refusal, &err),
			     0);
		cr_expect_eq(refusal.minor, extra == 0 ? LTP_OK : LTP_PARAMETER_ERROR);
		ltp_digest_list_clear(&list);
		buf_free(&text);
	}
}

Test(digest_list, xml_is_read)
{
	static const char *const cases[] = {
		HEAD METHOD VALUE VALUE EVIDENCE END,
		"<?xml version=\"1.0\"?>\n" HEAD "\n" METHOD "\n" VALUE
		"<!-- two --><d:DigestValue>AAAAAAAAAAAAAAAAAAAAAAAA\n"
		" AAAAAAAAAAAAAAAAAAA=</d:DigestValue>" EVIDENCE "\n" END,
	};
	for (size_t i = 0; i < 2; i++) {
		struct ltp_digest_list list;
		cr_assert_eq(digest_list(cases[i], &list), LTP_OK, "%zu: %s", i,
			     refusal.message);
		cr_expect_eq(list.alg, DIGEST_SHA256);
		cr_expect_eq(list.n, 2);
		cr_expect_eq(list.n_wrong_len, 0);
		cr_expect(list.has_evidence);
		cr_expect(view_is_text(view_buf(&list.evidence), "1"));
		cr_expect_str_eq(list.evidence_format, "urn:x");
		ltp_digest_list_clear(&list);
	}
}
