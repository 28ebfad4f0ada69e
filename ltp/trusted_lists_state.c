/* SPDX-License-Identifier: Apache-2.0 */
/* trusted_lists_state - what is known of each list, and what is told of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ltp/trusted_lists_private.h"
#include "storage/blob.h"
#include "storage/limits.h"

#define SETTING_PREFIX "trusted-list."
#define STATE_TEXT_MAX 8192

bool tl_entry_at(const struct trusted_lists *lists, size_t i, struct tl_entry *ret)
{
	for (size_t k = 0; k < lists->n; k++) {
		const struct ltp_trusted_list *l = &lists->list[k];
		const size_t n = 1 + (l->lists ? l->n_territories : 0);
		if (i < n) {
			*ret = (struct tl_entry){
				l, i > 0 ? l->territories[i - 1] : NULL
			};
			return true;
		}
		i -= n;
	}
	return false;
}

void tl_entry_name(const struct tl_entry *e, char out[TL_KEY_MAX])
{
	snprintf(out, TL_KEY_MAX, "%.64s%s%.16s", e->l->name,
		 e->territory != NULL ? "/" : "",
		 e->territory != NULL ? e->territory : "");
}

/* SHA-256 over what decides who may sign: another configuration begins anew. */
static int config_of(const struct ltp_trusted_list *l, char out[65],
		     struct ltps_error *err)
{
	const char *texts[] = { l->url != NULL ? l->url : l->file,
				l->announcement != NULL ? l->announcement : "",
				l->lists ? "lists" : "" };
	struct digest_ctx *ctx = NULL;
	struct digest d;
	uint8_t all[32] = { 0 }; /* signers in any order; each is there once */
	for (size_t i = 0; i < l->signers.n; i++)
		for (size_t k = 0; k < sizeof(all); k++)
			all[k] ^= l->signers.list[i]->sha256[k];
	if (digest_new(DIGEST_SHA256, &ctx, err) != 0)
		return -1;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof(texts) / sizeof(texts[0]); i++)
		rc = digest_update(ctx, view_of(texts[i], strlen(texts[i]) + 1), err);
	if (rc == 0)
		rc = digest_update(ctx, view_of(all, sizeof(all)), err);
	if (rc == 0)
		rc = digest_final(ctx, &d, err);
	digest_free(ctx);
	if (rc == 0)
		hex_encode(digest_view(&d), out);
	return rc;
}

/* ---- reading and writing ---- */

enum field_type { FIELD_TEXT, FIELD_TIME, FIELD_COUNT, FIELD_SMALL, FIELD_FLAG };
static const struct {
	const char *name;
	enum field_type type;
	size_t offset, size;
} FIELDS[] = {
#define TEXT(m)                                                                        \
	{ #m, FIELD_TEXT, offsetof(struct tl_state, m),                                \
	  sizeof(((struct tl_state *)0)->m) }
#define VALUE(m, type) { #m, type, offsetof(struct tl_state, m), 0 }
	TEXT(config),
	TEXT(word),
	TEXT(why),
	VALUE(tried_ms, FIELD_TIME),
	VALUE(due_ms, FIELD_TIME),
	VALUE(failures, FIELD_SMALL),
	VALUE(accepted, FIELD_FLAG),
	VALUE(damaged, FIELD_FLAG),
	TEXT(sha512),
	TEXT(content),
	TEXT(territory),
	TEXT(url),
	TEXT(signer),
	TEXT(signer_sha256),
	VALUE(version, FIELD_SMALL),
	VALUE(sequence, FIELD_COUNT),
	VALUE(issued_ms, FIELD_TIME),
	VALUE(next_update_ms, FIELD_TIME),
	VALUE(accepted_ms, FIELD_TIME),
#undef TEXT
#undef VALUE
};
#define FIELDS_COUNT (sizeof(FIELDS) / sizeof(FIELDS[0]))

static void read_field(struct tl_state *s, size_t i, const char *value)
{
	void *at = (char *)s + FIELDS[i].offset;
	switch (FIELDS[i].type) {
	case FIELD_TEXT:
		snprintf(at, FIELDS[i].size, "%s", value);
		break;
	case FIELD_TIME:
		*(int64_t *)at = strtoll(value, NULL, 10);
		break;
	case FIELD_COUNT:
		*(uint64_t *)at = strtoull(value, NULL, 10);
		break;
	case FIELD_SMALL:
		*(uint32_t *)at = (uint32_t)strtoul(value, NULL, 10);
		break;
	case FIELD_FLAG:
		*(bool *)at = strcmp(value, "1") == 0;
		break;
	}
}

static void read_line(struct tl_state *s, char *line)
{
	char *value = strchr(line, ' ');
	if (value == NULL)
		return;
	*value++ = '\0';
	for (size_t i = 0; i < FIELDS_COUNT; i++)
		if (strcmp(line, FIELDS[i].name) == 0)
			read_field(s, i, value);
}

static void setting_name(const struct tl_entry *e, char out[STORE_NAME_MAX + 1])
{
	char name[TL_KEY_MAX];
	tl_entry_name(e, name);
	snprintf(out, STORE_NAME_MAX + 1, SETTING_PREFIX "%s", name);
}

static int read_state(struct store_conn *conn, const struct tl_entry *e,
		      struct tl_state *ret, struct ltps_error *err)
{
	char name[STORE_NAME_MAX + 1], text[STATE_TEXT_MAX], config[65];
	char *rest = NULL;
	size_t n;
	struct tl_state s = { .word = TL_WORD_NONE, .tried_ms = INT64_MIN };
	setting_name(e, name);
	if (config_of(e->l, config, err) != 0 ||
	    store_setting_find(conn, name, (uint8_t *)text, sizeof(text) - 1, &n,
			       err) != 0)
		return -1;
	text[n] = '\0';
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		read_line(&s, line);
	if (strcmp(s.config, config) != 0)
		s = (struct tl_state){ .word = TL_WORD_NONE, .tried_ms = INT64_MIN };
	memcpy(s.config, config, sizeof(config));
	s.until_ms = trusted_list_until(s.issued_ms, s.next_update_ms);
	*ret = s;
	return 0;
}

int tl_state_get(struct store_conn *conn, const struct tl_entry *e,
		 struct tl_state *ret, struct ltps_error *err)
{
	const struct tl_entry above = { e->l, NULL };
	struct tl_state s, of_above;
	if (read_state(conn, e, &s, err) != 0)
		return -1;
	if (e->territory != NULL) {
		if (read_state(conn, &above, &of_above, err) != 0)
			return -1;
		s.accepted = s.accepted && of_above.accepted;
		s.above_damaged = of_above.accepted && of_above.damaged;
		if (of_above.until_ms < s.until_ms)
			s.until_ms = of_above.until_ms;
	}
	*ret = s;
	return 0;
}

static int write_field(const struct tl_state *s, size_t i, struct buf *out,
		       struct ltps_error *err)
{
	const void *at = (const char *)s + FIELDS[i].offset;
	switch (FIELDS[i].type) {
	case FIELD_TEXT:
		return buf_put_fmt(out, err, "%s %s\n", FIELDS[i].name,
				   (const char *)at);
	case FIELD_TIME:
		return buf_put_fmt(out, err, "%s %" PRId64 "\n", FIELDS[i].name,
				   *(const int64_t *)at);
	case FIELD_COUNT:
		return buf_put_fmt(out, err, "%s %" PRIu64 "\n", FIELDS[i].name,
				   *(const uint64_t *)at);
	case FIELD_SMALL:
		return buf_put_fmt(out, err, "%s %" PRIu32 "\n", FIELDS[i].name,
				   *(const uint32_t *)at);
	case FIELD_FLAG:
		return buf_put_fmt(out, err, "%s %d\n", FIELDS[i].name,
				   *(const bool *)at);
	}
	return 0;
}

int tl_state_put(struct store_conn *conn, const struct tl_entry *e,
		 const struct tl_state *s, struct ltps_error *err)
{
	char name[STORE_NAME_MAX + 1];
	struct buf out = buf_make(STATE_TEXT_MAX - 1);
	int rc = 0;
	setting_name(e, name);
	for (size_t i = 0; rc == 0 && i < FIELDS_COUNT; i++)
		rc = write_field(s, i, &out, err);
	if (rc == 0)
		rc = store_setting_put(conn, name, out.p, out.n, err);
	buf_free(&out);
	return rc;
}

bool tl_state_is_valid(const struct tl_state *s, int64_t now_ms)
{
	return s->accepted && !s->damaged && !s->above_damaged &&
	       s->until_ms >= now_ms;
}

int64_t tl_due_ms(const struct tl_state *s, int64_t now_ms)
{
	/* A clock that was ahead when it was tried is not waited for. */
	return s->tried_ms > now_ms ? 0 : s->due_ms;
}

const char *tl_state_word(const struct tl_state *s, int64_t now_ms)
{
	if (s->accepted && (s->damaged || s->above_damaged))
		return TL_WORD_DAMAGED;
	return s->accepted && s->until_ms < now_ms
		   ? trusted_list_word(TRUSTED_LIST_EXPIRED)
		   : s->word;
}

void tl_state_why(const struct tl_state *s, int64_t now_ms,
		  char out[TRUSTED_LIST_WHY_MAX])
{
	const char *good = trusted_list_word(TRUSTED_LIST_GOOD);
	const bool failed = strcmp(s->word, good) != 0;
	out[0] = '\0';
	if (s->accepted && (s->damaged || s->above_damaged))
		snprintf(out, TRUSTED_LIST_WHY_MAX,
			 "what is stored of %s cannot be read any more%s%s%s%.100s",
			 s->damaged ? "it" : "its list of lists", failed ? "; " : "",
			 failed ? s->word : "",
			 failed && s->why[0] != '\0' ? ": " : "",
			 failed ? s->why : "");
	else if (strcmp(tl_state_word(s, now_ms), good) != 0)
		snprintf(out, TRUSTED_LIST_WHY_MAX, "%s", s->why);
}

/* ---- the document ---- */

struct place {
	int64_t blob;
	uint64_t size;
};

static int take_place(void *arg, const struct material_row *row, struct ltps_error *err)
{
	(void)err;
	*(struct place *)arg = (struct place){ row->blob, row->size };
	return 0;
}

/* What is damaged or too large by now is not there: trusted_lists_watch() sees to it.
 */
static bool is_absence(const struct ltps_error *err)
{
	return err->code == LTPS_NOT_FOUND || err->code == LTPS_CORRUPT ||
	       err->fault == LTPS_FAULT_OBJECT;
}

static int find_document(struct store_conn *conn, const struct tl_state *s,
			 struct place *ret_at, struct ltps_error *err)
{
	struct digest d = { .alg = DIGEST_SHA512, .n = 64 };
	struct buf raw = buf_make(64);
	int rc = hex_decode(view_text(s->sha512), &raw, err);
	if (rc == 0 && raw.n == d.n) {
		memcpy(d.p, raw.p, d.n);
		rc = material_by_sha512(conn, MATERIAL_ROW_OTHER, &d, take_place,
					ret_at, err);
	} else if (rc == 0) {
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
			       "no document is named");
	}
	buf_free(&raw);
	return rc;
}

static int read_document(struct store_conn *conn, const struct tl_state *s,
			 struct trusted_list **ret_list, struct ltps_error *err)
{
	struct place at;
	if (find_document(conn, s, &at, err) != 0)
		return -1;
	struct buf octets = buf_make((size_t)at.size);
	int rc = blob_read(conn, at.blob, &octets, err);
	if (rc == 0)
		rc = trusted_list_parse(view_buf(&octets), ret_list, err);
	buf_free(&octets);
	return rc;
}

int tl_accepted(struct store_conn *conn, const struct tl_state *s,
		struct trusted_list **ret_list, struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	*ret_list = NULL;
	if (!s->accepted || read_document(conn, s, ret_list, &why) == 0 ||
	    is_absence(&why))
		return 0;
	*err = why;
	return -1;
}

int tl_blob(struct store_conn *conn, const struct tl_state *s, int64_t *ret_blob,
	    struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	struct place at = { 0 };
	if (find_document(conn, s, &at, &why) != 0 && why.code != LTPS_NOT_FOUND) {
		*err = why;
		return -1;
	}
	*ret_blob = at.blob;
	return 0;
}

/* ---- telling ---- */

static void put_state(const struct tl_entry *e, const struct tl_state *s,
		      int64_t now_ms, struct jsonw *j)
{
	char name[TL_KEY_MAX], why[TRUSTED_LIST_WHY_MAX];
	tl_entry_name(e, name);
	tl_state_why(s, now_ms, why);
	jsonw_object(j);
	jsonw_member(j, "name", name);
	jsonw_member(j, "state", tl_state_word(s, now_ms));
	jsonw_member(j, "why", why[0] != '\0' ? why : NULL);
	jsonw_member_bool(j, "trusted", tl_state_is_valid(s, now_ms));
	jsonw_member_time(j, "tried", s->tried_ms);
	jsonw_member_int(j, "failures", s->failures);
	jsonw_member(j, "territory", s->territory[0] != '\0' ? s->territory : NULL);
	jsonw_key(j, "sequence");
	if (s->accepted)
		jsonw_int(j, (int64_t)s->sequence);
	else
		jsonw_null(j);
	jsonw_member_time(j, "issued", s->accepted ? s->issued_ms : INT64_MIN);
	jsonw_member_time(j, "next_update",
			  s->accepted ? s->next_update_ms : INT64_MIN);
	jsonw_member_time(j, "until", s->accepted ? s->until_ms : INT64_MIN);
	jsonw_member_time(j, "accepted", s->accepted ? s->accepted_ms : INT64_MIN);
	jsonw_member(j, "signed_by", s->accepted ? s->signer : NULL);
	jsonw_key(j, "services");
	jsonw_array(j);
	for (size_t i = 0; i < e->l->n_services; i++)
		jsonw_cstr(j, trusted_list_short(e->l->services[i]));
	jsonw_array_end(j);
	jsonw_object_end(j);
}

int trusted_lists_json(struct store_conn *conn, const struct trusted_lists *lists,
		       int64_t now_ms, struct jsonw *j, struct ltps_error *err)
{
	struct tl_entry e;
	for (size_t i = 0; tl_entry_at(lists, i, &e); i++) {
		struct tl_state s;
		if (tl_state_get(conn, &e, &s, err) != 0)
			return -1;
		put_state(&e, &s, now_ms, j);
	}
	return 0;
}

int trusted_lists_count(struct store_conn *conn, const struct trusted_lists *lists,
			int64_t now_ms, uint64_t *ret_n, uint64_t *ret_good,
			struct ltps_error *err)
{
	struct tl_entry e;
	uint64_t n = 0, good = 0;
	for (size_t i = 0; tl_entry_at(lists, i, &e); i++) {
		struct tl_state s;
		if (tl_state_get(conn, &e, &s, err) != 0)
			return -1;
		n++;
		good += tl_state_is_valid(&s, now_ms);
	}
	*ret_n = n;
	*ret_good = good;
	return 0;
}
