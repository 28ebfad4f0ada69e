/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_serve - "ltps serve": the preservation service. */
#include "server/commands.h"
#include "server/serve.h"

static const char help[] =
    "ltps serve - run the preservation service\n"
    "\n"
    "  ltps serve [-c ltps.conf] [--check]\n"
    "\n"
    "  -c FILE   configuration (" CONFIG_DEFAULT ")\n"
    "  --check   read and check the configuration only\n"
    "\n"
    "SIGTERM and SIGINT end it once running requests are answered; a second one\n"
    "at once. SIGHUP reads the configuration again: all but listen, dir and "
    "header_max;\n"
    "a bad one changes nothing. The log goes to standard error.\n";

int cmd_serve(int argc, char **argv)
{
	const char *path = CONFIG_DEFAULT;
	int check = 0;
	unsigned n;
	const struct command_option options[] = {
		{ .name = "--config", .alias = "-c", .text = &path },
		{ .name = "--check", .flag = &check },
	};
	const struct command_line line = {
		.command = "serve", .help = help, .options = options, .n_options = 2
	};
	const struct serve_options how = { .reloads = true };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct config config = { 0 };
	struct loop *loop = NULL;
	int status = 0;
	const int parsed = command_parse(argc, argv, &line, &n);
	if (parsed != 0)
		return parsed > 0 ? 0 : EXIT_USAGE;
	if (config_read(path, &config, &err) != 0)
		return command_error("serve", &err);
	if (!check &&
	    (loop_new(&loop, &err) != 0 || serve_run(&config, loop, &how, &err) != 0))
		status = command_error("serve", &err);
	loop_free(loop);
	config_clear(&config);
	return status;
}
