/* management_servers.c - see management_servers.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "amqp/management_servers.h"
#include "base/name.h"

#define PORT_MAX	65535

/* The port that n bytes are, or 0. */
static int
port_of(const char *s, size_t n)
{
	uint64_t v;

	return mqs_parse_u64(s, n, &v) == 0 && v <= PORT_MAX ? (int)v : 0;
}

/* How many bytes of "http://" or "https://" it begins with, if something follows. */
static size_t
scheme_of(const char *s, size_t n)
{
	if (n > 7 && strncasecmp(s, "http://", 7) == 0)
		return 7;
	return n > 8 && strncasecmp(s, "https://", 8) == 0 ? 8 : 0;
}

const char *
mqs_amqp_servers_check(const char *s)
{
	size_t n;

	if (strcmp(s, "no") == 0)
		return NULL;
	for (;; s += n + 1) {
		n = strcspn(s, ",");
		if (memchr(s, '@', n) != NULL)
			return "has no user in it; user and password are lines of their own";
		if (scheme_of(s, n) == 0 && port_of(s, n) == 0)
			return "is a port, or URLs (http://HOST:PORT), divided by commas, or no";
		if (s[n] == '\0')
			return NULL;
	}
}

static int
add(struct mqs_amqp_servers *to, char *url)
{
	char **urls = reallocarray(to->urls, to->n + 1, sizeof(*urls));

	if (urls == NULL) {
		free(url);
		return -1;
	}
	to->urls = urls;
	to->urls[to->n++] = url;
	return 0;
}

static int
add_hosts(struct mqs_amqp_servers *to, const struct mqs_amqp_address *a, int port)
{
	size_t i;
	char *url;

	for (i = 0; i < a->nhosts; i++) {
		int v6 = strchr(a->hosts[i].name, ':') != NULL;

		if (asprintf(&url, "%s://%s%s%s:%d", a->tls ? "https" : "http", v6 ? "[" : "",
		    a->hosts[i].name, v6 ? "]" : "", port) == -1 || add(to, url) != 0)
			return -1;
	}
	return 0;
}

int
mqs_amqp_servers_make(struct mqs_amqp_servers *to, const struct mqs_amqp_address *a,
    const char *s)
{
	char *url;
	size_t n;
	int rc = 0;

	memset(to, 0, sizeof(*to));
	if (s == NULL)
		return add_hosts(to, a, a->tls ? 15671 : 15672);
	if (strcmp(s, "no") == 0)
		return 0;
	for (; rc == 0; s += n + 1) {
		n = strcspn(s, ",");
		if (scheme_of(s, n) == 0)
			rc = add_hosts(to, a, port_of(s, n));
		else if ((url = strndup(s, s[n - 1] == '/' ? n - 1 : n)) == NULL || add(to, url) != 0)
			rc = -1;
		if (s[n] == '\0')
			break;
	}
	return rc;
}

void
mqs_amqp_servers_free(struct mqs_amqp_servers *servers)
{
	size_t i;

	for (i = 0; i < servers->n; i++)
		free(servers->urls[i]);
	free(servers->urls);
	memset(servers, 0, sizeof(*servers));
}
