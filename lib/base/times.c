/*
 * times.c - points in time as people write them
 *
 * A time without a zone is local time, by TZ.  Printed times are always UTC with all nine
 * digits, so that they sort as text and read back as the same number.  Printing does not
 * use strftime(3), for speed: an envelope of JSON has a time in every message.
 */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/units.h"

static const char no_time[] =
    "is not a time: now, -2h, YYYY-MM-DD[ HH:MM[:SS]], RFC 3339 or @EPOCH";
static const char no_shift[] =
    "is no offset and no time: +2h, -1d, now, YYYY-MM-DD[ HH:MM[:SS]], RFC 3339 or @EPOCH";
static const char out_of_range[] = "is not between the years 1678 and 2262";

static int
refuse(const char **why, const char *phrase)
{
	if (why != NULL)
		*why = phrase;
	return -1;
}

/* Takes n digits that follow a separator: their value, or -1. */
static int
take_part(const char **s, char separator, int n)
{
	if (**s != separator)
		return -1;
	(*s)++;
	return mqs_digits_take(s, n);
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Takes "YYYY-MM-DD": 0, or -1 if that is not a date. */
static int
take_date(const char **s, struct tm *tm)
{
	int year, month, day;

	if ((year = mqs_digits_take(s, 4)) == -1 ||
	    (month = take_part(s, '-', 2)) < 1 || month > 12 ||
	    (day = take_part(s, '-', 2)) < 1 || day > days_in_month(year, month))
		return -1;
	memset(tm, 0, sizeof(*tm));
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	tm->tm_isdst = -1;
	return 0;
}

/* Takes "HH:MM[:SS[.frac]]", with the fraction in *ns. */
static int
take_clock(const char **s, struct tm *tm, uint64_t *ns)
{
	struct mqs_decimal seconds;

	*ns = 0;
	if ((tm->tm_hour = mqs_digits_take(s, 2)) == -1 || tm->tm_hour > 23 ||
	    (tm->tm_min = take_part(s, ':', 2)) == -1 || tm->tm_min > 59)
		return -1;
	if (**s != ':')
		return 0;
	/* 60 is a leap second, which the system's clock doesn't have: the next one. */
	if ((tm->tm_sec = take_part(s, ':', 2)) == -1 || tm->tm_sec > 60)
		return -1;
	if (**s != '.')
		return 0;
	*s -= 2;
	if (mqs_decimal_take(s, &seconds, NULL) == -1)
		return -1;
	seconds.whole = 0;
	return mqs_decimal_scale(&seconds, (uint64_t)MQS_SECOND, (uint64_t)MQS_SECOND, ns);
}

/* Takes "Z" or "+HH:MM" (the colon may be left out): seconds east of Greenwich. */
static int
take_zone(const char **s, int *seconds)
{
	int sign, hours, minutes;

	if (**s == 'Z' || **s == 'z') {
		(*s)++;
		*seconds = 0;
		return 0;
	}
	if (**s != '+' && **s != '-')
		return -1;
	sign = *(*s)++ == '-' ? -1 : 1;
	if ((hours = mqs_digits_take(s, 2)) == -1 || hours > 23)
		return -1;
	if (**s == ':')
		(*s)++;
	if ((minutes = mqs_digits_take(s, 2)) == -1 || minutes > 59)
		return -1;
	*seconds = sign * (hours * 60 + minutes) * 60;
	return 0;
}

static int
parse_date(const char *s, int64_t *ns, const char **why)
{
	int zone = 0, zoned = 0;
	uint64_t part = 0;
	int64_t seconds;
	struct tm tm;

	if (take_date(&s, &tm) == -1)
		return refuse(why, no_time);
	if (*s == 'T' || *s == 't' || *s == ' ') {
		s++;
		if (take_clock(&s, &tm, &part) == -1)
			return refuse(why, no_time);
		if (*s != '\0') {
			if (take_zone(&s, &zone) == -1)
				return refuse(why, no_time);
			zoned = 1;
		}
	}
	if (*s != '\0')
		return refuse(why, no_time);
	/* -1 is a time as well; what can't be represented leaves tm_wday alone. */
	tm.tm_wday = -1;
	seconds = (int64_t)(zoned ? timegm(&tm) : mktime(&tm)) - zone;
	if (tm.tm_wday == -1 || __builtin_mul_overflow(seconds, MQS_SECOND, ns) ||
	    __builtin_add_overflow(*ns, (int64_t)part, ns))
		return refuse(why, out_of_range);
	return 0;
}

static int
parse_epoch(const char *s, int64_t *ns, const char **why)
{
	struct mqs_decimal seconds;
	uint64_t v;

	if (mqs_decimal_take(&s, &seconds, why) == -1)
		return -1;
	if (*s != '\0')
		return refuse(why, "needs nothing but seconds after the @");
	if (mqs_decimal_scale(&seconds, (uint64_t)MQS_SECOND, INT64_MAX, &v) == -1)
		return refuse(why, out_of_range);
	*ns = (int64_t)v;
	return 0;
}

int
mqs_parse_time(const char *s, int64_t now, int64_t *ns, const char **why)
{
	int64_t distance;

	if (strcmp(s, "now") == 0) {
		*ns = now;
		return 0;
	}
	if (*s == '@')
		return parse_epoch(s + 1, ns, why);
	if (*s != '-' && *s != '+')
		return parse_date(s, ns, why);
	if (mqs_parse_duration(s + 1, &distance, why) == -1)
		return -1;
	if (__builtin_add_overflow(now, *s == '-' ? -distance : distance, ns))
		return refuse(why, out_of_range);
	return 0;
}

int
mqs_parse_clock_shift(const char *s, int64_t now, int64_t *shift, const char **why)
{
	int64_t then;

	if (mqs_parse_time(s, now, &then, why) == -1)
		return why != NULL && *why == no_time ? refuse(why, no_shift) : -1;
	if (__builtin_sub_overflow(then, now, shift))
		return refuse(why, out_of_range);
	return 0;
}

/* Writes v in exactly n digits; returns the byte after them. */
static char *
put_digits(char *p, int n, int64_t v)
{
	int i;

	for (i = n - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + n;
}

/*
 * Writes a day, counted from 1970-01-01, as a date.  Years are counted from March, so
 * that the leap day is the last of one: then centuries (of 146,097 days in four), years
 * (of 1,461 in four) and months (of 153 in five) each come out of one division.
 */
static char *
put_date(char *p, int64_t day)
{
	int64_t century, year, month;

	day += 719468;		/* from 0000-03-01 */
	century = (4 * day + 3) / 146097;
	day -= 146097 * century / 4;
	year = (4 * day + 3) / 1461;
	day -= 1461 * year / 4;
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	year += 100 * century + (month >= 10);
	month = month >= 10 ? month - 9 : month + 3;
	p = put_digits(p, 4, year);
	*p++ = '-';
	p = put_digits(p, 2, month);
	*p++ = '-';
	return put_digits(p, 2, day + 1);
}

char *
mqs_format_time(int64_t ns, char buf[MQS_TIME_SIZE])
{
	const int64_t day_ns = 24 * 60 * 60 * MQS_SECOND;
	int64_t day = ns / day_ns, rest = ns % day_ns;
	char *p;

	if (rest < 0) {		/* before 1970 */
		day--;
		rest += day_ns;
	}
	p = put_date(buf, day);
	*p++ = 'T';
	p = put_digits(p, 2, rest / (3600 * MQS_SECOND));
	*p++ = ':';
	p = put_digits(p, 2, rest / (60 * MQS_SECOND) % 60);
	*p++ = ':';
	p = put_digits(p, 2, rest / MQS_SECOND % 60);
	*p++ = '.';
	p = put_digits(p, 9, rest % MQS_SECOND);
	*p++ = 'Z';
	*p = '\0';
	return buf;
}
