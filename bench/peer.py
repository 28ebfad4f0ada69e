#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""peer BUILD RECORD DATA ANCHORS - the time and memory of verifying one
evidence record, beside DSS: whole processes, and what a further record costs
DSS in a process that runs already."""
import os
import resource
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "interop"))
import judges  # noqa: E402

build, record, data, anchors = sys.argv[1:5]
MANY = 100


def timed(function):
    begin = time.monotonic()
    function()
    return time.monotonic() - begin


def peak_of_children():
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def ours():
    subprocess.run([os.path.join(build, "ltps"), "evidence", "verify", record, "--data", data,
                    "--anchor", anchors], check=True, stdout=subprocess.DEVNULL)


single = min(timed(ours) for _ in range(20))
print(f"ltps evidence verify, whole process: {single * 1e3:.1f} ms, "
      f"peak {peak_of_children():.0f} MB")
try:
    dss = judges.dss(os.path.abspath(os.path.join(build, "judges")))
except judges.Absent as e:
    print(f"DSS: not measured: {e}")
    sys.exit(0)
one = timed(lambda: dss.judge([[record, data]], anchors))
many = timed(lambda: dss.judge([[record, data]] * (MANY + 1), anchors))
print(f"DSS, whole process: {one * 1e3:.0f} ms; a further record: "
      f"{(many - one) / MANY * 1e3:.1f} ms; peak {peak_of_children():.0f} MB")
