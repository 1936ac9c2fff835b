/* test_envelope_parse.c - one line of JSON as a message, or what is wrong with it */
#include <sys/resource.h>
#include <sys/wait.h>

#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "message/envelope.h"
#include "message/headers.h"

#define NS(s)	((s) * INT64_C(1000000000))

/* From a block of its own size, for the address sanitizer to guard. */
static int
parse_n(struct mqs_envelope *e, const char *line, size_t n, int origin,
    struct mqs_error *err)
{
	char *copy = malloc(n + 1);
	int rc;

	if (copy == NULL)
		abort();
	memcpy(copy + 1, line, n);
	rc = mqs_envelope_parse(e, copy + 1, n, origin, err);
	free(copy);
	return rc;
}

static int
parse(struct mqs_envelope *e, const char *line, int origin)
{
	struct mqs_error err = { 0 };
	int rc = parse_n(e, line, strlen(line), origin, &err);

	if (rc != MQS_OK)
		printf("# %s: %s\n", line, err.text);
	return check_int(rc, MQS_OK);
}

static void
test_parse_empty(void)
{
	struct mqs_envelope e = { 0 };
	const struct mqs_message *m = &e.message;

	if (parse(&e, "{}", 1)) {
		check(m->key_len == 0 && m->headers_len == 0 && m->body_len == 0);
		check(m->message_id == NULL && m->large == NULL);
		check(m->priority == 0 && m->not_before == 0 && m->expires == 0);
		check_int(m->body_fd, -1);
		check(e.id == NULL && e.queue == NULL && e.group == NULL);
		check(e.queue_uuid == NULL);
		check(e.receipt == NULL && e.time == 0);
	}
	check(parse(&e, " { \"body\" : \"\" } \r", 0) && m->body_len == 0);
	check(parse(&e, "{\"body_base64\":\"\"}", 0) && m->body_len == 0);
	check(parse(&e, "{\"headers\":{}}", 0) && m->headers_len == 0);
	mqs_envelope_free(&e);
	mqs_envelope_free(&e);
}

static void
test_parse_every_field(void)
{
	struct mqs_envelope e = { 0 };
	const struct mqs_message *m = &e.message;

	if (!parse(&e, "{\"body\":\"hi\\n\\u0000\\ud83d\\ude00\",\"id\":\"12\","
	    "\"queue\":\"q\",\"queue_uuid\":\"u\",\"group\":\"g\",\"time\":\"2023-11-14T22:13:20.5Z\","
	    "\"key\":\"k\\u00e9\",\"headers\":{\"z\":\"1\",\"a\":[\"2\",\"\"]},"
	    "\"priority\":9,\"attempt\":4294967295,\"receipt\":\"q/g/12.3\","
	    "\"message_id\":\"m\",\"not_before\":1800000000,"
	    "\"expires\":1900000000.25}", 0))
		return;
	check_str(e.id, "12");
	check_str(e.queue, "q");
	check_str(e.queue_uuid, "u");
	check_str(e.group, "g");
	check_str(e.receipt, "q/g/12.3");
	check_int(e.time, NS(1700000000) + 500000000);
	check_mem(m->key, m->key_len, "k\xc3\xa9", 3);
	check_mem(m->headers, m->headers_len, "z\0001\0a\0002\0a\0", 11);
	check_int(m->priority, 9);
	check_u64(m->attempt, 4294967295);
	check_mem(m->message_id, m->message_id_len, "m", 1);
	check_int(m->not_before, NS(1800000000));
	check_int(m->expires, NS(1900000000) + 250000000);
	check_mem(m->body, m->body_len, "hi\n\0\xf0\x9f\x98\x80", 8);
	/* Used again, it remembers nothing. */
	if (parse(&e, "{\"body_base64\":\"/wA=\"}", 1)) {
		check_mem(m->body, m->body_len, "\xff\0", 2);
		check(e.id == NULL && m->key_len == 0 && m->headers_len == 0);
		check(m->message_id == NULL && m->priority == 0);
		check(e.store.n < 8);
	}
	mqs_envelope_free(&e);
}

static void
test_parse_times(void)
{
	static const struct {
		const char	*json;
		int64_t		 want;
	} times[] = {
		{ "0", 0 }, { "0.0", 0 }, { "1", NS(1) }, { "0.5", 500000000 },
		{ "0.9999999999", NS(1) }, { "9223372035", NS(9223372035) },
		{ "1.5e9", NS(1500000000) }, { "\"@1.5\"", 1500000000 },
		{ "\"1970-01-01T00:00:00.000000001Z\"", 1 },
		{ "\"2026-01-02T03:04:05+02:00\"", NS(1767315845) },
		{ "\"2262-04-11T23:47:16.854775807Z\"", INT64_MAX }
	};
	struct mqs_envelope e = { 0 };
	char line[128];
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		(void)snprintf(line, sizeof(line), "{\"not_before\":%s}",
		    times[i].json);
		if (parse(&e, line, 0))
			check_int(e.message.not_before, times[i].want);
	}
	mqs_envelope_free(&e);
}

static void
header_is(const struct mqs_envelope *e, const char *name, const char *want)
{
	check_str(mqs_headers_get(e->message.headers, e->message.headers_len,
	    name), want);
}

static void
test_parse_origin(void)
{
	static const char line[] = "{\"id\":\"7\",\"queue\":\"q\",\"time\":1,"
	    "\"headers\":{\"a\":\"b\"}}";
	struct mqs_envelope e = { 0 };

	if (parse(&e, line, 0))
		check_mem(e.message.headers, e.message.headers_len, "a\0b", 4);
	if (parse(&e, line, 1)) {
		header_is(&e, "a", "b");
		header_is(&e, "mq-origin-id", "7");
		header_is(&e, "mq-origin-queue", "q");
		header_is(&e, "mq-origin-time", "1970-01-01T00:00:01.000000000Z");
	}
	/* A copy of a copy keeps the first origin, and nothing of the second. */
	if (parse(&e, "{\"id\":\"7\",\"queue\":\"q\",\"time\":1,\"headers\":"
	    "{\"mq-origin-id\":\"3\"}}", 1)) {
		header_is(&e, "mq-origin-id", "3");
		check_int(e.message.headers_len, 13 + 2);
	}
	if (parse(&e, "{\"id\":\"7\",\"headers\":{\"mq-origin-time\":\"\"}}", 1))
		check_int(e.message.headers_len, 15 + 1);
	/* Of an envelope that says less, less is kept. */
	if (parse(&e, "{\"queue\":\"q\",\"id\":\"\"}", 1))
		check_mem(e.message.headers, e.message.headers_len,
		    "mq-origin-queue\0q", 18);
	mqs_envelope_free(&e);
}

/* Headers that fill their room leave none for the origin, and are published without. */
static void
test_parse_origin_no_room(void)
{
	struct mqs_envelope e = { 0 };
	struct mqs_buf line = { 0 };
	int more;

	for (more = 0; more <= 1; more++) {
		line.n = 0;
		/* name, NUL, value, NUL; "mq-origin-id" NUL "7" NUL; ... -queue NUL "q" NUL */
		check_int(mqs_buf_addf(&line, "{\"id\":\"7\",\"queue\":\"q\",\"headers\":"
		    "{\"n\":\"%0*d\"}}", MQS_HEADERS_MAX - 3 - 15 - 18 + more, 0), 0);
		if (parse_n(&e, line.p, line.n, 1, NULL) != MQS_OK)
			check(0);
		else
			check_int(e.message.headers_len,
			    more ? MQS_HEADERS_MAX - 15 - 18 + 1 : MQS_HEADERS_MAX);
	}
	mqs_buf_free(&line);
	mqs_envelope_free(&e);
}

static void
refused(const char *line, size_t n, const char *want)
{
	struct mqs_envelope e = { 0 };
	struct mqs_error err = { 0 };

	check_int(parse_n(&e, line, n, 1, &err), MQS_EDATA);
	check_int(err.code, MQS_EDATA);
	/* What the JSON library or the parser of times says is theirs to word. */
	if (want[strlen(want) - 1] == ' ' && strlen(err.text) > strlen(want))
		err.text[strlen(want)] = '\0';
	check_str(err.text, want);
	check_int(parse_n(&e, line, n, 0, NULL), MQS_EDATA);
	mqs_envelope_free(&e);
}

struct refusal {
	const char	*line, *want;
};

static void
test_refuse_json(void)
{
	static const struct refusal cases[] = {
		{ "", "envelope is empty" },
		{ "[]", "envelope is an array, not an object" },
		{ "\"x\"", "envelope is a string, not an object" },
		{ "null", "envelope is null, not an object" },
		{ "{\"body\":\"a\"", "invalid JSON at byte 11: " },
		{ "{} {}", "invalid JSON at byte 4: " },
		{ "{\"body\":\"a\",\"body\":\"b\"}", "invalid JSON at byte 18: " },
		{ "{\"headers\":{\"a\":\"1\",\"a\":\"2\"}}", "invalid JSON at byte 23: " },
		{ "{\"body\":\"\\ud800\"}", "invalid JSON at byte 16: " },
		{ "{\"body\":\"\\udc00x\"}", "invalid JSON at byte 17: " },
		{ "{\"body\":\"a\xff\"}", "invalid JSON at byte 10: " },
		{ "{\"body\":\"\xed\xa0\x80\"}", "invalid JSON at byte 9: " },
		{ "{\"body\":\"a\nb\"}", "invalid JSON at byte 10: " },
		{ "{\"bo\\u0000dy\":\"\"}", "invalid JSON at byte 13: " },
		{ "{\"priority\":99999999999999999999}", "invalid JSON at byte 32: " }
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(cases[i].line, strlen(cases[i].line), cases[i].want);
	refused("{\0}", 3, "invalid JSON at byte 2: ");
}

/* A body given as JSON: its text stays, but for white space. */
static void
test_json_body(void)
{
	static const char *const cases[][2] = {
		{ "{\"json\":{}}", "{}" },
		{ "{\"key\":\"k\", \"json\" : [ 12345678901234567890.10 , \"a b\" ] }",
		    "[12345678901234567890.10,\"a b\"]" },
		{ "{\"json\":{\"z\":1,\"a\":1e999,\"z\":\"\\u00e4\"},\"priority\":3}",
		    "{\"z\":1,\"a\":1e999,\"z\":\"\\u00e4\"}" },
		{ "{\"json\":null}", "null" }, { "{\"json\":\"s\"}", "\"s\"" },
		{ "{\"headers\":{\"json\":\"x\"},\"json\":0}", "0" },
		{ "{\"headers\":{\"json\":\"x\"},\"body\":\"\\\"json\\\"\"}", "\"json\"" }
	};
	static const struct refusal bad[] = {
		{ "{\"json\":}", "invalid JSON at byte 9: unexpected token near '}'" },
		{ "{\"json\":[1,2],\"json\":2}",
		    "invalid JSON at byte 20: duplicate object key near '\"json\"'" },
		{ "{\"json\":[1,2,3,4,5,6],\"key\":x}", "invalid JSON at byte 29: invalid token near 'x'" }
	};
	struct mqs_envelope e = { 0 };
	struct mqs_error err;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (mqs_envelope_parse(&e, cases[i][0], strlen(cases[i][0]), 0, &err) != MQS_OK)
			check_str(err.text, cases[i][0]);
		else
			check_mem(e.message.body, e.message.body_len, cases[i][1],
			    strlen(cases[i][1]));
	}
	mqs_envelope_free(&e);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(bad[i].line, strlen(bad[i].line), bad[i].want);
}

static void
test_refuse_fields(void)
{
	static const struct refusal cases[] = {
		{ "{\"bdoy\":\"\"}", "unknown field \"bdoy\"" },
		{ "{\"a\\nb\":1}", "unknown field \"a?b\"" },
		{ "{\"id\":7}", "\"id\" is a number, not a string" },
		{ "{\"queue_uuid\":1}", "\"queue_uuid\" is a number, not a string" },
		{ "{\"queue\":null}", "\"queue\" is null, not a string" },
		{ "{\"group\":\"a\\u0000\"}", "\"group\" contains NUL" },
		{ "{\"receipt\":[]}", "\"receipt\" is an array, not a string" },
		{ "{\"key\":true}", "\"key\" is a boolean, not a string" },
		{ "{\"key\":\"a\\u0000b\"}", "key contains NUL (byte 2)" },
		{ "{\"message_id\":1.5}", "\"message_id\" is a number, not a string" },
		{ "{\"message_id\":\"\"}", "message id is empty" },
		{ "{\"message_id\":\"a\\tb\"}",
		    "message id has a control character (byte 2)" },
		{ "{\"priority\":\"5\"}", "\"priority\" is a string, not a number" },
		{ "{\"priority\":5.0}", "\"priority\" is not an integer" },
		{ "{\"priority\":10}", "\"priority\" is 10, not 0 to 9" },
		{ "{\"priority\":-1}", "\"priority\" is -1, not 0 to 9" },
		{ "{\"attempt\":4294967296}",
		    "\"attempt\" is 4294967296, not 0 to 4294967295" },
		{ "{\"body\":{}}", "\"body\" is an object, not a string" },
		{ "{\"body_base64\":1}", "\"body_base64\" is a number, not a string" },
		{ "{\"body\":\"\",\"body_base64\":\"\"}",
		    "\"body\" and \"body_base64\" are both there" },
		{ "{\"body_base64\":\"Zg==\",\"body\":\"f\"}",
		    "\"body\" and \"body_base64\" are both there" },
		{ "{\"json\":1,\"body\":\"f\"}", "\"body\" and \"json\" are both there" },
		{ "{\"json\":1,\"body_base64\":\"\"}",
		    "\"body_base64\" and \"json\" are both there" },
		{ "{\"js\\u006fn\":1}", "\"json\": its name is written with escapes" },
		{ "{\"body_base64\":\"Z*==\"}",
		    "\"body_base64\": not a base64 character (character 2)" },
		{ "{\"body_base64\":\"Zg\"}",
		    "\"body_base64\": length is not a multiple of 4 (character 2)" }
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(cases[i].line, strlen(cases[i].line), cases[i].want);
}

static void
test_refuse_times(void)
{
	static const struct refusal cases[] = {
		{ "{\"time\":true}", "\"time\" is a boolean, not a time" },
		{ "{\"expires\":\"now\"}", "\"expires\": now: not a point in time" },
		{ "{\"expires\":\"+2h\"}", "\"expires\": +2h: not a point in time" },
		{ "{\"expires\":\"-2h\"}", "\"expires\": -2h: not a point in time" },
		{ "{\"expires\":\"@1\\u0000\"}", "\"expires\": @1: contains NUL" },
		{ "{\"expires\":-1}", "\"expires\": -1: before 1970" },
		{ "{\"expires\":-0.5}", "\"expires\": -0.5: before 1970" },
		{ "{\"expires\":9223372036}", "\"expires\": 9223372036: out of range" },
		{ "{\"expires\":1e300}", "\"expires\": 1e+300: out of range" },
		{ "{\"expires\":\"1969-12-31T23:59:59Z\"}",
		    "\"expires\": 1969-12-31T23:59:59Z: " },
		{ "{\"expires\":\"2026-13-01\"}", "\"expires\": 2026-13-01: " },
		{ "{\"expires\":\"\"}", "\"expires\": : " }
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(cases[i].line, strlen(cases[i].line), cases[i].want);
}

static void
test_refuse_headers(void)
{
	static const struct refusal cases[] = {
		{ "{\"headers\":[]}", "\"headers\" is an array, not an object" },
		{ "{\"headers\":{\"\":\"x\"}}", "header 1 has an empty name" },
		{ "{\"headers\":{\"a\":\"\",\"n\":5}}",
		    "header \"n\" is a number, not a string" },
		{ "{\"headers\":{\"n\":false}}",
		    "header \"n\" is a boolean, not a string" },
		{ "{\"headers\":{\"n\":null}}", "header \"n\" is null, not a string" },
		{ "{\"headers\":{\"n\":[\"a\",[]]}}",
		    "header \"n\" is an array, not a string" },
		{ "{\"headers\":{\"n\":\"a\\u0000b\"}}", "header \"n\" contains NUL" }
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(cases[i].line, strlen(cases[i].line), cases[i].want);
}

static void
test_refuse_long(void)
{
	struct mqs_buf b = { 0 };
	int i;

	check_int(mqs_buf_addf(&b, "{\"key\":\"%0256d\"}", 0), 0);
	refused(b.p, b.n, "key has 256 bytes, at most 255");
	b.n = 0;
	check_int(mqs_buf_addf(&b, "{\"message_id\":\"%0256d\"}", 0), 0);
	refused(b.p, b.n, "message id has 256 bytes, at most 255");
	b.n = 0;
	check_int(mqs_buf_addf(&b, "{\"headers\":{\"n\":\"%065534d\"}}", 0), 0);
	refused(b.p, b.n, "headers have more than 65536 bytes");
	/* Few bytes a value in the line, many in the store. */
	b.n = 0;
	check_int(mqs_buf_addf(&b, "{\"body\":\"\",\"headers\":{\"%01000d\":[", 0), 0);
	for (i = 0; i < 100; i++)
		check_int(mqs_buf_addf(&b, "%s\"\"", i ? "," : ""), 0);
	check_int(mqs_buf_addf(&b, "]}}"), 0);
	refused(b.p, b.n, "headers have more than 65536 bytes");
	mqs_buf_free(&b);
}

#define LARGE	(8u << 20)
#define STEP	(1u << 20)

/* In a process that may take `more' bytes: what parsing a large envelope returns. */
static int
parse_within(const char *line, size_t n, rlim_t more)
{
	struct mqs_envelope e = { 0 };
	struct mqs_error err = { 0 };
	struct rlimit limit;
	unsigned long pages = 0;
	FILE *statm;
	int rc;

	if ((statm = fopen("/proc/self/statm", "r")) == NULL ||
	    fscanf(statm, "%lu", &pages) != 1)
		return 100;
	fclose(statm);
	limit.rlim_cur = limit.rlim_max = pages * (rlim_t)sysconf(_SC_PAGESIZE) + more;
	if (setrlimit(RLIMIT_AS, &limit) == -1)
		return 100;
	rc = mqs_envelope_parse(&e, line, n, 0, &err);
	if (rc != MQS_OK && rc != MQS_ESYSTEM)
		printf("# with %lu bytes: %s\n", (unsigned long)more, err.text);
	fflush(stdout);
	return -rc;
}

/* However little memory there is: the message, or that there is no memory; never bad input. */
static void
test_memory(void)
{
	size_t n = LARGE, good = 0, lacking = 0;
	char *line;
	rlim_t more;
	int status;
	pid_t pid;

#ifdef __SANITIZE_ADDRESS__
	return;				/* it needs address space without end */
#endif
	if ((line = malloc(n)) == NULL)
		abort();
	memset(line, 'x', n);
	memcpy(line, "{\"body\":\"", 9);
	memcpy(line + n - 2, "\"}", 2);
	for (more = 0; more < 12 * (rlim_t)LARGE; more += STEP) {
		fflush(stdout);
		if ((pid = fork()) == -1)
			abort();
		if (pid == 0)
			_exit(parse_within(line, n, more));
		if (waitpid(pid, &status, 0) != pid)
			abort();
		good += status == 0;
		lacking += WIFEXITED(status) && WEXITSTATUS(status) == -MQS_ESYSTEM;
	}
	check_u64(good + lacking, 12 * LARGE / STEP);
	check(good > 0 && lacking > 0);
	free(line);
}

int
main(void)
{
	run_test("parse an empty message", test_parse_empty);
	run_test("parse every field", test_parse_every_field);
	run_test("parse times", test_parse_times);
	run_test("parse the origin into headers", test_parse_origin);
	run_test("parse headers that leave no room for the origin", test_parse_origin_no_room);
	run_test("refuse what is not JSON", test_refuse_json);
	run_test("a body given as JSON", test_json_body);
	run_test("refuse fields", test_refuse_fields);
	run_test("refuse times", test_refuse_times);
	run_test("refuse headers", test_refuse_headers);
	run_test("refuse what is too long", test_refuse_long);
	run_test("any amount of memory", test_memory);
	return finish_tests();
}
