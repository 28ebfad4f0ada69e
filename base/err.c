/* SPDX-License-Identifier: Apache-2.0 */
/* err - recording and rendering of the one error object. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "base/bytes.h"

static const char *const code_names[LTPS_CODE_COUNT] = {
	[LTPS_OK] = "OK",
	[LTPS_NOMEM] = "NOMEM",
	[LTPS_TOO_LARGE] = "TOO_LARGE",
	[LTPS_FORMAT] = "FORMAT",
	[LTPS_UNSUPPORTED] = "UNSUPPORTED",
	[LTPS_ARGUMENT] = "ARGUMENT",
	[LTPS_NOT_FOUND] = "NOT_FOUND",
	[LTPS_EXISTS] = "EXISTS",
	[LTPS_DENIED] = "DENIED",
	[LTPS_MISMATCH] = "MISMATCH",
	[LTPS_STATE] = "STATE",
	[LTPS_BUSY] = "BUSY",
	[LTPS_TIMEOUT] = "TIMEOUT",
	[LTPS_REMOTE] = "REMOTE",
	[LTPS_IO] = "IO",
	[LTPS_NO_SPACE] = "NO_SPACE",
	[LTPS_READ_ONLY] = "READ_ONLY",
	[LTPS_CORRUPT] = "CORRUPT",
	[LTPS_CRYPTO] = "CRYPTO",
	[LTPS_CANCELLED] = "CANCELLED",
	[LTPS_INTERNAL] = "INTERNAL",
};

static const char *const fault_names[] = {
	[LTPS_FAULT_SELF] = "self",
	[LTPS_FAULT_CALLER] = "caller",
	[LTPS_FAULT_OBJECT] = "object",
	[LTPS_FAULT_REMOTE] = "remote",
};

static const char *const foreign_names[] = {
	[LTPS_FOREIGN_NONE] = NULL,         [LTPS_FOREIGN_ERRNO] = "errno",
	[LTPS_FOREIGN_OPENSSL] = "openssl", [LTPS_FOREIGN_SQLITE] = "sqlite",
	[LTPS_FOREIGN_CURL] = "curl",
};

/* A cut in the middle of a UTF-8 sequence drops the begun sequence. */
static void drop_cut_sequence(char *s)
{
	size_t n = strlen(s);
	size_t tail = 0;
	while (tail < 3 && tail < n && ((uint8_t)s[n - 1 - tail] & 0xc0) == 0x80)
		tail++;
	if (tail < n && (uint8_t)s[n - 1 - tail] >= 0xc0 &&
	    !utf8_valid(view_of(s + n - 1 - tail, tail + 1)))
		s[n - 1 - tail] = '\0';
}

/*
 * Texts reach terminals and logs: no C0 or C1 control, no broken UTF-8 (names
 * from outside may be quoted in them).
 */
static void make_printable(char *s)
{
	bool utf8 = utf8_valid(view_text(s));
	for (uint8_t *p = (uint8_t *)s; *p != 0; p++) {
		if (*p < 0x20 || *p == 0x7f || (*p >= 0x80 && !utf8)) {
			*p = '?';
		} else if (p[0] == 0xc2 && p[1] < 0xa0) {
			p[0] = '?';
			p[1] = '?';
		}
	}
}

__attribute__((format(printf, 3, 0))) static void set_text(char *out, size_t size,
							   const char *fmt, va_list ap)
{
	int n = vsnprintf(out, size, fmt, ap);
	if (n < 0)
		out[0] = '\0';
	else if ((size_t)n >= size)
		drop_cut_sequence(out);
	make_printable(out);
}

static void set_codes(struct ltps_error *err, enum ltps_code code,
		      enum ltps_fault fault, const char *clause)
{
	err->code = code;
	err->fault = fault;
	err->foreign = LTPS_FOREIGN_NONE;
	err->foreign_code = 0;
	err->clause = clause;
	err->where[0] = '\0';
	err->text[0] = '\0';
}

int ltps_fail(struct ltps_error *err, enum ltps_code code, enum ltps_fault fault,
	      const char *clause, const char *fmt, ...)
{
	if (err->code != LTPS_OK)
		return -1;
	set_codes(err, code, fault, clause);
	va_list ap;
	va_start(ap, fmt);
	set_text(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int ltps_fail_nomem(struct ltps_error *err)
{
	return ltps_fail(err, LTPS_NOMEM, LTPS_FAULT_SELF, NULL, "out of memory");
}

static enum ltps_code code_of_errno(int e)
{
	switch (e) {
	case ENOSPC:
	case EDQUOT:
		return LTPS_NO_SPACE;
	case EROFS:
		return LTPS_READ_ONLY;
	case ENOENT:
		return LTPS_NOT_FOUND;
	case EACCES:
	case EPERM:
		return LTPS_DENIED;
	case ENOMEM:
		return LTPS_NOMEM;
	default:
		return LTPS_IO;
	}
}

/* Put ": reason" behind the text, as far as it fits. */
static void append_reason(struct ltps_error *err, const char *reason)
{
	size_t n = strlen(err->text);
	int k = snprintf(err->text + n, sizeof(err->text) - n, "%s%s",
			 n > 0 ? ": " : "", reason);
	if (k >= 0 && (size_t)k >= sizeof(err->text) - n)
		drop_cut_sequence(err->text);
	make_printable(err->text);
}

int ltps_fail_errno(struct ltps_error *err, const char *fmt, ...)
{
	int e = errno;
	if (err->code != LTPS_OK)
		return -1;
	set_codes(err, code_of_errno(e), LTPS_FAULT_SELF, NULL);
	err->foreign = LTPS_FOREIGN_ERRNO;
	err->foreign_code = e;
	va_list ap;
	va_start(ap, fmt);
	set_text(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	char reason[128];
	append_reason(err, strerror_r(e, reason, sizeof(reason)));
	return -1;
}

int ltps_fail_openssl(struct ltps_error *err, enum ltps_code code,
		      enum ltps_fault fault, const char *clause, const char *fmt, ...)
{
	unsigned long first = ERR_peek_error();
	if (err->code != LTPS_OK) {
		ERR_clear_error();
		return -1;
	}
	/* An allocation that failed inside OpenSSL is no fault of the object. */
	if (ERR_GET_REASON(first) == ERR_R_MALLOC_FAILURE) {
		code = LTPS_NOMEM;
		fault = LTPS_FAULT_SELF;
	}
	set_codes(err, code, fault, clause);
	va_list ap;
	va_start(ap, fmt);
	set_text(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (first != 0) {
		const char *reason = ERR_reason_error_string(first);
		err->foreign = LTPS_FOREIGN_OPENSSL;
		err->foreign_code = (long)first;
		if (reason != NULL)
			append_reason(err, reason);
	}
	ERR_clear_error();
	return -1;
}

int ltps_where(struct ltps_error *err, const char *fmt, ...)
{
	if (err->where[0] != '\0')
		return -1;
	va_list ap;
	va_start(ap, fmt);
	set_text(err->where, sizeof(err->where), fmt, ap);
	va_end(ap);
	return -1;
}

void ltps_error_clear(struct ltps_error *err)
{
	set_codes(err, LTPS_OK, LTPS_FAULT_SELF, NULL);
}

const char *ltps_code_name(enum ltps_code code)
{
	if ((unsigned)code >= LTPS_CODE_COUNT)
		return "?";
	return code_names[code];
}

const char *ltps_fault_name(enum ltps_fault fault)
{
	if ((unsigned)fault >= sizeof(fault_names) / sizeof(fault_names[0]))
		return "?";
	return fault_names[fault];
}

/* Append s at out + n, cut to size; returns the new length. */
static size_t line_add(char *out, size_t size, size_t n, const char *s)
{
	while (*s != '\0' && n + 1 < size)
		out[n++] = *s++;
	out[n] = '\0';
	return n;
}

static const char *foreign_text(const struct ltps_error *err, char *out, size_t size)
{
	unsigned f = (unsigned)err->foreign;
	if (f >= sizeof(foreign_names) / sizeof(foreign_names[0]) ||
	    foreign_names[f] == NULL)
		return NULL;
	snprintf(out, size, "%s %ld", foreign_names[f], err->foreign_code);
	return out;
}

void ltps_error_line(const struct ltps_error *err, char *out, size_t out_size)
{
	if (out_size == 0)
		return;
	out[0] = '\0';
	char foreign[48];
	const char *parts[] = {
		err->where[0] != '\0' ? err->where : NULL,
		err->clause,
		foreign_text(err, foreign, sizeof(foreign)),
	};
	size_t n =
	    line_add(out, out_size, 0,
		     err->text[0] != '\0' ? err->text : ltps_code_name(err->code));
	bool open = false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i] == NULL)
			continue;
		n = line_add(out, out_size, n, open ? "; " : " (");
		n = line_add(out, out_size, n, parts[i]);
		open = true;
	}
	if (open)
		n = line_add(out, out_size, n, ")");
	if (n + 1 == out_size)
		drop_cut_sequence(out);
}
