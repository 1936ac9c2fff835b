/* address.c - see address.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "amqp/address.h"
#include "base/error.h"
#include "base/name.h"

#define SHOWN	96	/* bytes of what is quoted in an error */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes n percent-encoded bytes into a string of its own: 0, or -1 (a bad code, or a NUL). */
static int
decode(char **out, const char *s, size_t n)
{
	char *to = calloc(1, n + 1);	/* whole as well if it is left in the middle */
	size_t i, len = 0;

	*out = to;
	if (to == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		int c = (unsigned char)s[i];

		if (c == '%') {
			if (n - i < 3 || hex(s[i + 1]) < 0 || hex(s[i + 2]) < 0)
				return -1;
			c = hex(s[i + 1]) * 16 + hex(s[i + 2]);
			i += 2;
		}
		if (c == 0)
			return -1;
		to[len++] = (char)c;
	}
	to[len] = '\0';
	return 0;
}

static int
bad_code(const char *what, struct mqs_error *err)
{
	return mqs_fail(err, MQS_EINVAL, "amqp address: %s: not percent-encoded as it should be "
	    "(%%40 for @, %%2F for /, %%25 for %%)", what);
}

/* USER[:PASSWORD] */
static int
parse_user(struct mqs_amqp_address *a, const char *s, size_t n, struct mqs_error *err)
{
	const char *colon = memchr(s, ':', n);
	size_t user = colon == NULL ? n : (size_t)(colon - s);

	if (user == 0)
		return mqs_fail(err, MQS_EINVAL, "amqp address: no user before '@'");
	if (decode(&a->user, s, user) != 0)
		return bad_code("user", err);
	if (colon != NULL && decode(&a->password, colon + 1, n - user - 1) != 0)
		return bad_code("password", err);
	return MQS_OK;
}

/* Splits "[NAME]:PORT" or "NAME:PORT" of n bytes; port is NULL if there is none. */
static int
split_host(const char *s, size_t n, const char **name, size_t *name_n, const char **port)
{
	const char *end;

	*port = NULL;
	if (n > 0 && s[0] == '[') {
		if ((end = memchr(s, ']', n)) == NULL)
			return -1;
		*name = s + 1;
		*name_n = (size_t)(end - s - 1);
		if (++end == s + n)
			return 0;
		*port = end + 1;
		return *end == ':' ? 0 : -1;
	}
	end = memchr(s, ':', n);
	*name = s;
	*name_n = end == NULL ? n : (size_t)(end - s);
	if (end != NULL)
		*port = end + 1;
	return 0;
}

static int
show_host(struct mqs_amqp_host *h)
{
	int v6 = strchr(h->name, ':') != NULL;

	return asprintf(&h->shown, "%s%s%s:%d", v6 ? "[" : "", h->name, v6 ? "]" : "",
	    h->port) < 0 ? -1 : 0;
}

static int
add_host(struct mqs_amqp_address *a, const char *s, size_t n, struct mqs_error *err)
{
	struct mqs_amqp_host *hosts, *h;
	const char *name, *port;
	size_t name_n;
	uint64_t v;

	hosts = reallocarray(a->hosts, a->nhosts + 1, sizeof(*hosts));
	if (hosts == NULL)
		return mqs_fail_errno(err, "amqp address");
	a->hosts = hosts;
	h = &hosts[a->nhosts++];
	memset(h, 0, sizeof(*h));
	if (split_host(s, n, &name, &name_n, &port) != 0 || name_n == 0)
		return mqs_fail(err, MQS_EINVAL, "amqp address: host %zu is missing or broken "
		    "(amqp://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]...][/VHOST])", a->nhosts);
	h->port = a->tls ? 5671 : 5672;
	if (port != NULL) {
		if (mqs_parse_u64(port, n - (size_t)(port - s), &v) != 0 || v == 0 || v > 65535)
			/* It may be a password whose '@' was forgotten: not shown. */
			return mqs_fail(err, MQS_EINVAL, "amqp address: host %.*s: its port is "
			    "no number from 1 to 65535", (int)(name_n > SHOWN ? SHOWN : name_n), name);
		h->port = (int)v;
	}
	if (decode(&h->name, name, name_n) != 0)
		return bad_code("host", err);
	return show_host(h) == 0 ? MQS_OK : mqs_fail_errno(err, "amqp address");
}

static int
parse_hosts(struct mqs_amqp_address *a, const char *s, size_t n, struct mqs_error *err)
{
	const char *end = s + n, *comma;
	int rc;

	for (;;) {
		comma = memchr(s, ',', (size_t)(end - s));
		if ((rc = add_host(a, s, (size_t)((comma == NULL ? end : comma) - s), err)) != MQS_OK)
			return rc;
		if (comma == NULL)
			return MQS_OK;
		s = comma + 1;
	}
}

static int
parse_vhost(struct mqs_amqp_address *a, const char *s, struct mqs_error *err)
{
	size_t n;

	if (*s != '/' || s[1] == '\0') {	/* none */
		a->vhost = strdup("/");
		return a->vhost == NULL ? mqs_fail_errno(err, "amqp address") : MQS_OK;
	}
	n = strlen(++s);
	if (memchr(s, '/', n) != NULL)
		return mqs_fail(err, MQS_EINVAL, "amqp address: a '/' in a vhost or password is "
		    "written %%2F");
	if (decode(&a->vhost, s, n) != 0)
		return bad_code("vhost", err);
	return MQS_OK;
}

static int
parse(struct mqs_amqp_address *a, const char *where, struct mqs_error *err)
{
	const char *s = strstr(where, "://"), *end, *at = NULL, *p;
	int rc;

	if (s == NULL)
		return mqs_fail(err, MQS_EINVAL, "amqp address: no ://");
	a->tls = s - where == 5 && strncasecmp(where, "amqps", 5) == 0;
	s += 3;
	end = s + strcspn(s, "/?#");
	for (p = s; p < end; p++)	/* the last one: a password may have one, too */
		if (*p == '@')
			at = p;
	/* A password with a '/' would be taken for a host and its port, and told. */
	if (at == NULL && strchr(end, '@') != NULL)
		return mqs_fail(err, MQS_EINVAL, "amqp address: a '/' in a password is written %%2F, and "
		    "a '@' in a vhost %%40");
	if (end[strcspn(end, "?#")] != '\0')
		return mqs_fail(err, MQS_EINVAL, "amqp address: it takes no options behind '?' "
		    "or '#'; ~/.config/mq/amqp.conf has them, as NAME=VALUE");
	if (at != NULL && (rc = parse_user(a, s, (size_t)(at - s), err)) != MQS_OK)
		return rc;
	if (at != NULL)
		s = at + 1;
	if ((rc = parse_hosts(a, s, (size_t)(end - s), err)) != MQS_OK)
		return rc;
	return parse_vhost(a, end, err);
}

int
mqs_amqp_address_parse(struct mqs_amqp_address *a, const char *where, struct mqs_error *err)
{
	int rc;

	memset(a, 0, sizeof(*a));
	if ((rc = parse(a, where, err)) != MQS_OK)
		mqs_amqp_address_free(a);
	return rc;
}

void
mqs_amqp_address_free(struct mqs_amqp_address *a)
{
	size_t i;

	for (i = 0; i < a->nhosts; i++) {
		free(a->hosts[i].name);
		free(a->hosts[i].shown);
	}
	free(a->hosts);
	free(a->user);
	if (a->password != NULL)
		explicit_bzero(a->password, strlen(a->password));
	free(a->password);
	free(a->vhost);
	memset(a, 0, sizeof(*a));
}
