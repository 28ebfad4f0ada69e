/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crl - decoding of certificate revocation lists. Every entry is checked once, so
 * that looking one up cannot fail later.
 */
#include "validation/crl.h"

#include <stdatomic.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "validation/cert_private.h"
#include "validation/crl_index.h"
#include "validation/name_coarse.h"

struct crl_owned {
	struct crl c; /* first: one address for both */
	atomic_uint owners;
	struct buf der;
	struct buf issuer_canonical;
	struct view entries; /* contents of revokedCertificates */
	bool names_issuers;  /* certificateIssuer in an entry */
};

static struct crl_owned *owned(const struct crl *c)
{
	return (struct crl_owned *)(uintptr_t)c; /* counting owners is invisible */
}

static int fail(struct ltps_error *err, const char *clause, const char *why)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, clause, "CRL: %s", why);
}

static void set_defect(struct crl *c, const char *why)
{
	if (c->defect == NULL)
		c->defect = why;
}

/* Of CRLReason, RFC 5280 5.3.1: what a later entry may take back, and what does. */
#define REASON_HOLD 6
#define REASON_REMOVE 8

/* Entries for one certificate that are looked at; there should be one. A forged list
 * may have millions. */
#define ENTRIES_ALIKE_MAX 16

#define ID_CE(last) OID_VIEW("\x55\x1d" last)

/* --- entries --- */

enum entry_ext {
	ENTRY_REASON,
	ENTRY_INVALIDITY,
	ENTRY_ISSUER,
	ENTRY_HOLD_INSTRUCTION, /* obsolete since RFC 5280, says nothing to us */
	ENTRY_EXT_COUNT
};

static const struct view entry_oids[ENTRY_EXT_COUNT] = {
	[ENTRY_REASON] = ID_CE("\x15"),
	[ENTRY_INVALIDITY] = ID_CE("\x18"),
	[ENTRY_ISSUER] = ID_CE("\x1d"),
	[ENTRY_HOLD_INSTRUCTION] = ID_CE("\x17"),
};

struct entry {
	struct crl_entry e;
	struct view issuer; /* contents of certificateIssuer; n == 0 absent */
	bool has_extensions;
	bool unknown_critical;
	const char *defect;
};

static int kind_of(const struct view *oids, size_t n, struct view oid)
{
	for (size_t i = 0; i < n; i++) {
		if (oids[i].n == oid.n && memcmp(oids[i].p, oid.p, oid.n) == 0)
			return (int)i;
	}
	return -1;
}

/* CRLReason: 0 to 10 without 7, RFC 5280 5.3.1. */
static bool read_reason(struct view value, int *ret)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view body;
	if (field_only(value, FIELD_ENUMERATED, "reasonCode", &body, &ignored) != 0)
		return false;
	body = field_shortest_integer(body);
	if (body.n != 1 || body.p[0] > 10 || body.p[0] == 7)
		return false;
	*ret = body.p[0];
	return true;
}

static bool read_time(struct view value, int64_t *ret)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	return field_generalized_time(&value, "time", ret, &ignored) == 0 &&
	       value.n == 0;
}

static bool read_issuer(struct view value, struct view *ret)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	return field_only(value, DER_SEQUENCE, "certificateIssuer", ret, &ignored) ==
		   0 &&
	       field_general_names(*ret, &ignored) == 0;
}

static void read_entry_ext(const struct extension *x, unsigned *seen, struct entry *ret)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view oid;
	bool ok = true;
	int kind = kind_of(entry_oids, ENTRY_EXT_COUNT, x->oid);
	if (kind < 0) {
		ret->unknown_critical |= x->critical;
		return;
	}
	switch ((enum entry_ext)kind) {
	case ENTRY_REASON:
		ok = read_reason(x->value, &ret->e.reason);
		break;
	case ENTRY_INVALIDITY:
		ok = read_time(x->value, &ret->e.invalidity_ms);
		break;
	case ENTRY_ISSUER:
		ok = read_issuer(x->value, &ret->issuer);
		break;
	case ENTRY_HOLD_INSTRUCTION:
		oid = x->value;
		ok = field_oid(&oid, "holdInstructionCode", &oid, &ignored) == 0;
		break;
	case ENTRY_EXT_COUNT:
		break;
	}
	if (!ok)
		ret->defect = "an entry's extension does not decode";
	if ((*seen & 1U << kind) != 0)
		ret->defect = "an entry's extension stands twice";
	*seen |= 1U << kind;
}

/* One member of revokedCertificates, RFC 5280 5.1.2.6. */
static int read_entry(struct view *cursor, struct entry *ret, struct ltps_error *err)
{
	struct tlv t, extensions;
	struct entry e = { .e = { .reason = CRL_NO_REASON,
				  .invalidity_ms = INT64_MIN } };
	if (field_next(cursor, DER_SEQUENCE, "revokedCertificates", &t, err) != 0)
		return -1;
	struct view body = t.body;
	if (field_integer(&body, "userCertificate", &e.e.serial, err) != 0 ||
	    field_time(&body, "revocationDate", &e.e.revoked_ms, err) != 0)
		return -1;
	if (body.n > 0) {
		unsigned seen = 0;
		e.has_extensions = true;
		if (field_next(&body, DER_SEQUENCE, "crlEntryExtensions", &extensions,
			       err) != 0 ||
		    tlv_end(body, "revokedCertificates", err) != 0)
			return -1;
		for (struct view list = extensions.body; list.n > 0;) {
			struct extension x;
			if (extension_next(&list, &x, err) != 0)
				return -1;
			read_entry_ext(&x, &seen, &e);
		}
	}
	*ret = e;
	return 0;
}

/*
 * The one directoryName of certificateIssuer, which is all that entries can be
 * found by: with none, or with several, nobody can say whose entries these are.
 */
static int take_issuer(struct crl_owned *o, size_t position, struct view names,
		       struct buf *scratch, struct ltps_error *err)
{
	struct general_name g;
	size_t n = 0;
	buf_clear(scratch);
	while (names.n > 0) {
		if (general_name_next(&names, &g, err) != 0)
			return -1;
		if (g.kind != GENERAL_NAME_DIRECTORY)
			continue;
		if (n++ == 0 && name_coarse(g.value, scratch, err) != 0)
			return -1;
	}
	if (n != 1) {
		set_defect(&o->c, "certificateIssuer is not one directory name");
		return 0;
	}
	return crl_index_issuer(o->c.index, position, view_buf(scratch), err);
}

static int take_entry(struct crl_owned *o, size_t position, const struct entry *e,
		      struct buf *scratch, struct ltps_error *err)
{
	struct crl *c = &o->c;
	if (++c->n_entries > CRL_ENTRIES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "CRL with more than %d entries", CRL_ENTRIES_MAX);
	if (e->defect != NULL)
		set_defect(c, e->defect);
	if (e->has_extensions && c->version < 2) /* RFC 5280 5.1.2.1 */
		set_defect(c, "extensions of entries before version 2");
	c->entry_unknown_critical |= e->unknown_critical;
	if (e->issuer.n > 0) {
		o->names_issuers = true;
		if (take_issuer(o, position, e->issuer, scratch, err) != 0)
			return -1;
	}
	return crl_index_add(c->index, position, e->e.serial, err);
}

static int read_entries(struct crl_owned *o, struct ltps_error *err)
{
	struct buf scratch = buf_make(NAME_COARSE_MAX);
	struct view cursor = o->entries;
	struct entry e;
	int rc = name_coarse(o->c.issuer, &scratch, err);
	if (rc == 0)
		rc = crl_index_new(o->entries, o->c.sha256, view_buf(&scratch),
				   &o->c.index, err);
	while (rc == 0 && cursor.n > 0) {
		size_t position = o->entries.n - cursor.n;
		rc = read_entry(&cursor, &e, err);
		if (rc == 0)
			rc = take_entry(o, position, &e, &scratch, err);
	}
	if (rc == 0)
		rc = crl_index_finish(o->c.index, err);
	buf_free(&scratch);
	return rc;
}

/* --- extensions of the list --- */

static int read_number(struct view value, struct view *ret, struct ltps_error *err)
{
	struct view body;
	if (field_only(value, FIELD_INTEGER, "number", &body, err) != 0)
		return -1;
	if (body.n == 0)
		return fail(err, "X.690 8.3.1", "INTEGER without octets");
	*ret = body;
	return 0;
}

static int read_crl_number(struct crl *c, struct view value, struct ltps_error *err)
{
	return read_number(value, &c->number, err);
}

static int read_base_number(struct crl *c, struct view value, struct ltps_error *err)
{
	c->is_delta = true; /* whatever it says */
	return read_number(value, &c->base_number, err);
}

static int read_aki(struct crl *c, struct view value, struct ltps_error *err)
{
	struct authority_key a;
	if (authority_key_read(value, &a, err) != 0)
		return -1;
	c->aki_key = a.key;
	return 0;
}

/* IssuingDistributionPoint, RFC 5280 5.2.5. */
static int read_idp(struct crl *c, struct view value, struct ltps_error *err)
{
	struct view body;
	struct tlv name, reasons;
	c->has_idp = true;
	c->idp = value;
	c->idp_name.reasons = REASONS_ALL;
	if (field_only(value, DER_SEQUENCE, "issuingDistributionPoint", &body, err) !=
		0 ||
	    field_optional(&body, FIELD_CONTEXT_CONSTRUCTED(0), "distributionPoint",
			   &name, err) != 0 ||
	    (name.whole.n > 0 && dist_point_name(name.body, &c->idp_name, err) != 0) ||
	    field_boolean_default_false(&body, FIELD_CONTEXT(1), &c->only_user, err) !=
		0 ||
	    field_boolean_default_false(&body, FIELD_CONTEXT(2), &c->only_ca, err) !=
		0 ||
	    field_optional(&body, FIELD_CONTEXT(3), "onlySomeReasons", &reasons, err) !=
		0 ||
	    (reasons.whole.n > 0 &&
	     dist_point_reasons(reasons.body, &c->reasons, err) != 0) ||
	    field_boolean_default_false(&body, FIELD_CONTEXT(4), &c->indirect, err) !=
		0 ||
	    field_boolean_default_false(&body, FIELD_CONTEXT(5), &c->only_attribute,
					err) != 0)
		return -1;
	if (c->only_user + c->only_ca + c->only_attribute > 1)
		return fail(err, "RFC 5280 5.2.5", "scopes that exclude each other");
	return tlv_end(body, "issuingDistributionPoint", err);
}

static int read_freshest(struct crl *c, struct view value, struct ltps_error *err)
{
	return dist_points_check(value, &c->freshest, err);
}

static int read_issuer_alt(struct crl *c, struct view value, struct ltps_error *err)
{
	(void)c;
	return general_names_check(value, err);
}

static int read_access(struct crl *c, struct view value, struct ltps_error *err)
{
	(void)c;
	return access_check(value, err);
}

/*
 * expiredCertsOnCRL, X.509 9.5.2.9. One that does not decode promises nothing: it
 * only ever widens what a list knows, so it is left out, not a defect.
 */
static int read_expired(struct crl *c, struct view value, struct ltps_error *err)
{
	(void)err;
	if (!read_time(value, &c->expired_kept_ms))
		c->expired_kept_ms = INT64_MAX;
	return 0;
}

static const struct view list_oids[] = {
	ID_CE("\x14"), ID_CE("\x1b"),
	ID_CE("\x23"), ID_CE("\x1c"),
	ID_CE("\x2e"), ID_CE("\x12"),
	ID_CE("\x3c"), OID_VIEW("\x2b\x06\x01\x05\x05\x07\x01\x01"),
};

static int (*const list_readers[])(struct crl *c, struct view value,
				   struct ltps_error *err) = {
	read_crl_number, read_base_number, read_aki,     read_idp,
	read_freshest,   read_issuer_alt,  read_expired, read_access,
};

#define LIST_EXT_COUNT (sizeof(list_oids) / sizeof(list_oids[0]))
_Static_assert(sizeof(list_readers) / sizeof(list_readers[0]) == LIST_EXT_COUNT,
	       "a reader for each");

static int read_extensions(struct crl *c, struct view list, struct ltps_error *err)
{
	unsigned seen = 0;
	for (size_t n = 0; list.n > 0; n++) {
		struct ltps_error ignored = LTPS_ERROR_INIT;
		struct extension x;
		if (n >= CERT_EXTENSIONS_MAX)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
					 "CRL with more than %d extensions",
					 CERT_EXTENSIONS_MAX);
		if (extension_next(&list, &x, err) != 0)
			return -1;
		int kind = kind_of(list_oids, LIST_EXT_COUNT, x.oid);
		if (kind < 0) {
			c->unknown_critical |= x.critical;
			continue;
		}
		if ((seen & 1U << kind) != 0)
			set_defect(c, "an extension stands twice");
		else if (list_readers[kind](c, x.value, &ignored) != 0)
			set_defect(c, "an extension does not decode");
		seen |= 1U << kind;
	}
	return 0;
}

/* --- the list --- */

/* v2 alone is ever written down: RFC 5280 5.1.2.1. */
static int read_version(struct crl *c, struct view *cursor, struct ltps_error *err)
{
	struct tlv t;
	if (field_optional(cursor, FIELD_INTEGER, "version", &t, err) != 0)
		return -1;
	c->version = t.whole.n > 0 ? 2 : 1;
	if (t.whole.n > 0 && (t.body.n != 1 || t.body.p[0] != 1))
		return fail(err, "RFC 5280 5.1.2.1", "unknown version");
	return 0;
}

static int read_optional_time(struct view *cursor, int64_t *ret, struct ltps_error *err)
{
	*ret = INT64_MIN;
	if (cursor->n == 0 ||
	    (cursor->p[0] != FIELD_UTC_TIME && cursor->p[0] != FIELD_GENERALIZED_TIME))
		return 0;
	return field_time(cursor, "nextUpdate", ret, err);
}

static int read_tbs(struct crl_owned *o, struct view cursor, struct view *ret_list,
		    struct ltps_error *err)
{
	struct crl *c = &o->c;
	struct tlv issuer, entries, tagged;
	if (read_version(c, &cursor, err) != 0 ||
	    field_algorithm(&cursor, "signature", &c->tbs_algorithm, err) != 0 ||
	    field_next(&cursor, DER_SEQUENCE, "issuer", &issuer, err) != 0 ||
	    field_time(&cursor, "thisUpdate", &c->this_ms, err) != 0 ||
	    read_optional_time(&cursor, &c->next_ms, err) != 0 ||
	    field_optional(&cursor, DER_SEQUENCE, "revokedCertificates", &entries,
			   err) != 0 ||
	    field_optional(&cursor, FIELD_CONTEXT_CONSTRUCTED(0), "crlExtensions",
			   &tagged, err) != 0 ||
	    tlv_end(cursor, "tbsCertList", err) != 0)
		return -1;
	c->issuer = issuer.whole;
	o->entries = entries.body;
	*ret_list = VIEW_NULL;
	if (tagged.whole.n == 0)
		return 0;
	if (c->version < 2)
		return fail(err, "RFC 5280 5.1.2.7", "extensions before version 2");
	return field_extensions(tagged.body, ret_list, err);
}

static int read_outer(struct crl *c, struct view *ret_tbs, struct ltps_error *err)
{
	struct view body;
	struct tlv tbs;
	if (field_only(c->der, DER_SEQUENCE, "CertificateList", &body, err) != 0 ||
	    field_next(&body, DER_SEQUENCE, "tbsCertList", &tbs, err) != 0 ||
	    field_algorithm(&body, "signatureAlgorithm", &c->algorithm, err) != 0 ||
	    field_signature(&body, "signatureValue", &c->signature, err) != 0 ||
	    tlv_end(body, "CertificateList", err) != 0)
		return -1;
	c->tbs = tbs.whole;
	*ret_tbs = tbs.body;
	return 0;
}

static int read_all(struct crl_owned *o, struct ltps_error *err)
{
	struct crl *c = &o->c;
	struct view tbs, extensions;
	struct digest d;
	if (read_outer(c, &tbs, err) != 0 || read_tbs(o, tbs, &extensions, err) != 0 ||
	    read_extensions(c, extensions, err) != 0 ||
	    name_canonical(c->issuer, &o->issuer_canonical, err) != 0 ||
	    digest_once(DIGEST_SHA256, c->der, &d, err) != 0)
		return -1;
	c->issuer_canonical = view_buf(&o->issuer_canonical);
	memcpy(c->sha256, d.p, sizeof(c->sha256));
	if (read_entries(o, err) != 0)
		return -1;
	if (o->names_issuers && !c->indirect)
		set_defect(c, "certificateIssuer in a list that is not indirect");
	return 0;
}

int crl_take(struct buf *der, struct crl **ret, struct ltps_error *err)
{
	if (der->n > CRL_SIZE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "CRL of more than %zu bytes", CRL_SIZE_MAX);
	struct crl_owned *o = mem_zalloc(1, sizeof(*o));
	if (o == NULL)
		return ltps_fail_nomem(err);
	atomic_init(&o->owners, 1);
	o->issuer_canonical = buf_make(NAME_CANONICAL_MAX);
	o->c.reasons = REASONS_ALL;
	o->c.expired_kept_ms = INT64_MAX;
	o->c.der = view_buf(der);
	if (read_all(o, err) != 0) {
		crl_free(&o->c);
		return field_fail_clause(err, "RFC 5280 5.1");
	}
	o->der = *der; /* its memory from now on */
	*der = buf_make(der->max);
	*ret = &o->c;
	return 0;
}

int crl_parse(struct view der, struct crl **ret, struct ltps_error *err)
{
	struct buf copy = buf_make(der.n);
	int rc = -1;
	if (der.n > CRL_SIZE_MAX)
		rc = ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
			       "CRL of more than %zu bytes", CRL_SIZE_MAX);
	else if (buf_put(&copy, der, err) == 0)
		rc = crl_take(&copy, ret, err);
	buf_free(&copy);
	return rc;
}

struct crl *crl_ref(const struct crl *c)
{
	struct crl_owned *o = owned(c);
	atomic_fetch_add_explicit(&o->owners, 1, memory_order_relaxed);
	return &o->c;
}

void crl_free(struct crl *c)
{
	if (c == NULL)
		return;
	struct crl_owned *o = owned(c);
	if (atomic_fetch_sub_explicit(&o->owners, 1, memory_order_acq_rel) != 1)
		return;
	crl_index_free(c->index);
	buf_free(&o->issuer_canonical);
	buf_free(&o->der);
	mem_free(o);
}

bool crl_find(const struct crl *c, struct view serial, struct view issuer_coarse,
	      struct crl_entry *ret)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct entry e;
	size_t position, last = 0;
	bool found = false;
	for (int n = 0;
	     n < ENTRIES_ALIKE_MAX &&
	     crl_index_find(c->index, serial, issuer_coarse, &last, &position);
	     n++) {
		struct view cursor = view_skip(owned(c)->entries, position);
		if (read_entry(&cursor, &e, &ignored) != 0)
			return false; /* cannot be: it was read before */
		bool final = e.e.reason != REASON_HOLD && e.e.reason != REASON_REMOVE;
		if (!found || final)
			*ret = e.e;
		found = true;
		if (final)
			break;
	}
	return found;
}

size_t crl_memory(const struct crl *c)
{
	return sizeof(struct crl_owned) + owned(c)->der.cap +
	       owned(c)->issuer_canonical.cap + crl_index_size(c->index);
}
