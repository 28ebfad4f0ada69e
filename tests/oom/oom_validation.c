/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenarios of validation/ and of the judging part of ltp/: a failed allocation may
 * end a judgement, it never changes one.
 */
#include <string.h>

#include "base/mem.h"
#include "ltp/path.h"
#include "tests/interop/records_stamp.h"
#include "tests/oom/oom.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/trusted_list_kit.h"
#include "validation/name_coarse.h"
#include "validation/past.h"
#include "validation/trusted_list.h"
#include "validation/validation_policy.h"

#define NOW FIX_T0_MS
#define ITEM_MAX ((size_t)1 << 20)

/* A certificate with a bit of everything. */
static const char rich[] =
    "[ext]\n"
    "certificatePolicies = 1.3.6.1.4.1.99999.7\n"
    "subjectAltName = DNS:a.example,email:a@example,URI:http://a.example/,"
    "IP:192.0.2.1,dirName:name\n"
    "authorityInfoAccess = OCSP;URI:http://o.example/,caIssuers;URI:http://a.example/\n"
    "crlDistributionPoints = URI:http://c.example/1.crl\n"
    "freshestCRL = URI:http://c.example/1-delta.crl\n"
    "[name]\n"
    "O = LTPS Test\n"
    "CN = another name\n";

static const char limits[] =
    "[ext]\n"
    "certificatePolicies = 1.3.6.1.4.1.99999.6,1.3.6.1.4.1.99999.8\n"
    "policyMappings = 1.3.6.1.4.1.99999.6:1.3.6.1.4.1.99999.7\n"
    "nameConstraints = critical,permitted;DNS:example,permitted;email:example,"
    "excluded;DNS:b.example\n";

static struct {
	struct fix_cert *root, *ca, *responder, *ee, *limited, *named;
	struct buf list; /* a trusted list by ee */
	struct cert *target, *named_target;
	struct buf crl, root_crl, revoked_crl, delta_crl, ocsp, ca_ocsp, pem;
	struct material *by_crl, *by_ocsp, *revoked, *statusless, *lost;
	struct poe_set *poes;
} s;

/* ---- what they read ---- */

static struct buf crl_make(const struct fix_cert *issuer,
			   const struct fix_cert *revoked, bool delta)
{
	const struct fix_revoked entry = { .cert = revoked,
					   .at_ms = NOW - FIX_DAY_MS,
					   .reason = 1 };
	struct fix_crl_options o = { .issuer = issuer,
				     .this_ms = NOW - 3600000,
				     .revoked = &entry,
				     .n_revoked = revoked != NULL,
				     .delta = delta };
	struct buf out = buf_make(ITEM_MAX);
	fix_crl_make(&o, &out);
	return out;
}

static struct buf ocsp_make(const struct fix_cert *c, const struct fix_cert *issuer,
			    const struct fix_cert *responder)
{
	struct fix_ocsp_options o = { .cert = c,
				      .issuer = issuer,
				      .responder = responder,
				      .this_ms = NOW - 3600000 };
	struct buf out = buf_make(ITEM_MAX);
	fix_ocsp_make(&o, &out);
	return out;
}

static void make_certs(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	s.root = fix_cert_make(&(struct fix_cert_options){ .cn = "Root", .ca = true });
	s.ca = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .ca = true, .issuer = s.root });
	s.responder =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Responder",
						      .issuer = s.ca,
						      .eku = FIX_EKU_OCSP_SIGNING,
						      .ocsp_nocheck = true });
	s.ee = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Signer", .issuer = s.ca, .config = rich });
	s.limited = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Limited", .ca = true, .issuer = s.root, .config = limits });
	s.named = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Named",
	    .issuer = s.limited,
	    .config = "[ext]\ncertificatePolicies = 1.3.6.1.4.1.99999.7\n"
		      "subjectAltName = DNS:a.example,email:a@example\n" });
	must(cert_parse(s.ee->der, &s.target, &err), "certificate", &err);
	must(cert_parse(s.named->der, &s.named_target, &err), "certificate", &err);
}

static struct material *pool(const struct buf *crl, const struct buf *ocsp)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *m = NULL;
	must(material_new(&m, &err), "material", &err);
	fix_material_add(m, MATERIAL_ANCHOR, s.root->der);
	fix_material_add(m, MATERIAL_CERT, s.ca->der);
	if (crl != NULL)
		fix_material_add(m, MATERIAL_CRL, view_buf(crl));
	if (ocsp != NULL)
		fix_material_add(m, MATERIAL_OCSP, view_buf(ocsp));
	return m;
}

static void make_pem(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static const char *const edges[] = { "-----BEGIN CERTIFICATE-----\n",
					     "\n-----END CERTIFICATE-----\n" };
	const struct view ders[] = { s.ee->der, s.ca->der, s.root->der };
	s.pem = buf_make(ITEM_MAX);
	for (size_t i = 0; i < 3; i++) {
		must(buf_put_text(&s.pem, edges[0], &err), "PEM", &err);
		must(b64_encode(ders[i], &s.pem, &err), "PEM", &err);
		must(buf_put_text(&s.pem, edges[1], &err), "PEM", &err);
	}
}

/* The revocation is known an hour after it; the certificates existed a week ago. */
static void make_poes(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	must(poe_set_new(&s.poes, &err), "proofs", &err);
	poe_default(s.poes, NOW);
	const struct view ders[] = { s.ee->der, s.ca->der, s.root->der };
	for (size_t i = 0; i < 3; i++) {
		must(digest_once(DIGEST_SHA256, ders[i], &d, &err), "digest", &err);
		must(poe_add(s.poes, d.p, NOW - 7 * FIX_DAY_MS, &err), "proof", &err);
	}
}

static void make_list(void)
{
	struct buf plain = buf_make(ITEM_MAX);
	const struct tlkit_signature sign = { .signer = s.ee };
	const struct tlkit_list list = {
		.pointers = tlkit_pointer("http://a.test/", "YY", "EUgeneric", s.ca),
		.services = tlkit_service(TLKIT_CA_QC, "granted",
					  "2020-01-01T00:00:00Z", s.ca, NULL)
	};
	s.list = buf_make(ITEM_MAX);
	tlkit_list(&list, &plain);
	tlkit_sign(view_buf(&plain), &sign, &s.list);
	buf_free(&plain);
}

static int read_list(struct ltps_error *err)
{
	struct trusted_list *l = NULL;
	struct cert *c = NULL;
	struct trusted_list_verdict v = { .reason = TRUSTED_LIST_GOOD };
	int rc = trusted_list_parse(view_buf(&s.list), &l, err);
	if (rc == 0)
		rc = cert_parse(s.ee->der, &c, err);
	if (rc == 0) {
		const struct trusted_list_wanted wanted = {
			.signers = { (const struct cert *const *)&c, 1 }, .time_ms = NOW
		};
		rc = trusted_list_judge(l, &wanted, &v, err);
	}
	if (rc == 0 && v.reason != TRUSTED_LIST_GOOD)
		rc = OOM_OTHER;
	cert_free(c);
	trusted_list_free(l);
	return rc;
}

void oom_validation_make(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	make_certs();
	make_list();
	s.crl = crl_make(s.ca, NULL, false);
	s.root_crl = crl_make(s.root, NULL, false);
	s.revoked_crl = crl_make(s.ca, s.ee, false);
	s.delta_crl = crl_make(s.ca, s.named, true);
	s.ocsp = ocsp_make(s.ee, s.ca, s.responder);
	s.ca_ocsp = ocsp_make(s.ca, s.root, NULL);
	s.by_crl = pool(&s.crl, NULL);
	fix_material_add(s.by_crl, MATERIAL_CRL, view_buf(&s.root_crl));
	fix_material_add(s.by_crl, MATERIAL_CRL, view_buf(&s.delta_crl));
	s.by_ocsp = pool(&s.root_crl, &s.ocsp);
	fix_material_add(s.by_ocsp, MATERIAL_OCSP, view_buf(&s.ca_ocsp));
	s.revoked = pool(&s.root_crl, NULL);
	fix_material_add(s.revoked, MATERIAL_CRL, view_buf(&s.revoked_crl));
	s.statusless = pool(NULL, NULL);
	fix_material_add(s.statusless, MATERIAL_CERT, s.limited->der);
	must(material_new(&s.lost, &err), "material", &err);
	make_pem();
	make_poes();
}

void oom_validation_free(void)
{
	struct buf *const buffers[] = { &s.crl,       &s.root_crl, &s.revoked_crl,
					&s.delta_crl, &s.ocsp,     &s.ca_ocsp,
					&s.pem,       &s.list };
	struct material *const pools[] = { s.by_crl, s.by_ocsp, s.revoked, s.statusless,
					   s.lost };
	struct fix_cert *const certs[] = { s.root, s.ca,      s.responder,
					   s.ee,   s.limited, s.named };
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
		buf_free(buffers[i]);
	for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++)
		material_free(pools[i]);
	for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++)
		fix_cert_free(certs[i]);
	poe_set_free(s.poes);
	cert_free(s.target);
	cert_free(s.named_target);
}

/* ---- decoding ---- */

static int read_cert(struct ltps_error *err)
{
	struct cert *c = NULL;
	EVP_PKEY *key = NULL;
	int rc = -1;
	if (cert_parse(s.ee->der, &c, err) == 0 && cert_key(c, &key, err) == 0)
		rc = key != NULL && c->malformed == 0 ? 0 : OOM_OTHER;
	cert_free(c);
	return rc;
}

static int read_crl(struct ltps_error *err)
{
	struct crl_entry entry;
	struct buf issuer = buf_make(NAME_COARSE_MAX);
	struct crl *c = NULL;
	int rc = -1;
	if (crl_parse(view_buf(&s.revoked_crl), &c, err) == 0 &&
	    name_coarse(c->issuer, &issuer, err) == 0)
		rc = crl_find(c, s.target->serial, view_buf(&issuer), &entry)
			 ? 0
			 : OOM_OTHER;
	buf_free(&issuer);
	crl_free(c);
	return rc;
}

static int read_ocsp(struct ltps_error *err)
{
	struct ocsp *o = NULL;
	int rc = ocsp_parse(view_buf(&s.ocsp), &o, err);
	ocsp_free(o);
	return rc;
}

static int ask_ocsp(struct ltps_error *err)
{
	struct buf out = buf_make(ITEM_MAX);
	int rc = ocsp_request_make(s.target, material_cert(s.by_crl, MATERIAL_CERT, 0),
				   DIGEST_SHA256, view_text("a nonce"), &out, err);
	buf_free(&out);
	return rc;
}

static int read_material(struct ltps_error *err)
{
	struct material *m = NULL, *more = NULL;
	int rc = -1;
	if (material_new(&m, err) != 0 || material_new(&more, err) != 0)
		goto out;
	if (material_add_text_or_der(m, MATERIAL_CERT, view_buf(&s.pem), err) != 0 ||
	    material_add(m, MATERIAL_CRL, view_buf(&s.crl), err) != 0 ||
	    material_add(m, MATERIAL_OCSP, view_buf(&s.ocsp), err) != 0 ||
	    material_add_all(more, m, err) != 0 ||
	    material_add_all(more, s.by_crl, err) != 0)
		goto out;
	rc = material_count(more, MATERIAL_CERT) == 3 ? 0 : OOM_OTHER;
out:
	material_free(more);
	material_free(m);
	return rc;
}

/* ---- judging ---- */

static struct path_input input(const struct cert *target, const struct material *pool)
{
	return (struct path_input){
		.target = target, .pools = { pool }, .n_pools = 1, .time_ms = NOW
	};
}

static int judge(const struct path_input *in, enum path_status status,
		 enum path_code why, struct ltps_error *err)
{
	struct path_result *r = NULL;
	if (path_judge(in, &r, err) != 0)
		return -1;
	int rc = r->status == status && r->why == why ? 0 : OOM_OTHER;
	path_result_free(r);
	return rc;
}

static int path_by_crl(struct ltps_error *err)
{
	const struct path_input in = input(s.target, s.by_crl);
	return judge(&in, PATH_VALID, PATH_OK, err);
}

static int path_by_ocsp(struct ltps_error *err)
{
	const struct path_input in = input(s.target, s.by_ocsp);
	return judge(&in, PATH_VALID, PATH_OK, err);
}

static int path_revoked(struct ltps_error *err)
{
	const struct path_input in = input(s.target, s.revoked);
	return judge(&in, PATH_INVALID, PATH_REVOKED, err);
}

static int path_without_status(struct ltps_error *err)
{
	const struct path_input in = input(s.target, s.statusless);
	return judge(&in, PATH_UNDETERMINED, PATH_REVOCATION_UNKNOWN, err);
}

static int path_without_issuer(struct ltps_error *err)
{
	const struct path_input in = input(s.target, s.lost);
	return judge(&in, PATH_UNDETERMINED, PATH_NO_ISSUER, err);
}

/* Contents octets of 1.3.6.1.4.1.99999.6 */
static const uint8_t policy[] = { 0x2b, 6, 1, 4, 1, 0x86, 0x8d, 0x1f, 6 };

static int path_policies(struct ltps_error *err)
{
	const struct view wanted = view_of(policy, sizeof(policy));
	struct path_input in = input(s.named_target, s.statusless);
	in.no_revocation = true;
	in.initial_policies = &wanted;
	in.n_initial_policies = 1;
	in.explicit_policy = true;
	return judge(&in, PATH_VALID, PATH_OK, err);
}

static int path_inhibited(struct ltps_error *err)
{
	struct path_input in = input(s.named_target, s.statusless);
	const struct view wanted = view_of(policy, sizeof(policy));
	in.no_revocation = true;
	in.initial_policies = &wanted;
	in.n_initial_policies = 1;
	in.explicit_policy = true;
	in.inhibit_mapping = true;
	in.explain = true;
	return judge(&in, PATH_INVALID, PATH_POLICY, err);
}

static int path_report(struct ltps_error *err)
{
	const struct path_input in = input(s.target, s.statusless);
	struct buf text = buf_make(ITEM_MAX), json = buf_make(ITEM_MAX);
	struct jsonw j = jsonw_to(&json);
	struct path_result *r = NULL;
	int rc = -1;
	if (path_judge(&in, &r, err) != 0 || path_result_text(r, &text, err) != 0)
		goto out;
	path_result_json(r, &j);
	rc = jsonw_end(&j, err);
out:
	path_result_free(r);
	buf_free(&json);
	buf_free(&text);
	return rc;
}

/* With a memory of signatures: what it could not keep is judged again. */
static int path_cached(struct ltps_error *err)
{
	struct path_input in = input(s.target, s.by_crl);
	int rc = -1;
	if (sig_cache_new(&in.cache, err) != 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		rc = judge(&in, PATH_VALID, PATH_OK, err);
		if (rc != 0)
			break;
	}
	sig_cache_free(in.cache);
	return rc;
}

static int validate(const struct material *pool, bool past, enum indication indication,
		    struct ltps_error *err)
{
	const struct cert_validation_input in = { .path = input(s.target, pool),
						  .poes = s.poes };
	struct cert_validation_result *r = NULL;
	if ((past ? cert_validate_past : cert_validate)(&in, &r, err) != 0)
		return -1;
	int rc = r->indication == indication ? 0 : OOM_OTHER;
	cert_validation_free(r);
	return rc;
}

static int validate_good(struct ltps_error *err)
{
	return validate(s.by_crl, false, INDICATION_PASSED, err);
}

static int validate_revoked(struct ltps_error *err)
{
	return validate(s.revoked, false, INDICATION_INDETERMINATE, err);
}

/* Slides back to before the revocation. */
static int validate_past(struct ltps_error *err)
{
	return validate(s.revoked, true, INDICATION_PASSED, err);
}

static int validate_past_lost(struct ltps_error *err)
{
	return validate(s.statusless, true, INDICATION_INDETERMINATE, err);
}

/* ---- what is known, and what is asked for ---- */

static int keep(struct ltps_error *err)
{
	struct known *k = NULL;
	struct known_generation *g = NULL;
	bool news = false;
	int rc = -1;
	if (known_new(s.statusless, &k, err) != 0)
		return -1;
	if (known_add(k, s.by_crl, NOW, &news, err) == 0 &&
	    known_add(k, s.by_ocsp, NOW, &news, err) == 0)
		rc = 0;
	g = known_take(k);
	/* All of it, or nothing of what failed. */
	size_t n = material_count(known_material(g), MATERIAL_CRL);
	if ((rc == 0 && n != 3) || (rc != 0 && n != 0 && n != 3))
		rc = OOM_OTHER;
	known_drop(g);
	known_free(k);
	return rc;
}

static int fetching_nothing(struct ltps_error *err)
{
	const struct clock clock = clock_fixed(NOW);
	struct path_sources sources = { .clock = &clock };
	const struct path_input in = input(s.target, s.by_crl);
	const struct path_input missing = input(s.target, s.statusless);
	struct judged_path j = { 0 }, lacking = { 0 };
	int rc = -1;
	if (known_new(s.statusless, &sources.known, err) != 0)
		return -1;
	if (path_judge_fetching(&sources, &in, &j, err) == 0 &&
	    path_judge_fetching(&sources, &missing, &lacking, err) == 0)
		rc = j.result->status == PATH_VALID &&
			     lacking.result->status == PATH_UNDETERMINED &&
			     lacking.result->n_needs > 0
			 ? 0
			 : OOM_OTHER;
	judged_path_clear(&lacking);
	judged_path_clear(&j);
	known_free(sources.known);
	return rc;
}

/* Refused by the rule for addresses: a source that fails is no error. */
static int fetching_in_vain(struct ltps_error *err)
{
	const struct clock clock = clock_fixed(NOW);
	struct cert *c = cert_ref(s.target);
	char url[] = "http://127.0.0.1:1/ca.crl";
	const struct need need = { .kind = NEED_CRL, .url = url, .cert = c };
	const struct fetch_policy policy_none = { .allow_http = true };
	struct path_sources sources = { .clock = &clock };
	struct needs n = { .sources = &sources, .time_ms = NOW };
	bool news = false;
	int rc = -1;
	if (fetch_new(&policy_none, &sources.fetch, err) == 0 &&
	    material_new(&n.got, err) == 0 &&
	    needs_answer(&n, &need, 1, &news, err) == 0)
		rc = n.failed == 1 && n.fetched == 0 ? 0 : OOM_OTHER;
	needs_clear(&n);
	material_free(n.got);
	fetch_free(sources.fetch);
	cert_free(c);
	return rc;
}

/* ---- policies and suites ---- */

/* A curve among the algorithms: were it lost, every other one would count. */
static const char suite_text[] =
    "{\"SecuritySuitabilityPolicy\":{\"PolicyName\":{\"Name\":\"n\"},"
    "\"Publisher\":{\"Name\":\"p\"},\"PolicyIssueDate\":\"2024-10-13T00:00:00Z\","
    "\"Algorithm\":[{\"AlgorithmIdentifier\":{\"Name\":\"P-256\","
    "\"ObjectIdentifier\":\"1.2.840.10045.3.1.7\"},\"Evaluation\":"
    "[{\"Validity\":{\"End\":\"2028-12-31\"}}]}]}}";

static const char policy_text[] =
    "[policy]\nid = urn:x\nmodel = shell\n[algorithms]\nsuite = own\n"
    "[constraints]\nkey-usage = FAIL nonRepudiation\nlevel = FAIL LT\n";

static const char dss_text[] =
    "<ConstraintsParameters Name=\"a\" "
    "xmlns=\"http://dss.esig.europa.eu/validation/policy\"><SignatureConstraints>"
    "<AcceptablePolicies Level=\"FAIL\"><Id>1.2.3</Id></AcceptablePolicies>"
    "<FullScope Level=\"FAIL\"/></SignatureConstraints>"
    "<Cryptographic Level=\"FAIL\"><AcceptableEncryptionAlgo><Algo>ECDSA</Algo>"
    "</AcceptableEncryptionAlgo><MiniPublicKeySize><Algo Size=\"256\">ECDSA</Algo>"
    "</MiniPublicKeySize><AcceptableDigestAlgo><Algo>SHA256</Algo>"
    "</AcceptableDigestAlgo></Cryptographic><Model Value=\"SHELL\"/>"
    "</ConstraintsParameters>";

static int give_suite(void *arg, const char *name, struct buf *out,
		      struct ltps_error *err)
{
	(void)arg;
	(void)name;
	return buf_put_text(out, suite_text, err);
}

static int read_policy(struct ltps_error *err)
{
	const struct validation_policy_source source = { .suite = give_suite };
	struct validation_policy *p = NULL;
	struct buf text = buf_make(VALIDATION_POLICY_TEXT_MAX);
	int rc =
	    validation_policy_parse(view_text(policy_text), "p.conf", &source, &p, err);
	if (rc == 0)
		rc = validation_policy_text(p, &text, err);
	if (rc == 0 && (p->algorithms.n != 1 ||
			p->rules[CONTEXT_SIGNATURE][CONSTRAINT_LEVEL].n_values != 1))
		rc = OOM_OTHER;
	validation_policy_free(p);
	buf_free(&text);
	return rc;
}

static int read_dss_policy(struct ltps_error *err)
{
	struct validation_policy *p = NULL;
	struct buf text = buf_make(VALIDATION_POLICY_TEXT_MAX);
	int rc = validation_policy_parse(view_text(dss_text), "p.xml", NULL, &p, err);
	if (rc == 0)
		rc = validation_policy_json(p, &text, err);
	if (rc == 0 &&
	    (p->algorithms.n != 2 || p->algorithms.limits[0].min_bits != 256 ||
	     p->n_notes != 1 ||
	     p->rules[CONTEXT_SIGNATURE][CONSTRAINT_SIGNATURE_POLICY].n_values != 1))
		rc = OOM_OTHER;
	validation_policy_free(p);
	buf_free(&text);
	return rc;
}

static int read_builtin_policy(struct ltps_error *err)
{
	struct validation_policy *p = NULL;
	if (validation_policy_builtin("strict", &p, err) != 0)
		return -1;
	const int rc = p->algorithms.n > 20 ? 0 : OOM_OTHER;
	validation_policy_free(p);
	return rc;
}

const struct oom_case oom_validation[] = {
	{ "validation: certificate", read_cert },
	{ "validation: trusted list", read_list },
	{ "validation: CRL", read_crl },
	{ "validation: policy and suite", read_policy },
	{ "validation: policy of DSS", read_dss_policy },
	{ "validation: built-in policy", read_builtin_policy },
	{ "validation: OCSP response", read_ocsp },
	{ "validation: OCSP request", ask_ocsp },
	{ "validation: material", read_material },
	{ "validation: path, CRLs", path_by_crl },
	{ "validation: path, OCSP", path_by_ocsp },
	{ "validation: path, revoked", path_revoked },
	{ "validation: path without status", path_without_status },
	{ "validation: path without issuer", path_without_issuer },
	{ "validation: path, policies and names", path_policies },
	{ "validation: path, mapping inhibited", path_inhibited },
	{ "validation: path, report", path_report },
	{ "validation: path, signatures remembered", path_cached },
	{ "validation: certificate now", validate_good },
	{ "validation: certificate now, revoked", validate_revoked },
	{ "validation: certificate in the past", validate_past },
	{ "validation: certificate in the past, no status", validate_past_lost },
	{ "ltp: what is known", keep },
	{ "ltp: path, nothing fetched", fetching_nothing },
	{ "ltp: needs, fetched in vain", fetching_in_vain },
	{ 0 },
};
