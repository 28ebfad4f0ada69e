/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/request.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/names.h"
#include "ltp/continued.h"
#include "validation/ers_verify.h"

/* ---- profiles ---- */

bool request_profile_serves(const struct profile *p, enum operation op, int64_t now_ms,
			    struct ltp_result *r)
{
	if (!profile_active(p, now_ms))
		refuse(r, LTP_NOT_SUPPORTED, "the profile '%s' is not active", p->id);
	else if ((p->operations & 1u << op) == 0)
		refuse(r, LTP_NOT_SUPPORTED, "the profile does not offer %s",
		       operation_name(op));
	else
		return true;
	return false;
}

/* ---- POs ---- */

static bool text_fits(const char *s, size_t max)
{
	return s == NULL || strlen(s) <= max;
}

static bool ids_stand(const struct ltp_po *pos, size_t n, const struct named *names,
		      size_t n_names, struct ltp_result *r)
{
	for (size_t i = 0; i < n; i++) {
		const char *id = pos[i].id;
		const size_t first =
		    id != NULL ? names[names_find(names, n_names, id)].i : i;
		if (first != i) {
			refuse(r, LTP_PARAMETER_ERROR,
			       "po[%zu].id '%s' stands at po[%zu] already", i, id,
			       first);
			return false;
		}
		for (size_t m = 0; m < pos[i].n_related; m++)
			if (names_find(names, n_names, pos[i].related[m]) == n_names) {
				refuse(
				    r, LTP_PARAMETER_ERROR,
				    "po[%zu].relObj names '%s', which is not in this "
				    "request",
				    i, pos[i].related[m]);
				return false;
			}
	}
	return true;
}

/* Ids are unique in the message and references point into it (5.4.5). */
static int ids_hold(const struct ltp_po *pos, size_t n, bool *ret_hold,
		    struct ltp_result *r, struct ltps_error *err)
{
	size_t n_names = 0;
	struct named *names = mem_zalloc(n, sizeof(*names));
	if (names == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		if (pos[i].id != NULL)
			names[n_names++] = (struct named){ .text = pos[i].id, .i = i };
	names_sort(names, n_names);
	*ret_hold = ids_stand(pos, n, names, n_names, r);
	mem_free(names);
	return 0;
}

/* Ids are kept as one text with blanks between; xs:ID has neither (5.4.5). */
static bool id_is_plain(const char *id)
{
	return id == NULL ||
	       (id[0] != '\0' && strchr(id, ' ') == NULL && text_is_clean(id));
}

static bool related_fit(const struct ltp_po *po)
{
	size_t n = 0;
	for (size_t i = 0; i < po->n_related && n <= STORE_SUBJECT_MAX; i++)
		n += strlen(po->related[i]) + 1;
	return po->n_related <= RELATED_MAX && n <= STORE_SUBJECT_MAX;
}

static bool texts_clean(const struct ltp_po *po, size_t i, struct ltp_result *r)
{
	const char *what = NULL;
	if (!id_is_plain(po->id))
		what = "id";
	else if (!text_is_clean(po->format_id))
		what = "formatId";
	else if (!text_is_clean(po->mime))
		what = "mimeType";
	else if (!text_is_clean(po->pronom))
		what = "pronomId";
	if (what != NULL)
		refuse(r, LTP_PARAMETER_ERROR,
		       "po[%zu].%s is empty, or holds a blank or control character", i,
		       what);
	return what == NULL;
}

static bool texts_fit(const struct ltp_po *po, size_t i, struct ltp_result *r)
{
	const char *what = NULL;
	if (!text_fits(po->id, PO_ID_MAX))
		what = "id";
	else if (!text_fits(po->format_id, STORE_URI_MAX))
		what = "formatId";
	else if (!text_fits(po->mime, MIME_MAX))
		what = "mimeType";
	else if (!text_fits(po->pronom, MIME_MAX))
		what = "pronomId";
	else if (!related_fit(po))
		what = "relObj";
	if (what != NULL)
		refuse(r, LTP_PARAMETER_ERROR, "po[%zu].%s is too long", i, what);
	return what == NULL && texts_clean(po, i, r);
}

static bool format_taken(const struct profile *p, const struct ltp_po *po, size_t i,
			 struct ltp_result *r)
{
	if (po->format_id == NULL)
		return true;
	if (strcmp(po->format_id, URI_DIGEST_LIST) == 0 &&
	    p->storage != WITH_TEMPORARY_STORAGE) {
		refuse(r, LTP_UNKNOWN_PO_FORMAT,
		       "po[%zu]: a digest list cannot be preserved %s", i,
		       p->storage == WITH_STORAGE ? "with storage" : "without storage");
		return false;
	}
	if (strcmp(po->format_id, URI_ER_CONTINUED) == 0 &&
	    p->storage != WITH_STORAGE) {
		refuse(r, LTP_UNKNOWN_PO_FORMAT,
		       "po[%zu]: an evidence record is continued with storage only", i);
		return false;
	}
	if (p->submission_formats[0] == NULL)
		return true;
	for (size_t k = 0; p->submission_formats[k] != NULL; k++)
		if (strcmp(p->submission_formats[k], po->format_id) == 0)
			return true;
	refuse(r, LTP_UNKNOWN_PO_FORMAT,
	       "po[%zu]: the profile does not take the format '%s'", i, po->format_id);
	return false;
}

/* An object that says what it is must be that (POFormatError). */
bool request_format_true(const struct ltp_po *po, const struct format *detected,
			 size_t i, struct ltp_result *r)
{
	const struct format *claimed =
	    po->format_id == NULL ? NULL : format_by_uri(view_text(po->format_id));
	if (claimed == NULL || format_agrees(claimed, detected))
		return true;
	refuse(r, LTP_PO_FORMAT_ERROR, "po[%zu]: given as %s, but it is %s", i,
	       claimed->name, detected->name);
	return false;
}

static bool po_holds(const struct profile *p, const struct ltp_po *po, size_t i,
		     struct ltp_result *r)
{
	if (po->data.n == 0)
		refuse(r, LTP_PO_FORMAT_ERROR, "po[%zu] is empty", i);
	else if (po->data.n > p->max_po_bytes)
		refuse(r, LTP_PARAMETER_ERROR,
		       "po[%zu] has %zu bytes; the profile takes at most %llu", i,
		       po->data.n, (unsigned long long)p->max_po_bytes);
	else if (po->format_id == NULL && po->mime == NULL)
		refuse(r, LTP_PARAMETER_ERROR,
		       "po[%zu] has neither formatId nor mimeType", i);
	else
		return texts_fit(po, i, r) && format_taken(p, po, i, r);
	return false;
}

static bool each_holds(const struct profile *p, const struct ltp_po *pos, size_t n,
		       struct ltp_result *r)
{
	if (continued_without(pos, n) > p->max_pos) {
		refuse(r, LTP_PARAMETER_ERROR,
		       "%zu POs; the profile takes at most %llu", n,
		       (unsigned long long)p->max_pos);
		return false;
	}
	for (size_t k = 0; k < n; k++)
		if (!po_holds(p, &pos[k], k, r))
			return false;
	return true;
}

int request_pos_hold(const struct profile *p, const struct ltp_po *pos, size_t n,
		     bool *ret_hold, struct ltp_result *r, struct ltps_error *err)
{
	*ret_hold = each_holds(p, pos, n, r);
	return *ret_hold ? ids_hold(pos, n, ret_hold, r, err) : 0;
}

/* ---- DeltaPOCs ---- */

/* Of the formats that hold versions of their own (TR-ESOR) none is taken. */
static bool is_versioning(const char *format_id)
{
	static const char BSI[] = "http://www.bsi.bund.de/tr-esor/";
	return format_id != NULL && strncmp(format_id, BSI, sizeof(BSI) - 1) == 0;
}

/* Refusals of a PO as UpdatePOC tells them (section 4 of the list of minors). */
bool request_delta_refused(struct ltp_result *r)
{
	static const char PO[] = "po[";
	char text[sizeof(r->message)];
	memcpy(text, r->message, sizeof(text));
	if (strncmp(text, PO, sizeof(PO) - 1) == 0)
		refuse(r, r->minor, "deltaPoc[%.480s", text + sizeof(PO) - 1);
	if (r->minor == LTP_UNKNOWN_PO_FORMAT)
		r->minor = LTP_UNKNOWN_DELTA_POC;
	if (r->minor == LTP_PO_FORMAT_ERROR)
		r->minor = LTP_DELTA_POC_PROBLEM;
	return false;
}

static bool delta_holds(const struct profile *p, const struct ltp_po *pos, size_t i,
			const struct format *detected, struct ltp_result *r)
{
	const struct ltp_po *po = &pos[i];
	if (is_versioning(po->format_id)) {
		refuse(r, LTP_UNKNOWN_DELTA_POC,
		       "deltaPoc[%zu]: the format '%s' is not taken here", i,
		       po->format_id);
		return false;
	}
	if (!po_holds(p, po, i, r) ||
	    !request_format_true(po, detected, i, r))
		return request_delta_refused(r);
	for (size_t k = 0; po->id != NULL && k < i; k++)
		if (pos[k].id != NULL && strcmp(pos[k].id, po->id) == 0) {
			refuse(r, LTP_DELTA_POC_PROBLEM,
			       "deltaPoc[%zu].id '%s' stands at deltaPoc[%zu] already",
			       i, po->id, k);
			return false;
		}
	return true;
}

static bool count_holds(const struct profile *p, size_t n, struct ltp_result *r)
{
	if (n == 0)
		refuse(r, LTP_PARAMETER_ERROR, "no deltaPoc");
	else if (n > p->max_pos)
		refuse(r, LTP_PARAMETER_ERROR,
		       "%zu DeltaPOCs; the profile takes at most %llu", n,
		       (unsigned long long)p->max_pos);
	else if (p->storage != WITH_STORAGE)
		refuse(r, LTP_NOT_SUPPORTED, "the profile keeps no data");
	else
		return true;
	return false;
}

bool request_deltas_hold(const struct profile *p, const struct ltp_po *pos, size_t n,
			 const struct format *const *detected,
			 const struct ltp_po *record, struct ltp_result *r)
{
	if (!count_holds(p, n, r))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!delta_holds(p, pos, i,
				 detected != NULL ? detected[i]
						  : format_detect(pos[i].data),
				 r))
			return false;
	return record == NULL || po_holds(p, record, n, r) || request_delta_refused(r);
}

/* ---- the record ---- */

static int digest_of(void *arg, size_t i, enum digest_alg alg, struct digest *ret,
		     struct ltps_error *err)
{
	const struct view *data = arg;
	return digest_once(alg, data[i], ret, err);
}

int request_record_holds(const struct ers_input *by, const struct ltp_po *record,
			 const struct view *data, size_t n, bool *ret_holds,
			 struct ltp_result *r, struct ltps_error *err)
{
	const struct continued_judge judge = { .material = by->material,
					       .policy = by->policy,
					       .time_ms = by->time_ms,
					       .cache = by->cache };
	const struct continued_data objects = { .digest = digest_of,
						.arg = (void *)(uintptr_t)data,
						.n = n };
	struct continued c = { .proof_ms = INT64_MAX };
	const int rc =
	    continued_take(&judge, record->data, &objects, &c, ret_holds, r, err);
	continued_clear(&c);
	return rc;
}

bool request_record_stands(const struct ltp_po *pos, size_t n, struct ltp_result *r)
{
	const struct ltp_po *record;
	return continued_record(pos, n, &record, r);
}
