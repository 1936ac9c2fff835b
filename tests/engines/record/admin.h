/* record/admin.h - the engine that records: administration */
#ifndef RECORD_ADMIN_H
#define RECORD_ADMIN_H

#include "engine/engine.h"

int	record_create(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_consumer_options *o, struct mqs_error *err);
int	record_set(struct mqs_spool *spool, const char *queue, const char *group, const char *const *pairs,
    size_t n, struct mqs_error *err);
int	record_show(struct mqs_spool *spool, const char *queue, const char *group, mqs_setting_fn *fn,
    void *arg, struct mqs_error *err);
int	record_bind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_binding *list, size_t n, int replace, struct mqs_error *err);
int	record_unbind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_binding *list, size_t n, size_t *left, struct mqs_error *err);
int	record_bindings(struct mqs_spool *spool, const char *queue, const char *group, mqs_binding_fn *fn,
    void *arg, struct mqs_error *err);
int	record_delete(struct mqs_spool *spool, const char *queue, const char *group, struct mqs_error *err);
int	record_purge(struct mqs_spool *spool, const char *queue, const char *group, uint64_t *count,
    struct mqs_error *err);
int	record_rewind_group(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_rewind_options *o, struct mqs_rewound *r, struct mqs_error *err);
int	record_redrive(struct mqs_spool *spool, const char *queue, const struct mqs_redrive_options *o,
    struct mqs_redriven *r, struct mqs_error *err);
int	record_pause_group(struct mqs_spool *spool, const char *queue, const char *group, int on,
    struct mqs_error *err);
int	record_skip(struct mqs_spool *spool, const char *queue, const char *group, const char *const *ids,
    size_t n, struct mqs_error *err);
int	record_trim(struct mqs_spool *spool, const char *queue, uint64_t *count, struct mqs_error *err);
int	record_rename_queue(struct mqs_spool *spool, const char *queue, const char *name,
    struct mqs_error *err);
int	record_compact(struct mqs_spool *spool, const char *queue, int64_t wait, uint64_t *before,
    uint64_t *after, struct mqs_error *err);
int	record_backup(struct mqs_spool *spool, const char *queue, const char *where, struct mqs_backup *b,
    struct mqs_error *err);
int	record_check(struct mqs_spool *spool, const char *queue, unsigned flags, mqs_finding_fn *finding,
    void *arg, uint64_t *findings, uint64_t *messages, struct mqs_error *err);
int	record_check_schema(struct mqs_spool *spool, const char *queue, const char *schema,
    size_t schema_len, mqs_finding_fn *finding, void *arg, uint64_t *findings,
    uint64_t *messages, struct mqs_error *err);
int	record_salvage(struct mqs_spool *spool, const char *from, const char *queue,
    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *salvaged,
    struct mqs_error *err);
int	record_salvage_group(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *salvaged,
    struct mqs_error *err);

#endif
