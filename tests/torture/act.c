/* act.c - see act.h */
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>

#include "act.h"
#include "history.h"

extern char **environ;

int
act_receipt(struct act *a, const char *receipt)
{
	a->receipt = receipt;
	return sscanf(receipt, "%*[^/]/%63[^/]/%47[0-9A-Fa-f-].%63[0-9A-Za-z-]", a->group, a->id,
	    a->lease) == 3 ? 0 : -1;
}

int
act_record(struct act *a, char *line, size_t n)
{
	char *body = memchr(line, '\t', n), *receipt;

	if (body == NULL)
		errx(70, "mq-sub: no tab: %s", line);
	*body++ = '\0';
	n -= (size_t)(body - line);
	receipt = strsep(&line, " ");
	a->attempt = strsep(&line, " ");
	a->priority = strsep(&line, " ");
	if (act_receipt(a, receipt) == -1 || line == NULL || *line != ':')
		errx(70, "mq-sub: %s", receipt);
	a->key = line + 1;
	return letter_check(body, n, a->name);
}

void
act_start(const struct act *a)
{
	history_add("start %s %s %s %s %s :%s %s %s %lld", a->group, a->id, a->lease,
	    a->attempt, a->priority, a->key, a->name, a->run, (long long)history_now());
}

void
act_torn(const struct act *a)
{
	history_add("torn %s %s %s %s", a->group, a->id, a->lease, a->run);
}

void
act_done(const struct act *a, const char *outcome)
{
	history_add("done %s %s %s %s %s", a->group, a->id, a->lease, outcome, a->run);
}

/* 1 if the command exits 0. */
static int
run(char **argv)
{
	int status, rc;
	pid_t pid;

	if ((rc = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ)) != 0)
		errx(70, "%s: %s", argv[0], strerror(rc));
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			err(70, "waitpid");
	return status == 0;
}

int
act_settle(const struct act *a, const char *verb)
{
	char option[32], group[128];
	char *ack[] = { (char *)"mq-ack", option, (char *)a->receipt, NULL };
	char *skip[] = { (char *)"mq-ctl", (char *)"skip", group, (char *)a->id, NULL };

	(void)snprintf(option, sizeof(option), "--%s", verb);
	if (strcmp(verb, "ack") == 0)
		ack[1] = (char *)"-q";
	if (strcmp(verb, "revive") == 0)
		ack[1] = (char *)"--reject=revive";
	(void)snprintf(group, sizeof(group), "%.*s/%s", (int)strcspn(a->receipt, "/"),
	    a->receipt, a->group);
	if (!run(strcmp(verb, "skip") == 0 ? skip : ack))
		return 0;
	history_add("settled %s %s %s %s %s", a->group, a->id, a->lease, verb, a->run);
	return 1;
}

const char *
act_work(const struct act *a)
{
	size_t n = strlen(a->name);
	unsigned chance = history_random(100);

	history_sleep(chance < 3 ? 100 + history_random(300) : history_random(8));
	if (n > 2 && strcmp(a->name + n - 2, "77") == 0)
		return "reject";
	if (n > 1 && a->name[n - 1] == '7')
		return history_random(4) == 0 ? "die" : "retry";
	chance = history_random(100);
	if (chance < 5)
		return "retry";
	if (chance < 7)
		return "die";
	return chance < 10 ? "hand" : "ack";
}
