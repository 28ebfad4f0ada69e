/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_bench FILE ANCHORS TIME - a signed PDF read, judged and reported as JSON, over
 * and over: with nothing remembered, and with the signatures on certificates and status
 * remembered as a service does, but never those of the file itself; beside what such a
 * judgement cannot do without: each ByteRange hashed, and the bare signature
 * verifications. Of a large file, the time beside hashing it once, and the memory
 * beside its mapping.
 *
 * pades_bench --changes FILE... - the same updates behind each file: what it takes to
 * compare objects, apart from what it takes to read the file. Reading is linear in the
 * file, and in a judgement goes along with hashing it; comparing shall not be.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "bench/bare.h"
#include "formats/pdf_update.h"

#define ROUNDS 400
#define ROUNDS_MIN 5
#define SECONDS_MAX 8.0 /* for all rounds, of large files */
#define REPORT_MAX ((size_t)16 << 20)
#define UPDATE_MAX ((size_t)1 << 20)
#define PIECE ((size_t)128 << 10) /* as where a file is hashed */

static double least(double a, double b)
{
	return a < b ? a : b;
}

/* In MB. */
static double status_of(const char *name)
{
	char line[256];
	double kb = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			kb = atof(line + strlen(name) + 1);
	if (f != NULL)
		fclose(f);
	return kb / 1024;
}

static struct file_map map(const char *path)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct file_map m;
	bench_stop_on(file_map(path, PDF_SIZE_MAX, &m, &err), &err, path);
	return m;
}

struct scene {
	struct file_map file;
	struct material *anchors;
	struct validation_policy *policy;
	int64_t time_ms;
};

static void scene_read(struct scene *s, char **argv)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	s->file = map(argv[1]);
	bench_stop_on(material_new(&s->anchors, &err), &err, "anchors");
	bench_stop_on(material_read(s->anchors, MATERIAL_ANCHOR, argv[2], &err), &err,
		      argv[2]);
	bench_stop_on(time_parse_rfc3339(view_text(argv[3]), &s->time_ms, &err), &err,
		      argv[3]);
	bench_stop_on(validation_policy_builtin("default", &s->policy, &err), &err,
		      "policy");
}

/* ---- judging ---- */

struct run {
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
	bench_stop_on(document_read_pdf_known(s->file.octets, VIEW_NULL, m->certs,
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

struct range {
	enum digest_alg alg;
	struct view pieces[2];
};
struct ranges {
	struct range v[BARE_SIGNED_MAX];
	size_t n;
};

static void add_range(struct ranges *l, struct view file, const struct document_pdf *p,
		      enum digest_alg alg)
{
	if (p == NULL || !p->byte_range_valid || l->n == BARE_SIGNED_MAX)
		return;
	const uint64_t *g = p->found->range;
	l->v[l->n++] =
	    (struct range){ alg,
			    { view_of(file.p, g[1]), view_of(file.p + g[2], g[3]) } };
}

static void collect_ranges(struct ranges *l, const struct report *p, struct view file)
{
	for (size_t i = 0; i < p->n_signatures; i++) {
		const struct document_signature *s = p->signatures[i].signature;
		add_range(l, file, s->pdf, s->digest);
	}
	for (size_t i = 0; i < p->n_stamps; i++) {
		const struct document_stamp *t = p->stamps[i].stamp;
		if (t->tst != NULL)
			add_range(l, file, t->pdf, t->tst->imprint_alg);
	}
}

static void hash_ranges(const struct ranges *l)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	for (size_t i = 0; i < l->n; i++) {
		struct digest_ctx *ctx = NULL;
		struct digest d;
		int rc = digest_new(l->v[i].alg, &ctx, &err);
		for (size_t k = 0; k < 2 && rc == 0; k++)
			rc = digest_update(ctx, l->v[i].pieces[k], &err);
		if (rc == 0)
			rc = digest_final(ctx, &d, &err);
		bench_stop_on(rc, &err, "hashing");
		digest_free(ctx);
	}
}

/* The signatures once each, with keys that are parsed and known before, and each
 * ByteRange hashed once. */
static void bare_once(const struct bare *b, const struct ranges *l, bool own)
{
	bare_verify(b, own);
	hash_ranges(l);
}

/* ---- measuring ---- */

enum figure { COLD, WARM, BARE_ALL, BARE_OWN, RANGES, ONCE, READ, FIGURES };

static void hash_once(struct view file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	bench_stop_on(digest_once(DIGEST_SHA256, file, &d, &err), &err, "hashing");
}

static void read_only(struct view file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pades *p = NULL;
	bench_stop_on(pades_read(file, VIEW_NULL, &p, &err), &err, "reading");
	pades_free(p);
}

static double once(const struct scene *s, const struct bare *b, const struct ranges *l,
		   struct sig_cache *certs, enum figure f, struct buf *out)
{
	struct memory m = { NULL, NULL };
	if (f == WARM)
		m = (struct memory){ certs, bare_remembered(b) };
	const double begin = bench_now();
	if (f == COLD || f == WARM)
		whole(s, &m, out);
	else if (f == RANGES)
		hash_ranges(l);
	else if (f == ONCE)
		hash_once(s->file.octets);
	else if (f == READ)
		read_only(s->file.octets);
	else
		bare_once(b, l, f == BARE_OWN);
	const double each = bench_now() - begin;
	sig_cache_free(m.signatures);
	return each;
}

/* The fastest of many rounds, since what else the machine does only slows; the figures
 * are taken in turn, so that none has a better time of it. */
static void measure(const struct scene *s, const struct bare *b, const struct ranges *l,
		    double ret[FIGURES])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(REPORT_MAX);
	struct sig_cache *certs = NULL;
	const double begin = bench_now();
	bench_stop_on(sig_cache_new(&certs, &err), &err, "cache");
	for (int f = 0; f < FIGURES; f++)
		ret[f] = HUGE_VAL;
	for (int i = 0; i < ROUNDS; i++) {
		if (i >= ROUNDS_MIN && bench_now() - begin > SECONDS_MAX)
			break;
		for (int f = 0; f < FIGURES; f++)
			ret[f] =
			    least(ret[f], once(s, b, l, certs, (enum figure)f, &out));
	}
	sig_cache_free(certs);
	buf_free(&out);
}

static void print(const char *what, double whole_s, double bare_s)
{
	printf("%-28s %9.1f us, bare %9.1f us, %.2f times\n", what, whole_s * 1e6,
	       bare_s * 1e6, whole_s / bare_s);
}

static void judge_file(char **argv)
{
	struct scene s = { .time_ms = 0 };
	static struct bare b;
	static struct ranges l;
	struct run r;
	double each[FIGURES];
	scene_read(&s, argv);
	run_judge(&s, &(struct memory){ NULL, NULL }, &r);
	const double peak = status_of("VmHWM");
	bare_collect(&b, r.report, s.anchors);
	collect_ranges(&l, r.report, s.file.octets);
	measure(&s, &b, &l, each);
	printf("verdict: %s; file of %zu octets, %zu revisions, %zu signatures to "
	       "verify, %zu of them its own, %zu ranges to hash\n",
	       indication_total_name(r.report->indication), s.file.octets.n,
	       r.document->pdf->file->n_revisions, b.n, b.own, l.n);
	printf("bare: these signatures alone, keys parsed before, and each ByteRange "
	       "hashed\n");
	print("nothing remembered:", each[COLD], each[BARE_ALL]);
	print("certificates remembered:", each[WARM], each[BARE_OWN]);
	printf("of which hashing the ranges %.1f us, reading revisions and signatures "
	       "%.1f us\n",
	       each[RANGES] * 1e6, each[READ] * 1e6);
	printf("hashing the file once: %.1f us; judging it cold takes %.2f times that, "
	       "warm %.2f times\n",
	       each[ONCE] * 1e6, each[COLD] / each[ONCE], each[WARM] / each[ONCE]);
	printf("a core judges %.1f a second cold, %.1f warm; peak memory %.1f MB, %.1f "
	       "MB above the mapping\n",
	       1 / each[COLD], 1 / each[WARM], peak,
	       peak - (double)s.file.octets.n / (1 << 20));
	run_clear(&r);
}

/* ---- updates ---- */

static const char XMP[] = "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>";

/* Metadata: a stream, which might be drawn by somebody else as well. */
static int update_metadata(struct pdf_update *u, const struct pades *p, size_t n,
			   struct ltps_error *err)
{
	char ref[32];
	(void)p;
	(void)n;
	const struct pdf_ref r = { pdf_update_number(u), 0 };
	snprintf(ref, sizeof(ref), "%u 0 R", r.number);
	if (pdf_update_stream(u, r, view_text(XMP), err) != 0)
		return -1;
	return pdf_update_catalog(u, "Metadata", view_text(ref), err);
}

static int update_field(struct pdf_update *u, const struct pades *p, size_t n,
			struct ltps_error *err)
{
	(void)n;
	const struct pdf_ref r = { pdf_update_number(u), 0 };
	if (pdf_update_signature(u, r, view_text("/Type /Sig /Filter /X"), 100, err) !=
	    0)
		return -1;
	return pdf_update_field(u, p, "Bench", r, err);
}

/* A member of what a reference or a dictionary is, in the newest revision. */
static const struct pdf_value *get(const struct pades *p, const struct pdf_value *v,
				   const char *key)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	bench_stop_on(pdf_get(p->objects, p->file->n_revisions - 1, v, key, &v, &err),
		      &err, key);
	return v;
}

static const struct pdf_value *catalog(const struct pades *p)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *v;
	bench_stop_on(pdf_catalog(p->objects, p->file->n_revisions - 1, &v, &err), &err,
		      "catalog");
	return v;
}

static const struct pdf_value *resolve(const struct pades *p, const struct pdf_value *v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	bench_stop_on(
	    pdf_resolve(p->objects, p->file->n_revisions - 1, v, &v, &err), &err,
	    "object");
	return v;
}

/* The first content stream: no harmless change. */
static int update_page(struct pdf_update *u, const struct pades *p, size_t n,
		       struct ltps_error *err)
{
	(void)n;
	const struct pdf_value *kids = get(p, get(p, catalog(p), "Pages"), "Kids");
	if (kids->kind != PDF_ARRAY || kids->n == 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL, "no page");
	const struct pdf_value *c =
	    pdf_dict_get(resolve(p, &kids->items[0]), "Contents");
	if (c == NULL || c->kind != PDF_REF)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL,
				 "a page without one content stream");
	return pdf_update_stream(u, c->ref, view_text("q Q"), err);
}

/* The first ones of an array, each with another member in it. */
static int replace(struct pdf_update *u, const struct pades *p,
		   const struct pdf_value *array, size_t n, const struct pdf_edit *edit,
		   struct ltps_error *err)
{
	struct buf b = buf_make(UPDATE_MAX);
	int rc = 0;
	if (array->kind != PDF_ARRAY || array->n < n)
		rc = ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL,
			       "not as many objects");
	for (size_t i = 0; rc == 0 && i < n; i++) {
		buf_clear(&b);
		rc = pdf_dict_write(resolve(p, &array->items[i]), edit, 1, &b, err);
		if (rc == 0)
			rc = pdf_update_object(u, array->items[i].ref, view_buf(&b),
					       err);
	}
	buf_free(&b);
	return rc;
}

static int update_fill(struct pdf_update *u, const struct pades *p, size_t n,
		       struct ltps_error *err)
{
	const struct pdf_edit edit = { "V", view_text("(filled)") };
	return replace(u, p, get(p, get(p, catalog(p), "AcroForm"), "Fields"), n, &edit,
		       err);
}

/* All of the file's objects are in the same array, which is as long as the file and is
 * read for them; none may change. */
static int update_fillers(struct pdf_update *u, const struct pades *p, size_t n,
			  struct ltps_error *err)
{
	const struct pdf_edit edit = { "Number", view_text("0") };
	return replace(u, p, get(p, catalog(p), "Filler"), n, &edit, err);
}

static const struct update {
	const char *name;
	int (*put)(struct pdf_update *u, const struct pades *p, size_t n,
		   struct ltps_error *err);
	size_t n; /* objects that it is about */
} updates[] = { { "metadata added", update_metadata, 1 },
		{ "signature added", update_field, 1 },
		{ "content stream replaced", update_page, 1 },
		{ "fields filled", update_fill, 1 },
		{ "fields filled", update_fill, 10 },
		{ "fields filled", update_fill, 100 },
		{ "fields filled", update_fill, 1000 },
		{ "of one long array replaced", update_fillers, 2 },
		{ "of one long array replaced", update_fillers, 10 },
		{ "of one long array replaced", update_fillers, 100 },
		{ "of one long array replaced", update_fillers, 1000 } };

static void append(struct view file, const struct update *k, struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pades *p = NULL;
	struct pdf_update *u = NULL;
	uint64_t range[4];
	bench_stop_on(pades_read(file, VIEW_NULL, &p, &err), &err, "reading");
	bench_stop_on(pdf_update_new(p->file, p->objects, &u, &err), &err, "update");
	bench_stop_on(k->put(u, p, k->n, &err), &err, k->name);
	bench_stop_on(buf_put(out, file, &err), &err, "update");
	bench_stop_on(pdf_update_finish(u, out, range, &err), &err, "update");
	pdf_update_free(u);
	pades_free(p);
}

/* ---- the comparison of objects ---- */

struct compared {
	double reading;   /* tables, and the signatures */
	double passing;   /* all octets, for ends and references: beside hashing */
	double comparing; /* what is left */
	size_t n;         /* changes */
};

static void pass(const struct pades *p, struct pdf_passing *g)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const size_t n = p->file->octets.n;
	for (size_t at = 0; at < n; at += PIECE)
		bench_stop_on(
		    pdf_passing_upto(g, at + PIECE < n ? at + PIECE : n, &err), &err,
		    "passing");
}

/* Of a file that was just read, since what is looked at is kept. */
static void compare_once(struct view file, struct compared *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_changes changes = { .n = 0 };
	struct pades *p = NULL;
	struct pdf_passing *g = NULL;
	const double begin = bench_now();
	bench_stop_on(pades_begin(file, VIEW_NULL, &p, &err), &err, "reading");
	const double read = bench_now();
	bench_stop_on(pdf_passing_new(p, &g, &err), &err, "passing");
	pass(p, g);
	const double passed = bench_now();
	bench_stop_on(pdf_changes_find_passed(g, &changes, &err), &err, "comparing");
	c->comparing = least(c->comparing, bench_now() - passed);
	c->passing = least(c->passing, passed - read);
	c->reading = least(c->reading, read - begin);
	c->n = changes.n;
	pdf_changes_clear(&changes);
	pdf_passing_free(g);
	pades_free(p);
}

static void compare(const char *path, const struct update *k)
{
	struct file_map m = map(path);
	struct buf file = buf_make(m.octets.n + UPDATE_MAX);
	struct compared c = { HUGE_VAL, HUGE_VAL, HUGE_VAL, 0 };
	append(m.octets, k, &file);
	const double begin = bench_now();
	for (int i = 0; i < ROUNDS; i++) {
		if (i >= ROUNDS_MIN && bench_now() - begin > SECONDS_MAX / 8)
			break;
		compare_once(view_buf(&file), &c);
	}
	printf("%4zu %-26s %10zu %12.1f %12.1f %12.1f %8zu\n", k->n, k->name,
	       m.octets.n, c.reading * 1e6, c.passing * 1e6, c.comparing * 1e6, c.n);
	buf_free(&file);
	file_unmap(&m);
}

static void compare_all(char **files, int n)
{
	printf("%-31s %10s %12s %12s %12s %8s\n", "what an update changed",
	       "in octets", "reading us", "passing us", "comparing us", "changes");
	for (size_t k = 0; k < sizeof(updates) / sizeof(updates[0]); k++)
		for (int i = 0; i < n; i++)
			compare(files[i], &updates[k]);
}

int main(int argc, char **argv)
{
	mem_init();
	if (argc > 2 && strcmp(argv[1], "--changes") == 0) {
		compare_all(argv + 2, argc - 2);
		return 0;
	}
	if (argc != 4) {
		fprintf(stderr, "usage: pades_bench FILE ANCHORS TIME\n"
				"       pades_bench --changes FILE...\n");
		return 64;
	}
	judge_file(argv);
	return 0;
}
