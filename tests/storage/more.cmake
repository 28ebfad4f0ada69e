# SPDX-License-Identifier: Apache-2.0
# Programs with a main of their own: they fork, or replace SQLite's files.
foreach(stem IN ITEMS crash_kill crash_replay)
	if(TARGET ltps_storage AND EXISTS ${CMAKE_SOURCE_DIR}/tests/storage/${stem}.c)
		add_executable(${stem} ${CMAKE_SOURCE_DIR}/tests/storage/${stem}.c ${support})
		ltps_test_program(${stem} "${rooms}")
		add_test(NAME ${stem} COMMAND ${stem})
	endif()
endforeach()
