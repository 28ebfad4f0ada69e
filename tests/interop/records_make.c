/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records_make DIR - writes evidence records of every shape that we build, the
 * data they cover, and twins of them with one flaw each, for outside judges:
 *   NAME.er, NAME.N              record and data objects
 *   anchors.pem certs.pem crls.pem tsa.pem
 *   list.json                    what belongs together and the right verdict
 * All keys are made on the spot and none is written.
 */
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "tests/interop/records_stamp.h"

#define PKI_START_MS ((int64_t)1262304000000) /* 2010-01-01 */
#define JUDGED_MS ((int64_t)1767225600000)    /* 2026-01-01: after every step */
#define LIST_MAX ((size_t)1 << 20)

enum verdict {
	PASSED,
	FAILED,
	NOT_COVERED, /* a sound record, but not of this object */
};

struct sample {
	const char *name;
	unsigned members; /* 0: 1 */
	bool equal;       /* the first two members are the same */
	bool swapped;     /* the last data object given is another one */
	enum verdict verdict;
	enum status_place status;
	struct step steps[STEPS_MAX];
};

#define CHAIN(a, n)                                                                    \
	{                                                                              \
		.kind = STEP_CHAIN, .alg = DIGEST_##a, .leaves = n                     \
	}
#define STAMP(a, n)                                                                    \
	{                                                                              \
		.kind = STEP_STAMP, .alg = DIGEST_##a, .leaves = n                     \
	}
#define BAD_CHAIN(a, n, f)                                                             \
	{                                                                              \
		STEP_CHAIN, DIGEST_##a, n, FLAW_##f                                    \
	}
#define BAD_STAMP(a, n, f)                                                             \
	{                                                                              \
		STEP_STAMP, DIGEST_##a, n, FLAW_##f                                    \
	}

/* clang-format off */
static const struct sample samples[] = {
	{ .name = "no-tree", .steps = { CHAIN(SHA256, 0) } },
	{ .name = "lone-leaf", .steps = { CHAIN(SHA256, 1) } },
	{ .name = "leaf-of-2", .steps = { CHAIN(SHA256, 2) } },
	{ .name = "leaf-of-3", .steps = { CHAIN(SHA256, 3) } },
	{ .name = "leaf-of-5", .steps = { CHAIN(SHA256, 5) } },
	{ .name = "leaf-of-1000", .steps = { CHAIN(SHA256, 1000) } },
	{ .name = "sha384", .steps = { CHAIN(SHA384, 5) } },
	{ .name = "sha512", .steps = { CHAIN(SHA512, 5) } },
	{ .name = "sha3-256", .steps = { CHAIN(SHA3_256, 5) } },
	{ .name = "group-of-2", .members = 2, .steps = { CHAIN(SHA256, 3) } },
	{ .name = "group-of-5", .members = 5, .steps = { CHAIN(SHA256, 5) } },
	{ .name = "group-alone", .members = 5, .steps = { CHAIN(SHA256, 1) } },
	{ .name = "group-equal", .members = 3, .equal = true, .steps = { CHAIN(SHA256, 3) } },
	{ .name = "renewed-once", .steps = { CHAIN(SHA256, 3), STAMP(SHA256, 3) } },
	{ .name = "renewed-no-tree", .steps = { CHAIN(SHA256, 3), STAMP(SHA256, 0) } },
	{ .name = "renewed-often", .steps = { CHAIN(SHA256, 3), STAMP(SHA256, 1),
					      STAMP(SHA256, 2), STAMP(SHA256, 5) } },
	{ .name = "group-renewed", .members = 5,
	  .steps = { CHAIN(SHA256, 5), STAMP(SHA256, 3) } },
	{ .name = "rehashed-once", .steps = { CHAIN(SHA256, 3), CHAIN(SHA512, 3) } },
	{ .name = "rehashed-no-tree", .steps = { CHAIN(SHA256, 3), CHAIN(SHA512, 0) } },
	{ .name = "rehashed-twice", .steps = { CHAIN(SHA256, 3), CHAIN(SHA384, 5),
					       CHAIN(SHA3_512, 2) } },
	{ .name = "group-rehashed", .members = 3,
	  .steps = { CHAIN(SHA256, 3), CHAIN(SHA512, 5) } },
	{ .name = "mixed", .steps = { CHAIN(SHA256, 3), STAMP(SHA256, 5), CHAIN(SHA512, 3),
				      STAMP(SHA512, 2), STAMP(SHA512, 3) } },
	{ .name = "group-mixed", .members = 2,
	  .steps = { CHAIN(SHA256, 2), STAMP(SHA256, 3), CHAIN(SHA384, 3), CHAIN(SHA512, 1),
		     STAMP(SHA512, 3) } },
	{ .name = "crl-inside", .status = STATUS_CRL_INSIDE, .steps = { CHAIN(SHA256, 3) } },
	{ .name = "ocsp-inside", .status = STATUS_OCSP_INSIDE, .steps = { CHAIN(SHA256, 3) } },
	{ .name = "infos", .status = STATUS_INFOS, .steps = { CHAIN(SHA256, 3) } },
	{ .name = "crl-inside-mixed", .status = STATUS_CRL_INSIDE,
	  .steps = { CHAIN(SHA256, 3), STAMP(SHA256, 5), CHAIN(SHA512, 3), STAMP(SHA512, 2) } },
	{ .name = "ocsp-inside-mixed", .status = STATUS_OCSP_INSIDE, .members = 2,
	  .steps = { CHAIN(SHA256, 3), STAMP(SHA256, 5), CHAIN(SHA512, 3), STAMP(SHA512, 2) } },

	{ .name = "bad-imprint", .verdict = FAILED,
	  .steps = { BAD_CHAIN(SHA256, 3, IMPRINT) } },
	{ .name = "bad-path", .verdict = FAILED, .steps = { BAD_CHAIN(SHA256, 5, PATH) } },
	{ .name = "bad-signature", .verdict = FAILED,
	  .steps = { BAD_CHAIN(SHA256, 3, SIGNATURE) } },
	{ .name = "bad-imprint-renewed", .verdict = FAILED,
	  .steps = { CHAIN(SHA256, 3), BAD_STAMP(SHA256, 3, IMPRINT) } },
	{ .name = "bad-first-imprint", .verdict = FAILED,
	  .steps = { BAD_CHAIN(SHA256, 3, IMPRINT), STAMP(SHA256, 3), CHAIN(SHA512, 3) } },
	{ .name = "bad-link-stamp", .verdict = FAILED,
	  .steps = { CHAIN(SHA256, 3), BAD_STAMP(SHA256, 3, LINK) } },
	{ .name = "bad-link-chain", .verdict = FAILED,
	  .steps = { CHAIN(SHA256, 3), BAD_CHAIN(SHA512, 3, LINK) } },
	{ .name = "bad-link-group", .verdict = FAILED, .members = 2,
	  .steps = { CHAIN(SHA256, 3), STAMP(SHA256, 3), BAD_CHAIN(SHA512, 3, LINK) } },
	{ .name = "bad-sorted-chain", .verdict = FAILED,
	  .steps = { CHAIN(SHA256, 3), BAD_CHAIN(SHA512, 3, SORTED) } },
	{ .name = "bad-order", .verdict = FAILED,
	  .steps = { CHAIN(SHA256, 3), BAD_STAMP(SHA256, 3, ORDER) } },
	{ .name = "bad-digest", .verdict = FAILED,
	  .steps = { CHAIN(SHA256, 3), BAD_STAMP(SHA512, 3, DIGEST) } },
	{ .name = "other-object", .verdict = NOT_COVERED, .swapped = true,
	  .steps = { CHAIN(SHA256, 3) } },
	{ .name = "other-object-no-tree", .verdict = NOT_COVERED, .swapped = true,
	  .steps = { CHAIN(SHA256, 0) } },
	{ .name = "other-member", .verdict = NOT_COVERED, .swapped = true, .members = 3,
	  .steps = { CHAIN(SHA256, 3) } },
	{ .name = "other-object-mixed", .verdict = NOT_COVERED, .swapped = true,
	  .steps = { CHAIN(SHA256, 3), STAMP(SHA256, 3), CHAIN(SHA512, 3) } },
};
/* clang-format on */

static const char *const verdicts[] = {
	[PASSED] = "passed",
	[FAILED] = "failed",
	[NOT_COVERED] = "not-covered",
};

struct work {
	const char *dir;
	struct devpki *pki;
	struct jsonw list;
};

static void write_file(const char *dir, const char *name, struct view bytes)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char path[4096];
	must(file_join(dir, name, path, sizeof(path), &err), name, &err);
	must(file_write(path, bytes, 0644, &err), name, &err);
}

static void put_pem(const char *label, struct view der, struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;

	if (bio == NULL || PEM_write_bio(bio, label, "", der.p, (long)der.n) <= 0)
		stop("PEM", NULL);
	long n = BIO_get_mem_data(bio, &text);
	must(buf_put(out, view_of(text, (size_t)n), &err), "PEM", &err);
	BIO_free(bio);
}

/* CRLs of both authorities after every step's time. */
static void write_crls(struct work *w)
{
	struct buf crl = buf_make(BYTES_MAX), out = buf_make(BYTES_MAX);
	for (unsigned i = 0; i < STEPS_MAX; i++) {
		const struct devpki_cert *c =
		    devpki_active(w->pki, DEVPKI_TSA, 0)->issuer;
		for (; c != NULL; c = c->issuer) {
			buf_clear(&crl);
			crl_at(w->pki, c, status_time(i), &crl);
			put_pem("X509 CRL", view_buf(&crl), &out);
		}
	}
	write_file(w->dir, "crls.pem", view_buf(&out));
	buf_free(&crl);
	buf_free(&out);
}

static void write_certs(struct work *w)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(BYTES_MAX);

	must(devpki_anchors(w->pki, &out, &err), "anchors", &err);
	write_file(w->dir, "anchors.pem", view_buf(&out));
	buf_clear(&out);
	put_pem("CERTIFICATE", devpki_active(w->pki, DEVPKI_TSA, 0)->der, &out);
	write_file(w->dir, "tsa.pem", view_buf(&out));
	buf_clear(&out);
	put_pem("CERTIFICATE", devpki_active(w->pki, DEVPKI_CA, 0)->der, &out);
	write_file(w->dir, "certs.pem", view_buf(&out));
	buf_free(&out);
}

static void list_time(struct jsonw *j, const char *key, int64_t t_ms)
{
	jsonw_key(j, key);
	jsonw_time(j, t_ms);
}

static void write_data(struct work *w, const struct sample *s,
		       const struct view *members, unsigned n)
{
	jsonw_key(&w->list, "data");
	jsonw_array(&w->list);
	for (unsigned i = 0; i < n; i++) {
		char name[64];
		bool other = s->swapped && i == n - 1;
		snprintf(name, sizeof(name), "%s.%u", s->name, i);
		write_file(w->dir, name,
			   other ? view_text("not this one\n") : members[i]);
		jsonw_cstr(&w->list, name);
	}
	jsonw_array_end(&w->list);
}

/* How many time-stamps each chain has. */
static void write_chains(struct work *w, const struct sample *s)
{
	unsigned n = 0;
	jsonw_key(&w->list, "chains");
	jsonw_array(&w->list);
	for (unsigned i = 0; i < STEPS_MAX && s->steps[i].kind != STEP_END; i++) {
		if (s->steps[i].kind == STEP_CHAIN && n > 0) {
			jsonw_int(&w->list, n);
			n = 0;
		}
		n++;
	}
	jsonw_int(&w->list, n);
	jsonw_array_end(&w->list);
}

/* Octets of the record; again until its flaw shows (record_make). */
static void make_record(struct work *w, const struct plan *plan, struct buf *out)
{
	bool shows = false;
	while (!shows) {
		buf_clear(out);
		shows = record_make(w->pki, plan, out);
	}
}

static void write_sample(struct work *w, const struct sample *s)
{
	unsigned n = s->members > 0 ? s->members : 1;
	char texts[MEMBERS_MAX][64], name[64];
	struct view members[MEMBERS_MAX];
	struct buf record = buf_make(BYTES_MAX);
	struct plan plan = { members, n, s->status, s->steps };

	for (unsigned i = 0; i < n; i++) {
		int k = snprintf(texts[i], sizeof(texts[i]), "data of %s %u\n", s->name,
				 s->equal && i == 0 ? 1 : i);
		members[i] = view_of(texts[i], (size_t)k);
	}
	make_record(w, &plan, &record);
	snprintf(name, sizeof(name), "%s.er", s->name);
	write_file(w->dir, name, view_buf(&record));
	jsonw_object(&w->list);
	jsonw_member(&w->list, "name", s->name);
	jsonw_member(&w->list, "record", name);
	write_data(w, s, members, n);
	jsonw_member_bool(&w->list, "equal", s->equal);
	jsonw_member_bool(&w->list, "status_inside", s->status != STATUS_OUTSIDE);
	write_chains(w, s);
	jsonw_member(&w->list, "verdict", verdicts[s->verdict]);
	jsonw_object_end(&w->list);
	buf_free(&record);
}

static void write_all(struct work *w)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf text = buf_make(LIST_MAX);

	write_certs(w);
	write_crls(w);
	w->list = jsonw_to(&text);
	jsonw_object(&w->list);
	list_time(&w->list, "time", JUDGED_MS);
	jsonw_key(&w->list, "records");
	jsonw_array(&w->list);
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		write_sample(w, &samples[i]);
	jsonw_array_end(&w->list);
	jsonw_object_end(&w->list);
	must(jsonw_end(&w->list, &err), "list", &err);
	write_file(w->dir, "list.json", view_buf(&text));
	buf_free(&text);
}

int main(int argc, char **argv)
{
	/* One TSA certificate spans all steps: Bouncy Castle is given just one. */
	struct devpki_options options = {
		.start_ms = PKI_START_MS,
		.clock = clock_fixed(PKI_START_MS),
		.days = { [DEVPKI_ROOT] = 14600,
			  [DEVPKI_CA] = 10950,
			  [DEVPKI_OCSP] = 10000,
			  [DEVPKI_TSA] = 10000 },
	};
	struct ltps_error err = LTPS_ERROR_INIT;
	struct work w = { 0 };

	mem_init();
	if (argc != 2) {
		fprintf(stderr, "usage: records_make DIR\n");
		return 64;
	}
	w.dir = argv[1];
	must(file_make_dir(w.dir, 0755, &err), w.dir, &err);
	must(devpki_create(NULL, &options, &w.pki, &err), "PKI", &err);
	write_all(&w);
	devpki_free(w.pki);
	return 0;
}
