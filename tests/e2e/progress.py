#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""progress BUILD - long commands tell on standard error how far they are: as lines with
--progress, as one line that leaves nothing behind on a terminal, and not at all elsewhere or
with --quiet; standard output never has any of it."""
import json
import os
import pty
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from service import Service, Tap, data_of, workspace  # noqa: E402

tap = Tap()
LIMIT = 300
LARGE = 12 << 20
UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20}
AMOUNTS = re.compile(r"([\d.]+)(?: ([KM]?i?B))? of ([\d.]+)(?: ([KM]?i?B))?")


def run(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=LIMIT,
                          check=False)


def on_terminal(*arguments):
    """(exit status, standard output, what the terminal got); standard error is one."""
    master, slave = pty.openpty()
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    got = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # nobody has the other end any more
            break
        if not piece:
            break
        got += piece
    out = process.stdout.read().decode()
    os.close(master)
    return process.wait(LIMIT), out, got.decode()


def screen(text):
    """The lines that stand there at the end."""
    lines = []
    for line in text.split("\n"):
        shown = []
        at = 0
        for c in line:
            if c == "\r":
                at = 0
                continue
            shown[at:at + 1] = [c]
            at += 1
        lines.append("".join(shown).rstrip())
    return [x for x in lines if x]


def amounts(text, what):
    """[(done, total)] of the lines about this."""
    found = []
    for line in text.split("\n"):
        m = AMOUNTS.search(line.split(what + " ", 1)[1]) if what + " " in line else None
        if m:
            found.append((float(m[1]) * UNITS[m[2] or ""], float(m[3]) * UNITS[m[4] or ""]))
    return found


def rises(name, r, what, least, whole=True):
    """As lines, with --progress."""
    tap.equal(f"{name} with --progress ends well", r.returncode, 0)
    told = amounts(r.stderr, what)
    done = [d for d, _ in told]
    tap.check(f"{name} tells rising counts of {what}",
              len(set(done)) >= least and done == sorted(done) and len({t for _, t in told}) == 1,
              r.stderr[-1500:])
    if whole:
        tap.check(f"{name} tells that all is done", told and told[-1][0] == told[-1][1], told[-3:])
    tap.check(f"{name} does not draw over a line", "\r" not in r.stderr, r.stderr[:200])
    tap.check(f"{name} tells nothing on standard output", "ltps: " not in r.stdout, r.stdout[:300])


def silent(name, *arguments):
    """Not on a terminal, and on one with --quiet."""
    r = run(*arguments)
    tap.equal(f"{name} is silent where no terminal is", (r.returncode, r.stderr), (0, ""))
    return r


def erased(name, *arguments):
    status, _, got = on_terminal(*arguments)
    command = os.path.basename(arguments[0]) + ": " + arguments[1]
    tap.check(f"{name} draws a line on a terminal", status == 0 and f"\r{command}: " in got,
              (status, got[-500:]))
    tap.equal(f"{name} leaves nothing of it", screen(got), [])


def of_stores(_, ltps, conf, work):
    store = ["-c", conf]
    rises("fsck", run(ltps, "fsck", *store, "--progress"), "blobs", 10)
    silent("fsck", ltps, "fsck", *store)
    erased("fsck", ltps, "fsck", *store)
    rises("backup", run(ltps, "backup", f"{work}/b1", *store, "--progress"), "blobs", 10)
    silent("backup", ltps, "backup", f"{work}/b2", *store)
    erased("backup", ltps, "backup", f"{work}/b3", *store)
    rises("restore", run(ltps, "restore", f"{work}/b1", "--store", f"{work}/r1", "--progress"),
          "blobs", 10)
    silent("restore", ltps, "restore", f"{work}/b1", "--store", f"{work}/r2")
    erased("restore", ltps, "restore", f"{work}/b1", "--store", f"{work}/r3")
    status, out, got = on_terminal(ltps, "fsck", *store, "--quiet")
    tap.equal("fsck --quiet draws nothing", (status, got), (0, ""))
    tap.check("fsck --quiet answers", "clean" in out, out)


def of_transfers(_, ltps, s, large, work):
    url = ["--url", s.url]
    r = run(ltps, "preserve", large, *url, "--progress")
    rises("preserve", r, "sending", 3, whole=False)
    tap.check("preserve tells what it waits for", f"waiting for 127.0.0.1:{s.port}" in r.stderr,
              r.stderr[-500:])
    poids = [r.stdout.strip(), silent("preserve", ltps, "preserve", large, *url).stdout.strip()]
    erased("preserve", ltps, "preserve", large, *url)
    record = data_of(s.evidence(poids[0])[0])
    s.evidence(poids[1])
    with open(f"{work}/er", "wb") as f:
        f.write(record)
    rises("retrieve", run(ltps, "retrieve", poids[0], "--subject", "PO", "-o", f"{work}/po", *url,
                          "--progress"), "receiving", 3, whole=False)
    r = run(ltps, "package", poids[0], "-o", f"{work}/z", *url, "--progress")
    rises("package", r, "receiving", 3, whole=False)
    return poids


def of_evidence(_, ltps, s, large, work):
    verify = [ltps, "evidence", "verify", f"{work}/er", "--data", large, "--anchor",
              f"{s.dir}/anchors.pem", "--format", "json"]
    r = run(*verify, "--progress")
    rises("evidence verify", r, "digesting", 10)
    tap.check("its report is whole", json.loads(r.stdout)["intact"], r.stdout[:300])
    silent("evidence verify", *verify)
    erased("evidence verify", *verify)


def of_exchange(_, ltps, s, poids, work):
    export = [ltps, "export", *poids, "-o", f"{work}/x.xml", "--url", s.url]
    r = run(*export, "--progress")
    rises("export", r, "object", 2)
    tap.check("export tells what comes", "object 2 of 2, receiving" in r.stderr, r.stderr[-500:])
    silent("export", *export)
    erased("export", *export)
    take = [ltps, "import", f"{work}/x.xml", "--anchor", f"{s.dir}/anchors.pem", "--url", s.url]
    r = run(*take, "--progress")
    rises("import", r, "judging", 2)
    tap.equal("import tells what it submits", sorted({d for d, _ in amounts(r.stderr, "object")}),
              [1, 2])
    silent("import", *take)
    erased("import", *take)


def of_a_century(_, ltps):
    simulate = [ltps, "simulate", "--years", "6", "--objects", "12", "--seed", "3", "--format",
                "json"]
    r = run(*simulate, "--progress")
    rises("simulate", r, "year", 6)
    tap.check("simulate tells of the judgement", len(amounts(r.stderr, "judging")) > 2,
              r.stderr[-500:])
    tap.equal("its summary is whole", json.loads(r.stdout)["lost"], 0)
    silent("simulate", *simulate)
    status, out, got = on_terminal(*simulate)
    tap.check("simulate draws on a terminal and answers JSON",
              status == 0 and "\rltps: simulate: year " in got and json.loads(out), got[-300:])
    tap.equal("simulate leaves nothing of it", screen(got), [])


def of_errors(_, ltps):
    """A message stands on a line of its own, whole."""
    dead = [ltps, "export", "p", "-o", "/nonexistent/x", "--url", "http://127.0.0.1:1"]
    wanted = run(*dead).stderr.split("\n")
    status, _, got = on_terminal(*dead)
    tap.check("an error follows a line that was drawn", "\rltps: export: object 1 of 1" in got, got)
    tap.equal("nothing of that stands in it", (status, screen(got)), (69, [x for x in wanted if x]))


def main():
    ltps = os.path.abspath(os.path.join(sys.argv[1], "ltps"))
    with workspace() as work:
        large = f"{work}/large"
        with open(large, "wb") as f:
            f.write(os.urandom(LARGE))
        s = Service(ltps, f"{work}/demo")
        try:
            s.start()
            poids = of_transfers(tap, ltps, s, large, work)
            tap.run(of_evidence, ltps, s, large, work)
            tap.run(of_stores, ltps, f"{s.dir}/ltps.conf", work)
            tap.run(of_exchange, ltps, s, poids, work)
        finally:
            s.kill()
        tap.run(of_errors, ltps)
        tap.run(of_a_century, ltps)
    tap.end()


main()
