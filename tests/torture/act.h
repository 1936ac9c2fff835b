/*
 * act.h - what becomes of a delivery: chosen by chance, told to the history
 *
 * Most messages succeed, some after failures.  Those whose name ends in "77" are always
 * rejected, in another "7" always fail: they become dead letters.
 */
#ifndef MQ_TORTURE_ACT_H
#define MQ_TORTURE_ACT_H

#include "letter.h"

struct act {
	char		 group[64], id[48], lease[64];
	const char	*receipt, *attempt, *priority, *key, *run;
	char		 name[LETTER_NAME];	/* of the letter in its body */
};

/* Takes group, id and lease from a receipt; -1 if it is none. */
int	act_receipt(struct act *a, const char *receipt);
/*
 * Takes a record "RECEIPT ATTEMPT PRIORITY :KEY<TAB>BODY" of n bytes, which ACT_FORMAT makes
 * mq-sub print, NUL-terminated; the strings stay in it.  -1: its body was torn.
 */
#define ACT_FORMAT	"%r %a %p :%k\\t%s\\0"
int	act_record(struct act *a, char *line, size_t n);
/* Tells the start, or that the body was torn. */
void	act_start(const struct act *a);
void	act_torn(const struct act *a);
/* Works for a while, and says how it went: "ack", "retry", "reject", "die" or "hand". */
const char *act_work(const struct act *a);
void	act_done(const struct act *a, const char *outcome);
/*
 * Settles with mq-ack, or mq-ctl skip, and tells it; 1 if it was settled, 0 if refused.
 * "revive" is to reject for the reason "revive".
 */
int	act_settle(const struct act *a, const char *verb);

#endif
