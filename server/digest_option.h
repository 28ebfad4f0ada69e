/* SPDX-License-Identifier: Apache-2.0 */
/* digest_option - the ALG:HEX that commands take for data that is not at hand. */
#ifndef LTPS_SERVER_DIGEST_OPTION_H
#define LTPS_SERVER_DIGEST_OPTION_H

#include "base/content.h"
#include "base/digest.h"

/*
 * digest_option_parse - "sha256:0123...".
 * option  its name, for the error: "--digest"
 * Fails:  ARGUMENT (caller) for an unknown algorithm, or other than its digits
 */
int digest_option_parse(const char *option, struct view text, struct digest *ret_d,
			struct ltps_error *err) LTPS_CHECKED;
/*
 * digest_option_known - digests that stand for a content: "sha256:01...,sha512:23...".
 * c      further ones are added; it is by digests alone then
 * Fails: as digest_option_parse(); ARGUMENT (caller) for two of one algorithm
 */
int digest_option_known(const char *option, struct view list, struct content *c,
			struct ltps_error *err) LTPS_CHECKED;

#endif
