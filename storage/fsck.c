/* SPDX-License-Identifier: Apache-2.0 */
/* fsck - the stages of a check: database, blobs, references, trees,
 * renewals, audit. */
#include "storage/fsck.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "storage/audit.h"
#include "storage/fsck_private.h"

static const char *const kind_names[FSCK_KIND_COUNT] = {
	[FSCK_DATABASE] = "database",
	[FSCK_BLOB_DAMAGED] = "blob-damaged",
	[FSCK_BLOB_MISSING] = "blob-missing",
	[FSCK_BLOB_REFS] = "blob-references",
	[FSCK_BLOB_ORPHAN] = "blob-orphan",
	[FSCK_PART_DIGEST] = "part-digest",
	[FSCK_LEAF] = "leaf",
	[FSCK_TREE] = "tree",
	[FSCK_TOKEN] = "token",
	[FSCK_AUDIT] = "audit",
	[FSCK_RENEWAL] = "renewal",
};

const char *fsck_kind_name(enum fsck_kind kind)
{
	return (unsigned)kind < FSCK_KIND_COUNT ? kind_names[kind] : "?";
}

void fsck_found(struct fsck *f, enum fsck_kind kind, const char *subject,
		const char *fmt, ...)
{
	char text[384];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	struct fsck_finding finding = {
		.kind = kind,
		.harmless = kind == FSCK_BLOB_ORPHAN,
		.subject = subject,
		.text = text,
	};
	if (finding.harmless)
		f->report.harmless++;
	else
		f->report.damaged++;
	if (f->options->finding != NULL)
		f->options->finding(f->options->arg, &finding);
}

bool fsck_absorb(struct fsck *f, enum fsck_kind kind, const char *subject,
		 struct ltps_error *err)
{
	if (err->code != LTPS_CORRUPT && err->code != LTPS_NOT_FOUND &&
	    err->code != LTPS_MISMATCH)
		return false;
	/* A damaged database page shows itself wherever it is met. */
	if (err->foreign == LTPS_FOREIGN_SQLITE)
		kind = FSCK_DATABASE;
	fsck_found(f, kind, subject, "%s", err->text);
	ltps_error_clear(err);
	return true;
}

void fsck_progress(struct fsck *f, const char *stage, uint64_t done, uint64_t total)
{
	if (f->options->progress != NULL)
		f->options->progress(f->options->arg, stage, done, total);
}

static int check_integrity(struct fsck *f, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(f->conn->db, SQL_PRAGMA_INTEGRITY_CHECK, &s, err) != 0)
		return -1;
	int rc;
	while ((rc = db_step(s, &row, err)) == 0 && row) {
		const char *text = db_text(s, 0);
		if (text != NULL && strcmp(text, "ok") != 0)
			fsck_found(f, FSCK_DATABASE, "integrity_check", "%s", text);
	}
	db_reset(s);
	return rc;
}

static int check_foreign_keys(struct fsck *f, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(f->conn->db, SQL_PRAGMA_FOREIGN_KEY_CHECK, &s, err) != 0)
		return -1;
	int rc;
	while ((rc = db_step(s, &row, err)) == 0 && row)
		fsck_found(f, FSCK_DATABASE, "foreign_key_check",
			   "row %lld of %s refers to nothing in %s",
			   (long long)db_int(s, 1), db_text(s, 0), db_text(s, 2));
	db_reset(s);
	return rc;
}

static int check_references(struct fsck *f, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(f->conn->db, SQL_BLOB_REFS_WRONG, &s, err) != 0)
		return -1;
	int rc;
	while ((rc = db_step(s, &row, err)) == 0 && row) {
		char hex[2 * DIGEST_MAX + 1];
		hex_encode(view_head(db_view(s, 2), DIGEST_MAX), hex);
		fsck_found(f, FSCK_BLOB_REFS, hex,
			   "counts %lld references, %lld are there",
			   (long long)db_int(s, 3), (long long)db_int(s, 4));
	}
	db_reset(s);
	return rc;
}

static int check_audit(struct fsck *f, struct ltps_error *err)
{
	int64_t bad = 0, seq = 0;
	struct digest head;
	if (store_read_begin(f->conn, err) != 0)
		return -1;
	int rc = audit_head(f->conn, &seq, &head, err);
	if (rc == 0)
		rc = audit_verify(f->conn, &bad, err);
	store_read_end(f->conn);
	if (rc != 0)
		return -1;
	f->report.audit_entries = (uint64_t)seq;
	if (bad != 0)
		fsck_found(f, FSCK_AUDIT, "audit",
			   "the chain does not hold at entry %lld", (long long)bad);
	return 0;
}

struct stage {
	const char *name;
	enum fsck_kind kind; /* of an error that the stage did not place itself */
	int (*run)(struct fsck *f, struct ltps_error *err);
};

static const struct stage stages[] = {
	{ "integrity", FSCK_DATABASE, check_integrity },
	{ "foreign keys", FSCK_DATABASE, check_foreign_keys },
	{ "blobs", FSCK_BLOB_DAMAGED, fsck_blobs },
	{ "references", FSCK_BLOB_REFS, check_references },
	{ "orphans", FSCK_BLOB_ORPHAN, fsck_orphans },
	{ "trees", FSCK_TREE, fsck_trees },
	{ "renewals", FSCK_RENEWAL, fsck_renewal },
	{ "audit", FSCK_AUDIT, check_audit },
};

static int run_stages(struct fsck *f, struct ltps_error *err)
{
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		fsck_progress(f, stages[i].name, 0, 0);
		if (stages[i].run(f, err) != 0 &&
		    !fsck_absorb(f, stages[i].kind, stages[i].name, err))
			return -1;
	}
	return 0;
}

/* The page that holds the schema is damaged: nothing else can be looked at. */
static int open_or_report(struct fsck *f, struct ltps_error *err)
{
	if (store_reader_open(f->store, &f->conn, err) == 0)
		return 0;
	return fsck_absorb(f, FSCK_DATABASE, "open", err) ? 0 : -1;
}

int store_fsck(struct store *store, const struct fsck_options *options,
	       struct fsck_report *ret_report, struct ltps_error *err)
{
	static const struct fsck_hooks no_hooks;
	struct fsck f = {
		.store = store,
		.options = options,
		.hooks = options->hooks != NULL ? options->hooks : &no_hooks,
	};
	/* A lock of its own: no blob file goes while its row was just read. */
	struct lock files = LOCK_NONE;
	int rc = -1;
	if (lock_open(store->dir, "files.lock", true, &files, err) == 0 &&
	    lock_take(&files, false, err) == 0 && open_or_report(&f, err) == 0)
		rc = f.conn != NULL ? run_stages(&f, err) : 0;
	store_reader_close(f.conn);
	lock_close(&files);
	if (rc == 0)
		*ret_report = f.report;
	return rc;
}
