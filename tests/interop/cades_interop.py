#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cades_interop BUILD - CAdES between us and others: what EU DSS says of the corpus is
still what cades_dss.jsonl holds; what we seal and augment, DSS takes for B-LTA and
TOTAL_PASSED, and OpenSSL verifies; what DSS and OpenSSL make and DSS extends, we judge
the same way. A throwaway PKI serves status and time-stamps on loopback."""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True  # the tree stays as it is
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import cades_dss  # noqa: E402
import judges  # noqa: E402
from service import Tap, corpus_folder, free_port, workspace  # noqa: E402

tap = Tap()
LIMIT = 300
PASSED, LTA = "TOTAL_PASSED", "CAdES-BASELINE-LTA"
KEYS = {"rsa": "rsa3072", "ecdsa": "p256"}
TEXT = b"A contract that somebody wants to prove in fifty years.\n"


def run(*arguments, check=True):
    r = subprocess.run(arguments, capture_output=True, text=True, timeout=LIMIT)
    if check and r.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments[:4])}...: {r.returncode}: {r.stderr[-600:]}")
    return r


class Scene:
    """A PKI that serves itself, and people with keys."""

    def __init__(self, ltps, work):
        self.ltps, self.work = ltps, work
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
        return os.path.join(self.work, name + ".p7m")

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


def corpus_facts(_, build, work):
    corpus = corpus_folder("cades")
    if corpus is None:
        tap.skip("what DSS says of the corpus", "../shared/corpus is not there")
        return
    known = cades_dss.known()
    for case, answer in cades_dss.ask(build, os.path.dirname(corpus), work).items():
        tap.equal(f"DSS says of {case} what it said", answer, known.get(case))


def make_ours(scene):
    """[(name, path, content, signatures)] of what we seal and augment."""
    made = []
    data = scene.file("contract.txt", TEXT)
    for kind in KEYS:
        anna, bert = f"anna-{kind}", f"bert-{kind}"
        made.append((f"sealed, {kind}, enveloping",
                     scene.seal(f"{kind}-in", anna, data), None, 1))
        detached = scene.seal(f"{kind}-out", anna, data, "--detached")
        made.append((f"sealed, {kind}, detached", detached, data, 1))
        made.append((f"sealed, then raised again, {kind}, detached",
                     scene.augment(detached, f"{kind}-again", "--content", data), data, 1))
        for form in ("-nodetach", "-stream -indef -nodetach"):
            name = f"{kind}-two{len(form)}"
            run("openssl", "cms", "-sign", "-binary", "-cades", "-md", "sha256", "-outform", "DER",
                *form.split(), "-in", data, "-out", scene.out(name + "-b"),
                "-signer", scene.cert(anna), "-inkey", scene.key(anna),
                "-signer", scene.cert(bert), "-inkey", scene.key(bert),
                "-certfile", scene.cert("ca"))
            made.append((f"two signers by OpenSSL ({form}), raised, {kind}",
                         scene.augment(scene.out(name + "-b"), name), None, 2))
    return made


def ours_before_others(_, scene, build):
    made = make_ours(scene)
    dss = judges.dss_signatures(os.path.join(build, "judges"))
    now = run("date", "-u", "+%Y-%m-%dT%H:%M:%SZ").stdout.strip()
    answers = dss.judge([[path] + ([content] if content else [])
                         for _, path, content, _ in made], now, scene.anchors)
    for (name, path, content, n), answer in zip(made, answers):
        tap.equal(f"{name}: DSS reads {n} signatures", len(answer["signatures"]), n)
        for s in answer["signatures"]:
            tap.equal(f"{name}: DSS says", (s["level"], s["indication"], s["subindication"]),
                      (LTA, PASSED, None))
            tap.check(f"{name}: every time-stamp passes with DSS", s["timestamps"] and all(
                t["imprint"] and t["signature"] and t["indication"] == "PASSED"
                for t in s["timestamps"]), s["timestamps"])
        ours = scene.validate(path, content)
        tap.equal(f"{name}: we say", [(s["level"], s["indication"]) for s in ours["signatures"]],
                  [("LTA", PASSED)] * n)
        r = scene.openssl_verify(path, content)
        tap.equal(f"{name}: OpenSSL verifies", r.returncode, 0)


LEVELS = ["B", "T", "LT", "LTA"]


def make_theirs(scene, build):
    """What DSS signs, extends, adds a signer to, countersigns; [(name, path, content, level)]."""
    data = scene.file("contract.txt", TEXT)
    made, lines = [], []

    def line(name, level, content, *words):
        lines.append([words[0], words[1], scene.out(name), *words[2:]])
        made.append((f"DSS: {name}", scene.out(name), content, level))

    for kind in KEYS:
        todo = []
        for level in LEVELS:
            full = f"CAdES_BASELINE_{level}"
            for packaging, content in (("ENVELOPING", None), ("DETACHED", data)):
                line(f"{kind} {level} {packaging}", level, content, "sign", data, full, packaging,
                     "SHA256" if level != "LT" else "SHA512")
        first = scene.out(f"{kind} B ENVELOPING")
        for level in LEVELS[1:]:
            line(f"{kind} B extended to {level}", level, None, "extend", first,
                 f"CAdES_BASELINE_{level}")
        line(f"{kind} LTA extended again", "LTA", None, "extend",
             scene.out(f"{kind} LTA ENVELOPING"), "CAdES_BASELINE_LTA")
        line(f"{kind} one signer more", "B", None, "sign", first, "CAdES_BASELINE_B",
             "ENVELOPING", "SHA384")
        line(f"{kind} countersigned", "B", None, "counter", first, "SHA256")
        maker = judges.dss_make(os.path.join(build, "judges"))
        todo, lines[:] = list(lines), []
        answers = maker.judge(todo, scene.p12(f"anna-{kind}"), "secret", scene.anchors, scene.tsa)
        for words, answer in zip(todo, answers):
            tap.equal(f"DSS makes {os.path.basename(words[2])}", answer["error"], None)
    return made


def others_before_us(_, scene, build):
    made = make_theirs(scene, build)
    dss = judges.dss_signatures(os.path.join(build, "judges"))
    now = run("date", "-u", "+%Y-%m-%dT%H:%M:%SZ").stdout.strip()
    answers = dss.judge([[path] + ([content] if content else [])
                         for _, path, content, _ in made], now, scene.anchors)
    for (name, path, content, level), theirs in zip(made, answers):
        ours = scene.validate(path, content)
        tap.equal(f"{name}: as many signatures", len(ours["signatures"]),
                  len(theirs["signatures"]))
        for o, d in zip(ours["signatures"], theirs["signatures"]):
            # Status comes from the network at levels B and T; offline it is missing, for
            # both of us, under different names (EN 319 102-1 5.2.6.4 step 4).
            if level in ("LT", "LTA"):
                tap.equal(f"{name}: the same verdict", (o["indication"], o["subindication"]),
                          (d["indication"], d["subindication"]))
                tap.equal(f"{name}: TOTAL_PASSED", o["indication"], PASSED)
            else:
                tap.equal(f"{name}: neither passes without status",
                          (o["indication"], d["indication"]), ("INDETERMINATE",) * 2)
            tap.equal(f"{name}: the same level", o["profile"], d["level"])
            tap.check(f"{name}: the value and references are intact",
                      o["signature_intact"] and o["references_intact"])
            tap.equal(f"{name}: the same time-stamps",
                      [(t["type"], t["imprint_intact"], t["signature_intact"])
                       for t in o["timestamps"]],
                      [(t["type"].split("_")[0].lower(), t["imprint"], t["signature"])
                       for t in d["timestamps"]])


def main():
    build = os.path.abspath(sys.argv[1])
    ltps = os.path.join(build, "ltps")
    try:
        judges.dss_signatures(os.path.join(build, "judges"))
    except judges.Absent as why:
        tap.skip("CAdES between us and EU DSS", str(why))
        tap.end()
    with workspace() as work:
        tap.run(corpus_facts, build, work)
        scene = Scene(ltps, work)
        try:
            tap.run(ours_before_others, scene, build)
            tap.run(others_before_us, scene, build)
        finally:
            scene.stop()
    tap.end()


if __name__ == "__main__":
    main()
