/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_ldap - answers of an LDAP server behind one another; behind a 'U' as
 * first byte a URL instead, whose question must be one element.
 */
#include <stdlib.h>

#include "base/asn1.h"
#include "base/fetch_ldap.h"
#include "base/mem.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_MAX 4096

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void one_url(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ldap_url u = { 0 };
	char *text = mem_zalloc(in.n + 1, 1);
	must(text != NULL);
	for (size_t i = 0; i < in.n; i++)
		text[i] = (char)in.p[i];
	if (ldap_url_parse(text, &u, &err) == 0) {
		struct buf question = buf_make((size_t)1 << 20);
		struct tlv t;
		must(u.host[0] != '\0' && u.port > 0 && u.wanted != 0);
		must(der_check(view_buf(&u.filter), &err) == 0);
		must(ldap_put_search(&u, 1, &question, &err) == 0);
		must(tlv_only(view_buf(&question), &t, &err) == 0);
		buf_free(&question);
		ldap_url_free(&u);
	} else {
		must(err.code == LTPS_ARGUMENT && err.fault == LTPS_FAULT_CALLER);
	}
	mem_free(text);
}

/* What was kept comes apart into as many elements as were counted. */
static void check_values(const struct ldap_reply *r)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view cursor = view_buf(r->values);
	unsigned n = 0;
	struct tlv t;
	for (; cursor.n > 0; n++)
		must(tlv_next(&cursor, &t, &err) == 0);
	must(n <= r->n_values && r->n_values <= LDAP_VALUES_MAX + 1);
	must(r->entries <= LDAP_ENTRIES_MAX + 1);
	must(r->stage != LDAP_OVER || n == r->n_values);
	must(r->stage != LDAP_OVER || r->status == (n > 0 ? 200 : 404));
}

static void converse(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf values = buf_make(FUZZ_MAX);
	struct ldap_reply r = { .wanted = ~0U, .values = &values };
	int rc = 0;
	while (rc == 0 && r.stage != LDAP_OVER) {
		size_t n;
		rc = ldap_frame(in, FUZZ_MAX, &n, &err);
		if (rc == 0 && n == 0)
			break; /* more would be waited for */
		must(rc != 0 || n <= in.n);
		if (rc == 0)
			rc = ldap_reply_take(&r, view_head(in, n), &err);
		in = view_skip(in, n);
	}
	must(rc == 0 || err.fault == LTPS_FAULT_REMOTE);
	check_values(&r);
	buf_free(&values);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	const struct view in = view_of(data, size);
	if (size > 65536)
		return;
	if (size > 0 && data[0] == 'U')
		one_url(view_skip(in, 1));
	else
		converse(in);
}
