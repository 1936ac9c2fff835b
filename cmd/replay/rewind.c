/* replay/rewind.c - mq-replay --rewind: moving groups to another place of their queues */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "common/arguments.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/output.h"
#include "common/position.h"
#include "common/suggest_name.h"
#include "mqspool.h"
#include "replay/rewind.h"

static struct mqs_rewind_options
place_of(const char *to)
{
	struct mqs_rewind_options o = { 0 };

	if (to[0] == '-' && to[1] != '\0' &&
	    strspn(to + 1, "0123456789") == strlen(to + 1))
		o.last = (uint64_t)arg_number("--to", to + 1, 1, INT64_MAX);
	else
		arg_place("--to", to, &o.to, &o.to_time);
	return o;
}

static void
tell(const char *operand, int dry_run, const struct mqs_rewound *r)
{
	const char *verb = dry_run ? "would move" : "moved";
	char time[MQS_TIME_SIZE];

	if (common.quiet && !dry_run)
		return;
	if (r->id[0] == '\0')
		printf("%s: %s to the end", operand, verb);
	else
		printf("%s: %s to %s of %s", operand, verb, r->id,
		    mqs_format_time(r->time, time));
	printf(", %" PRIu64 " message%s to settle, %" PRIu64 " before\n", r->depth,
	    mqs_plural(r->depth), r->before);
}

int
rewind_groups(char **operands, int n, const char *to, int dry_run)
{
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	struct mqs_rewind_options o = place_of(to);
	struct mqs_rewound r;
	struct mqs_spool *spool;
	struct mqs_error err;
	int i, rc, status = STATUS_OK;

	o.dry_run = dry_run;
	for (i = 0; i < n; i++) {
		arg_queue(operands[i], queue, group);
		if (group[0] == '\0')
			usage_error("'%s': names no group; --rewind moves QUEUE/GROUP",
			    operands[i]);
	}
	spool = open_spool(0);
	for (i = 0; i < n; i++) {
		arg_queue(operands[i], queue, group);
		rc = mqs_rewind(spool, queue, group, &o, &r, &err);
		if (rc < 0)
			suggest_name(spool, queue, group, &err);
		mqs_spool_close_queues(spool);
		if (rc == MQS_OK) {
			tell(operands[i], dry_run, &r);
			continue;
		}
		report_error(&err);
		if (status == STATUS_OK)
			status = status_of(err.code);
	}
	mqs_spool_free(spool);
	finish_stdout();
	return status;
}
