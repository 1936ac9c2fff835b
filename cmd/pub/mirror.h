/* pub/mirror.h - mq-pub --mirror: copies that can be made again */
#ifndef MQ_CMD_PUB_MIRROR_H
#define MQ_CMD_PUB_MIRROR_H

#include "base/bytes.h"
#include "message/envelope.h"
#include "mqspool.h"

/* Header of a copy: the UUID of a queue that it came through; one for each, the first first. */
#define MIRRORED_FROM		"mq-mirrored-from"
/* Header of a copy: the message id that its publisher gave to the message. */
#define ORIGIN_MESSAGE_ID	"mq-origin-message-id"

struct mirror {
	char		 uuid[MQS_UUID_SIZE];	/* of the queue that is published to */
	struct mqs_buf	 headers;		/* of the current copy */
	char		 id[MQS_UUID_SIZE + MQS_ID_SIZE];	/* its message id */
};

/* Looks up the queue that is published to; a failure ends the tool. */
void	mirror_open(struct mirror *, struct mqs_spool *, const char *queue);
/*
 * Makes *m, the message of an envelope, a copy: gives it its message id and headers, which
 * are good until the next call.  *home becomes 1 if the message has been in the queue that
 * is published to: then it must not be published.  NULL, or what the envelope lacks.
 */
const char *mirror_fill(struct mirror *, const struct mqs_envelope *, struct mqs_message *m,
	    int *home);
void	mirror_free(struct mirror *);

#endif
