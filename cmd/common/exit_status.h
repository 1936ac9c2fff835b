/* common/exit_status.h - the statuses that tools leave with, as every page tabulates them */
#ifndef MQ_CMD_COMMON_EXIT_STATUS_H
#define MQ_CMD_COMMON_EXIT_STATUS_H

enum {
	STATUS_OK = 0,
	STATUS_NOTHING = 1,	/* nothing was delivered */
	STATUS_USAGE = 64,
	STATUS_DATA = 65,	/* bad input on stdin or in a file */
	STATUS_MISSING = 66,	/* no such queue, group or receipt */
	STATUS_UNSUPPORTED = 69,
	STATUS_BUG = 70,
	STATUS_SYSTEM = 71,
	STATUS_IO = 74,		/* I/O error or damaged spool */
	STATUS_AGAIN = 75,	/* full, in use, lost a race, time ran out */
	STATUS_PERMISSION = 77,
	STATUS_CONFIG = 78
};

/* The status that fits a code of the library (MQS_OK, MQS_E...). */
int	status_of(int mqs_code);

#endif
