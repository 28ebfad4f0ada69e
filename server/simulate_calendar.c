/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_calendar - what will happen outside, earliest first: a heap. */
#include "base/mem.h"
#include "server/simulate.h"

static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct sim_event *a, struct sim_event *b)
{
	struct sim_event t = *a;
	*a = *b;
	*b = t;
}

int sim_calendar_add(struct sim_calendar *c, int64_t at_ms, enum sim_event_kind kind,
		     int64_t a, int64_t b, struct ltps_error *err)
{
	if (c->n == c->cap) {
		size_t cap = c->cap == 0 ? 256 : 2 * c->cap;
		struct sim_event *v = mem_resize(c->events, cap, sizeof(*v));
		if (v == NULL)
			return ltps_fail_nomem(err);
		c->events = v;
		c->cap = cap;
	}
	size_t i = c->n++;
	c->events[i] = (struct sim_event){
		.at_ms = at_ms, .order = c->order++, .kind = kind, .a = a, .b = b
	};
	while (i > 0 && before(&c->events[i], &c->events[(i - 1) / 2])) {
		swap(&c->events[i], &c->events[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	return 0;
}

int64_t sim_calendar_next(const struct sim_calendar *c)
{
	return c->n > 0 ? c->events[0].at_ms : INT64_MAX;
}

bool sim_calendar_take(struct sim_calendar *c, int64_t now_ms, struct sim_event *ret)
{
	if (c->n == 0 || c->events[0].at_ms > now_ms)
		return false;
	*ret = c->events[0];
	c->events[0] = c->events[--c->n];
	for (size_t i = 0;;) {
		size_t least = i;
		for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < c->n; k++)
			if (before(&c->events[k], &c->events[least]))
				least = k;
		if (least == i)
			return true;
		swap(&c->events[i], &c->events[least]);
		i = least;
	}
}
