/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate - a century in minutes: the service itself on a virtual clock, and around it
 * a throwaway PKI as the outside world.
 *
 * Two processes. The parent owns the world: the PKI behind HTTP on loopback, the
 * calendar of outside events, the clock (in shared memory) and the list of what was
 * handed in. The child is the service: a store, the domain over it, one worker; it
 * takes orders over a socket, dies at fail-points, and is started again. Time jumps
 * from one thing that is due to the next, and runs a little at each exchange with the
 * world.
 *
 * The seed fixes the outside events, what is handed in, the crash points and so the
 * summary; keys, serial numbers and signatures are made anew each time.
 */
#ifndef LTPS_SERVER_SIMULATE_H
#define LTPS_SERVER_SIMULATE_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/clock.h"
#include "devpki/devpki.h"
#include "server/devpki_http.h"
#include "server/loop.h"
#include "server/progress.h"
#include "storage/limits.h"
#include "timestamping/tsp_client.h"
#include "validation/algorithm_policy.h"
#include "validation/material.h"
#include "validation/validation_policy.h"

#define SIM_YEARS_MAX 1000
#define SIM_OBJECTS_MAX 1000000
#define SIM_CRASHES_MAX 100000
#define SIM_SECOND_MS ((int64_t)1000)
#define SIM_HOUR_MS ((int64_t)3600000)
#define SIM_DAY_MS ((int64_t)86400000)
#define SIM_YEAR_MS (365 * SIM_DAY_MS)
#define SIM_PATH_MAX 4096
/* Two TSAs, each with a root, a CA and responders of its own. */
#define SIM_SLOTS 2
#define SIM_ROOTS_MAX 256
#define SIM_LIMITS_MAX 16
/* Parts of one object. */
#define SIM_PARTS_MAX 3
/* Services on one store at a time. */
#define SIM_SERVERS 2
/* How often the service asks about its TSAs: what is found later than that, and a day
 * for what follows from it, is beyond what two TSAs can bear. */
#define SIM_WATCH_MS (7 * SIM_DAY_MS)
#define SIM_MARGIN_MS (180 * SIM_DAY_MS)
#define SIM_FIXITY_MS (120 * SIM_DAY_MS)
/* After a loss of one TSA, before anything else may happen to either. */
#define SIM_RECOVERY_MS (SIM_WATCH_MS + 40 * SIM_DAY_MS)
/* An object that is proven to exist only since later than this after it was handed in
 * has lost its proof. */
#define SIM_PROOF_MS (400 * SIM_DAY_MS)

/* ---- a stream of numbers from a seed ---- */

struct sim_random {
	uint64_t state;
};
/* Another stream for each purpose, so that more of one thing does not shift others. */
struct sim_random sim_random_of(uint64_t seed, uint64_t purpose);
/* From lo to hi, both included. */
int64_t sim_between(struct sim_random *r, int64_t lo, int64_t hi);

/* ---- counts by name ---- */

#define SIM_ACTS_MAX 64
#define SIM_ACT_MAX 40
struct sim_tally {
	char name[SIM_ACT_MAX];
	uint64_t n;
};
struct sim_tallies {
	struct sim_tally t[SIM_ACTS_MAX];
	size_t n;
};
void sim_tally(struct sim_tallies *t, const char *name);

/* ---- what is handed in ---- */

size_t sim_parts(uint64_t object);
/* Contents of one part, appended: the same for each call. */
int sim_content(uint64_t seed, uint64_t object, size_t part, struct buf *out,
		struct ltps_error *err) LTPS_CHECKED;

enum sim_object_state {
	SIM_NOT_YET,
	SIM_STORED,
	SIM_DATA_DELETED,
	SIM_DELETED,
};
/* Written by the service when its answer is there. */
struct sim_object {
	char poid[STORE_POID_MAX + 1];
	enum sim_object_state state;
	int64_t stored_ms; /* of the world's clock */
};
/* Both processes see it; the service runs only while the parent waits. */
struct sim_shared {
	_Atomic int64_t now_ms;  /* of the world */
	_Atomic int64_t skew_ms; /* by which the service's clock is ahead */
	struct sim_tallies acts; /* of the trace, by SIM_ORDER_COUNT */
	struct sim_object objects[];
};

/* ---- the calendar ---- */

enum sim_event_kind {
	SIM_INGEST,
	SIM_DELETE,
	SIM_TSA_ROLLOVER,
	SIM_TSA_OPENS,
	SIM_DISASTER, /* a TSA is compromised or closes, a CA is revoked or compromised
		       */
	SIM_CA_REVOKED,
	SIM_ROOT_ENDS,
	SIM_ANNOUNCEMENT,
	SIM_FOLLOWING, /* a TSA follows an announcement */
	SIM_TSA_TROUBLE,
	SIM_TSA_WELL,
	SIM_STATUS_TROUBLE,
	SIM_STATUS_WELL,
	SIM_DISK_ERROR,
	SIM_CLOCK_STEP,
	SIM_CLOCK_RIGHT,
	SIM_DOWN,
	SIM_DOWN_LONG, /* for more than a year */
	SIM_DISK_FULL,
	SIM_DISK_ROOM,
	SIM_TWO, /* a second service on the same store */
	SIM_ONE,
	SIM_CRASH,
	SIM_FAULT,  /* what --fault orders */
	SIM_BEYOND, /* what --beyond orders */
	SIM_EVENT_COUNT
};
struct sim_event {
	int64_t at_ms;
	uint64_t order; /* of equal times */
	enum sim_event_kind kind;
	int64_t a, b;
};
struct sim_calendar {
	struct sim_event *events; /* a heap */
	size_t n, cap;
	uint64_t order;
};
int sim_calendar_add(struct sim_calendar *c, int64_t at_ms, enum sim_event_kind kind,
		     int64_t a, int64_t b, struct ltps_error *err) LTPS_CHECKED;
/* INT64_MAX: nothing. */
int64_t sim_calendar_next(const struct sim_calendar *c);
bool sim_calendar_take(struct sim_calendar *c, int64_t now_ms, struct sim_event *ret);

/* ---- the whole ---- */

enum sim_fault {
	SIM_FAULT_NONE,
	SIM_FAULT_SKIPPED_RENEWAL,
	SIM_FAULT_DROPPED_TOKEN,
	SIM_FAULT_SWAPPED_OBJECT,
	SIM_FAULT_LATE_RENEWAL,
	SIM_FAULT_LONG_SLEEP,
};
struct sim_options {
	int64_t years;
	uint64_t objects;
	uint64_t seed;
	uint64_t crashes;
	uint64_t signed_objects; /* of the objects, this many */
	enum sim_fault fault;
	bool beyond;
	bool keep;
	bool verbose;
	const char *dir; /* NULL: a new one */
	struct progress *progress;
};

/* One TSA with those above it. */
struct sim_slot {
	const struct devpki_cert *root, *ca, *tsa;
	char name[32]; /* in the configuration */
	char url[DEVPKI_URL_MAX];
	unsigned generation;
	bool open;
	bool trouble;
	int64_t tsa_ends_ms, ca_ends_ms, root_ends_ms;
	uint64_t rollovers; /* the newest one planned: older plans do nothing */
};

/* Who signs what is handed in: a CA apart from those of the TSAs. */
struct sim_signers {
	const struct devpki_cert *root, *ca;
	int64_t root_ends_ms, ca_ends_ms;
	enum devpki_key key;
	enum digest_alg digest;
	uint64_t made;
};

/* What became of signed objects. */
struct sim_forms {
	uint64_t forms;      /* augmented ones, of all ages */
	uint64_t timestamps; /* archive and document time-stamps in the newest */
	uint64_t passed;     /* newest ones that are TOTAL-PASSED */
};

/* A process of the service. */
struct sim_server {
	pid_t child;
	int fd; /* -1: not running */
	struct loop_watch *watch;
};

/* A disk that is to be full, from the passage of a fail-point on. */
struct sim_disk {
	char text[STORE_NAME_MAX]; /* "": there is room */
	bool full;                 /* it is: something was refused */
};

/* Two services at a time: work of the first is interrupted, the second goes on. */
struct sim_two {
	bool on;
	bool meanwhile;                /* the other one goes on just now */
	char text[2 * STORE_NAME_MAX]; /* where the first pauses; "": nowhere */
};

struct sim_loss {
	uint64_t object;
	bool lost; /* else unverifiable */
	char reason[384];
};

struct sim {
	struct sim_options o;
	char dir[SIM_PATH_MAX];
	char store_dir[SIM_PATH_MAX], copies_dir[SIM_PATH_MAX], out_dir[SIM_PATH_MAX];
	bool own_dir;
	struct sim_shared *shared;
	size_t shared_n;
	int64_t start_ms, end_ms;

	/* the world */
	struct loop *loop;
	struct devpki *pki;
	struct devpki_http *http;
	struct sim_calendar calendar;
	struct sim_random random[SIM_EVENT_COUNT];
	struct sim_slot slots[SIM_SLOTS];
	const struct devpki_cert *anchors[SIM_ROOTS_MAX];
	size_t n_anchors;
	struct algorithm_limit limits[SIM_LIMITS_MAX];
	size_t n_limits;
	struct algorithm_policy policy;
	bool status_trouble;
	bool clock_wrong;
	int64_t quiet_until_ms; /* nothing further happens to TSAs before */
	int64_t down_until_ms;
	int64_t hold_until_ms; /* --fault: upkeep is held back */
	uint64_t chosen;       /* --fault: the object that it happens to; UINT64_MAX */
	int64_t *damaged_ms;   /* of objects, when last; 0 */

	/* the service */
	struct sim_server servers[SIM_SERVERS];
	unsigned at; /* who gets orders */
	struct sim_disk disk;
	struct sim_two two;
	struct loop_timer *watchdog;
	bool hung;
	bool restart; /* with a new configuration */
	bool armed;
	unsigned armed_at;   /* whom */
	uint64_t armed_owed; /* crashes that were due then */
	char armed_name[STORE_NAME_MAX + 1];
	char armed_text[STORE_NAME_MAX + 32];
	uint64_t owed; /* crashes that were due */
	struct material *trust;

	/* what came of it */
	uint64_t crashes;
	uint64_t failures_in_row;
	unsigned looks;    /* short waits in a row in which nothing happened */
	uint64_t failures; /* errors that the service reported of itself */
	uint64_t runs;
	struct sim_tallies events, points;
	uint64_t timestamp_renewals, hash_tree_renewals;
	uint64_t lost, unverifiable, restamped, checked;
	struct sim_loss *losses;
	size_t n_losses;
	uint64_t *harmed; /* objects that --fault or --beyond damaged */
	size_t n_harmed;

	/* signed objects */
	struct sim_signers signers;
	struct sim_forms forms;
	struct material *status; /* of the end */
};

int64_t sim_now(const struct sim *s);
/* Time of the world in full years, for people. */
void sim_say(const struct sim *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* simulate_pki.c: the world's certificates and algorithms */
int sim_pki_begin(struct sim *s, struct ltps_error *err) LTPS_CHECKED;
/* What is to be made anew of a slot. */
enum sim_depth { SIM_DEPTH_TSA, SIM_DEPTH_CA, SIM_DEPTH_ROOT };
int sim_pki_renew(struct sim *s, unsigned slot, enum sim_depth depth,
		  struct ltps_error *err) LTPS_CHECKED;
/* A name that the configuration has not had. */
void sim_pki_rename(struct sim *s, unsigned slot);
int sim_pki_announce(struct sim *s, size_t algorithm,
		     struct ltps_error *err) LTPS_CHECKED;
int sim_pki_plan_ends(struct sim *s, struct ltps_error *err) LTPS_CHECKED;
int sim_pki_remove_root(struct sim *s, uint64_t serial,
			struct ltps_error *err) LTPS_CHECKED;

/* simulate_events.c */
int sim_plan(struct sim *s, struct ltps_error *err) LTPS_CHECKED;
int sim_event(struct sim *s, const struct sim_event *e,
	      struct ltps_error *err) LTPS_CHECKED;

/* simulate_machine.c: the machine of the service fails. Each is an event's. */
int sim_clock_step(struct sim *s, const struct sim_event *e,
		   struct ltps_error *err) LTPS_CHECKED;
int sim_clock_right(struct sim *s, const struct sim_event *e,
		    struct ltps_error *err) LTPS_CHECKED;
int sim_down(struct sim *s, const struct sim_event *e,
	     struct ltps_error *err) LTPS_CHECKED;
int sim_down_long(struct sim *s, const struct sim_event *e,
		  struct ltps_error *err) LTPS_CHECKED;
int sim_disk_full(struct sim *s, const struct sim_event *e,
		  struct ltps_error *err) LTPS_CHECKED;
int sim_disk_room(struct sim *s, const struct sim_event *e,
		  struct ltps_error *err) LTPS_CHECKED;
/* The service has failed: if its disk is full, that is why, and there will be room. */
int sim_disk_refused(struct sim *s, struct ltps_error *err) LTPS_CHECKED;
int sim_two_begin(struct sim *s, const struct sim_event *e,
		  struct ltps_error *err) LTPS_CHECKED;
int sim_two_end(struct sim *s, const struct sim_event *e,
		struct ltps_error *err) LTPS_CHECKED;
/* Of all events: when it comes again; whether it may; whether it still may. */
int sim_again(struct sim *s, enum sim_event_kind kind, int days_min, int days_max,
	      struct ltps_error *err) LTPS_CHECKED;
bool sim_is_well(const struct sim *s);
bool sim_is_calm(const struct sim *s);

/* simulate_damage.c: files of a store damaged from outside */
enum sim_damage { SIM_DAMAGE_FLIP, SIM_DAMAGE_CUT };
/* ret_done  false: there is no such file */
int sim_damage(const struct sim *s, uint64_t object, bool copy, enum sim_damage how,
	       bool *ret_done, struct ltps_error *err) LTPS_CHECKED;
/* Both directories: the octets of one object in the place of another's. */
int sim_swap(const struct sim *s, uint64_t object, bool *ret_done,
	     struct ltps_error *err) LTPS_CHECKED;

/* simulate_orders.c: the parent's side of the socket */
enum sim_order_kind {
	SIM_ORDER_RUN,    /* until nothing is due; a > 0: so many turns */
	SIM_ORDER_INGEST, /* objects a to b, b not included */
	SIM_ORDER_DELETE, /* object a; b: with its evidence */
	SIM_ORDER_ARM,    /* fail-points: text */
	SIM_ORDER_TIPS,   /* when a tip ends, beyond its partner: next_ms; of the
			     widest one, b: of the first that ends */
	SIM_ORDER_GO,     /* after a pause */
	SIM_ORDER_EXPORT, /* object a into the directory out */
	SIM_ORDER_ANCHORS,
	SIM_ORDER_COUNT, /* tokens, and acts of the trace */
	SIM_ORDER_END,
};
struct sim_order {
	enum sim_order_kind kind;
	bool hold; /* no upkeep */
	int64_t a, b;
	char text[4 * STORE_NAME_MAX];
};
struct sim_reply {
	int rc;
	bool paused;     /* in the middle; the answer follows SIM_ORDER_GO */
	int64_t next_ms; /* of the service's clock */
	uint64_t timestamp_renewals, hash_tree_renewals;
	char text[512]; /* of an error or refusal */
};
/* Started when it does not run; again, with the same order, after a crash. */
int sim_ask(struct sim *s, const struct sim_order *order, struct sim_reply *ret,
	    struct ltps_error *err) LTPS_CHECKED;
/* Whom sim_ask() asks, end in order, when they run. */
int sim_stop(struct sim *s, struct ltps_error *err) LTPS_CHECKED;
/* As sim_stop(), not caring how. */
void sim_kill(struct sim *s);
/* When the loop has waited for too long; arg is the simulation. */
void sim_watchdog(void *arg);
/* A fail-point at which to die, when crashes are owed. */
int sim_arm(struct sim *s, struct ltps_error *err) LTPS_CHECKED;
/* All that is to befall whoever gets orders, anew; nothing when it does not run. */
int sim_arm_all(struct sim *s, struct ltps_error *err) LTPS_CHECKED;
/* Everything that is due, one turn of each service after the other. */
int sim_serve_two(struct sim *s, struct sim_reply *ret,
		  struct ltps_error *err) LTPS_CHECKED;

/* simulate_two.c: what interrupts one of two */
/* What the other one does meanwhile: some seconds of it, or more than a lease. */
int sim_meanwhile(struct sim *s, struct ltps_error *err) LTPS_CHECKED;
int sim_two_pause(struct sim *s, struct ltps_error *err) LTPS_CHECKED;

/* simulate_service.c: the child. Does not return. */
_Noreturn void sim_service(struct sim *s, int fd);

/* simulate_judge.c */
int sim_judge(struct sim *s, struct ltps_error *err) LTPS_CHECKED;
int sim_write_out(const struct sim *s, const char *name, struct view octets,
		  struct ltps_error *err) LTPS_CHECKED;
/* A file of out/, which goes unless --keep. out: replaced */
int sim_read_out(const struct sim *s, const char *name, struct buf *out,
		 bool *ret_there, struct ltps_error *err) LTPS_CHECKED;
struct ers_report;
/* The first thing in a record that is not as it should be. */
void sim_explain_record(const struct ers_report *r, char *out, size_t n);

/* simulate_signed.c: signed objects among those that are handed in */
bool sim_is_signed(const struct sim *s, uint64_t object);
bool sim_is_pdf(const struct sim *s, uint64_t object);
/* As sim_parts() and sim_content(), of signed ones too. */
size_t sim_parts_of(const struct sim *s, uint64_t object);
int sim_handed_in(const struct sim *s, uint64_t object, size_t part, struct buf *out,
		  struct ltps_error *err) LTPS_CHECKED;
/* Signs now those of the objects from..to (not included) that are to be signed and are
 * not yet: before the service is asked to take them. */
int sim_signed_make(struct sim *s, uint64_t from, uint64_t to,
		    struct ltps_error *err) LTPS_CHECKED;

/* simulate_forms.c: augmented forms at the end. Each has a record, and the newest is
 * judged from the file, the anchors, and the status of that day alone. */
int sim_status_make(struct sim *s, struct ltps_error *err) LTPS_CHECKED;
int sim_judge_forms(struct sim *s, uint64_t object, const struct material *anchors,
		    struct ltps_error *err) LTPS_CHECKED;

/* simulate_policy.c: what is known of the ends of algorithms, as a policy */
#define SIM_POLICY "urn:ltps:policy:validation:simulation:1"
/* ret_p  free with validation_policy_free() */
int sim_policy_of(const struct sim *s, struct validation_policy **ret_p,
		  struct ltps_error *err) LTPS_CHECKED;
/* policy.conf with policy.xml, and the time of the end, into out/. */
int sim_policy_write(const struct sim *s, int64_t end_ms,
		     struct ltps_error *err) LTPS_CHECKED;

/* simulate.c */
int sim_begin(const struct sim_options *o, struct sim *s,
	      struct ltps_error *err) LTPS_CHECKED;
int sim_run(struct sim *s, struct ltps_error *err) LTPS_CHECKED;
int sim_loss_add(struct sim *s, uint64_t object, bool lost, const char *reason,
		 struct ltps_error *err) LTPS_CHECKED;
int sim_harm(struct sim *s, uint64_t object, struct ltps_error *err) LTPS_CHECKED;
void sim_end(struct sim *s);
const char *sim_fault_name(enum sim_fault fault);
bool sim_fault_parse(const char *text, enum sim_fault *ret);
int sim_report_json(const struct sim *s, struct buf *out,
		    struct ltps_error *err) LTPS_CHECKED;
int sim_report_text(const struct sim *s, struct buf *out,
		    struct ltps_error *err) LTPS_CHECKED;

#endif
