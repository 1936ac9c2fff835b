/* test_units.c - durations, sizes and times as people write them */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/units.h"
#include "check.h"

#define HOUR	(3600 * MQS_SECOND)
#define DAY	(24 * HOUR)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* 2026-01-02T03:04:05Z */
#define THEN	(INT64_C(1767323045) * MQS_SECOND)

static void
test_durations(void)
{
	static const struct {
		const char	*s;
		int64_t		 ns;
	} good[] = {
		{ "0", 0 }, { "0s", 0 }, { "250ms", 250 * MQS_MSEC },
		{ "30s", 30 * MQS_SECOND }, { "5m", 300 * MQS_SECOND }, { "2h", 2 * HOUR },
		{ "7d", 7 * DAY }, { "1.5h", 3 * HOUR / 2 }, { "0.1s", 100 * MQS_MSEC },
		{ "1h30m", 3 * HOUR / 2 }, { "7ns", 7 }, { "7us", 7000 },
		{ "1.0000000019s", MQS_SECOND + 1 }, { "1m1ms", 60 * MQS_SECOND + MQS_MSEC },
		{ "0.00000000000000000000000000001d", 0 },
		{ "9223372036854775807ns", INT64_MAX },
		{ "106751d23h47m16s854ms775us807ns", INT64_MAX }
	};
	static const char *const bad[] = { "", "5", "s", "-5s", "+5s", " 5s", "5 s", "5s ",
	    "5.s", ".5s", "5x", "5S", "1m2h", "1s1s", "1h5", "1e3s", "0x1s",
	    "9223372036854775808ns", "106752d", "99999999999999999999d",
	    "106751d23h47m16s854ms775us808ns", "inf", "00" };
	const char *why;
	int64_t ns;
	size_t i;

	for (i = 0; i < COUNT(good); i++) {
		check_int(mqs_parse_duration(good[i].s, &ns, &why), 0);
		check_int(ns, good[i].ns);
	}
	for (i = 0; i < COUNT(bad); i++) {
		why = NULL;
		if (!check(mqs_parse_duration(bad[i], &ns, &why) == -1))
			printf("# %s\n", bad[i]);
		check(why != NULL);
	}
	check_int(mqs_parse_duration("5", &ns, &why), -1);
	check_str(why, "needs a unit: ms, s, m, h or d");
}

static void
test_duration_back(void)
{
	static const int64_t some[] = { 0, 1, 999, 1000, MQS_MSEC, 250 * MQS_MSEC, MQS_SECOND,
	    90 * 60 * MQS_SECOND, DAY, 7 * DAY + 1, 123456789012345678, INT64_MAX };
	char buf[MQS_DURATION_SIZE];
	const char *why;
	int64_t ns;
	size_t i;

	check_str(mqs_format_duration(0, buf), "0");
	check_str(mqs_format_duration(90 * 60 * MQS_SECOND, buf), "1h30m");
	check_str(mqs_format_duration(250 * MQS_MSEC, buf), "250ms");
	check_str(mqs_format_duration(-MQS_SECOND, buf), "-1s");
	check_str(mqs_format_duration(INT64_MIN, buf), "-106751d23h47m16s854ms775us808ns");
	for (i = 0; i < COUNT(some); i++) {
		check_int(mqs_parse_duration(mqs_format_duration(some[i], buf), &ns, &why), 0);
		check_int(ns, some[i]);
	}
}

static void
test_sizes(void)
{
	static const struct {
		const char	*s;
		uint64_t	 bytes;
	} good[] = {
		{ "0", 0 }, { "512", 512 }, { "64K", 65536 }, { "64k", 65536 },
		{ "10M", UINT64_C(10) << 20 }, { "2G", UINT64_C(2) << 30 },
		{ "1T", UINT64_C(1) << 40 }, { "1P", UINT64_C(1) << 50 },
		{ "15E", UINT64_C(15) << 60 }, { "5B", 5 }, { "5KB", 5120 }, { "5KiB", 5120 },
		{ "1.5K", 1536 }, { "0.5G", UINT64_C(1) << 29 },
		{ "18446744073709551615", UINT64_MAX }
	};
	static const char *const bad[] = { "", "K", "-1", "+1", " 1", "1 K", "1X", "1Ki", "1KK",
	    "1iB", "1.5", "1.5B", "1.K", "16E", "18446744073709551616", "1Kb", "0x10",
	    "1\x0b" };
	static const uint64_t some[] = { 0, 1, 1000, 1024, 1025, 1536, 65536, UINT64_C(1) << 30,
	    UINT64_C(15) << 60, UINT64_MAX };
	char buf[MQS_SIZE_SIZE];
	const char *why;
	uint64_t v;
	size_t i;

	for (i = 0; i < COUNT(good); i++) {
		check_int(mqs_parse_size(good[i].s, &v, &why), 0);
		check_u64(v, good[i].bytes);
	}
	for (i = 0; i < COUNT(bad); i++) {
		if (!check(mqs_parse_size(bad[i], &v, &why) == -1))
			printf("# %s\n", bad[i]);
	}
	check_str(mqs_format_size(65536, buf), "64K");
	check_str(mqs_format_size(65537, buf), "65537");
	for (i = 0; i < COUNT(some); i++) {
		check_int(mqs_parse_size(mqs_format_size(some[i], buf), &v, &why), 0);
		check_u64(v, some[i]);
	}
}

static void
check_time(const char *s, int64_t want)
{
	const char *why = "";
	int64_t ns = -1;

	if (!check(mqs_parse_time(s, THEN, &ns, &why) == 0))
		printf("# %s: %s\n", s, why);
	else if (!check_int(ns, want))
		printf("# %s\n", s);
}

static void
test_times(void)
{
	check_time("now", THEN);
	check_time("-2h", THEN - 2 * HOUR);
	check_time("+1d12h", THEN + 36 * HOUR);
	check_time("-0", THEN);
	check_time("@0", 0);
	check_time("@1767323045", THEN);
	check_time("@1767323045.000000007", THEN + 7);
	check_time("2026-01-02T03:04:05Z", THEN);
	check_time("2026-01-02t03:04:05z", THEN);
	check_time("2026-01-02 03:04:05Z", THEN);
	check_time("2026-01-02T03:04:05.000000006Z", THEN + 6);
	check_time("2026-01-02T03:04:05.5Z", THEN + MQS_SECOND / 2);
	check_time("2026-01-02T04:34:05+01:30", THEN);
	check_time("2026-01-02T04:34:05+0130", THEN);
	check_time("2026-01-01T23:04:05-04:00", THEN);
	check_time("1969-12-31T23:59:59Z", -MQS_SECOND);
	check_time("2016-12-31T23:59:60Z", INT64_C(1483228800) * MQS_SECOND);
	check_time("2024-02-29T00:00:00Z", INT64_C(1709164800) * MQS_SECOND);
}

static void
test_local_times(void)
{
	/* Two hours east in July, one in January. */
	check(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1) == 0);
	tzset();
	check_time("2026-01-02 04:04:05", THEN);
	check_time("2026-01-02T04:04:05", THEN);
	check_time("2026-01-02 04:04", THEN - 5 * MQS_SECOND);
	check_time("2026-01-02", THEN - 3 * HOUR - 245 * MQS_SECOND - HOUR);
	check_time("2026-07-01 14:00:00.25",
	    INT64_C(1782907200) * MQS_SECOND + MQS_SECOND / 4);
	check_time("1970-01-01", -HOUR);
	check_time("1970-01-01 00:59:59", -MQS_SECOND);
	check_time("2026-01-02T03:04:05Z", THEN);
	check(setenv("TZ", "UTC0", 1) == 0);
	tzset();
	check_time("2026-01-02 03:04:05", THEN);
}

static void
test_bad_times(void)
{
	static const char *const bad[] = { "", "2h", "then", "Now", "-", "+", "-2", "--2h", "@",
	    "@x", "@-5", "@1 ", "@9223372037", "2026", "2026-01", "2026-1-2", "2026-13-01",
	    "2026-00-01", "2026-02-29", "2100-02-29", "2026-04-31", "2026-01-00",
	    "2026-01-02x", "2026-01-02T", "2026-01-02T03", "2026-01-02T24:00",
	    "2026-01-02T03:60", "2026-01-02T03:04:61", "2026-01-02T03:04:05.",
	    "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05ZZ", "2026-01-02T03:04:05+24:00",
	    "2026-01-02T03:04:05+1", "2026-01-02T03:04:05+01:60", "2026-01-02  03:04",
	    "9999-01-01", "0001-01-01", "+106751d", "2026-01-02Z" };
	const char *why;
	int64_t ns;
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		why = NULL;
		if (!check(mqs_parse_time(bad[i], THEN, &ns, &why) == -1))
			printf("# %s\n", bad[i]);
		check(why != NULL);
	}
}

static void
test_clock_shift(void)
{
	const char *why;
	int64_t shift;

	check_int(mqs_parse_clock_shift("+2h", THEN, &shift, &why), 0);
	check_int(shift, 2 * HOUR);
	check_int(mqs_parse_clock_shift("-1d", THEN, &shift, &why), 0);
	check_int(shift, -DAY);
	check_int(mqs_parse_clock_shift("2026-01-02T03:04:06Z", THEN, &shift, &why), 0);
	check_int(shift, MQS_SECOND);
	check_int(mqs_parse_clock_shift("@0", THEN, &shift, &why), 0);
	check_int(shift, -THEN);
	check_int(mqs_parse_clock_shift("2h", THEN, &shift, &why), -1);
}

static void
test_time_back(void)
{
	static const int64_t edges[] = { 0, 1, -1, THEN, THEN + 6, -DAY, -DAY - 1,
	    INT64_C(951782399) * MQS_SECOND, INT64_C(951868800) * MQS_SECOND };
	char buf[MQS_TIME_SIZE], other[MQS_TIME_SIZE];
	const char *why;
	int64_t ns, t;
	struct tm tm;
	time_t day;
	size_t i;

	check_str(mqs_format_time(THEN + 6, buf), "2026-01-02T03:04:05.000000006Z");
	check_str(mqs_format_time(INT64_MAX, buf), "2262-04-11T23:47:16.854775807Z");
	check_str(mqs_format_time(INT64_MIN, buf), "1677-09-21T00:12:43.145224192Z");
	for (i = 0; i < COUNT(edges); i++) {
		check_int(mqs_parse_time(mqs_format_time(edges[i], buf), 0, &ns, &why), 0);
		check_int(ns, edges[i]);
	}
	/* Every day that there is, against the C library. */
	for (t = -106751; t <= 106751; t++) {
		day = (time_t)(t * 86400);
		if (gmtime_r(&day, &tm) == NULL ||
		    strftime(other, sizeof(other), "%Y-%m-%dT%H:%M:%S.000000000Z", &tm) == 0 ||
		    strcmp(mqs_format_time(t * DAY, buf), other) != 0) {
			check_str(buf, other);
			break;
		}
	}
}

static void
test_counts(void)
{
	check_str(mqs_plural(0), "s");
	check_str(mqs_plural(1), "");
	check_str(mqs_plural(UINT64_MAX), "s");
	check_str(mqs_were(0), "were");
	check_str(mqs_were(1), "was");
	check_str(mqs_were(21), "were");
}

int
main(void)
{
	run_test("durations", test_durations);
	run_test("durations are printed so that they read back", test_duration_back);
	run_test("sizes, and back", test_sizes);
	run_test("times", test_times);
	run_test("local times", test_local_times);
	run_test("times that are none", test_bad_times);
	run_test("what to add to the clock", test_clock_shift);
	run_test("times are printed so that they read back", test_time_back);
	run_test("one or several", test_counts);
	return finish_tests();
}
