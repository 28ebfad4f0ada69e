#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""soap_interop BUILD - a SOAP client that zeep makes out of our description lives an
object's life with a running service."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True  # the tree stays as it is
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import judges  # noqa: E402
from service import MINOR, PROFILE, Service, Tap, workspace  # noqa: E402

tap = Tap()
build = os.path.abspath(sys.argv[1])
WANTED = {
    "operations": ["DeletePO", "PreservePO", "RetrieveInfo", "RetrievePO", "RetrieveTrace",
                   "Search", "UpdatePOC", "ValidateEvidence"],
    "profile": True, "echo": "z", "preserved": "Success", "same": True,
    "evidence": "PASSED", "proof": True, "trace": "PreservePO", "preserved XML": "Success",
    "same XML": '<x:a xmlns:x="urn:x" b="1"><x:c></x:c></x:a>',
    "refused": "RequesterError", "deleted": "Success", "gone": MINOR + "error/unknownPOID",
    "fault": "env:Sender",
}


def life(tap):
    seen = judges.zeep(os.path.join(build, "judges"), service.url + "/pres/soap", PROFILE)
    for what, wanted in WANTED.items():
        tap.equal(f"zeep: {what}", seen.get(what), wanted)


with workspace() as work:
    service = Service(os.path.join(build, "ltps"), os.path.join(work, "demo"))
    try:
        service.start()
        life(tap)
        service.stop()
    except judges.Absent as e:
        tap.skip("zeep", str(e))
    finally:
        service.kill()
tap.end()
