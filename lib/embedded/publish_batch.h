/*
 * publish_batch.h - messages that a publisher has collected and not stored yet
 */
#ifndef MQS_EMBEDDED_PUBLISH_BATCH_H
#define MQS_EMBEDDED_PUBLISH_BATCH_H

#include "embedded/publish_input.h"
#include "embedded/publish_mandatory.h"

/*
 * Messages of a batch often differ in nothing but their bodies.  What else there is to
 * them is kept once for a run of them: all of it together would not stay in the cache.
 */
struct mqs_shape {
	struct mqs_record	 record;	/* its body is that of whichever is appended */
	struct mqs_blob		*blob;	/* a large body; its record is filled in at the flush */
	void			*own;	/* a copy of a small body that came by descriptor */
};

struct mqs_pending {
	const void	*body;
	uint64_t	 tag;
	uint64_t	 id;		/* once it is in the log */
	uint32_t	 body_len;	/* of a body that goes into the log itself */
	uint32_t	 shape;
};

/* What came of one delivery, and how the batch was before it. */
struct mqs_section {
	struct mqs_input	 input;
	size_t			 nshapes, nlarge;
	uint64_t		 bytes, total;
};

struct mqs_publisher {
	struct mqs_handle	 handle;	/* the seam's; first */
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	mqs_published_fn	*published;
	void			*arg;
	struct mqs_pending		*batch;
	size_t			 n, cap;
	struct mqs_shape		*shapes;
	size_t			 nshapes, shapes_cap;
	size_t			 nlarge;	/* messages with large bodies */
	uint64_t		 bytes;	/* of bodies that go into the log itself */
	uint64_t		 total;	/* of all bodies */
	int			 atomic;
	int64_t			 wait;		/* for room; -1: for ever */
	unsigned		 flags;
	struct mqs_mandatory	 routes;	/* MQS_MANDATORY */
	size_t			 stored;	/* of the last batch: so many, the first ones */
	uint64_t		 dropped;	/* unsettled messages that made room, ever */
	struct mqs_section		*sections;	/* of the batch: what came of each delivery */
	size_t			 nsections, sections_cap;
};

/* Makes room for one more in an array of n, of which there may be *cap: 0, or -1 and errno. */
int	mqs_publish_reserve(void **array, size_t n, size_t *cap, size_t size);
/* Empties the batch; large bodies that did not get into the log are removed. */
void	mqs_publisher_clear(struct mqs_publisher *);

#endif
