/* SPDX-License-Identifier: Apache-2.0 */
#include "validation/algorithm_suite.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "validation/algorithm_suite_private.h"

/* Signing data, whatever it is: the usage that signature validation asks about. */
#define USAGE_SIGN_DATA "http://uri.etsi.org/19322/sign_data"

/* After a byte order mark and blanks an XML document begins with '<'. */
static bool is_xml(struct view in)
{
	static const uint8_t bom[] = { 0xef, 0xbb, 0xbf };
	if (view_starts(in, view_of(bom, sizeof(bom))))
		in = view_skip(in, sizeof(bom));
	while (in.n > 0 && in.p[0] <= ' ')
		in = view_skip(in, 1);
	return in.n > 0 && in.p[0] == '<';
}

static int read_suite(struct suite_reader *r, struct view in, struct ltps_error *err)
{
	struct digest d;
	if ((is_xml(in) ? suite_read_xml(r, in, err) : suite_read_json(r, in, err)) !=
	    0)
		return -1;
	if (digest_once(DIGEST_SHA256, in, &d, err) != 0)
		return -1;
	memcpy(r->s->sha256, d.p, sizeof(r->s->sha256));
	return suite_end(r, err);
}

int algorithm_suite_parse(struct view in, struct algorithm_suite **ret_s,
			  struct ltps_error *err)
{
	struct suite_reader r = { 0 };
	if (in.n > SUITE_BYTES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "algorithm suite of more than %zu bytes",
				 SUITE_BYTES_MAX);
	r.s = mem_zalloc(1, sizeof(*r.s));
	if (r.s == NULL)
		return ltps_fail_nomem(err);
	r.s->issued_ms = INT64_MIN;
	r.s->next_update_ms = INT64_MAX;
	if (read_suite(&r, in, err) != 0) {
		algorithm_suite_free(r.s);
		return -1;
	}
	*ret_s = r.s;
	return 0;
}

bool algorithm_suite_current(const struct algorithm_suite *s, int64_t time_ms)
{
	return s->next_update_ms >= time_ms;
}

/* ---- one question ---- */

static const struct suite_algorithm *find(const struct algorithm_suite *s,
					  const char *oid)
{
	for (size_t i = 0; i < s->n_algorithms; i++)
		for (size_t k = 0; k < s->algorithms[i].n_oids; k++)
			if (strcmp(s->algorithms[i].oids[k], oid) == 0)
				return &s->algorithms[i];
	return NULL;
}

static bool holds(const struct suite_parameter *p, const struct suite_value *values,
		  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(values[i].name, p->name) == 0)
			return (!p->has_min || values[i].value >= p->min) &&
			       (!p->has_max || values[i].value <= p->max);
	}
	return false;
}

enum suite_answer algorithm_suite_ask(const struct algorithm_suite *s, const char *oid,
				      const struct suite_value *values, size_t n,
				      int64_t time_ms)
{
	const struct suite_algorithm *a = find(s, oid);
	if (a == NULL)
		return SUITE_UNKNOWN;
	for (size_t i = 0; i < a->n_evaluations; i++) {
		const struct suite_evaluation *e = &a->evaluations[i];
		size_t k = 0;
		if (e->foreign || e->start_ms > time_ms || e->end_ms < time_ms)
			continue;
		while (k < e->n_parameters && holds(&e->parameters[k], values, n))
			k++;
		if (k == e->n_parameters)
			return SUITE_SUITABLE;
	}
	return SUITE_UNSUITABLE;
}

/* ---- the plain form ---- */

static bool is_for_data(const struct suite_evaluation *e)
{
	for (size_t i = 0; i < e->n_usages; i++)
		if (strcmp(e->usages[i], USAGE_SIGN_DATA) == 0)
			return true;
	return e->n_usages == 0;
}

static void narrow(unsigned *min, unsigned *max, const struct suite_parameter *p)
{
	if (p->has_min && (unsigned)p->min > *min)
		*min = (unsigned)p->min;
	if (p->has_max && (*max == 0 || (unsigned)p->max < *max))
		*max = (unsigned)p->max;
}

/* Bits of a modulus, of p, of a curve; of q, which for curves says the same again.
 * False: no such parameter is known of these keys, or none of them is that short (zero
 * means "any larger size" in a limit). */
static bool set_parameter(struct algorithm_limit *l, const struct suite_parameter *p,
			  const char *algorithm)
{
	const bool dsa = strncmp(algorithm, "DSA", 3) == 0;
	const bool rsa = strncmp(algorithm, "RSA", 3) == 0;
	const bool ec = strncmp(algorithm, "ECDSA", 5) == 0;
	if (p->has_max && p->max == 0)
		return false;
	if ((rsa && strcmp(p->name, "moduluslength") == 0) ||
	    ((dsa || ec) && strcmp(p->name, "plength") == 0) ||
	    (ec && strcmp(p->name, "qlength") == 0))
		narrow(&l->min_bits, &l->max_bits, p);
	else if (dsa && strcmp(p->name, "qlength") == 0)
		narrow(&l->min_q, &l->max_q, p);
	else
		return false;
	return true;
}

/* One evaluation of one OID. What cannot be used of it is a limit that never holds, so
 * that the algorithm stays one that the suite names. False: nobody asks for it. */
static bool make_limit(const struct suite_evaluation *e, const char *oid,
		       struct algorithm_limit *l)
{
	struct algorithm_name name;
	if (!algorithm_policy_map(oid, &name))
		return false;
	*l = (struct algorithm_limit){
		.algorithm = name.algorithm != NULL ? name.algorithm : oid,
		.until_ms = e->end_ms,
		.from_ms = e->start_ms != INT64_MIN ? e->start_ms : 0,
		.digest = name.digest,
	};
	bool usable = !e->foreign && is_for_data(e);
	for (size_t i = 0; i < e->n_parameters; i++)
		usable = set_parameter(l, &e->parameters[i], l->algorithm) && usable;
	if (!usable)
		l->until_ms = INT64_MIN;
	return true;
}

static size_t count_limits(const struct algorithm_suite *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n_algorithms; i++)
		n += s->algorithms[i].n_oids * s->algorithms[i].n_evaluations;
	return n;
}

int algorithm_suite_limits(const struct algorithm_suite *s,
			   struct algorithm_limit **ret_limits, size_t *ret_n,
			   struct ltps_error *err)
{
	const size_t max = count_limits(s);
	struct algorithm_limit *limits = mem_zalloc(max > 0 ? max : 1, sizeof(*limits));
	size_t n = 0;
	if (limits == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < s->n_algorithms; i++) {
		const struct suite_algorithm *a = &s->algorithms[i];
		for (size_t k = 0; k < a->n_oids; k++)
			for (size_t m = 0; m < a->n_evaluations; m++)
				if (make_limit(&a->evaluations[m], a->oids[k],
					       &limits[n]))
					n++;
	}
	*ret_limits = limits;
	*ret_n = n;
	return 0;
}
