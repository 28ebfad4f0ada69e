/* SPDX-License-Identifier: Apache-2.0 */
/*
 * soap - the SOAP 1.2 binding of TS 119 512, V1.1.2 and V1.2.1 by namespace: document /
 * literal over POST /pres/soap, with MTOM; and what describes it, GET /pres/soap?wsdl.
 */
#ifndef LTPS_SERVER_SOAP_H
#define LTPS_SERVER_SOAP_H

#include "server/api_call.h"

#define SOAP_PATH "/pres/soap"
#define SOAP_MEDIA_TYPE "application/soap+xml; charset=utf-8"

#define SOAP_NS_ENV "http://www.w3.org/2003/05/soap-envelope"
#define SOAP_NS_ENV_11 "http://schemas.xmlsoap.org/soap/envelope/"
#define SOAP_NS_PRES "http://uri.etsi.org/19512/v1.1.2#"
#define SOAP_NS_PRES_121 "http://uri.etsi.org/19512/v1.2.1#"
#define SOAP_NS_BASE "http://docs.oasis-open.org/dss-x/ns/base"
#define SOAP_NS_METADATA "http://docs.oasis-open.org/dss-x/ns/metadata"

/* More than any stack of protocols puts before a message. */
#define SOAP_HEADER_BLOCKS_MAX 64
/* The canonical form of xmlData, beyond twice the request: namespaces that are declared
 * once may be written on every element. */
#define SOAP_CANONICAL_EXTRA ((size_t)64 << 10)

/*
 * soap_parse - of struct api_binding. call->content_type says how the body is packed.
 * A message that is not as the schema has it is refused with the minor and the path of
 * the element; what is no message of this binding becomes a fault: Sender for XML that
 * is malformed or holds a DOCTYPE or a processing instruction, for an unknown
 * operation and for an action that does not agree with it.
 * Spec: SOAP 1.2 part 1, 5; part 2, 7.5; MTOM 1.0 3; XOP 1.0 4; TS 119 512 5.3, Annex C
 */
int soap_parse(struct api_call *call, struct ltp_result *ret_refusal,
	       struct ltps_error *err) LTPS_CHECKED;

/* Body of a refusal by the front end at SOAP_PATH: a fault, of the sender below 500. */
int soap_refusal_body(int http_status, const char *text, struct buf *out,
		      struct ltps_error *err) LTPS_CHECKED;

/*
 * soap_description - the WSDL, or a schema that it imports, with the addresses of this
 * service in it.
 * name      "wsdl", or the name of a schema
 * location  URL of SOAP_PATH
 * ret_found false: there is none of this name
 */
int soap_description(const char *name, const char *location, struct buf *out,
		     bool *ret_found, struct ltps_error *err) LTPS_CHECKED;

#endif
