/* common/input.h - reading everything that an input has ready, and waiting for more */
#ifndef MQ_CMD_COMMON_INPUT_H
#define MQ_CMD_COMMON_INPUT_H

#include "message/framing.h"

/* 1 if reading would not block.  After an error it is 1 too: reading tells which. */
int	input_ready(int fd);
/* Waits until input is ready: 0, or -1 when a signal asked to stop. */
int	input_wait(int fd);
/*
 * Reads what is ready into split, until it holds about `enough' bytes; at the end of the
 * input it sets split->eof.  Call it when input is ready.  0, or -1 with errno.
 */
int	input_gather(struct mqs_split *, int fd, size_t enough);
/* The reason for a failed read, in lower case where users meet it most. */
const char *input_reason(int error);

#endif
