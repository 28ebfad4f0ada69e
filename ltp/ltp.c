/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "formats/xml.h"
#include "ltp/anchors.h"
#include "ltp/inside.h"
#include "ltp/notify_private.h"
#include "ltp/tenant.h"
#include "storage/audit.h"
#include "validation/key.h"
#include "validation/tsa_path.h"

static const char *const MINORS[LTP_MINOR_COUNT] = {
	[LTP_OK] = "",
	[LTP_NO_PERMISSION] = "error/noPermission",
	[LTP_INTERNAL_ERROR] = "error/internalError",
	[LTP_PARAMETER_ERROR] = "error/parameterError",
	[LTP_NOT_SUPPORTED] = "error/notSupported",
	[LTP_TRANSFER_ERROR] = "error/transferError",
	[LTP_NO_SPACE] = "error/noSpaceError",
	[LTP_UNKNOWN_PO_FORMAT] = "error/unknownPOFormat",
	[LTP_PO_FORMAT_ERROR] = "error/POFormatError",
	[LTP_EXTERNAL_UNAVAILABLE] = "error/externalServiceUnavailable",
	[LTP_UNKNOWN_EVIDENCE_FORMAT] = "error/unknownEvidenceFormat",
	[LTP_UNKNOWN_POID] = "error/unknownPOID",
	[LTP_UNKNOWN_VERSION] = "error/unknownVersionID",
	[LTP_UNKNOWN_MODE] = "error/unknownMode",
	[LTP_UNKNOWN_DELTA_POC] = "error/unknownDeltaPOCType",
	[LTP_DELTA_POC_PROBLEM] = "error/DeltaPOCInternalProblem",
	[LTP_WARN_LOW_SPACE] = "warning/lowSpace",
	[LTP_WARN_PARTLY] = "warning/requestOnlyPartlySuccessful",
};

const char *ltp_minor_name(enum ltp_minor minor)
{
	return (unsigned)minor < LTP_MINOR_COUNT ? MINORS[minor]
						 : "error/internalError";
}

static int find_policy(const struct ltp_policies *from, const char *name,
		       struct validation_policy **ret_p, struct ltps_error *err)
{
	return from->find != NULL ? from->find(from->arg, name, ret_p, err)
				  : validation_policy_builtin(name, ret_p, err);
}

/* The policy that each profile's signatures are judged by. */
static int load_policies(struct ltp *l, struct ltps_error *err)
{
	l->policies =
	    mem_zalloc(l->o.n_profiles + 1, sizeof(struct validation_policy *));
	if (l->policies == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < l->o.n_profiles; i++) {
		const struct profile *p = l->o.profiles[i];
		if (p->signature_policy == NULL)
			continue;
		if (find_policy(&l->o.policies, p->signature_policy, &l->policies[i],
				err) != 0)
			return ltps_where(err, "profile %s", p->id);
		if (p->seal != SEAL_NONE && l->o.seal_key == NULL)
			return ltps_fail(
			    err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			    "the profile %s seals, but no key is configured", p->id);
	}
	return 0;
}

static void fill_in(struct ltp_upkeep_options *u)
{
	static const int64_t day_ms = 86400000;
	if (u->margin_ms == 0)
		u->margin_ms = 180 * day_ms;
	if (u->watch_ms == 0)
		u->watch_ms = day_ms;
	if (u->rhythm_ms == 0)
		u->rhythm_ms = 365 * day_ms;
	if (u->notice_ms == 0)
		u->notice_ms = 90 * day_ms;
	if (u->fixity_ms == 0)
		u->fixity_ms = 90 * day_ms;
	if (u->fixity_rate == 0)
		u->fixity_rate = (uint64_t)16 << 20;
}

/* ---- anchors that were trusted ---- */

struct history_task {
	struct ltp *l;
	size_t changes;
};

/* What the configuration itself says of an anchor, its end too, no list changes. */
static int add_of_lists(struct material *all, const struct material *lists,
			struct ltps_error *err)
{
	for (size_t i = 0; i < material_count(lists, MATERIAL_ANCHOR); i++) {
		const struct cert *c = material_cert(lists, MATERIAL_ANCHOR, i);
		if (material_find_cert(all, MATERIAL_ANCHOR, c->sha256) == NULL &&
		    material_add_anchor(all, c->der, material_sunset(lists, i), err) !=
			0)
			return -1;
	}
	return 0;
}

static int run_history(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct history_task *h = arg;
	const struct ltp_options *o = &h->l->o;
	struct material *all = NULL;
	int rc = material_new(&all, err);
	if (rc == 0 && o->trust != NULL)
		rc = material_add_all(all, o->trust, err);
	if (rc == 0 && o->lists_anchors != NULL)
		rc = add_of_lists(all, o->lists_anchors, err);
	if (rc == 0)
		rc = anchors_record(conn, all, o->anchor_origins, ltp_now(h->l),
				    &h->changes, err);
	material_free(all);
	if (rc != 0)
		return -1;
	return anchors_read(conn, h->l->history, err);
}

/* A store that is only read has the history that it has. */
static int load_history(struct ltp *l, struct ltps_error *err)
{
	struct history_task h = { .l = l };
	struct store_conn *conn = NULL;
	if (material_new(&l->history, err) != 0)
		return -1;
	l->history_pool = l->history;
	if (l->o.trust != NULL && material_add_all(l->history, l->o.trust, err) != 0)
		return -1;
	if (store_write(l->o.store, run_history, &h, err) == 0)
		return 0;
	if (err->code != LTPS_READ_ONLY)
		return -1;
	ltps_error_clear(err);
	if (store_reader_open(l->o.store, &conn, err) != 0)
		return -1;
	int rc = anchors_read(conn, l->history, err);
	store_reader_close(conn);
	return rc;
}

int ltp_new(const struct ltp_options *options, struct ltp **ret_l,
	    struct ltps_error *err)
{
	struct ltp *l = mem_zalloc(1, sizeof(*l));
	if (l == NULL)
		return ltps_fail_nomem(err);
	l->o = *options;
	fill_in(&l->o.upkeep);
	allowance_init(&l->fetched, 0, 0);
	if ((l->o.trust == NULL && material_new(&l->nothing, err) != 0) ||
	    known_new(l->o.trust != NULL ? l->o.trust : l->nothing, &l->known, err) !=
		0 ||
	    asked_new(l->o.fetchers, &l->asked, err) != 0 ||
	    tsa_seen_new(l->o.tsas, l->o.n_tsas, l->o.clock, &l->tsas, err) != 0 ||
	    proofs_new(&l->proofs, err) != 0 || load_policies(l, err) != 0 ||
	    load_history(l, err) != 0) {
		ltp_free(l);
		return -1;
	}
	if (!l->o.stands_by)
		notify_follow(l);
	*ret_l = l;
	return 0;
}

void ltp_free(struct ltp *l)
{
	if (l == NULL)
		return;
	notify_unfollow(l);
	for (size_t i = 0; l->policies != NULL && i < l->o.n_profiles; i++)
		validation_policy_free(l->policies[i]);
	mem_free(l->policies);
	proofs_free(l->proofs);
	tsa_seen_free(l->tsas);
	asked_free(l->asked);
	known_free(l->known);
	material_free(l->history);
	material_free(l->nothing);
	allowance_end(&l->fetched);
	mem_free(l);
}

void ltp_take_over(struct ltp *l)
{
	notify_follow(l);
}

const struct validation_policy *policy_of(const struct ltp *l, const struct profile *p)
{
	for (size_t i = 0; i < l->o.n_profiles; i++)
		if (l->o.profiles[i] == p)
			return l->policies[i];
	return NULL;
}

struct path_sources worker_sources(struct ltp_worker *w, bool network)
{
	return (struct path_sources){ .fetch = network ? w->fetch : NULL,
				      .clock = w->l->o.clock,
				      .known = w->l->known,
				      .asked = w->l->asked,
				      .store = w->l->o.store,
				      .allowance = &w->l->fetched,
				      .own_place = w->background,
				      .conn = w->conn,
				      .cancelled = &w->cancelled };
}

struct tsp_client ltp_tsp_client(const struct ltp *l)
{
	return (struct tsp_client){
		.tsas = l->o.tsas,
		.n_tsas = l->o.n_tsas,
		.skew_ms = l->o.tsa_skew_ms,
		.clock = l->o.clock,
		.gate = l->o.trust != NULL ? tsa_path_gate : NULL,
		.gate_arg = l->o.trust,
		.told = tsa_seen_told,
		.told_arg = l->tsas,
	};
}

int ltp_worker_new(struct ltp *l, struct ltp_worker **ret_w, struct ltps_error *err)
{
	struct ltp_worker *w = mem_zalloc(1, sizeof(*w));
	if (w == NULL)
		return ltps_fail_nomem(err);
	w->l = l;
	if (store_reader_open(l->o.store, &w->conn, err) != 0 || xml_load(err) != 0 ||
	    fetch_load(err) != 0 || fetch_new(&l->o.fetch, &w->fetch, err) != 0 ||
	    sig_cache_new(&w->signatures, err) != 0 ||
	    notify_state_new(l, &w->notify, err) != 0) {
		ltp_worker_free(w);
		return -1;
	}
	*ret_w = w;
	return 0;
}

void ltp_worker_set_background(struct ltp_worker *w)
{
	w->background = true;
}

struct store_conn *ltp_worker_conn(struct ltp_worker *w)
{
	return w->conn;
}

void ltp_worker_free(struct ltp_worker *w)
{
	if (w == NULL)
		return;
	notify_state_free(w->notify);
	sig_cache_free(w->signatures);
	fetch_free(w->fetch);
	store_reader_close(w->conn);
	mem_free(w);
}

void ltp_worker_cancel(struct ltp_worker *w)
{
	atomic_store(&w->cancelled, true);
	fetch_cancel(w->fetch);
	notify_state_cancel(w->notify);
}

void ltp_worker_set_room(struct ltp_worker *w, struct ltp_room room)
{
	w->room = room;
	w->room_taken = 0;
}

int worker_take(struct ltp_worker *w, uint64_t n, struct ltps_error *err)
{
	if (w->room.take == NULL)
		return 0;
	if (n > w->room.max || w->room_taken > w->room.max - n)
		return ltps_fail(
		    err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
		    "the answer is larger than this service holds at a time: "
		    "ask for single versions");
	w->room_taken += n;
	if (w->room.take(w->room.arg, (size_t)n))
		return 0;
	return ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL,
			 "no room for %llu bytes beside the other requests",
			 (unsigned long long)n);
}

const char *tenant_of(const struct ltp_caller *caller)
{
	return caller->tenant == NULL || caller->tenant[0] == '\0' ? "default"
								   : caller->tenant;
}

const struct profile *profile_by_id(const struct ltp *l, const char *id)
{
	for (size_t i = 0; i < l->o.n_profiles; i++)
		if (strcmp(l->o.profiles[i]->id, id) == 0)
			return l->o.profiles[i];
	return NULL;
}

bool operation_offered(const struct ltp *l, enum operation op)
{
	for (size_t i = 0; i < l->o.n_profiles; i++)
		if ((l->o.profiles[i]->operations & 1u << op) != 0)
			return true;
	return false;
}

/* An object whose profile is configured no more is still read and deleted. */
bool object_allows(const struct ltp *l, const struct object *o, enum operation op,
		   struct ltp_result *r)
{
	const struct profile *p = profile_by_id(l, o->profile);
	if (p == NULL || (p->operations & 1u << op) != 0)
		return true;
	refuse(r, LTP_NOT_SUPPORTED, "the object's profile does not offer %s",
	       operation_name(op));
	return false;
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

bool text_is_clean(const char *s)
{
	for (; s != NULL && *s != '\0'; s++)
		if (is_control(*s))
			return false;
	return true;
}

int refuse(struct ltp_result *r, enum ltp_minor minor, const char *fmt, ...)
{
	va_list ap;
	r->minor = minor;
	va_start(ap, fmt);
	vsnprintf(r->message, sizeof(r->message), fmt, ap);
	va_end(ap);
	for (char *c = r->message; *c != '\0'; c++)
		if (is_control(*c))
			*c = '?';
	text_make_utf8(r->message); /* it may have been cut, or hold what was */
	return 0;
}

int64_t ltp_now(const struct ltp *l)
{
	return clock_now_ms(l->o.clock);
}

static int run_audit(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return audit_append(conn, arg, NULL, err);
}

/* What no object can be called is not written down as the name of one. */
static bool poid_is_possible(const char *poid)
{
	return strlen(poid) <= STORE_POID_MAX && text_is_clean(poid);
}

int ltp_audit(struct ltp_worker *w, const struct audit_note *note,
	      struct ltps_error *err)
{
	char detail[STORE_TEXT_MAX + 1] = "";
	const char *outcome = ltp_minor_name(note->result->minor);
	if (note->detail != NULL)
		snprintf(detail, sizeof(detail), "%s", note->detail);
	text_make_utf8(detail);
	struct audit_entry entry = {
		.time_ms = ltp_now(w->l),
		.tenant = tenant_of(note->caller),
		.actor = note->caller->name,
		.operation =
		    note->what != NULL ? note->what : operation_name(note->operation),
		.poid = note->poid != NULL && poid_is_possible(note->poid) ? note->poid
									   : NULL,
		.detail = detail[0] != '\0' ? detail : NULL,
		.outcome = outcome[0] != '\0' ? outcome : "success",
	};
	return store_write(w->l->o.store, run_audit, &entry, err);
}

int object_find(struct ltp_worker *w, const struct ltp_caller *caller, const char *poid,
		struct object **ret_object, struct ltp_result *ret_result,
		struct ltps_error *err)
{
	*ret_object = NULL;
	if (!poid_is_possible(poid))
		return refuse(ret_result, LTP_UNKNOWN_POID, "no object has this POID");
	if (object_get(w->conn, tenant_of(caller), poid, ret_object, err) == 0)
		return 0;
	if (err->code != LTPS_NOT_FOUND)
		return -1;
	ltps_error_clear(err);
	return refuse(ret_result, LTP_UNKNOWN_POID, "no object has the POID '%s'",
		      poid);
}

int ltp_info(struct ltp *l, const struct ltp_caller *caller, const char *profile_id,
	     enum profile_status status, const struct profile **ret_list, size_t max,
	     size_t *ret_n, struct ltp_result *ret_result, struct ltps_error *err)
{
	size_t n = 0;
	int64_t now = ltp_now(l);
	const char *tenant = tenant_of(caller);
	*ret_n = 0;
	if (profile_id != NULL && (profile_by_id(l, profile_id) == NULL ||
				   !tenant_has_profile(l, tenant, profile_id)))
		return refuse(ret_result, LTP_PARAMETER_ERROR,
			      "no profile has the id '%s'", profile_id);
	for (size_t i = 0; i < l->o.n_profiles; i++) {
		const struct profile *p = l->o.profiles[i];
		bool active = profile_active(p, now);
		if ((profile_id != NULL && strcmp(p->id, profile_id) != 0) ||
		    !tenant_has_profile(l, tenant, p->id) ||
		    (status == PROFILE_STATUS_ACTIVE && !active) ||
		    (status == PROFILE_STATUS_INACTIVE && active))
			continue;
		if (n == max)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
					 "more than %zu profiles", max);
		ret_list[n++] = p;
	}
	*ret_n = n;
	return refuse(ret_result, LTP_OK, "%s", "");
}
