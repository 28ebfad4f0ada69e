/* SPDX-License-Identifier: Apache-2.0 */
#include "server/json_cut.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* What a container is, by the way that leads to it. */
enum level {
	LEVEL_OTHER,
	LEVEL_ROOT,
	LEVEL_POS,    /* array of POs */
	LEVEL_PO,     /* PO or Evidence */
	LEVEL_BINARY, /* binaryData */
	LEVEL_XML,    /* xmlData */
};

enum key {
	KEY_OTHER,
	KEY_PO, /* po, deltaPoc */
	KEY_EV,
	KEY_BINARY_DATA,
	KEY_XML_DATA,
	KEY_VALUE,
	KEY_B64_CONTENT,
};

struct scan {
	uint8_t *body;
	size_t n;
	size_t at;
	size_t copied; /* before here everything is in small or in a slot */
	struct json_cut *cut;
	unsigned depth; /* open containers */
	struct {
		enum level level;
		bool object;
		bool want_key; /* the next string is a member's name */
		enum key key;
	} stack[JSON_CUT_DEPTH_MAX + 1]; /* [0] is outside of everything */
};

/*
 * One character of a string body: the ASCII character, or 0 for any other.
 * ret_used  bytes it takes; 0 when the escape is malformed
 */
static uint8_t read_char(struct view v, size_t *ret_used)
{
	static const char letters[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	*ret_used = 1;
	if (v.p[0] != '\\')
		return v.p[0] < 0x80 ? v.p[0] : 0;
	*ret_used = 0;
	if (v.n < 2)
		return 0;
	if (v.p[1] != 'u') {
		for (const char *l = letters; *l != '\0'; l += 2) {
			if ((uint8_t)l[0] == v.p[1]) {
				*ret_used = 2;
				return (uint8_t)l[1];
			}
		}
		return 0;
	}
	unsigned code = 0;
	for (size_t i = 2; i < 6; i++) {
		const int digit = i < v.n ? hex_digit(v.p[i]) : -1;
		if (digit < 0)
			return 0;
		code = code << 4 | (unsigned)digit;
	}
	*ret_used = 6;
	return code < 0x80 ? (uint8_t)code : 0;
}

/* Compares as the parser will: after resolving escapes. */
static bool string_is(struct view raw, const char *text)
{
	while (raw.n > 0) {
		size_t used;
		const uint8_t c = read_char(raw, &used);
		if (used == 0 || c == 0 || c != (uint8_t)*text)
			return false;
		text++;
		raw = view_skip(raw, used);
	}
	return *text == '\0';
}

static enum key key_of(struct view raw)
{
	static const struct {
		const char *name;
		enum key key;
	} keys[] = { { "po", KEY_PO },
		     { "deltaPoc", KEY_PO },
		     { "ev", KEY_EV },
		     { "binaryData", KEY_BINARY_DATA },
		     { "xmlData", KEY_XML_DATA },
		     { "value", KEY_VALUE },
		     { "b64Content", KEY_B64_CONTENT } };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (string_is(raw, keys[i].name))
			return keys[i].key;
	}
	return KEY_OTHER;
}

static enum level child_level(enum level parent, enum key key, bool object)
{
	if (parent == LEVEL_ROOT && key == KEY_PO && !object)
		return LEVEL_POS;
	if (parent == LEVEL_ROOT && key == KEY_EV && object)
		return LEVEL_PO;
	if (parent == LEVEL_POS && object)
		return LEVEL_PO;
	if (parent == LEVEL_PO && key == KEY_BINARY_DATA && object)
		return LEVEL_BINARY;
	if (parent == LEVEL_PO && key == KEY_XML_DATA && object)
		return LEVEL_XML;
	return LEVEL_OTHER;
}

static int open_container(struct scan *s, bool object, struct ltps_error *err)
{
	const enum level level =
	    s->depth == 0
		? (object ? LEVEL_ROOT : LEVEL_OTHER)
		: child_level(s->stack[s->depth].level, s->stack[s->depth].key, object);
	if (s->depth == JSON_CUT_DEPTH_MAX)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, "RFC 8259 9",
				 "JSON is nested deeper than %d levels",
				 JSON_CUT_DEPTH_MAX);
	s->depth++;
	s->stack[s->depth].level = level;
	s->stack[s->depth].object = object;
	s->stack[s->depth].want_key = object;
	s->stack[s->depth].key = KEY_OTHER;
	return 0;
}

/* at stands behind the opening quote; gives the string's body, at behind it. */
static int take_string(struct scan *s, struct view *ret_raw, bool *ret_escaped,
		       struct ltps_error *err)
{
	const size_t start = s->at;
	*ret_escaped = false;
	for (size_t from = start; from < s->n;) {
		const uint8_t *quote = memchr(s->body + from, '"', s->n - from);
		if (quote == NULL)
			break;
		const size_t end = (size_t)(quote - s->body);
		const uint8_t *slash = memchr(s->body + from, '\\', end - from);
		if (slash == NULL) {
			*ret_raw = view_of(s->body + start, end - start);
			s->at = end + 1;
			return 0;
		}
		*ret_escaped = true;
		from = (size_t)(slash - s->body) + 2;
	}
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, "RFC 8259 7",
			 "a JSON string has no end");
}

static int put_small(struct scan *s, size_t to, struct ltps_error *err)
{
	if (to == s->copied)
		return 0; /* an empty body may have no address */
	const struct view v = view_of(s->body + s->copied, to - s->copied);
	if (v.n > s->cut->small.max - s->cut->small.n)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "the request without its payloads exceeds %zu bytes",
				 s->cut->small.max);
	s->copied = to;
	return buf_put(&s->cut->small, v, err);
}

static int add_slot(struct json_cut *cut, struct json_slot slot, struct ltps_error *err)
{
	if (cut->n_slots == JSON_CUT_SLOTS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d payloads in a request",
				 JSON_CUT_SLOTS_MAX);
	if (cut->n_slots == cut->cap) {
		const size_t cap = cut->cap == 0 ? 1 : cut->cap * 4;
		struct json_slot *slots = mem_resize(cut->slots, cap, sizeof(*slots));
		if (slots == NULL)
			return ltps_fail_nomem(err);
		cut->slots = slots;
		cut->cap = cap;
	}
	cut->slots[cut->n_slots++] = slot;
	return 0;
}

/* Replaces the string whose opening quote stands at open. */
static int cut_payload(struct scan *s, size_t open, struct view raw, bool escaped,
		       struct ltps_error *err)
{
	char number[16];
	const struct json_slot slot = { .p = s->body + open + 1,
					.n = raw.n,
					.escaped = escaped };
	const int n = snprintf(number, sizeof(number), "%zu", s->cut->n_slots);
	if (put_small(s, open, err) != 0 || add_slot(s->cut, slot, err) != 0 ||
	    buf_put(&s->cut->small, view_of(number, (size_t)n), err) != 0)
		return -1;
	s->copied = s->at;
	return 0;
}

static bool at_payload(const struct scan *s)
{
	const enum level level = s->stack[s->depth].level;
	const enum key key = s->stack[s->depth].key;
	return !s->stack[s->depth].want_key &&
	       ((level == LEVEL_BINARY && key == KEY_VALUE) ||
		(level == LEVEL_XML && key == KEY_B64_CONTENT));
}

static int scan_string(struct scan *s, struct ltps_error *err)
{
	const size_t open = s->at - 1;
	const bool payload = at_payload(s);
	struct view raw = VIEW_NULL;
	bool escaped;
	if (take_string(s, &raw, &escaped, err) != 0)
		return -1;
	if (s->stack[s->depth].want_key) {
		s->stack[s->depth].key = key_of(raw);
		return 0;
	}
	return payload ? cut_payload(s, open, raw, escaped, err) : 0;
}

/* A number where a payload belongs must not be taken for a slot. */
static int scan_number(struct scan *s, struct ltps_error *err)
{
	const size_t start = s->at - 1;
	while (s->at < s->n && memchr("0123456789+-.eE", s->body[s->at], 15) != NULL)
		s->at++;
	if (!at_payload(s))
		return 0;
	if (put_small(s, start, err) != 0 ||
	    buf_put_byte(&s->cut->small, '[', err) != 0 ||
	    put_small(s, s->at, err) != 0)
		return -1;
	return buf_put_byte(&s->cut->small, ']', err);
}

static int scan_byte(struct scan *s, struct ltps_error *err)
{
	const uint8_t c = s->body[s->at++];
	switch (c) {
	case '"':
		return scan_string(s, err);
	case '{':
	case '[':
		return open_container(s, c == '{', err);
	case '}':
	case ']':
		/* One end too many is left to the parser. */
		if (s->depth > 0)
			s->depth--;
		return 0;
	case ',':
		s->stack[s->depth].want_key = s->stack[s->depth].object;
		return 0;
	case ':':
		s->stack[s->depth].want_key = false;
		return 0;
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		return scan_number(s, err);
	default:
		return 0;
	}
}

int json_cut_make(uint8_t *body, size_t n, struct json_cut *ret_cut,
		  struct ltps_error *err)
{
	struct json_cut cut = { .small = buf_make(JSON_CUT_SMALL_MAX) };
	struct scan s = { .body = body, .n = n, .cut = &cut };
	while (s.at < n) {
		if (scan_byte(&s, err) != 0)
			goto fail;
	}
	if (put_small(&s, n, err) != 0)
		goto fail;
	*ret_cut = cut;
	return 0;
fail:
	json_cut_free(&cut);
	return -1;
}

void json_cut_free(struct json_cut *cut)
{
	buf_free(&cut->small);
	mem_free(cut->slots);
	*cut = (struct json_cut){ .small = buf_make(0) };
}

/* "\/" is what some writers make of every '/': common in base64. */
static int unescape(struct json_slot *slot, struct ltps_error *err)
{
	struct view rest = view_of(slot->p, slot->n);
	uint8_t *out = slot->p;
	while (rest.n > 0) {
		size_t used;
		const uint8_t c = read_char(rest, &used);
		if (used == 0)
			return ltps_fail(
			    err, LTPS_FORMAT, LTPS_FAULT_CALLER, "RFC 8259 7",
			    "a malformed escape at character %zu", slot->n - rest.n);
		*out++ = c;
		rest = view_skip(rest, used);
	}
	slot->n = (size_t)(out - slot->p);
	slot->escaped = false;
	return 0;
}

int json_slot_decode(struct json_slot *slot, struct ltps_error *err)
{
	if (slot->done)
		return 0;
	if (slot->escaped && unescape(slot, err) != 0)
		return -1;
	if (b64_decode_in_place(slot->p, slot->n, false, &slot->n, err) != 0)
		return -1;
	slot->done = true;
	return 0;
}
