/* SPDX-License-Identifier: Apache-2.0 */
/* augment_pades - the steps of a PDF: each is an update behind what is there. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "formats/pdf_update.h"
#include "ltp/augment_private.h"

/* Room for the updates beside the octets of the file: mostly not touched, and a large
 * file is not moved for a few more octets. */
#define UPDATES_ROOM ((size_t)1 << 20)

static int read_pdf(struct augmenting *a, struct view file, struct document **ret_doc,
		    struct ltps_error *err)
{
	return document_read_pdf_known(file, a->in->password, a->in->judgement.cache,
				       ret_doc, err);
}

static struct view whole(const struct stage *s)
{
	return s->doc->pdf->file->octets;
}

/* ---- what has a time-stamp ---- */

static bool covers(const struct document_stamp *t, const struct document_signature *g)
{
	for (size_t i = 0; i < t->n_covers; i++)
		if (t->covers[i].kind == OBJECT_SIGNATURE &&
		    memcmp(t->covers[i].sha256, g->sha256, sizeof(g->sha256)) == 0)
			return true;
	return false;
}

/* In its CMS or over the file; good, or will be: EN 319 142-1 6.3. */
static bool has_stamp(const struct stage *s, size_t signature)
{
	const struct report *r = s->judged.report;
	for (size_t i = 0; i < r->n_stamps; i++) {
		const struct document_stamp *t = r->stamps[i].stamp;
		const struct conclusion *c = &r->stamps[i].conclusion;
		const bool own =
		    t->type == STAMP_SIGNATURE && t->signature == (int)signature;
		const bool over = t->type == STAMP_DOCUMENT &&
				  covers(t, &s->doc->signatures[signature]);
		if ((own || over) && t->imprint == MATCH_YES &&
		    (c->indication == INDICATION_PASSED || c->sub == SUB_TRY_LATER))
			return true;
	}
	return false;
}

static bool is_fresh(const struct augmenting *a, const struct document_signature *g)
{
	return a->fresh != NULL && g->pdf != NULL &&
	       g->pdf->found->range[1] == a->fresh->range[1];
}

/* fresh: that one counts as well. */
static bool all_have_stamps(const struct augmenting *a, const struct stage *s,
			    bool fresh)
{
	for (size_t i = 0; i < s->doc->n_signatures; i++) {
		const struct document_signature *g = &s->doc->signatures[i];
		if (g->role == ROLE_SIGNATURE && !has_stamp(s, i) &&
		    (fresh || !is_fresh(a, g)))
			return false;
	}
	return true;
}

/* ---- the file ---- */

/* What is in *file stays where nothing else borrows it; the input is copied once. */
static int append(struct augmenting *a, struct buf *file, struct buf *update,
		  struct ltps_error *err)
{
	if (update->n > 0 && file->n == 0 &&
	    (buf_reserve(file, a->in->file.n + update->n + UPDATES_ROOM, err) != 0 ||
	     buf_put(file, a->in->file, err) != 0))
		return -1;
	const int rc = buf_put(file, view_buf(update), err);
	buf_clear(update);
	return rc;
}

/* A document time-stamp over all that is there by now. */
static int stamp_file(struct augmenting *a, struct buf *file, struct ltps_error *err)
{
	struct buf update = buf_make(CMS_SIZE_MAX);
	struct pades *p = NULL;
	int rc = pades_read(file->n > 0 ? view_buf(file) : a->in->file, a->in->password,
			    &p, err);
	if (rc == 0)
		rc = augment_pades_stamp(a, p, &update, err);
	pades_free(p);
	if (rc == 0)
		rc = append(a, file, &update, err);
	buf_free(&update);
	return rc;
}

/* The input with another CMS in the gap. */
static int replace_cms(struct augmenting *a, struct view cms, struct buf *file,
		       struct ltps_error *err)
{
	const struct view in = a->in->file;
	if (buf_reserve(file, in.n + UPDATES_ROOM, err) != 0 ||
	    buf_put(file, in, err) != 0)
		return -1;
	return pdf_update_fill(file, 0, a->fresh->range, cms, err);
}

static int put_inside(struct augmenting *a, const struct cms *old, struct view token,
		      struct buf *file, struct ltps_error *err)
{
	const uint64_t *range = a->fresh->range;
	struct buf attr = buf_make(TST_SIZE_MAX * 2), cms = buf_make(CMS_SIZE_MAX);
	int rc = cms_build_attribute(OID_SIGNATURE_TIME_STAMP, &token, 1, &attr, err);
	const struct view v = view_buf(&attr);
	const struct cms_addition addition = { .attrs = &v, .n_attrs = 1 };
	if (rc == 0)
		rc = cms_add_attributes(old->whole, &addition, 1, NULL, 0, &cms, err);
	/* Without the room the file gets a time-stamp instead. */
	if (rc == 0 && cms.n <= (range[2] - range[1] - 2) / 2)
		rc = replace_cms(a, view_buf(&cms), file, err);
	buf_free(&cms);
	buf_free(&attr);
	return rc;
}

/* A signature time-stamp in the CMS of the new signature. */
static int stamp_inside(struct augmenting *a, struct buf *file, struct ltps_error *err)
{
	struct cms *cms = NULL;
	struct digest imprint;
	struct tsp_answer answer = { 0 };
	int rc = cms_parse(a->fresh->cms, &cms, err);
	if (rc == 0 && (digest_once(a->in->digest, cms->signers[0].signature, &imprint,
				    err) != 0 ||
			augment_token(a, &imprint, false, &answer, err) != 0 ||
			put_inside(a, cms, answer.tst->cms->whole, file, err) != 0))
		rc = -1;
	tsp_answer_clear(&answer);
	cms_free(cms);
	return rc;
}

/* EN 319 142-1 6.3: of either kind. */
static int stamp_signatures(struct augmenting *a, const struct stage *before,
			    struct buf *file, struct ltps_error *err)
{
	if (a->fresh != NULL && stamp_inside(a, file, err) != 0)
		return -1;
	if (file->n > 0 && all_have_stamps(a, before, false))
		return 0;
	return stamp_file(a, file, err);
}

/* now: clear it before the file grows, since it reads from there. */
static int store_file(struct augmenting *a, const struct stage *now,
		      struct stage *stamped, struct buf *file, struct ltps_error *err)
{
	struct buf update = buf_make(CMS_SIZE_MAX);
	int rc = augment_pades_store(now, &update, err);
	stage_clear(stamped);
	if (rc == 0)
		rc = append(a, file, &update, err);
	buf_free(&update);
	return rc;
}

static int add_all(struct augmenting *a, const struct stage *before, struct buf *file,
		   bool *ret_go, struct ltps_error *err)
{
	struct stage stamped = { 0 };
	const struct stage *now = before;
	const bool material = a->in->level >= LEVEL_LT;
	int rc = -1;
	*ret_go = true;
	if (!all_have_stamps(a, before, true)) {
		if (stamp_signatures(a, before, file, err) != 0 ||
		    (material &&
		     stage_make(a, view_buf(file), true, &stamped, err) != 0))
			return -1;
		now = material ? &stamped : before;
	}
	if (now != before)
		*ret_go = augment_not_worse(a, before, now) &&
			  augment_stamps_serve(a, before, now);
	if (*ret_go && material)
		*ret_go = augment_complete(a, now);
	rc = 0;
	if (*ret_go && material)
		rc = store_file(a, now, &stamped, file, err);
	if (rc == 0 && *ret_go && a->in->level == LEVEL_LTA)
		rc = stamp_file(a, file, err);
	stage_clear(&stamped);
	return rc;
}

/* ---- when it is done ---- */

static int kept(const struct augmenting *a, const struct stage *before,
		struct view file, struct ltps_error *err)
{
	const struct view old = whole(before);
	/* What may differ: the gap of a signature of our own. */
	const size_t from = a->fresh != NULL ? (size_t)a->fresh->range[1] : old.n;
	const size_t to = a->fresh != NULL ? (size_t)a->fresh->range[2] : old.n;
	if (file.n >= old.n && memcmp(file.p, old.p, from) == 0 &&
	    memcmp(file.p + to, old.p + to, old.n - to) == 0)
		return 0;
	return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, "ISO 32000-2 7.5.6",
			 "the augmented file does not begin with the old one");
}

static void add_text(struct augmenting *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void add_text(struct augmenting *a, const char *fmt, ...)
{
	char *text = a->out->text;
	const size_t n = strlen(text), max = sizeof(a->out->text);
	va_list ap;
	int used = snprintf(text + n, max - n, "%s", n > 0 ? "; " : "");
	va_start(ap, fmt);
	if ((size_t)used < max - n)
		vsnprintf(text + n + used, max - n - (size_t)used, fmt, ap);
	va_end(ap);
}

/* Its judgement says so too; what is added now makes it no better. */
static void note_changes(struct augmenting *a, const struct document *doc)
{
	for (size_t i = 0; i < doc->n_signatures; i++) {
		const struct document_pdf *p = doc->signatures[i].pdf;
		const struct pdf_change *c = p == NULL              ? NULL
					     : p->forbidden != NULL ? p->forbidden
								    : p->undefined;
		if (c == NULL)
			continue;
		add_text(a, "revision %zu changed what was signed: %.100s",
			 c->revision + 1, c->what);
		return;
	}
}

/* Table 257 lets DSS and document time-stamps in; some readers go by the older text. */
static void note_certification(struct augmenting *a, const struct pades *p)
{
	for (size_t i = 0; i < p->n_signatures; i++) {
		if (!p->signatures[i].is_certification || p->signatures[i].docmdp != 1)
			continue;
		add_text(a, "the certification allows no changes: ISO 32000-2 lets "
			    "time-stamps and validation data in, but some readers "
			    "will complain");
		return;
	}
}

static void note(struct augmenting *a, const struct stage *before)
{
	note_changes(a, before->doc);
	note_certification(a, before->doc->pdf);
}

int augment_pades_fresh(const struct augment_input *in,
			const struct augment_fresh *fresh, struct augmented *ret,
			struct ltps_error *err)
{
	static const struct augment_format pdf = {
		.size_max = PDF_SIZE_MAX,
		.read = read_pdf,
		.whole = whole,
		.add = add_all,
		.note = note,
		.kept = kept,
	};
	return augment_run(&pdf, in, fresh, ret, err);
}

int augment_pades(const struct augment_input *in, struct augmented *ret,
		  struct ltps_error *err)
{
	return augment_pades_fresh(in, NULL, ret, err);
}
