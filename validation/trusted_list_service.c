/* SPDX-License-Identifier: Apache-2.0 */
/* trusted_list_service - what a list says of a service through the years. */
#include <string.h>

#include "validation/trusted_list.h"

/* TS 119 612 5.5.10: in descending order of their beginnings. */
static bool is_ordered(const struct trusted_list_service *s)
{
	for (size_t i = 1; i < s->n; i++)
		if (s->states[i].from_ms >= s->states[i - 1].from_ms)
			return false;
	return true;
}

const struct trusted_list_state *
trusted_list_state_at(const struct trusted_list_service *s, int64_t time_ms,
		      bool *ret_ordered)
{
	const bool ordered = is_ordered(s);
	if (ret_ordered != NULL)
		*ret_ordered = ordered;
	for (size_t i = 0; i < s->n && (i == 0 || ordered); i++)
		if (s->states[i].from_ms <= time_ms)
			return &s->states[i];
	return NULL;
}

bool trusted_list_status_grants(const char *status)
{
	static const char *const granting[] = {
		"granted",
		"undersupervision",
		"supervisionincessation",
		"accredited",
		"setbynationallaw",
		"recognisedatnationallevel",
	};
	const size_t n = sizeof(TRUSTED_LIST_STATUS) - 1;
	if (strncmp(status, TRUSTED_LIST_STATUS, n) != 0)
		return false;
	for (size_t i = 0; i < sizeof(granting) / sizeof(granting[0]); i++)
		if (strcmp(status + n, granting[i]) == 0)
			return true;
	return false;
}

static bool grants(const struct trusted_list_state *s, const char *type)
{
	return strcmp(s->type, type) == 0 && trusted_list_status_grants(s->status);
}

bool trusted_list_last_period(const struct trusted_list_service *s, const char *type,
			      int64_t time_ms, struct trusted_list_period *ret)
{
	const size_t n = is_ordered(s) ? s->n : (s->n > 0 ? 1 : 0);
	size_t i = 0, end;
	while (i < n && (!grants(&s->states[i], type) || s->states[i].from_ms > time_ms))
		i++;
	if (i == n)
		return false;
	end = i;
	while (end > 0 && grants(&s->states[end - 1], type))
		end--;
	ret->until_ms = end > 0 ? s->states[end - 1].from_ms : INT64_MAX;
	while (i + 1 < n && grants(&s->states[i + 1], type))
		i++;
	ret->from_ms = s->states[i].from_ms;
	return true;
}
