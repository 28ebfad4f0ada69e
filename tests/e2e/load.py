#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""load BUILD - honest clients go on being answered, and memory stays bounded, while
others hold thousands of connections idle, stop in the middle of a head, send bodies that
never end, a few octets at a time or too large, and do not read what they asked for. Those
come from other addresses than the honest ones, as many as they like of each."""
import hashlib
import os
import resource
import selectors
import socket
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from service import SUCCESS, Service, Tap, data_of, until, workspace  # noqa: E402

tap = Tap()
# The service's own places are 2048, 1024 of one address.
IDLE, HALF, SLOW_HEAD, SLOW_BODY, LARGE, UNREAD = 3000, 500, 200, 200, 20, 10
HONEST, ROUNDS = 4, 15
# Of the service with sanitizers: each slow body claims 300 MB, each unread answer has 8.
MEMORY = 700 << 10  # KiB
CLAIM = 300_000_000
BIG = 8_000_000
HOST = b"Host: 127.0.0.1\r\n"
PRESERVE = (b"POST /pres/PreservePO HTTP/1.1\r\n" + HOST +
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n{\"pro\":\"")


def head(path, more=b""):
    return b"GET " + path.encode() + b" HTTP/1.1\r\n" + HOST + more


class Attack:
    """One thread that holds all hostile connections, and makes new ones for those that
    are ended. A kind: (how many, what is sent at once, what is sent again and again)."""

    def __init__(self, port, big):
        evidence = b"POST /pres/RetrievePO HTTP/1.1\r\n" + HOST + \
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        ask = b'{"poId":"%s","sor":"PO"}' % big.encode()
        self.kinds = [
            (IDLE, b"", b""),
            (HALF, head("/ready")[:20], b""),
            (SLOW_HEAD, head("/ready", b"X: "), b"x"),
            (SLOW_BODY, PRESERVE % CLAIM, b"u"),
            (LARGE, PRESERVE % (1 << 40), b"u" * 1000),
            (LARGE, PRESERVE.replace(b"Content-Length: %d", b"Transfer-Encoding: chunked")
             .partition(b"{")[0], b"1000\r\n" + b"x" * 4096 + b"\r\n"),
            (UNREAD, evidence % (len(ask), ask), b""),
        ]
        self.port, self.over = port, False
        self.made = self.ended = 0
        self.held = threading.Event()  # as many were made as are held at a time
        self.failure = None
        self.thread = threading.Thread(target=self.guard, daemon=True)

    def guard(self):
        try:
            self.run()
        except Exception as e:  # noqa: BLE001 - told at the end
            self.failure = e
        self.held.set()

    def open(self, kind):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        # Ten addresses of strangers.
        s.bind((f"127.0.1.{1 + self.made % 10}", 0))
        s.connect(("127.0.0.1", self.port))
        s.setblocking(False)
        try:
            s.send(self.kinds[kind][1])
        except OSError:
            pass
        self.made += 1
        return s

    def end(self, key, selector, counts):
        selector.unregister(key.fileobj)
        key.fileobj.close()
        counts[key.data] -= 1
        self.ended += 1

    def run(self):
        selector = selectors.DefaultSelector()
        counts = [0] * len(self.kinds)
        while not self.over:
            for kind, (n, _, _) in enumerate(self.kinds):
                for _ in range(min(n - counts[kind], 200)):
                    selector.register(self.open(kind), selectors.EVENT_READ, kind)
                    counts[kind] += 1
            if self.made >= sum(n for n, _, _ in self.kinds):
                self.held.set()
            for key, _ in selector.select(0.02):
                if self.kinds[key.data][1].startswith(b"POST /pres/Ret"):
                    continue  # it could be read, and is not
                try:
                    if not key.fileobj.recv(4096):
                        self.end(key, selector, counts)
                except OSError:
                    self.end(key, selector, counts)
            for key in list(selector.get_map().values()):
                if self.kinds[key.data][2]:
                    try:
                        key.fileobj.send(self.kinds[key.data][2])
                    except BlockingIOError:
                        pass
                    except OSError:
                        self.end(key, selector, counts)
        for key in list(selector.get_map().values()):
            key.fileobj.close()


def there_and_back(service, data):
    status, answer = service.preserve(data)
    if status != 200 or answer["result"]["maj"] != SUCCESS:
        return status, str(answer)[:300]
    status, answer = service.retrieve(answer["poId"], "PO")
    return (status == 200 and data_of(answer["po"][0]) == data) or (status, str(answer)[:300])


def honest(service, who, outcomes):
    for i in range(ROUNDS):
        try:
            outcome = there_and_back(service, hashlib.sha512(b"%d %d" % (who, i)).digest() * 200)
        except Exception as e:  # noqa: BLE001 - no answer
            outcome = repr(e)
        outcomes.append(outcome)


def memory(service):
    """The largest resident size so far of the largest process of the group, in KiB."""
    most = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getpgid(int(pid)) == service.process.pid:
                with open(f"/proc/{pid}/status", encoding="ascii") as f:
                    most = max([most] + [int(l.split()[1]) for l in f if l.startswith("VmHWM")])
        except OSError:
            pass
    return most


def metric(service, name):
    text = service.request("GET", "/metrics")[1].decode()
    return next(float(l.split()[1]) for l in text.splitlines() if l.startswith(name + " "))


def storm(_, service):
    big = service.preserve(os.urandom(BIG))[1]["poId"]
    before = memory(service)
    attack = Attack(service.port, big)
    attack.thread.start()
    attack.held.wait()
    outcomes = []
    threads = [threading.Thread(target=honest, args=(service, i, outcomes), daemon=True)
               for i in range(HONEST)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    attack.over = True
    attack.thread.join()
    tap.check("the attack went on", attack.failure is None, attack.failure)
    tap.equal("every honest request was answered, in the middle of it",
              [o for o in outcomes if o is not True], [])
    tap.equal("and none was forgotten", len(outcomes), HONEST * ROUNDS)
    displaced = metric(service, "ltps_http_connections_displaced_total")
    tap.check("there were more connections than places", displaced > IDLE // 4, displaced)
    tap.check("what is too large was refused", metric(service, "ltps_http_refused_total") >= LARGE)
    grown = memory(service) - before
    tap.check("memory stayed bounded", grown < MEMORY, f"{grown} KiB")
    print(f"  # {attack.made} hostile connections, {attack.ended} ended by the service, "
          f"{int(displaced)} displaced; {grown} KiB more at most")


def after(_, service):
    until(lambda: metric(service, "ltps_http_in_flight_bytes") == 0,
          "nothing of it is left in flight")
    tap.check("nothing of it is left in flight", True)
    status, answer = service.preserve(b"after")
    tap.equal("the service goes on", (status, answer["result"]["maj"]), (200, SUCCESS))
    tap.equal("and its evidence is made", len(service.evidence(answer["poId"])), 1)


def main():
    build = sys.argv[1]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = IDLE + HALF + SLOW_HEAD + SLOW_BODY + 2 * LARGE + UNREAD + 200
    if hard < wanted:
        tap.skip("honest among others", f"no more than {hard} open files are allowed here")
        tap.end()
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    with workspace() as root:
        service = Service(os.path.join(build, "ltps"), os.path.join(root, "demo"))
        service.start()
        try:
            tap.run(storm, service)
            tap.run(after, service)
        finally:
            service.kill()
    tap.end()


main()
