/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_asn1 - walks every element of the input with the cursor, reads each as
 * whatever it may be, and compares what two functions must agree about.
 */
#include <stdlib.h>
#include <string.h>

#include "base/asn1.h"
#include "tests/fuzz/fuzz.h"

/* Deeper than the cursor itself follows; keeps the recursion here bounded. */
#define WALK_DEPTH_MAX 200
/* Elements that nest in indefinite lengths are found again on each level. */
#define WALK_ELEMENTS_MAX 20000

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* A text that comes of octets leads back to the same octets. */
static void check_oid_text(struct view body)
{
	char text[OID_TEXT_MAX];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(1024);
	oid_text(body, text);
	must(memchr(text, 0, sizeof(text)) != NULL);
	if (text[0] != '\0') {
		struct tlv t;
		must(oid_is(body, text));
		must(der_put_oid(&b, text, &err) == 0);
		must(tlv_only(view_buf(&b), &t, &err) == 0);
		must(view_equal(t.body, body));
	}
	buf_free(&b);
}

/* A time that is read is written as the same instant. */
static void check_time(const struct tlv *t)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t ms, back;
	if (tlv_time(t, &ms, &err) != 0)
		return;
	struct buf b = buf_make(64);
	struct tlv again;
	must(der_put_time(&b, ms, &err) == 0);
	must(tlv_only(view_buf(&b), &again, &err) == 0);
	must(tlv_time(&again, &back, &err) == 0 && back == ms);
	buf_free(&b);
}

static void check_uint(const struct tlv *t)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint64_t v;
	if (tlv_uint(t, &v, &err) != 0)
		return;
	struct buf b = buf_make(16);
	struct tlv again;
	must(der_put_uint(&b, v, &err) == 0);
	must(tlv_only(view_buf(&b), &again, &err) == 0);
	must(view_equal(again.body, t->body));
	buf_free(&b);
}

static void check_values(const struct tlv *t)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf octets = buf_make((size_t)1 << 20);
	bool flag;
	check_oid_text(t->body);
	check_time(t);
	check_uint(t);
	(void)!tlv_boolean(t, &flag, &err);
	ltps_error_clear(&err);
	if (tlv_octets(t, &octets, &err) == 0)
		must(octets.n <= t->body.n);
	buf_free(&octets);
}

static void walk(struct view cursor, unsigned depth, size_t *budget)
{
	while (cursor.n > 0 && *budget > 0) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct view before = cursor;
		struct tlv t, same;
		--*budget;
		if (tlv_next(&cursor, &t, &err) != 0) {
			must(err.code == LTPS_FORMAT && cursor.p == before.p);
			return;
		}
		must(t.whole.p == before.p && t.whole.n + cursor.n == before.n);
		must(t.body.p > t.whole.p &&
		     t.body.p + t.body.n <= t.whole.p + t.whole.n);
		must(tlv_only(t.whole, &same, &err) == 0 && same.body.n == t.body.n);
		check_values(&t);
		if (t.constructed && depth < WALK_DEPTH_MAX)
			walk(t.body, depth + 1, budget);
	}
}

/* DER has no indefinite length, and all of it can be walked. */
static void check_der(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv t;
	if (der_check(in, &err) != 0) {
		must(err.code == LTPS_FORMAT && err.where[0] != '\0');
		return;
	}
	must(tlv_only(in, &t, &err) == 0 && !t.indefinite);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct view in = view_of(data, size);
	size_t budget = WALK_ELEMENTS_MAX;
	walk(in, 0, &budget);
	check_der(in);
	check_oid_text(in);
}
