/* record/record.h - what all files of the engine that records use */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <stddef.h>

#include "mqspool.h"

/* Appends a line to the file $MQ_RECORD. */
void	record(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The text, or "-" for NULL. */
const char *record_dash(const char *);
/* Makes a handle of a size. */
int	record_make(void *out, size_t size, struct mqs_error *err);
/* The first (0) or second (1) message that there is. */
void	record_give(struct mqs_message *, size_t i);

#endif
