#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""trusted_lists_interop BUILD - the lists that our tests are made of before outside judges:
xmlsec1 and EU DSS believe those that we believe and no others, and DSS reads in them what
we read. With the folder LTPS_LISTS (files NAME.xml beside the certificates NAME.pem of who
may sign them) we say of published lists what DSS says; where we are stricter by intent
(short keys, a third thing that is signed) that is only told."""
import glob
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import judges  # noqa: E402
import trusted_lists as tl  # noqa: E402
from service import Tap, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
DS_ID = "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"


def ours(path, signer):
    r = subprocess.run([ltps, "trusted-list", path, "--signer", signer, "--format", "json"],
                       capture_output=True, text=True)
    return json.loads(r.stdout) if r.returncode in (0, 1) else {"state": "unreadable"}


def xmlsec(path, signer):
    return subprocess.run(["xmlsec1", "--verify", "--enabled-key-data", "x509", "--trusted-pem",
                           signer, "--id-attr:Id", DS_ID, path],
                          capture_output=True).returncode == 0


def cases(work):
    """{name: (path, signer, version)}"""
    keys = {kind: tl.Key(work, kind, kind) for kind in ("ec", "rsa")}
    ca = tl.Key(work, "ca", ca=True)
    services = [tl.service(ca.der), tl.service(
        ca.der, kind="TSA/QTST", status="withdrawn", since="2024-01-01T00:00:00Z",
        past=[("granted", "2020-01-01T00:00:00Z")])]
    made = {}

    def add(name, octets, key, version=6):
        path = os.path.join(work, name + ".xml")
        with open(path, "wb") as f:
            f.write(octets)
        made[name] = (path, key.certificate, version)
    for kind, key in keys.items():
        for version in (5, 6):
            add(f"{kind}-{version}", tl.sign(tl.plain(version=version, services=services,
                                                      sequence=7), key, time=None), key,
                version)
    add("ec-inclusive", tl.sign(tl.plain(services=services), keys["ec"], time=None,
                                inclusive=True), keys["ec"])
    good = tl.sign(tl.plain(services=services, sequence=7), keys["ec"], time=None)
    add("altered", good.replace(b">Provider<", b">Provides<"), keys["ec"])
    add("another-signer", good, keys["rsa"])
    add("unsigned", tl.plain(services=services).encode(), keys["ec"])
    begin = good.index(b"<ds:Signature ")
    add("twice", good.replace(tl.END.encode(), good[begin:]), keys["ec"])
    return made


def compare(name, said, wanted):
    state = ours(wanted[0], wanted[1])
    # The others are about the list, not about its signature.
    believed = state["state"] in ("good", "expired", "closed", "version")
    passed = said["indication"] == "TOTAL_PASSED"
    if passed and state["state"] in ("algorithm", "signature-form"):
        tap.skip(f"{name}: DSS believes what we believe", state["why"])
        return
    tap.check(f"{name}: DSS believes what we believe", believed == passed, (state["state"], said))
    if believed and passed:
        tap.check(f"{name}: DSS reads what we read", said["sequence"] == state["sequence"] and
                  said["territory"] == state["territory"] and said["issued"] == state["issued"],
                  said)
        if said["services"]:
            tap.check(f"{name}: and as many services",
                      said["services"] == len(state["services"]), said)


def published(folder):
    made = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.xml"))):
        signer = path[:-4] + ".pem"
        if os.path.exists(signer):
            made[os.path.basename(path)] = (path, signer, ours(path, signer).get("version", 5))
    return made


with workspace() as work:
    made = cases(work)
    for name, (path, signer, _) in made.items():
        good = ours(path, signer)["state"] == "good"
        tap.check(f"{name}: we believe what is good", good == (name[0] in "er"), name)
        if shutil.which("xmlsec1") and name not in ("unsigned", "twice"):
            tap.equal(f"{name}: so says xmlsec1", xmlsec(path, signer), good)
    folder = os.environ.get("LTPS_LISTS")
    if folder:
        made.update(published(folder))
    else:
        tap.skip("published lists", "LTPS_LISTS is not set")
    try:
        said = judges.dss_lists(os.path.join(sys.argv[1], "judges")).judge(
            [[str(x) for x in c] for c in made.values()])
        for (name, wanted), answer in zip(made.items(), said):
            compare(name, answer, wanted)
    except judges.Absent as e:
        tap.skip("DSS", str(e))
tap.end()
