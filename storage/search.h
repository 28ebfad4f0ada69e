/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search - objects by conditions that are put together freely. The conditions are made
 * of fixed pieces (storage/where_object.sql) and bound values: no octet of a caller
 * becomes part of a statement.
 */
#ifndef LTPS_STORAGE_SEARCH_H
#define LTPS_STORAGE_SEARCH_H

#include "storage/object.h"

#define SEARCH_NODES_MAX 256 /* of one condition: some pages of typing */
/* Or's within and's, and not's, within each other: the parser of SQLite holds a hundred
 * of what is open, five for each of these. */
#define SEARCH_DEPTH_MAX 8
#define SEARCH_FOUND_MAX 1000 /* objects of one answer; the next page goes on */

enum search_field {
	SEARCH_POID,
	SEARCH_STORED, /* number: ms */
	SEARCH_PERIOD, /* number: ms; without end it is after all times */
	SEARCH_PROFILE,
	SEARCH_FORMAT,        /* FormatId of some part of some version */
	SEARCH_MIME,          /* likewise */
	SEARCH_PRONOM,        /* likewise */
	SEARCH_ID,            /* likewise, its ID; or that of a record that came */
	SEARCH_RECORD,        /* ID of a record that came with some version */
	SEARCH_SIGNER,        /* subject of some signature's certificate */
	SEARCH_INDICATION,    /* of the newest version; "" when it was not judged */
	SEARCH_SUBINDICATION, /* likewise */
	SEARCH_VERSIONS,      /* number: submitted and updated */
	SEARCH_STATE,         /* number: enum object_state */
	SEARCH_FIELD_COUNT
};

enum search_op {
	SEARCH_EQ,
	SEARCH_NE, /* the contrary of SEARCH_EQ, also where there are several */
	SEARCH_LT,
	SEARCH_LE,
	SEARCH_GT,
	SEARCH_GE,
	SEARCH_HAS, /* contains; ASCII letters in either case */
	SEARCH_OP_COUNT
};

enum search_kind { SEARCH_TERM, SEARCH_AND, SEARCH_OR, SEARCH_NOT };

/* Children stand before their parent. */
struct search_node {
	enum search_kind kind;
	enum search_field field; /* of a term, as the next three */
	enum search_op op;
	const char *text; /* of a text field; borrowed */
	int64_t number;   /* of others */
	size_t left;      /* first child, index */
	size_t right;     /* second child of AND and OR */
};

/* Whether this field has this operator. */
bool search_has_op(enum search_field field, enum search_op op);
bool search_is_number(enum search_field field);

struct search_query {
	const char *tenant;
	const struct search_node *nodes;
	size_t n_nodes;    /* 0: all; else the last one is the whole */
	const char *after; /* POID: those behind it; NULL: from the beginning */
	bool newest_first;
	size_t limit; /* 0, or beyond: SEARCH_FOUND_MAX */
	/* True: it has taken too long. */
	bool (*over)(void *arg);
	void *over_arg;
};

/*
 * object_search - POIDs of objects that are not deleted, in the order in which they
 * were stored.
 * ret_more  there are further ones behind
 * Fails:    NOT_FOUND (caller) when `after` names none; TIMEOUT (caller) as over()
 *           said; ARGUMENT for nodes that make no condition, TOO_LARGE
 */
int object_search(struct store_conn *conn, const struct search_query *query,
		  int (*found)(void *arg, const char *poid, struct ltps_error *err),
		  void *arg, bool *ret_more, struct ltps_error *err) LTPS_CHECKED;

#endif
