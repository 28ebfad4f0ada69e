/* SPDX-License-Identifier: Apache-2.0 */
#include "scvp/write.h"

#include <string.h>

struct writer writer_to(struct buf *out, struct ltps_error *err)
{
	return (struct writer){ .out = out, .err = err };
}

int writer_end(const struct writer *w)
{
	return w->failed ? -1 : 0;
}

static void note(struct writer *w, int rc)
{
	w->failed |= rc != 0;
}

size_t write_open(struct writer *w, uint8_t id)
{
	if (!w->failed)
		note(w, buf_put_byte(w->out, id, w->err));
	return w->out->n;
}

/* The length goes in front of what was written since. */
void write_close(struct writer *w, size_t at)
{
	uint8_t header[2 + sizeof(size_t)];
	struct buf h = { .p = header, .cap = sizeof(header), .max = sizeof(header) };
	if (w->failed)
		return;
	const size_t n = w->out->n - at;
	struct ltps_error unused = LTPS_ERROR_INIT;
	if (der_put_header(&h, 0, n, &unused) != 0 ||
	    buf_reserve(w->out, h.n - 1, w->err) != 0) {
		w->failed = true;
		return;
	}
	memmove(w->out->p + at + h.n - 1, w->out->p + at, n);
	memcpy(w->out->p + at, header + 1, h.n - 1);
	w->out->n += h.n - 1;
}

void write_raw(struct writer *w, struct view bytes)
{
	if (!w->failed)
		note(w, buf_put(w->out, bytes, w->err));
}

void write_value(struct writer *w, uint8_t id, struct view body)
{
	if (!w->failed)
		note(w, der_put(w->out, id, body, w->err));
}

/* What the DER writer gives, under another identifier octet. */
static void reidentify(struct writer *w, size_t at, uint8_t id)
{
	if (!w->failed)
		w->out->p[at] = id;
}

void write_uint(struct writer *w, uint8_t id, uint64_t v)
{
	const size_t at = w->out->n;
	if (!w->failed)
		note(w, der_put_uint(w->out, v, w->err));
	reidentify(w, at, id);
}

void write_boolean(struct writer *w, uint8_t id, bool v)
{
	const size_t at = w->out->n;
	if (!w->failed)
		note(w, der_put_boolean(w->out, v, w->err));
	reidentify(w, at, id);
}

void write_time(struct writer *w, uint8_t id, int64_t ms)
{
	const size_t at = w->out->n;
	if (!w->failed)
		note(w, der_put_time(w->out, ms - ((ms % 1000) + 1000) % 1000, w->err));
	reidentify(w, at, id);
}

void write_retagged(struct writer *w, uint8_t id, struct view tlv)
{
	const size_t at = w->out->n;
	if (tlv.n == 0 && !w->failed) {
		ltps_fail(w->err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			  "an element of the message is empty");
		w->failed = true;
	}
	write_raw(w, tlv);
	reidentify(w, at, id);
}

void write_oids(struct writer *w, uint8_t id, struct scvp_list oids)
{
	const size_t at = write_open(w, id);
	for (size_t i = 0; i < oids.n; i++)
		write_value(w, ID_OID, oids.v[i]);
	write_close(w, at);
}

void write_tlvs(struct writer *w, uint8_t id, struct scvp_list tlvs)
{
	const size_t at = write_open(w, id);
	for (size_t i = 0; i < tlvs.n; i++)
		write_raw(w, tlvs.v[i]);
	write_close(w, at);
}

void write_extensions(struct writer *w, uint8_t id, const struct scvp_extensions *e)
{
	if (!e->present)
		return;
	const size_t list = write_open(w, id);
	for (size_t i = 0; i < e->n; i++) {
		const size_t one = write_open(w, ID_SEQUENCE);
		write_value(w, ID_OID, e->e[i].oid);
		if (e->e[i].critical)
			write_boolean(w, ID_BOOLEAN, true);
		write_value(w, ID_OCTETS, e->e[i].value);
		write_close(w, one);
	}
	write_close(w, list);
}

void write_hash_algorithm(struct writer *w, struct view oid)
{
	if (oid.n == 0 || digest_from_oid(oid) == DIGEST_SHA1)
		return;
	const size_t at = write_open(w, ID_SEQUENCE);
	write_value(w, ID_OID, oid);
	write_close(w, at);
}
