/* SPDX-License-Identifier: Apache-2.0 */
/* pades_claim - what a file says it is: PDF/A by its XMP metadata, its version. */
#include <string.h>

#include "formats/pades_private.h"

/* ---- XMP ---- */

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct view skip_space(struct view v)
{
	while (v.n > 0 && is_space(v.p[0]))
		v = view_skip(v, 1);
	return v;
}

/* One letter or digit in quotes behind '=', or as all of an element: 0 when it is
 * neither. ISO 19005-1 6.7.11 */
static char one_value(struct view rest)
{
	bool element = rest.n > 0 && rest.p[0] == '>';
	uint8_t end = '<';

	if (element) {
		rest = skip_space(view_skip(rest, 1));
	} else {
		rest = skip_space(rest);
		if (rest.n == 0 || rest.p[0] != '=')
			return 0;
		rest = skip_space(view_skip(rest, 1));
		if (rest.n == 0 || (rest.p[0] != '"' && rest.p[0] != '\''))
			return 0;
		end = rest.p[0];
		rest = view_skip(rest, 1);
	}
	if (rest.n < 2)
		return 0;
	char c = (char)rest.p[0];
	rest = view_skip(rest, 1);
	if (element)
		rest = skip_space(rest);
	return rest.n > 0 && rest.p[0] == end ? c : 0;
}

/* The first value from a set of characters that this name has anywhere. */
static char find_value(struct view xmp, const char *name, const char *allowed)
{
	size_t n = strlen(name);
	const uint8_t *at;

	while (xmp.n > n && (at = memmem(xmp.p, xmp.n, name, n)) != NULL) {
		xmp = view_skip(xmp, (size_t)(at - xmp.p) + n);
		char c = one_value(xmp);
		if (c != 0 && strchr(allowed, c) != NULL)
			return c;
	}
	return 0;
}

static void claim_read(struct pades *p, struct view xmp)
{
	static const char *const parts[] = { "1", "2", "3", "4" };
	char part = find_value(xmp, "pdfaid:part", "1234");

	if (part == 0)
		return;
	p->pdfa = parts[part - '1'];
	p->pdfa_conformance = find_value(xmp, "pdfaid:conformance", "ABUEF");
}

/* ---- version ---- */

/* /Version of the catalog counts when it is later than the header's: 7.5.2. */
static void version_read(struct pades_reader *r, const struct pdf_value *version)
{
	struct pades *p = r->p;
	struct view v = version->text;

	p->major = p->file->major;
	p->minor = p->file->minor;
	if (version->kind != PDF_NAME || v.n != 3 || v.p[1] != '.' || v.p[0] < '1' ||
	    v.p[0] > '9' || v.p[2] < '0' || v.p[2] > '9')
		return;
	int major = v.p[0] - '0', minor = v.p[2] - '0';
	if (major > p->major || (major == p->major && minor > p->minor)) {
		p->major = major;
		p->minor = minor;
	}
}

int pades_claims_read(struct pades_reader *r, struct ltps_error *err)
{
	const struct pdf_value *metadata, *version;
	struct view xmp;

	if (pades_get(r, r->newest, r->catalog, "Version", &version, err) != 0 ||
	    pades_get(r, r->newest, r->catalog, "Metadata", &metadata, err) != 0)
		return -1;
	version_read(r, version);
	if (metadata->kind != PDF_STREAM)
		return 0;
	if (pades_data(r, r->newest, metadata, &xmp, err) != 0)
		return -1;
	claim_read(r->p, xmp);
	return 0;
}
