/* SPDX-License-Identifier: Apache-2.0 */
/* allowance - objects and octets an hour. */
#include "ltp/allowance.h"

void allowance_init(struct allowance *a, unsigned objects_max, size_t octets_max)
{
	*a = (struct allowance){
		.objects_max = objects_max != 0 ? objects_max : ALLOWANCE_OBJECTS,
		.octets_max = octets_max != 0 ? octets_max : ALLOWANCE_OCTETS,
		.since_ms = INT64_MIN,
	};
	pthread_mutex_init(&a->lock, NULL);
}

void allowance_end(struct allowance *a)
{
	pthread_mutex_destroy(&a->lock);
}

bool allowance_take(struct allowance *a, size_t octets, int64_t now_ms)
{
	pthread_mutex_lock(&a->lock);
	if (now_ms < a->since_ms || a->since_ms < now_ms - ALLOWANCE_MS) {
		a->since_ms = now_ms;
		a->objects = 0;
		a->octets = 0;
	}
	const bool ok =
	    a->objects < a->objects_max && octets <= a->octets_max - a->octets;
	if (ok) {
		a->objects++;
		a->octets += octets;
	}
	pthread_mutex_unlock(&a->lock);
	return ok;
}
