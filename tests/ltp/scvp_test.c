/* SPDX-License-Identifier: Apache-2.0 */
/* The SCVP responder over a real store: keys from files, fetching, evidence of what
 * was given out (RFC 5276), and what survives a restart. */
#include <criterion/criterion.h>
#include <openssl/pkcs12.h>
#include <stdio.h>
#include <string.h>

#include "base/asn1.h"
#include "base/file.h"
#include "ltp/scvp.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/test_time.h"
#include "timestamping/ers.h"

#define PATH_MAX_TEXT 256

static struct ltp_kit kit;
static char cert_path[PATH_MAX_TEXT], key_path[PATH_MAX_TEXT], p12_path[PATH_MAX_TEXT],
    password_path[PATH_MAX_TEXT];
static struct buf tsa_der;
static struct ltp_scvp *scvp;
static struct ltp_scvp_worker *worker;

static void must(int rc, const struct ltps_error *err)
{
	cr_assert_eq(rc, 0, "%s (%s)", err->text, err->where);
}

static void write_text(const char *path, const struct buf *b)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	must(file_write(path, view_buf(b), 0600, &err), &err);
}

/* Certificate and key of the throwaway PKI's SCVP responder, in both forms. */
static void write_keys(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_cert *c, *tsa;
	struct buf pem = buf_make(65536), p12 = buf_make(65536);
	unsigned char *der = NULL;
	struct devpki *pki = pki_server_enter(kit.pki);
	must(devpki_need(pki, DEVPKI_SCVP, &c, &err), &err);
	must(devpki_need(pki, DEVPKI_TSA, &tsa, &err), &err);
	tsa_der = buf_make(65536);
	must(buf_put(&tsa_der, tsa->der, &err), &err);
	must(devpki_cert_pem(c, &pem, &err), &err);
	write_text(cert_path, &pem);
	buf_clear(&pem);
	must(devpki_key_pem(c, &pem, &err), &err);
	write_text(key_path, &pem);
	PKCS12 *p =
	    PKCS12_create("secret", "scvp", c->key, c->x509, NULL, 0, 0, 0, 0, 0);
	cr_assert_not_null(p);
	const int n = i2d_PKCS12(p, &der);
	must(buf_put(&p12, view_of(der, (size_t)n), &err), &err);
	write_text(p12_path, &p12);
	buf_clear(&pem);
	must(buf_put_text(&pem, "secret\nnot this line\n", &err), &err);
	write_text(password_path, &pem);
	OPENSSL_free(der);
	PKCS12_free(p);
	pki_server_leave(kit.pki);
	buf_free(&p12);
	buf_free(&pem);
}

static void start(void)
{
	ltp_kit_start(&kit, NULL);
	snprintf(cert_path, sizeof(cert_path), "%s/scvp.pem", kit.dir);
	snprintf(key_path, sizeof(key_path), "%s/scvp-key.pem", kit.dir);
	snprintf(p12_path, sizeof(p12_path), "%s/scvp.p12", kit.dir);
	snprintf(password_path, sizeof(password_path), "%s/scvp.password", kit.dir);
	write_keys();
	scvp = NULL;
	worker = NULL;
}

static void close_service(void)
{
	ltp_scvp_worker_free(worker);
	ltp_scvp_free(scvp);
	scvp = NULL;
	worker = NULL;
}

static void stop(void)
{
	close_service();
	buf_free(&tsa_der);
	remove(cert_path);
	remove(key_path);
	remove(p12_path);
	remove(password_path);
	ltp_kit_stop(&kit);
}

TestSuite(ltp_scvp, .init = start, .fini = stop, .timeout = TEST_SECONDS_MAX);

static struct ltp_scvp_options options(void)
{
	return (struct ltp_scvp_options){ .ltp = kit.ltp,
					  .trust = kit.trust,
					  .certificate = cert_path,
					  .key = key_path,
					  .hindsight_policy = "1.2.3.4",
					  .hash = DIGEST_SHA256,
					  .fetch = true,
					  .cache_ms = 60000,
					  .policy_cache_ms = 3600000,
					  .clock_skew_min = 10 };
}

static void open_service(const struct ltp_scvp_options *o)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	must(ltp_scvp_new(o, &scvp, &err), &err);
	must(ltp_scvp_worker_new(scvp, kit.w, &worker, &err), &err);
}

static void expect_refused(const struct ltp_scvp_options *o, enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_scvp *s = NULL;
	cr_assert_eq(ltp_scvp_new(o, &s, &err), -1);
	cr_assert_eq(err.code, code, "%s: %s", ltps_code_name(err.code), err.text);
}

Test(ltp_scvp, keys_that_do_not_do_are_refused)
{
	struct ltp_scvp_options o = options();
	o.certificate = "/nonexistent";
	expect_refused(&o, LTPS_NOT_FOUND);
	o = options();
	o.key = cert_path;
	expect_refused(&o, LTPS_FORMAT);
	o = options();
	o.certificate = key_path;
	expect_refused(&o, LTPS_FORMAT);
	o = options();
	o.certificate = p12_path;
	o.key = NULL;
	expect_refused(&o, LTPS_FORMAT); /* without its password */
	o = options();
	o.hindsight_policy = "not an OID";
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_scvp *s = NULL;
	cr_assert_eq(ltp_scvp_new(&o, &s, &err), -1);
}

Test(ltp_scvp, pkcs12_with_its_password_is_read)
{
	struct ltp_scvp_options o = options();
	o.certificate = p12_path;
	o.key = NULL;
	o.password_file = password_path;
	open_service(&o);
}

/* A request about the TSA's certificate with these wantBacks. */
static struct buf request(const enum scvp_want_id *ids, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct view check = scvp_check_oid(SCVP_CHECK_STATUS);
	const struct scvp_cert_ref ref = { .kind = SCVP_REF_CERT,
					   .cert = view_buf(&tsa_der) };
	struct view wants[8];
	struct scvp_request q = { .version = 1 };
	struct buf m = buf_make(65536), b = buf_make(65536);
	for (size_t i = 0; i < n; i++)
		wants[i] = scvp_want_oid(ids[i]);
	q.query.certs = &ref;
	q.query.n_certs = 1;
	q.query.checks = (struct scvp_list){ &check, 1 };
	q.query.want_backs = (struct scvp_list){ wants, n };
	q.query.policy.id = scvp_svp_oid(1);
	must(scvp_request_encode(&q, &m, &err), &err);
	must(scvp_envelope_bare(SCVP_CONTENT_CV_REQUEST, view_buf(&m), &b, &err), &err);
	buf_free(&m);
	return b;
}

static struct scvp_response *ask(const enum scvp_want_id *ids, size_t n,
				 bool *ret_preserved)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = request(ids, n);
	struct scvp_answer a = { .body = buf_make(SCVP_RESPONSE_MAX) };
	struct scvp_envelope *e = NULL;
	struct scvp_response *p = NULL;
	enum scvp_status status;
	must(ltp_scvp_answer(worker, view_buf(&b), false, &a, ret_preserved, &err),
	     &err);
	must(scvp_envelope_parse(view_buf(&a.body), &e, &status, &err), &err);
	must(scvp_response_parse(e->content, &p, &err), &err);
	scvp_envelope_free(e);
	buf_free(&a.body);
	buf_free(&b);
	cr_assert_eq(p->status, SCVP_OKAY, "%s", scvp_status_name(p->status));
	cr_assert_eq(p->replies[0].status, SCVP_REPLY_SUCCESS, "%s",
		     scvp_reply_status_name(p->replies[0].status));
	return p;
}

static struct view value(const struct scvp_response *p, enum scvp_want_id id)
{
	for (size_t i = 0; i < p->replies[0].n_want_backs; i++) {
		if (scvp_want_id(p->replies[0].want_backs[i].oid) == id)
			return p->replies[0].want_backs[i].value;
	}
	return VIEW_NULL;
}

Test(ltp_scvp, path_and_status_are_fetched)
{
	static const enum scvp_want_id ids[] = { SCVP_WANT_BEST_PATH,
						 SCVP_WANT_REVOCATION };
	const struct ltp_scvp_options o = options();
	bool preserved;
	open_service(&o);
	struct scvp_response *p = ask(ids, 2, &preserved);
	cr_assert_gt(value(p, SCVP_WANT_BEST_PATH).n, tsa_der.n);
	cr_assert_gt(value(p, SCVP_WANT_REVOCATION).n, 0);
	cr_assert_not(preserved, "no evidence was asked for");
	scvp_response_free(p);
}

Test(ltp_scvp, evidence_follows_when_the_tree_is_stamped)
{
	static const enum scvp_want_id ids[] = { SCVP_WANT_BEST_PATH,
						 SCVP_WANT_ERS_BEST_PATH };
	const struct ltp_scvp_options o = options();
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ers *er = NULL;
	bool preserved;
	open_service(&o);
	struct scvp_response *p = ask(ids, 2, &preserved);
	cr_assert(preserved);
	cr_assert_eq(value(p, SCVP_WANT_ERS_BEST_PATH).n, 0);
	scvp_response_free(p);
	p = ask(ids, 2, &preserved);
	cr_assert_not(preserved, "kept once");
	scvp_response_free(p);
	ltp_kit_pass(&kit, 300000);
	ltp_kit_work(&kit);
	p = ask(ids, 2, &preserved);
	const struct view record = value(p, SCVP_WANT_ERS_BEST_PATH);
	cr_assert_gt(record.n, 0);
	must(ers_parse(record, &er, &err), &err);
	ers_free(er);
	scvp_response_free(p);
}

Test(ltp_scvp, clients_have_no_more_kept_than_the_hour_allows)
{
	static const enum scvp_want_id ids[] = { SCVP_WANT_CERT, SCVP_WANT_ERS_CERT,
						 SCVP_WANT_BEST_PATH,
						 SCVP_WANT_ERS_BEST_PATH };
	struct ltp_scvp_options o = options();
	bool preserved;
	o.keep_objects = 1;
	open_service(&o);
	scvp_response_free(ask(ids, 4, &preserved));
	cr_assert(preserved);
	scvp_response_free(ask(ids, 4, &preserved));
	cr_assert_not(preserved, "two objects in an hour");
	ltp_kit_pass(&kit, 3601000);
	scvp_response_free(ask(ids, 4, &preserved));
	cr_assert(preserved, "the other one, an hour later");
	scvp_response_free(ask(ids, 4, &preserved));
	cr_assert_not(preserved, "both are kept");
}

static struct buf config_id(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	bool preserved;
	struct buf id = buf_make(64);
	struct scvp_response *p = ask(NULL, 0, &preserved);
	must(buf_put(&id, p->config_id, &err), &err);
	scvp_response_free(p);
	return id;
}

Test(ltp_scvp, configuration_number_changes_with_the_configuration_only)
{
	struct ltp_scvp_options o = options();
	open_service(&o);
	struct buf first = config_id();
	close_service();
	open_service(&o);
	struct buf same = config_id();
	close_service();
	o.clock_skew_min = 5;
	open_service(&o);
	struct buf other = config_id();
	close_service();
	o.clock_skew_min = 10; /* back: but never the same number again */
	open_service(&o);
	struct buf back = config_id();
	cr_assert(view_equal(view_buf(&first), view_buf(&same)));
	cr_assert_not(view_equal(view_buf(&first), view_buf(&other)));
	cr_assert_not(view_equal(view_buf(&first), view_buf(&back)));
	cr_assert_not(view_equal(view_buf(&other), view_buf(&back)));
	buf_free(&back);
	buf_free(&other);
	buf_free(&same);
	buf_free(&first);
}
