/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/search.h"

#include <string.h>

#include "storage/store_private.h"
#include "storage/where_ids.h"

/* Twice the longest piece for each node, and the frame. */
#define TEXT_MAX ((size_t)256 << 10)
/* Tenant, place, limit and a value a node. */
#define VALUES_MAX (SEARCH_NODES_MAX + 4)

#define NONE WHERE_COUNT

/* By field and operator; NE is the contrary of EQ. */
static const enum where_id PIECES[SEARCH_FIELD_COUNT][SEARCH_OP_COUNT] = {
#define ORDERED(f)                                                                     \
	WHERE_##f##_EQ, WHERE_##f##_EQ, WHERE_##f##_LT, WHERE_##f##_LE,                \
	    WHERE_##f##_GT, WHERE_##f##_GE
#define UNORDERED(f) WHERE_##f##_EQ, WHERE_##f##_EQ, NONE, NONE, NONE, NONE
	[SEARCH_POID] = { ORDERED(POID), WHERE_POID_HAS },
	[SEARCH_STORED] = { ORDERED(STORED), NONE },
	[SEARCH_PERIOD] = { ORDERED(PERIOD), NONE },
	[SEARCH_PROFILE] = { UNORDERED(PROFILE), WHERE_PROFILE_HAS },
	[SEARCH_FORMAT] = { UNORDERED(FORMAT), WHERE_FORMAT_HAS },
	[SEARCH_MIME] = { UNORDERED(MIME), WHERE_MIME_HAS },
	[SEARCH_PRONOM] = { UNORDERED(PRONOM), WHERE_PRONOM_HAS },
	[SEARCH_ID] = { UNORDERED(ID), WHERE_ID_HAS },
	[SEARCH_RECORD] = { UNORDERED(RECORD), WHERE_RECORD_HAS },
	[SEARCH_SIGNER] = { UNORDERED(SIGNER), WHERE_SIGNER_HAS },
	[SEARCH_INDICATION] = { UNORDERED(INDICATION), NONE },
	[SEARCH_SUBINDICATION] = { UNORDERED(SUBINDICATION), NONE },
	[SEARCH_VERSIONS] = { ORDERED(VERSIONS), NONE },
	[SEARCH_STATE] = { UNORDERED(STATE), NONE },
#undef ORDERED
#undef UNORDERED
};

/*
 * What leads to few objects is gone to at once; what leads to many is met soon on the
 * way through all of them. The other form of each takes seconds in a million objects.
 */
#define FEW 20000
static const struct lead {
	enum search_field field;
	enum search_op op;
	enum sql_id probe;
	enum where_id few, many;
} LEADS[] = {
	{ SEARCH_SIGNER, SEARCH_EQ, SQL_PROBE_SIGNER_EQ, WHERE_SIGNER_EQ,
	  WHERE_SIGNER_EQ_WIDE },
	{ SEARCH_SIGNER, SEARCH_HAS, SQL_PROBE_SIGNER_HAS, WHERE_SIGNER_HAS,
	  WHERE_SIGNER_HAS_WIDE },
	{ SEARCH_INDICATION, SEARCH_EQ, SQL_PROBE_INDICATION_EQ,
	  WHERE_INDICATION_EQ_NARROW, WHERE_INDICATION_EQ },
	{ SEARCH_SUBINDICATION, SEARCH_EQ, SQL_PROBE_SUBINDICATION_EQ,
	  WHERE_SUBINDICATION_EQ_NARROW, WHERE_SUBINDICATION_EQ },
	{ SEARCH_FORMAT, SEARCH_EQ, SQL_PROBE_FORMAT_EQ, WHERE_FORMAT_EQ_NARROW,
	  WHERE_FORMAT_EQ },
	{ SEARCH_ID, SEARCH_EQ, SQL_PROBE_ID_EQ, WHERE_ID_EQ_NARROW, WHERE_ID_EQ },
	{ SEARCH_RECORD, SEARCH_EQ, SQL_PROBE_RECORD_EQ, WHERE_RECORD_EQ_NARROW,
	  WHERE_RECORD_EQ },
};

/* A statement being made. */
struct making {
	const struct search_query *q;
	struct buf text;
	struct db_value values[VALUES_MAX];
	size_t n_values;
	size_t n_used;                         /* nodes */
	enum where_id other[SEARCH_NODES_MAX]; /* piece instead; 0: none */
	bool by_id;
	unsigned depth;
};

bool search_has_op(enum search_field field, enum search_op op)
{
	return (unsigned)field < SEARCH_FIELD_COUNT && (unsigned)op < SEARCH_OP_COUNT &&
	       PIECES[field][op] != NONE;
}

bool search_is_number(enum search_field field)
{
	return field == SEARCH_STORED || field == SEARCH_PERIOD ||
	       field == SEARCH_VERSIONS || field == SEARCH_STATE;
}

static int add(struct making *m, const char *piece, struct ltps_error *err)
{
	return buf_put_text(&m->text, piece, err);
}

static int add_value(struct making *m, struct db_value v, struct ltps_error *err)
{
	if (m->n_values == VALUES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d values in one search", VALUES_MAX);
	m->values[m->n_values++] = v;
	return 0;
}

static int fail_nodes(struct ltps_error *err)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
			 "the nodes of a search make no condition");
}

static bool is_term(const struct search_node *n)
{
	return search_has_op(n->field, n->op) &&
	       (n->text != NULL || search_is_number(n->field));
}

static int add_term(struct making *m, size_t at, struct ltps_error *err)
{
	const struct search_node *n = &m->q->nodes[at];
	if (!is_term(n))
		return fail_nodes(err);
	const enum where_id piece =
	    m->other[at] != 0 ? m->other[at] : PIECES[n->field][n->op];
	if ((n->op == SEARCH_NE && add(m, "NOT ", err) != 0) || add(m, "(", err) != 0 ||
	    add(m, where_texts[piece], err) != 0 || add(m, ")", err) != 0)
		return -1;
	return add_value(
	    m, search_is_number(n->field) ? DB_INT(n->number) : DB_TEXT(n->text), err);
}

static int add_node(struct making *m, size_t at, struct ltps_error *err);

static int add_within(struct making *m, const char *open, size_t at,
		      struct ltps_error *err)
{
	if (++m->depth > SEARCH_DEPTH_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d conditions within each other",
				 SEARCH_DEPTH_MAX);
	if (add(m, open, err) != 0 || add_node(m, at, err) != 0)
		return -1;
	m->depth--;
	return add(m, ")", err);
}

/* Parentheses only where they change something. */
static int add_operand(struct making *m, enum search_kind of, size_t at,
		       struct ltps_error *err)
{
	if (of == SEARCH_AND && m->q->nodes[at].kind == SEARCH_OR)
		return add_within(m, "(", at, err);
	return add_node(m, at, err);
}

static int add_node(struct making *m, size_t at, struct ltps_error *err)
{
	const struct search_node *n = &m->q->nodes[at];
	if (++m->n_used > m->q->n_nodes)
		return fail_nodes(err);
	if (n->kind == SEARCH_TERM)
		return add_term(m, at, err);
	if (n->left >= at || (n->kind != SEARCH_NOT && n->right >= at))
		return fail_nodes(err);
	if (n->kind == SEARCH_NOT)
		return add_within(m, "NOT (", n->left, err);
	if (add_operand(m, n->kind, n->left, err) != 0 ||
	    add(m, n->kind == SEARCH_AND ? " AND " : " OR ", err) != 0)
		return -1;
	return add_operand(m, n->kind, n->right, err);
}

/* ---- what leads to few ---- */

static const struct lead *lead_of(const struct search_node *n)
{
	for (size_t i = 0; i < sizeof(LEADS) / sizeof(LEADS[0]); i++)
		if (LEADS[i].field == n->field && LEADS[i].op == n->op &&
		    n->text != NULL && n->text[0] != '\0')
			return &LEADS[i];
	return NULL;
}

static int probe(struct store_conn *conn, struct making *m, size_t at,
		 struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	const struct lead *lead = lead_of(&m->q->nodes[at]);
	if (lead == NULL || m->by_id)
		return 0;
	if (db_get(conn->db, lead->probe, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_TEXT(m->q->tenant), DB_TEXT(m->q->nodes[at].text),
		DB_INT(FEW + 1));
	int rc = db_step(s, &row, err);
	m->by_id = rc == 0 && row && db_int(s, 0) <= FEW;
	m->other[at] = m->by_id ? lead->few : lead->many;
	db_reset(s);
	return rc;
}

/* The terms that all must hold: from the root down its and's, the right of which are
 * no and's themselves as ltp/search_filter.c makes them. */
static int probe_all(struct store_conn *conn, struct making *m, struct ltps_error *err)
{
	const struct search_node *nodes = m->q->nodes;
	size_t at = m->q->n_nodes - 1;
	while (nodes[at].kind == SEARCH_AND && nodes[at].left < at &&
	       nodes[at].right < at) {
		const size_t right = nodes[at].right;
		if (nodes[right].kind == SEARCH_TERM && probe(conn, m, right, err) != 0)
			return -1;
		at = nodes[at].left;
	}
	return nodes[at].kind == SEARCH_TERM ? probe(conn, m, at, err) : 0;
}

/* Where `after` stands, also when it was deleted. */
static int add_place(struct store_conn *conn, struct making *m, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	int64_t created_ms = 0, id = 0;
	if (db_get(conn->db, SQL_SEARCH_PLACE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_TEXT(m->q->tenant), DB_TEXT(m->q->after));
	int rc = db_step(s, &row, err);
	if (rc == 0 && row) {
		created_ms = db_int(s, 0);
		id = db_int(s, 1);
	}
	db_reset(s);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			       "after: no object has this POID");
	if (rc != 0 ||
	    add(m, where_texts[m->q->newest_first ? WHERE_BEFORE : WHERE_BEHIND],
		err) != 0 ||
	    add_value(m, DB_INT(created_ms), err) != 0)
		return -1;
	return add_value(m, DB_INT(id), err);
}

/* One more than is given, which tells whether there are more. */
static int make(struct store_conn *conn, struct making *m, size_t limit,
		struct ltps_error *err)
{
	const struct search_query *q = m->q;
	if (q->n_nodes > SEARCH_NODES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d conditions", SEARCH_NODES_MAX);
	if (q->n_nodes > 0 && probe_all(conn, m, err) != 0)
		return -1;
	if (add(m, where_texts[m->by_id ? WHERE_ALL_BY_ID : WHERE_ALL], err) != 0 ||
	    add_value(m, DB_TEXT(q->tenant), err) != 0)
		return -1;
	if (q->n_nodes > 0 &&
	    (add(m, " AND (", err) != 0 || add_node(m, q->n_nodes - 1, err) != 0 ||
	     add(m, ")", err) != 0))
		return -1;
	if (q->n_nodes > 0 && m->n_used != q->n_nodes)
		return fail_nodes(err);
	if (q->after != NULL && add_place(conn, m, err) != 0)
		return -1;
	if (add(m, where_texts[q->newest_first ? WHERE_DOWNWARD : WHERE_UPWARD], err) !=
	    0)
		return -1;
	return add_value(m, DB_INT((int64_t)limit + 1), err);
}

static int run(struct store_conn *conn, struct making *m, size_t limit,
	       int (*found)(void *arg, const char *poid, struct ltps_error *err),
	       void *arg, bool *ret_more, struct ltps_error *err)
{
	struct db_stmt *s = NULL;
	const char *text;
	char poid[STORE_POID_MAX + 1];
	bool row = false;
	size_t n = 0;
	if (buf_text(&m->text, &text, err) != 0 ||
	    db_make(conn->db, text, &s, err) != 0)
		return -1;
	db_bind(s, m->values, m->n_values);
	int rc = db_step(s, &row, err);
	while (rc == 0 && row && n < limit) {
		n++;
		rc = db_copy_text(s, 0, poid, sizeof(poid), err);
		if (rc == 0)
			rc = found(arg, poid, err);
		if (rc == 0)
			rc = db_step(s, &row, err);
	}
	*ret_more = rc == 0 && row;
	db_drop(s);
	return rc;
}

int object_search(struct store_conn *conn, const struct search_query *q,
		  int (*found)(void *arg, const char *poid, struct ltps_error *err),
		  void *arg, bool *ret_more, struct ltps_error *err)
{
	const size_t limit =
	    q->limit == 0 || q->limit > SEARCH_FOUND_MAX ? SEARCH_FOUND_MAX : q->limit;
	struct making m = { .q = q, .text = buf_make(TEXT_MAX) };
	db_watch(conn->db, q->over, q->over_arg);
	int rc = make(conn, &m, limit, err);
	if (rc == 0)
		rc = run(conn, &m, limit, found, arg, ret_more, err);
	db_watch(conn->db, NULL, NULL);
	if (rc != 0 && err->code == LTPS_CANCELLED && q->over != NULL &&
	    q->over(q->over_arg)) {
		ltps_error_clear(err);
		ltps_fail(err, LTPS_TIMEOUT, LTPS_FAULT_CALLER, NULL,
			  "too many objects had to be looked at");
	}
	buf_free(&m.text);
	return rc;
}
