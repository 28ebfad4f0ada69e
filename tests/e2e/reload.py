#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""reload BUILD - SIGHUP reads the configuration again without losing a request; a bad
one changes nothing and says which line; it takes up certificates of the listener, callers
and tenants; SIGTERM ends with 0."""
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from serve import Serve  # noqa: E402
from service import DEADLINE, MINOR, SUCCESS, Tap, until, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
POLICIES = os.path.join(os.path.dirname(__file__), "..", "..", "policies")


def write_profile(path, name):
    """One of those that come with the program, under another id."""
    with open(os.path.join(POLICIES, "profile-wst-ers.conf")) as f:
        lines = [f"id = urn:test:{name}\n" if x.startswith("id = ") else x for x in f]
    with open(path, "w") as f:
        f.writelines(lines)


class Own(Serve):
    """`ltps serve` with a configuration that the test writes."""

    def __init__(self, root):
        super().__init__(ltps, root, os.path.join(root, "ltps.conf"))
        self.answered = 0

    def write(self, more="", listen=None, directory="store"):
        with open(self.conf + ".new", "w") as f:
            f.write(f"[service]\ndir = {directory}\n"
                    f"listen = {listen or f'127.0.0.1:{self.port}'}\n{more}")
        os.rename(self.conf + ".new", self.conf)

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
        s.sendall(b"POST /pres/PreservePO HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                  b"application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:20])
        service.write("[limits]\nbody_max = 1M\n")
        service.reload('"reloaded"')
        s.sendall(body[20:])
        answer = s.recv(65536)
    tap.check("a request that came half before a reload is answered",
              b" 200 " in answer and b"resultmajor:Success" in answer, answer)


def refused(service, n):
    with socket.create_connection(("127.0.0.1", service.port)) as s:
        s.sendall(b"POST /pres/PreservePO HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                  b"application/json\r\nContent-Length: %d\r\n\r\n" % n)
        return s.recv(65536).split(b"\r\n")[0]


# ---- who comes in ----

class Secure(Own):
    """The same over TLS, where nobody is anonymous."""

    def __init__(self, root):
        super().__init__(root)
        self.pki, self.client = os.path.join(root, "pki"), None
        self.devpki("create")
        for name in ("first", "second", "third"):
            self.issue(name, "serverAuth", "subjectAltName=IP:127.0.0.1")
        self.issue("scanner", "clientAuth", "basicConstraints=CA:FALSE")

    def devpki(self, command, *more):
        return subprocess.run([ltps, "devpki", command, self.pki, *more], check=True,
                              capture_output=True, text=True).stdout

    def issue(self, name, usage, extension):
        self.devpki("issue", "--name", name, "--subject", name, "--extension",
                    "keyUsage=critical,digitalSignature", "--extension",
                    f"extendedKeyUsage={usage}", "--extension", extension)
        with open(f"{self.pki}/{name}.pem", "w") as out:
            for part in (name, "ca"):
                with open(f"{self.pki}/certs/{part}.pem") as f:
                    out.write(f.read())

    def configure(self, certificate="own.pem", key="own.key", ca="pki/certs/root.pem", more=""):
        """Lines 4 to 9, and more from 10 on."""
        self.write(f"[tls]\ncertificate = {certificate}\nkey = {key}\nclient_ca = {ca}\n"
                   f"[auth]\nrequire = true\n{more}")

    def install(self, name):
        """As a renewal does it: the files have the same names."""
        folder = os.path.dirname(self.conf)
        for at, path in (("pem", f"{self.pki}/{name}.pem"), ("key", f"{self.pki}/keys/{name}.pem")):
            shutil.copy(path, f"{folder}/new")
            os.rename(f"{folder}/new", f"{folder}/own.{at}")

    def connect(self, client=False):
        context = ssl.create_default_context(cafile=f"{self.pki}/certs/root.pem")
        if client:
            context.load_cert_chain(f"{self.pki}/scanner.pem", f"{self.pki}/keys/scanner.pem")
        c = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=DEADLINE,
                                        context=context)
        c.connect()
        return c

    def request(self, method, path, body=None, headers=None):
        c = self.connect(self.client is not None)
        try:
            return asked(c, method, path, body, headers)
        finally:
            c.close()

    def served(self):
        """The name of the certificate that a new connection sees."""
        c = self.connect()
        try:
            return name_of(c)
        finally:
            c.close()


def asked(c, method, path, body=None, headers=None):
    c.request(method, path, body, headers or {})
    r = c.getresponse()
    return r.status, r.read(), dict(r.getheaders())


def name_of(c):
    return dict(x[0] for x in c.sock.getpeercert()["subject"])["commonName"]


def links(c):
    """A request without a body, after which a connection stays."""
    return asked(c, "GET", "/links")[0]


def bad_callers(service, standing):
    """Each beside a renewed certificate, a caller and a tenant that are good."""
    caller = f"[client scan]\nsubject = {service.subject}\nrole = submitter\n"
    service.install("second")
    for what, line, fields in [
            ("a missing certificate", 5, {"certificate": "gone.pem"}),
            ("a certificate that is a key", 5, {"certificate": "own.key"}),
            ("a missing key", 6, {"key": "gone.key"}),
            ("another certificate's key", 6, {"key": "pki/keys/first.pem"}),
            ("missing anchors of clients", 7, {"ca": "gone.pem"}),
            ("anchors that are none", 7, {"ca": "own.key"}),
            ("a caller without a role", 10, {"more": "[client scan]\nsubject = CN=x\n"}),
            ("a caller of an unknown role", 12,
             {"more": "[client scan]\nsubject = CN=x\nrole = root\n"}),
            ("a caller who is nobody", 11, {"more": "[client scan]\nrole = submitter\n"}),
            ("a caller with half a fingerprint", 11,
             {"more": "[client scan]\nfingerprint = 00:11\nrole = submitter\n"}),
            ("a caller of a tenant that is none", 13, {"more": caller + "tenant = A B\n"}),
            ("a tenant without objects", 14,
             {"more": caller + "[tenant default]\nmax_objects = 0\n"}),
            ("an unknown key of a tenant", 14, {"more": caller + "[tenant default]\nquota = 1\n"})]:
        service.configure(**fields)
        service.reload("not reloaded")
        last = [x for x in service.log().splitlines() if "not reloaded" in x][-1]
        tap.check(f"{what}: the log says which line", f"ltps.conf:{line}:" in last, last)
        tap.equal(f"{what}: the certificate stays", service.served(), "first")
        tap.equal(f"{what}: nobody new comes in", links(standing), 401)


def callers(root):
    service = Secure(root)
    service.install("first")
    service.configure()
    service.start()
    service.subject = subprocess.run(
        ["openssl", "x509", "-noout", "-subject", "-nameopt", "RFC2253", "-in",
         f"{service.pki}/certs/scanner.pem"], check=True, capture_output=True,
        text=True).stdout.split("=", 1)[1].strip()
    standing, service.client = service.connect(client=True), "scanner"
    standing.auto_open = 0  # it is not made anew without a word
    tap.equal("the certificate of the start", service.served(), "first")
    tap.equal("a client that nobody configured", links(standing), 401)
    bad_callers(service, standing)
    good = (f"[client scan]\nsubject = {service.subject}\nrole = submitter\n"
            "[tenant default]\nmax_objects = 1\n")
    service.configure(more=good)
    service.reload('"reloaded"')
    tap.equal("a renewed certificate is taken up", service.served(), "second")
    tap.equal("a new [client] comes in, on a connection that stood, too",
              (links(standing), name_of(standing), service.call("RetrieveInfo", {})[0]),
              (200, "first", 200))
    kept = [service.preserve(b"%d" % i)[1]["result"] for i in range(2)]
    tap.equal("a new [tenant] has its limits", (kept[0]["maj"], kept[1].get("min")),
              (SUCCESS, MINOR + "error/noSpaceError"))
    service.install("third")
    service.configure(more=good.replace("max_objects = 1", "max_objects = 2\ncaller_rate = 1"))
    service.reload('"reloaded"')
    tap.equal("renewed under the same name", service.served(), "third")
    tap.equal("a changed limit holds", service.preserve(b"3")[1]["result"]["maj"], SUCCESS)
    until(lambda: links(standing) == 429, "the caller's rate is reached")
    tap.check("a rate holds on a connection that stood", True)
    service.configure()
    service.reload('"reloaded"')
    tap.equal("who is taken away is out, on a connection that stood, too",
              (links(standing), service.call("RetrieveInfo", {})[0]), (401, 401))
    standing.close()
    service.process.send_signal(signal.SIGTERM)
    tap.equal("over TLS SIGTERM ends with 0", service.process.wait(60), 0)


with workspace() as root:
    callers(root)

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
            s.sendall(b"POST /pres/RetrieveInfo HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
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
