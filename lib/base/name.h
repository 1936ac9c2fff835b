/* name.h - names of queues and groups, receipts, UTF-8 */
#ifndef MQS_BASE_NAME_H
#define MQS_BASE_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "mqspool.h"

/*
 * Checks the name of a queue or group, [A-Za-z0-9_][A-Za-z0-9._-]* of 1 to MQS_NAME_MAX
 * bytes: 0, or -1 and why.
 */
int	mqs_name_check(const char *name, const char **why);

/*
 * Splits "QUEUE[/GROUP]"; group becomes "" if there is none.  0, or -1 and why (a constant
 * phrase).
 */
int	mqs_name_split(const char *s, char queue[MQS_NAME_MAX + 1],
	    char group[MQS_NAME_MAX + 1], const char **why);

/*
 * Splits a receipt, QUEUE/GROUP/REST.  *rest points into s and is not empty; only the
 * engine knows what it means.  0, or -1 and why (a constant phrase).
 */
int	mqs_receipt_split(const char *s, char queue[MQS_NAME_MAX + 1],
	    char group[MQS_NAME_MAX + 1], const char **rest, const char **why);

/* Reads a decimal number without sign or blanks, at most UINT64_MAX: 0 or -1. */
int	mqs_parse_u64(const char *s, size_t n, uint64_t *v);
/* Writes v in decimal, with NUL; returns its length. */
size_t	mqs_format_u64(uint64_t v, char buf[24]);

/*
 * Returns the length of the longest prefix that is valid UTF-8 (RFC 3629).  With text set,
 * a NUL ends it as well.
 */
size_t	mqs_utf8_valid(const void *p, size_t n, int text);

#endif
