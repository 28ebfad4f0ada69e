/* SPDX-License-Identifier: Apache-2.0 */
/* The hashes of renewals over the DER form of what stands in a record in BER. */
#include "formats/cms.h"
#include "formats/cms_der.h"
#include "timestamping/ers.h"

int ers_token_hash_der(enum digest_alg alg, struct view token, struct digest *ret_d,
		       struct ltps_error *err)
{
	struct buf der = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (cms_der_put_cms(&der, token, err) != 0)
		goto out;
	rc = ers_token_hash(alg, view_buf(&der), ret_d, err);
out:
	buf_free(&der);
	return rc;
}
