/* SPDX-License-Identifier: Apache-2.0 */
/* trusted_list_verify - the signature of a list. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "formats/xml.h"
#include "validation/key.h"
#include "validation/trusted_list_private.h"

#define EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define ENVELOPED XML_NS_DSIG "enveloped-signature"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define MORE_2007 "http://www.w3.org/2007/05/xmldsig-more#"
#define MORE_2021 "http://www.w3.org/2021/04/xmldsig-more#"

/* AlgorithmIdentifiers: PKCS #1 v1.5, RSASSA-PSS with a mask of the same digest and a
 * salt as long (RFC 9231 2.3.10), and ECDSA with both integers side by side (BSI
 * TR-03111 5.2.1), which is what XML Signature 1.1 6.4.3 wants. */
#define RSA(digest) "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" digest "\x05\x00"
#define SHA2(digest)                                                                   \
	"\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" digest "\x05\x00"
#define PSS(digest, salt)                                                              \
	"\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x34\xa0\x0f" SHA2(   \
	    digest) "\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" SHA2( \
	    digest) "\xa2\x03\x02\x01" salt
#define ECDSA(digest) "\x30\x0c\x06\x0a\x04\x00\x7f\x00\x07\x01\x01\x04\x01" digest
#define OCTETS(text) { (const uint8_t *)(text), sizeof(text) - 1 }

/* No SHA-1, no SHA-224: what is not here is not accepted. */
static const struct {
	const char *uri;
	const char *key; /* key_facts.algorithm, for the error */
	struct view identifier;
} METHODS[] = {
	{ MORE "rsa-sha256", "RSA", OCTETS(RSA("\x0b")) },
	{ MORE "rsa-sha384", "RSA", OCTETS(RSA("\x0c")) },
	{ MORE "rsa-sha512", "RSA", OCTETS(RSA("\x0d")) },
	{ MORE_2007 "sha256-rsa-MGF1", "RSA", OCTETS(PSS("\x01", "\x20")) },
	{ MORE_2007 "sha384-rsa-MGF1", "RSA", OCTETS(PSS("\x02", "\x30")) },
	{ MORE_2007 "sha512-rsa-MGF1", "RSA", OCTETS(PSS("\x03", "\x40")) },
	{ MORE "ecdsa-sha256", "ECDSA", OCTETS(ECDSA("\x03")) },
	{ MORE "ecdsa-sha384", "ECDSA", OCTETS(ECDSA("\x04")) },
	{ MORE "ecdsa-sha512", "ECDSA", OCTETS(ECDSA("\x05")) },
	{ MORE_2021 "eddsa-ed25519", "Ed25519",
	  OCTETS("\x30\x05\x06\x03\x2b\x65\x70") },
	{ MORE_2021 "eddsa-ed448", "Ed448", OCTETS("\x30\x05\x06\x03\x2b\x65\x71") },
};

void trusted_list_refuse(struct trusted_list_verdict *v, enum trusted_list_reason reason,
			 const char *fmt, ...)
{
	va_list ap;
	v->reason = reason;
	va_start(ap, fmt);
	vsnprintf(v->why, sizeof(v->why), fmt, ap);
	va_end(ap);
}

const char *trusted_list_word(enum trusted_list_reason reason)
{
	static const char *const words[TRUSTED_LIST_REASON_COUNT] = {
		[TRUSTED_LIST_GOOD] = "good",
		[TRUSTED_LIST_UNSIGNED] = "unsigned",
		[TRUSTED_LIST_SIGNATURE_FORM] = "signature-form",
		[TRUSTED_LIST_ALGORITHM] = "algorithm",
		[TRUSTED_LIST_ALTERED] = "altered",
		[TRUSTED_LIST_SIGNER] = "signer",
		[TRUSTED_LIST_SIGNATURE] = "signature",
		[TRUSTED_LIST_SIGNING_TIME] = "signing-time",
		[TRUSTED_LIST_VERSION] = "version",
		[TRUSTED_LIST_KIND] = "kind",
		[TRUSTED_LIST_FUTURE] = "future",
		[TRUSTED_LIST_BACKWARDS] = "backwards",
		[TRUSTED_LIST_SAME_NUMBER] = "same-number",
		[TRUSTED_LIST_EXPIRED] = "expired",
		[TRUSTED_LIST_CLOSED] = "closed",
		[TRUSTED_LIST_PIVOT] = "pivot",
	};
	return (unsigned)reason < TRUSTED_LIST_REASON_COUNT ? words[reason] : "?";
}

/* ---- what is signed ---- */

/* "#" and the name. */
static bool refers_to(const char *uri, const char *id)
{
	return id[0] != '\0' && uri[0] == '#' && strcmp(uri + 1, id) == 0;
}

static bool transforms_are(const struct trusted_list_reference *r,
			   const char *const *wanted, size_t n)
{
	if (r->transforms.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(r->transforms.list[i], wanted[i]) != 0)
			return false;
	return true;
}

/* TS 119 612 5.7.1, annex B.1: the whole document but for the signature. */
static bool is_document(const struct trusted_list *l,
			const struct trusted_list_reference *r)
{
	static const char *const wanted[] = { ENVELOPED, EXC_C14N };
	return (r->uri[0] == '\0' || refers_to(r->uri, l->id)) &&
	       strcmp(r->type, TRUSTED_LIST_PROPERTIES_TYPE) != 0 &&
	       transforms_are(r, wanted, 2);
}

static bool is_properties(const struct trusted_list *l,
			  const struct trusted_list_reference *r)
{
	static const char *const wanted[] = { EXC_C14N };
	return strcmp(r->type, TRUSTED_LIST_PROPERTIES_TYPE) == 0 &&
	       refers_to(r->uri, l->signature.properties_id) &&
	       transforms_are(r, wanted, l->signature.inclusive ? 0 : 1);
}

struct signed_things {
	const struct trusted_list_reference *document, *properties;
};

static bool find_things(const struct trusted_list *l, struct signed_things *ret)
{
	const struct trusted_list_reference *r = l->signature.references;
	if (l->signature.n_references != 2)
		return false;
	const bool first = is_document(l, &r[0]);
	ret->document = first ? &r[0] : &r[1];
	ret->properties = first ? &r[1] : &r[0];
	return is_document(l, ret->document) && is_properties(l, ret->properties);
}

static void check_form(const struct trusted_list *l, struct signed_things *things,
		       struct trusted_list_verdict *v)
{
	const struct trusted_list_signature *s = &l->signature;
	if (s->flaw.code != LTPS_OK)
		trusted_list_refuse(v, TRUSTED_LIST_SIGNATURE_FORM, "%s", s->flaw.text);
	else if (!s->present)
		trusted_list_refuse(v, TRUSTED_LIST_UNSIGNED, "the list is not signed");
	else if (strcmp(s->canonicalization, EXC_C14N) != 0)
		trusted_list_refuse(v, TRUSTED_LIST_SIGNATURE_FORM,
				    "SignedInfo is not in exclusive canonical form");
	else if (!find_things(l, things))
		trusted_list_refuse(v, TRUSTED_LIST_SIGNATURE_FORM,
				    "it does not cover exactly the whole list and its "
				    "own properties");
}

/* ---- digests ---- */

static enum digest_alg strong(const char *uri)
{
	const enum digest_alg alg = xml_digest_from_uri(view_text(uri));
	return alg != DIGEST_SHA1 && alg != DIGEST_SHA224 && alg != DIGEST_SHA3_224
		   ? alg
		   : DIGEST_NONE;
}

static int check_digest(struct view octets, const char *method, struct view value,
			bool *ret_same, struct ltps_error *err)
{
	struct digest d;
	if (digest_once(xml_digest_from_uri(view_text(method)), octets, &d, err) != 0)
		return -1;
	*ret_same = view_equal(digest_view(&d), value);
	return 0;
}

static int check_reference(const struct trusted_list_reference *r, struct view octets,
			   const char *what, struct trusted_list_verdict *v,
			   struct ltps_error *err)
{
	bool same;
	if (strong(r->digest_method) == DIGEST_NONE) {
		trusted_list_refuse(v, TRUSTED_LIST_ALGORITHM,
				    "the digest of %s is by %.100s", what,
				    r->digest_method);
		return 0;
	}
	if (check_digest(octets, r->digest_method, r->value, &same, err) != 0)
		return -1;
	if (!same)
		trusted_list_refuse(v, TRUSTED_LIST_ALTERED,
				    "the digest of %s does not match", what);
	return 0;
}

/* ---- the signer ---- */

/* EN 319 132-1 5.2.2: its digest is in the properties. That only says which of those
 * who may sign it was: lists of before 2020 do so by SHA-1, from which nothing follows. */
static int find_signer(const struct trusted_list_signature *s,
		       const struct trusted_list_signers *signers,
		       struct trusted_list_verdict *v, struct ltps_error *err)
{
	const struct trusted_list_cert_digest *d = &s->certificate;
	if (s->n_certificates == 0) {
		trusted_list_refuse(v, TRUSTED_LIST_SIGNER,
				    "the signature does not name the certificate of "
				    "its signer");
		return 0;
	}
	if (xml_digest_from_uri(view_text(d->method)) == DIGEST_NONE) {
		trusted_list_refuse(v, TRUSTED_LIST_ALGORITHM,
				    "the digest of the signer's certificate is by "
				    "%.100s",
				    d->method);
		return 0;
	}
	for (size_t i = 0; i < signers->n; i++) {
		bool same;
		if (check_digest(signers->list[i]->der, d->method, d->value, &same,
				 err) != 0)
			return -1;
		if (same) {
			v->signer = signers->list[i];
			return 0;
		}
	}
	trusted_list_refuse(v, TRUSTED_LIST_SIGNER,
			    "signed by none of the %zu certificates that may",
			    signers->n);
	return 0;
}

static bool is_large(const struct key_facts *k)
{
	if (strcmp(k->algorithm, "RSA") == 0)
		return k->bits >= TRUSTED_LIST_RSA_BITS_MIN;
	return strcmp(k->algorithm, "ECDSA") != 0 || k->bits >= TRUSTED_LIST_EC_BITS_MIN;
}

static struct view identifier_of(const char *method, const char *key)
{
	for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++)
		if (strcmp(METHODS[i].uri, method) == 0 &&
		    strcmp(METHODS[i].key, key) == 0)
			return METHODS[i].identifier;
	return VIEW_NULL;
}

static int check_value(const struct trusted_list_signature *s,
		       struct trusted_list_verdict *v, struct ltps_error *err)
{
	EVP_PKEY *key = NULL;
	struct key_facts facts = { .algorithm = "?" };
	enum signature_verdict verdict;
	if (cert_key(v->signer, &key, err) != 0)
		return -1;
	if (key != NULL)
		key_facts(key, &facts);
	const struct view identifier = identifier_of(s->method, facts.algorithm);
	if (identifier.n == 0 || !is_large(&facts)) {
		trusted_list_refuse(v, TRUSTED_LIST_ALGORITHM,
				    "%.100s with a key %s of %u bits is not accepted",
				    s->method, facts.algorithm, facts.bits);
		return 0;
	}
	if (signature_verify(identifier, DIGEST_NONE, key, s->info, s->value, &verdict,
			     err) != 0)
		return -1;
	if (verdict != SIGNATURE_VALID)
		trusted_list_refuse(v, TRUSTED_LIST_SIGNATURE,
				    "the signature does not verify");
	return 0;
}

/* The signing time is the word of whoever holds the key, after the certificate's end
 * too. What he cannot choose freely is the issue: from it the list counts for months
 * only. A list may be signed ahead of its issue, and signed anew long after it. */
static void check_time(const struct trusted_list *l, struct trusted_list_verdict *v)
{
	const struct trusted_list_signature *s = &l->signature;
	const struct cert *c = v->signer;
	char at[TIME_TEXT_MAX];
	if (!s->has_signing_time) {
		trusted_list_refuse(v, TRUSTED_LIST_SIGNING_TIME,
				    "the signature has no signing time");
	} else if (s->signing_time_ms < c->not_before_ms ||
		   s->signing_time_ms > c->not_after_ms) {
		time_rfc3339(s->signing_time_ms, at);
		trusted_list_refuse(v, TRUSTED_LIST_SIGNING_TIME,
				    "signed %s, when the certificate was not valid",
				    at);
	} else if (l->issued_ms - TRUSTED_LIST_AHEAD_MAX_MS > c->not_after_ms) {
		time_rfc3339(l->issued_ms, at);
		trusted_list_refuse(v, TRUSTED_LIST_SIGNING_TIME,
				    "issued %s, when the certificate had ended", at);
	}
}

int trusted_list_verify(const struct trusted_list *l,
			const struct trusted_list_signers *signers,
			struct trusted_list_verdict *ret, struct ltps_error *err)
{
	const struct trusted_list_signature *s = &l->signature;
	struct trusted_list_verdict v = { .reason = TRUSTED_LIST_GOOD };
	struct signed_things things = { NULL, NULL };
	int rc = 0;
	check_form(l, &things, &v);
	if (v.reason == TRUSTED_LIST_GOOD)
		rc = check_reference(things.document, l->octets, "the list", &v, err);
	if (rc == 0 && v.reason == TRUSTED_LIST_GOOD)
		rc = check_reference(things.properties, s->properties, "the properties",
				     &v, err);
	if (rc == 0 && v.reason == TRUSTED_LIST_GOOD)
		rc = find_signer(s, signers, &v, err);
	if (rc == 0 && v.reason == TRUSTED_LIST_GOOD)
		rc = check_value(s, &v, err);
	if (rc == 0 && v.reason == TRUSTED_LIST_GOOD)
		check_time(l, &v);
	if (rc == 0)
		*ret = v;
	return rc;
}
