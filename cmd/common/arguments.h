/*
 * common/arguments.h - the arguments of options, and operands that name queues
 *
 * One that is malformed ends the tool with 64.  The message names the option.
 */
#ifndef MQ_CMD_COMMON_ARGUMENTS_H
#define MQ_CMD_COMMON_ARGUMENTS_H

#include <stdint.h>

#include "base/bytes.h"
#include "mqspool.h"

int64_t	arg_duration(const char *option, const char *s);	/* in ns */
/* In ns since the epoch; an age counts back from judged_now(). */
int64_t	arg_time(const char *option, const char *s);
uint64_t arg_size(const char *option, const char *s);		/* in bytes */
int64_t	arg_number(const char *option, const char *s, int64_t min, int64_t max);
/* -H: adds a header NAME=VALUE to a buffer of headers. */
void	arg_header(struct mqs_buf *headers, const char *s);
/* Splits an operand QUEUE[/GROUP]; group becomes "" if there is none. */
void	arg_queue(const char *s, char queue[MQS_NAME_MAX + 1], char group[MQS_NAME_MAX + 1]);

#endif
