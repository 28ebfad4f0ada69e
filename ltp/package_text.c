/* SPDX-License-Identifier: Apache-2.0 */
/*
 * package_text - the page of a package, as text and as HTML: which command checks
 * which file, what it proves, what it does not.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "formats/xml.h"
#include "ltp/package_private.h"

struct page {
	struct buf text, html;
	struct buf line; /* one paragraph or command while it is made */
};

/* ---- writing both ---- */

static int put(struct page *g, const char *before, const char *after,
	       const char *html_before, const char *html_after, struct ltps_error *err)
{
	const struct view v = view_buf(&g->line);
	if (buf_put_text(&g->text, before, err) != 0 ||
	    buf_put(&g->text, v, err) != 0 || buf_put_text(&g->text, after, err) != 0 ||
	    buf_put_text(&g->html, html_before, err) != 0 ||
	    xml_put_escaped(&g->html, v, err) != 0 ||
	    buf_put_text(&g->html, html_after, err) != 0)
		return -1;
	buf_clear(&g->line);
	return 0;
}

static int put_heading(struct page *g, const char *text, struct ltps_error *err)
{
	if (buf_put_text(&g->line, text, err) != 0)
		return -1;
	return put(g, "\n== ", " ==\n", "<h2>", "</h2>\n", err);
}

static int put_paragraph(struct page *g, const char *text, struct ltps_error *err)
{
	if (buf_put_text(&g->line, text, err) != 0)
		return -1;
	return put(g, "\n", "\n", "<p>", "</p>\n", err);
}

/* The command in g->line. */
static int put_command(struct page *g, const char *outcome, int status,
		       struct ltps_error *err)
{
	if (put(g, "\n    $ ", "\n", "<pre class=\"command\">", "</pre>\n", err) != 0)
		return -1;
	if (buf_put_fmt(&g->line, err, "expected: exit status %d%s%s", status,
			outcome[0] != '\0' ? ", " : "", outcome) != 0)
		return -1;
	return put(g, "      ", "\n", "<p class=\"expected\">", "</p>\n", err);
}

/* ---- what each kind says ---- */

static const struct {
	const char *title, *proves, *not ;
} kinds[PACKAGE_KINDS] = {
	[PACKAGE_SUMS] = { "That nothing was damaged on the way",
			   "Every file of this package has the octets that it was "
			   "made with.",
			   "It does not prove where the package comes from: whoever "
			   "changes a file can change SHA512SUMS too." },
	[PACKAGE_EVIDENCE] = { "Since when the object exists (RFC 4998)",
			       "The evidence record covers exactly these octets; each "
			       "time-stamp of it was "
			       "intact and trusted when the next one took over, the "
			       "last one at the time "
			       "named; so the octets existed when the first one was "
			       "made and are "
			       "unchanged.",
			       "It says nothing about who made the object. How long "
			       "algorithms lasted is what the policy of the service "
			       "says: with --policy default, or with one of your own, "
			       "it is asked anew. Without "
			       "--time it judges as of "
			       "now: then the record must have been renewed since. "
			       "What is trusted is "
			       "what anchors.pem says: compare it with what you trust "
			       "yourself." },
	[PACKAGE_TOKEN] = { "The same tokens with OpenSSL alone",
			    "The time-stamp token was signed by an authority under one "
			    "of "
			    "the anchors, as of the time that it tells.",
			    "It says neither what the token is over (the hash tree in "
			    "the "
			    "record tells: the dumps below) nor whether the "
			    "authority's "
			    "certificate was revoked." },
	[PACKAGE_DUMP] = { "The structure of the records",
			   "It prints every field of a record, so that hash values, "
			   "trees and tokens can be followed by hand (RFC 4998 4.3).",
			   "It judges nothing." },
	[PACKAGE_VALIDATE] = { "What the signatures are worth (EN 319 102-1)",
			       "The verdict over each signature at the time named, by "
			       "the policy and the "
			       "material of this package, without the network. The "
			       "same verdict stands in "
			       "reports/.",
			       "A verdict for today is made without --time and "
			       "--offline. The policy is "
			       "that of the service: read it before you rely on it." },
	[PACKAGE_CMS] = { "The same signatures with OpenSSL alone",
			  "The signature is intact and its certificate leads to an "
			  "anchor, "
			  "as of the best time that is known for the signature.",
			  "It asks for no revocation and applies no policy, and does "
			  "not "
			  "look at time-stamps in the signature." },
};

static int put_options(const struct package *p, struct buf *out, struct ltps_error *err)
{
	static const struct {
		enum material_kind kind;
		const char *text;
	} options[] = {
		{ MATERIAL_CERT, " --cert material/certs.pem" },
		{ MATERIAL_CRL, " --crl material/crls.pem" },
		{ MATERIAL_OCSP, " --ocsp material/ocsp.pem" },
	};
	for (size_t i = 0; i < 3; i++)
		if (material_count(p->material, options[i].kind) > 0 &&
		    buf_put_text(out, options[i].text, err) != 0)
			return -1;
	return 0;
}

static int put_line(const struct package *p, const struct package_step *s,
		    struct buf *out, struct ltps_error *err)
{
	const char *const files = (const char *)s->command.p;
	const int n = (int)s->command.n;
	const long long at = s->time_ms / 1000;
	char now[TIME_TEXT_MAX];
	time_rfc3339(p->now_ms, now);
	switch (s->kind) {
	case PACKAGE_SUMS:
		return buf_put_text(
		    out, "sha512sum --strict --quiet --check SHA512SUMS", err);
	case PACKAGE_EVIDENCE:
		return buf_put_fmt(out, err,
				   "ltps evidence verify %.*s --anchor anchors.pem "
				   "%s--time %s",
				   n, files,
				   p->evidence_policy != NULL
				       ? "--policy " PACKAGE_EVIDENCE_POLICY " "
				       : "",
				   now);
	case PACKAGE_TOKEN:
		return buf_put_fmt(out, err,
				   "openssl cms -verify -inform DER -in %.*s -CAfile "
				   "anchors.pem -partial_chain -purpose timestampsign "
				   "-attime %lld -out /dev/null",
				   n, files, at);
	case PACKAGE_DUMP:
		return buf_put_fmt(
		    out, err, "openssl asn1parse -inform DER -i -in %.*s", n, files);
	case PACKAGE_CMS:
		return buf_put_fmt(out, err,
				   "openssl cms -verify -binary -inform DER -in %.*s "
				   "-CAfile anchors.pem -partial_chain%s -purpose any "
				   "-attime %lld -out /dev/null",
				   n, files,
				   material_count(p->material, MATERIAL_CERT) > 0
				       ? " -certfile material/certs.pem"
				       : "",
				   at);
	default:
		break;
	}
	if (buf_put_fmt(out, err, "ltps validate %.*s --offline --anchor anchors.pem",
			n, files) != 0 ||
	    put_options(p, out, err) != 0)
		return -1;
	return buf_put_fmt(out, err, " --policy " PACKAGE_POLICY " --time %s", now);
}

static int put_kind(const struct package *p, struct page *g, enum package_kind kind,
		    struct ltps_error *err)
{
	bool any = false;
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct package_step *s = &p->steps[i];
		if (s->kind != kind)
			continue;
		if (!any && (put_heading(g, kinds[kind].title, err) != 0 ||
			     put_paragraph(g, kinds[kind].proves, err) != 0 ||
			     put_paragraph(g, kinds[kind].not, err) != 0))
			return -1;
		any = true;
		if (put_line(p, s, &g->line, err) != 0 ||
		    put_command(g, s->outcome, s->status, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- the page ---- */

static int put_head(const struct package *p, struct page *g, struct ltps_error *err)
{
	char now[TIME_TEXT_MAX];
	time_rfc3339(p->now_ms, now);
	if (buf_put_text(&g->html,
			 "<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
			 "charset=\"utf-8\"><title>Verification</title></head><body>\n",
			 err) != 0 ||
	    buf_put_fmt(&g->line, err, "Verification of %s", p->object->poid) != 0 ||
	    put(g, "", "\n", "<h1>", "</h1>\n", err) != 0)
		return -1;
	if (buf_put_fmt(
		&g->line, err,
		"Packaged at %s. Run each command in the folder that this "
		"package was unpacked into; \"ltps\" is the LTPS program, the "
		"others are OpenSSL (3.0 or later) and GNU coreutils. No command "
		"needs the network or the service that made the package.",
		now) != 0)
		return -1;
	return put(g, "\n", "\n", "<p>", "</p>\n", err);
}

static int put_notes(const struct package *p, struct page *g, struct ltps_error *err)
{
	if (p->n_notes > 0 && put_heading(g, "What is missing", err) != 0)
		return -1;
	for (size_t i = 0; i < p->n_notes; i++)
		if (put_paragraph(g, p->notes[i], err) != 0)
			return -1;
	return 0;
}

static int put_page(const struct package *p, struct page *g, struct ltps_error *err)
{
	static const enum package_kind order[] = { PACKAGE_SUMS,     PACKAGE_EVIDENCE,
						   PACKAGE_VALIDATE, PACKAGE_TOKEN,
						   PACKAGE_CMS,      PACKAGE_DUMP };
	if (put_head(p, g, err) != 0 || put_notes(p, g, err) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (put_kind(p, g, order[i], err) != 0)
			return -1;
	return buf_put_text(&g->html, "</body></html>\n", err);
}

int package_pages(struct package *p, struct ltps_error *err)
{
	struct page g = { buf_make(PACKAGE_TEXT_MAX), buf_make(PACKAGE_TEXT_MAX),
			  buf_make(PACKAGE_TEXT_MAX) };
	struct package_step *sums = NULL;
	int rc = package_step_add(p, PACKAGE_SUMS, &sums, err);
	if (rc == 0)
		rc = put_page(p, &g, err);
	if (rc == 0)
		rc = package_add(p, "README.txt", view_buf(&g.text), err);
	if (rc == 0)
		rc = package_add(p, "VERIFY.html", view_buf(&g.html), err);
	buf_free(&g.text);
	buf_free(&g.html);
	buf_free(&g.line);
	return rc;
}
