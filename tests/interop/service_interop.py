#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""service_interop BUILD - what a running service hands out, before outside
judges: evidence records and ASiC containers of objects small and large, one and
several, plain and signed. DSS, Bouncy Castle, OpenSSL, er_check.py, xmllint."""
import glob
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import datetime, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True  # the tree stays as it is
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import er_check  # noqa: E402
import judges  # noqa: E402
from service import SUCCESS, Service, Tap, data_of, workspace  # noqa: E402

tap = Tap()
build = os.path.abspath(sys.argv[1])
CORPUS = os.environ.get("LTPS_CORPUS", "")
MANIFEST_SCHEMA = os.path.join(os.environ.get("LTPS_SCHEMAS", ""), "ts119512", "xml", "deps",
                               "en_31916201v010101.xsd")
LARGE = bytes(i * i // 7 % 251 for i in range(200 << 10))


class Item:
    """One preserved object with its evidence, as files."""

    def __init__(self, name, *datas):
        self.name, self.datas = name, datas

    def preserve(self):
        status, answer = service.preserve(*self.datas)
        if answer["result"]["maj"] != SUCCESS:
            raise RuntimeError(f"{self.name}: {status} {answer}")
        self.poid = answer["poId"]

    def retrieve(self):
        record = service.evidence(self.poid)
        box = service.retrieve(self.poid, "POwithEmbeddedEvidence")[1]["po"]
        self.record = save(self.name + ".er", data_of(record[0]))
        self.box = save(self.name + ".asice", data_of(box[0]))
        self.data = [save(f"{self.name}.{i}", d) for i, d in enumerate(self.datas)]
        token = tokens_of(self.record)[0]
        self.token = save(self.name + ".tst", token)
        self.imprint, self.time = er_check.token_fields(er_check.only(token))[1:]


def save(name, data):
    path = os.path.join(work, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def tokens_of(record):
    sequence = er_check.only(er_check.load(record)).members()[-1]
    return [er_check.Stamp(s).token.whole for c in sequence.members() for s in c.members()]


def from_corpus(name, pattern):
    """A real file of the corpus, or None when it is not at hand."""
    found = sorted(glob.glob(os.path.join(CORPUS, *pattern.split("/")))) if CORPUS else []
    if not found:
        tap.skip(f"a {name} of the corpus is preserved", "the corpus is not at hand")
        return []
    with open(found[0], "rb") as f:
        return [Item(name, f.read())]


def items():
    return [Item("single", b"one object\n"),
            Item("group", b"first\n", b"second\n", b"third\n"),
            Item("large", LARGE),
            *from_corpus("PDF", "pades/validation/Signature-P-*.pdf"),
            *from_corpus("p7m", "cades/validation/Signature-C-X-1.p7m")]


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True)


def tsa_certificate(item):
    """PEM of the certificate in the token that is for time-stamping."""
    r = openssl("cms", "-cmsout", "-inform", "DER", "-in", item.token, "-noout",
                "-certsout", item.token + ".pem")
    with open(item.token + ".pem") as f:
        blocks = f.read().split("-----END CERTIFICATE-----")
    for i, block in enumerate(blocks[:-1]):
        path = save(f"tsa-{i}.pem", (block.strip() + "\n-----END CERTIFICATE-----\n").encode())
        if "Time Stamping" in openssl("x509", "-in", path, "-noout", "-ext",
                                      "extendedKeyUsage").stdout:
            return path
    raise RuntimeError(f"no TSA certificate in the token: {r.stderr}")


def ltps_judges(tap, all_items):
    for i in all_items:
        a = [os.path.join(build, "ltps"), "evidence", "verify", "--anchor", anchors]
        r = subprocess.run(a + [x for d in i.data for x in ("--data", d)] + [i.record],
                           capture_output=True, text=True)
        tap.check(f"{i.name}: ltps accepts the record", r.returncode == 0, r.stdout + r.stderr)
        r = subprocess.run(a + [i.box], capture_output=True, text=True)
        tap.check(f"{i.name}: ltps accepts the container", r.returncode == 0,
                  r.stdout + r.stderr)


def er_check_judges(tap, all_items):
    for i in all_items:
        code, text = judges.er_check(i.record, i.data)
        tap.check(f"{i.name}: er_check accepts the record", code == 0, text)
        code, text = judges.er_check(i.record, [anchors, *i.data[1:]])
        tap.check(f"{i.name}: er_check refuses another object", code == 1, text)


def der(tag, body):
    n = len(body)
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([n]) if n < 128 else bytes([0x80 | len(size)]) + size) + body


def readable_token(item):
    """The token as `openssl ts` can read it, and whether a field was cut for it:
    it decodes SignedData as PKCS #7 1.5 (RFC 2315 9.1), whose crls hold CRLs
    only, so an OCSP response in them (RFC 5940 2.1) is an error. The field is
    not signed."""
    content_type, content = er_check.only(er_check.load(item.token)).members()
    fields = content.members()[0].members()
    if not any(e.tag == 0xA1 for f in fields if f.tag == 0xA1 for e in f.members()):
        return item.token, False
    signed = der(0x30, b"".join(f.whole for f in fields if f.tag != 0xA1))
    return save(item.name + ".cut.tst", der(0x30, content_type.whole + der(0xA0, signed))), True


def openssl_judges(tap, all_items):
    for i in all_items:
        tsa_certificate(i)
        seconds = int(datetime.strptime(i.time[:19], "%Y-%m-%dT%H:%M:%S").replace(
            tzinfo=timezone.utc).timestamp())
        trust = ["-CAfile", anchors, "-attime", str(seconds)]
        token, cut = readable_token(i)
        limit = ", known limit: without its OCSP responses (RFC 5940 2.1)" if cut else ""
        a = ["ts", "-verify", "-token_in", "-in", token, *trust, "-untrusted", i.token + ".pem"]
        r = openssl(*a, "-digest", i.imprint.hex())
        tap.check(f"{i.name}: openssl ts accepts the token{limit}", r.returncode == 0,
                  r.stdout + r.stderr)
        other = bytes([i.imprint[0] ^ 1]) + i.imprint[1:]
        r = openssl(*a, "-digest", other.hex())
        tap.check(f"{i.name}: openssl ts refuses it for another imprint",
                  r.returncode != 0 and "message imprint mismatch" in r.stdout + r.stderr,
                  r.stdout + r.stderr)
        r = openssl("cms", "-verify", "-inform", "DER", "-in", i.token, "-out", os.devnull,
                    "-purpose", "timestampsign", *trust)
        tap.check(f"{i.name}: openssl cms accepts the whole token", r.returncode == 0,
                  r.stdout + r.stderr)
        r = openssl("cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", i.token)
        tap.check(f"{i.name}: openssl cms reads the token",
                  r.returncode == 0 and "id-smime-ct-TSTInfo" in r.stdout, r.stdout + r.stderr)


def judge_with(tap, make, what, function, all_items):
    try:
        judge = make(os.path.join(build, "judges"))
    except judges.Absent as e:
        tap.skip(f"{what} judges records and containers", e)
        return
    function(tap, judge, all_items)


def dss_judges(tap, judge, all_items):
    lines = [[i.record, *i.data] for i in all_items] + [[i.box] for i in all_items]
    answers = judge.judge(lines, anchors)
    for k, i in enumerate(all_items):
        for kind, a in (("record", answers[k]), ("container", answers[k + len(all_items)])):
            tap.check(f"{i.name}: DSS accepts the {kind}",
                      judges.dss_accepts(a, len(i.data), [1]), a)
            tap.check(f"{i.name}: DSS comes to a final verdict on the {kind}",
                      [r["indication"] for r in a["records"]] == ["PASSED"], a)
    swapped = judge.judge([[i.record, anchors, *i.data[1:]] for i in all_items], anchors)
    for i, a in zip(all_items, swapped):
        tap.check(f"{i.name}: DSS refuses the record for another object",
                  not judges.dss_accepts(a, len(i.data), [1]), a)


def bc_judges(tap, judge, all_items):
    tsa = tsa_certificate(all_items[0])
    answers = judge.judge([[i.record, *i.data] for i in all_items] +
                          [[i.record, anchors, *i.data[1:]] for i in all_items], tsa)
    for i, a, swapped in zip(all_items, answers, answers[len(all_items):]):
        tap.check(f"{i.name}: Bouncy Castle accepts the record", judges.bc_accepts(a), a)
        tap.check(f"{i.name}: Bouncy Castle refuses it for another object",
                  swapped["read"] and not swapped["present"], swapped)


def containers_open(tap, all_items):
    for i in all_items:
        with zipfile.ZipFile(i.box) as z:
            names = z.namelist()
            tap.check(f"{i.name}: another hand unpacks the container", z.testzip() is None, names)
            tap.equal(f"{i.name}: mimetype is first", names[0], "mimetype")
            kept = [z.read(n) for n in names[1:] if not n.startswith("META-INF/")]
            tap.check(f"{i.name}: it holds the objects", kept == list(i.datas), names)
            manifests = [n for n in names if "ASiCEvidenceRecordManifest" in n]
            tap.equal(f"{i.name}: it has one manifest", len(manifests), 1)
            i.manifest = save(i.name + ".xml", z.read(manifests[0]))


def manifests_validate(tap, all_items):
    if not shutil.which("xmllint") or not os.path.exists(MANIFEST_SCHEMA):
        tap.skip("manifests validate", "xmllint or the schema of EN 319 162-1 is not at hand")
        return
    for i in all_items:
        r = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", MANIFEST_SCHEMA,
                            i.manifest], capture_output=True, text=True)
        tap.check(f"{i.name}: the manifest validates", r.returncode == 0, r.stderr)


with workspace() as work:
    service = Service(os.path.join(build, "ltps"), os.path.join(work, "demo"))
    anchors = os.path.join(service.dir, "anchors.pem")
    try:
        service.start()
        everything = items()
        for item in everything:
            item.preserve()
        for item in everything:
            item.retrieve()
        tap.run(ltps_judges, everything)
        tap.run(er_check_judges, everything)
        tap.run(openssl_judges, everything)
        tap.run(containers_open, everything)
        tap.run(manifests_validate, everything)
        tap.run(judge_with, judges.dss, "DSS", dss_judges, everything)
        tap.run(judge_with, judges.bouncy_castle, "Bouncy Castle", bc_judges, everything)
        tap.equal("SIGTERM ends the service with 0", service.stop(), 0)
    except Exception as e:  # noqa: BLE001 - without a service, one failed test
        tap.check("the service preserves and hands out", False, f"{type(e).__name__}: {e}")
    finally:
        service.kill()
tap.end()
