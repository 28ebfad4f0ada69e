/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service_lists - the trusted lists of the configuration with their signers, and the
 * anchors that follow from what the store knows of them. When others follow, the service
 * reloads itself: whoever judges then has the new ones, and whoever began with the old
 * ones ends with them.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/service.h"

#define SERVICE_URI_MAX 256

struct configured_list {
	struct material *signers;
	const struct cert **certs;
	char uris[TRUSTED_LISTS_SERVICES_MAX][SERVICE_URI_MAX];
	const char *services[TRUSTED_LISTS_SERVICES_MAX];
};

struct service_lists {
	struct ltp_trusted_list list[TRUSTED_LISTS_MAX];
	struct configured_list of[TRUSTED_LISTS_MAX];
	size_t n;
	struct material *anchors;
	struct anchor_origins origins;
	int64_t at_ms; /* when they followed */
	atomic_bool changed;
};

static int read_signers(struct service *s, const struct config_trusted_list *c,
			struct configured_list *l, struct ltps_error *err)
{
	if (material_new(&l->signers, err) != 0)
		return -1;
	for (size_t i = 0; i < c->n_signers; i++)
		if (material_read(l->signers, MATERIAL_CERT, c->signers[i], err) != 0) {
			ltps_where(err, "%s", c->signers[i]);
			return service_at_line(s, "trusted_list", c->name, "signers", i,
					       err);
		}
	const size_t n = material_count(l->signers, MATERIAL_CERT);
	if (n == 0 || n > TRUSTED_LIST_IDENTITIES_MAX) {
		ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			  "%zu certificates sign it; 1 to %d may", n,
			  TRUSTED_LIST_IDENTITIES_MAX);
		return service_at_line(s, "trusted_list", c->name, "signers", 0, err);
	}
	l->certs = mem_zalloc(n, sizeof(struct cert *));
	if (l->certs == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		l->certs[i] = material_cert(l->signers, MATERIAL_CERT, i);
	return 0;
}

/* "CA/QC" is short for its URI. */
static void name_services(const struct config_trusted_list *c, struct configured_list *l)
{
	for (size_t i = 0; i < c->n_services; i++) {
		snprintf(l->uris[i], sizeof(l->uris[i]), "%s%s",
			 strstr(c->services[i], "://") != NULL ? ""
							       : TRUSTED_LIST_SERVICE,
			 c->services[i]);
		l->services[i] = l->uris[i];
	}
}

static int start_list(struct service *s, const struct config_trusted_list *c, size_t i,
		      struct ltps_error *err)
{
	struct configured_list *l = &s->lists->of[i];
	s->lists->n = i + 1;
	if (read_signers(s, c, l, err) != 0)
		return -1;
	name_services(c, l);
	s->lists->list[i] = (struct ltp_trusted_list){
		.name = c->name,
		.url = c->url,
		.file = c->file,
		.signers = { l->certs, material_count(l->signers, MATERIAL_CERT) },
		.lists = c->lists,
		.announcement = c->announcement,
		.territories = c->territories,
		.n_territories = c->n_territories,
		.services = l->services,
		.n_services = c->n_services,
		.refresh_ms = c->refresh_ms,
	};
	return 0;
}

/* What is an anchor by the configuration itself stays one of it. */
static void drop_configured(struct service *s)
{
	struct anchor_origins *o = &s->lists->origins;
	size_t n = 0;
	for (size_t i = 0; i < o->n; i++)
		if (material_find_cert(s->trust, MATERIAL_ANCHOR, o->list[i].sha256) ==
		    NULL)
			o->list[n++] = o->list[i];
	o->n = n;
}

static int add_anchors(struct service *s, struct ltps_error *err)
{
	const struct trusted_lists lists = { s->lists->list, s->lists->n };
	struct store_conn *conn = NULL;
	if (material_new(&s->lists->anchors, err) != 0 ||
	    store_reader_open(s->store, &conn, err) != 0)
		return -1;
	s->lists->at_ms = clock_now_ms(s->clock);
	int rc = trusted_lists_anchors(conn, &lists, s->lists->at_ms, s->lists->anchors,
				       &s->lists->origins, err);
	store_reader_close(conn);
	if (rc != 0)
		return -1;
	drop_configured(s);
	/* What ended is of the history alone: nothing new is judged by it. Nor does a
	 * list lift the end that the operator gave an anchor. */
	const struct material *a = s->lists->anchors;
	for (size_t i = 0; i < material_count(a, MATERIAL_ANCHOR); i++)
		if (material_sunset(a, i) > s->lists->at_ms &&
		    material_find_cert(s->trust, MATERIAL_ANCHOR,
				       material_cert(a, MATERIAL_ANCHOR, i)->sha256) ==
			NULL &&
		    material_add_anchor(s->trust, material_at(a, MATERIAL_ANCHOR, i),
					material_sunset(a, i), err) != 0)
			return -1;
	return 0;
}

int service_lists_start(struct service *s, struct ltps_error *err)
{
	if (s->config->n_trusted_lists == 0)
		return 0;
	s->lists = mem_zalloc(1, sizeof(*s->lists));
	if (s->lists == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < s->config->n_trusted_lists; i++)
		if (start_list(s, &s->config->trusted_lists[i], i, err) != 0)
			return -1;
	return add_anchors(s, err);
}

void service_lists_stop(struct service *s)
{
	struct service_lists *l = s->lists;
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n; i++) {
		mem_free(l->of[i].certs);
		material_free(l->of[i].signers);
	}
	mem_free(l->origins.list);
	material_free(l->anchors);
	mem_free(l);
	s->lists = NULL;
}

static void changed(void *arg)
{
	struct service_lists *l = arg;
	atomic_store(&l->changed, true);
}

void service_lists_options(struct service *s, struct ltp_options *o)
{
	if (s->lists == NULL)
		return;
	o->lists = (struct trusted_lists){ s->lists->list, s->lists->n };
	o->lists_anchors = s->lists->anchors;
	o->lists_at_ms = s->lists->at_ms;
	o->anchor_origins = &s->lists->origins;
	o->trust_changed = changed;
	o->trust_changed_arg = s->lists;
}

void service_lists_look(struct service *s)
{
	if (s->lists == NULL || !atomic_exchange(&s->lists->changed, false))
		return;
	log_write(s->log, LOG_OPERATION, LOG_INFO,
		  "other anchors follow from the trusted lists; reloading", NULL, 0);
	service_reload(s->shell);
}
