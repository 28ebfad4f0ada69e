# SPDX-License-Identifier: Apache-2.0
# Compiler flags of every target of the house.
set(LTPS_WARNINGS
	-Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
	-Wold-style-definition -Wpointer-arith -Wsign-compare -Wwrite-strings
	-Wcast-qual -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough
	-Wredundant-decls -Wnested-externs)
# At -O3 gcc 12 takes what a failing call leaves unset for used, and bounded text for cut
# by mistake; at -O2 it does not, and clang never.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release")
	list(APPEND LTPS_WARNINGS -Wno-maybe-uninitialized -Wno-format-truncation)
endif()

function(ltps_flags target)
	target_compile_options(${target} PRIVATE ${LTPS_WARNINGS}
		-fno-strict-aliasing -fstack-protector-strong -fno-common)
	target_compile_definitions(${target} PRIVATE _GNU_SOURCE
		LTPS_VERSION="${PROJECT_VERSION}" OPENSSL_API_COMPAT=30000)
	target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
	if(LTPS_SANITIZE)
		target_compile_options(${target} PRIVATE -fsanitize=${LTPS_SANITIZE}
			-fno-sanitize-recover=all -fno-omit-frame-pointer)
		target_link_options(${target} PRIVATE -fsanitize=${LTPS_SANITIZE})
	endif()
	if(LTPS_FUZZ)
		target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
	endif()
	if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
		target_compile_definitions(${target} PRIVATE _FORTIFY_SOURCE=2)
	endif()
endfunction()
