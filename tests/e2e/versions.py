#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""versions BUILD - UpdatePOC and Search over the JSON interface and by command,
messages held against the schemas of TS 119 512 when they are at hand."""
import json
import os
import random
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from service import (MINOR, PROFILE, REQUESTER, SUCCESS, Service, Tap, b64, data_of,
                     workspace)  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
FOLDER = os.path.join(os.environ.get("LTPS_SCHEMAS", ""), "ts119512", "json")
MAIN = "file:///19512-Preservation-API-schema-1.1.2.json"

try:
    import jsonschema
    store = {}
    for file in os.listdir(FOLDER):
        with open(os.path.join(FOLDER, file), encoding="utf-8") as f:
            store["file:///" + file] = json.load(f)
    # The published schema names a type that OASIS' file does not hold.
    store["file:///oasis-dss-core-schema-2.0-cs02.json"]["definitions"].setdefault(
        "dsigrw-DigestMethodType", {})
except Exception as e:  # noqa: BLE001 - absent folder or module: named as skipped below
    store = None
    tap.skip("messages validate against the schemas", f"schemas not at hand: {e}")


def problems(name, value):
    resolver = jsonschema.RefResolver(MAIN, store[MAIN], store)
    validator = jsonschema.Draft4Validator({"$ref": f"{MAIN}#/definitions/{name}"},
                                           resolver=resolver)
    known = store[MAIN]["definitions"][name]["properties"]
    return [e.message for e in validator.iter_errors(value)] + \
        [f"unknown member {k}" for k in value if k not in known]


def call(operation, message):
    status, answer = service.call(operation, message)
    if store:
        kind = f"pres-{operation}ResponseType"
        if operation == "DeletePO" or answer["result"]["maj"] != SUCCESS:
            kind = "pres-ResponseType"
        wrong = problems(f"pres-{operation}Type", message) + problems(kind, answer)
        tap.check(f"{operation} messages validate", not wrong, wrong)
    tap.equal(f"{operation} answers 200", status, 200)
    return answer


def po(data, **more):
    return {"binaryData": {"value": b64(data)}, "mimeType": "text/plain", **more}


def preserve(*pos):
    answer = call("PreservePO", {"pro": PROFILE, "po": list(pos)})
    return answer["poId"]


def update(poid, *pos):
    return call("UpdatePOC", {"poId": poid, "deltaPoc": list(pos), "reqId": "u"})


def data(poid, **more):
    answer = call("RetrievePO", {"poId": poid, "sor": "PO", **more})
    return {p["id"]: data_of(p) for p in answer.get("po", [])}


def verify(name, record, *datas):
    paths = []
    for i, d in enumerate([record, *datas]):
        paths.append(os.path.join(work, f"{name}.{i}"))
        with open(paths[-1], "wb") as f:
            f.write(d)
    args = [ltps, "evidence", "verify", paths[0], "--anchor", anchors]
    for path in paths[1:]:
        args += ["--data", path]
    return subprocess.run(args, capture_output=True, text=True).returncode


def info(tap):
    pro = call("RetrieveInfo", {"pro": PROFILE})["pro"][0]
    described = {o["name"]: o.get("desc") for o in pro["op"]}
    tap.check("the rule of updates is told", "DeltaPOC" in described["UpdatePOC"][0]["value"])
    tap.check("the filter is told", "operator" in described["Search"][0]["value"].lower())


def versions(tap):
    poid = preserve(po(b"first", id="doc"), po(b"second"))
    answer = update(poid, po(b"FIRST", id="doc"), po(b"about it", id="note", relObj=["doc"]))
    tap.equal("the new version is told", answer.get("versionId"), "v2")
    tap.equal("the request id comes back", answer.get("reqId"), "u")
    tap.equal("the latest by default", data(poid),
              {"doc": b"FIRST", "po-2": b"second", "note": b"about it"})
    tap.equal("the first by its id", data(poid, versionId=["v1"]),
              {"doc": b"first", "po-2": b"second"})
    tap.equal("all of them", len(data(poid, versionId=["all"])), 5)
    record = data_of(service.evidence(poid)[0])
    tap.equal("its evidence covers the new version",
              verify("v2", record, b"FIRST", b"second", b"about it"), 0)
    first = call("RetrievePO", {"poId": poid, "sor": "Evidence", "versionId": ["v1"]})["po"]
    tap.equal("the first has its own", verify("v1", data_of(first[0]), b"first", b"second"), 0)
    tap.check("which is not over the new version",
              verify("v1x", data_of(first[0]), b"FIRST", b"second") in (1, 2))
    answer = update(poid, po(b"x", relObj=["nowhere"]))
    tap.equal("related to nothing", answer["result"].get("min"),
              MINOR + "error/DeltaPOCInternalProblem")
    answer = update(poid, {"binaryData": {"value": b64(b"<x/>")},
                           "formatId": "http://www.bsi.bund.de/tr-esor/dxaip/1.3"})
    tap.equal("a format with versions of its own", answer["result"].get("min"),
              MINOR + "error/unknownDeltaPOCType")
    events = call("RetrieveTrace", {"poId": poid})["trace"]["event"]
    tap.check("the trace tells of it",
              any(e["op"] == "UpdatePOC" and e.get("det") == "v2: 1 added, 1 replaced"
                  for e in events), events)
    return poid


def container(tap):
    poid = call("PreservePO", {"pro": PROFILE})["poId"]
    answer = call("RetrievePO", {"poId": poid})
    tap.check("an empty container holds nothing", "po" not in answer, answer)
    tap.equal("what fills it is version 1", update(poid, po(b"x", id="x")).get("versionId"), "v1")
    tap.equal("and comes back", data(poid), {"x": b"x"})


def at_once(tap):
    poid = preserve(po(b"0"))
    seen, lock = [], threading.Lock()

    def work_at(i):
        for n in range(5):
            _, answer = service.call("UpdatePOC", {"poId": poid, "deltaPoc": [
                po(f"{i} {n}".encode(), id=f"p{i}-{n}")]})
            with lock:
                seen.append(answer.get("versionId"))
    threads = [threading.Thread(target=work_at, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    tap.equal("updates at once each have a version", sorted(seen),
              sorted(f"v{i}" for i in range(2, 22)))
    tap.equal("and nothing of them is lost", len(data(poid)), 21)


def killed(tap):
    """Whatever was acknowledged is there after kill -9; nothing is there by half."""
    poid = preserve(po(b"0"))
    told = []

    def work_until_gone():
        for n in range(10000):
            try:
                _, answer = service.call("UpdatePOC", {"poId": poid, "deltaPoc": [
                    po(random.randbytes(60000 if n % 3 == 0 else 50), id="data")]})
            except Exception:  # noqa: BLE001 - the service is gone
                return
            if "versionId" not in answer:
                told.append(str(answer))
                return
            told.append(answer["versionId"])
            if len(told) == 12:
                enough.set()
    enough = threading.Event()
    thread = threading.Thread(target=work_until_gone)
    thread.start()
    tap.check("updates were acknowledged", enough.wait(60), told)
    service.kill()
    thread.join()
    service.start()
    every = data(poid, versionId=["all"])
    tap.check("every acknowledged version is there",
              all(f"{v}-data" in every for v in told), (told, sorted(every)))
    # One more may have been committed when the answer was lost.
    tap.check("and at most one more", len(every) in (len(told) * 2 + 1, len(told) * 2 + 3),
              (len(every), len(told)))
    r = subprocess.run([ltps, "fsck", "-c", os.path.join(service.dir, "ltps.conf")],
                       capture_output=True, text=True)
    tap.check("fsck is clean", r.returncode == 0, r)


def search(tap, updated):
    def find(text):
        return call("Search", {"fi": text})
    mine = [preserve(po(f"s{i}".encode(), id="search-me")) for i in range(5)]
    tap.equal("found by id", find("id = search-me").get("poId"), mine)
    answer = find("id = search-me limit 2")
    tap.equal("a page", answer.get("poId"), mine[:2])
    tap.check("which says how to go on", f"after {mine[1]}" in answer["result"]["msg"]["value"],
              answer)
    tap.equal("the next page", find(f"id = search-me after {mine[1]}").get("poId"), mine[2:])
    tap.equal("newest first", find("id = search-me order newest limit 1").get("poId"), mine[4:])
    tap.equal("by POID", find(f'poid = "{mine[2]}"').get("poId"), [mine[2]])
    tap.equal("by the number of versions", find(f"versions = 2 and poid = {updated}").get("poId"),
              [updated])
    tap.check("nothing is found", "poId" not in find("stored < 2001-01-01"))
    tap.check("all without a condition", set(mine) <= set(find("").get("poId")))
    answer = find("stored > yesterday")
    tap.equal("a bad filter", answer["result"]["maj"], REQUESTER)
    tap.check("is told where", "character 10" in answer["result"]["msg"]["value"], answer)
    call("DeletePO", {"poId": mine[0], "reason": "a test"})
    tap.equal("what is deleted is not found", find("id = search-me").get("poId"), mine[1:])


def commands(tap):
    def run(*args):
        return subprocess.run([ltps, *args, "--url", service.url], capture_output=True, text=True)
    path = os.path.join(work, "file.txt")
    with open(path, "wb") as f:
        f.write(b"by command\n")
    r = run("preserve", "--empty")
    poid = r.stdout.strip()
    tap.equal("preserve --empty", r.returncode, 0)
    r = run("update", poid, path, "--id", "a")
    tap.equal("update prints the version alone", (r.returncode, r.stdout), (0, "v1\n"))
    r = run("update", poid, path, "--mime", "text/x-more", "--related", "a")
    tap.equal("update again", (r.returncode, r.stdout), (0, "v2\n"))
    r = run("update", poid, path, "--related", "nowhere")
    tap.check("a refusal is told", r.returncode == 1 and "DeltaPOCInternalProblem" in r.stderr, r)
    tap.equal("no file: usage", run("update", poid).returncode, 64)
    r = run("search", "mime = text/x-more")
    tap.equal("search prints POIDs", (r.returncode, r.stdout), (0, poid + "\n"))
    r = run("search", "limit 1")
    tap.check("search says that there are more", r.returncode == 0 and "there are more" in r.stderr,
              r)
    r = run("search", "mime <")
    tap.check("search tells what is wrong", r.returncode == 1 and "character 6" in r.stderr, r)
    tap.check("help of both", all(run(c, "-h").returncode == 0 for c in ("update", "search")))


with workspace() as work:
    service = Service(ltps, os.path.join(work, "demo"))
    anchors = os.path.join(service.dir, "anchors.pem")
    try:
        service.start()
        tap.run(info)
        updated = []
        tap.run(lambda t: updated.append(versions(t)))
        tap.run(container)
        tap.run(at_once)
        tap.run(killed)
        if updated:
            tap.run(search, updated[0])
        tap.run(commands)
        tap.equal("SIGTERM ends it with 0", service.stop(), 0)
    finally:
        service.kill()
tap.end()
