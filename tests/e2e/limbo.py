#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""limbo BUILD - x509-limbo and BetterTLS through `ltps path`: every case agrees,
or stands in limbo_exceptions.tsv with the clause that says otherwise. An
exception that no longer is one fails too."""
import gzip
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from service import Tap, corpus_folder, workspace  # noqa: E402

CASES = 764
ANY_TIME = "2026-06-01T00:00:00Z"  # of the cases that leave it open


def exceptions():
    """Cases of other rules: whom a certificate speaks of is the application's
    question, and the Web PKI profile forbids what RFC 5280 allows."""
    path = os.path.join(os.path.dirname(__file__), "limbo_exceptions.tsv")
    with open(path, encoding="ascii") as f:
        return dict(line.rstrip("\n").split("\t") for line in f if line[0] != "#")


def run_case(job):
    ltps, folder, number, case = job
    base = f"{folder}/{number}"

    def pem(kind, texts):
        with open(f"{base}.{kind}", "w", encoding="ascii") as f:
            f.write("\n".join(texts))
        return [f"--{kind}", f"{base}.{kind}"] if texts else []

    with open(f"{base}.pem", "w", encoding="ascii") as f:
        f.write(case["peer_certificate"])
    args = [ltps, "path", f"{base}.pem", "--format", "json"]
    args += pem("anchor", case["trusted_certs"])
    args += pem("cert", case["untrusted_intermediates"])
    crls = case.get("crls") or []
    args += pem("crl", crls) if crls else ["--no-revocation"]
    args += ["--time", case["validation_time"] or ANY_TIME]
    depth = case["max_chain_depth"]
    if depth is not None:
        args += ["--depth", str(depth)]
    for name in case["extended_key_usage"]:
        args += ["--eku", name]
    run = subprocess.run(args, capture_output=True, text=True, timeout=120)
    try:
        answer = json.loads(run.stdout)
        said = "SUCCESS" if answer["valid"] else "FAILURE"
        why = f"{answer['status']}, {answer.get('error')}"
    except ValueError:
        said = "FAILURE" if run.returncode == 65 else f"exit {run.returncode}"
        why = run.stderr.strip()[:300]
    return case["id"], case["expected_result"], said, why


def main():
    tap = Tap()
    corpus = corpus_folder("limbo")
    if corpus is None:
        tap.skip("x509-limbo", "the corpus is not there")
        tap.end()
    ltps = os.path.join(sys.argv[1], "ltps")
    with gzip.open(f"{corpus}/limbo-core.json.gz", "rt", encoding="utf-8") as f:
        cases = json.load(f)["testcases"]
    tap.equal("the number of cases", len(cases), CASES)
    with workspace() as w, ThreadPoolExecutor(2) as pool:
        jobs = [(ltps, w, i, c) for i, c in enumerate(cases)]
        listed = exceptions()
        for name, expected, said, why in pool.map(run_case, jobs):
            if name in listed:
                tap.check(f"{name}, {listed[name]}", said not in (expected, "") and not said.startswith("exit"), why)
            else:
                tap.check(name, said == expected, f"{said} ({why}), {expected} wanted")
    unknown = set(listed) - {c["id"] for c in cases}
    tap.equal("exceptions that are no case", unknown, set())
    tap.end()


main()
