/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of base/: buffers, texts, digests, ASN.1, JSON, configuration, files. */
#include <string.h>

#include "base/asn1.h"
#include "base/conf.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "tests/oom/oom.h"

#define SMALL ((size_t)64 << 10)

static int buffers(struct ltps_error *err)
{
	struct buf b = buf_make(SMALL);
	uint8_t *taken = NULL;
	const char *text;
	size_t n = 0;
	int rc = -1;

	for (unsigned i = 0; i < 100; i++)
		if (buf_put_fmt(&b, err, "%u and %s, ", i, "some more text") != 0 ||
		    buf_put_byte(&b, 'x', err) != 0 ||
		    buf_put_text(&b, "abc", err) != 0)
			goto out;
	if (buf_reserve(&b, 5000, err) != 0 || buf_text(&b, &text, err) != 0)
		goto out;
	taken = buf_take(&b, &n);
	rc = buf_put(&b, world.data, err);
out:
	mem_free(taken);
	buf_free(&b);
	return rc;
}

static int hexadecimal(struct ltps_error *err)
{
	struct buf b = buf_make(SMALL);
	int rc = hex_decode(view_text("00112233445566778899aabbccddeeff"), &b, err);
	buf_free(&b);
	return rc;
}

static int base64(struct ltps_error *err)
{
	struct buf text = buf_make(SMALL), back = buf_make(SMALL);
	int rc = -1;

	if (b64_encode(view_buf(&world.token), &text, err) == 0 &&
	    b64_decode(view_buf(&text), false, &back, err) == 0)
		rc = 0;
	buf_free(&text);
	buf_free(&back);
	return rc;
}

static int json(struct ltps_error *err)
{
	struct buf b = buf_make(SMALL);
	struct jsonw j = jsonw_to(&b);
	int rc;

	jsonw_object(&j);
	for (unsigned i = 0; i < 50; i++) {
		jsonw_member(&j, "text", "line\none \"quoted\"");
		jsonw_member_int(&j, "number", i);
	}
	jsonw_key(&j, "list");
	jsonw_array(&j);
	jsonw_hex(&j, world.data);
	jsonw_base64(&j, world.data);
	jsonw_text(&j, view_of("\xff\xfe", 2));
	jsonw_time(&j, world.judged_ms);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	rc = jsonw_end(&j, err);
	buf_free(&b);
	return rc;
}

static int digests(struct ltps_error *err)
{
	for (int alg = DIGEST_SHA1; alg < DIGEST_ALG_COUNT; alg++) {
		struct digest_ctx *ctx = NULL;
		struct digest once, twice;
		int rc = -1;
		if (digest_new((enum digest_alg)alg, &ctx, err) == 0 &&
		    digest_update(ctx, world.data, err) == 0 &&
		    digest_final(ctx, &once, err) == 0 &&
		    digest_update(ctx, world.data, err) == 0 &&
		    digest_final(ctx, &twice, err) == 0 &&
		    digest_once((enum digest_alg)alg, world.data, &once, err) == 0)
			rc = 0;
		digest_free(ctx);
		if (rc != 0)
			return -1;
		if (!digest_equal(&once, &twice))
			return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
					 "digests differ");
	}
	return 0;
}

static int asn1_read(struct ltps_error *err)
{
	/* An OCTET STRING in pieces, of indefinite length. */
	static const uint8_t pieces[] = { 0x24, 0x80, 4, 2, 'a', 'b', 4, 1, 'c', 0, 0 };
	struct view cursor = view_of(pieces, sizeof(pieces));
	struct buf b = buf_make(SMALL);
	struct tlv t;
	int rc = -1;

	if (tlv_next(&cursor, &t, err) == 0 && tlv_octets(&t, &b, err) == 0)
		rc = der_check(view_buf(&world.token), err);
	buf_free(&b);
	return rc;
}

static int asn1_write(struct ltps_error *err)
{
	struct buf b = buf_make(SMALL), set = buf_make(SMALL);
	struct view members[] = { view_text("\x04\x01z"),
				  view_text("\x04\x01"
					    "a"),
				  view_text("\x04\x01k") };
	int rc = -1;

	if (der_put_oid(&b, "1.2.840.113549.1.7.2", err) == 0 &&
	    der_put_uint(&b, 1234567, err) == 0 &&
	    der_put_boolean(&b, true, err) == 0 && der_put_null(&b, err) == 0 &&
	    der_put_time(&b, world.judged_ms, err) == 0 &&
	    der_put_set_of(&set, DER_SET, members, 3, err) == 0 &&
	    der_put(&b, DER_SEQUENCE, view_buf(&set), err) == 0)
		rc = der_put_header(&b, DER_SEQUENCE, 100000, err);
	buf_free(&b);
	buf_free(&set);
	return rc;
}

static const struct conf_rule rules[] = {
	{ .section = "a", .key = "text", .type = CONF_TEXT, .list = true },
	{ .section = "a",
	  .key = "n",
	  .type = CONF_INT,
	  .min = 1,
	  .max = 9,
	  .required = true },
	{ .section = "b", .labelled = true, .key = "t", .type = CONF_TIME },
	{ .section = "b", .labelled = true, .key = "d", .type = CONF_DURATION },
	{ .section = "b", .labelled = true, .key = "p", .type = CONF_PERIOD },
};
#define N_RULES (sizeof(rules) / sizeof(rules[0]))
static const char conf_file[] = "# comment\n[a]\ntext = one\ntext = \"two \\\"x\\\"\"\n"
				"n = 3\n[b first]\nt = 2026-01-01T00:00:00Z\n"
				"[b second]\nd = 10m\np = P10Y\n";

static int configuration(struct ltps_error *err)
{
	struct conf *c = NULL;
	int rc = conf_parse(view_text(conf_file), "conf", rules, N_RULES, &c, err);
	conf_free(c);
	return rc;
}

/* A wrong file is an error of its own or NOMEM, never a success. */
static int bad_configuration(struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	struct conf *c = NULL;

	if (conf_parse(view_text("[a]\nn = 3\nn = 4\n"), "conf", rules, N_RULES, &c,
		       &inner) == 0)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL, "accepted");
	if (inner.code == LTPS_FORMAT)
		return 0;
	*err = inner;
	return -1;
}

static int files(struct ltps_error *err)
{
	struct buf b = buf_make(SMALL);
	int rc = file_read("/proc/self/status", &b, err);
	buf_free(&b);
	return rc;
}

const struct oom_case oom_base[] = {
	{ "base: buffers", buffers },
	{ "base: hexadecimal", hexadecimal },
	{ "base: base64", base64 },
	{ "base: JSON writer", json },
	{ "base: digests", digests },
	{ "base: ASN.1 read", asn1_read },
	{ "base: ASN.1 write", asn1_write },
	{ "base: configuration", configuration },
	{ "base: wrong configuration", bad_configuration },
	{ "base: file", files },
	{ 0 },
};
