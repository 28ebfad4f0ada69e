# SPDX-License-Identifier: Apache-2.0
file(GLOB validation_policies CONFIGURE_DEPENDS
     ${CMAKE_SOURCE_DIR}/policies/validation-*.conf)
ltps_embed(ltps_validation validation_policies ${validation_policies})
file(GLOB algorithm_suites CONFIGURE_DEPENDS
     ${CMAKE_SOURCE_DIR}/policies/algorithms-*.xml)
ltps_embed(ltps_validation algorithm_suites ${algorithm_suites})
# Case folding and normal forms (validation/name_coarse.c); it has no .pc file in Debian 12.
find_library(UNISTRING_LIBRARY unistring REQUIRED)
target_link_libraries(ltps_validation PUBLIC ${UNISTRING_LIBRARY})
