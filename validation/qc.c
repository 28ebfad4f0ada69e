/* SPDX-License-Identifier: Apache-2.0 */
/* qc - reading QCStatements: RFC 3739 3.2.6, EN 319 412-5 4 and 5. */
#include "validation/qc.h"

#include <stdio.h>
#include <string.h>

#include "validation/fields.h"

#define TAG_PRINTABLE 19
#define CURRENCY_LETTERS 3 /* ISO 4217 */
#define CURRENCY_NUMBER_MAX 999
#define COUNTRY_LETTERS 2 /* ISO 3166-1 */

/* Fills in what one statement says from its statementInfo, which may be empty. */
typedef int statement_fn(struct view info, struct qc_statements *q,
			 struct ltps_error *err);

static int not_decoded(struct ltps_error *err)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "EN 319 412-5",
			 "QC statement does not decode");
}

static int read_compliance(struct view info, struct qc_statements *q,
			   struct ltps_error *err)
{
	q->compliance = true;
	return tlv_end(info, "QcCompliance", err);
}

static int read_sscd(struct view info, struct qc_statements *q, struct ltps_error *err)
{
	q->sscd = true;
	return tlv_end(info, "QcSSCD", err);
}

/* INTEGER of any sign that fits 63 bits. */
static int read_signed(struct view *cursor, int64_t *ret, struct ltps_error *err)
{
	struct view body;
	if (field_integer(cursor, "INTEGER", &body, err) != 0)
		return -1;
	body = field_shortest_integer(body);
	if (body.n == 0 || body.n > sizeof(int64_t))
		return not_decoded(err);
	uint64_t v = body.p[0] >= 0x80 ? UINT64_MAX : 0;
	for (size_t i = 0; i < body.n; i++)
		v = v << 8 | body.p[i];
	memcpy(ret, &v, sizeof(v));
	return 0;
}

static int read_number(struct view *cursor, uint64_t *ret, struct ltps_error *err)
{
	int64_t v;
	if (read_signed(cursor, &v, err) != 0)
		return -1;
	if (v < 0)
		return not_decoded(err);
	*ret = (uint64_t)v;
	return 0;
}

/* Letters in a PrintableString of this length; out has one octet more. */
static int read_letters(struct view *cursor, size_t n, char *out,
			struct ltps_error *err)
{
	struct tlv t;
	if (field_next(cursor, TAG_PRINTABLE, "PrintableString", &t, err) != 0)
		return -1;
	if (t.body.n != n)
		return not_decoded(err);
	for (size_t i = 0; i < n; i++) {
		uint8_t c = t.body.p[i];
		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
			return not_decoded(err);
		out[i] = (char)c;
	}
	out[n] = '\0';
	return 0;
}

/* Iso4217CurrencyCode: letters or a number. */
static int read_currency(struct view *cursor, struct qc_statements *q,
			 struct ltps_error *err)
{
	uint64_t number = 0;
	if (cursor->n > 0 && cursor->p[0] == TAG_PRINTABLE)
		return read_letters(cursor, CURRENCY_LETTERS, q->limit_currency, err);
	if (read_number(cursor, &number, err) != 0)
		return -1;
	if (number < 1 || number > CURRENCY_NUMBER_MAX)
		return not_decoded(err);
	snprintf(q->limit_currency, sizeof(q->limit_currency), "%03u",
		 (unsigned)number);
	return 0;
}

/* MonetaryValue, 4.3.2 */
static int read_limit(struct view info, struct qc_statements *q, struct ltps_error *err)
{
	struct view body;
	q->has_limit = true;
	if (field_only(info, DER_SEQUENCE, "MonetaryValue", &body, err) != 0 ||
	    read_currency(&body, q, err) != 0 ||
	    read_number(&body, &q->limit_amount, err) != 0 ||
	    read_signed(&body, &q->limit_exponent, err) != 0)
		return -1;
	return tlv_end(body, "MonetaryValue", err);
}

static int read_retention(struct view info, struct qc_statements *q,
			  struct ltps_error *err)
{
	q->has_retention = true;
	if (read_number(&info, &q->retention_years, err) != 0)
		return -1;
	return tlv_end(info, "QcEuRetentionPeriod", err);
}

/* PdsLocations, 4.3.4: looked at only for its form. */
static int read_pds(struct view info, struct qc_statements *q, struct ltps_error *err)
{
	struct view list;
	struct tlv location, url;
	char language[COUNTRY_LETTERS + 1];
	(void)q;
	if (field_only(info, DER_SEQUENCE, "PdsLocations", &list, err) != 0)
		return -1;
	while (list.n > 0) {
		if (field_next(&list, DER_SEQUENCE, "PdsLocation", &location, err) !=
			0 ||
		    field_next(&location.body, ASN1_TAG_IA5, "url", &url, err) != 0 ||
		    read_letters(&location.body, COUNTRY_LETTERS, language, err) != 0 ||
		    tlv_end(location.body, "PdsLocation", err) != 0)
			return -1;
	}
	return 0;
}

/* QcType, 4.2.3: other types are other people's. */
static int read_type(struct view info, struct qc_statements *q, struct ltps_error *err)
{
	struct view list, oid;
	if (field_only(info, DER_SEQUENCE, "QcType", &list, err) != 0)
		return -1;
	if (list.n == 0)
		return not_decoded(err);
	for (size_t n = 0; list.n > 0; n++) {
		if (n == QC_TYPES_MAX || field_oid(&list, "QcType", &oid, err) != 0)
			return not_decoded(err);
		q->type_esign = q->type_esign || oid_is(oid, "0.4.0.1862.1.6.1");
		q->type_eseal = q->type_eseal || oid_is(oid, "0.4.0.1862.1.6.2");
		q->type_web = q->type_web || oid_is(oid, "0.4.0.1862.1.6.3");
	}
	return 0;
}

/* QcCClegislation, 4.2.4 */
static int read_legislation(struct view info, struct qc_statements *q,
			    struct ltps_error *err)
{
	struct view list;
	if (field_only(info, DER_SEQUENCE, "QcCClegislation", &list, err) != 0)
		return -1;
	while (list.n > 0) {
		if (q->n_countries == QC_COUNTRIES_MAX ||
		    read_letters(&list, COUNTRY_LETTERS, q->countries[q->n_countries],
				 err) != 0)
			return not_decoded(err);
		q->n_countries++;
	}
	return 0;
}

/* pkixQCSyntax-v1 and -v2, RFC 3739 3.2.6.1: SemanticsInformation. */
static int read_syntax(struct view info, struct qc_statements *q,
		       struct ltps_error *err)
{
	struct view body;
	(void)q;
	if (info.n == 0)
		return 0;
	return field_only(info, DER_SEQUENCE, "SemanticsInformation", &body, err);
}

static statement_fn *statement_of(struct view oid)
{
	static const struct {
		const char *oid;
		statement_fn *read;
	} table[] = {
		{ "0.4.0.1862.1.1", read_compliance },
		{ "0.4.0.1862.1.2", read_limit },
		{ "0.4.0.1862.1.3", read_retention },
		{ "0.4.0.1862.1.4", read_sscd },
		{ "0.4.0.1862.1.5", read_pds },
		{ "0.4.0.1862.1.6", read_type },
		{ "0.4.0.1862.1.7", read_legislation },
		{ "1.3.6.1.5.5.7.11.1", read_syntax },
		{ "1.3.6.1.5.5.7.11.2", read_syntax },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (oid_is(oid, table[i].oid))
			return table[i].read;
	}
	return NULL;
}

static int read_statement(struct view *list, struct qc_statements *q,
			  struct ltps_error *err)
{
	struct tlv statement, info;
	struct view oid;
	if (field_next(list, DER_SEQUENCE, "QCStatement", &statement, err) != 0 ||
	    field_oid(&statement.body, "statementId", &oid, err) != 0)
		return -1;
	struct view cursor = statement.body;
	if (cursor.n > 0 && (tlv_next(&cursor, &info, err) != 0 ||
			     tlv_end(cursor, "QCStatement", err) != 0))
		return -1;
	statement_fn *read = statement_of(oid);
	if (read == NULL) {
		q->unknown = true;
		return 0;
	}
	return read(statement.body, q, err);
}

void qc_read(const struct cert *c, struct qc_statements *ret)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	memset(ret, 0, sizeof(*ret));
	ret->present = cert_has(c, CERT_EXT_QC_STATEMENTS);
	if (!ret->present)
		return;
	struct view list = cert_ext_list(c, CERT_EXT_QC_STATEMENTS);
	ret->malformed =
	    (c->malformed >> CERT_EXT_QC_STATEMENTS & 1) != 0 || list.n == 0;
	while (list.n > 0 && !ret->malformed) {
		if (read_statement(&list, ret, &ignored) != 0)
			ret->malformed = true;
	}
	if (!ret->malformed)
		return;
	/* Half of the statements may say the contrary of all. */
	memset(ret, 0, sizeof(*ret));
	ret->present = true;
	ret->malformed = true;
}

static void json_types(const struct qc_statements *q, struct jsonw *j)
{
	jsonw_key(j, "types");
	jsonw_array(j);
	if (q->type_esign)
		jsonw_cstr(j, "esign");
	if (q->type_eseal)
		jsonw_cstr(j, "eseal");
	if (q->type_web)
		jsonw_cstr(j, "web");
	jsonw_array_end(j);
}

static void json_limit(const struct qc_statements *q, struct jsonw *j)
{
	jsonw_key(j, "limit");
	jsonw_object(j);
	jsonw_member(j, "currency", q->limit_currency);
	jsonw_member_int(j, "amount", (int64_t)q->limit_amount);
	jsonw_member_int(j, "exponent", q->limit_exponent);
	jsonw_object_end(j);
}

void qc_json(const struct qc_statements *q, struct jsonw *j)
{
	jsonw_object(j);
	jsonw_member_bool(j, "present", q->present);
	if (q->present) {
		jsonw_member_bool(j, "malformed", q->malformed);
		jsonw_member_bool(j, "unknown_statements", q->unknown);
		jsonw_member_bool(j, "compliance", q->compliance);
		jsonw_member_bool(j, "sscd", q->sscd);
		json_types(q, j);
		if (q->has_retention)
			jsonw_member_int(j, "retention_years",
					 (int64_t)q->retention_years);
		if (q->has_limit)
			json_limit(q, j);
		jsonw_key(j, "countries");
		jsonw_array(j);
		for (size_t i = 0; i < q->n_countries; i++)
			jsonw_cstr(j, q->countries[i]);
		jsonw_array_end(j);
	}
	jsonw_object_end(j);
}
