/* SPDX-License-Identifier: Apache-2.0 */
/* tsa - time-stamping authorities. */
#include "devpki/inside.h"
#include "timestamping/tsp_responder.h"

/* Beyond every skew that a client allows. */
#define LATE_MS DEVPKI_DAY_MS

static struct tsp_deviation deviation_of(enum devpki_fault fault)
{
	return (struct tsp_deviation){
		.wrong_imprint = fault == DEVPKI_FAULT_WRONG_IMPRINT,
		.wrong_nonce = fault == DEVPKI_FAULT_WRONG_NONCE,
		.no_nonce = fault == DEVPKI_FAULT_NO_NONCE,
		.wrong_policy = fault == DEVPKI_FAULT_WRONG_POLICY,
		.no_certificate = fault == DEVPKI_FAULT_NO_CERTIFICATE,
		.no_signing_certificate = fault == DEVPKI_FAULT_NO_SIGNING_CERTIFICATE,
		.wrong_signing_certificate =
		    fault == DEVPKI_FAULT_WRONG_SIGNING_CERTIFICATE,
		.bad_signature = fault == DEVPKI_FAULT_BAD_SIGNATURE,
		.wrong_message_digest = fault == DEVPKI_FAULT_WRONG_MESSAGE_DIGEST,
		.critical_extension = fault == DEVPKI_FAULT_CRITICAL_EXTENSION,
		.refuse = fault == DEVPKI_FAULT_REFUSE,
	};
}

int devpki_tsp_make(struct devpki *p, unsigned slot, struct view request,
		    struct devpki_fault_state fault, struct buf *out,
		    struct ltps_error *err)
{
	const struct devpki_cert *c = devpki_active(p, DEVPKI_TSA, slot);
	struct tsp_deviation deviation = deviation_of(fault.fault);
	int64_t now_ms = clock_now_ms(&p->clock);
	if (c == NULL)
		return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
				 "no TSA of that number");
	if (fault.fault == DEVPKI_FAULT_LATE)
		now_ms += fault.value != 0 ? fault.value : LATE_MS;
	struct tsp_responder responder = {
		.certificate = c->x509,
		.key = c->key,
		.chain = &c->issuer->der,
		.n_chain = 1,
		.policy = p->policy,
		.signature_digest =
		    p->digest != DIGEST_NONE ? p->digest : devpki_key_digest(c->key),
		.reference_digest = p->digest,
		.accuracy_ms = 1000,
	};
	return tsp_respond(&responder, request, now_ms, &deviation, out, err);
}

int devpki_tsp(struct devpki *p, unsigned slot, struct view request, struct buf *out,
	       struct ltps_error *err)
{
	struct devpki_fault_state none = { .fault = DEVPKI_FAULT_NONE };
	return devpki_tsp_make(p, slot, request, none, out, err);
}
