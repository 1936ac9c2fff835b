/* common/open_spool.h - the spool, opened as the options and the environment say */
#ifndef MQ_CMD_COMMON_OPEN_SPOOL_H
#define MQ_CMD_COMMON_OPEN_SPOOL_H

#include "mqspool.h"

/* Opens common.spool with these mqs_options.flags; a failure ends the tool. */
struct mqs_spool *open_spool(unsigned flags);

#endif
