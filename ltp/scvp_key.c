/* SPDX-License-Identifier: Apache-2.0 */
/* scvp_key - the responder's certificate and key, wherever they are. */
#include "ltp/scvp.h"
#include "ltp/signing_key.h"

_Static_assert(SIGNING_KEY_CHAIN_MAX <= SCVP_CHAIN_MAX, "every chain fits");

/* Without a key of its own the one file is PKCS #12. */
int scvp_key_read(const struct ltp_scvp_options *o, struct scvp_signer **ret,
		  struct ltps_error *err)
{
	const struct signing_key_source source = {
		.key = o->key != NULL ? o->key : o->certificate,
		.certificate = o->key != NULL ? o->certificate : NULL,
		.password_file = o->password_file,
	};
	struct signing_key *k = NULL;
	if (signing_key_open(&source, &k, err) != 0)
		return -1;
	const int rc = scvp_signer_new(k->certificate, k->key,
				       (const struct cert *const *)k->chain, k->n_chain,
				       true, ret, err);
	signing_key_free(k);
	return rc;
}
