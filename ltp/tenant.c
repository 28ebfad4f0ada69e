/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/tenant.h"

#include <string.h>

#include "ltp/inside.h"
#include "storage/credential.h"

/* NULL: nothing is said of it. */
static const struct ltp_tenant *tenant_rules(const struct ltp *l, const char *tenant)
{
	for (size_t i = 0; i < l->o.n_tenants; i++)
		if (strcmp(l->o.tenants[i].name, tenant) == 0)
			return &l->o.tenants[i];
	return NULL;
}

bool tenant_has_profile(const struct ltp *l, const char *tenant, const char *profile)
{
	bool named = false;
	for (size_t i = 0; i < l->o.n_tenants; i++) {
		const struct ltp_tenant *t = &l->o.tenants[i];
		for (size_t k = 0; k < t->n_profiles; k++) {
			if (strcmp(t->profiles[k], profile) != 0)
				continue;
			if (strcmp(t->name, tenant) == 0)
				return true;
			named = true;
		}
	}
	return !named;
}

/* NULL, or what is full. */
static const char *what_is_full(const struct ltp_tenant *t, const struct tenant_use *u)
{
	if (t->max_objects != 0 && u->objects > t->max_objects)
		return "objects";
	return t->max_bytes != 0 && u->bytes > t->max_bytes ? "octets" : NULL;
}

int tenant_has_room(const struct ltp *l, struct store_conn *conn, const char *tenant,
		    uint64_t objects, uint64_t bytes, bool *ret_fits,
		    struct ltp_result *ret_result, struct ltps_error *err)
{
	struct tenant_use use;
	const struct ltp_tenant *t = tenant_rules(l, tenant);
	*ret_fits = true;
	if (t == NULL || (t->max_objects == 0 && t->max_bytes == 0))
		return 0;
	if (tenant_use_get(conn, tenant, &use, err) != 0)
		return -1;
	use.objects += objects;
	use.bytes += bytes;
	const char *full = what_is_full(t, &use);
	if (full == NULL)
		return 0;
	*ret_fits = false;
	return refuse(ret_result, LTP_NO_SPACE,
		      "the tenant may not keep so many %s more", full);
}

int tenant_check_room(const struct ltp *l, struct store_conn *conn, const char *tenant,
		      struct ltps_error *err)
{
	struct ltp_result r;
	bool fits;
	if (tenant_has_room(l, conn, tenant, 0, 0, &fits, &r, err) != 0)
		return -1;
	return fits ? 0
		    : ltps_fail(err, LTPS_NO_SPACE, LTPS_FAULT_CALLER, NULL, "%s",
				r.message);
}
