#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""disk_full BUILD - a store on a small file system of its own, which fills up: under
ingest, under a hash-tree renewal and at a start. What was taken is handed out and
verifies, what was refused is told so, and with room again everything is made up for."""
import datetime
import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from serve import Pki, Serve  # noqa: E402
from service import MINOR, SUCCESS, Tap, data_of, until, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
root = os.path.join(os.path.dirname(__file__), "..", "..")
SIZE = 12  # MiB of the file system
RESERVE = 4 << 20  # octets: kept free for what is not ingest
LARGE = 200000  # octets: a file of its own in the store
MOUNTED = "LTPS_TEST_MOUNTED"


def into_a_namespace():
    """Again, where a file system may be mounted that nobody else sees."""
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    probe = subprocess.run([*unshare, "mount", "-t", "tmpfs", "none", "/mnt"],
                           capture_output=True, text=True)
    if probe.returncode != 0:
        tap.skip("a full disk", "no file system can be mounted here: " +
                 probe.stderr.strip().replace("\n", " "))
        tap.end()
    os.execvpe(unshare[0], [*unshare, sys.executable, *sys.argv], {**os.environ, MOUNTED: "1"})


class Own(Serve):
    def __init__(self, pki, store):
        super().__init__(ltps, os.path.join(work, "service"), os.path.join(work, "ltps.conf"))
        self.pki, self.store = pki, store
        self.write("")

    def write(self, policy):
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(f"""[service]
dir = {self.store}
listen = 127.0.0.1:{self.port}
log_level = warning
[limits]
no_space = {RESERVE >> 20}M
{self.pki.sections()}[upkeep]
{policy}""")


class Filler:
    """Everything that is left of the file system."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "filler")

    def fill(self, leave=0):
        with open(self.path, "ab", buffering=0) as f:
            for piece in (65536, 512, 1):
                try:
                    while True:
                        f.write(b"\0" * piece)
                except OSError:
                    pass
            if leave:
                f.truncate(f.tell() - leave)

    def free(self):
        os.unlink(self.path)


def ending_policy():
    """The default policy with an end of SHA-256 within the margin of renewal."""
    end = datetime.date.today() + datetime.timedelta(days=90)
    with open(os.path.join(root, "policies", "algorithms-default.xml"), encoding="utf-8") as f:
        suite = f.read()
    at = suite.index("<dssc:ObjectIdentifier>2.16.840.1.101.3.4.2.1<")
    suite = suite[:at] + suite[at:].replace(
        "<dssc:Validity/>", f"<dssc:Validity><dssc:End>{end}</dssc:End></dssc:Validity>", 1)
    save("ending.xml", suite.encode())
    with open(os.path.join(root, "policies", "validation-default.conf"), encoding="utf-8") as f:
        return save("ending.conf", f.read().replace("suite = default",
                                                    "suite = ending.xml").encode())


def save(name, data):
    path = os.path.join(work, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def report_of(poid, data):
    record = data_of(service.evidence(poid)[0])
    r = subprocess.run([ltps, "evidence", "verify", save("er", record), "--data",
                        save("data", data), "--anchor", service.pki.anchors, "--format", "json"],
                       capture_output=True, text=True)
    return r.returncode, json.loads(r.stdout)


def wrong_of(known):
    """Those that are not handed out octet by octet, or whose record does not verify."""
    return [p for p, d in known.items()
            if data_of(service.retrieve(p, "PO")[1]["po"][0]) != d or report_of(p, d)[0] != 0]


def chains(poid, data):
    return len(report_of(poid, data)[1]["chains"])


def fsck():
    r = subprocess.run([ltps, "fsck", "-c", service.conf], capture_output=True, text=True)
    return r.returncode, r.stdout + r.stderr


def ingest(tap):
    for i in range(4):
        for n in (100 + i, LARGE + i):
            data = os.urandom(n)
            answer = service.preserve(data)[1]
            if answer["result"]["maj"] != SUCCESS:
                raise RuntimeError(str(answer))
            known[answer["poId"]] = data
    until(service.settled, "everything has its evidence")
    filler.fill(leave=RESERVE // 2)
    for n in (64, LARGE):
        status, answer = service.preserve(os.urandom(n))
        tap.check(f"into the reserve, {n} octets: refused and told why", answer["result"].get(
            "min") == MINOR + "error/noSpaceError" and "poId" not in answer and status < 500,
            answer)
    tap.equal("what was taken is handed out and verifies", wrong_of(known), [])


def nothing_left(tap):
    """What cannot be put down in the audit is not done."""
    filler.fill()
    for name, answer in (("an object", service.preserve(b"more")[1]),
                         ("an answer", service.retrieve(next(iter(known)), "PO")[1])):
        tap.check(f"no room for {name}: told", answer["result"]["maj"] != SUCCESS and
                  ("full" in str(answer["result"]) or "noSpace" in str(answer["result"])), answer)
    tap.equal("the process goes on", service.process.poll(), None)


def renewal(tap):
    service.write(f"policy = {ending_policy()}\n")
    os.killpg(service.process.pid, signal.SIGHUP)
    until(lambda: re.search("could not be kept up.*full", service.log()),
          "the renewal meets the full disk, and says so")
    h = service.health()
    tap.check("health tells it", h["status"] == "alarm" and h["space"]["none"] and
              not h["upkeep"]["damaged"], h)
    tap.equal("it is not ready", service.request("GET", "/ready")[0], 503)


def answers():
    if service.process.poll() is not None:
        return True
    try:
        return service.request("GET", "/health")[0] == 200
    except OSError:
        return False


def restart(tap):
    """Killed while it is full, and begun again with it full."""
    service.kill()
    filler.fill()
    service.start(wait=False)
    until(answers, "it answers, or ends")
    code = service.process.poll()
    if code is None:
        tap.equal("it starts, and is not ready", service.request("GET", "/ready")[0], 503)
    else:
        tap.check("it does not start, and says why", code not in (0, 70) and code > 0 and
                  "full" in service.log().splitlines()[-1], (code, service.log()[-500:]))
    service.kill()


def room_again(tap):
    filler.free()
    service.start()
    until(lambda: all(chains(p, d) == 2 for p, d in known.items()),
          "every record has its second chain")
    until(service.settled, "all is done")
    tap.equal("everything that was taken is there and verifies", wrong_of(known), [])
    answer = service.preserve(b"after the flood")[1]
    tap.equal("and new objects are taken", answer["result"]["maj"], SUCCESS)
    service.stop()
    code, text = fsck()
    tap.check("fsck is clean", code == 0, text)
    tap.equal("no half file is left", os.listdir(os.path.join(store, "tmp")), [])


if MOUNTED not in os.environ:
    into_a_namespace()
with workspace() as work:
    known = {}
    disk = os.path.join(work, "disk")
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "none", disk], check=True)
    store = os.path.join(disk, "store")
    filler = Filler(disk)
    pki = Pki(ltps, os.path.join(work, "pki"))
    service = Own(pki, store)
    try:
        pki.start()
        service.start()
        for step in (ingest, nothing_left, renewal, restart, room_again):
            tap.run(step)
    finally:
        service.kill()
        pki.stop()
        subprocess.run(["umount", "-l", disk], check=False)
tap.end()
