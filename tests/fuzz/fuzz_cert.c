/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: cert_parse and everything that is read out of a certificate, cert_key,
 * key_inherited, the names. */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/fuzz/fuzz.h"
#include "validation/cert.h"
#include "validation/key.h"
#include "validation/name.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* What was checked when the certificate was decoded cannot fail afterwards. */
static void walk_points(const struct cert *c, enum cert_ext e)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view list = cert_ext_list(c, e);
	while (list.n > 0) {
		struct dist_point p;
		require(dist_point_next(&list, &p, &err) == 0);
		while (p.full_name.n > 0) {
			struct general_name g;
			require(general_name_next(&p.full_name, &g, &err) == 0);
		}
	}
}

static void walk_names(const struct cert *c, enum cert_ext e)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view list = cert_ext_list(c, e);
	while (list.n > 0) {
		struct general_name g;
		bool equal = false;
		require(general_name_next(&list, &g, &err) == 0);
		if (general_name_equal(&g, &g, &equal, &err) == 0)
			require(equal);
		ltps_error_clear(&err);
	}
}

static void use_key(const struct cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct key_facts facts;
	EVP_PKEY *key = NULL;
	require(cert_key(c, &key, &err) == 0);
	if (key != NULL)
		key_facts(key, &facts);
	require(!(key != NULL && key_parameters_missing(c)));
	require(key_inherited(c, c->tbs_algorithm, &key, &err) == 0);
	EVP_PKEY_free(key);
}

static void use(const struct cert *c)
{
	char text[CERT_TEXT_MAX];
	cert_text(c, text);
	require(strlen(text) < CERT_TEXT_MAX);
	require((c->malformed & ~c->present) == 0);
	require(c->version == 3 || c->present == 0);
	walk_points(c, CERT_EXT_CRL_POINTS);
	walk_points(c, CERT_EXT_FRESHEST_CRL);
	walk_names(c, CERT_EXT_SAN);
	walk_names(c, CERT_EXT_IAN);
	(void)cert_has_eku(c, "1.3.6.1.5.5.7.3.8");
	use_key(c);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *c = NULL, *again = NULL;
	if (cert_parse(view_of(data, size), &c, &err) == 0) {
		require(err.code == LTPS_OK);
		use(c);
		require(cert_parse(c->der, &again, &err) == 0);
		require(cert_equal(c, again) && c->malformed == again->malformed);
	} else {
		require(err.code != LTPS_OK && c == NULL);
	}
	cert_free(again);
	cert_free(c);
	require(ERR_peek_error() == 0);
}
