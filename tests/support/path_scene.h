/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path_scene - certificates of any shape for tests of paths, decoded and put into
 * one pool. What cannot be made ends the test.
 */
#ifndef LTPS_TESTS_PATH_SCENE_H
#define LTPS_TESTS_PATH_SCENE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "tests/support/pki_fixture.h"
#include "validation/path.h"

#define PATH_SCENE_CERTS_MAX 12000
#define PATH_SCENE_EXTENSIONS_MAX 6

/* Signed with Ed25519: the quickest to make. */
struct path_scene_cert {
	X509 *x;
	EVP_PKEY *key;
	const struct cert *cert; /* owned by the scene */
};

struct path_scene {
	struct material *pool;
	struct path_scene_cert *certs[PATH_SCENE_CERTS_MAX];
	size_t n;
};

/* Zeroed but for cn: a self-signed end entity of the fixture's validity. */
struct path_scene_options {
	const char *cn;                        /* O=LTPS Test, CN=cn; NULL: empty */
	const struct path_scene_cert *issuer;  /* NULL: itself */
	const struct path_scene_cert *key_of;  /* takes this one's key */
	const struct path_scene_cert *sign_as; /* issuer's name, but this key signs */
	bool ca;                               /* basicConstraints and keyCertSign */
	bool weak;                             /* a P-192 key of its own */
	bool aki; /* subject and authority key identifier */
	int64_t not_before_ms, not_after_ms;
	uint64_t serial; /* 0: the next one */
	/* "name=value" in the syntax of x509v3_config(5). */
	const char *extensions[PATH_SCENE_EXTENSIONS_MAX];
};

struct path_scene *path_scene_new(void);
void path_scene_free(struct path_scene *s); /* NULL-safe */
/* Made, and put into the pool as this kind; MATERIAL_KIND_COUNT: left out. */
struct path_scene_cert *path_scene_make(struct path_scene *s, enum material_kind kind,
					const struct path_scene_options *o);
/* The usual cases. */
struct path_scene_cert *path_scene_root(struct path_scene *s, const char *cn);
struct path_scene_cert *path_scene_ca(struct path_scene *s, const char *cn,
				      const struct path_scene_cert *issuer);
struct path_scene_cert *path_scene_leaf(struct path_scene *s, const char *cn,
					const struct path_scene_cert *issuer);
/* subject's name and key certified by another issuer. */
struct path_scene_cert *path_scene_cross(struct path_scene *s,
					 const struct path_scene_cert *subject,
					 const struct path_scene_cert *issuer);
/* A CRL of this CA with at most one entry, at this time for thirty days. */
void path_scene_crl(struct path_scene *s, const struct path_scene_cert *issuer,
		    int64_t this_ms, const struct path_scene_cert *revoked,
		    int64_t revoked_ms);

#endif
