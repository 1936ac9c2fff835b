/* test_amqp_content_type.c - what a body is, for other clients */
#include "amqp/content_type.h"
#include "check.h"

#define BINARY	"application/octet-stream"
#define TEXT	"text/plain; charset=utf-8"
#define JSON	"application/json"

static const char *
type(const void *body, size_t n)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.body = body;
	m.body_len = n;
	return mqs_amqp_content_type(&m);
}

#define of(literal)	type((literal), sizeof(literal) - 1)

static void
test_types(void)
{
	check_str(of("hello"), TEXT);
	check_str(of("a\tb\r\n\xc3\xa4"), TEXT);
	check_str(of("{\"a\": 1}\n"), JSON);
	check_str(of(" [1, 2]"), JSON);
	check_str(of("{\"a\": }"), TEXT);
	check_str(of("42"), TEXT);		/* JSON, too, but who knows */
	check_str(of("\"x\""), TEXT);
	check_str(of("null"), TEXT);
	check_str(of("   "), TEXT);
	check_str(of(""), BINARY);
	check_str(of("a\0b"), BINARY);
	check_str(of("\xff"), BINARY);
	check_str(of("\x1b[1m"), BINARY);
	check_str(of("\x7f"), BINARY);
	check_str(of("{\"a\":\"\x01\"}"), BINARY);
}

static void
test_not_in_memory(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	static char large[MQS_INLINE_MAX + 1];

	m.body_fd = 0;
	m.body_len = 5;
	check_str(mqs_amqp_content_type(&m), BINARY);
	memset(large, 'a', sizeof(large));
	check_str(type(large, sizeof(large)), BINARY);
	check_str(type(large, sizeof(large) - 1), TEXT);
}

int
main(void)
{
	run_test("JSON, text, and anything else", test_types);
	run_test("large bodies are not looked at", test_not_in_memory);
	return finish_tests();
}
