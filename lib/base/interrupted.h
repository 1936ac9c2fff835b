/* interrupted.h - whether the caller of the library wants it to stop waiting */
#ifndef MQS_BASE_INTERRUPTED_H
#define MQS_BASE_INTERRUPTED_H

#include "mqspool.h"

/* Asks the caller's function.  0 without options or function. */
static inline int
mqs_interrupted(const struct mqs_options *options)
{
	return options != NULL && options->interrupted != NULL &&
	    options->interrupted(options->arg) != 0;
}

#endif
