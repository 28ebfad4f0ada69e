/* SPDX-License-Identifier: Apache-2.0 */
/* scvp_options - the options of `ltps scvp`, read into a request to be made. */
#ifndef LTPS_SERVER_SCVP_OPTIONS_H
#define LTPS_SERVER_SCVP_OPTIONS_H

#include "scvp/client.h"
#include "server/commands.h"
#include "validation/material.h"

#define SCVP_OPTION_FILES_MAX 256 /* of one kind */
#define SCVP_OPTION_ITEMS_MAX 64  /* OIDs, names of one option */
#define SCVP_OPTION_KEPT_MAX 1024
#define SCVP_OPTIONS_MAX 48

struct option_texts {
	const char *t[SCVP_OPTION_FILES_MAX];
	unsigned n;
};

struct scvp_options {
	/* as given */
	struct option_texts files[MATERIAL_KIND_COUNT], server_anchors, server_certs;
	struct option_texts checks, wants;
	struct option_texts initial, usages, purposes, specified, names, refs;
	const char *time, *oldest, *policy, *hash, *text, *context;
	const char *key, *signer, *requestor, *responder;
	int explicit_policy, inhibit_mapping, inhibit_any, is_unsigned, no_cache;
	int no_nonce, full_request, by_value, by_reference, server_status;
	/* as read */
	struct scvp_ask ask;
	struct material *targets;
	struct material *given; /* --cert, --crl, --ocsp and --anchor */
	struct material *trust; /* for the server's certificate */
	struct material *servers; /* --server-cert */
	struct scvp_signer *own_signer;
	/* What the request borrows. */
	struct buf kept[SCVP_OPTION_KEPT_MAX];
	size_t n_kept;
	struct scvp_cert_ref *refs_made, *anchors;
	struct scvp_rev_info *infos;
	struct view lists[4][SCVP_OPTION_ITEMS_MAX];
	uint16_t usage_bits[SCVP_OPTION_ITEMS_MAX];
	uint8_t nonce[SCVP_NONCE_LEN];
};

#define SCVP_OPTIONS_HELP                                                              \
	"  --check C        build, valid, status (default); several with commas\n"     \
	"  --want W,W       path, revocation, key, cert, all-paths, ee-revocation,\n"  \
	"                   ca-revocation, partial-path, relayed, ers-cert, "          \
	"ers-path,\n"                                                                  \
	"                   ers-partial-path, ers-revocation, ers-all\n"               \
	"  --time T         validationTime (RFC 3339, whole seconds)\n"                \
	"  --anchor F       trust anchors for the path, sent by value\n"               \
	"  --cert F         intermediate certificates, sent along; help with the\n"    \
	"                   server's own path too, as do\n"                            \
	"  --crl F, --ocsp F  revocation information, sent along\n"                    \
	"  --server-anchor F  anchors of the server's certificate (default: "          \
	"--anchor)\n"                                                                  \
	"  --server-cert F  a server's certificate that need not be for SCVP servers\n" \
	"  --server-status  the server's certificate must be known not to be "         \
	"revoked\n"                                                                    \
	"  --policy OID     validation policy (default: that of the server)\n"         \
	"  --initial-policy OID, --explicit-policy, --inhibit-mapping, "               \
	"--inhibit-any\n"                                                              \
	"  --key-usage N    digitalSignature ...; N,N all of them; again: or these\n"  \
	"  --eku OID        extendedKeyUsages; --specified-eku OID\n"                  \
	"  --name N         the certificate is for dns:NAME, email:NAME or dn:NAME\n"  \
	"                   (C=...,O=...,CN=..., outermost first)\n"                   \
	"  --by-reference   names the certificates by hash, issuer and serial "        \
	"number\n"                                                                     \
	"  --unsigned       an unsigned response is welcome\n"                         \
	"  --no-cache       only a response made for this request\n"                   \
	"  --no-nonce       so that a cached response may come\n"                      \
	"  --oldest T       a cached response must not be older\n"                     \
	"  --full-request, --policy-by-value   in the response\n"                      \
	"  --hash ALG       of requestHash; --text T; --context HEX\n"                 \
	"  --requestor N, --responder N, --ref N   names: dns:, email:, uri:, dn:\n"   \
	"  --key F --signer F   sign the request\n"

/* Fills in the table; o is zeroed first. Gives how many. */
unsigned scvp_options_table(struct scvp_options *o,
			    struct command_option out[SCVP_OPTIONS_MAX]);
/*
 * scvp_options_load - o->ask, o->targets, o->trust and o->servers, from the options and
 * the files with the certificates to be asked about.
 * Release with scvp_options_clear(), also after a failure.
 * Fails: ARGUMENT (caller) for a value, else as material_read, scvp_signer_new
 */
int scvp_options_load(struct scvp_options *o, const char *const *files, unsigned n,
		      struct ltps_error *err) LTPS_CHECKED;
void scvp_options_clear(struct scvp_options *o);

#endif
