/* SPDX-License-Identifier: Apache-2.0 */
/* augment - signatures raised step by step, each step judged; see augment_private.h */
#include "ltp/augment.h"

#include "formats/format.h"
#include "ltp/augment_private.h"

/* The pools of the caller, what was fetched in earlier steps; judge_document() adds
 * its own. */
#define POOLS_MAX (PATH_POOLS_MAX - 4)

/* The new file, read and judged as any other. */
static int finish(struct augmenting *a, struct stage *before, struct buf *file,
		  struct ltps_error *err)
{
	struct stage after = { 0 };
	if (a->format->kept(a, before, view_buf(file), err) != 0 ||
	    stage_make(a, view_buf(file), false, &after, err) != 0)
		return -1;
	if (augment_not_worse(a, before, &after) &&
	    augment_stamps_serve(a, before, &after)) {
		augment_note_status(a, &after);
		augment_say_level(a, after.judged.report);
		if (a->format->note != NULL)
			a->format->note(a, before);
		augment_keep_both(a->out, before, &after);
		a->out->out = *file;
		*file = buf_make(0);
	} else {
		augment_keep_before(a->out, before);
	}
	stage_clear(&after);
	return 0;
}

/* Already what was wanted: the file; a CMS in DER or BER when it came as text. */
static int finish_unchanged(struct augmenting *a, struct stage *before,
			    struct ltps_error *err)
{
	a->out->out = buf_make(a->format->size_max);
	if (buf_put(&a->out->out, a->format->whole(before), err) != 0)
		return -1;
	a->out->outcome = AUGMENT_DONE;
	if (a->in->level > LEVEL_B)
		augment_say_level(a, before->judged.report);
	augment_keep_before(a->out, before);
	return 0;
}

static int run_from(struct augmenting *a, struct stage *before, struct ltps_error *err)
{
	struct buf file = buf_make(a->format->size_max);
	bool go = false;
	int rc = augment_may(a, before, &go, err);
	go = go && (a->in->level < LEVEL_LT || augment_complete(a, before));
	if (rc == 0 && go && a->in->level > LEVEL_B)
		rc = a->format->add(a, before, &file, &go, err);
	if (rc == 0 && !go)
		augment_keep_before(a->out, before);
	else if (rc == 0 && file.n == 0)
		rc = finish_unchanged(a, before, err);
	else if (rc == 0)
		rc = finish(a, before, &file, err);
	buf_free(&file);
	return rc;
}

/* With a password that is not known it is encrypted all the same. */
static int say_locked(struct augmenting *a, struct ltps_error *err)
{
	augment_say(a, AUGMENT_UNSUPPORTED, "%.200s", err->text);
	ltps_error_clear(err);
	return 0;
}

static int run(struct augmenting *a, struct ltps_error *err)
{
	const struct augment_input *in = a->in;
	struct stage before = { 0 };
	if (in->judgement.n_pools > POOLS_MAX || in->level < LEVEL_B ||
	    in->level > LEVEL_LTA)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "too many pools, or no such level");
	if (material_new(&a->out->kept, err) != 0)
		return -1;
	/* A further archive time-stamp covers the status that is got now. */
	if (stage_make(a, in->file, in->level >= LEVEL_LT, &before, err) != 0)
		return err->code == LTPS_DENIED && err->fault == LTPS_FAULT_OBJECT
			   ? say_locked(a, err)
			   : -1;
	const int rc = run_from(a, &before, err);
	stage_clear(&before);
	return rc;
}

int augment_run(const struct augment_format *format, const struct augment_input *in,
		const struct augment_fresh *fresh_or_null, struct augmented *ret,
		struct ltps_error *err)
{
	struct augmented out = { .retry_ms = INT64_MIN };
	struct augmenting a = { .format = format,
				.fresh = fresh_or_null,
				.in = in,
				.out = &out,
				.time_ms = in->judgement.time_ms,
				.room = AUGMENT_TOKEN_ROOM,
				.values = { buf_make(CMS_SIZE_MAX),
					    buf_make(CMS_SIZE_MAX) } };
	const int rc = run(&a, err);
	buf_free(&a.values[0]);
	buf_free(&a.values[1]);
	if (rc != 0)
		augmented_clear(&out);
	else
		*ret = out;
	return rc;
}

int augment_document(const struct augment_input *in, struct augmented *ret,
		     struct ltps_error *err)
{
	const struct format *f = format_detect(in->file);
	if (f->kind == FORMAT_PDF || f->kind == FORMAT_PADES) {
		if (in->content == NULL)
			return augment_pades(in, ret, err);
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "a PDF holds what it signs: no content goes with it");
	}
	if (f->kind == FORMAT_CADES || f->kind == FORMAT_TIME_STAMP_TOKEN)
		return augment_cades(in, ret, err);
	return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT, NULL,
			 "%s is no format that is augmented", f->name);
}

void augmented_clear(struct augmented *a)
{
	buf_free(&a->out);
	judged_clear(&a->judged);
	document_free(a->document);
	judged_clear(&a->before);
	document_free(a->document_before);
	material_free(a->kept);
	buf_free(&a->sealed);
	*a = (struct augmented){ 0 };
}

const char *augment_outcome_name(enum augment_outcome o)
{
	switch (o) {
	case AUGMENT_DONE:
		return "done";
	case AUGMENT_FAILED_SIGNATURE:
		return "failed-signature";
	case AUGMENT_INCOMPLETE:
		return "incomplete";
	case AUGMENT_FROZEN:
		return "frozen";
	case AUGMENT_UNSUPPORTED:
		break;
	}
	return "unsupported";
}
