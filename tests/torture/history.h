/*
 * history.h - what the actors of a torture run tell, in one file
 *
 * $TORTURE/history: one event a line, its fields separated by blanks.  A line is
 * appended by one write, so that the order of lines is an order of time: what was told
 * before something else began stands before it.  Checks go by that order, and by no
 * clock.
 *
 *	sent NAME RUN HOW KEY PRIORITY NOT-BEFORE EXPIRES SIZE	before mq-pub has it
 *	again NAME ...				the same, given to another run
 *	told NAME ID				mq-pub -I has printed the id
 *	begin RUN				before a command is started
 *	stop RUN				before it is sent SIGTERM
 *	kill RUN				before it is sent SIGKILL
 *	late RUN				it did not end within 8 s of SIGTERM
 *	cut RUN					mq-pub's connection was lost meanwhile
 *	end RUN STATUS				its exit status, or -SIGNAL
 *	start GROUP ID LEASE ATTEMPT PRIORITY KEY NAME RUN WALL	first thing in a handler
 *	torn GROUP ID LEASE RUN			instead: its body was not what was sent
 *	printed GROUP ID LEASE COUNT		by a filter: so many lines
 *	done GROUP ID LEASE OUTCOME RUN		last thing in it
 *	settled GROUP ID LEASE VERB RUN		after mq-ack or mq-ctl skip exited 0
 *	rewinding GROUP ID			before it is moved back to that message
 *	rewound GROUP ID			after that
 *	engine NAME				of the spool: embedded or rabbitmq
 *	losing WHAT				a second before a node or the network is away
 *	whole WHAT				when all goes on as it did before
 *
 * Times are in ns since the epoch, 0 for none.  A key is written with ":" before it, so
 * that the empty key is a field too.
 */
#ifndef MQ_TORTURE_HISTORY_H
#define MQ_TORTURE_HISTORY_H

#include <stdint.h>

/* Opens $TORTURE/history for appending; leaves with 70 if that can't be. */
void	history_open(void);
/* Appends a line (the newline is added). */
void	history_add(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The environment's value, which must be there. */
const char *history_env(const char *name);
/* Wall clock, in ns since the epoch. */
int64_t	history_now(void);
/* 0 to n - 1, at random. */
unsigned history_random(unsigned n);
void	history_sleep(unsigned ms);
/* $TORTURE_ENGINE is that of a broker: no --atomic, no message ids, no mq-ctl skip. */
int	history_broker(void);
/* When the killing ends: $TORTURE_UNTIL, in seconds since the epoch. */
int	history_over(void);

#endif
