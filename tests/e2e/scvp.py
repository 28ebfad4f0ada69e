#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scvp BUILD - POST /scvp of the demonstration: faults of HTTP, signed answers that
openssl verifies, evidence records for what was given out, and the number of the
configuration across a restart. Messages are written here, independently of ours."""
import base64
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from service import Service, Tap, until, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
CV = {"Content-Type": "application/scvp-cv-request"}
VP = {"Content-Type": "application/scvp-vp-request"}
CT = "1.2.840.113549.1.9.16.1."
PKIX = "1.3.6.1.5.5.7."


def tlv(tag, body):
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def seq(*parts):
    return tlv(0x30, b"".join(parts))


def oid(text):
    arcs = [int(x) for x in text.split(".")]
    out = bytes([40 * arcs[0] + arcs[1]])
    for v in arcs[2:]:
        part = [v & 127]
        while v := v >> 7:
            part.insert(0, v & 127 | 128)
        out += bytes(part)
    return tlv(6, out)


def elements(body):
    """The elements of some contents: (tag, contents, whole)."""
    at = 0
    while at < len(body):
        n, head = body[at + 1], 2
        if n & 128:
            head += n & 127
            n = int.from_bytes(body[at + 2:at + head], "big")
        yield body[at], body[at + head:at + head + n], body[at:at + head + n]
        at += head + n


def inside(element):
    return list(elements(next(elements(element))[1]))


def pem(path):
    with open(path, encoding="ascii") as f:
        text = f.read().split("-----BEGIN CERTIFICATE-----")[1]
    return base64.b64decode(text.split("-----END")[0])


def request(cert, wants=(), tail=b""):
    query = tlv(0xa0, b"\xa0" + cert[1:]) + seq(oid(PKIX + "17.3"))
    if wants:
        query += tlv(0xa1, b"".join(oid(PKIX + f"18.{w}") for w in wants))
    query += seq(seq(oid(PKIX + "19.1")))
    return seq(oid(CT + "10"), tlv(0xa0, seq(seq(query), tail)))


def content(answer):
    """The octets inside SignedData, or the bare message."""
    kind, body = inside(answer)
    if kind[2] != oid("1.2.840.113549.1.7.2"):
        return body[1]
    encap = list(elements(list(elements(next(elements(body[1]))[1]))[2][1]))
    return next(elements(encap[1][1]))[1]


def reply(answer):
    """Fields of the first CertReply of a CVResponse."""
    items = [e for e in inside(content(answer)) if e[0] == 0xa4]
    return list(elements(next(elements(items[0][1]))[1]))


def wants_of(answer):
    fields = [e for e in reply(answer) if e[0] == 0x30]
    return {list(elements(w[1]))[0][2]: list(elements(w[1]))[1][1]
            for w in elements(fields[1][1])}


def faults(_, service):
    for method in ("GET", "PUT", "DELETE"):
        tap.equal(f"{method} is not allowed", service.request(method, "/scvp")[0], 405)
    for kind in ("text/plain", "application/json", "application/scvp-cv-response"):
        tap.equal(f"{kind} is not taken",
                  service.request("POST", "/scvp", b"x", {"Content-Type": kind})[0], 415)
    tap.equal("a policy request that is none",
              service.request("POST", "/scvp", b"x", VP)[0], 400)
    status, body = service.request("POST", "/scvp", b"x", CV)[:2]
    tap.equal("bytes that are no request are answered", status, 200)
    tap.equal("with unableToDecode", inside(content(body))[3][1], tlv(10, b"\x19"))
    too_large = {**CV, "Content-Length": str(17 << 20)}
    try:
        tap.equal("a body beyond the limit", service.request("POST", "/scvp", b"x",
                                                             too_large)[0], 413)
    except OSError as e:
        tap.check("a body beyond the limit", False, e)


def verified(service, answer, work):
    """What openssl says of the signature and the path of the signer."""
    path = os.path.join(work, "answer.der")
    trust = os.path.join(work, "trust.pem")
    with open(path, "wb") as f:
        f.write(answer)
    with open(trust, "wb") as out:
        for name in ("anchors.pem", "pki/certs/ca.pem"):
            with open(os.path.join(service.dir, name), "rb") as f:
                out.write(f.read())
    run = subprocess.run(["openssl", "cms", "-verify", "-inform", "DER", "-in", path, "-CAfile",
                          trust, "-purpose", "any", "-out", os.devnull],
                         capture_output=True, check=False)
    return run.returncode == 0


def answers(_, service, work):
    tsa = pem(os.path.join(service.dir, "pki/certs/tsa0.pem"))
    ca = pem(os.path.join(service.dir, "pki/certs/ca.pem"))
    status, body = service.request("POST", "/scvp", request(tsa, (1, 2, 4)), CV)[:2]
    tap.equal("a request is answered", status, 200)
    bundle = wants_of(body)[oid(PKIX + "18.1")]
    tap.equal("with the path, anchor left out", bundle, seq(tsa, ca))
    # Each worker has a cache of its own.
    again = {service.request("POST", "/scvp", request(tsa, (1, 2, 4)), CV)[1]
             for _ in range(60)}
    tap.check("again from the cache", len(again) < 60, len(again))
    policies = service.request("POST", "/scvp", seq(oid(CT + "12"), tlv(0xa0, seq(tlv(4, b"n")))),
                               VP)[1]
    if shutil.which("openssl"):
        tap.check("openssl verifies the answer", verified(service, body, work))
        tap.check("and that about policies", verified(service, policies, work))
    else:
        tap.skip("openssl verifies the answer", "no openssl here")


def evidence(_, service, work):
    tsa = pem(os.path.join(service.dir, "pki/certs/tsa0.pem"))
    asked = request(tsa, (1, 2, 10, 16, 17, 19, 20))
    found = {}

    def there():
        found.update(wants_of(service.request("POST", "/scvp", asked, CV)[1]))
        return len(found[oid(PKIX + "18.17")]) > 0
    there()
    tap.equal("no record at first", found[oid(PKIX + "18.17")], b"")
    until(there, "there is a record of the path")
    for name, arc, data in (("path", 17, found[oid(PKIX + "18.1")]), ("certificate", 16, tsa)):
        files = [os.path.join(work, f"{name}.{x}") for x in ("ers", "der")]
        for file, octets in zip(files, (found[oid(PKIX + f"18.{arc}")], data)):
            with open(file, "wb") as f:
                f.write(octets)
        run = subprocess.run([ltps, "evidence", "verify", files[0], "--data", files[1], "--anchor",
                              os.path.join(service.dir, "anchors.pem")],
                             capture_output=True, check=False)
        tap.equal(f"the record of the {name} holds", run.returncode, 0)
    tap.equal("one record for each revocation object",
              len(inside(found[oid(PKIX + "18.19")])),
              len(list(elements(inside(found[oid(PKIX + "18.2")])[0][1]))))
    tap.equal("one entry for each other wantBack", len(inside(found[oid(PKIX + "18.20")])), 2)


def config_id(service):
    return inside(content(service.request("POST", "/scvp", b"x", CV)[1]))[1][1]


with workspace() as work:
    service = Service(ltps, os.path.join(work, "demo"))
    try:
        service.start()
        tap.run(faults, service)
        tap.run(answers, service, work)
        tap.run(evidence, service, work)
        before = config_id(service)
        service.stop()
        service.start()
        tap.equal("the configuration keeps its number", config_id(service), before)
        service.stop()
    finally:
        service.kill()
tap.end()
