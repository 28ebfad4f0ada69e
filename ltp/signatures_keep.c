/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signatures_keep - what the care of an object gave, as rows: a version with the
 * reports, one with the augmented forms, one with the sealed ones, the material that
 * counted; each a leaf of the open tree; the verdict; the job finished or due again.
 */
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/rows.h"
#include "ltp/signatures.h"
#include "storage/audit.h"

#define MIME_REPORT "application/vnd.etsi.validation-report+xml"
#define FORMAT_REPORT "http://uri.etsi.org/19102/v1.4.1#ValidationReport"
#define LABEL_MAX 32
/* Everything is made, nothing is kept (base/failpoint.h). */
#define FP_SIGNATURES_KEEP "signatures.keep"

const char *const signatures_failpoints[] = { FP_SIGNATURES_KEEP, NULL };

/* How an object whose verdict is open is judged again: an hour, doubling to a month. */
static const struct job_policy AGAIN = { .first_delay_ms = 3600000,
					 .longest_delay_ms = (int64_t)30 * 86400000 };

/* A form that is due, or a source that may be back at any time: to a day. */
static const struct job_policy SOON = { .first_delay_ms = 3600000,
					.longest_delay_ms = 86400000 };

/* A new version being made. */
struct form {
	enum version_kind kind;
	char label[LABEL_MAX];
	struct part_new *parts;
	struct view *datas;
	char (*ids)[FORM_ID_MAX];
	char (*related)[FORM_ID_MAX];
	size_t n;
	uint64_t bytes;
	struct version_new version;
};

struct material_rows {
	struct material_new *rows;
	struct leaf_new *leaves;
	size_t n;
};

struct keep {
	struct care *c;
	struct form forms[3];
	size_t n_forms;
	struct material_rows material;
	char verdict[SIGNATURES_VERDICT_MAX];
	bool news; /* the verdict is another than before */
};

/* ---- versions ---- */

static void form_clear(struct form *f)
{
	for (size_t i = 0; i < f->n && f->parts != NULL; i++)
		blob_new_free(f->parts[i].blob);
	mem_free(f->parts);
	mem_free(f->datas);
	mem_free(f->ids);
	mem_free(f->related);
}

static unsigned count_kind(const struct care *c, enum version_kind kind)
{
	unsigned n = 0;
	for (size_t i = 0; i < c->object->n_versions; i++)
		n += c->object->versions[i].kind == kind;
	return n;
}

/* Whether this version was judged before and its report kept. */
static bool has_report(const struct care *c)
{
	for (size_t i = 0; i < c->object->n_versions; i++)
		if (c->object->versions[i].kind == VERSION_REPORT &&
		    c->object->versions[i].base == c->version->id)
			return true;
	return false;
}

static const struct buf *form_bytes(const struct cared_part *p, enum version_kind kind)
{
	if (kind == VERSION_REPORT)
		return &p->report;
	return p->sealed == (kind == VERSION_SEALED) ? &p->made : NULL;
}

/* Of a CMS. */
static bool is_detached(const struct care *c, const struct cared_part *p)
{
	return p->sealed ? c->profile->seal == SEAL_DETACHED
			 : !p->document->cms->has_content;
}

void signatures_describe_form(const char *submitted_format, struct view made,
			      bool detached, const struct format **ret_format,
			      const char **ret_format_id, const char **ret_mime)
{
	const struct format *f = format_detect(made);
	if (f->kind != FORMAT_PADES)
		f = format_by_kind(FORMAT_CADES);
	*ret_format = f;
	*ret_format_id = submitted_format != NULL ? submitted_format : f->uri;
	*ret_mime = f->kind == FORMAT_PADES ? f->mime
		    : detached              ? "application/pkcs7-signature"
					    : "application/pkcs7-mime";
}

static void describe(const struct care *c, const struct cared_part *p,
		     enum version_kind kind, struct part_new *row)
{
	const struct part *from = &c->version->parts[p->part];
	if (kind == VERSION_REPORT) {
		row->format_id = FORMAT_REPORT;
		row->mime = MIME_REPORT;
		row->detected = "XML";
		return;
	}
	const struct format *made = format_detect(view_buf(&p->made));
	signatures_describe_form(p->sealed ? NULL : from->format_id, view_buf(&p->made),
				 made->kind != FORMAT_PADES && is_detached(c, p), &made,
				 &row->format_id, &row->mime);
	row->detected = made->name;
}

static int form_part(struct care *c, struct form *f, const struct cared_part *p,
		     struct ltps_error *err)
{
	const struct buf *b = form_bytes(p, f->kind);
	const struct part *from = &c->version->parts[p->part];
	struct part_new *row = &f->parts[f->n];
	signatures_form_id(from, f->kind, f->ids[f->n]);
	row->po_id = f->ids[f->n];
	if (from->po_id != NULL)
		snprintf(f->related[f->n], FORM_ID_MAX, "%s", from->po_id);
	else /* as RetrievePO calls it */
		snprintf(f->related[f->n], FORM_ID_MAX, "po-%u", from->seq);
	row->related = f->related[f->n];
	describe(c, p, f->kind, row);
	f->datas[f->n] = view_buf(b);
	f->bytes += b->n;
	f->n++;
	return part_row_make(c->w->l->o.store, c->object->tenant, view_buf(b), row,
			     err);
}

/* f stays without parts when nothing of this kind was made. */
static int form_make(struct care *c, struct form *f, enum version_kind kind,
		     const char *what, struct ltps_error *err)
{
	f->kind = kind;
	f->parts = mem_zalloc(c->n_cared + 1, sizeof(*f->parts));
	f->datas = mem_zalloc(c->n_cared + 1, sizeof(*f->datas));
	f->ids = mem_zalloc(c->n_cared + 1, sizeof(*f->ids));
	f->related = mem_zalloc(c->n_cared + 1, sizeof(*f->related));
	if (f->parts == NULL || f->datas == NULL || f->ids == NULL ||
	    f->related == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < c->n_cared; i++) {
		const struct buf *b = form_bytes(&c->cared[i], kind);
		if (b != NULL && b->n > 0 && form_part(c, f, &c->cared[i], err) != 0)
			return -1;
	}
	snprintf(f->label, sizeof(f->label), "%s-%u", what, count_kind(c, kind) + 1);
	f->version = (struct version_new){ .label = f->label,
					   .kind = kind,
					   .created_ms = c->now_ms,
					   .base = c->version->id,
					   .parts = f->parts,
					   .n_parts = f->n };
	return f->n == 0
		   ? 0
		   : part_rows_leaf(leaf_digest(c->w->l, c->profile, c->now_ms),
				    f->parts, f->datas, f->n, &f->version.digest, err);
}

static bool made_any(const struct care *c)
{
	for (size_t i = 0; i < c->n_cared; i++)
		if (c->cared[i].made.n > 0)
			return true;
	return false;
}

static int make_forms(struct keep *k, struct ltps_error *err)
{
	struct care *c = k->c;
	/* A report that says what the last one said is not kept again. */
	if ((k->news || made_any(c)) &&
	    form_make(c, &k->forms[k->n_forms++], VERSION_REPORT, "report", err) != 0)
		return -1;
	if (form_make(c, &k->forms[k->n_forms++], VERSION_AUGMENTED, "augmented",
		      err) != 0)
		return -1;
	return form_make(c, &k->forms[k->n_forms++], VERSION_SEALED, "sealed", err);
}

/* ---- material ---- */

static bool has_row(const struct material_rows *m, const struct digest *d)
{
	for (size_t i = 0; i < m->n; i++)
		if (digest_equal(&m->leaves[i].digest, d))
			return true;
	return false;
}

static int add_row(struct keep *k, enum material_row_kind kind, struct view der,
		   int64_t from_ms, int64_t until_ms, struct ltps_error *err)
{
	struct care *c = k->c;
	struct material_rows *m = &k->material;
	struct material_new *row = &m->rows[m->n];
	struct leaf_new *leaf = &m->leaves[m->n];
	*row = (struct material_new){ .kind = kind,
				      .fetched_ms = c->now_ms,
				      .produced_ms = from_ms == INT64_MIN ? 0 : from_ms,
				      .until_ms =
					  until_ms == INT64_MIN || until_ms == INT64_MAX
					      ? 0
					      : until_ms };
	*leaf = (struct leaf_new){ .profile = c->profile->id,
				   .alg = leaf_digest(c->w->l, c->profile, c->now_ms),
				   .bytes = der.n,
				   .now_ms = c->now_ms };
	if (digest_once(leaf->alg, der, &leaf->digest, err) != 0)
		return -1;
	if (has_row(m, &leaf->digest))
		return 0;
	if (blob_prepare(c->w->l->o.store, STORE_TENANT_SYSTEM, der, NULL, &row->blob,
			 err) != 0)
		return -1;
	m->n++;
	return 0;
}

static int add_report(struct keep *k, const struct report *r, struct ltps_error *err)
{
	for (size_t i = 0; i < r->n_certs; i++)
		if (add_row(k, MATERIAL_ROW_CERT, r->certs[i]->der,
			    r->certs[i]->not_before_ms, r->certs[i]->not_after_ms,
			    err) != 0)
			return -1;
	for (size_t i = 0; i < r->n_crls; i++)
		if (add_row(k, MATERIAL_ROW_CRL, r->crls[i]->der, r->crls[i]->this_ms,
			    r->crls[i]->next_ms, err) != 0)
			return -1;
	for (size_t i = 0; i < r->n_ocsps; i++)
		if (add_row(k, MATERIAL_ROW_OCSP, r->ocsps[i]->der,
			    r->ocsps[i]->produced_ms, INT64_MIN, err) != 0)
			return -1;
	return 0;
}

static size_t count_rows(const struct report *r)
{
	return r == NULL ? 0 : r->n_certs + r->n_crls + r->n_ocsps;
}

static int make_material(struct keep *k, struct ltps_error *err)
{
	struct care *c = k->c;
	size_t n = 1;
	for (size_t i = 0; i < c->n_cared; i++)
		n += count_rows(c->cared[i].judged.report) +
		     count_rows(c->cared[i].augmented.judged.report);
	k->material.rows = mem_zalloc(n, sizeof(*k->material.rows));
	k->material.leaves = mem_zalloc(n, sizeof(*k->material.leaves));
	if (k->material.rows == NULL || k->material.leaves == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < c->n_cared; i++) {
		const struct report *a = c->cared[i].judged.report;
		const struct report *b = c->cared[i].augmented.judged.report;
		if ((a != NULL && add_report(k, a, err) != 0) ||
		    (b != NULL && add_report(k, b, err) != 0))
			return -1;
	}
	return 0;
}

/* ---- on the writer's thread ---- */

static int audit_form(struct store_conn *conn, const struct care *c,
		      const char *operation, const char *detail, struct ltps_error *err)
{
	const struct audit_entry entry = { .time_ms = c->now_ms,
					   .tenant = c->object->tenant,
					   .actor = "service",
					   .operation = operation,
					   .poid = c->object->poid,
					   .detail = detail,
					   .outcome = "success" };
	return audit_append(conn, &entry, NULL, err);
}

static int insert_form(struct store_conn *conn, const struct care *c, struct form *f,
		       struct ltps_error *err)
{
	static const char *const OPERATIONS[] = {
		[VERSION_AUGMENTED] = "Augmented",
		[VERSION_SEALED] = "Sealed",
		[VERSION_REPORT] = "ValidationReport",
	};
	int64_t id;
	if (object_add_version(conn, c->object->id, &f->version, &id, err) != 0)
		return -1;
	const struct leaf_new leaf = { .profile = c->profile->id,
				       .alg = f->version.digest.alg,
				       .kind = LEAF_VERSION,
				       .ref = id,
				       .digest = f->version.digest,
				       .bytes = f->bytes,
				       .now_ms = c->now_ms };
	if (tree_append_leaf(conn, &leaf, NULL, err) != 0 ||
	    signatures_stand_keep(conn, c, f->kind, id, err) != 0)
		return -1;
	return audit_form(conn, c, OPERATIONS[f->kind], f->label, err);
}

static int insert_material(struct store_conn *conn, struct keep *k,
			   struct ltps_error *err)
{
	for (size_t i = 0; i < k->material.n; i++) {
		int64_t id;
		if (material_preserve(conn, &k->material.rows[i],
				      &k->material.leaves[i], &id, err) != 0 ||
		    material_link(conn, id, MATERIAL_USER_VERSION, k->c->version->id,
				  err) != 0)
			return -1;
	}
	return 0;
}

static int set_verdict(struct store_conn *conn, struct keep *k, struct ltps_error *err)
{
	const struct care *c = k->c;
	if (!c->verdict.any)
		return 0;
	if (object_set_verdict(conn, c->version->id, k->verdict, c->now_ms, err) != 0 ||
	    signatures_facts_keep(conn, c->version->id, &c->facts, err) != 0)
		return -1;
	if (!k->news)
		return 0;
	const char *before = c->version->verdict;
	if (before == NULL || !has_report(c))
		return audit_form(conn, c, "SignatureValidated", k->verdict, err);
	char change[2 * SIGNATURES_VERDICT_MAX + 8];
	snprintf(change, sizeof(change), "%.*s -> %s", SIGNATURES_VERDICT_MAX, before,
		 k->verdict);
	return audit_form(conn, c, "VerdictChanged", change, err);
}

/* Whoever says when to come again does not say it more often than this. */
static int64_t not_before(int64_t said_ms, int64_t now_ms)
{
	const int64_t first_ms = now_ms + AGAIN.first_delay_ms;
	return said_ms > first_ms ? said_ms : first_ms;
}

static int end_job(struct store_conn *conn, struct care *c, struct ltps_error *err)
{
	const struct job_policy *policy = c->soon || c->due ? &SOON : &AGAIN;
	struct ltps_error why = LTPS_ERROR_INIT;
	if (c->more && !c->incomplete && made_any(c))
		return job_postpone(conn, c->job, c->now_ms, err);
	if (!c->more && !c->incomplete)
		return job_finish(conn, c->job, err);
	if (!c->soon && c->retry_ms != INT64_MAX && c->retry_ms > c->now_ms &&
	    c->retry_ms - c->now_ms < policy->longest_delay_ms)
		return job_postpone(conn, c->job, not_before(c->retry_ms, c->now_ms),
				    err);
	if (c->why[0] == '\0')
		snprintf(c->why, sizeof(c->why), "parts are left for the next turn");
	ltps_fail(&why, LTPS_STATE, LTPS_FAULT_REMOTE, NULL, "%s", c->why);
	const struct job_failure f = { .job = c->job,
				       .policy = policy,
				       .now_ms = c->now_ms,
				       .why = &why };
	return job_fail(conn, &f, NULL, err);
}

static int run_keep(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct keep *k = arg;
	if (set_verdict(conn, k, err) != 0 || insert_material(conn, k, err) != 0)
		return -1;
	for (size_t i = 0; i < k->n_forms; i++)
		if (k->forms[i].n > 0 &&
		    insert_form(conn, k->c, &k->forms[i], err) != 0)
			return -1;
	if (signatures_wait_keep(conn, k->c, err) != 0)
		return -1;
	return end_job(conn, k->c, err);
}

/* DESIGN: a verdict that turns TOTAL-FAILED after acceptance deletes nothing. */
static void alarm_if_failed(const struct keep *k)
{
	const struct care *c = k->c;
	if (k->news && c->verdict.any && c->verdict.worst == INDICATION_FAILED)
		log_write(c->w->l->o.log, LOG_VALIDATION, LOG_ERROR,
			  "a preserved signature is TOTAL-FAILED",
			  LOG_FIELDS({ "poid", c->object->poid },
				     { "why", c->verdict.text }));
}

int signatures_keep(struct care *c, struct ltps_error *err)
{
	struct keep k = { .c = c };
	const char *before = c->version->verdict;
	signatures_verdict_text(&c->verdict, k.verdict);
	k.news = c->verdict.any &&
		 (before == NULL || strcmp(before, k.verdict) != 0 || !has_report(c));
	int rc = make_forms(&k, err);
	if (rc == 0)
		rc = make_material(&k, err);
	if (rc == 0)
		rc = failpoint_fail(FP_SIGNATURES_KEEP, err);
	if (rc == 0)
		rc = store_write(c->w->l->o.store, run_keep, &k, err);
	if (rc == 0)
		alarm_if_failed(&k);
	for (size_t i = 0; i < k.n_forms; i++)
		form_clear(&k.forms[i]);
	for (size_t i = 0; i < k.material.n; i++)
		blob_new_free(k.material.rows[i].blob);
	mem_free(k.material.rows);
	mem_free(k.material.leaves);
	return rc;
}
