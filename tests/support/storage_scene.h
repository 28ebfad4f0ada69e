/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storage_scene - a busy store: two threads store objects, the caller's thread
 * closes and stamps trees, puts data into tokens, deletes objects and renews
 * both tokens and hashes. Every acknowledgement is reported, so that a crash can
 * be judged afterwards.
 */
#ifndef LTPS_TESTS_STORAGE_SCENE_H
#define LTPS_TESTS_STORAGE_SCENE_H

#include "storage/store.h"

enum scene_event {
	SCENE_ADDED = 1, /* object i is durable */
	SCENE_DELETING,  /* its deletion was asked for */
	SCENE_DELETED,   /* its deletion is durable */
	SCENE_STAMPED,   /* tree i has its token */
	SCENE_EVENT_COUNT
};

struct scene {
	uint64_t first; /* number of the first object */
	uint64_t count;
	/* From any thread, one at a time. */
	void (*event)(void *arg, enum scene_event what, uint64_t i);
	void *arg;
};

/* Size of object i: most small, some files. */
size_t scene_size(uint64_t i);
/* Ends the process on any error but those of a fail-point. */
void scene_run(struct store *store, const struct scene *scene);

/* What was acknowledged, and the check that it is there. */
#define SCENE_OBJECTS_MAX 100000
struct scene_state {
	uint8_t objects[SCENE_OBJECTS_MAX]; /* 0 or the last enum scene_event */
	uint64_t stamped;                   /* number of stamped trees */
};
void scene_note(struct scene_state *state, enum scene_event what, uint64_t i);
/*
 * scene_check - every acknowledged object is there with its bytes, deleted ones
 * are not, fsck finds nothing. Returns the number of complaints, each on
 * standard error.
 */
unsigned scene_check(struct store *store, const struct scene_state *state);

#endif
