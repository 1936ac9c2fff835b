/* group_file.c - see group_file.h */
#include <stdio.h>

#include "base/hash.h"
#include "embedded/queue/group_file.h"

static const char *const tables[] = {
	"bindings", "batch", "lease", "first", "extended", "held", "order", "busy",
	"markers"
};

void
mqs_group_file(char buf[MQS_GROUP_FILE], const char *group, const char *ending)
{
	snprintf(buf, MQS_GROUP_FILE, "%s.group.%s", group, ending);
}

uint32_t
mqs_group_owner_family(const char *group)
{
	return (uint32_t)XXH3_64bits(group, strlen(group));
}

void
mqs_group_spec(struct mqs_db_spec *spec, const struct mqs_log *log,
    const char *file, const char *label)
{
	memset(spec, 0, sizeof(*spec));
	spec->dir = log->dir.fd;
	spec->dir_path = log->dir.path;
	spec->file = file;
	spec->label = label;
	spec->tables = tables;
	spec->ntables = sizeof(tables) / sizeof(tables[0]);
	spec->flags = MQS_DB_NOMETASYNC;
	spec->mode = 0666;
	spec->gate = log->dir.gate;
	spec->turn = log->dir.turn;
	/* Byte 0 is the log's; two groups on one byte would only wait more. */
	spec->turn_byte = 1 + (int64_t)(XXH3_64bits(file, strlen(file)) >> 2);
	spec->options = log->options;
}
