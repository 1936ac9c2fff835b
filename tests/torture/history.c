/* history.c - see history.h */
#include <sys/random.h>

#include <err.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "history.h"

#define LINE_SIZE	1024

static int file = -1;

const char *
history_env(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL)
		errx(70, "%s is not set", name);
	return value;
}

void
history_open(void)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/history", history_env("TORTURE"));
	if ((file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666)) == -1)
		err(70, "%s", path);
}

void
history_add(const char *format, ...)
{
	char line[LINE_SIZE];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line) - 1, format, ap);
	va_end(ap);
	if (n < 0 || n >= LINE_SIZE - 1)
		errx(70, "history: line too long: %s", format);
	line[n++] = '\n';
	if (write(file, line, (size_t)n) != n)
		err(70, "history");
}

int64_t
history_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

unsigned
history_random(unsigned n)
{
	unsigned r;

	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		err(70, "getrandom");
	return r % n;
}

void
history_sleep(unsigned ms)
{
	const struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&ts, NULL);
}

int
history_broker(void)
{
	return strcmp(history_env("TORTURE_ENGINE"), "rabbitmq") == 0;
}

int
history_over(void)
{
	return history_now() / 1000000000 >=
	    strtoll(history_env("TORTURE_UNTIL"), NULL, 10);
}
