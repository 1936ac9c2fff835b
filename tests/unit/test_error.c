/* test_error.c - what errors say, and which code an errno has */
#include <errno.h>

#include "base/error.h"
#include "check.h"

static void
test_texts(void)
{
	struct mqs_error err;
	int code;

	check_int(mqs_fail(&err, MQS_EFULL, "%s: queue full (%d messages)", "orders", 1000),
	    MQS_EFULL);
	check_int(err.code, MQS_EFULL);
	check_str(err.text, "orders: queue full (1000 messages)");
	errno = ENOSPC;
	check_int(mqs_fail_errno(&err, "%s", "log.mdb"), MQS_EFULL);
	check_str(err.text, "log.mdb: No space left on device");
	check_int(errno, ENOSPC);
	check_int(mqs_fail(NULL, MQS_EBUG, "nobody asks"), MQS_EBUG);
	/* An error in terms of itself. */
	check_int(mqs_fail(&err, err.code, "orders: %s", err.text), MQS_EFULL);
	check_str(err.text, "orders: log.mdb: No space left on device");
	for (code = MQS_NOTHING; code >= MQS_ETIMEOUT; code--)
		check(strcmp(mqs_strerror(code), mqs_strerror(-1000)) != 0);
	check(mqs_version()[0] >= '0' && mqs_version()[0] <= '9');
}

static void
test_harmless(void)
{
	struct mqs_error err;

	(void)mqs_fail(&err, MQS_EDATA, "a\nb\tc\x1b[1m\x7f \xc3\xa4 \xc2\x9b");
	check_str(err.text, "a?b?c?[1m? \xc3\xa4 ??");
}

static void
test_long(void)
{
	struct mqs_error err;
	char name[2000];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)mqs_fail(&err, MQS_EDATA, "%s: bad", name);
	check_u64(strlen(err.text), MQS_ERROR_TEXT - 1);
	/* What was the reason is the last thing to lose. */
	errno = EACCES;
	check_int(mqs_fail_errno(&err, "%s", name), MQS_EPERM);
	check_u64(strlen(err.text), MQS_ERROR_TEXT - 1);
	check_str(err.text + MQS_ERROR_TEXT - 1 - 20, "x: Permission denied");
}

static void
test_codes(void)
{
	static const struct {
		int	 error, code;
	} table[] = {
		{ ENOENT, MQS_ENOENT }, { EACCES, MQS_EPERM }, { EPERM, MQS_EPERM },
		{ EROFS, MQS_EPERM }, { ENOSPC, MQS_EFULL }, { EDQUOT, MQS_EFULL },
		{ EIO, MQS_EIO }, { EFBIG, MQS_EIO }, { EPIPE, MQS_EIO },
		{ ENOMEM, MQS_ESYSTEM }, { EMFILE, MQS_ESYSTEM },
		{ ENFILE, MQS_ESYSTEM }, { EAGAIN, MQS_ESYSTEM },
		{ EINTR, MQS_EINTR }, { EEXIST, MQS_EEXIST }, { EBUSY, MQS_EBUSY }
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		check_int(mqs_code_of_errno(table[i].error), table[i].code);
}

int
main(void)
{
	run_test("an error is a code and a line of text", test_texts);
	run_test("control characters become ?", test_harmless);
	run_test("long text is cut, but not the reason", test_long);
	run_test("an errno has its code", test_codes);
	return finish_tests();
}
