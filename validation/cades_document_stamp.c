/* SPDX-License-Identifier: Apache-2.0 */
/* cades_document_stamp - the time-stamps of a document: tokens, imprints, indexes. */
#include "validation/cades_document.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* What a pass over detached content of unknown size counts as. */
#define UNKNOWN_CONTENT_WORK ((uint64_t)256 << 20)

__attribute__((format(printf, 2, 3))) static void defect(struct document_stamp *st,
							 const char *fmt, ...)
{
	va_list ap;

	if (st->defect[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(st->defect, sizeof(st->defect), fmt, ap);
	va_end(ap);
}

/* ---- tokens ---- */

static enum stamp_type type_of(enum cades_stamp_kind k)
{
	switch (k) {
	case CADES_STAMP_CONTENT:
		return STAMP_CONTENT;
	case CADES_STAMP_SIGNATURE:
		return STAMP_SIGNATURE;
	case CADES_STAMP_C:
	case CADES_STAMP_REFS:
		return STAMP_VALIDATION_DATA;
	case CADES_STAMP_ARCHIVE_V1:
	case CADES_STAMP_ARCHIVE_V2:
	case CADES_STAMP_ARCHIVE_V3:
	case CADES_STAMP_LONG_TERM:
	case CADES_STAMP_KIND_COUNT:
		break;
	}
	return STAMP_ARCHIVE;
}

/* The token's own signature, judged like any other (EN 319 102-1 5.4.4). */
static int read_token_signer(struct document *d, struct document_stamp *st,
			     struct ltps_error *err)
{
	struct document_signature *s = mem_zalloc(1, sizeof(*s));
	struct content info = content_of(st->tst->cms->content);

	if (s == NULL)
		return ltps_fail_nomem(err);
	st->as_signature = s;
	s->role = ROLE_TIME_STAMP;
	s->parent = -1;
	s->cms = st->tst->cms;
	s->signer = &st->tst->cms->signers[0];
	memcpy(s->id, st->id, sizeof(s->id));
	if (reader_signer_read(d, s, err) != 0)
		return -1;
	if (!s->has_signed_attrs)
		s->octets[s->n_octets++] = info.bytes;
	enum digest_alg algs[] = { DIGEST_SHA256 };
	if (content_digests(&info, algs, 1, err) != 0)
		return -1;
	s->profile = s->format == SIGNATURE_CADES ? "CAdES-BES" : "CMS";
	return reader_compare(s, &info, err);
}

static int read_token(struct document *d, struct document_stamp *st,
		      struct ltps_error *err)
{
	struct digest identity;
	unsigned nth = 1;

	if (digest_once(DIGEST_SHA256, st->token, &identity, err) != 0)
		return -1;
	memcpy(st->sha256, identity.p, sizeof(st->sha256));
	for (const struct document_stamp *k = d->stamps; k < st; k++)
		nth += memcmp(k->sha256, st->sha256, 8) == 0;
	reader_id(st->id, 'T', st->sha256, nth);
	if (tst_parse(st->token, &st->tst, err) == 0)
		return read_token_signer(d, st, err);
	struct ltps_error copy = *err;
	if (!reader_passes_over(err))
		return -1;
	defect(st, "%s", copy.text);
	return 0;
}

/* cades_stamps() without long-term-validation, the only one that is looked into. */
static int find_plain_stamps(const struct cms_signer *signer, struct cades_stamp **ret,
			     size_t *ret_n, struct ltps_error *err)
{
	struct cms_signer plain = *signer;
	size_t n = signer->unsigned_attrs.n;
	struct cms_attr *a = mem_zalloc(n, sizeof(a[0]));

	if (a == NULL)
		return ltps_fail_nomem(err);
	/* The others keep their places. */
	for (size_t i = 0; i < n; i++) {
		if (!oid_is(signer->unsigned_attrs.a[i].type, OID_LONG_TERM_VALIDATION))
			a[i] = signer->unsigned_attrs.a[i];
	}
	plain.unsigned_attrs.a = a;
	int rc = cades_stamps(&plain, ret, ret_n, err);
	mem_free(a);
	return rc;
}

/* cades_stamps(), and where attributes are broken those that are left. */
static int find_stamps(struct document *d, const struct cms_signer *signer,
		       struct cades_stamp **ret, size_t *ret_n, struct ltps_error *err)
{
	struct cms_signer signed_part = *signer;

	if (cades_stamps(signer, ret, ret_n, err) == 0)
		return 0;
	if (!reader_passes_over(err))
		return -1;
	reader_note(d, "time-stamp attributes that do not decode");
	if (find_plain_stamps(signer, ret, ret_n, err) == 0)
		return 0;
	if (!reader_passes_over(err))
		return -1;
	signed_part.unsigned_attrs = (struct cms_attrs){ 0 };
	if (cades_stamps(&signed_part, ret, ret_n, err) == 0)
		return 0;
	*ret = NULL;
	*ret_n = 0;
	return reader_passes_over(err) ? 0 : -1;
}

static int make_room(struct reader *r, size_t n, struct ltps_error *err)
{
	r->stamps = mem_zalloc(n, sizeof(r->stamps[0]));
	r->d->stamps = mem_zalloc(n, sizeof(r->d->stamps[0]));
	return r->stamps == NULL || r->d->stamps == NULL ? ltps_fail_nomem(err) : 0;
}

static int add_stamps(struct reader *r, size_t signature, struct ltps_error *err)
{
	struct document *d = r->d;
	struct reader_signer *rs = &r->signers[signature];

	rs->first = d->n_stamps;
	for (size_t i = 0; i < rs->n_stamps; i++) {
		struct document_stamp *st = &d->stamps[d->n_stamps];
		const struct cades_stamp *found = &rs->stamps[i];
		st->type = type_of(found->kind);
		st->name = cades_stamp_kind_name(found->kind);
		st->is_archive_v3 = found->kind == CADES_STAMP_ARCHIVE_V3;
		st->signature = (int)signature;
		st->token = found->token;
		r->stamps[d->n_stamps].as_found = found;
		d->n_stamps++;
		if (read_token(d, st, err) != 0)
			return -1;
	}
	return 0;
}

int reader_stamps(struct reader *r, struct ltps_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < r->d->n_signatures; i++) {
		struct reader_signer *rs = &r->signers[i];
		if (find_stamps(r->d, r->d->signatures[i].signer, &rs->stamps,
				&rs->n_stamps, err) != 0)
			return -1;
		n += rs->n_stamps;
	}
	if (n > DOCUMENT_STAMPS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "more than %d time-stamps", DOCUMENT_STAMPS_MAX);
	if (make_room(r, n, err) != 0)
		return -1;
	for (size_t i = 0; i < r->d->n_signatures; i++) {
		if (add_stamps(r, i, err) != 0)
			return -1;
	}
	return 0;
}

int reader_token(struct reader *r, struct ltps_error *err)
{
	if (make_room(r, 1, err) != 0)
		return -1;
	struct document_stamp *st = &r->d->stamps[0];
	st->type = STAMP_DOCUMENT;
	st->name = "time-stamp";
	st->signature = -1;
	st->token = r->d->cms->whole;
	r->d->n_stamps = 1;
	return read_token(r->d, st, err);
}

/* ---- imprints ---- */

static const char *const reading_names[CADES_READING_COUNT] = {
	[CADES_AS_STORED] = "as stored",
	[CADES_AS_DER] = "re-encoded in DER",
	[CADES_V2_NO_TAG] = "unsigned attributes without tag and length",
	[CADES_FILE_ORDER] = "attributes in the order of the file",
};

static uint64_t content_work(const struct content *c)
{
	if (!content_has_octets(c))
		return 0;
	return c->in_memory ? c->bytes.n : UNKNOWN_CONTENT_WORK;
}

/* What one reading hashes. */
static uint64_t imprint_work(const struct cades_imprint_input *in)
{
	enum cades_stamp_kind k = in->stamps[in->stamp].kind;

	if (k == CADES_STAMP_ARCHIVE_V1 || k == CADES_STAMP_ARCHIVE_V2 ||
	    k == CADES_STAMP_LONG_TERM)
		return in->cms->whole.n + content_work(in->content);
	return in->signer->whole.n;
}

/* One reading. A reading that the bytes do not allow is no reading. */
static int try_reading(struct reader *r, struct document_stamp *st,
		       struct cades_imprint_input *in, bool *tried,
		       struct ltps_error *err)
{
	bool possible = false;
	struct digest d;

	if (!reader_spend(r, imprint_work(in))) {
		defect(st, "too much to hash for all time-stamps of this file");
		*tried = false;
		return 0;
	}
	if (cades_imprint(in, &possible, &d, err) != 0)
		return reader_passes_over(err) ? 0 : -1;
	if (!possible)
		return 0;
	*tried = true;
	if (!tst_covers(st->tst, &d))
		return 0;
	st->imprint = MATCH_YES;
	st->reading = reading_names[in->reading];
	return 0;
}

static int check_readings(struct reader *r, struct document_stamp *st,
			  struct cades_imprint_input *in, struct ltps_error *err)
{
	bool tried = false;

	for (int reading = 0; reading < CADES_READING_COUNT; reading++) {
		in->reading = (enum cades_reading)reading;
		if (try_reading(r, st, in, &tried, err) != 0)
			return -1;
		if (st->imprint == MATCH_YES)
			return 0;
	}
	if (tried) {
		st->imprint = MATCH_NO;
		defect(st, "the message imprint is not the digest of what %s covers",
		       st->name);
	}
	return 0;
}

/*
 * The hash index of an archive-time-stamp-v3. An entry that stands for nothing makes it
 * invalid, and so does another digest than the imprint's (EN 319 122-1 5.5.2, 5.5.3).
 */
static int check_index(struct reader *r, struct document_stamp *st,
		       const struct document_signature *s,
		       const struct cades_index *index, struct ltps_error *err)
{
	struct reader_stamp *rs = &r->stamps[st - r->d->stamps];
	struct cades_index_match *match = &rs->match;
	uint64_t work = (uint64_t)s->cms->certs_whole.n + s->cms->crls_whole.n +
			s->signer->unsigned_attrs.whole.n;

	if (!reader_spend(r, work)) {
		defect(st, "too much to hash for all time-stamps of this file");
		return 0;
	}
	if (cades_index_match(s->cms, s->signer, index, match, err) != 0)
		return reader_passes_over(err) ? 0 : -1;
	rs->has_match = true;
	st->index = match->unmatched == 0 ? MATCH_YES : MATCH_NO;
	if (match->unmatched > 0)
		defect(st, "the hash index lists what is not there: %s", match->what);
	if (index->alg != st->tst->imprint_alg) {
		/* A policy may let that pass; what the weaker one of the two digests
		 * stands for is proven to nobody. */
		st->index = MATCH_NO;
		rs->has_match = false;
		cades_index_match_clear(match);
		defect(st, "the digest of the hash index is not that of the imprint");
	}
	return 0;
}

static int check_v3(struct reader *r, struct document_stamp *st,
		    const struct document_signature *s, struct cades_imprint_input *in,
		    struct ltps_error *err)
{
	struct cades_index index = { 0 };
	int rc;

	if (cades_index_parse(&st->tst->cms->signers[0], &index, err) != 0) {
		struct ltps_error copy = *err;
		if (!reader_passes_over(err))
			return -1;
		st->index = MATCH_NO;
		st->imprint = MATCH_NO;
		defect(st, "%s", copy.text);
		return 0;
	}
	in->index = &index;
	rc = check_index(r, st, s, &index, err);
	if (rc == 0)
		rc = check_readings(r, st, in, err);
	cades_index_clear(&index);
	return rc;
}

/* genTime of all time-stamps of a signer: V2 leaves out what is not older. */
static int64_t *gen_times_of(const struct document *d, const struct reader_signer *rs)
{
	int64_t *t = mem_alloc((rs->n_stamps + 1) * sizeof(t[0]));

	for (size_t i = 0; t != NULL && i < rs->n_stamps; i++) {
		const struct tst *tst = d->stamps[rs->first + i].tst;
		t[i] = tst != NULL ? tst->gen_time_ms : INT64_MIN;
	}
	return t;
}

static int check_stamps_of(struct reader *r, size_t signature, struct ltps_error *err)
{
	struct reader_signer *rs = &r->signers[signature];
	const struct document_signature *s = &r->d->signatures[signature];
	int64_t *gen_times = gen_times_of(r->d, rs);
	int rc = gen_times != NULL ? 0 : ltps_fail_nomem(err);

	for (size_t i = 0; i < rs->n_stamps && rc == 0; i++) {
		struct document_stamp *st = &r->d->stamps[rs->first + i];
		struct cades_imprint_input in = { .cms = s->cms,
						  .signer = s->signer,
						  .stamps = rs->stamps,
						  .gen_times = gen_times,
						  .n_stamps = rs->n_stamps,
						  .stamp = i,
						  .content =
						      reader_content(r, signature) };
		if (st->tst == NULL || st->tst->imprint_alg == DIGEST_NONE)
			continue;
		in.alg = st->tst->imprint_alg;
		rc = st->is_archive_v3 ? check_v3(r, st, s, &in, err)
				       : check_readings(r, st, &in, err);
	}
	mem_free(gen_times);
	return rc;
}

static int check_token(struct reader *r, struct ltps_error *err)
{
	struct document_stamp *st = &r->d->stamps[0];
	struct content *c = r->d->content;
	struct digest d;

	if (st->tst == NULL || c == NULL || st->tst->imprint_alg == DIGEST_NONE ||
	    (!content_has_octets(c) &&
	     c->known[st->tst->imprint_alg].alg == DIGEST_NONE))
		return 0;
	if (content_digest(c, st->tst->imprint_alg, &d, err) != 0)
		return -1;
	st->imprint = tst_covers(st->tst, &d) ? MATCH_YES : MATCH_NO;
	if (st->imprint == MATCH_YES)
		st->reading = reading_names[CADES_AS_STORED];
	else
		defect(st, "the message imprint is not the digest of the content");
	return 0;
}

int reader_imprints(struct reader *r, struct ltps_error *err)
{
	if (r->d->n_signatures == 0 && r->d->n_stamps == 1)
		return check_token(r, err);
	for (size_t i = 0; i < r->d->n_signatures; i++) {
		if (check_stamps_of(r, i, err) != 0)
			return -1;
	}
	return 0;
}
