/*
 * salvage_group_source.h - what can still be known of a group whose file is damaged or gone
 *
 * There are two sources: the file, as far as the trees in it can be followed, and the group's
 * status page.  Both have a checksum over the group's numbers.  Bindings are believed if they
 * have the digest that the numbers tell.
 */
#ifndef MQS_EMBEDDED_SALVAGE_GROUP_SOURCE_H
#define MQS_EMBEDDED_SALVAGE_GROUP_SOURCE_H

#include "embedded/queue/group.h"

struct mqs_group_remains {
	int		 has_file, has_state, has_page;
	int		 foreign;	/* the file is of another queue: nothing of it counts */
	uint64_t	 v[MQS_GROUP_VALUES];	/* the numbers of the file; else of the page */
	uint64_t	 floor;		/* below it all was settled; 0: not known */
	int		 settings_whole;
	struct mqs_buf	 settings;	/* NAME=VALUE, each with its NUL */
	int		 bindings_whole;
	struct mqs_bindings bindings;
};

/* Reads all of it; mqs_group_remains_free in any case. */
int	mqs_group_remains_read(struct mqs_group_remains *, const struct mqs_log *, const char *group,
	    struct mqs_error *err);
void	mqs_group_remains_free(struct mqs_group_remains *);

#endif
