/* SPDX-License-Identifier: Apache-2.0 */
/* cades_kit - keys, the scene, its status information, the usual file. */
#include "tests/support/cades_kit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/support/cades_kit_private.h"

#define KINDS (FIX_KEY_DSA + 1)

/* ---- keys ---- */

static struct fix_cert *keys[KINDS][CADES_KIT_KEYS_MAX];

static void free_keys(void)
{
	for (size_t k = 0; k < KINDS; k++)
		for (size_t i = 0; i < CADES_KIT_KEYS_MAX; i++)
			fix_cert_free(keys[k][i]);
}

const struct fix_cert *cades_kit_key(enum fix_key kind, unsigned place)
{
	static bool started;
	CK_NEED(kind < KINDS && place < CADES_KIT_KEYS_MAX);
	if (!started)
		atexit(free_keys);
	started = true;
	if (keys[kind][place] == NULL)
		keys[kind][place] = fix_cert_make(
		    &(struct fix_cert_options){ .cn = "key", .key = kind });
	return keys[kind][place];
}

/* ---- the scene ---- */

struct role {
	const char *cn;
	const struct fix_cert *issuer; /* NULL: itself */
	bool ca;
	enum fix_eku eku;
	unsigned place; /* of its key */
	bool ocsp_nocheck;
};

static struct fix_cert *make(const struct fix_cert_options *given, const struct role *r)
{
	struct fix_cert_options o = { 0 };
	if (given != NULL)
		o = *given;
	if (o.cn == NULL)
		o.cn = r->cn;
	if (o.issuer == NULL)
		o.issuer = r->issuer;
	if (o.eku == FIX_EKU_NONE)
		o.eku = r->eku;
	if (o.same_key == NULL)
		o.same_key = cades_kit_key(o.key, r->place);
	o.ca = o.ca || r->ca;
	o.ocsp_nocheck = o.ocsp_nocheck || r->ocsp_nocheck;
	return fix_cert_make(&o);
}

struct cades_kit_scene cades_kit_scene(const struct cades_kit_scene_options *o)
{
	static const struct cades_kit_scene_options usual;
	struct cades_kit_scene s;
	if (o == NULL)
		o = &usual;
	s.root = make(&o->root, &(struct role){ .cn = "Root", .ca = true, .place = 0 });
	s.ca = make(&o->ca, &(struct role){
				.cn = "CA", .issuer = s.root, .ca = true, .place = 1 });
	s.signer = make(&o->signer,
			&(struct role){ .cn = "Signer", .issuer = s.ca, .place = 2 });
	s.ocsp = make(&o->ocsp, &(struct role){ .cn = "OCSP",
						.issuer = s.ca,
						.eku = FIX_EKU_OCSP_SIGNING,
						.place = 3,
						.ocsp_nocheck = true });
	s.tsa_ca =
	    make(&o->tsa_ca, &(struct role){ .cn = "TSA CA",
					     .issuer = o->own_tsa_root ? NULL : s.root,
					     .ca = true,
					     .place = 4 });
	s.tsa = make(&o->tsa, &(struct role){ .cn = "TSA",
					      .issuer = s.tsa_ca,
					      .eku = FIX_EKU_TIMESTAMPING,
					      .place = 5 });
	s.tsa2 = make(&o->tsa2, &(struct role){ .cn = "TSA 2",
						.issuer = s.tsa_ca,
						.eku = FIX_EKU_TIMESTAMPING,
						.place = 6 });
	s.anchors = fix_material(s.root, NULL);
	if (o->own_tsa_root)
		fix_material_add(s.anchors, MATERIAL_ANCHOR, s.tsa_ca->der);
	return s;
}

void cades_kit_scene_free(struct cades_kit_scene *s)
{
	material_free(s->anchors);
	fix_cert_free(s->tsa2);
	fix_cert_free(s->tsa);
	fix_cert_free(s->tsa_ca);
	fix_cert_free(s->ocsp);
	fix_cert_free(s->signer);
	fix_cert_free(s->ca);
	fix_cert_free(s->root);
	*s = (struct cades_kit_scene){ 0 };
}

/* ---- status ---- */

struct view cades_kit_crl_make(const struct fix_crl_options *o)
{
	struct buf b = buf_make(CK_BYTES_MAX);
	fix_crl_make(o, &b);
	struct view v = ck_copy(&b);
	buf_free(&b);
	return v;
}

struct view cades_kit_crl(const struct fix_cert *issuer, int64_t this_ms,
			  const struct fix_revoked *revoked_or_null)
{
	return cades_kit_crl_make(
	    &(struct fix_crl_options){ .issuer = issuer,
				       .this_ms = this_ms,
				       .revoked = revoked_or_null,
				       .n_revoked = revoked_or_null != NULL });
}

struct view cades_kit_ocsp(const struct fix_ocsp_options *o)
{
	struct buf b = buf_make(CK_BYTES_MAX);
	fix_ocsp_make(o, &b);
	struct view v = ck_copy(&b);
	buf_free(&b);
	return v;
}

struct cades_kit_material cades_kit_status(const struct cades_kit_scene *s,
					   int64_t this_ms)
{
	struct cades_kit_material m = { 0 };
	m.certs[0] = s->ca->der;
	m.certs[1] = s->tsa_ca->der;
	m.certs[2] = s->root->der;
	m.crls[0] = cades_kit_crl(s->ca, this_ms, NULL);
	m.crls[1] = cades_kit_crl(s->root, this_ms, NULL);
	m.crls[2] = cades_kit_crl(s->tsa_ca, this_ms, NULL);
	return m;
}

/* ---- the usual file ---- */

struct view cades_kit_raise(const struct cades_kit_scene *s, struct view file,
			    enum cades_kit_level l)
{
	struct cades_kit_stamp t = { .kind = CADES_STAMP_SIGNATURE,
				     .tsa = s->tsa,
				     .gen_ms = KIT_DAY(1) };
	struct cades_kit_stamp a = { .kind = CADES_STAMP_ARCHIVE_V3,
				     .tsa = s->tsa,
				     .gen_ms = KIT_DAY(3) };
	if (l >= CADES_KIT_T)
		file = cades_kit_stamp(file, &t);
	if (l >= CADES_KIT_LT) {
		struct cades_kit_material m = cades_kit_status(s, KIT_DAY(2));
		file = cades_kit_add(file, &m);
	}
	if (l >= CADES_KIT_LTA)
		file = cades_kit_stamp(file, &a);
	return file;
}

struct view cades_kit_typical(const struct cades_kit_scene *s, enum cades_kit_level l)
{
	return cades_kit_raise(s, cades_kit_plain(s->signer), l);
}
