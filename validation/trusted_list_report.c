/* SPDX-License-Identifier: Apache-2.0 */
/* trusted_list_report - a list and its verdict, for people and programs. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "validation/report.h"
#include "validation/trusted_list.h"

#define LINE_MAX_OCTETS 1024

const char *trusted_list_short(const char *uri)
{
	static const char *const bases[] = { TRUSTED_LIST_SERVICE, TRUSTED_LIST_STATUS,
					     TRUSTED_LIST_TYPE };
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		if (strncmp(uri, bases[i], strlen(bases[i])) == 0)
			return uri + strlen(bases[i]);
	return uri;
}

/* The subject; false for what does not decode. */
static bool name_of(struct view der, char out[CERT_TEXT_MAX], uint8_t sha256[32])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *c = NULL;
	if (cert_parse(der, &c, &err) != 0)
		return false;
	cert_text(c, out);
	memcpy(sha256, c->sha256, 32);
	cert_free(c);
	return true;
}

/* ---- JSON ---- */

void trusted_list_summary_json(const struct trusted_list *l,
			       const struct trusted_list_verdict *v, struct jsonw *j)
{
	char name[CERT_TEXT_MAX];
	if (v->signer != NULL)
		cert_text(v->signer, name);
	jsonw_member(j, "territory", l->territory);
	jsonw_member(j, "type", trusted_list_short(l->type));
	jsonw_member_int(j, "version", l->version);
	jsonw_member_int(j, "sequence", (int64_t)l->sequence);
	jsonw_member(j, "operator", l->operator_name);
	jsonw_member_time(j, "issued", l->issued_ms);
	jsonw_member_time(j, "next_update", l->next_update_ms);
	jsonw_member_time(j, "until",
			  trusted_list_until(l->issued_ms, l->next_update_ms));
	jsonw_member(j, "state", trusted_list_word(v->reason));
	jsonw_member(j, "why", v->why[0] != '\0' ? v->why : NULL);
	jsonw_member(j, "signed_by", v->signer != NULL ? name : NULL);
	jsonw_member_time(j, "signed",
			  l->signature.has_signing_time ? l->signature.signing_time_ms
							: INT64_MIN);
}

static void put_certificates(const struct trusted_list_views *certs, struct jsonw *j)
{
	char name[CERT_TEXT_MAX];
	uint8_t sha256[32];
	jsonw_array(j);
	for (size_t i = 0; i < certs->n; i++) {
		jsonw_object(j);
		if (name_of(certs->list[i], name, sha256)) {
			jsonw_member(j, "subject", name);
			jsonw_key(j, "sha256");
			jsonw_hex(j, view_of(sha256, sizeof(sha256)));
		} else {
			jsonw_member(j, "subject", NULL);
		}
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void put_pointer(const struct trusted_list_pointer *p, struct jsonw *j)
{
	jsonw_object(j);
	jsonw_member(j, "territory", p->territory);
	jsonw_member(j, "url", p->location);
	jsonw_member(j, "type", trusted_list_short(p->type));
	jsonw_member(j, "mime", p->mime);
	jsonw_key(j, "signers");
	put_certificates(&p->certificates, j);
	jsonw_object_end(j);
}

static void put_service(const struct trusted_list_service *s, int64_t time_ms,
			struct jsonw *j)
{
	bool ordered;
	const struct trusted_list_state *state =
	    trusted_list_state_at(s, time_ms, &ordered);
	if (state == NULL)
		return;
	jsonw_object(j);
	jsonw_member(j, "provider", s->provider);
	jsonw_member(j, "name", state->name);
	jsonw_member(j, "type", trusted_list_short(state->type));
	jsonw_member(j, "status", trusted_list_short(state->status));
	jsonw_member_time(j, "from", state->from_ms);
	jsonw_member_bool(j, "trusted", trusted_list_status_grants(state->status));
	jsonw_member_bool(j, "history_in_order", ordered);
	jsonw_key(j, "further");
	jsonw_array(j);
	for (size_t i = 0; i < state->further.n; i++)
		jsonw_cstr(j, state->further.list[i]);
	jsonw_array_end(j);
	jsonw_key(j, "certificates");
	put_certificates(&state->certificates, j);
	jsonw_object_end(j);
}

void trusted_list_json(const struct trusted_list *l,
		       const struct trusted_list_verdict *v, int64_t time_ms,
		       struct jsonw *j)
{
	jsonw_object(j);
	trusted_list_summary_json(l, v, j);
	jsonw_key(j, "pointers");
	jsonw_array(j);
	for (size_t i = 0; i < l->n_pointers; i++)
		put_pointer(&l->pointers[i], j);
	jsonw_array_end(j);
	jsonw_key(j, "services");
	jsonw_array(j);
	for (size_t i = 0; i < l->n_services; i++)
		put_service(&l->services[i], time_ms, j);
	jsonw_array_end(j);
	jsonw_object_end(j);
}

/* ---- text ---- */

static int say(struct buf *out, struct ltps_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static int say(struct buf *out, struct ltps_error *err, const char *fmt, ...)
{
	char line[LINE_MAX_OCTETS];
	va_list ap;
	va_start(ap, fmt);
	const int n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	const size_t len = (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
	report_make_harmless(line, len);
	return buf_put(out, view_of(line, len), err) == 0 ? buf_put_byte(out, '\n', err)
							  : -1;
}

static int say_head(const struct trusted_list *l, const struct trusted_list_verdict *v,
		    struct buf *out, struct ltps_error *err)
{
	char issued[TIME_TEXT_MAX], next[TIME_TEXT_MAX] = "never: it is closed",
				    until[TIME_TEXT_MAX],
				    name[CERT_TEXT_MAX] = "nobody that may";
	const int64_t until_ms = trusted_list_until(l->issued_ms, l->next_update_ms);
	time_rfc3339(l->issued_ms, issued);
	time_rfc3339(until_ms, until);
	if (l->next_update_ms != INT64_MIN)
		time_rfc3339(l->next_update_ms, next);
	if (v->signer != NULL)
		cert_text(v->signer, name);
	if (say(out, err, "%s%s%s", trusted_list_word(v->reason),
		v->why[0] != '\0' ? ": " : "", v->why) != 0 ||
	    say(out, err, "  list         %s, %s, number %" PRIu64 ", version %" PRIu32,
		l->territory[0] != '\0' ? l->territory : "no territory",
		trusted_list_short(l->type), l->sequence, l->version) != 0 ||
	    say(out, err, "  operator     %s", l->operator_name) != 0 ||
	    say(out, err, "  issued       %s", issued) != 0 ||
	    say(out, err, "  next update  %s", next) != 0 ||
	    (until_ms < l->next_update_ms &&
	     say(out, err, "  counts until %s, six months after its issue", until) !=
		 0))
		return -1;
	return say(out, err, "  signed by    %s", name);
}

static int say_certificates(const struct trusted_list_views *certs, struct buf *out,
			    struct ltps_error *err)
{
	for (size_t i = 0; i < certs->n; i++) {
		char name[CERT_TEXT_MAX];
		uint8_t sha256[32];
		if (say(out, err, "    %s",
			name_of(certs->list[i], name, sha256)
			    ? name
			    : "a certificate that does not decode") != 0)
			return -1;
	}
	return 0;
}

static int say_service(const struct trusted_list_service *s, int64_t time_ms,
		       struct buf *out, struct ltps_error *err)
{
	char from[TIME_TEXT_MAX];
	const struct trusted_list_state *state = trusted_list_state_at(s, time_ms, NULL);
	if (state == NULL)
		return 0;
	time_rfc3339(state->from_ms, from);
	if (say(out, err, "  %s %s since %s: %s, %s", trusted_list_short(state->type),
		trusted_list_short(state->status), from, state->name, s->provider) != 0)
		return -1;
	return say_certificates(&state->certificates, out, err);
}

int trusted_list_text(const struct trusted_list *l,
		      const struct trusted_list_verdict *v, int64_t time_ms,
		      struct buf *out, struct ltps_error *err)
{
	if (say_head(l, v, out, err) != 0)
		return -1;
	for (size_t i = 0; i < l->n_pointers; i++) {
		const struct trusted_list_pointer *p = &l->pointers[i];
		if (say(out, err, "  %s %s: %s", p->territory,
			trusted_list_short(p->type), p->location) != 0 ||
		    say_certificates(&p->certificates, out, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < l->n_services; i++)
		if (say_service(&l->services[i], time_ms, out, err) != 0)
			return -1;
	return 0;
}
