/* SPDX-License-Identifier: Apache-2.0 */
/* rights - the one table of who may do what. */
#ifndef LTPS_SERVER_RIGHTS_H
#define LTPS_SERVER_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

/* Values are stored with tokens: never renumber. */
enum role {
	ROLE_SUBMITTER = 1, /* submits, gets back, deletes its tenant's objects */
	ROLE_AUDITOR = 2,   /* reads them */
	ROLE_OPERATOR = 4,  /* runs the service; sees no object */
	ROLE_ALL = 7,
	/* In the table only: callers that nobody knows, too. */
	ROLE_ANYONE = 256,
};

/* Who may use a route, by its path in the table of routes; 0 (nobody) for one that the
 * table does not have. */
unsigned rights_of(const char *route);
/* i-th entry, for tests and for documents; NULL: no more. */
const char *rights_route(size_t i);

/* "submitter", "auditor", "operator"; 0: none of them. */
unsigned role_parse(const char *name);
/* "submitter,auditor"; static room for all is ROLES_TEXT_MAX. */
#define ROLES_TEXT_MAX 40
void roles_text(unsigned roles, char out[ROLES_TEXT_MAX]);

#endif
