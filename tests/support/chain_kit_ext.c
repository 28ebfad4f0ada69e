/* SPDX-License-Identifier: Apache-2.0 */
/* chain_kit_ext - extensions and general names of chain_kit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "tests/support/chain_kit.h"

#define LIST_MAX ((size_t)4 << 20)
#define CONTEXT(n) DER_ID(ASN1_CONTEXT, 0, n)
#define CONTEXT_CONSTRUCTED(n) DER_ID(ASN1_CONTEXT, 1, n)

static void die(const char *what)
{
	fprintf(stderr, "chain_kit: %s\n", what);
	abort();
}

/* Calls one function for each piece of a text and joins what it gives. */
static struct view each(struct kit *k, const char *text, const char *separators,
			struct view (*make)(struct kit *k, char *piece))
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf all = buf_make(LIST_MAX);
	char *copy = mem_dup_text(text), *rest = NULL;
	if (copy == NULL)
		die("memory");
	for (char *p = strtok_r(copy, separators, &rest); p != NULL;
	     p = strtok_r(NULL, separators, &rest)) {
		if (buf_put(&all, make(k, p), &err) != 0)
			die(err.text);
	}
	mem_free(copy);
	struct view joined = kit_join(k, view_buf(&all), VIEW_NULL);
	buf_free(&all);
	return joined;
}

/* Splits "a=b" and gives b. */
static char *split(char *text, char at)
{
	char *value = strchr(text, at);
	if (value == NULL)
		die(text);
	*value = '\0';
	return value + 1;
}

static struct view other_name(struct kit *k, char *value)
{
	char *text = split(value, '=');
	struct view utf8 = kit_der(k, ASN1_TAG_UTF8, view_text(text));
	struct view id = kit_der(k, ASN1_TAG_OID, kit_oid(k, value));
	return kit_der(k, CONTEXT_CONSTRUCTED(0),
		       kit_join(k, id, kit_der(k, CONTEXT_CONSTRUCTED(0), utf8)));
}

static struct view general_name(struct kit *k, char *text)
{
	char *value = split(text, ':');
	if (strcmp(text, "dns") == 0)
		return kit_der(k, CONTEXT(2), view_text(value));
	if (strcmp(text, "email") == 0)
		return kit_der(k, CONTEXT(1), view_text(value));
	if (strcmp(text, "uri") == 0)
		return kit_der(k, CONTEXT(6), view_text(value));
	if (strcmp(text, "ip") == 0)
		return kit_der(k, CONTEXT(7), kit_hex(k, value));
	if (strcmp(text, "rid") == 0)
		return kit_der(k, CONTEXT(8), kit_oid(k, value));
	if (strcmp(text, "dir") == 0)
		return kit_der(k, CONTEXT_CONSTRUCTED(4), kit_name(k, value));
	if (strcmp(text, "other") == 0)
		return other_name(k, value);
	if (strcmp(text, "x400") == 0)
		return kit_der(k, CONTEXT_CONSTRUCTED(3),
			       kit_der(k, DER_SEQUENCE, VIEW_NULL));
	if (strcmp(text, "edi") == 0)
		return kit_der(k, CONTEXT_CONSTRUCTED(5),
			       kit_der(k, CONTEXT_CONSTRUCTED(1),
				       kit_der(k, ASN1_TAG_UTF8, view_text("party"))));
	die(text);
	return VIEW_NULL;
}

struct view kit_general_names(struct kit *k, const char *text)
{
	return each(k, text, ";", general_name);
}

static struct view subtree(struct kit *k, char *text)
{
	return kit_der(k, DER_SEQUENCE, general_name(k, text));
}

static struct view oid_piece(struct kit *k, char *dotted)
{
	return kit_der(k, ASN1_TAG_OID, kit_oid(k, dotted));
}

static struct view policy_piece(struct kit *k, char *dotted)
{
	return kit_der(k, DER_SEQUENCE, oid_piece(k, dotted));
}

static struct view mapping_piece(struct kit *k, char *pair)
{
	char *to = split(pair, '=');
	return kit_der(k, DER_SEQUENCE,
		       kit_join(k, oid_piece(k, pair), oid_piece(k, to)));
}

static struct view number(struct kit *k, uint8_t id, uint64_t v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(16);
	if (der_put_uint(&out, v, &err) != 0)
		die(err.text);
	out.p[0] = id;
	struct view tlv = kit_join(k, view_buf(&out), VIEW_NULL);
	buf_free(&out);
	return tlv;
}

struct kit_extension kit_ext(const char *oid, bool critical, struct view value)
{
	return (struct kit_extension){ oid, critical, value };
}

struct kit_extension kit_ext_basic(struct kit *k, bool ca, int path_len)
{
	static const uint8_t yes[] = { 0x01, 0x01, 0xff };
	struct view body = ca ? view_of(yes, sizeof(yes)) : VIEW_NULL;
	if (path_len >= 0)
		body =
		    kit_join(k, body, number(k, ASN1_TAG_INTEGER, (uint64_t)path_len));
	return kit_ext("2.5.29.19", true, kit_der(k, DER_SEQUENCE, body));
}

/* Named bit list: trailing zero bits are left out (X.690 11.2.2). */
struct kit_extension kit_ext_key_usage(struct kit *k, uint16_t bits)
{
	uint8_t octets[3] = { 0, 0, 0 };
	unsigned last = 0;
	for (unsigned i = 0; i < 9; i++) {
		if ((bits >> i & 1) != 0) {
			octets[1 + i / 8] |= (uint8_t)(0x80 >> i % 8);
			last = i + 1;
		}
	}
	size_t n = (last + 7) / 8;
	octets[0] = (uint8_t)(n * 8 - last);
	return kit_ext("2.5.29.15", true,
		       kit_der(k, ASN1_TAG_BIT_STRING, view_of(octets, n + 1)));
}

struct kit_extension kit_ext_eku(struct kit *k, const char *oids)
{
	return kit_ext("2.5.29.37", false,
		       kit_der(k, DER_SEQUENCE, each(k, oids, " ", oid_piece)));
}

struct kit_extension kit_ext_policies(struct kit *k, const char *oids)
{
	return kit_ext("2.5.29.32", false,
		       kit_der(k, DER_SEQUENCE, each(k, oids, " ", policy_piece)));
}

struct kit_extension kit_ext_mappings(struct kit *k, const char *pairs)
{
	return kit_ext("2.5.29.33", true,
		       kit_der(k, DER_SEQUENCE, each(k, pairs, " ", mapping_piece)));
}

struct kit_extension kit_ext_policy_constraints(struct kit *k, int require_explicit,
						int inhibit_mapping)
{
	struct view body = VIEW_NULL;
	if (require_explicit >= 0)
		body = number(k, CONTEXT(0), (uint64_t)require_explicit);
	if (inhibit_mapping >= 0)
		body =
		    kit_join(k, body, number(k, CONTEXT(1), (uint64_t)inhibit_mapping));
	return kit_ext("2.5.29.36", true, kit_der(k, DER_SEQUENCE, body));
}

struct kit_extension kit_ext_inhibit_any(struct kit *k, unsigned skip)
{
	return kit_ext("2.5.29.54", true, number(k, ASN1_TAG_INTEGER, skip));
}

struct kit_extension kit_ext_name_constraints(struct kit *k, const char *permitted,
					      const char *excluded)
{
	struct view body = VIEW_NULL;
	if (permitted != NULL)
		body = kit_der(k, CONTEXT_CONSTRUCTED(0),
			       each(k, permitted, ";", subtree));
	if (excluded != NULL)
		body = kit_join(k, body,
				kit_der(k, CONTEXT_CONSTRUCTED(1),
					each(k, excluded, ";", subtree)));
	return kit_ext("2.5.29.30", true, kit_der(k, DER_SEQUENCE, body));
}

struct kit_extension kit_ext_san(struct kit *k, const char *names)
{
	return kit_ext("2.5.29.17", false,
		       kit_der(k, DER_SEQUENCE, kit_general_names(k, names)));
}
