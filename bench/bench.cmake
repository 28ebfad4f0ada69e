# SPDX-License-Identifier: Apache-2.0
# bench/<x>_bench.c - one program each, linked to all rooms; not part of `all`.
# The target `bench` builds them; bench/run runs them.
file(GLOB benches CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/*_bench.c)
add_library(bench_bare STATIC EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/bare.c)
ltps_flags(bench_bare)
target_link_libraries(bench_bare PRIVATE PkgConfig::OPENSSL)
add_custom_target(bench)
foreach(file IN LISTS benches)
	get_filename_component(stem ${file} NAME_WE)
	add_executable(${stem} EXCLUDE_FROM_ALL ${file})
	ltps_flags(${stem})
	target_link_libraries(${stem} PRIVATE bench_bare)
	foreach(room IN ITEMS server ltp devpki scheduler storage scvp validation timestamping
			      formats base)
		if(TARGET ltps_${room})
			target_link_libraries(${stem} PRIVATE ltps_${room})
		endif()
	endforeach()
	add_dependencies(bench ${stem})
endforeach()
# A whole PKI behind HTTP, for what asks a TSA.
target_sources(renewal_bench PRIVATE ${CMAKE_SOURCE_DIR}/tests/support/pki_server.c)
