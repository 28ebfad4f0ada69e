/* SPDX-License-Identifier: Apache-2.0 */
/* package - what goes into it, in which order. */
#include "ltp/package.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "ltp/anchors.h"
#include "ltp/fixity.h"
#include "ltp/package_private.h"
#include "ltp/rows.h"

/* ---- files ---- */

int package_note(struct package *p, struct ltps_error *err, const char *fmt, ...)
{
	va_list ap;
	if (mem_grow(&p->notes, sizeof(*p->notes), p->n_notes + 1, &p->cap_notes,
		     err) != 0)
		return -1;
	va_start(ap, fmt);
	vsnprintf(p->notes[p->n_notes++], sizeof(*p->notes), fmt, ap);
	va_end(ap);
	return 0;
}

static int put_sum(struct package *p, const char *name, struct view data,
		   struct ltps_error *err)
{
	struct digest d;
	char hex[2 * DIGEST_MAX + 1];
	if (digest_once(DIGEST_SHA512, data, &d, err) != 0)
		return -1;
	hex_encode(digest_view(&d), hex);
	return buf_put_fmt(&p->sums, err, "%s  %s\n", hex, name);
}

int package_add(struct package *p, const char *name, struct view data,
		struct ltps_error *err)
{
	if (p->n_files == PACKAGE_FILES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d files in a package: retrieve single "
				 "versions",
				 PACKAGE_FILES_MAX);
	if (data.n > RETRIEVE_BYTES_MAX - p->bytes)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "the package would exceed %zu bytes: retrieve single "
				 "versions",
				 RETRIEVE_BYTES_MAX);
	p->bytes += data.n;
	p->n_files++;
	if (worker_take(p->w, data.n, err) != 0 ||
	    zip_writer_add(p->zip, view_text(name), data, err) != 0)
		return -1;
	return put_sum(p, name, data, err);
}

int package_step_add(struct package *p, enum package_kind kind,
		     struct package_step **ret, struct ltps_error *err)
{
	if (mem_grow(&p->steps, sizeof(*p->steps), p->n_steps + 1, &p->cap_steps,
		     err) != 0)
		return -1;
	*ret = &p->steps[p->n_steps++];
	**ret = (struct package_step){ .kind = kind,
				       .command = buf_make(PACKAGE_TEXT_MAX) };
	return 0;
}

/* ---- names: what a shell, a file system and a page take as it is ---- */

static bool is_plain(const char *s)
{
	if (s == NULL || s[0] == '\0' || strlen(s) > PO_ID_MAX)
		return false;
	for (; *s != '\0'; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		      (*s >= '0' && *s <= '9') || *s == '-' || *s == '_' || *s == '.'))
			return false;
	return true;
}

/* Labels are unique in an object; one that is not plain gets its number. */
static void version_label(const struct version *v, char out[STORE_NAME_MAX + 1])
{
	const bool plain = is_plain(v->label) && v->label[0] != '.' &&
			   v->label[0] != '-' && strncmp(v->label, "number-", 7) != 0;
	if (plain)
		snprintf(out, STORE_NAME_MAX + 1, "%s", v->label);
	else
		snprintf(out, STORE_NAME_MAX + 1, "number-%u", v->number);
}

static void part_name(const struct package_version *pv, const struct part *p,
		      char out[PACKAGE_NAME_MAX])
{
	snprintf(out, PACKAGE_NAME_MAX, "objects/%s/%u-%s", pv->label, p->seq,
		 is_plain(p->po_id) ? p->po_id : "part");
}

/* ---- a version ---- */

static void version_clear(struct package_version *pv)
{
	for (size_t i = 0; i < pv->n; i++) {
		if (pv->data != NULL)
			buf_free(&pv->data[i]);
		for (size_t k = 0; pv->related != NULL && k < pv->parts[i].n_related;
		     k++)
			mem_free(pv->related[i][k]);
		if (pv->related != NULL)
			mem_free(pv->related[i]);
	}
	mem_free(pv->data);
	mem_free(pv->names);
	mem_free(pv->related);
	mem_free(pv->parts);
	*pv = (struct package_version){ .n = 0 };
}

static int split_related(struct package_version *pv, size_t i, const char *list,
			 struct ltps_error *err)
{
	char **out = mem_zalloc(RELATED_MAX, sizeof(*out));
	if (out == NULL)
		return ltps_fail_nomem(err);
	pv->related[i] = out;
	pv->parts[i].related = (const char *const *)out;
	while (list != NULL && *list != '\0' && pv->parts[i].n_related < RELATED_MAX) {
		const size_t n = strcspn(list, " ");
		char id[PO_ID_MAX + 1];
		snprintf(id, sizeof(id), "%.*s", (int)n, list);
		if ((out[pv->parts[i].n_related] = mem_dup_text(id)) == NULL)
			return ltps_fail_nomem(err);
		pv->parts[i].n_related++;
		list += n;
		list += strspn(list, " ");
	}
	return 0;
}

/* The digests that the part was taken in with speak for it in what is left. */
static int note_damage(struct package *p, const char *name, const struct part *part,
		       struct ltps_error *err)
{
	const struct digest *d =
	    part->sha256.alg != DIGEST_NONE ? &part->sha256 : &part->sha512;
	char hex[2 * DIGEST_MAX + 1];
	p->missing = true;
	hex_encode(digest_view(d), hex);
	return package_note(p, err,
			    "%s is left out: the stored octets are damaged. Of what "
			    "was preserved the digest is %s:%s.",
			    name, digest_name(d->alg), hex);
}

static int read_part(struct package *p, struct package_version *pv, size_t i,
		     struct ltps_error *err)
{
	struct ltps_error damage = LTPS_ERROR_INIT;
	const struct part *part = &pv->v->parts[i];
	char name[PACKAGE_NAME_MAX];
	pv->parts[i].id = part->po_id;
	pv->parts[i].detected = format_by_kind(FORMAT_OCTETS);
	if (split_related(pv, i, part->related, err) != 0)
		return -1;
	if (part->blob == 0)
		return 0;
	pv->data[i] = buf_make((size_t)part->size);
	if (worker_take(p->w, part->size, err) != 0 ||
	    fixity_blob_try(p->w, part->blob, &pv->data[i], &damage, err) != 0)
		return -1;
	part_name(pv, part, name);
	pv->parts[i].absent = damage.code != LTPS_OK;
	if (pv->parts[i].absent)
		return note_damage(p, name, part, err);
	pv->parts[i].data = view_buf(&pv->data[i]);
	pv->parts[i].detected = format_detect(pv->parts[i].data);
	memcpy(pv->names[i], name, sizeof(name));
	return 0;
}

static int version_read(struct package *p, const struct version *v,
			struct package_version *pv, struct ltps_error *err)
{
	const size_t n = v->n_parts;
	pv->v = v;
	version_label(v, pv->label);
	pv->data = mem_zalloc(n + 1, sizeof(*pv->data));
	pv->names = mem_zalloc(n + 1, sizeof(*pv->names));
	pv->related = mem_zalloc(n + 1, sizeof(*pv->related));
	pv->parts = mem_zalloc(n + 1, sizeof(*pv->parts));
	if (pv->data == NULL || pv->names == NULL || pv->related == NULL ||
	    pv->parts == NULL)
		return ltps_fail_nomem(err);
	pv->n = n;
	for (size_t i = 0; i < n; i++)
		if (read_part(p, pv, i, err) != 0)
			return -1;
	return 0;
}

static int add_version(struct package *p, const struct package_version *pv,
		       const struct package_version *base, struct ltps_error *err)
{
	for (size_t i = 0; i < pv->n; i++)
		if (pv->names[i][0] != '\0' &&
		    package_add(p, pv->names[i], pv->parts[i].data, err) != 0)
			return -1;
	if (package_evidence(p, pv, err) != 0)
		return -1;
	return pv->v->kind == VERSION_REPORT ? 0 : package_judge(p, pv, base, err);
}

static bool is_base(const struct version *v)
{
	return v->kind == VERSION_SUBMITTED || v->kind == VERSION_UPDATED;
}

/* Forms are judged beside what they were made of: it may hold their content. */
static int add_versions(struct package *p, struct ltps_error *err)
{
	struct package_version base = { .n = 0 };
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < p->object->n_versions; i++) {
		const struct version *v = &p->object->versions[i];
		struct package_version pv = { .n = 0 };
		rc = version_read(p, v, &pv, err);
		if (rc == 0)
			rc = add_version(p, &pv, is_base(v) ? NULL : &base, err);
		if (rc == 0 && is_base(v)) {
			version_clear(&base);
			base = pv;
		} else {
			version_clear(&pv);
		}
	}
	version_clear(&base);
	return rc;
}

/* ---- beside the versions ---- */

static int add_anchors(struct package *p, struct ltps_error *err)
{
	struct buf out = buf_make(PACKAGE_TEXT_MAX);
	int rc = anchors_write(p->w->conn, &out, err);
	if (rc == 0)
		rc = package_add(p, "anchors.pem", view_buf(&out), err);
	buf_free(&out);
	return rc;
}

/* policy  NULL: nothing is added */
static int add_policy(struct package *p, const char *name,
		      const struct validation_policy *policy, struct ltps_error *err)
{
	struct buf out = buf_make(VALIDATION_POLICY_TEXT_MAX);
	int rc = policy == NULL ? 0 : validation_policy_text(policy, &out, err);
	if (rc == 0 && policy != NULL)
		rc = package_add(p, name, view_buf(&out), err);
	buf_free(&out);
	return rc;
}

/* What was written into the buffer of j, with a line end. */
static int add_json(struct package *p, const char *name, struct jsonw *j,
		    struct ltps_error *err)
{
	if (jsonw_end(j, err) != 0 || buf_put_byte(j->out, '\n', err) != 0)
		return -1;
	return package_add(p, name, view_buf(j->out), err);
}

static int add_trace(struct package *p, const struct ltp_trace *t,
		     struct ltps_error *err)
{
	struct buf out = buf_make(PACKAGE_TEXT_MAX);
	struct jsonw j = jsonw_to(&out);
	jsonw_array(&j);
	for (size_t i = 0; i < t->n; i++) {
		const struct ltp_event *e = &t->events[i];
		jsonw_object(&j);
		jsonw_key(&j, "time");
		jsonw_time(&j, e->time_ms);
		jsonw_member(&j, "subject", e->subject);
		jsonw_member(&j, "operation", e->operation);
		jsonw_member(&j, "object", e->object);
		jsonw_member(&j, "detail", e->detail);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	const int rc = add_json(p, "trace.json", &j, err);
	buf_free(&out);
	return rc;
}

static void put_digest(struct jsonw *j, const char *key, const struct digest *d)
{
	if (d->alg == DIGEST_NONE)
		return;
	jsonw_key(j, key);
	jsonw_hex(j, digest_view(d));
}

static void put_version(struct jsonw *j, const struct version *v)
{
	jsonw_object(j);
	jsonw_member(j, "version", v->label);
	jsonw_member(j, "kind", version_kind_name(v->kind));
	jsonw_key(j, "created");
	jsonw_time(j, v->created_ms);
	jsonw_member(j, "verdict", v->verdict);
	jsonw_key(j, "parts");
	jsonw_array(j);
	for (size_t i = 0; i < v->n_parts; i++) {
		const struct part *p = &v->parts[i];
		jsonw_object(j);
		jsonw_member(j, "id", p->po_id);
		jsonw_member(j, "format", p->format_id);
		jsonw_member(j, "mime", p->mime);
		jsonw_member(j, "related", p->related);
		jsonw_member_int(j, "size", (int64_t)p->size);
		put_digest(j, "sha256", &p->sha256);
		put_digest(j, "sha512", &p->sha512);
		put_digest(j, "given", &p->given);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static int add_description(struct package *p, struct ltps_error *err)
{
	const struct object *o = p->object;
	struct buf out = buf_make(PACKAGE_TEXT_MAX);
	struct jsonw j = jsonw_to(&out);
	jsonw_object(&j);
	jsonw_member(&j, "poid", o->poid);
	jsonw_member(&j, "profile", o->profile);
	jsonw_member(&j, "service", p->w->l->o.service_id);
	jsonw_key(&j, "created");
	jsonw_time(&j, o->created_ms);
	jsonw_key(&j, "preserve_until");
	if (o->preserve_until_ms != 0)
		jsonw_time(&j, o->preserve_until_ms);
	else
		jsonw_null(&j);
	jsonw_key(&j, "packaged");
	jsonw_time(&j, p->now_ms);
	jsonw_key(&j, "versions");
	jsonw_array(&j);
	for (size_t i = 0; i < o->n_versions; i++)
		put_version(&j, &o->versions[i]);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	const int rc = add_json(p, "object.json", &j, err);
	buf_free(&out);
	return rc;
}

/* ---- the whole ---- */

static int write_all(struct package *p, const struct ltp_trace *t,
		     struct ltps_error *err)
{
	if (add_versions(p, err) != 0 || add_anchors(p, err) != 0 ||
	    package_material(p, err) != 0 ||
	    add_policy(p, PACKAGE_EVIDENCE_POLICY, p->evidence_policy, err) != 0 ||
	    add_policy(p, PACKAGE_POLICY, p->policy, err) != 0 ||
	    add_trace(p, t, err) != 0 || add_description(p, err) != 0 ||
	    package_pages(p, err) != 0 || worker_take(p->w, p->sums.n, err) != 0 ||
	    zip_writer_add(p->zip, view_text("SHA512SUMS"), view_buf(&p->sums), err) !=
		0)
		return -1;
	return zip_writer_finish(p->zip, err);
}

static void package_clear(struct package *p)
{
	for (size_t i = 0; i < p->n_steps; i++)
		buf_free(&p->steps[i].command);
	mem_free(p->steps);
	mem_free(p->notes);
	buf_free(&p->sums);
	material_free(p->material);
	zip_writer_free(p->zip);
}

static int build(struct package *p, const struct ltp_trace *t, struct buf *out,
		 struct ltps_error *err)
{
	const struct profile *profile = profile_by_id(p->w->l, p->object->profile);
	const int64_t now_ms = ltp_now(p->w->l);
	p->now_ms = now_ms + (1000 - now_ms % 1000) % 1000;
	p->policy = profile != NULL ? policy_of(p->w->l, profile) : NULL;
	const struct validation_policy *evidence = p->w->l->o.evidence_policy;
	if (evidence != NULL && validation_policy_is_whole(evidence))
		p->evidence_policy = evidence;
	p->sums = buf_make(PACKAGE_TEXT_MAX);
	/* One time in all entries: that of the object. */
	if (material_new(&p->material, err) != 0 ||
	    zip_writer_new(zip_sink_buf(out), p->object->created_ms, &p->zip, err) != 0)
		return -1;
	return write_all(p, t, err);
}

/* The object under one state of the store; false in *ret_go: refused. */
static int find(struct package *p, struct object **ret_object, struct ltp_result *r,
		struct ltps_error *err)
{
	if (object_find(p->w, &p->req->caller, p->req->poid, ret_object, r, err) != 0)
		return -1;
	struct object *o = *ret_object;
	if (o != NULL && o->state == OBJECT_DELETED)
		refuse(r, LTP_UNKNOWN_POID, "the object was deleted");
	else if (o != NULL && object_allows(p->w->l, o, OP_RETRIEVE_PO, r))
		p->object = o;
	return 0;
}

static int audit(const struct package *p, const struct ltp_result *r,
		 struct ltps_error *err)
{
	char detail[64];
	snprintf(detail, sizeof(detail), "package, %zu files", p->n_files);
	const struct audit_note note = {
		.caller = &p->req->caller,
		.operation = OP_RETRIEVE_PO,
		.poid = p->req->poid,
		.detail = r->minor == LTP_OK ? detail : r->message,
		.result = r,
	};
	return ltp_audit(p->w, &note, err);
}

/* A trace that the profile does not offer is left out. */
static int read_trace(struct package *p, struct ltp_trace *t, struct ltps_error *err)
{
	struct ltp_result r = { .minor = LTP_OK };
	if (ltp_trace(p->w, &p->req->caller, p->req->poid, t, &r, err) != 0)
		return -1;
	return r.minor == LTP_OK ? 0
				 : package_note(p, err, "There is no trace: %.120s",
						r.message);
}

int ltp_package(struct ltp_worker *w, const struct ltp_package_request *req,
		struct buf *out, struct ltp_result *ret_result, struct ltps_error *err)
{
	struct package p = { .w = w, .req = req };
	struct object *object = NULL;
	struct ltp_trace trace = { 0 };
	const size_t before = out->n;
	int rc = -1;
	refuse(ret_result, LTP_OK, "%s", "");
	if (read_trace(&p, &trace, err) != 0 || store_read_begin(w->conn, err) != 0)
		goto out;
	rc = find(&p, &object, ret_result, err);
	if (rc == 0 && p.object != NULL)
		rc = build(&p, &trace, out, err);
	store_read_end(w->conn);
	if (rc == 0 && p.missing && !req->partial) {
		out->n = before;
		refuse(ret_result, LTP_WARN_PARTLY, "%s",
		       p.n_notes > 0 ? p.notes[0] : "evidence is missing");
	}
	if (rc == 0)
		rc = audit(&p, ret_result, err);
	if (rc != 0)
		out->n = before;
out:
	package_clear(&p);
	ltp_trace_clear(&trace);
	object_free(object);
	return rc;
}
