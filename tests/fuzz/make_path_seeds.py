#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_path_seeds BUILD [DIR] - the seeds of fuzz_path, into tests/fuzz/path or DIR:
target first, anchor last, what helps between them, in DER. Keys stay in a folder
that is gone afterwards."""
import base64
import os
import re
import subprocess
import sys
import tempfile

START, NOW = "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"
HERE = os.path.dirname(os.path.abspath(__file__))


class Pki:
    def __init__(self, ltps, folder):
        self.ltps, self.dir = ltps, folder
        self.run("create", "--time", START, "--key", "ed25519", "--url", "http://127.0.0.1:1")

    def run(self, verb, *arguments):
        return subprocess.run([self.ltps, "devpki", verb, self.dir, *arguments], check=True,
                              capture_output=True, text=True).stdout

    def issue(self, name, *arguments):
        self.run("issue", "--name", name, "--time", START, "--key", "ed25519", *arguments)
        return self.cert(name)

    def revoke(self, name, reason, *arguments):
        self.run("revoke", name, "--reason", reason, "--time", "2026-05-01T00:00:00Z", *arguments)

    def cert(self, name):
        with open(f"{self.dir}/certs/{name}.pem", encoding="ascii") as f:
            return base64.b64decode(re.search("-\n(.*?)-----END", f.read(), re.S)[1])

    def crl(self, name, *arguments, time=NOW):
        out = f"{self.dir}/out.crl"
        self.run("crl", name, "-o", out, "--time", time, *arguments)
        with open(out, "rb") as f:
            return f.read()

    def ocsp(self, *names):
        """Answers about these, by the responders of their issuers."""
        server = subprocess.Popen([self.ltps, "devpki", "serve", self.dir, "--listen",
                                   "127.0.0.1:0", "--time", NOW, "--fixed"],
                                  stdout=subprocess.PIPE, text=True)
        try:
            port = re.search(r"port (\d+)", server.stdout.readline())[1]
            return [self.ask(port, *n) for n in names]
        finally:
            server.terminate()
            server.wait()
            server.stdout.close()

    def ask(self, port, name, issuer):
        out = f"{self.dir}/out.ocsp"
        subprocess.run(["openssl", "ocsp", "-issuer", f"{self.dir}/certs/{issuer}.pem", "-cert",
                        f"{self.dir}/certs/{name}.pem", "-url", f"http://127.0.0.1:{port}/ocsp",
                        "-noverify", "-respout", out], check=True, capture_output=True)
        with open(out, "rb") as f:
            return f.read()


def points(p, seeds, root, ca):
    """CRLs of parts, by other signers, and what changed since."""
    signer = p.run("need", "crl", "--time", START).split("\t")[0]
    at = ["--time", START, "--named"]
    p.run("point", "grave", "--ca", "ca", "--reasons", "keyCompromise,cACompromise", *at)
    p.run("point", "light", "--ca", "ca", "--reasons", "affiliationChanged,superseded,"
          "cessationOfOperation,certificateHold,privilegeWithdrawn,aACompromise", *at)
    p.run("point", "far", "--ca", "ca", "--signer", signer, *at)
    parted = p.issue("parted", "--point", "grave", "--point", "light")
    far = p.issue("far-ee", "--point", "far")
    changed = p.issue("changed", "--freshest")
    p.revoke("far-ee", "superseded")
    of_root, of_ca = p.crl("root"), p.crl("ca")
    seeds["reasons"] = [parted, ca, p.crl("grave"), p.crl("light"), of_root, root]
    seeds["indirect"] = [far, ca, p.crl("far"), p.cert(signer), of_ca, of_root, root]
    p.run("revoke", "changed", "--reason", "certificateHold", "--time", "2026-05-31T18:00:00Z")
    seeds["delta"] = [changed, ca, p.crl("ca", time="2026-05-31T12:00:00Z"),
                      p.crl("ca", "--delta"), of_root, root]


def constraints(p, seeds, root):
    p.issue("narrow", "--kind", "ca",
            "--extension", "certificatePolicies=2.999.1,2.999.2",
            "--extension", "policyMappings=2.999.2:2.999.7",
            "--extension", "policyConstraints=requireExplicitPolicy:1",
            "--extension",
            "nameConstraints=critical,permitted;DNS:example,excluded;IP:10.0.0.0/255.0.0.0")
    inside = p.issue("inside", "--issuer", "narrow", "--extension", "certificatePolicies=2.999.7",
                     "--extension", "subjectAltName=DNS:a.example")
    outside = p.issue("outside", "--issuer", "narrow", "--extension",
                      "subjectAltName=DNS:a.invalid,IP:10.0.0.1")
    lists = [p.crl("narrow"), p.crl("root")]
    seeds["policies"] = [inside, p.cert("narrow"), *lists, root]
    seeds["names"] = [outside, p.cert("narrow"), *lists, root]


def mesh(p, seeds, root):
    """Three CAs that certify each other."""
    names = ["a", "b", "c"]
    for n in names:
        p.issue(n, "--kind", "ca")
    crossed = [p.issue(f"{n}-by-{m}", "--kind", "ca", "--cross", n, "--issuer", m)
               for n in names for m in names if n != m]
    leaf = p.issue("meshed", "--issuer", "a")
    seeds["mesh"] = [leaf, *crossed, p.cert("c"), *(p.crl(n) for n in (*names, "root")), root]
    seeds["mesh-without-end"] = [leaf, *crossed, root]


def main():
    ltps = os.path.join(sys.argv[1], "ltps")
    out = sys.argv[2] if len(sys.argv) > 2 else os.path.join(HERE, "path")
    os.makedirs(out, exist_ok=True)
    seeds = {}
    with tempfile.TemporaryDirectory() as work:
        p = Pki(ltps, os.path.join(work, "pki"))
        root, ca = p.cert("root"), p.cert("ca")
        good, bad = p.issue("good"), p.issue("bad")
        old = p.issue("old", "--until", "2026-03-01T00:00:00Z")
        p.revoke("bad", "keyCompromise", "--invalid", "2026-04-01T00:00:00Z")
        seeds["good"] = [good, ca, p.crl("ca"), p.crl("root"), root]
        seeds["revoked"] = [bad, ca, p.crl("ca"), p.crl("root"), root]
        seeds["expired"] = [old, ca, p.crl("ca", time="2026-02-01T00:00:00Z"), p.crl("root"), root]
        answers = p.ocsp(("good", "ca"), ("ca", "root"), ("bad", "ca"))
        seeds["ocsp"] = [good, *answers[:2], ca, root]
        seeds["ocsp-revoked"] = [bad, *answers[1:], ca, root]
        seeds["itself"] = [root]
        points(p, seeds, root, ca)
        constraints(p, seeds, root)
        mesh(p, seeds, root)
    for name, parts in seeds.items():
        with open(os.path.join(out, name), "wb") as f:
            f.write(b"".join(parts))


main()
