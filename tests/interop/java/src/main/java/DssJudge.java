// SPDX-License-Identifier: Apache-2.0
// DssJudge LIST [ANCHORS.pem] - what EU DSS says of evidence records. A line of
// LIST is RECORD<TAB>DATA[<TAB>DATA...], or a container alone; one JSON object
// comes out for each.
import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.EvidenceRecordWrapper;
import eu.europa.esig.dss.diagnostic.TimestampWrapper;
import eu.europa.esig.dss.diagnostic.jaxb.XmlDigestMatcher;
import eu.europa.esig.dss.enumerations.DigestMatcherType;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.File;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

public final class DssJudge {
	// How a renewal covers what was before it: tokens; objects with all chains.
	private static final Set<DigestMatcherType> LINKS = Set.of(
		DigestMatcherType.EVIDENCE_RECORD_ARCHIVE_TIME_STAMP,
		DigestMatcherType.EVIDENCE_RECORD_ARCHIVE_OBJECT,
		DigestMatcherType.EVIDENCE_RECORD_ARCHIVE_TIME_STAMP_SEQUENCE);

	private static String judge(String line, CommonTrustedCertificateSource anchors) {
		String[] names = line.split("\t");
		try {
			SignedDocumentValidator v = SignedDocumentValidator.fromDocument(new FileDocument(names[0]));
			CommonCertificateVerifier verifier = new CommonCertificateVerifier();
			verifier.setTrustedCertSources(anchors);
			v.setCertificateVerifier(verifier);
			List<DSSDocument> data = new ArrayList<>();
			for (int i = 1; i < names.length; i++)
				data.add(new FileDocument(names[i]));
			if (!data.isEmpty())
				v.setDetachedContents(data);
			Reports reports = v.validateDocument();
			DiagnosticData d = reports.getDiagnosticData();
			SimpleReport simple = reports.getSimpleReport();
			StringBuilder records = new StringBuilder();
			for (EvidenceRecordWrapper er : d.getEvidenceRecords()) {
				int found = 0, intact = 0, objects = 0, imprints = 0, signatures = 0, stamps = 0;
				int links = 0, held = 0;
				for (XmlDigestMatcher m : er.getDigestMatchers()) {
					objects++;
					if (m.isDataFound()) found++;
					if (m.isDataIntact()) intact++;
				}
				for (TimestampWrapper t : er.getTimestampList()) {
					stamps++;
					if (t.isMessageImprintDataFound() && t.isMessageImprintDataIntact()) imprints++;
					if (t.isSignatureIntact()) signatures++;
					for (XmlDigestMatcher m : t.getDigestMatchers()) {
						if (!LINKS.contains(m.getType())) continue;
						links++;
						if (m.isDataFound() && m.isDataIntact()) held++;
					}
				}
				if (records.length() > 0) records.append(',');
				records.append(String.format(
					"{\"objects\":%d,\"found\":%d,\"intact\":%d,\"stamps\":%d,\"imprints\":%d,\"signatures\":%d,\"links\":%d,\"held\":%d,\"structure\":%b,\"indication\":\"%s\",\"subindication\":\"%s\"}",
					objects, found, intact, stamps, imprints, signatures, links, held, er.isStructuralValidationValid(),
					simple.getIndication(er.getId()), simple.getSubIndication(er.getId())));
			}
			return "{\"error\":null,\"records\":[" + records + "]}";
		} catch (Throwable e) {
			String text = String.valueOf(e.getMessage()).replace("\\", " ").replace("\"", "'").replace("\n", " ");
			return "{\"error\":\"" + e.getClass().getSimpleName() + ": " + text + "\",\"records\":[]}";
		}
	}

	public static void main(String[] args) throws Exception {
		CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
		if (args.length > 1)
			try (InputStream in = Files.newInputStream(Path.of(args[1]))) {
				for (Certificate c : CertificateFactory.getInstance("X.509").generateCertificates(in))
					anchors.addCertificate(new CertificateToken((X509Certificate) c));
			}
		for (String line : Files.readAllLines(new File(args[0]).toPath()))
			System.out.println(judge(line, anchors));
	}
}
