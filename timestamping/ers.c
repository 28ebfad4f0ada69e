/* SPDX-License-Identifier: Apache-2.0 */
#include "timestamping/ers.h"

#include "base/asn1.h"
#include "base/mem.h"
#include "timestamping/tst.h"

/* A SEQUENCE, which X.690 8.9.1 wants constructed. */
static int expect_sequence(struct view *cursor, const char *what, struct tlv *ret_t,
			   struct ltps_error *err)
{
	struct tlv t;
	if (tlv_expect(cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, what, &t, err) != 0)
		return -1;
	if (!t.constructed)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "X.690 8.9.1",
				 "%s is primitive", what);
	*ret_t = t;
	return 0;
}

/* An optional field [number], which is constructed for all that we know. */
static int optional_field(struct view *cursor, uint32_t number, struct tlv *ret_t,
			  bool *ret_present, struct ltps_error *err)
{
	struct tlv t;
	bool present;
	if (tlv_optional(cursor, ASN1_CONTEXT, number, &t, &present, err) != 0)
		return -1;
	if (present && !t.constructed)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "X.690 8.9.1",
				 "field [%u] is primitive", (unsigned)number);
	if (present)
		*ret_t = t;
	*ret_present = present;
	return 0;
}

/* How many elements stand in this body; at least one, at most max. */
static int count_members(struct view body, size_t max, const char *what, size_t *ret_n,
			 struct ltps_error *err)
{
	struct tlv t;
	size_t n = 0;
	while (body.n > 0) {
		if (tlv_next(&body, &t, err) != 0)
			return -1;
		if (++n > max)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
					 "more than %zu members of %s", max, what);
	}
	if (n == 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 4998 4.1",
				 "%s is empty", what);
	*ret_n = n;
	return 0;
}

/* The algorithm out of the contents of an AlgorithmIdentifier. */
static int read_algorithm(struct view body, enum digest_alg *ret_alg,
			  struct ltps_error *err)
{
	struct tlv oid, parameters;
	if (tlv_expect(&body, ASN1_UNIVERSAL, ASN1_TAG_OID, "algorithm", &oid, err) !=
	    0)
		return -1;
	if (body.n > 0 && tlv_next(&body, &parameters, err) != 0)
		return -1;
	if (tlv_end(body, "AlgorithmIdentifier", err) != 0)
		return -1;
	*ret_alg = digest_from_oid(oid.body);
	return 0;
}

static int check_hash_length(struct view hash, struct ltps_error *err)
{
	if (hash.n < ERS_HASH_LEN_MIN || hash.n > DIGEST_MAX)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 4998 4.1",
				 "a hash of %zu octets", hash.n);
	return 0;
}

/* Octets of one hash; BER may give them in pieces, which are joined aside. */
static int read_hash(struct ers *er, const struct tlv *t, struct view *ret_hash,
		     struct ltps_error *err)
{
	size_t before = er->joined.n;
	if (!t->constructed) {
		*ret_hash = t->body;
		return check_hash_length(*ret_hash, err);
	}
	/* Room for all pieces at once, so that earlier views stay true. */
	if (er->joined.p == NULL && buf_reserve(&er->joined, er->owned.n, err) != 0)
		return -1;
	if (tlv_octets(t, &er->joined, err) != 0)
		return -1;
	*ret_hash = view_of(er->joined.p + before, er->joined.n - before);
	return check_hash_length(*ret_hash, err);
}

static int read_list(struct ers *er, struct view body, struct ers_list *list,
		     struct ltps_error *err)
{
	struct tlv t;
	size_t n;
	if (count_members(body, ERS_HASHES_MAX, "a partial hash tree", &n, err) != 0)
		return -1;
	list->hashes = mem_zalloc(n, sizeof(*list->hashes));
	if (list->hashes == NULL)
		return ltps_fail_nomem(err);
	for (; list->n < n; list->n++) {
		if (tlv_expect(&body, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING,
			       "hash value", &t, err) != 0 ||
		    read_hash(er, &t, &list->hashes[list->n], err) != 0)
			return -1;
	}
	return 0;
}

static int read_tree(struct ers *er, struct view body, struct ers_stamp *stamp,
		     struct ltps_error *err)
{
	struct tlv t;
	size_t n;
	if (count_members(body, ERS_LISTS_MAX, "reducedHashtree", &n, err) != 0)
		return -1;
	stamp->lists = mem_zalloc(n, sizeof(*stamp->lists));
	if (stamp->lists == NULL)
		return ltps_fail_nomem(err);
	stamp->n_lists = n;
	stamp->has_tree = true;
	for (size_t i = 0; i < n; i++) {
		if (expect_sequence(&body, "PartialHashtree", &t, err) != 0 ||
		    read_list(er, t.body, &stamp->lists[i], err) != 0)
			return -1;
	}
	return 0;
}

/*
 * Without digestAlgorithm it is that of the imprint (RFC 4998 4.1). A token
 * that does not decode is no error here: its time-stamp is found wanting when
 * it is judged.
 */
static int algorithm_of_token(struct view token, enum digest_alg *ret_alg,
			      struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	struct tst *tst = NULL;

	*ret_alg = DIGEST_NONE;
	if (tst_parse(token, &tst, &inner) == 0)
		*ret_alg = tst->imprint_alg;
	else if (inner.fault != LTPS_FAULT_OBJECT)
		*err = inner;
	tst_free(tst);
	return err->code == LTPS_OK ? 0 : -1;
}

/* The optional fields in front of timeStamp. */
static int read_stamp_options(struct ers *er, struct view *body,
			      struct ers_stamp *stamp, struct ltps_error *err)
{
	struct tlv t;
	bool present;

	if (optional_field(body, 0, &t, &present, err) != 0)
		return -1;
	if (present) {
		stamp->algorithm = t.body;
		if (read_algorithm(t.body, &stamp->alg, err) != 0)
			return -1;
	}
	if (optional_field(body, 1, &t, &present, err) != 0)
		return -1;
	if (present)
		stamp->attributes = t.whole;
	if (optional_field(body, 2, &t, &present, err) != 0)
		return -1;
	return present ? read_tree(er, t.body, stamp, err) : 0;
}

/* ArchiveTimeStamp, RFC 4998 4.1 */
static int read_stamp(struct ers *er, struct view *chain, struct ers_stamp *stamp,
		      struct ltps_error *err)
{
	struct tlv t;
	struct view body;

	if (expect_sequence(chain, "ArchiveTimeStamp", &t, err) != 0)
		return -1;
	stamp->whole = t.whole;
	body = t.body;
	if (read_stamp_options(er, &body, stamp, err) != 0)
		return -1;
	if (expect_sequence(&body, "timeStamp", &t, err) != 0 ||
	    tlv_end(body, "ArchiveTimeStamp", err) != 0)
		return -1;
	stamp->token = t.whole;
	if (stamp->algorithm.n > 0)
		return 0;
	return algorithm_of_token(stamp->token, &stamp->alg, err);
}

static int read_chain(struct ers *er, struct view *sequence, struct ers_chain *chain,
		      struct ltps_error *err)
{
	struct tlv t;
	struct view body;
	size_t n;

	if (expect_sequence(sequence, "ArchiveTimeStampChain", &t, err) != 0)
		return -1;
	chain->whole = t.whole;
	body = t.body;
	if (count_members(body, ERS_STAMPS_MAX, "ArchiveTimeStampChain", &n, err) != 0)
		return -1;
	chain->stamps = mem_zalloc(n, sizeof(*chain->stamps));
	if (chain->stamps == NULL)
		return ltps_fail_nomem(err);
	chain->n = n;
	for (size_t i = 0; i < n; i++)
		if (read_stamp(er, &body, &chain->stamps[i], err) != 0)
			return ltps_where(err, "chain %zu, time-stamp %zu",
					  (size_t)(chain - er->chains) + 1, i + 1);
	return 0;
}

static int read_sequence(struct ers *er, struct view body, struct ltps_error *err)
{
	size_t n;
	if (count_members(body, ERS_CHAINS_MAX, "archiveTimeStampSequence", &n, err) !=
	    0)
		return -1;
	er->chains = mem_zalloc(n, sizeof(*er->chains));
	if (er->chains == NULL)
		return ltps_fail_nomem(err);
	er->n_chains = n;
	for (size_t i = 0; i < n; i++)
		if (read_chain(er, &body, &er->chains[i], err) != 0)
			return ltps_where(err, "chain %zu", i + 1);
	return 0;
}

static int read_algorithms(struct ers *er, struct view body, struct ltps_error *err)
{
	struct tlv t;
	size_t n;
	if (count_members(body, ERS_ALGS_MAX, "digestAlgorithms", &n, err) != 0)
		return -1;
	er->algs = mem_zalloc(n, sizeof(*er->algs));
	if (er->algs == NULL)
		return ltps_fail_nomem(err);
	for (; er->n_algs < n; er->n_algs++) {
		if (expect_sequence(&body, "AlgorithmIdentifier", &t, err) != 0 ||
		    read_algorithm(t.body, &er->algs[er->n_algs], err) != 0)
			return -1;
	}
	return 0;
}

static int read_version(struct ers *er, struct view *body, struct ltps_error *err)
{
	struct tlv t;
	if (tlv_expect(body, ASN1_UNIVERSAL, ASN1_TAG_INTEGER, "version", &t, err) !=
		0 ||
	    tlv_uint(&t, &er->version, err) != 0)
		return -1;
	if (er->version != 1)
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
				 "RFC 4998 3.1", "evidence record version %llu",
				 (unsigned long long)er->version);
	return 0;
}

static int read_record(struct ers *er, struct ltps_error *err)
{
	struct tlv t;
	struct view body;
	bool present;

	body = view_buf(&er->owned);
	if (expect_sequence(&body, "EvidenceRecord", &t, err) != 0 ||
	    tlv_end(body, "evidence record", err) != 0)
		return -1;
	body = t.body;
	if (read_version(er, &body, err) != 0 ||
	    expect_sequence(&body, "digestAlgorithms", &t, err) != 0 ||
	    read_algorithms(er, t.body, err) != 0)
		return -1;
	if (optional_field(&body, 0, &t, &present, err) != 0)
		return -1;
	if (present)
		er->crypto_infos = t.whole;
	if (optional_field(&body, 1, &t, &present, err) != 0)
		return -1;
	if (present)
		er->encryption_info = t.whole;
	if (expect_sequence(&body, "archiveTimeStampSequence", &t, err) != 0 ||
	    tlv_end(body, "EvidenceRecord", err) != 0)
		return -1;
	er->sequence = t.whole;
	return read_sequence(er, t.body, err);
}

int ers_parse(struct view in, struct ers **ret_er, struct ltps_error *err)
{
	struct ers *er = NULL;
	int rc = -1;

	if (in.n > ERS_SIZE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "an evidence record of %zu octets", in.n);
	er = mem_zalloc(1, sizeof(*er));
	if (er == NULL)
		return ltps_fail_nomem(err);
	er->owned = buf_make(ERS_SIZE_MAX);
	er->joined = buf_make(ERS_SIZE_MAX);
	if (buf_put(&er->owned, in, err) != 0 || read_record(er, err) != 0)
		goto out;
	*ret_er = er;
	er = NULL;
	rc = 0;
out:
	ers_free(er);
	return rc;
}

bool ers_in_order(int64_t before_ms, int64_t gen_time_ms)
{
	return gen_time_ms >= before_ms;
}

static void free_stamp(struct ers_stamp *stamp)
{
	for (size_t i = 0; i < stamp->n_lists; i++)
		mem_free(stamp->lists[i].hashes);
	mem_free(stamp->lists);
}

void ers_free(struct ers *er)
{
	if (er == NULL)
		return;
	for (size_t c = 0; c < er->n_chains; c++) {
		for (size_t s = 0; s < er->chains[c].n; s++)
			free_stamp(&er->chains[c].stamps[s]);
		mem_free(er->chains[c].stamps);
	}
	mem_free(er->chains);
	mem_free(er->algs);
	buf_free(&er->owned);
	buf_free(&er->joined);
	mem_free(er);
}
