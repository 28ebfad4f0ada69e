#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""life BUILD - an object's whole life over the JSON interface, every request
and answer held against the schemas of TS 119 512 when they are at hand."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from pres_schemas import Schemas  # noqa: E402
from service import (MINOR, PROFILE, REQUESTER, SUCCESS, Service, Tap, b64, data_of,
                     workspace)  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")

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
    tap.check(f"{operation} answers 200 with a result", status == 200 and "maj" in answer["result"],
              (status, answer))
    return answer


def preserve(*datas):
    return call("PreservePO", {"pro": PROFILE, "reqId": "r-1", "po": [
        {"binaryData": {"value": b64(d)}, "mimeType": "text/plain", "id": f"p{i}"}
        for i, d in enumerate(datas)]})


def verify(record, *datas):
    args = [ltps, "evidence", "verify", record, "--anchor", anchors, "--format", "json"]
    for d in datas:
        args += ["--data", d]
    r = subprocess.run(args, capture_output=True, text=True)
    return r.returncode, r.stdout + r.stderr


def save(name, data):
    path = os.path.join(work, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def info(tap):
    answer = call("RetrieveInfo", {"reqId": "i"})
    tap.equal("the request id comes back", answer.get("reqId"), "i")
    pro = answer["pro"]
    tap.check("an active profile is told", any(p["pid"] == PROFILE for p in pro), pro)
    p = next(p for p in pro if p["pid"] == PROFILE)
    tap.equal("its storage model", p["psm"], "WithStorage")
    tap.equal("its scheme", p["sid"], "http://uri.etsi.org/19512/scheme/pds+pgd+aug+wst+ers")
    tap.check("its operations", {"RetrieveInfo", "PreservePO", "RetrievePO", "DeletePO"} <=
              {o["name"] for o in p["op"]}, p["op"])
    tap.check("its evidence format", [f["fid"] for f in p["ef"]] ==
              ["urn:ietf:rfc:4998:EvidenceRecord"], p["ef"])
    tap.check("its policies", any(x["type"].endswith("policy/preservation-evidence")
                                  for x in p["pol"]), p.get("pol"))
    tap.equal("inactive profiles: none", call("RetrieveInfo", {"stat": "inactive"}).get("pro", []), [])
    answer = call("RetrieveInfo", {"pro": "urn:nobody"})
    tap.equal("an unknown profile", answer["result"].get("min"), MINOR + "error/parameterError")


def single(tap):
    data = b"one object\n"
    answer = preserve(data)
    tap.equal("preserved", answer["result"]["maj"], SUCCESS)
    tap.equal("the request id comes back", answer.get("reqId"), "r-1")
    poid = answer["poId"]
    tap.check("a POID is given", len(poid) > 10)
    got = call("RetrievePO", {"poId": poid, "sor": "PO"})
    tap.equal("the same bytes come back", data_of(got["po"][0]), data)
    tap.equal("with its type", got["po"][0]["mimeType"], "text/plain")
    tap.equal("with its id", got["po"][0]["id"], "p0")
    record = service.evidence(poid)
    tap.equal("one record", len(record), 1)
    tap.equal("its format", record[0]["formatId"], "urn:ietf:rfc:4998:EvidenceRecord")
    er, d = save("one.er", data_of(record[0])), save("one", data)
    tap.equal("the record verifies offline", verify(er, d)[0], 0)
    tap.equal("over other data it does not", verify(er, save("other", b"x"))[0] in (1, 2), True)
    both = call("RetrievePO", {"poId": poid, "sor": "POwithDetachedEvidence"})["po"]
    tap.equal("object and evidence", len(both), 2)
    tap.equal("the evidence names the object", both[1]["relObj"], [both[0]["id"]])
    box = call("RetrievePO", {"poId": poid})["po"]
    tap.equal("by default a container", box[0]["formatId"],
              "http://uri.etsi.org/ades/ASiC/type/ASiC-ERS")
    tap.equal("which verifies offline", verify(save("one.asice", data_of(box[0])))[0], 0)
    return poid, data, data_of(record[0]), data_of(box[0])


def group(tap):
    datas = [b"first\n", b"second\n", b"third\n"]
    poid = preserve(*datas)["poId"]
    record = service.evidence(poid)
    er = save("group.er", data_of(record[0]))
    files = [save(f"g{i}", d) for i, d in enumerate(datas)]
    code, text = verify(er, *files)
    tap.equal("the group verifies", code, 0)
    tap.check("and is complete", '"group_complete":true' in text.replace(" ", ""), text)
    code, text = verify(er, *files[:2])
    tap.check("without a member it is not complete",
              '"group_complete":false' in text.replace(" ", ""), text)
    got = call("RetrievePO", {"poId": poid, "sor": "PO"})["po"]
    tap.equal("all members come back", [data_of(p) for p in got], datas)
    twice = preserve(b"same\n", b"same\n")["poId"]
    er = save("same.er", data_of(service.evidence(twice)[0]))
    tap.equal("a group of equal members verifies", verify(er, save("same", b"same\n"))[0], 0)


def validate(tap, poid, data, record, box):
    ev = {"binaryData": {"value": b64(record)}, "formatId": "urn:ietf:rfc:4998:EvidenceRecord"}
    po = {"binaryData": {"value": b64(data)}, "mimeType": "text/plain", "id": "d"}
    answer = call("ValidateEvidence", {"ev": ev, "po": [po]})
    tap.equal("valid evidence", answer["result"]["maj"], SUCCESS)
    report = json.loads(data_of(answer["valRep"]))
    tap.equal("its report", (report["intact"], report["indication"]), (True, "PASSED"))
    tap.check("proof of existence is told", answer["poe"].endswith("Z"))
    po["binaryData"]["value"] = b64(data + b"!")
    answer = call("ValidateEvidence", {"ev": ev, "po": [po]})
    report = json.loads(data_of(answer["valRep"]))
    tap.check("other data is not covered", not report["covers"][0]["covered"], report)
    tap.check("and proves nothing", "poe" not in answer, answer)
    answer = call("ValidateEvidence", {"po": [
        {"binaryData": {"value": b64(box)},
         "formatId": "http://uri.etsi.org/ades/ASiC/type/ASiC-ERS"}]})
    report = json.loads(data_of(answer["valRep"]))
    tap.equal("a container is judged", report["indication"], "PASSED")
    answer = call("ValidateEvidence", {"ev": dict(ev, poId=poid)})
    report = json.loads(data_of(answer["valRep"]))
    tap.equal("evidence over a preserved object", report["indication"], "PASSED")
    broken = bytearray(record)
    broken[len(broken) // 2] ^= 1
    answer = call("ValidateEvidence", {"ev": {"binaryData": {"value": b64(bytes(broken))},
                                              "formatId": ev["formatId"]}, "po": [po]})
    bad = answer["result"].get("min") == MINOR + "error/parameterError" or \
        json.loads(data_of(answer["valRep"]))["indication"] != "PASSED"
    tap.check("a flipped bit is seen", bad, answer)


def trace(tap, poid):
    events = call("RetrieveTrace", {"poId": poid})["trace"]["event"]
    operations = [e["op"] for e in events]
    tap.equal("the first event is its preservation", operations[0], "PreservePO")
    tap.check("its evidence is an event", "EvidenceCreated" in operations, operations)
    tap.check("reading it is an event", "RetrievePO" in operations, operations)
    tap.equal("events are in order", events, sorted(events, key=lambda e: e["time"].rstrip("Z")))  # 1Z, 1.5Z


def delete(tap):
    poid = preserve(b"to be deleted\n")["poId"]
    service.evidence(poid)
    answer = call("DeletePO", {"poId": poid})
    tap.equal("no deletion before its time without a reason", answer["result"]["maj"], REQUESTER)
    tap.equal("the object is kept", call("RetrievePO", {"poId": poid, "sor": "PO"})["result"]["maj"],
              SUCCESS)
    answer = call("DeletePO", {"poId": poid, "mod": "Everything", "reason": "x"})
    tap.equal("unknown mode", answer["result"].get("min"), MINOR + "error/unknownMode")
    answer = call("DeletePO", {"poId": poid, "mod": "OnlySubDOs", "reason": "space", "crn": "me"})
    tap.equal("data deleted", answer["result"]["maj"], SUCCESS)
    answer = call("RetrievePO", {"poId": poid, "sor": "PO"})
    tap.equal("the data is gone", answer["result"].get("min"),
              MINOR + "warning/requestOnlyPartlySuccessful")
    er = save("gone.er", data_of(service.evidence(poid)[0]))
    tap.equal("its evidence remains", verify(er, save("gone", b"to be deleted\n"))[0], 0)
    answer = call("DeletePO", {"poId": poid, "reason": "all of it"})
    tap.equal("all deleted", answer["result"]["maj"], SUCCESS)
    answer = call("RetrievePO", {"poId": poid})
    tap.equal("the POID is unknown", answer["result"].get("min"), MINOR + "error/unknownPOID")
    events = call("RetrieveTrace", {"poId": poid})["trace"]["event"]
    tap.check("the trace tells who and why",
              any(e["op"] == "DeletePO" and "all of it" in e.get("det", "") for e in events), events)


def commands(tap):
    def run(*args):
        return subprocess.run([ltps, *args, "--url", service.url], capture_output=True, text=True)
    file = save("file.txt", b"by command\n")
    r = run("preserve", file, "--mime", "text/plain")
    poid = r.stdout.strip()
    tap.check("preserve prints the POID alone", r.returncode == 0 and "\n" not in poid, r)
    service.evidence(poid)
    out = os.path.join(work, "out.er")
    tap.equal("retrieve evidence", run("retrieve", poid, "--subject", "Evidence", "-o", out).returncode, 0)
    tap.equal("which verifies", verify(out, file)[0], 0)
    out = os.path.join(work, "out.txt")
    tap.equal("retrieve the object", run("retrieve", poid, "--subject", "PO", "-o", out).returncode, 0)
    tap.equal("the same bytes", open(out, "rb").read(), b"by command\n")
    r = run("trace", poid)
    tap.check("trace", r.returncode == 0 and "EvidenceCreated" in r.stdout, r)
    r = run("info")
    tap.check("info", r.returncode == 0 and PROFILE in r.stdout, r)
    tap.check("delete without reason fails", run("delete", poid).returncode not in (0, 70))
    tap.equal("delete", run("delete", poid, "--reason", "a test").returncode, 0)
    r = run("retrieve", poid, "-o", out)
    tap.check("an unknown POID is named", r.returncode != 0 and "unknownPOID" in r.stderr, r)
    r = subprocess.run([ltps, "retrieve", poid, "--url", "http://127.0.0.1:9"], capture_output=True, text=True)
    tap.equal("no service: 69", r.returncode, 69)


def whole(tap):
    r = subprocess.run([ltps, "fsck", "-c", os.path.join(service.dir, "ltps.conf")],
                       capture_output=True, text=True)
    tap.check("fsck is clean beside the running service", r.returncode == 0, r)
    copy, back = os.path.join(work, "backup"), os.path.join(work, "restored")
    conf = os.path.join(service.dir, "ltps.conf")
    r = subprocess.run([ltps, "backup", copy, "-c", conf], capture_output=True, text=True)
    tap.check("backup beside the running service", r.returncode == 0, r)
    r = subprocess.run([ltps, "restore", copy, "--store", back], capture_output=True, text=True)
    tap.check("restore", r.returncode == 0, r)


with workspace() as work:
    service = Service(ltps, os.path.join(work, "demo"))
    anchors = os.path.join(service.dir, "anchors.pem")
    try:
        service.start()
        tap.run(info)
        kept = []
        tap.run(lambda t: kept.extend(single(t)))
        tap.run(group)
        if kept:
            tap.run(validate, *kept)
            tap.run(trace, kept[0])
        tap.run(delete)
        tap.run(commands)
        tap.run(whole)
        tap.equal("SIGTERM ends it with 0", service.stop(), 0)
    finally:
        service.kill()
tap.end()
