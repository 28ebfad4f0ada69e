/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err - the one error object of the house.
 *
 * A fallible function returns 0 or -1 and takes `struct ltps_error *err` last
 * (never NULL). The object belongs to the caller and may cross threads. Once
 * an error is set, setting it again does nothing: the lowest cause is kept.
 */
#ifndef LTPS_BASE_ERR_H
#define LTPS_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#define LTPS_CHECKED __attribute__((warn_unused_result))

/* What went wrong. Closed: the edge maps every code (server/result.c). */
enum ltps_code {
	LTPS_OK = 0,
	LTPS_NOMEM,       /* allocation failed */
	LTPS_TOO_LARGE,   /* a named limit was exceeded */
	LTPS_FORMAT,      /* bytes do not follow their specification */
	LTPS_UNSUPPORTED, /* well-formed, but not something we do */
	LTPS_ARGUMENT,    /* a value the caller gave is not acceptable */
	LTPS_NOT_FOUND,
	LTPS_EXISTS,
	LTPS_DENIED,   /* known caller without the right, or address refused */
	LTPS_MISMATCH, /* two things that must be equal are not */
	LTPS_STATE,    /* not possible in the present state */
	LTPS_BUSY,     /* a bounded resource is full, try again */
	LTPS_TIMEOUT,
	LTPS_REMOTE,   /* a remote party failed or answered nonsense */
	LTPS_IO,       /* the operating system refused a read or write */
	LTPS_NO_SPACE, /* disk full or quota reached */
	LTPS_READ_ONLY,
	LTPS_CORRUPT, /* stored bytes are not those once written */
	LTPS_CRYPTO,  /* the cryptographic library failed */
	LTPS_CANCELLED,
	LTPS_INTERNAL, /* a promise inside the program was broken */
	LTPS_CODE_COUNT
};

/* Whose fault it is. */
enum ltps_fault {
	LTPS_FAULT_SELF = 0,
	LTPS_FAULT_CALLER,
	LTPS_FAULT_OBJECT,
	LTPS_FAULT_REMOTE,
};

/* Which library `foreign_code` speaks of. */
enum ltps_foreign {
	LTPS_FOREIGN_NONE = 0,
	LTPS_FOREIGN_ERRNO,
	LTPS_FOREIGN_OPENSSL,
	LTPS_FOREIGN_SQLITE,
	LTPS_FOREIGN_CURL,
};

struct ltps_error {
	enum ltps_code code;
	enum ltps_fault fault;
	enum ltps_foreign foreign;
	long foreign_code;
	const char *clause; /* static text such as "RFC 3161 2.4.2", or NULL */
	char where[96];     /* file, member, offset; may be empty */
	char text[256];     /* one line, no secrets */
};

#define LTPS_ERROR_INIT                                                                \
	{                                                                              \
		.code = LTPS_OK                                                        \
	}

/*
 * ltps_fail - record an error and return -1.
 * clause  static text or NULL
 * fmt     one line; control characters are replaced by '?'
 */
int ltps_fail(struct ltps_error *err, enum ltps_code code, enum ltps_fault fault,
	      const char *clause, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* ltps_fail_nomem - NOMEM (self); -1. Needs no memory. */
int ltps_fail_nomem(struct ltps_error *err);

/*
 * ltps_fail_errno - an operating-system error, from errno.
 * ENOSPC and EDQUOT become NO_SPACE, EROFS READ_ONLY, ENOENT NOT_FOUND,
 * EACCES and EPERM DENIED, ENOMEM NOMEM, everything else IO.
 */
int ltps_fail_errno(struct ltps_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * ltps_fail_openssl - drain OpenSSL's error queue into the error.
 * The first queued reason is put behind the text; the queue is empty after.
 */
int ltps_fail_openssl(struct ltps_error *err, enum ltps_code code,
		      enum ltps_fault fault, const char *clause, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* ltps_where - add the place if none is set yet; returns -1. */
int ltps_where(struct ltps_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ltps_error_clear - back to LTPS_OK, for a caller that handled it. */
void ltps_error_clear(struct ltps_error *err);

/* ltps_code_name - "TOO_LARGE" and so on; "?" for a value out of range. */
const char *ltps_code_name(enum ltps_code code);
/* ltps_fault_name - "self", "caller", "object", "remote". */
const char *ltps_fault_name(enum ltps_fault fault);

/*
 * ltps_error_line - the whole error on one line, for a log or a terminal:
 * "text (where; clause; foreign)". Always terminates out.
 */
void ltps_error_line(const struct ltps_error *err, char *out, size_t out_size);

#endif
