/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_ldap_url - the URLs of RFC 4516, as far as they stand in certificates. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/fetch.h"
#include "base/fetch_ldap.h"

#define URL_CLAUSE "RFC 4516 2"
/* A filter's BER is at most a tag and a length longer for each of its signs. */
#define FILTER_MAX ((size_t)8 * FETCH_URL_MAX)

/* RFC 4523 2; the place in this table is the number of the attribute's bit. */
static const struct {
	const char *name;
	const char *oid;
} attributes[] = {
	{ "userCertificate", "2.5.4.36" },
	{ "cACertificate", "2.5.4.37" },
	{ "authorityRevocationList", "2.5.4.38" },
	{ "certificateRevocationList", "2.5.4.39" },
	{ "crossCertificatePair", "2.5.4.40" },
	{ "deltaRevocationList", "2.5.4.53" },
};
#define ATTRIBUTES_N (sizeof(attributes) / sizeof(attributes[0]))

static bool same_text(struct view v, const char *s)
{
	return v.n == strlen(s) && strncasecmp((const char *)v.p, s, v.n) == 0;
}

unsigned ldap_attribute_bit(struct view type)
{
	for (unsigned i = 0; i < ATTRIBUTES_N; i++) {
		if (same_text(type, attributes[i].name) ||
		    same_text(type, attributes[i].oid))
			return 1U << i;
	}
	return 0;
}

const char *ldap_attribute_name(unsigned number)
{
	return number < ATTRIBUTES_N ? attributes[number].name : NULL;
}

static int fail_url(struct ltps_error *err, const char *what)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, URL_CLAUSE,
			 "LDAP URL %s", what);
}

/* Up to the first of this sign, which is dropped; all when there is none. */
static struct view cut(struct view *rest, char sign)
{
	const uint8_t *at = rest->n > 0 ? memchr(rest->p, sign, rest->n) : NULL;
	const size_t n = at != NULL ? (size_t)(at - rest->p) : rest->n;
	const struct view part = view_head(*rest, n);
	*rest = view_skip(*rest, at != NULL ? n + 1 : n);
	return part;
}

static size_t count_of(struct view v, char sign)
{
	size_t n = 0;
	for (size_t i = 0; i < v.n; i++)
		n += v.p[i] == (uint8_t)sign;
	return n;
}

/* Percent-encoding undone; no NUL, which nothing in these URLs needs. */
static int decode(struct view in, struct buf *out, struct ltps_error *err)
{
	while (in.n > 0) {
		int c = in.p[0];
		if (c == '%') {
			const int high = in.n > 2 ? hex_digit(in.p[1]) : -1;
			const int low = in.n > 2 ? hex_digit(in.p[2]) : -1;
			if (high < 0 || low < 0)
				return fail_url(err, "with a broken percent-encoding");
			c = high << 4 | low;
			in = view_skip(in, 2);
		}
		if (c == 0)
			return fail_url(err, "with an encoded NUL");
		if (buf_put_byte(out, (uint8_t)c, err) != 0)
			return -1;
		in = view_skip(in, 1);
	}
	return 0;
}

/* --- the parts ------------------------------------------------------------- */

static int parse_port(struct view text, struct ldap_url *u, struct ltps_error *err)
{
	unsigned port = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || port > 65535)
			return fail_url(err, "with a malformed port");
		port = port * 10 + (unsigned)(text.p[i] - '0');
	}
	if (port == 0 || port > 65535)
		return fail_url(err, "with a malformed port");
	u->port = port;
	return 0;
}

static bool is_host_sign(uint8_t c, bool bracketed)
{
	if (hex_digit(c) >= 0 || c == '.')
		return true;
	if (bracketed)
		return c == ':';
	c |= c >= 'A' && c <= 'Z' ? 0x20 : 0;
	return (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

/* The host goes into a URL that libcurl reads: nothing odd, no encoding. */
static int parse_host(struct view host, struct ldap_url *u, struct ltps_error *err)
{
	const bool bracketed = host.n > 2 && host.p[0] == '[';
	const struct view signs = bracketed ? view_of(host.p + 1, host.n - 2) : host;
	if (host.n > LDAP_HOST_MAX)
		return fail_url(err, "with a host that is too long");
	for (size_t i = 0; i < signs.n; i++) {
		if (!is_host_sign(signs.p[i], bracketed))
			return fail_url(err, "with a malformed host");
	}
	memcpy(u->host, host.p, host.n);
	u->host[host.n] = '\0';
	return 0;
}

static int parse_authority(struct view text, struct ldap_url *u, struct ltps_error *err)
{
	if (text.n > 0 && memchr(text.p, '@', text.n) != NULL)
		return fail_url(err, "with user information");
	size_t n = 0;
	if (text.n > 0 && text.p[0] == '[') {
		const uint8_t *end = memchr(text.p, ']', text.n);
		n = end != NULL ? (size_t)(end - text.p) + 1 : 0;
		if (n < 3)
			return fail_url(err, "with a malformed host");
	} else {
		while (n < text.n && text.p[n] != ':')
			n++;
	}
	/* RFC 4516 leaves the choice of a server to the client then. */
	if (n == 0)
		return fail_url(err, "without a host, and there is no default server");
	if (parse_host(view_head(text, n), u, err) != 0)
		return -1;
	if (n == text.n)
		return 0;
	if (text.p[n] != ':')
		return fail_url(err, "with a malformed port");
	return parse_port(view_skip(text, n + 1), u, err);
}

static int parse_base(struct view text, struct ldap_url *u, struct ltps_error *err)
{
	if (decode(text, &u->base, err) != 0)
		return -1;
	return utf8_valid(view_buf(&u->base))
		   ? 0
		   : fail_url(err, "with a name that is not UTF-8");
}

/* One attribute description, RFC 4512 2.5; the only option here is "binary". */
static int parse_attribute(struct view text, struct ldap_url *u, struct ltps_error *err)
{
	struct view options = text;
	const struct view type = cut(&options, ';');
	const bool has_options = type.n < text.n;
	const unsigned bit = ldap_attribute_bit(type);
	if (bit == 0)
		return fail_url(err, "with an attribute that holds no certificates "
				     "or CRLs (RFC 4523 2)");
	if (has_options && !same_text(options, "binary"))
		return fail_url(err, "with an attribute option other than binary");
	u->wanted |= bit;
	u->binary |= has_options ? bit : 0;
	return 0;
}

static int parse_attributes(struct view text, struct ldap_url *u,
			    struct ltps_error *err)
{
	struct buf plain = buf_make(FETCH_URL_MAX);
	int rc = decode(text, &plain, err);
	struct view rest = view_buf(&plain);
	/* All attributes of an entry are never what a certificate means. */
	if (rc == 0 && rest.n == 0)
		rc = ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER,
			       "RFC 5280 4.2.1.13", "LDAP URL without an attribute");
	if (rc == 0 && rest.p[rest.n - 1] == ',')
		rc = fail_url(err, "with an empty attribute");
	while (rc == 0 && rest.n > 0)
		rc = parse_attribute(cut(&rest, ','), u, err);
	buf_free(&plain);
	return rc;
}

static int parse_scope(struct view text, struct ldap_url *u, struct ltps_error *err)
{
	if (text.n == 0 || same_text(text, "base"))
		u->scope = LDAP_BASE;
	else if (same_text(text, "one"))
		u->scope = LDAP_ONE;
	else if (same_text(text, "sub"))
		u->scope = LDAP_SUB;
	else
		return fail_url(err, "with an unknown scope");
	return 0;
}

static int parse_filter(struct view text, struct ldap_url *u, struct ltps_error *err)
{
	struct buf plain = buf_make(FETCH_URL_MAX);
	int rc = decode(text, &plain, err);
	if (rc == 0)
		rc = ldap_filter_encode(view_buf(&plain), &u->filter, err);
	buf_free(&plain);
	return rc;
}

/* Those that matter are refused, the others may be ignored (RFC 4516 2). */
static int check_extension(struct view text, struct ltps_error *err)
{
	struct buf plain = buf_make(FETCH_URL_MAX);
	int rc = decode(cut(&text, '='), &plain, err);
	const struct view type = view_buf(&plain);
	if (rc == 0 && type.n == 0)
		rc = fail_url(err, "with an empty extension");
	else if (rc == 0 && type.p[0] == '!')
		rc = fail_url(err, "with a critical extension");
	else if (rc == 0 && same_text(type, "bindname"))
		rc = fail_url(err, "with a name to authenticate as");
	buf_free(&plain);
	return rc;
}

static int check_extensions(struct view text, struct ltps_error *err)
{
	int rc = 0;
	if (text.n > 0 && text.p[text.n - 1] == ',')
		return fail_url(err, "with an empty extension");
	while (rc == 0 && text.n > 0)
		rc = check_extension(cut(&text, ','), err);
	return rc;
}

static int parse_scheme(struct view *rest, struct ldap_url *u, struct ltps_error *err)
{
	const struct view scheme = cut(rest, ':');
	u->tls = same_text(scheme, "ldaps");
	u->port = u->tls ? LDAPS_PORT : LDAP_PORT;
	if (!u->tls && !same_text(scheme, "ldap"))
		return fail_url(err, "of another scheme");
	if (!view_starts(*rest, view_text("//")))
		return fail_url(err, "without \"//\"");
	*rest = view_skip(*rest, 2);
	return 0;
}

static int parse_all(struct view rest, struct ldap_url *u, struct ltps_error *err)
{
	if (rest.n > 0 && memchr(rest.p, '#', rest.n) != NULL)
		return fail_url(err, "with a fragment");
	if (parse_scheme(&rest, u, err) != 0)
		return -1;
	const struct view authority = cut(&rest, '/');
	if (authority.n > 0 && memchr(authority.p, '?', authority.n) != NULL)
		return fail_url(err, "without \"/\" behind the host");
	if (count_of(rest, '?') > 4)
		return fail_url(err, "with too many parts");
	const struct view base = cut(&rest, '?');
	const struct view names = cut(&rest, '?');
	const struct view scope = cut(&rest, '?');
	const struct view filter = cut(&rest, '?');
	const struct view extensions = cut(&rest, '?');
	if (parse_authority(authority, u, err) != 0 ||
	    check_extensions(extensions, err) != 0 || parse_base(base, u, err) != 0 ||
	    parse_attributes(names, u, err) != 0 || parse_scope(scope, u, err) != 0)
		return -1;
	return parse_filter(filter, u, err);
}

int ldap_url_parse(const char *text, struct ldap_url *ret_u, struct ltps_error *err)
{
	struct ldap_url u = {
		.base = buf_make(FETCH_URL_MAX),
		.filter = buf_make(FILTER_MAX),
	};
	const size_t n = strnlen(text, FETCH_URL_MAX + 1);
	if (n > FETCH_URL_MAX)
		return fail_url(err, "that is too long");
	if (parse_all(view_of(text, n), &u, err) != 0) {
		ldap_url_free(&u);
		return -1;
	}
	*ret_u = u;
	return 0;
}

void ldap_url_free(struct ldap_url *u)
{
	if (u == NULL)
		return;
	buf_free(&u->base);
	buf_free(&u->filter);
}
