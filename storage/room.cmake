# SPDX-License-Identifier: Apache-2.0
# Named statements become an enum and a table of texts; schemas are embedded.
file(GLOB ltps_sql CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/storage/sql_*.sql)
file(GLOB ltps_schemas CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/storage/schema_*.sql)
set(ltps_sql_h ${CMAKE_BINARY_DIR}/storage/sql_ids.h)
set(ltps_sql_c ${CMAKE_BINARY_DIR}/storage/sql_texts.c)
add_custom_command(OUTPUT ${ltps_sql_h} ${ltps_sql_c}
	COMMAND ${CMAKE_COMMAND} -DHEADER=${ltps_sql_h} -DSOURCE=${ltps_sql_c}
		"-DFILES=${ltps_sql}" -P ${CMAKE_SOURCE_DIR}/storage/sql_write.cmake
	DEPENDS ${ltps_sql} ${CMAKE_SOURCE_DIR}/storage/sql_write.cmake
	VERBATIM)
# Conditions of searches, put together by storage/search.c: likewise.
file(GLOB ltps_where CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/storage/where_*.sql)
set(ltps_where_h ${CMAKE_BINARY_DIR}/storage/where_ids.h)
set(ltps_where_c ${CMAKE_BINARY_DIR}/storage/where_texts.c)
add_custom_command(OUTPUT ${ltps_where_h} ${ltps_where_c}
	COMMAND ${CMAKE_COMMAND} -DNAME=where -DHEADER=${ltps_where_h}
		-DSOURCE=${ltps_where_c} "-DFILES=${ltps_where}"
		-P ${CMAKE_SOURCE_DIR}/storage/sql_write.cmake
	DEPENDS ${ltps_where} ${CMAKE_SOURCE_DIR}/storage/sql_write.cmake
	VERBATIM)
target_sources(ltps_storage PRIVATE ${ltps_sql_h} ${ltps_sql_c} ${ltps_where_h}
	${ltps_where_c})
ltps_embed(ltps_storage store_schemas ${ltps_schemas})
