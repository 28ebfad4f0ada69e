/* SPDX-License-Identifier: Apache-2.0 */
/* chain_judge - chain_check() over a given path of chain_kit certificates. */
#ifndef LTPS_TESTS_CHAIN_JUDGE_H
#define LTPS_TESTS_CHAIN_JUDGE_H

#include "tests/support/chain_kit.h"
#include "validation/path_search.h"

struct chain_judge {
	struct path_input in; /* time KIT_T0_MS; change at will */
	enum chain_time times;
	bool no_usages;
	struct path_candidate c; /* the result of the last run */
};

void chain_judge_reset(struct chain_judge *j);
/* Sets the path: n certificates, the target first. */
void chain_judge_path(struct chain_judge *j, size_t n, ...);
void chain_judge_run(struct chain_judge *j);
/* The run ended like this; cert: where the decisive finding stands, -1 none. Ends the
 * process otherwise. */
void chain_judge_expect(const struct chain_judge *j, enum path_code why, int cert);

#endif
