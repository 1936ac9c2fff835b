/* test_envelope_write.c - a message as one line of JSON */
#include <unistd.h>

#include "check.h"
#include "message/envelope.h"

#define NS(s)	((s) * INT64_C(1000000000))

static const struct mqs_envelope_place nowhere = { 0 };

static void
line_is(const struct mqs_message *m, const struct mqs_envelope_place *at,
    const char *want)
{
	struct mqs_buf b = { 0 };
	struct mqs_error err;

	check_int(mqs_buf_add(&b, "before", 6), 0);
	if (!check_int(mqs_envelope_write(&b, m, at, &err), MQS_OK))
		printf("# %s\n", err.text);
	check_int(mqs_buf_addc(&b, '\0'), 0);
	check_str(b.p + 6, want);
	mqs_buf_free(&b);
}

static void
test_write_empty(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	line_is(&m, &nowhere, "{\"body\":\"\"}");
}

static void
test_write_every_field(void)
{
	static const struct mqs_envelope_place at = {
		.queue = "orders", .group = "mail",
		.queue_uuid = "3f2b0c9e-1111-4222-8333-444455556666",
		.receipt = "orders/mail/18446744073709551615.7"
	};
	struct mqs_message m = {
		.key = "a.b", .key_len = 3, .headers = "n\0v", .headers_len = 4,
		.body = "hi\n", .body_len = 3, .body_fd = -1, .priority = 9,
		.not_before = NS(1800000000), .expires = NS(1900000000) + 1,
		.message_id = "m-1", .message_id_len = 3, .seq = UINT64_MAX,
		.time = NS(1700000000) + 123456789, .attempt = 2
	};

	line_is(&m, &at, "{\"id\":\"18446744073709551615\",\"queue\":\"orders\","
	    "\"queue_uuid\":\"3f2b0c9e-1111-4222-8333-444455556666\","
	    "\"group\":\"mail\",\"time\":\"2023-11-14T22:13:20.123456789Z\","
	    "\"key\":\"a.b\",\"headers\":{\"n\":\"v\"},\"priority\":9,"
	    "\"attempt\":2,\"receipt\":\"orders/mail/18446744073709551615.7\","
	    "\"message_id\":\"m-1\","
	    "\"not_before\":\"2027-01-15T08:00:00.000000000Z\","
	    "\"expires\":\"2030-03-17T17:46:40.000000001Z\",\"body\":\"hi\\n\"}");
}

/* A body that is JSON, if that is asked for; any other as always. */
static void
test_write_json(void)
{
	static const struct mqs_envelope_place json = { .json = 1 };
	static const char *const cases[][2] = {
		{ "{\"b\": 1.0,\n \"a\": [ ]}", "{\"json\":{\"b\":1.0,\"a\":[]}}" },
		{ " 12 ", "{\"json\":12}" }, { "null", "{\"json\":null}" },
		{ "{\"a\":1", "{\"body\":\"{\\\"a\\\":1\"}" }, { "", "{\"body\":\"\"}" },
		{ "\"\xff\"", "{\"body_base64\":\"Iv8i\"}" }
	};
	struct mqs_message m = MQS_MESSAGE_INIT;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		m.body = cases[i][0];
		m.body_len = strlen(cases[i][0]);
		line_is(&m, &json, cases[i][1]);
	}
	m.body = "[1]";
	m.body_len = 3;
	line_is(&m, &nowhere, "{\"body\":\"[1]\"}");
}

static void
test_write_bytes(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.body = "\xff\0";
	m.body_len = 2;
	line_is(&m, &nowhere, "{\"body_base64\":\"/wA=\"}");
	m.body = "\0\xc3\xa9";
	m.body_len = 3;
	line_is(&m, &nowhere, "{\"body\":\"\\u0000\xc3\xa9\"}");
	m.body_len = 2;		/* half a character */
	line_is(&m, &nowhere, "{\"body_base64\":\"AMM=\"}");
}

static void
test_write_from_file(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_buf b = { 0 };
	struct mqs_error err;
	FILE *f = tmpfile();

	if (!check(f != NULL))
		return;
	check(fputs("line\n", f) != EOF && fflush(f) == 0);
	m.body_fd = fileno(f);
	m.body_len = 5;
	line_is(&m, &nowhere, "{\"body\":\"line\\n\"}");
	check_int(lseek(m.body_fd, 0, SEEK_CUR), 5);	/* not moved */
	m.body_len = 6;
	check_int(mqs_buf_add(&b, "kept", 4), 0);
	check_int(mqs_envelope_write(&b, &m, &nowhere, &err), MQS_EDAMAGED);
	check_str(err.text, "body ends after 5 of 6 bytes");
	check_mem(b.p, b.n, "kept", 4);
	mqs_buf_free(&b);
	check_int(fclose(f), 0);
	check(mqs_envelope_write(&b, &m, &nowhere, &err) == MQS_EIO);
	check_str(err.text, "body: Bad file descriptor");
}

int
main(void)
{
	run_test("write an empty message", test_write_empty);
	run_test("write every field", test_write_every_field);
	run_test("a body that is JSON", test_write_json);
	run_test("write bytes that are not text", test_write_bytes);
	run_test("write a body from a file", test_write_from_file);
	return finish_tests();
}
