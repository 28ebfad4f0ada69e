/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential - API tokens and links as the store keeps them, and how much of it a
 * tenant has.
 *
 * A credential is a random value of CREDENTIAL_SECRET octets of which only the SHA-256
 * is stored. A slow hash with a salt is for secrets that people make up: of 256 random
 * bits there is nothing to guess, so neither the time of one hash nor a copy of the
 * table helps anybody. It is found by that hash through an index, so that no comparison
 * of a secret takes a time that tells of it.
 */
#ifndef LTPS_STORAGE_CREDENTIAL_H
#define LTPS_STORAGE_CREDENTIAL_H

#include "base/digest.h"
#include "storage/store.h"

#define CREDENTIAL_SECRET 32
/* Names stand in the audit as part of an actor. */
#define CREDENTIAL_NAME_MAX 64
/* Live links of one tenant: nobody hands out more by hand. */
#define CREDENTIAL_LINKS_MAX 10000
/* Uses are written down this coarsely: a write for each would cost more than the use.
 */
#define CREDENTIAL_USED_MS INT64_C(3600000)

/* Values are stored: never renumber. */
enum credential_kind {
	CREDENTIAL_TOKEN = 1,
	CREDENTIAL_LINK = 2,
};

struct credential {
	int64_t id;
	char tenant[STORE_TENANT_MAX + 1];
	char name[CREDENTIAL_NAME_MAX + 1];
	uint32_t roles;
	char poid[STORE_POID_MAX + 1]; /* "" for a token */
	int64_t created_ms;
	int64_t until_ms;   /* 0: without end */
	int64_t used_ms;    /* 0: never */
	int64_t revoked_ms; /* 0: not revoked */
};

/* Whether it opens anything at that time. */
static inline bool credential_live(const struct credential *c, int64_t now_ms)
{
	return c->revoked_ms == 0 && (c->until_ms == 0 || now_ms < c->until_ms);
}

/*
 * credential_add - on the writer's connection. id, used_ms, revoked_ms of new are not
 * looked at.
 * Fails: ARGUMENT (texts), EXISTS (hash)
 */
int credential_add(struct store_conn *conn, enum credential_kind kind,
		   const struct digest *hash, const struct credential *new,
		   int64_t *ret_id, struct ltps_error *err) LTPS_CHECKED;
/* Also what is revoked or expired: credential_live() tells. Fails: NOT_FOUND (caller)
 */
int credential_find(struct store_conn *conn, enum credential_kind kind,
		    const struct digest *hash, struct credential *ret_c,
		    struct ltps_error *err) LTPS_CHECKED;
/* Writer only, as the next. */
int credential_used(struct store_conn *conn, int64_t id, int64_t now_ms,
		    struct ltps_error *err) LTPS_CHECKED;
/* tenant NULL: whosever. Fails: NOT_FOUND (caller) when there is none, or it is
 * revoked. */
int credential_revoke(struct store_conn *conn, enum credential_kind kind, int64_t id,
		      const char *tenant, int64_t now_ms,
		      struct ltps_error *err) LTPS_CHECKED;
/* By id, behind after_id; at most STORE_PAGE_MAX. tenant NULL: all. */
int credential_list(struct store_conn *conn, enum credential_kind kind,
		    const char *tenant, int64_t after_id,
		    int (*row)(void *arg, const struct credential *c,
			       struct ltps_error *err),
		    void *arg, struct ltps_error *err) LTPS_CHECKED;
/* Live ones of a tenant. */
int credential_count(struct store_conn *conn, enum credential_kind kind,
		     const char *tenant, int64_t now_ms, uint64_t *ret_n,
		     struct ltps_error *err) LTPS_CHECKED;

/* What a tenant has: objects that are not deleted; octets of all its blobs (forms and
 * reports too), each content once. */
struct tenant_use {
	uint64_t objects;
	uint64_t bytes;
};
int tenant_use_get(struct store_conn *conn, const char *tenant,
		   struct tenant_use *ret_use, struct ltps_error *err) LTPS_CHECKED;

#endif
