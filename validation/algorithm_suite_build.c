/* SPDX-License-Identifier: Apache-2.0 */
/* algorithm_suite_build - what both forms of a suite hold: checked, mended, kept. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/asn1.h"
#include "base/clock.h"
#include "base/mem.h"
#include "validation/algorithm_suite_private.h"

#define DAY_MS ((int64_t)86400000)
#define DATE_LEN 10 /* "2028-12-31" */
#define OID_DER_MAX 160
#define NOTE_MAX 512
#define BITS_MAX 1000000000 /* xs:int holds more, no key does */

static const char *const mend_texts[MEND_COUNT] = {
	[MEND_SHA224_OID] = "SHA224 stood with the identifier of ECDSA with SHA-224",
	[MEND_SHA384_OID] = "the identifier of SHA384 was cut",
	[MEND_SECP521R1] = "secp521r1 was called secp512r1",
	[MEND_ROOT_NAME] =
	    "SecuritySuitabilityPolicyType read as SecuritySuitabilityPolicy",
	[MEND_OID_KEY] = "Objectidentifier read as ObjectIdentifier",
	[MEND_EVALUATION_OBJECT] = "an Evaluation that is no array",
	[MEND_PARAMETER_OBJECT] = "a Parameter that is no array",
	[MEND_NUMBER_TEXT] = "a Min or Max that is a text",
	[MEND_DETAILS_NAMESPACE] = "MoreDetails in the namespace of RFC 5698",
	[MEND_DATE_TIME] = "a Start or End that is a dateTime",
	[MEND_NO_VALIDITY] =
	    "a recommended Evaluation without Validity, read as without end",
};

/* ---- memory ---- */

struct suite_memory {
	struct suite_memory *next;
	_Alignas(16) uint8_t bytes[];
};

/* Memory that goes with the suite, zeroed. NULL when there is none. */
static void *suite_alloc(struct algorithm_suite *s, size_t n)
{
	struct suite_memory *m = mem_zalloc(1, sizeof(*m) + n);
	if (m == NULL)
		return NULL;
	m->next = s->memory;
	s->memory = m;
	return m->bytes;
}

void algorithm_suite_free(struct algorithm_suite *s)
{
	while (s != NULL && s->memory != NULL) {
		struct suite_memory *next = s->memory->next;
		mem_free(s->memory);
		s->memory = next;
	}
	mem_free(s);
}

/* Grown by doubling; what it leaves behind is freed with the suite. */
static void *suite_append(struct algorithm_suite *s, void **array, size_t *n,
			  size_t max, size_t size)
{
	if (*n >= max)
		return NULL;
	if ((*n & (*n - 1)) == 0) {
		void *grown = suite_alloc(s, (*n > 0 ? *n * 2 : 1) * size);
		if (grown == NULL)
			return NULL;
		if (*n > 0)
			memcpy(grown, *array, *n * size);
		*array = grown;
	}
	return (uint8_t *)*array + (*n)++ * size;
}

int suite_text(struct algorithm_suite *s, struct view v, const char **ret,
	       struct ltps_error *err)
{
	char *text = suite_alloc(s, v.n + 1);
	if (text == NULL)
		return ltps_fail_nomem(err);
	if (v.n > 0)
		memcpy(text, v.p, v.n);
	*ret = text;
	return 0;
}

static int append_text(struct suite_reader *r, const char ***list, size_t *n,
		       const char *what, struct view v, struct ltps_error *err)
{
	if (*n >= SUITE_NAMES_MAX)
		return suite_fail(r, err, "more than %d of %s", SUITE_NAMES_MAX, what);
	void *array = (void *)*list;
	const char **slot =
	    suite_append(r->s, &array, n, SUITE_NAMES_MAX, sizeof(*slot));
	*list = array;
	if (slot == NULL)
		return ltps_fail_nomem(err);
	*slot = "";
	return suite_text(r->s, v, slot, err);
}

int suite_note(struct algorithm_suite *s, struct ltps_error *err, const char *fmt, ...)
{
	char text[NOTE_MAX];
	va_list ap;
	if (s->n_notes >= SUITE_NOTES_MAX)
		return 0;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	void *array = (void *)s->notes;
	const char **slot =
	    suite_append(s, &array, &s->n_notes, SUITE_NOTES_MAX, sizeof(*slot));
	s->notes = array;
	if (slot == NULL)
		return ltps_fail_nomem(err);
	*slot = "";
	return suite_text(s, view_text(text), slot, err);
}

int suite_fail(const struct suite_reader *r, struct ltps_error *err, const char *fmt,
	       ...)
{
	char place[128] = "", what[160];
	va_list ap;
	int n = 0;
	if (r->algorithm != NULL)
		n = snprintf(place, sizeof(place),
			     "Algorithm %zu (%.40s): ", r->s->n_algorithms,
			     r->algorithm->name != NULL ? r->algorithm->name : "?");
	if (r->evaluation > 0 && n >= 0 && (size_t)n < sizeof(place))
		snprintf(place + n, sizeof(place) - (size_t)n,
			 "Evaluation %zu: ", r->evaluation);
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, "RFC 5698 3",
			 "algorithm suite: %s%s", place, what);
}

static int shown(struct view v)
{
	return (int)(v.n < 64 ? v.n : 64);
}

/* ---- values ---- */

static bool is_oid(struct view v)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	uint8_t room[OID_DER_MAX];
	char text[OID_TEXT_MAX];
	struct buf der = { .p = room, .cap = sizeof(room), .max = sizeof(room) };
	if (v.n == 0 || v.n >= sizeof(text))
		return false;
	memcpy(text, v.p, v.n);
	text[v.n] = '\0';
	return der_put_oid(&der, text, &ignored) == 0;
}

static bool read_number(struct view v, int64_t *ret)
{
	int64_t n = 0;
	if (v.n == 0)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
		n = n * 10 + (v.p[i] - '0');
		if (n > BITS_MAX)
			return false;
	}
	*ret = n;
	return true;
}

static bool read_time(struct view v, int64_t *ret_ms)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	char text[48];
	if (v.n + 2 > sizeof(text) || v.n < DATE_LEN + 9)
		return false;
	memcpy(text, v.p, v.n);
	text[v.n] = '\0';
	if (time_parse_rfc3339(view_text(text), ret_ms, &ignored) == 0)
		return true;
	text[v.n] = 'Z';
	text[v.n + 1] = '\0';
	return time_parse_rfc3339(view_text(text), ret_ms, &ignored) == 0;
}

/* xs:date: "2028-12-31", with "Z" or "+01:00" behind it. Gives its first moment. */
static bool read_date(struct view v, int64_t *ret_ms)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	const struct view zone = view_skip(v, DATE_LEN);
	char text[48];
	if (v.n < DATE_LEN || zone.n > sizeof("+01:00") - 1)
		return false;
	snprintf(text, sizeof(text), "%.*sT00:00:00%.*s", DATE_LEN, (const char *)v.p,
		 zone.n > 0 ? (int)zone.n : 1, zone.n > 0 ? (const char *)zone.p : "Z");
	return time_parse_rfc3339(view_text(text), ret_ms, &ignored) == 0;
}

int suite_time(const struct suite_reader *r, const char *what, struct view v,
	       int64_t *ret_ms, struct ltps_error *err)
{
	if (read_time(v, ret_ms))
		return 0;
	return suite_fail(r, err, "%s is no dateTime: %.*s", what, shown(v),
			  (const char *)v.p);
}

/* ---- what is found ---- */

int suite_add_algorithm(struct suite_reader *r, struct ltps_error *err)
{
	struct algorithm_suite *s = r->s;
	void *array = s->algorithms;
	r->algorithm = NULL;
	r->evaluation = 0;
	if (s->n_algorithms >= SUITE_ALGORITHMS_MAX)
		return suite_fail(r, err, "more than %d algorithms",
				  SUITE_ALGORITHMS_MAX);
	r->algorithm = suite_append(s, &array, &s->n_algorithms, SUITE_ALGORITHMS_MAX,
				    sizeof(*r->algorithm));
	s->algorithms = array;
	return r->algorithm != NULL ? 0 : ltps_fail_nomem(err);
}

int suite_add_oid(struct suite_reader *r, struct view v, struct ltps_error *err)
{
	if (!is_oid(v))
		return suite_fail(r, err, "ObjectIdentifier is none: %.*s", shown(v),
				  (const char *)v.p);
	return append_text(r, &r->algorithm->oids, &r->algorithm->n_oids,
			   "ObjectIdentifier", v, err);
}

/* The published XML has empty ones: they name nothing. */
int suite_add_uri(struct suite_reader *r, struct view v, struct ltps_error *err)
{
	if (v.n == 0)
		return 0;
	return append_text(r, &r->algorithm->uris, &r->algorithm->n_uris, "URI", v,
			   err);
}

struct suite_evaluation *suite_evaluation(const struct suite_reader *r)
{
	return &r->algorithm->evaluations[r->algorithm->n_evaluations - 1];
}

int suite_add_evaluation(struct suite_reader *r, struct ltps_error *err)
{
	struct suite_algorithm *a = r->algorithm;
	void *array = a->evaluations;
	if (a->n_evaluations >= SUITE_EVALUATIONS_MAX)
		return suite_fail(r, err, "more than %d evaluations",
				  SUITE_EVALUATIONS_MAX);
	struct suite_evaluation *e = suite_append(r->s, &array, &a->n_evaluations,
						  SUITE_EVALUATIONS_MAX, sizeof(*e));
	a->evaluations = array;
	if (e == NULL)
		return ltps_fail_nomem(err);
	e->start_ms = INT64_MIN;
	e->end_ms = INT64_MAX;
	r->evaluation = a->n_evaluations;
	r->validity = false;
	return 0;
}

int suite_add_parameter(struct suite_reader *r, struct view name,
			struct ltps_error *err)
{
	struct suite_evaluation *e = suite_evaluation(r);
	void *array = e->parameters;
	if (e->n_parameters >= SUITE_PARAMETERS_MAX)
		return suite_fail(r, err, "more than %d parameters",
				  SUITE_PARAMETERS_MAX);
	struct suite_parameter *p = suite_append(r->s, &array, &e->n_parameters,
						 SUITE_PARAMETERS_MAX, sizeof(*p));
	e->parameters = array;
	if (p == NULL)
		return ltps_fail_nomem(err);
	if (name.n == 0)
		return suite_fail(r, err, "Parameter without a name");
	return suite_text(r->s, name, &p->name, err);
}

int suite_set_bound(struct suite_reader *r, bool max, struct view v,
		    struct ltps_error *err)
{
	struct suite_evaluation *e = suite_evaluation(r);
	struct suite_parameter *p = &e->parameters[e->n_parameters - 1];
	int64_t n;
	if (!read_number(v, &n))
		return suite_fail(r, err, "Parameter %.40s: %s is no number: %.*s",
				  p->name, max ? "Max" : "Min", shown(v),
				  (const char *)v.p);
	if (max) {
		p->has_max = true;
		p->max = n;
	} else {
		p->has_min = true;
		p->min = n;
	}
	return 0;
}

int suite_set_day(struct suite_reader *r, bool end, struct view v,
		  struct ltps_error *err)
{
	struct suite_evaluation *e = suite_evaluation(r);
	int64_t ms;
	if (read_date(v, &ms)) {
		/* RFC 5698 3.11: suitable until that date; the whole day. */
		ms += end ? DAY_MS - 1 : 0;
	} else if (read_time(v, &ms)) {
		r->mended[MEND_DATE_TIME]++;
	} else {
		return suite_fail(r, err, "%s is no date: %.*s", end ? "End" : "Start",
				  shown(v), (const char *)v.p);
	}
	if (end)
		e->end_ms = ms;
	else
		e->start_ms = ms;
	return 0;
}

int suite_add_usage(struct suite_reader *r, struct view v, struct ltps_error *err)
{
	struct suite_evaluation *e = suite_evaluation(r);
	if (v.n == 0)
		return suite_fail(r, err, "AlgorithmUsage is empty");
	return append_text(r, &e->usages, &e->n_usages, "AlgorithmUsage", v, err);
}

int suite_set_recommendation(struct suite_reader *r, struct view v,
			     struct ltps_error *err)
{
	if (v.n != 1 || (v.p[0] != 'R' && v.p[0] != 'L'))
		return suite_fail(r, err, "Recommendation is R or L, not %.*s",
				  shown(v), (const char *)v.p);
	suite_evaluation(r)->recommendation = (char)v.p[0];
	return 0;
}

/* ---- ends ---- */

int suite_end_evaluation(struct suite_reader *r, struct ltps_error *err)
{
	const struct suite_evaluation *e = suite_evaluation(r);
	if (!r->validity) {
		if (e->recommendation != 'R')
			return suite_fail(r, err, "Validity is missing");
		r->mended[MEND_NO_VALIDITY]++;
	}
	if (e->start_ms > e->end_ms)
		return suite_fail(r, err, "it ends before it starts");
	for (size_t i = 0; i < e->n_parameters; i++) {
		const struct suite_parameter *p = &e->parameters[i];
		if (p->has_min && p->has_max && p->min > p->max)
			return suite_fail(r, err, "Parameter %.40s: Max is below Min",
					  p->name);
		for (size_t k = 0; k < i; k++)
			if (strcmp(e->parameters[k].name, p->name) == 0)
				return suite_fail(
				    r, err, "Parameter %.40s stands twice", p->name);
	}
	return 0;
}

/* Errors that are known by the name and what stands with it. */
static void mend_names(struct suite_reader *r)
{
	static const struct {
		const char *name, *wrong, *right;
		enum suite_mend mend;
	} oids[] = {
		{ "SHA224", "1.2.840.10045.4.3.1", "2.16.840.1.101.3.4.2.4",
		  MEND_SHA224_OID },
		{ "SHA384", "2.16.840.1.101.3.4.2", "2.16.840.1.101.3.4.2.2",
		  MEND_SHA384_OID },
	};
	struct suite_algorithm *a = r->algorithm;
	for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++) {
		if (strcmp(a->name, oids[i].name) != 0 || a->n_oids != 1 ||
		    strcmp(a->oids[0], oids[i].wrong) != 0)
			continue;
		a->oids[0] = oids[i].right;
		r->mended[oids[i].mend]++;
	}
	if (strcmp(a->name, "secp512r1") == 0 && a->n_oids == 1 &&
	    strcmp(a->oids[0], "1.3.132.0.35") == 0) {
		a->name = "secp521r1";
		r->mended[MEND_SECP521R1]++;
	}
}

/* One Algorithm element for each OID, RFC 5698 6.3: else which one counts? */
static int check_single(struct suite_reader *r, struct ltps_error *err)
{
	const struct suite_algorithm *last = r->algorithm;
	for (const struct suite_algorithm *a = r->s->algorithms; a < last; a++)
		for (size_t i = 0; i < a->n_oids; i++)
			for (size_t k = 0; k < last->n_oids; k++)
				if (strcmp(a->oids[i], last->oids[k]) == 0)
					return suite_fail(r, err,
							  "%s stands at %.40s already",
							  a->oids[i], a->name);
	return 0;
}

int suite_end_algorithm(struct suite_reader *r, struct ltps_error *err)
{
	const struct suite_algorithm *a = r->algorithm;
	r->evaluation = 0;
	if (a->name == NULL || a->name[0] == '\0')
		return suite_fail(r, err, "AlgorithmIdentifier has no Name");
	if (a->n_oids == 0)
		return suite_fail(r, err,
				  "AlgorithmIdentifier has no ObjectIdentifier");
	if (a->n_evaluations == 0)
		return suite_fail(r, err, "Evaluation is missing");
	mend_names(r);
	if (check_single(r, err) != 0)
		return -1;
	r->algorithm = NULL;
	return 0;
}

int suite_end(struct suite_reader *r, struct ltps_error *err)
{
	if (r->s->name == NULL || r->s->name[0] == '\0')
		return suite_fail(r, err, "PolicyName is missing");
	if (r->s->publisher == NULL)
		return suite_fail(r, err, "Publisher is missing");
	if (r->s->issued_ms == INT64_MIN)
		return suite_fail(r, err, "PolicyIssueDate is missing");
	if (r->s->n_algorithms == 0)
		return suite_fail(r, err, "Algorithm is missing");
	for (int i = 0; i < MEND_COUNT; i++) {
		if (r->mended[i] == 0)
			continue;
		if (suite_note(r->s, err, "mended: %s (%u)", mend_texts[i],
			       r->mended[i]) != 0)
			return -1;
	}
	return 0;
}
