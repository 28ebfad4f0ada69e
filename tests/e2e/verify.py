#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""verify BUILD - POST /verify: VerifyRequest of DSS-X core 2.0 as TS 119 442 profiles it;
what is refused, what each verdict becomes, and the report in the answer. The answers are
checked against the schema of OASIS when it is there."""
import base64
import hashlib
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from service import Service, Tap, workspace  # noqa: E402

tap = Tap()
LIMIT = 120
TEXT = b"The buyer pays on delivery.\n"
MAJOR = "urn:oasis:names:tc:dss:1.0:resultmajor:"
MINOR = "urn:oasis:names:tc:dss:1.0:resultminor:"
PROFILE = "http://uri.etsi.org/19442/v1.1.1/validationprofile#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
SCHEMAS = os.environ.get("LTPS_SCHEMAS") or os.path.join(HERE, "../../../shared/schemas")
SCHEMA = os.path.join(SCHEMAS, "ts119512/json/oasis-dss-core-schema-2.0-cs02.json")


def made(*arguments):
    r = subprocess.run(arguments, capture_output=True, timeout=LIMIT, check=False)
    if r.returncode != 0:
        raise RuntimeError(f"{arguments[:3]}: {r.stderr.decode()[-300:]}")
    return r.stdout


def b64(data):
    return base64.b64encode(data).decode()


def value(data):
    return {"b64Data": {"val": b64(data)}}


def sig(data, **more):
    return [{"b64Sig": {"val": b64(data)}, **more}]


def dig(name, data):
    return {"alg": {"sha256": SHA256, "sha512": SHA512}[name],
            "val": b64(hashlib.new(name, data).digest())}


class Schema:
    """As much of JSON schema as the one of DSS-X uses."""

    def __init__(self, path):
        self.all = None
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                self.all = json.load(f)["definitions"]

    def wrong(self, v, s, where="answer"):
        if "$ref" in s:
            s = self.all[s["$ref"].rsplit("/", 1)[1]]
        kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}
        if "type" in s and not isinstance(v, kinds[s["type"]]):
            return f"{where} is no {s['type']}"
        if "enum" in s and v not in s["enum"]:
            return f"{where} is none of the values"
        if isinstance(v, list):
            return next((w for i, x in enumerate(v) for w in
                         [self.wrong(x, s["items"], f"{where}[{i}]")] if w), None)
        if isinstance(v, dict):
            for k in s.get("required", []):
                if k not in v:
                    return f"{where}.{k} is missing"
            for k, x in v.items():
                if k not in s.get("properties", {}):
                    return f"{where}.{k} is unknown"
                w = self.wrong(x, s["properties"][k], f"{where}.{k}")
                if w:
                    return w
        return None

    def check(self, name, answer):
        if self.all is None:
            tap.skip(f"{name}: the schema", "it is not here")
        else:
            tap.equal(f"{name}: the answer is as the schema says",
                      self.wrong(answer, self.all["dss2-VerifyResponseType"]), None)


schema = Schema(SCHEMA)


def post(service, message, kind="application/json"):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    status, body, _ = service.request("POST", "/verify", body, {"Content-Type": kind})
    return status, json.loads(body)


def refusals(_, service, attached, detached):
    tap.equal("GET is not allowed", service.request("GET", "/verify")[0], 405)
    tap.equal("another type is not taken", post(service, b"<x/>", "application/xml")[0], 415)
    for body in (b"", b"{", b"[" * 100000, b"\xff{}"):
        status, answer = post(service, body)
        tap.equal("what is no JSON", (status, answer.get("result", {}).get("maj")),
                  (400, MAJOR + "RequesterError"))
    good = {"sigObj": sig(attached)}
    doc = {"doc": [value(TEXT)]}
    for name, minor, message in (
            ("nothing", "GeneralError", {}),
            ("a list", "GeneralError", []),
            ("no signature", "GeneralError", {"inDocs": {}}),
            ("a signature that is none", "GeneralError", {"sigObj": sig(TEXT)}),
            ("an empty signature", "GeneralError", {"sigObj": sig(b"")}),
            ("base64 that is none", "GeneralError", {"sigObj": [{"b64Sig": {"val": "%"}}]}),
            ("two signatures", "NotSupported", {"sigObj": 2 * sig(attached)}),
            ("two documents", "NotSupported", {"sigObj": sig(detached),
                                               "inDocs": {"doc": 2 * doc["doc"]}}),
            ("a document and a hash", "NotSupported", {"sigObj": sig(detached), "inDocs": {
                **doc, "docHash": [{"dis": [dig("sha256", TEXT)]}]}}),
            ("transforms", "NotSupported", {"sigObj": sig(detached), "inDocs": {
                "docHash": [{"dis": [dig("sha256", TEXT)], "transforms": {}}]}}),
            ("a pointer", "NotSupported", {"sigObj": [{"sigPtr": {}}]}),
            ("an attachment", "NotSupported", {"sigObj": [{"b64Sig": {"attRef": {}}}]}),
            ("a hash of no algorithm", "NotSupported", {"sigObj": sig(detached), "inDocs": {
                "docHash": [{"dis": [{"alg": "urn:x", "val": "AA=="}]}]}}),
            ("half a hash", "GeneralError", {"sigObj": sig(detached), "inDocs": {
                "docHash": [{"dis": [{"alg": SHA256, "val": "AA=="}]}]}}),
            ("two hashes of one algorithm", "GeneralError", {"sigObj": sig(detached), "inDocs": {
                "docHash": [{"dis": 2 * [dig("sha256", TEXT)]}]}}),
            ("a document that is not the one named", "GeneralError",
             {"sigObj": sig(detached, whichDoc="other"),
              "inDocs": {"doc": [{"ID": "one", **value(TEXT)}]}}),
            ("another document than the one inside", "GeneralError",
             {"sigObj": sig(attached), "inDocs": {"doc": [value(b"x")]}}),
            ("another profile", "NotSupported", {**good, "profile": ["urn:x"]}),
            ("another policy", "NotSupported", {**good, "optInp": {"policy": ["none"]}}),
            ("two policies", "NotSupported",
             {**good, "optInp": {"policy": ["default", "default"]}}),
            ("an option that is not known", "NotSupported",
             {**good, "optInp": {"returnAugmented": "x"}}),
            ("an option that is not done", "NotSupported", {**good, "optInp": {"returnSigner": True}}),
            ("keys of the client's", "NotSupported", {**good, "optInp": {"addKeyInfo": []}}),
            ("a time that is none", "GeneralError",
             {**good, "optInp": {"useVerificationTime": {"specTime": "today"}}}),
            ("two times", "GeneralError", {**good, "optInp": {"useVerificationTime": {
                "specTime": "2026-01-01T00:00:00Z", "currTime": True}}}),
            ("a flag that is none", "GeneralError",
             {**good, "optInp": {"returnSigningTime": "true"}})):
        if isinstance(message, dict):
            message = {"reqID": "r-1", **message}
        status, answer = post(service, message)
        tap.equal(f"{name} is refused", (status, answer["result"]["maj"], answer["result"].get("min")),
                  (200, MAJOR + "RequesterError", MINOR + minor))
        if isinstance(message, dict):
            tap.equal(f"{name}: the request is named", answer.get("reqID"), "r-1")
        schema.check(name, answer)


def report_of(answer):
    other = answer["optOutp"]["other"][0]
    return ET.fromstring(base64.b64decode(other["val"])), other["mimeType"]


def verdicts(_, service, attached, detached, altered):
    doc = {"doc": [value(TEXT)]}
    passed = ("Success", MINOR + "valid:signature:OnAllDocuments")
    failed = ("Success", MINOR + "invalid:IncorrectSignature")
    for name, (major, minor), message in (
            ("an attached signature", passed, {"sigObj": sig(attached)}),
            ("the same as an input document", passed, {"inDocs": {"doc": [value(attached)]}}),
            ("a detached one with its document", passed, {"sigObj": sig(detached), "inDocs": doc}),
            ("by name", passed, {"sigObj": sig(detached, whichDoc="d"),
                                 "inDocs": {"doc": [{"ID": "d", **value(TEXT)}]}}),
            ("with its hash", passed, {"sigObj": sig(detached), "inDocs": {
                "docHash": [{"dis": [dig("sha512", TEXT), dig("sha256", TEXT)]}]}}),
            ("with another document", failed, {"sigObj": sig(detached),
                                               "inDocs": {"doc": [value(b"x")]}}),
            ("with another hash", failed, {"sigObj": sig(detached), "inDocs": {
                "docHash": [{"dis": [dig("sha256", b"x")]}]}}),
            ("an altered one", failed, {"sigObj": sig(altered)}),
            ("a detached one alone", ("InsufficientInformation", None), {"sigObj": sig(detached)}),
            ("with a hash that was not signed", ("InsufficientInformation", None),
             {"sigObj": sig(detached), "inDocs": {"docHash": [{"dis": [dig("sha512", TEXT)]}]}})):
        status, answer = post(service, {"profile": [PROFILE], "reqID": "7", **message})
        result = answer["result"]
        tap.equal(name, (status, result["maj"], result.get("min")), (200, MAJOR + major, minor))
        tap.equal(f"{name}: the request and the profile are named",
                  (answer["reqID"], answer["profile"]), ("7", [PROFILE]))
        tree, kind = report_of(answer)
        main = tree.find(".//{*}SignatureValidationStatus/{*}MainIndication").text
        tap.check(f"{name}: the report says the same", main.endswith(
            {passed: "total-passed", failed: "total-failed"}.get((major, minor), "indeterminate")),
            main)
        tap.equal(f"{name}: the type of the report", kind,
                  "application/vnd.etsi.validation-report+xml")
        schema.check(name, answer)


def options(_, service, attached):
    message = {"sigObj": sig(attached), "optInp": {
        "policy": ["default"], "lang": "en", "nonce": 5, "returnVerificationTime": True,
        "returnSigningTime": True, "verifyManifests": False,
        "useVerificationTime": {"specTime": "2001-01-01T00:00:00Z"}}}
    status, answer = post(service, message)
    out = answer["optOutp"]
    tap.equal("the time that was asked for", (status, out["verificationTimeInfo"]),
              (200, {"verificationTime": "2001-01-01T00:00:00Z"}))
    tap.check("the signing time", "signingTime" in out["signingTimeInfo"], out)
    tap.check("the policy is named", len(out["policy"]) == 1 and out["policy"][0] != "")
    schema.check("all options", answer)
    _, answer = post(service, {"sigObj": sig(attached),
                               "optInp": {"useVerificationTime": {"currTime": True}}})
    tap.equal("now", answer["result"]["maj"], MAJOR + "Success")
    tap.check("what was not asked for is not there", "signingTimeInfo" not in answer["optOutp"] and
              "verificationTimeInfo" not in answer["optOutp"] and "reqID" not in answer)


def main():
    ltps = os.path.join(os.path.abspath(sys.argv[1]), "ltps")
    with workspace() as work:
        service = Service(ltps, f"{work}/demo")
        try:
            service.start()  # makes the PKI
            service.stop()
            pki = f"{service.dir}/pki"
            made(ltps, "devpki", "issue", pki, "--name", "anna")
            service.start()
            with open(f"{work}/text", "wb") as f:
                f.write(TEXT)
            signed = []
            for name, more in (("a", ["-nodetach"]), ("d", [])):
                made("openssl", "cms", "-sign", "-binary", "-cades", "-md", "sha256", "-outform",
                     "DER", "-in", f"{work}/text", "-out", f"{work}/{name}", "-signer",
                     f"{pki}/certs/anna.pem", "-inkey", f"{pki}/keys/anna.pem", "-certfile",
                     f"{pki}/certs/ca.pem", *more)
                with open(f"{work}/{name}", "rb") as f:
                    signed.append(f.read())
            attached, detached = signed
            altered = attached.replace(b"delivery", b"Delivery")
            tap.run(refusals, service, attached, detached)
            tap.run(verdicts, service, attached, detached, altered)
            tap.run(options, service, attached)
            tap.equal("the service ends cleanly", service.stop(), 0)
        finally:
            service.kill()
    tap.end()


if __name__ == "__main__":
    main()
