/* SPDX-License-Identifier: Apache-2.0 */
/* signatures_judge - which parts of an object are signed, what they are about, and the
 * judgement of each. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/cms.h"
#include "ltp/limit.h"
#include "ltp/signatures.h"

/* Judging what comes holds a worker: what takes longer is open, and for the job. */
#define INGEST_MS_MAX 10000

void signatures_verdict_text(const struct signatures_verdict *v,
			     char out[SIGNATURES_VERDICT_MAX])
{
	const char *sub = subindication_name(v->sub);
	snprintf(out, SIGNATURES_VERDICT_MAX, "%s%s%s", indication_total_name(v->worst),
		 sub != NULL ? "/" : "", sub != NULL ? sub : "");
}

/* ---- which parts, and what they are about ---- */

static bool is_cms(const struct signatures_part *p)
{
	return p->detected->kind == FORMAT_CADES;
}

bool signatures_is_pdf(const struct signatures_part *p)
{
	return p->detected->kind == FORMAT_PDF || p->detected->kind == FORMAT_PADES;
}

/*
 * Whether a PDF holds a signature, its reader says: a look at its octets misses what is
 * spelt "/Byte#52ange", and takes a text for it. One that cannot be read is what it
 * looks like.
 */
static int pdf_is_signed(const struct signatures_part *p, bool *ret,
			 struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	struct pades *pdf = NULL;
	*ret = p->detected->kind == FORMAT_PADES;
	if (pades_read(p->data, VIEW_NULL, &pdf, &why) == 0)
		*ret = pdf->n_signatures > 0;
	pades_free(pdf);
	if (why.code == LTPS_OK || why.fault == LTPS_FAULT_OBJECT ||
	    why.code == LTPS_TOO_LARGE)
		return 0;
	*err = why;
	return -1;
}

/* Of the signed formats, those that can be judged so far. */
int signatures_is_judged(const struct signatures_part *p, bool *ret,
			 struct ltps_error *err)
{
	*ret = is_cms(p);
	return signatures_is_pdf(p) ? pdf_is_signed(p, ret, err) : 0;
}

/* What carries no signature, time-stamp or evidence of its own. A PDF: when it is not
 * judged. */
bool signatures_is_unsigned(const struct signatures_part *p)
{
	switch (p->detected->kind) {
	case FORMAT_OCTETS:
	case FORMAT_PDF:
	case FORMAT_PADES:
	case FORMAT_XML:
	case FORMAT_ZIP:
	case FORMAT_XAIP:
		return true;
	default:
		return false;
	}
}

/* Ids that begin as those made up do are not taken over, nor those without room. */
void signatures_form_id(const struct part *p, enum version_kind kind,
			char out[FORM_ID_MAX])
{
	static const char *const WHAT[] = { [VERSION_AUGMENTED] = "augmented",
					    [VERSION_SEALED] = "sealed",
					    [VERSION_REPORT] = "report" };
	const char *id = p->po_id;
	if (id == NULL || strncmp(id, "po-", 3) == 0 ||
	    snprintf(out, FORM_ID_MAX, "%s-%s", WHAT[kind], id) >= FORM_ID_MAX)
		snprintf(out, FORM_ID_MAX, "%s-po-%u", WHAT[kind], p->seq);
}

static bool names(const struct signatures_part *from, const struct signatures_part *to)
{
	for (size_t i = 0; to->id != NULL && i < from->n_related; i++)
		if (strcmp(from->related[i], to->id) == 0)
			return true;
	return false;
}

/* The part that a detached signature is about: one related to it, a signed one only
 * when the signature names it; else the only other one. NULL: none is submitted with
 * it. */
const struct signatures_part *signatures_content(const struct signatures_part *parts,
						 size_t n, size_t signature)
{
	for (size_t i = 0; i < n; i++)
		if (i != signature && !is_cms(&parts[i]) &&
		    (names(&parts[signature], &parts[i]) ||
		     names(&parts[i], &parts[signature])))
			return &parts[i];
	for (size_t i = 0; i < n; i++)
		if (i != signature && names(&parts[signature], &parts[i]))
			return &parts[i];
	const size_t other = 1 - signature;
	return n == 2 && !is_cms(&parts[other]) ? &parts[other] : NULL;
}

/* What has its content inside is about no other part, wherever it stands. */
static int is_detached(const struct signatures_part *p, bool *ret,
		       struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	struct cms *cms = NULL;
	*ret = true; /* what cannot be read is told when it is judged */
	if (cms_parse(p->data, &cms, &why) == 0)
		*ret = !cms->has_content;
	cms_free(cms);
	if (why.code == LTPS_OK || why.fault == LTPS_FAULT_OBJECT)
		return 0;
	*err = why;
	return -1;
}

/* Whether a part is the content of one that is signed and detached. */
static int is_content(const struct signatures_part *parts, size_t n, size_t i,
		      bool *ret, struct ltps_error *err)
{
	*ret = false;
	for (size_t k = 0; !*ret && k < n; k++)
		if (k != i && is_cms(&parts[k]) &&
		    signatures_content(parts, n, k) == &parts[i] &&
		    is_detached(&parts[k], ret, err) != 0)
			return -1;
	return 0;
}

int signatures_find_bare(const struct signatures_part *parts, size_t n,
			 size_t *ret_part, struct ltps_error *err)
{
	for (size_t i = 0; i < n; i++) {
		bool held;
		if (signatures_is_judged(&parts[i], &held, err) != 0)
			return -1;
		if (!held && is_content(parts, n, i, &held, err) != 0)
			return -1;
		if (!held) {
			*ret_part = i;
			return 0;
		}
	}
	*ret_part = n;
	return 0;
}

/* ---- one signed part ---- */

void signatures_worse(struct signatures_verdict *v, enum indication indication,
		      enum subindication sub, const char *text)
{
	/* FAILED is the worst, then INDETERMINATE. */
	static const int rank[] = { [INDICATION_PASSED] = 0,
				    [INDICATION_INDETERMINATE] = 1,
				    [INDICATION_FAILED] = 2 };
	if (v->any && rank[indication] <= rank[v->worst])
		return;
	v->any = true;
	v->worst = indication;
	v->sub = sub;
	snprintf(v->text, sizeof(v->text), "%s", text);
}

static void take_signature(struct signatures_verdict *v, size_t part,
			   const struct report_signature *s)
{
	char text[400], name[CERT_TEXT_MAX] = "an unknown signer";
	const char *sub = subindication_name(s->conclusion.sub);
	if (s->signing_certificate != NULL)
		cert_text(s->signing_certificate, name);
	snprintf(text, sizeof(text), "po[%zu]: signature of %.120s: %s%s%s%s%.160s",
		 part, name, indication_total_name(s->conclusion.indication),
		 sub != NULL ? ", " : "", sub != NULL ? sub : "",
		 s->conclusion.text[0] != '\0' ? ": " : "", s->conclusion.text);
	signatures_worse(v, s->conclusion.indication, s->conclusion.sub, text);
}

/* Names of the outside: what is no text that a search could be for is left out. */
static int take_fact(struct signatures_facts *f, size_t part,
		     const struct report_signature *s, struct ltps_error *err)
{
	char name[CERT_TEXT_MAX];
	const struct signatures_verdict v = { .worst = s->conclusion.indication,
					      .sub = s->conclusion.sub };
	if (s->signing_certificate == NULL || f->n == SIGNATURE_ROWS_MAX)
		return 0;
	cert_text(s->signing_certificate, name);
	if (name[0] == '\0' || !utf8_valid(view_text(name)))
		return 0;
	if (mem_grow(&f->list, sizeof(*f->list), f->n + 1, &f->cap, err) != 0)
		return -1;
	struct signatures_fact *fact = &f->list[f->n++];
	fact->part = part;
	snprintf(fact->subject, sizeof(fact->subject), "%s", name);
	signatures_verdict_text(&v, fact->verdict);
	return 0;
}

static int take_report(struct signatures_verdict *v, struct signatures_facts *f,
		       size_t part, const struct report *r, struct ltps_error *err)
{
	for (size_t i = 0; i < r->n_signatures; i++) {
		take_signature(v, part, &r->signatures[i]);
		if (f != NULL && take_fact(f, part, &r->signatures[i], err) != 0)
			return -1;
	}
	return 0;
}

/* What cannot be read has failed; what is beyond our limits is not known. */
static void take_unreadable(struct signatures_verdict *v, size_t part,
			    const struct ltps_error *why)
{
	char text[400];
	const bool broken = why->code == LTPS_FORMAT;
	snprintf(text, sizeof(text), "po[%zu]: %s", part, why->text);
	signatures_worse(v, broken ? INDICATION_FAILED : INDICATION_INDETERMINATE,
			 broken ? SUB_FORMAT_FAILURE : SUB_CUSTOM, text);
}

/* Beyond what is judged: nothing is known of it. */
void signatures_take_excess(struct signatures_verdict *v, size_t part)
{
	char text[80];
	snprintf(text, sizeof(text), "po[%zu]: more than %d signed objects", part,
		 SIGNATURES_PARTS_MAX);
	signatures_worse(v, INDICATION_INDETERMINATE, SUB_CUSTOM, text);
}

static void add_proof(struct engine_proof *list, size_t *n, const uint8_t sha256[32],
		      int64_t time_ms)
{
	memcpy(list[*n].sha256, sha256, 32);
	list[*n].time_ms = time_ms;
	++*n;
}

int signatures_proofs(const struct document *d, int64_t time_ms,
		      struct engine_proof **ret, size_t *ret_n, struct ltps_error *err)
{
	const struct material *m = d->material;
	const size_t certs = material_count(m, MATERIAL_CERT);
	const size_t crls = material_count(m, MATERIAL_CRL);
	const size_t ocsps = material_count(m, MATERIAL_OCSP);
	*ret_n = 0;
	*ret = NULL;
	if (time_ms == INT64_MAX)
		return 0;
	*ret = mem_zalloc(2 * d->n_signatures + d->n_stamps + certs + crls + ocsps + 1,
			  sizeof(**ret));
	if (*ret == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < d->n_signatures; i++) {
		add_proof(*ret, ret_n, d->signatures[i].sha256, time_ms);
		if (d->signatures[i].has_content)
			add_proof(*ret, ret_n, d->signatures[i].content_sha256,
				  time_ms);
	}
	for (size_t i = 0; i < d->n_stamps; i++)
		add_proof(*ret, ret_n, d->stamps[i].sha256, time_ms);
	for (size_t i = 0; i < certs; i++)
		add_proof(*ret, ret_n, material_cert(m, MATERIAL_CERT, i)->sha256,
			  time_ms);
	for (size_t i = 0; i < crls; i++)
		add_proof(*ret, ret_n, material_crl(m, i)->sha256, time_ms);
	for (size_t i = 0; i < ocsps; i++)
		add_proof(*ret, ret_n, material_ocsp(m, i)->sha256, time_ms);
	return 0;
}

struct engine_input signatures_input(const struct signatures_judging *j)
{
	return (struct engine_input){ .policy = j->policy,
				      .pools = &j->w->l->history_pool,
				      .n_pools = 1,
				      .budget = j->budget,
				      .cache = j->w->signatures,
				      .time_ms = j->now_ms };
}

static int read_document(const struct signatures_part *p, struct content *content,
			 struct document **ret, struct ltps_error *err)
{
	return signatures_is_pdf(p) ? document_read_pdf(p->data, VIEW_NULL, ret, err)
				    : document_read(p->data, content, ret, err);
}

/*
 * Judges one part into c: document and judged are set unless it cannot be read, which
 * the verdict then says.
 */
int signatures_judge_part(const struct signatures_judging *j,
			  const struct signatures_part *parts, size_t n, size_t part,
			  struct cared_part *c, struct signatures_verdict *v,
			  struct signatures_facts *facts, struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	struct engine_proof *proofs = NULL;
	const struct signatures_part *content =
	    signatures_is_pdf(&parts[part]) ? NULL : signatures_content(parts, n, part);
	struct engine_input in = signatures_input(j);
	const struct path_sources sources = worker_sources(j->w, j->network);
	if (content != NULL && content->absent)
		content = NULL;
	if (content != NULL)
		c->content = content_of(content->data);
	if (read_document(&parts[part], content != NULL ? &c->content : NULL,
			  &c->document, &why) != 0) {
		if (why.fault != LTPS_FAULT_OBJECT) {
			*err = why;
			return -1;
		}
		take_unreadable(v, part, &why);
		return 0;
	}
	/* The object's own evidence record proves everything inside (DESIGN: data
	 * path). */
	if (signatures_proofs(c->document, j->proof_ms, &proofs, &in.n_proofs, err) !=
	    0)
		return -1;
	in.document = c->document;
	in.proofs = proofs;
	const int rc = judge_document(&sources, &in, &c->judged, err);
	mem_free(proofs);
	return rc == 0 ? take_report(v, facts, part, c->judged.report, err) : rc;
}

void signatures_cared_clear(struct cared_part *c)
{
	augmented_clear(&c->augmented);
	judged_clear(&c->judged);
	document_free(c->document);
	buf_free(&c->report);
	buf_free(&c->made);
	buf_free(&c->form);
	augmented_clear(&c->half);
	augmented_clear(&c->base[1]);
	augmented_clear(&c->base[0]);
	signatures_stand_clear(&c->stand);
	*c = (struct cared_part){ 0 };
}

int signatures_judge(struct ltp_worker *w, const struct profile *p,
		     const struct signatures_part *parts, size_t n, int64_t proof_ms,
		     struct signatures_verdict *ret, struct signatures_facts *facts,
		     struct ltps_error *err)
{
	struct limit limit = limit_of(INGEST_MS_MAX, NULL);
	const struct signatures_judging j = { .w = w,
					      .policy = policy_of(w->l, p),
					      .budget = limit_budget(&limit),
					      .now_ms = ltp_now(w->l),
					      .proof_ms = proof_ms };
	size_t judged = 0;
	int rc = 0;
	*ret = (struct signatures_verdict){ .worst = INDICATION_PASSED };
	for (size_t i = 0; rc == 0 && j.policy != NULL && i < n; i++) {
		struct cared_part c = { .part = i };
		bool signed_part;
		if (parts[i].known)
			continue;
		rc = signatures_is_judged(&parts[i], &signed_part, err);
		if (rc != 0 || !signed_part)
			continue;
		if (judged++ < SIGNATURES_PARTS_MAX)
			rc =
			    signatures_judge_part(&j, parts, n, i, &c, ret, facts, err);
		else
			signatures_take_excess(ret, i);
		signatures_cared_clear(&c);
	}
	return rc;
}

/* ---- who signed ---- */

void signatures_facts_clear(struct signatures_facts *f)
{
	mem_free(f->list);
	*f = (struct signatures_facts){ 0 };
}

int signatures_facts_keep(struct store_conn *conn, int64_t version,
			  const struct signatures_facts *f, struct ltps_error *err)
{
	struct signature_row *rows = mem_zalloc(f->n + 1, sizeof(*rows));
	if (rows == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < f->n; i++)
		rows[i] = (struct signature_row){ .part = (uint32_t)f->list[i].part + 1,
						  .subject = f->list[i].subject,
						  .verdict = f->list[i].verdict };
	const int rc = signatures_put(conn, version, rows, f->n, err);
	mem_free(rows);
	return rc;
}
