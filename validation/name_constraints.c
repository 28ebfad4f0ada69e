/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name_constraints - subtrees by form of name. The intersection of RFC 5280 6.1.4
 * (g)(1) is not computed: a name must be within a permitted subtree of each
 * certificate that has some for its form, which is the same.
 */
#include "validation/name_constraints.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "validation/fields.h"
#include "validation/name_coarse.h"
#include "validation/name_match.h"

#define KINDS (GENERAL_NAME_RID + 1)
/* Comparisons that one step of the budget pays for. */
#define COMPARISONS_A_STEP 1000
/* Octets of a base that count as one comparison more. */
#define OCTETS_A_COMPARISON 64
/* Characters of a name shown in a finding. */
#define SHOWN_MAX 100

#define OID_EMAIL_ADDRESS "1.2.840.113549.1.9.1"
#define OID_SMTP_UTF8_MAILBOX "1.3.6.1.5.5.7.8.9"

struct subtree {
	struct view base;  /* of a directory name its canonical, or coarse form */
	struct buf folded; /* what base points to then */
	unsigned level;       /* which certificate it comes from */
	bool excluded;
};

struct subtree_list {
	struct subtree *items;
	size_t n, room;
	bool unusable; /* one cannot be applied: such names are refused */
};

struct name_constraints {
	struct subtree_list lists[KINDS];
	unsigned levels;
};

int name_constraints_new(struct name_constraints **ret, struct ltps_error *err)
{
	*ret = mem_zalloc(1, sizeof(**ret));
	return *ret != NULL ? 0 : ltps_fail_nomem(err);
}

void name_constraints_free(struct name_constraints *n)
{
	if (n == NULL)
		return;
	for (size_t k = 0; k < KINDS; k++) {
		for (size_t i = 0; i < n->lists[k].n; i++)
			buf_free(&n->lists[k].items[i].folded);
		mem_free(n->lists[k].items);
	}
	mem_free(n);
}

/* ---- gathering ---- */

static int list_add(struct subtree_list *l, const struct subtree *s,
		    struct ltps_error *err)
{
	if (l->n == l->room) {
		size_t room = l->room == 0 ? 8 : 2 * l->room;
		struct subtree *items = mem_resize(l->items, room, sizeof(*items));
		if (items == NULL)
			return ltps_fail_nomem(err);
		l->items = items;
		l->room = room;
	}
	l->items[l->n++] = *s;
	return 0;
}

/* GeneralSubtree, RFC 5280 4.2.1.10. */
struct raw_subtree {
	struct general_name base;
	bool plain; /* minimum 0, maximum absent */
};

static int read_subtree(struct view *list, struct raw_subtree *ret,
			struct ltps_error *err)
{
	struct tlv t, min, max;
	if (field_next(list, DER_SEQUENCE, "GeneralSubtree", &t, err) != 0 ||
	    general_name_next(&t.body, &ret->base, err) != 0 ||
	    field_optional(&t.body, FIELD_CONTEXT(0), "minimum", &min, err) != 0 ||
	    field_optional(&t.body, FIELD_CONTEXT(1), "maximum", &max, err) != 0 ||
	    tlv_end(t.body, "GeneralSubtree", err) != 0)
		return -1;
	struct view least = field_shortest_integer(min.body);
	bool zero = min.whole.n == 0 || (least.n == 1 && least.p[0] == 0);
	ret->plain = zero && max.whole.n == 0;
	return 0;
}

/* Wrongly equal names are refused by an excluded subtree, and let in by a permitted one:
 * each is compared so that it errs on the strict side. */
static int fold_base(struct view name, bool excluded, struct buf *out,
		     struct ltps_error *err)
{
	return excluded ? name_coarse(name, out, err) : name_canonical(name, out, err);
}

static int put_usable(struct name_constraints *n, const struct raw_subtree *raw,
		      bool excluded, struct ltps_error *err)
{
	struct subtree s = { .base = raw->base.value,
			     .folded = buf_make(NAME_COARSE_MAX),
			     .level = n->levels,
			     .excluded = excluded };
	if (raw->base.kind == GENERAL_NAME_DIRECTORY) {
		if (fold_base(raw->base.value, excluded, &s.folded, err) != 0)
			goto fail;
		s.base = view_buf(&s.folded);
	}
	if (list_add(&n->lists[raw->base.kind], &s, err) == 0)
		return 0;
fail:
	buf_free(&s.folded);
	return -1;
}

static int malformed_base(struct ltps_error *err)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 5280 4.2.1.10",
			 "a subtree is none of its form");
}

static int add_subtree(struct name_constraints *n, const struct raw_subtree *raw,
		       bool excluded, bool critical, struct ltps_error *err)
{
	struct subtree_list *l = &n->lists[raw->base.kind];
	switch (base_check(raw->base.kind, raw->base.value)) {
	case BASE_MALFORMED:
		return malformed_base(err);
	case BASE_UNSUPPORTED: {
		/* Of the forms that RFC 5280 gives a meaning, all must be applied. */
		bool defined = raw->base.kind == GENERAL_NAME_DNS;
		l->unusable = l->unusable || critical || defined;
		return 0;
	}
	case BASE_USABLE:
		break;
	}
	if (!raw->plain) {
		l->unusable = true;
		return 0;
	}
	return put_usable(n, raw, excluded, err);
}

static int add_list(struct name_constraints *n, struct view list, bool excluded,
		    bool critical, struct ltps_error *err)
{
	struct raw_subtree raw;
	while (list.n > 0) {
		if (read_subtree(&list, &raw, err) != 0 ||
		    add_subtree(n, &raw, excluded, critical, err) != 0)
			return -1;
	}
	return 0;
}

int name_constraints_add(struct name_constraints *n, struct view value, bool critical,
			 bool *ret_malformed, struct ltps_error *err)
{
	struct tlv permitted, excluded;
	n->levels++;
	/* An empty one says nothing that could be kept: RFC 5280 4.2.1.10 forbids it.
	 */
	*ret_malformed = value.n == 0;
	if (field_optional(&value, FIELD_CONTEXT_CONSTRUCTED(0), "permittedSubtrees",
			   &permitted, err) == 0 &&
	    field_optional(&value, FIELD_CONTEXT_CONSTRUCTED(1), "excludedSubtrees",
			   &excluded, err) == 0 &&
	    tlv_end(value, "NameConstraints", err) == 0 &&
	    add_list(n, permitted.body, false, critical, err) == 0 &&
	    add_list(n, excluded.body, true, critical, err) == 0)
		return 0;
	if (err->fault != LTPS_FAULT_OBJECT)
		return -1;
	ltps_error_clear(err);
	*ret_malformed = true;
	return 0;
}

/* ---- holding names against them ---- */

struct check {
	const struct name_constraints *n;
	struct path_run *run;
	struct name_verdict *ret;
	size_t work; /* comparisons not yet paid for */
};

static const char *const kind_names[KINDS] = {
	[GENERAL_NAME_OTHER] = "otherName",
	[GENERAL_NAME_EMAIL] = "rfc822Name",
	[GENERAL_NAME_DNS] = "dNSName",
	[GENERAL_NAME_X400] = "x400Address",
	[GENERAL_NAME_DIRECTORY] = "directoryName",
	[GENERAL_NAME_EDI] = "ediPartyName",
	[GENERAL_NAME_URI] = "uniformResourceIdentifier",
	[GENERAL_NAME_IP] = "iPAddress",
	[GENERAL_NAME_RID] = "registeredID",
};

static void show(enum general_name_kind kind, struct view value, char *out)
{
	size_t n = value.n < SHOWN_MAX / 2 ? value.n : SHOWN_MAX / 2;
	out[0] = '\0';
	switch (kind) {
	case GENERAL_NAME_DIRECTORY:
		name_text(value, out, SHOWN_MAX);
		break;
	case GENERAL_NAME_EMAIL:
	case GENERAL_NAME_DNS:
	case GENERAL_NAME_URI:
		for (size_t i = 0; i < n; i++)
			out[i] = value.p[i] > 0x20 && value.p[i] < 0x7f
				     ? (char)value.p[i]
				     : '?';
		out[n] = '\0';
		break;
	case GENERAL_NAME_IP:
		hex_encode(view_head(value, 16), out);
		break;
	default:
		break;
	}
}

static void refuse(struct check *k, enum path_code code, enum general_name_kind kind,
		   struct view value, const char *why)
{
	char shown[SHOWN_MAX + 1];
	show(kind, value, shown);
	k->ret->code = code;
	snprintf(k->ret->text, sizeof(k->ret->text), "%s%s %s", why, kind_names[kind],
		 shown);
}

/* False when the budget is spent. */
static bool pay(struct check *k, size_t base_n)
{
	k->work += 1 + base_n / OCTETS_A_COMPARISON;
	if (k->work < COMPARISONS_A_STEP)
		return true;
	uint32_t steps = (uint32_t)(k->work / COMPARISONS_A_STEP);
	k->work %= COMPARISONS_A_STEP;
	return path_run_step(k->run, steps);
}

/* PATH_OK, PATH_NAME_..., PATH_BUDGET */
static enum path_code judge(struct check *k, const struct ready_name *name)
{
	const struct subtree_list *l = &k->n->lists[name->kind];
	unsigned level = 0;
	bool within = true;
	for (size_t i = 0; i < l->n; i++) {
		const struct subtree *s = &l->items[i];
		if (!pay(k, s->base.n))
			return PATH_BUDGET;
		if (s->excluded) {
			if (name_touches(name, s->base))
				return PATH_NAME_EXCLUDED;
			continue;
		}
		if (s->level != level) {
			if (!within)
				break;
			level = s->level;
			within = false;
		}
		within = within || name_within(name, s->base);
	}
	return within ? PATH_OK : PATH_NAME_NOT_PERMITTED;
}

static void check_ready(struct check *k, const struct ready_name *name,
			struct view value)
{
	enum path_code code = judge(k, name);
	if (code != PATH_OK)
		refuse(k, code, name->kind, value, "");
}

/* Whether names of this kind need to be looked at further. */
static bool concerned(struct check *k, enum general_name_kind kind, struct view value)
{
	const struct subtree_list *l = &k->n->lists[kind];
	if (l->unusable)
		refuse(k, PATH_NAME_CONSTRAINT_UNSUPPORTED, kind, value, "");
	return !l->unusable && l->n > 0;
}

static void check_text(struct check *k, enum general_name_kind kind, struct view value,
		       bool utf8)
{
	struct ready_name ready;
	if (!concerned(k, kind, value))
		return;
	if (ready_name_make(kind, value, utf8, &ready))
		check_ready(k, &ready, value);
	else
		refuse(k, PATH_NAME_NOT_PERMITTED, kind, value, "malformed ");
}

static int refuse_malformed(struct check *k, struct view name, struct ltps_error *err)
{
	if (err->fault != LTPS_FAULT_OBJECT)
		return -1;
	ltps_error_clear(err);
	refuse(k, PATH_NAME_NOT_PERMITTED, GENERAL_NAME_DIRECTORY, name, "malformed ");
	return 0;
}

static int check_canonical(struct check *k, struct view name, struct view canonical,
			   struct ltps_error *err)
{
	struct ready_name ready = { .kind = GENERAL_NAME_DIRECTORY,
				    .canonical = canonical };
	struct buf coarse = buf_make(NAME_COARSE_MAX);
	int rc = name_coarse(name, &coarse, err);
	if (rc == 0) {
		ready.coarse = view_buf(&coarse);
		check_ready(k, &ready, name);
	} else {
		rc = refuse_malformed(k, name, err);
	}
	buf_free(&coarse);
	return rc;
}

static int check_directory(struct check *k, struct view name, struct ltps_error *err)
{
	struct buf canonical = buf_make(NAME_CANONICAL_MAX);
	int rc;
	if (!concerned(k, GENERAL_NAME_DIRECTORY, name))
		return 0;
	if (name_canonical(name, &canonical, err) == 0)
		rc = check_canonical(k, name, view_buf(&canonical), err);
	else
		rc = refuse_malformed(k, name, err);
	buf_free(&canonical);
	return rc;
}

/* RFC 9598 6: SmtpUTF8Mailbox is a mail address too. */
static void check_other(struct check *k, struct view value)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view oid, text;
	struct tlv tagged;
	concerned(k, GENERAL_NAME_OTHER, value);
	if (k->ret->code != PATH_OK || field_oid(&value, "", &oid, &ignored) != 0 ||
	    !oid_is(oid, OID_SMTP_UTF8_MAILBOX))
		return;
	if (field_next(&value, FIELD_CONTEXT_CONSTRUCTED(0), "", &tagged, &ignored) !=
		0 ||
	    field_only(tagged.body, ASN1_TAG_UTF8, "", &text, &ignored) != 0)
		text =
		    VIEW_NULL; /* no address: refused where addresses are constrained */
	check_text(k, GENERAL_NAME_EMAIL, text, true);
}

static int check_general(struct check *k, const struct general_name *g,
			 struct ltps_error *err)
{
	switch (g->kind) {
	case GENERAL_NAME_DIRECTORY:
		return check_directory(k, g->value, err);
	case GENERAL_NAME_EMAIL:
	case GENERAL_NAME_DNS:
	case GENERAL_NAME_URI:
	case GENERAL_NAME_IP:
		check_text(k, g->kind, g->value, false);
		return 0;
	case GENERAL_NAME_OTHER:
		check_other(k, g->value);
		return 0;
	default:
		concerned(k, g->kind, g->value);
		return 0;
	}
}

static int check_alternative(struct check *k, const struct cert *c,
			     struct ltps_error *err)
{
	struct view list = cert_ext_list(c, CERT_EXT_SAN);
	struct general_name g;
	while (list.n > 0 && k->ret->code == PATH_OK) {
		if (general_name_next(&list, &g, err) != 0) {
			/* cert_parse() had read them: nothing to rely on any more */
			ltps_error_clear(err);
			k->ret->code = PATH_NAME_NOT_PERMITTED;
			return 0;
		}
		if (check_general(k, &g, err) != 0)
			return -1;
	}
	return 0;
}

/*
 * emailAddress attributes of the subject. RFC 5280 4.2.1.10 asks for it where there is
 * no subjectAltName; we do it always, or one harmless alternative name would free the
 * address that people are shown.
 */
static void check_subject_mail(struct check *k, const struct cert *c)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv name, rdn, attribute, value;
	struct view oid;
	if (tlv_only(c->subject, &name, &ignored) != 0)
		return; /* has been read before: cannot be */
	while (name.body.n > 0 && tlv_next(&name.body, &rdn, &ignored) == 0) {
		while (rdn.body.n > 0 &&
		       tlv_next(&rdn.body, &attribute, &ignored) == 0) {
			if (field_oid(&attribute.body, "", &oid, &ignored) != 0 ||
			    !oid_is(oid, OID_EMAIL_ADDRESS) ||
			    tlv_next(&attribute.body, &value, &ignored) != 0)
				continue;
			if (k->ret->code == PATH_OK)
				check_text(k, GENERAL_NAME_EMAIL, value.body, false);
		}
	}
}

static int check_subject(struct check *k, const struct cert *c, struct ltps_error *err)
{
	if (name_is_empty(c->subject) ||
	    !concerned(k, GENERAL_NAME_DIRECTORY, c->subject))
		return 0;
	return check_canonical(k, c->subject, c->subject_canonical, err);
}

int name_constraints_check(const struct name_constraints *n, const struct cert *c,
			   struct path_run *run, struct name_verdict *ret,
			   struct ltps_error *err)
{
	struct check k = { .n = n, .run = run, .ret = ret };
	ret->code = PATH_OK;
	ret->text[0] = '\0';
	if (n->levels == 0)
		return 0;
	if (check_subject(&k, c, err) != 0 || check_alternative(&k, c, err) != 0)
		return -1;
	if (ret->code == PATH_OK)
		check_subject_mail(&k, c);
	return 0;
}
