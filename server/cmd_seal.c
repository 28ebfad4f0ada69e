/* SPDX-License-Identifier: Apache-2.0 */
/* ltps seal - sign a file with a key of one's own, up to B-LTA. */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "formats/format.h"
#include "formats/pdf_file.h"
#include "ltp/seal.h"
#include "server/augment_options.h"

#define OWN_OPTIONS_COUNT 6
#define OPTIONS_MAX (TRUST_OPTIONS_COUNT + AUGMENT_OPTIONS_COUNT + OWN_OPTIONS_COUNT)
/* The file that is made holds the content, and is held beside it more than once. */
#define ENVELOPED_MAX (CMS_SIZE_MAX / 2)

static const char help[] =
    "usage: ltps seal FILE -o OUT --key K [options]\n"
    "\n"
    "Signs a file and raises the signature to B-LTA (--level b, t, lt for less). A\n"
    "PDF gets an invisible PAdES signature; any other file goes into a CAdES one.\n"
    "\n"
    "  --key K          PEM or PKCS #12 file, or the URI \"pkcs11:...\" of a token\n"
    "  --certificate C  its certificate and those above it (PEM), where K has none\n"
    "  --password-file F  its first line opens the key; PIN of the token\n"
    "  --module M       PKCS #11 module (default: p11-kit)\n"
    "  --detached       CAdES, of a PDF too, and the file stays outside\n"
    "  --mime-type T    told in the signature\n" AUGMENT_OPTIONS_HELP TRUST_OPTIONS_HELP
	PROGRESS_HELP "\n"
    "Exit status: 0 made, 1 a signature is, or would be, TOTAL-FAILED, 2 material is\n"
    "missing, 64 usage, 65 malformed, too large, or a PDF that nothing can be added "
    "to\n"
    "(encrypted; certified against it), 69 no TSA or token answers, 70 internal "
    "error.\n";

struct command {
	struct augment_options options;
	struct signing_key_source source;
	const char *mime_type;
	int detached;
	const char *rest[1];
	const char *what; /* an error is about this */
	bool is_pdf;      /* sealed in its own format */
	struct file_map file;
	struct content data;
	struct signing_key *key;
};

static int read_content(struct command *c, struct ltps_error *err)
{
	if (c->detached != 0)
		return content_open(c->rest[0], &c->data, err);
	if (file_map(c->rest[0], PDF_SIZE_MAX, &c->file, err) != 0)
		return -1;
	const enum format_kind kind = format_detect(c->file.octets)->kind;
	c->is_pdf = kind == FORMAT_PDF || kind == FORMAT_PADES;
	c->data = content_of(c->file.octets);
	if (c->is_pdf && c->mime_type != NULL)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "--mime-type goes with CAdES: a PAdES signature has "
				 "no place for it");
	if (c->is_pdf || c->file.octets.n <= ENVELOPED_MAX)
		return 0;
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
			 "larger than %zu MiB, which do not go into a signature: use "
			 "--detached",
			 ENVELOPED_MAX >> 20);
}

static int read_files(struct command *c, struct ltps_error *err)
{
	const char *spared[] = { c->rest[0], c->source.key, c->source.certificate,
				 c->source.password_file };
	if (augment_options_load(&c->options, err) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(spared) / sizeof(spared[0]); i++)
		if (augment_options_spare(&c->options, spared[i], err) != 0)
			return -1;
	c->what = "--key";
	if (signing_key_open(&c->source, &c->key, err) != 0)
		return -1;
	c->what = c->rest[0];
	return read_content(c, err);
}

static int run(struct command *c, struct ltps_error *err)
{
	struct augmented a = { .retry_ms = INT64_MIN };
	int status = -1;
	if (read_files(c, err) != 0)
		return -1;
	const struct seal_input in = {
		.content = &c->data,
		.enveloping = c->detached == 0,
		.mime_type = c->mime_type,
		.key = c->key,
		.digest = c->options.alg,
		.augment = augment_options_input(&c->options),
	};
	const int rc = c->is_pdf ? seal_pades(&in, &a, err) : seal_cades(&in, &a, err);
	if (rc == 0) {
		c->what = c->options.out;
		status =
		    augment_options_finish(&c->options, "seal", c->rest[0], &a, err);
	}
	augmented_clear(&a);
	return status;
}

static void make_options(struct command *c, struct command_option o[OPTIONS_MAX])
{
	const struct command_option own[OWN_OPTIONS_COUNT] = {
		{ .name = "--key", .text = &c->source.key },
		{ .name = "--certificate", .text = &c->source.certificate },
		{ .name = "--password-file", .text = &c->source.password_file },
		{ .name = "--module", .text = &c->source.module },
		{ .name = "--detached", .flag = &c->detached },
		{ .name = "--mime-type", .text = &c->mime_type },
	};
	augment_options_table(&c->options, "seal", o);
	memcpy(o + OPTIONS_MAX - OWN_OPTIONS_COUNT, own, sizeof(own));
}

/* 0, or the exit status with which to end now. */
static int parse(int argc, char **argv, struct command *c, bool *ret_done)
{
	struct command_option options[OPTIONS_MAX];
	struct command_line line = { .command = "seal",
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
	if (c->source.key == NULL)
		return command_usage("seal", "--key is wanted");
	const char *wrong = augment_options_check(&c->options, true);
	if (wrong != NULL)
		return command_usage("seal", "%s", wrong);
	*ret_done = false;
	return 0;
}

int cmd_seal(int argc, char **argv)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct command *c = mem_zalloc(1, sizeof(*c));
	bool done = false;
	int status;

	if (c == NULL) {
		ltps_fail_nomem(&err);
		return command_error("seal", &err);
	}
	c->what = "seal";
	status = parse(argc, argv, c, &done);
	if (!done) {
		status = run(c, &err);
		if (status < 0)
			status = command_error(c->what, &err);
	}
	signing_key_free(c->key);
	content_close(&c->data);
	file_unmap(&c->file);
	augment_options_clear(&c->options);
	mem_free(c);
	return status;
}
