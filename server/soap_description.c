/* SPDX-License-Identifier: Apache-2.0 */
/* GET /pres/soap?wsdl and ?xsd=NAME: files of this folder, with addresses put in. */
#include <string.h>

#include "base/embedded.h"
#include "formats/xml.h"
#include "server/soap.h"

extern const struct embedded soap_descriptions[];
extern const size_t soap_descriptions_count;

/* Behind these stands an address: of a schema, by its file; of the service, empty. */
static const char schema_mark[] = "schemaLocation=\"";
static const char service_mark[] = "<soap12:address location=\"";

static size_t find(struct view v, const char *mark)
{
	const uint8_t *at = v.n > 0 ? memmem(v.p, v.n, mark, strlen(mark)) : NULL;
	return at != NULL ? (size_t)(at - v.p) + strlen(mark) : SIZE_MAX;
}

static int put_addressed(struct view v, const char *location, struct buf *out,
			 struct ltps_error *err)
{
	for (;;) {
		const size_t schema = find(v, schema_mark);
		const size_t service = find(v, service_mark);
		const size_t n = schema < service ? schema : service;
		if (buf_put(out, view_head(v, n), err) != 0)
			return -1;
		if (n == SIZE_MAX)
			return 0;
		v = view_skip(v, n);
		if (xml_put_escaped(out, view_text(location), err) != 0 ||
		    (n == schema && buf_put_text(out, "?xsd=", err) != 0))
			return -1;
	}
}

int soap_description(const char *name, const char *location, struct buf *out,
		     bool *ret_found, struct ltps_error *err)
{
	const char *file = strcmp(name, "wsdl") == 0 ? "soap.wsdl" : name;
	*ret_found = false;
	for (size_t i = 0; i < soap_descriptions_count; i++) {
		if (strcmp(soap_descriptions[i].name, file) != 0)
			continue;
		*ret_found = true;
		return put_addressed(soap_descriptions[i].bytes, location, out, err);
	}
	return 0;
}
