/* SPDX-License-Identifier: Apache-2.0 */
/*
 * augment_private - the steps of augment.c.
 *
 *   augment_cades (augment.c)
 *     read and judge           stage_make
 *     may it be augmented      augment_may         (augment_check.c)
 *     signature time-stamps    augment_signatures  (augment_stamp.c)
 *       each TSA's path        augment_gate        (augment_gate.c)
 *     is everything there      augment_complete    (augment_check.c)
 *     put it in                augment_material    (augment_material.c)
 *     archive time-stamps      augment_archive     (augment_stamp.c)
 *     nothing else changed     augment_kept        (augment_kept.c)
 *     read and judge again     stage_make, augment_not_worse,
 *                              augment_stamps_serve (augment_check.c)
 */
#ifndef LTPS_LTP_AUGMENT_PRIVATE_H
#define LTPS_LTP_AUGMENT_PRIVATE_H

#include "ltp/augment.h"

/* A source that does not answer is asked again after this, unless it says when. */
#define AUGMENT_RETRY_MS ((int64_t)15 * 60 * 1000)

struct augmenting {
	const struct augment_input *in;
	struct augmented *out;
	int64_t time_ms; /* of the next judgement: never before a token's time */
	/* An archive time-stamp that covers certificates and crls as they stand is in
	 * some signer: EN 319 122-1 5.5.3 */
	bool roots_fixed;
	/* Material that has to go into new archive time-stamps, since it may go nowhere
	 * else: Attribute TLVs. */
	struct buf values[2];
};

/* The file at one step. */
struct stage {
	struct document *doc;
	struct judged judged;
};

/* Index into cms->signers; the number of signers: it is a countersignature. */
size_t augment_signer_of(const struct stage *s, const struct document_signature *sig);

/* ---- augment_check.c: when false, the outcome is said ---- */

bool augment_may(struct augmenting *a, const struct stage *s);
/* Chains and status of all that the level asks for are there. */
bool augment_complete(struct augmenting *a, const struct stage *s);
/* Whether a signature has a time-stamp that is good, or will be; or can get none. */
bool augment_has_stamp(const struct stage *s, size_t signature);
/* Whether the unsigned attributes of this signer are covered by an archive
 * time-stamp that knows no later ones. */
bool augment_is_closed(const struct stage *s, size_t signature);
/* Tells of status that is older than what it is to prove. */
void augment_note_status(struct augmenting *a, const struct stage *s);
bool augment_not_worse(struct augmenting *a, const struct stage *before,
		       const struct stage *after);
/* Whether the time-stamps that came are worth something: one whose TSA was revoked
 * proves nothing and would stay for ever. */
bool augment_stamps_serve(struct augmenting *a, const struct stage *before,
			  const struct stage *after);
void augment_say(struct augmenting *a, enum augment_outcome o, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void augment_miss(struct augmenting *a, const char *what, const char *from);

/* The gate of the client where there are sources. arg: struct augmenting */
int augment_gate(const void *arg, const struct tst *tst, X509 *signer,
		 int64_t received_ms, struct ltps_error *err) LTPS_CHECKED;

/* ---- the steps: file appended to `out`; nothing appended: nothing to do ---- */

int augment_signatures(struct augmenting *a, const struct stage *s, struct buf *out,
		       struct ltps_error *err) LTPS_CHECKED;
int augment_material(struct augmenting *a, const struct stage *s, struct buf *out,
		     struct ltps_error *err) LTPS_CHECKED;
/* file: with the material in it. *ret_go false: the content is not at hand. */
int augment_archive(struct augmenting *a, const struct stage *s, struct view file,
		    struct buf *out, bool *ret_go, struct ltps_error *err) LTPS_CHECKED;
/* Fails: INTERNAL (self) naming what is not as it was. */
int augment_kept(const struct cms *before, struct view after, bool roots_fixed,
		 struct ltps_error *err) LTPS_CHECKED;

#endif
