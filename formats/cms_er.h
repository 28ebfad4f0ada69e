/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cms_er - evidence records inside a CMS signature (unsigned attributes
 * id-aa-er-internal and id-aa-er-external) and the bytes that they cover.
 */
#ifndef LTPS_FORMATS_CMS_ER_H
#define LTPS_FORMATS_CMS_ER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"
#include "formats/cms.h"

#define CMS_ERS_MAX 64 /* of one file; each renewal may leave one */

struct cms_er {
	size_t signer;      /* index into cms->signers */
	size_t attr;        /* index into its unsigned_attrs.a */
	size_t value;       /* of that attribute; further values cover the same bytes */
	bool external;      /* covers a data group: the CMS and the detached content */
	struct view record; /* EvidenceRecord TLV, or what stands there; into the cms */
};

/*
 * cms_er_list - every evidence record, in the order of the file.
 * ret_ers  free with mem_free(); NULL when there is none
 * Fails:   TOO_LARGE (object), NOMEM
 * Spec:    RFC 4998 appendix A
 */
int cms_er_list(const struct cms *cms, struct cms_er **ret_ers, size_t *ret_n,
		struct ltps_error *err) LTPS_CHECKED;

/*
 * The forms that writers have hashed; try them in this order. All start from
 * the file without the attribute of this and of every later evidence record
 * (an empty unsignedAttrs goes too), lengths around adjusted.
 */
enum cms_er_form {
	CMS_ER_CUT,    /* nothing else changed */
	CMS_ER_SORTED, /* unsignedAttrs and signerInfos then sorted as DER SET OF:
			  their order may be one that came with the attribute */
	CMS_ER_DER,    /* the whole re-encoded in DER, as TS 119 122-3 V1.1.1 wants */
	CMS_ER_FORM_COUNT
};

/*
 * cms_er_cuts - whether an attribute is missing in the bytes that ers[which] covers: it
 * holds that record or a later one. It goes with all of its values, an earlier record
 * among them. ers, n, which as below.
 */
bool cms_er_cuts(const struct cms_er *ers, size_t n, size_t which, size_t signer,
		 size_t attr);

/*
 * cms_er_covered - the bytes B that an evidence record covers in one form. Its
 * first hash list holds H(B) (internal), or exactly H(B) and H(content)
 * (external); after hash-tree renewal as usual.
 * ers, n  from cms_er_list, sorted by the caller from the oldest to the
 *         youngest by the genTime of their first archive time-stamp (a SET OF
 *         does not keep their order)
 * which   index into ers of the record in question
 * out     appended to
 * Fails:  ARGUMENT (caller) for entries that are not of this cms; TOO_LARGE,
 *         FORMAT, NOMEM
 * Spec:   RFC 4998 appendix A, 5.3; TS 119 122-3
 */
int cms_er_covered(const struct cms *cms, const struct cms_er *ers, size_t n,
		   size_t which, enum cms_er_form form, struct buf *out,
		   struct ltps_error *err) LTPS_CHECKED;

#endif
