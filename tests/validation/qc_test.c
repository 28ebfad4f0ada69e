/* SPDX-License-Identifier: Apache-2.0 */
/* QCStatements: what they say, and what makes them void. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/chain_kit.h"
#include "validation/qc.h"

static struct kit *k;

static void set_up(void)
{
	k = kit_new();
}

static void tear_down(void)
{
	kit_free(k);
}

TestSuite(qc, .init = set_up, .fini = tear_down);

/* Contents of the extension, in hex without the outer SEQUENCE. */
static struct qc_statements read_statements(const char *hex)
{
	struct kit_options o = { .subject = "CN=a" };
	struct qc_statements q;
	o.extensions[0] =
	    kit_ext("1.3.6.1.5.5.7.1.3", false, kit_der(k, 0x30, kit_hex(k, hex)));
	const struct kit_cert *c = kit_cert(k, &o);
	cr_assert_not_null(c->cert);
	qc_read(c->cert, &q);
	return q;
}

#define COMPLIANCE "3008060604008e460101"
#define SSCD "3008060604008e460104"
#define TYPE_ESIGN "3013060604008e4601063009060704008e46010601"
#define TYPE_SEAL_WEB "301c060604008e4601063012060704008e46010602060704008e46010603"
#define RETENTION_15 "300b060604008e46010302010f"
/* EUR 1 x 10^3; 978 5 x 10^-1 */
#define LIMIT_EUR "3015060604008e460102300b1303455552020101020103"
#define LIMIT_NUMBER "3014060604008e460102300a020203d20201050201ff"
#define COUNTRIES "3012060604008e46010730081302444513024154"
/* https://a, "de" */
#define PDS "301b060604008e4601053011300f160968747470733a2f2f6113026465"
#define UNKNOWN "300406022a03"

static void expect_malformed(const char *hex)
{
	struct qc_statements q = read_statements(hex);
	cr_expect(q.present);
	cr_expect(q.malformed, "%s", hex);
	cr_expect_not(q.compliance, "%s", hex); /* nothing of it counts */
}

Test(qc, statements_when_they_do_not_decode_say_nothing)
{
	expect_malformed(COMPLIANCE "3000");
	expect_malformed(COMPLIANCE "0500");
	expect_malformed("300a060604008e4601010500");        /* info where none is */
	expect_malformed(COMPLIANCE "3008060604008e460103"); /* no years */
	expect_malformed(COMPLIANCE "300b060604008e4601030201ff"); /* less than none */
	expect_malformed(COMPLIANCE "300a060604008e4601063000");   /* no type */
	expect_malformed(COMPLIANCE "3015060604008e460102300b1303452055020101020103");
	expect_malformed(COMPLIANCE "300e060604008e46010730041302445a0500");
	expect_malformed(COMPLIANCE "300d060604008e460107300313014"
				    "4");
	/* two elements behind the identifier */
	expect_malformed(COMPLIANCE "300806022a0305000500");
	expect_malformed("");
}

Test(qc, statements_when_absent_are_not_present)
{
	struct qc_statements q;
	qc_read(kit_leaf(k, "CN=a", NULL)->cert, &q);
	cr_assert_not(q.present);
	cr_assert_not(q.malformed);
}

Test(qc, statements_when_unknown_are_noted)
{
	struct qc_statements q = read_statements(COMPLIANCE UNKNOWN);
	cr_assert(q.unknown);
	cr_assert(q.compliance);
	q = read_statements(COMPLIANCE);
	cr_assert_not(q.unknown);
}

Test(qc, statements_when_of_a_qualified_certificate_are_read)
{
	struct qc_statements q =
	    read_statements(COMPLIANCE SSCD TYPE_ESIGN RETENTION_15 PDS COUNTRIES);
	cr_assert_not(q.malformed);
	cr_assert_not(q.unknown);
	cr_assert(q.compliance);
	cr_assert(q.sscd);
	cr_assert(q.type_esign && !q.type_eseal && !q.type_web);
	cr_assert(q.has_retention);
	cr_assert_eq(q.retention_years, 15);
	cr_assert_not(q.has_limit);
	cr_assert_eq(q.n_countries, 2);
	cr_assert_str_eq(q.countries[0], "DE");
	cr_assert_str_eq(q.countries[1], "AT");
}

Test(qc, types_when_several_are_all_read)
{
	struct qc_statements q = read_statements(TYPE_SEAL_WEB);
	cr_assert(!q.type_esign && q.type_eseal && q.type_web);
	cr_assert_not(q.compliance);
}

Test(qc, limit_when_in_letters_or_a_number_is_read)
{
	struct qc_statements q = read_statements(LIMIT_EUR);
	cr_assert(q.has_limit);
	cr_assert_str_eq(q.limit_currency, "EUR");
	cr_assert_eq(q.limit_amount, 1);
	cr_assert_eq(q.limit_exponent, 3);
	q = read_statements(LIMIT_NUMBER);
	cr_assert_str_eq(q.limit_currency, "978");
	cr_assert_eq(q.limit_amount, 5);
	cr_assert_eq(q.limit_exponent, -1);
}

static void expect_json(const struct qc_statements *q, const char *wanted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(4096);
	struct jsonw j = jsonw_to(&out);
	const char *text;
	qc_json(q, &j);
	cr_assert_eq(jsonw_end(&j, &err), 0);
	cr_assert_eq(buf_text(&out, &text, &err), 0);
	cr_assert_str_eq(text, wanted);
	buf_free(&out);
}

Test(qc, json_when_written_has_what_was_said)
{
	struct qc_statements q = { 0 };
	expect_json(&q, "{\"present\":false}");
	q = read_statements(COMPLIANCE TYPE_ESIGN RETENTION_15 LIMIT_EUR COUNTRIES);
	expect_json(&q, "{\"present\":true,\"malformed\":false,"
			"\"unknown_statements\":false,\"compliance\":true,"
			"\"sscd\":false,\"types\":[\"esign\"],\"retention_years\":15,"
			"\"limit\":{\"currency\":\"EUR\",\"amount\":1,\"exponent\":3},"
			"\"countries\":[\"DE\",\"AT\"]}");
}
