// SPDX-License-Identifier: Apache-2.0
// DssSignatures LIST TIME [ANCHORS.pem [POLICY.xml [CRLS]]] - what EU DSS says of signed
// files at TIME (RFC 3339), offline, with the CRLs of that folder. A line of LIST is FILE[<TAB>CONTENT...], a content
// given as its path or as SHA256:BASE64, or PASSWORD:TEXT of a PDF; one JSON object
// comes out for each.
import eu.europa.esig.dss.diagnostic.AbstractSignatureWrapper;
import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.diagnostic.TimestampWrapper;
import eu.europa.esig.dss.diagnostic.EvidenceRecordWrapper;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.DigestDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.pades.validation.PDFDocumentValidator;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.File;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;

public final class DssSignatures {
	private static String quoted(Object o) {
		return o == null ? "null" : "\"" + String.valueOf(o).replace("\\", " ").replace("\"", "'")
			.replaceAll("\\p{Cntrl}", " ") + "\"";
	}

	// How many changes of each kind there are behind it: extension, form fill, annotation,
	// undefined; "" outside a PDF.
	private static String pdf(AbstractSignatureWrapper s) {
		if (s.getPDFRevision() == null)
			return "";
		return String.format(
			",\"pdf\":{\"range\":%b,\"dictionary\":%b,\"changes\":[%d,%d,%d,%d]}",
			s.isSignatureByteRangeValid(), s.isPdfSignatureDictionaryConsistent(),
			s.getPdfExtensionChanges().size(), s.getPdfSignatureOrFormFillChanges().size(),
			s.getPdfAnnotationChanges().size(), s.getPdfUndefinedChanges().size());
	}

	private static String stamp(TimestampWrapper t, SimpleReport simple) {
		return String.format(
			"{\"type\":%s,\"time\":%s,\"found\":%b,\"imprint\":%b,\"signature\":%b,\"indication\":%s,\"subindication\":%s%s}",
			quoted(t.getType()), quoted(t.getProductionTime().toInstant()), t.isMessageImprintDataFound(),
			t.isMessageImprintDataIntact(), t.isSignatureIntact(),
			quoted(simple.getIndication(t.getId())), quoted(simple.getSubIndication(t.getId())), pdf(t));
	}

	private static String signature(SignatureWrapper s, SimpleReport simple) {
		StringBuilder stamps = new StringBuilder();
		for (TimestampWrapper t : s.getTimestampList()) {
			if (stamps.length() > 0) stamps.append(',');
			stamps.append(stamp(t, simple));
		}
		boolean found = true, intact = true;
		for (var m : s.getDigestMatchers()) {
			found &= m.isDataFound();
			intact &= m.isDataIntact();
		}
		return String.format(
			"{\"counter\":%b,\"level\":%s,\"found\":%b,\"references\":%b,\"intact\":%b,\"indication\":%s,\"subindication\":%s,\"timestamps\":[%s]%s}",
			s.isCounterSignature(), quoted(s.getSignatureFormat()), found, intact, s.isSignatureIntact(),
			quoted(simple.getIndication(s.getId())), quoted(simple.getSubIndication(s.getId())), stamps, pdf(s));
	}

	private static boolean isPdf(DiagnosticData d) {
		return d.getSignatures().stream().anyMatch(s -> s.getPDFRevision() != null);
	}

	private static DSSDocument content(String name) {
		return name.startsWith("SHA256:")
			? new DigestDocument(DigestAlgorithm.SHA256, name.substring(7)) : new FileDocument(name);
	}

	private static ExternalResourcesCRLSource crls;

	private static void readCrls(String folder) throws Exception {
		try (Stream<Path> files = Files.list(Path.of(folder))) {
			crls = new ExternalResourcesCRLSource(files.filter(f -> f.toString().endsWith(".crl"))
				.map(f -> new FileDocument(f.toFile())).toArray(DSSDocument[]::new));
		}
	}

	private static SignedDocumentValidator open(String line, CommonTrustedCertificateSource anchors, Date time) {
		String[] names = line.split("\t");
		SignedDocumentValidator v = SignedDocumentValidator.fromDocument(new FileDocument(names[0]));
		CommonCertificateVerifier verifier = new CommonCertificateVerifier();
		verifier.setTrustedCertSources(anchors);
		if (crls != null)
			verifier.setCrlSource(crls);
		v.setCertificateVerifier(verifier);
		v.setValidationTime(time);
		List<DSSDocument> data = new ArrayList<>();
		for (int i = 1; i < names.length; i++) {
			if (names[i].startsWith("PASSWORD:"))
				((PDFDocumentValidator) v).setPasswordProtection(names[i].substring(9).toCharArray());
			else
				data.add(content(names[i]));
		}
		if (!data.isEmpty())
			v.setDetachedContents(data);
		return v;
	}

	private static String judge(String line, CommonTrustedCertificateSource anchors, Date time, File policy) {
		try {
			SignedDocumentValidator v = open(line, anchors, time);
			Reports reports = policy == null ? v.validateDocument() : v.validateDocument(policy);
			DiagnosticData d = reports.getDiagnosticData();
			SimpleReport simple = reports.getSimpleReport();
			StringBuilder signatures = new StringBuilder(), stamps = new StringBuilder(), records = new StringBuilder();
			for (SignatureWrapper s : d.getSignatures()) {
				if (signatures.length() > 0) signatures.append(',');
				signatures.append(signature(s, simple));
			}
			// Of a PDF all of them: its document time-stamps belong to no one signature.
			for (TimestampWrapper t : d.getNonEvidenceRecordTimestamps()) {
				if (d.getSignatures().isEmpty() || isPdf(d)) {
					if (stamps.length() > 0) stamps.append(',');
					stamps.append(stamp(t, simple));
				}
			}
			for (EvidenceRecordWrapper er : d.getEvidenceRecords()) {
				if (records.length() > 0) records.append(',');
				records.append(String.format("{\"indication\":%s,\"subindication\":%s}",
					quoted(simple.getIndication(er.getId())), quoted(simple.getSubIndication(er.getId()))));
			}
			return String.format("{\"error\":null,\"signatures\":[%s],\"timestamps\":[%s],\"records\":[%s]}",
				signatures, stamps, records);
		} catch (Throwable e) {
			return "{\"error\":" + quoted(e.getClass().getSimpleName() + ": " + e.getMessage())
				+ ",\"signatures\":[],\"timestamps\":[],\"records\":[]}";
		}
	}

	static CommonTrustedCertificateSource anchors(String path) throws Exception {
		CommonTrustedCertificateSource source = new CommonTrustedCertificateSource();
		if (path == null || path.isEmpty())
			return source;
		try (InputStream in = Files.newInputStream(Path.of(path))) {
			for (Certificate c : CertificateFactory.getInstance("X.509").generateCertificates(in))
				source.addCertificate(new CertificateToken((X509Certificate) c));
		}
		return source;
	}

	private static double cpuSeconds() {
		return ((com.sun.management.OperatingSystemMXBean)
			java.lang.management.ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e9;
	}

	// The same files over and over in this process, warm: how many, processor seconds,
	// peak memory in kB.
	private static void measure(List<String> lines, CommonTrustedCertificateSource anchors, Date time, int seconds)
			throws Exception {
		for (int i = 0; i < 100; i++)
			for (String line : lines)
				open(line, anchors, time).validateDocument();
		long n = 0, until = System.nanoTime() + seconds * 1_000_000_000L;
		double begin = cpuSeconds();
		while (System.nanoTime() < until) {
			for (String line : lines)
				open(line, anchors, time).validateDocument();
			n += lines.size();
		}
		double used = cpuSeconds() - begin;
		String peak = Files.readAllLines(Path.of("/proc/self/status")).stream()
			.filter(l -> l.startsWith("VmHWM")).findFirst().orElse("VmHWM: 0").replaceAll("\\D", "");
		System.out.printf("{\"files\":%d,\"seconds\":%.6f,\"kb\":%s}%n", n, used, peak);
	}

	public static void main(String[] args) throws Exception {
		List<String> lines = Files.readAllLines(Path.of(args[0]));
		Date time = Date.from(Instant.parse(args[1]));
		CommonTrustedCertificateSource anchors = anchors(args.length > 2 ? args[2] : null);
		if (args.length > 4 && args[3].equals("--measure")) {
			measure(lines, anchors, time, Integer.parseInt(args[4]));
			return;
		}
		File policy = args.length > 3 ? new File(args[3]) : null;
		if (args.length > 4)
			readCrls(args[4]);
		for (String line : lines)
			System.out.println(judge(line, anchors, time, policy));
	}
}
