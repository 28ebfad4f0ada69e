/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_report - the summary: the same for the same seed. */
#include <inttypes.h>

#include "base/jsonw.h"
#include "server/simulate.h"

static void put_int(struct jsonw *j, const char *key, uint64_t n)
{
	jsonw_member_int(j, key, (int64_t)n);
}

static void put_tallies(struct jsonw *j, const char *key, const struct sim_tallies *t)
{
	jsonw_key(j, key);
	jsonw_object(j);
	for (size_t i = 0; i < t->n; i++)
		put_int(j, t->t[i].name, t->t[i].n);
	jsonw_object_end(j);
}

static uint64_t tally_of(const struct sim_tallies *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (view_is_text(view_text(t->t[i].name), name))
			return t->t[i].n;
	return 0;
}

static void put_named(struct jsonw *j, const struct sim *s)
{
	jsonw_key(j, "named");
	jsonw_array(j);
	for (size_t i = 0; i < s->n_losses; i++) {
		const struct sim_loss *l = &s->losses[i];
		jsonw_object(j);
		put_int(j, "object", l->object);
		jsonw_member(j, "poid", s->shared->objects[l->object].poid);
		jsonw_member(j, "what", l->lost ? "lost" : "unverifiable");
		jsonw_member(j, "reason", l->reason);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void put_harmed(struct jsonw *j, const struct sim *s)
{
	jsonw_key(j, "harmed");
	jsonw_array(j);
	for (size_t i = 0; i < s->n_harmed; i++)
		jsonw_int(j, (int64_t)s->harmed[i]);
	jsonw_array_end(j);
}

static uint64_t deleted(const struct sim *s)
{
	uint64_t n = 0;
	for (uint64_t i = 0; i < s->o.objects; i++)
		n += s->shared->objects[i].state == SIM_DATA_DELETED ||
		     s->shared->objects[i].state == SIM_DELETED;
	return n;
}

int sim_report_json(const struct sim *s, struct buf *out, struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	put_int(&j, "years", (uint64_t)s->o.years);
	put_int(&j, "objects", s->o.objects);
	put_int(&j, "timestamps_requested", devpki_answered(s->pki, DEVPKI_TARGET_TSA));
	put_int(&j, "timestamp_renewals", s->timestamp_renewals);
	put_int(&j, "hash_tree_renewals", s->hash_tree_renewals);
	put_int(&j, "crashes", s->crashes);
	put_int(&j, "lost", s->lost);
	put_int(&j, "unverifiable", s->unverifiable);
	put_int(&j, "seed", s->o.seed);
	put_int(&j, "checked", s->checked);
	put_int(&j, "deleted", deleted(s));
	put_int(&j, "restamped", s->restamped);
	put_int(&j, "repaired", tally_of(&s->shared->acts, "ObjectRepaired"));
	put_int(&j, "signed", s->o.signed_objects);
	put_int(&j, "forms", s->forms.forms);
	put_int(&j, "form_timestamps", s->forms.timestamps);
	put_int(&j, "forms_passed", s->forms.passed);
	put_int(&j, "failures", s->failures);
	put_int(&j, "runs", s->runs);
	put_tallies(&j, "events", &s->events);
	put_tallies(&j, "crash_points", &s->points);
	put_tallies(&j, "acts", &s->shared->acts);
	put_harmed(&j, s);
	put_named(&j, s);
	jsonw_object_end(&j);
	return jsonw_end(&j, err) == 0 ? buf_put_byte(out, '\n', err) : -1;
}

static int text_tallies(const char *what, const struct sim_tallies *t, struct buf *out,
			struct ltps_error *err)
{
	if (t->n > 0 && buf_put_fmt(out, err, "%s\n", what) != 0)
		return -1;
	for (size_t i = 0; i < t->n; i++)
		if (buf_put_fmt(out, err, "  %-32s %8" PRIu64 "\n", t->t[i].name,
				t->t[i].n) != 0)
			return -1;
	return 0;
}

int sim_report_text(const struct sim *s, struct buf *out, struct ltps_error *err)
{
	if (buf_put_fmt(out, err,
			"seed %" PRIu64 ": %" PRId64 " years, %" PRIu64
			" objects, %" PRIu64 " crashes\n"
			"time-stamps requested %" PRIu64
			", renewals of time-stamps %" PRIu64 ", of hash trees %" PRIu64
			"\n",
			s->o.seed, s->o.years, s->o.objects, s->crashes,
			devpki_answered(s->pki, DEVPKI_TARGET_TSA),
			s->timestamp_renewals, s->hash_tree_renewals) != 0 ||
	    text_tallies("outside", &s->events, out, err) != 0 ||
	    text_tallies("killed at", &s->points, out, err) != 0 ||
	    text_tallies("done", &s->shared->acts, out, err) != 0)
		return -1;
	for (size_t i = 0; i < s->n_losses; i++) {
		const struct sim_loss *l = &s->losses[i];
		if (buf_put_fmt(out, err, "%s: object %" PRIu64 " (%s): %s\n",
				l->lost ? "lost" : "unverifiable", l->object,
				s->shared->objects[l->object].poid, l->reason) != 0)
			return -1;
	}
	if (s->o.signed_objects > 0 &&
	    buf_put_fmt(out, err,
			"signed %" PRIu64 ", augmented forms %" PRIu64
			", archive and document time-stamps in the newest %" PRIu64
			", of them TOTAL-PASSED %" PRIu64 "\n",
			s->o.signed_objects, s->forms.forms, s->forms.timestamps,
			s->forms.passed) != 0)
		return -1;
	return buf_put_fmt(out, err,
			   "judged %" PRIu64 ", deleted %" PRIu64 ", restamped %" PRIu64
			   ", lost %" PRIu64 ", unverifiable %" PRIu64 "\n",
			   s->checked, deleted(s), s->restamped, s->lost,
			   s->unverifiable);
}
