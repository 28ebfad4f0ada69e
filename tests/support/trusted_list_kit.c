/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/trusted_list_kit.h"

#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/xml.h"

#define TEXT_MAX ((size_t)1 << 20)
#define ROOT_END "</TrustServiceStatusList>"
#define DS " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\""
#define XADES " xmlns:xades=\"http://uri.etsi.org/01903/v1.3.2#\""
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define MORE_2007 "http://www.w3.org/2007/05/xmldsig-more#"

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "trusted_list_kit: %s\n", what);
	abort();
}

static void put(struct buf *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void put(struct buf *out, const char *fmt, ...)
{
	char text[16384];
	struct ltps_error err = LTPS_ERROR_INIT;
	va_list ap;
	va_start(ap, fmt);
	const int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	must(n >= 0 && (size_t)n < sizeof(text), "room");
	must(buf_put_text(out, text, &err) == 0, err.text);
}

static void put_base64(struct buf *out, struct view v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	must(b64_encode(v, out, &err) == 0, err.text);
}

static const char *or_else(const char *given, const char *usual)
{
	return given != NULL ? given : usual;
}

/* Reachable until the process ends. */
static struct kept {
	struct kept *next;
	char text[];
} *all_kept;

static const char *keep(struct buf *b)
{
	struct kept *k = calloc(1, sizeof(*k) + b->n + 1);
	must(k != NULL, "memory");
	memcpy(k->text, b->p, b->n);
	k->next = all_kept;
	all_kept = k;
	buf_free(b);
	return k->text;
}

/* ---- the list ---- */

static void put_scheme(const struct tlkit_list *o, struct buf *out)
{
	put(out,
	    "<SchemeInformation>"
	    "<TSLVersionIdentifier>%s</TSLVersionIdentifier>"
	    "<TSLSequenceNumber>%s</TSLSequenceNumber>"
	    "<TSLType>%s</TSLType>"
	    "<SchemeOperatorName><Name xml:lang=\"xx\">Betreiber</Name>"
	    "<Name xml:lang=\"en\">Operator</Name></SchemeOperatorName>"
	    "<SchemeOperatorAddress><PostalAddresses>"
	    "<PostalAddress xml:lang=\"en\"><StreetAddress>1</StreetAddress>"
	    "<Locality>L</Locality><CountryName>XX</CountryName></PostalAddress>"
	    "</PostalAddresses><ElectronicAddress>"
	    "<URI xml:lang=\"en\">mailto:a@example.test</URI>"
	    "</ElectronicAddress></SchemeOperatorAddress>"
	    "<SchemeName><Name xml:lang=\"en\">XX:Scheme</Name></SchemeName>",
	    or_else(o->version, "6"), or_else(o->sequence, "10"),
	    or_else(o->type,
		    "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric"));
	put(out,
	    "<SchemeInformationURI>%s</SchemeInformationURI>"
	    "<StatusDeterminationApproach>http://uri.etsi.org/TrstSvc/TrustedList/"
	    "StatusDetn/EUappropriate</StatusDeterminationApproach>"
	    "<SchemeTerritory>%s</SchemeTerritory>"
	    "<HistoricalInformationPeriod>65535</HistoricalInformationPeriod>",
	    or_else(o->information,
		    "<URI xml:lang=\"en\">http://example.test/scheme</URI>"),
	    or_else(o->territory, "XX"));
	if (o->pointers != NULL) {
		put(out, "<PointersToOtherTSL>");
		struct ltps_error err = LTPS_ERROR_INIT;
		must(buf_put_text(out, o->pointers, &err) == 0, err.text);
		put(out, "</PointersToOtherTSL>");
	}
	put(out, "<ListIssueDateTime>%s</ListIssueDateTime>",
	    or_else(o->issued, "2025-12-01T00:00:00Z"));
	if (o->closed)
		put(out, "<NextUpdate></NextUpdate>");
	else
		put(out, "<NextUpdate><dateTime>%s</dateTime></NextUpdate>",
		    or_else(o->next_update, "2026-06-01T00:00:00Z"));
	if (o->extension != NULL)
		put(out,
		    "<SchemeExtensions><Extension Critical=\"false\">%s</Extension>"
		    "</SchemeExtensions>",
		    o->extension);
	put(out, "</SchemeInformation>");
}

void tlkit_list(const struct tlkit_list *o, struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	put(out, "<TrustServiceStatusList xmlns=\"http://uri.etsi.org/02231/v2#\"");
	if (o->id != NULL)
		put(out, " Id=\"%s\"", o->id);
	put(out, " TSLTag=\"http://uri.etsi.org/19612/TSLTag\">\n");
	put_scheme(o, out);
	if (o->services != NULL) {
		put(out, "<TrustServiceProviderList><TrustServiceProvider>"
			 "<TSPInformation><TSPName><Name xml:lang=\"en\">Provider "
			 "&amp; Sons</Name></TSPName><TSPAddress></TSPAddress>"
			 "<TSPInformationURI></TSPInformationURI></TSPInformation>"
			 "<TSPServices>");
		must(buf_put_text(out, o->services, &err) == 0, err.text);
		put(out, "</TSPServices></TrustServiceProvider>"
			 "</TrustServiceProviderList>");
	}
	put(out, "%s", ROOT_END);
}

static void put_identity(struct buf *b, const struct fix_cert *cert)
{
	put(b, "<ServiceDigitalIdentity>");
	if (cert != NULL) {
		put(b, "<DigitalId><X509Certificate>");
		put_base64(b, cert->der);
		put(b, "</X509Certificate></DigitalId>");
	}
	put(b, "<DigitalId><X509SubjectName>CN=Service</X509SubjectName></DigitalId>"
	       "</ServiceDigitalIdentity>");
}

static void put_state(struct buf *b, const char *type, const char *status,
		      const char *from, const struct fix_cert *cert)
{
	put(b,
	    "<ServiceTypeIdentifier>%s</ServiceTypeIdentifier>"
	    "<ServiceName><Name xml:lang=\"en\">Service</Name></ServiceName>",
	    type);
	put_identity(b, cert);
	put(b,
	    "<ServiceStatus>%s%s</ServiceStatus>"
	    "<StatusStartingTime>%s</StatusStartingTime>",
	    strstr(status, "://") != NULL ? "" : TLKIT_STATUS, status, from);
}

const char *tlkit_past(const char *type, const char *status, const char *from)
{
	struct buf b = buf_make(TEXT_MAX);
	put(&b, "<ServiceHistoryInstance>");
	put_state(&b, type, status, from, NULL);
	put(&b, "</ServiceHistoryInstance>");
	return keep(&b);
}

const char *tlkit_service(const char *type, const char *status, const char *from,
			  const struct fix_cert *cert, const char *history)
{
	struct buf b = buf_make(TEXT_MAX);
	put(&b, "<TSPService><ServiceInformation>");
	put_state(&b, type, status, from, cert);
	put(&b, "<ServiceInformationExtensions><Extension Critical=\"true\">"
		"<AdditionalServiceInformation><URI xml:lang=\"en\">http://uri.etsi.org/"
		"TrstSvc/TrustedList/SvcInfoExt/ForeSignatures</URI>"
		"</AdditionalServiceInformation></Extension>"
		"</ServiceInformationExtensions></ServiceInformation>");
	if (history != NULL)
		put(&b, "<ServiceHistory>%s</ServiceHistory>", history);
	put(&b, "</TSPService>");
	return keep(&b);
}

const char *tlkit_pointer(const char *location, const char *territory, const char *type,
			  const struct fix_cert *cert)
{
	struct buf b = buf_make(TEXT_MAX);
	put(&b, "<OtherTSLPointer><ServiceDigitalIdentities>");
	put_identity(&b, cert);
	put(&b,
	    "</ServiceDigitalIdentities><TSLLocation>%s</TSLLocation>"
	    "<AdditionalInformation><OtherInformation>"
	    "<TSLType>http://uri.etsi.org/TrstSvc/TrustedList/TSLType/%s</TSLType>"
	    "</OtherInformation><OtherInformation><SchemeTerritory>%s</SchemeTerritory>"
	    "</OtherInformation><OtherInformation>"
	    "<n:MimeType xmlns:n=\"http://uri.etsi.org/02231/v2/additionaltypes#\">"
	    "application/vnd.etsi.tsl+xml</n:MimeType></OtherInformation>"
	    "</AdditionalInformation></OtherTSLPointer>",
	    location, type, territory);
	return keep(&b);
}

/* ---- the signature ---- */

struct signing {
	const struct tlkit_signature *o;
	const char *method;
	struct buf info, properties;
	struct buf value;
};


static void put_digest(struct buf *b, const char *method, struct view octets, bool wrong)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	must(digest_once(xml_digest_from_uri(view_text(method)), octets, &d, &err) == 0,
	     err.text);
	d.p[0] ^= wrong;
	put(b,
	    "<ds:DigestMethod Algorithm=\"%s\"></ds:DigestMethod><ds:DigestValue>",
	    method);
	put_base64(b, digest_view(&d));
	put(b, "</ds:DigestValue>");
}

/* name: "V2", or "" of the first version. */
static void put_cert(struct buf *b, const struct tlkit_signature *o, const char *name)
{
	const struct fix_cert *named = o->named != NULL ? o->named : o->signer;
	const char *method = or_else(o->cert_digest, TLKIT_SHA256);
	const char *declared = o->inclusive ? "" : DS;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	must(digest_once(xml_digest_from_uri(view_text(method)), named->der, &d,
			 &err) == 0,
	     err.text);
	put(b,
	    "<xades:SigningCertificate%s><xades:Cert><xades:CertDigest>"
	    "<ds:DigestMethod%s Algorithm=\"%s\"></ds:DigestMethod>"
	    "<ds:DigestValue%s>",
	    name, declared, method, declared);
	put_base64(b, digest_view(&d));
	put(b,
	    "</ds:DigestValue></xades:CertDigest></xades:Cert>"
	    "</xades:SigningCertificate%s>",
	    name);
}

static void make_properties(struct signing *s)
{
	const char *time = or_else(s->o->time, "2025-12-01T00:00:00Z");
	struct buf *b = &s->properties;
	put(b,
	    "<xades:SignedProperties%s" XADES
	    " Id=\"props\"><xades:SignedSignatureProperties>",
	    s->o->inclusive ? " xmlns=\"http://uri.etsi.org/02231/v2#\"" DS : "");
	if (time[0] != '\0')
		put(b, "<xades:SigningTime>%s</xades:SigningTime>", time);
	if (s->o->first_version || s->o->both)
		put_cert(b, s->o, "");
	if (!s->o->first_version && !s->o->no_certificate)
		put_cert(b, s->o, "V2");
	put(b, "</xades:SignedSignatureProperties></xades:SignedProperties>");
}

static void make_info(struct signing *s, struct view list)
{
	const struct tlkit_signature *o = s->o;
	const char *digest = or_else(o->digest, TLKIT_SHA256);
	struct buf *b = &s->info;
	put(b,
	    "<ds:SignedInfo" DS "><ds:CanonicalizationMethod Algorithm=\"%s\">"
	    "</ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"%s\">"
	    "</ds:SignatureMethod><ds:Reference Id=\"r\" URI=\"%s\"><ds:Transforms>%s"
	    "</ds:Transforms>",
	    or_else(o->canonicalization, TLKIT_EXC), s->method, or_else(o->uri, ""),
	    or_else(o->transforms, TLKIT_TRANSFORMS));
	put_digest(b, digest, list, o->wrong_digest);
	put(b, "</ds:Reference>");
	if (!o->no_properties) {
		put(b,
		    "<ds:Reference Type=\"http://uri.etsi.org/01903#SignedProperties\" "
		    "URI=\"%s\">",
		    or_else(o->properties_uri, "#props"));
		if (!o->inclusive || o->properties_transforms != NULL)
			put(b, "<ds:Transforms>%s</ds:Transforms>",
			    or_else(o->properties_transforms,
				    TLKIT_TRANSFORM(TLKIT_EXC)));
		put_digest(b, digest, view_buf(&s->properties), o->wrong_properties);
		put(b, "</ds:Reference>");
	}
	put(b, "%s</ds:SignedInfo>", or_else(o->more, ""));
}

static const char *usual_method(EVP_PKEY *key)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		return MORE "ecdsa-sha256";
	case EVP_PKEY_ED25519:
		return "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519";
	default:
		return MORE "rsa-sha256";
	}
}

/* XML Signature 1.1 6.4.3: both integers in fixed length. */
static void flatten(struct buf *value, EVP_PKEY *key)
{
	const int half = (EVP_PKEY_get_bits(key) + 7) / 8;
	const unsigned char *p = value->p;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)value->n);
	must(sig != NULL, "ECDSA");
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), value->p, half);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), value->p + half, half);
	value->n = 2 * (size_t)half;
	ECDSA_SIG_free(sig);
}

static const char *digest_of(const char *method)
{
	if (strstr(method, "eddsa") != NULL)
		return NULL;
	return strstr(method, "sha1") != NULL     ? "SHA1"
	       : strstr(method, "sha384") != NULL ? "SHA384"
	       : strstr(method, "sha512") != NULL ? "SHA512"
						  : "SHA256";
}

static void make_value(struct signing *s)
{
	EVP_PKEY *key = s->o->signer->key;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	struct ltps_error err = LTPS_ERROR_INIT;
	size_t n = 4096;
	must(ctx != NULL && buf_reserve(&s->value, n, &err) == 0, "memory");
	must(EVP_DigestSignInit_ex(ctx, &pctx, digest_of(s->method), NULL, NULL, key,
				   NULL) == 1,
	     "key");
	if (strstr(s->method, "MGF1") != NULL)
		must(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
			 EVP_PKEY_CTX_set_rsa_pss_saltlen(
			     pctx, RSA_PSS_SALTLEN_DIGEST) == 1,
		     "PSS");
	must(EVP_DigestSign(ctx, s->value.p, &n, s->info.p, s->info.n) == 1, "signing");
	s->value.n = n;
	EVP_MD_CTX_free(ctx);
	if (strstr(s->method, "ecdsa") != NULL)
		flatten(&s->value, key);
	s->value.p[s->value.n / 2] ^= s->o->wrong_value;
}

static void put_signature(const struct signing *s, struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	put(out, "<ds:Signature" DS " Id=\"sig\">");
	must(buf_put(out, view_buf(&s->info), &err) == 0, err.text);
	put(out, "<ds:SignatureValue>");
	put_base64(out, view_buf(&s->value));
	put(out, "</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>");
	put_base64(out, s->o->signer->der);
	put(out, "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>");
	if (!s->o->no_properties) {
		put(out, "<ds:Object><xades:QualifyingProperties" XADES
			 " Target=\"#sig\">");
		must(buf_put(out, view_buf(&s->properties), &err) == 0, err.text);
		put(out, "%s</xades:QualifyingProperties></ds:Object>",
		    or_else(s->o->unsigned_properties, ""));
	}
	put(out, "</ds:Signature>");
}

void tlkit_sign(struct view list, const struct tlkit_signature *o, struct buf *out)
{
	struct signing s = { .o = o,
			     .method = or_else(o->method, usual_method(o->signer->key)),
			     .info = buf_make(TEXT_MAX),
			     .properties = buf_make(TEXT_MAX),
			     .value = buf_make(TEXT_MAX) };
	const size_t end = sizeof(ROOT_END) - 1;
	struct ltps_error err = LTPS_ERROR_INIT;
	must(list.n > end, "no list");
	make_properties(&s);
	make_info(&s, list);
	make_value(&s);
	must(buf_put(out, view_head(list, list.n - end), &err) == 0, err.text);
	put_signature(&s, out);
	put(out, "%s", ROOT_END);
	buf_free(&s.info);
	buf_free(&s.properties);
	buf_free(&s.value);
}
