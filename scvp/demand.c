/* SPDX-License-Identifier: Apache-2.0 */
#include "scvp/demand.h"

#include <string.h>

#include "validation/name.h"

/* ---- names: who we are ---- */

static int same_name(struct view a, struct view b, bool *ret, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct general_name x, y;
	*ret = false;
	if (general_name_next(&a, &x, &bad) != 0 ||
	    general_name_next(&b, &y, &bad) != 0 ||
	    general_name_equal(&x, &y, ret, &bad) != 0) {
		*ret = false; /* a name that cannot be compared is not ours */
		return read_pass_failure(&bad, err);
	}
	return 0;
}

/* Whether a GeneralName stands in the certificate, as subject or alternative name. */
static int cert_bears(const struct cert *c, struct view name, bool *ret,
		      struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct general_name g, own;
	struct view cursor = name;
	*ret = false;
	if (general_name_next(&cursor, &g, &bad) != 0)
		return 0;
	if (g.kind == GENERAL_NAME_DIRECTORY) {
		struct buf canonical = buf_make(NAME_SIZE_MAX * 4);
		const int rc = name_canonical(g.value, &canonical, &bad);
		*ret =
		    rc == 0 && view_equal(view_buf(&canonical), c->subject_canonical);
		buf_free(&canonical);
		if (rc != 0 && read_pass_failure(&bad, err) != 0)
			return -1;
	}
	struct view list = cert_ext_list(c, CERT_EXT_SAN);
	while (!*ret && list.n > 0) {
		if (general_name_next(&list, &own, &bad) != 0)
			break;
		if (same_name(own.whole, name, ret, err) != 0)
			return -1;
	}
	return 0;
}

/* RFC 5055 7: our name in requestorRef is a loop. */
static int check_loop(const struct demand *d, enum scvp_status *ret,
		      struct ltps_error *err)
{
	const struct scvp_request *q = d->request;
	const struct scvp_config *c = d->config;
	bool ours = false;
	for (size_t i = 0; i < q->requestor_ref.n && !ours; i++) {
		for (size_t k = 0; k < c->n_own_names && !ours; k++) {
			if (same_name(c->own_names[k], q->requestor_ref.v[i], &ours,
				      err) != 0)
				return -1;
		}
		for (size_t k = 0; k < c->n_signers && !ours; k++) {
			if (cert_bears(c->signers[k]->cert, q->requestor_ref.v[i],
				       &ours, err) != 0)
				return -1;
		}
	}
	if (ours)
		*ret = SCVP_RELAYING_LOOP;
	return 0;
}

/* ---- extensions, flags ---- */

static bool has_critical(const struct scvp_extensions *e)
{
	for (size_t i = 0; i < e->n; i++) {
		if (e->e[i].critical)
			return true;
	}
	return false;
}

/* No extension is known to us. */
static enum scvp_status check_extensions(struct demand *d)
{
	if (has_critical(&d->request->extensions))
		return SCVP_UNRECOGNIZED_CRIT_REQUEST_EXT;
	if (has_critical(&d->request->query.extensions))
		return SCVP_UNRECOGNIZED_CRIT_QUERY_EXT;
	d->skipped =
	    d->request->extensions.present || d->request->query.extensions.present;
	return SCVP_OKAY;
}

static enum scvp_status check_flags(struct demand *d)
{
	const struct scvp_query *q = &d->request->query;
	if (q->fresh_only && !d->request->has_nonce) {
		d->text = "cachedResponse FALSE needs a nonce";
		return SCVP_INVALID_REQUEST;
	}
	if (q->full_request && (d->config->refused & SCVP_REFUSE_FULL_REQUEST) != 0)
		return SCVP_FULL_REQUEST_UNSUPPORTED;
	if (q->policy_by_value &&
	    (d->config->refused & SCVP_REFUSE_POLICY_BY_VALUE) != 0)
		return SCVP_FULL_POL_RESPONSE_UNSUPPORTED;
	return SCVP_OKAY;
}

/* ---- who signs, and how ---- */

static void choose_algorithm(struct demand *d)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct tlv asked, own, oid;
	struct view wanted = VIEW_NULL;
	if (d->request->signature_alg.n > 0 &&
	    tlv_only(d->request->signature_alg, &asked, &bad) == 0 &&
	    tlv_peek(asked.body, &oid, &bad) == 0)
		wanted = oid.body;
	/* What we cannot do is answered with the default: RFC 5055 3.8. */
	for (size_t i = 0; i < d->signer->n_algs && wanted.n > 0; i++) {
		if (tlv_only(d->signer->algs[i], &own, &bad) == 0 &&
		    tlv_peek(own.body, &oid, &bad) == 0 &&
		    view_equal(oid.body, wanted)) {
			d->alg = i;
			return;
		}
	}
}

static int choose_signer(struct demand *d, enum scvp_status *ret,
			 struct ltps_error *err)
{
	const struct scvp_config *c = d->config;
	const struct view name = d->request->responder_name;
	bool bears = name.n == 0;
	if (!d->protect)
		return 0;
	if (c->n_signers == 0) {
		*ret = SCVP_PROTECTED_RESPONSE_UNSUPPORTED;
		return 0;
	}
	d->signer = c->signers[0];
	for (size_t i = 0; i < c->n_signers && !bears; i++) {
		if (cert_bears(c->signers[i]->cert, name, &bears, err) != 0)
			return -1;
		if (bears)
			d->signer = c->signers[i];
	}
	if (!bears)
		*ret = SCVP_UNRECOGNIZED_RESPONDER_NAME;
	else
		choose_algorithm(d);
	return 0;
}

/* ---- checks and wantBacks ---- */

static enum scvp_status read_checks(struct demand *d)
{
	const struct scvp_query *q = &d->request->query;
	/* Attribute certificates are not validated here; RFC 5055 3.2.2: a check that
	 * cannot be performed is an error. */
	if (q->attribute_certs) {
		d->text = "attribute certificates are not validated";
		return SCVP_UNSUPPORTED_CHECKS;
	}
	for (size_t i = 0; i < q->checks.n; i++) {
		const enum scvp_check_id id = scvp_check_id(q->checks.v[i]);
		if (id < SCVP_CHECK_BUILD || id > SCVP_CHECK_STATUS)
			return SCVP_UNSUPPORTED_CHECKS;
		d->checks[id] = true;
	}
	return SCVP_OKAY;
}

static bool want_offered(const struct demand *d, enum scvp_want_id id)
{
	switch (id) {
	case SCVP_WANT_OTHER:
	case SCVP_WANT_AA_PATH:
	case SCVP_WANT_AA_REVOCATION:
	case SCVP_WANT_AC_REVOCATION:
	case SCVP_WANT_AC_CERT:
		return false;
	case SCVP_WANT_RELAYED:
		return d->config->relays;
	case SCVP_WANT_ERS_CERT:
	case SCVP_WANT_ERS_BEST_PATH:
	case SCVP_WANT_ERS_PARTIAL_PATH:
	case SCVP_WANT_ERS_REVOCATION:
	case SCVP_WANT_ERS_ALL:
		return d->archive->evidence != NULL;
	default:
		return true;
	}
}

static enum scvp_status read_wants(struct demand *d)
{
	const struct scvp_query *q = &d->request->query;
	for (size_t i = 0; i < q->want_backs.n; i++) {
		const enum scvp_want_id id = scvp_want_id(q->want_backs.v[i]);
		if (!want_offered(d, id))
			return SCVP_UNSUPPORTED_WANT_BACKS;
		d->wants[id] = true;
	}
	d->needs_revocation =
	    d->checks[SCVP_CHECK_STATUS] || d->wants[SCVP_WANT_REVOCATION] ||
	    d->wants[SCVP_WANT_EE_REVOCATION] || d->wants[SCVP_WANT_CA_REVOCATION];
	d->many_paths = d->wants[SCVP_WANT_BEST_PATH] ||
			d->wants[SCVP_WANT_PARTIAL_PATH] ||
			d->wants[SCVP_WANT_ALL_PATHS];
	return SCVP_OKAY;
}

/* ---- time ---- */

static enum scvp_status choose_time(struct demand *d)
{
	const struct scvp_query *q = &d->request->query;
	const int64_t now = d->exchange->now_ms;
	const int64_t skew = (int64_t)d->config->clock_skew_min * 60 * 1000;
	d->time_ms = now;
	d->known_ms = now;
	if (!q->has_validation_time)
		return SCVP_OKAY;
	if (q->validation_time_ms > now + skew) {
		d->text = "validationTime is in the future";
		return SCVP_INVALID_REQUEST;
	}
	if (q->validation_time_ms > now - skew)
		return SCVP_OKAY; /* RFC 5055 3.2.7: as if it were now */
	if ((d->config->refused & SCVP_REFUSE_VALIDATION_TIME) != 0)
		return SCVP_VALIDATION_TIME_UNSUPPORTED;
	d->historical = true;
	d->time_ms = q->validation_time_ms;
	d->known_ms = d->policy_config->hindsight ? now : d->time_ms;
	return SCVP_OKAY;
}

/* ---- what the client sent along ---- */

static int add_item(struct material *m, enum material_kind kind, struct view der,
		    struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	if (material_add(m, kind, der, &bad) != 0)
		return read_pass_failure(&bad, err);
	return 0; /* help that is of no use is passed over: RFC 5055 3.2.8, 3.2.9 */
}

static int gather_extra(struct demand *d, struct ltps_error *err)
{
	const struct scvp_query *q = &d->request->query;
	if (q->intermediates.n == 0 && q->n_rev_infos == 0)
		return 0;
	if (material_new(&d->extra, err) != 0)
		return -1;
	for (size_t i = 0; i < q->intermediates.n; i++) {
		if (add_item(d->extra, MATERIAL_CERT, q->intermediates.v[i], err) != 0)
			return -1;
	}
	for (size_t i = 0; i < q->n_rev_infos; i++) {
		const struct scvp_rev_info *r = &q->rev_infos[i];
		if (r->kind == SCVP_REV_OTHER)
			continue;
		if (add_item(d->extra,
			     r->kind == SCVP_REV_OCSP ? MATERIAL_OCSP : MATERIAL_CRL,
			     r->der, err) != 0)
			return -1;
	}
	return 0;
}

int scvp_id_names(const struct scvp_cert_id *id, const struct cert *c, bool *ret,
		  struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct buf canonical = buf_make(NAME_SIZE_MAX * 4);
	int rc = 0;
	*ret = view_equal(c->serial, id->serial);
	if (*ret && id->issuer_name.n > 0 && !view_equal(id->issuer_name, c->issuer)) {
		*ret = name_canonical(id->issuer_name, &canonical, &bad) == 0 &&
		       view_equal(view_buf(&canonical), c->issuer_canonical);
		rc = read_pass_failure(&bad, err);
	}
	buf_free(&canonical);
	return rc;
}

/* The referenced certificate among those of the request itself. */
static int find_in(const struct material *m, enum material_kind kind,
		   const struct scvp_cert_id *id, struct cert **ret,
		   struct ltps_error *err)
{
	const enum digest_alg alg = id->hash_algorithm.n == 0
					? DIGEST_SHA1
					: digest_from_oid(id->hash_algorithm);
	struct digest d;
	if (m == NULL || alg == DIGEST_NONE)
		return 0;
	for (size_t i = 0; i < material_count(m, kind); i++) {
		const struct cert *c = material_cert(m, kind, i);
		bool named;
		if (scvp_id_names(id, c, &named, err) != 0)
			return -1;
		if (!named)
			continue;
		if (digest_once(alg, c->der, &d, err) != 0)
			return -1;
		if (view_equal(digest_view(&d), id->hash)) {
			*ret = cert_ref(c);
			return 0;
		}
	}
	return 0;
}

int demand_find(const struct demand *d, const struct scvp_cert_id *id,
		struct cert **ret, struct ltps_error *err)
{
	*ret = NULL;
	if (find_in(d->extra, MATERIAL_CERT, id, ret, err) != 0)
		return -1;
	if (*ret == NULL &&
	    find_in(d->config->trust, MATERIAL_ANCHOR, id, ret, err) != 0)
		return -1;
	if (*ret == NULL && d->archive->find != NULL)
		return d->archive->find(d->archive->arg, id, ret, err);
	return 0;
}

/* ---- all of it ---- */

static int check_context(struct demand *d, enum scvp_status *ret,
			 struct ltps_error *err)
{
	if (!d->many_paths && !d->request->query.has_context)
		return 0;
	if (context_identity(d->request, d->identity, err) != 0)
		return -1;
	if (d->request->query.has_context &&
	    !context_read(d->config, d->identity, d->request->query.context,
			  &d->given)) {
		d->text = "serverContextInfo is not of this server and query";
		*ret = SCVP_INVALID_REQUEST;
	}
	d->next = d->given;
	return 0;
}

int demand_make(struct demand *d, enum scvp_status *ret, struct ltps_error *err)
{
	d->protect = !d->request->query.unprotected;
	d->settled = true;
	d->until_ms = d->exchange->now_ms + d->config->cache_ms;
	*ret = SCVP_OKAY;
	if (check_loop(d, ret, err) != 0)
		return -1;
	if (*ret == SCVP_OKAY)
		*ret = check_extensions(d);
	if (*ret == SCVP_OKAY)
		*ret = check_flags(d);
	if (*ret == SCVP_OKAY && choose_signer(d, ret, err) != 0)
		return -1;
	if (*ret == SCVP_OKAY)
		*ret = read_checks(d);
	if (*ret == SCVP_OKAY)
		*ret = read_wants(d);
	if (*ret != SCVP_OKAY)
		return 0;
	if (gather_extra(d, err) != 0 || demand_policy(d, ret, err) != 0)
		return -1;
	if (*ret == SCVP_OKAY)
		*ret = choose_time(d);
	if (*ret == SCVP_OKAY && check_context(d, ret, err) != 0)
		return -1;
	return 0;
}

void demand_clear(struct demand *d)
{
	for (size_t i = 0; i < d->n_anchors; i++)
		cert_free(d->anchors[i]);
	material_free(d->extra);
}
