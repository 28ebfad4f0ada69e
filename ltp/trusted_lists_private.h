/* SPDX-License-Identifier: Apache-2.0 */
/* trusted_lists_private - what the files of the care of trusted lists share. */
#ifndef LTPS_LTP_TRUSTED_LISTS_PRIVATE_H
#define LTPS_LTP_TRUSTED_LISTS_PRIVATE_H

#include "ltp/inside.h"
#include "ltp/trusted_lists.h"
#include "ltp/upkeep.h"

/* A list that is cared for: a configured one, or that of a territory below it. */
struct tl_entry {
	const struct ltp_trusted_list *l;
	const char *territory; /* NULL: the configured one itself */
};
#define TL_ENTRIES_MAX (TRUSTED_LISTS_MAX * (TRUSTED_LISTS_TERRITORIES_MAX + 1))
/* The i-th of all; false: there are no more. */
bool tl_entry_at(const struct trusted_lists *lists, size_t i, struct tl_entry *ret);
#define TL_KEY_MAX (TRUSTED_LISTS_NAME_MAX + TRUSTED_LISTS_TERRITORY_MAX + 16)
/* "EU/RO" */
void tl_entry_name(const struct tl_entry *e, char out[TL_KEY_MAX]);

#define TL_WORD_UNREACHABLE "unreachable"
#define TL_WORD_UNREADABLE "unreadable"
#define TL_WORD_NONE "waiting" /* it was not tried yet */
#define TL_WORD_DAMAGED "damaged" /* what is stored of it */
#define TL_WORD_UNKEPT "unkept" /* it could not be stored, or its damage mended */
#define TL_WORD_MAX 24

/* What is known of one; stands in the store as lines of "name value". */
struct tl_state {
	char config[2 * 32 + 1]; /* of what it was judged by: url and signers */
	/* The last attempt. */
	char word[TL_WORD_MAX]; /* "good", another reason, or one of TL_WORD_... */
	char why[TRUSTED_LIST_WHY_MAX];
	int64_t tried_ms, due_ms;
	uint32_t failures; /* in a row */
	/* The last version that was believed. */
	bool accepted;
	bool damaged; /* its document cannot be read any more: nothing follows */
	char sha512[2 * 64 + 1]; /* of the document, which is material of the store */
	char content[2 * 32 + 1]; /* trusted_list_content() */
	char territory[TRUSTED_LISTS_TERRITORY_MAX];
	char url[FETCH_URL_MAX + 1];
	char signer[CERT_TEXT_MAX];
	char signer_sha256[2 * 32 + 1];
	uint32_t version;
	uint64_t sequence;
	int64_t issued_ms, next_update_ms, accepted_ms;
	/* Until when it is to be believed: its own (trusted_list_until()), or that of
	 * the list of lists that vouches for who signed it. Follows from the store, not
	 * kept there. */
	int64_t until_ms;
	bool above_damaged; /* the list of lists is: who signs this one is not known.
			     * Follows likewise */
};

/* Of an entry, as it is configured now: what was judged by something else is not
 * there, and due. */
int tl_state_get(struct store_conn *conn, const struct tl_entry *e,
		 struct tl_state *ret, struct ltps_error *err) LTPS_CHECKED;
/* On the writer's thread. */
int tl_state_put(struct store_conn *conn, const struct tl_entry *e,
		 const struct tl_state *s, struct ltps_error *err) LTPS_CHECKED;
/* What an operator is told at a time: a version that was good has expired since. */
const char *tl_state_word(const struct tl_state *s, int64_t now_ms);
/* Why it is not good, in words; "" when it is. */
void tl_state_why(const struct tl_state *s, int64_t now_ms,
		  char out[TRUSTED_LIST_WHY_MAX]);
/* When it is tried again. */
int64_t tl_due_ms(const struct tl_state *s, int64_t now_ms);
/* Whether the version that was believed last is to be believed at a time. */
bool tl_state_is_valid(const struct tl_state *s, int64_t now_ms);

/*
 * tl_accepted - the version that was believed last, out of the store.
 * ret_list  NULL: it is not there or not readable any more
 */
int tl_accepted(struct store_conn *conn, const struct tl_state *s,
		struct trusted_list **ret_list, struct ltps_error *err) LTPS_CHECKED;

/* The blob of its document; 0: there is none. */
int tl_blob(struct store_conn *conn, const struct tl_state *s, int64_t *ret_blob,
	    struct ltps_error *err) LTPS_CHECKED;

/* One attempt to get and judge an entry. */
struct tl_attempt {
	struct tl_state state;     /* as it is to stand then */
	struct buf document;       /* the new version; n == 0: none was got */
	bool good;                 /* it is believed, and to be kept */
	bool forgotten;            /* what was believed before is not any more */
	struct buf *pivots;        /* what it was believed by, to be kept too */
	const char **pivot_urls;   /* borrowed from list */
	size_t n_pivots;
	struct trusted_list *list; /* NULL: not readable */
};
/* Nothing that a remote party does is an error: the state says what came of it.
 * Fails: CANCELLED, NOMEM, errors of the store */
int tl_attempt(struct ltp_worker *w, const struct tl_entry *e, int64_t now_ms,
	       struct tl_attempt *a, struct ltps_error *err) LTPS_CHECKED;
/* It came to nothing: a word and why. */
void tl_attempt_fail(struct tl_attempt *a, const char *word, const char *why);
void tl_attempt_clear(struct tl_attempt *a);

#endif
