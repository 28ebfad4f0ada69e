/* SPDX-License-Identifier: Apache-2.0 */
/* asic_build - the writing half of asic.h. */
#include "base/clock.h"
#include "formats/asic.h"
#include "formats/asic_names.h"
#include "formats/xml.h"
#include "formats/zip.h"

#define NS_PRES "http://uri.etsi.org/19512/v1.1.2#"

/* EN 319 162-1 A.4: a reference is a URI, so its characters are restricted. */
static int put_uri(struct buf *out, struct view name, struct ltps_error *err)
{
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = name.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '-' || c == '.' ||
			     c == '_' || c == '~' || c == '/';
		if ((plain ? buf_put_byte(out, c, err)
			   : buf_put_fmt(out, err, "%%%02X", c)) != 0)
			return -1;
	}
	return 0;
}

static int put_reference(struct buf *out, const struct asic_object *o,
			 enum digest_alg alg, struct ltps_error *err)
{
	struct digest d;

	if (digest_once(alg, o->data, &d, err) != 0 ||
	    buf_put_text(out, "  <asic:DataObjectReference URI=\"", err) != 0 ||
	    put_uri(out, o->name, err) != 0)
		return -1;
	if (o->mime != NULL && (buf_put_text(out, "\" MimeType=\"", err) != 0 ||
				xml_put_escaped(out, view_text(o->mime), err) != 0))
		return -1;
	if (buf_put_fmt(out, err,
			"\">\n    <ds:DigestMethod Algorithm=\"%s\"/>\n"
			"    <ds:DigestValue>",
			xml_digest_uri(alg)) != 0 ||
	    b64_encode(digest_view(&d), out, err) != 0)
		return -1;
	return buf_put_text(out, "</ds:DigestValue>\n  </asic:DataObjectReference>\n",
			    err);
}

static int put_text_element(struct buf *out, const char *name, const char *text,
			    struct ltps_error *err)
{
	if (buf_put_fmt(out, err, "<pres:%s>", name) != 0 ||
	    xml_put_escaped(out, view_text(text), err) != 0)
		return -1;
	return buf_put_fmt(out, err, "</pres:%s>", name);
}

#define EXTENSION_BEGIN "    <asic:Extension Critical=\"false\">"
#define EXTENSION_END "</asic:Extension>\n"

static int put_container(struct buf *out, const struct asic_container *c,
			 struct ltps_error *err)
{
	char day[TIME_TEXT_MAX];
	if (buf_put_text(out,
			 "  <asic:ASiCManifestExtensions xmlns:pres=\"" NS_PRES
			 "\">\n" EXTENSION_BEGIN "<pres:ContainerID>",
			 err) != 0 ||
	    put_text_element(out, "POID", c->poid, err) != 0 ||
	    (c->version != NULL &&
	     put_text_element(out, "VersionID", c->version, err) != 0) ||
	    buf_put_text(out, "</pres:ContainerID>" EXTENSION_END, err) != 0)
		return -1;
	if (c->until_ms != 0) {
		/* xs:date: its first ten characters. */
		time_rfc3339(c->until_ms, day);
		day[10] = '\0';
		if (buf_put_text(out, EXTENSION_BEGIN, err) != 0 ||
		    put_text_element(out, "PreservationPeriod", day, err) != 0 ||
		    buf_put_text(out, EXTENSION_END, err) != 0)
			return -1;
	}
	return buf_put_text(out, "  </asic:ASiCManifestExtensions>\n", err);
}

static int put_manifest(struct buf *out, const struct asic_input *in,
			struct ltps_error *err)
{
	if (buf_put_text(out,
			 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			 "<asic:ASiCManifest xmlns:asic=\"" ASIC_NS
			 "\" xmlns:ds=\"" XML_NS_DSIG "\">\n"
			 "  <asic:SigReference URI=\"" ASIC_RECORD_NAME "\"/>\n",
			 err) != 0)
		return -1;
	for (size_t i = 0; i < in->n_objects; i++) {
		if (put_reference(out, &in->objects[i], in->alg, err) != 0)
			return -1;
	}
	if (in->container != NULL && put_container(out, in->container, err) != 0)
		return -1;
	return buf_put_text(out, "</asic:ASiCManifest>\n", err);
}

static int check_input(const struct asic_input *in, struct ltps_error *err)
{
	if (in->n_objects == 0 || in->n_objects > ASIC_REFERENCES_MAX ||
	    in->record.n == 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "a container needs objects and a record");
	if (xml_digest_uri(in->alg) == NULL)
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER, NULL,
				 "digest without an XML name");
	for (size_t i = 0; i < in->n_objects; i++) {
		if (!asic_is_object_name(in->objects[i].name))
			return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER,
					 "EN 319 162-1 A.1", "reserved file name");
	}
	return 0;
}

static int write_all(struct zip_writer *w, const struct asic_input *in,
		     struct view manifest, struct ltps_error *err)
{
	if (zip_writer_add(w, view_text(ASIC_MIMETYPE_NAME), view_text(ASIC_MIMETYPE_E),
			   err) != 0)
		return -1;
	for (size_t i = 0; i < in->n_objects; i++) {
		if (zip_writer_add(w, in->objects[i].name, in->objects[i].data, err) !=
		    0)
			return -1;
	}
	if (zip_writer_add(w, view_text(ASIC_MANIFEST_NAME), manifest, err) != 0 ||
	    zip_writer_add(w, view_text(ASIC_RECORD_NAME), in->record, err) != 0)
		return -1;
	return zip_writer_finish(w, err);
}

int asic_build(const struct asic_input *in, struct buf *out, struct ltps_error *err)
{
	struct buf manifest = buf_make(ASIC_MANIFEST_MAX);
	struct zip_writer *w = NULL;
	int rc = -1;

	if (check_input(in, err) != 0 || put_manifest(&manifest, in, err) != 0 ||
	    zip_writer_new(zip_sink_buf(out), in->time_ms, &w, err) != 0)
		goto out;
	rc = write_all(w, in, view_buf(&manifest), err);
out:
	zip_writer_free(w);
	buf_free(&manifest);
	return rc;
}
