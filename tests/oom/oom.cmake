# SPDX-License-Identifier: Apache-2.0
# The failing-allocation run: part of the default build, since `./test` looks
# for it beside the test programs.
if(TARGET ltps_ltp AND TARGET ltps_devpki)
	file(GLOB oom_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/oom/*.c)
	add_executable(oom_runner ${oom_sources}
		${CMAKE_SOURCE_DIR}/tests/interop/records_stamp.c
		${CMAKE_SOURCE_DIR}/tests/support/cms_make.c
		${CMAKE_SOURCE_DIR}/tests/support/mem_support.c)
	ltps_test_program(oom_runner "ltp;devpki;scvp;validation;timestamping;formats;base")
	add_test(NAME oom_runner COMMAND oom_runner)
endif()
