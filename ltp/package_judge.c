/* SPDX-License-Identifier: Apache-2.0 */
/*
 * package_judge - the signed parts of a version judged on what is at hand, so that the
 * package holds what the verdict rests on and says which one to expect.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/limit.h"
#include "ltp/package_private.h"
#include "ltp/validation.h"

#define JUDGE_MS_MAX                                                                   \
	60000       /* of one package; what comes later is left to the reader          \
		     */
#define PEM_LINE 48 /* octets: 64 characters, RFC 7468 2 */

/* ---- material ---- */

static int keep_material(struct package *p, const struct report *r,
			 struct ltps_error *err)
{
	for (size_t i = 0; i < r->n_certs; i++)
		if (material_add_cert(p->material, MATERIAL_CERT, r->certs[i], err) !=
		    0)
			return -1;
	for (size_t i = 0; i < r->n_crls; i++)
		if (material_add_crl(p->material, r->crls[i], err) != 0)
			return -1;
	for (size_t i = 0; i < r->n_ocsps; i++)
		if (material_add_ocsp(p->material, r->ocsps[i], err) != 0)
			return -1;
	return 0;
}

static int put_pem(struct buf *out, const char *label, struct view der,
		   struct ltps_error *err)
{
	if (buf_put_fmt(out, err, "-----BEGIN %s-----\n", label) != 0)
		return -1;
	for (; der.n > 0; der = view_skip(der, der.n < PEM_LINE ? der.n : PEM_LINE))
		if (b64_encode(view_head(der, der.n < PEM_LINE ? der.n : PEM_LINE), out,
			       err) != 0 ||
		    buf_put_byte(out, '\n', err) != 0)
			return -1;
	return buf_put_fmt(out, err, "-----END %s-----\n", label);
}

int package_material(struct package *p, struct ltps_error *err)
{
	static const struct {
		enum material_kind kind;
		const char *name, *label;
	} files[] = {
		{ MATERIAL_CERT, "material/certs.pem", "CERTIFICATE" },
		{ MATERIAL_CRL, "material/crls.pem", "X509 CRL" },
		{ MATERIAL_OCSP, "material/ocsp.pem", "OCSP RESPONSE" },
	};
	int rc = 0;
	for (size_t f = 0; rc == 0 && f < 3; f++) {
		const size_t n = material_count(p->material, files[f].kind);
		struct buf out = buf_make(RETRIEVE_BYTES_MAX);
		for (size_t i = 0; rc == 0 && i < n; i++)
			rc = put_pem(&out, files[f].label,
				     material_at(p->material, files[f].kind, i), err);
		if (rc == 0 && n > 0)
			rc = package_add(p, files[f].name, view_buf(&out), err);
		buf_free(&out);
	}
	return rc;
}

/* ---- one signed part ---- */

static int add_report(struct package *p, const struct package_version *pv, size_t part,
		      const struct report *r, struct ltps_error *err)
{
	char name[PACKAGE_NAME_MAX];
	struct buf out = buf_make(VALIDATION_REPORT_MAX);
	const struct report_frame frame = { .file = pv->names[part],
					    .service = p->w->l->o.service_id };
	snprintf(name, sizeof(name), "reports/%s-%u.json", pv->label,
		 pv->v->parts[part].seq);
	int rc =
	    validation_write(r, &frame, VALIDATION_JSON, NULL, p->now_ms, &out, err);
	if (rc == 0)
		rc = package_add(p, name, view_buf(&out), err);
	buf_free(&out);
	return rc;
}

/* Where the part that a detached signature is about lies; NULL: there is none. */
static const char *content_name(const struct content *c,
				const struct package_version *a,
				const struct package_version *b)
{
	const struct package_version *list[] = { a, b };
	for (size_t k = 0; k < 2 && c->in_memory; k++)
		for (size_t i = 0; list[k] != NULL && i < list[k]->n; i++)
			if (list[k]->parts[i].data.p == c->bytes.p &&
			    list[k]->names[i][0] != '\0')
				return list[k]->names[i];
	return NULL;
}

static int add_validate(struct package *p, const struct cared_part *c, const char *name,
			const char *content, const struct signatures_verdict *v,
			struct ltps_error *err)
{
	struct package_step *step = NULL;
	if (package_step_add(p, PACKAGE_VALIDATE, &step, err) != 0)
		return -1;
	step->status = report_exit_status(c->judged.report);
	signatures_verdict_text(v, step->outcome);
	if (buf_put_text(&step->command, name, err) != 0)
		return -1;
	return content != NULL
		   ? buf_put_fmt(&step->command, err, " --content %s", content)
		   : 0;
}

/* One signature in DER that passes: what OpenSSL has to say of it can be told. */
static int add_cms(struct package *p, const struct cared_part *c, struct view file,
		   const char *name, const char *content, struct ltps_error *err)
{
	const struct report *r = c->judged.report;
	struct package_step *step = NULL;
	if (c->document->cms == NULL || r->n_signatures != 1 || format_is_pem(file) ||
	    report_exit_status(r) != 0)
		return 0;
	if (package_step_add(p, PACKAGE_CMS, &step, err) != 0)
		return -1;
	step->time_ms = r->signatures[0].best_signature_time_ms;
	if (buf_put_text(&step->command, name, err) != 0)
		return -1;
	return content != NULL
		   ? buf_put_fmt(&step->command, err, " -content %s", content)
		   : 0;
}

/* Of parts of `base`: the one that this form was made of; base->n: none. */
static size_t origin(const struct signatures_part *form,
		     const struct package_version *base)
{
	for (size_t i = 0; i < base->n; i++) {
		char own[PO_ID_MAX + 1];
		const char *id = base->parts[i].id;
		snprintf(own, sizeof(own), "po-%u", base->v->parts[i].seq);
		for (size_t k = 0; k < form->n_related; k++)
			if (strcmp(form->related[k], id != NULL ? id : own) == 0)
				return i;
	}
	return base->n;
}

/*
 * The parts among which one is judged: those of its version; a raised form in the place
 * of what it was made of, so that it is about the same; a seal beside what it seals.
 * *ret_part: where the part is now.
 */
static struct signatures_part *gather(const struct package_version *pv, size_t part,
				      const struct package_version *base, size_t *ret_n,
				      size_t *ret_part)
{
	const size_t more = base != NULL ? base->n : 0;
	struct signatures_part *all = mem_zalloc(pv->n + more + 1, sizeof(*all));
	if (all == NULL)
		return NULL;
	const size_t from = more > 0 && pv->v->kind == VERSION_AUGMENTED
				? origin(&pv->parts[part], base)
				: more;
	if (from < more) {
		memcpy(all, base->parts, more * sizeof(*all));
		all[from].data = pv->parts[part].data;
		all[from].detected = pv->parts[part].detected;
		all[from].absent = false;
		*ret_n = more;
		*ret_part = from;
		return all;
	}
	if (pv->n > 0)
		memcpy(all, pv->parts, pv->n * sizeof(*all));
	if (more > 0)
		memcpy(all + pv->n, base->parts, more * sizeof(*all));
	*ret_n = pv->n + more;
	*ret_part = part;
	return all;
}

static int judge_part(struct package *p, const struct signatures_judging *j,
		      const struct package_version *pv, size_t part,
		      const struct package_version *base, struct ltps_error *err)
{
	struct cared_part c = { .part = part };
	struct signatures_verdict v = { .worst = INDICATION_PASSED };
	size_t n = 0, at = 0;
	struct signatures_part *parts = gather(pv, part, base, &n, &at);
	if (parts == NULL)
		return ltps_fail_nomem(err);
	int rc = signatures_judge_part(j, parts, n, at, &c, &v, NULL, err);
	const char *content = content_name(&c.content, pv, base);
	if (rc == 0 && c.judged.report != NULL && c.document->cms != NULL &&
	    c.document->cms->has_content)
		content = NULL;
	if (rc == 0 && c.judged.report != NULL &&
	    (keep_material(p, c.judged.report, err) != 0 ||
	     add_report(p, pv, part, c.judged.report, err) != 0 ||
	     add_validate(p, &c, pv->names[part], content, &v, err) != 0 ||
	     add_cms(p, &c, parts[at].data, pv->names[part], content, err) != 0))
		rc = -1;
	if (rc == 0 && c.judged.report == NULL)
		rc = package_note(p, err, "%.100s cannot be read: %.80s",
				  pv->names[part], v.text);
	signatures_cared_clear(&c);
	mem_free(parts);
	return rc;
}

int package_judge(struct package *p, const struct package_version *pv,
		  const struct package_version *base, struct ltps_error *err)
{
	struct limit limit = limit_of(JUDGE_MS_MAX, NULL);
	const struct signatures_judging j = { .w = p->w,
					      .policy = p->policy,
					      .budget = limit_budget(&limit),
					      .now_ms = p->now_ms,
					      .proof_ms = INT64_MAX };
	size_t judged = 0;
	int rc = 0;
	if (p->policy == NULL)
		return 0;
	for (size_t i = 0; rc == 0 && i < pv->n && judged < SIGNATURES_PARTS_MAX; i++) {
		bool is_signed = false;
		if (pv->names[i][0] == '\0')
			continue;
		rc = signatures_is_judged(&pv->parts[i], &is_signed, err);
		if (rc != 0 || !is_signed)
			continue;
		judged++;
		rc = judge_part(p, &j, pv, i, base, err);
	}
	return rc;
}
