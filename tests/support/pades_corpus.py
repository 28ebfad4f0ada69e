# SPDX-License-Identifier: Apache-2.0
"""The PDFs of the corpus, with the passwords of those that want one."""
import csv
import os

# Time at which they are judged, by us and by the others: facts depend on it.
TIME = "2026-06-01T00:00:00Z"
# To open; the empty one opens all others.
PASSWORDS = {"pades/protected/open_protected.pdf": " "}


def rows(corpus):
    """Rows of expected.tsv about PDFs, as dictionaries."""
    with open(os.path.join(corpus, "expected.tsv"), encoding="utf-8") as f:
        return [r for r in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)
                if r["file"].startswith("pades/")]


def cases(corpus):
    """[(name, path, password or None)]"""
    out = []
    for folder, _, files in os.walk(os.path.join(corpus, "pades")):
        for name in files:
            path = os.path.join(folder, name)
            case = os.path.relpath(path, corpus)
            if name.endswith(".pdf"):
                out.append((case, path, PASSWORDS.get(case)))
    return sorted(out)
