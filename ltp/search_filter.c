/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/search_filter.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "storage/limits.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static const char *const FIELDS[SEARCH_FIELD_COUNT] = {
	[SEARCH_POID] = "poid",
	[SEARCH_STORED] = "stored",
	[SEARCH_PERIOD] = "period",
	[SEARCH_PROFILE] = "profile",
	[SEARCH_FORMAT] = "format",
	[SEARCH_MIME] = "mime",
	[SEARCH_PRONOM] = "pronom",
	[SEARCH_ID] = "id",
	[SEARCH_RECORD] = "record",
	[SEARCH_SIGNER] = "signer",
	[SEARCH_INDICATION] = "indication",
	[SEARCH_SUBINDICATION] = "subindication",
	[SEARCH_VERSIONS] = "versions",
	[SEARCH_STATE] = "state",
};

static const char *const OPS[SEARCH_OP_COUNT] = {
	[SEARCH_EQ] = "=", [SEARCH_NE] = "!=", [SEARCH_LT] = "<",  [SEARCH_LE] = "<=",
	[SEARCH_GT] = ">", [SEARCH_GE] = ">=", [SEARCH_HAS] = "~",
};

enum token { TOKEN_END, TOKEN_WORD, TOKEN_TEXT, TOKEN_OP, TOKEN_OPEN, TOKEN_CLOSE };

struct parser {
	struct view in;
	size_t next; /* behind the token */
	/* The token at hand. */
	enum token token;
	size_t at;        /* where it begins */
	struct view word; /* of a WORD as it stands; of a TEXT between its quotes */
	enum search_op op;
	unsigned depth;
	struct search_filter *f;
	struct ltps_error *err;
};

/* ---- errors ---- */

/* Characters, not octets: as its writer counts. */
static size_t character_of(const struct parser *p, size_t at)
{
	size_t n = 1;
	for (size_t i = 0; i < at; i++)
		n += (p->in.p[i] & 0xc0) != 0x80;
	return n;
}

static int fail_at(struct parser *p, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int fail_at(struct parser *p, size_t at, const char *fmt, ...)
{
	char text[320];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return ltps_fail(p->err, LTPS_FORMAT, LTPS_FAULT_CALLER, "TS 119 512 5.3.9",
			 "filter, character %zu: %s", character_of(p, at), text);
}

/* A cut of it, at the border of a character. */
static int found_len(struct view v)
{
	size_t n = v.n < 40 ? v.n : 40;
	while (n < v.n && n > 0 && (v.p[n] & 0xc0) == 0x80)
		n--;
	return (int)n;
}

static int fail_expected(struct parser *p, const char *expected)
{
	switch (p->token) {
	case TOKEN_END:
		return fail_at(p, p->at, "expected %s, found the end", expected);
	case TOKEN_OP:
		return fail_at(p, p->at, "expected %s, found '%s'", expected,
			       OPS[p->op]);
	case TOKEN_OPEN:
	case TOKEN_CLOSE:
		return fail_at(p, p->at, "expected %s, found '%c'", expected,
			       p->token == TOKEN_OPEN ? '(' : ')');
	case TOKEN_WORD:
	case TOKEN_TEXT:
		break;
	}
	return fail_at(p, p->at, "expected %s, found '%.*s'", expected,
		       found_len(p->word), (const char *)p->word.p);
}

/* ---- tokens ---- */

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What identifiers, times, MIME types and URIs are made of. */
static bool is_word(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("_-.:/+@#%?*", c) != NULL);
}

static int read_quoted(struct parser *p)
{
	size_t i = p->at + 1;
	while (i < p->in.n && p->in.p[i] != '"') {
		if (p->in.p[i] < 0x20 || p->in.p[i] == 0x7f)
			return fail_at(p, i, "a control character within quotes");
		if (p->in.p[i] == '\\' &&
		    (++i == p->in.n || (p->in.p[i] != '"' && p->in.p[i] != '\\')))
			return fail_at(p, i - 1, "expected \\\" or \\\\");
		i++;
	}
	if (i == p->in.n)
		return fail_at(p, p->at, "the quote is never closed");
	p->token = TOKEN_TEXT;
	p->word = view_of(p->in.p + p->at + 1, i - p->at - 1);
	p->next = i + 1;
	return 0;
}

static int read_op(struct parser *p)
{
	size_t best = 0;
	for (unsigned op = 0; op < SEARCH_OP_COUNT; op++) {
		const size_t n = strlen(OPS[op]);
		if (n > best && p->in.n - p->at >= n &&
		    memcmp(p->in.p + p->at, OPS[op], n) == 0) {
			best = n;
			p->op = (enum search_op)op;
		}
	}
	if (best == 0)
		return fail_at(p, p->at,
			       "a character that may stand only within quotes");
	p->token = TOKEN_OP;
	p->next = p->at + best;
	return 0;
}

static int read_token(struct parser *p)
{
	while (p->next < p->in.n && is_space(p->in.p[p->next]))
		p->next++;
	p->at = p->next;
	if (p->at == p->in.n) {
		p->token = TOKEN_END;
		return 0;
	}
	const uint8_t c = p->in.p[p->at];
	if (c == '"')
		return read_quoted(p);
	if (c == '(' || c == ')') {
		p->token = c == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
		p->next++;
		return 0;
	}
	if (!is_word(c))
		return read_op(p);
	while (p->next < p->in.n && is_word(p->in.p[p->next]))
		p->next++;
	p->token = TOKEN_WORD;
	p->word = view_of(p->in.p + p->at, p->next - p->at);
	return 0;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool is_name(const struct parser *p, const char *name)
{
	if (p->token != TOKEN_WORD || p->word.n != strlen(name))
		return false;
	for (size_t i = 0; i < p->word.n; i++)
		if (lower(p->word.p[i]) != (uint8_t)name[i])
			return false;
	return true;
}

/* ---- values ---- */

/* The value at hand, without its escapes; stays with the filter. */
static int keep_text(struct parser *p, const char **ret)
{
	struct search_filter *f = p->f;
	const bool quoted = p->token == TOKEN_TEXT;
	if (!quoted && p->token != TOKEN_WORD)
		return fail_expected(p, "a value");
	*ret = f->texts + f->n_texts;
	for (size_t i = 0; i < p->word.n; i++) {
		if (quoted && p->word.p[i] == '\\')
			i++;
		f->texts[f->n_texts++] = (char)p->word.p[i];
	}
	f->texts[f->n_texts++] = '\0';
	return 0;
}

/* A date is its beginning. */
static int time_of(struct parser *p, const char *text, int64_t *ret)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	char whole[48];
	snprintf(whole, sizeof(whole), "%.30s%s", text,
		 strlen(text) == strlen("2026-01-01") ? "T00:00:00Z" : "");
	if (strlen(text) > 30 || time_parse_rfc3339(view_text(whole), ret, &why) != 0)
		return fail_at(p, p->at,
			       "expected a date or time (2026-01-01, "
			       "2026-01-01T12:00:00Z)");
	return 0;
}

static int number_of(struct parser *p, const char *text, int64_t max, int64_t *ret)
{
	int64_t n = 0;
	size_t i = 0;
	for (; text[i] >= '0' && text[i] <= '9' && n <= max; i++)
		n = 10 * n + (text[i] - '0');
	if (i == 0 || text[i] != '\0' || n > max)
		return fail_at(p, p->at, "expected a number up to %lld",
			       (long long)max);
	*ret = n;
	return 0;
}

static int state_of(struct parser *p, const char *text, int64_t *ret)
{
	static const char *const names[] = { "live", "data-deleted" };
	for (size_t i = 0; i < LEN(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*ret = i == 0 ? OBJECT_LIVE : OBJECT_DATA_DELETED;
			return 0;
		}
	return fail_at(p, p->at, "expected live or data-deleted");
}

/* As verdicts are kept: "TOTAL-PASSED" is TOTAL_PASSED. */
static void as_verdict(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '-')
			*text = '_';
		else if (*text >= 'a' && *text <= 'z')
			*text = (char)(*text - 'a' + 'A');
	}
}

static int check_indication(struct parser *p, const char *text)
{
	static const char *const known[] = { "", "TOTAL_PASSED", "TOTAL_FAILED",
					     "INDETERMINATE" };
	for (size_t i = 0; i < LEN(known); i++)
		if (strcmp(text, known[i]) == 0)
			return 0;
	return fail_at(p, p->at,
		       "expected TOTAL_PASSED, TOTAL_FAILED, INDETERMINATE or \"\"");
}

static int read_value(struct parser *p, struct search_node *n)
{
	const size_t from = p->f->n_texts;
	if (keep_text(p, &n->text) != 0)
		return -1;
	switch (n->field) {
	case SEARCH_STORED:
	case SEARCH_PERIOD:
		return time_of(p, n->text, &n->number);
	case SEARCH_VERSIONS:
		return number_of(p, n->text, STORE_VERSIONS_MAX, &n->number);
	case SEARCH_STATE:
		return state_of(p, n->text, &n->number);
	case SEARCH_INDICATION:
	case SEARCH_SUBINDICATION:
		as_verdict(p->f->texts + from);
		return n->field == SEARCH_INDICATION ? check_indication(p, n->text) : 0;
	default:
		return n->text[0] != '\0' ? 0 : fail_at(p, p->at, "an empty text");
	}
}

/* ---- conditions ---- */

static int add_node(struct parser *p, const struct search_node *n, size_t *ret)
{
	if (p->f->n_nodes == SEARCH_NODES_MAX)
		return fail_at(p, p->at, "more than %d conditions", SEARCH_NODES_MAX);
	*ret = p->f->n_nodes;
	p->f->nodes[p->f->n_nodes++] = *n;
	return 0;
}

static int parse_term(struct parser *p, size_t *ret)
{
	struct search_node n = { .kind = SEARCH_TERM };
	unsigned field = 0;
	while (field < SEARCH_FIELD_COUNT && !is_name(p, FIELDS[field]))
		field++;
	if (field == SEARCH_FIELD_COUNT)
		return fail_expected(p, "a field (" SEARCH_FILTER_FIELDS "), not or (");
	n.field = (enum search_field)field;
	if (read_token(p) != 0)
		return -1;
	if (p->token != TOKEN_OP)
		return fail_expected(p, "an operator (= != < <= > >= ~)");
	if (!search_has_op(n.field, p->op))
		return fail_at(p, p->at, "%s has no operator %s", FIELDS[field],
			       OPS[p->op]);
	n.op = p->op;
	if (read_token(p) != 0 || read_value(p, &n) != 0 || read_token(p) != 0)
		return -1;
	return add_node(p, &n, ret);
}

static int parse_condition(struct parser *p, size_t *ret);

static int parse_within(struct parser *p, size_t *ret)
{
	struct search_node n = { .kind = SEARCH_NOT };
	const bool is_not = p->token == TOKEN_WORD;
	if (++p->depth > SEARCH_FILTER_DEPTH_MAX)
		return fail_at(p, p->at, "more than %d levels",
			       SEARCH_FILTER_DEPTH_MAX);
	if (read_token(p) != 0)
		return -1;
	if (is_not) {
		const bool deeper = is_name(p, "not") || p->token == TOKEN_OPEN;
		if ((deeper ? parse_within(p, &n.left) : parse_term(p, &n.left)) != 0 ||
		    add_node(p, &n, ret) != 0)
			return -1;
	} else {
		if (parse_condition(p, ret) != 0)
			return -1;
		if (p->token != TOKEN_CLOSE)
			return fail_expected(p, "and, or or )");
		if (read_token(p) != 0)
			return -1;
	}
	p->depth--;
	return 0;
}

static int parse_one(struct parser *p, size_t *ret)
{
	return is_name(p, "not") || p->token == TOKEN_OPEN ? parse_within(p, ret)
							   : parse_term(p, ret);
}

/* One of them after the other, joined by this word. */
static int parse_row(struct parser *p, enum search_kind kind, size_t *ret)
{
	const bool is_and = kind == SEARCH_AND;
	size_t left;
	if ((is_and ? parse_one(p, &left) : parse_row(p, SEARCH_AND, &left)) != 0)
		return -1;
	while (is_name(p, is_and ? "and" : "or")) {
		struct search_node n = { .kind = kind, .left = left };
		if (read_token(p) != 0 ||
		    (is_and ? parse_one(p, &n.right)
			    : parse_row(p, SEARCH_AND, &n.right)) != 0 ||
		    add_node(p, &n, &left) != 0)
			return -1;
	}
	*ret = left;
	return 0;
}

static int parse_condition(struct parser *p, size_t *ret)
{
	return parse_row(p, SEARCH_OR, ret);
}

/* ---- what follows the condition ---- */

static int parse_order(struct parser *p)
{
	p->f->newest_first = is_name(p, "newest");
	if (!p->f->newest_first && !is_name(p, "oldest"))
		return fail_expected(p, "oldest or newest");
	return 0;
}

static int parse_limit(struct parser *p)
{
	const char *text;
	int64_t n;
	if (keep_text(p, &text) != 0 || number_of(p, text, SEARCH_FOUND_MAX, &n) != 0)
		return -1;
	if (n == 0)
		return fail_at(p, p->at, "expected a number from 1");
	p->f->limit = (size_t)n;
	return 0;
}

static int parse_after(struct parser *p)
{
	if (keep_text(p, &p->f->after) != 0)
		return -1;
	return p->f->after[0] != '\0' ? 0 : fail_at(p, p->at, "an empty text");
}

static const struct {
	const char *name;
	int (*parse)(struct parser *p);
} CLAUSES[] = {
	{ "order", parse_order },
	{ "after", parse_after },
	{ "limit", parse_limit },
};

static size_t clause_at(const struct parser *p)
{
	size_t i = 0;
	while (i < LEN(CLAUSES) && !is_name(p, CLAUSES[i].name))
		i++;
	return i;
}

static int parse_clauses(struct parser *p)
{
	bool seen[LEN(CLAUSES)] = { false };
	while (p->token != TOKEN_END) {
		const size_t i = clause_at(p);
		if (i == LEN(CLAUSES))
			return fail_expected(p,
					     "and, or, order, after, limit or the end");
		if (seen[i])
			return fail_at(p, p->at, "%s stands twice", CLAUSES[i].name);
		seen[i] = true;
		if (read_token(p) != 0 || CLAUSES[i].parse(p) != 0 ||
		    read_token(p) != 0)
			return -1;
	}
	return 0;
}

int search_filter_parse(struct view text, struct search_filter *ret_f,
			struct ltps_error *err)
{
	struct parser p = { .in = text, .f = ret_f, .err = err };
	size_t whole;
	*ret_f = (struct search_filter){ .n_nodes = 0 };
	if (text.n > LTP_FILTER_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "the filter is longer than %d octets", LTP_FILTER_MAX);
	if (!utf8_valid(text))
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
				 "the filter is not UTF-8");
	if (read_token(&p) != 0)
		return -1;
	if (p.token != TOKEN_END && clause_at(&p) == LEN(CLAUSES) &&
	    parse_condition(&p, &whole) != 0)
		return -1;
	return parse_clauses(&p);
}
