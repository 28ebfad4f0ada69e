# SPDX-License-Identifier: Apache-2.0
"""Facts about the CAdES files of the corpus as EU DSS 6.4 sees them, offline, without
anchors, by its default policy, at one time: cades_dss.jsonl, one line for each file and
content. tests/e2e/cades.py compares us with them on every run; the interop run asks DSS
again. `cades_dss.py BUILD --write` writes the facts anew."""
import base64
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import cades_corpus  # noqa: E402
import judges  # noqa: E402
from service import corpus_folder, workspace  # noqa: E402

FACTS = os.path.join(HERE, "..", "e2e", "cades_dss.jsonl")


def ask(build, corpus, work):
    """{case: what DSS says}"""
    cases = cades_corpus.cases(corpus, work)
    lines = []
    for _, path, content in cases:
        line = [path]
        if content:
            kind, value = content
            line.append(value if kind == "file" else
                        "SHA256:" + base64.b64encode(bytes.fromhex(value.split(":")[1])).decode())
        lines.append(line)
    dss = judges.dss_signatures(os.path.join(build, "judges"))
    answers = dss.judge(lines, cades_corpus.TIME)
    return {case[0]: answer for case, answer in zip(cases, answers)}


def known():
    with open(FACTS, encoding="ascii") as f:
        return {case: answer for case, answer in map(json.loads, f)}


if __name__ == "__main__":
    corpus = corpus_folder("")
    with workspace() as work:
        facts = ask(sys.argv[1], corpus, work)
    if sys.argv[2:] == ["--write"]:
        with open(FACTS, "w", encoding="ascii") as f:
            f.writelines(json.dumps(x) + "\n" for x in sorted(facts.items()))
