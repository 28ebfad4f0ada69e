/* SPDX-License-Identifier: Apache-2.0 */
/* augment_pades_stamp - an update that is a document time-stamp and nothing else. */
#include "formats/pdf_update.h"
#include "ltp/augment_private.h"

#define FIELD_NAME "LTPS-TimeStamp"
/* Tokens of one TSA differ by a few octets: serial numbers, ECDSA values. */
#define ROOM_SPARE ((size_t)1 << 10)
/* Of one time-stamp, when tokens outgrow the room. */
#define TRIES_MAX 3

struct stamping {
	struct augmenting *a;
	const struct pades *p;
	size_t room;
	struct buf update;
	uint64_t range[4];
};

/* EN 319 142-1 5.4.3; ISO 32000-2 Table 255: what a time-stamp says for itself (Name,
 * M) is not here. */
static int lay_out(struct stamping *s, struct ltps_error *err)
{
	static const char entries[] =
	    "/Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161";
	struct pdf_update *u = NULL;
	if (pdf_update_new(s->p->file, s->p->objects, &u, err) != 0)
		return -1;
	const struct pdf_ref value = { pdf_update_number(u), 0 };
	int rc = pdf_update_signature(u, value, view_text(entries), s->room, err);
	if (rc == 0)
		rc = pdf_update_field(u, s->p, FIELD_NAME, value, err);
	if (rc == 0)
		rc = pdf_update_extension(u, s->p, 1, err);
	if (rc == 0) {
		buf_clear(&s->update);
		rc = pdf_update_finish(u, &s->update, s->range, err);
	}
	pdf_update_free(u);
	return rc;
}

static int take_token(struct stamping *s, struct ltps_error *err)
{
	struct digest imprint;
	struct tsp_answer answer = { 0 };
	if (augment_range_digest(s->p->file->octets, view_buf(&s->update), s->range,
				 s->a->in->digest, &imprint, err) != 0 ||
	    augment_token(s->a, &imprint, s->a->out->tokens > 0, &answer, err) != 0)
		return -1;
	const struct view token = answer.tst->cms->whole;
	int rc = 0;
	if (token.n + ROOM_SPARE > s->a->room)
		s->a->room = token.n + ROOM_SPARE;
	if (token.n <= s->room)
		rc = pdf_update_fill(&s->update, s->p->file->octets.n, s->range, token,
				     err);
	else
		buf_clear(&s->update);
	tsp_answer_clear(&answer);
	return rc;
}

/* How long a token will be shows when it is there; the octets that it is over are
 * others when it needs more room. */
int augment_pades_stamp(struct augmenting *a, const struct pades *p, struct buf *out,
			struct ltps_error *err)
{
	struct stamping s = { .a = a, .p = p, .update = buf_make(CMS_SIZE_MAX) };
	int rc = 0;
	for (int i = 0; rc == 0 && s.update.n == 0; i++) {
		s.room = a->room;
		if (i == TRIES_MAX)
			rc = ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, NULL,
				       "each token of the TSA is larger than the one "
				       "before: %zu octets",
				       s.room);
		else
			rc = lay_out(&s, err) != 0 ? -1 : take_token(&s, err);
	}
	if (rc == 0)
		rc = buf_put(out, view_buf(&s.update), err);
	buf_free(&s.update);
	return rc;
}

/* The whole new file but the gap. */
int augment_range_digest(struct view file, struct view update, const uint64_t range[4],
			 enum digest_alg alg, struct digest *ret,
			 struct ltps_error *err)
{
	struct digest_ctx *ctx = NULL;
	const struct view before = view_head(update, (size_t)range[1] - file.n);
	const struct view behind = view_skip(update, (size_t)range[2] - file.n);
	int rc = digest_new(alg, &ctx, err);
	if (rc == 0 &&
	    (digest_update(ctx, file, err) != 0 ||
	     digest_update(ctx, before, err) != 0 ||
	     digest_update(ctx, behind, err) != 0 || digest_final(ctx, ret, err) != 0))
		rc = -1;
	digest_free(ctx);
	return rc;
}
