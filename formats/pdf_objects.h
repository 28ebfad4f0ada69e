/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_objects - the objects of a PDF as each of its revisions has them. Read by our own
 * reader at the places that the strict chain names; of an encrypted file by libqpdf,
 * which decrypts. libqpdf then confirms: whatever was looked at in a revision must be
 * the same to it, with the file cut off at that revision's end and recovery off. Two
 * readers that disagree mean that others may disagree too: the file is malformed.
 */
#ifndef LTPS_FORMATS_PDF_OBJECTS_H
#define LTPS_FORMATS_PDF_OBJECTS_H

#include "formats/pdf_file.h"

#define PDF_CONFIRMED_MAX 64 /* revisions opened by libqpdf */
#define PDF_CACHE_MAX ((size_t)256 << 20)
#define PDF_STREAM_MAX ((size_t)64 << 20) /* decoded, one stream */
#define PDF_REFS_MAX 32                   /* references to references */

struct pdf_objects;
/*
 * pdf_objects_new - file must outlive it.
 * password  of an encrypted file, user or owner; n == 0: the empty one
 * Fails:    DENIED (object) when the password does not open it; UNSUPPORTED; as libqpdf
 */
int pdf_objects_new(const struct pdf_file *f, struct view password,
		    struct pdf_objects **ret_o, struct ltps_error *err) LTPS_CHECKED;
void pdf_objects_free(struct pdf_objects *o);

/*
 * pdf_object - an indirect object, decrypted. The same revision's object is read once;
 * objects that did not change between revisions are the same pointer.
 * ret_v  never NULL: a PDF_NULL value when it is free or was never defined; lives as
 *        long as the objects
 * Fails: FORMAT (object): what stands there is no such object; TOO_LARGE; NOMEM
 */
int pdf_object(struct pdf_objects *o, size_t revision, struct pdf_ref ref,
	       const struct pdf_value **ret_v, struct ltps_error *err) LTPS_CHECKED;
/* The same as it stands in the file, not decrypted; it does not count as looked at. */
int pdf_object_own(struct pdf_objects *o, size_t revision, struct pdf_ref ref,
		   const struct pdf_value **ret_v, struct ltps_error *err) LTPS_CHECKED;
/* Of a failure to read: the object's fault, which is data, rather than something that
 * keeps us from judging. */
bool pdf_is_fault_of_object(const struct ltps_error *err);
/*
 * pdf_revision_hides - octets of an update in which readers that make a table of their
 * own could find what its sections do not name: any but those of the objects that they
 * name, of the sections, white space and comments; and in these, too, what looks like
 * the head of an object or a trailer.
 * ret_what  "": none; an object that cannot be read counts as such octets
 * Fails:    TOO_LARGE, NOMEM
 * Spec:     ISO 32000-2 7.5.6
 */
#define PDF_HIDDEN_TEXT 160
int pdf_revision_hides(struct pdf_objects *o, size_t revision,
		       char ret_what[PDF_HIDDEN_TEXT],
		       struct ltps_error *err) LTPS_CHECKED;
/*
 * pdf_is_read_by_others - whether the dictionary of an object stream refers to other
 * objects for what its data are read by: whoever replaces one of these replaces every
 * object in it. Not /Length: an object that reads to another end is not read.
 * Spec: ISO 32000-2 7.5.7
 */
bool pdf_is_read_by_others(const struct pdf_value *stream);
/* Octets of a file, objects one behind the other, in which no heads stand but those that
 * entries name. */
struct pdf_extent {
	uint64_t start, end;
	const struct pdf_entry *last; /* of its last object, which may go on behind */
};
/*
 * pdf_signed_hides - the head of an object in the octets up to the end of this revision
 * that no entry of any revision up to it names, and that stands in no object or section.
 * plain     where none is looked for, as found by somebody who went there; is put into
 *           the order of the file
 * ret_what  "": none
 * Fails:    TOO_LARGE, NOMEM
 */
int pdf_signed_hides(struct pdf_objects *o, size_t revision, struct pdf_extent *plain,
		     size_t n_plain, char ret_what[PDF_HIDDEN_TEXT],
		     struct ltps_error *err) LTPS_CHECKED;
/* What a value refers to, or itself; a PDF_NULL value for NULL. */
int pdf_resolve(struct pdf_objects *o, size_t revision,
		const struct pdf_value *v_or_null, const struct pdf_value **ret_v,
		struct ltps_error *err) LTPS_CHECKED;
/* Entry of a dictionary, resolved; a PDF_NULL value when it is not there. */
int pdf_get(struct pdf_objects *o, size_t revision,
	    const struct pdf_value *dict_or_null, const char *key,
	    const struct pdf_value **ret_v, struct ltps_error *err) LTPS_CHECKED;
/* Catalog. Fails: FORMAT when it is no dictionary */
int pdf_catalog(struct pdf_objects *o, size_t revision, const struct pdf_value **ret_v,
		struct ltps_error *err) LTPS_CHECKED;
/* The decoded data of a stream, kept; lives as long as the objects. */
int pdf_stream_data(struct pdf_objects *o, size_t revision,
		    const struct pdf_value *stream, struct view *ret_data,
		    struct ltps_error *err) LTPS_CHECKED;
/*
 * pdf_signed_stream - what a value refers to, and the decoded data where it is a
 * stream: of what is signed itself, as certificates and their status are. It does not
 * count as looked at, so that nobody confirms it: false data there can be lacking,
 * never pass. ret_data  VIEW_NULL for anything else
 */
int pdf_signed_stream(struct pdf_objects *o, size_t revision,
		      const struct pdf_value *v_or_null, const struct pdf_value **ret_v,
		      struct view *ret_data, struct ltps_error *err) LTPS_CHECKED;
/*
 * pdf_objects_confirm - compare with what libqpdf reads in this revision: the trailer's
 * /Root, /Encrypt, /Size and every object looked at in it so far (those that did not
 * change since another revision that was confirmed are not compared again). It reads an
 * excerpt; docs/decisions/0018 says what that leaves out.
 * ret_differs  empty, or where they differ: "object 12: ..."
 * Ask for the newest revision first: what it may cost is bounded for the whole file.
 * Fails: NOMEM; UNSUPPORTED (self) without libqpdf; STATE (object) beyond
 *        PDF_CONFIRMED_MAX, or beyond the entries that libqpdf is let at. What libqpdf
 *        refuses is a difference, not an error
 */
int pdf_objects_confirm(struct pdf_objects *o, size_t revision, char ret_differs[200],
			struct ltps_error *err) LTPS_CHECKED;
bool pdf_objects_encrypted(const struct pdf_objects *o);

#endif
