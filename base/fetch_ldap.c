/* SPDX-License-Identifier: Apache-2.0 */
/* One LDAP exchange: bind without a name, search, unbind (docs/decisions/0008). */
#include "base/fetch_ldap.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/fetch_private.h"

/* The parts of a search request come out of the URL; around them, tags. */
#define LDAP_QUESTION_MAX ((size_t)16 * FETCH_URL_MAX)

bool fetch_is_ldap(const char *url)
{
	return strncasecmp(url, "ldap:", 5) == 0 || strncasecmp(url, "ldaps:", 6) == 0;
}

/* What came so far; all of it stays until the end, so that all of it counts. */
struct conversation {
	struct exchange *x;
	int64_t deadline_ms;
	struct buf in;
	size_t judged; /* octets of in that are behind us */
	struct ldap_reply reply;
};

/* One more message is read and judged. */
static int hear(struct conversation *c, struct ltps_error *err)
{
	size_t n = 0;
	for (;;) {
		const struct view rest = view_skip(view_buf(&c->in), c->judged);
		if (ldap_frame(rest, c->in.max - c->judged, &n, err) != 0)
			return -1;
		if (n > 0) {
			c->judged += n;
			return ldap_reply_take(&c->reply, view_head(rest, n), err);
		}
		if (fetch_link_receive(c->x, &c->in, c->deadline_ms, err) != 0)
			return -1;
	}
}

static int bind_anonymously(struct conversation *c, struct ltps_error *err)
{
	if (fetch_link_send(c->x, ldap_bind(), c->deadline_ms, err) != 0 ||
	    hear(c, err) != 0)
		return -1;
	if (c->judged < c->in.n)
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, "RFC 4511 4.2.1",
				 "LDAP answer before its question");
	return 0;
}

static int search(struct conversation *c, const struct ldap_url *u,
		  struct ltps_error *err)
{
	struct buf question = buf_make(LDAP_QUESTION_MAX);
	int rc = ldap_put_search(u, c->x->f->policy.total_ms, &question, err);
	if (rc == 0)
		rc = fetch_link_send(c->x, view_buf(&question), c->deadline_ms, err);
	while (rc == 0 && c->reply.stage != LDAP_OVER)
		rc = hear(c, err);
	buf_free(&question);
	return rc;
}

static int converse(struct exchange *x, const struct ldap_url *u, int64_t deadline_ms,
		    int *ret_status, struct ltps_error *err)
{
	const size_t max = x->f->policy.max_bytes;
	struct conversation c = {
		.x = x,
		.deadline_ms = deadline_ms,
		.in = buf_make(max <= SIZE_MAX - LDAP_OVERHEAD_MAX
				   ? max + LDAP_OVERHEAD_MAX
				   : SIZE_MAX),
		.reply = { .wanted = u->wanted, .values = &x->body },
	};
	int rc = bind_anonymously(&c, err);
	if (rc == 0)
		rc = search(&c, u, err);
	if (rc == 0)
		*ret_status = c.reply.status;
	buf_free(&c.in);
	return rc;
}

static int connect_and_ask(struct exchange *x, const struct ldap_url *u,
			   int *ret_status, struct ltps_error *err)
{
	char origin[LDAP_HOST_MAX + sizeof("https://:65535/")];
	const int64_t deadline_ms =
	    clock_monotonic_ms() + (int64_t)x->f->policy.total_ms;
	snprintf(origin, sizeof(origin), "%s://%s:%u/", u->tls ? "https" : "http",
		 u->host, u->port);
	int rc = fetch_link_open(x, origin, err);
	const bool opened = rc == 0;
	if (rc == 0)
		rc = converse(x, u, deadline_ms, ret_status, err);
	fetch_link_close(x, opened ? ldap_unbind() : VIEW_NULL);
	return rc;
}

int fetch_ldap_do(struct exchange *x, const struct fetch_request *req, int *ret_status,
		  struct ltps_error *err)
{
	struct ldap_url u = { 0 };
	if (!x->f->policy.allow_ldap)
		return ltps_fail(err, LTPS_DENIED, LTPS_FAULT_CALLER, NULL,
				 "URL scheme ldap is not allowed");
	if (req->post || req->body.n > 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "nothing can be posted over LDAP");
	if (ldap_url_parse(req->url, &u, err) != 0)
		return -1;
	const int rc = connect_and_ask(x, &u, ret_status, err);
	ldap_url_free(&u);
	return rc;
}
