/*
 * reader_slot.c - beginning to read, where many processes read one file
 *
 * LMDB's lock file has a fixed number of reader slots (rule 8.9).  A read transaction
 * takes one when it begins and gives it back when it ends.  A transaction at rest has
 * ended (transaction_read.c), so a process holds a slot only while it looks at pages:
 * for microseconds, or for as long as it takes to fill a buffer.  Any number of processes
 * may therefore have a queue open, and the slots are all taken only if as many processes
 * read in the same moment.  A reader that finds it so waits: it tries again after
 * WAIT_FIRST, then less and less often, and gives up after WAIT_TOTAL.
 *
 * The slot of a process that was killed while it read stays taken until somebody looks
 * for dead readers, which is done before each further try.
 *
 * Opening a file waits for a slot too, while it holds the gate.  No reader needs the gate
 * to end its transaction, so this can't become a deadlock.
 */
#include <errno.h>
#include <lmdb.h>
#include <time.h>

#include "base/clock.h"
#include "base/interrupted.h"
#include "embedded/store/lmdb/reader_slot.h"

#define WAIT_FIRST	(MQS_MSEC / 5)
#define WAIT_MOST	(20 * MQS_MSEC)
#define WAIT_TOTAL	(10 * MQS_SECOND)

int
mqs_reader_begin(struct mqs_db *db, MDB_txn **txn)
{
	int64_t end = 0, wait = WAIT_FIRST;
	struct timespec ts = { 0 };
	int rc, dead;

	while ((rc = mdb_txn_begin(db->env, NULL, MDB_RDONLY, txn)) == MDB_READERS_FULL) {
		dead = 0;
		if (mdb_reader_check(db->env, &dead) == 0 && dead > 0)
			continue;
		if (mqs_interrupted(db->spec.options))
			return EINTR;
		if (end == 0)
			end = mqs_boottime() + WAIT_TOTAL;
		else if (mqs_boottime() >= end)
			break;
		ts.tv_nsec = (long)wait;
		(void)nanosleep(&ts, NULL);	/* cut short by a signal: asked above */
		wait = 2 * wait < WAIT_MOST ? 2 * wait : WAIT_MOST;
	}
	if (rc != 0)
		*txn = NULL;
	return rc;
}
