/* SPDX-License-Identifier: Apache-2.0 */
/* import - between cmd_import.c and import_submit.c; not for others. */
#ifndef LTPS_SERVER_IMPORT_H
#define LTPS_SERVER_IMPORT_H

#include "formats/exchange.h"
#include "server/client.h"
#include "server/trust_options.h"

struct validation_policy;

struct import {
	struct trust_options trust;
	struct client client;
	const char *profile;
	int check, beside;
	unsigned hop; /* how often the objects were taken over, with this one */
	const char *rest[1];
	struct buf file;
	struct exchange x;
	struct validation_policy *policy; /* NULL: algorithms are not judged */
};

/*
 * import_submit - each object of the document to the service, in its order; what was
 * taken over is printed at once. The exit status: the first that is refused ends it.
 */
int import_submit(struct import *im);

#endif
