/* SPDX-License-Identifier: Apache-2.0 */
/*
 * late_library - a shared library that is loaded when it is first needed, since
 * loading it takes longer than what most processes do (docs/decisions/0017).
 *
 * A module lists the functions that it calls once. The compiler types each by the
 * library's own header, the linker never hears of the library:
 *
 *	#define FUNCTIONS(F) F(open) F(close)
 *	#define MEMBER(name) __typeof__(foo_##name) *name;
 *	#define SYMBOL(name) { "foo_" #name, &libfoo.name },
 *
 *	static struct { FUNCTIONS(MEMBER) } libfoo;
 *	static const struct late_symbol symbols[] = { FUNCTIONS(SYMBOL) };
 *	static struct late_library library = LATE_LIBRARY("libfoo.so.1", "libfoo1",
 *							  symbols);
 *
 * and calls libfoo.open() after late_library_load(&library, err) gave 0. A function
 * that the header hides behind a macro of the same name is still found so.
 */
#ifndef LTPS_BASE_LATE_LIBRARY_H
#define LTPS_BASE_LATE_LIBRARY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct late_symbol {
	const char *name; /* as the library exports it */
	void *slot;       /* of a pointer to a function; set by loading */
};

struct late_library {
	const char *file;    /* with the version whose header was compiled against */
	const char *package; /* of Debian, for whoever lacks it */
	const struct late_symbol *symbols;
	size_t n_symbols;
	pthread_mutex_t lock;
	bool loaded;
};

#define LATE_LIBRARY(file_, package_, symbols_)                                        \
	{                                                                              \
		.file = (file_), .package = (package_), .symbols = (symbols_),         \
		.n_symbols = sizeof(symbols_) / sizeof((symbols_)[0]),                 \
		.lock = PTHREAD_MUTEX_INITIALIZER                                      \
	}

/*
 * late_library_load - the library with all of its symbols; at once when that is
 * done already. From any thread. It stays until the process ends; what failed is
 * tried again by the next call.
 * Fails: IO (self), naming the library, the package and what the linker says
 */
int late_library_load(struct late_library *library,
		      struct ltps_error *err) LTPS_CHECKED;

#endif
