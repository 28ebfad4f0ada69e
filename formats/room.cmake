# SPDX-License-Identifier: Apache-2.0
# libxml2's headers only: the library is loaded when it is needed (base/late_library.h).
pkg_check_modules(LIBXML2 REQUIRED libxml-2.0)
target_include_directories(ltps_formats PRIVATE ${LIBXML2_INCLUDE_DIRS})
# libqpdf's header only: the library is loaded when it is needed (base/late_library.h).
pkg_check_modules(QPDF REQUIRED libqpdf)
target_include_directories(ltps_formats PRIVATE ${QPDF_INCLUDE_DIRS})
