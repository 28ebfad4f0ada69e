#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""peer_pades BUILD FILE ANCHORS - one signed PDF judged by us (pades_bench), by EU DSS and
by pyHanko, each warm in its own loop, in processor time.

peer_pades make FOLDER - unsigned PDFs to be sealed: usual.pdf of some 200 KB, large.pdf of
one object of 100 MB, many.pdf of 200 000 objects and as large; form-10.pdf and form-100.pdf
of 20 000 and 200 000 such objects behind the same form of 1000 fields."""
import json
import os
import random
import re
import resource
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "interop"))

SECONDS = 10  # of each peer, after its warming up
USUAL = 200_000
LARGE = 100_000_000
MANY = 200_000
TENTH = 20_000
FIELDS = 1000


# ---- files to be sealed ----

def stream(data, members=b""):
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), members, data)


def references(first, count):
    return b"[" + b" ".join(b"%d 0 R" % (first + i) for i in range(count)) + b"]"


def field(number):
    return (b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (field %d) /Rect [0 0 90 9] "
            b"/F 4 /P 3 0 R >>" % number)


def write_pdf(path, more, fields=0):
    """A page, so many fields on it, and these objects with references to them."""
    first = 6 + fields
    form, annots = b"", b""
    if fields:
        form = b" /AcroForm << /Fields %s >>" % references(6, fields)
        annots = b" /Annots " + references(6, fields)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Filler 5 0 R%s >>" % form,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources "
        b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>%s >>"
        % annots,
        stream(b"BT /F1 18 Tf 20 150 Td (Pay 100 EUR to Bogdan) Tj ET"),
        references(first, len(more)),
        *(field(i) for i in range(fields)),
        *more,
    ]
    parts, rows, at = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"], [b"0000000000 65535 f \n"], 15
    for number, body in enumerate(objects, 1):
        part = b"%d 0 obj\n%s\nendobj\n" % (number, body)
        rows.append(b"%010d 00000 n \n" % at)
        parts.append(part)
        at += len(part)
    parts += [b"xref\n0 %d\n" % len(rows), *rows,
              b"trailer\n<< /Size %d /Root 1 0 R /ID [<0102030405060708> <0102030405060708>] >>\n"
              b"startxref\n%d\n%%%%EOF\n" % (len(rows), at)]
    with open(path, "wb") as f:
        f.writelines(parts)


def small(number):
    return b"<< /Type /Filler /Number %d /Text (%s) >>" % (number, b"a small object " * 29)


def make(folder):
    os.makedirs(folder, exist_ok=True)
    noise = random.Random(1).randbytes
    write_pdf(os.path.join(folder, "usual.pdf"), [stream(noise(USUAL))])
    write_pdf(os.path.join(folder, "large.pdf"), [stream(noise(LARGE))])
    write_pdf(os.path.join(folder, "many.pdf"), [small(i) for i in range(MANY)])
    for name, n in (("form-10.pdf", TENTH), ("form-100.pdf", MANY)):
        write_pdf(os.path.join(folder, name), [small(i) for i in range(n)], FIELDS)


# ---- pyHanko, run by the Python that has it ----

def measure_hanko(path, anchors, now):
    import datetime
    import pyhanko_judge as hanko
    roots = list(hanko.load_certs_from_pemder([anchors]))
    at = datetime.datetime.fromisoformat(now.replace("Z", "+00:00"))

    def once():
        answer = hanko.judge(path, roots, at)
        if answer["error"] or any("error" in s for s in answer["signatures"]):
            raise RuntimeError(str(answer))

    for _ in range(3):
        once()
    n, begin, used = 0, time.monotonic(), time.process_time()
    while time.monotonic() - begin < SECONDS:
        once()
        n += 1
    print(json.dumps({"files": n, "seconds": time.process_time() - used,
                      "kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))


# ---- side by side ----

def asked(name, command):
    r = subprocess.run(command, capture_output=True, text=True)
    if r.returncode != 0:
        print(f"{name}: {r.stderr.strip()[-300:]}")
        return None
    return json.loads(r.stdout)


def of_dss(judges, folder, path, anchors, now):
    judge = judges.dss_signatures(folder)
    lines = os.path.join(judge.folder, "bench-list")
    with open(lines, "w") as f:
        f.write(path + "\n")
    return asked("DSS", [*judge.command, lines, now, anchors, "--measure", str(SECONDS)])


def of_hanko(judges, folder, path, anchors, now):
    judge = judges.pyhanko(folder)
    return asked("pyHanko", [judge.command[0], os.path.abspath(__file__), "--hanko", path,
                             anchors, now])


def beside(name, theirs, cold, warm, memory):
    per_second = theirs["files"] / theirs["seconds"]
    megabytes = theirs["kb"] / 1024
    print(f"{name}, warm: {per_second:.1f} a second of a core, {megabytes:.0f} MB; ratio "
          f"{cold / per_second:.0f} times (nothing remembered), {warm / per_second:.0f} times "
          f"(certificates remembered), memory 1/{megabytes / memory:.0f}")


def compare(build, path, anchors):
    import judges
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    ours = subprocess.run([os.path.join(build, "pades_bench"), path, anchors, now],
                          capture_output=True, text=True, check=True).stdout
    print(ours, end="")
    cold, warm, memory = map(float, re.search(
        r"judges (\S+) a second cold, (\S+) warm; peak memory (\S+) MB", ours).groups())
    for name, peer in (("DSS", of_dss), ("pyHanko", of_hanko)):
        try:
            theirs = peer(judges, os.path.join(build, "judges"), path, anchors, now)
        except judges.Absent as why:
            print(f"{name}: {why}")
            continue
        if theirs:
            beside(name, theirs, cold, warm, memory)


def main():
    words = sys.argv[1:]
    if words[0] == "make":
        make(words[1])
    elif words[0] == "--hanko":
        measure_hanko(*words[1:])
    else:
        compare(*words)


if __name__ == "__main__":
    main()
