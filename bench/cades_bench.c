/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cades_bench FILE ANCHORS TIME [CONTENT] - a CAdES file read, judged and reported as
 * JSON, over and over: with nothing remembered, and with the signatures on certificates
 * and status remembered as a service does, but never those of the file itself; beside
 * the bare signature verifications and hashes that such a judgement cannot do without.
 */
#include <math.h>
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
	stop_on(material_read(s->anchors, MATERIAL_ANCHOR, argv[2], &err), &err,
		argv[2]);
	stop_on(time_parse_rfc3339(view_text(argv[3]), &s->time_ms, &err), &err,
		argv[3]);
	stop_on(validation_policy_builtin("default", &s->policy, &err), &err, "policy");
}

struct run {
	struct content content;
	struct document *document;
	struct report *report;
};

/*
 * What a service remembers in one cache, here apart: certificates stay from round to
 * round, their keys with them; signatures are put in anew, to leave out the file's own.
 */
struct memory {
	struct sig_cache *certs, *signatures;
};

static void run_judge(const struct scene *s, const struct memory *m, struct run *r)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct material *pool = s->anchors;
	r->content = content_of(view_buf(&s->content));
	stop_on(document_read_known(view_buf(&s->file),
				    s->detached ? &r->content : NULL, m->certs,
				    &r->document, &err),
		&err, "reading");
	const struct engine_input in = { .document = r->document,
					 .policy = s->policy,
					 .pools = &pool,
					 .n_pools = 1,
					 .time_ms = s->time_ms,
					 .cache = m->signatures };
	stop_on(engine_judge(&in, &r->report, &err), &err, "judging");
}

static void run_clear(struct run *r)
{
	report_free(r->report);
	document_free(r->document);
}

/* Judged and reported once. */
static void whole(const struct scene *s, const struct memory *m, struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct report_frame frame = { .file = "file" };
	struct run r;
	run_judge(s, m, &r);
	buf_clear(out);
	struct jsonw j = jsonw_to(out);
	report_json(r.report, &frame, &j);
	stop_on(jsonw_end(&j, &err), &err, "report");
	run_clear(&r);
}

/* ---- what cannot be left out ---- */

struct signed_one {
	struct view algorithm, octets, value;
	enum digest_alg digest;
	const struct cert *signer;
	const uint8_t *object; /* SHA-256 of the certificate or status that it is on;
				  NULL: the file's own, a signature or time-stamp */
	EVP_PKEY *key;
};
struct bare {
	struct signed_one s[SIGNED_MAX];
	size_t n;
};

static EVP_PKEY *key_of(const struct cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	EVP_PKEY *key = NULL;
	return c == NULL || cert_key(c, &key, &err) != 0 ? NULL : key;
}

static void bare_add(struct bare *b, const struct signed_one *one)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	enum signature_verdict v;
	EVP_PKEY *key = key_of(one->signer);
	if (b->n == SIGNED_MAX || key == NULL ||
	    signature_verify(one->algorithm, one->digest, key, one->octets, one->value,
			     &v, &err) != 0 ||
	    v != SIGNATURE_VALID)
		return;
	b->s[b->n] = *one;
	b->s[b->n++].key = key;
}

static void bare_signature(struct bare *b, const struct document_signature *s,
			   const struct cert *signer)
{
	if (s != NULL)
		bare_add(b, &(struct signed_one){ s->algorithm, s->octets[0], s->value,
						  s->digest, signer, NULL, NULL });
}

/* By whichever certificate of the report or the anchors signed it. */
static void bare_object(struct bare *b, const struct run *r,
			const struct material *anchors, const struct signed_object *o)
{
	struct signed_one one = { o->algorithm, o->tbs,    o->signature, DIGEST_NONE,
				  NULL,         o->sha256, NULL };
	const size_t before = b->n;
	for (size_t i = 0; i < r->report->n_certs && b->n == before; i++) {
		one.signer = r->report->certs[i];
		bare_add(b, &one);
	}
	for (size_t i = 0;
	     i < material_count(anchors, MATERIAL_ANCHOR) && b->n == before; i++) {
		one.signer = material_cert(anchors, MATERIAL_ANCHOR, i);
		bare_add(b, &one);
	}
}

#define OBJECT_OF(x)                                                                   \
	(&(const struct signed_object){ (x)->sha256, (x)->tbs, (x)->algorithm,         \
					(x)->signature })

static void bare_collect(struct bare *b, const struct run *r,
			 const struct material *anchors)
{
	const struct report *p = r->report;
	for (size_t i = 0; i < p->n_signatures; i++)
		bare_signature(b, p->signatures[i].signature,
			       p->signatures[i].signing_certificate);
	for (size_t i = 0; i < p->n_stamps; i++)
		bare_signature(b, p->stamps[i].stamp->as_signature,
			       p->stamps[i].signer);
	for (size_t i = 0; i < p->n_certs; i++)
		if (material_find_cert(anchors, MATERIAL_ANCHOR, p->certs[i]->sha256) ==
		    NULL)
			bare_object(b, r, anchors, OBJECT_OF(p->certs[i]));
	for (size_t i = 0; i < p->n_crls; i++)
		bare_object(b, r, anchors, OBJECT_OF(p->crls[i]));
	for (size_t i = 0; i < p->n_ocsps; i++)
		bare_object(b, r, anchors, OBJECT_OF(p->ocsps[i]));
}

/*
 * The signatures once each, with keys that are parsed and known before, and every octet
 * of file and content hashed once.
 */
static void bare_once(const struct scene *s, const struct bare *b, bool own)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	enum signature_verdict v;
	struct digest d;
	for (size_t k = 0; k < b->n; k++)
		if (b->s[k].object == NULL || !own)
			stop_on(signature_verify(b->s[k].algorithm, b->s[k].digest,
						 b->s[k].key, b->s[k].octets,
						 b->s[k].value, &v, &err),
				&err, "verifying");
	stop_on(digest_once(DIGEST_SHA256, view_buf(&s->file), &d, &err), &err,
		"hashing");
	stop_on(digest_once(DIGEST_SHA256, view_buf(&s->content), &d, &err), &err,
		"hashing");
}

/*
 * The signatures on certificates and status, as of earlier files. The file's own are
 * not among them: a file that comes has not been seen.
 */
static struct sig_cache *remembered(const struct bare *b)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct sig_cache *cache = NULL;
	enum signature_verdict v;
	stop_on(sig_cache_new(&cache, &err), &err, "cache");
	for (size_t k = 0; k < b->n; k++) {
		const struct signed_one *one = &b->s[k];
		const struct signed_object o = { one->object, one->octets,
						 one->algorithm, one->value };
		if (one->object != NULL)
			stop_on(sig_cache_verify(cache, &o, one->key,
						 one->signer->spki_sha256, &v, NULL,
						 &err),
				&err, "cache");
	}
	return cache;
}

/* ---- measuring ---- */

enum figure { COLD, WARM, BARE_ALL, BARE_OWN, FIGURES };

static double once(const struct scene *s, const struct bare *b, struct sig_cache *certs,
		   enum figure f, struct buf *out)
{
	struct memory m = { NULL, NULL };
	if (f == WARM)
		m = (struct memory){ certs, remembered(b) };
	const double begin = now();
	if (f == COLD || f == WARM)
		whole(s, &m, out);
	else
		bare_once(s, b, f == BARE_OWN);
	const double each = now() - begin;
	sig_cache_free(m.signatures);
	return each;
}

/* The fastest of many rounds, since what else the machine does only slows; the figures
 * are taken in turn, so that none has a better time of it. */
static void measure(const struct scene *s, const struct bare *b, double ret[FIGURES])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(REPORT_MAX);
	struct sig_cache *certs = NULL;
	stop_on(sig_cache_new(&certs, &err), &err, "cache");
	for (int f = 0; f < FIGURES; f++)
		ret[f] = HUGE_VAL;
	for (int i = 0; i < ROUNDS; i++)
		for (int f = 0; f < FIGURES; f++) {
			const double t = once(s, b, certs, (enum figure)f, &out);
			if (t < ret[f])
				ret[f] = t;
		}
	sig_cache_free(certs);
	buf_free(&out);
}

static void print(const char *what, double whole_s, double bare_s)
{
	printf("%-28s %7.1f us, bare %7.1f us, %.2f times\n", what, whole_s * 1e6,
	       bare_s * 1e6, whole_s / bare_s);
}

int main(int argc, char **argv)
{
	struct scene s = { .time_ms = 0 };
	struct bare b = { .n = 0 };
	struct run r;
	struct rusage usage;
	double each[FIGURES];
	size_t own = 0;
	if (argc < 4) {
		fprintf(stderr, "usage: cades_bench FILE ANCHORS TIME [CONTENT]\n");
		return 64;
	}
	mem_init();
	scene_read(&s, argv, argc);
	run_judge(&s, &(struct memory){ NULL, NULL }, &r);
	bare_collect(&b, &r, s.anchors);
	for (size_t i = 0; i < b.n; i++)
		own += b.s[i].object == NULL;
	measure(&s, &b, each);
	getrusage(RUSAGE_SELF, &usage);
	printf("verdict: %s; file of %zu octets, %zu signatures to verify, %zu of them "
	       "its "
	       "own\n",
	       indication_total_name(r.report->indication), s.file.n, b.n, own);
	printf("bare: these signatures alone, keys parsed before, and one hash of file "
	       "and "
	       "content\n");
	print("nothing remembered:", each[COLD], each[BARE_ALL]);
	print("certificates remembered:", each[WARM], each[BARE_OWN]);
	printf("a core judges %.0f a second cold, %.0f warm; peak memory %.1f MB\n",
	       1 / each[COLD], 1 / each[WARM], (double)usage.ru_maxrss / 1024);
	run_clear(&r);
	return 0;
}
