/* SPDX-License-Identifier: Apache-2.0 */
/* What all documents of the SOAP binding are written with. */
#include "server/soap_private.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PREFIXES(pres)                                                                 \
	{                                                                              \
		{ "env", SOAP_NS_ENV }, { "pres", pres }, { "dsb", SOAP_NS_BASE },     \
		    { "md", SOAP_NS_METADATA }, { "xop", XREAD_NS_XOP },               \
	}

static const struct xmlw_namespace prefixes[] = PREFIXES(SOAP_NS_PRES);
static const struct xmlw_namespace prefixes_121[] = PREFIXES(SOAP_NS_PRES_121);

const char *soap_ns(const struct api_form *form)
{
	return form != NULL && form->v121 ? SOAP_NS_PRES_121 : SOAP_NS_PRES;
}

struct xmlw soap_begin(const struct api_form *form, struct buf *out)
{
	return xmlw_to(out, form != NULL && form->v121 ? prefixes_121 : prefixes,
		       COUNT(prefixes));
}

void soap_attribute(struct xmlw *w, const char *name, const char *value)
{
	if (value != NULL)
		xmlw_attribute(w, name, view_text(value));
}

void soap_element(struct xmlw *w, const char *name, const char *text)
{
	if (text != NULL)
		xmlw_element(w, name, text);
}

int soap_end(struct xmlw *w, struct ltps_error *err)
{
	while (w->depth > 0 && w->err.code == LTPS_OK)
		xmlw_close(w);
	return xmlw_end(w, err);
}
