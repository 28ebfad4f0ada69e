/* SPDX-License-Identifier: Apache-2.0 */
/* fault - answers falsified on command. */
#include <string.h>

#include "devpki/inside.h"

#define SLOW_MS 5000
#define T(t) (1u << (DEVPKI_TARGET_##t))
#define ANY (T(TSA) | T(OCSP) | T(CRL) | T(AIA))

static const struct {
	const char *name;
	unsigned targets;
} faults[DEVPKI_FAULT_COUNT] = {
	[DEVPKI_FAULT_NONE] = { "none", ANY },
	[DEVPKI_FAULT_GARBAGE] = { "garbage", ANY },
	[DEVPKI_FAULT_CUT] = { "cut", ANY },
	[DEVPKI_FAULT_TRUNCATED] = { "truncated", ANY },
	[DEVPKI_FAULT_SLOW] = { "slow", ANY },
	[DEVPKI_FAULT_CLOSED] = { "closed", ANY },
	[DEVPKI_FAULT_HTTP_500] = { "http-500", ANY },
	[DEVPKI_FAULT_HTTP_503] = { "http-503", ANY },
	[DEVPKI_FAULT_WRONG_NONCE] = { "wrong-nonce", T(TSA) | T(OCSP) },
	[DEVPKI_FAULT_NO_NONCE] = { "no-nonce", T(TSA) | T(OCSP) },
	[DEVPKI_FAULT_BAD_SIGNATURE] = { "bad-signature", T(TSA) | T(OCSP) | T(CRL) },
	[DEVPKI_FAULT_REFUSE] = { "refuse", T(TSA) | T(OCSP) },
	[DEVPKI_FAULT_LATE] = { "late", T(TSA) },
	[DEVPKI_FAULT_WRONG_IMPRINT] = { "wrong-imprint", T(TSA) },
	[DEVPKI_FAULT_WRONG_POLICY] = { "wrong-policy", T(TSA) },
	[DEVPKI_FAULT_NO_CERTIFICATE] = { "no-certificate", T(TSA) | T(OCSP) },
	[DEVPKI_FAULT_NO_SIGNING_CERTIFICATE] = { "no-signing-certificate", T(TSA) },
	[DEVPKI_FAULT_WRONG_SIGNING_CERTIFICATE] = { "wrong-signing-certificate",
						     T(TSA) },
	[DEVPKI_FAULT_WRONG_MESSAGE_DIGEST] = { "wrong-message-digest", T(TSA) },
	[DEVPKI_FAULT_CRITICAL_EXTENSION] = { "critical-extension",
					      T(TSA) | T(OCSP) | T(CRL) },
	[DEVPKI_FAULT_STALE] = { "stale", T(OCSP) | T(CRL) },
	[DEVPKI_FAULT_UNKNOWN] = { "unknown", T(OCSP) },
	[DEVPKI_FAULT_FUTURE] = { "future", T(OCSP) | T(CRL) },
	[DEVPKI_FAULT_NO_NEXT_UPDATE] = { "no-next-update", T(OCSP) | T(CRL) },
	[DEVPKI_FAULT_CRITICAL_ENTRY_EXTENSION] = { "critical-entry-extension",
						    T(OCSP) | T(CRL) },
	[DEVPKI_FAULT_WRONG_SERIAL] = { "wrong-serial", T(OCSP) },
	[DEVPKI_FAULT_WRONG_ISSUER] = { "wrong-issuer", T(OCSP) },
	[DEVPKI_FAULT_OTHER_CERT_ID_HASH] = { "other-cert-id-hash", T(OCSP) },
	[DEVPKI_FAULT_WRONG_CERT_HASH] = { "wrong-cert-hash", T(OCSP) },
	[DEVPKI_FAULT_OLD_PRODUCED_AT] = { "old-produced-at", T(OCSP) },
	[DEVPKI_FAULT_EXPIRED_RESPONDER] = { "expired-responder", T(OCSP) },
	[DEVPKI_FAULT_FOREIGN_RESPONDER] = { "foreign-responder", T(OCSP) },
	[DEVPKI_FAULT_NO_PURPOSE_RESPONDER] = { "no-purpose-responder", T(OCSP) },
	[DEVPKI_FAULT_SELF_SIGNED_RESPONDER] = { "self-signed-responder", T(OCSP) },
};

const char *devpki_fault_name(enum devpki_fault fault)
{
	return (unsigned)fault < DEVPKI_FAULT_COUNT ? faults[fault].name : "?";
}

bool devpki_fault_parse(struct view name, enum devpki_fault *ret_fault)
{
	for (unsigned i = 0; i < DEVPKI_FAULT_COUNT; i++) {
		if (view_is_text(name, faults[i].name)) {
			*ret_fault = (enum devpki_fault)i;
			return true;
		}
	}
	return false;
}

int devpki_fault_set(struct devpki *p, enum devpki_target target, unsigned slot,
		     enum devpki_fault fault, uint32_t count, int64_t value,
		     struct ltps_error *err)
{
	if ((unsigned)target >= DEVPKI_TARGET_COUNT ||
	    slot >= (target == DEVPKI_TARGET_TSA ? p->n_tsa : 1))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "nothing of that kind and number serves here");
	if ((unsigned)fault >= DEVPKI_FAULT_COUNT ||
	    (faults[fault].targets & (1u << target)) == 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "that answer has no such fault");
	p->fault[target][slot] = (struct devpki_fault_state){ .fault = fault,
							      .left = count,
							      .value = value };
	return 0;
}

struct devpki_fault_state devpki_fault_take(struct devpki *p, enum devpki_target target,
					    unsigned slot)
{
	struct devpki_fault_state *f = &p->fault[target][slot];
	struct devpki_fault_state now = *f;
	if (f->left > 0 && --f->left == 0)
		f->fault = DEVPKI_FAULT_NONE;
	return now;
}

/* As long as the true answer, without the beginning of any DER. */
static void fill_with_garbage(struct buf *b)
{
	static const char text[] = "<html>not what you asked for</html>\n";
	for (size_t i = 0; i < b->n; i++)
		b->p[i] = (uint8_t)text[i % (sizeof(text) - 1)];
}

static int fail_with(struct devpki_answer *a, int status, struct ltps_error *err)
{
	a->status = status;
	a->content_type = "text/plain";
	buf_clear(&a->body);
	return buf_put_text(&a->body, "fault on command\n", err);
}

int devpki_fault_spoil(struct devpki_fault_state fault, struct devpki_answer *a,
		       struct ltps_error *err)
{
	switch (fault.fault) {
	case DEVPKI_FAULT_GARBAGE:
		fill_with_garbage(&a->body);
		return 0;
	case DEVPKI_FAULT_CUT:
		a->body.n /= 2;
		return 0;
	case DEVPKI_FAULT_TRUNCATED:
		a->truncated = true;
		a->sent_n = a->body.n / 2;
		return 0;
	case DEVPKI_FAULT_SLOW:
		a->delay_ms = fault.value > 0 && fault.value < UINT32_MAX
				  ? (uint32_t)fault.value
				  : SLOW_MS;
		return 0;
	case DEVPKI_FAULT_CLOSED:
		a->close = true;
		return 0;
	case DEVPKI_FAULT_HTTP_500:
		return fail_with(a, 500, err);
	case DEVPKI_FAULT_HTTP_503:
		return fail_with(a, 503, err);
	default:
		return 0;
	}
}
