/* SPDX-License-Identifier: Apache-2.0 */
/* vp_response - ValPolResponse, RFC 5055 6. */
#include <string.h>

#include "base/mem.h"
#include "scvp/write.h"

static int read_versions(struct reader *r, struct view *c, struct scvp_vp_response *p)
{
	uint64_t *const fields[] = { &p->version, &p->max_cv_version,
				     &p->max_vp_version };
	struct tlv t;
	bool there;
	for (size_t i = 0; i < 3; i++) {
		if (read_need(r, c, ID_INTEGER, READ_VALUE, "version", &t) != 0 ||
		    read_uint(r, &t, fields[i]) != 0)
			return -1;
	}
	if (read_need(r, c, ID_INTEGER, READ_VALUE, "serverConfigurationID", &t) != 0)
		return -1;
	p->config_id = t.body;
	if (read_need(r, c, ID_TIME, READ_VALUE, "thisUpdate", &t) != 0 ||
	    read_time(r, &t, &p->this_update_ms) != 0 ||
	    read_maybe(r, c, ID_TIME, READ_VALUE, "nextUpdate", &t, &there) != 0)
		return -1;
	p->has_next_update = there;
	return there ? read_time(r, &t, &p->next_update_ms) : 0;
}

struct list_field {
	struct scvp_list *list;
	size_t min;
	bool oids;
	const char *what;
};

static int read_lists(struct reader *r, struct view *c, const struct list_field *fields,
		      size_t n)
{
	struct tlv t;
	for (size_t i = 0; i < n; i++) {
		const struct list_field *f = &fields[i];
		if (read_need(r, c, ID_SEQUENCE, READ_LIST, f->what, &t) != 0)
			return -1;
		if ((f->oids
			 ? read_oids(r, t.body, f->min, SCVP_OIDS_MAX, f->what, f->list)
			 : read_tlvs(r, t.body, f->min, SCVP_OIDS_MAX, f->what,
				     f->list)) != 0)
			return -1;
	}
	return 0;
}

static int read_types(struct reader *r, struct view *c, struct scvp_vp_response *p)
{
	struct tlv t;
	if (read_need(r, c, ID_ENUMERATED, READ_VALUE, "responseTypes", &t) != 0 ||
	    read_uint(r, &t, &p->response_types) != 0 ||
	    read_need(r, c, ID_SEQUENCE, READ_LIST, "defaultPolicyValues", &t) != 0 ||
	    read_policy(r, t.body, &p->defaults) != 0 ||
	    read_need(r, c, ID_BITS, READ_VALUE, "revocationInfoTypes", &t) != 0)
		return -1;
	if (t.body.n == 0 || t.body.p[0] > 7)
		return read_fail(r, SCVP_BAD_STRUCTURE, "X.690 8.6.2",
				 "revocationInfoTypes");
	for (size_t i = 0; i < 32 && 1 + i / 8 < t.body.n; i++)
		p->revocation_types |=
		    (uint64_t)((t.body.p[1 + i / 8] >> (7 - i % 8)) & 1) << i;
	return 0;
}

static int read_rest(struct reader *r, struct view *c, struct scvp_vp_response *p)
{
	struct tlv t;
	bool there;
	if (read_maybe(r, c, ID_SEQUENCE, READ_LIST, "serverPublicKeys", &t,
		       &p->has_public_keys) != 0)
		return -1;
	if (p->has_public_keys && read_tlvs(r, t.body, 0, SCVP_OIDS_MAX,
					    "serverPublicKeys", &p->public_keys) != 0)
		return -1;
	p->clock_skew_min = SCVP_CLOCK_SKEW_DEFAULT_MIN;
	if (read_maybe(r, c, ID_INTEGER, READ_VALUE, "clockSkew", &t, &there) != 0)
		return -1;
	if (there && read_uint(r, &t, &p->clock_skew_min) != 0)
		return -1;
	if (read_maybe(r, c, ID_OCTETS, READ_STRING, "requestNonce", &t,
		       &p->has_nonce) != 0)
		return -1;
	return p->has_nonce
		   ? read_octets(r, &t, SCVP_NONCE_MAX, "requestNonce", &p->nonce)
		   : 0;
}

static int read_response(struct reader *r, struct view in, struct scvp_vp_response *p)
{
	const struct list_field first[] = {
		{ &p->checks, 1, true, "supportedChecks" },
		{ &p->want_backs, 1, true, "supportedWantBacks" },
		{ &p->policies, 0, true, "validationPolicies" },
		{ &p->algorithms, 0, true, "validationAlgs" },
		{ &p->auth_policies, 0, true, "authPolicies" },
	};
	const struct list_field second[] = {
		{ &p->signature_generation, 0, false, "signatureGeneration" },
		{ &p->signature_verification, 0, false, "signatureVerification" },
		{ &p->hash_algorithms, 1, true, "hashAlgorithms" },
	};
	struct tlv t;
	if (in.n > SCVP_RESPONSE_MAX)
		return read_fail(r, SCVP_INVALID_REQUEST, NULL, "message too large");
	uint8_t *copy = scvp_arena_alloc(r->arena, 1, in.n);
	if (copy == NULL)
		return read_nomem(r);
	if (in.n > 0)
		memcpy(copy, in.p, in.n);
	struct view c = view_of(copy, in.n);
	if (read_need(r, &c, ID_SEQUENCE, READ_LIST, "ValPolResponse", &t) != 0 ||
	    read_end(r, c, "ValPolResponse") != 0)
		return -1;
	c = t.body;
	if (read_versions(r, &c, p) != 0 || read_lists(r, &c, first, 5) != 0 ||
	    read_types(r, &c, p) != 0 || read_lists(r, &c, second, 3) != 0 ||
	    read_rest(r, &c, p) != 0)
		return -1;
	return read_end(r, c, "ValPolResponse");
}

int scvp_vp_response_parse(struct view in, struct scvp_vp_response **ret,
			   struct ltps_error *err)
{
	struct reader r = { .err = err };
	struct scvp_vp_response *p = mem_zalloc(1, sizeof(*p));
	int rc = -1;
	if (p == NULL || (r.arena = p->arena = scvp_arena_new()) == NULL)
		read_nomem(&r);
	else
		rc = read_response(&r, in, p);
	if (rc == 0)
		*ret = p;
	else
		scvp_vp_response_free(p);
	return rc;
}

void scvp_vp_response_free(struct scvp_vp_response *r)
{
	if (r == NULL)
		return;
	scvp_arena_free(r->arena);
	mem_free(r);
}

/* ---- writing ---- */

/* Bits 0 to 3, named: no trailing zero bits. */
static void write_revocation_types(struct writer *w, uint64_t types)
{
	uint8_t bits[2] = { 0 };
	unsigned n = 0;
	for (unsigned i = 0; i < 4; i++) {
		if ((types >> i & 1) != 0) {
			bits[1] |= (uint8_t)(0x80 >> i);
			n = i + 1;
		}
	}
	bits[0] = (uint8_t)(n > 0 ? 8 - n : 0);
	write_value(w, ID_BITS, view_of(bits, n > 0 ? 2 : 1));
}

static void write_head(struct writer *w, const struct scvp_vp_response *p)
{
	write_uint(w, ID_INTEGER, p->version);
	write_uint(w, ID_INTEGER, p->max_cv_version);
	write_uint(w, ID_INTEGER, p->max_vp_version);
	write_value(w, ID_INTEGER, p->config_id);
	write_time(w, ID_TIME, p->this_update_ms);
	if (p->has_next_update)
		write_time(w, ID_TIME, p->next_update_ms);
}

int scvp_vp_response_encode(const struct scvp_vp_response *p, struct buf *out,
			    struct ltps_error *err)
{
	struct writer w = writer_to(out, err);
	const size_t at = write_open(&w, ID_SEQUENCE);
	write_head(&w, p);
	write_oids(&w, ID_SEQUENCE, p->checks);
	write_oids(&w, ID_SEQUENCE, p->want_backs);
	write_oids(&w, ID_SEQUENCE, p->policies);
	write_oids(&w, ID_SEQUENCE, p->algorithms);
	write_oids(&w, ID_SEQUENCE, p->auth_policies);
	write_uint(&w, ID_ENUMERATED, p->response_types);
	write_policy(&w, ID_SEQUENCE, &p->defaults);
	write_revocation_types(&w, p->revocation_types);
	write_tlvs(&w, ID_SEQUENCE, p->signature_generation);
	write_tlvs(&w, ID_SEQUENCE, p->signature_verification);
	write_oids(&w, ID_SEQUENCE, p->hash_algorithms);
	if (p->has_public_keys)
		write_tlvs(&w, ID_SEQUENCE, p->public_keys);
	if (p->clock_skew_min != SCVP_CLOCK_SKEW_DEFAULT_MIN)
		write_uint(&w, ID_INTEGER, p->clock_skew_min);
	if (p->has_nonce)
		write_value(&w, ID_OCTETS, p->nonce);
	write_close(&w, at);
	return writer_end(&w);
}
