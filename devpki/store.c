/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store - the directory of a PKI. The state file is rewritten as a whole for
 * each change and names every certificate that exists: files that it does not
 * name are remains of an interrupted step and are written over.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/file.h"
#include "base/mem.h"
#include "devpki/inside.h"

/* A line a certificate, below 160 octets. */
#define STATE_MAX ((size_t)1 << 20)
#define PEM_MAX ((size_t)64 << 10)
#define PATH_TEXT_MAX 4096
/* CRL numbers taken at a time, so that not each CRL costs a write. */
#define CRL_NUMBERS_AHEAD 1000

static const struct conf_rule rules[] = {
	{ "devpki", false, "tag", CONF_TEXT, false, true, 0, 0 },
	{ "devpki", false, "url", CONF_TEXT, false, true, 0, 0 },
	{ "devpki", false, "tsa-policy", CONF_TEXT, false, true, 0, 0 },
	{ "devpki", false, "tsas", CONF_INT, false, true, 1, DEVPKI_TSA_MAX },
	{ "devpki", false, "keep-expired", CONF_BOOL, false, true, 0, 0 },
	{ "devpki", false, "status-ms", CONF_INT, false, true, 0, 0 },
	{ "devpki", false, "crl-number", CONF_INT, false, true, 0, 0 },
	{ "devpki", false, "freshest", CONF_BOOL, false, false, 0, 0 },
	{ "devpki", false, "ocsp-modes", CONF_INT, false, false, 0, DEVPKI_OCSP_MODES },
	/* KIND KEY DAYS */
	{ "devpki", false, "kind", CONF_TEXT, true, true, 0, 0 },
	/*
	 * NAME KIND SLOT ISSUER SERVING REVOKED REASON, '-' for none; then what
	 * there is of invalid=MS, released=MS, revoked-crl=N, released-crl=N,
	 * base=N,MS and points=NAME,NAME
	 */
	{ "devpki", false, "certificate", CONF_TEXT, true, true, 0, 0 },
	/* NAME CA SIGNER REASONS SCOPE; then named=1, freshest=1 and base=N,MS */
	{ "devpki", false, "point", CONF_TEXT, true, false, 0, 0 },
};

static int path_of(const struct devpki *p, const char *folder, const char *name,
		   const char *suffix, char out[PATH_TEXT_MAX], struct ltps_error *err)
{
	int n = snprintf(out, PATH_TEXT_MAX, "%s/%s%s%s", p->dir, folder, name, suffix);
	if (n < 0 || n >= PATH_TEXT_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "path of more than %d octets", PATH_TEXT_MAX);
	return 0;
}

bool devpki_store_exists(const char *dir)
{
	char path[PATH_TEXT_MAX];
	int n = snprintf(path, sizeof(path), "%s/state", dir);
	return n > 0 && n < PATH_TEXT_MAX && access(path, F_OK) == 0;
}

int devpki_store_lock(struct devpki *p, struct ltps_error *err)
{
	char path[PATH_TEXT_MAX];
	if (path_of(p, "lock", "", "", path, err) != 0)
		return -1;
	p->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (p->lock_fd < 0)
		return ltps_fail_errno(err, "cannot open the lock");
	/* Ends with the process, however it ends. */
	if (flock(p->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return ltps_fail_errno(err, "cannot lock");
	return ltps_fail(err, LTPS_BUSY, LTPS_FAULT_CALLER, NULL,
			 "another process has this PKI open");
}

/* ---- writing ---- */

static int write_pem(const struct devpki *p, const char *folder,
		     const struct devpki_cert *c, unsigned mode,
		     int (*pem)(const struct devpki_cert *, struct buf *,
				struct ltps_error *),
		     struct ltps_error *err)
{
	char path[PATH_TEXT_MAX];
	struct buf b = buf_make(PEM_MAX);
	int ret = -1;
	if (path_of(p, folder, c->name, ".pem", path, err) == 0 && pem(c, &b, err) == 0)
		ret = file_write(path, view_buf(&b), mode, err);
	buf_free(&b);
	return ret;
}

int devpki_store_cert(const struct devpki *p, const struct devpki_cert *c,
		      struct ltps_error *err)
{
	if (p->dir == NULL)
		return 0;
	if (write_pem(p, "keys/", c, 0600, devpki_key_pem, err) != 0)
		return -1;
	return write_pem(p, "certs/", c, 0644, devpki_cert_pem, err);
}

static int put_base(const struct devpki_base *base, struct buf *out,
		    struct ltps_error *err)
{
	if (!base->made)
		return 0;
	return buf_put_fmt(out, err, " base=%llu,%lld",
			   (unsigned long long)base->number, (long long)base->ms);
}

static int put_status(const struct devpki_inner *inner, struct buf *out,
		      struct ltps_error *err)
{
	const struct devpki_cert *c = &inner->c;
	if (!c->revoked)
		return 0;
	if (buf_put_fmt(out, err, " revoked-crl=%llu",
			(unsigned long long)inner->revoked_crl) != 0)
		return -1;
	if (c->has_invalidity &&
	    buf_put_fmt(out, err, " invalid=%lld", (long long)c->invalidity_ms) != 0)
		return -1;
	if (!c->released)
		return 0;
	return buf_put_fmt(out, err, " released=%lld released-crl=%llu",
			   (long long)c->released_ms,
			   (unsigned long long)inner->released_crl);
}

static int put_cert(const struct devpki_cert *c, struct buf *out,
		    struct ltps_error *err)
{
	char revoked[24] = "-";
	if (c->revoked)
		snprintf(revoked, sizeof(revoked), "%lld", (long long)c->revoked_ms);
	if (buf_put_fmt(out, err, "certificate = %s %s %u %s %s %s %s", c->name,
			devpki_kind_name(c->kind), c->slot,
			c->issuer != NULL ? c->issuer->name : "-",
			c->serving ? "serving" : "issued", revoked,
			c->revoked ? devpki_reason_name(c->reason) : "-") != 0 ||
	    put_status(devpki_inner(c), out, err) != 0 ||
	    put_base(&devpki_inner(c)->base, out, err) != 0)
		return -1;
	for (size_t i = 0; i < c->n_points; i++) {
		if (buf_put_fmt(out, err, "%s%s", i == 0 ? " points=" : ",",
				c->point[i]->name) != 0)
			return -1;
	}
	return buf_put_byte(out, '\n', err);
}

static int put_point(const struct devpki_inner_point *inner, struct buf *out,
		     struct ltps_error *err)
{
	const struct devpki_point *point = &inner->point;
	if (buf_put_fmt(out, err, "point = %s %s %s %u %s%s%s", point->name,
			point->ca != NULL ? point->ca->name : "-", point->signer->name,
			point->reasons, devpki_scope_name(point->scope),
			point->named_only ? " named=1" : "",
			point->freshest ? " freshest=1" : "") != 0 ||
	    put_base(&inner->base, out, err) != 0)
		return -1;
	return buf_put_byte(out, '\n', err);
}

static int put_state(const struct devpki *p, struct buf *out, struct ltps_error *err)
{
	if (buf_put_fmt(out, err,
			"# state of a throwaway PKI, rewritten at each change\n"
			"[devpki]\ntag = %s\nurl = %s\ntsa-policy = %s\ntsas = %u\n"
			"keep-expired = %s\nfreshest = %s\nocsp-modes = %u\n"
			"status-ms = %lld\ncrl-number = %llu\n",
			p->tag, p->url, p->policy, p->n_tsa,
			p->keep_expired ? "true" : "false",
			p->freshest ? "true" : "false", p->ocsp_modes,
			(long long)p->status_ms, (unsigned long long)p->crl_mark) != 0)
		return -1;
	for (int i = 0; i < DEVPKI_KIND_COUNT; i++) {
		if (buf_put_fmt(out, err, "kind = %s %s %d\n",
				devpki_kind_name((enum devpki_kind)i),
				devpki_key_name(p->key[i]), p->days[i]) != 0)
			return -1;
	}
	for (size_t i = 0; i < p->n_cert; i++) {
		if (put_cert(p->cert[i], out, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < p->n_points; i++) {
		if (put_point(p->point[i], out, err) != 0)
			return -1;
	}
	return 0;
}

static int write_anchors(const struct devpki *p, struct ltps_error *err)
{
	char path[PATH_TEXT_MAX];
	struct buf b = buf_make(DEVPKI_ANSWER_MAX);
	int ret = -1;
	if (path_of(p, "anchors.pem", "", "", path, err) == 0 &&
	    devpki_anchors(p, &b, err) == 0)
		ret = file_write(path, view_buf(&b), 0644, err);
	buf_free(&b);
	return ret;
}

int devpki_store_state(const struct devpki *p, struct ltps_error *err)
{
	char path[PATH_TEXT_MAX];
	struct buf b = buf_make(STATE_MAX);
	int ret = -1;
	if (p->dir == NULL)
		return 0;
	if (path_of(p, "state", "", "", path, err) != 0 || put_state(p, &b, err) != 0 ||
	    write_anchors(p, err) != 0)
		goto out;
	ret = file_write(path, view_buf(&b), 0600, err);
out:
	buf_free(&b);
	return ret;
}

int devpki_store_crl_number(struct devpki *p, uint64_t *ret_number,
			    struct ltps_error *err)
{
	if (p->crl_next >= p->crl_mark) {
		uint64_t old = p->crl_mark;
		p->crl_mark = p->crl_next + CRL_NUMBERS_AHEAD;
		if (devpki_store_state(p, err) != 0) {
			p->crl_mark = old;
			return -1;
		}
	}
	*ret_number = p->crl_next++;
	return 0;
}

/* ---- reading ---- */

#define WORDS_MAX 13
#define CERT_WORDS 7
#define POINT_WORDS 5

/* Blank-separated words; how many, WORDS_MAX + 1 when there are too many. */
static size_t split(const char *line, struct view words[WORDS_MAX])
{
	size_t n = 0;
	for (const char *s = line; *s != '\0';) {
		size_t len = strcspn(s, " ");
		if (n == WORDS_MAX)
			return WORDS_MAX + 1;
		words[n++] = view_of(s, len);
		s += len + strspn(s + len, " ");
	}
	return n;
}

static bool read_int(struct view v, int64_t min, int64_t max, int64_t *ret_n)
{
	bool negative = v.n > 1 && v.p[0] == '-';
	struct ltps_error ignored = LTPS_ERROR_INIT; /* ours names the file */
	uint64_t n = 0;
	if (devpki_uint_parse(view_skip(v, negative ? 1 : 0), INT64_MAX, &n,
			      &ignored) != 0)
		return false;
	*ret_n = negative ? -(int64_t)n : (int64_t)n;
	return *ret_n >= min && *ret_n <= max;
}

static bool read_name(struct view v, char out[DEVPKI_NAME_MAX])
{
	if (v.n == 0 || v.n >= DEVPKI_NAME_MAX)
		return false;
	memcpy(out, v.p, v.n);
	out[v.n] = '\0';
	return strspn(out, "abcdefghijklmnopqrstuvwxyz0123456789-") == v.n;
}

/* "name=": its value. */
static bool value_of(struct view word, const char *name, struct view *ret_value)
{
	struct view head = view_text(name);
	if (!view_starts(word, head))
		return false;
	*ret_value = view_skip(word, head.n);
	return true;
}

/* The part in front of the next comma; the rest behind it. */
static struct view cut(struct view *rest)
{
	size_t n = 0;
	while (n < rest->n && rest->p[n] != ',')
		n++;
	struct view head = view_head(*rest, n);
	*rest = view_skip(*rest, n + 1);
	return head;
}

static bool read_count(struct view v, uint64_t *ret_n)
{
	int64_t n = 0;
	if (!read_int(v, 0, INT64_MAX, &n))
		return false;
	*ret_n = (uint64_t)n;
	return true;
}

static bool read_base(struct view v, struct devpki_base *base)
{
	base->made = true;
	return read_count(cut(&v), &base->number) &&
	       read_int(v, INT64_MIN, INT64_MAX, &base->ms);
}

/* One of the words behind the fixed ones. */
static bool read_more(struct view word, struct devpki_inner *inner)
{
	struct devpki_cert *c = &inner->c;
	struct view v;
	if (value_of(word, "invalid=", &v)) {
		c->has_invalidity = true;
		return read_int(v, INT64_MIN, INT64_MAX, &c->invalidity_ms);
	}
	if (value_of(word, "released=", &v)) {
		c->released = true;
		return read_int(v, INT64_MIN, INT64_MAX, &c->released_ms);
	}
	if (value_of(word, "revoked-crl=", &v))
		return read_count(v, &inner->revoked_crl);
	if (value_of(word, "released-crl=", &v))
		return read_count(v, &inner->released_crl);
	if (value_of(word, "base=", &v))
		return read_base(v, &inner->base);
	return value_of(word, "points=", &v); /* when all points are read */
}

static bool read_cert(const struct devpki *p, const char *line,
		      struct devpki_inner *inner)
{
	struct devpki_cert *c = &inner->c;
	struct view w[WORDS_MAX];
	int64_t slot = 0;
	size_t n = split(line, w);
	if (n < CERT_WORDS || n > WORDS_MAX)
		return false;
	for (size_t i = CERT_WORDS; i < n; i++) {
		if (!read_more(w[i], inner))
			return false;
	}
	if (!read_name(w[0], c->name) || !devpki_kind_parse(w[1], &c->kind) ||
	    !read_int(w[2], 0, DEVPKI_TSA_MAX - 1, &slot))
		return false;
	c->slot = (unsigned)slot;
	c->serial = DEVPKI_SERIAL_FIRST + p->n_cert;
	c->serving = view_is_text(w[4], "serving");
	if (c->kind != DEVPKI_ROOT) {
		c->issuer = devpki_find_text(p, w[3]);
		if (c->issuer == NULL || !devpki_is_ca(c->issuer))
			return false;
	}
	c->revoked = !view_is_text(w[5], "-");
	return !c->revoked || (read_int(w[5], INT64_MIN, INT64_MAX, &c->revoked_ms) &&
			       devpki_reason_parse(w[6], &c->reason));
}

static int read_pem(const struct devpki *p, const char *folder, const char *name,
		    struct buf *out, struct ltps_error *err)
{
	char path[PATH_TEXT_MAX];
	if (path_of(p, folder, name, ".pem", path, err) != 0)
		return -1;
	return file_read(path, out, err);
}

static int load_pair(const struct devpki *p, const char *name, X509 **ret_x,
		     EVP_PKEY **ret_key, struct ltps_error *err)
{
	struct buf cert = buf_make(PEM_MAX);
	struct buf key = buf_make(PEM_MAX);
	X509 *x = NULL;
	int ret = -1;
	if (read_pem(p, "certs/", name, &cert, err) == 0 &&
	    read_pem(p, "keys/", name, &key, err) == 0 &&
	    devpki_cert_parse_pem(view_buf(&cert), &x, err) == 0 &&
	    devpki_key_parse_pem(view_buf(&key), ret_key, err) == 0) {
		*ret_x = x;
		x = NULL;
		ret = 0;
	}
	X509_free(x);
	OPENSSL_cleanse(key.p, key.n);
	buf_free(&key);
	buf_free(&cert);
	return ret;
}

static int load_cert(struct devpki *p, const char *line, struct ltps_error *err)
{
	struct devpki_inner like = { 0 };
	struct devpki_cert *c = NULL;
	EVP_PKEY *key = NULL;
	X509 *x = NULL;
	uint64_t serial = 0;
	if (!read_cert(p, line, &like))
		return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
				 "state: malformed certificate %zu", p->n_cert);
	if (load_pair(p, like.c.name, &x, &key, err) != 0)
		return -1;
	if (ASN1_INTEGER_get_uint64(&serial, X509_get0_serialNumber(x)) != 1 ||
	    serial != like.c.serial || X509_check_private_key(x, key) != 1) {
		EVP_PKEY_free(key);
		X509_free(x);
		return ltps_fail_openssl(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
					 "%s: not its serial number or key",
					 like.c.name);
	}
	return devpki_add(p, &like, x, key, &c, err);
}

static bool read_point(struct devpki *p, const char *line, struct ltps_error *err)
{
	struct devpki_point how = { 0 };
	const struct devpki_point *made = NULL;
	struct devpki_base base = { 0 };
	struct view w[WORDS_MAX], v;
	int64_t reasons = 0;
	size_t n = split(line, w);
	if (n < POINT_WORDS || n > WORDS_MAX || !read_name(w[0], how.name) ||
	    !read_int(w[3], 0, INT32_MAX, &reasons) ||
	    !devpki_scope_parse(w[4], &how.scope))
		return false;
	if (!view_is_text(w[1], "-") && (how.ca = devpki_find_text(p, w[1])) == NULL)
		return false;
	how.signer = devpki_find_text(p, w[2]);
	how.reasons = (unsigned)reasons;
	for (size_t i = POINT_WORDS; i < n; i++) {
		if (view_is_text(w[i], "named=1"))
			how.named_only = true;
		else if (view_is_text(w[i], "freshest=1"))
			how.freshest = true;
		else if (!value_of(w[i], "base=", &v) || !read_base(v, &base))
			return false;
	}
	return how.signer != NULL && devpki_point_put(p, &how, base, &made, err) == 0;
}

static bool link_points(struct devpki *p, struct devpki_cert *c, struct view names)
{
	while (names.n > 0) {
		const struct devpki_point *point = devpki_point_find(p, cut(&names));
		if (point == NULL || c->n_points == DEVPKI_POINTS_PER_CERT_MAX)
			return false;
		c->point[c->n_points++] = point;
	}
	return true;
}

/* Certificates name points, which name certificates: the former come last. */
static int load_points(struct devpki *p, const struct conf *conf,
		       struct ltps_error *err)
{
	const char *s;
	for (size_t i = 0; (s = conf_text_at(conf, "devpki", NULL, "point", i)) != NULL;
	     i++) {
		struct ltps_error bad = LTPS_ERROR_INIT; /* ours names the file */
		if (read_point(p, s, &bad))
			continue;
		return bad.code == LTPS_NOMEM
			   ? ltps_fail_nomem(err)
			   : ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
				       "state: malformed point %zu", i);
	}
	for (size_t i = 0; i < p->n_cert; i++) {
		struct view w[WORDS_MAX], names;
		size_t n =
		    split(conf_text_at(conf, "devpki", NULL, "certificate", i), w);
		for (size_t k = CERT_WORDS; k < n; k++) {
			if (value_of(w[k], "points=", &names) &&
			    !link_points(p, p->cert[i], names))
				return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF,
						 NULL,
						 "state: points of certificate %zu", i);
		}
	}
	return 0;
}

static bool read_kind(struct devpki *p, const char *line)
{
	struct view w[WORDS_MAX];
	enum devpki_kind kind;
	int64_t days = 0;
	if (split(line, w) != 3 || !devpki_kind_parse(w[0], &kind) ||
	    !devpki_key_parse(w[1], &p->key[kind]) ||
	    !read_int(w[2], 1, INT32_MAX, &days))
		return false;
	p->days[kind] = (int32_t)days;
	return true;
}

static int read_settings(struct devpki *p, const struct conf *c, struct ltps_error *err)
{
	const char *s;
	snprintf(p->tag, sizeof(p->tag), "%s", conf_text(c, "devpki", NULL, "tag", ""));
	snprintf(p->url, sizeof(p->url), "%s", conf_text(c, "devpki", NULL, "url", ""));
	snprintf(p->policy, sizeof(p->policy), "%s",
		 conf_text(c, "devpki", NULL, "tsa-policy", ""));
	p->n_tsa = (unsigned)conf_int(c, "devpki", NULL, "tsas", 1);
	p->keep_expired = conf_int(c, "devpki", NULL, "keep-expired", 0) != 0;
	p->freshest = conf_int(c, "devpki", NULL, "freshest", 0) != 0;
	p->ocsp_modes = (unsigned)conf_int(c, "devpki", NULL, "ocsp-modes", 0);
	p->status_ms = conf_int(c, "devpki", NULL, "status-ms", DEVPKI_DAY_MS);
	/* Directories of before know fewer kinds. */
	for (int i = 0; i < DEVPKI_KIND_COUNT; i++)
		p->days[i] = devpki_default_days((enum devpki_kind)i);
	p->crl_next = (uint64_t)conf_int(c, "devpki", NULL, "crl-number", 0);
	p->crl_mark = p->crl_next;
	for (size_t i = 0; (s = conf_text_at(c, "devpki", NULL, "kind", i)) != NULL;
	     i++) {
		if (!read_kind(p, s))
			return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
					 "state: malformed kind %zu", i);
	}
	return 0;
}

int devpki_store_load(struct devpki *p, struct ltps_error *err)
{
	char path[PATH_TEXT_MAX];
	struct conf *c = NULL;
	const char *s;
	int ret = -1;
	if (path_of(p, "state", "", "", path, err) != 0 ||
	    conf_read(path, rules, sizeof(rules) / sizeof(rules[0]), &c, err) != 0 ||
	    read_settings(p, c, err) != 0)
		goto out;
	for (size_t i = 0;
	     (s = conf_text_at(c, "devpki", NULL, "certificate", i)) != NULL; i++) {
		if (load_cert(p, s, err) != 0)
			goto out;
	}
	ret = load_points(p, c, err);
out:
	conf_free(c);
	return ret;
}
