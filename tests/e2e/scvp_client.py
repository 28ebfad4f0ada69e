#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scvp_client BUILD - the service asked over SCVP by our own client: every check and
wantBack, past times, unsigned and signed messages, policies, faults, the service as a
remote judge of paths, and NIST PKITS with everything sent along."""
import http.client
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from service import Service, Tap, corpus_folder, until, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
CV_REQUEST = "application/scvp-cv-request"
CV_RESPONSE = "application/scvp-cv-response"
CASES = 246
# As tests/e2e/pkits.py: a missing status is not a verdict against the certificate.
STATUS = {
    None: {"valid"},
    "PathValidationError": {"invalid"},
    "RevokedError": {"invalid"},
    "InsufficientRevinfoError": {"undetermined", "invalid"},
    "StaleRevinfoError": {"undetermined"},
}
EXIT = {"valid": 0, "invalid": 1, "undetermined": 2}


def run(*args):
    return subprocess.run([ltps, *args], capture_output=True, text=True, timeout=300)


class Client:
    """ltps scvp against one service."""

    def __init__(self, service):
        self.url = service.url + "/scvp"
        self.pki = os.path.join(service.dir, "pki")
        self.anchors = os.path.join(service.dir, "anchors.pem")

    def cert(self, name):
        return os.path.join(self.pki, "certs", name + ".pem")

    def run(self, *args):
        return run("scvp", self.url, *args, "--format", "json")

    def ask(self, *args):
        """Anchors sent along judge the server too, if nothing else is said."""
        r = self.run(*args, "--anchor", self.anchors)
        return r.returncode, json.loads(r.stdout) if r.stdout else {"stderr": r.stderr}


def raw(service, method, body, media):
    c = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    try:
        headers = {"Content-Type": media} if media else {}
        c.request(method, "/scvp", body, headers)
        r = c.getresponse()
        return r.status, r.read(), r.getheader("Content-Type")
    finally:
        c.close()


# ---- checks and wantBacks ----

def simplest_question(t, c):
    code, a = c.ask(c.cert("tsa0"))
    t.equal("a valid certificate ends with 0", code, 0)
    t.equal("its status is valid", (a["valid"], a["status"], a["error"]), (True, "valid", None))
    t.equal("the response is signed and trusted",
            (a["trusted"], a["response"]["protection"]), (True, "signed"))
    t.check("all members of the design are there",
            {"valid", "status", "error", "chain", "policies", "revocation"} <= set(a), a)


def every_check(t, c):
    code, a = c.ask(c.cert("tsa0"), "--check", "build,valid,status")
    t.equal("three checks, three answers", [(x["check"], x["status"]) for x in a["checks"]],
            [("build", 0), ("valid", 0), ("status", 0)])
    t.equal("and the certificate is valid", code, 0)


def every_want(t, c):
    wants = "path,revocation,key,cert,all-paths,ee-revocation,ca-revocation,partial-path"
    code, a = c.ask(c.cert("tsa0"), "--want", wants, "--check", "valid,status")
    got = [w["want"] for w in a.get("want_backs", [])]
    t.equal("every wantBack comes back", sorted(got), sorted(set(wants.split(",")) - {"cert"}))
    t.equal("none of them is found wanting", (code, a["trusted"]), (0, True))
    t.equal("the path ends at the anchor", len(a["chain"]), 3)
    t.equal("status of both certificates is told",
            [(r["status"], r["source"] in ("crl", "ocsp")) for r in a["revocation"]],
            [("good", True)] * 2)


def several(t, c):
    code, a = c.ask(c.cert("tsa0"), c.cert("ca"), c.cert("ocsp-ca"), "--want", "path")
    t.equal("three certificates, three replies", len(a["replies"]), 3)
    t.equal("in the order of the question",
            [r["chain"][0].split(",")[0] for r in a["replies"]],
            ["CN=TSA tsa0", "CN=Issuing CA ca", "CN=OCSP responder ocsp-ca"])
    t.equal("all valid", code, 0)


def echoes(t, c):
    code, a = c.ask(c.cert("tsa0"), "--no-cache", "--full-request", "--policy-by-value",
                    "--text", "file 17", "--ref", "dns:client.example",
                    "--requestor", "email:a@client.example", "--hash", "sha512")
    t.equal("everything comes back as it was sent", (code, a["trusted"]), (0, True))
    t.equal("the whole request", a["response"]["request_ref"], "full")
    t.equal("the text", a["response"]["text"], "file 17")
    t.check("the policy by value", a["response"]["policy"].get("user_policies"), a)


def by_reference(t, c):
    code, a = c.ask(c.cert("ca"), "--by-reference", "--want", "path,cert")
    t.check("a certificate known to the service is found by reference, others are not",
            (code, a["reply_status"]) in ((0, "success"), (2, "referenceCertHashFail")), a)


def unsigned(t, c):
    code, a = c.ask(c.cert("tsa0"), "--unsigned")
    t.equal("an unsigned response as asked for", (code, a["response"]["protection"]), (0, "none"))


def cached(t, c):
    first = c.ask(c.cert("tsa0"), "--no-nonce")
    second = c.ask(c.cert("tsa0"), "--no-nonce")
    t.equal("without a nonce the answer may be cached", (first[0], second[0]), (0, 0))
    t.check("and then it says nothing specific", second[1]["response"]["nonce"] is None, second)


def names(t, c):
    code, a = c.ask(c.cert("tsa0"), "--name", "dns:elsewhere.example")
    t.equal("a certificate for nobody's name", code, 1)
    t.check("says so", set(a["errors"]) & {"noName", "nameMismatch"}, a)


def usages(t, c):
    code, a = c.ask(c.cert("tsa0"), "--eku", "1.3.6.1.5.5.7.3.8")
    t.equal("a TSA is for time-stamping", code, 0)
    code, a = c.ask(c.cert("tsa0"), "--eku", "1.3.6.1.5.5.7.3.1")
    t.equal("and not for servers", (code, a["errors"]), (1, ["invalidKeyPurpose"]))
    code, a = c.ask(c.cert("tsa0"), "--key-usage", "keyCertSign")
    t.equal("nor for certificates", (code, a["errors"]), (1, ["invalidKeyUsage"]))


def strangers(t, c, w):
    folder = os.path.join(w, "strange")
    run("devpki", "create", folder)
    run("devpki", "issue", folder, "--name", "someone")
    code, a = c.ask(os.path.join(folder, "certs", "someone.pem"))
    t.equal("a stranger's certificate is not valid", (code, a["valid"]), (2, False))
    r = c.run(c.cert("tsa0"), "--anchor", os.path.join(folder, "anchors.pem"),
              "--server-anchor", c.anchors)
    a = json.loads(r.stdout)
    t.check("with a stranger's anchor nothing of the service counts",
            r.returncode == 2 and "wrongTrustAnchor" in a["errors"], a)
    r = c.run(c.cert("tsa0"), "--server-anchor", os.path.join(folder, "anchors.pem"))
    a = json.loads(r.stdout)
    t.equal("a server of another PKI is not trusted", (r.returncode, a["error"]),
            (2, "SCVP_SERVER_PATH"))


def past(t, c):
    code, a = c.ask(c.cert("tsa0"), "--time", "2001-01-01T00:00:00Z")
    t.check("before everything it was not valid", code in (1, 2) and not a["valid"], a)
    if a.get("validation_time"):
        t.equal("and the answer is of that time", a["validation_time"], "2001-01-01T00:00:00Z")
    code, a = c.ask(c.cert("tsa0"), "--time", "2099-01-01T00:00:00Z")
    t.equal("the future is refused", (code, a["error"]), (2, "SCVP_SERVER_ERROR"))


def policies(t, c):
    r = c.run("--policy-request", "--server-anchor", c.anchors)
    a = json.loads(r.stdout)
    t.equal("the policies are signed by a server that is trusted",
            (r.returncode, a["trusted"]), (0, True))
    t.check("the default policy is among them", "1.3.6.1.5.5.7.19.1" in a["policies"]["policies"], a)
    t.check("both algorithms too", {"1.3.6.1.5.5.7.19.2", "1.3.6.1.5.5.7.19.3"}
            <= set(a["policies"]["algorithms"]), a)
    t.check("and the evidence wantBacks", {f"1.3.6.1.5.5.7.18.{n}" for n in range(15, 21)}
            <= set(a["policies"]["want_backs"]), a)
    code, a = c.ask(c.cert("tsa0"), "--policy", "1.2.3.4")
    t.equal("an unknown policy", (code, a["response"]["status"]), (2, "unrecognizedValPol"))


def evidence(t, c):
    wants = ("path,cert,partial-path,revocation,ers-path,ers-cert,ers-partial-path,"
             "ers-revocation,ers-all")
    answer = []

    def complete():
        answer[:] = c.ask(c.cert("tsa0"), "--want", wants)
        found = answer[1]["evidence"]
        return found and all(e["present"] for e in found)
    until(complete, "every returned item has its evidence record")
    code, a = answer
    t.equal("answers with evidence are trusted", (code, a["trusted"]), (0, True))
    t.check("each record covers the very octets that were returned",
            all(e["covered"] and e["indication"] == "PASSED" for e in a["evidence"]), a["evidence"])
    t.check("of certificate, path, partial path and status",
            {"cert", "path", "partial-path", "revocation"} <= {e["of"] for e in a["evidence"]},
            a["evidence"])
    code, _ = c.ask(c.cert("tsa0"), "--want", "ers-path")
    t.equal("evidence of what is not asked for is a mistake of the caller's", code, 64)


def signed_requests(t, c, w):
    folder = os.path.join(w, "client")
    run("devpki", "create", folder)
    run("devpki", "issue", folder, "--name", "asker")
    code, a = c.ask(c.cert("tsa0"), "--key", os.path.join(folder, "keys", "asker.pem"),
                    "--signer", os.path.join(folder, "certs", "asker.pem"))
    t.check("a request signed by a stranger is answered as an open one, or refused",
            code == 0 or a["response"]["status"] in ("notAuthorized", "unrecognizedSigKey"), a)


def stored(t, c, w):
    q, p = os.path.join(w, "q.scq"), os.path.join(w, "p.scs")
    code, _ = c.ask(c.cert("tsa0"), "--want", "path", "--save-request", q, "--save-response", p)
    t.equal("messages are kept", (code, os.path.exists(q), os.path.exists(p)), (0, True, True))
    trust = ["--server-anchor", c.cert("scvp"), "--format", "json"]
    r = run("scvp", "--read", p, "--request", q, *trust)
    t.equal("and judged again without the server", r.returncode, 0)
    with open(p, "rb") as f:
        octets = bytearray(f.read())
    octets[-1] ^= 1
    with open(p, "wb") as f:
        f.write(octets)
    r = run("scvp", "--read", p, "--request", q, *trust)
    t.equal("a changed one is not trusted", (r.returncode, json.loads(r.stdout)["error"]),
            (2, "SCVP_SIGNATURE"))


def provider(t, c):
    """ltps path with a remote judge: the finding tells which one decided."""
    def path(url):
        r = run("path", c.cert("tsa0"), "--anchor", c.anchors, "--provider", url, "--fetch-local",
                "--format", "json")
        a = json.loads(r.stdout)
        return r.returncode, a["status"], {f["code"] for f in a["findings"]}
    code, status, codes = path(c.url)
    t.check("the server decides", (code, status) == (0, "valid")
            and "PATH_DECIDED_REMOTELY" in codes and "PATH_REMOTE_FAILED" not in codes, codes)
    code, status, codes = path("http://127.0.0.1:1/scvp")
    t.check("without it, ours does", (code, status) == (0, "valid")
            and "PATH_REMOTE_FAILED" in codes and "PATH_DECIDED_REMOTELY" not in codes, codes)


# ---- faults ----

def faults(t, c, service, w):
    q = os.path.join(w, "fault.scq")
    c.ask(c.cert("tsa0"), "--save-request", q)
    with open(q, "rb") as f:
        good = f.read()
    t.equal("GET is not allowed", raw(service, "GET", None, None)[0], 405)
    t.equal("another media type", raw(service, "POST", good, "text/plain")[0], 415)
    t.equal("none", raw(service, "POST", good, None)[0], 415)
    status, body, media = raw(service, "POST", good, CV_REQUEST)
    t.equal("a good request", (status, media), (200, CV_RESPONSE))
    for name, octets, code in (("garbage", b"hello", 25), ("an empty body", b"", None),
                               ("a sequence of nothing", b"\x30\x00", 20),
                               ("a request cut short", good[:-5], 25)):
        status, body, media = raw(service, "POST", octets, CV_REQUEST)
        p = os.path.join(w, "fault.scs")
        with open(p, "wb") as f:
            f.write(body)
        r = run("scvp", "--read", p, "--format", "json")
        a = json.loads(r.stdout) if r.stdout else {"response": None}
        got = (a["response"] or {}).get("status_code")
        t.check(f"{name} is answered with its status",
                status == 200 and media == CV_RESPONSE and (got == code or code is None)
                and got is not None and got >= 10, (status, media, got))
    big = b"\x30\x84\x02\x00\x00\x00" + bytes(17 << 20)
    try:
        status = raw(service, "POST", big, CV_REQUEST)[0]
    except OSError:
        status = 413  # closed while we were still sending
    t.equal("too large a request", status, 413)
    r = run("scvp", "http://127.0.0.1:1/scvp", c.cert("tsa0"))
    t.equal("nobody listens there", r.returncode, 69)
    r = run("scvp", service.url + "/health", c.cert("tsa0"))
    t.equal("not an SCVP server", r.returncode, 69)
    t.equal("no certificate", run("scvp", c.url).returncode, 64)
    t.equal("an unknown check", run("scvp", c.url, c.cert("ca"), "--check", "x").returncode, 64)
    t.equal("no such file", run("scvp", c.url, "/nowhere").returncode, 65)


# ---- PKITS ----

def pkits_args(c, folder, case):
    args = ["scvp", c.url, f"{folder}/certs/{case['target']}", "--format", "json",
            "--no-fetch", "--server-anchor", c.cert("scvp"), "--want", "path",
            "--anchor", f"{folder}/certs/{case['trust_anchor']}"]
    for n in case["intermediates"]:
        args += ["--cert", f"{folder}/certs/{n}"]
    for n in case["crls"]:
        args += ["--crl", f"{folder}/crls/{n}"]
    for p in case["user_initial_policy_set"]:
        args += ["--initial-policy", p]
    args += ["--explicit-policy"] * case["initial_explicit_policy"]
    args += ["--inhibit-mapping"] * case["initial_policy_mapping_inhibit"]
    args += ["--inhibit-any"] * case["initial_any_policy_inhibit"]
    return args


def pkits_one(job):
    name, args, case = job
    r = run(*args)
    try:
        a = json.loads(r.stdout)
    except ValueError:
        return name, False, f"exit {r.returncode}: {r.stderr.strip()[:300]}"
    allowed = set(STATUS[case["error_class"]])
    # A path that cannot even be built is no verdict in the words of RFC 5055 4.9.2:
    # with another certificate it might be. Bad signatures and names end so.
    if a.get("reply_status") == "certPathConstructFail" and not case["should_validate"]:
        allowed.add("undetermined")
    held = (a["trusted"] and a["status"] in allowed
            and a["valid"] == case["should_validate"] and r.returncode == EXIT[a["status"]])
    return name, held, (f"{case['error_class']} expected, {a['status']}: {a.get('error')} "
                        f"{a.get('errors')} {a.get('checks')} {a['findings']}")


def pkits(t, c):
    folder = corpus_folder("pkits")
    if folder is None:
        t.skip("NIST PKITS over SCVP", "the corpus is not there")
        return
    with open(f"{folder}/expected.json", encoding="utf-8") as f:
        cases = json.load(f)
    t.equal("the number of PKITS cases", len(cases), CASES)
    jobs = [(f"PKITS {case['pkits']} {case['name']} ({i})", pkits_args(c, folder, case), case)
            for i, case in enumerate(cases)]
    with ThreadPoolExecutor(2) as pool:
        for name, held, why in pool.map(pkits_one, jobs):
            t.check(name, held, why)


def main():
    with workspace() as w:
        service = Service(ltps, os.path.join(w, "demo"))
        try:
            service.start()
            c = Client(service)
            for step in (simplest_question, every_check, every_want, several, echoes,
                         by_reference, unsigned, cached, names, usages, past, policies,
                         evidence, provider):
                tap.run(step, c)
            for step in (strangers, signed_requests, stored):
                tap.run(step, c, w)
            tap.run(faults, c, service, w)
            tap.run(pkits, c)
        finally:
            service.kill()
    tap.end()


main()
