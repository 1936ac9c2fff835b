/*
 * settings_store.h - the stream mq.settings, where the records of queues and groups are kept
 *
 *	mq.settings	a durable direct exchange, and the stream of the same name, bound to it by
 *			the key "record"
 *
 * A change is a record more (settings_record.h), published and confirmed; the last one of a
 * queue or group counts.  Nothing is ever removed: a few hundred bytes a change.  What a kill
 * leaves: the record, or not.
 *
 * READING  A reader takes all records from the first to the last (stream_read.h, "the end").  A
 * record that another node confirmed milliseconds ago may be missing then.  Who changes a record
 * must not miss one: he holds the group's lock (group_lock.h), and looks first: he
 * publishes {"look":TOKEN}, and reads up to that.  So does who deletes or purges a queue with all its
 * groups; and everybody of whom nothing came within the time that a stream has to deliver something
 * (MQS_AMQP_STREAM_EMPTY): a node that is slow, or begins to serve again, must not make a group one
 * without settings.
 *
 * PERMISSIONS  configure, write and read on mq\.settings for whoever makes it; read and write
 * for all who consume or change settings.
 */
#ifndef MQS_AMQP_SETTINGS_STORE_H
#define MQS_AMQP_SETTINGS_STORE_H

#include "amqp/connection.h"
#include "amqp/settings_record.h"

#define MQS_AMQP_SETTINGS	"mq.settings"	/* exchange and stream */

/*
 * Calls fn with each record; `all': none is missed that was confirmed before.  What fn returns
 * ends it, unless 0.
 */
typedef int	mqs_amqp_settings_fn(void *arg, amqp_bytes_t body, struct mqs_error *err);
int	mqs_amqp_settings_each(struct mqs_amqp_connection *, int all, mqs_amqp_settings_fn *fn,
	    void *arg, struct mqs_error *err);
/*
 * Reads the record of its queue and group into *r.  MQS_NOTHING: there is none, or it says
 * deleted; *r is empty then.  epoch: 0, or that of the lock: then nothing is missed, and
 * MQS_EBUSY says that the lock is lost.
 */
int	mqs_amqp_settings_read(struct mqs_amqp_connection *, struct mqs_amqp_record *r,
	    uint64_t epoch, struct mqs_error *err);
/*
 * Writes that a queue was made, so that it is listed; who may not write there lists nothing,
 * and that is no error.
 */
void	mqs_amqp_settings_made(struct mqs_amqp_connection *, const char *queue);
/*
 * Calls fn with each queue that has a record (group is NULL), and then with each of its groups
 * that has one, in the order of names; with `queue', those of one queue; `all' as above.  If fn
 * returns non-zero, that is returned.
 */
typedef int	mqs_amqp_name_fn(void *arg, const char *queue, const char *group,
	    struct mqs_error *err);
int	mqs_amqp_settings_names(struct mqs_amqp_connection *, const char *queue, int all,
	    mqs_amqp_name_fn *fn, void *arg, struct mqs_error *err);
/*
 * Reads several records at once, as without an epoch; one that is not there is empty.  written: the
 * first one was certainly written, so if it does not come at once, none is missed.  MQS_OK or an
 * error.
 */
int	mqs_amqp_settings_read_all(struct mqs_amqp_connection *, struct mqs_amqp_record *const *rs,
	    size_t n, int written, struct mqs_error *err);
/* Writes it.  epoch as above; 0: of any connection. */
int	mqs_amqp_settings_write(struct mqs_amqp_connection *, const struct mqs_amqp_record *,
	    uint64_t epoch, struct mqs_error *err);

#endif
