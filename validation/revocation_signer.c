/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation_signer - who signed a status, and whether it was entitled: its own path
 * to the same anchor (RFC 5280 6.3.3 f), for a good word through CAs of the path in
 * question, and its own status, asked as a further question. The signature comes first:
 * a forged object costs one verification and never a search.
 */
#include <string.h>

#include "base/mem.h"
#include "validation/revocation_private.h"

/* ---- candidates ---- */

static bool next_place(struct revocation_cursor *cursor)
{
	cursor->last = NULL;
	cursor->kind++;
	if (cursor->kind > 1) {
		cursor->kind = 0;
		cursor->pool++;
	}
	return true;
}

static enum material_kind kind_of(const struct revocation_cursor *cursor)
{
	return cursor->kind == 0 ? MATERIAL_CERT : MATERIAL_ANCHOR;
}

const struct cert *revocation_next_subject(const struct revocation_job *job,
					   struct revocation_cursor *cursor,
					   struct view subject_canonical)
{
	const struct path_input *in = job->run->in;
	for (; cursor->pool < in->n_pools; next_place(cursor)) {
		cursor->last =
		    material_with_subject(in->pools[cursor->pool], kind_of(cursor),
					  subject_canonical, cursor->last);
		if (cursor->last != NULL)
			return cursor->last;
	}
	return NULL;
}

const struct cert *revocation_next_key(const struct revocation_job *job,
				       struct revocation_cursor *cursor,
				       const uint8_t key_sha1[20])
{
	const struct path_input *in = job->run->in;
	for (; cursor->pool < in->n_pools; next_place(cursor)) {
		cursor->last = material_with_key(
		    in->pools[cursor->pool], kind_of(cursor), key_sha1, cursor->last);
		if (cursor->last != NULL)
			return cursor->last;
	}
	return NULL;
}

/* ---- memory of signers ---- */

static void signer_free(struct revocation_signer *s)
{
	EVP_PKEY_free(s->key);
	mem_free(s->objects);
	mem_free(s);
}

void revocation_signers_free(struct revocation_job *job)
{
	for (size_t i = 0; i < job->n_signers; i++)
		signer_free(job->signers[i]);
	job->n_signers = 0;
}

/* NULL in *ret when there are too many: then something passes unseen. */
static int recall(struct revocation_job *job, const struct cert *cert,
		  enum revocation_role role, int64_t at_ms,
		  struct revocation_signer **ret, struct ltps_error *err)
{
	for (size_t i = 0; i < job->n_signers; i++) {
		struct revocation_signer *s = job->signers[i];
		if (cert_equal(s->cert, cert) && s->role == role && s->at_ms == at_ms) {
			*ret = s;
			return 0;
		}
	}
	*ret = NULL;
	if (job->n_signers == REVOCATION_SIGNERS_MAX) {
		job->cut = true;
		return 0;
	}
	struct revocation_signer *s = mem_zalloc(1, sizeof(*s));
	if (s == NULL)
		return ltps_fail_nomem(err);
	s->cert = cert;
	s->role = role;
	s->at_ms = at_ms;
	job->signers[job->n_signers++] = s;
	*ret = s;
	return 0;
}

/* ---- its status ---- */

/* Certificates above one in question on its path have questions of their own. */
static bool is_asked_elsewhere(const struct revocation_job *job, const struct cert *x)
{
	for (; job != NULL; job = job->asker) {
		for (size_t i = job->q->index + 1; i < job->path->n_certs; i++) {
			if (cert_equal(job->path->certs[i], x))
				return true;
		}
	}
	return false;
}

static bool is_in_question(const struct revocation_job *job, const struct cert *x)
{
	for (; job != NULL; job = job->asker) {
		if (cert_equal(job->cert, x))
			return true;
	}
	return false;
}

/* RFC 6960 4.2.2.2.1 */
static bool needs_no_status(const struct revocation_signer *s, const struct cert *x)
{
	return s->role == REVOCATION_OCSP_DELEGATED && cert_equal(s->cert, x) &&
	       cert_has(x, CERT_EXT_OCSP_NOCHECK) &&
	       (x->malformed >> CERT_EXT_OCSP_NOCHECK & 1) == 0;
}

static int keep_objects(struct revocation_signer *s,
			const struct path_cert_revocation *r, struct ltps_error *err)
{
	size_t n = s->n_objects + r->n_objects;
	if (r->n_objects == 0)
		return 0;
	struct path_status_object *p = mem_resize(s->objects, n, sizeof(*p));
	if (p == NULL)
		return ltps_fail_nomem(err);
	memcpy(p + s->n_objects, r->objects, r->n_objects * sizeof(*p));
	s->objects = p;
	s->n_objects = n;
	return 0;
}

static int ask_status(struct revocation_job *job, struct revocation_signer *s,
		      const struct path_candidate *c, size_t index, bool *ret_good,
		      struct ltps_error *err)
{
	struct path_cert_revocation *r = mem_zalloc(1, sizeof(*r));
	struct revocation_query q = *job->q;
	if (r == NULL)
		return ltps_fail_nomem(err);
	q.path = c;
	q.index = index;
	q.time_ms = s->at_ms;
	q.known_ms = job->known_ms > s->at_ms ? job->known_ms : s->at_ms;
	q.depth++;
	int rc = revocation_ask(job->run, &q, job, r, err);
	*ret_good = r->status == PATH_STATUS_GOOD;
	if (!*ret_good && r->why == PATH_REVOCATION_STALE)
		job->stale = true;
	if (rc == 0 && *ret_good)
		rc = keep_objects(s, r, err);
	mem_free(r);
	return rc;
}

/* Nobody on this path of the signer is revoked. A question that leads back to one
 * that is still open has no answer. */
static int is_vouched_for(struct revocation_job *job, struct revocation_signer *s,
			  const struct path_candidate *c, bool *ret,
			  struct ltps_error *err)
{
	*ret = true;
	s->n_objects = 0;
	for (size_t i = c->n_certs - 1; i-- > 0 && *ret;) {
		const struct cert *x = c->certs[i];
		if (is_asked_elsewhere(job, x) || needs_no_status(s, x))
			continue;
		*ret = !is_in_question(job, x) && job->q->depth < REVOCATION_DEPTH_MAX;
		if (*ret && ask_status(job, s, c, i, ret, err) != 0)
			return -1;
	}
	return 0;
}

static bool is_over(const struct path_cert_revocation *r, int64_t at_ms)
{
	if (r->status == PATH_STATUS_UNKNOWN || r->revoked_ms == TIME_NONE)
		return false;
	return r->revoked_ms <= at_ms ||
	       (r->invalidity_ms != TIME_NONE && r->invalidity_ms <= at_ms);
}

/*
 * A CA that was revoked before something good was said in its name: after the time
 * asked for, or for a reason that the caller lets pass.
 */
static bool was_revoked_before(const struct revocation_job *job, const struct cert *x,
			       int64_t issued_ms)
{
	for (; job != NULL; job = job->asker) {
		const struct path_candidate *p = job->path;
		if (p->revocation == NULL)
			continue;
		for (size_t i = job->q->index + 1; i + 1 < p->n_certs; i++) {
			if (cert_equal(p->certs[i], x) &&
			    is_over(&p->revocation[i], issued_ms))
				return true;
		}
	}
	return false;
}

/* Whether the signer's own path has such a CA. */
static bool is_on_revoked(const struct revocation_job *job,
			  const struct revocation_signer *signer, int64_t issued_ms)
{
	for (size_t i = 0; i < signer->n_path; i++) {
		if (was_revoked_before(job, signer->path[i], issued_ms))
			return true;
	}
	return false;
}

/* ---- its path ---- */

/* Judged for its own time, and for no policy: those are the target's. */
static int check_chain(struct revocation_job *job, int64_t at_ms,
		       struct path_candidate *c, struct ltps_error *err)
{
	struct path_run *run = job->run;
	const struct path_input *saved = run->in;
	struct path_input in = *saved;
	in.time_ms = at_ms;
	in.initial_policies = NULL;
	in.n_initial_policies = 0;
	in.explicit_policy = false;
	in.inhibit_mapping = false;
	in.inhibit_any = false;
	if (job->q->issuer_validity_at_issuance)
		in.algorithms = NULL;
	run->in = &in;
	int rc = chain_check(run, CHAIN_TIME_ALL, false, c, err);
	run->in = saved;
	if (c->status == PATH_UNDETERMINED)
		job->cut = true;
	return rc;
}

/* ---- whose path it is ---- */

static bool same_name(const struct cert *a, const struct cert *b)
{
	return view_equal(a->subject_canonical, b->subject_canonical);
}

static bool has_key_of_issuer(const struct revocation_job *job, const struct cert *c)
{
	return view_equal(c->spki, job->issuer->spki) && !key_parameters_missing(c);
}

/*
 * Whether the names above the signer are, from the anchor down, names of the path in
 * question: then a CA of that path issued it, and could as well have issued the CA that
 * it speaks for. A name that follows itself is one CA with another key.
 */
static bool is_below_path(const struct revocation_job *job,
			  const struct path_candidate *c)
{
	const struct path_candidate *path = job->path;
	const size_t first = job->q->index + 1;
	size_t at = path->n_certs - 1;
	for (size_t i = c->n_certs - 1; i > 0; i--) {
		if (same_name(c->certs[i], path->certs[at]))
			continue;
		while (at > first && same_name(path->certs[at - 1], path->certs[at]))
			at--;
		if (at == first || !same_name(c->certs[i], path->certs[at - 1]))
			return false;
		at--;
	}
	return true;
}

/*
 * RFC 5280 6.3.3 f asks for the same anchor at the least. More than that: any CA below
 * the anchor can issue a certificate with another CA's name, or with that of a
 * cRLIssuer. A delegated responder is certified by the CA's own key.
 */
static bool is_of_path(const struct revocation_job *job,
		       const struct revocation_signer *s,
		       const struct path_candidate *c)
{
	return s->role == REVOCATION_OCSP_DELEGATED ||
	       has_key_of_issuer(job, s->cert) || is_below_path(job, c);
}

/* ---- the search ---- */

struct trial {
	struct revocation_job *job;
	struct revocation_signer *signer;
	bool strangers; /* also paths through other CAs */
};

static int accept(struct revocation_signer *s, const struct path_candidate *c,
		  struct ltps_error *err)
{
	s->entitled = true;
	s->n_path = c->n_certs;
	memcpy(s->path, c->certs, c->n_certs * sizeof(s->path[0]));
	if (s->key != NULL)
		return 0;
	return chain_key(c, 0, &s->key, s->key_id, err);
}

static int try_candidate(struct revocation_job *job, struct revocation_signer *s,
			 struct path_candidate *c, struct ltps_error *err)
{
	bool good;
	if (check_chain(job, s->at_ms, c, err) != 0)
		return -1;
	if (c->status != PATH_VALID)
		return 0;
	if (is_vouched_for(job, s, c, &good, err) != 0)
		return -1;
	return good ? accept(s, c, err) : 0;
}

static int visit(void *arg, struct path_candidate *c, bool *ret_stop,
		 struct ltps_error *err)
{
	struct trial *t = arg;
	if (!t->strangers && !is_of_path(t->job, t->signer, c))
		return 0;
	if (try_candidate(t->job, t->signer, c, err) != 0)
		return -1;
	*ret_stop = t->signer->entitled;
	return 0;
}

static bool is_repeated(const struct path_candidate *path, size_t from,
			const struct cert *x)
{
	for (size_t i = from; i < path->n_certs; i++) {
		if (view_equal(path->certs[i]->subject_canonical,
			       x->subject_canonical) &&
		    view_equal(path->certs[i]->spki, x->spki))
			return true;
	}
	return false;
}

/* Signers are most often issued by a CA that is on the path already. */
static int try_branch(struct revocation_job *job, struct revocation_signer *s,
		      size_t from, struct ltps_error *err)
{
	const struct path_candidate *path = job->path;
	size_t n = path->n_certs - from;
	if (n + 1 > PATH_CERTS_MAX || is_repeated(path, from, s->cert))
		return 0;
	struct path_candidate *c = mem_alloc(sizeof(*c));
	if (c == NULL)
		return ltps_fail_nomem(err);
	path_candidate_begin(c, path->certs + from, n);
	memmove(c->certs + 1, c->certs, n * sizeof(c->certs[0]));
	c->certs[0] = s->cert;
	c->n_certs = n + 1;
	int rc = try_candidate(job, s, c, err);
	mem_free(c);
	return rc;
}

static int try_branches(struct revocation_job *job, struct revocation_signer *s,
			struct ltps_error *err)
{
	for (size_t i = job->q->index + 1; i < job->path->n_certs && !s->entitled;
	     i++) {
		if (view_equal(job->path->certs[i]->subject_canonical,
			       s->cert->issuer_canonical) &&
		    try_branch(job, s, i, err) != 0)
			return -1;
	}
	return 0;
}

static int search_path(struct revocation_job *job, struct revocation_signer *s,
		       bool strangers, struct ltps_error *err)
{
	const struct path_search_options o = {
		.target = s->cert,
		.anchor = job->path->certs[job->path->n_certs - 1],
		.time_ms = s->at_ms,
		.need_issuers = job->q->record_needs,
	};
	struct trial t = { .job = job, .signer = s, .strangers = strangers };
	struct path_search_end end = { 0 };
	job->run->depth++;
	int rc = path_search(job->run, &o, visit, &t, &end, err);
	job->run->depth--;
	if (rc != 0)
		return -1;
	if (!s->entitled && end.why == PATH_BUDGET)
		job->cut = true;
	return 0;
}

/* Strangers come last: what they say against a certificate is heard all the same. */
static int judge_signer(struct revocation_job *job, struct revocation_signer *s,
			struct ltps_error *err)
{
	s->judged = true;
	if (try_branches(job, s, err) != 0 ||
	    (!s->entitled && search_path(job, s, false, err) != 0))
		return -1;
	s->of_path = s->entitled;
	if (s->entitled || s->role == REVOCATION_OCSP_DELEGATED)
		return 0;
	return search_path(job, s, true, err);
}

/* ---- signatures ---- */

/* When its algorithm has to be reliable: at the time asked for, unless the caller
 * judges that; where only what can be proven counts when it was issued, and good words
 * when they are proven. */
static int64_t strong_at(const struct revocation_query *q,
			 const struct revocation_signed *s)
{
	if (!q->issuer_validity_at_issuance)
		return q->time_ms;
	if (!s->good || q->proven_ms == NULL)
		return s->issued_ms;
	const int64_t proven_ms = q->proven_ms(q->arg, s->object.sha256);
	return proven_ms > s->issued_ms ? proven_ms : s->issued_ms;
}

static bool is_strong(const struct revocation_job *job,
		      const struct revocation_signed *s, EVP_PKEY *key)
{
	const struct revocation_query *q = job->q;
	const struct algorithm_policy *p = job->run->in->algorithms;
	if (p == NULL || (q->issuer_validity_at_issuance && !q->strong_when_issued))
		return true;
	return algorithm_policy_until(p, key, s->object.algorithm) >= strong_at(q, s);
}

static int verify(struct revocation_job *job, const struct revocation_signed *s,
		  EVP_PKEY *key, const uint8_t key_id[32], bool *ret,
		  struct ltps_error *err)
{
	enum signature_verdict verdict;
	*ret = false;
	if (key == NULL || !is_strong(job, s, key))
		return 0;
	if (path_run_verify(job->run, &s->object, key, key_id, &verdict, err) != 0)
		return -1;
	*ret = verdict == SIGNATURE_VALID;
	if (verdict == SIGNATURE_UNSUPPORTED && job->run->spent)
		job->cut = true;
	return 0;
}

static bool is_inside(const struct cert *c, int64_t t_ms)
{
	return c->not_before_ms <= t_ms && t_ms <= c->not_after_ms;
}

static bool key_usage_fits(const struct revocation_signed *s, const struct cert *c)
{
	if (!cert_has(c, CERT_EXT_KEY_USAGE) || s->role == REVOCATION_OCSP_ISSUER)
		return true;
	if (s->role == REVOCATION_CRL_ISSUER)
		return (c->key_usage & KEY_USAGE_CRL_SIGN) != 0;
	return (c->key_usage &
		(KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION)) != 0;
}

/*
 * When the signer's path is judged: at the time asked for, as the certificate's own
 * (RFC 5280 6.3.3 f). Later objects, those of the chain model and where the caller
 * leaves it out: at the object's issuance only.
 */
static int64_t judged_at(const struct revocation_job *job,
			 const struct revocation_signed *s)
{
	const struct revocation_query *q = job->q;
	if (q->issuer_validity_at_issuance || s->issued_ms > q->time_ms ||
	    job->run->in->model == PATH_CHAIN)
		return s->issued_ms;
	return q->time_ms;
}

/* ---- signers on the path ---- */

static bool find_on_path(const struct revocation_job *job, const struct cert *c,
			 size_t *ret)
{
	for (size_t i = job->q->index; i < job->path->n_certs; i++) {
		if (cert_equal(job->path->certs[i], c)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/*
 * A CRL issuer that its own certificate names as the one to ask has no other source
 * (PKITS 4.14.30). Otherwise a signer's word about itself proves nothing: whoever
 * has its key writes it.
 */
static bool may_speak_of_itself(const struct revocation_job *job,
				const struct revocation_signed *s)
{
	if (s->role != REVOCATION_CRL_ISSUER)
		return false;
	for (size_t i = 0; i < job->n_points; i++) {
		if (job->points[i].dp.crl_issuer.n > 0 &&
		    view_equal(view_buf(&job->points[i].issuer_canonical),
			       job->cert->subject_canonical))
			return true;
	}
	return false;
}

/* Its path is the one in question, and so is its status. */
static bool may_sign_from_path(const struct revocation_job *job,
			       const struct revocation_signed *s, size_t i)
{
	const struct cert *c = job->path->certs[i];
	if (i == job->q->index && !may_speak_of_itself(job, s))
		return false;
	if (i + 1 == job->path->n_certs)
		return true; /* an anchor is a name and a key */
	return is_inside(c, judged_at(job, s)) &&
	       !(s->good && was_revoked_before(job, c, s->issued_ms));
}

static int take_from_path(struct revocation_job *job, struct revocation_signer *s,
			  size_t i, struct ltps_error *err)
{
	s->judged = true;
	s->entitled = true;
	s->of_path = true;
	if (i != job->q->index + 1) {
		s->n_path = job->path->n_certs - i;
		memcpy(s->path, job->path->certs + i, s->n_path * sizeof(s->path[0]));
	}
	return chain_key(job->path, i, &s->key, s->key_id, err);
}

/* ---- one signer ---- */

static int take_own_key(struct revocation_signer *s, struct ltps_error *err)
{
	EVP_PKEY *key;
	if (cert_key(s->cert, &key, err) != 0)
		return -1;
	if (key == NULL || EVP_PKEY_up_ref(key) != 1)
		return 0;
	s->key = key;
	memcpy(s->key_id, s->cert->spki_sha256, sizeof(s->key_id));
	return 0;
}

/* Keys that inherit their parameters are known only by their path. */
static int prepare(struct revocation_job *job, struct revocation_signer *s,
		   struct ltps_error *err)
{
	if (s->key != NULL || s->judged)
		return 0;
	if (take_own_key(s, err) != 0)
		return -1;
	if (s->key == NULL && key_parameters_missing(s->cert))
		return judge_signer(job, s, err);
	return 0;
}

static int try_remembered(struct revocation_job *job, const struct revocation_signed *s,
			  struct revocation_signer *signer,
			  const struct revocation_signer **ret, struct ltps_error *err)
{
	bool signed_by_it;
	if (prepare(job, signer, err) != 0)
		return -1;
	if (signer->judged && !signer->entitled)
		return 0;
	if (verify(job, s, signer->key, signer->key_id, &signed_by_it, err) != 0)
		return -1;
	if (signed_by_it && !signer->judged && judge_signer(job, signer, err) != 0)
		return -1;
	if (signed_by_it && signer->entitled &&
	    !(s->good &&
	      (!signer->of_path || is_on_revoked(job, signer, s->issued_ms))))
		*ret = signer;
	return 0;
}

/* Whether a certificate found by its name is worth remembering; forged objects would
 * fill the memory otherwise. The cache knows the signature when it is asked again. */
static int may_have_signed(struct revocation_job *job,
			   const struct revocation_signed *s, const struct cert *cert,
			   bool *ret, struct ltps_error *err)
{
	EVP_PKEY *key;
	*ret = key_parameters_missing(cert);
	if (*ret)
		return 0;
	if (cert_key(cert, &key, err) != 0)
		return -1;
	return verify(job, s, key, cert->spki_sha256, ret, err);
}

int revocation_try_signer(struct revocation_job *job, const struct revocation_signed *s,
			  const struct cert *cert, const struct revocation_signer **ret,
			  struct ltps_error *err)
{
	struct revocation_signer *signer;
	size_t at;
	bool on_path = find_on_path(job, cert, &at);
	bool is_anchor = on_path && at + 1 == job->path->n_certs;
	if (!key_usage_fits(s, cert) || (!is_anchor && !is_inside(cert, s->issued_ms)))
		return 0;
	if (on_path && !may_sign_from_path(job, s, at))
		return 0;
	if (!on_path) {
		bool may_be;
		if (may_have_signed(job, s, cert, &may_be, err) != 0)
			return -1;
		if (!may_be)
			return 0;
	}
	/* On the path nothing hangs on the time any more: one entry for all. */
	if (recall(job, cert, s->role, on_path ? TIME_NONE : judged_at(job, s), &signer,
		   err) != 0)
		return -1;
	if (signer == NULL)
		return 0;
	if (on_path && !signer->judged && take_from_path(job, signer, at, err) != 0)
		return -1;
	return try_remembered(job, s, signer, ret, err);
}

int revocation_signed_too(struct revocation_job *job, const struct revocation_signed *s,
			  const struct revocation_signer *signer, bool *ret,
			  struct ltps_error *err)
{
	size_t at;
	bool is_anchor =
	    find_on_path(job, signer->cert, &at) && at + 1 == job->path->n_certs;
	*ret = false;
	if (!is_anchor && !is_inside(signer->cert, s->issued_ms))
		return 0;
	if (s->good && (!signer->of_path ||
			was_revoked_before(job, signer->cert, s->issued_ms) ||
			is_on_revoked(job, signer, s->issued_ms)))
		return 0;
	return verify(job, s, signer->key, signer->key_id, ret, err);
}

int revocation_issued_by_key(struct revocation_job *job, const struct cert *cert,
			     bool *ret, struct ltps_error *err)
{
	EVP_PKEY *key = NULL;
	uint8_t key_id[32];
	const struct revocation_signed s = {
		.object = { .sha256 = cert->sha256,
			    .tbs = cert->tbs,
			    .algorithm = cert->algorithm,
			    .signature = cert->signature },
	};
	*ret = false;
	if (chain_key(job->path, job->q->index + 1, &key, key_id, err) != 0)
		return -1;
	int rc = verify(job, &s, key, key_id, ret, err);
	EVP_PKEY_free(key);
	return rc;
}
