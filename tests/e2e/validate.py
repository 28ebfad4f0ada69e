#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""validate BUILD - `ltps validate` and POST /validate as a user has them: files made by
openssl, good, altered, detached and none; what is fetched; forms of the report, schema and
signature of the XML; exit status; faults of HTTP; memory of a large content."""
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import pdf_make  # noqa: E402
from service import Service, Tap, corpus_folder, data_of, free_port, workspace  # noqa: E402

tap = Tap()
LIMIT = 120
SCHEMAS = os.environ.get("LTPS_SCHEMAS") or os.path.join(HERE, "../../../shared/schemas")
SCHEMA = os.path.join(SCHEMAS, "xml", "TS119102-2-v141.xsd")
TEXT = b"The buyer pays on delivery.\n"
KEYS = ["file", "format", "validation_time", "signatures", "timestamps", "evidence_records",
        "findings"]
SIGNATURE_KEYS = ["id", "parent", "format", "level", "indication", "subindication",
                  "signature_intact", "references_intact", "signing_certificate",
                  "claimed_signing_time", "best_signature_time", "byte_range_valid",
                  "covers_whole_file", "modifications", "timestamps"]
BIG = 1 << 30
SILENT = 24  # more than may wait, of a service with few workers
MEMORY = 30 << 10  # KiB that a content of BIG may cost beyond a small one
exits = set()


def run(*arguments, **more):
    r = subprocess.run(arguments, capture_output=True, timeout=LIMIT, check=False, **more)
    if r.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments[:4])}: {r.stderr.decode()[-500:]}")
    return r.stdout


class Pki:
    """A throwaway PKI; serves its status on loopback when asked to."""

    def __init__(self, ltps, folder):
        self.ltps, self.dir, self.port = ltps, folder, free_port()
        self.server = None
        run(ltps, "devpki", "create", folder, "--url", f"http://127.0.0.1:{self.port}")
        run(ltps, "devpki", "issue", folder, "--name", "anna")
        run(ltps, "devpki", "issue", folder, "--name", "rsa", "--key", "rsa2048")
        self.anchors = f"{folder}/anchors.pem"
        if not os.path.exists(self.anchors):
            self.anchors = f"{folder}/certs/root.pem"

    def crls(self):
        out = []
        for ca in ("root", "ca"):
            path = f"{self.dir}/{ca}.crl"
            run(self.ltps, "devpki", "crl", self.dir, ca, "-o", path)
            out += ["--crl", path]
        return out

    def start(self):
        self.server = subprocess.Popen(
            [self.ltps, "devpki", "serve", self.dir, "--listen", f"127.0.0.1:{self.port}"],
            stdout=subprocess.PIPE, text=True)
        if "listening" not in self.server.stdout.readline():
            raise RuntimeError("devpki does not serve")

    def stop(self):
        if self.server is not None:
            self.server.terminate()
            self.server.wait(LIMIT)
            self.server.stdout.close()
            self.server = None

    def sign(self, source, out, *options, signer="anna", ca=True):
        run("openssl", "cms", "-sign", "-binary", "-cades", "-md", "sha256", "-outform", "DER",
            "-in", source, "-out", out, "-signer", f"{self.dir}/certs/{signer}.pem", "-inkey",
            f"{self.dir}/keys/{signer}.pem", *options,
            *(["-certfile", f"{self.dir}/certs/ca.pem"] if ca else []))
        return out


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()


def validate(ltps, *arguments):
    r = subprocess.run([ltps, "validate", *arguments], capture_output=True, timeout=LIMIT,
                       check=False)
    exits.add(r.returncode)
    return r


def judged(ltps, *arguments):
    """Exit status and JSON."""
    r = validate(ltps, *arguments, "--format", "json")
    return r.returncode, json.loads(r.stdout) if r.stdout else None


class Files:
    def __init__(self, pki, work):
        self.text = write(f"{work}/text", TEXT)
        self.attached = pki.sign(self.text, f"{work}/attached.p7m", "-nodetach")
        self.detached = pki.sign(self.text, f"{work}/detached.p7s")
        self.alone = pki.sign(self.text, f"{work}/alone.p7m", "-nodetach", ca=False)
        data = read(self.attached)
        at = data.index(b"delivery")
        self.altered = write(f"{work}/altered.p7m", data[:at] + b"D" + data[at + 1:])
        self.broken = write(f"{work}/broken.p7m", data[:-1] + bytes([data[-1] ^ 1]))
        self.other = write(f"{work}/other", b"The seller pays.\n")
        self.fifo = f"{work}/fifo"
        os.mkfifo(self.fifo)


# ---- the command ----

def usage(_, ltps, files):
    for name, wanted, arguments in (
            ("no file", 64, []),
            ("an unknown option", 64, [files.attached, "--unknown"]),
            ("two files", 64, [files.attached, files.attached]),
            ("an unknown form", 64, [files.attached, "--format", "pdf"]),
            ("an unknown policy", 64, [files.attached, "--policy", "none"]),
            ("a time that is none", 64, [files.attached, "--time", "today"]),
            ("a key without XML", 64, [files.attached, "--sign-key", "k"]),
            ("a key that is not there", 65,
             [files.attached, "--format", "xml", "--sign-key", "/nonexistent"]),
            ("a file that is not there", 65, ["/nonexistent"]),
            ("another content beside the one inside", 65,
             [files.attached, "--content", files.other]),
            ("a content that is not there", 65, [files.detached, "--content", "/nonexistent"]),
            ("a digest and a content", 64,
             [files.detached, "--content", files.text, "--content-digest", "sha256:00"]),
            ("a digest of no algorithm", 64, [files.detached, "--content-digest", "crc:00"]),
            ("half a digest", 64, [files.detached, "--content-digest", "sha256:00"]),
            ("a digest that is none", 64, [files.detached, "--content-digest", "sha256"]),
            ("two digests of one algorithm", 64,
             [files.detached, *2 * ["--content-digest", "sha256:" + "00" * 32]]),
            ("two digests of one algorithm in one option", 64,
             [files.detached, "--digest", ",".join(2 * ["sha256:" + "00" * 32])]),
            ("a list of digests that ends in a comma", 64,
             [files.detached, "--digest", "sha256:" + "00" * 32 + ","]),
            ("a content that is a FIFO", 64, [files.detached, "--content", files.fifo]),
            ("a content that is a folder", 64, [files.detached, "--content", "/"]),
            ("a file that is a folder", 65, ["/"]),
            ("an anchor that is none", 65, [files.attached, "--anchor", files.text])):
        r = validate(ltps, *arguments)
        tap.equal(f"{name}: exit status", r.returncode, wanted)
        tap.check(f"{name}: one line on standard error, nothing else",
                  r.stdout == b"" and r.stderr.startswith(b"ltps: ") and
                  r.stderr.count(b"\n") == 1, r.stderr)


def malformed(_, ltps, files, work):
    pdf = write(f"{work}/a.pdf", b"%PDF-1.7\n%%EOF\n")
    r = validate(ltps, pdf)
    tap.check("a PDF without any section is malformed",
              r.returncode == 65 and b"startxref" in r.stderr, r.stderr)
    data = read(files.attached)
    for name, octets in (("nothing", b""), ("text", TEXT), ("half a file", data[:len(data) // 2]),
                         ("a byte too much", data + b"\0")):
        r = validate(ltps, write(f"{work}/bad", octets), "--offline")
        tap.check(f"{name} is malformed", r.returncode == 65 and r.stdout == b"",
                  (r.returncode, r.stderr))


def digest(name, data):
    return f"{name}:{hashlib.new(name, data).hexdigest()}"


def first(report):
    return report["signatures"][0]


def verdicts(_, ltps, pki, files):
    trust = ["--offline", "--anchor", pki.anchors]
    good = trust + pki.crls()
    for name, arguments, status, sub in (
            ("an attached signature", [files.attached, *good], 0, None),
            ("without status", [files.attached, *trust], 2, "TRY_LATER"),
            ("without an anchor", [files.attached, "--offline"], 2,
             "NO_CERTIFICATE_CHAIN_FOUND"),
            ("without the CA", [files.alone, *good], 2, "NO_CERTIFICATE_CHAIN_FOUND"),
            ("with the CA beside it", [files.alone, *good, "--cert",
                                       f"{pki.dir}/certs/ca.pem"], 0, None),
            ("an altered content", [files.altered, *good], 1, "HASH_FAILURE"),
            ("a broken value", [files.broken, *good], 1, "SIG_CRYPTO_FAILURE"),
            ("a detached one alone", [files.detached, *good], 2, "SIGNED_DATA_NOT_FOUND"),
            ("an enveloping one with its content beside it",
             [files.attached, *good, "--content", files.text], 0, None),
            ("a detached one with its content",
             [files.detached, *good, "--content", files.text], 0, None),
            ("a detached one with another content",
             [files.detached, *good, "--content", files.other], 1, "HASH_FAILURE"),
            ("a detached one with the digest of its content",
             [files.detached, *good, "--content-digest", digest("sha256", TEXT)], 0, None),
            ("a detached one with several digests",
             [files.detached, *good, "--content-digest", digest("sha512", TEXT),
              "--content-digest", digest("sha256", TEXT)], 0, None),
            ("a detached one with the digest of another content",
             [files.detached, *good, "--content-digest", digest("sha256", b"")], 1,
             "HASH_FAILURE"),
            ("a detached one with a digest that was not signed",
             [files.detached, *good, "--content-digest", digest("sha512", TEXT)], 2,
             "SIGNED_DATA_NOT_FOUND"),
            ("before it was signed", [files.attached, *good, "--time", "2001-01-01T00:00:00Z"],
             2, None)):
        got, report = judged(ltps, *arguments)
        tap.equal(f"{name}: exit status", got, status)
        if sub is not None or status == 0:
            tap.equal(f"{name}: sub-indication", first(report)["subindication"], sub)
        tap.equal(f"{name}: the indication is that of the exit status",
                  first(report)["indication"],
                  ["TOTAL_PASSED", "TOTAL_FAILED", "INDETERMINATE"][status])
    _, report = judged(ltps, files.detached, *good, "--digest", digest("sha512", TEXT))
    tap.check("which digest is wanted is told", any(
        f["code"] == "SIGNED_DATA_DIGEST_WANTED" and "sha256" in f["text"]
        for f in report["findings"]), report["findings"])
    got, _ = judged(ltps, files.detached, *good, "--digest",
                    digest("sha512", TEXT) + "," + digest("sha256", TEXT))
    tap.equal("several digests in one option", got, 0)
    _, report = judged(ltps, files.detached, *good)
    tap.check("whether a missing content is intact is not known",
              first(report)["references_intact"] is None)


def keys(_, ltps, pki, files):
    _, report = judged(ltps, files.attached, "--offline", "--anchor", pki.anchors, *pki.crls(),
                       "--time", "2027-01-01T00:00:00Z")
    tap.equal("documented keys stand in the report", [k for k in KEYS if k not in report], [])
    tap.equal("and in a signature", [k for k in SIGNATURE_KEYS if k not in first(report)], [])
    tap.equal("the time is the one given", report["validation_time"], "2027-01-01T00:00:00Z")
    tap.equal("the file is named", report["file"], files.attached)
    tap.check("the signer is named", "anna" in first(report)["signing_certificate"],
              first(report)["signing_certificate"])


def fetching(_, ltps, pki, files):
    trust = ["--anchor", pki.anchors]
    pki.start()
    try:
        got, report = judged(ltps, files.alone, *trust, "--fetch-local")
        tap.equal("what is missing is fetched", (got, report["needs"]), (0, []))
        got, report = judged(ltps, files.alone, *trust, "--offline")
        tap.equal("not when offline", got, 2)
        tap.check("then the report names what is missing",
                  any(n["url"].startswith(f"http://127.0.0.1:{pki.port}/")
                      for n in report["needs"]), report["needs"])
        got, _ = judged(ltps, files.alone, *trust)
        tap.equal("loopback is not fetched from unless allowed", got, 2)
    finally:
        pki.stop()
    got, _ = judged(ltps, files.alone, *trust, "--fetch-local")
    tap.equal("a server that is gone leaves it undetermined", got, 2)


def determinism(_, ltps, pki, files):
    arguments = [files.attached, "--offline", "--anchor", pki.anchors, *pki.crls(), "--time",
                 "2027-01-01T00:00:00Z", "--format"]
    for form in ("text", "json", "xml"):
        a, b = validate(ltps, *arguments, form), validate(ltps, *arguments, form)
        tap.check(f"the same judgement gives the same {form}",
                  a.stdout == b.stdout and len(a.stdout) > 200)
    text = validate(ltps, *arguments, "text").stdout.decode()
    tap.check("the text begins with the verdict", text.split("\n")[0].endswith(
        ("TOTAL_PASSED", "TOTAL_FAILED", "INDETERMINATE")), text[:200])


# ---- XML ----

def has_tool(name):
    return shutil.which(name) is not None


def check_schema(name, data, work):
    if not os.path.exists(SCHEMA) or not has_tool("xmllint"):
        tap.skip(name, "the schema or xmllint is not there")
        return
    r = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", SCHEMA,
                        write(f"{work}/schema.xml", data)], capture_output=True, check=False)
    tap.check(name, r.returncode == 0, r.stderr[:500])


def check_signature(name, data, anchors, work, wanted=0):
    if not has_tool("xmlsec1"):
        tap.skip(name, "xmlsec1 is not installed")
        return
    r = subprocess.run(
        ["xmlsec1", "--verify", "--enabled-key-data", "x509", "--trusted-pem", anchors,
         "--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties",
         write(f"{work}/signed.xml", data)], capture_output=True, check=False)
    tap.check(name, (r.returncode == 0) == (wanted == 0), r.stderr[:500])


def xml(_, ltps, pki, files, work):
    good = ["--offline", "--anchor", pki.anchors, *pki.crls(), "--format", "xml"]
    for name, file in (("passed", files.attached), ("failed", files.altered),
                       ("indeterminate", files.detached)):
        r = validate(ltps, file, *good)
        check_schema(f"the XML of a {name} one is valid", r.stdout, work)
        tap.check(f"the XML of a {name} one says so", {
            "passed": b":total-passed<", "failed": b":total-failed<",
            "indeterminate": b":indeterminate<"}[name] in r.stdout, r.stdout[:300])
    for signer in ("anna", "rsa"):
        chain = write(f"{work}/chain.pem", read(f"{pki.dir}/certs/{signer}.pem") +
                      read(f"{pki.dir}/certs/ca.pem"))
        r = validate(ltps, files.attached, *good, "--sign-key",
                     f"{pki.dir}/keys/{signer}.pem", "--sign-cert", chain)
        tap.equal(f"a report signed by {signer}: exit status", r.returncode, 0)
        check_schema(f"a report signed by {signer} is valid", r.stdout, work)
        check_signature(f"a report signed by {signer} verifies", r.stdout, pki.anchors, work)
        check_signature(f"a report signed by {signer} does not when changed",
                        r.stdout.replace(b":total-passed<", b":total-failed<", 1),
                        pki.anchors, work, 1)
    hostile = write(os.path.join(work.encode(), b"<&\"'>]]> \t\r\n\x01\xff\xc3\xa4\xf0\x9f\x98\x80"),
                    read(files.attached))
    r = validate(ltps, hostile, *good, "--sign-key", f"{pki.dir}/keys/rsa.pem",
                 "--sign-cert", f"{work}/chain.pem")
    check_schema("a report of a file with a hostile name is valid", r.stdout, work)
    check_signature("and its signature verifies", r.stdout, pki.anchors, work)
    r = validate(ltps, files.attached, *good, "--sign-key", f"{pki.dir}/keys/anna.pem",
                 "--sign-cert", f"{pki.dir}/certs/rsa.pem")
    tap.check("a certificate of another key is refused", r.returncode not in (0, 1, 2, 3),
              r.stderr)


# ---- PDFs ----

def seal(ltps, folder, name, source, out):
    """A PDF signed by a key of this PKI, at B-B, which needs no server."""
    chain = write(out + ".pem", read(f"{folder}/certs/{name}.pem") +
                  read(f"{folder}/certs/ca.pem"))
    run(ltps, "seal", source, "-o", out, "--key", f"{folder}/keys/{name}.pem", "--certificate",
        chain, "--anchor", f"{folder}/certs/root.pem", "--level", "b",
        "--offline")
    return out


def update(data, number, body):
    """One object replaced behind the file, in a section of the form it has."""
    at, prev = len(data), int(data[data.rindex(b"startxref\n") + 10:].split()[0])
    size = int(re.findall(rb"/Size (\d+)", data)[-1])
    data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return data + (b"xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size %d /Root 1 0 R /Prev %d >>\n"
                   b"startxref\n%d\n%%%%EOF\n" % (number, at, size, prev, len(data)))


def pdfs(_, ltps, pki, files, work):
    trust = ["--offline", "--anchor", pki.anchors, *pki.crls()]
    plain = write(f"{work}/plain.pdf", pdf_make.pdf(form=True))
    signed = seal(ltps, pki.dir, "anna", plain, f"{work}/signed.pdf")
    data = read(signed)
    forged = write(f"{work}/forged.pdf", data.replace(b"100 EUR", b"900 EUR"))
    shown = write(f"{work}/shown.pdf", update(data, 4, b"<< /Length 9 >>\nstream\nBT ET 0 g\nendstream"))
    cut = write(f"{work}/cut.pdf", data[:300])
    for name, path, wanted, verdict in (
            ("a signed PDF", signed, 0, ("TOTAL_PASSED", None)),
            ("a forged one", forged, 1, ("TOTAL_FAILED", "HASH_FAILURE")),
            ("another page behind the signature", shown, 2,
             ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"))):
        status, report = judged(ltps, path, *trust)
        s = first(report)
        tap.equal(f"{name}: exit status", status, wanted)
        tap.equal(f"{name}: verdict", (s["indication"], s["subindication"]), verdict)
        tap.equal(f"{name}: documented keys",
                  [k for k in KEYS if k not in report] + [k for k in SIGNATURE_KEYS if k not in s], [])
        tap.equal(f"{name}: format and ByteRange", (report["format"], s["format"],
                                                     s["byte_range_valid"]), ("PAdES", "PAdES", True))
        tap.equal(f"{name}: whole", s["covers_whole_file"], path != shown)
        tap.equal(f"{name}: what changed", [m["kind"] for m in s["modifications"]],
                  ["undefined"] if path == shown else [])
        check_schema(f"{name}: the XML is valid", validate(ltps, path, *trust, "--format",
                                                            "xml").stdout, work)
    tap.equal("an unsigned PDF has nothing to judge", judged(ltps, plain, *trust)[0], 3)
    with open(signed, "rb") as f:
        r = subprocess.run([ltps, "validate", "-", *trust], stdin=f, capture_output=True,
                           timeout=LIMIT, check=False)
    tap.check("standard input is judged", r.returncode == 0 and b"TOTAL_PASSED" in r.stdout, r.stderr)
    for name, path, wanted, more in (
            ("half a PDF", cut, 65, []), ("a content", signed, 64, ["--content", files.text]),
            ("a digest", signed, 64, ["--content-digest", "sha256:" + "00" * 32])):
        r = validate(ltps, path, *trust, *more)
        tap.check(f"{name}: refused", r.returncode == wanted and r.stdout == b"" and
                  r.stderr.count(b"\n") == 1, (r.returncode, r.stderr))


def passwords(_, ltps, work):
    folder = corpus_folder("pades")
    if folder is None:
        tap.skip("a PDF is opened by its password", "the corpus is not there")
        return
    locked = f"{folder}/protected/open_protected.pdf"
    for name, password, wanted in (("no password", None, 64), ("a wrong one", b"x\n", 64),
                                   ("one of a blank", b" \n", 3), ("without a line end", b" ", 3)):
        more = ["--password-file", write(f"{work}/password", password)] if password else []
        r = validate(ltps, locked, "--offline", *more)
        tap.check(f"an encrypted PDF with {name}", r.returncode == wanted and
                  (wanted == 3 or b"password" in r.stderr), (r.returncode, r.stderr))


# ---- memory ----

def memory_of(ltps, *arguments):
    """Largest resident size, in KiB, of one run."""
    got = []

    def child():
        pid = os.posix_spawn(ltps, [ltps, "validate", *arguments], os.environ,
                             file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
        _, status, usage_of = os.wait4(pid, 0)
        got[:] = [os.waitstatus_to_exitcode(status), usage_of.ru_maxrss]
    t = threading.Thread(target=child)
    t.start()
    t.join()
    return got


def memory(_, ltps, pki, work):
    big = f"{work}/big"
    with open(big, "wb") as f:
        f.truncate(BIG)
    small = write(f"{work}/small", bytes(1000))
    good = ["--offline", "--anchor", pki.anchors, *pki.crls()]
    a = pki.sign(small, f"{work}/small.p7s")
    # openssl would read it all into memory: its digest stands in an attribute that the
    # key signs, so the wrong digest is enough to have all of it read.
    status, before = memory_of(ltps, a, "--content", small, *good)
    tap.equal("a small content passes", status, 0)
    status, after = memory_of(ltps, a, "--content", big, *good)
    tap.equal("a content of 1 GiB is read and differs", status, 1)
    tap.check("in constant memory", after - before < MEMORY, (before, after))
    os.remove(big)


# ---- the service ----

def post(service, body, kind="application/octet-stream", accept=None, query=""):
    headers = {"Content-Type": kind}
    if accept is not None:
        headers["Accept"] = accept
    return service.request("POST", "/validate" + query, body, headers)


def multipart(*parts, boundary="x-b"):
    out = b""
    for name, data in parts:
        out += (f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; '
                'filename="f"\r\nContent-Type: application/octet-stream\r\n\r\n').encode()
        out += data + b"\r\n"
    return out + f"--{boundary}--\r\n".encode()


def part(name, data):
    return "digest", digest(name, data).encode()


FORM = "multipart/form-data; boundary=x-b"


def http_faults(_, service, attached):
    for method in ("GET", "PUT", "DELETE"):
        tap.equal(f"{method} is not allowed", service.request(method, "/validate")[0], 405)
    for name, wanted, arguments in (
            ("an empty body", 400, {"body": b""}),
            ("a time that is none", 400, {"query": "?time=today"}),
            ("a policy that is not there", 400, {"query": "?policy=none"}),
            ("a policy of great length", 400, {"query": "?policy=" + "x" * 500}),
            ("a form that is not offered", 406, {"accept": "application/pdf"}),
            ("a form with quality 0", 406, {"accept": "application/json;q=0"}),
            ("multipart of another kind", 415,
             {"kind": "multipart/mixed; boundary=x-b", "body": multipart(("document", b"x"))}),
            ("multipart without a boundary", 400, {"kind": "multipart/form-data"}),
            ("multipart that does not end", 400,
             {"kind": FORM, "body": multipart(("document", b"x"))[:-6]}),
            ("multipart without a document", 400,
             {"kind": FORM, "body": multipart(("content", b"x"))}),
            ("multipart with two documents", 400,
             {"kind": FORM, "body": multipart(("document", b"x"), ("document", b"x"))}),
            ("multipart with an unknown part", 400,
             {"kind": FORM, "body": multipart(("document", attached), ("contents", b"x"))}),
            ("a content and a digest", 400, {"kind": FORM, "body": multipart(
                ("document", attached), ("content", TEXT), part("sha256", TEXT))}),
            ("a digest and a content", 400, {"kind": FORM, "body": multipart(
                ("document", attached), part("sha256", TEXT), ("content", TEXT))}),
            ("two digests of one algorithm", 400, {"kind": FORM, "body": multipart(
                ("document", attached), part("sha256", TEXT), part("sha256", TEXT))}),
            ("a digest that is none", 400,
             {"kind": FORM, "body": multipart(("document", attached), ("digest", b"sha256:0"))}),
            ("a digest of no algorithm in the query", 400, {"query": "?digest=crc:00"}),
            ("another digest than that of the content inside", 422,
             {"query": "?digest=" + digest("sha256", b"x")}),
            ("half a record", 422, {"body": bytes.fromhex("3009020101300230003000")}),
            ("another content than the one inside", 422,
             {"kind": FORM, "body": multipart(("document", attached), ("content", b"x"))}),
            ("a PDF", 422, {"body": b"%PDF-1.7\n"}),
            ("text", 422, {"body": TEXT}),
            ("half a file", 422, {"body": attached[:200]})):
        status, body, fields = post(service, **{"body": attached, **arguments})
        tap.equal(f"{name}: status", status, wanted)
        tap.check(f"{name}: a problem",
                  fields.get("Content-Type") == "application/problem+json" and
                  json.loads(body)["status"] == wanted, body[:300])
    try:
        status = service.request("POST", "/validate", b"x", {
            "Content-Type": "application/octet-stream", "Content-Length": str(1 << 40)})[0]
        tap.equal("a body beyond the limit", status, 413)
    except OSError as e:
        tap.check("a body beyond the limit", False, e)


def http_reports(_, service, files, work):
    attached, detached = read(files["attached"]), read(files["detached"])
    status, body, fields = post(service, attached)
    report = json.loads(body)
    tap.equal("a document is judged", status, 200)
    tap.equal("the report is JSON", fields.get("Content-Type"), "application/json")
    tap.equal("the signature passes under the service's anchors",
              (first(report)["indication"], first(report)["subindication"]),
              ("TOTAL_PASSED", None))
    tap.equal("documented keys", [k for k in KEYS if k not in report], [])
    for accept, kind in (("*/*", "application/json"), ("application/*", "application/json"),
                         ("application/xml", "application/xml"),
                         ("text/html, application/xml;q=0.9, */*;q=0.8", "application/xml"),
                         ("application/xml;q=0.3, application/json;q=0.4", "application/json"),
                         ("text/plain", "text/plain; charset=utf-8"),
                         ("text/xml", "text/xml"), ("Application/*", "application/json"),
                         ("application/json;Q=0, application/xml", "application/xml"),
                         ("application/json;v=1;q=0, application/xml", "application/xml"),
                         ("application/json;xq=1;q=0.1, text/plain;q=0.2",
                          "text/plain; charset=utf-8"), (",", "application/json")):
        status, body, fields = post(service, attached, accept=accept)
        tap.equal(f"Accept: {accept}", (status, fields.get("Content-Type")), (200, kind))
    for kind in ("application/pkcs7-mime", "application/x-www-form-urlencoded",
                 "application/pkcs7-signature; name=a"):
        tap.equal(f"a body of {kind} is judged", post(service, attached, kind=kind)[0], 200)
    status, body, _ = post(service, attached, query="?time=2001-01-01T00:00:00Z")
    tap.equal("the time of the query counts",
              (status, json.loads(body)["validation_time"]), (200, "2001-01-01T00:00:00Z"))
    status, body, _ = post(service, attached, query="?policy=default")
    tap.equal("the policy of the query is known", status, 200)
    for name, parts, wanted in (
            ("alone", [("document", detached)], ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")),
            ("with its content", [("document", detached), ("content", TEXT)],
             ("TOTAL_PASSED", None)),
            ("with the content first", [("content", TEXT), ("document", detached)],
             ("TOTAL_PASSED", None)),
            ("with another content", [("document", detached), ("content", TEXT + b" ")],
             ("TOTAL_FAILED", "HASH_FAILURE")),
            ("with the digest of its content", [("document", detached), part("sha256", TEXT)],
             ("TOTAL_PASSED", None)),
            ("with two digests", [part("sha512", TEXT), part("sha256", TEXT),
                                  ("document", detached)], ("TOTAL_PASSED", None)),
            ("with another digest", [("document", detached), part("sha256", b"x")],
             ("TOTAL_FAILED", "HASH_FAILURE")),
            ("with a digest that was not signed", [("document", detached), part("sha512", TEXT)],
             ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND"))):
        status, body, _ = post(service, multipart(*parts), kind=FORM)
        s = first(json.loads(body))
        tap.equal(f"a detached signature {name}",
                  (status, s["indication"], s["subindication"]), (200, *wanted))
    status, body, _ = post(service, detached, query="?digest=" + digest("sha512", TEXT) + "," +
                           digest("sha256", TEXT))
    tap.equal("digests in the query", (status, first(json.loads(body))["indication"]),
              (200, "TOTAL_PASSED"))
    status, body, _ = post(service, attached, accept="application/xml")
    check_schema("the XML of the service is valid", body, work)
    tap.check("and signed", b"<ds:Signature " in body)
    check_signature("its signature verifies", body, f"{service.dir}/anchors.pem", work)
    name = hashlib.sha256(attached).hexdigest()
    listing = b"".join(read(os.path.join(d, n)) for d, _, names in os.walk(
        f"{service.dir}/store") for n in names if n.endswith(".blob"))
    tap.check("nothing of it is kept", attached not in listing and name.encode() not in listing)


def token_over(data, folder, work):
    """A token of the PKI's TSA over data, asked for over HTTP."""
    query = run("openssl", "ts", "-query", "-data", write(f"{work}/stamped", data), "-sha256",
                "-cert")
    with open(f"{folder}/ltps.conf", encoding="utf-8") as f:
        url = re.search(r"^\s*url\s*=\s*(http://\S+)", f.read(), re.M).group(1)
    request = urllib.request.Request(url, query, {"Content-Type": "application/timestamp-query"})
    with urllib.request.urlopen(request, timeout=LIMIT) as answer:
        reply = write(f"{work}/reply.tsr", answer.read())
    return run("openssl", "ts", "-reply", "-in", reply, "-token_out")


def http_stamps(_, service, work):
    """Files that are a time-stamp token or an evidence record."""
    token = token_over(TEXT, service.dir, work)
    poid = service.preserve(TEXT)[1]["poId"]
    record = data_of(service.evidence(poid)[0])
    for name, data, lists in (("a token", token, "timestamps"),
                              ("an evidence record", record, "evidence_records")):
        for what, parts, wanted in (
                ("alone", [], ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")),
                ("with other data", [("content", b"x")], {
                    "timestamps": ("FAILED", "HASH_FAILURE"),
                    "evidence_records": ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")}[lists]),
                ("with a digest of another algorithm", [part("sha384", TEXT)],
                 ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")),
                ("with its data", [("content", TEXT)], ("PASSED", None)),
                ("with digests of its data", [part("sha256", TEXT), part("sha512", TEXT)],
                 ("PASSED", None))):
            status, body, _ = post(service, multipart(("document", data), *parts), kind=FORM)
            report = json.loads(body)
            r = report.get(lists, [{}])[0]
            tap.equal(f"{name} {what}",
                      (status, r.get("indication"), r.get("subindication"), report.get("indication")),
                      (200, *wanted, wanted[0]))
            if "another algorithm" in what:
                tap.check(f"{name} {what}: the one wanted is told", any(
                    f["code"] in ("SIGNED_DATA_DIGEST_WANTED", "ERS_DIGEST_NOT_GIVEN") and
                    "sha" in f["text"] for f in report["findings"]), report["findings"])
        status, body, _ = post(service, multipart(("document", data), ("content", TEXT)),
                               kind=FORM, accept="application/xml")
        check_schema(f"{name}: the XML is valid", body, work)
    broken = record[:-3] + bytes([record[-3] ^ 1]) + record[-2:]
    status, body, _ = post(service, multipart(("document", broken), ("content", TEXT)), kind=FORM)
    tap.check("a record with a changed octet does not pass",
              status == 422 or json.loads(body)["indication"] != "PASSED", body[:300])


def http_pdfs(_, ltps, service, work):
    plain = write(f"{work}/http.pdf", pdf_make.pdf())
    signed = read(seal(ltps, f"{service.dir}/pki", "anna", plain, f"{work}/http-signed.pdf"))
    for name, data, verdict in (
            ("signed", signed, [("TOTAL_PASSED", None)]),
            ("forged", signed.replace(b"100 EUR", b"900 EUR"), [("TOTAL_FAILED", "HASH_FAILURE")]),
            ("unsigned", read(plain), [])):
        status, body, _ = post(service, data, kind="application/pdf")
        tap.equal(f"a {name} PDF is judged", (status, [(s["indication"], s["subindication"]) for s in
                                                       json.loads(body)["signatures"]]), (200, verdict))
    cases = [("a content beside it", 400, [("document", signed), ("content", TEXT)], b"no content"),
             ("a password that it does not need", 200, [("document", signed), ("password", b"x")], b""),
             ("half of it", 422, [("document", signed[:300])], b"startxref")]
    folder = corpus_folder("pades")
    if folder is not None:
        locked = read(f"{folder}/protected/open_protected.pdf")
        cases += [("no password", 422, [("document", locked)], b"a password is wanted"),
                  ("a wrong password", 422, [("document", locked), ("password", b"x")],
                   b"the password does not open it"),
                  ("its password", 200, [("document", locked), ("password", b" ")], b"signatures")]
    for name, wanted, parts, text in cases:
        status, body, fields = post(service, multipart(*parts), kind=FORM)
        tap.equal(f"a PDF with {name}", (status, text in body), (wanted, True))
        if wanted != 200:
            tap.equal(f"a PDF with {name}: a problem", fields.get("Content-Type"),
                      "application/problem+json")


def http_load(_, service, attached):
    answers = []

    def one():
        answers.append(post(service, attached)[0])
    threads = [threading.Thread(target=one) for _ in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    tap.equal("sixteen at a time are judged", set(answers), {200})


class Silent:
    """Takes connections and never says a word."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.held, self.asked = [], threading.Event()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            while True:
                self.held.append(self.socket.accept()[0])
                self.asked.set()
        except OSError:
            pass

    def stop(self):
        self.socket.close()
        for s in self.held:
            s.close()


def http_silent_hosts(_, ltps, service, attached, work):
    """Strangers whose certificates name a silent host, more than may wait: the rest of the
    service goes on, and nobody gets a verdict that only says that there was no place. The
    service is fresh: the good signature needs the network."""
    silent = Silent()
    answers = []
    # Each of another CA, whose certificate is where nobody answers.
    strangers = []
    for i in range(SILENT):
        folder = f"{work}/stranger-{i}"
        run(ltps, "devpki", "create", folder, "--url", f"http://127.0.0.1:{silent.port}/{i}")
        run(ltps, "devpki", "issue", folder, "--name", "eve")
        stranger = Pki.__new__(Pki)
        stranger.dir = folder
        strangers.append(read(stranger.sign(f"{work}/service-text", f"{folder}.p7m",
                                            "-nodetach", signer="eve", ca=False)))

    def one(body):
        status, answer, fields = post(service, body)
        answers.append((status, fields, answer))
    threads = [threading.Thread(target=one, args=(s,)) for s in strangers]
    try:
        for t in threads:
            t.start()
        tap.check("the silent host is asked", silent.asked.wait(LIMIT))
        status, answer, fields = post(service, attached)
        tap.check("a good signature passes, or has to come again",
                  (status == 503 and "Retry-After" in fields) or
                  (status == 200 and first(json.loads(answer))["indication"] ==
                   "TOTAL_PASSED"), (status, answer[:300]))
        tap.equal("the service tells of its health", service.request("GET", "/health")[0], 200)
        tap.check("while strangers wait", len(answers) < len(threads))
        for t in threads:
            t.join()
        tap.equal("of those, some waited and the others have to come again",
                  {s for s, _, _ in answers}, {200, 503})
    finally:
        silent.stop()
    status, answer, _ = post(service, attached)
    tap.equal("then the good signature passes",
              (status, first(json.loads(answer))["indication"]), (200, "TOTAL_PASSED"))


def with_service(ltps, work):
    service = Service(ltps, f"{work}/demo")
    try:
        service.start()  # makes the PKI
        service.stop()
        run(ltps, "devpki", "issue", f"{service.dir}/pki", "--name", "anna")
        service.start()
        pki = Pki.__new__(Pki)
        pki.dir = f"{service.dir}/pki"
        text = write(f"{work}/service-text", TEXT)
        files = {"attached": pki.sign(text, f"{work}/s.p7m", "-nodetach"),
                 "detached": pki.sign(text, f"{work}/s.p7s")}
        attached = read(files["attached"])
        tap.run(http_silent_hosts, ltps, service, attached, work)
        tap.run(http_faults, service, attached)
        tap.run(http_reports, service, files, work)
        tap.run(http_stamps, service, work)
        tap.run(http_pdfs, ltps, service, work)
        tap.run(http_load, service, attached)
        tap.equal("the service ends cleanly", service.stop(), 0)
    finally:
        service.kill()


def main():
    ltps = os.path.join(os.path.abspath(sys.argv[1]), "ltps")
    with workspace() as work:
        pki = Pki(ltps, f"{work}/pki")
        files = Files(pki, work)
        tap.run(usage, ltps, files)
        tap.run(malformed, ltps, files, work)
        tap.run(verdicts, ltps, pki, files)
        tap.run(keys, ltps, pki, files)
        tap.run(fetching, ltps, pki, files)
        tap.run(determinism, ltps, pki, files)
        tap.run(xml, ltps, pki, files, work)
        tap.run(pdfs, ltps, pki, files, work)
        tap.run(passwords, ltps, work)
        tap.run(memory, ltps, pki, work)
        tap.check("the exit statuses are those of the documentation",
                  exits <= {0, 1, 2, 3, 64, 65, 69, 70}, exits)
        with_service(ltps, work)
    tap.end()


if __name__ == "__main__":
    main()
