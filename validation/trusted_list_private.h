/* SPDX-License-Identifier: Apache-2.0 */
/* trusted_list_private - what the files of the judgement of lists share. */
#ifndef LTPS_VALIDATION_TRUSTED_LIST_PRIVATE_H
#define LTPS_VALIDATION_TRUSTED_LIST_PRIVATE_H

#include "validation/trusted_list.h"

/* The verdict's reason, in words. */
void trusted_list_refuse(struct trusted_list_verdict *v,
			 enum trusted_list_reason reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
