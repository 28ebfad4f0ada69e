# SPDX-License-Identifier: Apache-2.0
ltps_embed(ltps_server server_documents ${CMAKE_SOURCE_DIR}/server/openapi.json)
