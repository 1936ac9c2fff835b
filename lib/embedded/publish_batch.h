/*
 * publish_batch.h - messages that a publisher has collected and not stored yet
 */
#ifndef MQS_EMBEDDED_PUBLISH_BATCH_H
#define MQS_EMBEDDED_PUBLISH_BATCH_H

#include "embedded/publish_input.h"
#include "embedded/publish_mandatory.h"
#include "embedded/publish_schema.h"

/*
 * The shape of a message is everything but its body.  Messages of a batch often differ in
 * their bodies only.  So a shape is kept once for each run of messages that share it; a copy
 * for each message would not fit into the processor's cache.
 */
struct mqs_shape {
	struct mqs_record	 record;	/* the body is filled in for each message when it is appended */
	struct mqs_blob		*blob;	/* a large body; its record is filled in at the flush */
	void			*own;	/* a copy of a small body that came by descriptor */
};

struct mqs_pending {
	const void	*body;
	uint64_t	 tag;
	uint64_t	 id;		/* once it is in the log */
	uint32_t	 body_len;	/* 0 if the body is a file */
	uint32_t	 shape;		/* index of its shape */
};

/*
 * The messages that a filter made of one delivery; the sizes are those of the batch before
 * them.
 */
struct mqs_section {
	struct mqs_input	 input;
	size_t			 nshapes, nlarge;
	uint64_t		 bytes, total;
};

/* The last message that there must be when a batch is stored, see publish_expect.h. */
struct mqs_expect {
	int		 on;
	uint64_t	 id;		/* 0: there must be none */
	int		 by_key;	/* the last of that key, not of the queue */
	char		 key[MQS_KEY_MAX];
	size_t		 key_len;
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
	int			 hold;		/* the queue's bodies are held (blob_hold.h); -1: not */
	uint64_t		 bytes;	/* of bodies that go into the log itself */
	uint64_t		 total;	/* of all bodies */
	int			 atomic;
	int64_t			 wait;		/* for room; -1: for ever */
	unsigned		 flags;
	struct mqs_publish_schema schema;
	mqs_refused_fn		*refused;
	struct mqs_mandatory	 routes;	/* MQS_MANDATORY */
	size_t			 stored;	/* how many of the last batch were stored, the first ones */
	uint64_t		 dropped;	/* how many unsettled messages it has removed to make room */
	struct mqs_section		*sections;	/* of the batch: what came of each delivery */
	size_t			 nsections, sections_cap;
	struct mqs_expect	 expect;
};

/* Makes room for one more member in an array that has n of at most *cap: 0, or -1 and errno. */
int	mqs_publish_reserve(void **array, size_t n, size_t *cap, size_t size);
/*
 * Copies can't go to a table, which forgets the message ids of what it replaces: MQS_ECONFIG.
 * The log's settings are up to date.
 */
int	mqs_publish_mirror_check(const struct mqs_publisher *, struct mqs_error *err);
/* The batch's large bodies are the log's, or gone: nothing needs to hold them any more. */
void	mqs_publish_release_bodies(struct mqs_publisher *);
/* Empties the batch; large bodies that did not get into the log are removed. */
void	mqs_publisher_clear(struct mqs_publisher *);

#endif
