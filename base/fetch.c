/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fetch.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <openssl/err.h>

#include "base/clock.h"
#include "base/fetch_curl.h"
#include "base/fetch_private.h"
#include "base/mem.h"

#define FETCH_AGENT "ltps/" LTPS_VERSION
/* Idle connections kept by one handle; a worker speaks to few servers. */
#define FETCH_CONNECTIONS_MAX 4L
/* Longest header field of ours: "Content-Type: " and a media type. */
#define FETCH_FIELD_MAX 256

/* --- handles -------------------------------------------------------------- */

static void policy_defaults(struct fetch_policy *p)
{
	if (p->connect_ms == 0)
		p->connect_ms = FETCH_CONNECT_MS;
	if (p->total_ms == 0)
		p->total_ms = FETCH_TOTAL_MS;
	if (p->max_bytes == 0)
		p->max_bytes = FETCH_BODY_MAX;
}

int fetch_load(struct ltps_error *err)
{
	return fetch_curl_load(err);
}

int fetch_new(const struct fetch_policy *policy, struct fetch **ret_f,
	      struct ltps_error *err)
{
	struct fetch *f = mem_zalloc(1, sizeof(*f));
	if (f == NULL)
		return ltps_fail_nomem(err);
	f->policy = *policy;
	f->until_ms = INT64_MAX;
	policy_defaults(&f->policy);
	if (policy->ca_file != NULL) {
		f->ca_file = mem_dup_text(policy->ca_file);
		if (f->ca_file == NULL) {
			mem_free(f);
			return ltps_fail_nomem(err);
		}
		f->policy.ca_file = f->ca_file;
	}
	*ret_f = f;
	return 0;
}

void fetch_free(struct fetch *f)
{
	if (f == NULL)
		return;
	if (f->easy != NULL) {
		libcurl.easy_cleanup(f->easy);
		libcurl.multi_cleanup(f->multi);
	}
	mem_free(f->ca_file);
	mem_free(f);
	ERR_clear_error(); /* closing a TLS connection may leave entries */
}

/* What comes before there is a multi handle is seen before it waits. */
void fetch_cancel(struct fetch *f)
{
	atomic_store(&f->cancelled, true);
	void *multi = atomic_load(&f->multi);
	if (multi != NULL)
		libcurl.multi_wakeup(multi);
}

/* With the first exchange: many a fetch is made in case, and never needed. */
static int open_handles(struct fetch *f, struct ltps_error *err)
{
	if (f->easy != NULL)
		return 0;
	if (fetch_curl_load(err) != 0)
		return -1;
	CURL *easy = libcurl.easy_init();
	CURLM *multi = libcurl.multi_init();
	if (easy == NULL || multi == NULL ||
	    libcurl.multi_setopt(multi, CURLMOPT_MAXCONNECTS, FETCH_CONNECTIONS_MAX) !=
		CURLM_OK) {
		libcurl.easy_cleanup(easy);
		libcurl.multi_cleanup(multi);
		return ltps_fail_nomem(err);
	}
	f->easy = easy;
	atomic_store(&f->multi, multi);
	return 0;
}

void fetch_result_free(struct fetch_result *r)
{
	if (r != NULL)
		buf_free(&r->body);
}

/* --- the request is judged before anything is sent ------------------------ */

/* Visible ASCII only, and blanks if allowed: a URI has nothing else (RFC 3986 2). */
static bool fetch_is_visible(const char *s, size_t n, bool blanks)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned char c = (unsigned char)s[i];
		if (c > 0x7e || c < 0x20 || (c == 0x20 && !blanks))
			return false;
	}
	return true;
}

static int check_scheme(const struct fetch_policy *policy, CURLU *url,
			struct ltps_error *err)
{
	char *scheme = NULL;
	const CURLUcode uc = libcurl.url_get(url, CURLUPART_SCHEME, &scheme, 0);
	if (uc == CURLUE_OUT_OF_MEMORY)
		return ltps_fail_nomem(err);
	if (uc != CURLUE_OK)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "URL without a scheme");
	const bool allowed = strcasecmp(scheme, "https") == 0 ||
			     (policy->allow_http && strcasecmp(scheme, "http") == 0);
	if (!allowed)
		ltps_fail(err, LTPS_DENIED, LTPS_FAULT_CALLER, NULL,
			  "URL scheme %.16s is not allowed", scheme);
	libcurl.free(scheme);
	return allowed ? 0 : -1;
}

/* libcurl looks for a host behind one slash or three as well. */
static bool has_authority(const char *text)
{
	const char *p = text + strcspn(text, ":");
	return strncmp(p, "://", 3) == 0 && p[3] != '/';
}

static CURLUcode probe(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	const CURLUcode uc = libcurl.url_get(url, part, &text, 0);
	libcurl.free(text);
	return uc;
}

static int check_parts(const struct fetch_policy *policy, CURLU *url, const char *text,
		       struct ltps_error *err)
{
	if (check_scheme(policy, url, err) != 0)
		return -1;
	const CURLUcode host = probe(url, CURLUPART_HOST);
	const CURLUcode user = probe(url, CURLUPART_USER);
	const CURLUcode password = probe(url, CURLUPART_PASSWORD);
	if (host == CURLUE_OUT_OF_MEMORY || user == CURLUE_OUT_OF_MEMORY ||
	    password == CURLUE_OUT_OF_MEMORY)
		return ltps_fail_nomem(err);
	if (!has_authority(text) || host != CURLUE_OK)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "URL without a host");
	if (user != CURLUE_NO_USER || password != CURLUE_NO_PASSWORD)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER,
				 "RFC 3986 3.2.1", "URL with user information");
	return 0;
}

static int check_text(const char *text, struct ltps_error *err)
{
	const size_t n = text != NULL ? strnlen(text, FETCH_URL_MAX + 1) : 0;
	if (n == 0 || n > FETCH_URL_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "URL is empty or longer than %d", FETCH_URL_MAX);
	if (!fetch_is_visible(text, n, false))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 3986 2",
				 "URL with a character that is not visible ASCII");
	return 0;
}

static int check_url(const struct fetch_policy *policy, const char *text,
		     struct ltps_error *err)
{
	CURLU *url = libcurl.url();
	if (url == NULL)
		return ltps_fail_nomem(err);
	int rc = 0;
	const CURLUcode uc =
	    libcurl.url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
	if (uc == CURLUE_OUT_OF_MEMORY)
		rc = ltps_fail_nomem(err);
	else if (uc != CURLUE_OK)
		rc = ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			       "malformed URL: %s", libcurl.url_strerror(uc));
	else
		rc = check_parts(policy, url, text, err);
	libcurl.url_cleanup(url);
	return rc;
}

static int add_field(struct exchange *x, const char *name, const char *value,
		     struct ltps_error *err)
{
	char line[FETCH_FIELD_MAX];
	const size_t name_n = strlen(name);
	const size_t n = value != NULL ? strnlen(value, sizeof(line)) : 0;
	if (name_n + 3 + n > sizeof(line) ||
	    (n > 0 && !fetch_is_visible(value, n, true)))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "unusable value of header field %s", name);
	/* A name without value makes libcurl leave its own field out. */
	memcpy(line, name, name_n);
	memcpy(line + name_n, ": ", 2);
	if (n > 0)
		memcpy(line + name_n + 2, value, n);
	line[name_n + (n > 0 ? 2 : 1) + n] = '\0';
	struct curl_slist *grown = libcurl.slist_append(x->headers, line);
	if (grown == NULL)
		return ltps_fail_nomem(err);
	x->headers = grown;
	return 0;
}

/* --- callbacks -------------------------------------------------------------- */

/* The address that is connected to is the one judged: it comes from here. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct exchange *x = arg;
	if (purpose != CURLSOCKTYPE_IPCXN ||
	    !fetch_address_allowed(&x->f->policy, &a->addr, a->addrlen)) {
		x->refused++;
		return CURL_SOCKET_BAD;
	}
	x->opened++;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* Connected, the request goes out next; once for each redirect. */
static int on_connected(void *arg, char *peer, char *local, int peer_port,
			int local_port)
{
	struct exchange *x = arg;
	(void)peer, (void)local, (void)peer_port, (void)local_port;
	x->opened = 0;
	x->refused = 0;
	x->awaiting = true;
	x->headers_over = false;
	return CURL_PREREQFUNC_OK;
}

/*
 * libcurl undoes a compressing transfer coding even when none was asked for
 * (RFC 9112 7.4 forbids a server to send it then): refused, as a bomb may be.
 */
static bool is_foreign_coding(struct view line)
{
	static const char name[] = "transfer-encoding:";
	const size_t n = sizeof(name) - 1;
	if (line.n < n || strncasecmp((const char *)line.p, name, n) != 0)
		return false;
	line = view_skip(line, n);
	while (line.n > 0 && line.p[0] <= ' ')
		line = view_skip(line, 1);
	while (line.n > 0 && line.p[line.n - 1] <= ' ')
		line.n--;
	return line.n != 7 || strncasecmp((const char *)line.p, "chunked", 7) != 0;
}

/* Where in the answers this line stands; false when they are not HTTP/1. */
static bool header_place(struct exchange *x, struct view line)
{
	x->awaiting = false;
	if (line.n <= 2) {
		x->headers_over = true;
	} else if (view_starts(line, view_text("HTTP/"))) {
		/* The first, or the one behind a 1xx answer. */
		x->headers_over = false;
		return view_starts(line, view_text("HTTP/1."));
	}
	return true;
}

static size_t on_header(char *p, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;
	const struct view line = view_of(p, size * count);
	x->header_bytes += line.n;
	if (x->header_bytes > FETCH_HEADER_MAX) {
		ltps_fail(&x->failed, LTPS_TOO_LARGE, LTPS_FAULT_REMOTE, NULL,
			  "answer headers exceed %zu bytes", FETCH_HEADER_MAX);
		return 0;
	}
	if (!header_place(x, line)) {
		ltps_fail(&x->failed, LTPS_REMOTE, LTPS_FAULT_REMOTE, "RFC 9112 2.3",
			  "answer is not HTTP/1.1");
		return 0;
	}
	if (is_foreign_coding(line)) {
		ltps_fail(&x->failed, LTPS_REMOTE, LTPS_FAULT_REMOTE, "RFC 9112 7.4",
			  "answer in a transfer coding that was not asked for");
		return 0;
	}
	return line.n;
}

static size_t on_body(char *p, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;
	const size_t n = size * count;
	struct ltps_error put = LTPS_ERROR_INIT;
	if (buf_put(&x->body, view_of(p, n), &put) == 0)
		return n;
	if (put.code == LTPS_NOMEM)
		ltps_fail_nomem(&x->failed);
	else
		ltps_fail(&x->failed, LTPS_TOO_LARGE, LTPS_FAULT_REMOTE, NULL,
			  "answer exceeds %zu bytes", x->f->policy.max_bytes);
	return 0;
}

static uint64_t known(curl_off_t n)
{
	return n > 0 ? (uint64_t)n : 0;
}

/* Also counts the body of a redirect, which on_body never sees. */
static int on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
		       curl_off_t up_now)
{
	struct exchange *x = arg;
	const struct fetch_policy *p = &x->f->policy;
	const struct fetch_state state = { .url = x->url,
					   .sent = known(up_now),
					   .to_send = known(up_total),
					   .got = known(now),
					   .to_get = known(total) };
	if (p->progress != NULL)
		p->progress(p->progress_arg, &state);
	if (x->header_bytes == 0 && clock_monotonic_ms() >= x->silent_until_ms) {
		ltps_fail(&x->failed, LTPS_TIMEOUT, LTPS_FAULT_REMOTE, NULL,
			  "no answer begins");
		return 1;
	}
	if (now < 0 || (uint64_t)now <= p->max_bytes)
		return 0;
	ltps_fail(&x->failed, LTPS_TOO_LARGE, LTPS_FAULT_REMOTE, NULL,
		  "answer exceeds %zu bytes", p->max_bytes);
	return 1;
}

/* --- options; every one that matters is set, whatever libcurl's default ---- */

static int set_safety(CURL *easy, const struct fetch_policy *p)
{
	const char *schemes = p->allow_http ? "http,https" : "https";
	int bad = 0;
	bad |= libcurl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, schemes);
	bad |= libcurl.easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, schemes);
	bad |= libcurl.easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	/* Proxies of the environment would be connected to instead. */
	bad |= libcurl.easy_setopt(easy, CURLOPT_PROXY, "");
	bad |= libcurl.easy_setopt(easy, CURLOPT_NOPROXY, "*");
	bad |= libcurl.easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	bad |= libcurl.easy_setopt(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
	bad |= libcurl.easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	bad |= libcurl.easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
	bad |= libcurl.easy_setopt(easy, CURLOPT_HTTP_VERSION,
				   (long)CURL_HTTP_VERSION_1_1);
	bad |= libcurl.easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= libcurl.easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	bad |= libcurl.easy_setopt(easy, CURLOPT_SSLVERSION,
				   (long)CURL_SSLVERSION_TLSv1_2);
	if (p->ca_file != NULL) {
		/* Only this file: the system's folder would be taken as well. */
		bad |= libcurl.easy_setopt(easy, CURLOPT_CAINFO, p->ca_file);
		bad |= libcurl.easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (p->client_certificate != NULL) {
		bad |=
		    libcurl.easy_setopt(easy, CURLOPT_SSLCERT, p->client_certificate);
		bad |= libcurl.easy_setopt(easy, CURLOPT_SSLKEY, p->client_key);
	}
	return bad;
}

static int set_bounds(CURL *easy, const struct fetch_policy *p)
{
	int bad = 0;
	bad |= libcurl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* A name server that does not answer must not hold the thread. */
	bad |= libcurl.easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	bad |=
	    libcurl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)p->connect_ms);
	bad |= libcurl.easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)p->total_ms);
	bad |= libcurl.easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
				   (curl_off_t)p->max_bytes);
	bad |= libcurl.easy_setopt(easy, CURLOPT_FOLLOWLOCATION,
				   p->redirects > 0 ? 1L : 0L);
	bad |= libcurl.easy_setopt(easy, CURLOPT_MAXREDIRS, (long)p->redirects);
	/* A moved time-stamping or OCSP service still wants the request. */
	bad |= libcurl.easy_setopt(easy, CURLOPT_POSTREDIR,
				   CURL_REDIR_POST_301 | CURL_REDIR_POST_302);
	return bad;
}

static int set_callbacks(CURL *easy, struct exchange *x)
{
	int bad = 0;
	bad |= libcurl.easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	bad |= libcurl.easy_setopt(easy, CURLOPT_OPENSOCKETDATA, x);
	bad |= libcurl.easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	bad |= libcurl.easy_setopt(easy, CURLOPT_PREREQDATA, x);
	bad |= libcurl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	bad |= libcurl.easy_setopt(easy, CURLOPT_HEADERDATA, x);
	bad |= libcurl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	bad |= libcurl.easy_setopt(easy, CURLOPT_WRITEDATA, x);
	bad |= libcurl.easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	bad |= libcurl.easy_setopt(easy, CURLOPT_XFERINFODATA, x);
	bad |= libcurl.easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	return bad;
}

static int set_request(CURL *easy, const struct fetch_request *req,
		       const struct exchange *x)
{
	int bad = 0;
	bad |= libcurl.easy_setopt(easy, CURLOPT_URL, req->url);
	bad |= libcurl.easy_setopt(easy, CURLOPT_USERAGENT, FETCH_AGENT);
	if (req->post || req->body.n > 0) {
		const void *body = req->body.n > 0 ? (const void *)req->body.p : "";
		bad |= libcurl.easy_setopt(easy, CURLOPT_POST, 1L);
		bad |= libcurl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
					   (curl_off_t)req->body.n);
		bad |= libcurl.easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	}
	bad |= libcurl.easy_setopt(easy, CURLOPT_HTTPHEADER, x->headers);
	return bad;
}

static int make_headers(const struct fetch_request *req, struct exchange *x,
			struct ltps_error *err)
{
	/* No second of waiting for "100 Continue" before a large request. */
	if (add_field(x, "Expect", NULL, err) != 0 ||
	    add_field(x, "Content-Type", req->content_type, err) != 0)
		return -1;
	for (size_t i = 0; i < req->n_fields; i++)
		if (add_field(x, req->fields[i].name, req->fields[i].value, err) != 0)
			return -1;
	return req->accept != NULL ? add_field(x, "Accept", req->accept, err) : 0;
}

int fetch_set_options(struct exchange *x)
{
	struct fetch *f = x->f;
	libcurl.easy_reset(f->easy);
	const int bad = set_safety(f->easy, &f->policy) |
			set_bounds(f->easy, &f->policy) | set_callbacks(f->easy, x);
	return bad == 0 ? 0 : -1;
}

static int prepare(struct fetch *f, const struct fetch_request *req, struct exchange *x,
		   struct ltps_error *err)
{
	if (check_url(&f->policy, req->url, err) != 0 || make_headers(req, x, err) != 0)
		return -1;
	const unsigned failed_before = fetch_allocations_failed();
	const int bad = fetch_set_options(x) | set_request(f->easy, req, x);
	/*
	 * Copying a text is all that can fail in them. The reset cannot say so
	 * and would leave a handle without some of its options.
	 */
	if (bad != 0 || fetch_allocations_failed() != failed_before)
		return ltps_fail_nomem(err);
	return 0;
}

/* --- the exchange ------------------------------------------------------------ */

static int fail_curl(struct ltps_error *err, enum ltps_code code, enum ltps_fault fault,
		     CURLcode rc, const char *what)
{
	if (err->code != LTPS_OK)
		return -1;
	ltps_fail(err, code, fault, NULL, "%s: %s", what, libcurl.easy_strerror(rc));
	err->foreign = LTPS_FOREIGN_CURL;
	err->foreign_code = rc;
	return -1;
}

/* A refused scheme of a redirect, or an answer that is no HTTP/1. */
static int fail_protocol(const struct exchange *x, CURLcode rc, struct ltps_error *err)
{
	if (x->awaiting)
		return fail_curl(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, rc,
				 "answer is not HTTP/1.1");
	return fail_curl(err, LTPS_DENIED, LTPS_FAULT_CALLER, rc,
			 "redirect to a scheme that is not allowed");
}

static int fail_transfer(const struct exchange *x, CURLcode rc, struct ltps_error *err)
{
	if (x->refused > 0 && x->opened == 0)
		return fail_curl(err, LTPS_DENIED, LTPS_FAULT_CALLER, rc,
				 "address is not allowed");
	switch (rc) {
	case CURLE_OPERATION_TIMEDOUT:
		return fail_curl(err, LTPS_TIMEOUT, LTPS_FAULT_REMOTE, rc, "no answer");
	case CURLE_FILESIZE_EXCEEDED:
		return fail_curl(err, LTPS_TOO_LARGE, LTPS_FAULT_REMOTE, rc,
				 "answer is too large");
	case CURLE_UNSUPPORTED_PROTOCOL:
		return fail_protocol(x, rc, err);
	case CURLE_OUT_OF_MEMORY:
		/* Memory was there: libcurl calls its limit of a header line so. */
		return fail_curl(err, LTPS_TOO_LARGE, LTPS_FAULT_REMOTE, rc,
				 "header line of the answer is too long");
	case CURLE_SSL_CACERT_BADFILE:
		return fail_curl(err, LTPS_IO, LTPS_FAULT_SELF, rc,
				 "trust anchors for https");
	default:
		return fail_curl(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, rc,
				 "exchange failed");
	}
}

/* Runs until the exchange is over or cancelled; its result when over. */
static CURLMcode run(struct fetch *f, CURLcode *ret_rc)
{
	int running = 1;
	int queued;
	CURLMcode mc = CURLM_OK;
	while (mc == CURLM_OK && running > 0 && !atomic_load(&f->cancelled)) {
		mc = libcurl.multi_perform(f->multi, &running);
		if (mc == CURLM_OK && running > 0)
			mc = libcurl.multi_poll(f->multi, NULL, 0, FETCH_POLL_MS, NULL);
	}
	const CURLMsg *msg = libcurl.multi_info_read(f->multi, &queued);
	if (msg != NULL && msg->msg == CURLMSG_DONE)
		*ret_rc = msg->data.result;
	return mc;
}

/* libcurl takes the end of the connection for the end of the headers. */
static int check_end(const struct exchange *x, struct ltps_error *err)
{
	if (x->headers_over)
		return 0;
	return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, "RFC 9112 8",
			 "answer ends within its headers");
}

int fetch_perform(struct exchange *x, struct ltps_error *err)
{
	struct fetch *f = x->f;
	const unsigned failed_before = fetch_allocations_failed();
	CURLcode rc = CURL_LAST; /* none: cancelled */
	CURLMcode mc = libcurl.multi_add_handle(f->multi, f->easy);
	if (mc == CURLM_OK)
		mc = run(f, &rc);
	ERR_clear_error(); /* what TLS left behind is in rc */
	if (x->failed.code != LTPS_OK) {
		if (err->code == LTPS_OK)
			*err = x->failed;
		return -1;
	}
	if (mc == CURLM_OK && rc == CURLE_OK)
		return 0;
	/* Whatever libcurl makes of a failed allocation. */
	if (fetch_allocations_failed() != failed_before)
		return ltps_fail_nomem(err);
	if (mc != CURLM_OK)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL, "fetch: %s",
				 libcurl.multi_strerror(mc));
	if (rc == CURL_LAST)
		return ltps_fail(err, LTPS_CANCELLED, LTPS_FAULT_SELF, NULL,
				 "fetch was cancelled");
	return fail_transfer(x, rc, err);
}

static int http_do(struct exchange *x, const struct fetch_request *req,
		   struct ltps_error *err)
{
	struct fetch *f = x->f;
	if (prepare(f, req, x, err) != 0)
		return -1;
	const int rc = fetch_perform(x, err);
	libcurl.multi_remove_handle(f->multi, f->easy);
	ERR_clear_error();
	return rc == 0 ? check_end(x, err) : -1;
}

static void take_answer(CURL *easy, struct fetch_result *r)
{
	const char *type = NULL;
	long status = 0;
	libcurl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	libcurl.easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	r->status = (int)status;
	for (size_t i = 0;
	     type != NULL && type[i] != '\0' && i + 1 < sizeof(r->content_type); i++)
		r->content_type[i] =
		    fetch_is_visible(&type[i], 1, true) ? type[i] : '?';
}

/* A cancel that comes before or after has nothing to end and is forgotten. */
void fetch_until(struct fetch *f, int64_t until_ms)
{
	f->until_ms = until_ms;
}

/* Less than the policy allows when the handle's time is over before. */
static int shorten(struct fetch *f, struct ltps_error *err)
{
	if (f->until_ms == INT64_MAX)
		return 0;
	const int64_t left_ms = f->until_ms - clock_monotonic_ms();
	if (left_ms <= 0)
		return ltps_fail(err, LTPS_TIMEOUT, LTPS_FAULT_REMOTE, NULL,
				 "no time is left for a further exchange");
	if (left_ms < (int64_t)f->policy.total_ms)
		f->policy.total_ms = (uint32_t)left_ms;
	return 0;
}

int fetch_do(struct fetch *f, const struct fetch_request *req,
	     struct fetch_result *ret_r, struct ltps_error *err)
{
	const uint32_t total_ms = f->policy.total_ms;
	struct exchange x = { .f = f,
			      .url = req->url,
			      .body = buf_make(f->policy.max_bytes),
			      .silent_until_ms =
				  req->silent_ms > 0
				      ? clock_monotonic_ms() + req->silent_ms
				      : INT64_MAX };
	struct fetch_result r = { 0 };
	atomic_store(&f->cancelled, false);
	int rc = check_text(req->url, err);
	if (rc == 0)
		rc = shorten(f, err);
	if (rc == 0)
		rc = open_handles(f, err);
	if (rc == 0 && fetch_is_ldap(req->url)) {
		rc = fetch_ldap_do(&x, req, &r.status, err);
	} else if (rc == 0) {
		rc = http_do(&x, req, err);
		if (rc == 0)
			take_answer(f->easy, &r);
	}
	if (rc == 0) {
		r.body = x.body;
		x.body = buf_make(0);
		*ret_r = r;
	}
	if (f->easy != NULL) {
		libcurl.easy_reset(f->easy); /* keeps nothing of this call */
		libcurl.slist_free_all(x.headers);
	}
	buf_free(&x.body);
	f->policy.total_ms = total_ms;
	return rc;
}
