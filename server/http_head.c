/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http_head.h"

#include <string.h>
#include <strings.h>

/* RFC 9110 5.6.2: tchar. */
static bool is_tchar(uint8_t c)
{
	static const char others[] = "!#$%&'*+-.^_`|~";
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') ||
	       (c != 0 && memchr(others, c, sizeof(others) - 1) != NULL);
}

static bool view_is_nocase(struct view v, const char *s)
{
	size_t i;
	for (i = 0; i < v.n && s[i] != '\0'; i++) {
		if (strncasecmp((const char *)v.p + i, s + i, 1) != 0)
			return false;
	}
	return i == v.n && s[i] == '\0';
}

int http_head_find(struct view bytes, size_t *from, size_t *ret_len)
{
	size_t at = *from;
	*ret_len = 0;
	while (at < bytes.n) {
		const uint8_t *lf = memchr(bytes.p + at, '\n', bytes.n - at);
		if (lf == NULL)
			break;
		size_t i = (size_t)(lf - bytes.p);
		if (i == 0 || bytes.p[i - 1] != '\r')
			return -1;
		/* CR LF CR LF, and not the one empty line before a request. */
		if (i >= 3 && bytes.p[i - 2] == '\n') {
			*ret_len = i + 1;
			return 0;
		}
		at = i + 1;
	}
	*from = bytes.n;
	return 0;
}

bool http_decode_component(char *text, size_t n, bool plus, size_t *ret_n)
{
	size_t out = 0;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)text[i];
		if (c == '%') {
			if (n - i < 3)
				return false;
			const int high = hex_digit((uint8_t)text[i + 1]);
			const int low = hex_digit((uint8_t)text[i + 2]);
			if (high < 0 || low < 0)
				return false;
			c = (uint8_t)(high << 4 | low);
			i += 2;
		} else if (plus && c == '+') {
			c = ' ';
		}
		if (c < 0x20 || c == 0x7f)
			return false;
		text[out++] = (char)c;
	}
	text[out] = '\0';
	*ret_n = out;
	return true;
}

/* No empty, "." or ".." segments: a path means one thing only. */
static bool path_is_plain(const char *path)
{
	if (path[0] != '/')
		return false;
	for (const char *p = path; *p != '\0';) {
		p++;
		const size_t n = strcspn(p, "/");
		if (n == 0 && *p == '/')
			return false;
		if ((n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += n;
	}
	return true;
}

static enum http_method method_of(struct view v)
{
	static const struct {
		const char *name;
		enum http_method method;
	} methods[] = {
		{ "POST", HTTP_METHOD_POST },     { "GET", HTTP_METHOD_GET },
		{ "HEAD", HTTP_METHOD_HEAD },     { "PUT", HTTP_METHOD_PUT },
		{ "DELETE", HTTP_METHOD_DELETE },
	};
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (view_is_text(v, methods[i].name))
			return methods[i].method;
	}
	return HTTP_METHOD_OTHER;
}

static int refuse(int status, const char *why, const char **ret_why)
{
	*ret_why = why;
	return status;
}

/* Host (RFC 9110 7.2): a name or address and perhaps a port; nothing else. */
static bool host_is_plain(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		const uint8_t c = v.p[i];
		if (c <= 0x20 || c >= 0x7f || memchr("/\\?#@,\"<>", c, 9) != NULL)
			return false;
	}
	return true;
}

/* Origin form, or the absolute form that a server must accept (RFC 9112 3.2.2). */
static int parse_target(struct view target, struct http_head *head,
			const char **ret_why)
{
	if (target.n == 0 || target.n > HTTP_TARGET_MAX)
		return refuse(414, "the request target is too long", ret_why);
	for (size_t i = 0; i < target.n; i++) {
		if (target.p[i] <= 0x20 || target.p[i] >= 0x7f || target.p[i] == '#')
			return refuse(400,
				      "the request target has a forbidden character",
				      ret_why);
	}
	if (target.p[0] != '/') {
		const struct view scheme = view_text("http://");
		if (target.n < scheme.n ||
		    !view_is_nocase(view_head(target, scheme.n), "http://"))
			return refuse(400, "the request target is not a path", ret_why);
		target = view_skip(target, scheme.n);
		const uint8_t *slash = memchr(target.p, '/', target.n);
		if (slash == NULL || slash == target.p)
			return refuse(400, "the request target has no path", ret_why);
		const size_t authority = (size_t)(slash - target.p);
		if (!host_is_plain(view_head(target, authority)))
			return refuse(400, "the request target has a bad authority",
				      ret_why);
		target = view_skip(target, authority);
	}
	const uint8_t *mark = memchr(target.p, '?', target.n);
	size_t n = mark == NULL ? target.n : (size_t)(mark - target.p);
	head->query = mark == NULL ? VIEW_NULL : view_skip(target, n + 1);
	head->raw_path = view_head(target, n);
	memcpy(head->path, target.p, n);
	if (!http_decode_component(head->path, n, false, &n))
		return refuse(400, "the path is malformed", ret_why);
	head->plain = path_is_plain(head->path);
	return 0;
}

static int parse_request_line(struct view line, struct http_head *head,
			      const char **ret_why)
{
	const uint8_t *sp1 = memchr(line.p, ' ', line.n);
	if (sp1 == NULL || sp1 == line.p)
		return refuse(400, "malformed request line", ret_why);
	const struct view method = view_head(line, (size_t)(sp1 - line.p));
	for (size_t i = 0; i < method.n; i++) {
		if (!is_tchar(method.p[i]))
			return refuse(400, "malformed request line", ret_why);
	}
	struct view rest = view_skip(line, method.n + 1);
	const uint8_t *sp2 = memchr(rest.p, ' ', rest.n);
	if (sp2 == NULL)
		return refuse(400, "malformed request line", ret_why);
	const struct view target = view_head(rest, (size_t)(sp2 - rest.p));
	const struct view version = view_skip(rest, target.n + 1);
	if (version.n != 8 || memcmp(version.p, "HTTP/", 5) != 0 ||
	    hex_digit(version.p[5]) < 0 || version.p[6] != '.' ||
	    hex_digit(version.p[7]) < 0)
		return refuse(400, "malformed request line", ret_why);
	if (version.p[5] != '1' || (version.p[7] != '0' && version.p[7] != '1'))
		return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken", ret_why);
	head->minor = version.p[7] - '0';
	head->method = method_of(method);
	head->method_text = method;
	return parse_target(target, head, ret_why);
}

/* RFC 9112 5: no blank before the colon, no folding, no control characters. */
static int parse_field(struct view line, struct http_head *head, const char **ret_why)
{
	size_t n = 0;
	while (n < line.n && is_tchar(line.p[n]))
		n++;
	if (n == 0 || n == line.n || line.p[n] != ':')
		return refuse(400, "malformed header field", ret_why);
	struct view value = view_skip(line, n + 1);
	while (value.n > 0 && (value.p[0] == ' ' || value.p[0] == '\t'))
		value = view_skip(value, 1);
	while (value.n > 0 &&
	       (value.p[value.n - 1] == ' ' || value.p[value.n - 1] == '\t'))
		value.n--;
	for (size_t i = 0; i < value.n; i++) {
		const uint8_t c = value.p[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return refuse(400, "a header field has a control character",
				      ret_why);
	}
	if (head->n_fields == HTTP_FIELDS_MAX)
		return refuse(431, "too many header fields", ret_why);
	head->fields[head->n_fields++] =
	    (struct http_header_field){ .name = view_head(line, n), .value = value };
	return 0;
}

/* RFC 9110 8.6: digits only; no list, no sign, no blank inside. */
static int read_length(struct view v, struct http_head *head, const char **ret_why)
{
	if (v.n == 0 || v.n > 18)
		return refuse(400, "Content-Length is not a number", ret_why);
	uint64_t length = 0;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return refuse(400, "Content-Length is not a number", ret_why);
		length = length * 10 + (uint64_t)(v.p[i] - '0');
	}
	head->has_length = true;
	head->content_length = length;
	return 0;
}

static int read_media_type(struct view v, struct http_head *head, const char **ret_why)
{
	size_t n = 0;
	while (n < v.n && v.p[n] != ';' && v.p[n] != ' ' && v.p[n] != '\t')
		n++;
	if (n >= sizeof(head->media_type))
		return refuse(415, "the media type is too long", ret_why);
	for (size_t i = 0; i < n; i++) {
		const uint8_t c = v.p[i];
		if (!is_tchar(c) && c != '/')
			return refuse(415, "the media type is malformed", ret_why);
		head->media_type[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	head->media_type[n] = '\0';
	return 0;
}

/* Does a comma-separated list hold this token? */
static bool list_has(struct view v, const char *token)
{
	while (v.n > 0) {
		const uint8_t *comma = memchr(v.p, ',', v.n);
		struct view item =
		    comma == NULL ? v : view_head(v, (size_t)(comma - v.p));
		v = comma == NULL ? VIEW_NULL : view_skip(v, item.n + 1);
		while (item.n > 0 && (item.p[0] == ' ' || item.p[0] == '\t'))
			item = view_skip(item, 1);
		while (item.n > 0 &&
		       (item.p[item.n - 1] == ' ' || item.p[item.n - 1] == '\t'))
			item.n--;
		if (view_is_nocase(item, token))
			return true;
	}
	return false;
}

/* The fields that say where the request ends and for whom it is. */
struct framing {
	bool host, length, transfer, type, close, keep;
};

static int read_framing_field(const struct http_header_field *f, struct http_head *head,
			      struct framing *seen, const char **ret_why)
{
	if (view_is_nocase(f->name, "content-length")) {
		if (seen->length)
			return refuse(400, "Content-Length is given twice", ret_why);
		seen->length = true;
		return read_length(f->value, head, ret_why);
	}
	if (view_is_nocase(f->name, "transfer-encoding")) {
		if (seen->transfer)
			return refuse(400, "Transfer-Encoding is given twice", ret_why);
		if (!view_is_nocase(f->value, "chunked"))
			return refuse(400, "the only transfer coding is chunked",
				      ret_why);
		seen->transfer = true;
		head->chunked = true;
	} else if (view_is_nocase(f->name, "host")) {
		if (seen->host)
			return refuse(400, "Host is given twice", ret_why);
		if (!host_is_plain(f->value))
			return refuse(400, "Host is malformed", ret_why);
		seen->host = true;
	} else if (view_is_nocase(f->name, "content-type")) {
		if (seen->type)
			return refuse(400, "Content-Type is given twice", ret_why);
		seen->type = true;
		return read_media_type(f->value, head, ret_why);
	} else if (view_is_nocase(f->name, "content-encoding")) {
		if (!view_is_nocase(f->value, "identity"))
			return refuse(415, "content codings are not taken", ret_why);
	} else if (view_is_nocase(f->name, "expect")) {
		if (!view_is_nocase(f->value, "100-continue"))
			return refuse(417, "the only expectation is 100-continue",
				      ret_why);
		head->expect_continue = true;
	} else if (view_is_nocase(f->name, "connection")) {
		seen->close |= list_has(f->value, "close");
		seen->keep |= list_has(f->value, "keep-alive");
	}
	return 0;
}

static int check_framing(struct http_head *head, const char **ret_why)
{
	struct framing seen = { 0 };
	for (size_t i = 0; i < head->n_fields; i++) {
		const int status =
		    read_framing_field(&head->fields[i], head, &seen, ret_why);
		if (status != 0)
			return status;
	}
	if (seen.length && seen.transfer)
		return refuse(400, "Content-Length beside Transfer-Encoding", ret_why);
	if (seen.transfer && head->minor == 0)
		return refuse(400, "Transfer-Encoding in HTTP/1.0", ret_why);
	if (!seen.host && head->minor == 1)
		return refuse(400, "Host is missing", ret_why);
	if (head->minor == 0)
		head->expect_continue = false; /* RFC 9110 10.1.1 */
	head->keep_alive = !seen.close && (head->minor == 1 || seen.keep);
	return 0;
}

int http_head_parse(struct view bytes, uint8_t *scratch, struct http_head *ret_head,
		    const char **ret_why)
{
	struct http_head *head = ret_head;
	struct view rest = bytes;
	bool first = true;
	memset(head, 0, offsetof(struct http_head, fields));
	head->n_fields = 0;
	head->path = (char *)scratch;
	head->path[0] = '\0';
	while (rest.n > 0) {
		const uint8_t *lf = memchr(rest.p, '\n', rest.n);
		if (lf == NULL || lf == rest.p || lf[-1] != '\r')
			return refuse(400, "a line does not end with CR LF", ret_why);
		const struct view line = view_head(rest, (size_t)(lf - rest.p) - 1);
		rest = view_skip(rest, line.n + 2);
		if (line.n == 0) {
			if (rest.n > 0 || first)
				return refuse(400, "empty request", ret_why);
			return check_framing(head, ret_why);
		}
		const int status = first ? parse_request_line(line, head, ret_why)
					 : parse_field(line, head, ret_why);
		if (status != 0)
			return status;
		first = false;
	}
	return refuse(400, "the head has no end", ret_why);
}

struct view http_head_field(const struct http_head *head, const char *name)
{
	for (size_t i = 0; i < head->n_fields; i++) {
		if (view_is_nocase(head->fields[i].name, name))
			return head->fields[i].value;
	}
	return VIEW_NULL;
}
