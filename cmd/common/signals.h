/*
 * common/signals.h - being asked to stop by SIGINT, SIGTERM or SIGHUP
 *
 * SIGPIPE and SIGXFSZ are ignored from tool_start on: whoever spawns a command gives it
 * their defaults back.
 */
#ifndef MQ_CMD_COMMON_SIGNALS_H
#define MQ_CMD_COMMON_SIGNALS_H

#include <poll.h>
#include <signal.h>

/* The first signal that asked to stop, or 0. */
extern volatile sig_atomic_t stopping;

/*
 * Catches SIGINT, SIGTERM and SIGHUP, except one that was ignored when the tool
 * started.  With interrupt_waits, a signal also ends the library's waits (MQS_EINTR).
 */
void	catch_signals(int interrupt_waits);
/*
 * Leaves as somebody who sent `stopping' expects: after SIGTERM and SIGHUP with
 * `status', after SIGINT by dying of it.
 */
void	signal_end(int status) __attribute__((noreturn));
/* Has fn called once when the tool ends, by signal_end or by exit(3). */
void	at_end(void (*fn)(void));
/* Has fn called by the handler of a SIGINT that kills: it uses what a signal handler may. */
void	at_kill(void (*fn)(void));
/*
 * Lets the library's waits go on for so many ms after the signal (or from now, if it has
 * come already), so that work that was begun can be finished.
 */
void	stop_grace(int ms);
/* mqs_options.interrupted: whether the library's waits shall end. */
int	interrupted(void *);
/* poll(2), but -1 with EINTR also if `stopping' was set before the call. */
int	wait_poll(struct pollfd *, unsigned n, int timeout_ms);

#endif
