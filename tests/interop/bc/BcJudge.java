// SPDX-License-Identifier: Apache-2.0
// BcJudge LIST TSA.pem - what Bouncy Castle says of evidence records. A line of
// LIST is RECORD<TAB>DATA[<TAB>DATA...]; one JSON object comes out for each:
// whether the record was read (its chains hang together), whether the data is in
// it (validatePresent), whether its last time-stamp is valid (validate), and the
// first error.
import java.io.File;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.cms.SignerInformationVerifier;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.tsp.ers.ERSByteData;
import org.bouncycastle.tsp.ers.ERSData;
import org.bouncycastle.tsp.ers.ERSDataGroup;
import org.bouncycastle.tsp.ers.ERSEvidenceRecord;

public final class BcJudge {
	private static String error;

	private interface Step {
		void run() throws Exception;
	}

	private static boolean passes(Step step) {
		try {
			step.run();
			return true;
		} catch (Throwable e) {
			String text = String.valueOf(e.getMessage()).replace("\\", " ").replace("\"", "'").replace("\n", " ");
			if (error == null)
				error = e.getClass().getSimpleName() + ": " + text;
			return false;
		}
	}

	private static ERSData data(String[] names) throws Exception {
		List<ERSData> data = new ArrayList<>();
		for (int i = 1; i < names.length; i++)
			data.add(new ERSByteData(Files.readAllBytes(Path.of(names[i]))));
		return data.size() == 1 ? data.get(0) : new ERSDataGroup(data);
	}

	private static String judge(String line, SignerInformationVerifier tsa) {
		String[] names = line.split("\t");
		ERSEvidenceRecord[] er = new ERSEvidenceRecord[1];
		error = null;
		boolean read = passes(() -> {
			DigestCalculatorProvider digests = new JcaDigestCalculatorProviderBuilder().build();
			er[0] = new ERSEvidenceRecord(Files.readAllBytes(Path.of(names[0])), digests);
		});
		boolean present = read && passes(() -> er[0].validatePresent(data(names), new Date()));
		boolean valid = read && passes(() -> er[0].validate(tsa));
		return String.format("{\"read\":%b,\"present\":%b,\"valid\":%b,\"error\":%s}", read, present, valid,
			error == null ? "null" : "\"" + error + "\"");
	}

	public static void main(String[] args) throws Exception {
		X509Certificate certificate;
		try (InputStream in = Files.newInputStream(Path.of(args[1]))) {
			certificate = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
		}
		SignerInformationVerifier tsa = new JcaSimpleSignerInfoVerifierBuilder().build(certificate);
		for (String line : Files.readAllLines(new File(args[0]).toPath()))
			System.out.println(judge(line, tsa));
	}
}
