/* SPDX-License-Identifier: Apache-2.0 */
/* algorithm_suite_xml - a suite in the schema of RFC 5698 with TS 119 322. */
#include <string.h>

#include "formats/xml.h"
#include "validation/algorithm_suite_private.h"

#define NS_DSSC "urn:ietf:params:xml:ns:dssc"
#define NS_19322 "http://uri.etsi.org/19322/v1.1.1#"

struct reading {
	struct suite_reader *r;
	struct xml_reader *x;
};

/* Elements that hold a text. */
enum field {
	FIELD_NONE,
	POLICY_NAME,
	POLICY_OID,
	POLICY_URI,
	PUBLISHER_NAME,
	ISSUE_DATE,
	NEXT_UPDATE,
	USAGE,
	ALGORITHM_NAME,
	ALGORITHM_OID,
	ALGORITHM_URI,
	MIN,
	MAX,
	START,
	END,
	ALGORITHM_USAGE,
	RECOMMENDATION,
};

/* One child element that may stand at a place of a sequence. */
struct child {
	const char *ns; /* NULL: any other than RFC 5698's */
	const char *local;
	unsigned min, max;
	enum field field;                                       /* or, of elements: */
	int (*read)(struct reading *g, struct ltps_error *err); /* up to its END */
};
#define MANY 100000 /* the lists have their own limits */
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool is_blank(struct view v)
{
	size_t i = 0;
	while (i < v.n &&
	       (v.p[i] == ' ' || v.p[i] == '\t' || v.p[i] == '\n' || v.p[i] == '\r'))
		i++;
	return i == v.n;
}

static bool is_child(const struct reading *g, const struct child *c)
{
	if (c->ns != NULL)
		return xml_is(g->x, c->ns, c->local);
	return !xml_in(g->x, NS_DSSC);
}

static int fail_element(const struct reading *g, const char *what,
			struct ltps_error *err)
{
	const struct view local = xml_local(g->x);
	return suite_fail(g->r, err, "%s: %.*s", what,
			  (int)(local.n < 64 ? local.n : 64), (const char *)local.p);
}

/* ---- texts ---- */

/* xs:token: blanks at the ends are not part of it. */
static struct view trim(struct view v)
{
	while (v.n > 0 && is_blank(view_head(v, 1)))
		v = view_skip(v, 1);
	while (v.n > 0 && is_blank(view_of(v.p + v.n - 1, 1)))
		v.n--;
	return v;
}

static int keep(struct suite_reader *r, enum field field, struct view v,
		struct ltps_error *err)
{
	struct algorithm_suite *s = r->s;
	switch (field) {
	case FIELD_NONE:
		return 0;
	case POLICY_NAME:
		return suite_text(s, v, &s->name, err);
	case POLICY_OID:
		return suite_text(s, v, &s->oid, err);
	case POLICY_URI: /* published empty */
		return v.n > 0 ? suite_text(s, v, &s->uri, err) : 0;
	case PUBLISHER_NAME:
		return suite_text(s, v, &s->publisher, err);
	case ISSUE_DATE:
		return suite_time(r, "PolicyIssueDate", v, &s->issued_ms, err);
	case NEXT_UPDATE:
		return suite_time(r, "NextUpdate", v, &s->next_update_ms, err);
	case USAGE:
		return suite_text(s, v, &s->usage, err);
	case ALGORITHM_NAME:
		return suite_text(s, v, &r->algorithm->name, err);
	case ALGORITHM_OID:
		return suite_add_oid(r, v, err);
	case ALGORITHM_URI:
		return suite_add_uri(r, v, err);
	case MIN:
	case MAX:
		return suite_set_bound(r, field == MAX, v, err);
	case START:
	case END:
		return suite_set_day(r, field == END, v, err);
	case ALGORITHM_USAGE:
		return suite_add_usage(r, v, err);
	case RECOMMENDATION:
		return suite_set_recommendation(r, v, err);
	}
	return 0;
}

static int read_text(struct reading *g, enum field field, struct ltps_error *err)
{
	struct buf text = buf_make(SUITE_TEXT_MAX);
	int rc = xml_collect(g->x, &text, err);
	if (rc == 0)
		rc = keep(g->r, field, trim(view_buf(&text)), err);
	buf_free(&text);
	return rc;
}

/* ---- sequences ---- */

/* xs:sequence: the elements in this order, each as often as it says. */
struct sequence {
	const struct child *list;
	size_t n;
	size_t at;      /* the one that was read last */
	unsigned count; /* how often */
};

static int step(struct reading *g, struct sequence *s, struct ltps_error *err)
{
	size_t i = s->at;
	while (i < s->n && !is_child(g, &s->list[i])) {
		if (s->list[i].min > 0 && (i != s->at || s->count == 0))
			return fail_element(g, "not what is expected here", err);
		i++;
	}
	if (i == s->n)
		return fail_element(g, "not expected here", err);
	s->count = i == s->at ? s->count + 1 : 1;
	s->at = i;
	if (s->count > s->list[i].max)
		return fail_element(g, "stands too often", err);
	if (s->list[i].read != NULL)
		return s->list[i].read(g, err);
	return read_text(g, s->list[i].field, err);
}

static int check_complete(const struct reading *g, const struct sequence *s,
			  struct ltps_error *err)
{
	for (size_t i = s->at; i < s->n; i++)
		if (s->list[i].min > 0 && (i != s->at || s->count == 0))
			return suite_fail(g->r, err, "%s is missing in %.*s",
					  s->list[i].local, (int)xml_local(g->x).n,
					  (const char *)xml_local(g->x).p);
	return 0;
}

/* From a START to its END. mixed: text may stand between. */
static int read_children(struct reading *g, const struct child *list, size_t n,
			 bool mixed, struct ltps_error *err)
{
	struct sequence s = { .list = list, .n = n };
	enum xml_event event;
	for (;;) {
		if (xml_next(g->x, &event, err) != 0)
			return -1;
		if (event == XML_START) {
			if (step(g, &s, err) != 0)
				return -1;
		} else if (event == XML_TEXT) {
			if (!mixed && !is_blank(xml_text(g->x)))
				return suite_fail(g->r, err, "text between elements");
		} else {
			return check_complete(g, &s, err);
		}
	}
}

static int read_ignored(struct reading *g, struct ltps_error *err)
{
	return xml_skip(g->x, err);
}

/* ---- an evaluation ---- */

static int read_foreign(struct reading *g, struct ltps_error *err)
{
	suite_evaluation(g->r)->foreign = true;
	return xml_skip(g->x, err);
}

static int read_parameter(struct reading *g, struct ltps_error *err)
{
	static const struct child list[] = {
		{ NS_DSSC, "Min", 0, 1, MIN, NULL },
		{ NS_DSSC, "Max", 0, 1, MAX, NULL },
		{ NULL, "extension", 0, 1, FIELD_NONE, read_foreign },
	};
	struct view name = VIEW_NULL;
	(void)xml_attr(g->x, "name", &name);
	if (suite_add_parameter(g->r, name, err) != 0)
		return -1;
	return read_children(g, list, COUNT(list), false, err);
}

static int read_validity(struct reading *g, struct ltps_error *err)
{
	static const struct child list[] = {
		{ NS_DSSC, "Start", 0, 1, START, NULL },
		{ NS_DSSC, "End", 0, 1, END, NULL },
	};
	g->r->validity = true;
	return read_children(g, list, COUNT(list), false, err);
}

static int read_details(struct reading *g, struct ltps_error *err)
{
	static const struct child list[] = {
		{ NS_19322, "AlgorithmUsage", 0, MANY, ALGORITHM_USAGE, NULL },
		{ NS_19322, "Recommendation", 0, 1, RECOMMENDATION, NULL },
		{ NULL, "extension", 0, MANY, FIELD_NONE, read_foreign },
	};
	return read_children(g, list, COUNT(list), true, err);
}

/* As published: all of it in the namespace of RFC 5698. */
static int read_misplaced_details(struct reading *g, struct ltps_error *err)
{
	static const struct child list[] = {
		{ NS_DSSC, "AlgorithmUsage", 0, MANY, ALGORITHM_USAGE, NULL },
		{ NS_DSSC, "Recommendation", 0, 1, RECOMMENDATION, NULL },
	};
	g->r->mended[MEND_DETAILS_NAMESPACE]++;
	return read_children(g, list, COUNT(list), true, err);
}

static int read_evaluation(struct reading *g, struct ltps_error *err)
{
	static const struct child list[] = {
		{ NS_DSSC, "Parameter", 0, MANY, FIELD_NONE, read_parameter },
		{ NS_DSSC, "Validity", 0, 1, FIELD_NONE, read_validity },
		{ NS_DSSC, "MoreDetails", 0, 1, FIELD_NONE, read_misplaced_details },
		{ NS_19322, "MoreDetails", 0, 1, FIELD_NONE, read_details },
		{ NULL, "extension", 0, 1, FIELD_NONE, read_foreign },
	};
	if (suite_add_evaluation(g->r, err) != 0 ||
	    read_children(g, list, COUNT(list), false, err) != 0)
		return -1;
	return suite_end_evaluation(g->r, err);
}

/* ---- an algorithm ---- */

static int read_identifier(struct reading *g, struct ltps_error *err)
{
	static const struct child list[] = {
		{ NS_DSSC, "Name", 1, 1, ALGORITHM_NAME, NULL },
		{ NS_DSSC, "ObjectIdentifier", 1, MANY, ALGORITHM_OID, NULL },
		{ NS_DSSC, "URI", 0, MANY, ALGORITHM_URI, NULL },
	};
	return read_children(g, list, COUNT(list), false, err);
}

static int read_extension(struct reading *g, struct ltps_error *err)
{
	if (suite_note(g->r->s, err, "left aside: an extension of %s",
		       g->r->algorithm->name) != 0)
		return -1;
	return xml_skip(g->x, err);
}

static int read_algorithm(struct reading *g, struct ltps_error *err)
{
	static const struct child list[] = {
		{ NS_DSSC, "AlgorithmIdentifier", 1, 1, FIELD_NONE, read_identifier },
		{ NS_DSSC, "Evaluation", 1, MANY, FIELD_NONE, read_evaluation },
		{ NS_DSSC, "Information", 0, 1, FIELD_NONE, read_ignored },
		{ NULL, "extension", 0, 1, FIELD_NONE, read_extension },
	};
	if (suite_add_algorithm(g->r, err) != 0 ||
	    read_children(g, list, COUNT(list), false, err) != 0)
		return -1;
	return suite_end_algorithm(g->r, err);
}

/* ---- the suite ---- */

static int read_policy(struct reading *g, struct ltps_error *err)
{
	static const struct child list[] = {
		{ NS_DSSC, "Name", 1, 1, POLICY_NAME, NULL },
		{ NS_DSSC, "ObjectIdentifier", 0, 1, POLICY_OID, NULL },
		{ NS_DSSC, "URI", 0, 1, POLICY_URI, NULL },
	};
	return read_children(g, list, COUNT(list), false, err);
}

static int read_publisher(struct reading *g, struct ltps_error *err)
{
	static const struct child list[] = {
		{ NS_DSSC, "Name", 1, 1, PUBLISHER_NAME, NULL },
		{ NS_DSSC, "Address", 0, 1, FIELD_NONE, read_ignored },
		{ NS_DSSC, "URI", 0, 1, FIELD_NONE, read_ignored },
	};
	return read_children(g, list, COUNT(list), false, err);
}

static int read_signature(struct reading *g, struct ltps_error *err)
{
	g->r->s->signature = SUITE_SIGNATURE_UNVERIFIED;
	if (suite_note(g->r->s, err, "its XML signature was not verified") != 0)
		return -1;
	return xml_skip(g->x, err);
}

static int read_attribute(struct reading *g, const char *name, const char **ret,
			  struct ltps_error *err)
{
	struct view v;
	return xml_attr(g->x, name, &v) ? suite_text(g->r->s, v, ret, err) : 0;
}

static int read_root(struct reading *g, struct ltps_error *err)
{
	static const struct child list[] = {
		{ NS_DSSC, "PolicyName", 1, 1, FIELD_NONE, read_policy },
		{ NS_DSSC, "Publisher", 1, 1, FIELD_NONE, read_publisher },
		{ NS_DSSC, "PolicyIssueDate", 1, 1, ISSUE_DATE, NULL },
		{ NS_DSSC, "NextUpdate", 0, 1, NEXT_UPDATE, NULL },
		{ NS_DSSC, "Usage", 0, 1, USAGE, NULL },
		{ NS_DSSC, "Algorithm", 1, MANY, FIELD_NONE, read_algorithm },
		{ XML_NS_DSIG, "Signature", 0, 1, FIELD_NONE, read_signature },
	};
	enum xml_event event;
	if (xml_next(g->x, &event, err) != 0)
		return -1;
	if (event != XML_START || !xml_is(g->x, NS_DSSC, "SecuritySuitabilityPolicy"))
		return suite_fail(g->r, err,
				  "the root is no SecuritySuitabilityPolicy");
	struct algorithm_suite *s = g->r->s;
	if (read_attribute(g, "version", &s->version, err) != 0 ||
	    read_attribute(g, "lang", &s->lang, err) != 0 ||
	    read_attribute(g, "id", &s->id, err) != 0 ||
	    read_children(g, list, COUNT(list), false, err) != 0)
		return -1;
	/* What stands behind the root is looked at by the reader. */
	return xml_next(g->x, &event, err);
}

int suite_read_xml(struct suite_reader *r, struct view in, struct ltps_error *err)
{
	struct reading g = { .r = r };
	if (xml_open(in, &g.x, err) != 0)
		return -1;
	int rc = read_root(&g, err);
	xml_close(g.x);
	return rc;
}
