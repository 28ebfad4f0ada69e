/* SPDX-License-Identifier: Apache-2.0 */
/* Augmented forms, judgements, ends of periods; stores of the first schema. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/embedded.h"
#include "storage/backup.h"
#include "storage/object.h"
#include "storage/term.h"
#include "tests/support/renewal_kit.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_sql.h"

extern const struct embedded store_schemas[];
extern const size_t store_schemas_count;

TestSuite(renewal_version, .init = rkit_begin, .fini = rkit_end);

struct work {
	int64_t object, version, ms;
	struct version_stand stand;
	struct version_new v;
	struct object_new o;
};

static int run_version(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return object_add_version(c, w->object, &w->v, &w->version, err);
}

static int run_object(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return object_insert(c, &w->o, &w->object, &w->version, err);
}

static int run_footing(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return version_stand_put(c, w->version, &w->stand, err);
}

static int run_announced(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return object_set_announced(c, w->object, w->ms, err);
}

static int run_until(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return object_set_preserve_until(c, w->object, w->ms, err);
}

static int run_delete_data(struct store_conn *c, void *arg, struct ltps_error *err)
{
	return object_delete_data(c, ((struct work *)arg)->object, 1, err);
}

static int run_delete(struct store_conn *c, void *arg, struct ltps_error *err)
{
	return object_delete(c, ((struct work *)arg)->object, 1, err);
}

static int64_t object(const char *poid, int64_t until_ms, int64_t judged_ms)
{
	struct work w = { .v = { .label = "v1",
				 .kind = VERSION_SUBMITTED,
				 .verdict = judged_ms != 0 ? "TOTAL-PASSED" : NULL,
				 .judged_ms = judged_ms } };
	w.o = (struct object_new){ .tenant = FIXTURE_TENANT,
				   .poid = poid,
				   .profile = FIXTURE_PROFILE,
				   .preserve_until_ms = until_ms,
				   .first = &w.v };
	cr_assert_eq(rkit_try(run_object, &w), LTPS_OK);
	return w.object;
}

/* A form with one part for each character of `of`. */
static int64_t form(int64_t obj, const char *label, enum version_kind kind,
		    const char *of)
{
	struct part_new parts[4];
	char ids[4][2];
	size_t n = strlen(of);
	memset(parts, 0, sizeof(parts));
	for (size_t i = 0; i < n; i++) {
		ids[i][0] = of[i];
		ids[i][1] = '\0';
		parts[i].related = ids[i];
	}
	struct work w = {
		.object = obj,
		.v = { .label = label, .kind = kind, .parts = parts, .n_parts = n }
	};
	cr_assert_eq(rkit_try(run_version, &w), LTPS_OK);
	return w.version;
}

static enum ltps_code stand(int64_t version, int64_t footing)
{
	struct work w = { .version = version, .stand = { .footing = footing } };
	return rkit_try(run_footing, &w);
}

struct dues {
	size_t n;
	struct version_due v[8];
};

static int take_due(void *arg, const struct version_due *v, struct ltps_error *err)
{
	struct dues *d = arg;
	(void)err;
	d->v[d->n++] = *v;
	return 0;
}

static struct dues due(int64_t until, int64_t after_footing, int64_t after)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct dues d = { .n = 0 };
	const struct version_due_query q = { .weakens_until = until,
					     .after_footing = after_footing,
					     .after_id = after };
	cr_assert_eq(version_due_list(rkit_reader, &q, take_due, &d, &err), 0, "%s",
		     err.text);
	return d;
}

Test(renewal_version, footing_is_of_forms_of_live_objects_only)
{
	int64_t a = rkit_footing("A", 1000), o = object("p", 0, 0);
	int64_t f = form(o, "augmented-1", VERSION_AUGMENTED, "x");
	int64_t r = form(o, "report-1", VERSION_REPORT, "x");
	cr_assert_eq(stand(f, 99), LTPS_NOT_FOUND);
	cr_assert_eq(stand(99, a), LTPS_NOT_FOUND);
	cr_assert_eq(stand(r, a), LTPS_NOT_FOUND);
	cr_assert_eq(stand((o << 14) + 1, a), LTPS_NOT_FOUND);
	struct work w = { .object = o };
	cr_assert_eq(rkit_try(run_delete_data, &w), LTPS_OK);
	cr_assert_eq(stand(f, a), LTPS_NOT_FOUND);
}

Test(renewal_version, form_is_due_when_its_footing_weakens)
{
	int64_t a = rkit_footing("A", 1000), o = object("p", 0, 0);
	int64_t f = form(o, "augmented-1", VERSION_AUGMENTED, "x");
	cr_assert_eq(stand(f, a), LTPS_OK);
	cr_assert_eq(due(999, 0, 0).n, 0);
	struct dues d = due(1000, 0, 0);
	cr_assert_eq(d.n, 1);
	cr_assert_eq(d.v[0].footing, a);
	cr_assert_eq(d.v[0].version, f);
	cr_assert_eq(d.v[0].submitted, (o << 14) + 1);
	cr_assert_eq(d.v[0].object, o);
	cr_assert_eq(d.v[0].weakens_ms, 1000);
	cr_assert_eq(d.v[0].lost_ms, 0);
	cr_assert_eq(rkit_lose(a).tokens, 0);
	cr_assert_eq(due(1000, 0, 0).v[0].lost_ms, FIXTURE_TIME + 500);
}

Test(renewal_version, newer_form_ends_the_older_ones)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 900);
	int64_t o = object("p", 0, 0);
	int64_t f1 = form(o, "augmented-1", VERSION_AUGMENTED, "x");
	int64_t f2 = form(o, "augmented-2", VERSION_AUGMENTED, "x");
	cr_assert_eq(stand(f1, a), LTPS_OK);
	cr_assert_eq(due(9999, 0, 0).n, 1, "one without a footing does not count yet");
	cr_assert_eq(stand(f2, b), LTPS_OK);
	struct dues d = due(9999, 0, 0);
	cr_assert_eq(d.n, 1);
	cr_assert_eq(d.v[0].version, f2);
	/* In whatever order they come. */
	cr_assert_eq(stand(f1, a), LTPS_OK);
	cr_assert_eq(due(9999, 0, 0).n, 1);
}

Test(renewal_version, older_form_of_another_part_stays_due)
{
	int64_t a = rkit_footing("A", 1000), o = object("p", 0, 0);
	int64_t f1 = form(o, "augmented-1", VERSION_AUGMENTED, "xy");
	int64_t f2 = form(o, "augmented-2", VERSION_AUGMENTED, "x");
	cr_assert_eq(stand(f1, a), LTPS_OK);
	cr_assert_eq(stand(f2, a), LTPS_OK);
	cr_assert_eq(due(9999, 0, 0).n, 2, "y has no newer form");
	int64_t f3 = form(o, "sealed-1", VERSION_SEALED, "y");
	cr_assert_eq(stand(f3, a), LTPS_OK);
	struct dues d = due(9999, 0, 0);
	cr_assert_eq(d.n, 2);
	cr_assert_eq(d.v[0].version, f2);
	cr_assert_eq(d.v[1].version, f3);
}

Test(renewal_version, forms_of_an_earlier_submission_stay_due)
{
	int64_t a = rkit_footing("A", 1000), o = object("p", 0, 0);
	int64_t f1 = form(o, "augmented-1", VERSION_AUGMENTED, "x");
	int64_t v2 = form(o, "v2", VERSION_UPDATED, "x");
	int64_t f2 = form(o, "augmented-2", VERSION_AUGMENTED, "x");
	cr_assert_eq(stand(f1, a), LTPS_OK);
	cr_assert_eq(stand(f2, a), LTPS_OK);
	struct dues d = due(9999, 0, 0);
	cr_assert_eq(d.n, 2);
	cr_assert_eq(d.v[0].submitted, (o << 14) + 1);
	cr_assert_eq(d.v[1].submitted, v2);
}

Test(renewal_version, other_objects_are_left_alone)
{
	int64_t a = rkit_footing("A", 1000), o1 = object("p", 0, 0);
	int64_t o2 = object("q", 0, 0);
	cr_assert_eq(stand(form(o1, "augmented-1", VERSION_AUGMENTED, "x"), a),
		     LTPS_OK);
	cr_assert_eq(stand(form(o2, "augmented-1", VERSION_AUGMENTED, "x"), a),
		     LTPS_OK);
	cr_assert_eq(due(9999, 0, 0).n, 2);
}

Test(renewal_version, due_forms_come_by_footing_and_id_in_pages)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 900);
	int64_t f[3];
	f[0] = form(object("p", 0, 0), "augmented-1", VERSION_AUGMENTED, "x");
	f[1] = form(object("q", 0, 0), "augmented-1", VERSION_AUGMENTED, "x");
	f[2] = form(object("r", 0, 0), "augmented-1", VERSION_AUGMENTED, "x");
	cr_assert_eq(stand(f[0], b), LTPS_OK);
	cr_assert_eq(stand(f[1], a), LTPS_OK);
	cr_assert_eq(stand(f[2], a), LTPS_OK);
	struct dues d = due(9999, 0, 0);
	cr_assert_eq(d.n, 3);
	cr_assert_eq(d.v[0].version, f[1]);
	cr_assert_eq(d.v[1].version, f[2]);
	cr_assert_eq(d.v[2].version, f[0]);
	d = due(9999, a, f[1]);
	cr_assert_eq(d.n, 2);
	cr_assert_eq(d.v[0].version, f[2]);
	d = due(9999, a, f[2]);
	cr_assert_eq(d.n, 1);
	cr_assert_eq(d.v[0].version, f[0]);
	cr_assert_eq(due(9999, b, f[0]).n, 0);
}

/* The other authority, and what it keeps or brings down. */

static enum ltps_code stand_on(int64_t version, struct version_stand stand)
{
	struct work w = { .version = version, .stand = stand };
	return rkit_try(run_footing, &w);
}

static struct version_stood stood(int64_t version)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct version_stood s;
	cr_assert_eq(version_stand_get(rkit_reader, version, &s, &err), 0, "%s",
		     err.text);
	return s;
}

Test(renewal_version, form_is_due_when_its_partner_weakens_or_is_lost)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 900);
	int64_t f =
	    form(object("p", 0, 0), "augmented-1", VERSION_AUGMENTED, "x");
	cr_assert_eq(stand_on(f, (struct version_stand){ a, a, 0, 0 }), LTPS_ARGUMENT);
	cr_assert_eq(stand_on(f, (struct version_stand){ a, 99, 0, 0 }),
		     LTPS_NOT_FOUND);
	cr_assert_eq(stand_on(f, (struct version_stand){ a, b, 0, 0 }), LTPS_OK);
	cr_assert_eq(due(899, 0, 0).n, 0);
	struct dues d = due(900, 0, 0);
	cr_assert_eq(d.n, 1);
	cr_assert_eq(d.v[0].footing, b);
	cr_assert_eq(d.v[0].version, f);
	struct version_stood s = stood(f);
	cr_assert_eq(s.weakens_ms, 900);
	cr_assert_eq(s.holds_ms, 1000);
	cr_assert_eq(s.holds, a);
	rkit_lose(a);
	s = stood(f);
	cr_assert_eq(s.holds_ms, 900);
	cr_assert_eq(s.holds, b);
	rkit_lose(b);
	cr_assert_eq(stood(f).holds_ms, -1);
}

Test(renewal_version, partners_of_forms_are_listed_page_by_page_like_footings)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 900);
	int64_t f[2];
	f[0] = form(object("p", 0, 0), "augmented-1", VERSION_AUGMENTED, "x");
	f[1] = form(object("q", 0, 0), "augmented-1", VERSION_AUGMENTED, "x");
	cr_assert_eq(stand_on(f[0], (struct version_stand){ a, b, 0, 0 }), LTPS_OK);
	cr_assert_eq(stand_on(f[1], (struct version_stand){ b, a, 0, 0 }), LTPS_OK);
	struct dues d = due(1000, 0, 0);
	cr_assert_eq(d.n, 4);
	for (size_t i = 0; i < 4; i++) {
		cr_expect_eq(d.v[i].footing, i < 2 ? a : b);
		cr_expect_eq(d.v[i].version, f[i % 2]);
		struct dues after = due(1000, d.v[i].footing, d.v[i].version);
		cr_expect_eq(after.n, 3 - i);
	}
}

static size_t due_alone(int64_t until, int64_t alone_until, int64_t now_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct dues d = { .n = 0 };
	const struct version_due_query q = { .weakens_until = until,
					     .alone_until = alone_until,
					     .now_ms = now_ms };
	cr_assert_eq(version_due_list(rkit_reader, &q, take_due, &d, &err), 0, "%s",
		     err.text);
	return d.n;
}

Test(renewal_version, form_on_one_authority_waits_but_not_past_its_date)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct version_alone alone;
	int64_t a = rkit_footing("A", 1000);
	struct work w = { .object = object("p", 0, 0) };
	int64_t f = form(w.object, "augmented-1", VERSION_AUGMENTED, "x");
	cr_assert_eq(version_alone_get(rkit_reader, 2, &alone, &err), 0);
	cr_assert_eq(alone.n, 0);
	cr_assert_eq(alone.next_ms, INT64_MAX);
	cr_assert_eq(stand_on(f, (struct version_stand){ a, 0, 500, 2 }), LTPS_OK);
	cr_assert_eq(due_alone(1000, 999, 499), 0, "within the margin it waits");
	cr_assert_eq(due_alone(1000, 999, 500), 1);
	cr_assert_eq(due_alone(0, 0, 500), 1, "far from any date");
	cr_assert_eq(due_alone(1000, 1000, 499), 1, "not past its date");
	cr_assert_eq(due_alone(1000, 1000, 500), 1, "once");
	cr_assert_eq(version_alone_get(rkit_reader, 2, &alone, &err), 0);
	cr_assert_eq(alone.n, 1);
	cr_assert_eq(alone.n_long, 1);
	cr_assert_eq(alone.next_ms, 500);
	cr_assert_eq(version_alone_get(rkit_reader, 3, &alone, &err), 0);
	cr_assert_eq(alone.n_long, 0);
	cr_assert_eq(stood(f).stand.seconds, 2);
	cr_assert_eq(rkit_try(run_delete_data, &w), LTPS_OK);
	cr_assert_eq(due_alone(1000, 1000, 500), 0);
	cr_assert_eq(version_alone_get(rkit_reader, 2, &alone, &err), 0);
	cr_assert_eq(alone.n, 0);
}

Test(renewal_version, newer_form_ends_the_waiting_of_the_older_one)
{
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 900);
	int64_t o = object("p", 0, 0);
	int64_t f1 = form(o, "augmented-1", VERSION_AUGMENTED, "x");
	int64_t f2 = form(o, "augmented-2", VERSION_AUGMENTED, "x");
	cr_assert_eq(stand_on(f1, (struct version_stand){ a, b, 1, 0 }), LTPS_OK);
	cr_assert_eq(stand_on(f2, (struct version_stand){ a, b, 0, 0 }), LTPS_OK);
	struct dues d = due(900, 0, 0);
	cr_assert_eq(d.n, 1);
	cr_assert_eq(d.v[0].version, f2);
	cr_assert_eq(due_alone(0, 0, 9999), 0);
}

struct sums {
	size_t n;
	struct tip_sum sums[4];
};

static int take_sum(void *arg, const struct tip_sum *sum, struct ltps_error *err)
{
	struct sums *s = arg;
	(void)err;
	s->sums[s->n++] = *sum;
	return 0;
}

static int take_footing(void *arg, const struct footing *f, struct ltps_error *err)
{
	(void)err;
	strncat(arg, f->tsa, 1);
	return 0;
}

Test(renewal_version, deleted_objects_stand_on_nothing)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static struct sums s;
	char seen[8] = "";
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 900);
	struct work w = { .object = object("p", 0, 0) };
	cr_assert_eq(stand(form(w.object, "f", VERSION_AUGMENTED, "x"), a), LTPS_OK);
	struct work u = { .object = object("q", 0, 0) };
	cr_assert_eq(stand(form(u.object, "f", VERSION_SEALED, "x"), b), LTPS_OK);
	cr_assert_eq(version_sums(rkit_reader, take_sum, &s, &err), 0);
	cr_assert_eq(s.n, 2);
	cr_assert_eq(s.sums[0].footing, b);
	cr_assert_eq(s.sums[0].partner, 0);
	cr_assert_eq(s.sums[0].tips, 1);
	cr_assert_eq(s.sums[0].objects, 1);
	cr_assert_eq(s.sums[0].weakens_ms, 900);
	cr_assert_str_eq(s.sums[0].reason, "its certificate ends");
	cr_assert_str_eq(s.sums[0].tsa, "B");
	cr_assert_eq(footing_list(rkit_reader, take_footing, seen, &err), 0);
	cr_assert_str_eq(seen, "AB");
	cr_assert_eq(rkit_try(run_delete_data, &w), LTPS_OK);
	cr_assert_eq(rkit_try(run_delete, &u), LTPS_OK);
	s.n = 0;
	cr_assert_eq(version_sums(rkit_reader, take_sum, &s, &err), 0);
	cr_assert_eq(s.n, 0);
	cr_assert_eq(due(9999, 0, 0).n, 0);
	seen[0] = '\0';
	cr_assert_eq(footing_list(rkit_reader, take_footing, seen, &err), 0);
	cr_assert_str_eq(seen, "");
}

Test(renewal_version, sums_go_by_the_earlier_of_footing_and_partner)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static struct sums s;
	char seen[8] = "";
	int64_t a = rkit_footing("A", 1000), b = rkit_footing("B", 900);
	struct work w = { .object = object("p", 0, 0) };
	int64_t f = form(w.object, "f", VERSION_AUGMENTED, "x");
	cr_assert_eq(stand_on(f, (struct version_stand){ a, b, 0, 0 }), LTPS_OK);
	cr_assert_eq(version_sums(rkit_reader, take_sum, &s, &err), 0);
	cr_assert_eq(s.n, 1);
	cr_assert_eq(s.sums[0].footing, a);
	cr_assert_eq(s.sums[0].partner, b);
	cr_assert_eq(s.sums[0].weakens_ms, 900);
	cr_assert_str_eq(s.sums[0].tsa, "B");
	cr_assert_eq(footing_list(rkit_reader, take_footing, seen, &err), 0);
	cr_assert_str_eq(seen, "AB");
}

/* Judgements and periods */

struct dates {
	size_t n;
	int64_t ids[8];
	int64_t ms[8];
};

static int take_date(void *arg, int64_t id, int64_t ms, struct ltps_error *err)
{
	struct dates *d = arg;
	(void)err;
	d->ids[d->n] = id;
	d->ms[d->n++] = ms;
	return 0;
}

Test(renewal_version, judgements_come_oldest_first)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct dates d = { .n = 0 };
	object("never judged", 0, 0);
	int64_t late = object("late", 0, 500), early = object("early", 0, 400);
	struct work w = { .object = object("data gone", 0, 300) };
	struct work u = { .object = object("gone", 0, 200) };
	cr_assert_eq(rkit_try(run_delete_data, &w), LTPS_OK);
	cr_assert_eq(rkit_try(run_delete, &u), LTPS_OK);
	cr_assert_eq(version_judged_list(rkit_reader, 400, 0, take_date, &d, &err), 0);
	cr_assert_eq(d.n, 0);
	cr_assert_eq(version_judged_list(rkit_reader, 501, 0, take_date, &d, &err), 0);
	cr_assert_eq(d.n, 2);
	cr_assert_eq(d.ids[0], (early << 14) + 1);
	cr_assert_eq(d.ms[0], 400);
	cr_assert_eq(d.ids[1], (late << 14) + 1);
	d.n = 0;
	cr_assert_eq(version_judged_list(rkit_reader, 501, 1, take_date, &d, &err), 0);
	cr_assert_eq(d.n, 1);
}

Test(renewal_version, period_is_announced_once_and_anew_when_it_changes)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct dates d = { .n = 0 };
	object("no end", 0, 0);
	struct work late = { .object = object("late", 5000, 0), .ms = 77 };
	int64_t early = object("early", 4000, 0);
	struct work gone = { .object = object("gone", 3000, 0) };
	cr_assert_eq(rkit_try(run_delete, &gone), LTPS_OK);
	cr_assert_eq(object_ending_list(rkit_reader, 4000, 0, take_date, &d, &err), 0);
	cr_assert_eq(d.n, 0);
	cr_assert_eq(object_ending_list(rkit_reader, 9000, 0, take_date, &d, &err), 0);
	cr_assert_eq(d.n, 2);
	cr_assert_eq(d.ids[0], early);
	cr_assert_eq(d.ms[1], 5000);
	cr_assert_eq(rkit_try(run_announced, &late), LTPS_OK);
	d.n = 0;
	cr_assert_eq(object_ending_list(rkit_reader, 9000, 0, take_date, &d, &err), 0);
	cr_assert_eq(d.n, 1);
	late.ms = 6000;
	cr_assert_eq(rkit_try(run_until, &late), LTPS_OK);
	d.n = 0;
	cr_assert_eq(object_ending_list(rkit_reader, 9000, 0, take_date, &d, &err), 0);
	cr_assert_eq(d.n, 2);
	late.object = 99;
	cr_assert_eq(rkit_try(run_announced, &late), LTPS_NOT_FOUND);
}

/* Stores of before */

TestSuite(renewal_migration, .init = rkit_begin, .fini = rkit_end);

/* As the first schema left it: two trees of objects, both under one renewal, an open
 * tree, an object whose data is gone. */
static const char OLD[] =
    "INSERT INTO object VALUES (1, 'alpha', 'p', 'urn', 0, 5, 900, NULL),"
    " (2, 'alpha', 'q', 'urn', 1, 5, NULL, 6);"
    "INSERT INTO version VALUES (16385, 1, 'v1', 1, 5, 0, NULL, 'TOTAL-PASSED', 7),"
    " (32769, 2, 'v1', 1, 5, 0, NULL, 'TOTAL-PASSED', 8);"
    "INSERT INTO blob VALUES (3, '_system', zeroblob(64), 0, 3, x'');"
    "INSERT INTO tree (id, purpose, profile, alg, state, opened_ms, n_leaves, bytes,"
    " root, nodes, attempts) VALUES"
    " (1, 0, 'urn', 3, 2, 1, 3, 52, zeroblob(32), 3, 0),"
    " (2, 0, 'urn', 3, 2, 1, 2, 42, zeroblob(32), 3, 0),"
    " (3, 1, 'urn', 3, 2, 1, 3, 99, zeroblob(32), 3, 0),"
    " (4, 0, 'urn', 3, 0, 1, 1, 10, NULL, NULL, 0);"
    "INSERT INTO token (id, tree, gen_time_ms, tsa, frozen, stored_ms, renew_ms, der)"
    " VALUES (11, 1, 1, 'a', 1, 1, 5, x'01'), (12, 2, 2, 'a', 1, 1, 5, x'02'),"
    " (13, 3, 3, 'a', 0, 1, NULL, x'03');"
    "UPDATE tree SET token = id + 10 WHERE state = 2;"
    "INSERT INTO leaf VALUES (3, 0, 4, 11, zeroblob(32)), (3, 1, 4, 12, zeroblob(32));"
    "INSERT INTO chain VALUES (1, 16385, 1, x'3000');";

Test(renewal_migration, store_of_the_first_schema_keeps_everything)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct dates d = { .n = 0 };
	rkit_end_damaged();
	fixture_dir(rkit_dir);
	cr_assert_str_eq(store_schemas[0].name, "schema_001.sql");
	storage_sql(rkit_dir, (const char *)store_schemas[0].bytes.p);
	storage_sql(rkit_dir, OLD);
	rkit_store = fixture_open(rkit_dir);
	cr_assert_eq(store_reader_open(rkit_store, &rkit_reader, &err), 0);
	cr_assert_eq(storage_sql_int(rkit_dir, "PRAGMA user_version"),
		     (int64_t)store_schemas_count);
	cr_assert_eq(rkit_link(11).next, 13);
	cr_assert_eq(rkit_link(12).next, 13);
	rkit_only_tip(13);
	struct rkit_tips t =
	    rkit_tips(&(struct tip_query){ .weakens_until = INT64_MAX });
	cr_assert_eq(t.tips[0].objects, 3);
	cr_assert_eq(t.tips[0].bytes, 30);
	cr_assert_eq(storage_sql_int(rkit_dir, "SELECT count(*) FROM chain"), 1);
	cr_assert_eq(version_judged_list(rkit_reader, 99, 0, take_date, &d, &err), 0);
	cr_assert_eq(d.n, 1);
	d.n = 0;
	cr_assert_eq(object_ending_list(rkit_reader, 999, 0, take_date, &d, &err), 0);
	cr_assert_eq(d.n, 1);
	/* Made-up rows: an empty store goes the way of all others. */
	rkit_end_damaged();
	rkit_begin();
}

/* A form on one footing, as the fourth schema left it. */
static const char FOURTH[] =
    "INSERT INTO object VALUES (1, 'alpha', 'p', 'urn', 0, 5, 900, NULL, NULL);"
    "INSERT INTO footing VALUES (7, zeroblob(32), zeroblob(32), 99, 99, NULL, 'ends',"
    " 'A', x'3000');"
    "INSERT INTO version (id, object, label, kind, created_ms, digest_alg, footing, base)"
    " VALUES (16385, 1, 'v1', 1, 5, 0, NULL, NULL),"
    " (16386, 1, 'augmented-1', 2, 6, 0, 7, 16385);";

Test(renewal_migration, forms_of_the_fourth_schema_stand_as_they_did)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	rkit_end_damaged();
	fixture_dir(rkit_dir);
	for (size_t i = 0; i < 4; i++)
		storage_sql(rkit_dir, (const char *)store_schemas[i].bytes.p);
	cr_assert_eq(storage_sql_int(rkit_dir, "PRAGMA user_version"), 4);
	storage_sql(rkit_dir, FOURTH);
	rkit_store = fixture_open(rkit_dir);
	cr_assert_eq(store_reader_open(rkit_store, &rkit_reader, &err), 0);
	cr_assert_eq(storage_sql_int(rkit_dir, "PRAGMA user_version"),
		     (int64_t)store_schemas_count);
	const struct version_stood s = stood(16386);
	cr_assert_eq(s.stand.footing, 7);
	cr_assert_eq(s.stand.partner, 0);
	cr_assert_eq(s.stand.second_ms, 0);
	cr_assert_eq(due(98, 0, 0).n, 0);
	cr_assert_eq(due(99, 0, 0).n, 1);
	/* Made-up rows: an empty store goes the way of all others. */
	rkit_end_damaged();
	rkit_begin();
}

Test(renewal_migration, backup_and_restore_take_renewals_along)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char copy[4096], back[4200];
	int64_t a = rkit_footing("A", 1000);
	int64_t k1 = rkit_first(2, "a", a), tokens[] = { k1, 0 };
	int64_t k2 = rkit_renew(tokens, "b", rkit_footing("B", 2000), a);
	struct backup_report report;
	fixture_dir(copy);
	snprintf(back, sizeof(back), "%s/b", copy);
	cr_assert_eq(store_backup(rkit_store, back, NULL, NULL, &report, &err), 0, "%s",
		     err.text);
	rkit_end_damaged();
	fixture_dir(rkit_dir);
	fixture_remove(rkit_dir);
	cr_assert_eq(store_restore(back, rkit_dir, NULL, NULL, &report, &err), 0, "%s",
		     err.text);
	fixture_remove(copy);
	rkit_store = fixture_open(rkit_dir);
	cr_assert_eq(store_reader_open(rkit_store, &rkit_reader, &err), 0);
	rkit_only_tip(k2);
	cr_assert_eq(rkit_link(k1).next, k2);
	cr_assert_eq(rkit_lose(rkit_footing("B", 2000)).restored, 1);
	rkit_only_tip(k1);
}
