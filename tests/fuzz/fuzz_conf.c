/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are a configuration or an error that names file and line. */
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "tests/fuzz/fuzz.h"

static const struct conf_rule rules[] = {
	{ .section = "a", .key = "text", .type = CONF_TEXT, .list = true },
	{ .section = "a", .key = "int", .type = CONF_INT, .min = -5, .max = 5000 },
	{ .section = "a", .key = "bool", .type = CONF_BOOL },
	{ .section = "a", .key = "size", .type = CONF_SIZE },
	{ .section = "b",
	  .labelled = true,
	  .key = "wait",
	  .type = CONF_DURATION,
	  .required = true },
	{ .section = "b", .labelled = true, .key = "keep", .type = CONF_PERIOD },
	{ .section = "b", .labelled = true, .key = "at", .type = CONF_TIME },
};

/* Whatever was accepted can be asked for. */
static void ask(const struct conf *c)
{
	struct duration d;
	const char *s;
	for (size_t i = 0; (s = conf_text_at(c, "a", NULL, "text", i)) != NULL; i++) {
		if (!utf8_valid(view_of(s, strlen(s))))
			abort();
	}
	const int64_t n = conf_int(c, "a", NULL, "int", 0);
	if (n < -5 || n > 5000)
		abort();
	for (size_t i = 0; (s = conf_label(c, "b", i)) != NULL; i++) {
		if (conf_text(c, "b", s, "wait", NULL) == NULL)
			abort();
		(void)conf_period(c, "b", s, "keep", &d);
	}
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct conf *c = NULL;
	if (conf_parse(view_of(data, size), "fuzz", rules,
		       sizeof(rules) / sizeof(rules[0]), &c, &err) == 0)
		ask(c);
	else if (strncmp(err.text, "fuzz:", 5) != 0 && err.code != LTPS_NOMEM)
		abort();
	conf_free(c);
}
