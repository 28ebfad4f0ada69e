/* SPDX-License-Identifier: Apache-2.0 */
/* issue - the list of certificates: adding, finding, rolling over, revoking. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "devpki/inside.h"

static const struct {
	const char *name;  /* in files and on command lines */
	const char *title; /* in common names */
} kinds[DEVPKI_KIND_COUNT] = {
	[DEVPKI_ROOT] = { "root", "Root CA" },
	[DEVPKI_CA] = { "ca", "Issuing CA" },
	[DEVPKI_OCSP] = { "ocsp", "OCSP responder" },
	[DEVPKI_TSA] = { "tsa", "TSA" },
	[DEVPKI_EE] = { "ee", "End entity" },
	[DEVPKI_SCVP] = { "scvp", "SCVP responder" },
	[DEVPKI_CRL_ISSUER] = { "crl", "CRL issuer" },
};

static const struct {
	enum devpki_reason reason;
	const char *name;
} reasons[] = {
	{ DEVPKI_REASON_ABSENT, "absent" },
	{ DEVPKI_REASON_UNSPECIFIED, "unspecified" },
	{ DEVPKI_REASON_KEY_COMPROMISE, "keyCompromise" },
	{ DEVPKI_REASON_CA_COMPROMISE, "cACompromise" },
	{ DEVPKI_REASON_AFFILIATION_CHANGED, "affiliationChanged" },
	{ DEVPKI_REASON_SUPERSEDED, "superseded" },
	{ DEVPKI_REASON_CESSATION, "cessationOfOperation" },
	{ DEVPKI_REASON_HOLD, "certificateHold" },
	{ DEVPKI_REASON_PRIVILEGE_WITHDRAWN, "privilegeWithdrawn" },
	{ DEVPKI_REASON_AA_COMPROMISE, "aACompromise" },
};
#define N_REASONS (sizeof(reasons) / sizeof(reasons[0]))

const char *devpki_kind_name(enum devpki_kind kind)
{
	return (unsigned)kind < DEVPKI_KIND_COUNT ? kinds[kind].name : "?";
}

bool devpki_kind_parse(struct view name, enum devpki_kind *ret_kind)
{
	for (unsigned i = 0; i < DEVPKI_KIND_COUNT; i++) {
		if (view_is_text(name, kinds[i].name)) {
			*ret_kind = (enum devpki_kind)i;
			return true;
		}
	}
	return false;
}

const char *devpki_reason_name(enum devpki_reason reason)
{
	for (size_t i = 0; i < N_REASONS; i++) {
		if (reasons[i].reason == reason)
			return reasons[i].name;
	}
	return "?";
}

bool devpki_reason_parse(struct view name, enum devpki_reason *ret_reason)
{
	for (size_t i = 0; i < N_REASONS; i++) {
		if (view_is_text(name, reasons[i].name)) {
			*ret_reason = reasons[i].reason;
			return true;
		}
	}
	return false;
}

/* ---- finding ---- */

size_t devpki_count(const struct devpki *p)
{
	return p->n_cert;
}

const struct devpki_cert *devpki_at(const struct devpki *p, size_t i)
{
	return i < p->n_cert ? p->cert[i] : NULL;
}

const struct devpki_cert *devpki_find(const struct devpki *p, uint64_t serial)
{
	/* Serial numbers count up without gaps. */
	if (serial < DEVPKI_SERIAL_FIRST)
		return NULL;
	return devpki_at(p, (size_t)(serial - DEVPKI_SERIAL_FIRST));
}

static const struct devpki_cert *find_name(const struct devpki *p, struct view name)
{
	if (name.n == 0 || name.n >= DEVPKI_NAME_MAX)
		return NULL;
	/* Choosing a name comes here for each suffix taken: no strlen(). */
	for (size_t i = 0; i < p->n_cert; i++) {
		if (p->cert[i]->name[name.n] == '\0' &&
		    memcmp(p->cert[i]->name, name.p, name.n) == 0)
			return p->cert[i];
	}
	return NULL;
}

const struct devpki_cert *devpki_find_text(const struct devpki *p, struct view text)
{
	const struct devpki_cert *c = find_name(p, text);
	uint64_t serial = 0;
	if (c != NULL || text.n == 0 || text.n > 16)
		return c;
	for (size_t i = 0; i < text.n; i++) {
		static const char digits[] = "0123456789abcdef";
		uint8_t ch = text.p[i];
		if (ch >= 'A' && ch <= 'F')
			ch = (uint8_t)(ch - 'A' + 'a');
		const char *at = ch != 0 ? strchr(digits, ch) : NULL;
		if (at == NULL)
			return NULL;
		serial = serial << 4 | (uint64_t)(at - digits);
	}
	return devpki_find(p, serial);
}

bool devpki_is_ca(const struct devpki_cert *c)
{
	return c->kind == DEVPKI_ROOT || c->kind == DEVPKI_CA;
}

bool devpki_signs_crls(const struct devpki_cert *c)
{
	return devpki_is_ca(c) || c->kind == DEVPKI_CRL_ISSUER;
}

bool devpki_is_revoked(const struct devpki_cert *c, int64_t now_ms)
{
	return c->revoked && c->revoked_ms <= now_ms &&
	       !(c->released && c->released_ms <= now_ms);
}

const struct devpki_cert *devpki_responder_of(const struct devpki *p,
					      const struct devpki_cert *ca)
{
	for (size_t i = p->n_cert; i > 0; i--) {
		const struct devpki_cert *c = p->cert[i - 1];
		if (c->kind == DEVPKI_OCSP && c->serving && c->issuer == ca)
			return c;
	}
	return NULL;
}

const struct devpki_cert *devpki_active(const struct devpki *p, enum devpki_kind kind,
					unsigned slot)
{
	if (kind == DEVPKI_OCSP) {
		const struct devpki_cert *ca = devpki_active(p, DEVPKI_CA, 0);
		return ca != NULL ? devpki_responder_of(p, ca) : NULL;
	}
	for (size_t i = p->n_cert; i > 0; i--) {
		const struct devpki_cert *c = p->cert[i - 1];
		if (c->kind == kind && c->serving && c->slot == slot)
			return c;
	}
	return NULL;
}

/* ---- adding ---- */

static int room_for_one(struct devpki *p, struct ltps_error *err)
{
	if (p->n_cert < p->cap_cert)
		return 0;
	size_t cap = p->cap_cert == 0 ? 16 : 2 * p->cap_cert;
	struct devpki_cert **grown =
	    mem_resize(p->cert, cap, sizeof(struct devpki_cert *));
	if (grown == NULL)
		return ltps_fail_nomem(err);
	p->cert = grown;
	p->cap_cert = cap;
	return 0;
}

static void free_cert(struct devpki_cert *c)
{
	if (c == NULL)
		return;
	OPENSSL_free((void *)(uintptr_t)c->der.p); /* ours; view is const */
	EVP_PKEY_free(c->key);
	X509_free(c->x509);
	mem_free(devpki_inner(c));
}

void devpki_drop_to(struct devpki *p, size_t n)
{
	while (p->n_cert > n)
		free_cert(p->cert[--p->n_cert]);
}

int devpki_add(struct devpki *p, const struct devpki_inner *like, X509 *x,
	       EVP_PKEY *key, struct devpki_cert **ret_c, struct ltps_error *err)
{
	unsigned char *der = NULL;
	struct devpki_inner *inner = mem_zalloc(1, sizeof(*inner));
	if (inner == NULL) {
		EVP_PKEY_free(key);
		X509_free(x);
		return ltps_fail_nomem(err);
	}
	*inner = *like;
	struct devpki_cert *c = &inner->c;
	c->x509 = x;
	c->key = key;
	int n = i2d_X509(x, &der);
	c->der = view_of(der, n > 0 ? (size_t)n : 0);
	if (n <= 0) {
		devpki_fail_crypto(err, "encoding a certificate");
		free_cert(c);
		return -1;
	}
	if (room_for_one(p, err) != 0) {
		free_cert(c);
		return -1;
	}
	p->cert[p->n_cert++] = c;
	*ret_c = c;
	return 0;
}

/* ---- issuing ---- */

bool devpki_is_file_stem(const char *name)
{
	size_t n = 0;
	for (; name[n] != '\0'; n++) {
		char c = name[n];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return n > 0 && n < DEVPKI_NAME_MAX;
}

bool devpki_name_is_free(const struct devpki *p, struct view name)
{
	return find_name(p, name) == NULL && devpki_point_find(p, name) == NULL;
}

/* The smallest N from 2 on for which no certificate is called "stem-N". */
static unsigned first_suffix(const struct devpki *p, const char *stem)
{
	bool used[DEVPKI_CERTS_MAX + 3] = { false };
	size_t n = strlen(stem);
	unsigned first = 2;
	for (size_t i = 0; i < p->n_cert; i++) {
		const char *name = p->cert[i]->name;
		struct ltps_error ignored = LTPS_ERROR_INIT; /* another name */
		uint64_t number = 0;
		if (strncmp(name, stem, n) == 0 && name[n] == '-' &&
		    devpki_uint_parse(view_text(name + n + 1), DEVPKI_CERTS_MAX + 2,
				      &number, &ignored) == 0)
			used[number] = true;
	}
	while (used[first])
		first++;
	return first;
}

/* What the caller said, or the first free of "tsa0", "tsa0-2" ... */
static int choose_name(const struct devpki *p, const struct devpki_issue *how,
		       struct devpki_cert *c, struct ltps_error *err)
{
	char stem[DEVPKI_NAME_MAX + 8];
	if (how->name != NULL) {
		if (!devpki_is_file_stem(how->name) ||
		    !devpki_name_is_free(p, view_text(how->name)))
			return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
					 "name is taken or not of a-z, 0-9 and -");
		snprintf(c->name, sizeof(c->name), "%s", how->name);
		return 0;
	}
	if (c->kind == DEVPKI_EE)
		snprintf(stem, sizeof(stem), "ee-%llx", (unsigned long long)c->serial);
	else if (c->kind == DEVPKI_TSA)
		snprintf(stem, sizeof(stem), "tsa%u", c->slot);
	else if (c->kind == DEVPKI_OCSP)
		snprintf(stem, sizeof(stem), "ocsp-%.32s", c->issuer->name);
	else
		snprintf(stem, sizeof(stem), "%s", kinds[c->kind].name);
	snprintf(c->name, sizeof(c->name), "%.40s", stem);
	if (devpki_name_is_free(p, view_text(c->name)))
		return 0;
	for (unsigned i = first_suffix(p, c->name);
	     !devpki_name_is_free(p, view_text(c->name)); i++)
		snprintf(c->name, sizeof(c->name), "%.40s-%u", stem, i);
	return 0;
}

static int64_t cert_time(const ASN1_TIME *t)
{
	/* Ours are always well-formed. */
	struct tm tm;
	struct ltps_error ignored = LTPS_ERROR_INIT;
	char text[TIME_TEXT_MAX];
	int64_t ms = 0;
	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ",
		 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
		 tm.tm_sec);
	return time_parse_rfc3339(view_text(text), &ms, &ignored) == 0 ? ms : 0;
}

/* Shell model: by default nothing outlives its issuer. */
static int choose_validity(const struct devpki *p, const struct devpki_issue *how,
			   const struct devpki_cert *c, struct devpki_profile *profile,
			   struct ltps_error *err)
{
	int32_t days = how->days != 0 ? how->days : p->days[c->kind];
	int64_t from = how->not_before_ms;
	if (from == 0)
		from = clock_now_ms(&p->clock);
	int64_t until = how->not_after_ms;
	if (until == 0) {
		until = from + days * DEVPKI_DAY_MS;
		int64_t end = c->issuer != NULL
				  ? cert_time(X509_get0_notAfter(c->issuer->x509))
				  : INT64_MAX;
		if (until > end)
			until = end;
		if (until < from)
			return ltps_fail(err, LTPS_STATE, LTPS_FAULT_CALLER, NULL,
					 "%s is past its end: roll it over first",
					 c->issuer->name);
	}
	if (days < 0 || until < from)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER,
				 "RFC 5280 4.1.2.5", "validity ends before it begins");
	profile->not_before_ms = from;
	profile->not_after_ms = until;
	return 0;
}

static int choose_issuer(const struct devpki *p, const struct devpki_issue *how,
			 const struct devpki_cert **ret_issuer, struct ltps_error *err)
{
	const struct devpki_cert *issuer = how->issuer;
	if (how->kind == DEVPKI_ROOT) {
		*ret_issuer = NULL;
		return 0;
	}
	if (issuer == NULL)
		issuer = devpki_active(
		    p, how->kind == DEVPKI_CA ? DEVPKI_ROOT : DEVPKI_CA, 0);
	if (issuer == NULL || !devpki_is_ca(issuer) ||
	    devpki_find(p, issuer->serial) != issuer)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "the issuer is no CA of this PKI");
	*ret_issuer = issuer;
	return 0;
}

static int choose_key(const struct devpki *p, const struct devpki_issue *how,
		      EVP_PKEY **ret_key, struct ltps_error *err)
{
	enum devpki_key type = how->key;
	EVP_PKEY *existing = how->cross != NULL ? how->cross->key : how->existing_key;
	if (existing != NULL) {
		if (EVP_PKEY_up_ref(existing) != 1)
			return devpki_fail_crypto(err, "taking a key");
		*ret_key = existing;
		return 0;
	}
	if (type == DEVPKI_KEY_DEFAULT)
		type = p->key[how->kind];
	return devpki_key_make(type, ret_key, err);
}

static int choose_points(const struct devpki *p, const struct devpki_issue *how,
			 struct devpki_cert *c, struct ltps_error *err)
{
	if (how->n_points > DEVPKI_POINTS_PER_CERT_MAX ||
	    how->n_extensions > DEVPKI_EXTENSIONS_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "more than %d CRL points, or %d extensions",
				 DEVPKI_POINTS_PER_CERT_MAX, DEVPKI_EXTENSIONS_MAX);
	for (size_t i = 0; i < how->n_points; i++) {
		const struct devpki_point *point = how->points[i];
		if (point == NULL ||
		    devpki_point_find(p, view_text(point->name)) != point)
			return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
					 "no CRL point of this PKI");
		c->point[i] = point;
	}
	c->n_points = how->n_points;
	return 0;
}

/* Names, issuer and serial number of the certificate to come. */
static int plan(const struct devpki *p, const struct devpki_issue *how, unsigned slot,
		struct devpki_cert *ret_c, struct ltps_error *err)
{
	struct devpki_cert c = { .kind = how->kind, .slot = slot };
	if ((unsigned)how->kind >= DEVPKI_KIND_COUNT || slot >= DEVPKI_TSA_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "no such kind of certificate, or number of a TSA");
	if (p->n_cert >= DEVPKI_CERTS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d certificates", DEVPKI_CERTS_MAX);
	c.serial = DEVPKI_SERIAL_FIRST + p->n_cert;
	if (choose_issuer(p, how, &c.issuer, err) != 0 ||
	    choose_name(p, how, &c, err) != 0 || choose_points(p, how, &c, err) != 0)
		return -1;
	*ret_c = c;
	return 0;
}

/* Makes, adds and stores a certificate, but not the state. */
static int make(struct devpki *p, const struct devpki_issue *how, unsigned slot,
		bool serving, struct devpki_cert **ret_c, struct ltps_error *err)
{
	struct devpki_inner like = { 0 };
	struct devpki_cert *c = NULL;
	EVP_PKEY *key = NULL;
	X509 *x = NULL;
	char cn[DEVPKI_NAME_MAX + 24];
	if (plan(p, how, slot, &like.c, err) != 0)
		return -1;
	like.c.serving = serving;
	struct devpki_profile profile = { .kind = how->kind,
					  .serial = like.c.serial,
					  .common_name = how->common_name,
					  .issuer = like.c.issuer,
					  .how = how };
	snprintf(cn, sizeof(cn), "%s %s", kinds[how->kind].title, like.c.name);
	if (profile.common_name == NULL)
		profile.common_name = cn;
	if (choose_validity(p, how, &like.c, &profile, err) != 0 ||
	    choose_key(p, how, &key, err) != 0)
		return -1;
	profile.key = key;
	if (devpki_profile_make(p, &profile, &x, err) != 0) {
		EVP_PKEY_free(key);
		return -1;
	}
	size_t before = p->n_cert;
	if (devpki_add(p, &like, x, key, &c, err) != 0)
		return -1;
	if (devpki_store_cert(p, c, err) != 0) {
		devpki_drop_to(p, before);
		return -1;
	}
	*ret_c = c;
	return 0;
}

int devpki_install(struct devpki *p, enum devpki_kind kind, unsigned slot,
		   const struct devpki_issue *how, struct devpki_cert **ret_c,
		   struct ltps_error *err)
{
	struct devpki_issue mine = { 0 };
	struct devpki_cert *c = NULL, *responder = NULL;
	size_t before = p->n_cert;
	if (how != NULL)
		mine = *how;
	mine.kind = kind;
	if (make(p, &mine, slot, true, &c, err) != 0)
		return -1;
	if (devpki_is_ca(c)) {
		/* It begins with its issuer, whatever the clock shows. */
		struct devpki_issue helper = { .kind = DEVPKI_OCSP, .issuer = c };
		helper.not_before_ms = cert_time(X509_get0_notBefore(c->x509));
		if (make(p, &helper, 0, true, &responder, err) != 0) {
			devpki_drop_to(p, before);
			return -1;
		}
	}
	*ret_c = c;
	return 0;
}

/* The state is written last; without it the new ones never were. */
static int commit(struct devpki *p, size_t before, struct ltps_error *err)
{
	if (devpki_store_state(p, err) == 0)
		return 0;
	devpki_drop_to(p, before);
	return -1;
}

int devpki_issue(struct devpki *p, const struct devpki_issue *how,
		 const struct devpki_cert **ret_c, struct ltps_error *err)
{
	struct devpki_cert *c = NULL;
	size_t before = p->n_cert;
	if (make(p, how, 0, false, &c, err) != 0 || commit(p, before, err) != 0)
		return -1;
	*ret_c = c;
	return 0;
}

int devpki_rollover(struct devpki *p, enum devpki_kind kind, unsigned slot,
		    const struct devpki_issue *how, const struct devpki_cert **ret_c,
		    struct ltps_error *err)
{
	struct devpki_cert *c = NULL;
	size_t before = p->n_cert;
	if (kind == DEVPKI_EE || slot >= (kind == DEVPKI_TSA ? p->n_tsa : 1))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "nothing of that kind and number serves here");
	if (devpki_install(p, kind, slot, how, &c, err) != 0 ||
	    commit(p, before, err) != 0)
		return -1;
	*ret_c = c;
	return 0;
}

int devpki_need(struct devpki *p, enum devpki_kind kind,
		const struct devpki_cert **ret_c, struct ltps_error *err)
{
	const struct devpki_cert *c = devpki_active(p, kind, 0);
	if (c == NULL)
		return devpki_rollover(p, kind, 0, NULL, ret_c, err);
	*ret_c = c;
	return 0;
}

/* Writes the state; without it the record stays as it was. */
static int commit_status(struct devpki *p, struct devpki_inner *inner,
			 const struct devpki_inner *old, struct ltps_error *err)
{
	if (devpki_store_state(p, err) == 0)
		return 0;
	*inner = *old;
	return -1;
}

static int revoke(struct devpki *p, uint64_t serial, const struct devpki_cert *how,
		  struct ltps_error *err)
{
	const struct devpki_cert *found = devpki_find(p, serial);
	if (found == NULL)
		return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
				 "no certificate with that serial number");
	/* A root has nobody above it whose list could name it. */
	if (found->issuer == NULL || devpki_reason_name(how->reason)[0] == '?')
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER,
				 "RFC 5280 5.3.1", "a root, or no such reason");
	struct devpki_inner *inner = devpki_inner(found);
	struct devpki_inner old = *inner;
	struct devpki_cert *c = &inner->c;
	c->revoked = true;
	c->revoked_ms = devpki_whole_second(how->revoked_ms);
	c->reason = how->reason;
	c->has_invalidity = how->has_invalidity;
	c->invalidity_ms = devpki_whole_second(how->invalidity_ms);
	c->released = false;
	c->released_ms = 0;
	inner->revoked_crl = p->crl_next;
	return commit_status(p, inner, &old, err);
}

int devpki_revoke(struct devpki *p, uint64_t serial, int64_t at_ms,
		  enum devpki_reason reason, struct ltps_error *err)
{
	struct devpki_cert how = { .revoked_ms = at_ms, .reason = reason };
	return revoke(p, serial, &how, err);
}

int devpki_revoke_since(struct devpki *p, uint64_t serial, int64_t at_ms,
			enum devpki_reason reason, int64_t invalid_ms,
			struct ltps_error *err)
{
	struct devpki_cert how = { .revoked_ms = at_ms,
				   .reason = reason,
				   .has_invalidity = true,
				   .invalidity_ms = invalid_ms };
	return revoke(p, serial, &how, err);
}

int devpki_release(struct devpki *p, uint64_t serial, int64_t at_ms,
		   struct ltps_error *err)
{
	const struct devpki_cert *found = devpki_find(p, serial);
	if (found == NULL)
		return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
				 "no certificate with that serial number");
	at_ms = devpki_whole_second(at_ms);
	if (!found->revoked || found->reason != DEVPKI_REASON_HOLD || found->released ||
	    at_ms < found->revoked_ms)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_CALLER, "RFC 5280 5.3.1",
				 "the certificate is not on hold then");
	struct devpki_inner *inner = devpki_inner(found);
	struct devpki_inner old = *inner;
	inner->c.released = true;
	inner->c.released_ms = at_ms;
	inner->released_crl = p->crl_next;
	return commit_status(p, inner, &old, err);
}
