#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""openapi_interop BUILD - Schemathesis asks a demonstration service whatever its OpenAPI
document allows, and what it does not: no 5xx, no answer that is not described."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import judges  # noqa: E402
from service import Service, Tap, workspace  # noqa: E402

SCHEMATHESIS = "schemathesis==4.32.5"
EXAMPLES = "60"  # for each operation
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance," \
         "response_schema_conformance"

tap = Tap()
build = sys.argv[1]


def program():
    home = os.path.join(os.path.abspath(build), "schemathesis")
    if not os.path.exists(os.path.join(home, "ready")):
        try:
            judges.run("Schemathesis", [sys.executable, "-m", "venv", "--clear", home])
            judges.run("Schemathesis",
                       [os.path.join(home, "bin", "python"), "-m", "pip", "install", "--quiet",
                        "--disable-pip-version-check", SCHEMATHESIS],
                       timeout=judges.FETCH_SECONDS)
        except (RuntimeError, subprocess.TimeoutExpired) as e:
            raise judges.Absent(str(e))
        open(os.path.join(home, "ready"), "w").close()
    return os.path.join(home, "bin", "schemathesis")


try:
    schemathesis = program()
except judges.Absent as e:
    tap.skip("Schemathesis finds nothing", str(e))
    tap.end()

with workspace() as root:
    service = Service(os.path.join(build, "ltps"), os.path.join(root, "demo"))
    service.start()
    try:
        # It cannot make bodies of SCVP's media types.
        r = subprocess.run([schemathesis, "run", service.url + "/openapi.json", "--checks", CHECKS,
                            "--exclude-path", "/scvp", "--phases", "coverage,fuzzing",
                            "--max-examples", EXAMPLES, "--seed", "1", "--no-color"],
                           cwd=root, capture_output=True, text=True)
        for line in (r.stdout + r.stderr).splitlines():
            print("# " + line)
        tap.equal("Schemathesis finds nothing", r.returncode, 0)
        tap.check("the service lives", service.ready())
    finally:
        service.kill()
tap.end()
