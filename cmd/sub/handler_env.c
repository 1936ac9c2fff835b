/*
 * sub/handler_env.c - the environment of a command
 *
 * It is mq-sub's environment; MQ_SPOOL, as an absolute path, so that it is right in any
 * directory that the command goes to; and the message: MQ_QUEUE MQ_GROUP MQ_ID MQ_KEY
 * MQ_TIME (RFC 3339, UTC) MQ_ATTEMPT MQ_RECEIPT MQ_PRIORITY MQ_HEADERS (a JSON object).
 * A batch has the number of its messages in MQ_COUNT instead.
 *
 * The array is made once.  For each message only the strings about the message are
 * written, into the same buffers.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/address.h"
#include "base/error.h"
#include "base/units.h"
#include "message/headers.h"
#include "mqspool.h"
#include "sub/handler.h"
#include "sub/handler_env.h"

/*
 * Out of the way of scripts that use 3 to 9 for themselves and of shells that save
 * theirs from 10 on.
 */
#define RUN_FD		199
#define SHORT_ENOUGH	((size_t)64 * 1024)	/* a variable that exec(2) surely takes */

enum { V_SPOOL, V_QUEUE, V_GROUP, V_ID, V_KEY, V_TIME, V_ATTEMPT, V_RECEIPT, V_PRIORITY,
    V_HEADERS, V_COUNT };

#define BATCH_AT	3	/* where V_COUNT stands, behind the spool, queue and group */

static const char *const names[HANDLER_VARS] = {
	"MQ_SPOOL=", "MQ_QUEUE=", "MQ_GROUP=", "MQ_ID=", "MQ_KEY=", "MQ_TIME=",
	"MQ_ATTEMPT=", "MQ_RECEIPT=", "MQ_PRIORITY=", "MQ_HEADERS=",
	"MQ_COUNT="
};

static int
set(struct handler_command *c, int var, const char *value, size_t n)
{
	struct mqs_buf *b = &c->vars[var];

	b->n = 0;
	if (mqs_buf_add(b, names[var], strlen(names[var])) != 0 ||
	    mqs_buf_add(b, value, n) != 0 || mqs_buf_addc(b, '\0') != 0)
		return -1;
	c->env[c->kept + (size_t)var] = b->p;
	return 0;
}

static int
is_ours(const char *entry)
{
	size_t i;

	for (i = 0; i < HANDLER_VARS; i++)
		if (strncmp(entry, names[i], strlen(names[i])) == 0)
			return 1;
	return 0;
}

static int
set_spool(struct handler_command *c, const char *spool)
{
	char *whole = NULL;
	int rc;

	if (spool[0] != '/' && !mqs_is_address(spool, NULL))
		whole = realpath(spool, NULL);
	if (whole != NULL)
		spool = whole;
	rc = set(c, V_SPOOL, spool, strlen(spool));
	free(whole);
	return rc;
}

/*
 * Default dispositions for all signals (SIGPIPE is ignored here), none held back, and
 * a process group of its own, so that a terminal's interrupt is for mq-sub alone.
 */
static int
set_attributes(posix_spawnattr_t *attr)
{
	sigset_t all, none;
	int e;

	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	if ((e = posix_spawnattr_init(attr)) != 0)
		return e;
	if ((e = posix_spawnattr_setsigdefault(attr, &all)) != 0 ||
	    (e = posix_spawnattr_setsigmask(attr, &none)) != 0 ||
	    (e = posix_spawnattr_setpgroup(attr, 0)) != 0 ||
	    (e = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP |
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)) != 0)
		(void)posix_spawnattr_destroy(attr);
	return e;
}

int
handler_command_init(struct handler_command *c, char **argv, const char *spool,
    struct mqs_error *err)
{
	struct rlimit limit;
	size_t n = 0;

	memset(c, 0, sizeof(*c));
	c->argv = argv;
	c->run_fd = getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur <= RUN_FD ? -1 : RUN_FD;
	if ((errno = set_attributes(&c->attr)) != 0)
		return mqs_fail_errno(err, "%s", argv[0]);
	while (environ[n] != NULL)
		n++;
	c->env = calloc(n + HANDLER_VARS + 1, sizeof(*c->env));
	if (c->env == NULL) {
		(void)posix_spawnattr_destroy(&c->attr);
		return mqs_fail_errno(err, "%s: environment", argv[0]);
	}
	for (n = 0; environ[n] != NULL; n++)
		if (!is_ours(environ[n]))
			c->env[c->kept++] = environ[n];
	if (set_spool(c, spool) != 0)
		return mqs_fail_errno(err, "%s: environment", argv[0]);
	return MQS_OK;
}

void
handler_command_free(struct handler_command *c)
{
	size_t i;

	if (c->env == NULL)
		return;
	(void)posix_spawnattr_destroy(&c->attr);
	for (i = 0; i < HANDLER_VARS; i++)
		mqs_buf_free(&c->vars[i]);
	free(c->env);
	free(c->path);
}

static int
set_number(struct handler_command *c, int var, unsigned v)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", v);

	return set(c, var, text, (size_t)n);
}

static int
set_headers(struct handler_command *c, const struct mqs_message *m)
{
	struct mqs_buf *b = &c->vars[V_HEADERS];

	if (set(c, V_HEADERS, "", 0) != 0)
		return -1;
	b->n--;			/* the NUL comes behind the object */
	if (mqs_headers_json(b, m->headers, m->headers_len) != 0 ||
	    mqs_buf_addc(b, '\0') != 0)
		return -1;
	c->env[c->kept + V_HEADERS] = b->p;
	return 0;
}

int
handler_describe(struct handler_command *c, const struct mqs_consumer *consumer,
    const char *queue, const char *group, const struct mqs_message *m,
    struct mqs_error *err)
{
	char id[MQS_ID_SIZE], when[MQS_TIME_SIZE], receipt[MQS_RECEIPT_SIZE];

	(void)mqs_message_id(m, id);
	(void)mqs_format_time(m->time, when);
	(void)mqs_consumer_receipt(consumer, m, receipt);
	if (set(c, V_QUEUE, queue, strlen(queue)) != 0 ||
	    set(c, V_GROUP, group, strlen(group)) != 0 ||
	    set(c, V_ID, id, strlen(id)) != 0 ||
	    set(c, V_KEY, m->key, m->key_len) != 0 ||
	    set(c, V_TIME, when, strlen(when)) != 0 ||
	    set(c, V_RECEIPT, receipt, strlen(receipt)) != 0 ||
	    set_number(c, V_ATTEMPT, m->attempt) != 0 ||
	    set_number(c, V_PRIORITY, (unsigned)m->priority) != 0 ||
	    set_headers(c, m) != 0)
		return mqs_fail_errno(err, "%s: environment", c->argv[0]);
	return MQS_OK;
}

int
handler_describe_batch(struct handler_command *c, const char *queue,
    const char *group, size_t count, struct mqs_error *err)
{
	if (set(c, V_QUEUE, queue, strlen(queue)) != 0 ||
	    set(c, V_GROUP, group, strlen(group)) != 0 ||
	    set_number(c, V_COUNT, (unsigned)count) != 0)
		return mqs_fail_errno(err, "%s: environment", c->argv[0]);
	c->env[c->kept + BATCH_AT] = c->env[c->kept + V_COUNT];
	c->env[c->kept + BATCH_AT + 1] = NULL;
	return MQS_OK;
}

int
handler_described_at_length(const struct handler_command *c)
{
	return c->vars[V_HEADERS].n > SHORT_ENOUGH;
}
