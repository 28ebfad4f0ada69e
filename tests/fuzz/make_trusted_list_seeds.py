#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_trusted_list_seeds [DIR] - the seeds of fuzz_trusted_list, into
tests/fuzz/trusted_list or DIR: run again only when the parser reads something new."""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import trusted_lists as tl  # noqa: E402


def seeds(folder):
    key = tl.Key(folder, "Operator")
    past = [("granted", "2018-01-01T00:00:00Z"),
            ("undersupervision", "2015-01-01T00:00:00Z")]
    lists = tl.plain(kind="EUlistofthelists", pointers=[
        tl.pointer("http://a.test/lotl.xml", "XX", [key.der], "EUlistofthelists"),
        tl.pointer("http://a.test/yy.xml", "YY", [key.der])],
        information=["http://a.test/p1.xml", "http://a.test/OJ", "http://a.test/x.html"])
    services = tl.plain(services=[tl.service(key.der, status="withdrawn", past=past),
                                  tl.service(key.der, kind="TSA/QTST")])
    good = tl.sign(services, key, time=None).decode()
    begin = good.index("<ds:Signature ")
    signature = good[begin:-len(tl.END)]
    return {"list": good, "lists": tl.sign(lists, key, time=None).decode(),
            "inclusive": tl.sign(services, key, time=None, inclusive=True).decode(),
            "unsigned": services, "closed": tl.plain(next_update=None),
            "twice": good.replace(tl.END, signature + tl.END),
            "inside": services.replace("<TSPServices>", "<TSPServices>" + signature),
            "spelled": '<?xml version="1.0"?><!--a-->' + good.replace(
                "<TSLType>", "<!-- b --><TSLType\n >", 1),
            "doctype": "<!DOCTYPE a>" + services, "instruction": "<?a b?>" + services,
            "order": services.replace("<SchemeInformation>",
                                      "<SchemeInformation><NextUpdate></NextUpdate>")}


if __name__ == "__main__":
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "trusted_list")
    os.makedirs(out, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        for name, text in seeds(work).items():
            with open(os.path.join(out, name), "w", encoding="utf-8") as f:
                f.write(text)
