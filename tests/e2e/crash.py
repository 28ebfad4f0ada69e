#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""crash BUILD - kill -9 at every named fail-point and at random moments, under
concurrent ingest: after the restart every acknowledged object is there, byte
for byte, gets evidence that verifies, and fsck is clean. The seed is printed;
LTPS_SEED repeats a run."""
import os
import random
import re
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from service import SUCCESS, Service, Tap, data_of, free_port, until, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
root = os.path.join(os.path.dirname(__file__), "..", "..")
seed = int(os.environ.get("LTPS_SEED", random.SystemRandom().randrange(1 << 32)))
random.seed(seed)
print(f"# seed {seed}")
CLIENTS = 6
RANDOM_KILLS = 6
PLENTY = 300  # objects of one round; after that the clients only trickle
OLD_SAMPLE = 60  # objects of earlier rounds looked at in each; all at the end
RARE = ("checkpoint", "unlink", "tree", "token", "stamp")  # passed once in a while


# Of upkeep: not reached by ingest in a demo with one TSA and no second folder. Their
# kills are in upkeep.py, simulate.py and tests/ltp.
UPKEEP = re.compile(r"(ltp\.(renew|renew_hash|plan|copy|fixity|period)|storage\.(repair|copy))\.")


def failpoints():
    names = []
    for room in ("storage", "ltp"):
        folder = os.path.join(root, room)
        for file in sorted(os.listdir(folder)):
            with open(os.path.join(folder, file), encoding="utf-8") as f:
                names += re.findall(r'"((?:storage|ltp)\.[a-z_.]+)"', f.read())
    return sorted({n for n in names if not UPKEEP.match(n)})


class Ingest:
    """Clients that submit until the service is gone; what was acknowledged."""

    def __init__(self, service, tag):
        self.service, self.tag = service, tag
        self.trickle = "checkpoint" not in tag  # which comes when all is quiet
        self.known, self.lock = {}, threading.Lock()
        self.enough = threading.Event()
        self.threads = [threading.Thread(target=self.client, args=(i,)) for i in range(CLIENTS)]

    def client(self, i):
        n = 0
        while not self.enough.is_set():
            n += 1
            # Small ones stay in the database, every third is a file of its own.
            size = 100000 if n % 3 == 0 else 50
            data = f"{self.tag} {i} {n} ".encode() + random.randbytes(size)
            try:
                status, answer = self.service.preserve(data)
            except (OSError, ValueError, RuntimeError):
                return
            except Exception:  # noqa: BLE001 - http.client's many ways to say gone
                return
            if status == 200 and answer["result"]["maj"] == SUCCESS:
                with self.lock:
                    self.known[answer["poId"]] = data
            if len(self.known) > PLENTY:
                if not self.trickle:
                    return
                self.enough.wait(0.1)

    def start(self):
        for t in self.threads:
            t.start()

    def join(self):
        self.enough.set()
        for t in self.threads:
            t.join()


def verified(service, poid, data, work):
    record = data_of(service.evidence(poid)[0])
    er, d = os.path.join(work, "er"), os.path.join(work, "d")
    with open(er, "wb") as f:
        f.write(record)
    with open(d, "wb") as f:
        f.write(data)
    r = subprocess.run([ltps, "evidence", "verify", er, "--data", d, "--anchor",
                        os.path.join(service.dir, "anchors.pem")], capture_output=True)
    return r.returncode == 0


def check(tap, name, service, known, seen, work):
    """After a restart without fail-points; seen: checked in earlier rounds."""
    service.env.pop("LTPS_FAILPOINT", None)
    service.start()
    old = [p for p in known if p in seen]
    look = [p for p in known if p not in seen] + random.sample(old, min(OLD_SAMPLE, len(old)))
    lost = [p for p in look
            if (got := service.retrieve(p, "PO")[1]).get("po") is None
            or data_of(got["po"][0]) != known[p]]
    seen.update(look)
    tap.equal(f"{name}: none of {len(look)} acknowledged objects is lost", lost, [])
    for poid in random.sample(sorted(known), min(3, len(known))):
        # What the dead process had begun is free again when its lease ends.
        until(lambda: verified(service, poid, known[poid], work), f"{name}: evidence verifies")
    r = subprocess.run([ltps, "fsck", "-c", os.path.join(service.dir, "ltps.conf")],
                       capture_output=True, text=True)
    tap.check(f"{name}: fsck is clean", r.returncode == 0, r.stdout + r.stderr)


def at_failpoint(tap, service, name, passage, known, work):
    service.env["LTPS_FAILPOINT"] = f"{name}:{passage}:kill"
    service.start(wait=False)
    ingest = Ingest(service, name)
    ended = None
    try:
        until(lambda: service.process.poll() is not None or service.ready(), "ready or dead")
        ingest.start()
        # Deletions reach the points of unlink.
        victims = [p for p, d in known.items() if len(d) > 50000]
        for p in victims[:2]:
            try:
                _, a = service.call("DeletePO", {"poId": p, "reason": "a test"})
                known.pop(p)
            except Exception:  # noqa: BLE001 - killed meanwhile: either is right
                known.pop(p)
        ended = service.process.wait(60)
    except RuntimeError:
        ended = service.process.poll()
    except subprocess.TimeoutExpired:
        pass
    ingest_alive = ended is None
    service.kill()
    if ingest.threads[0].ident is not None:
        ingest.join()
    known.update(ingest.known)
    tap.check(f"{name}: was reached", not ingest_alive, "the service outlived it")


def at_random(tap, service, known, work):
    service.start()
    ingest = Ingest(service, "random")
    ingest.start()
    threading.Event().wait(random.uniform(0.05, 2.5))
    service.kill()
    ingest.join()
    known.update(ingest.known)


with workspace() as work:
    service = Service(ltps, os.path.join(work, "demo"), port=free_port())
    known, seen = {}, set()
    try:
        service.start()
        for i in range(4):
            data = random.randbytes(80000)
            known[service.preserve(data)[1]["poId"]] = data
        service.kill()
        for name in failpoints():
            passage = 1 if any(r in name for r in RARE) else random.randint(1, 3)
            tap.run(at_failpoint, service, name, passage, known, work)
            tap.run(check, name, service, known, seen, work)
            service.kill()
        for i in range(RANDOM_KILLS):
            tap.run(at_random, service, known, work)
            tap.run(check, f"random moment {i + 1}", service, known, seen, work)
            service.kill()
        seen.clear()
        tap.run(check, "at the end", service, known, seen, work)
    finally:
        service.kill()
tap.end()
