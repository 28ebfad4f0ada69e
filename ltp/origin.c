/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/origin.h"

#include <stdio.h>
#include <string.h>

#include "storage/evidence.h"

#define HEX_LEN 64 /* of SHA-256 */

/* ---- names ---- */

static const char *digits_of(const char *name)
{
	const size_t n = sizeof(ORIGIN_PREFIX) - 1;
	return name != NULL && strncmp(name, ORIGIN_PREFIX, n) == 0 &&
		       strlen(name + n) == HEX_LEN &&
		       strspn(name + n, "0123456789abcdef") == HEX_LEN
		   ? name + n
		   : NULL;
}

/* The part that says where the others are from; NULL: none does. */
static const struct part_new *note_of(const struct origin *o)
{
	char hex[2 * DIGEST_MAX + 1];
	for (size_t i = 0; o->object == 0 && i < o->n_parts; i++) {
		const char *digits = digits_of(o->parts[i].po_id);
		if (digits == NULL || o->parts[i].sha256.alg == DIGEST_NONE)
			continue;
		hex_encode(digest_view(&o->parts[i].sha256), hex);
		if (strcmp(hex, digits) == 0)
			return &o->parts[i];
	}
	return NULL;
}

/* ---- compared ---- */

static bool is_name(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_part(const struct part_new *came, const struct part *stands)
{
	return is_name(came->po_id, stands->po_id) && came->size == stands->size &&
	       digest_equal(&came->sha256, &stands->sha256) &&
	       digest_equal(&came->sha512, &stands->sha512);
}

static bool has_part(const struct version *v, const struct part_new *p)
{
	for (size_t i = 0; i < v->n_parts; i++)
		if (is_part(p, &v->parts[i]))
			return true;
	return false;
}

/* An update brings what differs; of the rest its record is the proof. */
static bool has_parts(const struct version *v, const struct origin *o)
{
	bool all = o->object != 0 || o->n_parts == v->n_parts;
	for (size_t i = 0; all && i < o->n_parts; i++)
		all = has_part(v, &o->parts[i]);
	return all;
}

struct comparing {
	const struct ers *record;
	bool same;
};

/* Behind those that came stand those of our own renewals. */
static int compare_chain(void *arg, uint32_t seq, struct view der,
			 struct ltps_error *err)
{
	struct comparing *c = arg;
	(void)err;
	if (seq <= c->record->n_chains)
		c->same = c->same && view_equal(der, c->record->chains[seq - 1].whole);
	return 0;
}

static int has_record(struct store_conn *conn, int64_t version, const struct origin *o,
		      bool *ret_has, struct ltps_error *err)
{
	struct comparing c = { .record = o->record, .same = true };
	uint64_t came;
	if (chain_count_came(conn, LEAF_VERSION, version, &came, err) != 0 ||
	    chain_list(conn, LEAF_VERSION, version, compare_chain, &c, err) != 0)
		return -1;
	*ret_has = c.same && came == o->record->n_chains;
	return 0;
}

/* ---- looking ---- */

static int compare(struct store_conn *conn, const struct origin *o, int64_t version,
		   struct origin_found *f, struct ltps_error *err)
{
	struct object *object = NULL;
	bool same = true;
	if (object_get_by_version(conn, version, &object, err) != 0)
		return -1;
	const struct version *v = object_version_by_id(object, version);
	int rc = o->record_id != NULL ? has_record(conn, version, o, &same, err) : 0;
	same = same && has_parts(v, o) && (o->object == 0 || o->object == object->id);
	if (rc == 0 && (same || f->state == ORIGIN_NEW)) {
		f->state = same ? ORIGIN_THERE : ORIGIN_OTHER;
		snprintf(f->poid, sizeof(f->poid), "%s", object->poid);
		snprintf(f->label, sizeof(f->label), "%s", v->label);
	}
	object_free(object);
	return rc;
}

int origin_look(struct store_conn *conn, const struct origin *o,
		struct origin_found *ret, struct ltps_error *err)
{
	struct origin_found f = { .state = ORIGIN_NEW };
	const bool record = digits_of(o->record_id) != NULL;
	const struct part_new *note = o->record_id == NULL ? note_of(o) : NULL;
	struct object_origin q = { .tenant = o->tenant, .profile = o->profile };
	if (record)
		q.name = o->record_id;
	else if (note != NULL) {
		q.name = note->po_id;
		q.sha256 = &note->sha256;
	}
	bool more = q.name != NULL;
	while (more && f.state != ORIGIN_THERE) {
		if (object_origin_next(conn, &q, &more, err) != 0 ||
		    (more && compare(conn, o, q.version, &f, err) != 0))
			return -1;
	}
	*ret = f;
	return 0;
}

void origin_text(const struct origin_found *f, char out[ORIGIN_TEXT_MAX])
{
	snprintf(out, ORIGIN_TEXT_MAX,
		 f->state == ORIGIN_THERE
		     ? "it was taken over before: POID %s, version %s"
		     : "POID %s, version %s, was taken over under the same name, and "
		       "is not the same",
		 f->poid, f->label);
}
