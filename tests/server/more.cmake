# SPDX-License-Identifier: Apache-2.0
if(TARGET test_server)
	target_sources(test_server PRIVATE ${CMAKE_SOURCE_DIR}/tests/server/http_fixture.c)
endif()
