/* SPDX-License-Identifier: Apache-2.0 */
/* client_protect - is a response signed by a server that we trust? RFC 5055 4, 4.14 */
#include <string.h>

#include "scvp/client_private.h"

/* What cannot be told from scvp_envelope_verify()'s one word. */
static bool signer_info_holds(const struct cms *cms, struct finder *f)
{
	if (cms->n_signers != 1) {
		finder_add(f, SCVP_CODE_SIGNERS, "%zu signers", cms->n_signers);
		return false;
	}
	if (cms->signers[0].unsigned_attrs.whole.n > 0) {
		finder_add(f, SCVP_CODE_UNSIGNED_ATTRIBUTES, "%s", "");
		return false;
	}
	return true;
}

static enum scvp_code code_of(enum scvp_status status)
{
	switch (status) {
	case SCVP_OKAY:
		return SCVP_CODE_OK;
	case SCVP_UNRECOGNIZED_SIG_KEY:
		return SCVP_CODE_NO_SIGNER_CERT;
	case SCVP_UNSUPPORTED_SIGNATURE_OR_MAC:
		return SCVP_CODE_SIGNATURE_UNSUPPORTED;
	case SCVP_BAD_SIGNATURE_OR_MAC:
		return SCVP_CODE_SIGNATURE;
	default: /* badStructure: without them; invalidSignatureOrMAC: unfitting */
		return SCVP_CODE_SIGNED_ATTRIBUTES;
	}
}

static int check_signature(struct protection *p, struct finder *f,
			   struct ltps_error *err)
{
	const struct cms *cms = p->envelope->cms;
	enum scvp_status status;
	if (!signer_info_holds(cms, f))
		return 0;
	if (scvp_envelope_verify(p->envelope, &status, &p->signer, err) != 0)
		return -1;
	const enum scvp_code code = code_of(status);
	if (code != SCVP_CODE_OK)
		finder_add(f, code, "%s", scvp_status_name(status));
	const struct cms_attrs *attrs = &cms->signers[0].signed_attrs;
	if (cms_attr_find(attrs, OID_SIGNING_CERTIFICATE, 0) == NULL &&
	    cms_attr_find(attrs, OID_SIGNING_CERTIFICATE_V2, 0) == NULL)
		finder_add(f, SCVP_CODE_NOTE_NO_SIGNING_CERTIFICATE, "%s", "");
	return 0;
}

/* The path holds but for the status, which nobody at hand tells. */
static bool only_status_unknown(const struct path_result *r)
{
	return r->status == PATH_UNDETERMINED && r->best.n_certs > 0 &&
	       (r->why == PATH_REVOCATION_UNKNOWN || r->why == PATH_REVOCATION_STALE ||
		r->why == PATH_REVOCATION_UNREACHABLE);
}

/* 4.14.1: the server's certificate is known. 4.14.2 only forbids other extended usages,
 * and what restricts none is what every subscriber may have; RFC 5280 4.2.1.12 lets an
 * application ask for the very purpose. */
static bool may_answer(const struct protection *p)
{
	const struct material *known = p->expect->servers;
	if (!scvp_may_sign(p->signer, true))
		return false;
	return cert_has_eku(p->signer, OID_KP_SCVP_SERVER) ||
	       (known != NULL && material_find_cert(known, MATERIAL_CERT,
						    p->signer->sha256) != NULL);
}

static int check_server(struct protection *p, struct finder *f, struct ltps_error *err)
{
	struct path_input in = { .target = p->signer,
				 .time_ms = p->expect->now_ms,
				 .exempt_short_term = true,
				 .cache = p->expect->cache };
	char name[CERT_TEXT_MAX];
	cert_text(p->signer, name);
	if (!may_answer(p))
		finder_add(f, SCVP_CODE_SERVER_USAGE, "%.150s", name);
	if (p->expect->trust == NULL) {
		finder_add(f, SCVP_CODE_SERVER_PATH, "no trust anchor is given");
		return 0;
	}
	in.pools[in.n_pools++] = p->expect->trust;
	in.pools[in.n_pools++] = p->got;
	if (path_judge(&in, &p->path, err) != 0)
		return -1;
	if (p->path->status == PATH_VALID)
		return 0;
	if (!p->expect->server_status && only_status_unknown(p->path))
		finder_add(f, SCVP_CODE_NOTE_SERVER_STATUS, "%.150s", name);
	else
		finder_add(f, SCVP_CODE_SERVER_PATH, "%.100s: %s", name,
			   path_code_name(p->path->why));
	return 0;
}

/* Certificates of the message; one that does not decode helps nobody. */
static int collect(struct protection *p, struct ltps_error *err)
{
	const struct cms *cms = p->envelope->cms;
	if (material_new(&p->got, err) != 0)
		return -1;
	for (size_t i = 0; i < cms->n_certs; i++) {
		struct ltps_error bad = LTPS_ERROR_INIT;
		if (cms->certs[i].p[0] == DER_SEQUENCE &&
		    material_add(p->got, MATERIAL_CERT, cms->certs[i], &bad) != 0 &&
		    bad.code == LTPS_NOMEM)
			return ltps_fail_nomem(err);
	}
	return 0;
}

int protection_check(struct protection *p, struct finder *f, struct ltps_error *err)
{
	switch (p->envelope->protection) {
	case SCVP_BARE:
		if (!p->unprotected_ok)
			finder_add(f, SCVP_CODE_UNPROTECTED, "%s", "");
		return 0;
	case SCVP_AUTHENTICATED:
		finder_add(f, SCVP_CODE_MAC, "%s", "");
		return 0;
	case SCVP_SIGNED:
		break;
	}
	if (p->unprotected_ok)
		finder_add(f, SCVP_CODE_NOTE_SIGNED, "%s", "");
	if (collect(p, err) != 0 || check_signature(p, f, err) != 0)
		return -1;
	return p->signer != NULL ? check_server(p, f, err) : 0;
}
