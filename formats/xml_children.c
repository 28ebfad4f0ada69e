/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xml_children.h"

#define NAME_SHOWN 64 /* octets of an element's name in an error */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct view xml_trim(struct view v)
{
	while (v.n > 0 && is_blank(v.p[0]))
		v = view_skip(v, 1);
	while (v.n > 0 && is_blank(v.p[v.n - 1]))
		v.n--;
	return v;
}

int xml_fail_element(const struct xml_reader *r, struct ltps_error *err,
		     const char *what)
{
	const struct view local = view_head(xml_local(r), NAME_SHOWN);
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL, "%.*s: %s",
			 (int)local.n, (const char *)local.p, what);
}

/* Where in the sequence the reading stands. */
struct place {
	const struct xml_child *list;
	size_t n;
	size_t at;      /* the child that was read last */
	unsigned count; /* how often */
};

static bool lacks(const struct place *p, size_t i)
{
	return p->list[i].required && (i != p->at || p->count == 0);
}

static int step(struct xml_reader *r, struct place *p, void *arg, void *at,
		struct ltps_error *err)
{
	size_t i = p->at;
	while (i < p->n && !xml_is(r, p->list[i].ns, p->list[i].local)) {
		if (lacks(p, i))
			return xml_fail_element(r, err, "not what is expected here");
		i++;
	}
	if (i == p->n)
		return xml_fail_element(r, err, "not expected here");
	p->count = i == p->at ? p->count + 1 : 1;
	p->at = i;
	if (p->count > 1 && !p->list[i].many)
		return xml_fail_element(r, err, "stands too often");
	return p->list[i].read(r, arg, (char *)at + p->list[i].offset, err);
}

static int check_complete(const struct xml_reader *r, const struct place *p,
			  struct ltps_error *err)
{
	for (size_t i = p->at; i < p->n; i++)
		if (lacks(p, i))
			return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL,
					 "%.*s: %s is missing", (int)xml_local(r).n,
					 (const char *)xml_local(r).p,
					 p->list[i].local);
	return 0;
}

int xml_children(struct xml_reader *r, const struct xml_child *list, size_t n,
		 void *arg, void *at, struct ltps_error *err)
{
	struct place p = { .list = list, .n = n };
	enum xml_event event;
	for (;;) {
		if (xml_next(r, &event, err) != 0)
			return -1;
		if (event == XML_START) {
			if (step(r, &p, arg, at, err) != 0)
				return -1;
		} else if (event != XML_TEXT) {
			return check_complete(r, &p, err);
		} else if (xml_trim(xml_text(r)).n > 0) {
			return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL,
					 "text between elements");
		}
	}
}

int xml_child_skip(struct xml_reader *r, void *arg, void *at, struct ltps_error *err)
{
	(void)arg;
	(void)at;
	return xml_skip(r, err);
}

int xml_base64(struct xml_reader *r, struct buf *out, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	const size_t start = out->n;
	size_t to = start, n = 0;
	if (xml_collect(r, out, err) != 0)
		return -1;
	for (size_t i = start; i < out->n; i++)
		if (!is_blank(out->p[i]))
			out->p[to++] = out->p[i];
	out->n = to;
	if (to > start &&
	    b64_decode_in_place(out->p + start, to - start, false, &n, &bad) != 0)
		return xml_fail_element(r, err, "no base64");
	out->n = start + n;
	return 0;
}
