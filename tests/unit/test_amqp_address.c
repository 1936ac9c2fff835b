/* test_amqp_address.c - the address of a cluster, and its configuration file */
#include <stdlib.h>
#include <string.h>

#include "amqp/configuration.h"
#include "check.h"

static void
test_parts(void)
{
	struct mqs_amqp_address a;

	if (!check(mqs_amqp_address_parse(&a, "amqp://me:p%40s@s@h1,h2:5,[::1]:7/a%2Fb", NULL) == 0))
		return;
	check(!a.tls);
	check_str(a.user, "me");
	check_str(a.password, "p@s@s");
	check_str(a.vhost, "a/b");
	if (check_u64(a.nhosts, 3)) {
		check_str(a.hosts[0].shown, "h1:5672");
		check_str(a.hosts[1].shown, "h2:5");
		check_str(a.hosts[2].name, "::1");
		check_str(a.hosts[2].shown, "[::1]:7");
	}
	mqs_amqp_address_free(&a);
}

static void
test_defaults(void)
{
	static const char *const none[] = { "amqps://h", "AMQPS://h/", "amqps://[fe80::1]" };
	struct mqs_amqp_address a;
	size_t i;

	for (i = 0; i < 3; i++) {
		if (!check(mqs_amqp_address_parse(&a, none[i], NULL) == 0))
			continue;
		check(a.tls && a.user == NULL && a.password == NULL);
		check_str(a.vhost, "/");
		check_int(a.hosts[0].port, 5671);
		mqs_amqp_address_free(&a);
	}
}

static void
test_refused(void)
{
	static const char *const bad[] = {
		"amqp://", "amqp:///v", "amqp://h:0", "amqp://h:65536", "amqp://u:secret", "amqp://h,",
		"amqp://:secret@h", "amqp://u:secret%4@h", "amqp://u:secret%00@h", "amqp://h/v?x=secret",
		"amqp://[::1", "amqp://[::1]x", "amqp://u:1secret/x@h", "amqp://u:1/x/secret@h",
		"amqp://h/v#secret", "amqp://h%zz/", "amqp://u:1/secret@h", "amqp://u:1?secret@h"
	};
	struct mqs_amqp_address a;
	struct mqs_error err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&err, 0, sizeof(err));
		if (!check_int(mqs_amqp_address_parse(&a, bad[i], &err), MQS_EINVAL))
			printf("# %s\n", bad[i]);
		check(strncmp(err.text, "amqp address: ", 14) == 0);
		if (!check(strstr(err.text, "secret") == NULL))
			printf("# %s: %s\n", bad[i], err.text);
	}
}

static int
parse(struct mqs_amqp_configuration *c, const char *text, struct mqs_error *err)
{
	memset(c, 0, sizeof(*c));
	return mqs_amqp_configuration_parse(c, text, strlen(text), "f", err);
}

static void
test_configuration(void)
{
	struct mqs_amqp_configuration c;

	check_int(parse(&c, "# none\n\n user = me \npassword=a=b#c\nverify=no\nheartbeat=3\r\n"
	    "connect-timeout=2s\nca=/x\nca=/y", NULL), 0);
	check_str(c.user, "me");
	check_str(c.password, "a=b#c");
	check_str(c.ca, "/y");
	check_int(c.verify, 0);
	check_int(c.heartbeat, 3);
	check_int(c.connect_timeout, 2000000000);
	mqs_amqp_configuration_free(&c);
}

static void
test_configuration_refused(void)
{
	static const char *const bad[][2] = {
		{ "\npassword secret", "f: line 2: not NAME=VALUE" },
		{ "verify=secret", "f: line 1: verify: is yes or no" },
		{ "heartbeat=0", "f: line 1: heartbeat: is a number of seconds, 1 to 3600" },
		{ "connect-timeout=1d", "f: line 1: connect-timeout: is a duration, 100ms to 1h" },
		{ "pasword=secret", "f: line 1: pasword: unknown name (user, password, ca, cert, key, "
		    "verify, heartbeat, connect-timeout, management)" }
	};
	struct mqs_amqp_configuration c;
	struct mqs_error err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		check_int(parse(&c, bad[i][0], &err), MQS_ECONFIG);
		check_str(err.text, bad[i][1]);
		mqs_amqp_configuration_free(&c);
	}
}

/* Who has which user and password, in the order of what counts more. */
static void
test_precedence(void)
{
	struct mqs_amqp_configuration c;
	struct mqs_amqp_address a;

	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	setenv("MQ_AMQP_PASSWORD", "env", 1);
	if (check(mqs_amqp_address_parse(&a, "amqp://me@h", NULL) == 0)) {
		check_int(mqs_amqp_configuration_read(&c, &a, NULL), 0);
		check_str(c.user, "me");
		check_str(c.password, "env");
		mqs_amqp_configuration_free(&c);
		mqs_amqp_address_free(&a);
	}
	unsetenv("MQ_AMQP_PASSWORD");
	if (check(mqs_amqp_address_parse(&a, "amqp://h", NULL) == 0)) {
		check_int(mqs_amqp_configuration_read(&c, &a, NULL), 0);
		check_str(c.user, "guest");
		check_str(c.password, "guest");
		mqs_amqp_configuration_free(&c);
		mqs_amqp_address_free(&a);
	}
}

int
main(void)
{
	run_test("user, password, hosts, ports, vhost", test_parts);
	run_test("what an address does not name", test_defaults);
	run_test("what is no address, without its password", test_refused);
	run_test("the file's names", test_configuration);
	run_test("what the file may not have", test_configuration_refused);
	run_test("the address counts more than the environment", test_precedence);
	return finish_tests();
}
