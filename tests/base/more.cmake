# SPDX-License-Identifier: Apache-2.0
# What we write as JSON is read back by another hand.
if(TARGET test_base)
	target_link_libraries(test_base PRIVATE PkgConfig::JANSSON)
endif()
