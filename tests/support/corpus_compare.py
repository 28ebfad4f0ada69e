# SPDX-License-Identifier: Apache-2.0
"""What the comparisons over the corpus share: exceptions with their reasons, and the
facts that are compared."""
import re

EXIT = {"TOTAL_PASSED": 0, "TOTAL_FAILED": 1, "INDETERMINATE": 2}


class Exceptions:
    """case, what is compared, what the other says, what we say, why."""

    def __init__(self, tap, path):
        with open(path, encoding="utf-8") as f:
            rows = [line.rstrip("\n").split("\t") for line in f if line[0] not in "#\n"]
        self.known = {(r[0], r[1]): (r[2], r[3], r[4]) for r in rows}
        self.used = set()
        self.tap = tap

    def same(self, case, what, theirs, ours):
        """Equal, or different in just the way that is listed."""
        theirs, ours = str(theirs), str(ours)
        key = (case, what)
        if theirs == ours:
            return self.tap.check(f"{case}: {what} is {ours[:100]}", key not in self.known,
                                  "listed as an exception, but we agree")
        listed = self.known.get(key)
        self.used.add(key)
        return self.tap.check(f"{case}: {what} differs, as explained",
                              listed is not None and (theirs, ours) == listed[:2],
                              f"they say {theirs}, we say {ours}")

    def end(self):
        for key in sorted(set(self.known) - self.used):
            self.tap.check(f"exception {key[0]}: {key[1]} is still one", False,
                           "nothing asked for it")


def stamp_facts(t):
    return (t["type"], str(t["imprint_intact"]), t["signature_intact"], t["indication"])


def flags(expectations, name):
    """Values of `name=T,F` in a row, as a set; empty when it says nothing."""
    m = re.search(rf"(?:^|; )(?:{name})=([TF](?:,[TF])*)", expectations)
    return set(m.group(1).split(",")) if m else set()
