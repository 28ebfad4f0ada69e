/* SPDX-License-Identifier: Apache-2.0 */
/* GET of what describes the SOAP binding. POST of a message is a call (route.c). */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "server/service.h"
#include "server/soap.h"

#define DESCRIPTION_MAX ((size_t)256 << 10) /* the largest is some ten KiB */
#define HOST_MAX 300                        /* a name is 253 */

/* As the client called us: so it goes through proxies too. */
static bool location_of(const struct http_exchange *x, char *out, size_t out_size)
{
	const struct view host = http_field(x, "host");
	if (host.n == 0 || host.n > HOST_MAX)
		return false;
	const int n = snprintf(out, out_size, "http%s://%.*s" SOAP_PATH,
			       http_secure(x) ? "s" : "", (int)host.n,
			       (const char *)host.p);
	return n > 0 && (size_t)n < out_size;
}

/* "?wsdl" as every tool writes it, or "?xsd=NAME"; NULL: neither. */
static const char *wanted(struct http_exchange *x)
{
	const struct view query = http_raw_query(x);
	if (query.n == 4 && strncasecmp((const char *)query.p, "wsdl", 4) == 0)
		return "wsdl";
	return http_query(x, "xsd");
}

void soap_http_describe(struct http_exchange *x)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(DESCRIPTION_MAX);
	char location[HOST_MAX + sizeof("https://" SOAP_PATH)];
	const char *name = wanted(x);
	bool found = false;
	if (name != NULL && (!location_of(x, location, sizeof(location)) ||
			     soap_description(name, location, &out, &found, &err) != 0))
		http_refuse(x, 400, "the field Host is no name of this service");
	else if (!found)
		http_refuse(x, 404, "POST a message, or GET ?wsdl");
	else
		http_reply(x, 200, "text/xml; charset=utf-8", &out);
	buf_free(&out);
}
