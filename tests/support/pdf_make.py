# SPDX-License-Identifier: Apache-2.0
"""Small unsigned PDFs for tests of whole commands."""

XMP = ("<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>"
       "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description "
       "rdf:about='' xmlns:pdfaid='http://www.aiim.org/pdfa/ns/id/'><pdfaid:part>2</pdfaid:part>"
       "<pdfaid:conformance>B</pdfaid:conformance></rdf:Description></rdf:RDF></x:xmpmeta>"
       "<?xpacket end='w'?>")


def stream(members, data):
    return f"<< /Length {len(data)} {members} >>\nstream\n{data}\nendstream"


def pdf(text="Pay 100 EUR to Bogdan", pages=1, pdfa=False, form=False, version="1.7"):
    """A file of one cross-reference table."""
    numbers = [3 + i for i in range(pages)]
    contents, font = 3 + pages, 4 + pages
    objects = {
        2: f"<< /Type /Pages /Kids [{' '.join(f'{n} 0 R' for n in numbers)}] /Count {pages} >>",
        contents: stream("", f"BT /F1 18 Tf 20 150 Td ({text}) Tj ET"),
        font: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    catalog = "/Type /Catalog /Pages 2 0 R"
    annotations = ""
    if pdfa:
        objects[font + 1] = stream("/Type /Metadata /Subtype /XML", XMP)
        catalog += f" /Metadata {font + 1} 0 R"
    if form:
        objects[font + 2] = ("<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /Rect [20 20 120 "
                             "40] /F 4 /P 3 0 R /DA (/Helv 10 Tf 0 g) >>")
        catalog += f" /AcroForm << /Fields [{font + 2} 0 R] /DA (/Helv 10 Tf 0 g) >>"
        annotations = f" /Annots [{font + 2} 0 R]"
    objects[1] = f"<< {catalog} >>"
    for n in numbers:
        objects[n] = (f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents {contents} 0 "
                      f"R /Resources << /Font << /F1 {font} 0 R >> >>"
                      f"{annotations if n == 3 else ''} >>")
    return assemble(objects, version)


def assemble(objects, version):
    out = f"%PDF-{version}\n%\xe2\xe3\xcf\xd3\n".encode("latin-1")
    size = max(objects) + 1
    rows = ["0000000000 65535 f \n"]
    for n in range(1, size):
        if n not in objects:
            rows.append("0000000000 00000 f \n")
            continue
        rows.append(f"{len(out):010} 00000 n \n")
        out += f"{n} 0 obj\n{objects[n]}\nendobj\n".encode("latin-1")
    xref = len(out)
    out += (f"xref\n0 {size}\n{''.join(rows)}trailer\n<< /Size {size} /Root 1 0 R /ID "
            f"[<0102030405060708> <0102030405060708>] >>\nstartxref\n{xref}\n%%EOF\n").encode("ascii")
    return out
