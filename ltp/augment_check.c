/* SPDX-License-Identifier: Apache-2.0 */
/* augment_check - what may be augmented, what is missing, and whether it got worse. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/augment_private.h"

#define RETRY_MS ((int64_t)15 * 60 * 1000)

void augment_say(struct augmenting *a, enum augment_outcome o, const char *fmt, ...)
{
	va_list ap;
	a->out->outcome = o;
	va_start(ap, fmt);
	vsnprintf(a->out->text, sizeof(a->out->text), fmt, ap);
	va_end(ap);
}

/* A source that does not answer, and does not say when. */
static void guess_retry(struct augmenting *a)
{
	a->out->retry_ms = a->time_ms + RETRY_MS;
	a->out->guessed = true;
}

/* Each thing once from each source; beyond the room the first ones tell enough. */
void augment_miss(struct augmenting *a, const char *what, const char *from)
{
	struct augmented *o = a->out;
	struct augment_missing m;
	snprintf(m.what, sizeof(m.what), "%s", what);
	snprintf(m.from, sizeof(m.from), "%s", from);
	for (size_t i = 0; i < o->n_missing; i++)
		if (strcmp(o->missing[i].what, m.what) == 0 &&
		    (m.from[0] == '\0' || strcmp(o->missing[i].from, m.from) == 0))
			return;
	if (o->n_missing < AUGMENT_MISSING_MAX)
		o->missing[o->n_missing++] = m;
}

size_t augment_signer_of(const struct stage *s, const struct document_signature *sig)
{
	const struct cms *cms = s->doc->cms;
	if (sig->role == ROLE_SIGNATURE)
		for (size_t i = 0; i < cms->n_signers; i++)
			if (sig->signer == &cms->signers[i])
				return i;
	return cms->n_signers;
}

/* ---- may it be augmented ---- */

/* It covers unsigned attributes, certificates and crls as they stand. */
static bool is_closing(const struct document_stamp *s)
{
	static const enum cades_stamp_kind kinds[] = { CADES_STAMP_ARCHIVE_V1,
						       CADES_STAMP_ARCHIVE_V2,
						       CADES_STAMP_LONG_TERM };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(s->name, cades_stamp_kind_name(kinds[i])) == 0)
			return true;
	return false;
}

/* Whether the unsigned attributes of this signer are covered by an archive
 * time-stamp that knows no later ones. */
static bool augment_is_closed(const struct stage *s, size_t signature)
{
	for (size_t i = 0; i < s->doc->n_stamps; i++)
		if (s->doc->stamps[i].signature == (int)signature &&
		    is_closing(&s->doc->stamps[i]))
			return true;
	return false;
}

static bool any_is_closed(const struct stage *s)
{
	for (size_t i = 0; i < s->doc->n_signatures; i++)
		if (augment_is_closed(s, i))
			return true;
	return false;
}

/* TRY_LATER and its like: it may be good yet, and another would be no better. */
static bool augment_wants_material(const struct conclusion *c)
{
	return c->sub == SUB_TRY_LATER || c->sub == SUB_NO_CERTIFICATE_CHAIN_FOUND ||
	       c->sub == SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE ||
	       c->sub == SUB_NO_SIGNING_CERTIFICATE_FOUND ||
	       c->sub == SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE ||
	       c->sub == SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE;
}

bool augment_has_stamp(const struct stage *s, size_t signature)
{
	const struct report *r = s->judged.report;
	if (augment_is_closed(s, signature))
		return true;
	for (size_t i = 0; i < r->n_stamps; i++) {
		const struct report_stamp *t = &r->stamps[i];
		if (t->stamp->type == STAMP_SIGNATURE &&
		    t->stamp->signature == (int)signature &&
		    t->stamp->imprint == MATCH_YES &&
		    (t->conclusion.indication == INDICATION_PASSED ||
		     t->conclusion.sub == SUB_TRY_LATER))
			return true;
	}
	return false;
}

static const struct report_signature *first_failed(const struct report *r)
{
	for (size_t i = 0; i < r->n_signatures; i++)
		if (r->signatures[i].conclusion.indication == INDICATION_FAILED)
			return &r->signatures[i];
	return NULL;
}

static void say_failed(struct augmenting *a, const struct report_signature *f)
{
	const char *sub = subindication_name(f->conclusion.sub);
	augment_say(a, AUGMENT_FAILED_SIGNATURE, "signature %s is TOTAL-FAILED: %s: %s",
		    f->signature->id, sub != NULL ? sub : "", f->conclusion.text);
}

/* Has one of the kind that is not disproved; whether it is proved is another matter. */
static bool has_some_stamp(const struct stage *s, size_t signature)
{
	const struct report *r = s->judged.report;
	for (size_t i = 0; i < r->n_stamps; i++)
		if (r->stamps[i].stamp->type == STAMP_SIGNATURE &&
		    r->stamps[i].stamp->signature == (int)signature &&
		    r->stamps[i].stamp->imprint == MATCH_YES &&
		    r->stamps[i].conclusion.indication != INDICATION_FAILED)
			return true;
	return false;
}

/* A signer that is closed by an older archive time-stamp can get no other kind of
 * attribute than archive-time-stamp-v3 (5.5.3). */
static bool lacks_stamp_but_closed(const struct stage *s)
{
	if (s->doc->cms == NULL)
		return false;
	for (size_t i = 0; i < s->doc->n_signatures; i++)
		if (augment_signer_of(s, &s->doc->signatures[i]) <
			s->doc->cms->n_signers &&
		    augment_is_closed(s, i) && !has_some_stamp(s, i))
			return true;
	return false;
}

static void miss_conclusion(struct augmenting *a, const char *id,
			    const struct conclusion *c)
{
	char what[sizeof(a->out->missing[0].what)];
	const char *sub = subindication_name(c->sub);
	snprintf(what, sizeof(what), "%s of %s: %.140s",
		 sub != NULL ? sub : "validation", id, c->text);
	augment_miss(a, what, "");
	if (c->sub == SUB_TRY_LATER && c->retry_ms > a->out->retry_ms)
		a->out->retry_ms = c->retry_ms;
}

/*
 * Its certificate had ended or was revoked before anything proves the signature: a
 * signature time-stamp would come too late (6.3), and nothing but an older proof of
 * existence helps.
 */
static const struct report_signature *first_too_late(const struct report *r)
{
	static const enum subindication subs[] = { SUB_REVOKED_NO_POE,
						   SUB_REVOKED_CA_NO_POE,
						   SUB_OUT_OF_BOUNDS_NO_POE,
						   SUB_OUT_OF_BOUNDS_NOT_REVOKED };
	for (size_t i = 0; i < r->n_signatures; i++)
		for (size_t k = 0; k < sizeof(subs) / sizeof(subs[0]); k++)
			if (r->signatures[i].signature->role == ROLE_SIGNATURE &&
			    r->signatures[i].conclusion.sub == subs[k])
				return &r->signatures[i];
	return NULL;
}

static void say_too_late(struct augmenting *a, const struct report_signature *g)
{
	miss_conclusion(a, g->signature->id, &g->conclusion);
	augment_say(a, AUGMENT_INCOMPLETE,
		    "missing: an older proof of existence: %.180s", g->conclusion.text);
}

/*
 * What was signed just now has to be good now: neither time nor material mends a
 * certificate that had ended, is revoked, or may not sign.
 */
static const struct report_signature *first_unfit(const struct report *r)
{
	const struct report_signature *late = first_too_late(r);
	for (size_t i = 0; late == NULL && i < r->n_signatures; i++)
		if (r->signatures[i].conclusion.sub == SUB_CHAIN_CONSTRAINTS_FAILURE)
			late = &r->signatures[i];
	return late;
}

/*
 * A PDF that a new signature cannot hold in: read in several ways, its sections
 * contradicting each other. Nothing that is signed or added mends that.
 */
static bool is_unsealable(const struct augmenting *a, const struct report_signature *g)
{
	const struct document_pdf *p = g->signature->pdf;
	return a->fresh != NULL && p != NULL &&
	       p->found->range[1] == a->fresh->range[1] &&
	       g->conclusion.sub == SUB_FORMAT_FAILURE;
}

static const struct report_signature *first_unsealable(const struct augmenting *a,
						       const struct report *r)
{
	for (size_t i = 0; i < r->n_signatures; i++)
		if (is_unsealable(a, &r->signatures[i]))
			return &r->signatures[i];
	return NULL;
}

static void say_unsealable(struct augmenting *a, const struct report_signature *g)
{
	augment_say(a, AUGMENT_UNSUPPORTED,
		    "no signature in this PDF would hold: %.200s", g->conclusion.text);
}

static void say_unfit(struct augmenting *a, const struct report_signature *g)
{
	miss_conclusion(a, "the new signature", &g->conclusion);
	augment_say(a, AUGMENT_INCOMPLETE,
		    "the certificate of the key does not do: %.180s",
		    g->conclusion.text);
}

static bool is_encrypted(const struct document *doc)
{
	return doc->pdf != NULL && doc->pdf->file->encrypt != NULL;
}

/* What is added behind it would be an undefined change. */
static bool is_irregular(const struct document *doc)
{
	return doc->pdf != NULL && pdf_file_irregular(doc->pdf->file);
}

int augment_pades_may(const struct pades *p, struct ltps_error *err)
{
	char what[PDF_HIDDEN_TEXT];
	if (pdf_signed_hides(p->objects, p->file->n_revisions - 1, NULL, 0, what,
			     err) != 0)
		return -1;
	return what[0] == 0 ? 0
			    : ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
					"ISO 32000-2 7.5.4",
					"%s: what would be added to the PDF would not "
					"count as harmless",
					what);
}

/* The same, as an outcome. */
static int say_hidden(struct augmenting *a, const struct document *doc, bool *ret_may,
		      struct ltps_error *err)
{
	if (!*ret_may || a->in->level == LEVEL_B || doc->pdf == NULL ||
	    augment_pades_may(doc->pdf, err) == 0)
		return 0;
	if (err->code != LTPS_UNSUPPORTED)
		return -1;
	augment_say(a, AUGMENT_UNSUPPORTED, "%s; an evidence record covers it as it is",
		    err->text);
	ltps_error_clear(err);
	*ret_may = false;
	return 0;
}

static bool may(struct augmenting *a, const struct stage *s)
{
	const struct report_signature *unfit =
	    a->in->made_now ? first_unfit(s->judged.report) : NULL;
	const struct report_signature *late = first_too_late(s->judged.report);
	const struct report_signature *failed = first_failed(s->judged.report);
	const struct report_signature *no = first_unsealable(a, s->judged.report);
	a->roots_fixed = s->doc->cms != NULL && any_is_closed(s);
	if (s->doc->n_signatures == 0)
		augment_say(a, AUGMENT_UNSUPPORTED, "there is no signature in it");
	else if (no != NULL)
		say_unsealable(a, no);
	else if (failed != NULL)
		say_failed(a, failed);
	else if (unfit != NULL)
		say_unfit(a, unfit);
	else if (a->in->level == LEVEL_B)
		return true;
	else if (is_encrypted(s->doc))
		augment_say(a, AUGMENT_UNSUPPORTED,
			    "the PDF is encrypted: what would be added to it, others "
			    "could not read; an evidence record covers it as it is");
	else if (is_irregular(s->doc))
		augment_say(a, AUGMENT_UNSUPPORTED,
			    "a cross-reference table of the PDF is irregular: what "
			    "would be added to it would not count as harmless; an "
			    "evidence record covers it as it is");
	else if (s->doc->n_records > 0 || s->doc->n_ers > 0)
		augment_say(a, AUGMENT_FROZEN,
			    "an evidence record inside covers the file as it is: renew "
			    "the record instead");
	else if (late != NULL)
		say_too_late(a, late);
	else if (lacks_stamp_but_closed(s))
		augment_say(a, AUGMENT_FROZEN,
			    "an older archive time-stamp covers a signature that has "
			    "no good signature time-stamp");
	else
		return true;
	return false;
}

int augment_may(struct augmenting *a, const struct stage *s, bool *ret_may,
		struct ltps_error *err)
{
	*ret_may = may(a, s);
	return say_hidden(a, s->doc, ret_may, err);
}

/* ---- is everything there ---- */

static void miss_status(struct augmenting *a, const struct cert *c)
{
	char name[CERT_TEXT_MAX], what[CERT_TEXT_MAX + 16];
	cert_text(c, name);
	snprintf(what, sizeof(what), "status of %s", name);
	augment_miss(a, what, "");
}

/* Every certificate below the anchor has a status, or needs none. */
static bool chain_is_complete(struct augmenting *a, const struct path_candidate *c)
{
	bool complete = c->n_certs > 0;
	for (size_t i = 0; i + 1 < c->n_certs; i++) {
		if (c->revocation != NULL &&
		    (c->revocation[i].status != PATH_STATUS_UNKNOWN ||
		     c->revocation[i].source == PATH_SOURCE_EXEMPT))
			continue;
		miss_status(a, c->certs[i]);
		complete = false;
	}
	return complete;
}

/*
 * Passed, or not for want of material: what a policy or a lost proof withholds does
 * not come with time, and the signature is kept with what there is.
 */
static bool object_is_complete(struct augmenting *a, const char *id,
			       const struct conclusion *c,
			       const struct cert_validation_result *now,
			       const struct cert_validation_result *past)
{
	const struct cert_validation_result *v =
	    past != NULL && past->indication == INDICATION_PASSED ? past : now;
	if (c->indication != INDICATION_PASSED && augment_wants_material(c)) {
		if (v == NULL || chain_is_complete(a, &v->chain) ||
		    a->out->n_missing == 0)
			miss_conclusion(a, id, c);
		return false;
	}
	if (v == NULL || v->chain.n_certs == 0) {
		if (c->indication == INDICATION_PASSED)
			return true;
		miss_conclusion(a, id, c);
		return false;
	}
	return chain_is_complete(a, &v->chain);
}

/* Another of its kind over the same signature is good. */
static bool is_spare(const struct report *r, const struct report_stamp *t)
{
	for (size_t i = 0; i < r->n_stamps; i++)
		if (r->stamps[i].stamp->type == t->stamp->type &&
		    r->stamps[i].stamp->signature == t->stamp->signature &&
		    r->stamps[i].conclusion.indication == INDICATION_PASSED)
			return true;
	return false;
}

/* A time-stamp that proves nothing needs nothing. */
static bool stamp_matters(const struct report *r, const struct report_stamp *t)
{
	if (t->conclusion.indication == INDICATION_PASSED)
		return true;
	return t->stamp->imprint == MATCH_YES && t->stamp->index != MATCH_NO &&
	       augment_wants_material(&t->conclusion) && !is_spare(r, t);
}

/* Where it was looked for: "status of CN=..." from each address. only: NULL, or what
 * is asked about. */
static void add_needs(struct augmenting *a, const struct report *r, const char *only)
{
	for (size_t i = 0; i < r->n_needs; i++) {
		const struct need *n = &r->needs[i];
		const bool issuer = n->kind == NEED_ISSUER || n->kind == NEED_SUBJECTS;
		char name[CERT_TEXT_MAX] = "", what[CERT_TEXT_MAX + 16];
		if (n->cert != NULL)
			cert_text(n->cert, name);
		snprintf(what, sizeof(what), "%s of %s", issuer ? "issuer" : "status",
			 name);
		if (only == NULL || strcmp(only, what) == 0)
			augment_miss(a, what, n->url != NULL ? n->url : "");
	}
}

static void say_incomplete(struct augmenting *a, const struct stage *s)
{
	struct augment_missing own[AUGMENT_MISSING_MAX];
	const size_t n = a->out->n_missing;
	memcpy(own, a->out->missing, n * sizeof(own[0]));
	a->out->n_missing = 0;
	/* What is wanted for what matters here first, with where it was looked for. */
	for (size_t i = 0; i < n; i++) {
		add_needs(a, s->judged.report, own[i].what);
		augment_miss(a, own[i].what, own[i].from);
	}
	add_needs(a, s->judged.report, NULL);
	/* A source that failed may be back long before the next status is due. */
	if (a->out->retry_ms <= a->time_ms || s->judged.failed > 0)
		guess_retry(a);
	const struct augment_missing *m = &a->out->missing[0];
	augment_say(a, AUGMENT_INCOMPLETE, "missing: %.180s%s%s",
		    a->out->n_missing > 0 ? m->what : "validation material",
		    a->out->n_missing > 1 ? " and more" : "",
		    s->judged.failed > 0 ? " (a source does not answer)" : "");
}

bool augment_complete(struct augmenting *a, const struct stage *s)
{
	const struct report *r = s->judged.report;
	bool complete = true;
	for (size_t i = 0; i < r->n_signatures; i++) {
		const struct report_signature *g = &r->signatures[i];
		/* EN 319 122-1 6.3 asks for nothing about countersignatures. */
		if (g->signature->role == ROLE_SIGNATURE &&
		    !object_is_complete(a, g->signature->id, &g->conclusion,
					g->certificate, g->past))
			complete = false;
	}
	for (size_t i = 0; i < r->n_stamps; i++) {
		const struct report_stamp *t = &r->stamps[i];
		if (stamp_matters(r, t) &&
		    !object_is_complete(a, t->stamp->id, &t->conclusion, t->certificate,
					NULL))
			complete = false;
	}
	if (!complete)
		say_incomplete(a, s);
	else
		a->out->n_missing = 0;
	return complete;
}

/*
 * Once the certificate has ended, 5.6.2.2 of EN 319 102-1 slides back to the issue of
 * its status, and the signature must have existed then.
 */
static void note_chain(struct augmenting *a, const struct report_signature *g)
{
	const struct path_candidate *c = &g->certificate->chain;
	for (size_t i = 0; c->revocation != NULL && i + 1 < c->n_certs; i++) {
		const struct path_cert_revocation *r = &c->revocation[i];
		char name[CERT_TEXT_MAX];
		if (r->status != PATH_STATUS_GOOD || r->this_ms == INT64_MIN ||
		    r->this_ms / 1000 >= g->best_signature_time_ms / 1000)
			continue;
		cert_text(c->certs[i], name);
		augment_say(a, AUGMENT_DONE,
			    "the status of %.120s is from before the time-stamp: a "
			    "further augmentation with a newer one lasts longer",
			    name);
		if (r->next_ms > a->out->retry_ms)
			a->out->retry_ms = r->next_ms;
	}
}

void augment_note_status(struct augmenting *a, const struct stage *s)
{
	const struct report *r = s->judged.report;
	for (size_t i = 0; a->in->level >= LEVEL_LT && i < r->n_signatures; i++)
		if (r->signatures[i].signature->role == ROLE_SIGNATURE &&
		    r->signatures[i].best_proof != NULL &&
		    r->signatures[i].past == NULL &&
		    r->signatures[i].certificate != NULL)
			note_chain(a, &r->signatures[i]);
}

/* ---- not worse ---- */

/* FAILED is worse than INDETERMINATE, and that than PASSED. */
static int badness(enum indication i)
{
	switch (i) {
	case INDICATION_PASSED:
		return 0;
	case INDICATION_INDETERMINATE:
		return 1;
	case INDICATION_FAILED:
		break;
	}
	return 2;
}

static const struct report_signature *same_signature(const struct report *r,
						     const struct report_signature *g)
{
	for (size_t i = 0; i < r->n_signatures; i++)
		if (strcmp(r->signatures[i].signature->id, g->signature->id) == 0)
			return &r->signatures[i];
	return NULL;
}

/*
 * In a PDF what is added may meet what waits for it: readers would see another document
 * than the one that was signed. NULL: nothing, or octets behind the file that are in
 * the way already.
 */
static const struct pdf_change *own_change(const struct stage *before,
					   const struct stage *after)
{
	const struct pdf_changes *old = &before->doc->changes;
	const struct pdf_changes *new = &after->doc->changes;
	const size_t n =
	    before->doc->pdf != NULL ? before->doc->pdf->file->n_revisions : SIZE_MAX;
	for (size_t i = 0; i < old->n; i++)
		if (old->v[i].revision >= n)
			return NULL;
	for (size_t i = 0; i < new->n; i++)
		if (new->v[i].revision >= n &&new->v[i].kind == PDF_CHANGE_UNDEFINED)
			return &new->v[i];
	return NULL;
}

/* That comes with no time and no material. */
static bool is_for_good(const struct stage *before, const struct report_signature *n)
{
	return n != NULL && before->doc->pdf != NULL &&
	       (n->conclusion.sub == SUB_FORMAT_FAILURE ||
		n->conclusion.sub == SUB_SIG_CONSTRAINTS_FAILURE);
}

bool augment_not_worse(struct augmenting *a, const struct stage *before,
		       const struct stage *after)
{
	const struct report *r = before->judged.report;
	const struct pdf_change *c = own_change(before, after);
	if (c != NULL) {
		augment_say(a, AUGMENT_UNSUPPORTED,
			    "nothing can be added to this PDF: it would change what "
			    "is signed: %.120s",
			    c->what);
		return false;
	}
	for (size_t i = 0; i < r->n_signatures; i++) {
		const struct report_signature *o = &r->signatures[i];
		const struct report_signature *n =
		    same_signature(after->judged.report, o);
		if (n != NULL && badness(n->conclusion.indication) <=
				     badness(o->conclusion.indication))
			continue;
		if (is_for_good(before, n)) {
			augment_say(a, AUGMENT_UNSUPPORTED,
				    "nothing can be added to this PDF: %s would be "
				    "%s: %.140s",
				    o->signature->id,
				    subindication_name(n->conclusion.sub),
				    n->conclusion.text);
			return false;
		}
		if (n != NULL && n->conclusion.indication == INDICATION_FAILED) {
			say_failed(a, n);
			return false;
		}
		const char *sub =
		    n != NULL ? subindication_name(n->conclusion.sub) : NULL;
		augment_say(a, AUGMENT_INCOMPLETE,
			    "the augmented file would be judged worse: %s %s: %.140s",
			    o->signature->id, sub != NULL ? sub : "",
			    n != NULL ? n->conclusion.text : "not found");
		guess_retry(a);
		return false;
	}
	return true;
}

/* By the TSA's signature: what else is in a token may have grown (5.5.3). */
static bool has_stamp(const struct document *doc, const struct document_stamp *t)
{
	if (t->tst == NULL)
		return true;
	for (size_t i = 0; i < doc->n_stamps; i++) {
		const struct tst *old = doc->stamps[i].tst;
		if (old != NULL && view_equal(old->cms->signers[0].signature,
					      t->tst->cms->signers[0].signature))
			return true;
	}
	return false;
}

bool augment_stamps_serve(struct augmenting *a, const struct stage *before,
			  const struct stage *after)
{
	const struct report *r = after->judged.report;
	for (size_t i = 0; i < r->n_stamps; i++) {
		const struct report_stamp *t = &r->stamps[i];
		const char *sub = subindication_name(t->conclusion.sub);
		if (t->conclusion.indication == INDICATION_PASSED ||
		    augment_wants_material(&t->conclusion) ||
		    has_stamp(before->doc, t->stamp))
			continue;
		augment_miss(a, "a time-stamp that serves", "");
		augment_say(a, AUGMENT_INCOMPLETE,
			    "a new %.40s is of no use: %s: %.140s", t->stamp->name,
			    sub != NULL ? sub : "", t->conclusion.text);
		guess_retry(a);
		return false;
	}
	return true;
}
