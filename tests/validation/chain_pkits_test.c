/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases of NIST PKITS that need no revocation, each over its own path, with
 * the decisive defect. Cases that only revocation refuses are elsewhere.
 */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/corpus.h"
#include "validation/path_search.h"

#define ANCHOR "TrustAnchorRootCertificate"
/* 2026-01-01T00:00:00Z: the suite ends in 2030. */
#define NOW_MS ((int64_t)1767225600000)
#define POLICIES 9

/*
 * Certificates from the anchor down, without .crt; policies: digits of the NIST test
 * policies in the initial set, none is anyPolicy; flags: e explicit policy, m inhibit
 * mapping, a inhibit anyPolicy.
 */
struct row {
	const char *number, *target, *issuers, *policies, *flags;
	enum path_code why;
};

static const struct row rows[] = {
	/* 4.1 signatures */
	{ "4.1.1", "ValidCertificatePathTest1EE", "GoodCACert", "", "", PATH_OK },
	{ "4.1.2", "InvalidCASignatureTest2EE", "BadSignedCACert", "", "",
	  PATH_SIGNATURE },
	{ "4.1.3", "InvalidEESignatureTest3EE", "GoodCACert", "", "", PATH_SIGNATURE },
	{ "4.1.4", "ValidDSASignaturesTest4EE", "DSACACert", "", "", PATH_OK },
	{ "4.1.5", "ValidDSAParameterInheritanceTest5EE",
	  "DSACACert DSAParametersInheritedCACert", "", "", PATH_OK },
	{ "4.1.6", "InvalidDSASignatureTest6EE", "DSACACert", "", "", PATH_SIGNATURE },
	/* 4.2 validity */
	{ "4.2.1", "InvalidCAnotBeforeDateTest1EE", "BadnotBeforeDateCACert", "", "",
	  PATH_NOT_YET_VALID },
	{ "4.2.2", "InvalidEEnotBeforeDateTest2EE", "GoodCACert", "", "",
	  PATH_NOT_YET_VALID },
	{ "4.2.3", "Validpre2000UTCnotBeforeDateTest3EE", "GoodCACert", "", "",
	  PATH_OK },
	{ "4.2.4", "ValidGeneralizedTimenotBeforeDateTest4EE", "GoodCACert", "", "",
	  PATH_OK },
	{ "4.2.5", "InvalidCAnotAfterDateTest5EE", "BadnotAfterDateCACert", "", "",
	  PATH_EXPIRED },
	{ "4.2.6", "InvalidEEnotAfterDateTest6EE", "GoodCACert", "", "", PATH_EXPIRED },
	{ "4.2.7", "Invalidpre2000UTCEEnotAfterDateTest7EE", "GoodCACert", "", "",
	  PATH_EXPIRED },
	{ "4.2.8", "ValidGeneralizedTimenotAfterDateTest8EE", "GoodCACert", "", "",
	  PATH_OK },
	/* 4.3 name chaining */
	{ "4.3.1", "InvalidNameChainingTest1EE", "GoodCACert", "", "",
	  PATH_NAME_CHAINING },
	{ "4.3.2", "InvalidNameChainingOrderTest2EE", "NameOrderingCACert", "", "",
	  PATH_NAME_CHAINING },
	{ "4.3.3", "ValidNameChainingWhitespaceTest3EE", "GoodCACert", "", "",
	  PATH_OK },
	{ "4.3.4", "ValidNameChainingWhitespaceTest4EE", "GoodCACert", "", "",
	  PATH_OK },
	{ "4.3.5", "ValidNameChainingCapitalizationTest5EE", "GoodCACert", "", "",
	  PATH_OK },
	{ "4.3.6", "ValidNameUIDsTest6EE", "UIDCACert", "", "", PATH_OK },
	{ "4.3.7", "ValidRFC3280MandatoryAttributeTypesTest7EE",
	  "RFC3280MandatoryAttributeTypesCACert", "", "", PATH_OK },
	{ "4.3.8", "ValidRFC3280OptionalAttributeTypesTest8EE",
	  "RFC3280OptionalAttributeTypesCACert", "", "", PATH_OK },
	{ "4.3.9", "ValidUTF8StringEncodedNamesTest9EE", "UTF8StringEncodedNamesCACert",
	  "", "", PATH_OK },
	{ "4.3.10", "ValidRolloverfromPrintableStringtoUTF8StringTest10EE",
	  "RolloverfromPrintableStringtoUTF8StringCACert", "", "", PATH_OK },
	{ "4.3.11", "ValidUTF8StringCaseInsensitiveMatchTest11EE",
	  "UTF8StringCaseInsensitiveMatchCACert", "", "", PATH_OK },
	/* 4.6 basic constraints */
	{ "4.6.1", "InvalidMissingbasicConstraintsTest1EE",
	  "MissingbasicConstraintsCACert", "", "", PATH_NOT_A_CA },
	{ "4.6.2", "InvalidcAFalseTest2EE", "basicConstraintsCriticalcAFalseCACert", "",
	  "", PATH_NOT_A_CA },
	{ "4.6.3", "InvalidcAFalseTest3EE", "basicConstraintsNotCriticalcAFalseCACert",
	  "", "", PATH_NOT_A_CA },
	{ "4.6.4", "ValidbasicConstraintsNotCriticalTest4EE",
	  "basicConstraintsNotCriticalCACert", "", "", PATH_OK },
	{ "4.6.5", "InvalidpathLenConstraintTest5EE",
	  "pathLenConstraint0CACert pathLenConstraint0subCACert", "", "",
	  PATH_PATH_LEN },
	{ "4.6.6", "InvalidpathLenConstraintTest6EE",
	  "pathLenConstraint0CACert pathLenConstraint0subCACert", "", "",
	  PATH_PATH_LEN },
	{ "4.6.7", "ValidpathLenConstraintTest7EE", "pathLenConstraint0CACert", "", "",
	  PATH_OK },
	{ "4.6.8", "ValidpathLenConstraintTest8EE", "pathLenConstraint0CACert", "", "",
	  PATH_OK },
	{ "4.6.9", "InvalidpathLenConstraintTest9EE",
	  "pathLenConstraint6CACert pathLenConstraint6subCA0Cert "
	  "pathLenConstraint6subsubCA00Cert",
	  "", "", PATH_PATH_LEN },
	{ "4.6.10", "InvalidpathLenConstraintTest10EE",
	  "pathLenConstraint6CACert pathLenConstraint6subCA0Cert "
	  "pathLenConstraint6subsubCA00Cert",
	  "", "", PATH_PATH_LEN },
	{ "4.6.11", "InvalidpathLenConstraintTest11EE",
	  "pathLenConstraint6CACert pathLenConstraint6subCA1Cert "
	  "pathLenConstraint6subsubCA11Cert pathLenConstraint6subsubsubCA11XCert",
	  "", "", PATH_PATH_LEN },
	{ "4.6.12", "InvalidpathLenConstraintTest12EE",
	  "pathLenConstraint6CACert pathLenConstraint6subCA1Cert "
	  "pathLenConstraint6subsubCA11Cert pathLenConstraint6subsubsubCA11XCert",
	  "", "", PATH_PATH_LEN },
	{ "4.6.13", "ValidpathLenConstraintTest13EE",
	  "pathLenConstraint6CACert pathLenConstraint6subCA4Cert "
	  "pathLenConstraint6subsubCA41Cert pathLenConstraint6subsubsubCA41XCert",
	  "", "", PATH_OK },
	{ "4.6.14", "ValidpathLenConstraintTest14EE",
	  "pathLenConstraint6CACert pathLenConstraint6subCA4Cert "
	  "pathLenConstraint6subsubCA41Cert pathLenConstraint6subsubsubCA41XCert",
	  "", "", PATH_OK },
	{ "4.6.15", "ValidSelfIssuedpathLenConstraintTest15EE",
	  "pathLenConstraint0CACert pathLenConstraint0SelfIssuedCACert", "", "",
	  PATH_OK },
	{ "4.6.16", "InvalidSelfIssuedpathLenConstraintTest16EE",
	  "pathLenConstraint0CACert pathLenConstraint0SelfIssuedCACert "
	  "pathLenConstraint0subCA2Cert",
	  "", "", PATH_PATH_LEN },
	{ "4.6.17", "ValidSelfIssuedpathLenConstraintTest17EE",
	  "pathLenConstraint1CACert pathLenConstraint1SelfIssuedCACert "
	  "pathLenConstraint1subCACert pathLenConstraint1SelfIssuedsubCACert",
	  "", "", PATH_OK },
	/* 4.7 key usage */
	{ "4.7.1", "InvalidkeyUsageCriticalkeyCertSignFalseTest1EE",
	  "keyUsageCriticalkeyCertSignFalseCACert", "", "", PATH_CA_KEY_USAGE },
	{ "4.7.2", "InvalidkeyUsageNotCriticalkeyCertSignFalseTest2EE",
	  "keyUsageNotCriticalkeyCertSignFalseCACert", "", "", PATH_CA_KEY_USAGE },
	{ "4.7.3", "ValidkeyUsageNotCriticalTest3EE", "keyUsageNotCriticalCACert", "",
	  "", PATH_OK },
	/* 4.8 certificate policies */
	{ "4.8.1", "ValidCertificatePathTest1EE", "GoodCACert", "", "", PATH_OK },
	{ "4.8.1", "ValidCertificatePathTest1EE", "GoodCACert", "", "e", PATH_OK },
	{ "4.8.1", "ValidCertificatePathTest1EE", "GoodCACert", "1", "e", PATH_OK },
	{ "4.8.1", "ValidCertificatePathTest1EE", "GoodCACert", "2", "e", PATH_POLICY },
	{ "4.8.1", "ValidCertificatePathTest1EE", "GoodCACert", "2", "", PATH_OK },
	{ "4.8.1", "ValidCertificatePathTest1EE", "GoodCACert", "12", "", PATH_OK },
	{ "4.8.2", "AllCertificatesNoPoliciesTest2EE", "NoPoliciesCACert", "", "",
	  PATH_OK },
	{ "4.8.2", "AllCertificatesNoPoliciesTest2EE", "NoPoliciesCACert", "", "e",
	  PATH_POLICY },
	{ "4.8.3", "DifferentPoliciesTest3EE", "GoodCACert PoliciesP2subCACert", "", "",
	  PATH_OK },
	{ "4.8.3", "DifferentPoliciesTest3EE", "GoodCACert PoliciesP2subCACert", "",
	  "e", PATH_POLICY },
	{ "4.8.3", "DifferentPoliciesTest3EE", "GoodCACert PoliciesP2subCACert", "12",
	  "e", PATH_POLICY },
	{ "4.8.4", "DifferentPoliciesTest4EE", "GoodCACert GoodsubCACert", "", "",
	  PATH_POLICY },
	{ "4.8.5", "DifferentPoliciesTest5EE", "GoodCACert PoliciesP2subCA2Cert", "",
	  "", PATH_POLICY },
	{ "4.8.6", "OverlappingPoliciesTest6EE",
	  "PoliciesP1234CACert PoliciesP1234subCAP123Cert "
	  "PoliciesP1234subsubCAP123P12Cert",
	  "", "", PATH_OK },
	{ "4.8.6", "OverlappingPoliciesTest6EE",
	  "PoliciesP1234CACert PoliciesP1234subCAP123Cert "
	  "PoliciesP1234subsubCAP123P12Cert",
	  "1", "", PATH_OK },
	{ "4.8.6", "OverlappingPoliciesTest6EE",
	  "PoliciesP1234CACert PoliciesP1234subCAP123Cert "
	  "PoliciesP1234subsubCAP123P12Cert",
	  "2", "", PATH_POLICY },
	{ "4.8.6", "OverlappingPoliciesTest6EE",
	  "PoliciesP1234CACert PoliciesP1234subCAP123Cert "
	  "PoliciesP1234subsubCAP123P12Cert",
	  "2", "e", PATH_POLICY },
	{ "4.8.7", "DifferentPoliciesTest7EE",
	  "PoliciesP123CACert PoliciesP123subCAP12Cert PoliciesP123subsubCAP12P1Cert",
	  "", "", PATH_POLICY },
	{ "4.8.8", "DifferentPoliciesTest8EE",
	  "PoliciesP12CACert PoliciesP12subCAP1Cert PoliciesP12subsubCAP1P2Cert", "",
	  "", PATH_POLICY },
	{ "4.8.9", "DifferentPoliciesTest9EE",
	  "PoliciesP123CACert PoliciesP123subCAP12Cert PoliciesP123subsubCAP12P2Cert "
	  "PoliciesP123subsubsubCAP12P2P1Cert",
	  "", "", PATH_POLICY },
	{ "4.8.10", "AllCertificatesSamePoliciesTest10EE", "PoliciesP12CACert", "", "",
	  PATH_OK },
	{ "4.8.10", "AllCertificatesSamePoliciesTest10EE", "PoliciesP12CACert", "1", "",
	  PATH_OK },
	{ "4.8.10", "AllCertificatesSamePoliciesTest10EE", "PoliciesP12CACert", "2", "",
	  PATH_OK },
	{ "4.8.11", "AllCertificatesanyPolicyTest11EE", "anyPolicyCACert", "", "",
	  PATH_OK },
	{ "4.8.11", "AllCertificatesanyPolicyTest11EE", "anyPolicyCACert", "1", "",
	  PATH_OK },
	{ "4.8.12", "DifferentPoliciesTest12EE", "PoliciesP3CACert", "", "",
	  PATH_POLICY },
	{ "4.8.13", "AllCertificatesSamePoliciesTest13EE", "PoliciesP123CACert", "", "",
	  PATH_OK },
	{ "4.8.13", "AllCertificatesSamePoliciesTest13EE", "PoliciesP123CACert", "1",
	  "", PATH_OK },
	{ "4.8.13", "AllCertificatesSamePoliciesTest13EE", "PoliciesP123CACert", "2",
	  "", PATH_OK },
	{ "4.8.13", "AllCertificatesSamePoliciesTest13EE", "PoliciesP123CACert", "3",
	  "", PATH_OK },
	{ "4.8.13", "AllCertificatesSamePoliciesTest13EE", "PoliciesP123CACert", "12",
	  "", PATH_OK },
	{ "4.8.14", "AnyPolicyTest14EE", "anyPolicyCACert", "", "", PATH_OK },
	{ "4.8.14", "AnyPolicyTest14EE", "anyPolicyCACert", "1", "", PATH_OK },
	{ "4.8.14", "AnyPolicyTest14EE", "anyPolicyCACert", "12", "", PATH_OK },
	{ "4.8.14", "AnyPolicyTest14EE", "anyPolicyCACert", "2", "", PATH_POLICY },
	/* 4.9 require explicit policy */
	{ "4.9.1", "ValidrequireExplicitPolicyTest1EE",
	  "requireExplicitPolicy10CACert requireExplicitPolicy10subCACert "
	  "requireExplicitPolicy10subsubCACert requireExplicitPolicy10subsubsubCACert",
	  "", "", PATH_OK },
	{ "4.9.2", "ValidrequireExplicitPolicyTest2EE",
	  "requireExplicitPolicy5CACert requireExplicitPolicy5subCACert "
	  "requireExplicitPolicy5subsubCACert requireExplicitPolicy5subsubsubCACert",
	  "", "", PATH_OK },
	{ "4.9.3", "InvalidrequireExplicitPolicyTest3EE",
	  "requireExplicitPolicy4CACert requireExplicitPolicy4subCACert "
	  "requireExplicitPolicy4subsubCACert requireExplicitPolicy4subsubsubCACert",
	  "", "", PATH_POLICY },
	{ "4.9.4", "ValidrequireExplicitPolicyTest4EE",
	  "requireExplicitPolicy0CACert requireExplicitPolicy0subCACert "
	  "requireExplicitPolicy0subsubCACert requireExplicitPolicy0subsubsubCACert",
	  "", "", PATH_OK },
	{ "4.9.5", "InvalidrequireExplicitPolicyTest5EE",
	  "requireExplicitPolicy7CACert requireExplicitPolicy7subCARE2Cert "
	  "requireExplicitPolicy7subsubCARE2RE4Cert "
	  "requireExplicitPolicy7subsubsubCARE2RE4Cert",
	  "", "", PATH_POLICY },
	{ "4.9.6", "ValidSelfIssuedrequireExplicitPolicyTest6EE",
	  "requireExplicitPolicy2CACert requireExplicitPolicy2SelfIssuedCACert", "", "",
	  PATH_OK },
	{ "4.9.7", "InvalidSelfIssuedrequireExplicitPolicyTest7EE",
	  "requireExplicitPolicy2CACert requireExplicitPolicy2SelfIssuedCACert "
	  "requireExplicitPolicy2subCACert",
	  "", "", PATH_POLICY },
	{ "4.9.8", "InvalidSelfIssuedrequireExplicitPolicyTest8EE",
	  "requireExplicitPolicy2CACert requireExplicitPolicy2SelfIssuedCACert "
	  "requireExplicitPolicy2subCACert requireExplicitPolicy2SelfIssuedsubCACert",
	  "", "", PATH_POLICY },
	/* 4.10 policy mappings */
	{ "4.10.1", "ValidPolicyMappingTest1EE", "Mapping1to2CACert", "1", "",
	  PATH_OK },
	{ "4.10.1", "ValidPolicyMappingTest1EE", "Mapping1to2CACert", "2", "",
	  PATH_POLICY },
	{ "4.10.1", "ValidPolicyMappingTest1EE", "Mapping1to2CACert", "", "m",
	  PATH_POLICY },
	{ "4.10.1", "ValidPolicyMappingTest1EE", "Mapping1to2CACert", "1", "m",
	  PATH_POLICY },
	{ "4.10.2", "InvalidPolicyMappingTest2EE", "Mapping1to2CACert", "", "",
	  PATH_POLICY },
	{ "4.10.2", "InvalidPolicyMappingTest2EE", "Mapping1to2CACert", "", "m",
	  PATH_POLICY },
	{ "4.10.3", "ValidPolicyMappingTest3EE",
	  "P12Mapping1to3CACert P12Mapping1to3subCACert P12Mapping1to3subsubCACert",
	  "1", "", PATH_POLICY },
	{ "4.10.3", "ValidPolicyMappingTest3EE",
	  "P12Mapping1to3CACert P12Mapping1to3subCACert P12Mapping1to3subsubCACert",
	  "2", "", PATH_OK },
	{ "4.10.4", "InvalidPolicyMappingTest4EE",
	  "P12Mapping1to3CACert P12Mapping1to3subCACert P12Mapping1to3subsubCACert", "",
	  "", PATH_POLICY },
	{ "4.10.5", "ValidPolicyMappingTest5EE",
	  "P1Mapping1to234CACert P1Mapping1to234subCACert", "1", "", PATH_OK },
	{ "4.10.5", "ValidPolicyMappingTest5EE",
	  "P1Mapping1to234CACert P1Mapping1to234subCACert", "6", "", PATH_POLICY },
	{ "4.10.6", "ValidPolicyMappingTest6EE",
	  "P1Mapping1to234CACert P1Mapping1to234subCACert", "1", "", PATH_OK },
	{ "4.10.6", "ValidPolicyMappingTest6EE",
	  "P1Mapping1to234CACert P1Mapping1to234subCACert", "6", "", PATH_POLICY },
	{ "4.10.7", "InvalidMappingFromanyPolicyTest7EE", "MappingFromanyPolicyCACert",
	  "", "", PATH_POLICY_MAPPING },
	{ "4.10.8", "InvalidMappingToanyPolicyTest8EE", "MappingToanyPolicyCACert", "",
	  "", PATH_POLICY_MAPPING },
	{ "4.10.9", "ValidPolicyMappingTest9EE", "PanyPolicyMapping1to2CACert", "", "",
	  PATH_OK },
	{ "4.10.10", "InvalidPolicyMappingTest10EE",
	  "GoodCACert GoodsubCAPanyPolicyMapping1to2CACert", "", "", PATH_POLICY },
	{ "4.10.11", "ValidPolicyMappingTest11EE",
	  "GoodCACert GoodsubCAPanyPolicyMapping1to2CACert", "", "", PATH_OK },
	{ "4.10.13", "ValidPolicyMappingTest13EE", "P1anyPolicyMapping1to2CACert", "",
	  "", PATH_OK },
	{ "4.10.14", "ValidPolicyMappingTest14EE", "P1anyPolicyMapping1to2CACert", "",
	  "", PATH_OK },
	/* 4.11 inhibit policy mapping */
	{ "4.11.1", "InvalidinhibitPolicyMappingTest1EE",
	  "inhibitPolicyMapping0CACert inhibitPolicyMapping0subCACert", "", "",
	  PATH_POLICY },
	{ "4.11.2", "ValidinhibitPolicyMappingTest2EE",
	  "inhibitPolicyMapping1P12CACert inhibitPolicyMapping1P12subCACert", "", "",
	  PATH_OK },
	{ "4.11.3", "InvalidinhibitPolicyMappingTest3EE",
	  "inhibitPolicyMapping1P12CACert inhibitPolicyMapping1P12subCACert "
	  "inhibitPolicyMapping1P12subsubCACert",
	  "", "", PATH_POLICY },
	{ "4.11.4", "ValidinhibitPolicyMappingTest4EE",
	  "inhibitPolicyMapping1P12CACert inhibitPolicyMapping1P12subCACert "
	  "inhibitPolicyMapping1P12subsubCACert",
	  "", "", PATH_OK },
	{ "4.11.5", "InvalidinhibitPolicyMappingTest5EE",
	  "inhibitPolicyMapping5CACert inhibitPolicyMapping5subCACert "
	  "inhibitPolicyMapping5subsubCACert inhibitPolicyMapping5subsubsubCACert",
	  "", "", PATH_POLICY },
	{ "4.11.6", "InvalidinhibitPolicyMappingTest6EE",
	  "inhibitPolicyMapping1P12CACert inhibitPolicyMapping1P12subCAIPM5Cert "
	  "inhibitPolicyMapping1P12subsubCAIPM5Cert",
	  "", "", PATH_POLICY },
	{ "4.11.7", "ValidSelfIssuedinhibitPolicyMappingTest7EE",
	  "inhibitPolicyMapping1P1CACert inhibitPolicyMapping1P1SelfIssuedCACert "
	  "inhibitPolicyMapping1P1subCACert",
	  "", "", PATH_OK },
	{ "4.11.8", "InvalidSelfIssuedinhibitPolicyMappingTest8EE",
	  "inhibitPolicyMapping1P1CACert inhibitPolicyMapping1P1SelfIssuedCACert "
	  "inhibitPolicyMapping1P1subCACert inhibitPolicyMapping1P1subsubCACert",
	  "", "", PATH_POLICY },
	{ "4.11.9", "InvalidSelfIssuedinhibitPolicyMappingTest9EE",
	  "inhibitPolicyMapping1P1CACert inhibitPolicyMapping1P1SelfIssuedCACert "
	  "inhibitPolicyMapping1P1subCACert inhibitPolicyMapping1P1subsubCACert",
	  "", "", PATH_POLICY },
	{ "4.11.10", "InvalidSelfIssuedinhibitPolicyMappingTest10EE",
	  "inhibitPolicyMapping1P1CACert inhibitPolicyMapping1P1SelfIssuedCACert "
	  "inhibitPolicyMapping1P1subCACert inhibitPolicyMapping1P1SelfIssuedsubCACert",
	  "", "", PATH_POLICY },
	{ "4.11.11", "InvalidSelfIssuedinhibitPolicyMappingTest11EE",
	  "inhibitPolicyMapping1P1CACert inhibitPolicyMapping1P1SelfIssuedCACert "
	  "inhibitPolicyMapping1P1subCACert inhibitPolicyMapping1P1SelfIssuedsubCACert",
	  "", "", PATH_POLICY },
	/* 4.12 inhibit anyPolicy */
	{ "4.12.1", "InvalidinhibitAnyPolicyTest1EE", "inhibitAnyPolicy0CACert", "", "",
	  PATH_POLICY },
	{ "4.12.2", "ValidinhibitAnyPolicyTest2EE", "inhibitAnyPolicy0CACert", "", "",
	  PATH_OK },
	{ "4.12.3", "inhibitAnyPolicyTest3EE",
	  "inhibitAnyPolicy1CACert inhibitAnyPolicy1subCA1Cert", "", "", PATH_OK },
	{ "4.12.3", "inhibitAnyPolicyTest3EE",
	  "inhibitAnyPolicy1CACert inhibitAnyPolicy1subCA1Cert", "", "a", PATH_POLICY },
	{ "4.12.4", "InvalidinhibitAnyPolicyTest4EE",
	  "inhibitAnyPolicy1CACert inhibitAnyPolicy1subCA1Cert", "", "", PATH_POLICY },
	{ "4.12.5", "InvalidinhibitAnyPolicyTest5EE",
	  "inhibitAnyPolicy5CACert inhibitAnyPolicy5subCACert "
	  "inhibitAnyPolicy5subsubCACert",
	  "", "", PATH_POLICY },
	{ "4.12.6", "InvalidinhibitAnyPolicyTest6EE",
	  "inhibitAnyPolicy1CACert inhibitAnyPolicy1subCAIAP5Cert", "", "",
	  PATH_POLICY },
	{ "4.12.7", "ValidSelfIssuedinhibitAnyPolicyTest7EE",
	  "inhibitAnyPolicy1CACert inhibitAnyPolicy1SelfIssuedCACert "
	  "inhibitAnyPolicy1subCA2Cert",
	  "", "", PATH_OK },
	{ "4.12.8", "InvalidSelfIssuedinhibitAnyPolicyTest8EE",
	  "inhibitAnyPolicy1CACert inhibitAnyPolicy1SelfIssuedCACert "
	  "inhibitAnyPolicy1subCA2Cert inhibitAnyPolicy1subsubCA2Cert",
	  "", "", PATH_POLICY },
	{ "4.12.9", "ValidSelfIssuedinhibitAnyPolicyTest9EE",
	  "inhibitAnyPolicy1CACert inhibitAnyPolicy1SelfIssuedCACert "
	  "inhibitAnyPolicy1subCA2Cert inhibitAnyPolicy1SelfIssuedsubCA2Cert",
	  "", "", PATH_OK },
	{ "4.12.10", "InvalidSelfIssuedinhibitAnyPolicyTest10EE",
	  "inhibitAnyPolicy1CACert inhibitAnyPolicy1SelfIssuedCACert "
	  "inhibitAnyPolicy1subCA2Cert",
	  "", "", PATH_POLICY },
	/* 4.13 name constraints */
	{ "4.13.1", "ValidDNnameConstraintsTest1EE", "nameConstraintsDN1CACert", "", "",
	  PATH_OK },
	{ "4.13.2", "InvalidDNnameConstraintsTest2EE", "nameConstraintsDN1CACert", "",
	  "", PATH_NAME_NOT_PERMITTED },
	{ "4.13.3", "InvalidDNnameConstraintsTest3EE", "nameConstraintsDN1CACert", "",
	  "", PATH_NAME_NOT_PERMITTED },
	{ "4.13.4", "ValidDNnameConstraintsTest4EE", "nameConstraintsDN1CACert", "", "",
	  PATH_OK },
	{ "4.13.5", "ValidDNnameConstraintsTest5EE", "nameConstraintsDN2CACert", "", "",
	  PATH_OK },
	{ "4.13.6", "ValidDNnameConstraintsTest6EE", "nameConstraintsDN3CACert", "", "",
	  PATH_OK },
	{ "4.13.7", "InvalidDNnameConstraintsTest7EE", "nameConstraintsDN3CACert", "",
	  "", PATH_NAME_EXCLUDED },
	{ "4.13.8", "InvalidDNnameConstraintsTest8EE", "nameConstraintsDN4CACert", "",
	  "", PATH_NAME_EXCLUDED },
	{ "4.13.9", "InvalidDNnameConstraintsTest9EE", "nameConstraintsDN4CACert", "",
	  "", PATH_NAME_EXCLUDED },
	{ "4.13.10", "InvalidDNnameConstraintsTest10EE", "nameConstraintsDN5CACert", "",
	  "", PATH_NAME_EXCLUDED },
	{ "4.13.11", "ValidDNnameConstraintsTest11EE", "nameConstraintsDN5CACert", "",
	  "", PATH_OK },
	{ "4.13.12", "InvalidDNnameConstraintsTest12EE",
	  "nameConstraintsDN1CACert nameConstraintsDN1subCA1Cert", "", "",
	  PATH_NAME_NOT_PERMITTED },
	{ "4.13.13", "InvalidDNnameConstraintsTest13EE",
	  "nameConstraintsDN1CACert nameConstraintsDN1subCA2Cert", "", "",
	  PATH_NAME_NOT_PERMITTED },
	{ "4.13.14", "ValidDNnameConstraintsTest14EE",
	  "nameConstraintsDN1CACert nameConstraintsDN1subCA2Cert", "", "", PATH_OK },
	{ "4.13.15", "InvalidDNnameConstraintsTest15EE",
	  "nameConstraintsDN3CACert nameConstraintsDN3subCA1Cert", "", "",
	  PATH_NAME_EXCLUDED },
	{ "4.13.16", "InvalidDNnameConstraintsTest16EE",
	  "nameConstraintsDN3CACert nameConstraintsDN3subCA1Cert", "", "",
	  PATH_NAME_EXCLUDED },
	{ "4.13.17", "InvalidDNnameConstraintsTest17EE",
	  "nameConstraintsDN3CACert nameConstraintsDN3subCA2Cert", "", "",
	  PATH_NAME_EXCLUDED },
	{ "4.13.18", "ValidDNnameConstraintsTest18EE",
	  "nameConstraintsDN3CACert nameConstraintsDN3subCA2Cert", "", "", PATH_OK },
	{ "4.13.19", "ValidDNnameConstraintsTest19EE",
	  "nameConstraintsDN1CACert nameConstraintsDN1SelfIssuedCACert", "", "",
	  PATH_OK },
	/* Self-issued itself: not exempt, being the last. */
	{ "4.13.20", "InvalidDNnameConstraintsTest20EE", "nameConstraintsDN1CACert", "",
	  "", PATH_NAME_NOT_PERMITTED },
	{ "4.13.21", "ValidRFC822nameConstraintsTest21EE",
	  "nameConstraintsRFC822CA1Cert", "", "", PATH_OK },
	{ "4.13.22", "InvalidRFC822nameConstraintsTest22EE",
	  "nameConstraintsRFC822CA1Cert", "", "", PATH_NAME_NOT_PERMITTED },
	{ "4.13.23", "ValidRFC822nameConstraintsTest23EE",
	  "nameConstraintsRFC822CA2Cert", "", "", PATH_OK },
	{ "4.13.24", "InvalidRFC822nameConstraintsTest24EE",
	  "nameConstraintsRFC822CA2Cert", "", "", PATH_NAME_NOT_PERMITTED },
	{ "4.13.25", "ValidRFC822nameConstraintsTest25EE",
	  "nameConstraintsRFC822CA3Cert", "", "", PATH_OK },
	{ "4.13.26", "InvalidRFC822nameConstraintsTest26EE",
	  "nameConstraintsRFC822CA3Cert", "", "", PATH_NAME_EXCLUDED },
	{ "4.13.27", "ValidDNandRFC822nameConstraintsTest27EE",
	  "nameConstraintsDN1CACert nameConstraintsDN1subCA3Cert", "", "", PATH_OK },
	{ "4.13.28", "InvalidDNandRFC822nameConstraintsTest28EE",
	  "nameConstraintsDN1CACert nameConstraintsDN1subCA3Cert", "", "",
	  PATH_NAME_NOT_PERMITTED },
	{ "4.13.29", "InvalidDNandRFC822nameConstraintsTest29EE",
	  "nameConstraintsDN1CACert nameConstraintsDN1subCA3Cert", "", "",
	  PATH_NAME_NOT_PERMITTED },
	{ "4.13.30", "ValidDNSnameConstraintsTest30EE", "nameConstraintsDNS1CACert", "",
	  "", PATH_OK },
	{ "4.13.31", "InvalidDNSnameConstraintsTest31EE", "nameConstraintsDNS1CACert",
	  "", "", PATH_NAME_NOT_PERMITTED },
	{ "4.13.32", "ValidDNSnameConstraintsTest32EE", "nameConstraintsDNS2CACert", "",
	  "", PATH_OK },
	{ "4.13.33", "InvalidDNSnameConstraintsTest33EE", "nameConstraintsDNS2CACert",
	  "", "", PATH_NAME_EXCLUDED },
	{ "4.13.34", "ValidURInameConstraintsTest34EE", "nameConstraintsURI1CACert", "",
	  "", PATH_OK },
	{ "4.13.35", "InvalidURInameConstraintsTest35EE", "nameConstraintsURI1CACert",
	  "", "", PATH_NAME_NOT_PERMITTED },
	{ "4.13.36", "ValidURInameConstraintsTest36EE", "nameConstraintsURI2CACert", "",
	  "", PATH_OK },
	{ "4.13.37", "InvalidURInameConstraintsTest37EE", "nameConstraintsURI2CACert",
	  "", "", PATH_NAME_EXCLUDED },
	{ "4.13.38", "InvalidDNSnameConstraintsTest38EE", "nameConstraintsDNS1CACert",
	  "", "", PATH_NAME_NOT_PERMITTED },
	/* 4.16 private extensions */
	{ "4.16.1", "ValidUnknownNotCriticalCertificateExtensionTest1EE", "", "", "",
	  PATH_OK },
	{ "4.16.2", "InvalidUnknownCriticalCertificateExtensionTest2EE", "", "", "",
	  PATH_CRITICAL_EXTENSION },
};

static struct cert *read_cert(const char *name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *c = NULL;
	char path[256];
	snprintf(path, sizeof(path), "pkits/certs/%s.crt", name);
	struct buf der = corpus_read(path);
	cr_assert_eq(cert_parse(view_buf(&der), &c, &err), 0, "%s: %s", name, err.text);
	buf_free(&der);
	return c;
}

/* Target first, anchor last. */
static void read_path(const struct row *r, struct path_candidate *c)
{
	const struct cert *down[PATH_CERTS_MAX];
	char issuers[512], *rest = NULL;
	size_t n = 0;
	cr_assert_lt(strlen(r->issuers), sizeof(issuers));
	strcpy(issuers, r->issuers);
	down[n++] = read_cert(ANCHOR);
	for (char *name = strtok_r(issuers, " ", &rest); name != NULL;
	     name = strtok_r(NULL, " ", &rest))
		down[n++] = read_cert(name);
	down[n++] = read_cert(r->target);
	for (size_t i = 0; i < n; i++)
		c->certs[i] = down[n - 1 - i];
	c->n_certs = n;
}

static void judge(const struct row *r, struct path_candidate *c)
{
	/* 2.16.840.1.101.3.2.1.48.n */
	static uint8_t oids[POLICIES][10];
	struct view policies[POLICIES];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_run run;
	struct path_input in = { .time_ms = NOW_MS,
				 .explicit_policy = strchr(r->flags, 'e') != NULL,
				 .inhibit_mapping = strchr(r->flags, 'm') != NULL,
				 .inhibit_any = strchr(r->flags, 'a') != NULL,
				 .initial_policies = policies };
	for (; r->policies[in.n_initial_policies] != '\0'; in.n_initial_policies++) {
		uint8_t *oid = oids[in.n_initial_policies];
		memcpy(oid, "\x60\x86\x48\x01\x65\x03\x02\x01\x30", 9);
		oid[9] = (uint8_t)(r->policies[in.n_initial_policies] - '0');
		policies[in.n_initial_policies] = view_of(oid, 10);
	}
	cr_assert_eq(path_run_init(&run, &in, &err), 0);
	cr_assert_eq(chain_check(&run, CHAIN_TIME_ALL, true, c, &err), 0, "%s",
		     err.text);
	path_run_clear(&run);
}

static void run_section(const char *prefix)
{
	size_t n = 0;
	if (!corpus_present())
		cr_skip("no corpus");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		if (strncmp(r->number, prefix, strlen(prefix)) != 0)
			continue;
		struct path_candidate *c = mem_zalloc(1, sizeof(*c));
		read_path(r, c);
		judge(r, c);
		cr_expect_eq(c->why, r->why, "%s %s [%s]: %s, expected %s: %s",
			     r->number, r->target, r->policies, path_code_name(c->why),
			     path_code_name(r->why),
			     c->n_findings > 0 ? c->findings[0].text : "");
		cr_expect_eq(c->status, r->why == PATH_OK ? PATH_VALID : PATH_INVALID);
		for (size_t k = 0; k < c->n_certs; k++)
			cert_free((struct cert *)(uintptr_t)c->certs[k]);
		mem_free(c);
		n++;
	}
	cr_assert_gt(n, 0);
	cr_assert_eq(ERR_peek_error(), 0);
}

#define SECTION(name, prefix)                                                          \
	Test(chain_pkits, name)                                                        \
	{                                                                              \
		run_section(prefix);                                                   \
	}
SECTION(signatures_when_judged_are_as_published, "4.1.")
SECTION(validity_when_judged_is_as_published, "4.2.")
SECTION(name_chaining_when_judged_is_as_published, "4.3.")
SECTION(basic_constraints_when_judged_are_as_published, "4.6.")
SECTION(key_usage_when_judged_is_as_published, "4.7.")
SECTION(policies_when_judged_are_as_published, "4.8.")
SECTION(require_explicit_policy_when_judged_is_as_published, "4.9.")
SECTION(policy_mappings_when_judged_are_as_published, "4.10.")
SECTION(inhibit_mapping_when_judged_is_as_published, "4.11.")
SECTION(inhibit_any_when_judged_is_as_published, "4.12.")
SECTION(name_constraints_when_judged_are_as_published, "4.13.")
SECTION(private_extensions_when_judged_are_as_published, "4.16.")
