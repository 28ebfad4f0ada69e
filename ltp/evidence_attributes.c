/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/evidence_attributes.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/asn1.h"

/* Annex I: id-pres-preservation-service-identifier, -evidence-policy, -profile. */
#define OID_SERVICE "0.4.0.19512.1.1"
#define OID_POLICY "0.4.0.19512.1.2"
#define OID_PROFILE "0.4.0.19512.1.3"

static void setting_name(int64_t tree, char out[64])
{
	snprintf(out, 64, "tree.attributes.%" PRId64, tree);
}

/* Attribute with one IA5String; a text that is none has no attribute. */
static int put(struct buf *out, const char *oid, const char *uri,
	       struct ltps_error *err)
{
	struct buf value = buf_make(EVIDENCE_ATTRIBUTES_MAX),
		   set = buf_make(EVIDENCE_ATTRIBUTES_MAX),
		   body = buf_make(EVIDENCE_ATTRIBUTES_MAX);
	int rc = -1;
	for (const char *c = uri; c != NULL && *c != '\0'; c++)
		if ((unsigned char)*c > 0x7e)
			uri = NULL;
	if (uri == NULL)
		return 0;
	if (der_put(&value, ASN1_TAG_IA5, view_text(uri), err) == 0 &&
	    der_put(&set, DER_SET, view_buf(&value), err) == 0 &&
	    der_put_oid(&body, oid, err) == 0 &&
	    buf_put(&body, view_buf(&set), err) == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
	buf_free(&body);
	buf_free(&set);
	buf_free(&value);
	return rc;
}

int evidence_attributes_put(struct store_conn *conn, const struct ltp *l,
			    const struct profile *p, int64_t tree,
			    struct ltps_error *err)
{
	struct buf all = buf_make(EVIDENCE_ATTRIBUTES_MAX);
	char name[64];
	int rc = -1;
	if (p == NULL || !p->evidence_attributes)
		return 0;
	setting_name(tree, name);
	if (put(&all, OID_SERVICE, l->o.service_id, err) == 0 &&
	    put(&all, OID_POLICY, p->evidence_policy, err) == 0 &&
	    put(&all, OID_PROFILE, p->id, err) == 0)
		rc = store_setting_put(conn, name, all.p, all.n, err);
	buf_free(&all);
	return rc;
}

int evidence_attributes_get(struct store_conn *conn, const struct tree *tree,
			    uint8_t out[EVIDENCE_ATTRIBUTES_MAX], size_t *ret_n,
			    struct ltps_error *err)
{
	char name[64];
	*ret_n = 0;
	if (tree->purpose != TREE_FIRST)
		return 0;
	setting_name(tree->id, name);
	return store_setting_find(conn, name, out, EVIDENCE_ATTRIBUTES_MAX, ret_n, err);
}
