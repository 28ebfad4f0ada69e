/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope of SOAP 1.2, and how it is packed: what has to be in order before a
 * message of TS 119 512 is looked at.
 */
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "server/soap_private.h"

#define ENCODING_NONE SOAP_NS_ENV "/encoding/none"
#define SOAP "application/soap+xml"
#define XOP "application/xop+xml"
#define ACTION_MAX 512 /* of start-info with an action in it */

/* ---- faults ---- */

/* Table 20 of SOAP 1.2 part 2: what the sender did is 400, the rest 500. */
static int status_of(enum api_fault fault)
{
	return fault == API_FAULT_SENDER ? 400 : 500;
}

__attribute__((format(printf, 3, 4))) static bool
fault(struct soap_in *s, enum api_fault kind, const char *fmt, ...)
{
	struct ltp_result *refusal = s->r.refusal;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(refusal->message, sizeof(refusal->message), fmt, ap);
	va_end(ap);
	text_make_utf8(refusal->message);
	refusal->minor = LTP_PARAMETER_ERROR;
	s->call->form.fault = kind;
	s->call->status = status_of(kind);
	return false;
}

static bool wrong_media(struct soap_in *s, const char *what)
{
	(void)fault(s, API_FAULT_SENDER, "%s", what);
	s->call->status = 415;
	return false;
}

/* ---- the media type ---- */

/* A parameter; false and a fault when the type is malformed. */
static bool parameter(struct soap_in *s, struct view type, const char *name,
		      struct view *ret)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (media_type_parameter(type, name, ret, &err) != 0)
		return fault(s, API_FAULT_SENDER, "Content-Type: %s", err.text);
	return true;
}

static bool is_utf8(struct view charset)
{
	return (charset.n == 5 &&
		strncasecmp((const char *)charset.p, "utf-8", 5) == 0) ||
	       (charset.n == 8 &&
		strncasecmp((const char *)charset.p, "us-ascii", 8) == 0);
}

static bool check_charset(struct soap_in *s, struct view type)
{
	struct view charset;
	if (!parameter(s, type, "charset", &charset))
		return false;
	return charset.p == NULL || is_utf8(charset)
		   ? true
		   : wrong_media(s, "the charset is not UTF-8");
}

/* A media type within a parameter, of which quotes are escaped. */
static struct view unescape(struct view v, char out[ACTION_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < v.n && n < ACTION_MAX; i++)
		if (v.p[i] != '\\' || ++i < v.n)
			out[n++] = (char)v.p[i];
	return view_of(out, n);
}

/* RFC 3902 2: it says what the body says, or nothing. */
static bool check_action(struct soap_in *s, struct view type)
{
	char wanted[ACTION_MAX];
	struct view action;
	if (!parameter(s, type, "action", &action))
		return false;
	snprintf(wanted, sizeof(wanted), "%s%s", s->r.ns, operation_name(s->call->op));
	return action.p == NULL || view_is_text(action, wanted)
		   ? true
		   : fault(s, API_FAULT_SENDER,
			   "the action '%.*s' is not that of the body's %s",
			   (int)(action.n < 100 ? action.n : 100),
			   (const char *)action.p, operation_name(s->call->op));
}

/* In a message of parts an action stands with the whole, with the root part, or in the
 * media types that these carry (MTOM 1.0 3.2). */
static bool check_actions(struct soap_in *s)
{
	char text[ACTION_MAX];
	const struct view whole = s->call->content_type;
	struct view info;
	if (!check_action(s, whole))
		return false;
	if (s->parts == NULL)
		return true;
	if (!parameter(s, whole, "start-info", &info) ||
	    !check_action(s, unescape(info, text)))
		return false;
	const struct view root = s->parts[s->root].type;
	return check_action(s, root) && parameter(s, root, "type", &info) &&
	       check_action(s, unescape(info, text));
}

/* ---- parts ---- */

static bool check_packaging(struct soap_in *s)
{
	const struct view whole = s->call->content_type;
	const struct view root = s->parts[s->root].type;
	char text[ACTION_MAX];
	struct view type, info;
	if (!parameter(s, whole, "type", &type) ||
	    !parameter(s, whole, "start-info", &info))
		return false;
	if (!media_type_is(type, XOP) || !media_type_is(root, XOP) ||
	    (info.p != NULL && !media_type_is(unescape(info, text), SOAP)))
		return wrong_media(s, "the parts are not " XOP " of " SOAP);
	return check_charset(s, root);
}

/* The answer will have parts too; nobody who stores an object knows their boundary. */
static int name_boundary(struct api_form *form, struct ltps_error *err)
{
	uint8_t random[16];
	char hex[2 * sizeof(random) + 1];
	if (RAND_bytes(random, sizeof(random)) != 1)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "no random numbers");
	hex_encode(view_of(random, sizeof(random)), hex);
	form->mtom = true;
	snprintf(form->boundary, sizeof(form->boundary), "ltps-%s", hex);
	snprintf(form->type, sizeof(form->type),
		 "multipart/related; type=\"" XOP "\"; start=\"<root.%s@ltps>\"; "
		 "start-info=\"" SOAP "\"; boundary=\"%s\"",
		 form->boundary, form->boundary);
	return 0;
}

static bool unpack(struct soap_in *s)
{
	struct api_call *call = s->call;
	s->parts = xread_list(&s->r, SOAP_PARTS_MAX, sizeof(*s->parts));
	s->used = s->parts != NULL ? xread_list(&s->r, SOAP_PARTS_MAX, 1) : NULL;
	if (s->used == NULL || name_boundary(&call->form, &s->r.err) != 0)
		return false;
	if (multipart_related(call->content_type, view_buf(&call->in.body), s->parts,
			      SOAP_PARTS_MAX, &s->n_parts, &s->root, &s->r.err) != 0)
		return false;
	s->r.include = soap_include;
	return check_packaging(s);
}

/* The document; *ret_whole lies in the body. */
static bool find_document(struct soap_in *s, struct view *ret_document)
{
	const struct view type = s->call->content_type;
	*ret_document = view_buf(&s->call->in.body);
	if (media_type_is(type, "multipart/related")) {
		if (!unpack(s))
			return false;
		*ret_document = s->parts[s->root].body;
		return true;
	}
	return check_charset(s, type);
}

/* ---- the header (SOAP 1.2 part 1, 5.2) ---- */

static bool read_boolean(struct soap_in *s, const char *name, bool *ret)
{
	struct view v;
	*ret = false;
	if (!xml_attr_in(s->r.xml, SOAP_NS_ENV, name, &v))
		return true;
	v = view_trim(v);
	*ret = view_is_text(v, "true") || view_is_text(v, "1");
	return *ret || view_is_text(v, "false") || view_is_text(v, "0")
		   ? true
		   : fault(s, API_FAULT_SENDER, "%s is neither true nor false", name);
}

/* 2.2: whether we are who is meant. */
static bool is_for_us(struct xml_reader *xml)
{
	struct view role;
	return !xml_attr_in(xml, SOAP_NS_ENV, "role", &role) || role.n == 0 ||
	       view_is_text(role, SOAP_NS_ENV "/role/ultimateReceiver") ||
	       view_is_text(role, SOAP_NS_ENV "/role/next");
}

/* There is no header block that we know. */
static bool read_block(struct soap_in *s)
{
	struct api_form *form = &s->call->form;
	bool must;
	if (xml_in(s->r.xml, ""))
		return fault(s, API_FAULT_SENDER,
			     "a header block is not in a namespace");
	if (!read_boolean(s, "mustUnderstand", &must))
		return false;
	if (must && is_for_us(s->r.xml)) {
		struct api_block *b = &form->blocks[form->n_blocks];
		if (form->n_blocks < API_BLOCKS_MAX) {
			snprintf(b->ns, sizeof(b->ns), "%s", xml_ns(s->r.xml));
			snprintf(b->local, sizeof(b->local), "%s",
				 (const char *)xml_local(s->r.xml).p);
			form->n_blocks++;
		}
	}
	return xml_skip(s->r.xml, &s->r.err) == 0;
}

static bool read_header(struct soap_in *s)
{
	for (size_t n = 0;; n++) {
		enum xml_event event;
		if (!xread_next(&s->r, &event))
			return false;
		if (event == XML_END)
			break;
		if (n == SOAP_HEADER_BLOCKS_MAX)
			return fault(s, API_FAULT_SENDER,
				     "there are more than %d header blocks",
				     SOAP_HEADER_BLOCKS_MAX);
		if (!read_block(s))
			return false;
	}
	const struct api_form *form = &s->call->form;
	return form->n_blocks == 0
		   ? true
		   : fault(s, API_FAULT_MUST_UNDERSTAND,
			   "the header block %s of '%s' is not understood",
			   form->blocks[0].local, form->blocks[0].ns);
}

/* ---- the body ---- */

static bool find_operation(struct soap_in *s)
{
	struct api_call *call = s->call;
	struct xml_reader *xml = s->r.xml;
	const char *name = (const char *)xml_local(xml).p;
	call->form.v121 = xml_in(xml, SOAP_NS_PRES_121);
	s->r.ns = soap_ns(&call->form);
	if (!xml_in(xml, s->r.ns) || !api_operation(name, &call->op))
		return fault(s, API_FAULT_SENDER,
			     "there is no operation '%.60s' of '%.150s'", name,
			     xml_ns(xml));
	call->op_unknown = false;
	call->in.op = call->op;
	return true;
}

/* 5.1.1: any other encoding is none that a schema describes. */
static bool check_encoding(struct soap_in *s)
{
	struct view style;
	return !xml_attr_in(s->r.xml, SOAP_NS_ENV, "encodingStyle", &style) ||
		       view_is_text(style, ENCODING_NONE)
		   ? true
		   : fault(s, API_FAULT_ENCODING, "the message is in an encoding");
}

static bool read_body(struct soap_in *s)
{
	enum xml_event event;
	if (!xread_next(&s->r, &event))
		return false;
	if (event == XML_END)
		return fault(s, API_FAULT_SENDER, "the body is empty");
	if (!find_operation(s) || !check_encoding(s) || !check_actions(s) ||
	    !soap_read_message(s) || !xread_next(&s->r, &event))
		return false;
	return event == XML_END
		   ? true
		   : fault(s, API_FAULT_SENDER, "the body holds more than one element");
}

/* ---- the envelope ---- */

static bool check_version(struct soap_in *s)
{
	struct xml_reader *xml = s->r.xml;
	if (!view_is_text(xml_local(xml), "Envelope"))
		return fault(s, API_FAULT_SENDER, "this is no SOAP envelope");
	if (xml_in(xml, SOAP_NS_ENV_11))
		return fault(s, API_FAULT_VERSION_11, "SOAP 1.2 is spoken here");
	if (!xml_in(xml, SOAP_NS_ENV))
		return fault(s, API_FAULT_VERSION, "SOAP 1.2 is spoken here");
	if (media_type_is(s->call->content_type, "text/xml"))
		return wrong_media(s, "SOAP 1.2 is " SOAP);
	return true;
}

static bool read_envelope(struct soap_in *s)
{
	enum xml_event event;
	if (!xread_next(&s->r, &event) || !check_version(s) ||
	    !xread_next(&s->r, &event))
		return false;
	if (event == XML_START && xml_is(s->r.xml, SOAP_NS_ENV, "Header") &&
	    (!read_header(s) || !xread_next(&s->r, &event)))
		return false;
	if (event != XML_START || !xml_is(s->r.xml, SOAP_NS_ENV, "Body"))
		return fault(s, API_FAULT_SENDER, "there is no body in its place");
	if (!read_body(s) || !xread_next(&s->r, &event))
		return false;
	if (event != XML_END)
		return fault(s, API_FAULT_SENDER,
			     "the envelope goes on after the body");
	return xml_next(s->r.xml, &event, &s->r.err) == 0;
}

static bool read_document(struct soap_in *s)
{
	struct view document;
	if (!find_document(s, &document) ||
	    xml_open(document, &s->r.xml, &s->r.err) != 0)
		return false;
	struct buf *body = &s->call->in.body;
	s->r.body = document.p != NULL ? body->p + (document.p - body->p) : body->p;
	xml_refuse_instructions(s->r.xml);
	return read_envelope(s);
}

/* ---- what came of it ---- */

/* Whether the error is the message's: then it was told. */
static bool tell_error(struct soap_in *s)
{
	const struct ltps_error *e = &s->r.err;
	if (e->fault != LTPS_FAULT_OBJECT && e->fault != LTPS_FAULT_CALLER)
		return false;
	if (e->code == LTPS_UNSUPPORTED && e->fault == LTPS_FAULT_CALLER)
		(void)wrong_media(s, e->text); /* of the parts */
	else if (e->code == LTPS_TOO_LARGE && !s->call->op_unknown)
		(void)xread_refuse(&s->r, LTP_PARAMETER_ERROR, "%s", e->text);
	else
		(void)fault(s, API_FAULT_SENDER, "%s%s%s", e->text,
			    e->where[0] != '\0' ? ", " : "", e->where);
	return true;
}

/* Before there is an operation nothing can be a response to it; and a fault has no
 * parts, and says its own version. */
static void settle(struct soap_in *s)
{
	struct api_form *form = &s->call->form;
	char text[sizeof(s->r.refusal->message)];
	if (s->call->op_unknown && form->fault == API_FAULT_NONE) {
		snprintf(text, sizeof(text), "%s", s->r.refusal->message);
		(void)fault(s, API_FAULT_SENDER, "an element %.200s", text);
	}
	if (form->fault == API_FAULT_NONE)
		return;
	form->mtom = false;
	snprintf(form->type, sizeof(form->type), "%s",
		 form->fault == API_FAULT_VERSION_11 ? "text/xml; charset=utf-8" : "");
}

int soap_parse(struct api_call *call, struct ltp_result *ret_refusal,
	       struct ltps_error *err)
{
	struct soap_in s = { .call = call };
	int rc = 0;
	*ret_refusal = (struct ltp_result){ .minor = LTP_OK };
	call->in = (struct api_in){ .body = call->body, .sor = SUBJECT_PO_EMBEDDED };
	call->body = buf_make(0);
	call->op_unknown = true;
	s.canonical_max = 2 * call->in.body.n + SOAP_CANONICAL_EXTRA;
	s.r = (struct xread){ .ns = SOAP_NS_PRES,
			      .lists = &call->in.lists,
			      .n_lists = &call->in.n_lists,
			      .refusal = ret_refusal,
			      .arg = &s };
	if (!read_document(&s) && ret_refusal->minor == LTP_OK && !tell_error(&s)) {
		*err = s.r.err;
		rc = -1;
	}
	if (rc == 0 && ret_refusal->minor != LTP_OK)
		settle(&s);
	xml_close(s.r.xml);
	return rc;
}
