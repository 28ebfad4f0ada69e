/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status seen with an adversary's eyes: answers that would be read in favour of a
 * certificate that is held, doubted or revoked.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pki_fixture_status.h"

#define NOW FIX_T0_MS
#define HOUR ((int64_t)3600000)
#define DAY FIX_DAY_MS

static struct fix_cert *root, *ca, *ee;
static struct fix_status s;

static void set_up(void)
{
	root = fix_cert_make(&(struct fix_cert_options){ .cn = "Root", .ca = true });
	ca = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .issuer = root, .ca = true });
	ee = fix_cert_make(&(struct fix_cert_options){ .cn = "EE", .issuer = ca });
	fix_status_begin(&s, (const struct fix_cert *[]){ ee, ca, root }, 3, NOW);
}

static void tear_down(void)
{
	fix_status_end(&s);
	fix_cert_free(ee);
	fix_cert_free(ca);
	fix_cert_free(root);
}

TestSuite(review_status, .init = set_up, .fini = tear_down);

static void add_good(int64_t this_ms)
{
	fix_status_crl(&s,
		       &(struct fix_crl_options){ .issuer = ca, .this_ms = this_ms });
}

static void add_listed(int64_t this_ms, int64_t at_ms, int reason)
{
	struct fix_revoked r = { .cert = ee, .at_ms = at_ms, .reason = reason };
	fix_status_crl(
	    &s, &(struct fix_crl_options){
		    .issuer = ca, .this_ms = this_ms, .revoked = &r, .n_revoked = 1 });
}

static void expect_at(int line, enum path_cert_status status)
{
	const struct path_cert_revocation *r = fix_status_ask(&s, 0);
	cr_assert(r->status == status, "line %d: %s, %s", line,
		  path_cert_status_name(r->status), path_code_name(r->why));
}
#define EXPECT(status) expect_at(__LINE__, PATH_STATUS_##status)

/* ---- holds with hindsight ---- */

/* It was on hold at that time and never left it: only the date of the entry moved. */
Test(review_status, hold_that_became_a_revocation_later_is_a_hold_still)
{
	s.q.known_ms = NOW + 10 * DAY;
	add_listed(NOW - DAY, NOW - 2 * DAY, 6);
	EXPECT(ON_HOLD);
	add_listed(NOW + 5 * DAY, NOW + 3 * DAY, 1);
	EXPECT(ON_HOLD);
	add_good(NOW + 2 * DAY); /* a word that it was released in between */
	EXPECT(GOOD);
}

/* ---- OCSP ---- */

static void add_response(struct fix_ocsp_options o)
{
	o.cert = ee;
	o.issuer = ca;
	if (o.reason == 0)
		o.reason = FIX_NO_REASON;
	fix_status_ocsp(&s, &o);
}

/* As in a CRL: RFC 6960 4.4.5, RFC 5280 5.3.2. */
Test(review_status, invalidity_date_of_a_response_touches_what_came_after_it)
{
	s.q.known_ms = NOW + 10 * DAY;
	struct fix_ocsp_options o = { .status = FIX_OCSP_REVOKED,
				      .this_ms = NOW + 5 * DAY,
				      .revoked_at_ms = NOW + 3 * DAY };
	add_response(o);
	EXPECT(GOOD);
	o.invalidity_ms = NOW + 2 * DAY;
	add_response(o);
	EXPECT(GOOD);
	o.invalidity_ms = NOW - DAY;
	add_response(o);
	EXPECT(REVOKED);
	cr_assert_eq(s.r.invalidity_ms, NOW - DAY);
	cr_assert_eq(s.r.revoked_ms, NOW + 3 * DAY);
}

/* CertHash proves that a good answer is about this certificate; an answer that it is
 * revoked needs no more than its number. */
Test(review_status, revocation_counts_whatever_its_hash_of_the_certificate)
{
	add_good(NOW - 2 * DAY);
	EXPECT(GOOD);
	add_response((struct fix_ocsp_options){ .status = FIX_OCSP_REVOKED,
						.this_ms = NOW - DAY,
						.revoked_at_ms = NOW - DAY,
						.wrong_cert_hash = true });
	EXPECT(REVOKED);
}

/* ---- several answers in one response ---- */

static void revoked_beside(struct fix_ocsp_options other, bool revoked_first)
{
	struct fix_ocsp_options revoked = { .cert = ee,
					    .issuer = ca,
					    .status = FIX_OCSP_REVOKED,
					    .this_ms = NOW - HOUR,
					    .revoked_at_ms = NOW - DAY,
					    .reason = 1 };
	other.cert = ee;
	other.issuer = ca;
	other.reason = FIX_NO_REASON;
	if (other.this_ms == 0)
		other.this_ms = NOW - HOUR;
	struct fix_ocsp_options *first = revoked_first ? &revoked : &other;
	first->beside = revoked_first ? &other : &revoked;
	first->produced_ms = NOW - HOUR / 2;
	fix_status_ocsp(&s, first);
	EXPECT(REVOKED);
	cr_assert_eq(s.r.revoked_ms, NOW - DAY);
}

static void good_beside(struct fix_ocsp_options other, bool good_first)
{
	struct fix_ocsp_options good = {
		.cert = ee, .issuer = ca, .this_ms = NOW - HOUR, .reason = FIX_NO_REASON
	};
	other.cert = ee;
	other.issuer = ca;
	other.reason = FIX_NO_REASON;
	struct fix_ocsp_options *first = good_first ? &good : &other;
	first->beside = good_first ? &other : &good;
	first->produced_ms = NOW - HOUR / 2;
	fix_status_ocsp(&s, first);
	EXPECT(GOOD);
	cr_assert_eq(s.r.this_ms, NOW - HOUR);
}

/* Each case asks anew: a revocation is never taken back. */
static void begin_anew(void)
{
	fix_status_end(&s);
	fix_status_begin(&s, (const struct fix_cert *[]){ ee, ca, root }, 3, NOW);
}

Test(review_status, answer_beside_a_revocation_does_not_hide_it)
{
	static const struct fix_ocsp_options others[] = {
		{ .status = FIX_OCSP_GOOD },
		{ .status = FIX_OCSP_GOOD, .this_ms = NOW - HOUR + 1000 },
		{ .status = FIX_OCSP_GOOD, .cert_id_digest = DIGEST_SHA256 },
		{ .status = FIX_OCSP_UNKNOWN },
		{ .status = FIX_OCSP_UNKNOWN, .this_ms = NOW - HOUR + 1000 },
		{ .this_ms = NOW - HOUR + 1000, .critical_single_extension = true },
		{ .this_ms = NOW - HOUR + 1000, .wrong_cert_hash = true },
		{ .this_ms = NOW + DAY },
	};
	for (size_t i = 0; i < 2 * sizeof(others) / sizeof(others[0]); i++) {
		revoked_beside(others[i / 2], i % 2 == 0);
		begin_anew();
	}
}

Test(review_status, answer_that_says_nothing_does_not_hide_a_good_one)
{
	static const struct fix_ocsp_options others[] = {
		{ .status = FIX_OCSP_UNKNOWN, .this_ms = NOW - HOUR },
		{ .this_ms = NOW - HOUR / 2, .critical_single_extension = true },
		{ .this_ms = NOW - HOUR / 2, .wrong_cert_hash = true },
		{ .this_ms = NOW + DAY },
	};
	for (size_t i = 0; i < 2 * sizeof(others) / sizeof(others[0]); i++) {
		good_beside(others[i / 2], i % 2 == 0);
		begin_anew();
	}
}

/* ---- a list that contradicts itself ---- */

/* RFC 5280 5.3.1: only a hold is taken back. */
Test(review_status, entry_behind_a_revocation_does_not_soften_it)
{
	static const int second[] = { 6, 8 };
	for (size_t i = 0; i < 2; i++) {
		struct fix_revoked r[] = {
			{ .cert = ee, .at_ms = NOW - 3 * DAY, .reason = 1 },
			{ .cert = ee, .at_ms = NOW - 2 * DAY, .reason = second[i] },
		};
		material_free(s.m);
		s.m = fix_material(root, NULL);
		s.in.pools[0] = s.m;
		fix_status_crl(&s, &(struct fix_crl_options){ .issuer = ca,
							      .this_ms = NOW - DAY,
							      .revoked = r,
							      .n_revoked = 2 });
		EXPECT(REVOKED);
		cr_assert_eq(s.r.revoked_ms, NOW - 3 * DAY);
	}
}

/* ---- a CA that was revoked meanwhile ---- */

/* The caller has found the CA revoked and goes on all the same, as the chain model
 * does for reasons that leave earlier signatures their worth. */
Test(review_status, revoked_ca_vouches_for_nobody_from_then_on)
{
	struct path_cert_revocation status[2] = { 0 };
	status[1] = (struct path_cert_revocation){ .status = PATH_STATUS_REVOKED,
						   .revoked_ms = NOW - 3 * DAY,
						   .invalidity_ms = INT64_MIN,
						   .reason = 4 };
	s.path.revocation = status;
	s.in.model = PATH_CHAIN;
	s.q.issuer_validity_at_issuance = true;
	add_good(NOW - DAY);
	EXPECT(UNKNOWN);
	add_good(NOW - 4 * DAY);
	EXPECT(GOOD);
	s.path.revocation = NULL;
}

/* Nor does the responder that it authorised, whoever holds its key now. */
Test(review_status, responder_of_a_ca_that_was_revoked_meanwhile_vouches_for_nobody)
{
	struct path_cert_revocation status[2] = { 0 };
	struct fix_cert *responder =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Responder",
						      .issuer = ca,
						      .eku = FIX_EKU_OCSP_SIGNING,
						      .ocsp_nocheck = true });
	struct fix_ocsp_options o = { .this_ms = NOW + 5 * DAY,
				      .responder = responder };
	status[1] = (struct path_cert_revocation){ .status = PATH_STATUS_GOOD,
						   .revoked_ms = NOW + 3 * DAY,
						   .invalidity_ms = INT64_MIN,
						   .reason = 1 };
	s.q.known_ms = NOW + 10 * DAY;
	add_response(o);
	EXPECT(GOOD);
	s.path.revocation = status;
	EXPECT(UNKNOWN);
	o.this_ms = NOW + 2 * DAY;
	add_response(o);
	EXPECT(GOOD);
	o.this_ms = NOW + 4 * DAY; /* what it says against the certificate stands */
	o.status = FIX_OCSP_REVOKED;
	o.revoked_at_ms = NOW - DAY;
	add_response(o);
	EXPECT(REVOKED);
	s.path.revocation = NULL;
	fix_cert_free(responder);
}

/* A responder's own status is no better when the revoked CA tells it. */
Test(review_status, revoked_ca_does_not_vouch_for_its_responder)
{
	struct path_cert_revocation status[2] = { 0 };
	struct fix_cert *responder = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Responder", .issuer = ca, .eku = FIX_EKU_OCSP_SIGNING });
	status[1] = (struct path_cert_revocation){ .status = PATH_STATUS_GOOD,
						   .revoked_ms = NOW + 3 * DAY,
						   .invalidity_ms = INT64_MIN,
						   .reason = 1 };
	s.q.known_ms = NOW + 10 * DAY;
	s.path.revocation = status;
	add_response((struct fix_ocsp_options){ .this_ms = NOW + 2 * DAY,
						.responder = responder });
	fix_status_ocsp(&s, &(struct fix_ocsp_options){ .cert = responder,
							.issuer = ca,
							.reason = FIX_NO_REASON,
							.this_ms = NOW + 4 * DAY });
	EXPECT(UNKNOWN);
	fix_status_ocsp(&s, &(struct fix_ocsp_options){ .cert = responder,
							.issuer = ca,
							.reason = FIX_NO_REASON,
							.this_ms = NOW + 2 * DAY });
	EXPECT(GOOD);
	s.path.revocation = NULL;
	fix_cert_free(responder);
}

/* A delta is signed anew, later than its complete list. */
Test(review_status, delta_of_a_ca_that_was_revoked_meanwhile_renews_nothing)
{
	struct path_cert_revocation status[2] = { 0 };
	struct fix_revoked hold = { .cert = ee, .at_ms = NOW - 2 * DAY, .reason = 6 };
	struct fix_revoked released = { .cert = ee,
					.at_ms = NOW - 2 * DAY,
					.reason = 8 };
	status[1] = (struct path_cert_revocation){ .status = PATH_STATUS_GOOD,
						   .revoked_ms = NOW + 3 * DAY,
						   .invalidity_ms = INT64_MIN,
						   .reason = 1 };
	s.q.known_ms = NOW + 10 * DAY;
	fix_status_crl(&s, &(struct fix_crl_options){ .issuer = ca,
						      .this_ms = NOW - DAY,
						      .revoked = &hold,
						      .n_revoked = 1 });
	fix_status_crl(&s, &(struct fix_crl_options){ .issuer = ca,
						      .this_ms = NOW + 5 * DAY,
						      .delta = true,
						      .number = 2,
						      .revoked = &released,
						      .n_revoked = 1 });
	EXPECT(GOOD);
	s.path.revocation = status;
	EXPECT(ON_HOLD);
	s.path.revocation = NULL;
}

/* ---- cost ---- */

/* A response that brings its own crowd of would-be responders. */
Test(review_status, forged_responders_in_a_response_cost_few_signatures)
{
	struct fix_cert *crowd[30];
	struct fix_cert *fake_ca =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "CA", .ca = true });
	struct fix_cert_options o = { .cn = "Responder",
				      .issuer = fake_ca,
				      .eku = FIX_EKU_OCSP_SIGNING };
	struct fix_cert *fake = fix_cert_make(&o);
	o.same_key = fake;
	for (int i = 0; i < 30; i++)
		crowd[i] = fix_cert_make(&o);
	add_response(
	    (struct fix_ocsp_options){ .this_ms = NOW - HOUR,
				       .responder = fake,
				       .crowd = (const struct fix_cert *const *)crowd,
				       .n_crowd = 30 });
	EXPECT(UNKNOWN);
	cr_assert_leq(s.signatures, 4, "%u", s.signatures);
	for (int i = 0; i < 30; i++)
		fix_cert_free(crowd[i]);
	fix_cert_free(fake);
	fix_cert_free(fake_ca);
}

/* Forged lists of a namesake, each of another moment. */
Test(review_status, forged_lists_do_not_fill_the_memory_of_signers)
{
	struct fix_cert *fake =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "CA", .ca = true });
	fix_status_cert(&s, fake);
	s.q.issuer_validity_at_issuance = true;
	for (int i = 0; i < 80; i++)
		fix_status_crl(
		    &s, &(struct fix_crl_options){ .issuer = ca,
						   .bad_signature = true,
						   .this_ms = NOW - HOUR + i * 1000 });
	add_good(NOW - 2 * HOUR);
	EXPECT(GOOD);
	fix_cert_free(fake);
}

/* ---- lists in the name of the CA ---- */

static void add_list(const struct fix_cert *issuer, const char *config)
{
	fix_status_crl(&s, &(struct fix_crl_options){
			       .issuer = issuer, .this_ms = NOW - DAY, .config = config });
}

/* Another CA of the root, with its status and that of whom it issues. */
static struct fix_cert *make_stranger(void)
{
	struct fix_cert *other = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "Other", .issuer = root, .ca = true });
	fix_status_cert(&s, other);
	add_list(root, NULL);
	add_list(other, NULL);
	return other;
}

static struct fix_cert *make_signer(const char *cn, const struct fix_cert *issuer,
				    const char *config)
{
	struct fix_cert *c =
	    fix_cert_make(&(struct fix_cert_options){ .cn = cn,
						      .issuer = issuer,
						      .key_usage = "critical,cRLSign",
						      .config = config });
	fix_status_cert(&s, c);
	return c;
}

/* Whoever is a CA below the root can certify a key under any name. */
Test(review_status, list_in_the_name_of_the_ca_by_a_stranger_is_not_good)
{
	struct fix_cert *other = make_stranger();
	struct fix_cert *impostor = make_signer("CA", other, NULL);
	add_list(impostor, NULL);
	EXPECT(UNKNOWN);
	add_good(NOW - 2 * DAY); /* an older one, but of the CA */
	EXPECT(GOOD);
	cr_assert_eq(s.r.this_ms, NOW - 2 * DAY);
	add_listed(NOW - 3 * DAY, NOW - 4 * DAY, 1);
	EXPECT(REVOKED);
	fix_cert_free(impostor);
	fix_cert_free(other);
}

#define AT_X "crlDistributionPoints=URI:http://x.example/\n"
#define FOR_X                                                                          \
	"issuingDistributionPoint=critical,@idp\n[idp]\nfullname=URI:"                 \
	"http://x.example/\n"

/* Nor by the keys that such a one certifies in its turn, as a CA with new keys does. */
Test(review_status, list_by_the_last_of_two_keys_of_a_stranger_is_not_good)
{
	struct fix_cert *other = make_stranger();
	struct fix_cert *keys[3] = { NULL, NULL, NULL };
	for (size_t i = 0; i < 3; i++) {
		keys[i] = fix_cert_make(
		    &(struct fix_cert_options){ .cn = "CA",
						.issuer = i == 0 ? other : keys[i - 1],
						.ca = true,
						.config = i == 0 ? NULL : AT_X });
		fix_status_cert(&s, keys[i]);
	}
	add_list(keys[0], FOR_X);
	add_list(keys[2], NULL);
	EXPECT(UNKNOWN);
	for (size_t i = 0; i < 3; i++)
		fix_cert_free(keys[i]);
	fix_cert_free(other);
}

Test(review_status, stranger_is_heard_against_a_certificate)
{
	struct fix_cert *other = make_stranger();
	struct fix_cert *impostor = make_signer("CA", other, NULL);
	struct fix_revoked r = { .cert = ee, .at_ms = NOW - DAY, .reason = 1 };
	add_good(NOW - DAY);
	fix_status_crl(&s, &(struct fix_crl_options){ .issuer = impostor,
						      .this_ms = NOW - DAY,
						      .revoked = &r,
						      .n_revoked = 1 });
	EXPECT(REVOKED);
	fix_cert_free(impostor);
	fix_cert_free(other);
}

/* Its own complete list says hold, which is heard; its delta must not end that. */
Test(review_status, delta_by_a_stranger_releases_no_hold)
{
	struct fix_cert *other = make_stranger();
	struct fix_cert *impostor = make_signer("CA", other, NULL);
	struct fix_revoked hold = { .cert = ee, .at_ms = NOW - 2 * DAY, .reason = 6 };
	struct fix_revoked gone = { .cert = ee, .at_ms = NOW - 2 * DAY, .reason = 8 };
	fix_status_crl(&s, &(struct fix_crl_options){ .issuer = impostor,
						      .this_ms = NOW - DAY,
						      .revoked = &hold,
						      .n_revoked = 1,
						      .number = 5 });
	EXPECT(ON_HOLD);
	fix_status_crl(&s, &(struct fix_crl_options){ .issuer = impostor,
						      .this_ms = NOW - HOUR,
						      .revoked = &gone,
						      .n_revoked = 1,
						      .delta = true,
						      .base_number = 5,
						      .number = 7 });
	EXPECT(ON_HOLD);
	fix_cert_free(impostor);
	fix_cert_free(other);
}

#define POINT_OF_X                                                                     \
	"crlDistributionPoints=dp\n[dp]\nfullname=URI:" FIX_CRL_URL                    \
	"\nCRLissuer=dirName:x\n[x]\nO=LTPS Test\nCN=X\n"
#define INDIRECT                                                                       \
	"issuingDistributionPoint=critical,@idp\n[idp]\nindirectCRL=TRUE\n"            \
	"fullname=URI:" FIX_CRL_URL "\n"

/* The certificate names who speaks about it, but a name is anybody's too. */
Test(review_status, indirect_list_by_a_stranger_is_not_good)
{
	fix_status_end(&s);
	fix_cert_free(ee);
	ee = fix_cert_make(&(struct fix_cert_options){
	    .cn = "EE", .issuer = ca, .config = POINT_OF_X });
	fix_status_begin(&s, (const struct fix_cert *[]){ ee, ca, root }, 3, NOW);
	struct fix_cert *other = make_stranger();
	struct fix_cert *impostor = make_signer("X", other, NULL);
	add_list(impostor, INDIRECT);
	EXPECT(UNKNOWN);
	struct fix_cert *x = make_signer("X", root, NULL);
	add_list(x, INDIRECT);
	EXPECT(GOOD);
	fix_cert_free(x);
	fix_cert_free(impostor);
	fix_cert_free(other);
}

/* Whoever certified it: the key is the one that the certificate was signed with. */
Test(review_status, list_by_the_key_of_the_ca_is_good_by_any_certificate_of_it)
{
	struct fix_cert *renewed =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "CA",
						      .issuer = root,
						      .same_key = ca,
						      .not_before_ms = NOW - HOUR,
						      .ca = true });
	fix_status_end(&s);
	fix_status_begin(&s, (const struct fix_cert *[]){ ee, renewed, root }, 3, NOW);
	add_list(ca, NULL); /* of a day ago: not by this certificate */
	EXPECT(UNKNOWN);
	struct fix_cert *other = make_stranger();
	struct fix_cert *crossed = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA", .issuer = other, .same_key = ca, .ca = true });
	fix_status_cert(&s, crossed);
	EXPECT(GOOD);
	cr_assert_eq(s.r.objects[0].n_signer_path, 3);
	fix_cert_free(crossed);
	fix_cert_free(other);
	fix_cert_free(renewed);
}
