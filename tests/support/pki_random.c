/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pki_random.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/devpki_kit.h"

struct draw {
	struct pki_random *r;
	uint64_t state;
	unsigned features;
	struct devpki_shapes shapes; /* of the certificate at hand */
};

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "pki_random: %s\n", what);
	abort();
}

/* splitmix64: the same numbers on every machine. */
static uint64_t next(struct draw *d)
{
	uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static unsigned below(struct draw *d, unsigned n)
{
	return (unsigned)(next(d) % n);
}

/* Once in n times, and only with this feature. */
static bool chance(struct draw *d, unsigned feature, unsigned n)
{
	bool drawn = below(d, n) == 0; /* drawn in any case: seeds stay comparable */
	return drawn && (d->features & feature) != 0;
}

static void tell(struct draw *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void tell(struct draw *d, const char *fmt, ...)
{
	size_t n = strlen(d->r->story);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(d->r->story + n, sizeof(d->r->story) - n, fmt, ap);
	va_end(ap);
}

static void put_text(struct draw *d, const char *name, const char *value)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	need(devpki_shape_text(&d->shapes, name, value, NULL, &err) == 0, err.text);
	tell(d, " %s=%s", name, value);
}

#define PICK(d, list) (list)[below(d, sizeof(list) / sizeof((list)[0]))]

/* ---- what is drawn ---- */

static void draw_times(struct draw *d, struct devpki_issue *how)
{
	int64_t now = kit_time(PKI_RANDOM_NOW);
	/* Its own, also under an issuer that has ended. */
	how->not_before_ms = now - 100 * KIT_DAY_MS;
	how->not_after_ms = now + 300 * KIT_DAY_MS;
	if (chance(d, PKI_RANDOM_TIMES, 12)) {
		how->not_before_ms = now - 30 * KIT_DAY_MS;
		how->not_after_ms = now - 10 * KIT_DAY_MS;
		tell(d, " expired");
	} else if (chance(d, PKI_RANDOM_TIMES, 20)) {
		how->not_before_ms = now + 10 * KIT_DAY_MS;
		how->not_after_ms = now + 20 * KIT_DAY_MS;
		tell(d, " not-yet");
	}
}

static void draw_critical(struct draw *d)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (!chance(d, PKI_RANDOM_CRITICAL, 20))
		return;
	need(devpki_shape_null(&d->shapes, DEVPKI_OID_UNKNOWN, true, &err) == 0,
	     err.text);
	tell(d, " unknown-critical");
}

/* RFC 5280 6.1.4 k asks for basicConstraints in every version 3 certificate. */
static void remove_constraints(struct draw *d)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	need(devpki_shape_remove(&d->shapes, "2.5.29.19", &err) == 0, err.text);
	tell(d, " no-basic-constraints");
}

static void draw_ca_constraints(struct draw *d, struct devpki_issue *how)
{
	static const char *const lengths[] = { "critical,CA:TRUE,pathlen:0",
					       "critical,CA:TRUE,pathlen:1",
					       "critical,CA:TRUE,pathlen:2" };
	if (chance(d, PKI_RANDOM_CONSTRAINTS, 20)) {
		how->flaws |= DEVPKI_FLAW_NOT_A_CA;
		tell(d, " not-a-ca");
	} else if (chance(d, PKI_RANDOM_CONSTRAINTS, 24)) {
		remove_constraints(d);
	} else if (chance(d, PKI_RANDOM_CONSTRAINTS, 3)) {
		put_text(d, "basicConstraints", PICK(d, lengths));
	}
	if (chance(d, PKI_RANDOM_CONSTRAINTS, 16)) {
		how->flaws |= DEVPKI_FLAW_KEY_USAGE;
		tell(d, " no-cert-sign");
	} else if (chance(d, PKI_RANDOM_CONSTRAINTS, 12)) {
		how->flaws |= DEVPKI_FLAW_NO_KEY_USAGE;
		tell(d, " no-key-usage");
	} else if (chance(d, PKI_RANDOM_CONSTRAINTS, 16)) {
		put_text(d, "keyUsage", "critical,keyCertSign");
	}
}

/* All names of the PKI have one organisation; or a subtree that holds none. */
static void put_directory_constraint(struct draw *d)
{
	static const char *const values[] = { "critical,permitted;dirName:dn",
					      "critical,excluded;dirName:dn" };
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *value = PICK(d, values);
	bool ours = below(d, 3) != 0;
	char o[64] = "Elsewhere", section[96];
	if (ours)
		X509_NAME_get_text_by_NID(X509_get_subject_name(d->r->anchor->x509),
					  NID_organizationName, o, sizeof(o));
	snprintf(section, sizeof(section), "[dn]\nO=%s\n", o);
	need(devpki_shape_text(&d->shapes, "nameConstraints", value, section, &err) ==
		 0,
	     err.text);
	tell(d, " nameConstraints=%s %s", value, ours ? "ours" : "elsewhere");
}

static void draw_ca_names(struct draw *d)
{
	static const char *const constraints[] = {
		"critical,permitted;DNS:example",
		"critical,permitted;DNS:example,permitted;DNS:test",
		"critical,excluded;DNS:a.example",
		"critical,permitted;email:example,excluded;IP:192.0.2.0/255.255.255.0",
		"permitted;URI:.example",
		"critical,permitted;IP:192.0.2.0/255.255.255.0",
		"critical,excluded;email:x@example,excluded;URI:a.example",
	};
	if (chance(d, PKI_RANDOM_NAMES, 12))
		put_directory_constraint(d);
	else if (chance(d, PKI_RANDOM_NAMES, 2))
		put_text(d, "nameConstraints", PICK(d, constraints));
}

static void draw_ca_policies(struct draw *d)
{
	static const char *const policies[] = { "2.999.1", "2.999.1,2.999.2",
						"X509v3 Any Policy", "2.999.2" };
	static const char *const constraints[] = {
		"critical,requireExplicitPolicy:0", "critical,requireExplicitPolicy:1",
		"critical,requireExplicitPolicy:2,inhibitPolicyMapping:0"
	};
	static const char *const mappings[] = { "2.999.1:2.999.2", "2.999.2:2.999.1",
						"2.999.1:2.999.2,2.999.1:2.999.3",
						"2.999.1:2.999.2,2.999.2:2.999.1",
						"critical,2.999.3:2.999.1" };
	if (!chance(d, PKI_RANDOM_POLICIES, 2))
		return;
	put_text(d, "certificatePolicies", PICK(d, policies));
	if (chance(d, PKI_RANDOM_POLICIES, 4))
		put_text(d, "policyMappings", PICK(d, mappings));
	if (chance(d, PKI_RANDOM_POLICIES, 4))
		put_text(d, "policyConstraints", PICK(d, constraints));
	if (chance(d, PKI_RANDOM_POLICIES, 6))
		put_text(d, "inhibitAnyPolicy", "critical,0");
}

static void draw_leaf(struct draw *d)
{
	static const char *const names[] = { "DNS:a.example",
					     "DNS:b.test",
					     "DNS:example,email:x@example",
					     "IP:192.0.2.7",
					     "URI:http://a.example/x",
					     "email:x@b.test",
					     "DNS:c.invalid" };
	static const char *const policies[] = { "2.999.1", "2.999.2", "2.999.1,2.999.2",
						"2.999.3" };
	if (chance(d, PKI_RANDOM_NAMES, 1))
		put_text(d, "subjectAltName", PICK(d, names));
	if (chance(d, PKI_RANDOM_POLICIES, 2))
		put_text(d, "certificatePolicies", PICK(d, policies));
}

/* ---- making ---- */

static const struct devpki_cert *make(struct draw *d, struct devpki_issue *how)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_cert *c = NULL;
	how->extensions = d->shapes.e;
	how->n_extensions = d->shapes.n;
	need(devpki_issue(d->r->p, how, &c, &err) == 0, err.text);
	devpki_shapes_free(&d->shapes);
	tell(d, ": %s by %s\n", c->name,
	     c->issuer != NULL ? c->issuer->name : "itself");
	return c;
}

static const struct devpki_cert *any_ca(struct draw *d)
{
	return d->r->ca[below(d, (unsigned)d->r->n_ca)];
}

static size_t index_of(const struct pki_random *r, const struct devpki_cert *c)
{
	size_t i = 0;
	while (i < r->n_ca && r->ca[i] != c)
		i++;
	need(i < r->n_ca, "no such CA");
	return i;
}

/* Certificates name the points of their issuer. */
static void name_points(struct draw *d, struct devpki_issue *how)
{
	size_t i = index_of(d->r, how->issuer);
	how->points = d->r->point[i];
	while (how->n_points < 2 && d->r->point[i][how->n_points] != NULL)
		how->n_points++;
	how->freshest = d->r->freshest[i];
}

/* ---- lists ---- */

static const char *const lists_names[PKI_RANDOM_LISTS_COUNT] = {
	"full",         "none",           "stale",   "future",   "broken",
	"critical",     "critical-entry", "endless", "delta",    "reasons",
	"some-reasons", "scopes",         "point",   "indirect",
};

static const struct devpki_point *add_point(struct draw *d,
					    const struct devpki_point *how)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_point *point = NULL;
	need(devpki_point_add(d->r->p, how, &point, &err) == 0, err.text);
	return point;
}

/* Below the CA itself or below the anchor; sometimes not fit for it. */
static const struct devpki_cert *make_crl_issuer(struct draw *d,
						 const struct devpki_cert *ca)
{
	struct devpki_issue how = { .kind = DEVPKI_CRL_ISSUER };
	how.issuer = below(d, 2) == 0 ? ca : d->r->anchor;
	if (chance(d, PKI_RANDOM_CONSTRAINTS, 6))
		how.flaws |= DEVPKI_FLAW_KEY_USAGE;
	tell(d, "crl issuer%s", how.flaws != 0 ? " no-crl-sign" : "");
	how.not_before_ms = kit_time(PKI_RANDOM_NOW) - 100 * KIT_DAY_MS;
	how.not_after_ms = kit_time(PKI_RANDOM_NOW) + 300 * KIT_DAY_MS;
	return make(d, &how);
}

static void make_points(struct draw *d, size_t i)
{
	enum { SOME = 1 << 1 | 1 << 2, OTHERS = 0x1fe & ~SOME };
	struct pki_random *r = d->r;
	struct devpki_point a = { .ca = r->ca[i] }, b = { .ca = r->ca[i] };
	snprintf(a.name, sizeof(a.name), "p%zu-a", i);
	snprintf(b.name, sizeof(b.name), "p%zu-b", i);
	switch (r->lists[i]) {
	case PKI_RANDOM_LISTS_REASONS:
	case PKI_RANDOM_LISTS_SOME_REASONS:
		a.reasons = SOME;
		b.reasons = OTHERS;
		break;
	case PKI_RANDOM_LISTS_SCOPES:
		a.scope = DEVPKI_SCOPE_USERS;
		b.scope = DEVPKI_SCOPE_CAS;
		break;
	case PKI_RANDOM_LISTS_POINT:
		a.named_only = true;
		break;
	case PKI_RANDOM_LISTS_INDIRECT:
		a.signer = make_crl_issuer(d, r->ca[i]);
		break;
	default:
		return;
	}
	r->point[i][0] = add_point(d, &a);
	if (b.reasons != 0 || b.scope != DEVPKI_SCOPE_ALL)
		r->point[i][1] = add_point(d, &b);
}

static void draw_lists(struct draw *d, size_t i)
{
	unsigned n = below(d, PKI_RANDOM_LISTS_COUNT + 4); /* deltas more often */
	enum pki_random_lists drawn =
	    n < PKI_RANDOM_LISTS_COUNT ? n : PKI_RANDOM_LISTS_DELTA;
	/* Points are few. */
	bool room = i < DEVPKI_POINTS_MAX / 2 || drawn <= PKI_RANDOM_LISTS_DELTA;
	if (!chance(d, PKI_RANDOM_LISTS, 3) || !room)
		return;
	d->r->lists[i] = drawn;
	d->r->freshest[i] =
	    drawn == PKI_RANDOM_LISTS_DELTA && chance(d, PKI_RANDOM_LISTS, 2);
	tell(d, "lists of %s: %s%s\n", d->r->ca[i]->name, lists_names[drawn],
	     d->r->freshest[i] ? ", named" : "");
	make_points(d, i);
}

/* ---- CAs and leaves ---- */

static void add_ca(struct draw *d, const struct devpki_cert *c, size_t original)
{
	struct pki_random *r = d->r;
	size_t i = r->n_ca;
	need(i < PKI_RANDOM_CAS_MAX, "too many CAs");
	r->ca[r->n_ca++] = c;
	if (original == SIZE_MAX) {
		draw_lists(d, i);
		return;
	}
	r->cross[i] = true;
	r->lists[i] = r->lists[original];
	r->freshest[i] = r->freshest[original];
	memcpy(r->point[i], r->point[original], sizeof(r->point[i]));
}

/* A CA, or one of those there are once more, below any of them. */
static void make_ca(struct draw *d, bool cross)
{
	struct devpki_issue how = { .kind = DEVPKI_CA, .issuer = any_ca(d) };
	size_t original = SIZE_MAX;
	if (cross) {
		how.cross = any_ca(d);
		if (how.cross == how.issuer)
			return; /* a self-issued one says nothing new */
		original = index_of(d->r, how.cross);
		tell(d, "cross of %s", how.cross->name);
	} else {
		tell(d, "ca");
	}
	name_points(d, &how);
	draw_times(d, &how);
	draw_ca_constraints(d, &how);
	draw_ca_names(d);
	draw_ca_policies(d);
	draw_critical(d);
	add_ca(d, make(d, &how), original);
}

/*
 * A new key for one of the CAs under the same name, by the same issuer; and
 * sometimes the new one certified by the old one (RFC 4210 4.4). The lists of
 * each speak of what both issued.
 */
static void make_rollover(struct draw *d)
{
	const struct devpki_cert *old = any_ca(d);
	struct devpki_issue how = { .kind = DEVPKI_CA, .issuer = old->issuer };
	bool link = below(d, 2) == 0;
	if ((d->features & PKI_RANDOM_ROLLOVERS) == 0 || old->issuer == NULL)
		return;
	how.subject = X509_get_subject_name(old->x509);
	name_points(d, &how);
	draw_times(d, &how);
	tell(d, "new key of %s", old->name);
	const struct devpki_cert *new = make(d, &how);
	add_ca(d, new, SIZE_MAX);
	if (!link)
		return;
	struct devpki_issue linked = { .kind = DEVPKI_CA, .issuer = old, .cross = new };
	name_points(d, &linked);
	draw_times(d, &linked);
	draw_ca_policies(d);
	tell(d, "link to %s", new->name);
	add_ca(d, make(d, &linked), index_of(d->r, new));
}

static void make_leaf(struct draw *d)
{
	struct devpki_issue how = { .kind = DEVPKI_EE, .issuer = any_ca(d) };
	tell(d, "leaf");
	name_points(d, &how);
	draw_times(d, &how);
	draw_leaf(d);
	draw_critical(d);
	d->r->leaf[d->r->n_leaf++] = make(d, &how);
}

/* ---- revocations ---- */

static void draw_release(struct draw *d, const struct devpki_cert *c, int64_t at)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (below(d, 4) == 0)
		return;
	need(devpki_release(d->r->p, c->serial, at + KIT_DAY_MS, &err) == 0, err.text);
	tell(d, "released %s\n", c->name);
}

static void draw_revocations(struct draw *d)
{
	static const enum devpki_reason reasons[] = { DEVPKI_REASON_ABSENT,
						      DEVPKI_REASON_KEY_COMPROMISE,
						      DEVPKI_REASON_SUPERSEDED,
						      DEVPKI_REASON_HOLD };
	for (size_t i = 0; i < devpki_count(d->r->p); i++) {
		const struct devpki_cert *c = devpki_at(d->r->p, i);
		struct ltps_error err = LTPS_ERROR_INIT;
		bool before = below(d, 3) != 0, lately = below(d, 2) == 0;
		enum devpki_reason reason = PICK(d, reasons);
		if (!chance(d, PKI_RANDOM_REVOCATIONS, 6) || c->issuer == NULL ||
		    c->serving)
			continue;
		int days = !before ? 5 : lately ? -2 : -5; /* four is the list's age */
		int64_t at = kit_time(PKI_RANDOM_NOW) + days * KIT_DAY_MS;
		need(devpki_revoke(d->r->p, c->serial, at, reason, &err) == 0,
		     err.text);
		tell(d, "revoked %s %s: %s\n", before ? "before" : "after", c->name,
		     devpki_reason_name(reason));
		/* What stands in the future cannot be released yet. */
		if (reason == DEVPKI_REASON_HOLD && before)
			draw_release(d, c, at);
	}
}

void pki_random_make(uint64_t seed, unsigned features, struct pki_random *r)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct draw d = { .r = r, .state = seed, .features = features };
	struct devpki_options o = { .clock = clock_fixed(kit_time(PKI_RANDOM_NOW)) };
	memset(r, 0, sizeof(*r));
	o.start_ms = kit_time("2020-01-01T00:00:00Z");
	need(devpki_create(NULL, &o, &r->p, &err) == 0, err.text);
	r->anchor = devpki_active(r->p, DEVPKI_ROOT, 0);
	add_ca(&d, r->anchor, SIZE_MAX);
	if (below(&d, 3) == 0) {
		struct devpki_issue root = { .kind = DEVPKI_ROOT };
		tell(&d, "root");
		add_ca(&d, make(&d, &root), SIZE_MAX);
	}
	for (unsigned i = 2 + below(&d, 4); i > 0; i--)
		make_ca(&d, false);
	for (unsigned i = below(&d, 4); i > 0; i--) {
		if ((features & PKI_RANDOM_CROSSES) != 0)
			make_ca(&d, true);
	}
	for (unsigned i = below(&d, 2); i > 0; i--)
		make_rollover(&d);
	for (unsigned i = 2 + below(&d, PKI_RANDOM_LEAVES_MAX - 2); i > 0; i--)
		make_leaf(&d);
	draw_revocations(&d);
}

/* ---- status ---- */

#define HOUR_MS ((int64_t)3600000)

static void put_list(struct pki_random *r, const struct devpki_cert *ca,
		     const struct devpki_crl_how *how, struct pki_random_status *ret)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	need(ret->n < PKI_RANDOM_LISTS_MAX, "too many lists");
	struct buf *der = &ret->der[ret->n++];
	*der = buf_make(DEVPKI_ANSWER_MAX);
	need(devpki_crl_shaped(r->p, ca, how, der, &err) == 0, err.text);
}

/* What is wrong with the list of a CA without points. */
static enum devpki_fault fault_of(enum pki_random_lists lists)
{
	static const enum devpki_fault faults[PKI_RANDOM_LISTS_COUNT] = {
		[PKI_RANDOM_LISTS_STALE] = DEVPKI_FAULT_STALE,
		[PKI_RANDOM_LISTS_FUTURE] = DEVPKI_FAULT_FUTURE,
		[PKI_RANDOM_LISTS_BROKEN] = DEVPKI_FAULT_BAD_SIGNATURE,
		[PKI_RANDOM_LISTS_CRITICAL] = DEVPKI_FAULT_CRITICAL_EXTENSION,
		[PKI_RANDOM_LISTS_CRITICAL_ENTRY] =
		    DEVPKI_FAULT_CRITICAL_ENTRY_EXTENSION,
		[PKI_RANDOM_LISTS_ENDLESS] = DEVPKI_FAULT_NO_NEXT_UPDATE,
	};
	return faults[lists];
}

/* A complete list of four days ago that is still good, and what came since. */
static void put_with_delta(struct pki_random *r, const struct devpki_cert *ca,
			   int64_t this_ms, struct pki_random_status *ret)
{
	struct devpki_crl_how how = { .this_ms = this_ms - 4 * KIT_DAY_MS,
				      .next_ms = this_ms + KIT_DAY_MS };
	put_list(r, ca, &how, ret);
	how = (struct devpki_crl_how){ .delta = true,
				       .this_ms = this_ms,
				       .next_ms = this_ms + KIT_DAY_MS };
	put_list(r, ca, &how, ret);
}

static void put_lists(struct pki_random *r, size_t i, int64_t this_ms, bool deltas,
		      struct pki_random_status *ret)
{
	struct devpki_crl_how how = { .this_ms = this_ms,
				      .fault = fault_of(r->lists[i]) };
	size_t n = r->lists[i] == PKI_RANDOM_LISTS_SOME_REASONS ? 1 : 2;
	if (r->lists[i] == PKI_RANDOM_LISTS_NONE)
		return;
	if (r->lists[i] == PKI_RANDOM_LISTS_DELTA && deltas) {
		put_with_delta(r, r->ca[i], this_ms, ret);
		return;
	}
	if (r->point[i][0] == NULL)
		put_list(r, r->ca[i], &how, ret);
	for (size_t k = 0; k < n && r->point[i][k] != NULL; k++) {
		how.point = r->point[i][k];
		put_list(r, NULL, &how, ret);
	}
}

void pki_random_status(struct pki_random *r, int64_t at_ms, bool deltas,
		       struct pki_random_status *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < r->n_ca; i++)
		if (!r->cross[i])
			put_lists(r, i, at_ms - HOUR_MS, deltas, ret);
}

void pki_random_status_free(struct pki_random_status *s)
{
	for (size_t i = 0; i < s->n; i++)
		buf_free(&s->der[i]);
	s->n = 0;
}

void pki_random_free(struct pki_random *r)
{
	devpki_free(r->p);
	memset(r, 0, sizeof(*r));
}
