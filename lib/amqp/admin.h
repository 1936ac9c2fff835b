/*
 * admin.h - the entries of the engine's table that administer queues and groups
 *
 * admin_create.c	queues and groups are made
 * admin_bindings.c	bindings are changed and told
 * admin_settings.c	settings are changed and told
 * admin_delete.c	queues and groups are removed, or emptied
 * admin_list.c		their names
 * group_rewind.c	a group is moved
 */
#ifndef MQS_AMQP_ADMIN_H
#define MQS_AMQP_ADMIN_H

#include "amqp/spool.h"

int	mqs_amqp_create(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_consumer_options *, struct mqs_error *err);
int	mqs_amqp_bind(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_binding *, size_t n, int replace, struct mqs_error *err);
int	mqs_amqp_unbind(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_binding *, size_t n, size_t *left, struct mqs_error *err);
int	mqs_amqp_bindings(struct mqs_spool *, const char *queue, const char *group,
	    mqs_binding_fn *fn, void *arg, struct mqs_error *err);
int	mqs_amqp_set(struct mqs_spool *, const char *queue, const char *group,
	    const char *const *pairs, size_t n, struct mqs_error *err);
int	mqs_amqp_show(struct mqs_spool *, const char *queue, const char *group,
	    mqs_setting_fn *fn, void *arg, struct mqs_error *err);
int	mqs_amqp_delete(struct mqs_spool *, const char *queue, const char *group,
	    struct mqs_error *err);
int	mqs_amqp_purge(struct mqs_spool *, const char *queue, const char *group, uint64_t *count,
	    struct mqs_error *err);
int	mqs_amqp_list(struct mqs_spool *, const char *queue, mqs_name_listed_fn *fn, void *arg,
	    struct mqs_error *err);
int	mqs_amqp_rewind(struct mqs_spool *, const char *queue, const char *group,
	    const struct mqs_rewind_options *, struct mqs_rewound *, struct mqs_error *err);

#endif
