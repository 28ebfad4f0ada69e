#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""peer_cades BUILD FILE ANCHORS [CONTENT] - one CAdES file judged by us (cades_bench) and
by EU DSS, each warm in its own loop, in processor time; and `ltps validate` as a whole
process."""
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "interop"))
import judges  # noqa: E402

SECONDS = 10  # of DSS, after its warming up
PROCESSES = 50


def whole_process(name, arguments):
    """Prints what one process of it takes, from start to end."""
    walls = []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(PROCESSES):
        begin = time.monotonic()
        subprocess.run(arguments, stdout=subprocess.DEVNULL, check=True)
        walls.append(time.monotonic() - begin)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{name}, as a process: median {1000 * statistics.median(walls):.1f} ms, "
          f"least {1000 * min(walls):.1f} ms, {1000 * cpu / PROCESSES:.1f} ms of the processor, "
          f"load {os.getloadavg()[0]:.1f}")


def main():
    build, file, anchors, *content = sys.argv[1:]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    ours = subprocess.run([os.path.join(build, "cades_bench"), file, anchors, now, *content],
                          capture_output=True, text=True, check=True).stdout
    print(ours, end="")
    program = os.path.join(build, "ltps")
    validate = [program, "validate", file, "--offline", "--anchor", anchors,
                *(["--content", *content] if content else [])]
    whole_process("ltps validate", validate)
    whole_process("of which start: ltps -h", [program, "-h"])
    try:
        dss = judges.dss_signatures(os.path.join(build, "judges"))
    except judges.Absent as why:
        print(f"DSS: {why}")
        return
    with open(os.path.join(dss.folder, "bench-list"), "w") as f:
        f.write("\t".join([file, *content]) + "\n")
    r = subprocess.run([*dss.command, f.name, now,
                        anchors, "--measure", str(SECONDS)], capture_output=True, text=True)
    if r.returncode != 0:
        print(f"DSS: {r.stderr[-300:]}")
        return
    theirs = json.loads(r.stdout)
    per_second = theirs["files"] / theirs["seconds"]
    cold, warm, memory = map(float, re.search(
        r"judges (\S+) a second cold, (\S+) warm; peak memory (\S+) MB", ours).groups())
    print(f"DSS, warm: {per_second:.1f} a second of a core, {theirs['kb'] / 1024:.0f} MB")
    print(f"ratio: {cold / per_second:.0f} times (nothing remembered), {warm / per_second:.0f} times "
          f"(certificates remembered); memory 1/{theirs['kb'] / 1024 / memory:.0f}")


if __name__ == "__main__":
    main()
