/* SPDX-License-Identifier: Apache-2.0 */
/* "ltps path": exit statuses, and what the options change. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "server/commands.h"
#include "tests/support/devpki_kit.h"
#include "tests/support/path_scene.h"

#define WORDS_MAX 32
#define T " --time 2026-01-01T00:00:00Z"
#define TRUST " --anchor DIR/root --cert DIR/ca" T

static struct path_scene *s;
static struct path_scene_cert *root, *ca, *leaf;
static char dir[64];

static FILE *open_file(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "we");
	cr_assert_not_null(f);
	return f;
}

static void write_certs(const char *name, const struct path_scene_cert *a,
			const struct path_scene_cert *b)
{
	FILE *f = open_file(name);
	cr_assert_eq(PEM_write_X509(f, a->x), 1);
	if (b != NULL)
		cr_assert_eq(PEM_write_X509(f, b->x), 1);
	fclose(f);
}

static void write_bytes(const char *name, struct view v)
{
	FILE *f = open_file(name);
	cr_assert_eq(fwrite(v.p, 1, v.n, f), v.n);
	fclose(f);
}

static void set_up(void)
{
	cr_redirect_stdout();
	cr_redirect_stderr();

	kit_dir(dir);
	s = path_scene_new();
	root = path_scene_root(s, "Root");
	ca = path_scene_ca(s, "CA", root);
	leaf =
	    path_scene_make(s, MATERIAL_KIND_COUNT,
			    &(struct path_scene_options){
				.cn = "Leaf",
				.issuer = ca,
				.extensions = { "certificatePolicies=2.999.1",
						"keyUsage=digitalSignature",
						"extendedKeyUsage=emailProtection" } });
	write_certs("root", root, NULL);
	write_certs("ca", ca, NULL);
	write_certs("leaf", leaf, NULL);
	write_certs("both", leaf, ca);
	write_bytes("der", leaf->cert->der);
	write_bytes("garbage", view_text("no certificate at all"));
	write_bytes("nothing", view_text(""));
}

static void tear_down(void)
{
	path_scene_free(s);
	kit_remove(dir);
}

TestSuite(cmd_path, .init = set_up, .fini = tear_down);

/* Splits at blanks; DIR/ at the beginning of a word stands for the directory. */
static int run(const char *line)
{
	char text[1024], words[WORDS_MAX][192];
	char *argv[WORDS_MAX] = { NULL };
	int argc = 0;
	snprintf(text, sizeof(text), "path %s", line);
	char *save = NULL;
	for (char *w = strtok_r(text, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save)) {
		cr_assert_lt(argc, WORDS_MAX - 1);
		bool inside = strncmp(w, "DIR/", 4) == 0;
		snprintf(words[argc], sizeof(words[argc]), "%s%s", inside ? dir : "",
			 inside ? w + 3 : w);
		argv[argc] = words[argc];
		argc++;
	}
	return cmd_path(argc, argv);
}

static void expect(int status, const char *line)
{
	int got = run(line);
	cr_expect_eq(got, status, "%s: %d", line, got);
}

Test(cmd_path, mistakes_on_the_command_line_are_usage)
{
	static const char *const lines[] = {
		"",
		"DIR/leaf DIR/ca",
		"DIR/leaf --nonsense",
		"DIR/leaf --format xml",
		"DIR/leaf --model both",
		"DIR/leaf --time yesterday",
		"DIR/leaf --policy none",
		"DIR/leaf --known 2026-01-01T00:00:00Z",
		"DIR/leaf --policy default --known soon",
		"DIR/leaf --initial-policy me",
		"DIR/leaf --eku dancing",
		"DIR/leaf --key-usage dancing",
		"DIR/leaf --key-usage digitalSignature,",
		"DIR/leaf --depth x",
		"DIR/leaf --depth 99999999999",
		"DIR/leaf --paths 1000",
		"DIR/leaf --anchor",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect(EXIT_USAGE, lines[i]);
}

Test(cmd_path, input_that_does_not_decode_is_data)
{
	expect(EXIT_DATA, "DIR/garbage" TRUST);
	expect(EXIT_DATA, "DIR/nothing" TRUST);
	expect(EXIT_DATA, "DIR/nobody" TRUST);
	expect(EXIT_DATA, "DIR/leaf --anchor DIR/garbage" T);
	expect(EXIT_DATA, "DIR/leaf --crl DIR/garbage" TRUST);
}

Test(cmd_path, exit_status_tells_the_judgement)
{
	expect(EXIT_UNDETERMINED, "DIR/leaf" TRUST);
	expect(EXIT_UNDETERMINED, "DIR/leaf --anchor DIR/root --no-revocation" T);
	expect(EXIT_INVALID, "DIR/leaf --anchor DIR/root --cert DIR/ca --no-revocation "
			     "--time 2126-01-01T00:00:00Z");
	expect(EXIT_VALID, "DIR/leaf --no-revocation" TRUST);
	expect(EXIT_VALID, "DIR/der --no-revocation" TRUST);
}

Test(cmd_path, first_of_a_file_is_judged_and_the_others_help)
{
	expect(EXIT_VALID, "DIR/both --no-revocation --anchor DIR/root" T);
	write_certs("both", ca, leaf);
	expect(EXIT_INVALID, "DIR/both --no-revocation --anchor DIR/root --eku "
			     "1.3.6.1.5.5.7.3.4 --key-usage digitalSignature" T);
}

Test(cmd_path, status_issued_later_counts_only_with_a_policy)
{
	path_scene_crl(s, root, FIX_T0_MS + FIX_DAY_MS, NULL, 0);
	path_scene_crl(s, ca, FIX_T0_MS + FIX_DAY_MS, NULL, 0);
	write_bytes("crl0", material_at(s->pool, MATERIAL_CRL, 0));
	write_bytes("crl1", material_at(s->pool, MATERIAL_CRL, 1));
#define CRLS " --crl DIR/crl0 --crl DIR/crl1"
	expect(EXIT_UNDETERMINED, "DIR/leaf" TRUST CRLS);
	/* The keys of a scene are Ed25519, which the default policy refuses. */
	expect(EXIT_INVALID, "DIR/leaf --policy default" TRUST CRLS);
	expect(EXIT_VALID, "DIR/leaf --policy eddsa" TRUST CRLS);
	expect(EXIT_UNDETERMINED,
	       "DIR/leaf --policy eddsa --known 2026-01-01T12:00:00Z" TRUST CRLS);
}

Test(cmd_path, algorithms_are_judged_only_with_a_policy)
{
	/* P-192: withdrawn. */
	struct path_scene_cert *weak = path_scene_make(
	    s, MATERIAL_KIND_COUNT,
	    &(struct path_scene_options){ .cn = "Weak", .ca = true, .weak = true });
	struct path_scene_cert *below = path_scene_leaf(s, "Below", weak);
	write_certs("weak", weak, NULL);
	write_certs("below", below, NULL);
	expect(EXIT_VALID, "DIR/below --anchor DIR/weak --no-revocation" T);
	expect(EXIT_INVALID,
	       "DIR/below --anchor DIR/weak --no-revocation --policy eddsa" T);
	expect(EXIT_VALID, "DIR/leaf --no-revocation --policy eddsa" TRUST);
}

Test(cmd_path, inputs_of_the_algorithm_reach_it)
{
	static const struct {
		int status;
		const char *options;
	} cases[] = {
		{ EXIT_INVALID, "--explicit-policy" },
		{ EXIT_VALID, "--initial-policy 2.999.1" },
		{ EXIT_INVALID, "--initial-policy 2.999.1 --explicit-policy" },
		{ EXIT_VALID, "--inhibit-mapping --inhibit-any" },
		{ EXIT_UNDETERMINED, "--depth 0" },
		{ EXIT_VALID, "--depth 1" },
		{ EXIT_VALID, "--key-usage digitalSignature" },
		{ EXIT_INVALID, "--key-usage keyAgreement" },
		{ EXIT_INVALID, "--key-usage digitalSignature,keyAgreement" },
		{ EXIT_VALID, "--key-usage keyAgreement --key-usage digitalSignature" },
		{ EXIT_VALID, "--eku emailProtection" },
		{ EXIT_INVALID, "--purpose timeStamping" },
		{ EXIT_VALID, "--model chain" },
		{ EXIT_VALID, "--paths 3 --explain" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[512];
		snprintf(line, sizeof(line), "DIR/leaf --no-revocation %s" TRUST,
			 cases[i].options);
		expect(cases[i].status, line);
	}
}

Test(cmd_path, json_is_alone_on_standard_output)
{
	expect(EXIT_VALID, "DIR/leaf --no-revocation --format json" TRUST);
	fflush(stdout);
	FILE *out = cr_get_redirected_stdout();
	char text[1024];
	cr_assert_not_null(fgets(text, sizeof(text), out));
	const char *begin =
	    "{\"valid\":true,\"status\":\"valid\",\"error\":null,\"chain\":"
	    "[\"CN=Leaf, O=LTPS Test\",\"CN=CA, O=LTPS Test\","
	    "\"CN=Root, O=LTPS Test\"],\"policies\":[";
	cr_assert_eq(strncmp(text, begin, strlen(begin)), 0, "%s", text);
	cr_assert_eq(text[strlen(text) - 1], '\n');
}
