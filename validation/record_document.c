/* SPDX-License-Identifier: Apache-2.0 */
/* record_document - a file that is an evidence record: what it covers stands beside. */
#include "validation/document.h"

#include <string.h>

#include "base/mem.h"
#include "formats/format.h"
#include "validation/cades_document.h"

static int fill_record(struct document *d, struct view file, struct ltps_error *err)
{
	struct document_record *r;
	struct digest identity;

	d->records = mem_zalloc(1, sizeof(d->records[0]));
	d->ers = mem_zalloc(1, sizeof(d->ers[0]));
	if (d->records == NULL || d->ers == NULL)
		return ltps_fail_nomem(err);
	if (digest_once(DIGEST_SHA256, file, &identity, err) != 0)
		return -1;
	r = &d->records[0];
	r->record = file;
	r->external = true;
	r->alone = true;
	memcpy(r->sha256, identity.p, sizeof(r->sha256));
	reader_id(r->id, 'E', r->sha256, 1);
	d->ers[0].record = file;
	d->n_records = d->n_ers = 1;
	return 0;
}

/* Whatever the record proves of its data is said of them by their SHA-256. */
static int fill_cover(struct document *d, struct ltps_error *err)
{
	static const enum digest_alg identity[] = { DIGEST_SHA256 };
	struct cover_list covers = { 0 };
	struct document_record *r = &d->records[0];
	struct content *c = d->content;
	int rc = -1;

	if (c == NULL ||
	    (!content_has_octets(c) && c->known[DIGEST_SHA256].alg == DIGEST_NONE))
		return 0;
	if (content_digests(c, identity, 1, err) == 0 &&
	    covers_put(&covers, OBJECT_SIGNED_DATA, c->known[DIGEST_SHA256].p,
		       DIGEST_NONE, err) == 0 &&
	    covers_finish(&covers, d, &r->n_covers, err) == 0) {
		r->covers = d->all_covers;
		rc = 0;
	}
	covers_end(&covers, d);
	return rc;
}

static int read_record(struct reader *r, struct view file, struct ltps_error *err)
{
	struct document *d = r->d;
	struct ers *er = NULL;

	/* What does not decode is no record, whatever it looks like. */
	if (ers_parse(file, &er, err) != 0)
		return -1;
	ers_free(er);
	if (material_new(&d->material, err) != 0 || fill_record(d, file, err) != 0)
		return -1;
	return reader_material(r, err) == 0 ? fill_cover(d, err) : -1;
}

int document_read_record(struct view file, struct content *content,
			 struct document **ret_doc, struct ltps_error *err)
{
	struct reader r = { .d = mem_zalloc(1, sizeof(*r.d)),
			    .work = DOCUMENT_WORK_MAX };
	int rc;

	if (r.d == NULL)
		return ltps_fail_nomem(err);
	r.d->format = format_by_kind(FORMAT_EVIDENCE_RECORD);
	r.d->content = content;
	rc = read_record(&r, file, err);
	reader_clear(&r);
	if (rc == 0)
		*ret_doc = r.d;
	else
		document_free(r.d);
	return rc;
}
