/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, links, order and coverage; tokens and trust are ers_trust_test. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/asn1.h"
#include "tests/support/ers_scene.h"
#include "timestamping/merkle.h"

#define S256(text) make_digest(DIGEST_SHA256, text)
#define S512(text) make_digest(DIGEST_SHA512, text)
#define LIST(array)                                                                    \
	{                                                                              \
		array, sizeof(array) / sizeof((array)[0])                              \
	}

static struct scene s;

/* Everything about trust is in order: tokens on days 0, 10, 20 are PASSED. */
static void set_up(void)
{
	s = scene_new();
	scene_crls(&s, 1, NULL);
	scene_crls(&s, 11, NULL);
	scene_crls(&s, 21, NULL);
}

static void tear_down(void)
{
	scene_free(&s);
}

TestSuite(ers_verify, .init = set_up, .fini = tear_down);
TestSuite(ers_renewal, .init = set_up, .fini = tear_down);
TestSuite(ers_rehash, .init = set_up, .fini = tear_down);

#define NOW 30

/* A tree with a path, and one wrong thing each. */

Test(ers_verify, changed_sibling_breaks_the_root)
{
	struct digest one[] = { S256("a") };
	struct digest two[] = { S256("b") };
	struct scene_stamp o = { .alg = DIGEST_SHA256,
				 .lists = { LIST(one), LIST(two) } };
	struct digest root;
	struct view v = digest_view(&two[0]);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ers_report *r;
	cr_assert_eq(
	    merkle_root_of(DIGEST_SHA256, digest_view(&one[0]), &v, 1, &root, &err), 0);
	o.imprint = &root;
	r = scene_verify(&s, scene_simple(&s, &o), NOW, 1, "a");
	scene_expect(r, true, INDICATION_PASSED, NULL);
	two[0].p[31] ^= 1;
	r = scene_verify(&s, scene_simple(&s, &o), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_IMPRINT_MISMATCH"));
	cr_assert(r->covers[0].covered);
	cr_assert_not(r->chains[0].stamps[0].imprint_intact);
	cr_assert(r->chains[0].stamps[0].signature_intact);
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
}

Test(ers_verify, changed_hash_in_the_first_list_breaks_the_root)
{
	struct digest one[] = { S256("a"), S256("b") };
	struct scene_stamp o = { .alg = DIGEST_SHA256, .lists = { LIST(one) } };
	struct digest other = S256("another root");
	struct ers_report *r;
	o.imprint = &other;
	r = scene_verify(&s, scene_simple(&s, &o), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_IMPRINT_MISMATCH"));
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
}

Test(ers_verify, lists_in_another_order_break_the_root)
{
	struct digest one[] = { S256("a") };
	struct digest two[] = { S256("b") };
	struct digest three[] = { S256("c") };
	struct scene_stamp o = { .alg = DIGEST_SHA256,
				 .lists = { LIST(one), LIST(two), LIST(three) } };
	struct scene_stamp swapped = { .alg = DIGEST_SHA256,
				       .lists = { LIST(one), LIST(three), LIST(two) } };
	struct digest root;
	struct view path[2] = { digest_view(&two[0]), digest_view(&three[0]) };
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(
	    merkle_root_of(DIGEST_SHA256, digest_view(&one[0]), path, 2, &root, &err),
	    0);
	o.imprint = swapped.imprint = &root;
	scene_expect(scene_verify(&s, scene_simple(&s, &o), NOW, 1, "a"), true,
		     INDICATION_PASSED, NULL);
	scene_expect(scene_verify(&s, scene_simple(&s, &swapped), NOW, 1, "a"), false,
		     INDICATION_FAILED, "HASH_FAILURE");
}

Test(ers_verify, hash_of_another_algorithm_in_a_list_is_found)
{
	struct digest one[] = { S256("a"), S512("b") };
	struct digest root = S256("any");
	struct scene_stamp o = { .alg = DIGEST_SHA256,
				 .lists = { LIST(one) },
				 .imprint = &root };
	struct ers_report *r = scene_verify(&s, scene_simple(&s, &o), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_HASH_LENGTH"));
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
}

Test(ers_verify, imprint_of_another_algorithm_is_found)
{
	struct digest imprint = S512("a");
	struct scene_stamp o = { .alg = DIGEST_SHA256, .imprint = &imprint };
	struct ers_report *r = scene_verify(&s, scene_simple(&s, &o), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_IMPRINT_MISMATCH"));
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
}

Test(ers_verify, unknown_algorithm_cannot_be_judged)
{
	struct digest one[] = { S256("a") };
	struct scene_stamp o = { .alg = DIGEST_SHA256, .lists = { LIST(one) } };
	struct buf record = scene_simple(&s, &o);
	struct ers_report *r;
	uint8_t *oid = memmem(record.p + 40, record.n - 40,
			      "\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9);
	cr_assert_not_null(oid);
	oid[8] = 99;
	r = scene_verify(&s, record, NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_ALGORITHM_UNKNOWN"));
	cr_assert_not(r->covers[0].covered);
	scene_expect(r, false, INDICATION_INDETERMINATE, "SIGNED_DATA_NOT_FOUND");
}

/* What is covered. */

Test(ers_verify, another_object_is_not_covered)
{
	struct digest one[] = { S256("a") };
	struct scene_stamp o = { .alg = DIGEST_SHA256, .lists = { LIST(one) } };
	struct ers_report *r = scene_verify(&s, scene_simple(&s, &o), NOW, 1, "A");
	cr_assert(scene_has_finding(r, "ERS_OBJECT_NOT_COVERED"));
	cr_assert_not(r->covers[0].covered);
	cr_assert_not(r->covers[0].group_complete);
	scene_expect(r, true, INDICATION_INDETERMINATE, "SIGNED_DATA_NOT_FOUND");
}

Test(ers_verify, another_object_under_an_omitted_tree_is_not_covered)
{
	struct digest imprint = S256("a");
	struct scene_stamp o = { .alg = DIGEST_SHA256, .imprint = &imprint };
	struct ers_report *r = scene_verify(&s, scene_simple(&s, &o), NOW, 1, "A");
	cr_assert_not(r->covers[0].covered);
	scene_expect(r, true, INDICATION_INDETERMINATE, "SIGNED_DATA_NOT_FOUND");
}

Test(ers_verify, hash_of_a_later_list_is_not_covered)
{
	struct digest one[] = { S256("a") };
	struct digest two[] = { S256("b") };
	struct scene_stamp o = { .alg = DIGEST_SHA256,
				 .lists = { LIST(one), LIST(two) } };
	struct ers_report *r = scene_verify(&s, scene_simple(&s, &o), NOW, 1, "b");
	cr_assert_not(r->covers[0].covered);
	scene_expect(r, true, INDICATION_INDETERMINATE, "SIGNED_DATA_NOT_FOUND");
}

Test(ers_verify, no_object_leaves_it_undetermined)
{
	struct digest one[] = { S256("a") };
	struct scene_stamp o = { .alg = DIGEST_SHA256, .lists = { LIST(one) } };
	struct ers_report *r = scene_verify(&s, scene_simple(&s, &o), NOW, 0);
	cr_assert_eq(r->n_covers, 0);
	scene_expect(r, true, INDICATION_INDETERMINATE, "SIGNED_DATA_NOT_FOUND");
}

Test(ers_verify, one_of_two_objects_missing_from_the_record_is_told)
{
	struct digest one[] = { S256("a"), S256("b") };
	struct scene_stamp o = { .alg = DIGEST_SHA256, .lists = { LIST(one) } };
	struct ers_report *r = scene_verify(&s, scene_simple(&s, &o), NOW, 2, "a", "c");
	cr_assert(r->covers[0].covered);
	cr_assert_not(r->covers[0].group_complete);
	cr_assert_not(r->covers[1].covered);
	scene_expect(r, true, INDICATION_INDETERMINATE, "SIGNED_DATA_NOT_FOUND");
}

Test(ers_verify, group_with_an_extra_hash_is_not_complete)
{
	struct digest one[] = { S256("a"), S256("b"), S256("c") };
	struct scene_stamp o = { .alg = DIGEST_SHA256, .lists = { LIST(one) } };
	struct ers_report *r = scene_verify(&s, scene_simple(&s, &o), NOW, 2, "a", "b");
	cr_assert(r->covers[0].covered);
	cr_assert(r->covers[1].covered);
	cr_assert_not(r->covers[0].group_complete);
	scene_expect(r, true, INDICATION_PASSED, NULL);
}

Test(ers_verify, group_with_a_further_object_is_not_complete)
{
	struct digest one[] = { S256("a") };
	struct scene_stamp o = { .alg = DIGEST_SHA256, .lists = { LIST(one) } };
	struct ers_report *r = scene_verify(&s, scene_simple(&s, &o), NOW, 2, "a", "b");
	cr_assert(r->covers[0].covered);
	cr_assert_not(r->covers[0].group_complete);
	scene_expect(r, true, INDICATION_INDETERMINATE, "SIGNED_DATA_NOT_FOUND");
}

Test(ers_verify, whole_group_is_complete)
{
	struct digest one[] = { S256("a"), S256("b"), S256("c") };
	struct digest two[] = { S256("x") };
	struct scene_stamp o = { .alg = DIGEST_SHA256,
				 .lists = { LIST(one), LIST(two) } };
	struct ers_report *r =
	    scene_verify(&s, scene_simple(&s, &o), NOW, 3, "c", "a", "b");
	for (int i = 0; i < 3; i++) {
		cr_assert(r->covers[i].covered);
		cr_assert(r->covers[i].group_complete);
	}
	cr_assert_eq(r->proof_of_existence_ms, DAY(0));
	scene_expect(r, true, INDICATION_PASSED, NULL);
}

Test(ers_verify, object_twice_in_the_list_is_a_complete_group)
{
	struct digest one[] = { S256("a"), S256("a") };
	struct scene_stamp o = { .alg = DIGEST_SHA256, .lists = { LIST(one) } };
	struct ers_report *r = scene_verify(&s, scene_simple(&s, &o), NOW, 1, "a");
	cr_assert(r->covers[0].group_complete);
	scene_expect(r, true, INDICATION_PASSED, NULL);
}

Test(ers_verify, digest_of_another_algorithm_does_not_serve)
{
	struct digest one[] = { S256("a") };
	struct digest given = S512("a");
	struct ers_object object = { .name = "a", .digests = &given, .n_digests = 1 };
	struct scene_stamp o = { .alg = DIGEST_SHA256, .lists = { LIST(one) } };
	struct ers_report *r =
	    scene_verify_objects(&s, scene_simple(&s, &o), NOW, &object, 1);
	cr_assert(scene_has_finding(r, "ERS_DIGEST_NOT_GIVEN"));
	scene_expect(r, true, INDICATION_INDETERMINATE, "SIGNED_DATA_NOT_FOUND");
}

Test(ers_verify, digest_alone_serves)
{
	struct digest one[] = { S256("a") };
	struct ers_object object = { .name = "a", .digests = one, .n_digests = 1 };
	struct scene_stamp o = { .alg = DIGEST_SHA256, .lists = { LIST(one) } };
	scene_expect(scene_verify_objects(&s, scene_simple(&s, &o), NOW, &object, 1),
		     true, INDICATION_PASSED, NULL);
}

/* Readings of the tree. */

Test(ers_verify, omitted_tree_stamps_the_object)
{
	struct digest imprint = S256("a");
	struct scene_stamp o = { .alg = DIGEST_SHA256, .imprint = &imprint };
	struct ers_report *r = scene_verify(&s, scene_simple(&s, &o), NOW, 1, "a");
	cr_assert(r->covers[0].group_complete);
	scene_expect(r, true, INDICATION_PASSED, NULL);
}

Test(ers_verify, algorithm_left_out_is_that_of_the_imprint)
{
	struct digest one[] = { S512("a"), S512("b") };
	struct scene_stamp o = { .alg = DIGEST_NONE, .lists = { LIST(one) } };
	scene_expect(scene_verify(&s, scene_simple(&s, &o), NOW, 1, "b"), true,
		     INDICATION_PASSED, NULL);
}

Test(ers_verify, later_list_with_several_hashes_is_sorted_with_the_one_below)
{
	struct digest one[] = { S256("a") };
	struct digest two[] = { S256("p"), S256("q"), S256("r") };
	struct digest three[] = { S256("x"), S256("y") };
	struct scene_stamp o = { .alg = DIGEST_SHA256,
				 .lists = { LIST(one), LIST(two), LIST(three) } };
	scene_expect(scene_verify(&s, scene_simple(&s, &o), NOW, 1, "a"), true,
		     INDICATION_PASSED, NULL);
}

Test(ers_verify, lone_value_hashed_again_is_another_reading)
{
	struct digest one[] = { S256("a") };
	struct digest hashed;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene_stamp o = { .alg = DIGEST_SHA256,
				 .lists = { LIST(one) },
				 .imprint = &hashed };
	cr_assert_eq(digest_once(DIGEST_SHA256, digest_view(&one[0]), &hashed, &err),
		     0);
	scene_expect(scene_verify(&s, scene_simple(&s, &o), NOW, 1, "a"), true,
		     INDICATION_PASSED, NULL);
}

Test(ers_verify, equal_values_counted_once_are_another_reading)
{
	struct digest once[] = { S256("a"), S256("b") };
	struct digest twice[] = { S256("a"), S256("b"), S256("a") };
	struct view views[2] = { digest_view(&once[0]), digest_view(&once[1]) };
	struct digest root;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene_stamp o = { .alg = DIGEST_SHA256,
				 .lists = { LIST(twice) },
				 .imprint = &root };
	cr_assert_eq(merkle_group(DIGEST_SHA256, views, 2, true, &root, &err), 0);
	scene_expect(scene_verify(&s, scene_simple(&s, &o), NOW, 1, "a"), true,
		     INDICATION_PASSED, NULL);
}

/* Timestamp renewal. */

struct renewal {
	struct digest one[1];
	struct scene_stamp first, second;
	struct digest cover[3]; /* first list of the second */
	struct buf token;       /* of the first */
	struct buf stamp;
};

static struct renewal begin_renewal(void)
{
	struct renewal n = { .one = { S256("a") } };
	struct scene_stamp first = { .alg = DIGEST_SHA256 };
	first.lists[0] = (struct scene_list){ n.one, 1 };
	n.stamp = scene_stamp_make(&s, &first, &n.token);
	n.cover[0] = scene_token_hash(DIGEST_SHA256, &n.token);
	n.second = (struct scene_stamp){ .alg = DIGEST_SHA256, .day = 10 };
	return n;
}

/* The record of the first time-stamp and this second one; frees. */
static struct buf end_renewal(struct renewal *n)
{
	struct buf second = scene_stamp_make(&s, &n->second, NULL);
	buf_free(&n->token);
	return scene_record(1, make_tlv(DER_SEQUENCE, 2, n->stamp, second));
}

Test(ers_renewal, token_not_in_the_first_list_is_found)
{
	struct renewal n = begin_renewal();
	struct ers_report *r;
	n.cover[0] = S256("something else");
	n.second.lists[0] = (struct scene_list){ n.cover, 1 };
	r = scene_verify(&s, end_renewal(&n), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_LINK_MISSING"));
	cr_assert(r->chains[0].stamps[1].imprint_intact);
	cr_assert_not(r->chains[0].stamps[1].link_intact);
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
}

Test(ers_renewal, token_in_a_later_list_does_not_count)
{
	struct renewal n = begin_renewal();
	struct digest other[1] = { S256("something else") };
	struct ers_report *r;
	n.second.lists[0] = (struct scene_list){ other, 1 };
	n.second.lists[1] = (struct scene_list){ n.cover, 1 };
	r = scene_verify(&s, end_renewal(&n), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_LINK_MISSING"));
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
}

Test(ers_renewal, replaced_token_is_found)
{
	struct renewal n = begin_renewal();
	struct ers_report *r;
	struct scene_stamp first = { .alg = DIGEST_SHA256, .lists = { LIST(n.one) } };
	n.second.lists[0] = (struct scene_list){ n.cover, 1 };
	buf_free(&n.stamp); /* another token over the same, at the same time */
	n.stamp = scene_stamp_make(&s, &first, NULL);
	r = scene_verify(&s, end_renewal(&n), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_LINK_MISSING"));
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
}

Test(ers_renewal, omitted_tree_with_another_imprint_is_found)
{
	struct renewal n = begin_renewal();
	struct digest other = S256("a");
	struct ers_report *r;
	n.second.imprint = &other;
	r = scene_verify(&s, end_renewal(&n), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_LINK_MISSING"));
	cr_assert_not(r->chains[0].stamps[1].imprint_intact);
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
}

Test(ers_renewal, younger_time_stamp_before_an_older_is_found)
{
	struct renewal n = begin_renewal();
	struct ers_report *r;
	n.second.imprint = &n.cover[0];
	n.second.day = -1;
	r = scene_verify(&s, end_renewal(&n), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_ORDER"));
	cr_assert_not(r->intact);
	scene_expect(r, false, INDICATION_FAILED, "FORMAT_FAILURE");
}

Test(ers_renewal, other_algorithm_within_the_chain_is_found)
{
	struct renewal n = begin_renewal();
	struct digest imprint = scene_token_hash(DIGEST_SHA512, &n.token);
	struct ers_report *r;
	n.second.alg = DIGEST_SHA512;
	n.second.imprint = &imprint;
	r = scene_verify(&s, end_renewal(&n), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_MIXED_ALGORITHMS"));
	cr_assert_not(scene_has_finding(r, "ERS_LINK_MISSING"));
	scene_expect(r, false, INDICATION_FAILED, "FORMAT_FAILURE");
}

Test(ers_renewal, omitted_tree_stamps_the_token)
{
	struct renewal n = begin_renewal();
	n.second.imprint = &n.cover[0];
	scene_expect(scene_verify(&s, end_renewal(&n), NOW, 1, "a"), true,
		     INDICATION_PASSED, NULL);
}

Test(ers_renewal, token_in_a_tree_of_tokens_is_covered)
{
	struct renewal n = begin_renewal();
	struct digest path[1] = { S256("other tokens") };
	struct ers_report *r;
	n.second.lists[0] = (struct scene_list){ n.cover, 1 };
	n.second.lists[1] = (struct scene_list){ path, 1 };
	r = scene_verify(&s, end_renewal(&n), NOW, 1, "a");
	cr_assert_eq(r->proof_of_existence_ms, DAY(0));
	scene_expect(r, true, INDICATION_PASSED, NULL);
}

Test(ers_renewal, all_earlier_tokens_as_a_group_are_covered)
{
	struct renewal n = begin_renewal();
	struct buf token2, stamp2, stamp3;
	struct digest group[2];
	struct scene_stamp third = { .alg = DIGEST_SHA256, .day = 20 };
	n.second.imprint = &n.cover[0];
	stamp2 = scene_stamp_make(&s, &n.second, &token2);
	group[0] = n.cover[0];
	group[1] = scene_token_hash(DIGEST_SHA256, &token2);
	third.lists[0] = (struct scene_list){ group, 2 };
	stamp3 = scene_stamp_make(&s, &third, NULL);
	scene_expect(
	    scene_verify(
		&s, scene_record(1, make_tlv(DER_SEQUENCE, 3, n.stamp, stamp2, stamp3)),
		NOW, 1, "a"),
	    true, INDICATION_PASSED, NULL);
	buf_free(&token2);
	buf_free(&n.token);
}

Test(ers_renewal, only_the_older_token_in_the_list_is_not_enough)
{
	struct renewal n = begin_renewal();
	struct buf token2, stamp2, stamp3;
	struct scene_stamp third = { .alg = DIGEST_SHA256, .day = 20 };
	struct ers_report *r;
	n.second.imprint = &n.cover[0];
	stamp2 = scene_stamp_make(&s, &n.second, &token2);
	third.lists[0] = (struct scene_list){ n.cover, 1 };
	stamp3 = scene_stamp_make(&s, &third, NULL);
	r = scene_verify(
	    &s, scene_record(1, make_tlv(DER_SEQUENCE, 3, n.stamp, stamp2, stamp3)),
	    NOW, 1, "a");
	cr_assert(r->chains[0].stamps[1].link_intact);
	cr_assert_not(r->chains[0].stamps[2].link_intact);
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
	buf_free(&token2);
	buf_free(&n.token);
}

/* Over a token in BER: as it stands, or its DER form. */

static struct buf der_of(const struct buf *token)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv t;
	cr_assert_eq(tlv_only(view_buf(token), &t, &err), 0);
	return make_tlv(DER_SEQUENCE, 1, make_copy(t.body));
}

/* A renewal of a time-stamp with its token in BER; of the token in DER, its hash. */
static struct renewal begin_ber(struct digest *ret_der)
{
	struct renewal n = begin_renewal();
	struct scene_stamp first = { .alg = DIGEST_SHA256,
				     .lists = { LIST(n.one) },
				     .ber = true };
	buf_free(&n.stamp);
	buf_free(&n.token);
	n.stamp = scene_stamp_make(&s, &first, &n.token);
	n.cover[0] = scene_token_hash(DIGEST_SHA256, &n.token);
	struct buf der = der_of(&n.token);
	*ret_der = scene_token_hash(DIGEST_SHA256, &der);
	cr_assert_neq(memcmp(ret_der->p, n.cover[0].p, ret_der->n), 0);
	buf_free(&der);
	return n;
}

Test(ers_renewal, token_in_ber_is_covered_as_it_stands)
{
	struct digest der;
	struct renewal n = begin_ber(&der);
	n.second.lists[0] = (struct scene_list){ n.cover, 1 };
	scene_expect(scene_verify(&s, end_renewal(&n), NOW, 1, "a"), true,
		     INDICATION_PASSED, NULL);
}

Test(ers_renewal, token_in_ber_is_covered_by_its_der_form)
{
	struct digest der;
	struct renewal n = begin_ber(&der);
	n.second.lists[0] = (struct scene_list){ &der, 1 };
	scene_expect(scene_verify(&s, end_renewal(&n), NOW, 1, "a"), true,
		     INDICATION_PASSED, NULL);
}

Test(ers_renewal, omitted_tree_stamps_the_der_form_of_a_token_in_ber)
{
	struct digest der;
	struct renewal n = begin_ber(&der);
	n.second.imprint = &der;
	scene_expect(scene_verify(&s, end_renewal(&n), NOW, 1, "a"), true,
		     INDICATION_PASSED, NULL);
}

Test(ers_renewal, der_form_of_a_replaced_token_is_found)
{
	struct digest der;
	struct renewal n = begin_ber(&der);
	struct ers_report *r;
	struct scene_stamp first = { .alg = DIGEST_SHA256,
				     .lists = { LIST(n.one) },
				     .ber = true };
	n.second.lists[0] = (struct scene_list){ &der, 1 };
	buf_free(&n.stamp); /* another token over the same, at the same time */
	n.stamp = scene_stamp_make(&s, &first, NULL);
	r = scene_verify(&s, end_renewal(&n), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_LINK_MISSING"));
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
}

/* One of the many forms in BER that a token has is not the one that stands there. */
Test(ers_renewal, ber_form_of_a_token_in_der_does_not_count)
{
	struct renewal n = begin_renewal();
	struct ers_report *r;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv t;
	cr_assert_eq(tlv_only(view_buf(&n.token), &t, &err), 0);
	struct buf ber =
	    make_join(make_join(make_bytes("\x30\x80", 2), make_copy(t.body)),
		      make_bytes("\0\0", 2));
	n.cover[0] = scene_token_hash(DIGEST_SHA256, &ber);
	n.second.lists[0] = (struct scene_list){ n.cover, 1 };
	buf_free(&ber);
	r = scene_verify(&s, end_renewal(&n), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_LINK_MISSING"));
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
}

/* Hash-tree renewal. */

static struct buf first_chain(const struct digest *objects, size_t n)
{
	struct scene_stamp o = { .alg = DIGEST_SHA256 };
	o.lists[0] = (struct scene_list){ objects, n };
	return make_tlv(DER_SEQUENCE, 1, scene_stamp_make(&s, &o, NULL));
}

static struct buf second_chain(const struct digest *renewed, size_t n, int64_t day)
{
	struct scene_stamp o = { .alg = DIGEST_SHA512, .day = day };
	o.lists[0] = (struct scene_list){ renewed, n };
	return make_tlv(DER_SEQUENCE, 1, scene_stamp_make(&s, &o, NULL));
}

Test(ers_rehash, object_hash_alone_does_not_link)
{
	struct digest one[] = { S256("a") };
	struct digest two[] = { S512("a") };
	struct buf chain = first_chain(one, 1);
	struct ers_report *r = scene_verify(
	    &s, scene_record(2, chain, second_chain(two, 1, 10)), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_RENEWAL_MISSING"));
	cr_assert(scene_has_finding(r, "ERS_OBJECT_NOT_RENEWED"));
	cr_assert_not(r->covers[0].covered);
	cr_assert_not(r->chains[1].links_previous);
	cr_assert(r->chains[1].stamps[0].imprint_intact);
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
}

Test(ers_rehash, another_earlier_chain_does_not_link)
{
	struct digest one[] = { S256("a") };
	struct digest object = S512("a");
	struct buf chain = first_chain(one, 1);
	struct buf other = first_chain(one, 1); /* the same, another token */
	struct digest two[] = { scene_renewed(&object, &other) };
	struct ers_report *r = scene_verify(
	    &s, scene_record(2, chain, second_chain(two, 1, 10)), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_RENEWAL_MISSING"));
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
	buf_free(&other);
}

Test(ers_rehash, sorted_joining_is_recognised_and_refused)
{
	/*
	 * The joinings differ only where the earlier chains' hash is the smaller,
	 * which is the case for every second object; the tokens are new each time.
	 */
	bool recognised = false;
	for (int i = 0; i < 64 && !recognised; i++) {
		char text[32];
		snprintf(text, sizeof(text), "object %d", i);
		struct digest one[] = { S256(text) };
		struct digest object = S512(text);
		struct buf chain = first_chain(one, 1);
		struct buf sequence =
		    make_tlv(DER_SEQUENCE, 1, make_copy(view_buf(&chain)));
		struct digest earlier, two[1];
		struct ltps_error err = LTPS_ERROR_INIT;
		struct view views[2];
		struct ers_report *r;
		cr_assert_eq(
		    digest_once(DIGEST_SHA512, view_buf(&sequence), &earlier, &err), 0);
		buf_free(&sequence);
		views[0] = digest_view(&object);
		views[1] = digest_view(&earlier);
		cr_assert_eq(merkle_group(DIGEST_SHA512, views, 2, true, &two[0], &err),
			     0);
		r = scene_verify(&s, scene_record(2, chain, second_chain(two, 1, 10)),
				 NOW, 1, text);
		if (view_compare(views[0], views[1]) < 0) {
			scene_expect(r, true, INDICATION_PASSED, NULL);
			continue;
		}
		recognised = true;
		cr_assert(r->chains[1].sorted_variant);
		cr_assert(scene_has_finding(r, "ERS_RENEWAL_SORTED"));
		cr_assert_not(scene_has_finding(r, "ERS_RENEWAL_MISSING"));
		scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
	}
	cr_assert(recognised);
}

Test(ers_rehash, member_left_out_of_the_renewal_is_found)
{
	struct digest one[] = { S256("a"), S256("b") };
	struct digest object = S512("a");
	struct buf chain = first_chain(one, 2);
	struct digest two[] = { scene_renewed(&object, &chain) };
	struct ers_report *r = scene_verify(
	    &s, scene_record(2, chain, second_chain(two, 1, 10)), NOW, 2, "a", "b");
	cr_assert(r->covers[0].covered);
	cr_assert_not(r->covers[1].covered);
	cr_assert_not(r->chains[1].links_previous);
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
}

Test(ers_rehash, digest_of_the_new_algorithm_is_needed)
{
	struct digest one[] = { S256("a") };
	struct digest object = S512("a");
	struct buf chain = first_chain(one, 1);
	struct digest two[] = { scene_renewed(&object, &chain) };
	struct ers_object given = { .name = "a", .digests = one, .n_digests = 1 };
	struct ers_report *r = scene_verify_objects(
	    &s, scene_record(2, chain, second_chain(two, 1, 10)), NOW, &given, 1);
	cr_assert(scene_has_finding(r, "ERS_DIGEST_NOT_GIVEN"));
	cr_assert(scene_has_finding(r, "ERS_RENEWAL_UNCHECKED"));
	cr_assert_not(r->chains[1].link_checked);
	scene_expect(r, true, INDICATION_INDETERMINATE, "SIGNED_DATA_NOT_FOUND");
}

Test(ers_rehash, chain_older_than_the_one_before_is_found)
{
	struct digest one[] = { S256("a") };
	struct digest object = S512("a");
	struct buf chain = first_chain(one, 1);
	struct digest two[] = { scene_renewed(&object, &chain) };
	struct ers_report *r = scene_verify(
	    &s, scene_record(2, chain, second_chain(two, 1, -1)), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_ORDER"));
	scene_expect(r, false, INDICATION_FAILED, "FORMAT_FAILURE");
}

Test(ers_rehash, chains_at_the_same_time_are_in_order)
{
	struct digest one[] = { S256("a") };
	struct digest object = S512("a");
	struct buf chain = first_chain(one, 1);
	struct digest two[] = { scene_renewed(&object, &chain) };
	struct ers_report *r = scene_verify(
	    &s, scene_record(2, chain, second_chain(two, 1, 0)), NOW, 1, "a");
	cr_assert_not(scene_has_finding(r, "ERS_ORDER"));
	cr_assert(r->intact);
	ers_report_free(r);
}

Test(ers_rehash, group_is_renewed_member_by_member)
{
	struct digest one[] = { S256("a"), S256("b") };
	struct digest a = S512("a"), b = S512("b");
	struct buf chain = first_chain(one, 2);
	struct digest two[] = { scene_renewed(&a, &chain), scene_renewed(&b, &chain) };
	struct ers_report *r = scene_verify(
	    &s, scene_record(2, chain, second_chain(two, 2, 10)), NOW, 2, "a", "b");
	cr_assert(r->covers[0].group_complete);
	cr_assert(r->covers[1].group_complete);
	cr_assert(r->chains[1].link_checked);
	cr_assert(r->chains[1].links_previous);
	cr_assert_eq(r->proof_of_existence_ms, DAY(0));
	scene_expect(r, true, INDICATION_PASSED, NULL);
}

Test(ers_rehash, omitted_tree_stamps_the_renewed_hash)
{
	struct digest one[] = { S256("a") };
	struct digest object = S512("a");
	struct buf chain = first_chain(one, 1);
	struct digest two = scene_renewed(&object, &chain);
	struct scene_stamp o = { .alg = DIGEST_SHA512, .day = 10, .imprint = &two };
	struct buf second = make_tlv(DER_SEQUENCE, 1, scene_stamp_make(&s, &o, NULL));
	scene_expect(scene_verify(&s, scene_record(2, chain, second), NOW, 1, "a"),
		     true, INDICATION_PASSED, NULL);
}

Test(ers_rehash, unlisted_algorithm_is_told_and_breaks_nothing)
{
	struct digest one[] = { make_digest(DIGEST_SHA384, "a") };
	struct scene_stamp o = { .alg = DIGEST_SHA384, .lists = { LIST(one) } };
	struct ers_report *r = scene_verify(&s, scene_simple(&s, &o), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_ALGORITHM_NOT_LISTED"));
	scene_expect(r, true, INDICATION_PASSED, NULL);
}
