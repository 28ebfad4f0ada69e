/* SPDX-License-Identifier: Apache-2.0 */
/* config_private - what the config*.c share. */
#ifndef LTPS_SERVER_CONFIG_PRIVATE_H
#define LTPS_SERVER_CONFIG_PRIVATE_H

#include "server/config.h"

/* A relative path becomes one from the file's folder, kept with the config; NULL stays
 * NULL. */
int config_take_path(struct config *c, const char *base, const char *path,
		     const char **ret_path, struct ltps_error *err) LTPS_CHECKED;
int config_read_auth(struct config *c, const char *base,
		     struct ltps_error *err) LTPS_CHECKED;
int config_read_notify(struct config *c, const char *base,
		       struct ltps_error *err) LTPS_CHECKED;
int config_read_lists(struct config *c, const char *base,
		      struct ltps_error *err) LTPS_CHECKED;
void config_clear_auth(struct config *c);

#endif
