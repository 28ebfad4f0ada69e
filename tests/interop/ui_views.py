# SPDX-License-Identifier: Apache-2.0
"""In a browser: an object and its life, the state of the archive, search."""
import datetime
import io
import json
import os
import subprocess
import urllib.parse
import urllib.request
import zipfile

from service import b64, instant, until
from ui_judge import Closed, press_on

SIGNED = "urn:ltps:profile:pds+pgd+aug+wst+ers:2"
PLAIN = "urn:ltps:profile:pds+pgd+aug+wst+ers:1"
NOTES = 12
SHOWN = 10  # of those who read an object, at first
HOSTILE = 'x" or poid ~ "<b>\\'


class Archive:
    """What the demonstration holds for these screens."""

    def __init__(self, stage):
        self.stage, self.service = stage, stage.service
        files = stage.files
        self.sealed = self.keep(SIGNED, ("sealed-t.pdf", files.read("sealed-t.pdf"),
                                         "application/pdf"))
        self.undecided = self.keep(SIGNED, ("revoked.p7m", files.read("revoked.p7m"),
                                            "application/pkcs7-mime"))
        self.detached = self.keep(SIGNED, ("contract.txt.p7s", files.read("contract.txt.p7s"),
                                           "application/pkcs7-signature"),
                                  ("contract.txt", files.read("contract.txt"), "text/plain"))
        self.two = self.keep(SIGNED, ("sealed-t.pdf", files.read("sealed-t.pdf"),
                                      "application/pdf"),
                             ("revoked.p7m", files.read("revoked.p7m"),
                              "application/pkcs7-mime"))
        self.notes = [self.keep(PLAIN, (f"note-{i}", b"note %d" % i, "text/plain"))
                      for i in range(NOTES)]
        self.service.evidence(self.notes[-1])
        until(lambda: len(self.outlook(self.sealed)["versions"]) >= 3 and all(
            v["proven_since"] for v in self.outlook(self.sealed)["versions"]),
            "the sealed PDF is judged, raised and covered")
        until(lambda: all(self.outlook(poid)["versions"][0]["verdict"]
                          for poid in (self.detached, self.two)), "all is judged")

    def keep(self, profile, *parts):
        status, answer = self.service.call("PreservePO", {"pro": profile, "po": [
            {"binaryData": {"value": b64(data)}, "mimeType": kind,
             "id": name} for name, data, kind in parts]})
        if status != 200 or "poId" not in answer:
            raise RuntimeError(str(answer))
        return answer["poId"]

    def json(self, path):
        status, body, _ = self.service.request("GET", path)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {body[:200]}")
        return json.loads(body)

    def outlook(self, poid):
        return self.json("/outlook/" + poid)


def address(poid):
    return "#/object/" + urllib.parse.quote(poid)


def settled(page):
    """Nothing is being read any more."""
    page.wait_for_function("() => document.querySelector('main .card, main .note') && "
                           "!document.querySelector('.busy')")


def saved(page, what):
    with page.expect_download() as d:
        page.click(f"[data-what={what}]")
    with open(d.value.path(), "rb") as f:
        return d.value.suggested_filename, f.read()


# ---- an object ----

def told(stage, a):
    tap, o = stage.tap, a.outlook(a.sealed)
    with stage.page(address(a.sealed)) as page:
        page.wait_for_selector("#report .verdict")
        text = page.inner_text("#head")
        for what, words in [("the verdict", "All signatures are valid."),
                            ("who signed", "Anna Popescu"), ("the POID", a.sealed),
                            ("that it is provable", "It can be proven that this existed"),
                            ("until when", "The proof holds until"),
                            ("that it is renewed", "The archive renews it by itself from"),
                            ("what would end it", "The certificate of the time-stamping"),
                            ("what it is", "PDF document"), ("its state", "Kept, with its data")]:
            tap.check(f"an object's page tells {what}", words in text, text)
        tap.check("and the report of its signatures, judged now",
                  "Signed by Anna Popescu" in page.inner_text("#report"))
        year = o["next"]["due"][:4]
        tap.check("the next renewal is the one that the service plans",
                  year in page.inner_text("#proof"), page.inner_text("#proof"))


def lived(stage, a):
    tap = stage.tap
    with stage.page(address(a.sealed)) as page:
        page.wait_for_selector("#report .verdict")
        kinds = page.eval_on_selector_all(".timeline li", "l => l.map(i => i.dataset.kind)")
        for kind in ("claimed", "proven", "submitted", "augmented", "report", "stamped", "now",
                     "again", "due", "end"):
            tap.check(f"its life has: {kind}", kind in kinds, kinds)
        tap.check("what was stands before today, what will be behind",
                  set(kinds[kinds.index("now"):]) == {"now", "again", "due", "end"}, kinds)
        times = page.eval_on_selector_all(".timeline time", "l => l.map(t => t.dateTime)")
        moments = [instant(t) for t in times]
        tap.check("in the order of time", moments == sorted(moments) and len(times) > 8, times)
        tap.equal("the line for the eye has a mark for each", page.locator(
            ".life-line .dot").count(), len(kinds) - 1)
        due = page.inner_text(".timeline li[data-kind=due] >> nth=0")
        tap.check("why something is due stands in words", "must be done by" in due, due)


def downloaded(stage, a):
    tap = stage.tap
    with stage.page(address(a.sealed)) as page:
        page.wait_for_selector("#report .verdict")
        name, data = saved(page, "object")
        tap.check("the object comes as it was handed in", name.endswith(".pdf") and
                  data == stage.files.read("sealed-t.pdf"), (name, len(data)))
        name, data = saved(page, "evidence")
        record, origin = stage.files.path("got.er"), stage.files.path("sealed-t.pdf")
        with open(record, "wb") as f:
            f.write(data)
        r = subprocess.run([stage.ltps, "evidence", "verify", record, "--data", origin, "--anchor",
                            stage.service.dir + "/anchors.pem"], capture_output=True, text=True)
        tap.equal("its evidence record verifies", (r.returncode, r.stderr), (0, ""))
        name, data = saved(page, "container")
        tap.check("one file holds both", any("evidencerecord" in n.lower() for n in zipfile.ZipFile(
            io.BytesIO(data)).namelist()), name)
        name, data = saved(page, "report")
        tap.check("the stored report", name.endswith(".xml") and b"ValidationReport" in data[:900],
                  (name, data[:200]))
        name, data = saved(page, "package")
        tap.check("the package for checking offline", name == a.sealed + ".zip" and any(
            "README" in n or "verify" in n.lower()
            for n in zipfile.ZipFile(io.BytesIO(data)).namelist()), name)
        page.locator("#versions summary", has_text="augmented-1").first.click()
        name, data = saved(page, "version-augmented-1")
        tap.check("every version, too", data[:5] == b"%PDF-" and
                  len(data) > len(stage.files.read("sealed-t.pdf")), (name, len(data)))
        stamps = page.locator("#versions .version", has_text="augmented-1").locator("tbody tr")
        tap.check("with the time-stamps over it", stamps.count() >= 1)


def refused(stage, a):
    tap = stage.tap
    with stage.page(address(a.sealed), errors=False) as page:
        page.wait_for_selector("#report .verdict")
        page.route("**/package/*", lambda route: route.fulfill(
            status=409, content_type="application/problem+json",
            body='{"title":"x","status":409,"detail":"the evidence is not made yet"}'))
        page.click("[data-what=package]")
        page.wait_for_selector("#downloads .refused")
        text = page.inner_text("#downloads .refused")
        tap.check("a download that fails says why", "not possible yet" in text and
                  "the evidence is not made yet" in text, text)
    with stage.page(address("01-no-such"), errors=False) as page:
        page.wait_for_selector("[role=alert]")
        tap.check("an object that is none is told", "That is not there." in
                  page.inner_text("main"), page.inner_text("main"))
        stage.look(page, "no-object")


def others(stage, a):
    tap = stage.tap
    with stage.page(address(a.notes[0])) as page:
        settled(page)
        text = page.inner_text("main")
        tap.check("what is not signed says so, and is provable", "There is no signature in it" in
                  text and "It can be proven that this existed" in text and
                  page.locator("#report").count() == 0, text[:900])
    with stage.page(address(a.undecided)) as page:
        page.wait_for_selector("#report .verdict")
        text = page.inner_text("#head")
        tap.check("what cannot be decided says why", "It cannot be said" in text and
                  "revoked" in text, text)
    with stage.page(address(a.detached)) as page:
        page.wait_for_selector("#report .verdict")
        tap.check("a detached signature is judged with its document",
                  page.locator("#report .verdict.ok").count() == 1, page.inner_text("#report"))
    with stage.page(address(a.two)) as page:
        page.wait_for_selector("#report .verdict")
        shown = page.eval_on_selector_all("#report .verdict", "l => l.map(v => v.className)")
        tap.equal("each signed part is judged", shown, ["verdict ok", "verdict unknown"])
        tap.equal("under its name", page.locator("#report h3.part").all_text_contents(),
                  ["sealed-t.pdf", "revoked.p7m"])


def fresh(stage, a):
    """It is looked at again by itself until it is proven."""
    tap = stage.tap
    poid = a.keep(PLAIN, ("new", os.urandom(40), "text/plain"))
    with stage.page(address(poid)) as page:
        page.wait_for_selector("#proof.ok")
        page.wait_for_selector(".timeline li[data-kind=stamped]")
        tap.check("a new object's time-stamp appears when it is there", True)


def years(n):
    t = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=365.25 * n)
    return t.strftime("%Y-%m-%dT%H:%M:%SZ")


def old(o):
    """The same object after thirty years: renewed, a TSA fallen, its data deleted."""
    def stamp(at, tsa, **more):
        return {**o["versions"][0]["evidence"][0]["timestamps"][0], "time": years(at), "tsa": tsa,
                "last": False, **more}
    v = {**o["versions"][0], "created": years(-30), "proven_since": years(-30)}
    chain = v["evidence"][0]
    v["evidence"] = [
        {**chain, "timestamps": [stamp(-30, "alpha"), stamp(-29.99, "beta", fallen=True),
                                 stamp(-22, "gamma")]},
        {**chain, "purpose": "hash-tree renewal", "digest": "sha512", "timestamps": [
            stamp(-14, "delta"), stamp(-6, "delta", last=True)]}]
    v["renewals"] = [{**v["renewals"][0], "due": years(-0.1), "weakens": years(0.4)},
                     {**v["renewals"][0], "what": "hash-tree renewal", "due": years(5),
                      "weakens": years(5.5), "why": "sha512"}]
    return {**o, "stored": years(-30), "state": "data-deleted", "preserve_until": years(20),
            "time": years(0), "versions": [v]}


def aged(stage, a):
    """What no demonstration lives long enough for: the service's answer, changed."""
    tap, body = stage.tap, json.dumps(old(a.outlook(a.sealed)))
    for lang, width in (("en", 1280), ("ro", 320)):
        with stage.page("#/search", lang, "light", width) as page:
            page.route("**/outlook/*", lambda route: route.fulfill(
                content_type="application/json", body=body))
            page.evaluate("h => { location.hash = h }", address(a.sealed))
            page.wait_for_selector(".timeline li")
            kinds = page.eval_on_selector_all(".timeline li", "l => l.map(i => i.dataset.kind)")
            tap.equal(f"thirty years in their order, {lang}", [k for k in kinds if k in (
                "submitted", "stamped", "lost", "renewed", "rehashed", "now", "due", "end")],
                      ["submitted", "stamped", "lost", "renewed", "rehashed", "renewed",
                       "now", "due", "due", "end"])
            tap.equal("what is overdue stands behind today, and its note warns",
                      page.locator("#proof.unknown").count(), 1)
            stage.look(page, f"aged {lang} {width}")
            if lang == "en":
                text = page.inner_text("#life")
                tap.check("new digests and a fallen authority are told", "sha512" in text and
                          "proves nothing any more" in text and "SHA512 is not relied on" in text,
                          text)
                tap.check("its line has years", page.locator(".line-mark").count() >= 4)
                tap.check("deleted data is not offered",
                          page.locator("[data-what=object]").count() == 0 and
                          page.locator("[data-what=package]").count() == 1)


def linked(stage, a):
    tap = stage.tap
    with stage.page(address(a.sealed)) as page:
        page.wait_for_selector("#report .verdict")
        page.click("text=Make a link")
        page.fill("#link-name", "Auditor <b>")
        page.fill("#link-days", "3")
        page.click("text=Make the link")
        url = page.inner_text("#link code")
        with urllib.request.urlopen(url) as answer:
            tap.check("a link for an auditor opens the object", a.sealed in
                      answer.read().decode() and answer.status == 200, url)
        stage.look(page, "link")


def traced(stage, a):
    tap = stage.tap
    with stage.page(address(a.sealed)) as page:
        page.wait_for_selector("#report .verdict")
        for summary in page.locator("#trace summary").all():
            summary.click()
        text = page.inner_text("#trace")
        for words in ("Handed in", "First time-stamp over it", "Signature made fit",
                      "Validation report written", "Read"):
            tap.check(f"the history has: {words}", words in text, text)
        tap.check("who only read stands apart", page.locator("#trace details").count() == 2)


def visited(stage, a):
    """Of many visits the newest; all when asked for, by the keyboard."""
    tap = stage.tap
    poid = a.notes[1]
    for _ in range(SHOWN):
        a.outlook(poid)
    with stage.page(address(poid)) as page:
        page.wait_for_selector("#trace")
        page.locator("#trace summary").last.click()
        rows = page.locator("#trace details[open] tbody tr")
        button = page.locator("#trace details[open] button")
        told = [(rows.count(), button.get_attribute("aria-expanded"))]
        button.focus()
        for _ in range(2):
            page.keyboard.press("Enter")
            told.append((rows.count(), button.get_attribute("aria-expanded")))
        more = told[1][0]
        tap.check("ten of who read it, all, and ten again", more > SHOWN and
                  told == [(SHOWN, "false"), (more, "true"), (SHOWN, "false")], told)
        tap.check("the button keeps the focus and names the number", button.evaluate(
            "b => b === document.activeElement") and str(more) in button.inner_text(),
            button.inner_text())


# ---- the archive ----

def state(stage, a):
    tap = stage.tap
    with stage.page("#/health") as page:
        settled(page)
        h, r, u = a.json("/health"), a.json("/renewals"), a.json("/upkeep")
        text = page.inner_text("#glance")
        tap.check("the state says that all is well", "All is well." in text and
                  page.locator("#status.ok").count() == 1, text)
        tap.check("and how much is kept", str(h["objects"]) in text, text)
        for u_list, box in (("tsas", "#tsas"), ("certificates", "#certificates"),
                            ("anchors", "#anchors"), ("jobs", "#jobs")):
            tap.equal(f"{box} has all of them", page.locator(f"{box} tbody tr").count(),
                      len(u[u_list]))
        tap.check("the authority answers", "answers" in page.inner_text("#tsas"))
        tap.check("no code is shown where there is a word", "renew-timestamps" not in
                  page.inner_text("main") and "evidence-late" not in page.inner_text("main"))
        tap.check("an operator is not told who signed what", any(
            j["kind"] == "care-signatures" for j in u["jobs"]) and "Radu" not in json.dumps(u), u)
        tap.check("the plot has bars", page.locator(".plot .bar").count() >= 1)
        page.click("#due summary")
        rows = page.eval_on_selector_all("#due tbody tr", "l => l.map(r => "
                                         "[...r.cells].map(c => c.textContent))")
        tap.equal("its table has all that the service plans", sum(
            int(row[2].replace(",", "")) for row in rows),
            sum(i["objects"] for i in r["renewals"] if i["due"]))
        tap.check("in the year that it plans", {row[0] for row in rows} == {
            i["due"][:4] for i in r["renewals"] if i["due"]}, rows)


def fault(stage, kind, count):
    url = next(line.split()[1] for line in stage.service.log().splitlines()[::-1]
               if line.startswith("TSA "))
    control = urllib.parse.urljoin(url, f"/control/fault?tsa=0&kind={kind}&count={count}")
    with urllib.request.urlopen(urllib.request.Request(control, data=b"", method="POST",
                                headers={"Content-Type": "text/plain"})) as answer:
        answer.read()


def failing(stage, a):
    """The TSA fails in earnest."""
    tap = stage.tap
    fault(stage, "http-500", 100000)
    try:
        a.keep(PLAIN, ("late", os.urandom(40), "text/plain"))
        until(lambda: a.json("/upkeep")["tsas"][0]["failing_since"] and any(
            x["since"] for x in a.json("/upkeep")["alarms"]), "the TSA is seen to fail")
        with stage.page("#/health") as page:
            settled(page)
            tap.check("a failing authority raises an alarm in words",
                      "Somebody has to act" in page.inner_text("#status") and
                      "New objects wait for their time-stamp too long" in
                      page.inner_text("#alarms") and "Since" in page.inner_text("#alarms"),
                      page.inner_text("main"))
            text = page.inner_text("#tsas")
            tap.check("and is named with the reason", "fails" in text and "500" in text, text)
            stage.look(page, "alarm")
        with stage.page("#/health", "ro", "dark", 320) as page:
            settled(page)
            stage.look(page, "alarm ro dark 320")
    finally:
        fault(stage, "none", 0)
    until(lambda: not a.json("/upkeep")["alarms"], "the alarm is over")
    with stage.page("#/health") as page:
        settled(page)
        tap.check("when it serves again, all is well", "All is well." in
                  page.inner_text("#status"), page.inner_text("#status"))


def rights(stage, _):
    tap = stage.tap
    closed = Closed(stage.ltps, os.path.join(stage.files.folder, "rights"))
    try:
        closed.start()
        with stage.page("#/health", url=closed.url, errors=False) as page:
            settled(page)
            tap.check("a stranger sees the bare state alone",
                      page.locator("#status").count() == 1 and
                      page.locator("#due, #tsas, #glance dl").count() == 0 and
                      "to operators only" in page.inner_text("main"), page.inner_text("main"))
        for role, due, tsas in (("auditor", 1, 0), ("operator", 1, 1), ("submitter", 0, 0)):
            with stage.page(url=closed.url, errors=False) as page:
                page.evaluate("t => sessionStorage.setItem('ltps.token', t)", closed.token(role))
                page.goto(closed.url + "/ui/#/health")
                settled(page)
                tap.equal(f"what the {role} may see of the archive",
                          (page.locator("#due").count(), page.locator("#tsas").count()),
                          (due, tsas))
    finally:
        closed.kill()


# ---- search ----

def results(page):
    page.wait_for_selector("#results")
    page.wait_for_function("() => !document.querySelector('.busy')")
    return page.eval_on_selector_all("#results .found > a", "l => l.map(x => x.textContent)")


def searched(stage, a):
    tap = stage.tap
    with stage.page("#/search") as page:
        read = []
        page.on("request", lambda r: "/outlook/" in r.url and read.append(r.url))
        page.fill("#search-signer", "popescu")
        page.keyboard.press("Enter")
        found = results(page)
        tap.check("a signer's name finds what is signed by him",
                  a.sealed in found and a.detached in found and a.undecided not in found and
                  not set(found) & set(a.notes), found)
        tap.equal("to be found is not to be read", read, [])
        page.click(f".found:has-text('{a.sealed}') summary")
        page.wait_for_selector(f".found:has-text('{a.sealed}') .badge.ok")
        tap.equal("what is opened is", len(read), 1)
        tap.check("each with what it is", "Signed by Anna Popescu." in page.inner_text("#results"))
        tap.check("and the filter that was asked for", 'signer ~ "popescu"' in
                  page.inner_text("#results"))
        page.go_back()
        page.wait_for_function("() => !document.querySelector('#results')")
        page.select_option("#search-indication", "INDETERMINATE")
        page.click("#search-form button[type=submit]")
        found = results(page)
        tap.check("a verdict finds what is undecided", a.undecided in found and
                  a.sealed not in found, found)
        page.click(f"text={a.undecided}")
        page.wait_for_selector("#head")
        tap.check("a result leads to its object", a.undecided in page.inner_text("#head"))
    with stage.page("#/search") as page:
        day = datetime.date.today()
        page.fill("#search-from", str(day + datetime.timedelta(days=2)))
        page.click("#search-form button[type=submit]")
        tap.equal("nothing came the day after tomorrow", results(page), [])
        tap.check("which is said", "Nothing was found" in page.inner_text("#results") and
                  "Nothing was found" in page.inner_text("#live"))
        page.fill("#search-from", str(day - datetime.timedelta(days=2)))
        page.fill("#search-until", str(day + datetime.timedelta(days=2)))
        page.select_option("#search-format", "pdf")
        page.click("#search-form button[type=submit]")
        page.wait_for_selector(".found")
        found = results(page)
        tap.check("days and the kind of file", a.sealed in found and not set(found) & set(a.notes),
                  found)


def paged(stage, a):
    tap = stage.tap
    seen = []
    with stage.page("#/search") as page:
        page.select_option("#search-profile", PLAIN)
        page.click("#search-form button[type=submit]")
        seen += results(page)
        tap.equal("a page holds ten", len(seen), 10)
        while page.locator("#results nav >> text=Next").count():
            last = seen[-1]
            page.click("#results nav >> text=Next")
            page.wait_for_function("l => document.querySelector('#results') && "
                                   "!document.querySelector('.busy') && ![...document"
                                   ".querySelectorAll('.found > a')].some(x => x.textContent === l)",
                                   arg=last)
            seen += results(page)
        tap.check("the pages have each once, the newest first", len(seen) == len(set(seen)) and
                  set(a.notes) <= set(seen) and seen.index(a.notes[-1]) < seen.index(a.notes[0]),
                  seen)
        page.click("text=Back to the beginning")
        page.wait_for_selector(f"#results >> text={seen[0]}")
        tap.check("and a way back", True)


def by_hand(stage, a):
    tap = stage.tap
    with stage.page("#/search?q=" + urllib.parse.quote(f'poid = "{a.sealed}"')) as page:
        tap.equal("a filter of one's own", results(page), [a.sealed])
        page.fill("#search-filter", "signer = ")
        page.click("#filter-form button[type=submit]")
        page.wait_for_selector("[role=alert]")
        tap.check("one that is wrong is told with its place",
                  "character" in page.inner_text("[role=alert]"),
                  page.inner_text("[role=alert]"))
        stage.look(page, "wrong-filter")
    with stage.page("#/search") as page:
        page.fill("#search-signer", HOSTILE)
        page.keyboard.press("Enter")
        tap.equal("quotation marks stay within a value", results(page), [])
        tap.equal("and no markup comes of it", page.locator("#results b").count(), 0)


def by_keyboard(stage, a):
    tap = stage.tap
    with stage.page("#/search") as page:
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "search-signer":
                break
        page.keyboard.type("popescu")
        page.keyboard.press("Enter")
        results(page)
        press_on(page, a.sealed, "Enter")
        page.wait_for_selector("#report .verdict")
        tap.equal("the object's heading has the focus",
                  page.evaluate("document.activeElement.tagName"), "H1")
        with page.expect_download() as d:
            press_on(page, "Evidence record", "Enter")
        tap.check("an object is found and its evidence saved without a pointer",
                  d.value.suggested_filename.endswith(".er"), d.value.suggested_filename)
        tap.equal("the focus stays", page.evaluate("document.activeElement.dataset.what"),
                  "evidence")


# ---- all of them ----

def looks(stage, a):
    def opened(page):
        settled(page)
        page.wait_for_selector("#report .verdict")
        for box in ("#versions", "#link", "#trace"):
            for summary in page.locator(f"{box} > * > summary, {box} > details > summary, "
                                        f"{box} .version > details > summary").all():
                summary.click()
    stage.every_look("object", address(a.sealed), opened)
    stage.every_look("note", address(a.notes[0]), settled)
    stage.every_look("health", "#/health", lambda page: (settled(page),
                                                          page.click("#due summary")))
    stage.every_look("search", "#/search?signer=popescu&go=1", lambda page: (
        results(page), page.click("details summary"),
        page.click(".found summary"), page.wait_for_selector(".found .badge")))


PARTS = (told, lived, downloaded, refused, others, fresh, aged, linked, traced, visited, state,
         rights, searched, paged, by_hand, by_keyboard, looks, failing)


def run(stage):
    a = Archive(stage)
    for part in PARTS:
        try:
            part(stage, a)
        except Exception as e:  # noqa: BLE001 - a broken step is a failed test
            stage.tap.check(part.__name__, False, f"{type(e).__name__}: {str(e)[:600]}")
