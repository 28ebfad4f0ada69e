/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_dss - the document security store: certificates, CRLs and OCSP responses in
 * streams, and what belongs to which signature. ISO 32000-2 12.8.4.3;
 * EN 319 142-1 5.4.2
 */
#include <string.h>

#include "base/mem.h"
#include "formats/pades_private.h"

/* A stream that was decoded, and the last list that it was put into. */
struct known {
	struct pades_item item;
	size_t list;
	unsigned listed; /* bits of enum dss_kind: in lists before */
};

enum dss_kind { DSS_CERTS, DSS_CRLS, DSS_OCSPS };

/* Entries of older stores looked at; a hundred renewals of a thousand items each. */
#define OLDER_ENTRIES_MAX 100000

struct dss {
	struct pades_reader *r;
	size_t older_left;
	struct cades_list known;
	struct pades_map by_number; /* value: index into known */
	size_t list;                /* serial number of the list being made */
	size_t left;                /* items that may still be listed */
};

/* ---- items ---- */

static size_t revision_of(const struct pades_reader *r, uint32_t number)
{
	const struct pdf_entry *e = pdf_file_find(r->p->file, r->newest, number);

	return e != NULL ? e->revision : r->newest;
}

/* Each object is decoded once, however many lists name it. */
static int known_get(struct dss *d, const struct pdf_value *entry,
		     struct known **ret_known, struct ltps_error *err)
{
	struct pdf_ref ref = pades_ref(entry);
	struct pades_map_slot *slot;
	struct known *k;
	bool is_new;

	*ret_known = NULL;
	if (ref.number == 0)
		return 0;
	if (pades_map_put(&d->by_number, ref.number, &is_new, &slot, err) != 0)
		return -1;
	if (!is_new) {
		*ret_known = (struct known *)d->known.v + slot->value;
		return 0;
	}
	slot->value = (uint32_t)d->known.n;
	k = cades_list_add(&d->known, err);
	if (k == NULL)
		return -1;
	k->item.ref = ref;
	k->item.revision = revision_of(d->r, ref.number);
	*ret_known = k;
	return pades_signed_data(d->r, entry, &k->item.der, err);
}

static int list_add(struct dss *d, enum dss_kind kind, const struct pdf_value *entry,
		    struct pades_item *items, size_t *n, struct ltps_error *err)
{
	struct known *k;

	if (known_get(d, entry, &k, err) != 0)
		return -1;
	if (k != NULL && k->list == d->list)
		return 0;
	if (k == NULL || k->item.der.n == 0) {
		pades_finding(
		    d->r, PDF_NOTICE, "PDF_DSS_ITEM", d->r->newest,
		    "object %u: listed in the DSS, no stream that can be read",
		    pades_ref(entry).number);
		return 0;
	}
	k->list = d->list;
	items[*n] = k->item;
	items[(*n)++].again = (k->listed >> kind & 1) != 0;
	k->listed |= 1u << kind;
	return 0;
}

/* The plural belongs into the DSS, the singular into a VRI; files have both in both. */
static int list_read(struct dss *d, enum dss_kind kind, const struct pdf_value *dict,
		     const char *const names[2], const struct pades_item **ret,
		     size_t *ret_n, struct ltps_error *err)
{
	const struct pdf_value *lists[2];
	struct pades_item *items = NULL;
	size_t room = 0, n = 0;

	for (size_t i = 0; i < 2; i++) {
		if (pades_get(d->r, d->r->newest, dict, names[i], &lists[i], err) != 0)
			return -1;
		room += lists[i]->kind == PDF_ARRAY ? lists[i]->n : 0;
	}
	if (room == 0)
		return 0;
	if (room > d->left)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "more than %d items in the DSS", PADES_DSS_ITEMS_MAX);
	d->left -= room;
	d->list++;
	if (arena_take(&d->r->p->arena, room, sizeof(items[0]), &items, err) != 0)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; lists[i]->kind == PDF_ARRAY && k < lists[i]->n;
		     k++) {
			if (list_add(d, kind, &lists[i]->items[k], items, &n, err) != 0)
				return -1;
		}
	}
	*ret = items;
	*ret_n = n;
	return 0;
}

static int lists_read(struct dss *d, const struct pdf_value *dict, struct pades_vri *to,
		      struct ltps_error *err)
{
	static const char *const certs[] = { "Certs", "Cert" };
	static const char *const crls[] = { "CRLs", "CRL" };
	static const char *const ocsps[] = { "OCSPs", "OCSP" };

	if (list_read(d, DSS_CERTS, dict, certs, &to->certs, &to->n_certs, err) != 0 ||
	    list_read(d, DSS_CRLS, dict, crls, &to->crls, &to->n_crls, err) != 0)
		return -1;
	return list_read(d, DSS_OCSPS, dict, ocsps, &to->ocsps, &to->n_ocsps, err);
}

/* ---- VRI ---- */

static int vri_read(struct dss *d, const struct pdf_member *m, struct pades_vri *vri,
		    struct ltps_error *err)
{
	const struct pdf_value *dict, *time, *stamp;
	size_t newest = d->r->newest;

	*vri = (struct pades_vri){ .key = m->key, .signature = -1 };
	if (pades_resolve(d->r, newest, &m->value, &dict, err) != 0 ||
	    lists_read(d, dict, vri, err) != 0 ||
	    pades_get(d->r, newest, dict, "TU", &time, err) != 0 ||
	    pades_get(d->r, newest, dict, "TS", &stamp, err) != 0)
		return -1;
	vri->has_time = time->kind == PDF_STRING && pdf_date(time->text, &vri->time_ms);
	if (stamp->kind != PDF_STREAM)
		return 0;
	return pades_data(d->r, newest, stamp, &vri->stamp, err);
}

static int vris_read(struct dss *d, const struct pdf_value *dict,
		     struct pades_vri **ret, size_t *ret_n, struct ltps_error *err)
{
	const struct pdf_value *all;
	struct pades_vri *vris;
	size_t n = 0;

	*ret_n = 0;
	if (pades_get(d->r, d->r->newest, dict, "VRI", &all, err) != 0)
		return -1;
	if (!pdf_is_dict(all) || all->n == 0)
		return 0;
	if (all->n > PADES_DSS_ITEMS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "more than %d VRI", PADES_DSS_ITEMS_MAX);
	if (arena_take(&d->r->p->arena, all->n, sizeof(vris[0]), &vris, err) != 0)
		return -1;
	for (size_t i = 0; i < all->n; i++) {
		/* ISO 32000-2 Table 262 has no other keys, but some write /Type. */
		if (view_is_text(all->members[i].key, "Type"))
			continue;
		if (vri_read(d, &all->members[i], &vris[n++], err) != 0)
			return -1;
	}
	*ret = vris;
	*ret_n = n;
	return 0;
}

/* ---- which signature a VRI is about ---- */

/* SHA-1 of the element without its padding, of its hex digits in lower and upper case:
 * what programs are known to write instead of the whole string. */
struct variants {
	char keys[3][41];
};

static int variants_make(const struct pades_signature *s, struct variants *v,
			 struct ltps_error *err)
{
	char *hex = mem_alloc(2 * s->contents.n + 1);
	int rc = -1;

	if (hex == NULL)
		return ltps_fail_nomem(err);
	hex_encode(s->contents, hex);
	struct view digits = view_of(hex, 2 * s->contents.n);
	if (pades_vri_key(s->cms, v->keys[0], err) != 0 ||
	    pades_vri_key(digits, v->keys[1], err) != 0)
		goto out;
	for (size_t i = 0; i < digits.n; i++) {
		if (hex[i] >= 'a')
			hex[i] = (char)(hex[i] - 'a' + 'A');
	}
	if (pades_vri_key(digits, v->keys[2], err) != 0)
		goto out;
	rc = 0;
out:
	mem_free(hex);
	return rc;
}

static bool match_padded(const struct pades *p, struct pades_vri *vri)
{
	for (size_t i = 0; vri->signature < 0 && i < p->n_signatures; i++) {
		if (view_is_text(vri->key, p->signatures[i].vri_key))
			vri->signature = (int)i;
	}
	return vri->signature >= 0;
}

static void match_variants(const struct pades *p, struct pades_vri *vri,
			   const struct variants *all)
{
	for (size_t i = 0; vri->signature < 0 && i < p->n_signatures; i++) {
		for (size_t k = 0; k < 3; k++) {
			if (view_is_text(vri->key, all[i].keys[k]))
				vri->signature = (int)i;
		}
	}
}

static int match_all(const struct pades *p, struct pades_vri *vris, size_t n,
		     struct ltps_error *err)
{
	struct variants *all = NULL;
	int rc = -1;

	for (size_t i = 0; i < n; i++) {
		if (match_padded(p, &vris[i]) || p->n_signatures == 0)
			continue;
		if (all == NULL) {
			all = mem_zalloc(p->n_signatures, sizeof(all[0]));
			if (all == NULL) {
				ltps_fail_nomem(err);
				goto out;
			}
			for (size_t k = 0; k < p->n_signatures; k++) {
				if (variants_make(&p->signatures[k], &all[k], err) != 0)
					goto out;
			}
		}
		match_variants(p, &vris[i], all);
	}
	rc = 0;
out:
	mem_free(all);
	return rc;
}

int pades_match_vris(struct pades *p, struct ltps_error *err)
{
	for (size_t i = 0; i < p->n_signatures; i++) {
		struct pades_signature *s = &p->signatures[i];
		if (s->vri_key[0] == '\0' &&
		    pades_vri_key(s->contents, s->vri_key, err) != 0)
			return -1;
	}
	if (p->dss.n_vris == 0)
		return 0;
	return match_all(p, p->dss.vris, p->dss.n_vris, err);
}

/* ---- older stores ---- */

static bool is_as_it_was(const struct pades_reader *r, size_t revision, uint32_t number)
{
	const struct pdf_entry *then = pdf_file_find(r->p->file, revision, number);
	const struct pdf_entry *now = pdf_file_find(r->p->file, r->newest, number);

	return then != NULL && now != NULL && then->revision == now->revision;
}

static int older_add(struct dss *d, size_t revision, const struct pdf_value *entry,
		     struct cades_list *to, struct ltps_error *err)
{
	uint32_t number = pades_ref(entry).number;
	struct pades_item *item;
	struct known *k;

	if (number == 0 || d->older_left == 0 || d->known.n == PADES_DSS_ITEMS_MAX ||
	    !is_as_it_was(d->r, revision, number))
		return 0;
	d->older_left--;
	if (known_get(d, entry, &k, err) != 0)
		return -1;
	if (k == NULL || k->list != 0 || k->item.der.n == 0)
		return 0;
	k->list = d->list;
	item = cades_list_add(to, err);
	if (item == NULL)
		return -1;
	*item = k->item;
	return 0;
}

/* One list of the stores of all revisions that something covers. */
static int older_read(struct dss *d, const char *name, const struct pades_item **ret,
		      size_t *ret_n, struct ltps_error *err)
{
	const struct pades *p = d->r->p;
	struct cades_list found = { .item = sizeof(struct pades_item),
				    .max = PADES_DSS_ITEMS_MAX,
				    .what = "items in older DSS" };
	const struct pdf_value *catalog, *dict, *list;
	struct pades_item *items = NULL;
	int rc = 0;

	d->list++;
	for (size_t i = 0; rc == 0 && i < p->n_signatures; i++) {
		size_t revision = p->signatures[i].revision;
		if (revision >= d->r->newest ||
		    (i > 0 && revision == p->signatures[i - 1].revision))
			continue;
		rc = pdf_catalog(p->objects, revision, &catalog, err);
		if (rc == 0)
			rc = pades_get(d->r, revision, catalog, "DSS", &dict, err);
		if (rc == 0)
			rc = pades_get(d->r, revision, dict, name, &list, err);
		for (size_t k = 0; rc == 0 && list->kind == PDF_ARRAY && k < list->n;
		     k++)
			rc = older_add(d, revision, &list->items[k], &found, err);
	}
	if (rc == 0 && found.n > 0)
		rc =
		    arena_take(&d->r->p->arena, found.n, sizeof(items[0]), &items, err);
	if (rc == 0 && found.n > 0)
		memcpy(items, found.v, found.n * sizeof(items[0]));
	*ret = items;
	*ret_n = found.n;
	mem_free(found.v);
	return rc;
}

static int older_stores_read(struct dss *d, struct ltps_error *err)
{
	struct pades_dss *to = &d->r->p->dss;

	d->older_left = OLDER_ENTRIES_MAX;
	if (older_read(d, "Certs", &to->older_certs, &to->n_older_certs, err) != 0 ||
	    older_read(d, "CRLs", &to->older_crls, &to->n_older_crls, err) != 0)
		return -1;
	return older_read(d, "OCSPs", &to->older_ocsps, &to->n_older_ocsps, err);
}

/* ---- the store ---- */

static int first_revision(struct pades_reader *r, size_t *ret_revision,
			  struct ltps_error *err)
{
	const struct pdf_value *catalog;

	for (size_t i = 0; i < r->newest; i++) {
		if (pdf_catalog(r->p->objects, i, &catalog, err) != 0)
			return -1;
		if (pdf_dict_get(catalog, "DSS") != NULL) {
			*ret_revision = i;
			return 0;
		}
	}
	*ret_revision = r->newest;
	return 0;
}

static int store_read(struct dss *d, const struct pdf_value *dict,
		      struct ltps_error *err)
{
	struct pades_dss *to = &d->r->p->dss;
	struct pades_vri lists = { 0 }, *vris = NULL;
	size_t n;

	if (lists_read(d, dict, &lists, err) != 0 ||
	    vris_read(d, dict, &vris, &n, err) != 0)
		return -1;
	to->certs = lists.certs;
	to->n_certs = lists.n_certs;
	to->crls = lists.crls;
	to->n_crls = lists.n_crls;
	to->ocsps = lists.ocsps;
	to->n_ocsps = lists.n_ocsps;
	to->vris = vris;
	to->n_vris = n;
	return 0;
}

int pades_dss_read(struct pades_reader *r, struct ltps_error *err)
{
	struct dss d = { .r = r,
			 .known = { .item = sizeof(struct known),
				    .max = PADES_DSS_ITEMS_MAX,
				    .what = "items in the DSS" },
			 .left = PADES_DSS_ITEMS_MAX };
	const struct pdf_value *entry = pdf_dict_get(r->catalog, "DSS"), *dict;
	struct pades_dss *to = &r->p->dss;

	if (entry == NULL)
		return 0;
	if (pades_resolve(r, r->newest, entry, &dict, err) != 0)
		return -1;
	if (!pdf_is_dict(dict)) {
		pades_finding(r, PDF_SUSPICIOUS, "PDF_DSS", r->newest,
			      "/DSS of the catalog is no dictionary");
		return 0;
	}
	to->present = true;
	to->ref = pades_ref(entry);
	int rc = first_revision(r, &to->revision, err);
	if (rc == 0)
		rc = store_read(&d, dict, err);
	if (rc == 0)
		rc = older_stores_read(&d, err);
	pades_map_free(&d.by_number);
	mem_free(d.known.v);
	return rc;
}
