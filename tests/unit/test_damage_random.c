/*
 * test_damage_random.c - damage at random in every kind of file: what each tool then does
 *
 * A spool is made that has all that a spool can hold.  Then, for each case, a copy of it is
 * damaged in one file (damage_random.h), and the tools run on that copy, one after the other.
 * What must hold, whatever the damage:
 *
 *	- no tool ends by a signal, takes long, or ends with a status that means a bug;
 *	- each message that a tool prints is one that was published, with its id, key,
 *	  priority and body;
 *	- a group gets no message twice, nor one that it had settled before.  If a tool says
 *	  that something is wrong (74), what it does from then on may repeat.
 *
 * MQ_DAMAGE_CASES says how many cases there are, MQ_DAMAGE_FIRST which is the first: each is
 * the same wherever it runs.  MQ_DAMAGE_KEEP=1 leaves the directory of a failure behind.
 */
#include <bsd/string.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>

#include "base/hash.h"
#include "check.h"
#include "damage_random.h"

#define SECONDS	(getenv("MQ_SANITIZED") != NULL ? 300 : 60)
#define FORMAT	"-f '%o %k %p %S %s\\n'"
#define RECEIPTS "-f '%o %k %p %S %s\t%r\\n'"
#define IDS	4096

extern char **environ;

static char top[128];			/* the directory of this test */

/* ------------------------------------------------------------- messages -- */

/* A line that a tool prints of a message, by its id: the hash of what stands behind that. */
struct line {
	uint64_t id, hash;
};

static struct line published[IDS];
static size_t npublished;

static const struct line *
find_line(uint64_t id)
{
	size_t i;

	for (i = 0; i < npublished; i++)
		if (published[i].id == id)
			return &published[i];
	return NULL;
}

static uint64_t
hash_line(const char *line, size_t n)
{
	size_t id = strcspn(line, " ");

	return XXH3_64bits(line + id, n - id);
}

/*
 * Is a line of a message with another id right: one that the case published, or the copy that
 * mq-ctl redrive makes of a message that is not there any more.
 */
static int
is_new_or_copy(const char *line, size_t n)
{
	uint64_t hash = hash_line(line, n);
	size_t i;

	for (i = 0; i < npublished; i++)
		if (published[i].hash == hash)
			return 1;
	return strstr(line, " new") != NULL;
}

struct ids {
	uint64_t	id[IDS];
	size_t		n;
};

static int
has(const struct ids *s, uint64_t id)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->id[i] == id)
			return 1;
	return 0;
}

/* Calls fn with each line of a file that begins with an id. */
static void
each_line(const char *file, void (*fn)(void *arg, uint64_t id, const char *line, size_t n), void *arg)
{
	char path[256], *line = NULL, *end;
	size_t room = 0;
	ssize_t n;
	uint64_t id;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", top, file);
	if ((f = fopen(path, "r")) == NULL)
		return;
	while ((n = getline(&line, &room, f)) > 0) {
		/* A receipt is not of the message. */
		n = (ssize_t)strcspn(line, "\t\n");
		line[n] = '\0';
		id = strtoull(line, &end, 10);
		if (id > 1000000 && *end == ' ')
			fn(arg, id, line, (size_t)n);
	}
	free(line);
	fclose(f);
}

static void
add_published(void *arg, uint64_t id, const char *line, size_t n)
{
	(void)arg;
	if (find_line(id) == NULL && npublished < IDS) {
		published[npublished].id = id;
		published[npublished++].hash = hash_line(line, n);
	}
}

static void
add_id(void *arg, uint64_t id, const char *line, size_t n)
{
	struct ids *s = arg;

	(void)line;
	(void)n;
	if (s->n < IDS)
		s->id[s->n++] = id;
}

/* ---------------------------------------------------------------- tools -- */

/* What a case did so far. */
struct trial {
	unsigned	 number;
	char		 file[64], damage[128];
	int		 told;		/* a tool said that something is wrong */
	int		 wrong;
	unsigned	 faults;
};

static void
fail_trial(struct trial *t, const char *command, const char *what, uint64_t detail)
{
	if (t->wrong++ < 3)
		printf("# case %u: %s: %s: %s: %s (%llu)\n", t->number, t->file, t->damage, command,
		    what, (unsigned long long)detail);
}

/* Runs a command of the shell: its status, 128 + n for signal n, or -1 if it takes too long. */
static int
run(const char *command, const char *spool)
{
	char line[8192], out[200], error[200];
	char sh[] = "/bin/sh", c[] = "-c";
	char *argv[] = { sh, c, line, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	struct timespec limit = { SECONDS, 0 };
	sigset_t child;
	int status;
	pid_t pid;

	(void)snprintf(line, sizeof(line), "cd %s && MQ_SPOOL=%s && export MQ_SPOOL && %s", top,
	    spool, command);
	(void)snprintf(out, sizeof(out), "%s/out", top);
	(void)snprintf(error, sizeof(error), "%s/err", top);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	posix_spawn_file_actions_addopen(&files, 2, error, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	posix_spawnattr_init(&attributes);
	sigemptyset(&child);
	posix_spawnattr_setsigmask(&attributes, &child);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	if (posix_spawn(&pid, sh, &files, &attributes, argv, environ) != 0)
		abort();
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (sigtimedwait(&child, NULL, &limit) == -1 && errno == EAGAIN) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* 64 and 70 would be this test's or the tool's fault; 126 and 127 a command's. */
static void
check_status(struct trial *t, const char *command, int status)
{
	char path[200], text[4096];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/err", top);
	if ((f = fopen(path, "r")) == NULL)
		abort();
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	if (status == -1)
		fail_trial(t, command, "takes too long", 0);
	else if (status >= 126 || status == 64 || status == 70 || status == 71)
		fail_trial(t, command, "status", (uint64_t)status), printf("# %s", text);
	t->told |= status > 1 || n > 0;
	t->faults += strstr(text, "memory fault") != NULL;
}

struct seen {
	struct trial	*t;
	const char	*command;
	struct ids	*group;		/* what the group got before; NULL: not a group */
};

static void
check_line(void *arg, uint64_t id, const char *line, size_t n)
{
	struct seen *s = arg;
	const struct line *p = find_line(id);

	if (p == NULL ? !is_new_or_copy(line, n) : p->hash != hash_line(line, n))
		fail_trial(s->t, s->command, "prints a message that was not published", id);
	if (s->group == NULL)
		return;
	if (has(s->group, id) && !s->t->told)
		fail_trial(s->t, s->command, "delivers again", id);
	add_id(s->group, id, line, n);
}

static void
tool(struct trial *t, const char *command, struct ids *group)
{
	struct seen seen = { t, command, group };

	check_status(t, command, run(command, "copy"));
	each_line("out", check_line, &seen);
}

/* ---------------------------------------------------------------- cases -- */

/* Groups: g one that has all; o ordered; b bound to keys; m settled by receipts. */
static const char make[] =
    "{ seq -f 'small %g' 200; for i in 1 2 3; do head -c ${i}0000 /dev/zero | tr '\\0' x; echo; done;"
    "  for i in 3 4; do head -c ${i}00000 /dev/zero | tr '\\0' y; echo; done; } | mq-pub q &&"
    "mq-pub -k eu.fr -H a=b q k1 k2 k3 k4 k5 && mq-pub -k us q k6 k7 k8 && mq-pub -k eu.de q k9 &&"
    "for i in 1 2 3 4 5 6; do mq-pub -p $i -i id$i q prio$i || exit; done && mq-pub -d 1h q late &&"
    "mq-ctl create -k 'eu.#' q/b && mq-ctl create q/o && mq-ctl set q/o ordered=on && mq-ctl create q/m && mq-ctl set q/m lease=1h && mq-ctl create q/g &&"
    "mq-replay " FORMAT " q >all &&"
    "mq-sub -e -c 60 -f '%o .\\n' q/g >g.ids &&"
    "mq-sub -e -m -c 20 -f '%o %r\\n' q/m >m.ids && sed -n '3,9s/.* //p' m.ids | mq-ack &&"
    "mq-sub -e -m -c 10 -l 1h -f '%o %r\\n' q/m >>m.ids && mq-sub -e -c 30 -f '%o .\\n' q/m >>m.ids &&"
    "mq-sub -e -c 10 q/g -- sh -c 'echo $MQ_ID . >>g.ids; exit 100' &&"
    "{ mq-sub -e -c 8 q/g -- sh -c '[ $((MQ_ID % 2)) = 0 ] || exit 75; echo $MQ_ID . >>g.ids'; true; } &&"
    "mq-sub -e -m -c 20 -l 1h -f '%o %r\\n' q/o >o.ids && mq-sub -e -c 2 q/b --to out -- cat &&"
    "mq-sub -e -c 20 -f '%o .\\n' q/o >>o.ids &&"
    "seq -f 'more %g' 50 | mq-pub q && for i in 1 2 3 4 5; do mq-sub -e -c 4 -f '%o .\\n' q/g >>g.ids; done &&"
    "mq-replay " FORMAT " q >>all && mq-ctl set q retain=0 && mq-ctl trim q && mq-ctl check >/dev/null";

static const char *const files[] = {
	"q/log.mdb", "q/log.mdb", "q/log.mdb", "q/log.mdb", "q/g.group.mdb", "q/g.group.mdb",
	"q/g.group.mdb", "q/m.group.mdb", "q/m.group.mdb", "q/o.group.mdb", "q/o.group.mdb",
	"q/b.group.mdb", "q.dead/log.mdb", "out/log.mdb", "q/log.stat", "q/g.group.stat",
	"q/log.mdb-lock", "q/g.group.mdb-lock", "q/blob/*", "q/owner/*"
};

/* The path of a file; of a folder, one of its files. */
static int
choose(char path[256], struct trial *t, uint64_t *seed)
{
	const char *file = files[draw_below(seed, sizeof(files) / sizeof(files[0]))];
	size_t folder = strcspn(file, "*");
	struct dirent *entry;
	DIR *list;

	(void)strlcpy(t->file, file, sizeof(t->file));
	(void)snprintf(path, 256, "%s/copy/%.*s", top, (int)folder, file);
	if (file[folder] == '\0')
		return 0;
	if ((list = opendir(path)) == NULL)
		return -1;
	while ((entry = readdir(list)) != NULL && *entry->d_name == '.')
		continue;
	if (entry != NULL)
		(void)strlcat(path, entry->d_name, 256);
	closedir(list);
	return entry == NULL ? -1 : 0;
}

static struct ids before_g, before_m, before_o;

/* What is salvaged was published, and comes once. */
static void
salvage(struct trial *t)
{
	struct ids saved = { .n = 0 };

	tool(t, "mq-ctl salvage q saved", NULL);
	t->told = 0;
	tool(t, "mq-replay " FORMAT " saved", &saved);
	t->told = 1;
	tool(t, "mq-ctl check saved; mq-ctl delete -f saved", NULL);
}

static void
read_log(struct trial *t)
{
	tool(t, "mq-stat -J", NULL);
	tool(t, "mq-stat -l q", NULL);
	tool(t, "mq-replay " FORMAT " q", NULL);
	tool(t, "mq-replay --last 5 " FORMAT " q", NULL);
	tool(t, "mq-ctl show q && mq-ctl show q/g", NULL);
	tool(t, "mq-ctl check", NULL);
	salvage(t);
}

static void
consume(struct trial *t)
{
	struct ids g = before_g, m = before_m, o = before_o, b = { .n = 0 };
	int told;

	t->told = 0;
	tool(t, "mq-sub -e " FORMAT " q/g", &g);
	told = t->told;
	t->told = 0;
	tool(t, "mq-sub -e -m -c 30 " RECEIPTS " q/m", &m);
	tool(t, "mq-sub -e -m -f '%r\\n' -c 40 q/m | mq-ack", NULL);
	tool(t, "mq-sub -e " FORMAT " q/m", &m);
	t->told = 0;
	tool(t, "mq-sub -e " FORMAT " q/o", &o);
	tool(t, "mq-sub -e " FORMAT " q/o", &o);
	t->told = 0;
	tool(t, "mq-sub -e -c 3 q/b --to out -- cat", NULL);
	tool(t, "mq-sub -e " FORMAT " q/b", &b);
	t->told = told;
	tool(t, "mq-sub -e -c 5 q/g -- sh -c 'exit 1'", NULL);
	tool(t, "MQ_NOW=+2h mq-sub -e " FORMAT " q/g", &g);
}

static void
change(struct trial *t)
{
	t->told = 1;		/* what was rewound or redriven repeats */
	tool(t, "mq-pub -W 0 -I q new1 new2", NULL);
	tool(t, "mq-pub -W 0 -k eu.x -p 4 -i id3 q new3", NULL);
	tool(t, "mq-ctl redrive q.dead", NULL);
	tool(t, "mq-replay --rewind q/m --to oldest", NULL);
	tool(t, "mq-sub -e " FORMAT " q/m", NULL);
	tool(t, "mq-ctl set q description=x", NULL);
	tool(t, "mq-ctl trim q", NULL);
	tool(t, "mq-replay " FORMAT " q", NULL);
	tool(t, "mq-ctl check", NULL);
	tool(t, "mq-ctl purge q/o", NULL);
	tool(t, "mq-ctl purge q", NULL);
	tool(t, "mq-pub -W 0 q new4", NULL);
	tool(t, "mq-sub -e " FORMAT " q/n", NULL);
	tool(t, "mq-ctl delete -f q/g && mq-ctl delete -f q", NULL);
}

static unsigned faults;

/* The tools in another order: each may be the first that meets the damage. */
static int
try(unsigned number)
{
	struct trial t = { .number = number };
	uint64_t seed = number;
	char path[256];

	if (run("rm -rf copy && cp -r spool copy", "copy") != 0)
		abort();
	if (choose(path, &t, &seed) == -1 || damage_file(path, &seed, t.damage) == -1)
		return 0;
	switch (number % 4) {
	case 0:
		read_log(&t);
		consume(&t);
		change(&t);
		break;
	case 1:
		consume(&t);
		change(&t);
		break;
	case 2:
		change(&t);
		break;
	default:
		tool(&t, "mq-ctl trim q", NULL);
		consume(&t);
		read_log(&t);
		change(&t);
	}
	faults += t.faults;
	return t.wrong;
}

static unsigned
number_of(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : (unsigned)strtoul(text, NULL, 10);
}

static void
test_damage(void)
{
	unsigned first = number_of("MQ_DAMAGE_FIRST", 1), i, wrong = 0;
	unsigned cases = number_of("MQ_DAMAGE_CASES", getenv("MQ_SANITIZED") != NULL ? 20 : 120);

	if (!check_int(run(make, "spool"), 0))
		return;
	each_line("all", add_published, NULL);
	each_line("g.ids", add_id, &before_g);
	each_line("m.ids", add_id, &before_m);
	each_line("o.ids", add_id, &before_o);
	check(npublished > 250);
	for (i = first; i < first + cases; i++)
		wrong += try(i) != 0;
	check_int(wrong, 0);
	printf("# %u cases, %u memory faults\n", cases, faults);
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR"), *bin = getenv("MQ_BIN");
	char command[200], path[2 * PATH_MAX], tools[PATH_MAX];

	/* A filesystem in memory, if there is one: what is on the disk does not matter here. */
	if (access("/dev/shm", W_OK) == 0)
		tmp = "/dev/shm";
	(void)snprintf(top, sizeof(top), "%s/mq-damage.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(top) == NULL || realpath(bin == NULL ? "build/release/bin" : bin, tools) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s:%s", tools, getenv("PATH"));
	setenv("PATH", path, 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	run_test("no tool crashes, loops, or passes a wrong message or one twice", test_damage);
	(void)snprintf(command, sizeof(command), "rm -rf %s", top);
	if (getenv("MQ_DAMAGE_KEEP") == NULL && system(command) != 0)
		return 1;
	return finish_tests();
}
