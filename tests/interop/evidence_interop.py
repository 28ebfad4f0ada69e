#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""evidence_interop BUILD - evidence records of every shape that we build, and
twins with one flaw each (records_make.c), before four judges: ltps itself, EU
DSS, Bouncy Castle and er_check.py. One line for each record and judge."""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True  # the tree stays as it is
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import judges  # noqa: E402
from service import Tap, workspace  # noqa: E402

tap = Tap()
build = os.path.abspath(sys.argv[1])
EXIT = {"passed": 0, "failed": 1, "not-covered": 2}
PREVIOUS = "TSPException: unable to process previous ArchiveTimeStamps"

# What a judge is known not to see. Each says why; the line in the results says
# it too, and the check is then that the judge does just that and no more, so
# that a better version of it is noticed.
DSS_LIMITS = {
    "infos": "does not read cryptoInfos (RFC 4998 3.1 leaves their types open), so that it "
             "comes to no final verdict",
    "bad-order": "does not compare times (RFC 4998 5.1: ordered ascending by time)",
}
BC_LIMITS = {
    "renewed-often": "wants every earlier token of the chain in the first list of its last "
                     "time-stamp, where RFC 4998 5.2 takes the last one's",
    "mixed": "wants every earlier token of the chain in the first list of its last "
             "time-stamp, where RFC 4998 5.2 takes the last one's",
    "bad-first-imprint": "checks hash trees of the last chain and of renewals only "
                         "(RFC 4998 5.3 step 1: those of the first too)",
    "bad-order": "does not compare times (RFC 4998 5.1: ordered ascending by time)",
}
ER_CHECK_LIMITS = {
    "bad-signature": "reads no signatures: it is about hashes (RFC 3161 2.4.2 unchecked)",
}


def make_records(work):
    """The release build is made without tests; the tool joins it here."""
    for step in (["cmake", "-S", ROOT, "-B", build, "-DLTPS_TESTS=ON"],
                 ["cmake", "--build", build, "--target", "records_make"],
                 [os.path.join(build, "records_make"), work]):
        r = subprocess.run(step, capture_output=True, text=True)
        if r.returncode != 0:
            raise RuntimeError(f"{' '.join(step)}: {(r.stdout + r.stderr)[-1500:]}")
    with open(os.path.join(work, "list.json")) as f:
        return json.load(f)


def files_of(record):
    return [record["record"], *record["data"]]


def name_of(record, judge, limits):
    limit = limits.get(record["name"])
    return f"{record['name']} ({record['verdict']}): {judge}" + (
        f", known limit: {limit}" if limit else "")


def ltps_verify(work, record, time):
    a = [os.path.join(build, "ltps"), "evidence", "verify", record["record"], "--time", time,
         "--anchor", "anchors.pem", "--format", "json"]
    for d in record["data"]:
        a += ["--data", d]
    if not record["status_inside"]:
        a += ["--cert", "certs.pem", "--crl", "crls.pem"]
    return subprocess.run(a, capture_output=True, text=True, cwd=work)


def ltps_judges(tap, work, listing):
    for r in listing["records"]:
        answer = ltps_verify(work, r, listing["time"])
        good = answer.returncode == EXIT[r["verdict"]] and not answer.stderr
        report = json.loads(answer.stdout) if good else {}
        if r["verdict"] == "passed":
            good = good and report["intact"] and all(
                c["covered"] and c["group_complete"] for c in report["covers"])
        elif r["verdict"] == "failed":
            good = good and not report["intact"]
        else:
            good = good and not all(c["covered"] for c in report["covers"])
        good = good and [len(c) for c in report["chains"]] == r["chains"]
        tap.check(name_of(r, "ltps", {}), good, (answer.returncode, answer.stdout, answer.stderr))


def readers_agree(tap, work, listing):
    """Digest and time of each time-stamp, as two programs read them."""
    for r in listing["records"]:
        if r["verdict"] != "passed":
            continue
        ours = json.loads(ltps_verify(work, r, listing["time"]).stdout)["chains"]
        theirs = json.loads(judges.er_check(*paths(work, r))[1])["chains"]
        seen = [[[(s["digest"].replace("-", "_"), s["time"]) for s in c] for c in side]
                for side in (ours, theirs)]
        tap.equal(f"{r['name']}: digests and times are read alike", *seen)


def paths(work, record):
    record_path, *datas = [os.path.join(work, f) for f in files_of(record)]
    return record_path, datas


def er_check_judges(tap, work, listing):
    for r in listing["records"]:
        code, text = judges.er_check(*paths(work, r))
        wanted = 0 if r["verdict"] == "passed" or r["name"] in ER_CHECK_LIMITS else 1
        tap.check(name_of(r, "er_check", ER_CHECK_LIMITS), code == wanted, text)


def lines_of(work, listing):
    return [[os.path.join(work, f) for f in files_of(r)] for r in listing["records"]]


def dss_judges(tap, work, listing):
    try:
        judge = judges.dss(os.path.join(build, "judges"))
    except judges.Absent as e:
        tap.skip("DSS judges the records", e)
        return
    answers = judge.judge(lines_of(work, listing), os.path.join(work, "anchors.pem"))
    for r, a in zip(listing["records"], answers):
        accepted = judges.dss_accepts(a, len(r["data"]), r["chains"])
        limited = r["name"] in DSS_LIMITS
        good = accepted == (limited or r["verdict"] == "passed") and a["error"] is None
        # With the status inside its tokens, a record needs nothing but the
        # anchors: DSS then comes to its own final verdict.
        if good and r["verdict"] == "passed" and r["status_inside"]:
            good = (a["records"][0]["indication"] == "PASSED") != limited
        tap.check(name_of(r, "DSS", DSS_LIMITS), good, a)


def bc_judges(tap, work, listing):
    try:
        judge = judges.bouncy_castle(os.path.join(build, "judges"))
    except judges.Absent as e:
        tap.skip("Bouncy Castle judges the records", e)
        return
    answers = judge.judge(lines_of(work, listing), os.path.join(work, "tsa.pem"))
    for r, a in zip(listing["records"], answers):
        limited = r["name"] in BC_LIMITS
        if limited and r["verdict"] == "passed":
            good = a["read"] and a["present"] and a["error"] == PREVIOUS
        else:
            good = judges.bc_accepts(a) == (limited or r["verdict"] == "passed")
        tap.check(name_of(r, "Bouncy Castle", BC_LIMITS), good, a)


with workspace() as work:
    try:
        listing = make_records(work)
    except Exception as e:  # noqa: BLE001 - nothing to judge: one failed test
        tap.check("the records are made", False, e)
        tap.end()
    for part in (ltps_judges, readers_agree, er_check_judges, dss_judges, bc_judges):
        tap.run(part, work, listing)
tap.end()
