/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pki_server - a throwaway PKI behind HTTP on loopback, in a thread of its own,
 * for tests of what asks a TSA, OCSP responder or CRL distribution point.
 */
#ifndef LTPS_TESTS_PKI_SERVER_H
#define LTPS_TESTS_PKI_SERVER_H

#include "devpki/devpki.h"

struct pki_server;

/* In memory, two TSAs, the clock shows `now` and runs. Ends the test on failure. */
struct pki_server *pki_server_start(const char *now);
void pki_server_stop(struct pki_server *s);
/* "http://127.0.0.1:PORT" */
const char *pki_server_url(const struct pki_server *s);
/* The PKI, locked against the thread until pki_server_leave(). */
struct devpki *pki_server_enter(struct pki_server *s);
void pki_server_leave(struct pki_server *s);
/* Time-stamp requests answered so far. */
size_t pki_server_stamps(struct pki_server *s);

#endif
