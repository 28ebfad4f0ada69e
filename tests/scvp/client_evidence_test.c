/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence records as wantBacks: each is verified over the very octets it is about. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/ers_scene.h"
#include "tests/support/scvp_peer.h"

static struct scvp_peer *peer;
static struct scene scene;
static void begin(void)
{
	peer = peer_new();
	peer->ask.n_certs = 1;
	peer->ask.wants = 1u << SCVP_WANT_CERT | 1u << SCVP_WANT_BEST_PATH |
			  1u << SCVP_WANT_PARTIAL_PATH | 1u << SCVP_WANT_REVOCATION |
			  1u << SCVP_WANT_ERS_CERT | 1u << SCVP_WANT_ERS_BEST_PATH |
			  1u << SCVP_WANT_ERS_PARTIAL_PATH |
			  1u << SCVP_WANT_ERS_REVOCATION | 1u << SCVP_WANT_ERS_ALL;
	peer_ask(peer);
	scene = scene_new();
	scene_crls(&scene, 0, NULL);
}
static void end(void)
{
	scene_free(&scene);
	peer_free(peer);
}
TestSuite(scvp_client_evidence, .init = begin, .fini = end);

static struct digest hash(struct view v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	cr_assert_eq(digest_once(DIGEST_SHA256, v, &d, &err), 0);
	return d;
}

/* One time-stamp over all of these. */
static struct buf record_of(const struct digest *d, size_t n)
{
	const struct scene_stamp o = { .alg = DIGEST_SHA256,
				       .lists = { { d, n } },
				       .day = -1 };
	return scene_simple(&scene, &o);
}
static struct buf record(struct view v)
{
	const struct digest d = hash(v);
	return record_of(&d, 1);
}

/* Everything in place; records live until records_free(). */
struct records {
	struct buf cert, path, partial, first, second, status, all;
};

static struct view value(const struct peer_answer *a, enum scvp_want_id id)
{
	for (size_t i = 0; i < a->replies[0].n_want_backs; i++)
		if (scvp_want_id(a->wants[0][i].oid) == id)
			return a->wants[0][i].value;
	cr_assert_fail("no such wantBack");
	return VIEW_NULL;
}

static struct buf all_of(const struct records *r, struct view status_record)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(MAKE_MAX);
	const struct scvp_want_back items[] = {
		{ scvp_want_oid(SCVP_WANT_BEST_PATH), view_buf(&r->path) },
		{ scvp_want_oid(SCVP_WANT_REVOCATION), status_record },
		{ scvp_want_oid(SCVP_WANT_PARTIAL_PATH), view_buf(&r->partial) },
	};
	cr_assert_eq(scvp_ers_all_encode(items, 3, &out, &err), 0);
	return out;
}

static struct records fill(struct peer_answer *a)
{
	struct records r = { .cert = record(peer->ee->der) };
	r.path = record(value(a, SCVP_WANT_BEST_PATH));
	r.partial = record(value(a, SCVP_WANT_PARTIAL_PATH));
	r.first = record(view_buf(&peer->crl_ca));
	r.second = record(view_buf(&peer->crl_root));
	r.status = make_tlv(0x30, 2, make_copy(view_buf(&r.first)),
			    make_copy(view_buf(&r.second)));
	struct buf status = record(value(a, SCVP_WANT_REVOCATION));
	r.all = all_of(&r, view_buf(&status));
	buf_free(&status);
	peer_want(a, 0, SCVP_WANT_ERS_CERT, view_buf(&r.cert));
	peer_want(a, 0, SCVP_WANT_ERS_BEST_PATH, view_buf(&r.path));
	peer_want(a, 0, SCVP_WANT_ERS_PARTIAL_PATH, view_buf(&r.partial));
	peer_want(a, 0, SCVP_WANT_ERS_REVOCATION, view_buf(&r.status));
	peer_want(a, 0, SCVP_WANT_ERS_ALL, view_buf(&r.all));
	return r;
}

static void records_free(struct records *r)
{
	buf_free(&r->cert);
	buf_free(&r->path);
	buf_free(&r->partial);
	buf_free(&r->first);
	buf_free(&r->second);
	buf_free(&r->status);
	buf_free(&r->all);
}

static struct scvp_judgement *judge(struct peer_answer *a)
{
	struct scvp_expect x = peer_expect(peer);
	struct buf body = peer_seal(a, peer->signer);
	x.evidence_trust = scene.material;
	struct scvp_judgement *j = peer_judge(&x, &body);
	buf_free(&body);
	peer_answer_free(a);
	return j;
}

Test(scvp_client_evidence, every_record_covers_its_octets)
{
	struct peer_answer *a = peer_answer(peer);
	struct records r = fill(a);
	struct scvp_judgement *j = judge(a);
	peer_expect_only(j, SCVP_CODE_OK, "all");
	cr_assert_eq(j->reports[0].n_evidence, 8);
	for (size_t i = 0; i < j->reports[0].n_evidence; i++) {
		const struct scvp_evidence *e = &j->reports[0].evidence[i];
		cr_assert(e->present && e->covered, "%zu", i);
		cr_assert_eq(e->indication, INDICATION_PASSED, "%zu: %s", i,
			     e->subindication);
		cr_assert_eq(e->proof_ms, DAY(-1));
	}
	scvp_judgement_free(j);
	records_free(&r);
}

/* What one wantBack is replaced by, and what that is. */
static void expect(enum scvp_want_id id, struct view in_place, enum scvp_code code,
		   const char *what)
{
	struct peer_answer *a = peer_answer(peer);
	struct records r = fill(a);
	peer_want(a, 0, id, in_place);
	struct scvp_judgement *j = judge(a);
	peer_expect_only(j, code, what);
	cr_assert_eq(scvp_verdict(j, 0),
		     code == SCVP_CODE_OK ? PATH_VALID : PATH_UNDETERMINED);
	scvp_judgement_free(j);
	records_free(&r);
}

Test(scvp_client_evidence, record_of_other_octets)
{
	struct buf other = record(view_text("something else"));
	struct buf half = make_tlv(0x30, 1, record(view_buf(&peer->crl_ca)));
	struct buf cut = make_copy(view_head(view_buf(&other), other.n - 1));
	const struct view v = view_buf(&other);
	expect(SCVP_WANT_ERS_CERT, v, SCVP_CODE_EVIDENCE_INVALID, "certificate");
	expect(SCVP_WANT_ERS_BEST_PATH, v, SCVP_CODE_EVIDENCE_INVALID, "path");
	expect(SCVP_WANT_ERS_PARTIAL_PATH, v, SCVP_CODE_EVIDENCE_INVALID, "partial");
	expect(SCVP_WANT_ERS_REVOCATION, view_buf(&half), SCVP_CODE_EVIDENCE_INVALID,
	       "one revocation object without a record");
	expect(SCVP_WANT_ERS_CERT, view_buf(&cut), SCVP_CODE_EVIDENCE_FORMAT, "cut");
	expect(SCVP_WANT_ERS_REVOCATION, view_text("x"), SCVP_CODE_EVIDENCE_FORMAT,
	       "no sequence");
	expect(SCVP_WANT_ERS_ALL, view_text("x"), SCVP_CODE_EVIDENCE_FORMAT,
	       "no sequence");
	buf_free(&cut);
	buf_free(&half);
	buf_free(&other);
}

/* The implicit tags of RevocationInfo are no part of what is hashed. */
Test(scvp_client_evidence, revocation_object_under_its_wrong_tag)
{
	struct buf tagged = make_copy(view_buf(&peer->crl_ca));
	tagged.p[0] = 0xa0;
	struct buf wrong = make_tlv(0x30, 2, record(view_buf(&tagged)),
				    record(view_buf(&peer->crl_root)));
	expect(SCVP_WANT_ERS_REVOCATION, view_buf(&wrong), SCVP_CODE_EVIDENCE_INVALID,
	       "hashed with [0]");
	buf_free(&wrong);
	buf_free(&tagged);
}

Test(scvp_client_evidence, one_record_may_cover_every_revocation_object)
{
	const struct digest d[] = { hash(view_buf(&peer->crl_ca)),
				    hash(view_buf(&peer->crl_root)) };
	struct buf group = make_tlv(0x30, 1, record_of(d, 2));
	expect(SCVP_WANT_ERS_REVOCATION, view_buf(&group), SCVP_CODE_OK, "group");
	buf_free(&group);
}

Test(scvp_client_evidence, none_yet_is_a_note)
{
	struct peer_answer *a = peer_answer(peer);
	struct records r = fill(a);
	peer_want(a, 0, SCVP_WANT_ERS_CERT, VIEW_NULL);
	peer_want(a, 0, SCVP_WANT_ERS_REVOCATION, VIEW_NULL);
	struct buf without = all_of(&r, VIEW_NULL);
	peer_want(a, 0, SCVP_WANT_ERS_ALL, view_buf(&without));
	struct scvp_judgement *j = judge(a);
	peer_expect_only(j, SCVP_CODE_OK, "none yet");
	cr_assert(scvp_has_finding(j, SCVP_CODE_NOTE_NO_EVIDENCE));
	cr_assert_not(j->reports[0].evidence[0].present);
	scvp_judgement_free(j);
	buf_free(&without);
	records_free(&r);
}

Test(scvp_client_evidence, all_of_them_are_one_to_one)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct peer_answer *a = peer_answer(peer);
	struct records r = fill(a);
	struct buf few = buf_make(MAKE_MAX);
	const struct scvp_want_back items[] = {
		{ scvp_want_oid(SCVP_WANT_BEST_PATH), view_buf(&r.path) },
	};
	cr_assert_eq(scvp_ers_all_encode(items, 1, &few, &err), 0);
	peer_want(a, 0, SCVP_WANT_ERS_ALL, view_buf(&few));
	struct scvp_judgement *j = judge(a);
	peer_expect_only(j, SCVP_CODE_EVIDENCE_TARGET, "too few");
	scvp_judgement_free(j);
	buf_free(&few);
	records_free(&r);
}

Test(scvp_client_evidence, anchors_of_the_response_count_for_nothing)
{
	struct peer_answer *a = peer_answer(peer);
	struct records r = fill(a);
	struct scvp_expect x = peer_expect(peer); /* its trust is another PKI's */
	struct buf body = peer_seal(a, peer->signer);
	struct scvp_judgement *j = peer_judge(&x, &body);
	peer_expect_only(j, SCVP_CODE_OK, "other PKI");
	cr_assert(scvp_has_finding(j, SCVP_CODE_NOTE_EVIDENCE_UNDETERMINED));
	for (size_t i = 0; i < j->reports[0].n_evidence; i++)
		cr_assert_eq(j->reports[0].evidence[i].indication,
			     INDICATION_INDETERMINATE);
	scvp_judgement_free(j);
	buf_free(&body);
	peer_answer_free(a);
	records_free(&r);
}
