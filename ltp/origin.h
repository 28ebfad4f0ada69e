/* SPDX-License-Identifier: Apache-2.0 */
/*
 * origin - what was taken over from another service stands once. Who imports names the
 * record that is to be continued, or a part that says where the rest is from, by what
 * it is of: ORIGIN_PREFIX and 64 hexadecimal digits. Of the versions that stand under
 * one profile of a tenant each such name has one. That is decided where versions are
 * written, by the one writer, so that of two who come at the same moment the second one
 * finds what the first one made.
 *
 *   a record   by what the client calls it
 *   a part     only where its name is the SHA-256 of itself: then it is what it says,
 *              and a name that somebody else gave to something else keeps nothing out
 *
 * The name is the client's word: what bears it is compared, part by part and chain by
 * chain.
 */
#ifndef LTPS_LTP_ORIGIN_H
#define LTPS_LTP_ORIGIN_H

#include "storage/object.h"
#include "timestamping/ers.h"

#define ORIGIN_PREFIX "imported-"

/* What comes. */
struct origin {
	const char *tenant, *profile;
	const struct part_new *parts;
	size_t n_parts;
	const char *record_id;    /* NULL: no record came, or it has no name */
	const struct ers *record; /* with record_id */
	int64_t object;           /* that it becomes a version of; 0: a new one */
};
enum origin_state {
	ORIGIN_NEW,   /* nothing stands under its name, or it has none */
	ORIGIN_THERE, /* the same does */
	ORIGIN_OTHER, /* something else does */
};
struct origin_found {
	enum origin_state state;
	char poid[STORE_POID_MAX + 1]; /* "" of NEW */
	char label[STORE_NAME_MAX + 1];
};

/* On the writer's thread it decides; elsewhere it spares what would be done in vain. */
int origin_look(struct store_conn *conn, const struct origin *o,
		struct origin_found *ret, struct ltps_error *err) LTPS_CHECKED;
/* For people, of THERE and OTHER. */
#define ORIGIN_TEXT_MAX (STORE_POID_MAX + STORE_NAME_MAX + 160)
void origin_text(const struct origin_found *f, char out[ORIGIN_TEXT_MAX]);

#endif
