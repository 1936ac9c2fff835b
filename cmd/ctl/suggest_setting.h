/* ctl/suggest_setting.h - the nearest setting, for one that does not exist */
#ifndef MQ_CMD_CTL_SUGGEST_SETTING_H
#define MQ_CMD_CTL_SUGGEST_SETTING_H

#include "mqspool.h"

/*
 * Adds "; did you mean NAME?" to an error MQS_ECONFIG of mqs_set, if it is about a name that is
 * no setting of the queue or the group (NULL: the queue) and one with a similar name exists.
 */
void	suggest_setting(struct mqs_spool *, const char *queue, const char *group,
	    const char *const *pairs, int n, struct mqs_error *);

#endif
