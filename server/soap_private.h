/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the SOAP binding share. */
#ifndef LTPS_SERVER_SOAP_PRIVATE_H
#define LTPS_SERVER_SOAP_PRIVATE_H

#include "base/xmlw.h"
#include "server/multipart.h"
#include "server/soap.h"
#include "server/xml_read.h"

/* One for each object, and the envelope. */
#define SOAP_PARTS_MAX (API_POS_MAX + 1)

/* One request being read. */
struct soap_in {
	struct xread r; /* r.arg is this */
	struct api_call *call;
	struct multipart_part *parts; /* NULL: not in parts */
	bool *used;                   /* of each part: something names it */
	size_t n_parts;
	size_t root;
	size_t canonical_max; /* left for canonical forms */
};

/* soap_in.c: at the START of the operation's element, to its END. */
bool soap_read_message(struct soap_in *s);
/* soap_po.c: at a START */
struct soap_po {
	struct ltp_po po;
	const char *poid;
	const char *version;
};
bool soap_read_po(struct xread *r, struct ltp_po *ret_po);
bool soap_read_evidence(struct xread *r, struct soap_po *ret_evidence);
/* soap_po.c: xread's include */
bool soap_include(struct xread *r, struct view *ret);

/* soap_xml.c: a document with the prefixes of all answers, "pres" as the form has it.
 */
struct xmlw soap_begin(const struct api_form *form, struct buf *out);
/* Right after xmlw_open(), in the order of names; NULL: none. */
void soap_attribute(struct xmlw *w, const char *name, const char *value);
/* With text; NULL: none. */
void soap_element(struct xmlw *w, const char *name, const char *text);
/* Closes all elements. */
int soap_end(struct xmlw *w, struct ltps_error *err) LTPS_CHECKED;
const char *soap_ns(const struct api_form *form);
/* soap_out_info.c: within an xmlw, the profile's element. */
void soap_put_profile(struct xmlw *w, const struct profile *p);
/* soap_fault.c: a whole document. form NULL: as the status has it. */
int soap_out_fault(const struct api_form *form, int http_status, const char *text,
		   struct buf *out, struct ltps_error *err) LTPS_CHECKED;
#endif
