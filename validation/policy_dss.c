/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_dss - the validation policies of EU DSS, ConstraintsParameters: the machine
 * form of TS 119 172-1 that is in use. What has a meaning here becomes a rule; what is
 * checked here in any case is passed over when it asks for no less; every other
 * constraint is named in the notes.
 *
 * A constraint that such a policy does not hold is not checked by it, so the rules that
 * stand for one begin as IGNORE.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "formats/xml.h"
#include "validation/policy_dss.h"
#include "validation/validation_policy_private.h"

#define NS_DSS "http://dss.esig.europa.eu/validation/policy"
#define ID_PREFIX "urn:ltps:policy:dss:"
#define PATH_MAX_LEN 256
#define WORDS_MAX 8192
#define TEXT_MAX 4096
#define EXEMPT_VALIDITY_ASSURED "0.4.0.194121.2.1"
#define EXEMPT_NO_REV_AVAIL "2.5.29.56"

enum use {
	USE_RULE,   /* of the section's context */
	USE_ALWAYS, /* is checked here with the result of FAIL */
	USE_DELAY,  /* TimestampDelay */
	USE_FRESH,  /* RevocationFreshness */
	USE_EXEMPT, /* RevocationDataSkip */
	USE_ORDER,  /* of time-stamps, but a rule of signatures */
};

/* The place below its section; "*" for a section stands for all three. */
static const struct mapping {
	const char *section, *path;
	enum use use;
	enum constraint constraint;
} mappings[] = {
#define BASIC "BasicSignatureConstraints/"
#define SIGNER BASIC "SigningCertificate/"
#define CA BASIC "CACertificate/"
#define SIGNED "SignedAttributes/"
	{ "SignatureConstraints", "AcceptablePolicies", USE_RULE,
	  CONSTRAINT_SIGNATURE_POLICY },
	{ "SignatureConstraints", "PolicyHashMatch", USE_RULE,
	  CONSTRAINT_SIGNATURE_POLICY_HASH },
	{ "SignatureConstraints", "AcceptableFormats", USE_RULE,
	  CONSTRAINT_FORMAT_ALLOWED },
	{ "*", BASIC "ByteRange", USE_ALWAYS, 0 },
	{ "*", BASIC "PdfSignatureDictionary", USE_ALWAYS, 0 },
	{ "SignatureConstraints", BASIC "UndefinedChanges", USE_RULE,
	  CONSTRAINT_PDF_CHANGES },
	/* Of FieldMDP and SigFieldLock too, which have no rule of their own here. */
	{ "SignatureConstraints", BASIC "DocMDP", USE_RULE,
	  CONSTRAINT_PDF_PERMISSIONS },
	{ "*", BASIC "ReferenceDataExistence", USE_ALWAYS, 0 },
	{ "*", BASIC "ReferenceDataIntact", USE_RULE, CONSTRAINT_REFERENCES_INTACT },
	{ "*", BASIC "SignatureIntact", USE_RULE, CONSTRAINT_SIGNATURE_INTACT },
	{ "*", BASIC "ProspectiveCertificateChain", USE_ALWAYS, 0 },
	{ "*", BASIC "SignerInformationStore", USE_ALWAYS, 0 },
	{ "*", BASIC "Cryptographic", USE_RULE, CONSTRAINT_CRYPTO },
	{ "*", SIGNER "Recognition", USE_RULE, CONSTRAINT_SIGNING_CERTIFICATE },
	{ "*", SIGNER "Signature", USE_ALWAYS, 0 },
	{ "*", SIGNER "NotExpired", USE_ALWAYS, 0 },
	{ "*", SIGNER "SunsetDate", USE_ALWAYS, 0 },
	{ "*", SIGNER "IssuerName", USE_ALWAYS, 0 },
	{ "*", SIGNER "NotRevoked", USE_ALWAYS, 0 },
	{ "*", SIGNER "NotOnHold", USE_ALWAYS, 0 },
	{ "*", SIGNER "RevocationIssuerNotExpired", USE_ALWAYS, 0 },
	{ "*", SIGNER "RevocationDataAvailable", USE_RULE, CONSTRAINT_REVOCATION },
	{ "*", SIGNER "AcceptableRevocationDataFound", USE_ALWAYS, 0 },
	{ "*", SIGNER "RevocationFreshness", USE_FRESH, 0 },
	{ "*", SIGNER "RevocationDataSkip", USE_EXEMPT, 0 },
	{ "*", SIGNER "KeyUsage", USE_RULE, CONSTRAINT_KEY_USAGE },
	{ "Timestamp", SIGNER "ExtendedKeyUsage", USE_RULE,
	  CONSTRAINT_TSA_EXTENDED_KEY_USAGE },
	{ "*", SIGNER "ExtendedKeyUsage", USE_RULE, CONSTRAINT_EXTENDED_KEY_USAGE },
	{ "*", SIGNER "PolicyIds", USE_RULE, CONSTRAINT_CERTIFICATE_POLICY },
	{ "*", SIGNER "QcCompliance", USE_RULE, CONSTRAINT_QC_COMPLIANCE },
	{ "*", SIGNER "QcSSCD", USE_RULE, CONSTRAINT_QC_SSCD },
	{ "*", SIGNER "QcType", USE_RULE, CONSTRAINT_QC_TYPE },
	{ "*", SIGNER "NotSelfSigned", USE_RULE, CONSTRAINT_NOT_SELF_SIGNED },
	{ "*", CA "Signature", USE_ALWAYS, 0 },
	{ "*", CA "NotExpired", USE_ALWAYS, 0 },
	{ "*", CA "SunsetDate", USE_ALWAYS, 0 },
	{ "*", CA "CA", USE_ALWAYS, 0 },
	{ "*", CA "MaxPathLength", USE_ALWAYS, 0 },
	{ "*", CA "KeyUsage", USE_ALWAYS, 0 },
	{ "*", CA "IssuerName", USE_ALWAYS, 0 },
	{ "*", CA "NotRevoked", USE_ALWAYS, 0 },
	{ "*", CA "NotOnHold", USE_ALWAYS, 0 },
	{ "*", SIGNED "SigningCertificatePresent", USE_RULE,
	  CONSTRAINT_SIGNING_CERTIFICATE_ATTRIBUTE },
	{ "*", SIGNED "SigningCertificateRefersCertificateChain", USE_RULE,
	  CONSTRAINT_CERTIFICATE_REFERENCES },
	{ "*", SIGNED "ReferencesToAllCertificateChainPresent", USE_RULE,
	  CONSTRAINT_PATH_REFERENCED },
	{ "*", SIGNED "CertDigestPresent", USE_ALWAYS, 0 },
	{ "*", SIGNED "CertDigestMatch", USE_ALWAYS, 0 },
	{ "*", SIGNED "IssuerSerialMatch", USE_RULE, CONSTRAINT_ISSUER_SERIAL },
	{ "*", SIGNED "SigningTime", USE_RULE, CONSTRAINT_SIGNING_TIME },
	{ "*", SIGNED "MessageDigestOrSignedPropertiesPresent", USE_ALWAYS, 0 },
	{ "*", SIGNED "ContentType", USE_RULE, CONSTRAINT_CONTENT_TYPE },
	{ "*", SIGNED "ContentHints", USE_RULE, CONSTRAINT_CONTENT_HINTS },
	{ "*", SIGNED "ContentIdentifier", USE_RULE, CONSTRAINT_CONTENT_IDENTIFIER },
	{ "*", SIGNED "CommitmentTypeIndication", USE_RULE,
	  CONSTRAINT_COMMITMENT_TYPE },
	{ "*", SIGNED "SignerLocation", USE_RULE, CONSTRAINT_SIGNER_LOCATION },
	{ "*", SIGNED "ContentTimeStamp", USE_RULE, CONSTRAINT_CONTENT_TIME_STAMP },
	{ "SignatureConstraints", "UnsignedAttributes/SignatureTimeStamp", USE_RULE,
	  CONSTRAINT_SIGNATURE_TIME_STAMP },
	{ "Timestamp", "TimestampDelay", USE_DELAY, CONSTRAINT_TIME_STAMP_DELAY },
	{ "Timestamp", "Coherence", USE_ORDER, CONSTRAINT_TIME_STAMP_ORDER },
	{ "Timestamp", "RevocationTimeAgainstBestSignatureTime", USE_ALWAYS, 0 },
	{ "Timestamp", "BestSignatureTimeBeforeExpirationDateOfSigningCertificate",
	  USE_ALWAYS, 0 },
	{ "Timestamp", "TSAGeneralNameContentMatch", USE_RULE, CONSTRAINT_TSA_NAME },
	{ "Timestamp", "AtsHashIndex", USE_RULE, CONSTRAINT_HASH_INDEX },
	{ "EvidenceRecord", "DataObjectExistence", USE_ALWAYS, 0 },
	{ "EvidenceRecord", "DataObjectIntact", USE_ALWAYS, 0 },
	{ "EvidenceRecord", "DataObjectFound", USE_ALWAYS, 0 },
	{ "EvidenceRecord", "HashTreeRenewal", USE_ALWAYS, 0 },
};
#define MAPPINGS (sizeof(mappings) / sizeof(mappings[0]))

static const struct {
	const char *section;
	enum constraint_context context;
} sections[] = {
	{ "SignatureConstraints", CONTEXT_SIGNATURE },
	{ "CounterSignatureConstraints", CONTEXT_COUNTERSIGNATURE },
	{ "Timestamp", CONTEXT_TIME_STAMP },
};

/* Words of DSS that are called otherwise here; NULL: dropped. */
static const struct {
	const char *theirs, *ours;
} words[] = {
	{ "*", NULL },
	{ "ANY_POLICY", "ANY" },
	{ "NO_POLICY", "NONE" },
	{ "IMPLICIT_POLICY", "IMPLICIT" },
	{ "0.4.0.1862.1.6.1", "esign" },
	{ "0.4.0.1862.1.6.2", "eseal" },
	{ "0.4.0.1862.1.6.3", "web" },
	{ "emailProtection", "1.3.6.1.5.5.7.3.4" },
	{ "clientAuth", "1.3.6.1.5.5.7.3.2" },
	{ "serverAuth", "1.3.6.1.5.5.7.3.1" },
	{ "codeSigning", "1.3.6.1.5.5.7.3.3" },
	{ "timeStamping", "1.3.6.1.5.5.7.3.8" },
};

struct reading {
	struct validation_policy *p;
	struct xml_reader *x;
	char path[PATH_MAX_LEN]; /* below the root, "Timestamp/Coherence" */
	const struct mapping *open;
	size_t open_depth;
	struct buf words; /* of the open one: level and values */
	bool lost_format; /* the open one allows a format that is not known here */
	bool seen[CONTEXT_COUNT + 1][MAPPINGS]; /* the last: of another section */
	struct dss_algorithms algorithms;
	bool has_model, has_crypto;
	enum constraint_level crypto; /* at the top; FAIL when it is not said */
};

static int fail(const struct reading *g, struct ltps_error *err, const char *what)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
			 "DSS policy: %.120s: %.120s",
			 g->path[0] != '\0' ? g->path : "the root", what);
}

/* ---- where ---- */

static int push(struct reading *g, struct ltps_error *err)
{
	const size_t n = strlen(g->path);
	const struct view local = xml_local(g->x);
	if (n + local.n + 2 > sizeof(g->path))
		return fail(g, err, "elements are too deep");
	snprintf(g->path + n, sizeof(g->path) - n, "%s%.*s", n > 0 ? "/" : "",
		 (int)local.n, (const char *)local.p);
	return 0;
}

static void pop(struct reading *g)
{
	char *slash = strrchr(g->path, '/');
	if (slash != NULL)
		*slash = '\0';
	else
		g->path[0] = '\0';
}

static bool find_context(const struct reading *g, enum constraint_context *ret)
{
	const size_t n = strcspn(g->path, "/");
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (strlen(sections[i].section) == n &&
		    strncmp(sections[i].section, g->path, n) == 0) {
			*ret = sections[i].context;
			return true;
		}
	}
	return false;
}

static const struct mapping *find_mapping(const struct reading *g)
{
	enum constraint_context ignored;
	const size_t n = strcspn(g->path, "/");
	if (g->path[n] == '\0')
		return NULL;
	for (size_t i = 0; i < MAPPINGS; i++) {
		const struct mapping *m = &mappings[i];
		if (strcmp(m->path, g->path + n + 1) != 0)
			continue;
		if (strcmp(m->section, "*") == 0
			? find_context(g, &ignored)
			: strlen(m->section) == n &&
			      strncmp(m->section, g->path, n) == 0)
			return m;
	}
	return NULL;
}

/* ---- what ---- */

/* "7 DAYS" as it stands in two attributes. */
static bool read_duration(const struct reading *g, int64_t *ret_ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {
		{ "MILLISECONDS", 1 }, { "SECONDS", 1000 },  { "MINUTES", 60000 },
		{ "HOURS", 3600000 },  { "DAYS", 86400000 },
	};
	struct view unit, value;
	int64_t n = 0;
	if (!xml_attr(g->x, "Unit", &unit) || !xml_attr(g->x, "Value", &value) ||
	    value.n == 0 || value.n > 5)
		return false;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return false;
		n = n * 10 + (value.p[i] - '0');
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (view_is_text(unit, units[i].unit)) {
			*ret_ms = n * units[i].ms;
			return true;
		}
	}
	return false;
}

static int note_unused(struct reading *g, struct view level, struct ltps_error *err)
{
	return policy_note(g->p, err, "not used: %.160s (%.*s)", g->path,
			   (int)(level.n < 16 ? level.n : 16), (const char *)level.p);
}

static int use_fresh(struct reading *g, struct view level, struct ltps_error *err)
{
	enum constraint_context context;
	int64_t ms;
	if (view_is_text(level, "IGNORE"))
		return 0;
	if (!read_duration(g, &ms))
		return fail(g, err, "no duration");
	if (!find_context(g, &context) || context != CONTEXT_SIGNATURE ||
	    !view_is_text(level, "FAIL") || ms == 0)
		return note_unused(g, level, err);
	g->p->max_age_ms = ms;
	return 0;
}

static int use_delay(struct reading *g, struct view level, struct ltps_error *err)
{
	struct constraint_rule *rule =
	    &g->p->rules[CONTEXT_SIGNATURE][CONSTRAINT_TIME_STAMP_DELAY];
	if (view_is_text(level, "IGNORE"))
		return 0;
	if (!read_duration(g, &rule->number) || rule->number == 0)
		return fail(g, err, "no duration");
	return constraint_level_from_name(level, &rule->level)
		   ? 0
		   : fail(g, err, "no such level");
}

/* A time-stamp's rule that stands with the signature here. */
static int use_order(struct reading *g, const struct mapping *m, struct view level,
		     struct ltps_error *err)
{
	return constraint_level_from_name(
		   level, &g->p->rules[CONTEXT_SIGNATURE][m->constraint].level)
		   ? 0
		   : fail(g, err, "no such level");
}

static int use_always(struct reading *g, struct view level, struct ltps_error *err)
{
	if (view_is_text(level, "FAIL"))
		return 0;
	return policy_note(g->p, err, "stands as FAIL: %.160s (%.*s)", g->path,
			   (int)(level.n < 16 ? level.n : 16), (const char *)level.p);
}

/* Which of two counts would be a matter of order. */
static bool is_second(struct reading *g, const struct mapping *m)
{
	enum constraint_context context;
	bool *seen = g->seen[find_context(g, &context) ? context : CONTEXT_COUNT];
	const bool second = seen[m - mappings];
	seen[m - mappings] = true;
	return second;
}

/* The schema lets the Level be left out, and whatever stands there would then not be
 * checked. Algorithms below a section mean: as at the top. */
static int begin_without_level(struct reading *g, struct ltps_error *err)
{
	const struct mapping *m = find_mapping(g);
	if (m == NULL || m->use == USE_ALWAYS ||
	    (m->use == USE_RULE && m->constraint == CONSTRAINT_CRYPTO))
		return 0;
	return fail(g, err, "Level is missing");
}

/* An element with a Level: a constraint. */
static int begin_constraint(struct reading *g, struct view level,
			    struct ltps_error *err)
{
	const struct mapping *m = find_mapping(g);
	enum constraint_level known;
	if (!constraint_level_from_name(level, &known))
		return fail(g, err, "no such level");
	if (m == NULL)
		return note_unused(g, level, err);
	if (is_second(g, m))
		return fail(g, err, "stands twice");
	switch (m->use) {
	case USE_FRESH:
		return use_fresh(g, level, err);
	case USE_DELAY:
		return use_delay(g, level, err);
	case USE_ORDER:
		return use_order(g, m, level, err);
	case USE_ALWAYS:
		return use_always(g, level, err);
	case USE_RULE:
	case USE_EXEMPT:
		break;
	}
	g->open = m;
	g->open_depth = xml_depth(g->x);
	g->lost_format = false;
	buf_clear(&g->words);
	return buf_put(&g->words, level, err);
}

/* "CAdES-BASELINE-LT" is of the format CAdES. */
static int put_format(struct reading *g, struct view v, struct ltps_error *err)
{
	static const char *const ours[] = { "CAdES", "PAdES", "PKCS7" };
	if (view_is_text(v, "*"))
		return 0;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (!view_starts(v, view_text(ours[i])))
			continue;
		if (v.n > strlen(ours[i]) &&
		    policy_note(g->p, err, "not used: the level in %.*s", (int)v.n,
				(const char *)v.p) != 0)
			return -1;
		return buf_put_fmt(&g->words, err, " %s", ours[i]);
	}
	g->lost_format = true;
	return policy_note(g->p, err, "not used: the format %.*s",
			   (int)(v.n < 64 ? v.n : 64), (const char *)v.p);
}

static int put_word(struct reading *g, struct view v, struct ltps_error *err)
{
	if (g->open->use == USE_RULE &&
	    g->open->constraint == CONSTRAINT_FORMAT_ALLOWED)
		return put_format(g, v, err);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!view_is_text(v, words[i].theirs))
			continue;
		return words[i].ours != NULL
			   ? buf_put_fmt(&g->words, err, " %s", words[i].ours)
			   : 0;
	}
	if (buf_put_byte(&g->words, ' ', err) != 0)
		return -1;
	return buf_put(&g->words, v, err);
}

static bool has_word(const struct reading *g, const char *word)
{
	const size_t n = strlen(word);
	/* The level stands before all of them. */
	for (size_t i = 1; i + n <= g->words.n; i++)
		if (g->words.p[i - 1] == ' ' && memcmp(g->words.p + i, word, n) == 0 &&
		    (i + n == g->words.n || g->words.p[i + n] == ' '))
			return true;
	return false;
}

/* An accepted format list without any of ours would be an empty list: any. */
static bool lost_all_formats(const struct reading *g)
{
	return g->lost_format && memchr(g->words.p, ' ', g->words.n) == NULL;
}

/* One switch for both kinds and for every certificate: taken from where signers are
 * judged, and only when both kinds are named. */
static int end_exempt(struct reading *g, struct ltps_error *err)
{
	enum constraint_context context;
	struct view text = view_buf(&g->words);
	if (view_starts(text, view_text("IGNORE")))
		return 0;
	if (!find_context(g, &context) || context != CONTEXT_SIGNATURE ||
	    !has_word(g, EXEMPT_VALIDITY_ASSURED) || !has_word(g, EXEMPT_NO_REV_AVAIL))
		return note_unused(g, text, err);
	g->p->exempt_short_term = true;
	return 0;
}

static int end_constraint(struct reading *g, struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	const struct mapping *m = g->open;
	enum constraint_context context = CONTEXT_SIGNATURE;
	struct view text = view_buf(&g->words);

	if (m->use == USE_EXEMPT) {
		g->open = NULL;
		return end_exempt(g, err);
	}
	(void)find_context(g, &context);
	if (!constraint_applies(m->constraint, context)) {
		g->open = NULL;
		return note_unused(g, text, err);
	}
	if (lost_all_formats(g))
		return fail(g, err, "none of the formats is known here");
	/* Which purpose a time-stamping authority has is not a matter of choice. */
	if (constraint_values(m->constraint) == VALUES_NONE) {
		const uint8_t *blank = memchr(text.p, ' ', text.n);
		text.n = blank != NULL ? (size_t)(blank - text.p) : text.n;
	}
	g->open = NULL;
	if (policy_rule_set(&g->p->rules[context][m->constraint], m->constraint, text,
			    &inner) == 0)
		return 0;
	/* A list without entries, as they publish one: it asks for nothing. */
	if (inner.code == LTPS_FORMAT && strcmp(inner.text, NEEDS_A_VALUE) == 0) {
		g->p->rules[context][m->constraint].level = CONSTRAINT_IGNORE;
		return note_unused(g, text, err);
	}
	if (inner.code == LTPS_FORMAT)
		return fail(g, err, inner.text);
	*err = inner;
	return -1;
}

/* ---- the document ---- */

static int collect(struct reading *g, struct buf *text, struct ltps_error *err)
{
	struct view v;
	if (xml_collect(g->x, text, err) != 0)
		return -1;
	v = view_buf(text);
	while (v.n > 0 && (v.p[0] <= ' ' || v.p[v.n - 1] <= ' '))
		v = v.p[0] <= ' ' ? view_skip(v, 1) : view_head(v, v.n - 1);
	if (v.n > 0 && v.p != text->p)
		memmove(text->p, v.p, v.n);
	text->n = v.n;
	return 0;
}

static int read_model(struct reading *g, struct ltps_error *err)
{
	struct view v = VIEW_NULL;
	(void)xml_attr(g->x, "Value", &v);
	if (g->has_model)
		return fail(g, err, "stands twice");
	if (!view_is_text(v, "SHELL") && !view_is_text(v, "CHAIN"))
		return fail(g, err, "the model is SHELL or CHAIN");
	g->p->model = view_is_text(v, "CHAIN") ? PATH_CHAIN : PATH_SHELL;
	g->has_model = true;
	return 0;
}

/* As in our own files: every run of white space becomes one blank. */
static void one_line(struct buf *text)
{
	size_t n = 0;
	for (size_t i = 0; i < text->n; i++) {
		const uint8_t c = text->p[i] <= ' ' ? ' ' : text->p[i];
		if (c != ' ' || (n > 0 && text->p[n - 1] != ' '))
			text->p[n++] = c;
	}
	text->n = n;
}

static int read_description(struct reading *g, struct ltps_error *err)
{
	struct buf text = buf_make(TEXT_MAX);
	const char *s;
	int rc = collect(g, &text, err);
	if (rc == 0)
		one_line(&text);
	if (rc == 0)
		rc = buf_text(&text, &s, err);
	if (rc == 0) {
		mem_free(g->p->description);
		g->p->description = mem_dup_text(s);
		rc = g->p->description != NULL ? 0 : ltps_fail_nomem(err);
	}
	buf_free(&text);
	pop(g);
	return rc;
}

static int read_id(struct reading *g, struct ltps_error *err)
{
	struct buf text = buf_make(TEXT_MAX);
	int rc = collect(g, &text, err);
	if (rc == 0 && g->open != NULL)
		rc = put_word(g, view_buf(&text), err);
	buf_free(&text);
	pop(g);
	return rc;
}

/* Only the Cryptographic at the top is looked at; others with lists are named. */
static int read_algorithm(struct reading *g, struct ltps_error *err)
{
	struct buf text = buf_make(TEXT_MAX);
	struct view date = VIEW_NULL, size = VIEW_NULL;
	struct dss_algorithm a = { 0 };
	int rc = 0;
	const bool own = strncmp(g->path, "Cryptographic/", 14) == 0;
	const bool has_date = xml_attr(g->x, "Date", &date);
	const bool has_size = xml_attr(g->x, "Size", &size);
	if (own && !dss_algorithm_read(has_date ? date : VIEW_NULL,
				       has_size ? size : VIEW_NULL, &a))
		rc = fail(g, err, "no such date or size");
	if (rc == 0)
		rc = collect(g, &text, err);
	if (rc == 0 && own)
		rc = dss_algorithm_add(&g->algorithms, g->path, &a, view_buf(&text),
				       err);
	if (rc == 0 && !own)
		rc =
		    policy_note(g->p, err, "not used: %.160s %.*s", g->path,
				(int)(text.n < 40 ? text.n : 40), (const char *)text.p);
	buf_free(&text);
	pop(g);
	return rc;
}

static int read_expiration(struct reading *g, struct ltps_error *err)
{
	struct view v, after;
	if (xml_attr(g->x, "Level", &v) && use_always(g, v, err) != 0)
		return -1;
	if (xml_attr(g->x, "Format", &v) && !view_is_text(v, "yyyy-MM-dd"))
		return fail(g, err, "Format is not yyyy-MM-dd");
	if (!xml_attr(g->x, "UpdateDate", &v))
		return 0;
	if (!xml_attr(g->x, "LevelAfterUpdate", &after))
		return 0;
	return policy_note(
	    g->p, err, "not used: ends after %.*s count as %.*s there, as FAIL here",
	    (int)(v.n < 40 ? v.n : 40), (const char *)v.p,
	    (int)(after.n < 16 ? after.n : 16), (const char *)after.p);
}

/* Whether the section had a level of its own. */
static bool has_own_crypto(const struct reading *g, enum constraint_context x)
{
	size_t i = 0;
	while (mappings[i].use != USE_RULE ||
	       mappings[i].constraint != CONSTRAINT_CRYPTO)
		i++;
	return g->seen[x][i];
}

static int read_crypto(struct reading *g, struct ltps_error *err)
{
	struct view level;
	if (g->has_crypto)
		return fail(g, err, "stands twice");
	g->has_crypto = true;
	if (xml_attr(g->x, "Level", &level) &&
	    !constraint_level_from_name(level, &g->crypto))
		return fail(g, err, "no such level");
	return 0;
}

/* The level at the top is of all that is judged. There is one list for all, and paths
 * are judged by it: of two levels the stricter counts. */
static void settle_crypto(struct reading *g)
{
	for (int x = 0; x < CONTEXT_COUNT; x++) {
		struct constraint_rule *rule = &g->p->rules[x][CONSTRAINT_CRYPTO];
		if (!has_own_crypto(g, (enum constraint_context)x) ||
		    g->crypto < rule->level)
			rule->level = g->crypto;
	}
}

static int begin(struct reading *g, struct ltps_error *err)
{
	struct view level;
	if (!xml_in(g->x, NS_DSS))
		return fail(g, err, "an element of another namespace");
	if (push(g, err) != 0)
		return -1;
	const struct view local = xml_local(g->x);
	if (view_is_text(local, "Id"))
		return read_id(g, err);
	if (view_is_text(local, "Algo"))
		return read_algorithm(g, err);
	if (strcmp(g->path, "Description") == 0)
		return read_description(g, err);
	if (strcmp(g->path, "Model") == 0)
		return read_model(g, err);
	if (strcmp(g->path, "Cryptographic/AlgoExpirationDate") == 0)
		return read_expiration(g, err);
	if (strcmp(g->path, "Cryptographic") == 0)
		return read_crypto(g, err);
	if (!xml_attr(g->x, "Level", &level))
		return begin_without_level(g, err);
	return strncmp(g->path, "Cryptographic/", 14) == 0
		   ? use_always(g, level, err)
		   : begin_constraint(g, level, err);
}

static int read_body(struct reading *g, struct ltps_error *err)
{
	enum xml_event event;
	for (;;) {
		if (xml_next(g->x, &event, err) != 0)
			return -1;
		if (event == XML_DONE)
			return 0;
		if (event == XML_START && begin(g, err) != 0)
			return -1;
		if (event != XML_END)
			continue;
		if (g->open != NULL && xml_depth(g->x) == g->open_depth &&
		    end_constraint(g, err) != 0)
			return -1;
		pop(g);
	}
}

/* What such a policy may hold, and does not check when it is not there. */
static void forget_rules(struct validation_policy *p)
{
	for (size_t i = 0; i < MAPPINGS; i++) {
		const struct mapping *m = &mappings[i];
		/* Without algorithms no such policy is read. CMS itself compares the
		 * content type (RFC 5652 11.1). */
		if ((m->use != USE_RULE && m->use != USE_ORDER) ||
		    !constraint_may_be_lowered(m->constraint) ||
		    m->constraint == CONSTRAINT_CRYPTO ||
		    m->constraint == CONSTRAINT_CONTENT_TYPE)
			continue;
		for (int x = 0; x < CONTEXT_COUNT; x++)
			p->rules[x][m->constraint].level = CONSTRAINT_IGNORE;
	}
}

static int read_root(struct reading *g, struct ltps_error *err)
{
	enum xml_event event;
	struct view name = VIEW_NULL;
	char id[PATH_MAX_LEN];
	size_t n;
	if (xml_next(g->x, &event, err) != 0)
		return -1;
	if (event != XML_START || !xml_is(g->x, NS_DSS, "ConstraintsParameters"))
		return fail(g, err, "no ConstraintsParameters of " NS_DSS);
	(void)xml_attr(g->x, "Name", &name);
	if (name.n == 0)
		return fail(g, err, "Name is missing");
	snprintf(id, sizeof(id), ID_PREFIX "%.*s", (int)(name.n < 128 ? name.n : 128),
		 (const char *)name.p);
	for (n = 0; id[n] != '\0'; n++)
		if ((uint8_t)id[n] <= ' ' || id[n] == 0x7f)
			id[n] = '-';
	g->p->id = mem_dup_text(id);
	g->p->description = mem_dup_text("");
	if (g->p->id == NULL || g->p->description == NULL)
		return ltps_fail_nomem(err);
	if (read_body(g, err) != 0)
		return -1;
	settle_crypto(g);
	return 0;
}

int policy_read_dss(struct view text, const char *name, struct validation_policy *p,
		    struct ltps_error *err)
{
	struct reading g = { .p = p, .words = buf_make(WORDS_MAX) };
	struct algorithm_suite *suite = NULL;
	int rc = xml_open(text, &g.x, err);
	if (rc == 0) {
		forget_rules(p);
		rc = read_root(&g, err);
	}
	if (rc == 0 && !g.has_model) {
		g.path[0] = '\0';
		rc = fail(&g, err, "Model is missing");
	}
	if (rc == 0)
		rc = dss_algorithms_suite(&g.algorithms, p, &suite, err);
	if (rc == 0)
		rc = policy_set_suite(p, suite, "Cryptographic", err);
	p->out_of_date = CONSTRAINT_FAIL;
	if (rc != 0)
		(void)ltps_where(err, "%s", name);
	xml_close(g.x);
	buf_free(&g.words);
	dss_algorithms_free(&g.algorithms);
	return rc;
}
