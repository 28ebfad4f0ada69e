# SPDX-License-Identifier: Apache-2.0
# What describes the SOAP binding: server/soap_description.c.
file(GLOB descriptions CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/server/soap*.xsd
     ${CMAKE_SOURCE_DIR}/server/soap.wsdl)
ltps_embed(ltps_server soap_descriptions ${descriptions})
# The web interface, file by file as it stands there: server/ui_http.c.
file(GLOB ui_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/server/ui/*)
ltps_embed(ltps_server ui_files ${ui_files})
ltps_embed(ltps_server server_documents ${CMAKE_SOURCE_DIR}/server/openapi.json)
