# SPDX-License-Identifier: Apache-2.0
"""zeep_client URL PROFILE - a client made by zeep out of the description at URL: an
object's life, told as one JSON object. Run by the Python that has zeep."""
import base64
import json
import sys
import time

import zeep
from lxml import etree

url, profile = sys.argv[1:]
client = zeep.Client(url + "?wsdl")
service = client.service
seen = {"operations": sorted(client.wsdl.services["Preservation"].ports["Preservation"]
                             .binding._operations)}
DATA = bytes(range(256)) * 400


def result(answer):
    return (answer if "ResultMajor" in answer else answer.Result).ResultMajor.rpartition(":")[2]


def datas(answer):
    return [po.binaryData if isinstance(po.binaryData, bytes) else base64.b64decode(po.binaryData)
            for po in answer.PO]


info = service.RetrieveInfo(Status="all", RequestID="z")
seen["profile"] = profile in [p.ProfileIdentifier for p in info.Profile]
seen["echo"] = info.RequestID
answer = service.PreservePO(Profile=profile, PO=[
    {"binaryData": DATA, "MimeType": "application/octet-stream", "ID": "a"},
    {"binaryData": b"second", "MimeType": "text/plain", "ID": "b", "RelatedObjects": "a"}])
seen["preserved"] = result(answer)
poid = answer.POID
answer = service.RetrievePO(POID=poid, SubjectOfRetrieval="PO")
seen["same"] = datas(answer) == [DATA, b"second"]
end = time.monotonic() + 120
while True:
    answer = service.RetrievePO(POID=poid, SubjectOfRetrieval="Evidence")
    if answer.Result.ResultMinor is None or time.monotonic() > end:
        break
    time.sleep(0.1)
record = datas(answer)[0]
answer = service.ValidateEvidence(
    Evidence={"binaryData": record, "FormatId": "urn:ietf:rfc:4998:EvidenceRecord", "POID": poid})
report = json.loads(answer.ValidationReport.binaryData)
seen["evidence"] = report["indication"]
seen["proof"] = answer.ProofOfExistence is not None
trace = service.RetrieveTrace(POID=poid)
seen["trace"] = trace.Trace.Event[0].Operation
element = etree.fromstring('<x:a xmlns:x="urn:x" b="1"><x:c/></x:a>')
answer = service.PreservePO(Profile=profile, PO=[
    {"xmlData": {"_value_1": element}, "FormatId": "urn:x"}])
seen["preserved XML"] = result(answer)
answer = service.RetrievePO(POID=answer.POID, SubjectOfRetrieval="PO")
back = answer.PO[0].xmlData._value_1
seen["same XML"] = etree.tostring(back, method="c14n", exclusive=True).decode()
seen["refused"] = result(service.DeletePO(POID=poid))
seen["deleted"] = result(service.DeletePO(POID=poid, Reason="done"))
seen["gone"] = service.RetrievePO(POID=poid).Result.ResultMinor
try:
    # Another action than the body's: what the service says to it comes as a fault.
    binding = client.wsdl.services["Preservation"].ports["Preservation"].binding
    binding._operations["Search"].soapaction = "urn:other"
    service.Search(Filter="x")
    seen["fault"] = None
except zeep.exceptions.Fault as e:
    seen["fault"] = e.code
print(json.dumps(seen))
