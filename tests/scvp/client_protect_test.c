/* SPDX-License-Identifier: Apache-2.0 */
/* The protection of a response: its signature, and who made it. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/scvp_peer.h"

#define MESSAGE_MAX ((size_t)1 << 20)

static struct scvp_peer *peer;
static const struct material *expected_servers; /* of expect() */
static void begin(void)
{
	peer = peer_new();
	peer_ask(peer);
}
static void end(void)
{
	peer_free(peer);
}
TestSuite(scvp_client_protect, .init = begin, .fini = end);

static struct buf sealed(void)
{
	struct peer_answer *a = peer_answer(peer);
	struct buf body = peer_seal(a, peer->signer);
	peer_answer_free(a);
	return body;
}

static void expect(struct buf *body, enum scvp_code code, const char *what)
{
	struct scvp_expect x = peer_expect(peer);
	x.servers = expected_servers;
	struct scvp_judgement *j = peer_judge(&x, body);
	peer_expect_only(j, code, what);
	cr_assert_eq(j->trusted, code == SCVP_CODE_OK, "%s", what);
	cr_assert_eq(scvp_worst(j),
		     code == SCVP_CODE_OK ? PATH_VALID : PATH_UNDETERMINED, "%s", what);
	scvp_judgement_free(j);
	buf_free(body);
}

/* ---- a SignedData taken apart and put together again ---- */

static void put(struct buf *b, uint8_t id, struct view body)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(der_put(b, id, body, &err), 0);
}
static void append(struct buf *b, struct view v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_put(b, v, &err), 0);
}

enum change {
	SIGNER_TWICE,
	NO_SIGNER,
	UNSIGNED_ATTRIBUTE,
	NO_SIGNED_ATTRIBUTES,
	NO_CERTIFICATE,
	ATTRIBUTE_LEFT_OUT
};

/* SignerInfo: version, sid, digest algorithm, attributes, algorithm, value */
static void put_signer(struct buf *out, const struct cms_signer *s, enum change c)
{
	static const uint8_t attr[] = { 0x30, 0x09, 0x06, 0x03, 0x2a, 0x03,
					0x04, 0x31, 0x02, 0x05, 0x00 };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(MESSAGE_MAX);
	struct tlv info, t;
	cr_assert_eq(tlv_only(s->whole, &info, &err), 0);
	for (struct view rest = info.body; rest.n > 0;) {
		cr_assert_eq(tlv_next(&rest, &t, &err), 0);
		if (tlv_is(&t, ASN1_CONTEXT, 0) && c == NO_SIGNED_ATTRIBUTES)
			continue;
		append(&b, t.whole);
	}
	if (c == UNSIGNED_ATTRIBUTE)
		put(&b, 0xa1, view_of(attr, sizeof(attr)));
	put(out, 0x30, view_buf(&b));
	buf_free(&b);
}

static struct buf changed(enum change c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf body = sealed(), data = buf_make(MESSAGE_MAX);
	struct buf signers = buf_make(MESSAGE_MAX), out = buf_make(MESSAGE_MAX);
	struct buf info = buf_make(MESSAGE_MAX);
	struct cms *cms = NULL;
	struct tlv t, sd;
	cr_assert_eq(cms_parse(view_buf(&body), &cms, &err), 0);
	for (int i = 0; i < (c == NO_SIGNER ? 0 : c == SIGNER_TWICE ? 2 : 1); i++)
		put_signer(&signers, &cms->signers[0], c);
	cr_assert_eq(tlv_only(cms->signed_data, &sd, &err), 0);
	int sets = 0;
	for (struct view rest = sd.body; rest.n > 0;) {
		cr_assert_eq(tlv_next(&rest, &t, &err), 0);
		const bool set = tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_SET);
		if (set && sets++ == 1)
			put(&data, 0x31, view_buf(&signers));
		else if (!(tlv_is(&t, ASN1_CONTEXT, 0) && c == NO_CERTIFICATE))
			append(&data, t.whole);
	}
	struct buf signed_data = buf_make(MESSAGE_MAX), tagged = buf_make(MESSAGE_MAX);
	put(&signed_data, 0x30, view_buf(&data));
	put(&tagged, 0xa0, view_buf(&signed_data));
	cr_assert_eq(der_put_oid(&info, OID_SIGNED_DATA, &err), 0);
	append(&info, view_buf(&tagged));
	put(&out, 0x30, view_buf(&info));
	buf_free(&signed_data);
	buf_free(&tagged);
	buf_free(&info);
	buf_free(&signers);
	buf_free(&data);
	cms_free(cms);
	buf_free(&body);
	return out;
}

Test(scvp_client_protect, structure_of_the_signature)
{
	static const struct {
		enum change change;
		enum scvp_code code;
		const char *name;
	} cases[] = {
		{ SIGNER_TWICE, SCVP_CODE_SIGNERS, "two signers" },
		{ NO_SIGNER, SCVP_CODE_SIGNERS, "no signer" },
		{ UNSIGNED_ATTRIBUTE, SCVP_CODE_UNSIGNED_ATTRIBUTES,
		  "unsigned attribute" },
		{ NO_SIGNED_ATTRIBUTES, SCVP_CODE_SIGNED_ATTRIBUTES,
		  "no signed attributes" },
		{ NO_CERTIFICATE, SCVP_CODE_NO_SIGNER_CERT, "no certificate" },
	};
	struct buf same = changed(ATTRIBUTE_LEFT_OUT);
	expect(&same, SCVP_CODE_OK, "put together again");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf body = changed(cases[i].change);
		expect(&body, cases[i].code, cases[i].name);
	}
}

/* Replaces the first occurrence. */
static void replace(struct buf *b, struct view from, struct view to)
{
	for (size_t i = 0; i + from.n <= b->n; i++) {
		if (memcmp(b->p + i, from.p, from.n) != 0)
			continue;
		memcpy(b->p + i, to.p, to.n);
		return;
	}
	cr_assert_fail("not found");
}

Test(scvp_client_protect, signature_over_something_else)
{
	struct buf body = sealed();
	body.p[body.n - 1] ^= 1;
	expect(&body, SCVP_CODE_SIGNATURE, "value changed");

	/* A digit of the reply's time; nothing else looks at a nextUpdate so far off.
	 */
	struct peer_answer *a = peer_answer(peer);
	a->replies[0].has_next_update = true;
	a->replies[0].next_update_ms = PEER_NOW_MS + FIX_YEAR_MS;
	body = peer_seal(a, peer->signer);
	replace(&body, view_text("20270101000000Z"), view_text("20270201000000Z"));
	expect(&body, SCVP_CODE_SIGNATURE, "content changed");
	peer_answer_free(a);
}

Test(scvp_client_protect, content_type_attribute_of_another_message)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct peer_answer *a = peer_answer(peer);
	struct buf message = buf_make(MESSAGE_MAX), body = buf_make(MESSAGE_MAX);
	cr_assert_eq(scvp_response_encode(&a->r, &message, &err), 0);
	cr_assert_eq(scvp_envelope_sign(peer->signer, 0, SCVP_CONTENT_CV_REQUEST,
					view_buf(&message), &body, &err),
		     0);
	const struct view request = peer_oid(OID_SCVP_CV_REQUEST);
	const struct view response = peer_oid(OID_SCVP_CV_RESPONSE);
	replace(&body, request, response);
	expect(&body, SCVP_CODE_SIGNED_ATTRIBUTES, "content-type");
	buf_free(&message);
	peer_answer_free(a);
}

Test(scvp_client_protect, signing_certificate_of_another)
{
	struct peer_answer *a = peer_answer(peer);
	peer->signer->cert_sha1[4] ^= 1;
	struct buf body = peer_seal(a, peer->signer);
	expect(&body, SCVP_CODE_SIGNED_ATTRIBUTES, "signing-certificate");
	peer_answer_free(a);
}

/* ---- who ---- */

static void expect_signer(const struct fix_cert *c, enum scvp_code code,
			  const char *what)
{
	struct scvp_signer *s = peer_signer(c);
	struct peer_answer *a = peer_answer(peer);
	struct buf body = peer_seal(a, s);
	expect(&body, code, what);
	peer_answer_free(a);
	scvp_signer_free(s);
}

Test(scvp_client_protect, server_of_another_pki)
{
	expect_signer(peer->stranger, SCVP_CODE_SERVER_PATH, "stranger");
}

Test(scvp_client_protect, server_certificate_past_its_end)
{
	const struct fix_cert_options o = { .cn = "old",
					    .issuer = peer->ca,
					    .config = PEER_SERVER_EKU,
					    .not_after_ms = PEER_NOW_MS - FIX_DAY_MS };
	struct fix_cert *c = fix_cert_make(&o);
	expect_signer(c, SCVP_CODE_SERVER_PATH, "expired");
	fix_cert_free(c);
}

/* What every subscriber may have makes no server: it is to be named. */
Test(scvp_client_protect, server_certificate_without_the_purpose_only_when_named)
{
	static const char *const configs[] = { NULL, "[ext]\nextendedKeyUsage=2.5.29.37.0\n" };
	for (size_t i = 0; i < 2; i++) {
		const struct fix_cert_options o = { .cn = "subscriber",
						    .issuer = peer->ca,
						    .config = configs[i] };
		struct fix_cert *c = fix_cert_make(&o);
		struct material *named = fix_material(NULL, peer->server);
		expected_servers = named;
		expect_signer(c, SCVP_CODE_SERVER_USAGE, "another is named");
		fix_material_add(named, MATERIAL_CERT, c->der);
		expect_signer(c, SCVP_CODE_OK, "named");
		expected_servers = NULL;
		expect_signer(c, SCVP_CODE_SERVER_USAGE, "nobody is named");
		material_free(named);
		fix_cert_free(c);
	}
}

/* Naming it does not make it valid. */
Test(scvp_client_protect, a_named_server_of_another_pki)
{
	const struct fix_cert_options o = { .cn = "elsewhere" };
	struct fix_cert *c = fix_cert_make(&o);
	struct material *named = fix_material(NULL, c);
	expected_servers = named;
	expect_signer(c, SCVP_CODE_SERVER_PATH, "named stranger");
	material_free(named);
	fix_cert_free(c);
}

/* The key of one for SCVP servers signs as one for other purposes, which is named. */
Test(scvp_client_protect, server_certificate_for_other_purposes)
{
	const struct fix_cert_options server = { .cn = "server",
						 .issuer = peer->ca,
						 .config = PEER_SERVER_EKU };
	struct fix_cert *c = fix_cert_make(&server);
	expect_signer(c, SCVP_CODE_OK, "for SCVP servers");
	static const struct {
		enum fix_eku eku;
		const char *key_usage;
	} cases[] = {
		{ FIX_EKU_OCSP_SIGNING, NULL },
		{ FIX_EKU_NONE, "critical,keyAgreement" },
	};
	for (size_t i = 0; i < 2; i++) {
		const struct fix_cert_options o = { .cn = "other",
						    .issuer = peer->ca,
						    .same_key = c,
						    .eku = cases[i].eku,
						    .key_usage = cases[i].key_usage };
		struct fix_cert *other = fix_cert_make(&o);
		struct scvp_signer *s = peer_signer(c);
		struct peer_answer *a = peer_answer(peer);
		struct digest d;
		struct ltps_error err = LTPS_ERROR_INIT;
		cert_free(s->cert);
		s->cert = peer_cert(other);
		cr_assert_eq(digest_once(DIGEST_SHA1, other->der, &d, &err), 0);
		memcpy(s->cert_sha1, d.p, 20);
		struct buf body = peer_seal(a, s);
		struct material *named = fix_material(NULL, other);
		expected_servers = named;
		expect(&body, SCVP_CODE_SERVER_USAGE, "other purposes");
		material_free(named);
		peer_answer_free(a);
		scvp_signer_free(s);
		fix_cert_free(other);
	}
	fix_cert_free(c);
}

static struct buf crl_revoking(const struct fix_cert *c)
{
	const struct fix_revoked revoked = { .cert = c,
					     .at_ms = PEER_NOW_MS - FIX_DAY_MS,
					     .reason = FIX_NO_REASON };
	struct buf crl = buf_make(PEER_VALUE_MAX);
	fix_crl_simple(peer->ca, PEER_NOW_MS - 1000, &revoked, &crl);
	return crl;
}

Test(scvp_client_protect, revoked_server_is_not_trusted)
{
	struct buf crl = crl_revoking(peer->server);
	fix_material_add(peer->trust, MATERIAL_CRL, view_buf(&crl));
	buf_free(&crl);
	struct buf body = sealed();
	expect(&body, SCVP_CODE_SERVER_PATH, "revoked");
}

Test(scvp_client_protect, status_of_the_server_may_be_unknown_unless_asked_for)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *bare = NULL;
	cr_assert_eq(material_new(&bare, &err), 0);
	fix_material_add(bare, MATERIAL_ANCHOR, peer->root->der);
	fix_material_add(bare, MATERIAL_CERT, peer->ca->der);
	struct scvp_expect x = peer_expect(peer);
	x.trust = bare;
	struct buf body = sealed();
	struct scvp_judgement *j = peer_judge(&x, &body);
	peer_expect_only(j, SCVP_CODE_OK, "unknown");
	cr_assert(scvp_has_finding(j, SCVP_CODE_NOTE_SERVER_STATUS));
	scvp_judgement_free(j);
	x.server_status = true;
	j = peer_judge(&x, &body);
	peer_expect_only(j, SCVP_CODE_SERVER_PATH, "asked for");
	scvp_judgement_free(j);
	x.trust = NULL;
	j = peer_judge(&x, &body);
	peer_expect_only(j, SCVP_CODE_SERVER_PATH, "no anchors");
	scvp_judgement_free(j);
	buf_free(&body);
	material_free(bare);
}

Test(scvp_client_protect, the_server_itself_may_be_the_anchor)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *own = NULL;
	cr_assert_eq(material_new(&own, &err), 0);
	fix_material_add(own, MATERIAL_ANCHOR, peer->server->der);
	struct scvp_expect x = peer_expect(peer);
	x.trust = own;
	struct buf body = sealed();
	struct scvp_judgement *j = peer_judge(&x, &body);
	peer_expect_only(j, SCVP_CODE_OK, "own key");
	scvp_judgement_free(j);
	buf_free(&body);
	material_free(own);
}

/* ---- unsigned ---- */

Test(scvp_client_protect, unsigned_response_only_where_asked_for)
{
	struct peer_answer *a = peer_answer(peer);
	struct buf body = peer_seal(a, NULL);
	expect(&body, SCVP_CODE_UNPROTECTED, "unsigned");
	peer_answer_free(a);
	peer->ask.unprotected = true;
	peer_ask(peer);
	a = peer_answer(peer);
	body = peer_seal(a, NULL);
	expect(&body, SCVP_CODE_OK, "unsigned as asked");
	/* A signature that came nevertheless must hold. */
	body = peer_seal(a, peer->signer);
	expect(&body, SCVP_CODE_OK, "signed all the same");
	body = peer_seal(a, peer->signer);
	body.p[body.n - 1] ^= 1;
	expect(&body, SCVP_CODE_SIGNATURE, "badly signed all the same");
	peer_answer_free(a);
}
