/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/zip_name.h"

#include "formats/zip.h"

static const char *part_defect(struct view part)
{
	if (part.n == 0)
		return "empty part or absolute path";
	if (view_is_text(part, ".") || view_is_text(part, ".."))
		return "part that climbs";
	return NULL;
}

const char *zip_name_defect(struct view name, bool dirs)
{
	if (name.n == 0 || name.n > ZIP_NAME_MAX)
		return "empty or too long";
	if (!utf8_valid(name))
		return "not UTF-8";
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] < 0x20 || name.p[i] == 0x7f)
			return "control character";
		if (name.p[i] == '\\')
			return "backslash";
	}
	if (name.n > 1 && name.p[1] == ':')
		return "drive letter";
	if (dirs && name.n > 1 && name.p[name.n - 1] == '/')
		name.n--;
	for (size_t start = 0, i = 0; i <= name.n; i++) {
		if (i < name.n && name.p[i] != '/')
			continue;
		const char *defect = part_defect(view_of(name.p + start, i - start));
		if (defect != NULL)
			return defect;
		start = i + 1;
	}
	return NULL;
}
