# SPDX-License-Identifier: Apache-2.0
"""A demonstration service for scripts: starts `ltps demo`, talks to it, kills
it, and collects results as TAP. Standard library only."""
import base64
import datetime
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

PROFILE = "urn:ltps:profile:pds+pgd+aug+wst+ers:1"
SUCCESS = "urn:oasis:names:tc:dss:1.0:resultmajor:Success"
REQUESTER = "urn:oasis:names:tc:dss:1.0:resultmajor:RequesterError"
RESPONDER = "urn:oasis:names:tc:dss:1.0:resultmajor:ResponderError"
MINOR = "http://uri.etsi.org/19512/"
DEADLINE = 120  # seconds until a wait for a state is given up: a failure


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Service:
    def __init__(self, program, directory, env=None, port=None):
        self.program, self.dir = program, directory
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = dict(os.environ, **(env or {}))
        self.process = None

    def start(self, wait=True):
        log = open(self.dir + ".log", "ab")
        self.process = subprocess.Popen(
            [self.program, "demo", "--dir", self.dir, "--listen", f"127.0.0.1:{self.port}"],
            stdout=log, stderr=subprocess.STDOUT, env=self.env, start_new_session=True)
        log.close()
        if wait:
            until(self.ready, "the service is ready")

    def ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the service ended with {self.process.returncode}")
        try:
            return self.request("GET", "/ready")[0] == 200
        except OSError:
            return False

    def log(self):
        with open(self.dir + ".log", encoding="utf-8", errors="replace") as f:
            return f.read()

    def kill(self):
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        return self.process.wait(DEADLINE)

    def request(self, method, path, body=None, headers=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            return r.status, r.read(), dict(r.getheaders())
        finally:
            c.close()

    def call(self, operation, message):
        status, body, _ = self.request("POST", "/pres/" + operation, json.dumps(message),
                                       {"Content-Type": "application/json"})
        return status, json.loads(body)

    def preserve(self, *datas, **more):
        pos = [{"binaryData": {"value": b64(d)}, "mimeType": "application/octet-stream"}
               for d in datas]
        return self.call("PreservePO", {"pro": PROFILE, "po": pos, **more})

    def retrieve(self, poid, subject, **more):
        return self.call("RetrievePO", {"poId": poid, "sor": subject, **more})

    def evidence(self, poid, subject="Evidence"):
        """Waits for the tree of this object to be time-stamped."""
        answer = []

        def there():
            answer[:] = [self.retrieve(poid, subject)[1]]
            minor = answer[0]["result"].get("min")
            if minor not in (None, MINOR + "warning/requestOnlyPartlySuccessful"):
                raise RuntimeError(str(answer[0]["result"]))
            return minor is None
        until(there, f"evidence of {poid}")
        return answer[0]["po"]


def b64(data):
    return base64.b64encode(data).decode()


def data_of(po):
    return base64.b64decode(po["binaryData"]["value"])


def instant(text):
    """A time as it is written in answers: as text, 07Z is after 07.5Z."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def until(condition, what, seconds=DEADLINE):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("gave up waiting until " + what)
        time.sleep(0.05)


class Tap:
    """Each check is a test by name; an exception is a failed one."""

    def __init__(self):
        self.n = self.bad = self.skipped = 0

    def check(self, name, condition, detail=""):
        self.n += 1
        if condition:
            print(f"ok - {name}")
        else:
            self.bad += 1
            print(f"not ok - {name}")
            if detail != "":
                print(f"  # {str(detail)[:2000]}")
        sys.stdout.flush()
        return bool(condition)

    def equal(self, name, got, wanted):
        return self.check(name, got == wanted, f"got {got!r}, wanted {wanted!r}")

    def skip(self, name, why):
        self.skipped += 1
        print(f"ok - {name} # SKIP {why}")

    def run(self, function, *arguments):
        try:
            function(self, *arguments)
        except Exception as e:  # noqa: BLE001 - a broken step is a failed test
            self.check(function.__name__, False, f"{type(e).__name__}: {e}")

    def end(self):
        sys.exit(1 if self.bad or not self.n + self.skipped else 0)


def corpus_folder(name):
    """A folder of the corpus, or None where it is not."""
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.environ.get("LTPS_CORPUS") or os.path.join(here, "../../../shared/corpus")
    folder = os.path.join(root, name)
    return folder if os.path.isdir(folder) else None


def workspace():
    return tempfile.TemporaryDirectory(prefix="ltps-test-")
