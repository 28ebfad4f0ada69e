#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""augment BUILD - `ltps seal` and `ltps augment` as a user has them, against a
throwaway PKI on loopback: levels step by step, several signers, detached and
enveloping, BER and PEM, every kind of key; servers that fail, files that must not be
touched; and whether openssl still accepts what was made."""
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import pdf_make  # noqa: E402
from service import Tap, corpus_folder, free_port, workspace  # noqa: E402

START, NOW = "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"
LATER = "2026-06-20T00:00:00Z"
LIMIT = 120  # seconds for one command: far more than any takes
DATA = b"what is to be kept\r\nfor a long time\n"
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"


class Pki:
    """A throwaway PKI in a directory, served on loopback."""

    def __init__(self, ltps, folder):
        self.ltps, self.dir, self.port = ltps, folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.devpki("create", "--url", self.url, "--time", START)
        self.anchors = f"{folder}/anchors.pem"
        self.server = None

    def devpki(self, verb, *arguments):
        run = subprocess.run([self.ltps, "devpki", verb, self.dir, *arguments],
                             capture_output=True, text=True, timeout=LIMIT)
        if run.returncode != 0:
            raise RuntimeError(f"devpki {verb} {arguments}: {run.stderr}")

    def issue(self, name, *arguments):
        self.devpki("issue", "--name", name, "--time", START, *arguments)

    def cert(self, name):
        return f"{self.dir}/certs/{name}.pem"

    def key(self, name):
        return f"{self.dir}/keys/{name}.pem"

    def start(self):
        self.server = subprocess.Popen(
            [self.ltps, "devpki", "serve", self.dir, "--listen", f"127.0.0.1:{self.port}",
             "--time", NOW, "--control"], stdout=subprocess.PIPE, text=True)
        if "listening" not in self.server.stdout.readline():
            raise RuntimeError("devpki does not serve")

    def stop(self):
        if self.server is not None:
            self.server.terminate()
            self.server.wait(LIMIT)
            self.server.stdout.close()

    def control(self, verb, **values):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        query = "&".join(f"{k}={v}" for k, v in values.items())
        try:
            c.request("POST", f"/control/{verb}?{query}")
            r = c.getresponse()
            body = r.read()
        finally:
            c.close()
        if r.status != 200:
            raise RuntimeError(f"control {verb} {values}: {body}")


class Bench:
    """Commands over the files of one folder, at the time of the PKI."""

    def __init__(self, ltps, folder, pki):
        self.ltps, self.dir, self.pki = ltps, folder, pki
        self.began, self.from_ = time.monotonic(), NOW

    def file(self, name, data=None):
        path = f"{self.dir}/{name}"
        if data is not None:
            with open(path, "wb") as f:
                f.write(data)
        return path

    def read(self, name):
        with open(f"{self.dir}/{name}", "rb") as f:
            return f.read()

    def exists(self, name):
        return os.path.exists(f"{self.dir}/{name}")

    def run(self, command, *arguments, trust=True, tsa=True, local=True):
        more = []
        if trust:
            more += ["--anchor", self.pki.anchors]
        if tsa and command != "validate":
            more += ["--tsa", f"{self.pki.url}/tsa/0"]
        if local:
            more += ["--fetch-local"]
        return subprocess.run(
            [self.ltps, command, *arguments, *more, "--time", self.now()],
            capture_output=True, timeout=LIMIT)

    def now(self):
        """The PKI's clock runs; a command must not be far behind it."""
        passed = int(time.monotonic() - self.began)
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(
            _seconds(self.from_) + passed))

    def move(self, to):
        self.pki.control("clock", time=to)
        self.began, self.from_ = time.monotonic(), to

    def seal(self, source, out, key, *arguments, **more):
        return self.run("seal", self.file(source), "-o", self.file(out), "--key",
                        self.pki.key(key), "--certificate", self.pki.cert(key),
                        *arguments, **more)

    def augment(self, source, out, *arguments, **more):
        return self.run("augment", self.file(source), "-o", self.file(out), *arguments,
                        **more)

    def level(self, name, *arguments):
        """Level and indication of every signature, as `ltps validate` has them."""
        run = self.run("validate", self.file(name), *arguments, "--format", "json")
        return [(s.get("level"), s.get("indication"))
                for s in json.loads(run.stdout)["signatures"]]

    def openssl(self, name, content=None):
        more = ["-content", self.file(content)] if content else []
        run = subprocess.run(
            ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", self.file(name),
             "-noverify", *more], capture_output=True, timeout=LIMIT)
        return run.returncode == 0 and run.stdout == DATA


def _seconds(text):
    import calendar
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def made(tap, name, run):
    return tap.check(name, run.returncode == 0, f"exit {run.returncode}: {run.stderr.decode()}")


def refused(tap, name, b, run, status, text, out):
    said = run.stderr.decode() + run.stdout.decode()
    return tap.check(name, run.returncode == status and text in said and not b.exists(out),
                     f"exit {run.returncode}: {said}")


# ---- what is made ----

def steps(tap, b, label, key, detached):
    content = ["--content", b.file("data")] if detached else []
    outside = "data" if detached else None
    names = [f"{label}-{n}.p7" for n in ("b", "t", "lt", "lta", "more")]
    made(tap, f"{label}: sealed", b.seal("data", names[0], key, "--level", "b",
                                         *(["--detached"] if detached else [])))
    for i, level in enumerate(("t", "lt", "lta", "lta")):
        if i == 3:
            b.move(LATER)
        made(tap, f"{label}: {names[i + 1]}",
             b.augment(names[i], names[i + 1], "--level", level, *content))
        wanted = ("T", "LT", "LTA", "LTA")[i]
        tap.equal(f"{label}: {names[i + 1]} holds {wanted}", b.level(names[i + 1], *content),
                  [(wanted, "TOTAL_PASSED")])
        tap.check(f"{label}: openssl accepts {names[i + 1]}", b.openssl(names[i + 1], outside))
    b.move(NOW)


def all_at_once(tap, b):
    run = b.seal("data", "one.p7", "ec", "--mime-type", "text/plain", "--format", "json")
    made(tap, "sealed to B-LTA at once", run)
    j = json.loads(run.stdout)
    tap.equal("JSON of the outcome", (j["outcome"], j["tokens"], j["missing"], j["retry"],
                                      j["out"]), ("done", 2, [], None, b.file("one.p7")))
    tap.equal("report within", [s["level"] for s in j["report"]["signatures"]], ["LTA"])
    tap.check("no temporary file is left",
              not [n for n in os.listdir(b.dir) if n.endswith(".tmp")])


def with_openssl(tap, b):
    """Files that others made: two signers, BER with indefinite lengths, PEM."""
    def sign(name, form, *signers):
        more = [x for s in signers for x in ("-signer", b.pki.cert(s), "-inkey", b.pki.key(s))]
        subprocess.run(["openssl", "cms", "-sign", "-binary", "-nodetach", "-cades", "-md",
                        "sha256", "-in", b.file("data"), "-out", b.file(name), *form, *more],
                       check=True, capture_output=True, timeout=LIMIT)
    sign("two.p7", ["-outform", "DER"], "ec", "rsa")
    sign("ber.p7", ["-outform", "DER", "-stream"], "rsa")
    sign("text.pem", ["-outform", "PEM"], "ec")
    tap.check("the BER file has indefinite lengths", b.read("ber.p7")[1] == 0x80)
    for name, n in (("two.p7", 2), ("ber.p7", 1), ("text.pem", 1)):
        out = "lta-" + name
        run = b.augment(name, out, "--format", "json")
        made(tap, f"{name} becomes B-LTA", run)
        tap.equal(f"{name}: tokens", json.loads(run.stdout)["tokens"], 2 * n)
        tap.equal(f"{name}: every signer", b.level(out), [("LTA", "TOTAL_PASSED")] * n)
        tap.check(f"{name}: openssl accepts it", b.openssl(out))


def with_pkcs12(tap, b):
    subprocess.run(["openssl", "pkcs12", "-export", "-inkey", b.pki.key("rsa"), "-in",
                    b.pki.cert("rsa"), "-passout", "pass:secret", "-out", b.file("rsa.p12")],
                   check=True, capture_output=True, timeout=LIMIT)
    b.file("password", b"secret\n")
    b.file("wrong", b"wrong\n")
    run = b.run("seal", b.file("data"), "-o", b.file("p12.p7"), "--key", b.file("rsa.p12"),
                "--password-file", b.file("password"))
    made(tap, "PKCS #12 seals", run)
    tap.equal("PKCS #12: level", b.level("p12.p7"), [("LTA", "TOTAL_PASSED")])
    run = b.run("seal", b.file("data"), "-o", b.file("no.p7"), "--key", b.file("rsa.p12"),
                "--password-file", b.file("wrong"))
    refused(tap, "PKCS #12 with another password", b, run, 65, "password", "no.p7")


def with_token(tap, b):
    if not (os.path.exists(SOFTHSM) and shutil.which("softhsm2-util") and
            shutil.which("pkcs11-tool")):
        tap.skip("a PKCS #11 token seals", "softhsm2 and opensc are not installed")
        return
    os.makedirs(b.file("tokens"))
    b.file("softhsm2.conf", f"directories.tokendir = {b.file('tokens')}\n"
           "objectstore.backend = file\n".encode())
    os.environ["SOFTHSM2_CONF"] = b.file("softhsm2.conf")
    b.file("pin", b"4711\n")
    for arguments in (
            ["--init-token", "--free", "--label", "seal", "--pin", "4711", "--so-pin", "4711"],
            ["--import", b.pki.key("rsa"), "--token", "seal", "--label", "k", "--id", "01",
             "--pin", "4711"]):
        subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True,
                       timeout=LIMIT)
    run = b.run("seal", b.file("data"), "-o", b.file("token.p7"), "--key",
                "pkcs11:token=seal;object=k", "--certificate", b.pki.cert("rsa"),
                "--module", SOFTHSM, "--password-file", b.file("pin"))
    if b"install libengine-pkcs11-openssl" in run.stderr:
        tap.skip("a PKCS #11 token seals", "libengine-pkcs11-openssl is not installed")
        return
    made(tap, "a PKCS #11 token seals", run)
    tap.equal("token: level", b.level("token.p7"), [("LTA", "TOTAL_PASSED")])


# ---- what is not made ----

def with_faults(tap, b):
    for target in ("crl", "ocsp"):
        b.pki.control("fault", target=target, kind="http-503")
    run = b.augment("ec-b.p7", "no.p7")
    refused(tap, "status cannot be got", b, run, 2, "status of CN=", "no.p7")
    tap.check("from where is told", b.pki.url.encode() in run.stderr, run.stderr)
    tap.check("when to try again is told", b"try again at 2026-06-01T" in run.stderr, run.stderr)
    j = json.loads(b.augment("ec-b.p7", "no.p7", "--format", "json").stdout)
    tap.equal("the same as JSON", (j["outcome"], j["out"], bool(j["missing"]), j["tokens"]),
              ("incomplete", None, True, 0))
    made(tap, "a time-stamp needs no status", b.augment("ec-b.p7", "yes.p7", "--level", "t"))
    for target in ("crl", "ocsp"):
        b.pki.control("fault", target=target, kind="none")
    b.pki.control("fault", tsa=0, kind="http-500")
    refused(tap, "the TSA is down", b, b.augment("ec-b.p7", "no.p7"), 69, "time-stamp", "no.p7")
    b.pki.control("fault", tsa=0, kind="none")
    refused(tap, "no TSA is named", b, b.augment("ec-b.p7", "no.p7", tsa=False), 64, "TSA",
            "no.p7")
    refused(tap, "no anchor is named", b, b.augment("ec-b.p7", "no.p7", trust=False), 2,
            "missing", "no.p7")
    refused(tap, "inner addresses are not asked by default", b,
            b.augment("ec-b.p7", "no.p7", local=False), 2, "missing", "no.p7")


def with_files(tap, b):
    data = b.read("ec-b.p7")
    at = data.index(DATA)
    b.file("bent.p7", data[:at] + b"W" + data[at + 1:])
    refused(tap, "a changed content", b, b.augment("bent.p7", "no.p7"), 1, "TOTAL-FAILED", "no.p7")
    b.file("file.pdf", b"%PDF-1.7\n")
    refused(tap, "a PDF that is none", b, b.augment("file.pdf", "no.p7"), 65, "startxref", "no.p7")
    refused(tap, "no CMS at all", b, b.augment("data", "no.p7"), 65, "data", "no.p7")
    refused(tap, "no file", b, b.augment("absent", "no.p7"), 65, "absent", "no.p7")
    refused(tap, "detached without content", b, b.augment("detached-b.p7", "no.p7"), 2,
            "missing", "no.p7")
    run = b.augment("ec-b.p7", "ec-b.p7")
    tap.check("the input is not overwritten", run.returncode == 64 and b.read("ec-b.p7") == data,
              run.stderr)
    run = b.seal("data", "data", "ec")
    tap.check("nor what is sealed", run.returncode == 64 and b.read("data") == DATA, run.stderr)
    anchors = b.read("pki/anchors.pem")
    run = b.seal("data", "pki/anchors.pem", "ec", "--level", "b")
    tap.check("nor the anchors", run.returncode == 64 and b.read("pki/anchors.pem") == anchors,
              run.stderr)
    run = b.seal("data", "pki", "ec", "--level", "b")
    tap.check("nor a folder", run.returncode == 64 and b"regular file" in run.stderr, run.stderr)
    os.symlink(b.file("elsewhere"), b.file("link"))
    run = b.seal("data", "link", "ec", "--level", "b")
    tap.check("nor a link", run.returncode == 64 and os.path.islink(b.file("link")), run.stderr)
    run = b.run("seal", b.file("data"), "-o", b.file("no.p7"), "--key", b.pki.key("ec"),
                "--certificate", b.pki.cert("rsa"))
    refused(tap, "a key and another's certificate", b, run, 65, "belong together", "no.p7")
    run = subprocess.run([b.ltps, "policy", "show", "strict"], capture_output=True, timeout=LIMIT)
    b.file("policy.conf", run.stdout)
    made(tap, "a policy in a file", b.seal("data", "policy.p7", "ec", "--policy",
                                           b.file("policy.conf")))
    run = subprocess.run([b.ltps, "augment", b.file("ec-b.p7")], capture_output=True,
                         timeout=LIMIT)
    tap.equal("-o is wanted", run.returncode, 64)
    refused(tap, "-o to standard output", b, b.run("augment", b.file("ec-b.p7"), "-o", "-"), 64,
            "-o names a file", "-")
    for bad in (["--level", "b"], ["--digest", "sha1"], ["--format", "xml"], ["--offline"]):
        refused(tap, f"usage: {bad}", b, b.augment("ec-b.p7", "no.p7", *bad), 64, "", "no.p7")
    with open(b.file("huge"), "wb") as f:
        f.truncate((128 << 20) + 1)
    run = b.seal("huge", "no.p7", "ec")
    refused(tap, "a large file into its signature", b, run, 65, "--detached", "no.p7")
    made(tap, "a large file beside it", b.seal("huge", "huge.p7", "ec", "--detached"))
    os.unlink(b.file("huge"))


# ---- PDFs ----

def as_is(tap, b, name, old):
    """The file begins with what there was, and other programs read it."""
    tap.check(f"{name}: what was there comes first", b.read(name).startswith(b.read(old)))
    if shutil.which("qpdf"):
        run = subprocess.run(["qpdf", "--check", b.file(name)], capture_output=True,
                             timeout=LIMIT)
        tap.equal(f"{name}: qpdf reads it", run.returncode, 0)
    if shutil.which("pdfsig"):
        run = subprocess.run(["pdfsig", "-nocert", b.file(name)], capture_output=True,
                             timeout=LIMIT)
        tap.check(f"{name}: poppler finds its signature valid",
                  b"Signature is Valid" in run.stdout and b"is Invalid" not in run.stdout,
                  run.stdout)


def numbers_moved(data, n):
    """Its offsets count n octets that stand before it."""
    xref = data.rindex(b"xref\n0")
    rows = re.sub(rb"(\d{10}) 00000 n", lambda m: b"%010d 00000 n" % (int(m[1]) + n),
                  data[xref:])
    return data[:xref] + re.sub(rb"startxref\n(\d+)",
                                lambda m: b"startxref\n%d" % (int(m[1]) + n), rows)


def many_updates(data, n):
    for i in range(n):
        at, prev = len(data), int(data[data.rindex(b"startxref\n") + 10:].split()[0])
        data += b"90 0 obj\n(%d)\nendobj\n" % i
        data += (b"xref\n90 1\n%010d 00000 n \ntrailer\n<< /Size 91 /Root 1 0 R /Prev %d >>\n"
                 b"startxref\n%d\n%%%%EOF\n" % (at, prev, len(data)))
    return data


def pdf_steps(tap, b):
    b.file("plain.pdf", pdf_make.pdf(pages=2, form=True))
    made(tap, "a PDF: sealed", b.seal("plain.pdf", "b.pdf", "ec", "--level", "b"))
    names = ["b.pdf", "t.pdf", "lt.pdf", "lta.pdf", "more.pdf"]
    for i, level in enumerate(("t", "lt", "lta", "lta")):
        if i == 3:
            b.move(LATER)
        made(tap, f"{names[i + 1]} is made", b.augment(names[i], names[i + 1], "--level", level))
        tap.equal(f"{names[i + 1]}: level", b.level(names[i + 1]),
                  [(("T", "LT", "LTA", "LTA")[i], "TOTAL_PASSED")])
        as_is(tap, b, names[i + 1], names[i])
    b.move(NOW)


def pdfs_sealed(tap, b):
    plain, fonts = pdf_make.pdf(), b"/Resources << /Font << /F1 5 0 R >> >>"
    files = {"no-line-end": plain.rstrip(b"\n"), "junk-before": b"HTTP/1.1 200 OK\r\n\r\n" + plain,
             "more-behind": plain + b"\0" * 100, "speaks": pdf_make.pdf("/ByteRange"),
             "pdf-2": pdf_make.pdf(version="2.0"), "pdf-1.4": pdf_make.pdf(version="1.4"),
             "archive": pdf_make.pdf(pdfa=True), "small-size": plain.replace(b"/Size 6", b"/Size 3"),
             "without-id": re.sub(rb"/ID \[.*?\]", b"", plain),
             "waits": plain.replace(fonts, b"/Annots [6 0 R 7 0 R 8 0 R 9 0 R]".ljust(len(fonts))),
             "updated": many_updates(plain, 300)}
    for name, data in files.items():
        b.file(name + ".pdf", data)
        run = b.seal(name + ".pdf", "sealed-" + name + ".pdf", "rsa", "--format", "json")
        if not made(tap, f"{name} is sealed", run):
            continue
        tap.equal(f"{name}: two time-stamps", json.loads(run.stdout)["tokens"], 2)
        tap.equal(f"{name}: level", b.level("sealed-" + name + ".pdf"), [("LTA", "TOTAL_PASSED")])
        as_is(tap, b, "sealed-" + name + ".pdf", name + ".pdf")
    tap.check("the claim of PDF/A stays", b"pdfaid:part>2<" in b.read("sealed-archive.pdf"))
    with open(b.file("plain.pdf"), "rb") as f:
        run = subprocess.run([b.ltps, "seal", "-", "-o", b.file("piped.pdf"), "--level", "b", "--key",
                              b.pki.key("ec"), "--certificate", b.pki.cert("ec"), "--anchor",
                              b.pki.anchors, "--fetch-local", "--time", b.now()], stdin=f,
                             capture_output=True, timeout=LIMIT)
    made(tap, "standard input is sealed", run)


def pdfs_refused(tap, b):
    junk, plain, signed = b"not yet a PDF\n", pdf_make.pdf(), b.read("b.pdf")
    for name, data, status, text in (
            ("counted-otherwise", junk + numbers_moved(plain, len(junk)), 65, "before its header"),
            ("key-twice", plain.replace(b"trailer\n<<", b"trailer\n<< /Root 1 0 R"), 65, "not sealed"),
            ("sealed-forged", signed.replace(b"100 EUR", b"900 EUR"), 1, "TOTAL-FAILED"),
            ("cut", plain[:300], 65, "startxref")):
        b.file(name + ".pdf", data)
        refused(tap, f"seal: {name}", b, b.seal(name + ".pdf", "no.pdf", "ec"), status, text, "no.pdf")
    refused(tap, "a MIME type", b, b.seal("plain.pdf", "no.pdf", "ec", "--mime-type", "text/plain"),
            64, "CAdES", "no.pdf")
    for name, status, text in (("plain", 3, "no signature"), ("sealed-forged", 1, "TOTAL-FAILED"),
                               ("cut", 65, "startxref")):
        refused(tap, f"augment: {name}", b, b.augment(name + ".pdf", "no.pdf"), status, text, "no.pdf")
    refused(tap, "a content beside a PDF", b,
            b.augment("b.pdf", "no.pdf", "--content", b.file("data")), 64, "no content", "no.pdf")
    run = b.augment("b.pdf", "b.pdf")
    tap.check("a PDF is not overwritten", run.returncode == 64 and b.read("b.pdf") == signed,
              run.stderr)
    for target, kind in (("crl", "http-503"), ("ocsp", "http-503")):
        b.pki.control("fault", target=target, kind=kind)
    refused(tap, "seal without status", b, b.seal("plain.pdf", "no.pdf", "ec"), 2, "status of CN=",
            "no.pdf")
    for target in ("crl", "ocsp"):
        b.pki.control("fault", target=target, kind="none")
    b.pki.control("fault", tsa=0, kind="http-500")
    refused(tap, "seal without TSA", b, b.seal("plain.pdf", "no.pdf", "ec"), 69, "time-stamp", "no.pdf")
    refused(tap, "augment without TSA", b, b.augment("lt.pdf", "no.pdf"), 69, "time-stamp", "no.pdf")
    b.pki.control("fault", tsa=0, kind="none")
    tap.check("no temporary file is left behind",
              not [n for n in os.listdir(b.dir) if n.endswith(".tmp")])


def pdfs_encrypted(tap, b):
    folder = corpus_folder("pades")
    if folder is None:
        tap.skip("encrypted PDFs are refused", "the corpus is not there")
        return
    for name in ("open_protected", "edition_protected_none"):
        path = f"{folder}/protected/{name}.pdf"
        run = b.run("seal", path, "-o", b.file("no.pdf"), "--key", b.pki.key("ec"), "--certificate",
                    b.pki.cert("ec"))
        refused(tap, f"seal: {name}", b, run, 65, "encrypted: nothing is added", "no.pdf")
    path = f"{folder}/protected/open_protected.pdf"
    run = b.run("augment", path, "-o", b.file("no.pdf"), "--format", "json")
    refused(tap, "augment: open_protected", b, run, 65, "encrypted", "no.pdf")
    tap.equal("as JSON", [json.loads(run.stdout)[k] for k in ("outcome", "out", "report")],
              ["unsupported", None, None])


def with_corpus(tap, b):
    folder = corpus_folder("cades")
    if folder is None:
        tap.skip("evidence records of the corpus freeze", "the corpus is not there")
        return
    frozen = 0
    for root, _, names in os.walk(folder):
        for name in sorted(n for n in names if "-E-ERS" in n):
            run = b.run("augment", os.path.join(root, name), "-o", b.file("no.p7"), "--offline",
                        "--level", "t", local=False)
            frozen += run.returncode == 65 and b"evidence record" in run.stderr
    tap.check("evidence records of the corpus freeze", frozen >= 5 and not b.exists("no.p7"),
              f"{frozen} {b.exists('no.p7')}")


def main():
    ltps = os.path.join(os.path.abspath(sys.argv[1]), "ltps")
    tap = Tap()
    with workspace() as folder:
        pki = Pki(ltps, folder + "/pki")
        pki.issue("ec")
        pki.issue("rsa", "--key", "rsa2048")
        pki.start()
        b = Bench(ltps, folder, pki)
        b.move(NOW)
        b.file("data", DATA)
        try:
            tap.run(steps, b, "ec", "ec", False)
            tap.run(steps, b, "rsa", "rsa", False)
            tap.run(steps, b, "detached", "ec", True)
            for step in (all_at_once, with_openssl, with_pkcs12, with_token, with_faults,
                         with_files, with_corpus, pdf_steps, pdfs_sealed, pdfs_refused,
                         pdfs_encrypted):
                tap.run(step, b)
        finally:
            pki.stop()
    tap.end()


if __name__ == "__main__":
    main()
