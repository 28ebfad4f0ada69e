#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""exchange BUILD - `ltps export` and `ltps import`: objects leave one service and are taken
over by another; what does not verify, or only under anchors that nobody named, is refused;
the evidence goes on as one record through renewals of both kinds and a third service, or,
where that is not wanted, the old record is kept beside."""
import base64
import datetime
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.request
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from service import PROFILE, SUCCESS, Service, Tap, b64, data_of, free_port, until, workspace  # noqa: E402

tap = Tap()
LIMIT = 120
TEXT = b"The buyer pays on delivery.\n"
ANNEX = b"annex\n"
LATER = b"annex, second edition\n"
CONTINUED = "urn:ltps:format:EvidenceRecord:continued"
SEALING = "urn:ltps:profile:seal+pds+pgd+aug+wst+ers:1"
POLICIES = os.path.join(HERE, "..", "..", "policies")
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


class Other(Service):
    """`ltps serve` with a PKI of two TSAs, which trusts those of others too."""

    def __init__(self, ltps, root, others=()):
        super().__init__(ltps, root)
        os.mkdir(root)
        port = free_port()
        self.others, self.pki_url = others, f"http://127.0.0.1:{port}"
        self.conf, self.pki = f"{root}/ltps.conf", None
        run(ltps, "devpki", "create", f"{root}/pki", "--url", self.pki_url, "--tsas", "2")
        self.pki_listen = f"127.0.0.1:{port}"

    def configure(self, policy=None):
        with urllib.request.urlopen(self.pki_url + "/anchors.pem") as answer:
            write(f"{self.dir}/anchors.pem", answer.read())
        write(f"{self.dir}/all.pem", b"".join(
            read(f"{x.dir}/anchors.pem") for x in [self, *self.others]))
        write(self.conf, f"""[service]
dir = {self.dir}/store
listen = 127.0.0.1:{self.port}
log_level = warning
[tsa first]
url = {self.pki_url}/tsa/0
[tsa second]
url = {self.pki_url}/tsa/1
[trust]
anchors = {self.dir}/all.pem
[fetch]
allow_loopback = true
[profiles]
tree_max_age = 1s
[upkeep]
{f"policy = {policy}" if policy else ""}
""".encode())

    def start(self, wait=True):
        if self.pki is None:
            self.pki = subprocess.Popen(
                [self.program, "devpki", "serve", f"{self.dir}/pki", "--listen", self.pki_listen],
                stdout=subprocess.PIPE, text=True)
            if "listening" not in self.pki.stdout.readline():
                raise RuntimeError("devpki does not serve")
            self.configure()
        with open(self.dir + ".log", "ab") as log:
            self.process = subprocess.Popen([self.program, "serve", "-c", self.conf], stdout=log,
                                            stderr=log, start_new_session=True)
        if wait:
            until(self.ready, "the service is ready")

    def kill(self):
        super().kill()
        if self.pki is not None:
            self.pki.kill()
            self.pki.wait()
            self.pki.stdout.close()


def ending_policy(folder):
    """The default policy, with SHA-256 for three months more: less than the margin."""
    until_day = (datetime.date.today() + datetime.timedelta(days=90)).isoformat()
    suite = read(f"{POLICIES}/algorithms-default.xml").decode()
    at = suite.index("<dssc:ObjectIdentifier>2.16.840.1.101.3.4.2.1<")
    suite = suite[:at] + suite[at:].replace(
        "<dssc:Validity/>", f"<dssc:Validity><dssc:End>{until_day}</dssc:End></dssc:Validity>", 1)
    write(f"{folder}/ending.xml", suite.encode())
    policy = read(f"{POLICIES}/validation-default.conf").decode()
    return write(f"{folder}/ending.conf",
                 policy.replace("suite = default", "suite = ending.xml").encode())


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


def tlv(tag, *bodies):
    body = b"".join(bodies)
    n = len(body)
    size = bytes([n]) if n < 128 else (lambda x: bytes([0x80 | len(x)]) + x)(
        n.to_bytes((n.bit_length() + 7) // 8, "big"))
    return bytes([tag]) + size + body


def members(der):
    """The TLVs within one."""
    def head(at):
        n = der[at + 1]
        if n < 128:
            return at + 2, n
        return at + 2 + (n & 127), int.from_bytes(der[at + 2:at + 2 + (n & 127)], "big")
    at, n = head(0)
    end, out = at + n, []
    while at < end:
        body, n = head(at)
        out.append(der[at:body + n])
        at = body + n
    return out


def encrypted(record):
    """encryptionInfo: type and value."""
    version, algorithms, sequence = members(record)
    return tlv(0x30, version, algorithms, tlv(0xa1, tlv(6, b"\x2a\x03\x04"), tlv(0x30)), sequence)


def loose(record):
    """Chains in BER: a length in more octets than it needs."""
    version, algorithms, sequence = members(record)
    chain = b"".join(members(sequence))
    return tlv(0x30, version, algorithms, b"\x30\x84" + len(chain).to_bytes(4, "big") + chain)


def many(record):
    """More chains than may come."""
    version, algorithms, sequence = members(record)
    return tlv(0x30, version, algorithms, tlv(0x30, *members(sequence) * 130))


def requests(text):
    """[the POs of PreservePO for each record of a document, as the import makes them]"""
    objects = {}
    for m in re.finditer(r"<ex:Object ([^>]*)>.*?binaryData[^>]*>([^<]*)<", text, re.S):
        a = dict(re.findall(r'(\w+)="([^"]*)"', m.group(1)))
        own = re.sub(r"^p\d+-(v1-)?", "", a["ID"])
        po = {"binaryData": {"value": m.group(2)}, "id": own}
        po |= {k: a[n] for k, n in (("formatId", "FormatId"), ("mimeType", "MimeType")) if n in a}
        objects[a["ID"]] = po
    out = []
    for m in re.finditer(r"<ex:EvidenceInfo.*?</ex:EvidenceInfo>", text, re.S):
        refs = re.findall(r"<ex:ObjectRef>([^<]*)<", m.group(0))
        record = re.search(r"binaryData[^>]*>([^<]*)<", m.group(0)).group(1)
        out.append([objects[r] for r in refs] +
                   [{"binaryData": {"value": record}, "formatId": CONTINUED}])
    return out


def checked(_, ltps, old, new, good, work):
    """--check refuses what the service would refuse, by its reasons, without it."""
    text = good.decode()
    record = re.search(r"<ex:EvidenceInfo.*?binaryData[^>]*>([^<]*)<", text, re.S).group(1)
    first, second = re.findall(r'<ex:ObjectRef>([^<]*)<', text)[:2]
    tag = re.search(rf'<ex:Object [^>]*ID="{first}"[^>]*>', text).group(0)
    plain = re.sub(r' (FormatId|MimeType)="[^"]*"', "", tag)

    def of_record(change):
        return text.replace(record, b64(change(base64.b64decode(record))), 1)

    def of_format(name):
        return text.replace(tag, plain[:-1] + f' FormatId="{name}">', 1)
    for name, why, document in (
            ("a record with encryptionInfo", "encryptionInfo is not renewed", of_record(encrypted)),
            ("a record in BER", "not DER", of_record(loose)),
            ("a record of too many chains", "130 chains", of_record(many)),
            ("a name that is too long", "id is too long", text.replace(first, first + "x" * 130)),
            ("a name that stands twice", "stands at po[0]", text.replace(second, first.replace("p1", "p7"))),
            ("data that is not what it says", "given as", of_format("http://uri.etsi.org/ades/PAdES")),
            ("a digest list", "a digest list cannot",
             of_format("http://uri.etsi.org/19512/format/DigestList")),
            ("a record among the data", "is one, behind all", of_format(CONTINUED))):
        tap.check(f"{name} is another document", document != text)
        r = run(ltps, "import", write(f"{work}/bad.xml", document.encode()),
                "--anchor", f"{old.dir}/anchors.pem", "--check")
        told = r.stderr.decode()
        tap.check(f"{name} is refused by --check: {told[:140].strip()}", r.returncode == 1 and why in told,
                  (r.returncode, told))
        answer = new.call("PreservePO", {"pro": PROFILE, "po": requests(document)[0]})[1]
        message = answer["result"].get("msg", {}).get("value", "")
        # What is no PO at all is found before these rules.
        before = "already another object's" in message or "malformed JSON" in message
        tap.check(f"{name} is refused by the service, in these words", "poId" not in answer and
                  (before or why in message and told.strip().endswith(message)), message)
    good_file = write(f"{work}/bad.xml", good)
    for profile, why in (("urn:ltps:profile:pds+wos+aug:1", "does not take|with storage only"),
                         ("urn:ltps:profile:pgd+wts+ers:1", "unknownPOFormat.*with storage only"),
                         ("urn:ltps:profile:pds+wst+aug:1", "does not offer|does not take")):
        r = run(ltps, "import", good_file, "--anchor", f"{old.dir}/anchors.pem", "--check", "--profile", profile)
        tap.check(f"under {profile}: {r.stderr.decode()[:140].strip()}", r.returncode == 1 and
                  re.search(why, r.stderr.decode()), r.stderr)
    r = run(ltps, "import", good_file, "--anchor", f"{old.dir}/anchors.pem", "--check", "--profile", "urn:own")
    tap.check("of a profile that is not known here it says so", r.returncode == 0 and
              b"the profile urn:own" in r.stdout, r.stdout)


def rows(r):
    """[(old POID, new POID, version)]"""
    return [tuple(line.split()) for line in r.stdout.decode().splitlines()]


def plain(names):
    """Without those that say where something is from."""
    return sorted(n for n in names if not re.fullmatch("imported-[0-9a-f]{64}", n))


def judge(ltps, work, record, datas, *services):
    """Exit status and report of the record over these data, offline."""
    files = [write(f"{work}/data-{i}", d) for i, d in enumerate(datas)]
    r = run(ltps, "evidence", "verify", write(f"{work}/record.er", record), "--format", "json",
            *[x for f in files for x in ("--data", f)],
            *[x for s in services for x in ("--anchor", f"{s.dir}/anchors.pem")])
    return r.returncode, json.loads(r.stdout) if r.stdout else {"error": r.stderr}


def record_of(service, poid, version="v1"):
    answer = service.retrieve(poid, "Evidence", versionId=[version])[1]
    return data_of(answer["po"][0])


def stamps(report):
    return [len(c) for c in report.get("chains", [])]


def unknown_authority(_, ltps, old, third, poids, path):
    """A service that does not have the anchors goes on with nothing; beside, it may keep it."""
    anchor = ["--anchor", f"{old.dir}/anchors.pem"]
    r = run(ltps, "import", path, *anchor, "--url", third.url)
    tap.check("a service without the anchors refuses the record, and says why",
              r.returncode == 1 and b"POFormatError" in r.stderr and
              b"NO_CERTIFICATE_CHAIN_FOUND" in r.stderr and r.stdout == b"", r.stderr)
    r = run(ltps, "import", path, *anchor, "--beside", "--url", third.url)
    tap.equal("beside it is kept", (r.returncode, r.stderr), (0, b""))
    tap.equal("each object once", sorted((o, w) for o, _, w in rows(r)),
              sorted((p, "beside") for p in poids))
    count = len(found(third))
    again = run(ltps, "import", path, *anchor, "--beside", "--url", third.url)
    tap.equal("a second run finds it there", (again.returncode, again.stdout, len(found(third))),
              (0, r.stdout.replace(b"beside\n", b"beside there\n"), count))
    return {o: n for o, n, _ in rows(r)}


def beside(_, ltps, old, third, pairs, poids, work):
    """The old record over the old data, and the new record over both."""
    new_poid = pairs[poids[1]]
    evidence = data_of(third.evidence(new_poid)[0])
    names = {p["id"]: data_of(p) for p in third.retrieve(new_poid, "PO")[1]["po"]}
    tap.check("data, record, trace and anchors are there",
              {"po-1", "imported-1-evidence-v1", "imported-1-trace", "imported-1-anchors"} <= set(names),
              list(names))
    origins = sorted(set(names) - set(plain(names)))
    tap.check("and where it is from, under its digest", len(origins) == 1 and
              hashlib.sha256(names[origins[0]]).hexdigest() == origins[0][9:] and
              f"object {poids[1]}\nall\n".encode() in names[origins[0]], list(names))
    code, report = judge(ltps, work, evidence, list(names.values()), third)
    tap.equal("the new evidence covers all of it", (code, len(report["chains"])), (0, 1))
    code, _ = judge(ltps, work, names["imported-1-evidence-v1"], [names["po-1"]], old)
    tap.equal("the old evidence goes on proving the data", code, 0)


def taken_over(_, ltps, old, new, poids, path):
    r = run(ltps, "import", path, "--anchor", f"{old.dir}/anchors.pem", "--check", "--url", new.url)
    tap.equal("the document verifies", (r.returncode, r.stderr), (0, b""))
    tap.check("and what is left open is said", b"not checked" in r.stdout and b"anchors" in r.stdout and
              b"quota" in r.stdout and b"profile" not in r.stdout, r.stdout)
    r = run(ltps, "import", path, "--anchor", f"{new.dir}/anchors.pem", "--url", new.url)
    tap.equal("under the anchors of the new service alone it is refused", r.returncode, 1)
    r = run(ltps, "import", path, "--anchor", f"{old.dir}/anchors.pem", "--url", new.url)
    tap.equal("import", (r.returncode, r.stderr), (0, b""))
    tap.equal("versions in their order, then what is beside", [(o, w) for o, _, w in rows(r)],
              [(poids[0], "v1"), (poids[0], "v2"), (poids[0], "beside"),
               (poids[1], "v1"), (poids[1], "beside")])
    found = {(o, w): n for o, n, w in rows(r)}
    tap.equal("the versions of one object are those of one object",
              found[poids[0], "v1"], found[poids[0], "v2"])
    other = found[poids[1], "beside"]
    names = [p["id"] for p in new.retrieve(other, "PO")[1]["po"]]
    tap.equal("beside are trace and anchors", plain(names), ["imported-1-anchors", "imported-1-trace"])
    tap.equal("and where they are from, under its digest", len(names), 3)
    return {o: n for o, n, w in rows(r) if w == "v1"}


def continued(_, ltps, old, new, pairs, poids, firsts, work):
    """One record, which begins with the first time-stamp of the old service."""
    poid = pairs[poids[0]]
    for version, datas in (("v1", [TEXT, ANNEX]), ("v2", [TEXT, LATER])):
        until(lambda v=version: new.retrieve(poid, "Evidence", versionId=[v])[1].get("po"),
              "the evidence of the new service")
        parts = new.retrieve(poid, "PO", versionId=[version])[1]["po"]
        tap.equal(f"{version}: the same objects under their names",
                  [(p["id"], data_of(p)) for p in parts], list(zip(["po-1", "po-2"], datas)))
        record = record_of(new, poid, version)
        code, report = judge(ltps, work, record, datas, old, new)
        tap.equal(f"{version}: it verifies offline under the anchors of both", code, 0)
        tap.equal(f"{version}: proven since the first time-stamp of the old service",
                  report["proof_of_existence"], firsts[version])
        tap.check(f"{version}: a chain of each service, at least", len(report["chains"]) >= 2, report)
        for name, services in (("old", [old]), ("new", [new])):
            code, _ = judge(ltps, work, record, datas, *services)
            tap.check(f"{version}: not under those of the {name} one alone", code == 2, code)
        code, _ = judge(ltps, work, record, [datas[0], datas[1] + b"x"], old, new)
        tap.check(f"{version}: not over changed data", code != 0, code)
    # Of the old chain: whatever stands in it is covered by the new one.
    whole = record_of(old, poids[0], "v2")
    end = record.index(whole[-300:]) + 300
    for at in range(end - len(whole) + 60, end, len(whole) // 23):
        flipped = record[:at] + bytes([record[at] ^ 1]) + record[at + 1:]
        code, _ = judge(ltps, work, flipped, [TEXT, LATER], old, new)
        tap.check(f"nor with octet {at} of the record changed", code != 0, code)
    outlook = json.loads(new.request("GET", f"/outlook/{poid}")[1])
    told = {v["id"]: (v["proven_since"], v["chains_taken_over"]) for v in outlook["versions"]}
    tap.equal("the outlook tells since when", told, {v: (firsts[v], 1) for v in firsts})
    r = run(ltps, "renewals", "--object", poid, "-c", new.conf)
    tap.check("in words too", r.stdout.count(b"evidence of another service, 1 chain") == 2, r.stdout)
    events = new.call("RetrieveTrace", {"poId": poid})[1]["trace"]["event"]
    tap.equal("the trace tells of both", len([e for e in events if e["op"] == "EvidenceContinued"]), 2)


class Cut(http.server.ThreadingHTTPServer):
    """In front of a service: the answer to one submission is never given; the client is
    killed instead, and the service has done what it was asked."""

    def __init__(self, service):
        super().__init__(("127.0.0.1", 0), Cut.Handler)
        self.service, self.client = service, None
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer, _ = self.server.service.request(
                "POST", self.path, body, {"Content-Type": "application/json"})
            if not self.path.endswith(("/Search", "/RetrievePO")) and self.server.client is not None:
                self.server.client.kill()
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass


def found(service):
    return set(service.call("Search", {"fi": ""})[1].get("poId", []))


def settle(service, start):
    """All that was made since has evidence."""
    def has(poid):
        answer = service.retrieve(poid, "Evidence", versionId=["all"])[1]
        return answer.get("po") and "min" not in answer["result"]
    for poid in found(service) - start:
        until(lambda p=poid: has(p), "evidence of all versions")


def forget(service, start):
    for poid in found(service) - start:
        service.call("DeletePO", {"poId": poid, "reason": "test"})
    tap.equal("which are gone again", found(service), start)


def at_once(_, ltps, old, new, path):
    """Two take the same over at one moment, and once more before there is evidence."""
    start = found(new)
    command = [ltps, "import", path, "--anchor", f"{old.dir}/anchors.pem", "--url", new.url]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    outs = [r.communicate(timeout=LIMIT) for r in runs]
    tap.equal("imports at one moment", [(r.returncode, e) for r, (_, e) in zip(runs, outs)],
              [(0, b"")] * 3)
    named = [[line.split()[:3] for line in o.decode().splitlines()] for o, _ in outs]
    tap.check("name the same objects", named[0] == named[1] == named[2], named)
    tap.equal("four in all", len(found(new) - start), 4)
    r = run(*command)
    tap.equal("a run behind them finds them", ([x[3:] for x in rows(r)], r.stderr), ([("there",)] * 5, b""))
    tap.equal("and makes none", len(found(new) - start), 4)
    forget(new, start)


def another_record(_, ltps, old, new, poids, path):
    """The same data under the same name with another record is told, not taken for done."""
    start = found(new)
    twin = old.preserve(TEXT, ANNEX)[1]["poId"]
    old.evidence(twin)
    digest = hashlib.sha256(record_of(old, poids[0])).hexdigest()
    name = "imported-" + hashlib.sha256(f"object {poids[0]}\nv1\nrecord {digest}\n".encode()).hexdigest()
    pos = [{"binaryData": {"value": b64(d)}, "mimeType": "text/plain", "id": f"po-{i + 1}"}
           for i, d in enumerate((TEXT, ANNEX))]
    er = {"binaryData": {"value": b64(record_of(old, twin))}, "formatId": CONTINUED, "id": name}
    planted = new.call("PreservePO", {"pro": PROFILE, "po": [*pos, er]})[1].get("poId")
    tap.check("another record under that name", planted is not None)
    command = [ltps, "import", path, "--anchor", f"{old.dir}/anchors.pem", "--url", new.url]
    for when in ("before there is evidence", "with evidence"):
        r = run(*command)
        tap.check(f"{when}: it is told", r.returncode == 1 and b"not the same" in r.stderr and
                  planted.encode() in r.stderr and r.stdout == b"", (r.returncode, r.stderr, r.stdout))
        settle(new, start)
    tap.equal("nothing was made", found(new) - start, {planted})
    r = run(*command, "--new")
    tap.equal("--new takes it all the same", (r.returncode, len(rows(r))), (0, 5))
    forget(new, start)


def repeated(_, ltps, old, new, poids, path, more):
    """What a run before took is there, wherever it ended; nothing is made twice."""
    start = found(new)
    command = [ltps, "import", path, "--anchor", f"{old.dir}/anchors.pem"]
    cut = Cut(new)
    for n in range(1, 6):
        cut.client = subprocess.Popen([*command, "--url", cut.url], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE)
        out, _ = cut.client.communicate(timeout=LIMIT)
        tap.check(f"run {n} is killed behind its submission", cut.client.returncode < 0,
                  cut.client.returncode)
        settle(new, start)
        lines = out.decode().splitlines()
        tap.check(f"run {n} tells what was there: {n - 1}",
                  len(lines) == n - 1 and all(x.endswith(" there") for x in lines), lines)
    cut.shutdown()
    r = run(*command, "--url", new.url)
    tap.equal("the last run finds all of it there", (r.returncode, r.stderr), (0, b""))
    tap.equal("in its order", [(o, *w) for o, _, *w in rows(r)],
              [(poids[0], "v1", "there"), (poids[0], "v2", "there"), (poids[0], "beside", "there"),
               (poids[1], "v1", "there"), (poids[1], "beside", "there")])
    made = found(new) - start
    tap.equal("and names each object once", {n for _, n, *_ in rows(r)}, made)
    tap.equal("four objects were made", len(made), 4)
    poid = rows(r)[0][1]
    tap.equal("two versions of the first", len(new.retrieve(poid, "PO", versionId=["all"])[1]["po"]), 4)
    tap.equal("once more", run(*command, "--url", new.url).stdout, r.stdout)
    r = run(ltps, "export", *reversed(poids), "-o", more, "--url", old.url)
    tap.equal("a later export of the same", r.returncode, 0)
    r = run(*command[:2], more, *command[3:], "--url", new.url)
    tap.check("is the same: its records are", len(rows(r)) == 5 and
              all(x[3:] == ("there",) for x in rows(r)), r.stdout)
    tap.check("the trace that grew is told", r.stderr.count(b"stays as it is, with another imported-1-trace") == 2,
              r.stderr)
    new.call("DeletePO", {"poId": poid, "reason": "test"})
    r = run(*command, "--url", new.url)
    tap.equal("what was deleted comes again", [(o, *w) for o, _, *w in rows(r)][:3],
              [(poids[0], "v1"), (poids[0], "v2"), (poids[0], "beside", "there")])
    before = found(new)
    r = run(*command, "--new", "--url", new.url)
    tap.equal("with --new all is made anew", [x[3:] for x in rows(r)], [()] * 5)
    tap.equal("as objects of their own", len(found(new) - before), 4)
    for poid in found(new) - start:
        new.call("DeletePO", {"poId": poid, "reason": "test"})
    tap.equal("which are gone again", found(new), start)


def planted(_, ltps, old, new, poids, path):
    """A name is no evidence: what only bears it is passed over."""
    start, command = found(new), [ltps, "import", path, "--anchor", f"{old.dir}/anchors.pem"]
    r = run(*command, "--url", new.url)
    first = rows(r)
    others = []
    for poid in found(new) - start:
        parts = new.retrieve(poid, "PO", versionId=["all"])[1]["po"]
        others += [p["id"] for p in parts if p["id"].startswith("imported-") and len(p["id"]) == 73]
        new.call("DeletePO", {"poId": poid, "reason": "test"})
    tap.check("names of what is beside", len(others) >= 2, others)
    names = list(others)
    for poid in poids:
        digest = hashlib.sha256(record_of(old, poid, "v1")).hexdigest()
        text = f"object {poid}\nv1\nrecord {digest}\n"
        names.append("imported-" + hashlib.sha256(text.encode()).hexdigest())
    for name in names:
        po = {"binaryData": {"value": b64(b"x")}, "mimeType": "text/plain", "id": name}
        tap.check("planted", "poId" in new.call("PreservePO", {"pro": PROFILE, "po": [po]})[1])
    r = run(*command, "--url", new.url)
    tap.equal("nothing is there", (r.returncode, [x[2:] for x in rows(r)]),
              (0, [x[2:] for x in first] if first else None))
    tap.check("with a word", b"not the same" in r.stderr, r.stderr)
    for poid in found(new) - start:
        new.call("DeletePO", {"poId": poid, "reason": "test"})


def asked_wrongly(_, old, new, poids):
    """What the client judged, the service judges for itself."""
    record = record_of(old, poids[1])
    po = {"binaryData": {"value": b64(b"second\n")}, "mimeType": "text/plain"}
    er = {"binaryData": {"value": b64(record)}, "formatId": CONTINUED}
    changed = {"binaryData": {"value": b64(b"Second\n")}, "mimeType": "text/plain"}
    flipped = {**er, "binaryData": {"value": b64(record[:-9] + bytes([record[-9] ^ 1]) + record[-8:])}}
    for name, pos in (("changed data", [changed, er]), ("a changed record", [po, flipped]),
                      ("more data", [po, changed, er]), ("the record alone", [er]),
                      ("the record first", [er, po])):
        answer = new.call("PreservePO", {"pro": PROFILE, "po": pos})[1]
        tap.check(f"{name} is refused: {answer['result'].get('msg', {}).get('value', '')[:90]}",
                  answer["result"]["maj"] != SUCCESS and "poId" not in answer, answer)
    answer = new.call("PreservePO", {"pro": "urn:ltps:profile:pgd+wts+ers:1", "po": [po, er]})[1]
    tap.check("and under temporary storage", "unknownPOFormat" in answer["result"].get("min", ""), answer)


def renewed(_, ltps, old, new, pairs, poids, firsts, work):
    """A digest ends: a further chain; its second TSA has made a further time-stamp before."""
    poid = pairs[poids[0]]
    def last():
        return judge(ltps, work, record_of(new, poid), [TEXT, ANNEX], old, new)[1]
    until(lambda: stamps(last())[1:2] == [2], "the other TSA has confirmed it")
    tap.equal("a time-stamp renewal", stamps(last()), [1, 2])
    tap.equal("the new service ends cleanly", new.stop(), 0)
    new.configure(ending_policy(new.dir))
    new.start()
    until(lambda: len(stamps(last())) == 3, "the hash-tree renewal")
    code, report = judge(ltps, work, record_of(new, poid), [TEXT, ANNEX], old, new)
    tap.equal("a hash-tree renewal", (code, len(report["chains"]), report["proof_of_existence"]),
              (0, 3, firsts["v1"]))
    tap.check("under another digest", report["chains"][2][0]["digest"] != report["chains"][1][0]["digest"],
              report["chains"])
    r = run(ltps, "package", poid, "-o", f"{work}/package.zip", "--url", new.url)
    tap.equal("package", r.returncode, 0)
    with zipfile.ZipFile(f"{work}/package.zip") as z:
        z.extractall(f"{work}/package")
        text = z.read("README.txt").decode()
    command = [x.split() for x in text.splitlines() if "evidence verify" in x and "v1.er" in x][0]
    r = subprocess.run([ltps, *command[command.index("evidence"):]], cwd=f"{work}/package",
                       capture_output=True, timeout=LIMIT, check=False)
    tap.equal("its command verifies by what is in it", r.returncode, 0)


def third_service(_, ltps, services, poid, firsts, work):
    old, new, third = services
    again = f"{work}/again.xml"
    r = run(ltps, "export", poid, "-o", again, "--url", new.url)
    tap.equal("the new service can export it too", (r.returncode, r.stderr), (0, b""))
    both = ["--anchor", f"{new.dir}/anchors.pem", "--anchor", f"{old.dir}/anchors.pem"]
    r = run(ltps, "import", again, *both[:2], "--check")
    tap.equal("which the anchors of one alone do not verify", r.returncode, 1)
    third.others = (old, new)
    tap.equal("the third service ends cleanly", third.stop(), 0)
    third.configure()
    third.start()
    r = run(ltps, "import", again, *both, "--url", third.url)
    tap.equal("a third service takes it over", (r.returncode, r.stderr), (0, b""))
    made = {w: n for _, n, w in rows(r)}
    third.evidence(made["v1"])
    code, report = judge(ltps, work, record_of(third, made["v1"]), [TEXT, ANNEX], old, new, third)
    tap.equal("one record of three services",
              (code, len(report["chains"]), report["proof_of_existence"]), (0, 4, firsts["v1"]))
    names = [p["id"] for p in third.retrieve(made["beside"], "PO")[1]["po"]]
    tap.equal("what is beside is that of the service before", plain(names),
              ["imported-1-anchors", "imported-1-trace"])


def forms(_, ltps, old, new, work):
    """What the old service sealed, and its reports: objects of their own, each with its record."""
    po = {"binaryData": {"value": b64(TEXT)}, "mimeType": "text/plain", "id": "text"}
    poid = old.call("PreservePO", {"pro": SEALING, "po": [po]})[1]["poId"]

    def all_there():
        answer = old.retrieve(poid, "POwithDetachedEvidence", versionId=["all"])[1]
        ids = {p["id"] for p in answer.get("po", [])}
        return "min" not in answer["result"] and {"evidence-v1", "evidence-sealed-1"} <= ids
    until(all_there, "the sealed form has evidence")
    path = f"{work}/forms.xml"
    r = run(ltps, "export", poid, "-o", path, "--url", old.url)
    tap.equal("an object with forms", (r.returncode, r.stderr), (0, b""))
    r = run(ltps, "import", path, "--anchor", f"{old.dir}/anchors.pem", "--url", new.url)
    tap.equal("is taken over", (r.returncode, r.stderr), (0, b""))
    made = {w: n for _, n, w in rows(r)}
    tap.check("forms and reports have POIDs of their own", "sealed-1" in made and
              len(set(made.values())) == len(made) >= 3, made)
    for version, poid in made.items():
        if version == "beside":
            continue
        new.evidence(poid)
        datas = [data_of(p) for p in new.retrieve(poid, "PO", versionId=["v1"])[1]["po"]]
        code, report = judge(ltps, work, record_of(new, poid), datas, old, new)
        tap.check(f"the record of {version} goes on", code == 0 and len(report["chains"]) == 2, report)


def main():
    ltps = os.path.join(os.path.abspath(sys.argv[1]), "ltps")
    with workspace() as work:
        old = Service(ltps, f"{work}/old")
        new, third = Other(ltps, f"{work}/new", (old,)), Other(ltps, f"{work}/third")
        try:
            for service in (old, new, third):
                service.start()
            poids = [old.preserve(TEXT, ANNEX)[1]["poId"], old.preserve(b"second\n")[1]["poId"]]
            for poid in poids:
                old.evidence(poid)
            delta = {"binaryData": {"value": b64(LATER)}, "mimeType": "text/plain", "id": "po-2"}
            tap.equal("a second version", old.call(
                "UpdatePOC", {"poId": poids[0], "deltaPoc": [delta]})[1]["result"]["maj"], SUCCESS)
            old.evidence(poids[0])
            firsts = {v: judge(ltps, work, record_of(old, poids[0], v), d, old)[1]["proof_of_existence"]
                      for v, d in (("v1", [TEXT, ANNEX]), ("v2", [TEXT, LATER]))}
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
            tap.run(checked, ltps, old, new, good, work)
            pairs = unknown_authority(tap, ltps, old, third, poids, path)
            tap.run(beside, ltps, old, third, pairs, poids, work)
            tap.run(planted, ltps, old, new, poids, path)
            tap.run(repeated, ltps, old, new, poids, path, f"{work}/more.xml")
            tap.run(at_once, ltps, old, new, path)
            tap.run(another_record, ltps, old, new, poids, path)
            pairs = taken_over(tap, ltps, old, new, poids, path)
            tap.run(continued, ltps, old, new, pairs, poids, firsts, work)
            tap.run(asked_wrongly, old, new, poids)
            tap.run(forms, ltps, old, new, work)
            tap.run(renewed, ltps, old, new, pairs, poids, firsts, work)
            tap.run(third_service, ltps, (old, new, third), pairs[poids[0]], firsts, work)
            tap.equal("the services end cleanly", (old.stop(), new.stop(), third.stop()), (0, 0, 0))
            for service in (new, third):
                r = run(ltps, "fsck", "-c", service.conf)
                tap.equal("their stores are sound", (r.returncode, r.stderr), (0, b""))
        finally:
            for service in (old, new, third):
                service.kill()
    tap.end()


if __name__ == "__main__":
    main()
