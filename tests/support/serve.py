# SPDX-License-Identifier: Apache-2.0
"""`ltps serve` with a configuration that the test writes, and the authorities that it
needs: for scripts, beside service.py."""
import json
import os
import subprocess
import urllib.request

from service import Service, free_port, until


class Pki:
    """A throwaway PKI in a folder: two TSAs that other keys sign for."""

    def __init__(self, program, folder):
        self.program, self.dir, self.port = program, folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.anchors = os.path.join(folder, "anchors.pem")
        self.server = None
        r = subprocess.run([program, "devpki", "create", folder, "--url", self.url,
                            "--tsas", "2"], capture_output=True, text=True)
        if r.returncode != 0:
            raise RuntimeError("devpki create: " + r.stderr)

    def start(self):
        self.server = subprocess.Popen(
            [self.program, "devpki", "serve", self.dir, "--listen", f"127.0.0.1:{self.port}",
             "--control"], stdout=subprocess.PIPE, text=True)
        if "listening" not in self.server.stdout.readline():
            raise RuntimeError("devpki does not serve")
        with urllib.request.urlopen(self.url + "/anchors.pem") as answer, \
                open(self.anchors, "wb") as out:
            out.write(answer.read())

    def order(self, what):
        with urllib.request.urlopen(urllib.request.Request(
                f"{self.url}/control/{what}", method="POST")) as answer:
            return answer.read()

    def stop(self):
        if self.server is not None:
            self.server.kill()
            self.server.wait()
            self.server.stdout.close()

    def sections(self):
        """Of a service that has its time-stamps here."""
        return f"""[tsa first]
url = {self.url}/tsa/0
[tsa second]
url = {self.url}/tsa/1
[trust]
anchors = {self.anchors}
[fetch]
allow_loopback = true
[profiles]
tree_max_age = 1s
"""


class Serve(Service):
    """conf: the file of its configuration, which names self.port."""

    def __init__(self, program, directory, conf):
        super().__init__(program, directory)
        self.conf = conf

    def start(self, wait=True):
        with open(self.dir + ".log", "ab") as log:
            self.process = subprocess.Popen([self.program, "serve", "-c", self.conf],
                                            stdout=log, stderr=log, env=self.env,
                                            start_new_session=True)
        if wait:
            until(self.ready, "the service is ready")

    def get(self, path):
        status, body, fields = self.request("GET", path)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {body[:200]}")
        return body.decode(), fields

    def health(self):
        return json.loads(self.request("GET", "/health")[1])

    def settled(self):
        """Nothing is left to do: no tree waits, each token is dated and has its second."""
        h = self.health()
        return h["upkeep"]["undated"] == 0 and h["evidence"]["trees_closing"] == 0 and \
            h["evidence"]["waiting"] == 0 and h["evidence"]["trees_open"] == 0
