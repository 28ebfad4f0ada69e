#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""certificates BUILD - POST /certificates/validate: what it refuses, and that it says the
same as `ltps path` of the same certificate with the same options."""
import base64
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from service import Service, Tap, until, workspace  # noqa: E402

tap = Tap()
LIMIT = 120
PATH = "/certificates/validate"


def run(*arguments):
    return subprocess.run(arguments, capture_output=True, timeout=LIMIT, check=False)


def made(*arguments):
    r = run(*arguments)
    if r.returncode != 0:
        raise RuntimeError(f"{arguments[:4]}: {r.stderr.decode()[-300:]}")
    return r.stdout


def read(path):
    with open(path, "rb") as f:
        return f.read()


def b64(data):
    return base64.b64encode(data).decode()


def post(service, body, kind="application/pkix-cert", query=""):
    if isinstance(body, dict):
        body, kind = json.dumps(body).encode(), "application/json"
    return service.request("POST", PATH + query, body, {"Content-Type": kind})


def refusals(_, service, pem, der):
    for method in ("GET", "PUT", "DELETE"):
        tap.equal(f"{method} is not allowed", service.request(method, PATH)[0], 405)
    one = {"certificates": [b64(der)]}
    for name, wanted, body, query in (
            ("an empty body", 400, b"", ""),
            ("text", 400, b"no certificate", ""),
            ("half a certificate", 400, der[:100], ""),
            ("PEM that does not end", 400, pem[:-30], ""),
            ("a time that is none", 400, der, "?time=today"),
            ("a policy that is not there", 400, der, "?policy=none"),
            ("an initial policy that is none", 400, der, "?initial-policy=x"),
            ("too many initial policies", 400, der, "?initial-policy=" + ",".join(65 * ["1.2.3"])),
            ("a key usage that is none", 400, der, "?key-usage=sign"),
            ("a flag that is none", 400, der, "?explicit-policy=maybe"),
            ("a model that is none", 400, der, "?model=onion"),
            ("a depth that is none", 400, der, "?depth=-1"),
            ("what was known without a policy", 400, der, "?known=2026-01-01T00:00:00Z"),
            ("a parameter without a value", 400, der, "?no-revocation"),
            ("a parameter that is not known", 400, der, "?explicit_policy=true"),
            ("a parameter twice", 400, der, "?depth=1&depth=2"),
            ("a parameter beside JSON", 400, one, "?depth=1"),
            ("JSON that is none", 400, {}, ""),
            ("no certificate in JSON", 400, {"certificates": []}, ""),
            ("base64 that is none", 400, {"certificates": ["%%%"]}, ""),
            ("a certificate that is a number", 400, {"certificates": [7]}, ""),
            ("a certificate of nothing", 400, {"certificates": [""]}, ""),
            ("a CRL that is a certificate", 400, {**one, "crls": [b64(der)]}, ""),
            ("a response that is none", 400, {**one, "ocsps": [b64(b"x")]}, ""),
            ("an unknown member", 400, {**one, "anchors": [b64(der)]}, ""),
            ("a flag that is a text", 400, {**one, "explicit_policy": "true"}, ""),
            ("a depth that is negative", 400, {**one, "depth": -1}, ""),
            ("a depth beyond all", 400, {**one, "depth": 1 << 40}, ""),
            ("a time in JSON that is none", 400, {**one, "time": "today"}, "")):
        status, answer, fields = post(service, body, query=query)
        tap.equal(f"{name}: status", status, wanted)
        tap.check(f"{name}: a problem", fields.get("Content-Type") == "application/problem+json" and
                  json.loads(answer)["status"] == wanted, answer[:300])
    for body in (b"[" * 100000, b"{\"certificates\":[", b"\xff"):
        tap.equal("broken JSON is refused", post(service, body, "application/json")[0], 400)
    status = service.request("POST", PATH, b"x", {"Content-Type": "application/pkix-cert",
                                                  "Content-Length": str(1 << 30)})[0]
    tap.equal("a body beyond the limit", status, 413)


def said(answer):
    return {k: answer[k] for k in ("valid", "status", "error", "chain", "policies")} | {
        "revocation": [(r["cert"], r["status"], r["source"]) for r in answer["revocation"]]}


def same(ltps, service, pki, name, options, query, members, wanted):
    """The command, the query and the JSON say the same."""
    certificate = f"{pki}/certs/{name}.pem"
    r = run(ltps, "path", certificate, "--anchor", f"{service.dir}/anchors.pem", "--cert",
            f"{pki}/certs/ca.pem", "--fetch-local", "--format", "json", *options)
    command = json.loads(r.stdout)
    status, body, fields = post(service, read(certificate) + read(f"{pki}/certs/ca.pem"),
                                "application/x-pem-file", query)
    tap.equal(f"{name} {query}: status", (status, fields.get("Content-Type")),
              (200, "application/json"))
    answer = json.loads(body)
    tap.equal(f"{name} {query}: as expected", answer["status"], wanted)
    tap.equal(f"{name} {query}: as ltps path", said(answer), said(command))
    message = {"certificates": [read(certificate).decode(), read(f"{pki}/certs/ca.pem").decode()],
               **members}
    status, body, _ = post(service, message)
    tap.equal(f"{name} {members}: as JSON", (status, said(json.loads(body))), (200, said(command)))


def judged(_, ltps, service, pki):
    for name, options, query, members, wanted in (
            ("anna", [], "", {}, "valid"),
            ("anna", ["--no-revocation"], "?no-revocation=true", {"no_revocation": True}, "valid"),
            ("bert", [], "", {}, "invalid"),
            ("bert", ["--no-revocation"], "?no-revocation=true", {"no_revocation": True}, "valid"),
            ("anna", ["--time", "2001-01-01T00:00:00Z"], "?time=2001-01-01T00:00:00Z",
             {"time": "2001-01-01T00:00:00Z"}, "invalid"),
            ("anna", ["--explicit-policy", "--initial-policy", "1.2.3.4"],
             "?explicit-policy=true&initial-policy=1.2.3.4",
             {"explicit_policy": True, "initial_policies": ["1.2.3.4"]}, "invalid"),
            ("anna", ["--eku", "timeStamping"], "?eku=timeStamping",
             {"extended_key_usages": ["timeStamping"]}, None),
            ("anna", ["--key-usage", "keyCertSign"], "?key-usage=keyCertSign",
             {"key_usages": ["keyCertSign"]}, "invalid"),
            ("anna", ["--depth", "0"], "?depth=0", {"depth": 0}, None),
            ("anna", ["--policy", "default"], "?policy=default", {"policy": "default"}, "valid")):
        if wanted is None:
            r = run(ltps, "path", f"{pki}/certs/{name}.pem", "--anchor",
                    f"{service.dir}/anchors.pem", "--cert", f"{pki}/certs/ca.pem",
                    "--fetch-local", "--format", "json", *options)
            wanted = json.loads(r.stdout)["status"]
        same(ltps, service, pki, name, options, query, members, wanted)


def material(_, service, pki, work):
    """Whom we trust is not said by who asks."""
    made("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", f"{work}/key", "-out", f"{work}/self.pem", "-subj", "/CN=Self",
         "-days", "30")
    status, body, _ = post(service, read(f"{work}/self.pem"), "application/x-pem-file")
    tap.equal("a certificate of its own is not trusted", (status, json.loads(body)["valid"]),
              (200, False))
    status, body, _ = post(service, {"certificates": [read(f"{work}/self.pem").decode() * 300]})
    tap.equal("many times the same is one", status, 200)
    crl = made("openssl", "crl", "-in", f"{work}/ca.crl", "-outform", "DER") if os.path.exists(
        f"{work}/ca.crl") else None
    tap.check("there is a CRL", crl is not None)
    status, body, _ = post(service, {"certificates": [read(f"{pki}/certs/anna.pem").decode()],
                                     "crls": [b64(crl)]})
    tap.equal("with a CRL of the client's", (status, json.loads(body)["status"]), (200, "valid"))
    status, metrics, _ = service.request("GET", "/metrics")
    tap.check("they are counted", b"ltps_certificates_judged_total" in metrics)


class Own(Service):
    """`ltps serve` with one anchor, trusted until then."""

    def start_until(self, pem, until_time):
        with open(f"{self.dir}/anchors.pem", "wb") as f:
            f.write(f"Trusted-Until: {until_time}\n".encode() + pem)
        with open(f"{self.dir}/ltps.conf", "w", encoding="ascii") as f:
            f.write(f"[service]\ndir = store\nlisten = 127.0.0.1:{self.port}\n"
                    "[tsa none]\nurl = http://127.0.0.1:1/\n[trust]\nanchors = anchors.pem\n")
        with open(f"{self.dir}.log", "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "serve", "-c", f"{self.dir}/ltps.conf"], stdout=log, stderr=log,
                start_new_session=True)
        until(self.ready, "the service is ready")


def ended(_, ltps, demo, pki, work):
    """An anchor whose trust has ended, as the operator says it, is none."""
    os.mkdir(f"{work}/own")
    own = Own(ltps, f"{work}/own")
    pem = read(f"{demo.dir}/anchors.pem")
    both = read(f"{pki}/certs/anna.pem") + read(f"{pki}/certs/ca.pem")
    try:
        for time, wanted in (("2024-01-01T00:00:00Z", (False, "PATH_ANCHOR_SUNSET")),
                             ("2090-01-01T00:00:00Z", (True, None))):
            own.start_until(pem, time)
            answer = json.loads(post(own, both, "application/x-pem-file",
                                     "?no-revocation=true")[1])
            tap.equal(f"an anchor until {time}", (answer["valid"], answer["error"]), wanted)
            own.stop()
    finally:
        own.kill()


def main():
    ltps = os.path.join(os.path.abspath(sys.argv[1]), "ltps")
    with workspace() as work:
        service = Service(ltps, f"{work}/demo")
        try:
            service.start()  # makes the PKI
            service.stop()
            pki = f"{service.dir}/pki"
            for name in ("anna", "bert"):
                made(ltps, "devpki", "issue", pki, "--name", name)
            made(ltps, "devpki", "revoke", pki, "bert")
            made(ltps, "devpki", "crl", pki, "ca", "-o", f"{work}/ca.crl")
            service.start()
            pem = read(f"{pki}/certs/anna.pem")
            der = made("openssl", "x509", "-in", f"{pki}/certs/anna.pem", "-outform", "DER")
            tap.run(refusals, service, pem, der)
            tap.run(judged, ltps, service, pki)
            tap.run(material, service, pki, work)
            tap.run(ended, ltps, service, pki, work)
            tap.equal("the service ends cleanly", service.stop(), 0)
        finally:
            service.kill()
    tap.end()


if __name__ == "__main__":
    main()
