/* SPDX-License-Identifier: Apache-2.0 */
/* pki_fixture_private - what the two files of the fixture share. */
#ifndef LTPS_TESTS_PKI_FIXTURE_PRIVATE_H
#define LTPS_TESTS_PKI_FIXTURE_PRIVATE_H

#include "base/err.h"

/* Says what failed, with OpenSSL's reasons, and aborts. */
void fix_die(const char *what) __attribute__((noreturn));
/* Aborts with the error's text unless rc is 0. */
void fix_need(int rc, const struct ltps_error *err);

#endif
