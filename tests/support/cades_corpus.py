# SPDX-License-Identifier: Apache-2.0
"""The CAdES files of the corpus with the contents that detached ones need."""
import base64
import csv
import os

# Time at which they are judged, by us and by EU DSS: facts depend on it.
TIME = "2026-06-01T00:00:00Z"


def rows(corpus):
    """Rows of expected.tsv about CAdES files, as dictionaries."""
    with open(os.path.join(corpus, "expected.tsv"), encoding="utf-8") as f:
        return [r for r in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)
                if r["file"].startswith("cades/")]


def content_of(corpus, work, detached):
    """('file', path), ('digest', 'sha256:HEX') or None."""
    if not detached:
        return None
    if detached.startswith("BYTES "):
        text = detached[len("BYTES "):]
        path = os.path.join(work, "content-" + text.encode().hex())
        with open(path, "wb") as f:
            f.write(text.encode())
        return ("file", path)
    if detached.startswith("DIGEST "):
        _, algorithm, value = detached.split(" ", 2)
        return ("digest", f"{algorithm.lower()}:{base64.b64decode(value).hex()}")
    return ("file", os.path.join(corpus, detached))


SUFFIXES = (".p7m", ".p7s", ".pkcs7", ".cms", ".sig", ".tsr", ".cades", ".pdf")


def cases(corpus, work):
    """[(name, path, content)]: each file once with each content that a row names;
    files that need a content also without it."""
    wanted = {}
    for r in rows(corpus):
        if r["file"].endswith(SUFFIXES):
            wanted.setdefault(r["file"], set()).add(r["detached"])
    for folder, _, files in os.walk(os.path.join(corpus, "cades")):
        for name in files:
            relative = os.path.relpath(os.path.join(folder, name), corpus)
            if name.endswith(SUFFIXES) and not name.endswith(".pdf"):
                wanted.setdefault(relative, set())
    out = []
    for name in sorted(wanted):
        for detached in sorted(wanted[name] | {""}):
            out.append((name + (" + content" if detached else ""), os.path.join(corpus, name),
                        content_of(corpus, work, detached)))
    return out
