/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_json_read - table-driven reading of JSON objects into structures; the
 * part that api_json_in.c and digest_list.c share. Private to server/.
 */
#ifndef LTPS_SERVER_API_JSON_READ_H
#define LTPS_SERVER_API_JSON_READ_H

#include "ltp/ltp.h"
#include "server/json_cut.h"

#include <jansson.h>

#define READ_PATH_MAX 160

/* One reading: where it stands, and why it was refused. */
struct reader {
	struct json_cut *cut;
	void ***lists; /* what is allocated on the way is put here */
	size_t *n_lists;
	char path[READ_PATH_MAX];
	size_t path_n;
	struct ltp_result *refusal;
	bool nomem;
};

struct member {
	const char *name;
	/* Reads the value into what lies at offset; false: refused. */
	bool (*read)(struct reader *r, const json_t *v, void *at);
	size_t offset;
	bool required;
};

/* Every member must be known, every required one there; false: refused. */
bool read_object(struct reader *r, const json_t *v, const struct member *members,
		 size_t n, void *at);
/* As read_object, but for what a client must not leave out of habit: unknown
 * members are refused with this minor. */
bool read_object_minor(struct reader *r, const json_t *v, const struct member *members,
		       size_t n, void *at, enum ltp_minor unknown);
bool read_text(struct reader *r, const json_t *v, void *at); /* const char * */
struct texts {
	const char **p;
	size_t n;
};
bool read_texts(struct reader *r, const json_t *v, void *at); /* struct texts */
struct payload {
	bool given;
	struct view data;
};
bool read_payload(struct reader *r, const json_t *v, void *at); /* struct payload */
/* An object of the given kind, member names PO's: see api_po.c. */
struct read_evidence {
	bool given;
	struct ltp_po po;
	const char *poid;
	const char *version;
};
bool read_po(struct reader *r, const json_t *v, struct ltp_po *ret_po);
bool read_evidence(struct reader *r, const json_t *v, void *at);

bool reader_refuse(struct reader *r, enum ltp_minor minor, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Zeroed memory that lives as long as the request; NULL: nomem is set. */
void *reader_list(struct reader *r, size_t count, size_t size);
size_t reader_push_index(struct reader *r, size_t i);
void reader_pop(struct reader *r, size_t before);

/* Parses the small document; NULL with a refusal, or nomem. */
json_t *reader_load(struct reader *r);
void reader_free_lists(void **lists, size_t n);

#endif
