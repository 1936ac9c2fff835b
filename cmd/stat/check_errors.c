/* stat/check_errors.c - see check_errors.h */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/damage.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/output.h"
#include "stat/check_errors.h"

struct mqs_buf check_errors;

/* May be called where there is no memory left, so it needs none. */
static void __attribute__((noreturn))
end_unknown(const char *text)
{
	char line[1024];
	size_t n;

	diagnostics_divert(NULL);
	n = (size_t)snprintf(line, sizeof(line), "MQ UNKNOWN - %s", text);
	if (n >= sizeof(line))
		n = sizeof(line) - 1;
	while (n-- > 0)
		if ((unsigned char)line[n] < ' ' || line[n] == 0x7f || line[n] == '|')
			line[n] = '?';
	(void)puts(line);
	(void)fflush(stdout);
	_exit(PLUGIN_UNKNOWN);
}

void
check_errors_note(const char *text)
{
	must(mqs_buf_add(&check_errors, text, strlen(text) + 1));
}

static void
on_message(int status, const char *text)
{
	if (status != STATUS_OK)
		end_unknown(text);
	check_errors_note(text);
}

/* A signal handler calls it: what is written to stderr from now on goes to stdout. */
static int
on_fault(void)
{
	static const char words[] = "MQ UNKNOWN - ";

	(void)dup2(STDOUT_FILENO, STDERR_FILENO);
	(void)!write(STDOUT_FILENO, words, sizeof(words) - 1);
	return PLUGIN_UNKNOWN;
}

void
check_errors_begin(void)
{
	diagnostics_divert(on_message);
	damage_first(on_fault);
}
