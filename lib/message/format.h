/*
 * format.h - printf-like output formats, as in kcat -f
 *
 * %s body, %S its length, %k key, %K its length, %T time in ms, %h headers
 * (name=value, joined by commas), %t queue, %g group, %o id, %a attempt,
 * %r receipt, %p priority, %%, and the escapes of mqs_unescape.
 */
#ifndef MQS_MESSAGE_FORMAT_H
#define MQS_MESSAGE_FORMAT_H

#include "base/bytes.h"
#include "message/envelope.h"
#include "mqspool.h"

struct mqs_format;

/* Compiles a format: 0, or MQS_EINVAL and what is wrong with the text. */
int	mqs_format_new(struct mqs_format **out, const char *text, struct mqs_error *err);
void	mqs_format_free(struct mqs_format *);

/*
 * Appends one message to buf by the format.  A body in memory is appended like all else.
 * Where the format wants a body that is a file (body_fd), this returns 1: the caller writes
 * out buf, copies the file, and calls again to go on.  0 at the end, or an error.  *step
 * says where to go on, and starts at 0.
 */
int	mqs_format_step(const struct mqs_format *, unsigned *step, struct mqs_buf *,
	    const struct mqs_message *, const struct mqs_envelope_place *,
	    struct mqs_error *err);
/* 1 if the format contains %r. */
int	mqs_format_has_receipt(const struct mqs_format *);

#endif
