/* SPDX-License-Identifier: Apache-2.0 */
/* wantBacks: RFC 5055 4.9.5, RFC 5276; several paths: RFC 5055 3.2.6. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/asn1.h"
#include "tests/support/scvp_kit.h"

static struct scvp_kit kit;
static struct fix_cert *root2, *cross;

static void make_kit(void)
{
	scvp_kit_make(&kit);
	root2 = cross = NULL;
}

static void free_kit(void)
{
	fix_cert_free(cross);
	fix_cert_free(root2);
	scvp_kit_free(&kit);
}

TestSuite(scvp_want, .init = make_kit, .fini = free_kit);

/* The CA once more, under a second root: two paths. */
static void make_second_path(void)
{
	struct buf crl = buf_make((size_t)1 << 20);
	root2 = fix_cert_make(&(struct fix_cert_options){ .cn = "Root 2", .ca = true });
	cross = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA", .ca = true, .issuer = root2, .same_key = kit.ca });
	fix_material_add(kit.trust, MATERIAL_ANCHOR, root2->der);
	fix_material_add(kit.pool, MATERIAL_CERT, cross->der);
	fix_crl_simple(root2, KIT_NOW_MS - FIX_DAY_MS, NULL, &crl);
	fix_material_add(kit.pool, MATERIAL_CRL, view_buf(&crl));
	buf_free(&crl);
}

static void exchange(const struct kit_ask *ask, enum scvp_reply_status status,
		     struct kit_answer *a)
{
	scvp_kit_exchange(&kit, ask, a);
	cr_assert_eq(a->p->status, SCVP_OKAY, "%s", scvp_status_name(a->p->status));
	cr_assert_eq(a->p->replies[0].status, (uint64_t)status, "%s",
		     scvp_reply_status_name(a->p->replies[0].status));
}

static void ask_for(struct kit_ask *ask, enum scvp_want_id id, struct kit_answer *a)
{
	scvp_kit_ask(ask, kit.ee);
	scvp_kit_want(ask, id);
	exchange(ask, SCVP_REPLY_SUCCESS, a);
	cr_assert_eq(a->p->replies[0].n_want_backs, 1);
}

static size_t bundle(struct view value, struct view items[8])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	size_t n = 0;
	cr_assert_eq(scvp_bundle_parse(value, items, 8, &n, &err), 0, "%s", err.text);
	return n;
}

Test(scvp_want, best_path_begins_with_the_certificate_and_leaves_the_anchor_out)
{
	struct kit_ask ask;
	struct kit_answer a;
	struct view items[8];
	ask_for(&ask, SCVP_WANT_BEST_PATH, &a);
	cr_assert_eq(bundle(scvp_kit_value(&a, 0, SCVP_WANT_BEST_PATH), items), 2);
	cr_assert(view_equal(items[0], kit.ee->der));
	cr_assert(view_equal(items[1], kit.ca->der));
	scvp_kit_answer_free(&a);
}

Test(scvp_want, partial_path_is_the_same_without_the_certificate)
{
	struct kit_ask ask;
	struct kit_answer a;
	struct view items[8];
	ask_for(&ask, SCVP_WANT_PARTIAL_PATH, &a);
	cr_assert_eq(bundle(scvp_kit_value(&a, 0, SCVP_WANT_PARTIAL_PATH), items), 1);
	cr_assert(view_equal(items[0], kit.ca->der));
	scvp_kit_answer_free(&a);
}

Test(scvp_want, partial_path_of_a_certificate_below_the_anchor_is_unsatisfied)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ca);
	scvp_kit_want(&ask, SCVP_WANT_PARTIAL_PATH);
	scvp_kit_want(&ask, SCVP_WANT_PUBLIC_KEY);
	exchange(&ask, SCVP_REPLY_WANT_BACK_UNSATISFIED, &a);
	cr_assert_eq(a.p->replies[0].n_want_backs, 0);
	cr_assert_eq(a.p->replies[0].n_checks, 1);
	cr_assert_eq(a.p->replies[0].checks[0].status, 0);
	scvp_kit_answer_free(&a);
}

Test(scvp_want, path_of_the_anchor_itself_is_unsatisfied)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.root);
	scvp_kit_want(&ask, SCVP_WANT_BEST_PATH);
	exchange(&ask, SCVP_REPLY_WANT_BACK_UNSATISFIED, &a);
	scvp_kit_answer_free(&a);
}

Test(scvp_want, public_key_is_the_whole_structure)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct kit_ask ask;
	struct kit_answer a;
	struct cert *c = NULL;
	ask_for(&ask, SCVP_WANT_PUBLIC_KEY, &a);
	cr_assert_eq(cert_parse(kit.ee->der, &c, &err), 0);
	cr_assert(view_equal(scvp_kit_value(&a, 0, SCVP_WANT_PUBLIC_KEY), c->spki));
	cert_free(c);
	scvp_kit_answer_free(&a);
}

Test(scvp_want, certificate_goes_into_the_cert_item_alone)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_want(&ask, SCVP_WANT_CERT);
	exchange(&ask, SCVP_REPLY_SUCCESS, &a);
	cr_assert_eq(a.p->replies[0].n_want_backs, 0);
	cr_assert(view_equal(a.p->replies[0].cert.cert, kit.ee->der));
	scvp_kit_answer_free(&a);
}

static void check_infos(struct view value, size_t n_infos, size_t n_extra)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_rev_want_back *w = NULL;
	struct crl *crl = NULL;
	cr_assert_eq(scvp_rev_want_back_parse(value, &w, &err), 0, "%s", err.text);
	cr_assert_eq(w->n_infos, n_infos, "%zu infos", w->n_infos);
	cr_assert_eq(w->extra_certs.n, n_extra, "%zu extra", w->extra_certs.n);
	cr_assert_eq(w->infos[0].kind, SCVP_REV_CRL);
	cr_assert_eq(crl_parse(w->infos[0].der, &crl, &err), 0, "%s", err.text);
	crl_free(crl);
	scvp_rev_want_back_free(w);
}

Test(scvp_want, revocation_brings_the_certificates_that_no_path_brings)
{
	struct kit_ask ask;
	struct kit_answer a;
	ask_for(&ask, SCVP_WANT_REVOCATION, &a);
	/* CRLs of both; the CA's certificate, which signs one, is not returned. */
	check_infos(scvp_kit_value(&a, 0, SCVP_WANT_REVOCATION), 2, 1);
	scvp_kit_answer_free(&a);
	scvp_kit_want(&ask, SCVP_WANT_BEST_PATH);
	exchange(&ask, SCVP_REPLY_SUCCESS, &a);
	check_infos(scvp_kit_value(&a, 0, SCVP_WANT_REVOCATION), 2, 0);
	scvp_kit_answer_free(&a);
}

Test(scvp_want, revocation_is_given_for_the_part_asked_for)
{
	struct kit_ask ask;
	struct kit_answer a;
	ask_for(&ask, SCVP_WANT_EE_REVOCATION, &a);
	check_infos(scvp_kit_value(&a, 0, SCVP_WANT_EE_REVOCATION), 1, 1);
	scvp_kit_answer_free(&a);
	ask_for(&ask, SCVP_WANT_CA_REVOCATION, &a);
	check_infos(scvp_kit_value(&a, 0, SCVP_WANT_CA_REVOCATION), 1, 0);
	scvp_kit_answer_free(&a);
}

Test(scvp_want, revocation_comes_with_a_path_that_was_only_built)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_check(&ask, SCVP_CHECK_BUILD);
	scvp_kit_want(&ask, SCVP_WANT_BEST_PATH);
	scvp_kit_want(&ask, SCVP_WANT_REVOCATION);
	exchange(&ask, SCVP_REPLY_SUCCESS, &a);
	check_infos(scvp_kit_value(&a, 0, SCVP_WANT_REVOCATION), 2, 0);
	scvp_kit_answer_free(&a);
	/* Without status there is nothing to give: all wantBacks stay empty. */
	scvp_kit_status_at(&kit, 0);
	exchange(&ask, SCVP_REPLY_WANT_BACK_UNSATISFIED, &a);
	scvp_kit_answer_free(&a);
}

Test(scvp_want, relayed_responses_are_an_empty_sequence)
{
	struct kit_ask ask;
	struct kit_answer a;
	static const uint8_t empty[] = { 0x30, 0 };
	kit.config.relays = true;
	ask_for(&ask, SCVP_WANT_RELAYED, &a);
	cr_assert(
	    view_equal(scvp_kit_value(&a, 0, SCVP_WANT_RELAYED), view_of(empty, 2)));
	scvp_kit_answer_free(&a);
}

Test(scvp_want, each_wantback_is_given_once_in_order)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_want(&ask, SCVP_WANT_PUBLIC_KEY);
	scvp_kit_want(&ask, SCVP_WANT_BEST_PATH);
	scvp_kit_want(&ask, SCVP_WANT_PUBLIC_KEY);
	exchange(&ask, SCVP_REPLY_SUCCESS, &a);
	cr_assert_eq(a.p->replies[0].n_want_backs, 2);
	cr_assert_eq(scvp_want_id(a.p->replies[0].want_backs[0].oid),
		     SCVP_WANT_PUBLIC_KEY);
	scvp_kit_answer_free(&a);
}

/* ---- several paths ---- */

Test(scvp_want, all_paths_come_in_one_answer_without_context)
{
	struct kit_ask ask;
	struct kit_answer a;
	struct view bundles[8], items[8];
	make_second_path();
	ask_for(&ask, SCVP_WANT_ALL_PATHS, &a);
	cr_assert_eq(bundle(scvp_kit_value(&a, 0, SCVP_WANT_ALL_PATHS), bundles), 2);
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(bundle(bundles[i], items), 2);
		cr_assert(view_equal(items[0], kit.ee->der));
	}
	cr_assert_not(a.p->has_context);
	scvp_kit_answer_free(&a);
}

Test(scvp_want, context_gives_one_path_after_the_other)
{
	struct kit_ask ask;
	struct kit_answer first, second, third;
	struct view one[8], two[8];
	make_second_path();
	ask_for(&ask, SCVP_WANT_BEST_PATH, &first);
	cr_assert(first.p->has_context);
	cr_assert_eq(bundle(scvp_kit_value(&first, 0, SCVP_WANT_BEST_PATH), one), 2);
	ask.q.query.has_context = true;
	ask.q.query.context = first.p->context;
	ask.q.has_nonce = true; /* may differ */
	ask.q.nonce = view_text("another");
	exchange(&ask, SCVP_REPLY_SUCCESS, &second);
	cr_assert_eq(bundle(scvp_kit_value(&second, 0, SCVP_WANT_BEST_PATH), two), 2);
	cr_assert_not(view_equal(one[1], two[1]));
	cr_assert_not(second.p->has_context, "there is no third path");
	/* Asking once more with the old context gives the same second path. */
	exchange(&ask, SCVP_REPLY_SUCCESS, &third);
	cr_assert(view_equal(scvp_kit_value(&third, 0, SCVP_WANT_BEST_PATH),
			     scvp_kit_value(&second, 0, SCVP_WANT_BEST_PATH)));
	scvp_kit_answer_free(&third);
	scvp_kit_answer_free(&second);
	scvp_kit_answer_free(&first);
}

static void expect_invalid(const struct kit_ask *ask)
{
	struct kit_answer a;
	scvp_kit_exchange(&kit, ask, &a);
	cr_assert_eq(a.p->status, SCVP_INVALID_REQUEST);
	scvp_kit_answer_free(&a);
}

Test(scvp_want, context_is_bound_to_its_query_and_its_server)
{
	struct kit_ask ask;
	struct kit_answer first;
	uint8_t changed[4096];
	make_second_path();
	ask_for(&ask, SCVP_WANT_BEST_PATH, &first);
	ask.q.query.has_context = true;
	ask.q.query.context = first.p->context;
	scvp_kit_want(&ask, SCVP_WANT_PUBLIC_KEY); /* another query */
	expect_invalid(&ask);
	ask.q.query.want_backs.n--;
	memcpy(changed, first.p->context.p, first.p->context.n);
	for (size_t i = 0; i < first.p->context.n; i += 5) {
		changed[i] ^= 0x10;
		ask.q.query.context = view_of(changed, first.p->context.n);
		expect_invalid(&ask);
		changed[i] ^= 0x10;
	}
	for (size_t n = 0; n < first.p->context.n; n += 16) {
		ask.q.query.context = view_of(changed, n);
		expect_invalid(&ask);
	}
	ask.q.query.context = first.p->context;
	kit.config.context_key[0] ^= 1;
	expect_invalid(&ask);
	scvp_kit_answer_free(&first);
}

Test(scvp_want, no_context_where_there_is_one_path_or_no_path_was_wanted)
{
	struct kit_ask ask;
	struct kit_answer a;
	ask_for(&ask, SCVP_WANT_BEST_PATH, &a);
	cr_assert_not(a.p->has_context);
	scvp_kit_answer_free(&a);
	make_second_path();
	ask_for(&ask, SCVP_WANT_PUBLIC_KEY, &a);
	cr_assert_not(a.p->has_context);
	scvp_kit_answer_free(&a);
}

/* ---- RFC 5276 ---- */

Test(scvp_want, evidence_without_its_partner_is_unsatisfied)
{
	static const enum scvp_want_id ids[] = {
		SCVP_WANT_ERS_CERT, SCVP_WANT_ERS_BEST_PATH, SCVP_WANT_ERS_PARTIAL_PATH,
		SCVP_WANT_ERS_REVOCATION, SCVP_WANT_ERS_ALL
	};
	for (size_t i = 0; i < 5; i++) {
		struct kit_ask ask;
		struct kit_answer a;
		scvp_kit_ask(&ask, kit.ee);
		scvp_kit_want(&ask, ids[i]);
		exchange(&ask, SCVP_REPLY_WANT_BACK_UNSATISFIED, &a);
		scvp_kit_answer_free(&a);
	}
}

static void ask_for_evidence(struct kit_ask *ask)
{
	scvp_kit_ask(ask, kit.ee);
	for (unsigned id = SCVP_WANT_PARTIAL_PATH; id <= SCVP_WANT_ERS_ALL; id++)
		scvp_kit_want(ask, (enum scvp_want_id)id);
	scvp_kit_want(ask, SCVP_WANT_BEST_PATH);
	scvp_kit_want(ask, SCVP_WANT_REVOCATION);
	scvp_kit_want(ask, SCVP_WANT_CERT);
}

Test(scvp_want, evidence_that_is_not_there_yet_is_empty_and_is_ordered)
{
	struct kit_ask ask;
	struct kit_answer a;
	struct scvp_want_back items[8];
	struct ltps_error err = LTPS_ERROR_INIT;
	size_t n = 0;
	ask_for_evidence(&ask);
	exchange(&ask, SCVP_REPLY_SUCCESS, &a);
	cr_assert_eq(a.p->replies[0].n_want_backs, 8);
	for (unsigned id = SCVP_WANT_ERS_CERT; id < SCVP_WANT_ERS_ALL; id++)
		cr_assert_eq(scvp_kit_value(&a, 0, (enum scvp_want_id)id).n, 0);
	cr_assert_eq(scvp_ers_all_parse(scvp_kit_value(&a, 0, SCVP_WANT_ERS_ALL), items,
					8, &n, &err),
		     0);
	cr_assert_eq(n, 3); /* best path, revocation, partial path */
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(items[i].value.n, 0);
	/* Certificate, two bundles, two CRLs, the value with both of them. */
	cr_assert_eq(kit.n_objects, 6);
	scvp_kit_answer_free(&a);
}

/* The kit's records are the digest of what they cover. */
static void expect_record(struct view record, struct view object)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	struct tlv t;
	cr_assert_eq(digest_once(DIGEST_SHA256, object, &d, &err), 0);
	cr_assert_eq(tlv_only(record, &t, &err), 0);
	cr_assert(view_equal(t.body, digest_view(&d)));
}

Test(scvp_want, evidence_covers_the_octets_that_are_returned_beside_it)
{
	struct kit_ask ask;
	struct kit_answer a;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_want_back items[8];
	struct view records[8];
	size_t n = 0;
	ask_for_evidence(&ask);
	exchange(&ask, SCVP_REPLY_SUCCESS, &a);
	scvp_kit_answer_free(&a);
	scvp_kit_give_evidence(&kit);
	exchange(&ask, SCVP_REPLY_SUCCESS, &a);
	expect_record(scvp_kit_value(&a, 0, SCVP_WANT_ERS_CERT), kit.ee->der);
	expect_record(scvp_kit_value(&a, 0, SCVP_WANT_ERS_BEST_PATH),
		      scvp_kit_value(&a, 0, SCVP_WANT_BEST_PATH));
	expect_record(scvp_kit_value(&a, 0, SCVP_WANT_ERS_PARTIAL_PATH),
		      scvp_kit_value(&a, 0, SCVP_WANT_PARTIAL_PATH));
	cr_assert_eq(scvp_bundle_parse(scvp_kit_value(&a, 0, SCVP_WANT_ERS_REVOCATION),
				       records, 8, &n, &err),
		     0);
	cr_assert_eq(n, 2); /* one for each CRL, by its own octets */
	cr_assert_eq(scvp_ers_all_parse(scvp_kit_value(&a, 0, SCVP_WANT_ERS_ALL), items,
					8, &n, &err),
		     0);
	for (size_t i = 0; i < n; i++)
		expect_record(items[i].value,
			      scvp_kit_value(&a, 0, scvp_want_id(items[i].oid)));
	scvp_kit_answer_free(&a);
}

Test(scvp_want, path_that_evidence_is_kept_for_is_given_again)
{
	struct kit_ask ask;
	struct kit_answer first, again;
	struct view items[8];
	make_second_path();
	/* Evidence for the path that comes second. */
	ask_for(&ask, SCVP_WANT_ALL_PATHS, &first);
	cr_assert_eq(bundle(scvp_kit_value(&first, 0, SCVP_WANT_ALL_PATHS), items), 2);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(kit.archive.preserve(&kit, items[1], &err), 0);
	scvp_kit_give_evidence(&kit);
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_want(&ask, SCVP_WANT_BEST_PATH);
	scvp_kit_want(&ask, SCVP_WANT_ERS_BEST_PATH);
	exchange(&ask, SCVP_REPLY_SUCCESS, &again);
	cr_assert(view_equal(scvp_kit_value(&again, 0, SCVP_WANT_BEST_PATH), items[1]));
	cr_assert_gt(scvp_kit_value(&again, 0, SCVP_WANT_ERS_BEST_PATH).n, 0);
	scvp_kit_answer_free(&again);
	scvp_kit_answer_free(&first);
}
