# SPDX-License-Identifier: Apache-2.0
"""openapi_client FOLDER URL PROFILE SIGNED - an object's life through the client that
openapi-python-client made as FOLDER/made, told as one JSON object. Run by the Python
that has what such a client needs."""
import base64
import io
import json
import sys
import time
import zipfile

folder, url, profile, signed = sys.argv[1:]
sys.path.insert(0, folder)
from made import Client  # noqa: E402
from made.api.access import package  # noqa: E402
from made.api.operation import anchors, health, renewals  # noqa: E402
from made.api.preservation import (delete_po, preserve_po, retrieve_info, retrieve_po,  # noqa: E402
                                   retrieve_trace, search, update_poc, validate_evidence)
from made.api.validation import certificates_validate, validate  # noqa: E402
from made.models import (DeletePORequest, PreservePORequest, Problem,  # noqa: E402
                         RetrieveInfoRequest, RetrievePORequest, RetrievePORequestSor,
                         RetrieveTraceRequest, SearchRequest, UpdatePOCRequest)
from made.types import File  # noqa: E402

client = Client(base_url=url, timeout=60)
seen = {}
DATA = bytes(range(256)) * 400


def po(data, **more):
    return {"binaryData": {"value": base64.b64encode(data).decode()}, **more}


def octets(part):
    return base64.b64decode(part["binaryData"]["value"])


def major(answer):
    return str(answer.result.maj).rpartition(":")[2]


info = retrieve_info.sync(client=client, body=RetrieveInfoRequest(req_id="o"))
seen["profile"] = profile in [p.pid for p in info.pro]
seen["echo"] = info.req_id
answer = preserve_po.sync(client=client, body=PreservePORequest(
    pro=profile, po=[po(DATA, mimeType="application/octet-stream", id="a")]))
seen["preserved"] = major(answer)
poid = answer.po_id
answer = retrieve_po.sync(client=client, body=RetrievePORequest(po_id=poid))
seen["same"] = [octets(p) for p in answer.po] == [DATA]

end = time.monotonic() + 120
wanted = RetrievePORequest(po_id=poid, sor=RetrievePORequestSor.EVIDENCE)
while True:
    answer = retrieve_po.sync(client=client, body=wanted)
    if not answer.result.min_ or time.monotonic() > end:
        break
    time.sleep(0.1)
answer = validate_evidence.sync(client=client, body={
    "ev": {**po(octets(answer.po[0]), formatId="urn:ietf:rfc:4998:EvidenceRecord"),
           "poId": poid}})
seen["evidence"] = major(answer)
with zipfile.ZipFile(io.BytesIO(package.sync(poid, client=client).payload.read())) as z:
    seen["package"] = z.testzip() is None and len(z.namelist()) > 3
answer = update_poc.sync(client=client, body=UpdatePOCRequest(
    po_id=poid, delta_poc=[po(b"second", mimeType="text/plain", id="b")]))
seen["updated"] = major(answer)
answer = retrieve_trace.sync(client=client, body=RetrieveTraceRequest(po_id=poid))
seen["trace"] = [answer.trace.event[0].op, answer.trace.event[-1].op]
answer = search.sync(client=client, body=SearchRequest(fi=f"poid = {poid}"))
seen["found"] = answer.po_id == [poid]

with open(signed, "rb") as f:
    report = validate.sync(client=client, body=File(payload=f, mime_type="application/cms"))
seen["judged"] = str(report.signatures[0].indication)
answer = certificates_validate.sync(client=client, body=File(payload=io.BytesIO(b"none")))
seen["no certificate"] = type(answer) is Problem and answer.status
seen["renewals"] = renewals.sync(client=client).undated
seen["health"] = str(health.sync(client=client).status)
seen["anchors"] = b"BEGIN CERTIFICATE" in anchors.sync(client=client)

answer = delete_po.sync(client=client, body=DeletePORequest(po_id=poid))
seen["refused"] = major(answer)
answer = delete_po.sync(client=client, body=DeletePORequest(po_id=poid, reason="done"))
seen["deleted"] = major(answer)
answer = retrieve_po.sync(client=client, body=RetrievePORequest(po_id=poid))
seen["gone"] = answer.result.min_
print(json.dumps(seen))
