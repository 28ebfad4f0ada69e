/* SPDX-License-Identifier: Apache-2.0 */
/*
 * level - what a judged signature holds of the level that its structure promises:
 * EN 319 122-1 V1.3.1 6.3 table 1, requirements on validation data.
 *
 * LT asks that the certificates of the signer and of the time-stamps, and a status of
 * each of them, stand in the file. Where a path to an anchor was found, it is the one
 * that counts; otherwise the issuers inside the file are followed as far as they go.
 */
#include <string.h>

#include "base/mem.h"
#include "validation/engine_private.h"
#include "validation/fields.h"

/* About one certificate: files hold one or two, and each asks for its responder's. */
#define RESPONSES_TRIED_MAX 16

static bool has_cert(const struct material *m, const struct cert *c)
{
	return material_find_cert(m, MATERIAL_CERT, c->sha256) != NULL;
}

static bool has_crl(const struct material *m, const struct crl *crl)
{
	for (const struct crl *c = material_crl_of(m, crl->issuer_canonical, NULL);
	     c != NULL; c = material_crl_of(m, crl->issuer_canonical, c)) {
		if (memcmp(c->sha256, crl->sha256, sizeof(c->sha256)) == 0)
			return true;
	}
	return false;
}

static bool has_ocsp(const struct material *m, const struct ocsp *o)
{
	for (size_t i = 0; i < o->n_singles && i < 1; i++) {
		struct view serial = o->singles[i].serial;
		for (const struct ocsp *c = material_ocsp_for(m, serial, NULL);
		     c != NULL; c = material_ocsp_for(m, serial, c)) {
			if (memcmp(c->sha256, o->sha256, sizeof(c->sha256)) == 0)
				return true;
		}
	}
	return false;
}

/* ---- status by what it speaks about ---- */

/* RFC 9608, EN 319 412-1 5.2.2: no status is to be had of these. */
static bool needs_no_status(const struct cert *c)
{
	return cert_has(c, CERT_EXT_NO_REV_AVAIL) ||
	       cert_has(c, CERT_EXT_VALIDITY_ASSURED) ||
	       cert_has(c, CERT_EXT_OCSP_NOCHECK);
}

static bool is_self_signed(const struct cert *c)
{
	return view_compare(c->issuer_canonical, c->subject_canonical) == 0 &&
	       (c->aki_key.n == 0 || c->ski.n == 0 ||
		view_compare(c->aki_key, c->ski) == 0);
}

static bool has_crl_about(const struct material *m, const struct cert *c)
{
	for (const struct crl *crl = material_crl_of(m, c->issuer_canonical, NULL);
	     crl != NULL; crl = material_crl_of(m, c->issuer_canonical, crl)) {
		if (!(crl->only_user && c->ca) && !(crl->only_ca && !c->ca) &&
		    !crl->only_attribute)
			return true;
	}
	return false;
}

/* By serial number and the hash of the issuer's name: its key may not be inside. */
static bool is_about(const struct ocsp_single *s, const struct cert *c)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct digest name;

	return s->hash_alg != DIGEST_NONE &&
	       view_compare(field_shortest_integer(s->serial),
			    field_shortest_integer(c->serial)) == 0 &&
	       digest_once(s->hash_alg, c->issuer, &name, &ignored) == 0 &&
	       view_compare(digest_view(&name), s->issuer_name_hash) == 0;
}

/* Whose name or key the response was signed in, if it brought that certificate. */
static const struct cert *responder_of(const struct ocsp *o)
{
	for (size_t i = 0; i < o->n_certs; i++) {
		const struct cert *c = o->certs[i];
		if (o->responder_name.n > 0
			? view_compare(c->subject_canonical, o->responder_canonical) ==
			      0
			: view_compare(view_of(c->key_sha1, sizeof(c->key_sha1)),
				       o->responder_key) == 0)
			return c;
	}
	return NULL;
}

static bool has_status_about(const struct material *m, const struct cert *c,
			     bool of_responder);

static bool tells_status(const struct material *m, const struct ocsp *o,
			 const struct cert *c, bool of_responder)
{
	const struct cert *responder;
	bool about = false;

	for (size_t i = 0; i < o->n_singles && !about; i++)
		about = is_about(&o->singles[i], c);
	if (!about || of_responder)
		return about;
	responder = responder_of(o);
	return responder == NULL || is_self_signed(responder) ||
	       view_compare(responder->subject_canonical, c->issuer_canonical) == 0 ||
	       has_status_about(m, responder, true);
}

/*
 * The issuers of status belong to it (EN 319 122-1 6.3; RFC 6960 4.2.2.2.1): a CA's own
 * status is asked for on the way up, that of a responder here.
 */
static bool has_ocsp_about(const struct material *m, const struct cert *c,
			   bool of_responder)
{
	int left = RESPONSES_TRIED_MAX;

	for (const struct ocsp *o = material_ocsp_for(m, c->serial, NULL);
	     o != NULL && left > 0; o = material_ocsp_for(m, c->serial, o), left--) {
		if (tells_status(m, o, c, of_responder))
			return true;
	}
	return false;
}

static bool has_status_about(const struct material *m, const struct cert *c,
			     bool of_responder)
{
	return needs_no_status(c) || has_crl_about(m, c) ||
	       has_ocsp_about(m, c, of_responder);
}

/* ---- chains ---- */

/* What counted for a certificate of a path stands in the file. */
static bool has_counted(const struct material *m, const struct path_cert_revocation *r)
{
	if (r->source == PATH_SOURCE_EXEMPT)
		return true;
	for (size_t i = 0; i < r->n_objects; i++) {
		const struct path_status_object *o = &r->objects[i];
		if ((o->crl != NULL && !has_crl(m, o->crl)) ||
		    (o->ocsp != NULL && !has_ocsp(m, o->ocsp)))
			return false;
	}
	return r->n_objects > 0;
}

/*
 * A path to an anchor: each certificate below it, and what told its status or, when a
 * fresher one from outside did, another one.
 */
static bool has_path(const struct material *m, const struct path_candidate *p)
{
	for (size_t i = 0; i + 1 < p->n_certs; i++) {
		if (!has_cert(m, p->certs[i]))
			return false;
		if (p->revocation != NULL && has_counted(m, &p->revocation[i]))
			continue;
		if (!has_status_about(m, p->certs[i], false))
			return false;
	}
	return p->n_certs > 1 || has_cert(m, p->certs[0]);
}

static const struct cert *issuer_inside(const struct material *m, const struct cert *c)
{
	const struct cert *found = NULL;

	for (const struct cert *i =
		 material_with_subject(m, MATERIAL_CERT, c->issuer_canonical, NULL);
	     i != NULL;
	     i = material_with_subject(m, MATERIAL_CERT, c->issuer_canonical, i)) {
		if (c->aki_key.n > 0 && view_compare(c->aki_key, i->ski) == 0)
			return i;
		if (found == NULL && (c->aki_key.n == 0 || i->ski.n == 0))
			found = i;
	}
	return found;
}

/* Without a path: a status of each certificate up to a self-signed one or the last
 * that is inside. */
static bool has_issuers(const struct material *m, const struct cert *c)
{
	if (c == NULL || !has_cert(m, c))
		return false;
	for (int depth = 0; c != NULL && depth < PATH_CERTS_MAX; depth++) {
		if (is_self_signed(c))
			return true;
		if (!has_status_about(m, c, false))
			return false;
		c = issuer_inside(m, c);
	}
	return true;
}

static bool reaches_anchor(const struct cert_validation_result *r)
{
	return r != NULL && r->chain.n_certs > 0;
}

static bool has_chain(const struct material *m, const struct cert *signer,
		      const struct cert_validation_result *certificate,
		      const struct cert_validation_result *past)
{
	if (reaches_anchor(past) && has_path(m, &past->chain))
		return true;
	if (reaches_anchor(certificate))
		return has_path(m, &certificate->chain);
	return !reaches_anchor(past) && has_issuers(m, signer);
}

/* ---- time-stamps ---- */

/* EN 319 142-1 6.3, requirement y: it covers the validation data too, or at least what
 * there was of it: something beside the signature that the DSS or the CMS holds. */
static bool covers_material(const struct document_stamp *st)
{
	for (size_t i = 0; i < st->n_covers; i++)
		if (st->covers[i].kind == OBJECT_CRL ||
		    st->covers[i].kind == OBJECT_OCSP)
			return true;
	return false;
}

/* Of the signature, or of the file around it. */
static bool is_over(const struct engine *e, size_t stamp, size_t signature)
{
	const struct document_stamp *st = &e->in->document->stamps[stamp];
	return st->signature == (int)signature ||
	       engine_stamp_over(e, stamp, signature);
}

/* The youngest archive time-stamp: only the next one needs its validation data. */
static size_t youngest_archive(const struct document *d, size_t signature)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < d->n_stamps; i++) {
		const struct document_stamp *st = &d->stamps[i];
		if (st->signature == (int)signature && st->type == STAMP_ARCHIVE &&
		    st->imprint == MATCH_YES &&
		    (found == SIZE_MAX ||
		     st->tst->gen_time_ms >= d->stamps[found].tst->gen_time_ms))
			found = i;
	}
	return found;
}

/* Where two have the same time, which may be whole seconds: those of a PDF are in its
 * order. */
static bool is_older(const struct document *d, size_t a, size_t b)
{
	const int64_t a_ms = d->stamps[a].tst->gen_time_ms;
	const int64_t b_ms = d->stamps[b].tst->gen_time_ms;

	return a_ms < b_ms || (a_ms == b_ms && a < b);
}

/*
 * What makes the signature T: its own time-stamps, or in a PDF without any the oldest
 * document time-stamp (EN 319 142-1 6.3). Document time-stamps behind it are what LTA
 * adds; those behind the first come with the care of another signature too.
 */
static bool is_only_time(const struct engine *e, size_t stamp, size_t signature)
{
	const struct document *d = e->in->document;

	for (size_t i = 0; i < d->n_stamps; i++) {
		const struct document_stamp *st = &d->stamps[i];
		if (st->imprint != MATCH_YES)
			continue;
		if (st->signature == (int)signature && st->type == STAMP_SIGNATURE)
			return false;
		if (i != stamp && engine_stamp_over(e, i, signature) &&
		    is_older(d, i, stamp))
			return false;
	}
	return true;
}

static bool needs_chain(const struct engine *e, size_t stamp, size_t signature)
{
	const struct document_stamp *st = &e->in->document->stamps[stamp];

	if (st->imprint != MATCH_YES)
		return false;
	return st->signature == (int)signature ||
	       (engine_stamp_over(e, stamp, signature) &&
		is_only_time(e, stamp, signature));
}

static bool has_stamp_chains(const struct engine *e, size_t signature)
{
	const struct document *d = e->in->document;
	size_t youngest = youngest_archive(d, signature);

	for (size_t i = 0; i < d->n_stamps; i++) {
		const struct report_stamp *rs = &e->report->stamps[i];
		if (i == youngest || !needs_chain(e, i, signature))
			continue;
		if (!has_chain(d->material, rs->signer, rs->certificate, NULL))
			return false;
	}
	return true;
}

/* ---- levels ---- */

/*
 * Requirement m: a signature-time-stamp from before the end or revocation of the
 * signing certificate, and intact.
 */
static bool holds_t(const struct engine *e, size_t signature)
{
	const struct document *d = e->in->document;
	const struct report_signature *r = &e->report->signatures[signature];
	const struct cert_validation_result *c = r->certificate;
	int64_t end = INT64_MAX;

	if (r->signing_certificate != NULL)
		end = r->signing_certificate->not_after_ms;
	if (c != NULL && c->revoked_ms != INT64_MIN && c->revoked_ms < end)
		end = c->revoked_ms;
	for (size_t i = 0; i < d->n_stamps; i++) {
		const struct document_stamp *st = &d->stamps[i];
		if (is_over(e, i, signature) &&
		    (st->type == STAMP_SIGNATURE || st->type == STAMP_DOCUMENT) &&
		    st->imprint == MATCH_YES && e->report->stamps[i].signature_intact &&
		    st->tst->gen_time_ms <= end)
			return true;
	}
	return false;
}

static bool holds_lt(const struct engine *e, size_t signature)
{
	const struct report_signature *r = &e->report->signatures[signature];
	const struct material *m = e->in->document->material;

	return has_chain(m, r->signing_certificate, r->certificate, r->past) &&
	       has_stamp_chains(e, signature);
}

/* A signature without anything to be revoked asks for none. */
static bool holds_lta_pdf(const struct engine *e, size_t signature)
{
	const struct document *d = e->in->document;
	const struct material *m = d->material;
	const bool any =
	    material_count(m, MATERIAL_CRL) + material_count(m, MATERIAL_OCSP) > 0;

	for (size_t i = 0; i < d->n_stamps; i++) {
		const struct document_stamp *st = &d->stamps[i];
		if (engine_stamp_over(e, i, signature) && st->imprint == MATCH_YES &&
		    e->report->stamps[i].signature_intact &&
		    (!any || covers_material(st)))
			return true;
	}
	return false;
}

static bool holds_lta(const struct engine *e, size_t signature)
{
	const struct document *d = e->in->document;

	if (d->pdf != NULL)
		return holds_lta_pdf(e, signature);
	for (size_t i = 0; i < d->n_stamps; i++) {
		const struct document_stamp *st = &d->stamps[i];
		if (st->signature == (int)signature && st->is_archive_v3 &&
		    st->imprint == MATCH_YES && st->index == MATCH_YES &&
		    e->report->stamps[i].signature_intact)
			return true;
	}
	return false;
}

static enum signature_level level_held(const struct engine *e, size_t signature)
{
	enum signature_level promised =
	    e->in->document->signatures[signature].structure;

	if (promised <= LEVEL_B)
		return promised;
	if (!holds_t(e, signature))
		return LEVEL_B;
	if (promised == LEVEL_T || !holds_lt(e, signature))
		return LEVEL_T;
	if (promised == LEVEL_LT || !holds_lta(e, signature))
		return LEVEL_LT;
	return LEVEL_LTA;
}

/* The report names the profile of what is held, not of what is promised. */
enum signature_level level_judge(const struct engine *e, size_t signature)
{
	struct report_signature *r = &e->report->signatures[signature];
	enum signature_level held = level_held(e, signature);

	r->profile = document_profile(&e->in->document->signatures[signature], held);
	return held;
}
