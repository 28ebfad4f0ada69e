/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status on the files of NIST PKITS, sections 4.4 (basic revocation), 4.5
 * (self-issued), 4.14 (distribution points) and 4.15 (deltas): each case with its own
 * files and again with everything there is.
 */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/corpus.h"
#include "tests/support/pki_fixture.h"
#include "validation/path.h"

/* 2020-01-01: PKITS runs from 2010 to 2030. */
#define NOW ((int64_t)1577836800000)

struct pkits {
	const char *name;
	const char *target;
	const char *certs; /* beside the anchor, separated by spaces */
	const char *crls;  /* beside the anchor's own */
	enum path_code why;
};

static const struct pkits cases[] = {
	{ "4.4.1", "InvalidMissingCRLTest1EE", "NoCRLCACert", "",
	  PATH_REVOCATION_UNKNOWN },
	{ "4.4.2", "InvalidRevokedCATest2EE", "RevokedsubCACert GoodCACert",
	  "GoodCACRL RevokedsubCACRL", PATH_REVOKED },
	{ "4.4.3", "InvalidRevokedEETest3EE", "GoodCACert", "GoodCACRL", PATH_REVOKED },
	{ "4.4.4", "InvalidBadCRLSignatureTest4EE", "BadCRLSignatureCACert",
	  "BadCRLSignatureCACRL", PATH_REVOCATION_UNKNOWN },
	{ "4.4.5", "InvalidBadCRLIssuerNameTest5EE", "BadCRLIssuerNameCACert",
	  "BadCRLIssuerNameCACRL", PATH_REVOCATION_UNKNOWN },
	{ "4.4.6", "InvalidWrongCRLTest6EE", "WrongCRLCACert", "WrongCRLCACRL",
	  PATH_REVOCATION_UNKNOWN },
	{ "4.4.7", "ValidTwoCRLsTest7EE", "TwoCRLsCACert",
	  "TwoCRLsCAGoodCRL TwoCRLsCABadCRL", PATH_OK },
	{ "4.4.8", "InvalidUnknownCRLEntryExtensionTest8EE",
	  "UnknownCRLEntryExtensionCACert", "UnknownCRLEntryExtensionCACRL",
	  PATH_REVOCATION_UNKNOWN },
	{ "4.4.9", "InvalidUnknownCRLExtensionTest9EE", "UnknownCRLExtensionCACert",
	  "UnknownCRLExtensionCACRL", PATH_REVOCATION_UNKNOWN },
	{ "4.4.10", "InvalidUnknownCRLExtensionTest10EE", "UnknownCRLExtensionCACert",
	  "UnknownCRLExtensionCACRL", PATH_REVOCATION_UNKNOWN },
	{ "4.4.11", "InvalidOldCRLnextUpdateTest11EE", "OldCRLnextUpdateCACert",
	  "OldCRLnextUpdateCACRL", PATH_REVOCATION_STALE },
	{ "4.4.12", "Invalidpre2000CRLnextUpdateTest12EE", "pre2000CRLnextUpdateCACert",
	  "pre2000CRLnextUpdateCACRL", PATH_REVOCATION_UNKNOWN },
	{ "4.4.13", "ValidGeneralizedTimeCRLnextUpdateTest13EE",
	  "GeneralizedTimeCRLnextUpdateCACert", "GeneralizedTimeCRLnextUpdateCACRL",
	  PATH_OK },
	{ "4.4.14", "ValidNegativeSerialNumberTest14EE", "NegativeSerialNumberCACert",
	  "NegativeSerialNumberCACRL", PATH_OK },
	{ "4.4.15", "InvalidNegativeSerialNumberTest15EE", "NegativeSerialNumberCACert",
	  "NegativeSerialNumberCACRL", PATH_REVOKED },
	{ "4.4.16", "ValidLongSerialNumberTest16EE", "LongSerialNumberCACert",
	  "LongSerialNumberCACRL", PATH_OK },
	{ "4.4.17", "ValidLongSerialNumberTest17EE", "LongSerialNumberCACert",
	  "LongSerialNumberCACRL", PATH_OK },
	{ "4.4.18", "InvalidLongSerialNumberTest18EE", "LongSerialNumberCACert",
	  "LongSerialNumberCACRL", PATH_REVOKED },
	{ "4.4.19", "ValidSeparateCertificateandCRLKeysTest19EE",
	  ("SeparateCertificateandCRLKeysCertificateSigningCACert "
	   "SeparateCertificateandCRLKeysCRLSigningCert"),
	  "SeparateCertificateandCRLKeysCRL", PATH_OK },
	{ "4.4.20", "InvalidSeparateCertificateandCRLKeysTest20EE",
	  ("SeparateCertificateandCRLKeysCertificateSigningCACert "
	   "SeparateCertificateandCRLKeysCRLSigningCert"),
	  "SeparateCertificateandCRLKeysCRL", PATH_REVOKED },
	{ "4.4.21", "InvalidSeparateCertificateandCRLKeysTest21EE",
	  ("SeparateCertificateandCRLKeysCA2CertificateSigningCACert "
	   "SeparateCertificateandCRLKeysCA2CRLSigningCert"),
	  "SeparateCertificateandCRLKeysCA2CRL", PATH_REVOCATION_UNKNOWN },
	{ "4.5.1", "ValidBasicSelfIssuedOldWithNewTest1EE",
	  ("BasicSelfIssuedNewKeyOldWithNewCACert "
	   "BasicSelfIssuedNewKeyCACert"),
	  "BasicSelfIssuedNewKeyCACRL", PATH_OK },
	{ "4.5.2", "InvalidBasicSelfIssuedOldWithNewTest2EE",
	  ("BasicSelfIssuedNewKeyOldWithNewCACert "
	   "BasicSelfIssuedNewKeyCACert"),
	  "BasicSelfIssuedNewKeyCACRL", PATH_REVOKED },
	{ "4.5.3", "ValidBasicSelfIssuedNewWithOldTest3EE",
	  ("BasicSelfIssuedOldKeyCACert "
	   "BasicSelfIssuedOldKeyNewWithOldCACert"),
	  ("BasicSelfIssuedOldKeySelfIssuedCertCRL "
	   "BasicSelfIssuedOldKeyCACRL"),
	  PATH_OK },
	{ "4.5.4", "ValidBasicSelfIssuedNewWithOldTest4EE",
	  ("BasicSelfIssuedOldKeyCACert "
	   "BasicSelfIssuedOldKeyNewWithOldCACert"),
	  ("BasicSelfIssuedOldKeySelfIssuedCertCRL "
	   "BasicSelfIssuedOldKeyCACRL"),
	  PATH_OK },
	{ "4.5.5", "InvalidBasicSelfIssuedNewWithOldTest5EE",
	  ("BasicSelfIssuedOldKeyCACert "
	   "BasicSelfIssuedOldKeyNewWithOldCACert"),
	  ("BasicSelfIssuedOldKeySelfIssuedCertCRL "
	   "BasicSelfIssuedOldKeyCACRL"),
	  PATH_REVOKED },
	{ "4.5.6", "ValidBasicSelfIssuedCRLSigningKeyTest6EE",
	  ("BasicSelfIssuedCRLSigningKeyCACert "
	   "BasicSelfIssuedCRLSigningKeyCRLCert"),
	  ("BasicSelfIssuedCRLSigningKeyCRLCertCRL "
	   "BasicSelfIssuedCRLSigningKeyCACRL"),
	  PATH_OK },
	{ "4.5.7", "InvalidBasicSelfIssuedCRLSigningKeyTest7EE",
	  ("BasicSelfIssuedCRLSigningKeyCACert "
	   "BasicSelfIssuedCRLSigningKeyCRLCert"),
	  ("BasicSelfIssuedCRLSigningKeyCRLCertCRL "
	   "BasicSelfIssuedCRLSigningKeyCACRL"),
	  PATH_REVOKED },
	{ "4.5.8", "InvalidBasicSelfIssuedCRLSigningKeyTest8EE",
	  ("BasicSelfIssuedCRLSigningKeyCACert "
	   "BasicSelfIssuedCRLSigningKeyCRLCert"),
	  ("BasicSelfIssuedCRLSigningKeyCRLCertCRL "
	   "BasicSelfIssuedCRLSigningKeyCACRL"),
	  PATH_NOT_A_CA },
	{ "4.14.1", "ValiddistributionPointTest1EE", "distributionPoint1CACert",
	  "distributionPoint1CACRL", PATH_OK },
	{ "4.14.2", "InvaliddistributionPointTest2EE", "distributionPoint1CACert",
	  "distributionPoint1CACRL", PATH_REVOKED },
	{ "4.14.3", "InvaliddistributionPointTest3EE", "distributionPoint1CACert",
	  "distributionPoint1CACRL", PATH_REVOCATION_UNKNOWN },
	{ "4.14.4", "ValiddistributionPointTest4EE", "distributionPoint1CACert",
	  "distributionPoint1CACRL", PATH_OK },
	{ "4.14.5", "ValiddistributionPointTest5EE", "distributionPoint2CACert",
	  "distributionPoint2CACRL", PATH_OK },
	{ "4.14.6", "InvaliddistributionPointTest6EE", "distributionPoint2CACert",
	  "distributionPoint2CACRL", PATH_REVOKED },
	{ "4.14.7", "ValiddistributionPointTest7EE", "distributionPoint2CACert",
	  "distributionPoint2CACRL", PATH_OK },
	{ "4.14.8", "InvaliddistributionPointTest8EE", "distributionPoint2CACert",
	  "distributionPoint2CACRL", PATH_REVOCATION_UNKNOWN },
	{ "4.14.9", "InvaliddistributionPointTest9EE", "distributionPoint2CACert",
	  "distributionPoint2CACRL", PATH_REVOCATION_UNKNOWN },
	{ "4.14.10", "ValidNoissuingDistributionPointTest10EE",
	  "NoissuingDistributionPointCACert", "NoissuingDistributionPointCACRL",
	  PATH_OK },
	{ "4.14.11", "InvalidonlyContainsUserCertsTest11EE",
	  "onlyContainsUserCertsCACert", "onlyContainsUserCertsCACRL",
	  PATH_REVOCATION_UNKNOWN },
	{ "4.14.12", "InvalidonlyContainsCACertsTest12EE", "onlyContainsCACertsCACert",
	  "onlyContainsCACertsCACRL", PATH_REVOCATION_UNKNOWN },
	{ "4.14.13", "ValidonlyContainsCACertsTest13EE", "onlyContainsCACertsCACert",
	  "onlyContainsCACertsCACRL", PATH_OK },
	{ "4.14.14", "InvalidonlyContainsAttributeCertsTest14EE",
	  "onlyContainsAttributeCertsCACert", "onlyContainsAttributeCertsCACRL",
	  PATH_REVOCATION_UNKNOWN },
	{ "4.14.15", "InvalidonlySomeReasonsTest15EE", "onlySomeReasonsCA1Cert",
	  ("onlySomeReasonsCA1compromiseCRL "
	   "onlySomeReasonsCA1otherreasonsCRL"),
	  PATH_REVOKED },
	{ "4.14.16", "InvalidonlySomeReasonsTest16EE", "onlySomeReasonsCA1Cert",
	  ("onlySomeReasonsCA1compromiseCRL "
	   "onlySomeReasonsCA1otherreasonsCRL"),
	  PATH_ON_HOLD },
	{ "4.14.17", "InvalidonlySomeReasonsTest17EE", "onlySomeReasonsCA2Cert",
	  "onlySomeReasonsCA2CRL1 onlySomeReasonsCA2CRL2", PATH_REVOCATION_UNKNOWN },
	{ "4.14.18", "ValidonlySomeReasonsTest18EE", "onlySomeReasonsCA3Cert",
	  ("onlySomeReasonsCA3compromiseCRL "
	   "onlySomeReasonsCA3otherreasonsCRL"),
	  PATH_OK },
	{ "4.14.19", "ValidonlySomeReasonsTest19EE", "onlySomeReasonsCA4Cert",
	  ("onlySomeReasonsCA4compromiseCRL "
	   "onlySomeReasonsCA4otherreasonsCRL"),
	  PATH_OK },
	{ "4.14.20", "InvalidonlySomeReasonsTest20EE", "onlySomeReasonsCA4Cert",
	  ("onlySomeReasonsCA4compromiseCRL "
	   "onlySomeReasonsCA4otherreasonsCRL"),
	  PATH_REVOKED },
	{ "4.14.21", "InvalidonlySomeReasonsTest21EE", "onlySomeReasonsCA4Cert",
	  ("onlySomeReasonsCA4compromiseCRL "
	   "onlySomeReasonsCA4otherreasonsCRL"),
	  PATH_REVOKED },
	{ "4.14.22", "ValidIDPwithindirectCRLTest22EE", "indirectCRLCA1Cert",
	  "indirectCRLCA1CRL", PATH_OK },
	{ "4.14.23", "InvalidIDPwithindirectCRLTest23EE", "indirectCRLCA1Cert",
	  "indirectCRLCA1CRL", PATH_REVOKED },
	{ "4.14.24", "ValidIDPwithindirectCRLTest24EE",
	  "indirectCRLCA1Cert indirectCRLCA2Cert", "indirectCRLCA1CRL", PATH_OK },
	{ "4.14.25", "ValidIDPwithindirectCRLTest25EE",
	  "indirectCRLCA1Cert indirectCRLCA2Cert", "indirectCRLCA1CRL", PATH_OK },
	{ "4.14.26", "InvalidIDPwithindirectCRLTest26EE",
	  "indirectCRLCA1Cert indirectCRLCA2Cert", "indirectCRLCA1CRL",
	  PATH_REVOCATION_UNKNOWN },
	{ "4.14.27", "InvalidcRLIssuerTest27EE", "GoodCACert indirectCRLCA2Cert",
	  "GoodCACRL", PATH_REVOCATION_UNKNOWN },
	{ "4.14.28", "ValidcRLIssuerTest28EE",
	  "indirectCRLCA3Cert indirectCRLCA3cRLIssuerCert",
	  "indirectCRLCA3CRL indirectCRLCA3cRLIssuerCRL", PATH_OK },
	{ "4.14.29", "ValidcRLIssuerTest29EE",
	  "indirectCRLCA3Cert indirectCRLCA3cRLIssuerCert",
	  "indirectCRLCA3CRL indirectCRLCA3cRLIssuerCRL", PATH_OK },
	{ "4.14.30", "ValidcRLIssuerTest30EE",
	  "indirectCRLCA4Cert indirectCRLCA4cRLIssuerCert",
	  "indirectCRLCA4cRLIssuerCRL", PATH_OK },
	{ "4.14.31", "InvalidcRLIssuerTest31EE",
	  "indirectCRLCA5Cert indirectCRLCA6Cert", "indirectCRLCA5CRL", PATH_REVOKED },
	{ "4.14.32", "InvalidcRLIssuerTest32EE",
	  "indirectCRLCA5Cert indirectCRLCA6Cert", "indirectCRLCA5CRL", PATH_REVOKED },
	{ "4.14.33", "ValidcRLIssuerTest33EE", "indirectCRLCA5Cert indirectCRLCA6Cert",
	  "indirectCRLCA5CRL", PATH_OK },
	{ "4.14.34", "InvalidcRLIssuerTest34EE", "indirectCRLCA5Cert",
	  "indirectCRLCA5CRL", PATH_REVOKED },
	{ "4.14.35", "InvalidcRLIssuerTest35EE", "indirectCRLCA5Cert",
	  "indirectCRLCA5CRL", PATH_REVOCATION_UNKNOWN },
	{ "4.15.1", "InvaliddeltaCRLIndicatorNoBaseTest1EE",
	  "deltaCRLIndicatorNoBaseCACert", "deltaCRLIndicatorNoBaseCACRL",
	  PATH_REVOCATION_UNKNOWN },
	{ "4.15.2", "ValiddeltaCRLTest2EE", "deltaCRLCA1Cert",
	  "deltaCRLCA1CRL deltaCRLCA1deltaCRL", PATH_OK },
	{ "4.15.3", "InvaliddeltaCRLTest3EE", "deltaCRLCA1Cert",
	  "deltaCRLCA1CRL deltaCRLCA1deltaCRL", PATH_REVOKED },
	{ "4.15.4", "InvaliddeltaCRLTest4EE", "deltaCRLCA1Cert",
	  "deltaCRLCA1CRL deltaCRLCA1deltaCRL", PATH_REVOKED },
	{ "4.15.5", "ValiddeltaCRLTest5EE", "deltaCRLCA1Cert",
	  "deltaCRLCA1CRL deltaCRLCA1deltaCRL", PATH_OK },
	{ "4.15.6", "InvaliddeltaCRLTest6EE", "deltaCRLCA1Cert",
	  "deltaCRLCA1CRL deltaCRLCA1deltaCRL", PATH_REVOKED },
	{ "4.15.7", "ValiddeltaCRLTest7EE", "deltaCRLCA1Cert",
	  "deltaCRLCA1CRL deltaCRLCA1deltaCRL", PATH_OK },
	{ "4.15.8", "ValiddeltaCRLTest8EE", "deltaCRLCA2Cert",
	  "deltaCRLCA2CRL deltaCRLCA2deltaCRL", PATH_OK },
	{ "4.15.9", "InvaliddeltaCRLTest9EE", "deltaCRLCA2Cert",
	  "deltaCRLCA2CRL deltaCRLCA2deltaCRL", PATH_REVOKED },
	{ "4.15.10", "InvaliddeltaCRLTest10EE", "deltaCRLCA3Cert",
	  "deltaCRLCA3CRL deltaCRLCA3deltaCRL", PATH_REVOCATION_STALE },
};

static void add_file(struct material *m, enum material_kind kind, const char *folder,
		     const char *name, const char *suffix)
{
	char path[256];
	snprintf(path, sizeof(path), "pkits/%s/%s.%s", folder, name, suffix);
	struct buf b = corpus_read(path);
	fix_material_add(m, kind, view_buf(&b));
	buf_free(&b);
}

static void add_files(struct material *m, enum material_kind kind, const char *folder,
		      const char *names, const char *suffix)
{
	char name[128];
	for (int n; sscanf(names, "%127s%n", name, &n) == 1; names += n)
		add_file(m, kind, folder, name, suffix);
}

static void add_walked(const char *path, struct view bytes, void *arg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	bool crl = strstr(path, "/crls/") != NULL;
	/* The anchor's certificate is among them; a few do not decode. */
	if (material_add(arg, crl ? MATERIAL_CRL : MATERIAL_CERT, bytes, &err) != 0)
		cr_assert_eq(err.fault, LTPS_FAULT_OBJECT, "%s: %s", path, err.text);
}

static struct material *anchor_alone(void)
{
	struct material *m = fix_material(NULL, NULL);
	add_file(m, MATERIAL_ANCHOR, "certs", "TrustAnchorRootCertificate", "crt");
	return m;
}

static struct material *own_files(const struct pkits *c)
{
	struct material *m = anchor_alone();
	add_file(m, MATERIAL_CRL, "crls", "TrustAnchorRootCRL", "crl");
	add_files(m, MATERIAL_CERT, "certs", c->certs, "crt");
	add_files(m, MATERIAL_CRL, "crls", c->crls, "crl");
	return m;
}

static void expect_case(const struct pkits *c, const struct material *m)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_result *r = NULL;
	struct cert *target = NULL;
	char path[256];
	snprintf(path, sizeof(path), "pkits/certs/%s.crt", c->target);
	struct buf b = corpus_read(path);
	cr_assert_eq(cert_parse(view_buf(&b), &target, &err), 0, "%s", err.text);
	buf_free(&b);
	const struct path_input in = {
		.target = target, .pools = { m }, .n_pools = 1, .time_ms = NOW
	};
	cr_assert_eq(path_judge(&in, &r, &err), 0, "%s: %s", c->name, err.text);
	cr_assert_eq(ERR_peek_error(), 0);
	cr_expect_eq(r->status == PATH_VALID, c->why == PATH_OK, "%s: %s, %s", c->name,
		     path_status_name(r->status), path_code_name(r->why));
	cr_expect_eq(r->why, c->why, "%s: %s instead of %s", c->name,
		     path_code_name(r->why), path_code_name(c->why));
	path_result_free(r);
	cert_free(target);
}

Test(revocation_pkits, each_case_with_its_own_files)
{
	if (!corpus_present())
		cr_skip_test("no corpus beside the source tree");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct material *m = own_files(&cases[i]);
		expect_case(&cases[i], m);
		material_free(m);
	}
}

Test(revocation_pkits, each_case_with_all_files)
{
	if (!corpus_present())
		cr_skip_test("no corpus beside the source tree");
	struct material *m = anchor_alone();
	corpus_walk("pkits/certs", add_walked, m);
	corpus_walk("pkits/crls", add_walked, m);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_case(&cases[i], m);
	material_free(m);
}
