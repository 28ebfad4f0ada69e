# SPDX-License-Identifier: Apache-2.0
"""pyhanko_judge LIST TIME [ANCHORS.pem] - what pyHanko says of signed PDFs at TIME, offline.
A line of LIST is FILE[<TAB>PASSWORD:TEXT]; one JSON object comes out for each. With
anchors, `lta` is what its long-term validation of PAdES says of each signature.
Run by the Python that has pyHanko."""
import asyncio
import datetime
import json
import logging
import sys

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import (PdfSignatureValidationSpec,
                                                 RevinfoOnlineFetchingRule,
                                                 RevocationInfoGatheringSpec,
                                                 SignatureValidationSpec)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

logging.disable(logging.CRITICAL)


def context(anchors, time):
    return ValidationContext(trust_roots=anchors, moment=time, allow_fetching=False,
                             revocation_mode="soft-fail", best_signature_time=time)


def name_of(value):
    return value.name if value is not None else None


def stamp(embedded, anchors, time):
    status = validate_pdf_timestamp(embedded, context(anchors, time))
    return {"field": embedded.field_name, "intact": status.intact and status.valid,
            "coverage": name_of(status.coverage), "time": status.timestamp.isoformat(),
            "modification": name_of(status.modification_level)}


def long_term(embedded, anchors, time):
    """Its AdES validation with long-term availability: the sub-indication or status."""
    spec = SignatureValidationSpec(
        CertValidationPolicySpec(SimpleTrustManager.build(trust_roots=anchors),
                                 CertRevTrustPolicy(REQUIRE_REVINFO)),
        RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY))
    result = asyncio.run(ades_lta_validation(
        embedded, PdfSignatureValidationSpec(spec),
        ValidationTimingInfo(time, time, point_in_time_validation=True)))
    return str(result.ades_subindic)


def signature(reader, embedded, anchors, time):
    status = validate_pdf_signature(embedded, context(anchors, time))
    out = {"field": embedded.field_name, "intact": status.intact, "valid": status.valid,
           "coverage": name_of(status.coverage),
           "modification": name_of(status.modification_level), "docmdp": status.docmdp_ok}
    if anchors:
        out["lta"] = long_term(embedded, anchors, time)
    return out


def attempt(what, *arguments):
    try:
        return what(*arguments)
    except Exception as e:
        return {"error": f"{type(e).__name__}"}


def judge(line, anchors, time):
    path, *more = line.rstrip("\n").split("\t")
    with open(path, "rb") as f:
        try:
            reader = PdfFileReader(f, strict=False)
            if reader.encrypted:
                reader.decrypt(more[0][len("PASSWORD:"):] if more else "")
            regular = reader.embedded_regular_signatures
            stamps = reader.embedded_timestamp_signatures
        except Exception as e:
            return {"error": type(e).__name__, "signatures": [], "timestamps": []}
        return {"error": None,
                "signatures": [attempt(signature, reader, s, anchors, time) for s in regular],
                "timestamps": [attempt(stamp, s, anchors, time) for s in stamps]}


def main():
    time = datetime.datetime.fromisoformat(sys.argv[2].replace("Z", "+00:00"))
    anchors = list(load_certs_from_pemder([sys.argv[3]])) if len(sys.argv) > 3 else []
    with open(sys.argv[1], encoding="utf-8") as f:
        for line in f:
            print(json.dumps(judge(line, anchors, time)))


if __name__ == "__main__":
    main()
