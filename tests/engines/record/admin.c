/* record/admin.c - see record/admin.h */
#include <stdio.h>
#include <string.h>

#include "record/admin.h"
#include "record/record.h"

int
record_create(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_consumer_options *o, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("create %s/%s bindings=%zu", queue, record_dash(group), o == NULL ? 0 : o->nbindings);
	return MQS_OK;
}

int
record_set(struct mqs_spool *spool, const char *queue, const char *group, const char *const *pairs,
    size_t n, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("set %s/%s %s n=%zu", queue, record_dash(group), n == 0 ? "" : pairs[0], n);
	return MQS_OK;
}

int
record_show(struct mqs_spool *spool, const char *queue, const char *group, mqs_setting_fn *fn,
    void *arg, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("show %s/%s", queue, record_dash(group));
	return fn(arg, "retain", "7d", 0);
}

int
record_bind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_binding *list, size_t n, int replace, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("bind %s/%s %.*s n=%zu replace=%d", queue, group, (int)list->text_len,
	    list->text, n, replace);
	return MQS_OK;
}

int
record_unbind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_binding *list, size_t n, size_t *left, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("unbind %s/%s %.*s n=%zu", queue, group, (int)list->text_len, list->text, n);
	if (left != NULL)
		*left = 1;
	return MQS_OK;
}

int
record_bindings(struct mqs_spool *spool, const char *queue, const char *group, mqs_binding_fn *fn,
    void *arg, struct mqs_error *err)
{
	(void)spool;
	(void)fn;
	(void)arg;
	(void)err;
	record("bindings %s/%s", queue, group);
	return MQS_OK;
}

int
record_delete(struct mqs_spool *spool, const char *queue, const char *group, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("delete %s/%s", queue, record_dash(group));
	return MQS_OK;
}

int
record_purge(struct mqs_spool *spool, const char *queue, const char *group, uint64_t *count,
    struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("purge %s/%s", queue, record_dash(group));
	*count = 2;
	return MQS_OK;
}

int
record_rewind_group(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_rewind_options *o, struct mqs_rewound *r, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("rewind %s/%s to=%s dry_run=%d", queue, group, record_dash(o->to), o->dry_run);
	memset(r, 0, sizeof(*r));
	snprintf(r->id, sizeof(r->id), "3:70");
	return MQS_OK;
}

int
record_redrive(struct mqs_spool *spool, const char *queue, const struct mqs_redrive_options *o,
    struct mqs_redriven *r, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("redrive %s reason=%s dry_run=%d", queue, record_dash(o->reason), o->dry_run);
	r->redriven = 1;
	r->left = 0;
	return MQS_OK;
}

int
record_pause_group(struct mqs_spool *spool, const char *queue, const char *group, int on,
    struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("pause %s/%s %d", queue, record_dash(group), on);
	return MQS_OK;
}

int
record_skip(struct mqs_spool *spool, const char *queue, const char *group, const char *const *ids,
    size_t n, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("skip %s/%s %s n=%zu", queue, group, ids[0], n);
	return MQS_OK;
}

int
record_trim(struct mqs_spool *spool, const char *queue, uint64_t *count, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("trim %s", queue);
	*count = 0;
	return MQS_OK;
}

int
record_rename_queue(struct mqs_spool *spool, const char *queue, const char *name,
    struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("rename %s %s", queue, name);
	return MQS_OK;
}

int
record_compact(struct mqs_spool *spool, const char *queue, int64_t wait, uint64_t *before,
    uint64_t *after, struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("compact %s wait=%lld", queue, (long long)wait);
	*before = 8192;
	*after = 4096;
	return MQS_OK;
}

int
record_backup(struct mqs_spool *spool, const char *queue, const char *where, struct mqs_backup *b,
    struct mqs_error *err)
{
	(void)spool;
	(void)err;
	record("backup %s %s", queue, where);
	*b = (struct mqs_backup){ 2, 10, 1, "3:71" };
	return MQS_OK;
}

int
record_check(struct mqs_spool *spool, const char *queue, unsigned flags, mqs_finding_fn *finding,
    void *arg, uint64_t *findings, uint64_t *messages, struct mqs_error *err)
{
	(void)spool;
	(void)finding;
	(void)arg;
	(void)err;
	if (flags == 0)
		record("check %s", queue);
	else
		record("check %s flags=%u", queue, flags);
	*findings = 0;
	*messages = 2;
	return MQS_OK;
}

int
record_check_schema(struct mqs_spool *spool, const char *queue, const char *schema,
    size_t schema_len, mqs_finding_fn *finding, void *arg, uint64_t *findings,
    uint64_t *messages, struct mqs_error *err)
{
	(void)spool;
	(void)finding;
	(void)arg;
	(void)err;
	record("check_schema %s %.*s", queue, (int)schema_len, schema);
	*findings = 0;
	*messages = 2;
	return MQS_OK;
}

int
record_salvage(struct mqs_spool *spool, const char *from, const char *queue,
    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *salvaged,
    struct mqs_error *err)
{
	(void)spool;
	(void)finding;
	(void)arg;
	(void)err;
	record("salvage %s %s", from, queue);
	*salvaged = (struct mqs_salvaged){ .messages = 2 };
	return MQS_OK;
}

int
record_salvage_group(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *salvaged,
    struct mqs_error *err)
{
	(void)spool;
	(void)finding;
	(void)arg;
	(void)err;
	record("salvage_group %s/%s", queue, group);
	*salvaged = (struct mqs_salvaged){ .messages = 2 };
	return MQS_OK;
}
