/* SPDX-License-Identifier: Apache-2.0 */
/* retrieve_private - what the files of retrieve share; not for others. */
#ifndef LTPS_LTP_RETRIEVE_PRIVATE_H
#define LTPS_LTP_RETRIEVE_PRIVATE_H

#include "ltp/inside.h"

/* Longest id of a part in an answer: its version's label before it. */
#define RETRIEVE_ID_MAX (STORE_NAME_MAX + PO_ID_MAX + 2)

/* A running retrieval. */
struct retrieval {
	struct ltp_worker *w;
	const struct ltp_retrieve_request *req;
	const struct profile *profile; /* NULL: configured no more */
	const struct object *object;
	struct ltp_retrieved out;
	size_t cap;
	size_t bytes;
	bool many;                    /* several versions: ids carry the version */
	const struct version *plain;  /* but not those of this one, as submitted */
	const struct version *latest; /* given because none was asked for; or NULL */
	const struct version **list; /* the versions given */
	size_t n_list;
	char **left_out; /* ids that damaged parts would have in the answer */
	size_t n_left_out, cap_left_out;
	struct ltps_error damage; /* of the first of them */
	struct ltp_result *result;
};

/* One more PO of the answer, empty; NULL: failed. */
struct ltp_po_out *retrieve_po_add(struct retrieval *run, struct ltps_error *err);
int retrieve_set_text(char **ret_text, const char *s,
		      struct ltps_error *err) LTPS_CHECKED;
/* Id of a part in the answer: as submitted, else made; unique over versions. */
void retrieve_part_id(const struct retrieval *run, const struct version *v,
		      const struct part *p, char *out, size_t out_size);
/* Its octets, charged to the answer; ret_damage as of fixity_blob_try(). */
int retrieve_part_read(struct retrieval *run, const struct part *p, struct buf *out,
		       struct ltps_error *ret_damage,
		       struct ltps_error *err) LTPS_CHECKED;
/* The same into a PO that was just added and has its id; it is taken back when the
 * octets are damaged. */
int retrieve_part_fill(struct retrieval *run, const struct part *p,
		       struct ltp_po_out *po, struct ltps_error *err) LTPS_CHECKED;
/* All parts of a version as they are, but for those that are damaged. */
int retrieve_parts_add(struct retrieval *run, const struct version *v,
		       struct ltps_error *err) LTPS_CHECKED;

/* The evidence record in *out; a version whose tree waits for its token is told. */
int retrieve_record(struct retrieval *run, const struct version *v, struct buf *out,
		    bool *ret_ready, struct ltps_error *err) LTPS_CHECKED;

/* The record as a PO; relate: to the parts of the version. */
int retrieve_evidence_add(struct retrieval *run, const struct version *v, bool relate,
			  struct ltps_error *err) LTPS_CHECKED;

/* ---- retrieve_damage.c ---- */

/* The part of this id is not in the answer. */
int retrieve_leave_out(struct retrieval *run, const char *id,
		       const struct ltps_error *damage,
		       struct ltps_error *err) LTPS_CHECKED;
void retrieve_left_out_clear(struct retrieval *run);
/* At the end: what was left out is a warning (requestOnlyPartlySuccessful); an answer
 * that would be empty without it has failed as its reading did. */
int retrieve_left_out_tell(struct retrieval *run, struct ltps_error *err) LTPS_CHECKED;

/* ---- retrieve_container.c ---- */

/* The container; while there is no record yet the parts alone; when some are damaged,
 * the others and the record, each by itself. */
int retrieve_container_add(struct retrieval *run, const struct version *v,
			   struct ltps_error *err) LTPS_CHECKED;

/* ---- retrieve_forms.c: where the raised form is the evidence (F.3) ---- */

/* Whether the evidence of this object is its forms, and not records. */
bool retrieve_is_of_forms(const struct retrieval *run);
/* Whether there are forms of it and all have this format. */
bool retrieve_forms_have(const struct retrieval *run, const struct version *v,
			 const char *format);
/* What the request wants of the version but its data alone: the forms, with the parts
 * before them when they are to be apart. */
int retrieve_forms_add(struct retrieval *run, const struct version *v,
		       struct ltps_error *err) LTPS_CHECKED;

#endif
