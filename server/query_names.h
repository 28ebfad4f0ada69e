/* SPDX-License-Identifier: Apache-2.0 */
/* query_names - whether a query asks only for what is known: a parameter that is passed
 * over would make an answer to another question. */
#ifndef LTPS_SERVER_QUERY_NAMES_H
#define LTPS_SERVER_QUERY_NAMES_H

#include "base/bytes.h"
#include "base/err.h"

/*
 * query_names_check - every parameter is NAME=VALUE, its name one of `names`, and
 * there once. raw is as sent; an encoded name is none of them.
 * names  ended by NULL
 * Fails: ARGUMENT (caller), naming it
 */
int query_names_check(struct view raw, const char *const *names,
		      struct ltps_error *err) LTPS_CHECKED;

#endif
