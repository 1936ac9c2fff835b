/*
 * common/damage.c - leaving in order when the spool's files turn out to be damaged
 *
 * The files are mapped into memory.  A file that another process cuts short, a disk that
 * can't be read, or a wild page number shows as SIGBUS or SIGSEGV, at any instruction in
 * the midst of a transaction.  Nothing can be saved then, and nothing needs to be: what
 * was not committed was not promised.
 *
 * The signal handler names the spool and leaves with the right status.  It uses write(2)
 * and _exit(2) alone, on a stack of its own (the fault may be the stack's), and the line
 * that it writes was formatted before.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/redact.h"
#include "common/damage.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"

#define FAULT_STACK	32768

static char fault_text[1024];
static volatile size_t fault_len;
static char fault_stack[FAULT_STACK];

static void
on_fault(int sig)
{
	size_t done = 0;

	(void)sig;
	while (done < fault_len) {
		ssize_t n = write(STDERR_FILENO, fault_text + done, fault_len - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	_exit(STATUS_IO);
}

static void
write_fault(const char *name, const char *spool)
{
	char shown[801];
	int n;

	fault_len = 0;		/* a fault meanwhile says nothing rather than half */
	n = snprintf(fault_text, sizeof(fault_text),
	    "%s: %s: memory fault: a damaged or truncated file, an I/O error while "
	    "reading it, or a bug; mq-ctl check tells\n",
	    name, mqs_redact(spool, shown, sizeof(shown)));
	if (n > 0)
		fault_len = (size_t)n < sizeof(fault_text) ? (size_t)n : sizeof(fault_text) - 1;
}

void
damage_catch_faults(const char *name, const char *spool)
{
	stack_t stack = { .ss_sp = fault_stack, .ss_size = sizeof(fault_stack) };
	struct sigaction act = { .sa_handler = on_fault,
	    .sa_flags = SA_ONSTACK | (int)SA_RESETHAND };

	write_fault(name, spool);
	(void)sigemptyset(&act.sa_mask);
	if (sigaltstack(&stack, NULL) != 0 || sigaction(SIGSEGV, &act, NULL) != 0 ||
	    sigaction(SIGBUS, &act, NULL) != 0)
		fail(STATUS_SYSTEM, "signal handlers: %s", strerror(errno));
}

void
damage_found(void *arg, const char *text)
{
	(void)arg;
	report("%s", text);
	_exit(STATUS_IO);	/* locks and maps go with the process, in no order */
}
