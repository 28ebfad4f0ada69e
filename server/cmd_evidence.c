/* SPDX-License-Identifier: Apache-2.0 */
/* ltps evidence verify - judge evidence records offline. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "server/commands.h"
#include "server/digest_option.h"
#include "server/policy_file.h"
#include "server/trust_options.h"
#include "validation/evidence_source.h"

#define EVIDENCE_FILE_MAX ((size_t)1 << 30) /* a container with its data */
#define OBJECTS_MAX 1024                    /* --data or --digest on one line */
#define REPORT_MAX ((size_t)256 << 20)
#define READ_STEP ((size_t)1 << 20) /* data files are digested in such pieces */

static const char help[] =
    "usage: ltps evidence verify ER [options]\n"
    "\n"
    "Judges RFC 4998 evidence records: ER is a record (DER or PEM), a CMS\n"
    "signature with records in it, or an ASiC container with a record. Never\n"
    "uses the network.\n"
    "\n"
    "  --data F         data object that the record covers; several: its group\n"
    "  --digest ALG:HEX digest of a data object; further ALG:HEX of the same\n"
    "                   object may follow after commas\n" TRUST_OPTIONS_HELP
    "                   Here there is none unless it is given. With one, every\n"
    "                   time-stamp must have been renewed before a certificate of\n"
    "                   its authority or an algorithm of it ended\n"
    "  --format text|json\n" PROGRESS_HELP "\n"
    "Exit status: 0 valid, 1 invalid, 2 undetermined, 3 no evidence record,\n"
    "64 usage, 65 malformed input, 70 internal error.\n";

struct command {
	struct trust_options trust;
	const char *data[OBJECTS_MAX];
	const char *digests[OBJECTS_MAX];
	unsigned n_data, n_digests;
	const char *format;
	const char *rest[2]; /* "verify" and the file */
	const char *what;    /* an error is about this */
	struct buf in;
	struct validation_policy *policy; /* NULL: algorithms are not judged */
	bool used[DIGEST_ALG_COUNT];
	struct ers_object *objects;
	struct digest *values; /* DIGEST_ALG_COUNT for each object */
	size_t n_objects;
};

/* The contents of the first PEM block, whatever its label. */
static int decode_pem(struct buf *b, struct ltps_error *err)
{
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long n = 0;
	BIO *bio = BIO_new_mem_buf(b->p, (int)b->n);
	int rc = -1;

	if (bio == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	if (PEM_read_bio(bio, &name, &header, &der, &n) != 1) {
		ltps_fail_openssl(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 7468",
				  "not a PEM file");
		goto out;
	}
	buf_clear(b);
	rc = buf_put(b, view_of(der, (size_t)n), err);
out:
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	return rc;
}

static int read_input(struct command *c, struct ltps_error *err)
{
	static const char begin[] = "-----BEGIN ";
	if (file_read(c->rest[1], &c->in, err) != 0)
		return -1;
	if (!view_starts(view_buf(&c->in), view_text(begin)))
		return 0;
	return decode_pem(&c->in, err);
}

static int update_all(struct digest_ctx **ctx, struct view piece,
		      struct ltps_error *err)
{
	for (int alg = 1; alg < DIGEST_ALG_COUNT; alg++)
		if (ctx[alg] != NULL && digest_update(ctx[alg], piece, err) != 0)
			return -1;
	return 0;
}

/* Octets of a file; 0: not known. */
static uint64_t size_of(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

static int read_pieces(int fd, struct progress *p, struct digest_ctx **ctx,
		       struct ltps_error *err)
{
	uint8_t *piece = mem_alloc(READ_STEP);
	const uint64_t size = size_of(fd);
	uint64_t done = 0;
	int rc = -1;

	if (piece == NULL)
		return ltps_fail_nomem(err);
	for (;;) {
		ssize_t k = read(fd, piece, READ_STEP);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0 && errno == EISDIR) {
			ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				  "is a directory");
			break;
		}
		if (k < 0) {
			ltps_fail_errno(err, "cannot read");
			break;
		}
		if (k == 0) {
			rc = 0;
			break;
		}
		if (update_all(ctx, view_of(piece, (size_t)k), err) != 0)
			break;
		done += (uint64_t)k;
		progress_step(p, "digesting", PROGRESS_BYTES, done, size);
	}
	mem_free(piece);
	return rc;
}

/* Every digest that the records may ask for, in one pass over the file. */
static int digest_file(struct progress *p, const char *path,
		       const bool used[DIGEST_ALG_COUNT], struct ers_object *object,
		       struct digest *values, struct ltps_error *err)
{
	struct digest_ctx *ctx[DIGEST_ALG_COUNT] = { NULL };
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					: open(path, O_RDONLY | O_CLOEXEC);
	int rc = -1;

	if (fd < 0) {
		ltps_fail_errno(err, "cannot open");
		goto out;
	}
	for (int alg = 1; alg < DIGEST_ALG_COUNT; alg++)
		if (used[alg] && digest_new((enum digest_alg)alg, &ctx[alg], err) != 0)
			goto out;
	if (read_pieces(fd, p, ctx, err) != 0)
		goto out;
	for (int alg = 1; alg < DIGEST_ALG_COUNT; alg++)
		if (ctx[alg] != NULL &&
		    digest_final(ctx[alg], &values[object->n_digests++], err) != 0)
			goto out;
	rc = 0;
out:
	for (int alg = 1; alg < DIGEST_ALG_COUNT; alg++)
		digest_free(ctx[alg]);
	if (fd >= 0)
		close(fd);
	return rc == 0 ? 0 : ltps_where(err, "%s", path);
}

static int fail_digest(const char *text, const char *why, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL, "--digest %s: %s",
			 text, why);
}

static int parse_digests(const char *text, struct ers_object *object,
			 struct digest *values, struct ltps_error *err)
{
	struct view rest = view_text(text);
	for (;;) {
		const uint8_t *comma = rest.n > 0 ? memchr(rest.p, ',', rest.n) : NULL;
		size_t n = comma != NULL ? (size_t)(comma - rest.p) : rest.n;
		if (object->n_digests == DIGEST_ALG_COUNT)
			return fail_digest(text, "too many digests", err);
		if (digest_option_parse("--digest", view_head(rest, n),
					&values[object->n_digests], err) != 0)
			return -1;
		object->n_digests++;
		if (comma == NULL)
			return 0;
		rest = view_skip(rest, n + 1);
	}
}

static int make_objects(struct command *c, struct ltps_error *err)
{
	size_t n = c->n_data + c->n_digests;
	c->objects = mem_zalloc(n + 1, sizeof(*c->objects));
	c->values = mem_zalloc((n + 1) * DIGEST_ALG_COUNT, sizeof(*c->values));
	if (c->objects == NULL || c->values == NULL)
		return ltps_fail_nomem(err);
	c->n_objects = n;
	for (size_t i = 0; i < n; i++) {
		struct digest *values = c->values + i * DIGEST_ALG_COUNT;
		bool is_file = i < c->n_data;
		const char *name = is_file ? c->data[i] : c->digests[i - c->n_data];
		int rc;
		c->objects[i].name = name;
		c->objects[i].digests = values;
		if (is_file)
			progress_part(&c->trust.progress, "data", i + 1, c->n_data);
		rc = is_file ? digest_file(&c->trust.progress, name, c->used,
					   &c->objects[i], values, err)
			     : parse_digests(name, &c->objects[i], values, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* Nothing to judge is a report too: its findings say so. */
static int put_nothing_json(struct jsonw *j, struct ltps_error *err)
{
	static const struct ers_finding f = { .code = "NO_EVIDENCE_RECORD",
					      .text =
						  "the file holds no evidence record" };
	struct ers_report r = { .indication = INDICATION_INDETERMINATE,
				.proof_of_existence_ms = INT64_MIN };
	if (ers_report_add(&r, &f, err) != 0)
		return -1;
	ers_report_json(&r, j);
	mem_free(r.findings);
	return 0;
}

/* The deciding report; when there are several, all of them below "records". */
static int put_json(const struct evidence_reports *reports, struct buf *out,
		    struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	if (reports->n == 0) {
		if (put_nothing_json(&j, err) != 0)
			return -1;
	} else {
		jsonw_object(&j);
		ers_report_json_members(evidence_worst(reports), &j);
		if (reports->n > 1) {
			jsonw_key(&j, "records");
			jsonw_array(&j);
			for (size_t i = 0; i < reports->n; i++)
				ers_report_json(reports->r[i], &j);
			jsonw_array_end(&j);
		}
		jsonw_object_end(&j);
	}
	if (jsonw_end(&j, err) != 0)
		return -1;
	return buf_put_byte(out, '\n', err);
}

static int put_text(const struct evidence_reports *reports, struct buf *out,
		    struct ltps_error *err)
{
	if (reports->n == 0)
		return buf_put_text(out, "no evidence record\n", err);
	for (size_t i = 0; i < reports->n; i++)
		if (ers_report_text(reports->r[i], out, err) != 0)
			return -1;
	return 0;
}

static int print_reports(const struct command *c,
			 const struct evidence_reports *reports, struct ltps_error *err)
{
	struct buf out = buf_make(REPORT_MAX);
	bool json = c->format != NULL && strcmp(c->format, "json") == 0;
	int rc = json ? put_json(reports, &out, err) : put_text(reports, &out, err);

	progress_hide();
	if (rc == 0 &&
	    (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0))
		rc = ltps_fail_errno(err, "cannot write to standard output");
	buf_free(&out);
	return rc;
}

static int exit_of(const struct evidence_reports *reports)
{
	if (reports->n == 0)
		return EXIT_NOTHING;
	switch (evidence_worst(reports)->indication) {
	case INDICATION_PASSED:
		return EXIT_VALID;
	case INDICATION_FAILED:
		return EXIT_INVALID;
	default:
		return EXIT_UNDETERMINED;
	}
}

static int verify(struct command *c, struct ltps_error *err)
{
	struct evidence_reports reports = { .n = 0 };
	struct ers_input input = { 0 };
	int status = -1;

	if (trust_options_load(&c->trust, err) != 0)
		return -1;
	c->what = c->rest[1];
	if (read_input(c, err) != 0 ||
	    evidence_algs(view_buf(&c->in), c->used, err) != 0)
		return -1;
	c->what = "evidence verify";
	if (make_objects(c, err) != 0)
		return -1;
	input.objects = c->objects;
	input.n_objects = c->n_objects;
	input.material = c->trust.material;
	input.time_ms = c->trust.time_ms;
	if (c->trust.policy != NULL &&
	    policy_load(c->trust.policy, &c->policy, err) != 0)
		return -1;
	input.policy = c->policy != NULL ? &c->policy->algorithms : NULL;
	if (evidence_judge(view_buf(&c->in), &input, &reports, err) != 0)
		return -1;
	if (print_reports(c, &reports, err) == 0)
		status = exit_of(&reports);
	evidence_reports_clear(&reports);
	return status;
}

/* 0, or the exit status with which to end now. */
static int parse(int argc, char **argv, struct command *c, bool *ret_done)
{
	struct command_option options[TRUST_OPTIONS_COUNT + 3];
	struct command_line line = { .command = "evidence",
				     .help = help,
				     .options = options,
				     .n_options = TRUST_OPTIONS_COUNT + 3,
				     .rest = c->rest,
				     .max_rest = 2 };
	unsigned n = 0;
	int rc;

	trust_options_table(&c->trust, "evidence", options);
	options[TRUST_OPTIONS_COUNT] = (struct command_option){ .name = "--data",
								.list = c->data,
								.max = OBJECTS_MAX,
								.count = &c->n_data };
	options[TRUST_OPTIONS_COUNT + 1] =
	    (struct command_option){ .name = "--digest",
				     .list = c->digests,
				     .max = OBJECTS_MAX,
				     .count = &c->n_digests };
	options[TRUST_OPTIONS_COUNT + 2] =
	    (struct command_option){ .name = "--format", .text = &c->format };
	rc = command_parse(argc, argv, &line, &n);
	*ret_done = true;
	if (rc != 0)
		return rc > 0 ? EXIT_VALID : EXIT_USAGE;
	if (n == 0 || strcmp(c->rest[0], "verify") != 0)
		return command_usage("evidence", "the only action is verify");
	if (n < 2)
		return command_usage("evidence", "verify wants an evidence record");
	if (c->format != NULL && strcmp(c->format, "text") != 0 &&
	    strcmp(c->format, "json") != 0)
		return command_usage("evidence", "--format is text or json");
	*ret_done = false;
	return 0;
}

int cmd_evidence(int argc, char **argv)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct command *c = mem_zalloc(1, sizeof(*c));
	bool done = false;
	int status;

	if (c == NULL) {
		ltps_fail_nomem(&err);
		return command_error("evidence", &err);
	}
	c->in = buf_make(EVIDENCE_FILE_MAX);
	c->what = "evidence verify";
	status = parse(argc, argv, c, &done);
	if (!done) {
		status = verify(c, &err);
		if (status < 0)
			status = command_error(c->what, &err);
	}
	mem_free(c->objects);
	mem_free(c->values);
	buf_free(&c->in);
	trust_options_clear(&c->trust);
	validation_policy_free(c->policy);
	mem_free(c);
	return status;
}
