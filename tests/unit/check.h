/*
 * check.h - what every unit test reports with: TAP on stdout, reasons as "#" lines
 *
 *	static void
 *	test_empty(void)
 *	{
 *		check(f("") == 0);
 *		check_str(g("x"), "y");
 *	}
 *
 *	int
 *	main(void)
 *	{
 *		run_test("nothing in, nothing out", test_empty);
 *		return finish_tests();
 *	}
 *
 * A test goes on after a check that failed, so that one run shows all of them; use
 * `if (!check(...)) return;' where what follows would make no sense.
 */
#ifndef MQ_TESTS_CHECK_H
#define MQ_TESTS_CHECK_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The state of the one test program that includes this. */
static int check_tests, check_failed_tests, check_failures;

/* All of them are 1 if the check held, else 0. */
#define check(condition) \
	check_that((condition) != 0, #condition, __FILE__, __LINE__)
#define check_int(have, want) \
	check_int_that((int64_t)(have), (int64_t)(want), #have, __FILE__, __LINE__)
#define check_u64(have, want) \
	check_u64_that((uint64_t)(have), (uint64_t)(want), #have, __FILE__, __LINE__)
#define check_str(have, want) \
	check_str_that((have), (want), #have, __FILE__, __LINE__)
#define check_mem(have, have_len, want, want_len) \
	check_mem_that((have), (have_len), (want), (want_len), #have, __FILE__, __LINE__)

static inline int
check_that(int holds, const char *what, const char *file, int line)
{
	if (!holds) {
		check_failures++;
		printf("# %s:%d: %s: does not hold\n", file, line, what);
	}
	return holds;
}

static inline int
check_int_that(int64_t have, int64_t want, const char *what, const char *file, int line)
{
	if (have == want)
		return 1;
	check_failures++;
	printf("# %s:%d: %s: is %" PRId64 ", not %" PRId64 "\n", file, line, what,
	    have, want);
	return 0;
}

static inline int
check_u64_that(uint64_t have, uint64_t want, const char *what, const char *file, int line)
{
	if (have == want)
		return 1;
	check_failures++;
	printf("# %s:%d: %s: is %" PRIu64 ", not %" PRIu64 "\n", file, line, what,
	    have, want);
	return 0;
}

static inline int
check_str_that(const char *have, const char *want, const char *what, const char *file,
    int line)
{
	if (have == want || (have != NULL && want != NULL && strcmp(have, want) == 0))
		return 1;
	check_failures++;
	printf("# %s:%d: %s: is \"%s\", not \"%s\"\n", file, line, what,
	    have == NULL ? "(NULL)" : have, want == NULL ? "(NULL)" : want);
	return 0;
}

static inline int
check_mem_that(const void *have, size_t have_len, const void *want, size_t want_len,
    const char *what, const char *file, int line)
{
	if (have_len == want_len &&
	    (want_len == 0 || memcmp(have, want, want_len) == 0))
		return 1;
	check_failures++;
	printf("# %s:%d: %s: %zu bytes differ from the %zu wanted\n", file, line, what,
	    have_len, want_len);
	return 0;
}

/* Runs one test and prints its line. */
static inline void
run_test(const char *name, void (*test)(void))
{
	int before = check_failures;

	test();
	check_tests++;
	if (check_failures != before)
		check_failed_tests++;
	printf("%sok %d - %s\n", check_failures == before ? "" : "not ", check_tests, name);
	fflush(stdout);
}

/* Prints the plan; returns what main shall. */
static inline int
finish_tests(void)
{
	printf("1..%d\n", check_tests);
	if (fflush(stdout) != 0)
		return 1;
	return check_failed_tests != 0;
}

#endif
