/* stat_due.c - mq-stat --next-due */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "output.h"
#include "stat.h"

/* The first of what is due; returns a status. */
static int
look(struct mqs_spool *spool, const char *operand, int64_t *first)
{
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1] = "";
	struct mqs_error err;
	int64_t due;
	int rc;

	if (operand != NULL)
		arg_queue(operand, queue, group);
	rc = mqs_next_due(spool, operand != NULL ? queue : NULL,
	    group[0] != '\0' ? group : NULL, &due, &err);
	if (rc == MQS_OK && due < *first)
		*first = due;
	if (rc >= 0)
		return STATUS_OK;
	report("%s", err.text);
	return status_of(rc);
}

/* Never too early: to the next whole millisecond. */
static void
print(int64_t due)
{
	int64_t ms, now = mqs_now() + common.clock_shift;

	if (due <= now) {
		printf("0\n");
		return;
	}
	ms = (due - now - 1) / MQS_MSEC + 1;
	printf("%" PRId64 ".%03d\n", ms / 1000, (int)(ms % 1000));
}

int
stat_next_due(struct mqs_spool *spool, char **operands, int n)
{
	int64_t first = INT64_MAX;
	int i, one, status = STATUS_OK;

	if (n == 0)
		status = look(spool, NULL, &first);
	for (i = 0; i < n; i++) {
		one = look(spool, operands[i], &first);
		if (status == STATUS_OK)
			status = one;
	}
	if (first == INT64_MAX)
		return status == STATUS_OK ? STATUS_NOTHING : status;
	print(first);
	finish_stdout();
	return status;
}
