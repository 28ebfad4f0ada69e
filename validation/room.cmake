# SPDX-License-Identifier: Apache-2.0
file(GLOB validation_policies CONFIGURE_DEPENDS
     ${CMAKE_SOURCE_DIR}/policies/validation-*.conf)
ltps_embed(ltps_validation validation_policies ${validation_policies})
file(GLOB algorithm_suites CONFIGURE_DEPENDS
     ${CMAKE_SOURCE_DIR}/policies/algorithms-*.xml)
ltps_embed(ltps_validation algorithm_suites ${algorithm_suites})
