/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which object refers to which, of whole files: the same references, in the same forms,
 * as the plainest way finds, for every number, in files that are whole, broken and
 * hostile.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/corpus.h"
#include "tests/support/pades_kit.h"
#include "tests/support/pdf_edges_plain.h"
#include "tests/support/pdf_scene.h"
#include "tests/support/pdf_sketch.h"
#include "tests/support/test_time.h"

TestSuite(pdf_changes_edges, .init = mem_init);

/* ---- comparing ---- */

/* All that is asked of a file: its revisions and objects. */
static bool open_file(struct view octets, struct pades *p)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	*p = (struct pades){ 0 };
	if (pdf_file_read(octets, &p->file, &err))
		return false;
	if (pdf_objects_new(p->file, VIEW_NULL, &p->objects, &err) == 0)
		return true;
	pdf_file_free(p->file);
	return false;
}

static void close_file(struct pades *p)
{
	pdf_objects_free(p->objects);
	pdf_file_free(p->file);
}

/* In steps of so many octets; 0: in one. */
static void read_edges(struct pades *p, size_t step, struct pdf_edges *e,
		       const char *name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(pdf_edges_begin(p, 0, e, &err), 0, "%s: %s", name, err.text);
	for (size_t at = step; step > 0 && at < p->file->octets.n; at += step)
		cr_assert_eq(pdf_edges_upto(p, e, at, &err), 0, "%s: %s", name,
			     err.text);
	cr_assert_eq(pdf_edges_finish(p, e, &err), 0, "%s: %s", name, err.text);
}

/* The same references, however many steps it takes. */
static void expect_steps_agree(struct pades *p, const struct pdf_edges *e,
			       const char *name)
{
	struct pdf_edges small;
	read_edges(p, p->file->octets.n / 50 + 1, &small, name);
	cr_assert_eq(small.list.n, e->list.n, "%s", name);
	cr_assert_eq(small.list.octets, e->list.octets, "%s", name);
	for (size_t i = 0; i < e->list.n; i++)
		cr_assert(small.list.v[i].target == e->list.v[i].target &&
			      small.list.v[i].source == e->list.v[i].source,
			  "%s: reference %zu", name, i);
	pdf_edges_clear(&small);
}

/* Asked from the last one on: one answer brings others with it. */
static struct plain_edges known_edges(struct pades *p, struct pdf_edges *e,
				      const char *name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct plain_edges l = { .v = calloc(e->list.n + 1, sizeof(*l.v)),
				 .n = e->list.n };
	for (size_t i = e->list.n; i > 0; i--) {
		const struct pdf_edge *edge = &e->list.v[i - 1];
		l.v[i - 1].target = edge->target;
		l.v[i - 1].source = edge->source;
		cr_assert_eq(pdf_edge_form(p, e, edge, &l.v[i - 1].form, &err), 0,
			     "%s: %s", name, err.text);
	}
	pdf_edges_plain_sort(&l);
	return l;
}

/* All references to a number, by source. free() the result's v */
static struct plain_edges all_to(const struct pdf_edges *e, uint32_t number)
{
	const struct pdf_edge *edge = pdf_edges_to(e, number);
	struct plain_edges l = { 0 };
	for (; edge != NULL && l.cap < e->list.n; edge = pdf_edges_next(e, edge))
		l.cap++;
	l.v = calloc(l.cap + 1, sizeof(*l.v));
	for (edge = pdf_edges_to(e, number); l.n < l.cap;
	     edge = pdf_edges_next(e, edge))
		l.v[l.n++] = (struct plain_edge){ .target = edge->target,
						  .source = edge->source };
	pdf_edges_plain_sort(&l);
	return l;
}

static void expect_each_number(const struct pdf_edges *e,
			       const struct plain_edges *want, const char *name)
{
	uint32_t last = want->n > 0 ? want->v[want->n - 1].target : 0;
	size_t at = 0;
	for (uint32_t number = 0; number <= last + 1 && number < 300000; number++) {
		struct plain_edges l = all_to(e, number);
		cr_assert_leq(l.n, want->n - at, "%s: references to %u", name, number);
		for (size_t i = 0; i < l.n; i++, at++)
			cr_assert(want->v[at].target == number &&
				      want->v[at].source == l.v[i].source,
				  "%s: references to %u", name, number);
		cr_assert(at == want->n || want->v[at].target > number,
			  "%s: references to %u", name, number);
		free(l.v);
	}
}

/* Returns how many there are. */
static size_t expect_agreed(struct view octets, const char *name)
{
	struct plain_edges want = { 0 };
	struct pdf_edges e;
	struct pades p;
	if (!open_file(octets, &p))
		return 0;
	read_edges(&p, 0, &e, name);
	cr_assert_not(e.list.too_many, "%s", name);
	expect_steps_agree(&p, &e, name);
	pdf_edges_plain_file(&p, &want);
	pdf_edges_plain_sort(&want);
	struct plain_edges found = known_edges(&p, &e, name);
	cr_assert_eq(found.n, want.n, "%s: %zu, not %zu", name, found.n, want.n);
	for (size_t i = 0; i < want.n; i++)
		cr_assert(found.v[i].target == want.v[i].target &&
			      found.v[i].source == want.v[i].source &&
			      found.v[i].form == want.v[i].form,
			  "%s: %u -> %u", name, want.v[i].source, want.v[i].target);
	expect_each_number(&e, &want, name);
	size_t n = want.n;
	free(found.v);
	free(want.v);
	pdf_edges_clear(&e);
	close_file(&p);
	return n;
}

/* The sketch is not needed any more. */
static void expect_sketch(struct pdf_sketch *s, const char *name)
{
	struct view octets = pdf_sketch_view(s);
	struct pades p;
	cr_assert(open_file(octets, &p), "%s", name);
	close_file(&p);
	(void)expect_agreed(octets, name);
	buf_free(&s->b);
}

/* How many references to a number. */
static size_t n_to(const struct pdf_sketch *s, uint32_t number)
{
	struct pdf_edges e;
	struct pades p;
	cr_assert(open_file(pdf_sketch_view(s), &p));
	read_edges(&p, 0, &e, "n_to");
	struct plain_edges l = all_to(&e, number);
	free(l.v);
	pdf_edges_clear(&e);
	close_file(&p);
	return l.n;
}

/* ---- where objects stand ---- */

Test(pdf_changes_edges, reference_to_what_nobody_has_is_found)
{
	struct pdf_sketch s = pdf_sketch_blank("/X 99 0 R");
	pdf_sketch_table(&s, "");
	cr_expect_eq(n_to(&s, 99), 1);
	cr_expect_eq(n_to(&s, 98), 0);
	expect_sketch(&s, "waiting");
}

/* The second object begins in a string of the first, which goes on behind it. */
Test(pdf_changes_edges, object_that_goes_on_behind_another_one_keeps_its_references)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_raw(&s, 3, 0, "3 0 obj\n<< /A 50 0 R /B (\n");
	pdf_sketch_raw(&s, 4, 0, "4 0 obj\n<< /A 51 0 R /E (1) >>\nendobj\n");
	pdf_sketch_raw(&s, 5, 0,
		       "5 0 obj\n<< /A 53 0 R >>\nendobj\n) /C 52 0 R >>\n"
		       "endobj\n");
	pdf_sketch_table(&s, "");
	cr_expect_eq(n_to(&s, 50), 1);
	cr_expect_eq(n_to(&s, 51), 1);
	cr_expect_eq(n_to(&s, 52), 1);
	cr_expect_eq(n_to(&s, 53), 1);
	expect_sketch(&s, "one in another");
}

Test(pdf_changes_edges, object_without_an_end_has_the_references_of_those_behind_it)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_raw(&s, 3, 0, "3 0 obj\n<< /A 50 0 R /B [\n");
	pdf_sketch_raw(&s, 4, 0, "4 0 obj\n<< /A 51 0 R >>\nendobj\n");
	pdf_sketch_table(&s, "");
	cr_expect_eq(n_to(&s, 51), 2);
	expect_sketch(&s, "without an end");
}

Test(pdf_changes_edges, data_of_streams_refer_to_nothing)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_stream(&s, 3, "/A 50 0 R",
			  view_text("[51 0 R] endstream endobj 9 0 obj [52 0 R]"));
	pdf_sketch_table(&s, "");
	cr_expect_eq(n_to(&s, 50), 1);
	cr_expect_eq(n_to(&s, 51), 0);
	cr_expect_eq(n_to(&s, 52), 0);
	expect_sketch(&s, "data");
}

Test(pdf_changes_edges, references_in_comments_and_around_them_are_told_apart)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_object(&s, 3, "<< /A 50 %51 0\n0 %52 0 R\nR >>");
	pdf_sketch_object(&s, 4, "53%\n0 R");
	pdf_sketch_table(&s, "");
	cr_expect_eq(n_to(&s, 50), 1);
	cr_expect_eq(n_to(&s, 51), 0);
	cr_expect_eq(n_to(&s, 52), 0);
	cr_expect_eq(n_to(&s, 53), 1);
	expect_sketch(&s, "comments");
}

Test(pdf_changes_edges, every_version_of_an_object_counts)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_object(&s, 3, "[50 0 R]");
	pdf_sketch_table(&s, "");
	pdf_sketch_object(&s, 3, "[51 0 R 50 0 R 50 0 R]");
	pdf_sketch_table(&s, "");
	cr_expect_eq(n_to(&s, 50), 3);
	cr_expect_eq(n_to(&s, 51), 1);
	expect_sketch(&s, "versions");
}

/* Three revisions; an entry of one of them leads to this place. */
static struct pdf_sketch with_far_entry(uint64_t offset, unsigned revision)
{
	static const char *const bodies[] = { "[50 0 R]", "[51 0 R]", "[52 0 R]",
					      "[53 0 R]", "[54 0 R]", "[55 0 R]" };
	struct pdf_sketch s = pdf_sketch_blank("");
	for (unsigned i = 0; i < 3; i++) {
		uint32_t number = 10 + 10 * i;
		pdf_sketch_object(&s, number, bodies[2 * i]);
		pdf_sketch_object(&s, number + 2, bodies[2 * i + 1]);
		if (i == revision)
			pdf_sketch_entry(&s, (struct pdf_sketch_entry){
						 number + 1, 0, 'n', offset, 0 });
		pdf_sketch_xref(&s, number + 3, "");
	}
	return s;
}

/* ISO 32000-2 7.5.8.2: the field may have eight octets. Nothing stands there to wait
 * for, and what is behind it counts. */
Test(pdf_changes_edges, entry_behind_the_end_of_the_file_hides_nothing)
{
	struct pdf_sketch first = with_far_entry(1, 0);
	const uint64_t n = first.b.n; /* whatever the entry says */
	const uint64_t offsets[] = { UINT64_MAX,  UINT64_MAX - 1, (uint64_t)1 << 63,
				     n + 1, n, n - 1 };
	buf_free(&first.b);
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		for (unsigned revision = 0; revision < 3; revision++) {
			struct pdf_sketch s = with_far_entry(offsets[i], revision);
			cr_expect_eq(s.b.n, n, "%u", revision);
			for (uint32_t number = 50; number <= 55; number++)
				cr_expect_eq(n_to(&s, number), 1, "%zu, %u: %u", i,
					     revision, number);
			expect_sketch(&s, "behind the end");
		}
}

/* ---- object streams ---- */

static struct pdf_sketch with_object_stream(const char *members, const char *data)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_object(&s, 8, "<< /Parent 50 0 R >>");
	pdf_sketch_stream(&s, 4, members, view_text(data));
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 3, 0, 's', 4, 0 });
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 5, 0, 's', 4, 1 });
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 6, 0, 's', 4, 2 });
	pdf_sketch_object(&s, 7, "[50 0 R]");
	pdf_sketch_xref(&s, 9, "");
	return s;
}

Test(pdf_changes_edges, objects_in_streams_refer_as_well)
{
	struct pdf_sketch s =
	    with_object_stream("/Type/ObjStm/N 3/First 16",
			       "5 0 6 12 3 25   <</A 50 0 R>[50 0 R 51 0]<</B[50 0 R]");
	cr_expect_eq(n_to(&s, 50), 7);
	expect_sketch(&s, "in a stream");
}

Test(pdf_changes_edges, object_named_twice_in_its_stream_counts_twice)
{
	struct pdf_sketch s = with_object_stream(
	    "/Type/ObjStm/N 4/First 20", "3 0 3 9 3 0 5 19    [50 0 R] [51 0 R] "
					 " (50 0 R)");
	cr_expect_eq(n_to(&s, 51), 1);
	cr_expect_eq(n_to(&s, 50), 4);
	expect_sketch(&s, "twice");
}

/* Two objects by turns: their references stand together, each object's behind each
 * other. */
Test(pdf_changes_edges, objects_named_again_and_again_are_gone_into_once)
{
	struct pdf_sketch s =
	    with_object_stream("/Type/ObjStm/N 8/First 40",
			       "3 0 5 10 3 10 5 0 3 0 5 10 3 10 5 0     "
			       "[50 0 R]  [50 0 R]");
	uint32_t last = UINT32_MAX;
	struct pdf_edges e;
	struct pades p;
	size_t n = 0;
	cr_expect_eq(n_to(&s, 50), 10);
	cr_assert(open_file(pdf_sketch_view(&s), &p));
	read_edges(&p, 0, &e, "by turns");
	for (const struct pdf_edge *edge = pdf_edges_to(&e, 50); edge != NULL;
	     edge = pdf_edges_next(&e, edge)) {
		n += edge->source != last;
		last = edge->source;
	}
	cr_expect_eq(n, 4, "%zu", n);
	pdf_edges_clear(&e);
	close_file(&p);
	expect_sketch(&s, "by turns");
}

Test(pdf_changes_edges, object_stream_that_is_none_refers_to_nothing)
{
	static const char *const members[] = {
		"/Type/ObjStm/N 1/First 400", "/Type/ObjStm/N 1/First -1",
		"/Type/ObjStm/N 1", "/Type/ObjStm/N 1/First 4/Filter/FlateDecode"
	};
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct pdf_sketch s = with_object_stream(members[i], "3 0 [50 0 R]");
		cr_expect_eq(n_to(&s, 50), 2, "%s", members[i]);
		expect_sketch(&s, members[i]);
	}
}

/* Many revisions that name an object of the same stream: its head counts for each, read
 * to its end or not. */
Test(pdf_changes_edges, long_head_of_an_object_stream_counts_against_the_limit)
{
	static char data[3000001];
	struct pdf_sketch s = pdf_sketch_blank("");
	memset(data, 'x', sizeof(data) - 1);
	pdf_sketch_stream(&s, 4, "/Type/ObjStm/N 1/First 3000000", view_text(data));
	for (unsigned i = 0; i < 110; i++) {
		pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 9, 0, 's', 4, 0 });
		pdf_sketch_xref(&s, 10 + i, "");
	}
	struct pdf_edges e;
	struct pades p;
	cr_assert(open_file(pdf_sketch_view(&s), &p));
	read_edges(&p, 0, &e, "long head");
	cr_expect(e.list.too_many);
	pdf_edges_clear(&e);
	close_file(&p);
	buf_free(&s.b);
}

/* ---- limits ---- */

/* Entries that all lead to the same octets. */
static struct buf many_entries(unsigned n, const char *octets)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make((size_t)16 << 20);
	cr_assert_eq(
	    buf_put_text(&b, "%PDF-1.7\n1 0 obj <</Type/Catalog>> endobj\n", &err), 0);
	size_t at = b.n;
	cr_assert_eq(buf_put_text(&b, octets, &err), 0);
	size_t section = b.n;
	cr_assert_eq(buf_put_fmt(&b, &err,
				 "xref\n0 %u\n0000000000 65535 f \n0000000009 00000 n "
				 "\n",
				 n),
		     0);
	for (unsigned i = 2; i < n; i++)
		cr_assert_eq(buf_put_fmt(&b, &err, "%010zu 00000 n \n", at), 0);
	cr_assert_eq(buf_put_fmt(&b, &err,
				 "trailer <</Size %u/Root 1 0 R>>\nstartxref\n%zu\n"
				 "%%%%EOF\n",
				 n, section),
		     0);
	return b;
}

Test(pdf_changes_edges, objects_in_one_place_are_too_many_beyond_the_limit)
{
	static char octets[1000001];
	memset(octets, ' ', sizeof(octets) - 1);
	memcpy(octets, "2 0 obj <</A(", 13);
	for (unsigned n = 100; n <= 400; n += 300) {
		struct buf file = many_entries(n, octets);
		struct pdf_edges e;
		struct pades p;
		cr_assert(open_file(view_buf(&file), &p));
		read_edges(&p, 0, &e, "one place");
		cr_expect_eq(e.list.too_many, n == 400, "%u", n);
		pdf_edges_clear(&e);
		close_file(&p);
		buf_free(&file);
	}
}

/* ---- files that tests make ---- */

Test(pdf_changes_edges, files_of_every_style_are_agreed_about)
{
	struct cades_kit_scene s = cades_kit_scene(NULL);
	for (unsigned style = 0; style <= PADES_KIT_LINEARISED; style++) {
		struct view f = pades_kit_blank(
		    &(struct pades_kit_pdf){ .style = (enum pades_kit_style)style,
					     .form = true,
					     .pages = 3,
					     .pdfa = true });
		f = pades_kit_sign(f, &(struct pades_kit_sign){ .cert = s.signer });
		f = pades_kit_stamp(
		    f, &(struct pades_kit_stamp){ .tsa = s.tsa, .gen_ms = KIT_DAY(3) });
		char name[30];
		(void)snprintf(name, sizeof(name), "style %u", style);
		cr_expect_gt(expect_agreed(f, name), 5, "%s", name);
	}
	cades_kit_scene_free(&s);
}

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Pieces written over a file, so that offsets stay. */
static void spoil(struct buf *b, uint32_t *state)
{
	static const char *const pieces[] = { "(",    ")",    "%",       "\n",    "<<",
					      ">>",   "[",    "]",       " 0 R",  "R",
					      "\\",   "<",    ">",       "1 0 R", "/K ",
					      "%\n0", "obj ", "9 0 obj", " ",     "0" };
	for (unsigned k = 1 + random_next(state) % 6; k > 0; k--) {
		const char *piece =
		    pieces[random_next(state) % (sizeof(pieces) / sizeof(pieces[0]))];
		size_t n = strlen(piece), at = random_next(state) % (b->n - n);
		memcpy(b->p + at, piece, n);
	}
}

static void expect_spoilt(struct view file, unsigned rounds, const char *name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint32_t state = 20260102;
	size_t read = 0;
	for (unsigned i = 0; i < rounds; i++) {
		struct buf b = buf_make(file.n);
		cr_assert_eq(buf_put(&b, file, &err), 0);
		spoil(&b, &state);
		read += expect_agreed(view_buf(&b), name) > 0;
		buf_free(&b);
	}
	cr_expect_gt(read, rounds / 4, "%s: too few can be read", name);
}

Test(pdf_changes_edges, spoilt_files_are_agreed_about)
{
	struct buf scene =
	    pdf_scene_write(SCENE(.update = { FILL, EXTEND }, .second = { COMMENT }));
	expect_spoilt(view_buf(&scene), 1500, "scene");
	buf_free(&scene);
	struct pdf_sketch s =
	    with_object_stream("/Type/ObjStm/N 3/First 16",
			       "5 0 6 12 3 25   <</A 50 0 R>[50 0 R 51 0]<</B[50 0 R]");
	expect_spoilt(pdf_sketch_view(&s), 1500, "object stream");
	buf_free(&s.b);
}

/* ---- real files ---- */

static void expect_real(const char *path, struct view octets, void *arg)
{
	size_t n = strlen(path);
	if (n > 4 && strcmp(path + n - 4, ".pdf") == 0)
		*(size_t *)arg += expect_agreed(octets, path) > 0;
}

Test(pdf_changes_edges, corpus_files_are_agreed_about, .timeout = TEST_SECONDS_MAX)
{
	size_t n = 0;
	if (!corpus_present())
		cr_skip_test("no corpus");
	(void)corpus_walk("pades", expect_real, &n);
	cr_expect_gt(n, 60);
}
