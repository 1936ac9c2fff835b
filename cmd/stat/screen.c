/*
 * stat/screen.c - a terminal that is taken over, and given back as it was
 *
 * What is changed: the alternate screen is shown, the cursor is hidden, and, if stdin is a
 * terminal, keys come at once and unseen (termios).  All of it is undone
 *	by exit(3) and after SIGINT, SIGTERM and SIGHUP		at_end
 *	by a second SIGINT, which kills at once			at_kill
 *	after a memory fault, before the message		damage_first
 *	while the tool is stopped by ^Z				on_stop
 * SIGKILL can't be helped, and SIGSTOP only when the tool goes on.  ^\ is turned off meanwhile,
 * since a core dump could not undo anything.  Undoing it uses what signal handlers may use.
 *
 * Signals other than those that ask to stop write a byte to a pipe, which screen_wait polls:
 * none can be missed between a look at a flag and the wait.
 *
 * No terminfo: the sequences used are those of every terminal since the VT220, of xterm, and of
 * the Linux console.  Where TERM is dumb or missing there is no screen, but plain lines.
 */
#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "common/damage.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/signals.h"
#include "stat/screen.h"

#define ENTER	"\033[?1049h\033[?25l\033[2J"
#define LEAVE	"\033[0m\033[?25h\033[?1049l"

static struct {
	volatile sig_atomic_t entered;
	int		 keys;		/* stdin is a terminal whose modes are changed */
	struct termios	 before, ours;
	int		 wake[2];	/* the pipe */
} screen = { .wake = { -1, -1 } };

int
screen_is_one(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term != NULL && term[0] != '\0' &&
	    strcmp(term, "dumb") != 0;
}

int
screen_has_colours(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	const size_t n = term == NULL ? 0 : strlen(term);

	if ((no != NULL && no[0] != '\0') || term == NULL || !screen_is_one())
		return 0;
	return strncmp(term, "vt", 2) != 0 && !(n > 2 && strcmp(term + n - 2, "-m") == 0) &&
	    !(n > 5 && strcmp(term + n - 5, "-mono") == 0);
}

int
screen_has_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((value = getenv(names[i])) != NULL && value[0] != '\0')
			return strcasestr(value, "utf-8") != NULL ||
			    strcasestr(value, "utf8") != NULL;
	return 0;
}

void
screen_leave(void)
{
	const int kept = errno;

	if (!screen.entered)
		return;
	screen.entered = 0;
	(void)!write(STDOUT_FILENO, LEAVE, sizeof(LEAVE) - 1);
	if (screen.keys)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &screen.before);
	errno = kept;
}

static int
leave_after_fault(void)
{
	screen_leave();
	return STATUS_IO;
}

/* SIGWINCH, SIGTSTP and SIGCONT: the byte is the signal. */
static void
on_event(int sig)
{
	const int kept = errno;
	const unsigned char byte = (unsigned char)sig;

	(void)!write(screen.wake[1], &byte, 1);
	errno = kept;
}

static void
catch_event(int sig)
{
	struct sigaction act = { .sa_handler = on_event }, old;

	(void)sigemptyset(&act.sa_mask);
	if (sigaction(sig, NULL, &old) != 0 || (old.sa_handler != SIG_IGN &&
	    sigaction(sig, &act, NULL) != 0))
		fail(STATUS_SYSTEM, "signal handlers: %s", strerror(errno));
}

static void
set_up(void)
{
	if (pipe2(screen.wake, O_CLOEXEC | O_NONBLOCK) != 0)
		fail(STATUS_SYSTEM, "pipe: %s", strerror(errno));
	catch_event(SIGWINCH);
	catch_event(SIGTSTP);
	catch_event(SIGCONT);
	at_end(screen_leave);
	at_kill(screen_leave);
	damage_first(leave_after_fault);
}

/* Keys at once and unseen; signals and output as before. */
static void
take_keys(void)
{
	screen.ours = screen.before;
	screen.ours.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	screen.ours.c_cc[VMIN] = 1;
	screen.ours.c_cc[VTIME] = 0;
	screen.ours.c_cc[VQUIT] = _POSIX_VDISABLE;
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &screen.ours);
}

void
screen_enter(void)
{
	if (screen.wake[0] == -1)
		set_up();
	screen.keys = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &screen.before) == 0;
	screen.entered = 1;
	if (screen.keys)
		take_keys();
	screen_write(ENTER, sizeof(ENTER) - 1);
}

/* ^Z: stops as any other program would, with the terminal given back meanwhile. */
static void
on_stop(void)
{
	screen_leave();
	(void)signal(SIGTSTP, SIG_DFL);
	(void)raise(SIGTSTP);
	catch_event(SIGTSTP);
	screen_enter();
}

/* After SIGSTOP somebody may have changed the terminal. */
static void
on_continue(void)
{
	if (screen.keys)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &screen.ours);
	screen_write(ENTER, sizeof(ENTER) - 1);
}

static void
take_events(void)
{
	unsigned char sig;

	while (read(screen.wake[0], &sig, 1) == 1) {
		if (sig == SIGTSTP)
			on_stop();
		else if (sig == SIGCONT)
			on_continue();
		/* Another size: all of it is drawn anew, so nothing needs to be cleared. */
	}
}

/* A number of the environment, or what it would be otherwise. */
static size_t
number_of(const char *name, size_t otherwise)
{
	const char *text = getenv(name);
	long n = text == NULL ? 0 : strtol(text, NULL, 10);

	return n > 0 && n <= 10000 ? (size_t)n : otherwise;
}

void
screen_size(size_t *width, size_t *height)
{
	struct winsize w = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0)
		w.ws_col = w.ws_row = 0;
	*width = w.ws_col > 0 ? w.ws_col : number_of("COLUMNS", 80);
	*height = w.ws_row > 0 ? w.ws_row : number_of("LINES", 24);
}

void
screen_write(const char *p, size_t n)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	ssize_t done;

	while (n > 0 && stopping == 0) {
		done = write(STDOUT_FILENO, p, n);
		if (done < 0 && errno == EAGAIN)
			(void)wait_poll(&out, 1, -1);
		else if (done < 0 && errno != EINTR)
			fail(STATUS_IO, "standard output: %s", strerror(errno));
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
}

int
screen_wait(int ms)
{
	struct pollfd fds[] = {
		{ .fd = screen.wake[0], .events = POLLIN },
		{ .fd = screen.keys ? STDIN_FILENO : -1, .events = POLLIN }
	};
	unsigned char key;

	if (wait_poll(fds, 2, ms) <= 0)
		return 0;
	if (fds[0].revents != 0)
		take_events();
	if (fds[1].revents == 0)
		return 0;
	if (read(STDIN_FILENO, &key, 1) != 1) {
		screen.keys = 0;	/* it has ended: there is nobody who types */
		return 0;
	}
	return key;
}
