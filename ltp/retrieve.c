/* SPDX-License-Identifier: Apache-2.0 */
/* retrieve - RetrievePO: parts as submitted, evidence records, containers. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/format.h"
#include "ltp/evidence.h"
#include "ltp/fixity.h"
#include "ltp/retrieve_private.h"
#include "storage/blob.h"
#include "timestamping/ers.h"

#define SUBJECT_COUNT 4
/* Parts, records and containers of one answer, all versions together. */
#define RETRIEVE_POS_MAX 20000

static const char *const SUBJECTS[SUBJECT_COUNT] = {
	[SUBJECT_PO] = "PO",
	[SUBJECT_EVIDENCE] = "Evidence",
	[SUBJECT_PO_EMBEDDED] = "POwithEmbeddedEvidence",
	[SUBJECT_PO_DETACHED] = "POwithDetachedEvidence",
};

static void po_clear(struct ltp_po_out *po)
{
	mem_free(po->id);
	mem_free(po->format_id);
	mem_free(po->mime);
	mem_free(po->pronom);
	for (size_t i = 0; i < po->n_related; i++)
		mem_free(po->related[i]);
	mem_free(po->related);
	buf_free(&po->data);
	memset(po, 0, sizeof(*po));
}

void ltp_retrieved_clear(struct ltp_retrieved *r)
{
	for (size_t i = 0; i < r->n_pos; i++)
		po_clear(&r->pos[i]);
	mem_free(r->pos);
	*r = (struct ltp_retrieved){ 0 };
}

/* --- what the request may ask for; false: refused --- */

static bool in_list(const char *const *list, const char *value)
{
	for (size_t i = 0; list[i] != NULL; i++)
		if (strcmp(list[i], value) == 0)
			return true;
	return false;
}

static bool evidence_format_known(const struct retrieval *run)
{
	const char *f = run->req->evidence_format;
	if (f != NULL && strcmp(f, URI_ER_4998_SHORT) == 0)
		f = URI_ER_4998;
	if (f == NULL ||
	    (run->profile == NULL ? strcmp(f, URI_ER_4998) == 0
				  : in_list(run->profile->evidence_formats, f)))
		return true;
	refuse(run->result, LTP_UNKNOWN_EVIDENCE_FORMAT,
	       "evidence is not given in the format '%s'", run->req->evidence_format);
	return false;
}

static bool has_format(const struct retrieval *run, const struct version *v)
{
	const char *f = run->req->po_format;
	size_t same = 0;
	if (f == NULL || run->req->subject == SUBJECT_EVIDENCE)
		return true;
	if (run->req->subject == SUBJECT_PO_EMBEDDED)
		return retrieve_is_of_forms(run) ? retrieve_forms_have(run, v, f)
						 : strcmp(f, URI_ASIC_ERS) == 0;
	for (size_t i = 0; i < v->n_parts; i++)
		same += v->parts[i].format_id != NULL &&
			strcmp(v->parts[i].format_id, f) == 0;
	return same == v->n_parts;
}

static bool po_format_known(const struct retrieval *run, const struct version *v)
{
	if (has_format(run, v))
		return true;
	refuse(run->result, LTP_UNKNOWN_PO_FORMAT,
	       "version %s is not given in the format '%s'", v->label,
	       run->req->po_format);
	return false;
}

/* --- adding to the answer --- */

struct ltp_po_out *retrieve_po_add(struct retrieval *run, struct ltps_error *err)
{
	if (run->out.n_pos == RETRIEVE_POS_MAX) {
		ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
			  "more than %d POs in one answer: ask for single versions",
			  RETRIEVE_POS_MAX);
		return NULL;
	}
	if (mem_grow(&run->out.pos, sizeof(*run->out.pos), run->out.n_pos + 1,
		     &run->cap, err) != 0)
		return NULL;
	struct ltp_po_out *po = &run->out.pos[run->out.n_pos++];
	memset(po, 0, sizeof(*po));
	po->data = buf_make(RETRIEVE_BYTES_MAX);
	return po;
}

int retrieve_set_text(char **ret_text, const char *s, struct ltps_error *err)
{
	if (s == NULL)
		return 0;
	*ret_text = mem_dup_text(s);
	return *ret_text == NULL ? ltps_fail_nomem(err) : 0;
}

/* Id of a part in the answer: as submitted, else made; unique over versions. */
void retrieve_part_id(const struct retrieval *run, const struct version *v,
		      const struct part *p, char *out, size_t out_size)
{
	char own[32];
	const char *id = p->po_id;
	if (id == NULL) {
		snprintf(own, sizeof(own), "po-%u", p->seq);
		id = own;
	}
	if (run->many && v != run->plain)
		snprintf(out, out_size, "%s-%s", v->label, id);
	else
		snprintf(out, out_size, "%s", id);
}

static int charge(struct retrieval *run, uint64_t n, struct ltps_error *err)
{
	if (n > RETRIEVE_BYTES_MAX - run->bytes)
		return ltps_fail(
		    err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
		    "the answer would exceed %zu bytes: ask for single versions",
		    RETRIEVE_BYTES_MAX);
	run->bytes += (size_t)n;
	/* Once as it is, once in the answer's base64. */
	return worker_take(run->w, n + b64_encoded_len((size_t)n), err);
}

int retrieve_part_read(struct retrieval *run, const struct part *p, struct buf *out,
		       struct ltps_error *ret_damage, struct ltps_error *err)
{
	if (charge(run, p->size, err) != 0 ||
	    buf_reserve(out, (size_t)p->size, err) != 0)
		return -1;
	return fixity_blob_try(run->w, p->blob, out, ret_damage, err);
}

int retrieve_part_fill(struct retrieval *run, const struct part *p,
		       struct ltp_po_out *po, struct ltps_error *err)
{
	struct ltps_error damage = LTPS_ERROR_INIT;
	if (retrieve_part_read(run, p, &po->data, &damage, err) != 0)
		return -1;
	if (damage.code == LTPS_OK)
		return 0;
	if (retrieve_leave_out(run, po->id, &damage, err) != 0)
		return -1;
	po_clear(&run->out.pos[--run->out.n_pos]);
	return 0;
}

/* The version whose parts this one's relObj names: of a form what it was made of. */
static const struct version *related_version(const struct retrieval *run,
					     const struct version *v)
{
	const struct version *base =
	    v->base != 0 ? object_version_by_id(run->object, v->base) : NULL;
	return base != NULL ? base : v;
}

static const struct part *part_of_id(const struct version *v, const char *id, size_t n)
{
	for (size_t i = 0; i < v->n_parts; i++) {
		char made[32];
		const char *own = v->parts[i].po_id;
		snprintf(made, sizeof(made), "po-%u", v->parts[i].seq);
		if (own == NULL)
			own = made;
		if (strlen(own) == n && memcmp(own, id, n) == 0)
			return &v->parts[i];
	}
	return NULL;
}

/* Whether a newer version holds the same part unchanged under the same id. */
static bool has_same_part(const struct version *newer, const struct version *older,
			  const char *id, size_t n)
{
	const struct part *a = part_of_id(newer, id, n), *b = part_of_id(older, id, n);
	return a != NULL && b != NULL && digest_equal(&a->sha512, &b->sha512);
}

static bool is_given(const struct retrieval *run, const struct version *v)
{
	for (size_t i = 0; i < run->n_list; i++)
		if (run->list[i] == v)
			return true;
	return false;
}

/* The given version that holds what this name of v's stands for; NULL: none does. */
static const struct version *holder_of(const struct retrieval *run,
				       const struct version *v, const char *id,
				       size_t n)
{
	if (is_given(run, v))
		return v;
	return run->latest != NULL && has_same_part(run->latest, v, id, n) ? run->latest
									   : NULL;
}

/* relObj as submitted, where what it names is in the answer; "v2-" before each when the
 * ids have it too. */
static int set_related(const struct retrieval *run, const struct version *made,
		       const char *list, struct ltp_po_out *po, struct ltps_error *err)
{
	const struct version *v = related_version(run, made);
	if (list == NULL)
		return 0;
	po->related = mem_zalloc(RELATED_MAX, sizeof(*po->related));
	if (po->related == NULL)
		return ltps_fail_nomem(err);
	for (; *list != '\0' && po->n_related < RELATED_MAX;
	     list += strspn(list, " ")) {
		char id[STORE_NAME_MAX + PO_ID_MAX + 2];
		const size_t n = strcspn(list, " ");
		const struct version *holder = holder_of(run, v, list, n);
		if (holder != NULL && run->many && holder != run->plain)
			snprintf(id, sizeof(id), "%s-%.*s", holder->label, (int)n,
				 list);
		else
			snprintf(id, sizeof(id), "%.*s", (int)n, list);
		list += n;
		if (holder == NULL)
			continue;
		if (retrieve_set_text(&po->related[po->n_related], id, err) != 0)
			return -1;
		po->n_related++;
	}
	return 0;
}

int retrieve_parts_add(struct retrieval *run, const struct version *v,
		       struct ltps_error *err)
{
	for (size_t i = 0; i < v->n_parts; i++) {
		const struct part *p = &v->parts[i];
		char id[STORE_NAME_MAX + PO_ID_MAX + 2];
		struct ltp_po_out *po = retrieve_po_add(run, err);
		if (po == NULL)
			return -1;
		retrieve_part_id(run, v, p, id, sizeof(id));
		po->xml = p->xml;
		if (retrieve_set_text(&po->id, id, err) != 0 ||
		    retrieve_set_text(&po->format_id, p->format_id, err) != 0 ||
		    retrieve_set_text(&po->mime, p->mime, err) != 0 ||
		    retrieve_set_text(&po->pronom, p->pronom, err) != 0 ||
		    set_related(run, v, p->related, po, err) != 0 ||
		    retrieve_part_fill(run, p, po, err) != 0)
			return -1;
	}
	return 0;
}

/* The record in *out; a version whose tree waits for its token is told. */
int retrieve_record(struct retrieval *run, const struct version *v, struct buf *out,
		    bool *ret_ready, struct ltps_error *err)
{
	if (evidence_assemble(run->w, v, out, ret_ready, err) != 0)
		return -1;
	if (!*ret_ready)
		refuse(run->result, LTP_WARN_PARTLY,
		       "the evidence of version %s is not made yet; ask again later",
		       v->label);
	return charge(run, out->n, err);
}

int retrieve_evidence_add(struct retrieval *run, const struct version *v, bool relate,
			  struct ltps_error *err)
{
	int rc = -1;
	bool ready;
	char id[STORE_NAME_MAX + 16];
	struct buf record = buf_make(ERS_SIZE_MAX);
	if (retrieve_record(run, v, &record, &ready, err) != 0)
		goto out;
	if (!ready) {
		rc = 0;
		goto out;
	}
	struct ltp_po_out *po = retrieve_po_add(run, err);
	if (po == NULL)
		goto out;
	po->data = record;
	record = buf_make(0);
	snprintf(id, sizeof(id), "evidence-%s", v->label);
	if (retrieve_set_text(&po->id, id, err) != 0 ||
	    retrieve_set_text(&po->format_id, URI_ER_4998, err) != 0)
		goto out;
	if (relate) {
		po->related = mem_zalloc(v->n_parts, sizeof(*po->related));
		if (po->related == NULL) {
			ltps_fail_nomem(err);
			goto out;
		}
		for (size_t i = 0; i < v->n_parts; i++) {
			char part[STORE_NAME_MAX + PO_ID_MAX + 2];
			retrieve_part_id(run, v, &v->parts[i], part, sizeof(part));
			if (retrieve_set_text(&po->related[i], part, err) != 0)
				goto out;
			po->n_related++;
		}
	}
	rc = 0;
out:
	buf_free(&record);
	return rc;
}

/* --- the whole --- */

/* Deleted, or never kept: temporary storage. */
static bool data_gone(const struct retrieval *run, const struct version *v)
{
	return run->object->state == OBJECT_DATA_DELETED ||
	       (v->n_parts > 0 && v->parts[0].blob == 0);
}

static int add_version(struct retrieval *run, const struct version *v,
		       struct ltps_error *err)
{
	enum subject s = run->req->subject;
	if (retrieve_is_of_forms(run) && s != SUBJECT_PO)
		return retrieve_forms_add(run, v, err);
	if (data_gone(run, v) && s != SUBJECT_EVIDENCE) {
		refuse(run->result, LTP_WARN_PARTLY,
		       run->object->state == OBJECT_DATA_DELETED
			   ? "the data was deleted; its evidence remains"
			   : "the data is not kept under temporary storage; there is "
			     "its evidence");
		return s == SUBJECT_PO ? 0
				       : retrieve_evidence_add(run, v, false, err);
	}
	switch (s) {
	case SUBJECT_PO:
		return retrieve_parts_add(run, v, err);
	case SUBJECT_EVIDENCE:
		return retrieve_evidence_add(run, v, false, err);
	case SUBJECT_PO_DETACHED:
		if (retrieve_parts_add(run, v, err) != 0)
			return -1;
		return retrieve_evidence_add(run, v, true, err);
	case SUBJECT_PO_EMBEDDED:
		return retrieve_container_add(run, v, err);
	}
	return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL, "subject %d",
			 (int)s);
}

static const struct version *newest_form(const struct object *o, enum version_kind kind,
					 int64_t base)
{
	for (size_t i = o->n_versions; i > 0; i--)
		if (o->versions[i - 1].kind == kind && o->versions[i - 1].base == base)
			return &o->versions[i - 1];
	return NULL;
}

/* Whether a form is of a part that this version holds as it was. */
static bool form_holds(const struct retrieval *run, const struct version *form,
		       const struct version *v)
{
	const struct version *base = related_version(run, form);
	for (size_t i = 0; i < form->n_parts; i++) {
		const char *of = form->parts[i].related;
		if (of != NULL && has_same_part(v, base, of, strlen(of)))
			return true;
	}
	return false;
}

/* The forms of a kind that are of this version: the newest made of it, before that the
 * newest of each earlier version of which something was taken over. */
static size_t choose_forms(const struct retrieval *run, enum version_kind kind,
			   const struct version *v, const struct version **ret_list)
{
	const struct object *o = run->object;
	size_t n = 0;
	for (size_t i = 0; i < o->n_versions && o->versions[i].number <= v->number;
	     i++) {
		const struct version *base = &o->versions[i];
		if (!version_is_logical(base))
			continue;
		const struct version *f = newest_form(o, kind, base->id);
		if (f != NULL && has_format(run, f) &&
		    (base == v || form_holds(run, f, v)))
			ret_list[n++] = f;
	}
	return n;
}

/* Submitted ids may look like those of forms: "augmented-1-x". */
static bool plain_ids_differ(const struct version *plain, const struct version **list,
			     size_t n)
{
	for (size_t i = 0; i < plain->n_parts; i++)
		for (size_t k = 0; plain->parts[i].po_id != NULL && k < n; k++) {
			const char *id = plain->parts[i].po_id;
			const size_t len = strlen(list[k]->label);
			if (list[k] != plain && strncmp(id, list[k]->label, len) == 0 &&
			    id[len] == '-')
				return false;
		}
	return true;
}

/* What came last, byte for byte, then the newest augmented and sealed forms of it
 * (DESIGN: evidence model). Reports are asked for by their name. */
static size_t choose_default(struct retrieval *run, const struct version **ret_list)
{
	static const enum version_kind forms[] = { VERSION_AUGMENTED, VERSION_SEALED };
	const struct version *v = object_latest(run->object);
	size_t n = 0;
	if (v == NULL) {
		refuse(run->result, LTP_OK,
		       "the object is an empty container: UpdatePOC fills it");
		return 0;
	}
	ret_list[n++] = run->plain = run->latest = v;
	/* The forms are its evidence, and come with it. */
	if (retrieve_is_of_forms(run) && run->req->subject != SUBJECT_PO)
		return n;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		n += choose_forms(run, forms[i], v, ret_list + n);
	if (!plain_ids_differ(run->plain, ret_list, n))
		run->plain = NULL;
	return n;
}

/* The versions asked for, by the object's order; false: refused. */
static bool choose(struct retrieval *run, const struct version **ret_list,
		   size_t *ret_n)
{
	const struct object *o = run->object;
	const struct ltp_retrieve_request *q = run->req;
	size_t n = 0;
	bool all = q->n_versions == 1 && strcmp(q->versions[0], "all") == 0;
	if (q->n_versions == 0)
		n = choose_default(run, ret_list);
	for (size_t i = 0; all && i < o->n_versions; i++)
		ret_list[n++] = &o->versions[i];
	for (size_t i = 0; !all && i < q->n_versions; i++) {
		const struct version *v = object_version(o, q->versions[i]);
		if (v == NULL) {
			refuse(run->result, LTP_UNKNOWN_VERSION,
			       "the object has no version '%s'", q->versions[i]);
			return false;
		}
		bool twice = false;
		for (size_t k = 0; k < n && !twice; k++)
			twice = ret_list[k] == v;
		if (!twice)
			ret_list[n++] = v;
	}
	*ret_n = n;
	return true;
}

static int retrieve_versions(struct retrieval *run, struct ltps_error *err)
{
	int rc = -1;
	size_t n = 0;
	/* Each at most once; by default forms of two kinds. */
	size_t max = run->object->n_versions + run->req->n_versions + 3;
	const struct version **list = mem_zalloc(max, sizeof(*list));
	if (list == NULL)
		return ltps_fail_nomem(err);
	bool go = evidence_format_known(run) && choose(run, list, &n);
	for (size_t i = 0; go && i < n; i++)
		go = po_format_known(run, list[i]);
	run->many = n > 1;
	run->list = list;
	run->n_list = n;
	for (size_t i = 0; go && i < n; i++)
		if (add_version(run, list[i], err) != 0)
			goto out;
	rc = 0;
out:
	run->list = NULL;
	mem_free(list);
	return rc;
}

static int audit_retrieve(struct retrieval *run, struct ltps_error *err)
{
	char detail[64];
	snprintf(detail, sizeof(detail), "%s, %zu POs", SUBJECTS[run->req->subject],
		 run->out.n_pos);
	const struct audit_note note = {
		.caller = &run->req->caller,
		.operation = OP_RETRIEVE_PO,
		.poid = run->req->poid,
		.detail = run->result->minor == LTP_OK ? detail : run->result->message,
		.result = run->result,
	};
	return ltp_audit(run->w, &note, err);
}

/* Evidence of temporary storage is not given out for longer than said, whether the
 * service has come to remove it or not (TS 119 511 9.1). */
static bool is_over(const struct ltp *l, const struct object *o)
{
	const struct profile *p = profile_by_id(l, o->profile);
	return p != NULL && p->storage == WITH_TEMPORARY_STORAGE &&
	       o->preserve_until_ms != 0 && ltp_now(l) >= o->preserve_until_ms;
}

int ltp_retrieve(struct ltp_worker *w, const struct ltp_retrieve_request *req,
		 struct ltp_retrieved *ret_r, struct ltp_result *ret_result,
		 struct ltps_error *err)
{
	int rc = -1;
	struct object *object = NULL;
	struct retrieval run = { .w = w, .req = req, .result = ret_result };
	refuse(ret_result, LTP_OK, "%s", "");
	/* One state for rows and blobs, so that a deletion meanwhile is no damage. */
	if (store_read_begin(w->conn, err) != 0)
		return -1;
	if (object_find(w, &req->caller, req->poid, &object, ret_result, err) != 0)
		goto read_end;
	if (object != NULL && object->state == OBJECT_DELETED) {
		refuse(ret_result, LTP_UNKNOWN_POID, "the object was deleted");
	} else if (object != NULL && is_over(w->l, object)) {
		refuse(ret_result, LTP_UNKNOWN_POID,
		       "its evidence was held as long as the profile says");
	} else if (object != NULL) {
		run.object = object;
		run.profile = profile_by_id(w->l, object->profile);
		if (object_allows(w->l, object, OP_RETRIEVE_PO, ret_result) &&
		    (retrieve_versions(&run, err) != 0 ||
		     retrieve_left_out_tell(&run, err) != 0))
			goto read_end;
	}
	rc = 0;
read_end:
	store_read_end(w->conn);
	if (rc == 0)
		rc = audit_retrieve(&run, err);
	if (rc == 0) {
		*ret_r = run.out;
		run.out = (struct ltp_retrieved){ 0 };
	}
	ltp_retrieved_clear(&run.out);
	retrieve_left_out_clear(&run);
	object_free(object);
	return rc;
}
