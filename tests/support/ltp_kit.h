/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ltp_kit - a whole preservation domain in the hands of a test: a store in a
 * new directory, a throwaway PKI with its TSAs behind HTTP, one profile. What
 * cannot be made ends the test.
 *
 * The two TSAs ("first", "second": slots 0 and 1 of the PKI) have certificates and keys
 * of their own. Upkeep runs only in a kit that was started for it, so that a test of
 * something else knows how often a TSA is asked.
 */
#ifndef LTPS_TESTS_LTP_KIT_H
#define LTPS_TESTS_LTP_KIT_H

#include <stdatomic.h>

#include "ltp/ltp.h"
#include "storage/store.h"
#include "tests/support/pki_server.h"
#include "validation/algorithm_policy.h"
#include "validation/ers_verify.h"

#define KIT_NOW "2026-06-01T12:00:00Z"
#define KIT_PROFILE "urn:test:profile"

/* One clock for the domain and the PKI that goes on by itself only when the PKI looks
 * at it. */
struct ltp_kit_world {
	_Atomic int64_t now_ms;
	int64_t look_ms;
};

struct ltp_kit {
	char dir[64];
	struct pki_server *pki;
	struct store *store;
	struct clock clock;
	struct ltp_kit_world world; /* after ltp_kit_look() */
	struct profile *profile;
	struct profile *profiles[1];
	struct tsa tsas[2];
	char urls[2][96];
	struct material *trust;
	struct ltp_result answer; /* to the last ltp_kit_preserve() */
	/* Seals and signs reports, of profiles with a signature_policy; else NULL. */
	struct signing_key *key;
	struct ltp *ltp;
	struct ltp_worker *w;
	/* May be changed before ltp_kit_open(). */
	const struct store_io *io; /* instead of the system's */
	unsigned n_tsas;           /* configured: 1 or 2 */
	const struct algorithm_policy *algorithms;
	struct ltp_upkeep_options upkeep;
	const struct ltp_tenant *tenants;
	size_t n_tenants;
	const struct notify_hook *hooks; /* borrowed */
	size_t n_hooks;
	bool keeps_up; /* ltp_kit_work() does upkeep, too */
};

/* A profile text with these lines instead of its own; NULL: as it is. No upkeep. */
void ltp_kit_start(struct ltp_kit *k, const char *profile_change);
/* Under a whole profile, of id KIT_PROFILE. */
void ltp_kit_start_as(struct ltp_kit *k, const char *profile);
/* The same with upkeep. */
struct ltp_kit_upkeep {
	const char *profile; /* NULL: that of ltp_kit_start() */
	const char *profile_change;
	unsigned n_tsas;                           /* 0: both */
	const struct algorithm_policy *algorithms; /* borrowed; NULL: nothing ends */
	struct ltp_upkeep_options options;
};
void ltp_kit_start_upkeep(struct ltp_kit *k, const struct ltp_kit_upkeep *how);
/* The store and the domain over it; again after ltp_kit_close(). */
void ltp_kit_open(struct ltp_kit *k);
void ltp_kit_close(struct ltp_kit *k);
void ltp_kit_stop(struct ltp_kit *k);
/* Moves the clock of the domain and of the PKI. */
void ltp_kit_pass(struct ltp_kit *k, int64_t ms);
/* From now on time stands still, but for so much at each look of the PKI: what is a
 * matter of whole seconds elsewhere is none of luck. */
void ltp_kit_look(struct ltp_kit *k, int64_t look_ms);

/* Submits; the answer's minor. poid may be NULL. */
enum ltp_minor ltp_kit_preserve(struct ltp_kit *k, const struct ltp_po *pos, size_t n,
				char poid[64]);
enum ltp_minor ltp_kit_preserve_text(struct ltp_kit *k, const char *text,
				     char poid[64]);
/* ltp_step(), ltp_care() and, where the kit keeps up, ltp_upkeep() until nothing is due
 * at this moment; ends the test when that never comes. */
void ltp_kit_work(struct ltp_kit *k);
/* Time passes in steps of this length, with ltp_kit_work() after each. */
void ltp_kit_live(struct ltp_kit *k, int64_t ms, int64_t step_ms);
/* RetrievePO of the latest version. */
enum ltp_minor ltp_kit_retrieve(struct ltp_kit *k, const char *poid,
				enum subject subject, struct ltp_retrieved *ret);
/*
 * The record of the latest version over these objects, as of now; its findings go to
 * standard error. policy NULL: none. Free with ers_report_free()
 */
struct ers_report *ltp_kit_judge(struct ltp_kit *k, const char *poid,
				 const struct ers_object *objects, size_t n,
				 const struct algorithm_policy *policy_or_null);
/* Over one text. */
struct ers_report *ltp_kit_judge_text(struct ltp_kit *k, const char *poid,
				      const char *text,
				      const struct algorithm_policy *policy_or_null);
struct ltp_health ltp_kit_health(struct ltp_kit *k);

/* What happens to a TSA: until DEVPKI_FAULT_NONE. */
void ltp_kit_fault(struct ltp_kit *k, unsigned slot, enum devpki_fault fault);
/* To all sources of revocation status. */
void ltp_kit_status_fault(struct ltp_kit *k, enum devpki_fault fault);
/* A new certificate and key, valid for this many days (0: the usual). */
void ltp_kit_rollover(struct ltp_kit *k, unsigned slot, int32_t days);
/* The same, by a new CA of this name below the newest root; from a second ago. */
void ltp_kit_rehouse(struct ltp_kit *k, unsigned slot, const char *ca);
/* The certificate that serves now, from now on. */
void ltp_kit_revoke(struct ltp_kit *k, unsigned slot, enum devpki_reason reason);
/* The PKI's roots of now into the anchors (before ltp_kit_open()). */
void ltp_kit_trust(struct ltp_kit *k);
/* Number of audit entries of this operation; detail holds the last one's. */
size_t ltp_kit_audited(struct ltp_kit *k, const char *operation, char detail[256]);

#endif
