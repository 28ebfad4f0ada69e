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

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "bench/bare.h"

#define ROUNDS 400
#define FILE_MAX ((size_t)64 << 20)
#define REPORT_MAX ((size_t)16 << 20)

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
	bench_stop_on(file_read(argv[1], &s->file, &err), &err, argv[1]);
	if (s->detached)
		bench_stop_on(file_read(argv[4], &s->content, &err), &err, argv[4]);
	bench_stop_on(material_new(&s->anchors, &err), &err, "anchors");
	bench_stop_on(material_read(s->anchors, MATERIAL_ANCHOR, argv[2], &err), &err,
		      argv[2]);
	bench_stop_on(time_parse_rfc3339(view_text(argv[3]), &s->time_ms, &err), &err,
		      argv[3]);
	bench_stop_on(validation_policy_builtin("default", &s->policy, &err), &err,
		      "policy");
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
	bench_stop_on(document_read_known(view_buf(&s->file),
					  s->detached ? &r->content : NULL, m->certs,
					  &r->document, &err),
		      &err, "reading");
	const struct engine_input in = { .document = r->document,
					 .policy = s->policy,
					 .pools = &pool,
					 .n_pools = 1,
					 .time_ms = s->time_ms,
					 .cache = m->signatures };
	bench_stop_on(engine_judge(&in, &r->report, &err), &err, "judging");
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
	bench_stop_on(jsonw_end(&j, &err), &err, "report");
	run_clear(&r);
}

/* ---- what cannot be left out ---- */

/*
 * The signatures once each, with keys that are parsed and known before, and every octet
 * of file and content hashed once.
 */
static void bare_once(const struct scene *s, const struct bare *b, bool own)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	bare_verify(b, own);
	bench_stop_on(digest_once(DIGEST_SHA256, view_buf(&s->file), &d, &err), &err,
		      "hashing");
	bench_stop_on(digest_once(DIGEST_SHA256, view_buf(&s->content), &d, &err), &err,
		      "hashing");
}

/* ---- measuring ---- */

enum figure { COLD, WARM, BARE_ALL, BARE_OWN, FIGURES };

static double once(const struct scene *s, const struct bare *b, struct sig_cache *certs,
		   enum figure f, struct buf *out)
{
	struct memory m = { NULL, NULL };
	if (f == WARM)
		m = (struct memory){ certs, bare_remembered(b) };
	const double begin = bench_now();
	if (f == COLD || f == WARM)
		whole(s, &m, out);
	else
		bare_once(s, b, f == BARE_OWN);
	const double each = bench_now() - begin;
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
	bench_stop_on(sig_cache_new(&certs, &err), &err, "cache");
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
	if (argc < 4) {
		fprintf(stderr, "usage: cades_bench FILE ANCHORS TIME [CONTENT]\n");
		return 64;
	}
	mem_init();
	scene_read(&s, argv, argc);
	run_judge(&s, &(struct memory){ NULL, NULL }, &r);
	bare_collect(&b, r.report, s.anchors);
	measure(&s, &b, each);
	getrusage(RUSAGE_SELF, &usage);
	printf("verdict: %s; file of %zu octets, %zu signatures to verify, %zu of them "
	       "its "
	       "own\n",
	       indication_total_name(r.report->indication), s.file.n, b.n, b.own);
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
