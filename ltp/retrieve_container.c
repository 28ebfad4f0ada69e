/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retrieve_container - POwithEmbeddedEvidence as ASiC-E with an evidence record
 * (TS 119 512 A.3.1, EN 319 162-1 4.4): every part a file, one record over all of them,
 * a data object group when there are several.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/asic.h"
#include "ltp/retrieve_private.h"
#include "timestamping/ers.h"

/* A file name for a part: its id when that is a plain name, else part-N, which then is
 * of no other part. */
static void file_name(const struct part *p, char *out, size_t out_size)
{
	const char *id = p->po_id;
	bool plain = id != NULL && id[0] != '.' && id[0] != '\0' &&
		     strcmp(id, "mimetype") != 0 && strcmp(id, "META-INF") != 0 &&
		     strncmp(id, "part-", 5) != 0;
	for (const char *c = id; plain && *c != '\0'; c++)
		plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			(*c >= '0' && *c <= '9') || *c == '-' || *c == '_' || *c == '.';
	if (plain)
		snprintf(out, out_size, "%s", id);
	else
		snprintf(out, out_size, "part-%u", p->seq);
}

struct container {
	struct asic_object *objects;
	struct buf *data;
	char (*names)[PO_ID_MAX + 1];
	size_t n;
};

static void container_clear(struct container *c)
{
	for (size_t i = 0; i < c->n; i++)
		buf_free(&c->data[i]);
	mem_free(c->objects);
	mem_free(c->data);
	mem_free(c->names);
}

/* ret_damage  of the first part that is damaged: there is no container then */
static int container_read(struct retrieval *run, const struct version *v,
			  struct container *c, struct ltps_error *ret_damage,
			  struct ltps_error *err)
{
	c->objects = mem_zalloc(v->n_parts, sizeof(*c->objects));
	c->data = mem_zalloc(v->n_parts, sizeof(*c->data));
	c->names = mem_zalloc(v->n_parts, sizeof(*c->names));
	if (c->objects == NULL || c->data == NULL || c->names == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < v->n_parts; i++) {
		const struct part *p = &v->parts[i];
		c->data[i] = buf_make((size_t)p->size);
		c->n = i + 1;
		if (retrieve_part_read(run, p, &c->data[i], ret_damage, err) != 0)
			return -1;
		if (ret_damage->code != LTPS_OK)
			return 0;
		file_name(p, c->names[i], sizeof(c->names[i]));
		c->objects[i] = (struct asic_object){
			.name = view_text(c->names[i]),
			.mime = p->mime,
			.data = view_buf(&c->data[i]),
		};
	}
	return 0;
}

static enum digest_alg tree_digest(struct view record)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ers *er = NULL;
	enum digest_alg alg = DIGEST_SHA256;
	if (ers_parse(record, &er, &err) == 0 && er->n_chains > 0 &&
	    er->chains[0].n > 0)
		alg = er->chains[0].stamps[0].alg;
	ers_free(er);
	return alg;
}

int retrieve_container_add(struct retrieval *run, const struct version *v,
			   struct ltps_error *err)
{
	int rc = -1;
	bool ready;
	char id[STORE_NAME_MAX + 16];
	struct container c = { 0 };
	struct buf record = buf_make(ERS_SIZE_MAX);
	struct ltps_error damage = LTPS_ERROR_INIT;
	const size_t before = run->bytes;
	if (retrieve_record(run, v, &record, &ready, err) != 0)
		goto out;
	if (!ready) { /* the parts alone: part of what was asked for */
		rc = retrieve_parts_add(run, v, err);
		goto out;
	}
	if (container_read(run, v, &c, &damage, err) != 0)
		goto out;
	if (damage.code != LTPS_OK) {
		run->bytes = before; /* read again, for an answer of another form */
		rc = retrieve_parts_add(run, v, err) == 0
			 ? retrieve_evidence_add(run, v, true, err)
			 : -1;
		goto out;
	}
	struct ltp_po_out *po = retrieve_po_add(run, err);
	if (po == NULL)
		goto out;
	const struct asic_container is = {
		.poid = run->object->poid,
		.version = v->label,
		.until_ms = run->object->preserve_until_ms,
	};
	const struct asic_input in = {
		.objects = c.objects,
		.n_objects = c.n,
		.record = view_buf(&record),
		.alg = tree_digest(view_buf(&record)),
		.time_ms = v->created_ms,
		.container = &is,
	};
	snprintf(id, sizeof(id), "poc-%s", v->label);
	if (retrieve_set_text(&po->id, id, err) != 0 ||
	    retrieve_set_text(&po->format_id, URI_ASIC_ERS, err) != 0 ||
	    retrieve_set_text(&po->mime, ASIC_MIMETYPE_E, err) != 0 ||
	    asic_build(&in, &po->data, err) != 0)
		goto out;
	rc = 0;
out:
	container_clear(&c);
	buf_free(&record);
	return rc;
}
