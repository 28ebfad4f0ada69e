/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify - webhooks: who is told what, without asking.
 *
 * What is told are entries of the audit. With each such entry, in its transaction, goes
 * a job for every hook that wants it ("notify:NAME", subject: its sequence number), so
 * that a crash loses none; the job ends when the hook has answered 2xx. Told at least
 * once, in no promised order. A hook that fails is asked again after growing pauses and
 * keeps nothing up but itself; what it did not take for `give_up_ms` is given up, which
 * the audit says (NotificationGivenUp).
 *
 * The body is JSON (docs/notification.schema.json). Its id, also in LTPS-Event, is the
 * hash of the audit entry: the same at each attempt. LTPS-Timestamp is the time of the
 * attempt in seconds since 1970; LTPS-Signature is "sha256=" and the hexadecimal
 * HMAC-SHA-256 (RFC 2104) under the hook's secret over that decimal number, one '.' and
 * the body.
 *
 * Alarms of /health become entries of the audit (AlarmRaised, AlarmCleared) whether or
 * not there is a hook: they say since when an alarm stands.
 */
#ifndef LTPS_LTP_NOTIFY_H
#define LTPS_LTP_NOTIFY_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/fetch.h"

#define NOTIFY_HOOKS_MAX 16 /* each has a job for each event */
#define NOTIFY_NAME_MAX 64
/* RFC 2104 3: not shorter than is guessed. */
#define NOTIFY_SECRET_MIN 16
#define NOTIFY_SECRET_MAX 1024

enum notify_kind {
	NOTIFY_VERDICT = 1 << 0,  /* a verdict on signatures changed */
	NOTIFY_EVIDENCE = 1 << 1, /* evidence weakens, is late, or was lost */
	NOTIFY_ALARM = 1 << 2,    /* an alarm of /health came or went */
	NOTIFY_PERIOD = 1 << 3,   /* a preservation period ends */
	NOTIFY_DAMAGE = 1 << 4,   /* stored bytes were damaged, or repaired */
	NOTIFY_ALL = (1 << 5) - 1,
};
/* "verdict" ...; 0 when there is none of this name. */
unsigned notify_kind_parse(const char *name);

struct notify_hook {
	const char *name;   /* letters, digits, '.', '-', '_' */
	const char *url;    /* http or https */
	struct view secret; /* NOTIFY_SECRET_MIN .. NOTIFY_SECRET_MAX */
	unsigned kinds;     /* enum notify_kind, or-ed */
	int64_t give_up_ms;
	struct fetch_policy fetch; /* redirects and max_bytes are not looked at */
};

#endif
