#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_soap_seeds - writes tests/fuzz/soap: a message of each operation, of both
versions, in parts, and what must be refused."""
import os

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "soap")
ENV = "http://www.w3.org/2003/05/soap-envelope"
V112, V121 = "http://uri.etsi.org/19512/v1.1.2#", "http://uri.etsi.org/19512/v1.2.1#"
SOAP = "application/soap+xml"
XOP = '<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:%s"/>'


def envelope(body, header="", ns=ENV):
    return f'<e:Envelope xmlns:e="{ns}">{header}<e:Body>{body}</e:Body></e:Envelope>'


def message(name, content, ns=V112):
    return envelope(f'<{name} xmlns="{ns}" RequestID="r">{content}</{name}>')


def preserve(content):
    return message("PreservePO", "<Profile>urn:p</Profile>" + content)


PO = '<PO MimeType="a/b" ID="a" RelatedObjects="a"><binaryData>QUJD</binaryData></PO>'
XML = '<PO FormatId="f"><xmlData><a:a xmlns:a="u:a" a:b="1"><c xmlns=""/></a:a></xmlData></PO>'
POID = "<POID>x</POID>"
SEEDS = {
    "info": message("RetrieveInfo", "<Profile>p</Profile><Status>all</Status>"),
    "preserve": preserve(PO + XML),
    "retrieve": message("RetrievePO", POID + "<VersionID>all</VersionID><SubjectOfRetrieval>PO"
                        "</SubjectOfRetrieval><POFormat>f</POFormat>", V121),
    "delete": message("DeletePO", POID + "<Mode>OnlySubDOs</Mode><Reason>&#x72;</Reason>"),
    "update": message("UpdatePOC", POID + PO.replace("PO ", "DeltaPOC ").replace("/PO", "/DeltaPOC")),
    "trace": message("RetrieveTrace", POID),
    "validate": message("ValidateEvidence", '<Evidence FormatId="f" POID="x"><binaryData><![CDATA['
                        "QQ==]]></binaryData></Evidence>" + PO),
    "search": message("Search", "<Filter>f</Filter>"),
    "inputs": message("RetrieveInfo", '<OptionalInputs><b:Other xmlns:b='
                      '"http://docs.oasis-open.org/dss-x/ns/base"/></OptionalInputs>'),
    "header": envelope("<RetrieveInfo/>", '<e:Header><a xmlns="u:x" e:mustUnderstand="1"/></e:Header>'),
    "soap11": envelope("", ns="http://schemas.xmlsoap.org/soap/envelope/"),
    "doctype": '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    "instruction": "<?a b?>" + message("RetrieveInfo", ""),
}


def parts(root, *others):
    text = ('multipart/related; type="application/xop+xml"; start="<r>"; boundary=b\n'
            f'--b\r\nContent-Type: application/xop+xml\r\nContent-ID: <r>\r\n\r\n{root}\r\n')
    for name, data in others:
        text += f"--b\r\nContent-ID: <{name}>\r\n\r\n{data}\r\n"
    return text + "--b--"


def binary(name):
    return f'<PO MimeType="a/b"><binaryData>{XOP % name}</binaryData></PO>'


def main():
    os.makedirs(HERE, exist_ok=True)
    files = {name: f"{SOAP}\n{text}" for name, text in SEEDS.items()}
    files["action"] = f'{SOAP}; action="{V112}Search"\n' + SEEDS["search"]
    files["parts"] = parts(preserve(binary("a%20b")), ("a b", "\0\r\n--b"))
    files["parts-xml"] = parts(preserve(f'<PO MimeType="a/b"><xmlData><a xmlns="u:a">{XOP % "a"}</a>'
                                        "</xmlData></PO>"), ("a", "1"))
    files["parts-lost"] = parts(preserve(binary("b")), ("a", "1"))
    for name, text in files.items():
        with open(os.path.join(HERE, name), "wb") as f:
            f.write(text.encode())


main()
