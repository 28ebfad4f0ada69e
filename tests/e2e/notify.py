#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""notify BUILD - webhooks of a whole service: what happened before a kill -9 is told after
it, signed, in the form that the schema says; alarms that came are told when they went."""
import hashlib
import hmac
import http.server
import json
import os
import subprocess
import sys
import threading

HERE = os.path.dirname(__file__)
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from service import Service, Tap, free_port, until, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
SECRET = "a-secret-of-this-test"
with open(os.path.join(HERE, "..", "..", "docs", "notification.schema.json")) as f:
    SCHEMA = json.load(f)


class Hook(http.server.BaseHTTPRequestHandler):
    told = []
    status = 204

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Hook.told.append((Hook.status, dict(self.headers), body))
        self.send_response(Hook.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def listen(port):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def taken(event):
    return [(h, json.loads(b)) for s, h, b in Hook.told
            if s == 204 and json.loads(b)["event"] == event]


def well_signed(headers, body):
    text = headers["LTPS-Timestamp"].encode() + b"." + body
    mac = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
    return hmac.compare_digest("sha256=" + mac, headers["LTPS-Signature"])


def serve(path):
    log = open(path + ".log", "ab")
    process = subprocess.Popen([ltps, "serve", "-c", path], stdout=log, stderr=log)
    log.close()
    return process


def ready(service, process):
    if process.poll() is not None:
        raise RuntimeError(f"the service ended with {process.returncode}")
    try:
        return service.request("GET", "/ready")[0] == 200
    except OSError:
        return False


with workspace() as root:
    port, hook_port, tsa_port = free_port(), free_port(), free_port()
    path = os.path.join(root, "ltps.conf")
    with open(os.path.join(root, "secret"), "w") as f:
        f.write(SECRET + "\n")
    with open(path, "w") as f:
        f.write(f"""[service]
dir = store
listen = 127.0.0.1:{port}
[tsa none]
url = http://127.0.0.1:{tsa_port}/
[fetch]
allow_loopback = true
[profiles]
tree_max_age = 100ms
[notify test]
url = http://127.0.0.1:{hook_port}/told
secret_file = secret
""")
    service = Service(ltps, root, port=port)

    # Nobody listens: the alarm that the TSA is gone waits.
    process = serve(path)
    until(lambda: ready(service, process), "the service is ready")
    status, answer = service.preserve(b"a text")
    tap.check("an object is taken", status == 200, answer)
    until(lambda: json.loads(service.request("GET", "/health")[1])["evidence"]["late"],
          "evidence is late")
    until(lambda: "could not be delivered" in open(path + ".log").read(),
          "a delivery failed")
    process.kill()
    process.wait()

    Hook.status = 503
    server = listen(hook_port)
    process = serve(path)
    until(lambda: Hook.told, "the hook is asked")
    Hook.status = 204
    until(lambda: taken("AlarmRaised"), "the alarm is told")
    headers, value = taken("AlarmRaised")[0]
    tap.check("what happened before kill -9 is told after it", True)
    tap.check("the alarm is that evidence is late", value["details"]["alarm"] == "evidence-late",
              value)
    tap.check("each attempt is signed", all(well_signed(h, b) for _, h, b in Hook.told))
    tap.check("another secret does not verify",
              not hmac.compare_digest(headers["LTPS-Signature"], "sha256=" + hmac.new(
                  b"x", Hook.told[-1][2], hashlib.sha256).hexdigest()))
    tap.check("each attempt has the id of the event",
              len({h["LTPS-Event"] for _, h, b in Hook.told
                   if json.loads(b)["event"] == "AlarmRaised"}) == 1)
    tap.check("header and body have the same id", headers["LTPS-Event"] == value["id"])
    log = open(path + ".log").read()
    tap.check("the secret is not in the log", SECRET not in log)
    try:
        import jsonschema
        errors = [e.message for _, _, b in Hook.told
                  for e in jsonschema.Draft202012Validator(SCHEMA).iter_errors(json.loads(b))]
        tap.check("bodies follow the schema", not errors, errors)
    except ImportError as e:
        tap.skip("bodies follow the schema", str(e))
    process.terminate()
    tap.check("the service ends with 0", process.wait(60) == 0, process.returncode)
    server.shutdown()
tap.end()
