/* configuration.c - see configuration.h */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "amqp/configuration.h"
#include "amqp/management_servers.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"
#include "base/units.h"

#define FILE_MAX	65536	/* bytes; more is no such file */

static int
set_text(char **to, const char *value)
{
	char *copy = strdup(value);

	if (copy == NULL)
		return -1;
	free(*to);
	*to = copy;
	return 0;
}

static const char *
set_verify(struct mqs_amqp_configuration *c, const char *value)
{
	c->verify = strcmp(value, "no") != 0;
	return c->verify && strcmp(value, "yes") != 0 ? "is yes or no" : NULL;
}

static const char *
set_heartbeat(struct mqs_amqp_configuration *c, const char *value)
{
	uint64_t v;

	if (mqs_parse_u64(value, strlen(value), &v) != 0 || v < 1 || v > 3600)
		return "is a number of seconds, 1 to 3600";
	c->heartbeat = (int)v;
	return NULL;
}

static const char *
set_connect_timeout(struct mqs_amqp_configuration *c, const char *value)
{
	const char *why;
	int64_t ns;

	if (mqs_parse_duration(value, &ns, &why) != 0)
		return why;
	if (ns < MQS_SECOND / 10 || ns > 3600 * MQS_SECOND)
		return "is a duration, 100ms to 1h";
	c->connect_timeout = ns;
	return NULL;
}

/* Takes one NAME=VALUE; NULL, or what is wrong with it. */
static const char *
set(struct mqs_amqp_configuration *c, const char *name, const char *value)
{
	struct {
		const char *name;
		char **to;
	} texts[] = {
		{ "user", &c->user }, { "password", &c->password }, { "ca", &c->ca },
		{ "cert", &c->cert }, { "key", &c->key }, { "management", &c->management }
	};
	const char *why;
	size_t i;

	if (strcmp(name, "management") == 0 && (why = mqs_amqp_servers_check(value)) != NULL)
		return why;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(name, texts[i].name) == 0)
			return set_text(texts[i].to, value) == 0 ? NULL : "out of memory";
	if (strcmp(name, "verify") == 0)
		return set_verify(c, value);
	if (strcmp(name, "heartbeat") == 0)
		return set_heartbeat(c, value);
	if (strcmp(name, "connect-timeout") == 0)
		return set_connect_timeout(c, value);
	return "unknown name (user, password, ca, cert, key, verify, heartbeat, connect-timeout, "
	    "management)";
}

/* Cuts blanks off both ends of n bytes. */
static char *
trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r");
	for (n = strlen(s); n > 0 && strchr(" \t\r", s[n - 1]) != NULL; n--)
		;
	s[n] = '\0';
	return s;
}

/* One line, which is changed. */
static int
parse_line(struct mqs_amqp_configuration *c, char *line, const char *path, unsigned number,
    struct mqs_error *err)
{
	char *equals;
	const char *why;

	line = trim(line);
	if (*line == '\0' || *line == '#')
		return MQS_OK;
	if ((equals = strchr(line, '=')) == NULL)
		return mqs_fail(err, MQS_ECONFIG, "%s: line %u: not NAME=VALUE", path, number);
	*equals = '\0';
	line = trim(line);
	if ((why = set(c, line, trim(equals + 1))) != NULL)
		return mqs_fail(err, MQS_ECONFIG, "%s: line %u: %.40s: %s", path, number, line, why);
	return MQS_OK;
}

int
mqs_amqp_configuration_parse(struct mqs_amqp_configuration *c, const char *text, size_t n,
    const char *path, struct mqs_error *err)
{
	struct mqs_buf line = { 0 };
	const char *end = text + n, *newline;
	unsigned number = 0;
	int rc = MQS_OK;

	for (; text < end && rc == MQS_OK; text = newline + 1) {
		if ((newline = memchr(text, '\n', (size_t)(end - text))) == NULL)
			newline = end;
		number++;
		line.n = 0;
		if (mqs_buf_add(&line, text, (size_t)(newline - text)) != 0 ||
		    mqs_buf_addc(&line, '\0') != 0)
			rc = mqs_fail_errno(err, "%s", path);
		else if (strlen(line.p) != line.n - 1)
			rc = mqs_fail(err, MQS_ECONFIG, "%s: line %u: a NUL", path, number);
		else
			rc = parse_line(c, line.p, path, number, err);
	}
	if (line.p != NULL)
		explicit_bzero(line.p, line.cap);
	mqs_buf_free(&line);
	return rc;
}

/* Nobody else may read what may hold a password. */
static int
check_mode(int fd, const char *path, struct mqs_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return mqs_fail_errno(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return mqs_fail(err, MQS_ECONFIG, "%s: not a file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return mqs_fail(err, MQS_EPERM, "%s: belongs to another user", path);
	if ((st.st_mode & 077) != 0)
		return mqs_fail(err, MQS_EPERM, "%s: others may read or write it, and it may hold a "
		    "password (chmod 600 %s)", path, path);
	return MQS_OK;
}

static int
read_descriptor(struct mqs_amqp_configuration *c, int fd, const char *path,
    struct mqs_error *err)
{
	char *text;
	ssize_t n;
	size_t have = 0;
	int rc;

	if ((rc = check_mode(fd, path, err)) != MQS_OK)
		return rc;
	if ((text = malloc(FILE_MAX)) == NULL)
		return mqs_fail_errno(err, "%s", path);
	while ((n = read(fd, text + have, FILE_MAX - have)) > 0)
		have += (size_t)n;
	if (n < 0)
		rc = mqs_fail_errno(err, "%s", path);
	else if (have == FILE_MAX)
		rc = mqs_fail(err, MQS_ECONFIG, "%s: more than %d bytes", path, FILE_MAX - 1);
	else
		rc = mqs_amqp_configuration_parse(c, text, have, path, err);
	explicit_bzero(text, FILE_MAX);
	free(text);
	return rc;
}

/* Where the file is: 0, or -1 if there is no place for it. */
static int
file_path(char path[PATH_MAX])
{
	const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n;

	if (folder != NULL && folder[0] == '/')
		n = snprintf(path, PATH_MAX, "%s/mq/amqp.conf", folder);
	else if (home != NULL && home[0] == '/')
		n = snprintf(path, PATH_MAX, "%s/.config/mq/amqp.conf", home);
	else
		return -1;
	return n > 0 && n < PATH_MAX ? 0 : -1;
}

static int
read_file(struct mqs_amqp_configuration *c, struct mqs_error *err)
{
	char path[PATH_MAX];
	int fd, rc;

	if (file_path(path) != 0)
		return MQS_OK;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1) {
		if (errno == ENOENT || errno == ENOTDIR)
			return MQS_OK;
		return mqs_fail_errno(err, "%s", path);
	}
	rc = read_descriptor(c, fd, path, err);
	(void)close(fd);
	return rc;
}

/* What comes before the file: the environment, and the address before both. */
static int
override(struct mqs_amqp_configuration *c, const struct mqs_amqp_address *a)
{
	const char *password = getenv("MQ_AMQP_PASSWORD");

	if (a->user != NULL && set_text(&c->user, a->user) != 0)
		return -1;
	if (password != NULL && set_text(&c->password, password) != 0)
		return -1;
	if (a->password != NULL && set_text(&c->password, a->password) != 0)
		return -1;
	if (c->user == NULL && set_text(&c->user, "guest") != 0)
		return -1;
	if (c->password == NULL)
		return set_text(&c->password, strcmp(c->user, "guest") == 0 ? "guest" : "");
	return 0;
}

int
mqs_amqp_configuration_read(struct mqs_amqp_configuration *c, const struct mqs_amqp_address *a,
    struct mqs_error *err)
{
	int rc;

	memset(c, 0, sizeof(*c));
	c->verify = 1;
	c->heartbeat = 10;
	c->connect_timeout = 10 * MQS_SECOND;
	if ((rc = read_file(c, err)) == MQS_OK && override(c, a) != 0)
		rc = mqs_fail_errno(err, "amqp.conf");
	if (rc == MQS_OK && (c->cert == NULL) != (c->key == NULL))
		rc = mqs_fail(err, MQS_ECONFIG, "amqp.conf: cert and key go together");
	if (rc != MQS_OK)
		mqs_amqp_configuration_free(c);
	return rc;
}

void
mqs_amqp_configuration_free(struct mqs_amqp_configuration *c)
{
	free(c->user);
	if (c->password != NULL)
		explicit_bzero(c->password, strlen(c->password));
	free(c->password);
	free(c->ca);
	free(c->cert);
	free(c->key);
	free(c->management);
	memset(c, 0, sizeof(*c));
}
