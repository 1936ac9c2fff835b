/* common/common_options.h - what -s, -q, -v and the environment asked of this run */
#ifndef MQ_CMD_COMMON_COMMON_OPTIONS_H
#define MQ_CMD_COMMON_COMMON_OPTIONS_H

#include <stdint.h>

struct common_options {
	const char	*spool;		/* -s, or what environment_spool says; set when operands begin */
	int		 quiet, verbose;	/* -q, -v */
	int64_t		 clock_shift;	/* $MQ_NOW */
	int		 autocreate;	/* 0 with MQ_AUTOCREATE=no */
	/* Shows how far long work has come; NULL: nobody wants to know. */
	void		(*progress)(void *arg, const char *what, uint64_t done, uint64_t total);
};

extern struct common_options common;

/* The time by which delays, expiry and ages are judged: now, shifted by MQ_NOW. */
int64_t	judged_now(void);

#endif
