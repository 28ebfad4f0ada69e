/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access - tokens and links made, found and withdrawn; each with its line in the audit.
 */
#ifndef LTPS_LTP_ACCESS_H
#define LTPS_LTP_ACCESS_H

#include "ltp/ltp.h"
#include "storage/credential.h"

/* A secret as text: a prefix by which a scan for leaked secrets finds it, and the
 * octets in hexadecimal. */
#define ACCESS_TOKEN_PREFIX "ltps_"
#define ACCESS_SECRET_HEX (2 * CREDENTIAL_SECRET)
#define ACCESS_SECRET_SIZE (sizeof(ACCESS_TOKEN_PREFIX) + ACCESS_SECRET_HEX)

/* SHA-256 of the secret that a text stands for; false when it is none. A link has no
 * prefix. */
bool access_hash(enum credential_kind kind, struct view text, struct digest *ret_hash);

/* What a token or link may be called, and a tenant: they stand in the audit, in answers
 * and in folder names. */
bool access_name_valid(const char *name);
bool access_tenant_valid(const char *tenant);

/*
 * access_add - a new secret.
 * actor       who makes it, for the audit
 * new         tenant, name, roles or poid, created_ms, until_ms
 * ret_secret  shown once; nobody can find it again. Cleanse it.
 * Fails: ARGUMENT (caller): a name, or an end that is past; TOO_LARGE (caller): too
 * many live links; CRYPTO, as store_write()
 */
int access_add(struct store *store, enum credential_kind kind, const char *actor,
	       const struct credential *new, int64_t *ret_id,
	       char ret_secret[ACCESS_SECRET_SIZE],
	       struct ltps_error *err) LTPS_CHECKED;
/* tenant NULL: whosever. Fails: NOT_FOUND (caller), as store_write() */
int access_revoke(struct store *store, enum credential_kind kind, int64_t id,
		  const char *tenant, const char *actor, int64_t now_ms,
		  struct ltps_error *err) LTPS_CHECKED;

/*
 * access_find - what a secret opens now. Its use is written down, to the hour, if it can
 * be.
 * ret_why  NULL: it opens what ret_c says; otherwise why not. ret_c is then set as far
 *          as it is known, id 0: not at all.
 */
int access_find(struct ltp_worker *w, enum credential_kind kind,
		const struct digest *hash, struct credential *ret_c,
		const char **ret_why, struct ltps_error *err) LTPS_CHECKED;
/* As credential_list(), for a worker. */
int access_list(struct ltp_worker *w, enum credential_kind kind, const char *tenant,
		int (*row)(void *arg, const struct credential *c,
			   struct ltps_error *err),
		void *arg, struct ltps_error *err) LTPS_CHECKED;

#endif
