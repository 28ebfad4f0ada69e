/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config_private.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* TSAs, anchors, profiles and the store. */
/* and the three files of [scvp], its clients, what else is at hand, the files of two
 * signing keys, a policy, the second folder, those of [tls], the configuration itself,
 * secrets of hooks, lists and their signers. */
#define PATHS_MAX                                                                      \
	(2 * CONFIG_ANCHORS_MAX + CONFIG_PROFILE_FILES_MAX + CONFIG_MATERIAL_MAX + 5 + \
	 2 * 4 + 3 + 3 + NOTIFY_HOOKS_MAX +                                            \
	 TRUSTED_LISTS_MAX * (CONFIG_LIST_SIGNERS_MAX + 1))
#define PATH_TEXT_MAX 4096
#define KIB INT64_C(1024)
#define GIB (KIB * KIB * KIB)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define YEAR_MS (366 * DAY_MS)

/* section, labelled, key, type, list, required, min, max */
static const struct conf_rule rules[] = {
	{ "service", false, "listen", CONF_TEXT, false, false, 0, 0 },
	{ "service", false, "dir", CONF_TEXT, false, true, 0, 0 },
	{ "service", false, "id", CONF_TEXT, false, false, 0, 0 },
	{ "service", false, "workers", CONF_INT, false, false, 1, 256 },
	{ "service", false, "drain", CONF_DURATION, false, false, 100, HOUR_MS },
	{ "service", false, "log_level", CONF_TEXT, false, false, 0, 0 },
	{ "service", false, "log_format", CONF_TEXT, false, false, 0, 0 },
	{ "limits", false, "body_max", CONF_SIZE, false, false, KIB, GIB },
	{ "limits", false, "header_max", CONF_SIZE, false, false, KIB, KIB *KIB },
	{ "limits", false, "in_flight_max", CONF_SIZE, false, false, KIB, 1024 * GIB },
	{ "limits", false, "connections_max", CONF_INT, false, false, 1, 100000 },
	{ "limits", false, "connections_per_address", CONF_INT, false, false, 1,
	  100000 },
	{ "limits", false, "queue_max", CONF_INT, false, false, 1, 1000000 },
	{ "limits", false, "header_timeout", CONF_DURATION, false, false, 1, HOUR_MS },
	{ "limits", false, "transfer_timeout", CONF_DURATION, false, false, 1,
	  HOUR_MS },
	{ "limits", false, "idle_timeout", CONF_DURATION, false, false, 1, HOUR_MS },
	{ "limits", false, "min_rate", CONF_SIZE, false, false, 1, GIB },
	{ "limits", false, "low_space", CONF_SIZE, false, false, 0, 0 },
	{ "limits", false, "no_space", CONF_SIZE, false, false, 0, 0 },
	{ "tsa", true, "url", CONF_TEXT, false, true, 0, 0 },
	{ "tsa", true, "policy", CONF_TEXT, false, false, 0, 0 },
	{ "trust", false, "anchors", CONF_TEXT, true, false, 0, 0 },
	{ "trust", false, "tsa_skew", CONF_DURATION, false, false, 1, HOUR_MS },
	{ "trust", false, "material", CONF_TEXT, true, false, 0, 0 },
	{ "trusted_list", true, "url", CONF_TEXT, false, false, 0, 0 },
	{ "trusted_list", true, "file", CONF_TEXT, false, false, 0, 0 },
	{ "trusted_list", true, "signers", CONF_TEXT, true, true, 0, 0 },
	{ "trusted_list", true, "lists", CONF_BOOL, false, false, 0, 0 },
	{ "trusted_list", true, "announcement", CONF_TEXT, false, false, 0, 0 },
	{ "trusted_list", true, "territory", CONF_TEXT, true, false, 0, 0 },
	{ "trusted_list", true, "service", CONF_TEXT, true, false, 0, 0 },
	{ "trusted_list", true, "refresh", CONF_DURATION, false, false, 1000,
	  30 * DAY_MS },
	{ "scvp", false, "certificate", CONF_TEXT, false, false, 0, 0 },
	{ "scvp", false, "key", CONF_TEXT, false, false, 0, 0 },
	{ "scvp", false, "password_file", CONF_TEXT, false, false, 0, 0 },
	{ "scvp", false, "clients", CONF_TEXT, true, false, 0, 0 },
	{ "scvp", false, "client_status", CONF_BOOL, false, false, 0, 0 },
	{ "scvp", false, "require_authentication", CONF_BOOL, false, false, 0, 0 },
	{ "scvp", false, "name", CONF_TEXT, true, false, 0, 0 },
	{ "scvp", false, "hindsight_policy", CONF_TEXT, false, false, 0, 0 },
	{ "scvp", false, "hash", CONF_TEXT, false, false, 0, 0 },
	{ "scvp", false, "fetch", CONF_BOOL, false, false, 0, 0 },
	{ "scvp", false, "refuse", CONF_TEXT, true, false, 0, 0 },
	{ "scvp", false, "cache", CONF_DURATION, false, false, 0, 24 * HOUR_MS },
	{ "scvp", false, "policy_cache", CONF_DURATION, false, false, 0,
	  30 * 24 * HOUR_MS },
	{ "scvp", false, "clock_skew", CONF_DURATION, false, false, 60000, HOUR_MS },
	{ "validation", false, "certificate", CONF_TEXT, false, false, 0, 0 },
	{ "validation", false, "key", CONF_TEXT, false, false, 0, 0 },
	{ "validation", false, "password_file", CONF_TEXT, false, false, 0, 0 },
	{ "validation", false, "module", CONF_TEXT, false, false, 0, 0 },
	{ "validation", false, "policy", CONF_TEXT, false, false, 0, 0 },
	{ "validation", false, "fetch", CONF_BOOL, false, false, 0, 0 },
	{ "seal", false, "certificate", CONF_TEXT, false, false, 0, 0 },
	{ "seal", false, "key", CONF_TEXT, false, false, 0, 0 },
	{ "seal", false, "password_file", CONF_TEXT, false, false, 0, 0 },
	{ "seal", false, "module", CONF_TEXT, false, false, 0, 0 },
	{ "upkeep", false, "policy", CONF_TEXT, false, false, 0, 0 },
	{ "upkeep", false, "margin", CONF_DURATION, false, false, HOUR_MS,
	  10 * YEAR_MS },
	{ "upkeep", false, "watch", CONF_DURATION, false, false, 60000, 30 * DAY_MS },
	{ "upkeep", false, "revalidate", CONF_DURATION, false, false, HOUR_MS,
	  10 * YEAR_MS },
	{ "upkeep", false, "notice", CONF_DURATION, false, false, HOUR_MS,
	  10 * YEAR_MS },
	{ "upkeep", false, "fixity", CONF_DURATION, false, false, HOUR_MS,
	  10 * YEAR_MS },
	{ "upkeep", false, "fixity_rate", CONF_SIZE, false, false, KIB, 1024 * GIB },
	{ "upkeep", false, "renewal_rate", CONF_SIZE, false, false, KIB, 1024 * GIB },
	{ "upkeep", false, "threads", CONF_INT, false, false, 1, 256 },
	{ "upkeep", false, "copies", CONF_TEXT, false, false, 0, 0 },
	{ "tls", false, "certificate", CONF_TEXT, false, true, 0, 0 },
	{ "tls", false, "key", CONF_TEXT, false, true, 0, 0 },
	{ "tls", false, "client_ca", CONF_TEXT, false, false, 0, 0 },
	{ "tls", false, "clients", CONF_TEXT, false, false, 0, 0 },
	{ "auth", false, "require", CONF_BOOL, false, false, 0, 0 },
	{ "auth", false, "insecure", CONF_BOOL, false, false, 0, 0 },
	{ "auth", false, "name", CONF_TEXT, true, false, 0, 0 },
	{ "auth", false, "failures", CONF_INT, false, false, 1, 1000000 },
	{ "client", true, "subject", CONF_TEXT, false, false, 0, 0 },
	{ "client", true, "fingerprint", CONF_TEXT, false, false, 0, 0 },
	{ "client", true, "role", CONF_TEXT, true, true, 0, 0 },
	{ "client", true, "tenant", CONF_TEXT, false, false, 0, 0 },
	{ "tenant", true, "max_objects", CONF_INT, false, false, 1, INT64_MAX },
	{ "tenant", true, "max_bytes", CONF_SIZE, false, false, 1, INT64_MAX },
	{ "tenant", true, "rate", CONF_INT, false, false, 1, 1000000 },
	{ "tenant", true, "caller_rate", CONF_INT, false, false, 1, 1000000 },
	{ "tenant", true, "profile", CONF_TEXT, true, false, 0, 0 },
	{ "fetch", false, "allow_http", CONF_BOOL, false, false, 0, 0 },
	{ "fetch", false, "allow_ldap", CONF_BOOL, false, false, 0, 0 },
	{ "fetch", false, "allow_loopback", CONF_BOOL, false, false, 0, 0 },
	{ "fetch", false, "allow_private", CONF_BOOL, false, false, 0, 0 },
	{ "fetch", false, "connect_timeout", CONF_DURATION, false, false, 1, HOUR_MS },
	{ "fetch", false, "total_timeout", CONF_DURATION, false, false, 1, HOUR_MS },
	{ "fetch", false, "redirects", CONF_INT, false, false, 0, 10 },
	{ "fetch", false, "max_bytes", CONF_SIZE, false, false, KIB, GIB },
	{ "fetch", false, "ca_file", CONF_TEXT, false, false, 0, 0 },
	{ "notify", true, "url", CONF_TEXT, false, true, 0, 0 },
	{ "notify", true, "secret_file", CONF_TEXT, false, true, 0, 0 },
	{ "notify", true, "event", CONF_TEXT, true, false, 0, 0 },
	{ "notify", true, "give_up", CONF_DURATION, false, false, 60000, YEAR_MS },
	{ "notify", true, "timeout", CONF_DURATION, false, false, 100, 60000 },
	{ "notify", true, "allow_loopback", CONF_BOOL, false, false, 0, 0 },
	{ "notify", true, "allow_private", CONF_BOOL, false, false, 0, 0 },
	{ "profiles", false, "builtin", CONF_BOOL, false, false, 0, 0 },
	{ "profiles", false, "file", CONF_TEXT, true, false, 0, 0 },
	{ "profiles", false, "tree_max_age", CONF_DURATION, false, false, 100,
	  24 * HOUR_MS },
};

static int bad(const char *name, const char *what, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL, "%.100s: %s",
			 name, what);
}

static int keep_text(struct config *c, const char *text, const char **ret,
		     struct ltps_error *err)
{
	char *copy = mem_dup_text(text);
	if (copy == NULL)
		return ltps_fail_nomem(err);
	c->paths[c->n_paths++] = copy;
	*ret = copy;
	return 0;
}

int config_take_path(struct config *c, const char *base, const char *path,
		     const char **ret_path, struct ltps_error *err)
{
	char joined[PATH_TEXT_MAX];
	if (path == NULL || path[0] == '/' || base[0] == '\0') {
		*ret_path = path;
		return 0;
	}
	if (file_join(base, path, joined, sizeof(joined), err) != 0)
		return -1;
	return keep_text(c, joined, ret_path, err);
}

/* A policy that comes with the program has a plain name; a file has its ending. */
static int take_policy(struct config *c, const char *base, const char **ret,
		       struct ltps_error *err)
{
	*ret = conf_text(c->conf, "upkeep", NULL, "policy", NULL);
	if (*ret == NULL || strpbrk(*ret, "/.") == NULL)
		return 0;
	return config_take_path(c, base, *ret, ret, err);
}

static int read_log(struct config *c, const char *name, struct ltps_error *err)
{
	const char *level = conf_text(c->conf, "service", NULL, "log_level", "info");
	const char *format = conf_text(c->conf, "service", NULL, "log_format", "text");
	if (log_level_parse(level, &c->log_level) != 0)
		return bad(name, "log_level must be error, warning, info or debug",
			   err);
	c->log_json = strcmp(format, "json") == 0;
	if (!c->log_json && strcmp(format, "text") != 0)
		return bad(name, "log_format must be text or json", err);
	return 0;
}

static int read_service(struct config *c, const char *name, const char *base,
			struct ltps_error *err)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	char addr[64];
	uint16_t port;
	c->listen = conf_text(c->conf, "service", NULL, "listen", CONFIG_LISTEN);
	if (http_parse_listen(c->listen, addr, sizeof(addr), &port, err) != 0)
		return ltps_where(err, "%s, listen", name);
	if (!conf_has_section(c->conf, "service", NULL))
		return bad(name, "section [service] is missing", err);
	if (config_take_path(c, base, conf_text(c->conf, "service", NULL, "dir", NULL),
			     &c->dir, err) != 0)
		return -1;
	c->id = conf_text(c->conf, "service", NULL, "id", CONFIG_SERVICE_ID);
	c->workers = (unsigned)conf_int(c->conf, "service", NULL, "workers",
					cores > 0 && cores < 256 ? cores : 2);
	c->drain_ms = conf_int(c->conf, "service", NULL, "drain", CONFIG_DRAIN_MS);
	return read_log(c, name, err);
}

static int64_t limit(const struct config *c, const char *key, int64_t dflt)
{
	return conf_int(c->conf, "limits", NULL, key, dflt);
}

static int read_limits(struct config *c, const char *name, struct ltps_error *err)
{
	c->body_max = (size_t)limit(c, "body_max", CONFIG_BODY_MAX);
	c->limits = (struct http_limits){
		.header_max = (size_t)limit(c, "header_max", HTTP_HEADER_MAX),
		.in_flight_max = (size_t)limit(c, "in_flight_max", HTTP_IN_FLIGHT_MAX),
		.connections_max =
		    (unsigned)limit(c, "connections_max", HTTP_CONNECTIONS_MAX),
		.per_address_max =
		    (unsigned)limit(c, "connections_per_address", HTTP_PER_ADDRESS_MAX),
		.header_ms = limit(c, "header_timeout", HTTP_HEADER_MS),
		.transfer_ms = limit(c, "transfer_timeout", HTTP_TRANSFER_MS),
		.min_rate = (size_t)limit(c, "min_rate", HTTP_MIN_RATE),
		.idle_ms = limit(c, "idle_timeout", HTTP_IDLE_MS),
	};
	c->queue_max = (size_t)limit(c, "queue_max", CONFIG_QUEUE_MAX);
	c->low_space = (uint64_t)limit(c, "low_space", (int64_t)CONFIG_LOW_SPACE);
	c->no_space = (uint64_t)limit(c, "no_space", (int64_t)CONFIG_NO_SPACE);
	/*
	 * One largest request must fit, or it would be put off for ever; and so
	 * must its object and the base64 of it, 3/4 + 1, when it is retrieved.
	 */
	if (c->limits.in_flight_max < 2 * c->body_max)
		return bad(name, "in_flight_max is smaller than twice body_max", err);
	return 0;
}

static int read_tsas(struct config *c, const char *name, struct ltps_error *err)
{
	const char *label;
	for (size_t i = 0; (label = conf_label(c->conf, "tsa", i)) != NULL; i++) {
		const char *url = conf_text(c->conf, "tsa", label, "url", "");
		if (i == TSP_TSAS_MAX)
			return bad(name, "too many TSAs", err);
		if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
			return ltps_fail(
			    err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			    "%.100s: [tsa %s]: url is not http:// or https://", name,
			    label);
		c->tsas[i] = (struct tsa){
			.name = label,
			.url = conf_text(c->conf, "tsa", label, "url", NULL),
			.policy = conf_text(c->conf, "tsa", label, "policy", NULL),
		};
		c->n_tsas++;
	}
	c->tsa_skew_ms =
	    conf_int(c->conf, "trust", NULL, "tsa_skew", TSP_SKEW_MS_DEFAULT);
	return 0;
}

static int read_files(struct config *c, const char *section, const char *key,
		      const char *base, const char **list, size_t max, size_t *ret_n,
		      struct ltps_error *err)
{
	const char *path;
	size_t n = 0;
	while ((path = conf_text_at(c->conf, section, NULL, key, n)) != NULL) {
		if (n == max)
			return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
					 "[%s] has more than %zu files", section, max);
		if (config_take_path(c, base, path, &list[n], err) != 0)
			return -1;
		n++;
	}
	*ret_n = n;
	return 0;
}

static int read_fetch(struct config *c, const char *base, struct ltps_error *err)
{
	const struct conf *conf = c->conf;
	c->fetch = (struct fetch_policy){
		.allow_http = conf_int(conf, "fetch", NULL, "allow_http", 1) != 0,
		.allow_ldap = conf_int(conf, "fetch", NULL, "allow_ldap", 0) != 0,
		.allow_loopback =
		    conf_int(conf, "fetch", NULL, "allow_loopback", 0) != 0,
		.allow_private = conf_int(conf, "fetch", NULL, "allow_private", 0) != 0,
		.connect_ms =
		    (uint32_t)conf_int(conf, "fetch", NULL, "connect_timeout", 0),
		.total_ms = (uint32_t)conf_int(conf, "fetch", NULL, "total_timeout", 0),
		.redirects = (uint32_t)conf_int(conf, "fetch", NULL, "redirects", 3),
		.max_bytes = (size_t)conf_int(conf, "fetch", NULL, "max_bytes", 0),
	};
	return config_take_path(c, base,
				conf_text(conf, "fetch", NULL, "ca_file", NULL),
				&c->fetch.ca_file, err);
}

static int read_profiles(struct config *c, const char *name, const char *base,
			 struct ltps_error *err)
{
	c->builtin_profiles = conf_int(c->conf, "profiles", NULL, "builtin", 1) != 0;
	c->tree_max_age_ms = conf_int(c->conf, "profiles", NULL, "tree_max_age", 0);
	if (read_files(c, "profiles", "file", base, c->profile_files,
		       CONFIG_PROFILE_FILES_MAX, &c->n_profile_files, err) != 0)
		return -1;
	if (!c->builtin_profiles && c->n_profile_files == 0)
		return bad(name, "[profiles] leaves no profile at all", err);
	return 0;
}

static const struct {
	const char *word;
	uint32_t flag;
} refusals[] = {
	{ "full_request", SCVP_REFUSE_FULL_REQUEST },
	{ "policy_by_value", SCVP_REFUSE_POLICY_BY_VALUE },
	{ "inhibit_policy_mapping", SCVP_REFUSE_INHIBIT_MAPPING },
	{ "require_explicit_policy", SCVP_REFUSE_EXPLICIT },
	{ "inhibit_any_policy", SCVP_REFUSE_INHIBIT_ANY },
	{ "validation_time", SCVP_REFUSE_VALIDATION_TIME },
	{ "default_policy", SCVP_REFUSE_DEFAULT_POLICY },
};

static int read_refusals(struct config *c, const char *name, struct ltps_error *err)
{
	const char *word;
	for (size_t i = 0;
	     (word = conf_text_at(c->conf, "scvp", NULL, "refuse", i)) != NULL; i++) {
		uint32_t flag = 0;
		for (size_t k = 0; k < COUNT(refusals); k++) {
			if (strcmp(word, refusals[k].word) == 0)
				flag = refusals[k].flag;
		}
		if (flag == 0)
			return bad(name, "[scvp] refuse names no service of SCVP", err);
		c->scvp.refused |= flag;
	}
	return 0;
}

static int read_scvp_values(struct config *c, const char *name, struct ltps_error *err)
{
	struct config_scvp *s = &c->scvp;
	const char *text;
	while ((text = conf_text_at(c->conf, "scvp", NULL, "name", s->n_names)) !=
	       NULL) {
		if (s->n_names == SCVP_OWN_NAMES_MAX)
			return bad(name, "[scvp] has too many names", err);
		s->names[s->n_names++] = text;
	}
	s->hindsight_policy =
	    conf_text(c->conf, "scvp", NULL, "hindsight_policy", NULL);
	s->hash = digest_from_name(
	    view_text(conf_text(c->conf, "scvp", NULL, "hash", "sha256")));
	if (s->hash == DIGEST_NONE)
		return bad(name, "[scvp] hash is not known", err);
	s->fetch = conf_int(c->conf, "scvp", NULL, "fetch", 1) != 0;
	s->client_status = conf_int(c->conf, "scvp", NULL, "client_status", 1) != 0;
	s->require_authentication =
	    conf_int(c->conf, "scvp", NULL, "require_authentication", 0) != 0;
	s->cache_ms = conf_int(c->conf, "scvp", NULL, "cache", CONFIG_SCVP_CACHE_MS);
	s->policy_cache_ms = conf_int(c->conf, "scvp", NULL, "policy_cache",
				      CONFIG_SCVP_POLICY_CACHE_MS);
	s->clock_skew_min =
	    (unsigned)(conf_int(c->conf, "scvp", NULL, "clock_skew",
				SCVP_CLOCK_SKEW_DEFAULT_MIN * INT64_C(60000)) /
		       60000);
	if (s->require_authentication && s->n_clients == 0)
		return bad(name, "[scvp] require_authentication needs clients", err);
	return read_refusals(c, name, err);
}

static int read_scvp(struct config *c, const char *name, const char *base,
		     struct ltps_error *err)
{
	struct config_scvp *s = &c->scvp;
	const struct conf *conf = c->conf;
	if (read_files(c, "trust", "material", base, c->material, CONFIG_MATERIAL_MAX,
		       &c->n_material, err) != 0)
		return -1;
	if (!conf_has_section(conf, "scvp", NULL))
		return 0;
	if (config_take_path(c, base,
			     conf_text(conf, "scvp", NULL, "certificate", NULL),
			     &s->certificate, err) != 0 ||
	    config_take_path(c, base, conf_text(conf, "scvp", NULL, "key", NULL),
			     &s->key, err) != 0 ||
	    config_take_path(c, base,
			     conf_text(conf, "scvp", NULL, "password_file", NULL),
			     &s->password_file, err) != 0 ||
	    read_files(c, "scvp", "clients", base, s->clients, CONFIG_ANCHORS_MAX,
		       &s->n_clients, err) != 0)
		return -1;
	return read_scvp_values(c, name, err);
}

/* A key of [section]; a URI of a token is no path. */
static int read_key(struct config *c, const char *section, const char *name,
		    const char *base, struct config_key *k, struct ltps_error *err)
{
	const char *key = conf_text(c->conf, section, NULL, "key", NULL);
	const bool token = key != NULL && strncmp(key, "pkcs11:", 7) == 0;
	k->key = key;
	if ((!token && config_take_path(c, base, key, &k->key, err) != 0) ||
	    config_take_path(c, base,
			     conf_text(c->conf, section, NULL, "certificate", NULL),
			     &k->certificate, err) != 0 ||
	    config_take_path(c, base,
			     conf_text(c->conf, section, NULL, "password_file", NULL),
			     &k->password_file, err) != 0 ||
	    config_take_path(c, base, conf_text(c->conf, section, NULL, "module", NULL),
			     &k->module, err) != 0)
		return -1;
	if (k->key == NULL &&
	    (k->certificate != NULL || k->password_file != NULL || k->module != NULL))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "%.100s: [%s] has no key", name, section);
	return 0;
}

static int read_validation(struct config *c, const char *name, const char *base,
			   struct ltps_error *err)
{
	struct config_validation *v = &c->validation;
	v->policy = conf_text(c->conf, "validation", NULL, "policy", NULL);
	v->fetch = conf_int(c->conf, "validation", NULL, "fetch", 1) != 0;
	if (read_key(c, "validation", name, base, &v->key, err) != 0)
		return -1;
	return read_key(c, "seal", name, base, &c->seal, err);
}

/* Whether a path is `dir` or below it, as far as that is written: links and ".." are
 * followed by whoever opens it. */
static bool is_within(const char *dir, const char *path)
{
	if ((dir[0] == '/') != (path[0] == '/') || strstr(dir, "..") != NULL ||
	    strstr(path, "..") != NULL)
		return false;
	for (;;) {
		const size_t slashes = strspn(dir, "/"), more = strspn(path, "/");
		dir += slashes;
		path += more;
		const size_t n = strcspn(dir, "/"), m = strcspn(path, "/");
		if (n == 1 && dir[0] == '.')
			dir += n;
		else if (m == 1 && path[0] == '.')
			path += m;
		else if (n == 0)
			return true;
		else if (n != m || memcmp(dir, path, n) != 0)
			return false;
		else {
			dir += n;
			path += m;
		}
	}
}

static int read_upkeep(struct config *c, const char *name, const char *base,
		       struct ltps_error *err)
{
	const struct conf *f = c->conf;
	struct ltp_upkeep_options *o = &c->upkeep.options;
	o->margin_ms = conf_int(f, "upkeep", NULL, "margin", 0);
	o->watch_ms = conf_int(f, "upkeep", NULL, "watch", 0);
	o->rhythm_ms = conf_int(f, "upkeep", NULL, "revalidate", 0);
	o->notice_ms = conf_int(f, "upkeep", NULL, "notice", 0);
	o->fixity_ms = conf_int(f, "upkeep", NULL, "fixity", 0);
	o->fixity_rate = (uint64_t)conf_int(f, "upkeep", NULL, "fixity_rate", 0);
	o->renewal_rate = (uint64_t)conf_int(f, "upkeep", NULL, "renewal_rate", 0);
	o->threads = (unsigned)conf_int(f, "upkeep", NULL, "threads", 0);
	if (take_policy(c, base, &c->upkeep.policy, err) != 0 ||
	    config_take_path(c, base, conf_text(f, "upkeep", NULL, "copies", NULL),
			     &o->copies, err) != 0)
		return -1;
	/* A copy beside the original is lost with it, and sweeps would meet. */
	if (o->copies != NULL && is_within(c->dir, o->copies))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "%.100s:%u: [upkeep] copies is in the store's own "
				 "folder",
				 name, conf_line(f, "upkeep", NULL, "copies", 0));
	return 0;
}

int config_parse(struct view text, const char *name, const char *base,
		 struct config *ret_c, struct ltps_error *err)
{
	struct config c = { 0 };
	if (conf_parse(text, name, rules, COUNT(rules), &c.conf, err) != 0)
		return -1;
	c.paths = mem_zalloc(PATHS_MAX, sizeof(*c.paths));
	if (c.paths == NULL) {
		ltps_fail_nomem(err);
		goto fail;
	}
	if (keep_text(&c, name, &c.name, err) != 0 ||
	    read_service(&c, name, base, err) != 0 || read_limits(&c, name, err) != 0 ||
	    read_tsas(&c, name, err) != 0 ||
	    read_files(&c, "trust", "anchors", base, c.anchors, CONFIG_ANCHORS_MAX,
		       &c.n_anchors, err) != 0 ||
	    read_fetch(&c, base, err) != 0 || read_profiles(&c, name, base, err) != 0 ||
	    read_scvp(&c, name, base, err) != 0 ||
	    read_validation(&c, name, base, err) != 0 ||
	    read_upkeep(&c, name, base, err) != 0 ||
	    config_read_auth(&c, base, err) != 0 ||
	    config_read_notify(&c, base, err) != 0 ||
	    config_read_lists(&c, base, err) != 0)
		goto fail;
	*ret_c = c;
	return 0;
fail:
	config_clear(&c);
	return -1;
}

int config_read(const char *path, struct config *ret_c, struct ltps_error *err)
{
	char base[PATH_TEXT_MAX] = ".";
	struct buf text = buf_make(CONF_FILE_MAX);
	const char *slash = strrchr(path, '/');
	int rc = -1;
	if (slash != NULL) {
		/* "/ltps.conf" lies in "/". */
		const size_t n = slash == path ? 1 : (size_t)(slash - path);
		if (n >= sizeof(base))
			return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
					 "the path is too long");
		memcpy(base, path, n);
		base[n] = '\0';
	}
	if (file_read(path, &text, err) == 0)
		rc = config_parse(view_buf(&text), path, base, ret_c, err);
	buf_free(&text);
	return rc;
}

void config_clear(struct config *c)
{
	config_clear_auth(c);
	for (size_t i = 0; i < c->n_paths; i++)
		mem_free(c->paths[i]);
	mem_free(c->paths);
	conf_free(c->conf);
	*c = (struct config){ 0 };
}
