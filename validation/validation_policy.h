/* SPDX-License-Identifier: Apache-2.0 */
/*
 * validation_policy - how signatures and certificates are judged, as data:
 * policies/validation-*.conf and the algorithm suites that they name
 * (policies/algorithms-*.xml, RFC 5698 with TS 119 322), built into the program, or
 * files of the operator. Policies of EU DSS (constraint.xml) are read too; what of
 * them has no meaning here is named in the notes.
 */
#ifndef LTPS_VALIDATION_VALIDATION_POLICY_H
#define LTPS_VALIDATION_VALIDATION_POLICY_H

#include "base/err.h"
#include "validation/algorithm_policy.h"
#include "validation/algorithm_suite.h"
#include "validation/constraint.h"
#include "validation/path.h"

#define VALIDATION_POLICY_BYTES_MAX ((size_t)1 << 20) /* those of DSS have 30 KB */
#define VALIDATION_POLICY_TEXT_MAX ((size_t)4 << 20)  /* of a dump */

struct validation_policy {
	char *id;
	char *description;
	uint8_t sha256[32]; /* of its text */
	enum path_model model;
	int64_t max_age_ms; /* 0: a status counts until its nextUpdate */
	bool exempt_short_term;
	bool anchor_as_signer_passes; /* 5.2.6.4 step 1 */
	struct constraint_rule rules[CONTEXT_COUNT][CONSTRAINT_COUNT];
	struct algorithm_policy algorithms; /* the plain form of its suite */
	struct algorithm_limit *limits;     /* what it points to; owned */
	struct algorithm_suite *suite; /* owned; where they came from; never NULL */
	char *suite_name;              /* as the policy calls it */
	bool suite_is_builtin; /* its octets are those that LTPS has by this name */
	enum constraint_level out_of_date; /* of a suite past its NextUpdate */
	char **notes;                      /* parts of its text that are not used */
	size_t n_notes;
};

/* A suite that a policy text names: gives its octets. NOT_FOUND (caller) when unknown,
 * then the built-in ones are looked at. */
struct validation_policy_source {
	int (*suite)(void *arg, const char *name, struct buf *out,
		     struct ltps_error *err);
	void *arg;
};
/*
 * validation_policy_parse - strict: an unknown key, constraint, level, algorithm or
 * date is refused, and so is lowering what may not be lowered. A text that begins
 * with '<' is a policy of DSS.
 * name    for error texts
 * source  NULL: the built-in suites only
 * ret_p   free with validation_policy_free()
 * Fails:  FORMAT (caller) with file and line; NOT_FOUND for a suite; UNSUPPORTED
 *         (caller) for a signature policy of TS 119 172-2, with its parts; NOMEM
 */
int validation_policy_parse(struct view text, const char *name,
			    const struct validation_policy_source *source,
			    struct validation_policy **ret_p,
			    struct ltps_error *err) LTPS_CHECKED;
/*
 * validation_policy_builtin - "default" is policies/validation-default.conf; its id
 * is a name too.
 * Fails: NOT_FOUND (caller); NOMEM
 */
int validation_policy_builtin(const char *name, struct validation_policy **ret_p,
			      struct ltps_error *err) LTPS_CHECKED;
/* i-th of the built-in ones, "default"; false past the end. */
#define VALIDATION_POLICY_NAME_MAX 128
bool validation_policy_builtin_name(size_t i, char out[VALIDATION_POLICY_NAME_MAX]);
void validation_policy_free(struct validation_policy *p); /* NULL-safe */
/* Writes what the policy says of paths into an input; borrows the policy. */
void validation_policy_apply(const struct validation_policy *p, struct path_input *in);

/*
 * Whether the suite is past its NextUpdate at a time. FAIL as the level means that no
 * judgement may rest on it (RFC 5698 6.2): POLICY_PROCESSING_ERROR; IGNORE is never
 * given.
 */
bool validation_policy_outdated(const struct validation_policy *p, int64_t time_ms,
				enum constraint_level *ret_level);

/*
 * The whole resolved policy, the same octets for the same policy: as a text that
 * validation_policy_parse() reads again where the suite is known by its name, with the
 * algorithms as comments; or as JSON.
 * out  made by buf_make(VALIDATION_POLICY_TEXT_MAX)
 */
int validation_policy_text(const struct validation_policy *p, struct buf *out,
			   struct ltps_error *err) LTPS_CHECKED;
/* Whether its text is all that is needed: its suite, octet for octet, is the one that
 * LTPS brings along by that name. */
bool validation_policy_is_whole(const struct validation_policy *p);
int validation_policy_json(const struct validation_policy *p, struct buf *out,
			   struct ltps_error *err) LTPS_CHECKED;

static inline const struct constraint_rule *
validation_policy_rule(const struct validation_policy *p,
		       enum constraint_context context, enum constraint c)
{
	return &p->rules[context][c];
}

#endif
