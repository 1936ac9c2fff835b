/*
 * salvage_group_generation.h - the generation of a group whose file is damaged or gone
 *
 * By the generation the markers in other queues know what has become of a message.  If neither
 * file nor page tell it, the last one of which a queue of the spool has a marker is taken.  There
 * may be none either; then no output was published that a marker still protects, and it is a new
 * one.  A group of which there is neither file, page nor marker never was.
 */
#ifndef MQS_EMBEDDED_SALVAGE_GROUP_GENERATION_H
#define MQS_EMBEDDED_SALVAGE_GROUP_GENERATION_H

#include "embedded/salvage_group_source.h"
#include "embedded/spool.h"

/* Finds it.  MQS_ENOENT: nothing is left of such a group.  MQS_EBUSY: a queue can't be read now. */
int	mqs_group_find_generation(struct mqs_spool *, const struct mqs_log *, const char *group,
	    const struct mqs_group_remains *, uint64_t *generation, struct mqs_error *err);

#endif
