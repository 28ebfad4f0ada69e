/* SPDX-License-Identifier: Apache-2.0 */
#include "server/augment_options.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/jsonw.h"
#include "server/policy_file.h"
#include "validation/tsa_path.h"

#define REDIRECTS_MAX 3
#define OUTPUT_MODE 0644
#define OUTCOME_MAX ((size_t)64 << 20) /* with the report in it */

void augment_options_table(
    struct augment_options *o, const char *command,
    struct command_option out[TRUST_OPTIONS_COUNT + AUGMENT_OPTIONS_COUNT])
{
	memset(o, 0, sizeof(*o));
	trust_options_table(&o->trust, command, out);
	const struct command_option own[AUGMENT_OPTIONS_COUNT] = {
		{ .name = "-o", .alias = "--out", .text = &o->out },
		{ .name = "--level", .text = &o->level },
		{ .name = "--tsa",
		  .list = o->tsa_urls,
		  .max = TSP_TSAS_MAX,
		  .count = &o->n_tsas },
		{ .name = "--digest", .text = &o->digest },
		{ .name = "--offline", .flag = &o->offline },
		{ .name = "--fetch-local", .flag = &o->fetch_local },
		{ .name = "--format", .text = &o->format },
	};
	memcpy(out + TRUST_OPTIONS_COUNT, own, sizeof(own));
}

const char *augment_options_check(struct augment_options *o, bool none)
{
	static const struct {
		const char *name;
		enum signature_level level;
	} levels[] = {
		{ "b", LEVEL_B },
		{ "t", LEVEL_T },
		{ "lt", LEVEL_LT },
		{ "lta", LEVEL_LTA },
	};
	const char *level = o->level != NULL ? o->level : "lta";
	o->wanted = LEVEL_NONE;
	for (size_t i = none ? 0 : 1; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(level, levels[i].name) == 0)
			o->wanted = levels[i].level;
	o->alg =
	    o->digest != NULL ? digest_from_name(view_text(o->digest)) : DIGEST_SHA256;
	if (o->out == NULL)
		return "-o is wanted";
	if (strcmp(o->out, "-") == 0)
		return "-o names a file: it is made whole or not at all";
	if (o->wanted == LEVEL_NONE)
		return none ? "--level is b, t, lt or lta" : "--level is t, lt or lta";
	if (o->alg == DIGEST_NONE || o->alg == DIGEST_SHA1)
		return "--digest is no digest that serves";
	if (o->format != NULL && strcmp(o->format, "text") != 0 &&
	    strcmp(o->format, "json") != 0)
		return "--format is text or json";
	if (o->offline != 0 && o->fetch_local != 0)
		return "--offline and --fetch-local exclude each other";
	return NULL;
}

/* The addresses of TSAs are the user's own; those in certificates are whoever's. */
static int open_network(struct augment_options *o, struct ltps_error *err)
{
	const struct fetch_policy own = { .allow_http = true,
					  .allow_loopback = true,
					  .allow_private = true,
					  .progress = progress_fetch,
					  .progress_arg = &o->trust.progress };
	const struct fetch_policy found = { .allow_http = true,
					    .allow_ldap = true,
					    .allow_loopback = o->fetch_local != 0,
					    .allow_private = o->fetch_local != 0,
					    .redirects = REDIRECTS_MAX,
					    .progress = progress_fetch,
					    .progress_arg = &o->trust.progress };
	if (fetch_new(&own, &o->tsa_fetch, err) != 0)
		return -1;
	return o->offline != 0 ? 0 : fetch_new(&found, &o->fetch, err);
}

int augment_options_spare(const struct augment_options *o, const char *file,
			  struct ltps_error *err)
{
	struct stat a, b;
	if (file == NULL || stat(o->out, &a) != 0 || stat(file, &b) != 0 ||
	    a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return 0;
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			 "-o names %.100s, which would be overwritten", file);
}

/* What is made takes its place: of a device, or of the link that /dev/stdout is, that
 * would be no use to anybody. */
static int check_out(const struct augment_options *o, struct ltps_error *err)
{
	struct stat st;
	if (lstat(o->out, &st) != 0 || S_ISREG(st.st_mode))
		return 0;
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			 "-o names what is no regular file");
}

/* Known before a TSA is asked for anything. */
static int spare_trust(const struct augment_options *o, struct ltps_error *err)
{
	if (check_out(o, err) != 0 ||
	    augment_options_spare(o, o->trust.policy, err) != 0)
		return -1;
	for (size_t k = 0; k < MATERIAL_KIND_COUNT; k++)
		for (unsigned i = 0; i < o->trust.counts[k]; i++)
			if (augment_options_spare(o, o->trust.files[k][i], err) != 0)
				return -1;
	return 0;
}

int augment_options_load(struct augment_options *o, struct ltps_error *err)
{
	const char *policy = o->trust.policy != NULL ? o->trust.policy : "default";
	if (spare_trust(o, err) != 0 || trust_options_load(&o->trust, err) != 0 ||
	    policy_load(policy, &o->policy, err) != 0 || open_network(o, err) != 0)
		return -1;
	o->clock =
	    o->trust.time != NULL ? clock_shifted(o->trust.time_ms) : clock_system();
	for (unsigned i = 0; i < o->n_tsas; i++)
		o->tsas[i] =
		    (struct tsa){ .name = o->tsa_urls[i], .url = o->tsa_urls[i] };
	o->client = (struct tsp_client){ .tsas = o->tsas,
					 .n_tsas = o->n_tsas,
					 .clock = &o->clock,
					 .gate = tsa_path_gate,
					 .gate_arg = o->trust.material };
	o->sources = (struct path_sources){ .fetch = o->fetch, .clock = &o->clock };
	o->pools[0] = o->trust.material;
	return 0;
}

void augment_options_clear(struct augment_options *o)
{
	fetch_free(o->fetch);
	fetch_free(o->tsa_fetch);
	validation_policy_free(o->policy);
	trust_options_clear(&o->trust);
}

struct augment_input augment_options_input(const struct augment_options *o)
{
	return (struct augment_input){
		.level = o->wanted,
		.tsa = o->n_tsas > 0 ? &o->client : NULL,
		.tsa_fetch = o->tsa_fetch,
		.digest = o->alg,
		.sources = &o->sources,
		.judgement = { .policy = o->policy,
			       .pools = o->pools,
			       .n_pools = 1,
			       .time_ms = o->trust.time_ms },
		.clock = &o->clock,
	};
}

/* ---- the outcome ---- */

static void put_missing(const struct augmented *a, struct jsonw *j)
{
	jsonw_key(j, "missing");
	jsonw_array(j);
	for (size_t i = 0; i < a->n_missing; i++) {
		const struct augment_missing *m = &a->missing[i];
		jsonw_object(j);
		jsonw_member(j, "what", m->what);
		jsonw_member(j, "from", m->from[0] != '\0' ? m->from : NULL);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static int put_json(const struct augment_options *o, const char *file,
		    const struct augmented *a, struct buf *out, struct ltps_error *err)
{
	const struct report_frame frame = { .file = file, .version = LTPS_VERSION };
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, "outcome", augment_outcome_name(a->outcome));
	jsonw_member(&j, "text", a->text[0] != '\0' ? a->text : NULL);
	jsonw_member(&j, "out", a->outcome == AUGMENT_DONE ? o->out : NULL);
	jsonw_member_int(&j, "tokens", a->tokens);
	jsonw_key(&j, "retry");
	if (a->retry_ms == INT64_MIN)
		jsonw_null(&j);
	else
		jsonw_time(&j, a->retry_ms);
	put_missing(a, &j);
	jsonw_key(&j, "report");
	if (a->judged.report != NULL)
		report_json(a->judged.report, &frame, &j);
	else
		jsonw_null(&j);
	jsonw_object_end(&j);
	if (jsonw_end(&j, err) != 0)
		return -1;
	return buf_put_byte(out, '\n', err);
}

static int put_signatures(const struct augment_options *o, const struct augmented *a,
			  struct buf *out, struct ltps_error *err)
{
	const struct report *r = a->judged.report;
	if (buf_put_fmt(out, err, "%s: %u time-stamps added\n", o->out, a->tokens) !=
		0 ||
	    (a->text[0] != '\0' && buf_put_fmt(out, err, "  note: %s\n", a->text) != 0))
		return -1;
	for (size_t i = 0; r != NULL && i < r->n_signatures; i++) {
		const struct report_signature *s = &r->signatures[i];
		const char *sub = subindication_name(s->conclusion.sub);
		if (buf_put_fmt(out, err, "  %s %s level %s%s%s\n", s->signature->id,
				indication_total_name(s->conclusion.indication),
				signature_level_name(s->level), sub != NULL ? " " : "",
				sub != NULL ? sub : "") != 0)
			return -1;
	}
	return 0;
}

static int put_text(const struct augment_options *o, const char *command,
		    const char *file, const struct augmented *a, struct buf *out,
		    struct ltps_error *err)
{
	char at[TIME_TEXT_MAX];
	if (a->outcome == AUGMENT_DONE)
		return put_signatures(o, a, out, err);
	if (buf_put_fmt(out, err, "%s: not %s: %s\n", file,
			strcmp(command, "seal") == 0 ? "sealed" : "augmented",
			a->text) != 0)
		return -1;
	for (size_t i = 0; i < a->n_missing; i++) {
		const struct augment_missing *m = &a->missing[i];
		if (buf_put_fmt(out, err, "  missing: %s%s%s%s\n", m->what,
				m->from[0] != '\0' ? " (asked: " : "", m->from,
				m->from[0] != '\0' ? ")" : "") != 0)
			return -1;
	}
	if (a->outcome != AUGMENT_INCOMPLETE || a->retry_ms == INT64_MIN)
		return 0;
	time_rfc3339(a->retry_ms, at);
	return buf_put_fmt(out, err, "  try again at %s\n", at);
}

static int exit_of(const struct augmented *a)
{
	switch (a->outcome) {
	case AUGMENT_DONE:
		return EXIT_VALID;
	case AUGMENT_FAILED_SIGNATURE:
		return EXIT_INVALID;
	case AUGMENT_INCOMPLETE:
		return EXIT_UNDETERMINED;
	case AUGMENT_FROZEN:
		return EXIT_DATA;
	case AUGMENT_UNSUPPORTED:
		break;
	}
	return a->judged.report != NULL && a->judged.report->n_signatures == 0
		   ? EXIT_NOTHING
		   : EXIT_DATA;
}

int augment_options_finish(const struct augment_options *o, const char *command,
			   const char *file, const struct augmented *a,
			   struct ltps_error *err)
{
	struct buf out = buf_make(OUTCOME_MAX);
	const bool json = o->format != NULL && strcmp(o->format, "json") == 0;
	FILE *to = json || a->outcome == AUGMENT_DONE ? stdout : stderr;
	int status = -1;
	if ((json ? put_json(o, file, a, &out, err)
		  : put_text(o, command, file, a, &out, err)) != 0)
		goto out;
	if (a->outcome == AUGMENT_DONE &&
	    file_write(o->out, view_buf(&a->out), OUTPUT_MODE, err) != 0)
		goto out;
	progress_hide();
	if (to == stderr)
		fprintf(to, "ltps: %s: ", command);
	if (fwrite(out.p, 1, out.n, to) != out.n || fflush(to) != 0)
		ltps_fail_errno(err, "cannot write to standard output");
	else
		status = exit_of(a);
out:
	buf_free(&out);
	return status;
}
