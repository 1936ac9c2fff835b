/* common/input.h - taking all that is ready of an input, and waiting for more */
#ifndef MQ_CMD_COMMON_INPUT_H
#define MQ_CMD_COMMON_INPUT_H

#include "message/framing.h"

/* 1 if reading would not block (an error counts: it shows when it is read). */
int	input_ready(int fd);
/* Waits until it is ready: 0, or -1 when a signal asked to stop. */
int	input_wait(int fd);
/*
 * Reads into split what is ready, until it holds about `enough' bytes; the end of the
 * input shows in split->eof.  Call it when ready.  0, or -1 with errno.
 */
int	input_gather(struct mqs_split *, int fd, size_t enough);
/* The reason for a failed read, in lower case where users meet it most. */
const char *input_reason(int error);

#endif
