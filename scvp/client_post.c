/* SPDX-License-Identifier: Apache-2.0 */
/* client_post - the exchange over HTTP, the only part of the client that is not pure.
 */
#include <string.h>
#include <strings.h>

#include "scvp/client.h"

#define HTTP_OK 200

/* Parameters behind the media type mean nothing here. */
static bool is_media(const char *got, const char *wanted)
{
	const size_t n = strlen(wanted);
	return strncasecmp(got, wanted, n) == 0 &&
	       (got[n] == '\0' || got[n] == ';' || got[n] == ' ');
}

static int check_answer(const struct fetch_result *r, const char *media,
			struct ltps_error *err)
{
	if (r->status != HTTP_OK)
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, "RFC 5055 B",
				 "the SCVP server answered with HTTP status %d",
				 r->status);
	if (!is_media(r->content_type, media))
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, "RFC 5055 B",
				 "the answer has the media type \"%.80s\"",
				 r->content_type);
	return 0;
}

int scvp_post(struct fetch *fetch, const char *url, bool policy, struct view body,
	      struct buf *ret, struct ltps_error *err)
{
	const char *media = policy ? SCVP_MEDIA_VP_RESPONSE : SCVP_MEDIA_CV_RESPONSE;
	const struct fetch_request request = {
		.url = url,
		.body = body,
		.post = true,
		.content_type = policy ? SCVP_MEDIA_VP_REQUEST : SCVP_MEDIA_CV_REQUEST,
		.accept = media,
	};
	struct fetch_result r = { 0 };
	int rc = fetch_do(fetch, &request, &r, err);
	if (rc == 0)
		rc = check_answer(&r, media, err);
	if (rc == 0)
		rc = buf_put(ret, view_buf(&r.body), err);
	fetch_result_free(&r);
	return rc;
}
