/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate_policy - the world's ends of algorithms as a validation policy: what the
 * service judges signatures by, what the end is judged by, and what is written down
 * for judges from outside.
 */
#include <stdio.h>
#include <string.h>

#include "server/simulate.h"

#define SUITE_NAME "policy.xml"

static const char policy_text[] =
    "[policy]\n"
    "id = " SIM_POLICY "\n"
    "description = The algorithms of a simulated century.\n"
    "model = shell\n"
    "exempt_short_term = true\n"
    "[algorithms]\n"
    "suite = " SUITE_NAME "\n"
    "[constraints]\n"
    "key-usage = FAIL digitalSignature nonRepudiation\n"
    "format-allowed = FAIL CAdES PAdES\n";

static const char suite_head[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<SecuritySuitabilityPolicy xmlns=\"urn:ietf:params:xml:ns:dssc\" version=\"1\" "
    "lang=\"en\" id=\"simulation\">\n"
    "<PolicyName><Name>Simulation</Name></PolicyName>\n"
    "<Publisher><Name>Simulation</Name></Publisher>\n"
    "<PolicyIssueDate>2030-01-01T00:00:00Z</PolicyIssueDate>\n"
    "<Usage>Signatures and evidence records of a simulated century</Usage>\n";

/* Keys are known by these; digests have their own OIDs. */
static const struct {
	const char *name, *oid, *parameter;
} keys[] = {
	{ "RSA", "1.2.840.113549.1.1.1", "moduluslength" },
	{ "ECDSA", "1.2.840.10045.2.1", "plength" },
};

static const char *parameter_of(const char *algorithm, const char **ret_oid)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].name, algorithm) != 0)
			continue;
		*ret_oid = keys[i].oid;
		return keys[i].parameter;
	}
	*ret_oid = digest_oid_text(digest_from_name(view_text(algorithm)));
	return NULL;
}

/* RFC 5698 3.9: an end is a date, its whole day included: the one before. */
static int put_evaluation(const struct algorithm_limit *l, const char *parameter,
			  struct buf *out, struct ltps_error *err)
{
	char end[TIME_TEXT_MAX];
	if (buf_put_fmt(out, err, "<Evaluation>") != 0)
		return -1;
	if (parameter != NULL &&
	    buf_put_fmt(out, err, "<Parameter name=\"%s\"><Min>%u</Min>", parameter,
			l->min_bits) != 0)
		return -1;
	if (parameter != NULL && l->max_bits != 0 &&
	    buf_put_fmt(out, err, "<Max>%u</Max>", l->max_bits) != 0)
		return -1;
	if (parameter != NULL && buf_put_fmt(out, err, "</Parameter>") != 0)
		return -1;
	if (buf_put_fmt(out, err, "<Validity>") != 0)
		return -1;
	if (l->until_ms != INT64_MAX) {
		time_rfc3339(l->until_ms - SIM_DAY_MS, end);
		if (buf_put_fmt(out, err, "<End>%.10sZ</End>", end) != 0)
			return -1;
	}
	return buf_put_fmt(out, err, "</Validity></Evaluation>\n");
}

/* One for all sizes of a key, where the first of them stands. */
static int put_algorithm(const struct sim *s, size_t first, struct buf *out,
			 struct ltps_error *err)
{
	const char *name = s->limits[first].algorithm, *oid = NULL;
	const char *parameter = parameter_of(name, &oid);
	for (size_t i = 0; i < first; i++)
		if (strcmp(s->limits[i].algorithm, name) == 0)
			return 0;
	if (oid == NULL)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "an algorithm without an OID: %s", name);
	if (buf_put_fmt(out, err,
			"<Algorithm><AlgorithmIdentifier><Name>%s</Name>"
			"<ObjectIdentifier>%s</ObjectIdentifier></AlgorithmIdentifier>",
			name, oid) != 0)
		return -1;
	for (size_t i = first; i < s->n_limits; i++)
		if (strcmp(s->limits[i].algorithm, name) == 0 &&
		    put_evaluation(&s->limits[i], parameter, out, err) != 0)
			return -1;
	return buf_put_fmt(out, err, "</Algorithm>\n");
}

static int put_suite(const struct sim *s, struct buf *out, struct ltps_error *err)
{
	if (buf_put(out, view_text(suite_head), err) != 0)
		return -1;
	for (size_t i = 0; i < s->n_limits; i++)
		if (put_algorithm(s, i, out, err) != 0)
			return -1;
	return buf_put_fmt(out, err, "</SecuritySuitabilityPolicy>\n");
}

static int give_suite(void *arg, const char *name, struct buf *out,
		      struct ltps_error *err)
{
	if (strcmp(name, SUITE_NAME) == 0)
		return put_suite(arg, out, err);
	return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			 "there is no suite %s", name);
}

int sim_policy_of(const struct sim *s, struct validation_policy **ret_p,
		  struct ltps_error *err)
{
	const struct validation_policy_source source = { .suite = give_suite,
							 .arg = (void *)(uintptr_t)s };
	return validation_policy_parse(view_text(policy_text), "simulation", &source,
				       ret_p, err);
}

int sim_policy_write(const struct sim *s, int64_t end_ms, struct ltps_error *err)
{
	struct buf suite = buf_make(SUITE_BYTES_MAX);
	char when[TIME_TEXT_MAX], end[TIME_TEXT_MAX + 1];
	time_rfc3339(end_ms, when);
	snprintf(end, sizeof(end), "%s\n", when);
	int rc = put_suite(s, &suite, err);
	if (rc == 0)
		rc = sim_write_out(s, SUITE_NAME, view_buf(&suite), err);
	if (rc == 0)
		rc = sim_write_out(s, "policy.conf", view_text(policy_text), err);
	if (rc == 0)
		rc = sim_write_out(s, "end", view_text(end), err);
	buf_free(&suite);
	return rc;
}
