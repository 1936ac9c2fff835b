/* message.c - the id of a message as text */
#include <stdio.h>

#include "base/name.h"
#include "mqspool.h"

char *
mqs_message_id(const struct mqs_message *m, char buf[MQS_ID_SIZE])
{
	if (m->id != NULL)
		snprintf(buf, MQS_ID_SIZE, "%s", m->id);
	else
		mqs_format_u64(m->seq, buf);
	return buf;
}
