/* SPDX-License-Identifier: Apache-2.0 */
/* control - what tests order over HTTP; each answers with JSON. */
#include <string.h>

#include "base/jsonw.h"
#include "devpki/inside.h"

/* A name, number, time or list of reasons; the last is the longest. */
#define VALUE_MAX 256

static const char *const target_names[DEVPKI_TARGET_COUNT] = {
	[DEVPKI_TARGET_TSA] = "tsa",
	[DEVPKI_TARGET_OCSP] = "ocsp",
	[DEVPKI_TARGET_CRL] = "crl",
	[DEVPKI_TARGET_AIA] = "aia",
};

static int fail_parameter(const char *name, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			 "parameter %s is missing or not one of its values", name);
}

/* Absent: *ret_v stays. */
static int get_uint(struct view query, const char *name, uint64_t max, uint64_t *ret_v,
		    struct ltps_error *err)
{
	struct buf b = buf_make(VALUE_MAX);
	bool present;
	int ret = devpki_query_get(query, name, &b, &present, err);
	if (ret == 0 && present)
		ret = devpki_uint_parse(view_buf(&b), max, ret_v, err);
	buf_free(&b);
	return ret != 0 ? ltps_where(err, "%s", name) : 0;
}

/* Absent: *ret_ms stays. */
static int get_time(struct view query, const char *name, bool *ret_present,
		    int64_t *ret_ms, struct ltps_error *err)
{
	struct buf b = buf_make(VALUE_MAX);
	int ret = devpki_query_get(query, name, &b, ret_present, err);
	if (ret == 0 && *ret_present)
		ret = time_parse_rfc3339(view_buf(&b), ret_ms, err);
	buf_free(&b);
	return ret != 0 ? ltps_where(err, "%s", name) : 0;
}

/* ---- state ---- */

static void put_cert(struct jsonw *j, const struct devpki_cert *c)
{
	char serial[20];
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct buf b = buf_make(sizeof(serial));
	const char *text = "";
	/* At most 16 digits: fails only without memory, which jsonw_end() tells. */
	if (buf_put_fmt(&b, &ignored, "%llx", (unsigned long long)c->serial) != 0 ||
	    buf_text(&b, &text, &ignored) != 0)
		j->err = ignored;
	jsonw_object(j);
	jsonw_member(j, "name", c->name);
	jsonw_member(j, "serial", text);
	jsonw_member(j, "kind", devpki_kind_name(c->kind));
	jsonw_member(j, "issuer", c->issuer != NULL ? c->issuer->name : NULL);
	jsonw_member_bool(j, "serving", c->serving);
	jsonw_key(j, "revoked");
	if (c->revoked)
		jsonw_time(j, c->revoked_ms);
	else
		jsonw_null(j);
	jsonw_member(j, "reason", c->revoked ? devpki_reason_name(c->reason) : NULL);
	jsonw_key(j, "invalid");
	if (c->revoked && c->has_invalidity)
		jsonw_time(j, c->invalidity_ms);
	else
		jsonw_null(j);
	jsonw_key(j, "released");
	if (c->revoked && c->released)
		jsonw_time(j, c->released_ms);
	else
		jsonw_null(j);
	jsonw_object_end(j);
	buf_free(&b);
}

int devpki_control_state(struct devpki *p, struct buf *out, struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_key(&j, "time");
	jsonw_time(&j, clock_now_ms(&p->clock));
	jsonw_member(&j, "url", p->url);
	jsonw_key(&j, "answered");
	jsonw_object(&j);
	for (int i = 0; i < DEVPKI_TARGET_COUNT; i++)
		jsonw_member_int(&j, target_names[i], (int64_t)p->answered[i]);
	jsonw_object_end(&j);
	jsonw_key(&j, "certificates");
	jsonw_array(&j);
	for (size_t i = 0; i < p->n_cert; i++)
		put_cert(&j, p->cert[i]);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

static int put_one_cert(const struct devpki_cert *c, struct buf *out,
			struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	put_cert(&j, c);
	return jsonw_end(&j, err);
}

/* ---- faults ---- */

static int get_target(struct view query, enum devpki_target *ret_target,
		      struct ltps_error *err)
{
	struct buf b = buf_make(VALUE_MAX);
	bool present;
	int ret = devpki_query_get(query, "target", &b, &present, err);
	if (ret == 0 && present) {
		int i = 0;
		while (i < DEVPKI_TARGET_COUNT &&
		       !view_is_text(view_buf(&b), target_names[i]))
			i++;
		if (i == DEVPKI_TARGET_COUNT)
			ret = fail_parameter("target", err);
		else
			*ret_target = (enum devpki_target)i;
	}
	buf_free(&b);
	return ret;
}

int devpki_control_fault(struct devpki *p, struct view query, struct buf *out,
			 struct ltps_error *err)
{
	struct buf b = buf_make(VALUE_MAX);
	enum devpki_target target = DEVPKI_TARGET_TSA;
	enum devpki_fault fault = DEVPKI_FAULT_NONE;
	uint64_t slot = 0, count = 0, value = 0;
	bool present;
	int ret = devpki_query_get(query, "kind", &b, &present, err);
	if (ret == 0 && !devpki_fault_parse(view_buf(&b), &fault))
		ret = fail_parameter("kind", err);
	buf_free(&b);
	if (ret != 0 || get_target(query, &target, err) != 0 ||
	    get_uint(query, "tsa", DEVPKI_TSA_MAX, &slot, err) != 0 ||
	    get_uint(query, "count", UINT32_MAX, &count, err) != 0 ||
	    get_uint(query, "value", INT64_MAX / 2, &value, err) != 0 ||
	    devpki_fault_set(p, target, (unsigned)slot, fault, (uint32_t)count,
			     (int64_t)value, err) != 0)
		return -1;
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, "target", target_names[target]);
	jsonw_member(&j, "fault", devpki_fault_name(fault));
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

/* ---- clock ---- */

int devpki_control_clock(struct devpki *p, struct view query, struct buf *out,
			 struct ltps_error *err)
{
	int64_t at_ms = 0;
	uint64_t fixed = 0;
	bool present;
	if (get_time(query, "time", &present, &at_ms, err) != 0 ||
	    get_uint(query, "fixed", 1, &fixed, err) != 0)
		return -1;
	if (!present)
		return fail_parameter("time", err);
	devpki_set_clock(p, fixed != 0 ? clock_fixed(at_ms) : clock_shifted(at_ms));
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_key(&j, "time");
	jsonw_time(&j, clock_now_ms(&p->clock));
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

/* ---- revocation and roll-over ---- */

static int get_reason(struct view query, enum devpki_reason *ret_reason,
		      struct ltps_error *err)
{
	struct buf b = buf_make(VALUE_MAX);
	bool present;
	int ret = devpki_query_get(query, "reason", &b, &present, err);
	if (ret == 0 && present && !devpki_reason_parse(view_buf(&b), ret_reason))
		ret = fail_parameter("reason", err);
	buf_free(&b);
	return ret;
}

/* Absent: *ret_c stays; there, but of nobody: the caller's mistake. */
static int get_cert(const struct devpki *p, struct view query, const char *name,
		    const struct devpki_cert **ret_c, struct ltps_error *err)
{
	struct buf b = buf_make(VALUE_MAX);
	bool present;
	int ret = devpki_query_get(query, name, &b, &present, err);
	if (ret == 0 && present) {
		*ret_c = devpki_find_text(p, view_buf(&b));
		if (*ret_c == NULL)
			ret = fail_parameter(name, err);
	}
	buf_free(&b);
	return ret;
}

int devpki_control_revoke(struct devpki *p, struct view query, struct buf *out,
			  struct ltps_error *err)
{
	enum devpki_reason reason = DEVPKI_REASON_ABSENT;
	const struct devpki_cert *c = NULL;
	int64_t at_ms = clock_now_ms(&p->clock), invalid_ms = 0;
	bool present, has_invalidity;
	if (get_cert(p, query, "serial", &c, err) != 0)
		return -1;
	if (c == NULL)
		return fail_parameter("serial", err);
	if (get_reason(query, &reason, err) != 0 ||
	    get_time(query, "time", &present, &at_ms, err) != 0 ||
	    get_time(query, "invalid", &has_invalidity, &invalid_ms, err) != 0)
		return -1;
	if ((has_invalidity
		 ? devpki_revoke_since(p, c->serial, at_ms, reason, invalid_ms, err)
		 : devpki_revoke(p, c->serial, at_ms, reason, err)) != 0)
		return -1;
	return put_one_cert(c, out, err);
}

int devpki_control_release(struct devpki *p, struct view query, struct buf *out,
			   struct ltps_error *err)
{
	const struct devpki_cert *c = NULL;
	int64_t at_ms = clock_now_ms(&p->clock);
	bool present;
	if (get_cert(p, query, "serial", &c, err) != 0)
		return -1;
	if (c == NULL)
		return fail_parameter("serial", err);
	if (get_time(query, "time", &present, &at_ms, err) != 0 ||
	    devpki_release(p, c->serial, at_ms, err) != 0)
		return -1;
	return put_one_cert(c, out, err);
}

/* ---- issuing ---- */

static int get_flag(struct view query, const char *name, bool *ret_flag,
		    struct ltps_error *err)
{
	uint64_t flag = 0;
	if (get_uint(query, name, 1, &flag, err) != 0)
		return -1;
	*ret_flag = flag != 0;
	return 0;
}

static int get_key(struct view query, enum devpki_key *ret_key, struct ltps_error *err)
{
	struct buf b = buf_make(VALUE_MAX);
	bool present;
	int ret = devpki_query_get(query, "key", &b, &present, err);
	if (ret == 0 && present && !devpki_key_parse(view_buf(&b), ret_key))
		ret = fail_parameter("key", err);
	buf_free(&b);
	return ret;
}

/* Absent: "". */
static int get_text(struct view query, const char *name, struct buf *b,
		    const char **ret_text, struct ltps_error *err)
{
	bool present;
	if (devpki_query_get(query, name, b, &present, err) != 0)
		return -1;
	if (b->n > 0 && memchr(b->p, '\0', b->n) != NULL)
		return fail_parameter(name, err);
	return buf_text(b, ret_text, err);
}

/* The one point that a certificate made over HTTP may name. */
static int get_named_point(const struct devpki *p, struct view query,
			   const struct devpki_point **ret_point,
			   struct ltps_error *err)
{
	struct buf b = buf_make(VALUE_MAX);
	bool present;
	int ret = devpki_query_get(query, "point", &b, &present, err);
	if (ret == 0 && present) {
		*ret_point = devpki_point_find(p, view_buf(&b));
		if (*ret_point == NULL)
			ret = fail_parameter("point", err);
	}
	buf_free(&b);
	return ret;
}

static int issue(struct devpki *p, struct view query, struct devpki_issue *how,
		 struct buf *out, struct ltps_error *err)
{
	const struct devpki_point *point = NULL;
	const struct devpki_cert *c = NULL;
	uint64_t days = 0;
	if (get_key(query, &how->key, err) != 0 ||
	    get_cert(p, query, "issuer", &how->issuer, err) != 0 ||
	    get_cert(p, query, "cross", &how->cross, err) != 0 ||
	    get_uint(query, "days", 366000, &days, err) != 0 ||
	    get_flag(query, "freshest", &how->freshest, err) != 0 ||
	    get_named_point(p, query, &point, err) != 0)
		return -1;
	how->days = (int32_t)days;
	how->points = &point;
	how->n_points = point != NULL ? 1 : 0;
	if (devpki_issue(p, how, &c, err) != 0)
		return -1;
	return put_one_cert(c, out, err);
}

int devpki_control_issue(struct devpki *p, struct view query, struct buf *out,
			 struct ltps_error *err)
{
	struct devpki_issue how = { .kind = DEVPKI_EE };
	struct buf kind = buf_make(VALUE_MAX), name = buf_make(VALUE_MAX);
	struct buf subject = buf_make(VALUE_MAX);
	bool present;
	int ret = -1;
	if (devpki_query_get(query, "kind", &kind, &present, err) != 0)
		goto out;
	if (present && !devpki_kind_parse(view_buf(&kind), &how.kind)) {
		fail_parameter("kind", err);
		goto out;
	}
	if (get_text(query, "name", &name, &how.name, err) != 0 ||
	    get_text(query, "subject", &subject, &how.common_name, err) != 0)
		goto out;
	if (name.n == 0)
		how.name = NULL;
	if (subject.n == 0)
		how.common_name = NULL;
	ret = issue(p, query, &how, out, err);
out:
	buf_free(&subject);
	buf_free(&name);
	buf_free(&kind);
	return ret;
}

/* ---- CRL points and modes ---- */

static int get_point_name(struct view query, struct devpki_point *how,
			  struct ltps_error *err)
{
	struct buf b = buf_make(VALUE_MAX);
	bool present;
	int ret = devpki_query_get(query, "name", &b, &present, err);
	if (ret == 0 &&
	    (b.n == 0 || b.n >= sizeof(how->name) || memchr(b.p, '\0', b.n) != NULL))
		ret = fail_parameter("name", err);
	if (ret == 0)
		memcpy(how->name, b.p, b.n);
	buf_free(&b);
	return ret;
}

static int get_part(struct view query, struct devpki_point *how, struct ltps_error *err)
{
	struct buf b = buf_make(VALUE_MAX);
	bool present;
	int ret = devpki_query_get(query, "reasons", &b, &present, err);
	if (ret == 0 && present && !devpki_reasons_parse(view_buf(&b), &how->reasons))
		ret = fail_parameter("reasons", err);
	if (ret == 0)
		ret = devpki_query_get(query, "scope", &b, &present, err);
	if (ret == 0 && present && !devpki_scope_parse(view_buf(&b), &how->scope))
		ret = fail_parameter("scope", err);
	buf_free(&b);
	return ret;
}

int devpki_control_point(struct devpki *p, struct view query, struct buf *out,
			 struct ltps_error *err)
{
	struct devpki_point how = { 0 };
	const struct devpki_point *made = NULL;
	if (get_point_name(query, &how, err) != 0 ||
	    get_cert(p, query, "ca", &how.ca, err) != 0 ||
	    get_cert(p, query, "signer", &how.signer, err) != 0 ||
	    get_part(query, &how, err) != 0 ||
	    get_flag(query, "named", &how.named_only, err) != 0 ||
	    get_flag(query, "freshest", &how.freshest, err) != 0 ||
	    devpki_point_add(p, &how, &made, err) != 0)
		return -1;
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, "name", made->name);
	jsonw_member(&j, "ca", made->ca != NULL ? made->ca->name : NULL);
	jsonw_member(&j, "signer", made->signer->name);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

int devpki_control_ocsp(struct devpki *p, struct view query, struct buf *out,
			struct ltps_error *err)
{
	static const struct {
		const char *name;
		unsigned mode;
	} names[] = { { "by-key", DEVPKI_OCSP_BY_KEY },
		      { "cert-hash", DEVPKI_OCSP_CERT_HASH },
		      { "by-issuer", DEVPKI_OCSP_BY_ISSUER } };
	unsigned modes = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bool flag = false;
		if (get_flag(query, names[i].name, &flag, err) != 0)
			return -1;
		modes |= flag ? names[i].mode : 0;
	}
	if (devpki_set_ocsp(p, modes, err) != 0)
		return -1;
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member_int(&j, "modes", modes);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

static int get_kind(struct view query, enum devpki_kind *ret_kind,
		    struct ltps_error *err)
{
	struct buf b = buf_make(VALUE_MAX);
	bool present;
	int ret = devpki_query_get(query, "what", &b, &present, err);
	if (ret == 0 && !devpki_kind_parse(view_buf(&b), ret_kind))
		ret = fail_parameter("what", err);
	buf_free(&b);
	return ret;
}

int devpki_control_rollover(struct devpki *p, struct view query, struct buf *out,
			    struct ltps_error *err)
{
	struct devpki_issue how = { 0 };
	const struct devpki_cert *c = NULL;
	enum devpki_kind kind = DEVPKI_TSA;
	uint64_t slot = 0, days = 0;
	if (get_kind(query, &kind, err) != 0 || get_key(query, &how.key, err) != 0 ||
	    get_uint(query, "tsa", DEVPKI_TSA_MAX, &slot, err) != 0 ||
	    get_uint(query, "days", 366000, &days, err) != 0)
		return -1;
	how.days = (int32_t)days;
	if (devpki_rollover(p, kind, (unsigned)slot, &how, &c, err) != 0)
		return -1;
	return put_one_cert(c, out, err);
}
