/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_check - what would be refused is refused before anything is submitted: the
 * requests are made as they will be sent, and judged by the rules that the service has
 * for them (ltp/request.h).
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/format.h"
#include "ltp/request.h"
#include "server/commands.h"
#include "server/import.h"
#include "server/policy_file.h"
#include "server/result.h"
#include "validation/evidence_source.h"

/* ---- what is told ---- */

static int refuse(const char *id, const char *minor, const char *why)
{
	progress_hide();
	fprintf(stderr, "ltps: import: %s: ", minor);
	client_show(stderr, id);
	fputs(": ", stderr);
	client_show(stderr, why);
	fputc('\n', stderr);
	return EXIT_INVALID;
}

static int refuse_format(const char *id, const char *why)
{
	return refuse(id, "POFormatError", why);
}

/* As the service would. */
static int refuse_as(const char *id, const struct ltp_result *r)
{
	const char *minor = result_of_minor(r->minor).minor;
	const char *name = minor != NULL ? strrchr(minor, '/') : NULL;
	return refuse(id, name != NULL ? name + 1 : "refused", r->message);
}

/* ---- the document ---- */

static struct ers_input input_of(const struct import *im)
{
	return (struct ers_input){ .material = im->trust.material,
				   .policy = &im->policy->algorithms,
				   .time_ms = im->trust.time_ms };
}

static void fill_objects(const struct import *im, const struct exchange_item *e,
			 struct ers_object *objects)
{
	for (size_t i = 0; i < e->n_refs; i++) {
		const struct exchange_item *o = exchange_find(&im->x, e->refs[i]);
		objects[i] = (struct ers_object){ .name = o->id,
						  .has_data = true,
						  .data = view_buf(&o->data) };
	}
}

/* Why it does not hold; NULL when it does. */
static const char *defect_of(const struct evidence_reports *reports, char text[300])
{
	if (reports->n != 1)
		return "it is not one evidence record";
	const struct ers_report *r = reports->r[0];
	bool covered = r->n_covers > 0;
	for (size_t i = 0; i < r->n_covers; i++)
		covered = covered && r->covers[i].covered;
	if (r->intact && covered && r->indication == INDICATION_PASSED)
		return NULL;
	snprintf(text, 300, "%s%s%s: %s", indication_name(r->indication),
		 r->subindication != NULL ? "/" : "",
		 r->subindication != NULL ? r->subindication : "",
		 r->n_findings > 0 ? r->findings[0].text : "it does not verify");
	return text;
}

/* A record that goes on with nothing. 0, or the exit status with which to end. */
static int judge_beside(const struct import *im, const struct exchange_item *e)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct evidence_reports reports = { .n = 0 };
	char text[300];
	struct ers_object *objects = mem_zalloc(e->n_refs, sizeof(*objects));
	struct ers_input in = input_of(im);
	int status = 0;
	in.objects = objects;
	in.n_objects = e->n_refs;
	if (objects != NULL)
		fill_objects(im, e, objects);
	else
		ltps_fail_nomem(&err);
	if (objects == NULL ||
	    evidence_judge(view_buf(&e->data), &in, &reports, &err) != 0) {
		status = err.fault == LTPS_FAULT_OBJECT ? refuse_format(e->id, err.text)
							: command_error(e->id, &err);
	} else {
		const char *why = defect_of(&reports, text);
		status = why != NULL ? refuse_format(e->id, why) : 0;
	}
	evidence_reports_clear(&reports);
	mem_free(objects);
	return status;
}

static int check_evidence(const struct import *im, const struct exchange_item *e)
{
	if (e->poid == NULL)
		return refuse_format(e->id,
				     "it does not say which object it belongs to");
	if (e->n_refs == 0)
		return refuse_format(e->id, "it does not say what it is about");
	if (format_detect(view_buf(&e->data))->kind != FORMAT_EVIDENCE_RECORD)
		return refuse_format(e->id, "it is no evidence record of RFC 4998");
	return im->beside != 0 ? judge_beside(im, e) : 0;
}

static bool is_covered(const struct exchange *x, const char *id)
{
	for (size_t i = 0; i < x->n; i++)
		for (size_t k = 0; k < x->items[i].n_refs; k++)
			if (strcmp(x->items[i].refs[k], id) == 0)
				return true;
	return false;
}

static int check_items(const struct import *im)
{
	size_t evidence = 0;
	for (size_t i = 0; i < im->x.n; i++) {
		const struct exchange_item *item = &im->x.items[i];
		int status = 0;
		evidence += item->kind == EXCHANGE_EVIDENCE;
		if (item->kind == EXCHANGE_EVIDENCE)
			status = check_evidence(im, item);
		else if (item->kind == EXCHANGE_OBJECT && !is_covered(&im->x, item->id))
			status = refuse_format(item->id, "no evidence is about it");
		if (status != 0)
			return status;
	}
	return evidence > 0 ? 0
			    : refuse_format(im->rest[0], "there is no evidence in it");
}

/* ---- the requests ---- */

/* In the place of a profile that only the service knows: what holds under any. */
static const struct profile ANY_PROFILE = { .id = "",
					    .storage = WITH_STORAGE,
					    .operations = ~0u,
					    .valid_from_ms = INT64_MIN,
					    .valid_until_ms = INT64_MAX,
					    .max_po_bytes = UINT64_MAX,
					    .max_pos = UINT64_MAX };

static bool formats_true(const struct import_request *r, struct ltp_result *why)
{
	for (size_t i = 0; i < r->n; i++)
		if (!request_format_true(&r->pos[i], format_detect(r->pos[i].data), i,
					 why))
			return false;
	return true;
}

static int rules_hold(const struct import *im, const struct profile *profile,
		      const struct import_piece *p, const struct import_request *r,
		      bool *ret_hold, struct ltp_result *why, struct ltps_error *err)
{
	const struct ltp_po *record = &r->pos[r->n - 1];
	*ret_hold =
	    request_profile_serves(profile, r->operation, im->trust.time_ms, why) &&
	    request_record_stands(r->pos, r->n, why);
	if (!*ret_hold)
		return 0;
	if (p->before.e != NULL) {
		*ret_hold = request_deltas_hold(profile, r->pos, r->n - 1, NULL, record,
						why);
		return 0;
	}
	if (request_pos_hold(profile, r->pos, r->n, ret_hold, why, err) != 0)
		return -1;
	*ret_hold = *ret_hold && formats_true(r, why);
	return 0;
}

/* Over the whole version, also where only what differs is sent. */
static int record_holds(const struct import *im, const struct import_piece *p,
			const struct import_request *r, bool *ret_holds,
			struct ltp_result *why, struct ltps_error *err)
{
	const struct ers_input by = input_of(im);
	struct view *data = mem_zalloc(p->e->n_refs, sizeof(*data));
	if (data == NULL)
		return ltps_fail_nomem(err);
	for (size_t k = 0; k < p->e->n_refs; k++)
		data[k] = view_buf(&exchange_find(&im->x, p->e->refs[k])->data);
	const int rc = request_record_holds(&by, &r->pos[r->n - 1], data, p->e->n_refs,
					    ret_holds, why, err);
	mem_free(data);
	return rc;
}

static int check_request(const struct import *im, const struct profile *profile,
			 const struct import_piece *p, const struct import_request *r)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result why;
	bool holds;
	result_set(&why, LTP_OK, "%s", "");
	if (rules_hold(im, profile, p, r, &holds, &why, &err) != 0)
		return command_error(p->e->id, &err);
	if (holds && p->v.e != NULL && record_holds(im, p, r, &holds, &why, &err) != 0)
		return command_error(p->e->id, &err);
	return holds ? 0 : refuse_as(p->e->id, &why);
}

static int check_step(const struct import *im, const struct import_piece *p,
		      char poid[IMPORT_POID_MAX], void *arg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct import_request r = { .n = 0 };
	(void)poid;
	const int status = import_request_make(im, p, &r, &err) == 0
			       ? check_request(im, arg, p, &r)
			       : command_error(p->e->id, &err);
	import_request_clear(&r);
	return status;
}

/* ---- the whole ---- */

static const struct profile *find_profile(struct profile *const *list, size_t n,
					  const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i]->id, id) == 0)
			return list[i];
	return NULL;
}

/* What a yes leaves open. */
static void tell_open(const struct import *im, bool known)
{
	progress_hide();
	printf("it holds; not checked, since only the service knows them: its anchors "
	       "and policy, how it judges signatures, how large a request may be, "
	       "quotas, what is there already%s%s\n",
	       known ? "" : ", what is taken by the profile ",
	       known ? "" : im->profile);
}

static void tell_judged(const struct import *im, size_t done, size_t n)
{
	progress_step(im->client.progress, "judging", PROGRESS_THINGS, done, n);
}

int import_check(struct import *im)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct profile *list[PROFILES_MAX];
	size_t n = 0;
	int status = check_items(im);
	if (status != 0)
		return status;
	if (profile_builtin(list, PROFILES_MAX, &n, &err) != 0)
		return command_error("import", &err);
	/* Another service may have another profile of this name: nothing but a check that
	 * was asked for goes by ours. */
	const struct profile *known =
	    im->check != 0 ? find_profile(list, n, im->profile) : NULL;
	const struct profile *profile = known != NULL ? known : &ANY_PROFILE;
	status = import_walk(im, tell_judged, check_step, (void *)(uintptr_t)profile);
	if (status == 0 && im->check != 0)
		tell_open(im, known != NULL);
	while (n > 0)
		profile_free(list[--n]);
	return status;
}
