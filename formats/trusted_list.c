/* SPDX-License-Identifier: Apache-2.0 */
/* trusted_list - the canonical form first, the content out of it. */
#include "formats/trusted_list.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "formats/trusted_list_private.h"
#include "formats/xml_c14n.h"

#define NS_TSL "http://uri.etsi.org/02231/v2#"
#define NS_TSL_MORE "http://uri.etsi.org/02231/v2/additionaltypes#"
#define NS_XML "http://www.w3.org/XML/1998/namespace"
#define SEQUENCE_DIGITS_MAX 18

#define TSL(name, required, many, read, type, member)                                  \
	{ NS_TSL, name, required, many, read, offsetof(struct type, member) }
#define TSL_SKIP(name, required, many)                                                 \
	{ NS_TSL, name, required, many, xml_child_skip, 0 }

/* ---- keeping ---- */

int tl_keep(struct trusted_list *l, struct view v, const char **ret,
	    struct ltps_error *err)
{
	char *text;
	if (arena_take(&l->arena, v.n + 1, 1, &text, err) != 0)
		return -1;
	memcpy(text, v.p, v.n);
	*ret = text;
	return 0;
}

int tl_grow(struct trusted_list *l, void *list, size_t n, const struct tl_bound *bound,
	    struct ltps_error *err)
{
	void *old, *bigger;
	if (n == bound->max)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "trusted list: more than %zu %s", n, bound->what);
	if ((n & (n - 1)) != 0) /* doubled at the powers of two */
		return 0;
	if (arena_take(&l->arena, n > 0 ? 2 * n : 1, bound->size, &bigger, err) != 0)
		return -1;
	memcpy(&old, list, sizeof(old));
	if (n > 0)
		memcpy(bigger, old, n * bound->size);
	memcpy(list, &bigger, sizeof(bigger));
	return 0;
}

static int add_text(struct trusted_list *l, struct trusted_list_texts *texts,
		    const char *text, struct ltps_error *err)
{
	static const struct tl_bound bound = { sizeof(const char *),
					       TRUSTED_LIST_URIS_MAX, "URIs" };
	if (tl_grow(l, &texts->list, texts->n, &bound, err) != 0)
		return -1;
	texts->list[texts->n++] = text;
	return 0;
}

/* ---- readers of one element ---- */

int tl_read_text(struct xml_reader *r, void *arg, void *at, struct ltps_error *err)
{
	struct buf text = buf_make(TRUSTED_LIST_TEXT_MAX);
	int rc = xml_collect(r, &text, err);
	const struct view v = xml_trim(view_buf(&text));
	if (rc == 0)
		rc = v.n > 0 ? tl_keep(arg, v, at, err)
			     : xml_fail_element(r, err, "is empty");
	buf_free(&text);
	return rc;
}

int tl_read_time(struct xml_reader *r, void *arg, void *at, struct ltps_error *err)
{
	const char *text;
	struct ltps_error bad = LTPS_ERROR_INIT;
	if (tl_read_text(r, arg, &text, err) != 0)
		return -1;
	if (time_parse_rfc3339(view_text(text), at, &bad) != 0)
		return xml_fail_element(r, err, "no date and time with a zone");
	return 0;
}

int tl_read_base64(struct xml_reader *r, void *arg, void *at, struct ltps_error *err)
{
	struct trusted_list *l = arg;
	struct buf octets = buf_make(b64_encoded_len(TRUSTED_LIST_CERT_MAX) * 2);
	int rc = xml_base64(r, &octets, err);
	if (rc == 0 && octets.n == 0)
		rc = xml_fail_element(r, err, "is empty");
	if (rc == 0)
		rc = arena_copy(&l->arena, view_buf(&octets), at, err);
	buf_free(&octets);
	return rc;
}

/* xsd:positiveInteger, and what a version is */
static int read_number(struct xml_reader *r, void *arg, void *at,
		       struct ltps_error *err)
{
	const char *text;
	uint64_t number = 0;
	if (tl_read_text(r, arg, &text, err) != 0)
		return -1;
	const size_t n = strlen(text);
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9' || n > SEQUENCE_DIGITS_MAX)
			return xml_fail_element(r, err, "no number");
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	memcpy(at, &number, sizeof(number));
	return 0;
}

static int read_version(struct xml_reader *r, void *arg, void *at,
			struct ltps_error *err)
{
	uint64_t number;
	if (read_number(r, arg, &number, err) != 0)
		return -1;
	*(uint32_t *)at = number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
	return 0;
}

/* ---- names and URIs ---- */

struct names {
	struct trusted_list *l;
	const char *first, *english;
};

static int read_name(struct xml_reader *r, void *arg, void *at, struct ltps_error *err)
{
	struct names *names = arg;
	const char *name;
	struct view lang = VIEW_NULL;
	(void)at;
	(void)xml_attr_in(r, NS_XML, "lang", &lang);
	const bool english = view_is_text(lang, "en");
	if (tl_read_text(r, names->l, &name, err) != 0)
		return -1;
	if (names->first == NULL)
		names->first = name;
	if (english && names->english == NULL)
		names->english = name;
	return 0;
}

/* InternationalNamesType: the English one, which a list has to have (5.1.4). */
static int read_names(struct xml_reader *r, void *arg, void *at, struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ NS_TSL, "Name", true, true, read_name, 0 },
	};
	struct names names = { .l = arg };
	if (xml_children(r, children, COUNT(children), &names, at, err) != 0)
		return -1;
	*(const char **)at = names.english != NULL ? names.english : names.first;
	return 0;
}

static int read_uri(struct xml_reader *r, void *arg, void *at, struct ltps_error *err)
{
	const char *uri;
	return tl_read_text(r, arg, &uri, err) == 0 ? add_text(arg, at, uri, err) : -1;
}

static int read_uris(struct xml_reader *r, void *arg, void *at, struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ NS_TSL, "URI", true, true, read_uri, 0 },
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

/* ---- ServiceDigitalIdentity, 5.5.3 ---- */

static int read_certificate(struct xml_reader *r, void *arg, void *at,
			    struct ltps_error *err)
{
	static const struct tl_bound bound = {
		sizeof(struct view), TRUSTED_LIST_IDENTITIES_MAX, "certificates of one"
	};
	struct trusted_list_views *views = at;
	struct view v;
	if (tl_grow(arg, &views->list, views->n, &bound, err) != 0 ||
	    tl_read_base64(r, arg, &v, err) != 0)
		return -1;
	if (v.n > TRUSTED_LIST_CERT_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "trusted list: a certificate of %zu octets", v.n);
	/* Some lists name one twice. */
	for (size_t i = 0; i < views->n; i++)
		if (view_equal(views->list[i], v))
			return 0;
	views->list[views->n++] = v;
	return 0;
}

static int read_digital_id(struct xml_reader *r, void *arg, void *at,
			   struct ltps_error *err)
{
	/* A choice: an order is no harm. */
	static const struct xml_child children[] = {
		{ NS_TSL, "X509Certificate", false, false, read_certificate, 0 },
		TSL_SKIP("X509SubjectName", false, false),
		{ XML_NS_DSIG, "KeyValue", false, false, xml_child_skip, 0 },
		TSL_SKIP("X509SKI", false, false),
		TSL_SKIP("Other", false, false),
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

static int read_identity(struct xml_reader *r, void *arg, void *at,
			 struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ NS_TSL, "DigitalId", false, true, read_digital_id, 0 },
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

static int read_identities(struct xml_reader *r, void *arg, void *at,
			   struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ NS_TSL, "ServiceDigitalIdentity", true, true, read_identity, 0 },
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

/* ---- pointers, 5.3.13 ---- */

/* One of a kind in what may be anything. */
static int read_other(struct xml_reader *r, struct trusted_list *l,
		      struct trusted_list_pointer *p, struct ltps_error *err)
{
	const struct {
		const char *ns, *local;
		const char **text;
	} known[] = {
		{ NS_TSL, "TSLType", &p->type },
		{ NS_TSL, "SchemeTerritory", &p->territory },
		{ NS_TSL_MORE, "MimeType", &p->mime },
	};
	for (size_t i = 0; i < COUNT(known); i++) {
		if (!xml_is(r, known[i].ns, known[i].local))
			continue;
		if (known[i].text[0][0] != '\0')
			return xml_fail_element(r, err, "stands twice");
		return tl_read_text(r, l, known[i].text, err);
	}
	return xml_skip(r, err);
}

static int read_other_information(struct xml_reader *r, void *arg, void *at,
				  struct ltps_error *err)
{
	enum xml_event event = XML_TEXT;
	while (event != XML_END) {
		if (xml_next(r, &event, err) != 0 ||
		    (event == XML_START && read_other(r, arg, at, err) != 0))
			return -1;
	}
	return 0;
}

/* A choice in any order. */
static int read_additional(struct xml_reader *r, void *arg, void *at,
			   struct ltps_error *err)
{
	enum xml_event event = XML_TEXT;
	while (event != XML_END) {
		int rc = 0;
		if (xml_next(r, &event, err) != 0)
			return -1;
		if (event == XML_START && xml_is(r, NS_TSL, "OtherInformation"))
			rc = read_other_information(r, arg, at, err);
		else if (event == XML_START)
			rc = xml_skip(r, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int read_pointer(struct xml_reader *r, void *arg, void *at,
			struct ltps_error *err)
{
	static const struct xml_child children[] = {
		TSL("ServiceDigitalIdentities", false, false, read_identities,
		    trusted_list_pointer, certificates),
		TSL("TSLLocation", true, false, tl_read_text, trusted_list_pointer,
		    location),
		{ NS_TSL, "AdditionalInformation", false, false, read_additional, 0 },
	};
	static const struct tl_bound bound = { sizeof(struct trusted_list_pointer),
					       TRUSTED_LIST_POINTERS_MAX, "pointers" };
	struct trusted_list *l = arg;
	(void)at;
	if (tl_grow(l, &l->pointers, l->n_pointers, &bound, err) != 0)
		return -1;
	struct trusted_list_pointer *p = &l->pointers[l->n_pointers++];
	*p = (struct trusted_list_pointer){
		.location = "", .territory = "", .mime = "", .type = ""
	};
	if (xml_children(r, children, COUNT(children), l, p, err) != 0)
		return ltps_where(err, "pointer %zu", l->n_pointers);
	return 0;
}

static int read_pointers(struct xml_reader *r, void *arg, void *at,
			 struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ NS_TSL, "OtherTSLPointer", true, true, read_pointer, 0 },
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

/* ---- scheme information, 5.3 ---- */

static int read_next_update(struct xml_reader *r, void *arg, void *at,
			    struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ NS_TSL, "dateTime", false, false, tl_read_time, 0 },
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

static int read_scheme(struct xml_reader *r, void *arg, void *at,
		       struct ltps_error *err)
{
	static const struct xml_child children[] = {
		TSL("TSLVersionIdentifier", true, false, read_version, trusted_list,
		    version),
		TSL("TSLSequenceNumber", true, false, read_number, trusted_list,
		    sequence),
		TSL("TSLType", true, false, tl_read_text, trusted_list, type),
		TSL("SchemeOperatorName", true, false, read_names, trusted_list,
		    operator_name),
		TSL_SKIP("SchemeOperatorAddress", true, false),
		TSL_SKIP("SchemeName", true, false),
		TSL("SchemeInformationURI", true, false, read_uris, trusted_list,
		    information),
		TSL_SKIP("StatusDeterminationApproach", true, false),
		TSL_SKIP("SchemeTypeCommunityRules", false, false),
		TSL("SchemeTerritory", false, false, tl_read_text, trusted_list,
		    territory),
		TSL_SKIP("PolicyOrLegalNotice", false, false),
		TSL_SKIP("HistoricalInformationPeriod", true, false),
		TSL("PointersToOtherTSL", false, false, read_pointers, trusted_list,
		    pointers),
		TSL("ListIssueDateTime", true, false, tl_read_time, trusted_list,
		    issued_ms),
		TSL("NextUpdate", true, false, read_next_update, trusted_list,
		    next_update_ms),
		TSL_SKIP("DistributionPoints", false, false),
		TSL_SKIP("SchemeExtensions", false, false),
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

/* ---- services, 5.4 to 5.6 ---- */

static int read_further(struct xml_reader *r, void *arg, void *at,
			struct ltps_error *err)
{
	static const struct xml_child children[] = {
		TSL("URI", true, false, read_uri, trusted_list_state, further),
		TSL_SKIP("InformationValue", false, false),
		TSL_SKIP("OtherInformation", false, true),
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

/* 5.5.9: what may be anything; one is of interest. */
static int read_extension(struct xml_reader *r, void *arg, void *at,
			  struct ltps_error *err)
{
	enum xml_event event = XML_TEXT;
	for (;;) {
		if (xml_next(r, &event, err) != 0)
			return -1;
		if (event == XML_END)
			return 0;
		if (event == XML_TEXT)
			continue;
		if ((xml_is(r, NS_TSL, "AdditionalServiceInformation")
			 ? read_further(r, arg, at, err)
			 : xml_skip(r, err)) != 0)
			return -1;
	}
}

static int read_extensions(struct xml_reader *r, void *arg, void *at,
			   struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ NS_TSL, "Extension", true, true, read_extension, 0 },
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

/* ServiceInformation and ServiceHistoryInstance; at: the service. */
static int read_state(struct xml_reader *r, void *arg, void *at, struct ltps_error *err)
{
	static const struct xml_child children[] = {
		TSL("ServiceTypeIdentifier", true, false, tl_read_text,
		    trusted_list_state, type),
		TSL("ServiceName", true, false, read_names, trusted_list_state, name),
		TSL("ServiceDigitalIdentity", true, false, read_identity,
		    trusted_list_state, certificates),
		TSL("ServiceStatus", true, false, tl_read_text, trusted_list_state,
		    status),
		TSL("StatusStartingTime", true, false, tl_read_time, trusted_list_state,
		    from_ms),
		TSL_SKIP("SchemeServiceDefinitionURI", false, false),
		TSL_SKIP("ServiceSupplyPoints", false, false),
		TSL_SKIP("TSPServiceDefinitionURI", false, false),
		{ NS_TSL, "ServiceInformationExtensions", false, false, read_extensions,
		  0 },
	};
	static const struct tl_bound bound = { sizeof(struct trusted_list_state),
					       TRUSTED_LIST_STATES_MAX,
					       "states of a service" };
	struct trusted_list_service *s = at;
	if (tl_grow(arg, &s->states, s->n, &bound, err) != 0)
		return -1;
	struct trusted_list_state *state = &s->states[s->n++];
	*state =
	    (struct trusted_list_state){ .type = "", .name = "", .status = "" };
	return xml_children(r, children, COUNT(children), arg, state, err);
}

static int read_history(struct xml_reader *r, void *arg, void *at,
			struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ NS_TSL, "ServiceHistoryInstance", false, true, read_state, 0 },
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

static int read_service(struct xml_reader *r, void *arg, void *at,
			struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ NS_TSL, "ServiceInformation", true, false, read_state, 0 },
		{ NS_TSL, "ServiceHistory", false, false, read_history, 0 },
	};
	static const struct tl_bound bound = { sizeof(struct trusted_list_service),
					       TRUSTED_LIST_SERVICES_MAX, "services" };
	struct trusted_list *l = arg;
	const char *const *provider = at;
	if (tl_grow(l, &l->services, l->n_services, &bound, err) != 0)
		return -1;
	struct trusted_list_service *s = &l->services[l->n_services++];
	*s = (struct trusted_list_service){ .provider = *provider };
	if (xml_children(r, children, COUNT(children), l, s, err) != 0)
		return ltps_where(err, "service %zu", l->n_services);
	return 0;
}

static int read_services(struct xml_reader *r, void *arg, void *at,
			 struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ NS_TSL, "TSPService", true, true, read_service, 0 },
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

static int read_provider_information(struct xml_reader *r, void *arg, void *at,
				     struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ NS_TSL, "TSPName", true, false, read_names, 0 },
		TSL_SKIP("TSPTradeName", false, false),
		TSL_SKIP("TSPAddress", true, false),
		TSL_SKIP("TSPInformationURI", true, false),
		TSL_SKIP("TSPInformationExtensions", false, false),
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

static int read_provider(struct xml_reader *r, void *arg, void *at,
			 struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ NS_TSL, "TSPInformation", true, false, read_provider_information, 0 },
		{ NS_TSL, "TSPServices", true, false, read_services, 0 },
	};
	const char *name = "";
	(void)at;
	return xml_children(r, children, COUNT(children), arg, &name, err);
}

static int read_providers(struct xml_reader *r, void *arg, void *at,
			  struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ NS_TSL, "TrustServiceProvider", true, true, read_provider, 0 },
	};
	return xml_children(r, children, COUNT(children), arg, at, err);
}

/* ---- the root ---- */

int tl_keep_attribute(struct xml_reader *r, struct trusted_list *l, const char *name,
		      const char **ret, struct ltps_error *err)
{
	struct view v;
	return xml_attr(r, name, &v) ? tl_keep(l, v, ret, err) : 0;
}

static int read_root(struct xml_reader *r, struct trusted_list *l,
		     struct ltps_error *err)
{
	static const struct xml_child children[] = {
		{ NS_TSL, "SchemeInformation", true, false, read_scheme, 0 },
		{ NS_TSL, "TrustServiceProviderList", false, false, read_providers, 0 },
	};
	if (tl_keep_attribute(r, l, "Id", &l->id, err) != 0 ||
	    tl_keep_attribute(r, l, "TSLTag", &l->tag, err) != 0)
		return -1;
	return xml_children(r, children, COUNT(children), l, l, err);
}

static int read_content(struct trusted_list *l, struct ltps_error *err)
{
	struct xml_reader *r = NULL;
	enum xml_event event;
	int rc = xml_open(l->octets, &r, err);
	if (rc == 0)
		rc = xml_next(r, &event, err);
	if (rc == 0)
		rc = read_root(r, l, err);
	xml_close(r);
	return rc;
}

/* ---- the canonical form ---- */

static int put_canonical(void *arg, struct view v, struct ltps_error *err)
{
	struct trusted_list *l = arg;
	return buf_put(&l->canonical, v, err);
}

/* What is below the root: the signature is taken out, and read by itself. */
static int take_signature(void *arg, struct xml_reader *r, bool *ret_taken,
			  struct ltps_error *err)
{
	struct trusted_list *l = arg;
	struct trusted_list_signature *s = &l->signature;
	if (!xml_is(r, XML_NS_DSIG, "Signature"))
		return 0;
	*ret_taken = true;
	if (xml_depth(r) == 2 && !s->present) {
		s->present = true;
		return tl_read_signature(r, l, err);
	}
	if (s->flaw.code == LTPS_OK)
		ltps_fail(&s->flaw, LTPS_FORMAT, LTPS_FAULT_OBJECT, "TS 119 612 5.7",
			  xml_depth(r) == 2 ? "there is more than one signature"
					    : "a signature is inside another element");
	return xml_skip(r, err);
}

static int read_canonical(struct xml_reader *r, struct trusted_list *l,
			  struct ltps_error *err)
{
	const struct xml_c14n to = { .put = put_canonical,
				     .replace = take_signature,
				     .arg = l };
	enum xml_event event = XML_START;
	xml_refuse_instructions(r);
	if (xml_next(r, &event, err) != 0)
		return -1;
	if (!xml_is(r, NS_TSL, "TrustServiceStatusList"))
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT,
				 "TS 119 612 annex C", "no trusted list");
	if (xml_c14n_element(r, &to, err) != 0)
		return -1;
	while (event != XML_DONE)
		if (xml_next(r, &event, err) != 0)
			return -1;
	l->octets = view_buf(&l->canonical);
	return 0;
}

static int read_all(struct view in, struct trusted_list *l, struct ltps_error *err)
{
	struct xml_reader *r = NULL;
	if (in.n > TRUSTED_LIST_SIZE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "trusted list: more than %zu octets",
				 TRUSTED_LIST_SIZE_MAX);
	int rc = xml_open(in, &r, err);
	if (rc == 0)
		rc = read_canonical(r, l, err);
	xml_close(r);
	return rc == 0 ? read_content(l, err) : -1;
}

int trusted_list_parse(struct view in, struct trusted_list **ret_list,
		       struct ltps_error *err)
{
	struct trusted_list *l = mem_zalloc(1, sizeof(*l));
	if (l == NULL)
		return ltps_fail_nomem(err);
	l->arena = arena_make(TRUSTED_LIST_MEMORY_MAX);
	/* References become longer: '>' is four octets of it. */
	l->canonical = buf_make(4 * TRUSTED_LIST_SIZE_MAX);
	l->id = l->tag = l->type = l->operator_name = l->territory = "";
	l->next_update_ms = INT64_MIN;
	if (read_all(in, l, err) != 0) {
		trusted_list_free(l);
		return -1;
	}
	*ret_list = l;
	return 0;
}

void trusted_list_free(struct trusted_list *l)
{
	if (l == NULL)
		return;
	buf_free(&l->canonical);
	arena_free(&l->arena);
	mem_free(l);
}
