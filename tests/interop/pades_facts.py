# SPDX-License-Identifier: Apache-2.0
"""Facts about the PDFs of the corpus as EU DSS 6.4 and pyHanko see them, offline, without
anchors, at one time: pades_dss.jsonl and pades_pyhanko.jsonl, one line for each file.
tests/e2e/pades.py compares us with them on every run; the interop run asks both again.
`pades_facts.py BUILD --write` writes the facts anew."""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import judges  # noqa: E402
import pades_corpus  # noqa: E402
from service import corpus_folder  # noqa: E402

E2E = os.path.join(HERE, "..", "e2e")
JUDGES = {"dss": judges.dss_signatures, "pyhanko": judges.pyhanko}


def ask(judge, build, corpus):
    """{case: what it says}"""
    cases = pades_corpus.cases(corpus)
    lines = [[path] + ([f"PASSWORD:{password}"] if password else [])
             for _, path, password in cases]
    answers = JUDGES[judge](os.path.join(build, "judges")).judge(lines, pades_corpus.TIME)
    return {case[0]: answer for case, answer in zip(cases, answers)}


def facts_file(judge):
    return os.path.join(E2E, f"pades_{judge}.jsonl")


def known(judge):
    with open(facts_file(judge), encoding="ascii") as f:
        return dict(map(json.loads, f))


if __name__ == "__main__":
    corpus = os.path.dirname(corpus_folder("pades"))
    for judge in JUDGES:
        facts = ask(judge, sys.argv[1], corpus)
        if sys.argv[2:] == ["--write"]:
            with open(facts_file(judge), "w", encoding="ascii") as f:
                f.writelines(json.dumps(x) + "\n" for x in sorted(facts.items()))
