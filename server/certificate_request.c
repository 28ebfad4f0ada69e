/* SPDX-License-Identifier: Apache-2.0 */
#include "server/certificate_request.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/api_json_read.h"
#include "validation/material.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PEM_BEGIN "-----BEGIN "

static int bad(struct ltps_error *err, const char *name, const char *why)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL, "%s: %s", name,
			 why);
}

/* ---- material ---- */

static int begin(struct certificate_request *r, struct ltps_error *err)
{
	r->path.prefix = "";
	return r->material != NULL ? 0 : material_new(&r->material, err);
}

/* What does not decode is the client's. */
static int add(struct certificate_request *r, enum material_kind kind,
	       struct view octets, struct ltps_error *err)
{
	if (material_add_text_or_der(r->material, kind, octets, err) != 0) {
		if (err->fault == LTPS_FAULT_OBJECT)
			err->fault = LTPS_FAULT_CALLER;
		return -1;
	}
	if (material_count(r->material, kind) > CERTIFICATE_ITEMS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d objects of a kind",
				 CERTIFICATE_ITEMS_MAX);
	return 0;
}

static int check_target(const struct certificate_request *r, struct ltps_error *err)
{
	if (material_count(r->material, MATERIAL_CERT) > 0)
		return 0;
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, "RFC 5280 4.1",
			 "there is no certificate");
}

int certificate_request_body(struct certificate_request *r, struct view body,
			     struct ltps_error *err)
{
	if (begin(r, err) != 0 || (body.n > 0 && add(r, MATERIAL_CERT, body, err) != 0))
		return -1;
	return check_target(r, err);
}

/* ---- the query ---- */

/* "a,b" into texts; they lie in r->texts, whose room is there from the start. */
static int split(struct certificate_request *r, const char *name, const char *text,
		 const char **out, unsigned *ret_n, struct ltps_error *err)
{
	const size_t n = strlen(text) + 1;
	if (r->texts.n + n > r->texts.max)
		return bad(err, name, "is too long");
	char *at = (char *)r->texts.p + r->texts.n;
	if (buf_put(&r->texts, view_of((const uint8_t *)text, n), err) != 0)
		return -1;
	for (;;) {
		char *comma = strchr(at, ',');
		if (*ret_n == PATH_OPTION_OIDS_MAX)
			return bad(err, name, "has too many items");
		out[(*ret_n)++] = at;
		if (comma == NULL)
			return 0;
		*comma = '\0';
		at = comma + 1;
	}
}

static int read_flag(const char *name, const char *text, int *ret,
		     struct ltps_error *err)
{
	if (text == NULL || strcmp(text, "false") == 0)
		return 0;
	if (text[0] != '\0' && strcmp(text, "true") != 0)
		return bad(err, name, "is true or false");
	*ret = 1;
	return 0;
}

static int query_flags(struct certificate_request *r,
		       const char *(*get)(void *arg, const char *name), void *arg,
		       struct ltps_error *err)
{
	const struct {
		const char *name;
		int *flag;
	} flags[] = {
		{ "no-revocation", &r->path.no_revocation },
		{ "explicit-policy", &r->path.explicit_policy },
		{ "inhibit-mapping", &r->path.inhibit_mapping },
		{ "inhibit-any", &r->path.inhibit_any },
		{ "explain", &r->path.explain },
	};
	for (size_t i = 0; i < COUNT(flags); i++)
		if (read_flag(flags[i].name, get(arg, flags[i].name), flags[i].flag,
			      err) != 0)
			return -1;
	return 0;
}

int certificate_request_query(struct certificate_request *r,
			      const char *(*get)(void *arg, const char *name),
			      void *arg, struct ltps_error *err)
{
	struct path_options *o = &r->path;
	const char *policies = get(arg, "initial-policy"), *purposes = get(arg, "eku");
	const char *usage = get(arg, "key-usage");
	o->prefix = "";
	r->time = get(arg, "time");
	r->policy = get(arg, "policy");
	o->known = get(arg, "known");
	o->model = get(arg, "model");
	o->depth = get(arg, "depth");
	o->paths = get(arg, "paths");
	if (usage != NULL)
		o->usage_texts[o->n_usages++] = usage;
	r->texts = buf_make(CERTIFICATE_LISTS_MAX);
	if (buf_reserve(&r->texts, CERTIFICATE_LISTS_MAX, err) != 0 ||
	    (policies != NULL && split(r, "initial-policy", policies, o->initial.texts,
				       &o->initial.n, err) != 0) ||
	    (purposes != NULL &&
	     split(r, "eku", purposes, o->purposes.texts, &o->purposes.n, err) != 0))
		return -1;
	return query_flags(r, get, arg, err);
}

/* ---- JSON ---- */

struct asked {
	struct texts certificates, crls, ocsps, policies, purposes, usages;
	const char *time, *policy, *known, *model;
	int no_revocation, explicit_policy, inhibit_mapping, inhibit_any, explain;
	int64_t depth, paths; /* -1: not given */
};

static bool read_bool(struct reader *r, const json_t *v, void *at)
{
	const int value = json_is_true(v);
	if (!json_is_boolean(v))
		return reader_refuse(r, LTP_PARAMETER_ERROR, "must be true or false");
	memcpy(at, &value, sizeof(value));
	return true;
}

static bool read_number(struct reader *r, const json_t *v, void *at)
{
	const int64_t value = json_integer_value(v);
	if (!json_is_integer(v) || value < 0 || value > UINT32_MAX)
		return reader_refuse(r, LTP_PARAMETER_ERROR, "is no such number");
	memcpy(at, &value, sizeof(value));
	return true;
}

static const struct member members[] = {
	{ "certificates", read_texts, offsetof(struct asked, certificates), true },
	{ "crls", read_texts, offsetof(struct asked, crls), false },
	{ "ocsps", read_texts, offsetof(struct asked, ocsps), false },
	{ "initial_policies", read_texts, offsetof(struct asked, policies), false },
	{ "extended_key_usages", read_texts, offsetof(struct asked, purposes), false },
	{ "key_usages", read_texts, offsetof(struct asked, usages), false },
	{ "time", read_text, offsetof(struct asked, time), false },
	{ "policy", read_text, offsetof(struct asked, policy), false },
	{ "known", read_text, offsetof(struct asked, known), false },
	{ "model", read_text, offsetof(struct asked, model), false },
	{ "no_revocation", read_bool, offsetof(struct asked, no_revocation), false },
	{ "explicit_policy", read_bool, offsetof(struct asked, explicit_policy),
	  false },
	{ "inhibit_mapping", read_bool, offsetof(struct asked, inhibit_mapping),
	  false },
	{ "inhibit_any", read_bool, offsetof(struct asked, inhibit_any), false },
	{ "explain", read_bool, offsetof(struct asked, explain), false },
	{ "depth", read_number, offsetof(struct asked, depth), false },
	{ "paths", read_number, offsetof(struct asked, paths), false },
};

static int add_texts(struct certificate_request *r, const char *name,
		     enum material_kind kind, const struct texts *t,
		     struct ltps_error *err)
{
	char where[48];
	for (size_t i = 0; i < t->n; i++) {
		struct buf der = buf_make(strlen(t->p[i]));
		const struct view text = view_text(t->p[i]);
		int rc = view_starts(text, view_text(PEM_BEGIN))
			     ? add(r, kind, text, err)
			     : b64_decode(text, true, &der, err);
		if (rc == 0 && der.n > 0)
			rc = add(r, kind, view_buf(&der), err);
		buf_free(&der);
		snprintf(where, sizeof(where), "%s[%zu]", name, i);
		if (rc != 0)
			return ltps_where(err, "%s", where);
	}
	return 0;
}

static int take_texts(const char *name, const struct texts *t, const char **out,
		      unsigned *ret_n, struct ltps_error *err)
{
	if (t->n > PATH_OPTION_OIDS_MAX)
		return bad(err, name, "has too many items");
	for (size_t i = 0; i < t->n; i++)
		out[i] = t->p[i];
	*ret_n = (unsigned)t->n;
	return 0;
}

static const char *number_text(char text[NUMBER_TEXT_MAX], int64_t n)
{
	if (n < 0)
		return NULL;
	snprintf(text, NUMBER_TEXT_MAX, "%lld", (long long)n);
	return text;
}

static int take_asked(struct certificate_request *r, const struct asked *a,
		      struct ltps_error *err)
{
	struct path_options *o = &r->path;
	r->time = a->time;
	r->policy = a->policy;
	o->known = a->known;
	o->model = a->model;
	o->depth = number_text(r->numbers[0], a->depth);
	o->paths = number_text(r->numbers[1], a->paths);
	o->no_revocation = a->no_revocation;
	o->explicit_policy = a->explicit_policy;
	o->inhibit_mapping = a->inhibit_mapping;
	o->inhibit_any = a->inhibit_any;
	o->explain = a->explain;
	if (take_texts("initial_policies", &a->policies, o->initial.texts,
		       &o->initial.n, err) != 0 ||
	    take_texts("extended_key_usages", &a->purposes, o->purposes.texts,
		       &o->purposes.n, err) != 0 ||
	    take_texts("key_usages", &a->usages, o->usage_texts, &o->n_usages, err) !=
		0)
		return -1;
	if (add_texts(r, "certificates", MATERIAL_CERT, &a->certificates, err) != 0 ||
	    add_texts(r, "crls", MATERIAL_CRL, &a->crls, err) != 0 ||
	    add_texts(r, "ocsps", MATERIAL_OCSP, &a->ocsps, err) != 0)
		return -1;
	return check_target(r, err);
}

int certificate_request_json(struct certificate_request *r, struct view body,
			     struct ltps_error *err)
{
	struct ltp_result refusal = { .minor = LTP_OK };
	struct json_cut cut = { .small = buf_make(body.n) };
	struct asked asked = { .depth = -1, .paths = -1 };
	struct reader reader = { .cut = &cut,
				 .lists = &r->lists,
				 .n_lists = &r->n_lists,
				 .refusal = &refusal };
	if (begin(r, err) != 0 || buf_put(&cut.small, body, err) != 0)
		return -1;
	json_t *doc = reader_load(&reader);
	buf_free(&cut.small);
	r->json = doc;
	if (doc == NULL || !read_object(&reader, doc, members, COUNT(members), &asked))
		return reader.nomem ? ltps_fail_nomem(err)
				    : ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER,
						NULL, "%s", refusal.message);
	return take_asked(r, &asked, err);
}

void certificate_request_clear(struct certificate_request *r)
{
	path_options_clear(&r->path);
	material_free(r->material);
	reader_free_lists(r->lists, r->n_lists);
	json_decref((json_t *)r->json);
	buf_free(&r->texts);
	*r = (struct certificate_request){ .json = NULL };
}
