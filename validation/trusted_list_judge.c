/* SPDX-License-Identifier: Apache-2.0 */
/* trusted_list_judge - a list as a whole, and the list of lists with its pivots. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "validation/trusted_list_private.h"

/* TS 119 612 5.3.1: 5 until, 6 from the end of April 2026; both are read the same. */
#define VERSION_MIN 5
#define VERSION_MAX 6
#define XML_SUFFIX ".xml"

/* ---- a list ---- */

static void check_kind(const struct trusted_list *l,
		       const struct trusted_list_wanted *wanted,
		       struct trusted_list_verdict *v)
{
	const bool lists = strcmp(l->type, TRUSTED_LIST_TYPE_LISTS) == 0;
	if (l->version < VERSION_MIN || l->version > VERSION_MAX)
		trusted_list_refuse(v, TRUSTED_LIST_VERSION, "version %" PRIu32,
				    l->version);
	else if (lists != wanted->lists)
		trusted_list_refuse(v, TRUSTED_LIST_KIND,
				    lists ? "it is a list of lists"
					  : "it is no list of lists");
	else if (wanted->territory != NULL &&
		 strcmp(l->territory, wanted->territory) != 0)
		trusted_list_refuse(v, TRUSTED_LIST_KIND, "it is of %.20s, not of %.20s",
				    l->territory, wanted->territory);
}

/* 5.3.14. What is believed here is what later ones are compared with: one of the far
 * future would count until then and lock them all out. */
static void check_issue(const struct trusted_list *l, int64_t time_ms,
			struct trusted_list_verdict *v)
{
	char at[TIME_TEXT_MAX];
	if (l->issued_ms <= time_ms || l->issued_ms - TRUSTED_LIST_AHEAD_MAX_MS <= time_ms)
		return;
	time_rfc3339(l->issued_ms, at);
	trusted_list_refuse(v, TRUSTED_LIST_FUTURE, "issued %s, which is in the future",
			    at);
}

int trusted_list_content(const struct trusted_list *l, struct digest *ret,
			 struct ltps_error *err)
{
	return digest_once(DIGEST_SHA256, l->octets, ret, err);
}

/* 5.3.2: each release has a number of its own. One that was only signed anew says what
 * it said. */
static int check_number(const struct trusted_list *l,
			const struct trusted_list_seen *seen,
			struct trusted_list_verdict *v, struct ltps_error *err)
{
	struct digest d;
	if (l->sequence != seen->sequence || seen->content.n == 0)
		return 0;
	if (trusted_list_content(l, &d, err) != 0)
		return -1;
	if (!digest_equal(&d, &seen->content))
		trusted_list_refuse(v, TRUSTED_LIST_SAME_NUMBER,
				    "number %" PRIu64 " said something else before",
				    l->sequence);
	return 0;
}

/* That the newest is not followed by an older one: 5.3.2, 5.3.14. */
static int check_order(const struct trusted_list *l,
		       const struct trusted_list_seen *seen,
		       struct trusted_list_verdict *v, struct ltps_error *err)
{
	if (seen == NULL)
		return 0;
	if (l->sequence < seen->sequence)
		trusted_list_refuse(v, TRUSTED_LIST_BACKWARDS,
				    "number %" PRIu64 " after number %" PRIu64,
				    l->sequence, seen->sequence);
	else if (l->issued_ms < seen->issued_ms)
		trusted_list_refuse(v, TRUSTED_LIST_BACKWARDS,
				    "issued before the one that was known");
	else
		return check_number(l, seen, v, err);
	return 0;
}

int64_t trusted_list_until(int64_t issued_ms, int64_t next_update_ms)
{
	const int64_t longest_ms = issued_ms + TRUSTED_LIST_LIFE_MAX_MS;
	return next_update_ms < longest_ms ? next_update_ms : longest_ms;
}

static void check_age(const struct trusted_list *l, int64_t time_ms,
		      struct trusted_list_verdict *v)
{
	char at[TIME_TEXT_MAX];
	if (l->next_update_ms == INT64_MIN) {
		trusted_list_refuse(v, TRUSTED_LIST_CLOSED,
				    "the list is closed: it names no next update");
	} else if (l->next_update_ms < time_ms) {
		time_rfc3339(l->next_update_ms, at);
		trusted_list_refuse(v, TRUSTED_LIST_EXPIRED,
				    "a newer one was due %s", at);
	} else if (trusted_list_until(l->issued_ms, l->next_update_ms) < time_ms) {
		time_rfc3339(l->issued_ms, at);
		trusted_list_refuse(v, TRUSTED_LIST_EXPIRED,
				    "issued %s: a list counts for six months at most, "
				    "whatever its next update",
				    at);
	}
}

int trusted_list_judge(const struct trusted_list *l,
		       const struct trusted_list_wanted *wanted,
		       struct trusted_list_verdict *ret, struct ltps_error *err)
{
	struct trusted_list_verdict v;
	if (trusted_list_verify(l, &wanted->signers, &v, err) != 0)
		return -1;
	if (v.reason == TRUSTED_LIST_GOOD)
		check_kind(l, wanted, &v);
	if (v.reason == TRUSTED_LIST_GOOD)
		check_issue(l, wanted->time_ms, &v);
	if (v.reason == TRUSTED_LIST_GOOD &&
	    check_order(l, wanted->seen, &v, err) != 0)
		return -1;
	if (v.reason == TRUSTED_LIST_GOOD)
		check_age(l, wanted->time_ms, &v);
	*ret = v;
	return 0;
}

/* ---- pointers ---- */

bool trusted_list_points_to_list(const struct trusted_list_pointer *p)
{
	return strcmp(p->mime, TRUSTED_LIST_MIME) == 0 &&
	       strcmp(p->type, TRUSTED_LIST_TYPE_LISTS) != 0 && p->type[0] != '\0';
}

const struct trusted_list_pointer *trusted_list_to_itself(const struct trusted_list *l)
{
	for (size_t i = 0; i < l->n_pointers; i++) {
		const struct trusted_list_pointer *p = &l->pointers[i];
		if (strcmp(p->mime, TRUSTED_LIST_MIME) == 0 &&
		    strcmp(p->type, TRUSTED_LIST_TYPE_LISTS) == 0 &&
		    strcmp(p->territory, l->territory) == 0)
			return p;
	}
	return NULL;
}

void trusted_list_certs_clear(struct trusted_list_certs *c)
{
	for (size_t i = 0; i < c->n; i++)
		cert_free(c->list[i]);
	c->n = 0;
}

int trusted_list_pointer_certs(const struct trusted_list_pointer *p,
			       struct trusted_list_certs *ret, struct ltps_error *err)
{
	struct trusted_list_certs certs = { .n = 0 };
	for (size_t i = 0; i < p->certificates.n; i++) {
		struct ltps_error bad = LTPS_ERROR_INIT;
		if (cert_parse(p->certificates.list[i], &certs.list[certs.n], &bad) ==
		    0) {
			certs.n++;
		} else if (bad.fault != LTPS_FAULT_OBJECT) {
			trusted_list_certs_clear(&certs);
			*err = bad;
			return -1;
		}
	}
	*ret = certs;
	return 0;
}

/* ---- pivots ---- */

static bool ends_in(const char *text, const char *suffix)
{
	const size_t n = strlen(text), m = strlen(suffix);
	return n >= m && strcmp(text + n - m, suffix) == 0;
}

bool trusted_list_pivots(const struct trusted_list *l, const char *announcement,
			 const char *ret[TRUSTED_LIST_PIVOTS_MAX], size_t *ret_n)
{
	size_t n = 0;
	for (size_t i = 0; i < l->information.n; i++) {
		const char *uri = l->information.list[i];
		if (announcement != NULL && strcmp(uri, announcement) == 0) {
			*ret_n = n;
			return true;
		}
		if (!ends_in(uri, XML_SUFFIX))
			continue;
		if (n == TRUSTED_LIST_PIVOTS_MAX)
			return false;
		ret[n++] = uri;
	}
	*ret_n = n;
	return announcement == NULL;
}

static void refuse_pivot(const struct trusted_list *pivot,
			 const struct trusted_list_verdict *of_pivot,
			 struct trusted_list_verdict *v)
{
	trusted_list_refuse(v, TRUSTED_LIST_PIVOT, "the pivot number %" PRIu64 ": %s",
			    pivot->sequence, of_pivot->why);
}

/* One step: the pivot under those so far; then those that it names. */
static int pass_pivot(const struct trusted_list *pivot, struct trusted_list_certs *certs,
		      struct trusted_list_verdict *v, struct ltps_error *err)
{
	const struct trusted_list_signers signers = {
		(const struct cert *const *)certs->list, certs->n
	};
	const struct trusted_list_pointer *self = trusted_list_to_itself(pivot);
	struct trusted_list_verdict of_pivot;
	struct trusted_list_certs next;
	if (trusted_list_verify(pivot, &signers, &of_pivot, err) != 0)
		return -1;
	if (of_pivot.reason == TRUSTED_LIST_GOOD &&
	    (self == NULL || strcmp(pivot->type, TRUSTED_LIST_TYPE_LISTS) != 0))
		trusted_list_refuse(&of_pivot, TRUSTED_LIST_PIVOT,
				    "it does not say who signs the list of lists");
	if (of_pivot.reason != TRUSTED_LIST_GOOD) {
		refuse_pivot(pivot, &of_pivot, v);
		return 0;
	}
	if (trusted_list_pointer_certs(self, &next, err) != 0)
		return -1;
	trusted_list_certs_clear(certs);
	*certs = next;
	return 0;
}

int trusted_list_through(const struct trusted_list *const *pivots, size_t n,
			 const struct trusted_list_signers *configured,
			 struct trusted_list_certs *ret_certs,
			 struct trusted_list_verdict *ret, struct ltps_error *err)
{
	struct trusted_list_certs certs = { .n = 0 };
	struct trusted_list_verdict v = { .reason = TRUSTED_LIST_GOOD };
	int rc = 0;
	if (configured->n > TRUSTED_LIST_IDENTITIES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d signers of a list",
				 TRUSTED_LIST_IDENTITIES_MAX);
	for (; certs.n < configured->n; certs.n++)
		certs.list[certs.n] = cert_ref(configured->list[certs.n]);
	for (size_t i = n; rc == 0 && v.reason == TRUSTED_LIST_GOOD && i > 0; i--)
		rc = pass_pivot(pivots[i - 1], &certs, &v, err);
	if (rc != 0 || v.reason != TRUSTED_LIST_GOOD)
		trusted_list_certs_clear(&certs);
	if (rc == 0) {
		*ret = v;
		*ret_certs = certs;
	}
	return rc;
}
