# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where, as Debian has it; CMAKE_INSTALL_PREFIX is /usr for
# a package, whose /etc is not below it.
include(GNUInstallDirs)
set(LTPS_SYSCONFDIR "/etc" CACHE PATH "Where ltps/ltps.conf is installed")
set(packaging ${CMAKE_SOURCE_DIR}/packaging)
set(man ${CMAKE_SOURCE_DIR}/docs/man)

install(TARGETS ltps RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${man}/ltps.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${man}/ltps.conf.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${packaging}/ltps.conf DESTINATION ${LTPS_SYSCONFDIR}/ltps
	PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
install(FILES ${packaging}/ltps.service DESTINATION lib/systemd/system)
install(FILES ${packaging}/ltps.sysusers DESTINATION lib/sysusers.d RENAME ltps.conf)
install(FILES ${packaging}/ltps.tmpfiles DESTINATION lib/tmpfiles.d RENAME ltps.conf)
install(FILES ${packaging}/completion/ltps.bash
	DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ltps)
install(FILES ${packaging}/completion/_ltps
	DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES README.md SECURITY.md docs/notification.schema.json
	DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/ltps)
