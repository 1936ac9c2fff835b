/*
 * units.h - durations, sizes and times as people write them
 *
 * Parsing returns 0, or -1 and in *why a constant phrase that says what is
 * wrong ("needs a unit: ms, s, m, h or d").
 */
#ifndef MQS_BASE_UNITS_H
#define MQS_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* "250ms", "30s", "1.5h", "7d", "0": ns, never negative. "ns" and "us" too. */
int	mqs_parse_duration(const char *s, int64_t *ns, const char **why);

/* "0", "512", "64K", "10M", "2G", "1T" (powers of 1024, optional B or iB): bytes. */
int	mqs_parse_size(const char *s, uint64_t *bytes, const char **why);

/*
 * RFC 3339, "YYYY-MM-DD[ HH:MM[:SS[.frac]]]" local time (T for the blank too),
 * "@EPOCH[.frac]", "now", or relative to now: an age "-2h", or ahead "+2h".
 * ns since the epoch.
 */
int	mqs_parse_time(const char *s, int64_t now, int64_t *ns, const char **why);

/* $MQ_NOW: a relative time ("+2h", "-1d") or a point in time: what to add to the clock. */
int	mqs_parse_clock_shift(const char *s, int64_t now, int64_t *shift, const char **why);

/* "1h30m", "250ms", exact: parses back to the same. Room: 48 bytes. */
#define MQS_DURATION_SIZE 48
char	*mqs_format_duration(int64_t ns, char buf[MQS_DURATION_SIZE]);
/* "64K" where exact, else the number of bytes. */
#define MQS_SIZE_SIZE	24
char	*mqs_format_size(uint64_t bytes, char buf[MQS_SIZE_SIZE]);
/* RFC 3339 in UTC with nanoseconds, "2026-01-02T03:04:05.000000006Z". */
#define MQS_TIME_SIZE	40
char	*mqs_format_time(int64_t ns, char buf[MQS_TIME_SIZE]);

/* What goes behind the name of n things, "s" or nothing; and "were" or "was". */
const char *mqs_plural(uint64_t n);
const char *mqs_were(uint64_t n);

#endif
