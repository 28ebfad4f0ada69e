#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pades BUILD - the PDFs of the corpus through `ltps validate`: against what their own
tests assert (expected.tsv), and against what EU DSS 6.4 (pades_dss.jsonl) and pyHanko
(pades_pyhanko.jsonl) say of each file without anchors at the same time. A disagreement
stands in pades_exceptions.tsv with its clause; one that is none any more fails too."""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import pades_corpus  # noqa: E402
from corpus_compare import EXIT, Exceptions, flags, stamp_facts  # noqa: E402
from service import Tap, corpus_folder, workspace  # noqa: E402

tap = Tap()
exceptions = Exceptions(tap, os.path.join(HERE, "pades_exceptions.tsv"))
STAMPS = {"CONTENT_TIMESTAMP": "content", "SIGNATURE_TIMESTAMP": "signature",
          "VRI_TIMESTAMP": "validation_data", "DOCUMENT_TIMESTAMP": "document"}
# From the most harmless change behind a signature to the worst.
KINDS = ["extension", "form_fill", "annotation", "undefined"]
HANKO = {"NONE": "none", "LTA_UPDATES": "extension", "FORM_FILLING": "form_fill",
         "ANNOTATIONS": "annotation", "OTHER": "undefined"}
# Names that are others with DSS.
LEVELS = {"PDF-NOT-ETSI": "PDF"}
# Where DSS has the signatures in another order than their fields: the broken one first.
ORDER = {"pades/validation/hello_signed_INCSAVE_signed_EDITED.pdf": [1, 0]}
COVERAGE = {"ENTIRE_FILE": "file", "ENTIRE_REVISION": "revision"}


def validate(ltps, work, path, password):
    arguments = [ltps, "validate", path, "--format", "json", "--offline",
                 "--time", pades_corpus.TIME]
    if password:
        file = os.path.join(work, "password")
        with open(file, "w", encoding="ascii") as f:
            f.write(password + "\n")
        arguments += ["--password-file", file]
    r = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    return r.returncode, json.loads(r.stdout) if r.stdout.strip() else None, r.stderr


def wants_password(status, errors):
    return status == 64 and "a password is wanted" in errors


def level_of(theirs):
    theirs = theirs.replace("_", "-")
    return LEVELS.get(theirs, theirs)


def worst_of(kinds):
    return max(kinds, key=KINDS.index, default="none")


def worst_change(signature):
    return worst_of([m["kind"] for m in signature["modifications"]])


def all_stamps(ours):
    return [t for s in ours["signatures"] for t in s["timestamps"]] + ours["timestamps"]


def stamps_of_signatures(ours):
    """Without document time-stamps that stood in the file when it was signed."""
    first = min((s["revision"] for s in ours["signatures"]), default=0)
    return [t for t in all_stamps(ours)
            if t["type"] != "document" or t["revision"] > first]


def compare_dss(case, ours, dss):
    if dss["error"] is not None or ours is None:
        exceptions.same(case, "DSS: error", "refused" if dss["error"] else "judged",
                        "refused" if ours is None else "judged")
        return
    exceptions.same(case, "DSS: signatures", len(dss["signatures"]), len(ours["signatures"]))
    theirs = [dss["signatures"][i] for i in ORDER.get(case, range(len(dss["signatures"])))]
    for i, (d, o) in enumerate(zip(theirs, ours["signatures"])):
        at = f"DSS: signature {i + 1}"
        exceptions.same(case, at + " level", level_of(d["level"]), o["profile"])
        exceptions.same(case, at + " references", d["references"] if d["found"] else None,
                        o["references_intact"])
        if d["found"] and d["references"]:  # else DSS does not look at the value
            exceptions.same(case, at + " value intact", d["intact"], o["signature_intact"])
        exceptions.same(case, at + " indication", (d["indication"], d["subindication"]),
                        (o["indication"], o["subindication"]))
        if "pdf" in d:
            exceptions.same(case, at + " ByteRange", d["pdf"]["range"], o["byte_range_valid"])
            exceptions.same(case, at + " worst change",
                            worst_of([k for k, n in zip(KINDS, d["pdf"]["changes"]) if n]),
                            worst_change(o))
    exceptions.same(
        case, "DSS: time-stamps",
        sorted((STAMPS[t["type"]], str(t["imprint"] if t["found"] else None), t["signature"],
                t["indication"]) for t in dss["timestamps"]),
        sorted(map(stamp_facts, all_stamps(ours))))


def compare_pyhanko(case, ours, theirs):
    if theirs["error"] is not None or ours is None:
        exceptions.same(case, "pyHanko: error", "refused" if theirs["error"] else "judged",
                        "refused" if ours is None else "judged")
        return
    exceptions.same(case, "pyHanko: signatures", len(theirs["signatures"]),
                    len(ours["signatures"]))
    for i, (t, o) in enumerate(zip(theirs["signatures"], ours["signatures"])):
        at = f"pyHanko: signature {i + 1}"
        if "error" in t:
            exceptions.same(case, at, t["error"], (o["indication"], o["subindication"]))
            continue
        exceptions.same(case, at + " intact", t["intact"], o["references_intact"])
        exceptions.same(case, at + " value", t["valid"], o["signature_intact"])
        exceptions.same(case, at + " coverage", COVERAGE.get(t["coverage"], "unclear"),
                        "file" if o["covers_whole_file"] else
                        "revision" if o["byte_range_valid"] else "unclear")
        exceptions.same(case, at + " worst change", HANKO.get(t["modification"], "none"),
                        worst_change(o))
    documents = [t for t in ours["timestamps"] if t["type"] == "document"]
    exceptions.same(case, "pyHanko: document time-stamps",
                    sorted(t.get("intact", t.get("error")) for t in theirs["timestamps"]),
                    sorted(t["imprint_intact"] is True and t["signature_intact"]
                           for t in documents))


def has(row, name):
    """Whether the row speaks of these changes, and what it says: True, False, None."""
    m = re.search(rf"get{name}=(\S+?)(?:;|$)", row["expectations"])
    return None if m is None or "," in m.group(1) else m.group(1) == "present"


def assertions(number, row, ours):
    """What the upstream test of a row asserts about the file as it is."""
    case = f"{row['file']} row {number}"
    if ours is None or row["error"]:
        exceptions.same(case, "error", row["error"] or "judged",
                        "refused" if ours is None else "judged")
        return
    signatures = ours["signatures"]
    if row["nsig"]:
        exceptions.same(case, "nsig", row["nsig"], len(signatures))
    if row["level"] and "POST-EXTENSION" not in row["note"]:
        exceptions.same(case, "level", level_of(row["level"]),
                        signatures[0]["profile"].replace("_", "-") if signatures else None)
    if row["ntst"]:
        exceptions.same(case, "ntst", row["ntst"],
                        len(stamps_of_signatures(ours)))
    b_level = flags(row["expectations"], "isBLevelTechnicallyValid")
    if ("checkBLevelValid" not in row["overridden"] or b_level) and signatures:
        exceptions.same(case, "B level", b_level != {"F"},
                        all(s["signature_intact"] and s["references_intact"] is True
                            for s in signatures))
    ranges = flags(row["expectations"], "isSignatureByteRangeValid")
    if signatures and ("checkByteRange" not in row["overridden"] or ranges):
        exceptions.same(case, "ByteRange", ranges != {"F"},
                        all(s["byte_range_valid"] for s in signatures))
    detected = flags(row["expectations"], "arePdfModificationsDetected")
    if detected:
        exceptions.same(case, "modifications", detected == {"T"},
                        any(worst_change(s) == "undefined" for s in signatures))
    for name, kind in zip(("PdfExtensionChanges", "PdfSignatureOrFormFillChanges",
                           "PdfAnnotationChanges", "PdfUndefinedChanges"), KINDS):
        if has(row, name) is not None:
            exceptions.same(case, name, has(row, name),
                            any(m["kind"] == kind for s in signatures
                                for m in s["modifications"]))
    if row["subindication"] and "TRUST-ANCHORS" not in row["verifier"]:
        exceptions.same(case, "subindication", row["subindication"].split(",")[0],
                        signatures[0]["subindication"] if signatures else None)


def exit_status(case, status, ours):
    worst = ours["signatures"] and max(
        ours["signatures"], key=lambda s: ["TOTAL_PASSED", "INDETERMINATE",
                                           "TOTAL_FAILED"].index(s["indication"]))
    if worst:
        tap.equal(f"{case}: exit status", status, EXIT[worst["indication"]])


def facts(judge):
    with open(os.path.join(HERE, f"pades_{judge}.jsonl"), encoding="ascii") as f:
        return dict(map(json.loads, f))


def main():
    corpus = corpus_folder("pades")
    if corpus is None:
        tap.skip("PDFs of the corpus", "../shared/corpus is not there")
        tap.end()
    corpus = os.path.dirname(corpus)
    ltps = os.path.join(os.path.abspath(sys.argv[1]), "ltps")
    dss, pyhanko, answers = facts("dss"), facts("pyhanko"), {}
    with workspace() as work:
        for case, path, password in pades_corpus.cases(corpus):
            status, ours, errors = validate(ltps, work, path, password)
            answers[case] = ours
            tap.check(f"{case}: ends in order",
                      status in (0, 1, 2, 3, 65) or wants_password(status, errors),
                      errors[:300])
            compare_dss(case, ours, dss[case])
            compare_pyhanko(case, ours, pyhanko[case])
            if ours is not None:
                exit_status(case, status, ours)
    tap.equal("files that DSS was asked about", len(answers), len(dss))
    tap.equal("files that pyHanko was asked about", len(answers), len(pyhanko))
    for number, row in enumerate(pades_corpus.rows(corpus)):
        if row["file"] in answers:
            tap.run(lambda _: assertions(number, row, answers[row["file"]]))
    exceptions.end()
    tap.end()


if __name__ == "__main__":
    main()
