/* SPDX-License-Identifier: Apache-2.0 */
/*
 * algorithm_suite_json - a suite in the schema of TS 119 322, and the JWS around it
 * or in it. The only user of jansson outside the service.
 */
#include <jansson.h>
#include <string.h>

#include "base/mem.h"
#include "validation/algorithm_suite_private.h"

#define ROOT "SecuritySuitabilityPolicy"
#define ROOT_TYPE "SecuritySuitabilityPolicyType"
/* sigD by reference: TS 119 182-1 5.2.8.3.2. */
#define BY_URI_HASH "http://uri.etsi.org/19182/ObjectIdByURIHash"

static struct view text_of(const json_t *j)
{
	return json_is_string(j) ? view_of(json_string_value(j), json_string_length(j))
				 : VIEW_NULL;
}

/* Members of an object are those named, nothing else; the list ends with NULL. */
static int check_members(const struct suite_reader *r, const char *what, json_t *object,
			 const char *const *names, struct ltps_error *err)
{
	const char *key;
	json_t *value;
	if (!json_is_object(object))
		return suite_fail(r, err, "%s is no object", what);
	json_object_foreach(object, key, value)
	{
		size_t i = 0;
		while (names[i] != NULL && strcmp(names[i], key) != 0)
			i++;
		if (names[i] == NULL)
			return suite_fail(r, err, "%s: unknown member %.60s", what,
					  key);
	}
	return 0;
}

/* A text into the suite; absent is allowed unless required. */
static int keep(struct suite_reader *r, json_t *object, const char *name, bool required,
		const char **ret, struct ltps_error *err)
{
	json_t *j = json_object_get(object, name);
	if (j == NULL && !required)
		return 0;
	if (!json_is_string(j) || text_of(j).n > SUITE_TEXT_MAX)
		return suite_fail(r, err, "%s is missing or no text", name);
	return suite_text(r->s, text_of(j), ret, err);
}

/* One text, or an array of them, each to `add`. */
static int each_text(struct suite_reader *r, json_t *j, const char *what,
		     int (*add)(struct suite_reader *, struct view,
				struct ltps_error *),
		     struct ltps_error *err)
{
	const size_t n = json_is_array(j) ? json_array_size(j) : 1;
	for (size_t i = 0; i < n; i++) {
		json_t *one = json_is_array(j) ? json_array_get(j, i) : j;
		if (!json_is_string(one) || text_of(one).n > SUITE_TEXT_MAX)
			return suite_fail(r, err, "%s is no text", what);
		if (add(r, text_of(one), err) != 0)
			return -1;
	}
	return 0;
}

/* ---- an evaluation ---- */

static int read_bound(struct suite_reader *r, json_t *parameter, bool max,
		      struct ltps_error *err)
{
	const char *name = max ? "Max" : "Min";
	json_t *j = json_object_get(parameter, name);
	char digits[32];
	if (j == NULL)
		return 0;
	if (json_is_string(j)) {
		r->mended[MEND_NUMBER_TEXT]++;
		return suite_set_bound(r, max, text_of(j), err);
	}
	if (!json_is_integer(j) || json_integer_value(j) < 0)
		return suite_fail(r, err, "Parameter: %s is no number", name);
	snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT,
		 json_integer_value(j));
	return suite_set_bound(r, max, view_text(digits), err);
}

static int read_parameter(struct suite_reader *r, json_t *j, struct ltps_error *err)
{
	static const char *const names[] = { "name", "Min", "Max", "Any", NULL };
	if (check_members(r, "Parameter", j, names, err) != 0 ||
	    suite_add_parameter(r, text_of(json_object_get(j, "name")), err) != 0 ||
	    read_bound(r, j, false, err) != 0 || read_bound(r, j, true, err) != 0)
		return -1;
	if (json_object_get(j, "Any") != NULL)
		suite_evaluation(r)->foreign = true;
	return 0;
}

static int read_parameters(struct suite_reader *r, json_t *j, struct ltps_error *err)
{
	if (j == NULL)
		return 0;
	if (json_is_object(j)) {
		r->mended[MEND_PARAMETER_OBJECT]++;
		return read_parameter(r, j, err);
	}
	if (!json_is_array(j))
		return suite_fail(r, err, "Parameter is no array");
	for (size_t i = 0; i < json_array_size(j); i++)
		if (read_parameter(r, json_array_get(j, i), err) != 0)
			return -1;
	return 0;
}

static int read_validity(struct suite_reader *r, json_t *j, struct ltps_error *err)
{
	static const char *const names[] = { "Start", "End", NULL };
	if (j == NULL)
		return 0;
	if (check_members(r, "Validity", j, names, err) != 0)
		return -1;
	r->validity = true;
	for (int end = 0; end < 2; end++) {
		json_t *day = json_object_get(j, names[end]);
		if (day == NULL)
			continue;
		if (!json_is_string(day))
			return suite_fail(r, err, "%s is no text", names[end]);
		if (suite_set_day(r, end == 1, text_of(day), err) != 0)
			return -1;
	}
	return 0;
}

static int read_evaluation(struct suite_reader *r, json_t *j, struct ltps_error *err)
{
	static const char *const names[] = {
		"Parameter", "Validity", "AlgorithmUsage", "Recommendation", "Any", NULL
	};
	json_t *usage = json_object_get(j, "AlgorithmUsage");
	json_t *recommendation = json_object_get(j, "Recommendation");
	if (suite_add_evaluation(r, err) != 0 ||
	    check_members(r, "Evaluation", j, names, err) != 0 ||
	    read_parameters(r, json_object_get(j, "Parameter"), err) != 0 ||
	    read_validity(r, json_object_get(j, "Validity"), err) != 0)
		return -1;
	if (usage != NULL &&
	    each_text(r, usage, "AlgorithmUsage", suite_add_usage, err) != 0)
		return -1;
	if (recommendation != NULL &&
	    suite_set_recommendation(r, text_of(recommendation), err) != 0)
		return -1;
	if (json_object_get(j, "Any") != NULL)
		suite_evaluation(r)->foreign = true;
	return suite_end_evaluation(r, err);
}

static int read_evaluations(struct suite_reader *r, json_t *j, struct ltps_error *err)
{
	if (json_is_object(j)) {
		r->mended[MEND_EVALUATION_OBJECT]++;
		return read_evaluation(r, j, err);
	}
	if (!json_is_array(j))
		return suite_fail(r, err, "Evaluation is missing or no array");
	for (size_t i = 0; i < json_array_size(j); i++)
		if (read_evaluation(r, json_array_get(j, i), err) != 0)
			return -1;
	return 0;
}

/* ---- an algorithm ---- */

static int read_identifier(struct suite_reader *r, json_t *j, struct ltps_error *err)
{
	static const char *const names[] = { "Name", "ObjectIdentifier",
					     "Objectidentifier", "URI", NULL };
	json_t *oid = json_object_get(j, "ObjectIdentifier");
	json_t *misspelt = json_object_get(j, "Objectidentifier");
	json_t *uri = json_object_get(j, "URI");
	if (check_members(r, "AlgorithmIdentifier", j, names, err) != 0 ||
	    keep(r, j, "Name", true, &r->algorithm->name, err) != 0)
		return -1;
	if (misspelt != NULL) {
		if (oid != NULL)
			return suite_fail(r, err, "ObjectIdentifier in two spellings");
		oid = misspelt;
		r->mended[MEND_OID_KEY]++;
	}
	if (oid != NULL &&
	    each_text(r, oid, "ObjectIdentifier", suite_add_oid, err) != 0)
		return -1;
	return uri != NULL ? each_text(r, uri, "URI", suite_add_uri, err) : 0;
}

static int read_algorithm(struct suite_reader *r, json_t *j, struct ltps_error *err)
{
	static const char *const names[] = { "AlgorithmIdentifier", "Evaluation",
					     "Information", "Any", NULL };
	if (suite_add_algorithm(r, err) != 0 ||
	    check_members(r, "Algorithm", j, names, err) != 0 ||
	    read_identifier(r, json_object_get(j, "AlgorithmIdentifier"), err) != 0)
		return -1;
	if (json_object_get(j, "Any") != NULL &&
	    suite_note(r->s, err, "left aside: an extension of %s",
		       r->algorithm->name) != 0)
		return -1;
	if (read_evaluations(r, json_object_get(j, "Evaluation"), err) != 0)
		return -1;
	return suite_end_algorithm(r, err);
}

/* ---- JWS ---- */

/* The parts of one, in their encoded forms. */
struct jws {
	struct view protected, payload, signature;
	bool has_payload;
};

/* RFC 7515 7.1: three parts and two points. */
static bool split_compact(struct view v, struct jws *ret)
{
	const uint8_t *first = v.n > 0 ? memchr(v.p, '.', v.n) : NULL;
	if (first == NULL)
		return false;
	const struct view rest = view_skip(v, (size_t)(first - v.p) + 1);
	const uint8_t *second = rest.n > 0 ? memchr(rest.p, '.', rest.n) : NULL;
	if (second == NULL)
		return false;
	ret->protected = view_head(v, (size_t)(first - v.p));
	ret->payload = view_head(rest, (size_t)(second - rest.p));
	ret->signature = view_skip(rest, (size_t)(second - rest.p) + 1);
	ret->has_payload = ret->payload.n > 0;
	return memchr(second + 1, '.', ret->signature.n) == NULL;
}

/* RFC 7515 7.2.2. */
static int split_flattened(struct suite_reader *r, json_t *j, struct jws *ret,
			   struct ltps_error *err)
{
	static const char *const names[] = { "protected", "payload", "signature",
					     "header", NULL };
	if (check_members(r, "Signature", j, names, err) != 0)
		return -1;
	ret->protected = text_of(json_object_get(j, "protected"));
	ret->payload = text_of(json_object_get(j, "payload"));
	ret->signature = text_of(json_object_get(j, "signature"));
	ret->has_payload = ret->payload.n > 0;
	if (ret->protected.n == 0 || ret->signature.n == 0)
		return suite_fail(r, err, "Signature: no flattened JWS");
	return 0;
}

static bool understood(const char *critical)
{
	return strcmp(critical, "sigD") == 0;
}

/* RFC 7515 4.1.11: what is critical must be understood. */
static int check_critical(struct suite_reader *r, json_t *header,
			  struct ltps_error *err)
{
	json_t *crit = json_object_get(header, "crit");
	if (crit != NULL && !json_is_array(crit))
		return suite_fail(r, err, "Signature: crit is no array");
	for (size_t i = 0; i < json_array_size(crit); i++) {
		const char *name = json_string_value(json_array_get(crit, i));
		if (name == NULL || !understood(name))
			return suite_fail(r, err, "Signature: critical header %.40s",
					  name != NULL ? name : "?");
	}
	return 0;
}

/* Reads a text; what is wrong with it is said by the caller. NOMEM stays NOMEM. */
static json_t *load(struct view text, json_error_t *e, struct ltps_error *err)
{
	json_t *j = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, e);
	if (j == NULL && json_error_code(e) == json_error_out_of_memory)
		ltps_fail_nomem(err);
	return j;
}

/* base64url decoded and read as an object; free with json_decref(). */
static int decode_object(struct suite_reader *r, const char *what, struct view text,
			 json_t **ret, struct ltps_error *err)
{
	struct buf bytes = buf_make(SUITE_BYTES_MAX);
	struct ltps_error inner = LTPS_ERROR_INIT;
	json_error_t ignored;
	int rc = 0;
	*ret = NULL;
	if (suite_base64url(text, &bytes, &inner) == 0)
		*ret = load(view_buf(&bytes), &ignored, &inner);
	if (inner.code == LTPS_NOMEM) {
		rc = ltps_fail_nomem(err);
	} else if (inner.code != LTPS_OK) {
		rc = suite_fail(r, err, "%s is not base64url", what);
	} else if (!json_is_object(*ret)) {
		json_decref(*ret);
		*ret = NULL;
		rc = suite_fail(r, err, "%s is no JSON object", what);
	}
	buf_free(&bytes);
	return rc;
}

/* Whether the header says that what is signed stands elsewhere; the note names it. */
static int look_elsewhere(struct suite_reader *r, json_t *header, bool *ret,
			  struct ltps_error *err)
{
	json_t *d = json_object_get(header, "sigD");
	const char *how = json_string_value(json_object_get(d, "mId"));
	const char *what =
	    json_string_value(json_array_get(json_object_get(d, "pars"), 0));
	*ret = how != NULL && strcmp(how, BY_URI_HASH) == 0;
	if (!*ret)
		return 0;
	return suite_note(r->s, err,
			  "its signature verifies, but over the document \"%.100s\"",
			  what != NULL ? what : "?");
}

static int decode_certificate(struct suite_reader *r, json_t *header, struct buf *out,
			      struct ltps_error *err)
{
	json_t *first = json_array_get(json_object_get(header, "x5c"), 0);
	struct ltps_error inner = LTPS_ERROR_INIT;
	if (json_object_get(header, "x5c") == NULL)
		return 0;
	if (b64_decode(text_of(first), false, out, &inner) == 0 && out->n > 0)
		return 0;
	return inner.code == LTPS_NOMEM
		   ? ltps_fail_nomem(err)
		   : suite_fail(r, err, "Signature: x5c holds no certificate");
}

/* With a certificate and what was signed: it verifies, or the file is refused. */
static int check_signature(struct suite_reader *r, const struct jws *j, json_t *header,
			   struct view certificate, enum suite_signature good,
			   struct ltps_error *err)
{
	struct buf input = buf_make(2 * SUITE_BYTES_MAX);
	struct buf value = buf_make(SUITE_TEXT_MAX);
	struct ltps_error inner = LTPS_ERROR_INIT;
	int rc = -1;

	if (buf_put(&input, j->protected, err) != 0 ||
	    buf_put_byte(&input, '.', err) != 0 ||
	    buf_put(&input, j->payload, err) != 0)
		goto out;
	if (suite_base64url(j->signature, &value, &inner) != 0) {
		if (inner.code == LTPS_NOMEM)
			ltps_fail_nomem(err);
		else
			suite_fail(r, err, "Signature: the value is not base64url");
		goto out;
	}
	const struct suite_jws jws = {
		.algorithm = text_of(json_object_get(header, "alg")),
		.signing_input = view_buf(&input),
		.signature = view_buf(&value),
		.certificate = certificate,
	};
	rc = suite_jws_verify(r, &jws, err);
	if (rc == 0)
		r->s->signature = good;
out:
	buf_free(&input);
	buf_free(&value);
	return rc;
}

/* own: the payload is this file. */
static int read_jws(struct suite_reader *r, const struct jws *j, bool own,
		    struct ltps_error *err)
{
	struct buf certificate = buf_make(SUITE_BYTES_MAX);
	json_t *header = NULL;
	bool elsewhere = false;
	int rc = -1;

	r->s->signature = SUITE_SIGNATURE_UNVERIFIED;
	if (decode_object(r, "Signature: the protected header", j->protected, &header,
			  err) != 0 ||
	    check_critical(r, header, err) != 0 ||
	    decode_certificate(r, header, &certificate, err) != 0)
		goto out;
	if (certificate.n == 0) {
		rc = suite_note(r->s, err,
				"its signature was not verified: no x5c in it");
		goto out;
	}
	if (!own && look_elsewhere(r, header, &elsewhere, err) != 0)
		goto out;
	if (!own && !elsewhere && !j->has_payload) {
		rc = suite_note(r->s, err,
				"its signature was not verified: detached, and the "
				"header does not say from what");
		goto out;
	}
	rc = check_signature(r, j, header, view_buf(&certificate),
			     own ? SUITE_SIGNATURE_VERIFIES : SUITE_SIGNATURE_ELSEWHERE,
			     err);
out:
	json_decref(header);
	buf_free(&certificate);
	return rc;
}

/* The member of the suite, TS 119 322: a compact JWS as text, or a flattened one. */
static int read_signature(struct suite_reader *r, json_t *j, struct ltps_error *err)
{
	struct jws jws;
	if (j == NULL)
		return 0;
	if (json_is_object(j))
		return split_flattened(r, j, &jws, err) == 0
			   ? read_jws(r, &jws, false, err)
			   : -1;
	if (!json_is_string(j) || !split_compact(text_of(j), &jws))
		return suite_fail(r, err,
				  "Signature is neither a compact nor a flattened JWS");
	return read_jws(r, &jws, false, err);
}

/* ---- the suite ---- */

static int read_head(struct suite_reader *r, json_t *j, struct ltps_error *err)
{
	static const char *const policy[] = { "Name", "ObjectIdentifier", "URI", NULL };
	static const char *const publisher[] = { "Name", "Address", "URI", NULL };
	json_t *name = json_object_get(j, "PolicyName");
	json_t *who = json_object_get(j, "Publisher");
	json_t *issued = json_object_get(j, "PolicyIssueDate");
	json_t *next = json_object_get(j, "NextUpdate");
	struct algorithm_suite *s = r->s;

	if (check_members(r, "PolicyName", name, policy, err) != 0 ||
	    keep(r, name, "Name", true, &s->name, err) != 0 ||
	    keep(r, name, "ObjectIdentifier", false, &s->oid, err) != 0 ||
	    keep(r, name, "URI", false, &s->uri, err) != 0 ||
	    check_members(r, "Publisher", who, publisher, err) != 0 ||
	    keep(r, who, "Name", true, &s->publisher, err) != 0 ||
	    keep(r, j, "Usage", false, &s->usage, err) != 0 ||
	    keep(r, j, "version", false, &s->version, err) != 0 ||
	    keep(r, j, "lang", false, &s->lang, err) != 0 ||
	    keep(r, j, "id", false, &s->id, err) != 0)
		return -1;
	if (suite_time(r, "PolicyIssueDate", text_of(issued), &s->issued_ms, err) != 0)
		return -1;
	return next == NULL ? 0
			    : suite_time(r, "NextUpdate", text_of(next),
					 &s->next_update_ms, err);
}

static int read_suite(struct suite_reader *r, json_t *j, struct ltps_error *err)
{
	static const char *const names[] = {
		"PolicyName", "Publisher", "PolicyIssueDate", "NextUpdate", "Usage",
		"Algorithm",  "Signature", "version",         "lang",       "id",
		NULL
	};
	json_t *list = json_object_get(j, "Algorithm");
	if (check_members(r, ROOT, j, names, err) != 0 || read_head(r, j, err) != 0)
		return -1;
	if (!json_is_array(list))
		return suite_fail(r, err, "Algorithm is missing or no array");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (read_algorithm(r, json_array_get(list, i), err) != 0)
			return -1;
	return read_signature(r, json_object_get(j, "Signature"), err);
}

static int read_root(struct suite_reader *r, json_t *root, struct ltps_error *err)
{
	static const char *const names[] = { ROOT, ROOT_TYPE, NULL };
	json_t *j = json_object_get(root, ROOT);
	if (check_members(r, "the file", root, names, err) != 0)
		return -1;
	if (j == NULL) {
		j = json_object_get(root, ROOT_TYPE);
		r->mended[MEND_ROOT_NAME]++;
	}
	if (json_object_size(root) != 1)
		return suite_fail(r, err, "the file holds not one " ROOT);
	return read_suite(r, j, err);
}

/* A whole file that is a JWS: what it signs is the suite. */
static int read_signed(struct suite_reader *r, const struct jws *jws,
		       struct ltps_error *err)
{
	json_t *root = NULL;
	if (read_jws(r, jws, true, err) != 0 ||
	    decode_object(r, "the payload", jws->payload, &root, err) != 0)
		return -1;
	const enum suite_signature kept = r->s->signature;
	int rc = read_root(r, root, err);
	if (rc == 0)
		r->s->signature = kept;
	json_decref(root);
	return rc;
}

static struct view trim(struct view v)
{
	while (v.n > 0 && v.p[0] <= ' ')
		v = view_skip(v, 1);
	while (v.n > 0 && v.p[v.n - 1] <= ' ')
		v.n--;
	return v;
}

int suite_read_json(struct suite_reader *r, struct view in, struct ltps_error *err)
{
	struct jws jws;
	json_error_t e;
	int rc;
	in = trim(in);
	if (in.n > 0 && in.p[0] != '{') {
		if (split_compact(in, &jws) && jws.has_payload)
			return read_signed(r, &jws, err);
		return suite_fail(r, err, "neither XML, nor JSON, nor a JWS");
	}
	json_t *root = load(in, &e, err);
	if (root == NULL)
		return err->code == LTPS_NOMEM
			   ? -1
			   : suite_fail(r, err, "line %d: %.100s", e.line, e.text);
	if (json_object_get(root, "payload") != NULL)
		rc = split_flattened(r, root, &jws, err) == 0
			 ? read_signed(r, &jws, err)
			 : -1;
	else
		rc = read_root(r, root, err);
	json_decref(root);
	return rc;
}
