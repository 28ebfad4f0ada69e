/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding and encoding of evidence records; what they mean is ers_verify_test. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/asn1.h"
#include "base/file.h"
#include "base/mem.h"
#include "tests/support/ers_make.h"
#include "tests/support/pki_fixture.h"
#include "timestamping/ers.h"

/* Parses and frees; the code of the failure, or LTPS_OK. The record is freed. */
static enum ltps_code parse_code(struct buf record)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ers *er = NULL;
	int rc = ers_parse(view_buf(&record), &er, &err);
	cr_assert_eq(rc == 0, err.code == LTPS_OK);
	cr_assert_eq(rc == 0, er != NULL);
	if (rc != 0)
		cr_assert_eq(err.fault, LTPS_FAULT_OBJECT, "%s", err.text);
	ers_free(er);
	buf_free(&record);
	return err.code;
}

static struct ers *parse(struct buf *record)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ers *er = NULL;
	cr_assert_eq(ers_parse(view_buf(record), &er, &err), 0, "%s", err.text);
	buf_free(record);
	return er;
}

static struct buf plain_record(void)
{
	return make_record_of_stamp(make_plain_stamp(make_fake_token("t")));
}

static struct buf stamp_with_tree(struct buf tree)
{
	return make_tlv(DER_SEQUENCE, 3, make_algorithm(0xa0, DIGEST_SHA256), tree,
			make_fake_token("t"));
}

static struct buf record_with_hash(struct buf hash)
{
	return make_record_of_stamp(
	    stamp_with_tree(make_tlv(0xa2, 1, make_tlv(DER_SEQUENCE, 1, hash))));
}

static struct buf repeat(struct buf one, size_t n)
{
	struct buf all = buf_make(MAKE_MAX);
	struct ltps_error err = LTPS_ERROR_INIT;
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(buf_put(&all, view_buf(&one), &err), 0);
	buf_free(&one);
	return all;
}

Test(ers, nothing_is_refused)
{
	cr_assert_eq(parse_code(make_bytes("", 0)), LTPS_FORMAT);
}

Test(ers, every_truncation_is_refused)
{
	struct buf record = plain_record();
	for (size_t n = 0; n < record.n; n++)
		cr_assert_eq(parse_code(make_bytes(record.p, n)), LTPS_FORMAT, "%zu",
			     n);
	buf_free(&record);
}

Test(ers, trailing_bytes_are_refused)
{
	cr_assert_eq(parse_code(make_join(plain_record(), make_bytes("\0", 1))),
		     LTPS_FORMAT);
}

Test(ers, trailing_element_in_the_record_is_refused)
{
	struct buf algs =
	    make_tlv(DER_SEQUENCE, 1, make_algorithm(DER_SEQUENCE, DIGEST_SHA256));
	struct buf stamp = make_plain_stamp(make_fake_token("t"));
	struct buf sequence =
	    make_tlv(DER_SEQUENCE, 1, make_tlv(DER_SEQUENCE, 1, stamp));
	cr_assert_eq(parse_code(make_tlv(DER_SEQUENCE, 4, make_version(1), algs,
					 sequence, make_version(1))),
		     LTPS_FORMAT);
}

Test(ers, trailing_element_in_a_stamp_is_refused)
{
	struct buf stamp =
	    make_tlv(DER_SEQUENCE, 2, make_fake_token("t"), make_fake_token("t"));
	cr_assert_eq(parse_code(make_record_of_stamp(stamp)), LTPS_FORMAT);
}

Test(ers, set_instead_of_the_outer_sequence_is_refused)
{
	struct buf record = plain_record();
	record.p[0] = DER_SET;
	cr_assert_eq(parse_code(record), LTPS_FORMAT);
}

Test(ers, primitive_outer_sequence_is_refused)
{
	struct buf record = plain_record();
	record.p[0] = ASN1_TAG_SEQUENCE;
	cr_assert_eq(parse_code(record), LTPS_FORMAT);
}

Test(ers, other_versions_are_unsupported)
{
	static const uint64_t versions[] = { 0, 2, 300 };
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct buf algs = make_tlv(DER_SEQUENCE, 1,
					   make_algorithm(DER_SEQUENCE, DIGEST_SHA256));
		struct buf stamp = make_plain_stamp(make_fake_token("t"));
		struct buf sequence =
		    make_tlv(DER_SEQUENCE, 1, make_tlv(DER_SEQUENCE, 1, stamp));
		struct buf record = make_tlv(DER_SEQUENCE, 3, make_version(versions[i]),
					     algs, sequence);
		cr_assert_eq(parse_code(record), LTPS_UNSUPPORTED);
	}
}

Test(ers, missing_version_is_refused)
{
	struct buf algs =
	    make_tlv(DER_SEQUENCE, 1, make_algorithm(DER_SEQUENCE, DIGEST_SHA256));
	struct buf stamp = make_plain_stamp(make_fake_token("t"));
	struct buf sequence =
	    make_tlv(DER_SEQUENCE, 1, make_tlv(DER_SEQUENCE, 1, stamp));
	cr_assert_eq(parse_code(make_tlv(DER_SEQUENCE, 2, algs, sequence)),
		     LTPS_FORMAT);
}

Test(ers, empty_containers_are_refused)
{
	struct buf empty_list = make_tlv(0xa2, 1, make_tlv(DER_SEQUENCE, 0));
	struct buf no_algs =
	    make_tlv(DER_SEQUENCE, 3, make_version(1), make_tlv(DER_SEQUENCE, 0),
		     make_tlv(DER_SEQUENCE, 1,
			      make_tlv(DER_SEQUENCE, 1,
				       make_plain_stamp(make_fake_token("t")))));
	cr_assert_eq(parse_code(no_algs), LTPS_FORMAT);
	cr_assert_eq(parse_code(make_record(make_tlv(DER_SEQUENCE, 0))), LTPS_FORMAT);
	cr_assert_eq(parse_code(make_record(
			 make_tlv(DER_SEQUENCE, 1, make_tlv(DER_SEQUENCE, 0)))),
		     LTPS_FORMAT);
	cr_assert_eq(
	    parse_code(make_record_of_stamp(stamp_with_tree(make_tlv(0xa2, 0)))),
	    LTPS_FORMAT);
	cr_assert_eq(parse_code(make_record_of_stamp(stamp_with_tree(empty_list))),
		     LTPS_FORMAT);
}

Test(ers, hash_of_impossible_length_is_refused)
{
	cr_assert_eq(parse_code(record_with_hash(make_hash(1, 19))), LTPS_FORMAT);
	cr_assert_eq(parse_code(record_with_hash(make_hash(1, 65))), LTPS_FORMAT);
	cr_assert_eq(parse_code(record_with_hash(make_hash(1, 20))), LTPS_OK);
	cr_assert_eq(parse_code(record_with_hash(make_hash(1, 64))), LTPS_OK);
}

Test(ers, hash_that_is_no_octet_string_is_refused)
{
	struct buf hash = make_hash(1, 32);
	hash.p[0] = ASN1_TAG_BIT_STRING;
	cr_assert_eq(parse_code(record_with_hash(hash)), LTPS_FORMAT);
}

Test(ers, primitive_context_field_is_refused)
{
	struct buf tree =
	    make_tlv(0x82, 1, make_tlv(DER_SEQUENCE, 1, make_hash(1, 32)));
	cr_assert_eq(parse_code(make_record_of_stamp(stamp_with_tree(tree))),
		     LTPS_FORMAT);
}

Test(ers, stamp_without_token_is_refused)
{
	struct buf stamp =
	    make_tlv(DER_SEQUENCE, 1, make_algorithm(0xa0, DIGEST_SHA256));
	cr_assert_eq(parse_code(make_record_of_stamp(stamp)), LTPS_FORMAT);
}

Test(ers, fields_out_of_order_are_refused)
{
	struct buf tree =
	    make_tlv(0xa2, 1, make_tlv(DER_SEQUENCE, 1, make_hash(1, 32)));
	struct buf stamp =
	    make_tlv(DER_SEQUENCE, 3, tree, make_algorithm(0xa0, DIGEST_SHA256),
		     make_fake_token("t"));
	cr_assert_eq(parse_code(make_record_of_stamp(stamp)), LTPS_FORMAT);
}

Test(ers, algorithm_without_oid_is_refused)
{
	struct buf stamp = make_tlv(DER_SEQUENCE, 2, make_tlv(0xa0, 1, make_version(1)),
				    make_fake_token("t"));
	cr_assert_eq(parse_code(make_record_of_stamp(stamp)), LTPS_FORMAT);
}

Test(ers, algorithm_with_more_than_parameters_is_refused)
{
	static const char body[] = "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
				   "\x05\x00\x05\x00";
	struct buf alg = make_tlv(0xa0, 1, make_bytes(body, sizeof(body) - 1));
	struct buf stamp = make_tlv(DER_SEQUENCE, 2, alg, make_fake_token("t"));
	cr_assert_eq(parse_code(make_record_of_stamp(stamp)), LTPS_FORMAT);
}

Test(ers, too_many_lists_are_refused)
{
	struct buf one = make_tlv(DER_SEQUENCE, 1, make_hash(1, 32));
	struct buf tree = make_tlv(0xa2, 1, repeat(one, ERS_LISTS_MAX + 1));
	cr_assert_eq(parse_code(make_record_of_stamp(stamp_with_tree(tree))),
		     LTPS_TOO_LARGE);
}

Test(ers, too_many_hashes_are_refused)
{
	struct buf all = repeat(make_hash(1, 20), ERS_HASHES_MAX + 1);
	cr_assert_eq(parse_code(record_with_hash(all)), LTPS_TOO_LARGE);
}

Test(ers, too_many_stamps_are_refused)
{
	struct buf one = make_plain_stamp(make_fake_token("t"));
	struct buf chain = make_tlv(DER_SEQUENCE, 1, repeat(one, ERS_STAMPS_MAX + 1));
	cr_assert_eq(parse_code(make_record(make_tlv(DER_SEQUENCE, 1, chain))),
		     LTPS_TOO_LARGE);
}

Test(ers, too_many_chains_are_refused)
{
	struct buf one =
	    make_tlv(DER_SEQUENCE, 1, make_plain_stamp(make_fake_token("t")));
	struct buf sequence =
	    make_tlv(DER_SEQUENCE, 1, repeat(one, ERS_CHAINS_MAX + 1));
	cr_assert_eq(parse_code(make_record(sequence)), LTPS_TOO_LARGE);
}

Test(ers, too_many_algorithms_are_refused)
{
	struct buf one = make_algorithm(DER_SEQUENCE, DIGEST_SHA256);
	struct buf algs = make_tlv(DER_SEQUENCE, 1, repeat(one, ERS_ALGS_MAX + 1));
	struct buf chain =
	    make_tlv(DER_SEQUENCE, 1, make_plain_stamp(make_fake_token("t")));
	cr_assert_eq(parse_code(make_tlv(DER_SEQUENCE, 3, make_version(1), algs,
					 make_tlv(DER_SEQUENCE, 1, chain))),
		     LTPS_TOO_LARGE);
}

Test(ers, too_large_a_record_is_refused_unread)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ers *er = NULL;
	uint8_t octet = 0;
	cr_assert_eq(ers_parse(view_of(&octet, ERS_SIZE_MAX + 1), &er, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
}

Test(ers, unknown_algorithm_is_data)
{
	static const char oid[] = "\x06\x03\x2a\x03\x04";
	struct buf stamp = make_tlv(DER_SEQUENCE, 2,
				    make_tlv(0xa0, 1, make_bytes(oid, sizeof(oid) - 1)),
				    make_fake_token("t"));
	struct buf record = make_record_of_stamp(stamp);
	struct ers *er = parse(&record);
	cr_assert_eq(er->chains[0].stamps[0].alg, DIGEST_NONE);
	cr_assert_eq(er->chains[0].stamps[0].algorithm.n, 5);
	cr_assert_not(er->chains[0].stamps[0].has_tree);
	ers_free(er);
}

Test(ers, absent_algorithm_with_unreadable_token_is_unknown)
{
	struct buf record =
	    make_record_of_stamp(make_tlv(DER_SEQUENCE, 1, make_fake_token("t")));
	struct ers *er = parse(&record);
	cr_assert_eq(er->chains[0].stamps[0].alg, DIGEST_NONE);
	ers_free(er);
}

Test(ers, absent_algorithm_is_that_of_the_imprint)
{
	struct fix_pki pki = fix_pki_make();
	struct digest d = make_digest(DIGEST_SHA384, "data");
	struct buf token = buf_make(MAKE_MAX);
	struct buf record;
	struct ers *er;
	fix_token(pki.tsa, NULL, 0, &d, FIX_T0_MS, &token);
	record = make_record_of_stamp(make_tlv(DER_SEQUENCE, 1, token));
	er = parse(&record);
	cr_assert_eq(er->chains[0].stamps[0].alg, DIGEST_SHA384);
	ers_free(er);
	fix_pki_free(&pki);
}

Test(ers, indefinite_lengths_are_read)
{
	struct buf der = plain_record();
	struct tlv t;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf ber = make_bytes("\x30\x80", 2);
	struct ers *er;
	cr_assert_eq(tlv_only(view_buf(&der), &t, &err), 0);
	ber = make_join(ber, make_copy(t.body));
	ber = make_join(ber, make_bytes("\0\0", 2));
	er = parse(&ber);
	cr_assert_eq(er->n_chains, 1);
	ers_free(er);
	buf_free(&der);
}

Test(ers, hash_in_pieces_is_joined)
{
	struct buf first = make_tlv(0x24, 2, make_hash(1, 16), make_hash(2, 16));
	struct buf second = make_tlv(0x24, 2, make_hash(3, 30), make_hash(4, 2));
	struct buf record = record_with_hash(make_join(first, second));
	struct ers *er = parse(&record);
	const struct ers_list *list = &er->chains[0].stamps[0].lists[0];
	cr_assert_eq(list->n, 2);
	cr_assert_eq(list->hashes[0].n, 32);
	cr_assert_eq(list->hashes[0].p[15], 1);
	cr_assert_eq(list->hashes[0].p[16], 2);
	cr_assert_eq(list->hashes[1].p[29], 3);
	cr_assert_eq(list->hashes[1].p[31], 4);
	ers_free(er);
}

Test(ers, input_may_go_after_parsing)
{
	struct buf record = plain_record();
	struct ers *er = parse(&record); /* frees it */
	cr_assert_eq(er->chains[0].stamps[0].lists[0].hashes[0].p[31], 1);
	cr_assert_eq(er->chains[0].stamps[0].token.p[0], DER_SEQUENCE);
	ers_free(er);
}

/* Encoding */

static int encode_stamp(const struct ers_stamp_parts *p, enum ltps_code *ret_code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(MAKE_MAX);
	int rc = ers_stamp_encode(p, &out, &err);
	*ret_code = err.code;
	cr_assert(rc == 0 || out.n == 0);
	buf_free(&out);
	return rc;
}

Test(ers_encode, hash_of_another_length_is_refused)
{
	struct buf token = make_fake_token("t");
	struct digest d = make_digest(DIGEST_SHA512, "x");
	struct view v = digest_view(&d);
	struct ers_stamp_parts parts = { .alg = DIGEST_SHA256,
					 .group = &v,
					 .n_group = 1,
					 .token = view_buf(&token) };
	struct digest fits = make_digest(DIGEST_SHA256, "x");
	struct view ok = digest_view(&fits);
	enum ltps_code code;
	cr_assert_eq(encode_stamp(&parts, &code), -1);
	cr_assert_eq(code, LTPS_ARGUMENT);
	parts.group = &ok;
	parts.path = &v;
	parts.n_path = 1;
	cr_assert_eq(encode_stamp(&parts, &code), -1);
	cr_assert_eq(code, LTPS_ARGUMENT);
	buf_free(&token);
}

Test(ers_encode, path_without_first_list_is_refused)
{
	struct buf token = make_fake_token("t");
	struct digest d = make_digest(DIGEST_SHA256, "x");
	struct view v = digest_view(&d);
	struct ers_stamp_parts parts = {
		.alg = DIGEST_SHA256, .path = &v, .n_path = 1, .token = view_buf(&token)
	};
	enum ltps_code code;
	cr_assert_eq(encode_stamp(&parts, &code), -1);
	cr_assert_eq(code, LTPS_ARGUMENT);
	buf_free(&token);
}

Test(ers_encode, unknown_algorithm_is_refused)
{
	struct buf token = make_fake_token("t");
	struct ers_stamp_parts parts = { .alg = DIGEST_NONE,
					 .token = view_buf(&token) };
	enum ltps_code code;
	cr_assert_eq(encode_stamp(&parts, &code), -1);
	cr_assert_eq(code, LTPS_ARGUMENT);
	buf_free(&token);
}

Test(ers_encode, token_with_trailing_bytes_is_refused)
{
	struct buf token = make_join(make_fake_token("t"), make_bytes("\0", 1));
	struct ers_stamp_parts parts = { .alg = DIGEST_SHA256,
					 .token = view_buf(&token) };
	enum ltps_code code;
	cr_assert_eq(encode_stamp(&parts, &code), -1);
	cr_assert_eq(code, LTPS_FORMAT);
	buf_free(&token);
}

Test(ers_encode, more_lists_than_parse_takes_are_refused)
{
	struct buf token = make_fake_token("t");
	struct digest d = make_digest(DIGEST_SHA256, "x");
	struct view path[ERS_LISTS_MAX];
	struct ers_stamp_parts parts = { .alg = DIGEST_SHA256,
					 .group = path,
					 .n_group = 1,
					 .path = path,
					 .n_path = ERS_LISTS_MAX,
					 .token = view_buf(&token) };
	enum ltps_code code;
	for (size_t i = 0; i < ERS_LISTS_MAX; i++)
		path[i] = digest_view(&d);
	cr_assert_eq(encode_stamp(&parts, &code), -1);
	cr_assert_eq(code, LTPS_TOO_LARGE);
	parts.n_path--;
	cr_assert_eq(encode_stamp(&parts, &code), 0);
	buf_free(&token);
}

Test(ers_encode, sequence_without_chains_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(MAKE_MAX);
	cr_assert_eq(ers_sequence_encode(NULL, 0, &out, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	buf_free(&out);
}

Test(ers_encode, small_buffer_is_left_as_it_was)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf token = make_fake_token("t");
	struct buf out = buf_make(16);
	struct ers_stamp_parts parts = { .alg = DIGEST_SHA256,
					 .token = view_buf(&token) };
	cr_assert_eq(ers_stamp_encode(&parts, &out, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	buf_free(&out);
	buf_free(&token);
}

Test(ers_encode, algorithms_are_a_union_in_order)
{
	static const enum digest_alg algs[] = { DIGEST_SHA512, DIGEST_SHA256,
						DIGEST_SHA512 };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf chain =
	    make_tlv(DER_SEQUENCE, 1, make_plain_stamp(make_fake_token("t")));
	struct view v = view_buf(&chain);
	struct buf out = buf_make(MAKE_MAX);
	struct ers *er;
	cr_assert_eq(ers_encode(&v, 1, algs, 3, VIEW_NULL, &out, &err), 0);
	er = parse(&out);
	cr_assert_eq(er->n_algs, 2);
	cr_assert_eq(er->algs[0], DIGEST_SHA512);
	cr_assert_eq(er->algs[1], DIGEST_SHA256);
	ers_free(er);
	buf_free(&chain);
}

/* Golden files: golden/make_golden.py writes them from the same inputs. */

static struct buf read_golden(const char *name)
{
	static const char here[] = "ers_test.c";
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(MAKE_MAX);
	char path[1024];
	snprintf(path, sizeof(path), "%.*sgolden/%s",
		 (int)(strlen(__FILE__) - (sizeof(here) - 1)), __FILE__, name);
	cr_assert_eq(file_read(path, &b, &err), 0, "%s", err.text);
	return b;
}

static void assert_golden(const char *name, struct buf *record)
{
	struct buf golden = read_golden(name);
	struct ers *er;
	cr_assert_eq(golden.n, record->n, "%s", name);
	cr_assert_eq(memcmp(golden.p, record->p, golden.n), 0, "%s", name);
	buf_free(record);
	er = parse(&golden);
	ers_free(er);
}

static struct buf encode_parts(enum digest_alg alg, struct digest *hashes,
			       size_t n_group, size_t n_path, const char *token_text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf token = make_fake_token(token_text);
	struct view views[8];
	struct buf out = buf_make(MAKE_MAX);
	struct ers_stamp_parts parts = { .alg = alg,
					 .group = views,
					 .n_group = n_group,
					 .path = views + n_group,
					 .n_path = n_path,
					 .token = view_buf(&token) };
	for (size_t i = 0; i < n_group + n_path; i++)
		views[i] = digest_view(&hashes[i]);
	cr_assert_eq(ers_stamp_encode(&parts, &out, &err), 0, "%s", err.text);
	buf_free(&token);
	return out;
}

static struct buf encode_record(struct buf stamp)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256 };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view v = view_buf(&stamp);
	struct buf chain = buf_make(MAKE_MAX);
	struct buf out = buf_make(MAKE_MAX);
	struct view c;
	cr_assert_eq(ers_chain_encode(&v, 1, &chain, &err), 0);
	c = view_buf(&chain);
	cr_assert_eq(ers_encode(&c, 1, algs, 1, VIEW_NULL, &out, &err), 0);
	buf_free(&chain);
	buf_free(&stamp);
	return out;
}

Test(ers_golden, no_tree)
{
	struct buf record =
	    encode_record(encode_parts(DIGEST_SHA256, NULL, 0, 0, "first token"));
	assert_golden("no-tree.ers", &record);
}

Test(ers_golden, path)
{
	struct digest h[] = { make_digest(DIGEST_SHA256, "one"),
			      make_digest(DIGEST_SHA256, "two"),
			      make_digest(DIGEST_SHA256, "three") };
	struct buf record =
	    encode_record(encode_parts(DIGEST_SHA256, h, 1, 2, "first token"));
	assert_golden("path.ers", &record);
}

Test(ers_golden, group_is_sorted)
{
	struct digest h[] = { make_digest(DIGEST_SHA256, "one"),
			      make_digest(DIGEST_SHA256, "two"),
			      make_digest(DIGEST_SHA256, "three"),
			      make_digest(DIGEST_SHA256, "four") };
	struct buf record =
	    encode_record(encode_parts(DIGEST_SHA256, h, 3, 1, "first token"));
	assert_golden("group.ers", &record);
}

static struct buf attribute(uint8_t last, const char *text)
{
	struct buf oid = make_bytes("\x06\x03\x2a\x03", 4);
	return make_tlv(
	    DER_SEQUENCE, 2, make_join(oid, make_bytes(&last, 1)),
	    make_tlv(DER_SET, 1, make_tlv(0x0c, 1, make_copy(view_text(text)))));
}

/* One time-stamp and its renewal, as one chain. */
static struct buf renewed_chain(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf first = make_fake_token("first token");
	struct digest one[] = { make_digest(DIGEST_SHA256, "one"),
				make_digest(DIGEST_SHA256, "two") };
	struct digest two[2] = { { .alg = DIGEST_NONE },
				 make_digest(DIGEST_SHA256, "three") };
	struct buf stamps[2];
	struct view views[2];
	struct buf out = buf_make(MAKE_MAX);
	cr_assert_eq(ers_token_hash(DIGEST_SHA256, view_buf(&first), &two[0], &err), 0);
	stamps[0] = encode_parts(DIGEST_SHA256, one, 1, 1, "first token");
	stamps[1] = encode_parts(DIGEST_SHA256, two, 1, 1, "second token");
	for (int i = 0; i < 2; i++)
		views[i] = view_buf(&stamps[i]);
	cr_assert_eq(ers_chain_encode(views, 2, &out, &err), 0);
	buf_free(&stamps[0]);
	buf_free(&stamps[1]);
	buf_free(&first);
	return out;
}

static struct buf rehashed_chain(struct view earlier_chain)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf sequence = buf_make(MAKE_MAX);
	struct buf token = make_fake_token("third token");
	struct buf attributes = make_join(attribute(4, "renewal"), attribute(3, "why"));
	struct digest object = make_digest(DIGEST_SHA512, "one");
	struct digest other = make_digest(DIGEST_SHA512, "two");
	struct digest renewed;
	struct view group, path = digest_view(&other);
	struct buf stamp = buf_make(MAKE_MAX);
	struct ers_stamp_parts parts = { .alg = DIGEST_SHA512,
					 .group = &group,
					 .n_group = 1,
					 .path = &path,
					 .n_path = 1,
					 .token = view_buf(&token),
					 .attributes = view_buf(&attributes) };
	cr_assert_eq(ers_sequence_encode(&earlier_chain, 1, &sequence, &err), 0);
	cr_assert_eq(ers_renewed_hash(&object, view_buf(&sequence), &renewed, &err), 0);
	group = digest_view(&renewed);
	cr_assert_eq(ers_stamp_encode(&parts, &stamp, &err), 0, "%s", err.text);
	buf_free(&sequence);
	buf_free(&token);
	buf_free(&attributes);
	return make_tlv(DER_SEQUENCE, 1, stamp);
}

Test(ers_golden, both_renewals_attributes_and_crypto_infos)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA512 };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf first = renewed_chain();
	struct buf second = rehashed_chain(view_buf(&first));
	struct buf info = attribute(5, "info");
	struct view chains[2] = { view_buf(&first), view_buf(&second) };
	struct buf record = buf_make(MAKE_MAX);
	cr_assert_eq(ers_encode(chains, 2, algs, 2, view_buf(&info), &record, &err), 0);
	assert_golden("renewed.ers", &record);
	buf_free(&first);
	buf_free(&second);
	buf_free(&info);
}

Test(ers_golden, what_was_encoded_is_what_is_read)
{
	struct buf golden = read_golden("renewed.ers");
	struct ers *er = parse(&golden);
	cr_assert_eq(er->n_chains, 2);
	cr_assert_eq(er->chains[0].n, 2);
	cr_assert_eq(er->chains[1].n, 1);
	cr_assert_eq(er->chains[0].stamps[1].n_lists, 2);
	cr_assert_eq(er->chains[1].stamps[0].alg, DIGEST_SHA512);
	cr_assert_gt(er->chains[1].stamps[0].attributes.n, 0);
	cr_assert_gt(er->crypto_infos.n, 0);
	cr_assert_eq(er->encryption_info.n, 0);
	ers_free(er);
}

Test(ers, every_failing_allocation_is_an_error)
{
	struct buf golden = read_golden("renewed.ers");
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct ers *er = NULL;
		int rc;
		mem_fail_nth(n);
		rc = ers_parse(view_buf(&golden), &er, &err);
		int hit = mem_fail_hit();
		mem_fail_nth(0);
		ers_free(er);
		if (!hit) {
			cr_assert_eq(rc, 0);
			break;
		}
		cr_assert_eq(rc, -1);
		cr_assert_eq(err.code, LTPS_NOMEM);
	}
	buf_free(&golden);
}
