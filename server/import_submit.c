/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_submit - piece by piece to the service. What is there from a run before is
 * told, and the rest goes on behind it.
 */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "server/commands.h"
#include "server/import.h"

#define THERE " there" /* behind what was taken over before */

/* ---- messages ---- */

static void put_po(struct jsonw *j, const struct ltp_po *po)
{
	jsonw_object(j);
	jsonw_key(j, "binaryData");
	jsonw_object(j);
	jsonw_key(j, "value");
	jsonw_base64(j, po->data);
	jsonw_object_end(j);
	if (po->format_id != NULL)
		jsonw_member(j, "formatId", po->format_id);
	if (po->mime != NULL)
		jsonw_member(j, "mimeType", po->mime);
	jsonw_member(j, "id", po->id);
	if (po->n_related > 0) {
		jsonw_key(j, "relObj");
		jsonw_array(j);
		for (size_t k = 0; k < po->n_related; k++)
			jsonw_cstr(j, po->related[k]);
		jsonw_array_end(j);
	}
	jsonw_object_end(j);
}

static int put_message(const struct import *im, const struct import_request *r,
		       const char *poid, struct buf *out, struct ltps_error *err)
{
	const bool update = r->operation == OP_UPDATE_POC;
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, update ? "poId" : "pro", update ? poid : im->profile);
	jsonw_key(&j, update ? "deltaPoc" : "po");
	jsonw_array(&j);
	for (size_t i = 0; i < r->n; i++)
		put_po(&j, &r->pos[i]);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

/* ---- sending ---- */

static void tell(const char *old, const char *poid, const char *what, bool there)
{
	progress_hide();
	client_show(stdout, old);
	putchar(' ');
	client_show(stdout, poid);
	putchar(' ');
	client_show(stdout, what);
	puts(there ? THERE : "");
	fflush(stdout);
}

/* poid: where the object is new, its POID is put here. A warning was told, and what it
 * is about is preserved. */
static int send_message(const struct import *im, enum operation operation,
			struct view message, char poid[IMPORT_POID_MAX])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	json_t *answer = NULL;
	int status;
	if (client_call(&im->client, operation_name(operation), message, &answer,
			&err) != 0)
		return command_error(im->client.url, &err);
	status = client_verdict("import", answer);
	const char *made = client_text(answer, "poId");
	if (made != NULL)
		snprintf(poid, IMPORT_POID_MAX, "%s", made);
	if (status == EXIT_UNDETERMINED)
		status = EXIT_VALID;
	json_decref(answer);
	return status;
}

static int submit(const struct import *im, const struct import_piece *p,
		  const struct import_request *r, char poid[IMPORT_POID_MAX])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(CLIENT_BODY_MAX);
	const int status =
	    put_message(im, r, poid, &message, &err) == 0
		? send_message(im, r->operation, view_buf(&message), poid)
		: command_error(p->e->id, &err);
	buf_free(&message);
	return status;
}

/* ---- what is missing ---- */

/* poid: of the object that it belongs to; where that is new, it is put here. Where it
 * cannot be told the service gives the POID that stands, or says what differs. */
static int take(const struct import *im, const struct import_piece *p,
		const struct import_request *r, char poid[IMPORT_POID_MAX])
{
	enum import_found found = IMPORT_MISSING;
	char likely[IMPORT_POID_MAX];
	int status = EXIT_VALID;
	if (im->anew == 0)
		status = import_find(im, p, r, p->before.e != NULL ? poid : NULL, poid,
				     &found);
	memcpy(likely, poid, sizeof(likely));
	if (status == EXIT_VALID && found != IMPORT_THERE)
		status = submit(im, p, r, poid);
	if (found == IMPORT_UNSURE && strcmp(poid, likely) == 0)
		found = IMPORT_THERE;
	if (status == EXIT_VALID)
		tell(p->e->poid, poid, p->what, found == IMPORT_THERE);
	return status;
}

static int submit_step(const struct import *im, const struct import_piece *p,
		       char poid[IMPORT_POID_MAX], void *arg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct import_request r = { .n = 0 };
	(void)arg;
	const int status = import_request_make(im, p, &r, &err) == 0
			       ? take(im, p, &r, poid)
			       : command_error(p->e->id, &err);
	import_request_clear(&r);
	return status;
}

static void tell_object(const struct import *im, size_t done, size_t n)
{
	if (done < n)
		progress_part(im->client.progress, "object", done + 1, n);
}

int import_submit(struct import *im)
{
	return import_walk(im, tell_object, submit_step, NULL);
}
