/* stat/fields.c - numbers, times and processes in the tables and JSON of mq-stat */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "common/output.h"
#include "message/json.h"
#include "mqspool.h"
#include "stat/fields.h"
#include "stat/table.h"

void
cell_number(struct table *t, uint64_t n)
{
	if (n == MQS_UNKNOWN)
		table_cell(t, "-");
	else
		table_cell(t, "%" PRIu64, n);
}

void
cell_age(struct table *t, int64_t time, int64_t now)
{
	if (time == MQS_UNKNOWN_TIME)
		table_cell(t, "-");
	else
		table_cell(t, "%" PRId64 "s", time < now ? (now - time) / MQS_SECOND : 0);
}

void
cell_process(struct table *t, int64_t pid, const char *where)
{
	if (pid != 0)
		table_cell(t, "%" PRId64, pid);
	else
		table_cell(t, "%s", where[0] != '\0' ? where : "-");
}

void
json_number(struct mqs_buf *text, const char *name, uint64_t n)
{
	if (n == MQS_UNKNOWN)
		must(mqs_buf_addf(text, ",\"%s\":null", name));
	else
		must(mqs_buf_addf(text, ",\"%s\":%" PRIu64, name, n));
}

void
json_count(struct mqs_buf *text, const char *name, unsigned n)
{
	json_number(text, name, n == MQS_UNKNOWN_COUNT ? MQS_UNKNOWN : n);
}

void
json_process(struct mqs_buf *text, const char *name, int64_t pid)
{
	json_number(text, name, pid == 0 ? MQS_UNKNOWN : (uint64_t)pid);
}

void
json_time(struct mqs_buf *text, const char *name, int64_t time)
{
	char when[MQS_TIME_SIZE];

	if (time == 0 || time == MQS_UNKNOWN_TIME)
		must(mqs_buf_addf(text, ",\"%s\":null", name));
	else
		must(mqs_buf_addf(text, ",\"%s\":\"%s\"", name, mqs_format_time(time, when)));
}

void
json_age(struct mqs_buf *text, const char *name, int64_t time, int64_t now)
{
	if (time == 0 || time == MQS_UNKNOWN_TIME)
		must(mqs_buf_addf(text, ",\"%s\":null", name));
	else
		must(mqs_buf_addf(text, ",\"%s\":%.3f", name,
		    time < now ? (double)(now - time) / (double)MQS_SECOND : 0.0));
}

void
json_where(struct mqs_buf *text, const char *where)
{
	if (where[0] == '\0')
		return;
	must(mqs_buf_addf(text, ",\"where\":"));
	must(mqs_json_string(text, where, strlen(where)));
}
