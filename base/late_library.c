/* SPDX-License-Identifier: Apache-2.0 */
#include "base/late_library.h"

#include <dlfcn.h>
#include <string.h>

/* POSIX lets an address of dlsym() be a function's. */
_Static_assert(sizeof(void *) == sizeof(void (*)(void)), "addresses differ in size");

static int fail_load(const struct late_library *library, struct ltps_error *err)
{
	const char *why = dlerror();
	return ltps_fail(err, LTPS_IO, LTPS_FAULT_SELF, NULL,
			 "cannot load %s (package %s): %s", library->file,
			 library->package, why != NULL ? why : "no reason given");
}

static int resolve(const struct late_library *library, void *handle,
		   struct ltps_error *err)
{
	for (size_t i = 0; i < library->n_symbols; i++) {
		const struct late_symbol *s = &library->symbols[i];
		void *address = dlsym(handle, s->name);
		if (address == NULL)
			return fail_load(library, err);
		memcpy(s->slot, &address, sizeof(address));
	}
	return 0;
}

static int load(struct late_library *library, struct ltps_error *err)
{
	/* Lazily, as the linker would have: its own libraries are many. */
	void *handle = dlopen(library->file, RTLD_LAZY | RTLD_LOCAL);
	if (handle == NULL)
		return fail_load(library, err);
	if (resolve(library, handle, err) != 0) {
		dlclose(handle);
		return -1;
	}
	library->loaded = true; /* the handle is never closed */
	return 0;
}

int late_library_load(struct late_library *library, struct ltps_error *err)
{
	pthread_mutex_lock(&library->lock);
	const int rc = library->loaded ? 0 : load(library, err);
	pthread_mutex_unlock(&library->lock);
	return rc;
}
