#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""metrics BUILD - /metrics as a strict reader of the Prometheus text format takes it,
/ready, and the log of requests."""
import json
import math
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from service import Service, Tap, until, workspace  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf'^({NAME})(?:\{{((?:{NAME}="(?:[^"\\\n]|\\.)*",?)*)\}})? (\S+)$')
LABEL = re.compile(rf'({NAME})="((?:[^"\\]|\\.)*)"')


class Wrong(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Wrong(what)


def family(name, types):
    if name in types:
        return name
    for end in ("_bucket", "_sum", "_count"):
        if name.endswith(end) and types.get(name[:-len(end)]) == "histogram":
            return name[:-len(end)]
    raise Wrong(f"{name} has no TYPE")


def parse(text):
    """{(name, labels): value} and {family: type}; Wrong when a rule is broken."""
    helps, types, samples, closed, current = set(), {}, {}, set(), None
    need(text.endswith("\n"), "the last line has no end")
    for line in text.split("\n")[:-1]:
        if line.startswith("# "):
            m = re.match(rf"^# (HELP|TYPE) ({NAME}) (.+)$", line)
            need(m, line)
            kind, name, rest = m.groups()
            if kind == "HELP":
                need(name not in helps, f"{name} has two HELPs")
                helps.add(name)
                if current:
                    closed.add(current)
                current = name
            else:
                need(name not in types, f"{name} has two TYPEs")
                need(name == current, f"TYPE of {name} is not behind its HELP")
                need(rest in ("counter", "gauge", "histogram"), line)
                types[name] = rest
            continue
        m = SAMPLE.match(line)
        need(m, f"no sample: {line}")
        name, labels, value = m.group(1), tuple(sorted(LABEL.findall(m.group(2) or ""))), m.group(3)
        of = family(name, types)
        need(of == current and of not in closed, f"{name} is not behind its TYPE")
        need((name, labels) not in samples, f"{line} is there twice")
        samples[(name, labels)] = float(value)
        need(not math.isnan(samples[(name, labels)]), line)
        if types[of] != "gauge":
            need(samples[(name, labels)] >= 0, f"a counter is negative: {line}")
        if types[of] == "counter":
            need(of.endswith("_total"), f"the counter {of} does not end with _total")
    need(helps == set(types), helps ^ set(types))
    for name, kind in types.items():
        if kind == "histogram":
            check_histogram(name, samples)
    return samples, types


def check_histogram(name, samples):
    series = {}
    for (sample, labels), value in samples.items():
        if sample == name + "_bucket":
            bound = dict(labels)["le"]
            rest = tuple(x for x in labels if x[0] != "le")
            series.setdefault(rest, []).append(
                (math.inf if bound == "+Inf" else float(bound), value))
    need(series, f"{name} has no buckets")
    for rest, buckets in series.items():
        need(buckets == sorted(buckets), f"{name}{rest} does not grow")
        need(buckets[-1][0] == math.inf, f"{name}{rest} has no +Inf")
        need(samples.get((name + "_count", rest)) == buckets[-1][1], f"{name}{rest}: count")
        need((name + "_sum", rest) in samples, f"{name}{rest} has no sum")


def refused(text):
    try:
        parse(text)
    except (Wrong, ValueError):
        return True
    return False


def check_reader():
    good = "# HELP a_total b\n# TYPE a_total counter\na_total 1\n"
    tap.check("the reader takes what is good", not refused(good))
    for what, text in (
            ("no TYPE", "a 1\n"), ("twice", good + "a_total 1\n"), ("two TYPEs", good + good),
            ("no end", good[:-1]), ("no number", good.replace(" 1\n", " x\n")),
            ("a bad name", good.replace("a_total", "a-total")),
            ("a bad counter name", good.replace("a_total", "a")),
            ("a histogram without +Inf", "# HELP h b\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\n"
                                         "h_sum 1\nh_count 1\n")):
        tap.check(f"the reader refuses: {what}", refused(text))


def value(samples, name, **labels):
    return samples[(name, tuple(sorted(labels.items())))]


def check_service(service):
    samples, types = parse(service.request("GET", "/metrics")[1].decode())
    tap.check("/metrics follows the format", True)
    count = ("ltps_request_duration_seconds_count",)
    before = value(samples, *count, operation="RetrieveInfo")
    for _ in range(3):
        service.call("RetrieveInfo", {})
    service.request("POST", "/validate", b"nothing", {"Content-Type": "application/octet-stream"})
    samples, types = parse(service.request("GET", "/metrics")[1].decode())
    tap.equal("requests are counted", value(samples, *count, operation="RetrieveInfo"), before + 3)
    tap.equal("so are judgements", value(samples, *count, operation="validate"), 1)
    for path, operation, status in (("/outlook/none", "outlook", 404), ("/upkeep", "upkeep", 200),
                                    ("/renewals", "renewals", 200),
                                    ("/anchors.pem", "anchors", 200)):
        tap.equal(f"{path} answers", service.request("GET", path)[0], status)
        samples, types = parse(service.request("GET", "/metrics")[1].decode())
        tap.equal("and is counted", value(samples, *count, operation=operation), 1)
    tap.check("the process uses memory", value(samples, "process_resident_memory_bytes") > 1 << 20)
    tap.check("it has descriptors", 3 < value(samples, "process_open_fds")
              < value(samples, "process_max_fds"))
    status, _, fields = service.request("GET", "/metrics")
    tap.check("its media type names the version",
              "version=0.0.4" in fields["Content-Type"], fields)
    status, body, _ = service.request("GET", "/ready")
    tap.check("it is ready", status == 200 and json.loads(body) == {"ready": True}, body)


class Logging(Service):
    """`ltps serve` with a log of requests; the demonstration has warnings alone."""

    def start(self, wait=True):
        path = self.dir + ".conf"
        with open(path, "w") as f:
            f.write(f"[service]\ndir = {self.dir}\nlisten = 127.0.0.1:{self.port}\n")
        with open(self.dir + ".log", "ab") as log:
            self.process = subprocess.Popen([self.program, "serve", "-c", path], stdout=log,
                                            stderr=log, start_new_session=True)
        until(self.ready, "the service is ready")


def lines_of(service, fields):
    wanted = "request=" + fields["X-Request-Id"]
    return [x for x in service.log().split("\n") if wanted in x and '"answered"' in x]


def check_log(service):
    token = subprocess.run([ltps, "token", "add", "-c", service.dir + ".conf", "--role",
                            "auditor", "--name", "court"], capture_output=True, text=True,
                           check=True).stdout.strip()
    body = json.dumps({"poId": "a-secret-poid"})
    kind = {"Content-Type": "application/json"}
    _, _, fields = service.request("POST", "/pres/RetrievePO", body,
                                   {**kind, "Authorization": "Bearer " + token})
    lines = lines_of(service, fields)
    tap.equal("a request is logged once, by its id", len(lines), 1)
    tap.check("with operation, status, outcome, duration and peer", lines and all(
        x in lines[0] for x in ("operation=RetrievePO", "status=200", "outcome=refused",
                                "duration_ms=", "peer=127.0.0.1", ":court")), lines)
    status, _, fields = service.request("POST", "/pres/RetrievePO", body,
                                        {**kind, "Authorization": "Bearer a-secret-token"})
    tap.equal("who is not let in has no answer to log", (status, lines_of(service, fields)),
              (401, []))
    _, _, fields = service.request("GET", "/link/" + 32 * "5e")
    tap.equal("nor is the secret of a link in its line", len(lines_of(service, fields)), 1)
    log = service.log()
    tap.check("nothing secret is logged", not any(
        x in log for x in ("a-secret", token[5:], 32 * "5e")))


check_reader()
with workspace() as root:
    service = Service(ltps, os.path.join(root, "demo"))
    service.start()
    try:
        check_service(service)
    finally:
        service.kill()
    service = Logging(ltps, os.path.join(root, "logging"))
    service.start()
    try:
        check_log(service)
    finally:
        service.kill()
tap.end()
