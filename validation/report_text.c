/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_text - what a person wants to know: first the verdict of each signature, who
 * signed, since when that is proven, why not and what would help; then the details.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "validation/report_private.h"

#define CHANGES_SHOWN 20
#define LINE_MAX_OCTETS 1200 /* several of the report's texts on one line */

/* The first error stays in it, so that lines can follow one another. */
struct text {
	struct buf *out;
	struct ltps_error err;
};

/* What turns the direction of reading or is not seen: in UTF-8, from and to. */
static const struct {
	unsigned char from[3], to[3];
	size_t n;
} deceptive[] = {
	{ { 0xc2, 0x80 }, { 0xc2, 0x9f }, 2 },             /* C1 controls */
	{ { 0xd8, 0x9c }, { 0xd8, 0x9c }, 2 },             /* U+061C */
	{ { 0xe2, 0x80, 0x8b }, { 0xe2, 0x80, 0x8f }, 3 }, /* U+200B to U+200F */
	{ { 0xe2, 0x80, 0xa8 }, { 0xe2, 0x80, 0xae }, 3 }, /* U+2028 to U+202E */
	{ { 0xe2, 0x81, 0xa0 }, { 0xe2, 0x81, 0xaf }, 3 }, /* U+2060 to U+206F */
	{ { 0xef, 0xbb, 0xbf }, { 0xef, 0xbb, 0xbf }, 3 }, /* U+FEFF */
};

/* Octets of a deceptive character at the start; 0: it is none. */
static size_t deceptive_len(const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof(deceptive) / sizeof(deceptive[0]); i++)
		if (deceptive[i].n <= n &&
		    memcmp(s, deceptive[i].from, deceptive[i].n) >= 0 &&
		    memcmp(s, deceptive[i].to, deceptive[i].n) <= 0)
			return deceptive[i].n;
	return 0;
}

void report_make_harmless(char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned char c = (unsigned char)s[i];
		const size_t len = deceptive_len(s + i, n - i);
		if (len > 0)
			memset(s + i, '?', len);
		else if (c < 0x20 || c == 0x7f)
			s[i] = '?';
	}
	if (utf8_valid(view_of(s, n)))
		return;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] >= 0x80)
			s[i] = '?';
	}
}

static void say(struct text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct text *t, const char *fmt, ...)
{
	char line[LINE_MAX_OCTETS];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || t->err.code != LTPS_OK)
		return;
	size_t len = (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
	report_make_harmless(line, len);
	if (buf_put(t->out, view_of(line, len), &t->err) == 0 &&
	    buf_put_byte(t->out, '\n', &t->err) == 0)
		return;
}

/* "  label: 2026-01-01T00:00:00Z", nothing without a time. */
static void say_time(struct text *t, const char *label, int64_t t_ms)
{
	char when[TIME_TEXT_MAX];
	if (!report_has_time(t_ms))
		return;
	time_rfc3339(t_ms, when);
	say(t, "%s %s", label, when);
}

static void say_cert(struct text *t, const char *label, const struct cert *c)
{
	char name[CERT_TEXT_MAX];
	if (c == NULL) {
		say(t, "%s unknown", label);
		return;
	}
	cert_text(c, name);
	say(t, "%s %s", label, name);
}

/* ---- outcomes ---- */

static void say_why(struct text *t, const struct conclusion *c, const char *indent)
{
	const char *help = report_advice(c);
	const char *reason = report_reason_name(c->reason);
	char when[TIME_TEXT_MAX];
	if (c->indication == INDICATION_PASSED)
		return;
	if (c->text[0] != '\0')
		say(t, "%swhy: %s%s%s%s", indent, c->text,
		    c->clause != NULL ? " (" : "", c->clause != NULL ? c->clause : "",
		    c->clause != NULL ? ")" : "");
	if (report_is_revocation(c) && report_has_time(c->time_ms)) {
		time_rfc3339(c->time_ms, when);
		if (c->sub == SUB_TRY_LATER)
			say(t, "%son hold since: %s", indent, when);
		else
			say(t, "%srevoked: %s%s%s", indent, when,
			    reason != NULL ? ", " : "", reason != NULL ? reason : "");
	}
	if (report_is_crypto(c) && c->algorithm[0] != '\0') {
		say(t, "%salgorithm: %s", indent, c->algorithm);
		if (report_has_time(c->time_ms)) {
			time_rfc3339(c->time_ms, when);
			say(t, "%sreliable until: %s", indent, when);
		}
	}
	if (help != NULL)
		say(t, "%swhat would help: %s", indent, help);
	if (c->sub == SUB_TRY_LATER && report_has_time(c->retry_ms)) {
		time_rfc3339(c->retry_ms, when);
		say(t, "%stry again after: %s", indent, when);
	}
}

static const char *sub_of(const struct conclusion *c)
{
	const char *name = subindication_name(c->sub);
	return name != NULL ? name : "";
}

/* ---- first: the verdicts ---- */

/* What a PDF had added behind a signature; the rest of a long list is counted. */
static void say_changes(struct text *t, const struct document_pdf *p)
{
	const size_t shown =
	    p->n_changes < CHANGES_SHOWN ? p->n_changes : CHANGES_SHOWN;
	for (size_t i = 0; i < shown; i++) {
		const struct pdf_change *c = &p->changes[i];
		say(t, "  changed in revision %zu, %s: %s", c->revision + 1,
		    pdf_change_kind_name(c->kind), c->what);
	}
	if (p->n_changes > shown)
		say(t, "  and %zu changes more", p->n_changes - shown);
	if (p->forbidden_why[0] != '\0')
		say(t, "  against the signer's will: %s", p->forbidden_why);
}

static void say_coverage(struct text *t, const struct report *r,
			 const struct document_pdf *p)
{
	const size_t n = r->document->pdf->file->n_revisions;
	if (!p->byte_range_valid)
		say(t, "  covers: nothing that counts");
	else if (p->covers_whole_file)
		say(t, "  covers: the whole file");
	else
		say(t, "  covers: the file as of revision %zu of %zu",
		    p->found->revision + 1, n);
	say_changes(t, p);
}

static void say_signature(struct text *t, const struct report *r,
			  const struct report_signature *s)
{
	const struct document_signature *d = s->signature;
	char when[TIME_TEXT_MAX];
	say(t, "%s", "");
	say(t, "%s%s: %s%s%s",
	    d->role == ROLE_COUNTERSIGNATURE ? "Countersignature " : "Signature ",
	    d->id, indication_total_name(s->conclusion.indication),
	    s->conclusion.sub != SUB_NONE ? " / " : "", sub_of(&s->conclusion));
	if (d->parent >= 0)
		say(t, "  of: %s", r->signatures[d->parent].signature->id);
	say_cert(t, "  signed by:", s->signing_certificate);
	if (report_has_time(s->best_signature_time_ms)) {
		time_rfc3339(s->best_signature_time_ms, when);
		say(t, "  existed: %s, %s%s", when,
		    s->best_proof != NULL ? "proven by " : "the time of validation",
		    s->best_proof != NULL ? s->best_proof : "");
	}
	say_time(t, "  claims to be of:", d->claims.signing_time_ms);
	say_why(t, &s->conclusion, "  ");
	say(t, "  signature value: %s",
	    !s->checked           ? "not verified"
	    : s->signature_intact ? "intact"
				  : "broken");
	say(t, "  signed document: %s", report_match_text(s->references_intact));
	if (d->pdf != NULL)
		say_coverage(t, r, d->pdf);
	say(t, "  level: %s %s%s%s%s", signature_format_name(d->format),
	    signature_level_name(s->level), s->profile != NULL ? " (" : "",
	    s->profile != NULL ? s->profile : "", s->profile != NULL ? ")" : "");
}

static void say_file_stamp(struct text *t, const struct report_stamp *s)
{
	say(t, "%s", "");
	say(t, "Time-stamp %s: %s%s%s", s->stamp->id,
	    indication_name(s->conclusion.indication),
	    s->conclusion.sub != SUB_NONE ? " / " : "", sub_of(&s->conclusion));
	if (s->stamp->tst != NULL)
		say_time(t, "  time:", s->stamp->tst->gen_time_ms);
	say_cert(t, "  issued by:", s->signer);
	say(t, "  stamped document: %s", report_match_text(s->stamp->imprint));
	say_why(t, &s->conclusion, "  ");
}

static void say_record(struct text *t, const struct report_record *e)
{
	say(t, "%s", "");
	say(t, "Evidence record %s: %s%s%s", e->record->id,
	    indication_name(e->conclusion.indication),
	    e->conclusion.sub != SUB_NONE ? " / " : "", sub_of(&e->conclusion));
	say_time(t, "  existed:", e->time_ms);
	say_why(t, &e->conclusion, "  ");
}

/* One line each: nothing is cut off. */
static void say_switched_off(struct text *t, const struct report *r)
{
	for (int context = 0; context < CONTEXT_COUNT; context++)
		for (int c = 0; c < CONSTRAINT_COUNT; c++)
			if (report_switched_off(r, (enum constraint_context)context,
						(enum constraint)c))
				say(t, "switched off by the policy: %s (%s)",
				    constraint_name((enum constraint)c),
				    constraint_context_name(
					(enum constraint_context)context));
}

static void say_verdicts(struct text *t, const struct report *r,
			 const struct report_frame *f)
{
	char when[TIME_TEXT_MAX];
	time_rfc3339(r->time_ms, when);
	say(t, "%s (%s): %s", f->file != NULL ? f->file : "document",
	    r->document->format->name,
	    r->nothing            ? "nothing to judge"
	    : r->n_signatures > 0 ? indication_total_name(r->indication)
				  : indication_name(r->indication));
	say(t, "judged for %s by the policy %s", when, r->policy->id);
	say_switched_off(t, r);
	for (size_t i = 0; i < r->n_signatures; i++)
		say_signature(t, r, &r->signatures[i]);
	for (size_t i = report_next_stamp(r, -1, 0); i < r->n_stamps;
	     i = report_next_stamp(r, -1, i + 1))
		say_file_stamp(t, &r->stamps[i]);
	for (size_t i = 0; i < r->n_records; i++)
		say_record(t, &r->records[i]);
}

/* ---- then: the details ---- */

static void say_chain(struct text *t, const struct path_candidate *c,
		      const char *indent)
{
	char name[CERT_TEXT_MAX], when[TIME_TEXT_MAX];
	for (size_t i = 0; i < c->n_certs; i++) {
		const bool anchor = i + 1 == c->n_certs;
		cert_text(c->certs[i], name);
		say(t, "%s%s%s", indent, name, anchor ? " (trust anchor)" : "");
		if (anchor || c->revocation == NULL)
			continue;
		const struct path_cert_revocation *v = &c->revocation[i];
		const char *source = report_source_name(v->source);
		const bool known = report_has_time(v->this_ms);
		if (known)
			time_rfc3339(v->this_ms, when);
		say(t, "%s  status: %s%s%s%s%s", indent,
		    path_cert_status_name(v->status), source != NULL ? " by " : "",
		    source != NULL ? source : "", known ? ", as of " : "",
		    known ? when : "");
	}
}

/* What does not hold; what the policy does not ask for stands in the other forms. */
static void say_constraints(struct text *t, const struct report_constraint *list,
			    size_t n, const char *indent)
{
	for (size_t i = 0; i < n; i++) {
		const struct report_constraint *c = &list[i];
		if (c->level != CONSTRAINT_IGNORE && c->checked && !c->holds)
			say(t, "%s%s: %s does not hold%s%s", indent,
			    constraint_level_name(c->level),
			    constraint_name(c->constraint),
			    c->text[0] != '\0' ? ": " : "", c->text);
	}
}

static void say_stamp(struct text *t, const struct report_stamp *s)
{
	const struct document_stamp *d = s->stamp;
	char when[TIME_TEXT_MAX] = "no time";
	if (d->tst != NULL)
		time_rfc3339(d->tst->gen_time_ms, when);
	say(t, "    %s %s: %s, %s%s%s%s", d->name, d->id, when,
	    indication_name(s->conclusion.indication),
	    s->conclusion.sub != SUB_NONE ? " / " : "", sub_of(&s->conclusion),
	    s->counted ? "" : ", not counted");
	if (d->defect[0] != '\0')
		say(t, "      %s", d->defect);
	if (s->certificate != NULL)
		say_chain(t, &s->certificate->chain, "      ");
	say_why(t, &s->conclusion, "      ");
	say_constraints(t, s->constraints, s->n_constraints, "      ");
}

/* Of a time-stamp of the file itself, whose verdict was told. */
static void say_stamp_details(struct text *t, const struct report_stamp *s)
{
	say(t, "  %s", s->stamp->id);
	if (s->stamp->defect[0] != '\0')
		say(t, "    %s", s->stamp->defect);
	if (s->certificate != NULL)
		say_chain(t, &s->certificate->chain, "    ");
	say_constraints(t, s->constraints, s->n_constraints, "    ");
}

static void say_details(struct text *t, const struct report *r,
			const struct report_signature *s)
{
	const struct cert_validation_result *c = report_chain_of(s);
	say(t, "  %s", s->signature->id);
	if (s->basic.indication != s->conclusion.indication ||
	    s->basic.sub != s->conclusion.sub)
		say(t, "    without its proofs of existence: %s%s%s",
		    indication_name(s->basic.indication),
		    s->basic.sub != SUB_NONE ? " / " : "", sub_of(&s->basic));
	if (s->signature->why_not[0] != '\0')
		say(t, "    not a baseline signature: %s", s->signature->why_not);
	if (c != NULL)
		say_chain(t, &c->chain, "    ");
	const int index = (int)(s - r->signatures);
	for (size_t i = report_next_stamp(r, index, 0); i < r->n_stamps;
	     i = report_next_stamp(r, index, i + 1))
		say_stamp(t, &r->stamps[i]);
	say_constraints(t, s->constraints, s->n_constraints, "    ");
}

static void say_findings(struct text *t, const struct report *r)
{
	if (r->n_findings > 0 || r->document->n_notes > 0) {
		say(t, "%s", "");
		say(t, "Findings");
	}
	for (size_t i = 0; i < r->n_findings; i++) {
		const struct report_finding *f = &r->findings[i];
		say(t, "  %s %s%s%s: %s%s%s%s", constraint_level_name(f->level),
		    f->code, f->object[0] != '\0' ? " " : "", f->object, f->text,
		    f->clause != NULL ? " (" : "", f->clause != NULL ? f->clause : "",
		    f->clause != NULL ? ")" : "");
	}
	for (size_t i = 0; i < r->document->n_notes; i++)
		say(t, "  %s", r->document->notes[i]);
}

static void say_needs(struct text *t, const struct report *r)
{
	if (r->n_needs == 0)
		return;
	say(t, "%s", "");
	say(t, "Missing");
	for (size_t i = 0; i < r->n_needs; i++)
		say(t, "  %s: %s", report_need_name(r->needs[i].kind),
		    r->needs[i].url != NULL ? r->needs[i].url : "from nowhere known");
}

int report_text(const struct report *r, const struct report_frame *f, struct buf *out,
		struct ltps_error *err)
{
	struct text t = { .out = out, .err = LTPS_ERROR_INIT };
	say_verdicts(&t, r, f);
	const size_t first = report_next_stamp(r, -1, 0);
	if (r->n_signatures > 0 || first < r->n_stamps) {
		say(&t, "%s", "");
		say(&t, "Details");
	}
	for (size_t i = 0; i < r->n_signatures; i++)
		say_details(&t, r, &r->signatures[i]);
	for (size_t i = first; i < r->n_stamps; i = report_next_stamp(r, -1, i + 1))
		say_stamp_details(&t, &r->stamps[i]);
	say_findings(&t, r);
	say_needs(&t, r);
	if (t.err.code == LTPS_OK)
		return 0;
	if (err->code == LTPS_OK)
		*err = t.err;
	return -1;
}
