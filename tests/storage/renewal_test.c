/* SPDX-License-Identifier: Apache-2.0 */
/* Tips, footings, and what falls when one is lost. */
#include <criterion/criterion.h>

#include <string.h>

#include "tests/support/renewal_kit.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_sql.h"

TestSuite(renewal, .init = rkit_begin, .fini = rkit_end);

#define TOKENS(...) ((const int64_t[]){ __VA_ARGS__, 0 })
static const struct tip_query ALL = { .weakens_until = INT64_MAX };

/* Footings */

struct plan {
	int64_t id;
	int64_t weakens_ms;
	const char *reason;
	struct footing_new footing;
};

static int run_plan(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct plan *w = arg;
	return footing_set_plan(c, w->id, w->weakens_ms, w->reason, err);
}

static int run_put(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct plan *w = arg;
	return footing_put(c, &w->footing, &w->id, err);
}

static enum ltps_code put(struct plan *p)
{
	p->footing.tsa = "CN=TSA";
	p->footing.reason = "r";
	return rkit_try(run_put, p);
}

Test(renewal, footing_without_uses_or_with_too_many_is_refused)
{
	static const uint8_t many[STORE_USES_MAX + 1];
	struct plan p = { .footing = { .uses = VIEW_NULL } };
	cr_assert_eq(put(&p), LTPS_ARGUMENT);
	p.footing.uses = view_of(many, sizeof(many));
	cr_assert_eq(put(&p), LTPS_ARGUMENT);
	p.footing.uses = view_of(many, STORE_USES_MAX);
	cr_assert_eq(put(&p), LTPS_OK);
}

Test(renewal, footing_is_one_row_for_one_content)
{
	struct plan a = { .footing = { .uses = view_text("uses"), .ends_ms = 5 } };
	struct plan b = a, c = a, d = a;
	b.footing.weakens_ms = 77;
	c.footing.uses = view_text("others");
	d.footing.tsa_sha256[31] = 1;
	cr_assert_eq(put(&a), LTPS_OK);
	cr_assert_eq(put(&b), LTPS_OK);
	cr_assert_eq(put(&c), LTPS_OK);
	cr_assert_eq(put(&d), LTPS_OK);
	cr_assert_eq(a.id, b.id);
	cr_assert_neq(a.id, c.id);
	cr_assert_neq(a.id, d.id);
	cr_assert_neq(c.id, d.id);
	a.footing.ends_ms = 6;
	cr_assert_eq(put(&a), LTPS_OK);
	cr_assert_neq(a.id, b.id, "another path ends at another time");
	/* What exists keeps its plan. */
	cr_assert_eq(storage_sql_int(rkit_dir, "SELECT weakens_ms FROM footing"), 0);
}

static struct chain_size size_of(int64_t token)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct chain_size size = { 0 };
	cr_assert_eq(token_chain_size(rkit_reader, token, &size, &err), 0, "%s",
		     err.text);
	return size;
}

/* Of two ways to a tip the longer one counts, whichever has the larger tokens. */
Test(renewal, size_of_a_chain_is_that_of_the_longest_way)
{
	const int64_t footing = rkit_footing("f", 1000);
	const int64_t a = rkit_first(1, "a", footing), b = rkit_first(1, "b", footing);
	const int64_t over = rkit_renew(TOKENS(a), "c", footing, 0);
	const int64_t tip = rkit_renew(TOKENS(over, b), "d", footing, 0);
	const struct chain_size one = size_of(a);
	cr_expect_eq(one.stamps, 1);
	cr_expect_gt(one.octets, 0);
	cr_expect_eq(size_of(tip).stamps, 3);
	cr_expect_eq(size_of(b).stamps, 1, "what lies over it does not count");
	const uint64_t was = size_of(tip).octets;
	cr_expect_gt(was, one.octets);
	storage_sql(rkit_dir, "UPDATE token SET der = zeroblob(100000) WHERE tsa = 'b'");
	cr_expect_eq(size_of(tip).stamps, 3);
	cr_expect_gt(size_of(tip).octets, 100000);
	cr_expect_lt(size_of(tip).octets, 100000 + was);
}

Test(renewal, unknown_footings_and_tokens_are_not_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct plan p = { .id = 9 };
	struct footing f;
	struct token_link link;
	struct footing_loss loss;
	cr_assert_eq(rkit_try(run_plan, &p), LTPS_NOT_FOUND);
	cr_assert_eq(rkit_try_lose(9, &loss), LTPS_NOT_FOUND);
	cr_assert_eq(footing_get(rkit_reader, 9, &f, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
	ltps_error_clear(&err);
	cr_assert_eq(token_link_get(rkit_reader, 9, &link, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

Test(renewal, footing_is_read_as_it_was_put)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct footing f;
	int64_t id = rkit_footing("A", 1000);
	cr_assert_eq(footing_get(rkit_reader, id, &f, &err), 0);
	cr_assert(view_is_text(f.uses, "A"));
	cr_assert_eq(f.tsa_sha256[0], 'A');
	cr_assert_str_eq(f.tsa, "A");
	cr_assert_eq(f.ends_ms, 1000);
	cr_assert_eq(f.weakens_ms, 1000);
	cr_assert_str_eq(f.reason, "its certificate ends");
	cr_assert_eq(f.lost_ms, 0);
	footing_clear(&f);
	struct plan p = { .id = id, .weakens_ms = INT64_MIN, .reason = "never good" };
	cr_assert_eq(rkit_try(run_plan, &p), LTPS_OK);
	cr_assert_eq(footing_get(rkit_reader, id, &f, &err), 0);
	cr_assert_eq(f.weakens_ms, INT64_MIN);
	cr_assert_str_eq(f.reason, "never good");
	footing_clear(&f);
}

static int take_footing(void *arg, const struct footing *f, struct ltps_error *err)
{
	char *seen = arg;
	(void)err;
	cr_assert_eq(f->uses.n, 1);
	strncat(seen, f->tsa, 1);
	return 0;
}

static const char *footings(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static char seen[16];
	seen[0] = '\0';
	cr_assert_eq(footing_list(rkit_reader, take_footing, seen, &err), 0, "%s",
		     err.text);
	return seen;
}

Test(renewal, only_footings_that_something_stands_on_are_listed)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 2000);
	int64_t c = rkit_footing("C", 3000);
	rkit_footing("D", 4000);
	cr_assert_str_eq(footings(), "");
	int64_t k1 = rkit_first(1, "a", a);
	cr_assert_str_eq(footings(), "A");
	int64_t k2 = rkit_renew(TOKENS(k1), "b", b, a);
	cr_assert_str_eq(footings(), "AB");
	rkit_renew(TOKENS(k2), "c", c, 0);
	cr_assert_str_eq(footings(), "C", "what is covered twice over is not planned");
}

/* Tips */

Test(renewal, stamped_tree_is_a_tip_without_a_date)
{
	int64_t tree = rkit_tree(3, DIGEST_SHA256), token;
	cr_assert_eq(rkit_tips(&ALL).n, 0);
	token = rkit_stamp(tree, "a");
	struct rkit_tips t = rkit_tips(&(struct tip_query){ .weakens_until = 0 });
	cr_assert_eq(t.n, 1, "no date is due at any time");
	cr_assert_eq(t.tips[0].token, token);
	cr_assert_eq(t.tips[0].tree, tree);
	cr_assert_eq(t.tips[0].alg, DIGEST_SHA256);
	cr_assert_eq(t.tips[0].gen_time_ms, FIXTURE_TIME + 1);
	cr_assert_str_eq(t.tips[0].tsa, "a");
	cr_assert_eq(t.tips[0].footing, 0);
	cr_assert_eq(t.tips[0].partner, 0);
	cr_assert_eq(t.tips[0].weakens_ms, INT64_MIN);
	cr_assert_eq(t.tips[0].waiting, false);
	cr_assert_eq(t.tips[0].objects, 3, "the audit head is no object");
	cr_assert_eq(t.tips[0].bytes, 3 * RKIT_OBJECT_BYTES);
}

Test(renewal, each_restriction_of_a_query_keeps_tips_out)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 2000);
	int64_t k1 = rkit_first(1, "a", a);
	int64_t k2 = rkit_renew(TOKENS(k1), "b", b, a);
	int64_t k3 = rkit_stamp(rkit_tree(1, DIGEST_SHA512), "b");
	rkit_stand(k3, b);
	cr_assert_eq(rkit_tips(&ALL).n, 2);
	struct rkit_tips t = rkit_tips(
	    &(struct tip_query){ .weakens_until = 9999, .alg = DIGEST_SHA512 });
	cr_assert_eq(t.n, 1);
	cr_assert_eq(t.tips[0].token, k3);
	/* The earlier of two dates counts: the partner's. */
	t = rkit_tips(&(struct tip_query){ .weakens_until = 1000 });
	cr_assert_eq(t.n, 1);
	cr_assert_eq(t.tips[0].token, k2);
	cr_assert_eq(t.tips[0].weakens_ms, 1000);
	cr_assert_eq(rkit_tips(&(struct tip_query){ .weakens_until = 999 }).n, 0);
	t = rkit_tips(&(struct tip_query){ .weakens_until = 9999, .unpaired = true });
	cr_assert_eq(t.n, 1);
	cr_assert_eq(t.tips[0].token, k3);
	t = rkit_tips(&(struct tip_query){ .weakens_until = 9999, .after_id = k2 });
	cr_assert_eq(t.n, 1);
	cr_assert_eq(t.tips[0].token, k3);
	t = rkit_tips(&(struct tip_query){ .weakens_until = 9999, .limit = 1 });
	cr_assert_eq(t.n, 1);
	cr_assert_eq(t.tips[0].token, k2);
}

Test(renewal, tip_in_an_unstamped_renewal_waits_and_is_not_idle)
{
	int64_t a = rkit_footing("A", 1000);
	int64_t k1 = rkit_first(1, "a", a);
	int64_t tree = rkit_cover(TOKENS(k1));
	struct rkit_tips t = rkit_tips(&ALL);
	cr_assert_eq(t.n, 1);
	cr_assert_eq(t.tips[0].token, k1);
	cr_assert_eq(t.tips[0].waiting, true);
	cr_assert_eq(
	    rkit_tips(&(struct tip_query){ .weakens_until = INT64_MAX, .idle = true })
		.n,
	    0);
	int64_t k2 = rkit_stamp(tree, "b");
	rkit_only_tip(k2);
	cr_assert_eq(rkit_link(k1).next, k2);
	cr_assert_eq(rkit_link(k2).next, 0);
	cr_assert_eq(rkit_link(k2).tree, tree);
}

Test(renewal, one_token_gathers_what_many_stood_for)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 2000);
	int64_t k1 = rkit_first(3, "a", a), k2 = rkit_first(5, "a", a);
	int64_t k3 = rkit_renew(TOKENS(k1, k2), "b", b, a);
	struct rkit_tips t = rkit_tips(&ALL);
	struct leaf leaf;
	rkit_only_tip(k3);
	cr_assert_eq(t.tips[0].objects, 8);
	cr_assert_eq(t.tips[0].bytes, 8 * RKIT_OBJECT_BYTES);
	cr_assert_eq(t.tips[0].partner, a);
	cr_assert_eq(token_leaf_in(rkit_reader, k2, rkit_link(k3).tree, &leaf, &err),
		     0);
	cr_assert_eq(leaf.index, 1);
	cr_assert_eq(leaf.kind, LEAF_TOKEN);
	cr_assert_eq(token_leaf_in(rkit_reader, k3, rkit_link(k3).tree, &leaf, &err),
		     -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

Test(renewal, renewal_that_covers_nothing_any_more_is_no_tip)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 2000);
	int64_t k1 = rkit_first(1, "a", a);
	int64_t early = rkit_cover(TOKENS(k1)), late = rkit_cover(TOKENS(k1));
	int64_t k2 = rkit_stamp(early, "b");
	rkit_stand(k2, b);
	int64_t k3 = rkit_stamp(late, "b");
	rkit_only_tip(k2);
	cr_assert_eq(rkit_link(k1).next, k2, "what is covered stays covered");
	cr_assert_eq(rkit_link(k3).fallen, false);
}

struct sums {
	size_t n;
	struct tip_sum sums[8];
};

static int take_sum(void *arg, const struct tip_sum *sum, struct ltps_error *err)
{
	struct sums *s = arg;
	(void)err;
	s->sums[s->n++] = *sum;
	return 0;
}

Test(renewal, sums_have_a_row_for_each_footing_partner_and_digest)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static struct sums s;
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 2000);
	cr_assert_eq(tip_sums(rkit_reader, take_sum, &s, &err), 0);
	cr_assert_eq(s.n, 0);
	rkit_first(1, "a", a);
	rkit_first(2, "a", a);
	rkit_stand(rkit_stamp(rkit_tree(4, DIGEST_SHA512), "a"), a);
	rkit_renew(TOKENS(rkit_first(8, "a", a)), "b", b, a);
	rkit_stamp(rkit_tree(16, DIGEST_SHA256), "a");
	cr_assert_eq(tip_sums(rkit_reader, take_sum, &s, &err), 0);
	cr_assert_eq(s.n, 4);
	cr_assert_eq(s.sums[0].weakens_ms, INT64_MIN);
	cr_assert_eq(s.sums[0].objects, 16);
	cr_assert_str_eq(s.sums[0].reason, "");
	cr_assert_eq(s.sums[1].footing, a);
	cr_assert_eq(s.sums[1].partner, 0);
	cr_assert_eq(s.sums[1].tips, 2);
	cr_assert_eq(s.sums[1].objects, 3);
	cr_assert_eq(s.sums[1].bytes, 3 * RKIT_OBJECT_BYTES);
	cr_assert_str_eq(s.sums[1].tsa, "A");
	cr_assert_str_eq(s.sums[1].reason, "its certificate ends");
	cr_assert_eq(s.sums[2].alg, DIGEST_SHA512);
	cr_assert_eq(s.sums[3].footing, b);
	cr_assert_eq(s.sums[3].partner, a);
	cr_assert_eq(s.sums[3].weakens_ms, 1000);
}

Test(renewal, second_is_of_unstamped_renewals_of_tokens_only)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tree_second second;
	int64_t a = rkit_footing("A", 1000);
	int64_t k1 = rkit_first(1, "a", a);
	cr_assert_eq(rkit_try_second(rkit_link(k1).tree, "a", a), LTPS_STATE);
	cr_assert_eq(rkit_try_second(99, "a", a), LTPS_NOT_FOUND);
	int64_t hashes = rkit_open(TREE_HASH_RENEWAL, DIGEST_SHA512);
	cr_assert_eq(rkit_try_second(hashes, "a", a), LTPS_STATE);
	int64_t tree = rkit_cover(TOKENS(k1));
	cr_assert_eq(tree_second_get(rkit_reader, tree, &second, &err), 0);
	cr_assert_str_eq(second.not_tsa, "");
	cr_assert_eq(second.partner, 0);
	cr_assert_eq(rkit_try_second(tree, "", a), LTPS_ARGUMENT);
	cr_assert_eq(rkit_try_second(tree, "a", a), LTPS_OK);
	cr_assert_eq(tree_second_get(rkit_reader, tree, &second, &err), 0);
	cr_assert_str_eq(second.not_tsa, "a");
	cr_assert_eq(second.partner, a);
	rkit_stamp(tree, "b");
	cr_assert_eq(rkit_try_second(tree, "a", a), LTPS_STATE);
	cr_assert_eq(tree_second_get(rkit_reader, 99, &second, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

/* Losing a footing */

static void loss_is(struct footing_loss l, uint64_t tokens, uint64_t restored,
		    uint64_t trees, uint64_t leaves)
{
	cr_assert_eq(l.tokens, tokens, "%llu fallen", (unsigned long long)l.tokens);
	cr_assert_eq(l.restored, restored, "%llu tips again",
		     (unsigned long long)l.restored);
	cr_assert_eq(l.trees, trees, "%llu trees", (unsigned long long)l.trees);
	cr_assert_eq(l.leaves, leaves, "%llu leaves", (unsigned long long)l.leaves);
}

Test(renewal, nothing_falls_with_a_footing_that_nothing_stands_on)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 2000);
	int64_t k1 = rkit_first(1, "a", a);
	loss_is(rkit_lose(b), 0, 0, 0, 0);
	rkit_only_tip(k1);
	cr_assert_str_eq(footings(), "A");
}

Test(renewal, tip_with_a_partner_falls_back_to_it)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 2000);
	int64_t k1 = rkit_first(4, "a", a);
	int64_t k2 = rkit_renew(TOKENS(k1), "b", b, a);
	loss_is(rkit_lose(b), 1, 1, 0, 0);
	rkit_only_tip(k1);
	cr_assert_eq(rkit_link(k1).next, 0);
	cr_assert_eq(rkit_link(k2).fallen, true);
	cr_assert_eq(rkit_tree_at(rkit_link(k1).tree).state, TREE_STAMPED);
	cr_assert_str_eq(footings(), "A");
	loss_is(rkit_lose(b), 0, 0, 0, 0);
}

Test(renewal, tip_alone_falls_and_its_tree_waits)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 2000);
	int64_t k1 = rkit_first(4, "a", a);
	rkit_first(2, "b", b);
	loss_is(rkit_lose(a), 1, 0, 1, 4);
	cr_assert_eq(rkit_link(k1).fallen, true);
	struct tree t = rkit_tree_at(rkit_link(k1).tree);
	cr_assert_eq(t.state, TREE_CLOSING);
	cr_assert_eq(t.token, 0);
	cr_assert_eq(t.next_attempt_ms, FIXTURE_TIME + 500, "due now");
	cr_assert_gt(t.nodes_blob, 0);
	cr_assert_eq(rkit_tips(&ALL).n, 1);
	loss_is(rkit_lose(a), 0, 0, 0, 0);
}

Test(renewal, middle_of_a_chain_that_another_tsa_covered_stays)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 2000);
	int64_t c = rkit_footing("C", 3000);
	int64_t k1 = rkit_first(1, "a", a);
	int64_t k2 = rkit_renew(TOKENS(k1), "b", b, a);
	int64_t k3 = rkit_renew(TOKENS(k2), "c", c, b);
	loss_is(rkit_lose(b), 0, 0, 0, 0);
	rkit_only_tip(k3);
	cr_assert_eq(rkit_link(k2).next, k3);
	cr_assert_eq(rkit_link(k2).fallen, false);
	/* But it is nobody's partner any more. */
	struct rkit_tips t = rkit_tips(&ALL);
	cr_assert_eq(t.tips[0].partner, 0);
	cr_assert_eq(t.tips[0].weakens_ms, 3000);
	/* The last one falls too: nothing stands between it and the first. */
	loss_is(rkit_lose(c), 2, 1, 0, 0);
	rkit_only_tip(k1);
	cr_assert_eq(rkit_link(k2).fallen, true);
}

Test(renewal, chain_of_one_tsa_falls_as_a_whole)
{
	int64_t a = rkit_footing("A", 1000);
	int64_t k1 = rkit_first(3, "a", a), k2 = rkit_renew(TOKENS(k1), "a", a, 0);
	int64_t k3 = rkit_renew(TOKENS(k2), "a", a, 0);
	loss_is(rkit_lose(a), 3, 0, 1, 3);
	cr_assert(rkit_link(k1).fallen && rkit_link(k2).fallen && rkit_link(k3).fallen);
	cr_assert_eq(rkit_tips(&ALL).n, 0);
	cr_assert_str_eq(footings(), "");
}

Test(renewal, chain_goes_on_from_the_last_that_stands)
{
	int64_t a = rkit_footing("A", 1000), a2 = rkit_footing("a", 5000);
	int64_t b = rkit_footing("B", 2000);
	int64_t k1 = rkit_first(3, "a", a), k2 = rkit_renew(TOKENS(k1), "b", b, a);
	int64_t k3 = rkit_renew(TOKENS(k2), "a", a2, 0);
	rkit_renew(TOKENS(k3), "b", b, a2);
	loss_is(rkit_lose(b), 1, 1, 0, 0);
	rkit_only_tip(k3);
	int64_t k5 = rkit_renew(TOKENS(k3), "c", rkit_footing("C", 9000), a2);
	rkit_only_tip(k5);
	cr_assert_eq(rkit_link(k3).next, k5);
	cr_assert_eq(rkit_tips(&ALL).tips[0].objects, 3);
}

Test(renewal, both_lost_leaves_no_proof)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 2000);
	int64_t k1 = rkit_first(3, "a", a), k2 = rkit_renew(TOKENS(k1), "b", b, a);
	loss_is(rkit_lose(a), 0, 0, 0, 0);
	rkit_only_tip(k2);
	loss_is(rkit_lose(b), 2, 0, 1, 3);
	cr_assert_eq(rkit_tips(&ALL).n, 0);
}

Test(renewal, shared_token_that_falls_gives_each_below_its_own_fate)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 2000);
	int64_t k1 = rkit_first(3, "a", a), k2 = rkit_first(5, "b", b);
	rkit_renew(TOKENS(k1, k2), "b", b, 0);
	loss_is(rkit_lose(b), 2, 1, 1, 5);
	rkit_only_tip(k1);
	cr_assert_eq(rkit_link(k2).fallen, true);
}

Test(renewal, token_without_a_footing_does_not_fall_until_it_has_a_lost_one)
{
	int64_t a = rkit_footing("A", 1000);
	rkit_first(1, "a", a);
	int64_t k2 = rkit_stamp(rkit_tree(1, DIGEST_SHA256), "a");
	loss_is(rkit_lose(a), 1, 0, 1, 1);
	rkit_only_tip(k2);
	rkit_stand(k2, a);
	cr_assert_eq(rkit_tips(&ALL).n, 0);
	cr_assert_eq(rkit_tree_at(rkit_link(k2).tree).state, TREE_CLOSING);
}

/* Tips that ended unrenewed */

/* That long after the tokens were made. */
static int64_t ends_after(const char *name, int64_t after_ms)
{
	return rkit_footing(name, FIXTURE_TIME + after_ms);
}

Test(renewal, tip_that_ended_gives_way_to_the_one_before_that_stands)
{
	int64_t a = ends_after("A", 2000), b = ends_after("B", 1000);
	int64_t k1 = rkit_first(4, "a", a);
	int64_t k2 = rkit_renew(TOKENS(k1), "b", b, a);
	loss_is(rkit_lapse(FIXTURE_TIME + 999), 0, 0, 0, 0);
	rkit_only_tip(k2);
	loss_is(rkit_lapse(FIXTURE_TIME + 1000), 1, 1, 0, 0);
	rkit_only_tip(k1);
	cr_assert_eq(rkit_link(k2).fallen, true);
	cr_assert_eq(rkit_tree_at(rkit_link(k1).tree).state, TREE_STAMPED);
	cr_assert_eq(rkit_tips(&ALL).tips[0].objects, 4);
	loss_is(rkit_lapse(FIXTURE_TIME + 1000), 0, 0, 0, 0);
}

Test(renewal, tip_that_stands_over_one_that_ended_stays)
{
	int64_t a = ends_after("A", 1000), b = ends_after("B", 2000);
	int64_t k1 = rkit_first(4, "a", a);
	int64_t k2 = rkit_renew(TOKENS(k1), "b", b, a);
	loss_is(rkit_lapse(FIXTURE_TIME + 1500), 0, 0, 0, 0);
	rkit_only_tip(k2);
}

Test(renewal, where_nothing_stands_nothing_is_taken_away)
{
	int64_t a = ends_after("A", 1000), b = ends_after("B", 1200);
	int64_t c = ends_after("C", 1300);
	int64_t k1 = rkit_first(4, "a", a);
	int64_t k2 = rkit_renew(TOKENS(k1), "b", b, a);
	int64_t alone = rkit_first(1, "c", c);
	loss_is(rkit_lapse(FIXTURE_TIME + 1300), 0, 0, 0, 0);
	cr_assert_eq(rkit_link(k2).fallen, false);
	cr_assert_eq(rkit_link(alone).fallen, false);
	/* What is lost does not stand, whenever it would have ended. */
	int64_t d = ends_after("D", 9000);
	int64_t k3 = rkit_first(1, "d", d);
	int64_t k4 = rkit_renew(TOKENS(k3), "c", c, d);
	loss_is(rkit_lose(d), 0, 0, 0, 0);
	loss_is(rkit_lapse(FIXTURE_TIME + 1300), 0, 0, 0, 0);
	cr_assert_eq(rkit_link(k4).fallen, false);
}

Test(renewal, all_that_ended_above_the_one_that_stands_fall)
{
	int64_t a = ends_after("A", 5000), b = ends_after("B", 1000);
	int64_t c = ends_after("C", 1100);
	int64_t k1 = rkit_first(2, "a", a);
	int64_t k2 = rkit_renew(TOKENS(k1), "b", b, a);
	int64_t k3 = rkit_renew(TOKENS(k2), "c", c, b);
	loss_is(rkit_lapse(FIXTURE_TIME + 1100), 2, 2, 0, 0);
	rkit_only_tip(k1);
	cr_assert(rkit_link(k2).fallen && rkit_link(k3).fallen);
	/* And it is renewed as ever. */
	int64_t k4 = rkit_renew(TOKENS(k1), "b", ends_after("b", 9000), a);
	rkit_only_tip(k4);
	cr_assert_eq(rkit_link(k1).next, k4);
}

/* One of two leaves, the other one keeps what renewed it in time. */
Test(renewal, what_stands_leaves_a_tip_that_ended_and_the_rest_stays)
{
	int64_t a = ends_after("A", 5000);
	int64_t b = ends_after("B", 500);
	int64_t c = ends_after("C", 1000);
	int64_t k1 = rkit_first(2, "a", a), k2 = rkit_first(3, "b", b);
	int64_t k3 = rkit_renew(TOKENS(k1, k2), "c", c, 0);
	loss_is(rkit_lapse(FIXTURE_TIME + 1000), 0, 1, 0, 0);
	cr_assert_eq(rkit_link(k1).next, 0);
	cr_assert_eq(rkit_link(k2).next, k3);
	cr_assert_eq(rkit_link(k3).fallen, false);
	struct rkit_tips t = rkit_tips(&ALL);
	cr_assert_eq(t.n, 2);
	cr_assert_eq(t.tips[0].token, k1);
	cr_assert_eq(t.tips[0].objects, 2);
	cr_assert_eq(t.tips[1].token, k3);
	cr_assert_eq(t.tips[1].objects, 3);
	loss_is(rkit_lapse(FIXTURE_TIME + 1000), 0, 0, 0, 0);
}

/* A TSA that the policy in force never took: it did not end, and is no reason. */
Test(renewal, tip_that_was_weak_when_it_was_made_stays)
{
	int64_t a = rkit_footing("A", FIXTURE_TIME + 5000);
	int64_t never = rkit_footing("N", INT64_MIN);
	int64_t before = rkit_footing("B", FIXTURE_TIME - 5000);
	int64_t k1 = rkit_first(2, "a", a);
	int64_t k2 = rkit_renew(TOKENS(k1), "n", never, a);
	int64_t k3 = rkit_first(2, "a", a);
	int64_t k4 = rkit_renew(TOKENS(k3), "b", before, a);
	loss_is(rkit_lapse(FIXTURE_TIME + 1000), 0, 0, 0, 0);
	cr_assert_eq(rkit_link(k1).next, k2);
	cr_assert_eq(rkit_link(k3).next, k4);
}

Test(renewal, renewal_that_waited_does_not_cover_what_ended_meanwhile)
{
	int64_t a = ends_after("A", 2000), b = ends_after("B", 1000);
	int64_t k1 = rkit_first(3, "a", a);
	int64_t k2 = rkit_renew(TOKENS(k1), "b", b, a);
	int64_t tree = rkit_cover(TOKENS(k2));
	loss_is(rkit_lapse(FIXTURE_TIME + 1000), 1, 1, 0, 0);
	rkit_stamp(tree, "c");
	rkit_only_tip(k1);
}

Test(renewal, tree_stamped_again_begins_a_new_chain)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 2000);
	int64_t k1 = rkit_first(3, "a", a), token = 0;
	int64_t tree = rkit_link(k1).tree;
	int64_t before = rkit_tree_at(tree).nodes_blob;
	rkit_lose(a);
	storage_sql(rkit_dir, "UPDATE tree SET root = zeroblob(32)");
	cr_assert_eq(rkit_try_stamp(tree, "b", &token), LTPS_MISMATCH);
	storage_sql(rkit_dir,
		    "UPDATE tree SET root = CAST(x'ee01' || zeroblob(30) AS BLOB)");
	int64_t k2 = rkit_stamp(tree, "b");
	rkit_stand(k2, b);
	rkit_only_tip(k2);
	cr_assert_eq(rkit_tips(&ALL).tips[0].objects, 3);
	cr_assert_eq(rkit_tree_at(tree).token, k2);
	cr_assert_neq(rkit_tree_at(tree).nodes_blob, before);
	cr_assert_eq(storage_sql_int(rkit_dir, "SELECT count(*) FROM blob"), 1,
		     "the nodes are kept once");
	/* And again. */
	loss_is(rkit_lose(b), 1, 0, 1, 3);
	rkit_stand(rkit_stamp(tree, "c"), rkit_footing("C", 3000));
	cr_assert_eq(rkit_tips(&ALL).n, 1);
}

Test(renewal, what_fell_meanwhile_is_not_covered_when_the_tree_is_stamped)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 2000);
	int64_t k1 = rkit_first(3, "a", a), k2 = rkit_first(5, "b", b);
	int64_t tree = rkit_cover(TOKENS(k1, k2));
	cr_assert_eq(rkit_try_second(tree, "x", a), LTPS_OK);
	loss_is(rkit_lose(a), 1, 0, 1, 3);
	int64_t k3 = rkit_stamp(tree, "c");
	struct rkit_tips t = rkit_tips(&ALL);
	rkit_only_tip(k3);
	cr_assert_eq(t.tips[0].objects, 5);
	cr_assert_eq(t.tips[0].bytes, 5 * RKIT_OBJECT_BYTES);
	cr_assert_eq(t.tips[0].partner, 0, "what was lost is nobody's partner");
	cr_assert_eq(rkit_link(k1).next, 0);
	cr_assert_eq(rkit_link(k2).next, k3);
}

Test(renewal, lost_footing_keeps_its_date_and_reason)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct footing f;
	int64_t a = rkit_footing("A", FIXTURE_TIME + 1000);
	struct plan p = { .id = a, .weakens_ms = INT64_MAX, .reason = "no end" };
	rkit_lose(a);
	cr_assert_eq(rkit_try(run_plan, &p), LTPS_OK);
	cr_assert_eq(footing_get(rkit_reader, a, &f, &err), 0);
	cr_assert_eq(f.lost_ms, FIXTURE_TIME + 500);
	cr_assert_eq(f.weakens_ms, FIXTURE_TIME + 500);
	cr_assert_str_eq(f.reason, "key compromise");
	footing_clear(&f);
}

static int run_nothing(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct footing_loss loss;
	(void)arg;
	return footing_lose(c, 1, 1, "", &loss, err);
}

Test(renewal, readers_change_nothing)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	rkit_footing("A", 1000);
	cr_assert_eq(run_nothing(rkit_reader, NULL, &err), -1);
	cr_assert_eq(err.code, LTPS_STATE);
}

/* Damage that fsck names */

TestSuite(renewal_damage, .init = rkit_begin, .fini = rkit_end_damaged);

static void chain_of_three(int64_t tokens[3])
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 2000);
	tokens[0] = rkit_first(1, "a", a);
	tokens[1] = rkit_renew(TOKENS(tokens[0]), "b", b, a);
	tokens[2] = rkit_renew(TOKENS(tokens[1]), "b", b, 0);
	cr_assert_eq(fixture_fsck(rkit_store, NULL), 0);
}

Test(renewal_damage, next_that_does_not_cover_the_token)
{
	int64_t k[3];
	chain_of_three(k);
	storage_sql(rkit_dir, "UPDATE link SET next = 3 WHERE token = 1");
	cr_assert_geq(fixture_fsck(rkit_store, NULL), 1);
}

Test(renewal_damage, tip_that_is_said_to_be_needed_no_more)
{
	int64_t k[3];
	chain_of_three(k);
	storage_sql(rkit_dir, "UPDATE link SET trees = 0 WHERE token = 3");
	cr_assert_eq(fixture_fsck(rkit_store, NULL), 1);
}

Test(renewal_damage, stamped_tree_under_a_fallen_token)
{
	int64_t k[3];
	chain_of_three(k);
	storage_sql(rkit_dir, "UPDATE link SET fallen_ms = 1 WHERE token = 1");
	cr_assert_eq(fixture_fsck(rkit_store, NULL), 1);
}

Test(renewal_damage, token_without_a_place)
{
	int64_t k[3];
	chain_of_three(k);
	storage_sql(rkit_dir, "DELETE FROM link WHERE token = 3;"
			      "UPDATE link SET next = NULL WHERE token = 2");
	cr_assert_eq(fixture_fsck(rkit_store, NULL), 1);
}
