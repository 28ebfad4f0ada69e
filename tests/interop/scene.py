# SPDX-License-Identifier: Apache-2.0
"""A throwaway PKI on loopback with people who sign, for the interop runs."""
import json
import os
import subprocess

from service import free_port

LIMIT = 300
KEYS = {"rsa": "rsa3072", "ecdsa": "p256"}


def run(*arguments, check=True):
    r = subprocess.run(arguments, capture_output=True, text=True, timeout=LIMIT)
    if check and r.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments[:4])}...: {r.returncode}: {r.stderr[-600:]}")
    return r


class Scene:
    """A PKI that serves itself, and people with keys."""

    def __init__(self, ltps, work, suffix=".p7m"):
        self.ltps, self.work, self.suffix = ltps, work, suffix
        self.dir = os.path.join(work, "pki")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.server = None
        self.devpki("create", "--url", self.url, "--key", "p256")
        self.anchors = f"{self.dir}/anchors.pem"
        for name, kind in KEYS.items():
            for who in ("anna", "bert"):
                self.devpki("issue", "--name", f"{who}-{name}", "--key", kind)
                self.pkcs12(f"{who}-{name}")
        self.server = subprocess.Popen([ltps, "devpki", "serve", self.dir, "--listen",
                                        f"127.0.0.1:{port}"], stdout=subprocess.PIPE, text=True)
        if "listening" not in self.server.stdout.readline():
            raise RuntimeError("devpki does not serve")
        self.tsa = self.url + "/tsa"
        self.password = self.file("password", b"secret")

    def devpki(self, verb, *arguments):
        return run(self.ltps, "devpki", verb, self.dir, *arguments)

    def stop(self):
        if self.server is not None:
            self.server.terminate()
            self.server.wait(LIMIT)
            self.server.stdout.close()

    def file(self, name, data):
        path = os.path.join(self.work, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def key(self, name):
        return f"{self.dir}/keys/{name}.pem"

    def cert(self, name):
        return f"{self.dir}/certs/{name}.pem"

    def pkcs12(self, name):
        """With the CA above, so that a signature holds its chain."""
        run("openssl", "pkcs12", "-export", "-inkey", self.key(name), "-in", self.cert(name),
            "-certfile", self.cert("ca"), "-out", f"{self.work}/{name}.p12",
            "-passout", "pass:secret")

    def p12(self, name):
        return f"{self.work}/{name}.p12"

    def out(self, name):
        return os.path.join(self.work, name + self.suffix)

    def seal(self, name, who, data, *options):
        run(self.ltps, "seal", data, "-o", self.out(name), "--key", self.p12(who),
            "--password-file", self.password, "--tsa", self.tsa, "--anchor", self.anchors, "--fetch-local",
            *options)
        return self.out(name)

    def augment(self, source, name, *options):
        run(self.ltps, "augment", source, "-o", self.out(name), "--tsa", self.tsa,
            "--anchor", self.anchors, "--fetch-local", *options)
        return self.out(name)

    def validate(self, path, content=None):
        r = run(self.ltps, "validate", path, "--format", "json", "--offline", "--anchor",
                self.anchors, *(["--content", content] if content else []), check=False)
        if not r.stdout.strip():
            raise RuntimeError(f"validate {path}: {r.returncode}: {r.stderr}")
        return json.loads(r.stdout)

    def openssl_verify(self, path, content=None):
        return run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", path,
                   "-CAfile", self.anchors, "-certfile", self.cert("ca"), "-purpose", "any",
                   "-out", "/dev/null", *(["-content", content] if content else []), check=False)
