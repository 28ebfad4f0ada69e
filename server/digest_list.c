/* SPDX-License-Identifier: Apache-2.0 */
/* digest_list - which form it is, the JSON form, and what both forms share. */
#include "server/digest_list.h"

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

/* ---- both forms ---- */

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

/* What is longer than any digest stays a value, of the wrong length. */
int digest_list_add(struct ltp_digest_list *list, size_t *cap, struct view base64,
		    struct ltps_error *err)
{
	struct buf value = buf_make(DIGEST_MAX * 2);
	if (list->n == DIGEST_LIST_VALUES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER,
				 "TS 119 512 5.6.1", "more than %d values",
				 DIGEST_LIST_VALUES_MAX);
	if (b64_decode(base64, true, &value, err) != 0 ||
	    mem_grow(&list->values, sizeof(*list->values), list->n + 1, cap, err) !=
		0) {
		buf_free(&value);
		return -1;
	}
	struct digest *d = &list->values[list->n];
	*d = (struct digest){ .alg = list->alg, .n = value.n };
	if (value.n <= DIGEST_MAX && value.n > 0)
		memcpy(d->p, value.p, value.n);
	buf_free(&value);
	if (d->n == 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER,
				 "TS 119 512 5.6.1", "is empty");
	const size_t len = digest_len(list->alg);
	list->n_wrong_len += len != 0 && d->n != len;
	list->n++;
	return 0;
}

/* ---- JSON ---- */

struct raw_list {
	const char *alg;
	struct texts values;
	struct read_evidence evidence;
};

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

static bool take_values(struct reader *r, const struct texts *values,
			struct ltp_digest_list *list)
{
	size_t cap = 0;
	if (values->n == 0)
		return reader_refuse(r, LTP_PARAMETER_ERROR, "digVal is empty");
	for (size_t i = 0; i < values->n; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		if (digest_list_add(list, &cap, view_text(values->p[i]), &err) == 0)
			continue;
		r->nomem = err.code == LTPS_NOMEM;
		return !r->nomem && reader_refuse(r, LTP_PARAMETER_ERROR,
						  "digVal[%zu]: %s", i, err.text);
	}
	return true;
}

static bool take_evidence(struct reader *r, const struct read_evidence *e,
			  struct ltp_digest_list *list)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	list->has_evidence = e->given;
	if (!e->given)
		return true;
	list->evidence = buf_make(e->po.data.n);
	if (e->po.format_id != NULL &&
	    (list->evidence_format = mem_dup_text(e->po.format_id)) == NULL)
		r->nomem = true;
	else if (buf_put(&list->evidence, e->po.data, &err) != 0)
		r->nomem = true;
	return !r->nomem;
}

static bool read_list(struct reader *r, const json_t *doc, struct ltp_digest_list *list)
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
	return take_values(r, &raw.values, list) &&
	       take_evidence(r, &raw.evidence, list);
}

static int read_json(struct view json, struct ltp_digest_list *ret_list,
		     struct ltp_result *ret_refusal, struct ltps_error *err)
{
	void **lists = NULL;
	size_t n_lists = 0;
	struct json_cut cut = { .small = buf_make(0) };
	struct ltp_digest_list list = { .alg = DIGEST_NONE };
	json_t *doc = NULL;
	struct reader r = { .cut = &cut,
			    .lists = &lists,
			    .n_lists = &n_lists,
			    .refusal = ret_refusal };
	int rc = -1;
	/* Decoding happens in place, and the object's bytes must stay. */
	uint8_t *copy = mem_dup(json.p, json.n);
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
	if (doc != NULL && read_list(&r, doc, &list)) {
		*ret_list = list;
		list = (struct ltp_digest_list){ .alg = DIGEST_NONE };
	}
	rc = r.nomem ? ltps_fail_nomem(err) : 0;
out:
	ltp_digest_list_clear(&list);
	json_decref(doc);
	reader_free_lists(lists, n_lists);
	json_cut_free(&cut);
	mem_free(copy);
	return rc;
}

/* ---- either form ---- */

int digest_list_read(struct view data, struct ltp_digest_list *ret_list,
		     struct ltp_result *ret_refusal, struct ltps_error *err)
{
	static const uint8_t bom[] = { 0xef, 0xbb, 0xbf };
	const struct view mark = view_of(bom, sizeof(bom));
	struct view v = view_trim(view_starts(data, mark) ? view_skip(data, 3) : data);
	result_set(ret_refusal, LTP_OK, "%s", "");
	*ret_list = (struct ltp_digest_list){ .alg = DIGEST_NONE };
	return v.n > 0 && v.p[0] == '<'
		   ? digest_list_read_xml(data, ret_list, ret_refusal, err)
		   : read_json(data, ret_list, ret_refusal, err);
}

static bool is_list(const struct ltp_po *po)
{
	return po->format_id != NULL && strcmp(po->format_id, DIGEST_LIST_FORMAT) == 0;
}

void digest_lists_free(struct ltp_digest_list *lists, size_t n)
{
	for (size_t i = 0; lists != NULL && i < n; i++)
		ltp_digest_list_clear(&lists[i]);
	mem_free(lists);
}

int digest_lists_read(struct ltp_po *pos, size_t n, const char *member,
		      struct ltp_digest_list **ret_lists,
		      struct ltp_result *ret_refusal, struct ltps_error *err)
{
	struct ltp_result why = { .minor = LTP_OK };
	struct ltp_digest_list *lists = NULL;
	size_t i = 0;
	result_set(ret_refusal, LTP_OK, "%s", "");
	*ret_lists = NULL;
	while (i < n && !is_list(&pos[i]))
		i++;
	if (i == n)
		return 0;
	lists = mem_zalloc(n, sizeof(*lists));
	if (lists == NULL)
		return ltps_fail_nomem(err);
	for (; i < n && why.minor == LTP_OK; i++) {
		if (!is_list(&pos[i]))
			continue;
		if (digest_list_read(pos[i].data, &lists[i], &why, err) != 0) {
			digest_lists_free(lists, n);
			return -1;
		}
		if (why.minor == LTP_OK)
			pos[i].digests = &lists[i];
		else
			result_set(ret_refusal, LTP_PO_FORMAT_ERROR,
				   "%s[%zu]: DigestList: %.200s", member, i,
				   why.message);
	}
	*ret_lists = lists;
	return 0;
}
