#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cades BUILD - the CAdES files of the corpus through `ltps validate`: against what
their own tests assert (expected.tsv), and against what EU DSS 6.4 says of each file
without anchors at the same time (cades_dss.jsonl). A disagreement stands in
cades_exceptions.tsv with its clause; one that is none any more fails too."""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import cades_corpus  # noqa: E402
from corpus_compare import EXIT, Exceptions, flags, stamp_facts  # noqa: E402
from service import Tap, corpus_folder, workspace  # noqa: E402

tap = Tap()
STAMPS = {"CONTENT_TIMESTAMP": "content", "SIGNATURE_TIMESTAMP": "signature",
          "VALIDATION_DATA_TIMESTAMP": "validation_data", "ARCHIVE_TIMESTAMP": "archive"}


exceptions = Exceptions(tap, os.path.join(HERE, "cades_exceptions.tsv"))


def validate(ltps, path, content):
    arguments = [ltps, "validate", path, "--format", "json", "--offline",
                 "--time", cades_corpus.TIME]
    if content:
        arguments += ["--content" if content[0] == "file" else "--content-digest", content[1]]
    r = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    return r.returncode, json.loads(r.stdout) if r.stdout.strip() else None, r.stderr


def compare(case, status, ours, dss):
    if dss["error"] is not None:
        exceptions.same(case, "error", "refused", "refused" if ours is None else "judged")
        return
    if ours is None:
        exceptions.same(case, "error", "judged", f"refused ({status})")
        return
    exceptions.same(case, "signatures", len(dss["signatures"]), len(ours["signatures"]))
    for i, (d, o) in enumerate(zip(dss["signatures"], ours["signatures"])):
        at = f"signature {i + 1}"
        exceptions.same(case, at + " countersigns", d["counter"], o["parent"] is not None)
        exceptions.same(case, at + " level", d["level"].replace("CMS-NOT-ETSI", "CMS"),
                        o["profile"])
        exceptions.same(case, at + " references",
                        d["references"] if d["found"] else None, o["references_intact"])
        if d["found"] and d["references"]:  # else DSS does not look at the value
            exceptions.same(case, at + " value intact", d["intact"], o["signature_intact"])
        exceptions.same(case, at + " indication", (d["indication"], d["subindication"]),
                        (o["indication"], o["subindication"]))
        exceptions.same(
            case, at + " time-stamps",
            sorted((STAMPS[t["type"]], str(t["imprint"] if t["found"] else None), t["signature"],
                    t["indication"]) for t in d["timestamps"]),
            sorted(map(stamp_facts, o["timestamps"])))
    if not dss["signatures"]:
        exceptions.same(case, "time-stamps alone",
                        [(t["signature"], t["indication"]) for t in dss["timestamps"]],
                        [stamp_facts(t)[2:] for t in ours["timestamps"]])
    exceptions.same(case, "evidence records", [r["indication"] for r in dss["records"]],
                    [r["indication"] for r in ours["evidence_records"]])
    worst = ours["signatures"] and max(
        ours["signatures"], key=lambda s: ["TOTAL_PASSED", "INDETERMINATE",
                                           "TOTAL_FAILED"].index(s["indication"]))
    if worst:
        tap.equal(f"{case}: exit status", status, EXIT[worst["indication"]])


def assertions(number, row, ours):
    """What the upstream test of a row asserts about the file as it is."""
    case = f"{row['file']} row {number}"
    if ours is None:
        exceptions.same(case, "error", "judged", "refused")
        return
    signatures = ours["signatures"]
    if row["nsig"]:
        exceptions.same(case, "nsig", row["nsig"], len([s for s in signatures
                                                        if s["parent"] is None]))
    if row["level"] and "POST-EXTENSION" not in row["note"]:
        exceptions.same(case, "level", row["level"].replace("_", "-").replace(
            "CMS-NOT-ETSI", "CMS"), signatures[0]["profile"] if signatures else None)
    if row["ntst"] and not ours["evidence_records"]:  # whose own time-stamps it counts too
        exceptions.same(case, "ntst", row["ntst"], sum(
            len(s["timestamps"]) for s in signatures if s["parent"] is None)
            + len(ours["timestamps"]))
    records = re.search(r"er_count=(\d+):evidenceRecords.size", row["expectations"])
    if records and row["detached_er"] == "":
        exceptions.same(case, "evidence records", records.group(1), len(ours["evidence_records"]))
    b_level = flags(row["expectations"], "isBLevelTechnicallyValid")
    if "checkBLevelValid" not in row["overridden"] or b_level:
        exceptions.same(case, "B level", b_level != {"F"},
                        all(s["signature_intact"] and s["references_intact"] is True
                            for s in signatures if s["parent"] is None))
    if row["subindication"] and not row["detached_er"]:
        wanted = row["subindication"].split(",")[0]
        if signatures and wanted != "NO_SIGNING_CERTIFICATE_FOUND" or not row["level"]:
            exceptions.same(case, "subindication", wanted,
                            signatures[0]["subindication"] if signatures else None)


def main():
    corpus = corpus_folder("cades")
    if corpus is None:
        tap.skip("CAdES files of the corpus", "../shared/corpus is not there")
        tap.end()
    corpus = os.path.dirname(corpus)
    ltps = os.path.join(os.path.abspath(sys.argv[1]), "ltps")
    with open(os.path.join(HERE, "cades_dss.jsonl"), encoding="ascii") as f:
        facts = dict(map(json.loads, f))
    with workspace() as work:
        answers = {}
        for case, path, content in cades_corpus.cases(corpus, work):
            status, ours, errors = validate(ltps, path, content)
            answers[(path, content)] = ours
            tap.check(f"{case}: ends in order", status in (0, 1, 2, 3, 65), errors[:300])
            tap.check(f"{case}: DSS was asked", case in facts)
            compare(case, status, ours, facts[case])
        tap.equal("cases that DSS was asked about", len(answers), len(facts))
        for number, row in enumerate(cades_corpus.rows(corpus)):
            content = cades_corpus.content_of(corpus, work, row["detached"])
            key = (os.path.join(corpus, row["file"]), content)
            if key in answers:
                tap.run(lambda _: assertions(number, row, answers[key]))
    exceptions.end()
    tap.end()


if __name__ == "__main__":
    main()
