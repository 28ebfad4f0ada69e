#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pades_interop BUILD - PAdES between us and others: what EU DSS and pyHanko say of the
corpus is still what is written down; what we seal and augment, both take for long-term
and passed, qpdf and poppler open without a warning that was not there before; what both
make and extend, we judge the same way, and raise further. A throwaway PKI serves status
and time-stamps on loopback."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True  # the tree stays as it is
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import judges  # noqa: E402
import pades_facts  # noqa: E402
import pdf_make  # noqa: E402
from scene import KEYS, Scene, run  # noqa: E402
from service import Tap, corpus_folder, workspace  # noqa: E402

tap = Tap()
PASSED, LTA = "TOTAL_PASSED", "PAdES-BASELINE-LTA"
LEVELS = ["B", "T", "LT", "LTA"]
# Offsets that count from a header further down: DSS and pyHanko do not read such a file,
# signed or not (ISO 32000-2 7.5.2).
JUNK = "junk before the header"


def corpus_facts(_, build, judge):
    corpus = corpus_folder("pades")
    if corpus is None:
        tap.skip(f"what {judge} says of the corpus", "../shared/corpus is not there")
        return
    known = pades_facts.known(judge)
    for case, answer in pades_facts.ask(judge, build, os.path.dirname(corpus)).items():
        tap.equal(f"{judge} says of {case} what it said", answer, known.get(case))


def read(path):
    with open(path, "rb") as f:
        return f.read()


def sources(scene):
    """Unsigned PDFs of each style: {name: path}"""
    plain = scene.file("plain.pdf", pdf_make.pdf())
    form = scene.file("form.pdf", pdf_make.pdf(form=True, pages=3))
    made = {"table": plain, "form": form,
            "claims PDF/A": scene.file("pdfa.pdf", pdf_make.pdf(pdfa=True)),
            "PDF 2.0": scene.file("two.pdf", pdf_make.pdf(version="2.0")),
            JUNK: scene.file("junk.pdf", b"junk\n" + pdf_make.pdf() + b"\n\n")}
    for name, option in (("streams", "--object-streams=generate"), ("linearised", "--linearize")):
        made[name] = os.path.join(scene.work, name + "-source.pdf")
        run("qpdf", option, form, made[name])
    return made


def warnings(path):
    """What qpdf and poppler have to say."""
    r = run("qpdf", "--check", path, check=False)
    out = [line.split(":", 1)[-1] for line in (r.stdout + r.stderr).splitlines()
           if "WARNING" in line or "ERROR" in line]
    r = run("pdfinfo", path, check=False)
    return out + [line for line in r.stderr.splitlines() if line.strip()]


def make_ours(scene):
    """[(name, source, path, signatures)]"""
    made = []
    files = sources(scene)
    for kind in KEYS:
        for name, source in files.items():
            if kind != "ecdsa" and name not in ("table", "streams"):
                continue
            path = scene.seal(f"{name} {kind}".replace("/", ""), f"anna-{kind}", source)
            made.append((f"{name} sealed, {kind}", source, path, 1))
            again = scene.augment(path, f"{name} {kind} again".replace("/", ""))
            made.append((f"{name} sealed and raised again, {kind}", path, again, 1))
        for level in ("t", "lt"):
            low = scene.seal(f"{level} {kind}", f"anna-{kind}", files["table"], "--level", level)
            made.append((f"{level} raised, {kind}", low, scene.augment(low, f"{level} {kind} up"),
                         1))
    return made


def extends(_, name, source, path):
    tap.check(f"{name}: the source is a strict prefix",
              read(path).startswith(read(source)) and read(path) != read(source))
    tap.equal(f"{name}: no warning that was not there before",
              [w for w in warnings(path) if w not in warnings(source)], [])


def ours_before_others(_, scene, build):
    made = make_ours(scene)
    folder = os.path.join(build, "judges")
    now = run("date", "-u", "+%Y-%m-%dT%H:%M:%SZ").stdout.strip()
    lines = [[path] for _, _, path, _ in made]
    dss = judges.dss_signatures(folder).judge(lines, now, scene.anchors)
    hanko = judges.pyhanko(folder).judge(lines, now, scene.anchors)
    for (name, source, path, n), d, p in zip(made, dss, hanko):
        tap.run(extends, name, source, path)
        ours = scene.validate(path)
        tap.equal(f"{name}: we say", [(s["level"], s["indication"]) for s in ours["signatures"]],
                  [("LTA", PASSED)] * n)
        if name.startswith(JUNK):
            continue
        tap.equal(f"{name}: DSS says",
                  [(s["level"], s["indication"], s["subindication"]) for s in d["signatures"]],
                  [(LTA, PASSED, None)] * n)
        tap.check(f"{name}: every time-stamp passes with DSS", d["timestamps"] and all(
            t["imprint"] and t["signature"] and t["indication"] == "PASSED"
            for t in d["timestamps"]), d["timestamps"])
        tap.check(f"{name}: DSS sees no change but extensions", all(
            s["pdf"]["range"] and s["pdf"]["dictionary"] and s["pdf"]["changes"][2:] == [0, 0]
            for s in d["signatures"]), [s["pdf"] for s in d["signatures"]])
        tap.check(f"{name}: pyHanko takes it", p["error"] is None and all(
            s.get("intact") and s.get("valid") and s.get("docmdp") and
            s.get("modification") in ("LTA_UPDATES", "NONE") and s.get("lta") == "AdESPassed.OK"
            for s in p["signatures"]) and len(p["signatures"]) == n, p)


def make_theirs(scene, build):
    """What DSS and pyHanko sign and extend: [(name, path, level)]"""
    folder = os.path.join(build, "judges")
    files = sources(scene)
    made, dss, hanko = [], [], []

    def line(to, who, name, level, *words):
        to.append([words[0], words[1], scene.out(name), *words[2:]])
        made.append((f"{who}: {name}", scene.out(name), level))

    for level in LEVELS:
        line(dss, "DSS", f"dss {level}", level, "sign", files["table"], f"PAdES_BASELINE_{level}",
             "ENVELOPED", "SHA256")
        line(hanko, "pyHanko", f"hanko {level}", level, "sign", files["streams"], level, "sha256")
    for level in LEVELS[1:]:
        line(dss, "DSS", f"dss B extended to {level}", level, "extend", scene.out("dss B"),
             f"PAdES_BASELINE_{level}")
    line(dss, "DSS", "dss LTA extended again", "LTA", "extend", scene.out("dss LTA"),
         "PAdES_BASELINE_LTA")
    line(dss, "DSS", "dss one signature more", "B", "sign", scene.out("dss T"),
         "PAdES_BASELINE_B", "ENVELOPED", "SHA512")
    line(hanko, "pyHanko", "hanko LTA renewed", "LTA", "renew", scene.out("hanko LTA"))
    line(hanko, "pyHanko", "hanko over dss", "B", "sign", scene.out("dss LTA"), "B", "sha384")
    arguments = (scene.p12("anna-ecdsa"), "secret", scene.anchors, scene.tsa)
    for maker, lines in ((judges.dss_make(folder), dss), (judges.pyhanko_make(folder), hanko)):
        for words, answer in zip(lines, maker.judge(lines, *arguments)):
            tap.equal(f"made: {os.path.basename(words[2])}", answer["error"], None)
    return made


def others_before_us(_, scene, build):
    made = make_theirs(scene, build)
    now = run("date", "-u", "+%Y-%m-%dT%H:%M:%SZ").stdout.strip()
    dss = judges.dss_signatures(os.path.join(build, "judges"))
    answers = dss.judge([[path] for _, path, _ in made], now, scene.anchors)
    for (name, path, level), theirs in zip(made, answers):
        ours = scene.validate(path)
        tap.equal(f"{name}: as many signatures", len(ours["signatures"]),
                  len(theirs["signatures"]))
        for o, d in zip(ours["signatures"], theirs["signatures"]):
            if level in ("LT", "LTA"):
                tap.equal(f"{name}: the same verdict", (o["indication"], o["subindication"]),
                          (d["indication"], d["subindication"]))
                tap.equal(f"{name}: TOTAL_PASSED", o["indication"], PASSED)
            tap.equal(f"{name}: the same level", o["profile"], d["level"])
            tap.check(f"{name}: the value and references are intact",
                      o["signature_intact"] and o["references_intact"] and
                      o["byte_range_valid"])
            tap.check(f"{name}: nothing undefined behind it",
                      all(m["kind"] != "undefined" for m in o["modifications"]),
                      o["modifications"])
        tap.equal(f"{name}: as many time-stamps",
                  sum(len(s["timestamps"]) for s in ours["signatures"]) + len(ours["timestamps"]),
                  len(theirs["timestamps"]))


def theirs_raised_by_us(_, scene, build):
    """And what we raised, raised further by them."""
    folder = os.path.join(build, "judges")
    now = run("date", "-u", "+%Y-%m-%dT%H:%M:%SZ").stdout.strip()
    up = [scene.augment(scene.out(name), name + " by us")
          for name in ("dss LTA", "dss one signature more", "hanko LTA", "hanko over dss")]
    further = [["extend", path, path + ".dss.pdf", "PAdES_BASELINE_LTA"] for path in up[:3:2]]
    for answer in judges.dss_make(folder).judge(further, scene.p12("anna-ecdsa"), "secret",
                                                scene.anchors, scene.tsa):
        tap.equal("DSS raises what we raised", answer["error"], None)
    for path in up + [words[2] for words in further]:
        name = os.path.basename(path)
        d = judges.dss_signatures(folder).judge([[path]], now, scene.anchors)[0]
        ours = scene.validate(path)
        tap.equal(f"{name}: DSS says", {(s["level"], s["indication"]) for s in d["signatures"]},
                  {(LTA, PASSED)})
        tap.equal(f"{name}: we say", {(s["profile"], s["indication"], s.get("text"))
                                      for s in ours["signatures"]}, {(LTA, PASSED, None)})


def main():
    build = os.path.abspath(sys.argv[1])
    ltps = os.path.join(build, "ltps")
    try:
        for make in (judges.dss_signatures, judges.pyhanko):
            make(os.path.join(build, "judges"))
    except judges.Absent as why:
        tap.skip("PAdES between us, EU DSS and pyHanko", str(why))
        tap.end()
    with workspace() as work:
        for judge in pades_facts.JUDGES:
            tap.run(corpus_facts, build, judge)
        scene = Scene(ltps, work, ".pdf")
        try:
            tap.run(ours_before_others, scene, build)
            tap.run(others_before_us, scene, build)
            tap.run(theirs_raised_by_us, scene, build)
        finally:
            scene.stop()
    tap.end()


if __name__ == "__main__":
    main()
