/* sub/handler_errors.h - a command's stderr: passed on, and its end kept */
#ifndef MQ_CMD_SUB_HANDLER_ERRORS_H
#define MQ_CMD_SUB_HANDLER_ERRORS_H

#include "sub/handler.h"

/*
 * handler_listen reads once.  handler_hang_up takes what is left of a command that has
 * ended, and closes; with `drop' it keeps the end and passes nothing on.  Both return 0
 * if our stderr takes no more now, and are to be called again when it does.
 */
int	handler_listen(struct handler *);
int	handler_hang_up(struct handler *, int drop);
/* The end of its stderr as text: valid UTF-8 without NUL, or NULL if there was none. */
const char *handler_last_words(struct handler *);

#endif
