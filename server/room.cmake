# SPDX-License-Identifier: Apache-2.0
# What describes the SOAP binding: server/soap_description.c.
file(GLOB descriptions CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/server/soap*.xsd
     ${CMAKE_SOURCE_DIR}/server/soap.wsdl)
ltps_embed(ltps_server soap_descriptions ${descriptions})
ltps_embed(ltps_server server_documents ${CMAKE_SOURCE_DIR}/server/openapi.json)
