#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""openapi BUILD - answers of the service follow the document that it hands out, good ones
and refusals; each operation is closed to whom the document does not name."""
import hashlib
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from service import DEADLINE, PROFILE, Service, Tap, b64, data_of, until, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
try:
    import jsonschema
except ImportError as e:
    tap.skip("answers follow the document", str(e))
    tap.end()


TEXT = b"The buyer pays on delivery.\n"
JSON = {"Content-Type": "application/json"}
SOAP = {"Content-Type": "application/soap+xml"}
WITHOUT_STORAGE = "urn:ltps:profile:pds+wos+aug:1"
TEMPORARY = "urn:ltps:profile:pgd+wts+ers:1"
FAR = "2999-01-01T00:00:00Z"
ROLES = ("submitter", "auditor", "operator")


def made(*arguments):
    r = subprocess.run(arguments, capture_output=True, timeout=DEADLINE, check=False)
    if r.returncode != 0:
        raise RuntimeError(f"{arguments[:4]}: {r.stderr.decode()[-300:]}")
    return r.stdout


def read(path):
    with open(path, "rb") as f:
        return f.read()


def errors(document, schema, value):
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema,
             "components": document["components"]}
    checker = jsonschema.Draft202012Validator(whole)
    return [f"{list(e.path)}: {e.message}"[:300] for e in checker.iter_errors(value)]


class Held:
    """The service, each answer held against the document."""

    def __init__(self, service, name=""):
        self.service, self.name = service, name
        self.document = json.loads(service.request("GET", "/openapi.json")[1])
        self.seen, self.last = set(), 0

    def described(self, path):
        """The path of the document that an address belongs to."""
        path = path.split("?")[0]
        if path in self.document["paths"]:
            return path
        found = [p for p in self.document["paths"]
                 if re.fullmatch(re.sub(r"[{]\w+[}]", "[^/]+", p), path)]
        if len(found) != 1:
            raise RuntimeError(f"{path} is described by {found}")
        return found[0]

    def answer_of(self, method, path, status):
        operation = self.document["paths"][self.described(path)][method.lower()]
        answer = operation["responses"].get(str(status))
        while answer is not None and "$ref" in answer:
            answer = self.document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
        return answer

    def ask(self, name, method, path, body=None, headers=None, wanted=200):
        status, data, fields = self.service.request(method, path, body, headers or {})
        answer = self.answer_of(method, path, status)
        fields = {k.lower(): v for k, v in fields.items()}
        kind = fields.get("content-type", "").split(";")[0]
        name = self.name + name
        self.seen.add((method.lower(), self.described(path), status))
        self.last = status
        if wanted is not None:
            tap.equal(f"{name}: status", status, wanted)
        content = (answer or {}).get("content", {"": {}})  # of some there is no body
        tap.check(f"{name}: {status} {kind} is described",
                  answer is not None and kind in content, (status, kind, data[:300]))
        if answer is None:
            return data
        missing = [h for h in answer.get("headers", {}) if h.lower() not in fields]
        tap.check(f"{name}: the fields of the head are there", not missing, missing)
        schema = content.get(kind, {}).get("schema", False)
        if not kind.endswith("json") or schema == {}:
            return data
        value = json.loads(data)
        wrong = errors(self.document, schema, value)
        tap.check(f"{name}: the answer follows its schema", not wrong, wrong)
        return value

    def post(self, name, path, message, wanted=200):
        """JSON whose request is held against the document, too."""
        operation = self.document["paths"][self.described(path)]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        wrong = errors(self.document, schema, message)
        tap.check(f"{name}: the request follows its schema", not wrong, wrong)
        return self.ask(name, "POST", path, json.dumps(message), JSON, wanted)

    def call(self, name, operation, message, wanted=200):
        return self.post(name, "/pres/" + operation, message, wanted)


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
    held.ask("its outlook", "GET", "/outlook/" + poid)
    held.ask("no outlook", "GET", "/outlook/none", wanted=404)
    held.ask("no such option of it", "GET", f"/outlook/{poid}?x=1", wanted=400)
    held.call("good evidence", "ValidateEvidence", {
        "ev": {"binaryData": {"value": b64(data_of(record[0]))},
               "formatId": record[0].get("formatId", "")},
        "po": [{"binaryData": {"value": b64(data)}, "mimeType": "text/plain"}]})
    held.call("bad evidence", "ValidateEvidence", {
        "ev": {"binaryData": {"value": b64(b"none")}}})
    found = held.call("a search", "Search", {"fi": f'poid = "{poid}"'})
    tap.equal("it is found", found.get("poId"), [poid])
    held.call("no filter", "Search", {"fi": "x ="})
    version = held.call("more of it", "UpdatePOC", {"poId": poid, "deltaPoc": [
        {"binaryData": {"value": b64(b"more")}, "mimeType": "text/plain"}]})["versionId"]
    held.call("more of nothing", "UpdatePOC", {"poId": "none", "deltaPoc": [
        {"binaryData": {"value": b64(b"more")}, "mimeType": "text/plain"}]})
    held.call("a version", "RetrievePO", {"poId": poid, "sor": "PO", "versionId": [version]})
    held.call("all versions", "RetrievePO", {"poId": poid, "sor": "PO", "versionId": ["all"]})
    held.call("no such version", "RetrievePO", {"poId": poid, "versionId": ["none"]})
    newer = {"Content-Type": "application/json; version=1.2.1"}
    held.ask("profiles as V1.2.1 has them", "POST", "/pres/RetrieveInfo", "{}", newer)
    held.ask("a trace as V1.2.1 has it", "POST", "/pres/RetrieveTrace",
             json.dumps({"poId": poid}), newer)
    held.call("deleted", "DeletePO", {"poId": poid, "reason": "test"})
    held.call("deleted again", "DeletePO", {"poId": poid, "reason": "test"})
    for operation in ("RetrieveInfo", "RetrieveTrace", "PreservePO"):
        path = "/pres/" + operation
        kind = {"Content-Type": "application/json"}
        held.ask(f"{operation}: no JSON", "POST", path, "{", kind, 400)
        held.ask(f"{operation}: another type", "POST", path, "{}", {"Content-Type": "a/b"}, 415)
        held.ask(f"{operation}: unknown member", "POST", path, '{"x":1}', kind, 200)


def soap(held):
    """The octets are held against schemas by the test of the binding."""
    space = "http://uri.etsi.org/19512/v1.1.2#"
    envelope = ('<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope">{0}<e:Body>{1}'
                "</e:Body></e:Envelope>")
    message = f'<RetrieveInfo xmlns="{space}"/>'
    parts = {"Content-Type": 'multipart/related; type="application/xop+xml"; boundary="b"; '
                             'start="<r@x>"; start-info="application/soap+xml"'}
    held.ask("its WSDL", "GET", "/pres/soap?wsdl")
    held.ask("a schema of it", "GET", "/pres/soap?xsd=soap-preservation.xsd")
    held.ask("no schema of it", "GET", "/pres/soap?xsd=none", wanted=404)
    held.ask("SOAP", "POST", "/pres/soap", envelope.format("", message), SOAP)
    held.ask("SOAP in parts", "POST", "/pres/soap",
             "--b\r\nContent-Type: application/xop+xml; charset=UTF-8; "
             'type="application/soap+xml"\r\nContent-ID: <r@x>\r\n\r\n'
             + envelope.format("", message) + "\r\n--b--\r\n", parts)
    held.ask("no SOAP", "POST", "/pres/soap", "<x/>", SOAP, None)
    held.ask("no operation", "POST", "/pres/soap", envelope.format("", ""), SOAP, 400)
    held.ask("a header that is not understood", "POST", "/pres/soap", envelope.format(
        '<e:Header><h xmlns="urn:x" e:mustUnderstand="true"/></e:Header>', message), SOAP, 500)
    held.ask("SOAP 1.1", "POST", "/pres/soap", envelope.format("", message).replace(
        "http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"),
        {"Content-Type": "text/xml"}, 500)
    held.ask("no envelope of SOAP 1.1", "POST", "/pres/soap", "<x/>",
             {"Content-Type": "text/xml"}, 400)
    held.ask("JSON is no SOAP", "POST", "/pres/soap", "{}", JSON, 415)


def signatures(held, pki, work):
    with open(f"{work}/text", "wb") as f:
        f.write(TEXT)
    signed = [made("openssl", "cms", "-sign", "-binary", "-cades", "-md", "sha256", "-outform",
                   "DER", "-in", f"{work}/text", "-signer", f"{pki}/certs/anna.pem", "-inkey",
                   f"{pki}/keys/anna.pem", "-certfile", f"{pki}/certs/ca.pem", *more)
              for more in (["-nodetach"], [])]
    raised = held.call("raised without storage", "PreservePO", {"pro": WITHOUT_STORAGE, "po": [
        {"binaryData": {"value": b64(signed[0])}, "mimeType": "application/pkcs7-signature"}]})
    tap.equal("it is given back at once", (len(raised.get("po", [])), "poId" in raised),
              (1, False))
    digests = json.dumps({"digAlg": "urn:oid:2.16.840.1.101.3.4.2.1",
                          "digVal": [b64(hashlib.sha256(TEXT).digest())]})
    held.call("digests alone", "PreservePO", {"pro": TEMPORARY, "po": [
        {"binaryData": {"value": b64(digests.encode())}, "mimeType": "application/json",
         "formatId": "http://uri.etsi.org/19512/format/DigestList"}]})
    kind = {"Content-Type": "application/octet-stream"}
    held.ask("a signed document", "POST", "/validate", signed[0], kind)
    for accept in ("application/xml", "text/xml", "text/plain"):
        held.ask(f"a report that is {accept}", "POST", "/validate", signed[0],
                 {"Accept": accept, **kind})
    digest = made("openssl", "dgst", "-sha256", "-r", f"{work}/text").split()[0].decode()
    report = held.ask("by a digest", "POST", f"/validate?digest=sha256:{digest}", signed[1], kind)
    tap.equal("it passes", report["indication"], "TOTAL_PASSED")
    body = b"".join(b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % x for x in (
        (b"document", signed[1]), (b"digest", b"sha256:" + digest.encode()))) + b"--b--\r\n"
    held.ask("by a digest in a part", "POST", "/validate", body,
             {"Content-Type": "multipart/form-data; boundary=b"})
    held.ask("no digest", "POST", "/validate?digest=sha256:00", signed[1], kind, 400)
    held.post("DSS-X", "/verify", {"reqID": "1", "sigObj": [{"b64Sig": {"val": b64(signed[0])}}],
                                   "optInp": {"returnSigningTime": True, "nonce": 7,
                                              "returnVerificationTime": True}})
    held.post("DSS-X, detached", "/verify", {
        "sigObj": [{"b64Sig": {"val": b64(signed[1])}}],
        "inDocs": {"doc": [{"ID": "d", "b64Data": {"val": b64(TEXT)}}]}})
    held.post("DSS-X, not enough", "/verify", {"sigObj": [{"b64Sig": {"val": b64(signed[1])}}]})
    held.ask("DSS-X, refused", "POST", "/verify", '{"sigObj": 1}', JSON)
    held.ask("DSS-X, no JSON", "POST", "/verify", "{", JSON, 400)
    held.ask("DSS-X, no length", "POST", "/verify", "{}", {**JSON, "Content-Length": "x"}, 400)
    held.ask("DSS-X, no type of it", "POST", "/verify", "{}", SOAP, 415)


def certificates(held, pki):
    path = "/certificates/validate"
    anna, ca = (read(f"{pki}/certs/{n}.pem") for n in ("anna", "ca"))
    kind = {"Content-Type": "application/x-pem-file"}
    good = held.ask("a certificate", "POST", path + "?explain=true&policy=default", anna + ca,
                    kind)
    tap.equal("it is valid", good["valid"], True)
    held.ask("one that is revoked", "POST", path, read(f"{pki}/certs/bert.pem") + ca, kind)
    held.ask("one whose path is not known", "POST", path + "?depth=0", anna, kind)
    held.post("in JSON", path, {"certificates": [anna.decode(), ca.decode()], "model": "shell",
                                "explain": True, "initial_policies": ["1.2.3"]})
    held.ask("no certificate", "POST", path, b"x", {"Content-Type": "application/pkix-cert"}, 400)
    held.ask("no parameter", "POST", path + "?x=1", anna, kind, 400)
    held.ask("too large a one", "POST", path, b"x", {"Content-Length": str(1 << 40)}, 413)


def access(held):
    poid = held.service.preserve(b"for an auditor")[1]["poId"]
    held.service.evidence(poid)
    package = held.ask("a package", "GET", f"/package/{poid}")
    tap.check("it is a ZIP file", package[:2] == b"PK")
    held.ask("what there is of it", "GET", f"/package/{poid}?partial=true")
    held.ask("no package", "GET", "/package/none", wanted=404)
    held.ask("no parameter", "GET", f"/package/{poid}?partial=perhaps", wanted=400)
    link = held.post("a link", "/links", {"poid": poid, "until": FAR, "name": "court"}, 201)
    held.ask("no link", "POST", "/links", "{}", JSON, 400)
    held.post("a link to nothing", "/links", {"poid": "none", "until": FAR}, 404)
    held.post("a link that has ended", "/links", {"poid": poid, "until": "2020-01-01T00:00:00Z"},
              422)
    held.ask("the links", "GET", "/links")
    page = held.ask("what it opens", "GET", link["path"])
    held.ask("the links, with a use", "GET", "/links")
    tap.equal("all that it opens is described",
              {held.described(p) for p in page["fetch"].values()},
              {p for p in held.document["paths"] if p.startswith("/link/{secret}/")})
    for what, where in page["fetch"].items():
        held.ask(f"link: {what}", "GET", where, wanted=404 if what == "report" else 200)
    held.ask("link: no such part", "GET", page["fetch"]["object"] + "?part=9", wanted=404)
    held.ask("link: no such version", "GET", page["fetch"]["object"] + "?version=x", wanted=None)
    wrong = link["path"][:-1] + ("0" if link["path"][-1] != "0" else "1")
    for what in ("", *page["fetch"]):
        held.ask(f"a link of nobody: {what}", "GET", wrong + ("/" + what if what else ""),
                 wanted=404)
    held.ask("withdrawn", "DELETE", f"/links/{link['id']}")
    held.ask("none to withdraw", "DELETE", "/links/999", wanted=404)


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
    for path in ("/health", "/ready", "/metrics", "/renewals", "/upkeep", "/anchors.pem",
                 "/openapi.json", "/"):
        held.ask(path, "GET", path)
    held.ask("to the interface for people", "GET", "/ui", wanted=308)
    for path in ("/ui/", "/ui/style.css", "/ui/app.js", "/ui/icon.svg", "/ui/settings.json"):
        held.ask(path, "GET", path)
    page = held.service.request("GET", "/ui/")[2]
    held.ask("the page as it is known", "GET", "/ui/", None, {"If-None-Match": page["ETag"]}, 304)
    held.ask("no file of it", "GET", "/ui/none", wanted=404)


def all_answered(held):
    """Nothing stands in the document that was not once answered well."""
    well = {(m, p) for m, p, status in held.seen if status < 400}
    # Of an object without signature there is no report.
    wanted = {(m, p) for p, item in held.document["paths"].items() for m in item
              if p != "/link/{secret}/report"}
    tap.equal("each operation was answered well once", wanted - well, set())


# ---- where nobody is anonymous ----

class Closed(Service):
    """`ltps serve` that asks for tokens."""

    def start(self, wait=True):
        self.conf = self.dir + ".conf"
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(f"[service]\ndir = {self.dir}\nlisten = 127.0.0.1:{self.port}\n"
                    "[auth]\nrequire = true\nfailures = 300\n[tenant slow]\nrate = 1\n")
        with open(self.dir + ".log", "ab") as log:
            self.process = subprocess.Popen([self.program, "serve", "-c", self.conf],
                                            stdout=log, stderr=log, start_new_session=True)
        until(self.ready, "the service is ready")

    def token(self, role, tenant="default"):
        token = made(self.program, "token", "add", "-c", self.conf, "--role", role, "--tenant",
                     tenant, "--name", role).decode().strip()
        return {"Authorization": "Bearer " + token}


def asked(method, path, operation):
    """The least that gets to the gate."""
    address = re.sub(r"[{]\w+[}]", "0", path)
    content = operation.get("requestBody", {}).get("content", {})
    kind = {"Content-Type": next(iter(content))} if content else {}
    return method.upper(), address, "{}" if content else None, kind


def forbidden(answer):
    return isinstance(answer, dict) and "error/noPermission" in str(answer.get("result"))


def closed(held, tokens):
    wrong = {"Authorization": "Bearer ltps_" + "1" * 64}
    for path, item in held.document["paths"].items():
        for method, operation in item.items():
            if path == "/scvp":
                continue  # is not configured here
            *request, kind = asked(method, path, operation)
            name = f"{method} {path}"
            needed = {r for s in operation["security"] for r in s.get("bearer", [])}
            held.ask(f"{name} with a wrong token", *request, {**wrong, **kind}, 401)
            if needed:
                held.ask(f"{name} without a token", *request, kind, 401)
            for role in ROLES if needed else ():
                data = held.ask(f"{name} as {role}", *request, {**tokens[role], **kind}, None)
                tap.equal(f"{name} as {role}: let in",
                          held.last != 403 and not forbidden(data), role in needed)


def bare(held, tokens):
    tap.equal("strangers see a bare state", list(held.ask("state", "GET", "/health")), ["status"])
    tap.check("operators see all of it",
              "objects" in held.ask("all", "GET", "/health", None, tokens["operator"]))


def limited(held):
    """429 of a rate, and of wrong credentials."""
    token = {**held.service.token("auditor", "slow"), **JSON}
    address = "/pres/RetrieveInfo"

    def beyond():
        held.ask("towards the rate", "POST", address, "{}", token, None)
        return held.last == 429
    until(beyond, "the rate is reached")
    for path in ("/renewals", "/link/" + "0" * 64, address):
        method, body = ("POST", "{}") if path == address else ("GET", None)
        until(lambda: held.service.request(method, path, body, JSON if body else {})[0] == 429,
              "wrong credentials are refused for a while")
        held.ask(f"too often without right: {path}", method, path, body, JSON if body else {}, 429)


def open_service(root):
    service = Service(ltps, os.path.join(root, "demo"))
    try:
        service.start()  # makes the PKI
        service.stop()
        pki = f"{service.dir}/pki"
        for name in ("anna", "bert"):
            made(ltps, "devpki", "issue", pki, "--name", name)
        made(ltps, "devpki", "revoke", pki, "bert")
        service.start()
        held = Held(service)
        preservation(held)
        soap(held)
        signatures(held, pki, root)
        certificates(held, pki)
        access(held)
        others(held)
        all_answered(held)
    finally:
        service.kill()


def closed_service(root):
    service = Closed(ltps, os.path.join(root, "closed"))
    try:
        service.start()
        held = Held(service, "closed: ")
        tokens = {role: service.token(role) for role in ROLES}
        closed(held, tokens)
        bare(held, tokens)
        limited(held)
    finally:
        service.kill()


with workspace() as root:
    open_service(root)
    closed_service(root)
tap.end()
