/* common/exit_status.c - the statuses that tools leave with */
#include "common/exit_status.h"
#include "mqspool.h"

int
status_of(int mqs_code)
{
	switch (mqs_code) {
	case MQS_OK:
		return STATUS_OK;
	case MQS_NOTHING:
		return STATUS_NOTHING;
	case MQS_EINVAL:
		return STATUS_USAGE;
	case MQS_EDATA:
		return STATUS_DATA;
	case MQS_ENOENT:
	case MQS_ESTALE:
		return STATUS_MISSING;
	case MQS_ENOTSUP:
	case MQS_EVERSION:	/* this version can't serve that spool */
		return STATUS_UNSUPPORTED;
	case MQS_ESYSTEM:
		return STATUS_SYSTEM;
	case MQS_EIO:
	case MQS_EDAMAGED:
		return STATUS_IO;
	case MQS_EFULL:
	case MQS_EBUSY:
	case MQS_EINTR:
	case MQS_ETIMEOUT:
		return STATUS_AGAIN;
	case MQS_EPERM:
		return STATUS_PERMISSION;
	case MQS_ECONFIG:
	case MQS_EEXIST:	/* in conflict with what is there */
		return STATUS_CONFIG;
	default:
		return STATUS_BUG;
	}
}
