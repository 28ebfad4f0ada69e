/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ers_scene.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/asn1.h"
#include "formats/cms.h"
#include "timestamping/merkle.h"

static struct ltps_error failure;

static void must(int rc)
{
	if (rc == 0)
		return;
	fprintf(stderr, "ers_scene: %s\n", failure.text);
	abort();
}

struct scene scene_new(void)
{
	struct scene s = { .pki = fix_pki_make() };
	s.material = fix_material(s.pki.root, s.pki.ca);
	return s;
}

void scene_free(struct scene *s)
{
	material_free(s->material);
	fix_pki_free(&s->pki);
}

static void add_crl(struct scene *s, const struct fix_cert *issuer, int64_t day,
		    const struct fix_revoked *revoked)
{
	struct buf crl = buf_make(MAKE_MAX);
	fix_crl_simple(issuer, DAY(day), revoked, &crl);
	fix_material_add(s->material, MATERIAL_CRL, view_buf(&crl));
	buf_free(&crl);
}

void scene_crls(struct scene *s, int64_t day, const struct fix_revoked *revoked_or_null)
{
	add_crl(s, s->pki.root, day, NULL);
	add_crl(s, s->pki.ca, day, revoked_or_null);
}

/* As every known writer computes it. */
static struct digest root_of(const struct scene_stamp *o)
{
	enum digest_alg alg = o->lists[0].h[0].alg;
	struct digest current = { .alg = alg };
	for (size_t i = 0; i < 4 && o->lists[i].n > 0; i++) {
		struct digest below = current;
		struct view views[16];
		size_t n = o->lists[i].n;
		for (size_t k = 0; k < n; k++)
			views[k] = digest_view(&o->lists[i].h[k]);
		if (i > 0)
			views[n++] = digest_view(&below);
		must(merkle_group(alg, views, n, true, &current, &failure));
	}
	return current;
}

static struct buf make_token(const struct scene *s, const struct scene_stamp *o)
{
	const struct fix_cert *tsa = o->tsa != NULL ? o->tsa : s->pki.tsa;
	struct digest imprint = o->imprint != NULL ? *o->imprint : root_of(o);
	struct cms_material m = { .crls = &o->material,
				  .n_crls = o->material.n > 0,
				  .ocsps = &o->ocsp,
				  .n_ocsps = o->ocsp.n > 0 };
	struct buf token = buf_make(MAKE_MAX);
	struct buf fuller = buf_make(MAKE_MAX);

	if (o->deviation != NULL)
		fix_token_deviating(tsa, &imprint, DAY(o->day), o->deviation, &token);
	else
		fix_token(tsa, NULL, 0, &imprint, DAY(o->day), &token);
	if (m.n_crls == 0 && m.n_ocsps == 0)
		return token;
	must(cms_add_material(view_buf(&token), &m, &fuller, &failure));
	buf_free(&token);
	return fuller;
}

static struct buf in_ber(struct buf der)
{
	struct tlv t;
	must(tlv_only(view_buf(&der), &t, &failure));
	struct buf b = make_join(make_bytes("\x30\x80", 2), make_copy(t.body));
	buf_free(&der);
	return make_join(b, make_bytes("\0\0", 2));
}

static struct buf make_tree(const struct scene_stamp *o)
{
	struct buf lists = buf_make(MAKE_MAX);
	for (size_t i = 0; i < 4 && o->lists[i].n > 0; i++) {
		struct buf hashes = buf_make(MAKE_MAX);
		for (size_t k = 0; k < o->lists[i].n; k++)
			hashes = make_join(
			    hashes, make_octet_string(digest_view(&o->lists[i].h[k])));
		lists = make_join(lists, make_tlv(DER_SEQUENCE, 1, hashes));
	}
	return make_tlv(0xa2, 1, lists);
}

struct buf scene_stamp_make(const struct scene *s, const struct scene_stamp *o,
			    struct buf *ret_token_or_null)
{
	struct buf body = buf_make(MAKE_MAX);
	struct buf token = make_token(s, o);

	if (o->ber)
		token = in_ber(token);
	if (ret_token_or_null != NULL)
		*ret_token_or_null = make_copy(view_buf(&token));
	if (o->alg != DIGEST_NONE)
		body = make_join(body, make_algorithm(0xa0, o->alg));
	if (o->lists[0].n > 0)
		body = make_join(body, make_tree(o));
	return make_tlv(DER_SEQUENCE, 2, body, token);
}

struct buf scene_record(size_t n_chains, ...)
{
	struct buf chains = buf_make(MAKE_MAX);
	struct buf algs =
	    make_tlv(DER_SEQUENCE, 2, make_algorithm(DER_SEQUENCE, DIGEST_SHA256),
		     make_algorithm(DER_SEQUENCE, DIGEST_SHA512));
	va_list ap;

	va_start(ap, n_chains);
	for (size_t i = 0; i < n_chains; i++)
		chains = make_join(chains, va_arg(ap, struct buf));
	va_end(ap);
	return make_tlv(DER_SEQUENCE, 3, make_version(1), algs,
			make_tlv(DER_SEQUENCE, 1, chains));
}

struct buf scene_simple(const struct scene *s, const struct scene_stamp *o)
{
	return scene_record(1, make_tlv(DER_SEQUENCE, 1, scene_stamp_make(s, o, NULL)));
}

struct digest scene_token_hash(enum digest_alg alg, const struct buf *token)
{
	struct digest d;
	must(digest_once(alg, view_buf(token), &d, &failure));
	return d;
}

struct digest scene_renewed(const struct digest *object, const struct buf *chain)
{
	struct buf sequence = make_tlv(DER_SEQUENCE, 1, make_copy(view_buf(chain)));
	struct digest d;
	must(ers_renewed_hash(object, view_buf(&sequence), &d, &failure));
	buf_free(&sequence);
	return d;
}

struct ers_report *scene_verify_objects(const struct scene *s, struct buf record,
					int64_t day, const struct ers_object *objects,
					size_t n)
{
	struct ers_input in = { .objects = objects,
				.n_objects = n,
				.material = s->material,
				.policy = s->policy,
				.time_ms = DAY(day) };
	struct ers_report *r = NULL;
	must(ers_verify(view_buf(&record), &in, &r, &failure));
	buf_free(&record);
	return r;
}

struct ers_report *scene_verify(const struct scene *s, struct buf record, int64_t day,
				size_t n_objects, ...)
{
	struct ers_object objects[8];
	va_list ap;

	memset(objects, 0, sizeof(objects));
	va_start(ap, n_objects);
	for (size_t i = 0; i < n_objects; i++) {
		objects[i].name = va_arg(ap, const char *);
		objects[i].has_data = true;
		objects[i].data = view_text(objects[i].name);
	}
	va_end(ap);
	return scene_verify_objects(s, record, day, objects, n_objects);
}

bool scene_has_finding(const struct ers_report *r, const char *code)
{
	for (size_t i = 0; i < r->n_findings; i++)
		if (strcmp(r->findings[i].code, code) == 0)
			return true;
	return false;
}

static const char *text_of(const char *s)
{
	return s != NULL ? s : "none";
}

void scene_expect(struct ers_report *r, bool intact, enum indication indication,
		  const char *subindication)
{
	bool poe = r->proof_of_existence_ms != INT64_MIN;
	if (r->intact != intact || r->indication != indication ||
	    strcmp(text_of(r->subindication), text_of(subindication)) != 0 ||
	    poe != (indication == INDICATION_PASSED)) {
		fprintf(stderr, "intact %d, %s %s; expected %d, %s %s\n", r->intact,
			indication_name(r->indication), text_of(r->subindication),
			intact, indication_name(indication), text_of(subindication));
		for (size_t i = 0; i < r->n_findings; i++)
			fprintf(stderr, "  %s %s %s\n", r->findings[i].code,
				r->findings[i].object, r->findings[i].text);
		abort();
	}
	ers_report_free(r);
}
