# SPDX-License-Identifier: Apache-2.0
# ltps_room(NAME ROOMS lower... USES libraries...) - the static library of a
# room, from every .c in its folder but main.c. A folder without one is no room yet.
# The room's own additions stand in NAME/room.cmake.
function(ltps_room name)
	cmake_parse_arguments(ROOM "" "" "ROOMS;USES" ${ARGN})
	file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.c)
	list(FILTER sources EXCLUDE REGEX "/main\\.c$")
	if(NOT sources)
		return()
	endif()
	add_library(ltps_${name} STATIC ${sources})
	ltps_flags(ltps_${name})
	foreach(lower IN LISTS ROOM_ROOMS)
		if(TARGET ltps_${lower})
			target_link_libraries(ltps_${name} PUBLIC ltps_${lower})
		endif()
	endforeach()
	target_link_libraries(ltps_${name} PUBLIC ${ROOM_USES})
	include(${CMAKE_SOURCE_DIR}/${name}/room.cmake OPTIONAL)
endfunction()
