/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signing_key_token - keys in a PKCS #11 token. OpenSSL 3.0 has no provider for
 * them of its own, and the packages of the platforms bring an engine; the rest of the
 * house does not see that the interface is an old one.
 *
 * The engine is one for the whole process, and the first module that it loaded stays.
 * It is never unloaded: what it has registered with OpenSSL would be left behind. Keys
 * are opened by one thread, at start.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/ui.h>
#include <string.h>

#include "base/fetch.h"
#include "ltp/signing_key_private.h"

#define ENGINE_NAME "pkcs11"
#define ENGINE_PACKAGE "libengine-pkcs11-openssl"
#define URI_MAX 1024

/* Nobody sits before a service: what is not given is not asked for. */
static int refuse_to_ask(UI *ui, UI_STRING *s)
{
	(void)ui;
	(void)s;
	return 0;
}

static int fail_remote(struct ltps_error *err, const char *text)
{
	return ltps_fail_openssl(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, NULL, "%s", text);
}

static ENGINE *loaded;

static int find_engine(struct ltps_error *err)
{
	if (loaded == NULL) {
		/* libcurl, when it is loaded, registers all engines for all keys: it
		 * comes before this one, or certificates' keys would go to the token.
		 */
		if (fetch_load(err) != 0)
			return -1;
		ENGINE_load_dynamic();
		loaded = ENGINE_by_id(ENGINE_NAME);
	}
	if (loaded != NULL)
		return 0;
	return ltps_fail_openssl(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER, NULL,
				 "no PKCS #11 engine: install " ENGINE_PACKAGE);
}

/* Module and PIN are told before the engine begins. */
static int start(ENGINE *e, const char *module, const struct signing_key_password *pin,
		 struct ltps_error *err)
{
	if (module != NULL && ENGINE_ctrl_cmd_string(e, "MODULE_PATH", module, 0) != 1)
		return fail_remote(err, "the engine does not take the PKCS #11 module");
	if (pin->given && ENGINE_ctrl_cmd_string(e, "PIN", pin->text, 0) != 1)
		return fail_remote(err, "the engine does not take the PIN");
	if (ENGINE_init(e) != 1)
		return fail_remote(err, "the PKCS #11 engine does not start");
	return 0;
}

static int load_key(ENGINE *e, const char *uri, EVP_PKEY **ret, struct ltps_error *err)
{
	UI_METHOD *ui = UI_create_method("none");
	if (ui == NULL || UI_method_set_reader(ui, refuse_to_ask) != 0) {
		UI_destroy_method(ui);
		return ltps_fail_nomem(err);
	}
	*ret = ENGINE_load_private_key(e, uri, ui, NULL);
	UI_destroy_method(ui);
	return *ret != NULL
		   ? 0
		   : fail_remote(err,
				 "the token gives no such key, or refuses the PIN");
}

/* The URI without type=...: the certificate stands beside the key. */
static void certificate_uri(const char *uri, char out[URI_MAX])
{
	size_t n = sizeof(SIGNING_KEY_URI) - 1;
	bool first = true;
	memcpy(out, uri, n);
	for (const char *p = uri + n; *p != '\0' && *p != '?';) {
		const size_t len = strcspn(p, ";?");
		const size_t room = len + (first ? 0 : 1);
		if (strncmp(p, "type=", 5) != 0 && n + room < URI_MAX) {
			if (!first)
				out[n++] = ';';
			memcpy(out + n, p, len);
			n += len;
			first = false;
		}
		p += len + (p[len] == ';' ? 1 : 0);
	}
	out[n] = '\0';
}

/* A token without one is no failure: the certificate may be in a file. */
static void load_certificate(ENGINE *e, const char *uri, X509 **ret)
{
	char text[URI_MAX];
	struct {
		const char *id;
		X509 *cert;
	} ask = { .id = text };
	certificate_uri(uri, text);
	if (ENGINE_ctrl_cmd(e, "LOAD_CERT_CTRL", 0, &ask, NULL, 0) == 1)
		*ret = ask.cert;
	ERR_clear_error();
}

int signing_key_token(const struct signing_key_source *s,
		      const struct signing_key_password *pin, void **ret_engine,
		      EVP_PKEY **ret_key, X509 **ret_certificate,
		      struct ltps_error *err)
{
	if (strlen(s->key) >= URI_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 7512",
				 "the URI of the key is too long");
	if (find_engine(err) != 0 || start(loaded, s->module, pin, err) != 0)
		return -1;
	if (load_key(loaded, s->key, ret_key, err) != 0) {
		signing_key_token_close(loaded);
		return -1;
	}
	if (s->certificate == NULL)
		load_certificate(loaded, s->key, ret_certificate);
	*ret_engine = loaded;
	return 0;
}

void signing_key_token_close(void *engine)
{
	if (engine != NULL)
		ENGINE_finish(engine);
}
