/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/link.h"

#include <stdio.h>
#include <string.h>

#include "ltp/inside.h"

/* Mistakes of the request are answers. */
static int or_refuse(int rc, struct ltp_result *r, struct ltps_error *err)
{
	if (rc == 0 || err->fault != LTPS_FAULT_CALLER)
		return rc;
	refuse(r, LTP_PARAMETER_ERROR, "%s", err->text);
	ltps_error_clear(err);
	return 0;
}

int link_add(struct ltp_worker *w, const struct link_request *req, int64_t *ret_id,
	     char ret_secret[ACCESS_SECRET_SIZE], struct ltp_result *ret_result,
	     struct ltps_error *err)
{
	struct object *object = NULL;
	struct credential new = { .created_ms = ltp_now(w->l),
				  .until_ms = req->until_ms };
	const char *name = req->name != NULL ? req->name : "link";
	ret_secret[0] = '\0';
	refuse(ret_result, LTP_OK, "%s", "");
	if (object_find(w, &req->caller, req->poid, &object, ret_result, err) != 0)
		return -1;
	const bool there = object != NULL && object->state != OBJECT_DELETED;
	if (object != NULL && !there)
		refuse(ret_result, LTP_UNKNOWN_POID, "the object was deleted");
	object_free(object);
	if (!there)
		return 0;
	if (strlen(name) >= sizeof(new.name))
		return refuse(ret_result, LTP_PARAMETER_ERROR, "the name is too long");
	snprintf(new.tenant, sizeof(new.tenant), "%s", tenant_of(&req->caller));
	snprintf(new.poid, sizeof(new.poid), "%s", req->poid);
	snprintf(new.name, sizeof(new.name), "%s", name);
	return or_refuse(access_add(w->l->o.store, CREDENTIAL_LINK, req->caller.name,
				    &new, ret_id, ret_secret, err),
			 ret_result, err);
}

int link_revoke(struct ltp_worker *w, const struct ltp_caller *caller, int64_t id,
		struct ltp_result *ret_result, struct ltps_error *err)
{
	refuse(ret_result, LTP_OK, "%s", "");
	return or_refuse(access_revoke(w->l->o.store, CREDENTIAL_LINK, id,
				       tenant_of(caller), caller->name, ltp_now(w->l),
				       err),
			 ret_result, err);
}

int link_report_label(struct ltp_worker *w, const struct ltp_caller *caller,
		      const char *poid, char ret_label[STORE_NAME_MAX + 1],
		      struct ltps_error *err)
{
	struct object *object = NULL;
	struct ltp_result ignored;
	ret_label[0] = '\0';
	if (object_find(w, caller, poid, &object, &ignored, err) != 0)
		return -1;
	for (size_t i = 0; object != NULL && i < object->n_versions; i++)
		if (object->versions[i].kind == VERSION_REPORT)
			snprintf(ret_label, STORE_NAME_MAX + 1, "%s",
				 object->versions[i].label);
	object_free(object);
	return 0;
}
