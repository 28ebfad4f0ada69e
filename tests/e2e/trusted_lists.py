#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""trusted_lists BUILD - trusted lists of a whole service: one that is served becomes
anchors, as far as it is configured; a newer one takes its place; one that is older,
altered, of another signer or expired does not, and is told; a withdrawn service ends its
anchor; a list of lists leads through its pivots to those that it names."""
import http.server
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import trusted_lists as tl  # noqa: E402
from serve import Serve  # noqa: E402
from service import DEADLINE, Tap, free_port, until, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")


class Host(http.server.BaseHTTPRequestHandler):
    files = {}
    asked = {}
    held = {}  # path: an event that is waited for before the answer

    def do_GET(self):
        Host.asked[self.path] = Host.asked.get(self.path, 0) + 1
        if self.path in Host.held:
            Host.held[self.path].wait(DEADLINE)
        body = Host.files.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args):
        pass


class Own(Serve):
    """`ltps serve` with a configuration that the test writes."""

    def __init__(self, root, host_port, store="store"):
        os.makedirs(root)
        super().__init__(ltps, root, os.path.join(root, "ltps.conf"))
        self.store = store
        self.host = f"http://127.0.0.1:{host_port}"

    def write(self, lists):
        with open(self.conf, "w") as f:
            f.write(f"[service]\ndir = {self.store}\nlisten = 127.0.0.1:{self.port}\n"
                    "[tsa none]\nurl = http://127.0.0.1:1/\n"
                    f"[fetch]\nallow_loopback = true\n{lists}")

    def upkeep(self):
        return json.loads(self.request("GET", "/upkeep")[1])

    def list(self, name="Test"):
        return next(x for x in self.upkeep()["trusted_lists"] if x["name"] == name)

    def anchors(self):
        return {a["subject"].split(",")[0][3:]: a for a in self.upkeep()["anchors"]}

    def trusted(self):
        return {name for name, a in self.anchors().items() if a["trusted"]}


def valid(service, leaf):
    """Whether a certificate is valid under the anchors that the service has now."""
    with open(leaf, "rb") as f:
        status, body, _ = service.request("POST", "/certificates/validate?no-revocation=true",
                                          f.read(), {"Content-Type": "application/x-pem-file"})
    if status != 200:
        raise RuntimeError(body)
    return json.loads(body)["valid"]


def tried_again(service, path):
    """The service has asked, and judged what it got then."""
    before = Host.asked.get(path, 0)
    until(lambda: Host.asked.get(path, 0) >= before + 2, "the list is asked for again")


def offline(document, signer, *arguments, root):
    path = os.path.join(root, "offline.xml")
    with open(path, "wb") as f:
        f.write(document)
    r = subprocess.run([ltps, "trusted-list", path, "--signer", signer, *arguments],
                       capture_output=True, text=True)
    return r.returncode, r.stdout


def check_offline(t, root, keys):
    good = tl.sign(tl.plain(services=[tl.service(keys["ca"].der)]), keys["op"], time=None)
    code, text = offline(good, keys["op"].certificate, root=root)
    t.check("offline: a good list is 0", code == 0 and text.startswith("good\n"), text)
    t.check("offline: its service is shown", "CA/QC granted since 2020" in text, text)
    code, text = offline(good, keys["other"].certificate, "--format", "json", root=root)
    t.check("offline: of another signer is 1", code == 1 and
            json.loads(text)["state"] == "signer", text)
    code, text = offline(good, keys["op"].certificate, "--time", "2091-01-01T00:00:00Z",
                         root=root)
    t.check("offline: expired is 1", code == 1 and text.startswith("expired: "), text)
    early = tl.sign(tl.plain(issued=tl.instant(7000), next_update=tl.instant(7100)),
                    keys["op"], time=None)
    code, text = offline(early, keys["op"].certificate, root=root)
    t.check("offline: of the future is 1", code == 1 and text.startswith("future: "), text)
    code, text = offline(good.replace(b">Provider<", b">Provides<"), keys["op"].certificate,
                         root=root)
    t.check("offline: altered is 1", code == 1 and text.startswith("altered: "), text)
    code, _ = offline(b"<a/>", keys["op"].certificate, root=root)
    t.equal("offline: what is no list is 65", code, 65)


def check_single(t, root, port, keys):
    s = Own(os.path.join(root, "single"), port)
    tsa, pkc = keys["tsa"], keys["pkc"]
    ca = keys["ca"]
    leaf, other_leaf = tl.leaf_of(root, ca, "leaf"), tl.leaf_of(root, pkc, "pkc-leaf")

    def publish(sequence, services, key=keys["op"], **more):
        Host.files["/list.xml"] = tl.sign(
            tl.plain(sequence=sequence, services=services, **more), key, time=None)

    services = [tl.service(ca.der), tl.service(tsa.der, kind="TSA/QTST"),
                tl.service(pkc.der, kind="CA/PKC"),
                tl.service(keys["gone"].der, status="withdrawn",
                           since="2024-01-01T00:00:00Z",
                           past=[("granted", "2020-01-01T00:00:00Z")])]
    s.write(f"[trusted_list Test]\nurl = {s.host}/list.xml\n"
            f"signers = {keys['op'].certificate}\nrefresh = 1s\n")
    s.start()
    try:
        t.equal("a list that nobody serves is told", s.list()["trusted"], False)
        until(lambda: s.list()["state"] == "unreachable", "the list was tried")
        t.check("nothing is valid yet", not valid(s, leaf))
        publish(5, services)
        until(lambda: s.trusted() == {"ca", "tsa"}, "anchors follow")
        until(lambda: valid(s, leaf), "a certificate is judged by the new anchor")
        t.check("one of a type that is not configured is not valid", not valid(s, other_leaf))
        state = s.list()
        t.check("the list is good", state["state"] == "good" and state["sequence"] == 5 and
                state["territory"] == "XX" and "CN=op" in state["signed_by"], state)
        anchors = s.anchors()
        t.equal("an anchor begins when its status did", anchors["ca"]["trusted_from"],
                "2020-01-01T00:00:00Z")
        t.equal("it says where it is from", anchors["ca"]["source"], "trusted list Test")
        t.equal("a withdrawn service ends with its status",
                anchors["gone"]["trusted_until"], "2024-01-01T00:00:00Z")
        t.check("a type that is not configured is no anchor", "pkc" not in anchors, anchors)
        health = json.loads(s.request("GET", "/health")[1])
        t.check("no alarm", not health["upkeep"]["alarm"], health)
        metrics = s.request("GET", "/metrics")[1].decode()
        t.check("metrics tell", "ltps_trusted_lists 1\n" in metrics and
                "ltps_trusted_lists_untrusted 0\n" in metrics, metrics)

        def refused(what, word):
            until(lambda: s.list()["state"] == word, f"{what} is told")
            t.equal(f"{what}: the last good one stays", s.list()["sequence"], 5)
            t.check(f"{what}: and its anchors", s.trusted() == {"ca", "tsa"}, s.trusted())
            until(lambda: json.loads(s.request("GET", "/health")[1])["upkeep"]["alarm"],
                  f"{what} is an alarm")
            publish(5, services)
            until(lambda: s.list()["state"] == "good", "it is good again")

        publish(4, services)
        refused("an older number", "backwards")
        publish(5, services, issued="2025-12-31T23:59:59Z")
        refused("an older date", "backwards")
        publish(5, services + [tl.service(keys["other"].der)])
        refused("other contents under its number", "same-number")
        publish(6, services + [tl.service(keys["other"].der)], key=keys["other"])
        refused("another signer", "signer")
        publish(6, services, next_update="2026-01-02T00:00:00Z")
        refused("an expired one", "expired")
        publish(6, services)
        good = Host.files["/list.xml"]
        Host.files["/list.xml"] = good.replace(b">Provider<", b">Provides<")
        refused("an altered one", "altered")
        Host.files["/list.xml"] = b"<html></html>"
        refused("no list", "unreadable")

        publish(7, [tl.service(ca.der, status="withdrawn", since="2026-02-01T00:00:00Z",
                               past=[("granted", "2020-01-01T00:00:00Z")]), *services[1:]])
        until(lambda: s.trusted() == {"tsa"}, "a withdrawn service is no anchor")
        until(lambda: not valid(s, leaf), "nothing new is judged by it")
        t.equal("it ends as the status says", s.anchors()["ca"]["trusted_until"],
                "2026-02-01T00:00:00Z")
        publish(8, services[1:])
        tried_again(s, "/list.xml")
        t.equal("what it was stays in the history", s.anchors()["ca"]["trusted_until"],
                "2026-02-01T00:00:00Z")

        del Host.files["/list.xml"]
        until(lambda: s.list()["state"] == "unreachable", "the host is gone")
        t.check("a host that is gone ends nothing", s.trusted() == {"tsa"} and
                s.list()["trusted"], s.list())
        s.kill()
        s.start()
        t.equal("after kill -9 it is as it was", s.trusted(), {"tsa"})
        s.stop()
        s.write("")
        s.start()
        t.equal("a list that is configured no more ends its anchors", s.trusted(), set())
        s.stop()
        r = subprocess.run([ltps, "fsck", "--store", os.path.join(s.dir, "store")],
                           capture_output=True, text=True)
        t.equal("the store is sound", r.returncode, 0)
    finally:
        s.kill()


def spoil(s):
    """The stored document of the list has other octets, behind the back of the service."""
    db = sqlite3.connect(os.path.join(s.dir, "store", "ltps.db"), timeout=60)
    with db:
        done = db.execute(
            "UPDATE blob SET data = CAST(substr(data, 1, size - 1) || x'00' AS BLOB) WHERE id ="
            " (SELECT blob FROM material WHERE kind = 5 ORDER BY id DESC LIMIT 1)").rowcount
    db.close()
    if done != 1:
        raise RuntimeError("there is no document to spoil")


def check_damaged(t, root, port, keys):
    s = Own(os.path.join(root, "damaged"), port)
    copies = os.path.join(root, "damaged-copies")
    Host.files["/damaged.xml"] = tl.sign(tl.plain(services=[tl.service(keys["ca"].der)]),
                                         keys["op"], time=None)
    section = (f"[trusted_list Test]\nurl = {s.host}/damaged.xml\n"
               f"signers = {keys['op'].certificate}\nrefresh = 1s\n")
    s.write(section)
    s.start()

    def alarm():
        return json.loads(s.request("GET", "/health")[1])["upkeep"]["alarm"]

    try:
        until(lambda: s.trusted() == {"ca"}, "anchors follow")
        document = Host.files.pop("/damaged.xml")
        spoil(s)
        until(lambda: s.list()["state"] == "damaged", "damage is told")
        t.check("nothing is believed by it", not s.list()["trusted"], s.list())
        until(lambda: s.trusted() == set(), "its anchors end")
        until(alarm, "it is an alarm")
        until(lambda: "unreachable" in s.list()["why"], "it is asked for again at once")
        metrics = s.request("GET", "/metrics")[1].decode()
        t.check("a metric tells", "ltps_trusted_lists_untrusted 1\n" in metrics, metrics)
        t.check("it is logged", "what is stored of a trusted list is damaged" in s.log())
        Host.files["/damaged.xml"] = document
        until(lambda: s.list()["state"] == "good", "it heals when it is got again")
        until(lambda: s.trusted() == {"ca"}, "its anchors are back")
        until(lambda: not alarm(), "the alarm ends")
        r = subprocess.run([ltps, "fsck", "--store", os.path.join(s.dir, "store")],
                           capture_output=True, text=True)
        t.equal("the store is sound", (r.returncode, r.stdout + r.stderr)[0], 0)

        s.stop()
        s.write(section + f"[upkeep]\ncopies = {copies}\n")
        s.start()
        until(lambda: os.path.exists(os.path.join(copies, "copy.db")) and
              not any(j["due"] or j["running"] for j in s.upkeep()["jobs"]
                      if j["kind"] == "copy"), "there is a copy of all")
        del Host.files["/damaged.xml"]
        spoil(s)
        until(lambda: "whole again" in s.log(), "a copy is whole")
        until(lambda: s.list()["trusted"], "it is believed again")
        t.equal("although nobody serves it", s.list()["state"], "unreachable")
        until(lambda: s.trusted() == {"ca"}, "its anchors are back with it")
    finally:
        s.kill()


def check_two(t, root, port, keys):
    """The turn is taken by one of two processes, and never again while the test runs."""
    one = Own(os.path.join(root, "one"), port)
    two = Own(os.path.join(root, "two"), port, os.path.join(one.dir, "store"))
    answer = Host.held["/two.xml"] = threading.Event()
    Host.files["/two.xml"] = tl.sign(tl.plain(services=[tl.service(keys["ca"].der)]),
                                     keys["op"], time=None)
    leaf = tl.leaf_of(root, keys["ca"], "two-leaf")
    for s in (one, two):
        s.write(f"[trusted_list Test]\nurl = {s.host}/two.xml\n"
                f"signers = {keys['op'].certificate}\nrefresh = 30d\n")
    try:
        one.start()
        until(lambda: Host.asked.get("/two.xml"), "one process asks")
        two.start()
        t.check("the other one knows nothing", not valid(two, leaf))
        answer.set()
        until(lambda: valid(one, leaf), "the process that got the list judges by it")
        until(lambda: valid(two, leaf), "so does the other one")
        t.equal("the list was asked for once", Host.asked["/two.xml"], 1)
    finally:
        answer.set()
        one.kill()
        two.kill()


def check_operator_ends(t, root, port, keys):
    s = Own(os.path.join(root, "ends"), port)
    with open(keys["ca"].certificate) as f, \
            open(os.path.join(root, "ends", "anchors.pem"), "w") as out:
        out.write("Trusted-Until: 2024-01-01T00:00:00Z\n" + f.read())
    Host.files["/ends.xml"] = tl.sign(tl.plain(services=[
        tl.service(keys["ca"].der), tl.service(keys["tsa"].der)]), keys["op"], time=None)
    s.write(f"[trust]\nanchors = anchors.pem\n[trusted_list Test]\nurl = {s.host}/ends.xml\n"
            f"signers = {keys['op'].certificate}\nrefresh = 1s\n")
    s.start()
    try:
        until(lambda: "tsa" in s.trusted(), "anchors follow")
        t.equal("a list does not lift the end that the operator gave", s.trusted(), {"tsa"})
    finally:
        s.kill()


def check_named_no_more(t, root, port, keys):
    s = Own(os.path.join(root, "named"), port)
    kind, announcement = "EUlistofthelists", "http://official.test/2026"

    def lists(sequence, *pointers, **more):
        Host.files["/named.xml"] = tl.sign(tl.plain(
            **more, sequence=sequence, territory="EU", kind=kind, information=[announcement],
            pointers=[tl.pointer(s.host + "/named.xml", "EU", [keys["first"].der], kind),
                      *(tl.pointer(s.host + "/of-xx.xml", "XX", [keys[k].der])
                        for k in pointers)]), keys["first"], time=None)

    def of_state(sequence, key, *names):
        Host.files["/of-xx.xml"] = tl.sign(tl.plain(
            sequence=sequence, services=[tl.service(keys[n].der) for n in names]),
            keys[key], time=None)

    lists(1, "op")
    of_state(900, "op", "ca", "gone")
    s.write(f"[trusted_list EU]\nurl = {s.host}/named.xml\nlists = true\n"
            f"announcement = {announcement}\nsigners = {keys['first'].certificate}\n"
            "territory = XX\nrefresh = 1s\nservice = CA/QC\n")
    s.start()
    try:
        until(lambda: s.trusted() == {"ca", "gone"}, "the first signer is believed")
        del Host.files["/of-xx.xml"]
        lists(2, "second")
        until(lambda: s.trusted() == set(), "a signer that is named no more: his list ends")
        t.check("and is told so", not s.list("EU/XX")["trusted"], s.list("EU/XX"))
        of_state(4, "second", "ca")
        until(lambda: s.trusted() == {"ca"}, "the next one is believed, whatever its number")
        lists(3)
        until(lambda: s.trusted() == set(), "a territory that is named no more ends")
        t.check("its reason is told", "does not name" in s.list("EU/XX")["why"])
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 10))
        lists(4, "second", next_update=soon)
        until(lambda: s.trusted() == {"ca"}, "it is named again")
        until(lambda: s.trusted() == set(), "nothing is believed by an expired list of lists")
        t.equal("what it led to ends with it", s.anchors()["ca"]["trusted_until"], soon)
        t.equal("and is told so", s.list("EU/XX")["state"], "expired")
        lists(5, "second")
        until(lambda: s.trusted() == {"ca"}, "a newer list of lists begins anew")
    finally:
        s.kill()


def check_lists(t, root, port, keys):
    s = Own(os.path.join(root, "lists"), port)
    xx, yy, second = keys["ca"], keys["tsa"], keys["second"]
    kind = "EUlistofthelists"
    pivot, announcement = s.host + "/pivot-1.xml", "http://official.test/2026"

    def lists(sequence, key, of_self, signer_of_yy, information=(pivot, announcement)):
        return tl.sign(tl.plain(sequence=sequence, territory="EU", kind=kind, pointers=[
            tl.pointer(s.host + "/lists.xml", "EU", [of_self.der], kind),
            tl.pointer(s.host + "/xx.xml", "XX", [keys["op"].der]),
            tl.pointer(s.host + "/yy.xml", "YY", [signer_of_yy.der])],
            information=information), key, time=None)

    def of_state(territory, der, key=keys["op"], **more):
        return tl.sign(tl.plain(territory=territory, services=[tl.service(der)], **more),
                       key, time=None)

    # The present one is by the second key, which only the pivot names.
    Host.files["/pivot-1.xml"] = lists(1, keys["first"], second, keys["op"])
    Host.files["/lists.xml"] = lists(2, second, second, keys["op"])
    Host.files["/xx.xml"] = of_state("XX", xx.der)
    Host.files["/yy.xml"] = of_state("YY", yy.der)
    s.write(f"[trusted_list EU]\nurl = {s.host}/lists.xml\nlists = true\n"
            f"announcement = {announcement}\nsigners = {keys['first'].certificate}\n"
            "territory = XX\nterritory = ZZ\nrefresh = 1s\nservice = CA/QC\n")
    s.start()
    try:
        until(lambda: s.trusted() == {"ca"}, "anchors follow through the list of lists")
        t.equal("the list of lists is believed through its pivot",
                s.list("EU")["state"], "good")
        t.equal("it is signed by whom the pivot names", s.list("EU")["signed_by"][:9],
                "CN=second")
        t.check("a territory that is not wanted is not asked for",
                "/yy.xml" not in Host.asked, Host.asked)
        t.check("one that it does not name is told", s.list("EU/ZZ")["state"] ==
                "unreachable" and "does not name" in s.list("EU/ZZ")["why"])

        Host.files["/xx.xml"] = of_state("XX", xx.der, key=keys["other"], sequence=2)
        until(lambda: s.list("EU/XX")["state"] == "signer", "another signer is told")
        t.check("the list of a state is signed by whom the list of lists names",
                s.list("EU/XX")["trusted"] and s.trusted() == {"ca"})
        Host.files["/xx.xml"] = of_state("YY", xx.der, sequence=2)
        until(lambda: s.list("EU/XX")["state"] == "kind", "the list of another is told")
        Host.files["/xx.xml"] = of_state("XX", xx.der, sequence=2)
        until(lambda: s.list("EU/XX")["sequence"] == 2, "a newer one is taken")

        pivot_file = Host.files.pop("/pivot-1.xml")
        until(lambda: s.list("EU")["state"] == "unreachable", "a lost pivot is told")
        Host.files["/pivot-1.xml"] = lists(1, second, second, keys["op"])
        until(lambda: s.list("EU")["state"] == "pivot", "a pivot by another is told")
        Host.files["/pivot-1.xml"] = pivot_file
        until(lambda: s.list("EU")["state"] == "good", "it is good again")
        Host.files["/lists.xml"] = lists(3, second, second, keys["op"],
                                         information=(pivot, "http://official.test/2027"))
        until(lambda: s.list("EU")["state"] == "pivot", "a new announcement is told")
        t.check("and its reason", "announced anew" in s.list("EU")["why"], s.list("EU"))
        Host.files["/pivot-2.xml"] = Host.files["/pivot-1.xml"]
        Host.files["/forged.xml"] = lists(1, keys["other"], second, keys["op"])
        Host.files["/lists.xml"] = lists(4, keys["other"], second, keys["op"], information=(
            s.host + "/pivot-2.xml", s.host + "/forged.xml", announcement))
        until(lambda: "pivot number" in (s.list("EU")["why"] or ""), "a forged pivot is told")
        t.check("none is got that only a forged one leads to",
                "/pivot-2.xml" not in Host.asked, Host.asked)
        t.equal("SIGTERM ends with 0", s.stop(), 0)
    finally:
        s.kill()


with workspace() as root:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Host)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    names = {"op": "rsa", "other": "ec", "first": "ec", "second": "ec"}
    keys = {name: tl.Key(root, name, kind) for name, kind in names.items()}
    keys.update({name: tl.Key(root, name, ca=True) for name in ("ca", "tsa", "pkc", "gone")})
    tap.run(check_offline, root, keys)
    tap.run(check_single, root, server.server_port, keys)
    tap.run(check_damaged, root, server.server_port, keys)
    tap.run(check_two, root, server.server_port, keys)
    tap.run(check_operator_ends, root, server.server_port, keys)
    tap.run(check_named_no_more, root, server.server_port, keys)
    tap.run(check_lists, root, server.server_port, keys)
    server.shutdown()
tap.end()
