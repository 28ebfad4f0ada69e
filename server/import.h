/* SPDX-License-Identifier: Apache-2.0 */
/* import - between cmd_import.c and the files import_*.c; not for others. */
#ifndef LTPS_SERVER_IMPORT_H
#define LTPS_SERVER_IMPORT_H

#include "base/digest.h"
#include "formats/exchange.h"
#include "ltp/ltp.h"
#include "ltp/origin.h"
#include "server/client.h"
#include "server/trust_options.h"

struct validation_policy;

#define IMPORT_RUN_LEN 16 /* octets of chance that tell one run from all others */

struct import {
	struct trust_options trust;
	struct client client;
	const char *profile;
	int check, beside;
	int anew; /* all becomes new objects, whatever is there already */
	char run[2 * IMPORT_RUN_LEN + 1]; /* with anew: as no other run; else "" */
	unsigned hop; /* how often the objects were taken over, with this one */
	const char *rest[1];
	struct buf file;
	struct exchange x;
	struct validation_policy *policy;
};

/* A record about an object of this POID. */
bool import_is_of(const struct exchange_item *e, const char *poid);

/* ---- import_find.c ---- */

#define IMPORT_POID_MAX 128
#define IMPORT_NAME_SIZE (sizeof(ORIGIN_PREFIX) + 64)

/* Where something is from: the old POID, what of it, and the digests of its records. A
 * later export with the same records is the same; what is made anew is of its run. */
struct import_origin {
	struct buf text;
	char name[IMPORT_NAME_SIZE]; /* ORIGIN_PREFIX and the SHA-256 of it */
};
/*
 * e     the record; with `all`, of the object all of whose records count
 * what  a version, or a word for the rest
 * ret   release with import_origin_clear(), also when it fails
 */
int import_origin_make(const struct import *im, const struct exchange_item *e, bool all,
		       const char *what, struct import_origin *ret,
		       struct ltps_error *err) LTPS_CHECKED;
void import_origin_clear(struct import_origin *o);
/* ---- import_request.c ---- */

#define IMPORT_ID_SIZE (EXCHANGE_TEXT_MAX + 32)

/* A version that evidence is about. */
struct import_version {
	const struct exchange_item *e; /* NULL: none */
	bool labelled;                 /* ids of its parts have its label before them */
};
/* What one request takes over: a version, or what is beside. */
struct import_piece {
	const struct exchange_item *e; /* its record; any evidence of the object */
	struct import_version v;       /* none: what is beside */
	struct import_version before;  /* that it is an update of; none: a new object */
	const char *what;              /* for people */
};
/* Walks over them in the order in which they are submitted; step gives 0, or the exit
 * status that ends it. poid: of the object that it belongs to, kept between its steps.
 */
typedef int (*import_step)(const struct import *im, const struct import_piece *p,
			   char poid[IMPORT_POID_MAX], void *arg);
/* Before each object, and at the end: so many of n are done. */
typedef void (*import_told)(const struct import *im, size_t done, size_t n);
int import_walk(struct import *im, import_told told, import_step step, void *arg);

struct import_request {
	enum operation operation; /* PreservePO or UpdatePOC */
	struct ltp_po *pos;       /* the record is the last one, of a version */
	size_t n;
	struct import_origin origin;
	char (*ids)[IMPORT_ID_SIZE]; /* some of the POs' */
};
/* ret  zeroed before; release with import_request_clear(), also when it fails */
int import_request_make(const struct import *im, const struct import_piece *p,
			struct import_request *ret,
			struct ltps_error *err) LTPS_CHECKED;
void import_request_clear(struct import_request *r);

/* What is there of a request. */
enum import_found {
	IMPORT_MISSING,
	IMPORT_THERE,
	IMPORT_UNSURE, /* its data is, its record cannot be had yet: the service says */
};
/*
 * import_find - asks the service (Search) for the object that was made of it, and
 * compares its data and its record with the document: the name alone proves nothing.
 * within  POID of the object that it must be; NULL: any, the oldest
 * poid    set unless it is missing
 * The exit status: 0 also when there is none.
 */
int import_find(const struct import *im, const struct import_piece *p,
		const struct import_request *r, const char *within,
		char poid[IMPORT_POID_MAX], enum import_found *ret);

/* ---- import_check.c ---- */

/*
 * import_check - whether each record proves its objects under the anchors of the
 * command line, and whether the service would take each request, as far as that can be
 * known without it. The exit status; what does not hold is told.
 */
int import_check(struct import *im);

/* ---- import_submit.c ---- */

/*
 * import_submit - each object of the document to the service, in its order, unless it
 * is there already; each is printed at once. The exit status: the first that is refused
 * ends it.
 */
int import_submit(struct import *im);

#endif
