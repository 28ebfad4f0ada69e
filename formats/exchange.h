/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange - the EvidenceExchange document of TS 119 512 annex G: evidence records with
 * the objects that they are about, on their way from one service to another. No trust:
 * whether a record is one of its objects is for whoever takes them over.
 *
 *   EvidenceExchange
 *     EvidenceInfo ID          pres:Evidence (POID, VersionID), ObjectRef...
 *     Object ID                preservation objects
 *     Other ID                 trust anchors, traces
 *
 * Hash trees, references between evidences and XML instead of octets are understood by
 * nobody here, and refused.
 */
#ifndef LTPS_FORMATS_EXCHANGE_H
#define LTPS_FORMATS_EXCHANGE_H

#include "base/bytes.h"
#include "base/err.h"

#define EXCHANGE_NS "http://uri.etsi.org/19512/exchange/v1.1.2#"
#define EXCHANGE_PRES_NS "http://uri.etsi.org/19512/v1.1.2#"
#define EXCHANGE_SIZE_MAX                                                              \
	((size_t)1 << 30)        /* as one answer of RetrievePO, and a third */
#define EXCHANGE_ITEMS_MAX 20000 /* of all kinds together */
#define EXCHANGE_REFS_MAX 1000   /* of one evidence: parts of a version */
#define EXCHANGE_TEXT_MAX 512    /* of an attribute or a reference */

enum exchange_kind { EXCHANGE_EVIDENCE, EXCHANGE_OBJECT, EXCHANGE_OTHER };

/* Texts NULL when absent. */
struct exchange_item {
	enum exchange_kind kind;
	char *id; /* unique in the document, never NULL */
	char *format_id;
	char *mime;
	char *poid;    /* of EVIDENCE */
	char *version; /* of EVIDENCE */
	char **refs;   /* of EVIDENCE: ids of the objects that it is about */
	size_t n_refs;
	struct buf data;
};
struct exchange {
	struct exchange_item *items;
	size_t n, cap;
};

/*
 * exchange_parse - strictly: known elements in the order of the schema, unique ids,
 * references to objects that are there.
 * ret  release with exchange_clear(), set on success only
 * Fails: FORMAT, UNSUPPORTED, TOO_LARGE (object), naming the element; NOMEM
 * Spec:  TS 119 512 annex G, 5.4.4, 5.4.5
 */
int exchange_parse(struct view in, struct exchange *ret,
		   struct ltps_error *err) LTPS_CHECKED;
/*
 * exchange_write - items in the order of the schema, whatever theirs is.
 * out    appended
 * Fails: TOO_LARGE, NOMEM
 */
int exchange_write(const struct exchange *x, struct buf *out,
		   struct ltps_error *err) LTPS_CHECKED;
/* One more, zeroed, its data empty. Fails: TOO_LARGE (caller), NOMEM */
int exchange_add(struct exchange *x, enum exchange_kind kind,
		 struct exchange_item **ret, struct ltps_error *err) LTPS_CHECKED;
int exchange_add_ref(struct exchange_item *item, const char *id,
		     struct ltps_error *err) LTPS_CHECKED;
/* By id; NULL. */
const struct exchange_item *exchange_find(const struct exchange *x, const char *id);
void exchange_clear(struct exchange *x);

#endif
