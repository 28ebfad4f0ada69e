/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/asic.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "formats/format.h"
#include "formats/xml.h"
#include "formats/zip.h"

#define ROOM ((size_t)16 << 20)
#define RECORD "META-INF/evidencerecord001.ers"
#define MANIFEST "META-INF/ASiCEvidenceRecordManifest001.xml"

#define OPEN "<m:ASiCManifest xmlns:m='" ASIC_NS "' xmlns:ds='" XML_NS_DSIG "'>"
#define SIG "<m:SigReference URI='" RECORD "'/>"
#define METHOD "<ds:DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/>"
/* SHA-256 of "one" */
#define VALUE                                                                          \
	"<ds:DigestValue>dpLDrTVAu4A8Ags67mbNiIcSMjTqDG5xQ8Ct1z/0Me0=</"               \
	"ds:DigestValue>"
#define REF_TO(uri)                                                                    \
	"<m:DataObjectReference URI='" uri "'>" METHOD VALUE "</"                      \
	"m:DataObjectReference>"
#define REF REF_TO("a.txt")
#define CLOSE "</m:ASiCManifest>"

struct file {
	const char *name;
	const char *text;
};

static struct buf container(const struct file *files, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(ROOM);
	struct zip_writer *w = NULL;
	cr_assert_eq(zip_writer_new(zip_sink_buf(&b), 0, &w, &err), 0);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(zip_writer_add(w, view_text(files[i].name),
					    view_text(files[i].text), &err),
			     0, "%s", err.text);
	cr_assert_eq(zip_writer_finish(w, &err), 0);
	zip_writer_free(w);
	return b;
}

static struct buf with_manifest(const char *manifest)
{
	struct file files[] = { { "mimetype", ASIC_MIMETYPE_E },
				{ "a.txt", "one" },
				{ "b c.txt", "one" },
				{ MANIFEST, manifest },
				{ RECORD, "record" } };
	return container(files, 5);
}

static void refused_file(struct view in, enum ltps_code code, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct asic *a = NULL;
	cr_expect_eq(asic_parse(in, &a, &err), -1, "'%s': accepted", text);
	cr_expect_eq(err.code, code, "'%s': %s", text, err.text);
	cr_expect(strstr(err.text, text) != NULL, "'%s' for '%s'", err.text, text);
	cr_expect_null(a);
}

static void refused(const struct file *files, size_t n, enum ltps_code code,
		    const char *text)
{
	struct buf b = container(files, n);
	refused_file(view_buf(&b), code, text);
	buf_free(&b);
}

static void manifest_refused(const char *manifest, enum ltps_code code,
			     const char *text)
{
	struct buf b = with_manifest(manifest);
	refused_file(view_buf(&b), code, text);
	buf_free(&b);
}

static struct asic *parse(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct asic *a = NULL;
	cr_assert_eq(asic_parse(in, &a, &err), 0, "%s", err.text);
	return a;
}

/* ---- container refused ---- */

Test(asic, what_is_no_zip_is_refused)
{
	refused_file(view_text("no container"), LTPS_FORMAT, "ZIP");
}

Test(asic, mimetype_must_be_the_first_entry)
{
	struct file files[] = { { "a.txt", "one" }, { "mimetype", ASIC_MIMETYPE_E } };
	refused(files, 2, LTPS_FORMAT, "mimetype");
	refused(files, 1, LTPS_FORMAT, "mimetype");
	refused(NULL, 0, LTPS_FORMAT, "mimetype");
}

Test(asic, other_mimetype_is_refused)
{
	struct file files[] = { { "mimetype", "application/zip" } };
	refused(files, 1, LTPS_FORMAT, "another mimetype");
	files[0].text = ASIC_MIMETYPE_E "\n";
	refused(files, 1, LTPS_FORMAT, "another mimetype");
}

Test(asic, simple_container_with_two_objects_or_records_is_refused)
{
	struct file files[] = { { "mimetype", ASIC_MIMETYPE_S },
				{ "META-INF/evidencerecord.ers", "record" },
				{ "a.txt", "one" },
				{ "b.txt", "two" } };
	refused(files, 4, LTPS_FORMAT, "ASiC-S");
	refused(files, 2, LTPS_FORMAT, "ASiC-S");
	files[3].name = "META-INF/evidencerecord.xml";
	refused(files, 4, LTPS_FORMAT, "ASiC-S");
}

/* ---- manifest refused ---- */

Test(asic, manifest_that_is_not_well_formed_is_refused)
{
	manifest_refused("", LTPS_FORMAT, "XML");
	manifest_refused(OPEN SIG REF, LTPS_FORMAT, "XML");
	manifest_refused(OPEN SIG REF CLOSE "<b/>", LTPS_FORMAT, "XML");
	manifest_refused("<!DOCTYPE a>" OPEN SIG REF CLOSE, LTPS_UNSUPPORTED,
			 "DOCTYPE");
}

Test(asic, manifest_of_another_namespace_is_refused)
{
	manifest_refused("<ASiCManifest>" CLOSE, LTPS_FORMAT, "not an ASiCManifest");
	manifest_refused("<m:Other xmlns:m='" ASIC_NS "'/>", LTPS_FORMAT,
			 "not an ASiCManifest");
}

Test(asic, manifest_without_record_is_refused)
{
	manifest_refused(OPEN REF CLOSE, LTPS_FORMAT, "foreign element");
	manifest_refused(OPEN "<m:SigReference/>" REF CLOSE, LTPS_FORMAT,
			 "without URI");
	manifest_refused(
	    OPEN "<m:SigReference URI='META-INF/evidencerecord9.ers'/>" REF CLOSE,
	    LTPS_FORMAT, "no evidence record");
	manifest_refused(OPEN "<m:SigReference URI='a.txt'/>" REF CLOSE, LTPS_FORMAT,
			 "no evidence record");
	manifest_refused(OPEN SIG SIG REF CLOSE, LTPS_FORMAT, "foreign element");
}

Test(asic, manifest_without_references_is_refused)
{
	manifest_refused(OPEN SIG CLOSE, LTPS_FORMAT, "without references");
	manifest_refused(OPEN SIG "<m:ASiCManifestExtensions/>" REF CLOSE, LTPS_FORMAT,
			 "foreign element");
}

Test(asic, file_referenced_twice_is_refused)
{
	manifest_refused(OPEN SIG REF REF CLOSE, LTPS_FORMAT, "referenced twice");
	manifest_refused(OPEN SIG REF REF_TO("%61.txt") CLOSE, LTPS_FORMAT,
			 "referenced twice");
}

Test(asic, broken_reference_is_refused)
{
#define BAD(inner)                                                                     \
	OPEN SIG "<m:DataObjectReference URI='a.txt'>" inner                           \
		 "</m:DataObjectReference>" CLOSE
	manifest_refused(BAD(METHOD), LTPS_FORMAT, "without digest");
	manifest_refused(BAD(VALUE METHOD), LTPS_FORMAT, "foreign element");
	manifest_refused(BAD(METHOD VALUE VALUE), LTPS_FORMAT, "foreign element");
	manifest_refused(BAD(METHOD "<ds:DigestValue>*</ds:DigestValue>"), LTPS_FORMAT,
			 "DigestValue");
	manifest_refused(BAD(METHOD "<ds:DigestValue/>"), LTPS_FORMAT, "DigestValue");
	manifest_refused(BAD(METHOD "<ds:DigestValue><b/></ds:DigestValue>"),
			 LTPS_FORMAT, "XML");
	manifest_refused(BAD("<ds:DigestMethod/>" VALUE), LTPS_FORMAT, "Algorithm");
	manifest_refused(OPEN SIG "<m:DataObjectReference>" METHOD VALUE
				  "</m:DataObjectReference>" CLOSE,
			 LTPS_FORMAT, "without URI");
}

Test(asic, critical_extension_is_unsupported)
{
#define EXTENSIONS(critical)                                                           \
	OPEN SIG REF "<m:ASiCManifestExtensions><m:Extension" critical                 \
		     "><x/></m:Extension></m:ASiCManifestExtensions>" CLOSE
	manifest_refused(EXTENSIONS(" Critical='true'"), LTPS_UNSUPPORTED, "critical");
	manifest_refused(EXTENSIONS(" Critical='1'"), LTPS_UNSUPPORTED, "critical");
	manifest_refused(EXTENSIONS(""), LTPS_UNSUPPORTED, "critical");
	struct buf b = with_manifest(EXTENSIONS(" Critical='false'"));
	asic_free(parse(view_buf(&b)));
	buf_free(&b);
}

Test(asic, one_reference_too_many_is_too_large)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf m = buf_make(ASIC_MANIFEST_MAX);
	const char *text;
	cr_assert_eq(buf_put_text(&m, OPEN SIG, &err), 0);
	for (int i = 0; i <= ASIC_REFERENCES_MAX; i++)
		cr_assert_eq(buf_put_fmt(&m, &err,
					 "<m:DataObjectReference URI='%d'>" METHOD VALUE
					 "</m:DataObjectReference>",
					 i),
			     0);
	cr_assert_eq(buf_put_text(&m, CLOSE, &err), 0);
	cr_assert_eq(buf_text(&m, &text, &err), 0);
	manifest_refused(text, LTPS_TOO_LARGE, "too many references");
	buf_free(&m);
}

/* ---- data, not errors ---- */

static bool first_matches(const char *manifest)
{
	struct buf b = with_manifest(manifest);
	struct asic *a = parse(view_buf(&b));
	cr_assert_eq(a->n_records, 1);
	cr_assert_eq(a->records[0].n_references, 1);
	bool matches = a->records[0].references[0].matches;
	cr_expect_eq(a->records[0].all_match, matches);
	asic_free(a);
	buf_free(&b);
	return matches;
}

Test(asic, digest_decides_whether_a_reference_matches)
{
	cr_expect(first_matches(OPEN SIG REF CLOSE));
	cr_expect(first_matches(OPEN SIG REF_TO("b c.txt") CLOSE));
	cr_expect(first_matches(OPEN SIG REF_TO("b%20c.txt") CLOSE));
	cr_expect_not(first_matches(OPEN SIG REF_TO("missing.txt") CLOSE));
	cr_expect_not(first_matches(OPEN SIG REF_TO("mimetype") CLOSE));
	cr_expect_not(first_matches(
	    OPEN SIG
	    "<m:DataObjectReference URI='a.txt'>" METHOD
	    "<ds:DigestValue>AAAA</ds:DigestValue></m:DataObjectReference>" CLOSE));
	cr_expect_not(first_matches(
	    OPEN SIG "<m:DataObjectReference URI='a.txt'><ds:DigestMethod "
		     "Algorithm='urn:unknown'/>" VALUE
		     "</m:DataObjectReference>" CLOSE));
}

Test(asic, simple_container_covers_its_one_object)
{
	struct file files[] = { { "mimetype", ASIC_MIMETYPE_S },
				{ "a.txt", "one" },
				{ "META-INF/evidencerecord.ers", "record" } };
	struct buf b = container(files, 3);
	struct asic *a = parse(view_buf(&b));
	cr_expect(a->simple);
	cr_assert_eq(a->n_records, 1);
	cr_expect(view_is_text(a->records[0].file->data, "record"));
	cr_expect(view_is_text(a->records[0].references[0].file->data, "one"));
	asic_free(a);
	buf_free(&b);
}

Test(asic, container_without_record_is_accepted)
{
	struct file files[] = { { "mimetype", ASIC_MIMETYPE_E }, { "a.txt", "one" } };
	struct buf b = container(files, 2);
	struct asic *a = parse(view_buf(&b));
	cr_expect_eq(a->n_records, 0);
	cr_expect_eq(a->n_objects, 1);
	asic_free(a);
	buf_free(&b);
}

/* ---- building ---- */

static const struct asic_object objects[] = {
	{ { (const uint8_t *)"a <&> \xc3\xa9.pdf", 12 },
	  "application/pdf",
	  { (const uint8_t *)"first", 5 } },
	{ { (const uint8_t *)"dir/b.txt", 9 }, NULL, { (const uint8_t *)"second", 6 } },
};

static struct asic_input input(void)
{
	return (struct asic_input){ .objects = objects,
				    .n_objects = 2,
				    .record = view_text("record"),
				    .alg = DIGEST_SHA512,
				    .time_ms = 1700000000000 };
}

Test(asic, building_refuses_reserved_names_and_empty_input)
{
	static const char *const names[] = { "mimetype",   "MimeType", "META-INF/x",
					     "meta-inf/x", "META-INF", "../x",
					     "",           "/x" };
	struct buf b = buf_make(ROOM);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct asic_object o = { view_text(names[i]), NULL, VIEW_NULL };
		struct asic_input in = input();
		in.objects = &o;
		in.n_objects = 1;
		cr_expect_eq(asic_build(&in, &b, &err), -1, "%s", names[i]);
		cr_expect_eq(err.code, LTPS_ARGUMENT, "%s: %s", names[i], err.text);
	}
	struct asic_input bad[3] = { input(), input(), input() };
	bad[0].n_objects = 0;
	bad[1].record = VIEW_NULL;
	bad[2].alg = DIGEST_NONE;
	for (size_t i = 0; i < 3; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		cr_expect_eq(asic_build(&bad[i], &b, &err), -1);
	}
	buf_free(&b);
}

static struct buf build(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(ROOM);
	struct asic_input in = input();
	cr_assert_eq(asic_build(&in, &b, &err), 0, "%s", err.text);
	return b;
}

Test(asic, what_is_built_reads_back_and_every_digest_matches)
{
	struct buf b = build(), again = build();
	struct asic *a = parse(view_buf(&b));
	cr_expect(view_equal(view_buf(&b), view_buf(&again)));
	cr_expect(
	    view_is_text(view_head(view_skip(view_buf(&b), 38), 31), ASIC_MIMETYPE_E));
	cr_expect_eq(format_detect(view_buf(&b))->kind, FORMAT_ASIC_ERS);
	cr_assert_eq(a->n_objects, 2);
	cr_expect(view_equal(a->objects[0]->name, objects[0].name));
	cr_expect(view_equal(a->objects[1]->data, objects[1].data));
	cr_assert_eq(a->n_records, 1);
	const struct asic_record *r = &a->records[0];
	cr_expect(view_is_text(r->file->data, "record"));
	cr_expect_not(r->xml);
	cr_assert_eq(r->n_references, 2);
	cr_expect(r->all_match);
	cr_expect_eq(r->references[0].alg, DIGEST_SHA512);
	cr_expect(view_is_text(r->references[0].mime, "application/pdf"));
	cr_expect_eq(r->references[1].mime.n, 0);
	asic_free(a);
	buf_free(&b);
	buf_free(&again);
}

/* Writes the manifest to a file and gives its name. */
static void write_manifest(char path[64])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = build();
	struct zip *z = NULL;
	struct buf xml = buf_make(ROOM);
	snprintf(path, 64, "/tmp/asic_test_XXXXXX");
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(zip_open(view_buf(&b), &z, &err), 0);
	cr_assert_eq(zip_read(zip_find(z, MANIFEST), &xml, &err), 0);
	cr_assert_eq(write(fd, xml.p, xml.n), (ssize_t)xml.n);
	close(fd);
	zip_free(z);
	buf_free(&xml);
	buf_free(&b);
}

Test(asic, manifest_is_valid_by_its_schema)
{
	const char *root = getenv("LTPS_CORPUS");
	char schema[512], path[64], command[1024];
	snprintf(schema, sizeof(schema),
		 "%s/../schemas/ts119512/xml/deps/en_31916201v010101.xsd",
		 root != NULL ? root : "../shared/corpus");
	if (access(schema, R_OK) != 0 || system("xmllint --version 2>/dev/null") != 0)
		cr_skip_test("no schema or no xmllint");
	write_manifest(path);
	snprintf(command, sizeof(command),
		 "xmllint --nonet --noout --schema '%s' %s 2>&1", schema, path);
	cr_expect_eq(system(command), 0);
	unlink(path);
}

/* OpenSSL does not always say that it was the memory. */
static bool is_memory(const struct ltps_error *err)
{
	return err->code == LTPS_NOMEM || err->code == LTPS_CRYPTO;
}

Test(asic, every_failing_allocation_is_an_ordinary_error)
{
	struct asic_input in = input();
	struct buf whole = build();
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(ROOM);
		mem_fail_nth(n);
		int rc = asic_build(&in, &b, &err);
		mem_fail_nth(0);
		buf_free(&b);
		if (rc == 0)
			break;
		cr_assert(is_memory(&err), "%s", err.text);
	}
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct asic *a = NULL;
		mem_fail_nth(n);
		int rc = asic_parse(view_buf(&whole), &a, &err);
		mem_fail_nth(0);
		asic_free(a);
		if (rc == 0)
			break;
		cr_assert(is_memory(&err), "%s", err.text);
	}
	buf_free(&whole);
}
