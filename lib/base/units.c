/*
 * units.c - durations and sizes as people write them
 *
 * All arithmetic is on integers: an exact text gives the exact number, and a number that
 * is out of range is refused, never wrapped.  A number that mqs_format_... has written is
 * read back as the same number, because `mq-ctl set' must read what `mq-ctl show' prints.
 * libbsd's functions do neither: expand_number(3) takes no fractions and gives no reason,
 * humanize_number(3) rounds.
 */
#include <string.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/name.h"
#include "base/units.h"

/* Longest first; but "ms" stands before "m", so that all of it is found. */
static const struct unit {
	const char	*name;
	int64_t		 ns;
} units[] = {
	{ "d", 24 * 60 * 60 * MQS_SECOND },
	{ "h", 60 * 60 * MQS_SECOND },
	{ "ms", MQS_MSEC },
	{ "m", 60 * MQS_SECOND },
	{ "s", MQS_SECOND },
	{ "us", 1000 },
	{ "ns", 1 }
};
#define UNITS	(sizeof(units) / sizeof(units[0]))

static int
refuse(const char **why, const char *phrase)
{
	if (why != NULL)
		*why = phrase;
	return -1;
}

/* The unit that s begins with, or NULL. */
static const struct unit *
find_unit(const char *s)
{
	size_t i;

	for (i = 0; i < UNITS; i++) {
		if (strncmp(s, units[i].name, strlen(units[i].name)) == 0)
			return &units[i];
	}
	return NULL;
}

int
mqs_parse_duration(const char *s, int64_t *ns, const char **why)
{
	const struct unit *unit;
	int64_t sum = 0, last = INT64_MAX;
	struct mqs_decimal number;
	uint64_t v;

	if (strcmp(s, "0") == 0) {
		*ns = 0;
		return 0;
	}
	do {
		if (mqs_decimal_take(&s, &number, why) == -1)
			return -1;
		if ((unit = find_unit(s)) == NULL)
			return refuse(why, "needs a unit: ms, s, m, h or d");
		if (unit->ns >= last)
			return refuse(why, "needs its units in order, as in 1h30m");
		last = unit->ns;
		s += strlen(unit->name);
		if (mqs_decimal_scale(&number, (uint64_t)unit->ns,
		    (uint64_t)(INT64_MAX - sum), &v) == -1)
			return refuse(why, "is too large (at most 106751d)");
		sum += (int64_t)v;
	} while (*s != '\0');
	*ns = sum;
	return 0;
}

char *
mqs_format_duration(int64_t ns, char buf[MQS_DURATION_SIZE])
{
	/* At most "-106751d23h47m16s854ms775us808ns". */
	static const char *const order[] = { "d", "h", "m", "s", "ms", "us", "ns" };
	uint64_t rest = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns, unit;
	char *p = buf;
	size_t i;

	if (ns == 0)
		return strcpy(buf, "0");
	if (ns < 0)
		*p++ = '-';
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		unit = (uint64_t)find_unit(order[i])->ns;
		if (rest < unit)
			continue;
		p += mqs_format_u64(rest / unit, p);
		p = stpcpy(p, order[i]);
		rest %= unit;
	}
	return buf;
}

/* The powers of 1024, from 1 up. */
static const char size_letters[] = "KMGTPE";

int
mqs_parse_size(const char *s, uint64_t *bytes, const char **why)
{
	const char *letter = NULL;
	struct mqs_decimal number;
	uint64_t unit = 1;

	if (mqs_decimal_take(&s, &number, why) == -1)
		return -1;
	/* Not a blank, which without bit 5 is the NUL that strchr finds as well. */
	if ((*s & ~0x20) != '\0' && (letter = strchr(size_letters, *s & ~0x20)) != NULL) {
		unit <<= 10 * (letter - size_letters + 1);
		s++;
		if (s[0] == 'i' && s[1] == 'B')
			s++;
	}
	if (*s == 'B')
		s++;
	if (*s != '\0')
		return refuse(why, "needs a unit such as K, M or G, or none");
	if (letter == NULL && number.fraction_len > 0)
		return refuse(why, "is a fraction of a byte");
	if (mqs_decimal_scale(&number, unit, UINT64_MAX, bytes) == -1)
		return refuse(why, "is too large (at most 16777215T)");
	return 0;
}

char *
mqs_format_size(uint64_t bytes, char buf[MQS_SIZE_SIZE])
{
	size_t power = 0, n;

	while (bytes != 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		power++;
	}
	n = mqs_format_u64(bytes, buf);
	if (power > 0) {
		buf[n] = size_letters[power - 1];
		buf[n + 1] = '\0';
	}
	return buf;
}

const char *
mqs_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

const char *
mqs_were(uint64_t n)
{
	return n == 1 ? "was" : "were";
}
