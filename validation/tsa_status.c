/* SPDX-License-Identifier: Apache-2.0 */
/* tsa_status - the words of CRLs and OCSP responses put together. */
#include "validation/tsa_status.h"

#include "base/clock.h"

#include "timestamping/x509_der.h"

#define REASON_HOLD 6 /* certificateHold, RFC 5280 5.3.1 */

bool tsa_status_time(const ASN1_TIME *t, int64_t *ret_ms)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	if (t == NULL)
		return false;
	int type = ASN1_STRING_type(t);
	if (type != V_ASN1_UTCTIME && type != V_ASN1_GENERALIZEDTIME)
		return false;
	return time_parse_asn1(
		   view_of(ASN1_STRING_get0_data(t), (size_t)ASN1_STRING_length(t)),
		   type == V_ASN1_UTCTIME, ret_ms, &ignored) == 0;
}

bool tsa_status_kept(const struct tsa_status_query *q, int64_t this_ms,
		     int64_t kept_from_ms)
{
	int64_t end_ms;
	if (!tsa_status_time(X509_get0_notAfter(q->certificate), &end_ms))
		return false;
	return this_ms <= end_ms || kept_from_ms <= end_ms;
}

/* What is known so far; the latest hold and the latest good compete. */
struct collected {
	struct tsa_status s;
	int64_t hold_issued_ms;
	int64_t hold_at_ms;
	bool hold;
};

static int64_t whole_second(int64_t t_ms)
{
	return t_ms - ((t_ms % 1000) + 1000) % 1000;
}

static void collect_revoked(struct collected *c, const struct tsa_word *w)
{
	if (w->reason == REASON_HOLD) {
		if (!c->hold || w->this_ms > c->hold_issued_ms) {
			c->hold_issued_ms = w->this_ms;
			c->hold_at_ms = w->revoked_at_ms;
		}
		c->hold = true;
		return;
	}
	/* Several: the earliest revocation, as the most careful reading. */
	if (c->s.revoked && w->revoked_at_ms >= c->s.revoked_at_ms)
		return;
	c->s.revoked = true;
	c->s.revoked_at_ms = w->revoked_at_ms;
	c->s.reason = w->reason;
}

/* EN 319 102-1 5.5.4: what was proven to exist before the revocation stands. */
static bool is_after_proof(const struct tsa_status_query *q, const struct tsa_word *w)
{
	return q->now_ms > q->time_ms && w->revoked_at_ms > q->time_ms;
}

static void collect(const struct tsa_status_query *q, struct collected *c,
		    const struct tsa_word *w)
{
	if (w->kind == TSA_WORD_NONE || w->this_ms > q->now_ms + TSA_STATUS_SKEW_MS)
		return;
	if (w->kind == TSA_WORD_REVOKED && !is_after_proof(q, w)) {
		collect_revoked(c, w);
		return;
	}
	if (w->this_ms < whole_second(q->gen_time_ms))
		return;
	if (!c->s.good || w->this_ms > c->s.good_issued_ms)
		c->s.good_issued_ms = w->this_ms;
	c->s.good = true;
}

static void conclude(struct collected *c)
{
	bool released = c->s.good && c->s.good_issued_ms > c->hold_issued_ms;
	if (c->s.revoked) {
		c->s.good = false;
	} else if (c->hold && !released) {
		c->s.good = false;
		c->s.on_hold = true;
		c->s.revoked_at_ms = c->hold_at_ms;
		c->s.reason = REASON_HOLD;
	}
}

static int collect_ocsps(const struct tsa_status_query *q, struct collected *c,
			 struct ltps_error *err)
{
	struct tsa_status_query with = *q;
	size_t n = material_count(q->material, MATERIAL_OCSP);
	int rc = n > 0 ? tsa_ocsp_responders(q, &with.responders, err) : 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct tsa_word w;
		rc = tsa_ocsp_word(&with, material_at(q->material, MATERIAL_OCSP, i),
				   &w, err);
		if (rc == 0)
			collect(q, c, &w);
	}
	sk_X509_pop_free(with.responders, X509_free);
	return rc;
}

int tsa_status_find(const struct tsa_status_query *q, struct tsa_status *ret,
		    struct ltps_error *err)
{
	struct collected c = { .s.reason = TSA_STATUS_NO_REASON };
	struct tsa_word w;
	const struct material *m = q->material;
	if (collect_ocsps(q, &c, err) != 0)
		return -1;
	for (size_t i = 0; i < material_count(m, MATERIAL_CRL); i++) {
		if (tsa_crl_word(q, material_at(m, MATERIAL_CRL, i), &w, err) != 0)
			return -1;
		collect(q, &c, &w);
	}
	conclude(&c);
	*ret = c.s;
	return 0;
}
