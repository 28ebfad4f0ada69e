/* SPDX-License-Identifier: Apache-2.0 */
/* cades_kit_file - a SignedData taken apart into its elements and put together again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "tests/support/cades_kit_private.h"
#include "tests/support/cms_make.h"

static struct ltps_error failure;

void ck_die(const char *what)
{
	fprintf(stderr, "cades_kit: %s %s\n", what, failure.text);
	abort();
}

static void must(int rc)
{
	if (rc != 0)
		ck_die("step");
}

struct view ck_copy(const struct buf *b)
{
	return make_joined(view_buf(b), VIEW_NULL);
}

/* ---- elements ---- */

static struct tlv only(struct view v)
{
	struct tlv t;
	must(tlv_only(v, &t, &failure));
	return t;
}

static struct tlv next(struct view *cursor)
{
	struct tlv t;
	must(tlv_next(cursor, &t, &failure));
	return t;
}

/* The next one when it has this identifier octet. */
static bool next_if(struct view *cursor, uint8_t id, struct tlv *ret)
{
	if (cursor->n == 0 || cursor->p[0] != id)
		return false;
	*ret = next(cursor);
	return true;
}

struct view ck_body(struct view tlv)
{
	struct tlv t = only(tlv);
	if (!t.constructed)
		return t.body;
	struct buf b = buf_make(CK_BYTES_MAX);
	must(tlv_octets(&t, &b, &failure));
	struct view v = ck_copy(&b);
	buf_free(&b);
	return v;
}

/* ---- lists ---- */

void ck_push(struct ck_list *l, struct view v)
{
	if (l->n == CK_MEMBERS_MAX)
		ck_die("list is full");
	l->present = true;
	l->a[l->n++] = v;
}

static void read_list(const struct tlv *t, struct ck_list *ret)
{
	struct view cursor = t->body;
	*ret = (struct ck_list){ .present = true, .indefinite = t->indefinite };
	while (cursor.n > 0)
		ck_push(ret, next(&cursor).whole);
}

struct view ck_write(const struct ck_list *l, uint8_t id, bool as_is)
{
	struct buf b = buf_make(CK_BYTES_MAX);
	struct view v;
	if (!l->indefinite && !as_is) {
		must(der_put_set_of(&b, id, l->a, l->n, &failure));
		v = ck_copy(&b);
	} else {
		for (size_t i = 0; i < l->n; i++)
			must(buf_put(&b, l->a[i], &failure));
		v = make_parts(id, l->indefinite, view_buf(&b), MAKE_END);
	}
	buf_free(&b);
	return v;
}

/* ---- SignerInfo ---- */

void ck_signer_info_read(struct view tlv, struct ck_signer_info *ret)
{
	struct view cursor = only(tlv).body;
	struct tlv t;
	*ret = (struct ck_signer_info){ 0 };
	ret->version = next(&cursor).whole;
	ret->sid = next(&cursor).whole;
	ret->digest_algorithm = next(&cursor).whole;
	if (next_if(&cursor, 0xa0, &t))
		ret->signed_attrs = t.whole;
	ret->signature_algorithm = next(&cursor).whole;
	ret->signature = next(&cursor).whole;
	if (next_if(&cursor, 0xa1, &t)) {
		ret->unsigned_whole = t.whole;
		read_list(&t, &ret->unsigned_attrs);
	}
	CK_NEED(cursor.n == 0);
}

struct view ck_signer_info_write(const struct ck_signer_info *s, bool ber)
{
	struct view u = VIEW_NULL;
	if (s->unsigned_attrs.present)
		u = ck_write(&s->unsigned_attrs, 0xa1, ber);
	return make_el(DER_SEQUENCE, s->version, s->sid, s->digest_algorithm,
		       s->signed_attrs, s->signature_algorithm, s->signature, u);
}

/* ---- SignedData ---- */

static struct view content_info_body(struct view file, bool *ret_ber)
{
	struct tlv info = only(file);
	struct view cursor = info.body;
	next(&cursor);
	struct tlv wrapped = next(&cursor);
	struct tlv sd = only(wrapped.body);
	*ret_ber = info.indefinite;
	return sd.body;
}

struct ck_file *ck_file_read(struct view file)
{
	struct ck_file *f = mem_zalloc(1, sizeof(*f));
	struct tlv t;
	CK_NEED(f != NULL);
	struct view cursor = content_info_body(file, &f->ber);
	f->version = next(&cursor).whole;
	t = next(&cursor);
	read_list(&t, &f->digests);
	f->encap = next(&cursor).whole;
	if (next_if(&cursor, 0xa0, &t)) {
		f->certs_whole = t.whole;
		read_list(&t, &f->certs);
	}
	if (next_if(&cursor, 0xa1, &t)) {
		f->crls_whole = t.whole;
		read_list(&t, &f->crls);
	}
	t = next(&cursor);
	f->signers_indefinite = t.indefinite;
	for (struct view c = t.body; c.n > 0; f->n_signers++) {
		CK_NEED(f->n_signers < CK_SIGNERS_MAX);
		ck_signer_info_read(next(&c).whole, &f->signers[f->n_signers]);
	}
	CK_NEED(cursor.n == 0);
	return f;
}

static struct view write_signers(const struct ck_file *f)
{
	struct ck_list l = { .present = true, .indefinite = f->signers_indefinite };
	for (size_t i = 0; i < f->n_signers; i++)
		ck_push(&l, ck_signer_info_write(&f->signers[i], f->ber));
	/* In the order given, so that a signer keeps its index. */
	return ck_write(&l, DER_SET, true);
}

/* Frees it. */
struct view ck_file_write(struct ck_file *f)
{
	struct view certs = VIEW_NULL, crls = VIEW_NULL;
	if (f->certs.present)
		certs = ck_write(&f->certs, 0xa0, f->ber);
	if (f->crls.present)
		crls = ck_write(&f->crls, 0xa1, f->ber);
	struct make_cms c = { .content_type = make_oid(OID_SIGNED_DATA),
			      .version = f->version,
			      .digest_algorithms =
				  ck_write(&f->digests, DER_SET, f->ber),
			      .encap = f->encap,
			      .certs = certs,
			      .crls = crls,
			      .signers = write_signers(f),
			      .indefinite = f->ber };
	mem_free(f);
	return make_cms_build(&c);
}

static bool has(const struct ck_list *l, struct view v)
{
	for (size_t i = 0; i < l->n; i++)
		if (view_equal(l->a[i], v))
			return true;
	return false;
}

void ck_file_digest(struct ck_file *f, enum digest_alg alg)
{
	struct view id = digest_algorithm_identifier(alg);
	if (!has(&f->digests, id))
		ck_push(&f->digests, id);
}

/* RFC 5940 2; or the BasicOCSPResponse under its own identifier. */
static struct view other_revocation(struct view ocsp, bool basic)
{
	if (basic)
		return make_other_revocation(OID_PKIX_OCSP_BASIC,
					     cades_kit_basic(ocsp));
	return make_other_revocation(OID_RI_OCSP_RESPONSE, ocsp);
}

static void add(struct ck_file *f, struct ck_list *l, struct view v)
{
	if (has(l, v))
		return;
	if (!l->present)
		l->indefinite = f->ber;
	ck_push(l, v);
}

void ck_file_material(struct ck_file *f, const struct cades_kit_material *m)
{
	for (size_t i = 0; i < CADES_KIT_LIST_MAX && m->certs[i].n > 0; i++)
		add(f, &f->certs, m->certs[i]);
	for (size_t i = 0; i < CADES_KIT_LIST_MAX && m->crls[i].n > 0; i++)
		add(f, &f->crls, m->crls[i]);
	for (size_t i = 0; i < CADES_KIT_LIST_MAX && m->ocsps[i].n > 0; i++) {
		add(f, &f->crls, other_revocation(m->ocsps[i], m->basic));
		f->version = make_int(5); /* RFC 5652 5.1 */
	}
}

struct view ck_content_type(const struct ck_file *f)
{
	struct view cursor = only(f->encap).body;
	return next(&cursor).whole;
}

bool ck_file_content(const struct ck_file *f, struct view *ret)
{
	struct view cursor = only(f->encap).body;
	next(&cursor);
	if (cursor.n == 0)
		return false;
	struct view inside = next(&cursor).body;
	*ret = ck_body(inside);
	return true;
}

/* ---- values ---- */

struct digest cades_kit_hash(enum digest_alg alg, struct view octets)
{
	struct digest d;
	must(digest_once(alg, octets, &d, &failure));
	return d;
}

struct view ck_hash_view(enum digest_alg alg, struct view octets)
{
	struct digest d = cades_kit_hash(alg, octets);
	return make_joined(digest_view(&d), VIEW_NULL);
}

struct view ck_digest_octets(enum digest_alg alg, struct view octets)
{
	return make_el(ASN1_TAG_OCTET_STRING, ck_hash_view(alg, octets));
}

struct view ck_time(int64_t t_ms)
{
	struct buf b = buf_make(64);
	must(der_put_time(&b, t_ms, &failure));
	struct view v = ck_copy(&b);
	buf_free(&b);
	return v;
}

/* The years of a GeneralizedTime cut to two digits: 1950 to 2049. */
struct view ck_utc_time(int64_t t_ms)
{
	return make_el(ASN1_TAG_UTC_TIME, view_skip(only(ck_time(t_ms)).body, 2));
}

/* OCSPResponse { status, [0] { OID, OCTET STRING { BasicOCSPResponse } } } */
struct view cades_kit_basic(struct view ocsp_response)
{
	struct view cursor = only(ocsp_response).body;
	next(&cursor);
	struct view bytes = only(next(&cursor).body).body;
	next(&bytes);
	return next(&bytes).body;
}
