/* SPDX-License-Identifier: Apache-2.0 */
/* GET /openapi.json: the document, the table of routes and that of rights say the
 * same. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/embedded.h"
#include "base/mem.h"
#include "server/rights.h"
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

/* "/link/{secret}/object" is served by "/link/" and an asterisk. */
#define PATH_MAX_HERE 200
static const char *route_path(const char *path, char out[PATH_MAX_HERE])
{
	const size_t n = strcspn(path, "{");
	cr_assert_lt(n, PATH_MAX_HERE - 2);
	snprintf(out, PATH_MAX_HERE, "%.*s%s", (int)n, path,
		 path[n] != '\0' ? "*" : "");
	return out;
}

/* One path may have several routes, each with methods of its own. */
static unsigned methods_of(const char *route)
{
	unsigned found = 0;
	for (size_t i = 0; i < shell->n_routes; i++)
		if (strcmp(shell->routes[i].path, route) == 0)
			found |= shell->routes[i].methods;
	return found;
}

static const struct http_route *route_of(const char *path, enum http_method method)
{
	char name[PATH_MAX_HERE];
	route_path(path, name);
	for (size_t i = 0; i < shell->n_routes; i++)
		if (strcmp(shell->routes[i].path, name) == 0 &&
		    (shell->routes[i].methods & method) != 0)
			return &shell->routes[i];
	return NULL;
}

Test(openapi, each_route_is_described)
{
	cr_assert_gt(shell->n_routes, OP_COUNT);
	for (size_t i = 0; i < shell->n_routes; i++) {
		char name[PATH_MAX_HERE];
		const char *path;
		json_t *item;
		bool found = false;
		json_object_foreach(json_object_get(document, "paths"), path, item)
		    found = found ||
			    strcmp(route_path(path, name), shell->routes[i].path) == 0;
		cr_expect(found, "%s is not described", shell->routes[i].path);
	}
}

Test(openapi, what_is_described_is_there_with_its_methods)
{
	const char *path;
	json_t *item;
	json_object_foreach(json_object_get(document, "paths"), path, item)
	{
		char name[PATH_MAX_HERE];
		const unsigned taken = methods_of(route_path(path, name));
		cr_expect_neq(taken, 0u, "%s", path);
		for (size_t m = 0; m < COUNT(methods); m++)
			cr_expect_eq(json_object_get(item, methods[m].name) != NULL,
				     (taken & methods[m].method) != 0, "%s %s",
				     methods[m].name, path);
	}
}

/* OpenAPI 3.1, 4.8.12.1: each {name} is a parameter of the path, and no other is. */
static size_t path_parameters(const json_t *operation, const char *path)
{
	const json_t *list = json_object_get(operation, "parameters");
	size_t n = 0, i;
	json_t *p;
	json_array_foreach(list, i, p)
	{
		char wanted[PATH_MAX_HERE];
		if (strcmp(json_string_value(json_object_get(p, "in")), "path") != 0)
			continue;
		snprintf(wanted, sizeof(wanted), "{%s}",
			 json_string_value(json_object_get(p, "name")));
		cr_expect_not_null(strstr(path, wanted), "%s: %s", path, wanted);
		cr_expect(json_is_true(json_object_get(p, "required")), "%s", path);
		n++;
	}
	return n;
}

Test(openapi, each_part_of_a_path_that_varies_is_a_parameter)
{
	const char *path, *method;
	json_t *item, *operation;
	json_object_foreach(json_object_get(document, "paths"), path, item)
	{
		size_t wanted = 0;
		for (const char *at = path; (at = strchr(at, '{')) != NULL; at++)
			wanted++;
		json_object_foreach(item, method, operation) cr_expect_eq(
		    path_parameters(operation, path), wanted, "%s %s", method, path);
	}
}

/* Roles of all alternatives with a scheme; none at all: for anybody. */
static unsigned roles_described(const json_t *operation, const char *scheme)
{
	const json_t *security = json_object_get(operation, "security");
	unsigned roles = json_array_size(security) == 0 ? ROLE_ANYONE : 0;
	size_t i, k;
	json_t *one, *role;
	cr_expect(json_is_array(security));
	json_array_foreach(security, i, one)
	{
		json_array_foreach(json_object_get(one, scheme), k, role)
		{
			cr_expect_eq(k, 0, "all of a list would be needed");
			roles |= role_parse(json_string_value(role));
		}
	}
	return roles;
}

Test(openapi, roles_are_those_that_have_the_right)
{
	const char *path, *method;
	json_t *item, *operation;
	json_object_foreach(json_object_get(document, "paths"), path, item)
	{
		char name[PATH_MAX_HERE];
		const unsigned rights = rights_of(route_path(path, name));
		json_object_foreach(item, method, operation)
		{
			cr_expect_eq(roles_described(operation, "bearer"), rights,
				     "%s %s", method, path);
			cr_expect_eq(roles_described(operation, "certificate"), rights,
				     "%s %s", method, path);
		}
	}
}

Test(openapi, media_types_of_bodies_are_those_that_are_taken)
{
	const char *path;
	json_t *item;
	json_object_foreach(json_object_get(document, "paths"), path, item)
	{
		const struct http_route *r = route_of(path, HTTP_METHOD_POST);
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
