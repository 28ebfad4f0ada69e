// SPDX-License-Identifier: Apache-2.0
// DssMake LIST KEY.p12 PASSWORD ANCHORS.pem TSA - CAdES and PAdES signatures made and
// extended by EU DSS, with status from the network that the certificates name. Lines of LIST:
//   sign    FILE OUT LEVEL PACKAGING DIGEST [CONTENT]    (a signed FILE: one signer more)
//   extend  FILE OUT LEVEL [CONTENT]
//   counter FILE OUT DIGEST
// separated by tabs; LEVEL such as CAdES_BASELINE_LTA or PAdES_BASELINE_T, PACKAGING ENVELOPING or DETACHED
// (of a PDF not looked at).
// One JSON object comes out for each line.
import eu.europa.esig.dss.cades.CAdESSignatureParameters;
import eu.europa.esig.dss.cades.signature.CAdESCounterSignatureParameters;
import eu.europa.esig.dss.cades.signature.CAdESService;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.enumerations.SignaturePackaging;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.model.ToBeSigned;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.service.crl.OnlineCRLSource;
import eu.europa.esig.dss.service.http.commons.CommonsDataLoader;
import eu.europa.esig.dss.service.http.commons.OCSPDataLoader;
import eu.europa.esig.dss.service.http.commons.TimestampDataLoader;
import eu.europa.esig.dss.service.ocsp.OnlineOCSPSource;
import eu.europa.esig.dss.service.tsp.OnlineTSPSource;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.aia.DefaultAIASource;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.token.Pkcs12SignatureToken;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Date;
import java.util.List;

public final class DssMake {
	private final CAdESService service;
	private final PAdESService pdf;
	private final Pkcs12SignatureToken token;
	private final DSSPrivateKeyEntry key;

	private DssMake(String p12, String password, String anchors, String tsa) throws Exception {
		CommonCertificateVerifier verifier = new CommonCertificateVerifier();
		verifier.setTrustedCertSources(DssSignatures.anchors(anchors));
		verifier.setCrlSource(new OnlineCRLSource(new CommonsDataLoader()));
		verifier.setOcspSource(new OnlineOCSPSource(new OCSPDataLoader()));
		verifier.setAIASource(new DefaultAIASource(new CommonsDataLoader()));
		service = new CAdESService(verifier);
		service.setTspSource(new OnlineTSPSource(tsa, new TimestampDataLoader()));
		pdf = new PAdESService(verifier);
		pdf.setTspSource(new OnlineTSPSource(tsa, new TimestampDataLoader()));
		token = new Pkcs12SignatureToken(new File(p12), new KeyStore.PasswordProtection(password.toCharArray()));
		key = token.getKeys().get(0);
	}

	private CAdESSignatureParameters parameters(String level, String packaging, String digest) {
		CAdESSignatureParameters p = new CAdESSignatureParameters();
		p.setSignatureLevel(SignatureLevel.valueOf(level));
		p.setSignaturePackaging(SignaturePackaging.valueOf(packaging));
		p.setDigestAlgorithm(DigestAlgorithm.valueOf(digest));
		p.setSigningCertificate(key.getCertificate());
		p.setCertificateChain(key.getCertificateChain());
		p.bLevel().setSigningDate(new Date());
		return p;
	}

	private DSSDocument makePdf(String[] w, DSSDocument file) throws Exception {
		PAdESSignatureParameters p = new PAdESSignatureParameters();
		p.setSignatureLevel(SignatureLevel.valueOf(w[3]));
		if (w[0].equals("extend"))
			return pdf.extendDocument(file, p);
		p.setDigestAlgorithm(DigestAlgorithm.valueOf(w[5]));
		p.setSigningCertificate(key.getCertificate());
		p.setCertificateChain(key.getCertificateChain());
		p.bLevel().setSigningDate(new Date());
		ToBeSigned data = pdf.getDataToSign(file, p);
		return pdf.signDocument(file, p, token.sign(data, p.getDigestAlgorithm(), key));
	}

	private DSSDocument make(String[] w) throws Exception {
		DSSDocument file = new FileDocument(w[1]);
		if (w[3].startsWith("PAdES"))
			return makePdf(w, file);
		if (w[0].equals("sign")) {
			CAdESSignatureParameters p = parameters(w[3], w[4], w[5]);
			if (w.length > 6)
				p.setDetachedContents(List.of(new FileDocument(w[6])));
			ToBeSigned data = service.getDataToSign(file, p);
			SignatureValue value = token.sign(data, p.getDigestAlgorithm(), key);
			return service.signDocument(file, p, value);
		}
		if (w[0].equals("extend")) {
			CAdESSignatureParameters p = new CAdESSignatureParameters();
			p.setSignatureLevel(SignatureLevel.valueOf(w[3]));
			if (w.length > 4)
				p.setDetachedContents(List.of(new FileDocument(w[4])));
			return service.extendDocument(file, p);
		}
		CAdESCounterSignatureParameters p = new CAdESCounterSignatureParameters();
		p.setSignatureLevel(SignatureLevel.CAdES_BASELINE_B);
		p.setDigestAlgorithm(DigestAlgorithm.valueOf(w[3]));
		p.setSigningCertificate(key.getCertificate());
		p.setCertificateChain(key.getCertificateChain());
		p.bLevel().setSigningDate(new Date());
		p.setSignatureIdToCounterSign(SignedDocumentValidator.fromDocument(file).getSignatures().get(0).getId());
		ToBeSigned data = service.getDataToBeCounterSigned(file, p);
		return service.counterSignSignature(file, p, token.sign(data, p.getDigestAlgorithm(), key));
	}

	public static void main(String[] args) throws Exception {
		DssMake maker = new DssMake(args[1], args[2], args[3], args[4]);
		for (String line : Files.readAllLines(Path.of(args[0]))) {
			String[] words = line.split("\t");
			try {
				maker.make(words).save(words[2]);
				System.out.println("{\"error\":null}");
			} catch (Throwable e) {
				String text = (e.getClass().getSimpleName() + ": " + e.getMessage())
					.replace("\\", " ").replace("\"", "'").replaceAll("\\p{Cntrl}", " ");
				System.out.println("{\"error\":\"" + text + "\"}");
			}
		}
	}
}
