# SPDX-License-Identifier: Apache-2.0
"""Reads SCVP messages with pyasn1, from the module SCVP of RFC 5055 (section 8) and
the wantBacks of RFC 5276 alone: a second opinion on scvp/, written apart from it.
DER and nothing else: anything behind a message is an error."""
from pyasn1.codec.der import decoder
from pyasn1.type import char, constraint, namedtype, namedval, tag, univ, useful
from pyasn1_modules import rfc5280, rfc5652

ID_STC = "1.3.6.1.5.5.7.17."
ID_SWB = "1.3.6.1.5.5.7.18."
CV_REQUEST = "1.2.840.113549.1.9.16.1.10"
CV_RESPONSE = "1.2.840.113549.1.9.16.1.11"
VP_REQUEST = "1.2.840.113549.1.9.16.1.12"
VP_RESPONSE = "1.2.840.113549.1.9.16.1.13"
SHA1 = "1.3.14.3.2.26"


def implicit(kind, number, constructed=True, **more):
    form = tag.tagFormatConstructed if constructed else tag.tagFormatSimple
    return kind.subtype(implicitTag=tag.Tag(tag.tagClassContext, form, number), **more)


def explicit(kind, number):
    return kind.subtype(
        explicitTag=tag.Tag(tag.tagClassContext, tag.tagFormatConstructed, number))


need, maybe, default = (namedtype.NamedType, namedtype.OptionalNamedType,
                        namedtype.DefaultedNamedType)


def sequence(name, *fields):
    return type(name, (univ.Sequence,), {"componentType": namedtype.NamedTypes(*fields)})


def choice(name, *fields):
    return type(name, (univ.Choice,), {"componentType": namedtype.NamedTypes(*fields)})


def sequence_of(name, component, least=0):
    limits = constraint.ValueSizeConstraint(least, 1 << 20)
    return type(name, (univ.SequenceOf,),
                {"componentType": component, "sizeSpec": limits, "subtypeSpec": limits}
                if least else {"componentType": component})


def sha1():
    a = rfc5280.AlgorithmIdentifier()
    a["algorithm"] = SHA1
    return a


OID = univ.ObjectIdentifier
OIDs = sequence_of("OIDs", OID(), 1)
CertBundle = sequence_of("CertBundle", rfc5280.Certificate(), 1)
CertBundles = sequence_of("CertBundles", CertBundle(), 1)
SCVPIssuerSerial = sequence(
    "SCVPIssuerSerial", need("issuer", rfc5280.GeneralNames()),
    need("serialNumber", rfc5280.CertificateSerialNumber()))
SCVPCertID = sequence(
    "SCVPCertID", need("certHash", univ.OctetString()),
    need("issuerSerial", SCVPIssuerSerial()),
    default("hashAlgorithm", sha1()))
PKCReference = choice(
    "PKCReference", need("cert", implicit(rfc5280.Certificate(), 0)),
    need("pkcRef", implicit(SCVPCertID(), 1)))
ACReference = choice(
    "ACReference", need("attrCert", implicit(univ.Sequence(), 2)),
    need("acRef", implicit(SCVPCertID(), 3)))
CertReferences = choice(
    "CertReferences", need("pkcRefs", implicit(sequence_of("P", PKCReference(), 1)(), 0)),
    need("acRefs", implicit(sequence_of("A", ACReference(), 1)(), 1)))
# CertReference is a CHOICE of two CHOICEs: their alternatives side by side.
CertReference = choice(
    "CertReference", need("cert", implicit(rfc5280.Certificate(), 0)),
    need("pkcRef", implicit(SCVPCertID(), 1)),
    need("attrCert", implicit(univ.Sequence(), 2)), need("acRef", implicit(SCVPCertID(), 3)))
ValidationPolRef = sequence(
    "ValidationPolRef", need("valPolId", OID()), maybe("valPolParams", univ.Any()))
ValidationAlg = sequence(
    "ValidationAlg", need("valAlgId", OID()), maybe("parameters", univ.Any()))
NameValidationAlgParms = sequence(
    "NameValidationAlgParms", need("nameCompAlgId", OID()),
    need("validationNames", rfc5280.GeneralNames()))
ValidationPolicy = sequence(
    "ValidationPolicy", need("validationPolRef", ValidationPolRef()),
    maybe("validationAlg", implicit(ValidationAlg(), 0)),
    maybe("userPolicySet", implicit(OIDs(), 1)),
    maybe("inhibitPolicyMapping", implicit(univ.Boolean(), 2, False)),
    maybe("requireExplicitPolicy", implicit(univ.Boolean(), 3, False)),
    maybe("inhibitAnyPolicy", implicit(univ.Boolean(), 4, False)),
    maybe("trustAnchors", implicit(sequence_of("T", PKCReference(), 1)(), 5)),
    maybe("keyUsages", implicit(sequence_of("K", rfc5280.KeyUsage())(), 6)),
    maybe("extendedKeyUsages", implicit(sequence_of("E", OID())(), 7)),
    maybe("specifiedKeyUsages", implicit(sequence_of("S", OID())(), 8)))
ResponseFlags = sequence(
    "ResponseFlags",
    default("fullRequestInResponse", implicit(univ.Boolean(False), 0, False)),
    default("responseValidationPolByRef", implicit(univ.Boolean(True), 1, False)),
    default("protectResponse", implicit(univ.Boolean(True), 2, False)),
    default("cachedResponse", implicit(univ.Boolean(True), 3, False)))
OtherRevInfo = sequence("OtherRevInfo", need("riType", OID()), need("riValue", univ.Any()))
OCSPResponse = sequence(
    "OCSPResponse", need("responseStatus", univ.Enumerated()),
    maybe("responseBytes", explicit(univ.Sequence(componentType=namedtype.NamedTypes(
        need("responseType", OID()), need("response", univ.OctetString()))), 0)))
RevocationInfo = choice(
    "RevocationInfo", need("crl", implicit(rfc5280.CertificateList(), 0)),
    need("delta-crl", implicit(rfc5280.CertificateList(), 1)),
    need("ocsp", implicit(OCSPResponse(), 2)), need("other", implicit(OtherRevInfo(), 3)))
RevocationInfos = sequence_of("RevocationInfos", RevocationInfo(), 1)
RevInfoWantBack = sequence(
    "RevInfoWantBack", need("revocationInfo", RevocationInfos()),
    maybe("extraCerts", CertBundle()))
Query = sequence(
    "Query", need("queriedCerts", CertReferences()), need("checks", OIDs()),
    maybe("wantBack", implicit(OIDs(), 1)), need("validationPolicy", ValidationPolicy()),
    maybe("responseFlags", ResponseFlags()),
    maybe("serverContextInfo", implicit(univ.OctetString(), 2, False)),
    maybe("validationTime", implicit(useful.GeneralizedTime(), 3, False)),
    maybe("intermediateCerts", implicit(CertBundle(), 4)),
    maybe("revInfos", implicit(RevocationInfos(), 5)),
    maybe("producedAt", implicit(useful.GeneralizedTime(), 6, False)),
    maybe("queryExtensions", implicit(rfc5280.Extensions(), 7)))
CVRequest = sequence(
    "CVRequest", default("cvRequestVersion", univ.Integer(1)), need("query", Query()),
    maybe("requestorRef", implicit(rfc5280.GeneralNames(), 0)),
    maybe("requestNonce", implicit(univ.OctetString(), 1, False)),
    maybe("requestorName", explicit(rfc5280.GeneralName(), 2)),
    maybe("responderName", explicit(rfc5280.GeneralName(), 3)),
    maybe("requestExtensions", implicit(rfc5280.Extensions(), 4)),
    maybe("signatureAlg", implicit(rfc5280.AlgorithmIdentifier(), 5)),
    maybe("hashAlg", implicit(OID(), 6, False)),
    maybe("requestorText", implicit(char.UTF8String(), 7, False)))
HashValue = sequence(
    "HashValue", default("algorithm", sha1()), need("value", univ.OctetString()))
RequestReference = choice(
    "RequestReference", need("requestHash", implicit(HashValue(), 0)),
    need("fullRequest", implicit(CVRequest(), 1)))
ResponseStatus = sequence(
    "ResponseStatus", default("statusCode", univ.Enumerated(0)),
    maybe("errorMessage", char.UTF8String()))
ReplyCheck = sequence("ReplyCheck", need("check", OID()), default("status", univ.Integer(0)))
ReplyWantBack = sequence("ReplyWantBack", need("wb", OID()), need("value", univ.OctetString()))
CertReply = sequence(
    "CertReply", need("cert", CertReference()), default("replyStatus", univ.Enumerated(0)),
    need("replyValTime", useful.GeneralizedTime()),
    need("replyChecks", sequence_of("RC", ReplyCheck())()),
    need("replyWantBacks", sequence_of("RW", ReplyWantBack())()),
    maybe("validationErrors", implicit(OIDs(), 0)),
    maybe("nextUpdate", implicit(useful.GeneralizedTime(), 1, False)),
    maybe("certReplyExtensions", implicit(rfc5280.Extensions(), 2)))
CVResponse = sequence(
    "CVResponse", need("cvResponseVersion", univ.Integer()),
    need("serverConfigurationID", univ.Integer()),
    need("producedAt", useful.GeneralizedTime()), need("responseStatus", ResponseStatus()),
    maybe("respValidationPolicy", implicit(ValidationPolicy(), 0)),
    maybe("requestRef", explicit(RequestReference(), 1)),
    maybe("requestorRef", implicit(rfc5280.GeneralNames(), 2)),
    maybe("requestorName", implicit(rfc5280.GeneralNames(), 3)),
    maybe("replyObjects", implicit(sequence_of("RO", CertReply(), 1)(), 4)),
    maybe("respNonce", implicit(univ.OctetString(), 5, False)),
    maybe("serverContextInfo", implicit(univ.OctetString(), 6, False)),
    maybe("cvResponseExtensions", implicit(rfc5280.Extensions(), 7)),
    maybe("requestorText", implicit(char.UTF8String(), 8, False)))
ValPolRequest = sequence(
    "ValPolRequest", default("vpRequestVersion", univ.Integer(1)),
    need("requestNonce", univ.OctetString()))
ValPolResponse = sequence(
    "ValPolResponse", need("vpResponseVersion", univ.Integer()),
    need("maxCVRequestVersion", univ.Integer()), need("maxVPRequestVersion", univ.Integer()),
    need("serverConfigurationID", univ.Integer()),
    need("thisUpdate", useful.GeneralizedTime()),
    maybe("nextUpdate", useful.GeneralizedTime()), need("supportedChecks", OIDs()),
    need("supportedWantBacks", OIDs()), need("validationPolicies", sequence_of("V", OID())()),
    need("validationAlgs", sequence_of("VA", OID())()),
    need("authPolicies", sequence_of("AP", OID())()),
    need("responseTypes", univ.Enumerated(namedValues=namedval.NamedValues(
        ("cached-only", 0), ("non-cached-only", 1), ("cached-and-non-cached", 2)))),
    need("defaultPolicyValues", ValidationPolicy()),
    need("revocationInfoTypes", univ.BitString()),
    need("signatureGeneration", sequence_of("SG", rfc5280.AlgorithmIdentifier())()),
    need("signatureVerification", sequence_of("SV", rfc5280.AlgorithmIdentifier())()),
    need("hashAlgorithms", OIDs()),
    maybe("serverPublicKeys", implicit(sequence_of("PK", univ.Any())(), 0)),
    default("clockSkew", univ.Integer(10)), maybe("requestNonce", univ.OctetString()))
EvidenceRecordWantBack = sequence(
    "EvidenceRecordWantBack", need("targetWantBack", OID()),
    maybe("evidenceRecord", univ.Any()))

CONTENTS = {CV_REQUEST: CVRequest, CV_RESPONSE: CVResponse, VP_REQUEST: ValPolRequest,
            VP_RESPONSE: ValPolResponse}


class Malformed(Exception):
    pass


def read(octets, kind):
    value, rest = decoder.decode(octets, asn1Spec=kind())
    if rest:
        raise Malformed(f"{len(rest)} octets behind it")
    return value


def open_message(octets):
    """(content type, its octets, SignedData or None) of a ContentInfo."""
    info = read(octets, rfc5652.ContentInfo)
    kind = str(info["contentType"])
    body = bytes(info["content"])
    if kind != str(rfc5652.id_signedData):
        return kind, body, None
    signed = read(body, rfc5652.SignedData)
    encap = signed["encapContentInfo"]
    return str(encap["eContentType"]), bytes(encap["eContent"]), signed


def message(octets):
    """(message, its octets, SignedData or None)"""
    kind, body, signed = open_message(octets)
    if kind not in CONTENTS:
        raise Malformed(f"content type {kind}")
    return read(body, CONTENTS[kind]), body, signed
