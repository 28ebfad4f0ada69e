/* SPDX-License-Identifier: Apache-2.0 */
/* pades_kit_sign - signatures, document time-stamps and the DSS, put into a PDF. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "base/mem.h"
#include "tests/support/cades_kit_private.h"
#include "tests/support/cms_make.h"
#include "tests/support/pades_kit_private.h"

#define ROOM 12000
/* Wide enough for any offset of a test. */
#define RANGE_BLANK "/ByteRange [0 0000000000 0000000000 0000000000]"

static struct ltps_error failure;

static void must(int rc)
{
	if (rc != 0)
		ck_die(failure.text);
}

/* ---- the field ---- */

struct placing {
	const char *name; /* NULL: the next "Signature" */
	const char *lock;
	bool in_kids, not_in_form;
};

static struct pk_change plain(uint32_t number, const char *body)
{
	return (struct pk_change){ number, { .body = body } };
}

static const char *ref_text(uint32_t number)
{
	return pk_text("%" PRIu32 " 0 R", number);
}

/* The form of the file, or a new one; the catalog then names it. */
static const char *form_of(struct pk_file *f, struct pk_change *changes, size_t *n)
{
	const char *form = f->objects[PADES_KIT_FORM].body;
	if (form != NULL)
		return form;
	const char *catalog = f->objects[PADES_KIT_CATALOG].body;
	changes[(*n)++] = plain(
	    PADES_KIT_CATALOG, pk_with(catalog, "/AcroForm", ref_text(PADES_KIT_FORM)));
	return "<< /Fields [] >>";
}

/* A field with its widget, on the first page and in the form. */
static void put_field(struct pk_file *f, const struct placing *p, uint32_t field,
		      uint32_t value, struct pk_change *changes, size_t *n)
{
	const char *name =
	    p->name != NULL ? p->name : pk_text("Signature%u", f->n_signatures + 1);
	const char *parent =
	    p->in_kids ? pk_text("/Parent %s", ref_text(field + 1)) : "";
	changes[(*n)++] = plain(
	    field, pk_text("<< /Type /Annot /Subtype /Widget /FT /Sig /T (%s) /V %s "
			   "/Rect [0 0 0 0] /F 132 /P %d 0 R %s %s >>",
			   name, ref_text(value), PADES_KIT_PAGE, parent,
			   p->lock != NULL ? pk_text("/Lock %s", p->lock) : ""));
	const char *page = f->objects[PADES_KIT_PAGE].body;
	changes[(*n)++] =
	    plain(PADES_KIT_PAGE,
		  pk_with(page, "/Annots",
			  pk_push(pk_member(page, "/Annots"), ref_text(field))));
	if (p->not_in_form)
		return;
	const char *form = form_of(f, changes, n);
	const uint32_t top = p->in_kids ? field + 1 : field;
	form = pk_with(form, "/Fields",
		       pk_push(pk_member(form, "/Fields"), ref_text(top)));
	changes[(*n)++] = plain(PADES_KIT_FORM, pk_with(form, "/SigFlags", "3"));
	if (p->in_kids)
		changes[(*n)++] =
		    plain(top, pk_text("<< /T (group) /Kids [%s] >>", ref_text(field)));
}

/* ---- the gap ---- */

struct gap {
	size_t range;      /* offset of the text of /ByteRange */
	size_t start, end; /* of <...> */
};

static size_t find(struct view in, const char *what)
{
	const size_t n = strlen(what);
	for (size_t i = in.n; i-- > 0;)
		if (i + n <= in.n && memcmp(in.p + i, what, n) == 0)
			return i;
	ck_die("no place for a signature");
}

/* The dictionary whose /ByteRange comes last is the one just made. */
static struct gap find_gap(struct view file)
{
	struct gap g = { .range = find(file, RANGE_BLANK) };
	struct view rest = view_skip(file, g.range);
	const uint8_t *lt = memchr(rest.p, '<', rest.n);
	CK_NEED(lt != NULL);
	const uint8_t *gt = memchr(lt, '>', (size_t)(rest.p + rest.n - lt));
	CK_NEED(gt != NULL);
	g.start = (size_t)(lt - file.p);
	g.end = (size_t)(gt - file.p) + 1;
	return g;
}

static void write_range(uint8_t *file, const struct gap *g, const uint64_t r[4])
{
	char text[sizeof(RANGE_BLANK) + 64];
	int n = snprintf(text, sizeof(text),
			 "/ByteRange [%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
			 r[0], r[1], r[2], r[3]);
	CK_NEED(n > 0 && (size_t)n < sizeof(RANGE_BLANK) - 1);
	memset(file + g->range, ' ', sizeof(RANGE_BLANK) - 1);
	memcpy(file + g->range, text, (size_t)n);
	file[g->range + sizeof(RANGE_BLANK) - 2] = ']';
}

static struct view covered(struct view file, const uint64_t r[4])
{
	return make_joined(view_of(file.p + r[0], r[1]), view_of(file.p + r[2], r[3]));
}

static void write_contents(uint8_t *file, const struct gap *g, struct view cms)
{
	char *hex = mem_alloc(2 * cms.n + 1);
	CK_NEED(hex != NULL && 2 * cms.n + 2 <= g->end - g->start);
	hex_encode(cms, hex);
	memcpy(file + g->start + 1, hex, 2 * cms.n);
	mem_free(hex);
}

/* What stands in the gap, decoded, with its padding. */
static struct view contents_of(struct view file, const struct gap *g)
{
	struct buf b = buf_make(CK_BYTES_MAX);
	must(hex_decode(view_of(file.p + g->start + 1, g->end - g->start - 2), &b,
			&failure));
	struct view v = ck_copy(&b);
	buf_free(&b);
	return v;
}

/* ---- signatures ---- */

static bool is_subfilter(const struct pades_kit_sign *s, const char *name)
{
	return s->subfilter != NULL && strcmp(s->subfilter, name) == 0;
}

static const char *date(int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	char out[32];
	CK_NEED(gmtime_r(&t, &tm) != NULL);
	strftime(out, sizeof(out), "D:%Y%m%d%H%M%SZ", &tm);
	return pk_text("(%s)", out);
}

static const char *hex_text(struct view v)
{
	char *hex = mem_alloc(2 * v.n + 1);
	CK_NEED(hex != NULL);
	hex_encode(v, hex);
	const char *text = pk_text("<%s>", hex);
	mem_free(hex);
	return text;
}

static const char *references(const struct pades_kit_sign *s)
{
	const char *mdp =
	    s->docmdp > 0
		? pk_text("<< /Type /SigRef /TransformMethod /DocMDP "
			  "/TransformParams << /Type /TransformParams /P %d /V /1.2 "
			  ">> >>",
			  s->docmdp)
		: "";
	const char *fields =
	    s->fieldmdp != NULL
		? pk_text("<< /Type /SigRef /TransformMethod /FieldMDP /Data "
			  "%d 0 R /TransformParams %s >>",
			  PADES_KIT_CATALOG, s->fieldmdp)
		: "";
	return mdp[0] != '\0' || fields[0] != '\0'
		   ? pk_text("/Reference [%s %s]", mdp, fields)
		   : "";
}

static const char *zeros(size_t octets)
{
	char *hex = mem_alloc(2 * octets + 1);
	CK_NEED(hex != NULL);
	memset(hex, '0', 2 * octets);
	hex[2 * octets] = '\0';
	const char *text = pk_text("%s", hex);
	mem_free(hex);
	return text;
}

static const char *dictionary(const struct pades_kit_sign *s)
{
	const char *cert = is_subfilter(s, "adbe.x509.rsa_sha1")
			       ? pk_text("/Cert %s", hex_text(s->cert->der))
			       : "";
	return pk_text(
	    "<< %s %s /SubFilter /%s %s %s %s %s " RANGE_BLANK " /Contents <%s> >>",
	    s->no_type ? "" : "/Type /Sig",
	    s->no_filter ? "" : "/Filter /Adobe.PPKLite",
	    s->subfilter != NULL ? s->subfilter : "ETSI.CAdES.detached",
	    s->no_time
		? ""
		: pk_text("/M %s", date(s->time_ms != 0 ? s->time_ms : KIT_DAY(0))),
	    cert, references(s), s->more != NULL ? s->more : "",
	    zeros(s->room > 0 ? s->room : ROOM));
}

static struct view rsa_sha1(const struct pades_kit_sign *s, struct view octets)
{
	uint8_t value[1024];
	size_t n = sizeof(value);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	CK_NEED(ctx != NULL &&
		EVP_DigestSignInit(ctx, NULL, EVP_sha1(), NULL, s->cert->key) == 1);
	CK_NEED(EVP_DigestSign(ctx, value, &n, octets.p, octets.n) == 1);
	EVP_MD_CTX_free(ctx);
	return make_el(0x04, make_joined(view_of(value, n), VIEW_NULL));
}

static struct view sign_octets(const struct pades_kit_sign *s, struct view octets)
{
	struct cades_kit_signer signer = s->cms;
	struct cades_kit_make m = { .signers = &signer,
				    .n_signers = 1,
				    .detached = true,
				    .content = octets,
				    .material = s->material };
	if (is_subfilter(s, "adbe.x509.rsa_sha1"))
		return rsa_sha1(s, octets);
	if (signer.cert == NULL)
		signer.cert = s->cert;
	if (s->subfilter == NULL && signer.signing_time == CADES_KIT_RIGHT)
		signer.signing_time = CADES_KIT_ABSENT; /* EN 319 142-1 6.3 */
	if (is_subfilter(s, "adbe.pkcs7.sha1")) {
		m.detached = false;
		m.content = ck_hash_view(DIGEST_SHA1, octets);
	}
	struct view cms = cades_kit_make(&m);
	if (s->stamp != NULL) {
		struct cades_kit_stamp stamp = *s->stamp;
		stamp.kind = CADES_STAMP_SIGNATURE;
		cms = cades_kit_stamp(cms, &stamp);
	}
	return cms;
}

/* The ranges that are written, and what is signed: the right ones. */
static void fill(struct pk_file *f, const struct pades_kit_sign *s,
		 struct view (*make)(const void *arg, struct view octets),
		 const void *arg)
{
	struct view file = make_joined(f->octets, VIEW_NULL);
	uint8_t *p;
	memcpy(&p, &file.p, sizeof(p)); /* our copy */
	struct gap g = find_gap(file);
	const size_t wider = s != NULL && s->gap_too_wide ? 1 : 0;
	uint64_t r[4] = { 0, g.start - wider, g.end + wider, file.n - g.end - wider };
	const bool other = s != NULL && (s->range[1] | s->range[2] | s->range[3]) != 0;
	write_range(p, &g, other ? s->range : r);
	struct view octets = covered(file, r);
	if (s != NULL && s->wrong_digest)
		octets = make_flipped(octets, 20);
	struct view cms = make(arg, octets);
	write_contents(p, &g, cms);
	if (s != NULL && s->padding_not_zero)
		memset(p + g.end - 3, 'f', 2);
	f->newest_contents = contents_of(file, &g);
	f->n_signatures++;
	pk_keep(f, file);
}

static struct view make_signature(const void *arg, struct view octets)
{
	return sign_octets(arg, octets);
}

/* /Perms of the catalog names the certification signature. */
static void put_permissions(struct pk_file *f, uint32_t value,
			    struct pk_change *changes, size_t *n)
{
	const char *catalog = f->objects[PADES_KIT_CATALOG].body;
	size_t at = *n;
	for (size_t i = 0; i < *n; i++) {
		if (changes[i].number != PADES_KIT_CATALOG)
			continue;
		catalog = changes[i].object.body;
		at = i;
	}
	changes[at] = plain(
	    PADES_KIT_CATALOG,
	    pk_with(catalog, "/Perms", pk_text("<< /DocMDP %s >>", ref_text(value))));
	if (at == *n)
		(*n)++;
}

struct view pades_kit_sign(struct view file, const struct pades_kit_sign *s)
{
	struct pk_file *f = pk_continue(file), *patched;
	struct pk_change changes[8];
	size_t n = 0;
	const uint32_t value = f->size, field = f->size + 1;
	const struct placing p = { s->field, s->lock, s->field_in_kids,
				   s->field_not_in_form };
	changes[n++] = plain(value, dictionary(s));
	put_field(f, &p, field, value, changes, &n);
	if (s->docmdp > 0)
		put_permissions(f, value, changes, &n);
	patched = pk_continue(pk_update(f, changes, n));
	fill(patched, s, make_signature, s);
	return patched->octets;
}

/* ---- document time-stamps ---- */

static struct view make_token(const void *arg, struct view octets)
{
	const struct pades_kit_stamp *s = arg;
	const struct cades_kit_stamp t = { .tsa = s->tsa,
					   .gen_ms = s->gen_ms,
					   .alg = s->alg,
					   .wrong_imprint = s->wrong_imprint,
					   .deviation = s->deviation,
					   .inside = s->inside };
	struct digest d =
	    cades_kit_hash(s->alg != DIGEST_NONE ? s->alg : DIGEST_SHA256, octets);
	return cades_kit_token(&t, &d);
}

struct view pades_kit_stamp(struct view file, const struct pades_kit_stamp *s)
{
	struct pk_file *f = pk_continue(file), *patched;
	struct pk_change changes[8];
	size_t n = 0;
	const uint32_t value = f->size, field = f->size + 1;
	const struct placing p = { 0 };
	changes[n++] = plain(
	    value,
	    pk_text("<< %s /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 " RANGE_BLANK
		    " /Contents <%s> >>",
		    s->no_type ? "" : "/Type /DocTimeStamp",
		    zeros(s->room > 0 ? s->room : ROOM)));
	put_field(f, &p, field, value, changes, &n);
	patched = pk_continue(pk_update(f, changes, n));
	fill(patched, NULL, make_token, s);
	return patched->octets;
}

/* ---- DSS ---- */

#define DSS_CHANGES_MAX (3 * CADES_KIT_LIST_MAX + 2)

/* zlib with stored blocks: RFC 1950, RFC 1951 3.2.4 */
static struct view stored(struct view data)
{
	struct buf b = buf_make(CK_BYTES_MAX);
	uint32_t s1 = 1, s2 = 0;
	must(buf_put(&b, view_of("\x78\x01", 2), &failure));
	for (size_t at = 0; at < data.n;) {
		const size_t n = data.n - at < 65535 ? data.n - at : 65535;
		const uint8_t head[5] = { at + n == data.n, (uint8_t)n,
					  (uint8_t)(n >> 8), (uint8_t)~n,
					  (uint8_t)(~n >> 8) };
		must(buf_put(&b, view_of(head, 5), &failure));
		must(buf_put(&b, view_of(data.p + at, n), &failure));
		at += n;
	}
	for (size_t i = 0; i < data.n; i++) {
		s1 = (s1 + data.p[i]) % 65521;
		s2 = (s2 + s1) % 65521;
	}
	const uint8_t sum[4] = { (uint8_t)(s2 >> 8), (uint8_t)s2, (uint8_t)(s1 >> 8),
				 (uint8_t)s1 };
	must(buf_put(&b, view_of(sum, 4), &failure));
	struct view v = ck_copy(&b);
	buf_free(&b);
	return v;
}

struct dss_work {
	struct pk_change v[DSS_CHANGES_MAX];
	size_t n;
	uint32_t next;
	bool compressed;
};

/* The streams of one list; "[... 0 R]", or NULL for none. */
static const char *put_list(struct dss_work *w, const struct view *list,
			    const char *array_or_null)
{
	const char *array = array_or_null;
	for (size_t i = 0; i < CADES_KIT_LIST_MAX && list[i].n > 0; i++) {
		struct pk_object o = { .is_stream = true,
				       .body =
					   w->compressed ? "/Filter /FlateDecode" : "",
				       .stream =
					   w->compressed ? stored(list[i]) : list[i] };
		w->v[w->n++] = (struct pk_change){ w->next, o };
		array = pk_push(array, ref_text(w->next++));
	}
	return array;
}

static const char *put_member(const char *dict, const char *key,
			      const char *array_or_null)
{
	return array_or_null != NULL ? pk_with(dict, key, array_or_null) : dict;
}

static const char *vri_key(const struct pk_file *f)
{
	char hex[41];
	hex_encode(ck_hash_view(DIGEST_SHA1, f->newest_contents), hex);
	for (char *c = hex; *c != '\0'; c++)
		if (*c >= 'a')
			*c = (char)(*c - 'a' + 'A');
	return pk_text("/%s", hex);
}

struct view pades_kit_dss(struct view file, const struct pades_kit_dss *d)
{
	struct pk_file *f = pk_continue(file);
	struct dss_work w = { .next = f->size, .compressed = d->compressed };
	const bool more = d->keep && f->dss != 0;
	const char *dss = more ? f->objects[f->dss].body : "<< /Type /DSS >>";
	const char *certs =
	    put_list(&w, d->material.certs, more ? pk_member(dss, "/Certs") : NULL);
	const char *crls =
	    put_list(&w, d->material.crls, more ? pk_member(dss, "/CRLs") : NULL);
	const char *ocsps =
	    put_list(&w, d->material.ocsps, more ? pk_member(dss, "/OCSPs") : NULL);
	dss = put_member(put_member(put_member(dss, "/Certs", certs), "/CRLs", crls),
			 "/OCSPs", ocsps);
	if (d->vri) {
		const char *old = more ? pk_member(dss, "/VRI") : NULL;
		const char *vri = put_member(
		    put_member(put_member("<< /Type /VRI >>", "/Cert", certs), "/CRL",
			       crls),
		    "/OCSP", ocsps);
		dss = pk_with(dss, "/VRI",
			      pk_with(old != NULL ? old : "<< >>", vri_key(f), vri));
	}
	if (!more) {
		f->dss = w.next++;
		w.v[w.n++] =
		    plain(PADES_KIT_CATALOG, pk_with(f->objects[PADES_KIT_CATALOG].body,
						     "/DSS", ref_text(f->dss)));
	}
	w.v[w.n++] = plain(f->dss, dss);
	return pk_update(f, w.v, w.n);
}

struct view pades_kit_typical(const struct cades_kit_scene *s, int level)
{
	const struct cades_kit_stamp t = { .tsa = s->tsa, .gen_ms = KIT_DAY(1) };
	struct view pdf = pades_kit_sign(
	    pades_kit_blank(NULL),
	    &(struct pades_kit_sign){ .cert = s->signer,
				      .stamp = level >= CADES_KIT_T ? &t : NULL });
	if (level >= CADES_KIT_LT)
		pdf =
		    pades_kit_dss(pdf, &(struct pades_kit_dss){
					   .material = cades_kit_status(s, KIT_DAY(2)),
					   .vri = true });
	if (level >= CADES_KIT_LTA)
		pdf = pades_kit_stamp(pdf, &(struct pades_kit_stamp){
					       .tsa = s->tsa, .gen_ms = KIT_DAY(3) });
	return pdf;
}
