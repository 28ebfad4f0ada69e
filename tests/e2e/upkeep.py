#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""upkeep BUILD - what the service does without being asked, seen as its operator: two
TSAs, copies in a second folder, two processes on one store, kill -9 in the middle."""
import json
import os
import pathlib
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from serve import Pki, Serve  # noqa: E402
from service import DEADLINE, SUCCESS, Tap, data_of, instant, until, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
LARGE = 300000  # octets: a file of its own in the store, and in the copy
COUNT = 6  # objects that come through each of two processes
root = os.path.join(os.path.dirname(__file__), "..", "..")


class Own(Serve):
    """Several may have one store."""

    def __init__(self, folder, name, store, pki, upkeep):
        super().__init__(ltps, os.path.join(folder, name), os.path.join(folder, name + ".conf"))
        with open(self.conf, "w") as f:
            f.write(f"""[service]
dir = {store}
listen = 127.0.0.1:{self.port}
log_level = warning
{pki.sections()}[upkeep]
{upkeep}""")

    def metric(self, name):
        for line in self.get("/metrics")[0].splitlines():
            if line.split(" ")[0] == name:
                return int(line.split(" ")[1])
        return None

    def renewals(self):
        return json.loads(self.get("/renewals")[0])


def run(*args):
    r = subprocess.run([ltps, *args], capture_output=True, text=True)
    if r.returncode != 0:
        raise RuntimeError(f"{args}: {r.returncode} {r.stderr}")
    return r.stdout


def command(*args):
    r = subprocess.run([ltps, *args], capture_output=True, text=True)
    return r.returncode, r.stdout, r.stderr


def fsck(conf):
    return command("fsck", "-c", conf)


def operations(service, poid):
    events = service.call("RetrieveTrace", {"poId": poid})[1]["trace"]["event"]
    return [e["op"] for e in events]


def save(name, data):
    path = os.path.join(work, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def judged(service, poid, data, *more):
    """The record as it is now: exit status and report."""
    record = data_of(service.evidence(poid)[0])
    code, out, err = command("evidence", "verify", save("er", record), "--data",
                             save("data", data), "--format", "json", *more)
    return code, json.loads(out) if out else {"error": err}


def chains(report):
    return [len(c) for c in report.get("chains", [])]


def confirmed(service, known):
    """Every record has its second time-stamp, and no third."""
    def all_have():
        return all(sum(chains(judged(service, p, d, "--anchor", pki.anchors)[1])) >= 2
                   for p, d in known.items())
    until(all_have, "every record has a second time-stamp")
    return {p: (code, chains(r)) for p, d in known.items()
            for code, r in [judged(service, p, d, "--anchor", pki.anchors)]
            if (code, chains(r)) != (0, [2])}


def renewed_twice(store):
    """Tokens that stand in more than one tree; 4 is enum leaf_kind's TOKEN."""
    db = sqlite3.connect(f"file:{store}/ltps.db?mode=ro", uri=True)
    try:
        return db.execute("SELECT ref, count(*) FROM leaf WHERE kind = 4 "
                          "GROUP BY ref HAVING count(*) > 1").fetchall()
    finally:
        db.close()


def files_with(folder, data):
    return [p for p in pathlib.Path(folder).rglob("*")
            if p.is_file() and p.stat().st_size == len(data) and p.read_bytes() == data]


def damage(path):
    os.chmod(path, 0o600)
    with open(path, "r+b") as f:
        f.seek(LARGE // 2)
        octet = f.read(1)
        f.seek(LARGE // 2)
        f.write(bytes([octet[0] ^ 1]))


# --- the configuration ---

def refusals(tap):
    for line in ("margin = 5m", "margin = 11y", "watch = 1s", "revalidate = -1d", "notice = soon",
                 "fixity = 1m", "fixity_rate = 1", "renewal_rate = many", "threads = 0",
                 "copies = store", "copies = store/", "copies = ./store/copies",
                 "copies = .//store//blobs/x", "unknown = 1"):
        s = Own(work, "bad", "store", pki, line + "\n")
        number = open(s.conf).read().splitlines().index(line) + 1
        code, _, err = command("serve", "-c", s.conf, "--check")
        tap.check(f"{line}: refused, by file and line", code not in (0, 70) and
                  f"{s.conf}:{number}:" in err, (code, err))
    s = Own(work, "bad", "store", pki, "policy = nothing.conf\n")
    code, _, err = command("serve", "-c", s.conf)
    tap.check("a policy that is not there: by file and line",
              code not in (0, 70) and ".conf:" in err and "nothing.conf" in err, (code, err))
    for line in ("copies = store2", "copies = st", "copies = /mnt/store"):
        s = Own(work, "good", "store", pki, line + "\n")
        tap.equal(f"{line}: taken", command("serve", "-c", s.conf, "--check")[0], 0)


# --- two TSAs ---

def seconds(tap):
    wrong = confirmed(service, known)
    tap.equal("the evidence is confirmed by the other TSA, soon and once", wrong, {})
    poid = next(iter(known))
    tap.equal("the trace has it once", operations(service, poid).count("EvidenceRenewed"), 1)
    until(service.settled, "all is done")


def told(tap):
    text, fields = service.get("/renewals")
    r = json.loads(text)
    tap.equal("GET /renewals is JSON", fields["Content-Type"], "application/json")
    tap.check("it plans a renewal of the time-stamps", r["undated"] == 0 and any(
        i["what"] == "time-stamp renewal" and i["objects"] >= 1 and i["weakens"] > i["due"] and
        not i["alarm"] for i in r["renewals"]), r)
    h = service.health()
    u = h["upkeep"]
    tap.check("/health says when", u["next_renewal"] < u["weakens_first"] and
              u["next_renewal"] == r["renewals"][0]["due"], (u, r))
    tap.check("and that all is well", h["status"] in ("ok", "warning") and not u["alarm"] and
              (u["overdue"], u["undated"], u["damaged"], u["clock_back_seconds"]) ==
              (0, 0, 0, 0), h)
    tap.equal("/metrics says it too", [service.metric("ltps_" + m) for m in (
        "renewals_overdue", "tokens_undated", "blobs_damaged", "upkeep_alarm",
        "clock_back_seconds")], [0] * 5)
    text, fields = service.get("/anchors.pem")
    tap.equal("GET /anchors.pem", fields["Content-Type"], "application/x-pem-file")
    tap.check("says since when", "Trusted-From: 20" in text and "Trusted-Until" not in text, text)
    anchors = save("history.pem", text.encode())
    poid, data = next(iter(known.items()))
    code, report = judged(service, poid, data, "--anchor", anchors)
    tap.equal("and evidence is verified with it", (code, report["indication"]), (0, "PASSED"))


def own_life(tap):
    poid = next(iter(known))
    o = json.loads(service.get("/outlook/" + poid)[0])
    first = o["versions"][0]
    stamps = first["evidence"][0]["timestamps"]
    tap.check("GET /outlook tells an object's time-stamps, by which TSA each", len(stamps) == 2 and
              len({s["tsa"] for s in stamps}) == 2 and
              all(s["authority"] and s["why"] and not s["fallen"] for s in stamps), o)
    tap.equal("the last of them is what is renewed next", [s["last"] for s in stamps],
              [False, True])
    tap.check("since when it is proven", first["proven_since"] == stamps[0]["time"] and
              instant(stamps[0]["time"]) <= instant(o["time"]), (first, o["time"]))
    tap.check("what is due next is in the archive's plan, with its reason", (
        o["next"]["due"], o["next"]["why"]) in {
            (i["due"], i["why"]) for i in service.renewals()["renewals"]}, o["next"])
    tap.equal("the margin before what weakens", o["margin_days"],
              service.renewals()["margin_days"])
    code, text, err = command("renewals", "-c", service.conf, "--object", poid, "--format", "json")
    mine = {**json.loads(text or "{}"), "time": o["time"]}
    tap.equal("ltps renewals --object tells the same", (code, mine, err), (0, o, ""))
    code, text, _ = command("renewals", "-c", service.conf, "--object", poid)
    tap.check("and to people", code == 0 and poid in text and "next renewal 20" in text and
              text.count("weakens 20") >= 2, (code, text))
    code, text, _ = command("renewals", "-c", service.conf, "--object", poid, "--time",
                            "2090-01-01T00:00:00Z")
    tap.equal("when the time comes, it is overdue", code, 1)
    code, text, _ = command("renewals", "-c", service.conf, "--object", poid, "--format", "json",
                            "--time", "2090-01-01T00:00:00Z")
    tap.check("the time is the one that was given",
              json.loads(text or "{}").get("time", "").startswith("2090-01-01T"), (code, text))
    code, _, err = command("renewals", "-c", service.conf, "--object", "none")
    tap.check("of an object that is none", code not in (0, 1, 70), (code, err))
    code, _, err = command("renewals", "-c", service.conf, "--object", poid, "--tenant", "other")
    tap.check("or another tenant's", code not in (0, 1, 70), (code, err))
    tap.equal("asking stands in its trace", operations(service, poid).count("Outlook"), 1)


def kept_up(tap):
    text, fields = service.get("/upkeep")
    u = json.loads(text)
    tap.equal("GET /upkeep is JSON", fields["Content-Type"], "application/json")
    tap.equal("no alarms", u["alarms"], [])
    tap.check("both TSAs answer", len(u["tsas"]) == 2 and all(
        t["answered"] and t["stamped"] and t["failing_since"] is None and t["error"] is None and
        "/" not in t["host"] for t in u["tsas"]), u["tsas"])
    tap.check("the certificates that evidence stands on have an end", u["certificates"] and all(
        c["ends"] > u["time"] and c["weakens"] and len(c["sha256"]) == 64
        for c in u["certificates"]), u["certificates"])
    tap.check("anchors are trusted since", u["anchors"] and all(
        a["trusted"] and instant(a["trusted_from"]) <= instant(u["time"]) and
        a["trusted_until"] is None
        for a in u["anchors"]), u["anchors"])
    kinds = {j["kind"]: j for j in u["jobs"]}
    tap.check("the jobs that never end are there, none given up",
              {"plan", "renew-timestamps", "fixity"} <= set(kinds) and
              not any(j["given_up"] for j in u["jobs"]), u["jobs"])


def foretold(tap):
    code, text, err = command("renewals", "-c", service.conf)
    tap.check("ltps renewals", code == 0 and "time-stamp renewal" in text, (code, text, err))
    code, text, err = command("renewals", "-c", service.conf, "--format", "json")
    mine, theirs = json.loads(text), service.renewals()
    tap.equal("as JSON, the same as the service's", (code, mine["renewals"]),
              (0, theirs["renewals"]))
    code, text, _ = command("renewals", "-c", service.conf, "--time", "2090-01-01T00:00:00Z")
    tap.check("when the time comes, it is overdue", code == 1 and "2090-01-01" in text,
              (code, text))
    code, _, err = command("renewals", "-c", service.conf, "--time", "tomorrow")
    tap.check("a time that is none", code not in (0, 1, 70) and "--time" in err, (code, err))
    code, _, err = command("renewals", "-c", service.conf, "--policy", "nothing")
    tap.check("a policy that is none", code not in (0, 1, 70) and "nothing" in err, (code, err))


def ending_policy():
    """The default policy, with SHA-256 until the end of 2029."""
    with open(os.path.join(root, "policies", "algorithms-default.xml"), encoding="utf-8") as f:
        suite = f.read()
    at = suite.index("<dssc:ObjectIdentifier>2.16.840.1.101.3.4.2.1<")
    suite = suite[:at] + suite[at:].replace(
        "<dssc:Validity/>", "<dssc:Validity><dssc:End>2029-12-31</dssc:End></dssc:Validity>", 1)
    save("ending.xml", suite.encode())
    with open(os.path.join(root, "policies", "validation-default.conf"), encoding="utf-8") as f:
        policy = f.read().replace("suite = default", "suite = ending.xml")
    return save("ending.conf", policy.encode())


def what_if(tap):
    policy = ending_policy()
    before = service.renewals()["renewals"]
    code, text, err = command("renewals", "-c", service.conf, "--format", "json", "--policy",
                              policy)
    items = json.loads(text)["renewals"] if text else []
    tap.check("what if SHA-256 ended in 2029: hash trees are renewed", code == 0 and any(
        i["what"] == "hash-tree renewal" and i["digest"] == "sha256" and
        i["weakens"].startswith("20") and i["weakens"] < "2030-01-02" and
        i["bytes"] >= LARGE for i in items), (code, text, err))
    tap.check("and time-stamps before", any(i["what"] == "time-stamp renewal" and
                                            i["weakens"] < "2030-01-02" for i in items), items)
    tap.equal("nothing was changed by it", service.renewals()["renewals"], before)
    poid, data = next(iter(known.items()))
    for name, time, wanted in (("within its time", "2029-06-01T00:00:00Z", 0),
                               ("after its end", "2031-01-01T00:00:00Z", 2)):
        code, report = judged(service, poid, data, "--anchor", pki.anchors, "--policy", policy,
                              "--time", time)
        tap.equal(f"evidence verify --policy, {name}", code, wanted)
        if code != wanted:
            print("  # " + json.dumps(report)[:1500])
    code, report = judged(service, poid, data, "--anchor", pki.anchors, "--time",
                          "2031-01-01T00:00:00Z")
    tap.equal("and without a policy algorithms have no end", code, 0)


# --- the second folder ---

def repaired(tap):
    poid, data = next((p, d) for p, d in known.items() if len(d) == LARGE)
    until(lambda: files_with(copies, data), "the copy is made")
    code, text, err = fsck(service.conf)
    tap.check("fsck reads both sides", code == 0 and copies in text, (code, text, err))
    own = files_with(store, data)[0]
    damage(own)
    code, text, err = fsck(service.conf)
    tap.check("fsck finds the damage", code == 1 and "DAMAGED" in text, (code, text, err))
    answer = service.retrieve(poid, "PO")[1]
    tap.check("a damaged object is not handed out", answer["result"]["maj"] != SUCCESS, answer)

    def back():
        answer = service.retrieve(poid, "PO")[1]
        return answer["result"]["maj"] == SUCCESS and data_of(answer["po"][0]) == data
    until(back, "it is repaired from the copy")
    tap.equal("it is there again", own.read_bytes() == data, True)
    tap.equal("what was damaged is kept",
              len(list(own.parent.glob(own.name + ".damaged-*"))), 1)
    seen = operations(service, poid)
    tap.check("the trace tells both", "EvidenceDamaged" in seen or "ObjectDamaged" in seen, seen)
    tap.check("and the repair", "ObjectRepaired" in seen, seen)
    until(lambda: service.health()["upkeep"]["damaged"] == 0, "no damage is left")
    tap.equal("fsck is clean again", fsck(service.conf)[0], 0)
    other = files_with(copies, data)[0]
    damage(other)
    code, text, err = fsck(service.conf)
    tap.check("fsck finds damage of the copy", code == 1 and "copy-damaged" in text,
              (code, text, err))
    tap.equal("but not without the configuration", command("fsck", "--store", store)[0], 0)
    other.write_bytes(data)


def inside(tap):
    """By its name it is elsewhere, and by a link it is not."""
    os.symlink(store, os.path.join(work, "elsewhere"))
    s = Own(work, "linked", store, pki, "copies = elsewhere/blobs\n")
    code, text, err = fsck(s.conf)
    tap.check("copies inside the store by a link are refused",
              code == 1 and "outside of the store" in err, (code, text, err))


# --- two processes, and none ---

def together(tap):
    second.start()
    more = {}
    for i in range(COUNT):
        for s in (service, second):
            data = os.urandom(100 + i)
            answer = s.preserve(data)[1]
            if answer["result"]["maj"] != SUCCESS:
                raise RuntimeError(str(answer))
            more[answer["poId"]] = data
    lost = [p for p, d in more.items() for s in (service, second)
            if data_of(s.retrieve(p, "PO")[1]["po"][0]) != d]
    tap.equal("each hands out what the other took", lost, [])
    tap.equal("each record has its second, and one", confirmed(second, more), {})
    until(lambda: service.settled() and second.settled(), "all is done")
    tap.equal("no time-stamp was renewed twice", renewed_twice(store), [])
    tap.equal("both tell the same", service.renewals()["renewals"],
              second.renewals()["renewals"])
    known.update(more)
    tap.equal("the second ends at SIGTERM", second.stop(), 0)


def killed(tap):
    """Killed at the moment when the first time-stamp is there, and the second is not."""
    data = os.urandom(5000)
    poid = service.preserve(data)[1]["poId"]
    service.evidence(poid)
    service.kill()
    service.start()
    known[poid] = data
    tap.equal("after kill -9 all is as it was", confirmed(service, {poid: data}), {})
    tap.equal("and nothing was done twice", renewed_twice(store), [])


def expire_leases():
    """What a dead process held is free when its lease ends: time passes here at once."""
    db = sqlite3.connect(f"{store}/ltps.db")
    db.execute("UPDATE job SET due_ms = 1 WHERE state = 1")  # enum queue_state: leased
    db.commit()
    db.close()


def at_failpoint(tap, name, bring_about):
    service.kill()  # perhaps in the middle of a job
    expire_leases()
    service.env["LTPS_FAILPOINT"] = f"{name}:1:kill"
    service.start(wait=False)
    try:
        until(lambda: service.process.poll() is not None or service.ready(), "ready or dead")
        bring_about()
    except (OSError, RuntimeError):
        pass  # killed before it answered
    try:
        tap.check(f"{name}: was reached", service.process.wait(DEADLINE) is not None)
    except subprocess.TimeoutExpired:
        tap.check(f"{name}: was reached", False)
        service.kill()
    del service.env["LTPS_FAILPOINT"]
    expire_leases()
    service.start()


def crash_renewing(tap):
    for name in ("ltp.renew.batch", "ltp.renew.close"):
        made = {}

        def bring_about():
            data = os.urandom(1000)
            made[service.preserve(data)[1]["poId"]] = data
        at_failpoint(tap, name, bring_about)
        tap.equal(f"{name}: the record has its second, and one", confirmed(service, made), {})
        tap.equal(f"{name}: nothing was done twice", renewed_twice(store), [])
        known.update(made)


def not_copied():
    """An object that has no copy when the service is dead; its turn may come before."""
    while True:
        data = os.urandom(LARGE)
        known[service.preserve(data)[1]["poId"]] = data
        service.kill()
        if not files_with(copies, data):
            return data
        service.start()


def crash_copying(tap):
    """What came is copied when the service starts again."""
    for name in ("storage.copy.before_rename", "storage.copy.after_rename",
                 "storage.copy.before_commit", "storage.copy.after_commit",
                 "ltp.copy.before_cursor"):
        data = not_copied()
        at_failpoint(tap, name, lambda: None)
        until(lambda: files_with(copies, data), "the copy is made")
        tap.equal(f"{name}: fsck is clean", fsck(service.conf)[0], 0)


def crash_repairing(tap):
    poid, data = next((p, d) for p, d in known.items() if len(d) == LARGE)
    for name in ("ltp.fixity.before_note", "storage.repair.before_away",
                 "storage.repair.before_place", "storage.repair.after_place",
                 "ltp.fixity.before_repaired"):
        def bring_about():
            damage(files_with(store, data)[0])
            service.retrieve(poid, "PO")
        at_failpoint(tap, name, bring_about)

        def back():
            answer = service.retrieve(poid, "PO")[1]
            return answer["result"]["maj"] == SUCCESS and data_of(answer["po"][0]) == data
        until(back, "it is repaired from the copy")
        until(lambda: service.health()["upkeep"]["damaged"] == 0, "no damage is left")
        tap.equal(f"{name}: repaired", fsck(service.conf)[0], 0)


def whole(tap):
    wrong = [p for p, d in known.items()
             if data_of(service.retrieve(p, "PO")[1]["po"][0]) != d or
             judged(service, p, d, "--anchor", pki.anchors)[0] != 0]
    tap.equal("at the end everything is there and verifies", wrong, [])
    tap.equal("fsck is clean", fsck(service.conf)[0], 0)


with workspace() as work:
    store, copies = os.path.join(work, "store"), os.path.join(work, "copies")
    pki = Pki(ltps, os.path.join(work, "pki"))
    known = {}
    upkeep = f"margin = 1h\ncopies = {copies}\n"
    service = Own(work, "one", store, pki, upkeep)
    second = Own(work, "two", store, pki, upkeep)
    try:
        pki.start()
        service.start()
        for n in (LARGE, 1000):
            data = os.urandom(n)
            known[service.preserve(data)[1]["poId"]] = data
        tap.run(refusals)
        for part in (seconds, told, own_life, kept_up, foretold, what_if, repaired, inside,
                     together, killed, crash_renewing, crash_copying, crash_repairing, whole):
            tap.run(part)
        tap.equal("SIGTERM ends it with 0", service.stop(), 0)
    finally:
        service.kill()
        second.kill()
        pki.stop()
tap.end()
