/* SPDX-License-Identifier: Apache-2.0 */
/* name_match - DNS names, mail addresses, hosts of URIs and IP ranges. */
#include "validation/name_match.h"

#include <string.h>

static bool is_alpha(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool equal_folded(struct view a, struct view b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	}
	return true;
}

/* ---- DNS ---- */

static bool label_ok(struct view label)
{
	if (label.n == 0 || label.n > DNS_LABEL_MAX || label.p[0] == '-' ||
	    label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		uint8_t c = label.p[i];
		if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

static bool all_digits(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (!is_digit(v.p[i]))
			return false;
	}
	return true;
}

/* Labels of letters, digits, hyphens and, as many have, underscores; no trailing dot,
 * not an IPv4 address in text. */
static bool dns_name_ok(struct view v)
{
	struct view label = v;
	if (v.n == 0 || v.n > DNS_NAME_MAX)
		return false;
	for (;;) {
		const uint8_t *dot = memchr(label.p, '.', label.n);
		size_t n = dot != NULL ? (size_t)(dot - label.p) : label.n;
		if (!label_ok(view_head(label, n)))
			return false;
		if (dot == NULL)
			break;
		label = view_skip(label, n + 1);
		if (label.n == 0)
			return false;
	}
	return !all_digits(label); /* 192.0.2.1 ends with a number: RFC 3696 2 */
}

/* Zero or more labels to the left of the base. */
static bool dns_within(struct view name, struct view base)
{
	if (base.n == 0)
		return true;
	if (name.n < base.n)
		return false;
	size_t left = name.n - base.n;
	return equal_folded(view_skip(name, left), base) &&
	       (left == 0 || name.p[left - 1] == '.');
}

/* ".b.c": at least one label more than b.c; "a.b.c": that host; "": all. */
static bool host_within(struct view host, struct view base)
{
	if (base.n == 0)
		return true;
	if (base.p[0] != '.')
		return equal_folded(host, base);
	return host.n > base.n && equal_folded(view_skip(host, host.n - base.n), base);
}

static bool host_base_ok(struct view base)
{
	if (base.n == 0)
		return true;
	return dns_name_ok(base.p[0] == '.' ? view_skip(base, 1) : base);
}

/* ---- mail ---- */

static bool is_atom(uint8_t c, bool utf8)
{
	if (c >= 0x80)
		return utf8;
	return is_alpha(c) || is_digit(c) || memchr("!#$%&'*+-/=?^_`{|}~.", c, 20);
}

static bool put_local(struct mail_address *m, uint8_t c)
{
	if (m->local_n == MAIL_LOCAL_MAX)
		return false;
	m->local[m->local_n++] = c;
	return true;
}

/* Quoted-string of RFC 5321 4.1.2; *ret_end is behind the closing quote. */
static bool read_quoted(struct view v, bool utf8, struct mail_address *m,
			size_t *ret_end)
{
	for (size_t i = 1; i < v.n; i++) {
		uint8_t c = v.p[i];
		if (c == '"') {
			*ret_end = i + 1;
			return true;
		}
		if (c == '\\' && ++i < v.n)
			c = v.p[i];
		if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8) || !put_local(m, c))
			return false;
	}
	return false;
}

static bool read_atoms(struct view v, bool utf8, struct mail_address *m,
		       size_t *ret_end)
{
	size_t i = 0;
	while (i < v.n && is_atom(v.p[i], utf8)) {
		if (!put_local(m, v.p[i++]))
			return false;
	}
	*ret_end = i;
	return i > 0;
}

bool mail_address_read(struct view v, bool utf8, struct mail_address *ret)
{
	size_t end = 0;
	ret->local_n = 0;
	if (v.n == 0 || (utf8 && !utf8_valid(v)))
		return false;
	bool ok = v.p[0] == '"' ? read_quoted(v, utf8, ret, &end)
				: read_atoms(v, utf8, ret, &end);
	if (!ok || end >= v.n || v.p[end] != '@')
		return false;
	ret->host = view_skip(v, end + 1);
	return dns_name_ok(ret->host);
}

/* A base with a local part, RFC 5280 4.2.1.10: "indicates a particular mailbox". */
static bool is_mailbox(struct view base)
{
	return base.n > 0 && memchr(base.p, '@', base.n) != NULL;
}

/* The local part by its octets, RFC 5280 7.5. */
static bool mail_within(const struct mail_address *m, struct view base)
{
	struct mail_address mailbox;
	if (!is_mailbox(base))
		return host_within(m->host, base);
	return mail_address_read(base, false, &mailbox) &&
	       equal_folded(m->host, mailbox.host) && m->local_n == mailbox.local_n &&
	       memcmp(m->local, mailbox.local, m->local_n) == 0;
}

/* ---- URI ---- */

/* Behind "scheme://"; false when there is no authority. RFC 3986 3 */
static bool uri_authority(struct view v, struct view *ret)
{
	size_t i = 0, end = 0;
	if (v.n == 0 || !is_alpha(v.p[0]))
		return false;
	while (i < v.n && (is_alpha(v.p[i]) || is_digit(v.p[i]) || v.p[i] == '+' ||
			   v.p[i] == '-' || v.p[i] == '.'))
		i++;
	struct view rest = view_skip(v, i);
	if (!view_starts(rest, view_text("://")))
		return false;
	rest = view_skip(rest, 3);
	while (end < rest.n && memchr("/?#", rest.p[end], 3) == NULL)
		end++;
	*ret = view_head(rest, end);
	return true;
}

/* What RFC 3986 3.2.1 does not allow before the "@", and where other readers take the
 * host to end: "http://a.example\\@b.example/". */
static bool ends_host_elsewhere(uint8_t c)
{
	return c <= 0x20 || c >= 0x7f || c == '\\';
}

/* Host of a URI; false where there is none, or it is no DNS name. */
static bool uri_host(struct view v, struct view *ret_host)
{
	struct view a;
	if (!uri_authority(v, &a))
		return false;
	for (size_t i = 0; i < a.n; i++) { /* userinfo */
		if (a.p[i] == '@') {
			a = view_skip(a, i + 1);
			break;
		}
		if (ends_host_elsewhere(a.p[i]))
			return false;
	}
	const uint8_t *colon = a.n > 0 ? memchr(a.p, ':', a.n) : NULL;
	if (colon != NULL) {
		size_t n = (size_t)(colon - a.p);
		if (!all_digits(view_skip(a, n + 1)))
			return false;
		a = view_head(a, n);
	}
	*ret_host = a;
	return dns_name_ok(a);
}

/* ---- IP ---- */

/* Address and mask of the same length. */
static bool ip_within(struct view address, struct view base)
{
	size_t n = address.n;
	if (base.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (((address.p[i] ^ base.p[i]) & base.p[n + i]) != 0)
			return false;
	}
	return true;
}

/* Ones, then zeros: RFC 4632 3.1. */
static bool ip_base_ok(struct view base)
{
	bool ended = false;
	if (base.n != 8 && base.n != 32)
		return false;
	for (size_t bit = 0; bit < base.n * 4; bit++) {
		bool one = (base.p[base.n / 2 + bit / 8] >> (7 - bit % 8) & 1) != 0;
		if (one && ended)
			return false;
		ended = ended || !one;
	}
	return true;
}

/* ---- all forms ---- */

/* RFC 5280 knows neither a leading dot nor wildcards in a dNSName subtree; some
 * write them and mean different things. */
static enum base_state dns_base_check(struct view base)
{
	if (base.n == 0 || dns_name_ok(base))
		return BASE_USABLE;
	if (base.p[0] == '.' && dns_name_ok(view_skip(base, 1)))
		return BASE_UNSUPPORTED;
	if (view_starts(base, view_text("*.")) && dns_name_ok(view_skip(base, 2)))
		return BASE_UNSUPPORTED;
	return BASE_MALFORMED;
}

enum base_state base_check(enum general_name_kind kind, struct view base)
{
	struct mail_address mailbox;
	bool ok = true;
	switch (kind) {
	case GENERAL_NAME_DNS:
		return dns_base_check(base);
	case GENERAL_NAME_EMAIL:
		ok = is_mailbox(base) ? mail_address_read(base, false, &mailbox)
				      : host_base_ok(base);
		break;
	case GENERAL_NAME_URI:
		ok = host_base_ok(base);
		break;
	case GENERAL_NAME_IP:
		ok = ip_base_ok(base);
		break;
	case GENERAL_NAME_DIRECTORY:
		break;
	default: /* RFC 5280 gives them no meaning */
		return BASE_UNSUPPORTED;
	}
	return ok ? BASE_USABLE : BASE_MALFORMED;
}

bool ready_name_make(enum general_name_kind kind, struct view value, bool utf8,
		     struct ready_name *ret)
{
	ret->kind = kind;
	ret->wildcard = false;
	ret->text = value;
	switch (kind) {
	case GENERAL_NAME_DNS:
		ret->wildcard = view_starts(value, view_text("*."));
		if (ret->wildcard)
			ret->text = view_skip(value, 2);
		return dns_name_ok(ret->text);
	case GENERAL_NAME_EMAIL:
		return mail_address_read(value, utf8, &ret->mail);
	case GENERAL_NAME_URI:
		return uri_host(value, &ret->text);
	case GENERAL_NAME_IP:
		return value.n == 4 || value.n == 16;
	default:
		return false;
	}
}

bool name_within(const struct ready_name *n, struct view base)
{
	switch (n->kind) {
	case GENERAL_NAME_DNS:
		return dns_within(n->text, base);
	case GENERAL_NAME_EMAIL:
		return mail_within(&n->mail, base);
	case GENERAL_NAME_URI:
		return host_within(n->text, base);
	case GENERAL_NAME_IP:
		return ip_within(n->text, base);
	case GENERAL_NAME_DIRECTORY:
		return view_starts(n->canonical, base);
	default:
		return false;
	}
}

bool name_touches(const struct ready_name *n, struct view base)
{
	if (n->kind == GENERAL_NAME_DIRECTORY)
		return view_starts(n->coarse, base);
	return name_within(n, base) || (n->wildcard && dns_within(base, n->text));
}
