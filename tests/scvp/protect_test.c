/* SPDX-License-Identifier: Apache-2.0 */
/* Signed and unsigned messages, what is echoed, and which key signs.
 * RFC 5055 3.3 to 3.11, 4, 4.5 to 4.13. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/asn1.h"
#include "tests/support/scvp_kit.h"

static struct scvp_kit kit;
static struct scvp_signer *client, *second;

static void make_kit(void)
{
	scvp_kit_make(&kit);
	client = scvp_kit_signer(&kit, "client", FIX_KEY_P256, false);
	second = NULL;
}

static void free_kit(void)
{
	scvp_signer_free(client);
	scvp_signer_free(second);
	scvp_kit_free(&kit);
}

TestSuite(scvp_protect, .init = make_kit, .fini = free_kit);

/* ---- signed requests ---- */

static struct buf message_of(const struct kit_ask *ask)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf m = buf_make(SCVP_REQUEST_MAX);
	cr_assert_eq(scvp_request_encode(&ask->q, &m, &err), 0);
	return m;
}

static struct buf sign(const struct kit_ask *ask, const struct scvp_signer *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf m = message_of(ask), out = buf_make(SCVP_REQUEST_MAX);
	cr_assert_eq(
	    scvp_envelope_sign(s, 0, SCVP_CONTENT_CV_REQUEST, view_buf(&m), &out, &err),
	    0, "%s", err.text);
	buf_free(&m);
	return out;
}

static void expect_signed(const struct kit_ask *ask, const struct scvp_signer *s,
			  enum scvp_status status, bool authenticated)
{
	struct kit_answer a;
	struct buf b = sign(ask, s);
	scvp_kit_send(&kit, view_buf(&b), &a);
	cr_assert_eq(a.p->status, (uint64_t)status, "%s",
		     scvp_status_name(a.p->status));
	cr_assert_eq(a.p->has_requestor_name, authenticated);
	scvp_kit_answer_free(&a);
	buf_free(&b);
}

Test(scvp_protect, signed_request_of_a_trusted_client_is_authenticated)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	kit.config.require_authentication = true;
	expect_signed(&ask, client, SCVP_OKAY, true);
}

Test(scvp_protect, unsigned_request_is_not_authorized_where_authentication_is_required)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	kit.config.require_authentication = true;
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert_eq(a.p->status, SCVP_NOT_AUTHORIZED);
	cr_assert_eq(a.e->protection, SCVP_BARE);
	scvp_kit_answer_free(&a);
}

Test(scvp_protect, client_that_is_not_trusted_counts_as_unauthenticated)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct kit_ask ask;
	struct fix_cert *other =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "other", .ca = true });
	scvp_kit_ask(&ask, kit.ee);
	material_free(kit.clients);
	cr_assert_eq(material_new(&kit.clients, &err), 0);
	fix_material_add(kit.clients, MATERIAL_ANCHOR, other->der);
	kit.config.client_trust = kit.clients;
	expect_signed(&ask, client, SCVP_OKAY, false);
	kit.config.require_authentication = true;
	expect_signed(&ask, client, SCVP_NOT_AUTHORIZED, false);
	fix_cert_free(other);
}

Test(scvp_protect, client_with_another_purpose_counts_as_unauthenticated)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	/* The server's certificate is for servers. */
	expect_signed(&ask, kit.signer, SCVP_OKAY, false);
}

Test(scvp_protect, client_without_good_status_counts_as_unauthenticated)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_check(&ask, SCVP_CHECK_VALID);
	kit.config.client_no_revocation = false;
	expect_signed(&ask, client, SCVP_OKAY, true);
	scvp_kit_status_at(&kit, 0);
	expect_signed(&ask, client, SCVP_OKAY, false);
}

/* Any octet changed behind the head: never accepted as authenticated. */
Test(scvp_protect, changed_content_does_not_match_the_signature)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.text = view_text("a text that is easy to find");
	struct buf b = sign(&ask, client);
	uint8_t *at = memmem(b.p, b.n, "a text", 6);
	cr_assert_not_null(at);
	*at = 'A';
	scvp_kit_send(&kit, view_buf(&b), &a);
	cr_assert_eq(a.p->status, SCVP_BAD_SIGNATURE_OR_MAC);
	cr_assert_eq(a.e->protection, SCVP_BARE);
	scvp_kit_answer_free(&a);
	b.p[b.n - 1] ^= 1; /* the signature itself as well */
	scvp_kit_send(&kit, view_buf(&b), &a);
	cr_assert_eq(a.p->status, SCVP_BAD_SIGNATURE_OR_MAC);
	scvp_kit_answer_free(&a);
	*at = 'a'; /* the signature alone */
	scvp_kit_send(&kit, view_buf(&b), &a);
	cr_assert_eq(a.p->status, SCVP_BAD_SIGNATURE_OR_MAC);
	scvp_kit_answer_free(&a);
	buf_free(&b);
}

Test(scvp_protect, signer_without_certificate_in_the_message_is_unrecognized)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	struct buf b = sign(&ask, client);
	/* The serial number in the SignerInfo, which is the last one. */
	uint8_t *last = NULL;
	const struct view serial = client->cert->serial;
	for (uint8_t *p = b.p;
	     (p = memmem(p, b.n - (size_t)(p - b.p), client->cert->issuer.p,
			 client->cert->issuer.n)) != NULL;
	     p++)
		last = p;
	cr_assert_not_null(last);
	last[client->cert->issuer.n + 2 + serial.n - 1] ^= 1;
	scvp_kit_send(&kit, view_buf(&b), &a);
	cr_assert_eq(a.p->status, SCVP_UNRECOGNIZED_SIG_KEY, "%s",
		     scvp_status_name(a.p->status));
	scvp_kit_answer_free(&a);
	buf_free(&b);
}

/* Replaces the only place of these octets by others of the same length. */
static void replace(struct buf *b, struct view from, struct view to, bool last)
{
	uint8_t *at = NULL;
	for (uint8_t *p = b->p;
	     (p = memmem(p, b->n - (size_t)(p - b->p), from.p, from.n)) != NULL; p++) {
		at = p;
		if (!last)
			break;
	}
	cr_assert_not_null(at);
	memcpy(at, to.p, to.n);
}

Test(scvp_protect, unknown_digest_is_unsupported_and_odd_attributes_are_invalid)
{
	static const uint8_t sha256[] = { 0x60, 0x86, 0x48, 0x01, 0x65,
					  0x03, 0x04, 0x02, 0x01 };
	static const uint8_t other[] = { 0x60, 0x86, 0x48, 0x01, 0x65,
					 0x03, 0x04, 0x02, 0x7f };
	static const uint8_t digest_attr[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7,
					       0x0d, 0x01, 0x09, 0x04 };
	static const uint8_t no_attr[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7,
					   0x0d, 0x01, 0x09, 0x7f };
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	struct buf b = sign(&ask, client);
	replace(&b, view_of(sha256, 9), view_of(other, 9), true);
	scvp_kit_send(&kit, view_buf(&b), &a);
	cr_assert_eq(a.p->status, SCVP_UNSUPPORTED_SIGNATURE_OR_MAC, "%s",
		     scvp_status_name(a.p->status));
	scvp_kit_answer_free(&a);
	buf_free(&b);
	b = sign(&ask, client);
	replace(&b, view_of(digest_attr, 9), view_of(no_attr, 9), true);
	scvp_kit_send(&kit, view_buf(&b), &a);
	cr_assert_eq(a.p->status, SCVP_INVALID_SIGNATURE_OR_MAC, "%s",
		     scvp_status_name(a.p->status));
	scvp_kit_answer_free(&a);
	buf_free(&b);
}

static void expect_invalid(const struct kit_ask *ask, struct view from, struct view to)
{
	struct kit_answer a;
	struct buf b = sign(ask, client);
	replace(&b, from, to, true);
	scvp_kit_send(&kit, view_buf(&b), &a);
	cr_assert_eq(a.p->status, SCVP_INVALID_SIGNATURE_OR_MAC, "%s",
		     scvp_status_name(a.p->status));
	scvp_kit_answer_free(&a);
	buf_free(&b);
}

Test(scvp_protect, attributes_of_other_types_than_theirs_are_invalid)
{
	/* content-type as octets, message-digest as text, the reference as well */
	static const struct {
		uint8_t from[8], to[8];
	} changes[] = {
		{ { 0x09, 0x03, 0x31, 0x0d, 0x06, 0x0b, 0x2a, 0x86 },
		  { 0x09, 0x03, 0x31, 0x0d, 0x04, 0x0b, 0x2a, 0x86 } },
		{ { 0xf7, 0x0d, 0x01, 0x09, 0x04, 0x31, 0x22, 0x04 },
		  { 0xf7, 0x0d, 0x01, 0x09, 0x04, 0x31, 0x22, 0x0c } },
		{ { 0x31, 0x28, 0x30, 0x26, 0x30, 0x24, 0x30, 0x22 },
		  { 0x31, 0x28, 0x30, 0x26, 0x30, 0x24, 0x0c, 0x22 } },
	};
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		expect_invalid(&ask, view_of(changes[i].from, 8),
			       view_of(changes[i].to, 8));
}

/* In an attribute that nobody reads, a value longer than what holds it. */
Test(scvp_protect, attributes_without_der_encoding_are_invalid)
{
	static const uint8_t from[] = { 0x02, 0x0c, 0x31, 0x1c, 0x30,
					0x1a, 0x30, 0x18, 0x30, 0x16 };
	static const uint8_t to[] = { 0x02, 0x7f, 0x31, 0x1c, 0x30,
				      0x1a, 0x30, 0x18, 0x30, 0x17 };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	expect_invalid(&ask, view_of(from, sizeof(from)), view_of(to, sizeof(to)));
}

/* AuthenticatedData { 0, {}, hmac, { content } , mac } */
static struct buf authenticated(const struct kit_ask *ask)
{
	static const uint8_t head[] = { 0x02, 0x01, 0x00, 0x31, 0x00, 0x30,
					0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48,
					0x86, 0xf7, 0x0d, 0x02, 0x09 };
	static const uint8_t mac[] = { 0x04, 0x02, 0x00, 0x00 };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf m = message_of(ask), octets = buf_make(65536),
		   encap = buf_make(65536), body = buf_make(65536),
		   seq = buf_make(65536), info = buf_make(65536), out = buf_make(65536);
	cr_assert_eq(der_put(&octets, 4, view_buf(&m), &err), 0);
	cr_assert_eq(der_put_oid(&encap, OID_SCVP_CV_REQUEST, &err), 0);
	cr_assert_eq(der_put(&encap, 0xa0, view_buf(&octets), &err), 0);
	cr_assert_eq(buf_put(&body, view_of(head, sizeof(head)), &err), 0);
	cr_assert_eq(der_put(&body, DER_SEQUENCE, view_buf(&encap), &err), 0);
	cr_assert_eq(buf_put(&body, view_of(mac, sizeof(mac)), &err), 0);
	cr_assert_eq(der_put(&seq, DER_SEQUENCE, view_buf(&body), &err), 0);
	cr_assert_eq(der_put_oid(&info, "1.2.840.113549.1.9.16.1.2", &err), 0);
	cr_assert_eq(der_put(&info, 0xa0, view_buf(&seq), &err), 0);
	cr_assert_eq(der_put(&out, DER_SEQUENCE, view_buf(&info), &err), 0);
	buf_free(&info);
	buf_free(&seq);
	buf_free(&body);
	buf_free(&encap);
	buf_free(&octets);
	buf_free(&m);
	return out;
}

Test(scvp_protect, authenticated_data_is_read_and_declined)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.has_nonce = true;
	ask.q.nonce = view_text("nonce");
	struct buf b = authenticated(&ask);
	scvp_kit_send(&kit, view_buf(&b), &a);
	cr_assert_eq(a.p->status, SCVP_UNSUPPORTED_SIGNATURE_OR_MAC);
	cr_assert_eq(a.e->protection, SCVP_BARE);
	cr_assert(view_is_text(a.p->nonce, "nonce"), "the request was read");
	scvp_kit_answer_free(&a);
	buf_free(&b);
}

/* ---- which answers are protected ---- */

Test(scvp_protect, answer_is_signed_unless_that_is_not_wanted)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert(a.is_signed);
	scvp_kit_answer_free(&a);
	ask.q.query.unprotected = true;
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert_eq(a.e->protection, SCVP_BARE);
	scvp_kit_answer_free(&a);
}

static void expect_error_protection(const struct kit_ask *ask, bool secure, bool wanted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_answer answer = { .body = buf_make(SCVP_RESPONSE_MAX) };
	struct scvp_envelope *e = NULL;
	enum scvp_status status;
	struct buf b = sign(ask, client);
	const struct scvp_exchange x = { .body = view_buf(&b),
					 .secure = secure,
					 .now_ms = KIT_NOW_MS };
	cr_assert_eq(scvp_respond(&kit.config, &kit.archive, &x, &answer, &err), 0);
	cr_assert_eq(answer.status, SCVP_UNSUPPORTED_CHECKS);
	cr_assert_eq(scvp_envelope_parse(view_buf(&answer.body), &e, &status, &err), 0);
	cr_assert_eq(e->protection == SCVP_SIGNED, wanted);
	scvp_envelope_free(e);
	buf_free(&answer.body);
	buf_free(&b);
}

Test(scvp_protect, error_is_signed_for_an_authenticated_request_only)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_check(&ask, SCVP_CHECK_AC_STATUS);
	expect_error_protection(&ask, false, true);
	expect_error_protection(&ask, true, false);
	ask.q.query.unprotected = true;
	expect_error_protection(&ask, false, false);
	ask.q.query.unprotected = false;
	kit.config.client_trust = NULL;
	expect_error_protection(&ask, false, false);
}

Test(scvp_protect, signed_data_is_as_the_rfc_wants_it)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct kit_ask ask;
	struct kit_answer a;
	struct view v;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_exchange(&kit, &ask, &a);
	const struct cms *cms = a.e->cms;
	cr_assert_eq(cms->version, 3);
	cr_assert_eq(cms->n_signers, 1);
	cr_assert_eq(cms->n_certs, 1);
	cr_assert(view_equal(cms->certs[0], kit.signer->cert->der));
	cr_assert_eq(cms->signers[0].unsigned_attrs.n, 0);
	cr_assert_eq(cms->signers[0].signed_attrs.n, 4);
	static const char *const needed[] = { OID_CONTENT_TYPE, OID_MESSAGE_DIGEST,
					      OID_SIGNING_CERTIFICATE,
					      OID_SIGNING_CERTIFICATE_V2 };
	for (size_t i = 0; i < 4; i++) {
		cr_assert_eq(
		    cms_attr_one(&cms->signers[0].signed_attrs, needed[i], &v, &err),
		    0);
		cr_assert_gt(v.n, 0, "%s", needed[i]);
	}
	scvp_kit_answer_free(&a);
}

Test(scvp_protect, signature_algorithm_asked_for_is_used_when_offered)
{
	static const uint8_t sha512[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
					  0x48, 0xce, 0x3d, 0x04, 0x03, 0x04 };
	static const uint8_t rsa[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				       0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00 };
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.signature_alg = view_of(sha512, sizeof(sha512));
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert(a.is_signed);
	cr_assert(view_equal(a.e->cms->signers[0].signature_algorithm,
			     view_of(sha512, sizeof(sha512))));
	scvp_kit_answer_free(&a);
	ask.q.signature_alg = view_of(rsa, sizeof(rsa));
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert(a.is_signed);
	cr_assert(
	    view_equal(a.e->cms->signers[0].signature_algorithm, kit.signer->algs[0]));
	scvp_kit_answer_free(&a);
}

Test(scvp_protect, responder_name_chooses_among_the_keys)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf name = buf_make(4096);
	struct kit_ask ask;
	struct kit_answer a;
	second = scvp_kit_signer(&kit, "second", FIX_KEY_ED25519, true);
	kit.signers[1] = second;
	kit.config.n_signers = 2;
	scvp_kit_ask(&ask, kit.ee);
	cr_assert_eq(
	    der_put(&name, DER_ID(ASN1_CONTEXT, 1, 4), second->cert->subject, &err), 0);
	ask.q.responder_name = view_buf(&name);
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert(a.is_signed);
	cr_assert(view_equal(a.e->cms->certs[0], second->cert->der));
	scvp_kit_answer_free(&a);
	buf_free(&name);
}

Test(scvp_protect, other_kinds_of_keys_sign_too)
{
	static const enum fix_key keys[] = { FIX_KEY_RSA, FIX_KEY_RSA_PSS, FIX_KEY_P384,
					     FIX_KEY_ED25519 };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct kit_ask ask;
		struct kit_answer a;
		struct scvp_signer *s = scvp_kit_signer(&kit, "another", keys[i], true);
		scvp_kit_ask(&ask, kit.ee);
		kit.signers[0] = s;
		scvp_kit_exchange(&kit, &ask, &a);
		cr_assert(a.is_signed, "key %zu", i);
		scvp_kit_answer_free(&a);
		scvp_signer_free(s);
	}
}

Test(scvp_protect, certificate_that_may_not_sign_is_refused_at_the_start)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_signer *s = NULL;
	struct cert *c = NULL;
	cr_assert_eq(cert_parse(client->cert->der, &c, &err), 0);
	cr_assert_eq(scvp_signer_new(c, client->key, NULL, 0, true, &s, &err), -1);
	cr_assert_eq(err.code, LTPS_UNSUPPORTED);
	ltps_error_clear(&err);
	cr_assert_eq(scvp_signer_new(c, kit.signer->key, NULL, 0, false, &s, &err), -1);
	cr_assert_eq(err.code, LTPS_MISMATCH);
	cert_free(c);
}

/* ---- echoes ---- */

Test(scvp_protect, nonce_text_and_names_are_echoed)
{
	static const uint8_t ref[] = { 0x82, 4, 'w', 'e', '.', 'x' };
	static const uint8_t name[] = { 0x81, 3, 'a', '@', 'b' };
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.has_nonce = true;
	ask.q.nonce = view_text("0123456789abcdef");
	ask.q.text = view_text("caf\xc3\xa9");
	ask.q.requestor_name = view_of(name, sizeof(name));
	ask.q.has_requestor_ref = true;
	ask.names[0] = view_of(ref, sizeof(ref));
	ask.q.requestor_ref = (struct scvp_list){ ask.names, 1 };
	for (int i = 0; i < 2; i++) {
		scvp_kit_exchange(&kit, &ask, &a);
		cr_assert_eq(a.p->status, i == 0 ? SCVP_OKAY : SCVP_UNSUPPORTED_CHECKS);
		cr_assert(a.p->has_nonce);
		cr_assert(view_equal(a.p->nonce, ask.q.nonce));
		cr_assert(view_equal(a.p->text, ask.q.text));
		cr_assert(a.p->has_requestor_ref);
		cr_assert(view_equal(a.p->requestor_ref.v[0], ask.names[0]));
		cr_assert_eq(a.p->requestor_name.n, 1);
		cr_assert(view_equal(a.p->requestor_name.v[0], ask.q.requestor_name));
		cr_assert_eq(a.raw.until_ms, 0, "bound to one request");
		scvp_kit_answer_free(&a);
		scvp_kit_check(&ask, SCVP_CHECK_AC_STATUS); /* an error echoes too */
	}
}

static void expect_hash(struct kit_ask *ask, enum digest_alg asked,
			enum digest_alg expected)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct kit_answer a;
	struct buf oid = buf_make(64);
	struct digest d;
	if (asked != DIGEST_NONE) {
		cr_assert_eq(der_put_oid(&oid, digest_oid_text(asked), &err), 0);
		ask->q.hash_alg = view_of(oid.p + 2, oid.n - 2);
	}
	struct buf m = message_of(ask);
	scvp_kit_exchange(&kit, ask, &a);
	cr_assert_eq(a.p->request_ref, SCVP_REQUEST_REF_HASH);
	cr_assert_eq(digest_once(expected, view_buf(&m), &d, &err), 0);
	cr_assert(view_equal(a.p->request_hash, digest_view(&d)));
	cr_assert_eq(digest_from_oid(a.p->hash_algorithm),
		     expected == DIGEST_SHA1 ? DIGEST_NONE : expected);
	scvp_kit_answer_free(&a);
	buf_free(&m);
	buf_free(&oid);
	ask->q.hash_alg = VIEW_NULL;
}

Test(scvp_protect, request_is_hashed_with_the_algorithm_asked_for_or_the_default)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	expect_hash(&ask, DIGEST_NONE, DIGEST_SHA256);
	expect_hash(&ask, DIGEST_SHA1, DIGEST_SHA1);
	expect_hash(&ask, DIGEST_SHA512, DIGEST_SHA512);
	expect_hash(&ask, DIGEST_SHA384, DIGEST_SHA256); /* not offered */
	kit.hashes[0] = DIGEST_SHA1;
	expect_hash(&ask, DIGEST_NONE, DIGEST_SHA1);
}

/* The octets as received count, not as we would have written them. */
Test(scvp_protect, default_values_written_out_are_hashed_as_they_came)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static const uint8_t version[] = { 0x02, 0x01, 0x01 };
	struct kit_ask ask;
	struct kit_answer a;
	struct digest d;
	struct tlv t;
	struct buf body = buf_make(65536), whole = buf_make(65536),
		   out = buf_make(65536);
	scvp_kit_ask(&ask, kit.ee);
	struct buf m = message_of(&ask);
	cr_assert_eq(tlv_only(view_buf(&m), &t, &err), 0);
	cr_assert_eq(buf_put(&body, view_of(version, 3), &err), 0);
	cr_assert_eq(buf_put(&body, t.body, &err), 0);
	cr_assert_eq(der_put(&whole, DER_SEQUENCE, view_buf(&body), &err), 0);
	cr_assert_eq(
	    scvp_envelope_bare(SCVP_CONTENT_CV_REQUEST, view_buf(&whole), &out, &err),
	    0);
	scvp_kit_send(&kit, view_buf(&out), &a);
	cr_assert_eq(a.p->status, SCVP_OKAY);
	cr_assert_eq(digest_once(DIGEST_SHA256, view_buf(&whole), &d, &err), 0);
	cr_assert(view_equal(a.p->request_hash, digest_view(&d)));
	scvp_kit_answer_free(&a);
	buf_free(&out);
	buf_free(&whole);
	buf_free(&body);
	buf_free(&m);
}

Test(scvp_protect, full_request_comes_back_octet_for_octet)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.full_request = true;
	struct buf m = message_of(&ask);
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert_eq(a.p->request_ref, SCVP_REQUEST_REF_FULL);
	cr_assert(view_equal(a.p->full_request, view_buf(&m)));
	scvp_kit_answer_free(&a);
	buf_free(&m);
}

Test(scvp_protect, policy_by_reference_holds_only_what_differs)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.policy.inhibit_any = SCVP_TRUE;
	ask.q.query.policy.inhibit_mapping = SCVP_FALSE;
	scvp_kit_exchange(&kit, &ask, &a);
	const struct scvp_policy *p = &a.p->policy;
	cr_assert(view_equal(p->id, scvp_svp_oid(1)));
	cr_assert_eq(p->inhibit_any, SCVP_TRUE);
	cr_assert_eq(p->inhibit_mapping, SCVP_ABSENT);
	cr_assert_eq(p->alg.n, 0);
	cr_assert_not(p->has_anchors || p->has_user_policies || p->has_key_usages ||
		      p->has_extended_key_usages || p->has_specified_key_usages);
	scvp_kit_answer_free(&a);
}

Test(scvp_protect, policy_by_value_holds_everything)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.policy_by_value = true;
	ask.q.query.policy.inhibit_any = SCVP_TRUE;
	scvp_kit_exchange(&kit, &ask, &a);
	const struct scvp_policy *p = &a.p->policy;
	cr_assert(view_equal(p->alg, scvp_svp_oid(3)));
	cr_assert_eq(p->inhibit_any, SCVP_TRUE);
	cr_assert_eq(p->inhibit_mapping, SCVP_FALSE);
	cr_assert_eq(p->explicit_policy, SCVP_FALSE);
	cr_assert(p->has_user_policies && p->has_key_usages &&
		  p->has_extended_key_usages && p->has_specified_key_usages);
	cr_assert_eq(p->n_anchors, 1);
	cr_assert(view_equal(p->anchors[0].cert, kit.root->der));
	scvp_kit_answer_free(&a);
}
