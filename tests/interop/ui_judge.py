# SPDX-License-Identifier: Apache-2.0
"""In a browser: a file is dropped, seen judged and preserved; what is refused; who asks."""
import json
import os
import subprocess

from service import Service, corpus_folder, until
from ui_stage import EVIL, PASSWORD, must

DROP = """([name, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(bytes)], name));
    for (const type of ["dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true,
                                                          cancelable: true }));
}"""


def give(page, stage, *names):
    page.set_input_files("#files", [stage.files.path(n) for n in names])


def judged(page, stage, *names):
    """Waits for all outcomes; the text of the results."""
    page.evaluate("document.querySelector('.results').replaceChildren()")
    give(page, stage, *names)
    page.wait_for_function("() => document.querySelector('.result') && "
                           "!document.querySelector('.busy')")
    return page.inner_text(".results")


def kind(page, i=0):
    classes = page.locator(".verdict").nth(i).get_attribute("class").split()
    return next(c for c in classes if c != "verdict")


def sealed(stage):
    tap = stage.tap
    with stage.page() as page:
        text = judged(page, stage, "sealed.pdf")
        tap.equal("a sealed PDF is valid", kind(page), "ok")
        for what, word in [("who", "Anna Popescu"), ("by whom certified", "Issuing CA"),
                           ("what proves when", "a time-stamp of TSA"), ("still", "Yes."),
                           ("until when", "at the latest: then the certificate of TSA"),
                           ("what came after", "Additions that keep the signature provable: "
                            "certificates, status of certificates"),
                           ("level", "PAdES-BASELINE-LTA")]:
            tap.check(f"it tells {what}", word in text, text)
        stamp = page.locator("time").first
        tap.check("times are the reader's, and UTC when pointed at",
                  stamp.get_attribute("title").endswith(" UTC") and
                  stamp.get_attribute("datetime").endswith("Z"), stamp.get_attribute("title"))
        tap.equal("all outcomes of time-stamps are valid", set(page.locator(
            "table .badge").all_text_contents()) - {"valid", "holds", "not applied"}, set())
        tap.check("a screen reader is told", "Anna Popescu" in page.inner_text("#live"))
        downloads(stage, page)
        page.click(".languages [lang=ro]")
        page.wait_for_selector(".verdict")
        tap.check("another language keeps the report", "Semnat de Anna Popescu" in
                  page.inner_text(".results") and page.get_attribute("html", "lang") == "ro")
        tap.equal("and stays where it was", page.evaluate("document.activeElement.lang"), "ro")


def downloads(stage, page):
    with page.expect_download() as d:
        page.click("text=Download the report (JSON)")
    with open(d.value.path(), encoding="utf-8") as f:
        told = json.load(f)
    stage.tap.equal("the report as JSON", (d.value.suggested_filename, told["indication"]),
                    ("sealed-report.json", "TOTAL_PASSED"))
    with page.expect_download() as d:
        page.click("text=Download the report (XML")
    with open(d.value.path(), encoding="utf-8") as f:
        text = f.read()
    stage.tap.check("the report as XML", d.value.suggested_filename == "sealed-report.xml" and
                    "ValidationReport" in text[:600], text[:300])


def outcomes(stage):
    tap = stage.tap
    with stage.page() as page:
        for names, wanted, words in [
                (["contract.p7m"], "ok", ["Signed by Anna Popescu", "no time-stamp protects the signature",
                                          "Nothing proves when"]),
                (["revoked.p7m"], "unknown", ["The certificate was revoked, and nothing proves",
                                              "REVOKED_NO_POE", "What would help"]),
                (["altered.p7m"], "bad", ["The signature of Anna Popescu is not valid",
                                          "HASH_FAILURE", "What was signed was changed"]),
                (["contract.txt.p7s", "contract.txt"], "ok", ["signed content: contract.txt"]),
                (["plain.pdf"], "plain", ["There is no signature in this file"])]:
            text = judged(page, stage, *names)
            missing = [w for w in words if w not in text]
            tap.check(f"{'+'.join(names)}: {wanted}, in words", kind(page) == wanted and
                      not missing, (missing, text))
        judged(page, stage, "contract.p7m", "altered.p7m", "plain.pdf")
        tap.equal("several files, one outcome each", [kind(page, i) for i in range(3)],
                  ["ok", "bad", "plain"])
        page.evaluate(DROP, ["contract.p7m", list(stage.files.read("contract.p7m"))])
        page.wait_for_function("() => document.querySelectorAll('.verdict').length === 1")
        tap.equal("a file may be dropped", kind(page), "ok")


def changed(stage):
    """A PDF whose page was replaced behind its signature."""
    corpus = corpus_folder("pades")
    if corpus is None:
        stage.tap.skip("changed after signing", "there is no corpus")
        return
    with stage.page() as page:
        page.set_input_files("#files", f"{corpus}/validation/modified_after_signature.pdf")
        page.wait_for_selector(".verdict")
        text = page.inner_text(".results")
        page.click("text=All changes")
        stage.tap.check("a page changed after signing is told at the top and beside",
                        text.count("What the document shows was changed") == 2 and
                        kind(page) == "unknown" and page.is_visible("text=shadow-replace"), text)
        live = page.inner_text("#live")
        stage.tap.check("and to a screen reader", "What the document shows was changed" in live,
                        live)
        stage.look(page, "changed")


def asked_for_more(stage):
    tap = stage.tap
    with stage.page() as page:
        judged(page, stage, "contract.txt.p7s")
        tap.equal("a signature alone cannot be told", kind(page), "unknown")
        page.set_input_files("#content-0", stage.files.path("contract.txt"))
        page.wait_for_selector(".verdict.ok")
        tap.check("with its document it can", True)
    with stage.page(errors=False) as page:  # 422 is told on the console
        text = judged(page, stage, "locked.pdf")
        tap.check("an encrypted PDF asks for its password", "encrypted" in text, text)
        stage.look(page, "locked")
        page.fill("#password", "wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=This password does not open")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector(".verdict.plain")
        tap.check("with it, it is judged", True)
        page.click("text=Download the report (XML")
        page.wait_for_selector("#password")
        page.fill("#password", PASSWORD)
        with page.expect_download() as d:
            page.keyboard.press("Enter")
        tap.equal("it is not kept: another report asks for it again",
                  d.value.suggested_filename, "locked-report.xml")
        text = judged(page, stage, "contract.txt")
        tap.check("no signed file at all: said, and may be preserved",
                  "can still be preserved" in text and page.is_visible("text=Preserve this file"),
                  text)


def hostile(stage):
    """Nothing that a file says becomes markup: a dialog would be an error."""
    with stage.page() as page:
        text = judged(page, stage, EVIL.replace("/", "") + ".p7m")
        stage.tap.check("names are text and nothing else",
                        EVIL in text and page.locator(".results img").count() == 0, text)
        stage.look(page, "hostile")
        page.goto(stage.service.url + "/ui/#/nowhere/%3Cb%3E?x=<b>")
        page.wait_for_selector("#files", state="attached")
        stage.tap.check("an address that leads nowhere leads to the start", True)
        page.goto(stage.service.url + "/ui/#/constructor")
        page.wait_for_selector("#files", state="attached")
        stage.tap.check("so does the name of what every object has", True)
    with stage.page("#/object/100%", errors=False) as page:
        page.wait_for_selector("[role=alert]")
        stage.tap.check("an address that cannot be decoded is told as one that is not there",
                        "That is not there." in page.inner_text("main"), page.inner_text("main"))


NAMES = {
    r"O=Foo\, CN=Minister of Justice, CN=Mallory": "Mallory",
    r"O=Foo\\, CN=Mallory": "Mallory",
    "CN=Mallory/CN=Minister of Justice": "Mallory/CN=Minister of Justice",
    r"O=a \+ CN=Minister + CN=Mallory": "Mallory",
    r"O=\2c CN=Minister, CN=Mallory": "Mallory",
    r"CN=a\e2\80\aeb": "a\ufffdb",
    r"CN=\c8\98tefan\ , O=b": "\u0218tefan ",
    "CN=first, CN=second": "first",
    "SN=Pop + GN=Ana, C=RO": "Ana Pop",
    "no name, CN=Minister": "no name, CN=Minister",
}


def named(stage):
    """Whoever is certified chose what stands within a value: it becomes no other name."""
    with stage.page() as page:
        got = page.evaluate("""async (names) => {
            const { person } = await import("./names.js");
            return names.map(person);
        }""", list(NAMES))
        stage.tap.equal("names are read as RFC 4514 has them", dict(zip(NAMES, got)), NAMES)
        judged(page, stage, "contract.p7m")
        stage.tap.check("a name stands apart from the sentence", page.locator(
            ".verdict bdi", has_text="Anna Popescu").count() == 1)


def switched(stage):
    """Another language while files are being judged: none is sent twice."""
    with stage.page() as page:
        sent = []
        page.on("request", lambda r: r.url.endswith("/validate") and sent.append(r.url))
        # The first waits within the page, so that nothing here has to be awaited.
        page.evaluate("""() => {
            const real = window.fetch;
            const open = new Promise((resolve) => { window.letGo = resolve; });
            window.fetch = async (...a) => {
                if (String(a[0]).endsWith("/validate")) {
                    window.asked = (window.asked ?? 0) + 1;
                    await open;
                }
                return real(...a);
            };
        }""")
        give(page, stage, "contract.p7m", "altered.p7m")
        page.wait_for_function("() => window.asked === 1")
        page.click(".languages [lang=ro]")
        page.wait_for_selector("html[lang=ro] .results .busy")
        page.evaluate("window.letGo()")
        page.wait_for_function("() => document.querySelectorAll('.verdict').length === 2")
        stage.tap.equal("each file is sent once", (page.evaluate("window.asked"), len(sent)), (2, 2))
        stage.tap.equal("and all are judged", [kind(page, i) for i in range(2)], ["ok", "bad"])


def refused(stage):
    tap = stage.tap
    with stage.page() as page:
        asked = []
        page.on("request", lambda r: asked.append(r.url) if r.method == "POST" else None)
        text = judged(page, stage, "large.bin")
        tap.check("too large a file is refused with the limit, before it is sent",
                  "1 GiB" in text and "384 MiB" in text and not asked, (text, asked))
    with stage.page(errors=False) as page:
        page.route("**/validate", lambda route: route.abort())
        text = judged(page, stage, "contract.p7m")
        tap.check("a service that is away is told in words",
                  "cannot be reached" in text and "http/0" in text, text)
        page.unroute("**/validate")
        page.route("**/validate", lambda route: route.fulfill(
            status=503, content_type="application/problem+json",
            body='{"title":"x","status":503,"detail":"the service is busy"}'))
        text = judged(page, stage, "contract.p7m")
        tap.check("a busy one, too, with its own words", "try again" in text and
                  "the service is busy" in text and "http/503" in text, text)
        stage.look(page, "refused")


def preserved(stage):
    tap = stage.tap
    with stage.page() as page:
        judged(page, stage, "sealed.pdf")
        page.click("text=Choose how to preserve it")
        page.wait_for_selector("#profile")
        options = page.locator("#profile option").all_text_contents()
        tap.check("profiles that store, in words", len(options) >= 3 and
                  not any("urn:" in o for o in options), options)
        tap.check("the recommended one is chosen", "recommended" in page.eval_on_selector(
            "#profile", "s => s.selectedOptions[0].textContent"))
        stage.look(page, "preserve")
        page.click("text=Preserve it now")
        page.wait_for_function("() => location.hash.startsWith('#/object/')")
        poid = page.evaluate("decodeURIComponent(location.hash.slice('#/object/'.length))")
        there = stage.service.retrieve(poid, "PO")[1]
        tap.check("it is in the archive, and its life is shown",
                  there["result"]["maj"].endswith(":Success") and poid, there["result"])


def by_keyboard(stage):
    """From the address bar to a preserved object without a pointer."""
    tap = stage.tap
    with stage.page() as page:
        page.on("filechooser", lambda chooser: None)  # from now on the dialog is ours
        walk = []
        for _ in range(12):
            page.keyboard.press("Tab")
            walk.append(page.evaluate("document.activeElement.id || "
                                      "document.activeElement.textContent.trim()"))
            if walk[-1] == "files":
                break
        tap.equal("first the way past the navigation", walk[0], "skip")
        tap.equal("then all of it, and the files", walk[-1], "files")
        shown = page.evaluate("getComputedStyle(document.querySelector('label[for=files]'))"
                              ".outlineStyle")
        tap.check("the focus is seen", shown == "solid", shown)
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Enter")
        chooser.value.set_files(stage.files.path("contract.p7m"))
        page.wait_for_selector(".verdict")
        press_on(page, "SUMMARY", "Enter")
        tap.check("details open", page.locator("details[open]").count() == 1)
        press_on(page, "Choose how to preserve it", "Enter")
        page.wait_for_selector("#profile")
        tap.equal("the choice has the focus", page.evaluate("document.activeElement.id"),
                  "profile")
        press_on(page, "Preserve it now", "Enter")
        page.wait_for_function("() => location.hash.startsWith('#/object/')")
        page.wait_for_function("() => document.activeElement.tagName === 'H1'")
        tap.check("the new view's heading has the focus", True)


def press_on(page, what, key):
    """Tabs to an element by its name or its text."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("w => document.activeElement.tagName === w || "
                         "document.activeElement.textContent.trim() === w", what):
            page.keyboard.press(key)
            return
    raise RuntimeError(f"the keyboard does not come to {what}")


# ---- where nobody is anonymous ----

class Closed(Service):
    def start(self, wait=True):
        self.conf = self.dir + ".conf"
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(f"[service]\ndir = {self.dir}\nlisten = 127.0.0.1:{self.port}\n"
                    "[auth]\nrequire = true\n")
        with open(self.dir + ".log", "ab") as log:
            self.process = subprocess.Popen([self.program, "serve", "-c", self.conf],
                                            stdout=log, stderr=log, start_new_session=True)
        until(self.ready, "the service is ready")

    def token(self, role):
        return must(self.program, "token", "add", "-c", self.conf, "--role", role,
                    "--name", role).strip()


def who_asks(stage):
    tap = stage.tap
    closed = Closed(stage.ltps, os.path.join(stage.files.folder, "closed"))
    try:
        closed.start()
        with stage.page(url=closed.url, errors=False) as page:
            give(page, stage, "contract.p7m")
            page.wait_for_selector("#token")
            tap.check("a stranger is told so, and asked for a token",
                      "does not know you" in page.inner_text("main"), page.inner_text("main"))
            stage.look(page, "token")
            page.fill("#token", closed.token("operator"))
            page.keyboard.press("Enter")
            page.wait_for_selector("text=You have no right to this")
            tap.check("another role is told so", page.is_visible("#token"))
            page.fill("#token", closed.token("submitter"))
            page.keyboard.press("Enter")
            page.wait_for_selector(".verdict")
            tap.check("with the right one the check goes on with the same file",
                      "contract.p7m" in page.inner_text(".results"))
            kept = page.evaluate("[localStorage.length, JSON.stringify(localStorage), "
                                 "document.cookie]")
            tap.check("the token is kept in this window only", "ltps_" not in str(kept), kept)
            page.click("text=Change the access token")
            page.wait_for_selector("dialog[open] #token")
            stage.look(page, "token-dialog")
            page.keyboard.press("Escape")
            tap.equal("the entry closes", page.locator("dialog").count(), 0)
            page.click("text=Change the access token")
            page.click("dialog >> text=Forget the token")
            page.wait_for_selector("text=Enter an access token")
            page.wait_for_selector(".results", state="attached")
            tap.equal("files and reports go with the token",
                      page.locator(".results > *").count(), 0)
    finally:
        closed.kill()


def looks(stage):
    stage.every_look("start", "")

    def report(page):
        judged(page, stage, "sealed.pdf", "revoked.p7m")
        page.wait_for_function("() => document.querySelectorAll('.verdict').length === 2")
        for summary in page.locator("summary").all():
            summary.click()
    stage.every_look("report", "", report)


PARTS = (sealed, outcomes, changed, asked_for_more, hostile, named, switched, refused, preserved, by_keyboard,
         who_asks, looks)


def run(stage):
    for part in PARTS:
        try:
            part(stage)
        except Exception as e:  # noqa: BLE001 - a broken step is a failed test
            stage.tap.check(part.__name__, False, f"{type(e).__name__}: {str(e)[:600]}")
