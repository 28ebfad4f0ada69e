#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""simulate BUILD - decades on a virtual clock: nothing is lost within the redundancy
that is declared, and the simulation itself is tested: what must be fatal is found and
named. A fresh seed is printed; LTPS_SEED repeats it."""
import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from service import Tap  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
FIXED = 4998
fresh = int(os.environ.get("LTPS_SEED", random.SystemRandom().randrange(1 << 31)))
SHORT = ("--years", "10", "--objects", "10")
LONG = ("--years", "12", "--objects", "20", "--crashes", "6")
SIGNED = ("--years", "12", "--objects", "5", "--signed", "4")


def simulate(seed, *more):
    r = subprocess.run([ltps, "simulate", "--format", "json", "--seed", str(seed), *more],
                       capture_output=True, text=True)
    try:
        summary = json.loads(r.stdout)
    except ValueError:
        summary = {}
    return r.returncode, summary, r.stderr


def names(summary):
    return {n["object"] for n in summary.get("named", [])}


def nothing_lost(seed, result):
    status, s, err = result
    print(f"# seed {seed}: " + ", ".join(
        f"{k} {s[k]}" for k in ("timestamps_requested", "timestamp_renewals",
                                "hash_tree_renewals", "crashes", "restamped", "repaired",
                                "failures") if k in s))
    tap.equal(f"seed {seed}: lost and unverifiable",
              (status, s.get("lost"), s.get("unverifiable"), s.get("named")), (0, 0, 0, []))
    if status not in (0, 1):
        print("  # " + err[-1000:])
    tap.check(f"seed {seed}: every object that lives was judged",
              s.get("checked", 0) + s.get("deleted", 0) == s.get("objects"), s)
    tap.equal(f"seed {seed}: crashes", s.get("crashes"), 6)
    tap.check(f"seed {seed}: time-stamps and hash trees were renewed",
              s.get("timestamp_renewals", 0) > 10 and s.get("hash_tree_renewals", 0) > 0, s)
    tap.equal(f"seed {seed}: each renewal is in the trace once, whoever made it",
              [s.get("acts", {}).get(k) for k in ("EvidenceRenewed", "EvidenceHashRenewed")],
              [s.get("timestamp_renewals"), s.get("hash_tree_renewals")])
    return s


def signed_pass(result):
    status, s, err = result
    tap.equal("signed objects: lost and unverifiable",
              (status, s.get("signed"), s.get("named")), (0, 4, []))
    if status not in (0, 1):
        print("  # " + err[-1000:])
    living = s.get("objects", 0) - s.get("deleted", 0) - 1
    tap.check("signed objects: the newest form of each is TOTAL-PASSED",
              s.get("forms_passed", 0) >= living > 0, s)
    tap.check("signed objects: they were raised again, by further time-stamps",
              s.get("forms", 0) >= 2 * living and s.get("form_timestamps", 0) > 2 * living, s)


def fault_found(fault, named_alone, result):
    """named_alone: exactly the object that it was done to is named."""
    status, s, err = result
    tap.check(f"{fault}: found", status == 1 and s.get("lost", 0) + s.get("unverifiable", 0) > 0,
              err[-1000:] or s)
    tap.check(f"{fault}: named with its reason",
              all(n["reason"] for n in s.get("named", [])) and names(s), s.get("named"))
    if named_alone:
        tap.equal(f"{fault}: nothing else is", sorted(names(s)), s.get("harmed"))
    for n in s.get("named", [])[:2]:
        print(f"  # {n['what']} {n['object']}: {n['reason']}")


def beyond_named(result):
    status, s, err = result
    tap.equal("beyond the redundancy: exit status", status, 1)
    tap.check("beyond the redundancy: what is named was harmed, and something is",
              names(s) and names(s) <= set(s.get("harmed", [])), err[-1000:] or s)
    tap.check("beyond the redundancy: a loss in both directories is named",
              any(n["what"] == "lost" for n in s.get("named", [])), s.get("named"))
    tap.check("beyond the redundancy: a lost proof is named",
              any(n["what"] == "unverifiable" for n in s.get("named", [])), s.get("named"))


def refusals():
    for args in ((), ("--years", "0", "--objects", "1", "--seed", "1"),
                 ("--years", "1", "--objects", "1", "--seed", "x"),
                 ("--years", "1", "--objects", "1", "--seed", "1", "--signed", "2"),
                 ("--years", "1", "--objects", "1", "--seed", "1", "--fault", "none")):
        r = subprocess.run([ltps, "simulate", *args], capture_output=True, text=True)
        tap.check(f"refused: {' '.join(args) or 'nothing'}",
                  r.returncode == 64 and r.stderr.startswith("ltps: "), r.stderr)


FAULTS = {"skipped-renewal": False, "late-renewal": False, "dropped-token": True,
          "swapped-object": True, "long-sleep": False}
refusals()
with ThreadPoolExecutor(os.cpu_count()) as pool:
    twice = [pool.submit(simulate, FIXED, *LONG) for _ in range(2)]
    once = pool.submit(simulate, fresh, *LONG)
    signed = pool.submit(simulate, FIXED, *SIGNED)
    faults = {f: pool.submit(simulate, FIXED, *SHORT, "--fault", f) for f in FAULTS}
    beyond = pool.submit(simulate, FIXED, *SHORT, "--beyond")
nothing_lost(FIXED, twice[0].result())
tap.equal("the same seed has the same summary", twice[1].result()[1], twice[0].result()[1])
nothing_lost(fresh, once.result())
signed_pass(signed.result())
for name, alone in FAULTS.items():
    fault_found(name, alone, faults[name].result())
beyond_named(beyond.result())
tap.end()
