/*
 * settle_socket_format.h - what a consumer and those who settle its deliveries say
 *
 * Both sides first send the greeting, which names the version of the format.  Then come
 * frames: a length of 4 bytes, and so many bytes.  The client sends requests, the server
 * answers, in any order.  Numbers are little-endian.
 *
 *	request	u32 length; u32 number; u8 verb; u64 seq; u64 lease; i64 delay;
 *		u16 length of the reason + 1, or 0: none; the reason; the same for the detail
 *	answer	u32 length; u32 number; i32 code; text up to the frame's end
 *
 * Reason, detail and text have no NUL in them.  What breaks these rules is an error, after
 * which the connection must be closed.
 */
#ifndef MQS_ENGINE_SETTLE_SOCKET_FORMAT_H
#define MQS_ENGINE_SETTLE_SOCKET_FORMAT_H

#include <stdint.h>

#include "base/bytes.h"
#include "mqspool.h"

#define MQS_SETTLE_GREETING	"mqsettl1"
#define MQS_SETTLE_GREETING_LEN	8
#define MQS_SETTLE_TEXT_MAX	16384	/* of a reason, and of a detail; longer ones are cut */
#define MQS_SETTLE_REQUEST_MAX	(4 + 33 + 2 * MQS_SETTLE_TEXT_MAX)	/* bytes of a request */
#define MQS_SETTLE_ANSWER_MAX	(4 + 8 + MQS_ERROR_TEXT)	/* bytes of an answer */

struct mqs_settle_request_frame {
	uint32_t	 number;	/* by which the client knows the answer */
	struct mqs_settlement how;	/* its strings point into the struct below, or are NULL */
};

struct mqs_settle_answer_frame {
	uint32_t	 number;
	int		 code;		/* MQS_OK or an MQS_E... */
	char		 text[MQS_ERROR_TEXT];
};

/* Where the strings of a request are kept, with NUL. */
struct mqs_settle_strings {
	char		 reason[MQS_SETTLE_TEXT_MAX + 1];
	char		 detail[MQS_SETTLE_TEXT_MAX + 1];
};

/* Appends a frame: 0, or -1 with errno (ENOMEM). */
int	mqs_settle_put_request(struct mqs_buf *, uint32_t number, const struct mqs_settlement *);
int	mqs_settle_put_answer(struct mqs_buf *, uint32_t number, int code, const char *text);

/*
 * Reads the frame at the beginning of n bytes.  Returns its length; 0 if it is not whole yet;
 * -1 if it can't be one.
 */
long	mqs_settle_get_request(const void *p, size_t n, struct mqs_settle_request_frame *,
	    struct mqs_settle_strings *);
long	mqs_settle_get_answer(const void *p, size_t n, struct mqs_settle_answer_frame *);
/* The same for the greeting, whose length is MQS_SETTLE_GREETING_LEN. */
long	mqs_settle_get_greeting(const void *p, size_t n);

#endif
