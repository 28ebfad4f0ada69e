/* SPDX-License-Identifier: Apache-2.0 */
/* tst - decoding of RFC 3161 time-stamp tokens; the checks are in tst_check.c. */
#include "timestamping/tst.h"

#include "base/mem.h"

#define CLAUSE "RFC 3161 2.4.2"

static int fail_format(struct ltps_error *err, const char *what)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, CLAUSE, "%s", what);
}

static int read_version_and_policy(struct view *cursor, struct tst *tst,
				   struct ltps_error *err)
{
	struct tlv t;
	uint64_t version;
	if (tlv_expect(cursor, ASN1_UNIVERSAL, ASN1_TAG_INTEGER, "TSTInfo version", &t,
		       err) != 0 ||
	    tlv_uint(&t, &version, err) != 0)
		return -1;
	if (version != 1)
		return fail_format(err, "TSTInfo is not of version 1");
	if (tlv_expect(cursor, ASN1_UNIVERSAL, ASN1_TAG_OID, "TSTInfo policy", &t,
		       err) != 0)
		return -1;
	oid_text(t.body, tst->policy);
	if (tst->policy[0] == '\0')
		return fail_format(err, "malformed policy identifier");
	return 0;
}

/* Digest algorithms take no parameters: absent or NULL (RFC 5754 2). */
static int check_no_parameters(struct view cursor, struct ltps_error *err)
{
	struct tlv t;
	bool present;
	if (tlv_optional(&cursor, ASN1_UNIVERSAL, ASN1_TAG_NULL, &t, &present, err) !=
	    0)
		return -1;
	if (present && t.body.n != 0)
		return fail_format(err, "NULL with contents");
	return tlv_end(cursor, "hashAlgorithm", err);
}

static int read_algorithm(struct view *cursor, struct tst *tst, struct ltps_error *err)
{
	struct tlv algorithm, oid;
	if (tlv_expect(cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "hashAlgorithm",
		       &algorithm, err) != 0)
		return -1;
	struct view inner = algorithm.body;
	if (tlv_expect(&inner, ASN1_UNIVERSAL, ASN1_TAG_OID, "hashAlgorithm", &oid,
		       err) != 0)
		return -1;
	oid_text(oid.body, tst->imprint_oid);
	tst->imprint_alg = digest_from_oid(oid.body);
	if (tst->imprint_alg == DIGEST_NONE)
		return 0;
	return check_no_parameters(inner, err);
}

static int read_imprint(struct view *cursor, struct tst *tst, struct ltps_error *err)
{
	struct tlv outer, hash;
	if (tlv_expect(cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "messageImprint",
		       &outer, err) != 0)
		return -1;
	struct view inner = outer.body;
	if (read_algorithm(&inner, tst, err) != 0 ||
	    tlv_expect(&inner, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING, "hashedMessage",
		       &hash, err) != 0 ||
	    tlv_end(inner, "messageImprint", err) != 0)
		return -1;
	if (hash.constructed)
		return fail_format(err, "hashedMessage in pieces");
	tst->imprint = hash.body;
	if (tst->imprint_alg != DIGEST_NONE &&
	    hash.body.n != digest_len(tst->imprint_alg))
		return fail_format(
		    err, "hashedMessage does not have its algorithm's length");
	return 0;
}

/* Up to 160 bits of magnitude: a leading zero octet does not count. */
static int read_serial(struct view *cursor, struct tst *tst, struct ltps_error *err)
{
	struct tlv t;
	if (tlv_expect(cursor, ASN1_UNIVERSAL, ASN1_TAG_INTEGER, "serialNumber", &t,
		       err) != 0)
		return -1;
	size_t n = t.body.n;
	if (n == 0)
		return fail_format(err, "empty serial number");
	if (n > 1 && t.body.p[0] == 0)
		n--;
	if (n > TST_SERIAL_MAX)
		return fail_format(err, "serial number of more than 160 bits");
	tst->serial = t.body;
	return 0;
}

static int read_time(struct view *cursor, struct tst *tst, struct ltps_error *err)
{
	struct tlv t;
	if (tlv_expect(cursor, ASN1_UNIVERSAL, ASN1_TAG_GENERALIZED_TIME, "genTime", &t,
		       err) != 0)
		return -1;
	return tlv_time(&t, &tst->gen_time_ms, err);
}

/* millis [0] or micros [1]; 0 is out of range, but met and harmless. */
static int read_thousandths(struct view *cursor, uint32_t number, uint64_t *ret,
			    struct ltps_error *err)
{
	struct tlv t;
	bool present;
	*ret = 0;
	if (tlv_optional(cursor, ASN1_CONTEXT, number, &t, &present, err) != 0)
		return -1;
	if (!present)
		return 0;
	if (tlv_uint(&t, ret, err) != 0)
		return -1;
	return *ret <= 999 ? 0 : fail_format(err, "accuracy out of range");
}

static int read_accuracy(struct view *cursor, struct tst *tst, struct ltps_error *err)
{
	struct tlv outer, t;
	bool present;
	uint64_t seconds = 0, millis, micros;
	tst->accuracy_us = -1;
	if (tlv_optional(cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, &outer, &present,
			 err) != 0)
		return -1;
	if (!present)
		return 0;
	struct view inner = outer.body;
	if (tlv_optional(&inner, ASN1_UNIVERSAL, ASN1_TAG_INTEGER, &t, &present, err) !=
	    0)
		return -1;
	if (present && tlv_uint(&t, &seconds, err) != 0)
		return -1;
	if (seconds > TST_ACCURACY_SECONDS_MAX)
		return fail_format(err, "accuracy out of range");
	if (read_thousandths(&inner, 0, &millis, err) != 0 ||
	    read_thousandths(&inner, 1, &micros, err) != 0 ||
	    tlv_end(inner, "accuracy", err) != 0)
		return -1;
	tst->accuracy_us = (int64_t)(seconds * 1000000 + millis * 1000 + micros);
	return 0;
}

static int read_ordering_and_nonce(struct view *cursor, struct tst *tst,
				   struct ltps_error *err)
{
	struct tlv t;
	bool present;
	if (tlv_optional(cursor, ASN1_UNIVERSAL, ASN1_TAG_BOOLEAN, &t, &present, err) !=
	    0)
		return -1;
	if (present && tlv_boolean(&t, &tst->ordering, err) != 0)
		return -1;
	if (tlv_optional(cursor, ASN1_UNIVERSAL, ASN1_TAG_INTEGER, &t, &present, err) !=
	    0)
		return -1;
	if (!present)
		return 0;
	if (t.body.n == 0)
		return fail_format(err, "empty nonce");
	tst->nonce = t.body;
	return 0;
}

static int read_tsa(struct view *cursor, struct tst *tst, struct ltps_error *err)
{
	struct tlv t, name;
	bool present;
	if (tlv_optional(cursor, ASN1_CONTEXT, 0, &t, &present, err) != 0)
		return -1;
	if (!present)
		return 0;
	if (tlv_only(t.body, &name, err) != 0)
		return -1;
	tst->tsa = name.whole;
	return 0;
}

/* One Extension; all critical ones are unknown to us: none is defined. */
static int read_extension(struct view *cursor, bool *critical, struct ltps_error *err)
{
	struct tlv outer, t;
	bool present;
	if (tlv_expect(cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "Extension", &outer,
		       err) != 0)
		return -1;
	struct view inner = outer.body;
	*critical = false;
	if (tlv_expect(&inner, ASN1_UNIVERSAL, ASN1_TAG_OID, "extnID", &t, err) != 0 ||
	    tlv_optional(&inner, ASN1_UNIVERSAL, ASN1_TAG_BOOLEAN, &t, &present, err) !=
		0)
		return -1;
	if (present && tlv_boolean(&t, critical, err) != 0)
		return -1;
	if (tlv_expect(&inner, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING, "extnValue", &t,
		       err) != 0)
		return -1;
	return tlv_end(inner, "Extension", err);
}

static int read_extensions(struct view *cursor, struct tst *tst, struct ltps_error *err)
{
	struct tlv t;
	bool present, critical;
	if (tlv_optional(cursor, ASN1_CONTEXT, 1, &t, &present, err) != 0)
		return -1;
	if (!present)
		return 0;
	while (t.body.n > 0) {
		if (read_extension(&t.body, &critical, err) != 0)
			return -1;
		tst->critical_extension = tst->critical_extension || critical;
	}
	return 0;
}

static int read_info(struct view in, struct tst *tst, struct ltps_error *err)
{
	struct tlv outer;
	if (tlv_only(in, &outer, err) != 0)
		return -1;
	if (!tlv_is(&outer, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE))
		return fail_format(err, "TSTInfo is no SEQUENCE");
	struct view cursor = outer.body;
	if (read_version_and_policy(&cursor, tst, err) != 0 ||
	    read_imprint(&cursor, tst, err) != 0 ||
	    read_serial(&cursor, tst, err) != 0 || read_time(&cursor, tst, err) != 0 ||
	    read_accuracy(&cursor, tst, err) != 0 ||
	    read_ordering_and_nonce(&cursor, tst, err) != 0 ||
	    read_tsa(&cursor, tst, err) != 0 || read_extensions(&cursor, tst, err) != 0)
		return -1;
	return tlv_end(cursor, "TSTInfo", err);
}

static int check_frame(const struct cms *cms, struct ltps_error *err)
{
	if (!oid_is(cms->content_type, OID_TST_INFO))
		return fail_format(err, "the signed content is no TSTInfo");
	if (!cms->has_content)
		return fail_format(err, "the TSTInfo is missing");
	if (cms->n_signers != 1)
		return fail_format(err, "a token has exactly one signature");
	return 0;
}

int tst_parse(struct view in, struct tst **ret_tst, struct ltps_error *err)
{
	if (in.n > TST_SIZE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "time-stamp token of more than %zu bytes",
				 TST_SIZE_MAX);
	int rc = -1;
	struct tst *tst = mem_zalloc(1, sizeof(*tst));
	if (tst == NULL)
		return ltps_fail_nomem(err);
	if (cms_parse(in, &tst->cms, err) != 0 || check_frame(tst->cms, err) != 0 ||
	    read_info(tst->cms->content, tst, err) != 0)
		goto out;
	*ret_tst = tst;
	tst = NULL;
	rc = 0;
out:
	tst_free(tst);
	return rc;
}

void tst_free(struct tst *tst)
{
	if (tst == NULL)
		return;
	cms_free(tst->cms);
	mem_free(tst);
}

bool tst_covers(const struct tst *tst, const struct digest *d)
{
	return tst->imprint_alg != DIGEST_NONE && tst->imprint_alg == d->alg &&
	       view_equal(tst->imprint, digest_view(d));
}
