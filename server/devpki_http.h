/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devpki_http - the throwaway PKI behind a listener of http.h. Its answers are
 * computed on the loop's thread (a signature each, some 50 us with P-256).
 */
#ifndef LTPS_SERVER_DEVPKI_HTTP_H
#define LTPS_SERVER_DEVPKI_HTTP_H

#include "devpki/devpki.h"
#include "server/http.h"

/* Answers held back at a time; more of them are sent at once. */
#define DEVPKI_HTTP_DELAYED_MAX 256

struct devpki_http;

/*
 * devpki_http_new - listen.
 * listen   as struct http_options; port 0 picks one
 * pki      borrowed; NULL: 503 until devpki_http_set_pki(), for a PKI whose
 *          URLs need the port first
 * ret_h    free with devpki_http_free(), before the loop and the PKI
 * Fails:   as http_new()
 */
int devpki_http_new(struct loop *loop, const char *listen, struct devpki *pki,
		    struct devpki_http **ret_h, struct ltps_error *err) LTPS_CHECKED;
void devpki_http_set_pki(struct devpki_http *h, struct devpki *pki);
unsigned devpki_http_port(const struct devpki_http *h);
/* No new connections. */
/* Drops what is held back. NULL-safe. */
void devpki_http_free(struct devpki_http *h);

#endif
