#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""century_interop BUILD - what `ltps simulate` leaves behind, before judges that know
nothing of it: each record with its data before EU DSS (hashes, links and signatures;
its clock is of today, so that trust is not asked), er_check.py, and `ltps evidence
verify` at the end of the simulated time with the algorithms of that world; and twins of
a record with one flaw each, which all three must find. Signed files that were renewed on
the way are judged by DSS at the end. LTPS_YEARS is how many years go by (15): what DSS
does grows with the square of them."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True  # the tree stays as it is
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import er_check  # noqa: E402
import judges  # noqa: E402
from service import Tap  # noqa: E402

tap = Tap()
YEARS = int(os.environ.get("LTPS_YEARS", "15"))
OBJECTS, SEED = 8, 1
SIGNED_YEARS, SIGNED_OBJECTS, SIGNED_SEED, SIGNED = 12, 5, 4998, 4
MEMORY = "/dev/shm"  # a store that waits for a disk takes several times as long
SEQUENCE, HASH_TREE = 0x30, 0xA2
# Longer than any renewal was early: what ends so much sooner was renewed too late.
TOO_EARLY = 4  # years
PASSED, LTA = "TOTAL_PASSED", ("CAdES-BASELINE-LTA", "PAdES-BASELINE-LTA")
FORM = re.compile(r"(\d+)\.augmented-(\d+)")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path


# ---- the century ----

def simulate(tap, ltps, folder, years, objects, seed, signed=0):
    """What is known of the run, or None."""
    r = subprocess.run([ltps, "simulate", "--years", str(years), "--objects", str(objects),
                        "--seed", str(seed), "--dir", folder, "--keep", "--format", "json",
                        "--signed", str(signed)], capture_output=True, text=True)
    if not tap.check("the simulation loses nothing", r.returncode == 0, r.stderr or r.stdout):
        return None
    return json.loads(r.stdout)


def is_of_interest(tap, known, out):
    print("# " + ", ".join(f"{k} {known[k]}" for k in (
        "years", "timestamps_requested", "timestamp_renewals", "hash_tree_renewals")))
    tap.check("two hash-tree renewals and many of time-stamps",
              known["hash_tree_renewals"] >= 2 and known["timestamp_renewals"] >= YEARS, known)
    tap.equal("as many algorithms end as the policy says",
              known["events"].get("algorithm-end-announced"),
              read(os.path.join(out, "policy.xml")).count(b"<End>"))


def records_of(out):
    """[(name, record, datas)]"""
    def number(path):
        return int(os.path.basename(path).split(".")[0])
    return [(os.path.basename(path), path,
             sorted(glob.glob(os.path.join(out, f"{number(path)}.part*"))))
            for path in sorted(glob.glob(os.path.join(out, "*.er*")), key=number)]


# ---- twins ----

def encode(tag, parts):
    body = b"".join(parts)
    n = len(body)
    size = n.to_bytes((n.bit_length() + 7) // 8 or 1, "big")
    return bytes([tag]) + (bytes([n]) if n < 128 else bytes([0x80 | len(size)]) + size) + body


def chain_lengths(path):
    return [len(chain) for chain in chains_of(read(path))]


def chains_of(record):
    """[[[member of a time-stamp, ...], ...], ...]"""
    sequence = er_check.only(record).members()[-1]
    return [[stamp.members() for stamp in chain.members()] for chain in sequence.members()]


def with_chains(record, chains):
    *head, _ = er_check.only(record).members()
    sequence = encode(SEQUENCE, [
        encode(SEQUENCE, [encode(SEQUENCE, [m.whole for m in stamp]) for stamp in chain])
        for chain in chains])
    return encode(SEQUENCE, [m.whole for m in head] + [sequence])


def other_token(record, others):
    """The last token that another record has a different one for, of the same digest."""
    chains = chains_of(record)
    mine = {stamp[-1].whole for chain in chains for stamp in chain}
    theirs = [stamp[-1] for other in others for chain in chains_of(other) for stamp in chain
              if stamp[-1].whole not in mine]
    for stamp in (s for chain in reversed(chains) for s in reversed(chain)):
        digest = er_check.token_fields(stamp[-1])[0]
        for token in theirs:
            if er_check.token_fields(token)[0] == digest:
                stamp[-1] = token
                return with_chains(record, chains)
    raise RuntimeError("no two objects have different tokens")


def dropped_token(record):
    """Without a time-stamp between two others."""
    chains = chains_of(record)
    chain = next(c for c in chains if len(c) >= 3)
    del chain[1]
    return with_chains(record, chains)


def dropped_chain(record):
    return with_chains(record, chains_of(record)[1:])


def can_be_spoilt(record):
    lengths = chain_lengths(record[1])
    return len(lengths) > 1 and max(lengths) > 2


def twins_of(work, records):
    """[(name, record, datas)] of the shortest record that renewals of both kinds are in:
    the work of DSS grows with the length."""
    _, path, datas = min(filter(can_be_spoilt, records),
                         key=lambda r: sum(chain_lengths(r[1])))
    record = read(path)
    others = [read(p) for _, p, _ in records if p != path]
    made = [("a token of another object", other_token(record, others), datas),
            ("a token dropped", dropped_token(record), datas),
            ("a chain dropped", dropped_chain(record), datas)]
    data = bytearray(read(datas[0]))
    data[len(data) // 2] ^= 1
    changed = write(os.path.join(work, "changed"), bytes(data))
    foreign = next(d for _, _, d in records if d != datas)
    made += [("data changed", record, [changed, *datas[1:]]),
             ("data of another object", record, foreign)]
    return [(name, write(os.path.join(work, f"twin{i}.er"), r), d)
            for i, (name, r, d) in enumerate(made)]


# ---- judges ----

def er_check_judges(tap, records, twins):
    for name, path, datas in records:
        code, text = judges.er_check(path, datas)
        tap.check(f"{name}, chains of {chain_lengths(path)}: er_check", code == 0, text)
    for name, path, datas in twins:
        code, text = judges.er_check(path, datas)
        tap.equal(f"{name}: er_check finds it", code, 1)


def dss_judges(tap, work, build, records, twins):
    try:
        dss = judges.dss(os.path.join(build, "judges"))
    except judges.Absent as e:
        tap.skip("DSS judges the records", e)
        return
    lines = [[path, *datas] for _, path, datas in records + twins]

    def ask(part):
        folder = os.path.join(work, f"dss{part}")
        os.makedirs(folder)
        return judges.Judge(folder, dss.program, dss.command).judge(lines[part::2])

    answers = [None] * len(lines)
    with ThreadPoolExecutor(2) as pool:
        for part, some in enumerate(pool.map(ask, range(2))):
            answers[part::2] = some
    for i, ((name, path, datas), a) in enumerate(zip(records + twins, answers)):
        accepted = judges.dss_accepts(a, len(datas), chain_lengths(path))
        if i < len(records):
            tap.check(f"{name}: DSS", accepted, a)
        else:
            tap.check(f"{name}: DSS finds it", not accepted and a["error"] is None, a)


def end_of(out):
    return read(os.path.join(out, "end")).decode().strip()


def verify(ltps, out, policy, path, datas):
    a = [ltps, "evidence", "verify", path, "--anchor", os.path.join(out, "anchors.pem"),
         "--time", end_of(out), "--policy", policy, "--format", "json"]
    for d in datas:
        a += ["--data", d]
    r = subprocess.run(a, capture_output=True, text=True)
    return r.returncode, json.loads(r.stdout) if r.stdout else {"error": r.stderr}


def ltps_judges(tap, ltps, out, records, twins):
    policy = os.path.join(out, "policy.conf")
    for name, path, datas in records:
        code, r = verify(ltps, out, policy, path, datas)
        tap.check(f"{name}: PASSED with ltps", code == 0 and r["intact"] and all(
            c["covered"] and c["group_complete"] for c in r["covers"]), r)
    for name, path, datas in twins:
        code, r = verify(ltps, out, policy, path, datas)
        found = code in (1, 2) and not (
            r["intact"] and all(c["covered"] and c["group_complete"] for c in r["covers"]))
        tap.check(f"{name}: ltps finds it", found, r)


def early_policy(work, out):
    """The same with every end some years sooner."""
    folder = os.path.join(work, "early")
    os.makedirs(folder)
    shutil.copy(os.path.join(out, "policy.conf"), folder)
    text = re.sub(rb"<End>(\d{4})-\d\d-\d\d", lambda m: b"<End>%d-01-01" % (
        int(m[1]) - TOO_EARLY), read(os.path.join(out, "policy.xml")))
    write(os.path.join(folder, "policy.xml"), text)
    return os.path.join(folder, "policy.conf")


def policy_is_asked(tap, work, ltps, out, records):
    """With ends before what renewed, the record of the oldest proof is not enough."""
    policy = early_policy(work, out)
    _, path, datas = max(records, key=lambda r: len(chain_lengths(r[1])))
    code, r = verify(ltps, out, policy, path, datas)
    tap.check("algorithms that ended sooner: intact, but not passed",
              code == 2 and r["intact"], r)


# ---- signed files ----

def newest_forms(out):
    newest = {}
    for m in filter(None, map(FORM.fullmatch, os.listdir(out))):
        newest[m[1]] = max(newest.get(m[1], 0), int(m[2]))
    return [os.path.join(out, f"{n}.augmented-{k}") for n, k in sorted(newest.items())]


def endless_policy(work, class_path):
    """The default policy of DSS in which no algorithm ends: those of the simulated
    world end at other times, which DSS has no place for by digest and use."""
    jar = next(p for p in class_path if "dss-policy-jaxb" in p)
    with zipfile.ZipFile(jar) as z:
        text = z.read("policy/constraint.xml").decode()
    head, tail = text.split("<AlgoExpirationDate", 1)
    return write(os.path.join(work, "dss.xml"), (
        head + "<AlgoExpirationDate" + re.sub(r'(<Algo) Date="[^"]*"', r"\1", tail)).encode())


def any_lost(stamps):
    """Of a time-stamp whose authority was revoked since, DSS asks for status too before
    it calls a signature LT (EN 319 142-1 6.3); nobody looks for that any more."""
    return any(t["subindication"] in ("REVOKED_NO_POE", "REVOKED_CA_NO_POE") for t in stamps)


def signed_judged(tap, work, build, out, known):
    files = newest_forms(out)
    tap.check("every signed file that is left has forms",
              len(files) >= known["signed"] - known["deleted"] > 0, files)
    tap.equal("the newest of each passes with ltps", known["forms_passed"], len(files))
    folder = os.path.join(build, "judges")
    try:
        dss = judges.dss_signatures(folder)
    except judges.Absent as e:
        tap.skip("DSS judges signed files", e)
        return
    policy = endless_policy(work, judges.class_path_in(os.path.join(folder, "dss-class-path")))
    answers = dss.judge([[p] for p in files], end_of(out), os.path.join(out, "anchors.pem"),
                        policy, out)
    for path, a in zip(files, answers):
        name = os.path.basename(path)
        stamps = a["timestamps"] + [t for s in a["signatures"] for t in s["timestamps"]]
        print(f"# {name}: " + ", ".join(f"{s['level']} {s['indication']} {s['subindication']}"
                                        for s in a["signatures"]))
        tap.check(f"{name}: DSS takes it for long-term", a["signatures"] and all(
            (s["level"] in LTA or any_lost(stamps)) and s["found"] and s["references"] and s["intact"]
            for s in a["signatures"]), a)
        tap.check(f"{name}: every time-stamp is intact with DSS", all(
            t["found"] and t["imprint"] and t["signature"] for t in stamps), stamps)
        tap.check(f"{name}: it was renewed", len({t["time"] for t in stamps}) >= 3, stamps)
        tap.check(f"{name}: DSS says {PASSED}", all(
            s["indication"] == PASSED for s in a["signatures"]), a)


def main():
    build = os.path.abspath(sys.argv[1])
    ltps = os.path.join(build, "ltps")
    with tempfile.TemporaryDirectory(prefix="ltps-test-",
                                     dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as work:
        folder = os.path.join(work, "century")
        known = simulate(tap, ltps, folder, YEARS, OBJECTS, SEED)
        if known is None:
            tap.end()
        out = os.path.join(folder, "out")
        tap.run(is_of_interest, known, out)
        records = records_of(out)
        tap.equal("a record of every object", len(records), known["checked"])
        twins = twins_of(work, records)
        tap.run(er_check_judges, records, twins)
        tap.run(ltps_judges, ltps, out, records, twins)
        tap.run(policy_is_asked, work, ltps, out, records)
        tap.run(dss_judges, work, build, records, twins)
        folder = os.path.join(work, "signed")
        known = simulate(tap, ltps, folder, SIGNED_YEARS, SIGNED_OBJECTS, SIGNED_SEED, SIGNED)
        if known is not None:
            tap.run(signed_judged, work, build, os.path.join(folder, "out"), known)
    tap.end()


if __name__ == "__main__":
    main()
