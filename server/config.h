/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config - ltps.conf, read and checked. packaging/ltps.conf documents every
 * key; relative paths in it start at the file's own folder.
 */
#ifndef LTPS_SERVER_CONFIG_H
#define LTPS_SERVER_CONFIG_H

#include "base/conf.h"
#include "base/fetch.h"
#include "base/log.h"
#include "ltp/ltp.h"
#include "ltp/notify.h"
#include "ltp/trusted_lists.h"
#include "scvp/responder.h"
#include "server/http.h"
#include "timestamping/tsp_client.h"

#define CONFIG_DEFAULT "/etc/ltps/ltps.conf"
#define CONFIG_LISTEN "127.0.0.1:8512"
#define CONFIG_ANCHORS_MAX 64
#define CONFIG_PROFILE_FILES_MAX 64
/* A PO of 256 MiB in base64 with its envelope. */
#define CONFIG_BODY_MAX ((size_t)384 << 20)
/* Requests waiting for a worker: a second's worth. */
#define CONFIG_QUEUE_MAX 4096
#define CONFIG_DRAIN_MS 20000
#define CONFIG_LOW_SPACE ((uint64_t)1 << 30)
#define CONFIG_NO_SPACE ((uint64_t)128 << 20)
#define CONFIG_SERVICE_ID "urn:ltps:service"
#define CONFIG_MATERIAL_MAX 64
#define CONFIG_SCVP_CACHE_MS 60000
#define CONFIG_SCVP_POLICY_CACHE_MS 3600000

/* [scvp]; certificate NULL: there is no SCVP service. */
struct config_scvp {
	const char *certificate;
	const char *key;
	const char *password_file;
	const char *clients[CONFIG_ANCHORS_MAX];
	size_t n_clients;
	const char *names[SCVP_OWN_NAMES_MAX];
	size_t n_names;
	const char *hindsight_policy;
	enum digest_alg hash;
	bool fetch;
	bool client_status;
	bool require_authentication;
	uint32_t refused; /* SCVP_REFUSE_... */
	int64_t cache_ms;
	int64_t policy_cache_ms;
	unsigned clock_skew_min;
};

/* A signing key with its certificates; key NULL: none. */
struct config_key {
	const char *key; /* PEM, PKCS #12 or "pkcs11:..." */
	const char *certificate;
	const char *password_file;
	const char *module;
};

/* [validation]: POST /validate, and the key that signs reports. */
struct config_validation {
	struct config_key key;
	const char *policy; /* where a request names none; NULL: "default" */
	bool fetch;
};

/* [upkeep]; zeroed values are the domain's defaults. */
struct config_upkeep {
	struct ltp_upkeep_options options;
	const char *policy; /* whose algorithms evidence may rest on; NULL: "default" */
};

/* [auth] */
#define CONFIG_FAILURES 30
struct config_auth {
	bool require;      /* nobody is anonymous */
	bool insecure;     /* as it is, although a network gets here */
	uint32_t failures; /* wrong credentials a minute from one address; behind
			      them 429, and no line in the audit */
};

/* [client NAME]: who a certificate is. Texts borrowed from the file. */
struct config_client {
	const char *name;
	const char *subject; /* RFC 2253 text; NULL: the fingerprint */
	bool has_fingerprint;
	uint8_t fingerprint[32]; /* SHA-256 of the certificate */
	unsigned roles;          /* server/rights.h */
	const char *tenant;
};

/* [tenant NAME] */
struct config_tenant {
	struct ltp_tenant rules;
	const char **profiles; /* of rules */
	uint32_t rate;         /* requests a second; 0: no limit */
	uint32_t caller_rate;  /* of one caller */
};
/* A [notify NAME]. */
struct config_notify {
	const char *name;
	const char *url;
	const char *secret_file;
	unsigned kinds; /* enum notify_kind */
	int64_t give_up_ms;
	uint32_t timeout_ms;
	bool allow_loopback;
	bool allow_private;
};
#define CONFIG_NOTIFY_GIVE_UP_MS (INT64_C(7) * 86400000)
#define CONFIG_NOTIFY_TIMEOUT_MS 10000

/* A [trusted_list NAME]; texts borrowed from the file. */
#define CONFIG_LIST_SIGNERS_MAX 8 /* files */
struct config_trusted_list {
	const char *name;
	const char *url;  /* or: */
	const char *file;
	const char *signers[CONFIG_LIST_SIGNERS_MAX];
	size_t n_signers;
	bool lists;
	const char *announcement;
	const char *territories[TRUSTED_LISTS_TERRITORIES_MAX];
	size_t n_territories;
	const char *services[TRUSTED_LISTS_SERVICES_MAX]; /* "CA/QC", or whole URIs */
	size_t n_services;
	int64_t refresh_ms;
};

struct config {
	const char *name; /* of the file, for messages */
	const char *listen;
	const char *dir; /* of the store */
	const char *id;  /* URI of the service */
	unsigned workers;
	int64_t drain_ms;
	bool log_json;
	enum log_level log_level;
	struct http_limits limits;
	size_t body_max;
	size_t queue_max;
	uint64_t low_space;
	uint64_t no_space;
	struct tsa tsas[TSP_TSAS_MAX];
	size_t n_tsas;
	int64_t tsa_skew_ms;
	const char *anchors[CONFIG_ANCHORS_MAX];
	size_t n_anchors;
	const char *material[CONFIG_MATERIAL_MAX]; /* certificates, CRLs at hand */
	size_t n_material;
	struct config_scvp scvp;
	struct config_validation validation;
	struct config_key seal; /* of profiles that seal */
	struct config_upkeep upkeep;
	struct tls_options tls; /* certificate NULL: plain HTTP */
	struct config_auth auth;
	struct config_client *clients;
	size_t n_clients;
	struct config_tenant *tenants;
	size_t n_tenants;
	struct fetch_policy fetch;
	struct config_trusted_list trusted_lists[TRUSTED_LISTS_MAX];
	size_t n_trusted_lists;
	struct config_notify notify[NOTIFY_HOOKS_MAX];
	size_t n_notify;
	bool builtin_profiles;
	const char *profile_files[CONFIG_PROFILE_FILES_MAX];
	size_t n_profile_files;
	int64_t tree_max_age_ms; /* 0: as the profiles say */

	/* private */
	struct conf *conf;
	char **paths;
	size_t n_paths;
};

/*
 * config_parse - text to configuration.
 * name   of the file, for messages
 * base   folder that relative paths start at; "" leaves them
 * ret_c  release with config_clear()
 * Fails: FORMAT (caller) "name:line: ...", ARGUMENT (caller), TOO_LARGE, NOMEM
 */
int config_parse(struct view text, const char *name, const char *base,
		 struct config *ret_c, struct ltps_error *err) LTPS_CHECKED;
int config_read(const char *path, struct config *ret_c,
		struct ltps_error *err) LTPS_CHECKED;
void config_clear(struct config *c);
/* Whether other machines get to "ADDR:PORT". */
bool config_listens_to_all(const char *listen);

#endif
