/* SPDX-License-Identifier: Apache-2.0 */
/* name_coarse - case folding and normal form KC, by libunistring alone. */
#include "validation/name_coarse.h"

#include <errno.h>
#include <unicase.h>
#include <uninorm.h>

/* No language: the Turkish dotless i must not depend on where the process runs. */
int name_fold_text(struct view text, uint8_t **ret, size_t *ret_n,
		   struct ltps_error *err)
{
	size_t n = 0;
	uint8_t *p = u8_casefold(text.p, text.n, NULL, UNINORM_NFKC, NULL, &n);
	if (p == NULL && errno == ENOMEM)
		return ltps_fail_nomem(err);
	if (p == NULL)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 4518 2.3",
				 "text of a name has no normal form");
	*ret = p;
	*ret_n = n;
	return 0;
}
