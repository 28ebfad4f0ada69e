/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/augment_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validation/tsa_path.h"

static void must(int rc, const struct ltps_error *err, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "augment_kit: %s: %s (%s)\n", what, err->text, err->where);
	abort();
}

static void read_anchors(struct augment_kit *k, struct ltps_error *err)
{
	struct buf anchors = buf_make(65536);
	must(devpki_anchors(pki_server_enter(k->server), &anchors, err), err,
	     "anchors");
	pki_server_leave(k->server);
	must(material_add_text_or_der(k->trust, MATERIAL_ANCHOR, view_buf(&anchors),
				      err),
	     err, "anchors");
	buf_free(&anchors);
}

void augment_kit_start(struct augment_kit *k)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fetch_policy policy = { .allow_http = true,
					     .allow_loopback = true };
	memset(k, 0, sizeof(*k));
	k->server = pki_server_start(AUGMENT_KIT_NOW);
	k->now_ms = kit_time(AUGMENT_KIT_NOW);
	k->clock = clock_shifted(k->now_ms);
	must(material_new(&k->trust, &err), &err, "material");
	read_anchors(k, &err);
	must(validation_policy_builtin("default", &k->policy, &err), &err, "policy");
	must(fetch_new(&policy, &k->fetch, &err), &err, "fetch");
	snprintf(k->url, sizeof(k->url), "%s/tsa/0", pki_server_url(k->server));
	k->tsa = (struct tsa){ .name = "tsa", .url = k->url };
	k->client = (struct tsp_client){ .tsas = &k->tsa,
					 .n_tsas = 1,
					 .clock = &k->clock,
					 .gate = tsa_path_gate,
					 .gate_arg = k->trust };
	k->sources = (struct path_sources){ .fetch = k->fetch, .clock = &k->clock };
	k->pools[0] = k->trust;
}

void augment_kit_stop(struct augment_kit *k)
{
	fetch_free(k->fetch);
	validation_policy_free(k->policy);
	material_free(k->trust);
	pki_server_stop(k->server);
}

void augment_kit_pass(struct augment_kit *k, int64_t ms)
{
	k->clock.offset_ms += ms;
	struct devpki *p = pki_server_enter(k->server);
	devpki_set_clock(p, clock_shifted(devpki_now_ms(p) + ms));
	pki_server_leave(k->server);
}

struct augment_input augment_kit_input(struct augment_kit *k,
				       enum signature_level level)
{
	return (struct augment_input){
		.level = level,
		.tsa = &k->client,
		.tsa_fetch = k->fetch,
		.digest = DIGEST_SHA256,
		.sources = &k->sources,
		.judgement = { .policy = k->policy,
			       .pools = k->pools,
			       .n_pools = 1,
			       .time_ms = clock_now_ms(&k->clock) },
		.clock = &k->clock,
	};
}

static struct fix_cert fix_of(const struct devpki_cert *c)
{
	return (struct fix_cert){ .x = c->x509, .key = c->key, .der = c->der };
}

struct fix_cert augment_kit_holder(struct augment_kit *k, const char *name,
				   enum devpki_key key)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_issue how = { .kind = DEVPKI_EE, .name = name, .key = key };
	const struct devpki_cert *c = NULL;
	struct devpki *p = pki_server_enter(k->server);
	c = devpki_find_text(p, view_text(name));
	if (c == NULL)
		must(devpki_issue(p, &how, &c, &err), &err, "issue");
	pki_server_leave(k->server);
	return fix_of(c);
}

struct fix_cert augment_kit_tsa(struct augment_kit *k)
{
	const struct devpki_cert *c =
	    devpki_active(pki_server_enter(k->server), DEVPKI_TSA, 0);
	pki_server_leave(k->server);
	return fix_of(c);
}

static void set_fault(struct augment_kit *k, enum devpki_target target,
		      enum devpki_fault fault, int64_t value)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	must(devpki_fault_set(pki_server_enter(k->server), target, 0, fault, 0, value,
			      &err),
	     &err, "fault");
	pki_server_leave(k->server);
}

void augment_kit_fault(struct augment_kit *k, enum devpki_target target,
		       enum devpki_fault fault)
{
	set_fault(k, target, fault, 0);
}

void augment_kit_old_crls(struct augment_kit *k, int64_t ms)
{
	set_fault(k, DEVPKI_TARGET_CRL, DEVPKI_FAULT_STALE, ms);
}
