/* SPDX-License-Identifier: Apache-2.0 */
#include "server/result.h"

#include <stdio.h>

#include "base/text.h"

#define SUCCESS "urn:oasis:names:tc:dss:1.0:resultmajor:Success"
#define REQUESTER "urn:oasis:names:tc:dss:1.0:resultmajor:RequesterError"
#define RESPONDER "urn:oasis:names:tc:dss:1.0:resultmajor:ResponderError"
#define MINOR(name) "http://uri.etsi.org/19512/" name

/* What the client can change is the requester's error, the rest is ours. */
static const struct result_uris uris[LTP_MINOR_COUNT] = {
	[LTP_OK] = { SUCCESS, NULL },
	[LTP_NO_PERMISSION] = { REQUESTER, MINOR("error/noPermission") },
	[LTP_INTERNAL_ERROR] = { RESPONDER, MINOR("error/internalError") },
	[LTP_PARAMETER_ERROR] = { REQUESTER, MINOR("error/parameterError") },
	[LTP_NOT_SUPPORTED] = { REQUESTER, MINOR("error/notSupported") },
	[LTP_TRANSFER_ERROR] = { REQUESTER, MINOR("error/transferError") },
	[LTP_NO_SPACE] = { RESPONDER, MINOR("error/noSpaceError") },
	[LTP_UNKNOWN_PO_FORMAT] = { REQUESTER, MINOR("error/unknownPOFormat") },
	[LTP_PO_FORMAT_ERROR] = { REQUESTER, MINOR("error/POFormatError") },
	[LTP_EXTERNAL_UNAVAILABLE] = { RESPONDER,
				       MINOR("error/externalServiceUnavailable") },
	[LTP_UNKNOWN_EVIDENCE_FORMAT] = { REQUESTER,
					  MINOR("error/unknownEvidenceFormat") },
	[LTP_UNKNOWN_POID] = { REQUESTER, MINOR("error/unknownPOID") },
	[LTP_UNKNOWN_VERSION] = { REQUESTER, MINOR("error/unknownVersionID") },
	[LTP_UNKNOWN_MODE] = { REQUESTER, MINOR("error/unknownMode") },
	[LTP_UNKNOWN_DELTA_POC] = { REQUESTER, MINOR("error/unknownDeltaPOCType") },
	[LTP_DELTA_POC_PROBLEM] = { REQUESTER, MINOR("error/DeltaPOCInternalProblem") },
	[LTP_WARN_LOW_SPACE] = { SUCCESS, MINOR("warning/lowSpace") },
	[LTP_WARN_PARTLY] = { SUCCESS, MINOR("warning/requestOnlyPartlySuccessful") },
};

/* A full queue or no memory passes by: 503 tells the client to come again. */
static const struct result_error errors[LTPS_CODE_COUNT] = {
	[LTPS_OK] = { LTP_OK, 200, 200 },
	[LTPS_NOMEM] = { LTP_INTERNAL_ERROR, 503, 503 },
	[LTPS_TOO_LARGE] = { LTP_PARAMETER_ERROR, 200, 413 },
	[LTPS_FORMAT] = { LTP_PARAMETER_ERROR, 200, 400 },
	[LTPS_UNSUPPORTED] = { LTP_NOT_SUPPORTED, 200, 422 },
	[LTPS_ARGUMENT] = { LTP_PARAMETER_ERROR, 200, 400 },
	[LTPS_NOT_FOUND] = { LTP_UNKNOWN_POID, 200, 404 },
	[LTPS_EXISTS] = { LTP_PARAMETER_ERROR, 200, 422 },
	[LTPS_DENIED] = { LTP_NO_PERMISSION, 200, 403 },
	[LTPS_MISMATCH] = { LTP_PARAMETER_ERROR, 200, 422 },
	[LTPS_STATE] = { LTP_NOT_SUPPORTED, 200, 422 },
	[LTPS_BUSY] = { LTP_INTERNAL_ERROR, 503, 503 },
	[LTPS_TIMEOUT] = { LTP_EXTERNAL_UNAVAILABLE, 200, 504 },
	[LTPS_REMOTE] = { LTP_EXTERNAL_UNAVAILABLE, 200, 502 },
	[LTPS_IO] = { LTP_INTERNAL_ERROR, 200, 500 },
	[LTPS_NO_SPACE] = { LTP_NO_SPACE, 200, 507 },
	[LTPS_READ_ONLY] = { LTP_INTERNAL_ERROR, 200, 503 },
	[LTPS_CORRUPT] = { LTP_INTERNAL_ERROR, 200, 500 },
	[LTPS_CRYPTO] = { LTP_INTERNAL_ERROR, 200, 500 },
	[LTPS_CANCELLED] = { LTP_INTERNAL_ERROR, 503, 503 },
	[LTPS_INTERNAL] = { LTP_INTERNAL_ERROR, 200, 500 },
};

struct result_uris result_of_minor(enum ltp_minor minor)
{
	if ((unsigned)minor >= LTP_MINOR_COUNT)
		return uris[LTP_INTERNAL_ERROR];
	return uris[minor];
}

/*
 * Codes that name a mistake of the request are believed only when the fault
 * is the caller's or the object's; the same code from inside is our error.
 */
struct result_error result_of_error(const struct ltps_error *err)
{
	if ((unsigned)err->code >= LTPS_CODE_COUNT)
		return errors[LTPS_INTERNAL];
	struct result_error e = errors[err->code];
	const bool theirs =
	    err->fault == LTPS_FAULT_CALLER || err->fault == LTPS_FAULT_OBJECT;
	const bool blames = e.minor != LTP_OK && e.minor != LTP_INTERNAL_ERROR &&
			    e.minor != LTP_NO_SPACE &&
			    e.minor != LTP_EXTERNAL_UNAVAILABLE;
	if (blames && err->fault == LTPS_FAULT_REMOTE)
		return errors[LTPS_REMOTE];
	if (blames && !theirs)
		return errors[LTPS_INTERNAL];
	return e;
}

enum ltp_minor result_of_status(int http_status)
{
	switch (http_status) {
	case 401:
	case 403:
		return LTP_NO_PERMISSION;
	case 404:
	case 405:
	case 415:
	case 417:
	case 505:
		return LTP_NOT_SUPPORTED;
	case 408:
		return LTP_TRANSFER_ERROR;
	case 429:
		return LTP_INTERNAL_ERROR; /* it passes by */
	default:
		return http_status >= 500 ? LTP_INTERNAL_ERROR : LTP_PARAMETER_ERROR;
	}
}

#define BIT(minor) (1u << (minor))

/* Spec section 4: what each operation has beside the common ones. */
static const unsigned own_minors[OP_COUNT] = {
	[OP_PRESERVE_PO] = BIT(LTP_TRANSFER_ERROR) | BIT(LTP_NO_SPACE) |
			   BIT(LTP_UNKNOWN_PO_FORMAT) | BIT(LTP_PO_FORMAT_ERROR) |
			   BIT(LTP_EXTERNAL_UNAVAILABLE) | BIT(LTP_WARN_LOW_SPACE),
	[OP_RETRIEVE_PO] = BIT(LTP_UNKNOWN_PO_FORMAT) |
			   BIT(LTP_UNKNOWN_EVIDENCE_FORMAT) | BIT(LTP_UNKNOWN_POID) |
			   BIT(LTP_UNKNOWN_VERSION) | BIT(LTP_WARN_PARTLY),
	[OP_DELETE_PO] = BIT(LTP_UNKNOWN_POID) | BIT(LTP_UNKNOWN_MODE),
	[OP_UPDATE_POC] = BIT(LTP_TRANSFER_ERROR) | BIT(LTP_NO_SPACE) |
			  BIT(LTP_UNKNOWN_POID) | BIT(LTP_UNKNOWN_DELTA_POC) |
			  BIT(LTP_DELTA_POC_PROBLEM) | BIT(LTP_WARN_LOW_SPACE),
	[OP_RETRIEVE_TRACE] = BIT(LTP_UNKNOWN_POID),
};
static const unsigned common_minors = BIT(LTP_OK) | BIT(LTP_NO_PERMISSION) |
				      BIT(LTP_INTERNAL_ERROR) |
				      BIT(LTP_PARAMETER_ERROR) | BIT(LTP_NOT_SUPPORTED);

enum ltp_minor result_minor_for(enum operation op, enum ltp_minor minor)
{
	if ((unsigned)op >= OP_COUNT || (unsigned)minor >= LTP_MINOR_COUNT)
		return LTP_INTERNAL_ERROR;
	if (((common_minors | own_minors[op]) & BIT(minor)) != 0)
		return minor;
	switch (minor) {
	case LTP_WARN_LOW_SPACE:
	case LTP_WARN_PARTLY:
		return LTP_OK;
	case LTP_NO_SPACE:
	case LTP_EXTERNAL_UNAVAILABLE:
		return LTP_INTERNAL_ERROR;
	default:
		return LTP_PARAMETER_ERROR;
	}
}

int result_set(struct ltp_result *r, enum ltp_minor minor, const char *fmt, ...)
{
	va_list ap;
	r->minor = minor;
	va_start(ap, fmt);
	vsnprintf(r->message, sizeof(r->message), fmt, ap);
	va_end(ap);
	text_make_utf8(r->message); /* it may have been cut, or hold what was */
	return 0;
}

void result_set_at(struct ltp_result *r, enum ltp_minor minor, const char *path,
		   const char *fmt, va_list ap)
{
	char text[256];
	vsnprintf(text, sizeof(text), fmt, ap);
	result_set(r, minor, "%s%s%s", path, path[0] != '\0' ? ": " : "", text);
}
