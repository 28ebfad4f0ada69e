/* SPDX-License-Identifier: Apache-2.0 */
/*
 * algorithm_suite - a catalogue of algorithms with the time for which each is
 * suitable, as published: RFC 5698 with the extension of TS 119 322, in XML or in
 * JSON, the latter also with a JWS.
 *
 * The file that ETSI published with TS 119 312 V1.5.1 has errors. Each is known by
 * the name that it stands at and by what it is, is mended, and named in the notes;
 * anything else that is not as the schemas say refuses the file.
 */
#ifndef LTPS_VALIDATION_ALGORITHM_SUITE_H
#define LTPS_VALIDATION_ALGORITHM_SUITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "validation/algorithm_policy.h"

#define SUITE_BYTES_MAX ((size_t)1 << 20) /* published ones have some 60 KB */
#define SUITE_ALGORITHMS_MAX 256
#define SUITE_EVALUATIONS_MAX 64 /* of an algorithm */
#define SUITE_PARAMETERS_MAX 16  /* of an evaluation */
#define SUITE_NAMES_MAX 16       /* OIDs, URIs or usages of one thing */
#define SUITE_NOTES_MAX 64
#define SUITE_TEXT_MAX 4096 /* one name, address or text */

/* Bits, unless an algorithm says otherwise: "moduluslength", "plength". */
struct suite_parameter {
	const char *name;
	bool has_min, has_max;
	int64_t min, max; /* both included */
};

struct suite_evaluation {
	struct suite_parameter *parameters;
	size_t n_parameters;
	int64_t start_ms;    /* INT64_MIN: none */
	int64_t end_ms;      /* the last moment of that day; INT64_MAX: none */
	const char **usages; /* URIs; none: any usage (TS 119 322) */
	size_t n_usages;
	char recommendation; /* 'R', 'L' (legacy); 0: not said */
	bool foreign; /* an extension that is not known here: not used in judgement */
};

struct suite_algorithm {
	const char *name;
	const char **oids; /* dotted; at least one */
	size_t n_oids;
	const char **uris;
	size_t n_uris;
	struct suite_evaluation *evaluations; /* at least one */
	size_t n_evaluations;
};

/* What is known of a signature upon the file. No trust is decided here. */
enum suite_signature {
	SUITE_UNSIGNED,
	SUITE_SIGNATURE_UNVERIFIED, /* of XML, or without a certificate */
	SUITE_SIGNATURE_VERIFIES,   /* over these octets */
	/* It verifies, but over a document that it names by URI and hash and that is
	 * not this one without its signature, as far as can be told. */
	SUITE_SIGNATURE_ELSEWHERE,
};

struct suite_memory;

struct algorithm_suite {
	const char *name;
	const char *oid; /* NULL: none; so the following */
	const char *uri;
	const char *publisher;
	const char *usage;
	const char *version, *lang, *id;
	int64_t issued_ms;
	int64_t next_update_ms; /* INT64_MAX: none */
	struct suite_algorithm *algorithms;
	size_t n_algorithms;
	enum suite_signature signature;
	const char *signer;      /* subject of its certificate; NULL: none */
	uint8_t signer_hash[32]; /* SHA-256 of that certificate */
	const char **notes;      /* what was mended or left aside */
	size_t n_notes;
	uint8_t sha256[32]; /* of the file */
	struct suite_memory *memory;
};

/*
 * algorithm_suite_parse - XML, JSON, a compact or a flattened JWS.
 * in      borrowed; may be dropped after return
 * ret_s   free with algorithm_suite_free()
 * Fails:  FORMAT (caller) with the place: "Algorithm 3 (SHA384): Evaluation 1: End";
 *         also for a JWS that does not verify; UNSUPPORTED (caller) for a JWS of
 *         another algorithm; TOO_LARGE, NOMEM, CRYPTO (self)
 * Spec:   RFC 5698, TS 119 322, RFC 7515
 */
int algorithm_suite_parse(struct view in, struct algorithm_suite **ret_s,
			  struct ltps_error *err) LTPS_CHECKED;
void algorithm_suite_free(struct algorithm_suite *s); /* NULL-safe */

/* False when NextUpdate lies before the time: RFC 5698 3.6 asks that it be rejected. */
bool algorithm_suite_current(const struct algorithm_suite *s, int64_t time_ms);

/* RFC 5698 6.2 to 6.4. */
enum suite_answer {
	SUITE_SUITABLE,
	SUITE_UNSUITABLE,
	SUITE_UNKNOWN, /* the suite does not name it */
};
struct suite_value {
	const char *name;
	int64_t value;
};
/* One algorithm by OID with the parameters that the caller has. */
enum suite_answer algorithm_suite_ask(const struct algorithm_suite *s, const char *oid,
				      const struct suite_value *values, size_t n,
				      int64_t time_ms);
/*
 * algorithm_suite_limits - the suite as algorithm_policy judges it.
 * Evaluations of another usage than signing data, and with parameters that keys do
 * not have, are left out: what they allow is not allowed here.
 * ret_limits  free with mem_free(); their texts are the suite's
 */
int algorithm_suite_limits(const struct algorithm_suite *s,
			   struct algorithm_limit **ret_limits, size_t *ret_n,
			   struct ltps_error *err) LTPS_CHECKED;

#endif
