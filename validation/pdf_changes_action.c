/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_changes_action - whether fields and annotations do more than move the view or
 * name an address: what a script or another program does shows what nobody signed.
 */
#include "validation/pdf_changes_private.h"

/* Those that move the view or name an address, and start no other (12.6.4). */
static int is_harmless(struct pdf_run *r, const struct pdf_value *raw, bool *ret,
		       struct ltps_error *err)
{
	const struct pdf_value *action, *kind;
	if (pdf_run_resolve(r, r->revision, raw, &action, err) ||
	    pdf_run_get(r, r->revision, action, "S", &kind, err))
		return -1;
	*ret = action->kind == PDF_NULL ||
	       (action->kind == PDF_DICT && !action->duplicate_keys &&
		pdf_dict_get(action, "Next") == NULL &&
		(pdf_is_name(kind, "GoTo") || pdf_is_name(kind, "URI") ||
		 pdf_is_name(kind, "Named")));
	return 0;
}

static int has_action(struct pdf_run *r, const struct pdf_value *v, bool *ret,
		      struct ltps_error *err)
{
	const struct pdf_value *a = pdf_dict_get(v, "A");
	bool harmless = true;
	if (a != NULL && is_harmless(r, a, &harmless, err))
		return -1;
	*ret = *ret || !harmless || pdf_dict_get(v, "AA") != NULL;
	return 0;
}

static int acts_below(struct pdf_run *r, const struct pdf_value *v, int depth,
		      bool *ret, struct ltps_error *err)
{
	const struct pdf_value *kids, *kid;
	if (has_action(r, v, ret, err) ||
	    pdf_run_get(r, r->revision, v, "Kids", &kids, err))
		return -1;
	if (kids->kind != PDF_ARRAY)
		return 0;
	*ret = *ret || depth == PDF_FIELD_DEPTH_MAX;
	for (size_t i = 0; i < kids->n && !*ret && pdf_change_step(r, 16); i++)
		if (pdf_run_resolve(r, r->revision, &kids->items[i], &kid, err) ||
		    acts_below(r, kid, depth + 1, ret, err))
			return -1;
	return 0;
}

int pdf_acts_below(struct pdf_run *r, const struct pdf_value *v, bool *ret,
		   struct ltps_error *err)
{
	return acts_below(r, v, 0, ret, err);
}

int pdf_acts_above(struct pdf_run *r, const struct pdf_value *v, bool *ret,
		   struct ltps_error *err)
{
	for (int i = 0; !*ret; i++) {
		const struct pdf_value *above = pdf_dict_get(v, "Parent");
		if (above == NULL || pdf_was_there(r, above))
			return 0;
		/* What nobody climbs to may act, above as below. */
		*ret = i == PDF_FIELD_DEPTH_MAX;
		if (!*ret && (pdf_run_resolve(r, r->revision, above, &v, err) ||
			      has_action(r, v, ret, err)))
			return -1;
	}
	return 0;
}

int pdf_key_acts(struct pdf_run *r, const struct pdf_spot *spot,
		 const struct pdf_value *after, bool *ret, struct ltps_error *err)
{
	const bool action = view_is_text(spot->keys[0], "A");
	bool harmless = false;
	if (action && spot->n == 1 && is_harmless(r, after, &harmless, err))
		return -1;
	*ret = view_is_text(spot->keys[0], "AA") || (action && !harmless);
	return 0;
}
