/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/cms_members.h"

#include "base/mem.h"
#include "formats/cms.h"
#include "formats/cms_frame.h"

int cms_members_start(struct cms_members *s, const struct view *existing, size_t n,
		      size_t more, size_t max, struct ltps_error *err)
{
	s->v = more <= max ? mem_zalloc(n + more, sizeof(s->v[0])) : NULL;
	if (s->v == NULL && more <= max)
		return ltps_fail_nomem(err);
	if (s->v == NULL)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %zu items to add", max);
	for (size_t i = 0; i < n; i++)
		s->v[i] = existing[i];
	s->n = s->existing = n;
	s->max = max;
	return 0;
}

int cms_members_add(struct cms_members *s, struct view item, struct ltps_error *err)
{
	for (size_t i = 0; i < s->n; i++) {
		if (view_equal(s->v[i], item))
			return 0;
	}
	if (s->n >= s->max)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "set of more than %zu elements", s->max);
	s->v[s->n++] = item;
	return 0;
}

bool cms_members_sorted(const struct cms_members *s)
{
	for (size_t i = 1; i < s->existing; i++) {
		if (view_compare(s->v[i - 1], s->v[i]) > 0)
			return false;
	}
	return true;
}

static int put_in_order(const struct cms_members *s, struct buf *out,
			struct ltps_error *err)
{
	struct buf sorted = buf_make(CMS_SIZE_MAX);
	struct tlv t;
	int rc = -1;

	if (der_put_set_of(&sorted, DER_SET, s->v, s->n, err) == 0 &&
	    tlv_only(view_buf(&sorted), &t, err) == 0)
		rc = buf_put(out, t.body, err);
	buf_free(&sorted);
	return rc;
}

int cms_members_put_as(const struct cms_members *s, bool sort, uint8_t id,
		       const struct tlv *like, struct buf *out, struct ltps_error *err)
{
	struct buf body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (sort && put_in_order(s, &body, err) != 0)
		goto out;
	for (size_t i = 0; i < s->n && !sort; i++) {
		if (buf_put(&body, s->v[i], err) != 0)
			goto out;
	}
	rc = like != NULL ? cms_rewrap(out, like, view_buf(&body), err)
			  : der_put(out, id, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

int cms_members_put(const struct cms_members *s, uint8_t id, const struct tlv *like,
		    struct buf *out, struct ltps_error *err)
{
	return cms_members_put_as(s, cms_members_sorted(s), id, like, out, err);
}
