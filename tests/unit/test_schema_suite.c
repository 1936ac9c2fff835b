/*
 * test_schema_suite.c - the public JSON Schema test suite (Debian's json-schema-test-suite)
 *
 * All required cases of draft 7: each group's schema, and all of its bodies as one batch.
 * Schemas and bodies are the suite's own text, byte for byte.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "base/bytes.h"
#include "embedded/schema_checker.h"
#include "message/json_text.h"

#define SUITE		"/usr/share/json-schema-test-suite/tests/draft7"
#define TESTS_MAX	64	/* in a group */

/* What is not supported, and why.  Every other case must pass. */
static const struct {
	const char	*file, *group, *reason;
} exceptions[] = {
	/* Nothing is fetched: a contract that depends on a server is none. */
	{ "refRemote.json", "remote ref", "another document" },
	{ "refRemote.json", "fragment within remote ref", "another document" },
	{ "refRemote.json", "ref within remote ref", "another document" },
	{ "refRemote.json", "base URI change", "another document" },
	{ "refRemote.json", "base URI change - change folder", "another document" },
	{ "refRemote.json", "base URI change - change folder in subschema", "another document" },
	{ "refRemote.json", "root ref in remote ref", "another document" }
};
#define EXCEPTIONS	(sizeof(exceptions) / sizeof(exceptions[0]))

static int excepted[EXCEPTIONS];
static size_t cases, groups;

/* ------------------------------------------------ pieces of JSON text -- */

struct text {
	const char	*p;
	size_t		 n;
};

static struct text
member(struct text object, const char *name)
{
	size_t begin = 0, n = 0;
	const char *why;

	check(mqs_json_member(object.p, object.n, name, &begin, &n, &why) == 1);
	return (struct text){ object.p + begin, n };
}

/* The next item of an array; *at starts at 0.  0 at the end. */
static int
item(struct text array, size_t *at, struct text *out)
{
	size_t n, i = *at == 0 ? 1 : *at;	/* behind the bracket */

	i += strspn(array.p + i, " \t\r\n,");
	if (array.p[i] == ']' || (n = mqs_json_value(array.p + i, array.n - i, NULL)) == 0)
		return 0;
	*out = (struct text){ array.p + i, n };
	*at = i + n;
	return 1;
}

static int
is_string(struct text t, const char *s)
{
	return t.n == strlen(s) + 2 && memcmp(t.p + 1, s, t.n - 2) == 0;
}

/* ------------------------------------------------------------- a group -- */

struct group {
	struct text	 bodies[TESTS_MAX];
	int		 broken[TESTS_MAX];
};

static struct mqs_schema_body
body(void *arg, size_t i)
{
	const struct group *g = arg;

	return (struct mqs_schema_body){ g->bodies[i].p, g->bodies[i].n, -1 };
}

static int
broken(void *arg, size_t i, const char *why)
{
	struct group *g = arg;

	(void)why;
	g->broken[i] = 1;
	return 0;
}

/* Where the group is in the list of exceptions, or EXCEPTIONS. */
static size_t
exception(const char *file, struct text name)
{
	size_t i;

	for (i = 0; i < EXCEPTIONS; i++)
		if (strcmp(exceptions[i].file, file) == 0 && is_string(name, exceptions[i].group))
			break;
	return i;
}

static void
run_group(const char *file, struct text group)
{
	struct mqs_options options = { .helpers = getenv("MQ_LIBEXEC") };
	struct text schema = member(group, "schema"), tests = member(group, "tests"), test;
	struct text name = member(group, "description"), valid[TESTS_MAX], names[TESTS_MAX];
	struct mqs_schema_checker *c;
	struct mqs_error err;
	struct group g = { 0 };
	size_t at = 0, n = 0, i, x = exception(file, name);

	for (; n < TESTS_MAX && item(tests, &at, &test); n++) {
		g.bodies[n] = member(test, "data");
		valid[n] = member(test, "valid");
		names[n] = member(test, "description");
	}
	check(n > 0 && n < TESTS_MAX);
	groups++;
	cases += n;
	if (x < EXCEPTIONS)
		excepted[x] = 1;
	if (mqs_schema_checker_new(&c, &options, "suite", schema.p, schema.n, &err) != MQS_OK) {
		if (!check(x < EXCEPTIONS && err.code == MQS_EDATA))
			printf("# %s: %.*s: %s\n", file, (int)name.n, name.p, err.text);
		return;
	}
	check(x == EXCEPTIONS);
	check_int(mqs_schema_check(c, body, n, broken, &g, &err), MQS_OK);
	for (i = 0; i < n; i++)
		if (!check(g.broken[i] == (valid[i].n == 5)))
			printf("# %s: %.*s: %.*s\n", file, (int)name.n, name.p, (int)names[i].n,
			    names[i].p);
	mqs_schema_checker_free(c);
}

/* ------------------------------------------------------------ all files -- */

static void
run_file(const char *file)
{
	char path[512], chunk[4096];
	struct mqs_buf b = { 0 };
	struct text all, group;
	size_t at = 0, n;
	FILE *f;

	(void)snprintf(path, sizeof(path), SUITE "/%s", file);
	if (!check((f = fopen(path, "r")) != NULL))
		return;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		check_int(mqs_buf_add(&b, chunk, n), 0);
	fclose(f);
	check_int(mqs_buf_addc(&b, '\0'), 0);
	all = (struct text){ b.p, b.n - 1 };
	all.p += strspn(all.p, " \t\r\n");
	while (item(all, &at, &group))
		run_group(file, group);
	mqs_buf_free(&b);
}

static void
test_suite(void)
{
	struct dirent *e;
	DIR *d = opendir(SUITE);
	size_t i;

	if (!check(d != NULL))
		return;
	while ((e = readdir(d)) != NULL)
		if (strchr(e->d_name, '.') != NULL && e->d_name[0] != '.')
			run_file(e->d_name);
	closedir(d);
	for (i = 0; i < EXCEPTIONS; i++)
		if (!check(excepted[i]))
			printf("# %s: %s: not in the suite\n", exceptions[i].file,
			    exceptions[i].group);
	printf("# %zu cases in %zu groups, %zu groups excepted\n", cases, groups, EXCEPTIONS);
	check(cases > 400);
}

int
main(void)
{
	run_test("the required cases of draft 7", test_suite);
	return finish_tests();
}
