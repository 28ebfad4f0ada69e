# SPDX-License-Identifier: Apache-2.0
pkg_check_modules(LIBXML2 REQUIRED IMPORTED_TARGET libxml-2.0)
target_link_libraries(ltps_formats PRIVATE PkgConfig::LIBXML2)
