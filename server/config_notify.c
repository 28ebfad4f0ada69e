/* SPDX-License-Identifier: Apache-2.0 */
/* config - [notify NAME]: webhooks. */
#include <string.h>

#include "server/config_private.h"

static const char NAME_CHARS[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

static int bad(const struct config *c, const char *label, const char *key, size_t i,
	       const char *what, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			 "%.100s:%u: [notify %.64s]: %s", c->name,
			 conf_line(c->conf, "notify", label, key, i), label, what);
}

static int read_events(struct config *c, struct config_notify *h,
		       struct ltps_error *err)
{
	const char *word;
	for (size_t i = 0;
	     (word = conf_text_at(c->conf, "notify", h->name, "event", i)) != NULL;
	     i++) {
		const unsigned kind = notify_kind_parse(word);
		if (kind == 0)
			return bad(c, h->name, "event", i,
				   "event is verdict, evidence, alarm, period or "
				   "damage",
				   err);
		h->kinds |= kind;
	}
	if (h->kinds == 0)
		h->kinds = NOTIFY_ALL;
	return 0;
}

static int read_hook(struct config *c, const char *label, const char *base,
		     struct config_notify *h, struct ltps_error *err)
{
	const struct conf *f = c->conf;
	h->name = label;
	h->url = conf_text(f, "notify", label, "url", "");
	if (strlen(label) > NOTIFY_NAME_MAX || label[strspn(label, NAME_CHARS)] != '\0')
		return bad(c, label, "url", 0,
			   "the name is up to 64 letters, digits, '.', '-', '_'", err);
	if (strncmp(h->url, "http://", 7) != 0 && strncmp(h->url, "https://", 8) != 0)
		return bad(c, label, "url", 0, "url is not http:// or https://", err);
	if (strlen(h->url) > FETCH_URL_MAX)
		return bad(c, label, "url", 0, "url is too long", err);
	h->give_up_ms =
	    conf_int(f, "notify", label, "give_up", CONFIG_NOTIFY_GIVE_UP_MS);
	h->timeout_ms =
	    (uint32_t)conf_int(f, "notify", label, "timeout", CONFIG_NOTIFY_TIMEOUT_MS);
	h->allow_loopback = conf_int(f, "notify", label, "allow_loopback",
				     c->fetch.allow_loopback) != 0;
	h->allow_private =
	    conf_int(f, "notify", label, "allow_private", c->fetch.allow_private) != 0;
	return read_events(c, h, err) == 0 &&
		       config_take_path(
			   c, base, conf_text(f, "notify", label, "secret_file", NULL),
			   &h->secret_file, err) == 0
		   ? 0
		   : -1;
}

int config_read_notify(struct config *c, const char *base, struct ltps_error *err)
{
	const char *label;
	for (size_t i = 0; (label = conf_label(c->conf, "notify", i)) != NULL; i++) {
		if (i == NOTIFY_HOOKS_MAX)
			return bad(c, label, "url", 0, "there are too many", err);
		if (read_hook(c, label, base, &c->notify[i], err) != 0)
			return -1;
		c->n_notify++;
	}
	return 0;
}
