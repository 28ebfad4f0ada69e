/* SPDX-License-Identifier: Apache-2.0 */
/* policy_dss_algorithms - Cryptographic of a policy of DSS becomes a suite. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "validation/algorithm_suite_private.h"
#include "validation/policy_dss.h"
#include "validation/validation_policy_private.h"

#define BITS_MAX 65536

/* Their encryption algorithms, and how a suite names them. */
static const struct family {
	const char *name;
	const char *parameter; /* NULL: one size */
	const char *oids[9];
} families[] = {
	{ "RSA",
	  "moduluslength",
	  { "1.2.840.113549.1.1.5", "1.2.840.113549.1.1.14", "1.2.840.113549.1.1.11",
	    "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13", "2.16.840.1.101.3.4.3.14",
	    "2.16.840.1.101.3.4.3.15", "2.16.840.1.101.3.4.3.16" } },
	{ "RSASSA-PSS", "moduluslength", { "1.2.840.113549.1.1.10" } },
	{ "DSA", "plength", { "1.2.840.10040.4.1" } },
	{ "ECDSA", "plength", { "1.2.840.10045.2.1" } },
	{ "EdDSA", NULL, { "1.3.101.112", "1.3.101.113" } },
};

bool dss_algorithm_read(struct view date, struct view size, struct dss_algorithm *ret)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	char text[40];
	*ret = (struct dss_algorithm){ .date_ms = INT64_MAX };
	if (date.n > 0) {
		if (date.n != strlen("2028-12-31"))
			return false;
		snprintf(text, sizeof(text), "%.10sT00:00:00Z", (const char *)date.p);
		if (time_parse_rfc3339(view_text(text), &ret->date_ms, &ignored) != 0)
			return false;
	}
	for (size_t i = 0; i < size.n; i++) {
		if (size.p[i] < '0' || size.p[i] > '9')
			return false;
		ret->size = ret->size * 10 + (unsigned)(size.p[i] - '0');
		if (ret->size > BITS_MAX)
			return false;
	}
	return true;
}

/* A size that is enough must be said; an end stands with the others. */
static bool has_its_values(enum dss_list list, const struct dss_algorithm *a)
{
	if (list == DSS_EXPIRATION)
		return true;
	return a->date_ms == INT64_MAX && (a->size > 0) == (list == DSS_MINIMUM);
}

/* Ends are told apart by the size. */
static bool is_there(const struct dss_algorithms *all, enum dss_list list,
		     unsigned size, struct view name)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct dss_algorithm *a = &all->list[i];
		if (a->list == list && view_is_text(name, a->name) &&
		    (list != DSS_EXPIRATION || a->size == size))
			return true;
	}
	return false;
}

int dss_algorithm_add(struct dss_algorithms *all, const char *path,
		      const struct dss_algorithm *a, struct view name,
		      struct ltps_error *err)
{
	static const struct {
		const char *path;
		enum dss_list list;
	} lists[] = {
		{ "Cryptographic/AcceptableEncryptionAlgo/Algo", DSS_ENCRYPTION },
		{ "Cryptographic/MiniPublicKeySize/Algo", DSS_MINIMUM },
		{ "Cryptographic/AcceptableDigestAlgo/Algo", DSS_DIGEST },
		{ "Cryptographic/AlgoExpirationDate/Algo", DSS_EXPIRATION },
	};
	size_t i = 0;
	while (i < sizeof(lists) / sizeof(lists[0]) && strcmp(lists[i].path, path) != 0)
		i++;
	if (i == sizeof(lists) / sizeof(lists[0]) || name.n == 0 ||
	    name.n >= sizeof(a->name) || all->n >= DSS_ALGORITHMS_MAX ||
	    !has_its_values(lists[i].list, a))
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
				 "DSS policy: %.120s: no such algorithm here", path);
	if (is_there(all, lists[i].list, a->size, name))
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
				 "DSS policy: %.120s: %.*s stands twice", path,
				 (int)name.n, (const char *)name.p);
	struct dss_algorithm *grown = mem_resize(all->list, all->n + 1, sizeof(*grown));
	if (grown == NULL)
		return ltps_fail_nomem(err);
	all->list = grown;
	grown[all->n] = *a;
	grown[all->n].list = lists[i].list;
	memcpy(grown[all->n].name, name.p, name.n);
	grown[all->n].name[name.n] = '\0';
	all->n++;
	return 0;
}

void dss_algorithms_free(struct dss_algorithms *all)
{
	mem_free(all->list);
	*all = (struct dss_algorithms){ NULL, 0 };
}

static const struct dss_algorithm *find(const struct dss_algorithms *all,
					enum dss_list list, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].list == list && strcmp(all->list[i].name, name) == 0)
			return &all->list[i];
	return NULL;
}

/* The day of their Date is the first on which it no longer counts. */
static int add_evaluation(struct suite_reader *r, int64_t date_ms,
			  struct ltps_error *err)
{
	if (suite_add_evaluation(r, err) != 0)
		return -1;
	suite_evaluation(r)->end_ms = date_ms == INT64_MAX ? INT64_MAX : date_ms - 1;
	r->validity = true;
	return 0;
}

static int begin_algorithm(struct suite_reader *r, const char *name,
			   const char *const *oids, size_t n, struct ltps_error *err)
{
	if (suite_add_algorithm(r, err) != 0 ||
	    suite_text(r->s, view_text(name), &r->algorithm->name, err) != 0)
		return -1;
	for (size_t i = 0; i < n && oids[i] != NULL; i++)
		if (suite_add_oid(r, view_text(oids[i]), err) != 0)
			return -1;
	return 0;
}

/* The earliest, in whatever spelling: "SHA1" and "SHA-1". */
static int64_t end_of_digest(const struct dss_algorithms *all, enum digest_alg alg)
{
	int64_t end = INT64_MAX;
	for (size_t i = 0; i < all->n; i++) {
		const struct dss_algorithm *a = &all->list[i];
		if (a->list == DSS_EXPIRATION && a->date_ms < end &&
		    digest_from_name(view_text(a->name)) == alg)
			end = a->date_ms;
	}
	return end;
}

static int add_digest(struct suite_reader *r, const struct dss_algorithms *all,
		      const struct dss_algorithm *a, struct validation_policy *p,
		      struct ltps_error *err)
{
	const enum digest_alg alg = digest_from_name(view_text(a->name));
	const char *oid = digest_oid_text(alg);
	if (oid == NULL)
		return policy_note(p, err, "not used: the digest %s", a->name);
	if (begin_algorithm(r, a->name, &oid, 1, err) != 0 ||
	    add_evaluation(r, end_of_digest(all, alg), err) != 0)
		return -1;
	return suite_end_algorithm(r, err);
}

/* A row holds from its size on, up to the next larger one of that name. */
static unsigned next_size(const struct dss_algorithms *all,
			  const struct dss_algorithm *row)
{
	unsigned next = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct dss_algorithm *a = &all->list[i];
		if (a->list == DSS_EXPIRATION && strcmp(a->name, row->name) == 0 &&
		    a->size > row->size && (next == 0 || a->size < next))
			next = a->size;
	}
	return next;
}

static int add_size(struct suite_reader *r, const struct family *f, unsigned min,
		    unsigned next, int64_t date_ms, struct ltps_error *err)
{
	char digits[16];
	if (next > 0 && next <= min)
		return 0;
	if (add_evaluation(r, date_ms, err) != 0)
		return -1;
	if (f->parameter == NULL || (min == 0 && next == 0))
		return 0;
	snprintf(digits, sizeof(digits), "%u", min);
	if (suite_add_parameter(r, view_text(f->parameter), err) != 0 ||
	    suite_set_bound(r, false, view_text(digits), err) != 0)
		return -1;
	snprintf(digits, sizeof(digits), "%u", next > 0 ? next - 1 : 0);
	return next > 0 ? suite_set_bound(r, true, view_text(digits), err) : 0;
}

static int add_sizes(struct suite_reader *r, const struct family *f,
		     const struct dss_algorithms *all, struct ltps_error *err)
{
	const struct dss_algorithm *least = find(all, DSS_MINIMUM, f->name);
	const unsigned min = least != NULL ? least->size : 0;
	bool any = false;
	for (size_t i = 0; i < all->n; i++) {
		const struct dss_algorithm *a = &all->list[i];
		if (a->list != DSS_EXPIRATION || strcmp(a->name, f->name) != 0)
			continue;
		any = true;
		if (add_size(r, f, a->size > min ? a->size : min, next_size(all, a),
			     a->date_ms, err) != 0)
			return -1;
	}
	return any ? 0 : add_size(r, f, min, 0, INT64_MAX, err);
}

static bool has_list(const struct dss_algorithms *all, enum dss_list list)
{
	size_t i = 0;
	while (i < all->n && all->list[i].list != list)
		i++;
	return i < all->n;
}

static int add_family(struct suite_reader *r, const struct dss_algorithms *all,
		      const struct dss_algorithm *a, struct validation_policy *p,
		      struct ltps_error *err)
{
	size_t i = 0;
	while (i < sizeof(families) / sizeof(families[0]) &&
	       strcmp(families[i].name, a->name) != 0)
		i++;
	if (i == sizeof(families) / sizeof(families[0]))
		return policy_note(p, err, "not used: the algorithm %s", a->name);
	if (families[i].parameter != NULL && has_list(all, DSS_MINIMUM) &&
	    find(all, DSS_MINIMUM, a->name) == NULL)
		return policy_note(
		    p, err, "not used: the algorithm %s, which has no least size",
		    a->name);
	if (begin_algorithm(r, a->name, families[i].oids,
			    sizeof(families[i].oids) / sizeof(families[i].oids[0]),
			    err) != 0 ||
	    add_sizes(r, &families[i], all, err) != 0)
		return -1;
	return suite_end_algorithm(r, err);
}

/* A size or an end of what is not accepted is perhaps a word that is misspelt. */
static int note_lost(const struct dss_algorithms *all, const struct dss_algorithm *a,
		     struct validation_policy *p, struct ltps_error *err)
{
	const enum digest_alg alg = digest_from_name(view_text(a->name));
	if (find(all, a->list, a->name) != a ||
	    find(all, DSS_ENCRYPTION, a->name) != NULL)
		return 0;
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].list == DSS_DIGEST &&
		    (strcmp(all->list[i].name, a->name) == 0 ||
		     (alg != DIGEST_NONE &&
		      digest_from_name(view_text(all->list[i].name)) == alg)))
			return 0;
	return policy_note(p, err, "not used: the %s of %s",
			   a->list == DSS_MINIMUM ? "least size" : "end", a->name);
}

static int fill(struct suite_reader *r, const struct dss_algorithms *all,
		struct validation_policy *p, struct ltps_error *err)
{
	r->s->next_update_ms = INT64_MAX;
	memcpy(r->s->sha256, p->sha256, sizeof(r->s->sha256));
	if (suite_text(r->s, view_text("Cryptographic"), &r->s->name, err) != 0 ||
	    suite_text(r->s, view_text(p->id), &r->s->uri, err) != 0 ||
	    suite_text(r->s, view_text("EU DSS policy"), &r->s->publisher, err) != 0)
		return -1;
	for (size_t i = 0; i < all->n; i++) {
		const struct dss_algorithm *a = &all->list[i];
		int rc = 0;
		if (a->list == DSS_DIGEST)
			rc = add_digest(r, all, a, p, err);
		else if (a->list == DSS_ENCRYPTION)
			rc = add_family(r, all, a, p, err);
		else
			rc = note_lost(all, a, p, err);
		if (rc != 0)
			return -1;
	}
	return suite_end(r, err);
}

int dss_algorithms_suite(const struct dss_algorithms *all, struct validation_policy *p,
			 struct algorithm_suite **ret_s, struct ltps_error *err)
{
	struct suite_reader r = { 0 };
	r.s = mem_zalloc(1, sizeof(*r.s));
	if (r.s == NULL)
		return ltps_fail_nomem(err);
	if (fill(&r, all, p, err) != 0) {
		algorithm_suite_free(r.s);
		return -1;
	}
	*ret_s = r.s;
	return 0;
}
