/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path_options - what may be asked of a certification path, as texts: the options of
 * `ltps path` and the parameters of POST /certificates/validate.
 */
#ifndef LTPS_SERVER_PATH_OPTIONS_H
#define LTPS_SERVER_PATH_OPTIONS_H

#include "validation/path.h"
#include "validation/validation_policy.h"

#define PATH_OPTION_OIDS_MAX 64 /* of one option */

struct path_oids {
	const char *texts[PATH_OPTION_OIDS_MAX];
	unsigned n;
	struct buf der;                          /* private */
	struct view views[PATH_OPTION_OIDS_MAX]; /* private: contents octets */
};

/* Zeroed, then what is given; texts are borrowed. */
struct path_options {
	const char *prefix; /* before their names in errors: "--" or "" */
	int no_revocation, explicit_policy, inhibit_mapping, inhibit_any, explain;
	struct path_oids initial, purposes;
	const char *usage_texts[PATH_OPTION_OIDS_MAX]; /* "digitalSignature,..." */
	unsigned n_usages;
	uint16_t usages[PATH_OPTION_OIDS_MAX]; /* private */
	const char *model, *known, *depth, *paths;
};

/*
 * path_options_wishes - everything but policy and times.
 * in     borrows from the options, until path_options_clear()
 * Fails: ARGUMENT (caller), naming the option
 */
int path_options_wishes(struct path_options *o, struct path_input *in,
			struct ltps_error *err) LTPS_CHECKED;
/*
 * path_options_policy - the policy, and what of it an option overrides. in->time_ms is
 * set before.
 * policy  NULL: none; then the time is all: what was issued later does not count
 * now_ms  up to which status counts where `known` is not given
 * Fails:  ARGUMENT (caller) for a time, or `known` without a policy
 */
int path_options_policy(const struct path_options *o,
			const struct validation_policy *policy, int64_t now_ms,
			struct path_input *in, struct ltps_error *err) LTPS_CHECKED;
void path_options_clear(struct path_options *o);

#endif
