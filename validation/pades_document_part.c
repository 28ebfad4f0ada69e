/* SPDX-License-Identifier: Apache-2.0 */
/* pades_document_part - the CMS of a signature dictionary as a document of its own. */
#include "validation/pades_document.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/cms_build.h"

#define OID_ID_DATA "1.2.840.113549.1.7.1"
#define OID_RSA_SHA1 "1.2.840.113549.1.1.5"
#define SHA1_LEN 20

#define CLAUSE_DICTIONARY "ISO 32000-2 12.8.1"
#define CLAUSE_CMS "ISO 32000-2 12.8.3.3"

void pdf_part_defect(struct pdf_part *p, const char *clause, const char *fmt, ...)
{
	va_list ap;

	if (p->defect[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(p->defect, sizeof(p->defect), fmt, ap);
	va_end(ap);
	p->defect_clause = clause;
}

/* ---- ByteRange ---- */

/* Digests share the start of the file, so that a range must begin there. */
static void set_range(struct pdf_reader *r, struct pdf_part *p)
{
	const uint64_t *g = p->found->range;
	uint64_t size = r->file.n;

	p->has_range = g[0] == 0 && g[1] > 0 && g[1] <= g[2] && g[2] <= size &&
		       g[3] > 0 && g[3] <= size - g[2];
	if (!p->has_range)
		return;
	p->pieces[0] = view_head(r->file, (size_t)g[1]);
	p->pieces[1] = view_head(view_skip(r->file, (size_t)g[2]), (size_t)g[3]);
}

static int feed(void *arg, content_take *take, void *to, struct ltps_error *err)
{
	const struct pdf_part *p = arg;

	for (size_t i = 0; i < 2; i++) {
		struct view left = p->pieces[i];
		while (left.n > 0) {
			struct view piece = view_head(left, CONTENT_PIECE);
			if (take(to, piece, err) != 0)
				return -1;
			left = view_skip(left, piece.n);
		}
	}
	return 0;
}

static void set_content(struct pdf_part *p)
{
	p->content = (struct content){ .feed = feed, .arg = p };
	if (!p->has_range)
		p->content = (struct content){ .digests_only = true };
}

/* ---- what the dictionary says ---- */

static void check_dictionary(struct pdf_part *p)
{
	const struct pades_signature *f = p->found;

	if (f->defect[0] != '\0')
		pdf_part_defect(
		    p, f->defect_clause != NULL ? f->defect_clause : CLAUSE_DICTIONARY,
		    "%s", f->defect);
	else if (f->coverage == PADES_COVERS_NOTHING)
		pdf_part_defect(p, CLAUSE_DICTIONARY, "the ByteRange cannot be used");
	else if (f->coverage == PADES_COVERS_UNCLEAR)
		pdf_part_defect(p, CLAUSE_DICTIONARY,
				"the ByteRange does not end where a revision ends");
}

/* ---- adbe.x509.rsa_sha1 ---- */

static int build_sha1_rsa(const struct pades_signature *f, struct view value,
			  struct buf *out, struct ltps_error *err)
{
	struct buf algorithm = buf_make(64), oid = buf_make(32);
	struct cms_build_signer signer = { .certificate = f->chain_entry[0],
					   .digest = DIGEST_SHA1,
					   .signature = value };
	struct cms_build b = { .content_type = OID_ID_DATA,
			       .certs = f->chain_entry,
			       .n_certs = f->n_chain_entry,
			       .signers = &signer,
			       .n_signers = 1 };
	int rc = -1;

	if (der_put_oid(&oid, OID_RSA_SHA1, err) == 0 && der_put_null(&oid, err) == 0 &&
	    der_put(&algorithm, DER_SEQUENCE, view_buf(&oid), err) == 0) {
		signer.algorithm = view_buf(&algorithm);
		rc = cms_build(&b, out, err);
	}
	buf_free(&oid);
	buf_free(&algorithm);
	return rc;
}

/*
 * The value stands alone in an OCTET STRING, the certificates in /Cert; a SignedData
 * around them, without signed attributes, says the same (ISO 32000-2 12.8.3.2).
 */
static int wrap_sha1_rsa(struct pdf_part *p, struct buf *out, struct ltps_error *err)
{
	const struct pades_signature *f = p->found;
	struct tlv t;
	struct buf value = buf_make(f->cms.n);
	int rc = -1;

	if (f->n_chain_entry == 0) {
		ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "ISO 32000-2 12.8.3.2",
			  "adbe.x509.rsa_sha1 without /Cert");
		goto out;
	}
	if (tlv_only(f->cms, &t, err) != 0)
		goto out;
	if (!tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING)) {
		ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "ISO 32000-2 12.8.3.2",
			  "/Contents is no OCTET STRING");
		goto out;
	}
	if (tlv_octets(&t, &value, err) == 0)
		rc = build_sha1_rsa(f, view_buf(&value), out, err);
out:
	buf_free(&value);
	return rc;
}

/* ---- opening ---- */

static void drop_document(struct pdf_part *p)
{
	reader_clear(&p->reader);
	memset(&p->reader, 0, sizeof(p->reader));
	if (p->d != NULL)
		p->d->material = NULL; /* the whole document's */
	document_free(p->d);
	p->d = NULL;
}

static int open_der(struct pdf_reader *r, struct pdf_part *p, struct view der,
		    struct ltps_error *err)
{
	p->d = mem_zalloc(1, sizeof(*p->d));
	if (p->d == NULL)
		return ltps_fail_nomem(err);
	p->d->material = r->d->material;
	p->reader = (struct reader){ .d = p->d, .detached = p->detached };
	if (reader_open(&p->reader, der,
			p->kind != PDF_PART_SIGNATURE || p->detached ? &p->content
								     : NULL,
			err) == 0)
		return 0;
	drop_document(p);
	return -1;
}

/* What does not decode is told of the signature; it stays in the list. */
static int open_found(struct pdf_reader *r, struct pdf_part *p, struct ltps_error *err)
{
	struct buf built = buf_make(CMS_SIZE_MAX);
	struct view der = p->found->cms;
	int rc = 0;

	if (p->kind == PDF_PART_SIGNATURE &&
	    p->found->subfilter == PADES_X509_RSA_SHA1) {
		rc = wrap_sha1_rsa(p, &built, err);
		der = view_buf(&built);
	} else if (der.n == 0) {
		rc = ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, CLAUSE_CMS,
			       "no CMS at the start of /Contents");
	}
	if (rc == 0)
		rc = open_der(r, p, der, err);
	buf_free(&built);
	if (rc == 0)
		return 0;
	struct ltps_error copy = *err;
	if (!reader_passes_over(err))
		return -1;
	pdf_part_defect(p, CLAUSE_CMS, "%s", copy.text);
	return 0;
}

/* A token where a signature should be, or the other way round. */
static void check_kind(struct pdf_part *p)
{
	const struct document *d = p->d;

	if (p->kind == PDF_PART_SIGNATURE && d->n_signatures == 0) {
		pdf_part_defect(p, CLAUSE_CMS,
				d->n_stamps > 0 ? "a time-stamp token, not a signature"
						: "the CMS has no signer");
		drop_document(p);
	} else if (p->kind != PDF_PART_SIGNATURE &&
		   (d->n_signatures > 0 || d->n_stamps != 1)) {
		pdf_part_defect(p, "ISO 32000-2 12.8.5", "no time-stamp token");
		drop_document(p);
	}
}

static bool is_bare(const struct document *d)
{
	for (size_t i = 0; i < d->n_signatures; i++) {
		if (d->signatures[i].role == ROLE_SIGNATURE &&
		    !d->signatures[i].has_signed_attrs)
			return true;
	}
	return false;
}

/* ISO 32000-2 12.8.3.3: nothing is encapsulated but the digest of adbe.pkcs7.sha1. */
static void check_encapsulated(struct pdf_part *p)
{
	const struct cms *cms = p->d->cms;
	bool is_sha1 = p->found->subfilter == PADES_PKCS7_SHA1;

	if (is_sha1 && (!cms->has_content || cms->content.n != SHA1_LEN))
		pdf_part_defect(p, CLAUSE_CMS,
				"adbe.pkcs7.sha1 without the SHA-1 digest as content");
	if (!is_sha1 && cms->has_content)
		pdf_part_defect(p, CLAUSE_CMS, "the CMS holds content of its own");
}

/* EN 319 142-1 6.3: one SignerInfo. Readers take the first, or any; who signed would be
 * another for each. Those of adbe.* are told by their level alone. */
static void check_signers(struct pdf_part *p)
{
	if (p->found->subfilter == PADES_CADES_DETACHED && p->d->cms->n_signers > 1)
		pdf_part_defect(p, "EN 319 142-1 6.3", "more than one SignerInfo");
}

/* Of all files together no more is taken into memory than of one content. */
static void spend_bare(struct pdf_reader *r, struct pdf_part *p)
{
	uint64_t n = (uint64_t)p->pieces[0].n + p->pieces[1].n;

	if (!p->detached || !p->has_range || !is_bare(p->d))
		return;
	if (n <= r->bare) {
		r->bare -= n;
		return;
	}
	p->content.digests_only = true;
	reader_note(r->d, "the file is too large for signatures without signed "
			  "attributes");
}

static void check_opened(struct pdf_reader *r, struct pdf_part *p)
{
	check_kind(p);
	if (p->d == NULL)
		return;
	if (p->kind == PDF_PART_SIGNATURE) {
		check_encapsulated(p);
		check_signers(p);
	}
	if (p->kind == PDF_PART_SIGNATURE)
		spend_bare(r, p);
	if (p->detached || p->kind == PDF_PART_STAMP)
		reader_wants(&p->reader, p->wanted);
	else if (p->kind == PDF_PART_SIGNATURE)
		p->wanted[DIGEST_SHA1] = true;
}

int pdf_part_open(struct pdf_reader *r, struct pdf_part *p, struct ltps_error *err)
{
	if (p->kind == PDF_PART_VRI) {
		int rc = open_der(r, p, p->vri->stamp, err);
		if (rc != 0 && !reader_passes_over(err))
			return -1;
	} else {
		set_range(r, p);
		set_content(p);
		check_dictionary(p);
		p->detached = p->kind == PDF_PART_SIGNATURE &&
			      p->found->subfilter != PADES_PKCS7_SHA1;
		if (open_found(r, p, err) != 0)
			return -1;
	}
	if (p->d != NULL)
		check_opened(r, p);
	return 0;
}

/* ---- finishing ---- */

/* adbe.pkcs7.sha1: the content of the CMS is itself a digest, of the ByteRange. */
static void compare_sha1(struct pdf_part *p)
{
	const struct digest *d = &p->content.known[DIGEST_SHA1];
	struct view own = p->d->cms->content;

	for (size_t i = 0; i < p->d->n_signatures; i++) {
		struct document_signature *s = &p->d->signatures[i];
		if (s->role != ROLE_SIGNATURE)
			continue;
		struct document_reference *ref = &s->references[s->n_references++];
		*ref = (struct document_reference){ .name = "the encapsulated digest",
						    .alg = DIGEST_SHA1,
						    .value = own };
		if (d->alg == DIGEST_NONE)
			continue;
		ref->match =
		    view_compare(own, digest_view(d)) == 0 ? MATCH_YES : MATCH_NO;
	}
}

static int put_inside(struct pdf_part *p, const struct located_list *l,
		      struct ltps_error *err)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct document_cover *c = &l->v[i].cover;
		if (located_put(&p->inside, VIEW_NULL, c->kind, c->sha256, c->by,
				err) != 0)
			return -1;
	}
	return 0;
}

/* Everything that stands in the CMS, and what is named there by a digest. */
static int collect(struct pdf_part *p, struct ltps_error *err)
{
	const struct document *d = p->d;
	const struct reader *r = &p->reader;

	if (p->kind != PDF_PART_SIGNATURE)
		return located_put(&p->inside, VIEW_NULL, OBJECT_STAMP,
				   d->stamps[0].sha256, DIGEST_NONE, err) != 0
			   ? -1
			   : put_inside(p, &r->stamps[0].inside, err);
	for (size_t i = 0; i < d->n_signatures; i++) {
		if (put_inside(p, &r->signers[i].core, err) != 0 ||
		    put_inside(p, &r->signers[i].unsigned_objects, err) != 0)
			return -1;
	}
	return put_inside(p, &r->root, err) != 0 ||
		       put_inside(p, &p->archived, err) != 0
		   ? -1
		   : 0;
}

/* What the token of a VRI dictionary is over is not laid down; where it is the
 * signature value it is a proof, anything else is unknown (ISO 32000-2 Table 262). */
static void settle_vri(struct pdf_part *p)
{
	struct document_stamp *st = &p->d->stamps[0];

	st->type = STAMP_VALIDATION_DATA;
	st->name = "VRI-time-stamp";
	if (st->imprint == MATCH_NO) {
		st->imprint = MATCH_UNKNOWN;
		st->defect[0] = '\0';
	}
	for (size_t i = 0; i < p->d->n_all_covers; i++)
		p->d->all_covers[i].kind = OBJECT_SIGNATURE;
}

static void settle_stamp(struct pdf_part *p)
{
	struct document_stamp *st = &p->d->stamps[0];

	st->name = "document-time-stamp";
	p->proves = st->tst != NULL && st->imprint == MATCH_YES && p->defect[0] == '\0';
	if (p->defect[0] == '\0')
		return;
	/* Judged as the token's own format (EN 319 102-1 5.2.2), and no proof. */
	snprintf(st->defect, sizeof(st->defect), "%s", p->defect);
	st->covers = NULL;
	st->n_covers = 0;
	if (st->as_signature == NULL)
		return;
	snprintf(st->as_signature->defect, sizeof(st->as_signature->defect), "%s",
		 p->defect);
	st->as_signature->defect_clause = p->defect_clause;
}

/*
 * A SubFilter of somebody's own is read as a detached CMS: where its digest is that of
 * the ByteRange, nothing else can have been meant.
 */
static void check_unknown(struct pdf_reader *r, struct pdf_part *p)
{
	const struct pades_signature *f = p->found;
	const struct document_signature *s = &p->d->signatures[0];
	int n = (int)(f->subfilter_name.n < 64 ? f->subfilter_name.n : 64);
	const char *name = (const char *)f->subfilter_name.p;

	if (f->subfilter != PADES_OTHER_SUBFILTER)
		return;
	if (s->n_references > 0 && s->references[0].match == MATCH_YES)
		reader_note(r->d, "SubFilter %.*s is not known: read as a detached CMS",
			    n, name);
	else
		pdf_part_defect(p, "ISO 32000-2 12.8.3", "SubFilter %.*s is not known",
				n, name);
}

static void settle_signatures(struct pdf_reader *r, struct pdf_part *p)
{
	check_unknown(r, p);
	if (p->found->subfilter == PADES_PKCS7_SHA1)
		compare_sha1(p);
	for (size_t i = 0; i < p->d->n_signatures; i++) {
		struct document_signature *s = &p->d->signatures[i];
		s->format = p->found->subfilter == PADES_CADES_DETACHED
				? SIGNATURE_PADES
				: SIGNATURE_PKCS7;
		if (s->role != ROLE_SIGNATURE)
			continue;
		s->pdf = p->pdf;
		if (p->found->has_time && (s->format == SIGNATURE_PADES ||
					   s->claims.signing_time_ms == INT64_MIN))
			s->claims.signing_time_ms = p->found->time_ms;
		if (p->defect[0] == '\0')
			continue;
		snprintf(s->defect, sizeof(s->defect), "%s", p->defect);
		s->defect_clause = p->defect_clause;
	}
}

int pdf_part_finish(struct pdf_reader *r, struct pdf_part *p, struct ltps_error *err)
{
	int rc;

	p->reader.work = r->work;
	rc = reader_finish(&p->reader, err);
	r->work = p->reader.work;
	if (rc != 0 || collect(p, err) != 0)
		return -1;
	if (p->kind == PDF_PART_VRI)
		settle_vri(p);
	else if (p->kind == PDF_PART_STAMP)
		settle_stamp(p);
	else
		settle_signatures(r, p);
	return 0;
}

void pdf_part_clear(struct pdf_part *p)
{
	drop_document(p);
	mem_free(p->archived.v);
	mem_free(p->inside.v);
}

/* ---- what covers what ---- */

bool pdf_part_covers(const struct pdf_part *stamp, const struct pdf_part *other)
{
	const uint64_t *s = stamp->found->range, *o = other->found->range;

	/* Where /Contents stand is known from a gap that fits them alone. */
	if (other->kind == PDF_PART_VRI || !other->has_range ||
	    other->found->coverage == PADES_COVERS_NOTHING)
		return false;
	return o[2] <= s[1] || (o[1] >= s[2] && o[2] <= s[2] + s[3]);
}
