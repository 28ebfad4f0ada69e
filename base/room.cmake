# SPDX-License-Identifier: Apache-2.0
# libcurl's header only: the library is loaded when it is needed (base/late_library.h).
pkg_check_modules(CURL REQUIRED libcurl)
target_include_directories(ltps_base PRIVATE ${CURL_INCLUDE_DIRS})
target_link_libraries(ltps_base PUBLIC ${CMAKE_DL_LIBS})
