# SPDX-License-Identifier: Apache-2.0
# tests/<room>/*_test.c          Criterion, one program a room: test_<room>
# tests/<room>/*_thread.c        plain main(), one program each: thread_<stem>
# tests/fuzz/fuzz_<target>.c     int fuzz_one(const uint8_t *, size_t), replayed
#                                over tests/fuzz/<target>/ by driver.c
# tests/support/*.c              shared by all of them (fixtures, devpki helpers)
# A library, so that a program takes only what it uses; but mem_support.c works
# by being there.
file(GLOB support CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/support/*.c)
list(FILTER support EXCLUDE REGEX "/mem_support\\.c$")
add_library(test_support STATIC ${support})
ltps_flags(test_support)
target_link_libraries(test_support PRIVATE PkgConfig::OPENSSL PkgConfig::SQLITE)
set(support ${CMAKE_SOURCE_DIR}/tests/support/mem_support.c)

function(ltps_test_program name rooms)
	ltps_flags(${name})
	target_link_libraries(${name} PRIVATE test_support)
	foreach(room IN LISTS rooms)
		if(TARGET ltps_${room})
			target_link_libraries(${name} PRIVATE ltps_${room})
		endif()
	endforeach()
endfunction()

function(ltps_tests room)
	set(rooms ${ARGN})
	file(GLOB units CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${room}/*_test.c)
	if(units AND TARGET ltps_${room})
		add_executable(test_${room} ${units} ${support})
		ltps_test_program(test_${room} "${rooms}")
		target_link_libraries(test_${room} PRIVATE PkgConfig::CRITERION)
		add_test(NAME ${room} COMMAND test_${room})
	endif()
	file(GLOB threads CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${room}/*_thread.c)
	foreach(file IN LISTS threads)
		get_filename_component(stem ${file} NAME_WE)
		if(TARGET ltps_${room})
			add_executable(${stem} ${file} ${support})
			ltps_test_program(${stem} "${rooms}")
			add_test(NAME ${stem} COMMAND ${stem})
		endif()
	endforeach()
	# A room's further test programs.
	include(${CMAKE_SOURCE_DIR}/tests/${room}/more.cmake OPTIONAL)
endfunction()

set(ALL_ROOMS server ltp devpki scheduler storage scvp validation timestamping
	      formats base)
foreach(room IN ITEMS base formats timestamping validation scvp devpki storage scheduler ltp server)
	ltps_tests(${room} ${ALL_ROOMS})
endforeach()

file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
foreach(file IN LISTS fuzzers)
	get_filename_component(stem ${file} NAME_WE)
	string(REPLACE "fuzz_" "" target ${stem})
	if(LTPS_FUZZ)
		add_executable(${stem} ${file})
		target_compile_definitions(${stem} PRIVATE LTPS_LIBFUZZER)
		target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
	else()
		add_executable(${stem} ${file} ${CMAKE_SOURCE_DIR}/tests/fuzz/driver.c)
		add_test(NAME ${stem} COMMAND ${stem} ${CMAKE_SOURCE_DIR}/tests/fuzz/${target})
	endif()
	ltps_test_program(${stem} "${ALL_ROOMS}")
endforeach()

include(${CMAKE_SOURCE_DIR}/tests/interop/interop.cmake)
include(${CMAKE_SOURCE_DIR}/tests/oom/oom.cmake)
