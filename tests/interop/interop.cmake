# SPDX-License-Identifier: Apache-2.0
# Makes the records that outside judges are asked about; built on request by
# tests/interop/evidence_interop.py.
if(TARGET ltps_devpki)
	add_executable(records_make EXCLUDE_FROM_ALL
		${CMAKE_SOURCE_DIR}/tests/interop/records_make.c
		${CMAKE_SOURCE_DIR}/tests/interop/records_stamp.c)
	ltps_test_program(records_make "devpki;scvp;validation;timestamping;formats;base")
endif()
