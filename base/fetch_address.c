/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_address - which addresses an operator's policy lets us connect to. */
#include "base/fetch.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum reach {
	REACH_NEVER, /* no server stands there but one that gives a machine its secrets,
			or a tunnel to anywhere */
	REACH_PUBLIC,
	REACH_PRIVATE,
	REACH_LOOPBACK,
};

struct range4 {
	uint8_t p[4];
	unsigned bits;
	enum reach reach;
};

/*
 * IANA IPv4 Special-Purpose Address Registry (RFC 6890 and successors).
 * What is not listed is public.
 */
static const struct range4 ranges4[] = {
	{ { 0, 0, 0, 0 }, 8, REACH_NEVER },        /* this network, RFC 791 3.2 */
	{ { 10, 0, 0, 0 }, 8, REACH_PRIVATE },     /* RFC 1918 */
	{ { 100, 64, 0, 0 }, 10, REACH_PRIVATE },  /* shared space, RFC 6598 */
	{ { 127, 0, 0, 0 }, 8, REACH_LOOPBACK },   /* RFC 1122 3.2.1.3 */
	{ { 169, 254, 0, 0 }, 16, REACH_NEVER },   /* link-local, RFC 3927 */
	{ { 172, 16, 0, 0 }, 12, REACH_PRIVATE },  /* RFC 1918 */
	{ { 192, 0, 0, 0 }, 24, REACH_NEVER },     /* protocols, RFC 6890 2.1 */
	{ { 192, 0, 2, 0 }, 24, REACH_NEVER },     /* documentation, RFC 5737 */
	{ { 192, 88, 99, 0 }, 24, REACH_NEVER },   /* 6to4 relays, RFC 7526 */
	{ { 192, 168, 0, 0 }, 16, REACH_PRIVATE }, /* RFC 1918 */
	{ { 198, 18, 0, 0 }, 15, REACH_PRIVATE },  /* benchmarks, RFC 2544 */
	{ { 198, 51, 100, 0 }, 24, REACH_NEVER },  /* documentation, RFC 5737 */
	{ { 203, 0, 113, 0 }, 24, REACH_NEVER },   /* documentation, RFC 5737 */
	{ { 224, 0, 0, 0 }, 4, REACH_NEVER },      /* multicast, RFC 5771 */
	{ { 240, 0, 0, 0 }, 4, REACH_NEVER },      /* reserved and broadcast */
};

enum embedded {
	EMBEDDED_NONE,
	EMBEDDED_V4, /* the last four bytes are an IPv4 address, judged as such */
};

struct range6 {
	uint8_t p[16];
	unsigned bits;
	enum reach reach;
	enum embedded embedded;
};

/*
 * IANA IPv6 Special-Purpose Address Registry. The first that matches counts;
 * what is not listed is outside of global unicast (RFC 4291 2.4) and refused.
 */
static const struct range6 ranges6[] = {
	{ { [15] = 1 }, 128, REACH_LOOPBACK, EMBEDDED_NONE },
	/* IPv4-mapped, RFC 4291 2.5.5.2 */
	{ { [10] = 0xff, [11] = 0xff }, 96, REACH_NEVER, EMBEDDED_V4 },
	/* NAT64, RFC 6052 2.1, and its local-use form, RFC 8215 */
	{ { 0, 0x64, 0xff, 0x9b }, 96, REACH_NEVER, EMBEDDED_V4 },
	{ { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48, REACH_PRIVATE, EMBEDDED_NONE },
	/* ULA, RFC 4193; link-local, RFC 4291 2.5.6; site-local, RFC 3879 */
	{ { 0xfc }, 7, REACH_PRIVATE, EMBEDDED_NONE },
	{ { 0xfe, 0x80 }, 10, REACH_NEVER, EMBEDDED_NONE },
	{ { 0xfe, 0xc0 }, 10, REACH_PRIVATE, EMBEDDED_NONE },
	/* Protocols and Teredo, RFC 2928, RFC 4380; 6to4, RFC 3056 */
	{ { 0x20, 0x01 }, 23, REACH_NEVER, EMBEDDED_NONE },
	{ { 0x20, 0x02 }, 16, REACH_NEVER, EMBEDDED_NONE },
	/* Documentation, RFC 3849, RFC 9637 */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, REACH_NEVER, EMBEDDED_NONE },
	{ { 0x3f, 0xff }, 20, REACH_NEVER, EMBEDDED_NONE },
	{ { 0x20 }, 3, REACH_PUBLIC, EMBEDDED_NONE },
};

static bool in_range(const uint8_t *address, const uint8_t *prefix, unsigned bits)
{
	const unsigned whole = bits / 8;
	const unsigned rest = bits % 8;
	if (memcmp(address, prefix, whole) != 0)
		return false;
	return rest == 0 || (address[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

static enum reach reach4(const uint8_t address[4])
{
	for (size_t i = 0; i < sizeof(ranges4) / sizeof(ranges4[0]); i++) {
		if (in_range(address, ranges4[i].p, ranges4[i].bits))
			return ranges4[i].reach;
	}
	return REACH_PUBLIC;
}

static enum reach reach6(const uint8_t address[16])
{
	for (size_t i = 0; i < sizeof(ranges6) / sizeof(ranges6[0]); i++) {
		if (!in_range(address, ranges6[i].p, ranges6[i].bits))
			continue;
		if (ranges6[i].embedded == EMBEDDED_V4)
			return reach4(address + 12);
		return ranges6[i].reach;
	}
	return REACH_NEVER;
}

/* The address is copied, since the bytes given need not be aligned. */
static enum reach reach_of(const void *sockaddr, size_t n)
{
	sa_family_t family;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	const size_t at = offsetof(struct sockaddr, sa_family);
	if (n < at + sizeof(family))
		return REACH_NEVER;
	memcpy(&family, (const uint8_t *)sockaddr + at, sizeof(family));
	if (family == AF_INET && n >= sizeof(v4)) {
		memcpy(&v4, sockaddr, sizeof(v4));
		return reach4((const uint8_t *)&v4.sin_addr);
	}
	if (family == AF_INET6 && n >= sizeof(v6)) {
		memcpy(&v6, sockaddr, sizeof(v6));
		return reach6(v6.sin6_addr.s6_addr);
	}
	return REACH_NEVER;
}

bool fetch_address_allowed(const struct fetch_policy *policy, const void *sockaddr,
			   size_t n)
{
	switch (reach_of(sockaddr, n)) {
	case REACH_PUBLIC:
		return true;
	case REACH_PRIVATE:
		return policy->allow_private;
	case REACH_LOOPBACK:
		return policy->allow_loopback;
	case REACH_NEVER:
		break;
	}
	return false;
}
