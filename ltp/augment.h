/* SPDX-License-Identifier: Apache-2.0 */
/*
 * augment - CAdES and PAdES signatures raised to B-T, B-LT, B-LTA and, when they are
 * there already, to a further B-LTA. Existing octets stay; what is added is judged
 * first.
 */
#ifndef LTPS_LTP_AUGMENT_H
#define LTPS_LTP_AUGMENT_H

#include "ltp/judge.h"
#include "timestamping/tsp_client.h"

struct augment_input {
	/* CMS, DER, BER or PEM (the result is then DER); or a PDF, whose octets have to
	 * outlive the result */
	struct view file;
	struct content *content;      /* detached; NULL */
	enum signature_level level;   /* LEVEL_T, LEVEL_LT, LEVEL_LTA; LEVEL_B: judged
					 only, and nothing is added */
	const struct tsp_client *tsa; /* with its gate; for LEVEL_B and for a file that
					 needs no time-stamp it may be NULL */
	struct fetch *tsa_fetch;      /* NULL: that of the sources */
	enum digest_alg digest;       /* of the imprints */
	const struct path_sources *sources; /* where missing material comes from */
	struct engine_input
	    judgement;        /* policy, pools, time_ms, cache; document unset */
	struct view password; /* of an encrypted PDF; n == 0: the empty one */
	bool made_now; /* signed just now: nothing is made when the certificate of the
			  key has ended, is revoked or may not sign */
	const struct clock *clock; /* time after each token, for status about it */
};

/* Why nothing was made of it. */
enum augment_outcome {
	AUGMENT_DONE,
	AUGMENT_FAILED_SIGNATURE, /* a signature is TOTAL-FAILED: not augmented */
	AUGMENT_INCOMPLETE,       /* material is missing: see missing[]; try again at
				     retry_ms */
	AUGMENT_FROZEN, /* its evidence record or older archive stamp forbids it */
	/* Encrypted; no signature; or a PDF that readers would see otherwise with
	 * anything more behind it: nothing mends that */
	AUGMENT_UNSUPPORTED
};
struct augment_missing {
	char what[256]; /* "status of CN=..." */
	char from[256]; /* the source that was asked; "" none is named */
};
#define AUGMENT_MISSING_MAX 32
struct augmented {
	enum augment_outcome outcome;
	char text[256];
	struct buf out; /* DONE: the whole new file */
	/* INCOMPLETE: when it may be there; INT64_MIN: unknown. DONE: when status from
	 * after the signature time-stamp may be had, where there was only an older one
	 * (it counts as long as the certificates last; text says so); else INT64_MIN */
	int64_t retry_ms;
	bool guessed; /* of retry_ms: a source failed, or nobody said when */
	struct augment_missing missing[AUGMENT_MISSING_MAX];
	size_t n_missing;
	struct report *report_before; /* of the input; may be NULL; borrowed */
	struct judged judged;         /* of the output, or of the input when nothing was
					 made */
	struct document *document;    /* that judged.report speaks of */
	unsigned tokens;              /* requested */
	size_t last_tsa; /* index of the one that gave the last of them */
	/* Private: what both reports borrow from. */
	struct judged before;
	struct document *document_before;
	struct material *kept; /* fetched on the way */
	struct buf sealed;     /* a PDF as it was signed, before it was augmented */
};
/*
 * augment_cades - all signers, each to the level wanted. With an older archive stamp
 * (v2, v1, long-term-validation) in any signer the root certificates and CRLs stay as
 * they are and new material goes into the last archive stamp (EN 319 122-1 5.5.3).
 * Either all that is needed is there, or nothing is made. Countersignatures get no
 * time-stamp of their own: the archive time-stamp of their parent covers them. ret
 * release with augmented_clear() Fails: FORMAT, TOO_LARGE (object); REMOTE, TIMEOUT
 * when no TSA answers; NOMEM, ... Spec:  EN 319 122-1 V1.3.1 5.3, 5.5.3, 6.3, 6.4
 */
int augment_cades(const struct augment_input *in, struct augmented *ret,
		  struct ltps_error *err) LTPS_CHECKED;
/*
 * augment_pades - a PDF: all its signatures, by incremental updates behind the file,
 * whose octets stay a prefix of the result. T: a document time-stamp (none when every
 * signature has a time-stamp already); LT: a DSS with all certificates, CRLs and OCSP
 * responses that counted, a VRI for each signature; LTA: a further document time-stamp
 * over all that, in an update of its own. An encrypted file: UNSUPPORTED, and so said.
 * A certification that allows no changes: done, as ISO 32000-2 12.8.2.2 lets, with a
 * warning in the text. content of the input is not used. Fails: as augment_cades()
 * Spec:  EN 319 142-1 V1.2.1 5.4, 5.5, 6.3; ISO 32000-2 12.8.4, 12.8.5
 */
int augment_pades(const struct augment_input *in, struct augmented *ret,
		  struct ltps_error *err) LTPS_CHECKED;
/* One of the two, as the file is. Fails: UNSUPPORTED (object), naming the format;
 * ARGUMENT (caller) for content beside a PDF */
int augment_document(const struct augment_input *in, struct augmented *ret,
		     struct ltps_error *err) LTPS_CHECKED;
void augmented_clear(struct augmented *a);
const char *augment_outcome_name(enum augment_outcome o);

#endif
