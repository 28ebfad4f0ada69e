# SPDX-License-Identifier: Apache-2.0
"""pyhanko_make LIST KEY.p12 PASSWORD ANCHORS.pem TSA - PDFs signed and raised by pyHanko, with
status from the network that the certificates name. Lines of LIST, separated by tabs:
  sign    FILE OUT LEVEL DIGEST   (a signed FILE: one signature more)
  renew   FILE OUT                a further document time-stamp
LEVEL B, T, LT, LTA. One JSON object comes out for each. Run by the Python that has
pyHanko."""
import json
import logging
import sys

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers, timestamps
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfTimeStamper
from pyhanko_certvalidator import ValidationContext

logging.disable(logging.CRITICAL)


class Maker:
    def __init__(self, p12, password, anchors, tsa):
        self.signer = signers.SimpleSigner.load_pkcs12(p12, passphrase=password.encode())
        self.anchors = list(load_certs_from_pemder([anchors]))
        self.tsa = timestamps.HTTPTimeStamper(tsa)
        self.n = 0

    def context(self):
        return ValidationContext(trust_roots=self.anchors, allow_fetching=True,
                                 revocation_mode="soft-fail")

    def sign(self, source, out, level, digest):
        self.n += 1
        long_term = level in ("LT", "LTA")
        meta = PdfSignatureMetadata(
            field_name=f"Hanko{self.n}", md_algorithm=digest, subfilter=SigSeedSubFilter.PADES,
            validation_context=self.context() if long_term else None,
            embed_validation_info=long_term, use_pades_lta=level == "LTA")
        with open(source, "rb") as f, open(out, "wb") as to:
            signers.sign_pdf(IncrementalPdfFileWriter(f), meta, signer=self.signer,
                             timestamper=None if level == "B" else self.tsa, output=to)

    def renew(self, source, out):
        with open(source, "rb") as f, open(out, "wb") as to:
            to.write(f.read())
        with open(out, "rb+") as f:
            PdfTimeStamper(self.tsa).update_archival_timestamp_chain(
                PdfFileReader(f), self.context(), in_place=True)


def main():
    maker = Maker(*sys.argv[2:6])
    with open(sys.argv[1], encoding="utf-8") as f:
        for line in f:
            verb, *words = line.rstrip("\n").split("\t")
            try:
                getattr(maker, verb)(*words)
                print(json.dumps({"error": None}))
            except Exception as e:
                print(json.dumps({"error": f"{type(e).__name__}: {e}"}))


if __name__ == "__main__":
    main()
