#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""schemes BUILD - every scheme of TS 119 512 annex F over the JSON interface: temporary
storage (digest lists in both forms, renewal of records), without storage, and storage
with augmentation; messages held against the schemas when they are at hand."""
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import pdf_make  # noqa: E402
from pres_schemas import Schemas  # noqa: E402
from service import (MINOR, PROFILE, REQUESTER, SUCCESS, Service, Tap, b64, data_of,  # noqa: E402
                     workspace)

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
WTS = "urn:ltps:profile:pgd+wts+ers:1"
WOS = "urn:ltps:profile:pds+wos+aug:1"
AUG = "urn:ltps:profile:pds+wst+aug:1"
LIST = "http://uri.etsi.org/19512/format/DigestList"
ER = "urn:ietf:rfc:4998:EvidenceRecord"
CADES = "http://uri.etsi.org/ades/CAdES"
PADES = "http://uri.etsi.org/ades/PAdES"
ASIC = "http://uri.etsi.org/ades/ASiC/type/ASiC-ERS"
OIDS = {"sha256": "2.16.840.1.101.3.4.2.1", "sha512": "2.16.840.1.101.3.4.2.3",
        "sha1": "1.3.14.3.2.26"}
NS = ('xmlns:pres="http://uri.etsi.org/19512/v1.1.2#" '
      'xmlns:ds-rw="http://docs.oasis-open.org/dss-x/ns/xmldsig/rewritten"')

try:
    schemas = Schemas()
except Exception as e:  # absent folder or module: named as skipped below
    schemas = None
    tap.skip("messages validate against the schemas", f"schemas not at hand: {e}")


def call(operation, message):
    status, answer = service.call(operation, message)
    problems = schemas.exchange(operation, message, answer) if schemas else None
    if problems is not None:
        tap.check(f"{operation} messages validate", not problems, problems)
    return answer


def minor(answer):
    return answer["result"].get("min", "").removeprefix(MINOR)


def run(*arguments):
    r = subprocess.run(arguments, capture_output=True, text=True)
    if r.returncode != 0:
        raise RuntimeError(f"{arguments[:3]}: {r.returncode}: {r.stderr[-500:]}")
    return r.stdout


def save(name, data):
    path = os.path.join(work, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def digest_list(alg, datas, record=None, form="json"):
    values = [b64(hashlib.new(alg, d).digest()) for d in datas]
    oid = "urn:oid:" + OIDS[alg]
    if form == "json":
        doc = {"digAlg": oid, "digVal": values}
        if record:
            doc["ev"] = {"binaryData": {"value": b64(record)}, "formatId": ER}
        return json.dumps(doc).encode()
    evidence = ("" if record is None else f'<pres:Evidence FormatId="{ER}"><pres:binaryData>'
                f"{b64(record)}</pres:binaryData></pres:Evidence>")
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<pres:DigestList {NS}>'
            f'<ds-rw:DigestMethod Algorithm="{oid}"/>'
            + "".join(f"<ds-rw:DigestValue>{v}</ds-rw:DigestValue>\n" for v in values)
            + evidence + "</pres:DigestList>").encode()


def list_po(data):
    mime = "application/xml" if data[:1] == b"<" else "application/json"
    return {"binaryData": {"value": b64(data)}, "formatId": LIST, "mimeType": mime}


def preserve(profile, *pos):
    return call("PreservePO", {"pro": profile, "po": list(pos)})


def verify(record, datas, *more):
    a = [ltps, "evidence", "verify", save("record.er", record), "--anchor", anchors,
         "--format", "json", *more]
    for i, d in enumerate(datas):
        a += ["--data", save(f"data{i}", d)]
    r = subprocess.run(a, capture_output=True, text=True)
    return r.returncode, json.loads(r.stdout) if r.stdout else r.stderr


def evidence_of(answer):
    tap.equal("accepted", answer["result"]["maj"], SUCCESS)
    po = service.evidence(answer["poId"])
    tap.equal("one record", [p["formatId"] for p in po], [ER])
    return data_of(po[0])


def profiles(tap):
    pro = {p["pid"]: p for p in call("RetrieveInfo", {})["pro"]}
    tap.check("all schemes are offered", {WTS, WOS, AUG, PROFILE} <= set(pro), list(pro))
    wts, wos, aug = pro[WTS], pro[WOS], pro[AUG]
    tap.equal("storage models", [p["psm"] for p in (wts, wos, aug)],
              ["WithTemporaryStorage", "WithoutStorage", "WithStorage"])
    tap.equal("how long evidence is held", wts.get("perp"), "P30D")
    tap.check("only there", "perp" not in wos and "perp" not in aug)
    operations = [sorted(o["name"] for o in p["op"]) for p in (wts, wos, aug)]
    tap.check("temporary storage deletes nothing by request", "DeletePO" not in operations[0])
    tap.check("without storage nothing is retrieved", not {
        "RetrievePO", "DeletePO", "RetrieveTrace"} & set(operations[1]), operations[1])
    tap.equal("evidence of forms", [f["fid"] for f in aug["ef"]],
              [CADES + "/archive-time-stamp-v3", PADES + "/document-time-stamp"])
    tap.check("one default each", all(sum(f.get("def", False) for f in p["ef"]) == 1
                                      for p in pro.values()))
    given = next(o for o in wts["op"] if o["name"] == "PreservePO")["in"][0]["form"][0]
    algs = [f["fid"] for f in given["format"][0]["form"]]
    tap.check("digests that are taken are told", "urn:oid:" + OIDS["sha256"] in algs, algs)


def refusals(tap):
    good = digest_list("sha256", [b"x"])
    text = {"binaryData": {"value": b64(b"x")}, "mimeType": "text/plain"}
    short = json.dumps({"digAlg": "sha256", "digVal": ["MQ=="]}).encode()
    for name, pos, wanted in (
            ("SHA-1", [list_po(digest_list("sha1", [b"x"]))], "error/POFormatError"),
            ("unknown algorithm", [list_po(b'{"digAlg":"1.2.3","digVal":["MQ=="]}')],
             "error/POFormatError"),
            ("a short digest", [list_po(short)], "error/POFormatError"),
            ("a list of no digest", [list_po(b'{"digAlg":"sha256","digVal":[]}')],
             "error/POFormatError"),
            ("no list", [list_po(b"<no/>")], "error/POFormatError"),
            ("two lists", [list_po(good), list_po(good)], "error/parameterError"),
            ("a list beside data", [list_po(good), text], "error/parameterError"),
            ("evidence that is none", [list_po(digest_list("sha256", [b"x"], b"no"))],
             "error/POFormatError")):
        answer = preserve(WTS, *pos)
        tap.equal(name, (answer["result"]["maj"], minor(answer)), (REQUESTER, wanted))
    for profile in (PROFILE, WOS, AUG):
        tap.equal(f"a list under {profile}", minor(preserve(profile, list_po(good))),
                  "error/unknownPOFormat")
    for profile in (WOS, AUG):
        tap.equal(f"no signature under {profile}", minor(preserve(profile, text)),
                  "error/POFormatError")


def temporary(tap):
    datas = [b"one\n", b"two\n", b"three\n"]
    for form in ("json", "xml"):
        answer = preserve(WTS, list_po(digest_list("sha256", datas, form=form)))
        record = evidence_of(answer)
        code, report = verify(record, datas)
        tap.equal(f"{form}: the record covers the group", code, 0)
        tap.check(f"{form}: all of it", all(c["group_complete"] for c in report["covers"]))
        tap.equal(f"{form}: nothing else", verify(record, [b"other"])[0], 2)
        poid = answer["poId"]
        tap.equal(f"{form}: no data", minor(call("RetrievePO", {"poId": poid, "sor": "PO"})),
                  "warning/requestOnlyPartlySuccessful")
        tap.equal(f"{form}: no deletion",
                  minor(call("DeletePO", {"poId": poid, "reason": "x"})), "error/notSupported")
        for alg, chains in (("sha256", [2]), ("sha512", [1, 1])):
            again = evidence_of(preserve(WTS, list_po(digest_list(alg, datas, record, form))))
            code, report = verify(again, datas)
            tap.equal(f"{form}: renewed by {alg}: holds", code, 0)
            tap.equal(f"{form}: renewed by {alg}: its chains",
                      [len(c) for c in report["chains"]], chains)
            tap.check(f"{form}: renewed by {alg}: of other data it is not",
                      verify(again, [b"other"])[0] != 0)
        answer = preserve(WTS, list_po(digest_list("sha256", [b"else"], record, form)))
        tap.equal(f"{form}: a record of other data is not renewed", minor(answer),
                  "error/POFormatError")
    answer = preserve(WTS, *({"binaryData": {"value": b64(d)}, "mimeType": "text/plain"}
                             for d in datas))
    record = evidence_of(answer)
    tap.equal("data is digested", verify(record, datas)[0], 0)
    tap.check("who made it stands in it", WTS.encode() in record)


def sign(name, data, *options):
    path = os.path.join(work, name)
    run(ltps, "seal", save("plain-" + name, data), "-o", path, "--level", "b",
        "--key", f"{service.dir}/pki/keys/anna.pem", "--certificate",
        f"{service.dir}/pki/certs/anna.pem", "--cert", f"{service.dir}/pki/certs/ca.pem",
        "--anchor", anchors, "--fetch-local", *options)
    with open(path, "rb") as f:
        return f.read()


def level(data, *more):
    r = subprocess.run([ltps, "validate", save("raised", data), "--offline", "--format", "json",
                        "--anchor", anchors, *more], capture_output=True, text=True)
    s = json.loads(r.stdout)["signatures"][0]
    return s["indication"], s["level"]


def po(data, mime, **more):
    return {"binaryData": {"value": b64(data)}, "mimeType": mime, **more}


def signed():
    """[(PO, format, octets, content)]"""
    pdf = sign("a.pdf", pdf_make.pdf())
    text = b"The buyer pays on delivery.\n"
    cms = sign("a.p7s", text, "--detached")
    return text, cms, pdf


def without_storage(tap):
    text, cms, pdf = signed()
    answer = preserve(WOS, po(cms, "application/pkcs7-signature", id="s", relObj=["t"]),
                      po(text, "text/plain", id="t"), po(pdf, "application/pdf", id="p"))
    tap.check("answered at once", answer["result"]["maj"] == SUCCESS, answer["result"])
    tap.check("no POID", "poId" not in answer)
    got = {p["id"]: p for p in answer.get("po", [])}
    tap.equal("a PO of each signature", sorted(got), ["p", "s"])
    tap.equal("formats", (got["p"]["formatId"], got["s"]["formatId"]), (PADES, CADES))
    tap.equal("PAdES raised", level(data_of(got["p"])), ("TOTAL_PASSED", "LTA"))
    tap.equal("CAdES raised", level(data_of(got["s"]), "--content", save("t", text)),
              ("TOTAL_PASSED", "LTA"))
    broken = bytearray(pdf)
    broken[200] ^= 1
    tap.equal("a broken signature", minor(preserve(WOS, po(bytes(broken), "application/pdf"))),
              "error/POFormatError")


def augmented(tap):
    text, cms, pdf = signed()
    answer = preserve(AUG, po(pdf, "application/pdf", id="p"))
    poid = answer["poId"]
    got = service.evidence(poid)
    tap.equal("evidence is the form", [p["formatId"] for p in got],
              [PADES + "/document-time-stamp"])
    tap.equal("which is raised", level(data_of(got[0])), ("TOTAL_PASSED", "LTA"))
    got = call("RetrievePO", {"poId": poid})["po"]
    tap.equal("embedded by default", [p["formatId"] for p in got], [PADES])
    got = call("RetrievePO", {"poId": poid, "sor": "POwithDetachedEvidence"})["po"]
    tap.equal("as submitted", data_of(got[0]), pdf)
    tap.equal("and its evidence names it", got[1]["relObj"], ["p"])
    tap.equal("no records", minor(call("RetrievePO", {"poId": poid, "sor": "Evidence",
                                                     "evFormat": ER})),
              "error/unknownEvidenceFormat")
    tap.equal("no container", minor(call("RetrievePO", {"poId": poid, "poFormat": ASIC})),
              "error/unknownPOFormat")


def container(tap):
    datas = [b"one\n", b"two\n"]
    answer = preserve(PROFILE, *(po(d, "text/plain", id=f"p{i}.txt")
                                 for i, d in enumerate(datas)))
    poid = answer["poId"]
    service.evidence(poid)
    box = data_of(call("RetrievePO", {"poId": poid})["po"][0])
    z = zipfile.ZipFile(io.BytesIO(box))
    names = z.namelist()
    tap.equal("mimetype is first and stored", (names[0], z.infolist()[0].compress_type),
              ("mimetype", zipfile.ZIP_STORED))
    tap.check("manifest and record", {"META-INF/ASiCEvidenceRecordManifest001.xml",
                                      "META-INF/evidencerecord001.ers"} <= set(names), names)
    manifest = z.read("META-INF/ASiCEvidenceRecordManifest001.xml").decode()
    tap.check("it says whose container it is", f"<pres:POID>{poid}</pres:POID>" in manifest and
              "<pres:VersionID>v1</pres:VersionID>" in manifest and
              "<pres:PreservationPeriod>" in manifest, manifest)
    tap.equal("the same again", data_of(call("RetrievePO", {"poId": poid})["po"][0]), box)
    tap.equal("it verifies", verify(box, [])[0], 0)


with workspace() as work:
    service = Service(ltps, os.path.join(work, "demo"))
    anchors = os.path.join(service.dir, "anchors.pem")
    try:
        service.start()  # makes the PKI
        service.stop()
        run(ltps, "devpki", "issue", f"{service.dir}/pki", "--name", "anna")
        service.start()
        for part in (profiles, refusals, temporary, without_storage, augmented, container):
            tap.run(part)
        r = subprocess.run([ltps, "fsck", "-c", os.path.join(service.dir, "ltps.conf")],
                           capture_output=True, text=True)
        tap.check("fsck is clean", r.returncode == 0, r)
    except Exception as e:  # noqa: BLE001 - a broken step is a failed test
        tap.check("the service serves", False, e)
    finally:
        service.kill()
tap.end()
