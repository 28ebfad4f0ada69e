/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scvp_options.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/asn1.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "validation/name.h"

#define KEY_FILE_MAX ((size_t)64 << 10)
#define ITEM_MAX ((size_t)64 << 10) /* one name, one OID, names of a check */
#define OID_SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define OID_EMAIL_PROTECTION "1.3.6.1.5.5.7.3.4"
#define DN_MAX 1024

static const char *const kind_options[MATERIAL_KIND_COUNT] = {
	[MATERIAL_ANCHOR] = "--anchor",
	[MATERIAL_CERT] = "--cert",
	[MATERIAL_CRL] = "--crl",
	[MATERIAL_OCSP] = "--ocsp",
};

static struct command_option texts(const char *name, struct option_texts *t)
{
	return (struct command_option){
		.name = name, .list = t->t, .max = SCVP_OPTION_FILES_MAX, .count = &t->n
	};
}

unsigned scvp_options_table(struct scvp_options *o,
			    struct command_option out[SCVP_OPTIONS_MAX])
{
	unsigned n = 0;
	memset(o, 0, sizeof(*o));
	for (int kind = 0; kind < MATERIAL_KIND_COUNT; kind++)
		out[n++] = texts(kind_options[kind], &o->files[kind]);
	const struct command_option lists[] = {
		texts("--server-anchor", &o->server_anchors),
		texts("--server-cert", &o->server_certs),
		texts("--check", &o->checks),
		texts("--want", &o->wants),
		texts("--initial-policy", &o->initial),
		texts("--key-usage", &o->usages),
		texts("--eku", &o->purposes),
		texts("--specified-eku", &o->specified),
		texts("--name", &o->names),
		texts("--ref", &o->refs),
	};
	const struct command_option others[] = {
		{ .name = "--time", .text = &o->time },
		{ .name = "--oldest", .text = &o->oldest },
		{ .name = "--policy", .text = &o->policy },
		{ .name = "--hash", .text = &o->hash },
		{ .name = "--text", .text = &o->text },
		{ .name = "--context", .text = &o->context },
		{ .name = "--key", .text = &o->key },
		{ .name = "--signer", .text = &o->signer },
		{ .name = "--requestor", .text = &o->requestor },
		{ .name = "--responder", .text = &o->responder },
		{ .name = "--explicit-policy", .flag = &o->explicit_policy },
		{ .name = "--inhibit-mapping", .flag = &o->inhibit_mapping },
		{ .name = "--inhibit-any", .flag = &o->inhibit_any },
		{ .name = "--unsigned", .flag = &o->is_unsigned },
		{ .name = "--no-cache", .flag = &o->no_cache },
		{ .name = "--no-nonce", .flag = &o->no_nonce },
		{ .name = "--full-request", .flag = &o->full_request },
		{ .name = "--policy-by-value", .flag = &o->by_value },
		{ .name = "--by-reference", .flag = &o->by_reference },
		{ .name = "--server-status", .flag = &o->server_status },
	};
	memcpy(out + n, lists, sizeof(lists));
	n += sizeof(lists) / sizeof(lists[0]);
	memcpy(out + n, others, sizeof(others));
	return n + sizeof(others) / sizeof(others[0]);
}

static int bad_value(const char *option, const char *text, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			 "%s: %.120s is no such value", option, text);
}

/* Octets that stay where they are until the end; NULL when there are too many. */
static struct buf *keep(struct scvp_options *o, struct ltps_error *err)
{
	if (o->n_kept == SCVP_OPTION_KEPT_MAX) {
		ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
			  "too many values");
		return NULL;
	}
	struct buf *b = &o->kept[o->n_kept++];
	*b = buf_make(ITEM_MAX);
	return b;
}

/* ---- OIDs and numbers ---- */

static int read_oid(struct scvp_options *o, const char *option, const char *text,
		    struct view *ret, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct buf *b = keep(o, err);
	struct tlv t;
	if (b == NULL)
		return -1;
	if (der_put_oid(b, text, &bad) != 0 || tlv_only(view_buf(b), &t, &bad) != 0)
		return bad.code == LTPS_NOMEM ? ltps_fail_nomem(err)
					      : bad_value(option, text, err);
	*ret = t.body;
	return 0;
}

static int read_oids(struct scvp_options *o, const char *option,
		     const struct option_texts *t, struct view *to,
		     struct scvp_list *ret, bool *ret_has, struct ltps_error *err)
{
	if (t->n > SCVP_OPTION_ITEMS_MAX)
		return bad_value(option, "more than 64", err);
	for (unsigned i = 0; i < t->n; i++)
		if (read_oid(o, option, t->t[i], &to[i], err) != 0)
			return -1;
	*ret = (struct scvp_list){ to, t->n };
	*ret_has = t->n > 0;
	return 0;
}

static int read_time(const char *option, const char *text, bool *ret_has, int64_t *ret,
		     struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	if (text == NULL)
		return 0;
	if (time_parse_rfc3339(view_text(text), ret, &bad) != 0)
		return bad_value(option, text, err);
	*ret_has = true;
	return 0;
}

/* The next of NAME,NAME; false at the end. */
static bool next_name(struct view *rest, struct view *ret)
{
	if (rest->p == NULL)
		return false;
	const uint8_t *comma = rest->n > 0 ? memchr(rest->p, ',', rest->n) : NULL;
	const size_t n = comma != NULL ? (size_t)(comma - rest->p) : rest->n;
	*ret = view_head(*rest, n);
	*rest = comma != NULL ? view_skip(*rest, n + 1) : VIEW_NULL;
	return true;
}

static int read_checks(struct scvp_options *o, struct ltps_error *err)
{
	for (unsigned i = 0; i < o->checks.n; i++) {
		struct view rest = view_text(o->checks.t[i]), name;
		while (next_name(&rest, &name)) {
			const enum scvp_check_id id = scvp_check_from_name(name);
			if (id == SCVP_CHECK_OTHER)
				return bad_value("--check", o->checks.t[i], err);
			o->ask.checks |= 1u << id;
		}
	}
	if (o->ask.checks == 0)
		o->ask.checks = 1u << SCVP_CHECK_STATUS;
	for (unsigned i = 0; i < o->wants.n; i++) {
		struct view rest = view_text(o->wants.t[i]), name;
		while (next_name(&rest, &name)) {
			const enum scvp_want_id id = scvp_want_from_name(name);
			if (id == SCVP_WANT_OTHER)
				return bad_value("--want", o->wants.t[i], err);
			o->ask.wants |= 1u << id;
		}
	}
	return 0;
}

static int read_usages(struct scvp_options *o, struct ltps_error *err)
{
	struct scvp_policy *p = &o->ask.policy;
	if (o->usages.n > SCVP_OPTION_ITEMS_MAX)
		return bad_value("--key-usage", "more than 64", err);
	for (unsigned i = 0; i < o->usages.n; i++) {
		struct view rest = view_text(o->usages.t[i]), name;
		while (next_name(&rest, &name)) {
			const uint16_t bit = cert_key_usage_bit(name);
			if (bit == 0)
				return bad_value("--key-usage", o->usages.t[i], err);
			o->usage_bits[i] |= bit;
		}
	}
	p->has_key_usages = o->usages.n > 0;
	p->key_usages = o->usage_bits;
	p->n_key_usages = o->usages.n;
	return 0;
}

/* ---- names ---- */

/* One TYPE=VALUE of a distinguished name, a further RDN. */
static bool add_rdn(X509_NAME *name, char *text)
{
	char *equals = strchr(text, '=');
	if (equals == NULL)
		return false;
	*equals = '\0';
	return X509_NAME_add_entry_by_txt(name, text, MBSTRING_UTF8,
					  (const unsigned char *)equals + 1, -1, -1,
					  0) == 1;
}

static X509_NAME *parse_dn(const char *text)
{
	char copy[DN_MAX];
	const size_t n = strlen(text);
	X509_NAME *name = n < sizeof(copy) ? X509_NAME_new() : NULL;
	bool good = name != NULL && n > 0;
	if (good)
		memcpy(copy, text, n + 1);
	for (char *at = good ? copy : NULL; good && at != NULL;) {
		char *comma = strchr(at, ',');
		if (comma != NULL)
			*comma = '\0';
		good = add_rdn(name, at);
		at = comma != NULL ? comma + 1 : NULL;
	}
	if (good)
		return name;
	X509_NAME_free(name);
	ERR_clear_error();
	return NULL;
}

static int put_dn(const char *text, struct buf *out, struct ltps_error *err)
{
	unsigned char *der = NULL;
	X509_NAME *name = parse_dn(text);
	if (name == NULL)
		return bad_value("dn", text, err);
	const int n = i2d_X509_NAME(name, &der);
	int rc = n <= 0 ? ltps_fail_nomem(err)
			: der_put(out, DER_ID(ASN1_CONTEXT, 1, GENERAL_NAME_DIRECTORY),
				  view_of(der, (size_t)n), err);
	OPENSSL_free(der);
	X509_NAME_free(name);
	return rc;
}

static const struct {
	const char *prefix;
	enum general_name_kind kind;
	const char *comparison; /* of the name validation algorithm */
} name_forms[] = {
	{ "dns:", GENERAL_NAME_DNS, OID_SERVER_AUTH },
	{ "email:", GENERAL_NAME_EMAIL, OID_EMAIL_PROTECTION },
	{ "dn:", GENERAL_NAME_DIRECTORY, OID_NVA_DN },
	{ "uri:", GENERAL_NAME_URI, NULL },
};

/* dns:a.example to a GeneralName; *ret_form tells its line above. */
static int put_name(const char *option, const char *text, struct buf *out,
		    size_t *ret_form, struct ltps_error *err)
{
	for (size_t i = 0; i < sizeof(name_forms) / sizeof(name_forms[0]); i++) {
		const size_t n = strlen(name_forms[i].prefix);
		if (strncmp(text, name_forms[i].prefix, n) != 0)
			continue;
		*ret_form = i;
		if (name_forms[i].kind == GENERAL_NAME_DIRECTORY)
			return put_dn(text + n, out, err);
		return der_put(out, DER_ID(ASN1_CONTEXT, 0, name_forms[i].kind),
			       view_text(text + n), err);
	}
	return bad_value(option, text, err);
}

static int read_name(struct scvp_options *o, const char *option, const char *text,
		     struct view *ret, struct ltps_error *err)
{
	size_t form;
	struct buf *b;
	if (text == NULL)
		return 0;
	b = keep(o, err);
	if (b == NULL || put_name(option, text, b, &form, err) != 0)
		return -1;
	*ret = view_buf(b);
	return 0;
}

static int read_refs(struct scvp_options *o, struct ltps_error *err)
{
	if (o->refs.n > SCVP_OPTION_ITEMS_MAX)
		return bad_value("--ref", "more than 64", err);
	for (unsigned i = 0; i < o->refs.n; i++)
		if (read_name(o, "--ref", o->refs.t[i], &o->lists[3][i], err) != 0)
			return -1;
	o->ask.requestor_ref = (struct scvp_list){ o->lists[3], o->refs.n };
	return 0;
}

/* All names of one kind: RFC 5055 3.2.4.2.3. */
static int read_validation_names(struct scvp_options *o, struct ltps_error *err)
{
	struct scvp_name_params p = { .comparison = VIEW_NULL };
	struct buf *names, *params;
	size_t form = 0, first = 0;
	if (o->names.n == 0)
		return 0;
	names = keep(o, err);
	params = keep(o, err);
	if (names == NULL || params == NULL)
		return -1;
	for (unsigned i = 0; i < o->names.n; i++) {
		if (put_name("--name", o->names.t[i], names, &form, err) != 0)
			return -1;
		if (i == 0)
			first = form;
		if (form != first || name_forms[form].comparison == NULL)
			return bad_value("--name", o->names.t[i], err);
	}
	if (read_oid(o, "--name", name_forms[form].comparison, &p.comparison, err) != 0)
		return -1;
	p.names = view_buf(names);
	if (scvp_name_params_encode(&p, params, err) != 0)
		return -1;
	o->ask.policy.alg = scvp_svp_oid(2);
	o->ask.policy.alg_params = view_buf(params);
	return 0;
}

/* ---- files ---- */

static int read_kind(struct material *m, enum material_kind kind,
		     const struct option_texts *files, struct ltps_error *err)
{
	for (unsigned i = 0; i < files->n; i++)
		if (material_read(m, kind, files->t[i], err) != 0)
			return ltps_where(err, "%s", files->t[i]);
	return 0;
}

/* The server's certificate is judged with everything that is given. */
static int read_trust(struct scvp_options *o, struct ltps_error *err)
{
	const struct option_texts *anchors =
	    o->server_anchors.n > 0 ? &o->server_anchors : &o->files[MATERIAL_ANCHOR];
	if (material_new(&o->trust, err) != 0 || material_new(&o->servers, err) != 0 ||
	    read_kind(o->trust, MATERIAL_ANCHOR, anchors, err) != 0 ||
	    read_kind(o->servers, MATERIAL_CERT, &o->server_certs, err) != 0)
		return -1;
	for (int kind = MATERIAL_CERT; kind < MATERIAL_KIND_COUNT; kind++)
		if (read_kind(o->trust, (enum material_kind)kind, &o->files[kind],
			      err) != 0)
			return -1;
	return 0;
}

static int read_files(struct scvp_options *o, const char *const *files, unsigned n,
		      struct ltps_error *err)
{
	if (material_new(&o->targets, err) != 0 || material_new(&o->given, err) != 0)
		return -1;
	for (unsigned i = 0; i < n; i++)
		if (material_read(o->targets, MATERIAL_CERT, files[i], err) != 0)
			return ltps_where(err, "%s", files[i]);
	for (int kind = 0; kind < MATERIAL_KIND_COUNT; kind++)
		if (read_kind(o->given, (enum material_kind)kind, &o->files[kind],
			      err) != 0)
			return -1;
	return read_trust(o, err);
}

/* SCVPCertID with SHA-1, its default. */
static int make_reference(struct scvp_options *o, const struct cert *c,
			  struct scvp_cert_ref *ret, struct ltps_error *err)
{
	struct buf *name = keep(o, err), *hash = keep(o, err);
	struct digest d;
	if (name == NULL || hash == NULL ||
	    digest_once(DIGEST_SHA1, c->der, &d, err) != 0 ||
	    buf_put(hash, digest_view(&d), err) != 0 ||
	    der_put(name, DER_ID(ASN1_CONTEXT, 1, GENERAL_NAME_DIRECTORY), c->issuer,
		    err) != 0)
		return -1;
	*ret = (struct scvp_cert_ref){ .kind = SCVP_REF_PKC,
				       .id = { .hash = view_buf(hash),
					       .issuer = view_buf(name),
					       .serial = c->serial } };
	return 0;
}

static int make_refs(struct scvp_options *o, struct ltps_error *err)
{
	const size_t n = material_count(o->targets, MATERIAL_CERT);
	const size_t n_anchors = material_count(o->given, MATERIAL_ANCHOR);
	o->refs_made = mem_zalloc(n + 1, sizeof(*o->refs_made));
	o->anchors = mem_zalloc(n_anchors + 1, sizeof(*o->anchors));
	if (o->refs_made == NULL || o->anchors == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++) {
		const struct cert *c = material_cert(o->targets, MATERIAL_CERT, i);
		o->refs_made[i].cert = c->der;
		if (o->by_reference != 0 &&
		    make_reference(o, c, &o->refs_made[i], err) != 0)
			return -1;
	}
	for (size_t i = 0; i < n_anchors; i++)
		o->anchors[i].cert = material_at(o->given, MATERIAL_ANCHOR, i);
	o->ask.certs = o->refs_made;
	o->ask.n_certs = n;
	o->ask.policy.has_anchors = n_anchors > 0;
	o->ask.policy.anchors = o->anchors;
	o->ask.policy.n_anchors = n_anchors;
	return 0;
}

static int make_infos(struct scvp_options *o, struct ltps_error *err)
{
	const size_t n_crls = material_count(o->given, MATERIAL_CRL);
	const size_t n_ocsps = material_count(o->given, MATERIAL_OCSP);
	size_t n = 0;
	o->infos = mem_zalloc(n_crls + n_ocsps + 1, sizeof(*o->infos));
	if (o->infos == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n_crls; i++) {
		const struct crl *c = material_crl(o->given, i);
		o->infos[n++] = (struct scvp_rev_info){ c->is_delta ? SCVP_REV_DELTA_CRL
								    : SCVP_REV_CRL,
							c->der };
	}
	for (size_t i = 0; i < n_ocsps; i++)
		o->infos[n++] =
		    (struct scvp_rev_info){ SCVP_REV_OCSP,
					    material_at(o->given, MATERIAL_OCSP, i) };
	o->ask.rev_infos = o->infos;
	o->ask.n_rev_infos = n;
	o->ask.intermediates =
	    (struct scvp_list){ material_views(o->given, MATERIAL_CERT),
				material_count(o->given, MATERIAL_CERT) };
	return 0;
}

/* ---- the key ---- */

static int no_password(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return 0;
}

static int read_key(const char *path, EVP_PKEY **ret, struct ltps_error *err)
{
	struct buf b = buf_make(KEY_FILE_MAX);
	BIO *bio = NULL;
	int rc = -1;
	if (file_read(path, &b, err) != 0)
		goto out;
	bio = BIO_new_mem_buf(b.p, (int)b.n);
	if (bio == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	*ret = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	if (*ret == NULL) {
		ltps_fail_openssl(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 7468",
				  "no private key in PEM without password");
		goto out;
	}
	rc = 0;
out:
	BIO_free(bio);
	if (b.p != NULL)
		OPENSSL_cleanse(b.p, b.n);
	buf_free(&b);
	return rc == 0 ? 0 : ltps_where(err, "%s", path);
}

/* The first certificate signs, the others go along. */
static int read_signer(struct scvp_options *o, struct ltps_error *err)
{
	const struct cert *chain[SCVP_CHAIN_MAX];
	struct material *m = NULL;
	EVP_PKEY *key = NULL;
	size_t n = 0;
	int rc = -1;
	if (o->key == NULL && o->signer == NULL)
		return 0;
	if (o->key == NULL || o->signer == NULL)
		return bad_value("--key", "only together with --signer", err);
	if (material_new(&m, err) != 0 ||
	    material_read(m, MATERIAL_CERT, o->signer, err) != 0 ||
	    read_key(o->key, &key, err) != 0)
		goto out;
	if (material_count(m, MATERIAL_CERT) == 0) {
		bad_value("--signer", o->signer, err);
		goto out;
	}
	for (size_t i = 1; i < material_count(m, MATERIAL_CERT) && n < SCVP_CHAIN_MAX;
	     i++)
		chain[n++] = material_cert(m, MATERIAL_CERT, i);
	rc = scvp_signer_new(material_cert(m, MATERIAL_CERT, 0), key, chain, n, false,
			     &o->own_signer, err);
	o->ask.signer = o->own_signer;
out:
	EVP_PKEY_free(key);
	material_free(m);
	return rc;
}

/* ---- all of it ---- */

static int read_policy(struct scvp_options *o, struct ltps_error *err)
{
	struct scvp_policy *p = &o->ask.policy;
	if (o->policy != NULL && strcmp(o->policy, "default") != 0 &&
	    read_oid(o, "--policy", o->policy, &p->id, err) != 0)
		return -1;
	p->explicit_policy = o->explicit_policy != 0 ? SCVP_TRUE : SCVP_ABSENT;
	p->inhibit_mapping = o->inhibit_mapping != 0 ? SCVP_TRUE : SCVP_ABSENT;
	p->inhibit_any = o->inhibit_any != 0 ? SCVP_TRUE : SCVP_ABSENT;
	if (read_oids(o, "--initial-policy", &o->initial, o->lists[0],
		      &p->user_policies, &p->has_user_policies, err) != 0 ||
	    read_oids(o, "--eku", &o->purposes, o->lists[1], &p->extended_key_usages,
		      &p->has_extended_key_usages, err) != 0 ||
	    read_oids(o, "--specified-eku", &o->specified, o->lists[2],
		      &p->specified_key_usages, &p->has_specified_key_usages, err) != 0)
		return -1;
	return read_usages(o, err) == 0 ? read_validation_names(o, err) : -1;
}

static int read_echoes(struct scvp_options *o, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct scvp_ask *a = &o->ask;
	if (read_name(o, "--requestor", o->requestor, &a->requestor_name, err) != 0 ||
	    read_name(o, "--responder", o->responder, &a->responder_name, err) != 0 ||
	    read_refs(o, err) != 0)
		return -1;
	if (o->text != NULL)
		a->text = view_text(o->text);
	if (o->hash != NULL) {
		a->hash = digest_from_name(view_text(o->hash));
		if (a->hash == DIGEST_NONE)
			return bad_value("--hash", o->hash, err);
	}
	if (o->context != NULL) {
		struct buf *b = keep(o, err);
		if (b == NULL)
			return -1;
		if (hex_decode(view_text(o->context), b, &bad) != 0)
			return bad_value("--context", o->context, err);
		a->context = view_buf(b);
	}
	if (o->no_nonce != 0)
		return 0;
	if (RAND_bytes(o->nonce, sizeof(o->nonce)) != 1)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "no random octets");
	a->nonce = view_of(o->nonce, sizeof(o->nonce));
	return 0;
}

int scvp_options_load(struct scvp_options *o, const char *const *files, unsigned n,
		      struct ltps_error *err)
{
	struct scvp_ask *a = &o->ask;
	a->full_request = o->full_request != 0;
	a->policy_by_value = o->by_value != 0;
	a->unprotected = o->is_unsigned != 0;
	a->fresh_only = o->no_cache != 0;
	if (read_checks(o, err) != 0 ||
	    read_time("--time", o->time, &a->has_time, &a->time_ms, err) != 0 ||
	    read_time("--oldest", o->oldest, &a->has_oldest, &a->oldest_ms, err) != 0 ||
	    read_policy(o, err) != 0 || read_echoes(o, err) != 0)
		return -1;
	if (read_files(o, files, n, err) != 0 || make_refs(o, err) != 0 ||
	    make_infos(o, err) != 0)
		return -1;
	return read_signer(o, err);
}

void scvp_options_clear(struct scvp_options *o)
{
	for (size_t i = 0; i < o->n_kept; i++)
		buf_free(&o->kept[i]);
	mem_free(o->refs_made);
	mem_free(o->anchors);
	mem_free(o->infos);
	scvp_signer_free(o->own_signer);
	material_free(o->targets);
	material_free(o->given);
	material_free(o->trust);
	material_free(o->servers);
}
