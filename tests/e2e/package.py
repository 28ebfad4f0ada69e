#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""package BUILD - `ltps package` and GET /package/POID: what an auditor gets is unpacked
in an empty folder, every command that its page names is run there and does what the page
expects; then one octet of each file is changed in turn, and the command for it fails."""
import html
import io
import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from service import Service, Tap, b64, until, workspace  # noqa: E402

tap = Tap()
LIMIT = 120
JUDGED = "urn:ltps:profile:pds+pgd+aug+wst+ers:2"
TEXT = b"The buyer pays on delivery.\n"


def run(*arguments, **more):
    return subprocess.run(arguments, capture_output=True, timeout=LIMIT, check=False, **more)


def made(*arguments, **more):
    r = run(*arguments, **more)
    if r.returncode != 0:
        raise RuntimeError(f"{arguments[:3]}: {r.stderr.decode()[-300:]}")
    return r.stdout


def sign(pki, source, out, *options):
    made("openssl", "cms", "-sign", "-binary", "-cades", "-md", "sha256", "-outform", "DER",
         "-in", source, "-out", out, "-signer", f"{pki}/certs/anna.pem", "-inkey",
         f"{pki}/keys/anna.pem", "-certfile", f"{pki}/certs/ca.pem", *options)
    with open(out, "rb") as f:
        return f.read()


def get(service, poid, query=""):
    return service.request("GET", f"/package/{poid}{query}")


def wait(service, poid, versions=()):
    """The package, once all evidence is there and these versions are."""
    answer = []

    def there():
        answer[:] = get(service, poid)
        if answer[0] not in (200, 409):
            raise RuntimeError(f"{answer[0]}: {answer[1][:200]}")
        if answer[0] != 200:
            return False
        with zipfile.ZipFile(io.BytesIO(answer[1])) as z:
            return all(f"evidence/{v}.er" in z.namelist() for v in versions)
    until(there, f"the package of {poid}")
    return answer[1]


def commands_of(folder):
    """[(command, exit status)] of the text page."""
    with open(f"{folder}/README.txt", encoding="utf-8") as f:
        text = f.read()
    return [(m.group(1), int(m.group(2))) for m in re.finditer(
        r"^ {4}\$ (.*)\n.*?expected: exit status (\d+)", text, re.M)]


def execute(ltps, folder, command):
    words = shlex.split(command)
    if words[0] == "ltps":
        words[0] = ltps
    return run(*words, cwd=folder).returncode


def unpack(data, folder):
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        if z.testzip() is not None:
            raise RuntimeError("the package is damaged")
        z.extractall(folder)
        return z.namelist()


def page(name, ltps, folder, kinds):
    commands = commands_of(folder)
    with open(f"{folder}/VERIFY.html", encoding="utf-8") as f:
        shown = [html.unescape(c) for c in
                 re.findall(r'<pre class="command">(.*?)</pre>', f.read(), re.S)]
    tap.equal(f"{name}: both pages name the same commands", shown, [c for c, _ in commands])
    for kind in kinds:
        tap.check(f"{name}: the page names {kind}", any(c.startswith(kind) for c, _ in commands))
    for command, wanted in commands:
        got = execute(ltps, folder, command)
        tap.equal(f"{name}: {command[:70]}", got, wanted)
    return commands


def responsible(path, commands):
    """The commands that must fail when this file is changed."""
    kinds = {"objects": "ltps evidence verify", "evidence": "ltps evidence verify",
             "tokens": "openssl cms"}
    kind = kinds.get(path.split("/")[0])
    out = ["sha512sum --strict --quiet --check SHA512SUMS"]
    if kind is not None:
        out += [c for c, _ in commands if c.startswith(kind) and path in c.split()]
    return out


def change_each(name, ltps, folder, commands, names):
    wanted = dict(commands)
    for path in names:
        with open(f"{folder}/{path}", "rb") as f:
            data = f.read()
        # Of a token what it says: OpenSSL does not look at revocation data in it.
        at = data.index(b"\x04\x20") + 5 if path.startswith("tokens/") else len(data) * 2 // 3
        with open(f"{folder}/{path}", "wb") as f:
            f.write(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
        checks = responsible(path, commands)
        tap.check(f"{name}: {path} has a command", path.split("/")[0] not in
                  ("objects", "evidence", "tokens") or len(checks) > 1, checks)
        for command in checks:
            tap.check(f"{name}: a change of {path} is seen by {command[:40]}",
                      execute(ltps, folder, command) not in (0, wanted[command]))
        with open(f"{folder}/{path}", "wb") as f:
            f.write(data)
    tap.equal(f"{name}: all is well again", execute(ltps, folder, commands[0][0]), 0)


def refusals(_, ltps, service, work):
    for poid in ("unknown", "a%00b", "%2e%2e", ""):
        status, body, fields = get(service, poid)
        tap.check(f"no package of '{poid}'", status in (400, 404) and fields.get(
            "Content-Type") == "application/problem+json", (status, body[:200]))
    for query in ("?partial", "?partial=yes", "?version=v1"):
        tap.equal(f"{query} is refused", get(service, "x", query)[0], 400)
    tap.equal("POST is not allowed", service.request("POST", "/package/x", b"x")[0], 405)
    for name, wanted, arguments in (
            ("no POID", 64, ["-o", f"{work}/x"]), ("no file", 64, ["x"]),
            ("a POID that is none", 64, ["../x", "-o", f"{work}/x"]),
            ("an unknown POID", 1, ["unknown", "-o", f"{work}/x", "--url", service.url]),
            ("a service that is not there", 69,
             ["x", "-o", f"{work}/x", "--url", "http://127.0.0.1:1"])):
        tap.equal(f"ltps package with {name}", run(ltps, "package", *arguments).returncode, wanted)
    tap.check("nothing was written", not os.path.exists(f"{work}/x"))


def unsigned(_, ltps, service, work):
    poid = service.preserve(TEXT, b"annex\n")[1]["poId"]
    wait(service, poid, ["v1"])
    out = f"{work}/u.zip"
    r = run(ltps, "package", poid, "-o", out, "--url", service.url)
    tap.equal("ltps package", (r.returncode, r.stderr), (0, b""))
    with open(out, "rb") as f:
        names = unpack(f.read(), f"{work}/u")
    with open(f"{work}/u/objects/v1/1-part", "rb") as f:
        tap.equal("the data is what was submitted", f.read(), TEXT)
    commands = page("two files", ltps, f"{work}/u",
                    ["sha512sum", "ltps evidence verify", "openssl cms -verify", "openssl asn1parse"])
    change_each("two files", ltps, f"{work}/u", commands, names)
    with open(f"{work}/u/trace.json", encoding="utf-8") as f:
        tap.check("the trace is there", any(e["operation"] == "PreservePO" for e in json.load(f)))
    with zipfile.ZipFile(out) as z:
        tap.equal("all entries have one time", len({i.date_time for i in z.infolist()}), 1)
        tap.equal("entries are not packed", {i.compress_type for i in z.infolist()}, {0})
    trace = service.call("RetrieveTrace", {"poId": poid})[1]["trace"]["event"]
    tap.check("packages are audited", any("package" in e.get("det", "") for e in trace))
    service.call("DeletePO", {"poId": poid, "reason": "over"})
    tap.equal("no package of what was deleted", get(service, poid)[0], 404)


def early(_, service):
    poid = service.preserve(b"early\n")[1]["poId"]
    status, body, _ = get(service, poid, "?partial=true")
    tap.check("a partial package says what is missing", status == 200 and (
        b"not made yet" in body or b"evidence/v1.er" in body), status)
    wait(service, poid, ["v1"])
    first = get(service, poid)[1]
    names = zipfile.ZipFile(io.BytesIO(first)).namelist()
    tap.equal("the same files in the same order",
              zipfile.ZipFile(io.BytesIO(get(service, poid)[1])).namelist(), names)


def without_data(_, ltps, service, work):
    """Deleted data: its evidence is verified by the digests that remain."""
    poid = service.preserve(b"to go\n", b"too\n")[1]["poId"]
    wait(service, poid, ["v1"])
    service.call("DeletePO", {"poId": poid, "mod": "OnlySubDOs", "reason": "over"})
    folder = f"{work}/gone"
    names = unpack(wait(service, poid, ["v1"]), folder)
    tap.check("there is no data", not [n for n in names if n.startswith("objects/")], names)
    commands = page("deleted data", ltps, folder, ["ltps evidence verify evidence/v1.er --digest sha"])
    change_each("deleted data", ltps, folder, commands, names)


def signed(_, ltps, service, work):
    pki = f"{service.dir}/pki"
    source = f"{work}/text"
    with open(source, "wb") as f:
        f.write(TEXT)
    attached = sign(pki, source, f"{work}/a.p7m", "-nodetach")
    detached = sign(pki, source, f"{work}/d.p7s")
    for name, pos in (("attached", [("a.p7m", attached)]),
                      ("detached", [("text.txt", TEXT), ("text.p7s", detached)])):
        message = [{"binaryData": {"value": b64(d)}, "id": i,
                    "mimeType": "application/octet-stream"} for i, d in pos]
        status, answer = service.call("PreservePO", {
            "pro": JUDGED, "po": message})
        poid = answer.get("poId")
        if not tap.check(f"{name}: preserved", poid is not None, answer):
            continue
        data = wait(service, poid, ["v1", "augmented-1", "report-1"])
        folder = f"{work}/{name}"
        names = unpack(data, folder)
        commands = page(name, ltps, folder,
                        ["ltps validate objects/v1", "ltps validate objects/augmented-1",
                         "openssl cms -verify -binary"])
        tap.check(f"{name}: the signatures pass", all(
            s == 0 for c, s in commands if c.startswith("ltps validate")), commands)
        change_each(name, ltps, folder, commands,
                    [n for n in names if not n.startswith("material")])


def damaged(_, ltps, service, work):
    """One file of two is damaged in the store: the rest is given, with its digests; the
    signature about it is judged without it."""
    source, text = f"{work}/kept", b"The seller delivers.\n"
    with open(source, "wb") as f:
        f.write(text)
    pos = [("text.txt", text), ("text.p7s", sign(f"{service.dir}/pki", source, f"{work}/k.p7s"))]
    poid = service.call("PreservePO", {"pro": JUDGED, "po": [
        {"binaryData": {"value": b64(d)}, "id": i, "mimeType": "application/octet-stream"}
        for i, d in pos]})[1]["poId"]
    wait(service, poid, ["v1", "augmented-1", "report-1"])
    with sqlite3.connect(os.path.join(service.dir, "store", "ltps.db"), timeout=60) as db:
        n = db.execute("UPDATE blob SET data = ? WHERE data = ?",
                       (bytes(len(text)), text)).rowcount
    tap.check("a file is damaged", n > 0, n)
    out = f"{work}/k.zip"
    asked = ["package", poid, "-o", out, "--url", service.url]
    r = run(ltps, *asked)
    tap.check("no whole package", r.returncode == 2 and b"text.txt" in r.stderr, r)
    tap.equal("a partial package", run(ltps, *asked, "--partial").returncode, 0)
    with open(out, "rb") as f:
        names = unpack(f.read(), f"{work}/k")
    tap.check("the damaged file alone is left out", "objects/v1/1-text.txt" not in names
              and "objects/v1/2-text.p7s" in names, names)
    commands = page("damaged", ltps, f"{work}/k", [
        "ltps evidence verify evidence/v1.er --digest sha256:",
        "ltps validate objects/v1/2-text.p7s"])
    tap.equal("the record covers it still", [s for c, s in commands if c.startswith(
        "ltps evidence verify evidence/v1.er")], [0])
    tap.equal("the signature is about nothing that is there", [s for c, s in commands if
              c.startswith("ltps validate objects/v1/2-text.p7s")], [2])
    status, answer = service.call("RetrievePO", {"poId": poid, "versionId": ["v1"], "sor": "PO"})
    tap.check("the rest is retrieved, with a warning", status == 200 and answer["result"][
        "min"].endswith("warning/requestOnlyPartlySuccessful") and [
            p["id"] for p in answer["po"]] == ["text.p7s"], answer)
    xml = f"{work}/k.xml"
    tap.equal("it is not exported", (run(ltps, "export", poid, "-o", xml, "--url", service.url)
                                     .returncode, os.path.exists(xml)), (2, False))


def main():
    ltps = os.path.join(os.path.abspath(sys.argv[1]), "ltps")
    with workspace() as work:
        service = Service(ltps, f"{work}/demo")
        try:
            service.start()  # makes the PKI
            service.stop()
            made(ltps, "devpki", "issue", f"{service.dir}/pki", "--name", "anna")
            service.start()
            tap.run(refusals, ltps, service, work)
            tap.run(early, service)
            tap.run(unsigned, ltps, service, work)
            tap.run(without_data, ltps, service, work)
            tap.run(signed, ltps, service, work)
            tap.run(damaged, ltps, service, work)
            tap.equal("the service ends cleanly", service.stop(), 0)
        finally:
            service.kill()
    tap.end()


if __name__ == "__main__":
    main()
