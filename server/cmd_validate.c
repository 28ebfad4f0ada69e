/* SPDX-License-Identifier: Apache-2.0 */
/* ltps validate - judge the signatures of a file. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fetch.h"
#include "base/file.h"
#include "base/mem.h"
#include "ltp/validation.h"
#include "server/commands.h"
#include "server/digest_option.h"
#include "server/policy_file.h"
#include "server/trust_options.h"

#define FILE_MAX_OCTETS ((size_t)1 << 30) /* with the content inside */
#define PASSWORD_MAX 4096
#define REDIRECTS_MAX 3
#define OWN_OPTIONS_COUNT 9
#define OPTIONS_MAX (TRUST_OPTIONS_COUNT + OWN_OPTIONS_COUNT)

static const char help[] =
    "usage: ltps validate FILE [options]\n"
    "\n"
    "Judges every signature, time-stamp and evidence record of a PDF (PAdES), of a\n"
    "CMS file (CAdES, or a time-stamp token; DER, BER or PEM), or a file that is an\n"
    "evidence record (RFC 4998), as EN 319 102-1 says. What is missing is fetched\n"
    "over HTTP and LDAP.\n"
    "\n"
    "  --content F      the signed document of a detached signature, or the data of a\n"
    "                   time-stamp or an evidence record\n"
    "  --digest ALG:HEX its digest instead of it (or --content-digest); for each\n"
    "                   algorithm that was signed with\n" TRUST_OPTIONS_HELP
    "  --offline        fetch nothing\n"
    "  --fetch-local    fetch also from loopback and private addresses\n"
    "  --password-file F  its first line opens FILE (PDF), or the key of --sign-key\n"
    "  --format text|json|xml\n"
    "  --sign-key K     sign the XML: PEM or PKCS #12 file, or pkcs11:...\n"
    "                   --sign-cert F: certificate and chain where K has none;\n"
    "                   --sign-module F: PKCS #11 module\n" PROGRESS_HELP
    "\n"
    "Exit status: 0 TOTAL-PASSED, 1 TOTAL-FAILED, 2 INDETERMINATE, 3 nothing to\n"
    "judge, 64 usage, 65 malformed input, 69 a remote party, 70 internal error.\n";

struct command {
	struct trust_options trust;
	const char *content, *password_file, *format;
	const char *sign_key, *sign_cert, *sign_module;
	const char *digests[DIGEST_ALG_COUNT]; /* of the content */
	unsigned n_digests;
	int offline, fetch_local;
	const char *rest[1];
	const char *what; /* an error is about this */
	enum validation_form form;
	struct file_map file;
	struct buf password;
	struct content data; /* of --content, or --digest */
	struct document *document;
	struct validation_policy *policy;
	struct signing_key *key;
};

/* ---- the input ---- */

static int read_key(struct command *c, struct ltps_error *err)
{
	const struct signing_key_source source = {
		.key = c->sign_key,
		.certificate = c->sign_cert,
		.password_file = c->password_file,
		.module = c->sign_module,
	};
	if (c->sign_key == NULL)
		return 0;
	c->what = "--sign-key";
	return signing_key_open(&source, &c->key, err);
}

/* They are all that is known of the content. */
static int read_digests(struct command *c, struct ltps_error *err)
{
	c->what = "validate";
	for (unsigned i = 0; i < c->n_digests; i++)
		if (digest_option_known("--digest", view_text(c->digests[i]), &c->data,
					err) != 0)
			return -1;
	return 0;
}

/* What a detached signature is about; *ret_data NULL when nothing is given. */
static int read_content(struct command *c, struct content **ret_data,
			struct ltps_error *err)
{
	*ret_data = NULL;
	if (c->content == NULL && c->n_digests == 0)
		return 0;
	*ret_data = &c->data;
	if (c->n_digests > 0)
		return read_digests(c, err);
	c->what = "--content";
	return content_open(c->content, &c->data, err);
}

/* Of an encrypted PDF; another file has no use for it. */
static int read_password(struct command *c, struct ltps_error *err)
{
	c->password = buf_make(PASSWORD_MAX);
	if (c->password_file == NULL)
		return 0;
	c->what = "--password-file";
	return file_first_line(c->password_file, PASSWORD_MAX, &c->password, err);
}

static int read_files(struct command *c, struct ltps_error *err)
{
	struct content *data = NULL;
	if (trust_options_load(&c->trust, err) != 0 ||
	    policy_load(c->trust.policy != NULL ? c->trust.policy : "default",
			&c->policy, err) != 0 ||
	    read_key(c, err) != 0 || read_password(c, err) != 0 ||
	    read_content(c, &data, err) != 0)
		return -1;
	c->what = c->rest[0];
	if (file_map(c->rest[0], FILE_MAX_OCTETS, &c->file, err) != 0)
		return -1;
	return validation_read(c->file.octets, view_buf(&c->password), data, NULL,
			       &c->document, err);
}

/* ---- the report ---- */

static int print_report(const struct command *c, const struct report *r,
			struct ltps_error *err)
{
	const struct clock clock = clock_system();
	const struct report_frame frame = { .file = c->rest[0],
					    .version = LTPS_VERSION,
					    .whole = true };
	struct buf out = buf_make(VALIDATION_REPORT_MAX);
	int rc = validation_write(r, &frame, c->form, c->key, clock_now_ms(&clock),
				  &out, err);
	progress_hide();
	if (rc == 0 &&
	    (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0))
		rc = ltps_fail_errno(err, "cannot write to standard output");
	buf_free(&out);
	return rc;
}

/* Addresses come out of certificates of whoever: inner ones only when allowed. */
static int judge(struct command *c, struct ltps_error *err)
{
	const struct fetch_policy policy = { .allow_http = true,
					     .allow_ldap = true,
					     .allow_loopback = c->fetch_local != 0,
					     .allow_private = c->fetch_local != 0,
					     .redirects = REDIRECTS_MAX,
					     .progress = progress_fetch,
					     .progress_arg = &c->trust.progress };
	const struct clock clock = clock_system();
	const struct material *pools[] = { c->trust.material };
	struct path_sources sources = { .clock = &clock };
	const struct engine_input in = {
		.document = c->document,
		.policy = c->policy,
		.pools = pools,
		.n_pools = 1,
		.time_ms = c->trust.time != NULL ? c->trust.time_ms : INT64_MIN,
	};
	struct judged judged = { 0 };
	int status = -1;
	if (c->offline == 0 && fetch_new(&policy, &sources.fetch, err) != 0)
		return -1;
	if (judge_document(&sources, &in, &judged, err) == 0 &&
	    print_report(c, judged.report, err) == 0)
		status = report_exit_status(judged.report);
	judged_clear(&judged);
	fetch_free(sources.fetch);
	return status;
}

/* ---- the command line ---- */

static void make_options(struct command *c, struct command_option o[OPTIONS_MAX])
{
	const struct command_option own[OWN_OPTIONS_COUNT] = {
		{ .name = "--content", .text = &c->content },
		{ .name = "--content-digest",
		  .alias = "--digest",
		  .list = c->digests,
		  .max = DIGEST_ALG_COUNT,
		  .count = &c->n_digests },
		{ .name = "--password-file", .text = &c->password_file },
		{ .name = "--offline", .flag = &c->offline },
		{ .name = "--fetch-local", .flag = &c->fetch_local },
		{ .name = "--format", .text = &c->format },
		{ .name = "--sign-key", .text = &c->sign_key },
		{ .name = "--sign-cert", .text = &c->sign_cert },
		{ .name = "--sign-module", .text = &c->sign_module },
	};
	trust_options_table(&c->trust, "validate", o);
	memcpy(o + TRUST_OPTIONS_COUNT, own, sizeof(own));
}

static const char *read_format(struct command *c)
{
	static const char *const names[] = { [VALIDATION_JSON] = "json",
					     [VALIDATION_TEXT] = "text",
					     [VALIDATION_XML] = "xml" };
	c->form = VALIDATION_TEXT;
	if (c->format == NULL)
		return NULL;
	for (int i = 0; i < 3; i++) {
		if (strcmp(c->format, names[i]) == 0) {
			c->form = (enum validation_form)i;
			return NULL;
		}
	}
	return "--format is text, json or xml";
}

static const char *check_options(struct command *c)
{
	const char *wrong = read_format(c);
	if (wrong != NULL)
		return wrong;
	if (c->sign_key != NULL && c->form != VALIDATION_XML)
		return "--sign-key goes with --format xml";
	if (c->sign_key == NULL && (c->sign_cert != NULL || c->sign_module != NULL))
		return "--sign-cert and --sign-module go with --sign-key";
	if (c->content != NULL && c->n_digests > 0)
		return "--content and --digest exclude each other";
	if (c->offline != 0 && c->fetch_local != 0)
		return "--offline and --fetch-local exclude each other";
	return NULL;
}

/* 0, or the exit status with which to end now. */
static int parse(int argc, char **argv, struct command *c, bool *ret_done)
{
	struct command_option options[OPTIONS_MAX];
	struct command_line line = { .command = "validate",
				     .help = help,
				     .options = options,
				     .n_options = OPTIONS_MAX,
				     .rest = c->rest,
				     .max_rest = 1 };
	int status;
	make_options(c, options);
	*ret_done = true;
	if (!command_read(argc, argv, &line, "a file is wanted", &status))
		return status;
	const char *wrong = check_options(c);
	if (wrong != NULL)
		return command_usage("validate", "%s", wrong);
	*ret_done = false;
	return 0;
}

int cmd_validate(int argc, char **argv)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct command *c = mem_zalloc(1, sizeof(*c));
	bool done = false;
	int status;

	if (c == NULL) {
		ltps_fail_nomem(&err);
		return command_error("validate", &err);
	}
	c->what = "validate";
	status = parse(argc, argv, c, &done);
	if (!done) {
		status = read_files(c, &err);
		if (status == 0) {
			c->what = "validate";
			status = judge(c, &err);
		}
		if (status < 0)
			status = command_error(c->what, &err);
	}
	signing_key_free(c->key);
	document_free(c->document);
	content_close(&c->data);
	file_unmap(&c->file);
	if (c->password.n > 0)
		OPENSSL_cleanse(c->password.p, c->password.n);
	buf_free(&c->password);
	validation_policy_free(c->policy);
	trust_options_clear(&c->trust);
	mem_free(c);
	return status;
}
