#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""schemes_interop BUILD - what the schemes of TS 119 512 give out, before outside judges:
records of digest lists, the same renewed both ways, with the attributes of annex H, records
of data that were taken over and go on, and containers with an evidence record. One line for each and judge."""
import hashlib
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True  # the tree stays as it is
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import judges  # noqa: E402
from service import PROFILE, Service, Tap, b64, data_of, workspace  # noqa: E402

tap = Tap()
build = os.path.abspath(sys.argv[1])
WTS = "urn:ltps:profile:pgd+wts+ers:1"
CONTINUED = "urn:ltps:format:EvidenceRecord:continued"
LIST = "http://uri.etsi.org/19512/format/DigestList"
OIDS = {"sha256": "2.16.840.1.101.3.4.2.1", "sha512": "2.16.840.1.101.3.4.2.3"}
DATAS = [b"one\n", b"two\n", b"three\n"]


def save(work, name, data):
    path = os.path.join(work, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def record_of(service, alg, datas, before=None):
    doc = {"digAlg": "urn:oid:" + OIDS[alg],
           "digVal": [b64(hashlib.new(alg, d).digest()) for d in datas]}
    if before:
        doc["ev"] = {"binaryData": {"value": b64(before)},
                     "formatId": "urn:ietf:rfc:4998:EvidenceRecord"}
    po = {"binaryData": {"value": b64(json.dumps(doc).encode())}, "formatId": LIST}
    answer = service.call("PreservePO", {"pro": WTS, "po": [po]})[1]
    return data_of(service.evidence(answer["poId"])[0])


def preserved(service, pos):
    poid = service.call("PreservePO", {"pro": PROFILE, "po": pos})[1]["poId"]
    return data_of(service.evidence(poid)[0])


def continued(service, work, n, files, pos):
    """Data with the record that its service before made: the same digest, a further chain."""
    record = preserved(service, pos)
    for _ in range(2):
        record = preserved(service, [*pos, {"binaryData": {"value": b64(record)},
                                            "formatId": CONTINUED}])
    return (f"taken over twice, of {n}", [save(work, f"{n}-continued.er", record), *files], n,
            [1, 1, 1])


def make(service, work):
    """[(name, files, data objects, chains)]"""
    out = []
    for n in (1, 3):
        datas = DATAS[:n]
        files = [save(work, f"data{n}-{i}", d) for i, d in enumerate(datas)]
        first = record_of(service, "sha256", datas)
        again = record_of(service, "sha256", datas, first)
        other = record_of(service, "sha512", datas, again)
        third = record_of(service, "sha512", datas, other)
        for name, record, chains in (("list", first, [1]), ("timestamp renewal", again, [2]),
                                     ("hash-tree renewal", other, [2, 1]),
                                     ("both", third, [2, 2])):
            path = save(work, f"{n} {name}.er".replace(" ", "-"), record)
            out.append((f"{name} of {n}", [path, *files], n, chains))
        pos = [{"binaryData": {"value": b64(d)}, "mimeType": "text/plain", "id": f"f{i}.txt"}
               for i, d in enumerate(datas)]
        out += [continued(service, work, n, files, pos)]
        poid = service.call("PreservePO", {"pro": PROFILE, "po": pos})[1]["poId"]
        service.evidence(poid)
        box = data_of(service.call("RetrievePO", {"poId": poid})[1]["po"][0])
        out.append((f"container of {n}", [save(work, f"box{n}.asice", box)], n, [1]))
    return out


def dss_judges(tap, samples, anchors):
    try:
        judge = judges.dss(os.path.join(build, "judges"))
    except judges.Absent as e:
        tap.skip("DSS judges what the schemes give out", e)
        return
    answers = judge.judge([files for _, files, _, _ in samples], anchors)
    for (name, _, n, chains), a in zip(samples, answers):
        good = judges.dss_accepts(a, n, chains) and a["records"][0]["indication"] == "PASSED"
        tap.check(f"{name}: DSS", good, a)


def er_check_judges(tap, samples):
    for name, files, _, _ in samples:
        if files[0].endswith(".er"):
            code, text = judges.er_check(files[0], files[1:])
            tap.check(f"{name}: er_check", code == 0, text)


with workspace() as work:
    service = Service(os.path.join(build, "ltps"), os.path.join(work, "demo"))
    try:
        service.start()
        samples = make(service, work)
        tap.run(er_check_judges, samples)
        tap.run(dss_judges, samples, os.path.join(service.dir, "anchors.pem"))
    except Exception as e:  # noqa: BLE001 - a broken step is a failed test
        tap.check("the service serves", False, e)
    finally:
        service.kill()
tap.end()
