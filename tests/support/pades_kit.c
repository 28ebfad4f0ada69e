/* SPDX-License-Identifier: Apache-2.0 */
/* pades_kit - the writer: blank files in each style, incremental updates. */
#include "tests/support/pades_kit_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cades_kit_private.h"
#include "tests/support/cms_make.h"

#define KEPT_MAX 4096
#define FILLER (PADES_KIT_FIRST_FREE - 1)

static struct ltps_error failure;

static void must(int rc)
{
	if (rc != 0)
		ck_die(failure.text);
}

/* ---- text ---- */

const char *pk_text(const char *fmt, ...)
{
	va_list ap;
	char *s;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	s = mem_alloc((size_t)n + 1);
	CK_NEED(s != NULL);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	/* Kept alive as all views of the kits are. */
	struct view kept =
	    ck_copy(&(struct buf){ .p = (uint8_t *)s, .n = (size_t)n + 1 });
	mem_free(s);
	return (const char *)kept.p;
}

/* Behind one value or key of PDF syntax. */
static const char *skip_one(const char *s)
{
	int depth = 0;
	while (*s == ' ' || *s == '\n')
		s++;
	do {
		if (*s == '(') {
			while (*s != ')')
				s += *s == '\\' ? 2 : 1;
			s++;
		} else if (strncmp(s, "<<", 2) == 0 || *s == '[') {
			depth++;
			s += *s == '[' ? 1 : 2;
		} else if (strncmp(s, ">>", 2) == 0 || *s == ']') {
			depth--;
			s += *s == ']' ? 1 : 2;
		} else if (*s == '/') {
			s += 1 + strcspn(s + 1, " \n/<>[]()");
		} else if (*s == '<') {
			s = strchr(s, '>') + 1;
		} else if (*s == ' ' || *s == '\n') {
			s++;
		} else {
			s += strcspn(s, " \n/<>[]()");
		}
		CK_NEED(*s != '\0' || depth == 0);
	} while (depth > 0);
	return s;
}

/* Behind a value: a reference is three words. */
static const char *skip_value(const char *s)
{
	unsigned number, generation;
	int used = 0;
	if (sscanf(s, " %u %u R%n", &number, &generation, &used) == 2 && used > 0)
		return s + used;
	return skip_one(s);
}

/* The key's place at the top level; *ret_end behind its value. */
static const char *find_member(const char *dict, const char *key,
			       const char **ret_value, const char **ret_end)
{
	const char *s = strstr(dict, "<<");
	CK_NEED(s != NULL);
	for (s += 2;;) {
		while (*s == ' ' || *s == '\n')
			s++;
		if (*s != '/')
			return NULL;
		const char *value = skip_one(s), *end = skip_value(value);
		if ((size_t)(value - s) == strlen(key) &&
		    strncmp(s, key, strlen(key)) == 0) {
			*ret_value = value;
			*ret_end = end;
			return s;
		}
		s = end;
	}
}

const char *pk_member(const char *dict, const char *key)
{
	const char *value, *end;
	if (find_member(dict, key, &value, &end) == NULL)
		return NULL;
	while (*value == ' ')
		value++;
	return pk_text("%.*s", (int)(end - value), value);
}

const char *pk_with(const char *dict, const char *key, const char *value)
{
	const char *old_value, *end;
	const char *at = find_member(dict, key, &old_value, &end);
	if (at == NULL) {
		CK_NEED(value != NULL);
		at = end = strstr(dict, "<<") + 2;
	}
	if (value == NULL)
		return pk_text("%.*s%s", (int)(at - dict), dict, end);
	return pk_text("%.*s %s %s%s", (int)(at - dict), dict, key, value, end);
}

const char *pk_push(const char *array, const char *element)
{
	if (array == NULL)
		return pk_text("[%s]", element);
	const char *end = strrchr(array, ']');
	CK_NEED(array[0] == '[' && end != NULL);
	return pk_text("%.*s %s]", (int)(end - array), array, element);
}

/* ---- files that are known ---- */

static struct pk_file *kept[KEPT_MAX];
static size_t n_kept;

static void free_kept(void)
{
	for (size_t i = 0; i < n_kept; i++)
		mem_free(kept[i]);
	n_kept = 0;
}

void pk_keep(struct pk_file *f, struct view octets)
{
	static bool started;
	if (!started)
		atexit(free_kept);
	started = true;
	CK_NEED(n_kept < KEPT_MAX);
	f->octets = octets;
	kept[n_kept++] = f;
}

struct pk_file *pk_continue(struct view file)
{
	for (size_t i = n_kept; i-- > 0;) {
		if (kept[i]->octets.p == file.p && kept[i]->octets.n == file.n) {
			struct pk_file *f = mem_dup(kept[i], sizeof(*f));
			CK_NEED(f != NULL);
			return f;
		}
	}
	ck_die("this PDF was not made by the kit");
}

/* ---- writing ---- */

/* Where each object of one section stands. */
struct place {
	uint32_t number;
	bool is_free;
	uint32_t stream; /* number of the object stream; 0: at the offset */
	uint64_t offset; /* or index in the stream */
};
struct section {
	struct place v[PK_NUMBERS_MAX];
	size_t n;
};

static void put(struct buf *b, const char *s)
{
	must(buf_put_text(b, s, &failure));
}

static void put_fmt(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void put_fmt(struct buf *b, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	va_start(ap, fmt);
	CK_NEED(vsnprintf(line, sizeof(line), fmt, ap) < (int)sizeof(line));
	va_end(ap);
	put(b, line);
}

static void place(struct section *s, uint32_t number, uint32_t stream, uint64_t offset)
{
	s->v[s->n++] = (struct place){ number, false, stream, offset };
}

static void put_object(struct buf *b, uint64_t base, struct section *s, uint32_t number,
		       const struct pk_object *o)
{
	if (o->body == NULL) {
		s->v[s->n++] = (struct place){ .number = number, .is_free = true };
		return;
	}
	place(s, number, 0, base + b->n);
	put_fmt(b, "%" PRIu32 " 0 obj\n", number);
	if (!o->is_stream) {
		put(b, o->body);
	} else {
		put_fmt(b, "<< /Length %zu ", o->stream.n);
		put(b, o->body);
		put(b, " >>\nstream\n");
		must(buf_put(b, o->stream, &failure));
		put(b, "\nendstream");
	}
	put(b, "\nendobj\n");
}

/* What may stand in an object stream: not streams, not signature dictionaries. */
static bool is_packed(const struct pk_object *o)
{
	return o->body != NULL && !o->is_stream &&
	       strstr(o->body, "/ByteRange") == NULL;
}

static void put_object_stream(struct buf *b, struct section *s, uint32_t number,
			      const struct pk_change *v, size_t n)
{
	struct buf head = buf_make(PK_BODY_MAX), body = buf_make(PK_BODY_MAX);
	uint64_t index = 0;
	for (size_t i = 0; i < n; i++) {
		if (!is_packed(&v[i].object))
			continue;
		put_fmt(&head, "%" PRIu32 " %zu ", v[i].number, body.n);
		put(&body, v[i].object.body);
		put(&body, "\n");
		place(s, v[i].number, number, index++);
	}
	struct pk_object o = {
		.is_stream = true,
		.body =
		    pk_text("/Type /ObjStm /N %" PRIu64 " /First %zu", index, head.n),
		.stream = make_joined(view_buf(&head), view_buf(&body))
	};
	put_object(b, 0, s, number, &o);
	buf_free(&head);
	buf_free(&body);
}

static int by_number(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	return (x->number > y->number) - (x->number < y->number);
}

/* Consecutive numbers from here. */
static size_t run_of(const struct section *s, size_t from)
{
	size_t n = 1;
	while (from + n < s->n && s->v[from + n].number == s->v[from].number + n)
		n++;
	return n;
}

static void sort(struct section *s)
{
	qsort(s->v, s->n, sizeof(s->v[0]), by_number);
}

static void put_table(struct buf *b, struct section *s)
{
	sort(s);
	put(b, "xref\n");
	for (size_t i = 0; i < s->n;) {
		size_t n = run_of(s, i);
		put_fmt(b, "%" PRIu32 " %zu\n", s->v[i].number, n);
		for (; n > 0; n--, i++) {
			const struct place *p = &s->v[i];
			const bool hidden = p->is_free || p->stream != 0;
			put_fmt(b, "%010" PRIu64 " %05u %c \n", hidden ? 0 : p->offset,
				p->number == 0 ? 65535U : 0U, hidden ? 'f' : 'n');
		}
	}
}

static void put_be(struct buf *b, uint64_t v, unsigned n)
{
	while (n-- > 0)
		must(buf_put_byte(b, (uint8_t)(v >> (8 * n)), &failure));
}

/* An xref stream, which names itself unless it is a hybrid's. */
static uint64_t put_xref_stream(struct buf *b, uint64_t base, struct section *s,
				uint32_t number, const char *trailer, bool only_packed)
{
	struct buf data = buf_make(PK_BODY_MAX), index = buf_make(PK_BODY_MAX);
	const uint64_t at = base + b->n;
	struct section own = { .n = 0 };
	if (!only_packed)
		place(s, number, 0, at);
	sort(s);
	for (size_t i = 0; i < s->n;) {
		size_t n = run_of(s, i);
		for (; n > 0; n--, i++) {
			const struct place *p = &s->v[i];
			if (only_packed && p->stream == 0)
				continue;
			put_fmt(&index, "%" PRIu32 " 1 ", p->number);
			put_be(&data, p->is_free ? 0 : p->stream != 0 ? 2 : 1, 1);
			put_be(&data, p->stream != 0 ? p->stream : p->offset, 4);
			put_be(&data,
			       p->number == 0   ? 65535
			       : p->stream != 0 ? p->offset
						: 0,
			       2);
		}
	}
	must(buf_put_byte(&index, '\0', &failure));
	struct pk_object o = { .is_stream = true,
			       .body = pk_text("/Type /XRef /W [1 4 2] /Index [%s] %s",
					       (char *)index.p, trailer),
			       .stream = make_joined(view_buf(&data), VIEW_NULL) };
	put_object(b, base, &own, number, &o);
	buf_free(&data);
	buf_free(&index);
	return at;
}

static void put_end(struct buf *b, uint64_t xref)
{
	put_fmt(b, "startxref\n%" PRIu64 "\n%%%%EOF\n", xref);
}

static const char *trailer_text(const struct pk_file *f, uint64_t prev)
{
	const char *id = "/ID [<0102030405060708090a0b0c0d0e0f10> "
			 "<0102030405060708090a0b0c0d0e0f10>]";
	const char *root = pk_text("/Size %" PRIu32 " /Root %d 0 R /Info %d 0 R %s",
				   f->size, PADES_KIT_CATALOG, PADES_KIT_INFO, id);
	return prev > 0 ? pk_text("%s /Prev %" PRIu64, root, prev) : root;
}

static void remember(struct pk_file *f, uint32_t number, const struct pk_object *o)
{
	CK_NEED(number < PK_NUMBERS_MAX);
	f->objects[number] = *o;
	if (number >= f->size)
		f->size = number + 1;
}

/* ---- updates ---- */

static struct section section; /* large */

struct view pk_update(struct pk_file *f, const struct pk_change *changes, size_t n)
{
	struct buf b = buf_make(CK_BYTES_MAX);
	const uint64_t base = f->octets.n, prev = f->last_xref;
	section.n = 0;
	if (f->octets.p[base - 1] != '\n')
		put(&b, "\n");
	for (size_t i = 0; i < n; i++) {
		remember(f, changes[i].number, &changes[i].object);
		put_object(&b, base, &section, changes[i].number, &changes[i].object);
	}
	if (f->style == PADES_KIT_STREAM) {
		const uint32_t number = f->size++;
		f->last_xref = put_xref_stream(&b, base, &section, number,
					       trailer_text(f, prev), false);
	} else {
		f->last_xref = base + b.n;
		put_table(&b, &section);
		put(&b, "trailer\n<< ");
		put(&b, trailer_text(f, prev));
		put(&b, " >>\n");
	}
	put_end(&b, f->last_xref);
	pk_keep(f, make_joined(f->octets, view_buf(&b)));
	buf_free(&b);
	return f->octets;
}

struct view pades_kit_update(struct view file, const struct pades_kit_object *objects,
			     size_t n)
{
	struct pk_change *c = mem_zalloc(n + 1, sizeof(*c));
	CK_NEED(c != NULL);
	for (size_t i = 0; i < n; i++) {
		c[i].number = objects[i].number;
		c[i].object.is_stream = objects[i].stream.p != NULL;
		c[i].object.stream = objects[i].stream;
		c[i].object.body = objects[i].body == NULL && c[i].object.is_stream
				       ? ""
				       : objects[i].body;
	}
	struct view v = pk_update(pk_continue(file), c, n);
	mem_free(c);
	return v;
}

const char *pades_kit_object(struct view file, uint32_t number)
{
	struct pk_file *f = pk_continue(file);
	CK_NEED(number < PK_NUMBERS_MAX);
	const char *body = f->objects[number].body;
	mem_free(f);
	return body;
}

uint32_t pades_kit_free_number(struct view file)
{
	struct pk_file *f = pk_continue(file);
	const uint32_t n = f->size;
	mem_free(f);
	return n;
}

/* ---- blank files ---- */

static const char XMP[] =
    ("<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta "
     "xmlns:x='adobe:ns:meta/'><rdf:RDF "
     "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description "
     "rdf:about='' xmlns:pdfaid='http://www.aiim.org/pdfa/ns/id/'>"
     "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"
     "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>");
static const char XMP_PLAIN[] =
    ("<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "
     "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></x:xmpmeta>");

struct blank {
	const struct pades_kit_pdf *o;
	struct pk_change v[PK_NUMBERS_MAX / 2];
	size_t n;
};

static void add(struct blank *k, uint32_t number, const char *body)
{
	k->v[k->n++] = (struct pk_change){ number, { .body = body } };
}

static void add_stream(struct blank *k, uint32_t number, const char *members,
		       struct view data)
{
	k->v[k->n++] = (struct pk_change){
		number, { .body = members, .is_stream = true, .stream = data }
	};
}

static const char *page_text(const struct blank *k, bool first)
{
	const char *annots = first && k->o->form
				 ? pk_text("/Annots [%d 0 R]", PADES_KIT_TEXT_FIELD)
				 : "";
	return pk_text(
	    "<< /Type /Page /Parent %d 0 R /MediaBox [0 0 300 200] /Contents %d "
	    "0 R /Resources << /Font << /F1 %d 0 R >> >> %s %s >>",
	    PADES_KIT_PAGES, PADES_KIT_CONTENTS, PADES_KIT_FONT, annots,
	    first && k->o->page_more != NULL ? k->o->page_more : "");
}

static void add_pages(struct blank *k)
{
	const size_t n = k->o->pages > 0 ? k->o->pages : 1;
	const char *kids = pk_push(NULL, pk_text("%d 0 R", PADES_KIT_PAGE));
	add(k, PADES_KIT_PAGE, page_text(k, true));
	for (size_t i = 1; i < n; i++) {
		const uint32_t number = PADES_KIT_FIRST_FREE + (uint32_t)i - 1;
		kids = pk_push(kids, pk_text("%" PRIu32 " 0 R", number));
		add(k, number, page_text(k, false));
	}
	add(k, PADES_KIT_PAGES,
	    pk_text("<< /Type /Pages /Kids %s /Count %zu >>", kids, n));
}

static void add_form(struct blank *k)
{
	add(k, PADES_KIT_FORM,
	    pk_text("<< /Fields [%d 0 R] /DA (/Helv 10 Tf 0 g) /DR << /Font << /Helv "
		    "%d 0 R "
		    ">> >> >>",
		    PADES_KIT_TEXT_FIELD, PADES_KIT_FONT));
	add(k, PADES_KIT_TEXT_FIELD,
	    pk_text("<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /Rect [20 20 "
		    "120 40] "
		    "/F 4 /P %d 0 R /V (Anna) /DA (/Helv 10 Tf 0 g) >>",
		    PADES_KIT_PAGE));
}

static void collect(struct blank *k)
{
	const char *more = k->o->catalog_more != NULL ? k->o->catalog_more : "";
	const bool xmp = k->o->metadata || k->o->pdfa;
	add(k, PADES_KIT_CATALOG,
	    pk_text("<< /Type /Catalog /Pages %d 0 R %s %s %s >>", PADES_KIT_PAGES,
		    k->o->form ? pk_text("/AcroForm %d 0 R", PADES_KIT_FORM) : "",
		    xmp ? pk_text("/Metadata %d 0 R", PADES_KIT_METADATA) : "", more));
	add_pages(k);
	add_stream(k, PADES_KIT_CONTENTS, "",
		   view_text("BT /F1 18 Tf 20 150 Td (Pay 100 EUR to Bogdan) Tj ET"));
	add(k, PADES_KIT_FONT,
	    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding "
	    "/WinAnsiEncoding >>");
	add(k, PADES_KIT_INFO, "<< /Title (A contract) /Producer (LTPS tests) >>");
	if (k->o->form)
		add_form(k);
	if (xmp)
		add_stream(k, PADES_KIT_METADATA, "/Type /Metadata /Subtype /XML",
			   view_text(k->o->pdfa ? XMP : XMP_PLAIN));
	if (k->o->filler > 0) {
		uint8_t *p = mem_alloc(k->o->filler);
		CK_NEED(p != NULL);
		for (size_t i = 0; i < k->o->filler; i++)
			p[i] = (uint8_t)(i * 2654435761U >> 24);
		add_stream(k, FILLER, "",
			   make_joined(view_of(p, k->o->filler), VIEW_NULL));
		mem_free(p);
	} else {
		add(k, FILLER, "null"); /* so that no number below is a gap */
	}
}

static void put_header(struct buf *b, const struct pades_kit_pdf *o)
{
	must(buf_put(b, o->before, &failure));
	put_fmt(b, "%%PDF-%s\n%%\xe2\xe3\xcf\xd3\n",
		o->version != NULL ? o->version : "1.7");
}

static void put_all(struct buf *b, const struct blank *k, bool packed_too)
{
	for (size_t i = 0; i < k->n; i++)
		if (packed_too || !is_packed(&k->v[i].object))
			put_object(b, 0, &section, k->v[i].number, &k->v[i].object);
}

static void write_table(struct buf *b, struct pk_file *f, const struct blank *k)
{
	put_all(b, k, true);
	if (k->o->unnamed != NULL)
		put(b, k->o->unnamed);
	f->last_xref = b->n;
	put_table(b, &section);
	put(b, "trailer\n<< ");
	put(b, trailer_text(f, 0));
	put(b, " >>\n");
	put_end(b, f->last_xref);
}

static void write_stream(struct buf *b, struct pk_file *f, const struct blank *k)
{
	const uint32_t packed = f->size++;
	put_all(b, k, false);
	put_object_stream(b, &section, packed, k->v, k->n);
	const uint32_t number = f->size++;
	f->last_xref =
	    put_xref_stream(b, 0, &section, number, trailer_text(f, 0), false);
	put_end(b, f->last_xref);
}

/* Font and information are in an object stream that old readers do not see. */
static void write_hybrid(struct buf *b, struct pk_file *f, const struct blank *k)
{
	struct pk_change packed[2];
	size_t n = 0;
	for (size_t i = 0; i < k->n; i++) {
		const uint32_t number = k->v[i].number;
		if (number == PADES_KIT_FONT || number == PADES_KIT_INFO)
			packed[n++] = k->v[i];
		else
			put_object(b, 0, &section, number, &k->v[i].object);
	}
	put_object_stream(b, &section, f->size++, packed, n);
	const uint32_t number = f->size++;
	const uint64_t stream =
	    put_xref_stream(b, 0, &section, number, trailer_text(f, 0), true);
	f->last_xref = b->n;
	place(&section, number, 0, stream);
	put_table(b, &section);
	put(b, "trailer\n<< ");
	put(b, trailer_text(f, 0));
	put_fmt(b, " /XRefStm %" PRIu64 " >>\n", stream);
	put_end(b, f->last_xref);
}

/* Objects of the first page; the others come before them in the main section. */
static bool is_first_page(uint32_t number)
{
	return number == PADES_KIT_CATALOG || number == PADES_KIT_PAGE ||
	       number == PADES_KIT_CONTENTS;
}

static void put_part(struct buf *b, const struct blank *k, bool first)
{
	for (size_t i = 0; i < k->n; i++)
		if (is_first_page(k->v[i].number) == first)
			put_object(b, 0, &section, k->v[i].number, &k->v[i].object);
}

/* ISO 32000-2 Annex F: parameters, first-page section, its objects, all others, main
 * section. Run twice: the second time the places are known. */
static void write_linearised(struct buf *b, struct pk_file *f, const struct blank *k)
{
	static struct section first, rest;
	const uint32_t parameters = f->size++;
	const size_t head = b->n;
	uint64_t length = 0, main_xref = 0, first_end = 0;
	first.n = rest.n = 0;
	for (int pass = 0; pass < 2; pass++) {
		b->n = head;
		section.n = 0;
		place(&section, parameters, 0, b->n);
		put_fmt(b,
			"%" PRIu32 " 0 obj\n<< /Linearized 1 /L %010" PRIu64
			" /H [0000000000 0000000000] /O %d /E %010" PRIu64
			" /N 1 /T %010" PRIu64 " >>\nendobj\n",
			parameters, length, PADES_KIT_PAGE, first_end, main_xref);
		f->last_xref = b->n;
		if (pass == 0) { /* as many entries; where, is not known yet */
			struct section guess = { 0 };
			guess = section;
			place(&guess, PADES_KIT_CATALOG, 0, 0);
			place(&guess, PADES_KIT_PAGE, 0, 0);
			place(&guess, PADES_KIT_CONTENTS, 0, 0);
			first = guess;
		}
		put_table(b, &first);
		put(b, "trailer\n<< ");
		put(b, trailer_text(f, 0));
		put_fmt(b, " /Prev %010" PRIu64 " >>\nstartxref\n0\n%%%%EOF\n",
			main_xref);
		put_part(b, k, true);
		first = section;
		first_end = b->n;
		section.n = 0;
		place(&section, 0, 0, 0);
		section.v[0].is_free = true;
		put_part(b, k, false);
		main_xref = b->n;
		put_table(b, &section);
		put(b, "trailer\n<< ");
		put(b, trailer_text(f, 0));
		put(b, " >>\n");
		put_end(b, f->last_xref);
		length = b->n;
	}
}

struct view pades_kit_blank(const struct pades_kit_pdf *o_or_null)
{
	static const struct pades_kit_pdf usual;
	static struct blank k;
	struct buf b = buf_make((size_t)256 << 20);
	struct pk_file *f = mem_zalloc(1, sizeof(*f));
	CK_NEED(f != NULL);
	k.o = o_or_null != NULL ? o_or_null : &usual;
	k.n = 0;
	collect(&k);
	f->style = k.o->style;
	f->size = PADES_KIT_FIRST_FREE;
	for (size_t i = 0; i < k.n; i++)
		remember(f, k.v[i].number, &k.v[i].object);
	section.n = 0;
	put_header(&b, k.o);
	if (f->style != PADES_KIT_LINEARISED) {
		place(&section, 0, 0, 0);
		section.v[0].is_free = true;
	}
	switch (f->style) {
	case PADES_KIT_TABLE:
		write_table(&b, f, &k);
		break;
	case PADES_KIT_STREAM:
		write_stream(&b, f, &k);
		break;
	case PADES_KIT_HYBRID:
		write_hybrid(&b, f, &k);
		break;
	case PADES_KIT_LINEARISED:
		write_linearised(&b, f, &k);
		break;
	}
	must(buf_put(&b, k.o->after, &failure));
	pk_keep(f, ck_copy(&b));
	buf_free(&b);
	return f->octets;
}
