/* SPDX-License-Identifier: Apache-2.0 */
/* notify_hooks - the webhooks of the configuration with their secrets, for the domain.
 */
#include <openssl/crypto.h>

#include "base/file.h"
#include "server/service.h"

static int read_secret(const struct config_notify *c, struct buf *out,
		       struct ltps_error *err)
{
	*out = buf_make(NOTIFY_SECRET_MAX);
	if (file_first_line(c->secret_file, NOTIFY_SECRET_MAX, out, err) != 0)
		return -1;
	if (out->n < NOTIFY_SECRET_MIN)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 2104 3",
				 "the secret in %.150s has less than %d characters",
				 c->secret_file, NOTIFY_SECRET_MIN);
	return 0;
}

int notify_hooks_start(struct service *s, struct ltps_error *err)
{
	for (size_t i = 0; i < s->config->n_notify; i++) {
		const struct config_notify *c = &s->config->notify[i];
		struct notify_hook *h = &s->hooks[i];
		s->n_hooks = i + 1;
		if (read_secret(c, &s->secrets[i], err) != 0)
			return service_at_line(s, "notify", c->name, "secret_file", 0,
					       err);
		*h = (struct notify_hook){ .name = c->name,
					   .url = c->url,
					   .secret = view_buf(&s->secrets[i]),
					   .kinds = c->kinds,
					   .give_up_ms = c->give_up_ms,
					   .fetch = s->config->fetch };
		h->fetch.total_ms = c->timeout_ms;
		h->fetch.allow_loopback = c->allow_loopback;
		h->fetch.allow_private = c->allow_private;
	}
	return 0;
}

void notify_hooks_stop(struct service *s)
{
	while (s->n_hooks > 0) {
		struct buf *b = &s->secrets[--s->n_hooks];
		OPENSSL_cleanse(b->p, b->n);
		buf_free(b);
	}
}
