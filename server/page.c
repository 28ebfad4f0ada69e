/* SPDX-License-Identifier: Apache-2.0 */
#include "server/page.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

bool page_name_is(struct view name, const char *known)
{
	return name.n == strlen(known) &&
	       strncasecmp((const char *)name.p, known, name.n) == 0;
}

static bool is_address(struct view v, int family)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr out;
	if (v.n >= sizeof(text))
		return false;
	memcpy(text, v.p, v.n);
	text[v.n] = '\0';
	return strlen(text) == v.n && inet_pton(family, text, &out) == 1;
}

static struct view without_port(struct view host)
{
	const uint8_t *colon = memchr(host.p, ':', host.n);
	return colon != NULL ? view_head(host, (size_t)(colon - host.p)) : host;
}

/* "[::1]:8512" */
static bool is_bracketed_address(struct view host)
{
	if (host.n < 2 || host.p[0] != '[')
		return false;
	const uint8_t *end = memchr(host.p, ']', host.n);
	return end != NULL &&
	       is_address(view_of(host.p + 1, (size_t)(end - host.p) - 1), AF_INET6);
}

bool page_has_name(const struct page_fields *f, struct view *ret_name)
{
	if (f->host.p == NULL || is_bracketed_address(f->host))
		return false;
	const struct view name = without_port(f->host);
	if (is_address(name, AF_INET) || page_name_is(name, "localhost"))
		return false;
	*ret_name = name;
	return true;
}

/* An origin is scheme, name and port as Host has the last two; "null" is none. */
static bool is_same_origin(const struct page_fields *f)
{
	static const char *const schemes[] = { "http://", "https://" };
	for (size_t i = 0; i < 2; i++) {
		const size_t n = strlen(schemes[i]);
		const struct view rest = f->origin.n > n ? view_skip(f->origin, n)
							 : VIEW_NULL;
		if (view_starts(f->origin, view_text(schemes[i])) &&
		    f->host.p != NULL && rest.n == f->host.n &&
		    strncasecmp((const char *)rest.p, (const char *)f->host.p,
				rest.n) == 0)
			return true;
	}
	return false;
}

const char *page_foreign(const struct page_fields *f)
{
	if (f->origin.p != NULL && !is_same_origin(f))
		return "it comes from a page of another origin";
	/* Without an Origin: what a link, an image or a script asks for. Another port of
	 * the same name is the same site. */
	if (f->site.p != NULL && !view_is_text(f->site, "same-origin") &&
	    !view_is_text(f->site, "none"))
		return "it comes from a page of another site";
	return NULL;
}
