#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pkits BUILD - NIST PKITS through `ltps path`: every case with only its own
intermediates and CRLs, and again with the whole pool of all of them."""
import base64
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from service import Tap, corpus_folder, workspace  # noqa: E402

TIME = "2020-06-01T00:00:00Z"
CASES = 246
ANY_POLICY = "2.5.29.32.0"
# What the suite's own classification means for us. A missing status is not a
# verdict against the certificate: RFC 5280 6.3.3 calls it UNDETERMINED.
STATUS = {
    None: {"valid"},
    "PathValidationError": {"invalid"},
    "RevokedError": {"invalid"},
    "InsufficientRevinfoError": {"undetermined", "invalid"},
    "StaleRevinfoError": {"undetermined"},
}
EXIT = {"valid": 0, "invalid": 1, "undetermined": 2}


def command(ltps, folder, case, certs, crls):
    args = [ltps, "path", f"{folder}/certs/{case['target']}", "--format", "json",
            "--time", TIME, "--anchor", f"{folder}/certs/{case['trust_anchor']}"]
    for c in certs:
        args += ["--cert", c]
    for c in crls:
        args += ["--crl", c]
    for p in case["user_initial_policy_set"]:
        if p != ANY_POLICY:
            args += ["--initial-policy", p]
    args += ["--explicit-policy"] * case["initial_explicit_policy"]
    args += ["--inhibit-mapping"] * case["initial_policy_mapping_inhibit"]
    args += ["--inhibit-any"] * case["initial_any_policy_inhibit"]
    return args


def judge(job):
    name, args, case = job
    run = subprocess.run(args, capture_output=True, text=True, timeout=120)
    try:
        answer = json.loads(run.stdout)
    except ValueError:
        return name, False, f"exit {run.returncode}: {run.stderr.strip()[:300]}"
    status = answer["status"]
    held = (status in STATUS[case["error_class"]]
            and answer["valid"] == case["should_validate"]
            and run.returncode == EXIT[status])
    return name, held, f"{case['error_class']} expected, {status}: {answer.get('error')}"


def concatenated(paths, label, out):
    """One PEM file of many DER files: the command line stays short."""
    with open(out, "w", encoding="ascii") as f:
        for p in paths:
            with open(p, "rb") as der:
                text = base64.encodebytes(der.read()).decode()
            f.write(f"-----BEGIN {label}-----\n{text}-----END {label}-----\n")
    return out


def main():
    tap = Tap()
    corpus = corpus_folder("pkits")
    if corpus is None:
        tap.skip("NIST PKITS", "the corpus is not there")
        tap.end()
    ltps = os.path.join(sys.argv[1], "ltps")
    with open(f"{corpus}/expected.json", encoding="utf-8") as f:
        cases = json.load(f)
    tap.equal("the number of cases", len(cases), CASES)
    with workspace() as w:
        certs = concatenated([f"{corpus}/certs/{n}" for n in sorted(os.listdir(f"{corpus}/certs"))],
                             "CERTIFICATE", f"{w}/certs.pem")
        crls = concatenated([f"{corpus}/crls/{n}" for n in sorted(os.listdir(f"{corpus}/crls"))],
                            "X509 CRL", f"{w}/crls.pem")
        jobs = []
        for i, case in enumerate(cases):
            name = f"{case['pkits']} {case['name']} ({i})"
            own = command(ltps, corpus, case,
                          [f"{corpus}/certs/{n}" for n in case["intermediates"]],
                          [f"{corpus}/crls/{n}" for n in case["crls"]])
            jobs.append((name + ", its own material", own, case))
            jobs.append((name + ", the whole pool",
                         command(ltps, corpus, case, [certs], [crls]), case))
        with ThreadPoolExecutor(2) as pool:
            for name, held, why in pool.map(judge, jobs):
                tap.check(name, held, why)
    tap.end()


main()
