#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scvp_interop BUILD - our SCVP messages before outside judges: signatures by
`openssl cms -verify`, every field by a decoder of its own (scvp_decode.py), held
against what was asked and what our client printed."""
import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from service import Service, Tap, until, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
try:
    # Debian's packages, also where another python3 comes first.
    sys.path.append("/usr/lib/python3/dist-packages")
    import scvp_decode as scvp
    from pyasn1.codec.der import encoder
except ImportError as e:
    tap.skip("messages read by pyasn1", str(e))
    tap.end()
OPENSSL = shutil.which("openssl")
WANTS = {"path": 1, "revocation": 2, "key": 4, "all-paths": 12, "ee-revocation": 13,
         "ca-revocation": 14, "partial-path": 15, "ers-cert": 16, "ers-path": 17,
         "ers-partial-path": 18, "ers-revocation": 19, "ers-all": 20}
SHA256 = "2.16.840.1.101.3.4.2.1"


def der(path):
    """Every certificate of a PEM file."""
    with open(path, encoding="ascii") as f:
        text = f.read()
    return [base64.b64decode("".join(part.split("-----END")[0].split()))
            for part in text.split("-----BEGIN CERTIFICATE-----")[1:]]


def certificate(c):
    """DER with its own tag, whatever tag it travelled under."""
    octets = encoder.encode(c)
    return b"\x30" + octets[1:]


def rfc3339(t):
    s = str(t)
    return f"{s[0:4]}-{s[4:6]}-{s[6:8]}T{s[8:10]}:{s[10:12]}:{s[12:14]}Z"


class Exchange:
    def __init__(self, service, folder, *args):
        self.q, self.p = os.path.join(folder, "q"), os.path.join(folder, "p")
        r = subprocess.run([ltps, "scvp", service.url + "/scvp", *args, "--save-request", self.q,
                            "--save-response", self.p, "--format", "json"],
                           capture_output=True, text=True, timeout=120)
        self.code, self.stderr = r.returncode, r.stderr
        self.json = json.loads(r.stdout) if r.stdout else None
        with open(self.q, "rb") as f:
            self.request, self.request_octets, self.request_signed = scvp.message(f.read())
        with open(self.p, "rb") as f:
            self.response, self.response_octets, self.signed = scvp.message(f.read())


def openssl_verifies(t, name, path, kind, anchors, helpers, octets, folder):
    if OPENSSL is None:
        t.skip(name, "openssl is not installed")
        return
    out, certs = os.path.join(folder, "content"), os.path.join(folder, "certs")
    # Only the message's own certificates and this file help to build the path.
    trusted = os.path.join(folder, "trusted.pem")
    with open(trusted, "w", encoding="ascii") as f:
        for each in (anchors, helpers):
            with open(each, encoding="ascii") as part:
                f.write(part.read())
    r = subprocess.run([OPENSSL, "cms", "-verify", "-inform", "DER", "-in", path, "-CAfile",
                        trusted, "-purpose", "any", "-binary", "-out", out, "-certsout",
                        certs], capture_output=True, text=True)
    if not t.check(f"{name}: openssl verifies the signature", r.returncode == 0, r.stderr):
        return
    with open(out, "rb") as f:
        t.equal(f"{name}: over the very message", f.read(), octets)
    t.check(f"{name}: with the server's certificate inside", len(der(certs)) >= 1)
    r = subprocess.run([OPENSSL, "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in",
                        path], capture_output=True, text=True)
    t.check(f"{name}: of the content type of RFC 5055", kind in r.stdout, r.stdout[:500])


def signer_info(t, name, signed):
    infos = signed["signerInfos"]
    t.equal(f"{name}: one SignerInfo", len(infos), 1)
    t.check(f"{name}: no unsigned attributes", not infos[0]["unsignedAttrs"].isValue)
    kinds = {str(a["attrType"]) for a in infos[0]["signedAttrs"]}
    t.check(f"{name}: content-type, message-digest and signing-certificate",
            {"1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"} <= kinds
            and kinds & {"1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"}, kinds)
    t.equal(f"{name}: version 3", int(signed["version"]), 3)


# ---- a request ----

def request_fields(t, x, asked):
    q = x.request["query"]
    t.equal("request: version", int(x.request["cvRequestVersion"]), 1)
    t.equal("request: certificates", [certificate(r["cert"]) for r in q["queriedCerts"]["pkcRefs"]],
            asked["certs"])
    t.equal("request: checks", [str(o) for o in q["checks"]],
            [scvp.ID_STC + str(n) for n in asked["checks"]])
    t.equal("request: wantBacks", [str(o) for o in q["wantBack"]],
            [scvp.ID_SWB + str(n) for n in sorted(asked["wants"])])
    policy = q["validationPolicy"]
    t.equal("request: policy", str(policy["validationPolRef"]["valPolId"]), "1.3.6.1.5.5.7.19.1")
    t.equal("request: anchors", [certificate(r["cert"]) for r in policy["trustAnchors"]],
            asked["anchors"])
    t.equal("request: user policies", [str(o) for o in policy["userPolicySet"]],
            asked["policies"])
    t.equal("request: flags of the policy",
            [policy[k].isValue and bool(policy[k]) for k in
             ("inhibitPolicyMapping", "requireExplicitPolicy", "inhibitAnyPolicy")],
            [True, False, True])
    t.equal("request: key usages", [str(k.asBinary()) for k in policy["keyUsages"]], ["1"])
    t.equal("request: purposes", [str(o) for o in policy["extendedKeyUsages"]], asked["ekus"])
    flags = q["responseFlags"]
    t.equal("request: response flags",
            [bool(flags[k]) for k in ("fullRequestInResponse", "responseValidationPolByRef",
                                      "protectResponse", "cachedResponse")],
            [False, False, True, False])
    t.equal("request: intermediates", [certificate(c) for c in q["intermediateCerts"]],
            asked["intermediates"])
    t.equal("request: text", str(x.request["requestorText"]), asked["text"])
    t.equal("request: reference", [str(n["dNSName"]) for n in x.request["requestorRef"]],
            ["client.example"])
    t.equal("request: name", str(x.request["requestorName"]["rfc822Name"]), "a@client.example")
    t.equal("request: hash", str(x.request["hashAlg"]), SHA256)
    t.equal("request: nonce", bytes(x.request["requestNonce"]).hex(), x.json["response"]["nonce"])


# ---- a response ----

def response_fields(t, x, asked):
    p, told = x.response, x.json["response"]
    t.equal("response: version", int(p["cvResponseVersion"]), told["version"])
    config = int(p["serverConfigurationID"])
    t.equal("response: configuration", config,
            int.from_bytes(bytes.fromhex(told["configuration"]), "big", signed=True))
    t.equal("response: producedAt", rfc3339(p["producedAt"]), told["produced"])
    t.equal("response: status", int(p["responseStatus"]["statusCode"]), told["status_code"])
    h = p["requestRef"]["requestHash"]
    t.equal("response: hash algorithm", str(h["algorithm"]["algorithm"]), SHA256)
    t.equal("response: hash of the request", bytes(h["value"]),
            hashlib.sha256(x.request_octets).digest())
    t.equal("response: nonce", bytes(p["respNonce"]), bytes(x.request["requestNonce"]))
    t.equal("response: text", str(p["requestorText"]), asked["text"])
    t.equal("response: reference", [str(n["dNSName"]) for n in p["requestorRef"]],
            ["client.example"])
    policy = p["respValidationPolicy"]
    t.equal("response: policy", str(policy["validationPolRef"]["valPolId"]),
            told["policy"]["id"])
    t.check("response: policy by value is complete",
            all(policy[k].isValue for k in policy.componentType if k), policy.prettyPrint()[:500])
    t.equal("response: anchors", [certificate(r["cert"]) for r in policy["trustAnchors"]],
            asked["anchors"])
    t.equal("response: user policies", [str(o) for o in policy["userPolicySet"]],
            asked["policies"])


def reply_fields(t, x, asked):
    replies = x.response["replyObjects"]
    told = x.json["replies"]
    t.equal("one reply for each certificate", len(replies), len(asked["certs"]))
    for i, (r, j) in enumerate(zip(replies, told)):
        n = f"reply {i}: "
        t.equal(n + "certificate", certificate(r["cert"]["cert"]), asked["certs"][i])
        t.equal(n + "status", int(r["replyStatus"]), 0)
        t.equal(n + "time", rfc3339(r["replyValTime"]), j["validation_time"])
        if r["nextUpdate"].isValue:
            t.equal(n + "nextUpdate", rfc3339(r["nextUpdate"]), j["next_update"])
        t.equal(n + "checks", [(str(c["check"]), int(c["status"])) for c in r["replyChecks"]],
                [(c["oid"], c["status"]) for c in j["checks"]])
        values = {str(w["wb"]): bytes(w["value"]) for w in r["replyWantBacks"]}
        t.equal(n + "wantBacks", sorted(values), sorted(w["oid"] for w in j["want_backs"]))
        want_values(t, n, values, r, j, asked)


def want_values(t, n, values, reply, told, asked):
    target = certificate(reply["cert"]["cert"])
    path = scvp.read(values[scvp.ID_SWB + "1"], scvp.CertBundle)
    certs = [certificate(c) for c in path]
    t.equal(n + "the path begins with the certificate", certs[0], target)
    t.check(n + "and is without its anchor", not set(certs) & set(asked["anchors"]))
    t.equal(n + "as long as our client says", len(certs) + 1, len(told["chain"]))
    for k in range(len(path) - 1):
        t.equal(n + f"certificate {k} is issued by the next",
                encoder.encode(path[k]["tbsCertificate"]["issuer"]),
                encoder.encode(path[k + 1]["tbsCertificate"]["subject"]))
    t.equal(n + "the partial path",
            [certificate(c) for c in scvp.read(values[scvp.ID_SWB + "15"], scvp.CertBundle)],
            certs[1:])
    t.check(n + "the best is among all paths",
            certs in [[certificate(c) for c in b]
                      for b in scvp.read(values[scvp.ID_SWB + "12"], scvp.CertBundles)])
    t.equal(n + "the key", values[scvp.ID_SWB + "4"],
            encoder.encode(path[0]["tbsCertificate"]["subjectPublicKeyInfo"]))
    counts = {}
    for number in (2, 13, 14):
        infos = scvp.read(values[scvp.ID_SWB + str(number)], scvp.RevInfoWantBack)
        counts[number] = len(infos["revocationInfo"])
        t.check(n + f"revocation information ({number})",
                all(i.getName() in ("crl", "ocsp") for i in infos["revocationInfo"]))
    t.check(n + "of target and CAs together", counts[2] <= counts[13] + counts[14], counts)


def everything(t, service, folder):
    pki, anchors = os.path.join(service.dir, "pki", "certs"), os.path.join(service.dir, "anchors.pem")
    names = [os.path.join(pki, n + ".pem") for n in ("tsa0", "ocsp-ca")]
    wants = ["path", "revocation", "key", "all-paths", "ee-revocation", "ca-revocation",
             "partial-path"]
    asked = {"certs": [der(n)[0] for n in names], "anchors": der(anchors), "checks": [2, 3],
             "wants": [WANTS[w] for w in wants], "policies": ["2.5.29.32.0"],
             "ekus": ["2.5.29.37.0"], "text": "für die Akte",
             "intermediates": der(os.path.join(pki, "ca.pem"))}
    x = Exchange(service, folder, *names, "--anchor", anchors, "--cert",
                 os.path.join(pki, "ca.pem"), "--check", "valid,status", "--want",
                 ",".join(wants), "--initial-policy", "2.5.29.32.0", "--inhibit-mapping",
                 "--inhibit-any", "--key-usage", "digitalSignature", "--no-cache",
                 "--policy-by-value", "--text", asked["text"], "--ref", "dns:client.example",
                 "--requestor", "email:a@client.example", "--hash", "sha256")
    request_fields(t, x, {**asked, "ekus": []})
    response_fields(t, x, asked)
    reply_fields(t, x, asked)
    signer_info(t, "response", x.signed)
    openssl_verifies(t, "response", x.p, "1.2.840.113549.1.9.16.1.11", anchors,
                     os.path.join(pki, "ca.pem"), x.response_octets, folder)


def whole_request(t, service, folder):
    pki, anchors = os.path.join(service.dir, "pki", "certs"), os.path.join(service.dir, "anchors.pem")
    x = Exchange(service, folder, os.path.join(pki, "tsa0.pem"), "--anchor", anchors,
                 "--full-request", "--unsigned")
    t.equal("an unsigned response has no SignedData", x.signed, None)
    full = x.response["requestRef"]["fullRequest"]
    t.equal("the whole request in the response", b"\x30" + encoder.encode(full)[1:],
            x.request_octets)


def evidence(t, service, folder):
    pki, anchors = os.path.join(service.dir, "pki", "certs"), os.path.join(service.dir, "anchors.pem")
    last = []

    def there():
        last[:] = [Exchange(service, folder, os.path.join(pki, "tsa0.pem"), "--anchor", anchors,
                            "--want", "path,cert,ers-path,ers-cert,ers-all")]
        return all(e["present"] for e in last[0].json["evidence"])
    until(there, "evidence is there")
    reply = last[0].response["replyObjects"][0]
    values = {str(w["wb"]): bytes(w["value"]) for w in reply["replyWantBacks"]}
    items = scvp.read(values[scvp.ID_SWB + "20"],
                      scvp.sequence_of("All", scvp.EvidenceRecordWantBack(), 1))
    t.check("ers-all names the path", scvp.ID_SWB + "1" in [str(i["targetWantBack"]) for i in items])
    for number, octets in (("17", values[scvp.ID_SWB + "1"]),
                           ("16", certificate(reply["cert"]["cert"]))):
        record, data = os.path.join(folder, "record"), os.path.join(folder, "data")
        for path, content in ((record, values[scvp.ID_SWB + number]), (data, octets)):
            with open(path, "wb") as f:
                f.write(content)
        r = subprocess.run([sys.executable, os.path.join(HERE, "er_check.py"), record, "--data",
                            data], capture_output=True, text=True)
        t.equal(f"the record of wantBack {number} covers its octets", r.returncode, 0)


def policies(t, service, folder):
    anchors = os.path.join(service.dir, "anchors.pem")
    x = Exchange(service, folder, "--policy-request", "--server-anchor", anchors)
    p, told = x.response, x.json["policies"]
    t.equal("a policy request has a nonce", len(bytes(x.request["requestNonce"])), 32)
    for field, key in (("vpResponseVersion", "version"), ("maxCVRequestVersion", "max_cv_version"),
                       ("maxVPRequestVersion", "max_vp_version"), ("clockSkew", "clock_skew")):
        t.equal("policies: " + field, int(p[field]), told[key])
    for field, key in (("supportedChecks", "checks"), ("supportedWantBacks", "want_backs"),
                       ("validationPolicies", "policies"), ("validationAlgs", "algorithms"),
                       ("authPolicies", "auth_policies"), ("hashAlgorithms", "hash_algorithms")):
        t.equal("policies: " + field, [str(o) for o in p[field]], told[key])
    for field, key in (("signatureGeneration", "signature_generation"),
                       ("signatureVerification", "signature_verification")):
        t.equal("policies: " + field, [str(a["algorithm"]) for a in p[field]], told[key])
    t.equal("policies: thisUpdate", rfc3339(p["thisUpdate"]), told["this_update"])
    t.check("policies: cached or of this request",
            p["nextUpdate"].isValue != p["requestNonce"].isValue)
    t.check("policies: all defaults are there",
            all(p["defaultPolicyValues"][k].isValue for k in p["defaultPolicyValues"].componentType))
    signer_info(t, "policies", x.signed)
    openssl_verifies(t, "policies", x.p, "1.2.840.113549.1.9.16.1.13", anchors,
                     os.path.join(service.dir, "pki", "certs", "ca.pem"), x.response_octets,
                     folder)


def signed_request(t, service, folder):
    pki = os.path.join(service.dir, "pki")
    client = os.path.join(folder, "client")
    subprocess.run([ltps, "devpki", "create", client], capture_output=True)
    subprocess.run([ltps, "devpki", "issue", client, "--name", "c"], capture_output=True)
    x = Exchange(service, folder, os.path.join(pki, "certs", "tsa0.pem"), "--anchor",
                 os.path.join(service.dir, "anchors.pem"), "--key",
                 os.path.join(client, "keys", "c.pem"), "--signer",
                 os.path.join(client, "certs", "c.pem"))
    signer_info(t, "request", x.request_signed)
    openssl_verifies(t, "request", x.q, "1.2.840.113549.1.9.16.1.10",
                     os.path.join(client, "anchors.pem"), os.path.join(client, "certs", "ca.pem"),
                     x.request_octets, folder)


def main():
    with workspace() as w:
        service = Service(ltps, os.path.join(w, "demo"))
        try:
            service.start()
            for step in (everything, whole_request, evidence, policies, signed_request):
                tap.run(step, service, w)
        finally:
            service.kill()
    tap.end()


main()
