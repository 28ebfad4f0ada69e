#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the golden evidence records from fixed inputs, by its own DER writer.

The encoding of evidence records is a frozen format: ers_golden_test in
tests/timestamping/ers_test.c encodes the same inputs and compares the bytes.
A time-stamp token varies with its keys, so a fixed ContentInfo stands in for it.

usage: make_golden.py [--check]   (beside the files; --check only compares)
"""
import hashlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SHA256 = bytes.fromhex("300b0609608648016503040201")
SHA512 = bytes.fromhex("300b0609608648016503040203")


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def token(text):
    """ContentInfo { id-data, OCTET STRING text }"""
    return tlv(0x30, bytes.fromhex("06092a864886f70d010701"),
               tlv(0xA0, tlv(0x04, text)))


def attribute(last, text):
    """An Attribute of a private type with one UTF8String."""
    return tlv(0x30, bytes.fromhex("06032a03") + bytes([last]),
               tlv(0x31, tlv(0x0C, text)))


def stamp(algorithm, lists, tst, attributes=()):
    out = [tlv(0xA0, algorithm[2:])]
    if attributes:
        out.append(tlv(0xA1, *sorted(attributes)))
    if lists:
        out.append(tlv(0xA2, *[tlv(0x30, *[tlv(0x04, h) for h in sorted(l)])
                               for l in lists]))
    return tlv(0x30, *out, tst)


def record(algorithms, chains, crypto_infos=()):
    out = [tlv(0x02, b"\1"), tlv(0x30, *algorithms)]
    if crypto_infos:
        out.append(tlv(0xA0, *crypto_infos))
    return tlv(0x30, *out, tlv(0x30, *[tlv(0x30, *c) for c in chains]))


def h256(text):
    return hashlib.sha256(text).digest()


def h512(text):
    return hashlib.sha512(text).digest()


def records():
    one, two, three = h256(b"one"), h256(b"two"), h256(b"three")
    first = token(b"first token")
    second = token(b"second token")
    yield "no-tree.ers", record([SHA256], [[stamp(SHA256, [], first)]])
    yield "path.ers", record(
        [SHA256], [[stamp(SHA256, [[one], [two], [three]], first)]])
    yield "group.ers", record(
        [SHA256], [[stamp(SHA256, [[one, two, three], [h256(b"four")]], first)]])
    chain = [stamp(SHA256, [[one], [two]], first),
             stamp(SHA256, [[h256(first)], [three]], second)]
    earlier = tlv(0x30, tlv(0x30, *chain))
    renewed = h512(h512(b"one") + h512(earlier))
    attributes = [attribute(4, b"renewal"), attribute(3, b"why")]
    third = token(b"third token")
    yield "renewed.ers", record(
        [SHA256, SHA512],
        [chain, [stamp(SHA512, [[renewed], [h512(b"two")]], third, attributes)]],
        [attribute(5, b"info")])


def main():
    status = 0
    for name, data in records():
        path = os.path.join(HERE, name)
        if "--check" in sys.argv[1:]:
            with open(path, "rb") as f:
                if f.read() != data:
                    print("%s differs" % name)
                    status = 1
        else:
            with open(path, "wb") as f:
                f.write(data)
    return status


if __name__ == "__main__":
    sys.exit(main())
