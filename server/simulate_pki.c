/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate_pki - the certificates of the simulated world, and which algorithms they are
 * made with: two TSAs under a root and a CA of their own each. Whoever makes something
 * anew takes the first algorithm of the list whose end is not announced.
 */
#include <stdio.h>
#include <string.h>

#include "server/simulate.h"

/* How long certificates are valid: nothing outlives its issuer. */
#define ROOT_DAYS (25 * 365)
#define CA_DAYS (15 * 365)
#define TSA_DAYS_MAX (8 * 365)
/* Of a policy with ends that nobody could follow, nothing would be shown. */
#define LEAD_DAYS_LEAST 500

/*
 * In the order in which they end; of what ends, when: thousandths of the run. What has
 * no end takes over.
 */
static const struct {
	const char *name;
	unsigned min_bits, max_bits;
	int end;
} algorithms[] = {
	{ "sha256", 0, 0, 200 },    { "RSA", 2048, 0, 400 }, { "sha512", 0, 0, 480 },
	{ "ECDSA", 256, 520, 700 }, { "sha384", 0, 0, 800 }, { "ECDSA", 521, 0, 0 },
	{ "sha3-512", 0, 0, 0 },    { "sha3-256", 0, 0, 0 },
};
#define N_ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))
_Static_assert(N_ALGORITHMS <= SIM_LIMITS_MAX, "a limit for each");

enum { OF_SHA256, OF_RSA, OF_SHA512, OF_P256, OF_SHA384, OF_P521, OF_SHA3_512 };

/* Each in the place of the one before: of the end of which it is known. */
struct successor {
	int what;
	size_t algorithm;
};
#define SUCCESSION 3
static const struct successor tsa_keys[SIM_SLOTS][SUCCESSION] = {
	{ { DEVPKI_KEY_RSA2048, OF_RSA },
	  { DEVPKI_KEY_P256, OF_P256 },
	  { DEVPKI_KEY_P521, OF_P521 } },
	{ { DEVPKI_KEY_P256, OF_P256 },
	  { DEVPKI_KEY_P521, OF_P521 },
	  { DEVPKI_KEY_P521, OF_P521 } },
};
static const struct successor digests[] = {
	{ DIGEST_SHA256, OF_SHA256 },
	{ DIGEST_SHA512, OF_SHA512 },
	{ DIGEST_SHA384, OF_SHA384 },
	{ DIGEST_SHA3_512, OF_SHA3_512 },
};

/* ---- the policy ---- */

static bool ends(const struct sim *s, size_t algorithm)
{
	return s->limits[algorithm].until_ms != INT64_MAX;
}

/* When each is to end, and when that becomes known. */
int sim_pki_plan_ends(struct sim *s, struct ltps_error *err)
{
	struct sim_random *r = &s->random[SIM_ANNOUNCEMENT];
	for (size_t i = 0; i < N_ALGORITHMS; i++) {
		s->limits[i] = (struct algorithm_limit){
			.algorithm = algorithms[i].name,
			.min_bits = algorithms[i].min_bits,
			.max_bits = algorithms[i].max_bits,
			.until_ms = INT64_MAX,
		};
		const int64_t part = algorithms[i].end + sim_between(r, -20, 20);
		const int64_t lead_ms =
		    sim_between(r, LEAD_DAYS_LEAST, 3 * 365) * SIM_DAY_MS;
		const int64_t end_ms =
		    s->start_ms + (s->end_ms - s->start_ms) / 1000 * part;
		if (algorithms[i].end == 0 ||
		    end_ms < s->start_ms + LEAD_DAYS_LEAST * SIM_DAY_MS)
			continue;
		int64_t at_ms = end_ms - lead_ms;
		if (at_ms <= s->start_ms)
			at_ms = s->start_ms + SIM_DAY_MS;
		if (sim_calendar_add(&s->calendar, at_ms, SIM_ANNOUNCEMENT, (int64_t)i,
				     end_ms, err) != 0)
			return -1;
	}
	s->n_limits = N_ALGORITHMS;
	s->policy = (struct algorithm_policy){ .limits = s->limits, .n = s->n_limits };
	return 0;
}

static int of_the_day(const struct sim *s, const struct successor *list, size_t n)
{
	size_t i = 0;
	while (i + 1 < n && ends(s, list[i].algorithm))
		i++;
	return list[i].what;
}

static enum devpki_key tsa_key(const struct sim *s, unsigned slot)
{
	return (enum devpki_key)of_the_day(s, tsa_keys[slot], SUCCESSION);
}

/* As the second TSA's. */
static enum devpki_key ca_key(const struct sim *s)
{
	return tsa_key(s, SIM_SLOTS - 1);
}

static void use_algorithms_of_the_day(struct sim *s)
{
	const size_t n = sizeof(digests) / sizeof(digests[0]);
	devpki_set_digest(s->pki, (enum digest_alg)of_the_day(s, digests, n));
	devpki_set_key(s->pki, DEVPKI_OCSP, ca_key(s));
}

/* Both TSAs follow, in their own time. */
int sim_pki_announce(struct sim *s, size_t algorithm, struct ltps_error *err)
{
	struct sim_random *r = &s->random[SIM_FOLLOWING];
	sim_say(s, "the end of %s %u is announced", algorithms[algorithm].name,
		algorithms[algorithm].min_bits);
	use_algorithms_of_the_day(s);
	s->restart = true;
	for (unsigned i = 0; i < SIM_SLOTS; i++)
		if (sim_calendar_add(&s->calendar,
				     sim_now(s) + sim_between(r, 10, 120) * SIM_DAY_MS,
				     SIM_FOLLOWING, i, 0, err) != 0)
			return -1;
	return 0;
}

/* ---- certificates ---- */

static int trust_root(struct sim *s, const struct devpki_cert *root,
		      struct ltps_error *err)
{
	if (s->n_anchors == SIM_ROOTS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "more than %d roots", SIM_ROOTS_MAX);
	s->anchors[s->n_anchors++] = root;
	s->restart = true;
	return 0;
}

int sim_pki_remove_root(struct sim *s, uint64_t serial, struct ltps_error *err)
{
	(void)err;
	for (size_t i = 0; i < s->n_anchors; i++) {
		if (s->anchors[i]->serial != serial)
			continue;
		s->anchors[i] = s->anchors[--s->n_anchors];
		s->restart = true;
		sim_say(s, "a root is trusted no more");
		return 0;
	}
	return 0;
}

static int new_root(struct sim *s, struct sim_slot *slot, struct ltps_error *err)
{
	const struct devpki_issue how = { .key = ca_key(s), .days = ROOT_DAYS };
	if (devpki_rollover(s->pki, DEVPKI_ROOT, 0, &how, &slot->root, err) != 0)
		return -1;
	slot->root_ends_ms = sim_now(s) + ROOT_DAYS * SIM_DAY_MS;
	if (sim_calendar_add(&s->calendar, slot->root_ends_ms + 10 * SIM_DAY_MS,
			     SIM_ROOT_ENDS, (int64_t)slot->root->serial, 0, err) != 0)
		return -1;
	return trust_root(s, slot->root, err);
}

static int new_ca(struct sim *s, struct sim_slot *slot, struct ltps_error *err)
{
	const struct devpki_issue how = { .key = ca_key(s),
					  .days = CA_DAYS,
					  .issuer = slot->root };
	if (devpki_rollover(s->pki, DEVPKI_CA, 0, &how, &slot->ca, err) != 0)
		return -1;
	slot->ca_ends_ms = sim_now(s) + CA_DAYS * SIM_DAY_MS;
	return 0;
}

/* Rolled over in two to five years, at least a year before its end. */
static int new_tsa(struct sim *s, unsigned n, struct ltps_error *err)
{
	struct sim_slot *slot = &s->slots[n];
	struct sim_random *r = &s->random[SIM_TSA_ROLLOVER];
	const int32_t next = (int32_t)sim_between(r, 2 * 365, 5 * 365);
	const int32_t days = next + (int32_t)sim_between(r, 365, 3 * 365);
	const struct devpki_issue how = { .key = tsa_key(s, n),
					  .days = days,
					  .issuer = slot->ca };
	if (devpki_rollover(s->pki, DEVPKI_TSA, n, &how, &slot->tsa, err) != 0)
		return -1;
	slot->tsa_ends_ms = sim_now(s) + days * SIM_DAY_MS;
	slot->open = true;
	return sim_calendar_add(&s->calendar, sim_now(s) + next * SIM_DAY_MS,
				SIM_TSA_ROLLOVER, n, (int64_t)++slot->rollovers, err);
}

int sim_pki_renew(struct sim *s, unsigned n, enum sim_depth depth,
		  struct ltps_error *err)
{
	struct sim_slot *slot = &s->slots[n];
	const int64_t now_ms = sim_now(s);
	if (slot->ca_ends_ms < now_ms + TSA_DAYS_MAX * SIM_DAY_MS &&
	    depth < SIM_DEPTH_CA)
		depth = SIM_DEPTH_CA;
	if (slot->root_ends_ms < now_ms + CA_DAYS * SIM_DAY_MS && depth >= SIM_DEPTH_CA)
		depth = SIM_DEPTH_ROOT;
	if (depth == SIM_DEPTH_ROOT && new_root(s, slot, err) != 0)
		return -1;
	if (depth >= SIM_DEPTH_CA && new_ca(s, slot, err) != 0)
		return -1;
	sim_tally(&s->events, depth == SIM_DEPTH_ROOT ? "root-rollover"
			      : depth == SIM_DEPTH_CA ? "ca-rollover"
						      : "tsa-rollover");
	return new_tsa(s, n, err);
}

void sim_pki_rename(struct sim *s, unsigned n)
{
	struct sim_slot *slot = &s->slots[n];
	snprintf(slot->name, sizeof(slot->name), "%s-%u", n == 0 ? "alpha" : "beta",
		 ++slot->generation);
	s->restart = true;
}

/* The world's clock goes on a little whenever somebody looks at it. */
#define LOOK_MS 40
static int64_t world_now(const struct clock *clock)
{
	struct sim_shared *shared = (struct sim_shared *)(uintptr_t)clock->fixed_ms;
	return atomic_fetch_add(&shared->now_ms, LOOK_MS) + LOOK_MS;
}

int sim_pki_begin(struct sim *s, struct ltps_error *err)
{
	char url[DEVPKI_URL_MAX];
	struct devpki_options o = {
		.url = url,
		.n_tsa = SIM_SLOTS,
		.keep_expired = true,
		.clock = { .now_ms = world_now,
			   .fixed_ms = (int64_t)(uintptr_t)s->shared },
	};
	if (loop_new(&s->loop, err) != 0 ||
	    devpki_http_new(s->loop, "127.0.0.1:0", NULL, &s->http, err) != 0)
		return -1;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", devpki_http_port(s->http));
	if (devpki_create(NULL, &o, &s->pki, err) != 0)
		return -1;
	devpki_http_set_pki(s->http, s->pki);
	use_algorithms_of_the_day(s);
	for (unsigned i = 0; i < SIM_SLOTS; i++) {
		snprintf(s->slots[i].url, sizeof(s->slots[i].url), "%.200s/tsa/%u", url,
			 i);
		sim_pki_rename(s, i);
		if (sim_pki_renew(s, i, SIM_DEPTH_ROOT, err) != 0)
			return -1;
	}
	return 0;
}
