/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/cms_make.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "formats/cms.h"

#define MAKE_MAX ((size_t)16 << 20)

/* Kept on purpose: fixtures are small, and each test is a process. */
static struct view *kept;
static size_t n_kept;

static void free_kept(void)
{
	for (size_t i = 0; i < n_kept; i++)
		mem_free((void *)(uintptr_t)kept[i].p);
	mem_free(kept);
}

static struct view keep(struct buf *b)
{
	struct view v;
	size_t n;

	if (kept == NULL)
		atexit(free_kept);
	void *p = mem_resize(kept, n_kept + 1, sizeof(kept[0]));
	if (p == NULL)
		abort();
	kept = p;
	v.p = buf_take(b, &n);
	v.n = n;
	kept[n_kept++] = v;
	return v;
}

static void must(int rc)
{
	if (rc != 0)
		abort();
}

struct view make_parts(uint8_t id, int indefinite, ...)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf body = buf_make(MAKE_MAX), out = buf_make(MAKE_MAX);
	va_list ap;

	va_start(ap, indefinite);
	for (;;) {
		struct view v = va_arg(ap, struct view);
		if (v.p == NULL && v.n == 1)
			break;
		must(buf_put(&body, v, &err));
	}
	va_end(ap);
	if (indefinite) {
		static const uint8_t end[2] = { 0, 0 };
		must(buf_put_byte(&out, id, &err));
		must(buf_put_byte(&out, 0x80, &err));
		must(buf_put(&out, view_buf(&body), &err));
		must(buf_put(&out, view_of(end, 2), &err));
	} else {
		must(der_put(&out, id, view_buf(&body), &err));
	}
	buf_free(&body);
	return keep(&out);
}

struct view make_empty(uint8_t id)
{
	return make_parts(id, false, MAKE_END);
}

struct view make_joined(struct view a, struct view b)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(MAKE_MAX);
	must(buf_put(&out, a, &err));
	must(buf_put(&out, b, &err));
	return keep(&out);
}

struct view make_oid(const char *dotted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(256);
	must(der_put_oid(&out, dotted, &err));
	return keep(&out);
}

struct view make_int(unsigned v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(16);
	must(der_put_uint(&out, v, &err));
	return keep(&out);
}

struct view make_octets(const char *text)
{
	return make_el(ASN1_TAG_OCTET_STRING, view_text(text));
}

struct view make_attr(const char *dotted, struct view value)
{
	return make_el(DER_SEQUENCE, make_oid(dotted), make_el(DER_SET, value));
}

struct view make_flipped(struct view v, size_t at)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(MAKE_MAX);
	must(buf_put(&out, v, &err));
	out.p[at] ^= 1;
	return keep(&out);
}

static struct view algorithm(const char *dotted)
{
	return make_el(DER_SEQUENCE, make_oid(dotted));
}

struct make_signer make_signer_default(void)
{
	struct view name = make_empty(DER_SEQUENCE);
	struct view attrs =
	    make_el(0xa0, make_attr(OID_MESSAGE_DIGEST, make_octets("digest")),
		    make_attr(OID_CONTENT_TYPE, make_oid("1.2.840.113549.1.7.1")));
	return (struct make_signer){
		.version = make_int(1),
		.sid = make_el(DER_SEQUENCE, name, make_int(7)),
		.digest_algorithm = algorithm("2.16.840.1.101.3.4.2.1"),
		.signed_attrs = attrs,
		.signature_algorithm = algorithm("1.2.840.113549.1.1.11"),
		.signature = make_octets("signature"),
	};
}

struct view make_signer_build(const struct make_signer *s)
{
	return make_el(DER_SEQUENCE, s->version, s->sid, s->digest_algorithm,
		       s->signed_attrs, s->signature_algorithm, s->signature,
		       s->unsigned_attrs, s->extra);
}

struct make_cms make_cms_default(void)
{
	struct make_signer s = make_signer_default();
	return (struct make_cms){
		.content_type = make_oid(OID_SIGNED_DATA),
		.version = make_int(1),
		.digest_algorithms =
		    make_el(DER_SET, algorithm("2.16.840.1.101.3.4.2.1")),
		.encap = make_el(DER_SEQUENCE, make_oid("1.2.840.113549.1.7.1"),
				 make_el(0xa0, make_octets("hello"))),
		.signers = make_el(DER_SET, make_signer_build(&s)),
	};
}

struct view make_cms_build(const struct make_cms *c)
{
	bool indef = c->indefinite;
	struct view sd =
	    make_parts(DER_SEQUENCE, indef, c->version, c->digest_algorithms, c->encap,
		       c->certs, c->crls, c->signers, c->extra, MAKE_END);
	struct view wrapped = make_parts(0xa0, indef, sd, MAKE_END);
	return make_parts(DER_SEQUENCE, indef, c->content_type, wrapped, MAKE_END);
}

struct view make_item(unsigned n)
{
	return make_el(DER_SEQUENCE, make_int(n), make_octets("item"));
}

struct view make_basic_ocsp(unsigned n)
{
	return make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, make_int(n)),
		       make_octets("basic"));
}

struct view make_ocsp(struct view basic, unsigned status)
{
	uint8_t s = (uint8_t)status;
	struct view bytes = make_el(DER_SEQUENCE, make_oid(OID_PKIX_OCSP_BASIC),
				    make_el(ASN1_TAG_OCTET_STRING, basic));
	return make_el(DER_SEQUENCE, make_el(ASN1_TAG_ENUMERATED, view_of(&s, 1)),
		       make_el(0xa0, bytes));
}

struct view make_other_revocation(const char *dotted, struct view value)
{
	return make_el(0xa1, make_oid(dotted), value);
}
