/* stat/next_due.c - mq-stat --next-due */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "common/common_options.h"
#include "common/exit_status.h"
#include "common/output.h"
#include "mqspool.h"
#include "stat/next_due.h"
#include "stat/operands.h"

struct due {
	struct mqs_spool *spool;
	int64_t		 first;
};

/* The first of what is due. */
static int
look(void *arg, const char *queue, const char *group, struct mqs_error *err)
{
	struct due *d = arg;
	int64_t due;
	int rc = mqs_next_due(d->spool, queue, group, &due, err);

	if (rc == MQS_OK && due < d->first)
		d->first = due;
	return rc;
}

/* Never too early: to the next whole millisecond. */
static void
print(int64_t due)
{
	int64_t ms, now = judged_now();

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
	struct due d = { spool, INT64_MAX };
	int status = stat_each(spool, operands, n, look, &d);

	if (d.first == INT64_MAX)
		return status == STATUS_OK ? STATUS_NOTHING : status;
	print(d.first);
	finish_stdout();
	return status;
}
