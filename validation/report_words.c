/* SPDX-License-Identifier: Apache-2.0 */
/* report_words - what things are called in every form of a report. */
#include "validation/report_private.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

bool report_is_revocation(const struct conclusion *c)
{
	return c->sub == SUB_REVOKED || c->sub == SUB_REVOKED_NO_POE ||
	       c->sub == SUB_REVOKED_CA_NO_POE ||
	       /* On hold: 5.2.6.4 step 4 c. */
	       (c->sub == SUB_TRY_LATER && report_has_time(c->time_ms));
}

bool report_is_crypto(const struct conclusion *c)
{
	return c->sub == SUB_CRYPTO_CONSTRAINTS_FAILURE ||
	       c->sub == SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE;
}

const char *report_process_name(enum report_process p)
{
	static const char *const names[] = { "basic", "ltvm", "lta" };
	return (size_t)p < COUNT(names) ? names[p] : "?";
}

const char *report_need_name(enum need_kind k)
{
	static const char *const names[] = { "issuer", "subjects", "crl", "delta_crl",
					     "ocsp" };
	return (size_t)k < COUNT(names) ? names[k] : "?";
}

const char *report_source_name(enum path_source s)
{
	static const char *const names[] = { NULL, "crl", "ocsp", "exempt" };
	return (size_t)s < COUNT(names) ? names[s] : NULL;
}

const char *report_form_name(enum cms_er_form f)
{
	static const char *const names[] = { "cut", "sorted", "der" };
	return (size_t)f < COUNT(names) ? names[f] : "?";
}

const char *report_reason_name(int reason)
{
	static const char *const names[] = { "unspecified",     "keyCompromise",
					     "cACompromise",    "affiliationChanged",
					     "superseded",      "cessationOfOperation",
					     "certificateHold", NULL,
					     "removeFromCRL",   "privilegeWithdrawn",
					     "aACompromise" };
	return reason >= 0 && (size_t)reason < COUNT(names) ? names[reason] : NULL;
}

const char *report_match_text(enum document_match m)
{
	switch (m) {
	case MATCH_YES:
		return "intact";
	case MATCH_NO:
		return "altered";
	case MATCH_UNKNOWN:
		break;
	}
	return "not at hand";
}

static const char *const advice[SUB_COUNT] = {
	[SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE] = "another chain of certificates",
	[SUB_CHAIN_CONSTRAINTS_FAILURE] =
	    "another chain of certificates, or another validation policy",
	[SUB_SIG_CONSTRAINTS_FAILURE] = "another validation policy",
	[SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE] =
	    "a proof that it existed while its algorithms were reliable",
	[SUB_POLICY_PROCESSING_ERROR] = "a usable document of the signature policy",
	[SUB_SIGNATURE_POLICY_NOT_AVAILABLE] = "the document of the signature policy",
	[SUB_NO_SIGNING_CERTIFICATE_FOUND] = "the signing certificate",
	[SUB_NO_CERTIFICATE_CHAIN_FOUND] =
	    "certificates of the issuers, or a trust anchor above them",
	[SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE] =
	    "a proof that it existed while the trust anchor was trusted",
	[SUB_REVOKED_NO_POE] = "a proof that it existed before the revocation",
	[SUB_REVOKED_CA_NO_POE] = "a proof that it existed before the authority was "
				  "revoked, or another chain",
	[SUB_OUT_OF_BOUNDS_NOT_REVOKED] =
	    "a proof that it existed while its certificate was valid",
	[SUB_OUT_OF_BOUNDS_NO_POE] =
	    "a proof that it existed while its certificate was valid",
	[SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE] =
	    "a proof that the revocation data existed while its signer was valid",
	[SUB_NO_POE] = "further proofs of existence",
	[SUB_TRY_LATER] = "fresher revocation data",
	[SUB_SIGNED_DATA_NOT_FOUND] = "the document that was signed",
};

const char *report_advice(const struct conclusion *c)
{
	return (size_t)c->sub < SUB_COUNT ? advice[c->sub] : NULL;
}

bool report_switched_off(const struct report *r, enum constraint_context context,
			 enum constraint c)
{
	return validation_policy_rule(r->policy, context, c)->level ==
		   CONSTRAINT_IGNORE &&
	       constraint_default_level(c, context) != CONSTRAINT_IGNORE;
}

bool report_is_brought(const struct report *r, int64_t t_ms, const char *by)
{
	return by == NULL && report_has_time(t_ms) && t_ms != r->time_ms;
}

const struct cert_validation_result *report_chain_of(const struct report_signature *s)
{
	if (s->past != NULL && s->past->chain.n_certs > 0)
		return s->past;
	return s->certificate;
}

size_t report_next_stamp(const struct report *r, int signature, size_t from)
{
	while (from < r->n_stamps && r->stamps[from].stamp->signature != signature)
		from++;
	return from;
}

int report_exit_status(const struct report *r)
{
	if (r->nothing)
		return 3;
	switch (r->indication) {
	case INDICATION_PASSED:
		return 0;
	case INDICATION_FAILED:
		return 1;
	case INDICATION_INDETERMINATE:
		break;
	}
	return 2;
}
