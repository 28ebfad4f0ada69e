/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ers_make.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"

static struct ltps_error failure;

static void must(int rc)
{
	if (rc == 0)
		return;
	fprintf(stderr, "ers_make: %s\n", failure.text);
	abort();
}

struct buf make_bytes(const void *p, size_t n)
{
	struct buf b = buf_make(MAKE_MAX);
	must(buf_put(&b, view_of(p, n), &failure));
	return b;
}

struct buf make_copy(struct view v)
{
	return make_bytes(v.p, v.n);
}

struct buf make_join(struct buf a, struct buf b)
{
	must(buf_put(&a, view_buf(&b), &failure));
	buf_free(&b);
	return a;
}

struct buf make_tlv(uint8_t id, size_t n, ...)
{
	struct buf body = buf_make(MAKE_MAX);
	struct buf out = buf_make(MAKE_MAX);
	va_list ap;

	va_start(ap, n);
	for (size_t i = 0; i < n; i++)
		body = make_join(body, va_arg(ap, struct buf));
	va_end(ap);
	must(der_put(&out, id, view_buf(&body), &failure));
	buf_free(&body);
	return out;
}

struct buf make_version(uint64_t v)
{
	struct buf b = buf_make(MAKE_MAX);
	must(der_put_uint(&b, v, &failure));
	return b;
}

struct buf make_algorithm(uint8_t id, enum digest_alg alg)
{
	struct buf b = make_copy(digest_algorithm_identifier(alg));
	b.p[0] = id;
	return b;
}

struct buf make_octet_string(struct view v)
{
	struct buf b = buf_make(MAKE_MAX);
	must(der_put(&b, ASN1_TAG_OCTET_STRING, v, &failure));
	return b;
}

struct buf make_hash(uint8_t value, size_t n)
{
	uint8_t octets[DIGEST_MAX + 1];
	memset(octets, value, sizeof(octets));
	return make_octet_string(view_of(octets, n));
}

struct buf make_fake_token(const char *text)
{
	struct buf oid = buf_make(MAKE_MAX);
	must(der_put_oid(&oid, "1.2.840.113549.1.7.1", &failure));
	return make_tlv(DER_SEQUENCE, 2, oid,
			make_tlv(0xa0, 1, make_octet_string(view_text(text))));
}

struct buf make_plain_stamp(struct buf token)
{
	struct buf list = make_tlv(DER_SEQUENCE, 1, make_hash(1, 32));
	return make_tlv(DER_SEQUENCE, 3, make_algorithm(0xa0, DIGEST_SHA256),
			make_tlv(0xa2, 1, list), token);
}

struct buf make_record(struct buf sequence)
{
	struct buf algs =
	    make_tlv(DER_SEQUENCE, 1, make_algorithm(DER_SEQUENCE, DIGEST_SHA256));
	return make_tlv(DER_SEQUENCE, 3, make_version(1), algs, sequence);
}

struct buf make_record_of_stamp(struct buf stamp)
{
	return make_record(make_tlv(DER_SEQUENCE, 1, make_tlv(DER_SEQUENCE, 1, stamp)));
}

struct digest make_digest(enum digest_alg alg, const char *text)
{
	struct digest d;
	must(digest_once(alg, view_text(text), &d, &failure));
	return d;
}
