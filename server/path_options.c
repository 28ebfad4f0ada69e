/* SPDX-License-Identifier: Apache-2.0 */
#include "server/path_options.h"

#include <string.h>

#include "base/asn1.h"
#include "base/clock.h"

#define OID_DER_MAX 128 /* OID_TEXT_MAX in octets is less */

/* ---- values of options ---- */

/* RFC 5280 4.2.1.12 */
static const struct {
	const char *name, *oid;
} purpose_names[] = {
	{ "anyExtendedKeyUsage", "2.5.29.37.0" },
	{ "serverAuth", "1.3.6.1.5.5.7.3.1" },
	{ "clientAuth", "1.3.6.1.5.5.7.3.2" },
	{ "codeSigning", "1.3.6.1.5.5.7.3.3" },
	{ "emailProtection", "1.3.6.1.5.5.7.3.4" },
	{ "timeStamping", "1.3.6.1.5.5.7.3.8" },
	{ "OCSPSigning", "1.3.6.1.5.5.7.3.9" },
	{ "documentSigning", "1.3.6.1.5.5.7.3.36" },
};

static int fail_option(const struct path_options *o, const char *option,
		       const char *text, const char *why, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL, "%s%s: %.80s %s",
			 o->prefix, option, text, why);
}

/* NAME,NAME into bits. */
static int read_usage(const struct path_options *o, const char *text, uint16_t *ret,
		      struct ltps_error *err)
{
	struct view rest = view_text(text);
	*ret = 0;
	for (;;) {
		const uint8_t *comma = rest.n > 0 ? memchr(rest.p, ',', rest.n) : NULL;
		size_t n = comma != NULL ? (size_t)(comma - rest.p) : rest.n;
		uint16_t bit = cert_key_usage_bit(view_head(rest, n));
		if (bit == 0)
			return fail_option(o, "key-usage", text, "is no key usage",
					   err);
		*ret |= bit;
		if (comma == NULL)
			return 0;
		rest = view_skip(rest, n + 1);
	}
}

static const char *purpose_oid(const char *text)
{
	for (size_t i = 0; i < sizeof(purpose_names) / sizeof(purpose_names[0]); i++)
		if (strcmp(text, purpose_names[i].name) == 0)
			return purpose_names[i].oid;
	return text;
}

static int read_oids(const struct path_options *all, struct path_oids *o,
		     const char *option, bool purposes, struct ltps_error *err)
{
	size_t starts[PATH_OPTION_OIDS_MAX + 1] = { 0 };
	o->der = buf_make(PATH_OPTION_OIDS_MAX * OID_DER_MAX);
	for (unsigned i = 0; i < o->n; i++) {
		struct ltps_error inner = LTPS_ERROR_INIT;
		const char *text = purposes ? purpose_oid(o->texts[i]) : o->texts[i];
		if (der_put_oid(&o->der, text, &inner) != 0) {
			if (inner.code == LTPS_NOMEM)
				return ltps_fail_nomem(err);
			return fail_option(all, option, o->texts[i],
					   "is no object identifier", err);
		}
		starts[i + 1] = o->der.n;
	}
	for (unsigned i = 0; i < o->n; i++) {
		struct view cursor =
		    view_of(o->der.p + starts[i], starts[i + 1] - starts[i]);
		struct tlv t;
		if (tlv_next(&cursor, &t, err) != 0)
			return -1;
		o->views[i] = t.body;
	}
	return 0;
}

static int read_number(const struct path_options *o, const char *option,
		       const char *text, uint32_t max, uint32_t *ret,
		       struct ltps_error *err)
{
	uint32_t v = 0;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || v > max)
			return fail_option(o, option, text, "is no such number", err);
		v = v * 10 + (uint32_t)(*p - '0');
	}
	if (text[0] == '\0' || v > max)
		return fail_option(o, option, text, "is no such number", err);
	*ret = v;
	return 0;
}

static int read_known(const struct path_options *o, int64_t now_ms,
		      struct path_input *in, struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	if (o->known == NULL)
		in->known_ms = now_ms;
	else if (time_parse_rfc3339(view_text(o->known), &in->known_ms, &inner) != 0)
		return fail_option(o, "known", o->known, "is not an RFC 3339 time",
				   err);
	/* What is still to come cannot be known: a given time means that now is then.
	 */
	if (in->known_ms < in->time_ms)
		in->known_ms = in->time_ms;
	return 0;
}

/* ---- into the input of a judgement ---- */

int path_options_policy(const struct path_options *o,
			const struct validation_policy *policy, int64_t now_ms,
			struct path_input *in, struct ltps_error *err)
{
	if (policy == NULL && o->known != NULL)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "%sknown goes with %spolicy", o->prefix, o->prefix);
	if (policy != NULL) {
		validation_policy_apply(policy, in);
		if (read_known(o, now_ms, in, err) != 0)
			return -1;
	}
	if (o->model != NULL)
		in->model = strcmp(o->model, "chain") == 0 ? PATH_CHAIN : PATH_SHELL;
	return 0;
}

static int set_budget(const struct path_options *o, struct path_input *in,
		      struct ltps_error *err)
{
	uint32_t n = 0;
	if (o->depth != NULL) {
		if (read_number(o, "depth", o->depth, 1000, &n, err) != 0)
			return -1;
		in->budget.depth = n != 0 ? n : PATH_DEPTH_NONE;
	}
	n = 0;
	if (o->paths != NULL &&
	    read_number(o, "paths", o->paths, PATH_ALTERNATIVES_MAX, &n, err) != 0)
		return -1;
	in->want_paths = n;
	return 0;
}

int path_options_wishes(struct path_options *o, struct path_input *in,
			struct ltps_error *err)
{
	if (o->model != NULL && strcmp(o->model, "shell") != 0 &&
	    strcmp(o->model, "chain") != 0)
		return fail_option(o, "model", o->model, "is not shell or chain", err);
	if (read_oids(o, &o->initial, "initial-policy", false, err) != 0 ||
	    read_oids(o, &o->purposes, "eku", true, err) != 0)
		return -1;
	for (unsigned i = 0; i < o->n_usages; i++)
		if (read_usage(o, o->usage_texts[i], &o->usages[i], err) != 0)
			return -1;
	in->initial_policies = o->initial.views;
	in->n_initial_policies = o->initial.n;
	in->extended_key_usages = o->purposes.views;
	in->n_extended_key_usages = o->purposes.n;
	in->key_usages = o->usages;
	in->n_key_usages = o->n_usages;
	in->explicit_policy = o->explicit_policy != 0;
	in->inhibit_mapping = o->inhibit_mapping != 0;
	in->inhibit_any = o->inhibit_any != 0;
	in->no_revocation = o->no_revocation != 0;
	in->explain = o->explain != 0;
	return set_budget(o, in, err);
}

void path_options_clear(struct path_options *o)
{
	buf_free(&o->initial.der);
	buf_free(&o->purposes.der);
}
