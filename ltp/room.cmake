# SPDX-License-Identifier: Apache-2.0
file(GLOB profiles CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/policies/profile-*.conf)
ltps_embed(ltps_ltp ltp_profiles ${profiles})
