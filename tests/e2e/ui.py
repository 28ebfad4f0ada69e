#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ui BUILD - the web interface without a browser: how its files are served and guarded, and
what its sources hold: no markup made of text, no text that is missing in a language, no code
of the service without a sentence."""
import hashlib
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
UI = os.path.join(ROOT, "server", "ui")
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from service import Service, Tap, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
GUARDS = {
    "Content-Security-Policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache"}
LANGUAGES = ("en", "ro")
FORMS = {"en": {"one", "other"}, "ro": {"one", "few", "other"}}


def source(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def sources(room, stem):
    """Those of a room whose names begin so."""
    return [source(room, n) for n in sorted(os.listdir(os.path.join(ROOT, room)))
            if n.startswith(stem) and n.endswith(".c")]


FILES = sorted(os.listdir(UI))
SCRIPTS = {n: source("server/ui", n) for n in FILES if n.endswith(".js")}


# ---- how they are served ----

def served(tap):
    for name in FILES:
        with open(os.path.join(UI, name), "rb") as f:
            data = f.read()
        status, body, fields = service.request("GET", "/ui/" + name)
        tap.check(f"{name}: as it stands in the sources", (status, body) == (200, data), status)
        tap.equal(f"{name}: its type", fields.get("Content-Type"),
                  TYPES[os.path.splitext(name)[1]])
        wrong = {k: fields.get(k) for k, v in GUARDS.items() if fields.get(k) != v}
        tap.equal(f"{name}: what guards it", wrong, {})
        tap.equal(f"{name}: its ETag is its digest", fields.get("ETag"),
                  f'"{hashlib.sha256(data).hexdigest()}"')
        head = service.request("HEAD", "/ui/" + name)
        volatile = ("Date", "X-Request-Id")
        same = all(head[2].get(k) == v for k, v in fields.items() if k not in volatile)
        tap.check(f"{name}: HEAD says the same without it",
                  (head[0], head[1]) == (200, b"") and same, head)
    index = service.request("GET", "/ui/")
    tap.equal("the folder is its index", index[1], service.request("GET", "/ui/index.html")[1])
    to = service.request("GET", "/ui")
    tap.equal("without a slash: there, below any path", (to[0], to[2].get("Location")),
              (308, "ui/"))


def known(tap):
    fields = service.request("GET", "/ui/app.js")[2]
    etag = fields["ETag"]
    for name, value in [("its tag", etag), ("a weak one", "W/" + etag), ("any", "*"),
                        ("one of several", f'"a", {etag}, "b"')]:
        status, body, got = service.request("GET", "/ui/app.js", None, {"If-None-Match": value})
        tap.check(f"If-None-Match, {name}: 304 without the file, with its tag and guards",
                  (status, body) == (304, b"") and got.get("ETag") == etag and
                  all(got.get(k) == v for k, v in GUARDS.items()), (status, got))
    for name, value in [("another", '"' + "0" * 64 + '"'), ("without quotes", etag[1:-1]),
                        ("empty", "")]:
        tap.equal(f"If-None-Match, {name}: 200", service.request(
            "GET", "/ui/app.js", None, {"If-None-Match": value})[0], 200)


def not_there(tap):
    for path in ("none.js", "ui/app.js", "app.js/", "app.js/x", "APP.JS", "../openapi.json",
                 "%2e%2e/openapi.json", "..%2fopenapi.json", "..", "/app.js", "./app.js",
                 "app.js%00", "%5c..%5capp.js", "server/ui/app.js", "/etc/passwd",
                 "..;/openapi.json", "app.js%20", ".", "text_en", "*"):
        status, body, fields = service.request("GET", "/ui/" + path)
        tap.check(f"/ui/{path}: nothing", status in (400, 404) and
                  fields.get("Content-Type") == "application/problem+json", (status, body[:99]))
    for method in ("POST", "PUT", "DELETE"):
        status, _, fields = service.request(method, "/ui/app.js", "x" if method != "DELETE" else None)
        tap.equal(f"{method}: no", (status, fields.get("Allow")), (405, "GET, HEAD"))


def settings(tap):
    status, body, fields = service.request("GET", "/ui/settings.json")
    told = json.loads(body)
    tap.check("what has to be known before a caller is", status == 200 and
              set(told) == {"version", "body_max"} and told["body_max"] > 0, told)
    tap.equal("nobody keeps it", fields.get("Cache-Control"), "no-store")


# ---- what the sources hold ----

FORBIDDEN = [r"\.(inner|outer)HTML\b", r"insertAdjacentHTML", r"document\.write", r"\beval\(",
             r"\bFunction\(", r"javascript:", r"createContextualFragment", r"DOMParser",
             r"srcdoc", r"\bstyle:\s", r"setAttribute\(\"(on|style)", r"localStorage.*[tT]oken",
             r"https?://(?!www\.w3\.org/2000/svg|uri\.etsi\.org/)"]


def harmless(tap):
    for name, text in SCRIPTS.items():
        found = [p for p in FORBIDDEN if re.search(p, text)]
        tap.equal(f"{name}: text never becomes markup or code", found, [])
        missing = [m for m in re.findall(r'(?:from|import|import\()\s*"\./([^"]+)"', text)
                   if m not in FILES]
        tap.equal(f"{name}: what it imports is there", missing, [])
    page = source("server/ui/index.html")
    tap.check("the page has no script, style or handler within", not re.search(
        r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?:", page), page)
    sheet = source("server/ui/style.css")
    tap.check("the sheet asks nothing of another host", not re.search(
        r"@import|url\(|https?:", sheet))
    tap.check("it knows dark, narrow and still", all(
        q in sheet for q in ("prefers-color-scheme: dark", "max-width", "prefers-reduced-motion")))


# ---- texts ----

LINE = re.compile(r'^\t"([^"]+)": (?:"((?:[^"\\]|\\.)*)",|(\{))$')
FORM = re.compile(r'^\t\t(\w+): "((?:[^"\\]|\\.)*)",$')
SHORT = re.compile(r'^\t"([^"]+)": \{ (.*) \},$')
AROUND = re.compile(r"^(//.*|export default \{|\};|\t\},|)$")


def texts(name):
    """Keys with a text each, or a dictionary of forms; a line of another kind is an error."""
    found, forms = {}, None
    for number, line in enumerate(SCRIPTS[name].splitlines(), 1):
        entry, form, short = LINE.match(line), FORM.match(line), SHORT.match(line)
        if short:
            found[short[1]] = dict(re.findall(r'(\w+): "((?:[^"\\]|\\.)*)"', short[2]))
        elif entry:
            if entry[1] in found:
                raise RuntimeError(f"{name}:{number}: {entry[1]} stands there twice")
            forms = {} if entry[3] else None
            found[entry[1]] = forms if entry[3] else entry[2]
        elif form and forms is not None:
            forms[form[1]] = form[2]
        elif not AROUND.match(line):
            raise RuntimeError(f"{name}:{number}: {line}")
    return found


def tables():
    return {lang: {**texts(f"text_{lang}.js"), **texts(f"text_views_{lang}.js")}
            for lang in LANGUAGES}


def places(text):
    """Names in braces, of all forms."""
    whole = " ".join(text.values()) if isinstance(text, dict) else text
    return set(re.findall(r"\{(\w+)\}", whole))


def spoken(tap):
    of = tables()
    en, ro = (of[lang] for lang in LANGUAGES)
    tap.equal("each text is there in both languages", set(en) ^ set(ro), set())
    tap.equal("none is empty", [k for t in of.values() for k, v in t.items() if not v], [])
    odd = [k for k in en if k in ro and places(en[k]) - {"n"} != places(ro[k]) - {"n"}]
    tap.equal("with the same places to fill", odd, [])
    tap.equal("what has a plural in English has one in Romanian",
              [k for k in en if isinstance(en[k], dict) and not isinstance(ro.get(k), dict)], [])
    for lang, table in of.items():
        bad = [k for k, v in table.items() if isinstance(v, dict) and set(v) != FORMS[lang]]
        tap.equal(f"{lang}: all forms of number", bad, [])
    de = [k for k, v in ro.items() if isinstance(v, dict) and "{n} de " not in v["other"]]
    tap.equal("ro: from twenty on with 'de'", de, [])
    same = [k for k in en if en[k] == ro.get(k) and len(str(en[k])) > 24]
    tap.equal("no sentence was left untranslated", same, [])
    cedilla = [k for k, v in ro.items() if re.search("[şţŞŢ]", str(v))]
    tap.equal("ro: letters with comma, not cedilla", cedilla, [])


def uses():
    """Keys that scripts name, and beginnings of keys that they make."""
    whole, begun = set(), set()
    for name, text in SCRIPTS.items():
        if name.startswith("text_"):
            continue
        begun |= {f + "." for f in re.findall(r'\bnamed\("([^"]+)"', text)}
        begun |= set(re.findall(r"`([a-z]+\.[\w./:+-]*)\$\{", text))
        whole |= set(re.findall(r'"((?:app|judge|report|object|timeline|health|search|words|plot)'
                                r'\.[\w./:+-]+)"', text))
    return whole, begun


def used(tap):
    keys = set(tables()["en"])
    whole, begun = uses()
    families = {b[:-1] for b in begun}
    tap.equal("each text that is named is there", {w for w in whole - keys
                                                  if w not in families}, set())
    tap.equal("each family of texts has some",
              {b for b in begun if not any(k.startswith(b) for k in keys)}, set())
    tap.equal("each text is used", {k for k in keys if k not in whole and
                                    not any(k.startswith(b) for b in begun)}, set())


def codes(tap):
    keys = set(tables()["en"])

    def all_of(what, family, found, least):
        tap.check(f"{what}: found in the sources", len(found) >= least, found)
        tap.equal(f"{what}: each has a sentence", {f for f in found if f"{family}.{f}" not in keys},
                  set())
    all_of("sub-indications", "report.sub", re.findall(
        r'\[SUB_\w+\] = "(\w+)"', source("validation/indication.c")), 25)
    all_of("indications", "report.indication", re.findall(
        r'return "([A-Z_]+)"', source("validation/indication.c")), 5)
    all_of("results of TS 119 512", "app.error", re.findall(
        r'MINOR\("(error/\w+)"\)', source("server/result.c")), 15)
    all_of("statuses of HTTP", "app.error", {
        "http/" + s for s in re.findall(r"^\t\t\{ (\d+), \"", source("server/http.c"), re.M)
        if s in ("400", "401", "403", "404", "408", "409", "413", "415", "422", "429", "500",
                 "502", "503", "504", "507")}, 15)
    all_of("changes of a PDF", "report.change", re.findall(
        r'\[PDF_CHANGE_\w+\] = "(\w+)"', source("validation/pdf_changes.c")), 4)
    all_of("status of certificates", "report.status", re.findall(
        r'\[PATH_STATUS_\w+\] = "(\w+)"', source("validation/path.c")), 4)
    all_of("constraints", "report.check", re.findall(
        r'\[CONSTRAINT_\w+\] = \{\s*"([\w-]+)"', source("validation/constraint.c")), 47)
    all_of("findings of the engine", "report.finding", [c for f in sources("validation", "engine")
           for c in re.findall(r'engine_find\([^"]*"([A-Z_]+)"', f)], 8)
    all_of("jobs", "health.job.kind", re.findall(
        r'#define JOB_\w+ "([\w-]+)"', source("ltp/upkeep.h") + source("ltp/inside.h")), 10)
    all_of("states of trusted lists", "health.list.is", re.findall(
        r'\[TRUSTED_LIST_\w+\] = "([\w-]+)"', source("validation/trusted_list_verify.c")) +
        re.findall(r'#define TL_WORD_\w+ "([\w-]+)"', source("ltp/trusted_lists_private.h")), 16)
    all_of("alarms", "health.alarm", re.findall(
        r'#define NOTIFY_ALARM_\w+ "([\w-]+)"', source("ltp/notify_private.h")) + re.findall(
        r'\[ALARM_\w+\] = "([\w-]+)"', source("ltp/notify_alarm.c")), 7)
    room = "".join(sources("ltp", "") + sources("server", ""))
    told = re.findall(r'\.(?:what|operation) = "([A-Z]\w+)"', room) + re.findall(
        r'audit_\w+\([^;"]*"([A-Z]\w+)"', room) + re.findall(r'"(\w+Link)"', room)
    all_of("what the audit says of an object", "timeline.op",
           {o for o in told if not o.endswith("Token")}, 12)  # tokens are nobody's object
    names = re.search(r"stamp_type_name.*?names\[\] = \{(.*?)\}", source("validation/document.c"),
                      re.S)
    all_of("kinds of time-stamps", "report.stamp", re.findall(r'"(\w+)"', names[1]), 5)


with workspace() as work:
    service = Service(ltps, os.path.join(work, "demo"))
    for part in (harmless, spoken, used, codes):
        tap.run(part)
    try:
        service.start()
        for part in (served, known, not_there, settings):
            tap.run(part)
        service.stop()
    except Exception as e:  # noqa: BLE001 - a broken step is a failed test
        tap.check("the service serves", False, e)
    finally:
        service.kill()
tap.end()
