/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cades_bench FILE ANCHORS TIME [CONTENT] - a CAdES file read, judged and reported as
 * JSON, over and over: with nothing remembered, and with the signatures on certificates
 * and status remembered as a service does; beside the bare signature verifications and
 * hashes that such a judgement cannot do without.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "validation/engine.h"

#define ROUNDS 400
#define SIGNED_MAX 64
#define FILE_MAX ((size_t)64 << 20)
#define REPORT_MAX ((size_t)16 << 20)

/* Of the processor: what else runs on the machine does not count. */
static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void stop_on(int rc, const struct ltps_error *err, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "cades_bench: %s: %s\n", what, err->text);
	exit(1);
}

struct scene {
	struct buf file, content;
	bool detached;
	struct material *anchors;
	struct validation_policy *policy;
	int64_t time_ms;
};

static void scene_read(struct scene *s, char **argv, int argc)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	s->file = buf_make(FILE_MAX);
	s->content = buf_make(FILE_MAX);
	s->detached = argc > 4;
	stop_on(file_read(argv[1], &s->file, &err), &err, argv[1]);
	if (s->detached)
		stop_on(file_read(argv[4], &s->content, &err), &err, argv[4]);
	stop_on(material_new(&s->anchors, &err), &err, "anchors");
	stop_on(material_read(s->anchors, MATERIAL_ANCHOR, argv[2], &err), &err, argv[2]);
	stop_on(time_parse_rfc3339(view_text(argv[3]), &s->time_ms, &err), &err, argv[3]);
	stop_on(validation_policy_builtin("default", &s->policy, &err), &err, "policy");
}

struct run {
	struct content content;
	struct document *document;
	struct report *report;
};

static void run_judge(const struct scene *s, struct sig_cache *cache, struct run *r)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct material *pool = s->anchors;
	r->content = content_of(view_buf(&s->content));
	stop_on(document_read(view_buf(&s->file), s->detached ? &r->content : NULL,
			      &r->document, &err),
		&err, "reading");
	const struct engine_input in = { .document = r->document,
					 .policy = s->policy,
					 .pools = &pool,
					 .n_pools = 1,
					 .time_ms = s->time_ms,
					 .cache = cache };
	stop_on(engine_judge(&in, &r->report, &err), &err, "judging");
}

static void run_clear(struct run *r)
{
	report_free(r->report);
	document_free(r->document);
}

static double measure(const struct scene *s, bool remember)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct sig_cache *cache = NULL;
	struct buf out = buf_make(REPORT_MAX);
	const struct report_frame frame = { .file = "file" };
	double begin = 0;
	if (remember)
		stop_on(sig_cache_new(&cache, &err), &err, "cache");
	for (int i = -20; i < ROUNDS; i++) {
		struct run r;
		if (i == 0)
			begin = now();
		run_judge(s, cache, &r);
		buf_clear(&out);
		struct jsonw j = jsonw_to(&out);
		report_json(r.report, &frame, &j);
		stop_on(jsonw_end(&j, &err), &err, "report");
		if (i == -20 && remember)
			printf("verdict: %s, %zu octets of JSON\n",
			       indication_total_name(r.report->indication), out.n);
		run_clear(&r);
	}
	const double each = (now() - begin) / ROUNDS;
	sig_cache_free(cache);
	buf_free(&out);
	return each;
}

/* ---- what cannot be left out ---- */

struct signed_one {
	struct view algorithm, octets, value;
	enum digest_alg digest;
	EVP_PKEY *key;
	bool own; /* of the file itself: signature or time-stamp, not certificate, status */
};
struct bare {
	struct signed_one s[SIGNED_MAX];
	size_t n;
};

static void bare_add(struct bare *b, const struct signed_one *one)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	enum signature_verdict v;
	if (b->n == SIGNED_MAX || one->key == NULL ||
	    signature_verify(one->algorithm, one->digest, one->key, one->octets, one->value,
			     &v, &err) != 0 ||
	    v != SIGNATURE_VALID)
		return;
	b->s[b->n++] = *one;
}

static EVP_PKEY *key_of(const struct cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	EVP_PKEY *key = NULL;
	return c == NULL || cert_key(c, &key, &err) != 0 ? NULL : key;
}

static void bare_signature(struct bare *b, const struct document_signature *s,
			   const struct cert *signer)
{
	if (s != NULL)
		bare_add(b, &(struct signed_one){ s->algorithm, s->octets[0], s->value,
						  s->digest, key_of(signer), true });
}

/* By whichever certificate of the report or the anchors signed it. */
static void bare_object(struct bare *b, const struct run *r, const struct material *anchors,
			struct view algorithm, struct view octets, struct view value)
{
	const size_t before = b->n;
	for (size_t i = 0; i < r->report->n_certs && b->n == before; i++)
		bare_add(b, &(struct signed_one){ algorithm, octets, value, DIGEST_NONE,
						  key_of(r->report->certs[i]), false });
	for (size_t i = 0; i < material_count(anchors, MATERIAL_ANCHOR) && b->n == before;
	     i++)
		bare_add(b, &(struct signed_one){
				algorithm, octets, value, DIGEST_NONE,
				key_of(material_cert(anchors, MATERIAL_ANCHOR, i)), false });
}

static void bare_collect(struct bare *b, const struct run *r,
			 const struct material *anchors)
{
	const struct report *p = r->report;
	for (size_t i = 0; i < p->n_signatures; i++)
		bare_signature(b, p->signatures[i].signature,
			       p->signatures[i].signing_certificate);
	for (size_t i = 0; i < p->n_stamps; i++)
		bare_signature(b, p->stamps[i].stamp->as_signature, p->stamps[i].signer);
	for (size_t i = 0; i < p->n_certs; i++)
		if (material_find_cert(anchors, MATERIAL_ANCHOR, p->certs[i]->sha256) == NULL)
			bare_object(b, r, anchors, p->certs[i]->algorithm, p->certs[i]->tbs,
				    p->certs[i]->signature);
	for (size_t i = 0; i < p->n_crls; i++)
		bare_object(b, r, anchors, p->crls[i]->algorithm, p->crls[i]->tbs,
			    p->crls[i]->signature);
	for (size_t i = 0; i < p->n_ocsps; i++)
		bare_object(b, r, anchors, p->ocsps[i]->algorithm, p->ocsps[i]->tbs,
			    p->ocsps[i]->signature);
}

/* Every signature once, and every octet of file and content hashed once. */
static double measure_bare(const struct scene *s, const struct bare *b, bool own)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	double begin = 0;
	for (int i = -20; i < ROUNDS; i++) {
		enum signature_verdict v;
		if (i == 0)
			begin = now();
		for (size_t k = 0; k < b->n; k++)
			if (b->s[k].own || !own)
				stop_on(signature_verify(b->s[k].algorithm, b->s[k].digest,
							 b->s[k].key, b->s[k].octets,
							 b->s[k].value, &v, &err),
					&err, "verifying");
		stop_on(digest_once(DIGEST_SHA256, view_buf(&s->file), &d, &err), &err,
			"hashing");
		stop_on(digest_once(DIGEST_SHA256, view_buf(&s->content), &d, &err), &err,
			"hashing");
	}
	return (now() - begin) / ROUNDS;
}

int main(int argc, char **argv)
{
	struct scene s = { .time_ms = 0 };
	struct bare b = { .n = 0 };
	struct run r;
	struct rusage usage;
	size_t own = 0;
	if (argc < 4) {
		fprintf(stderr, "usage: cades_bench FILE ANCHORS TIME [CONTENT]\n");
		return 64;
	}
	mem_init();
	scene_read(&s, argv, argc);
	run_judge(&s, NULL, &r);
	bare_collect(&b, &r, s.anchors);
	for (size_t i = 0; i < b.n; i++)
		own += b.s[i].own;
	const double warm = measure(&s, true), cold = measure(&s, false);
	const double bare_all = measure_bare(&s, &b, false);
	const double bare_own = measure_bare(&s, &b, true);
	getrusage(RUSAGE_SELF, &usage);
	printf("file of %zu octets, %zu signatures to verify, %zu of them its own\n",
	       s.file.n, b.n, own);
	printf("nothing remembered:        %7.1f us, bare %7.1f us, %.2f times\n", cold * 1e6,
	       bare_all * 1e6, cold / bare_all);
	printf("certificates remembered:   %7.1f us, bare %7.1f us, %.2f times\n", warm * 1e6,
	       bare_own * 1e6, warm / bare_own);
	printf("a core judges %.0f a second cold, %.0f warm; peak memory %.1f MB\n", 1 / cold,
	       1 / warm, (double)usage.ru_maxrss / 1024);
	run_clear(&r);
	return 0;
}
