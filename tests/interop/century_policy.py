# SPDX-License-Identifier: Apache-2.0
"""The algorithms of the world that `ltps simulate` makes of a seed, as a policy file for
`ltps evidence verify`: when each ends is drawn as server/simulate_pki.c draws it, from
the stream of server/simulate_random.c."""
import os
from datetime import datetime, timedelta

START = datetime(2030, 1, 1)
YEAR_DAYS = 365
AFTERWARDS = timedelta(days=5)  # that the simulation goes on after its end
MASK = (1 << 64) - 1
PURPOSE = 7  # SIM_ANNOUNCEMENT
LEAD_DAYS = (500, 3 * YEAR_DAYS)
# Name, OID, parameter of the key with its least and most bits, end in thousandths.
ALGORITHMS = (
    ("SHA-256", "2.16.840.1.101.3.4.2.1", None, 200),
    ("RSA", "1.2.840.113549.1.1.1", ("moduluslength", 2048, None), 400),
    ("SHA-512", "2.16.840.1.101.3.4.2.3", None, 480),
    ("ECDSA", "1.2.840.10045.2.1", ("plength", 256, 520), 700),
    ("SHA-384", "2.16.840.1.101.3.4.2.2", None, 800),
    ("ECDSA", "1.2.840.10045.2.1", ("plength", 521, None), 0),
    ("SHA3-512", "2.16.840.1.101.3.4.2.10", None, 0),
    ("SHA3-256", "2.16.840.1.101.3.4.2.8", None, 0),
)
POLICY = """[policy]
id = urn:ltps:policy:validation:simulation:1
description = The algorithms of a simulated century.
model = shell

[algorithms]
suite = simulation.xml
"""
SUITE = """<?xml version="1.0" encoding="UTF-8"?>
<SecuritySuitabilityPolicy xmlns="urn:ietf:params:xml:ns:dssc" version="1" lang="en" id="simulation">
<PolicyName><Name>Simulation</Name></PolicyName>
<Publisher><Name>Simulation</Name></Publisher>
<PolicyIssueDate>2030-01-01T00:00:00Z</PolicyIssueDate>
<Usage>Evidence records of a simulated century</Usage>
%s</SecuritySuitabilityPolicy>
"""


class Random:
    """splitmix64, a stream for each purpose."""

    def __init__(self, seed, purpose):
        self.state = seed
        self.state = self.next() ^ (purpose * 0xd1342543de82ef95 & MASK)

    def next(self):
        self.state = (self.state + 0x9e3779b97f4a7c15) & MASK
        z = self.state
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9 & MASK
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb & MASK
        return z ^ (z >> 31)

    def between(self, low, high):
        return low + self.next() % (high - low + 1)


def ends(seed, years):
    """When each of ALGORITHMS ends, or None."""
    random, out = Random(seed, PURPOSE), []
    for *_, end in ALGORITHMS:
        part = end + random.between(-20, 20)
        random.between(*LEAD_DAYS)
        days = years * YEAR_DAYS / 1000 * part
        out.append(START + timedelta(days=days) if end and days >= LEAD_DAYS[0] else None)
    return out


def evaluation(parameter, end):
    text = ""
    if parameter:
        name, least, most = parameter
        text = f'<Parameter name="{name}"><Min>{least}</Min>' + (
            f"<Max>{most}</Max>" if most else "") + "</Parameter>"
    # The last whole day: an end of RFC 5698 is a date.
    day = f"<End>{end - timedelta(days=1):%Y-%m-%d}Z</End>" if end else ""
    return f"<Evaluation>{text}<Validity>{day}</Validity></Evaluation>"


def write(folder, seed, years, earlier=timedelta()):
    """Gives the path of the policy. earlier: by how much everything ends sooner."""
    algorithms = {}
    for (name, oid, parameter, _), end in zip(ALGORITHMS, ends(seed, years)):
        algorithms.setdefault((name, oid), []).append(
            evaluation(parameter, end - earlier if end else None))
    text = "".join(
        f"<Algorithm><AlgorithmIdentifier><Name>{name}</Name><ObjectIdentifier>{oid}"
        f"</ObjectIdentifier></AlgorithmIdentifier>{''.join(e)}</Algorithm>\n"
        for (name, oid), e in algorithms.items())
    os.makedirs(folder, exist_ok=True)
    for name, content in (("simulation.conf", POLICY), ("simulation.xml", SUITE % text)):
        with open(os.path.join(folder, name), "w", encoding="ascii") as f:
            f.write(content)
    return os.path.join(folder, "simulation.conf")


def end_of(years):
    """A moment after everything that happens in a run without crashes, as RFC 3339."""
    end = START + timedelta(days=years * YEAR_DAYS + 1) + AFTERWARDS
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")
