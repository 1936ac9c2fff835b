/* pub/delivery_options.h - mq-pub's options about delivery: -p, -d, --at, --ttl, -i */
#ifndef MQ_CMD_PUB_DELIVERY_OPTIONS_H
#define MQ_CMD_PUB_DELIVERY_OPTIONS_H

#include "common/tool.h"
#include "mqspool.h"

enum { DELIVERY_AT = TOOL_LONG + 32, DELIVERY_TTL };

/* Rows of mq-pub's option table. */
#define DELIVERY_OPTIONS								\
	{ 'p', "priority", "NUMBER", "priority, 0 (default) to 9, the most urgent" },	\
	{ 'd', "delay", "DURATION", "deliver no earlier than so long from now" },	\
	{ DELIVERY_AT, "at", "TIME", "deliver no earlier than then" },		\
	{ DELIVERY_TTL, "ttl", "DURATION", "deliver no later than so long after that" },	\
	{ 'i', "message-id", "MESSAGE-ID", "of the one message: publish it unless one with it is retained" }

/* What the options said; all of them 0 or -1 where they said nothing. */
struct delivery_options {
	int		 given;		/* any of them */
	int		 priority;
	int64_t		 delay;		/* ns; -1: none */
	int64_t		 at;		/* 0: none */
	int64_t		 ttl;		/* ns; -1: none */
	const char	*message_id;	/* NULL: none */
	int		 id_used;	/* a message has it */
};

#define DELIVERY_OPTIONS_INIT { .delay = -1, .ttl = -1 }

/* Takes an option: 1, or 0 if it is another one; a malformed argument ends the tool. */
int	delivery_option(struct delivery_options *, int id, const char *arg);
/* Ends the tool if options contradict each other, or the number of operands. */
void	delivery_options_check(const struct delivery_options *, int operands);
/*
 * Sets the fields of a message that the message itself leaves open, as of now: NULL, or
 * why they can't be set.  The id of -i is for one message: it is used up only when
 * delivery_options_used says that the message was accepted.
 */
const char *delivery_options_fill(const struct delivery_options *, struct mqs_message *);
/* A message was accepted: the id of -i, if it has it, is used up. */
void	delivery_options_used(struct delivery_options *, const struct mqs_message *);

#endif
