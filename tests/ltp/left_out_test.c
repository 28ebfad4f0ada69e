/* SPDX-License-Identifier: Apache-2.0 */
/* What is given of an object while the stored octets of one of its parts are damaged. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/zip.h"
#include "ltp/package.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/test_time.h"

static const struct ltp_caller ME = { "", "tester" };

/* Above what is kept in the database, so that it is a file. */
#define LARGE 200000

static struct ltp_kit k;
static char poid[64];
static struct ltp_retrieved got;

static void end(void)
{
	ltp_retrieved_clear(&got);
	ltp_kit_stop(&k);
}

TestSuite(left_out, .fini = end, .timeout = TEST_SECONDS_MAX);

/* Overwrites one octet of each blob file: there is one. */
static void damage(void)
{
	char command[256], path[512] = "";
	snprintf(command, sizeof(command), "find '%s/blobs' -type f", k.dir);
	FILE *p = popen(command, "r");
	cr_assert(p != NULL && fgets(path, sizeof(path), p) != NULL);
	pclose(p);
	path[strcspn(path, "\n")] = '\0';
	cr_assert_eq(chmod(path, 0600), 0);
	const int fd = open(path, O_RDWR);
	cr_assert_geq(fd, 0);
	cr_assert_eq(pwrite(fd, "!", 1, LARGE / 2), 1);
	close(fd);
}

/* Parts "a" (about b) and "b", with evidence; then b is damaged. */
static void start(void)
{
	const char *about[] = { "b" };
	char *large = malloc(LARGE);
	memset(large, 'x', LARGE);
	const struct ltp_po pos[] = {
		{ .data = view_text("first"),
		  .mime = "text/plain",
		  .id = "a",
		  .related = about,
		  .n_related = 1 },
		{ .data = view_of(large, LARGE), .mime = "text/plain", .id = "b" },
	};
	ltp_kit_start(&k, NULL);
	cr_assert_eq(ltp_kit_preserve(&k, pos, 2, poid), LTP_OK, "%s",
		     k.answer.message);
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	free(large);
	damage();
}

static void retrieve(enum subject subject)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ltp_retrieve_request req = { .caller = ME,
						  .poid = poid,
						  .subject = subject };
	ltp_retrieved_clear(&got);
	cr_assert_eq(ltp_retrieve(k.w, &req, &got, &k.answer, &err), 0, "%s", err.text);
}

/* Without b, which is told. */
static void start_and_retrieve(enum subject subject, size_t n_pos)
{
	start();
	retrieve(subject);
	cr_expect_eq(k.answer.minor, LTP_WARN_PARTLY);
	cr_expect_not_null(strstr(k.answer.message, "'b'"), "%s", k.answer.message);
	cr_expect_not_null(strstr(k.answer.message, "damaged"), "%s",
			   k.answer.message);
	cr_assert_eq(got.n_pos, n_pos);
}

Test(left_out, damaged_part_is_told_and_the_others_are_given)
{
	start_and_retrieve(SUBJECT_PO, 1);
	cr_expect_str_eq(got.pos[0].id, "a");
	cr_expect(view_is_text(view_buf(&got.pos[0].data), "first"));
	cr_expect_eq(got.pos[0].n_related, 0, "b is not in the answer");
}

Test(left_out, evidence_beside_is_about_the_parts_that_are_given)
{
	start_and_retrieve(SUBJECT_PO_DETACHED, 2);
	cr_assert_eq(got.pos[1].n_related, 1);
	cr_expect_str_eq(got.pos[1].related[0], "a");
	retrieve(SUBJECT_EVIDENCE);
	cr_expect_eq(k.answer.minor, LTP_OK, "%s", k.answer.message);
	cr_expect_eq(got.n_pos, 1);
}

/* A container that lacks a file is none: what it would hold comes by itself. */
Test(left_out, no_container_is_made_without_a_part)
{
	start_and_retrieve(SUBJECT_PO_EMBEDDED, 2);
	cr_expect_str_eq(got.pos[0].id, "a");
	cr_expect_str_eq(got.pos[1].id, "evidence-v1");
}

/* ---- packages ---- */

static enum ltp_minor package(bool partial, struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ltp_package_request req = { .caller = ME,
						 .poid = poid,
						 .partial = partial };
	cr_assert_eq(ltp_package(k.w, &req, out, &k.answer, &err), 0, "%s", err.text);
	return k.answer.minor;
}

Test(left_out, package_is_made_without_it_only_when_asked_for)
{
	struct buf out = buf_make((size_t)64 << 20);
	start();
	cr_expect_eq(package(false, &out), LTP_WARN_PARTLY);
	cr_expect_eq(out.n, 0);
	cr_expect_not_null(strstr(k.answer.message, "objects/v1/2-b"), "%s",
			   k.answer.message);
	buf_free(&out);
}

/* The page as text. */
static void read_page(const struct zip *z, char *ret, size_t max)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf page = buf_make(max - 1);
	const struct zip_entry *e = zip_find(z, "README.txt");
	cr_assert_not_null(e);
	cr_assert_eq(zip_read(e, &page, &err), 0, "%s", err.text);
	memcpy(ret, page.p, page.n);
	ret[page.n] = '\0';
	buf_free(&page);
}

Test(left_out, package_gives_digests_in_the_place_of_a_damaged_part)
{
	static char text[1 << 16];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct zip *z = NULL;
	struct buf out = buf_make((size_t)64 << 20);
	start();
	cr_assert_eq(package(true, &out), LTP_OK, "%s", k.answer.message);
	cr_assert_eq(zip_open(view_buf(&out), &z, &err), 0, "%s", err.text);
	cr_expect_not_null(zip_find(z, "objects/v1/1-a"));
	cr_expect_null(zip_find(z, "objects/v1/2-b"));
	cr_expect_not_null(zip_find(z, "evidence/v1.er"));
	read_page(z, text, sizeof(text));
	cr_expect_not_null(strstr(text, "objects/v1/2-b is left out"));
	cr_expect_not_null(
	    strstr(text, "evidence/v1.er --data objects/v1/1-a --digest sha256:"));
	cr_expect_not_null(strstr(text, "expected: exit status 0, PASSED"));
	zip_free(z);
	buf_free(&out);
}
