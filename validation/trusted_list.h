/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trusted_list - whether a trusted list is to be believed, and what it says of a
 * service at a time. Pure: the list, who may sign it, the time and what was known of
 * its earlier versions come in.
 */
#ifndef LTPS_VALIDATION_TRUSTED_LIST_H
#define LTPS_VALIDATION_TRUSTED_LIST_H

#include "base/jsonw.h"
#include "formats/trusted_list.h"
#include "validation/cert.h"

/* Keys below are not accepted: TS 119 312 9.2 calls RSA of 2048 bits the least. */
#define TRUSTED_LIST_RSA_BITS_MIN 2048
#define TRUSTED_LIST_EC_BITS_MIN 256
/*
 * TS 119 612 5.3.15: a list names its next update within six months of its issue. That
 * is 184 days of calendar at most, and a day for those who count in local time.
 */
#define TRUSTED_LIST_LIFE_MAX_MS ((int64_t)185 * 86400000)
/* Those months are counted from an issue that has been, and that its signer's certificate
 * lived to see: a day for clocks that differ and for those who count in local time. */
#define TRUSTED_LIST_AHEAD_MAX_MS ((int64_t)86400000)
#define TRUSTED_LIST_PIVOTS_MAX 32 /* between two official announcements */

/* Why a list is not believed; the first that applies. Words: trusted_list_word(). */
enum trusted_list_reason {
	TRUSTED_LIST_GOOD = 0,
	TRUSTED_LIST_UNSIGNED,
	TRUSTED_LIST_SIGNATURE_FORM, /* not one that a trusted list may have */
	TRUSTED_LIST_ALGORITHM,      /* weak or unknown */
	TRUSTED_LIST_ALTERED,        /* a digest does not match */
	TRUSTED_LIST_SIGNER,         /* by none of those who may */
	TRUSTED_LIST_SIGNATURE,      /* the value does not verify */
	TRUSTED_LIST_SIGNING_TIME,   /* absent, or the certificate was not valid then;
				      * or had ended when the list was issued */
	TRUSTED_LIST_VERSION,        /* neither 5 nor 6 */
	TRUSTED_LIST_KIND,           /* another list than the one that is wanted */
	TRUSTED_LIST_FUTURE,         /* issued behind the time at which it is judged */
	TRUSTED_LIST_BACKWARDS,      /* older than one that was seen before */
	TRUSTED_LIST_SAME_NUMBER,    /* other contents than before under its number */
	TRUSTED_LIST_EXPIRED,        /* NextUpdate is past */
	TRUSTED_LIST_CLOSED,         /* there will be no further one */
	TRUSTED_LIST_PIVOT,          /* a pivot is missing or not to be believed */
	TRUSTED_LIST_REASON_COUNT
};

/* Who may sign; borrowed. */
struct trusted_list_signers {
	const struct cert *const *list;
	size_t n;
};

/* What is known of the newest version that was believed. */
struct trusted_list_seen {
	uint64_t sequence;
	int64_t issued_ms;
	struct digest content; /* trusted_list_content(); n == 0: not known */
};
/* What two versions have in common that differ in their signature or spelling at most:
 * SHA-256 over what is signed. Fails: NOMEM, CRYPTO (self) */
int trusted_list_content(const struct trusted_list *l, struct digest *ret,
			 struct ltps_error *err) LTPS_CHECKED;

#define TRUSTED_LIST_WHY_MAX 200
struct trusted_list_verdict {
	enum trusted_list_reason reason;
	char why[TRUSTED_LIST_WHY_MAX]; /* in words; "" when good */
	const struct cert *signer;      /* of the signers given; NULL: not known */
};

/* "good", "unsigned", "signature-form" and so on. */
const char *trusted_list_word(enum trusted_list_reason reason);

/*
 * trusted_list_verify - its single signature: over the whole document, by one of the
 * signers.
 * Fails: NOMEM, CRYPTO (self) only; everything else is in the verdict
 * Spec:  TS 119 612 5.7, EN 319 132-1 (B-B), XML Signature 1.1
 */
int trusted_list_verify(const struct trusted_list *l,
			const struct trusted_list_signers *signers,
			struct trusted_list_verdict *ret,
			struct ltps_error *err) LTPS_CHECKED;

/* Until when a version counts: its next update, but TRUSTED_LIST_LIFE_MAX_MS from its
 * issue at most, whatever it says; INT64_MIN: it is closed. */
int64_t trusted_list_until(int64_t issued_ms, int64_t next_update_ms);

struct trusted_list_wanted {
	struct trusted_list_signers signers;
	bool lists;            /* whether it is to be a list of lists */
	const char *territory; /* that it is to be of; NULL: any */
	const struct trusted_list_seen *seen; /* NULL: none was */
	int64_t time_ms;
};
/*
 * trusted_list_judge - trusted_list_verify(), then its version, kind, age.
 * Spec:  TS 119 612 5.3.1 to 5.3.3, 5.3.10, 5.3.14, 5.3.15
 */
int trusted_list_judge(const struct trusted_list *l,
		       const struct trusted_list_wanted *wanted,
		       struct trusted_list_verdict *ret,
		       struct ltps_error *err) LTPS_CHECKED;

/* ---- the list of lists ---- */

/*
 * trusted_list_pivots - the pivots that a list of lists names, as URIs, newest first:
 * the information URIs that end in ".xml" before the official announcement.
 * announcement  of the signers that are configured; NULL: none is known, and every one
 *               counts
 * ret           room for TRUSTED_LIST_PIVOTS_MAX, borrowed from the list
 * Gives false when the announcement is configured but not named (the signers were
 * announced anew since), or there are too many.
 */
bool trusted_list_pivots(const struct trusted_list *l, const char *announcement,
			 const char *ret[TRUSTED_LIST_PIVOTS_MAX], size_t *ret_n);

/* Certificates decoded from a pointer. */
struct trusted_list_certs {
	struct cert *list[TRUSTED_LIST_IDENTITIES_MAX];
	size_t n;
};
/* Those that decode; the others, which nothing can verify under, are left out. */
int trusted_list_pointer_certs(const struct trusted_list_pointer *p,
			       struct trusted_list_certs *ret,
			       struct ltps_error *err) LTPS_CHECKED;
void trusted_list_certs_clear(struct trusted_list_certs *c);
/* The pointer of a list of lists to itself, in XML; NULL. */
const struct trusted_list_pointer *trusted_list_to_itself(const struct trusted_list *l);
/* Whether it points to a trusted list of a state in XML (not a list of lists). */
bool trusted_list_points_to_list(const struct trusted_list_pointer *p);

/*
 * trusted_list_through - who may sign the present list of lists: from the signers
 * configured, each pivot, oldest first, has to verify under those before it, and names
 * the next.
 * ret_certs  set when the verdict is good; trusted_list_certs_clear()
 */
int trusted_list_through(const struct trusted_list *const *pivots, size_t n,
			 const struct trusted_list_signers *configured,
			 struct trusted_list_certs *ret_certs,
			 struct trusted_list_verdict *ret,
			 struct ltps_error *err) LTPS_CHECKED;

/* ---- services ---- */

/*
 * trusted_list_state_at - what holds of a service at a time: the present state from its
 * start on, before that the newest of the history that had begun; NULL: it did not
 * exist. *ret_ordered: whether the history descends strictly, without which none of it
 * is to be believed (and NULL is given for a time before the present state).
 * Spec: TS 119 612 5.5.10, TS 119 615 4.3
 */
const struct trusted_list_state *
trusted_list_state_at(const struct trusted_list_service *s, int64_t time_ms,
		      bool *ret_ordered);
/* Whether a status is one under which a service is trusted: granted, and what came
 * before it (5.5.4, annex J): under supervision, also while that ceases; accredited; set
 * by, or recognised under, national law. */
bool trusted_list_status_grants(const char *status);

/* A time in which a service was trusted without a break. */
struct trusted_list_period {
	int64_t from_ms;
	int64_t until_ms; /* INT64_MAX: still */
};
/* The last period of a service that had begun at a time and in which its status granted
 * it under this type, by its whole history; false: none. */
bool trusted_list_last_period(const struct trusted_list_service *s, const char *type,
			      int64_t time_ms, struct trusted_list_period *ret);

/* ---- telling ---- */

/* The members of an object that say what list it is, its verdict and its signer. */
void trusted_list_summary_json(const struct trusted_list *l,
			       const struct trusted_list_verdict *v, struct jsonw *j);
/* All of a list, its services as they are at a time, as an object. */
void trusted_list_json(const struct trusted_list *l,
		       const struct trusted_list_verdict *v, int64_t time_ms,
		       struct jsonw *j);
/* The same as text, appended. Fails: TOO_LARGE, NOMEM */
int trusted_list_text(const struct trusted_list *l,
		      const struct trusted_list_verdict *v, int64_t time_ms,
		      struct buf *out, struct ltps_error *err) LTPS_CHECKED;
/* What stands behind TRUSTED_LIST_SERVICE or TRUSTED_LIST_STATUS; else the whole. */
const char *trusted_list_short(const char *uri);

#endif
