/* SPDX-License-Identifier: Apache-2.0 */
/* EvidenceExchange documents, TS 119 512 annex G. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/exchange.h"

static struct ltps_error err;

#define ROOT(body)                                                                     \
	"<ex:EvidenceExchange xmlns:ex=\"" EXCHANGE_NS                                 \
	"\" xmlns:pres=\"" EXCHANGE_PRES_NS "\">" body "</ex:EvidenceExchange>"
#define DATA "<pres:binaryData> AA\n== </pres:binaryData>"
#define INFO                                                                           \
	"<ex:EvidenceInfo ID=\"e\"><pres:Evidence POID=\"p\">" DATA                    \
	"</pres:Evidence><ex:ObjectRef> o </ex:ObjectRef></ex:EvidenceInfo>"
#define OBJECT "<ex:Object ID=\"o\">" DATA "</ex:Object>"
#define OTHER "<ex:Other ID=\"t\">" DATA "</ex:Other>"

static int parse(const char *text, struct exchange *x)
{
	err = (struct ltps_error)LTPS_ERROR_INIT;
	return exchange_parse(view_text(text), x, &err);
}

Test(exchange, what_is_not_as_the_schema_says_is_refused)
{
	static const char *const bad[] = {
		"",
		"<a/>",
		"<EvidenceExchange/>",
		"<!DOCTYPE a>" ROOT(""),
		ROOT(INFO),        /* the object is missing */
		ROOT(OBJECT INFO), /* the order */
		ROOT(OTHER OBJECT),
		ROOT(OBJECT OBJECT),   /* an id twice */
		ROOT(INFO "x" OBJECT), /* text */
		ROOT("<ex:HashTree ID=\"h\"/>"),
		ROOT("<ex:Object>" DATA "</ex:Object>"),
		ROOT("<ex:Object ID=\"\">" DATA "</ex:Object>"),
		ROOT("<ex:Object ID=\"o\"/>"),
		ROOT("<ex:Object ID=\"o\"><pres:binaryData/></ex:Object>"),
		ROOT("<ex:Object "
		     "ID=\"o\"><pres:binaryData>A</pres:binaryData></ex:Object>"),
		ROOT("<ex:Object ID=\"o\">" DATA DATA "</ex:Object>"),
		ROOT("<ex:Object "
		     "ID=\"o\"><ex:binaryData>AA==</ex:binaryData></ex:Object>"),
		ROOT("<ex:EvidenceInfo ID=\"e\"/>"),
		ROOT("<ex:EvidenceInfo ID=\"e\"><ex:EvidenceRef>e</ex:EvidenceRef>"
		     "</ex:EvidenceInfo>"),
		ROOT("<ex:EvidenceInfo ID=\"e\"><pres:Evidence>" DATA
		     "</pres:Evidence><ex:ObjectRef/></ex:EvidenceInfo>"),
		ROOT(
		    "<ex:EvidenceInfo ID=\"e\"><pres:Evidence>" DATA
		    "</pres:Evidence><ex:ObjectRef>e</ex:ObjectRef></ex:EvidenceInfo>"),
		ROOT(INFO OBJECT) "<more/>",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct exchange x = { .n = 0 };
		cr_expect_eq(parse(bad[i], &x), -1, "%s", bad[i]);
		cr_expect_eq(err.fault, LTPS_FAULT_OBJECT, "%s: %s", bad[i], err.text);
		exchange_clear(&x);
	}
}

Test(exchange, what_is_read_is_written_the_same)
{
	struct exchange x = { .n = 0 }, again = { .n = 0 };
	struct buf out = buf_make(1 << 16), second = buf_make(1 << 16);
	cr_assert_eq(parse(ROOT(INFO OBJECT OTHER), &x), 0, "%s", err.text);
	cr_assert_eq(x.n, 3);
	cr_assert_str_eq(x.items[0].poid, "p");
	cr_assert_eq(x.items[0].n_refs, 1);
	cr_assert_str_eq(x.items[0].refs[0], "o");
	cr_assert_eq(x.items[1].data.n, 1);
	cr_assert_eq(exchange_write(&x, &out, &err), 0);
	cr_assert_eq(exchange_parse(view_buf(&out), &again, &err), 0, "%s", err.text);
	cr_assert_eq(exchange_write(&again, &second, &err), 0);
	cr_assert(view_equal(view_buf(&out), view_buf(&second)));
	buf_free(&out);
	buf_free(&second);
	exchange_clear(&x);
	exchange_clear(&again);
}
