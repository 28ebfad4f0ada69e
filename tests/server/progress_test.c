/* SPDX-License-Identifier: Apache-2.0 */
/* The line of progress: its text, how often it is drawn, and that nothing is left. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "server/progress.h"

#define MIB ((uint64_t)1 << 20)

static int64_t at_ms = 1000;

static int64_t now_ms(void)
{
	return at_ms;
}

/* What was written so far. */
struct paper {
	char *text;
	size_t n;
	struct progress p;
};

static struct paper *begin(enum progress_form form)
{
	struct paper *k = calloc(1, sizeof(*k));
	cr_assert_not_null(k);
	k->p = (struct progress)PROGRESS_OF("fsck");
	k->p.out = open_memstream(&k->text, &k->n);
	k->p.now_ms = now_ms;
	k->p.form = form;
	k->p.columns = 80;
	return k;
}

static void end(struct paper *k)
{
	progress_hide();
	fclose(k->p.out);
	free(k->text);
	free(k);
}

static const char *text_of(const struct paper *k)
{
	static char text[PROGRESS_TEXT_MAX];
	progress_text(&k->p, at_ms, text);
	return text;
}

static size_t count(const char *text, char c)
{
	size_t n = 0;
	for (; *text != '\0'; text++)
		n += *text == c;
	return n;
}

/* What a terminal of one line would show. */
static const char *screen(const struct paper *k)
{
	static char line[200];
	size_t at = 0;
	memset(line, 0, sizeof(line));
	for (size_t i = 0; i < k->n; i++) {
		if (k->text[i] == '\r')
			at = 0;
		else
			line[at++] = k->text[i];
	}
	for (size_t n = strlen(line); n > 0 && line[n - 1] == ' '; n--)
		line[n - 1] = '\0';
	return line;
}

/* ---- the text ---- */

Test(progress, text_tells_how_much_of_how_much)
{
	struct paper *k = begin(PROGRESS_LINES);
	progress_step(&k->p, "blobs", PROGRESS_BYTES, 512, 3 * MIB / 2);
	cr_expect_str_eq(text_of(k), "ltps: fsck: blobs 512 B of 1.5 MiB");
	progress_step(&k->p, "trees", PROGRESS_THINGS, 3, 12);
	cr_expect_str_eq(text_of(k), "ltps: fsck: trees 3 of 12");
	progress_step(&k->p, "receiving", PROGRESS_BYTES, 4 * MIB, 0);
	cr_expect_str_eq(text_of(k), "ltps: fsck: receiving 4.0 MiB");
	end(k);
}

Test(progress, rate_and_remaining_time_stand_after_a_second)
{
	static const struct {
		uint64_t done, total;
		int64_t after_ms;
		const char *text;
	} cases[] = {
		{ 20, 100, 999, "a 20 of 100" },
		{ 20, 100, 1000, "a 20 of 100, 10/s, 8 s left" },
		{ 20, 100, 4000, "a 20 of 100, 2.5/s, 32 s left" },
		{ 100, 100, 4000, "a 100 of 100, 22/s" },
		{ 12, 1000, 2000, "a 12 of 1000, 1.0/s, 16 min 28 s left" },
		{ 11, 10000, 1000, "a 11 of 10000, 1.0/s, 2 h 46 min left" },
		{ 10, 100, 5000, "a 10 of 100" }, /* nothing yet */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct paper *k = begin(PROGRESS_LINES);
		/* What was done before it began, is not of its rate. */
		progress_step(&k->p, "a", PROGRESS_THINGS, 10, cases[i].total);
		at_ms += cases[i].after_ms;
		progress_step(&k->p, "a", PROGRESS_THINGS, cases[i].done,
			      cases[i].total);
		cr_expect_str_eq(text_of(k) + strlen("ltps: fsck: "), cases[i].text,
				 "%zu: %s", i, text_of(k));
		end(k);
	}
}

Test(progress, rate_of_bytes_has_units)
{
	struct paper *k = begin(PROGRESS_LINES);
	progress_step(&k->p, "blobs", PROGRESS_BYTES, 0, 100 * MIB);
	at_ms += 2000;
	progress_step(&k->p, "blobs", PROGRESS_BYTES, 25 * MIB, 100 * MIB);
	cr_expect_str_eq(
	    text_of(k),
	    "ltps: fsck: blobs 25.0 MiB of 100.0 MiB, 12.5 MiB/s, 6 s left");
	end(k);
}

Test(progress, part_stands_before_what_is_done_in_it)
{
	struct paper *k = begin(PROGRESS_LINES);
	progress_part(&k->p, "object", 2, 7);
	cr_expect_str_eq(text_of(k), "ltps: fsck: object 2 of 7");
	progress_step(&k->p, "sending", PROGRESS_BYTES, MIB, 2 * MIB);
	cr_expect_str_eq(text_of(k),
			 "ltps: fsck: object 2 of 7, sending 1.0 MiB of 2.0 MiB");
	progress_part(&k->p, "object", 3, 7);
	fflush(k->p.out);
	cr_expect_str_eq(k->text,
			 "ltps: fsck: object 2 of 7\n"
			 "ltps: fsck: object 2 of 7, sending 1.0 MiB of 2.0 MiB\n"
			 "ltps: fsck: object 3 of 7\n");
	end(k);
}

Test(progress, exchange_is_waited_for_or_moves)
{
	struct paper *k = begin(PROGRESS_LINES);
	struct fetch_state s = { .url = "http://tsa.example.org:318/tsa?a" };
	progress_fetch(&k->p, &s);
	cr_expect_str_eq(text_of(k), "ltps: fsck: waiting for tsa.example.org:318");
	at_ms += 3000;
	cr_expect_str_eq(text_of(k),
			 "ltps: fsck: waiting for tsa.example.org:318, 3 s");
	s.to_send = 4 * MIB;
	s.sent = MIB;
	progress_fetch(&k->p, &s);
	cr_expect_str_eq(text_of(k), "ltps: fsck: sending 1.0 MiB of 4.0 MiB");
	s.sent = s.to_send;
	progress_fetch(&k->p, &s);
	cr_expect_str_eq(text_of(k), "ltps: fsck: waiting for tsa.example.org:318");
	s.to_get = 9 * MIB;
	progress_fetch(&k->p, &s);
	cr_expect_str_eq(text_of(k), "ltps: fsck: receiving 0 B of 9.0 MiB");
	progress_fetch(NULL, &s);
	end(k);
}

Test(progress, names_of_others_steer_no_terminal)
{
	struct paper *k = begin(PROGRESS_IN_PLACE);
	const struct fetch_state s = { .url = "http://a\x1b[2J\xc3\xa4/" };
	progress_fetch(&k->p, &s);
	fflush(k->p.out);
	cr_expect_null(memchr(k->text, 0x1b, k->n));
	cr_expect_str_eq(screen(k), "ltps: fsck: waiting for a?[2J??");
	end(k);
}

/* ---- in place ---- */

Test(progress, line_is_drawn_over_and_nothing_is_left)
{
	struct paper *k = begin(PROGRESS_IN_PLACE);
	progress_step(&k->p, "foreign keys", PROGRESS_THINGS, 0, 0);
	cr_expect_str_eq(screen(k), "ltps: fsck: foreign keys");
	progress_step(&k->p, "blobs", PROGRESS_THINGS, 1, 2);
	cr_expect_str_eq(screen(k), "ltps: fsck: blobs 1 of 2");
	progress_step(&k->p, "a", PROGRESS_THINGS, 1, 2);
	cr_expect_str_eq(screen(k), "ltps: fsck: a 1 of 2");
	progress_hide();
	cr_expect_str_eq(screen(k), "");
	cr_expect_eq(k->text[k->n - 1], '\r');
	cr_expect_eq(count(k->text, '\n'), 0);
	/* Hidden it stays so, and comes back. */
	const size_t n = k->n;
	progress_hide();
	cr_expect_eq(k->n, n);
	at_ms += 1000;
	progress_step(&k->p, "a", PROGRESS_THINGS, 2, 2);
	cr_expect_str_eq(screen(k), "ltps: fsck: a 2 of 2, 1.0/s");
	end(k);
}

Test(progress, line_is_not_wider_than_the_terminal)
{
	struct paper *k = begin(PROGRESS_IN_PLACE);
	k->p.columns = 20;
	progress_step(&k->p, "a rather long name", PROGRESS_THINGS, 1, 2);
	cr_expect_eq(strlen(screen(k)), 19);
	end(k);
}

/* Drawn lines in each second of many steps, of one stage and of many. */
static size_t most_in_a_second(struct paper *k, bool stages)
{
	size_t most = 0;
	char what[32];
	for (int second = 0; second < 3; second++) {
		fflush(k->p.out);
		const size_t before = count(k->text, '\r');
		for (int i = 0; i < 100; i++, at_ms += 10) {
			snprintf(what, sizeof(what), "a%d", stages ? i : 0);
			progress_step(&k->p, what, PROGRESS_THINGS,
				      (uint64_t)(100 * second + i), 1000);
		}
		fflush(k->p.out);
		const size_t n = count(k->text, '\r') - before;
		most = n > most ? n : most;
	}
	return most;
}

Test(progress, line_is_drawn_five_times_a_second_at_most)
{
	struct paper *k = begin(PROGRESS_IN_PLACE);
	cr_expect_eq(most_in_a_second(k, false), 4);
	end(k);
	k = begin(PROGRESS_IN_PLACE);
	cr_expect_eq(most_in_a_second(k, true), PROGRESS_PER_SECOND);
	end(k);
}

Test(progress, stage_that_begins_is_told_although_the_one_before_just_was)
{
	struct paper *k = begin(PROGRESS_IN_PLACE);
	most_in_a_second(k, false);
	progress_step(&k->p, "silent for long", PROGRESS_THINGS, 0, 0);
	cr_expect_str_eq(screen(k), "ltps: fsck: silent for long");
	end(k);
}

/* ---- lines ---- */

Test(progress, lines_come_with_each_stage_and_hundredth)
{
	struct paper *k = begin(PROGRESS_LINES);
	for (uint64_t i = 0; i <= 10000; i++)
		progress_step(&k->p, "blobs", PROGRESS_BYTES, i, 10000);
	fflush(k->p.out);
	cr_expect_eq(count(k->text, '\n'), 101);
	progress_step(&k->p, "trees", PROGRESS_THINGS, 0, 0);
	progress_step(&k->p, "trees", PROGRESS_THINGS, 0, 0);
	fflush(k->p.out);
	cr_expect_eq(count(k->text, '\n'), 102);
	cr_expect_eq(count(k->text, '\r'), 0);
	end(k);
}

/* ---- who is told ---- */

Test(progress, who_is_told_follows_from_the_output_and_the_options)
{
	static const struct {
		int forced, quiet;
		enum progress_form form;
	} cases[] = {
		{ 0, 0, PROGRESS_NONE },
		{ 1, 0, PROGRESS_LINES },
		{ 0, 1, PROGRESS_NONE },
		{ 1, 1, PROGRESS_NONE },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct progress p = PROGRESS_OF("fsck");
		p.out = tmpfile();
		p.forced = cases[i].forced;
		p.quiet = cases[i].quiet;
		progress_step(&p, "blobs", PROGRESS_THINGS, 1, 2);
		progress_part(&p, "object", 1, 2);
		cr_expect_eq(p.form, cases[i].form, "%zu", i);
		cr_expect_eq(ftell(p.out) > 0, cases[i].form == PROGRESS_LINES, "%zu",
			     i);
		fclose(p.out);
	}
	progress_step(NULL, "blobs", PROGRESS_THINGS, 1, 2);
	progress_part(NULL, "object", 1, 2);
}
