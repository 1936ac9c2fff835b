/* common/open_spool.h - the spool, opened as the options and the environment say */
#ifndef MQ_CMD_COMMON_OPEN_SPOOL_H
#define MQ_CMD_COMMON_OPEN_SPOOL_H

#include "mqspool.h"

/* Opens common.spool with these mqs_options.flags; a failure ends the tool. */
struct mqs_spool *open_spool(unsigned flags);
/* How many notices the library has given so far, see mqs_options.notice. */
unsigned spool_notices(void);

#endif
