/* common/output.c - output that is gathered and printed when the tool ends, checked */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/output.h"

void
must(int added)
{
	if (added == -1)
		fail(STATUS_SYSTEM, "out of memory");
}

void
finish_stdout(void)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return;
	/* An error of an earlier write is remembered, but not which it was. */
	fail(STATUS_IO, "standard output: %s",
	    errno != 0 ? strerror(errno) : "write error");
}
