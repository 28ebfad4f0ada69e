/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of an LDAP server, one by one: the forms that BER has and LDAP not. */
#include <criterion/criterion.h>

#include <string.h>

#include "base/fetch_ldap.h"

#define BYTES(s)                                                                       \
	{                                                                              \
		(const uint8_t *)(s), sizeof(s) - 1                                    \
	}

static void expect_refused(enum ldap_stage stage, struct view message, const char *why)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf values = buf_make(100);
	struct ldap_reply r = {
		.wanted = ldap_attribute_bit(view_text("cACertificate")),
		.values = &values,
		.stage = stage,
	};
	cr_expect_eq(ldap_reply_take(&r, message, &err), -1, "%s", why);
	cr_expect_eq(err.code, LTPS_REMOTE);
	cr_expect_eq(err.fault, LTPS_FAULT_REMOTE);
	cr_expect_not_null(strstr(err.text, why), "%s: %s", why, err.text);
	cr_expect_eq(r.stage, stage);
	buf_free(&values);
}

Test(ldap_message, indefinite_lengths_are_refused_everywhere)
{
	static const struct {
		struct view message;
		const char *why;
	} rows[] = {
		{ BYTES("\x30\x80\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00\0\0"),
		  "usable message" },
		{ BYTES("\x30\x0e\x02\x01\x02\x65\x80\x0a\x01\x00\x04\x00\x04\x00\0\0"),
		  "usable operation" },
		{ BYTES("\x30\x0b\x02\x01\x02\x64\x06\x04\x00\x30\x80\0\0"),
		  "usable list of attributes" },
		{ BYTES("\x30\x17\x02\x01\x02\x64\x12\x04\x00\x30\x0e\x30\x80\x04\x02"
			"cn\x31\x04\x04\x02\x30\x00\0\0"),
		  "usable attribute" },
		{ BYTES("\x30\x17\x02\x01\x02\x64\x12\x04\x00\x30\x0e\x30\x0c\x04\x02"
			"cn\x31\x80\x04\x02\x30\x00\0\0"),
		  "usable set of values" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_refused(LDAP_SEARCHING, rows[i].message, rows[i].why);
}

Test(ldap_message, constructed_strings_are_refused)
{
	static const struct view value =
	    BYTES("\x30\x15\x02\x01\x02\x64\x10\x04\x00\x30\x0c\x30\x0a\x04\x02"
		  "cn\x31\x04\x24\x02\x04\x00");
	expect_refused(LDAP_SEARCHING, value, "usable value");
}

Test(ldap_message, elements_behind_the_known_ones_are_refused)
{
	static const struct {
		struct view message;
		const char *why;
	} rows[] = {
		{ BYTES("\x30\x13\x02\x01\x02\x64\x0e\x04\x00\x30\x0a\x30\x08\x04\x02"
			"cn\x31\x00\x05\x00"),
		  "behind its attribute" },
		{ BYTES("\x30\x0b\x02\x01\x02\x64\x06\x04\x00\x30\x00\x05\x00"),
		  "behind its entry" },
		{ BYTES("\x30\x0c\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00\x05"),
		  "behind its message" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_refused(LDAP_SEARCHING, rows[i].message, rows[i].why);
}

Test(ldap_message, entry_in_answer_to_the_bind_is_refused)
{
	static const struct view entry =
	    BYTES("\x30\x09\x02\x01\x01\x64\x04\x04\x00\x30\x00");
	static const struct view done =
	    BYTES("\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00");
	expect_refused(LDAP_BINDING, entry, "not asked for");
	expect_refused(LDAP_BINDING, done, "not asked for");
}

Test(ldap_message, frame_with_an_unusable_length_is_refused)
{
	static const struct view frames[] = {
		BYTES("\x30\x80"),
		BYTES("\x30\x85"),
		BYTES("\x30\xff"),
		BYTES("\x31"),
	};
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		size_t n = 1;
		cr_expect_eq(ldap_frame(frames[i], 1000, &n, &err), -1);
		cr_expect_eq(err.code, LTPS_REMOTE);
		cr_expect_eq(n, 0);
	}
}

Test(ldap_message, frame_beyond_the_limit_is_too_large_at_once)
{
	static const struct {
		struct view frame;
		size_t max;
	} rows[] = {
		{ BYTES("\x30\x05"), 6 },
		{ BYTES("\x30\x81\x80"), 130 },
		{ BYTES("\x30\x84\xff\xff\xff\xff"), 1000 },
		{ BYTES("\x30\x84\x00\x00\x00\x00"), 5 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		size_t n;
		cr_expect_eq(ldap_frame(rows[i].frame, rows[i].max, &n, &err), -1);
		cr_expect_eq(err.code, LTPS_TOO_LARGE);
		ltps_error_clear(&err);
		/* One octet more of room, and it is waited for or whole. */
		cr_expect_eq(ldap_frame(rows[i].frame,
					i == 2 ? SIZE_MAX : rows[i].max + 1, &n, &err),
			     0);
	}
}

Test(ldap_message, frame_is_whole_with_its_last_octet)
{
	static const struct view two = BYTES("\x30\x81\x02\x05\x00\x30\x00");
	for (size_t have = 0; have <= two.n; have++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		size_t n;
		cr_expect_eq(ldap_frame(view_head(two, have), 100, &n, &err), 0);
		cr_expect_eq(n, have >= 5 ? 5 : 0);
	}
}
