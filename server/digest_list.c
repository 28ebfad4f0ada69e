/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON DigestList (TS 119 512 5.6.1). */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/api_json_in.h"
#include "server/api_json_read.h"
#include "server/digest_option.h"
#include "server/result.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* Longer than any OID or URI of an algorithm. */
#define ALG_TEXT_MAX 128

struct raw_list {
	const char *alg;
	struct texts values;
	struct read_evidence evidence;
};

enum digest_alg digest_alg_of_text(const char *text)
{
	static const struct {
		const char *uri;
		enum digest_alg alg;
	} uris[] = {
		{ "http://www.w3.org/2000/09/xmldsig#sha1", DIGEST_SHA1 },
		{ "http://www.w3.org/2001/04/xmldsig-more#sha224", DIGEST_SHA224 },
		{ "http://www.w3.org/2001/04/xmlenc#sha256", DIGEST_SHA256 },
		{ "http://www.w3.org/2001/04/xmldsig-more#sha384", DIGEST_SHA384 },
		{ "http://www.w3.org/2001/04/xmlenc#sha512", DIGEST_SHA512 },
		{ "http://www.w3.org/2007/05/xmldsig-more#sha3-224", DIGEST_SHA3_224 },
		{ "http://www.w3.org/2007/05/xmldsig-more#sha3-256", DIGEST_SHA3_256 },
		{ "http://www.w3.org/2007/05/xmldsig-more#sha3-384", DIGEST_SHA3_384 },
		{ "http://www.w3.org/2007/05/xmldsig-more#sha3-512", DIGEST_SHA3_512 },
	};
	for (size_t i = 0; i < COUNT(uris); i++) {
		if (strcmp(uris[i].uri, text) == 0)
			return uris[i].alg;
	}
	const struct view v = view_text(text);
	const struct view urn = view_text("urn:oid:");
	if (view_starts(v, urn))
		return digest_from_oid_text(view_skip(v, urn.n));
	const enum digest_alg alg = digest_from_oid_text(v);
	return alg != DIGEST_NONE ? alg : digest_from_name(v);
}

/* A string, or the object form of the schema's dangling reference. */
static bool read_alg(struct reader *r, const json_t *v, void *at)
{
	static const struct member members[] = { { "alg", read_text, 0, true } };
	const char *text;
	if (json_is_object(v)) {
		if (!read_object(r, v, members, COUNT(members), at))
			return false;
	} else if (!read_text(r, v, at)) {
		return false;
	}
	memcpy(&text, at, sizeof(text));
	if (text[0] == '\0' || strlen(text) > ALG_TEXT_MAX)
		return reader_refuse(r, LTP_PARAMETER_ERROR, "is not an algorithm");
	return true;
}

static bool check_values(struct reader *r, const struct texts *values,
			 struct digest_list *list)
{
	const size_t len = digest_len(list->alg);
	if (values->n == 0)
		return reader_refuse(r, LTP_PARAMETER_ERROR, "digVal is empty");
	for (size_t i = 0; i < values->n; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf value = buf_make(DIGEST_MAX * 2);
		const int rc = b64_decode(view_text(values->p[i]), true, &value, &err);
		const size_t n = value.n;
		buf_free(&value);
		if (rc != 0 && err.code == LTPS_NOMEM) {
			r->nomem = true;
			return false;
		}
		if (rc != 0 || n == 0)
			return reader_refuse(r, LTP_PARAMETER_ERROR, "digVal[%zu]: %s",
					     i, rc != 0 ? err.text : "is empty");
		list->n_wrong_len += len != 0 && n != len;
	}
	list->n = values->n;
	return true;
}

static bool read_list(struct reader *r, const json_t *doc, struct digest_list *list)
{
	static const struct member members[] = {
		{ "digAlg", read_alg, offsetof(struct raw_list, alg), true },
		{ "digVal", read_texts, offsetof(struct raw_list, values), true },
		{ "ev", read_evidence, offsetof(struct raw_list, evidence), false },
	};
	struct raw_list raw = { 0 };
	if (!read_object(r, doc, members, COUNT(members), &raw))
		return false;
	list->alg = digest_alg_of_text(raw.alg);
	list->has_evidence = raw.evidence.given;
	return check_values(r, &raw.values, list);
}

int digest_list_check(struct view json, struct digest_list *ret_list,
		      struct ltp_result *ret_refusal, struct ltps_error *err)
{
	void **lists = NULL;
	size_t n_lists = 0;
	struct json_cut cut = { .small = buf_make(0) };
	struct digest_list list = { .alg = DIGEST_NONE };
	json_t *doc = NULL;
	struct reader r = { .cut = &cut,
			    .lists = &lists,
			    .n_lists = &n_lists,
			    .refusal = ret_refusal };
	int rc = -1;
	/* Decoding happens in place, and the object's bytes must stay. */
	uint8_t *copy = mem_dup(json.p, json.n);
	result_set(ret_refusal, LTP_OK, "%s", "");
	if (copy == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	if (json_cut_make(copy, json.n, &cut, err) != 0) {
		if (err->code == LTPS_NOMEM)
			goto out;
		rc = result_set(ret_refusal, LTP_PARAMETER_ERROR, "%s", err->text);
		ltps_error_clear(err);
		goto out;
	}
	doc = reader_load(&r);
	if (doc != NULL && read_list(&r, doc, &list))
		*ret_list = list;
	rc = r.nomem ? ltps_fail_nomem(err) : 0;
out:
	json_decref(doc);
	reader_free_lists(lists, n_lists);
	json_cut_free(&cut);
	mem_free(copy);
	return rc;
}
