/* SPDX-License-Identifier: Apache-2.0 */
/* config - [trusted_list NAME]: trusted lists. */
#include <string.h>

#include "server/config_private.h"

#define SECTION "trusted_list"

static const char NAME_CHARS[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
static const char TERRITORY_CHARS[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
/* What is taken where no service is named, and what stands for none. */
static const char *const USUAL_SERVICES[] = { "CA/QC", "TSA/QTST" };
#define NO_SERVICE "none"

static int bad(const struct config *c, const char *label, const char *key, size_t i,
	       const char *what, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			 "%.100s:%u: [" SECTION " %.64s]: %s", c->name,
			 conf_line(c->conf, SECTION, label, key, i), label, what);
}

static bool is_word(const char *text, const char *chars, size_t max)
{
	const size_t n = strlen(text);
	return n > 0 && n <= max && text[strspn(text, chars)] == '\0';
}

static int read_place(struct config *c, const char *base, struct config_trusted_list *l,
		      struct ltps_error *err)
{
	const char *file = conf_text(c->conf, SECTION, l->name, "file", NULL);
	l->url = conf_text(c->conf, SECTION, l->name, "url", NULL);
	if ((l->url == NULL) == (file == NULL))
		return bad(c, l->name, "signers", 0, "it has a url, or a file", err);
	if (l->url != NULL && strncmp(l->url, "http://", 7) != 0 &&
	    strncmp(l->url, "https://", 8) != 0)
		return bad(c, l->name, "url", 0, "url is not http:// or https://", err);
	if (l->url != NULL && strlen(l->url) > FETCH_URL_MAX)
		return bad(c, l->name, "url", 0, "url is too long", err);
	return config_take_path(c, base, file, &l->file, err);
}

static int read_signers(struct config *c, const char *base,
			struct config_trusted_list *l, struct ltps_error *err)
{
	const char *path;
	while ((path = conf_text_at(c->conf, SECTION, l->name, "signers",
				    l->n_signers)) != NULL) {
		if (l->n_signers == CONFIG_LIST_SIGNERS_MAX)
			return bad(c, l->name, "signers", l->n_signers,
				   "there are too many files of signers", err);
		if (config_take_path(c, base, path, &l->signers[l->n_signers], err) !=
		    0)
			return -1;
		l->n_signers++;
	}
	return 0;
}

static int read_territories(struct config *c, struct config_trusted_list *l,
			    struct ltps_error *err)
{
	const char *t;
	while ((t = conf_text_at(c->conf, SECTION, l->name, "territory",
				 l->n_territories)) != NULL) {
		const size_t i = l->n_territories;
		if (!l->lists)
			return bad(c, l->name, "territory", i,
				   "territory is of a list of lists (lists = yes)",
				   err);
		if (i == TRUSTED_LISTS_TERRITORIES_MAX)
			return bad(c, l->name, "territory", i,
				   "there are too many territories", err);
		if (!is_word(t, TERRITORY_CHARS, TRUSTED_LISTS_TERRITORY_MAX - 1))
			return bad(c, l->name, "territory", i,
				   "territory is a code such as RO", err);
		for (size_t k = 0; k < i; k++)
			if (strcmp(l->territories[k], t) == 0)
				return bad(c, l->name, "territory", i,
					   "a territory stands twice", err);
		l->territories[l->n_territories++] = t;
	}
	return 0;
}

static int read_services(struct config *c, struct config_trusted_list *l,
			 struct ltps_error *err)
{
	const char *s;
	size_t i = 0;
	for (; (s = conf_text_at(c->conf, SECTION, l->name, "service", i)) != NULL;
	     i++) {
		if (strcmp(s, NO_SERVICE) == 0)
			continue;
		if (l->n_services == TRUSTED_LISTS_SERVICES_MAX)
			return bad(c, l->name, "service", i,
				   "there are too many services", err);
		l->services[l->n_services++] = s;
	}
	if (i > 1 && l->n_services < i)
		return bad(c, l->name, "service", 0, "none stands alone", err);
	for (size_t k = 0;
	     i == 0 && k < sizeof(USUAL_SERVICES) / sizeof(USUAL_SERVICES[0]); k++)
		l->services[l->n_services++] = USUAL_SERVICES[k];
	return 0;
}

static int read_list(struct config *c, const char *base, struct config_trusted_list *l,
		     struct ltps_error *err)
{
	if (!is_word(l->name, NAME_CHARS, TRUSTED_LISTS_NAME_MAX))
		return bad(c, l->name, "signers", 0,
			   "the name is up to 64 letters, digits, '.', '-', '_'", err);
	l->lists = conf_int(c->conf, SECTION, l->name, "lists", 0) != 0;
	l->announcement = conf_text(c->conf, SECTION, l->name, "announcement", NULL);
	l->refresh_ms =
	    conf_int(c->conf, SECTION, l->name, "refresh", TRUSTED_LISTS_REFRESH_MS);
	if (l->announcement != NULL && !l->lists)
		return bad(c, l->name, "announcement", 0,
			   "announcement is of a list of lists (lists = yes)", err);
	return read_place(c, base, l, err) == 0 &&
		       read_signers(c, base, l, err) == 0 &&
		       read_territories(c, l, err) == 0 &&
		       read_services(c, l, err) == 0
		   ? 0
		   : -1;
}

int config_read_lists(struct config *c, const char *base, struct ltps_error *err)
{
	const char *label;
	for (size_t i = 0; (label = conf_label(c->conf, SECTION, i)) != NULL; i++) {
		if (i == TRUSTED_LISTS_MAX)
			return bad(c, label, "signers", 0, "there are too many", err);
		c->trusted_lists[i].name = label;
		if (read_list(c, base, &c->trusted_lists[i], err) != 0)
			return -1;
		c->n_trusted_lists++;
	}
	return 0;
}
