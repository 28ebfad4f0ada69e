/* SPDX-License-Identifier: Apache-2.0 */
#include "server/trust_options.h"

#include <string.h>

#include "base/clock.h"
#include "server/policy_file.h"

static const char *const kind_options[MATERIAL_KIND_COUNT] = {
	[MATERIAL_ANCHOR] = "--anchor",
	[MATERIAL_CERT] = "--cert",
	[MATERIAL_CRL] = "--crl",
	[MATERIAL_OCSP] = "--ocsp",
};

void trust_options_table(struct trust_options *o, const char *command,
			 struct command_option out[TRUST_OPTIONS_COUNT])
{
	size_t n = 0;

	memset(o, 0, sizeof(*o));
	o->progress = (struct progress)PROGRESS_OF(command);
	for (int kind = 0; kind < MATERIAL_KIND_COUNT; kind++)
		out[n++] = (struct command_option){ .name = kind_options[kind],
						    .list = o->files[kind],
						    .max = TRUST_FILES_MAX,
						    .count = &o->counts[kind] };
	out[n++] = (struct command_option){ .name = "--time", .text = &o->time };
	out[n++] = (struct command_option){ .name = "--policy", .text = &o->policy };
	const struct command_option progress[] = { PROGRESS_OPTIONS(o->progress) };
	memcpy(out + n, progress, sizeof(progress));
}

static int load_kind(struct trust_options *o, enum material_kind kind,
		     struct ltps_error *err)
{
	for (unsigned i = 0; i < o->counts[kind]; i++)
		if (material_read(o->material, kind, o->files[kind][i], err) != 0)
			return ltps_where(err, "%s", o->files[kind][i]);
	return 0;
}

/* A policy that is not there is refused before any file is read. */
static int check_policy(const struct trust_options *o, struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;

	if (o->policy == NULL)
		return 0;
	if (policy_load(o->policy, &p, &inner) == 0) {
		validation_policy_free(p);
		return 0;
	}
	if (inner.code == LTPS_NOT_FOUND)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "--policy: there is no policy %s", o->policy);
	*err = inner;
	return -1;
}

static int load_time(struct trust_options *o, struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	struct clock clock = clock_system();

	o->now_ms = clock_now_ms(&clock);
	o->time_ms = o->now_ms;
	if (o->time == NULL)
		return 0;
	if (time_parse_rfc3339(view_text(o->time), &o->time_ms, &inner) == 0)
		return 0;
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			 "--time: %s is not an RFC 3339 time", o->time);
}

int trust_options_load(struct trust_options *o, struct ltps_error *err)
{
	if (check_policy(o, err) != 0 || load_time(o, err) != 0 ||
	    material_new(&o->material, err) != 0)
		return -1;
	for (int kind = 0; kind < MATERIAL_KIND_COUNT; kind++)
		if (load_kind(o, (enum material_kind)kind, err) != 0)
			return -1;
	return 0;
}

void trust_options_clear(struct trust_options *o)
{
	material_free(o->material);
	o->material = NULL;
}
