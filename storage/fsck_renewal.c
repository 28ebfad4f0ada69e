/* SPDX-License-Identifier: Apache-2.0 */
/* fsck_renewal - do tokens lead to their tips, and chains to their ends? */
#include <stdio.h>

#include "storage/fsck_private.h"

/* A query that gives nothing when all is well: up to three numbers a row. */
struct rule {
	enum sql_id sql;
	const char *what; /* the first number */
	const char *text; /* the others stand behind it */
};

static const struct rule rules[] = {
	{ SQL_LINKS_WRONG, "token", "not covered by what is said to be its next" },
	{ SQL_LINKS_MISSING, "tree", "stamped by a token without a place in a chain" },
	{ SQL_LINKS_COUNT, "token",
	  "counts other trees that need it, or other objects, than there are" },
	{ SQL_TAILS_WRONG, "tail",
	  "counts other chains that end with it than there are" },
	{ SQL_CHAINS_WRONG, "version or material",
	  "has an earlier chain whose tail is gone" },
};

static int check_rule(struct fsck *f, const struct rule *rule, struct ltps_error *err)
{
	struct db_stmt *s;
	char subject[64];
	bool row = false;
	int rc;
	if (db_get(f->conn->db, rule->sql, &s, err) != 0)
		return -1;
	while ((rc = db_step(s, &row, err)) == 0 && row) {
		snprintf(subject, sizeof(subject), "%s %lld", rule->what,
			 (long long)db_int(s, 0));
		fsck_found(f, FSCK_RENEWAL, subject, "%s (%lld, %lld)", rule->text,
			   (long long)db_int(s, 1), (long long)db_int(s, 2));
	}
	db_reset(s);
	return rc;
}

int fsck_renewal(struct fsck *f, struct ltps_error *err)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (check_rule(f, &rules[i], err) != 0)
			return -1;
	return 0;
}
