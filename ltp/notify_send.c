/* SPDX-License-Identifier: Apache-2.0 */
/* notify - one event as JSON, signed, to one hook. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/jsonw.h"
#include "ltp/notify_private.h"

/* Texts of an entry and the frame, each octet six at worst. */
#define BODY_MAX ((size_t)6 * (3 * STORE_TEXT_MAX + 2 * STORE_URI_MAX) + 2048)
#define HEX_SHA256_MAX 65

static const struct {
	const char *operation;
	const char *text;
} TEXTS[] = {
	{ "VerdictChanged", "The verdict on signatures of an object changed" },
	{ "EvidenceLost", "Evidence was lost" },
	{ "EvidenceEnding", "Evidence ends" },
	{ "PreservationPeriodEnding", "The preservation period of an object will end" },
	{ "PreservationPeriodEnded", "The preservation period of an object ended" },
	{ "ObjectDamaged", "Stored bytes of an object are damaged" },
	{ "EvidenceDamaged", "Stored bytes of evidence are damaged" },
	{ "ObjectRepaired", "Damaged bytes of an object were repaired" },
	{ "EvidenceRepaired", "Damaged bytes of evidence were repaired" },
	{ "CopyRepaired", "Damaged copies were repaired" },
	{ NOTIFY_RAISED, "An alarm was raised" },
	{ NOTIFY_CLEARED, "An alarm was cleared" },
};

static const char *phrase(const char *operation)
{
	for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
		if (strcmp(TEXTS[i].operation, operation) == 0)
			return TEXTS[i].text;
	return operation;
}

static void put_details(struct jsonw *j, const struct audit_entry *e)
{
	jsonw_key(j, "details");
	jsonw_object(j);
	jsonw_member_int(j, "sequence", e->seq);
	jsonw_member(j, "actor", e->actor);
	jsonw_member(j, "outcome", e->outcome);
	jsonw_member(j, "detail", e->detail);
	if (strcmp(e->operation, NOTIFY_RAISED) == 0 ||
	    strcmp(e->operation, NOTIFY_CLEARED) == 0) {
		const char *name = e->detail != NULL ? e->detail : "";
		jsonw_key(j, "alarm");
		jsonw_text(j, view_of(name, strcspn(name, ":")));
	}
	jsonw_object_end(j);
}

/* JSON of an entry; id: hash of it. Appended. */
static int notify_body(const struct audit_entry *e, const struct digest *id,
		       const char *service, struct buf *out, struct ltps_error *err)
{
	char text[STORE_TEXT_MAX + 128];
	struct jsonw j = jsonw_to(out);
	snprintf(text, sizeof(text), "%s%s%s", phrase(e->operation),
		 e->detail != NULL ? ": " : "", e->detail != NULL ? e->detail : "");
	jsonw_object(&j);
	jsonw_key(&j, "id");
	jsonw_hex(&j, digest_view(id));
	jsonw_key(&j, "time");
	jsonw_time(&j, e->time_ms);
	jsonw_member(&j, "service", service);
	jsonw_member(&j, "kind", notify_kind_name(notify_kinds_of(e)));
	jsonw_member(&j, "event", e->operation);
	jsonw_member(&j, "tenant", e->tenant);
	jsonw_member(&j, "poid", e->poid);
	jsonw_member(&j, "text", text);
	put_details(&j, e);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

struct making {
	const struct digest *id;
	const char *service;
	struct buf *out;
};

static int make_body(void *arg, const struct audit_entry *e, struct ltps_error *err)
{
	const struct making *m = arg;
	return notify_body(e, m->id, m->service, m->out, err);
}

static void hex(const uint8_t *p, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

/* RFC 2104 over "TIMESTAMP.BODY". */
static int sign(const struct notify_hook *h, const char *timestamp, struct view body,
		char ret_signature[7 + HEX_SHA256_MAX], struct ltps_error *err)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	struct buf signed_bytes = buf_make(BODY_MAX + 32);
	int rc = -1;
	if (buf_put_text(&signed_bytes, timestamp, err) != 0 ||
	    buf_put_byte(&signed_bytes, '.', err) != 0 ||
	    buf_put(&signed_bytes, body, err) != 0)
		goto out;
	if (HMAC(EVP_sha256(), h->secret.p, (int)h->secret.n, signed_bytes.p,
		 signed_bytes.n, mac, &n) == NULL) {
		ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, "RFC 2104",
				  "the notification could not be signed");
		goto out;
	}
	memcpy(ret_signature, "sha256=", 7);
	hex(mac, n, ret_signature + 7);
	rc = 0;
out:
	buf_free(&signed_bytes);
	return rc;
}

static int post(struct ltp_worker *w, struct notify_peer *p, const char *id,
		struct view body, struct ltps_error *err)
{
	char timestamp[32], signature[7 + HEX_SHA256_MAX] = "";
	snprintf(timestamp, sizeof(timestamp), "%" PRId64, ltp_now(w->l) / 1000);
	if (sign(p->hook, timestamp, body, signature, err) != 0)
		return -1;
	const struct fetch_field fields[] = { { "LTPS-Event", id },
					      { "LTPS-Timestamp", timestamp },
					      { "LTPS-Signature", signature } };
	const struct fetch_request req = { .url = p->hook->url,
					   .body = body,
					   .post = true,
					   .content_type = "application/json",
					   .fields = fields,
					   .n_fields = 3 };
	struct fetch_result result = { 0 };
	if (fetch_do(p->fetch, &req, &result, err) != 0)
		return -1;
	fetch_result_free(&result);
	if (result.status >= 200 && result.status < 300)
		return 0;
	return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, NULL,
			 result.status >= 300 && result.status < 400
			     ? "the hook answered %d: redirects are not followed"
			     : "the hook answered %d",
			 result.status);
}

int notify_send(struct ltp_worker *w, struct notify_peer *p, int64_t seq,
		struct ltps_error *err)
{
	struct buf body = buf_make(BODY_MAX);
	struct digest id;
	char text[HEX_SHA256_MAX] = "";
	struct making m = { .id = &id, .service = w->l->o.service_id, .out = &body };
	int rc = -1;
	if (audit_hash_at(w->conn, seq, &id, err) != 0 ||
	    audit_get(w->conn, seq, make_body, &m, err) != 0)
		goto out;
	hex(id.p, id.n < 32 ? id.n : 32, text);
	rc = post(w, p, text, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}
