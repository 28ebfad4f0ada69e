/* SPDX-License-Identifier: Apache-2.0 */
/* cades_document_record - the evidence records of a CMS file, oldest first. */
#include "validation/cades_document.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "timestamping/ers.h"
#include "validation/pades_document.h"

struct aged {
	struct cms_er er;
	int64_t first_ms; /* genTime of its first archive time-stamp */
	size_t at;        /* in the file: equal times keep its order */
};

/* INT64_MAX for what does not decode: it covers what stands before it, if anything. */
static int first_time(struct view record, int64_t *ret_ms, struct ltps_error *err)
{
	struct ers *er = NULL;
	struct tst *tst = NULL;
	int rc = 0;

	*ret_ms = INT64_MAX;
	if (ers_parse(record, &er, err) != 0)
		return reader_passes_over(err) ? 0 : -1;
	if (er->n_chains > 0 && er->chains[0].n > 0) {
		if (tst_parse(er->chains[0].stamps[0].token, &tst, err) == 0)
			*ret_ms = tst->gen_time_ms;
		else
			rc = reader_passes_over(err) ? 0 : -1;
	}
	tst_free(tst);
	ers_free(er);
	return rc;
}

static int compare_age(const void *va, const void *vb)
{
	const struct aged *a = va, *b = vb;

	if (a->first_ms != b->first_ms)
		return a->first_ms < b->first_ms ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

static int sort_by_age(struct cms_er *ers, size_t n, struct ltps_error *err)
{
	struct aged *aged = mem_zalloc(n, sizeof(aged[0]));
	int rc = 0;

	if (aged == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		aged[i].er = ers[i];
		aged[i].at = i;
		rc = first_time(ers[i].record, &aged[i].first_ms, err);
	}
	if (rc == 0)
		qsort(aged, n, sizeof(aged[0]), compare_age);
	for (size_t i = 0; i < n; i++)
		ers[i] = aged[i].er;
	mem_free(aged);
	return rc;
}

static int fill_record(struct document *d, size_t i, struct ltps_error *err)
{
	struct document_record *r = &d->records[i];
	struct digest identity;
	unsigned nth = 1;

	r->record = d->ers[i].record;
	r->external = d->ers[i].external;
	r->er = i;
	if (digest_once(DIGEST_SHA256, r->record, &identity, err) != 0)
		return -1;
	memcpy(r->sha256, identity.p, sizeof(r->sha256));
	for (size_t k = 0; k < i; k++)
		nth += memcmp(d->records[k].sha256, r->sha256, 8) == 0;
	reader_id(r->id, 'E', r->sha256, nth);
	return 0;
}

int reader_records(struct reader *r, struct ltps_error *err)
{
	struct document *d = r->d;

	if (cms_er_list(d->cms, &d->ers, &d->n_ers, err) != 0) {
		if (!reader_passes_over(err))
			return -1;
		reader_note(d, "evidence records that do not decode");
		return 0;
	}
	if (d->n_ers == 0)
		return 0;
	d->records = mem_zalloc(d->n_ers, sizeof(d->records[0]));
	if (d->records == NULL)
		return ltps_fail_nomem(err);
	if (sort_by_age(d->ers, d->n_ers, err) != 0)
		return -1;
	d->n_records = d->n_ers;
	for (size_t i = 0; i < d->n_records; i++) {
		if (fill_record(d, i, err) != 0)
			return -1;
	}
	return 0;
}

int document_record_octets(const struct document *d, const struct document_record *r,
			   enum cms_er_form form, struct buf *out,
			   struct ltps_error *err)
{
	if (d->pdf != NULL)
		return pdf_record_octets(d, r, form, out, err);
	return cms_er_covered(d->cms, d->ers, d->n_ers, r->er, form, out, err);
}
