/* SPDX-License-Identifier: Apache-2.0 */
/* footing_judge - when a footing weakens, the path that stands in it, and what two of
 * them have in common. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ltp/footing.h"
#include "ltp/footing_private.h"
#include "validation/key.h"

/* ---- reading ---- */

static int corrupt(struct ltps_error *err)
{
	ltps_error_clear(err);
	return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
			 "a footing does not decode");
}

/* The next member: its tag, and the only element inside. */
static int next_member(struct view *cursor, enum footing_member *ret_kind,
		       struct tlv *ret_inner, struct ltps_error *err)
{
	struct tlv t;
	if (tlv_next(cursor, &t, err) != 0 || t.cls != ASN1_CONTEXT ||
	    t.number > FOOTING_ANCHOR || tlv_only(t.body, ret_inner, err) != 0)
		return corrupt(err);
	*ret_kind = (enum footing_member)t.number;
	return 0;
}

static int begin(struct view uses, struct view *ret_cursor, struct ltps_error *err)
{
	struct tlv outer;
	if (tlv_only(uses, &outer, err) != 0 ||
	    !tlv_is(&outer, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE))
		return corrupt(err);
	*ret_cursor = outer.body;
	return 0;
}

static int read_digest(const struct tlv *t, enum digest_alg *ret,
		       struct ltps_error *err)
{
	uint64_t v;
	if (!tlv_is(t, ASN1_UNIVERSAL, ASN1_TAG_INTEGER) || tlv_uint(t, &v, err) != 0 ||
	    v >= DIGEST_ALG_COUNT)
		return corrupt(err);
	*ret = (enum digest_alg)v;
	return 0;
}

/* ---- the earliest date ---- */

void footing_short(const char *from, char out[FOOTING_SHORT])
{
	size_t n = strnlen(from, FOOTING_SHORT - 1);
	while (n > 0 && !utf8_valid(view_of(from, n)))
		n--;
	memcpy(out, from, n);
	out[n] = '\0';
}

void footing_plan_earlier(struct footing_plan *p, int64_t weakens_ms, const char *fmt,
			  ...)
{
	va_list ap;
	if (weakens_ms >= p->weakens_ms)
		return;
	p->weakens_ms = weakens_ms;
	va_start(ap, fmt);
	vsnprintf(p->reason, sizeof(p->reason), fmt, ap);
	va_end(ap);
}

/* What is judged, and what is known of it already. */
struct judging {
	const struct algorithm_policy *policy;
	struct footing_memo *memo; /* NULL: nothing */
};

static int explain(const struct algorithm_policy *policy, const struct tlv *use,
		   struct algorithm_verdict *ret, struct ltps_error *err)
{
	struct view cursor = use->body;
	struct tlv spki, algorithm, digest;
	struct algorithm_use u = { 0 };
	if (tlv_next(&cursor, &spki, err) != 0 ||
	    tlv_next(&cursor, &algorithm, err) != 0 ||
	    tlv_next(&cursor, &digest, err) != 0 || cursor.n != 0)
		return corrupt(err);
	if (read_digest(&digest, &u.digest, err) != 0 ||
	    key_decode(spki.whole, &u.key, err) != 0)
		return -1;
	u.algorithm = algorithm.whole;
	algorithm_policy_explain(policy, &u, ret);
	EVP_PKEY_free(u.key);
	return 0;
}

static int explain_known(const struct judging *j, const struct tlv *use,
			 struct algorithm_verdict *ret, struct ltps_error *err)
{
	struct digest d;
	if (j->memo == NULL)
		return explain(j->policy, use, ret, err);
	if (digest_once(DIGEST_SHA256, use->whole, &d, err) != 0)
		return -1;
	struct footing_known *k =
	    &j->memo->slots[(d.p[0] << 8 | d.p[1]) % FOOTING_MEMO_SLOTS];
	if (!k->used || memcmp(k->sha256, d.p, sizeof(k->sha256)) != 0) {
		if (explain(j->policy, use, ret, err) != 0)
			return -1;
		k->used = true;
		memcpy(k->sha256, d.p, sizeof(k->sha256));
		k->until_ms = ret->until_ms;
		memcpy(k->what, ret->what, sizeof(k->what));
	}
	ret->until_ms = k->until_ms;
	memcpy(ret->what, k->what, sizeof(ret->what));
	return 0;
}

static int judge_use(const struct judging *j, const struct tlv *use,
		     struct footing_plan *p, struct ltps_error *err)
{
	struct algorithm_verdict v;
	if (explain_known(j, use, &v, err) != 0)
		return -1;
	footing_plan_earlier(p, v.until_ms, "%s", v.what);
	return 0;
}

static int judge_digest(const struct algorithm_policy *policy, const struct tlv *t,
			struct footing_plan *p, struct ltps_error *err)
{
	enum digest_alg alg;
	if (read_digest(t, &alg, err) != 0)
		return -1;
	footing_plan_earlier(p, algorithm_policy_digest_until(policy, alg), "%s",
			     digest_name(alg));
	return 0;
}

static int read_cert(const struct tlv *t, struct cert **ret, struct ltps_error *err)
{
	if (cert_parse(t->whole, ret, err) == 0)
		return 0;
	return err->code == LTPS_FORMAT || err->code == LTPS_TOO_LARGE ? corrupt(err)
								       : -1;
}

/* Which certificate it is that ends. */
static int name_end(struct view uses, const char *tsa, struct footing_plan *p,
		    struct ltps_error *err)
{
	struct view cursor;
	enum footing_member kind;
	struct tlv t;
	char name[CERT_TEXT_MAX], shorter[FOOTING_SHORT];
	footing_short(tsa, shorter);
	snprintf(p->reason, sizeof(p->reason), "TSA certificate %s ends", shorter);
	if (begin(uses, &cursor, err) != 0)
		return -1;
	while (cursor.n > 0) {
		struct cert *c = NULL;
		if (next_member(&cursor, &kind, &t, err) != 0)
			return -1;
		if (kind != FOOTING_CERTIFICATE)
			continue;
		if (read_cert(&t, &c, err) != 0)
			return -1;
		const bool ends = c->not_after_ms == p->weakens_ms;
		cert_text(c, name);
		cert_free(c);
		if (!ends)
			continue;
		const bool own = strcmp(name, tsa) == 0; /* goes before a CA's */
		footing_short(name, shorter);
		snprintf(p->reason, sizeof(p->reason), "%s certificate %s ends",
			 own ? "TSA" : "CA", shorter);
		if (own)
			break;
	}
	return 0;
}

static int judge_uses(const struct judging *j, struct view uses, struct footing_plan *p,
		      struct ltps_error *err)
{
	struct view cursor;
	enum footing_member kind;
	struct tlv t;
	if (begin(uses, &cursor, err) != 0)
		return -1;
	while (cursor.n > 0) {
		if (next_member(&cursor, &kind, &t, err) != 0)
			return -1;
		if ((kind == FOOTING_USE && judge_use(j, &t, p, err) != 0) ||
		    (kind == FOOTING_DIGEST &&
		     judge_digest(j->policy, &t, p, err) != 0))
			return -1;
	}
	return 0;
}

static int judge(const struct judging *j, struct view uses, int64_t ends_ms,
		 const char *tsa, struct footing_plan *ret, struct ltps_error *err)
{
	struct footing_plan p = { .weakens_ms = ends_ms };
	if (j->policy != NULL && judge_uses(j, uses, &p, err) != 0)
		return -1;
	if (p.weakens_ms == ends_ms && ends_ms != INT64_MAX &&
	    name_end(uses, tsa, &p, err) != 0)
		return -1;
	*ret = p;
	return 0;
}

int footing_weakens(const struct algorithm_policy *policy, struct view uses,
		    int64_t ends_ms, const char *tsa, struct footing_plan *ret,
		    struct ltps_error *err)
{
	const struct judging j = { policy, NULL };
	return judge(&j, uses, ends_ms, tsa, ret, err);
}

int footing_weakens_by(struct footing_memo *memo, const struct algorithm_policy *policy,
		       const struct footing *f, struct footing_plan *ret,
		       struct ltps_error *err)
{
	const struct judging j = { policy, memo };
	return judge(&j, f->uses, f->ends_ms, f->tsa, ret, err);
}

/* ---- the path ---- */

static int read_path(struct view cursor, struct material *into, struct cert **anchor,
		     struct ltps_error *err)
{
	enum footing_member kind;
	struct tlv t;
	while (cursor.n > 0) {
		if (next_member(&cursor, &kind, &t, err) != 0)
			return -1;
		if (kind != FOOTING_CERTIFICATE && kind != FOOTING_ANCHOR)
			continue;
		if (into != NULL &&
		    material_add(into, MATERIAL_CERT, t.whole, err) != 0)
			return -1;
		if (kind == FOOTING_ANCHOR && *anchor == NULL &&
		    read_cert(&t, anchor, err) != 0)
			return -1;
	}
	return 0;
}

int footing_path(struct view uses, struct material *into, struct cert **ret_anchor,
		 struct ltps_error *err)
{
	struct view cursor;
	struct cert *anchor = NULL;
	int rc = begin(uses, &cursor, err);
	if (rc == 0)
		rc = read_path(cursor, into, &anchor, err);
	if (rc == 0 && ret_anchor != NULL) {
		*ret_anchor = anchor;
		return 0;
	}
	cert_free(anchor);
	return rc;
}

/* ---- what two have in common ---- */

static bool has_key(const struct material *path, const struct cert *of)
{
	for (size_t i = 0; i < material_count(path, MATERIAL_CERT); i++)
		if (view_equal(material_cert(path, MATERIAL_CERT, i)->spki, of->spki))
			return true;
	return false;
}

static void name_shared(const struct material *path, const struct material *other,
			char ret_name[CERT_TEXT_MAX])
{
	const struct cert *first = NULL;
	for (size_t i = 0; i < material_count(path, MATERIAL_CERT); i++) {
		const struct cert *c = material_cert(path, MATERIAL_CERT, i);
		if (has_key(other, c) &&
		    (first == NULL || c->not_after_ms < first->not_after_ms))
			first = c;
	}
	ret_name[0] = '\0';
	if (first != NULL)
		cert_text(first, ret_name);
}

int footing_shared(struct view uses, struct view other, char ret_name[CERT_TEXT_MAX],
		   struct ltps_error *err)
{
	struct material *a = NULL, *b = NULL;
	int rc = -1;
	if (material_new(&a, err) == 0 && material_new(&b, err) == 0 &&
	    footing_path(uses, a, NULL, err) == 0 &&
	    footing_path(other, b, NULL, err) == 0) {
		name_shared(a, b, ret_name);
		rc = 0;
	}
	material_free(b);
	material_free(a);
	return rc;
}
