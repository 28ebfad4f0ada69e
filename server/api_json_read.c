/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api_json_read.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/api_json_in.h"
#include "server/result.h"

/*
 * The library reports an allocation that failed as whatever error comes to its
 * mind, most often as bad syntax; a client must not be told that.
 */
static _Thread_local bool alloc_failed;

static void *json_alloc(size_t n)
{
	void *p = mem_alloc(n);
	alloc_failed |= p == NULL;
	return p;
}

static void init_once(void)
{
	json_set_alloc_funcs(json_alloc, mem_free);
	json_object_seed(0);
}

/* The house's memory under jansson; once, before any document. */
static void reader_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, init_once);
}

bool reader_refuse(struct reader *r, enum ltp_minor minor, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	result_set_at(r->refusal, minor, r->path, fmt, ap);
	va_end(ap);
	return false;
}

static size_t push(struct reader *r, const char *name, size_t i)
{
	const size_t before = r->path_n;
	char text[64];
	const int n = name != NULL ? snprintf(text, sizeof(text), "%s%.50s",
					      before > 0 ? "." : "", name)
				   : snprintf(text, sizeof(text), "[%zu]", i);
	if (n > 0 && r->path_n + (size_t)n < sizeof(r->path)) {
		memcpy(r->path + r->path_n, text, (size_t)n + 1);
		r->path_n += (size_t)n;
	}
	return before;
}

static size_t reader_push(struct reader *r, const char *name)
{
	return push(r, name, 0);
}

size_t reader_push_index(struct reader *r, size_t i)
{
	return push(r, NULL, i);
}

void reader_pop(struct reader *r, size_t before)
{
	r->path_n = before;
	r->path[before] = '\0';
}

void *reader_list(struct reader *r, size_t count, size_t size)
{
	void **lists = mem_resize(*r->lists, *r->n_lists + 1, sizeof(*lists));
	void *p = NULL;
	if (lists != NULL) {
		*r->lists = lists;
		p = mem_zalloc(count, size);
	}
	if (p == NULL) {
		r->nomem = true;
		return NULL;
	}
	lists[(*r->n_lists)++] = p;
	return p;
}

void reader_free_lists(void **lists, size_t n)
{
	while (n > 0)
		mem_free(lists[--n]);
	mem_free(lists);
}

json_t *reader_load(struct reader *r)
{
	json_error_t e;
	const struct buf *small = &r->cut->small;
	reader_init();
	alloc_failed = false;
	json_t *doc = json_loadb((const char *)small->p, small->n,
				 JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	if (doc != NULL)
		return doc;
	if (alloc_failed)
		r->nomem = true;
	else
		reader_refuse(r, LTP_PARAMETER_ERROR, "malformed JSON: %s", e.text);
	return NULL;
}

static const struct member *find(const struct member *members, size_t n,
				 const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	}
	return NULL;
}

/* A name is the client's: it is printed only when it is plain. */
static const char *printable(const char *name)
{
	for (const char *p = name; *p != '\0'; p++) {
		if (*p < 0x20 || *p == 0x7f || p - name > 40)
			return "(unprintable)";
	}
	return name;
}

bool read_object_minor(struct reader *r, const json_t *v, const struct member *members,
		       size_t n, void *at, enum ltp_minor unknown)
{
	if (!json_is_object(v))
		return reader_refuse(r, LTP_PARAMETER_ERROR, "must be an object");
	json_t *object = (json_t *)(uintptr_t)v;
	for (void *i = json_object_iter(object); i != NULL;
	     i = json_object_iter_next(object, i)) {
		const char *name = json_object_iter_key(i);
		const struct member *m = find(members, n, name);
		const size_t before = reader_push(r, printable(name));
		if (m == NULL)
			return reader_refuse(r, unknown,
					     unknown == LTP_NOT_SUPPORTED
						 ? "is not supported"
						 : "is not a member of this message");
		if (!m->read(r, json_object_iter_value(i), (char *)at + m->offset))
			return false;
		reader_pop(r, before);
	}
	for (size_t i = 0; i < n; i++) {
		if (!members[i].required || json_object_get(v, members[i].name) != NULL)
			continue;
		reader_push(r, members[i].name);
		return reader_refuse(r, LTP_PARAMETER_ERROR, "is required");
	}
	return true;
}

bool read_object(struct reader *r, const json_t *v, const struct member *members,
		 size_t n, void *at)
{
	return read_object_minor(r, v, members, n, at, LTP_PARAMETER_ERROR);
}

bool read_text(struct reader *r, const json_t *v, void *at)
{
	const char *s = json_string_value(v);
	if (s == NULL)
		return reader_refuse(r, LTP_PARAMETER_ERROR, "must be a string");
	memcpy(at, &s, sizeof(s));
	return true;
}

bool read_texts(struct reader *r, const json_t *v, void *at)
{
	struct texts *t = at;
	if (!json_is_array(v))
		return reader_refuse(r, LTP_PARAMETER_ERROR,
				     "must be an array of strings");
	const size_t n = json_array_size(v);
	if (n > API_LIST_MAX)
		return reader_refuse(r, LTP_PARAMETER_ERROR, "holds more than %d items",
				     API_LIST_MAX);
	if (n == 0)
		return true;
	t->p = reader_list(r, n, sizeof(*t->p));
	if (t->p == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		const size_t before = reader_push_index(r, i);
		if (!read_text(r, json_array_get(v, i), &t->p[i]))
			return false;
		reader_pop(r, before);
	}
	t->n = n;
	return true;
}

/* What json_cut.c put in place of a string is an integer, and only that is. */
bool read_payload(struct reader *r, const json_t *v, void *at)
{
	struct payload *p = at;
	struct ltps_error err = LTPS_ERROR_INIT;
	if (!json_is_integer(v))
		return reader_refuse(r, LTP_PARAMETER_ERROR, "must be a string");
	const json_int_t i = json_integer_value(v);
	if (i < 0 || (size_t)i >= r->cut->n_slots)
		return reader_refuse(r, LTP_PARAMETER_ERROR, "must be a string");
	struct json_slot *slot = &r->cut->slots[i];
	if (json_slot_decode(slot, &err) != 0)
		return reader_refuse(r, LTP_PARAMETER_ERROR, "wrong base64: %s%s%s",
				     err.text, err.where[0] != '\0' ? ", " : "",
				     err.where);
	if (slot->n == 0)
		return reader_refuse(r, LTP_PARAMETER_ERROR, "is empty");
	p->given = true;
	p->data = view_of(slot->p, slot->n);
	return true;
}
