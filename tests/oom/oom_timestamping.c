/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of timestamping/: tokens, requests, paths, trees, evidence records. */
#include "base/mem.h"
#include "tests/interop/records_stamp.h"
#include "tests/oom/oom.h"
#include "timestamping/merkle.h"
#include "timestamping/signature.h"
#include "timestamping/tsp_responder.h"
#include "validation/ers_verify.h"
#include "validation/evidence_source.h"
#include "validation/past.h"

/* A verdict that differs from that of the unharmed run, without an error. */
static int wrong(struct ltps_error *err, const char *what)
{
	(void)ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
			"%s comes out otherwise", what);
	return OOM_OTHER;
}

static int token_of(struct view in, struct ltps_error *err)
{
	struct tst *tst = NULL;
	struct tst_intact intact = { 0 };
	int rc = -1;

	if (tst_parse(in, &tst, err) != 0)
		goto out;
	if (tst_check(tst, NULL, 0, &intact, err) != 0)
		goto out;
	rc = intact.defect == TST_OK && intact.signature_intact
		 ? 0
		 : wrong(err, "the token");
out:
	tst_intact_clear(&intact);
	tst_free(tst);
	return rc;
}

static int token(struct ltps_error *err)
{
	return token_of(view_buf(&world.token), err);
}

static int full_token(struct ltps_error *err)
{
	return token_of(view_buf(&world.full_token), err);
}

static int request(struct ltps_error *err)
{
	struct buf b = buf_make(TSP_QUERY_MAX);
	struct tsp_request r, back;
	struct digest d;
	int rc = -1;

	if (digest_once(DIGEST_SHA256, world.data, &d, err) == 0 &&
	    tsp_request_make(&d, "1.2.3", &r, err) == 0 &&
	    tsp_request_encode(&r, &b, err) == 0)
		rc = tsp_request_parse(view_buf(&b), &back, err);
	buf_free(&b);
	return rc;
}

static int response(struct ltps_error *err)
{
	struct buf b = buf_make(OOM_BYTES_MAX);
	struct tsp_request r;
	struct tsp_response a;
	struct tst *tst = NULL;
	int rc = -1;

	if (tsp_request_parse(view_buf(&world.question), &r, err) == 0 &&
	    tsp_response_parse(view_buf(&world.answer), &a, err) == 0 &&
	    tsp_response_encode(&a, &b, err) == 0 && tst_parse(a.token, &tst, err) == 0)
		rc = tsp_check(&r, tst, step_time(0), step_time(0), 1000, err);
	tst_free(tst);
	buf_free(&b);
	return rc;
}

static int respond_to(struct view question, struct ltps_error *err)
{
	const struct devpki_cert *tsa = devpki_active(world.pki, DEVPKI_TSA, 0);
	struct tsp_responder r = { .certificate = tsa->x509,
				   .key = tsa->key,
				   .chain = &tsa->issuer->der,
				   .n_chain = 1,
				   .policy = DEVPKI_TSA_POLICY,
				   .accuracy_ms = 1000,
				   .tsa_name = true };
	struct tsp_deviation none = { 0 };
	struct buf b = buf_make(OOM_BYTES_MAX);
	int rc = tsp_respond(&r, question, step_time(1), &none, &b, err);

	buf_free(&b);
	return rc;
}

static int responder(struct ltps_error *err)
{
	return respond_to(view_buf(&world.question), err);
}

static int refusing_responder(struct ltps_error *err)
{
	return respond_to(view_text("no request"), err);
}

static int signatures(struct ltps_error *err)
{
	EVP_PKEY *key = devpki_active(world.pki, DEVPKI_TSA, 0)->key;
	struct buf algorithm = buf_make(1024), value = buf_make(1024);
	enum signature_verdict verdict = SIGNATURE_UNSUPPORTED;
	int rc = -1;

	if (signature_sign(key, DIGEST_SHA256, world.data, &algorithm, &value, err) !=
	    0)
		goto out;
	rc = signature_verify(view_buf(&algorithm), DIGEST_NONE, key, world.data,
			      view_buf(&value), &verdict, err);
	if (rc == 0 && verdict != SIGNATURE_VALID)
		rc = wrong(err, "the signature");
out:
	buf_free(&algorithm);
	buf_free(&value);
	return rc;
}

static int material(struct ltps_error *err)
{
	struct buf pem = buf_make(OOM_BYTES_MAX);
	struct material *m = NULL;
	struct cms *cms = NULL;
	int rc = -1;

	if (material_new(&m, err) == 0 &&
	    cms_parse(view_buf(&world.full_token), &cms, err) == 0 &&
	    material_add_cms(m, cms, err) == 0 &&
	    devpki_anchors(world.pki, &pem, err) == 0 &&
	    material_add_text_or_der(m, MATERIAL_ANCHOR, view_buf(&pem), err) == 0 &&
	    material_add_text_or_der(m, MATERIAL_CRL, view_buf(&world.crl), err) == 0)
		rc = material_add(m, MATERIAL_OCSP, view_buf(&world.ocsp), err);
	cms_free(cms);
	material_free(m);
	buf_free(&pem);
	return rc;
}

static int path_with(const struct material *m, struct ltps_error *err)
{
	struct tsa_path_input in = { .signer =
					 devpki_active(world.pki, DEVPKI_TSA, 0)->x509,
				     .material = m,
				     .gen_time_ms = step_time(0),
				     .time_ms = world.judged_ms,
				     .need_revocation = true };
	struct tsa_path_result r = { 0 };
	int rc = tsa_path_judge(&in, &r, err);

	if (rc == 0 && r.indication != INDICATION_PASSED)
		rc = wrong(err, "the path");
	tsa_path_result_clear(&r);
	return rc;
}

static int path_by_crl(struct ltps_error *err)
{
	return path_with(world.material, err);
}

/* 5.2.6.4, and 5.6.2.1 with proofs, of the same certificate. */
static int certificate(struct ltps_error *err)
{
	struct view der = devpki_active(world.pki, DEVPKI_TSA, 0)->der;
	struct cert_validation_input in = { .path.pools[0] = world.material,
					    .path.n_pools = 1,
					    .path.time_ms = world.judged_ms };
	struct cert_validation_result *now = NULL, *past = NULL;
	struct cert *target = NULL;
	struct poe_set *poes = NULL;
	int rc = -1;

	if (cert_parse(der, &target, err) != 0 || poe_set_new(&poes, err) != 0 ||
	    poe_add(poes, target->sha256, step_time(0), err) != 0)
		goto out;
	poe_default(poes, world.judged_ms);
	in.path.target = target;
	in.poes = poes;
	in.path.max_age_ms = world.judged_ms; /* of any age */
	if (cert_validate(&in, &now, err) != 0 ||
	    cert_validate_past(&in, &past, err) != 0)
		goto out;
	rc = now->indication == INDICATION_PASSED &&
		     past->indication == INDICATION_PASSED
		 ? 0
		 : wrong(err, "the certificate");
out:
	cert_validation_free(past);
	cert_validation_free(now);
	poe_set_free(poes);
	cert_free(target);
	return rc;
}

static int path_by_ocsp(struct ltps_error *err)
{
	const struct devpki_cert *ca = devpki_active(world.pki, DEVPKI_CA, 0);
	struct material *m = NULL;
	int rc = -1;

	if (material_new(&m, err) == 0 &&
	    material_add(m, MATERIAL_ANCHOR, ca->issuer->der, err) == 0 &&
	    material_add(m, MATERIAL_CERT, ca->der, err) == 0 &&
	    material_add(m, MATERIAL_OCSP, view_buf(&world.ocsp), err) == 0 &&
	    material_add(m, MATERIAL_CRL, view_buf(&world.root_crl), err) == 0)
		rc = path_with(m, err);
	material_free(m);
	return rc;
}

static int trees(struct ltps_error *err)
{
	uint8_t *nodes = mem_zalloc(merkle_node_count(5), 32);
	struct view group[] = { view_text("bbb"), view_text("aaa"), view_text("bbb") };
	struct digest root, grouped;
	int rc = -1;

	if (nodes == NULL)
		return ltps_fail_nomem(err);
	if (merkle_build(DIGEST_SHA256, nodes, 5, &root, err) == 0 &&
	    merkle_root_of(DIGEST_SHA256, view_of(nodes, 32), group, 0, &root, err) ==
		0)
		rc = merkle_group(DIGEST_SHA256, group, 3, false, &grouped, err);
	mem_free(nodes);
	return rc;
}

static int record_read(struct ltps_error *err)
{
	struct ers *er = NULL;
	int rc = ers_parse(view_buf(&world.record), &er, err);
	ers_free(er);
	return rc;
}

static int record_write(struct ltps_error *err)
{
	static const uint8_t hash[32] = { 1 }, sibling[32] = { 2 };
	struct view group[] = { view_of(hash, 32), view_of(sibling, 32) };
	struct view crl = view_buf(&world.crl), ocsp = view_buf(&world.ocsp);
	struct view cert = devpki_active(world.pki, DEVPKI_CA, 0)->der;
	struct cms_material m = { &cert, 1, &crl, 1, &ocsp, 1 };
	struct ers_stamp_parts parts = { .alg = DIGEST_SHA256,
					 .group = group,
					 .n_group = 2,
					 .path = group,
					 .n_path = 1,
					 .token = view_buf(&world.token) };
	struct buf b[4];
	struct view v;
	struct digest d;
	int rc = -1;

	for (size_t i = 0; i < 4; i++)
		b[i] = buf_make(OOM_BYTES_MAX);
	if (ers_stamp_encode(&parts, &b[0], err) != 0)
		goto out;
	v = view_buf(&b[0]);
	if (ers_chain_encode(&v, 1, &b[1], err) != 0 ||
	    ers_crypto_infos_encode(&m, &b[2], err) != 0)
		goto out;
	v = view_buf(&b[1]);
	if (ers_token_hash(DIGEST_SHA256, view_buf(&world.token), &d, err) != 0 ||
	    ers_renewed_hash(&d, v, &d, err) != 0)
		goto out;
	rc = ers_encode(&v, 1, &parts.alg, 1, view_buf(&b[2]), &b[3], err);
out:
	for (size_t i = 0; i < 4; i++)
		buf_free(&b[i]);
	return rc;
}

static int print_report(const struct ers_report *r, struct ltps_error *err)
{
	struct buf text = buf_make(OOM_BYTES_MAX), json = buf_make(OOM_BYTES_MAX);
	struct jsonw j = jsonw_to(&json);
	int rc = ers_report_text(r, &text, err);

	ers_report_json(r, &j);
	if (rc == 0)
		rc = jsonw_end(&j, err);
	buf_free(&text);
	buf_free(&json);
	return rc;
}

static int verify(const struct buf *record, struct view data, enum indication expected,
		  struct ltps_error *err)
{
	struct ers_object object = { .name = "data", .has_data = true, .data = data };
	struct ers_input in = { .objects = &object,
				.n_objects = 1,
				.material = world.material,
				.time_ms = world.judged_ms };
	struct ers_report *r = NULL;
	int rc = -1;

	if (ers_verify(view_buf(record), &in, &r, err) != 0)
		return -1;
	if (r->indication != expected)
		rc = wrong(err, "the record");
	else
		rc = print_report(r, err);
	ers_report_free(r);
	return rc;
}

static int record_verify(struct ltps_error *err)
{
	return verify(&world.record, world.data, INDICATION_PASSED, err);
}

static int record_verify_ocsp(struct ltps_error *err)
{
	return verify(&world.ocsp_record, world.data, INDICATION_PASSED, err);
}

static int record_verify_infos(struct ltps_error *err)
{
	return verify(&world.infos_record, world.data, INDICATION_PASSED, err);
}

/* With findings. */
static int record_verify_other(struct ltps_error *err)
{
	return verify(&world.group_record, world.data, INDICATION_INDETERMINATE, err);
}

static int judge(struct view file, enum indication expected, struct ltps_error *err)
{
	bool used[DIGEST_ALG_COUNT] = { false };
	struct evidence_reports reports = { .n = 0 };
	struct ers_object object = { .name = "data",
				     .has_data = true,
				     .data = world.data };
	struct ers_input in = { .objects = &object,
				.material = world.material,
				.time_ms = world.judged_ms };
	int rc = -1;

	if (evidence_algs(file, used, err) != 0 ||
	    evidence_judge(file, &in, &reports, err) != 0)
		return -1;
	rc = evidence_worst(&reports)->indication == expected ? 0
							      : wrong(err, "the file");
	evidence_reports_clear(&reports);
	return rc;
}

static int judge_cms(struct ltps_error *err)
{
	return judge(world.signed_file, INDICATION_PASSED, err);
}

static int judge_container(struct ltps_error *err)
{
	return judge(view_buf(&world.asic), INDICATION_PASSED, err);
}

const struct oom_case oom_timestamping[] = {
	{ "timestamping: token", token },
	{ "timestamping: token with material", full_token },
	{ "timestamping: request", request },
	{ "timestamping: response", response },
	{ "timestamping: responder", responder },
	{ "timestamping: responder that refuses", refusing_responder },
	{ "timestamping: signature", signatures },
	{ "timestamping: material", material },
	{ "timestamping: path by CRL", path_by_crl },
	{ "timestamping: path by OCSP", path_by_ocsp },
	{ "validation: certificate now and in the past", certificate },
	{ "timestamping: hash trees", trees },
	{ "timestamping: evidence record read", record_read },
	{ "timestamping: evidence record written", record_write },
	{ "timestamping: evidence record verified", record_verify },
	{ "timestamping: evidence record with OCSP verified", record_verify_ocsp },
	{ "timestamping: evidence record with cryptoInfos verified",
	  record_verify_infos },
	{ "timestamping: evidence record of another object", record_verify_other },
	{ "timestamping: CMS with an evidence record judged", judge_cms },
	{ "timestamping: ASiC with an evidence record judged", judge_container },
	{ 0 },
};
