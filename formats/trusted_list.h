/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trusted_list - a trusted list (or list of lists) of TS 119 612 as a structure, with
 * its signature taken apart. Nothing is verified here (validation/trusted_list.h).
 *
 * The document is read once, into its exclusive canonical form without the signature:
 * the octets that a signature over the whole of it covers. The content is read out of
 * those octets, so that what was signed and what is believed cannot differ; the same
 * goes for SignedInfo and SignedProperties.
 */
#ifndef LTPS_FORMATS_TRUSTED_LIST_H
#define LTPS_FORMATS_TRUSTED_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"

/* The largest published lists are of some 3 MiB. */
#define TRUSTED_LIST_SIZE_MAX ((size_t)16 << 20)
/* Structures and decoded texts; these are never longer than their encoding. */
#define TRUSTED_LIST_MEMORY_MAX ((size_t)64 << 20)
#define TRUSTED_LIST_TEXT_MAX ((size_t)4096) /* one name or URI */
#define TRUSTED_LIST_CERT_MAX ((size_t)64 << 10)
#define TRUSTED_LIST_POINTERS_MAX 256
#define TRUSTED_LIST_URIS_MAX 1024
#define TRUSTED_LIST_SERVICES_MAX 20000 /* the largest have some 600 */
#define TRUSTED_LIST_STATES_MAX 64      /* of one service */
#define TRUSTED_LIST_IDENTITIES_MAX 64  /* certificates of a pointer or service */
#define TRUSTED_LIST_CERT_DIGESTS_MAX 8

#define TRUSTED_LIST_TYPE "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/"
#define TRUSTED_LIST_TYPE_LISTS TRUSTED_LIST_TYPE "EUlistofthelists"
#define TRUSTED_LIST_MIME "application/vnd.etsi.tsl+xml"
#define TRUSTED_LIST_SERVICE "http://uri.etsi.org/TrstSvc/Svctype/"
#define TRUSTED_LIST_PROPERTIES_TYPE "http://uri.etsi.org/01903#SignedProperties"
#define TRUSTED_LIST_STATUS "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"

/* Texts are "" when the list does not say them. */

struct trusted_list_views {
	struct view *list;
	size_t n;
};
struct trusted_list_texts {
	const char **list;
	size_t n;
};

/* OtherTSLPointer, 5.3.13 */
struct trusted_list_pointer {
	const char *location, *territory, *mime, *type;
	struct trusted_list_views certificates; /* who may sign that list; DER */
};

/* Of a service from one moment on: ServiceInformation (5.5) or ServiceHistoryInstance
 * (5.6). */
struct trusted_list_state {
	const char *type, *name, *status;
	int64_t from_ms;
	struct trusted_list_views certificates; /* the service's identity; DER */
	struct trusted_list_texts further;      /* additionalServiceInformation URIs */
};
struct trusted_list_service {
	const char *provider; /* TSP name */
	/* The present one first, then the history as it stands. */
	struct trusted_list_state *states;
	size_t n;
};

/* What SignedInfo says of one thing that is signed. */
struct trusted_list_reference {
	const char *uri;
	const char *type;
	struct trusted_list_texts transforms;
	const char *digest_method;
	struct view value;
};
struct trusted_list_cert_digest {
	const char *method;
	struct view value;
};

/* XML Signature 1.1, EN 319 132-1 */
struct trusted_list_signature {
	bool present;
	/* Why it is none as a trusted list has it (two of them, one inside, another
	 * structure); code LTPS_OK: it is. The rest holds only then. */
	struct ltps_error flaw;
	struct view info; /* SignedInfo in canonical form: what the value is over */
	const char *canonicalization, *method;
	struct trusted_list_reference references[2];
	size_t n_references;
	struct view value;
	struct view properties; /* SignedProperties in canonical form */
	bool inclusive; /* by Canonical XML 1.0: their reference has no transform */
	const char *properties_id;
	bool has_signing_time;
	int64_t signing_time_ms;
	/* SigningCertificate or SigningCertificateV2: the first Cert. */
	struct trusted_list_cert_digest certificate;
	size_t n_certificates; /* Certs that it names */
};

struct trusted_list {
	struct view octets; /* the canonical form without the signature */
	const char *id;     /* of the root; "": none */
	const char *tag;
	uint32_t version;
	uint64_t sequence;
	const char *type;
	const char *operator_name;
	const char *territory;
	int64_t issued_ms;
	int64_t next_update_ms; /* INT64_MIN: closed, there is none (5.3.15) */
	struct trusted_list_texts information; /* SchemeInformationURI in order */
	struct trusted_list_pointer *pointers;
	size_t n_pointers;
	struct trusted_list_service *services;
	size_t n_services;
	struct trusted_list_signature signature;
	struct arena arena; /* all of the above */
	struct buf canonical;
};

/*
 * trusted_list_parse - read a list.
 * in        borrowed; may be dropped after return
 * ret_list  set on success only; free with trusted_list_free()
 * Fails:    FORMAT (object) for what does not follow the schema, with the element;
 *           UNSUPPORTED (object) for a DOCTYPE, a processing instruction or another
 *           encoding; TOO_LARGE beyond a limit; NOMEM
 * Spec:     TS 119 612 5.2 to 5.7, annex C
 */
int trusted_list_parse(struct view in, struct trusted_list **ret_list,
		       struct ltps_error *err) LTPS_CHECKED;
void trusted_list_free(struct trusted_list *l); /* NULL-safe */

#endif
