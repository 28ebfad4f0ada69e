/* SPDX-License-Identifier: Apache-2.0 */
/* scvp - identifiers and names of RFC 5055 and RFC 5276. */
#include "scvp/scvp.h"

#include <string.h>

/* id-pkix 1.3.6.1.5.5.7 as contents octets; one arc more, and another. */
#define PKIX 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07
#define ARC_STC 17
#define ARC_SWB 18
#define ARC_SVP 19
#define OID_OCTETS 8
#define ARC_MAX 32

#define OID_ROW(arc, n)                                                                \
	{                                                                              \
		PKIX, arc, n                                                           \
	}
#define OID_ROWS_8(arc, n)                                                             \
	OID_ROW(arc, n), OID_ROW(arc, (n) + 1), OID_ROW(arc, (n) + 2),                 \
	    OID_ROW(arc, (n) + 3), OID_ROW(arc, (n) + 4), OID_ROW(arc, (n) + 5),       \
	    OID_ROW(arc, (n) + 6), OID_ROW(arc, (n) + 7)

static const uint8_t stc[][OID_OCTETS] = { OID_ROWS_8(ARC_STC, 0) };
static const uint8_t swb[][OID_OCTETS] = { OID_ROWS_8(ARC_SWB, 0),
					   OID_ROWS_8(ARC_SWB, 8),
					   OID_ROWS_8(ARC_SWB, 16) };
static const uint8_t svp[][OID_OCTETS] = { OID_ROWS_8(ARC_SVP, 0) };

/* Last arc of an OID below this one; 0 when it is another. */
static unsigned last_arc(struct view oid, const uint8_t row[OID_OCTETS])
{
	if (oid.n != OID_OCTETS || memcmp(oid.p, row, OID_OCTETS - 1) != 0 ||
	    oid.p[OID_OCTETS - 1] >= ARC_MAX)
		return 0;
	return oid.p[OID_OCTETS - 1];
}

enum scvp_check_id scvp_check_id(struct view oid)
{
	const unsigned arc = last_arc(oid, stc[0]);
	return arc <= SCVP_CHECK_AC_STATUS ? (enum scvp_check_id)arc : SCVP_CHECK_OTHER;
}

enum scvp_want_id scvp_want_id(struct view oid)
{
	const unsigned arc = last_arc(oid, swb[0]);
	if (arc == 3 || arc == 8 || arc >= SCVP_WANT_COUNT)
		return SCVP_WANT_OTHER;
	return (enum scvp_want_id)arc;
}

struct view scvp_check_oid(enum scvp_check_id id)
{
	if (id == SCVP_CHECK_OTHER || id > SCVP_CHECK_AC_STATUS)
		return VIEW_NULL;
	return view_of(stc[id], OID_OCTETS);
}

struct view scvp_want_oid(enum scvp_want_id id)
{
	if (id == SCVP_WANT_OTHER || id >= SCVP_WANT_COUNT)
		return VIEW_NULL;
	return view_of(swb[id], OID_OCTETS);
}

struct view scvp_svp_oid(unsigned arc)
{
	return arc >= 1 && arc <= 4 ? view_of(svp[arc], OID_OCTETS) : VIEW_NULL;
}

bool scvp_list_has(struct scvp_list list, struct view item)
{
	for (size_t i = 0; i < list.n; i++) {
		if (view_equal(list.v[i], item))
			return true;
	}
	return false;
}

const char *scvp_status_name(uint64_t status)
{
	static const struct {
		enum scvp_status status;
		const char *name;
	} names[] = {
		{ SCVP_OKAY, "okay" },
		{ SCVP_SKIP_UNRECOGNIZED_ITEMS, "skipUnrecognizedItems" },
		{ SCVP_TOO_BUSY, "tooBusy" },
		{ SCVP_INVALID_REQUEST, "invalidRequest" },
		{ SCVP_INTERNAL_ERROR, "internalError" },
		{ SCVP_BAD_STRUCTURE, "badStructure" },
		{ SCVP_UNSUPPORTED_VERSION, "unsupportedVersion" },
		{ SCVP_ABORT_UNRECOGNIZED_ITEMS, "abortUnrecognizedItems" },
		{ SCVP_UNRECOGNIZED_SIG_KEY, "unrecognizedSigKey" },
		{ SCVP_BAD_SIGNATURE_OR_MAC, "badSignatureOrMAC" },
		{ SCVP_UNABLE_TO_DECODE, "unableToDecode" },
		{ SCVP_NOT_AUTHORIZED, "notAuthorized" },
		{ SCVP_UNSUPPORTED_CHECKS, "unsupportedChecks" },
		{ SCVP_UNSUPPORTED_WANT_BACKS, "unsupportedWantBacks" },
		{ SCVP_UNSUPPORTED_SIGNATURE_OR_MAC, "unsupportedSignatureOrMAC" },
		{ SCVP_INVALID_SIGNATURE_OR_MAC, "invalidSignatureOrMAC" },
		{ SCVP_PROTECTED_RESPONSE_UNSUPPORTED, "protectedResponseUnsupported" },
		{ SCVP_UNRECOGNIZED_RESPONDER_NAME, "unrecognizedResponderName" },
		{ SCVP_RELAYING_LOOP, "relayingLoop" },
		{ SCVP_UNRECOGNIZED_VAL_POL, "unrecognizedValPol" },
		{ SCVP_UNRECOGNIZED_VAL_ALG, "unrecognizedValAlg" },
		{ SCVP_FULL_REQUEST_UNSUPPORTED, "fullRequestInResponseUnsupported" },
		{ SCVP_FULL_POL_RESPONSE_UNSUPPORTED, "fullPolResponseUnsupported" },
		{ SCVP_INHIBIT_MAPPING_UNSUPPORTED, "inhibitPolicyMappingUnsupported" },
		{ SCVP_REQUIRE_EXPLICIT_UNSUPPORTED,
		  "requireExplicitPolicyUnsupported" },
		{ SCVP_INHIBIT_ANY_UNSUPPORTED, "inhibitAnyPolicyUnsupported" },
		{ SCVP_VALIDATION_TIME_UNSUPPORTED, "validationTimeUnsupported" },
		{ SCVP_UNRECOGNIZED_CRIT_QUERY_EXT, "unrecognizedCritQueryExt" },
		{ SCVP_UNRECOGNIZED_CRIT_REQUEST_EXT, "unrecognizedCritRequestExt" },
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((uint64_t)names[i].status == status)
			return names[i].name;
	}
	return "?";
}

const char *scvp_reply_status_name(uint64_t status)
{
	static const char *const names[] = {
		"success",
		"malformedPKC",
		"malformedAC",
		"unavailableValidationTime",
		"referenceCertHashFail",
		"certPathConstructFail",
		"certPathNotValid",
		"certPathNotValidNow",
		"wantBackUnsatisfied",
	};
	return status < sizeof(names) / sizeof(names[0]) ? names[status] : "?";
}
