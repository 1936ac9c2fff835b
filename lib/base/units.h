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

/* Reads "250ms", "30s", "1.5h", "7d" or "0" (also "ns" and "us") as ns; never negative. */
int	mqs_parse_duration(const char *s, int64_t *ns, const char **why);

/* Reads "0", "512", "64K", "10M", "2G" or "1T" (powers of 1024; B or iB may follow) as bytes. */
int	mqs_parse_size(const char *s, uint64_t *bytes, const char **why);

/*
 * Reads a point in time as ns since the epoch: RFC 3339; local time as "YYYY-MM-DD[
 * HH:MM[:SS[.frac]]]" (with a blank or T between); "@EPOCH[.frac]"; "now"; an age such as
 * "-2h"; or "+2h", a time ahead of now.
 */
int	mqs_parse_time(const char *s, int64_t now, int64_t *ns, const char **why);

/*
 * Reads $MQ_NOW, a relative time ("+2h", "-1d") or a point in time, as the number of ns to
 * add to the clock.
 */
int	mqs_parse_clock_shift(const char *s, int64_t now, int64_t *shift, const char **why);

/* Writes a duration exactly, as "1h30m" or "250ms"; it reads back as the same number. */
#define MQS_DURATION_SIZE 48
char	*mqs_format_duration(int64_t ns, char buf[MQS_DURATION_SIZE]);
/* Writes a size as "64K" where that is exact, else as the number of bytes. */
#define MQS_SIZE_SIZE	24
char	*mqs_format_size(uint64_t bytes, char buf[MQS_SIZE_SIZE]);
/* Writes a time as RFC 3339 in UTC with nanoseconds, "2026-01-02T03:04:05.000000006Z". */
#define MQS_TIME_SIZE	40
char	*mqs_format_time(int64_t ns, char buf[MQS_TIME_SIZE]);

/* Returns what a sentence about n things needs: "s" or "" behind their name; "were" or "was". */
const char *mqs_plural(uint64_t n);
const char *mqs_were(uint64_t n);

#endif
