# SPDX-License-Identifier: Apache-2.0
"""The stage of the tests in a browser: files to show, pages of every width, language and
colour, and what is asked of each screen."""
import contextlib
import datetime
import glob
import os
import subprocess
import sys

from playwright.sync_api import sync_playwright

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import pdf_make  # noqa: E402
from service import DEADLINE  # noqa: E402

PATIENCE = DEADLINE * 1000  # milliseconds that a page is waited for
LOCALES = {"en": "en-GB", "ro": "ro-RO"}
WIDTHS = (320, 1280)
SCHEMES = ("light", "dark")
PASSWORD = "sesame"
CONTRACT = b"The seller hands the bicycle over. The buyer pays 250 euro.\n"
EVIL = "<img src=x onerror=alert(1)>"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = "(rules) => axe.run(document, { runOnly: rules })"


def must(*arguments, **more):
    r = subprocess.run(arguments, capture_output=True, text=True, timeout=DEADLINE,
                       check=False, **more)
    if r.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments[:4])}: {(r.stderr or r.stdout)[-500:]}")
    return r.stdout


class Files:
    """Made with the PKI of the demonstration; each is known by its name."""

    def __init__(self, ltps, service, folder):
        self.ltps, self.service, self.folder = ltps, service, folder
        os.makedirs(folder, exist_ok=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def issue(self):
        """While the service is down: its PKI is open once."""
        pki = self.service.dir + "/pki"
        for name, subject in (("anna", "Anna Popescu"), ("radu", "Radu Ionescu"),
                              ("eve", EVIL)):
            must(self.ltps, "devpki", "issue", pki, "--name", name, "--subject", subject)
        must(self.ltps, "devpki", "revoke", pki, "radu", "--reason", "keyCompromise")

    def sign(self, out, signer, *more):
        pki = self.service.dir + "/pki"
        must("openssl", "cms", "-sign", "-binary", "-cades", "-md", "sha256", "-outform", "DER",
             "-in", self.path("contract.txt"), "-out", self.path(out),
             "-signer", f"{pki}/certs/{signer}.pem", "-inkey", f"{pki}/keys/{signer}.pem",
             "-certfile", f"{pki}/certs/ca.pem", *more)

    def make(self):
        """While the service runs: its TSA is asked."""
        tsa = next(line.split()[1] for line in self.service.log().splitlines()[::-1]
                   if line.startswith("TSA "))
        pki = self.service.dir + "/pki"
        self.write("contract.txt", CONTRACT)
        self.write("plain.pdf", pdf_make.pdf("Sale of a bicycle"))
        self.sign("contract.p7m", "anna", "-nodetach")
        self.sign("contract.txt.p7s", "anna")
        self.sign("revoked.p7m", "radu", "-nodetach")
        self.sign("evil.p7m", "eve", "-nodetach")
        self.write(EVIL.replace("/", "") + ".p7m", self.read("evil.p7m"))
        self.write("altered.p7m", self.read("contract.p7m").replace(b"250", b"251"))
        must("qpdf", "--encrypt", PASSWORD, PASSWORD, "256", "--", self.path("plain.pdf"),
             self.path("locked.pdf"))
        for level, out in (("lta", "sealed.pdf"), ("t", "sealed-t.pdf")):
            must(self.ltps, "seal", self.path("plain.pdf"), "-o", self.path(out),
                 "--level", level, "--key", f"{pki}/keys/anna.pem",
                 "--certificate", f"{pki}/certs/anna.pem", "--cert", f"{pki}/certs/ca.pem",
                 "--anchor", self.service.dir + "/anchors.pem", "--tsa", tsa, "--fetch-local")
        with open(self.path("large.bin"), "wb") as f:
            f.truncate(1 << 30)


class Stage:
    def __init__(self, tap, ltps, service, files, shots):
        self.tap, self.ltps, self.service, self.files, self.shots = tap, ltps, service, files, shots
        self.browser, self.wrong, self.axe = None, [], None
        os.makedirs(shots, exist_ok=True)

    @contextlib.contextmanager
    def open(self):
        found = glob.glob(os.path.join(sys.prefix, "lib/python*/site-packages",
                                       "axe_playwright_python/axe.min.js"))
        with open(found[0], encoding="utf-8") as f:
            self.axe = f.read()
        with sync_playwright() as p:
            # Root has no sandbox of its own in a container.
            arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
            self.browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
            try:
                yield self
            finally:
                self.browser.close()

    @contextlib.contextmanager
    def page(self, where="", lang="en", scheme="light", width=1280, url=None, errors=True):
        """A page of its own; errors=False: some are meant."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme,
            locale=LOCALES[lang], timezone_id="Europe/Bucharest", accept_downloads=True)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        if errors:
            page.on("console", lambda m: m.type in ("error", "warning") and
                    self.wrong.append(f"{where}: {m.text}"))
        page.on("pageerror", lambda e: self.wrong.append(f"{where}: {e}"))
        page.on("dialog", lambda d: (self.wrong.append(f"{where}: {d.message}"), d.dismiss()))
        try:
            page.goto((url or self.service.url) + "/ui/" + where)
            page.wait_for_selector("h1")
            yield page
        finally:
            context.close()

    def look(self, page, name):
        """What is asked of every screen: axe-core, no sideways scrolling, a picture."""
        page.evaluate(self.axe)
        found = page.evaluate(AXE, RULES)
        self.tap.equal(f"{name}: axe-core finds nothing", [
            (v["id"], v["nodes"][0]["target"], v["nodes"][0].get("failureSummary", "")[:200])
            for v in found["violations"]], [])
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        self.tap.check(f"{name}: nothing to scroll sideways", over <= 0, over)
        self.tap.equal(f"{name}: one h1, a title, a language",
                       (page.locator("h1").count(), page.title() != "",
                        page.get_attribute("html", "lang") in LOCALES), (1, True, True))
        page.screenshot(path=os.path.join(self.shots, name.replace(" ", "-") + ".png"),
                        full_page=True)

    def every_look(self, name, where, prepare=None):
        """In both languages, light and dark, narrow and wide."""
        for lang in LOCALES:
            for scheme in SCHEMES:
                for width in WIDTHS:
                    with self.page(where, lang, scheme, width) as page:
                        if prepare:
                            prepare(page)
                        self.look(page, f"{name} {lang} {scheme} {width}")

    def quiet(self):
        """No error of a script, nothing that the policy of content refused."""
        self.tap.equal("no page had an error", self.wrong, [])


def soon(days):
    t = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return t.strftime("%Y-%m-%dT%H:%M:%SZ")
