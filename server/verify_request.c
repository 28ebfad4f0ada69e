/* SPDX-License-Identifier: Apache-2.0 */
#include "server/verify_request.h"
#include "server/digest_list.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "server/api_json_in.h"
#include "server/api_json_read.h"
#include "server/digest_option.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct raw_digest {
	const char *alg, *value;
};
struct raw_document {
	const char *id;
	const char *data;
	struct raw_digest digests[DIGEST_ALG_COUNT];
	size_t n_digests;
};
struct raw {
	const char *id;
	struct texts profiles, policies;
	const char *language, *spec_time;
	struct raw_document document, hash, signature;
	bool has_document, has_hash, has_signature, current;
	bool want_time, want_signing_time;
};

/* ---- values ---- */

static bool read_flag(struct reader *r, const json_t *v, void *at)
{
	const bool value = json_is_true(v);
	if (!json_is_boolean(v))
		return reader_refuse(r, LTP_PARAMETER_ERROR, "must be true or false");
	memcpy(at, &value, sizeof(value));
	return true;
}

/* What may be asked for, and is not done here. */
static bool read_unwanted_flag(struct reader *r, const json_t *v, void *at)
{
	(void)at;
	if (json_is_false(v))
		return true;
	return reader_refuse(r, LTP_NOT_SUPPORTED, "is not supported");
}

static bool read_nothing(struct reader *r, const json_t *v, void *at)
{
	(void)r;
	(void)v;
	(void)at;
	return true;
}

/* dsb-Base64DataType: the value itself; no reference, no transforms. */
static bool read_base64(struct reader *r, const json_t *v, void *at)
{
	static const struct member members[] = {
		{ "val", read_text, 0, true },
		{ "mimeType", read_nothing, 0, false },
		{ "ID", read_nothing, 0, false },
	};
	return read_object_minor(r, v, members, COUNT(members), at, LTP_NOT_SUPPORTED);
}

/* The single item of an array. */
static bool read_one(struct reader *r, const json_t *v, const struct member *members,
		     size_t n, void *at, bool *ret_has)
{
	if (!json_is_array(v) || json_array_size(v) == 0)
		return reader_refuse(r, LTP_PARAMETER_ERROR, "must be an array");
	if (json_array_size(v) > 1)
		return reader_refuse(r, LTP_NOT_SUPPORTED,
				     "more than one is not supported");
	const size_t before = reader_push_index(r, 0);
	if (!read_object_minor(r, json_array_get(v, 0), members, n, at,
			       LTP_NOT_SUPPORTED))
		return false;
	reader_pop(r, before);
	*ret_has = true;
	return true;
}

/* ---- documents ---- */

static bool read_document(struct reader *r, const json_t *v, void *at)
{
	static const struct member members[] = {
		{ "ID", read_text, offsetof(struct raw_document, id), false },
		{ "refURI", read_nothing, 0, false },
		{ "refType", read_nothing, 0, false },
		{ "b64Data", read_base64, offsetof(struct raw_document, data), true },
	};
	struct raw *raw = at;
	return read_one(r, v, members, COUNT(members), &raw->document,
			&raw->has_document);
}

static bool read_digests(struct reader *r, const json_t *v, void *at)
{
	static const struct member members[] = {
		{ "alg", read_text, offsetof(struct raw_digest, alg), true },
		{ "val", read_text, offsetof(struct raw_digest, value), true },
	};
	struct raw_document *d = at;
	const size_t n = json_array_size(v);
	if (!json_is_array(v) || n == 0 || n > COUNT(d->digests))
		return reader_refuse(r, LTP_PARAMETER_ERROR,
				     "must be an array of digests");
	for (size_t i = 0; i < n; i++) {
		const size_t before = reader_push_index(r, i);
		if (!read_object(r, json_array_get(v, i), members, COUNT(members),
				 &d->digests[i]))
			return false;
		reader_pop(r, before);
	}
	d->n_digests = n;
	return true;
}

static bool read_hash(struct reader *r, const json_t *v, void *at)
{
	static const struct member members[] = {
		{ "ID", read_text, offsetof(struct raw_document, id), false },
		{ "refURI", read_nothing, 0, false },
		{ "refType", read_nothing, 0, false },
		{ "dis", read_digests, 0, true },
	};
	struct raw *raw = at;
	return read_one(r, v, members, COUNT(members), &raw->hash, &raw->has_hash);
}

static bool read_inputs(struct reader *r, const json_t *v, void *at)
{
	static const struct member members[] = {
		{ "doc", read_document, 0, false },
		{ "docHash", read_hash, 0, false },
	};
	return read_object_minor(r, v, members, COUNT(members), at, LTP_NOT_SUPPORTED);
}

static bool read_signature(struct reader *r, const json_t *v, void *at)
{
	static const struct member members[] = {
		{ "b64Sig", read_base64, offsetof(struct raw_document, data), true },
		{ "whichDoc", read_text, offsetof(struct raw_document, id), false },
	};
	struct raw *raw = at;
	return read_one(r, v, members, COUNT(members), &raw->signature,
			&raw->has_signature);
}

/* ---- options ---- */

static bool read_time(struct reader *r, const json_t *v, void *at)
{
	static const struct member members[] = {
		{ "currTime", read_flag, offsetof(struct raw, current), false },
		{ "specTime", read_text, offsetof(struct raw, spec_time), false },
	};
	struct raw *raw = at;
	if (!read_object_minor(r, v, members, COUNT(members), at, LTP_NOT_SUPPORTED))
		return false;
	if (raw->current != (raw->spec_time == NULL))
		return reader_refuse(r, LTP_PARAMETER_ERROR,
				     "is either the current time or a certain one");
	return true;
}

static bool read_options(struct reader *r, const json_t *v, void *at)
{
	static const struct member members[] = {
		{ "policy", read_texts, offsetof(struct raw, policies), false },
		{ "lang", read_text, offsetof(struct raw, language), false },
		{ "nonce", read_nothing, 0, false },
		{ "useVerificationTime", read_time, 0, false },
		{ "returnVerificationTime", read_flag, offsetof(struct raw, want_time),
		  false },
		{ "returnSigningTime", read_flag,
		  offsetof(struct raw, want_signing_time), false },
		{ "returnProcDetails", read_unwanted_flag, 0, false },
		{ "returnSigner", read_unwanted_flag, 0, false },
		{ "verifyManifests", read_unwanted_flag, 0, false },
		{ "enforceAsync", read_unwanted_flag, 0, false },
	};
	return read_object_minor(r, v, members, COUNT(members), at, LTP_NOT_SUPPORTED);
}

static const struct member request_members[] = {
	/* First: an answer names it, whatever else is wrong. */
	{ "reqID", read_text, offsetof(struct raw, id), false },
	{ "profile", read_texts, offsetof(struct raw, profiles), false },
	{ "inDocs", read_inputs, 0, false },
	{ "optInp", read_options, 0, false },
	{ "sigObj", read_signature, 0, false },
};

/* ---- what it means ---- */

static bool decode(struct reader *r, const char *name, const char *text,
		   struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	*out = buf_make(strlen(text) + 1);
	if (b64_decode(view_text(text), true, out, &err) == 0 && out->n > 0)
		return true;
	r->nomem = err.code == LTPS_NOMEM;
	return reader_refuse(r, LTP_PARAMETER_ERROR, "%s: %s", name,
			     err.code != LTPS_OK ? err.text : "is empty");
}

static bool take_digest(struct reader *r, const struct raw_digest *raw,
			struct content *c)
{
	struct buf value = buf_make(0);
	struct digest d = { .alg = digest_alg_of_text(raw->alg) };
	bool good = true;
	if (d.alg == DIGEST_NONE)
		return reader_refuse(r, LTP_NOT_SUPPORTED,
				     "docHash: '%.80s' is no digest that is known",
				     raw->alg);
	if (!decode(r, "docHash", raw->value, &value)) {
		buf_free(&value);
		return false;
	}
	if (value.n != digest_len(d.alg) || c->known[d.alg].alg != DIGEST_NONE) {
		good =
		    reader_refuse(r, LTP_PARAMETER_ERROR,
				  "docHash: not one digest of each algorithm, in its "
				  "length");
	} else {
		d.n = value.n;
		memcpy(d.p, value.p, value.n);
		c->known[d.alg] = d;
		c->digests_only = true;
	}
	buf_free(&value);
	return good;
}

/* The signature is an object of its own, or inside of the document. */
static bool take_objects(struct reader *r, const struct raw *raw,
			 struct verify_request *q)
{
	const struct raw_document *about = raw->has_hash ? &raw->hash : &raw->document;
	if (raw->has_document && raw->has_hash)
		return reader_refuse(r, LTP_NOT_SUPPORTED,
				     "inDocs: doc and docHash together");
	if (!raw->has_signature && !raw->has_document)
		return reader_refuse(r, LTP_PARAMETER_ERROR, "there is no signature");
	if (raw->has_signature && raw->signature.id != NULL &&
	    (about->id == NULL || strcmp(raw->signature.id, about->id) != 0))
		return reader_refuse(r, LTP_PARAMETER_ERROR,
				     "whichDoc names no input document");
	if (!decode(r, raw->has_signature ? "b64Sig" : "b64Data",
		    raw->has_signature ? raw->signature.data : raw->document.data,
		    &q->octets[0]))
		return false;
	q->file = view_buf(&q->octets[0]);
	q->has_content = raw->has_signature && (raw->has_document || raw->has_hash);
	if (raw->has_signature && raw->has_document) {
		if (!decode(r, "b64Data", raw->document.data, &q->octets[1]))
			return false;
		q->content = content_of(view_buf(&q->octets[1]));
	}
	for (size_t i = 0; i < raw->hash.n_digests; i++)
		if (!take_digest(r, &raw->hash.digests[i], &q->content))
			return false;
	return true;
}

static bool take_options(struct reader *r, const struct raw *raw,
			 struct verify_request *q)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	q->time_ms = INT64_MIN;
	q->want_time = raw->want_time;
	q->want_signing_time = raw->want_signing_time;
	for (size_t i = 0; i < raw->profiles.n; i++)
		if (strcmp(raw->profiles.p[i], VERIFY_PROFILE) != 0)
			return reader_refuse(r, LTP_NOT_SUPPORTED,
					     "profile: '%.100s' is not known",
					     raw->profiles.p[i]);
	if (raw->policies.n > 1)
		return reader_refuse(r, LTP_NOT_SUPPORTED,
				     "more than one policy is not supported");
	q->policy = raw->policies.n == 1 ? raw->policies.p[0] : NULL;
	if (raw->spec_time != NULL &&
	    time_parse_rfc3339(view_text(raw->spec_time), &q->time_ms, &err) != 0)
		return reader_refuse(r, LTP_PARAMETER_ERROR,
				     "specTime is not an RFC 3339 time");
	return true;
}

int verify_request_parse(struct view body, struct verify_request *q,
			 struct ltp_result *ret_refusal, bool *ret_json,
			 struct ltps_error *err)
{
	struct json_cut cut = { .small = buf_make(body.n) };
	struct raw raw = { .id = NULL };
	struct reader r = { .cut = &cut,
			    .lists = &q->lists,
			    .n_lists = &q->n_lists,
			    .refusal = ret_refusal };
	ret_refusal->minor = LTP_OK;
	ret_refusal->message[0] = '\0';
	if (buf_put(&cut.small, body, err) != 0)
		return -1;
	json_t *doc = reader_load(&r);
	buf_free(&cut.small);
	q->json = doc;
	*ret_json = doc != NULL;
	if (doc == NULL)
		return r.nomem ? ltps_fail_nomem(err) : 0;
	const bool good =
	    read_object_minor(&r, doc, request_members, COUNT(request_members), &raw,
			      LTP_NOT_SUPPORTED) &&
	    take_objects(&r, &raw, q) && take_options(&r, &raw, q);
	q->id =
	    raw.id != NULL ? raw.id : json_string_value(json_object_get(doc, "reqID"));
	return !good && r.nomem ? ltps_fail_nomem(err) : 0;
}

void verify_request_clear(struct verify_request *r)
{
	buf_free(&r->octets[0]);
	buf_free(&r->octets[1]);
	reader_free_lists(r->lists, r->n_lists);
	json_decref((json_t *)r->json);
	*r = (struct verify_request){ .json = NULL };
}
