/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retrieve_forms - RetrievePO of what is preserved by augmentation (TS 119 512 F.3):
 * the evidence of a signature is its newest raised form, in its own format.
 *
 *   Evidence                 the forms, FormatId saying which evidence is in them
 *   POwithEmbeddedEvidence   the forms, FormatId being that of the signature
 *   POwithDetachedEvidence   the parts as submitted, then the forms as Evidence
 */
#include <string.h>

#include "base/mem.h"
#include "ltp/retrieve_private.h"
#include "ltp/signatures.h"

/* The newest form of one part. */
struct form {
	const struct version *version;
	const struct part *part;
};

bool retrieve_is_of_forms(const struct retrieval *run)
{
	return run->profile != NULL && run->profile->evidence == EVIDENCE_FORM;
}

/* A report says of itself what it is worth. */
static int add_report(struct retrieval *run, const struct version *v,
		      struct ltps_error *err)
{
	if (run->req->subject != SUBJECT_EVIDENCE)
		return retrieve_parts_add(run, v, err);
	refuse(run->result, LTP_WARN_PARTLY, "version %s has no evidence of its own",
	       v->label);
	return 0;
}

static struct form find(const struct retrieval *run, const struct version *v,
			const struct part *p)
{
	const struct object *o = run->object;
	char id[FORM_ID_MAX];
	if (v->kind == VERSION_AUGMENTED)
		return (struct form){ v, p };
	signatures_form_id(p, VERSION_AUGMENTED, id);
	for (size_t i = o->n_versions; i-- > 0;) {
		const struct version *made = &o->versions[i];
		for (size_t k = 0; made->kind == VERSION_AUGMENTED && k < made->n_parts;
		     k++)
			if (made->parts[k].po_id != NULL &&
			    strcmp(made->parts[k].po_id, id) == 0)
				return (struct form){ made, &made->parts[k] };
	}
	return (struct form){ NULL, NULL };
}

static bool detected_as(const struct part *p, enum format_kind kind)
{
	return p->detected != NULL &&
	       strcmp(p->detected, format_by_kind(kind)->name) == 0;
}

static const char *evidence_format(const struct part *form)
{
	return detected_as(form, FORMAT_PADES) ? URI_PADES_DTS : URI_CADES_ATS;
}

bool retrieve_forms_have(const struct retrieval *run, const struct version *v,
			 const char *format)
{
	size_t n = 0;
	for (size_t i = 0; i < v->n_parts; i++) {
		const struct form f = find(run, v, &v->parts[i]);
		if (f.part == NULL)
			continue;
		if (f.part->format_id == NULL || strcmp(f.part->format_id, format) != 0)
			return false;
		n++;
	}
	return n > 0;
}

/* The parts that it was made of, when these are in the answer. */
static int relate(struct retrieval *run, const struct version *v,
		  const struct part *from, struct ltp_po_out *po,
		  struct ltps_error *err)
{
	char id[RETRIEVE_ID_MAX];
	if (run->req->subject != SUBJECT_PO_DETACHED)
		return 0;
	retrieve_part_id(run, v, from, id, sizeof(id));
	po->related = mem_zalloc(1, sizeof(*po->related));
	if (po->related == NULL)
		return ltps_fail_nomem(err);
	if (retrieve_set_text(&po->related[0], id, err) != 0)
		return -1;
	po->n_related = 1;
	return 0;
}

static int add(struct retrieval *run, const struct version *v, const struct part *from,
	       const struct form *f, struct ltps_error *err)
{
	char id[RETRIEVE_ID_MAX];
	const bool embedded = run->req->subject == SUBJECT_PO_EMBEDDED;
	struct ltp_po_out *po = retrieve_po_add(run, err);
	if (po == NULL)
		return -1;
	retrieve_part_id(run, f->version, f->part, id, sizeof(id));
	if (retrieve_set_text(&po->id, id, err) != 0 ||
	    retrieve_set_text(&po->format_id,
			      embedded ? f->part->format_id : evidence_format(f->part),
			      err) != 0 ||
	    retrieve_set_text(&po->mime, f->part->mime, err) != 0 ||
	    relate(run, v, from, po, err) != 0)
		return -1;
	return retrieve_part_fill(run, f->part, po, err);
}

static bool is_wanted(const struct retrieval *run, const struct form *f)
{
	const char *wanted = run->req->evidence_format;
	return wanted == NULL || strcmp(wanted, evidence_format(f->part)) == 0;
}

/* What is said of a version that has less than was asked for. */
static void tell(struct retrieval *run, const struct version *v, size_t missing,
		 size_t unwanted)
{
	if (missing > 0)
		refuse(run->result, LTP_WARN_PARTLY,
		       "%zu parts of version %s are not raised yet; ask again later",
		       missing, v->label);
	else if (unwanted > 0)
		refuse(run->result, LTP_UNKNOWN_EVIDENCE_FORMAT,
		       "the evidence of version %s is not of the format '%s'", v->label,
		       run->req->evidence_format);
}

int retrieve_forms_add(struct retrieval *run, const struct version *v,
		       struct ltps_error *err)
{
	size_t given = 0, missing = 0, unwanted = 0;
	if (run->object->state != OBJECT_LIVE) {
		refuse(run->result, LTP_WARN_PARTLY,
		       "the data was deleted, and its evidence was in it");
		return 0;
	}
	if (v->kind == VERSION_REPORT)
		return add_report(run, v, err);
	if (run->req->subject == SUBJECT_PO_DETACHED && v->kind == VERSION_SUBMITTED &&
	    retrieve_parts_add(run, v, err) != 0)
		return -1;
	for (size_t i = 0; i < v->n_parts; i++) {
		const struct part *p = &v->parts[i];
		const struct form f = find(run, v, p);
		if (f.part == NULL) {
			missing += detected_as(p, FORMAT_CADES) ||
				   detected_as(p, FORMAT_PADES);
			continue;
		}
		if (!is_wanted(run, &f)) {
			unwanted++;
			continue;
		}
		given++;
		if (add(run, v, p, &f, err) != 0)
			return -1;
	}
	if (given == 0 && unwanted == 0 && missing == 0)
		missing = 1; /* a PDF that hides its signature */
	tell(run, v, missing, given == 0 ? unwanted : 0);
	return 0;
}
