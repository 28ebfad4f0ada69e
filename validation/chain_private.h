/* SPDX-License-Identifier: Apache-2.0 */
/* chain_private - what the parts of chain_check() share. */
#ifndef LTPS_VALIDATION_CHAIN_PRIVATE_H
#define LTPS_VALIDATION_CHAIN_PRIVATE_H

#include "validation/chain.h"
#include "validation/name_constraints.h"
#include "validation/policy_graph.h"

/* State variables of RFC 5280 6.1.2 for policies. */
struct chain_policy {
	struct policy_graph *graph;
	uint32_t explicit_policy, policy_mapping, inhibit_any;
	bool initial_any; /* else `initial` holds all that the user accepts */
	struct view *initial;
	size_t n_initial;
	bool reported; /* want of a valid policy is a finding once, or never */
};

struct chain_state {
	struct path_run *run;
	struct path_candidate *c;
	enum chain_time times;
	size_t n; /* certificates below the anchor: certs[n] is the anchor */
	struct name_constraints *names;
	uint32_t max_path_len;
	struct chain_policy policy;
};

/* Whether certs[i] is exempt as RFC 5280 has it of self-issued ones but the last. */
static inline bool chain_exempt(const struct chain_state *s, size_t i)
{
	return i > 0 && s->c->certs[i]->self_issued;
}

/* 6.1.2 with the anchor's own constraints, 6.1.3 d-f, 6.1.4 a-b and h-j, 6.1.5 a-b
 * and g. All fail with NOMEM only. */
int chain_policy_init(struct chain_state *s, struct ltps_error *err) LTPS_CHECKED;
void chain_policy_clear(struct chain_policy *p);
int chain_policy_check(struct chain_state *s, size_t i,
		       struct ltps_error *err) LTPS_CHECKED;
int chain_policy_prepare(struct chain_state *s, size_t i,
			 struct ltps_error *err) LTPS_CHECKED;
int chain_policy_wrap_up(struct chain_state *s, struct ltps_error *err) LTPS_CHECKED;

/* What of certs[i]'s extensions was not understood. 6.1.4 o, 6.1.5 f */
void chain_extensions(struct chain_state *s, size_t i);
/* The target's usages as the input asks. */
void chain_usages(struct chain_state *s);

/* An object's fault becomes a finding (0), anything else stays an error (-1). */
int chain_forgive(struct chain_state *s, enum path_code code, size_t i,
		  struct ltps_error *err) LTPS_CHECKED;

#endif
