/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_signature - one signature dictionary. What it says is read as the revision that
 * it signed has it; the newest revision must have the same, in the same field.
 */
#include "base/digest.h"
#include "formats/pades_private.h"

#define ENTRY_CLAUSE "ISO 32000-2 Table 255"
/* Certificates of a chain in /Cert. */
#define CHAIN_MAX 64

/* ---- subfilter, type ---- */

static const char *const subfilter_names[] = {
	[PADES_CADES_DETACHED] = "ETSI.CAdES.detached",
	[PADES_PKCS7_DETACHED] = "adbe.pkcs7.detached",
	[PADES_PKCS7_SHA1] = "adbe.pkcs7.sha1",
	[PADES_X509_RSA_SHA1] = "adbe.x509.rsa_sha1",
	[PADES_RFC3161] = "ETSI.RFC3161",
};

const char *pades_subfilter_name(enum pades_subfilter s)
{
	return (unsigned)s < PADES_OTHER_SUBFILTER ? subfilter_names[s] : "?";
}

static enum pades_subfilter subfilter_of(struct view name)
{
	for (unsigned i = 0; i < PADES_OTHER_SUBFILTER; i++) {
		if (view_is_text(name, subfilter_names[i]))
			return (enum pades_subfilter)i;
	}
	return PADES_OTHER_SUBFILTER;
}

/* What a reader takes for a time-stamp by one of both is one here, with a defect when
 * the other does not agree. */
static void type_check(const struct pdf_value *dict, struct pades_signature *s)
{
	const struct pdf_value *type = pdf_dict_get(dict, "Type");
	bool stamp_type = pdf_is_name(type, "DocTimeStamp");
	bool stamp_filter = s->subfilter == PADES_RFC3161;

	s->is_stamp = stamp_type || stamp_filter;
	if (stamp_filter && !stamp_type)
		pades_defect(s, "ISO 32000-2 12.8.5",
			     "/SubFilter /ETSI.RFC3161 without /Type /DocTimeStamp");
	else if (stamp_type && !stamp_filter)
		pades_defect(s, "ISO 32000-2 12.8.5",
			     "/Type /DocTimeStamp without /SubFilter /ETSI.RFC3161");
	else if (type != NULL && !stamp_type && !pdf_is_name(type, "Sig"))
		pades_defect(s, ENTRY_CLAUSE,
			     "/Type is neither /Sig nor /DocTimeStamp");
}

static int filters_read(struct pades_reader *r, size_t revision,
			const struct pdf_value *dict, struct pades_signature *s,
			struct ltps_error *err)
{
	const struct pdf_value *filter, *sub;

	if (pades_get(r, revision, dict, "Filter", &filter, err) != 0 ||
	    pades_get(r, revision, dict, "SubFilter", &sub, err) != 0)
		return -1;
	if (filter->kind == PDF_NAME)
		s->filter = filter->text;
	if (sub->kind == PDF_NAME)
		s->subfilter_name = sub->text;
	else
		pades_defect(s, ENTRY_CLAUSE, "no /SubFilter");
	s->subfilter = subfilter_of(s->subfilter_name);
	return 0;
}

/* ---- the revision that was signed ---- */

/* A field that its own /Parent entries do not describe is looked for from the form
 * down: by its object, or when it has none by its name. */
struct field_search {
	const struct pades_field *like;
	struct pades_field found;
};

static int field_found(void *to, const struct pades_field *f, struct ltps_error *err)
{
	struct field_search *s = to;

	(void)err;
	if (f->ref.number == s->like->ref.number &&
	    view_equal(f->name, s->like->name)) {
		s->found = *f;
		s->found.is_signature = true;
	}
	return 0;
}

static int field_search(struct pades_reader *r, size_t revision,
			const struct pades_field *like, struct pades_field *ret_f,
			struct ltps_error *err)
{
	struct field_search s = { .like = like };
	struct pades_map seen = { 0 };
	struct pades_walk w = { .r = r,
				.revision = revision,
				.seen = &seen,
				.quiet = true,
				.found = field_found,
				.to = &s };

	int rc = pades_fields_walk(&w, err);
	pades_map_free(&seen);
	*ret_f = s.found;
	return rc;
}

/* Whether the /Parent entries tell the same of a field as the way down to it. */
static bool is_described(const struct pades_field *f, const struct pades_field *climbed)
{
	return climbed->is_signature && view_equal(f->name, climbed->name) &&
	       climbed->value == f->value;
}

/* The field as a revision has it; its value NULL when it has none, or is another. */
static int field_then(struct pades_reader *r, size_t revision,
		      const struct pades_field *f, struct pades_field *ret_f,
		      struct ltps_error *err)
{
	const struct pdf_value *dict;
	struct pades_field now = { 0 };

	if (f->ref.number != 0 &&
	    pades_field_climb(r, r->newest, f->ref, f->dict, &now, err) != 0)
		return -1;
	if (!is_described(f, &now))
		return field_search(r, revision, f, ret_f, err);
	if (pades_object(r, revision, f->ref, &dict, err) != 0 ||
	    pades_field_climb(r, revision, f->ref, dict, ret_f, err) != 0)
		return -1;
	if (!ret_f->is_signature || !view_equal(f->name, ret_f->name))
		ret_f->value = NULL;
	return 0;
}

/* The certification of /Perms that no field has. */
static int perms_then(struct pades_reader *r, size_t revision,
		      const struct pdf_value **ret_value, struct ltps_error *err)
{
	const struct pdf_value *catalog, *perms;

	if (pdf_catalog(r->p->objects, revision, &catalog, err) != 0 ||
	    pades_get(r, revision, catalog, "Perms", &perms, err) != 0)
		return -1;
	*ret_value = pdf_dict_get(perms, "DocMDP");
	return 0;
}

/* /V as the same field of the signed revision has it; NULL: it has none. */
static int value_then(struct pades_reader *r, size_t revision,
		      const struct pades_field *f, struct pades_field *ret_then,
		      struct ltps_error *err)
{
	*ret_then = (struct pades_field){ 0 };
	if (f->dict == NULL)
		return perms_then(r, revision, &ret_then->value, err);
	return field_then(r, revision, f, ret_then, err);
}

/*
 * signed_dict - the dictionary that stood in the file when it was signed. Whoever adds
 * a revision can put any dictionary into any field; what was signed says what is true.
 */
static int signed_dict(struct pades_reader *r, const struct pades_field *f,
		       struct pades_signature *s, struct pades_field *ret_then,
		       const struct pdf_value **ret_dict, struct ltps_error *err)
{
	const struct pdf_value *dict;

	if (value_then(r, s->revision, f, ret_then, err) != 0 ||
	    pades_resolve(r, s->revision, ret_then->value, &dict, err) != 0)
		return -1;
	if (pades_ref(ret_then->value).number != s->value.number || !pdf_is_dict(dict))
		pades_defect(
		    s, "ISO 32000-2 12.8.1",
		    "in revision %zu, which it covers, its field does not have "
		    "this signature",
		    s->revision);
	else if (dict != s->dict && !pdf_value_equal(dict, s->dict))
		pades_defect(s, "ISO 32000-2 12.8.1",
			     "its dictionary was replaced after revision %zu, which it "
			     "covers",
			     s->revision);
	else if (!pades_range_holds(r->p->file, s, dict))
		pades_defect(s, "ISO 32000-2 12.8.1",
			     "the gap of /ByteRange is the /Contents of another "
			     "dictionary");
	*ret_dict = pdf_is_dict(dict) ? dict : s->dict;
	return 0;
}

/* Where the dictionary, or what it stands in, was written last. */
static size_t revision_of(const struct pades_reader *r, const struct pades_field *f)
{
	uint32_t number = pades_ref(f->value).number;
	const struct pdf_entry *e =
	    pdf_file_find(r->p->file, r->newest, number != 0 ? number : f->holder);

	return e != NULL ? e->revision : r->newest;
}

/* ---- its entries ---- */

static int text_get(struct pades_reader *r, size_t revision,
		    const struct pdf_value *dict, const char *key, struct view *ret_v,
		    struct ltps_error *err)
{
	const struct pdf_value *v;

	if (pades_get(r, revision, dict, key, &v, err) != 0)
		return -1;
	return pades_text(r, v, ret_v, err);
}

static int texts_read(struct pades_reader *r, size_t revision,
		      const struct pdf_value *dict, struct pades_signature *s,
		      struct ltps_error *err)
{
	const struct pdf_value *time;

	if (text_get(r, revision, dict, "Name", &s->name, err) != 0 ||
	    text_get(r, revision, dict, "Reason", &s->reason, err) != 0 ||
	    text_get(r, revision, dict, "Location", &s->location, err) != 0 ||
	    text_get(r, revision, dict, "ContactInfo", &s->contact, err) != 0 ||
	    pades_get(r, revision, dict, "M", &time, err) != 0)
		return -1;
	s->has_time = time->kind == PDF_STRING && pdf_date(time->text, &s->time_ms);
	return 0;
}

static int chain_read(struct pades_reader *r, size_t revision,
		      const struct pdf_value *cert, struct pades_signature *s,
		      struct ltps_error *err)
{
	const struct pdf_value *items = cert, *v;
	size_t n = cert->kind == PDF_STRING ? 1 : cert->kind == PDF_ARRAY ? cert->n : 0;
	struct view *chain;

	if (cert->kind == PDF_ARRAY)
		items = cert->items;
	if (n > CHAIN_MAX) {
		pades_defect(s, ENTRY_CLAUSE, "more than %d certificates in /Cert",
			     CHAIN_MAX);
		return 0;
	}
	if (n == 0)
		return 0;
	if (arena_take(&r->p->arena, n, sizeof(chain[0]), &chain, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (pades_resolve(r, revision, &items[i], &v, err) != 0)
			return -1;
		if (v->kind == PDF_STRING)
			chain[i] = v->text;
	}
	s->chain_entry = chain;
	s->n_chain_entry = n;
	s->cert_entry = chain[0];
	return 0;
}

/* The chain of adbe.x509.rsa_sha1, whose /Contents has none; no other one may have it.
 */
static int cert_read(struct pades_reader *r, size_t revision,
		     const struct pdf_value *dict, struct pades_signature *s,
		     struct ltps_error *err)
{
	const struct pdf_value *cert;

	if (pades_get(r, revision, dict, "Cert", &cert, err) != 0 ||
	    chain_read(r, revision, cert, s, err) != 0)
		return -1;
	if (s->subfilter == PADES_X509_RSA_SHA1 && s->cert_entry.n == 0)
		pades_defect(s, ENTRY_CLAUSE, "adbe.x509.rsa_sha1 without /Cert");
	if (s->subfilter != PADES_X509_RSA_SHA1 && cert->kind != PDF_NULL)
		pades_defect(s, ENTRY_CLAUSE,
			     "/Cert, which only adbe.x509.rsa_sha1 has");
	return 0;
}

static int lock_read(struct pades_reader *r, size_t revision,
		     const struct pdf_value *field, struct pades_signature *s,
		     struct ltps_error *err)
{
	const struct pdf_value *lock;

	if (pades_get(r, revision, field, "Lock", &lock, err) != 0)
		return -1;
	return lock->kind == PDF_NULL
		   ? 0
		   : pades_lock_read(r, revision, lock, &s->lock, err);
}

static int entries_read(struct pades_reader *r, size_t revision,
			const struct pdf_value *dict, struct pades_signature *s,
			struct ltps_error *err)
{
	if (dict->kind != PDF_DICT)
		pades_defect(s, ENTRY_CLAUSE, "a stream, not a dictionary");
	if (dict->duplicate_keys)
		pades_defect(s, "ISO 32000-2 7.3.7", "a key stands twice in it");
	if (filters_read(r, revision, dict, s, err) != 0)
		return -1;
	type_check(dict, s);
	if (texts_read(r, revision, dict, s, err) != 0 ||
	    cert_read(r, revision, dict, s, err) != 0)
		return -1;
	return pades_references_read(r, revision, dict, s, err);
}

int pades_signature_read(struct pades_reader *r, const struct pades_field *f,
			 struct pades_signature *s, struct ltps_error *err)
{
	struct pades_field then = *f;
	const struct pdf_value *dict;
	size_t revision;

	s->field = f->ref;
	s->field_name = f->name;
	s->value = pades_ref(f->value);
	if (pades_resolve(r, r->newest, f->value, &s->dict, err) != 0)
		return -1;
	dict = s->dict;
	if (pades_is_unreadable(dict))
		pades_defect(s, ENTRY_CLAUSE, "its dictionary cannot be read");
	pades_range_read(r->p->file, dict, s);
	revision = s->revision;
	if (revision != SIZE_MAX && signed_dict(r, f, s, &then, &dict, err) != 0)
		return -1;
	if (revision == SIZE_MAX) {
		revision = r->newest;
		s->revision = revision_of(r, f);
	}
	if (entries_read(r, revision, dict, s, err) != 0)
		return -1;
	return lock_read(r, revision, then.dict, s, err);
}

int pades_vri_key(struct view contents, char ret_key[41], struct ltps_error *err)
{
	static const char digits[] = "0123456789ABCDEF";
	struct digest d;

	if (digest_once(DIGEST_SHA1, contents, &d, err) != 0)
		return -1;
	for (size_t i = 0; i < d.n; i++) {
		ret_key[2 * i] = digits[d.p[i] >> 4];
		ret_key[2 * i + 1] = digits[d.p[i] & 15];
	}
	ret_key[2 * d.n] = '\0';
	return 0;
}
