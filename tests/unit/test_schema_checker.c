/* test_schema_checker.c - bodies held against schemas, and programs that misbehave */
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "embedded/schema_checker.h"

static struct mqs_options options;

struct batch {
	const char	*bodies[16];
	size_t		 n;
	char		 why[600];	/* of the bodies that are bad: "1 is no JSON...; " */
	int		 stop;
};

static struct mqs_schema_body
body(void *arg, size_t i)
{
	const struct batch *b = arg;

	return (struct mqs_schema_body){ b->bodies[i], strlen(b->bodies[i]), -1 };
}

static int
broken(void *arg, size_t i, const char *why)
{
	struct batch *b = arg;
	size_t n = strlen(b->why);

	(void)snprintf(b->why + n, sizeof(b->why) - n, "%s%zu %s", n == 0 ? "" : "; ", i, why);
	return b->stop;
}

/* Holds one body against a schema. */
static void
holds(const char *schema, const char *text, const char *want)
{
	struct batch b = { .bodies = { text } };
	struct mqs_schema_checker *c;
	struct mqs_error err;

	if (!check_int(mqs_schema_checker_new(&c, &options, "q", schema, strlen(schema), &err), MQS_OK)) {
		printf("# %s\n", err.text);
		return;
	}
	check_int(mqs_schema_check(c, body, 1, broken, &b, &err), MQS_OK);
	if (!check_str(b.why[0] == '\0' ? "" : b.why + 2, want))
		printf("# %.100s: %.100s\n", schema, text);
	mqs_schema_checker_free(c);
}

static void
is_no_schema(const char *schema, const char *want)
{
	struct mqs_schema_checker *c;
	struct mqs_error err;

	if (check_int(mqs_schema_checker_new(&c, &options, "q", schema, strlen(schema), &err),
	    MQS_EDATA))
		check_str(err.text, want);
}

static void
test_words(void)
{
	static const char s[] = "{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{"
	    "\"id\":{\"type\":\"integer\",\"minimum\":1},\"a/b~\":{\"enum\":[1,2]},"
	    "\"tags\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\","
	    "\"maxLength\":3}}},\"additionalProperties\":false}";

	holds(s, "{\"id\":1}", "");
	holds(s, " { \"id\" : 1.0 } ", "");
	holds(s, "{}", "breaks the schema: expected a member 'id'");
	holds(s, "[]", "breaks the schema: expected an object, not an array");
	holds(s, "{\"id\":\"1\"}", "breaks the schema at /id: expected an integer, not a string");
	holds(s, "{\"id\":1.5}", "breaks the schema at /id: expected an integer, not a number");
	holds(s, "{\"id\":0}", "breaks the schema at /id: expected a number of at least 1");
	holds(s, "{\"id\":1,\"x\":1}", "breaks the schema at /x: expected no member of this name");
	holds(s, "{\"id\":1,\"a/b~\":3}",
	    "breaks the schema at /a~1b~0: expected one of the values of \"enum\"");
	holds(s, "{\"id\":1,\"tags\":[\"abc\",\"abcd\"]}",
	    "breaks the schema at /tags/1: expected a string of at most 3 characters");
	holds(s, "{\"id\":1,\"tags\":true}",
	    "breaks the schema at /tags: expected an array or null, not a boolean");
	holds(s, "", "is no JSON: it is empty");
	holds(s, "{\"id\":1}}",
	    "is no JSON: the document root must not be followed by other values (at byte 9)");
	holds(s, "{\"id\":1,\"id\":\"x\"}",
	    "breaks the schema at /id: expected a name that is not there twice");
	holds("true", "\"\xff\"", "is no JSON: invalid encoding in string (at byte 2)");
	holds("false", "1", "breaks the schema: expected nothing: the schema is false");
}

static void
test_schemas(void)
{
	is_no_schema("", "q: the schema is no JSON: it is empty");
	is_no_schema("nope", "q: the schema is no JSON: invalid value (at byte 2)");
	is_no_schema("[]", "q: the schema is no JSON Schema: expected a boolean or an object, not an array");
	is_no_schema("{\"properties\":{\"a\":{\"type\":\"text\"}}}",
	    "q: the schema is no JSON Schema: /properties/a/type: expected array, boolean, integer, "
	    "null, number, object or string, or an array of these");
	is_no_schema("{\"required\":\"a\"}",
	    "q: the schema is no JSON Schema: /required: expected an array, not a string");
	is_no_schema("{\"minLength\":-1}",
	    "q: the schema is no JSON Schema: /minLength: expected a number of at least 0");
	is_no_schema("{\"pattern\":\"(\"}",
	    "q: the schema is no JSON Schema: /pattern: expected a regular expression (ECMA 262)");
	is_no_schema("{\"pattern\":\"(a)\\\\1\"}",
	    "q: the schema is no JSON Schema: /pattern: expected a regular expression without "
	    "references back");
	is_no_schema("{\"patternProperties\":{\"a/[\":true}}",
	    "q: the schema is no JSON Schema: /patternProperties/a~1[: expected a regular expression "
	    "(ECMA 262)");
	is_no_schema("{\"items\":{\"$ref\":\"#/definitions/x\"}}",
	    "q: the schema is no JSON Schema: /items/$ref: expected a reference to a schema in this "
	    "text, not '#/definitions/x' (nothing is fetched)");
	is_no_schema("{\"$ref\":\"http://example.org/s.json\"}",
	    "q: the schema is no JSON Schema: /$ref: expected a reference to a schema in this text, "
	    "not 'http://example.org/s.json' (nothing is fetched)");
	is_no_schema("{\"$ref\":\"#\"}",
	    "q: the schema is no JSON Schema: /$ref: expected a schema in the end, not references in "
	    "a circle");
	is_no_schema("{\"$ref\":\"#/x\",\"x\":{\"maxItems\":true}}",
	    "q: the schema is no JSON Schema: /x/maxItems: expected an integer, not a boolean");
	is_no_schema("{\"type\":\"object\",\"type\":\"array\"}",
	    "q: the schema is no JSON Schema: /type: expected a name that is not there twice");
}

/* What valijson alone would get wrong. */
static void
test_valijson(void)
{
	char deep[4100];
	size_t i;

	holds("{\"multipleOf\":0.01}", "19.99", "");
	holds("{\"multipleOf\":0.01}", "123456789.01", "");
	holds("{\"multipleOf\":0.01}", "19.995", "breaks the schema: expected a multiple of 0.01");
	holds("{\"multipleOf\":2}", "4.5", "breaks the schema: expected a multiple of 2");
	holds("{\"multipleOf\":2}", "4.0", "");
	holds("{\"maximum\":5}", "18446744073709551615", "breaks the schema: expected a number of at most 5");
	holds("{\"maxLength\":1}", "\"\\u0000\\u0000\"",
	    "breaks the schema: expected a string of at most 1 characters");
	holds("{\"maxLength\":2}", "\"\xc3\xa4\xc3\xb6\"", "");
	holds("{\"uniqueItems\":true}", "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1.0}]",
	    "breaks the schema at /1: expected an item that is not there twice");
	holds("{\"format\":\"date-time\"}", "\"no date\"", "");
	holds("{\"propertyNames\":{\"pattern\":\"^[a-z]+$\"}}", "{\"ab\":1,\"A\":2}",
	    "breaks the schema: expected other names than \"A\"");
	/* A definition with propertyNames, which is referred to. */
	holds("{\"allOf\":[{\"$ref\":\"#/definitions/d\"}],\"definitions\":{\"d\":{\"propertyNames\":"
	    "{\"maxLength\":2}}}}", "{\"abc\":1}", "breaks the schema: expected other names than \"abc\"");
	/* Two schemas whose paths are the same when nothing is escaped. */
	holds("{\"properties\":{\"a/properties/b\":{\"$ref\":\"#/properties/a/properties/b\"},"
	    "\"a\":{\"properties\":{\"b\":{\"type\":\"string\"}}}}}", "{\"a/properties/b\":1}",
	    "breaks the schema at /a~1properties~1b: expected a string, not an integer");
	holds("{\"definitions\":{\"n\":{\"id\":\"http://x/y\",\"type\":\"string\"}},\"$ref\":"
	    "\"#/definitions/n\"}", "1", "breaks the schema: expected a string, not an integer");
	for (i = 0; i < 2000; i++) {
		deep[i] = '[';
		deep[i + 2000] = ']';
	}
	deep[4000] = '\0';
	check(strlen(deep) == 4000);
	{
		struct batch b = { .bodies = { deep, "1" } };
		struct mqs_schema_checker *c;
		struct mqs_error err;

		check_int(mqs_schema_checker_new(&c, &options, "q", "true", 4, &err), MQS_OK);
		check_int(mqs_schema_check(c, body, 2, broken, &b, &err), MQS_OK);
		check(strstr(b.why, "expected arrays and objects at most 1024 deep") != NULL);
		mqs_schema_checker_free(c);
	}
}

/* A regular expression that std::regex would match in exponential time, on a deep stack. */
static void
test_patterns(void)
{
	size_t n = 300000;
	char *text = malloc(n + 8), *name = malloc(n + 8);

	if (check(text != NULL && name != NULL)) {
		memset(text, 'a', n);
		text[0] = '"';
		memcpy(text + n - 1, "b\"", 3);
		holds("{\"pattern\":\"^(a+)+$\"}", text,
		    "breaks the schema: expected a string that matches ^(a+)+$");
		memset(name, 'a', n);
		memcpy(name, "{\"", 2);
		memcpy(name + n - 1, "\":1}", 5);
		holds("{\"patternProperties\":{\"^(a+)+b$\":true},\"additionalProperties\":true}",
		    name, "");
	}
	free(text);
	free(name);
}

static void
test_batches(void)
{
	struct batch b = { .bodies = { "1", "\"a\"", "x", "2", "null" }, .stop = 0 };
	struct mqs_schema_checker *c;
	struct mqs_error err;
	static const char s[] = "{\"type\":\"integer\"}";

	check_int(mqs_schema_checker_new(&c, &options, "q", s, strlen(s), &err), MQS_OK);
	check_int(mqs_schema_check(c, body, 5, broken, &b, &err), MQS_OK);
	check_str(b.why, "1 breaks the schema: expected an integer, not a string; "
	    "2 is no JSON: invalid value (at byte 1); "
	    "4 breaks the schema: expected an integer, not null");
	b.stop = 7;
	b.why[0] = '\0';
	check_int(mqs_schema_check(c, body, 5, broken, &b, &err), 7);
	check_str(b.why, "1 breaks the schema: expected an integer, not a string");
	/* It goes on with the next batch as if nothing had been. */
	b.why[0] = '\0';
	check_int(mqs_schema_check(c, body, 1, broken, &b, &err), MQS_OK);
	check_int(mqs_schema_check(c, body, 0, broken, &b, &err), MQS_OK);
	check_str(b.why, "");
	mqs_schema_checker_free(c);
}

/* Bodies that are files among others, larger than every buffer. */
struct files {
	int		 fd;
	uint64_t	 n;
	size_t		 bad;
};

static struct mqs_schema_body
file_body(void *arg, size_t i)
{
	const struct files *f = arg;

	if (i % 3 == 1)
		return (struct mqs_schema_body){ NULL, f->n, f->fd };
	return (struct mqs_schema_body){ i % 3 == 0 ? "[]" : "", i % 3 == 0 ? 2 : 0, -1 };
}

static int
file_broken(void *arg, size_t i, const char *why)
{
	struct files *f = arg;

	(void)why;
	check(i % 3 == 2);
	f->bad++;
	return 0;
}

static void
test_files(void)
{
	struct mqs_schema_checker *c;
	struct mqs_error err;
	struct files f = { .n = 0 };
	char name[] = "/tmp/mq-schema.XXXXXX", line[100];
	size_t i;

	if (!check((f.fd = mkstemp(name)) != -1))
		return;
	unlink(name);
	memset(line, ' ', sizeof(line));
	line[0] = '"';
	line[98] = '"';
	line[99] = ',';
	check(write(f.fd, "[", 1) == 1);
	for (i = 0; i < 50000; i++)
		check(write(f.fd, line, sizeof(line)) == (ssize_t)sizeof(line));
	check(write(f.fd, "1]", 2) == 2);
	f.n = 1 + 50000 * sizeof(line) + 2;
	check_int(mqs_schema_checker_new(&c, &options, "q", "{\"type\":\"array\"}", 16, &err), MQS_OK);
	check_int(mqs_schema_check(c, file_body, 12, file_broken, &f, &err), MQS_OK);
	check_u64(f.bad, 4);
	f.n++;
	check_int(mqs_schema_check(c, file_body, 2, file_broken, &f, &err), MQS_EIO);
	check_str(err.text, "q: body of a message is cut short");
	mqs_schema_checker_free(c);
	close(f.fd);
}

/* ------------------------------------------- programs that misbehave -- */

static char folder[] = "/tmp/mq-schema.XXXXXX";

static void
install(const char *script)
{
	char path[64];
	FILE *f;
	int closed;

	(void)snprintf(path, sizeof(path), "%s/mq-schema", folder);
	unlink(path);
	if (!check((f = fopen(path, "w")) != NULL))
		return;
	fprintf(f, "#!/bin/sh\n%s\n", script);
	closed = fclose(f);
	check(closed == 0);
	check(chmod(path, 0755) == 0);
}

static void
fails(const char *script, int code, const char *want)
{
	struct mqs_options o = { .helpers = folder };
	struct mqs_schema_checker *c;
	struct mqs_error err = { 0 };

	install(script);
	if (!check_int(mqs_schema_checker_new(&c, &o, "q", "true", 4, &err), code) ||
	    !check_str(err.text, want))
		printf("# %s\n", script);
}

static void
test_programs(void)
{
	static const char nonsense[] = "q: its schema can't be checked: mq-schema does not answer as "
	    "it should (is it of another version?)";
	char want[200];
	struct mqs_options o = { .helpers = folder };
	struct mqs_schema_checker *c;
	struct mqs_error err = { 0 };

	(void)snprintf(want, sizeof(want), "q: its schema can't be checked: %s/mq-schema: not "
	    "installed (package mq-tools, or make install)", folder);
	check_int(mqs_schema_checker_new(&c, &o, "q", "true", 4, &err), MQS_ENOTSUP);
	check_str(err.text, want);
	fails("exit 3", MQS_ESYSTEM, "q: its schema can't be checked: mq-schema ended with status 3");
	fails("exit 0", MQS_ESYSTEM, "q: its schema can't be checked: mq-schema ended");
	fails("kill -9 $$", MQS_ESYSTEM,
	    "q: its schema can't be checked: mq-schema was killed by signal 9");
	fails("head -c 12 >/dev/null; echo garbage and more garbage; exec sleep 1000", MQS_ESYSTEM, nonsense);
	fails("printf '\\0\\0\\0\\0\\0\\0\\0\\0'; exec sleep 1000", MQS_ESYSTEM, nonsense);
	fails("head -c 12 >/dev/null; printf '\\4\\0\\0\\0Bxyz'; exec sleep 1000", MQS_ESYSTEM, nonsense);
	fails("head -c 12 >/dev/null; printf '\\4\\0\\0\\0Qx\\0z'; exec sleep 1000", MQS_ESYSTEM, nonsense);
	fails("head -c 12 >/dev/null; printf '\\4\\0\\0\\0F\\0no'; exec sleep 1000", MQS_ESYSTEM,
	    "q: its schema can't be checked: mq-schema: no");
	unlink(strcat(strcpy(want, folder), "/mq-schema"));
}

static int
interrupted(void *arg)
{
	int *calls = arg;

	return ++*calls > 1;
}

static void
test_interrupted(void)
{
	int calls = 0;
	struct mqs_options o = { .helpers = folder, .interrupted = interrupted, .arg = &calls };
	struct mqs_schema_checker *c;
	struct mqs_error err = { 0 };
	char path[64];

	install("exec sleep 1000");
	check_int(mqs_schema_checker_new(&c, &o, "q", "true", 4, &err), MQS_EINTR);
	check_str(err.text, "q: interrupted while checking its schema");
	(void)snprintf(path, sizeof(path), "%s/mq-schema", folder);
	unlink(path);
}

int
main(void)
{
	options.helpers = getenv("MQ_LIBEXEC");
	if (mkdtemp(folder) == NULL)
		return 1;
	run_test("what is said of bodies", test_words);
	run_test("what is said of schemas", test_schemas);
	run_test("what valijson alone would get wrong", test_valijson);
	run_test("regular expressions take linear time", test_patterns);
	run_test("batches, and stopping in one", test_batches);
	run_test("bodies that are files", test_files);
	run_test("programs that are missing, die or answer nonsense", test_programs);
	run_test("interrupted", test_interrupted);
	rmdir(folder);
	return finish_tests();
}
