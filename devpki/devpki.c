/* SPDX-License-Identifier: Apache-2.0 */
/* devpki - beginning and end of a throwaway PKI. */
#include "devpki/devpki.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "devpki/inside.h"

/* 1000 years: far above every use, far below what overflows. */
#define DAYS_MAX 366000
static const int32_t default_days[DEVPKI_KIND_COUNT] = {
	[DEVPKI_ROOT] = 30 * 365,       [DEVPKI_CA] = 15 * 365,
	[DEVPKI_OCSP] = 30 * 365,       [DEVPKI_TSA] = 10 * 365,
	[DEVPKI_EE] = 3 * 365,          [DEVPKI_SCVP] = 3 * 365,
	[DEVPKI_CRL_ISSUER] = 15 * 365,
};

int32_t devpki_default_days(enum devpki_kind kind)
{
	return default_days[kind];
}

/* What can stand in an extension value and a state file without quoting. */
static bool is_url(const char *url)
{
	static const char clean[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_~/[]";
	size_t n = strspn(url, clean);
	return url[n] == '\0' && n < DEVPKI_URL_MAX &&
	       strncmp(url, "http://", 7) == 0 && n > 7 && url[n - 1] != '/';
}

static int put_url(struct devpki *p, const char *url, struct ltps_error *err)
{
	if (!is_url(url))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "not a plain http:// URL without a slash at its end");
	snprintf(p->url, sizeof(p->url), "%s", url);
	return 0;
}

static int put_policy(struct devpki *p, const char *policy, struct ltps_error *err)
{
	struct buf der = buf_make(OID_TEXT_MAX);
	int ret = der_put_oid(&der, policy, err);
	buf_free(&der);
	if (ret == 0)
		snprintf(p->policy, sizeof(p->policy), "%s", policy);
	return ret;
}

static int put_options(struct devpki *p, const struct devpki_options *o,
		       struct ltps_error *err)
{
	p->n_tsa = o->n_tsa != 0 ? o->n_tsa : 1;
	p->keep_expired = o->keep_expired;
	p->freshest = o->freshest;
	p->status_ms = o->status_ms != 0 ? o->status_ms : DEVPKI_DAY_MS;
	for (int i = 0; i < DEVPKI_KIND_COUNT; i++) {
		p->key[i] = o->key[i];
		p->days[i] = o->days[i] != 0 ? o->days[i] : default_days[i];
		if (p->days[i] < 0 || p->days[i] > DAYS_MAX)
			return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
					 "validity of more than %d days", DAYS_MAX);
	}
	if (p->n_tsa > DEVPKI_TSA_MAX || p->status_ms < 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "more than %d TSAs, or a negative period",
				 DEVPKI_TSA_MAX);
	if (put_url(p, o->url != NULL ? o->url : DEVPKI_URL_DEFAULT, err) != 0)
		return -1;
	return put_policy(p, o->tsa_policy != NULL ? o->tsa_policy : DEVPKI_TSA_POLICY,
			  err);
}

static int new_empty(const char *dir, const struct devpki_options *o,
		     struct devpki **ret_p, struct ltps_error *err)
{
	struct devpki *p = mem_zalloc(1, sizeof(*p));
	if (p == NULL)
		return ltps_fail_nomem(err);
	p->lock_fd = -1;
	p->clock = o->clock.now_ms != NULL ? o->clock : clock_system();
	p->control = o->control;
	if (dir != NULL) {
		p->dir = mem_dup_text(dir);
		if (p->dir == NULL) {
			mem_free(p);
			return ltps_fail_nomem(err);
		}
	}
	*ret_p = p;
	return 0;
}

static int make_tag(struct devpki *p, struct ltps_error *err)
{
	uint8_t random[4];
	if (RAND_bytes(random, sizeof(random)) != 1)
		return devpki_fail_crypto(err, "random octets");
	hex_encode(view_of(random, sizeof(random)), p->tag);
	return 0;
}

static int populate(struct devpki *p, int64_t start_ms, struct ltps_error *err)
{
	struct devpki_issue how = { .not_before_ms = start_ms };
	struct devpki_cert *c = NULL;
	if (devpki_install(p, DEVPKI_ROOT, 0, &how, &c, err) != 0 ||
	    devpki_install(p, DEVPKI_CA, 0, &how, &c, err) != 0)
		return -1;
	for (unsigned i = 0; i < p->n_tsa; i++) {
		if (devpki_install(p, DEVPKI_TSA, i, &how, &c, err) != 0)
			return -1;
	}
	return devpki_store_state(p, err);
}

/* Folders and lock; the lock decides between two that create at once. */
static int take_dir(struct devpki *p, struct ltps_error *err)
{
	char sub[4096];
	if (p->dir == NULL)
		return 0;
	if (file_make_dir(p->dir, 0700, err) != 0 || devpki_store_lock(p, err) != 0)
		return -1;
	if (devpki_store_exists(p->dir))
		return ltps_fail(err, LTPS_EXISTS, LTPS_FAULT_CALLER, NULL,
				 "the directory holds a PKI already");
	if (file_join(p->dir, "certs", sub, sizeof(sub), err) != 0 ||
	    file_make_dir(sub, 0755, err) != 0 ||
	    file_join(p->dir, "keys", sub, sizeof(sub), err) != 0)
		return -1;
	return file_make_dir(sub, 0700, err);
}

int devpki_create(const char *dir, const struct devpki_options *options,
		  struct devpki **ret_p, struct ltps_error *err)
{
	struct devpki *p = NULL;
	if (new_empty(dir, options, &p, err) != 0)
		return -1;
	if (put_options(p, options, err) != 0 || make_tag(p, err) != 0 ||
	    take_dir(p, err) != 0 || populate(p, options->start_ms, err) != 0) {
		devpki_free(p);
		return -1;
	}
	*ret_p = p;
	return 0;
}

int devpki_open(const char *dir, const struct devpki_options *options,
		struct devpki **ret_p, struct ltps_error *err)
{
	struct devpki *p = NULL;
	if (new_empty(dir, options, &p, err) != 0)
		return -1;
	if (!devpki_store_exists(dir)) {
		ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			  "no PKI in this directory");
		goto fail;
	}
	if (devpki_store_lock(p, err) != 0 || devpki_store_load(p, err) != 0)
		goto fail;
	if (options->url != NULL && devpki_set_url(p, options->url, err) != 0)
		goto fail;
	*ret_p = p;
	return 0;
fail:
	devpki_free(p);
	return -1;
}

void devpki_free(struct devpki *p)
{
	struct ltps_error ignored = LTPS_ERROR_INIT; /* as lost as in a crash */
	if (p == NULL)
		return;
	/* Not worth a write for each CRL: delta CRLs to an older one are right. */
	if (p->new_base && devpki_store_state(p, &ignored) != 0)
		p->new_base = false;
	devpki_drop_to(p, 0);
	mem_free(p->cert);
	devpki_points_free(p);
	if (p->lock_fd >= 0)
		close(p->lock_fd);
	mem_free(p->dir);
	mem_free(p);
}

int64_t devpki_now_ms(const struct devpki *p)
{
	return clock_now_ms(&p->clock);
}

void devpki_set_clock(struct devpki *p, struct clock clock)
{
	p->clock = clock;
}

void devpki_set_key(struct devpki *p, enum devpki_kind kind, enum devpki_key key)
{
	p->key[kind] = key;
}

void devpki_set_digest(struct devpki *p, enum digest_alg digest)
{
	p->digest = digest;
}

void devpki_set_status(struct devpki *p, int64_t status_ms)
{
	p->status_ms = status_ms;
}

uint64_t devpki_answered(const struct devpki *p, unsigned target)
{
	return target < DEVPKI_TARGET_COUNT ? p->answered[target] : 0;
}

struct devpki_signing devpki_signing_of(const struct devpki *p,
					struct devpki_signing how)
{
	if (how.hash == DIGEST_NONE)
		how.hash = p->digest;
	return how;
}

const char *devpki_url(const struct devpki *p)
{
	return p->url;
}

int devpki_set_url(struct devpki *p, const char *url, struct ltps_error *err)
{
	char old[DEVPKI_URL_MAX];
	memcpy(old, p->url, sizeof(old));
	if (put_url(p, url, err) != 0)
		return -1;
	if (strcmp(old, p->url) == 0 || devpki_store_state(p, err) == 0)
		return 0;
	memcpy(p->url, old, sizeof(old));
	return -1;
}

int devpki_set_ocsp(struct devpki *p, unsigned modes, struct ltps_error *err)
{
	unsigned old = p->ocsp_modes;
	if ((modes & ~(unsigned)DEVPKI_OCSP_MODES) != 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "no such mode of OCSP answers");
	p->ocsp_modes = modes;
	if (modes == old || devpki_store_state(p, err) == 0)
		return 0;
	p->ocsp_modes = old;
	return -1;
}

int devpki_anchors(const struct devpki *p, struct buf *out, struct ltps_error *err)
{
	for (size_t i = 0; i < p->n_cert; i++) {
		if (p->cert[i]->kind == DEVPKI_ROOT &&
		    devpki_cert_pem(p->cert[i], out, err) != 0)
			return -1;
	}
	return 0;
}
