/* SPDX-License-Identifier: Apache-2.0 */
/* seal_pades - an invisible signature behind a PDF, then augment_pades(). */
#include <stdio.h>

#include "base/clock.h"
#include "formats/pdf_update.h"
#include "ltp/augment_private.h"
#include "ltp/seal_private.h"

#define FIELD_NAME "LTPS-Seal"
/* Beside certificates and the value: attributes, issuer and serial number, headers. A
 * name may have some kilobytes. */
#define CMS_SPARE ((size_t)4 << 10)
#define ENTRIES_MAX 256

struct sealing {
	const struct seal_input *in;
	const struct pades *p;
	enum digest_alg alg;
	struct buf update;
	struct augment_fresh fresh;
};

/* Who certified or locked the document may forbid a signature more: Table 257, and /P
 * of a lock (Table 236). */
static const struct pades_signature *first_final(const struct pades *p)
{
	for (size_t i = 0; i < p->n_signatures; i++)
		if (p->signatures[i].docmdp == 1 || p->signatures[i].lock.p == 1)
			return &p->signatures[i];
	return NULL;
}

/* Encrypted, whether the password is known or not: 7.6 */
static int refuse_locked(struct ltps_error *err)
{
	if (err->code != LTPS_DENIED)
		return -1;
	ltps_error_clear(err);
	return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT, "ISO 32000-2 7.6",
			 "the PDF is encrypted: nothing is added to it");
}

static int may_sign(const struct pades *p, struct ltps_error *err)
{
	const struct pades_signature *f = first_final(p);
	if (f == NULL)
		return augment_pades_may(p, err);
	return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
			 "ISO 32000-2 12.8.2.2",
			 "the signature %.*s of the PDF allows no further one",
			 (int)(f->field_name.n < 60 ? f->field_name.n : 60),
			 (const char *)f->field_name.p);
}

static size_t room_of(const struct seal_input *in)
{
	const struct signing_key *k = in->key;
	size_t n = CMS_SPARE + k->certificate->der.n;
	if (in->augment.level > LEVEL_B)
		n += AUGMENT_TOKEN_ROOM;
	for (size_t i = 0; i < k->n_chain; i++)
		n += k->chain[i]->der.n;
	return n + (size_t)EVP_PKEY_get_size(k->key);
}

/* EN 319 142-1 6.3: the claimed time stands here and not in the CMS. */
static void make_entries(const struct sealing *s, char out[ENTRIES_MAX])
{
	const int64_t time_ms = s->in->augment.judgement.time_ms;
	char text[TIME_TEXT_MAX];
	time_generalized(time_ms / 1000 * 1000, text);
	snprintf(out, ENTRIES_MAX,
		 "/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached "
		 "/M (D:%s)",
		 text);
}

static int lay_out(struct sealing *s, struct ltps_error *err)
{
	struct pdf_update *u = NULL;
	char entries[ENTRIES_MAX];
	make_entries(s, entries);
	if (pdf_update_new(s->p->file, s->p->objects, &u, err) != 0)
		return -1;
	const struct pdf_ref value = { pdf_update_number(u), 0 };
	int rc =
	    pdf_update_signature(u, value, view_text(entries), room_of(s->in), err);
	if (rc == 0)
		rc = pdf_update_field(u, s->p, FIELD_NAME, value, err);
	if (rc == 0)
		rc = pdf_update_extension(u, s->p, 2, err);
	if (rc == 0)
		rc = pdf_update_finish(u, &s->update, s->fresh.range, err);
	pdf_update_free(u);
	return rc;
}

static int sign(struct sealing *s, struct buf *cms, struct ltps_error *err)
{
	const struct view file = s->p->file->octets;
	struct seal_content c = { .signing_time_ms = INT64_MIN };
	int rc = augment_range_digest(file, view_buf(&s->update), s->fresh.range,
				      s->alg, &c.digest, err);
	if (rc == 0)
		rc = seal_sign(s->in, &c, cms, err);
	if (rc == 0)
		rc = pdf_update_fill(&s->update, file.n, s->fresh.range, view_buf(cms),
				     err);
	return rc;
}

/* file: the whole new one; cms: what stands in it */
static int make(const struct seal_input *in, struct buf *file, struct buf *cms,
		struct augment_fresh *ret, struct ltps_error *err)
{
	const struct view old = in->content->bytes;
	struct sealing s = { .in = in, .update = buf_make(CMS_SIZE_MAX) };
	struct pades *p = NULL;
	int rc = seal_digest(in, &s.alg, err);
	if (rc == 0 && pades_read(old, in->augment.password, &p, err) != 0)
		rc = refuse_locked(err);
	s.p = p;
	if (rc == 0 && (may_sign(p, err) != 0 || lay_out(&s, err) != 0 ||
			sign(&s, cms, err) != 0 ||
			buf_reserve(file, old.n + s.update.n, err) != 0 ||
			buf_put(file, old, err) != 0 ||
			buf_put(file, view_buf(&s.update), err) != 0))
		rc = -1;
	*ret = s.fresh;
	ret->cms = view_buf(cms);
	pades_free(p);
	buf_free(&s.update);
	return rc;
}

int seal_pades(const struct seal_input *in, struct augmented *ret,
	       struct ltps_error *err)
{
	struct augment_input next = in->augment;
	struct augment_fresh fresh;
	struct buf file = buf_make(PDF_SIZE_MAX), cms = buf_make(CMS_SIZE_MAX);
	if (!in->content->in_memory)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a PDF that is not in memory cannot be sealed");
	int rc = make(in, &file, &cms, &fresh, err);
	if (rc == 0) {
		next.made_now = true;
		next.file = view_buf(&file);
		next.content = NULL;
		rc = augment_pades_fresh(&next, &fresh, ret, err);
	}
	if (rc == 0) {
		/* The judgement of what was sealed reads from there. */
		ret->sealed = file;
		file = buf_make(0);
	}
	buf_free(&cms);
	buf_free(&file);
	return rc;
}
