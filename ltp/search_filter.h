/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search_filter - the filter of Search (TS 119 512 5.3.9 leaves its language to the
 * service; docs/decisions/0020 describes it).
 *
 *   filter    = [condition] *("order" ("oldest" / "newest") / "after" POID / "limit" N)
 *   condition = both *("or" both)
 *   both      = one *("and" one)
 *   one       = "not" one / "(" condition ")" / field operator value
 *   operator  = "=" / "!=" / "<" / "<=" / ">" / ">=" / "~"
 *   value     = word / DQUOTE text DQUOTE      ; \" and \\ within
 */
#ifndef LTPS_LTP_SEARCH_FILTER_H
#define LTPS_LTP_SEARCH_FILTER_H

#include "ltp/ltp.h"
#include "storage/search.h"

/* Parentheses and not's within each other. */
#define SEARCH_FILTER_DEPTH_MAX SEARCH_DEPTH_MAX

/* For descriptions. */
#define SEARCH_FILTER_FIELDS                                                           \
	"poid, stored, period, profile, format, mime, pronom, id, signer, "            \
	"indication, subindication, versions, state"

struct search_filter {
	struct search_node nodes[SEARCH_NODES_MAX]; /* texts point into this */
	size_t n_nodes;
	const char *after; /* NULL: not given */
	bool newest_first;
	size_t limit; /* 0: not given */
	/* private: texts, each with its end */
	char texts[2 * LTP_FILTER_MAX + 2];
	size_t n_texts;
};

/*
 * search_filter_parse - octets to a condition for object_search().
 * ret_f  not to be copied: it points into itself
 * Fails: FORMAT (caller), naming the character and what was expected there;
 *        TOO_LARGE (caller)
 */
int search_filter_parse(struct view text, struct search_filter *ret_f,
			struct ltps_error *err) LTPS_CHECKED;
#endif
