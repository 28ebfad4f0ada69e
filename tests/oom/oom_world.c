/* SPDX-License-Identifier: Apache-2.0 */
/* What the scenarios read: a PKI in memory, tokens, records, containers. */
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "formats/asic.h"
#include "formats/cms.h"
#include "tests/interop/records_stamp.h"
#include "tests/oom/oom.h"
#include "tests/support/cms_make.h"
#include "timestamping/tsp.h"

#define START_MS ((int64_t)1262304000000)  /* 2010-01-01 */
#define JUDGED_MS ((int64_t)1767225600000) /* 2026-01-01 */

struct oom_world world;

static void make_pki(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_options options = {
		.start_ms = START_MS,
		.clock = clock_fixed(START_MS),
		.control = true,
		.days = { [DEVPKI_ROOT] = 14600,
			  [DEVPKI_CA] = 10950,
			  [DEVPKI_OCSP] = 10000,
			  [DEVPKI_TSA] = 10000 },
	};
	must(devpki_create(NULL, &options, &world.pki, &err), "PKI", &err);
}

static void make_token(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_request request;
	struct tsp_response response;
	struct digest d;

	must(digest_once(DIGEST_SHA256, world.data, &d, &err), "digest", &err);
	must(tsp_request_make(&d, NULL, &request, &err), "request", &err);
	must(tsp_request_encode(&request, &world.question, &err), "request", &err);
	devpki_set_clock(world.pki, clock_fixed(step_time(0)));
	must(devpki_tsp(world.pki, 0, view_buf(&world.question), &world.answer, &err),
	     "token", &err);
	must(tsp_response_parse(view_buf(&world.answer), &response, &err), "token",
	     &err);
	must(buf_put(&world.token, response.token, &err), "token", &err);
}

static void ask_ocsp(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_cert *tsa = devpki_active(world.pki, DEVPKI_TSA, 0);
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	int n;

	if (request == NULL ||
	    OCSP_request_add0_id(
		request, OCSP_cert_to_id(NULL, tsa->x509, tsa->issuer->x509)) == NULL)
		stop("OCSP request", NULL);
	n = i2d_OCSP_REQUEST(request, &der);
	if (n <= 0)
		stop("OCSP request", NULL);
	must(buf_put(&world.ocsp_question, view_of(der, (size_t)n), &err), "OCSP",
	     &err);
	devpki_set_clock(world.pki, clock_fixed(status_time(0)));
	must(devpki_ocsp(world.pki, view_buf(&world.ocsp_question), &world.ocsp, &err),
	     "OCSP", &err);
	OPENSSL_free(der);
	OCSP_REQUEST_free(request);
}

static void make_full_token(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_cert *ca = devpki_active(world.pki, DEVPKI_CA, 0);
	struct view certs[] = { ca->der, ca->issuer->der };
	struct view crls[2], ocsps[1];
	struct cms_material m = { certs, 2, crls, 2, ocsps, 1 };

	crl_at(world.pki, ca, status_time(0), &world.crl);
	crl_at(world.pki, ca->issuer, status_time(0), &world.root_crl);
	ask_ocsp();
	crls[0] = view_buf(&world.crl);
	crls[1] = view_buf(&world.root_crl);
	ocsps[0] = view_buf(&world.ocsp);
	must(cms_add_material(view_buf(&world.token), &m, &world.full_token, &err),
	     "token with material", &err);
}

/* One archive time-stamp over these objects. */
static void make_short(const struct view *members, unsigned n, enum status_place status,
		       struct buf *out)
{
	struct step steps[STEPS_MAX] = {
		{ .kind = STEP_CHAIN, .alg = DIGEST_SHA256, .leaves = 2 }
	};
	struct plan plan = { members, n, status, steps };
	(void)record_make(world.pki, &plan, out);
}

static void make_records(void)
{
	static const struct step steps[STEPS_MAX] = {
		{ .kind = STEP_CHAIN, .alg = DIGEST_SHA256, .leaves = 3 },
		{ .kind = STEP_STAMP, .alg = DIGEST_SHA256, .leaves = 2 },
		{ .kind = STEP_CHAIN, .alg = DIGEST_SHA512, .leaves = 3 },
		{ .kind = STEP_STAMP, .alg = DIGEST_SHA512, .leaves = 1 },
	};
	struct plan plan = { &world.data, 1, STATUS_CRL_INSIDE, steps };
	struct view others[] = { view_text("one"), view_text("two") };

	(void)record_make(world.pki, &plan, &world.record);
	make_short(&world.data, 1, STATUS_OCSP_INSIDE, &world.ocsp_record);
	make_short(&world.data, 1, STATUS_INFOS, &world.infos_record);
	make_short(others, 2, STATUS_OUTSIDE, &world.group_record);
}

/* RFC 4998 appendix A: the record covers the file without its attribute. */
static void make_signed_file(void)
{
	struct make_signer signer = make_signer_default();
	struct make_cms cms = make_cms_default();
	struct buf record = buf_make(OOM_BYTES_MAX);
	struct view bare;

	cms.signers = make_el(DER_SET, make_signer_build(&signer));
	bare = make_cms_build(&cms);
	make_short(&bare, 1, STATUS_CRL_INSIDE, &record);
	signer.unsigned_attrs = make_el(DER_ID(ASN1_CONTEXT, true, 1),
					make_attr(OID_ER_INTERNAL, view_buf(&record)));
	cms.signers = make_el(DER_SET, make_signer_build(&signer));
	world.signed_file = make_cms_build(&cms);
	buf_free(&record);
}

static void make_container(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct asic_object object = { view_text("a.txt"), "text/plain", world.data };
	struct asic_container said = { .poid = "container",
				       .version = "1",
				       .until_ms = JUDGED_MS };
	struct asic_input in = { .objects = &object,
				 .n_objects = 1,
				 .record = view_buf(&world.record),
				 .alg = DIGEST_SHA256,
				 .time_ms = JUDGED_MS,
				 .container = &said };

	must(asic_build(&in, &world.asic, &err), "container", &err);
}

static void make_pem(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;

	if (bio == NULL ||
	    PEM_write_bio(bio, "CMS", "", world.token.p, (long)world.token.n) <= 0)
		stop("PEM", NULL);
	long n = BIO_get_mem_data(bio, &text);
	must(buf_put(&world.pem, view_of(text, (size_t)n), &err), "PEM", &err);
	BIO_free(bio);
}

static void put_crls(const struct devpki_cert *ca, struct ltps_error *err)
{
	for (unsigned i = 0; i < STEPS_MAX; i++) {
		struct buf crl = buf_make(OOM_BYTES_MAX);
		crl_at(world.pki, ca, status_time(i), &crl);
		must(material_add(world.material, MATERIAL_CRL, view_buf(&crl), err),
		     "CRL", err);
		buf_free(&crl);
	}
}

static void make_material(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_cert *ca = devpki_active(world.pki, DEVPKI_CA, 0);

	must(material_new(&world.material, &err), "material", &err);
	must(material_add(world.material, MATERIAL_ANCHOR, ca->issuer->der, &err),
	     "anchor", &err);
	must(material_add(world.material, MATERIAL_CERT, ca->der, &err), "CA", &err);
	put_crls(ca, &err);
	put_crls(ca->issuer, &err);
}

static struct buf *const buffers[] = {
	&world.crl,         &world.root_crl,      &world.ocsp,         &world.question,
	&world.answer,      &world.token,         &world.full_token,   &world.record,
	&world.ocsp_record, &world.infos_record,  &world.group_record, &world.asic,
	&world.pem,         &world.ocsp_question,
};
#define N_BUFFERS (sizeof(buffers) / sizeof(buffers[0]))

void oom_world_make(void)
{
	for (size_t i = 0; i < N_BUFFERS; i++)
		*buffers[i] = buf_make(OOM_BYTES_MAX);
	world.data = view_text("data that is preserved");
	world.judged_ms = JUDGED_MS;
	make_pki();
	make_token();
	make_full_token();
	make_records();
	make_signed_file();
	make_container();
	make_pem();
	make_material();
	devpki_set_clock(world.pki, clock_fixed(status_time(STEPS_MAX)));
}

void oom_world_free(void)
{
	material_free(world.material);
	for (size_t i = 0; i < N_BUFFERS; i++)
		buf_free(buffers[i]);
	devpki_free(world.pki);
}
