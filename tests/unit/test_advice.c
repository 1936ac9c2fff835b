/* test_advice.c - commands in errors: they act on the spool that the error is about */
#include <stdlib.h>

#include "base/advice.h"
#include "check.h"

static char buf[MQS_CTL_SIZE];

static void
test_plain(void)
{
	check_str(mqs_ctl(buf, "/var/spool/mq/orders"), "mq-ctl -s /var/spool/mq");
	check_str(mqs_ctl(buf, "./s-1_2,3:4@5%6+7/q"), "mq-ctl -s ./s-1_2,3:4@5%6+7");
	check_str(mqs_ctl(buf, "//q"), "mq-ctl -s /");
}

static void
test_quoted(void)
{
	check_str(mqs_ctl(buf, "/home/a b/q"), "mq-ctl -s '/home/a b'");
	check_str(mqs_ctl(buf, "/it's/q"), "mq-ctl -s '/it'\\''s'");
	check_str(mqs_ctl(buf, "$(x)/q"), "mq-ctl -s '$(x)'");
	check_str(mqs_ctl(buf, "~/q"), "mq-ctl -s '~'");
}

/* One byte decides whether a path fits, plain and quoted. */
static void
test_long(void)
{
	const size_t most = MQS_CTL_SIZE - 1 - strlen("mq-ctl -s ");
	char path[MQS_CTL_SIZE + 8];

	memset(path, 'x', sizeof(path));
	memcpy(path + most, "/q", 3);
	check_u64(strlen(mqs_ctl(buf, path)), MQS_CTL_SIZE - 1);
	memcpy(path + most, "x/q", 4);
	check_str(mqs_ctl(buf, path), "mq-ctl -s SPOOL");
	path[0] = ' ';
	memcpy(path + most - 2, "/q", 3);
	check_u64(strlen(mqs_ctl(buf, path)), MQS_CTL_SIZE - 1);
	memcpy(path + most - 2, "x/q", 4);
	check_str(mqs_ctl(buf, path), "mq-ctl -s SPOOL");
	path[1] = '\'';
	memcpy(path + most - 5, "/q", 3);
	check_u64(strlen(mqs_ctl(buf, path)), MQS_CTL_SIZE - 1);
	memcpy(path + most - 5, "x/q", 4);
	check_str(mqs_ctl(buf, path), "mq-ctl -s SPOOL");
}

int
main(void)
{
	run_test("a path that needs no quotes", test_plain);
	run_test("a path that needs quotes", test_quoted);
	run_test("a path that is too long", test_long);
	return finish_tests();
}
