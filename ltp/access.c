/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/access.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "ltp/inside.h"
#include "storage/audit.h"

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool access_hash(enum credential_kind kind, struct view text, struct digest *ret_hash)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	const struct view prefix = view_text(ACCESS_TOKEN_PREFIX);
	uint8_t secret[CREDENTIAL_SECRET];
	if (kind == CREDENTIAL_TOKEN) {
		if (!view_starts(text, prefix))
			return false;
		text = view_skip(text, prefix.n);
	}
	if (text.n != ACCESS_SECRET_HEX)
		return false;
	for (size_t i = 0; i < sizeof(secret); i++) {
		const int high = hex_value(text.p[2 * i]);
		const int low = hex_value(text.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		secret[i] = (uint8_t)(high << 4 | low);
	}
	const int rc = digest_once(DIGEST_SHA256, view_of(secret, sizeof(secret)),
				   ret_hash, &ignored);
	OPENSSL_cleanse(secret, sizeof(secret));
	return rc == 0;
}

static bool is_plain(const char *s, size_t max, bool upper)
{
	const size_t n = s != NULL ? strlen(s) : 0;
	if (n == 0 || n > max || strchr("._-", s[0]) != NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char c = s[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      (upper && c >= 'A' && c <= 'Z') || strchr("._-", c) != NULL))
			return false;
	}
	return true;
}

bool access_name_valid(const char *name)
{
	return is_plain(name, CREDENTIAL_NAME_MAX, true);
}

bool access_tenant_valid(const char *tenant)
{
	return is_plain(tenant, STORE_TENANT_MAX, false);
}

/* ---- making and withdrawing, on the writer's thread ---- */

struct change {
	enum credential_kind kind;
	const char *actor;
	const struct credential *new;
	struct digest hash;
	int64_t id;
	const char *tenant;
	int64_t now_ms;
};

static int audit_change(struct store_conn *conn, const struct change *c,
			const char *what, struct ltps_error *err)
{
	char detail[256], until[TIME_TEXT_MAX] = "without end";
	const bool made = c->new != NULL;
	if (made && c->new->until_ms != 0)
		time_rfc3339(c->new->until_ms, until);
	snprintf(detail, sizeof(detail),
		 made ? "number %lld, %s, roles %u, until %s" : "number %lld",
		 (long long)c->id, made ? c->new->name : "",
		 made ? (unsigned)c->new->roles : 0, until);
	const struct audit_entry entry = {
		.time_ms = c->now_ms,
		.tenant = c->tenant,
		.actor = c->actor,
		.operation = what,
		.poid = made && c->new->poid[0] != '\0' ? c->new->poid : NULL,
		.detail = detail,
		.outcome = "success",
	};
	return audit_append(conn, &entry, NULL, err);
}

static int run_add(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct change *c = arg;
	uint64_t n = 0;
	if (c->kind == CREDENTIAL_LINK) {
		if (credential_count(conn, c->kind, c->tenant, c->now_ms, &n, err) != 0)
			return -1;
		if (n >= CREDENTIAL_LINKS_MAX)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
					 "the tenant has %d links already",
					 CREDENTIAL_LINKS_MAX);
	}
	if (credential_add(conn, c->kind, &c->hash, c->new, &c->id, err) != 0)
		return -1;
	return audit_change(conn, c,
			    c->kind == CREDENTIAL_TOKEN ? "AddToken" : "AddLink", err);
}

static int run_revoke(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct change *c = arg;
	if (credential_revoke(conn, c->kind, c->id, c->tenant, c->now_ms, err) != 0)
		return -1;
	return audit_change(
	    conn, c, c->kind == CREDENTIAL_TOKEN ? "RevokeToken" : "RevokeLink", err);
}

static int check_new(const struct credential *new, struct ltps_error *err)
{
	if (!access_name_valid(new->name))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "a name is 1 to %d letters, digits, '.', '_', '-'",
				 CREDENTIAL_NAME_MAX);
	if (!access_tenant_valid(new->tenant))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "a tenant is 1 to %d of a-z, 0-9, '.', '_', '-'",
				 STORE_TENANT_MAX);
	if (new->until_ms != 0 && new->until_ms <= new->created_ms)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "its end is past");
	return 0;
}

int access_add(struct store *store, enum credential_kind kind, const char *actor,
	       const struct credential *new, int64_t *ret_id,
	       char ret_secret[ACCESS_SECRET_SIZE], struct ltps_error *err)
{
	struct change c = { .kind = kind,
			    .actor = actor,
			    .new = new,
			    .tenant = new->tenant,
			    .now_ms = new->created_ms };
	uint8_t secret[CREDENTIAL_SECRET];
	const char *prefix = kind == CREDENTIAL_TOKEN ? ACCESS_TOKEN_PREFIX : "";
	int rc = -1;
	if (check_new(new, err) != 0)
		return -1;
	if (RAND_bytes(secret, sizeof(secret)) != 1) {
		ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
				  "random number generator");
		goto out;
	}
	const struct view octets = view_of(secret, sizeof(secret));
	if (digest_once(DIGEST_SHA256, octets, &c.hash, err) != 0 ||
	    store_write(store, run_add, &c, err) != 0)
		goto out;
	memcpy(ret_secret, prefix, strlen(prefix));
	hex_encode(octets, ret_secret + strlen(prefix));
	*ret_id = c.id;
	rc = 0;
out:
	OPENSSL_cleanse(secret, sizeof(secret));
	return rc;
}

int access_revoke(struct store *store, enum credential_kind kind, int64_t id,
		  const char *tenant, const char *actor, int64_t now_ms,
		  struct ltps_error *err)
{
	struct change c = { .kind = kind,
			    .actor = actor,
			    .id = id,
			    .tenant = tenant,
			    .now_ms = now_ms };
	return store_write(store, run_revoke, &c, err);
}

/* ---- finding ---- */

static int run_used(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct change *c = arg;
	return credential_used(conn, c->id, c->now_ms, err);
}

static const char *why_not(const struct credential *c, int64_t now_ms)
{
	if (credential_live(c, now_ms))
		return NULL;
	return c->revoked_ms != 0 ? "it is revoked" : "it has expired";
}

int access_find(struct ltp_worker *w, enum credential_kind kind,
		const struct digest *hash, struct credential *ret_c,
		const char **ret_why, struct ltps_error *err)
{
	struct change used = { .now_ms = ltp_now(w->l) };
	*ret_c = (struct credential){ 0 };
	*ret_why = "nobody has it";
	if (credential_find(w->conn, kind, hash, ret_c, err) != 0) {
		if (err->code != LTPS_NOT_FOUND)
			return -1;
		ltps_error_clear(err);
		return 0;
	}
	*ret_why = why_not(ret_c, used.now_ms);
	used.id = ret_c->id;
	if (*ret_why != NULL || used.now_ms - ret_c->used_ms < CREDENTIAL_USED_MS)
		return 0;
	/* A store that takes nothing for now is no reason to keep anybody out. */
	if (store_write(w->l->o.store, run_used, &used, err) != 0)
		ltps_error_clear(err);
	return 0;
}

int access_list(struct ltp_worker *w, enum credential_kind kind, const char *tenant,
		int (*row)(void *arg, const struct credential *c,
			   struct ltps_error *err),
		void *arg, struct ltps_error *err)
{
	return credential_list(w->conn, kind, tenant, 0, row, arg, err);
}
