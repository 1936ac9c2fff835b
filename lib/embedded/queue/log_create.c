/* log_create.c - see log_create.h */
#include <bsd/stdlib.h>

#include <stdio.h>

#include "embedded/queue/log_create.h"
#include "embedded/queue/state_values.h"

static void
make_uuid(unsigned char uuid[16])
{
	arc4random_buf(uuid, 16);
	uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x40);	/* version 4 */
	uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);	/* RFC 9562 */
}

char *
mqs_uuid_format(const unsigned char u[16], char buf[MQS_UUID_SIZE])
{
	snprintf(buf, MQS_UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2], u[3], u[4],
	    u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
	    u[15]);
	return buf;
}

/* Fills a queue that is being built; see mqs_dir_create. */
static int
fill(void *arg, const struct mqs_dir *building, struct mqs_error *err)
{
	struct mqs_db_spec spec;
	struct mqs_db *db;
	struct mqs_tx *tx;
	unsigned char uuid[16], format[4];
	const uint64_t v[MQS_LOG_VALUES] = { 0 };
	int rc;

	mqs_log_spec(&spec, building, arg);
	spec.flags = MQS_DB_CREATE;
	spec.gate = spec.turn = -1;
	if ((rc = mqs_db_open(&db, &spec, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_tx_write(db, 0, &tx, err)) != MQS_OK)
		goto out;
	make_uuid(uuid);
	mqs_put_le32(format, MQS_LOG_FORMAT);
	if ((rc = mqs_tx_put(tx, MQS_DB_MAIN, "format", 6, format, 4, err)) != MQS_OK ||
	    (rc = mqs_tx_put(tx, MQS_DB_MAIN, "uuid", 4, uuid, 16, err)) != MQS_OK ||
	    (rc = mqs_state_put(tx, v, MQS_LOG_VALUES, err)) != MQS_OK) {
		mqs_tx_abort(tx);
		goto out;
	}
	rc = mqs_tx_commit(tx, err);
out:
	mqs_db_close(db);
	return rc;
}

int
mqs_log_create(const char *spool, const char *queue,
    const struct mqs_options *options, struct mqs_error *err)
{
	/* fill only reads the options; the callback's argument has no const. */
	return mqs_dir_create(spool, queue, fill, (void *)(uintptr_t)options, err);
}
