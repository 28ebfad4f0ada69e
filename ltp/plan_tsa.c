/* SPDX-License-Identifier: Apache-2.0 */
/* plan_tsa - what the watch knows of a TSA's certificate, as a setting of the store. */
#include <stdio.h>
#include <string.h>

#include "base/asn1.h"
#include "ltp/plan_private.h"

#define SETTING_TSA "plan.tsa."
/* Two times, a flag and a line. */
#define SETTING_SIZE_MAX (STORE_REASON_MAX + 64)
#define SETTING_NAME_MAX 96

static void tsa_setting(const uint8_t sha256[32], char out[SETTING_NAME_MAX])
{
	char hex[2 * 32 + 1];
	hex_encode(view_of(sha256, 32), hex);
	snprintf(out, SETTING_NAME_MAX, SETTING_TSA "%s", hex);
}

/* No time of ours is before 1970 but the open ones, which are left out. */
static int put_time(struct buf *out, uint32_t tag, int64_t t_ms, struct ltps_error *err)
{
	struct buf n = buf_make(16);
	int rc = 0;
	if (t_ms >= 0 && t_ms != INT64_MAX) {
		rc = der_put_uint(&n, (uint64_t)t_ms, err);
		if (rc == 0)
			rc = der_put(out, DER_ID(ASN1_CONTEXT, true, tag), view_buf(&n),
				     err);
	}
	buf_free(&n);
	return rc;
}

static int read_time(struct view *cursor, uint32_t tag, int64_t otherwise,
		     int64_t *ret_ms, struct ltps_error *err)
{
	struct tlv t, n;
	bool present = false;
	uint64_t v = 0;
	*ret_ms = otherwise;
	if (tlv_optional(cursor, ASN1_CONTEXT, tag, &t, &present, err) != 0)
		return -1;
	if (!present)
		return 0;
	if (tlv_only(t.body, &n, err) != 0 || tlv_uint(&n, &v, err) != 0)
		return -1;
	*ret_ms = (int64_t)v;
	return 0;
}

/* good [0], withdrawn [1], held BOOLEAN, why UTF8String */
static int encode_tsa(const struct plan_tsa *t, struct buf *out, struct ltps_error *err)
{
	struct buf body = buf_make(SETTING_SIZE_MAX);
	int rc = -1;
	if (put_time(&body, 0, t->good_ms, err) == 0 &&
	    put_time(&body, 1, t->withdrawn_ms, err) == 0 &&
	    der_put_boolean(&body, t->held, err) == 0 &&
	    der_put(&body, ASN1_TAG_UTF8, view_text(t->why), err) == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
	buf_free(&body);
	return rc;
}

static int decode_tsa(struct view in, struct plan_tsa *ret, struct ltps_error *err)
{
	struct tlv outer, held, why;
	if (tlv_only(in, &outer, err) != 0)
		return -1;
	struct view cursor = outer.body;
	if (read_time(&cursor, 0, INT64_MIN, &ret->good_ms, err) != 0 ||
	    read_time(&cursor, 1, INT64_MAX, &ret->withdrawn_ms, err) != 0 ||
	    tlv_next(&cursor, &held, err) != 0 ||
	    tlv_boolean(&held, &ret->held, err) != 0 ||
	    tlv_next(&cursor, &why, err) != 0 || tlv_end(cursor, "setting", err) != 0)
		return -1;
	const size_t n = why.body.n < STORE_REASON_MAX ? why.body.n : STORE_REASON_MAX;
	memcpy(ret->why, why.body.p, n);
	ret->why[n] = '\0';
	return 0;
}

int plan_tsa_get(struct store_conn *conn, const uint8_t sha256[32],
		 struct plan_tsa *ret, struct ltps_error *err)
{
	char name[SETTING_NAME_MAX];
	uint8_t octets[SETTING_SIZE_MAX];
	size_t n = 0;
	*ret = (struct plan_tsa){ .good_ms = INT64_MIN, .withdrawn_ms = INT64_MAX };
	tsa_setting(sha256, name);
	if (store_setting_get(conn, name, octets, sizeof(octets), &n, err) != 0) {
		if (err->code != LTPS_NOT_FOUND)
			return -1;
		ltps_error_clear(err);
		return 0;
	}
	if (decode_tsa(view_of(octets, n), ret, err) == 0)
		return 0;
	ltps_error_clear(err);
	return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
			 "the setting %s does not decode", name);
}

int plan_tsa_put(struct store_conn *conn, const uint8_t sha256[32],
		 const struct plan_tsa *t, struct ltps_error *err)
{
	char name[SETTING_NAME_MAX];
	struct buf der = buf_make(SETTING_SIZE_MAX);
	tsa_setting(sha256, name);
	int rc = encode_tsa(t, &der, err);
	if (rc == 0)
		rc = store_setting_put(conn, name, der.p, der.n, err);
	buf_free(&der);
	return rc;
}
