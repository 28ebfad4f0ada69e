/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_19172 - signature policies in the XML form of TS 119 172-2. Its schema is not
 * at hand, so that no part of one can be taken as a rule: applying the rest under its
 * name would judge by another policy. It is recognised, and refused with its parts.
 */
#include <stdio.h>
#include <string.h>

#include "formats/xml.h"
#include "validation/validation_policy_private.h"

#define ROOT "SignaturePolicy"
/* PolicyComponents, its PolicyRules, the sets of rules, the rules: clause 4.4, 4.14. */
#define PARTS_DEPTH_MIN 2
#define PARTS_DEPTH_MAX 5
#define PARTS_LEN 160 /* what an error text has room for */

/* "A, B": a name that stands there is not added again. */
static void add_part(char parts[PARTS_LEN], struct view local)
{
	char name[64];
	const size_t n = strlen(parts);
	snprintf(name, sizeof(name), "%.*s", (int)(local.n < 60 ? local.n : 60),
		 (const char *)local.p);
	const char *at = strstr(parts, name);
	const size_t len = strlen(name);
	while (at != NULL &&
	       !((at == parts || at[-1] == ' ') && (at[len] == '\0' || at[len] == ',')))
		at = strstr(at + 1, name);
	if (at == NULL && n + len + 3 < PARTS_LEN)
		snprintf(parts + n, PARTS_LEN - n, "%s%s", n > 0 ? ", " : "", name);
}

static int name_parts(struct xml_reader *x, char parts[PARTS_LEN],
		      struct ltps_error *err)
{
	enum xml_event event;
	do {
		if (xml_next(x, &event, err) != 0)
			return -1;
		if (event == XML_START && xml_depth(x) >= PARTS_DEPTH_MIN &&
		    xml_depth(x) <= PARTS_DEPTH_MAX)
			add_part(parts, xml_local(x));
	} while (event != XML_DONE);
	return 0;
}

int policy_is_19172(struct view text, bool *ret_is, struct ltps_error *err)
{
	struct xml_reader *x = NULL;
	enum xml_event event;
	int rc = xml_open(text, &x, err);
	if (rc == 0)
		rc = xml_next(x, &event, err);
	if (rc == 0)
		*ret_is = event == XML_START && view_is_text(xml_local(x), ROOT);
	xml_close(x);
	return rc;
}

int policy_refuse_19172(struct view text, struct ltps_error *err)
{
	char parts[PARTS_LEN] = "";
	struct xml_reader *x = NULL;
	int rc = xml_open(text, &x, err);
	if (rc == 0)
		rc = name_parts(x, parts, err);
	xml_close(x);
	if (rc != 0)
		return -1;
	return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER, "TS 119 172-2 4",
			 "signature policy of TS 119 172-2, not used: %s",
			 parts[0] != '\0' ? parts : "it is empty");
}
