#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signatures BUILD - what the service does with signatures: CAdES and PAdES judged when it comes,
refused, kept, raised to B-LTA and sealed; versions, reports and evidence of each; killed
on the way."""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import pdf_make  # noqa: E402
from service import (MINOR, REQUESTER, SUCCESS, Service, Tap, b64, data_of, until,  # noqa: E402
                     workspace)

tap = Tap()
JUDGED = "urn:ltps:profile:pds+pgd+aug+wst+ers:2"
SEALED = "urn:ltps:profile:seal+pds+pgd+aug+wst+ers:1"
CADES = "http://uri.etsi.org/ades/CAdES"
PADES = "http://uri.etsi.org/ades/PAdES"
SCHEMAS = os.environ.get("LTPS_SCHEMAS") or os.path.join(HERE, "../../../shared/schemas")
SCHEMA = os.path.join(SCHEMAS, "xml/TS119102-2-v141.xsd")
TEXT = b"The buyer pays on delivery.\n"
LIMIT = 120


def run(*arguments, check=True):
    r = subprocess.run(arguments, capture_output=True, text=True, timeout=LIMIT)
    if check and r.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments[:4])}: {r.returncode}: {r.stderr[-500:]}")
    return r


class Scene:
    def __init__(self, ltps, work):
        self.ltps, self.work = ltps, work
        self.dir = os.path.join(work, "demo")
        self.service = Service(ltps, self.dir)
        self.service.start()  # makes the PKI
        self.service.stop()
        for name in ("anna", "bert"):
            run(ltps, "devpki", "issue", f"{self.dir}/pki", "--name", name)
        self.service.start()
        self.anchors = f"{self.dir}/anchors.pem"

    def write(self, name, data):
        path = os.path.join(self.work, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def read(self, path):
        with open(path, "rb") as f:
            return f.read()

    def sign(self, name, data, *options, signers=("anna",), ca=True):
        out = os.path.join(self.work, name)
        source = self.write(name + ".txt", data)
        who = []
        for s in signers:
            who += ["-signer", f"{self.dir}/pki/certs/{s}.pem",
                    "-inkey", f"{self.dir}/pki/keys/{s}.pem"]
        run("openssl", "cms", "-sign", "-binary", "-cades", "-md", "sha256", "-outform", "DER",
            "-in", source, "-out", out, *who, *options,
            *(["-certfile", f"{self.dir}/pki/certs/ca.pem"] if ca else []))
        return self.read(out)

    def sign_pdf(self, name, data):
        out = os.path.join(self.work, name)
        run(self.ltps, "seal", self.write("plain-" + name, data), "-o", out, "--level", "b",
            "--key", f"{self.dir}/pki/keys/anna.pem", "--certificate",
            f"{self.dir}/pki/certs/anna.pem", "--anchor", self.anchors, "--fetch-local")
        return self.read(out)

    def preserve(self, profile, *pos):
        return self.service.call("PreservePO", {"pro": profile, "po": list(pos)})[1]

    def validate(self, data, *options):
        path = self.write("judged.p7m", data)
        r = run(self.ltps, "validate", path, "--offline", "--format", "json", "--anchor",
                self.anchors, *options, check=False)
        return json.loads(r.stdout)

    def versions(self, poid):
        """{version: [po]} of everything kept, by the prefix of the ids."""
        answer = self.service.retrieve(poid, "PO", versionId=["all"])[1]
        out = {}
        for po in answer.get("po", []):
            label = re.match(r"v1|(?:report|augmented|sealed)-\d+", po["id"])
            out.setdefault(label.group(0) if label else "v1", []).append(po)
        return out

    def wait_for(self, poid, label):
        until(lambda: label in self.versions(poid), f"{label} of {poid}")
        return self.versions(poid)


def po(data, name, **more):
    return {"binaryData": {"value": b64(data)}, "mimeType": "application/pkcs7-mime",
            "id": name, **more}


def pdf_po(data, name, **more):
    return {"binaryData": {"value": b64(data)}, "mimeType": "application/pdf", "id": name, **more}


def text_po(data, name, **more):
    return {"binaryData": {"value": b64(data)}, "mimeType": "text/plain", "id": name, **more}


def trace(scene, poid):
    status, answer = scene.service.call("RetrieveTrace", {"poId": poid})
    return json.dumps(answer)


def check_report(scene, what, data, indication):
    path = scene.write("report.xml", data)
    tap.check(f"{what}: the report says so", f"mainindication:{indication}".encode() in data,
              data[:300])
    tap.check(f"{what}: the report is signed", b"<ds:SignatureValue" in data)
    if os.path.exists(SCHEMA):
        r = run("xmllint", "--nonet", "--noout", "--schema", SCHEMA, path, check=False)
        tap.equal(f"{what}: the report holds the schema", r.returncode, 0)
    else:
        tap.skip(f"{what}: the report holds the schema", "../shared/schemas is not there")


def check_evidence(scene, what, poid, label, data):
    scene.service.evidence(poid)
    done = []

    def there():
        answer = scene.service.retrieve(poid, "Evidence", versionId=[label])[1]
        done[:] = answer.get("po", [])
        return bool(done)
    until(there, f"the evidence of {label}")
    record = scene.write("record.ers", data_of(done[0]))
    r = run(scene.ltps, "evidence", "verify", record, "--data", scene.write("covered", data),
            "--anchor", scene.anchors, check=False)
    tap.equal(f"{what}: {label} is covered by an evidence record", r.returncode, 0)


def profiles(_, scene):
    answer = scene.service.call("RetrieveInfo", {})[1]
    ids = json.dumps(answer)
    tap.check("the profiles that judge and seal are offered", JUDGED in ids and SEALED in ids, ids)


def raised(_, scene):
    signed = scene.sign("good.p7m", TEXT, "-nodetach")
    answer = scene.preserve(JUDGED, po(signed, "contract", formatId=CADES))
    if not tap.equal("a good signature is taken", answer["result"]["maj"], SUCCESS):
        return tap.check("message", False, answer)
    poid = answer["poId"]
    versions = scene.wait_for(poid, "augmented-1")
    tap.equal("what came is kept byte for byte", data_of(versions["v1"][0]), signed)
    default = scene.service.retrieve(poid, "PO")[1]["po"]
    tap.equal("RetrievePO gives it first, then the augmented form",
              [data_of(p) == signed for p in default], [True, False])
    better = data_of(versions["augmented-1"][0])
    ours = scene.validate(better)
    tap.equal("the augmented form is B-LTA and passes",
              [(s["level"], s["indication"]) for s in ours["signatures"]],
              [("LTA", "TOTAL_PASSED")])
    check_report(scene, "a good signature", data_of(versions["report-1"][0]), "total-passed")
    for label in ("v1", "augmented-1", "report-1"):
        check_evidence(scene, "a good signature", poid, label, data_of(versions[label][0]))
    tap.check("the trace tells of the judgement and the augmentation",
              "SignatureValidated" in trace(scene, poid) and "Augmented" in trace(scene, poid))


def refused(_, scene):
    signed = bytearray(scene.sign("bad.p7m", TEXT, "-nodetach"))
    at = signed.find(b"delivery")
    signed[at] ^= 1
    answer = scene.preserve(JUDGED, po(bytes(signed), "contract"))
    tap.equal("an altered content is refused",
              (answer["result"]["maj"], answer["result"].get("min")),
              (REQUESTER, MINOR + "error/POFormatError"))
    tap.check("and the message says why", "HASH_FAILURE" in json.dumps(answer), answer)
    answer = scene.preserve(JUDGED, po(bytes(signed[:-20]), "contract", formatId=CADES))
    tap.equal("a truncated one is refused", answer["result"].get("min"),
              MINOR + "error/POFormatError")


def kept(_, scene):
    """A signer whom nobody here knows."""
    key, cert = scene.write("stranger.key", b""), scene.write("stranger.pem", b"")
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=Stranger", "-days", "30")
    source, out = scene.write("strange.txt", TEXT), os.path.join(scene.work, "strange.p7m")
    run("openssl", "cms", "-sign", "-binary", "-cades", "-nodetach", "-md", "sha256", "-outform",
        "DER", "-in", source, "-out", out, "-signer", cert, "-inkey", key)
    answer = scene.preserve(JUDGED, po(scene.read(out), "strange"))
    tap.equal("an open verdict is kept", answer["result"]["maj"], SUCCESS)
    versions = scene.wait_for(answer["poId"], "report-1")
    check_report(scene, "an open verdict", data_of(versions["report-1"][0]), "indeterminate")
    tap.check("nothing is augmented then", "augmented-1" not in versions, list(versions))


def detached(_, scene):
    signature = scene.sign("detached.p7s", TEXT, signers=("anna", "bert"))
    answer = scene.preserve(JUDGED, text_po(TEXT, "text"),
                            po(signature, "signature", relObj=["text"]))
    tap.equal("a detached signature of two comes with its content", answer["result"]["maj"],
              SUCCESS)
    versions = scene.wait_for(answer["poId"], "augmented-1")
    content = scene.write("content", TEXT)
    ours = scene.validate(data_of(versions["augmented-1"][0]), "--content", content)
    tap.equal("both are raised", [(s["level"], s["indication"]) for s in ours["signatures"]],
              [("LTA", "TOTAL_PASSED")] * 2)
    wrong = scene.preserve(JUDGED, text_po(TEXT + b"!", "text"),
                           po(signature, "signature", relObj=["text"]))
    tap.equal("with another content it is refused", wrong["result"].get("min"),
              MINOR + "error/POFormatError")


def sealed(_, scene):
    answer = scene.preserve(SEALED, text_po(TEXT, "minutes"))
    tap.equal("unsigned data is taken under the sealing profile", answer["result"]["maj"], SUCCESS)
    versions = scene.wait_for(answer["poId"], "sealed-1")
    tap.equal("the data itself is kept", data_of(versions["v1"][0]), TEXT)
    seal = data_of(versions["sealed-1"][0])
    content = scene.write("content", TEXT)
    ours = scene.validate(seal, "--content", content)
    tap.equal("its seal is B-LTA", [(s["level"], s["indication"]) for s in ours["signatures"]],
              [("LTA", "TOTAL_PASSED")])
    tap.equal("the sealed form names the data", versions["sealed-1"][0].get("relObj"),
              ["v1-minutes"])
    default = scene.service.retrieve(answer["poId"], "PO")[1]["po"]
    tap.equal("and so does the usual answer", [p.get("relObj") for p in default],
              [None, ["minutes"]])
    r = run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in",
            scene.write("seal.p7s", seal), "-content", content, "-CAfile", scene.anchors,
            "-certfile", f"{scene.dir}/pki/certs/ca.pem", "-purpose", "any", "-out", "/dev/null",
            check=False)
    tap.equal("OpenSSL verifies the seal", r.returncode, 0)


def raised_pdf(_, scene):
    signed = scene.sign_pdf("good.pdf", pdf_make.pdf(form=True))
    answer = scene.preserve(JUDGED, pdf_po(signed, "contract", formatId=PADES))
    if not tap.equal("a signed PDF is taken", answer["result"]["maj"], SUCCESS):
        return tap.check("message", False, answer)
    poid = answer["poId"]
    versions = scene.wait_for(poid, "augmented-1")
    tap.equal("the PDF is kept as it came", data_of(versions["v1"][0]), signed)
    better = data_of(versions["augmented-1"][0])
    tap.check("its augmented form begins with all of it",
              better.startswith(signed) and len(better) > len(signed))
    ours = scene.validate(better)
    tap.equal("it is B-LTA and passes",
              [(s["profile"], s["indication"]) for s in ours["signatures"]],
              [("PAdES-BASELINE-LTA", "TOTAL_PASSED")])
    tap.equal("nothing but extensions was added",
              {m["kind"] for s in ours["signatures"] for m in s["modifications"]}, {"extension"})
    check_report(scene, "a signed PDF", data_of(versions["report-1"][0]), "total-passed")
    for label in ("v1", "augmented-1", "report-1"):
        check_evidence(scene, "a signed PDF", poid, label, data_of(versions[label][0]))


def refused_pdf(_, scene):
    signed = scene.sign_pdf("forged.pdf", pdf_make.pdf())
    altered = signed.replace(b"Pay 100 EUR", b"Pay 999 EUR")
    answer = scene.preserve(JUDGED, pdf_po(altered, "contract"))
    tap.equal("an altered PDF is refused", answer["result"].get("min"),
              MINOR + "error/POFormatError")
    tap.check("and the message says why: the digest", "HASH_FAILURE" in json.dumps(answer), answer)
    moved = signed.replace(b"/ByteRange [0 ", b"/ByteRange [9 ")
    answer = scene.preserve(JUDGED, pdf_po(moved, "contract"))
    tap.check("a ByteRange that is none is refused", "FORMAT_FAILURE" in json.dumps(answer), answer)


def kept_pdf(_, scene):
    """What stands behind the signature is not known to be harmless: kept, not raised."""
    signed = scene.sign_pdf("followed.pdf", pdf_make.pdf())
    at = signed.index(b"3 0 obj")
    xref = int(re.findall(rb"startxref\s+(\d+)", signed)[-1])
    page = signed[at:signed.index(b"endobj", at)].replace(b"[0 0 300 200]", b"[0 0 30 20]")
    size = int(re.findall(rb"/Size (\d+)", signed)[-1])
    start = len(signed)
    update = page + b"endobj\n"
    update += (f"xref\n3 1\n{start:010} 00000 n \ntrailer\n<< /Size {size} /Root 1 0 R /Prev {xref} "
               f">>\nstartxref\n{start + len(update)}\n%%EOF\n").encode()
    answer = scene.preserve(JUDGED, pdf_po(signed + update, "followed"))
    tap.equal("a PDF changed behind its signature is kept", answer["result"]["maj"], SUCCESS)
    versions = scene.wait_for(answer["poId"], "report-1")
    check_report(scene, "a PDF changed behind its signature", data_of(versions["report-1"][0]),
                 "indeterminate")
    tap.check("and not raised", "augmented-1" not in versions, list(versions))


def sealed_pdf(_, scene):
    plain = pdf_make.pdf(pages=2, pdfa=True)
    answer = scene.preserve(SEALED, pdf_po(plain, "minutes"))
    tap.equal("an unsigned PDF is taken under the sealing profile", answer["result"]["maj"],
              SUCCESS)
    versions = scene.wait_for(answer["poId"], "sealed-1")
    tap.equal("the PDF itself is kept", data_of(versions["v1"][0]), plain)
    seal = data_of(versions["sealed-1"][0])
    tap.check("its sealed form is the same PDF, longer", seal.startswith(plain))
    ours = scene.validate(seal)
    tap.equal("sealed as PAdES up to B-LTA",
              [(s["profile"], s["indication"]) for s in ours["signatures"]],
              [("PAdES-BASELINE-LTA", "TOTAL_PASSED")])
    broken = plain[:-30]
    answer = scene.preserve(SEALED, pdf_po(broken, "broken"))
    versions = scene.wait_for(answer["poId"], "sealed-1")
    ours = scene.validate(data_of(versions["sealed-1"][0]), "--content",
                          scene.write("content", broken))
    tap.equal("what is no PDF to a strict reader is sealed as octets",
              [(s["profile"], s["indication"]) for s in ours["signatures"]],
              [("CAdES-BASELINE-LTA", "TOTAL_PASSED")])


def killed(_, scene):
    """SIGKILL right after the answer: the care goes on with the next start."""
    poids = []
    for i in range(3):
        signed = scene.sign(f"killed-{i}.p7m", TEXT + b"%d" % i, "-nodetach")
        answer = scene.preserve(JUDGED, po(signed, "contract"))
        poids.append((answer["poId"], signed))
        scene.service.kill()
        scene.service.start()
    for i, (poid, signed) in enumerate(poids):
        versions = scene.wait_for(poid, "augmented-1")
        tap.equal(f"killed after answer {i + 1}: what came is there",
                  data_of(versions["v1"][0]), signed)
        tap.equal(f"killed after answer {i + 1}: it was raised once",
                  [v for v in versions if v.startswith("augmented")], ["augmented-1"])
    r = run(scene.ltps, "fsck", "-c", f"{scene.dir}/ltps.conf", check=False)
    tap.check("fsck finds nothing after all of it", r.returncode == 0 or "lock" in r.stderr,
              r.stdout + r.stderr)


def killed_before_commit(_, scene):
    """Everything is made, time-stamps too, and the process ends before it is kept."""
    signed = scene.sign("lost.p7m", TEXT + b"lost", "-nodetach")
    scene.service.stop()
    scene.service.env["LTPS_FAILPOINT"] = "signatures.keep:1:kill"
    scene.service.start()
    poid = scene.preserve(JUDGED, po(signed, "contract"))["poId"]
    ended = scene.service.process.wait(LIMIT)
    tap.equal("the process ended on the way", ended, -9)
    del scene.service.env["LTPS_FAILPOINT"]
    scene.service.start()
    versions = scene.wait_for(poid, "augmented-1")
    tap.equal("killed before the commit: what came is there", data_of(versions["v1"][0]), signed)
    tap.equal("killed before the commit: every form is there once", sorted(versions),
              ["augmented-1", "report-1", "v1"])


def validated(_, scene):
    signed = scene.sign("posted.p7m", TEXT, "-nodetach")
    status, body, headers = scene.service.request(
        "POST", "/validate", signed, {"Content-Type": "application/pkcs7-mime",
                                      "Accept": "application/json"})
    answer = json.loads(body)
    tap.equal("POST /validate judges with what it fetches",
              (status, [s["indication"] for s in answer.get("signatures", [])]),
              (200, ["TOTAL_PASSED"]))
    status, body, headers = scene.service.request(
        "POST", "/validate", scene.sign_pdf("posted.pdf", pdf_make.pdf()),
        {"Content-Type": "application/pdf", "Accept": "application/json"})
    answer = json.loads(body)
    tap.equal("a PDF too", (status, [(s["indication"], s["covers_whole_file"])
                                     for s in answer.get("signatures", [])]),
              (200, [("TOTAL_PASSED", True)]))


def main():
    ltps = os.path.join(os.path.abspath(sys.argv[1]), "ltps")
    with workspace() as work:
        scene = Scene(ltps, work)
        try:
            for step in (profiles, raised, refused, kept, detached, sealed, raised_pdf,
                         refused_pdf, kept_pdf, sealed_pdf, validated, killed,
                         killed_before_commit):
                tap.run(step, scene)
        finally:
            scene.service.kill()
    tap.end()


if __name__ == "__main__":
    main()
