/*
 * check_order.h - verifying the order of delivery in a group: by priority, and by key
 *
 * Of each key of an ordered group, one message at a time may be out; the table `busy'
 * says which.  Of each priority, the messages that its cursor has passed and the main
 * cursor has not reached are counted in the group's state.
 */
#ifndef MQS_EMBEDDED_CHECK_ORDER_H
#define MQS_EMBEDDED_CHECK_ORDER_H

#include "embedded/check_finding.h"
#include "embedded/queue/group_held.h"

/*
 * Checks one message that is held (in that class) or leased (as if it were ready)
 * against the table of busy keys.  *out counts the messages that the table names.
 */
int	mqs_check_out(struct mqs_checking *, const struct mqs_group *, struct mqs_tx *,
	    const struct mqs_entry *, enum mqs_class, uint64_t *out, struct mqs_error *err);
/* Checks that the table has no more keys than were counted in `out'. */
int	mqs_check_busy(struct mqs_checking *, const struct mqs_group *, struct mqs_tx *,
	    uint64_t out, struct mqs_error *err);
/* Checks the number of messages between the cursors of the priorities and the main one. */
int	mqs_check_ahead(struct mqs_checking *, const struct mqs_group *,
	    const uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err);

#endif
