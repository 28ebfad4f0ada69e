#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""exchange BUILD - `ltps export` and `ltps import`: objects leave one service and are taken
over by another; what does not verify, or only under anchors that nobody named, is refused;
the records go on proving what they proved, and the new service's own evidence covers them."""
import base64
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from service import Service, Tap, b64, data_of, workspace  # noqa: E402

tap = Tap()
LIMIT = 120
TEXT = b"The buyer pays on delivery.\n"
SCHEMAS = os.environ.get("LTPS_SCHEMAS") or os.path.join(HERE, "../../../shared/schemas")
SCHEMA = os.path.join(SCHEMAS, "ts119512/xml/19512-EvidenceExchange_V.1.1.2.xsd")


def run(*arguments):
    return subprocess.run(arguments, capture_output=True, timeout=LIMIT, check=False)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path


def usage(_, ltps, old, work):
    for name, wanted, arguments in (
            ("export without a POID", 64, ["export", "-o", f"{work}/x"]),
            ("export without a file", 64, ["export", "p"]),
            ("export of an unknown POID", 1, ["export", "unknown", "-o", f"{work}/x", "--url", old.url]),
            ("export without a service", 69,
             ["export", "p", "-o", f"{work}/x", "--url", "http://127.0.0.1:1"]),
            ("import without a file", 64, ["import"]),
            ("import of two files", 64, ["import", "a", "b"]),
            ("import of what is not there", 65, ["import", "/nonexistent"]),
            ("import by an unknown policy", 64, ["import", "x", "--policy", "none"])):
        tap.equal(name, run(ltps, *arguments).returncode, wanted)
    tap.check("nothing was written", not os.path.exists(f"{work}/x"))


def malformed(_, ltps, old, good, work):
    text = good.decode()
    info = re.search(r"<ex:EvidenceInfo.*?</ex:EvidenceInfo>", text, re.S).group(0)
    first = re.search(r'<ex:Object .*?</ex:Object>', text, re.S).group(0)
    for name, changed in (
            ("nothing", ""), ("no XML", "x"), ("half of it", text[:len(text) // 2]),
            ("another root", '<EvidenceExchange xmlns="urn:x"/>'),
            ("a DOCTYPE", '<!DOCTYPE x [<!ENTITY a "b">]>' + text),
            ("text between elements", text.replace(info, info + "x", 1)),
            ("an unknown element", text.replace(info, "<ex:HashTree/>" + info, 1)),
            ("another order", text.replace(info, "", 1).replace(first, first + info, 1)),
            ("an id twice", text.replace(first, first + first, 1)),
            ("no id", text.replace(first, re.sub(r' ID="[^"]*"', "", first), 1)),
            ("a reference to nothing", text.replace("<ex:ObjectRef>p1-", "<ex:ObjectRef>q-", 1)),
            ("base64 that is none", re.sub(r"binaryData>.", "binaryData>%", text, count=1)),
            ("no data", re.sub(r"<pres:binaryData>[^<]*</pres:binaryData>", "", text, count=1)),
            ("XML instead of data", re.sub(r"<pres:binaryData>[^<]*</pres:binaryData>",
                                           "<pres:xmlData><a/></pres:xmlData>", text, count=1))):
        path = write(f"{work}/bad.xml", changed.encode())
        r = run(ltps, "import", path, "--anchor", f"{old.dir}/anchors.pem", "--check")
        tap.equal(f"a document with {name}: {r.stderr.decode()[:90].strip()}", r.returncode, 65)


def refused(_, ltps, old, good, work):
    text = good.decode()
    objects = re.findall(r"<ex:Object .*?</ex:Object>", text, re.S)
    info = re.search(r"<ex:EvidenceInfo.*?</ex:EvidenceInfo>", text, re.S).group(0)
    value = re.search(r"<pres:binaryData[^>]*>([^<]*)<", objects[0]).group(1)
    data = base64.b64decode(value)
    changed = b64(bytes([data[0] ^ 1]) + data[1:])
    record = re.search(r"<pres:binaryData[^>]*>([^<]*)<", info).group(1)
    raw = base64.b64decode(record)
    flipped = b64(raw[:-20] + bytes([raw[-20] ^ 1]) + raw[-19:])
    anchor = ["--anchor", f"{old.dir}/anchors.pem"]
    for name, document, trust in (
            ("under no anchor", text, []),
            ("with a changed object", text.replace(value, changed), anchor),
            ("with a changed record", text.replace(record, flipped, 1), anchor),
            ("with an object that no evidence is about",
             text.replace(objects[0], objects[0] + objects[0].replace(' ID="p1-', ' ID="p9-', 1), 1),
             anchor),
            ("with evidence about nothing", re.sub(r"<ex:ObjectRef>[^<]*</ex:ObjectRef>", "", text),
             anchor),
            ("with evidence of no object", re.sub(r' POID="[^"]*"', "", text, count=1), anchor),
            ("with evidence that is none", text.replace(record, b64(b"none"), 1), anchor),
            ("without evidence", re.sub(r"<ex:EvidenceInfo.*</ex:EvidenceInfo>", "", text, flags=re.S),
             anchor)):
        tap.check(f"a document {name} is another one", document != text or not trust)
        r = run(ltps, "import", write(f"{work}/bad.xml", document.encode()), *trust, "--check")
        tap.check(f"a document {name} is refused: {r.stderr.decode()[:100].strip()}",
                  r.returncode == 1 and b"POFormatError" in r.stderr, (r.returncode, r.stderr))


def taken_over(_, ltps, old, new, poids, path):
    r = run(ltps, "import", path, "--anchor", f"{old.dir}/anchors.pem", "--check", "--url", new.url)
    tap.equal("the document verifies", (r.returncode, r.stdout, r.stderr), (0, b"", b""))
    r = run(ltps, "import", path, "--anchor", f"{new.dir}/anchors.pem", "--url", new.url)
    tap.equal("under the anchors of the new service alone it is refused", r.returncode, 1)
    r = run(ltps, "import", path, "--anchor", f"{old.dir}/anchors.pem", "--url", new.url)
    tap.equal("import", (r.returncode, r.stderr), (0, b""))
    pairs = dict(line.split() for line in r.stdout.decode().splitlines())
    tap.equal("each object once", sorted(pairs), sorted(poids))
    return pairs


def continued(_, ltps, old, new, pairs, poids, work):
    """The old record over the old data, and the new record over both."""
    new_poid = pairs[poids[0]]
    evidence = data_of(new.evidence(new_poid)[0])
    parts = new.retrieve(new_poid, "PO")[1]["po"]
    names = {p["id"]: data_of(p) for p in parts}
    tap.check("data, record, trace and anchors are there",
              {"v1-po-1", "v1-po-2", "imported-1-evidence-v1", "imported-1-trace", "imported-1-anchors"} <= set(names) or
              {"po-1", "po-2", "imported-1-evidence-v1", "imported-1-trace", "imported-1-anchors"} <= set(names), list(names))
    first = "po-1" if "po-1" in names else "v1-po-1"
    tap.equal("the data is the same", names.get(first), TEXT)
    files = [write(f"{work}/{i}", d) for i, d in names.items()]
    r = run(ltps, "evidence", "verify", write(f"{work}/new.er", evidence), "--anchor",
            f"{new.dir}/anchors.pem", *[x for f in files for x in ("--data", f)])
    tap.equal("the new evidence covers all of it", r.returncode, 0)
    r = run(ltps, "evidence", "verify", f"{work}/imported-1-evidence-v1", "--anchor", f"{old.dir}/anchors.pem",
            "--data", f"{work}/{first}", "--data", f"{work}/{first[:-1]}2")
    tap.equal("the old evidence goes on proving the data", r.returncode, 0)
    related = [p for p in parts if p["id"] == "imported-1-evidence-v1"][0]
    tap.equal("it says what it is about", len(related.get("relObj", [])), 2)
    again = f"{work}/again.xml"
    r = run(ltps, "export", new_poid, "-o", again, "--url", new.url)
    tap.equal("the new service can export it too", (r.returncode, r.stderr), (0, b""))
    r = run(ltps, "import", again, "--anchor", f"{new.dir}/anchors.pem", "--check")
    tap.equal("and that verifies", (r.returncode, r.stderr), (0, b""))


def main():
    ltps = os.path.join(os.path.abspath(sys.argv[1]), "ltps")
    with workspace() as work:
        old, new = Service(ltps, f"{work}/old"), Service(ltps, f"{work}/new")
        try:
            old.start()
            new.start()
            poids = [old.preserve(TEXT, b"annex\n")[1]["poId"], old.preserve(b"second\n")[1]["poId"]]
            for poid in poids:
                old.evidence(poid)
            path = f"{work}/exchange.xml"
            tap.run(usage, ltps, old, work)
            r = run(ltps, "export", *poids, "-o", path, "--url", old.url)
            tap.equal("export", (r.returncode, r.stderr), (0, b""))
            if shutil.which("xmllint") and os.path.exists(SCHEMA):
                r = run("xmllint", "--nonet", "--noout", "--schema", SCHEMA, path)
                tap.check("it is as the schema says", r.returncode == 0, r.stderr.decode()[-400:])
            else:
                tap.skip("the schema", "xmllint or the schema is not here")
            good = read(path)
            tap.run(malformed, ltps, old, good, work)
            tap.run(refused, ltps, old, good, work)
            pairs = taken_over(tap, ltps, old, new, poids, path)
            tap.run(continued, ltps, old, new, pairs, poids, work)
            tap.equal("the services end cleanly", (old.stop(), new.stop()), (0, 0))
        finally:
            old.kill()
            new.kill()
    tap.end()


if __name__ == "__main__":
    main()
