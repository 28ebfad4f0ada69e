#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""openapi BUILD - answers of the service follow the document that it hands out, good ones
and refusals."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from service import PROFILE, Service, Tap, b64, data_of, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
try:
    import jsonschema
except ImportError as e:
    tap.skip("answers follow the document", str(e))
    tap.end()


def errors(document, schema, value):
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema,
             "components": document["components"]}
    checker = jsonschema.Draft202012Validator(whole)
    return [f"{list(e.path)}: {e.message}"[:300] for e in checker.iter_errors(value)]


class Held:
    """The service, each answer held against the document."""

    def __init__(self, service):
        self.service = service
        self.document = json.loads(service.request("GET", "/openapi.json")[1])

    def ask(self, name, method, path, body=None, headers=None, wanted=200):
        status, data, fields = self.service.request(method, path, body, headers or {})
        operation = self.document["paths"][path.split("?")[0]][method.lower()]
        answer = operation["responses"].get(str(status))
        fields = {k.lower(): v for k, v in fields.items()}
        kind = fields.get("content-type", "").split(";")[0]
        tap.equal(f"{name}: status", status, wanted)
        tap.check(f"{name}: {status} {kind} is described",
                  answer is not None and kind in answer["content"], (status, kind))
        if answer is None or not kind.endswith("json"):
            return data
        value = json.loads(data)
        wrong = errors(self.document, answer["content"].get(kind, {}).get("schema", False), value)
        tap.check(f"{name}: the answer follows its schema", not wrong, wrong)
        return value

    def call(self, name, operation, message, wanted=200):
        schema = self.document["paths"]["/pres/" + operation]["post"]["requestBody"]["content"]
        wrong = errors(self.document, schema["application/json"]["schema"], message)
        tap.check(f"{name}: the request follows its schema", not wrong, wrong)
        return self.ask(name, "POST", "/pres/" + operation, json.dumps(message),
                        {"Content-Type": "application/json"}, wanted)


def preservation(held):
    held.call("all profiles", "RetrieveInfo", {"reqId": "r", "stat": "all"})
    held.call("no such profile", "RetrieveInfo", {"pro": "urn:none"})
    data = b"to be kept"
    poid = held.call("an object", "PreservePO", {"pro": PROFILE, "po": [
        {"binaryData": {"value": b64(data)}, "mimeType": "text/plain", "id": "a"}]})["poId"]
    held.call("no object", "PreservePO", {"pro": PROFILE, "po": []})
    record = held.service.evidence(poid)
    held.call("its data", "RetrievePO", {"poId": poid, "sor": "PO"})
    held.call("its evidence", "RetrievePO", {"poId": poid, "sor": "Evidence"})
    held.call("no such object", "RetrievePO", {"poId": "none", "sor": "PO"})
    held.call("its trace", "RetrieveTrace", {"poId": poid})
    held.call("no trace", "RetrieveTrace", {"poId": "none"})
    held.call("good evidence", "ValidateEvidence", {
        "ev": {"binaryData": {"value": b64(data_of(record[0]))},
               "formatId": record[0].get("formatId", "")},
        "po": [{"binaryData": {"value": b64(data)}, "mimeType": "text/plain"}]})
    held.call("bad evidence", "ValidateEvidence", {
        "ev": {"binaryData": {"value": b64(b"none")}}})
    held.call("a search", "Search", {"fi": "x"})
    held.call("more of it", "UpdatePOC", {"poId": poid, "deltaPoc": [
        {"binaryData": {"value": b64(b"more")}, "mimeType": "text/plain"}]})
    held.call("deleted", "DeletePO", {"poId": poid, "reason": "test"})
    held.call("deleted again", "DeletePO", {"poId": poid, "reason": "test"})
    for operation in ("RetrieveInfo", "RetrieveTrace", "PreservePO"):
        path = "/pres/" + operation
        kind = {"Content-Type": "application/json"}
        held.ask(f"{operation}: no JSON", "POST", path, "{", kind, 400)
        held.ask(f"{operation}: another type", "POST", path, "{}", {"Content-Type": "a/b"}, 415)
        held.ask(f"{operation}: unknown member", "POST", path, '{"x":1}', kind, 200)


def others(held):
    kind = {"Content-Type": "application/octet-stream"}
    held.ask("a document without signature", "POST", "/validate", b"no signature", kind, 422)
    held.ask("an empty document", "POST", "/validate", b"", kind, 400)
    held.ask("no such policy", "POST", "/validate?policy=none", b"x", kind, 400)
    held.ask("no report of this kind", "POST", "/validate", b"x",
             {"Accept": "image/png", **kind}, 406)
    held.ask("another type for SCVP", "POST", "/scvp", b"x", kind, 415)
    held.ask("nonsense for SCVP", "POST", "/scvp", b"x",
             {"Content-Type": "application/scvp-cv-request"}, 200)
    for path in ("/health", "/ready", "/metrics", "/renewals", "/anchors.pem", "/openapi.json",
                 "/"):
        held.ask(path, "GET", path)


with workspace() as root:
    service = Service(ltps, os.path.join(root, "demo"))
    service.start()
    try:
        held = Held(service)
        preservation(held)
        others(held)
    finally:
        service.kill()
tap.end()
