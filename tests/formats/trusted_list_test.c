/* SPDX-License-Identifier: Apache-2.0 */
/* What the parser of trusted lists refuses, and what it gives. */
#include "formats/trusted_list.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/trusted_list_kit.h"

#define OUT_MAX ((size_t)4 << 20)

static struct trusted_list *parse(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct trusted_list *l = NULL;
	cr_assert_eq(trusted_list_parse(in, &l, &err), 0, "%s (%s)", err.text,
		     err.where);
	return l;
}

static void refused(struct view in, enum ltps_code code, const char *word)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct trusted_list *l = NULL;
	cr_expect_eq(trusted_list_parse(in, &l, &err), -1, "%s: taken", word);
	cr_expect_eq(err.code, code, "%s: %s", word, err.text);
	cr_expect(strstr(err.text, word) != NULL || strstr(err.where, word) != NULL,
		  "'%s' is not in: %s (%s)", word, err.text, err.where);
	trusted_list_free(l);
}

/* The good list with one thing replaced. */
static void refused_with(const char *from, const char *to, enum ltps_code code,
			 const char *word)
{
	struct buf good = buf_make(OUT_MAX), bad = buf_make(OUT_MAX);
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *text;
	struct tlkit_list o = {
		.pointers = tlkit_pointer("http://a.test/l.xml", "YY", "EUgeneric", NULL),
		.services = tlkit_service(TLKIT_CA_QC, "granted",
					  "2020-01-01T00:00:00Z", NULL, NULL)
	};
	tlkit_list(&o, &good);
	trusted_list_free(parse(view_buf(&good)));
	cr_assert_eq(buf_text(&good, &text, &err), 0);
	const char *at = strstr(text, from);
	cr_assert_not_null(at, "%s", from);
	cr_assert_eq(buf_put(&bad, view_of(text, (size_t)(at - text)), &err), 0);
	cr_assert_eq(buf_put_text(&bad, to, &err), 0);
	cr_assert_eq(buf_put_text(&bad, at + strlen(from), &err), 0);
	refused(view_buf(&bad), code, word);
	buf_free(&good);
	buf_free(&bad);
}

Test(trusted_list, what_is_no_list_is_refused)
{
	refused(view_text("<TrustServiceStatusList/>"), LTPS_FORMAT, "no trusted list");
	refused(view_text("<a xmlns=\"http://uri.etsi.org/02231/v2#\"/>"), LTPS_FORMAT,
		"no trusted list");
	refused(view_text("<!DOCTYPE a><a/>"), LTPS_UNSUPPORTED, "");
	refused(view_text(""), LTPS_FORMAT, "");
}

Test(trusted_list, each_departure_from_the_schema_is_named)
{
	static const struct {
		const char *from, *to, *word;
	} cases[] = {
		{ "<TSLVersionIdentifier>6</TSLVersionIdentifier>", "",
		  "not what is expected" },
		{ ">10</TSLSequenceNumber>", ">-1</TSLSequenceNumber>",
		  "TSLSequenceNumber" },
		{ ">10</TSLSequenceNumber>", ">1234567890123456789</TSLSequenceNumber>",
		  "TSLSequenceNumber" },
		{ ">10</TSLSequenceNumber>", "></TSLSequenceNumber>", "is empty" },
		{ ">10</TSLSequenceNumber>", "><a></a></TSLSequenceNumber>", "element" },
		{ "2025-12-01T00:00:00Z</ListIssueDateTime>",
		  "2025-12-01T00:00:00</ListIssueDateTime>", "ListIssueDateTime" },
		{ "2025-12-01T00:00:00Z</ListIssueDateTime>",
		  "2025-13-01T00:00:00Z</ListIssueDateTime>", "ListIssueDateTime" },
		{ "<SchemeTerritory>XX</SchemeTerritory>",
		  "<SchemeTerritory>XX</SchemeTerritory>"
		  "<SchemeTerritory>YY</SchemeTerritory>",
		  "too often" },
		{ "<SchemeInformation>", "<SchemeInformation>text",
		  "text between elements" },
		{ "<SchemeInformation>", "<SchemeInformation><Other></Other>",
		  "not what is expected" },
		{ "</SchemeInformation>", "<Other></Other></SchemeInformation>",
		  "not expected here" },
		{ "<NextUpdate><dateTime>2026-06-01T00:00:00Z</dateTime></NextUpdate>",
		  "", "NextUpdate is missing" },
		{ "<TSLLocation>http://a.test/l.xml</TSLLocation>", "", "pointer 1" },
		{ "</TSLType></OtherInformation>",
		  "</TSLType><TSLType>x</TSLType></OtherInformation>",
		  "stands twice" },
		{ "<ServiceStatus>" TLKIT_STATUS "granted</ServiceStatus>", "",
		  "service 1" },
		{ "<DigitalId><X509SubjectName>",
		  "<DigitalId><X509Certificate>AA*A</X509Certificate></DigitalId>"
		  "<DigitalId><X509SubjectName>",
		  "no base64" },
		{ "<DigitalId><X509SubjectName>",
		  "<DigitalId><X509Certificate> </X509Certificate></DigitalId>"
		  "<DigitalId><X509SubjectName>",
		  "is empty" },
		{ "</TrustServiceStatusList>", "", "" },
		{ "</TrustServiceStatusList>", "</TrustServiceStatusList><a/>", "" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused_with(cases[i].from, cases[i].to, LTPS_FORMAT, cases[i].word);
}

/* The canonical form that is hashed would hold it. */
Test(trusted_list, a_processing_instruction_is_refused)
{
	refused_with("<SchemeInformation>", "<SchemeInformation><?a b?>",
		     LTPS_UNSUPPORTED, "");
}

Test(trusted_list, a_name_beyond_its_limit_is_refused)
{
	static char name[TRUSTED_LIST_TEXT_MAX + 64];
	memset(name, 'x', TRUSTED_LIST_TEXT_MAX + 2);
	name[0] = '>';
	memcpy(name + TRUSTED_LIST_TEXT_MAX + 2, "</SchemeTerritory>", 19);
	refused_with(">XX</SchemeTerritory>", name, LTPS_TOO_LARGE, "");
}

static void too_many(const char *one, size_t n, bool states, const char *word)
{
	struct buf many = buf_make((size_t)64 << 20), list = buf_make((size_t)64 << 20);
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *text;
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(buf_put_text(&many, one, &err), 0);
	cr_assert_eq(buf_text(&many, &text, &err), 0);
	struct tlkit_list o = { 0 };
	if (states)
		o.services = tlkit_service(TLKIT_CA_QC, "granted",
					   "2020-01-01T00:00:00Z", NULL, "HERE");
	else
		o.pointers = text;
	tlkit_list(&o, &list);
	if (states) {
		/* The kit writes histories of a few only. */
		struct buf whole = buf_make((size_t)64 << 20);
		const char *whole_text;
		cr_assert_eq(buf_text(&list, &whole_text, &err), 0);
		const char *at = strstr(whole_text, "HERE");
		cr_assert_eq(
		    buf_put(&whole, view_of(whole_text, (size_t)(at - whole_text)), &err),
		    0);
		cr_assert_eq(buf_put_text(&whole, text, &err), 0);
		cr_assert_eq(buf_put_text(&whole, at + 4, &err), 0);
		buf_free(&list);
		list = whole;
	}
	refused(view_buf(&list), LTPS_TOO_LARGE, word);
	buf_free(&list);
	buf_free(&many);
}

Test(trusted_list, more_pointers_than_the_limit_are_refused)
{
	too_many(tlkit_pointer("http://a.test", "YY", "EUgeneric", NULL),
		 TRUSTED_LIST_POINTERS_MAX + 1, false, "pointers");
}

Test(trusted_list, more_states_than_the_limit_are_refused)
{
	too_many(tlkit_past(TLKIT_CA_QC, "granted", "2019-01-01T00:00:00Z"),
		 TRUSTED_LIST_STATES_MAX, true, "states");
}

Test(trusted_list, a_good_one_gives_what_it_says)
{
	struct buf b = buf_make(OUT_MAX);
	struct fix_cert *c = fix_cert_make(&(struct fix_cert_options){ .cn = "A" });
	struct tlkit_list o = {
		.id = "root",
		.information = "<URI xml:lang=\"en\"> http://a.test/1 </URI>"
			       "<URI xml:lang=\"en\">http://a.test/2</URI>",
		.pointers = tlkit_pointer("http://a.test/l.xml", "YY", "EUgeneric", c),
		.services = tlkit_service(
		    TLKIT_CA_QC, "withdrawn", "2024-01-01T00:00:00Z", c,
		    tlkit_past(TLKIT_CA_QC, "granted", "2020-01-01T00:00:00Z")),
	};
	tlkit_list(&o, &b);
	struct trusted_list *l = parse(view_buf(&b));
	cr_expect_eq(l->version, 6);
	cr_expect_eq(l->sequence, 10);
	cr_expect_str_eq(l->territory, "XX");
	cr_expect_str_eq(l->operator_name, "Operator", "not the English name");
	cr_expect_str_eq(l->id, "root");
	cr_expect_eq(l->next_update_ms - l->issued_ms, 182 * FIX_DAY_MS);
	cr_expect_eq(l->information.n, 2);
	cr_expect_str_eq(l->information.list[0], "http://a.test/1");
	cr_expect(view_equal(l->octets, view_buf(&b)), "not canonical");
	cr_assert_eq(l->n_pointers, 1);
	cr_expect_str_eq(l->pointers[0].territory, "YY");
	cr_expect_str_eq(l->pointers[0].mime, TRUSTED_LIST_MIME);
	cr_assert_eq(l->pointers[0].certificates.n, 1);
	cr_expect(view_equal(l->pointers[0].certificates.list[0], c->der));
	cr_assert_eq(l->n_services, 1);
	const struct trusted_list_service *s = &l->services[0];
	cr_expect_str_eq(s->provider, "Provider & Sons");
	cr_assert_eq(s->n, 2);
	cr_expect_str_eq(s->states[0].status, TRUSTED_LIST_STATUS "withdrawn");
	cr_expect_str_eq(s->states[1].status, TRUSTED_LIST_STATUS "granted");
	cr_expect_eq(s->states[0].certificates.n, 1);
	cr_expect_eq(s->states[1].certificates.n, 0);
	cr_expect_eq(s->states[0].further.n, 1);
	cr_expect_not(l->signature.present);
	trusted_list_free(l);
	fix_cert_free(c);
	buf_free(&b);
}

Test(trusted_list, a_closed_list_has_no_next_update)
{
	struct buf b = buf_make(OUT_MAX);
	tlkit_list(&(struct tlkit_list){ .closed = true }, &b);
	struct trusted_list *l = parse(view_buf(&b));
	cr_expect_eq(l->next_update_ms, INT64_MIN);
	trusted_list_free(l);
	buf_free(&b);
}
