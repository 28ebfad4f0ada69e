/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole service in one process: clients on threads of their own submit
 * objects, it is drained while the last ones are still talking, and every
 * object that was answered for is in the store afterwards.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/service.h"

#define CLIENTS 6
#define REQUESTS 40

static struct loop *loop;
static struct service_shell *service;
static uint16_t port;
static int drain_fd;
static atomic_uint answered;
static atomic_uint finished;

#define CHECK(condition)                                                               \
	do {                                                                           \
		if (!(condition)) {                                                    \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,             \
				#condition);                                           \
			abort();                                                       \
		}                                                                      \
	} while (0)

static int dial(void)
{
	const struct sockaddr_in a = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0);
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Head and body of one answer, or what came before the end. */
static void read_answer(int fd, char *out, size_t size)
{
	size_t n = 0;
	const char *end = NULL;
	out[0] = '\0';
	while (end == NULL && n + 1 < size) {
		const ssize_t got = recv(fd, out + n, size - 1 - n, 0);
		if (got <= 0)
			return;
		n += (size_t)got;
		out[n] = '\0';
		end = strstr(out, "\r\n\r\n");
	}
	if (end == NULL)
		return;
	const char *length = strstr(out, "Content-Length: ");
	const size_t want = (size_t)(end - out) + 4 +
			    (length == NULL ? 0 : strtoul(length + 16, NULL, 10));
	while (n < want && want < size) {
		const ssize_t got = recv(fd, out + n, want - n, 0);
		if (got <= 0)
			return;
		n += (size_t)got;
		out[n] = '\0';
	}
}

static bool submit(int fd, unsigned client, unsigned i)
{
	char request[1024];
	char body[512];
	char answer[4096];
	char base64[32];
	/* Four characters each: any three octets, different in every request. */
	snprintf(base64, sizeof(base64), "%04u%04u", client, i);
	const int body_n = snprintf(
	    body, sizeof(body),
	    "{\"reqId\":\"%u\",\"pro\":\"urn:ltps:profile:pds+pgd+aug+wst+ers:1\","
	    "\"po\":"
	    "[{\"binaryData\":{\"value\":\"%s\"},\"mimeType\":\"text/plain\"}]}",
	    i, base64);
	const int n =
	    snprintf(request, sizeof(request),
		     "POST /pres/PreservePO HTTP/1.1\r\nHost: localhost\r\n"
		     "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		     body_n, body);
	if (send(fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		return false;
	read_answer(fd, answer, sizeof(answer));
	if (strstr(answer, "resultmajor:Success") == NULL)
		return false;
	CHECK(strstr(answer, "\"poId\":\"") != NULL);
	atomic_fetch_add(&answered, 1);
	return true;
}

static void *client(void *arg)
{
	const unsigned id = *(const unsigned *)arg;
	int fd = dial();
	const uint64_t one = 1;
	for (unsigned i = 0; i < REQUESTS && fd >= 0; i++) {
		if (!submit(fd, id, i))
			break;
		/* The first to be half through asks for the end. */
		if (id == 0 && i == REQUESTS / 2)
			CHECK(write(drain_fd, &one, sizeof(one)) ==
			      (ssize_t)sizeof(one));
	}
	if (fd >= 0)
		close(fd);
	atomic_fetch_add(&finished, 1);
	return NULL;
}

static void on_drain(void *arg)
{
	uint64_t n;
	(void)arg;
	CHECK(read(drain_fd, &n, sizeof(n)) == (ssize_t)sizeof(n));
	service_drain(service);
}

static void count_objects(const char *dir, unsigned want)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct store_options options = { .dir = dir, .must_exist = true };
	struct store *store = NULL;
	struct store_conn *conn = NULL;
	struct store_counts counts;
	CHECK(store_open(&options, &store, &err) == 0);
	CHECK(store_reader_open(store, &conn, &err) == 0);
	CHECK(store_counts_get(conn, &counts, &err) == 0);
	printf("answered %u, stored %lu\n", want, (unsigned long)counts.objects);
	/* More may be stored than answered: the client left while it was done. */
	CHECK(counts.objects >= want && counts.objects <= CLIENTS * REQUESTS);
	store_reader_close(conn);
	store_close(store);
}

int main(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char dir[] = "/tmp/ltps-service-XXXXXX";
	char text[512];
	char command[64];
	struct config config;
	const struct clock clock = clock_system();
	struct loop_watch *watch = NULL;
	pthread_t threads[CLIENTS];
	unsigned ids[CLIENTS];
	mem_init();
	signal(SIGPIPE, SIG_IGN);
	CHECK(mkdtemp(dir) != NULL);
	snprintf(
	    text, sizeof(text),
	    "[service]\ndir = %s/store\nlisten = 127.0.0.1:0\nworkers = 3\ndrain = 1m\n"
	    "[profiles]\ntree_max_age = 100ms\n",
	    dir);
	CHECK(config_parse(view_text(text), "test", "", &config, &err) == 0);
	CHECK(loop_new(&loop, &err) == 0);
	if (service_start(&config, &clock, NULL, loop, &service, &err) != 0) {
		fprintf(stderr, "%s (%s)\n", err.text, err.where);
		return 1;
	}
	port = (uint16_t)service_port(service);
	drain_fd = eventfd(0, EFD_CLOEXEC);
	CHECK(loop_watch_fd(loop, drain_fd, on_drain, NULL, &watch, &err) == 0);
	for (unsigned i = 0; i < CLIENTS; i++) {
		ids[i] = i;
		CHECK(pthread_create(&threads[i], NULL, client, &ids[i]) == 0);
	}
	CHECK(loop_run(loop, &err) == 0);
	for (unsigned i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
	loop_watch_free(watch);
	service_stop(service);
	loop_free(loop);
	CHECK(atomic_load(&answered) > REQUESTS / 2);
	snprintf(command, sizeof(command), "%s/store", dir);
	count_objects(command, atomic_load(&answered));
	config_clear(&config);
	close(drain_fd);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? 0 : 1;
}
