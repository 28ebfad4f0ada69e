#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""reload BUILD - SIGHUP reads the configuration again without losing a request; a bad
one changes nothing and says which line; SIGTERM ends with 0."""
import json
import os
import signal
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from service import SUCCESS, Service, Tap, free_port, until, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
POLICIES = os.path.join(os.path.dirname(__file__), "..", "..", "policies")


def write_profile(path, name):
    """One of those that come with the program, under another id."""
    with open(os.path.join(POLICIES, "profile-wst-ers.conf")) as f:
        lines = [f"id = urn:test:{name}\n" if x.startswith("id = ") else x for x in f]
    with open(path, "w") as f:
        f.writelines(lines)


class Own(Service):
    """`ltps serve` with a configuration that the test writes."""

    def __init__(self, root):
        super().__init__(ltps, root)
        self.path = os.path.join(root, "ltps.conf")
        self.answered = 0

    def write(self, more="", listen=None, directory="store"):
        with open(self.path + ".new", "w") as f:
            f.write(f"[service]\ndir = {directory}\n"
                    f"listen = {listen or f'127.0.0.1:{self.port}'}\n{more}")
        os.rename(self.path + ".new", self.path)

    def start(self, wait=True):
        log = open(self.path + ".log", "ab")
        self.process = subprocess.Popen([ltps, "serve", "-c", self.path], stdout=log,
                                        stderr=log, start_new_session=True)
        log.close()
        until(self.ready, "the service is ready")

    def log(self):
        with open(self.path + ".log") as f:
            return f.read()

    def reload(self, word):
        before = self.log().count(word)
        self.process.send_signal(signal.SIGHUP)
        until(lambda: self.log().count(word) > before, f"the log says {word!r}")

    def profiles(self):
        answer = self.call("RetrieveInfo", {})[1]
        return [p["profId"] if "profId" in p else json.dumps(p) for p in answer["pro"]]


def has(service, name):
    return any(name in p for p in service.profiles())


def bad_files(service):
    for what, more, line in [
            ("an unknown key", "[limits]\nunknown = 1\n", "ltps.conf:5"),
            ("a value out of range", "[limits]\nqueue_max = 0\n", "ltps.conf:5"),
            ("a missing anchor", "[trust]\nanchors = gone.pem\n", "ltps.conf:5"),
            ("a missing profile", "[profiles]\nbuiltin = true\nfile = gone.conf\n",
             "ltps.conf:6"),
            ("a missing secret", "[notify a]\nurl = http://127.0.0.1/\nsecret_file = gone\n",
             "ltps.conf:6"),
            ("a missing key", "[seal]\nkey = gone.pem\n", "ltps.conf:5")]:
        service.write(more)
        service.reload("not reloaded")
        last = [x for x in service.log().splitlines() if "not reloaded" in x][-1]
        tap.check(f"{what}: the log says which line", line in last, last)
        tap.check(f"{what}: the old profiles stay", has(service, "urn:test:first"))


def submit_all(service, stop, failures):
    while not stop.is_set():
        try:
            status, answer = service.preserve(os.urandom(64))
            if status != 200 or answer["result"]["maj"] != SUCCESS:
                failures.append(answer)
            else:
                service.answered += 1
        except Exception as e:  # noqa: BLE001 - each is a lost request
            failures.append(repr(e))


def under_load(service, root):
    stop, failures = threading.Event(), []
    threads = [threading.Thread(target=submit_all, args=(service, stop, failures))
               for _ in range(3)]
    for t in threads:
        t.start()
    for i in range(5):
        write_profile(os.path.join(root, f"p{i}.conf"), f"round{i}")
        service.write(f"[profiles]\nfile = p{i}.conf\n")
        service.reload('"reloaded"')
        until(lambda: has(service, f"urn:test:round{i}"), "the new profile is offered")
    stop.set()
    for t in threads:
        t.join()
    tap.check("no request is lost by a reload", not failures, failures[:3])
    tap.check("the profile of before is gone", not has(service, "urn:test:round3"))
    health = json.loads(service.request("GET", "/health")[1])
    tap.check("what was taken is there", health["objects"] >= service.answered,
              (health, service.answered))


def slow_body(service):
    """A request whose body comes before and after a reload."""
    body = json.dumps({"pro": "urn:ltps:profile:pds+pgd+aug+wst+ers:1",
                       "po": [{"binaryData": {"value": "YQ=="}, "mimeType": "text/plain"}]}).encode()
    with socket.create_connection(("127.0.0.1", service.port)) as s:
        s.sendall(b"POST /pres/PreservePO HTTP/1.1\r\nHost: a\r\nContent-Type: "
                  b"application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:20])
        service.write("[limits]\nbody_max = 1M\n")
        service.reload('"reloaded"')
        s.sendall(body[20:])
        answer = s.recv(65536)
    tap.check("a request that came half before a reload is answered",
              b" 200 " in answer and b"resultmajor:Success" in answer, answer)


def refused(service, n):
    with socket.create_connection(("127.0.0.1", service.port)) as s:
        s.sendall(b"POST /pres/PreservePO HTTP/1.1\r\nHost: a\r\nContent-Type: "
                  b"application/json\r\nContent-Length: %d\r\n\r\n" % n)
        return s.recv(65536).split(b"\r\n")[0]


with workspace() as root:
    service = Own(root)
    write_profile(os.path.join(root, "first.conf"), "first")
    service.write("[profiles]\nfile = first.conf\n")
    service.start()
    tap.check("the configured profile is offered", has(service, "urn:test:first"))
    bad_files(service)
    under_load(service, root)
    slow_body(service)
    service.write("[limits]\nbody_max = 1M\n")
    service.reload('"reloaded"')
    status = refused(service, 2 << 20)
    tap.check("limits of the new file are in force", b" 413 " in status, status)
    service.write("log_format = json\nlog_level = debug\n", listen="127.0.0.1:1",
                  directory="elsewhere")
    service.reload('"key":"listen"')
    tap.check("another folder is told as needing a restart", '"key":"dir"' in service.log())
    tap.check("it serves where it did", service.ready())
    tap.check("no other store was made", not os.path.exists(os.path.join(root, "elsewhere")))
    service.process.send_signal(signal.SIGTERM)
    tap.equal("SIGTERM ends with 0", service.process.wait(60), 0)
    tap.check("it said so", '"text":"stopped"' in service.log())

    # With a request running it waits for it; asked twice it does not.
    for times in (1, 2):
        service.write("drain = 10m\n")
        service.start()
        with socket.create_connection(("127.0.0.1", service.port)) as s:
            s.sendall(b"POST /pres/RetrieveInfo HTTP/1.1\r\nHost: a\r\nContent-Type: "
                      b"application/json\r\nContent-Length: 2\r\n\r\n{")
            stopping = service.log().count("stopping")
            until(lambda: service.request("GET", "/ready")[0] == 200, "it serves")
            service.process.send_signal(signal.SIGTERM)
            until(lambda: service.log().count("stopping") > stopping, "it stops")
            if times == 2:
                service.process.send_signal(signal.SIGTERM)
            else:
                s.sendall(b"}")
                tap.check("a running request is answered while it stops",
                          b" 200 " in s.recv(65536))
            tap.equal(f"it ends with 0 when asked {times} time(s)",
                      service.process.wait(60), 0)
tap.end()
