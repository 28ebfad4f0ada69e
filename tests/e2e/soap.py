#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""soap BUILD - an object's life over the SOAP interface, plain and in parts; requests
and answers held against the schema of TS 119 512 when it is at hand, and our own
description of the interface against that schema."""
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from service import MINOR, PROFILE, REQUESTER, SUCCESS, Service, Tap, b64, until, workspace  # noqa: E402

import base64  # noqa: E402

tap = Tap()
ltps = os.path.join(sys.argv[1], "ltps")
V112, V121 = "http://uri.etsi.org/19512/v1.1.2#", "http://uri.etsi.org/19512/v1.2.1#"
ENV = "http://www.w3.org/2003/05/soap-envelope"
ENV11 = "http://schemas.xmlsoap.org/soap/envelope/"
DSB = "http://docs.oasis-open.org/dss-x/ns/base"
XOP = "http://www.w3.org/2004/08/xop/include"
TYPE = "application/soap+xml; charset=utf-8"
OFFICIAL = os.path.join(os.environ.get("LTPS_SCHEMAS", ""), "ts119512", "xml",
                        "19512-Preservation-API_V.1.1.2.xsd")


def envelope(body, header=""):
    return f'<e:Envelope xmlns:e="{ENV}">{header}<e:Body>{body}</e:Body></e:Envelope>'


def message(operation, content, ns=V112, request_id="r-1"):
    return f'<{operation} xmlns="{ns}" RequestID="{request_id}">{content}</{operation}>'


def lint(schema, text):
    """The problems of a document; none: it is valid."""
    path = os.path.join(work, "document.xml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    r = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", schema, path],
                       capture_output=True, text=True)
    return "" if r.returncode == 0 else r.stderr[:1000]


def schemas():
    """Ours as served, with the addresses made names of files; and the official one."""
    folder = os.path.join(work, "served")
    os.makedirs(folder)
    todo, done = ["soap-preservation.xsd"], {}
    while todo:
        name = todo.pop()
        status, text, _ = service.request("GET", f"/pres/soap?xsd={name}")
        tap.equal(f"{name} is served", status, 200)
        done[name] = re.sub(r'schemaLocation="[^"]*[?]xsd=', 'schemaLocation="', text.decode())
        for other in re.findall(r'schemaLocation="([^"]*)"', done[name]):
            if other not in done and other not in todo:
                todo.append(other)
    for name, text in done.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
    found = {"ours": os.path.join(folder, "soap-preservation.xsd")}
    if os.path.exists(OFFICIAL):
        found["the official one"] = OFFICIAL
    else:
        tap.skip("messages validate against the official schema", "it is not at hand")
    return found


def validates(name, text):
    if f'"{V121}"' in text:
        text = text.replace(V121, V112)  # its schema is not public
    for which, schema in known.items():
        problems = lint(schema, text)
        tap.check(f"{name} is valid by {which}", not problems, problems)


def post(body, content_type=TYPE):
    status, text, head = service.request("POST", "/pres/soap", body, {"Content-Type": content_type})
    return status, text, head.get("Content-Type", "")


def inside(text):
    """The element in the body of an envelope."""
    root = ET.fromstring(text)
    return list(root.find(f"{{{ENV}}}Body"))[0]


def minor(answer):
    found = answer.findtext(f".//{{{DSB}}}ResultMinor")
    return found.removeprefix(MINOR) if found else None


def major(answer):
    return answer.findtext(f".//{{{DSB}}}ResultMajor")


def check_answer(operation, ns, status, answer):
    tap.equal(f"{operation} answers 200", status, 200)
    tap.equal(f"{operation} is answered by its response", answer.tag, f"{{{ns}}}{operation}Response")
    tap.equal("the request id comes back", answer.get("RequestID"), "r-1")
    validates(f"{operation}Response", ET.tostring(answer, encoding="unicode"))


def call(operation, content, ns=V112, valid=True):
    request = message(operation, content, ns)
    if valid:
        validates(operation, request)
    status, text, kind = post(envelope(request), f'{TYPE}; action="{ns}{operation}"')
    tap.equal(f"{operation}: its media type", kind, TYPE)
    answer = inside(text)
    check_answer(operation, ns, status, answer)
    return answer


def related(operation, content, *data):
    """The same in parts. Gives the answer and the bytes of its parts, by cid."""
    head = 'multipart/related; type="application/xop+xml"; start="<root@c>"; ' \
        f'start-info="application/soap+xml"; boundary="=_b"; action="{V112}{operation}"'
    body = b"--=_b\r\nContent-Type: application/xop+xml; charset=UTF-8; " \
        b'type="application/soap+xml"\r\nContent-Transfer-Encoding: 8bit\r\n' \
        b"Content-ID: <root@c>\r\n\r\n" + envelope(message(operation, content)).encode() + b"\r\n"
    for i, d in enumerate(data):
        body += b"--=_b\r\nContent-Type: application/octet-stream\r\n" \
            b"Content-Transfer-Encoding: binary\r\nContent-ID: <%d@c>\r\n\r\n" % i + d + b"\r\n"
    status, text, kind = post(body + b"--=_b--\r\n", head)
    tap.check(f"{operation} in parts is answered in parts",
              kind.startswith('multipart/related; type="application/xop+xml"'), kind)
    parts = {}
    boundary = re.search('boundary="([^"]*)"', kind)[1].encode()
    for part in text.split(b"--" + boundary)[1:-1]:
        fields, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        cid = re.search(rb"Content-ID: <(.*)>", fields)[1].decode()
        parts[cid] = content.removesuffix(b"\r\n")
    tap.check("nothing stands behind the last part", text.endswith(b"--" + boundary + b"--\r\n"))
    root = re.search('start="<([^"]*)>"', kind)[1]
    answer = inside(parts.pop(root))
    for include in answer.iter(f"{{{XOP}}}Include"):
        tap.check("an Include names a part", include.get("href")[4:] in parts, include.attrib)
    plain = ET.tostring(answer, encoding="unicode")
    plain = re.sub(r"<ns\d+:Include[^>]*/>", "QQ==", plain)
    tap.equal(f"{operation} answers 200", status, 200)
    validates(f"{operation}Response in parts", plain)
    return answer, parts


def po_of(data, **attributes):
    text = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return f"<PO{text}><binaryData>{b64(data)}</binaryData></PO>"


def preserve(*pos):
    answer = call("PreservePO", f"<Profile>{PROFILE}</Profile>" + "".join(pos))
    tap.equal("preserved", major(answer), SUCCESS)
    return answer.findtext(f"{{{V112}}}POID")


def retrieve(poid, subject="PO", ns=V112):
    return call("RetrievePO", f"<POID>{poid}</POID><SubjectOfRetrieval>{subject}"
                "</SubjectOfRetrieval>", ns)


def datas(answer, ns=V112):
    return [base64.b64decode(e.text) for e in answer.iter(f"{{{ns}}}binaryData")]


def info(tap):
    for ns in V112, V121:
        answer = call("RetrieveInfo", "<Status>all</Status>", ns)
        tap.check("our profile is told", PROFILE in ET.tostring(answer, encoding="unicode"))
    answer = call("RetrieveInfo", "<Profile>urn:nobody</Profile>")
    tap.equal("an unknown profile", minor(answer), "error/parameterError")


def life(tap):
    data = bytes(range(256)) * 3
    poid = preserve(po_of(data, MimeType="application/octet-stream", ID="a"),
                    po_of(b"x", MimeType="text/plain", ID="b", RelatedObjects="a"))
    answer = retrieve(poid)
    tap.equal("the same bytes come back", datas(answer), [data, b"x"])
    tap.equal("with their ids", [p.get("ID") for p in answer.iter(f"{{{V112}}}PO")], ["a", "b"])
    tap.equal("in the other version too", datas(retrieve(poid, ns=V121), V121), [data, b"x"])
    status, json_answer = service.retrieve(poid, "PO")
    tap.equal("and over JSON", json_answer["po"][0]["binaryData"]["value"], b64(data))
    until(lambda: minor(inside(post(envelope(message(
        "RetrievePO", f"<POID>{poid}</POID><SubjectOfRetrieval>Evidence</SubjectOfRetrieval>")))[1]))
        is None, "there is evidence")
    evidence = datas(retrieve(poid, "Evidence"))[0]
    tap.equal("object and evidence", len(datas(retrieve(poid, "POwithDetachedEvidence"))), 3)
    tap.check("a container", datas(retrieve(poid, "POwithEmbeddedEvidence"))[0].startswith(b"PK"))
    record = '<Evidence FormatId="urn:ietf:rfc:4998:EvidenceRecord" POID="%s"><binaryData>%s' \
        "</binaryData></Evidence>" % (poid, b64(evidence))
    answer = call("ValidateEvidence", record)
    report = json.loads(datas(answer)[0])
    tap.equal("evidence over the preserved object", report["indication"], "PASSED")
    tap.check("proof of existence is told", answer.findtext(f"{{{V112}}}ProofOfExistence"))
    answer = call("RetrieveTrace", f"<POID>{poid}</POID>")
    operations = [e.text for e in answer.iter(f"{{{V112}}}Operation")]
    tap.equal("its history begins with its preservation", operations[0], "PreservePO")
    tap.equal("no deletion without a reason", major(call("DeletePO", f"<POID>{poid}</POID>")), REQUESTER)
    answer = call("DeletePO", f"<POID>{poid}</POID><Mode>SubDOsAndEvidence</Mode>"
                  "<ClaimedRequestorName>me</ClaimedRequestorName><Reason>space</Reason>")
    tap.equal("deleted", major(answer), SUCCESS)
    tap.equal("it is gone", minor(retrieve(poid)), "error/unknownPOID")


def xml(tap):
    submitted = "<PO FormatId='urn:x'><xmlData>\n  <x:a xmlns:x='urn:x' b=\"1\" a='2'><x:b/>&#xe9;" \
        "<!-- c --></x:a></xmlData></PO>"
    kept = '<x:a xmlns:x="urn:x" a="2" b="1"><x:b></x:b>\u00e9</x:a>'.encode()
    poid = preserve(submitted)
    status, text, _ = post(envelope(message(
        "RetrievePO", f"<POID>{poid}</POID><SubjectOfRetrieval>PO</SubjectOfRetrieval>")))
    tap.check("XML comes back in canonical form", b"xmlData>" + kept + b"</" in text, text)
    tap.equal("which is what is preserved", service.retrieve(poid, "PO")[1]["po"][0]["binaryData"]["value"],
              b64(kept))
    retrieve(poid)


def parts(tap):
    data = b"\x00\r\n--=_" + os.urandom(5 << 20)
    include = f'<binaryData><x:Include xmlns:x="{XOP}" href="cid:0@c"/></binaryData>'
    answer, _ = related("PreservePO", f'<Profile>{PROFILE}</Profile><PO MimeType="a/b">{include}</PO>'
                        + po_of(b"inline", MimeType="a/b"), data)
    poid = answer.findtext(f"{{{V112}}}POID")
    answer, got = related("RetrievePO", f"<POID>{poid}</POID><SubjectOfRetrieval>PO"
                          "</SubjectOfRetrieval>")
    tap.equal("the bytes of the parts", [got[i.get("href")[4:]] for i in
                                         answer.iter(f"{{{XOP}}}Include")], [data, b"inline"])
    tap.equal("the same without parts", datas(retrieve(poid)), [data, b"inline"])
    answer, got = related("DeletePO", f"<POID>{poid}</POID><Reason>x</Reason>")
    tap.equal("deleted", (major(answer), got), (SUCCESS, {}))
    answer, _ = related("PreservePO", f'<Profile>{PROFILE}</Profile><PO MimeType="a/b">{include}</PO>'
                        + po_of(b"inline", MimeType="a/b"), data, b"lost")
    tap.equal("a part that nothing names", minor(answer), "error/parameterError")


def refused(tap):
    for name, operation, content, wanted, valid in [
            ("no profile", "PreservePO", "", "error/parameterError", False),
            ("order", "PreservePO", po_of(b"x") + "<Profile>x</Profile>", "error/parameterError", False),
            ("unknown profile", "PreservePO", "<Profile>x</Profile>" + po_of(b"x", MimeType="a/b"),
             "error/parameterError", True),
            ("optional input", "RetrieveInfo",
             f'<OptionalInputs><Other xmlns="{DSB}"><Value>QQ==</Value></Other></OptionalInputs>',
             "error/notSupported", True),
            ("unknown POID", "RetrieveTrace", "<POID>x</POID>", "error/unknownPOID", True),
            ("mode", "DeletePO", "<POID>x</POID><Mode>All</Mode><Reason>x</Reason>",
             ("error/unknownPOID", "error/unknownMode"), False),
            ("nothing to update", "UpdatePOC", "<POID>x</POID><DeltaPOC MimeType='a/b'><binaryData>"
             "QQ==</binaryData></DeltaPOC>", ("error/notSupported", "error/unknownPOID"), True),
            ("declared PAdES, is text", "PreservePO", f"<Profile>{PROFILE}</Profile>"
             + po_of(b"x", FormatId="http://uri.etsi.org/ades/PAdES"), "error/POFormatError", True)]:
        answer = call(operation, content, valid=valid)
        tap.check(name, minor(answer) in (wanted if isinstance(wanted, tuple) else (wanted,)),
                  ET.tostring(answer))
    call("Search", "<Filter>x</Filter>")


def faults(tap):
    good = envelope(message("RetrieveInfo", ""))
    header = '<e:Header><w:x xmlns:w="urn:w" e:mustUnderstand="true"/></e:Header>'
    for name, text, kind, status, wanted in [
            ("no XML", "hello", TYPE, 400, "env:Sender"),
            ("DOCTYPE", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + good, TYPE, 400,
             "env:Sender"),
            ("unknown operation", envelope(message("Steal", "")), TYPE, 400, "env:Sender"),
            ("another action", good, TYPE + f'; action="{V112}DeletePO"', 400, "env:Sender"),
            ("deep", envelope("<a>" * 100000), TYPE, 400, "env:Sender"),
            ("must understand", envelope(message("RetrieveInfo", ""), header), TYPE, 500,
             "env:MustUnderstand"),
            ("another envelope", good.replace(ENV, "urn:e"), TYPE, 500, "env:VersionMismatch"),
            ("SOAP 1.1", good.replace(ENV, ENV11), "text/xml; charset=utf-8", 500, "env:VersionMismatch"),
            ("SOAP 1.2 as text/xml", good, "text/xml", 415, "env:Sender"),
            ("JSON", "{}", "application/json", 415, "env:Sender"),
            ("not MTOM", good, "multipart/related; boundary=b", 400, "env:Sender")]:
        got, text, kind = post(text, kind)
        tap.equal(f"{name}: the status", got, status)
        root = ET.fromstring(text)
        ns = ENV11 if name == "SOAP 1.1" else ENV
        fault = root.find(f"{{{ns}}}Body/{{{ns}}}Fault")
        code = fault.findtext("faultcode" if ns == ENV11 else f"{{{ns}}}Code/{{{ns}}}Value")
        tap.equal(f"{name}: the fault", code, wanted)
        tap.equal(f"{name}: what is upgraded to", b"SupportedEnvelope" in text,
                  wanted == "env:VersionMismatch")
    tap.equal("nothing else is there to GET", service.request("GET", "/pres/soap")[0], 404)
    tap.equal("no schema of this name", service.request("GET", "/pres/soap?xsd=../a")[0], 404)


def described(tap):
    status, text, head = service.request("GET", "/pres/soap?wsdl")
    tap.equal("the description is served", (status, head["Content-Type"]), (200, "text/xml; charset=utf-8"))
    root = ET.fromstring(text)
    soap12 = "{http://schemas.xmlsoap.org/wsdl/soap12/}"
    tap.equal("with our address", root.find(f".//{soap12}address").get("location"),
              service.url + "/pres/soap")
    tap.equal("eight operations", len(root.findall(f".//{soap12}operation")), 8)


PO_TYPES = ['<PO xmlns="%s"%s>%s</PO>' % (V112, a, c)
            for a in ["", ' FormatId="urn:f" MimeType="m" PronomId="p" ID="a" RelatedObjects="a"',
                      ' ID="1"', ' RelatedObjects="b"', ' X="1"', ' POID="x"']
            for c in ["", "<binaryData>QQ==</binaryData>", "<binaryData>Q</binaryData>", "<binaryData/>",
                      "<xmlData/>", '<xmlData><a xmlns="u:x"/></xmlData>', "<xmlData><POID/></xmlData>",
                      '<xmlData><a xmlns=""/></xmlData>',
                      '<xmlData><a xmlns="u:x"/><a xmlns="u:x"/></xmlData>',
                      "<binaryData>QQ==</binaryData><binaryData>QQ==</binaryData>"]]
RESULT = f'<Result xmlns="{DSB}"><ResultMajor>{SUCCESS}</ResultMajor>%s</Result>'
METADATA = "http://docs.oasis-open.org/dss-x/ns/metadata"


def bare(content):
    return [message(o, content) for o in OPERATIONS for o in (o, o + "Response")]


OPERATIONS = ["RetrieveInfo", "PreservePO", "RetrievePO", "DeletePO", "UpdatePOC", "RetrieveTrace",
              "ValidateEvidence", "Search"]


def documents():
    """Valid and invalid ones, each with one thing that another does not have."""
    found = list(PO_TYPES)
    for content in ["", "<POID/>", "<Profile/>", "<Filter/>", "<PO/>", RESULT % "", "<X/>", "text",
                    "<OptionalInputs/>", "<OptionalInputs/><POID/>", "<POID/><OptionalInputs/>",
                    RESULT % "" + "<POID>a</POID>", RESULT % "" + "<Trace/>", "<OptionalOutputs/>" + RESULT % "",
                    RESULT % "" + "<VersionID/>", RESULT % "" + "<VersionID/><VersionID/>",
                    RESULT % "" + "<ProofOfExistence>2026-01-01T00:00:00Z</ProofOfExistence>",
                    RESULT % "" + "<ProofOfExistence>1</ProofOfExistence>"]:
        found += bare(content)
    for r in ["<ResultMinor>urn:x</ResultMinor>", '<ResultMessage xml:lang="en">x</ResultMessage>',
              "<ResultMessage>x</ResultMessage>", '<ResultMessage xml:lang="">x</ResultMessage>',
              '<ResultMessage xml:lang="1 2">x</ResultMessage>', "<ProblemReference/>",
              "<ProblemReference/><ResultMinor/>"]:
        found.append(message("DeletePOResponse", RESULT % r))
    found.append(message("DeletePOResponse", (RESULT % "").replace("Success", "Perhaps")))
    for i in ["<ServicePolicy/><ServicePolicy/><Language>de</Language><Other/>", "<Language>1 2</Language>",
              "<Other><Value>QQ==</Value></Other><Other/>", "<Other><Value>Q</Value></Other>",
              "<Other><AttRef/></Other>", '<Other ID="a" IDREF="a" MimeType="m"><AttRef AttRefURI="x">'
              "<DigestInfo><DigestMethod>x</DigestMethod><DigestValue>QQ==</DigestValue></DigestInfo></AttRef>"
              '<Transforms><Transform xmlns="http://docs.oasis-open.org/dss-x/ns/xmldsig/rewritten" '
              'Algorithm="x"><XPath/><XPath/></Transform></Transforms></Other>', "<Other/><Language>de</Language>"]:
        found.append(message("RetrieveInfo", f'<o:OptionalInputs xmlns:o="{V112}" xmlns="{DSB}">{i}'
                             "</o:OptionalInputs>"))
    for content in ["<POID/><VersionID/><VersionID/><SubjectOfRetrieval>PO</SubjectOfRetrieval><POFormat/>"
                    "<EvidenceFormat/>", "<POID/><SubjectOfRetrieval>po</SubjectOfRetrieval>",
                    "<POID/><EvidenceFormat/><POFormat/>"]:
        found.append(message("RetrievePO", content))
    for mode in ["OnlySubDOs", "SubDOsAndEvidence", "All"]:
        found.append(message("DeletePO", f"<POID/><Mode>{mode}</Mode><ClaimedRequestorName/><Reason/>"))
    for status in ["active", "inactive", "all", "dead"]:
        found.append(message("RetrieveInfo", f"<Status>{status}</Status>"))
    event = "<Time>2026-01-01T00:00:00Z</Time><Subject/><Operation/>"
    for content in [event, event + "<Object/><Detail/>", event + "<Detail/><Object/>", "<Subject/>"]:
        found.append(message("RetrieveTraceResponse", RESULT % "" + f"<Trace><Event>{content}</Event></Trace>"))
    for attributes in ["", ' POID="p" VersionID="v"', ' X=""']:
        found.append(message("ValidateEvidence", f"<Evidence{attributes}><binaryData>QQ==</binaryData></Evidence>"))
    found.append(f'<DigestList xmlns="{V112}" xmlns:d="http://docs.oasis-open.org/dss-x/ns/xmldsig/rewritten">'
                 '<d:DigestMethod Algorithm="urn:x"/><d:DigestValue>QQ==</d:DigestValue></DigestList>')
    found.append(f'<DigestList xmlns="{V112}"/>')
    return found + profiles()


def profiles():
    """What one of ours has, with one element more, missing or in another place."""
    whole = inside(post(envelope(message("RetrieveInfo", "")))[1])
    text = ET.tostring(whole, encoding="unicode")
    found = [text]
    for i, element in enumerate(whole.iter()):
        for parent in whole.iter():
            if element in list(parent):
                at = list(parent).index(element)
                parent.remove(element)
                found.append(ET.tostring(whole, encoding="unicode"))
                parent.insert(at, element)
                parent.insert(at, element)
                found.append(ET.tostring(whole, encoding="unicode"))
                parent.remove(element)
                break
        if i > 40:
            break
    return found


def equivalent(tap):
    if len(known) < 2:
        return
    texts = documents()
    verdicts = [[not lint(schema, text) for schema in known.values()] for text in texts]
    differ = [t for t, v in zip(texts, verdicts) if v[0] != v[1]]
    tap.equal("our schema and the official one agree on every document", differ, [])
    good = sum(v[0] for v in verdicts)
    tap.check("of which some are valid, and some not", 20 < good < len(texts) - 20, (good, len(texts)))


with workspace() as work:
    service = Service(ltps, os.path.join(work, "demo"))
    try:
        service.start()
        known = schemas()
        for test in described, info, life, xml, parts, refused, faults, equivalent:
            tap.run(test)
        service.stop()
    finally:
        service.kill()
tap.end()
