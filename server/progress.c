/* SPDX-License-Identifier: Apache-2.0 */
#include "server/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fetch.h"

/* Steps of one stage are drawn as often; what is left to PROGRESS_PER_SECOND is for
 * stages that begin meanwhile and may tell nothing for long. */
#define REDRAW_MS 250
/* Before, a rate is a guess. */
#define RATE_AFTER_MS 1000
#define COLUMNS_DEFAULT 80
/* Exchanges below this are over before they can be told in parts. */
#define TRANSFER_LEAST ((uint64_t)256 << 10)

/* The line that stands on the terminal, which the process has one of. It outlives the
 * command that drew it. */
static struct {
	FILE *out;    /* NULL: none does */
	size_t width; /* in columns */
} standing;

/* ---- the text ---- */

struct text {
	char *at;
	size_t n, max;
};

static void put(struct text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const int n = vsnprintf(t->at + t->n, t->max - t->n, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->n = (size_t)n < t->max - t->n ? t->n + (size_t)n : t->max - 1;
}

/* 1023 B, 31.4 MiB */
static void put_bytes(struct text *t, double n)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t u = 0;
	while (n >= 1024 && u + 1 < sizeof(units) / sizeof(units[0])) {
		n /= 1024;
		u++;
	}
	put(t, "%.*f %s", u == 0 ? 0 : 1, n, units[u]);
}

static void put_amount(struct text *t, enum progress_unit unit, uint64_t n)
{
	if (unit == PROGRESS_BYTES)
		put_bytes(t, (double)n);
	else
		put(t, "%" PRIu64, n);
}

/* 59 s, 12 min 5 s, 3 h 20 min */
static void put_duration(struct text *t, double seconds)
{
	const uint64_t s = (uint64_t)(seconds + 0.5);
	if (s < 60)
		put(t, "%" PRIu64 " s", s);
	else if (s < 3600)
		put(t, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	else
		put(t, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
}

static void put_rate(struct text *t, const struct progress *p, int64_t now_ms)
{
	const int64_t ms = now_ms - p->began_ms;
	if (ms < RATE_AFTER_MS || p->done <= p->first)
		return;
	const double rate = (double)(p->done - p->first) * 1000 / (double)ms;
	put(t, ", ");
	if (p->unit == PROGRESS_BYTES)
		put_bytes(t, rate);
	else
		put(t, "%.*f", rate < 10 ? 1 : 0, rate);
	put(t, "/s");
	if (p->total <= p->done)
		return;
	put(t, ", ");
	put_duration(t, (double)(p->total - p->done) / rate);
	put(t, " left");
}

static void put_amounts(struct text *t, const struct progress *p, int64_t now_ms)
{
	if (p->total > 0) {
		put(t, " ");
		put_amount(t, p->unit, p->done);
		put(t, " of ");
		put_amount(t, p->unit, p->total);
	} else if (p->done > 0) {
		put(t, " ");
		put_amount(t, p->unit, p->done);
	} else if (now_ms - p->began_ms >= 1000) {
		put(t, ", ");
		put_duration(t, (double)((now_ms - p->began_ms) / 1000));
	}
	put_rate(t, p, now_ms);
}

/* Names come from elsewhere: what could steer the terminal becomes '?'. */
static void make_plain(char *s)
{
	for (; *s != '\0'; s++)
		if (*s < 0x20 || *s > 0x7e)
			*s = '?';
}

void progress_text(const struct progress *p, int64_t now_ms,
		   char out[PROGRESS_TEXT_MAX])
{
	struct text t = { .at = out, .max = PROGRESS_TEXT_MAX };
	put(&t, "ltps: %s: %s", p->command, p->part);
	if (p->what[0] != '\0') {
		put(&t, "%s%s", p->part[0] != '\0' ? ", " : "", p->what);
		put_amounts(&t, p, now_ms);
	}
	make_plain(out);
}

/* ---- the line ---- */

static int64_t now(const struct progress *p)
{
	return p->now_ms != NULL ? p->now_ms() : clock_monotonic_ms();
}

static FILE *out_of(const struct progress *p)
{
	return p->out != NULL ? p->out : stderr;
}

static size_t columns_of(int fd)
{
	struct winsize size;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col
								    : COLUMNS_DEFAULT;
}

static void decide(struct progress *p)
{
	const int fd = fileno(out_of(p));
	const bool terminal = fd >= 0 && isatty(fd) == 1;
	p->form = p->quiet             ? PROGRESS_NONE
		  : terminal           ? PROGRESS_IN_PLACE
		  : p->forced          ? PROGRESS_LINES
				       : PROGRESS_NONE;
	p->columns = terminal ? columns_of(fd) : COLUMNS_DEFAULT;
}

/* Blanks over the old line, since a terminal need not know sequences. The last column
 * stays free: some go to the next line at once. */
static void draw(struct progress *p, const char *text)
{
	const size_t room = p->columns - 1;
	const size_t n = strlen(text) < room ? strlen(text) : room;
	fprintf(out_of(p), "\r%.*s%*s", (int)n, text,
		standing.width > n ? (int)(standing.width - n) : 0, "");
	fflush(out_of(p));
	standing.out = out_of(p);
	standing.width = n;
}

void progress_hide(void)
{
	if (standing.out == NULL)
		return;
	fprintf(standing.out, "\r%*s\r", (int)standing.width, "");
	fflush(standing.out);
	standing.out = NULL;
	standing.width = 0;
}

/* ---- when ---- */

static uint64_t hundredths(const struct progress *p)
{
	return p->total > 0 ? (uint64_t)((double)p->done * 100 / (double)p->total) : 0;
}

static int64_t last_drawn(const struct progress *p, size_t before)
{
	return p->n_drawn < before
		   ? INT64_MIN
		   : p->drawn_ms[(p->n_drawn - before) % PROGRESS_PER_SECOND];
}

static bool is_past(int64_t then_ms, int64_t now_ms, int64_t ms)
{
	return then_ms == INT64_MIN || now_ms - then_ms >= ms;
}

static bool is_due(const struct progress *p, bool begins, int64_t now_ms)
{
	const int64_t last_ms = last_drawn(p, 1);
	if (p->form == PROGRESS_IN_PLACE)
		return begins
			   ? is_past(last_drawn(p, PROGRESS_PER_SECOND), now_ms, 1000)
			   : is_past(last_ms, now_ms, REDRAW_MS);
	if (begins || p->total > 0)
		return begins || hundredths(p) > p->told;
	return p->done > 0 && is_past(last_ms, now_ms, 1000);
}

static void show(struct progress *p, bool begins)
{
	const int64_t now_ms = now(p);
	char text[PROGRESS_TEXT_MAX];
	if (begins)
		p->began_ms = now_ms;
	if (!is_due(p, begins, now_ms))
		return;
	progress_text(p, now_ms, text);
	if (p->form == PROGRESS_LINES)
		fprintf(out_of(p), "%s\n", text);
	else
		draw(p, text);
	p->told = hundredths(p);
	p->drawn_ms[p->n_drawn++ % PROGRESS_PER_SECOND] = now_ms;
}

static bool is_on(struct progress *p)
{
	if (p != NULL && p->form == PROGRESS_UNDECIDED)
		decide(p);
	return p != NULL && p->form != PROGRESS_NONE;
}

void progress_step(struct progress *p, const char *what, enum progress_unit unit,
		   uint64_t done, uint64_t total)
{
	if (!is_on(p))
		return;
	const bool begins = strncmp(p->what, what, sizeof(p->what) - 1) != 0 ||
			    done < p->done;
	snprintf(p->what, sizeof(p->what), "%s", what);
	p->unit = unit;
	p->done = done;
	p->total = total;
	if (begins)
		p->first = done;
	show(p, begins);
}

void progress_part(struct progress *p, const char *what, uint64_t i, uint64_t n)
{
	if (!is_on(p))
		return;
	snprintf(p->part, sizeof(p->part), "%.60s %" PRIu64 " of %" PRIu64, what, i, n);
	p->what[0] = '\0';
	p->done = p->total = p->first = 0;
	show(p, true);
}

/* ---- exchanges ---- */

/* "tsa.example.org:318" of "http://tsa.example.org:318/tsa" */
static int host_of(const char *url, const char **ret)
{
	const char *begin = strstr(url, "://");
	*ret = begin != NULL ? begin + 3 : url;
	return (int)strcspn(*ret, "/?#");
}

void progress_fetch(void *arg, const struct fetch_state *s)
{
	struct progress *p = arg;
	char what[PROGRESS_NAME_MAX];
	const char *host;
	const int n = host_of(s->url, &host);
	if (s->to_send >= TRANSFER_LEAST && s->sent < s->to_send) {
		progress_step(p, "sending", PROGRESS_BYTES, s->sent, s->to_send);
	} else if (s->got >= TRANSFER_LEAST || s->to_get >= TRANSFER_LEAST) {
		progress_step(p, "receiving", PROGRESS_BYTES, s->got, s->to_get);
	} else {
		snprintf(what, sizeof(what), "waiting for %.*s", n < 70 ? n : 70, host);
		progress_step(p, what, PROGRESS_THINGS, 0, 0);
	}
}
