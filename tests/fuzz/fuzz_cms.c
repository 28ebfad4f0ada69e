/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_cms - decoding, the bytes under an evidence record, and splicing. What
 * was spliced must decode, keep the signers and not change a second time.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "formats/cms.h"
#include "formats/cms_er.h"
#include "tests/fuzz/fuzz.h"

#define OUT_MAX ((size_t)16 << 20)

static void must(int holds)
{
	if (!holds)
		abort();
}

static void look_at_parts(const struct cms *cms)
{
	for (size_t i = 0; i < cms->n_signers; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(OUT_MAX);
		struct view v;
		must(cms_signed_attrs_der(&cms->signers[i], &b, &err) == 0 ||
		     err.code != LTPS_OK);
		struct ltps_error err2 = LTPS_ERROR_INIT;
		must(cms_attr_one(&cms->signers[i].signed_attrs, OID_MESSAGE_DIGEST, &v,
				  &err2) == 0 ||
		     err2.code != LTPS_OK);
		buf_free(&b);
	}
	for (size_t i = 0; i < cms->n_crls; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(OUT_MAX);
		must(cms_crl_ocsp_response(cms->crls[i], &b, &err) == 0 ||
		     err.code != LTPS_OK);
		buf_free(&b);
	}
}

static void cover(const struct cms *cms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms_er *ers = NULL;
	size_t n = 0;

	if (cms_er_list(cms, &ers, &n, &err) != 0)
		return;
	for (size_t i = 0; i < n && i < 4; i++) {
		for (int form = 0; form < CMS_ER_FORM_COUNT; form++) {
			struct ltps_error e = LTPS_ERROR_INIT, e2 = LTPS_ERROR_INIT;
			struct buf b = buf_make(OUT_MAX);
			struct cms *cut = NULL;
			int rc = cms_er_covered(cms, ers, n, i, (enum cms_er_form)form,
						&b, &e);
			/* A cut file is a file; DER may fail on what is not decoded. */
			must(rc == 0 || form == CMS_ER_DER);
			must(rc != 0 || cms_parse(view_buf(&b), &cut, &e2) == 0);
			cms_free(cut);
			buf_free(&b);
		}
	}
	mem_free(ers);
}

static void splice(const struct cms *cms)
{
	static const uint8_t item[] = { 0x30, 0x03, 0x02, 0x01, 0x05 };
	static const uint8_t ocsp[] = { 0x30, 0x07, 0x0a, 0x01, 0x00,
					0xa0, 0x02, 0x30, 0x00 };
	struct view v = view_of(item, sizeof(item)), o = view_of(ocsp, sizeof(ocsp));
	struct cms_material m = { &v, 1, &v, 1, &o, 1 };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf once = buf_make(OUT_MAX), twice = buf_make(OUT_MAX);
	struct cms *after = NULL;

	if (cms_add_material(cms->whole, &m, &once, &err) == 0) {
		must(cms_parse(view_buf(&once), &after, &err) == 0);
		must(after->n_signers == cms->n_signers);
		for (size_t i = 0; i < cms->n_signers; i++)
			must(
			    view_equal(after->signers[i].whole, cms->signers[i].whole));
		must(cms_add_material(view_buf(&once), &m, &twice, &err) == 0);
		must(view_equal(view_buf(&once), view_buf(&twice)));
	}
	cms_free(after);
	buf_free(&twice);
	buf_free(&once);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = NULL;

	if (cms_parse(view_of(data, size), &cms, &err) != 0)
		return;
	look_at_parts(cms);
	cover(cms);
	splice(cms);
	cms_free(cms);
}
