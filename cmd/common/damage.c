/*
 * common/damage.c - leaving in order when the spool's files turn out to be damaged
 *
 * The files are mapped into memory.  A file that another process cuts short, a disk that
 * can't be read, or a wild page number shows as SIGBUS or SIGSEGV, at any instruction in
 * the midst of a transaction.  Where LMDB follows a wild number within its own buffers, the C
 * library notices that later, and aborts.  Nothing can be saved then, and nothing needs to
 * be: what was not committed was not promised.
 *
 * The signal handler names the file and leaves with the right status.  It uses open(2),
 * read(2), write(2) and _exit(2) alone, on a stack of its own, since the fault may be the
 * stack's.  The file is the one in whose map the faulty address lies (/proc/self/maps).
 * Where the address lies elsewhere, the handler names every LMDB file that is mapped.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/redact.h"
#include "common/damage.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"

#define FAULT_STACK	32768
#define MAPS_BYTES	65536	/* of /proc/self/maps */
#define MAPPED_MAX	8
#define BEYOND		((uintptr_t)1 << 20)	/* a node reaches less far out of its page */

static char fault_begin[1024], fault_spool[1024];
static const char fault_end[] = ": memory fault: a damaged or truncated file, an I/O error "
    "while reading it, or a bug; mq-ctl check tells\n";
static char fault_stack[FAULT_STACK];
static int (*fault_first)(void);

/* The files of the spool that are mapped, found by the handler. */
static char maps[MAPS_BYTES];
static char *mapped[MAPPED_MAX];
static size_t nmapped;

static void
put(const char *text)
{
	size_t done = 0, n = strlen(text);

	while (done < n) {
		ssize_t written = write(STDERR_FILENO, text + done, n - done);

		if (written <= 0)
			return;
		done += (size_t)written;
	}
}

static uintptr_t
hexadecimal(const char **text)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit;
	uintptr_t n = 0;

	for (; **text != '\0' && (digit = strchr(digits, **text)) != NULL; (*text)++)
		n = n << 4 | (uintptr_t)(digit - digits);
	return n;
}

/*
 * Takes note of a line of /proc/self/maps, if it is of a file of LMDB: 1 if the address is
 * in its map, or little beyond it.
 */
static int
take_map(char *line, uintptr_t address)
{
	const char *at = line;
	uintptr_t from = hexadecimal(&at), to;
	char *path = strchr(line, '/'), *c;
	size_t n = path == NULL ? 0 : strlen(path);

	if (*at != '-' || n < 4 || strcmp(path + n - 4, ".mdb") != 0)
		return 0;
	at++;
	to = hexadecimal(&at);
	for (c = path; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	if (address >= from && address - from < to - from + BEYOND) {
		mapped[0] = path;
		nmapped = 1;
		return 1;
	}
	if (nmapped < MAPPED_MAX)
		mapped[nmapped++] = path;
	return 0;
}

/* Finds the file in whose map a memory address is; if there is none, all that are mapped. */
static void
find_files(uintptr_t address)
{
	size_t n = 0;
	ssize_t got;
	char *line, *end;
	int fd;

	if ((fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)) == -1)
		return;
	while (n < sizeof(maps) - 1 && (got = read(fd, maps + n, sizeof(maps) - 1 - n)) > 0)
		n += (size_t)got;
	maps[n] = '\0';
	for (line = maps; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		if (take_map(line, address))
			return;
	}
}

static void
on_fault(int sig, siginfo_t *info, void *context)
{
	int status = fault_first != NULL ? fault_first() : STATUS_IO;
	size_t i;

	(void)context;
	find_files(sig == SIGSEGV || sig == SIGBUS ? (uintptr_t)info->si_addr : 0);
	put(fault_begin);
	for (i = 0; i < nmapped; i++) {
		put(i == 0 ? "" : ", ");
		put(mapped[i]);
	}
	put(nmapped == 0 ? fault_spool : "");
	put(fault_end);
	_exit(status);
}

void
damage_first(int (*fn)(void))
{
	fault_first = fn;
}

void
damage_catch_faults(const char *name, const char *spool)
{
	stack_t stack = { .ss_sp = fault_stack, .ss_size = sizeof(fault_stack) };
	struct sigaction act = { .sa_sigaction = on_fault,
	    .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND };
	char shown[801];

	fault_begin[0] = fault_spool[0] = '\0';	/* a fault meanwhile says less, but not half */
	(void)snprintf(fault_begin, sizeof(fault_begin), "%s: ", name);
	(void)snprintf(fault_spool, sizeof(fault_spool), "%s",
	    mqs_redact(spool, shown, sizeof(shown)));
	(void)sigemptyset(&act.sa_mask);
	if (sigaltstack(&stack, NULL) != 0 || sigaction(SIGSEGV, &act, NULL) != 0 ||
	    sigaction(SIGBUS, &act, NULL) != 0 || sigaction(SIGABRT, &act, NULL) != 0)
		fail(STATUS_SYSTEM, "signal handlers: %s", strerror(errno));
}

void
damage_found(void *arg, const char *text)
{
	(void)arg;
	fail_now(STATUS_IO, "%s", text);
}
