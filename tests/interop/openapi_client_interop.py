#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""openapi_client_interop BUILD - a client that openapi-python-client makes of the
service's own OpenAPI document, whole and without a warning, lives an object's life."""
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
ltps = os.path.join(build, "ltps")
WANTED = {
    "profile": True, "echo": "o", "preserved": "Success", "same": True, "evidence": "Success",
    "package": True, "updated": "Success", "trace": ["PreservePO", "UpdatePOC"], "found": True,
    "judged": "TOTAL_PASSED", "no certificate": 400, "renewals": 0, "health": "ok",
    "anchors": True, "refused": "RequesterError", "deleted": "Success",
    "gone": MINOR + "error/unknownPOID",
}


def sign(work, home):
    text, out = (os.path.join(work, n) for n in ("text.txt", "signed.p7m"))
    with open(text, "w") as f:
        f.write("signed\n")
    judges.run("devpki", [ltps, "devpki", "issue", f"{home}/pki", "--name", "anna"])
    return text, out


with workspace() as work:
    home = os.path.join(work, "demo")
    service = Service(ltps, home)
    try:
        service.start()  # makes the PKI
        service.stop()
        text, signed = sign(work, home)
        service.start()
        judges.run("seal", [ltps, "seal", text, "-o", signed, "--level", "b",
                            "--key", f"{home}/pki/keys/anna.pem",
                            "--certificate", f"{home}/pki/certs/anna.pem",
                            "--anchor", f"{home}/anchors.pem", "--fetch-local"])
        told, seen = judges.openapi_client(os.path.join(build, "judges"), work, service.url,
                                           PROFILE, signed)
        tap.check("the document is taken without a warning", "WARNING" not in told, told)
        for what, wanted in WANTED.items():
            tap.equal(f"generated client: {what}", seen.get(what), wanted)
        service.stop()
    except judges.Absent as e:
        tap.skip("openapi-python-client", str(e))
    finally:
        service.kill()
tap.end()
