#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""auth BUILD - who may do what: every route with every role, two tenants with the same
content, tokens and links that ended, quotas and rates, TLS with good and bad clients, a
thousand idle connections."""
import concurrent.futures
import datetime
import http.client
import json
import os
import resource
import socket
import sqlite3
import ssl
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from service import DEADLINE, MINOR, PROFILE, Tap, b64, data_of, free_port, until, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
JSON = {"Content-Type": "application/json"}
OWN_PROFILE = "urn:ltps:profile:pds+pgd+aug+wst+ers:2"
IDLE = 1000
IDLE_MEMORY = 120 << 10  # KiB that so many may cost
FAR = "2999-01-01T00:00:00Z"


def run(*arguments, **more):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=DEADLINE,
                          check=False, **more)


def must(*arguments):
    r = run(*arguments)
    if r.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments[:4])}: {r.stderr[-500:]}")
    return r.stdout.strip()


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def soon(seconds):
    t = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return t.strftime("%Y-%m-%dT%H:%M:%SZ")


class Pki:
    """A throwaway PKI and its TSA; a second one whose clients nobody knows."""

    def __init__(self, folder):
        self.dir, self.port = folder, free_port()
        must(ltps, "devpki", "create", folder, "--url", f"http://127.0.0.1:{self.port}")
        self.anchors = f"{folder}/anchors.pem"
        if not os.path.exists(self.anchors):
            self.anchors = f"{folder}/certs/root.pem"
        self.process = None

    def issue(self, name, usage, *more):
        must(ltps, "devpki", "issue", self.dir, "--name", name, "--subject", name,
             "--extension", "keyUsage=critical,digitalSignature",
             "--extension", f"extendedKeyUsage={usage}", *more)
        chain = f"{self.dir}/{name}.pem"
        with open(chain, "w", encoding="ascii") as out:
            for part in (name, "ca"):
                with open(f"{self.dir}/certs/{part}.pem", encoding="ascii") as f:
                    out.write(f.read())
        return chain, f"{self.dir}/keys/{name}.pem"

    def start(self):
        self.process = subprocess.Popen(
            [ltps, "devpki", "serve", self.dir, "--listen", f"127.0.0.1:{self.port}"],
            stdout=subprocess.PIPE, text=True)
        if "listening" not in self.process.stdout.readline():
            raise RuntimeError("devpki does not serve")

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(DEADLINE)
            self.process.stdout.close()


class Archive:
    """`ltps serve` over TLS, where nobody is anonymous."""

    def __init__(self, folder, pki, more=""):
        self.folder, self.pki, self.port = folder, pki, free_port()
        self.conf = write(f"{folder}/ltps.conf", f"""[service]
dir = {folder}/store
listen = 127.0.0.1:{self.port}
log_level = warning
[limits]
header_timeout = 2s
connections_max = 4096
connections_per_address = 4096
[tsa x]
url = http://127.0.0.1:{pki.port}/tsa
[trust]
anchors = {pki.anchors}
[fetch]
allow_http = true
allow_loopback = true
[profiles]
tree_max_age = 1s
[tls]
certificate = {folder}/pki/server.pem
key = {folder}/pki/keys/server.pem
client_ca = {pki.anchors}
[auth]
require = true
failures = 60
{more}""")
        self.process = None

    def start(self):
        with open(f"{self.folder}/serve.log", "ab") as log:
            self.process = subprocess.Popen([ltps, "serve", "-c", self.conf], stderr=log)
        until(self.ready, "the service is ready")

    def ready(self):
        if self.process.poll() is not None:
            raise RuntimeError("the service ended")
        try:
            return self.ask("GET", "/ready")[0] == 200
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        return self.process.wait(DEADLINE)

    def context(self, client=None):
        c = ssl.create_default_context(cafile=self.pki.anchors)
        if client is not None:
            c.load_cert_chain(*client)
        return c

    def ask(self, method, path, token=None, body=None, headers=None, client=None):
        c = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=DEADLINE,
                                        context=self.context(client))
        h = dict(headers or {})
        if token is not None:
            h["Authorization"] = f"Bearer {token}"
        try:
            c.request(method, path, body, h)
            r = c.getresponse()
            return r.status, r.read(), dict(r.getheaders())
        finally:
            c.close()

    def pres(self, operation, message, token, **more):
        status, body, headers = self.ask("POST", "/pres/" + operation, token,
                                         json.dumps(message), JSON, **more)
        answer = json.loads(body)
        minor = answer["result"].get("min", "").replace(MINOR, "")
        return status, minor, answer, headers

    def preserve(self, token, data, profile=PROFILE, **more):
        return self.pres("PreservePO", {"pro": profile, "po": [
            {"binaryData": {"value": b64(data)}, "mimeType": "application/octet-stream"}]},
            token, **more)

    def evidence(self, token, poid):
        got = []

        def there():
            got[:] = [self.pres("RetrievePO", {"poId": poid, "sor": "Evidence"}, token)]
            return got[0][1] == ""
        until(there, "evidence")
        return data_of(got[0][2]["po"][0])

    def token(self, role, tenant, name="someone", *more):
        roles = [a for r in role.split(",") for a in ("--role", r)]
        r = run(ltps, "token", "add", "-c", self.conf, *roles, "--tenant", tenant, "--name",
                name, *more)
        if r.returncode != 0:
            raise RuntimeError(r.stderr)
        return r.stdout.strip(), r.stderr.split()[-1]

    def audit(self, what="1", *values):
        with sqlite3.connect(f"file:{self.folder}/store/ltps.db?mode=ro", uri=True) as db:
            return db.execute("SELECT tenant, actor, operation, poid, detail, outcome FROM "
                              f"audit WHERE {what} ORDER BY seq", values).fetchall()

    def memory(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


# ---- configuration ----

def check_configuration(folder):
    def check(text):
        path = write(f"{folder}/check.conf", f"[service]\ndir = x\n{text}")
        r = run(ltps, "serve", "-c", path, "--check")
        return r.returncode, r.stderr
    status, why = check("listen = 0.0.0.0:8512\n")
    tap.check("a listener for all without TLS and tokens is refused with its line",
              status != 0 and "check.conf:3" in why and "[tls]" in why, why)
    tap.check("so is one with tokens in the clear",
              check("listen = 0.0.0.0:8512\n[auth]\nrequire = true\n")[0] != 0)
    tap.check("so is one of IPv6", check("listen = [::]:8512\n")[0] != 0)
    tap.equal("insecure says that it is meant",
              check("listen = 0.0.0.0:8512\n[auth]\ninsecure = true\n")[0], 0)
    tap.equal("loopback needs nothing", check("listen = [::1]:8512\n")[0], 0)


# ---- every route with every role ----

def routes():
    """method, path, body, headers, roles that may (s a o; * anybody)"""
    poid = {"poId": "no-such"}
    pres = [("RetrieveInfo", {}, "sao"), ("PreservePO", {"pro": "x", "po": []}, "s"),
            ("RetrievePO", poid, "sa"), ("UpdatePOC", poid, "s"), ("DeletePO", poid, "s"),
            ("Search", {"fi": "x"}, "sa"), ("RetrieveTrace", poid, "sa"),
            ("ValidateEvidence", {}, "sa")]
    for operation, message, who in pres:
        yield "POST", "/pres/" + operation, json.dumps(message), JSON, who
    octets = {"Content-Type": "application/octet-stream"}
    yield "POST", "/validate", b"x", octets, "sa"
    yield "POST", "/scvp", b"x", {"Content-Type": "application/scvp-cv-request"}, "sa"
    yield "POST", "/links", "{}", JSON, "s"
    yield "GET", "/links", None, {}, "s"
    yield "DELETE", "/links/99", None, {}, "s"
    yield "GET", "/link/00", None, {}, "*"
    yield "GET", "/health", None, {}, "*"
    yield "GET", "/ready", None, {}, "*"
    yield "GET", "/", None, {}, "*"
    for page in ("/ui", "/ui/", "/ui/app.js", "/ui/settings.json"):
        yield "GET", page, None, {}, "*"
    yield "GET", "/metrics", None, {}, "o"
    yield "GET", "/renewals", None, {}, "ao"
    yield "GET", "/anchors.pem", None, {}, "ao"
    yield "GET", "/upkeep", None, {}, "o"
    yield "GET", "/outlook/no-such", None, {}, "sa"


def outcome(answer):
    status, body, _ = answer
    if status in (401, 403):
        return str(status)
    if status == 200 and b"error/noPermission" in body:
        return "403"
    return "in"


def check_table(_, a, tokens):
    for method, path, body, headers, who in routes():
        for role, token in [*tokens.items(), ("-", None)]:
            wanted = "in" if who == "*" or role in who else "401" if role == "-" else "403"
            got = a.ask(method, path, token, body, headers)
            tap.check(f"{method} {path} as {role}: {wanted}", outcome(got) == wanted,
                      got[:2])
    denied = a.audit("outcome = 'error/noPermission'")
    wanted = {path.replace("/links/99", "/links/*").replace("/no-such", "/*")
              for _, path, _, _, who in routes() if who not in ("*", "sao")}
    tap.equal("each refusal of a role stands in the audit",
              {d[2] for d in denied if d[0] == "alpha"}, wanted)
    unknown = [d for d in denied if d[1] == "nobody"]
    tap.check("so do strangers, in no tenant's name",
              unknown and all(d[0] == "_system" for d in unknown), unknown[:2])
    bare = json.loads(a.ask("GET", "/health")[1])
    full = json.loads(a.ask("GET", "/health", tokens["o"])[1])
    tap.equal("strangers see a bare state", list(bare), ["status"])
    tap.check("operators see it in detail", "objects" in full)
    metrics = a.ask("GET", "/metrics", tokens["o"])[1].decode()
    count = {line.split()[0]: float(line.split()[1]) for line in metrics.splitlines()
             if line.startswith("ltps_callers_")}
    tap.check("refusals are counted", count["ltps_callers_denied_total"] > 10 and
              count["ltps_callers_unknown_total"] > 10, count)


# ---- tokens ----

def check_tokens(_, a, good):
    info = ("POST", "/pres/RetrieveInfo")
    status, body, headers = a.ask(*info, None, "{}", JSON)
    tap.check("no token: 401, a result, and how to come in",
              status == 401 and b"noPermission" in body and
              headers.get("WWW-Authenticate", "").startswith("Bearer"), headers)
    token, number = a.token("submitter", "alpha", "short")
    for name, value in [
            ("one digit is wrong", "Bearer " + token[:-1] + ("0" if token[-1] != "0" else "1")),
            ("its hash", "Bearer ltps_" + "0" * 64), ("cut", "Bearer " + token[:-1]),
            ("longer", "Bearer " + token + "0"), ("another scheme", "Basic " + token),
            ("capital digits", "Bearer ltps_" + token[5:].upper() + "A"[:0]),
            ("nothing", "Bearer "), ("no scheme", token)]:
        if value == "Bearer " + token:
            continue
        got = a.ask(*info, None, "{}", {**JSON, "Authorization": value})
        tap.check(f"wrong token ({name}): 401, also where none is needed",
                  got[0] == 401 and
                  a.ask("GET", "/ready", None, None, {"Authorization": value})[0] == 401, got)
    tap.equal("the right one", a.ask(*info, token, "{}", JSON)[0], 200)
    listed = must(ltps, "token", "list", "-c", a.conf)
    tap.check("list shows it, not its secret", "short" in listed and token[5:] not in listed and
              " used " in next(x for x in listed.splitlines() if "short" in x), listed)
    with open(f"{a.folder}/store/ltps.db", "rb") as f:
        raw = f.read()
    tap.check("the store holds no secret",
              token[5:].encode() not in raw and bytes.fromhex(token[5:]) not in raw)
    must(ltps, "token", "revoke", number, "-c", a.conf)
    tap.equal("a revoked token ends with the next request",
              a.ask(*info, token, "{}", JSON)[0], 401)
    tap.check("it is not revoked twice",
              run(ltps, "token", "revoke", number, "-c", a.conf).returncode != 0)
    tap.check("its use is told by its number",
              any(f"token:{number}:short" == d[1] and "revoked" in d[4]
                  for d in a.audit("outcome = 'error/noPermission'")))
    ended, _ = a.token("submitter", "alpha", "ended", "--until", soon(3))
    until(lambda: a.ask(*info, ended, "{}", JSON)[0] == 401, "a token has expired")
    tap.check("an expired token: 401", True)
    tap.check("an end that is past is refused",
              run(ltps, "token", "add", "-c", a.conf, "--role", "auditor", "--name", "x",
                  "--until", "2020-01-01T00:00:00Z").returncode != 0)
    tap.check("an unknown role is refused",
              run(ltps, "token", "add", "-c", a.conf, "--role", "root", "--name",
                  "x").returncode != 0)
    seen = []

    def limited():
        seen[:] = [a.ask(*info, "ltps_" + "1" * 64, "{}", JSON)]
        return seen[0][0] == 429
    until(limited, "wrong tokens are refused for a while")
    tap.check("then 429 with Retry-After", int(seen[0][2].get("Retry-After", 0)) > 0, seen)
    before = len(a.audit())
    a.ask(*info, "ltps_" + "1" * 64, "{}", JSON)
    tap.equal("and no more lines in the audit", len(a.audit()), before)
    tap.equal("who has a right one is let in meanwhile",
              a.ask(*info, good, "{}", JSON)[0], 200)


# ---- tenants ----

def check_tenants(_, a, alpha, beta):
    datas = [os.urandom(200) for _ in range(6)] + [os.urandom(90000) for _ in range(3)]
    jobs = [(t, d) for d in datas for t in (alpha, beta) for _ in range(2)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda job: a.preserve(*job), jobs))
    tap.check("two tenants submit the same at the same time",
              all(d[0] == 200 and d[1] == "" for d in done), done[0])
    poids = {alpha: [], beta: []}
    for (token, data), answer in zip(jobs, done):
        poids[token].append((answer[2]["poId"], data))
    tap.equal("every object has a name of its own",
              len({p for t in poids.values() for p, _ in t}), len(jobs))
    bad = []
    for mine, other in ((alpha, beta), (beta, alpha)):
        for poid, data in poids[mine]:
            got = a.pres("RetrievePO", {"poId": poid, "sor": "PO"}, mine)
            if data_of(got[2]["po"][0]) != data:
                bad.append(("own", poid))
        for poid, _ in poids[other][:3]:
            for operation, message in [
                    ("RetrievePO", {"poId": poid, "sor": "PO"}),
                    ("RetrievePO", {"poId": poid, "sor": "Evidence"}),
                    ("RetrieveTrace", {"poId": poid}),
                    ("DeletePO", {"poId": poid, "reason": "x"})]:
                got = a.pres(operation, message, mine)
                if got[1] != "error/unknownPOID" or "po" in got[2]:
                    bad.append((operation, got[1]))
    tap.equal("each sees its own objects, and the other's not at all", bad, [])
    same = poids[alpha][-1][0]
    there = a.pres("RetrievePO", {"poId": poids[beta][0][0]}, alpha)[2]["result"]["msg"]
    absent = a.pres("RetrievePO", {"poId": "no-such"}, alpha)[2]["result"]["msg"]
    tap.equal("another's name is answered as one that does not exist",
              there["value"].replace(poids[beta][0][0], "X"),
              absent["value"].replace("no-such", "X"))
    for poid, _ in poids[alpha]:
        a.pres("DeletePO", {"poId": poid, "reason": "test"}, alpha)
    got = a.pres("RetrievePO", {"poId": same}, alpha)[1]
    left = [a.pres("RetrievePO", {"poId": p, "sor": "PO"}, beta) for p, _ in poids[beta]]
    tap.check("what one deletes the other keeps", got == "error/unknownPOID" and
              all(data_of(x[2]["po"][0]) == d for x, (_, d) in zip(left, poids[beta])))
    with sqlite3.connect(f"file:{a.folder}/store/ltps.db?mode=ro", uri=True) as db:
        use = dict((t, (o, b)) for t, o, b in db.execute("SELECT * FROM tenant_use"))
        real = dict((t, b) for t, b in db.execute(
            "SELECT tenant, sum(size) FROM blob GROUP BY tenant"))
    tap.equal("what each has is counted", (use["alpha"], use["beta"]),
              ((0, real.get("alpha", 0)), (len(jobs) // 2, real["beta"])))


def check_quota(_, a):
    token, _ = a.token("submitter,auditor", "gamma")
    first = a.preserve(token, b"one")
    a.preserve(token, b"two")
    full = a.preserve(token, b"three")
    tap.equal("as many objects as a tenant may have", (first[1], full[0], full[1]),
              ("", 200, "error/noSpaceError"))
    a.pres("DeletePO", {"poId": first[2]["poId"], "reason": "test"}, token)
    tap.equal("a deletion makes room", a.preserve(token, b"three")[1], "")
    token, _ = a.token("submitter", "delta")
    tap.equal("octets beyond a tenant's room",
              (a.preserve(token, bytes(60000))[1], a.preserve(token, os.urandom(60000))[1]),
              ("", "error/noSpaceError"))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        other, _ = a.token("submitter", "epsilon")
        got = list(pool.map(lambda i: a.preserve(other, b"%d" % i)[1], range(12)))
    tap.equal("nor do they pass side by side",
              (got.count(""), got.count("error/noSpaceError")), (5, 7))
    token, _ = a.token("submitter", "slow")
    got = [a.ask("POST", "/pres/RetrieveInfo", token, "{}", JSON) for _ in range(12)]
    tap.check("a tenant beyond its rate: 429 with Retry-After",
              got[0][0] == 200 and any(g[0] == 429 and int(g[2]["Retry-After"]) >= 1
                                       for g in got), [g[0] for g in got])
    one, two = a.token("submitter", "each")[0], a.token("submitter", "each")[0]
    got = [a.ask("POST", "/pres/RetrieveInfo", one, "{}", JSON)[0] for _ in range(12)]
    tap.check("a caller beyond its rate, and not the next one", 429 in got and
              a.ask("POST", "/pres/RetrieveInfo", two, "{}", JSON)[0] == 200, got)


def check_profiles(_, a, alpha, beta):
    def names(token):
        return {p["pid"] if "pid" in p else json.dumps(p) for p in
                a.pres("RetrieveInfo", {}, token)[2]["pro"]}
    mine, other = str(names(beta)), str(names(alpha))
    tap.check("a profile of one tenant is not shown to another",
              OWN_PROFILE in mine and OWN_PROFILE not in other)
    tap.equal("nor found by its name",
              a.pres("RetrieveInfo", {"pro": OWN_PROFILE}, alpha)[1], "error/parameterError")
    tap.equal("nor used", a.preserve(alpha, b"x", OWN_PROFILE)[1], "error/parameterError")
    tap.check("its tenant gets to it", "no profile has" not in str(
        a.preserve(beta, b"x", OWN_PROFILE)[2]["result"]))


# ---- links ----

def check_links(_, a, alpha, beta, auditor):
    data = os.urandom(300)
    poid = a.preserve(alpha, data)[2]["poId"]
    record = a.evidence(alpha, poid)
    ask = {"poid": poid, "until": FAR, "name": "court"}

    def make(body, token=alpha):
        status, text, _ = a.ask("POST", "/links", token, json.dumps(body), JSON)
        return status, json.loads(text)
    for name, body, status in [
            ("no end", {"poid": poid}, 400), ("no object", {"until": FAR}, 400),
            ("unknown member", {**ask, "role": "submitter"}, 400),
            ("an end that is past", {**ask, "until": "2020-01-01T00:00:00Z"}, 422),
            ("not a time", {**ask, "until": "tomorrow"}, 400),
            ("no such object", {**ask, "poid": "no-such"}, 404)]:
        tap.equal(f"a link with {name} is refused", make(body)[0], status)
    tap.equal("another tenant's object gets no link", make(ask, beta)[0], 404)
    status, link = make(ask)
    path = link["path"]
    tap.check("a link is made", status == 201 and
              link["url"] == f"https://127.0.0.1:{a.port}{path}", link)
    page = json.loads(a.ask("GET", path)[1])
    tap.equal("it tells what it opens", (page["poid"], sorted(page["fetch"])),
              (poid, ["container", "evidence", "object", "report", "trace"]))
    status, body, headers = a.ask("GET", page["fetch"]["object"])
    tap.check("the object, as nothing that a browser runs", status == 200 and body == data and
              headers["Content-Disposition"] == "attachment" and
              headers["X-Content-Type-Options"] == "nosniff" and
              headers["Cache-Control"] == "no-store", headers)
    tap.equal("its evidence", a.ask("GET", page["fetch"]["evidence"])[1], record)
    container = a.ask("GET", page["fetch"]["container"])
    tap.check("both in a container", container[0] == 200 and container[1][:2] == b"PK")
    trace = json.loads(a.ask("GET", page["fetch"]["trace"])[1])
    tap.check("its trace, with the uses of the link",
              any(f"link:{link['id']}:court" == e.get("sub")
                  for e in trace["trace"]["event"]), trace)
    tap.equal("no report of what is not signed", a.ask("GET", page["fetch"]["report"])[0], 404)
    for name, where, status in [
            ("nothing else below", path + "/other", 404), ("no part", path + "/object?part=2", 404),
            ("no part 0", path + "/object?part=0", 404),
            ("no climbing", path + "/../../links", 400),
            ("one digit is wrong", path[:-1] + ("0" if path[-1] != "0" else "1"), 404),
            ("cut", path[:-1], 404), ("a token is no link", "/link/" + alpha[5:], 404)]:
        tap.equal(f"a link: {name}", a.ask("GET", where)[0], status)
    tap.equal("a link writes nothing", [a.ask(m, path + "/object", None, b"")[0]
                                         for m in ("POST", "PUT", "DELETE")], [405] * 3)
    tap.equal("a link is no token",
              a.ask("GET", "/links", "ltps_" + path[-64:])[0] in (401, 429), True)
    listed = json.loads(a.ask("GET", "/links", alpha)[1])["links"]
    tap.check("links are listed without their secret", len(listed) == 1 and
              listed[0]["id"] == link["id"] and listed[0]["used"] is not None and
              path[-64:] not in json.dumps(listed), listed)
    tap.equal("each tenant has its own",
              json.loads(a.ask("GET", "/links", beta)[1])["links"], [])
    tap.equal("another tenant does not withdraw it",
              a.ask("DELETE", f"/links/{link['id']}", beta)[0], 404)
    tap.equal("its tenant does", a.ask("DELETE", f"/links/{link['id']}", alpha)[0], 200)
    tap.equal("then it opens nothing", [a.ask("GET", path + w)[0] for w in ("", "/object")],
              [404, 404])
    made = must(ltps, "link", "add", poid, "--until", soon(4), "--tenant", "alpha", "-c",
                a.conf)
    tap.equal("one made by the command line", a.ask("GET", made + "/object")[1], data)
    until(lambda: a.ask("GET", made)[0] in (404, 429), "a link has expired")
    tap.check("an expired link opens nothing", a.ask("GET", made + "/object")[1] != data)
    tap.check("the command line knows tenants", run(
        ltps, "link", "add", poid, "--until", FAR, "--tenant", "beta", "-c",
        a.conf).returncode != 0)
    tap.check("auditors read, and make none",
              a.pres("RetrievePO", {"poId": poid, "sor": "PO"}, auditor)[0] == 200 and
              make(ask, auditor)[0] == 403)


# ---- TLS ----

def handshake(a, context, send=b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n"):
    """The status line, or why there is none."""
    with socket.create_connection(("127.0.0.1", a.port), DEADLINE) as s:
        try:
            with context.wrap_socket(s, server_hostname="127.0.0.1") as t:
                t.sendall(send)
                return t.recv(12).decode()
        except (ssl.SSLError, ConnectionError) as e:
            return type(e).__name__


def check_tls(_, a, pki, certs):
    ok = "HTTP/1.1 200"
    tap.equal("TLS as it should be", handshake(a, a.context()), ok)
    old = a.context()
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    tap.check("TLS 1.1 is refused", handshake(a, old) != ok)
    weak = a.context()
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    tap.equal("TLS 1.2 is taken", handshake(a, weak), ok)
    weak.set_ciphers("AES128-SHA256:@SECLEVEL=0")
    tap.check("a cipher without forward secrecy is refused", handshake(a, weak) != ok)
    h2 = a.context()
    h2.set_alpn_protocols(["h2"])
    tap.check("a protocol that is not ours is refused", handshake(a, h2) != ok)
    both = a.context()
    both.set_alpn_protocols(["h2", "http/1.1"])
    tap.equal("ours is chosen", handshake(a, both), ok)
    with socket.create_connection(("127.0.0.1", a.port), DEADLINE) as s:
        s.sendall(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            got = s.recv(100)
        except ConnectionError:
            got = b""
        tap.check("plain HTTP gets no answer of HTTP", b"HTTP" not in got)
    r = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{a.port}", "-tls1_2",
                        "-CAfile", pki.anchors, "-legacy_renegotiation"],
                       input="R\n", capture_output=True, text=True, timeout=DEADLINE,
                       check=False)
    tap.check("there is no renegotiation", "no renegotiation" in r.stderr, r.stderr[-300:])
    info = ("POST", "/pres/RetrieveInfo", None, "{}", JSON)
    known = certs["known"]
    tap.equal("a client's certificate that is configured", a.ask(*info, client=known)[0], 200)
    poid = a.preserve(None, b"by certificate", client=known)[2].get("poId")
    tap.equal("stands for its name, tenant and role",
              [d[:2] for d in a.audit("poid = ? AND operation = 'PreservePO'", poid)],
              [("alpha", "client:scan")])
    tap.equal("and for no other", a.ask("GET", "/metrics", client=known)[0], 403)
    tap.check("one that is not: 401", a.ask(*info, client=certs["other"])[0] in (401, 429))
    for name in ("of another CA", "that has expired", "for servers"):
        client = certs[name]
        try:
            got = a.ask(*info, client=client)[0]
        except (ssl.SSLError, ConnectionError, http.client.HTTPException) as e:
            got = type(e).__name__
        tap.check(f"a certificate {name} gets no connection", isinstance(got, str), got)
    before = a.ask("POST", "/pres/RetrieveInfo", None, bytes(40), JSON, client=known)
    tap.equal("bodies come through", before[0], 400)
    big = os.urandom(3 << 20)
    poid = a.preserve(None, big, client=known)[2].get("poId")
    got = a.pres("RetrievePO", {"poId": poid, "sor": "PO"}, None, client=known)
    tap.check("large ones too, both ways", data_of(got[2]["po"][0]) == big)


def check_slow(_, a):
    with socket.create_connection(("127.0.0.1", a.port), DEADLINE) as s:
        tap.equal("a handshake that does not begin ends", s.recv(1), b"")
    with socket.create_connection(("127.0.0.1", a.port), DEADLINE) as s:
        s.sendall(bytes.fromhex("160301"))
        tap.check("so does one that stops", s.recv(100) is not None)
    before, idle = a.memory(), []
    context = a.context()
    try:
        for _ in range(IDLE):
            s = socket.create_connection(("127.0.0.1", a.port), DEADLINE)
            idle.append(context.wrap_socket(s, server_hostname="127.0.0.1"))
        grown = a.memory() - before
        tap.equal(f"{IDLE} idle connections do not disturb", a.ask("GET", "/ready")[0], 200)
        tap.check("and cost little memory", grown < IDLE_MEMORY, f"{grown} KiB")
        print(f"  # {grown} KiB for {IDLE} idle TLS connections")
    finally:
        for s in idle:
            s.close()


# ---- the command line as a client ----

def check_client(_, a, pki, token, folder):
    url = f"https://127.0.0.1:{a.port}"
    tokens = write(f"{folder}/token", token + "\n")
    path = write(f"{folder}/letter.txt", "to whom it may concern\n")
    good = ["--url", url, "--ca", pki.anchors]
    r = run(ltps, "preserve", path, *good, "--token-file", tokens)
    tap.check("ltps preserve with a token", r.returncode == 0, r.stderr)
    poid = r.stdout.strip()
    r = run(ltps, "retrieve", poid, *good, "--token-file", tokens, "--subject", "PO")
    tap.equal("ltps retrieve", r.stdout, "to whom it may concern\n")
    client = ["--client-cert", f"{pki.dir}/scanner.pem", "--client-key",
              f"{pki.dir}/keys/scanner.pem"]
    tap.equal("ltps trace with a certificate", run(ltps, "trace", poid, *good,
                                                   *client).returncode, 0)
    tap.equal("without either it is refused", run(ltps, "info", *good).returncode, 1)
    tap.check("a server that nobody vouches for gets no token", run(
        ltps, "info", "--url", url, "--token-file", tokens).returncode not in (0, 1))
    tap.equal("no token over plain http", run(
        ltps, "info", "--url", "http://192.0.2.1/", "--token-file", tokens).returncode, 64)


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8192)), hard))
    with workspace() as folder:
        check_configuration(folder)
        pki, strangers = Pki(f"{folder}/pki"), Pki(f"{folder}/strangers")
        pki.issue("server", "serverAuth", "--extension", "subjectAltName=IP:127.0.0.1")
        print_of = must("openssl", "x509", "-noout", "-subject", "-nameopt", "RFC2253", "-in",
                        pki.issue("probe", "clientAuth")[0]).split("=", 1)[1].strip()
        pki.issue("responder", "1.3.6.1.5.5.7.3.15")
        # All before the PKI serves: one process has it at a time.
        certs = {"known": pki.issue("scanner", "clientAuth"),
                 "other": pki.issue("somebody", "clientAuth"),
                 "of another CA": strangers.issue("scanner", "clientAuth"),
                 "that has expired": pki.issue("late", "clientAuth", "--from",
                                               "2020-01-01T00:00:00Z", "--until",
                                               "2021-01-01T00:00:00Z"),
                 "for servers": pki.issue("wrong", "serverAuth")}
        a = Archive(folder, pki, f"""[client scan]
subject = {print_of.replace("probe", "scanner")}
role = submitter
role = auditor
tenant = alpha
[tenant beta]
profile = {OWN_PROFILE}
[tenant gamma]
max_objects = 2
[tenant delta]
max_bytes = 100K
[tenant epsilon]
max_objects = 5
[tenant slow]
rate = 2
[tenant each]
caller_rate = 2
[scvp]
certificate = {folder}/pki/responder.pem
key = {folder}/pki/keys/responder.pem
""")
        try:
            pki.start()
            a.start()
            s, o = a.token("submitter", "alpha")[0], a.token("operator", "alpha")[0]
            auditor, beta = a.token("auditor", "alpha")[0], a.token("submitter", "beta")[0]
            tap.run(check_table, a, {"s": s, "a": auditor, "o": o})
            tap.run(check_tenants, a, s, beta)
            tap.run(check_quota, a)
            tap.run(check_profiles, a, s, beta)
            tap.run(check_links, a, s, beta, auditor)
            tap.run(check_tls, a, pki, certs)
            tap.run(check_client, a, pki, s, folder)
            tap.run(check_tokens, a, s)
            tap.run(check_slow, a)
            tap.equal("it stops as asked", a.stop(), 0)
            r = run(ltps, "fsck", "--store", f"{folder}/store")
            tap.check("the store is sound", r.returncode == 0, r.stdout)
        finally:
            if a.process is not None and a.process.poll() is None:
                a.process.kill()
                a.process.wait()
            pki.stop()
    tap.end()


if __name__ == "__main__":
    main()
