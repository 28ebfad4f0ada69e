/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_cut - takes the payloads out of a request before the JSON parser sees
 * it: the strings po[i].binaryData.value, po[i].xmlData.b64Content, the same
 * below deltaPoc[i], and ev.binaryData.value, ev.xmlData.b64Content.
 *
 * Each becomes an integer in a small document, the number of its slot. What
 * the client itself puts there that is no string never becomes an integer: a
 * number is wrapped in an array. So an integer at such a place is always a
 * slot, and the parser refuses whatever else is malformed.
 */
#ifndef LTPS_SERVER_JSON_CUT_H
#define LTPS_SERVER_JSON_CUT_H

#include "base/bytes.h"
#include "base/err.h"

/* Deeper than any message of TS 119 512 (transforms in optIn: 8). */
#define JSON_CUT_DEPTH_MAX 16
/* All but the payloads: 1000 objects with names and formats are ~300 KiB. */
#define JSON_CUT_SMALL_MAX ((size_t)1 << 20)
#define JSON_CUT_SLOTS_MAX 4096

struct json_slot {
	uint8_t *p; /* between the quotes, in the body */
	size_t n;
	bool escaped; /* holds a backslash */
	bool done;    /* decoded: p, n are the bytes */
};

struct json_cut {
	struct buf small;
	struct json_slot *slots;
	size_t n_slots;
	size_t cap;
};

/*
 * json_cut_make - scan the body.
 * body     stays as it is; the slots point into it
 * ret_cut  free with json_cut_free()
 * Fails:   FORMAT (caller: nested deeper than JSON_CUT_DEPTH_MAX, or a string
 *          without an end), TOO_LARGE (caller: small part, slots), NOMEM
 */
int json_cut_make(uint8_t *body, size_t n, struct json_cut *ret_cut,
		  struct ltps_error *err) LTPS_CHECKED;
void json_cut_free(struct json_cut *cut);
/*
 * json_slot_decode - base64 to bytes, in place, once.
 * Fails: FORMAT (caller) with the offset of the character
 */
int json_slot_decode(struct json_slot *slot, struct ltps_error *err) LTPS_CHECKED;

#endif
