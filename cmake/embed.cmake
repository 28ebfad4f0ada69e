# SPDX-License-Identifier: Apache-2.0
# ltps_embed(TARGET SYMBOL FILE...) - put data files into a target as
#   extern const struct embedded SYMBOL[]; extern const size_t SYMBOL_count;
# declared by "base/embedded.h"; each has its base name, its bytes and their digest.
function(ltps_embed target symbol)
	set(out ${CMAKE_BINARY_DIR}/embed/${symbol}.c)
	add_custom_command(OUTPUT ${out}
		COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DSYMBOL=${symbol}
			"-DFILES=${ARGN}" -P ${CMAKE_SOURCE_DIR}/cmake/embed_write.cmake
		DEPENDS ${ARGN} ${CMAKE_SOURCE_DIR}/cmake/embed_write.cmake
		VERBATIM)
	target_sources(${target} PRIVATE ${out})
endfunction()
