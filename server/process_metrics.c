/* SPDX-License-Identifier: Apache-2.0 */
/* process_metrics - what the system knows of this process, under the names that
 * Prometheus gives them everywhere. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/service.h"

static uint64_t resident_bytes(void)
{
	unsigned long long whole = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu %llu", &whole, &resident) != 2)
		resident = 0;
	fclose(f);
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Without the one that reads them. */
static uint64_t open_descriptors(void)
{
	uint64_t n = 0;
	DIR *d = opendir("/proc/self/fd");
	if (d == NULL)
		return 0;
	for (const struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(d);
	return n > 0 ? n - 1 : 0;
}

static double cpu_seconds(void)
{
	struct rusage u;
	if (getrusage(RUSAGE_SELF, &u) != 0)
		return 0;
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int process_metrics(struct buf *out, struct ltps_error *err)
{
	struct rlimit files = { 0 };
	(void)getrlimit(RLIMIT_NOFILE, &files);
	return buf_put_fmt(out, err,
			   "# HELP process_resident_memory_bytes Memory in use.\n"
			   "# TYPE process_resident_memory_bytes gauge\n"
			   "process_resident_memory_bytes %" PRIu64 "\n"
			   "# HELP process_open_fds Open descriptors.\n"
			   "# TYPE process_open_fds gauge\n"
			   "process_open_fds %" PRIu64 "\n"
			   "# HELP process_max_fds How many there may be.\n"
			   "# TYPE process_max_fds gauge\n"
			   "process_max_fds %" PRIu64 "\n"
			   "# HELP process_cpu_seconds_total Time of the processors.\n"
			   "# TYPE process_cpu_seconds_total counter\n"
			   "process_cpu_seconds_total %.2f\n",
			   resident_bytes(), open_descriptors(),
			   (uint64_t)files.rlim_cur, cpu_seconds());
}
