/* SPDX-License-Identifier: Apache-2.0 */
/* augment_cades - the steps of a CMS. */
#include "ltp/augment_private.h"

static int read_cms(struct augmenting *a, struct view file, struct document **ret_doc,
		    struct ltps_error *err)
{
	return document_read_known(file, a->in->content, a->in->judgement.cache,
				   ret_doc, err);
}

static struct view whole(const struct stage *s)
{
	return s->doc->cms->whole;
}

static int kept(const struct augmenting *a, const struct stage *before,
		struct view file, struct ltps_error *err)
{
	return augment_kept(before->doc->cms, file, a->roots_fixed, err);
}

/* A step's file takes the place of the one before. */
static void replace(struct buf *file, struct buf *next)
{
	if (next->n > 0) {
		buf_free(file);
		*file = *next;
		*next = buf_make(CMS_SIZE_MAX);
	}
}

/*
 * From here on nothing is missing but what new time-stamps bring with them. *ret_go
 * false: the outcome is said. file: the new one; empty: nothing to be done.
 */
static int add_all(struct augmenting *a, const struct stage *before, struct buf *file,
		   bool *ret_go, struct ltps_error *err)
{
	struct stage stamped = { 0 };
	const struct stage *now = before;
	struct buf next = buf_make(CMS_SIZE_MAX);
	const bool material = a->in->level >= LEVEL_LT;
	int rc = -1;
	*ret_go = true;
	if (augment_signatures(a, before, file, err) != 0)
		goto out;
	if (file->n > 0 && material) {
		if (stage_make(a, view_buf(file), true, &stamped, err) != 0)
			goto out;
		now = &stamped;
	}
	rc = 0;
	*ret_go = now == before || (augment_not_worse(a, before, now) &&
				    augment_stamps_serve(a, before, now));
	if (*ret_go && material)
		*ret_go = augment_complete(a, now);
	if (!*ret_go || !material)
		goto out;
	rc = augment_material(a, now, &next, err);
	replace(file, &next);
	if (rc != 0 || a->in->level < LEVEL_LTA)
		goto out;
	const struct view present = file->n > 0 ? view_buf(file) : whole(before);
	/* The content is the same in every stage; a large one need not be held twice.
	 */
	stage_clear(&stamped);
	rc = augment_archive(a, before, present, &next, ret_go, err);
	if (rc == 0 && !*ret_go) {
		augment_miss(a, "the signed content", "");
		augment_say(a, AUGMENT_INCOMPLETE,
			    "missing: the signed content, which the archive time-stamp "
			    "covers");
	}
	replace(file, &next);
out:
	buf_free(&next);
	stage_clear(&stamped);
	return rc;
}

int augment_cades(const struct augment_input *in, struct augmented *ret,
		  struct ltps_error *err)
{
	static const struct augment_format cms = {
		.size_max = CMS_SIZE_MAX,
		.read = read_cms,
		.whole = whole,
		.add = add_all,
		.kept = kept,
	};
	return augment_run(&cms, in, NULL, ret, err);
}
