/* SPDX-License-Identifier: Apache-2.0 */
/* package_evidence - the evidence record of a version, its tokens, and the commands
 * that judge them. */
#include <stdio.h>

#include "base/mem.h"
#include "ltp/evidence.h"
#include "ltp/package_private.h"
#include "timestamping/ers.h"
#include "timestamping/tst.h"
#include "validation/evidence_source.h"

/* Tokens of a record that get commands of their own: a century has some dozens. */
#define TOKENS_MAX 200

/* ---- the objects of the record ---- */

static int put_digests(struct buf *out, const struct part *part, struct ltps_error *err)
{
	struct digest list[PART_DIGESTS_MAX];
	const size_t n = part_digests(part, list);
	for (size_t i = 0; i < n; i++) {
		char hex[2 * DIGEST_MAX + 1];
		hex_encode(digest_view(&list[i]), hex);
		if (buf_put_fmt(out, err, "%s%s:%s", i == 0 ? " --digest " : ",",
				digest_name(list[i].alg), hex) != 0)
			return -1;
	}
	return 0;
}

static int put_objects(struct buf *out, const struct package_version *pv,
		       struct ltps_error *err)
{
	for (size_t i = 0; i < pv->n; i++)
		if ((pv->names[i][0] != '\0'
			 ? buf_put_fmt(out, err, " --data %s", pv->names[i])
			 : put_digests(out, &pv->v->parts[i], err)) != 0)
			return -1;
	return 0;
}

static void fill_object(const struct package_version *pv, size_t i,
			struct ers_object *o,
			struct digest digests[PART_DIGESTS_MAX])
{
	*o = (struct ers_object){ .name = pv->names[i],
				  .has_data = pv->names[i][0] != '\0',
				  .data = pv->parts[i].data,
				  .digests = digests,
				  .n_digests = part_digests(&pv->v->parts[i], digests) };
}

/* What the command will say, by the same judgement. */
static int judge(struct package *p, const struct package_version *pv,
		 struct view record, struct package_step *s, struct ltps_error *err)
{
	struct evidence_reports reports = { .n = 0 };
	struct ers_object *objects = mem_zalloc(pv->n + 1, sizeof(*objects));
	struct digest(*digests)[PART_DIGESTS_MAX] =
	    mem_zalloc(pv->n + 1, sizeof(*digests));
	struct ers_input in = { .objects = objects,
				.n_objects = pv->n,
				.material = p->w->l->history,
				.policy = p->evidence_policy != NULL
					      ? &p->evidence_policy->algorithms
					      : NULL,
				.time_ms = p->now_ms };
	int rc = -1;
	if (objects == NULL || digests == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	for (size_t i = 0; i < pv->n; i++)
		fill_object(pv, i, &objects[i], digests[i]);
	if (evidence_judge(record, &in, &reports, err) != 0)
		goto out;
	const struct ers_report *r = evidence_worst(&reports);
	s->status = r->indication == INDICATION_PASSED   ? 0
		    : r->indication == INDICATION_FAILED ? 1
							 : 2;
	snprintf(s->outcome, sizeof(s->outcome), "%s%s%s",
		 indication_name(r->indication), r->subindication != NULL ? "/" : "",
		 r->subindication != NULL ? r->subindication : "");
	rc = 0;
out:
	evidence_reports_clear(&reports);
	mem_free(objects);
	mem_free(digests);
	return rc;
}

/* ---- tokens ---- */

static int add_token(struct package *p, const struct package_version *pv, size_t c,
		     size_t s, struct view token, struct ltps_error *err)
{
	char name[PACKAGE_NAME_MAX];
	struct package_step *step = NULL;
	struct tst *tst = NULL;
	int rc = -1;
	snprintf(name, sizeof(name), "tokens/%s-%zu-%zu.tst", pv->label, c + 1, s + 1);
	if (tst_parse(token, &tst, err) != 0 || package_add(p, name, token, err) != 0 ||
	    package_step_add(p, PACKAGE_TOKEN, &step, err) != 0)
		goto out;
	step->time_ms = tst->gen_time_ms;
	rc = buf_put_text(&step->command, name, err);
out:
	tst_free(tst);
	return rc;
}

static int add_tokens(struct package *p, const struct package_version *pv,
		      struct view record, struct ltps_error *err)
{
	struct ers *er = NULL;
	size_t n = 0;
	int rc = ers_parse(record, &er, err);
	for (size_t c = 0; rc == 0 && c < er->n_chains; c++)
		for (size_t s = 0; rc == 0 && s < er->chains[c].n; s++)
			if (n++ < TOKENS_MAX)
				rc = add_token(p, pv, c, s,
					       er->chains[c].stamps[s].token, err);
	if (rc == 0 && n > TOKENS_MAX)
		rc = package_note(
		    p, err, "Only the first %d tokens of %s are given on their own.",
		    TOKENS_MAX, pv->label);
	ers_free(er);
	return rc;
}

/* ---- the record ---- */

static int add_record(struct package *p, const struct package_version *pv,
		      struct view record, struct ltps_error *err)
{
	char name[PACKAGE_NAME_MAX];
	struct package_step *step = NULL;
	snprintf(name, sizeof(name), "evidence/%s.er", pv->label);
	if (package_add(p, name, record, err) != 0 ||
	    package_step_add(p, PACKAGE_EVIDENCE, &step, err) != 0 ||
	    buf_put_text(&step->command, name, err) != 0 ||
	    put_objects(&step->command, pv, err) != 0 ||
	    judge(p, pv, record, step, err) != 0 ||
	    package_step_add(p, PACKAGE_DUMP, &step, err) != 0 ||
	    buf_put_text(&step->command, name, err) != 0)
		return -1;
	return add_tokens(p, pv, record, err);
}

int package_evidence(struct package *p, const struct package_version *pv,
		     struct ltps_error *err)
{
	struct buf record = buf_make(ERS_SIZE_MAX);
	bool ready = false;
	int rc = evidence_assemble(p->w, pv->v, &record, &ready, err);
	if (rc == 0 && ready) {
		rc = add_record(p, pv, view_buf(&record), err);
	} else if (rc == 0) {
		p->missing = true;
		rc = package_note(p, err,
				  "The evidence of version %s is not made yet; ask "
				  "again later.",
				  pv->label);
	}
	buf_free(&record);
	return rc;
}
