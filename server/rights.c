/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rights.h"

#include <stdio.h>
#include <string.h>

#define S ROLE_SUBMITTER
#define A ROLE_AUDITOR
#define O ROLE_OPERATOR

static const struct {
	const char *route;
	unsigned roles;
} rights[] = {
	{ "/", ROLE_ANYONE },
	{ "/ready", ROLE_ANYONE },
	{ "/health", ROLE_ANYONE }, /* in detail for an operator */
	{ "/openapi.json", ROLE_ANYONE },
	{ "/ui", ROLE_ANYONE },
	{ "/ui/", ROLE_ANYONE }, /* pages without data: they ask the rest */
	{ "/ui/*", ROLE_ANYONE },
	{ "/link/*", ROLE_ANYONE }, /* the path holds the right */
	{ "/metrics", O },
	{ "/renewals", A | O },
	{ "/anchors.pem", A | O },
	{ "/upkeep", O },
	{ "/outlook/*", S | A }, /* as RetrieveTrace */
	{ "/pres/RetrieveInfo", S | A | O },
	{ "/pres/PreservePO", S },
	{ "/pres/UpdatePOC", S },
	{ "/pres/DeletePO", S },
	{ "/pres/RetrievePO", S | A },
	{ "/pres/RetrieveTrace", S | A },
	{ "/pres/ValidateEvidence", S | A },
	{ "/pres/Search", S | A },
	/* The operation stands in the body: whoever reads it asks here again. */
	{ "/pres/soap", S | A | O },
	{ "/validate", S | A },
	{ "/verify", S | A },
	{ "/certificates/validate", S | A },
	{ "/package/*", S | A },
	{ "/scvp", S | A },
	{ "/links", S },
	{ "/links/*", S },
};

unsigned rights_of(const char *route)
{
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
		if (strcmp(rights[i].route, route) == 0)
			return rights[i].roles;
	return 0;
}

const char *rights_route(size_t i)
{
	return i < sizeof(rights) / sizeof(rights[0]) ? rights[i].route : NULL;
}

static const struct {
	const char *name;
	unsigned role;
} roles[] = { { "submitter", S }, { "auditor", A }, { "operator", O } };

unsigned role_parse(const char *name)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(roles[i].name, name) == 0)
			return roles[i].role;
	return 0;
}

void roles_text(unsigned of, char out[ROLES_TEXT_MAX])
{
	size_t n = 0;
	out[0] = '\0';
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if ((of & roles[i].role) != 0)
			n += (size_t)snprintf(out + n, ROLES_TEXT_MAX - n, "%s%s",
					      n > 0 ? "," : "", roles[i].name);
}
