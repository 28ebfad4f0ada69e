#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cades_interop BUILD - CAdES between us and others: what EU DSS says of the corpus is
still what cades_dss.jsonl holds; what we seal and augment, DSS takes for B-LTA and
TOTAL_PASSED, and OpenSSL verifies; what DSS and OpenSSL make and DSS extends, we judge
the same way. A throwaway PKI serves status and time-stamps on loopback."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True  # the tree stays as it is
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import cades_dss  # noqa: E402
import judges  # noqa: E402
from scene import KEYS, Scene, run  # noqa: E402
from service import Tap, corpus_folder, workspace  # noqa: E402

tap = Tap()
PASSED, LTA = "TOTAL_PASSED", "CAdES-BASELINE-LTA"
TEXT = b"A contract that somebody wants to prove in fifty years.\n"


def corpus_facts(_, build, work):
    corpus = corpus_folder("cades")
    if corpus is None:
        tap.skip("what DSS says of the corpus", "../shared/corpus is not there")
        return
    known = cades_dss.known()
    for case, answer in cades_dss.ask(build, os.path.dirname(corpus), work).items():
        tap.equal(f"DSS says of {case} what it said", answer, known.get(case))


def make_ours(scene):
    """[(name, path, content, signatures)] of what we seal and augment."""
    made = []
    data = scene.file("contract.txt", TEXT)
    for kind in KEYS:
        anna, bert = f"anna-{kind}", f"bert-{kind}"
        made.append((f"sealed, {kind}, enveloping",
                     scene.seal(f"{kind}-in", anna, data), None, 1))
        detached = scene.seal(f"{kind}-out", anna, data, "--detached")
        made.append((f"sealed, {kind}, detached", detached, data, 1))
        made.append((f"sealed, then raised again, {kind}, detached",
                     scene.augment(detached, f"{kind}-again", "--content", data), data, 1))
        for form in ("-nodetach", "-stream -indef -nodetach"):
            name = f"{kind}-two{len(form)}"
            run("openssl", "cms", "-sign", "-binary", "-cades", "-md", "sha256", "-outform", "DER",
                *form.split(), "-in", data, "-out", scene.out(name + "-b"),
                "-signer", scene.cert(anna), "-inkey", scene.key(anna),
                "-signer", scene.cert(bert), "-inkey", scene.key(bert),
                "-certfile", scene.cert("ca"))
            made.append((f"two signers by OpenSSL ({form}), raised, {kind}",
                         scene.augment(scene.out(name + "-b"), name), None, 2))
    return made


def ours_before_others(_, scene, build):
    made = make_ours(scene)
    dss = judges.dss_signatures(os.path.join(build, "judges"))
    now = run("date", "-u", "+%Y-%m-%dT%H:%M:%SZ").stdout.strip()
    answers = dss.judge([[path] + ([content] if content else [])
                         for _, path, content, _ in made], now, scene.anchors)
    for (name, path, content, n), answer in zip(made, answers):
        tap.equal(f"{name}: DSS reads {n} signatures", len(answer["signatures"]), n)
        for s in answer["signatures"]:
            tap.equal(f"{name}: DSS says", (s["level"], s["indication"], s["subindication"]),
                      (LTA, PASSED, None))
            tap.check(f"{name}: every time-stamp passes with DSS", s["timestamps"] and all(
                t["imprint"] and t["signature"] and t["indication"] == "PASSED"
                for t in s["timestamps"]), s["timestamps"])
        ours = scene.validate(path, content)
        tap.equal(f"{name}: we say", [(s["level"], s["indication"]) for s in ours["signatures"]],
                  [("LTA", PASSED)] * n)
        r = scene.openssl_verify(path, content)
        tap.equal(f"{name}: OpenSSL verifies", r.returncode, 0)


LEVELS = ["B", "T", "LT", "LTA"]


def make_theirs(scene, build):
    """What DSS signs, extends, adds a signer to, countersigns; [(name, path, content, level)]."""
    data = scene.file("contract.txt", TEXT)
    made, lines = [], []

    def line(name, level, content, *words):
        lines.append([words[0], words[1], scene.out(name), *words[2:]])
        made.append((f"DSS: {name}", scene.out(name), content, level))

    for kind in KEYS:
        todo = []
        for level in LEVELS:
            full = f"CAdES_BASELINE_{level}"
            for packaging, content in (("ENVELOPING", None), ("DETACHED", data)):
                line(f"{kind} {level} {packaging}", level, content, "sign", data, full, packaging,
                     "SHA256" if level != "LT" else "SHA512")
        first = scene.out(f"{kind} B ENVELOPING")
        for level in LEVELS[1:]:
            line(f"{kind} B extended to {level}", level, None, "extend", first,
                 f"CAdES_BASELINE_{level}")
        line(f"{kind} LTA extended again", "LTA", None, "extend",
             scene.out(f"{kind} LTA ENVELOPING"), "CAdES_BASELINE_LTA")
        line(f"{kind} one signer more", "B", None, "sign", first, "CAdES_BASELINE_B",
             "ENVELOPING", "SHA384")
        line(f"{kind} countersigned", "B", None, "counter", first, "SHA256")
        maker = judges.dss_make(os.path.join(build, "judges"))
        todo, lines[:] = list(lines), []
        answers = maker.judge(todo, scene.p12(f"anna-{kind}"), "secret", scene.anchors, scene.tsa)
        for words, answer in zip(todo, answers):
            tap.equal(f"DSS makes {os.path.basename(words[2])}", answer["error"], None)
    return made


def others_before_us(_, scene, build):
    made = make_theirs(scene, build)
    dss = judges.dss_signatures(os.path.join(build, "judges"))
    now = run("date", "-u", "+%Y-%m-%dT%H:%M:%SZ").stdout.strip()
    answers = dss.judge([[path] + ([content] if content else [])
                         for _, path, content, _ in made], now, scene.anchors)
    for (name, path, content, level), theirs in zip(made, answers):
        ours = scene.validate(path, content)
        tap.equal(f"{name}: as many signatures", len(ours["signatures"]),
                  len(theirs["signatures"]))
        for o, d in zip(ours["signatures"], theirs["signatures"]):
            # Status comes from the network at levels B and T; offline it is missing, for
            # both of us, under different names (EN 319 102-1 5.2.6.4 step 4).
            if level in ("LT", "LTA"):
                tap.equal(f"{name}: the same verdict", (o["indication"], o["subindication"]),
                          (d["indication"], d["subindication"]))
                tap.equal(f"{name}: TOTAL_PASSED", o["indication"], PASSED)
            else:
                tap.equal(f"{name}: neither passes without status",
                          (o["indication"], d["indication"]), ("INDETERMINATE",) * 2)
            tap.equal(f"{name}: the same level", o["profile"], d["level"])
            tap.check(f"{name}: the value and references are intact",
                      o["signature_intact"] and o["references_intact"])
            tap.equal(f"{name}: the same time-stamps",
                      [(t["type"], t["imprint_intact"], t["signature_intact"])
                       for t in o["timestamps"]],
                      [(t["type"].split("_")[0].lower(), t["imprint"], t["signature"])
                       for t in d["timestamps"]])


def main():
    build = os.path.abspath(sys.argv[1])
    ltps = os.path.join(build, "ltps")
    try:
        judges.dss_signatures(os.path.join(build, "judges"))
    except judges.Absent as why:
        tap.skip("CAdES between us and EU DSS", str(why))
        tap.end()
    with workspace() as work:
        tap.run(corpus_facts, build, work)
        scene = Scene(ltps, work)
        try:
            tap.run(ours_before_others, scene, build)
            tap.run(others_before_us, scene, build)
        finally:
            scene.stop()
    tap.end()


if __name__ == "__main__":
    main()
