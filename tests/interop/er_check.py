#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recomputes the hashes of an RFC 4998 evidence record, and nothing else.

A second opinion on timestamping/ers_verify.c, written apart from it: its own
reader of DER, no signatures, no certificates, no trust. Standard library only.

usage: er_check.py RECORD [--data FILE]... [--digest ALG:HEX]...
Prints JSON; exit status 0 when every root is its imprint, every link holds,
each chain keeps its digest, times ascend and every given object is covered,
else 1; 65 when the record does not decode.
"""
import argparse
import base64
import hashlib
import json
import sys

NAMES = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "2.16.840.1.101.3.4.2.7": "sha3_224",
    "2.16.840.1.101.3.4.2.8": "sha3_256",
    "2.16.840.1.101.3.4.2.9": "sha3_384",
    "2.16.840.1.101.3.4.2.10": "sha3_512",
}


class Malformed(Exception):
    pass


class Element:
    """One TLV: identifier octet, contents, and its own bytes."""

    def __init__(self, tag, body, whole):
        self.tag, self.body, self.whole = tag, body, whole

    def members(self):
        out, rest = [], self.body
        while rest:
            e, rest = read(rest)
            out.append(e)
        return out

    def octets(self):
        if not self.tag & 0x20:
            return self.body
        return b"".join(m.octets() for m in self.members())


def read(data, depth=0):
    """First element of data and what follows it."""
    if len(data) < 2 or depth > 60:
        raise Malformed("element cut short")
    tag, first = data[0], data[1]
    if tag & 0x1F == 0x1F:
        raise Malformed("high tag number")
    if first == 0x80:
        at = 2
        while data[at:at + 2] != b"\0\0":
            inner, rest = read(data[at:], depth + 1)
            at += len(inner.whole)
        return Element(tag, data[2:at], data[:at + 2]), data[at + 2:]
    start, length = 2, first
    if first & 0x80:
        count = first & 0x7F
        start += count
        length = int.from_bytes(data[2:start], "big")
    if start + length > len(data):
        raise Malformed("length beyond the end")
    end = start + length
    return Element(tag, data[start:end], data[:end]), data[end:]


def only(data):
    e, rest = read(data)
    if rest:
        raise Malformed("bytes after the record")
    return e


def oid(body):
    arcs, value = [], 0
    for octet in body:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    head = min(arcs[0] // 40, 2)
    return ".".join(map(str, [head, arcs[0] - 40 * head] + arcs[1:]))


def time_text(body):
    t = body.decode("ascii").rstrip("Z")
    whole, _, fraction = t.partition(".")
    return "%s-%s-%sT%s:%s:%s%sZ" % (
        whole[0:4], whole[4:6], whole[6:8], whole[8:10], whole[10:12],
        whole[12:14], "." + fraction if fraction else "")


def token_fields(token):
    """Imprint algorithm, imprint value and genTime out of a TimeStampToken."""
    signed = token.members()[1].members()[0].members()
    content = [m for m in signed if m.tag == 0x30][0].members()[1].members()[0]
    info = only(content.octets()).members()
    imprint = info[2].members()
    name = NAMES.get(oid(imprint[0].members()[0].body), "?")
    return name, imprint[1].body, time_text(info[4].body)


class Stamp:
    def __init__(self, e):
        self.alg, self.lists, self.token = None, None, None
        for m in e.members():
            if m.tag == 0xA0:
                self.alg = NAMES.get(oid(m.members()[0].body), "?")
            elif m.tag == 0xA2:
                self.lists = [[h.octets() for h in l.members()] for l in m.members()]
            elif m.tag == 0x30:
                self.token = m
        self.imprint_alg, self.imprint, self.time = token_fields(self.token)
        self.alg = self.alg or self.imprint_alg

    def root(self):
        """Root of the reduced hash tree, or None when there is no tree."""
        if not self.lists:
            return None
        current = join(self.alg, self.lists[0], True)
        for further in self.lists[1:]:
            current = join(self.alg, further + [current], True)
        return current

    def first(self):
        return self.lists[0] if self.lists else [self.imprint]


def h(alg, data):
    return hashlib.new(alg, data).digest()


def join(alg, values, pass_single):
    values = sorted(values)
    if len(values) == 1 and pass_single:
        return values[0]
    return h(alg, b"".join(values))


class Object:
    def __init__(self, name, data=None, digests=None):
        self.name, self.data, self.digests = name, data, digests or {}

    def digest(self, alg):
        if self.data is not None:
            return h(alg, self.data)
        return self.digests.get(alg)


def sequence_of(chains):
    body = b"".join(chains)
    n = len(body)
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return b"\x30" + (bytes([n]) if n < 128 else bytes([0x80 | len(size)]) + size) + body


def renewal_link(chain, index):
    """How a time-stamp of a chain covers the one before it, or None."""
    stamp, earlier = chain[index], chain[:index]
    hashes = [h(stamp.alg, s.token.whole) for s in earlier]
    if hashes[-1] not in stamp.first():
        return None
    if len(earlier) > 1 and set(stamp.first()) == set(hashes):
        return "all-earlier"
    return "previous"


def object_link(stamp, digest, ha):
    """Which reading of an object's digest stands in the first list."""
    if ha is None:
        return "digest" if digest in stamp.first() else None
    if h(stamp.alg, digest + ha) in stamp.first():
        return "concatenated"
    if h(stamp.alg, b"".join(sorted([digest, ha]))) in stamp.first():
        return "sorted"
    return None


def check_chain(chain, ha, objects):
    report = []
    for i, s in enumerate(chain):
        root = s.root()
        row = {
            "digest": s.alg,
            "time": s.time,
            "lists": [len(l) for l in s.lists] if s.lists else None,
            "root_is_imprint": root == s.imprint if root is not None else True,
            "same_algorithm": s.alg == s.imprint_alg,
        }
        if i > 0:
            row["link"] = renewal_link(chain, i)
        else:
            row["objects"] = {}
            for o in objects:
                d = o.digest(s.alg)
                row["objects"][o.name] = object_link(s, d, ha) if d else "no digest"
            row["group_complete"] = len(set(s.first())) == len(
                {o.digest(s.alg) for o in objects})
        report.append(row)
    return report


def check(data, objects):
    outer = only(data)
    if outer.tag != 0x30:
        raise Malformed("not a SEQUENCE")
    record = outer.members()
    if record[0].tag != 2 or record[0].body != b"\1":
        raise Malformed("version")
    sequence = record[-1]
    raw = sequence.members()
    chains = [[Stamp(e) for e in c.members()] for c in raw]
    out = []
    for i, chain in enumerate(chains):
        ha = None
        if i > 0:
            ha = h(chain[0].alg, sequence_of([c.whole for c in raw[:i]]))
        out.append(check_chain(chain, ha, objects))
    times = [s["time"] for c in out for s in c]
    return {"ascending": times == sorted(times), "chains": out}


def good(report):
    rows = [s for c in report["chains"] for s in c]
    heads = [c[0] for c in report["chains"]]
    links = [s["link"] for s in rows if "link" in s]
    found = [v for s in heads for v in s["objects"].values()]
    digests = [{s["digest"] for s in c} for c in report["chains"]]
    return (report["ascending"] and all(s["root_is_imprint"] for s in rows)
            and all(len(d) == 1 for d in digests)
            and all(s["same_algorithm"] for s in rows)
            and None not in links
            and all(v in ("digest", "concatenated") for v in found))


def load(path):
    with open(path, "rb") as f:
        data = f.read()
    if data.startswith(b"-----BEGIN"):
        lines = data.decode("ascii").split("\n")
        data = base64.b64decode("".join(l for l in lines if not l.startswith("-----")))
    return data


def main():
    p = argparse.ArgumentParser()
    p.add_argument("record")
    p.add_argument("--data", action="append", default=[])
    p.add_argument("--digest", action="append", default=[])
    a = p.parse_args()
    objects = []
    for path in a.data:
        with open(path, "rb") as f:
            objects.append(Object(path, f.read()))
    for text in a.digest:
        alg, _, value = text.partition(":")
        objects.append(Object(text, None, {alg: bytes.fromhex(value)}))
    try:
        report = check(load(a.record), objects)
    except (Malformed, IndexError, ValueError) as e:
        print(json.dumps({"error": str(e)}))
        return 65
    report["good"] = good(report)
    print(json.dumps(report))
    return 0 if report["good"] else 1


if __name__ == "__main__":
    sys.exit(main())
