/* SPDX-License-Identifier: Apache-2.0 */
/* engine_conclude - outcomes, findings and constraints as the report has them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "validation/engine_private.h"

/* Lists grow by so many entries. */
#define FINDINGS_STEP 32
#define CONSTRAINTS_STEP 8

/* ---- texts ---- */

/* A cut in the middle of a UTF-8 character is moved before it. */
static void whole_characters(char *text, size_t n)
{
	while (n > 0 && !utf8_valid(view_of(text, n)))
		n--;
	text[n] = '\0';
}

static void copy_text(char *out, size_t size, const char *text)
{
	size_t n = strnlen(text, size - 1);
	memcpy(out, text, n);
	out[n] = '\0';
}

static void fill(char *out, size_t size, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
static void fill(char *out, size_t size, const char *fmt, va_list ap)
{
	/* Most texts are of the program itself, and many are empty. */
	if (strcmp(fmt, "%s") == 0)
		copy_text(out, size, va_arg(ap, const char *));
	else if (vsnprintf(out, size, fmt, ap) < 0)
		out[0] = '\0';
	for (char *p = out; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	whole_characters(out, strlen(out));
}

/* ---- outcomes ---- */

struct conclusion conclusion_passed(void)
{
	return (struct conclusion){
		.indication = INDICATION_PASSED,
		.sub = SUB_NONE,
		.time_ms = INT64_MIN,
		.reason = -1,
		.retry_ms = INT64_MIN,
		.constraint = CONSTRAINT_COUNT,
	};
}

struct conclusion conclusion_of(enum subindication sub, const char *clause,
				const char *fmt, ...)
{
	struct conclusion c = conclusion_passed();
	va_list ap;
	c.indication = subindication_main(sub);
	c.sub = sub;
	c.clause = clause;
	va_start(ap, fmt);
	fill(c.text, sizeof(c.text), fmt, ap);
	va_end(ap);
	return c;
}

/* Of TRY_LATER for want of status, what the policy asked for. */
static enum constraint constraint_of(const struct cert_validation_result *r,
				     enum subindication sub)
{
	if (r->constraint < CONSTRAINT_COUNT)
		return r->constraint;
	return sub == SUB_TRY_LATER ? CONSTRAINT_REVOCATION : CONSTRAINT_COUNT;
}

struct conclusion conclusion_of_certificate(const struct cert_validation_result *r)
{
	if (r->indication == INDICATION_PASSED)
		return conclusion_passed();
	enum subindication sub = subindication_from_name(r->subindication);
	const char *clause = path_code_clause(r->why);
	if (sub == SUB_NONE) /* a term that the tables do not have: never passed */
		sub = SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE;
	struct conclusion c = conclusion_of(
	    sub, clause != NULL ? clause : "EN 319 102-1 5.2.6.4", "%s", r->text);
	c.time_ms = r->has_weak ? r->weak_until_ms : r->revoked_ms;
	c.reason = r->reason;
	c.retry_ms = r->retry_ms;
	c.constraint = constraint_of(r, sub);
	if (r->has_weak) {
		memcpy(c.object, r->weak_object, sizeof(c.object));
		memcpy(c.algorithm, r->weak_algorithm, sizeof(c.algorithm));
		c.has_object = true;
	}
	return c;
}

/* ---- findings ---- */

static bool same_finding(const struct report_finding *a, const struct report_finding *b)
{
	return a->level == b->level && strcmp(a->code, b->code) == 0 &&
	       strcmp(a->object, b->object) == 0 && strcmp(a->text, b->text) == 0;
}

/* Room for one more; lists grow in steps, so n tells when. */
static int room(void **list, size_t n, size_t step, size_t size, struct ltps_error *err)
{
	if (n % step != 0)
		return 0;
	void *larger = mem_resize(*list, n + step, size);
	if (larger == NULL)
		return ltps_fail_nomem(err);
	*list = larger;
	return 0;
}

/* What is judged at several times is told once. */
static int add_finding(struct report *r, const struct report_finding *f,
		       struct ltps_error *err)
{
	void *list = r->findings;
	for (size_t i = 0; i < r->n_findings; i++)
		if (same_finding(&r->findings[i], f))
			return 0;
	if (r->n_findings == REPORT_FINDINGS_MAX)
		return 0;
	if (room(&list, r->n_findings, FINDINGS_STEP, sizeof(*f), err) != 0)
		return -1;
	r->findings = list;
	r->findings[r->n_findings++] = *f;
	return 0;
}

int engine_find(struct engine *e, enum constraint_level level, const char *code,
		const char *clause, const char *object, struct ltps_error *err,
		const char *fmt, ...)
{
	struct report_finding f = { .code = code, .clause = clause, .level = level };
	va_list ap;
	snprintf(f.object, sizeof(f.object), "%s", object != NULL ? object : "");
	va_start(ap, fmt);
	fill(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	return add_finding(e->report, &f, err);
}

/* ---- constraints ---- */

const struct constraint_rule *
engine_rule(const struct engine *e, const struct engine_ledger *l, enum constraint c)
{
	return validation_policy_rule(e->in->policy, l->context, c);
}

/* The entry of this constraint, which a later judgement writes anew. */
static int entry_of(const struct engine_ledger *l, enum constraint c,
		    struct report_constraint **ret, struct ltps_error *err)
{
	void *list = *l->list;
	for (size_t i = 0; i < *l->n; i++)
		if ((*l->list)[i].constraint == c) {
			*ret = &(*l->list)[i];
			return 0;
		}
	if (room(&list, *l->n, CONSTRAINTS_STEP, sizeof(**ret), err) != 0)
		return -1;
	*l->list = list;
	*ret = &(*l->list)[(*l->n)++];
	return 0;
}

static int find_constraint(struct engine *e, const struct engine_ledger *l,
			   const struct report_constraint *k, struct ltps_error *err)
{
	struct report_finding f = { .code = constraint_name(k->constraint),
				    .clause = constraint_clause(k->constraint),
				    .level = k->level };
	snprintf(f.object, sizeof(f.object), "%s", l->object != NULL ? l->object : "");
	snprintf(f.text, sizeof(f.text), "%s", k->text);
	return add_finding(e->report, &f, err);
}

int engine_constrain(struct engine *e, const struct engine_ledger *l, enum constraint c,
		     bool holds, bool *ret_fails, struct ltps_error *err,
		     const char *fmt, ...)
{
	struct report_constraint k = { .constraint = c, .holds = holds };
	struct report_constraint *entry;
	va_list ap;
	*ret_fails = false;
	if (!constraint_applies(c, l->context))
		return 0;
	k.level = engine_rule(e, l, c)->level;
	k.checked = k.level != CONSTRAINT_IGNORE;
	va_start(ap, fmt);
	fill(k.text, sizeof(k.text), fmt, ap);
	va_end(ap);
	if (entry_of(l, c, &entry, err) != 0)
		return -1;
	*entry = k;
	*ret_fails = !holds && k.level == CONSTRAINT_FAIL;
	if (holds || k.level == CONSTRAINT_FAIL || k.level == CONSTRAINT_IGNORE)
		return 0;
	return find_constraint(e, l, &k, err);
}
