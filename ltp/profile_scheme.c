/* SPDX-License-Identifier: Apache-2.0 */
/* profile_scheme - the preservation schemes of TS 119 512 annex F: what each obliges a
 * profile to offer, and what it does not let it promise. */
#include <string.h>

#include "ltp/profile_private.h"

#define SCHEME(name) "http://uri.etsi.org/19512/scheme/" name
#define BIT(op) (1u << (op))
#define FORMATS_MAX 3

struct scheme {
	const char *id;
	const char *clause;
	enum storage_model storage;
	enum profile_evidence evidence;
	unsigned mandatory, forbidden;    /* operations */
	const char *formats[FORMATS_MAX]; /* evidence that is given out; NULL ends */
};

static const struct scheme SCHEMES[] = {
	{ .id = SCHEME("pds+pgd+aug+wst+ers"),
	  .clause = "TS 119 512 F.1",
	  .storage = WITH_STORAGE,
	  .evidence = EVIDENCE_RECORD,
	  .mandatory = BIT(OP_RETRIEVE_INFO) | BIT(OP_PRESERVE_PO) |
		       BIT(OP_RETRIEVE_PO) | BIT(OP_DELETE_PO),
	  .formats = { URI_ER_4998 } },
	{ .id = SCHEME("pgd+wts+ers"),
	  .clause = "TS 119 512 F.2",
	  .storage = WITH_TEMPORARY_STORAGE,
	  .evidence = EVIDENCE_RECORD,
	  .mandatory =
	      BIT(OP_RETRIEVE_INFO) | BIT(OP_PRESERVE_PO) | BIT(OP_RETRIEVE_PO),
	  .forbidden = BIT(OP_DELETE_PO) | BIT(OP_UPDATE_POC),
	  .formats = { URI_ER_4998 } },
	{ .id = SCHEME("pds+wst+aug"),
	  .clause = "TS 119 512 F.3",
	  .storage = WITH_STORAGE,
	  .evidence = EVIDENCE_FORM,
	  .mandatory = BIT(OP_RETRIEVE_INFO) | BIT(OP_PRESERVE_PO) |
		       BIT(OP_RETRIEVE_PO) | BIT(OP_DELETE_PO),
	  .formats = { URI_CADES_ATS, URI_PADES_DTS } },
	/* Nothing is kept that could be asked for. */
	{ .id = SCHEME("pds+wos+aug"),
	  .clause = "TS 119 512 F.4",
	  .storage = WITHOUT_STORAGE,
	  .evidence = EVIDENCE_FORM,
	  .mandatory = BIT(OP_RETRIEVE_INFO) | BIT(OP_PRESERVE_PO),
	  .forbidden = BIT(OP_RETRIEVE_PO) | BIT(OP_DELETE_PO) | BIT(OP_UPDATE_POC) |
		       BIT(OP_RETRIEVE_TRACE) | BIT(OP_SEARCH),
	  .formats = { URI_CADES_ATS, URI_PADES_DTS } },
};

static int wrong(const struct scheme *s, const char *what, const char *name,
		 struct ltps_error *err)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, s->clause, "%s%s%s", what,
			 name[0] != '\0' ? " " : "", name);
}

static const struct scheme *find(const char *id)
{
	for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++)
		if (strcmp(SCHEMES[i].id, id) == 0)
			return &SCHEMES[i];
	return NULL;
}

static int check_operations(const struct scheme *s, const struct profile *p,
			    struct ltps_error *err)
{
	for (unsigned op = 0; op < OP_COUNT; op++) {
		const char *name = operation_name((enum operation)op);
		if ((s->mandatory & BIT(op)) != 0 && (p->operations & BIT(op)) == 0)
			return wrong(s, "the scheme needs the operation", name, err);
		if ((s->forbidden & p->operations & BIT(op)) != 0)
			return wrong(s, "the scheme does not offer the operation", name,
				     err);
	}
	return 0;
}

static int check_formats(const struct scheme *s, const struct profile *p,
			 struct ltps_error *err)
{
	for (size_t i = 0; p->evidence_formats[i] != NULL; i++) {
		bool known = false;
		for (size_t k = 0; k < FORMATS_MAX && s->formats[k] != NULL; k++)
			known =
			    known || strcmp(s->formats[k], p->evidence_formats[i]) == 0;
		if (!known)
			return wrong(s, "under this scheme no evidence is given as",
				     p->evidence_formats[i], err);
	}
	return 0;
}

/* F.2: digests or data that is not kept; evidence for a while, then nothing. */
static int check_temporary(const struct scheme *s, const struct profile *p,
			   struct ltps_error *err)
{
	if (p->storage != WITH_TEMPORARY_STORAGE)
		return p->list_algs[0] == DIGEST_NONE
			   ? 0
			   : wrong(s,
				   "digest_list_algorithm needs storage = "
				   "WithTemporaryStorage",
				   "", err);
	if (p->list_algs[0] == DIGEST_NONE)
		return wrong(s, "the scheme needs a digest_list_algorithm", "", err);
	if (p->signature_policy != NULL)
		return wrong(s, "signatures of data that is not kept are not judged",
			     "", err);
	if (p->period_end != PERIOD_DELETE)
		return wrong(s, "evidence is not held longer than said: period_end is",
			     "delete", err);
	return 0;
}

/* F.3, F.4: the signature in its own format, raised, is all the evidence there is. */
static int check_form(const struct scheme *s, const struct profile *p,
		      struct ltps_error *err)
{
	if (s->evidence != EVIDENCE_FORM)
		return 0;
	if (p->signature_policy == NULL || p->augment != LEVEL_LTA)
		return wrong(s, "the scheme needs a signature_policy and augment = lta",
			     "", err);
	if (p->on_failed != FAILED_REFUSE || p->seal != SEAL_NONE)
		return wrong(s,
			     "what is no valid signature gets no evidence: on_failed "
			     "is refuse, seal is none",
			     "", err);
	return p->evidence_attributes
		   ? wrong(s, "evidence_attributes stand in evidence records", "", err)
		   : 0;
}

int profile_scheme_check(struct profile *p, struct ltps_error *err)
{
	const struct scheme *s = find(p->scheme);
	if (s == NULL || s->storage != p->storage)
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER,
				 "TS 119 512 annex F",
				 "scheme '%s' with %s is not implemented", p->scheme,
				 storage_model_name(p->storage));
	p->evidence = s->evidence;
	if (check_operations(s, p, err) != 0 || check_formats(s, p, err) != 0 ||
	    check_temporary(s, p, err) != 0)
		return -1;
	return check_form(s, p, err);
}
