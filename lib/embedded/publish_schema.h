/*
 * publish_schema.h - a batch of messages is held against the schema of its queue
 *
 * It happens before the transaction, which must not wait for another program.  Once the
 * publisher has the log's write lock, it compares: if the queue has another schema than the
 * one that the batch was checked by, it lets go of the lock and checks again.  So nothing
 * unchecked gets in, however often the schema changes.  A queue without a schema costs that
 * comparison and no more.
 *
 * What consumers' dead letters and redriving append is not checked: a dead letter is a copy
 * of a message of another queue, and must not be lost.
 */
#ifndef MQS_EMBEDDED_PUBLISH_SCHEMA_H
#define MQS_EMBEDDED_PUBLISH_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include "mqspool.h"

struct mqs_publisher;
struct mqs_schema_checker;

struct mqs_publish_schema {
	struct mqs_schema_checker *checker;	/* NULL until there is something to check */
	uint64_t	 checks;	/* hash of the checker's schema */
	uint64_t	 checked_by;	/* hash of the schema that `checked' messages conform to */
	size_t		 checked;	/* the first ones of the batch */
	size_t		 whole;		/* messages of the batch, before the rest was cut off; 0: it was not */
	struct mqs_error refusal;	/* why the rest was cut off */
};

/* 1 if the whole batch conforms to the queue's schema, as far as that is known here. */
int	mqs_publish_schema_holds(const struct mqs_publisher *);
/*
 * Checks what is not checked yet of messages `from' and on; those before it are stored.  Messages that break the schema are left out of the batch
 * where publisher_options.refused says so.  At any other, the rest of the batch is cut off:
 * p->n is then less than p->schema.whole.  Of an atomic batch, all is cut off.  Returns
 * MQS_OK also then, but an error if nothing can be checked.
 */
int	mqs_publish_schema_check(struct mqs_publisher *, size_t from, struct mqs_error *err);
/* The batch is empty, or has only n messages left. */
void	mqs_publish_schema_shrunk(struct mqs_publisher *, size_t n);
void	mqs_publish_schema_free(struct mqs_publisher *);

#endif
