/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/x509_make.h"

#define OID_ECDSA_SHA256 "1.2.840.10045.4.3.2"

struct view make_string(unsigned tag, const char *text)
{
	return make_el((uint8_t)tag, view_text(text));
}

struct view make_rdn(const char *type, struct view value)
{
	return make_el(DER_SET, make_el(DER_SEQUENCE, make_oid(type), value));
}

struct view make_name(const char *cn)
{
	return make_el(DER_SEQUENCE, make_rdn("2.5.4.3", make_string(12, cn)));
}

struct view make_utc(const char *text)
{
	return make_string(ASN1_TAG_UTC_TIME, text);
}

struct view make_generalized(const char *text)
{
	return make_string(ASN1_TAG_GENERALIZED_TIME, text);
}

struct view make_ext(const char *dotted, bool critical, struct view value)
{
	return make_el(DER_SEQUENCE, make_oid(dotted),
		       critical ? MAKE_BOOLEAN_TRUE : VIEW_NULL,
		       make_el(ASN1_TAG_OCTET_STRING, value));
}

struct view make_uri(const char *uri)
{
	return make_el(MAKE_CONTEXT(6), view_text(uri));
}

struct view make_directory(struct view name)
{
	return make_el(MAKE_TAGGED(4), name);
}

struct view make_bits(struct view octets)
{
	return make_el(ASN1_TAG_BIT_STRING, MAKE_RAW("\0"), octets);
}

static struct view ecdsa(void)
{
	return make_el(DER_SEQUENCE, make_oid(OID_ECDSA_SHA256));
}

/* A point of P-256 that everybody knows: its generator. */
static struct view p256(void)
{
	static const uint8_t generator[65] =
	    "\x04\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77"
	    "\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\x4f\xe3\x42"
	    "\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b"
	    "\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";
	return make_el(DER_SEQUENCE,
		       make_el(DER_SEQUENCE, make_oid("1.2.840.10045.2.1"),
			       make_oid("1.2.840.10045.3.1.7")),
		       make_bits(view_of(generator, sizeof(generator))));
}

struct make_cert make_cert_default(void)
{
	return (struct make_cert){
		.version = make_el(MAKE_TAGGED(0), make_int(2)),
		.serial = make_int(4711),
		.tbs_algorithm = ecdsa(),
		.issuer = make_name("CA"),
		.validity = make_el(DER_SEQUENCE, make_utc("250101000000Z"),
				    make_utc("270101000000Z")),
		.subject = make_name("EE"),
		.spki = p256(),
		.algorithm = ecdsa(),
		.signature = make_bits(MAKE_RAW("signature")),
	};
}

struct view make_cert_build(const struct make_cert *c)
{
	struct view tbs = make_el(DER_SEQUENCE, c->version, c->serial, c->tbs_algorithm,
				  c->issuer, c->validity, c->subject, c->spki,
				  c->unique_ids, c->extensions, c->tbs_extra);
	return make_el(DER_SEQUENCE, tbs, c->algorithm, c->signature, c->extra);
}

struct view make_cert_with(struct view extensions)
{
	struct make_cert c = make_cert_default();
	c.extensions = make_el(MAKE_TAGGED(3), make_el(DER_SEQUENCE, extensions));
	return make_cert_build(&c);
}

struct make_crl make_crl_default(void)
{
	return (struct make_crl){
		.version = make_int(1),
		.tbs_algorithm = ecdsa(),
		.issuer = make_name("CA"),
		.this_update = make_utc("260101000000Z"),
		.next_update = make_utc("260201000000Z"),
		.algorithm = ecdsa(),
		.signature = make_bits(MAKE_RAW("signature")),
	};
}

struct view make_crl_build(const struct make_crl *c)
{
	struct view tbs =
	    make_el(DER_SEQUENCE, c->version, c->tbs_algorithm, c->issuer,
		    c->this_update, c->next_update,
		    c->entries.n > 0 ? make_el(DER_SEQUENCE, c->entries) : VIEW_NULL,
		    c->extensions.n > 0
			? make_el(MAKE_TAGGED(0), make_el(DER_SEQUENCE, c->extensions))
			: VIEW_NULL,
		    c->tbs_extra);
	return make_el(DER_SEQUENCE, tbs, c->algorithm, c->signature, c->extra);
}

struct view make_crl_entry(struct view serial, struct view extensions)
{
	return make_el(DER_SEQUENCE, serial, make_utc("251231235959Z"),
		       extensions.n > 0 ? make_el(DER_SEQUENCE, extensions)
					: VIEW_NULL);
}

struct make_answer make_answer_default(void)
{
	return (struct make_answer){
		.hash_algorithm = make_el(DER_SEQUENCE, make_oid("1.3.14.3.2.26")),
		.name_hash = make_octets("name hash"),
		.key_hash = make_octets("key hash"),
		.serial = make_int(4711),
		.status = MAKE_RAW("\x80\x00"),
		.this_update = make_generalized("20260101000000Z"),
	};
}

struct view make_answer_build(const struct make_answer *a)
{
	struct view id = make_el(DER_SEQUENCE, a->hash_algorithm, a->name_hash,
				 a->key_hash, a->serial);
	return make_el(
	    DER_SEQUENCE, id, a->status, a->this_update,
	    a->next_update.n > 0 ? make_el(MAKE_TAGGED(0), a->next_update) : VIEW_NULL,
	    a->extensions.n > 0
		? make_el(MAKE_TAGGED(1), make_el(DER_SEQUENCE, a->extensions))
		: VIEW_NULL,
	    a->extra);
}

struct make_response make_response_default(void)
{
	struct make_answer a = make_answer_default();
	return (struct make_response){
		.status = MAKE_RAW("\x0a\x01\x00"),
		.type = make_oid("1.3.6.1.5.5.7.48.1.1"),
		.responder = make_el(MAKE_TAGGED(1), make_name("CA")),
		.produced = make_generalized("20260101000000Z"),
		.answers = make_el(DER_SEQUENCE, make_answer_build(&a)),
		.algorithm = ecdsa(),
		.signature = make_bits(MAKE_RAW("signature")),
	};
}

struct view make_response_build(const struct make_response *r)
{
	struct view tbs =
	    make_el(DER_SEQUENCE, r->version, r->responder, r->produced, r->answers,
		    r->extensions.n > 0
			? make_el(MAKE_TAGGED(1), make_el(DER_SEQUENCE, r->extensions))
			: VIEW_NULL,
		    r->tbs_extra);
	struct view basic = make_el(
	    DER_SEQUENCE, tbs, r->algorithm, r->signature,
	    r->certs.n > 0 ? make_el(MAKE_TAGGED(0), make_el(DER_SEQUENCE, r->certs))
			   : VIEW_NULL);
	struct view bytes =
	    make_el(DER_SEQUENCE, r->type, make_el(ASN1_TAG_OCTET_STRING, basic));
	return make_el(DER_SEQUENCE, r->status, make_el(MAKE_TAGGED(0), bytes),
		       r->extra);
}
