/* SPDX-License-Identifier: Apache-2.0 */
/*
 * augment_options - what `ltps augment` and `ltps seal` share: options, sources and
 * TSAs, the outcome told, the new file written.
 */
#ifndef LTPS_SERVER_AUGMENT_OPTIONS_H
#define LTPS_SERVER_AUGMENT_OPTIONS_H

#include "ltp/augment.h"
#include "server/trust_options.h"

#define AUGMENT_OPTIONS_COUNT 7
#define AUGMENT_OPTIONS_HELP                                                           \
	"  -o OUT           the new file\n"                                            \
	"  --level L        t, lt or lta (default)\n"                                  \
	"  --tsa URL        time-stamping authority; several: the next one when one\n" \
	"                   fails\n"                                                   \
	"  --digest D       of the imprints: sha256 (default), sha384, sha512 ...\n"   \
	"  --offline        fetch no certificates and no status\n"                     \
	"  --fetch-local    fetch also from loopback and private addresses\n"          \
	"  --format text|json\n"

struct augment_options {
	struct trust_options trust;
	const char *out, *level, *digest, *format;
	const char *tsa_urls[TSP_TSAS_MAX];
	unsigned n_tsas;
	int offline, fetch_local;
	/* By augment_options_load: */
	enum signature_level wanted;
	enum digest_alg alg;
	struct validation_policy *policy;
	struct fetch *fetch, *tsa_fetch;
	struct clock clock;
	struct tsa tsas[TSP_TSAS_MAX];
	struct tsp_client client;
	struct path_sources sources;
	const struct material *pools[1];
};

/* o is zeroed first; the options of trust_options stand in the table too. */
void augment_options_table(
    struct augment_options *o, const char *command,
    struct command_option out[TRUST_OPTIONS_COUNT + AUGMENT_OPTIONS_COUNT]);
/* What is wrong with them on the command line; NULL: nothing. none: level b is one. */
const char *augment_options_check(struct augment_options *o, bool none);
/*
 * augment_options_load - after the check. Release with augment_options_clear(), also
 * after a failure.
 */
int augment_options_load(struct augment_options *o,
			 struct ltps_error *err) LTPS_CHECKED;
void augment_options_clear(struct augment_options *o);
/* The input that they make; file and content are the command's. Borrows from o. */
struct augment_input augment_options_input(const struct augment_options *o);

/*
 * augment_options_finish - write the new file when there is one, and tell the outcome.
 * command  "augment"
 * file     its name for people
 * Returns the exit status, or -1 with an error.
 */
int augment_options_finish(const struct augment_options *o, const char *command,
			   const char *file, const struct augmented *a,
			   struct ltps_error *err);
/* ARGUMENT (caller) when OUT is one of these files, which must stay; NULL: none. */
int augment_options_spare(const struct augment_options *o, const char *file,
			  struct ltps_error *err) LTPS_CHECKED;

#endif
