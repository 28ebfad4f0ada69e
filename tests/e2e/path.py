#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""path BUILD - `ltps path` as a user has it: files that are good, bad and none,
times, policies, thousands of certificates, status over HTTP and LDAP with every
fault of the servers, and what exit status and JSON say of it."""
import base64
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from ldap_peer import LdapPeer  # noqa: E402
from service import Tap, free_port, until, workspace  # noqa: E402

START, NOW = "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"
EXIT = {"valid": 0, "invalid": 1, "undetermined": 2}
AIA, CRL_POINTS = "1.3.6.1.5.5.7.1.1", "2.5.29.31"
LIMIT = 120  # seconds for one command: far more than any takes
# Documented keys first named, the others welcome; in the order of the report.
KEYS = ["valid", "status", "error", "chain", "policies", "authority_policies",
        "explicit_policy", "revocation", "findings", "alternatives", "needs", "qc", "spent"]
STATUS_KEYS = ["cert", "status", "source"]
FINDING_KEYS = ["code", "clause", "cert", "text"]
NEED_KEYS = ["kind", "url", "cert"]
exits = set()


class Pki:
    """A throwaway PKI in a directory, served on loopback when asked to."""

    def __init__(self, ltps, folder, *options):
        self.ltps, self.dir, self.port = ltps, folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.server = None
        self.devpki("create", "--url", self.url, "--time", START, *options)
        self.anchors = f"{folder}/anchors.pem"

    def devpki(self, verb, *arguments):
        run = subprocess.run([self.ltps, "devpki", verb, self.dir, *arguments],
                             capture_output=True, text=True, timeout=LIMIT)
        if run.returncode != 0:
            raise RuntimeError(f"devpki {verb} {arguments}: {run.stderr}")
        return run.stdout

    def issue(self, name, *arguments, time=START):
        self.devpki("issue", "--name", name, "--time", time, *arguments)
        return self.cert(name)

    def cert(self, name):
        return f"{self.dir}/certs/{name}.pem"

    def crl(self, name, *arguments, time=NOW):
        """A CRL of this CA or point as a file."""
        out = f"{self.dir}/{name}{'-'.join(arguments)}-{time[:10]}.crl"
        self.devpki("crl", name, "-o", out, "--time", time, *arguments)
        return out

    def start(self):
        self.server = subprocess.Popen(
            [self.ltps, "devpki", "serve", self.dir, "--listen", f"127.0.0.1:{self.port}",
             "--time", NOW, "--fixed", "--control"], stdout=subprocess.PIPE, text=True)
        if "listening" not in self.server.stdout.readline():
            raise RuntimeError("devpki does not serve")

    def stop(self):
        if self.server is not None:
            self.server.terminate()
            self.server.wait(LIMIT)
            self.server.stdout.close()
            self.server = None

    def control(self, verb, **values):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        query = "&".join(f"{k}={v}" for k, v in values.items())
        try:
            c.request("GET" if verb == "state" else "POST", f"/control/{verb}?{query}")
            r = c.getresponse()
            body = r.read()
        finally:
            c.close()
        if r.status != 200:
            raise RuntimeError(f"control {verb} {values}: {body}")
        return json.loads(body)

    def answered(self):
        return self.control("state")["answered"]

    def clear(self):
        for target in ("ocsp", "crl", "aia"):
            self.control("fault", target=target, kind="none")


class Answer:
    """One run of `ltps path ... --format json`."""

    def __init__(self, ltps, *arguments):
        run = subprocess.run([ltps, "path", *arguments, "--format", "json"],
                             capture_output=True, text=True, timeout=LIMIT)
        self.exit, self.errors, self.text = run.returncode, run.stderr, run.stdout
        exits.add(self.exit)
        self.j = json.loads(run.stdout, object_pairs_hook=dict) if run.stdout else {}
        self.status, self.error = self.j.get("status"), self.j.get("error")
        self.sources = [r["source"] for r in self.j.get("revocation", [])]
        self.states = [r["status"] for r in self.j.get("revocation", [])]
        self.codes = {f["code"] for f in self.j.get("findings", [])}
        self.needs = {(n["kind"], n["url"]) for n in self.j.get("needs", [])}

    def __repr__(self):
        return f"exit {self.exit}: {self.text}{self.errors}"[:1500]


def path(pki, name, *arguments, time=NOW, anchors=None):
    cert = name if os.sep in name else pki.cert(name)
    return Answer(pki.ltps, cert, "--anchor", anchors or pki.anchors, "--time", time, *arguments)


def shaped(a):
    """The JSON is that of DESIGN, and agrees with itself."""
    j = a.j
    if list(j) != KEYS or j["valid"] != (j["status"] == "valid") or a.exit != EXIT[j["status"]]:
        return False
    if (j["error"] is None) != j["valid"]:
        return False
    if any([k for k in r if k in STATUS_KEYS] != STATUS_KEYS or
           r["status"] not in ("good", "revoked", "unknown") or
           r["source"] not in ("crl", "ocsp", "exempt", None) for r in j["revocation"]):
        return False
    return (all(c.startswith("CN=") for c in j["chain"]) and
            all(list(f) == FINDING_KEYS for f in j["findings"]) and
            all(list(n) == NEED_KEYS for n in j["needs"]))


def says(tap, name, a, status, error=None, **more):
    good = shaped(a) and a.status == status and a.error == error and not a.errors
    for what, wanted in more.items():
        good = good and getattr(a, what) == wanted
    tap.check(name, good, f"{status} {error} {more} wanted, {a}")


# ---- status that is given as files ----

def with_files(tap, pki):
    cas = ["--cert", pki.cert("ca")]
    lists = [pki.crl("ca"), pki.crl("root")]
    crls = ["--crl", lists[0], "--crl", lists[1]]
    says(tap, "no issuer at hand", path(pki, "good", *crls), "undetermined", "PATH_NO_ISSUER",
         needs={("issuer", f"{pki.url}/aia/ca.cer")})
    says(tap, "no status at hand", path(pki, "good", *cas), "undetermined",
         "PATH_REVOCATION_UNKNOWN", states=["unknown", "unknown"], sources=[None, None])
    says(tap, "the CRL of the root alone", path(pki, "good", *cas, "--crl", lists[1]),
         "undetermined", "PATH_REVOCATION_UNKNOWN", states=["unknown", "good"])
    says(tap, "another anchor", path(pki, "good", *cas, *crls, anchors=pki.cert("stranger")),
         "undetermined", "PATH_NO_ISSUER")
    says(tap, "revoked", path(pki, "revoked", *cas, *crls), "invalid", "PATH_REVOKED",
         states=["revoked", "good"], sources=["crl", "crl"])
    held = path(pki, "held", *cas, *crls)
    says(tap, "on hold", held, "invalid", "PATH_ON_HOLD", states=["revoked", "good"])
    tap.check("on hold is told", held.j["revocation"][0].get("on_hold") is True, held)
    says(tap, "expired", path(pki, "expired", *cas, *crls), "invalid", "PATH_EXPIRED")
    says(tap, "not yet valid", path(pki, "early", *cas, *crls), "invalid", "PATH_NOT_YET_VALID")
    says(tap, "good", path(pki, "good", *cas, *crls), "valid", sources=["crl", "crl"], needs=set())
    says(tap, "good, status not asked", path(pki, "good", *cas, "--no-revocation"), "valid")
    says(tap, "revoked, status not asked", path(pki, "revoked", *cas, "--no-revocation"), "valid")
    says(tap, "revoked but not in an older CRL", path(
        pki, "revoked", *cas, "--crl", pki.crl("ca", time="2026-03-01T00:00:00Z"),
        "--crl", lists[1]), "undetermined", "PATH_REVOCATION_STALE")
    says(tap, "the anchor itself", path(pki, "root"), "valid", states=[])
    says(tap, "not for that usage", path(pki, "good", *cas, *crls, "--key-usage", "keyCertSign"),
         "invalid", "PATH_KEY_USAGE")
    says(tap, "not for that purpose", path(pki, "tsa0", *cas, *crls, "--eku", "serverAuth"),
         "invalid", "PATH_EXTENDED_KEY_USAGE")
    says(tap, "for that purpose", path(pki, "tsa0", *cas, *crls, "--eku", "timeStamping"), "valid")
    says(tap, "deeper than allowed", path(pki, "good", *cas, *crls, "--depth", "0"),
         "undetermined", "PATH_DEPTH")
    both = f"{pki.dir}/both.pem"
    with open(both, "wb") as out:
        for name in ("good", "ca"):
            with open(pki.cert(name), "rb") as f:
                out.write(f.read())
    says(tap, "the issuer in the file behind the certificate", path(pki, both, *crls), "valid")


def with_deltas(tap, pki):
    """A CRL, a revocation, and the delta CRL that alone knows of it."""
    cas = ["--cert", pki.cert("ca"), "--crl", pki.crl("root")]
    full = pki.crl("ca")
    later = "2026-06-01T06:00:00Z"
    pki.devpki("revoke", "changed", "--time", "2026-06-01T03:00:00Z", "--reason", "superseded")
    pki.devpki("release", "held", "--time", "2026-06-01T03:00:00Z")
    delta = pki.crl("ca", "--delta", time=later)
    says(tap, "before the delta CRL", path(pki, "changed", *cas, "--crl", full, time=later),
         "valid")
    says(tap, "revoked by the delta CRL",
         path(pki, "changed", *cas, "--crl", full, "--crl", delta, time=later),
         "invalid", "PATH_REVOKED")
    says(tap, "a delta CRL without its base",
         path(pki, "changed", *cas, "--crl", delta, time=later), "undetermined",
         "PATH_REVOCATION_UNKNOWN")
    says(tap, "released by the delta CRL",
         path(pki, "held", *cas, "--crl", full, "--crl", delta, time=later), "valid")


def with_points(tap, pki):
    """CRLs of parts: by reasons, by name, and of another issuer."""
    cas = ["--cert", pki.cert("ca"), "--crl", pki.crl("root")]
    grave, light = pki.crl("grave"), pki.crl("light")
    says(tap, "one of two reason CRLs", path(pki, "parted", *cas, "--crl", grave),
         "undetermined", "PATH_REVOCATION_UNKNOWN")
    says(tap, "both reason CRLs", path(pki, "parted", *cas, "--crl", grave, "--crl", light),
         "valid")
    says(tap, "revoked in one of two", path(pki, "parted-revoked", *cas, "--crl", grave, "--crl",
                                            light), "invalid", "PATH_REVOKED")
    says(tap, "the CRL of another point", path(pki, "parted", *cas, "--crl", pki.crl("elsewhere")),
         "undetermined", "PATH_REVOCATION_UNKNOWN")
    far = ["--crl", pki.crl("far")]
    says(tap, "an indirect CRL without its issuer", path(pki, "entrusted", *cas, *far),
         "undetermined", "PATH_REVOCATION_UNKNOWN")
    far += ["--cert", pki.cert(pki.crl_issuer), "--crl", pki.crl("ca")]
    says(tap, "an indirect CRL", path(pki, "entrusted", *cas, *far), "valid")
    says(tap, "revoked in an indirect CRL", path(pki, "entrusted-revoked", *cas, *far), "invalid",
         "PATH_REVOKED")


# ---- times ----

def at_times(tap, pki):
    cas = ["--cert", pki.cert("ca")]
    crls = ["--crl", pki.crl("ca"), "--crl", pki.crl("root")]
    march = "2026-03-15T00:00:00Z"
    then = ["--crl", pki.crl("ca", time=march), "--crl", pki.crl("root", time=march)]
    says(tap, "the past, status of today without a policy",
         path(pki, "good", *cas, *crls, time=march), "undetermined", "PATH_REVOCATION_UNKNOWN")
    says(tap, "the past with status of then", path(pki, "good", *cas, *then, time=march), "valid")
    hindsight = ["--policy", "default", "--known", NOW]
    says(tap, "the past with hindsight", path(pki, "good", *cas, *crls, *hindsight, time=march),
         "valid")
    says(tap, "revoked later, with hindsight",
         path(pki, "revoked", *cas, *crls, *hindsight, time=march), "valid")
    says(tap, "revoked by then, with hindsight",
         path(pki, "revoked", *cas, *crls, *hindsight, time="2026-05-15T00:00:00Z"), "invalid",
         "PATH_REVOKED")
    says(tap, "what was known then", path(pki, "good", *cas, *crls, "--policy", "default",
                                          "--known", march, time=march), "undetermined",
         "PATH_REVOCATION_UNKNOWN")
    says(tap, "before it was issued", path(pki, "good", *cas, *crls, *hindsight,
                                           time="2025-12-31T23:59:59Z"), "invalid",
         "PATH_NOT_YET_VALID")
    says(tap, "the future: status too old", path(pki, "good", *cas, *crls,
                                                 time="2027-06-01T00:00:00Z"), "undetermined",
         "PATH_REVOCATION_STALE")
    says(tap, "the future: expired", path(pki, "good", *cas, *crls, time="2060-01-01T00:00:00Z"),
         "invalid", "PATH_EXPIRED")
    says(tap, "expired today, good then", path(pki, "expired", *cas, "--no-revocation",
                                               time="2026-02-01T00:00:00Z"), "valid")
    weak = ["weakly", "--cert", pki.cert("weak"), "--no-revocation"]
    says(tap, "a short key without a policy", path(pki, *weak), "valid")
    says(tap, "a short key", path(pki, *weak, "--policy", "default"), "invalid",
         "PATH_ALGORITHM_WEAK")
    below = ["--cert", pki.cert("brief"), "--no-revocation"]
    says(tap, "the CA has expired, shell", path(pki, "outlives", *below), "invalid",
         "PATH_EXPIRED")
    says(tap, "the CA has expired, chain", path(pki, "outlives", *below, "--model", "chain"),
         "valid")


# ---- policies ----

def policies(tap, pki):
    tree = [*["--cert", pki.cert("policed")], "--no-revocation"]
    first, seventh, ninth = "2.999.1", "2.999.7", "2.999.9"

    def asked(name, *more):
        return path(pki, name, *tree, *more)
    both = asked("policed-ee")
    says(tap, "any policy will do", both, "valid")
    tap.equal("and those there are", both.j["policies"], [first])
    good = asked("policed-ee", "--initial-policy", first, "--explicit-policy")
    says(tap, "the policy asked for", good, "valid")
    tap.equal("is the result", (good.j["policies"], good.j["explicit_policy"]), ([first], True))
    says(tap, "another policy", asked("policed-ee", "--initial-policy", ninth,
                                      "--explicit-policy"), "invalid", "PATH_POLICY")
    lax = asked("policed-ee", "--initial-policy", ninth)
    says(tap, "another policy, not insisted on", lax, "valid")
    tap.equal("no policy results", lax.j["policies"], [])
    says(tap, "one of two policies", asked("policed-ee", "--initial-policy", ninth,
                                           "--initial-policy", first, "--explicit-policy"), "valid")
    mapped = ["--initial-policy", "2.999.2", "--explicit-policy"]
    says(tap, "a mapped policy", asked("mapped-ee", *mapped), "valid")
    says(tap, "its own policy is not ours", asked("mapped-ee", "--initial-policy", seventh,
                                                  "--explicit-policy"), "invalid", "PATH_POLICY")
    says(tap, "mapping inhibited", asked("mapped-ee", *mapped, "--inhibit-mapping"), "invalid",
         "PATH_POLICY")
    any_ca = ["--cert", pki.cert("anything"), "--no-revocation", "--initial-policy", first,
              "--explicit-policy"]
    says(tap, "anyPolicy in the CA", path(pki, "any-ee", *any_ca), "valid")
    says(tap, "anyPolicy inhibited", path(pki, "any-ee", *any_ca, "--inhibit-any"), "invalid",
         "PATH_POLICY")
    says(tap, "no policies at all", path(pki, "good", "--cert", pki.cert("ca"), "--no-revocation",
                                         "--explicit-policy"), "invalid", "PATH_POLICY")


# ---- several paths, and no status needed ----

def several(tap, pki):
    both = f"{pki.dir}/two-anchors.pem"
    with open(both, "wb") as out:
        for name in ("root", "stranger"):
            with open(pki.cert(name), "rb") as f:
                out.write(f.read())
    cas = ["--cert", pki.cert("ca"), "--cert", pki.cert("crossed"), "--no-revocation"]
    says(tap, "by the cross-certificate alone",
         path(pki, "good", *cas, anchors=pki.cert("stranger")), "valid")
    one = path(pki, "good", *cas, anchors=both)
    says(tap, "two ways", one, "valid")
    tap.equal("one path is enough", one.j["alternatives"], [])
    two = path(pki, "good", *cas, "--paths", "3", anchors=both)
    says(tap, "two ways, both asked for", two, "valid")
    anchors = {c["chain"][-1][:12] for c in [two.j, *two.j["alternatives"]]}
    tap.equal("one to each anchor", (len(two.j["alternatives"]), len(anchors)), (1, 2))
    tap.check("an alternative has its own verdict",
              all(list(x)[:4] == KEYS[:4] and x["valid"] for x in two.j["alternatives"]), two)
    # By then the cross-certificate has ended, the other way has not.
    end = "2027-06-01T00:00:00Z"
    more = ["--paths", "3"]
    late = path(pki, "good", *cas, *more, anchors=both, time=end)
    says(tap, "one way has expired", late, "valid")
    tap.equal("and is left out", late.j["alternatives"], [])
    late = path(pki, "good", *cas, *more, "--explain", anchors=both, time=end)
    says(tap, "one way has expired, explained", late, "valid")
    tap.equal("by its own error", [x["error"] for x in late.j["alternatives"]], ["PATH_EXPIRED"])
    cas = ["--cert", pki.cert("ca"), "--crl", pki.crl("root")]
    # RFC 9608 4: no status is asked for, with a policy or without.
    says(tap, "noRevAvail without a policy", path(pki, "fleeting", *cas), "valid",
         sources=["exempt", "crl"])
    says(tap, "noRevAvail", path(pki, "fleeting", *cas, "--policy", "default", "--known", NOW),
         "valid", sources=["exempt", "crl"])


# ---- thousands of certificates ----

def der_of(file):
    with open(file, encoding="ascii") as f:
        return base64.b64decode(re.search("-----BEGIN [^\n]*\n(.*?)-----END", f.read(), re.S)[1])


def pem_of(ders):
    return "".join("-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(d).decode() +
                   "-----END CERTIFICATE-----\n" for d in ders)


def bundles(tap, pki):
    filler, ca = der_of(pki.cert("filler")), der_of(pki.cert("ca"))
    crls = ["--crl", pki.crl("ca"), "--crl", pki.crl("root")]
    others = [filler.replace(b"filler-0000", b"filler-%04d" % i) for i in range(3000)]
    names = [("3000 certificates, the issuer last", others + [ca]),
             ("3000 certificates, the issuer first", [ca] + others),
             ("twice the same bundle", (others[:1500] + [ca]) * 2)]
    for name, ders in names:
        file = f"{pki.dir}/bundle.pem"
        with open(file, "w", encoding="ascii") as f:
            f.write(pem_of(ders))
        says(tap, name, path(pki, "good", "--cert", file, *crls), "valid")
    with open(file, "w", encoding="ascii") as f:
        f.write(pem_of(others))
    says(tap, "3000 certificates, none the issuer", path(pki, "good", "--cert", file, *crls),
         "undetermined", "PATH_NO_ISSUER")
    # Issuers by name and key, none of them signed by the root.
    false = [ca[:-4] + i.to_bytes(4, "big") for i in range(3000)]
    with open(file, "w", encoding="ascii") as f:
        f.write(pem_of(false))
    a = path(pki, "good", "--cert", file, "--no-revocation")
    tap.check("3000 false issuers end within the budget", shaped(a) and a.exit in (1, 2) and
              a.j["spent"]["signatures"] <= 501, a)
    with open(file, "w", encoding="ascii") as f:
        f.write(pem_of(false + [ca]))
    a = path(pki, "good", "--cert", file, "--no-revocation")
    tap.check("the true one behind 3000 false ones: found, or the budget is the reason",
              shaped(a) and (a.exit == 0 or a.exit == 2 and "PATH_BUDGET" in a.codes | {a.error}),
              a)


# ---- what is no input ----

def write(pki, name, content):
    file = f"{pki.dir}/{name}"
    with open(file, "wb") as f:
        f.write(content)
    return file


def malformed(tap, pki):
    der = der_of(pki.cert("good"))
    with open(pki.cert("good"), "rb") as f:
        pem = f.read()
    with open(pki.crl("ca"), "rb") as f:
        crl = f.read()
    bad = [
        ("no file", f"{pki.dir}/nothing"),
        ("a folder", pki.dir),
        ("an empty file", write(pki, "empty", b"")),
        ("noise", write(pki, "noise", bytes(range(256)) * 20)),
        ("a text", write(pki, "text", b"no certificate\n")),
        ("half a certificate", write(pki, "half.der", der[:len(der) // 2])),
        ("a certificate and more", write(pki, "more.der", der + b"\0")),
        ("half a PEM file", write(pki, "half.pem", pem[:len(pem) // 2])),
        ("PEM with a wrong letter", write(pki, "letter.pem", pem[:100] + b"*" + pem[101:])),
        ("PEM of noise", write(pki, "noise.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n"
                               b"-----END CERTIFICATE-----\n")),
        ("PEM of something else", write(pki, "crl.pem", pem.replace(b"CERTIFICATE", b"X509 CRL"))),
        ("a key", f"{pki.dir}/keys/good.pem"),
        ("one good, one broken", write(pki, "two.pem", pem + pem[:100] + b"!" + pem[101:])),
        ("a CRL", write(pki, "crl.der", crl)),
    ]
    for name, file in bad:
        a = Answer(pki.ltps, file, "--anchor", pki.anchors, "--time", NOW)
        tap.check(f"{name} as the certificate is 65", a.exit == 65 and not a.text and
                  re.fullmatch("ltps: [^\n]*: [^\n]*\n", a.errors), a)
        if name == "a CRL":
            continue
        a = path(pki, "good", "--cert", file)
        tap.check(f"{name} as --cert is 65", a.exit == 65 and not a.text and
                  os.path.basename(file) in a.errors, a)
    for kind in ("crl", "ocsp", "anchor"):
        for name, file in bad[:6]:
            a = path(pki, "good", f"--{kind}", file)
            tap.check(f"{name} as --{kind} is 65", a.exit == 65 and not a.text, a)
    tap.equal("a cut CRL is 65",
              path(pki, "good", "--crl", write(pki, "cut.crl", crl[:-1])).exit, 65)


def usage(tap, pki):
    cert = pki.cert("good")
    for name, arguments in [
            ("no certificate", []),
            ("two certificates", [cert, cert]),
            ("an unknown option", [cert, "--never"]),
            ("an option without its value", [cert, "--anchor"]),
            ("a wrong time", [cert, "--time", "yesterday"]),
            ("a time that is none", [cert, "--time", "2026-13-01T00:00:00Z"]),
            ("an unknown policy", [cert, "--policy", "best"]),
            ("an unknown model", [cert, "--model", "hybrid"]),
            ("an unknown format", [cert, "--format", "xml"]),
            ("a wrong initial policy", [cert, "--initial-policy", "1.x"]),
            ("a wrong purpose", [cert, "--eku", "everything"]),
            ("a wrong usage", [cert, "--key-usage", "signing"]),
            ("a wrong depth", [cert, "--depth", "-1"]),
            ("a wrong number of paths", [cert, "--paths", "many"]),
            ("--known alone", [cert, "--known", NOW]),
            ("a wrong --known", [cert, "--policy", "default", "--known", "now"])]:
        run = subprocess.run([pki.ltps, "path", *arguments], capture_output=True, text=True,
                             timeout=LIMIT)
        exits.add(run.returncode)
        tap.check(f"{name} is 64", run.returncode == 64 and not run.stdout and
                  run.stderr.startswith("ltps: "), run)
    run = subprocess.run([pki.ltps, "path", "-h"], capture_output=True, text=True, timeout=LIMIT)
    tap.check("-h is 0 and tells", run.returncode == 0 and "usage: ltps path" in run.stdout, run)
    with open("/dev/full", "w", encoding="ascii") as full:
        run = subprocess.run([pki.ltps, "path", cert, "--anchor", pki.anchors], stdout=full,
                             stderr=subprocess.PIPE, text=True, timeout=LIMIT)
    exits.add(run.returncode)
    tap.check("a full disk is 70", run.returncode == 70 and "write" in run.stderr, run)


def as_text(tap, pki):
    cas = ["--cert", pki.cert("ca"), "--anchor", pki.anchors, "--time", NOW,
           "--crl", pki.crl("ca"), "--crl", pki.crl("root")]
    for name, more, status, lines in [
            ("good", [], 0, ["valid", "CN=End entity good", "status: good by crl", "trust anchor"]),
            ("revoked", [], 1, ["invalid: ", "status: revoked by crl, revoked 2026-05-01T00:00:00Z",
                                "RFC 5280 6.1.3 (a)(3)"])]:
        run = subprocess.run([pki.ltps, "path", pki.cert(name), *cas, *more, "--format", "text"],
                             capture_output=True, text=True, timeout=LIMIT)
        plain = subprocess.run([pki.ltps, "path", pki.cert(name), *cas, *more],
                               capture_output=True, text=True, timeout=LIMIT)
        tap.check(f"{name} as text", run.returncode == status and
                  all(x in run.stdout for x in lines) and run.stdout.startswith(lines[0]), run)
        tap.equal("text is the default", plain.stdout, run.stdout)
    run = subprocess.run([pki.ltps, "path", pki.cert("good"), "--anchor", pki.anchors],
                         capture_output=True, text=True, timeout=LIMIT)
    tap.check("what is missing as text", run.returncode == 2 and
              f"missing issuer: {pki.url}/aia/ca.cer" in run.stdout, run)


# ---- over HTTP ----

def fetched(pki, name, *more):
    return path(pki, name, "--fetch-local", *more)


def over_http(tap, pki):
    nothing = pki.answered()
    says(tap, "loopback is not fetched from unless allowed", path(pki, "good", "--fetch"),
         "undetermined", "PATH_NO_ISSUER")
    says(tap, "nothing is fetched unless asked for", path(pki, "good"), "undetermined",
         "PATH_NO_ISSUER")
    tap.equal("indeed nothing was asked for", pki.answered(), nothing)
    says(tap, "issuer and status fetched", fetched(pki, "good"), "valid",
         sources=["ocsp", "ocsp"], needs=set())
    says(tap, "revoked by OCSP", fetched(pki, "revoked"), "invalid", "PATH_REVOKED",
         states=["revoked", "good"], sources=["ocsp", "ocsp"])
    says(tap, "only a CRL is named", fetched(pki, "only-crl"), "valid", sources=["crl", "ocsp"])
    says(tap, "expired, whatever its status", fetched(pki, "expired"), "invalid", "PATH_EXPIRED")
    with_issuer = ["--cert", pki.cert(pki.crl_issuer)]
    says(tap, "both reason CRLs fetched", fetched(pki, "parted"), "valid", sources=["crl", "ocsp"])
    says(tap, "revoked in one of two fetched", fetched(pki, "parted-revoked"), "invalid",
         "PATH_REVOKED")
    says(tap, "an indirect CRL fetched", fetched(pki, "entrusted", *with_issuer), "valid")
    says(tap, "revoked in an indirect CRL fetched",
         fetched(pki, "entrusted-revoked", *with_issuer), "invalid", "PATH_REVOKED")
    failed = fetched(pki, "good", "--provider", "http://127.0.0.1:1/scvp")
    says(tap, "a remote judge that is away: ours decides", failed, "valid")
    tap.check("and the report tells", "PATH_REMOTE_FAILED" in failed.codes, failed)
    before = pki.answered()
    says(tap, "no status is fetched unless asked for", fetched(pki, "good", "--no-revocation"),
         "valid", states=[])
    tap.equal("the issuer alone was", pki.answered(),
              {**before, "aia": before["aia"] + 1})


# fault of OCSP, and what must come of it while CRLs are to be had
OCSP_FAULTS = ["garbage", "cut", "truncated", "closed", "http-500", "http-503", "wrong-nonce",
               "bad-signature", "refuse", "stale", "future", "unknown", "critical-extension",
               "critical-entry-extension", "wrong-serial", "wrong-issuer", "wrong-cert-hash",
               "expired-responder", "foreign-responder", "no-purpose-responder",
               "self-signed-responder"]
# Answers that are as good as any: who signs in advance leaves the nonce out.
OCSP_HARMLESS = ["no-nonce", "slow"]
CRL_FAULTS = ["garbage", "cut", "truncated", "closed", "http-500", "http-503", "bad-signature",
              "stale", "future", "critical-extension"]
# Not an answer at all, rather than one that does not do.
UNREACHABLE = {"garbage", "cut", "truncated", "closed", "http-500", "http-503", "wrong-nonce",
               "refuse"}


def faults(tap, pki):
    for kind in OCSP_HARMLESS:
        pki.control("fault", target="ocsp", kind=kind, value=300)
        says(tap, f"OCSP {kind}: good enough", fetched(pki, "good"), "valid",
             sources=["ocsp", "ocsp"])
    for kind in OCSP_FAULTS:
        pki.control("fault", target="ocsp", kind=kind)
        says(tap, f"OCSP {kind}: the CRL decides", fetched(pki, "good"), "valid",
             sources=["crl", "crl"])
        # Whichever says so: revoked by an old answer is revoked still.
        a = fetched(pki, "revoked")
        says(tap, f"OCSP {kind}: revoked all the same", a, "invalid", "PATH_REVOKED")
        tap.equal(f"OCSP {kind}: it is the certificate", a.states[:1], ["revoked"])
    pki.clear()
    for kind in CRL_FAULTS:
        pki.control("fault", target="crl", kind=kind)
        a = fetched(pki, "only-crl")
        says(tap, f"CRL {kind}: no status", a, "undetermined", a.error,
             states=["unknown", "good"])
        tap.check(f"CRL {kind}: the reason", a.error in (
            ["PATH_REVOCATION_UNKNOWN", "PATH_REVOCATION_UNREACHABLE"] if kind in UNREACHABLE
            else ["PATH_REVOCATION_UNKNOWN", "PATH_REVOCATION_STALE"]), a)
    for kind in ("garbage", "http-500", "wrong-nonce"):
        pki.control("fault", target="crl", kind="closed")
        pki.control("fault", target="ocsp", kind=kind)
        says(tap, f"CRL closed, OCSP {kind}: unreachable", fetched(pki, "good"), "undetermined",
             "PATH_REVOCATION_UNREACHABLE", states=["unknown", "unknown"])
    pki.clear()
    pki.control("fault", target="ocsp", kind="stale")
    pki.control("fault", target="crl", kind="stale")
    says(tap, "all status is stale", fetched(pki, "good"), "undetermined",
         "PATH_REVOCATION_STALE")
    pki.clear()
    for kind in ("garbage", "cut", "truncated", "closed", "http-500"):
        pki.control("fault", target="aia", kind=kind)
        says(tap, f"issuer {kind}", fetched(pki, "good"), "undetermined", "PATH_NO_ISSUER")
    pki.clear()
    pki.control("fault", target="ocsp", kind="http-503", count=1)
    a = fetched(pki, "good")
    says(tap, "one OCSP failure is made good by a CRL", a, "valid")
    tap.equal("that one alone", sorted(a.sources), ["crl", "ocsp"])
    pki.clear()


def control_later(tap, pki):
    """What the responders say changes under a user's eyes."""
    says(tap, "before", fetched(pki, "turned"), "valid")
    pki.control("revoke", serial="turned", reason="keyCompromise", time=NOW)
    says(tap, "revoked since", fetched(pki, "turned"), "invalid", "PATH_REVOKED")
    pki.control("rollover", what="ocsp")
    says(tap, "another responder has taken over", fetched(pki, "good"), "valid",
         sources=["ocsp", "ocsp"])
    pki.control("ocsp", **{"by-issuer": 1, "by-key": 1})
    says(tap, "the CA answers itself", fetched(pki, "good"), "valid", sources=["ocsp", "ocsp"])
    pki.control("ocsp")
    says(tap, "another CA", fetched(pki, "fallen-ee"), "valid")
    pki.control("revoke", serial="fallen", reason="cACompromise", time=NOW)
    a = fetched(pki, "fallen-ee")
    says(tap, "the CA is revoked", a, "invalid", "PATH_REVOKED")
    tap.equal("it, not the certificate", [f["cert"] for f in a.j["findings"] if
                                          f["code"] == "PATH_REVOKED"], a.j["chain"][1:2])


# ---- over LDAP ----

def ldap_certs(pki, peer):
    def at(name):
        return "authorityInfoAccess=caIssuers;URI:" + peer.url(name, "cACertificate;binary")

    def crl(name):
        return "crlDistributionPoints=URI:" + peer.url(name, "certificateRevocationList;binary")
    pki.issue("directory", "--extension", at("cn=ca%2Cdc=test"), "--extension",
              crl("cn=ca%2Cdc=test"))
    pki.issue("nowhere", "--extension", at("cn=nobody"), "--extension", crl("cn=ca%2Cdc=test"))
    pki.issue("no-list", "--extension", at("cn=ca%2Cdc=test"), "--extension", crl("cn=bare"))


def over_ldap(tap, pki, peer):
    root = ["--crl", pki.crl("root")]
    with open(pki.crl("ca"), "rb") as f:
        crl = f.read()
    ca = der_of(pki.cert("ca"))
    entry = {"cACertificate": [der_of(pki.cert("root")), ca], "certificateRevocationList": [crl]}
    peer.entries.update({"cn=ca,dc=test": entry, "cn=bare": {"cACertificate": [ca]}})
    says(tap, "LDAP on loopback is not asked unless allowed",
         path(pki, "directory", *root, "--fetch"), "undetermined", "PATH_NO_ISSUER")
    tap.equal("indeed nothing was asked", peer.asked, [])
    says(tap, "issuer and CRL out of a directory", fetched(pki, "directory", *root), "valid",
         sources=["crl", "crl"])
    tap.equal("what was asked", peer.asked,
              [("cn=ca,dc=test", 0, ["cACertificate;binary"]),
               ("cn=ca,dc=test", 0, ["certificateRevocationList;binary"])])
    says(tap, "no such entry", fetched(pki, "nowhere", *root), "undetermined", "PATH_NO_ISSUER")
    says(tap, "an entry without the attribute", fetched(pki, "no-list", *root), "undetermined",
         "PATH_REVOCATION_UNREACHABLE")
    for fault in ("garbage", "truncated", "closed", "busy", "other message", "endless"):
        peer.fault = fault
        says(tap, f"LDAP {fault}", fetched(pki, "directory", *root), "undetermined",
             "PATH_NO_ISSUER")
    peer.fault = "referral"
    peer.asked.clear()
    peer.entries["cn=elsewhere"] = entry
    says(tap, "LDAP referral", fetched(pki, "directory", *root), "undetermined", "PATH_NO_ISSUER")
    tap.equal("it is not followed", [x[0] for x in peer.asked], ["cn=ca,dc=test"])
    peer.fault = None
    peer.entries["cn=ca,dc=test"] = {"cACertificate": [b"\x30\x03\x02\x01\x01"]}
    says(tap, "LDAP value that is no certificate", fetched(pki, "directory", *root),
         "undetermined", "PATH_NO_ISSUER")
    peer.entries["cn=ca,dc=test"] = {**entry, "certificateRevocationList": [crl[:-1] + b"\0"]}
    says(tap, "LDAP CRL with a wrong signature", fetched(pki, "directory", *root), "undetermined",
         "PATH_REVOCATION_UNKNOWN")


# ---- a server that answers an octet a second ----

class Trickle:
    """Nothing but the length of the whole exchange ends it."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/"
        self.connections = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection = self.socket.accept()[0]
            self.connections += 1
            threading.Thread(target=self.drip, args=(connection,), daemon=True).start()

    @staticmethod
    def drip(connection):
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while True:
                connection.sendall(b"0")
                time.sleep(1)
        except OSError:
            pass


def slow_begin(pki, trickle, answers):
    """In the background: it takes as long as one exchange may."""
    def work():
        answers.append(path(pki, "dripping", "--fetch-local", "--cert", pki.cert("ca")))
    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: trickle.connections > 0, "the slow server is asked")
    return thread


def slow_end(tap, trickle, thread, answers):
    thread.join(LIMIT)
    says(tap, "a server that never ends: the CRL decides", answers[0], "valid",
         sources=["crl", "ocsp"])
    tap.equal("it was asked once", trickle.connections, 1)


# ---- the whole ----

def populate(pki, trickle):
    until_march = ["--until", "2026-03-01T00:00:00Z"]
    pki.issue("stranger", "--kind", "root")
    for name in ("good", "revoked", "held", "changed", "turned"):
        pki.issue(name)
    pki.issue("filler", "--subject", "filler-0000")
    pki.issue("expired", *until_march)
    pki.issue("crossed", "--kind", "ca", "--cross", "ca", "--issuer", "stranger",
              "--until", "2027-01-01T00:00:00Z")
    pki.issue("fleeting", "--remove", AIA, "--remove", CRL_POINTS, "--extension",
              "2.5.29.56=DER:05:00")
    pki.issue("early", "--from", "2026-07-01T00:00:00Z", "--until", "2028-01-01T00:00:00Z")
    pki.issue("fallen", "--kind", "ca")
    pki.issue("fallen-ee", "--issuer", "fallen")
    pki.issue("weak", "--kind", "ca", "--key", "rsa1024")
    pki.issue("weakly", "--issuer", "weak")
    pki.issue("only-crl", "--extension", f"authorityInfoAccess=caIssuers;URI:{pki.url}/aia/ca.cer")
    pki.issue("dripping", "--extension",
              f"authorityInfoAccess=OCSP;URI:{trickle.url},caIssuers;URI:{pki.url}/aia/ca.cer")
    pki.issue("brief", "--kind", "ca", *until_march)
    pki.issue("outlives", "--issuer", "brief", "--from", START, "--until", "2028-01-01T00:00:00Z")
    pki.issue("policed", "--kind", "ca", "--extension", "certificatePolicies=2.999.1,2.999.2",
              "--extension", "policyMappings=2.999.2:2.999.7")
    pki.issue("policed-ee", "--issuer", "policed", "--extension", "certificatePolicies=2.999.1")
    pki.issue("mapped-ee", "--issuer", "policed", "--extension", "certificatePolicies=2.999.7")
    pki.issue("anything", "--kind", "ca", "--extension", "certificatePolicies=2.5.29.32.0")
    pki.issue("any-ee", "--issuer", "anything", "--extension", "certificatePolicies=2.999.1")
    pki.devpki("revoke", "revoked", "--time", "2026-05-01T00:00:00Z", "--reason", "keyCompromise")
    pki.devpki("revoke", "held", "--time", "2026-05-01T00:00:00Z", "--reason", "certificateHold")


def populate_points(pki):
    """Certificates without the full CRL and OCSP of their CA."""
    issuer = ["--extension", f"authorityInfoAccess=caIssuers;URI:{pki.url}/aia/ca.cer"]
    pki.crl_issuer = pki.devpki("need", "crl", "--time", START).split("\t")[0]
    at = ["--time", START, "--named"]
    pki.devpki("point", "grave", "--ca", "ca", "--reasons", "keyCompromise,cACompromise", *at)
    pki.devpki("point", "light", "--ca", "ca", "--reasons", "affiliationChanged,superseded,"
               "cessationOfOperation,certificateHold,privilegeWithdrawn,aACompromise", *at)
    pki.devpki("point", "elsewhere", "--ca", "ca", *at)
    pki.devpki("point", "far", "--ca", "ca", "--signer", pki.crl_issuer, *at)
    for name in ("parted", "parted-revoked"):
        pki.issue(name, "--point", "grave", "--point", "light", *issuer)
    for name in ("entrusted", "entrusted-revoked"):
        pki.issue(name, "--point", "far", *issuer)
    for name in ("parted-revoked", "entrusted-revoked"):
        pki.devpki("revoke", name, "--time", "2026-05-01T00:00:00Z", "--reason", "superseded")


def main():
    tap = Tap()
    ltps = os.path.join(sys.argv[1], "ltps")
    trickle, peer = Trickle(), LdapPeer()
    with workspace() as work:
        pki = Pki(ltps, os.path.join(work, "pki"))
        populate(pki, trickle)
        populate_points(pki)
        ldap_certs(pki, peer)
        try:
            for part in (with_files, with_points, at_times, policies, several, bundles,
                         malformed, usage, as_text):
                tap.run(part, pki)
            tap.run(over_ldap, pki, peer)
            pki.start()
            answers = []
            thread = slow_begin(pki, trickle, answers)
            tap.run(over_http, pki)
            tap.run(faults, pki)
            tap.run(slow_end, trickle, thread, answers)
            tap.run(control_later, pki)
            pki.stop()
            # Last of all: it changes what the others are about.
            tap.run(with_deltas, pki)
        finally:
            pki.stop()
            peer.stop()
    tap.equal("every documented exit status was seen", exits, {0, 1, 2, 64, 65, 70})
    tap.end()


main()
