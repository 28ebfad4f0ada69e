/* SPDX-License-Identifier: Apache-2.0 */
/* client_code - the texts of findings, and the short names of checks, wantBacks and
 * validation errors. */
#include <string.h>

#include "base/asn1.h"
#include "scvp/client.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name, *clause, *text;
} codes[] = {
	[SCVP_CODE_OK] = { "SCVP_OK", NULL, "nothing against it" },
	[SCVP_CODE_UNREADABLE] = { "SCVP_UNREADABLE", "RFC 5055 4",
				   "the response cannot be read" },
	[SCVP_CODE_NOT_A_RESPONSE] = { "SCVP_NOT_A_RESPONSE", "RFC 5055 4",
				       "another message than the response" },
	[SCVP_CODE_VERSION] = { "SCVP_VERSION", "RFC 5055 4.1",
				"the version is not that of the request" },
	[SCVP_CODE_SERVER_ERROR] = { "SCVP_SERVER_ERROR", "RFC 5055 4.4",
				     "the server answered with an error status" },
	[SCVP_CODE_ERROR_CONTENT] = { "SCVP_ERROR_CONTENT", "RFC 5055 4.5, 4.9",
				      "an error response with replies or a policy" },
	[SCVP_CODE_EXTENSION] = { "SCVP_EXTENSION", "RFC 5055 4.12",
				  "an unknown critical extension" },
	[SCVP_CODE_UNPROTECTED] = { "SCVP_UNPROTECTED", "RFC 5055 4",
				    "the response is not protected" },
	[SCVP_CODE_MAC] = { "SCVP_MAC", "RFC 5055 4.14.1",
			    "protected with a key that is not known here" },
	[SCVP_CODE_SIGNERS] = { "SCVP_SIGNERS", "RFC 5055 4",
				"not exactly one signer" },
	[SCVP_CODE_UNSIGNED_ATTRIBUTES] = { "SCVP_UNSIGNED_ATTRIBUTES", "RFC 5055 4",
					    "the signer has unsigned attributes" },
	[SCVP_CODE_SIGNED_ATTRIBUTES] = { "SCVP_SIGNED_ATTRIBUTES",
					  "RFC 5055 4, RFC 5652 11",
					  "signed attributes missing or not fitting" },
	[SCVP_CODE_NO_SIGNER_CERT] = { "SCVP_NO_SIGNER_CERT", "RFC 5055 4",
				       "the server's certificate is not inside" },
	[SCVP_CODE_SIGNATURE] = { "SCVP_SIGNATURE", "RFC 5652 5.6",
				  "the signature does not verify" },
	[SCVP_CODE_SIGNATURE_UNSUPPORTED] = { "SCVP_SIGNATURE_UNSUPPORTED",
					      "RFC 5652 5.6",
					      "a signature that cannot be verified" },
	[SCVP_CODE_SERVER_USAGE] = { "SCVP_SERVER_USAGE", "RFC 5055 4.14.2",
				     "the certificate is not one of an SCVP server" },
	[SCVP_CODE_SERVER_PATH] = { "SCVP_SERVER_PATH", "RFC 5055 4.14.2",
				    "the server's certificate is not trusted" },
	[SCVP_CODE_NONCE] = { "SCVP_NONCE", "RFC 5055 4.10",
			      "the nonce is not that of the request" },
	[SCVP_CODE_NOT_FRESH] = { "SCVP_NOT_FRESH", "RFC 5055 3.2.5.4",
				  "a cached response, where a fresh one was asked "
				  "for" },
	[SCVP_CODE_PRODUCED_FUTURE] = { "SCVP_PRODUCED_FUTURE", "RFC 5055 4.3",
					"produced in the future" },
	[SCVP_CODE_PRODUCED_OLD] = { "SCVP_PRODUCED_OLD", "RFC 5055 3.2.10, 4.3",
				     "older than asked for" },
	[SCVP_CODE_REQUEST_REF] = { "SCVP_REQUEST_REF", "RFC 5055 4.6",
				    "not the answer to this request" },
	[SCVP_CODE_REQUESTOR_REF] = { "SCVP_REQUESTOR_REF", "RFC 5055 4.7",
				      "requestorRef is not that of the request" },
	[SCVP_CODE_REQUESTOR_TEXT] = { "SCVP_REQUESTOR_TEXT", "RFC 5055 4.13",
				       "requestorText is not that of the request" },
	[SCVP_CODE_CONTEXT] = { "SCVP_CONTEXT", "RFC 5055 4.11",
				"serverContextInfo that cannot be used" },
	[SCVP_CODE_POLICY_MISSING] = { "SCVP_POLICY_MISSING", "RFC 5055 4.5",
				       "the validation policy is missing" },
	[SCVP_CODE_POLICY_OTHER] = { "SCVP_POLICY_OTHER", "RFC 5055 4.5",
				     "another validation policy" },
	[SCVP_CODE_POLICY_CHANGED] = { "SCVP_POLICY_CHANGED", "RFC 5055 4.5",
				       "a parameter of the policy was changed" },
	[SCVP_CODE_POLICY_INCOMPLETE] = { "SCVP_POLICY_INCOMPLETE", "RFC 5055 4.5",
					  "the policy by value is not complete" },
	[SCVP_CODE_REPLY_COUNT] = { "SCVP_REPLY_COUNT", "RFC 5055 4.9",
				    "not one reply for each certificate" },
	[SCVP_CODE_REPLY_CERT] = { "SCVP_REPLY_CERT", "RFC 5055 4.9, 4.9.1",
				   "a reply about another certificate" },
	[SCVP_CODE_REPLY_STATUS] = { "SCVP_REPLY_STATUS", "RFC 5055 4.9.2",
				     "an unknown status" },
	[SCVP_CODE_REPLY_CHECKS] = { "SCVP_REPLY_CHECKS", "RFC 5055 4.9.4",
				     "not one answer for each check" },
	[SCVP_CODE_REPLY_CONTRADICTS] = { "SCVP_REPLY_CONTRADICTS",
					  "RFC 5055 4.9.2, 4.9.4",
					  "status and checks contradict each other" },
	[SCVP_CODE_REPLY_TIME] = { "SCVP_REPLY_TIME", "RFC 5055 4.9.3",
				   "of another time" },
	[SCVP_CODE_REPLY_OUTDATED] = { "SCVP_REPLY_OUTDATED", "RFC 5055 4.9.7",
				       "past its nextUpdate" },
	[SCVP_CODE_REPLY_ERRORS] = { "SCVP_REPLY_ERRORS", "RFC 5055 4.9.6",
				     "validation errors beside success" },
	[SCVP_CODE_WANTS] = { "SCVP_WANTS", "RFC 5055 4.9.5",
			      "not exactly the wantBacks asked for" },
	[SCVP_CODE_WANT_FORMAT] = { "SCVP_WANT_FORMAT", "RFC 5055 4.9.5",
				    "a wantBack cannot be read" },
	[SCVP_CODE_WANT_EMPTY] = { "SCVP_WANT_EMPTY", "RFC 5055 4.9.5",
				   "a wantBack is empty" },
	[SCVP_CODE_PATH_START] = { "SCVP_PATH_START", "RFC 5055 4.9.5, RFC 5276 5.1",
				   "the path does not begin with the certificate" },
	[SCVP_CODE_PATH_ORDER] = { "SCVP_PATH_ORDER", "RFC 5055 3.2.8",
				   "a certificate is not issued by the next one" },
	[SCVP_CODE_PATH_SIGNATURE] = { "SCVP_PATH_SIGNATURE", "RFC 5280 6.1.3 a 1",
				       "a certificate is not signed by the next one" },
	[SCVP_CODE_PATH_ANCHOR] = { "SCVP_PATH_ANCHOR", "RFC 5055 3.2.4.2.7",
				    "the path ends at no trust anchor asked for" },
	[SCVP_CODE_REVOCATION_KIND] = { "SCVP_REVOCATION_KIND", "RFC 5055 3.2.9",
					"revocation information of another kind" },
	[SCVP_CODE_REVOCATION_MISSING] = { "SCVP_REVOCATION_MISSING", "RFC 5055 3.2.3",
					   "no revocation information" },
	[SCVP_CODE_PUBLIC_KEY] = { "SCVP_PUBLIC_KEY", "RFC 5055 4.9.5",
				   "the key is not that of the certificate" },
	[SCVP_CODE_EVIDENCE_FORMAT] = { "SCVP_EVIDENCE_FORMAT", "RFC 5276 5",
					"an evidence record cannot be read" },
	[SCVP_CODE_EVIDENCE_TARGET] = { "SCVP_EVIDENCE_TARGET", "RFC 5276 4, 5.5",
					"evidence of what was not returned" },
	[SCVP_CODE_EVIDENCE_INVALID] = { "SCVP_EVIDENCE_INVALID", "RFC 4998 3.3",
					 "an evidence record does not hold" },
	[SCVP_CODE_NOTE_SKIPPED] = { "SCVP_NOTE_SKIPPED", "RFC 5055 4.4",
				     "the server skipped items unknown to it" },
	[SCVP_CODE_NOTE_CACHED] = { "SCVP_NOTE_CACHED", "RFC 5055 4.10",
				    "a cached response" },
	[SCVP_CODE_NOTE_SERVER_STATUS] = { "SCVP_NOTE_SERVER_STATUS", "RFC 5280 6.3",
					   "the server's own revocation is not known" },
	[SCVP_CODE_NOTE_NO_SIGNING_CERTIFICATE] = { "SCVP_NOTE_NO_SIGNING_CERTIFICATE",
						    "RFC 5055 4",
						    "no signing-certificate "
						    "attribute" },
	[SCVP_CODE_NOTE_SIGNED] = { "SCVP_NOTE_SIGNED", "RFC 5055 3.2.5.3",
				    "protected, though not asked for" },
	[SCVP_CODE_NOTE_HASH] = { "SCVP_NOTE_HASH", "RFC 5055 3.9",
				  "another hash than asked for" },
	[SCVP_CODE_NOTE_REQUEST_UNKNOWN] = { "SCVP_NOTE_REQUEST_UNKNOWN", NULL,
					     "judged without its request" },
	[SCVP_CODE_NOTE_NO_EVIDENCE] = { "SCVP_NOTE_NO_EVIDENCE", "RFC 5276 5",
					 "the server has no evidence record" },
	[SCVP_CODE_NOTE_EVIDENCE_UNDETERMINED] = { "SCVP_NOTE_EVIDENCE_UNDETERMINED",
						   "RFC 4998 3.3",
						   "an evidence record is "
						   "undetermined" },
};
_Static_assert(N(codes) == SCVP_CODE_COUNT, "every code has its texts");

static bool known(enum scvp_code c)
{
	return (unsigned)c < SCVP_CODE_COUNT;
}

const char *scvp_code_name(enum scvp_code c)
{
	return known(c) ? codes[c].name : "?";
}

const char *scvp_code_clause(enum scvp_code c)
{
	return known(c) ? codes[c].clause : NULL;
}

const char *scvp_code_text(enum scvp_code c)
{
	return known(c) ? codes[c].text : "?";
}

bool scvp_code_is_note(enum scvp_code c)
{
	return known(c) && c >= SCVP_CODE_NOTE_SKIPPED;
}

/* ---- short names ---- */

static const char *const wants[SCVP_WANT_COUNT] = {
	[SCVP_WANT_BEST_PATH] = "path",
	[SCVP_WANT_REVOCATION] = "revocation",
	[SCVP_WANT_PUBLIC_KEY] = "key",
	[SCVP_WANT_AA_PATH] = "aa-path",
	[SCVP_WANT_AA_REVOCATION] = "aa-revocation",
	[SCVP_WANT_AC_REVOCATION] = "ac-revocation",
	[SCVP_WANT_RELAYED] = "relayed",
	[SCVP_WANT_CERT] = "cert",
	[SCVP_WANT_AC_CERT] = "ac-cert",
	[SCVP_WANT_ALL_PATHS] = "all-paths",
	[SCVP_WANT_EE_REVOCATION] = "ee-revocation",
	[SCVP_WANT_CA_REVOCATION] = "ca-revocation",
	[SCVP_WANT_PARTIAL_PATH] = "partial-path",
	[SCVP_WANT_ERS_CERT] = "ers-cert",
	[SCVP_WANT_ERS_BEST_PATH] = "ers-path",
	[SCVP_WANT_ERS_PARTIAL_PATH] = "ers-partial-path",
	[SCVP_WANT_ERS_REVOCATION] = "ers-revocation",
	[SCVP_WANT_ERS_ALL] = "ers-all",
};

const char *scvp_want_name(enum scvp_want_id id)
{
	return (unsigned)id < N(wants) && wants[id] != NULL ? wants[id] : "?";
}

enum scvp_want_id scvp_want_from_name(struct view name)
{
	for (unsigned i = 0; i < N(wants); i++)
		if (wants[i] != NULL && view_is_text(name, wants[i]))
			return (enum scvp_want_id)i;
	return SCVP_WANT_OTHER;
}

static const char *const checks[] = {
	[SCVP_CHECK_BUILD] = "build",         [SCVP_CHECK_VALID] = "valid",
	[SCVP_CHECK_STATUS] = "status",       [SCVP_CHECK_AA_BUILD] = "aa-build",
	[SCVP_CHECK_AA_VALID] = "aa-valid",   [SCVP_CHECK_AA_STATUS] = "aa-status",
	[SCVP_CHECK_AC_STATUS] = "ac-status",
};

const char *scvp_check_name(enum scvp_check_id id)
{
	return (unsigned)id < N(checks) && checks[id] != NULL ? checks[id] : "?";
}

enum scvp_check_id scvp_check_from_name(struct view name)
{
	for (unsigned i = 0; i < N(checks); i++)
		if (checks[i] != NULL && view_is_text(name, checks[i]))
			return (enum scvp_check_id)i;
	return SCVP_CHECK_OTHER;
}

/* id-bvae (RFC 5055 3.2.4.2.2) and id-nvae (3.2.4.2.4). */
const char *scvp_error_name(struct view oid)
{
	static const struct {
		const char *oid, *name;
	} errors[] = {
		{ OID_SVP_BASIC_ALG ".1", "expired" },
		{ OID_SVP_BASIC_ALG ".2", "notYetValid" },
		{ OID_SVP_BASIC_ALG ".3", "wrongTrustAnchor" },
		{ OID_SVP_BASIC_ALG ".4", "noValidCertPath" },
		{ OID_SVP_BASIC_ALG ".5", "revoked" },
		{ OID_SVP_BASIC_ALG ".9", "invalidKeyPurpose" },
		{ OID_SVP_BASIC_ALG ".10", "invalidKeyUsage" },
		{ OID_SVP_BASIC_ALG ".11", "invalidCertPolicy" },
		{ OID_SVP_NAME_ALG ".1", "nameMismatch" },
		{ OID_SVP_NAME_ALG ".2", "noName" },
		{ OID_SVP_NAME_ALG ".3", "unknownAlg" },
		{ OID_SVP_NAME_ALG ".4", "badName" },
		{ OID_SVP_NAME_ALG ".5", "badNameType" },
		{ OID_SVP_NAME_ALG ".6", "mixedNames" },
	};
	for (unsigned i = 0; i < N(errors); i++)
		if (oid_is(oid, errors[i].oid))
			return errors[i].name;
	return NULL;
}
