/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asic - the ASiC-E container with an evidence record (ASiC-ERS of
 * TS 119 512 A.3.1) and, for reading, ASiC-S with one.
 *
 * What the record covers: the data objects that its ASiCEvidenceRecordManifest
 * references, each by its own digest, as one data object or data object group
 * in the first hash list. It does not cover the manifest file: the manifest
 * only says which files belong to the record and repeats their digests (with
 * the digest algorithm of the first archive time-stamp). So the caller gives
 * asic_build the record as it is, and verifies a parsed container by giving
 * ers_verify the data of the references of a record as its objects.
 * Spec: EN 319 162-1 4.4.4, A.4; RFC 4998 4.2
 */
#ifndef LTPS_FORMATS_ASIC_H
#define LTPS_FORMATS_ASIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"

#define ASIC_MIMETYPE_E "application/vnd.etsi.asic-e+zip"
#define ASIC_MIMETYPE_S "application/vnd.etsi.asic-s+zip"
#define ASIC_NS "http://uri.etsi.org/02918/v1.2.1#"
#define ASIC_RECORDS_MAX 64      /* evidence records of one container */
#define ASIC_REFERENCES_MAX 4096 /* of all manifests; each looks for its file */
#define ASIC_MANIFEST_MAX ((size_t)8 << 20) /* that many references of up to 2 kB */
/* Many manifests may name the same large file; their digests together. */
#define ASIC_HASHED_MAX ((size_t)4 << 30)

struct asic_object {
	struct view name; /* UTF-8 path below the root; not in META-INF */
	const char *mime; /* NULL: left out */
	struct view data;
};

/* What a preservation service says of its container: extensions of the manifest that
 * are not critical (TS 119 512 5.5.1). */
struct asic_container {
	const char *poid;    /* ContainerID */
	const char *version; /* NULL: left out */
	int64_t until_ms;    /* PreservationPeriod, its last day; 0: left out */
};

struct asic_input {
	const struct asic_object *objects; /* at least one; each is referenced */
	size_t n_objects;
	struct view record;  /* DER EvidenceRecord over exactly these objects */
	enum digest_alg alg; /* that of the record's first archive time-stamp */
	int64_t time_ms;     /* written to the ZIP entries */
	const struct asic_container *container; /* NULL: no extensions */
};

/*
 * asic_build - mimetype, data objects, manifest and evidence record.
 * SigReference has no MimeType (TS 119 512 A.3.1.3 forbids it).
 * out    appended to; the same input gives the same bytes
 * Fails: ARGUMENT (caller) for names that are not acceptable or clash,
 *        TOO_LARGE, UNSUPPORTED (digest), NOMEM
 */
int asic_build(const struct asic_input *in, struct buf *out,
	       struct ltps_error *err) LTPS_CHECKED;

struct asic_file {
	struct view name;
	struct view data;
	struct buf owned; /* private: set when it was deflated */
};

/* DataObjectReference */
struct asic_reference {
	struct view uri;     /* percent-decoded: the name of the file */
	struct view mime;    /* n == 0: absent */
	enum digest_alg alg; /* NONE when not known to us */
	struct view value;
	const struct asic_file *file; /* NULL: not in the container */
	bool matches;                 /* the digest of that file is value */
};

struct asic_record {
	struct view manifest_name;         /* n == 0: ASiC-S, which has none */
	const struct asic_file *file;      /* the evidence record */
	bool xml;                          /* RFC 6283 by its name, else RFC 4998 */
	struct asic_reference *references; /* ASiC-S: the one data object, no digest,
					      matches true */
	size_t n_references;
	bool all_match;
	struct buf text; /* private */
};

struct asic {
	bool simple;             /* ASiC-S */
	struct asic_file *files; /* every file but mimetype, in their order */
	size_t n_files;
	const struct asic_file **objects; /* those outside META-INF */
	size_t n_objects;
	struct asic_record *records;
	size_t n_records;
	size_t n_references; /* of all records */
	size_t hashed;       /* private: bytes whose digest was taken */
};

/*
 * asic_parse - open a container and follow its evidence record manifests. A
 * digest that does not match is data, not an error.
 * in        borrowed; must outlive ret_asic
 * ret_asic  free with asic_free()
 * Fails:    as zip_open; FORMAT (object) when mimetype is not the first entry,
 *           stored, without extra field, and one of the two types; for a
 *           manifest that is not well-formed, has a DOCTYPE, references
 *           nothing, or whose record is missing
 * Spec:     EN 319 162-1 4.3.3, 4.4.3, A.1, A.4
 */
int asic_parse(struct view in, struct asic **ret_asic,
	       struct ltps_error *err) LTPS_CHECKED;
void asic_free(struct asic *asic);

#endif
