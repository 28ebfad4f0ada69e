# SPDX-License-Identifier: Apache-2.0
# bench/<x>_bench.c - one program each, linked to all rooms; not part of `all`.
# The target `bench` builds them; bench/run runs them.
file(GLOB benches CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/*_bench.c)
add_custom_target(bench)
foreach(file IN LISTS benches)
	get_filename_component(stem ${file} NAME_WE)
	add_executable(${stem} EXCLUDE_FROM_ALL ${file})
	ltps_flags(${stem})
	foreach(room IN ITEMS server ltp devpki scheduler storage scvp validation timestamping
			      formats base)
		if(TARGET ltps_${room})
			target_link_libraries(${stem} PRIVATE ltps_${room})
		endif()
	endforeach()
	add_dependencies(bench ${stem})
endforeach()
