/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/asic_names.h"

#include <string.h>
#include <strings.h>

static bool starts_nocase(struct view v, const char *s)
{
	size_t n = view_text(s).n;
	return v.n >= n && strncasecmp((const char *)v.p, s, n) == 0;
}

static bool ends(struct view v, const char *s)
{
	size_t n = view_text(s).n;
	return v.n >= n && view_is_text(view_skip(v, v.n - n), s);
}

static bool holds(struct view v, const char *s)
{
	struct view t = view_text(s);
	return v.n >= t.n && memmem(v.p, v.n, t.p, t.n) != NULL;
}

bool asic_is_object_name(struct view name)
{
	bool is_mimetype = name.n == strlen(ASIC_MIMETYPE_NAME) &&
			   starts_nocase(name, ASIC_MIMETYPE_NAME);
	bool is_meta =
	    name.n == strlen(ASIC_META) - 1 && starts_nocase(name, "META-INF");
	return name.n > 0 && !is_mimetype && !is_meta &&
	       !starts_nocase(name, ASIC_META);
}

bool asic_is_record_manifest(struct view name)
{
	return view_starts(name, view_text(ASIC_META)) &&
	       holds(name, "ASiCEvidenceRecordManifest") && ends(name, ".xml");
}

bool asic_is_record(struct view name, bool *ret_xml)
{
	*ret_xml = ends(name, ".xml");
	return view_starts(name, view_text(ASIC_META)) &&
	       holds(name, "evidencerecord") && (*ret_xml || ends(name, ".ers"));
}
