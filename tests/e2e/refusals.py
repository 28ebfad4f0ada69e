#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""refusals BUILD - every kind of bad input has its documented answer, and the
service goes on."""
import json
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from service import MINOR, PROFILE, REQUESTER, SUCCESS, Service, Tap, b64, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
GOOD = {"binaryData": {"value": b64(b"x")}, "mimeType": "text/plain"}
JSON = {"Content-Type": "application/json"}


def po(**change):
    p = dict(GOOD)
    for k, v in change.items():
        if v is None:
            p.pop(k, None)
        else:
            p[k] = v
    return p


def request(pro=PROFILE, pos=(GOOD,), **more):
    return json.dumps({"pro": pro, "po": list(pos), **more})


LIST = b64(json.dumps({"digAlg": "urn:oid:2.16.840.1.101.3.4.2.1",
                       "digVal": [b64(bytes(32))]}).encode())
DIGEST_LIST = "http://uri.etsi.org/19512/format/DigestList"

# name, operation, body, HTTP status, minor (without its prefix)
TABLE = [
    ("malformed JSON", "PreservePO", "{", 400, "error/parameterError"),
    ("no JSON at all", "PreservePO", "hello", 400, "error/parameterError"),
    ("empty body", "PreservePO", "", 400, "error/parameterError"),
    ("two documents", "PreservePO", request() + "{}", 400, "error/parameterError"),
    ("deep nesting", "PreservePO", "[" * 100000 + "]" * 100000, 400, "error/parameterError"),
    ("deep objects", "PreservePO", '{"a":' * 100000 + "1" + "}" * 100000, 400,
     "error/parameterError"),
    ("invalid UTF-8", "PreservePO", b'{"pro":"\xff"}', 400, "error/parameterError"),
    ("NUL in a text", "PreservePO", request(pro="a\x00b"), None, "error/parameterError"),
    ("duplicate member", "PreservePO", '{"pro":"a","pro":"b"}', 400, "error/parameterError"),
    ("duplicate payload", "PreservePO",
     '{"pro":"%s","po":[{"binaryData":{"value":"eA==","value":"eQ=="},"mimeType":"a/b"}]}' % PROFILE,
     400, "error/parameterError"),
    ("an array", "PreservePO", "[]", None, "error/parameterError"),
    ("unknown member", "PreservePO", request(foo=1), 200, "error/parameterError"),
    ("unknown member of a PO", "PreservePO", request(pos=[po(foo="bar")]), 200,
     "error/parameterError"),
    ("no profile", "PreservePO", json.dumps({"po": [GOOD]}), 200, "error/parameterError"),
    ("unknown profile", "PreservePO", request(pro="urn:nobody"), 200, "error/parameterError"),
    ("profile of a wrong type", "PreservePO", request(pro=7), 200, "error/parameterError"),
    ("po of a wrong type", "PreservePO", json.dumps({"pro": PROFILE, "po": {}}), 200,
     "error/parameterError"),
    ("empty PO", "PreservePO", request(pos=[{}]), 200, "error/parameterError"),
    ("no payload", "PreservePO", request(pos=[po(binaryData=None)]), 200, "error/parameterError"),
    ("empty payload member", "PreservePO", request(pos=[po(binaryData={})]), 200,
     "error/parameterError"),
    ("both payloads", "PreservePO", request(pos=[po(xmlData={"b64Content": b64(b"<a/>")})]), 200,
     "error/parameterError"),
    ("wrong base64", "PreservePO", request(pos=[po(binaryData={"value": "a$=="})]), 200,
     "error/parameterError"),
    ("base64 with blanks", "PreservePO", request(pos=[po(binaryData={"value": "eA = ="})]), 200,
     "error/parameterError"),
    ("base64 without padding", "PreservePO", request(pos=[po(binaryData={"value": "eA"})]), 200,
     "error/parameterError"),
    ("large wrong base64", "PreservePO",
     request(pos=[po(binaryData={"value": "A" * 200000 + "*" + "AAA"})]), 200,
     "error/parameterError"),
    ("no bytes", "PreservePO", request(pos=[po(binaryData={"value": ""})]), 200,
     "error/parameterError"),
    ("neither format nor type", "PreservePO", request(pos=[po(mimeType=None)]), 200,
     "error/parameterError"),
    ("two equal ids", "PreservePO", request(pos=[po(id="a"), po(id="a")]), 200,
     "error/parameterError"),
    ("reference to nowhere", "PreservePO", request(pos=[po(id="a", relObj=["b"])]), 200,
     "error/parameterError"),
    ("declared PAdES, is text", "PreservePO",
     request(pos=[po(formatId="http://uri.etsi.org/ades/PAdES")]), 200, "error/POFormatError"),
    ("digest list with storage", "PreservePO",
     request(pos=[{"binaryData": {"value": LIST}, "formatId": DIGEST_LIST}]), 200,
     "error/unknownPOFormat"),
    ("unknown optional input", "PreservePO", request(optIn={"other": [{"val": "eA=="}]}), 200,
     "error/notSupported"),
    ("unknown POID", "RetrievePO", '{"poId":"nothing"}', 200, "error/unknownPOID"),
    ("POID of 1 MB", "RetrievePO", json.dumps({"poId": "a" * 1000000}), 200, "error/unknownPOID"),
    ("no POID", "RetrievePO", "{}", 200, "error/parameterError"),
    ("unknown subject", "RetrievePO", '{"poId":"nothing","sor":"Everything"}', 200,
     "error/parameterError"),
    ("version of a wrong type", "RetrievePO", '{"poId":"nothing","versionId":"v1"}', 200,
     "error/parameterError"),
    ("unknown POID to delete", "DeletePO", '{"poId":"nothing","reason":"x"}', 200,
     "error/unknownPOID"),
    ("unknown POID to trace", "RetrieveTrace", '{"poId":"nothing"}', 200, "error/unknownPOID"),
    ("nothing to validate", "ValidateEvidence", "{}", 200, "error/parameterError"),
    ("evidence that is none", "ValidateEvidence",
     json.dumps({"ev": {"binaryData": {"value": b64(b"junk")},
                        "formatId": "urn:ietf:rfc:4998:EvidenceRecord"}, "po": [GOOD]}), 200,
     "error/parameterError"),
    ("evidence in XML", "ValidateEvidence",
     json.dumps({"ev": {"binaryData": {"value": b64(b"<a/>")},
                        "formatId": "urn:ietf:rfc:6283:EvidenceRecord"}, "po": [GOOD]}), 200,
     "error/notSupported"),
    ("unknown status", "RetrieveInfo", '{"stat":"sleeping"}', 200, "error/parameterError"),
    ("unknown POID to update", "UpdatePOC",
     json.dumps({"poId": "a", "deltaPoc": [GOOD]}), 200, "error/unknownPOID"),
    ("nothing to add", "UpdatePOC", '{"poId":"a","deltaPoc":[]}', 200, "error/parameterError"),
    ("no filter", "Search", "{}", 200, "error/parameterError"),
    ("filter that is none", "Search", '{"fi":"x"}', 200, "error/parameterError"),
    ("filter that is too long", "Search", json.dumps({"fi": " " * 5000}), 200,
     "error/parameterError"),
    ("filter that is no text", "Search", '{"fi":["poid = a"]}', 200, "error/parameterError"),
]


def table(tap):
    for name, operation, body, status, minor in TABLE:
        if isinstance(body, str):
            body = body.encode()
        got, text, _ = service.request("POST", "/pres/" + operation, body, JSON)
        try:
            result = json.loads(text)["result"]
        except (ValueError, KeyError, TypeError):
            tap.check(name, False, text[:300])
            continue
        good = (status is None or got == status) and result.get("min") == MINOR + minor and \
            result["maj"] == REQUESTER and len(result["msg"]["value"]) > 5
        tap.check(name, good, (got, result))


def transport(tap):
    for name, method, path, body, headers, status in [
            ("GET of an operation", "GET", "/pres/PreservePO", None, {}, 405),
            ("PUT", "PUT", "/pres/PreservePO", b"{}", JSON, 405),
            ("wrong media type", "POST", "/pres/PreservePO", b"{}", {"Content-Type": "text/plain"}, 415),
            ("no media type", "POST", "/pres/PreservePO", b"{}", {}, 415),
            ("unknown path", "POST", "/pres/Nothing", b"{}", JSON, 404),
            ("oversized body", "POST", "/pres/PreservePO", None,
             dict(JSON, **{"Content-Length": str(1 << 40)}), 413)]:
        got, text, head = service.request(method, path, body, headers)
        tap.check(name, got == status, (got, text[:200]))
        if status == 405:
            tap.equal(name + " names what is allowed", head.get("Allow"), "POST")
    raw = [
        ("two lengths", b"POST /pres/PreservePO HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
         b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        ("length and chunks", b"POST /pres/PreservePO HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
         b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("no host", b"GET /health HTTP/1.1\r\n\r\n"),
        ("not HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
        ("blank before the colon", b"GET /health HTTP/1.1\r\nHost : a\r\n\r\n"),
    ]
    for name, text in raw:
        with socket.create_connection(("127.0.0.1", service.port), timeout=60) as s:
            s.sendall(text)
            got = b""
            while part := s.recv(65536):
                got += part
            tap.check(name + ": 400 and closed", got.startswith(b"HTTP/1.1 400 "), got[:100])


def pages(_):
    """What a browser beside the service sends for pages of others."""
    own = f"127.0.0.1:{service.port}"
    evil = {"Host": f"evil.example:{service.port}",
            "Origin": f"http://evil.example:{service.port}", "Sec-Fetch-Site": "same-origin"}
    cases = [
        ("a name that points here", evil),
        ("such a name without more", {"Host": evil["Host"]}),
        ("a form of another site", {"Origin": "http://evil.example"}),
        ("a form of no origin", {"Origin": "null"}),
        ("a form of another port", {"Origin": f"http://127.0.0.1:{service.port + 1}"}),
        ("a link of another site", {"Sec-Fetch-Site": "cross-site"}),
        ("a link of another port", {"Sec-Fetch-Site": "same-site"}),
    ]
    routes = (("POST", "/pres/PreservePO", "application/json"),
              ("POST", "/validate", "text/plain"), ("POST", "/links", "application/json"),
              ("GET", "/upkeep", None), ("GET", "/metrics", None))
    for i, (name, fields) in enumerate(cases):
        # One of them for most: more than thirty a minute are slowed down.
        for method, path, kind in routes if i == 0 else routes[i % 5:i % 5 + 1]:
            body = request().encode() if method == "POST" else None
            status, answer, _ = service.request(
                method, path, body, {**fields, **({"Content-Type": kind} if kind else {})})
            tap.equal(f"{name}: {path}", status, 403)
            tap.check(f"{name}: {path} says why",
                      b"page of another" in answer or b"[auth] name" in answer, answer[:300])
        tap.equal(f"{name}: what is anyone's", service.request("GET", "/ready", None, fields)[0],
                  200)
    for name, fields in (("our own page", {"Origin": f"http://{own}",
                                           "Sec-Fetch-Site": "same-origin"}),
                         ("localhost", {"Host": f"localhost:{service.port}"}),
                         ("typed in", {"Sec-Fetch-Site": "none"})):
        tap.equal(f"{name}: /upkeep", service.request("GET", "/upkeep", None, fields)[0], 200)


def alive(tap):
    status, answer = service.preserve(b"after all that\n")
    tap.equal("the service goes on", (status, answer["result"]["maj"]), (200, SUCCESS))
    status, body, _ = service.request("GET", "/health")
    tap.equal("health", status, 200)
    tap.check("no alarm", json.loads(body)["status"] == "ok", body)


with workspace() as work:
    service = Service(ltps, os.path.join(work, "demo"))
    try:
        service.start()
        tap.run(table)
        tap.run(transport)
        tap.run(pages)
        tap.run(alive)
        service.stop()
    finally:
        service.kill()
tap.end()
