/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asked - who is being asked what right now, and who was asked a moment ago: of
 * several threads that need the same thing, one asks and the others wait for it,
 * and a source that has just failed is left in peace for a while.
 */
#ifndef LTPS_LTP_ASKED_H
#define LTPS_LTP_ASKED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define ASKED_ENTRIES_MAX 4096
/* After a failure, and after an answer: a CRL that is published every minute is
 * noticed within one, and a flood of requests makes one question a minute. */
#define ASKED_PAUSE_MS 60000

struct asked;
/* max_held  threads of requests that may ask or wait at a time, so that slow sources
 *           never hold all of them; 0: any number */
int asked_new(unsigned max_held, struct asked **ret_a,
	      struct ltps_error *err) LTPS_CHECKED;
void asked_free(struct asked *a);

enum asked_turn {
	ASKED_YOURS,  /* ask, then call asked_end() */
	ASKED_OTHERS, /* another thread asked meanwhile: look again at what is known */
	ASKED_PAUSED, /* asked a moment ago without luck, or of a silent host */
	ASKED_FULL,   /* as many wait as may: nothing is known of the answer */
};
struct asked_question {
	const char *key;  /* identity; copied */
	const char *host; /* who is asked, "http://ca.example:80"; NULL: any */
	/* The thread is not of those that max_held is about: what strangers make the
	 * others wait for takes nothing from it. */
	bool own_place;
};
/*
 * asked_begin - may this question be asked now? Waits while another thread is
 * asking the same, whose exchange is bounded in time.
 * now_ms  by the clock of the service, which may go back
 */
enum asked_turn asked_begin(struct asked *a, const struct asked_question *q,
			    int64_t now_ms);
/* silent: the host was waited for in vain, and is left in peace whatever the question
 * as long as a question that failed is. */
void asked_end(struct asked *a, const struct asked_question *q, bool silent,
	       int64_t now_ms);

#endif
