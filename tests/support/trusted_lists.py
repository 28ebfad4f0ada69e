# SPDX-License-Identifier: Apache-2.0
"""Trusted lists (TS 119 612) made and signed at test time, with openssl: a list is a
text in exclusive canonical form, so that its octets are what is hashed. Keys and
certificates are files (PEM)."""
import base64
import hashlib
import os
import subprocess
import time

DS = ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
XADES = ' xmlns:xades="http://uri.etsi.org/01903/v1.3.2#"'
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
TYPE = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/"
STATUS = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
SERVICE = "http://uri.etsi.org/TrstSvc/Svctype/"
END = "</TrustServiceStatusList>"


def instant(days):
    """So many days from now, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + days * 86400))


# A list counts for six months from its issue; the same for a whole run, since the same
# number always says the same.
START = int(time.time())
ISSUED = instant(-1)
NEXT_UPDATE = instant(180)


def run(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True,
                          check=True).stdout


class Key:
    """A key with a self-signed certificate, made in a folder: who signs a list, or the
    identity of a service."""

    def __init__(self, folder, name, kind="ec", ca=False):
        self.key = os.path.join(folder, name + ".key")
        self.certificate = os.path.join(folder, name + ".pem")
        algorithm = ["-newkey", "rsa:2048"] if kind == "rsa" else \
            ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        run("req", "-x509", *algorithm, "-nodes", "-keyout", self.key, "-out",
            self.certificate, "-days", "7300", "-subj", f"/C=XX/O=LTPS Test/CN={name}",
            "-addext", "basicConstraints=critical,CA:" + ("TRUE" if ca else "FALSE"),
            "-addext", "keyUsage=critical," +
            ("keyCertSign,cRLSign" if ca else "digitalSignature,nonRepudiation"),
            "-addext", "extendedKeyUsage=0.4.0.2231.3.0")
        self.kind = kind
        self.der = run("x509", "-in", self.certificate, "-outform", "DER")


def leaf_of(folder, ca, name):
    """A certificate that a Key with ca=True issued: its PEM file."""
    path = os.path.join(folder, name + ".pem")
    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", os.path.join(folder, name + ".key"), "-out", path, "-days", "30", "-subj",
        f"/C=XX/CN={name}", "-CA", ca.certificate, "-CAkey", ca.key, "-addext",
        "basicConstraints=critical,CA:FALSE")
    return path


def b64(octets):
    return base64.b64encode(octets).decode()


def certificate_of(path):
    """DER of the first certificate of a PEM file."""
    return run("x509", "-in", path, "-outform", "DER")


def identity(der):
    return ("<ServiceDigitalIdentity><DigitalId><X509Certificate>" + b64(der) +
            "</X509Certificate></DigitalId></ServiceDigitalIdentity>")


def state(kind, status, since, der, name="Service"):
    return (f"<ServiceTypeIdentifier>{SERVICE}{kind}</ServiceTypeIdentifier>"
            f'<ServiceName><Name xml:lang="en">{name}</Name></ServiceName>'
            f"{identity(der)}<ServiceStatus>{STATUS}{status}</ServiceStatus>"
            f"<StatusStartingTime>{since}</StatusStartingTime>")


def service(der, kind="CA/QC", status="granted", since="2020-01-01T00:00:00Z", past=()):
    """past: (status, since), the newest first."""
    history = "".join(
        f"<ServiceHistoryInstance>{state(kind, s, t, der)}</ServiceHistoryInstance>"
        for s, t in past)
    if history:
        history = f"<ServiceHistory>{history}</ServiceHistory>"
    return (f"<TSPService><ServiceInformation>{state(kind, status, since, der)}"
            f"</ServiceInformation>{history}</TSPService>")


def pointer(url, territory, signers, kind="EUgeneric"):
    identities = "".join(identity(der) for der in signers)
    return ("<OtherTSLPointer><ServiceDigitalIdentities>" + identities +
            f"</ServiceDigitalIdentities><TSLLocation>{url}</TSLLocation>"
            f"<AdditionalInformation><OtherInformation><TSLType>{TYPE}{kind}</TSLType>"
            "</OtherInformation><OtherInformation>"
            f"<SchemeTerritory>{territory}</SchemeTerritory></OtherInformation>"
            "<OtherInformation>"
            '<n:MimeType xmlns:n="http://uri.etsi.org/02231/v2/additionaltypes#">'
            "application/vnd.etsi.tsl+xml</n:MimeType></OtherInformation>"
            "<OtherInformation><SchemeOperatorName>"
            '<Name xml:lang="en">Operator</Name></SchemeOperatorName></OtherInformation>'
            "</AdditionalInformation></OtherTSLPointer>")


ADDRESS = ('<PostalAddresses><PostalAddress xml:lang="en"><StreetAddress>1 Street'
           "</StreetAddress><Locality>Town</Locality><CountryName>XX</CountryName>"
           "</PostalAddress></PostalAddresses><ElectronicAddress>"
           '<URI xml:lang="en">mailto:list@example.test</URI></ElectronicAddress>')


def plain(sequence=1, territory="XX", kind="EUgeneric", version=6, services=(), pointers=(),
          issued=None, next_update=NEXT_UPDATE,
          information=("http://example.test/scheme",)):
    issued = issued or ISSUED
    uris = "".join(f'<URI xml:lang="en">{u}</URI>' for u in information)
    pointers = "".join(pointers)
    if pointers:
        pointers = f"<PointersToOtherTSL>{pointers}</PointersToOtherTSL>"
    providers = "".join(services)
    if providers:
        providers = (
            "<TrustServiceProviderList><TrustServiceProvider><TSPInformation><TSPName>"
            '<Name xml:lang="en">Provider</Name></TSPName><TSPAddress>' + ADDRESS +
            '</TSPAddress><TSPInformationURI><URI xml:lang="en">http://example.test/tsp'
            "</URI></TSPInformationURI></TSPInformation>"
            f"<TSPServices>{providers}</TSPServices></TrustServiceProvider>"
            "</TrustServiceProviderList>")
    update = f"<dateTime>{next_update}</dateTime>" if next_update else ""
    return ('<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" '
            'TSLTag="http://uri.etsi.org/19612/TSLTag"><SchemeInformation>'
            f"<TSLVersionIdentifier>{version}</TSLVersionIdentifier>"
            f"<TSLSequenceNumber>{sequence}</TSLSequenceNumber>"
            f"<TSLType>{TYPE}{kind}</TSLType><SchemeOperatorName>"
            '<Name xml:lang="en">Operator</Name></SchemeOperatorName>'
            f"<SchemeOperatorAddress>{ADDRESS}</SchemeOperatorAddress><SchemeName>"
            f'<Name xml:lang="en">{territory}:Scheme</Name></SchemeName>'
            f"<SchemeInformationURI>{uris}</SchemeInformationURI>"
            "<StatusDeterminationApproach>http://uri.etsi.org/TrstSvc/TrustedList/"
            "StatusDetn/EUappropriate</StatusDeterminationApproach>"
            '<SchemeTypeCommunityRules><URI xml:lang="en">http://uri.etsi.org/TrstSvc/'
            "TrustedList/schemerules/EUcommon</URI></SchemeTypeCommunityRules>"
            f"<SchemeTerritory>{territory}</SchemeTerritory><PolicyOrLegalNotice>"
            '<TSLLegalNotice xml:lang="en">Notice</TSLLegalNotice></PolicyOrLegalNotice>'
            "<HistoricalInformationPeriod>65535</HistoricalInformationPeriod>"
            f"{pointers}<ListIssueDateTime>{issued}</ListIssueDateTime>"
            f"<NextUpdate>{update}</NextUpdate></SchemeInformation>{providers}{END}")


def digest(text, head=""):
    value = b64(hashlib.sha256(text.encode() if isinstance(text, str) else text).digest())
    return (f'<ds:DigestMethod{head} Algorithm="{SHA256}"></ds:DigestMethod>'
            f"<ds:DigestValue{head}>{value}</ds:DigestValue>")


def transforms(*uris):
    return ("<ds:Transforms>" +
            "".join(f'<ds:Transform Algorithm="{u}"></ds:Transform>' for u in uris) +
            "</ds:Transforms>")


def der_integers(der):
    """r and s of an ECDSA signature."""
    at = 2 if der[1] < 0x80 else 3
    numbers = []
    for _ in range(2):
        n = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2:at + 2 + n], "big"))
        at += 2 + n
    return numbers


def signature_value(key, info):
    value = run("dgst", "-sha256", "-sign", key.key, data=info.encode())
    if key.kind == "rsa":
        return value
    return b"".join(n.to_bytes(32, "big") for n in der_integers(value))


def sign(text, key, time="2026-01-01T00:00:00Z", inclusive=False):
    """The list with an enveloped XAdES B signature, as octets. The certificate has to be
    valid at that time; None: now. inclusive: no transform is named for its properties,
    which are hashed in Canonical XML 1.0 then, with what is declared around them."""
    if time is None:
        time = run("x509", "-in", key.certificate, "-noout", "-startdate",
                   "-dateopt", "iso_8601").decode().split("=")[1].strip().replace(" ", "T")
    def written(on_apex, on_digest):
        return (
            f'<xades:SignedProperties{on_apex} Id="props"><xades:SignedSignatureProperties>'
            f"<xades:SigningTime>{time}</xades:SigningTime><xades:SigningCertificateV2>"
            f"<xades:Cert><xades:CertDigest>{digest(key.der, on_digest)}</xades:CertDigest>"
            "</xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties>"
            "<xades:SignedDataObjectProperties>"
            '<xades:DataObjectFormat ObjectReference="#whole">'
            "<xades:MimeType>text/xml</xades:MimeType></xades:DataObjectFormat>"
            "</xades:SignedDataObjectProperties></xades:SignedProperties>")
    properties = canonical = written(XADES, DS)
    how = transforms(EXC)
    if inclusive:
        properties = written("", "")
        canonical = written(' xmlns="http://uri.etsi.org/02231/v2#"' + DS + XADES, "")
        how = ""
    method = MORE + ("rsa-sha256" if key.kind == "rsa" else "ecdsa-sha256")
    info = (f'<ds:SignedInfo{DS}><ds:CanonicalizationMethod Algorithm="{EXC}">'
            f'</ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="{method}">'
            '</ds:SignatureMethod><ds:Reference Id="whole" URI="">'
            f"{transforms(ENVELOPED, EXC)}{digest(text)}</ds:Reference>"
            '<ds:Reference Type="http://uri.etsi.org/01903#SignedProperties" URI="#props">'
            f"{how}{digest(canonical)}</ds:Reference></ds:SignedInfo>")
    value = b64(signature_value(key, info))
    signature = (f'<ds:Signature{DS} Id="sig">{info}'
                 f"<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>"
                 f"<ds:X509Certificate>{b64(key.der)}</ds:X509Certificate></ds:X509Data>"
                 f'</ds:KeyInfo><ds:Object><xades:QualifyingProperties{XADES} Target="#sig">'
                 f"{properties}</xades:QualifyingProperties></ds:Object></ds:Signature>")
    return (text[:-len(END)] + signature + END).encode()
