/* SPDX-License-Identifier: Apache-2.0 */
/*
 * augment_private - the steps of augment.c.
 *
 *   augment_run (augment.c)
 *     read and judge           stage_make          (augment_stage.c)
 *     may it be augmented      augment_may         (augment_check.c)
 *     is everything there      augment_complete    (augment_check.c)
 *     add                      augment_format.add, of a CMS (augment_cades.c):
 *       signature time-stamps    augment_signatures  (augment_stamp.c)
 *         each TSA's path          augment_gate      (augment_gate.c)
 *       is everything there      augment_complete
 *       put it in                augment_material    (augment_material.c)
 *       archive time-stamps      augment_archive     (augment_stamp.c)
 *                              of a PDF (augment_pades.c):
 *       document time-stamp      augment_pades_stamp (augment_pades_stamp.c); of a
 *                                signature made just now one in its CMS
 *       is everything there      augment_complete
 *       put it in                augment_pades_store (augment_pades_store.c)
 *       document time-stamp      augment_pades_stamp
 *     nothing else changed     augment_format.kept
 *     read and judge again     stage_make, augment_not_worse,
 *                              augment_stamps_serve (augment_check.c)
 */
#ifndef LTPS_LTP_AUGMENT_PRIVATE_H
#define LTPS_LTP_AUGMENT_PRIVATE_H

#include "formats/cms_build.h"
#include "ltp/augment.h"

/* A token with the certificates of its TSA has about 6 KiB. */
#define AUGMENT_TOKEN_ROOM ((size_t)12 << 10)

struct augmenting;
struct stage;

/* What differs between a CMS and a PDF. */
struct augment_format {
	size_t size_max;
	int (*read)(struct augmenting *a, struct view file, struct document **ret_doc,
		    struct ltps_error *err);
	/* The file that was read. */
	struct view (*whole)(const struct stage *s);
	/*
	 * From here on nothing is missing but what new time-stamps bring with them.
	 * *ret_go false: the outcome is said. file: the new one; empty: nothing to be
	 * done.
	 */
	int (*add)(struct augmenting *a, const struct stage *before, struct buf *file,
		   bool *ret_go, struct ltps_error *err);
	/* What the outcome DONE has to be told with; may be NULL. */
	void (*note)(struct augmenting *a, const struct stage *before);
	/* Fails: INTERNAL (self) naming what is not as it was. */
	int (*kept)(const struct augmenting *a, const struct stage *before,
		    struct view file, struct ltps_error *err);
};

/* A signature of a PDF that was made just now: nothing covers the gap with its CMS
 * yet, so that a signature time-stamp can still go in. */
struct augment_fresh {
	uint64_t range[4];
	struct view cms;
};

struct augmenting {
	const struct augment_format *format;
	const struct augment_fresh *fresh; /* NULL: none */
	const struct augment_input *in;
	struct augmented *out;
	int64_t time_ms; /* of the next judgement: never before a token's time */
	/* An archive time-stamp that covers certificates and crls as they stand is in
	 * some signer: EN 319 122-1 5.5.3 */
	bool roots_fixed;
	/* Material that has to go into new archive time-stamps, since it may go nowhere
	 * else: Attribute TLVs. */
	struct buf values[2];
	size_t room;      /* that a PDF gets for a token: grows with them */
	size_t first_tsa; /* that gave the first token */
};

/* The file at one step. */
struct stage {
	struct document *doc;
	struct judged judged;
};

/* Read, and judged with all that can be got; clear with stage_clear(). fresh: older
 * status is asked for anew. */
int stage_make(struct augmenting *a, struct view file, bool fresh, struct stage *ret,
	       struct ltps_error *err) LTPS_CHECKED;
void stage_clear(struct stage *s);

/* ---- what comes out ---- */

int augment_run(const struct augment_format *format, const struct augment_input *in,
		const struct augment_fresh *fresh_or_null, struct augmented *ret,
		struct ltps_error *err) LTPS_CHECKED;
void augment_keep_before(struct augmented *o, struct stage *before);
void augment_keep_both(struct augmented *o, struct stage *before, struct stage *after);
void augment_say_level(struct augmenting *a, const struct report *r);

/* Index into cms->signers; the number of signers: it is a countersignature. */
size_t augment_signer_of(const struct stage *s, const struct document_signature *sig);

/* ---- augment_check.c: when false, the outcome is said ---- */

int augment_may(struct augmenting *a, const struct stage *s, bool *ret_may,
		struct ltps_error *err) LTPS_CHECKED;
/* Fails: UNSUPPORTED (object) when nothing may stand behind what the PDF holds */
int augment_pades_may(const struct pades *p, struct ltps_error *err) LTPS_CHECKED;
/* Chains and status of all that the level asks for are there. */
bool augment_complete(struct augmenting *a, const struct stage *s);
/* Whether a signature has a time-stamp that is good, or will be; or can get none. */
bool augment_has_stamp(const struct stage *s, size_t signature);
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

/* A token over this imprint, checked by the client, and by the gate that it has.
 * over  it will stand over those of steps before: another TSA is asked first than gave
 *       the first of them, so that they do not fall together
 * ret   release with tsp_answer_clear() */
int augment_token(struct augmenting *a, const struct digest *d, bool over,
		  struct tsp_answer *ret, struct ltps_error *err) LTPS_CHECKED;
/* The gate of the client where there are sources. arg: struct augmenting */
int augment_gate(const void *arg, const struct tst *tst, X509 *signer,
		 int64_t received_ms, struct ltps_error *err) LTPS_CHECKED;

/* ---- what counted ---- */

/* What a report may name of each kind: more is not put into one file. */
#define AUGMENT_ITEMS_MAX CMS_CERTS_MAX

/* Each once; views borrow from the pools of the judgement. */
struct gathered {
	struct view certs[AUGMENT_ITEMS_MAX];
	struct view crls[AUGMENT_ITEMS_MAX];
	struct view ocsps[AUGMENT_ITEMS_MAX];
	struct view basics[AUGMENT_ITEMS_MAX]; /* of the OCSP responses */
	struct cms_material m;
};
/* ret: zeroed. inside: what needs not be in it again */
int augment_gather(struct gathered *ret, const struct stage *s,
		   const struct material *inside, struct ltps_error *err) LTPS_CHECKED;

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

/* ---- of a PDF: the octets of one update, appended to `out` ---- */

/* Of a file with an update behind it, without the gap. */
int augment_range_digest(struct view file, struct view update, const uint64_t range[4],
			 enum digest_alg alg, struct digest *ret,
			 struct ltps_error *err) LTPS_CHECKED;

/* The PDF has p: with a document time-stamp behind it. */
int augment_pades_stamp(struct augmenting *a, const struct pades *p, struct buf *out,
			struct ltps_error *err) LTPS_CHECKED;
/* The DSS with what counted; nothing appended: all of it is in the file. */
int augment_pades_store(const struct stage *s, struct buf *out,
			struct ltps_error *err) LTPS_CHECKED;

/* augment_pades() of a file with a signature of our own. */
int augment_pades_fresh(const struct augment_input *in,
			const struct augment_fresh *fresh, struct augmented *ret,
			struct ltps_error *err) LTPS_CHECKED;

#endif
