/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path_search - candidate paths, shortest first, best candidates first: RFC 4158 2, 3.
 *
 *   survey   every certificate that can be reached from the target by names, once,
 *            and how far each is from an anchor at least
 *   descend  for each length in turn, all ways that can still end at an anchor;
 *            each signature is verified when a way first goes along it
 *   explain  nothing found: where the signatures that hold lead to
 *
 * All of it twice: candidates against which nothing speaks, then the others. So
 * a thousand certificates of the right name that do not fit cost nothing as long
 * as one fits, and are still found when none does.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "validation/name.h"
#include "validation/path_issuers.h"

/* Of the budget of steps, the survey takes at most one part in so many: what it has
 * not seen is taken as near. */
#define SURVEY_SHARE 4
/* The search leaves one part in so many of the signatures to the judgement. */
#define JUDGEMENT_SHARE 4
/* A complete path costs its visitor much more than a step. */
#define STEPS_OF_A_VISIT 8

#define OID_CA_ISSUERS "1.3.6.1.5.5.7.48.2"
#define OID_CA_REPOSITORY "1.3.6.1.5.5.7.48.5"

struct search {
	struct path_run *run;
	const struct path_search_options *o;
	path_visit_fn *visit;
	void *arg;
	struct path_issuers *issuers;
	struct path_candidate *candidate; /* what the visitor is shown */
	const struct cert *certs[PATH_CERTS_MAX];
	unsigned n;
	unsigned length; /* wanted in this round */
	uint32_t depth;  /* allowed between target and anchor */
	bool all;        /* second pass: not only the fit ones */
	unsigned unfit;  /* such on the way */
	bool skipped;    /* the way made one unfit: it was passed over */
	bool changed;    /* edges fell away since the distances were measured */
	uint32_t visited;
	bool stop; /* by the visitor */
	bool over; /* by a budget */
};

static uint32_t budget_of(uint32_t limit, uint32_t dflt)
{
	return limit != 0 ? limit : dflt;
}

static bool end_by_budget(struct search *s)
{
	s->over = true;
	s->run->spent = true;
	return false;
}

/* Whether one more signature may be verified by the search itself. */
static bool may_verify(struct search *s)
{
	uint32_t limit =
	    budget_of(s->run->in->budget.signatures, PATH_SIGNATURES_DEFAULT);
	if (s->run->depth == 0)
		limit -= limit / JUDGEMENT_SHARE;
	if (s->run->signatures >= limit || !path_run_step(s->run, 1))
		return end_by_budget(s);
	return true;
}

/* Whether an edge stands; s->over when the budget left that open. */
static int check_edge(struct search *s, const struct cert *c, struct path_issuer *i,
		      bool *ret_stands, struct ltps_error *err)
{
	enum signature_verdict verdict;
	bool inherited;
	*ret_stands = false;
	if (i->edge == EDGE_UNKNOWN) {
		if (!may_verify(s))
			return 0;
		if (path_run_signed_by(s->run, c, i->cert, &verdict, &inherited, err) !=
		    0)
			return -1;
		/* Time may have run out just then. */
		if (verdict == SIGNATURE_UNSUPPORTED && !path_run_step(s->run, 0)) {
			end_by_budget(s);
			return 0;
		}
		i->edge = verdict == SIGNATURE_VALID     ? EDGE_SIGNED
			  : verdict == SIGNATURE_INVALID ? EDGE_BROKEN
			  : inherited                    ? EDGE_OPEN
							 : EDGE_UNSUPPORTED;
		s->changed |= verdict != SIGNATURE_VALID;
	}
	*ret_stands = i->edge != EDGE_BROKEN;
	return 0;
}

/* ---- survey ---- */

static int survey_node(struct search *s, struct path_node *node, uint32_t limit,
		       struct ltps_error *err)
{
	for (size_t i = 0; i < node->n_issuers; i++) {
		struct path_issuer *e = &node->issuers[i];
		if (s->run->steps >= limit)
			return 0;
		if (!e->anchor && e->node == NULL &&
		    path_issuers_of(s->issuers, e->cert, &e->node, err) != 0)
			return -1;
	}
	return 0;
}

static int survey(struct search *s, struct path_node **ret_target,
		  struct ltps_error *err)
{
	uint32_t share =
	    budget_of(s->run->in->budget.steps, PATH_STEPS_DEFAULT) / SURVEY_SHARE;
	uint32_t limit = s->run->steps + share;
	if (path_issuers_of(s->issuers, s->o->target, ret_target, err) != 0)
		return -1;
	if (*ret_target == NULL) {
		end_by_budget(s);
		return 0;
	}
	struct path_node *node = *ret_target;
	for (; node != NULL && s->run->steps < limit; node = node->later)
		if (survey_node(s, node, limit, err) != 0)
			return -1;
	return 0;
}

static bool edge_counts(const struct search *s, const struct path_issuer *e)
{
	if (e->edge == EDGE_BROKEN)
		return false;
	return s->all || (e->fit && e->edge != EDGE_UNSUPPORTED);
}

static unsigned nearest(const struct search *s, const struct path_node *node)
{
	unsigned best = PATH_FAR;
	for (size_t i = 0; i < node->n_issuers && best > 1; i++) {
		const struct path_issuer *e = &node->issuers[i];
		unsigned d = e->anchor         ? 1
			     : e->node == NULL ? 2 /* not seen: as near as can be */
					       : 1 + e->node->distance;
		if (d < best && edge_counts(s, e))
			best = d;
	}
	return best;
}

/* Distances shrink round by round until they are right, or beyond interest. */
static void measure(struct search *s)
{
	struct path_node *first = path_issuers_nodes(s->issuers);
	bool changed = true;
	s->changed = false;
	for (struct path_node *n = first; n != NULL; n = n->later)
		n->distance = PATH_FAR;
	for (unsigned round = 0; changed && round < PATH_CERTS_MAX; round++) {
		changed = false;
		for (struct path_node *n = first; n != NULL; n = n->later) {
			unsigned d = nearest(s, n);
			if (d < n->distance) {
				n->distance = d;
				changed = true;
			}
		}
	}
}

/* ---- descend ---- */

/*
 * RFC 4158 2.4.2: a name with its key twice is a loop. Only the anchor of a target
 * that bears the anchor's own name and key is none: a renewed root.
 */
static bool on_path(const struct search *s, const struct path_issuer *e)
{
	if (e->anchor && s->n == 1)
		return cert_equal(e->cert, s->certs[0]);
	for (unsigned i = 0; i < s->n; i++)
		if (path_same_entity(s->certs[i], e->cert))
			return true;
	return false;
}

/* Certificates above the target that are not self-issued: RFC 5280 6.1.4 l. */
static unsigned counted(const struct search *s)
{
	unsigned n = 0;
	for (unsigned i = 1; i < s->n; i++)
		n += !s->certs[i]->self_issued;
	return n;
}

/* pathLenConstraint, as far as it can be seen from below. */
static bool length_fits(const struct search *s, const struct path_issuer *e)
{
	if (!e->cert->has_path_len ||
	    (e->anchor && s->run->in->ignore_anchor_constraints))
		return true;
	return counted(s) <= e->cert->path_len;
}

static bool too_deep(const struct search *s, const struct path_issuer *e)
{
	return !e->anchor && counted(s) + !e->cert->self_issued > s->depth;
}

static int show(struct search *s, struct ltps_error *err)
{
	uint32_t limit = budget_of(s->run->in->budget.paths, PATH_PATHS_DEFAULT);
	if (s->visited == limit || !path_run_step(s->run, STEPS_OF_A_VISIT * s->n)) {
		end_by_budget(s);
		return 0;
	}
	s->visited++;
	s->run->paths++;
	path_candidate_begin(s->candidate, s->certs, s->n);
	return s->visit(s->arg, s->candidate, &s->stop, err);
}

static int descend(struct search *s, struct path_node *node, struct ltps_error *err);

/* One candidate on top of the way so far: a complete path, or one step further. */
static int try_issuer(struct search *s, struct path_node *node, struct path_issuer *e,
		      bool fits, struct ltps_error *err)
{
	bool stands;
	int rc = 0;
	if (check_edge(s, node->cert, e, &stands, err) != 0)
		return -1;
	if (!stands)
		return 0;
	if (e->edge == EDGE_UNSUPPORTED)
		fits = false;
	if (!fits && !s->all) {
		s->skipped = true;
		return 0;
	}
	if (!e->anchor && e->node == NULL) {
		if (path_issuers_of(s->issuers, e->cert, &e->node, err) != 0)
			return -1;
		if (e->node == NULL) {
			end_by_budget(s);
			return 0;
		}
		e->node->distance = 1;
	}
	s->certs[s->n++] = e->cert;
	s->unfit += !fits;
	if (!e->anchor)
		rc = descend(s, e->node, err);
	else if (!s->all || s->unfit > 0) /* else the first pass showed it */
		rc = show(s, err);
	s->unfit -= !fits;
	s->n--;
	return rc;
}

/* Certificates that a way over this candidate has at least. */
static unsigned length_over(const struct search *s, const struct path_issuer *e)
{
	if (e->anchor)
		return s->n + 1;
	return s->n + 1 + (e->node != NULL ? e->node->distance : 1);
}

static int descend(struct search *s, struct path_node *node, struct ltps_error *err)
{
	for (size_t i = 0; i < node->n_issuers && !s->stop && !s->over; i++) {
		struct path_issuer *e = &node->issuers[i];
		if (!path_run_step(s->run, 1)) {
			end_by_budget(s);
			break;
		}
		if (e->edge == EDGE_BROKEN || on_path(s, e) ||
		    length_over(s, e) > s->length || too_deep(s, e) ||
		    (e->anchor && s->n + 1 != s->length))
			continue;
		bool fits = e->fit && length_fits(s, e);
		if (!fits && !s->all) {
			s->skipped = true;
			continue;
		}
		if (try_issuer(s, node, e, fits, err) != 0)
			return -1;
	}
	return 0;
}

/* All lengths of one pass. */
static int pass(struct search *s, struct path_node *target, struct ltps_error *err)
{
	s->changed = true; /* the passes count other edges */
	for (s->length = 2; s->length <= PATH_CERTS_MAX && !s->stop && !s->over;
	     s->length++) {
		if (s->changed)
			measure(s);
		if (target->distance >= PATH_FAR)
			break;
		if (target->distance + 1 > s->length)
			s->length = target->distance + 1;
		if (s->length > PATH_CERTS_MAX)
			break;
		if (descend(s, target, err) != 0)
			return -1;
	}
	return 0;
}

/* Whether the second pass can show anything that the first did not. */
static bool unfit_remain(const struct search *s)
{
	if (s->skipped)
		return true;
	struct path_node *node = path_issuers_nodes(s->issuers);
	for (; node != NULL; node = node->later) {
		for (size_t i = 0; i < node->n_issuers; i++) {
			const struct path_issuer *e = &node->issuers[i];
			if (e->edge == EDGE_UNSUPPORTED ||
			    (!e->fit && e->edge != EDGE_BROKEN))
				return true;
		}
	}
	return false;
}

/* ---- explain ---- */

struct ends {
	const struct cert *no_issuer;
	const struct cert *no_anchor;
	const struct cert *broken;
	const struct cert *misnamed; /* the same as no_issuer, but... */
	const struct cert *signer;   /* this one signed it, which has another name */
	bool anchor; /* a chain of good signatures gets there all the same */
};

static int need_urls(struct search *s, enum need_kind kind, const struct cert *c,
		     bool *ret_any, struct ltps_error *err)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	bool issuer = kind == NEED_ISSUER;
	struct view cursor = cert_ext_list(c, issuer ? CERT_EXT_AIA : CERT_EXT_SIA);
	struct tlv access, method;
	struct general_name where;
	while (cursor.n > 0 && tlv_next(&cursor, &access, &ignored) == 0) {
		struct view body = access.body;
		if (tlv_next(&body, &method, &ignored) != 0 ||
		    general_name_next(&body, &where, &ignored) != 0)
			break;
		if (where.kind != GENERAL_NAME_URI ||
		    !oid_is(method.body, issuer ? OID_CA_ISSUERS : OID_CA_REPOSITORY))
			continue;
		*ret_any = true;
		if (path_run_need(s->run, kind, where.value, c, NULL, err) != 0)
			return -1;
	}
	return 0;
}

/* Of the end itself, or of the nearest below it that names a place. */
static int need_above(struct search *s, const struct path_node *end,
		      struct ltps_error *err)
{
	bool any = false;
	for (; s->o->need_issuers && end != NULL && !any; end = end->from)
		if (need_urls(s, NEED_ISSUER, end->cert, &any, err) != 0)
			return -1;
	return 0;
}

static int signed_by_itself(struct search *s, const struct cert *c, bool *ret,
			    struct ltps_error *err)
{
	struct path_issuer self = { .cert = c };
	*ret = false;
	if (!c->self_issued)
		return 0;
	return check_edge(s, c, &self, ret, err);
}

/* Namesakes of a key identifier that are tried. */
#define SIGNERS_MAX 4

/*
 * Nobody of the issuer's name is at hand, but the key that the certificate names
 * may be: when it did sign, the names do not chain.
 */
static int look_for_signer(struct search *s, const struct cert *c,
			   enum material_kind kind, const struct material *m,
			   struct ends *ends, struct ltps_error *err)
{
	const struct cert *by = NULL;
	for (unsigned i = 0; i < SIGNERS_MAX && ends->signer == NULL; i++) {
		by = material_with_key(m, kind, c->aki_key.p, by);
		if (by == NULL)
			return 0;
		struct path_issuer edge = { .cert = by };
		bool stands;
		if (check_edge(s, c, &edge, &stands, err) != 0)
			return -1;
		if (stands && edge.edge == EDGE_SIGNED) {
			ends->misnamed = c;
			ends->signer = by;
		}
	}
	return 0;
}

static int look_for_signers(struct search *s, const struct cert *c, struct ends *ends,
			    struct ltps_error *err)
{
	const struct path_input *in = s->run->in;
	if (c->aki_key.n != sizeof(c->key_sha1))
		return 0;
	for (size_t i = 0; i < in->n_pools && ends->signer == NULL; i++)
		if (look_for_signer(s, c, MATERIAL_ANCHOR, in->pools[i], ends, err) !=
			0 ||
		    look_for_signer(s, c, MATERIAL_CERT, in->pools[i], ends, err) != 0)
			return -1;
	return 0;
}

struct tally {
	unsigned stand, loops, broken;
};

/* Nodes behind edges that stand are reached. */
static int look_up(struct search *s, struct path_node *node, struct tally *t,
		   struct ends *ends, struct ltps_error *err)
{
	for (size_t i = 0; i < node->n_issuers; i++) {
		struct path_issuer *e = &node->issuers[i];
		bool stands;
		if (path_same_entity(e->cert, node->cert) && !e->anchor) {
			t->loops++;
			continue;
		}
		if (check_edge(s, node->cert, e, &stands, err) != 0)
			return -1;
		if (s->over)
			return 0;
		/* One that we cannot compute leaves room for the real one. */
		t->stand += stands && e->edge != EDGE_UNSUPPORTED;
		t->broken += !stands && !e->key_mismatch;
		if (stands && e->anchor)
			ends->anchor = true;
		if (!stands || e->anchor)
			continue;
		if (e->node == NULL &&
		    path_issuers_of(s->issuers, e->cert, &e->node, err) != 0)
			return -1;
		if (e->node != NULL && !e->node->reached) {
			e->node->reached = true;
			e->node->from = node;
		}
	}
	return 0;
}

static int explain_node(struct search *s, struct path_node *node, struct ends *ends,
			struct ltps_error *err)
{
	struct tally t = { 0 };
	bool root;
	if (look_up(s, node, &t, ends, err) != 0)
		return -1;
	if (s->over || t.stand > 0)
		return 0;
	if (signed_by_itself(s, node->cert, &root, err) != 0)
		return -1;
	const struct cert **end = root || t.loops > 0 ? &ends->no_anchor
				  : t.broken > 0      ? &ends->broken
						      : &ends->no_issuer;
	if (*end == NULL) {
		*end = node->cert;
		if (end == &ends->no_issuer && node->n_issuers == 0 &&
		    look_for_signers(s, node->cert, ends, err) != 0)
			return -1;
	} else if (end == &ends->no_issuer) {
		ends->misnamed = NULL; /* not the only one */
	}
	return root ? 0 : need_above(s, node, err);
}

/* Nodes are reached in any order, so it goes on until a round finds no new one. */
static int explain(struct search *s, struct path_node *target, struct ends *ends,
		   struct ltps_error *err)
{
	bool found = true;
	target->reached = true;
	while (found && !s->over) {
		found = false;
		for (struct path_node *n = target; n != NULL && !s->over;
		     n = n->later) {
			if (!n->reached || n->explained)
				continue;
			n->explained = found = true;
			if (explain_node(s, n, ends, err) != 0)
				return -1;
		}
	}
	return 0;
}

static void say(struct path_search_end *end, enum path_code why, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void say(struct path_search_end *end, enum path_code why, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	end->why = why;
	vsnprintf(end->text, sizeof(end->text), fmt, ap);
	va_end(ap);
}

static void say_misnamed(const struct ends *ends, struct path_search_end *end)
{
	char a[CERT_TEXT_MAX], b[CERT_TEXT_MAX];
	cert_text(ends->misnamed, a);
	cert_text(ends->signer, b);
	say(end, PATH_NAME_CHAINING, "%.90s is signed by %.90s", a, b);
}

/* A missing certificate may always lead further, a broken signature does not. */
static void conclude(const struct search *s, const struct ends *ends,
		     struct path_search_end *end)
{
	char a[CERT_TEXT_MAX], b[CERT_TEXT_MAX];
	const struct cert *c = ends->no_issuer   ? ends->no_issuer
			       : ends->no_anchor ? ends->no_anchor
						 : ends->broken;
	if (c != NULL) {
		cert_text(c, a);
		name_text(c->issuer, b, sizeof(b));
	}
	if (s->over)
		say(end, PATH_BUDGET, "after %u signatures and %u steps",
		    s->run->signatures, s->run->steps);
	else if (ends->anchor)
		say(end, PATH_DEPTH, "more than %u between, or a loop",
		    s->depth < PATH_CERTS_MAX - 2 ? s->depth : PATH_CERTS_MAX - 2);
	else if (c == NULL)
		say(end, PATH_NO_ANCHOR, "chains end in a loop");
	else if (c == ends->misnamed)
		say_misnamed(ends, end);
	else if (c == ends->no_issuer)
		say(end, PATH_NO_ISSUER, "%.90s, issued by %.90s", a, b);
	else if (c == ends->no_anchor)
		say(end, PATH_NO_ANCHOR, "ends at %.180s", a);
	else
		say(end, PATH_SIGNATURE, "of %.90s, not by any %.90s at hand", a, b);
}

/* Where subordinate certificates of the anchors lie: RFC 5280 4.2.2.2. */
static int need_below_anchors(struct search *s, struct ltps_error *err)
{
	const struct path_input *in = s->run->in;
	bool any = false;
	for (size_t i = 0; i < in->n_anchors; i++)
		if (need_urls(s, NEED_SUBJECTS, in->anchors[i], &any, err) != 0)
			return -1;
	for (size_t p = 0; p < in->n_pools && in->n_anchors == 0; p++) {
		size_t n = material_count(in->pools[p], MATERIAL_ANCHOR);
		for (size_t i = 0; i < n && s->run->n_needs < PATH_NEEDS_MAX; i++) {
			const struct cert *a =
			    material_cert(in->pools[p], MATERIAL_ANCHOR, i);
			if (need_urls(s, NEED_SUBJECTS, a, &any, err) != 0)
				return -1;
		}
	}
	return 0;
}

/* ---- the whole ---- */

static int start(struct search *s, struct ltps_error *err)
{
	uint32_t depth = s->run->in->budget.depth;
	s->depth = depth == 0 ? PATH_CERTS_MAX : depth == PATH_DEPTH_NONE ? 0 : depth;
	s->candidate = mem_alloc(sizeof(*s->candidate));
	if (s->candidate == NULL)
		return ltps_fail_nomem(err);
	s->certs[s->n++] = s->o->target;
	return path_issuers_new(s->run, s->o, &s->issuers, err);
}

/* The target may be an anchor itself, which other paths do not exclude. */
static int try_target(struct search *s, struct ltps_error *err)
{
	return path_issuers_end_at(s->issuers, s->o->target) ? show(s, err) : 0;
}

static int search_all(struct search *s, struct path_search_end *end,
		      struct ltps_error *err)
{
	struct path_node *target = NULL;
	struct ends ends = { 0 };
	if (try_target(s, err) != 0)
		return -1;
	if (s->stop || s->over)
		return 0;
	if (survey(s, &target, err) != 0)
		return -1;
	if (!s->over && pass(s, target, err) != 0)
		return -1;
	s->all = true;
	if (!s->stop && !s->over && unfit_remain(s) && pass(s, target, err) != 0)
		return -1;
	if (s->stop || (s->visited > 0 && !s->o->need_issuers))
		return 0;
	if (!s->over && explain(s, target, &ends, err) != 0)
		return -1;
	if (s->visited == 0)
		conclude(s, &ends, end);
	if (s->o->need_issuers)
		return need_below_anchors(s, err);
	return 0;
}

int path_search(struct path_run *run, const struct path_search_options *o,
		path_visit_fn *visit, void *arg, struct path_search_end *ret,
		struct ltps_error *err)
{
	struct search s = { .run = run, .o = o, .visit = visit, .arg = arg };
	struct path_search_end end = { .why = PATH_OK };
	int rc = -1;

	if (start(&s, err) != 0)
		goto out;
	if (search_all(&s, &end, err) != 0)
		goto out;
	end.found = s.visited > 0;
	if (end.found && s.over)
		say(&end, PATH_BUDGET, "after %u complete paths", s.visited);
	*ret = end;
	rc = 0;
out:
	path_issuers_free(s.issuers);
	mem_free(s.candidate);
	return rc;
}
