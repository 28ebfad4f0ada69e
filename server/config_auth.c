/* SPDX-License-Identifier: Apache-2.0 */
/* [tls], [auth], [client NAME], [tenant NAME]: who comes in, and by which way. */
#include <arpa/inet.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/access.h"
#include "server/config_private.h"
#include "server/rights.h"

/* A value that is not one: with the line it stands on. */
static int bad_value(const struct config *c, const char *section, const char *label,
		     const char *key, const char *why, struct ltps_error *err)
{
	return ltps_fail(
	    err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL, "%.100s:%u: [%s%s%.64s] %s %s",
	    c->name, conf_line(c->conf, section, label, key, 0), section,
	    label != NULL ? " " : "", label != NULL ? label : "", key, why);
}

static int read_tls(struct config *c, const char *base, struct ltps_error *err)
{
	static const char *const words[] = { "none", "optional", "required" };
	const struct conf *f = c->conf;
	struct tls_options *t = &c->tls;
	if (!conf_has_section(f, "tls", NULL))
		return 0;
	if (config_take_path(c, base, conf_text(f, "tls", NULL, "certificate", NULL),
			     &t->certificate, err) != 0 ||
	    config_take_path(c, base, conf_text(f, "tls", NULL, "key", NULL), &t->key,
			     err) != 0 ||
	    config_take_path(c, base, conf_text(f, "tls", NULL, "client_ca", NULL),
			     &t->client_ca, err) != 0)
		return -1;
	const char *word = conf_text(f, "tls", NULL, "clients",
				     t->client_ca != NULL ? "optional" : "none");
	size_t i = 0;
	while (i < 3 && strcmp(word, words[i]) != 0)
		i++;
	if (i == 3)
		return bad_value(c, "tls", NULL, "clients",
				 "is none, optional or required", err);
	t->clients = (enum tls_clients)i;
	if (t->clients != TLS_CLIENTS_NONE && t->client_ca == NULL)
		return bad_value(c, "tls", NULL, "clients", "needs client_ca", err);
	return 0;
}

static int read_roles(struct config *c, const char *label, unsigned *ret_roles,
		      struct ltps_error *err)
{
	const char *word;
	*ret_roles = 0;
	for (size_t i = 0;
	     (word = conf_text_at(c->conf, "client", label, "role", i)) != NULL; i++) {
		const unsigned role = role_parse(word);
		if (role == 0)
			return bad_value(c, "client", label, "role",
					 "is submitter, auditor or operator", err);
		*ret_roles |= role;
	}
	return 0;
}

/* 64 digits, with or without colons as openssl prints them. */
static bool read_fingerprint(const char *text, uint8_t out[32])
{
	size_t n = 0;
	for (; *text != '\0'; text++) {
		if (*text == ':')
			continue;
		const char *digits = "0123456789abcdef0123456789ABCDEF";
		const char *at = strchr(digits, *text);
		if (at == NULL || n == 64)
			return false;
		const uint8_t v = (uint8_t)((at - digits) % 16);
		out[n / 2] = (uint8_t)(n % 2 == 0 ? v << 4 : out[n / 2] | v);
		n++;
	}
	return n == 64;
}

static int read_client(struct config *c, const char *label, struct config_client *k,
		       struct ltps_error *err)
{
	const struct conf *f = c->conf;
	const char *print = conf_text(f, "client", label, "fingerprint", NULL);
	k->name = label;
	k->subject = conf_text(f, "client", label, "subject", NULL);
	k->tenant = conf_text(f, "client", label, "tenant", "default");
	k->has_fingerprint = print != NULL;
	if (!access_name_valid(label))
		return bad_value(c, "client", label, "role",
				 "belongs to a name that is no plain word", err);
	if ((print == NULL) == (k->subject == NULL))
		return bad_value(c, "client", label, "role",
				 "needs either subject or fingerprint", err);
	if (print != NULL && !read_fingerprint(print, k->fingerprint))
		return bad_value(c, "client", label, "fingerprint",
				 "is not a SHA-256 in hexadecimal", err);
	if (!access_tenant_valid(k->tenant))
		return bad_value(c, "client", label, "tenant",
				 "is not made of a-z, 0-9, '.', '_', '-'", err);
	return read_roles(c, label, &k->roles, err);
}

static int read_clients(struct config *c, struct ltps_error *err)
{
	const char *label;
	size_t cap = 0;
	for (size_t i = 0; (label = conf_label(c->conf, "client", i)) != NULL; i++) {
		if (c->tls.clients == TLS_CLIENTS_NONE)
			return bad_value(c, "client", label, "role",
					 "needs [tls] client_ca", err);
		if (mem_grow(&c->clients, sizeof(*c->clients), c->n_clients + 1, &cap,
			     err) != 0)
			return -1;
		struct config_client *k = &c->clients[c->n_clients++];
		memset(k, 0, sizeof(*k));
		if (read_client(c, label, k, err) != 0)
			return -1;
	}
	return 0;
}

static int read_profile_names(struct config *c, const char *label,
			      struct config_tenant *t, struct ltps_error *err)
{
	const char *id;
	size_t cap = 0;
	while ((id = conf_text_at(c->conf, "tenant", label, "profile",
				  t->rules.n_profiles)) != NULL) {
		if (mem_grow(&t->profiles, sizeof(*t->profiles),
			     t->rules.n_profiles + 1, &cap, err) != 0)
			return -1;
		t->profiles[t->rules.n_profiles++] = id;
	}
	t->rules.profiles = t->profiles;
	return 0;
}

static int read_tenants(struct config *c, struct ltps_error *err)
{
	const struct conf *f = c->conf;
	const char *label;
	size_t cap = 0;
	for (size_t i = 0; (label = conf_label(f, "tenant", i)) != NULL; i++) {
		if (!access_tenant_valid(label))
			return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
					 "%.100s: [tenant %.64s]: a tenant is made of "
					 "a-z, 0-9, '.', '_', '-'",
					 c->name, label);
		if (mem_grow(&c->tenants, sizeof(*c->tenants), c->n_tenants + 1, &cap,
			     err) != 0)
			return -1;
		struct config_tenant *t = &c->tenants[c->n_tenants++];
		*t = (struct config_tenant){
			.rules = { .name = label,
				   .max_objects = (uint64_t)conf_int(f, "tenant", label,
								     "max_objects", 0),
				   .max_bytes = (uint64_t)conf_int(f, "tenant", label,
								   "max_bytes", 0) },
			.rate = (uint32_t)conf_int(f, "tenant", label, "rate", 0),
			.caller_rate =
			    (uint32_t)conf_int(f, "tenant", label, "caller_rate", 0),
		};
		if (read_profile_names(c, label, t, err) != 0)
			return -1;
	}
	return 0;
}

bool config_listens_to_all(const char *listen)
{
	char addr[64];
	uint16_t port;
	struct in_addr v4;
	struct in6_addr v6;
	struct ltps_error ignored = LTPS_ERROR_INIT;
	if (http_parse_listen(listen, addr, sizeof(addr), &port, &ignored) != 0)
		return true;
	if (strcmp(addr, "localhost") == 0)
		return false;
	if (inet_pton(AF_INET, addr, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 != 127;
	return inet_pton(AF_INET6, addr, &v6) != 1 || !IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Nothing is open to a network because somebody forgot a line. */
static int check_open(const struct config *c, struct ltps_error *err)
{
	if (!config_listens_to_all(c->listen) || c->auth.insecure ||
	    (c->tls.certificate != NULL && c->auth.require))
		return 0;
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
			 "%.100s:%u: [service] listen: other machines get to %.64s, "
			 "which needs %s%s%s; or [auth] insecure = true",
			 c->name, conf_line(c->conf, "service", NULL, "listen", 0),
			 c->listen, c->tls.certificate == NULL ? "[tls]" : "",
			 c->tls.certificate == NULL && !c->auth.require ? " and " : "",
			 c->auth.require ? "" : "[auth] require = true");
}

/* Read where they are needed; a port or a URL would never be met there. */
static int check_names(const struct config *c, struct ltps_error *err)
{
	const char *name;
	for (size_t i = 0;
	     (name = conf_text_at(c->conf, "auth", NULL, "name", i)) != NULL; i++)
		if (name[0] == '\0' || strpbrk(name, ":/[] \t") != NULL)
			return bad_value(c, "auth", NULL, "name",
					 "is a host's name, without a port", err);
	return 0;
}

int config_read_auth(struct config *c, const char *base, struct ltps_error *err)
{
	const struct conf *f = c->conf;
	c->auth.require = conf_int(f, "auth", NULL, "require", 0) != 0;
	c->auth.insecure = conf_int(f, "auth", NULL, "insecure", 0) != 0;
	c->auth.failures =
	    (uint32_t)conf_int(f, "auth", NULL, "failures", CONFIG_FAILURES);
	if (read_tls(c, base, err) != 0 || read_clients(c, err) != 0 ||
	    read_tenants(c, err) != 0 || check_names(c, err) != 0)
		return -1;
	return check_open(c, err);
}

void config_clear_auth(struct config *c)
{
	for (size_t i = 0; i < c->n_tenants; i++)
		mem_free(c->tenants[i].profiles);
	mem_free(c->tenants);
	mem_free(c->clients);
}
