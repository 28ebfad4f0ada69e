/* SPDX-License-Identifier: Apache-2.0 */
/* tsp - RFC 3161 requests and responses as bytes, and what links the two. */
#include "timestamping/tsp.h"

#include <openssl/rand.h>
#include <string.h>

#define REQUEST_CLAUSE "RFC 3161 2.4.1"
#define RESPONSE_CLAUSE "RFC 3161 2.4.2"

/* Longest failInfo that is looked at: bit 25 is the last that is defined. */
#define FAIL_INFO_OCTETS 4
/* Last PKIStatus that RFC 3161 knows: revocationNotification. */
#define STATUS_LAST 5
/* A response around a token. */
#define RESPONSE_MAX (TST_SIZE_MAX + 1024)

static int fail_format(struct ltps_error *err, const char *clause, const char *what)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, clause, "%s", what);
}

/* ---- requests ---- */

int tsp_request_make(const struct digest *d, const char *policy_or_null,
		     struct tsp_request *ret_r, struct ltps_error *err)
{
	struct tsp_request r = { .alg = d->alg, .imprint_n = d->n, .cert_req = true };
	const char *oid = digest_oid_text(d->alg);
	if (oid == NULL || d->n != digest_len(d->alg))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "no digest to stamp");
	memcpy(r.alg_oid, oid, strlen(oid) + 1);
	memcpy(r.imprint, d->p, d->n);
	if (policy_or_null != NULL) {
		size_t n = strlen(policy_or_null);
		if (n >= sizeof(r.policy))
			return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
					 "policy identifier too long");
		memcpy(r.policy, policy_or_null, n + 1);
	}
	if (RAND_bytes(r.nonce, TSP_NONCE_LEN) != 1)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "nonce");
	/* Positive and of full length, so that it is its own DER contents. */
	r.nonce[0] = (uint8_t)((r.nonce[0] & 0x7f) | 0x40);
	r.nonce_n = TSP_NONCE_LEN;
	*ret_r = r;
	return 0;
}

static int put_imprint(const struct tsp_request *r, struct buf *out,
		       struct ltps_error *err)
{
	struct buf body = buf_make(TSP_QUERY_MAX);
	int rc = -1;
	if (buf_put(&body, digest_algorithm_identifier(r->alg), err) != 0 ||
	    der_put(&body, DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_OCTET_STRING),
		    view_of(r->imprint, r->imprint_n), err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

int tsp_request_encode(const struct tsp_request *r, struct buf *out,
		       struct ltps_error *err)
{
	struct buf body = buf_make(TSP_QUERY_MAX);
	int rc = -1;
	if (digest_len(r->alg) == 0) {
		ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, REQUEST_CLAUSE,
			  "no digest algorithm");
		goto out;
	}
	if (der_put_uint(&body, 1, err) != 0 || put_imprint(r, &body, err) != 0)
		goto out;
	if (r->policy[0] != '\0' && der_put_oid(&body, r->policy, err) != 0)
		goto out;
	if (r->nonce_n > 0 &&
	    der_put(&body, DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_INTEGER),
		    view_of(r->nonce, r->nonce_n), err) != 0)
		goto out;
	if (r->cert_req && der_put_boolean(&body, true, err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

/* The hash of an algorithm that we do not know is not looked at. */
static int read_request_imprint(struct view *cursor, struct tsp_request *r,
				struct ltps_error *err)
{
	struct tlv outer, algorithm, t;
	bool present;
	if (tlv_expect(cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "messageImprint",
		       &outer, err) != 0 ||
	    tlv_expect(&outer.body, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "hashAlgorithm",
		       &algorithm, err) != 0 ||
	    tlv_expect(&algorithm.body, ASN1_UNIVERSAL, ASN1_TAG_OID, "hashAlgorithm",
		       &t, err) != 0)
		return -1;
	oid_text(t.body, r->alg_oid);
	r->alg = digest_from_oid(t.body);
	if (tlv_expect(&outer.body, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING,
		       "hashedMessage", &t, err) != 0 ||
	    tlv_end(outer.body, "messageImprint", err) != 0)
		return -1;
	if (r->alg == DIGEST_NONE)
		return 0;
	if (t.constructed || t.body.n != digest_len(r->alg))
		return fail_format(
		    err, REQUEST_CLAUSE,
		    "hashedMessage does not have its algorithm's length");
	memcpy(r->imprint, t.body.p, t.body.n);
	r->imprint_n = t.body.n;
	struct tlv null;
	if (tlv_optional(&algorithm.body, ASN1_UNIVERSAL, ASN1_TAG_NULL, &null,
			 &present, err) != 0)
		return -1;
	return tlv_end(algorithm.body, "hashAlgorithm", err);
}

static int read_request_policy(struct view *cursor, struct tsp_request *r,
			       struct ltps_error *err)
{
	struct tlv t;
	bool present;
	if (tlv_optional(cursor, ASN1_UNIVERSAL, ASN1_TAG_OID, &t, &present, err) != 0)
		return -1;
	if (!present)
		return 0;
	oid_text(t.body, r->policy);
	if (r->policy[0] == '\0')
		return fail_format(err, REQUEST_CLAUSE, "malformed policy identifier");
	return 0;
}

static int read_request_nonce(struct view *cursor, struct tsp_request *r,
			      struct ltps_error *err)
{
	struct tlv t;
	bool present;
	if (tlv_optional(cursor, ASN1_UNIVERSAL, ASN1_TAG_INTEGER, &t, &present, err) !=
	    0)
		return -1;
	if (!present)
		return 0;
	if (t.body.n == 0)
		return fail_format(err, REQUEST_CLAUSE, "empty nonce");
	if (t.body.n > TST_NONCE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, REQUEST_CLAUSE,
				 "nonce of more than %d octets", TST_NONCE_MAX);
	memcpy(r->nonce, t.body.p, t.body.n);
	r->nonce_n = t.body.n;
	return 0;
}

static int read_request_extension(struct view *cursor, struct tsp_request *r,
				  struct ltps_error *err)
{
	struct tlv outer, t;
	bool present, critical = false;
	if (tlv_expect(cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "Extension", &outer,
		       err) != 0 ||
	    tlv_expect(&outer.body, ASN1_UNIVERSAL, ASN1_TAG_OID, "extnID", &t, err) !=
		0 ||
	    tlv_optional(&outer.body, ASN1_UNIVERSAL, ASN1_TAG_BOOLEAN, &t, &present,
			 err) != 0)
		return -1;
	if (present && tlv_boolean(&t, &critical, err) != 0)
		return -1;
	if (tlv_expect(&outer.body, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING, "extnValue",
		       &t, err) != 0)
		return -1;
	r->extension = true;
	r->critical_extension = r->critical_extension || critical;
	return tlv_end(outer.body, "Extension", err);
}

static int read_request_tail(struct view *cursor, struct tsp_request *r,
			     struct ltps_error *err)
{
	struct tlv t;
	bool present;
	if (tlv_optional(cursor, ASN1_UNIVERSAL, ASN1_TAG_BOOLEAN, &t, &present, err) !=
	    0)
		return -1;
	if (present && tlv_boolean(&t, &r->cert_req, err) != 0)
		return -1;
	if (tlv_optional(cursor, ASN1_CONTEXT, 0, &t, &present, err) != 0)
		return -1;
	while (present && t.body.n > 0) {
		if (read_request_extension(&t.body, r, err) != 0)
			return -1;
	}
	return tlv_end(*cursor, "TimeStampReq", err);
}

int tsp_request_parse(struct view in, struct tsp_request *ret_r, struct ltps_error *err)
{
	struct tsp_request r = { 0 };
	struct tlv outer, t;
	uint64_t version;
	if (tlv_only(in, &outer, err) != 0)
		return -1;
	if (!tlv_is(&outer, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE))
		return fail_format(err, REQUEST_CLAUSE, "TimeStampReq is no SEQUENCE");
	struct view cursor = outer.body;
	if (tlv_expect(&cursor, ASN1_UNIVERSAL, ASN1_TAG_INTEGER, "version", &t, err) !=
		0 ||
	    tlv_uint(&t, &version, err) != 0)
		return -1;
	if (version != 1)
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
				 REQUEST_CLAUSE, "TimeStampReq is not of version 1");
	if (read_request_imprint(&cursor, &r, err) != 0 ||
	    read_request_policy(&cursor, &r, err) != 0 ||
	    read_request_nonce(&cursor, &r, err) != 0 ||
	    read_request_tail(&cursor, &r, err) != 0)
		return -1;
	*ret_r = r;
	return 0;
}

/* ---- responses ---- */

/* Text of outside as printable UTF-8, cut between characters. */
static size_t add_text(char *out, size_t n, struct view text)
{
	bool utf8 = utf8_valid(text);
	for (size_t i = 0; i < text.n;) {
		size_t width = 1;
		while (utf8 && i + width < text.n && (text.p[i + width] & 0xc0) == 0x80)
			width++;
		if (n + width >= TSP_STATUS_TEXT_MAX)
			break;
		uint8_t c = text.p[i];
		bool c1 = c == 0xc2 && width == 2 && text.p[i + 1] < 0xa0;
		if (c < 0x20 || c == 0x7f || c1 || (c >= 0x80 && !utf8)) {
			out[n++] = '?';
		} else {
			memcpy(out + n, text.p + i, width);
			n += width;
		}
		i += width;
	}
	return n;
}

/* PKIFreeText: all its strings, "; " between. */
static int read_free_text(struct view *cursor, struct tsp_response *r,
			  struct ltps_error *err)
{
	struct tlv list, t;
	bool present;
	size_t n = 0;
	if (tlv_optional(cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, &list, &present,
			 err) != 0)
		return -1;
	while (present && list.body.n > 0) {
		if (tlv_expect(&list.body, ASN1_UNIVERSAL, ASN1_TAG_UTF8,
			       "statusString", &t, err) != 0)
			return -1;
		if (n > 0)
			n = add_text(r->text, n, view_text("; "));
		n = add_text(r->text, n, t.body);
	}
	r->text[n] = '\0';
	return 0;
}

static bool is_known_failure(int bit)
{
	static const int known[] = { TSP_BAD_ALG,
				     TSP_BAD_REQUEST,
				     TSP_BAD_DATA_FORMAT,
				     TSP_TIME_NOT_AVAILABLE,
				     TSP_UNACCEPTED_POLICY,
				     TSP_UNACCEPTED_EXTENSION,
				     TSP_ADD_INFO_NOT_AVAILABLE,
				     TSP_SYSTEM_FAILURE };
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i] == bit)
			return true;
	}
	return false;
}

static int read_failure(struct view *cursor, struct tsp_response *r,
			struct ltps_error *err)
{
	struct tlv t;
	bool present;
	r->failure = TSP_NO_FAILURE;
	if (tlv_optional(cursor, ASN1_UNIVERSAL, ASN1_TAG_BIT_STRING, &t, &present,
			 err) != 0)
		return -1;
	if (!present)
		return 0;
	if (t.constructed || t.body.n == 0 || t.body.p[0] > 7)
		return fail_format(err, RESPONSE_CLAUSE, "malformed failInfo");
	if (t.body.n > 1 + FAIL_INFO_OCTETS)
		return fail_format(err, RESPONSE_CLAUSE, "unknown failInfo");
	for (size_t bit = 0; bit < (t.body.n - 1) * 8; bit++) {
		if ((t.body.p[1 + bit / 8] & (0x80 >> bit % 8)) == 0)
			continue;
		if (!is_known_failure((int)bit))
			return fail_format(err, RESPONSE_CLAUSE, "unknown failInfo");
		if (r->failure == TSP_NO_FAILURE)
			r->failure = (int)bit;
	}
	return 0;
}

static int read_status_info(struct view *cursor, struct tsp_response *r,
			    struct ltps_error *err)
{
	struct tlv outer, t;
	if (tlv_expect(cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "PKIStatusInfo",
		       &outer, err) != 0 ||
	    tlv_expect(&outer.body, ASN1_UNIVERSAL, ASN1_TAG_INTEGER, "status", &t,
		       err) != 0 ||
	    tlv_uint(&t, &r->status, err) != 0)
		return -1;
	if (r->status > STATUS_LAST)
		return fail_format(err, RESPONSE_CLAUSE, "unknown status");
	if (read_free_text(&outer.body, r, err) != 0 ||
	    read_failure(&outer.body, r, err) != 0)
		return -1;
	return tlv_end(outer.body, "PKIStatusInfo", err);
}

static int read_token(struct view *cursor, struct tsp_response *r,
		      struct ltps_error *err)
{
	struct tlv t;
	bool present;
	bool granted = r->status == TSP_GRANTED || r->status == TSP_GRANTED_WITH_MODS;
	if (tlv_optional(cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, &t, &present,
			 err) != 0)
		return -1;
	if (granted && !present)
		return fail_format(err, RESPONSE_CLAUSE,
				   "granted, but without a token");
	if (!granted && present)
		return fail_format(err, RESPONSE_CLAUSE, "a token without a grant");
	if (granted && r->failure != TSP_NO_FAILURE)
		return fail_format(err, RESPONSE_CLAUSE, "granted, but with a failure");
	if (present)
		r->token = t.whole;
	return tlv_end(*cursor, "TimeStampResp", err);
}

int tsp_response_parse(struct view in, struct tsp_response *ret_r,
		       struct ltps_error *err)
{
	struct tsp_response r = { .failure = TSP_NO_FAILURE };
	struct tlv outer;
	if (tlv_only(in, &outer, err) != 0)
		return -1;
	if (!tlv_is(&outer, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE))
		return fail_format(err, RESPONSE_CLAUSE,
				   "TimeStampResp is no SEQUENCE");
	struct view cursor = outer.body;
	if (read_status_info(&cursor, &r, err) != 0 ||
	    read_token(&cursor, &r, err) != 0)
		return -1;
	*ret_r = r;
	return 0;
}

/* A named-bit list: no trailing zero bits (X.690 11.2.2). */
static int put_failure(int failure, struct buf *out, struct ltps_error *err)
{
	uint8_t bits[1 + FAIL_INFO_OCTETS] = { 0 };
	size_t octet = (size_t)failure / 8;
	if (!is_known_failure(failure))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, RESPONSE_CLAUSE,
				 "no such failure");
	bits[0] = (uint8_t)(7 - failure % 8);
	bits[1 + octet] = (uint8_t)(0x80 >> failure % 8);
	return der_put(out, DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_BIT_STRING),
		       view_of(bits, 2 + octet), err);
}

static int put_free_text(const char *text, struct buf *out, struct ltps_error *err)
{
	struct view v = view_text(text);
	if (der_put_header(out, DER_SEQUENCE, der_header_len(v.n) + v.n, err) != 0)
		return -1;
	return der_put(out, DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_UTF8), v, err);
}

int tsp_response_encode(const struct tsp_response *r, struct buf *out,
			struct ltps_error *err)
{
	struct buf info = buf_make(1024);
	struct buf body = buf_make(RESPONSE_MAX);
	int rc = -1;
	if (der_put_uint(&info, r->status, err) != 0 ||
	    (r->text[0] != '\0' && put_free_text(r->text, &info, err) != 0) ||
	    (r->failure != TSP_NO_FAILURE &&
	     put_failure(r->failure, &info, err) != 0) ||
	    der_put(&body, DER_SEQUENCE, view_buf(&info), err) != 0 ||
	    buf_put(&body, r->token, err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	buf_free(&info);
	return rc;
}

/* ---- the token against the request ---- */

static int fail_mismatch(struct ltps_error *err, const char *clause, const char *what)
{
	return ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_REMOTE, clause, "%s", what);
}

static int check_time(const struct tst *tst, int64_t sent_ms, int64_t received_ms,
		      int64_t skew_ms, struct ltps_error *err)
{
	/* genTime may be cut to its second. */
	int64_t first = sent_ms - skew_ms;
	first -= ((first % 1000) + 1000) % 1000;
	if (tst->gen_time_ms < first)
		return fail_mismatch(err, RESPONSE_CLAUSE,
				     "genTime is before the request");
	if (tst->gen_time_ms > received_ms + skew_ms)
		return fail_mismatch(err, RESPONSE_CLAUSE,
				     "genTime is after the answer");
	return 0;
}

static int check_der(const struct tst *tst, struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	if (der_check(tst->cms->content, &why) == 0)
		return 0;
	if (why.code == LTPS_NOMEM)
		return ltps_fail_nomem(err);
	return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, RESPONSE_CLAUSE,
			 "TSTInfo is not DER: %s", why.text);
}

int tsp_check(const struct tsp_request *r, const struct tst *tst, int64_t sent_ms,
	      int64_t received_ms, int64_t skew_ms, struct ltps_error *err)
{
	if (check_der(tst, err) != 0)
		return -1;
	if (tst->imprint_alg == DIGEST_NONE || tst->imprint_alg != r->alg ||
	    !view_equal(tst->imprint, view_of(r->imprint, r->imprint_n)))
		return fail_mismatch(err, RESPONSE_CLAUSE,
				     "the token stamps something else");
	if (r->nonce_n > 0 && !view_equal(tst->nonce, view_of(r->nonce, r->nonce_n)))
		return fail_mismatch(err, RESPONSE_CLAUSE, "the nonce is not ours");
	if (r->policy[0] != '\0' && strcmp(r->policy, tst->policy) != 0)
		return fail_mismatch(err, RESPONSE_CLAUSE,
				     "another policy than asked for");
	if (r->cert_req && tst->cms->n_certs == 0)
		return fail_mismatch(err, REQUEST_CLAUSE,
				     "the certificate asked for is missing");
	return check_time(tst, sent_ms, received_ms, skew_ms, err);
}
