/* common/damage.h - leaving in order when the spool's files turn out to be damaged */
#ifndef MQ_CMD_COMMON_DAMAGE_H
#define MQ_CMD_COMMON_DAMAGE_H

/*
 * From now on a SIGSEGV, SIGBUS or SIGABRT is reported as damage of a file of `spool' by the
 * program `name', and ends it with 74.  Call it again when the spool's name is known.
 */
void	damage_catch_faults(const char *name, const char *spool);

/*
 * Has fn called by the signal handler before it reports anything; it uses only what a signal
 * handler may, and returns the status to leave with.
 */
void	damage_first(int (*fn)(void));

/* mqs_options.on_damage: reports the text, and leaves with status 74. */
void	damage_found(void *arg, const char *text);

#endif
