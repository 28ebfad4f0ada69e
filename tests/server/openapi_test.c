/* SPDX-License-Identifier: Apache-2.0 */
/* GET /openapi.json: the document and the table of routes say the same. */
#include <criterion/criterion.h>
#include <string.h>

#include <jansson.h>

#include "base/embedded.h"
#include "base/mem.h"
#include "server/service.h"

extern const struct embedded server_documents[];

static struct service_shell *shell;
static json_t *document;

static const struct {
	enum http_method method;
	const char *name;
} methods[] = {
	{ HTTP_METHOD_GET, "get" },
	{ HTTP_METHOD_POST, "post" },
	{ HTTP_METHOD_PUT, "put" },
	{ HTTP_METHOD_DELETE, "delete" },
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* With everything configured that may be. */
static void start(void)
{
	static struct config config = { .body_max = 1000 };
	struct service *s = mem_zalloc(1, sizeof(*s));
	shell = mem_zalloc(1, sizeof(*shell));
	const struct view text = server_documents[0].bytes;
	document =
	    json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(document);
	shell->now = s;
	s->shell = shell;
	s->config = &config;
	s->scvp = (struct ltp_scvp *)shell; /* there is one; nobody looks at it */
	route_table(s);
}

static void end(void)
{
	json_decref(document);
	mem_free(shell->now);
	mem_free(shell);
}

TestSuite(openapi, .init = start, .fini = end);

static const struct http_route *route_of(const char *path)
{
	for (size_t i = 0; i < shell->n_routes; i++)
		if (strcmp(shell->routes[i].path, path) == 0)
			return &shell->routes[i];
	return NULL;
}

Test(openapi, each_route_is_described_with_its_methods)
{
	const json_t *paths = json_object_get(document, "paths");
	cr_assert_gt(shell->n_routes, OP_COUNT);
	for (size_t i = 0; i < shell->n_routes; i++) {
		const struct http_route *r = &shell->routes[i];
		const json_t *item = json_object_get(paths, r->path);
		cr_expect_not_null(item, "%s is not described", r->path);
		for (size_t m = 0; m < COUNT(methods); m++)
			cr_expect_eq(json_object_get(item, methods[m].name) != NULL,
				     (r->methods & methods[m].method) != 0, "%s %s",
				     methods[m].name, r->path);
	}
}

Test(openapi, nothing_is_described_that_is_not_there)
{
	const char *path;
	json_t *item;
	json_object_foreach(json_object_get(document, "paths"), path, item)
	    cr_expect_not_null(route_of(path), "%s", path);
}

Test(openapi, media_types_of_bodies_are_those_that_are_taken)
{
	const char *path;
	json_t *item;
	json_object_foreach(json_object_get(document, "paths"), path, item)
	{
		const struct http_route *r = route_of(path);
		const json_t *content = json_object_get(
		    json_object_get(json_object_get(item, "post"), "requestBody"),
		    "content");
		size_t n = 0;
		if (r == NULL || content == NULL || r->media_types[0] == NULL)
			continue;
		for (; n < HTTP_MEDIA_TYPES_MAX && r->media_types[n] != NULL; n++)
			cr_expect_not_null(json_object_get(content, r->media_types[n]),
					   "%s %s", path, r->media_types[n]);
		cr_expect_eq(json_object_size(content), n, "%s", path);
	}
}

Test(openapi, version_is_that_of_the_program)
{
	cr_expect_str_eq(json_string_value(json_object_get(
			     json_object_get(document, "info"), "version")),
			 LTPS_VERSION);
}
