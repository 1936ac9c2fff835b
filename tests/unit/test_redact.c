/* test_redact.c - passwords are not shown */
#include <string.h>

#include "base/redact.h"
#include "check.h"

static void
test_redact(void)
{
	static const char *const cases[][2] = {
		{ "amqp://user:secret@host/v", "amqp://user:***@host/v" },
		{ "amqp://user:se@cret@h1,h2", "amqp://user:***@h1,h2" },
		{ "amqp://user@host/a:b@c", "amqp://user@host/a:b@c" },
		{ "amqp://user:1/secret@host/v", "amqp://user:***@host/v" },
		{ "amqp://user:1?sec@ret@host", "amqp://user:***@host" },
		{ "kafka://host:9092,other:9092/p.", "kafka://host:9092,other:9092/p." },
		{ "amqps://:secret@host?x=1", "amqps://:***@host?x=1" },
		{ "/var/spool/mq", "/var/spool/mq" }, { "a:b@c", "a:b@c" }, { "", "" }
	};
	char buf[64], tiny[8];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_str(mqs_redact(cases[i][0], buf, sizeof(buf)), cases[i][1]);
	check_str(mqs_redact("amqp://user:secret@host", tiny, sizeof(tiny)), "amqp://");
}

int
main(void)
{
	run_test("a password becomes ***", test_redact);
	return finish_tests();
}
