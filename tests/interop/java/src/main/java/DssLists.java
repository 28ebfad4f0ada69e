// SPDX-License-Identifier: Apache-2.0
// DssLists LIST - what EU DSS says of trusted lists, offline. A line of LIST is
// FILE<TAB>SIGNER.pem<TAB>VERSION; one JSON object comes out for each.
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.tsl.TrustServiceProvider;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.x509.CommonCertificateSource;
import eu.europa.esig.dss.tsl.parsing.TLParsingResult;
import eu.europa.esig.dss.tsl.parsing.TLParsingTask;
import eu.europa.esig.dss.tsl.source.TLSource;
import eu.europa.esig.dss.tsl.validation.TLValidatorTask;
import eu.europa.esig.dss.tsl.validation.ValidationResult;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

public final class DssLists {
	private static String quoted(Object o) {
		return o == null ? "null" : "\"" + String.valueOf(o).replace("\\", " ").replace("\"", "'")
			.replaceAll("\\p{Cntrl}", " ") + "\"";
	}

	private static long services(TLParsingResult r) {
		return r.getTrustServiceProviders().stream().map(TrustServiceProvider::getServices)
			.mapToLong(List::size).sum();
	}

	private static String parsed(DSSDocument document, int version) {
		TLSource source = new TLSource();
		source.setTLVersions(List.of(version));
		TLParsingResult r = new TLParsingTask(document, source).get();
		return String.format("\"sequence\":%s,\"territory\":%s,\"issued\":%s,\"services\":%d,\"messages\":%s",
			r.getSequenceNumber(), quoted(r.getTerritory()), quoted(r.getIssueDate().toInstant()), services(r),
			quoted(r.getStructureValidationMessages()));
	}

	private static String judge(String line) {
		String[] names = line.split("\t");
		DSSDocument document = new FileDocument(names[0]);
		CommonCertificateSource signers = new CommonCertificateSource();
		String indication = null, sub = null, parsed = "\"sequence\":null";
		try {
			signers.addCertificate(DSSUtils.loadCertificate(new File(names[1])));
			ValidationResult v = new TLValidatorTask(document, signers).get();
			indication = String.valueOf(v.getIndication());
			sub = String.valueOf(v.getSubIndication());
			parsed = parsed(document, Integer.parseInt(names[2]));
		} catch (RuntimeException e) {
			sub = e.toString();
		}
		return String.format("{\"indication\":%s,\"subindication\":%s,%s}", quoted(indication), quoted(sub), parsed);
	}

	public static void main(String[] args) throws Exception {
		for (String line : Files.readAllLines(Path.of(args[0])))
			System.out.println(judge(line));
	}
}
