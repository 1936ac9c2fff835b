/*
 * common/progress_terminal.c - one line of progress on a terminal, and none left behind
 *
 * Two tools of a pipe, "mq-replay a | mq-pub b", would each write over the other's line.  So
 * the first that shows one locks the terminal's device, opened anew because the tools share
 * the open file of their stderr.  The other asks again each time that its line is due.  The
 * lock goes with the process.  Where the device can't be opened, everybody shows a line.
 *
 * A signal that ends the tool would leave the line on the screen, in front of the shell's
 * prompt.  Such a signal is caught, once, to erase the line; then it ends the tool as if it had
 * not been caught.  Tools that catch it themselves do so later, and erase the line themselves.
 */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/progress_terminal.h"

#define DEVICE_BYTES	64

static int device = -1;
static int taken;
static void (*volatile erase)(void);

int
progress_terminal_take(void)
{
	char name[DEVICE_BYTES];

	if (taken)
		return 1;
	if (device == -1 && ttyname_r(STDERR_FILENO, name, sizeof(name)) == 0)
		device = open(name, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	taken = device == -1 || flock(device, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
	return taken;
}

void
progress_terminal_give(void)
{
	if (device != -1)
		close(device);
	device = -1;
	taken = 0;
}

static void
on_end(int sig)
{
	erase();
	(void)raise(sig);	/* it is not caught any more: SA_RESETHAND */
}

void
progress_terminal_on_end(void (*fn)(void))
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction act = { .sa_handler = on_end,
	    .sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };
	struct sigaction old;
	size_t i;

	erase = fn;
	(void)sigemptyset(&act.sa_mask);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], NULL, &old) != 0 || (old.sa_handler == SIG_DFL &&
		    sigaction(signals[i], &act, NULL) != 0))
			fail(STATUS_SYSTEM, "signal handlers: %s", strerror(errno));
}
