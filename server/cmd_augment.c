/* SPDX-License-Identifier: Apache-2.0 */
/* ltps augment - raise the signatures of a file to a higher level. */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "formats/pdf_file.h"
#include "server/augment_options.h"

#define OWN_OPTIONS_COUNT 1
#define OPTIONS_MAX (TRUST_OPTIONS_COUNT + AUGMENT_OPTIONS_COUNT + OWN_OPTIONS_COUNT)

static const char help[] =
    "usage: ltps augment FILE -o OUT [options]\n"
    "\n"
    "Raises every signature of a CMS file (CAdES; DER, BER or PEM) or of a PDF "
    "(PAdES)\n"
    "to B-T, B-LT or B-LTA, or adds a further archive or document time-stamp to a\n"
    "B-LTA. What is there keeps its octets; a PDF is continued by updates. The file "
    "is\n"
    "judged before and after, and is made whole or not at all.\n"
    "\n"
    "  --content F      the signed document of a detached "
    "signature\n" AUGMENT_OPTIONS_HELP TRUST_OPTIONS_HELP PROGRESS_HELP "\n"
    "Exit status: 0 made, 1 a signature is TOTAL-FAILED, 2 material is missing, 3\n"
    "no signature, 64 usage, 65 malformed, or may not be augmented (a PDF that is\n"
    "encrypted, or whose cross-reference table is irregular), 69 no TSA answers,\n"
    "70 internal error.\n";

struct command {
	struct augment_options options;
	const char *content;
	const char *rest[1];
	const char *what; /* an error is about this */
	struct file_map file;
	struct content data;
};

static int read_files(struct command *c, struct ltps_error *err)
{
	if (augment_options_load(&c->options, err) != 0 ||
	    augment_options_spare(&c->options, c->rest[0], err) != 0 ||
	    augment_options_spare(&c->options, c->content, err) != 0)
		return -1;
	if (c->content != NULL) {
		c->what = c->content;
		if (content_open(c->content, &c->data, err) != 0)
			return -1;
	}
	c->what = c->rest[0];
	return file_map(c->rest[0], PDF_SIZE_MAX, &c->file, err);
}

static int run(struct command *c, struct ltps_error *err)
{
	struct augmented a = { .retry_ms = INT64_MIN };
	int status = -1;
	if (read_files(c, err) != 0)
		return -1;
	struct augment_input in = augment_options_input(&c->options);
	in.file = c->file.octets;
	in.content = c->content != NULL ? &c->data : NULL;
	if (augment_document(&in, &a, err) == 0) {
		c->what = c->options.out;
		status =
		    augment_options_finish(&c->options, "augment", c->rest[0], &a, err);
	}
	augmented_clear(&a);
	return status;
}

/* 0, or the exit status with which to end now. */
static int parse(int argc, char **argv, struct command *c, bool *ret_done)
{
	struct command_option options[OPTIONS_MAX];
	struct command_line line = { .command = "augment",
				     .help = help,
				     .options = options,
				     .n_options = OPTIONS_MAX,
				     .rest = c->rest,
				     .max_rest = 1 };
	int status;
	augment_options_table(&c->options, "augment", options);
	options[OPTIONS_MAX - 1] =
	    (struct command_option){ .name = "--content", .text = &c->content };
	*ret_done = true;
	if (!command_read(argc, argv, &line, "a file is wanted", &status))
		return status;
	const char *wrong = augment_options_check(&c->options, false);
	if (wrong != NULL)
		return command_usage("augment", "%s", wrong);
	*ret_done = false;
	return 0;
}

int cmd_augment(int argc, char **argv)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct command *c = mem_zalloc(1, sizeof(*c));
	bool done = false;
	int status;

	if (c == NULL) {
		ltps_fail_nomem(&err);
		return command_error("augment", &err);
	}
	c->what = "augment";
	status = parse(argc, argv, c, &done);
	if (!done) {
		status = run(c, &err);
		if (status < 0)
			status = command_error(c->what, &err);
	}
	content_close(&c->data);
	file_unmap(&c->file);
	augment_options_clear(&c->options);
	mem_free(c);
	return status;
}
