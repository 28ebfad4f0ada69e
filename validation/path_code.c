/* SPDX-License-Identifier: Apache-2.0 */
/* path_code - names, clauses and texts of what can be said against a path. */
#include "validation/path_code.h"

#include <stdbool.h>
#include <stddef.h>

static const struct {
	const char *name, *clause, *text;
} codes[] = {
	[PATH_OK] = { "PATH_OK", NULL, "nothing is wrong" },
	[PATH_NO_ISSUER] = { "PATH_NO_ISSUER", "RFC 5280 6.1",
			     "no certificate of the issuer is at hand" },
	[PATH_NO_ANCHOR] = { "PATH_NO_ANCHOR", "RFC 5280 6.1.1 (d)",
			     "no chain of issuers ends at a trust anchor" },
	[PATH_BUDGET] = { "PATH_BUDGET", "RFC 4158 2.4.2",
			  "a budget ended the work before an answer" },
	[PATH_DEPTH] = { "PATH_DEPTH", NULL, "only longer paths than allowed exist" },
	[PATH_WRONG_ANCHOR] = { "PATH_WRONG_ANCHOR", "RFC 5055 3.2.4.2.4",
				"the path ends at an anchor that does not count" },
	[PATH_MALFORMED_EXTENSION] = { "PATH_MALFORMED_EXTENSION", "RFC 5280 4.2",
				       "an extension does not decode" },
	[PATH_CRITICAL_EXTENSION] = { "PATH_CRITICAL_EXTENSION", "RFC 5280 6.1.4 (o)",
				      "a critical extension cannot be processed" },
	[PATH_ALGORITHM_MISMATCH] = { "PATH_ALGORITHM_MISMATCH", "RFC 5280 4.1.1.2",
				      "signature and signatureAlgorithm differ" },
	[PATH_SIGNATURE] = { "PATH_SIGNATURE", "RFC 5280 6.1.3 (a)(1)",
			     "the signature does not verify" },
	[PATH_ALGORITHM_UNSUPPORTED] = { "PATH_ALGORITHM_UNSUPPORTED",
					 "RFC 5280 6.1.3 (a)(1)",
					 "the signature algorithm is not supported" },
	[PATH_KEY_UNUSABLE] = { "PATH_KEY_UNUSABLE", "RFC 5280 6.1.4 (d)-(f)",
				"the issuer's public key cannot be used" },
	[PATH_ALGORITHM_WEAK] = { "PATH_ALGORITHM_WEAK", "EN 319 102-1 5.2.8",
				  "the algorithm is no longer reliable" },
	[PATH_NOT_YET_VALID] = { "PATH_NOT_YET_VALID", "RFC 5280 6.1.3 (a)(2)",
				 "the certificate is not yet valid" },
	[PATH_EXPIRED] = { "PATH_EXPIRED", "RFC 5280 6.1.3 (a)(2)",
			   "the certificate has expired" },
	[PATH_NAME_CHAINING] = { "PATH_NAME_CHAINING", "RFC 5280 6.1.3 (a)(4)",
				 "the issuer's name is not the subject's above" },
	[PATH_EMPTY_ISSUER] = { "PATH_EMPTY_ISSUER", "RFC 5280 4.1.2.4",
				"the issuer's name is empty" },
	[PATH_NOT_A_CA] = { "PATH_NOT_A_CA", "RFC 5280 6.1.4 (k)",
			    "the issuer is not a certification authority" },
	[PATH_PATH_LEN] = { "PATH_PATH_LEN", "RFC 5280 6.1.4 (l)",
			    "the path is longer than pathLenConstraint allows" },
	[PATH_CA_KEY_USAGE] = { "PATH_CA_KEY_USAGE", "RFC 5280 6.1.4 (n)",
				"the issuer's key is not for signing certificates" },
	[PATH_NAME_NOT_PERMITTED] = { "PATH_NAME_NOT_PERMITTED", "RFC 5280 6.1.3 (b)",
				      "a name is outside the permitted subtrees" },
	[PATH_NAME_EXCLUDED] = { "PATH_NAME_EXCLUDED", "RFC 5280 6.1.3 (c)",
				 "a name is inside an excluded subtree" },
	[PATH_NAME_CONSTRAINT_UNSUPPORTED] = { "PATH_NAME_CONSTRAINT_UNSUPPORTED",
					       "RFC 5280 4.2.1.10",
					       "a name constraint cannot be applied" },
	[PATH_POLICY] = { "PATH_POLICY", "RFC 5280 6.1.5, RFC 9618",
			  "no acceptable certificate policy is valid on the path" },
	[PATH_POLICY_MAPPING] = { "PATH_POLICY_MAPPING", "RFC 5280 6.1.4 (a)",
				  "anyPolicy is mapped" },
	[PATH_KEY_USAGE] = { "PATH_KEY_USAGE", "RFC 5280 4.2.1.3",
			     "the key is not for the wanted usage" },
	[PATH_EXTENDED_KEY_USAGE] = { "PATH_EXTENDED_KEY_USAGE", "RFC 5280 4.2.1.12",
				      "the key is not for the wanted purpose" },
	[PATH_REVOKED] = { "PATH_REVOKED", "RFC 5280 6.1.3 (a)(3)",
			   "the certificate is revoked" },
	[PATH_ON_HOLD] = { "PATH_ON_HOLD", "RFC 5280 5.3.1",
			   "the certificate is on hold" },
	[PATH_REVOCATION_UNKNOWN] = { "PATH_REVOCATION_UNKNOWN", "RFC 5280 6.3.3",
				      "no source knows the certificate's status" },
	[PATH_REVOCATION_STALE] = { "PATH_REVOCATION_STALE", "EN 319 102-1 5.2.5",
				    "what is known of the status is too old" },
	[PATH_REVOCATION_UNREACHABLE] = { "PATH_REVOCATION_UNREACHABLE",
					  "RFC 5280 6.3.3",
					  "the source of the status did not answer" },
	[PATH_ANCHOR_SUNSET] = { "PATH_ANCHOR_SUNSET", "EN 319 102-1 5.2.6.4",
				 "the anchor is no longer trusted at that time" },
	[PATH_DECIDED_REMOTELY] = { "PATH_DECIDED_REMOTELY", "RFC 5055",
				    "a remote server judged the path" },
	[PATH_REMOTE_FAILED] = { "PATH_REMOTE_FAILED", "RFC 5055",
				 "the remote server gave no answer" },
};
_Static_assert(sizeof(codes) / sizeof(codes[0]) == PATH_CODE_COUNT,
	       "every code has its texts");

static bool known(enum path_code c)
{
	return (unsigned)c < PATH_CODE_COUNT;
}

const char *path_code_name(enum path_code c)
{
	return known(c) ? codes[c].name : "?";
}

const char *path_code_clause(enum path_code c)
{
	return known(c) ? codes[c].clause : NULL;
}

const char *path_code_text(enum path_code c)
{
	return known(c) ? codes[c].text : "?";
}
