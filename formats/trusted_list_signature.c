/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trusted_list_signature - the XAdES signature of a list, taken apart. SignedInfo and
 * SignedProperties become canonical octets first and are read out of them. What is not
 * as a trusted list has it is a flaw of the signature, not an error of the reading.
 */
#include <string.h>

#include "formats/trusted_list_private.h"
#include "formats/xml_c14n.h"

#define NS_XADES "http://uri.etsi.org/01903/v1.3.2#"
#define PART_MAX ((size_t)256 << 10) /* SignedInfo or SignedProperties */
#define TRANSFORMS_MAX 8
#define CLAUSE "TS 119 612 5.7"

#define DS(name, many, read, type, member)                                             \
	{ XML_NS_DSIG, name, false, many, read, offsetof(struct type, member) }
#define XADES(name, required, many, read)                                              \
	{ NS_XADES, name, required, many, read, 0 }

static int flaw(struct ltps_error *err, const char *text)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, CLAUSE, "signature: %s",
			 text);
}

/* What the signature does not cover: over it, but for a signature inside. */
static int pass_over(struct xml_reader *r, void *arg, void *at, struct ltps_error *err)
{
	const size_t depth = xml_depth(r);
	enum xml_event event = XML_START;
	(void)arg;
	(void)at;
	while (event != XML_END || xml_depth(r) != depth) {
		if (xml_next(r, &event, err) != 0)
			return -1;
		if (event == XML_START && xml_is(r, XML_NS_DSIG, "Signature"))
			return flaw(err, "another one is inside it");
	}
	return 0;
}

/* ---- parts in canonical form ---- */

static int put_octets(void *arg, struct view v, struct ltps_error *err)
{
	return buf_put(arg, v, err);
}

static int keep_canonical(struct xml_reader *r, struct trusted_list *l, bool inclusive,
			  struct view *ret, struct ltps_error *err)
{
	struct buf octets = buf_make(PART_MAX);
	const struct xml_c14n to = { .put = put_octets,
				     .arg = &octets,
				     .inclusive = inclusive };
	int rc = xml_c14n_element(r, &to, err);
	if (rc == 0)
		rc = arena_copy(&l->arena, view_buf(&octets), ret, err);
	buf_free(&octets);
	return rc;
}

/* A part again, out of its canonical octets. */
static int read_part(struct trusted_list *l, struct view part,
		     int (*read)(struct xml_reader *r, struct trusted_list *l,
				 struct trusted_list_signature *s,
				 struct ltps_error *err),
		     struct ltps_error *err)
{
	struct xml_reader *r = NULL;
	enum xml_event event;
	int rc = xml_open(part, &r, err);
	if (rc == 0)
		rc = xml_next(r, &event, err);
	if (rc == 0)
		rc = read(r, l, &l->signature, err);
	xml_close(r);
	return rc;
}

/* Algorithm of an element that says nothing else. */
static int read_algorithm(struct xml_reader *r, void *arg, void *at,
			  struct ltps_error *err)
{
	struct view v = VIEW_NULL;
	if (!xml_attr(r, "Algorithm", &v) || v.n == 0)
		return xml_fail_element(r, err, "no Algorithm");
	if (tl_keep(arg, v, at, err) != 0)
		return -1;
	return xml_children(r, NULL, 0, arg, NULL, err);
}

/* ---- SignedInfo ---- */

static int read_transform(struct xml_reader *r, void *arg, void *at,
			  struct ltps_error *err)
{
	static const struct tl_bound bound = { sizeof(const char *), TRANSFORMS_MAX,
					       "transforms" };
	struct trusted_list_texts *t = at;
	const char *uri;
	if (tl_grow(arg, &t->list, t->n, &bound, err) != 0 ||
	    read_algorithm(r, arg, &uri, err) != 0)
		return -1;
	t->list[t->n++] = uri;
	return 0;
}

static int read_transforms(struct xml_reader *r, void *arg, void *at,
			   struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ XML_NS_DSIG, "Transform", true, true, read_transform, 0 },
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

static int read_reference(struct xml_reader *r, void *arg, void *at,
			  struct ltps_error *err)
{
	static const struct xml_child children[] = {
		DS("Transforms", false, read_transforms, trusted_list_reference,
		   transforms),
		DS("DigestMethod", false, read_algorithm, trusted_list_reference,
		   digest_method),
		DS("DigestValue", false, tl_read_base64, trusted_list_reference, value),
	};
	struct trusted_list_signature *s = at;
	if (s->n_references == COUNT(s->references))
		return flaw(err, "more than two things are signed");
	struct trusted_list_reference *ref = &s->references[s->n_references++];
	*ref = (struct trusted_list_reference){ .type = "", .digest_method = "" };
	if (tl_keep_attribute(r, arg, "URI", &ref->uri, err) != 0 ||
	    tl_keep_attribute(r, arg, "Type", &ref->type, err) != 0)
		return -1;
	if (ref->uri == NULL)
		return xml_fail_element(r, err, "no URI");
	return xml_children(r, children, COUNT(children), arg, ref, err);
}

static int read_info(struct xml_reader *r, struct trusted_list *l,
		     struct trusted_list_signature *s, struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ XML_NS_DSIG, "CanonicalizationMethod", true, false, read_algorithm,
		  offsetof(struct trusted_list_signature, canonicalization) },
		{ XML_NS_DSIG, "SignatureMethod", true, false, read_algorithm,
		  offsetof(struct trusted_list_signature, method) },
		{ XML_NS_DSIG, "Reference", true, true, read_reference, 0 },
	};
	return xml_children(r, children, COUNT(children), l, s, err);
}

static int keep_info(struct xml_reader *r, void *arg, void *at, struct ltps_error *err)
{
	struct trusted_list *l = arg;
	(void)at;
	return keep_canonical(r, l, false, &l->signature.info, err) == 0
		   ? read_part(l, l->signature.info, read_info, err)
		   : -1;
}

/* ---- SignedProperties ---- */

static int read_cert_digest(struct xml_reader *r, void *arg, void *at,
			    struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ XML_NS_DSIG, "DigestMethod", true, false, read_algorithm,
		  offsetof(struct trusted_list_cert_digest, method) },
		{ XML_NS_DSIG, "DigestValue", true, false, tl_read_base64,
		  offsetof(struct trusted_list_cert_digest, value) },
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

/* at: the signature. The first is the signer's (EN 319 132-1 5.2.2). */
static int read_cert(struct xml_reader *r, void *arg, void *at, struct ltps_error *err)
{
	static const struct xml_child children[] = {
		XADES("CertDigest", true, false, read_cert_digest),
		XADES("IssuerSerial", false, false, xml_child_skip),
		XADES("IssuerSerialV2", false, false, xml_child_skip),
	};
	struct trusted_list_signature *s = at;
	struct trusted_list_cert_digest further;
	if (s->n_certificates == TRUSTED_LIST_CERT_DIGESTS_MAX)
		return flaw(err, "too many signing certificates");
	return xml_children(r, children, COUNT(children), arg,
			    s->n_certificates++ == 0 ? &s->certificate : &further, err);
}

static int read_signing_certificate(struct xml_reader *r, void *arg, void *at,
				    struct ltps_error *err)
{
	static const struct xml_child children[] = {
		XADES("Cert", true, true, read_cert),
	};
	struct trusted_list_signature *s = at;
	if (s->n_certificates > 0)
		return flaw(err, "two properties name the signing certificate");
	return xml_children(r, children, COUNT(children), arg, at, err);
}

static int read_signing_time(struct xml_reader *r, void *arg, void *at,
			     struct ltps_error *err)
{
	struct trusted_list_signature *s = at;
	s->has_signing_time = true;
	return tl_read_time(r, arg, &s->signing_time_ms, err);
}

static int read_signature_properties(struct xml_reader *r, void *arg, void *at,
				     struct ltps_error *err)
{
	static const struct xml_child children[] = {
		XADES("SigningTime", false, false, read_signing_time),
		XADES("SigningCertificate", false, false, read_signing_certificate),
		XADES("SigningCertificateV2", false, false, read_signing_certificate),
		XADES("SignaturePolicyIdentifier", false, false, xml_child_skip),
		XADES("SignatureProductionPlace", false, false, xml_child_skip),
		XADES("SignatureProductionPlaceV2", false, false, xml_child_skip),
		XADES("SignerRole", false, false, xml_child_skip),
		XADES("SignerRoleV2", false, false, xml_child_skip),
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

static int read_properties(struct xml_reader *r, struct trusted_list *l,
			   struct trusted_list_signature *s, struct ltps_error *err)
{
	static const struct xml_child children[] = {
		XADES("SignedSignatureProperties", true, false,
		      read_signature_properties),
		XADES("SignedDataObjectProperties", false, false, xml_child_skip),
	};
	if (tl_keep_attribute(r, l, "Id", &s->properties_id, err) != 0)
		return -1;
	return xml_children(r, children, COUNT(children), l, s, err);
}

/* ---- the whole ---- */

/*
 * XML Signature 4.4.3.2: what is referred to without a transform becomes octets by
 * Canonical XML 1.0. SignedInfo stands before the properties, or they are read as most
 * lists have them.
 */
static bool wants_inclusive(const struct trusted_list_signature *s)
{
	for (size_t i = 0; i < s->n_references; i++)
		if (strcmp(s->references[i].type, TRUSTED_LIST_PROPERTIES_TYPE) == 0)
			return s->references[i].transforms.n == 0;
	return false;
}

static int keep_properties(struct xml_reader *r, void *arg, void *at,
			   struct ltps_error *err)
{
	struct trusted_list *l = arg;
	struct trusted_list_signature *s = &l->signature;
	(void)at;
	s->inclusive = wants_inclusive(s);
	return keep_canonical(r, l, s->inclusive, &s->properties, err);
}

static int read_qualifying(struct xml_reader *r, void *arg, void *at,
			   struct ltps_error *err)
{
	static const struct xml_child children[] = {
		XADES("SignedProperties", false, false, keep_properties),
		XADES("UnsignedProperties", false, false, pass_over),
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

static int read_object(struct xml_reader *r, void *arg, void *at,
		       struct ltps_error *err)
{
	static const struct xml_child children[] = {
		XADES("QualifyingProperties", false, false, read_qualifying),
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

/* None is required here: what is missing is told when all is read. */
static int read_parts(struct xml_reader *r, struct trusted_list *l,
		      struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ XML_NS_DSIG, "SignedInfo", false, false, keep_info, 0 },
		DS("SignatureValue", false, tl_read_base64, trusted_list_signature,
		   value),
		{ XML_NS_DSIG, "KeyInfo", false, false, pass_over, 0 },
		{ XML_NS_DSIG, "Object", false, false, read_object, 0 },
	};
	return xml_children(r, children, COUNT(children), l, &l->signature, err);
}

static int read_signed(struct trusted_list *l, struct ltps_error *err)
{
	const struct trusted_list_signature *s = &l->signature;
	if (s->info.n == 0 || s->value.n == 0)
		return flaw(err, "SignedInfo or SignatureValue is missing");
	if (s->properties.n == 0)
		return flaw(err, "no XAdES SignedProperties");
	return read_part(l, s->properties, read_properties, err);
}

/* To the END of the element of this depth, from anywhere inside it. */
static int leave(struct xml_reader *r, size_t depth, struct ltps_error *err)
{
	enum xml_event event = XML_START;
	while (event != XML_END || xml_depth(r) != depth)
		if (xml_next(r, &event, err) != 0)
			return -1;
	return 0;
}

static int take_flaw(struct trusted_list *l, const struct ltps_error *bad,
		     struct ltps_error *err)
{
	if (bad->fault != LTPS_FAULT_OBJECT && bad->code != LTPS_TOO_LARGE) {
		*err = *bad;
		return -1;
	}
	if (l->signature.flaw.code == LTPS_OK)
		l->signature.flaw = *bad;
	return 0;
}

int tl_read_signature(struct xml_reader *r, struct trusted_list *l,
		      struct ltps_error *err)
{
	struct trusted_list_signature *s = &l->signature;
	struct ltps_error bad = LTPS_ERROR_INIT;
	const size_t depth = xml_depth(r);
	s->canonicalization = s->method = s->properties_id = s->certificate.method = "";
	if (read_parts(r, l, &bad) != 0)
		return take_flaw(l, &bad, err) == 0 ? leave(r, depth, err) : -1;
	return read_signed(l, &bad) == 0 ? 0 : take_flaw(l, &bad, err);
}
