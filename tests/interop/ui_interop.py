#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ui_interop BUILD - the web interface in a real browser: Chromium, without a head, on what
`ltps demo` holds. Pictures of every screen are left in BUILD/ui."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True  # the tree stays as it is
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import judges  # noqa: E402
from service import Service, Tap, workspace  # noqa: E402

tap = Tap()
build = os.path.abspath(sys.argv[1])
ltps = os.path.join(build, "ltps")

try:
    python = judges.browsing(os.path.join(build, "judges"))
except judges.Absent as e:
    tap.skip("the web interface in a browser", str(e))
    tap.end()
if os.path.realpath(sys.prefix) != os.path.realpath(os.path.dirname(os.path.dirname(python))):
    os.execv(python, [python, os.path.abspath(__file__), build])

import ui_judge  # noqa: E402
import ui_stage  # noqa: E402
import ui_views  # noqa: E402

PARTS = [p for p in (ui_judge, ui_views)
         if os.environ.get("LTPS_UI_ONLY", p.__name__) == p.__name__]

with workspace() as work:
    service = Service(ltps, os.path.join(work, "demo"))
    files = ui_stage.Files(ltps, service, os.path.join(work, "files"))
    stage = ui_stage.Stage(tap, ltps, service, files, os.path.join(build, "ui"))
    try:
        service.start()  # makes the PKI
        service.stop()
        files.issue()
        service.start()
        files.make()
        with stage.open():
            for part in PARTS:
                part.run(stage)
            stage.quiet()
        service.stop()
    except Exception as e:  # noqa: BLE001 - a broken step is a failed test
        tap.check("the interface is seen", False, f"{type(e).__name__}: {e}")
    finally:
        service.kill()
tap.end()
